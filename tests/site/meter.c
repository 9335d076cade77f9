#include "tests/site/meter.h"

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"

#define MWMS_PER_MWH INT64_C(3600000)

static const char *const mode_texts[METER_MODE_N] = {
    [METER_OK] = "ok",           [METER_SILENT] = "silent",     [METER_FROZEN] = "frozen",       [METER_SIGN] = "sign",
    [METER_SWAPPED] = "swapped", [METER_GARBAGE] = "garbage",   [METER_SLOW] = "slow",           [METER_TRICKLE] = "trickle",
    [METER_UNIT] = "unit",       [METER_FUNCTION] = "function", [METER_EXCEPTION] = "exception", [METER_TOO_MANY] = "too_many",
};

const char *meter_mode_text(enum meter_mode mode)
{
    CHECK(mode < METER_MODE_N);
    return mode_texts[mode];
}

enum rc meter_mode_parse(const char *text, enum meter_mode *out)
{
    for (int i = 0; i < METER_MODE_N; i++) {
        if (text_same(mode_texts[i], text)) {
            *out = (enum meter_mode)i;
            return RC_OK;
        }
    }
    return RC_RANGE;
}

enum rc meter_init(struct meter *m, const struct site_meter *site, int32_t refresh_ms, uint64_t seed)
{
    const struct meter_model *model = model_find(site->model);
    if (model == NULL) {
        return RC_RANGE;
    }
    *m = (struct meter){.site = site, .refresh_ms = refresh_ms, .rng = {.state = seed}, .image = {.model = model}};
    for (int i = 1; i <= PHASE_N; i++) { /* a meter that has been in use for a while */
        m->real.import_mwh[i] = INT64_C(1234567000) + i * INT64_C(1000000);
        m->real.export_mwh[i] = INT64_C(98765000) + i * INT64_C(1000000);
        m->real.import_mwh[0] += m->real.import_mwh[i];
        m->real.export_mwh[0] += m->real.export_mwh[i];
    }
    return RC_OK;
}

/* What it measures now: all that flows into its node, or what one source inside produces (negative: it exports). */
static void measure(struct meter *m, const struct world *w)
{
    const struct flow *f = &w->flow[m->site->node];
    int32_t site_ma[PHASE_N];
    for (int i = 0; i < PHASE_N; i++) {
        site_ma[i] = m->site->role == METER_SOLAR ? -f->solar_ma[i] : f->true_ma[i];
    }
    phase_to_terminal(m->site->phases, site_ma, m->real.current_ma);
    phase_to_terminal(m->site->phases, w->voltage_mv, m->real.voltage_mv);
    for (int i = 0; i < PHASE_N; i++) {
        m->real.power_mw[i] = (int64_t)m->real.current_ma[i] * m->real.voltage_mv[i] / 1000;
    }
    m->real.frequency_mhz = 50000 + w->wobble_mv[0] / 25;
}

static void count(int64_t *mwh, int64_t *carried_mwms, int64_t mwms)
{
    *carried_mwms += max_i64(mwms, 0);
    *mwh += *carried_mwms / MWMS_PER_MWH;
    *carried_mwms %= MWMS_PER_MWH;
}

/* The total balances the phases first, as meters do. */
static void count_energy(struct meter *m, int64_t dt_ms)
{
    int64_t total_mw = 0;
    for (int i = 0; i < PHASE_N; i++) {
        int64_t mwms = m->real.power_mw[i] * dt_ms;
        count(&m->real.import_mwh[i + 1], &m->import_mwms[i + 1], mwms);
        count(&m->real.export_mwh[i + 1], &m->export_mwms[i + 1], -mwms);
        total_mw += m->real.power_mw[i];
    }
    count(&m->real.import_mwh[0], &m->import_mwms[0], total_mw * dt_ms);
    count(&m->real.export_mwh[0], &m->export_mwms[0], -total_mw * dt_ms);
}

static void exchange(struct quantities *q, int a, int b)
{
    int32_t ma = q->current_ma[a];
    int64_t mw = q->power_mw[a];
    q->current_ma[a] = q->current_ma[b];
    q->power_mw[a] = q->power_mw[b];
    q->current_ma[b] = ma;
    q->power_mw[b] = mw;
}

/* What it shows of what it measures. Voltages stay: it is the current transformers that are exchanged or turned. */
static void show(struct meter *m)
{
    struct quantities shown = m->real;
    if (m->mode == METER_SIGN) {
        for (int i = 0; i < PHASE_N; i++) {
            shown.current_ma[i] = -shown.current_ma[i];
            shown.power_mw[i] = -shown.power_mw[i];
        }
    } else if (m->mode == METER_SWAPPED) {
        exchange(&shown, 0, 1);
    }
    image_encode(&m->image, &shown);
    for (size_t i = 0; i < IMAGE_LEN && m->mode == METER_GARBAGE; i++) {
        m->image.reg[i] = (uint16_t)rng_next(&m->rng);
    }
}

void meter_step(struct meter *m, const struct world *w)
{
    count_energy(m, w->now_ms - m->now_ms);
    m->now_ms = w->now_ms;
    measure(m, w);
    if (w->now_ms < m->refresh_at_ms || m->mode == METER_FROZEN) {
        return;
    }
    m->refresh_at_ms = w->now_ms + m->refresh_ms;
    show(m);
}

void meter_set_mode(struct meter *m, enum meter_mode mode)
{
    m->mode = mode;
    if (mode != METER_FROZEN) {
        m->refresh_at_ms = m->now_ms;
        show(m);
    }
}
