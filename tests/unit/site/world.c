#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/site/meter.h"
#include "tests/site/sessions.h"
#include "tests/site/world.h"

TestSuite(world, .timeout = 10);
TestSuite(meter, .timeout = 10);
TestSuite(sessions, .timeout = 10);

struct scene {
    struct site site;
    struct world world;
};

/* Grid with a house and sun; below it a car park with W1 (L2-L3-L1) and W2 (L3 only); W3 at the grid. */
static struct scene *scene_new(uint64_t seed, int32_t speed)
{
    struct scene *s = calloc(1, sizeof *s);
    const struct world_options options = {.seed = seed, .speed = speed, .day_start_ms = 6 * 3600000, .nominal_mv = 230000, .sag_mohm = 50};
    s->site.node_n = 2;
    s->site.box_n = 3;
    strncpy(s->site.node[0].id, "grid", ID_LEN - 1);
    strncpy(s->site.node[1].id, "park", ID_LEN - 1);
    s->site.node[0].parent = NODE_NONE;
    s->site.box[0] = (struct site_box){.serial = "W1", .node = 1, .phases = PHASES_L2_L3_L1, .max_ma = 32000};
    s->site.box[1] = (struct site_box){.serial = "W2", .node = 1, .phases = PHASES_L3, .max_ma = 16000};
    s->site.box[2] = (struct site_box){.serial = "W3", .node = 0, .phases = PHASES_L1_L2_L3, .max_ma = 16000};
    world_init(&s->world, &s->site, &options);
    return s;
}

static void plug(struct world *w, uint16_t box, int8_t phases_n)
{
    struct vehicle_spec spec;
    vehicle_spec_default(&spec);
    spec.phases_n = phases_n;
    vehicle_plug(&w->board[box].vehicle, &spec);
}

static void charge(struct world *w, int64_t from_ms, int64_t to_ms)
{
    for (int64_t t = from_ms; t <= to_ms; t += 100) {
        for (uint16_t i = 0; i < w->site->box_n; i++) {
            cr_assert(board_command(&w->board[i], 1, 10000, true, 0, t));
        }
        world_step(w, t);
    }
}

Test(world, currents_add_up_in_site_order_to_the_root)
{
    struct scene *s = scene_new(1, 1);
    struct world *w = &s->world;
    w->load[0].fixed_ma[0] = 3000;
    w->load[1].fixed_ma[2] = 500;
    w->sun[0] = (struct sun){.is_fixed = true, .fixed_ma = {7000, 7000, 7000}};
    world_begin(w);
    plug(w, 0, 2); /* terminals 1 and 2 of W1: site phases L2 and L3 */
    plug(w, 1, 3); /* W2 has one terminal, on L3 */
    charge(w, 0, 10000);
    cr_assert_eq(memcmp(w->flow[1].boxes_ma, (const int32_t[]){0, 10000, 20000}, 12), 0);
    cr_assert_eq(memcmp(w->flow[1].true_ma, (const int32_t[]){0, 10000, 20500}, 12), 0);
    cr_assert_eq(memcmp(w->flow[0].house_ma, (const int32_t[]){3000, 0, 500}, 12), 0);
    cr_assert_eq(memcmp(w->flow[0].true_ma, (const int32_t[]){-4000, 3000, 13500}, 12), 0, "a phase may export");
    free(s);
}

Test(world, the_voltage_sags_with_the_load)
{
    struct scene *idle = scene_new(1, 1);
    struct scene *busy = scene_new(1, 1);
    busy->world.load[0].fixed_ma[1] = 60000;
    world_begin(&idle->world);
    world_begin(&busy->world);
    world_step(&idle->world, 100);
    world_step(&busy->world, 100);
    cr_assert_eq(idle->world.voltage_mv[1] - busy->world.voltage_mv[1], 3000); /* 60 A x 50 mOhm */
    cr_assert_eq(idle->world.voltage_mv[0], busy->world.voltage_mv[0]);
    free(idle);
    free(busy);
}

Test(world, the_same_seed_gives_the_same_figures_and_another_does_not)
{
    struct scene *a = scene_new(9, 1);
    struct scene *b = scene_new(9, 1);
    struct scene *c = scene_new(10, 1);
    struct scene *all[] = {a, b, c};
    for (int i = 0; i < 3; i++) {
        all[i]->world.load[0].steps_per_hour = 100;
        world_begin(&all[i]->world);
        plug(&all[i]->world, 0, 3);
        charge(&all[i]->world, 0, 60000);
    }
    cr_assert_eq(memcmp(a->world.flow, b->world.flow, sizeof a->world.flow), 0);
    cr_assert_eq(memcmp(a->world.voltage_mv, b->world.voltage_mv, sizeof a->world.voltage_mv), 0);
    cr_assert_neq(memcmp(a->world.voltage_mv, c->world.voltage_mv, sizeof a->world.voltage_mv), 0);
    free(a);
    free(b);
    free(c);
}

