/* What a wallbox shows (spec 06 6.4; SR-028..SR-031, SR-048..SR-065, SR-091..SR-093, SR-219..SR-230): a pure function from its state, faults,
 * modes and the time to the colours of the status bar, the three symbols, the touch button and the brightness.
 *
 * `model` selects the scheme (DIFF-18), `market` the differences of DIFF-2 and DIFF-9. A Plus has the bar only. In Fleet Charging there is no
 * digital charging service: the online symbol of a Connect then shows its manager, and no charging mode can be switched.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/core/cfault_table.h"
#include "client/core/charge.h"
#include "proto/msg.h"

#define INDICATOR_SIGN_MS 2000 /* a card's answer (SR-092, SR-093) */
#define INDICATOR_HEAT_MS 5000 /* code of fault 3 before S3 and S4 flash (SR-221) */
#define INDICATOR_FLASH_MS 1000
#define INDICATOR_SLOW_MS 4000
#define INDICATOR_RUN_MS 2000 /* the four segments one after the other */

enum indicator_online {
    ONLINE_NONE,      /* nothing was ever reached */
    ONLINE_REACHABLE, /* reached, not logged on */
    ONLINE_LOGGING_ON,
    ONLINE_CONNECTED,
    ONLINE_LOST, /* was connected once */
};

enum indicator_charging {
    CHARGING_IMMEDIATE,
    CHARGING_REQUESTED, /* a schedule is asked for */
    CHARGING_INTELLIGENT,
};

enum indicator_card {
    CARD_LIGHT_NONE,   /* no card is wanted */
    CARD_LIGHT_WANTED, /* SR-091 */
    CARD_LIGHT_LEARN,  /* a new master is waited for: the read area is lit (SR-104) */
    CARD_LIGHT_TEACH,  /* a new card is to be confirmed (SR-105) */
};

struct indicator_in {
    int64_t now_ms;
    enum wallbox_model model;
    enum market market;
    enum charge_state state;
    bool is_plugged;
    bool is_drawing; /* pilot C2: the vehicle charges, or would in a showroom */
    bool is_paused;  /* nothing may flow at the moment although everything is released */
    bool is_updating;
    bool is_service;
    bool is_meter_lost;    /* the manager charges without its house meter (SR-050) */
    bool is_suppressed;    /* authorization is on and nobody has authorized (SR-049) */
    bool is_module_broken; /* SR-062..SR-064, SR-080 */
    uint16_t fault;        /* the worst that is to be shown, 0 none */
    int64_t fault_since_ms;
    enum indicator_online online;
    enum indicator_charging charging;
    bool can_switch; /* the touch button does something (SR-085) */
    enum indicator_card card;
    enum auth_verdict sign; /* of the last card, AUTH_UNSET none */
    int64_t sign_ms;        /* when */
    int32_t brightness_permille;
};

void indicator_lights(const struct indicator_in *in, struct lights *out);

/* When the lights change by time alone; MS_FOREVER never. */
int64_t indicator_next_ms(const struct indicator_in *in);

/* Colour of one light at a moment: what flashes, breathes or runs is dark in its pauses. For those who draw it. */
enum light_colour indicator_frame(const struct lights *lights, enum lamp lamp, int64_t now_ms);

bool indicator_same(const struct lights *a, const struct lights *b);
