/* TQ-Systems and its relatives: one map. Power is import and export apart, in 0.1 W; currents and voltages are magnitudes in mA and mV. One
 * request may span gaps inside the areas 0..145 and 512..791, not beyond.
 * Sources: OpenEMS MeterBControlEM300Impl.java, openWB kostal_sem/counter.py, evcc kostal-ksem.yaml; totals and areas of the 7KT PAC1200
 * also its system manual, page 68. */
#include "manager/shell/regmap_rows.h"

static const struct regmap_block tq_block[] = {
    {3, 40, 106, BLOCK_MAIN},
    {3, 0, 28, BLOCK_OPTIONAL},
    {3, 512, 8, BLOCK_OPTIONAL},
};

static const struct regmap_point tq_point[] = {
    ROW(POWER, ALL, 3, 0, U32, HIGH_FIRST, 1, 10),    ROW(POWER, ALL, 3, 2, U32, HIGH_FIRST, -1, 10),   ROW(FREQUENCY, ALL, 3, 26, U32, HIGH_FIRST, 1, 1),
    ROW(POWER, L1, 3, 40, U32, HIGH_FIRST, 1, 10),    ROW(POWER, L1, 3, 42, U32, HIGH_FIRST, -1, 10),   ROW(CURRENT, L1, 3, 60, U32, HIGH_FIRST, 1, 1),
    ROW(VOLTAGE, L1, 3, 62, U32, HIGH_FIRST, 1, 1),   ROW(FACTOR, L1, 3, 64, I32, HIGH_FIRST, 1, 1),    ROW(POWER, L2, 3, 80, U32, HIGH_FIRST, 1, 10),
    ROW(POWER, L2, 3, 82, U32, HIGH_FIRST, -1, 10),   ROW(CURRENT, L2, 3, 100, U32, HIGH_FIRST, 1, 1),  ROW(VOLTAGE, L2, 3, 102, U32, HIGH_FIRST, 1, 1),
    ROW(FACTOR, L2, 3, 104, I32, HIGH_FIRST, 1, 1),   ROW(POWER, L3, 3, 120, U32, HIGH_FIRST, 1, 10),   ROW(POWER, L3, 3, 122, U32, HIGH_FIRST, -1, 10),
    ROW(CURRENT, L3, 3, 140, U32, HIGH_FIRST, 1, 1),  ROW(VOLTAGE, L3, 3, 142, U32, HIGH_FIRST, 1, 1),  ROW(FACTOR, L3, 3, 144, I32, HIGH_FIRST, 1, 1),
    ROW(IMPORT, ALL, 3, 512, U64, HIGH_FIRST, 1, 10), ROW(EXPORT, ALL, 3, 516, U64, HIGH_FIRST, 1, 10),
};

static MAP(tq, SIGN_OF_POWER, 0, 0);
static const struct regmap_map *const tq_maps[] = {&tq_map};

const struct regmap_model tq_em300_lr_model = {
    .id = "tq_em300_lr",
    .name = "B-control / TQ-Systems EM300-LR",
    .confidence = CONFIDENCE_HIGH,
    .has_tcp = true,
    .tcp_port = 502,
    .unit = 1,
    .map_n = N_OF(tq_maps),
    .map = tq_maps,
};

/* Port 802 is TLS; any unit may be answered, evcc uses 71. The serial settings are the installer's. */
const struct regmap_model kostal_ksem_model = {
    .id = "kostal_ksem",
    .name = "KOSTAL Smart Energy Meter KSEM",
    .confidence = CONFIDENCE_HIGH,
    .has_tcp = true,
    .has_rtu = true,
    .tcp_port = 502,
    .unit = 71,
    .gap_ms = 20,
    .map_n = N_OF(tq_maps),
    .map = tq_maps,
};

/* Its manual has the totals only; the phases are those of the shared map. */
const struct regmap_model siemens_7kt1260_model = {
    .id = "siemens_7kt1260",
    .name = "Siemens 7KT1260 (7KT PAC1200)",
    .confidence = CONFIDENCE_MEDIUM,
    .has_tcp = true,
    .tcp_port = 502,
    .unit = 1,
    .map_n = N_OF(tq_maps),
    .map = tq_maps,
};
