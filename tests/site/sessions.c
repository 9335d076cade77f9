#include "tests/site/sessions.h"

#include "common/base/rng.h"
#include "common/base/units.h"

void sessions_vehicle(const struct stay *stay, uint16_t index, uint64_t seed, int32_t speed, struct vehicle_spec *out)
{
    struct rng r = {.state = seed + (index + 1u) * UINT64_C(0xd1342543de82ef95)};
    int64_t draw = rng_range(&r, 0, 99);
    vehicle_spec_default(out);
    out->phases_n = draw < 40 ? 1 : (draw < 60 ? 2 : 3);
    out->max_ma = draw < 40 ? 32000 : 16000;
    out->needed_wh = div_up(stay->needed_wh, speed);
}

static void leave(struct sessions *s, struct world *w, uint16_t box, int64_t day_ms)
{
    bool is_ours = s->at[box].is_taken && w->board[box].plug_n == s->at[box].plug_n;
    if (!is_ours) {
        s->at[box].is_taken = false;
    } else if (day_ms >= s->at[box].leave_ms) {
        vehicle_unplug(&w->board[box].vehicle);
        s->at[box].is_taken = false;
    }
}

static void arrive(struct sessions *s, struct world *w, uint16_t index)
{
    const struct stay *stay = &s->stays.at[index];
    uint16_t box = 0;
    while (box < w->site->box_n && w->board[box].vehicle.is_plugged) {
        box++;
    }
    if (box == w->site->box_n) {
        s->turned_away_n++;
        return;
    }
    struct vehicle_spec spec;
    sessions_vehicle(stay, index, w->seed, w->speed, &spec);
    vehicle_plug(&w->board[box].vehicle, &spec);
    w->board[box].plug_n++;
    s->at[box].is_taken = true;
    s->at[box].plug_n = w->board[box].plug_n;
    s->at[box].leave_ms = stay->leave_ms;
    s->came_n++;
}

void sessions_step(struct sessions *s, struct world *w)
{
    int64_t day_ms = world_day_ms(w);
    for (uint16_t i = 0; i < w->site->box_n; i++) {
        leave(s, w, i, day_ms);
    }
    for (; s->next < s->stays.n && s->stays.at[s->next].arrive_ms <= day_ms; s->next++) {
        if (s->stays.at[s->next].leave_ms > day_ms) {
            arrive(s, w, s->next);
        }
    }
}
