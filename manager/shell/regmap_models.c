#include "manager/shell/regmap.h"

#include "common/base/text.h"

/* Columns: quantity, phase, function, address, type, order, num, den, exponent. */
#define BE ORDER_HIGH_FIRST
#define PLAIN REGMAP_NO_EXPONENT
#define N_OF(table) ((uint16_t)(sizeof(table) / sizeof((table)[0])))

/* TQ EM300-LR and relatives. Power is import and export apart; currents and voltages are magnitudes. One request may span gaps inside the
 * areas 0..145 and 512..791. Source: OpenEMS MeterBControlEM300Impl.java, openWB kostal_sem/counter.py. */
static const struct regmap_block tq_em300_blocks[] = {
    {3, 40, 106, BLOCK_MAIN},
    {3, 0, 28, BLOCK_OPTIONAL},
    {3, 512, 8, BLOCK_OPTIONAL},
};

static const struct regmap_point tq_em300_points[] = {
    {QUANTITY_POWER, REGMAP_TOTAL, 3, 0, TYPE_U32, BE, 1, 10, PLAIN},
    {QUANTITY_POWER, REGMAP_TOTAL, 3, 2, TYPE_U32, BE, -1, 10, PLAIN},
    {QUANTITY_FREQUENCY, REGMAP_TOTAL, 3, 26, TYPE_U32, BE, 1, 1, PLAIN},
    {QUANTITY_POWER, 0, 3, 40, TYPE_U32, BE, 1, 10, PLAIN},
    {QUANTITY_POWER, 0, 3, 42, TYPE_U32, BE, -1, 10, PLAIN},
    {QUANTITY_CURRENT, 0, 3, 60, TYPE_U32, BE, 1, 1, PLAIN},
    {QUANTITY_VOLTAGE, 0, 3, 62, TYPE_U32, BE, 1, 1, PLAIN},
    {QUANTITY_POWER, 1, 3, 80, TYPE_U32, BE, 1, 10, PLAIN},
    {QUANTITY_POWER, 1, 3, 82, TYPE_U32, BE, -1, 10, PLAIN},
    {QUANTITY_CURRENT, 1, 3, 100, TYPE_U32, BE, 1, 1, PLAIN},
    {QUANTITY_VOLTAGE, 1, 3, 102, TYPE_U32, BE, 1, 1, PLAIN},
    {QUANTITY_POWER, 2, 3, 120, TYPE_U32, BE, 1, 10, PLAIN},
    {QUANTITY_POWER, 2, 3, 122, TYPE_U32, BE, -1, 10, PLAIN},
    {QUANTITY_CURRENT, 2, 3, 140, TYPE_U32, BE, 1, 1, PLAIN},
    {QUANTITY_VOLTAGE, 2, 3, 142, TYPE_U32, BE, 1, 1, PLAIN},
    {QUANTITY_IMPORT, REGMAP_TOTAL, 3, 512, TYPE_U64, BE, 1, 10, PLAIN},
    {QUANTITY_EXPORT, REGMAP_TOTAL, 3, 516, TYPE_U64, BE, 1, 10, PLAIN},
};

/* Eastron SDM630-Modbus V2: everything float32, at most 60 registers a request, even addresses and counts only. Currents are magnitudes.
 * Source: Eastron protocol V1.7 (SDM630Register1-5.pdf), mbmd meters/rs485/sdm.go. */
static const struct regmap_block sdm630_blocks[] = {
    {4, 0, 60, BLOCK_MAIN},
    {4, 60, 16, BLOCK_OPTIONAL},
};

static const struct regmap_point sdm630_points[] = {
    {QUANTITY_VOLTAGE, 0, 4, 0, TYPE_F32, BE, 1000, 1, PLAIN},
    {QUANTITY_VOLTAGE, 1, 4, 2, TYPE_F32, BE, 1000, 1, PLAIN},
    {QUANTITY_VOLTAGE, 2, 4, 4, TYPE_F32, BE, 1000, 1, PLAIN},
    {QUANTITY_CURRENT, 0, 4, 6, TYPE_F32, BE, 1000, 1, PLAIN},
    {QUANTITY_CURRENT, 1, 4, 8, TYPE_F32, BE, 1000, 1, PLAIN},
    {QUANTITY_CURRENT, 2, 4, 10, TYPE_F32, BE, 1000, 1, PLAIN},
    {QUANTITY_POWER, 0, 4, 12, TYPE_F32, BE, 1, 1, PLAIN},
    {QUANTITY_POWER, 1, 4, 14, TYPE_F32, BE, 1, 1, PLAIN},
    {QUANTITY_POWER, 2, 4, 16, TYPE_F32, BE, 1, 1, PLAIN},
    {QUANTITY_POWER, REGMAP_TOTAL, 4, 52, TYPE_F32, BE, 1, 1, PLAIN},
    {QUANTITY_FREQUENCY, REGMAP_TOTAL, 4, 70, TYPE_F32, BE, 1000, 1, PLAIN},
    {QUANTITY_IMPORT, REGMAP_TOTAL, 4, 72, TYPE_F32, BE, 1000, 1, PLAIN},
    {QUANTITY_EXPORT, REGMAP_TOTAL, 4, 74, TYPE_F32, BE, 1000, 1, PLAIN},
};

static const struct regmap_model models[] = {
    {
        .id = "tq_em300_lr",
        .name = "TQ-Systems EM300-LR (B-control)",
        .confidence = CONFIDENCE_HIGH,
        .has_tcp = true,
        .tcp_port = 502,
        .unit = 1,
        .sign = SIGN_OF_POWER,
        .block_n = N_OF(tq_em300_blocks),
        .point_n = N_OF(tq_em300_points),
        .block = tq_em300_blocks,
        .point = tq_em300_points,
    },
    {
        .id = "eastron_sdm630",
        .name = "Eastron SDM630-Modbus V2",
        .confidence = CONFIDENCE_HIGH,
        .has_rtu = true,
        .tcp_port = 502,
        .unit = 1,
        .baud = 9600,
        .parity = 'N',
        .gap_ms = 20,
        .sign = SIGN_OF_POWER,
        .block_n = N_OF(sdm630_blocks),
        .point_n = N_OF(sdm630_points),
        .block = sdm630_blocks,
        .point = sdm630_points,
    },
};

const struct regmap_model *regmap_models(size_t *out_n)
{
    *out_n = N_OF(models);
    return models;
}

const struct regmap_model *regmap_find(const char *id)
{
    for (size_t i = 0; i < N_OF(models); i++) {
        if (text_same(models[i].id, id)) {
            return &models[i];
        }
    }
    return NULL;
}
