/* What a wallbox says and offers while it cannot be sure of its board or its disk (spec 05 5.2). */
#include <criterion/criterion.h>

#include "tests/unit/client/core/fake.h"

TestSuite(recover, .timeout = 30);

#define S 1000

Test(recover, a_hello_shows_a_larger_fallback_that_may_still_become_durable)
{
    struct fake f;

    fake_init(&f);
    fake_plugged(&f);
    f.store_mute = true;
    fake_fallback(&f, 8000, 60000);
    cr_assert_eq(f.sends_n[MSG_FALLBACK_ACK], 0);
    fake_link_down(&f);
    fake_run(&f, f.now_ms + 5 * S);
    fake_link_up(&f);
    cr_expect_eq(f.sent[MSG_HELLO].hello.fallback_ma, 8000, "the write is under way");
    fake_free(&f);
}

Test(recover, a_hello_shows_the_old_fallback_until_a_lower_one_is_durable)
{
    struct fake f;

    fake_init(&f);
    fake_plugged(&f);
    fake_fallback(&f, 8000, 60000);
    cr_assert_eq(f.sends_n[MSG_FALLBACK_ACK], 1);
    f.store_mute = true;
    fake_fallback(&f, 0, 60000);
    fake_link_down(&f);
    fake_run(&f, f.now_ms + 5 * S);
    fake_link_up(&f);
    cr_expect_eq(f.sent[MSG_HELLO].hello.fallback_ma, 8000);
    fake_free(&f);
}

/* Linked and welcomed after a start with a board that tells nothing. */
static void blind(struct fake *f, enum board_watchdog watchdog)
{
    fake_init(f);
    f->params.watchdog = watchdog;
    f->board_silent = true;
    f->vehicle = 'C';
    fake_start(f, NULL, false);
    fake_link_up(f);
    fake_welcome(f, FAKE_EPOCH);
}

/* A manager that hears no Status says nothing, so the connection was given up meanwhile. */
static void greet_again(struct fake *f)
{
    fake_link_down(f);
    fake_run(f, f->now_ms + 5 * S);
    fake_link_up(f);
    fake_welcome(f, FAKE_EPOCH);
}

Test(recover, nothing_is_reported_before_the_board_was_read_or_its_watchdog_has_acted)
{
    struct fake f;

    blind(&f, WATCHDOG_HARDWARE);
    fake_run(&f, f.now_ms + CLIENT_UNREAD_MS - 1);
    cr_expect_eq(f.sends_n[MSG_STATUS], 0, "nobody knows what flows");
    greet_again(&f);
    cr_expect_eq(f.sends_n[MSG_STATUS], 1);
    cr_expect_eq(fake_status(&f)->offered_ma, 0);
    fake_free(&f);
}

Test(recover, an_unread_board_without_watchdog_may_offer_everything)
{
    struct fake f;

    blind(&f, WATCHDOG_NONE);
    fake_run(&f, f.now_ms + CLIENT_UNREAD_MS - 1);
    greet_again(&f);
    cr_assert_eq(f.sends_n[MSG_STATUS], 1);
    cr_expect_eq(fake_status(&f)->offered_ma, f.params.rated_ma);
    fake_free(&f);
}

Test(recover, a_journal_that_gave_no_record_is_asked_again)
{
    struct cev none = {.kind = CEV_RECORD};
    struct fake f;

    fake_init(&f);
    fake_plugged(&f);
    cr_assert_eq(f.asked_n, 1);
    fake_event(&f, &none);
    fake_granted_until(&f, 0, f.now_ms + CSESSION_LOOK_MS - 1);
    cr_expect_eq(f.asked_n, 1);
    fake_granted_until(&f, 0, f.now_ms + 2 * S);
    cr_expect_eq(f.asked_n, 2, "it may have been unable to read");
    fake_free(&f);
}

Test(recover, a_fired_watchdog_forgets_an_offer_that_was_under_way)
{
    struct fake f;

    fake_init(&f);
    fake_plugged(&f);
    f.vehicle = 'C';
    fake_granted_until(&f, 16000, f.now_ms + 10 * S);
    cr_assert_eq(f.pilot_ma, 16000);
    f.board_behind = true;
    fake_grant(&f, 6000);
    cr_assert_eq(f.c->flight_ma, 16000);
    f.latched = true;
    f.firings++;
    f.pilot_ma = 0;
    fake_sample(&f);
    fake_sample(&f); /* ... and what the cycle after the firing took back */
    cr_expect_eq(f.c->flight_ma, 0);
    fake_free(&f);
}
