/* What people see of the manager: one flat picture of site, meters and wallboxes, made by the core, turned into JSON by the shell.
 * Everything is in site order of phases. Unknown is said (is_..., MA_UNSET, -1), never 0.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/phase.h"
#include "manager/core/budget.h"
#include "manager/core/site.h"
#include "manager/core/wish.h"
#include "proto/msg.h"

struct view_node {
    int32_t limit_ma[PHASE_N];
    int32_t budget_ma[PHASE_N];   /* in use */
    int32_t base_ma[PHASE_N];     /* everything that is not a wallbox; negative is export */
    int32_t metered_ma[PHASE_N];  /* only when has_meter and the meter is good */
    int32_t drawn_ma[PHASE_N];    /* by the wallboxes below, as last reported */
    int64_t exposure_ma[PHASE_N]; /* the most they might draw */
    int64_t budget_w;             /* in use over all phases; -1: no limit */
    uint8_t scheduled;            /* phases (bits 0..2) and watts (bit 3) on which a schedule or the grid operator sets the budget */
    bool has_meter;
    bool is_fallback;
};

struct view_meter {
    enum meter_state state;
    enum meter_doubt doubt;      /* why it is not good, or its newest reading was refused */
    enum wiring_state wiring;    /* whether it moves with the wallboxes */
    enum phase_assign suggested; /* phases that would fit; PHASES_UNSET: those it has, or none */
    bool has_sample;
    int64_t age_ms; /* of the newest good sample */
    struct meter_sample last;
};

struct view_box {
    bool is_online;  /* heard within silent_ms on a welcomed connection */
    bool has_status; /* the figures below were reported at least once */
    int64_t age_ms;  /* of the newest Status; -1 never */
    enum box_state state;
    int32_t granted_ma; /* newest grant sent; MA_UNSET none in this epoch */
    int32_t target_ma;  /* what the division gives it */
    int32_t offered_ma;
    int32_t exposure_ma; /* the most it might be drawing on one phase, as far as the manager can know */
    int32_t drawn_ma[PHASE_N];
    uint8_t used; /* site phases counted as used */
    int32_t demand_ma;
    enum reason reason;
    uint16_t reason_node;  /* NODE_NONE */
    int8_t reason_phase;   /* -1 */
    uint16_t turn_place;   /* 0 not waiting */
    int64_t lease_left_ms; /* as the manager books it */
    int32_t power_w;
    int64_t energy_wh;
    bool has_session;
    struct session_id session;
    int64_t session_utc_ms; /* its begin; CLOCK_UNSET_UTC_MS: not known */
    int64_t session_wh;
    struct wish_setting setting;
    struct wish wish;
    bool is_late; /* its departure cannot be met any more */
    struct wish_order order;
    bool contactor_closed;
    enum pilot_state pilot;
    int32_t temperature_mdegc;
    uint8_t faults_n;
    uint16_t faults[FAULT_MAX];
    char firmware[NAME_LEN];
};

struct view {
    int64_t now_ms;
    uint64_t epoch;
    bool is_granting;   /* the epoch is stored and no second manager was met */
    bool is_restarting; /* not all known wallboxes are accounted for yet: nobody is raised */
    bool is_second_manager;
    int32_t surplus_ma[PHASE_N]; /* what the sun leaves to wallboxes in a solar mode; the sum in the first when it is summed */
    bool is_surplus_summed;
    bool is_dimmed; /* by the grid operator */
    uint16_t node_n;
    uint16_t box_n;
    uint16_t meter_n;
    struct view_node node[NODE_MAX];
    struct view_meter meter[METER_MAX];
    struct view_box box[BOX_MAX];
};
