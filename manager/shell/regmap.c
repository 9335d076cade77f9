#include "manager/shell/regmap.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/units.h"

#define POWER_PHASE_MAX_W 500000 /* 1,000 A at 500 V */
#define VOLTAGE_LOW_MV 50000
#define VOLTAGE_HIGH_MV 500000
#define FREQUENCY_LOW_MHZ 40000
#define FREQUENCY_HIGH_MHZ 70000
#define ENERGY_MAX_WH INT64_C(1000000000000000)
#define EXPONENT_MAX 10
#define DOUBLE_MAX_EXACT 9007199254740992.0 /* 2^53 */

enum value_state { VALUE_ABSENT, VALUE_GOOD, VALUE_BAD };

struct value {
    enum value_state state;
    int64_t is;
};

struct values {
    struct value at[QUANTITY_N][PHASE_N + 1];
};

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

bool regmap_has_phase(const struct regmap_model *model, int phase)
{
    for (uint16_t i = 0; i < model->point_n; i++) {
        if (model->point[i].quantity == QUANTITY_CURRENT && model->point[i].phase == phase) {
            return true;
        }
    }
    return false;
}

int32_t regmap_wire_ms(const struct regmap_block *block, int32_t baud, bool has_parity)
{
    int64_t bytes = 8 + 5 + 2 * (int64_t)block->count; /* request, frame of the answer, registers */
    int64_t bits = has_parity ? 11 : 10;

    return (int32_t)div_up(bytes * bits * 1000, baud);
}

static int type_registers(enum regmap_type type)
{
    switch (type) {
    case TYPE_U16:
    case TYPE_I16:
        return 1;
    case TYPE_U32:
    case TYPE_I32:
    case TYPE_F32:
        return 2;
    case TYPE_U64:
    case TYPE_I64:
    case TYPE_F64:
        return 4;
    }
    CHECK(false);
}

static bool type_is_signed(enum regmap_type type)
{
    return type == TYPE_I16 || type == TYPE_I32 || type == TYPE_I64;
}

/* Registers of an address in the image: ABSENT when their block was not read, BAD when it came too short. */
static enum value_state image_find(const struct regmap_model *model, const struct regmap_image *image, uint8_t function, uint16_t address, int n,
                                   const uint16_t **out)
{
    for (uint16_t i = 0; i < model->block_n; i++) {
        const struct regmap_block *block = &model->block[i];
        int from = address - block->start;

        if (block->function != function || from < 0 || from + n > block->count) {
            continue;
        }
        if (image->count[i] == 0) {
            return VALUE_ABSENT;
        }
        if (from + n > image->count[i]) {
            return VALUE_BAD;
        }
        *out = &image->at[i][from];
        return VALUE_GOOD;
    }
    return VALUE_ABSENT;
}

static uint64_t words_join(const uint16_t *words, int n, enum regmap_order order)
{
    uint64_t raw = 0;

    for (int i = 0; i < n; i++) {
        raw = (raw << 16) | words[order == ORDER_HIGH_FIRST ? i : n - 1 - i];
    }
    return raw;
}

static bool is_sentinel(uint64_t raw, int n, bool is_signed, uint32_t sentinels)
{
    uint64_t ones = UINT64_MAX >> (64 - 16 * n);

    if (!is_signed) {
        return (sentinels & SENTINEL_ONES) != 0 && raw == ones;
    }
    return ((sentinels & SENTINEL_HIGHEST) != 0 && raw == ones >> 1) || ((sentinels & SENTINEL_LOWEST) != 0 && raw == (ones >> 1) + 1) ||
           ((sentinels & SENTINEL_HIGH_WORD) != 0 && raw >> (16 * (n - 1)) == 0x7FFF);
}

static bool rounds_up(enum regmap_quantity quantity)
{
    return quantity == QUANTITY_CURRENT || quantity == QUANTITY_POWER;
}

/* Integers stay integers: no value of a meter is rounded twice. */
static struct value scale_integer(uint64_t raw, int n, bool is_signed, int64_t num, int64_t den, bool up)
{
    struct value bad = {.state = VALUE_BAD};
    int64_t limit = INT64_MAX / 2 / (num < 0 ? -num : num);
    int64_t is;

