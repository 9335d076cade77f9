/* Configuration, state, and what must hold. */

/* Set by run.py: CLIENTS and MANAGERS (1 or 2), MAX (largest current of a client, 1 or 2), BUDGET, FALLBACK_0 and FALLBACK_1 (of each
 * client at the start), LEASE, SETTLE, WATCHDOG (the longer of watchdog_ms and apply_ms) and MARGIN (of rise_after_ms) in ticks, and the switches
 *   LINKS           both ends of each connection, and a Status that may be answered later and again; without it messages are delayed and lost
 *                   one by one, and a Status is answered when it arrives or not at all
 *   CLIENT_RESTARTS MANAGER_RESTARTS
 *   CONTACTOR       it opens and closes at any time
 *   FREE_CLOCKS     each lease is measured by a good clock or by the worst one; without it by the worst
 *   FALLBACK_MOVES  the operator exchanges FALLBACK_0 and FALLBACK_1 at any time
 *   BREAK_...       what a broken variant does wrong
 */
#ifndef DRIFT
#define DRIFT 1 /* each clock may be off by so much per lease */
#endif

/* True ticks, with each clock at its worst. */
#define CLIENT_LEASE (LEASE + DRIFT) /* LEASE on a slow client */
#ifdef BREAK_DRIFT
#define BOOKED_LEASE (LEASE - DRIFT)
#else
#define BOOKED_LEASE (LEASE + DRIFT) /* LEASE + 2 * DRIFT on a fast manager */
#endif
#define ALIVE_LEASE (LEASE + DRIFT)  /* LEASE on a slow manager */
#ifdef BREAK_RISE_SHORT
#define RISE_AFTER (LEASE + SETTLE + WATCHDOG + MARGIN)
#else
#define RISE_AFTER (2 * LEASE + SETTLE + WATCHDOG + MARGIN)
#endif
#ifdef BREAK_QUIET_SHORT
#define QUIET (BOOKED_LEASE + SETTLE)
#else
#define QUIET (BOOKED_LEASE + SETTLE + WATCHDOG)
#endif
#define FOREVER 255
#ifdef BREAK_FOREIGN
#define QUIET_FOREIGN QUIET
#else
#define QUIET_FOREIGN FOREVER
#endif
#ifdef BREAK_SETTLE
#define SETTLE_CUT 0
#define SETTLE_END 0
#else
#define SETTLE_CUT SETTLE
#define SETTLE_END (SETTLE + WATCHDOG)
#endif

/* ledger.known */
#define UNKNOWN 0  /* not heard under this epoch: counts at its max current */
#define RELEASED 1 /* not heard, but every grant of earlier epochs is over */
#define HEARD 2

#define CAP_NONE 3  /* names no grant of this epoch */
#define CAP_ALIAS 4 /* names a grant of an earlier life of its manager under the same epoch */
#define EPOCH_MOST 4
#ifdef BREAK_EPOCH_REUSED
#define OLD_LIFE CAP_ALIAS
#else
#define OLD_LIFE CAP_NONE
#endif

typedef client {
    byte offer;     /* by grant or fallback */
    byte board;     /* what the pilot shows */
    byte late;      /* ticks within which the board follows a lower offer */
    byte settle[2]; /* ticks for which the vehicle may still draw what the board showed before */
    bit open;       /* contactor */
    byte lease;     /* ticks left, 0 none */
    byte rise;      /* ticks until the offer rises to the fallback, 0 nothing to wait for */
    byte cap;       /* of the newest grant */
    byte sent;      /* what ledger.alive would be if p were the moment that this grant was sent */
    byte alive;     /* the same of the grant that was named in the Status which this one answers */
    bit unnamed;    /* the board has not confirmed it */
    byte fallback;  /* on disk */
    byte epoch;     /* highest seen, on disk */
    byte obeys;     /* epoch of the newest grant */
    byte link;      /* manager + 1; 0 not connected */
};

/* What is on the way between a client and its manager, and at the client's disk. */
typedef wire {
    bit status;
    byte s_lease; /* lease left if a grant answers it */
    byte s_cap;
    byte s_sent;
    byte s_alive;
    byte s_offer; /* offer and lease left as reported; only looked at after a restart of the manager */
    byte s_left;
    byte s_true; /* what is left of that lease by now */
    bit s_open;
    bit grant;
    byte g_level;
    byte g_lease;
    byte g_sent;
    byte g_alive;
    byte g_epoch;
    bit g_old; /* its manager has stopped since */
    bit set;   /* FallbackSet */
    byte set_to;
    bit storing; /* the client's disk is at it */
    byte store_to;
    bit owed; /* the Ack, on this connection */
    bit ack;
    byte ack_of;
};

