/* The register tables of all simulated meters; used by models alone. */
#pragma once

#include "tests/site/registers.h"

#define POINT_TABLE(name, max)                                                                                                   \
    {                                                                                                                            \
        sizeof name##_area / sizeof name##_area[0], sizeof name##_point / sizeof name##_point[0], max, name##_area, name##_point \
    }

extern const struct point_table tq_em300_lr_table;
extern const struct point_table sunspec_203_table;
extern const struct point_table fronius_ts65a3_direct_table;
extern const struct point_table abb_b23_table;
extern const struct point_table abb_b21_table;
extern const struct point_table abb_m2m_table;
extern const struct point_table abb_m4m_table;
extern const struct point_table janitza_b_float_table;
extern const struct point_table janitza_ecsem114mid_table;
extern const struct point_table siemens_7kt1665_table;
extern const struct point_table siemens_7km2200_table;
extern const struct point_table schneider_iem3150_table;
extern const struct point_table gossen_em2289_table;
extern const struct point_table cg_em24_e1_table;
extern const struct point_table cg_em24_rtu_table;
extern const struct point_table inepro_pro380_table;
extern const struct point_table inepro_pro2_table;
extern const struct point_table eastron_sdm630_table;
