#include "manager/core/fill.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "manager/core/fill_level.h"

/* Those that rise above their minimums at `level` become movers. */
static void let_join(struct fill *f, int64_t level)
{
    struct alloc_scratch *s = f->job->s;

    for (; f->joining_at < f->joining_n && s->join_level[s->joining[f->joining_at]] <= level; f->joining_at++) {
        uint16_t i = s->joining[f->joining_at];

        if (s->is_active[i]) {
            level_join(f, i);
        }
    }
}

/* Those that are at their tops at `level` leave. */
static void let_top(struct fill *f, int64_t level)
{
    struct alloc_scratch *s = f->job->s;

    for (; f->topping_at < f->topping_n && s->top_level[s->topping[f->topping_at]] <= level; f->topping_at++) {
        uint16_t i = s->topping[f->topping_at];

        if (s->is_active[i]) {
            f->job->out[i].allocated_ma = s->top_ma[i];
            level_leave(f, i);
        }
    }
}

/* The next level at which an active wallbox joins or tops. */
static int64_t next_event(struct fill *f)
{
    const struct alloc_scratch *s = f->job->s;
    int64_t level = LEVEL_NEVER;

    while (f->joining_at < f->joining_n && !s->is_active[s->joining[f->joining_at]]) {
        f->joining_at++;
    }
    while (f->topping_at < f->topping_n && !s->is_active[s->topping[f->topping_at]]) {
        f->topping_at++;
    }
    if (f->joining_at < f->joining_n) {
        level = s->join_level[s->joining[f->joining_at]];
    }
    return f->topping_at < f->topping_n ? min_i64(level, s->top_level[s->topping[f->topping_at]]) : level;
}

/* Prepare s->trial for the step to `level`: what is left of the resources that may lack something there, movers counted as if they had
 * nothing; no limit for all others. s->tight gets their bits, those of the nodes above included. */
static void open_tight(struct fill *f, int64_t level)
{
    struct alloc_scratch *s = f->job->s;

    s->trial.n = s->left.n;
    for (uint16_t n = 0; n < f->job->node_n; n++) {
        bool is_tight = s->free[NODE_MAX + n] < level;

        s->tight[n] = n == 0 ? 0 : s->tight[f->job->node[n].parent];
        for (int r = 0; r < s->left.n; r++) {
            bool is_here = is_tight && level_free(f, n, r) < level;

            s->trial.left[n][r] = is_here ? s->left.left[n][r] : POOL_NO_LIMIT;
            s->tight[n] = (uint16_t)(s->tight[n] | (is_here ? 1 << r : 0));
        }
    }
}

/* The resources that a wallbox uses, as bits. */
static int uses(const struct fill *f, uint16_t i)
{
    const uint8_t *share = pool_shares(&f->job->box[i]);
    int bits = 0;

    for (int r = 0; r < f->job->s->left.n; r++) {
        bits |= (share[r] > 0) << r;
    }
    return bits;
}

/* What an active wallbox has at the level below `level`. Movers are taken from s->trial. */
static void settle_below(struct fill *f, uint16_t i, int64_t level)
{
    const struct alloc_job *job = f->job;

    if (job->s->is_moving[i]) {
        job->out[i].allocated_ma = (int32_t)max_i64(job->box[i].min_ma, level_ma(f, i, level - 1));
        pool_take(&job->s->trial, job->node, &job->box[i], job->out[i].allocated_ma);
    }
}

/* Gather in s->mover the active wallboxes of a node that use a tight resource, by rank. Those that have left are taken from the list. */
static uint16_t gather_node(struct fill *f, uint16_t node, int64_t level, uint16_t n)
{
    struct alloc_scratch *s = f->job->s;
    uint16_t *list = &s->active[s->first_at[node]];
    uint16_t kept_n = 0;

    for (uint16_t k = 0; k < s->n_at[node]; k++) {
        uint16_t i = list[k];

        if (!s->is_active[i]) {
            continue;
        }
        list[kept_n++] = i;
        if ((uses(f, i) & s->tight[node]) != 0) {
            s->mover[n++] = i;
            settle_below(f, i, level);
        }
    }
    s->n_at[node] = kept_n;
    return n;
}

