#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "common/base/units.h"
#include "tests/judge/waste.h"

TestSuite(waste, .timeout = 10);

/* One connection of 20 A (19.5 A usable), two wallboxes on three phases whose vehicles use L1 only and could take 16 A. */
struct scene {
    struct site site;
    struct manager_params params;
    struct track track;
    struct waste waste;
};

static struct scene *scene_new(void)
{
    struct scene *s = calloc(1, sizeof *s);

    cr_assert_not_null(s);
    s->site = (struct site){.node_n = 1, .box_n = 2, .meter_n = 1};
    s->site.meter[0] = (struct site_meter){.role = METER_HOUSE, .node = 0};
    s->site.node[0] = (struct site_node){.id = "grid", .parent = NODE_NONE, .limit_ma = {20000, 20000, 20000}, .reserve_ma = 500};
    for (int i = 0; i < 2; i++) {
        s->site.box[i] =
            (struct site_box){.serial = {'A', (char)('1' + i)}, .phases = PHASES_L1_L2_L3, .min_ma = 6000, .max_ma = 32000, .priority = 5, .weight = 1};
        s->track.vehicle[i] = (struct track_vehicle){.wants = true, .used = PHASE_BIT(0), .max_ma = 16000};
    }
    for (int p = 0; p < PHASE_N; p++) {
        s->track.node[0].limit_ma[p] = 20000;
    }
    manager_params_defaults(&s->params);
    waste_init(&s->waste, &s->site, &s->params);
    return s;
}

/* Offer a current, drawn on L1 when it is closed. */
static void offer(struct scene *s, int box, int32_t ma)
{
    s->track.box[box] = (struct track_box){.pilot_ma = ma, .contactor_closed = ma > 0, .drawn_ma = {ma, 0, 0}};
}

/* Go on for so long as things stand; the sums are those of this time only. */
static void pass(struct scene *s, int64_t ms)
{
    s->waste.by_rules = (struct waste_sum){0};
    s->waste.all_knowing = (struct waste_sum){0};
    for (int64_t until_ms = s->track.t_ms + ms; s->track.t_ms < until_ms;) {
        s->track.t_ms += 100;
        waste_row(&s->waste, &s->track);
        if (s->track.t_ms % 1000 == 0) {
            waste_second(&s->waste, &s->track);
        }
    }
}

Test(waste, nobody_who_has_all_he_can_use_makes_a_second_scarce)
{
    struct scene *s = scene_new();

    s->track.vehicle[1].wants = false;
    offer(s, 0, 16000);
    pass(s, 5000);
    cr_expect_eq(s->waste.by_rules.scarce_s, 0);
    cr_expect_eq(waste_used_permille(&s->waste.by_rules), 1000);
    free(s);
}

Test(waste, what_was_given_and_not_offered_is_wasted)
{
    struct scene *s = scene_new();

    offer(s, 0, 9700);
    pass(s, 5000);
    cr_expect_eq(s->waste.by_rules.scarce_s, 5);
    cr_expect_eq(waste_used_permille(&s->waste.by_rules), 497, "9.7 of 19.5 A on each wired phase, is %d", (int)waste_used_permille(&s->waste.by_rules));
    free(s);
}

Test(waste, an_offer_that_the_vehicle_cannot_take_is_not_used)
{
    struct scene *s = scene_new();

    s->track.vehicle[0].max_ma = 8000;
    offer(s, 0, 19500);
    s->track.box[0].drawn_ma[0] = 8000;
    pass(s, 5000);
    cr_expect_lt(waste_used_permille(&s->waste.by_rules), 420);
    free(s);
}

Test(waste, a_wired_phase_counts_until_five_amperes_have_flowed_on_another_for_a_minute)
{
    struct scene *s = scene_new();

    offer(s, 0, 9700);
    offer(s, 1, 9700);
    pass(s, 60000);
    cr_expect_eq(s->waste.box[0].counted, PHASE_ALL);
    pass(s, 1000);
    cr_expect_eq(s->waste.box[0].counted, PHASE_BIT(0));
    offer(s, 0, 0);
    pass(s, 100);
    cr_expect_eq(s->waste.box[0].counted, PHASE_ALL, "the contactor is open");
    free(s);
}

