/* One reading of a meter, as the bus hands it to the core: site order of phases, signed, positive flows into the node. */
#pragma once

#include <stdint.h>

#include "common/base/phase.h"

#define METER_POWER_TOTAL PHASE_BIT(PHASE_N) /* in power_set: the total is measured by itself */

struct meter_sample {
    int64_t taken_ms;            /* middle of the request, same clock as now_ms */
    int32_t current_ma[PHASE_N]; /* -MA_MAX..MA_MAX */
    int32_t voltage_mv[PHASE_N]; /* 0 not measured */
    int32_t power_w[PHASE_N];    /* signed */
    int32_t power_total_w;
    int64_t import_wh; /* -1 not measured */
    int64_t export_wh;
    int32_t frequency_mhz;            /* 0 not measured */
    int32_t factor_permille[PHASE_N]; /* power factor, -1000..1000, where factor_set has the phase */
    uint8_t current_set;              /* phases whose current is measured; 0: not said, then all are */
    uint8_t power_set;                /* phases whose power is measured, and METER_POWER_TOTAL */
    uint8_t factor_set;
    int32_t voltage_step_mv; /* smallest change of a voltage that the meter can show; 0 not known */
    uint64_t digest;         /* of all registers read, equal when they were bit-identical; 0 not known */
};
