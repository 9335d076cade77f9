#include "tests/site/registers.h"

#include <stdbool.h>
#include <string.h>

#include "common/base/check.h"

static int64_t sum(const int64_t v[PHASE_N])
{
    return v[0] + v[1] + v[2];
}

static int64_t magnitude(int64_t v)
{
    return v < 0 ? -v : v;
}

/* Power factor of a simulated site: all loads are ohmic, so the sign alone tells something. */
static int64_t factor_permille(int64_t mw)
{
    return mw < 0 ? -1000 : 1000;
}

static int64_t current_ma(const struct quantities *q, int phase)
{
    if (phase > 0) {
        return magnitude(q->current_ma[phase - 1]);
    }
    return magnitude(q->current_ma[0]) + magnitude(q->current_ma[1]) + magnitude(q->current_ma[2]);
}

/* Value of a point in milli-units (mV, mA, mW, mWh, mHz, 1/1000). */
static int64_t milli_of(const struct point *p, const struct quantities *q)
{
    int64_t mw = p->phase == 0 ? sum(q->power_mw) : q->power_mw[p->phase - 1];
    int64_t value = 0;
    switch (p->kind) {
    case POINT_CONSTANT:
        value = p->unit;
        break;
    case POINT_VOLTAGE:
        value = p->phase == 0 ? ((int64_t)q->voltage_mv[0] + q->voltage_mv[1] + q->voltage_mv[2]) / 3 : q->voltage_mv[p->phase - 1];
        break;
    case POINT_CURRENT:
        value = current_ma(q, p->phase);
        break;
    case POINT_POWER:
        value = mw;
        break;
    case POINT_POWER_PLUS:
        value = mw > 0 ? mw : 0;
        break;
    case POINT_POWER_MINUS:
        value = mw < 0 ? -mw : 0;
        break;
    case POINT_FACTOR:
        value = factor_permille(mw);
        break;
    case POINT_FREQUENCY:
        value = q->frequency_mhz;
        break;
    case POINT_IMPORT:
        value = q->import_mwh[p->phase];
        break;
    case POINT_EXPORT:
        value = q->export_mwh[p->phase];
        break;
    case POINT_IMPORT_REST:
        value = q->import_mwh[p->phase] % 1000000;
        break;
    case POINT_EXPORT_REST:
        value = q->export_mwh[p->phase] % 1000000;
        break;
    }
    return value;
}

static int64_t clamp_i64(int64_t v, int64_t lo, int64_t hi)
{
    return v < lo ? lo : (v > hi ? hi : v);
}

/* Counts of a value: measured ones are rounded, counters count what is complete. */
static int64_t count_of(enum point_kind kind, int64_t micro, int64_t unit)
{
    bool is_counter = kind == POINT_IMPORT || kind == POINT_EXPORT || kind == POINT_IMPORT_REST || kind == POINT_EXPORT_REST;
    int64_t half = is_counter ? 0 : unit / 2;
    return (micro < 0 ? micro - half : micro + half) / unit;
}

/* Bits of a number in a form, and how many registers they take. */
static uint64_t bits_of(enum point_form form, int64_t count, double real, int *out_words)
{
    uint64_t bits = 0;
    int words = 1;
    switch (form) {
    case FORM_U16:
        bits = (uint64_t)clamp_i64(count, 0, UINT16_MAX);
        break;
    case FORM_I16:
        bits = (uint64_t)clamp_i64(count, INT16_MIN, INT16_MAX);
        break;
    case FORM_U32:
        words = 2;
        bits = (uint64_t)clamp_i64(count, 0, UINT32_MAX);
        break;
    case FORM_I32:
        words = 2;
        bits = (uint64_t)clamp_i64(count, INT32_MIN, INT32_MAX);
        break;
    case FORM_U64:
        words = 4;
        bits = (uint64_t)clamp_i64(count, 0, INT64_MAX);
        break;
    case FORM_I64:
        words = 4;
        bits = (uint64_t)count;
        break;
    case FORM_F32: {
        float f = (float)real;
        uint32_t raw = 0;
        memcpy(&raw, &f, sizeof raw);
        words = 2;
        bits = raw;
        break;
    }
    case FORM_F64:
        memcpy(&bits, &real, sizeof bits);
        words = 4;
        break;
    }
    *out_words = words;
    return bits;
}

/* Place of an address in the image; IMAGE_LEN when no area holds `words` registers from there. */
static size_t place(const struct point_table *t, uint8_t function, uint32_t first, uint32_t words)
{
    size_t at = 0;
    for (uint8_t i = 0; i < t->area_n; i++) {
        const struct area *a = &t->area[i];
        if (a->function == function && first >= a->first && first + words <= (uint32_t)a->first + a->count) {
            return at + (first - a->first);
        }
        at += a->count;
    }
    return IMAGE_LEN;
}

static void write_point(struct image *image, const struct point *p, uint64_t bits, int words)
{
    const struct point_table *t = image->model->table;
    size_t at = place(t, t->area[0].function, p->address, (uint32_t)words);
    CHECK(at + (size_t)words <= IMAGE_LEN);
    for (int i = 0; i < words; i++) {
        int from_low = p->order == HIGH_FIRST ? words - 1 - i : i;
        image->reg[at + (size_t)i] = (uint16_t)(bits >> (16 * from_low));
    }
}

void image_encode(struct image *image, const struct quantities *q)
{
    for (uint16_t i = 0; i < image->model->table->point_n; i++) {
        const struct point *p = &image->model->table->point[i];
        bool is_constant = p->kind == POINT_CONSTANT;
        int64_t micro = is_constant ? p->unit : milli_of(p, q) * 1000;
        int64_t unit = is_constant ? 1 : p->unit;
        int words = 0;
        uint64_t bits = bits_of(p->form, count_of(p->kind, micro, unit), (double)micro / (double)unit, &words);
        write_point(image, p, bits, words);
    }
}

enum rc image_read(const struct image *image, uint8_t function, uint16_t first, uint16_t count, const uint16_t **out)
{
    size_t at = place(image->model->table, function, first, count);
    if (count > image->model->table->read_max) {
        return RC_FULL;
    }
    if (at == IMAGE_LEN) {
        return RC_RANGE;
    }
    *out = &image->reg[at];
    return RC_OK;
}