/* What a manager knows of a client. */
typedef ledger {
    byte known;
    bit linked;
    byte ends[2];    /* ticks for which grants of this level are booked */
    byte settle[2];  /* after a lease ran out, or the fallback was lowered */
    byte cutting[2]; /* after a grant was replaced */
    byte newest;     /* current of the newest grant while it lives, or the adopted value */
    byte base;       /* ticks for which the adopted value may be renewed; 0 newest is a grant of ours */
    byte sent;       /* what `alive` would be if p were the moment that the newest named grant was sent */
    byte alive;      /* ticks until p + lease; 0: the fallback is booked */
    byte fallback;   /* on the manager's disk */
    bit asking;      /* FallbackSet is sent and not acknowledged */
    byte s_lease;    /* the newest Status of this connection: lease left by the client's clock */
    byte s_booked;   /* and by the manager's bound; 0 nothing to answer */
};

client cl[CLIENTS];
wire w[CLIENTS];
ledger lg[CLIENTS * MANAGERS];
bit up[MANAGERS];
byte quiet[MANAGERS]; /* ticks until silence accounts for the unheard */
byte epoch[MANAGERS];
bit granted[MANAGERS];
bit fenced[MANAGERS];
bit moved;                /* the operator has exchanged the two fallback currents */
byte story;               /* how far a run has come towards a goal */
byte i, v, was_1, was_2;  /* scratch within one step */

#define AT(m, c) ((m) * CLIENTS + (c))
#define MOST(a, b) ((a) > (b) -> (a) : (b))
#define LEAST(a, b) ((a) < (b) -> (a) : (b))
#define DOWN(ticks) ticks = ((ticks) > 0 -> (ticks) - 1 : 0)
#ifdef FALLBACK_MOVES
#define MAY_FALL_BACK(c) 1
#else
#define MAY_FALL_BACK(c) ((c) == 0 -> FALLBACK_0 : FALLBACK_1)
#endif
#ifdef LINKS
#define LINKED(m, c) lg[AT(m, c)].linked
#else
#define LINKED(m, c) (cl[c].link == (m) + 1)
#endif

/* Physical truth: the most that the vehicle may draw now. */
#define DRAWS_LEVEL(c, v) (cl[c].board >= (v) || cl[c].settle[(v) - 1] > 0)
#define DRAWS(c) (cl[c].open -> 0 : (DRAWS_LEVEL(c, 2) -> 2 : (DRAWS_LEVEL(c, 1) -> 1 : 0)))

/* The ledger. */
#ifdef BREAK_LOST_AT_ZERO
#define COUNTED(x) 0
#else
#define COUNTED(x) (lg[x].alive == 0 -> lg[x].fallback : 0)
#endif
#define BOOKS(x, v) (lg[x].ends[(v) - 1] > 0 || COUNTED(x) >= (v))
#define HOLDS(x, v) (BOOKS(x, v) || lg[x].settle[(v) - 1] > 0 || lg[x].cutting[(v) - 1] > 0)
#define EXPOSURE(x) (lg[x].known == UNKNOWN -> MAX : (HOLDS(x, 2) -> 2 : (HOLDS(x, 1) -> 1 : 0)))

#if CLIENTS == 1 /* the others leave as much room as one likes, at any time */
#define ALL_KNOWN(m) (lg[AT(m, 0)].known != UNKNOWN)
#define ALL_HEARD(m) (lg[AT(m, 0)].known == HEARD)
#define RAISE_FITS(x, v) 1
#define KEEP_FITS(x, v) 1
#define SUM_DRAWN 0
#else
#define OTHER(x) ((x) ^ 1)
#define ALL_KNOWN(m) (lg[AT(m, 0)].known != UNKNOWN && lg[AT(m, 1)].known != UNKNOWN)
#define ALL_HEARD(m) (lg[AT(m, 0)].known == HEARD && lg[AT(m, 1)].known == HEARD)
#define RAISE_FITS(x, v) (EXPOSURE(OTHER(x)) + MOST(EXPOSURE(x), v) <= BUDGET)
/* What a Grant that is no raise leaves to the other client. */
#ifdef BREAK_RENEWAL
#define MUST(x) (lg[x].known == UNKNOWN -> 0 : MOST(lg[x].newest, COUNTED(x)))
#else
#ifdef BREAK_RENEWAL_FREE
#define MUST(x) lg[x].newest
#else
#define MUST(x) MOST(lg[x].newest, COUNTED(x))
#endif
#endif
#define KEEP_FITS(x, v) ((v) == 0 || (v) + MUST(OTHER(x)) <= BUDGET)
#define SUM_DRAWN (DRAWS(0) + DRAWS(1))
#endif

/* After every step. S1 is for one manager: the books of a second one start with what it may not know. */
#define S1(c) (!up[0] || DRAWS(c) <= EXPOSURE(AT(0, c)))

inline check()
{
    i = 0;
    v = 0;
    was_1 = 0;
    was_2 = 0;
#ifdef GOAL
    story = STORY;
    assert(!(REACHED)); /* no error: spin has to get there */
#else
    assert(SUM_DRAWN <= BUDGET);
#if MANAGERS == 1
    assert(S1(0));
#if CLIENTS == 2
    assert(S1(1));
#endif
#endif
#endif
}
