#include "tests/sim/trace.h"

#include <inttypes.h>
#include <stdio.h>

struct kind_row {
    const char *text;
    const char *a;
    const char *b;
    const char *c;
};

#define KIND_ROW(name, text, a, b, c) {text, a, b, c},
static const struct kind_row kinds[TRACE_N] = {TRACE_LIST(KIND_ROW)};

void trace_init(struct trace *t, bool is_printed)
{
    t->hash = 0;
    t->n = 0;
    t->is_printed = is_printed;
}

static void print_row(const struct trace_row *r)
{
    const struct kind_row *k = &kinds[r->kind];

    printf("%12.6f %-12s %3u  %s=%" PRId64 " %s=%" PRId64 " %s=%" PRId64 "\n", (double)r->at_us / 1e6, k->text, r->who, k->a, r->a, k->b, r->b, k->c, r->c);
}

static uint64_t mixed(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * UINT64_C(0x9E3779B97F4A7C15);
    return hash ^ (hash >> 29);
}

void trace_add(struct trace *t, int64_t at_us, enum trace_kind kind, uint16_t who, int64_t a, int64_t b, int64_t c)
{
    struct trace_row *r = &t->row[t->n % TRACE_KEPT];

    *r = (struct trace_row){at_us, (uint16_t)kind, who, a, b, c};
    t->n++;
    t->hash = mixed(mixed(t->hash, (uint64_t)at_us ^ (uint64_t)kind << 48 ^ (uint64_t)who << 56), (uint64_t)a);
    t->hash = mixed(mixed(t->hash, (uint64_t)b), (uint64_t)c);
    if (t->is_printed) {
        print_row(r);
    }
}

void trace_print(const struct trace *t)
{
    uint64_t from = t->n > TRACE_KEPT ? t->n - TRACE_KEPT : 0;

    for (uint64_t i = from; i < t->n; i++) {
        print_row(&t->row[i % TRACE_KEPT]);
    }
}
