#include "manager/core/meter_past.h"

#include "common/base/check.h"
#include "common/base/units.h"

void meter_past_restart(struct meter_past *h)
{
    h->n = 0;
}

const struct past_at *meter_past_entry(const struct meter_past *h, int i)
{
    CHECK(i >= 0);
    CHECK(i < h->n);
    return &h->at[(h->first + i) % PAST_KEPT];
}

static void widen(struct past_range *r, const int32_t ma[PHASE_N])
{
    for (int p = 0; p < PHASE_N; p++) {
        r->lo_ma[p] = min_i32(r->lo_ma[p], ma[p]);
        r->hi_ma[p] = max_i32(r->hi_ma[p], ma[p]);
    }
}

bool meter_past_before(const struct meter_past *h, int i, int64_t window_ms, struct past_range *out)
{
    int64_t from_ms = meter_past_entry(h, i)->taken_ms - window_ms;

    for (int p = 0; p < PHASE_N; p++) {
        out->lo_ma[p] = meter_past_entry(h, i)->own_ma[p];
        out->hi_ma[p] = meter_past_entry(h, i)->own_ma[p];
    }
    for (int k = i; k >= 0; k--) {
        widen(out, meter_past_entry(h, k)->own_ma);
        if (meter_past_entry(h, k)->taken_ms <= from_ms) {
            return true;
        }
    }
    return h->begins_idle;
}

bool meter_past_around(const struct meter_past *h, int i, int64_t window_ms, struct past_range *out)
{
    if (!meter_past_before(h, i, window_ms, out)) {
        return false;
    }
    for (int k = i + 1; k < h->n; k++) {
        widen(out, meter_past_entry(h, k)->own_ma);
        if (meter_past_entry(h, k)->taken_ms >= meter_past_entry(h, i)->taken_ms + PAST_TOLD_MS) {
            break;
        }
    }
    return true;
}

void meter_past_add(struct meter_past *h, const struct meter_sample *sample, const int32_t own_ma[PHASE_N])
{
    struct past_at *at;
    bool is_idle = own_ma[0] == 0 && own_ma[1] == 0 && own_ma[2] == 0;

    if (h->n > 0 && sample->taken_ms - meter_past_entry(h, h->n - 1)->taken_ms > PAST_GAP_MS) {
        meter_past_restart(h); /* what happened meanwhile is not known */
    }
    h->begins_idle = h->n == 0 ? is_idle : h->begins_idle && h->n < PAST_KEPT;
    if (h->n == PAST_KEPT) {
        h->first = (uint8_t)((h->first + 1) % PAST_KEPT);
        h->n--;
    }
    at = &h->at[(h->first + h->n) % PAST_KEPT];
    h->n++;
    at->taken_ms = sample->taken_ms;
    for (int p = 0; p < PHASE_N; p++) {
        at->metered_ma[p] = sample->current_ma[p];
        at->own_ma[p] = own_ma[p];
    }
}
