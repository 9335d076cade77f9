/* Meters with integers of a fixed or a told scale: Siemens PAC1600, Fronius TS 65A-3 on its own line, Gossen ENERGYMID.
 * Sources: evcc siemens-7kt1665.yaml and issue 11363, OpenEMS MeterSiemensPac1600Impl.java, 7KT PAC1600 manual pages 92-95;
 * otti/FroniusModbusRtu README; hasenradball/Gossen-Metrawatt-ENERGYMID-EM22xx-Modbus (interface descriptions TCP and RTU). */
#include "manager/shell/regmap_rows.h"

/* Requests must not span gaps that are not used. One user reads the manual's numbers unshifted: may_shift. */
static const struct regmap_block pac1600_block[] = {
    {3, 1, 30, BLOCK_MAIN},
    {3, 49, 12, BLOCK_OPTIONAL},
    {3, 6687, 4, BLOCK_OPTIONAL},
};

static const struct regmap_point pac1600_point[] = {
    ROW(VOLTAGE, L1, 3, 1, U32, HIGH_FIRST, 10, 1),   ROW(VOLTAGE, L2, 3, 3, U32, HIGH_FIRST, 10, 1),     ROW(VOLTAGE, L3, 3, 5, U32, HIGH_FIRST, 10, 1),
    ROW(CURRENT, L1, 3, 7, U32, HIGH_FIRST, 1, 10),   ROW(CURRENT, L2, 3, 9, U32, HIGH_FIRST, 1, 10),     ROW(CURRENT, L3, 3, 11, U32, HIGH_FIRST, 1, 10),
    ROW(POWER, L1, 3, 19, I32, HIGH_FIRST, 1, 100),   ROW(POWER, L2, 3, 21, I32, HIGH_FIRST, 1, 100),     ROW(POWER, L3, 3, 23, I32, HIGH_FIRST, 1, 100),
    ROW(POWER, ALL, 3, 57, I32, HIGH_FIRST, 1, 100),  ROW(FREQUENCY, ALL, 3, 49, U32, HIGH_FIRST, 10, 1), ROW(IMPORT, ALL, 3, 6687, U32, HIGH_FIRST, 1, 1),
    ROW(EXPORT, ALL, 3, 6689, U32, HIGH_FIRST, 1, 1),
};

/* Low register first. Seen on the line between inverter and meter, which has one master only. Energy is kWh and the Wh beyond them. */
static const struct regmap_block ts65a3_block[] = {
    {3, 286, 42, BLOCK_MAIN},
    {3, 258, 16, BLOCK_OPTIONAL},
    {3, 1024, 16, BLOCK_OPTIONAL},
};

static const struct regmap_point ts65a3_point[] = {
    ROW(VOLTAGE, L1, 3, 288, I32, LOW_FIRST, 100, 1), ROW(VOLTAGE, L2, 3, 302, I32, LOW_FIRST, 100, 1),    ROW(VOLTAGE, L3, 3, 316, I32, LOW_FIRST, 100, 1),
    ROW(CURRENT, L1, 3, 290, I32, LOW_FIRST, 1, 1),   ROW(CURRENT, L2, 3, 304, I32, LOW_FIRST, 1, 1),      ROW(CURRENT, L3, 3, 318, I32, LOW_FIRST, 1, 1),
    ROW(POWER, L1, 3, 292, I32, LOW_FIRST, 1, 10),    ROW(POWER, L2, 3, 306, I32, LOW_FIRST, 1, 10),       ROW(POWER, L3, 3, 320, I32, LOW_FIRST, 1, 10),
    ROW(POWER, ALL, 3, 262, I32, LOW_FIRST, 1, 10),   ROW(FACTOR, L1, 3, 298, I32, LOW_FIRST, 1, 1),       ROW(FACTOR, L2, 3, 312, I32, LOW_FIRST, 1, 1),
    ROW(FACTOR, L3, 3, 326, I32, LOW_FIRST, 1, 1),    ROW(FREQUENCY, ALL, 3, 272, I32, LOW_FIRST, 100, 1), ROW(IMPORT, ALL, 3, 1024, I32, LOW_FIRST, 1000, 1),
    ROW(IMPORT, ALL, 3, 1026, I32, LOW_FIRST, 1, 1),  ROW(EXPORT, ALL, 3, 1032, I32, LOW_FIRST, 1000, 1),  ROW(EXPORT, ALL, 3, 1034, I32, LOW_FIRST, 1, 1),
};

