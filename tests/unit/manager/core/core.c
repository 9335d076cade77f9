/* The manager core on virtual time with obedient clients: epochs, leases, raises, silence, restart (spec 05 5.2), meters (04 4.2). */
#include "manager/core/core.h"

#include <criterion/criterion.h>
#include <string.h>

#include "tests/unit/manager/core/fleet_rig.h"

TestSuite(core, .timeout = 30);

#define S 1000
#define ENDS 10020 /* lease with drift */
#define SETTLE 7000
#define DOG 3000

Test(core, nobody_is_welcomed_before_the_epoch_is_on_disk)
{
    struct rig r;

    rig_init(&r, 1, 32000, false);
    r.does_store_wait = true;
    rig_start(&r);
    cr_assert_eq(r.waiting_n, 1, "the epoch is being stored");
    rig_client_start(&r, 0, true);
    rig_run(&r, 3 * S);
    cr_expect_eq(r.client[0].epoch_seen, 0);
    rig_disk(&r, true);
    cr_expect_eq(r.client[0].epoch_seen, 0, "the wallbox itself is not on disk yet");
    rig_disk(&r, true);
    cr_expect_neq(r.client[0].epoch_seen, 0);
    rig_run(&r, 2 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 32000);
    rig_free(&r);
}

Test(core, an_epoch_that_cannot_be_stored_grants_nothing_and_is_tried_again)
{
    struct rig r;

    rig_init(&r, 1, 32000, false);
    r.does_store_fail = true;
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_run(&r, 4900);
    cr_expect_eq(r.note_n[MNOTE_STORE_FAILED], 1);
    cr_expect_eq(r.client[0].grant_n, 0);
    r.does_store_fail = false;
    rig_run(&r, 200);
    cr_expect_eq(r.note_n[MNOTE_EPOCH], 1);
    rig_free(&r);
}

Test(core, each_start_takes_a_higher_epoch)
{
    struct rig r;
    uint64_t first;

    rig_init(&r, 1, 32000, false);
    rig_start(&r);
    first = r.epoch_stored;
    cr_expect_eq(EPOCH_COUNT(first), 1);
    rig_start(&r);
    cr_expect_eq(EPOCH_COUNT(r.epoch_stored), 2);
    cr_expect_gt(r.epoch_stored, first);
    rig_free(&r);
}

Test(core, two_equal_vehicles_share_a_phase)
{
    struct rig r;

    rig_init(&r, 2, 20000, false);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_client_start(&r, 1, true);
    rig_run(&r, 30 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 10000);
    cr_expect_eq(rig_offer_ma(&r, 1), 10000);
    rig_free(&r);
}

Test(core, a_newcomer_gets_nothing_before_the_cut_of_the_other_has_settled)
{
    struct rig r;
    int64_t begin_ms;

    rig_init(&r, 2, 32000, false);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_run(&r, 5 * S);
    cr_assert_eq(rig_offer_ma(&r, 0), 32000);
    rig_client_start(&r, 1, true);
    rig_run(&r, 200);
    cr_expect_eq(rig_offer_ma(&r, 0), 16000, "the cut goes out at once");
    begin_ms = r.now_ms;
    while (rig_offer_ma(&r, 1) == 0) {
        rig_run(&r, 10);
        cr_assert_lt(r.now_ms, begin_ms + 20 * S);
    }
    cr_expect_geq(r.now_ms - begin_ms, SETTLE - 200, "S5: no raise before the cut was confirmed and settled");
    cr_expect_leq(r.now_ms - begin_ms, SETTLE + 1500);
    cr_expect_eq(rig_offer_ma(&r, 1), 16000);
    rig_free(&r);
}

Test(core, leases_are_renewed_so_that_a_lost_report_ends_nothing)
{
    struct rig r;

    rig_init(&r, 1, 16000, false);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    for (int i = 0; i < 60; i++) {
        rig_run(&r, 1 * S);
        cr_assert(i < 3 || r.client[0].lease_end_ms - r.now_ms > 8 * S);
    }
    rig_free(&r);
}

