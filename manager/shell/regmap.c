#include "manager/shell/regmap.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/units.h"
#include "manager/shell/regmap_value.h"

#define POWER_PHASE_MAX_W 500000 /* 1,000 A at 500 V */
#define EXPORT_FROM_W 10         /* less is noise of a phase without active power and gives a current no direction */
#define VOLTAGE_LOW_MV 50000
#define VOLTAGE_HIGH_MV 500000
#define FREQUENCY_LOW_MHZ 40000
#define FREQUENCY_HIGH_MHZ 70000
#define FREQUENCY_TENTHS_MHZ 100000
#define ENERGY_MAX_WH INT64_C(1000000000000000)
#define FACTOR_ONE_PERMILLE 1000
#define FACTOR_FROM_MVA 1000000 /* a power factor is derived from 1 VA on */
#define FNV_BASIS UINT64_C(14695981039346656037)
#define FNV_PRIME UINT64_C(1099511628211)

const char *regmap_quantity_text(enum regmap_quantity quantity)
{
    static const char *const texts[QUANTITY_N] = {"none", "current", "voltage", "power", "energy_import", "energy_export", "frequency", "power_factor"};

    return (unsigned)quantity < QUANTITY_N ? texts[quantity] : "none";
}

uint8_t regmap_phases(const struct regmap_map *map)
{
    uint8_t set = 0;

    for (uint16_t i = 0; i < map->point_n; i++) {
        if (map->point[i].quantity == QUANTITY_CURRENT && map->point[i].phase < PHASE_N) {
            set = (uint8_t)(set | PHASE_BIT(map->point[i].phase));
        }
    }
    return set;
}

int32_t regmap_wire_ms(uint16_t count, int32_t baud, bool has_parity)
{
    int64_t bytes = 8 + 5 + 2 * (int64_t)count; /* request, frame of the answer, registers */
    int64_t bits = has_parity ? 11 : 10;

    return (int32_t)div_up(bytes * bits * 1000, baud);
}

static uint64_t fnv_add(uint64_t hash, uint16_t word)
{
    hash = (hash ^ (word & 0xFFu)) * FNV_PRIME;
    return (hash ^ (word >> 8)) * FNV_PRIME;
}

uint64_t regmap_digest(const struct regmap_image *image)
{
    uint64_t hash = FNV_BASIS;

    for (int i = 0; i < REGMAP_BLOCK_MAX; i++) {
        hash = fnv_add(hash, image->count[i]);
        for (uint16_t k = 0; k < image->count[i]; k++) {
            hash = fnv_add(hash, image->at[i][k]);
        }
    }
    return hash != 0 ? hash : 1;
}

static const char *phase_text(int phase)
{
    static const char *const texts[PHASE_N + 1] = {"L1", "L2", "L3", "all phases"};

    return texts[phase];
}

/* A value that must be there and within the limit. */
static enum rc value_need(const struct regmap_value *v, const char *what, int phase, int64_t limit, char out_text[REGMAP_TEXT_LEN])
{
    if (v->state == VALUE_GOOD && v->is >= -limit && v->is <= limit) {
        return RC_OK;
    }
    if (v->state == VALUE_GOOD) {
        (void)snprintf(out_text, REGMAP_TEXT_LEN, "%s of %s is %lld, outside -%lld..%lld", what, phase_text(phase), (long long)v->is, (long long)limit,
                       (long long)limit);
    } else {
        (void)snprintf(out_text, REGMAP_TEXT_LEN, "%s of %s is %s", what, phase_text(phase),
                       v->state == VALUE_BAD ? "not a number or not available" : "missing");
    }
    return RC_RANGE;
}

/* A value that may be missing or 0, but otherwise must be inside lo..hi. */
static enum rc value_may(const struct regmap_value *v, const char *what, int phase, const int64_t bounds[2], char out_text[REGMAP_TEXT_LEN])
{
    if (v->state != VALUE_GOOD || v->is == 0) {
        return RC_OK;
    }
    if (v->is < bounds[0] || v->is > bounds[1]) {
        (void)snprintf(out_text, REGMAP_TEXT_LEN, "%s of %s is %lld, neither 0 nor %lld..%lld", what, phase_text(phase), (long long)v->is, (long long)bounds[0],
                       (long long)bounds[1]);
        return RC_RANGE;
    }
    return RC_OK;
}

