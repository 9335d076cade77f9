#include "manager/core/meter_watch.h"

#include "common/base/units.h"

#define SUM_W 100  /* figures are read one after the other, and rounded: so far apart they may be, ... */
#define SUM_DIV 10 /* ... and this part of what flows */
#define LIMIT_SLACK_MA 1000
#define MOVE_TOLD_MS 1500 /* a figure of a wallbox holds until the next Status, a second and its way later */
#define APPARENT_DIV 5    /* ... or, of power against voltage times current */

const char *meter_doubt_text(enum meter_doubt doubt)
{
    static const char *const texts[DOUBT_N] = {
        [DOUBT_NONE] = "none",
        [DOUBT_SILENT] = "silent",
        [DOUBT_UNREACHABLE] = "unreachable",
        [DOUBT_GARBLED] = "garbled",
        [DOUBT_REFUSED] = "refused",
        [DOUBT_NO_UNIT] = "no_unit",
        [DOUBT_MISCONFIGURED] = "misconfigured",
        [DOUBT_VALUES] = "values",
        [DOUBT_SUM] = "sum",
        [DOUBT_FROZEN] = "frozen",
        [DOUBT_SIGN] = "sign",
        [DOUBT_PHASES] = "phases",
    };

    return (unsigned)doubt < DOUBT_N ? texts[doubt] : "unknown";
}

void meter_watch_init(struct meter_watch *w)
{
    *w = (struct meter_watch){.import_since_ms = MS_NEVER, .export_over_ms = MS_NEVER, .import_over_ms = MS_NEVER};
    meter_wiring_init(&w->wiring);
}

static int64_t magnitude(int64_t v)
{
    return v < 0 ? -v : v;
}

/* Only a meter that measures its total by itself, and each phase that it measures the current of, can be wrong here. */
static bool does_sum_fit(const struct meter_sample *s)
{
    int64_t sum_w = 0;
    int64_t flow_w = 0;

    if ((s->power_set & METER_POWER_TOTAL) == 0 || (s->power_set & s->current_set) != s->current_set || s->current_set == 0) {
        return true;
    }
    for (int p = 0; p < PHASE_N; p++) {
        sum_w += s->power_w[p];
        flow_w += magnitude(s->power_w[p]);
    }
    return magnitude(sum_w - s->power_total_w) <= SUM_W + max_i64(flow_w, magnitude(s->power_total_w)) / SUM_DIV;
}

/* No phase can have more active power than voltage times current. */
static bool does_power_fit(const struct meter_sample *s)
{
    for (int p = 0; p < PHASE_N; p++) {
        int64_t apparent_w = (int64_t)s->voltage_mv[p] * magnitude(s->current_ma[p]) / 1000000;
        bool is_known = (s->power_set & s->current_set & PHASE_BIT(p)) != 0 && s->voltage_mv[p] > 0;

        if (is_known && magnitude(s->power_w[p]) > apparent_w + apparent_w / APPARENT_DIV + SUM_W) {
            return false;
        }
    }
    return true;
}

/* Since when something is so, and whether for long enough. */
static bool lasts(int64_t *since_ms, bool is_so, int64_t now_ms, int64_t long_ms)
{
    if (!is_so) {
        *since_ms = MS_NEVER;
        return false;
    }
    if (*since_ms == MS_NEVER) {
        *since_ms = now_ms;
    }
    return now_ms - *since_ms >= long_ms;
}

/* Phases on which wallboxes draw enough to be an overload elsewhere. */
static uint8_t busy_phases(const struct meter_watch_own *own)
{
    uint8_t set = 0;

    for (int p = 0; p < PHASE_N; p++) {
        set = (uint8_t)(set | (own->ma[p] >= LIMIT_OWN_MA ? PHASE_BIT(p) : 0));
    }
    return set;
}

/* Suspected of too much export, and then seen to move as the wallboxes do; or wrong after all. A suspicion that only ran out may come again. */
static void note_refuted(struct meter_watch *w)
{
    if (w->wiring.state == WIRING_AGREES && w->export_doubt == EXPORT_SUSPECTED) {
        w->export_doubt = EXPORT_REFUTED;
    } else if (w->wiring.state == WIRING_WRONG || (w->wiring.state == WIRING_UNSEEN && w->export_doubt == EXPORT_SUSPECTED)) {
        w->export_doubt = EXPORT_UNSUSPECTED;
    }
}

/* What the node's limit says about the wiring, even when no wallbox moves. More export than the limit where wallboxes draw is hardly possible:
 * it is import, and an overload; unless a step of the wallboxes refuted that suspicion before, as where the sun may give more than is taken.
 * An overload on a phase where no wallbox draws, while they do on others, may be theirs; a meter that was seen to move with them is believed. */
