#include "client/core/cfault.h"

#include <stddef.h>

#include "common/base/units.h"

static struct cfault_row *find(struct cfault *f, uint16_t code)
{
    for (int i = 0; i < CFAULT_MAX; i++) {
        if (f->row[i].code == code) {
            return &f->row[i];
        }
    }
    return NULL;
}

/* A row is free when its fault is gone and nobody still believes that it is there. */
static void free_if_over(struct cfault_row *r)
{
    if (!r->present && !r->noted && !r->sent) {
        *r = (struct cfault_row){0};
    }
}

void cfault_set(struct cfault *f, uint16_t code, bool present, int64_t now_ms, int64_t utc_ms)
{
    struct cfault_row *r = find(f, code);

    if (r == NULL && present) {
        r = find(f, 0);
        if (r != NULL) {
            *r = (struct cfault_row){.code = code};
        }
    }
    if (r == NULL || r->present == present) {
        return;
    }
    r->present = present;
    r->fresh = present;
    r->since_ms = now_ms;
    r->since_utc_ms = utc_ms;
    free_if_over(r);
}

bool cfault_in_sample(const struct board_sample *sample, uint16_t code)
{
    for (uint16_t i = 0; i < sample->faults_n && i < FAULT_MAX; i++) {
        if (sample->faults[i] == code) {
            return true;
        }
    }
    return false;
}

void cfault_board(struct cfault *f, const struct board_sample *sample, int64_t now_ms, int64_t utc_ms)
{
    for (int i = 0; i < CFAULT_MAX; i++) {
        uint16_t code = f->row[i].code;

        if (code != 0 && !cfault_def(code)->is_own && !cfault_in_sample(sample, code)) {
            cfault_set(f, code, false, now_ms, utc_ms);
        }
    }
    for (uint16_t i = 0; i < sample->faults_n && i < FAULT_MAX; i++) {
        if (sample->faults[i] != 0 && !cfault_def(sample->faults[i])->is_own) {
            cfault_set(f, sample->faults[i], true, now_ms, utc_ms);
        }
    }
}

bool cfault_has(const struct cfault *f, uint16_t code)
{
    for (int i = 0; i < CFAULT_MAX; i++) {
        if (f->row[i].code == code) {
            return f->row[i].present;
        }
    }
    return false;
}

bool cfault_blocks(const struct cfault *f)
{
    for (int i = 0; i < CFAULT_MAX; i++) {
        if (f->row[i].present && cfault_def(f->row[i].code)->severity != CFAULT_NOTICE) {
            return true;
        }
    }
    return false;
}

uint16_t cfault_take_fresh(struct cfault *f)
{
    for (int i = 0; i < CFAULT_MAX; i++) {
        if (f->row[i].present && f->row[i].fresh) {
            f->row[i].fresh = false;
            return f->row[i].code;
        }
    }
    return 0;
}

/* How much a fault matters. */
static int weight(uint16_t code)
{
    const struct cfault_def *def = cfault_def(code);

    if (def->severity == CFAULT_DANGER) {
        return 3;
    }
    if (def->severity == CFAULT_NOTICE) {
        return 0;
    }
    return def->retry == CFAULT_RETRY_NEVER ? 2 : 1;
}

const struct cfault_row *cfault_worst(const struct cfault *f)
{
    const struct cfault_row *worst = NULL;

    for (int i = 0; i < CFAULT_MAX; i++) {
        const struct cfault_row *r = &f->row[i];
        int more = worst == NULL ? 1 : weight(r->code) - weight(worst->code);

        if (r->present && (more > 0 || (more == 0 && r->since_ms < worst->since_ms))) {
            worst = r;
        }
    }
    return worst;
}

bool cfault_is_final(const struct cfault *f)
{
    for (int i = 0; i < CFAULT_MAX; i++) {
        if (f->row[i].present && cfault_def(f->row[i].code)->retry == CFAULT_RETRY_NEVER) {
            return true;
        }
    }
    return false;
}