Test(core, a_silent_client_stays_booked_until_its_lease_is_over_and_settled)
{
    struct rig r;
    int64_t cut_ms;

    rig_init(&r, 2, 32000, false);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_client_start(&r, 1, true);
    rig_run(&r, 30 * S);
    cr_assert_eq(rig_offer_ma(&r, 0), 16000);
    cut_ms = r.client[0].status_sent_ms[r.client[0].status_n % RIG_HISTORY]; /* receipt of its last Status */
    rig_client_cut(&r, 0);
    r.client[0].is_plugged = false; /* out of the way of the check: what it does in secret is booked */
    rig_run(&r, cut_ms + ENDS + SETTLE + DOG - 100 - r.now_ms);
    cr_expect_eq(rig_offer_ma(&r, 1), 16000, "the other half may still be drawn");
    rig_run(&r, 1500);
    cr_expect_eq(rig_offer_ma(&r, 1), 32000);
    rig_free(&r);
}

Test(core, after_a_restart_a_charging_vehicle_does_not_notice)
{
    struct rig r;

    rig_init(&r, 3, 36000, true);
    rig_start(&r);
    for (uint16_t i = 0; i < 3; i++) {
        rig_client_start(&r, i, true);
    }
    rig_run(&r, 60 * S);
    cr_assert_geq(rig_offer_ma(&r, 0), 11700);
    rig_start(&r);
    for (uint16_t i = 0; i < 3; i++) {
        int32_t before_ma = rig_offer_ma(&r, i);

        rig_run(&r, 1200);
        rig_client_start(&r, i, true);
        rig_run(&r, 500);
        cr_expect_eq(rig_offer_ma(&r, i), before_ma);
    }
    for (int i = 0; i < 200; i++) {
        rig_run(&r, 100);
        cr_assert_geq(rig_offer_ma(&r, 0), 11700);
        cr_assert_geq(rig_offer_ma(&r, 1), 11700);
        cr_assert_geq(rig_offer_ma(&r, 2), 11700);
    }
    rig_free(&r);
}

Test(core, after_a_restart_vehicles_whose_clients_come_back_at_the_same_moment_do_not_notice)
{
    struct rig r;

    rig_init(&r, 3, 36000, true);
    rig_start(&r);
    for (uint16_t i = 0; i < 3; i++) {
        rig_client_start(&r, i, true);
    }
    rig_run(&r, 60 * S);
    cr_assert_geq(rig_offer_ma(&r, 0), 11700);
    rig_start(&r);
    rig_run(&r, 1200);
    for (uint16_t i = 0; i < 3; i++) { /* all within one cycle */
        rig_client_start(&r, i, true);
        rig_run(&r, RIG_STEP_MS);
    }
    for (int i = 0; i < 200; i++) {
        rig_run(&r, 100);
        cr_assert_geq(rig_offer_ma(&r, 0), 11700);
        cr_assert_geq(rig_offer_ma(&r, 1), 11700);
        cr_assert_geq(rig_offer_ma(&r, 2), 11700);
    }
    rig_free(&r);
}

Test(core, after_a_restart_nobody_is_raised_until_all_known_clients_are_accounted_for)
{
    struct rig r;
    int64_t start_ms;

    rig_init(&r, 2, 32000, false);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_client_start(&r, 1, true);
    rig_run(&r, 30 * S);
    start_ms = r.now_ms;
    rig_start(&r);
    r.client[1].is_plugged = false; /* W1 stays away */
    rig_client_start(&r, 0, true);
    rig_run(&r, ENDS + SETTLE + DOG - 100 - (r.now_ms - start_ms));
    cr_expect_eq(rig_offer_ma(&r, 0), 16000, "renewed, not raised");
    rig_run(&r, 1500);
    cr_expect_eq(rig_offer_ma(&r, 0), 32000);
    cr_expect_eq(r.note_n[MNOTE_RESTART_OVER], 1);
    rig_free(&r);
}

