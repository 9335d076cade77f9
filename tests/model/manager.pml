/* The manager: ledger, the one rule, restart, second manager. x is a client in the books of a manager, AT(m, c). */

#define BOOKS_BEFORE(x) was_1 = BOOKS(x, 1); was_2 = BOOKS(x, 2)
#define LOWERED(x, list, ticks)                                                                                      \
    lg[x].list[0] = (was_1 && !BOOKS(x, 1) -> MOST(lg[x].list[0], ticks) : lg[x].list[0]);                           \
    lg[x].list[1] = (was_2 && !BOOKS(x, 2) -> MOST(lg[x].list[1], ticks) : lg[x].list[1])

inline forget_status(x)
{
    lg[x].s_lease = 0;
    lg[x].s_booked = 0
}

inline forget_books(x)
{
    for (v : 0 .. 1) {
        lg[x].ends[v] = 0;
        lg[x].settle[v] = 0;
        lg[x].cutting[v] = 0
    }
    lg[x].newest = 0;
    lg[x].base = 0;
    lg[x].sent = 0;
    lg[x].alive = 0;
    lg[x].asking = 0;
    lg[x].known = UNKNOWN;
    lg[x].linked = 0;
    forget_status(x)
}

inline tick_books(x)
{
    for (v : 0 .. 1) {
        DOWN(lg[x].settle[v]);
        DOWN(lg[x].cutting[v])
    }
    BOOKS_BEFORE(x);
    DOWN(lg[x].alive);
    DOWN(lg[x].ends[0]);
    DOWN(lg[x].ends[1]);
    LOWERED(x, settle, SETTLE_END);
    if
    :: lg[x].newest > 0 && lg[x].ends[lg[x].newest - 1] == 0 -> lg[x].newest = 0
    :: else
    fi;
    if
    :: lg[x].base == 1 ->
        lg[x].base = 0;
        lg[x].newest = LEAST(lg[x].newest, lg[x].fallback)
    :: lg[x].base > 1 -> lg[x].base--
    :: else
    fi;
    DOWN(lg[x].sent);
    DOWN(lg[x].s_lease);
    DOWN(lg[x].s_booked);
    lg[x].s_lease = (lg[x].s_booked == 0 -> 0 : lg[x].s_lease)
}

/* Every grant of earlier epochs is over: who was not heard counts at its fallback. */
inline quiet_over(m)
{
    for (i : 0 .. CLIENTS - 1) {
        lg[AT(m, i)].known = MOST(lg[AT(m, i)].known, RELEASED)
    }
}

inline tick_manager(m)
{
    for (i : 0 .. CLIENTS - 1) {
        tick_books(AT(m, i))
    }
    if
    :: quiet[m] == 1 ->
        quiet[m] = 0;
        quiet_over(m)
    :: quiet[m] > 1 && quiet[m] < FOREVER -> quiet[m]--
    :: else
    fi
}

/* The first Status after a restart: what it offers is booked like a grant that ends with its lease. What it may have offered a moment
 * before still settles, as after everything that is lowered, unless its contactor is open. The value may be renewed only while that lease
 * certainly still goes on (s_true; a manager knows it from the time since its Welcome); after that a Grant is a raise. */
inline adopt(x, c)
{
    for (v : 1 .. MAX) {
        if
        :: v <= w[c].s_offer && w[c].s_left > 0 -> lg[x].ends[v - 1] = w[c].s_left
        :: v <= w[c].s_offer && w[c].s_left == 0 -> lg[x].settle[v - 1] = MOST(lg[x].settle[v - 1], SETTLE_END)
#ifndef BREAK_ADOPTION
        :: v > w[c].s_offer && lg[x].known == UNKNOWN && !w[c].s_open -> lg[x].settle[v - 1] = MOST(lg[x].settle[v - 1], SETTLE_CUT)
#endif
        :: else
        fi
    }
#ifdef BREAK_ADOPT_OVER
    lg[x].newest = w[c].s_offer;
    lg[x].base = 0;
#else
    lg[x].base = (lg[x].known == UNKNOWN -> w[c].s_true : 0);
    lg[x].newest = (lg[x].base > 0 -> w[c].s_offer : LEAST(w[c].s_offer, lg[x].fallback));
#endif
    lg[x].known = HEARD
}

/* A Status names a grant: all older ones are over, and the client was certainly alive after the one that it had named before. */
inline named(x, c)
{
    BOOKS_BEFORE(x);
    for (v : 1 .. MAX) {
        lg[x].ends[v - 1] = (v > w[c].s_cap -> 0 : lg[x].ends[v - 1])
    }
    lg[x].sent = MOST(lg[x].sent, w[c].s_sent);
#ifdef BREAK_P_LATE
    lg[x].alive = MOST(lg[x].alive, w[c].s_sent);
#else
    lg[x].alive = MOST(lg[x].alive, w[c].s_alive);
#endif
    LOWERED(x, cutting, SETTLE_CUT);
    if
    :: w[c].s_open && w[c].s_cap != CAP_NONE ->
        lg[x].cutting[0] = 0;
        lg[x].cutting[1] = 0;
#ifdef BREAK_OPEN_WAIVES_ALL
        lg[x].settle[0] = 0;
        lg[x].settle[1] = 0
#endif
    :: else
    fi
}

