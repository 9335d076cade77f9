#include "manager/core/allocate.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "manager/core/admit.h"
#include "manager/core/fill.h"

static void check_input(const struct alloc_job *job)
{
    CHECK(job->rules->step_ma > 0);
    CHECK(job->rules->start_margin_ma >= 0);
    CHECK(job->node_n >= 1);
    CHECK(job->node_n <= NODE_MAX);
    CHECK(job->box_n <= ALLOC_BOX_MAX);
    CHECK(job->node[0].parent == NODE_NONE);
    for (uint16_t i = 1; i < job->node_n; i++) {
        CHECK(job->node[i].parent < i);
    }
    for (uint16_t i = 0; i < job->box_n; i++) {
        const struct alloc_box *box = &job->box[i];

        CHECK(box->node < job->node_n);
        CHECK(box->used != 0);
        CHECK(box->used <= PHASE_ALL);
        CHECK(box->priority >= 0);
        CHECK(box->priority <= PRIORITY_MAX);
        CHECK(box->weight >= 1);
        CHECK(box->weight <= WEIGHT_MAX);
        CHECK(box->min_ma > 0);
        CHECK(box->min_ma <= MA_MAX);
    }
}

/* Budgets less the fixed wallboxes. */
static void open_base(struct alloc_job *job)
{
    bool has_sun = false;

    for (uint16_t i = 0; i < job->box_n && !has_sun; i++) {
        has_sun = job->box[i].solar != ALLOC_FAST;
    }
    pool_open(&job->s->base, job->rules, job->node, job->node_n, has_sun);
    for (uint16_t i = 0; i < job->box_n; i++) {
        if (job->box[i].is_fixed) {
            pool_take_fixed(&job->s->base, job->node, &job->box[i]);
        }
    }
}

/* A reason that says more than how many others there are. */
static bool is_rule(enum reason reason)
{
    return reason == REASON_METER_FALLBACK || reason == REASON_SCHEDULE || reason == REASON_SOLAR || reason == REASON_IMBALANCE;
}

/* Settle what needs no comparison with others; the rest compete. */
static void classify(struct alloc_job *job)
{
    struct alloc_scratch *s = job->s;

    for (uint16_t i = 0; i < job->box_n; i++) {
        const struct alloc_box *box = &job->box[i];
        struct alloc_result *out = &job->out[i];
        int32_t want_ma = min_i32(box->demand_ma, box->max_ma);
        struct pool_place place;

        memset(out, 0, sizeof *out); /* padding too, so that results can be compared as bytes */
        out->node = NODE_NONE;
        out->phase = -1;
        s->is_admitted[i] = false;
        s->is_overdue[i] = false;
        s->top_ma[i] = min_i32(min_i32(want_ma, box->cap_ma), MA_MAX);
        if (box->is_fixed) {
            out->state = ALLOC_FIXED;
        } else if (want_ma < box->min_ma) {
            out->state = ALLOC_NO_DEMAND;
            out->reason = REASON_NO_DEMAND;
        } else if (box->cap_ma < box->min_ma) {
            CHECK(box->cap_reason != REASON_UNSET);
            out->state = ALLOC_WAITING;
            out->reason = box->cap_reason;
        } else if (pool_lacks(&s->base, job->node, box, box->min_ma, POOL_FOR_MINIMUM, &place)) {
            out->state = ALLOC_WAITING;
            pool_blame(job->node, place, out);
            out->reason = is_rule(out->reason) ? out->reason : REASON_BELOW_MINIMUM;
        } else {
            s->class[job->line_n++] = i;
        }
    }
}

/* Why an admitted wallbox has not more. What froze it is already noted when it is below its top. */
static void explain_charging(const struct alloc_job *job, uint16_t i)
{
    const struct alloc_box *box = &job->box[i];
    struct alloc_result *out = &job->out[i];

    out->state = ALLOC_CHARGING;
    if (out->allocated_ma < job->s->top_ma[i]) {
        return;
    }
    if (box->cap_ma < min_i32(box->demand_ma, box->max_ma)) {
        CHECK(box->cap_reason != REASON_UNSET);
        out->reason = box->cap_reason;
    } else {
        out->reason = out->allocated_ma == box->demand_ma ? REASON_DEMAND_MET : REASON_WALLBOX_LIMIT;
    }
}

