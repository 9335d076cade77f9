/* Carlo Gavazzi EM24: 32-bit values low register first, 11 registers a request, 0x7FFF in the high register is an overflow. The Ethernet and
 * the serial model differ from 46 on.
 * Sources: mbmd carlogavazzi-em24_e1.go, Victron carlo_gavazzi.py, openWB carlo_gavazzi/counter.py, evcc cg-em24_e1.yaml and cg-em24.yaml,
 * mbmap-library em24-is (cites EM24_IS_CP v4r0). */
#include "manager/shell/regmap_rows.h"

#define EM24_COMMON                                                                                                                                  \
    ROW(VOLTAGE, L1, 4, 0, I32, LOW_FIRST, 100, 1), ROW(VOLTAGE, L2, 4, 2, I32, LOW_FIRST, 100, 1), ROW(VOLTAGE, L3, 4, 4, I32, LOW_FIRST, 100, 1),  \
        ROW(CURRENT, L1, 4, 12, I32, LOW_FIRST, 1, 1), ROW(CURRENT, L2, 4, 14, I32, LOW_FIRST, 1, 1), ROW(CURRENT, L3, 4, 16, I32, LOW_FIRST, 1, 1), \
        ROW(POWER, L1, 4, 18, I32, LOW_FIRST, 1, 10), ROW(POWER, L2, 4, 20, I32, LOW_FIRST, 1, 10), ROW(POWER, L3, 4, 22, I32, LOW_FIRST, 1, 10),    \
        ROW(POWER, ALL, 4, 40, I32, LOW_FIRST, 1, 10)

static const struct regmap_block em24_e1_block[] = {
    {4, 12, 6, BLOCK_MAIN},     {4, 18, 6, BLOCK_MORE},     {4, 0, 6, BLOCK_OPTIONAL},
    {4, 40, 2, BLOCK_OPTIONAL}, {4, 46, 8, BLOCK_OPTIONAL}, {4, 78, 2, BLOCK_OPTIONAL},
};

static const struct regmap_point em24_e1_point[] = {
    EM24_COMMON,
    ROW(FACTOR, L1, 4, 46, I16, LOW_FIRST, 1, 1),
    ROW(FACTOR, L2, 4, 47, I16, LOW_FIRST, 1, 1),
    ROW(FACTOR, L3, 4, 48, I16, LOW_FIRST, 1, 1),
    ROW(FREQUENCY, ALL, 4, 51, U16, LOW_FIRST, 100, 1),
    ROW(IMPORT, ALL, 4, 52, I32, LOW_FIRST, 100, 1),
    ROW(EXPORT, ALL, 4, 78, I32, LOW_FIRST, 100, 1),
};

static const struct regmap_block em24_rtu_block[] = {
    {4, 12, 6, BLOCK_MAIN},     {4, 18, 6, BLOCK_MORE},     {4, 0, 6, BLOCK_OPTIONAL},  {4, 40, 2, BLOCK_OPTIONAL},
    {4, 50, 6, BLOCK_OPTIONAL}, {4, 66, 2, BLOCK_OPTIONAL}, {4, 92, 2, BLOCK_OPTIONAL},
};

static const struct regmap_point em24_rtu_point[] = {
    EM24_COMMON,
    ROW(FACTOR, L1, 4, 50, I16, LOW_FIRST, 1, 1),
    ROW(FACTOR, L2, 4, 51, I16, LOW_FIRST, 1, 1),
    ROW(FACTOR, L3, 4, 52, I16, LOW_FIRST, 1, 1),
    ROW(FREQUENCY, ALL, 4, 55, U16, LOW_FIRST, 100, 1),
    ROW(IMPORT, ALL, 4, 66, I32, LOW_FIRST, 100, 1),
    ROW(EXPORT, ALL, 4, 92, I32, LOW_FIRST, 100, 1),
};

static MAP(em24_e1, SIGN_OF_POWER, SENTINEL_HIGH_WORD, QUIRK_FREQUENCY_TENTHS);
static MAP(em24_rtu, SIGN_OF_POWER, SENTINEL_HIGH_WORD, QUIRK_FREQUENCY_TENTHS);
static const struct regmap_map *const em24_e1_maps[] = {&em24_e1_map};
static const struct regmap_map *const em24_rtu_maps[] = {&em24_rtu_map};

/* Values are missing unless its application register is set to profile H at the meter. */
const struct regmap_model cg_em24_e1_model = {
    .id = "cg_em24_e1",
    .name = "Carlo Gavazzi EM24 Ethernet",
    .confidence = CONFIDENCE_HIGH,
    .has_tcp = true,
    .tcp_port = 502,
    .unit = 1,
    .map_n = N_OF(em24_e1_maps),
    .map = em24_e1_maps,
};

/* Whether the export counter is at 92 depends on the application profile. */
const struct regmap_model cg_em24_rtu_model = {
    .id = "cg_em24_rtu",
    .name = "Carlo Gavazzi EM24-DIN",
    .confidence = CONFIDENCE_HIGH,
    .doubtful = QUANTITY_BIT(QUANTITY_EXPORT),
    .has_rtu = true,
    .tcp_port = 502,
    .unit = 1,
    .baud = 9600,
    .parity = 'N',
    .gap_ms = 10,
    .map_n = N_OF(em24_rtu_maps),
    .map = em24_rtu_maps,
};
