#include <criterion/criterion.h>

#include <string.h>

#include "common/base/units.h"
#include "manager/core/wish.h"
#include "tests/unit/manager/core/fleet_rig.h"

TestSuite(wish, .timeout = 60);

#define S 1000
#define HOUR_MS 3600000

Test(wish, fields_that_are_not_given_stay_and_null_takes_back)
{
    struct wish w = {0};
    const struct wish first = {.set = WISH_MODE | WISH_PRIORITY, .mode = SOLAR_ONLY, .priority = 3};
    const struct wish second = {.set = WISH_NEEDED, .needed_wh = 5000};
    const struct wish_setting s = {.priority = 5, .mode = SOLAR_FAST};

    wish_change(&w, first.set, &first);
    wish_change(&w, WISH_NEEDED | WISH_PRIORITY, &second);
    cr_expect_eq(w.set, WISH_MODE | WISH_NEEDED);
    cr_expect_eq(wish_mode(&s, &w), SOLAR_ONLY);
    cr_expect_eq(wish_priority(&s, &w), 5);
}

Test(wish, a_card_presets_what_it_holds_and_leaves_at_the_next_such_minute)
{
    const struct fleet_card blank = {.departure_min = -1, .priority = -1};
    const struct fleet_card van = {.departure_min = 6 * 60, .needed_wh = 40000, .priority = 7};
    const int64_t midnight_ms = INT64_C(20000) * 24 * HOUR_MS; /* on the clock of the site, two hours ahead of UTC */
    const struct wall_clock summer = {.offset_ms = 2 * HOUR_MS};
    struct wish w = wish_of_card(&van, midnight_ms + 5 * HOUR_MS, &summer);

    cr_expect_eq(w.set, WISH_DEPARTURE | WISH_NEEDED | WISH_PRIORITY);
    cr_expect_eq(w.departure_utc_ms, midnight_ms + 4 * HOUR_MS);
    cr_expect_eq(w.needed_wh, 40000);
    cr_expect_eq(w.priority, 7);
    cr_expect_eq(wish_of_card(&van, midnight_ms + 6 * HOUR_MS, &summer).departure_utc_ms, midnight_ms + 28 * HOUR_MS, "that moment is over: tomorrow");
    cr_expect_eq(wish_of_card(&van, CLOCK_UNSET_UTC_MS, &summer).set, WISH_NEEDED | WISH_PRIORITY);
    cr_expect_eq(wish_of_card(&blank, midnight_ms, &summer).set, 0);
}

Test(wish, a_card_leaves_on_time_in_the_nights_in_which_the_clocks_are_changed)
{
    const struct fleet_card van = {.departure_min = 6 * 60, .priority = -1};
    const struct fleet_card night = {.departure_min = 2 * 60 + 30, .priority = -1};
    const int64_t midnight_ms = INT64_C(20000) * 24 * HOUR_MS;                                                                /* on the clock of the site */
    const struct wall_clock spring = {.offset_ms = HOUR_MS, .change_utc_ms = midnight_ms + HOUR_MS, .after_ms = 2 * HOUR_MS}; /* 02:00 is 03:00 */
    const struct wall_clock autumn = {.offset_ms = 2 * HOUR_MS, .change_utc_ms = midnight_ms + HOUR_MS, .after_ms = HOUR_MS}; /* 03:00 is 02:00 */

    cr_expect_eq(wish_of_card(&van, midnight_ms - 2 * HOUR_MS, &spring).departure_utc_ms, midnight_ms + 4 * HOUR_MS);
    cr_expect_eq(wish_of_card(&van, midnight_ms - 2 * HOUR_MS, &autumn).departure_utc_ms, midnight_ms + 5 * HOUR_MS);
    cr_expect_eq(wish_of_card(&night, midnight_ms - 2 * HOUR_MS, &spring).departure_utc_ms, midnight_ms + HOUR_MS / 2, "left out: an hour earlier");
    cr_expect_eq(wish_of_card(&night, midnight_ms - 2 * HOUR_MS, &autumn).departure_utc_ms, midnight_ms + HOUR_MS / 2, "shown twice: the first");
}

Test(wish, charge_now_is_fast_and_first_whatever_else_is_wished)
{
    const struct wish w = {.set = WISH_NOW | WISH_MODE | WISH_PRIORITY, .mode = SOLAR_ONLY, .priority = 0};
    const struct wish_setting s = {.priority = 2, .mode = SOLAR_MINIMUM};

    cr_expect_eq(wish_mode(&s, &w), SOLAR_FAST);
    cr_expect_eq(wish_priority(&s, &w), PRIORITY_MAX);
}

