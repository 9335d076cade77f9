/* A vehicle at a wallbox: what it asks for and draws, from what its pilot says and whether it is supplied.
 *
 * Decided here: how a vehicle behaves, the unpleasant ones included. Not here: contactor, watchdog, register (board). It tells when it
 * changes next by itself, so that nobody has to poll it. Times are true time in us.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/phase.h"

#define VEHICLE_ASK_US INT64_C(1000000)  /* from the first PWM to state C */
#define VEHICLE_WAKE_US INT64_C(3000000) /* a pilot interruption of so long wakes a sleeping vehicle */
#define VEHICLE_NEVER_US INT64_MIN
#define MAUS_PER_WH INT64_C(15652173913) /* mA x us at 230 V that make one Wh */

struct vehicle_spec {
    int8_t phases_n;         /* 1..3, terminals in order */
    int8_t first_phases_n;   /* it begins on so many ... */
    int64_t late_us;         /* ... and takes the others so long after the current began */
    int32_t max_ma;          /* 6,000..80,000 */
    int64_t need_wh;         /* more than any session takes: never full */
    int64_t down_us;         /* 0..5,000,000: from a lower pilot to a lower current (IEC 61851-1) */
    int64_t up_us;           /* from a higher pilot to a higher current */
    int32_t over_permille;   /* 1,000: obedient; more: it takes this share of what it may ... */
    int64_t over_after_us;   /* ... from so long after the current began */
    int64_t dip_every_us;    /* 0: steady; otherwise its current dips as often, without listening to the pilot meanwhile */
    int64_t dip_us;          /* so long, to a quarter */
    int64_t asleep_until_us; /* a timer of its own: it does not ask before; VEHICLE_NEVER_US none */
    int32_t cable_ma;        /* rating of its cable, 0 not coded */
    bool is_stubborn;        /* stays in C without PWM until the contactor opens */
};

struct vehicle {
    struct vehicle_spec spec;
    bool is_plugged;
    bool asks; /* state C */
    bool is_asleep;
    int32_t follow_ma;         /* what the pilot said when it last listened */
    int64_t down_since_us;     /* the pilot has been below follow_ma since */
    int64_t up_since_us;       /* ... above */
    int64_t pwm_since_us;      /* VEHICLE_NEVER_US: no PWM */
    int64_t steady_since_us;   /* since PWM ended */
    int64_t supplied_since_us; /* contactor closed and it asks */
    int64_t got_maus;          /* energy taken, mA x us over all phases */
};

void vehicle_plug(struct vehicle *v, const struct vehicle_spec *spec);
void vehicle_unplug(struct vehicle *v);

/* Let it notice pilot (mA, 0: steady) and supply. */
void vehicle_step(struct vehicle *v, int32_t pilot_ma, bool is_supplied, int64_t now_us);

/* Current of each terminal, mA. */
void vehicle_draw(const struct vehicle *v, int64_t now_us, int32_t out_ma[PHASE_N]);

/* Terminals that it uses at the moment, a set; empty when it draws nothing. */
uint8_t vehicle_terminals(const struct vehicle *v, int64_t now_us);

/* It takes more than it may. */
bool vehicle_is_over(const struct vehicle *v, int64_t now_us);

/* It has what it wanted. */
bool vehicle_is_full(const struct vehicle *v);

/* When it changes next if pilot and supply stay; INT64_MAX never. */
int64_t vehicle_next_us(const struct vehicle *v, int64_t now_us);