/* Why a wallbox that competes was not admitted. A rule that lacks something comes first; otherwise it is the least company with which the
 * wallbox does not fit: alone, beside the minimums of higher classes (s->trial: the base less them), beside all minimums. */
static void explain_waiting(const struct alloc_job *job, uint16_t i)
{
    const struct alloc_scratch *s = job->s;
    const struct alloc_box *box = &job->box[i];
    struct alloc_result *out = &job->out[i];
    int32_t need_ma = admit_need_ma(job, i);
    struct pool_place place;
    enum reason reason = REASON_WAITING_TURN;

    out->state = ALLOC_WAITING;
    out->turn_place = 1; /* in line; numbered by explain */
    if (pool_lacks(&s->base, job->node, box, need_ma, POOL_FOR_MINIMUM, &place)) {
        reason = REASON_BELOW_MINIMUM;
        out->turn_place = 0;
    } else if (!pool_lacks(&s->floor, job->node, box, need_ma, POOL_FOR_MINIMUM, &place)) {
        out->reason = box->solar == ALLOC_SOLAR_LOOK ? REASON_SOLAR : REASON_HOLD; /* it fits, but may not start yet or again */
        out->turn_place = box->solar == ALLOC_SOLAR_LOOK ? 0 : out->turn_place;
        return;
    }
    pool_blame(job->node, place, out);
    if (is_rule(out->reason)) {
        return;
    }
    if (reason == REASON_WAITING_TURN && pool_lacks(&s->trial, job->node, box, need_ma, POOL_FOR_MINIMUM, &place)) {
        reason = REASON_PRIORITY;
        pool_blame(job->node, place, out);
    }
    out->reason = reason;
}

static void explain(struct alloc_job *job)
{
    struct alloc_scratch *s = job->s;
    uint16_t place = 0;
    uint16_t end;

    pool_copy(&s->trial, &s->base, job->node_n);
    for (uint16_t first = 0; first < job->line_n; first = end) {
        for (end = first; end < job->line_n && job->box[s->class[end]].priority == job->box[s->class[first]].priority; end++) {
            if (s->is_admitted[s->class[end]]) {
                explain_charging(job, s->class[end]);
            } else {
                explain_waiting(job, s->class[end]);
            }
        }
        for (uint16_t k = first; k < end; k++) {
            if (s->is_admitted[s->class[k]]) {
                pool_take(&s->trial, job->node, &job->box[s->class[k]], job->box[s->class[k]].min_ma);
            }
        }
    }
    for (uint16_t k = 0; k < job->line_n; k++) {
        struct alloc_result *out = &job->out[s->line[k]];

        if (out->turn_place > 0) {
            out->turn_place = ++place;
        }
    }
}

void alloc_run(const struct alloc_rules *rules, const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box, uint16_t box_n,
               struct alloc_scratch *scratch, struct alloc_result *out)
{
    struct alloc_job job = {.rules = rules, .node = node, .box = box, .s = scratch, .out = out, .node_n = node_n, .box_n = box_n};

    check_input(&job);
    open_base(&job);
    classify(&job);
    admit_run(&job);
    fill_run(&job);
    explain(&job);
}

/* What a wallbox takes of a phase by a result. */
static int32_t taken_ma(const struct alloc_box *box, const struct alloc_result *result, int phase)
{
    if (box->is_fixed) {
        return box->fixed_ma[phase];
    }
    return box->used & PHASE_BIT(phase) ? result->allocated_ma : 0;
}

void alloc_used(const struct alloc_node *node, uint16_t node_n, const struct alloc_box *box, const struct alloc_result *result, uint16_t box_n,
                int64_t (*out)[PHASE_N])
{
    memset(out, 0, sizeof out[0] * node_n);
    for (uint16_t k = 0; k < box_n; k++) {
        CHECK(box[k].node < node_n);
        for (uint16_t i = box[k].node; i != NODE_NONE; i = node[i].parent) {
            for (int phase = 0; phase < PHASE_N; phase++) {
                out[i][phase] += taken_ma(&box[k], &result[k], phase);
            }
        }
    }
}