uint8_t cfault_list(const struct cfault *f, uint16_t out_codes[FAULT_MAX])
{
    uint8_t n = 0;

    for (int i = 0; i < CFAULT_MAX && n < FAULT_MAX; i++) {
        if (f->row[i].present) {
            out_codes[n] = f->row[i].code;
            n++;
        }
    }
    return n;
}

static bool is_news(const struct cfault_row *r, bool linked)
{
    return r->code != 0 && (r->noted != r->present || (linked && r->sent != r->present));
}

bool cfault_take_news(struct cfault *f, bool linked, struct cfault_news *out)
{
    for (int i = 0; i < CFAULT_MAX; i++) {
        struct cfault_row *r = &f->row[i];

        if (is_news(r, linked)) {
            *out = (struct cfault_news){.row = *r, .note = r->noted != r->present, .send = linked && r->sent != r->present};
            r->noted = r->present;
            r->sent = linked ? r->present : r->sent;
            free_if_over(r);
            return true;
        }
    }
    return false;
}

bool cfault_has_news(const struct cfault *f, bool linked)
{
    for (int i = 0; i < CFAULT_MAX; i++) {
        if (is_news(&f->row[i], linked)) {
            return true;
        }
    }
    return false;
}

void cfault_unlinked(struct cfault *f)
{
    for (int i = 0; i < CFAULT_MAX; i++) {
        f->row[i].sent = false;
        free_if_over(&f->row[i]);
    }
}

void cfault_overdraw_init(struct cfault_overdraw *o)
{
    *o = (struct cfault_overdraw){.lowered_ms = MS_NEVER, .over_ms = {MS_NEVER, MS_NEVER, MS_NEVER}};
}

/* A vehicle may draw the largest current that was signalled in the last 5 s; two steps of a ramp are told apart. */
static void follow(struct cfault_overdraw *o, int32_t pilot_ma, int64_t now_ms)
{
    if (pilot_ma >= o->ref_ma) {
        o->ref_ma = pilot_ma;
        o->lowered_ms = MS_NEVER;
        return;
    }
    if (o->lowered_ms == MS_NEVER) {
        o->lowered_ms = now_ms;
        o->next_ma = pilot_ma;
    }
    o->next_ma = max_i32(o->next_ma, pilot_ma);
    if (o->lowered_ms + OVERDRAW_FOLLOW_MS <= now_ms) {
        o->ref_ma = o->next_ma;
        o->next_ma = pilot_ma;
        o->lowered_ms = pilot_ma < o->ref_ma ? now_ms : MS_NEVER;
    }
}

static const int64_t bound_ms[3] = {7000, 2000, 500};

static int64_t bound_ma(int32_t ref_ma, int i)
{
    static const int32_t permille[3] = {1100, 1500, 2000};
    int64_t base_ma = i == 0 ? (int64_t)ref_ma + 500 : ref_ma;

    return base_ma * permille[i] / 1000;
}

bool cfault_overdraw(struct cfault_overdraw *o, int32_t pilot_ma, int32_t current_ma, int64_t now_ms)
{
    bool is_fault = false;

    follow(o, pilot_ma, now_ms);
    for (int i = 0; i < 3; i++) {
        if (o->ref_ma == 0 || current_ma <= bound_ma(o->ref_ma, i)) {
            o->over_ms[i] = MS_NEVER;
        } else if (o->over_ms[i] == MS_NEVER) {
            o->over_ms[i] = now_ms;
        }
        is_fault = is_fault || (o->over_ms[i] != MS_NEVER && o->over_ms[i] + bound_ms[i] <= now_ms);
    }
    return is_fault;
}

int64_t cfault_overdraw_next_ms(const struct cfault_overdraw *o)
{
    int64_t next_ms = MS_FOREVER;

    for (int i = 0; i < 3; i++) {
        next_ms = o->over_ms[i] == MS_NEVER ? next_ms : min_i64(next_ms, o->over_ms[i] + bound_ms[i]);
    }
    return next_ms;
}
