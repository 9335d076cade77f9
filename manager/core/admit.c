#include "manager/core/admit.h"

#include <string.h>

#include "common/base/sort.h"
#include "common/base/units.h"

static bool is_running(const struct alloc_box *box)
{
    return box->current_ma > 0;
}

static bool is_sheltered(const struct alloc_job *job, const struct alloc_box *box)
{
    return is_running(box) && box->running_ms < job->rules->min_run_ms;
}

/* How long a wallbox counts as having waited. */
static int64_t waited_ms(const struct alloc_job *job, const struct alloc_box *box)
{
    if (!is_running(box)) {
        return box->waiting_ms;
    }
    return box->running_ms < job->rules->turn_ms ? INT64_MAX : 0;
}

static bool line_before(const void *context, uint16_t a, uint16_t b)
{
    const struct alloc_job *job = context;
    const struct alloc_box *x = &job->box[a];
    const struct alloc_box *y = &job->box[b];

    if (is_sheltered(job, x) != is_sheltered(job, y)) {
        return is_sheltered(job, x);
    }
    if (x->priority != y->priority) {
        return x->priority > y->priority;
    }
    if (job->s->is_overdue[a] != job->s->is_overdue[b]) {
        return job->s->is_overdue[a];
    }
    if (x->has_laxity != y->has_laxity) {
        return x->has_laxity;
    }
    if (x->has_laxity && x->laxity_ms != y->laxity_ms) {
        return x->laxity_ms < y->laxity_ms;
    }
    if (waited_ms(job, x) != waited_ms(job, y)) {
        return waited_ms(job, x) > waited_ms(job, y);
    }
    return x->rank < y->rank;
}

static bool minimum_before(const void *context, uint16_t a, uint16_t b)
{
    const struct alloc_job *job = context;
    const struct alloc_box *x = &job->box[a];
    const struct alloc_box *y = &job->box[b];

    if (x->priority != y->priority) {
        return x->priority > y->priority;
    }
    return x->min_ma != y->min_ma ? x->min_ma < y->min_ma : x->rank < y->rank;
}

static bool class_before(const void *context, uint16_t a, uint16_t b)
{
    const struct alloc_job *job = context;
    const struct alloc_box *x = &job->box[a];
    const struct alloc_box *y = &job->box[b];

    return x->priority != y->priority ? x->priority > y->priority : x->rank < y->rank;
}

/* A guaranteed minimum does not wait for the sun. */
static bool is_granted_anyway(const struct alloc_box *box, int r)
{
    return box->solar == ALLOC_SOLAR_MINIMUM && r >= POOL_SUN_SUM && r < POOL_IMBALANCE;
}

/* Count one wallbox on all it uses; s->trial is what is left there for minimums. */
static void count_one(struct alloc_job *job, const struct alloc_box *box)
{
    struct alloc_scratch *s = job->s;

    for (uint16_t i = box->node; i != NODE_NONE; i = job->node[i].parent) {
        for (int r = 0; r < s->trial.n; r++) {
            int64_t take = (int64_t)box->min_ma * pool_share(box, r);

            if (take == 0 || is_granted_anyway(box, r)) {
                continue;
            }
            s->competing_n[i][r]++;
            if (take <= s->trial.left[i][r]) {
                s->trial.left[i][r] -= take;
                s->fitting_n[i][r]++;
            }
        }
    }
}

/* Turns that a full round takes for this wallbox, by what has been counted so far. */
static int64_t round_turns(const struct alloc_job *job, const struct alloc_box *box)
{
    const struct alloc_scratch *s = job->s;
    int64_t turns = 1;

    for (uint16_t i = box->node; i != NODE_NONE; i = job->node[i].parent) {
        for (int r = 0; r < s->trial.n; r++) {
            if (pool_share(box, r) > 0 && !is_granted_anyway(box, r)) {
                turns = max_i64(turns, div_up(s->competing_n[i][r], max_i32(s->fitting_n[i][r], 1)));
            }
        }
    }
    return turns;
}

/* Class by class, because a lower priority does not lengthen the round of a higher one. */
static void find_overdue(struct alloc_job *job)
{
    struct alloc_scratch *s = job->s;
    uint16_t end;

    pool_copy(&s->trial, &s->base, job->node_n);
    memset(s->competing_n, 0, sizeof s->competing_n[0] * job->node_n);
    memset(s->fitting_n, 0, sizeof s->fitting_n[0] * job->node_n);
    sort_index(s->class, job->line_n, minimum_before, job);
    for (uint16_t first = 0; first < job->line_n; first = end) {
        for (end = first; end < job->line_n && job->box[s->class[end]].priority == job->box[s->class[first]].priority; end++) {
            count_one(job, &job->box[s->class[end]]);
        }
        for (uint16_t i = first; i < end; i++) {
            const struct alloc_box *box = &job->box[s->class[i]];

            s->is_overdue[s->class[i]] = !is_running(box) && box->waiting_ms >= round_turns(job, box) * job->rules->turn_ms;
        }
    }
}

int32_t admit_need_ma(const struct alloc_job *job, uint16_t i)
{
    return job->box[i].min_ma + (is_running(&job->box[i]) ? 0 : job->rules->start_margin_ma);
}

/* Stopped for lack of current a short while ago; only its turn brings it back so soon (A7). */
static bool is_blocked(const struct alloc_job *job, uint16_t i)
{
    return !is_running(&job->box[i]) && job->box[i].blocked_ms > 0 && !job->s->is_overdue[i];
}

/* Whether the sun covers its minimum beside those before it, counting those that would start if they were let. */
static void look_at_sun(struct alloc_job *job, uint16_t i, bool may_start)
{
    const struct alloc_box *box = &job->box[i];

    if (box->solar == ALLOC_FAST) {
        return;
    }
    job->out[i].is_covered = may_start && pool_sun_covers(&job->s->trial, box, admit_need_ma(job, i));
    if (job->out[i].is_covered || job->s->is_admitted[i]) {
        for (int r = POOL_SUN_SUM; r < POOL_IMBALANCE && r < job->s->trial.n; r++) {
            job->s->trial.left[0][r] -= (int64_t)box->min_ma * pool_share(box, r);
        }
    }
}

void admit_run(struct alloc_job *job)
{
    struct alloc_scratch *s = job->s;

    find_overdue(job);
    memcpy(s->line, s->class, sizeof s->line[0] * job->line_n);
    sort_index(s->line, job->line_n, line_before, job);
    sort_index(s->class, job->line_n, class_before, job);
    pool_copy(&s->floor, &s->base, job->node_n);
    pool_copy(&s->trial, &s->base, 1); /* the sun as it would be if those that only look had started */
    for (uint16_t k = 0; k < job->line_n; k++) {
        uint16_t i = s->line[k];
        bool may_start = !is_blocked(job, i) && pool_fits(&s->floor, job->node, &job->box[i], admit_need_ma(job, i), POOL_FOR_MINIMUM);

        s->is_admitted[i] = may_start && job->box[i].solar != ALLOC_SOLAR_LOOK;
        if (s->is_admitted[i]) {
            pool_take(&s->floor, job->node, &job->box[i], job->box[i].min_ma);
        }
        look_at_sun(job, i, may_start);
    }
}
