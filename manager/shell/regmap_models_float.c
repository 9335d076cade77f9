/* Meters that say everything in float32, high register first: Eastron, Inepro, Schneider, Siemens PAC2200. What is no number is not measured.
 * Sources: Eastron protocol V1.7 (SDM630Register1-5.pdf), mbmd sdm.go, inepro.go, iem3000.go and pac2200.go, mbmap-library pro380 and
 * metering-pro2 (cite the Inepro manual V2.18), SmartEVSE meter.cpp, Schneider DOCA0005EN-04, openWB siemens_sentron/counter.py. */
#include "manager/shell/regmap_rows.h"

/* At most 60 registers a request, even addresses and counts only. */
static const struct regmap_block sdm630_block[] = {
    {4, 0, 60, BLOCK_MAIN},
    {4, 60, 16, BLOCK_OPTIONAL},
};

static const struct regmap_point sdm630_point[] = {
    ROW(VOLTAGE, L1, 4, 0, F32, HIGH_FIRST, 1000, 1),  ROW(VOLTAGE, L2, 4, 2, F32, HIGH_FIRST, 1000, 1),     ROW(VOLTAGE, L3, 4, 4, F32, HIGH_FIRST, 1000, 1),
    ROW(CURRENT, L1, 4, 6, F32, HIGH_FIRST, 1000, 1),  ROW(CURRENT, L2, 4, 8, F32, HIGH_FIRST, 1000, 1),     ROW(CURRENT, L3, 4, 10, F32, HIGH_FIRST, 1000, 1),
    ROW(POWER, L1, 4, 12, F32, HIGH_FIRST, 1, 1),      ROW(POWER, L2, 4, 14, F32, HIGH_FIRST, 1, 1),         ROW(POWER, L3, 4, 16, F32, HIGH_FIRST, 1, 1),
    ROW(FACTOR, L1, 4, 30, F32, HIGH_FIRST, 1000, 1),  ROW(FACTOR, L2, 4, 32, F32, HIGH_FIRST, 1000, 1),     ROW(FACTOR, L3, 4, 34, F32, HIGH_FIRST, 1000, 1),
    ROW(POWER, ALL, 4, 52, F32, HIGH_FIRST, 1, 1),     ROW(FREQUENCY, ALL, 4, 70, F32, HIGH_FIRST, 1000, 1), ROW(IMPORT, ALL, 4, 72, F32, HIGH_FIRST, 1000, 1),
    ROW(EXPORT, ALL, 4, 74, F32, HIGH_FIRST, 1000, 1),
};

/* Power in kW, energy in kWh. */
static const struct regmap_block pro380_block[] = {
    {3, 20492, 6, BLOCK_MAIN},     {3, 20498, 8, BLOCK_MORE},     {3, 20482, 6, BLOCK_OPTIONAL},
    {3, 20488, 2, BLOCK_OPTIONAL}, {3, 24588, 2, BLOCK_OPTIONAL}, {3, 24600, 2, BLOCK_OPTIONAL},
};

static const struct regmap_point pro380_point[] = {
    ROW(VOLTAGE, L1, 3, 20482, F32, HIGH_FIRST, 1000, 1), ROW(VOLTAGE, L2, 3, 20484, F32, HIGH_FIRST, 1000, 1),
    ROW(VOLTAGE, L3, 3, 20486, F32, HIGH_FIRST, 1000, 1), ROW(FREQUENCY, ALL, 3, 20488, F32, HIGH_FIRST, 1000, 1),
    ROW(CURRENT, L1, 3, 20492, F32, HIGH_FIRST, 1000, 1), ROW(CURRENT, L2, 3, 20494, F32, HIGH_FIRST, 1000, 1),
    ROW(CURRENT, L3, 3, 20496, F32, HIGH_FIRST, 1000, 1), ROW(POWER, ALL, 3, 20498, F32, HIGH_FIRST, 1000, 1),
    ROW(POWER, L1, 3, 20500, F32, HIGH_FIRST, 1000, 1),   ROW(POWER, L2, 3, 20502, F32, HIGH_FIRST, 1000, 1),
    ROW(POWER, L3, 3, 20504, F32, HIGH_FIRST, 1000, 1),   ROW(IMPORT, ALL, 3, 24588, F32, HIGH_FIRST, 1000, 1),
    ROW(EXPORT, ALL, 3, 24600, F32, HIGH_FIRST, 1000, 1),
};