    if (is_signed) {
        uint64_t top = UINT64_C(1) << (16 * n - 1);
        is = (int64_t)((raw ^ top) - top);
    } else if (raw > INT64_MAX) {
        return bad;
    } else {
        is = (int64_t)raw;
    }
    if (is > limit || is < -limit) {
        return bad;
    }
    is *= num;
    return (struct value){.state = VALUE_GOOD, .is = up ? div_up(is, den) : div_down(is, den)};
}

static struct value scale_real(double real, int64_t num, int64_t den, bool up)
{
    double is = real * (double)num / (double)den;

    if (!isfinite(is) || fabs(is) > DOUBLE_MAX_EXACT) {
        return (struct value){.state = VALUE_BAD};
    }
    return (struct value){.state = VALUE_GOOD, .is = (int64_t)(up ? ceil(is) : floor(is))};
}

/* num / den with the power of ten that the meter itself supplies. */
static enum value_state scale_find(const struct regmap_model *model, const struct regmap_point *point, const struct regmap_image *image, int64_t *num,
                                   int64_t *den)
{
    const uint16_t *word;

    *num = point->num;
    *den = point->den;
    if (point->exponent_address == REGMAP_NO_EXPONENT) {
        return VALUE_GOOD;
    }
    enum value_state state = image_find(model, image, point->function, point->exponent_address, 1, &word);
    if (state != VALUE_GOOD) {
        return state;
    }
    int exponent = (int16_t)word[0];
    if (exponent > EXPONENT_MAX || exponent < -EXPONENT_MAX) {
        return VALUE_BAD;
    }
    for (int i = 0; i < exponent; i++) {
        *num *= 10;
    }
    for (int i = 0; i < -exponent; i++) {
        *den *= 10;
    }
    return VALUE_GOOD;
}

static struct value point_value(const struct regmap_model *model, const struct regmap_point *point, const struct regmap_image *image)
{
    int n = type_registers(point->type);
    bool up = rounds_up(point->quantity);
    const uint16_t *words = NULL;
    int64_t num;
    int64_t den;
    enum value_state state = image_find(model, image, point->function, point->address, n, &words);

    if (state == VALUE_GOOD) {
        state = scale_find(model, point, image, &num, &den);
    }
    if (state != VALUE_GOOD) {
        return (struct value){.state = state};
    }
    uint64_t raw = words_join(words, n, point->order);
    if (point->type == TYPE_F32) {
        uint32_t bits = (uint32_t)raw;
        float real;
        memcpy(&real, &bits, sizeof(real));
        return scale_real((double)real, num, den, up);
    }
    if (point->type == TYPE_F64) {
        double real;
        memcpy(&real, &raw, sizeof(real));
        return scale_real(real, num, den, up);
    }
    if (is_sentinel(raw, n, type_is_signed(point->type), model->sentinels)) {
        return (struct value){.state = VALUE_BAD};
    }
    return scale_integer(raw, n, type_is_signed(point->type), num, den, up);
}

/* Rows of one quantity add up; one bad row makes the sum bad, one that was not read makes it absent. */
static void value_add(struct value *sum, struct value v, bool is_first)
{
    if (is_first) {
        *sum = v;
        return;
    }
    if (sum->state == VALUE_BAD || v.state == VALUE_BAD) {
        sum->state = VALUE_BAD;
    } else if (sum->state == VALUE_ABSENT || v.state == VALUE_ABSENT) {
        sum->state = VALUE_ABSENT;
    } else if (sum->is > INT64_MAX / 2 || sum->is < -(INT64_MAX / 2)) {
        sum->state = VALUE_BAD;
    } else {
        sum->is += v.is;
    }
}

static void values_read(const struct regmap_model *model, const struct regmap_image *image, struct values *v)
{
    bool is_seen[QUANTITY_N][PHASE_N + 1] = {{false}};

    *v = (struct values){0};
    for (uint16_t i = 0; i < model->point_n; i++) {
        const struct regmap_point *point = &model->point[i];

        CHECK(point->quantity < QUANTITY_N);
        CHECK(point->phase <= REGMAP_TOTAL);
        value_add(&v->at[point->quantity][point->phase], point_value(model, point, image), !is_seen[point->quantity][point->phase]);
        is_seen[point->quantity][point->phase] = true;
    }
}

