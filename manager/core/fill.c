#include "manager/core/fill.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/sort.h"
#include "common/base/units.h"

/* One class while it rises. All `active` stand exactly where `level` puts them. */
struct fill {
    struct alloc_job *job;
    int64_t level; /* in steps of the heaviest weight */
    int32_t weight_max;
    uint16_t active_n;
    bool is_mixed; /* weights differ */
};

/* Where a level puts a wallbox before its minimum and top are looked at. */
static int64_t level_ma(const struct fill *f, uint16_t i, int64_t level)
{
    int32_t weight = f->job->box[i].weight;

    if (weight == f->weight_max) {
        return level * f->job->rules->step_ma;
    }
    return level * weight / f->weight_max * f->job->rules->step_ma;
}

/* How far wallbox i rises from where it is when the level goes up to `level`. */
static int32_t rise_ma(const struct fill *f, uint16_t i, int64_t level)
{
    int32_t now_ma = f->job->out[i].allocated_ma;
    int64_t to_ma = min_i64(level_ma(f, i, level), f->job->s->top_ma[i]);

    return to_ma > now_ma ? (int32_t)(to_ma - now_ma) : 0;
}

/* The level at which all active wallboxes are at their tops. */
static int64_t level_of_tops(const struct fill *f)
{
    const struct alloc_job *job = f->job;
    int64_t level = f->level;

    for (uint16_t k = 0; k < f->active_n; k++) {
        uint16_t i = job->s->active[k];

        level = max_i64(level, div_up(div_up(job->s->top_ma[i], job->rules->step_ma) * f->weight_max, job->box[i].weight));
    }
    return level;
}

/* Of each resource, the largest step that an active wallbox needs there; 0 where there is none. */
static void find_step_need(struct fill *f)
{
    const struct alloc_job *job = f->job;
    struct alloc_scratch *s = job->s;

    memset(s->step_need, 0, sizeof s->step_need[0] * job->node_n);
    for (uint16_t k = 0; k < f->active_n; k++) {
        const struct alloc_box *box = &job->box[s->active[k]];

        for (int r = 0; r < s->left.n; r++) {
            s->step_need[box->node][r] = max_i64(s->step_need[box->node][r], (int64_t)job->rules->step_ma * pool_share(box, r));
        }
    }
    for (uint16_t i = job->node_n; i-- > 1;) {
        for (int r = 0; r < s->left.n; r++) {
            s->step_need[job->node[i].parent][r] = max_i64(s->step_need[job->node[i].parent][r], s->step_need[i][r]);
        }
    }
}

/* Whether everybody can go to `level` and every resource in use then still has a step for those that use it. */
static bool is_free_at(struct fill *f, int64_t level)
{
    const struct alloc_job *job = f->job;
    struct alloc_scratch *s = job->s;
    int64_t(*sum)[POOL_N] = s->trial.left;

    memset(sum, 0, sizeof sum[0] * job->node_n);
    for (uint16_t k = 0; k < f->active_n; k++) {
        const struct alloc_box *box = &job->box[s->active[k]];
        int64_t ma = rise_ma(f, s->active[k], level);

        for (int r = 0; r < s->left.n; r++) {
            sum[box->node][r] += ma * pool_share(box, r);
        }
    }
    for (uint16_t i = job->node_n; i-- > 0;) {
        for (int r = 0; r < s->left.n; r++) {
            if (s->step_need[i][r] > 0 && s->left.left[i][r] - sum[i][r] < s->step_need[i][r]) {
                return false;
            }
            if (i > 0) {
                sum[job->node[i].parent][r] += sum[i][r];
            }
        }
    }
    return true;
}

static void raise_all(struct fill *f, int64_t level)
{
    struct alloc_job *job = f->job;

    for (uint16_t k = 0; k < f->active_n; k++) {
        uint16_t i = job->s->active[k];
        int32_t ma = rise_ma(f, i, level);

        if (ma > 0) {
            pool_take(&job->s->left, job->node, &job->box[i], ma);
            job->out[i].allocated_ma += ma;
        }
    }
    f->level = level;
}

/* Order of steps inside the level after the current one: current over weight after the step, then rank. */
static bool step_before(const void *context, uint16_t a, uint16_t b)
{
    const struct fill *f = context;
    int64_t x = level_ma(f, a, f->level + 1) * f->job->box[b].weight;
    int64_t y = level_ma(f, b, f->level + 1) * f->job->box[a].weight;

    return x != y ? x < y : f->job->box[a].rank < f->job->box[b].rank;
}