/* One phase. Which of two places holds voltage and current is not settled: the second counts when the first gives 0. */
static const struct regmap_block pro2_block[] = {
    {3, 20492, 2, BLOCK_MAIN},     {3, 20498, 4, BLOCK_MORE},     {3, 20482, 2, BLOCK_OPTIONAL}, {3, 20480, 2, BLOCK_OPTIONAL},
    {3, 20490, 2, BLOCK_OPTIONAL}, {3, 20488, 2, BLOCK_OPTIONAL}, {3, 24588, 2, BLOCK_OPTIONAL}, {3, 24600, 2, BLOCK_OPTIONAL},
};

static const struct regmap_point pro2_point[] = {
    ROW(VOLTAGE, L1, 3, 20482, F32, HIGH_FIRST, 1000, 1),    {QUANTITY_VOLTAGE, L1, 3, 20480, TYPE_F32, ORDER_HIGH_FIRST, 1000, 1, 0, 0, true},
    ROW(CURRENT, L1, 3, 20492, F32, HIGH_FIRST, 1000, 1),    {QUANTITY_CURRENT, L1, 3, 20490, TYPE_F32, ORDER_HIGH_FIRST, 1000, 1, 0, 0, true},
    ROW(FREQUENCY, ALL, 3, 20488, F32, HIGH_FIRST, 1000, 1), ROW(POWER, ALL, 3, 20498, F32, HIGH_FIRST, 1000, 1),
    ROW(POWER, L1, 3, 20500, F32, HIGH_FIRST, 1000, 1),      ROW(IMPORT, ALL, 3, 24588, F32, HIGH_FIRST, 1000, 1),
    ROW(EXPORT, ALL, 3, 24600, F32, HIGH_FIRST, 1000, 1),
};

/* No export counter. Power in kW. */
static const struct regmap_block iem3150_block[] = {
    {3, 2999, 60, BLOCK_MAIN},
    {3, 3059, 2, BLOCK_OPTIONAL},
    {3, 3109, 2, BLOCK_OPTIONAL},
    {3, 3203, 4, BLOCK_OPTIONAL},
};

static const struct regmap_point iem3150_point[] = {
    ROW(CURRENT, L1, 3, 2999, F32, HIGH_FIRST, 1000, 1),    ROW(CURRENT, L2, 3, 3001, F32, HIGH_FIRST, 1000, 1),
    ROW(CURRENT, L3, 3, 3003, F32, HIGH_FIRST, 1000, 1),    ROW(VOLTAGE, L1, 3, 3027, F32, HIGH_FIRST, 1000, 1),
    ROW(VOLTAGE, L2, 3, 3029, F32, HIGH_FIRST, 1000, 1),    ROW(VOLTAGE, L3, 3, 3031, F32, HIGH_FIRST, 1000, 1),
    ROW(POWER, L1, 3, 3053, F32, HIGH_FIRST, 1000, 1),      ROW(POWER, L2, 3, 3055, F32, HIGH_FIRST, 1000, 1),
    ROW(POWER, L3, 3, 3057, F32, HIGH_FIRST, 1000, 1),      ROW(POWER, ALL, 3, 3059, F32, HIGH_FIRST, 1000, 1),
    ROW(FREQUENCY, ALL, 3, 3109, F32, HIGH_FIRST, 1000, 1), ROW(IMPORT, ALL, 3, 3203, I64, HIGH_FIRST, 1, 1),
};

/* Sources disagree where the frequency stands (46 or 55). */
static const struct regmap_block pac2200_block[] = {
    {3, 13, 6, BLOCK_MAIN},     {3, 25, 6, BLOCK_MORE},      {3, 1, 6, BLOCK_OPTIONAL},   {3, 65, 2, BLOCK_OPTIONAL},
    {3, 55, 2, BLOCK_OPTIONAL}, {3, 801, 4, BLOCK_OPTIONAL}, {3, 809, 4, BLOCK_OPTIONAL},
};

