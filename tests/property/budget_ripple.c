#include "tests/property/budget_ripple.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/rng.h"
#include "common/base/units.h"
#include "manager/core/budget.h"

#define RIPPLE_MA 300
#define MOVEMENT_MA 200
#define NODES 4
#define BOXES 6
#define PLAY_MS 120000

/* One site while its base load ripples. */
struct play {
    struct rng rng;
    struct site site;
    struct manager_params params;
    struct budget budget;
    int32_t base_ma[NODES][PHASE_N]; /* of each node with a meter: lowest true base load */
    int32_t drawn_ma[BOXES][PHASE_N];
    int32_t kept_ma[NODES][PHASE_N]; /* budgets in use after the first run */
    int64_t now_ms;
};

static int32_t pick(struct play *p, int32_t lo, int32_t hi)
{
    return (int32_t)rng_range(&p->rng, lo, hi);
}

static void make_site(struct play *p)
{
    p->site.node_n = (uint16_t)pick(p, 1, NODES);
    p->site.box_n = (uint16_t)pick(p, 0, BOXES);
    for (uint16_t i = 0; i < p->site.node_n; i++) {
        struct site_node *node = &p->site.node[i];

        *node = (struct site_node){.parent = i == 0 ? NODE_NONE : (uint16_t)pick(p, 0, i - 1), .reserve_ma = RIPPLE_MA + pick(p, 0, 1) * pick(p, 0, 2000)};
        for (int phase = 0; phase < PHASE_N; phase++) {
            node->limit_ma[phase] = pick(p, 10000, 400000);
            node->base_load_worst_ma[phase] = pick(p, 0, 40000);
            /* Sometimes the node is over its limit, or exports more than is credited; never more than its limit, or its meter is doubted. */
            p->base_ma[i][phase] = pick(p, -20000 > -node->limit_ma[phase] ? -20000 : -node->limit_ma[phase], 60000);
        }
        if (i == 0 || pick(p, 0, 1) == 1) {
            p->site.meter[p->site.meter_n++] = (struct site_meter){.node = i, .role = METER_HOUSE, .phases = PHASES_L1_L2_L3, .lag_ms = pick(p, 0, 4) * 500};
        }
    }
    for (uint16_t i = 0; i < p->site.box_n; i++) {
        p->site.box[i] = (struct site_box){.node = (uint16_t)pick(p, 0, p->site.node_n - 1), .phases = PHASES_L1_L2_L3, .min_ma = 6000, .max_ma = 32000};
        /* Alike on all phases: an overload where no wallbox draws, while they do on others, puts the meter in doubt. */
        p->drawn_ma[i][0] = pick(p, 0, 1) * pick(p, 0, 32000);
        p->drawn_ma[i][1] = p->drawn_ma[i][0];
        p->drawn_ma[i][2] = p->drawn_ma[i][0];
    }
}

/* Every meter is read and every wallbox reports. The base load lies between its lowest and `above_ma` more. */
static void read_all(struct play *p, int32_t above_ma)
{
    for (uint16_t i = 0; i < p->site.box_n; i++) {
        budget_box_drawn(&p->budget, i, p->now_ms, p->drawn_ma[i]);
    }
    for (uint16_t m = 0; m < p->site.meter_n; m++) {
        struct meter_sample sample = {.taken_ms = p->now_ms, .import_wh = -1, .export_wh = -1};

        for (int phase = 0; phase < PHASE_N; phase++) {
            int64_t sum_ma = p->base_ma[p->site.meter[m].node][phase] + pick(p, 0, above_ma);

            for (uint16_t i = 0; i < p->site.box_n; i++) {
                sum_ma += site_box_is_under(&p->site, i, p->site.meter[m].node) ? p->drawn_ma[i][phase] : 0;
            }
            sample.current_ma[phase] = (int32_t)sum_ma;
        }
        CHECK(budget_meter_sample(&p->budget, m, &sample, p->now_ms) == RC_OK);
    }
}

