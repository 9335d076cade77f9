/* Another manager may be at work (spec 05 5.2, Two managers): imported identities, epochs of others, and what of it survives a restart. */
#include "manager/core/core.h"

#include <criterion/criterion.h>

#include "tests/unit/manager/core/fleet_rig.h"

TestSuite(rivals, .timeout = 30);

#define S 1000

/* Two wallboxes that have met the manager; it ended. */
static void met_two(struct rig *r)
{
    rig_init(r, 2, 32000, false);
    rig_start(r);
    rig_client_start(r, 0, true);
    rig_client_start(r, 1, true);
    rig_run(r, 3 * S);
}

Test(rivals, an_imported_identity_grants_nothing_until_every_wallbox_has_reported)
{
    struct rig r;

    met_two(&r);
    r.is_foreign = true;
    rig_start(&r);
    rig_client_start(&r, 0, true);
    r.client[0].grant_n = 0;
    rig_run(&r, 60 * S);
    cr_expect_eq(r.client[0].grant_n, 0, "the other may obey somebody else, however long it is silent");
    cr_expect_eq(rig_view(&r)->box[1].exposure_ma, 32000);
    rig_client_start(&r, 1, true);
    rig_run(&r, 30 * S);
    cr_expect_gt(r.client[0].grant_n, 0);
    cr_expect_not(r.is_foreign, "and that is remembered");
    rig_free(&r);
}

Test(rivals, that_another_may_be_at_work_survives_a_restart)
{
    struct rig r;

    met_two(&r);
    r.is_foreign = true;
    rig_start(&r);
    rig_run(&r, 1 * S);
    rig_start(&r);
    rig_client_start(&r, 0, true);
    r.client[0].grant_n = 0;
    rig_run(&r, 60 * S);
    cr_expect_eq(r.client[0].grant_n, 0);
    rig_free(&r);
}

Test(rivals, a_lower_epoch_that_was_never_issued_is_another_manager_too)
{
    struct rig r;

    met_two(&r);
    rig_start(&r);
    r.client[0].epoch_seen = (UINT64_C(1) << 32) + 77;
    rig_client_start(&r, 0, true);
    cr_expect_neq(r.client[0].epoch_seen, (UINT64_C(1) << 32) + 77, "welcomed: ours is higher");
    r.client[0].grant_n = 0;
    rig_run(&r, 60 * S);
    cr_expect_eq(r.client[0].grant_n, 0);
    cr_expect_eq(rig_view(&r)->box[1].exposure_ma, 32000);
    rig_free(&r);
}

Test(rivals, a_manager_that_has_granted_stops_for_good_and_remembers_it)
{
    struct rig r;

    met_two(&r);
    r.client[1].epoch_seen = (UINT64_C(1) << 32) + 77;
    rig_client_cut(&r, 1);
    rig_client_start(&r, 1, true);
    cr_expect(rig_view(&r)->is_second_manager);
    cr_expect(r.is_fenced);
    rig_start(&r);
    cr_expect(rig_view(&r)->is_second_manager);
    rig_client_start(&r, 0, true);
    r.client[0].grant_n = 0;
    rig_run(&r, 60 * S);
    cr_expect_eq(r.client[0].grant_n, 0);
    rig_free(&r);
}

Test(rivals, an_epoch_that_was_overtaken_while_it_was_stored_does_not_count)
{
    struct rig r;

    met_two(&r);
    r.does_store_wait = true;
    rig_start(&r);
    r.client[0].epoch_seen = UINT64_C(9) << 32;
    rig_client_start(&r, 0, true);
    cr_assert_eq(r.waiting_n, 2, "two epochs are on their way to the disk");
    rig_disk(&r, true);
    cr_expect_not(rig_view(&r)->is_granting, "the newer one is not there yet");
    r.client[1].epoch_seen = 0;
    rig_client_start(&r, 1, true);
    cr_expect_eq(r.client[1].epoch_seen, 0, "nobody is welcomed");
    rig_disk(&r, true);
    cr_expect_eq(EPOCH_COUNT(r.client[1].epoch_seen), 10);
    rig_free(&r);
}