static const struct regmap_point pac2200_point[] = {
    ROW(VOLTAGE, L1, 3, 1, F32, HIGH_FIRST, 1000, 1),  ROW(VOLTAGE, L2, 3, 3, F32, HIGH_FIRST, 1000, 1),     ROW(VOLTAGE, L3, 3, 5, F32, HIGH_FIRST, 1000, 1),
    ROW(CURRENT, L1, 3, 13, F32, HIGH_FIRST, 1000, 1), ROW(CURRENT, L2, 3, 15, F32, HIGH_FIRST, 1000, 1),    ROW(CURRENT, L3, 3, 17, F32, HIGH_FIRST, 1000, 1),
    ROW(POWER, L1, 3, 25, F32, HIGH_FIRST, 1, 1),      ROW(POWER, L2, 3, 27, F32, HIGH_FIRST, 1, 1),         ROW(POWER, L3, 3, 29, F32, HIGH_FIRST, 1, 1),
    ROW(POWER, ALL, 3, 65, F32, HIGH_FIRST, 1, 1),     ROW(FREQUENCY, ALL, 3, 55, F32, HIGH_FIRST, 1000, 1), ROW(IMPORT, ALL, 3, 801, F64, HIGH_FIRST, 1, 1),
    ROW(EXPORT, ALL, 3, 809, F64, HIGH_FIRST, 1, 1),
};

static MAP(sdm630, SIGN_OF_POWER, 0, 0);
static MAP(pro380, SIGN_OF_POWER, 0, 0);
static MAP(pro2, SIGN_OF_POWER, 0, 0);
static MAP(iem3150, SIGN_OF_POWER, SENTINEL_LOWEST, 0);
static MAP(pac2200, SIGN_OF_POWER, 0, QUIRK_FREQUENCY_DOUBTFUL);
static const struct regmap_map *const sdm630_maps[] = {&sdm630_map};
static const struct regmap_map *const pro380_maps[] = {&pro380_map};
static const struct regmap_map *const pro2_maps[] = {&pro2_map};
static const struct regmap_map *const iem3150_maps[] = {&iem3150_map};
static const struct regmap_map *const pac2200_maps[] = {&pac2200_map};

const struct regmap_model eastron_sdm630_model = {
    .id = "eastron_sdm630",
    .name = "Eastron SDM630-Modbus V2",
    .confidence = CONFIDENCE_HIGH,
    .has_rtu = true,
    .tcp_port = 502,
    .unit = 1,
    .baud = 9600,
    .parity = 'N',
    .gap_ms = 20,
    .map_n = N_OF(sdm630_maps),
    .map = sdm630_maps,
};

const struct regmap_model inepro_pro380_model = {
    .id = "inepro_pro380",
    .name = "Inepro PRO380-Mod",
    .confidence = CONFIDENCE_HIGH,
    .has_rtu = true,
    .tcp_port = 502,
    .unit = 1,
    .baud = 9600,
    .parity = 'E',
    .gap_ms = 20,
    .map_n = N_OF(pro380_maps),
    .map = pro380_maps,
};

const struct regmap_model inepro_pro2_model = {
    .id = "inepro_pro2",
    .name = "Inepro PRO2-Mod (one phase)",
    .confidence = CONFIDENCE_MEDIUM,
    .has_rtu = true,
    .tcp_port = 502,
    .unit = 1,
    .baud = 9600,
    .parity = 'E',
    .gap_ms = 20,
    .map_n = N_OF(pro2_maps),
    .map = pro2_maps,
};

/* The baud rate is what users report. */
const struct regmap_model schneider_iem3150_model = {
    .id = "schneider_iem3150",
    .name = "Schneider Electric A9MEM3150 (iEM3150)",
    .confidence = CONFIDENCE_HIGH,
    .has_rtu = true,
    .tcp_port = 502,
    .unit = 1,
    .baud = 19200,
    .parity = 'E',
    .gap_ms = 20,
    .map_n = N_OF(iem3150_maps),
    .map = iem3150_maps,
};

const struct regmap_model siemens_7km2200_model = {
    .id = "siemens_7km2200",
    .name = "Siemens 7KM PAC2200",
    .confidence = CONFIDENCE_MEDIUM,
    .has_tcp = true,
    .has_rtu = true,
    .tcp_port = 502,
    .unit = 1,
    .gap_ms = 20,
    .map_n = N_OF(pac2200_maps),
    .map = pac2200_maps,
};