/* W0 charges with all of 32 A, W1 has a fallback of 6 A and no vehicle; then the manager starts again and W0 is back. */
static void restart_beside_fallback(struct rig *r)
{
    rig_init(r, 2, 32000, false);
    r->site.box[1].fallback_ma = 6000;
    rig_start(r);
    rig_client_start(r, 0, true);
    rig_client_start(r, 1, false);
    rig_run(r, 30 * S);
    cr_assert_eq(rig_offer_ma(r, 0), 32000);
    cr_assert_eq(r->client[1].fallback_ma, 6000);
    rig_start(r);
    rig_client_start(r, 0, true);
}

Test(core, after_a_restart_what_does_not_fit_beside_the_fallback_of_the_unheard_is_not_prolonged)
{
    struct rig r;
    int64_t end_ms;
    bool was_cut = false;

    restart_beside_fallback(&r);
    end_ms = r.client[0].lease_end_ms;
    while (r.now_ms < end_ms + 30 * S) {
        rig_run(&r, RIG_STEP_MS);
        was_cut = was_cut || rig_offer_ma(&r, 0) == 26000;
        cr_assert_eq(rig_offer_ma(&r, 0), was_cut ? 26000 : 32000);
        cr_assert(was_cut || r.client[0].lease_end_ms == end_ms, "no grant of it is sent again");
    }
    cr_expect(was_cut);
    rig_free(&r);
}

Test(core, after_a_restart_a_fallback_that_is_heard_of_in_time_changes_nothing)
{
    struct rig r;

    restart_beside_fallback(&r);
    rig_run(&r, 3 * S);
    rig_client_start(&r, 1, false);
    for (int i = 0; i < 300; i++) {
        rig_run(&r, 100);
        cr_assert_eq(rig_offer_ma(&r, 0), 32000);
    }
    rig_free(&r);
}

Test(core, a_wallbox_of_the_site_that_was_never_met_takes_no_room)
{
    struct rig r;

    rig_init(&r, 2, 32000, false);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_run(&r, 3 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 32000);
    rig_free(&r);
}

Test(core, a_client_of_another_manager_makes_a_new_one_go_above_and_wait)
{
    struct rig r;

    rig_init(&r, 1, 32000, false);
    rig_start(&r);
    r.client[0].epoch_seen = UINT64_C(7) << 32;
    rig_client_start(&r, 0, true);
    cr_expect_eq(r.client[0].rejected, REJECT_BUSY);
    cr_expect_eq(EPOCH_COUNT(r.epoch_stored), 8);
    rig_client_cut(&r, 0);
    rig_client_start(&r, 0, true);
    rig_run(&r, 3 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 32000);
    rig_free(&r);
}

Test(core, a_manager_that_has_granted_stops_when_it_meets_a_higher_epoch)
{
    struct rig r;
    uint32_t grant_n;

    rig_init(&r, 2, 32000, false);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_run(&r, 3 * S);
    r.client[1].epoch_seen = UINT64_C(9) << 32;
    rig_client_start(&r, 1, true);
    grant_n = r.client[0].grant_n;
    cr_expect(rig_view(&r)->is_second_manager);
    cr_expect(!rig_view(&r)->is_granting);
    rig_run(&r, 20 * S);
    cr_expect_eq(r.client[0].grant_n, grant_n);
    cr_expect_eq(rig_offer_ma(&r, 0), 0, "its lease has run out");
    cr_expect_eq(r.note_n[MNOTE_SECOND_MANAGER], 1);
    rig_free(&r);
}

Test(core, who_speaks_out_of_order_or_is_unknown_is_sent_away)
{
    struct rig r;
    struct msg status = {.kind = MSG_STATUS, .status = {.status_seq = 1}};
    struct msg grant = {.kind = MSG_GRANT};
    struct mev e = {.kind = MEV_PEER_OPEN, .peer = {.peer = 50}};

    rig_init(&r, 1, 32000, false);
    rig_start(&r);
    e.now_ms = r.now_ms;
    manager_step(r.manager, &e, r.fx);
    r.client[0].peer = 50;
    rig_say(&r, 0, &status);
    cr_expect_eq(r.close_n, 1, "a Status before Hello");
    memcpy(r.site.box[0].serial, "X", 2);
    rig_client_start(&r, 0, false);
    cr_expect_eq(r.client[0].rejected, REJECT_UNSET);
    memcpy(r.site.box[0].serial, "Y", 2);
    r.client[0].rejected = REJECT_UNSET;
    rig_say(&r, 0, &grant);
    cr_expect_eq(r.close_n, 2, "a client does not grant");
    rig_free(&r);
}

