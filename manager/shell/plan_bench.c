#include "manager/shell/plan_bench.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/base/check.h"
#include "common/base/rng.h"
#include "common/base/units.h"
#include "manager/shell/jsonwrite.h"

#define CIRCUIT_BOXES 32
#define GROUP_CIRCUITS 4
#define CIRCUIT_MAX 204 /* with their groups and the grid connection exactly NODE_MAX nodes */
#define WORK_PER_BENCH 2000000
#define RUNS_MIN 101
#define RUNS_MAX 10001

struct bench {
    struct plan_bench_site site;
    struct alloc_scratch scratch;
    struct alloc_result result[ALLOC_BOX_MAX];
    int64_t took_ns[RUNS_MAX];
};

static int32_t pick(struct rng *rng, int32_t lo, int32_t hi)
{
    return (int32_t)rng_range(rng, lo, hi);
}

static void make_box(struct alloc_box *box, uint16_t rank, uint16_t node, struct rng *rng)
{
    static const enum phase_assign assigns[] = {PHASES_L1_L2_L3, PHASES_L2_L3_L1, PHASES_L3_L1_L2, PHASES_L1, PHASES_L2, PHASES_L3};
    enum phase_assign assign = assigns[pick(rng, 0, 5)];
    bool is_running = pick(rng, 0, 1) == 1;

    *box = (struct alloc_box){.node = node, .weight = 1, .min_ma = 6000, .max_ma = 32000, .cap_ma = MA_MAX, .rank = rank};
    box->used = phase_set_to_site(assign, (uint8_t)((1u << pick(rng, 1, PHASE_N)) - 1));
    box->priority = (int8_t)pick(rng, 4, 6);
    box->demand_ma = pick(rng, 0, 2) == 0 ? pick(rng, 60, 320) * 100 : 32000;
    box->current_ma = is_running ? pick(rng, 60, 160) * 100 : 0;
    box->running_ms = is_running ? pick(rng, 0, 120) * 60000 : 0;
    box->waiting_ms = is_running ? 0 : pick(rng, 0, 60) * 60000;
}

/* What the wallboxes below each node could use. */
static void find_demand(const struct plan_bench_site *s, int64_t out_ma[NODE_MAX][PHASE_N])
{
    for (uint16_t k = 0; k < s->box_n; k++) {
        for (uint16_t i = s->box[k].node; i != NODE_NONE; i = s->node[i].parent) {
            for (int p = 0; p < PHASE_N; p++) {
                out_ma[i][p] += (s->box[k].used & PHASE_BIT(p)) != 0 ? s->box[k].demand_ma : 0;
            }
        }
    }
}

static void make_budgets(struct plan_bench_site *s, uint16_t group_n, struct rng *rng)
{
    int64_t demand_ma[NODE_MAX][PHASE_N] = {0};

    find_demand(s, demand_ma);
    for (uint16_t i = 0; i < s->node_n; i++) {
        int32_t percent = i == 0 ? 50 : i <= group_n ? pick(rng, 50, 100) : pick(rng, 45, 110);

        for (int p = 0; p < PHASE_N; p++) {
            s->node[i].budget_ma[p] = (int32_t)(demand_ma[i][p] * percent / 100); /* 10,240 x 32 A fit */
        }
    }
}

void plan_bench_site(struct plan_bench_site *out, uint16_t box_n, uint64_t seed)
{
    struct rng rng = {.state = seed};
    uint16_t circuit_n = (uint16_t)min_i64(div_up(box_n, CIRCUIT_BOXES), CIRCUIT_MAX);
    uint16_t group_n = (uint16_t)div_up(circuit_n, GROUP_CIRCUITS);

    CHECK(box_n >= 1);
    CHECK(box_n <= ALLOC_BOX_MAX);
    memset(out, 0, sizeof *out);
    out->rules = (struct alloc_rules){.step_ma = 100, .start_margin_ma = 500, .turn_ms = 900000, .min_run_ms = 300000, .voltage_mv = 230000};
    out->box_n = box_n;
    out->node_n = (uint16_t)(1 + group_n + circuit_n);
    CHECK(out->node_n <= NODE_MAX);
    for (uint16_t i = 0; i < out->node_n; i++) {
        out->node[i] = (struct alloc_node){.parent = 0, .budget_w = -1};
        if (i > group_n) {
            out->node[i].parent = (uint16_t)(1 + (i - group_n - 1) / GROUP_CIRCUITS);
        }
    }
    out->node[0].parent = NODE_NONE;
    for (uint16_t i = 0; i < box_n; i++) {
        make_box(&out->box[i], i, (uint16_t)(1 + group_n + i % circuit_n), &rng);
    }
    make_budgets(out, group_n, &rng);
}

static int64_t now_ns(void)
{
    struct timespec t;
    int failed = clock_gettime(CLOCK_MONOTONIC, &t);

    CHECK(failed == 0);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a;
    int64_t y = *(const int64_t *)b;

    return (x > y) - (x < y);
}

json_t *plan_bench(uint16_t box_n, uint64_t seed)
{
    struct bench *b = calloc(1, sizeof *b);
    json_t *o = json_object();
    int32_t runs_n = clamp_i32(WORK_PER_BENCH / box_n, RUNS_MIN, RUNS_MAX) | 1; /* odd: the median is one of them */
    int64_t median_ns;

    CHECK(b != NULL);
    plan_bench_site(&b->site, box_n, seed);
    for (int32_t i = 0; i < runs_n; i++) {
        int64_t begin_ns = now_ns();

        alloc_run(&b->site.rules, b->site.node, b->site.node_n, b->site.box, box_n, &b->scratch, b->result);
        b->took_ns[i] = now_ns() - begin_ns;
    }
    qsort(b->took_ns, (size_t)runs_n, sizeof b->took_ns[0], by_value);
    median_ns = b->took_ns[runs_n / 2];
    json_put(o, "wallboxes", json_integer(box_n));
    json_put(o, "nodes", json_integer(b->site.node_n));
    json_put(o, "runs", json_integer(runs_n));
    json_put(o, "median_ns", json_integer(median_ns));
    json_put(o, "ns_per_wallbox", json_integer(median_ns / box_n));
    free(b);
    return o;
}
