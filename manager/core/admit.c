#include "manager/core/admit.h"

#include <string.h>

#include "common/base/units.h"

#define FEW 32

static bool is_running(const struct alloc_box *box)
{
    return box->current_ma > 0;
}

static bool is_sheltered(const struct alloc_job *job, const struct alloc_box *box)
{
    return is_running(box) && box->running_ms < job->rules->min_run_ms;
}

/* Few are put in their places one by one. */
static void sort_few(const uint64_t *key, uint16_t *index, uint16_t n)
{
    for (uint16_t k = 1; k < n; k++) {
        uint16_t moved = index[k];
        uint16_t at = k;

        for (; at > 0 && key[index[at - 1]] > key[moved]; at--) {
            index[at] = index[at - 1];
        }
        index[at] = moved;
    }
}

/* Put in order of one byte of the keys. */
static void sort_byte(struct alloc_scratch *s, uint16_t *index, uint16_t n, int shift)
{
    uint16_t at[257] = {0};

    for (uint16_t k = 0; k < n; k++) {
        at[(s->key[index[k]] >> shift & 0xff) + 1]++;
    }
    for (int value = 1; value < 256; value++) {
        at[value] = (uint16_t)(at[value] + at[value - 1]);
    }
    for (uint16_t k = 0; k < n; k++) {
        s->spare[at[s->key[index[k]] >> shift & 0xff]++] = index[k];
    }
    memcpy(index, s->spare, sizeof index[0] * n);
}

void admit_sort(struct alloc_scratch *s, uint16_t *index, uint16_t n)
{
    uint64_t differ = 0;

    if (n <= FEW) {
        sort_few(s->key, index, n);
        return;
    }
    for (uint16_t k = 1; k < n; k++) {
        differ |= s->key[index[k]] ^ s->key[index[0]];
    }
    for (int shift = 0; shift < 64; shift += 8) {
        if ((differ >> shift & 0xff) != 0) {
            sort_byte(s, index, n, shift);
        }
    }
}

/* Class order: priority, then rank. */
static void sort_class(struct alloc_job *job)
{
    struct alloc_scratch *s = job->s;

    for (uint16_t k = 0; k < job->line_n; k++) {
        const struct alloc_box *box = &job->box[s->class[k]];

        s->key[s->class[k]] = (uint64_t)(PRIORITY_MAX - box->priority) << 16 | box->rank;
    }
    admit_sort(s, s->class, job->line_n);
}

/* Who is first in a class of priority when the smallest minimums are given first. s->line from s->class. */
static void sort_minimums(struct alloc_job *job)
{
    struct alloc_scratch *s = job->s;

    memcpy(s->line, s->class, sizeof s->line[0] * job->line_n);
    for (uint16_t k = 0; k < job->line_n; k++) {
        const struct alloc_box *box = &job->box[s->line[k]];

        s->key[s->line[k]] = (uint64_t)(PRIORITY_MAX - box->priority) << 32 | (uint32_t)box->min_ma;
    }
    admit_sort(s, s->line, job->line_n);
}

/* Smaller for longer waiting; running inside its turn before all others, running after it like just arrived. */
static uint64_t waiting_key(const struct alloc_job *job, const struct alloc_box *box, int64_t longest_ms)
{
    if (is_running(box)) {
        return box->running_ms - box->before_turn_ms < job->rules->turn_ms ? 0 : (uint64_t)longest_ms + 1;
    }
    return (uint64_t)longest_ms - (uint64_t)box->waiting_ms + 1;
}

/* What comes before laxity and waiting in the order of admission. */
static uint64_t group_key(const struct alloc_job *job, uint16_t i)
{
    const struct alloc_box *box = &job->box[i];
    uint64_t key = is_sheltered(job, box) ? 0 : 1;

    key = key << 4 | (uint64_t)(PRIORITY_MAX - box->priority);
    key = key << 1 | (job->s->is_overdue[i] ? 0 : 1);
    return key << 1 | (box->has_laxity ? 0 : 1);
}

