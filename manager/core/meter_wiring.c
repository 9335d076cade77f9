#include "manager/core/meter_wiring.h"

#include "common/base/check.h"
#include "common/base/units.h"

#define ORDER_N 6
#define WIRING_N (2 * ORDER_N)
#define REACH_MS 8000    /* a reference is at most so much older than its sample, and the window */
#define SLACK_MA 1000    /* loads of the house that move meanwhile, and errors of measurement, ... */
#define SLACK_DIV 8      /* ... and this part of the step */
#define VAGUE_MA 2000    /* a step is known within this, or half of itself */
#define STEADY_MA 1000   /* the wallboxes move less: steady */
#define SAME_MA 700      /* two figures are the same when they are no further apart, ... */
#define SAME_DIV 14      /* ... and this part of the larger */
#define EXCHANGE_MA 8000 /* figures that exchange their places must move so much together */

/* What the meter shows on each phase is what really flows on this one. Those that an assignment can put right stand first. */
static const uint8_t orders[ORDER_N][PHASE_N] = {{0, 1, 2}, {1, 2, 0}, {2, 0, 1}, {1, 0, 2}, {2, 1, 0}, {0, 2, 1}};

void meter_wiring_init(struct meter_wiring *w)
{
    *w = (struct meter_wiring){.judged_ms = MS_NEVER, .paired_ms = MS_NEVER};
}

void meter_wiring_restart(struct meter_wiring *w)
{
    w->n = 0;
}

static const struct wiring_at *entry(const struct meter_wiring *w, int i)
{
    CHECK(i >= 0);
    CHECK(i < w->n);
    return &w->at[(w->first + i) % WIRING_KEPT];
}

static int32_t magnitude(int32_t v)
{
    return v < 0 ? -v : v;
}

static void widen(struct wiring_range *r, const int32_t ma[PHASE_N])
{
    for (int p = 0; p < PHASE_N; p++) {
        r->lo_ma[p] = min_i32(r->lo_ma[p], ma[p]);
        r->hi_ma[p] = max_i32(r->hi_ma[p], ma[p]);
    }
}

/* The wallboxes' current as sample `i` may show it: of the whole window before it, the figure in force at its beginning included. */
static bool range_before(const struct meter_wiring *w, int i, int64_t window_ms, struct wiring_range *out)
{
    int64_t from_ms = entry(w, i)->taken_ms - window_ms;

    for (int p = 0; p < PHASE_N; p++) {
        out->lo_ma[p] = entry(w, i)->own_ma[p];
        out->hi_ma[p] = entry(w, i)->own_ma[p];
    }
    for (int k = i; k >= 0; k--) {
        widen(out, entry(w, k)->own_ma);
        if (entry(w, k)->taken_ms <= from_ms) {
            return true;
        }
    }
    return false;
}

/* The same for a sample of the past: what was told late counts as well. */
static bool range_around(const struct meter_wiring *w, int i, int64_t window_ms, struct wiring_range *out)
{
    if (!range_before(w, i, window_ms, out)) {
        return false;
    }
    for (int k = i + 1; k < w->n; k++) {
        widen(out, entry(w, k)->own_ma);
        if (entry(w, k)->taken_ms >= entry(w, i)->taken_ms + WIRING_TOLD_MS) {
            break;
        }
    }
    return true;
}

bool meter_wiring_range(const struct meter_wiring *w, int64_t window_ms, struct wiring_range *out)
{
    return w->n > 0 && range_before(w, w->n - 1, window_ms, out);
}

/* How far the wallboxes have moved between two samples, at least and at most. True when it is clearly a step on some phase. */
static bool moved(const struct wiring_range *from, const struct wiring_range *to, struct wiring_range *out)
{
    bool is_step = false;

    for (int p = 0; p < PHASE_N; p++) {
        out->lo_ma[p] = to->lo_ma[p] - from->hi_ma[p];
        out->hi_ma[p] = to->hi_ma[p] - from->lo_ma[p];
        is_step = is_step || out->lo_ma[p] >= WIRING_STEP_MA || out->hi_ma[p] <= -WIRING_STEP_MA;
    }
    return is_step;
}