/* ... of all nodes, in the order of their steps: lowest current over weight after the step first, then lowest rank. Returns how many. */
static uint16_t gather(struct fill *f, int64_t level)
{
    const struct alloc_job *job = f->job;
    struct alloc_scratch *s = job->s;
    uint16_t n = 0;

    for (uint16_t node = 0; node < job->node_n; node++) {
        n = s->tight[node] != 0 ? gather_node(f, node, level, n) : n;
    }
    for (uint16_t k = 0; k < n; k++) {
        s->key[s->mover[k]] = job->box[s->mover[k]].rank;
    }
    admit_sort(s, s->mover, n);
    if (!f->is_mixed) {
        return n;
    }
    for (uint16_t k = 0; k < n; k++) { /* as whole numbers: such fractions, if they differ, do by more than one part in WEIGHT_MAX squared */
        uint16_t i = s->mover[k];

        s->key[i] = (uint64_t)(level_ma(f, i, level) * (WEIGHT_MAX * WEIGHT_MAX) / job->box[i].weight);
    }
    admit_sort(s, s->mover, n);
    return n;
}

static bool is_tight(const struct alloc_scratch *s, uint16_t node, int r)
{
    return s->trial.left[node][r] < POOL_NO_LIMIT / 2; /* a few allocations taken from no limit leave more */
}

/* With mixed weights the levels are lower bounds. Of those who use a resource that was handed out nobody rises up to `quiet`: so far it is
 * free. */
static void note_quiet(struct fill *f, int64_t quiet)
{
    struct alloc_scratch *s = f->job->s;

    level_refresh(f);
    for (uint16_t n = 0; n < f->job->node_n && f->is_mixed; n++) {
        int64_t level = quiet;

        for (int r = 0; s->tight[n] != 0 && r < s->left.n; r++) {
            level = is_tight(s, n, r) ? level : min_i64(level, level_free(f, n, r));
        }
        if (s->tight[n] != 0) {
            level_raise(f, n, level);
        }
    }
}

/* Go up to `level`, where it is not sure that all fit: one after the other takes his step while a whole one is left. Those at their tops
 * and those without a step left leave; what froze the latter is noted. */
static void hand_out(struct fill *f, int64_t level)
{
    struct alloc_job *job = f->job;
    struct alloc_scratch *s = job->s;
    int64_t quiet = LEVEL_NEVER;
    uint16_t n;

    open_tight(f, level);
    n = gather(f, level);
    for (uint16_t k = 0; k < n; k++) {
        uint16_t i = s->mover[k];
        int64_t to_ma = min_i64(level_ma(f, i, level), s->top_ma[i]);
        int32_t rise_ma = (int32_t)(to_ma - job->out[i].allocated_ma);

        if (s->is_moving[i] && rise_ma > 0 && pool_fits(&s->trial, job->node, &job->box[i], job->rules->step_ma, POOL_FOR_RISE)) {
            pool_take(&s->trial, job->node, &job->box[i], rise_ma);
            job->out[i].allocated_ma += rise_ma;
        }
    }
    for (uint16_t k = 0; k < n; k++) {
        uint16_t i = s->mover[k];
        struct pool_place place;

        if (job->out[i].allocated_ma == s->top_ma[i]) {
            level_leave(f, i);
        } else if (pool_lacks(&s->trial, job->node, &job->box[i], job->rules->step_ma, POOL_FOR_RISE, &place)) {
            pool_blame(job->node, place, &job->out[i]);
            level_leave(f, i);
        } else if (s->is_moving[i]) {
            quiet = min_i64(quiet, level_of(f, i, job->out[i].allocated_ma / job->rules->step_ma + 1) - 1);
        }
    }
    note_quiet(f, quiet);
}

