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

static int32_t magnitude(int32_t v)
{
    return v < 0 ? -v : v;
}

/* How far the wallboxes have moved between two samples, at least and at most. True when it is clearly a step on some phase. */
static bool moved(const struct past_range *from, const struct past_range *to, struct past_range *out)
{
    bool is_step = false;

    for (int p = 0; p < PHASE_N; p++) {
        out->lo_ma[p] = to->lo_ma[p] - from->hi_ma[p];
        out->hi_ma[p] = to->hi_ma[p] - from->lo_ma[p];
        is_step = is_step || out->lo_ma[p] >= WIRING_STEP_MA || out->hi_ma[p] <= -WIRING_STEP_MA;
    }
    return is_step;
}

static int32_t largest_ma(const struct past_range *move)
{
    int32_t most_ma = 0;

    for (int p = 0; p < PHASE_N; p++) {
        most_ma = max_i32(most_ma, max_i32(magnitude(move->lo_ma[p]), magnitude(move->hi_ma[p])));
    }
    return most_ma;
}

/* How far what was shown is from what a wiring would have shown, on the phase where it is farthest. */
static int32_t miss_ma(uint16_t wiring, const struct past_range *move, const int32_t shown_ma[PHASE_N], uint8_t phases)
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
static bool is_vague(const struct past_range *move)
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
static bool is_own_doing(const struct meter_wiring *w, const struct past_range *move, uint16_t set)
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
static void judge(struct meter_wiring *w, int from, const struct past_range *move, uint8_t phases)
{
    const struct past_at *a = meter_past_entry(&w->past, from);
    const struct past_at *b = meter_past_entry(&w->past, w->past.n - 1);
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
    int64_t from_ms = max_i64(w->judged_ms, meter_past_entry(&w->past, w->past.n - 1)->taken_ms - window_ms - REACH_MS);
    struct past_range to;
    struct past_range from;
    struct past_range move;

    if (!meter_past_before(&w->past, w->past.n - 1, window_ms, &to)) {
        return;
    }
    for (int i = w->past.n - 2; i >= 0 && meter_past_entry(&w->past, i)->taken_ms >= from_ms; i--) {
        if (meter_past_around(&w->past, i, window_ms, &from) && moved(&from, &to, &move)) {
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
static void judge_pair(struct meter_wiring *w, const struct past_at *a, const struct past_at *b)
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
        bool is_reversed = (i & WIRING_REVERSED) != 0; /* from import to export is feared, from export to import is trusted */

        if (was_wrong && (w->candidates & (1u << i)) != 0 && is_made_of(i, b->metered_ma, a->metered_ma) && (!is_reversed || fallen_ma < 0)) {
            agree(w);
            w->state = WIRING_UNSEEN;
            w->judged_ms = b->taken_ms;
            return;
        }
        if (is_made_of(i, a->metered_ma, b->metered_ma) && (!is_reversed || fallen_ma > 0)) {
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
    int64_t known_ms = meter_past_entry(&w->past, w->past.n - 1)->taken_ms - PAST_TOLD_MS;

    for (int i = 1; i < w->past.n; i++) {
        const struct past_at *b = meter_past_entry(&w->past, i);
        struct past_range around;
        bool is_steady = true;

        if (b->taken_ms <= w->paired_ms || b->taken_ms > known_ms || !meter_past_around(&w->past, i, window_ms, &around)) {
            continue;
        }
        w->paired_ms = b->taken_ms;
        for (int p = 0; p < PHASE_N; p++) {
            is_steady = is_steady && around.hi_ma[p] - around.lo_ma[p] <= STEADY_MA;
        }
        if (is_steady) {
            judge_pair(w, meter_past_entry(&w->past, i - 1), b);
        }
    }
}

void meter_wiring_sample(struct meter_wiring *w, const struct meter_sample *sample, const int32_t own_ma[PHASE_N], int64_t window_ms, uint8_t phases,
                         bool does_judge)
{
    meter_past_add(&w->past, sample, own_ma);
    if (!does_judge) {
        return;
    }
    if (w->state == WIRING_SUSPECTED && sample->taken_ms >= w->suspect_end_ms) {
        w->state = WIRING_UNSEEN; /* the candidates stay: the next step of their kind is enough */
    }
    judge_places(w, window_ms);
    judge_step(w, window_ms, phases);
}

/* Such a suspicion proves nothing by coming again: only a step of the wallboxes does. */
static void suspect(struct meter_wiring *w, uint16_t set, int64_t now_ms)
{
    if (w->state == WIRING_SUSPECTED || w->state == WIRING_WRONG || set == 0) {
        return;
    }
    w->state = WIRING_SUSPECTED;
    w->candidates = (w->candidates & set) != 0 ? w->candidates & set : set;
    w->suspect_end_ms = now_ms + WIRING_SUSPECT_MS;
}

void meter_wiring_suspect_reversed(struct meter_wiring *w, int64_t now_ms)
{
    suspect(w, 1u << WIRING_REVERSED, now_ms);
}

void meter_wiring_suspect_phase(struct meter_wiring *w, int shown, uint8_t really, int64_t now_ms)
{
    uint16_t set = 0;

    for (uint16_t i = 2; i < WIRING_N; i += 2) {
        set = (uint16_t)(set | ((really & PHASE_BIT(orders[i / 2][shown])) != 0 ? 1u << i : 0));
    }
    suspect(w, set, now_ms);
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