static int32_t largest_ma(const struct wiring_range *move)
{
    int32_t most_ma = 0;

    for (int p = 0; p < PHASE_N; p++) {
        most_ma = max_i32(most_ma, max_i32(magnitude(move->lo_ma[p]), magnitude(move->hi_ma[p])));
    }
    return most_ma;
}

/* How far what was shown is from what a wiring would have shown, on the phase where it is farthest. */
static int32_t miss_ma(uint16_t wiring, const struct wiring_range *move, const int32_t shown_ma[PHASE_N], uint8_t phases)
{
    bool is_reversed = (wiring & WIRING_REVERSED) != 0;
    int32_t most_ma = 0;

    for (int p = 0; p < PHASE_N; p++) {
        int really = orders[wiring / 2][p];
        int32_t lo_ma = is_reversed ? -move->hi_ma[really] : move->lo_ma[really];
        int32_t hi_ma = is_reversed ? -move->lo_ma[really] : move->hi_ma[really];

        if ((phases & PHASE_BIT(p)) != 0) {
            most_ma = max_i32(most_ma, max_i32(lo_ma - shown_ma[p], shown_ma[p] - hi_ma));
        }
    }
    return most_ma;
}

/* Of a step that is known too vaguely anything could be made. */
static bool is_vague(const struct wiring_range *move)
{
    int32_t most_ma = 0;

    for (int p = 0; p < PHASE_N; p++) {
        most_ma = max_i32(most_ma, move->hi_ma[p] - move->lo_ma[p]);
    }
    return most_ma > max_i32(VAGUE_MA, largest_ma(move) / 2);
}

static void agree(struct meter_wiring *w)
{
    w->state = WIRING_AGREES;
    w->candidates = 0;
}

/* The wiring as it should be explains a step, and so do those of this set: candidates that do not are refuted. A step on a phase that stays
 * in its place says nothing about the two that are exchanged. */
static void narrow(struct meter_wiring *w, uint16_t set)
{
    w->candidates &= set;
    if (w->candidates == 0) {
        agree(w);
    }
}

/* Something fits only wirings of this set. Candidates of an earlier time that nothing has refuted count. */
static void disagree(struct meter_wiring *w, uint16_t set, int64_t now_ms)
{
    if ((w->candidates & set) != 0) {
        w->state = WIRING_WRONG;
        w->candidates &= set;
        return;
    }
    w->state = WIRING_SUSPECTED;
    w->candidates = set;
    w->suspect_end_ms = now_ms + WIRING_SUSPECT_MS;
}

/* A house load that rises makes the manager cut wallboxes at once, so that the meter rises while they fall: on one phase that alone looks
 * like a meter that is the wrong way round. A rise of wallboxes has no such cause. */
static bool is_own_doing(const struct meter_wiring *w, const struct wiring_range *move, uint16_t set)
{
    bool is_trusted = w->state == WIRING_UNSEEN || w->state == WIRING_AGREES;
    int down_n = 0;
    int up_n = 0;

    for (int p = 0; p < PHASE_N; p++) {
        down_n += move->hi_ma[p] <= -WIRING_STEP_MA;
        up_n += move->lo_ma[p] >= WIRING_STEP_MA;
    }
    for (uint16_t i = 0; i < WIRING_N; i += 2) {
        if ((set & (1u << i)) != 0) {
            return false; /* another order of phases explains it as well */
        }
    }
    return is_trusted && up_n == 0 && down_n == 1;
}