/* The order of admission, from the last criterion to the first: each sorting keeps the order of equal ones. s->line from s->class. */
static void sort_line(struct alloc_job *job)
{
    struct alloc_scratch *s = job->s;
    int64_t longest_ms = 0;
    int64_t least_ms = INT64_MAX;

    memcpy(s->line, s->class, sizeof s->line[0] * job->line_n);
    for (uint16_t k = 0; k < job->line_n; k++) {
        const struct alloc_box *box = &job->box[s->line[k]];

        longest_ms = max_i64(longest_ms, box->waiting_ms);
        least_ms = box->has_laxity ? min_i64(least_ms, box->laxity_ms) : least_ms;
    }
    for (uint16_t k = 0; k < job->line_n; k++) {
        s->key[s->line[k]] = (uint64_t)job->box[s->line[k]].served_ms;
    }
    admit_sort(s, s->line, job->line_n);
    for (uint16_t k = 0; k < job->line_n; k++) {
        s->key[s->line[k]] = waiting_key(job, &job->box[s->line[k]], longest_ms);
    }
    admit_sort(s, s->line, job->line_n);
    for (uint16_t k = 0; k < job->line_n; k++) {
        const struct alloc_box *box = &job->box[s->line[k]];

        s->key[s->line[k]] = box->has_laxity ? (uint64_t)box->laxity_ms - (uint64_t)least_ms : 0;
    }
    admit_sort(s, s->line, job->line_n);
    for (uint16_t k = 0; k < job->line_n; k++) {
        s->key[s->line[k]] = group_key(job, s->line[k]);
    }
    admit_sort(s, s->line, job->line_n);
}

/* Count one wallbox on all it asks for; s->trial is what is left there for minimums. */
static void count_one(struct alloc_job *job, const struct alloc_box *box)
{
    struct alloc_scratch *s = job->s;
    const uint8_t *asks = pool_asks(box, POOL_FOR_MINIMUM);

    for (uint16_t i = box->node; i != NODE_NONE; i = job->node[i].parent) {
        for (int r = 0; r < s->trial.n; r++) {
            int64_t take = (int64_t)box->min_ma * asks[r];
            int fits = (take > 0) & (take <= s->trial.left[i][r]);

            s->competing_n[i][r] = (uint16_t)(s->competing_n[i][r] + (take > 0));
            s->fitting_n[i][r] = (uint16_t)(s->fitting_n[i][r] + fits);
            s->trial.left[i][r] -= take * fits;
        }
    }
}

/* How many turns a full round takes on each resource, by what has been counted so far. */
static void find_rounds(struct alloc_job *job)
{
    struct alloc_scratch *s = job->s;

    for (uint16_t i = 0; i < job->node_n; i++) {
        for (int r = 0; r < s->trial.n; r++) {
            s->round_turns[i][r] = div_up(s->competing_n[i][r], max_i32(s->fitting_n[i][r], 1));
        }
    }
}

/* Turns that a full round takes for this wallbox. */
static int64_t round_turns(const struct alloc_job *job, const struct alloc_box *box)
{
    const struct alloc_scratch *s = job->s;
    const uint8_t *asks = pool_asks(box, POOL_FOR_MINIMUM);
    int64_t turns = 1;

    for (uint16_t i = box->node; i != NODE_NONE; i = job->node[i].parent) {
        for (int r = 0; r < s->trial.n; r++) {
            turns = max_i64(turns, asks[r] > 0 ? s->round_turns[i][r] : 0);
        }
    }
    return turns;
}

static bool is_overdue(const struct alloc_job *job, const struct alloc_box *box)
{
    if (is_running(box) || box->waiting_ms < job->rules->turn_ms) {
        return false; /* no round is shorter than a turn */
    }
    return box->waiting_ms >= round_turns(job, box) * job->rules->turn_ms;
}

/* Class by class, because a lower priority does not lengthen the round of a higher one. */
static void find_overdue(struct alloc_job *job)
{
    struct alloc_scratch *s = job->s;
    uint16_t end;

    pool_copy(&s->trial, &s->base, job->node_n);
    memset(s->competing_n, 0, sizeof s->competing_n[0] * job->node_n);
    memset(s->fitting_n, 0, sizeof s->fitting_n[0] * job->node_n);
    sort_minimums(job);
    for (uint16_t first = 0; first < job->line_n; first = end) {
        for (end = first; end < job->line_n && job->box[s->line[end]].priority == job->box[s->line[first]].priority; end++) {
            count_one(job, &job->box[s->line[end]]);
        }
        find_rounds(job);
        for (uint16_t k = first; k < end; k++) {
            s->is_overdue[s->line[k]] = is_overdue(job, &job->box[s->line[k]]);
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
            job->s->trial.left[0][r] -= (int64_t)box->min_ma * pool_shares(box)[r];
        }
    }
}

void admit_run(struct alloc_job *job)
{
    struct alloc_scratch *s = job->s;

    sort_class(job);
    find_overdue(job);
    sort_line(job);
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
