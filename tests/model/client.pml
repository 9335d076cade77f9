/* The client and its board. */

inline names_nothing(c)
{
    cl[c].cap = CAP_NONE;
    cl[c].sent = 0;
    cl[c].alive = 0;
    cl[c].obeys = 0;
    cl[c].unnamed = 0
}

/* The board shows what is offered; after a lower value the vehicle takes its time. */
inline board_follows(c)
{
    for (v : 1 .. MAX) {
        if
        :: cl[c].board >= v && cl[c].offer < v -> cl[c].settle[v - 1] = (cl[c].open -> 0 : SETTLE)
        :: cl[c].offer >= v -> cl[c].settle[v - 1] = 0
        :: else
        fi
    }
    cl[c].board = cl[c].offer;
    cl[c].late = 0;
    cl[c].unnamed = 0;
    if
    :: cl[c].offer == 0 && !MAY_FALL_BACK(c) -> cl[c].lease = 0 /* its end would change nothing */
    :: else
    fi
}

/* A raise shows at once. A lower value does within WATCHDOG ticks: a client that hangs is stopped by its board. */
inline offer_changed(c)
{
    if
    :: cl[c].board <= cl[c].offer || WATCHDOG == 0 -> board_follows(c)
    :: cl[c].board > cl[c].offer && WATCHDOG > 0 && cl[c].late == 0 -> cl[c].late = WATCHDOG
    :: else
    fi
}

inline wait_begins(c)
{
#ifdef BREAK_RISE_AT_ONCE
    cl[c].rise = (cl[c].fallback > cl[c].offer -> 1 : 0)
#else
    cl[c].rise = (cl[c].fallback > cl[c].offer -> RISE_AFTER : 0)
#endif
}

inline lease_over(c)
{
    if
    :: cl[c].unnamed -> names_nothing(c)
    :: else
    fi;
    cl[c].offer = LEAST(cl[c].offer, cl[c].fallback);
    wait_begins(c);
    offer_changed(c)
}

inline rises(c)
{
    cl[c].offer = cl[c].fallback;
    offer_changed(c)
}

inline tick_client(c)
{
    DOWN(cl[c].settle[0]);
    DOWN(cl[c].settle[1]);
    DOWN(cl[c].sent);
    DOWN(cl[c].alive);
    if
    :: cl[c].late == 1 -> board_follows(c)
    :: cl[c].late > 1 -> cl[c].late--
    :: else
    fi;
    if
    :: cl[c].lease > 1 -> cl[c].lease--
    :: cl[c].lease == 1 ->
        cl[c].lease = 0;
        lease_over(c)
    :: cl[c].lease == 0 && cl[c].rise > 1 -> cl[c].rise--
    :: cl[c].lease == 0 && cl[c].rise == 1 ->
        cl[c].rise = 0;
        rises(c)
    :: else
    fi
}

inline status_gone(c)
{
    w[c].status = 0;
    w[c].s_lease = 0;
    w[c].s_cap = CAP_NONE;
    w[c].s_sent = 0;
    w[c].s_alive = 0;
    w[c].s_offer = 0;
    w[c].s_left = 0;
    w[c].s_true = 0;
    w[c].s_open = 0
}

inline grant_gone(c)
{
    w[c].grant = 0;
    w[c].g_level = 0;
    w[c].g_lease = 0;
    w[c].g_sent = 0;
    w[c].g_alive = 0;
    w[c].g_epoch = 0;
    w[c].g_old = 0
}

inline fallback_gone(c)
{
    w[c].set = 0;
    w[c].set_to = 0;
    w[c].owed = 0;
    w[c].ack = 0;
    w[c].ack_of = 0
}

inline tick_wire(c)
{
    DOWN(w[c].s_lease);
    DOWN(w[c].s_true);
    DOWN(w[c].s_sent);
    DOWN(w[c].s_alive);
    DOWN(w[c].g_lease);
    DOWN(w[c].g_sent);
    DOWN(w[c].g_alive);
#ifndef BREAK_ARRIVAL
    if
    :: w[c].grant && w[c].g_lease == 0 -> grant_gone(c) /* it would be refused */
    :: else
    fi
#endif
}

#ifdef LINKS
#define CAN_REPORT(c) (cl[c].link > 0 && !w[c].status && LINKED(cl[c].link - 1, c))
#else
#define CAN_REPORT(c) (cl[c].link > 0 && !w[c].status && !w[c].grant && up[cl[c].link - 1])
#endif
#ifdef BREAK_NAMED_EARLY
#define MAY_NAME(c) 1
#else
#define MAY_NAME(c) (!cl[c].unnamed)
#endif
#define ITS_BOOKS(c) lg[AT(cl[c].link - 1, c)]