#define CAN_HEAR(m, c) (w[c].status && up[m] && LINKED(m, c))

/* booked: the manager's bound for a lease that begins now, in true ticks. */
inline hear(m, c, booked)
{
    printf("manager %d receives the Status of client %d\n", m, c);
    if
    :: lg[AT(m, c)].known != HEARD -> adopt(AT(m, c), c)
    :: else
    fi;
    if
    :: ALL_HEARD(m) -> quiet[m] = 0
    :: else
    fi;
    w[c].s_cap = (w[c].s_cap == CAP_ALIAS -> lg[AT(m, c)].newest : w[c].s_cap);
    named(AT(m, c), c);
    lg[AT(m, c)].s_lease = w[c].s_lease;
    lg[AT(m, c)].s_booked = booked;
    status_gone(c);
    check()
}

#define RAISES(x, level) ((level) > lg[x].newest)
#define USELESS(x, c, level) ((level) == 0 && !MAY_FALL_BACK(c) && lg[x].ends[0] == 0)
#define CAN_GRANT(m, c, level)                                                                                       \
    (up[m] && !fenced[m] && quiet[m] != FOREVER && LINKED(m, c) && lg[AT(m, c)].s_booked > 0 && !w[c].grant &&       \
     !USELESS(AT(m, c), c, level) &&                                                                                 \
     (RAISES(AT(m, c), level) -> ALL_KNOWN(m) && RAISE_FITS(AT(m, c), level) : KEEP_FITS(AT(m, c), level)))

inline grant_is_sent(m, c, level)
{
    printf("manager %d sends client %d a Grant of %d\n", m, c, level);
    BOOKS_BEFORE(AT(m, c));
    for (v : 1 .. MAX) {
        if
        :: v <= level -> lg[AT(m, c)].ends[v - 1] = MOST(lg[AT(m, c)].ends[v - 1], lg[AT(m, c)].s_booked)
#ifdef BREAK_RAISE_EARLY
        :: v > level -> lg[AT(m, c)].ends[v - 1] = 0
#endif
        :: else
        fi
    }
#ifdef BREAK_RAISE_EARLY
    LOWERED(AT(m, c), cutting, SETTLE_CUT);
#endif
#ifdef BREAK_FALLBACK_LATE
    lg[AT(m, c)].alive = MOST(lg[AT(m, c)].alive, lg[AT(m, c)].s_booked);
#endif
    lg[AT(m, c)].newest = level;
    lg[AT(m, c)].base = 0;
    granted[m] = (MANAGERS == 2 -> 1 : 0);
    cl[c].cap = (cl[c].obeys == epoch[m] -> MOST(cl[c].cap, level) : cl[c].cap);
    w[c].s_cap = (w[c].status -> MOST(w[c].s_cap, level) : w[c].s_cap);
    if
    :: cl[c].link == (m) + 1 && lg[AT(m, c)].s_lease > 0 -> /* else nobody takes it */
        w[c].grant = 1;
        w[c].g_level = level;
        w[c].g_lease = lg[AT(m, c)].s_lease;
        w[c].g_sent = (MAY_FALL_BACK(c) -> ALIVE_LEASE : 0);
        w[c].g_alive = lg[AT(m, c)].sent;
        w[c].g_epoch = epoch[m]
    :: else
    fi;
#ifndef LINKS
    forget_status(AT(m, c));
#endif
    check()
}

inline no_grant(m, c)
{
    forget_status(AT(m, c));
    check()
}

/* ---- connections and epochs ---- */

/* Manager 0 issues even epochs, manager 1 odd ones; 0 is of the time before the export. */
#define NOT_ISSUED(m, e) ((e) > 0 && ((e) & 1) != (m))
#ifdef BREAK_ONLY_HIGHER
#define FOREIGN(m, e) ((e) > epoch[m])
#else
#define FOREIGN(m, e) ((e) > epoch[m] || (NOT_ISSUED(m, e) && quiet[m] != FOREVER))
#endif
#ifdef BREAK_EPOCH
#define TOLD(c) 0
#else
#define TOLD(c) cl[c].epoch
#endif

#ifdef BREAK_HELLO
#define SHOWN(c) cl[c].fallback
#else
#define SHOWN(c) (w[c].storing -> MOST(cl[c].fallback, w[c].store_to) : cl[c].fallback)
#endif

inline welcome(m, c)
{
    cl[c].link = m + 1;
    cl[c].epoch = MOST(cl[c].epoch, epoch[m]);
    status_gone(c);
    lg[AT(m, c)].linked = 1;
    lg[AT(m, c)].asking = 0;
#ifndef BREAK_OLD_STATUS
    forget_status(AT(m, c));
#endif
    BOOKS_BEFORE(AT(m, c));
    lg[AT(m, c)].fallback = SHOWN(c);
    LOWERED(AT(m, c), settle, SETTLE_END)
}

