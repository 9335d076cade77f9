/* Janitza. The B series answers ABB's map (regmap_models_abb.c) or float32 from 19000 on, the ECS family (of Herholdt Controls) a map of its
 * own whose number format no two sources agree on: it is read as the one driver does that has seen the hardware, and only when the voltage
 * then makes sense.
 * Sources: mbmd janitza.go, modbus-database janitza/b21-b23-b24 and janitza/ecs, openWB janitza/counter.py, evcc janitza.yaml; aggsoft
 * tutorials on Herholdt ECSEM and Janitza ECS, networkupstools nutdrv_modbus.c (Eaton EMECMODB). */
#include "manager/shell/regmap_rows.h"

static const struct regmap_block janitza_b_float_block[] = {
    {3, 19000, 78, BLOCK_MAIN},
};

static const struct regmap_point janitza_b_float_point[] = {
    ROW(VOLTAGE, L1, 3, 19000, F32, HIGH_FIRST, 1000, 1), ROW(VOLTAGE, L2, 3, 19002, F32, HIGH_FIRST, 1000, 1),
    ROW(VOLTAGE, L3, 3, 19004, F32, HIGH_FIRST, 1000, 1), ROW(CURRENT, L1, 3, 19012, F32, HIGH_FIRST, 1000, 1),
    ROW(CURRENT, L2, 3, 19014, F32, HIGH_FIRST, 1000, 1), ROW(CURRENT, L3, 3, 19016, F32, HIGH_FIRST, 1000, 1),
    ROW(POWER, L1, 3, 19020, F32, HIGH_FIRST, 1, 1),      ROW(POWER, L2, 3, 19022, F32, HIGH_FIRST, 1, 1),
    ROW(POWER, L3, 3, 19024, F32, HIGH_FIRST, 1, 1),      ROW(POWER, ALL, 3, 19026, F32, HIGH_FIRST, 1, 1),
    ROW(FACTOR, L1, 3, 19044, F32, HIGH_FIRST, 1000, 1),  ROW(FACTOR, L2, 3, 19046, F32, HIGH_FIRST, 1000, 1),
    ROW(FACTOR, L3, 3, 19048, F32, HIGH_FIRST, 1000, 1),  ROW(FREQUENCY, ALL, 3, 19050, F32, HIGH_FIRST, 1000, 1),
    ROW(IMPORT, ALL, 3, 19068, F32, HIGH_FIRST, 1, 1),    ROW(EXPORT, ALL, 3, 19076, F32, HIGH_FIRST, 1, 1),
};

/* The one-phase meter: L1 and the totals. */
static const struct regmap_block janitza_b21_float_block[] = {
    {3, 19000, 78, BLOCK_MAIN},
};

static const struct regmap_point janitza_b21_float_point[] = {
    ROW(VOLTAGE, L1, 3, 19000, F32, HIGH_FIRST, 1000, 1),    ROW(CURRENT, L1, 3, 19012, F32, HIGH_FIRST, 1000, 1),
    ROW(POWER, L1, 3, 19020, F32, HIGH_FIRST, 1, 1),         ROW(POWER, ALL, 3, 19026, F32, HIGH_FIRST, 1, 1),
    ROW(FREQUENCY, ALL, 3, 19050, F32, HIGH_FIRST, 1000, 1), ROW(IMPORT, ALL, 3, 19068, F32, HIGH_FIRST, 1, 1),
    ROW(EXPORT, ALL, 3, 19076, F32, HIGH_FIRST, 1, 1),
};

/* Power is in kW. The energies take four registers of unknown format: not read. */
static const struct regmap_block ecsem_block[] = {
    {3, 4267, 38, BLOCK_MAIN},
    {3, 4151, 6, BLOCK_MORE},
};

static const struct regmap_point ecsem_point[] = {
    ROW(POWER, L1, 3, 4151, F32, HIGH_FIRST, 1000, 1),      ROW(POWER, L2, 3, 4153, F32, HIGH_FIRST, 1000, 1),
    ROW(POWER, L3, 3, 4155, F32, HIGH_FIRST, 1000, 1),      ROW(VOLTAGE, L1, 3, 4267, F32, HIGH_FIRST, 1000, 1),
    ROW(VOLTAGE, L2, 3, 4269, F32, HIGH_FIRST, 1000, 1),    ROW(VOLTAGE, L3, 3, 4271, F32, HIGH_FIRST, 1000, 1),
    ROW(CURRENT, L1, 3, 4279, F32, HIGH_FIRST, 1000, 1),    ROW(CURRENT, L2, 3, 4281, F32, HIGH_FIRST, 1000, 1),
    ROW(CURRENT, L3, 3, 4283, F32, HIGH_FIRST, 1000, 1),    ROW(FACTOR, L1, 3, 4295, F32, HIGH_FIRST, 1000, 1),
    ROW(FACTOR, L2, 3, 4297, F32, HIGH_FIRST, 1000, 1),     ROW(FACTOR, L3, 3, 4299, F32, HIGH_FIRST, 1000, 1),
    ROW(FREQUENCY, ALL, 3, 4303, F32, HIGH_FIRST, 1000, 1),
};

MAP(janitza_b_float, SIGN_OF_POWER, 0, 0);
MAP(janitza_b21_float, SIGN_OF_POWER, 0, 0);
static MAP(ecsem, SIGN_OF_POWER, 0, QUIRK_FREQUENCY_DOUBTFUL);
static const struct regmap_map *const b_float_maps[] = {&janitza_b_float_map};
static const struct regmap_map *const ecsem_maps[] = {&ecsem_map, &janitza_b_float_map};

static const struct regmap_probe ecsem_probe[] = {
    {PROBE_VOLTS, 3, 19000, NULL, &janitza_b_float_map},
    {PROBE_VOLTS, 3, 4267, NULL, &ecsem_map},
};

const struct regmap_model janitza_b_float_model = {
    .id = "janitza_b_float",
    .name = "Janitza B series, float map",
    .confidence = CONFIDENCE_HIGH,
    .has_rtu = true,
    .tcp_port = 502,
    .unit = 1,
    .baud = 9600,
    .parity = 'N',
    .gap_ms = 100,
    .wait_ms = 500,
    .map_n = N_OF(b_float_maps),
    .map = b_float_maps,
};

const struct regmap_model janitza_ecsem114mid_model = {
    .id = "janitza_ecsem114mid",
    .name = "Janitza ECSEM114MID, Herholdt ECSEM113",
    .confidence = CONFIDENCE_LOW,
    .has_tcp = true,
    .has_rtu = true,
    .must_match = true,
    .tcp_port = 502,
    .gap_ms = 50,
    .map_n = N_OF(ecsem_maps),
    .probe_n = N_OF(ecsem_probe),
    .map = ecsem_maps,
    .probe = ecsem_probe,
};
