#include "client/core/health.h"

#include "client/core/charge.h"
#include "client/core/limit.h"
#include "common/base/units.h"

#define MWMS_PER_WH INT64_C(3600000000)

void health_init(struct health *h, int64_t now_ms)
{
    *h = (struct health){.weld_ms = MS_NEVER,
                         .contact_ms = MS_NEVER,
                         .volt_ms = MS_NEVER,
                         .pilot_ms = MS_NEVER,
                         .unplugged_ms = MS_NEVER,
                         .clock_ms = now_ms,
                         .metered_ms = MS_NEVER};
    cfault_overdraw_init(&h->overdraw);
}

int32_t health_largest_ma(const struct board_sample *s)
{
    return max_i32(s->current_ma[0], max_i32(s->current_ma[1], s->current_ma[2]));
}

bool health_closes_itself(const struct board_sample *s)
{
    return s->closes_itself && s->pilot_ma > 0;
}

/* Does the register count what flows? */
static void watch_register(struct health *h, const struct board_sample *s)
{
    int64_t dt_ms = h->metered_ms == MS_NEVER ? 0 : max_i64(0, s->taken_ms - h->metered_ms);

    if (h->metered_ms != MS_NEVER && s->energy_wh < h->meter_wh) {
        h->bad_meter = true;
        h->expected_mwms = 0;
    } else if (s->energy_wh > h->meter_wh) {
        h->bad_meter = false;
        h->expected_mwms = 0;
    } else if (s->contactor_closed) {
        h->expected_mwms += (int64_t)s->power_w * 1000 * min_i64(dt_ms, 2000); /* what was not seen is not expected */
        h->bad_meter = h->bad_meter || h->expected_mwms >= HEALTH_METER_WH * MWMS_PER_WH;
    }
    h->metered_ms = s->taken_ms;
    h->meter_wh = s->energy_wh;
}

void health_sample(struct health *h, const struct board_sample *s)
{
    if (s->temperature_mdegc >= LIMIT_SHUTOFF_MDEGC) {
        h->overheated = true;
    } else if (s->temperature_mdegc <= LIMIT_COOLED_MDEGC) {
        h->overheated = false;
    }
    if (s->diode_failed && s->pilot_ma > 0) {
        h->no_diode = true;
    }
    watch_register(h, s);
}

/* Since when something is so. */
static void keep(int64_t *since_ms, bool is_so, int64_t now_ms)
{
    if (!is_so) {
        *since_ms = MS_NEVER;
    } else if (*since_ms == MS_NEVER) {
        *since_ms = now_ms;
    }
}

static bool lasts(int64_t since_ms, int64_t length_ms, int64_t now_ms)
{
    return since_ms != MS_NEVER && since_ms + length_ms <= now_ms;
}

static void watch_overdraw(struct health *h, const struct health_in *in, int64_t now_ms)
{
    if (!in->is_fresh || !in->sample->contactor_closed || h->overdrawn) {
        cfault_overdraw_init(&h->overdraw);
    } else if (cfault_overdraw(&h->overdraw, in->offered_ma, health_largest_ma(in->sample), now_ms)) {
        h->overdrawn = true;
    }
}

static void watch_contactor(struct health *h, const struct health_in *in, int64_t now_ms)
{
    bool is_known = in->is_fresh && in->has_command && in->is_applied && !in->is_latched;
    bool is_to_open = (is_known && !in->wants_closed) || (in->is_fresh && in->is_latched);

    keep(&h->weld_ms, is_to_open && in->sample->contactor_closed && !health_closes_itself(in->sample), now_ms);
    keep(&h->contact_ms, is_known && in->wants_closed && !in->sample->contactor_closed, now_ms);
    h->weld_after_ms = in->is_latched ? HEALTH_WELD_LATCHED_MS : HEALTH_WELD_MS;
    h->welded = lasts(h->weld_ms, h->weld_after_ms, now_ms);
    h->no_contact = h->no_contact || lasts(h->contact_ms, HEALTH_CONTACT_MS, now_ms);
}

static bool is_inside(const struct health_in *in, int32_t slack_mv)
{
    for (int p = 0; p < in->wired_n; p++) {
        int32_t mv = in->sample->voltage_mv[p];

        if (mv < HEALTH_VOLT_LEAST_MV + slack_mv || mv > HEALTH_VOLT_MOST_MV - slack_mv) {
            return false;
        }
    }
    return true;
}