Test(world, profiles_run_at_speed_and_begin_at_the_time_of_day)
{
    struct scene *s = scene_new(1, 60);
    world_begin(&s->world);
    cr_assert_eq(world_day_ms(&s->world), 6 * 3600000);
    world_step(&s->world, 1000);
    cr_assert_eq(world_day_ms(&s->world), 6 * 3600000 + 60000);
    free(s);
}

static const struct site_meter house_meter = {.id = "m", .model = "tq_em300_lr", .node = 0, .role = METER_HOUSE, .phases = PHASES_L1_L2_L3};

static uint32_t shown(const struct meter *m, uint16_t address)
{
    const uint16_t *r = NULL;
    cr_assert_eq(image_read(&m->image, 3, address, 2, &r), RC_OK);
    return ((uint32_t)r[0] << 16) | r[1];
}

Test(meter, an_unknown_model_is_refused)
{
    struct meter m;
    struct site_meter site = house_meter;
    strncpy(site.model, "abacus", ID_LEN - 1);
    cr_assert_eq(meter_init(&m, &site, 200, 1), RC_RANGE);
}

Test(meter, refreshes_in_its_own_time)
{
    struct scene *s = scene_new(1, 1);
    struct meter m;
    cr_assert_eq(meter_init(&m, &house_meter, 200, 1), RC_OK);
    world_begin(&s->world);
    meter_step(&m, &s->world);
    s->world.load[0].fixed_ma[0] = 4000;
    world_step(&s->world, 100);
    meter_step(&m, &s->world);
    cr_assert_eq(shown(&m, 60), 0);
    world_step(&s->world, 200);
    meter_step(&m, &s->world);
    cr_assert_eq(shown(&m, 60), 4000);
    free(s);
}

Test(meter, misbehaves_as_told_and_recovers_at_once)
{
    struct scene *s = scene_new(1, 1);
    struct meter m;
    cr_assert_eq(meter_init(&m, &house_meter, 100, 1), RC_OK);
    s->world.load[0].fixed_ma[0] = 4000;
    s->world.load[0].fixed_ma[1] = 1000;
    world_begin(&s->world);
    meter_step(&m, &s->world);
    cr_assert(shown(&m, 40) > 9000 && shown(&m, 42) == 0);
    meter_set_mode(&m, METER_SIGN);
    cr_assert(shown(&m, 40) == 0 && shown(&m, 42) > 9000);
    meter_set_mode(&m, METER_SWAPPED);
    cr_assert(shown(&m, 60) == 1000 && shown(&m, 100) == 4000);
    meter_set_mode(&m, METER_OK);
    meter_set_mode(&m, METER_FROZEN);
    s->world.load[0].fixed_ma[0] = 9000;
    world_step(&s->world, 5000);
    meter_step(&m, &s->world);
    cr_assert_eq(shown(&m, 60), 4000);
    meter_set_mode(&m, METER_OK);
    cr_assert_eq(shown(&m, 60), 9000);
    free(s);
}

Test(meter, is_wired_by_its_own_assignment)
{
    struct scene *s = scene_new(1, 1);
    struct site_meter site = house_meter;
    struct meter m;
    site.phases = PHASES_L2_L3_L1;
    cr_assert_eq(meter_init(&m, &site, 100, 1), RC_OK);
    s->world.load[0].fixed_ma[0] = 4000;
    world_begin(&s->world);
    meter_step(&m, &s->world);
    cr_assert_eq(shown(&m, 140), 4000); /* site phase L1 is at its terminal L3 */
    free(s);
}

Test(meter, a_solar_meter_shows_production_as_export)
{
    struct scene *s = scene_new(1, 1);
    struct site_meter site = house_meter;
    struct meter m;
    site.role = METER_SOLAR;
    cr_assert_eq(meter_init(&m, &site, 100, 1), RC_OK);
    s->world.sun[0] = (struct sun){.is_fixed = true, .fixed_ma = {5000, 5000, 5000}};
    world_begin(&s->world);
    meter_step(&m, &s->world);
    cr_assert_eq(shown(&m, 60), 5000);
    cr_assert_eq(shown(&m, 40), 0);
    cr_assert(shown(&m, 42) > 11000);
    free(s);
}

