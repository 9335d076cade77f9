/* The list of simulated meter models. Several share a table. */
#include "tests/site/models.h"

#include <string.h>

static const struct meter_model models[] = {
    {"tq_em300_lr", &tq_em300_lr_table},
    {"kostal_ksem", &tq_em300_lr_table},
    {"siemens_7kt1260", &tq_em300_lr_table},
    {"sunspec_203", &sunspec_203_table},
    {"keba_kecontact_e10", &sunspec_203_table},
    {"fronius_ts65a3_sunspec", &sunspec_203_table},
    {"fronius_ts65a3_direct", &fronius_ts65a3_direct_table},
    {"cg_em24_e1", &cg_em24_e1_table},
    {"cg_em24_rtu", &cg_em24_rtu_table},
    {"abb_b23", &abb_b23_table},
    {"abb_b21", &abb_b21_table},
    {"janitza_b_float", &janitza_b_float_table},
    {"janitza_ecsem114mid", &janitza_ecsem114mid_table},
    {"inepro_pro380", &inepro_pro380_table},
    {"inepro_pro2", &inepro_pro2_table},
    {"schneider_iem3150", &schneider_iem3150_table},
    {"siemens_7kt1665", &siemens_7kt1665_table},
    {"siemens_7km2200", &siemens_7km2200_table},
    {"gossen_em2289", &gossen_em2289_table},
    {"abb_m2m", &abb_m2m_table},
    {"abb_m4m", &abb_m4m_table},
    {"eastron_sdm630", &eastron_sdm630_table},
};

const struct meter_model *model_find(const char *id)
{
    size_t len = strcspn(id, ".");
    for (size_t i = 0; i < sizeof models / sizeof models[0]; i++) {
        if (strlen(models[i].id) == len && strncmp(models[i].id, id, len) == 0) {
            return &models[i];
        }
    }
    return NULL;
}

const char *model_id(size_t at)
{
    return at < sizeof models / sizeof models[0] ? models[at].id : NULL;
}