/* Which wirings explain the step between two samples. */
static void judge(struct meter_wiring *w, int from, const struct wiring_range *move, uint8_t phases)
{
    const struct wiring_at *a = entry(w, from);
    const struct wiring_at *b = entry(w, w->n - 1);
    int32_t slack_ma = SLACK_MA + largest_ma(move) / SLACK_DIV;
    int32_t shown_ma[PHASE_N];
    int32_t most_ma = 0;
    uint16_t set = 0;

    for (int p = 0; p < PHASE_N; p++) {
        shown_ma[p] = b->metered_ma[p] - a->metered_ma[p];
        most_ma = (phases & PHASE_BIT(p)) != 0 ? max_i32(most_ma, magnitude(shown_ma[p])) : most_ma;
    }
    for (uint16_t i = 0; i < WIRING_N; i++) {
        set = (uint16_t)(set | (miss_ma(i, move, shown_ma, phases) <= slack_ma ? 1u << i : 0));
    }
    if (set == 0 || most_ma < WIRING_STEP_MA / 2 || is_vague(move)) {
        return; /* the house has moved as well, or nothing has: no evidence */
    }
    if ((set & 1u) != 0) {
        w->judged_ms = b->taken_ms;
        narrow(w, set);
    } else if (miss_ma(0, move, shown_ma, phases) >= slack_ma + WIRING_STEP_MA && !is_own_doing(w, move, set)) {
        w->judged_ms = b->taken_ms;
        disagree(w, set, b->taken_ms);
    }
}

/* The newest sample against the latest one from which the wallboxes have clearly moved. */
static void judge_step(struct meter_wiring *w, int64_t window_ms, uint8_t phases)
{
    int64_t from_ms = max_i64(w->judged_ms, entry(w, w->n - 1)->taken_ms - window_ms - REACH_MS);
    struct wiring_range to;
    struct wiring_range from;
    struct wiring_range move;

    if (!range_before(w, w->n - 1, window_ms, &to)) {
        return;
    }
    for (int i = w->n - 2; i >= 0 && entry(w, i)->taken_ms >= from_ms; i--) {
        if (range_around(w, i, window_ms, &from) && moved(&from, &to, &move)) {
            judge(w, i, &move, phases);
            return;
        }
    }
}

static bool is_same(int32_t a_ma, int32_t b_ma)
{
    return magnitude(a_ma - b_ma) <= SAME_MA + max_i32(magnitude(a_ma), magnitude(b_ma)) / SAME_DIV;
}

/* True when `shown` is what a meter of this wiring makes of `real`. */
static bool is_made_of(uint16_t wiring, const int32_t real_ma[PHASE_N], const int32_t shown_ma[PHASE_N])
{
    for (int p = 0; p < PHASE_N; p++) {
        int32_t ma = real_ma[orders[wiring / 2][p]];

        if (!is_same(shown_ma[p], (wiring & WIRING_REVERSED) != 0 ? -ma : ma)) {
            return false;
        }
    }
    return true;
}

/* From one sample to the next the figures exchange places while no wallbox moves: somebody has turned or exchanged something at the meter.
 * Back in their places they prove that it was put right. */
static void judge_pair(struct meter_wiring *w, const struct wiring_at *a, const struct wiring_at *b)
{
    bool was_wrong = w->state == WIRING_SUSPECTED || w->state == WIRING_WRONG;
    int64_t fallen_ma = 0;
    int64_t way_ma = 0;
    uint16_t set = 0;

    for (int p = 0; p < PHASE_N; p++) {
        fallen_ma += a->metered_ma[p] - b->metered_ma[p];
        way_ma += magnitude(a->metered_ma[p] - b->metered_ma[p]);
    }
    if (way_ma < EXCHANGE_MA || is_made_of(0, a->metered_ma, b->metered_ma)) {
        return;
    }
    for (uint16_t i = 1; i < WIRING_N; i++) {
        if (was_wrong && (w->candidates & (1u << i)) != 0 && is_made_of(i, b->metered_ma, a->metered_ma)) {
            agree(w);
            w->state = WIRING_UNSEEN;
            w->judged_ms = b->taken_ms;
            return;
        }
        if (is_made_of(i, a->metered_ma, b->metered_ma) && ((i & WIRING_REVERSED) == 0 || fallen_ma > 0)) {
            set = (uint16_t)(set | 1u << i);
        }
    }
    if (set != 0 && !was_wrong) {
        w->judged_ms = b->taken_ms;
        disagree(w, set, b->taken_ms);
    }
}

