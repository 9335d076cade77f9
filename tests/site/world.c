#include "tests/site/world.h"

#include "common/base/check.h"
#include "common/base/units.h"

void world_init(struct world *w, const struct site *site, const struct world_options *options)
{
    CHECK(options->speed >= 1);
    *w = (struct world){.site = site,
                        .seed = options->seed,
                        .speed = options->speed,
                        .day_start_ms = options->day_start_ms,
                        .nominal_mv = options->nominal_mv,
                        .sag_mohm = options->sag_mohm,
                        .rng = {.state = options->seed}};
    for (uint16_t i = 0; i < site->node_n; i++) {
        w->load[i] = (struct load){.scale_permille = 1000};
        w->sun[i] = (struct sun){.scale_permille = 1000};
    }
    for (uint16_t i = 0; i < site->box_n; i++) {
        board_init(&w->board[i], site->box[i].serial, site->box[i].phases, site->box[i].max_ma);
    }
}

int64_t world_day_ms(const struct world *w)
{
    return w->day_start_ms + w->now_ms * w->speed;
}

void world_drawn_ma(const struct world *w, uint16_t box, int32_t out_ma[PHASE_N])
{
    phase_to_site(w->board[box].phases, w->board[box].drawn_ma, out_ma);
}

/* The mains move by themselves a little every second, so that no two readings of a healthy meter are alike for long. */
static void step_voltage(struct world *w)
{
    while (w->wobble_at_ms <= w->now_ms) { /* one turn a second */
        for (int i = 0; i < PHASE_N; i++) {
            int32_t moved_mv = w->wobble_mv[i] + (int32_t)rng_range(&w->rng, -120, 120);
            w->wobble_mv[i] = clamp_i32(moved_mv, -WOBBLE_MV, WOBBLE_MV);
        }
        w->wobble_at_ms += 1000;
    }
    for (int i = 0; i < PHASE_N; i++) {
        int64_t sag_mv = (int64_t)w->flow[0].true_ma[i] * w->sag_mohm / 1000;
        int64_t mv = w->nominal_mv + w->wobble_mv[i] - sag_mv;
        w->voltage_mv[i] = (int32_t)min_i64(max_i64(mv, 1000), MV_MAX);
    }
}

static void add(int32_t to[PHASE_N], const int32_t from[PHASE_N])
{
    for (int i = 0; i < PHASE_N; i++) {
        to[i] += from[i];
    }
}

static void step_flows(struct world *w)
{
    for (uint16_t i = 0; i < w->site->node_n; i++) {
        w->flow[i] = (struct flow){0};
        load_at(&w->load[i], w->now_ms, world_day_ms(w), w->flow[i].house_ma);
        sun_at(&w->sun[i], world_day_ms(w), w->nominal_mv, w->flow[i].solar_ma);
    }
    for (uint16_t i = 0; i < w->site->box_n; i++) {
        int32_t drawn_ma[PHASE_N];
        world_drawn_ma(w, i, drawn_ma);
        add(w->flow[w->site->box[i].node].boxes_ma, drawn_ma);
    }
    for (uint16_t i = w->site->node_n; i-- > 0;) { /* children stand behind their parents */
        struct flow *f = &w->flow[i];
        for (int p = 0; p < PHASE_N; p++) {
            f->true_ma[p] = f->house_ma[p] - f->solar_ma[p] + f->boxes_ma[p];
        }
        if (i > 0) {
            struct flow *up = &w->flow[w->site->node[i].parent];
            add(up->house_ma, f->house_ma);
            add(up->solar_ma, f->solar_ma);
            add(up->boxes_ma, f->boxes_ma);
        }
    }
}

void world_step(struct world *w, int64_t now_ms)
{
    CHECK(now_ms >= w->now_ms);
    for (uint16_t i = 0; i < w->site->box_n && now_ms > w->now_ms; i++) {
        board_count(&w->board[i], now_ms - w->now_ms);
    }
    w->now_ms = now_ms;
    step_voltage(w);
    for (uint16_t i = 0; i < w->site->box_n; i++) {
        int32_t at_terminals_mv[PHASE_N];
        phase_to_terminal(w->board[i].phases, w->voltage_mv, at_terminals_mv);
        board_step(&w->board[i], at_terminals_mv, now_ms);
    }
    step_flows(w);
}

void world_begin(struct world *w)
{
    for (uint16_t i = 0; i < w->site->node_n; i++) {
        load_init(&w->load[i], w->seed + (i + 1u) * UINT64_C(0x9e3779b97f4a7c15));
    }
    world_step(w, 0);
}