/* Go one level up although it is not sure that it fits: one after the other takes his step while a whole one is left. */
static void hand_out_level(struct fill *f)
{
    struct alloc_job *job = f->job;
    struct alloc_scratch *s = job->s;
    uint16_t mover_n = 0;

    for (uint16_t k = 0; k < f->active_n; k++) {
        if (rise_ma(f, s->active[k], f->level + 1) > 0) {
            s->mover[mover_n++] = s->active[k];
        }
    }
    if (f->is_mixed) {
        sort_index(s->mover, mover_n, step_before, f);
    }
    for (uint16_t k = 0; k < mover_n; k++) {
        uint16_t i = s->mover[k];

        if (pool_fits(&s->left, job->node, &job->box[i], job->rules->step_ma, POOL_FOR_RISE)) {
            int32_t ma = rise_ma(f, i, f->level + 1);

            pool_take(&s->left, job->node, &job->box[i], ma);
            job->out[i].allocated_ma += ma;
        }
    }
    f->level++;
}

/* Those at their tops and those without a step left leave the active ones; what froze the latter is noted. */
static void freeze(struct fill *f)
{
    struct alloc_job *job = f->job;
    struct alloc_scratch *s = job->s;
    uint16_t kept_n = 0;

    for (uint16_t k = 0; k < f->active_n; k++) {
        uint16_t i = s->active[k];
        struct pool_place place;

        if (job->out[i].allocated_ma == s->top_ma[i]) {
            continue;
        }
        if (pool_lacks(&s->left, job->node, &job->box[i], job->rules->step_ma, POOL_FOR_RISE, &place)) {
            fill_blame(job, place, &job->out[i]);
        } else {
            s->active[kept_n++] = i;
        }
    }
    f->active_n = kept_n;
}

/* The highest level from the current one, which is free, to below `high`, which is not, at which everybody still has a step. */
static int64_t highest_free(struct fill *f, int64_t high)
{
    int64_t low = f->level;

    while (high - low > 1) {
        int64_t middle = low + (high - low) / 2;

        if (is_free_at(f, middle)) {
            low = middle;
        } else {
            high = middle;
        }
    }
    return low;
}

/* Each pass freezes at least one: going up one level from the highest free one leaves a resource with less than a step for somebody. */
static void fill_class(struct fill *f)
{
    freeze(f);
    while (f->active_n > 0) {
        int64_t tops = level_of_tops(f);
        uint16_t before_n = f->active_n;

        find_step_need(f);
        if (is_free_at(f, tops)) {
            raise_all(f, tops);
        } else {
            raise_all(f, highest_free(f, tops));
            hand_out_level(f);
        }
        freeze(f);
        CHECK(f->active_n < before_n);
    }
}

void fill_blame(const struct alloc_job *job, struct pool_place place, struct alloc_result *out)
{
    int r = place.resource;
    bool is_phase = r < POOL_WATTS || r >= POOL_SUN;

    out->node = place.node;
    out->phase = (int8_t)(r < POOL_WATTS ? r : is_phase ? (r - POOL_SUN) % PHASE_N : -1);
    if (r > POOL_WATTS) {
        out->reason = r < POOL_IMBALANCE ? REASON_SOLAR : REASON_IMBALANCE;
    } else if (job->node[place.node].is_fallback) {
        out->reason = REASON_METER_FALLBACK;
    } else if ((job->node[place.node].scheduled & PHASE_BIT(r)) != 0) {
        out->reason = REASON_SCHEDULE;
    } else {
        out->reason = r == POOL_WATTS ? REASON_WATTS : REASON_NODE_FULL;
    }
}

void fill_run(struct alloc_job *job)
{
    struct alloc_scratch *s = job->s;
    uint16_t end;

    pool_copy(&s->left, &s->floor, job->node_n);
    for (uint16_t first = 0; first < job->line_n; first = end) {
        struct fill f = {.job = job};
        int32_t weight_min = WEIGHT_MAX;

        for (end = first; end < job->line_n && job->box[s->class[end]].priority == job->box[s->class[first]].priority; end++) {
            uint16_t i = s->class[end];

            if (s->is_admitted[i]) {
                s->active[f.active_n++] = i;
                job->out[i].allocated_ma = job->box[i].min_ma;
                f.weight_max = max_i32(f.weight_max, job->box[i].weight);
                weight_min = min_i32(weight_min, job->box[i].weight);
            }
        }
        f.is_mixed = f.active_n > 0 && weight_min != f.weight_max;
        fill_class(&f);
    }
}
