#include "manager/core/meter_watch.h"

#include "common/base/units.h"

#define SUM_W 100      /* figures are read one after the other, and rounded: so far apart they may be, ... */
#define SUM_DIV 10     /* ... and this part of what flows */
#define APPARENT_DIV 5 /* ... or, of power against voltage times current */

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
    *w = (struct meter_watch){.import_since_ms = MS_NEVER};
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

/* Other registers than before: the time begins anew. What a meter showed while it did not follow is no reference. */
static void note_change(struct meter_watch *w, const struct meter_sample *s)
{
    if (s->digest != 0 && s->digest == w->digest) {
        return;
    }
    if (w->has_moved) {
        meter_wiring_restart(&w->wiring);
    }
    w->digest = s->digest;
    w->same_since_ms = s->taken_ms;
    w->has_moved = false;
    w->has_range = false;
}

/* Whether the wallboxes have clearly moved while the registers stayed the same. What was told late of before does not count. */
static void note_move(struct meter_watch *w, int64_t taken_ms, int64_t window_ms)
{
    struct wiring_range now;

    if (taken_ms < w->same_since_ms + WIRING_TOLD_MS || !meter_wiring_range(&w->wiring, window_ms, &now)) {
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
    if (s->power_total_w <= SOLAR_IMPORT_W) {
        w->import_since_ms = MS_NEVER;
        return false;
    }
    if (w->import_since_ms == MS_NEVER) {
        w->import_since_ms = s->taken_ms;
    }
    return s->taken_ms - w->import_since_ms >= SOLAR_IMPORT_MS;
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
        meter_wiring_restart(&w->wiring);
    }
    note_change(w, sample);
    meter_wiring_sample(&w->wiring, sample, own->ma, rules->window_ms, phases, !rules->is_solar);
    note_move(w, sample->taken_ms, rules->window_ms);
    if (is_frozen(w, sample)) {
        w->doubt = DOUBT_FROZEN;
    } else if (rules->is_solar) {
        w->doubt = is_solar_reversed(w, sample) ? DOUBT_SIGN : DOUBT_NONE;
    } else {
        w->doubt = wiring_doubt(&w->wiring);
    }
    return w->doubt;
}
