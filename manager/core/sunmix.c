#include "manager/core/sunmix.h"

#include "common/base/check.h"
#include "common/base/units.h"

#define WMS_PER_WH INT64_C(3600000)

void sunmix_init(struct sunmix *s)
{
    *s = (struct sunmix){0};
}

static void begin(struct sunmix *s, int64_t utc_ms)
{
    s->is_running = true;
    s->from_utc_ms = div_down(utc_ms, SUNMIX_QUARTER_MS) * SUNMIX_QUARTER_MS;
    s->covered_ms = 0;
    s->production_wms = 0;
    s->import_wms = 0;
    s->export_wms = 0;
}

static void add(struct sunmix *s, int64_t ms)
{
    if (!s->is_known || ms <= 0) {
        return;
    }
    s->covered_ms += ms;
    s->production_wms += s->production_w * ms;
    s->import_wms += max_i64(s->house_w, 0) * ms;
    s->export_wms += max_i64(-s->house_w, 0) * ms;
}

static int64_t to_wh(int64_t wms)
{
    return (wms + WMS_PER_WH / 2) / WMS_PER_WH;
}

bool sunmix_feed(struct sunmix *s, int64_t utc_ms, bool is_known, int64_t house_w, int64_t production_w, struct sunmix_energy *out)
{
    int64_t end_ms = s->from_utc_ms + SUNMIX_QUARTER_MS;
    bool is_steady = s->is_running && utc_ms >= s->last_utc_ms && utc_ms - s->last_utc_ms <= SUNMIX_HOLD_MS;
    bool is_over = s->is_running && utc_ms >= end_ms;
    bool is_told = false;

    CHECK(utc_ms > 0);
    CHECK(production_w >= 0);
    if (is_steady) {
        add(s, min_i64(utc_ms, end_ms) - s->last_utc_ms);
    }
    if (is_over && s->covered_ms >= SUNMIX_LEAST_MS) {
        *out = (struct sunmix_energy){
            .from_utc_ms = s->from_utc_ms, .production_wh = to_wh(s->production_wms), .import_wh = to_wh(s->import_wms), .export_wh = to_wh(s->export_wms)};
        is_told = true;
    }
    if (!s->is_running || is_over || utc_ms < s->from_utc_ms) {
        begin(s, utc_ms);
        if (is_steady && is_over) {
            add(s, utc_ms - end_ms);
        }
    }
    s->last_utc_ms = utc_ms;
    s->is_known = is_known;
    s->house_w = house_w;
    s->production_w = production_w;
    return is_told;
}

int64_t sunmix_share_wh(const struct sunmix_energy *e, int64_t energy_wh)
{
    int64_t own_wh = max_i64(e->production_wh - e->export_wh, 0);
    int64_t used_wh = own_wh + max_i64(e->import_wh, 0);

    CHECK(energy_wh >= 0);
    if (used_wh == 0) {
        return 0;
    }
    return (energy_wh * own_wh + used_wh / 2) / used_wh;
}
