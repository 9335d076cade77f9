/* Property test of the allocation: random sites, one per seed, against A1 to A5, A7 and A8 (alloc_oracle.h says how they are read) and
 * A6 on identical wallboxes.
 *
 * A6  n identical wallboxes of one node of which k fit, played in virtual time with all rules on: nobody waits, from the start or from
 *     one charge to the next, longer than ceil(n / k) + 1 turns.
 * A7  the same input with other contents of the working memory gives the same bytes; and a result taken as the current state (those
 *     stopped are blocked) gives the same allocations again, when there is a minimum run time.
 * A8  shuffled input gives every wallbox the same result.
 *
 * property_allocate [--first SEED] [--seeds N]
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/rng.h"
#include "common/base/units.h"
#include "tests/property/alloc_oracle.h"
#include "tests/property/alloc_site.h"

#define MIN_PAUSE_MS 120000
#define TICK_MS 30000

static struct alloc_scratch scratch;

static void run(const struct alloc_case *c, struct alloc_result *out)
{
    alloc_run(&c->rules, c->node, c->node_n, c->box, c->box_n, &scratch, out);
}

static bool is_same(const struct alloc_result *a, const struct alloc_result *b)
{
    return a->allocated_ma == b->allocated_ma && a->state == b->state && a->reason == b->reason && a->node == b->node && a->phase == b->phase &&
           a->turn_place == b->turn_place;
}

static const char *check_equal_input(const struct alloc_case *c, const struct alloc_result *result)
{
    static struct alloc_result again[CASE_BOX_MAX];

    memset(&scratch, 0x01, sizeof scratch);
    memset(again, 0xa5, sizeof again);
    run(c, again);
    for (uint16_t i = 0; i < c->box_n; i++) {
        if (!is_same(&again[i], &result[i])) {
            return "A7 stability (equal input)";
        }
    }
    return NULL;
}

static const char *check_feedback(const struct alloc_case *c, const struct alloc_result *result)
{
    static struct alloc_result again[CASE_BOX_MAX];
    static struct alloc_case next;

    next = *c;
    for (uint16_t i = 0; i < c->box_n; i++) {
        struct alloc_box *box = &next.box[i];
        bool was_running = box->current_ma > 0;

        box->current_ma = result[i].allocated_ma;
        if (was_running && result[i].allocated_ma == 0) {
            box->waiting_ms = 0;
            box->running_ms = 0;
            box->blocked_ms = MIN_PAUSE_MS;
        }
    }
    run(&next, again);
    for (uint16_t i = 0; i < c->box_n; i++) {
        if (again[i].allocated_ma != result[i].allocated_ma) {
            return "A7 stability (result as state)";
        }
    }
    return NULL;
}

static const char *check_order(const struct alloc_case *c, const struct alloc_result *result, struct rng *rng)
{
    static struct alloc_result again[CASE_BOX_MAX];
    static struct alloc_case next;

    next = *c;
    for (uint16_t i = c->box_n; i > 1; i--) {
        uint16_t k = (uint16_t)rng_range(rng, 0, i - 1);
        struct alloc_box moved = next.box[i - 1];

        next.box[i - 1] = next.box[k];
        next.box[k] = moved;
    }
    run(&next, again);
    for (uint16_t i = 0; i < c->box_n; i++) {
        if (!is_same(&again[i], &result[next.box[i].rank])) {
            return "A8 order free";
        }
    }
    return NULL;
}

static void play_tick(struct alloc_case *c, const struct alloc_result *result, int64_t *gap_ms)
{
    for (uint16_t i = 0; i < c->box_n; i++) {
        struct alloc_box *box = &c->box[i];
        bool was_running = box->current_ma > 0;
        bool is_running = result[i].allocated_ma > 0;

        box->current_ma = result[i].allocated_ma;
        if (is_running) {
            box->running_ms = was_running ? box->running_ms : 0;
            box->waiting_ms = 0;
            gap_ms[i] = 0;
        } else if (was_running) {
            box->waiting_ms = 0;
            box->blocked_ms = MIN_PAUSE_MS;
        }
        box->running_ms += is_running ? TICK_MS : 0;
        box->waiting_ms += is_running ? 0 : TICK_MS;
        gap_ms[i] += is_running ? 0 : TICK_MS;
        box->blocked_ms = max_i64(box->blocked_ms - TICK_MS, 0);
    }
}

static const char *check_turns(struct rng *rng)
{
    static struct alloc_result result[CASE_BOX_MAX];
    static struct alloc_case c;
    int64_t gap_ms[CASE_BOX_MAX] = {0};
    int32_t n = (int32_t)rng_range(rng, 1, 12);
    int32_t k = (int32_t)rng_range(rng, 1, n);
    int64_t turns = div_up(n, k) + 1;

    c = (struct alloc_case){.node_n = 1, .box_n = (uint16_t)n};
    c.rules = (struct alloc_rules){.step_ma = 100, .start_margin_ma = 500, .turn_ms = 900000, .min_run_ms = 300000, .voltage_mv = 230000};
    c.node[0] = (struct alloc_node){.parent = NODE_NONE, .budget_ma = {6000 * k + 500, 6000 * k + 500, 6000 * k + 500}, .budget_w = -1};
    for (uint16_t i = 0; i < c.box_n; i++) {
        c.box[i] = (struct alloc_box){.used = PHASE_ALL, .priority = 5, .weight = 1, .min_ma = 6000, .max_ma = 32000, .demand_ma = 32000, .cap_ma = MA_MAX};
        c.box[i].rank = i;
    }
    for (int64_t at_ms = 0; at_ms < 4 * turns * c.rules.turn_ms; at_ms += TICK_MS) {
        run(&c, result);
        play_tick(&c, result, gap_ms);
        for (uint16_t i = 0; i < c.box_n; i++) {
            if (gap_ms[i] > turns * c.rules.turn_ms) {
                fprintf(stderr, "n %" PRId32 " k %" PRId32 " at_ms %" PRId64 " wallbox %u has waited %" PRId64 " ms\n", n, k, at_ms, i, gap_ms[i]);
                return "A6 no starvation";
            }
        }
    }
    return NULL;
}

/* Returns whether all properties hold for the site of this seed. */
static bool check_seed(uint64_t seed)
{
    static struct alloc_result result[CASE_BOX_MAX];
    static struct alloc_case c;
    struct rng rng = {.state = ~seed};
    uint16_t box = 0;
    const char *broken;

    alloc_case_make(&c, seed);
    memset(&scratch, 0xee, sizeof scratch);
    run(&c, result);
    broken = alloc_oracle(&c, result, &box);
    if (!broken) {
        broken = check_equal_input(&c, result);
    }
    if (!broken && c.rules.min_run_ms > 0) {
        broken = check_feedback(&c, result);
    }
    if (!broken) {
        broken = check_order(&c, result, &rng);
    }
    if (!broken && seed % 50 == 0) {
        broken = check_turns(&rng);
    }
    if (broken) {
        fprintf(stderr, "seed %" PRIu64 ": %s is broken at %u\n", seed, broken, box);
        alloc_case_print(&c, result);
    }
    return !broken;
}

static bool read_number(const char *text, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && text[0] != '-';
}

int main(int argc, char **argv)
{
    uint64_t first = 1;
    uint64_t seed_n = 20000;
    uint64_t failed_n = 0;

    for (int i = 1; i < argc; i += 2) {
        uint64_t *number = strcmp(argv[i], "--first") == 0 ? &first : strcmp(argv[i], "--seeds") == 0 ? &seed_n : NULL;

        if (!number || i + 1 == argc || !read_number(argv[i + 1], number)) {
            fprintf(stderr, "usage: property_allocate [--first SEED] [--seeds N], numbers of 0 or more\n");
            return 2;
        }
    }
    for (uint64_t i = 0; i < seed_n; i++) {
        failed_n += check_seed(first + i) ? 0 : 1;
        if (failed_n >= 5) {
            fprintf(stderr, "stopped after 5 failures\n");
            printf("%" PRIu64 " passed, %" PRIu64 " failed\n", i + 1 - failed_n, failed_n);
            return 1;
        }
    }
    printf("%" PRIu64 " passed, %" PRIu64 " failed\n", seed_n - failed_n, failed_n);
    return failed_n == 0 ? 0 : 1;
}