static void watch_voltage(struct health *h, const struct health_in *in, int64_t now_ms)
{
    if (!in->is_fresh || in->sample->no_voltage) {
        h->volt_ms = MS_NEVER;
        h->bad_voltage = false;
    } else if (!h->bad_voltage) {
        keep(&h->volt_ms, !is_inside(in, 0), now_ms);
        h->bad_voltage = lasts(h->volt_ms, HEALTH_VOLT_MS, now_ms);
        h->volt_ms = h->bad_voltage ? MS_NEVER : h->volt_ms;
    } else {
        keep(&h->volt_ms, is_inside(in, HEALTH_VOLT_SLACK_MV), now_ms);
        h->bad_voltage = !lasts(h->volt_ms, HEALTH_VOLT_BACK_MS, now_ms);
        h->volt_ms = h->bad_voltage ? h->volt_ms : MS_NEVER;
    }
}

void health_step(struct health *h, const struct health_in *in, int64_t now_ms)
{
    watch_overdraw(h, in, now_ms);
    watch_contactor(h, in, now_ms);
    watch_voltage(h, in, now_ms);
    keep(&h->pilot_ms, in->is_fresh && charge_vehicle_of(in->sample->pilot) == VEHICLE_ERROR, now_ms);
    keep(&h->clock_ms, !in->has_clock, now_ms);
    if (lasts(h->unplugged_ms, HEALTH_UNPLUGGED_MS, now_ms)) {
        h->unplugged_ms = MS_NEVER;
    }
}

void health_pulled(struct health *h, int64_t now_ms)
{
    h->unplugged_ms = now_ms;
}

void health_retry(struct health *h)
{
    h->overdrawn = false;
    h->no_contact = false;
    h->no_diode = false;
    h->contact_ms = MS_NEVER;
}

void health_plugged(struct health *h)
{
    h->unplugged_ms = MS_NEVER;
}

bool health_has(const struct health *h, uint16_t code, int64_t now_ms)
{
    switch (code) {
    case CFAULT_UNPLUGGED:
        return h->unplugged_ms != MS_NEVER;
    case CFAULT_OVERHEATED:
        return h->overheated;
    case CFAULT_OVERDRAW:
        return h->overdrawn;
    case CFAULT_NO_CONTACT:
        return h->no_contact;
    case CFAULT_VOLTAGE:
        return h->bad_voltage;
    case CFAULT_DIODE:
        return h->no_diode;
    case CFAULT_PILOT:
        return lasts(h->pilot_ms, HEALTH_PILOT_MS, now_ms);
    case CFAULT_METER:
        return h->bad_meter;
    case CFAULT_CLOCK:
        return lasts(h->clock_ms, HEALTH_CLOCK_MS, now_ms);
    default: /* the rest is not found here */
        return false;
    }
}

/* End of a time that runs, MS_FOREVER when it does not or has ended. */
static int64_t end_ms(int64_t since_ms, int64_t length_ms, bool is_over)
{
    return since_ms == MS_NEVER || is_over ? MS_FOREVER : since_ms + length_ms;
}

int64_t health_next_ms(const struct health *h, int64_t now_ms)
{
    bool has_pilot_fault = lasts(h->pilot_ms, HEALTH_PILOT_MS, now_ms);
    bool has_clock_fault = lasts(h->clock_ms, HEALTH_CLOCK_MS, now_ms);
    int64_t at_ms = cfault_overdraw_next_ms(&h->overdraw);

    at_ms = min_i64(at_ms, end_ms(h->weld_ms, h->weld_after_ms, h->welded));
    at_ms = min_i64(at_ms, end_ms(h->contact_ms, HEALTH_CONTACT_MS, h->no_contact));
    at_ms = min_i64(at_ms, end_ms(h->volt_ms, h->bad_voltage ? HEALTH_VOLT_BACK_MS : HEALTH_VOLT_MS, false));
    at_ms = min_i64(at_ms, end_ms(h->pilot_ms, HEALTH_PILOT_MS, has_pilot_fault));
    at_ms = min_i64(at_ms, end_ms(h->clock_ms, HEALTH_CLOCK_MS, has_clock_fault));
    return min_i64(at_ms, end_ms(h->unplugged_ms, HEALTH_UNPLUGGED_MS, false));
}
