/* ABB. A value that a model does not measure reads as all ones (unsigned) or as the largest number (signed). Currents are magnitudes.
 * Sources: mbmd abb.go, openWB b23.py, Victron abb.py, SmartEVSE meter.cpp, mbmap-library b23-b24 and b21 (cite 2CMC485003M0201 and
 * 2CMC485004M0201) and m2m-dmtme (cites 2CSG445011D0201), modbus-database abb/m4m. */
#include "manager/shell/regmap_rows.h"

#define ABB_SENTINELS (SENTINEL_ONES | SENTINEL_HIGHEST)
#define ABB_GAP_MS 100  /* Victron and openWB leave so much between two requests */
#define ABB_WAIT_MS 500 /* and wait so long */
#define TYPE_TEXT 0x8960

static const struct regmap_block b23_block[] = {
    {3, 23296, 62, BLOCK_MAIN},
    {3, 20480, 8, BLOCK_OPTIONAL},
};

static const struct regmap_point b23_point[] = {
    ROW(VOLTAGE, L1, 3, 23296, U32, HIGH_FIRST, 100, 1),   ROW(VOLTAGE, L2, 3, 23298, U32, HIGH_FIRST, 100, 1),
    ROW(VOLTAGE, L3, 3, 23300, U32, HIGH_FIRST, 100, 1),   ROW(CURRENT, L1, 3, 23308, U32, HIGH_FIRST, 10, 1),
    ROW(CURRENT, L2, 3, 23310, U32, HIGH_FIRST, 10, 1),    ROW(CURRENT, L3, 3, 23312, U32, HIGH_FIRST, 10, 1),
    ROW(POWER, ALL, 3, 23316, I32, HIGH_FIRST, 1, 100),    ROW(POWER, L1, 3, 23318, I32, HIGH_FIRST, 1, 100),
    ROW(POWER, L2, 3, 23320, I32, HIGH_FIRST, 1, 100),     ROW(POWER, L3, 3, 23322, I32, HIGH_FIRST, 1, 100),
    ROW(FREQUENCY, ALL, 3, 23340, U16, HIGH_FIRST, 10, 1), ROW(FACTOR, L1, 3, 23355, I16, HIGH_FIRST, 1, 1),
    ROW(FACTOR, L2, 3, 23356, I16, HIGH_FIRST, 1, 1),      ROW(FACTOR, L3, 3, 23357, I16, HIGH_FIRST, 1, 1),
    ROW(IMPORT, ALL, 3, 20480, U64, HIGH_FIRST, 10, 1),    ROW(EXPORT, ALL, 3, 20484, U64, HIGH_FIRST, 10, 1),
};

/* One phase: the totals are its values. */
static const struct regmap_block b21_block[] = {
    {3, 23296, 59, BLOCK_MAIN},
    {3, 20480, 8, BLOCK_OPTIONAL},
};

static const struct regmap_point b21_point[] = {
    ROW(VOLTAGE, L1, 3, 23296, U32, HIGH_FIRST, 100, 1),   ROW(CURRENT, L1, 3, 23308, U32, HIGH_FIRST, 10, 1),
    ROW(POWER, ALL, 3, 23316, I32, HIGH_FIRST, 1, 100),    ROW(POWER, L1, 3, 23316, I32, HIGH_FIRST, 1, 100),
    ROW(FREQUENCY, ALL, 3, 23340, U16, HIGH_FIRST, 10, 1), ROW(FACTOR, L1, 3, 23354, I16, HIGH_FIRST, 1, 1),
    ROW(IMPORT, ALL, 3, 20480, U64, HIGH_FIRST, 10, 1),    ROW(EXPORT, ALL, 3, 20484, U64, HIGH_FIRST, 10, 1),
};

/* M2M and DMTME: at most 48 registers a request, voltages in whole volts. */
static const struct regmap_block m2m_block[] = {
    {3, 4096, 48, BLOCK_MAIN},
    {3, 4144, 24, BLOCK_MORE},
};

static const struct regmap_point m2m_point[] = {
    ROW(VOLTAGE, L1, 3, 4098, U32, HIGH_FIRST, 1000, 1), ROW(VOLTAGE, L2, 3, 4100, U32, HIGH_FIRST, 1000, 1),
    ROW(VOLTAGE, L3, 3, 4102, U32, HIGH_FIRST, 1000, 1), ROW(CURRENT, L1, 3, 4112, U32, HIGH_FIRST, 1, 1),
    ROW(CURRENT, L2, 3, 4114, U32, HIGH_FIRST, 1, 1),    ROW(CURRENT, L3, 3, 4116, U32, HIGH_FIRST, 1, 1),
    ROW(FACTOR, L1, 3, 4120, I32, HIGH_FIRST, 1, 1),     ROW(FACTOR, L2, 3, 4122, I32, HIGH_FIRST, 1, 1),
    ROW(FACTOR, L3, 3, 4124, I32, HIGH_FIRST, 1, 1),     ROW(POWER, ALL, 3, 4142, I32, HIGH_FIRST, 1, 1),
    ROW(POWER, L1, 3, 4144, I32, HIGH_FIRST, 1, 1),      ROW(POWER, L2, 3, 4146, I32, HIGH_FIRST, 1, 1),
    ROW(POWER, L3, 3, 4148, I32, HIGH_FIRST, 1, 1),      ROW(IMPORT, ALL, 3, 4158, U32, HIGH_FIRST, 1, 1),
    ROW(FREQUENCY, ALL, 3, 4166, U32, HIGH_FIRST, 1, 1),
};