/* Mantissas of 16 bits with an exponent in the same area; 0x8000 is undefined. Energy counts by the primary factor, by the exponent on
 * firmware that has none. */
static const struct regmap_block em2289_block[] = {
    {4, 100, 11, BLOCK_MAIN},
    {4, 200, 17, BLOCK_MORE},
    {4, 0, 15, BLOCK_OPTIONAL},
    {4, 300, 14, BLOCK_OPTIONAL},
};

static const struct regmap_point em2289_point[] = {
    ROW_EXP(VOLTAGE, L1, 4, 4, I16, 1000, 1, 12),
    ROW_EXP(VOLTAGE, L2, 4, 5, I16, 1000, 1, 12),
    ROW_EXP(VOLTAGE, L3, 4, 6, I16, 1000, 1, 12),
    ROW(FREQUENCY, ALL, 4, 11, U16, HIGH_FIRST, 10, 1),
    ROW_EXP(CURRENT, L1, 4, 100, I16, 1000, 1, 108),
    ROW_EXP(CURRENT, L2, 4, 101, I16, 1000, 1, 108),
    ROW_EXP(CURRENT, L3, 4, 102, I16, 1000, 1, 108),
    ROW_EXP(POWER, L1, 4, 200, I16, 1, 1, 212),
    ROW_EXP(POWER, L2, 4, 201, I16, 1, 1, 212),
    ROW_EXP(POWER, L3, 4, 202, I16, 1, 1, 212),
    ROW_EXP(POWER, ALL, 4, 203, I16, 1, 1, 212),
    ROW(FACTOR, L1, 4, 208, I16, HIGH_FIRST, 1, 1),
    ROW(FACTOR, L2, 4, 209, I16, HIGH_FIRST, 1, 1),
    ROW(FACTOR, L3, 4, 210, I16, HIGH_FIRST, 1, 1),
    {QUANTITY_IMPORT, ALL, 4, 300, TYPE_U32, ORDER_HIGH_FIRST, 1, 1, 310, 308, false},
    {QUANTITY_EXPORT, ALL, 4, 302, TYPE_U32, ORDER_HIGH_FIRST, 1, 1, 310, 308, false},
};

static MAP(pac1600, SIGN_OF_POWER, 0, QUIRK_FREQUENCY_TENTHS);
static MAP(ts65a3, SIGN_OF_POWER, 0, 0);
static MAP(em2289, SIGN_OF_POWER, SENTINEL_LOWEST, 0);
static const struct regmap_map *const pac1600_maps[] = {&pac1600_map};
static const struct regmap_map *const ts65a3_maps[] = {&ts65a3_map};
static const struct regmap_map *const em2289_maps[] = {&em2289_map};

const struct regmap_model siemens_7kt1665_model = {
    .id = "siemens_7kt1665",
    .name = "Siemens 7KT1665 / 7KT1666 (7KT PAC1600)",
    .confidence = CONFIDENCE_HIGH,
    .has_rtu = true,
    .may_shift = true,
    .tcp_port = 502,
    .unit = 1,
    .baud = 9600,
    .parity = 'N',
    .gap_ms = 20,
    .map_n = N_OF(pac1600_maps),
    .map = pac1600_maps,
};

const struct regmap_model fronius_ts65a3_direct_model = {
    .id = "fronius_ts65a3_direct",
    .name = "Fronius Smart Meter TS 65A-3 on its line",
    .confidence = CONFIDENCE_MEDIUM,
    .has_rtu = true,
    .tcp_port = 502,
    .unit = 1,
    .gap_ms = 20,
    .map_n = N_OF(ts65a3_maps),
    .map = ts65a3_maps,
};

/* On TCP any unit is answered. Voltages, currents and powers need its multifunction option M1. */
const struct regmap_model gossen_em2289_model = {
    .id = "gossen_em2289",
    .name = "Gossen Metrawatt ENERGYMID EM2289",
    .confidence = CONFIDENCE_HIGH,
    .has_tcp = true,
    .has_rtu = true,
    .tcp_port = 502,
    .unit = 1,
    .gap_ms = 20,
    .map_n = N_OF(em2289_maps),
    .map = em2289_maps,
};
