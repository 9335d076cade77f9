/* The charging state machine (spec 06 6.1): one table of ways, and what each state offers to the vehicle. Its diagram is
 * client/STATES.md, made from the table by its unit test.
 *
 * Decided here: the state, whether the contactor may be closed, and which current the pilot should signal. Not here: how much is allowed
 * (limit, grant), when the pilot rises (pilot), why charging is not allowed at the moment (core).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/sm.h"
#include "proto/msg.h"

#define CHARGE_STOP_MS 6000        /* a contactor under load opens at the latest this long after the pilot went away */
#define CHARGE_SLEEP_MS 60000      /* offered this long and still in B: the vehicle does not want (spec 04 4.3) */
#define CHARGE_ASK_MS 3000         /* an asleep vehicle that asks waits this long with its pilot */
#define CHARGE_WAKE_AFTER_MS 30000 /* a resumed vehicle that did not start gets one interruption of the pilot */
#define CHARGE_WAKE_MS 4000

#define CHARGE_STATE_LIST(X)                                                                            \
    X(CHARGE_UNKNOWN, "unknown")     /* the board was not read yet */                                   \
    X(CHARGE_IDLE, "idle")           /* no vehicle */                                                   \
    X(CHARGE_SELF_TEST, "self_test") /* after plug-in (SR-029) */                                       \
    X(CHARGE_WAITING, "waiting")     /* pilot steady: something is missing, a grant or a release */     \
    X(CHARGE_OFFERING, "offering")   /* PWM, contactor open */                                          \
    X(CHARGE_WAKING, "waking")       /* one interruption of the pilot */                                \
    X(CHARGE_CHARGING, "charging")   /* contactor closed (SR-031) */                                    \
    X(CHARGE_STOPPING, "stopping")   /* pilot steady, contactor closed until the current has stopped */ \
    X(CHARGE_ASLEEP, "asleep")       /* pilot at its minimum, contactor open, needs no grant */         \
    X(CHARGE_ASKING, "asking")       /* an asleep vehicle asks and has no grant yet */                  \
    X(CHARGE_FAULT, "fault")         /* contactor open until the fault is gone and its pause is over */ \
    X(CHARGE_SHOWING, "showing")     /* showroom: as if charging, contactor open, needs no grant */

#define CHARGE_STATE_ENUM(name, text) name,
enum charge_state { CHARGE_STATE_LIST(CHARGE_STATE_ENUM) CHARGE_STATE_N };
#undef CHARGE_STATE_ENUM

/* One way of the table: from any of a set of states, when its condition holds. The first that fits is taken. */
struct charge;
struct charge_in;
struct charge_way {
    uint32_t from; /* SM_BIT of each */
    int to;
    bool (*when)(const struct charge *ch, const struct charge_in *in, int64_t now_ms);
    bool is_blind; /* looked at without a board as well */
    const char *text;
};

/* All ways in their order; *out_n of them. */
const struct charge_way *charge_ways(int *out_n);

/* Successors of each state, for sm_move; made from the ways by hand, the unit test compares them. */
extern const struct sm_row charge_rows[CHARGE_STATE_N];

enum charge_vehicle {
    VEHICLE_NONE,      /* A */
    VEHICLE_CONNECTED, /* B */
    VEHICLE_READY,     /* C */
    VEHICLE_VENTILATE, /* D: gets no energy, this wallbox has no ventilation */
    VEHICLE_ERROR,     /* E, F */
};

struct charge_in {
    bool board;   /* it answers and its reading is fresh */
    bool fault;   /* something forbids a closed contactor */
    bool allowed; /* authorized, commissioned, session durable, not paused, nothing else in the way */
    bool showing; /* the same in a showroom; then allowed is false */
    enum charge_vehicle vehicle;
    int32_t offer_ma;      /* grant or fallback within all limits: 0 or the minimum and more */
    int32_t sleep_ma;      /* minimum for an asleep vehicle, 0 when the own limits forbid even that */
    int32_t pilot_ma;      /* the board shows this much, 0: steady */
    bool current_stopped;  /* below 500 mA on all phases */
    bool contactor_closed; /* feedback */
    bool unsafe;           /* not to be closed now: it is closed unbidden, or the vehicle lacks its diode */
    bool tested;           /* no self-test: the program restarted with a session open */
    int32_t self_test_ms;
};

struct charge {
    int state;
    int64_t since_ms;   /* in this state */
    bool tested;        /* self-test of this plug-in was passed */
    bool resumed;       /* a pause ended and the vehicle has not started since */
    int64_t offered_ms; /* PWM on and vehicle in B since, MS_NEVER not now */
    int way;            /* last one taken, -1 none yet */
};

void charge_init(struct charge *ch, int64_t now_ms);

/* The vehicle by pilot state. */
enum charge_vehicle charge_vehicle_of(enum pilot_state pilot);

/* Take at most one move. True when the state changed: look again, at most CHARGE_STATE_N times. */
bool charge_step(struct charge *ch, const struct charge_in *in, int64_t now_ms);

/* What the pilot should signal in this state, 0: steady. */
int32_t charge_pilot_ma(const struct charge *ch, const struct charge_in *in);

/* Whether the contactor is to be closed. */
bool charge_contactor(const struct charge *ch);

/* When a time of this state ends; MS_FOREVER none runs. */
int64_t charge_next_ms(const struct charge *ch, const struct charge_in *in);

const char *charge_state_text(enum charge_state state);