Test(waste, the_all_knowing_know_the_phases_at_once)
{
    struct scene *s = scene_new();

    s->track.vehicle[1].used = PHASE_BIT(1);
    offer(s, 0, 16000);
    pass(s, 3000);
    cr_expect_gt(waste_used_permille(&s->waste.by_rules), 800);
    cr_expect_eq(waste_used_permille(&s->waste.all_knowing), 1000, "both could have all they want: nothing was scarce");
    cr_expect_eq(s->waste.all_knowing.scarce_s, 0);
    free(s);
}

Test(waste, one_that_had_to_be_stopped_may_rest)
{
    struct scene *s = scene_new();

    offer(s, 0, 9700);
    offer(s, 1, 9700);
    pass(s, 2000);
    s->track.node[0].house_ma[0] = 10000; /* only one minimum fits */
    pass(s, 1000);
    offer(s, 0, 9500);
    offer(s, 1, 0);
    pass(s, 3000);
    s->track.node[0].house_ma[0] = 0;
    offer(s, 0, 16000);
    pass(s, 100000);
    cr_expect_eq(waste_used_permille(&s->waste.by_rules), 1000);
    pass(s, 20000); /* two minutes are over */
    pass(s, 5000);
    cr_expect_lt(waste_used_permille(&s->waste.by_rules), 900);
    free(s);
}

Test(waste, a_need_between_two_seconds_is_seen)
{
    struct scene *s = scene_new();

    offer(s, 0, 9700);
    offer(s, 1, 9700);
    pass(s, 2000);
    s->track.node[0].house_ma[0] = 10000;
    pass(s, 300);
    offer(s, 1, 0);
    pass(s, 100);
    s->track.node[0].house_ma[0] = 0;
    pass(s, 600);
    cr_expect_eq(s->waste.box[0].rests_until_ms, MS_NEVER);
    cr_expect_eq(s->waste.box[1].rests_until_ms, 2400 + 120000, "is %lld", (long long)s->waste.box[1].rests_until_ms);
    free(s);
}

Test(waste, one_that_was_stopped_without_need_is_missed_at_once)
{
    struct scene *s = scene_new();

    offer(s, 0, 9700);
    offer(s, 1, 9700);
    pass(s, 3000);
    offer(s, 0, 16000);
    offer(s, 1, 0);
    pass(s, 3000);
    cr_expect_lt(waste_used_permille(&s->waste.by_rules), 900);
    free(s);
}

Test(waste, the_sun_counts_as_far_as_the_product_may_count_on_it)
{
    struct scene *s = scene_new();

    for (int p = 0; p < PHASE_N; p++) {
        s->track.node[0].solar_ma[p] = 20000;
    }
    offer(s, 0, 14200);
    offer(s, 1, 14200);
    pass(s, 5000);
    cr_expect_eq(s->waste.by_rules.scarce_s, 5);
    cr_expect_eq(s->waste.by_rules.given_ma_s, 5 * 3 * 28500, "20 + 9 - 0.5 A, is %lld", (long long)s->waste.by_rules.given_ma_s);
    free(s);
}

Test(waste, the_sun_counts_for_nothing_where_no_meter_shows_it)
{
    struct scene *s = scene_new();

    s->site.meter_n = 0;
    for (int p = 0; p < PHASE_N; p++) {
        s->track.node[0].solar_ma[p] = 20000;
    }
    pass(s, 5000);
    cr_expect_eq(s->waste.by_rules.given_ma_s, 5 * 3 * 19500);
    free(s);
}

Test(waste, a_limit_in_watts_holds_less_what_the_house_takes)
{
    struct scene *s = scene_new();

    s->site.node[0].limit_w = 9200;
    s->track.node[0].house_ma[0] = 10000; /* 2,300 W: 30 A over all phases are left */
    s->track.vehicle[0] = (struct track_vehicle){.wants = true, .used = PHASE_BIT(1), .max_ma = 16000};
    s->track.vehicle[1] = (struct track_vehicle){.wants = true, .used = PHASE_BIT(2), .max_ma = 16000};
    pass(s, 5000);
    cr_expect_eq(s->waste.all_knowing.given_ma_s, 5 * 30000, "is %lld", (long long)s->waste.all_knowing.given_ma_s);
    free(s);
}