static const char *phase_text(int phase)
{
    static const char *const texts[PHASE_N + 1] = {"L1", "L2", "L3", "all phases"};

    return texts[phase];
}

/* A value that must be there and inside lo..hi. */
static enum rc value_need(const struct value *v, const char *what, int phase, int64_t limit, char out_text[REGMAP_TEXT_LEN])
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
static enum rc value_may(const struct value *v, const char *what, int phase, const int64_t bounds[2], char out_text[REGMAP_TEXT_LEN])
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
static int32_t value_or_zero(const struct value *v)
{
    return v->state == VALUE_GOOD ? (int32_t)v->is : 0;
}

static int64_t energy_of(const struct value *v)
{
    return v->state == VALUE_GOOD && v->is >= 0 && v->is <= ENERGY_MAX_WH ? v->is : -1;
}

/* Current with its direction: export is negative. With no power at all it counts as import, the safe side. */
static int32_t current_signed(const struct regmap_model *model, const struct values *v, int phase)
{
    const struct value *power = &v->at[QUANTITY_POWER][phase];
    int32_t ma = (int32_t)v->at[QUANTITY_CURRENT][phase].is;

    if (model->sign == SIGN_OWN) {
        return ma;
    }
    if (power->state != VALUE_GOOD) {
        power = &v->at[QUANTITY_POWER][REGMAP_TOTAL];
    }
    ma = ma < 0 ? -ma : ma;
    return power->state == VALUE_GOOD && power->is < 0 ? -ma : ma;
}

static enum rc phase_decode(const struct regmap_model *model, const struct values *v, int phase, struct meter_sample *out, char out_text[REGMAP_TEXT_LEN])
{
    static const int64_t voltage_bounds[2] = {VOLTAGE_LOW_MV, VOLTAGE_HIGH_MV};
    const struct value *power = &v->at[QUANTITY_POWER][phase];
    enum rc rc = value_need(&v->at[QUANTITY_CURRENT][phase], "current in mA", phase, MA_MAX, out_text);

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
    out->current_ma[phase] = current_signed(model, v, phase);
    return RC_OK;
}

enum rc regmap_decode(const struct regmap_model *model, const struct regmap_image *image, int64_t taken_ms, struct meter_sample *out,
                      char out_text[REGMAP_TEXT_LEN])
{
    static const int64_t frequency_bounds[2] = {FREQUENCY_LOW_MHZ, FREQUENCY_HIGH_MHZ};
    struct meter_sample sample = {.taken_ms = taken_ms};
    struct values v;
    enum rc rc;

    values_read(model, image, &v);
    const struct value *total = &v.at[QUANTITY_POWER][REGMAP_TOTAL];
    if (total->state != VALUE_ABSENT) {
        rc = value_need(total, "power in W", REGMAP_TOTAL, PHASE_N * POWER_PHASE_MAX_W, out_text);
        if (rc != RC_OK) {
            return rc;
        }
    }
    for (int phase = 0; phase < PHASE_N; phase++) {
        rc = regmap_has_phase(model, phase) ? phase_decode(model, &v, phase, &sample, out_text) : RC_OK;
        if (rc != RC_OK) {
            return rc;
        }
        sample.power_total_w += sample.power_w[phase];
    }
    if (total->state == VALUE_GOOD) {
        sample.power_total_w = (int32_t)total->is;
    }
    rc = value_may(&v.at[QUANTITY_FREQUENCY][REGMAP_TOTAL], "frequency in mHz", REGMAP_TOTAL, frequency_bounds, out_text);
    if (rc != RC_OK) {
        return rc;
    }
    sample.frequency_mhz = value_or_zero(&v.at[QUANTITY_FREQUENCY][REGMAP_TOTAL]);
    sample.import_wh = energy_of(&v.at[QUANTITY_IMPORT][REGMAP_TOTAL]);
    sample.export_wh = energy_of(&v.at[QUANTITY_EXPORT][REGMAP_TOTAL]);
    *out = sample;
    return RC_OK;
}