/* After value_may: 0 stands for not measured. */
static int32_t value_or_zero(const struct regmap_value *v)
{
    return v->state == VALUE_GOOD ? (int32_t)v->is : 0;
}

static int64_t energy_of(const struct regmap_value *v)
{
    return v->state == VALUE_GOOD && v->is >= 0 && v->is <= ENERGY_MAX_WH ? v->is : -1;
}

/* Current with its direction: export is negative. With no power at all it counts as import, the safe side. */
static int32_t current_signed(const struct regmap_map *map, const struct regmap_values *v, int phase)
{
    const struct regmap_value *power = &v->at[QUANTITY_POWER][phase];
    int32_t ma = (int32_t)v->at[QUANTITY_CURRENT][phase].is;

    if (map->sign == SIGN_OWN) {
        return ma;
    }
    if (power->state != VALUE_GOOD) {
        power = &v->at[QUANTITY_POWER][REGMAP_TOTAL];
    }
    return power->state == VALUE_GOOD && power->is <= -EXPORT_FROM_W ? -abs(ma) : abs(ma);
}

/* Power factor as the meter says it; false: it says none. */
static bool factor_told(const struct regmap_map *map, const struct regmap_value *v, int32_t *out_permille)
{
    int64_t permille = v->is;

    if (v->state != VALUE_GOOD || permille < -100 * FACTOR_ONE_PERMILLE || permille > 100 * FACTOR_ONE_PERMILLE) {
        return false;
    }
    if ((map->quirks & QUIRK_FACTOR_PERCENT) != 0 && llabs(permille) > FACTOR_ONE_PERMILLE) {
        permille /= 100;
    }
    *out_permille = (int32_t)permille;
    return llabs(permille) <= FACTOR_ONE_PERMILLE;
}

/* Power factor as power over voltage times current; false: one of them is missing or nothing flows. */
static bool factor_derived(const struct meter_sample *s, int phase, int32_t *out_permille)
{
    int64_t apparent_mva = (int64_t)s->voltage_mv[phase] * abs(s->current_ma[phase]) / 1000;

    if ((s->power_set & PHASE_BIT(phase)) == 0 || apparent_mva < FACTOR_FROM_MVA / 1000) {
        return false;
    }
    *out_permille =
        (int32_t)max_i64(min_i64((int64_t)s->power_w[phase] * 1000 * FACTOR_ONE_PERMILLE / apparent_mva, FACTOR_ONE_PERMILLE), -FACTOR_ONE_PERMILLE);
    return true;
}

static enum rc phase_decode(const struct regmap_map *map, const struct regmap_values *v, int phase, struct meter_sample *out, char out_text[REGMAP_TEXT_LEN])
{
    static const int64_t voltage_bounds[2] = {VOLTAGE_LOW_MV, VOLTAGE_HIGH_MV};
    const struct regmap_value *power = &v->at[QUANTITY_POWER][phase];
    bool has_current = (regmap_phases(map) & PHASE_BIT(phase)) != 0;
    enum rc rc = has_current ? value_need(&v->at[QUANTITY_CURRENT][phase], "current in mA", phase, MA_MAX, out_text) : RC_OK;

    if (rc == RC_OK && power->state != VALUE_ABSENT) {
        rc = value_need(power, "power in W", phase, POWER_PHASE_MAX_W, out_text);
    }
    if (rc == RC_OK) {
        rc = value_may(&v->at[QUANTITY_VOLTAGE][phase], "voltage in mV", phase, voltage_bounds, out_text);
    }
    if (rc != RC_OK) {
        return rc;
    }
    out->voltage_mv[phase] = value_or_zero(&v->at[QUANTITY_VOLTAGE][phase]);
    out->power_w[phase] = value_or_zero(power);
    out->power_set = (uint8_t)(out->power_set | (power->state == VALUE_GOOD ? PHASE_BIT(phase) : 0));
    if (has_current) {
        out->current_ma[phase] = current_signed(map, v, phase);
        out->current_set = (uint8_t)(out->current_set | PHASE_BIT(phase));
    }
    if (factor_told(map, &v->at[QUANTITY_FACTOR][phase], &out->factor_permille[phase]) || factor_derived(out, phase, &out->factor_permille[phase])) {
        out->factor_set = (uint8_t)(out->factor_set | PHASE_BIT(phase));
    }
    return RC_OK;
}