/* No source tells where currents and powers stand: it can be tested, but not used. */
static const struct regmap_block m4m_block[] = {
    {3, 23298, 2, BLOCK_MAIN},
    {3, 20480, 8, BLOCK_OPTIONAL},
};

static const struct regmap_point m4m_point[] = {
    ROW(VOLTAGE, L1, 3, 23298, U32, HIGH_FIRST, 100, 1),
    ROW(IMPORT, ALL, 3, 20480, U64, HIGH_FIRST, 10, 1),
    ROW(EXPORT, ALL, 3, 20484, U64, HIGH_FIRST, 10, 1),
};

static MAP(b23, SIGN_OF_POWER, ABB_SENTINELS, 0);
static MAP(b21, SIGN_OF_POWER, ABB_SENTINELS, 0);
static MAP(m2m, SIGN_OF_POWER, 0, 0);
static MAP(m4m, SIGN_OF_POWER, ABB_SENTINELS, 0);
static const struct regmap_map *const b23_maps[] = {&b23_map, &janitza_b_float_map};
static const struct regmap_map *const b21_maps[] = {&b21_map, &janitza_b21_float_map};
static const struct regmap_map *const m2m_maps[] = {&m2m_map};
static const struct regmap_map *const m4m_maps[] = {&m4m_map};

static const struct regmap_probe b23_probe[] = {
    {PROBE_TEXT, 3, TYPE_TEXT, "B23 ", &b23_map},
    {PROBE_TEXT, 3, TYPE_TEXT, "B24 ", &b23_map},
    {PROBE_VOLTS, 3, 19000, NULL, &janitza_b_float_map},
};

static const struct regmap_probe b21_probe[] = {
    {PROBE_TEXT, 3, TYPE_TEXT, "B21 ", &b21_map},
    {PROBE_VOLTS, 3, 19000, NULL, &janitza_b21_float_map},
};

/* Baud rate and parity of these are what clients use; the factory's are not known. */
const struct regmap_model abb_b23_model = {
    .id = "abb_b23",
    .name = "ABB B23/B24, Janitza B23 312-10J",
    .confidence = CONFIDENCE_HIGH,
    .has_rtu = true,
    .tcp_port = 502,
    .unit = 1,
    .baud = 9600,
    .parity = 'N',
    .gap_ms = ABB_GAP_MS,
    .wait_ms = ABB_WAIT_MS,
    .map_n = N_OF(b23_maps),
    .probe_n = N_OF(b23_probe),
    .map = b23_maps,
    .probe = b23_probe,
};

const struct regmap_model abb_b21_model = {
    .id = "abb_b21",
    .name = "ABB B21, Janitza B21 312-10J (one phase)",
    .confidence = CONFIDENCE_HIGH,
    .has_rtu = true,
    .tcp_port = 502,
    .unit = 1,
    .baud = 9600,
    .parity = 'N',
    .gap_ms = ABB_GAP_MS,
    .wait_ms = ABB_WAIT_MS,
    .map_n = N_OF(b21_maps),
    .probe_n = N_OF(b21_probe),
    .map = b21_maps,
    .probe = b21_probe,
};

const struct regmap_model abb_m2m_model = {
    .id = "abb_m2m",
    .name = "ABB M2M Modbus, DMTME-I-485",
    .confidence = CONFIDENCE_MEDIUM,
    .doubtful = QUANTITY_BIT(QUANTITY_IMPORT),
    .has_rtu = true,
    .tcp_port = 502,
    .unit = 1,
    .gap_ms = 20,
    .map_n = N_OF(m2m_maps),
    .map = m2m_maps,
};

const struct regmap_model abb_m4m_model = {
    .id = "abb_m4m",
    .name = "ABB M4M 20 / M4M 30 (test only)",
    .confidence = CONFIDENCE_LOW,
    .has_tcp = true,
    .has_rtu = true,
    .tcp_port = 502,
    .gap_ms = 20,
    .map_n = N_OF(m4m_maps),
    .map = m4m_maps,
};
