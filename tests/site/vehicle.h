/* A vehicle at a wallbox: what it asks for and what it draws, from what its pilot says and whether it is supplied.
 *
 * Decided here: how a vehicle behaves. Not here: contactor, wiring, energy register (board). No clock, no randomness.
 * It follows its pilot after a delay, draws at most its own maximum on its own number of phases, tapers above 80 % of its need
 * and stops when it is full.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/units.h"

#define VEHICLE_DOWN_MAX_MS 5000        /* IEC 61851-1: a vehicle follows a lower current within 5 s */
#define VEHICLE_ASK_MS 1000             /* from the first PWM to state C */
#define VEHICLE_WAKE_MS 3000            /* a pilot interruption of so long wakes a sleeping vehicle */
#define VEHICLE_TAPER_MA 1500           /* it does not taper below this */
#define PILOT_MIN_MA 6000               /* a lower current cannot be signalled */
#define MWMS_PER_WH INT64_C(3600000000) /* mW x ms in one Wh */

struct vehicle_spec {
    int8_t phases_n;           /* 1..3 */
    int32_t max_ma;            /* 1,000..80,000 */
    int64_t needed_wh;         /* 0..1,000,000 */
    int32_t down_ms;           /* 0..5,000: from a lower pilot to a lower current */
    int32_t up_ms;             /* 0..60,000: from a higher pilot to a higher current */
    int32_t overdraw_permille; /* 1,000..3,000: share of the allowed current that it takes */
    int32_t cable_ma;          /* rating of its cable, 6,000..80,000 */
    bool is_stubborn;          /* stays in state C without PWM until the contactor opens */
    bool is_asleep;            /* has a timer of its own: asks only after a pilot interruption or `wake` */
    bool is_ventilated;        /* asks with state D */
    char identity[NAME_LEN];   /* empty: tells none */
};

struct vehicle {
    struct vehicle_spec spec;
    bool is_plugged;
    bool asks; /* state C or D */
    bool is_asleep;
    int32_t follow_ma;       /* what the pilot said when it last listened */
    int64_t down_since_ms;   /* the pilot has been below follow_ma since; MS_NEVER */
    int64_t up_since_ms;     /* above it since; MS_NEVER */
    int64_t pwm_since_ms;    /* MS_NEVER: no PWM */
    int64_t steady_since_ms; /* since PWM ended; MS_NEVER: there is PWM, or was none yet */
    int64_t got_mwms;        /* energy taken, mW x ms */
};

/* Three phases, 16 A, 20 kWh, 1.5 s down, 3 s up, obedient. */
void vehicle_spec_default(struct vehicle_spec *out);

/* The plug goes in. The next step sees the pilot. */
void vehicle_plug(struct vehicle *v, const struct vehicle_spec *spec);

void vehicle_unplug(struct vehicle *v);

/* It wants `more_wh` more and asks, asleep or not. */
void vehicle_wake(struct vehicle *v, int64_t more_wh);

/* It has what it wanted. */
bool vehicle_is_full(const struct vehicle *v);

/* Let it notice the pilot.
 *
 * pilot_ma     what the pilot offers, 0 when steady
 * is_supplied  the contactor connects it to the mains
 */
void vehicle_step(struct vehicle *v, int32_t pilot_ma, bool is_supplied, int64_t now_ms);

/* Most that it would draw on each phase that it uses if the pilot let it, mA; 0 when it is full or away. */
int32_t vehicle_most_ma(const struct vehicle *v);

/* Current on each phase that it uses, mA. 0 unless it asks and follows a pilot. */
int32_t vehicle_draw_ma(const struct vehicle *v);

/* Credit energy, mW x ms. */
void vehicle_feed(struct vehicle *v, int64_t mwms);