static bool is_moved(const struct play *p, uint64_t seed)
{
    for (uint16_t i = 0; i < p->site.node_n; i++) {
        for (int phase = 0; phase < PHASE_N; phase++) {
            if (p->budget.node[i].use_ma[phase] != p->kept_ma[i][phase]) {
                fprintf(stderr, "# seed %" PRIu64 ": node %u L%d went from %" PRId32 " to %" PRId32 " mA after %" PRId64 " ms\n", seed, i, phase + 1,
                        p->kept_ma[i][phase], p->budget.node[i].use_ma[phase], p->now_ms);
                return true;
            }
        }
    }
    return false;
}

static void keep(struct play *p)
{
    for (uint16_t i = 0; i < p->site.node_n; i++) {
        memcpy(p->kept_ma[i], p->budget.node[i].use_ma, sizeof p->kept_ma[i]);
    }
}

/* Go on without a ripple. */
static void play_on(struct play *p, int64_t for_ms)
{
    for (int64_t until_ms = p->now_ms + for_ms; p->now_ms <= until_ms; p->now_ms += 1000) {
        read_all(p, 0);
        (void)budget_run(&p->budget, p->now_ms);
    }
}

/* A step of all base loads to so many parts of a limit arrives at the root. */
static bool is_step_seen(struct play *p, int32_t eighths, int64_t within_ms)
{
    int32_t before_ma[PHASE_N];
    bool is_rise = eighths * (p->site.node[0].limit_ma[0] / 8) < p->base_ma[0][0];

    memcpy(before_ma, p->budget.node[0].use_ma, sizeof before_ma);
    for (uint16_t i = 0; i < p->site.node_n; i++) {
        for (int phase = 0; phase < PHASE_N; phase++) {
            p->base_ma[i][phase] = eighths * (p->site.node[i].limit_ma[phase] / 8);
        }
    }
    play_on(p, within_ms);
    for (int phase = 0; phase < PHASE_N; phase++) {
        int32_t now_ma = p->budget.node[0].use_ma[phase];

        if (is_rise ? now_ma <= before_ma[phase] : now_ma >= before_ma[phase]) {
            return false;
        }
    }
    return true;
}

static void start(struct play *p)
{
    manager_params_defaults(&p->params);
    p->params.ripple_ma = RIPPLE_MA;
    budget_init(&p->budget, &p->site, &p->params);
    p->now_ms = 0;
}

/* What is no ripple does arrive: a fall of the budget at once, a rise after its time. Nobody charges, so that no step looks like a meter whose
 * phases were exchanged. */
static bool are_steps_seen(struct play *p)
{
    memset(p->drawn_ma, 0, sizeof p->drawn_ma);
    memset(p->base_ma, 0, sizeof p->base_ma);
    start(p);
    play_on(p, 1000);
    return is_step_seen(p, 4, 0) && is_step_seen(p, 3, 30000);
}

/* Whether nothing moves from the first run on. */
static bool is_still(struct play *p, int32_t above_ma, uint64_t seed)
{
    start(p);
    read_all(p, above_ma);
    (void)budget_run(&p->budget, p->now_ms);
    keep(p);
    while (p->now_ms < PLAY_MS) {
        p->now_ms += pick(p, 50, 1000);
        read_all(p, above_ma);
        if (budget_run(&p->budget, p->now_ms)) {
            fprintf(stderr, "# seed %" PRIu64 ": after %" PRId64 " ms budget_run says that something moved\n", seed, p->now_ms);
            return false;
        }
        if (is_moved(p, seed)) {
            return false;
        }
    }
    return true;
}

bool budget_ripple_holds(uint64_t seed)
{
    static struct play p; /* large */
    int32_t above_ma;

    memset(&p, 0, sizeof p);
    p.rng = (struct rng){.state = seed ^ 0x0b06};
    make_site(&p);
    above_ma = MOVEMENT_MA / (p.site.meter_n < p.site.node_n ? p.site.meter_n : 1); /* a node without a meter has the sum of those below */
    if (!is_still(&p, above_ma, seed)) {
        return false;
    }
    if (!are_steps_seen(&p)) {
        fprintf(stderr, "# seed %" PRIu64 ": a step that is no ripple was not passed on\n", seed);
        return false;
    }
    return true;
}