/* Look at the pairs whose surroundings are known by now. */
static void judge_places(struct meter_wiring *w, int64_t window_ms)
{
    int64_t known_ms = entry(w, w->n - 1)->taken_ms - WIRING_TOLD_MS;

    for (int i = 1; i < w->n; i++) {
        const struct wiring_at *b = entry(w, i);
        struct wiring_range around;
        bool is_steady = true;

        if (b->taken_ms <= w->paired_ms || b->taken_ms > known_ms || !range_around(w, i, window_ms, &around)) {
            continue;
        }
        w->paired_ms = b->taken_ms;
        for (int p = 0; p < PHASE_N; p++) {
            is_steady = is_steady && around.hi_ma[p] - around.lo_ma[p] <= STEADY_MA;
        }
        if (is_steady) {
            judge_pair(w, entry(w, i - 1), b);
        }
    }
}

static void keep(struct meter_wiring *w, const struct meter_sample *sample, const int32_t own_ma[PHASE_N])
{
    struct wiring_at *at;

    if (w->n > 0 && sample->taken_ms - entry(w, w->n - 1)->taken_ms > WIRING_GAP_MS) {
        meter_wiring_restart(w); /* what happened meanwhile is not known */
    }
    if (w->n == WIRING_KEPT) {
        w->first = (uint8_t)((w->first + 1) % WIRING_KEPT);
        w->n--;
    }
    at = &w->at[(w->first + w->n) % WIRING_KEPT];
    w->n++;
    at->taken_ms = sample->taken_ms;
    for (int p = 0; p < PHASE_N; p++) {
        at->metered_ma[p] = sample->current_ma[p];
        at->own_ma[p] = own_ma[p];
    }
}

void meter_wiring_sample(struct meter_wiring *w, const struct meter_sample *sample, const int32_t own_ma[PHASE_N], int64_t window_ms, uint8_t phases,
                         bool does_judge)
{
    keep(w, sample, own_ma);
    if (!does_judge) {
        return;
    }
    if (w->state == WIRING_SUSPECTED && sample->taken_ms >= w->suspect_end_ms) {
        w->state = WIRING_UNSEEN; /* the candidates stay: the next step of their kind is enough */
    }
    judge_places(w, window_ms);
    judge_step(w, window_ms, phases);
}

uint16_t meter_wiring_found(const struct meter_wiring *w)
{
    for (uint16_t i = 1; i < WIRING_N && (w->state == WIRING_SUSPECTED || w->state == WIRING_WRONG); i++) {
        if ((w->candidates & (1u << i)) != 0) {
            return i;
        }
    }
    return WIRING_NONE;
}

static bool is_right(enum phase_assign a, enum phase_assign now, const uint8_t order[PHASE_N])
{
    for (int t = 0; t < PHASE_N; t++) {
        int shown = phase_of_terminal(now, t);

        if (phase_of_terminal(a, t) != (shown < 0 ? -1 : order[shown])) {
            return false;
        }
    }
    return true;
}

enum phase_assign meter_wiring_suggest(const struct meter_wiring *w, enum phase_assign now)
{
    uint16_t found = meter_wiring_found(w);

    for (int a = PHASES_L1_L2_L3; a < PHASES_N && found != WIRING_NONE && found != WIRING_REVERSED; a++) {
        if (is_right((enum phase_assign)a, now, orders[found / 2])) {
            return (enum phase_assign)a;
        }
    }
    return PHASES_UNSET;
}
