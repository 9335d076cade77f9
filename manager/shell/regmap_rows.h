/* Words for the tables in regmap_models_*.c; nobody else includes this. */
#pragma once

#include "manager/shell/regmap_models.h"

enum { L1, L2, L3, ALL };

#define N_OF(table) ((uint16_t)(sizeof(table) / sizeof((table)[0])))

/* A value: quantity, phase, function, address, type, order of registers, num / den. */
#define ROW(quantity, phase, function, address, type, order, num, den)                                   \
    {                                                                                                    \
        QUANTITY_##quantity, phase, function, address, TYPE_##type, ORDER_##order, num, den, 0, 0, false \
    }

/* The same with the register that holds its power of ten. */
#define ROW_EXP(quantity, phase, function, address, type, num, den, exponent)                                      \
    {                                                                                                              \
        QUANTITY_##quantity, phase, function, address, TYPE_##type, ORDER_HIGH_FIRST, num, den, exponent, 0, false \
    }

/* A map of the tables NAME_block and NAME_point. */
#define MAP(name, its_sign, its_sentinels, its_quirks)                   \
    const struct regmap_map name##_map = {.sign = its_sign,              \
                                          .sentinels = its_sentinels,    \
                                          .quirks = its_quirks,          \
                                          .block_n = N_OF(name##_block), \
                                          .point_n = N_OF(name##_point), \
                                          .block = name##_block,         \
                                          .point = name##_point}

/* The models of each family, in regmap_models_FAMILY.c. */
extern const struct regmap_model tq_em300_lr_model;
extern const struct regmap_model kostal_ksem_model;
extern const struct regmap_model siemens_7kt1260_model;
extern const struct regmap_model sunspec_203_model;
extern const struct regmap_model keba_kecontact_e10_model;
extern const struct regmap_model fronius_ts65a3_sunspec_model;
extern const struct regmap_model fronius_ts65a3_direct_model;
extern const struct regmap_model cg_em24_e1_model;
extern const struct regmap_model cg_em24_rtu_model;
extern const struct regmap_model abb_b23_model;
extern const struct regmap_model abb_b21_model;
extern const struct regmap_model abb_m2m_model;
extern const struct regmap_model abb_m4m_model;
extern const struct regmap_model janitza_b_float_model;
extern const struct regmap_model janitza_ecsem114mid_model;
extern const struct regmap_model inepro_pro380_model;
extern const struct regmap_model inepro_pro2_model;
extern const struct regmap_model schneider_iem3150_model;
extern const struct regmap_model siemens_7kt1665_model;
extern const struct regmap_model siemens_7km2200_model;
extern const struct regmap_model gossen_em2289_model;
extern const struct regmap_model eastron_sdm630_model;

/* Maps that models of another family may answer as well. */
extern const struct regmap_map janitza_b_float_map;
extern const struct regmap_map janitza_b21_float_map;