/* A higher epoch of another manager is met before the first grant: ours goes above it, and nobody is known who has not reported under it. */
inline takes_epoch(m, met)
{
    epoch[m] = met + 1;
    quiet[m] = QUIET_FOREIGN;
    for (i : 0 .. CLIENTS - 1) {
        forget_books(AT(m, i));
        if
        :: cl[i].link == (m) + 1 ->
            link_ends(i);
            cl[i].link = 0
        :: else
        fi
    }
}

/* A lower one is met: ours is above it already. Who has reported under ours remains known, but not this client. */
inline counts_all(m, c)
{
    quiet[m] = QUIET_FOREIGN;
    forget_books(AT(m, c));
    for (i : 0 .. CLIENTS - 1) {
        lg[AT(m, i)].known = (lg[AT(m, i)].known == HEARD -> HEARD : UNKNOWN)
    }
}

/* Hello, and Welcome in the same step. */
inline connect(m, c)
{
    printf("client %d says Hello to manager %d: epochs %d and %d\n", c, m, TOLD(c), epoch[m]);
    link_ends(c);
    cl[c].link = 0;
#if MANAGERS == 2
    if
    :: FOREIGN(m, TOLD(c)) && (granted[m] || TOLD(c) >= EPOCH_MOST) -> fenced[m] = 1
    :: FOREIGN(m, TOLD(c)) && !granted[m] && TOLD(c) > epoch[m] && TOLD(c) < EPOCH_MOST -> takes_epoch(m, TOLD(c))
    :: FOREIGN(m, TOLD(c)) && !granted[m] && TOLD(c) < epoch[m] ->
        counts_all(m, c);
        welcome(m, c)
    :: else -> welcome(m, c)
    fi;
#else
    welcome(m, c);
#endif
    check()
}

inline manager_drops(m, c)
{
    printf("manager %d drops the connection of client %d\n", m, c);
    lg[AT(m, c)].linked = 0;
    lg[AT(m, c)].asking = 0;
    status_gone(c);
    forget_status(AT(m, c));
    check()
}

inline manager_stops(m)
{
    printf("manager %d stops\n", m);
    up[m] = 0;
    quiet[m] = 0;
    for (i : 0 .. CLIENTS - 1) {
        forget_books(AT(m, i));
        status_gone(i);
        fallback_gone(i);
        w[i].g_old = w[i].grant;
        w[i].g_sent = 0;
        w[i].g_alive = 0;
        cl[i].cap = (cl[i].obeys > 0 -> OLD_LIFE : CAP_NONE);
        cl[i].sent = 0;
        cl[i].alive = 0
    }
    check()
}

/* Under a new epoch, which is on disk before it is used. */
inline manager_starts(m)
{
    printf("manager %d starts\n", m);
    up[m] = 1;
#ifdef BREAK_NO_QUIET
    quiet_over(m);
#else
    quiet[m] = QUIET;
#endif
    check()
}

/* The second manager has an imported identity; its epoch is below or above that of the first. */
inline import_starts(m, first)
{
    printf("manager %d starts with an imported identity under epoch %d\n", m, first);
    up[m] = 1;
    epoch[m] = first;
    quiet[m] = QUIET_FOREIGN;
    check()
}

/* It stops and starts before everybody has reported: it still knows on its disk that its identity is imported. */
inline import_restarts(m)
{
    printf("manager %d, with an imported identity, restarts under epoch %d\n", m, epoch[m] + 2);
    takes_epoch(m, epoch[m] + 1);
#ifdef BREAK_IMPORT_FORGOTTEN
    quiet[m] = QUIET;
#endif
    check()
}

/* ---- fallback currents that change: those of FALLBACK_0 and FALLBACK_1 are exchanged ---- */

#define WANTED(c) ((c) == 0 && !moved || (c) == 1 && moved -> FALLBACK_0 : FALLBACK_1)
#define CAN_SET(m, c)                                                                                                \
    (up[m] && LINKED(m, c) && cl[c].link == (m) + 1 && !lg[AT(m, c)].asking && WANTED(c) != lg[AT(m, c)].fallback)

inline fallback_is_sent(m, c)
{
    printf("manager %d sends client %d FallbackSet %d\n", m, c, WANTED(c));
#ifndef BREAK_FALLBACK_UNCOUNTED
    lg[AT(m, c)].fallback = MOST(lg[AT(m, c)].fallback, WANTED(c));
#endif
    lg[AT(m, c)].asking = 1;
    w[c].set = 1;
    w[c].set_to = WANTED(c);
    check()
}

inline ack_arrives(m, c)
{
    printf("manager %d receives FallbackAck %d of client %d\n", m, w[c].ack_of, c);
    BOOKS_BEFORE(AT(m, c));
    lg[AT(m, c)].fallback = w[c].ack_of;
    LOWERED(AT(m, c), settle, SETTLE_END);
    lg[AT(m, c)].asking = 0;
    w[c].ack = 0;
    w[c].ack_of = 0;
    check()
}
