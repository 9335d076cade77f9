#include "manager/shell/regmap_value.h"

#include <math.h>
#include <string.h>

#include "common/base/units.h"

#define EXPONENT_MAX 10
#define FACTOR_MAX 1000000
#define DOUBLE_MAX_EXACT 9007199254740992.0 /* 2^53 */
#define F32_DIGITS 1.2e-7                   /* one count of the last place, as a part of the number */
#define F64_DIGITS 4.5e-16
#define ACC32_NONE UINT32_C(0x80000000)
#define REAL_STEP_MV 1 /* a float shows any change */

struct scale {
    int64_t num;
    int64_t den;
    bool up; /* rounding */
};

int regmap_type_n(enum regmap_type type)
{
    switch (type) {
    case TYPE_U16:
    case TYPE_I16:
        return 1;
    case TYPE_U32:
    case TYPE_I32:
    case TYPE_F32:
    case TYPE_ACC32:
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
static enum regmap_value_state image_find(const struct regmap_map *map, const struct regmap_image *image, uint8_t function, uint16_t address, int n,
                                          const uint16_t **out)
{
    for (uint16_t i = 0; i < map->block_n; i++) {
        const struct regmap_block *block = &map->block[i];
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

static bool is_sentinel(uint64_t raw, enum regmap_type type, uint32_t sentinels)
{
    int n = regmap_type_n(type);
    uint64_t ones = UINT64_MAX >> (64 - 16 * n);

    if (type == TYPE_ACC32 && (raw == 0 || raw == ACC32_NONE)) {
        return true;
    }
    if (!type_is_signed(type)) {
        return (sentinels & SENTINEL_ONES) != 0 && raw == ones;
    }
    return ((sentinels & SENTINEL_HIGHEST) != 0 && raw == ones >> 1) || ((sentinels & SENTINEL_LOWEST) != 0 && raw == (ones >> 1) + 1) ||
           ((sentinels & SENTINEL_HIGH_WORD) != 0 && raw >> (16 * (n - 1)) == 0x7FFF);
}

/* Integers stay integers: no value of a meter is rounded twice. */
static struct regmap_value scale_integer(uint64_t raw, enum regmap_type type, const struct scale *s)
{
    struct regmap_value bad = {.state = VALUE_BAD};
    int64_t limit = INT64_MAX / 2 / (s->num < 0 ? -s->num : s->num);
    int64_t is;

    if (type_is_signed(type)) {
        uint64_t top = UINT64_C(1) << (16 * regmap_type_n(type) - 1);
        is = (int64_t)((raw ^ top) - top);
    } else if (raw > INT64_MAX) {
        return bad;
    } else {
        is = (int64_t)raw;
    }
    if (is > limit || is < -limit) {
        return bad;
    }
    is *= s->num;
    return (struct regmap_value){.state = VALUE_GOOD, .is = s->up ? div_up(is, s->den) : div_down(is, s->den)};
}

/* What is a whole number but for the digits that a real number has is that number: 231.4 V are 231,400 mV. */
static struct regmap_value scale_real(double real, double digits, const struct scale *s)
{
    double is = real * (double)s->num / (double)s->den;
    double whole = round(is);

    if (!isfinite(is) || fabs(is) > DOUBLE_MAX_EXACT) {
        return (struct regmap_value){.state = VALUE_BAD};
    }
    if (fabs(is - whole) > fabs(is) * digits) {
        whole = s->up ? ceil(is) : floor(is);
    }
    return (struct regmap_value){.state = VALUE_GOOD, .is = (int64_t)whole};
}

/* An exponent is a signed register, on some lines a signed byte in the lower half of one. */
static enum regmap_value_state apply_exponent(uint16_t word, struct scale *s)
{
    int exponent = (int16_t)word;

    if (word > INT8_MAX && word <= UINT8_MAX) {
        exponent = word - UINT8_MAX - 1;
    }
    if (exponent > EXPONENT_MAX || exponent < -EXPONENT_MAX) {
        return VALUE_BAD;
    }
    for (int i = 0; i < exponent; i++) {
        s->num *= 10;
    }
    for (int i = 0; i < -exponent; i++) {
        s->den *= 10;
    }
    return VALUE_GOOD;
}

/* num / den with what the meter itself supplies. */
static enum regmap_value_state scale_find(const struct regmap_map *map, const struct regmap_point *point, const struct regmap_image *image, struct scale *s)
{
    const uint16_t *word;
    enum regmap_value_state state;

    if (point->factor_address != 0) {
        state = image_find(map, image, point->function, point->factor_address, 2, &word);
        uint64_t factor = state == VALUE_GOOD ? words_join(word, 2, point->order) : 0;
        if (factor > FACTOR_MAX) {
            return VALUE_BAD;
        }
        if (factor > 0) {
            s->num *= (int64_t)factor;
            return VALUE_GOOD;
        }
    }
    if (point->exponent_address == 0) {
        return VALUE_GOOD;
    }
    state = image_find(map, image, point->function, point->exponent_address, 1, &word);
    return state == VALUE_GOOD ? apply_exponent(word[0], s) : state;
}

static struct regmap_value value_of(const struct regmap_map *map, const struct regmap_point *point, const uint16_t *words, const struct scale *s)
{
    uint64_t raw = words_join(words, regmap_type_n(point->type), point->order);

    if (point->type == TYPE_F32) {
        uint32_t bits = (uint32_t)raw;
        float real;
        memcpy(&real, &bits, sizeof(real));
        return scale_real((double)real, F32_DIGITS, s);
    }
    if (point->type == TYPE_F64) {
        double real;
        memcpy(&real, &raw, sizeof(real));
        return scale_real(real, F64_DIGITS, s);
    }
    if (is_sentinel(raw, point->type, map->sentinels)) {
        return (struct regmap_value){.state = VALUE_BAD};
    }
    return scale_integer(raw, point->type, s);
}

static int32_t step_of(const struct regmap_point *point, const struct scale *s)
{
    if (point->type == TYPE_F32 || point->type == TYPE_F64) {
        return REAL_STEP_MV;
    }
    return (int32_t)min_i64(max_i64(div_up(s->num, s->den), 1), INT32_MAX);
}

/* Rows of one quantity add up; one bad row makes the sum bad, one that was not read makes it absent. */
static void value_add(struct regmap_value *sum, struct regmap_value v)
{
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

static void point_read(const struct regmap_map *map, const struct regmap_point *point, const struct regmap_image *image, bool is_inverted,
                       struct regmap_values *out)
{
    bool up = (point->quantity == QUANTITY_CURRENT || point->quantity == QUANTITY_POWER) && !is_inverted;
    struct regmap_value *at = &out->at[point->quantity][point->phase];
    struct scale s = {.num = point->num, .den = point->den, .up = up};
    struct regmap_value v = {.state = VALUE_ABSENT};
    const uint16_t *words = NULL;

    v.state = image_find(map, image, point->function, point->address, regmap_type_n(point->type), &words);
    if (v.state == VALUE_GOOD) {
        v.state = scale_find(map, point, image, &s);
    }
    if (v.state == VALUE_GOOD) {
        v = value_of(map, point, words, &s);
        out->voltage_step_mv = point->quantity == QUANTITY_VOLTAGE ? step_of(point, &s) : out->voltage_step_mv;
    }
    if (!point->if_zero) {
        value_add(at, v);
    } else if (v.state == VALUE_GOOD && (at->state != VALUE_GOOD || at->is == 0)) {
        *at = v;
    }
}

void regmap_values_read(const struct regmap_map *map, const struct regmap_image *image, bool is_inverted, struct regmap_values *out)
{
    *out = (struct regmap_values){0};
    for (uint16_t i = 0; i < map->point_n; i++) { /* what has a row begins as 0, the rest stays absent */
        CHECK(map->point[i].quantity < QUANTITY_N);
        CHECK(map->point[i].phase <= REGMAP_TOTAL);
        out->at[map->point[i].quantity][map->point[i].phase].state = VALUE_GOOD;
    }
    for (uint16_t i = 0; i < map->point_n; i++) {
        point_read(map, &map->point[i], image, is_inverted, out);
    }
}
