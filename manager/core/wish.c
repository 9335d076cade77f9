#include "manager/core/wish.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

void wish_setting_init(struct wish_setting *s, const struct site_box *site)
{
    *s = (struct wish_setting){.priority = site->priority, .mode = site->mode, .local_limit_ma = site->local_limit_ma};
    memcpy(s->name, site->name, sizeof s->name);
}

void wish_change(struct wish *w, uint8_t set, const struct wish *from)
{
    w->set = (uint8_t)((w->set & ~set) | (from->set & set));
    if ((set & WISH_DEPARTURE) != 0) {
        w->departure_utc_ms = from->departure_utc_ms;
    }
    if ((set & WISH_NEEDED) != 0) {
        w->needed_wh = from->needed_wh;
    }
    if ((set & WISH_MODE) != 0) {
        w->mode = from->mode;
    }
    if ((set & WISH_PRIORITY) != 0) {
        w->priority = from->priority;
    }
}

struct wish wish_of_card(const struct fleet_card *card, int64_t local_ms, const struct wall_clock *wall)
{
    struct wish w = {0};

    if (card->departure_min >= 0 && local_ms != CLOCK_UNSET_UTC_MS) {
        int64_t leaves_ms = div_down(local_ms, DAY_MS) * DAY_MS + card->departure_min * MINUTE_MS;

        leaves_ms += leaves_ms <= local_ms ? DAY_MS : 0;
        w.departure_utc_ms = leaves_ms - wall->offset_ms;
        if (wall->change_utc_ms != 0 && w.departure_utc_ms >= wall->change_utc_ms) {
            w.departure_utc_ms = leaves_ms - wall->after_ms;
        }
        w.set |= WISH_DEPARTURE;
    }
    if (card->needed_wh > 0) {
        w.needed_wh = card->needed_wh;
        w.set |= WISH_NEEDED;
    }
    if (card->priority >= 0) {
        w.priority = card->priority;
        w.set |= WISH_PRIORITY;
    }
    return w;
}

enum solar_mode wish_mode(const struct wish_setting *s, const struct wish *w)
{
    if ((w->set & WISH_NOW) != 0) {
        return SOLAR_FAST;
    }
    return (w->set & WISH_MODE) != 0 ? w->mode : s->mode;
}

int8_t wish_priority(const struct wish_setting *s, const struct wish *w)
{
    if ((w->set & WISH_NOW) != 0) {
        return PRIORITY_MAX;
    }
    return (w->set & WISH_PRIORITY) != 0 ? w->priority : s->priority;
}

int32_t wish_max_ma(const struct wish_setting *s, const struct site_box *site)
{
    return s->local_limit_ma == 0 ? site->max_ma : min_i32(site->max_ma, s->local_limit_ma);
}

bool wish_laxity(const struct wish *w, int64_t utc_ms, int64_t session_wh, int64_t power_w, int64_t *out_ms)
{
    int64_t left_ms = w->departure_utc_ms - utc_ms;
    int64_t missing_wh = 0;

    CHECK(power_w > 0);
    if ((w->set & WISH_DEPARTURE) == 0 || utc_ms == CLOCK_UNSET_UTC_MS || left_ms <= 0) {
        return false;
    }
    if ((w->set & WISH_NEEDED) != 0) {
        missing_wh = w->needed_wh - session_wh;
        if (missing_wh <= 0) {
            return false;
        }
    }
    *out_ms = left_ms - div_up(missing_wh * HOUR_MS, power_w);
    return true;
}