/* Nothing happens up to the next event; everybody goes there together, or as far as all resources have a step left. */
static void fill_class(struct fill *f)
{
    struct alloc_scratch *s = f->job->s;

    for (level_refresh(f); f->active_n > 0; level_refresh(f)) {
        int64_t next = next_event(f); /* at the latest, each active one tops */
        int64_t level = max_i64(min_i64(s->free[1], next - 1), f->level) + 1;

        CHECK(next > f->level);
        CHECK(next < LEVEL_NEVER);
        if (level == next) {
            let_join(f, level);
            level_refresh(f);
        }
        if (s->free[1] < level) {
            hand_out(f, level);
        }
        let_top(f, level);
        f->level = level;
    }
}

static bool can_rise(const struct alloc_job *job, uint16_t i)
{
    return job->s->is_admitted[i] && job->s->top_ma[i] > job->box[i].min_ma;
}

/* Start at the minimums; whoever can rise is active. The active ones of each node stand together in s->active, by rank. */
static void start_class(struct fill *f)
{
    struct alloc_job *job = f->job;
    struct alloc_scratch *s = job->s;
    uint16_t sum_n = 0;

    memset(s->n_at, 0, sizeof s->n_at[0] * job->node_n);
    for (uint16_t k = 0; k < f->line_n; k++) {
        uint16_t i = f->line[k];

        job->out[i].allocated_ma = s->is_admitted[i] ? job->box[i].min_ma : 0;
        s->n_at[job->box[i].node] = (uint16_t)(s->n_at[job->box[i].node] + can_rise(job, i));
    }
    for (uint16_t node = 0; node < job->node_n; node++) {
        s->first_at[node] = sum_n;
        sum_n = (uint16_t)(sum_n + s->n_at[node]);
        s->n_at[node] = 0;
    }
    for (uint16_t k = 0; k < f->line_n; k++) {
        uint16_t i = f->line[k];
        uint16_t node = job->box[i].node;

        s->is_active[i] = false;
        if (can_rise(job, i)) {
            s->active[s->first_at[node] + s->n_at[node]++] = i;
            level_enter(f, i);
        }
    }
}

static void find_weights(struct fill *f)
{
    const struct alloc_job *job = f->job;
    int32_t weight_min = WEIGHT_MAX;

    for (uint16_t k = 0; k < f->line_n; k++) {
        if (job->s->is_admitted[f->line[k]]) {
            f->weight_max = max_i32(f->weight_max, job->box[f->line[k]].weight);
            weight_min = min_i32(weight_min, job->box[f->line[k]].weight);
        }
    }
    f->is_mixed = weight_min < f->weight_max;
}

/* At which levels each active one joins and tops. */
static void plan_class(struct fill *f)
{
    struct alloc_job *job = f->job;
    struct alloc_scratch *s = job->s;
    uint16_t n = 0;

    for (uint16_t k = 0; k < f->line_n; k++) {
        uint16_t i = f->line[k];

        if (s->is_active[i]) {
            s->join_level[i] = (int32_t)level_of(f, i, job->box[i].min_ma / job->rules->step_ma + 1);
            s->top_level[i] = (int32_t)level_of(f, i, div_up(s->top_ma[i], job->rules->step_ma));
            s->key[i] = (uint64_t)s->join_level[i];
            s->joining[n] = i;
            s->topping[n++] = i;
        }
    }
    admit_sort(s, s->joining, n);
    for (uint16_t k = 0; k < n; k++) {
        s->key[s->topping[k]] = (uint64_t)s->top_level[s->topping[k]];
    }
    admit_sort(s, s->topping, n);
    f->joining_n = n;
    f->topping_n = n;
}

void fill_run(struct alloc_job *job)
{
    struct alloc_scratch *s = job->s;
    uint16_t end;

    pool_copy(&s->left, &s->floor, job->node_n);
    level_open(s, job->node_n);
    for (uint16_t first = 0; first < job->line_n; first = end) {
        struct fill f = {.job = job, .line = &s->class[first], .level = -1};

        end = (uint16_t)(first + 1);
        while (end < job->line_n && job->box[s->class[end]].priority == job->box[s->class[first]].priority) {
            end++;
        }
        f.line_n = (uint16_t)(end - first);
        find_weights(&f);
        start_class(&f);
        plan_class(&f);
        fill_class(&f);
    }
}