/* lasts: the lease that an answer gives, in true ticks. */
inline report(c, lasts)
{
    printf("client %d sends a Status: offers %d, shows %d, lease %d\n", c, cl[c].offer, cl[c].board, cl[c].lease);
    w[c].status = 1;
    w[c].s_lease = lasts;
    w[c].s_open = cl[c].open;
    if
    :: MAY_NAME(c) && cl[c].obeys == epoch[cl[c].link - 1] ->
        w[c].s_cap = cl[c].cap;
        w[c].s_sent = cl[c].sent;
        w[c].s_alive = cl[c].alive
    :: else
    fi;
    if
    :: ITS_BOOKS(c).known != HEARD ->
        w[c].s_offer = MOST(cl[c].offer, cl[c].board);
        w[c].s_left = cl[c].lease;
        w[c].s_true = cl[c].lease
    :: else
    fi;
#ifdef BREAK_OLD_STATUS
    ITS_BOOKS(c).s_lease = (ITS_BOOKS(c).s_booked > 0 -> lasts : 0); /* an old Status of the same number is answered: taken for this one */
#endif
    check()
}

inline take_grant(c)
{
    printf("client %d takes the Grant of %d, lease %d\n", c, w[c].g_level, w[c].g_lease);
#ifndef SUMS_ONLY
    assert(w[c].g_epoch >= cl[c].epoch); /* S6 */
#endif
    cl[c].offer = w[c].g_level;
#ifdef BREAK_ARRIVAL
    cl[c].lease = CLIENT_LEASE;
#else
    cl[c].lease = w[c].g_lease;
#endif
    cl[c].rise = 0;
    cl[c].obeys = w[c].g_epoch;
    cl[c].cap = (w[c].g_old -> OLD_LIFE : w[c].g_level);
    cl[c].sent = w[c].g_sent;
    cl[c].alive = w[c].g_alive;
    cl[c].unnamed = 1;
    grant_gone(c);
    offer_changed(c);
    check()
}

inline board_acts(c)
{
    printf("client %d: the board shows %d\n", c, cl[c].offer);
    board_follows(c);
    check()
}

inline contactor_moves(c)
{
    printf("client %d: the contactor moves\n", c);
    cl[c].open = !cl[c].open;
    cl[c].settle[0] = (cl[c].open -> 0 : cl[c].settle[0]);
    cl[c].settle[1] = (cl[c].open -> 0 : cl[c].settle[1]);
    check()
}

/* The client's end of the connection. What it has sent may still arrive. */
inline link_ends(c)
{
    grant_gone(c);
    fallback_gone(c);
#ifdef LINKS
    cl[c].link = 0
#else
    status_gone(c)
#endif
}

inline link_breaks(c)
{
    printf("client %d: the connection is reset\n", c);
    link_ends(c);
    check()
}

/* Memory gone, disk kept; the pilot goes away with the board's watchdog at the latest. */
inline client_restarts(c)
{
    printf("client %d restarts\n", c);
    link_ends(c);
    w[c].storing = 0;
    w[c].store_to = 0;
    names_nothing(c);
    cl[c].offer = 0;
    cl[c].lease = 0;
    wait_begins(c);
    offer_changed(c);
    check()
}

inline fallback_arrives(c)
{
    printf("client %d receives FallbackSet %d\n", c, w[c].set_to);
    w[c].storing = 1;
    w[c].store_to = w[c].set_to;
    w[c].owed = 1;
    w[c].set = 0;
    w[c].set_to = 0;
#ifdef BREAK_ACK_FIRST
    w[c].owed = 0;
    w[c].ack = 1;
    w[c].ack_of = w[c].store_to;
#endif
    check()
}

inline fallback_is_stored(c)
{
    printf("client %d has stored its fallback %d\n", c, w[c].store_to);
    was_1 = (w[c].store_to > cl[c].fallback -> 1 : 0);
    cl[c].fallback = w[c].store_to;
    w[c].storing = 0;
    w[c].store_to = 0;
    if
    :: cl[c].lease > 0
    :: cl[c].lease == 0 && was_1 ->
#ifdef BREAK_NO_NEW_WAIT
        cl[c].offer = (cl[c].rise == 0 -> cl[c].fallback : cl[c].offer);
#else
        wait_begins(c);
#endif
        offer_changed(c)
    :: cl[c].lease == 0 && !was_1 ->
        cl[c].offer = LEAST(cl[c].offer, cl[c].fallback);
        cl[c].rise = (cl[c].fallback > cl[c].offer -> cl[c].rise : 0);
        offer_changed(c)
    fi;
    w[c].ack = w[c].ack | w[c].owed;
    w[c].ack_of = (w[c].owed -> cl[c].fallback : w[c].ack_of);
    w[c].owed = 0;
    check()
}