Test(core, a_record_is_acknowledged_when_it_is_on_disk_and_not_before)
{
    struct rig r;
    struct msg record = {.kind = MSG_SESSION_RECORD, .session_record = {.end = END_UNPLUGGED}};

    rig_init(&r, 1, 32000, false);
    rig_start(&r);
    rig_client_start(&r, 0, false);
    r.does_store_wait = true;
    rig_say(&r, 0, &record);
    rig_run(&r, 2 * S);
    cr_expect_eq(r.client[0].ack_n, 0);
    rig_disk(&r, false);
    cr_expect_eq(r.client[0].ack_n, 0, "the disk refused it: the client keeps it");
    rig_say(&r, 0, &record);
    rig_disk(&r, true);
    cr_expect_eq(r.client[0].ack_n, 1);
    rig_free(&r);
}

Test(core, a_fallback_is_on_our_disk_before_it_is_sent_and_booked_from_then)
{
    struct rig r;

    rig_init(&r, 1, 32000, false);
    r.site.box[0].fallback_ma = 8000;
    rig_start(&r);
    rig_client_start(&r, 0, false);
    r.does_store_wait = true;
    rig_run(&r, 1 * S);
    cr_expect_eq(r.client[0].fallback_ma, 8000);
    cr_expect_eq(r.known[0].fallback_ma, 8000);
    rig_free(&r);
}

Test(core, the_house_is_left_out_of_what_the_wallboxes_share)
{
    struct rig r;

    rig_init(&r, 1, 32000, true);
    r.house_ma[0] = 12000;
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_run(&r, 40 * S);
    cr_expect_leq(rig_offer_ma(&r, 0), 32000 - 500 - 12000);
    cr_expect_geq(rig_offer_ma(&r, 0), 32000 - 500 - 12000 - 300);
    rig_free(&r);
}

Test(core, a_step_of_the_house_is_cut_in_the_same_moment)
{
    struct rig r;
    int64_t begin_ms;

    rig_init(&r, 1, 32000, true);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_run(&r, 40 * S);
    cr_assert_geq(rig_offer_ma(&r, 0), 31000);
    r.house_ma[1] = 15000;
    begin_ms = r.now_ms;
    while (rig_offer_ma(&r, 0) > 17000) {
        rig_run(&r, 10);
        cr_assert_leq(r.now_ms, begin_ms + 500 + 110, "next sample and one control cycle");
    }
    rig_free(&r);
}

Test(core, a_meter_that_has_never_answered_holds_everybody_to_ten_amperes) /* SR-050 */
{
    struct rig r;

    rig_init(&r, 2, 32000, true);
    r.is_meter_on = false;
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_client_start(&r, 1, true);
    rig_run(&r, 2900);
    cr_expect_eq(r.client[0].grant_n, 0, "it is given its time before anything is granted without it");
    rig_run(&r, 2 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 10000);
    cr_expect_eq(rig_offer_ma(&r, 1), 10000);
    rig_free(&r);
}

Test(core, a_meter_that_falls_silent_leads_to_ten_amperes_and_comes_back_by_itself) /* SR-050 */
{
    struct rig r;

    rig_init(&r, 1, 32000, true);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_run(&r, 40 * S);
    cr_assert_geq(rig_offer_ma(&r, 0), 31000);
    r.is_meter_on = false;
    rig_run(&r, 2400);
    cr_expect_geq(rig_offer_ma(&r, 0), 31000);
    rig_run(&r, 3000 + 100 - 2400);
    cr_expect_eq(rig_offer_ma(&r, 0), 10000);
    cr_expect_eq(rig_view(&r)->box[0].reason, REASON_METER_FALLBACK);
    cr_expect_eq(r.note_n[MNOTE_METER_LOST], 1);
    r.is_meter_on = true;
    rig_run(&r, 30 * S);
    cr_expect_geq(rig_offer_ma(&r, 0), 31000);
    cr_expect_eq(r.note_n[MNOTE_METER_BACK], 2, "once at the start, once now");
    rig_free(&r);
}