static enum rc total_decode(const struct regmap_values *v, struct meter_sample *out, char out_text[REGMAP_TEXT_LEN])
{
    const struct regmap_value *total = &v->at[QUANTITY_POWER][REGMAP_TOTAL];
    enum rc rc = total->state != VALUE_ABSENT ? value_need(total, "power in W", REGMAP_TOTAL, PHASE_N * POWER_PHASE_MAX_W, out_text) : RC_OK;

    if (total->state == VALUE_GOOD) {
        out->power_total_w = (int32_t)total->is;
        out->power_set = (uint8_t)(out->power_set | METER_POWER_TOTAL);
    } else {
        out->power_total_w = out->power_w[0] + out->power_w[1] + out->power_w[2];
    }
    return rc;
}

static enum rc frequency_decode(const struct regmap_map *map, const struct regmap_values *v, struct meter_sample *out, char out_text[REGMAP_TEXT_LEN])
{
    static const int64_t bounds[2] = {FREQUENCY_LOW_MHZ, FREQUENCY_HIGH_MHZ};
    struct regmap_value f = v->at[QUANTITY_FREQUENCY][REGMAP_TOTAL];

    if ((map->quirks & QUIRK_FREQUENCY_TENTHS) != 0 && f.is > FREQUENCY_TENTHS_MHZ) {
        f.is /= 10;
    }
    enum rc rc = value_may(&f, "frequency in mHz", REGMAP_TOTAL, bounds, out_text);
    if (rc == RC_OK) {
        out->frequency_mhz = value_or_zero(&f);
    }
    return (map->quirks & QUIRK_FREQUENCY_DOUBTFUL) != 0 ? RC_OK : rc;
}

/* A meter that was mounted the wrong way round. */
static void invert(struct meter_sample *s)
{
    int64_t import_wh = s->import_wh;

    for (int p = 0; p < PHASE_N; p++) {
        s->current_ma[p] = -s->current_ma[p];
        s->power_w[p] = -s->power_w[p];
        s->factor_permille[p] = -s->factor_permille[p];
    }
    s->power_total_w = -s->power_total_w;
    s->import_wh = s->export_wh;
    s->export_wh = import_wh;
}

enum rc regmap_decode(const struct regmap_plan *plan, const struct regmap_image *image, int64_t taken_ms, struct meter_sample *out,
                      char out_text[REGMAP_TEXT_LEN])
{
    struct meter_sample sample = {.taken_ms = taken_ms};
    struct regmap_values v;
    enum rc rc = RC_OK;

    regmap_values_read(plan->map, image, plan->is_inverted, &v);
    for (int phase = 0; phase < PHASE_N && rc == RC_OK; phase++) {
        rc = (plan->phases & PHASE_BIT(phase)) != 0 ? phase_decode(plan->map, &v, phase, &sample, out_text) : RC_OK;
    }
    if (rc == RC_OK) {
        rc = total_decode(&v, &sample, out_text);
    }
    if (rc == RC_OK) {
        rc = frequency_decode(plan->map, &v, &sample, out_text);
    }
    if (rc != RC_OK) {
        return rc;
    }
    sample.import_wh = energy_of(&v.at[QUANTITY_IMPORT][REGMAP_TOTAL]);
    sample.export_wh = energy_of(&v.at[QUANTITY_EXPORT][REGMAP_TOTAL]);
    sample.voltage_step_mv = v.voltage_step_mv;
    sample.digest = regmap_digest(image);
    if (plan->is_inverted) {
        invert(&sample);
    }
    *out = sample;
    return RC_OK;
}