Test(rivals, a_board_without_watchdog_is_booked_at_its_maximum_after_a_restart_as_well)
{
    struct rig r;

    rig_init(&r, 2, 40000, false);
    r.client[1].is_unwatched = true;
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_client_start(&r, 1, true);
    rig_run(&r, 3 * S);
    cr_expect(r.known[1].is_unwatched);
    rig_start(&r);
    r.client[1].is_plugged = false; /* out of the way of the check */
    rig_client_start(&r, 0, true);
    rig_run(&r, 120 * S);
    cr_expect_eq(rig_view(&r)->box[1].exposure_ma, 32000, "nobody knows whether its current has ended");
    rig_client_start(&r, 1, false);
    rig_run(&r, 30 * S);
    cr_expect_eq(rig_view(&r)->box[1].exposure_ma, 0);
    rig_free(&r);
}

/* Its process stood still after it had dialled: its offer goes on for ever, and its Hello comes late. */
Test(rivals, a_late_hello_does_not_end_the_count_at_the_maximum_of_a_board_without_watchdog)
{
    struct rig r;

    rig_init(&r, 2, 40000, false);
    r.client[1].is_unwatched = true;
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_client_start(&r, 1, true);
    rig_run(&r, 20 * S);
    cr_assert_gt(rig_offer_ma(&r, 1), 0);
    rig_client_cut(&r, 1);
    rig_run(&r, 5 * S);
    cr_expect_eq(rig_view(&r)->box[1].exposure_ma, 32000);
    rig_client_start(&r, 1, true);
    rig_client_cut(&r, 1);
    r.client[1].is_plugged = false; /* out of the way of the check */
    cr_expect_eq(rig_view(&r)->box[1].exposure_ma, 32000);
    rig_run(&r, 60 * S);
    cr_expect_eq(rig_view(&r)->box[1].exposure_ma, 32000, "it has said nothing since");
    rig_client_start(&r, 1, false);
    rig_run(&r, 30 * S);
    cr_expect_eq(rig_view(&r)->box[1].exposure_ma, 0, "it answered a Welcome");
    rig_free(&r);
}

Test(rivals, a_larger_fallback_that_a_hello_shows_is_stored_before_the_welcome)
{
    struct rig r;

    met_two(&r);
    cr_assert_eq(r.known[1].fallback_ma, 0);
    rig_client_cut(&r, 1);
    r.client[1].fallback_ma = 8000; /* given by another manager */
    r.client[1].epoch_seen = 0;
    r.does_store_wait = true;
    rig_client_start(&r, 1, true);
    cr_assert_eq(r.waiting_n, 1);
    cr_expect_eq(r.client[1].epoch_seen, 0);
    cr_expect_eq(r.known[1].fallback_ma, 8000);
    r.does_store_wait = false;
    rig_disk(&r, true);
    cr_expect_neq(r.client[1].epoch_seen, 0);
    rig_free(&r);
}

/* Spec 05 5.2, Constants: who rises to his fallback must first know how long the leases of the others may become. */
Test(rivals, a_longer_lease_is_granted_when_every_known_wallbox_has_stored_how_long_it_waits)
{
    struct rig r;

    rig_init(&r, 2, 40000, false);
    r.params.lease_ms = 5000;
    r.site.box[0].fallback_ma = 6000;
    r.site.box[1].fallback_ma = 6000;
    rig_start(&r);
    rig_client_start(&r, 0, true);
    rig_client_start(&r, 1, true);
    rig_run(&r, 20 * S);
    cr_expect_eq(r.client[0].newest_lease_ms, 5000);
    cr_expect_eq(r.client[0].rise_after_ms, 2 * 5000 + 7000 + 3000 + 2000);
    cr_expect_eq(r.longest_lease_ms, 5000);

    r.params.lease_ms = 20000;
    rig_client_cut(&r, 0);
    rig_client_cut(&r, 1);
    rig_start(&r);
    r.client[1].is_fallback_deaf = true;
    rig_client_start(&r, 0, true);
    rig_run(&r, 10 * S);
    cr_expect_eq(r.client[0].rise_after_ms, 2 * 20000 + 7000 + 3000 + 2000, "told at once");
    cr_expect_eq(r.client[0].newest_lease_ms, 5000, "the other was not heard");
    rig_client_start(&r, 1, true);
    rig_run(&r, 30 * S);
    cr_expect_eq(r.client[1].newest_lease_ms, 5000, "it has not stored it");
    cr_expect_eq(r.longest_lease_ms, 5000);
    rig_client_cut(&r, 1);
    r.client[1].is_fallback_deaf = false;
    rig_client_start(&r, 1, true);
    rig_run(&r, 30 * S);
    cr_expect_eq(r.longest_lease_ms, 20000, "stored before it is granted");
    cr_expect_eq(r.client[0].newest_lease_ms, 20000);
    cr_expect_eq(r.client[1].newest_lease_ms, 20000);
    rig_free(&r);
}
