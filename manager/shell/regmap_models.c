#include "manager/shell/regmap_models.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/limits.h"
#include "common/base/text.h"
#include "manager/shell/regmap_rows.h"

static const struct regmap_model *const models[] = {
    &tq_em300_lr_model,
    &kostal_ksem_model,
    &siemens_7kt1260_model,
    &sunspec_203_model,
    &keba_kecontact_e10_model,
    &fronius_ts65a3_sunspec_model,
    &fronius_ts65a3_direct_model,
    &cg_em24_e1_model,
    &cg_em24_rtu_model,
    &abb_b23_model,
    &abb_b21_model,
    &janitza_b_float_model,
    &janitza_ecsem114mid_model,
    &inepro_pro380_model,
    &inepro_pro2_model,
    &schneider_iem3150_model,
    &siemens_7kt1665_model,
    &siemens_7km2200_model,
    &gossen_em2289_model,
    &abb_m2m_model,
    &abb_m4m_model,
    &eastron_sdm630_model,
};

const struct regmap_model *const *regmap_models(size_t *out_n)
{
    *out_n = N_OF(models);
    return models;
}

const struct regmap_model *regmap_find(const char *id)
{
    for (size_t i = 0; i < N_OF(models); i++) {
        if (text_same(models[i]->id, id)) {
            return models[i];
        }
    }
    return NULL;
}

/* One option behind the model. NULL: taken. */
static const char *take_option(const char *option, struct regmap_choice *c)
{
    bool is_shift = text_same(option, "plus1") || text_same(option, "minus1");

    if (text_same(option, "invert") && !c->is_inverted) {
        c->is_inverted = true;
        return NULL;
    }
    if (is_shift && !c->model->may_shift) {
        return "plus1 and minus1 are for models whose sources contradict each other about the first address";
    }
    if (is_shift && c->shift == 0) {
        c->shift = text_same(option, "plus1") ? 1 : -1;
        return NULL;
    }
    return "behind the model may stand .plus1 or .minus1, and .invert";
}

enum rc regmap_choose(const char *text, struct regmap_choice *out, const char **out_why)
{
    struct regmap_choice c = {0};
    char copy[ID_LEN];
    char *rest = copy;

    if (text_copy(copy, sizeof(copy), text) == RC_OK) {
        c.model = regmap_find(strsep(&rest, "."));
    }
    if (c.model == NULL) {
        *out_why = "there is no such meter model; --meters lists them";
        return RC_RANGE;
    }
    for (int i = 0; i < ID_LEN && rest != NULL; i++) {
        const char *why = take_option(strsep(&rest, "."), &c);

        if (why != NULL) {
            *out_why = why;
            return RC_RANGE;
        }
    }
    *out = c;
    return RC_OK;
}

const char *regmap_confidence_text(enum regmap_confidence confidence)
{
    switch (confidence) {
    case CONFIDENCE_HIGH:
        return "high";
    case CONFIDENCE_MEDIUM:
        return "medium";
    case CONFIDENCE_LOW:
        return "low";
    }
    return "unknown";
}

uint8_t regmap_model_phases(const struct regmap_model *model)
{
    return regmap_phases(model->map[0]);
}
