/* What the client finds wrong by itself, from readings and time (spec 06 6.1, 6.2): overdraw, contactor, voltage, diode, pilot, register, heat,
 * clock, a plug that was pulled. What was found under load is held until the next retry, or until the vehicle leaves.
 *
 * Decided here: whether each of these is so. Not here: what follows (cfault_table, retry, charge).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/core/cfault.h"
#include "client/core/event.h"

#define HEALTH_WELD_MS 3000         /* closed for so long after it was opened */
#define HEALTH_WELD_LATCHED_MS 9000 /* likewise while the board opens by itself, which may take 6 s */
#define HEALTH_CONTACT_MS 1000      /* open for so long after it was closed */
#define HEALTH_VOLT_MS 500          /* outside the window for so long */
#define HEALTH_VOLT_BACK_MS 2000
#define HEALTH_PILOT_MS 200       /* E or F for so long */
#define HEALTH_UNPLUGGED_MS 60000 /* fault 1 is shown for so long, or until a vehicle comes */
#define HEALTH_CLOCK_MS 60000     /* without a time for so long */
#define HEALTH_VOLT_LEAST_MV 160000
#define HEALTH_VOLT_MOST_MV 280000
#define HEALTH_VOLT_SLACK_MV 5000 /* inside by so much before it is good again */
#define HEALTH_METER_WH 60        /* so much has flowed and the register stands still */
#define HEALTH_DRAWN_MA 500       /* a current that counts */

struct health {
    bool overheated;
    bool overdrawn;
    bool no_contact;
    bool no_diode;
    bool bad_voltage;
    bool bad_meter;
    bool welded; /* just found */
    struct cfault_overdraw overdraw;
    int64_t weld_after_ms; /* time that it has for opening */
    int64_t weld_ms;       /* closed although it should be open since, MS_NEVER not; so all below */
    int64_t contact_ms;    /* open although it should be closed */
    int64_t volt_ms;       /* outside the window, or while bad inside of it again */
    int64_t pilot_ms;      /* E or F */
    int64_t unplugged_ms;
    int64_t clock_ms;   /* no time */
    int64_t metered_ms; /* of the last reading, MS_NEVER none */
    int64_t meter_wh;
    int64_t expected_mwms; /* flowed since the register moved */
};

/* What it looks at. */
struct health_in {
    const struct board_sample *sample;
    bool is_fresh;
    bool is_latched;   /* the board's watchdog acts */
    bool has_command;  /* a cycle was sent ... */
    bool is_applied;   /* ... and the board shows its pilot and contactor */
    bool wants_closed; /* as commanded */
    bool has_clock;
    int32_t offered_ma; /* signalled, or about to be */
    int wired_n;
};

void health_init(struct health *h, int64_t now_ms);

/* A new reading came. */
void health_sample(struct health *h, const struct board_sample *sample);

/* Look at everything at now_ms. */
void health_step(struct health *h, const struct health_in *in, int64_t now_ms);

/* The plug was pulled during the self-test or under current. */
void health_pulled(struct health *h, int64_t now_ms);

/* Another attempt: what is held is forgotten. */
void health_retry(struct health *h);

/* A vehicle was plugged in. */
void health_plugged(struct health *h);

/* Whether a fault of the client's own is there now; false for codes that it does not judge. */
bool health_has(const struct health *h, uint16_t code, int64_t now_ms);

/* When something becomes a fault, or ceases to be one, by time alone; MS_FOREVER never. */
int64_t health_next_ms(const struct health *h, int64_t now_ms);

/* A board that closes by itself is offering: its contactor may be closed unbidden. */
bool health_closes_itself(const struct board_sample *s);

/* Largest current of a reading, mA. */
int32_t health_largest_ma(const struct board_sample *s);