Test(wish, laxity_is_time_left_minus_time_needed)
{
    const struct wish w = {.set = WISH_DEPARTURE | WISH_NEEDED, .departure_utc_ms = 10 * (int64_t)HOUR_MS, .needed_wh = 22000};
    const struct wish without = {.set = WISH_NEEDED, .needed_wh = 22000};
    int64_t ms = 7;

    cr_expect_not(wish_laxity(&without, 1, 0, 11000, &ms));
    cr_expect_not(wish_laxity(&w, CLOCK_UNSET_UTC_MS, 0, 11000, &ms));
    cr_expect_not(wish_laxity(&w, w.departure_utc_ms, 0, 11000, &ms), "it is over");
    cr_expect_not(wish_laxity(&w, HOUR_MS, 22000, 11000, &ms), "nothing is missing");
    cr_expect_eq(ms, 7);
    cr_assert(wish_laxity(&w, 2 * (int64_t)HOUR_MS, 11000, 11000, &ms));
    cr_expect_eq(ms, 7 * (int64_t)HOUR_MS);
    cr_assert(wish_laxity(&w, 9 * (int64_t)HOUR_MS, 0, 11000, &ms));
    cr_expect_eq(ms, -HOUR_MS);
}

static void charging(struct rig *r, uint16_t n)
{
    rig_start(r);
    for (uint16_t i = 0; i < n; i++) {
        rig_client_start(r, i, true);
    }
    rig_run(r, 60 * S);
}

static void set(struct rig *r, uint16_t box, int8_t priority, int32_t local_limit_ma)
{
    struct mev e = {.kind = MEV_SETTING, .setting = {.box = box, .setting = {.priority = priority, .local_limit_ma = local_limit_ma}}};

    rig_feed(r, &e);
}

Test(wish, a_local_limit_lowers_at_once_and_is_lifted_again)
{
    struct rig r;

    rig_init(&r, 1, 63000, false);
    charging(&r, 1);
    cr_assert_eq(rig_offer_ma(&r, 0), 32000);
    set(&r, 0, 5, 10000);
    rig_run(&r, 5 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 10000);
    cr_expect_eq(rig_view(&r)->box[0].setting.local_limit_ma, 10000);
    set(&r, 0, 5, 0);
    rig_run(&r, 60 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 32000);
    rig_free(&r);
}

/* Room for one minimum: who has the higher priority gets it, and charge_now goes before. */
Test(wish, priority_of_setting_and_session_decides_who_charges)
{
    struct rig r;
    struct mev e = {.kind = MEV_WISH, .wish = {.box = 0, .set = WISH_NOW, .wish = {.set = WISH_NOW}}};

    rig_init(&r, 2, 10000, false);
    r.params.min_run_ms = 1000;
    r.params.min_pause_ms = 1000;
    charging(&r, 2);
    set(&r, 1, 9, 0);
    set(&r, 0, 1, 0);
    rig_run(&r, 60 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 0);
    cr_expect_geq(rig_offer_ma(&r, 1), 6000);
    set(&r, 1, 8, 0);
    rig_feed(&r, &e);
    rig_run(&r, 60 * S);
    cr_expect_geq(rig_offer_ma(&r, 0), 6000);
    cr_expect_eq(rig_offer_ma(&r, 1), 0);
    rig_free(&r);
}

Test(wish, a_wish_ends_with_the_vehicle_and_needs_one)
{
    struct rig r;
    struct mev e = {.kind = MEV_WISH, .wish = {.box = 0, .set = WISH_PRIORITY, .wish = {.set = WISH_PRIORITY, .priority = 9}}};

    rig_init(&r, 1, 63000, false);
    charging(&r, 1);
    rig_feed(&r, &e);
    cr_expect_eq(rig_view(&r)->box[0].wish.set, WISH_PRIORITY);
    r.client[0].is_plugged = false;
    rig_run(&r, 3 * S);
    cr_expect_eq(rig_view(&r)->box[0].wish.set, 0);
    rig_feed(&r, &e);
    cr_expect_eq(rig_view(&r)->box[0].wish.set, 0);
    rig_free(&r);
}

Test(wish, the_answer_to_a_command_is_shown)
{
    struct rig r;
    struct mev e = {.kind = MEV_COMMAND, .command = {.box = 0, .command = MANAGER_UNLOCK, .seq = 77}};
    struct msg answer = {.kind = MSG_COMMAND_RESULT, .result = {.seq = 76, .result = RESULT_DONE}};

    rig_init(&r, 1, 63000, false);
    charging(&r, 1);
    rig_feed(&r, &e);
    cr_expect_eq(rig_view(&r)->box[0].order.seq, 77);
    cr_expect_eq(rig_view(&r)->box[0].order.result, RESULT_UNSET);
    rig_say(&r, 0, &answer);
    cr_expect_eq(rig_view(&r)->box[0].order.result, RESULT_UNSET, "that was another one");
    answer.result.seq = 77;
    answer.result.result = RESULT_UNSUPPORTED;
    rig_say(&r, 0, &answer);
    cr_expect_eq(rig_view(&r)->box[0].order.result, RESULT_UNSUPPORTED);
    rig_free(&r);
}