Test(core, a_meter_that_is_switched_off_limits_nobody_and_is_not_missed) /* SR-182, SR-192 */
{
    struct rig r;

    rig_init(&r, 1, 40000, true);
    r.site.meter[0].role = METER_UNUSED;
    r.site.meter[0].role_when_on = METER_HOUSE;
    r.is_meter_on = false;
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_run(&r, 60 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 32000);
    cr_expect_eq(r.note_n[MNOTE_METER_LOST], 0);
    rig_free(&r);
}

/* All stood still, as on a machine that slept: what a meter did not say meanwhile is not its silence. */
Test(core, a_manager_that_stood_still_lets_its_meter_answer_before_it_falls_back)
{
    struct rig r;

    rig_init(&r, 1, 32000, true);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_run(&r, 40 * S);
    cr_assert_geq(rig_offer_ma(&r, 0), 31000);
    r.now_ms += 5 * S;
    r.next_meter_ms = r.now_ms + 600;
    rig_run(&r, 10 * S);
    cr_expect_geq(rig_offer_ma(&r, 0), 31000);
    cr_expect_eq(r.note_n[MNOTE_METER_LOST], 0);
    r.now_ms += 5 * S;
    r.is_meter_on = false;
    rig_run(&r, 900);
    cr_expect_eq(r.note_n[MNOTE_METER_LOST], 0);
    rig_run(&r, 300);
    cr_expect_eq(r.note_n[MNOTE_METER_LOST], 1, "it had its second");
    cr_expect_leq(rig_offer_ma(&r, 0), 10000);
    rig_free(&r);
}

Test(core, an_overdrawing_vehicle_is_cut_and_the_others_make_room)
{
    struct rig r;

    rig_init(&r, 2, 32000, false);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_client_start(&r, 1, true);
    rig_run(&r, 30 * S);
    r.client[0].is_overdrawing = true;
    rig_run(&r, 2 * S);
    cr_expect_eq(rig_offer_ma(&r, 0), 6000, "straight to its minimum");
    cr_expect_leq(rig_offer_ma(&r, 1), 10000, "W0 counts for the 22 A that it draws");
    rig_run(&r, 30 * S);
    cr_expect_eq(r.note_n[MNOTE_OVERDRAW], 1, "told once");
    rig_free(&r);
}

Test(core, a_client_that_does_not_confirm_a_cut_counts_for_what_it_had)
{
    struct rig r;

    rig_init(&r, 2, 32000, false);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_run(&r, 5 * S);
    r.client[0].is_deaf = true;
    rig_client_start(&r, 1, true);
    rig_run(&r, 8 * S);
    cr_expect_eq(rig_offer_ma(&r, 1), 0);
    rig_free(&r);
}

Test(core, a_one_phase_vehicle_frees_the_other_phases_after_a_minute)
{
    struct rig r;

    rig_init(&r, 2, 16000, false);
    r.client[0].terminals = PHASE_BIT(0);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    r.site.box[1].phases = PHASES_L2_L3_L1;
    r.client[1].terminals = 0;
    rig_run(&r, 5 * S);
    cr_expect_eq(rig_view(&r)->box[0].used, PHASE_ALL);
    rig_run(&r, 60 * S);
    cr_expect_eq(rig_view(&r)->box[0].used, PHASE_BIT(0));
    rig_free(&r);
}

Test(core, an_idle_manager_has_nothing_to_wake_up_for)
{
    struct rig r;

    rig_init(&r, 1, 32000, false);
    rig_start(&r);
    rig_run(&r, 200);
    cr_expect_eq(manager_wake_ms(r.manager), MS_FOREVER);
    rig_free(&r);
}
