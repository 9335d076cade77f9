/* SunSpec meters: the place of the meter model is discovered (bus_find), addresses here count from its id. Models 201..204 hold integers
 * with scale factors, 211..214 float32. Sources: sunspec/models model_203.json and model_213.json, evcc sunspec-meter.yaml,
 * keba-kecontact.yaml, fronius-gen24.yaml. */
#include "manager/shell/regmap_rows.h"

static const struct regmap_block sunspec_int_block[] = {
    {3, 0, 107, BLOCK_MAIN},
};

static const struct regmap_point sunspec_int_point[] = {
    ROW_EXP(CURRENT, L1, 3, 3, I16, 1000, 1, 6),      ROW_EXP(CURRENT, L2, 3, 4, I16, 1000, 1, 6),  ROW_EXP(CURRENT, L3, 3, 5, I16, 1000, 1, 6),
    ROW_EXP(VOLTAGE, L1, 3, 8, I16, 1000, 1, 15),     ROW_EXP(VOLTAGE, L2, 3, 9, I16, 1000, 1, 15), ROW_EXP(VOLTAGE, L3, 3, 10, I16, 1000, 1, 15),
    ROW_EXP(FREQUENCY, ALL, 3, 16, I16, 1000, 1, 17), ROW_EXP(POWER, ALL, 3, 18, I16, 1, 1, 22),    ROW_EXP(POWER, L1, 3, 19, I16, 1, 1, 22),
    ROW_EXP(POWER, L2, 3, 20, I16, 1, 1, 22),         ROW_EXP(POWER, L3, 3, 21, I16, 1, 1, 22),     ROW_EXP(FACTOR, L1, 3, 34, I16, 1000, 1, 37),
    ROW_EXP(FACTOR, L2, 3, 35, I16, 1000, 1, 37),     ROW_EXP(FACTOR, L3, 3, 36, I16, 1000, 1, 37), ROW_EXP(EXPORT, ALL, 3, 38, ACC32, 1, 1, 54),
    ROW_EXP(IMPORT, ALL, 3, 46, ACC32, 1, 1, 54),
};

/* The whole model would be 126 registers, one more than a request may have; the energies by quadrants are left out. */
static const struct regmap_block sunspec_real_block[] = {
    {3, 2, 68, BLOCK_MAIN},
};

static const struct regmap_point sunspec_real_point[] = {
    ROW(CURRENT, L1, 3, 4, F32, HIGH_FIRST, 1000, 1),  ROW(CURRENT, L2, 3, 6, F32, HIGH_FIRST, 1000, 1),     ROW(CURRENT, L3, 3, 8, F32, HIGH_FIRST, 1000, 1),
    ROW(VOLTAGE, L1, 3, 12, F32, HIGH_FIRST, 1000, 1), ROW(VOLTAGE, L2, 3, 14, F32, HIGH_FIRST, 1000, 1),    ROW(VOLTAGE, L3, 3, 16, F32, HIGH_FIRST, 1000, 1),
    ROW(POWER, ALL, 3, 28, F32, HIGH_FIRST, 1, 1),     ROW(FREQUENCY, ALL, 3, 26, F32, HIGH_FIRST, 1000, 1), ROW(POWER, L1, 3, 30, F32, HIGH_FIRST, 1, 1),
    ROW(POWER, L2, 3, 32, F32, HIGH_FIRST, 1, 1),      ROW(POWER, L3, 3, 34, F32, HIGH_FIRST, 1, 1),         ROW(FACTOR, L1, 3, 54, F32, HIGH_FIRST, 1000, 1),
    ROW(FACTOR, L2, 3, 56, F32, HIGH_FIRST, 1000, 1),  ROW(FACTOR, L3, 3, 58, F32, HIGH_FIRST, 1000, 1),     ROW(EXPORT, ALL, 3, 60, F32, HIGH_FIRST, 1, 1),
    ROW(IMPORT, ALL, 3, 68, F32, HIGH_FIRST, 1, 1),
};

static MAP(sunspec_int, SIGN_OF_POWER, SENTINEL_LOWEST, QUIRK_FACTOR_PERCENT);
static MAP(sunspec_real, SIGN_OF_POWER, 0, QUIRK_FACTOR_PERCENT);
static const struct regmap_map *const sunspec_maps[] = {&sunspec_int_map, &sunspec_real_map};

const struct regmap_model sunspec_203_model = {
    .id = "sunspec_203",
    .name = "SunSpec meter (models 201-204, 211-214)",
    .confidence = CONFIDENCE_HIGH,
    .has_tcp = true,
    .has_rtu = true,
    .is_sunspec = true,
    .tcp_port = 502,
    .gap_ms = 20,
    .map_n = N_OF(sunspec_maps),
    .map = sunspec_maps,
};

const struct regmap_model keba_kecontact_e10_model = {
    .id = "keba_kecontact_e10",
    .name = "KEBA KeContact E10",
    .confidence = CONFIDENCE_MEDIUM,
    .has_tcp = true,
    .is_sunspec = true,
    .tcp_port = 502,
    .unit = 1,
    .map_n = N_OF(sunspec_maps),
    .map = sunspec_maps,
};

/* The inverter answers for the meter behind it: the first has unit 200, further ones 201, 202, ... */
const struct regmap_model fronius_ts65a3_sunspec_model = {
    .id = "fronius_ts65a3_sunspec",
    .name = "Fronius Smart Meter TS 65A-3 by inverter",
    .confidence = CONFIDENCE_HIGH,
    .has_tcp = true,
    .is_sunspec = true,
    .tcp_port = 502,
    .unit = 200,
    .map_n = N_OF(sunspec_maps),
    .map = sunspec_maps,
};