Test(meter, counts_energy_of_the_balance_of_the_phases)
{
    struct scene *s = scene_new(1, 1);
    struct meter m;
    cr_assert_eq(meter_init(&m, &house_meter, 100, 1), RC_OK);
    s->world.load[0].fixed_ma[0] = 10000;
    s->world.sun[0] = (struct sun){.is_fixed = true, .fixed_ma = {0, 4000, 0}};
    world_begin(&s->world);
    meter_step(&m, &s->world);
    int64_t import_mwh = m.real.import_mwh[0];
    int64_t export_mwh = m.real.export_mwh[0];
    for (int64_t t = 100; t <= 3600000; t += 100) {
        world_step(&s->world, t);
        meter_step(&m, &s->world);
    }
    int64_t got_wh = (m.real.import_mwh[0] - import_mwh) / 1000;
    cr_assert(got_wh > 1360 && got_wh < 1390, "%lld Wh of 6 A x 230 V x 1 h", (long long)got_wh);
    cr_assert_eq(m.real.export_mwh[0], export_mwh);
    free(s);
}

Test(sessions, vehicles_are_drawn_in_the_shares_of_the_specification)
{
    const struct stay stay = {.needed_wh = 10000};
    int phases_n[4] = {0};
    for (uint16_t i = 0; i < 4000; i++) {
        struct vehicle_spec spec;
        sessions_vehicle(&stay, i, 1, 1, &spec);
        phases_n[spec.phases_n]++;
        cr_assert_eq(spec.max_ma, spec.phases_n == 1 ? 32000 : 16000);
        cr_assert_eq(spec.needed_wh, 10000);
    }
    cr_assert(abs(phases_n[1] - 1600) < 130 && abs(phases_n[2] - 800) < 130 && abs(phases_n[3] - 1600) < 130);
}

Test(sessions, needs_shrink_with_the_speed)
{
    const struct stay stay = {.needed_wh = 10001};
    struct vehicle_spec spec;
    sessions_vehicle(&stay, 0, 1, 60, &spec);
    cr_assert_eq(spec.needed_wh, 167);
}

Test(sessions, arrivals_take_the_first_free_wallbox_and_leave_in_time)
{
    struct scene *s = scene_new(1, 60);
    struct sessions *sessions = calloc(1, sizeof *sessions);
    const int64_t six = 6 * 3600000;
    sessions->stays.n = 6;
    sessions->stays.at[0] = (struct stay){six - 7200000, six - 1, 1000};      /* gone before the start */
    sessions->stays.at[1] = (struct stay){six - 3600000, six + 600000, 1000}; /* there already */
    sessions->stays.at[2] = (struct stay){six + 300000, six + 900000, 1000};
    sessions->stays.at[3] = (struct stay){six + 300000, six + 900000, 1000};
    sessions->stays.at[4] = (struct stay){six + 360000, six + 900000, 1000};  /* full */
    sessions->stays.at[5] = (struct stay){six + 600000, six + 1200000, 1000}; /* the first has just left */
    world_begin(&s->world);
    sessions_step(sessions, &s->world);
    cr_assert(s->world.board[0].vehicle.is_plugged && !s->world.board[1].vehicle.is_plugged);
    world_step(&s->world, 5000);
    sessions_step(sessions, &s->world);
    cr_assert(s->world.board[1].vehicle.is_plugged && s->world.board[2].vehicle.is_plugged);
    world_step(&s->world, 6000);
    sessions_step(sessions, &s->world);
    cr_assert_eq(sessions->turned_away_n, 1);
    world_step(&s->world, 10000);
    sessions_step(sessions, &s->world);
    cr_assert(s->world.board[0].vehicle.is_plugged);
    cr_assert_eq(sessions->came_n, 4);
    world_step(&s->world, 15000);
    sessions_step(sessions, &s->world);
    cr_assert(s->world.board[0].vehicle.is_plugged && !s->world.board[1].vehicle.is_plugged);
    free(sessions);
    free(s);
}

Test(sessions, do_not_unplug_a_vehicle_that_took_the_place_by_hand)
{
    struct scene *s = scene_new(1, 60);
    struct sessions *sessions = calloc(1, sizeof *sessions);
    sessions->stays.n = 1;
    sessions->stays.at[0] = (struct stay){0, 6 * 3600000 + 60000, 1000};
    world_begin(&s->world);
    sessions_step(sessions, &s->world);
    vehicle_unplug(&s->world.board[0].vehicle);
    plug(&s->world, 0, 3);
    s->world.board[0].plug_n++;
    world_step(&s->world, 2000);
    sessions_step(sessions, &s->world);
    cr_assert(s->world.board[0].vehicle.is_plugged);
    free(sessions);
    free(s);
}