static void check_limits(struct meter_watch *w, const struct meter_watch_rules *rules, const struct meter_sample *s, const struct meter_watch_own *own)
{
    bool is_export_over = false;
    int alone = -1;

    for (int p = 0; p < PHASE_N; p++) {
        int32_t limit_ma = rules->limit_ma[p];
        bool is_over = s->current_ma[p] > limit_ma + limit_ma / 100 + LIMIT_SLACK_MA;

        is_export_over = is_export_over || (own->ma[p] >= LIMIT_OWN_MA && s->current_ma[p] < -limit_ma - limit_ma / 20 - LIMIT_SLACK_MA);
        alone = is_over && own->ma[p] < LIMIT_OWN_MA / 4 && w->wiring.state == WIRING_UNSEEN ? p : alone;
    }
    note_refuted(w);
    if (lasts(&w->export_over_ms, is_export_over, s->taken_ms, LIMIT_EXPORT_MS) && w->export_doubt == EXPORT_UNSUSPECTED) {
        meter_wiring_suspect_reversed(&w->wiring, s->taken_ms);
        w->export_doubt = w->wiring.state == WIRING_SUSPECTED ? EXPORT_SUSPECTED : EXPORT_UNSUSPECTED;
    }
    if (lasts(&w->import_over_ms, alone >= 0 && busy_phases(own) != 0, s->taken_ms, LIMIT_IMPORT_MS)) {
        meter_wiring_suspect_phase(&w->wiring, alone, busy_phases(own), s->taken_ms);
    }
}

/* Other registers than before: the time begins anew. What a meter showed while it did not follow is no reference. */
static void note_change(struct meter_watch *w, const struct meter_sample *s)
{
    if (s->digest != 0 && s->digest == w->digest) {
        return;
    }
    if (w->has_moved) {
        meter_past_restart(&w->wiring.past);
    }
    w->digest = s->digest;
    w->same_since_ms = s->taken_ms;
    w->has_moved = false;
    w->has_range = false;
}

/* Whether the wallboxes have clearly moved while the registers stayed the same. What was told late of before does not count. */
static void note_move(struct meter_watch *w, int64_t taken_ms, int64_t window_ms)
{
    struct past_range now;

    if (taken_ms < w->same_since_ms + MOVE_TOLD_MS || !meter_past_before(&w->wiring.past, w->wiring.past.n - 1, window_ms, &now)) {
        return;
    }
    for (int p = 0; p < PHASE_N; p++) {
        w->most_lo_ma[p] = w->has_range ? max_i32(w->most_lo_ma[p], now.lo_ma[p]) : now.lo_ma[p];
        w->least_hi_ma[p] = w->has_range ? min_i32(w->least_hi_ma[p], now.hi_ma[p]) : now.hi_ma[p];
        w->has_moved = w->has_moved || w->most_lo_ma[p] - w->least_hi_ma[p] > FROZEN_MOVED_MA;
    }
    w->has_range = true;
}

static bool is_frozen(const struct meter_watch *w, const struct meter_sample *s)
{
    bool is_fine = s->voltage_step_mv > 0 && s->voltage_step_mv <= FROZEN_STEP_MV;
    int64_t same_ms = s->taken_ms - w->same_since_ms;

    return s->digest != 0 && ((w->has_moved && same_ms >= FROZEN_MOVED_MS) || (is_fine && same_ms >= FROZEN_MS));
}

/* The sun gives and does not take, but for what an inverter needs itself. */
static bool is_solar_reversed(struct meter_watch *w, const struct meter_sample *s)
{
    return lasts(&w->import_since_ms, s->power_total_w > SOLAR_IMPORT_W, s->taken_ms, SOLAR_IMPORT_MS);
}

static enum meter_doubt wiring_doubt(const struct meter_wiring *w)
{
    uint16_t found = meter_wiring_found(w);

    if (found == WIRING_NONE) {
        return DOUBT_NONE;
    }
    return found == WIRING_REVERSED ? DOUBT_SIGN : DOUBT_PHASES;
}

enum meter_doubt meter_watch_sample(struct meter_watch *w, const struct meter_watch_rules *rules, const struct meter_sample *sample,
                                    const struct meter_watch_own *own)
{
    uint8_t phases = sample->current_set != 0 ? sample->current_set : PHASE_ALL;

    if (!does_sum_fit(sample) || !does_power_fit(sample)) {
        w->doubt = DOUBT_SUM;
        return w->doubt;
    }
    if (own->heard_n != w->heard_n) {
        w->heard_n = own->heard_n;
        w->has_range = false;
        meter_past_restart(&w->wiring.past);
    }
    note_change(w, sample);
    meter_wiring_sample(&w->wiring, sample, own->ma, rules->window_ms, phases, !rules->is_solar);
    note_move(w, sample->taken_ms, rules->window_ms);
    if (!rules->is_solar) {
        check_limits(w, rules, sample, own);
    }
    if (is_frozen(w, sample)) {
        w->doubt = DOUBT_FROZEN;
    } else if (rules->is_solar) {
        w->doubt = is_solar_reversed(w, sample) ? DOUBT_SIGN : DOUBT_NONE;
    } else {
        w->doubt = wiring_doubt(&w->wiring);
    }
    return w->doubt;
}
