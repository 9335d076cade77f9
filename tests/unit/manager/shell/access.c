#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "common/base/units.h"
#include "manager/shell/access.h"

TestSuite(access, .timeout = 20);

#define SECOND_MS 1000

static struct access access_;
static char token[LOGIN_TOKEN_LEN];

static struct login *begin(const char *name, enum role role, int64_t now_ms)
{
    struct users_row row = {.role = role};

    (void)snprintf(row.name, sizeof row.name, "%s", name);
    return access_begin(&access_, &row, "192.0.2.1", now_ms, 0, token);
}

Test(access, a_login_ends_when_idle_and_after_its_life)
{
    int64_t now_ms = 1000;

    access_init(&access_);
    (void)begin("a", ROLE_ADMIN, now_ms);
    cr_expect_not_null(access_find(&access_, token, now_ms + LOGIN_IDLE_MS - 1));
    cr_expect_not_null(access_find(&access_, token, now_ms + 2 * LOGIN_IDLE_MS - 2));
    cr_expect_null(access_find(&access_, token, now_ms + 3 * LOGIN_IDLE_MS - 2));
    (void)begin("a", ROLE_ADMIN, now_ms);
    for (; now_ms < 1000 + LOGIN_LIFE_MS; now_ms += LOGIN_IDLE_MS / 2) {
        cr_assert_not_null(access_find(&access_, token, now_ms));
    }
    cr_expect_null(access_find(&access_, token, 1000 + LOGIN_LIFE_MS));
}

Test(access, a_screen_on_the_wall_stays)
{
    access_init(&access_);
    (void)begin("wall", ROLE_VIEWER, 0);
    cr_expect_not_null(access_find(&access_, token, LOGIN_LIFE_MS * 2));
    cr_expect_null(access_find(&access_, token, LOGIN_LIFE_MS * 2 + LOGIN_VIEWER_MS));
}

Test(access, whether_a_stream_goes_on_is_no_use_of_its_login)
{
    const struct login *l;
    char id[USERS_ID_LEN];

    access_init(&access_);
    l = begin("a", ROLE_OPERATOR, 0);
    memcpy(id, l->id, sizeof id);
    cr_expect(access_is_alive(&access_, id, LOGIN_IDLE_MS - 1));
    cr_expect_not(access_is_alive(&access_, id, LOGIN_IDLE_MS));
    cr_expect_not(access_is_alive(&access_, "x", 0));
}

Test(access, many_logins_of_one_user_push_out_his_own_only)
{
    char first[LOGIN_TOKEN_LEN];
    char others[LOGIN_TOKEN_LEN];

    access_init(&access_);
    (void)begin("other", ROLE_ADMIN, 0);
    memcpy(others, token, sizeof token);
    for (int i = 0; i < 10000; i++) {
        (void)begin("a", ROLE_ADMIN, 1 + i);
        if (i == 0) {
            memcpy(first, token, sizeof token);
        }
    }
    cr_expect_not_null(access_find(&access_, others, 20000));
    cr_expect_not_null(access_find(&access_, token, 20000));
    cr_expect_null(access_find(&access_, first, 20000));
    access_end_user(&access_, "a", NULL);
    cr_expect_null(access_find(&access_, token, 20000));
    cr_expect_not_null(access_find(&access_, others, 20000));
}

Test(access, delays_double_up_to_their_bound_and_end_with_success)
{
    int64_t now_ms = 5000;
    int64_t longest_ms = 0;

    access_init(&access_);
    for (int i = 0; i < GUARD_FREE_N; i++) {
        cr_expect_eq(access_try(&access_, "a", "x", now_ms), 0);
    }
    for (int64_t delay_ms = 1000; delay_ms <= 32000; delay_ms *= 2) {
        cr_expect_eq(access_try(&access_, "a", "x", now_ms), 0);
        cr_expect_eq(access_try(&access_, "a", "x", now_ms), delay_ms);
        cr_expect_eq(access_try(&access_, "a", "x", now_ms + delay_ms - 1), 1);
        now_ms += delay_ms;
    }
    for (int i = 0; i < 10; i++) {
        cr_expect_eq(access_try(&access_, "a", "x", now_ms), 0);
        longest_ms = access_try(&access_, "a", "x", now_ms);
        now_ms += longest_ms;
    }
    cr_expect_eq(longest_ms, GUARD_ADDRESS_MS);
    access_succeeded(&access_, "a", "x", now_ms);
    cr_expect_eq(access_try(&access_, "a", "x", now_ms), 0);
    cr_expect_eq(access_try(&access_, "a", "x", now_ms), 0);
}

Test(access, an_account_waits_less_than_an_address_and_others_do_not)
{
    int64_t now_ms = 0;

    access_init(&access_);
    for (int i = 0; i < 40; i++) { /* from everywhere */
        char address[16];

        (void)snprintf(address, sizeof address, "a%d", i);
        now_ms += GUARD_ACCOUNT_MS;
        cr_expect_eq(access_try(&access_, "a", address, now_ms), 0);
    }
    cr_expect_eq(access_try(&access_, "a", "elsewhere", now_ms), GUARD_ACCOUNT_MS);
    cr_expect_eq(access_try(&access_, "b", "elsewhere", now_ms), 0);
    cr_expect_eq(access_try(&access_, "a", "elsewhere", now_ms + GUARD_FORGET_MS), 0);
}

Test(access, more_strangers_than_places_are_survived)
{
    access_init(&access_);
    for (int i = 0; i < 3 * GUARD_MAX; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "n%d", i);
        cr_assert_eq(access_try(&access_, name, name, i), 0);
    }
}

/* Fail until there is a delay; returns when it ends. */
static int64_t make_wait(const char *account, const char *address, int64_t now_ms)
{
    while (access_try(&access_, account, address, now_ms) == 0) { /* ends: GUARD_FREE_N are free, then there is a delay */
    }
    return now_ms + access_try(&access_, account, address, now_ms);
}

Test(access, a_flood_of_names_and_addresses_ends_nobodys_delay)
{
    int64_t free_at_ms;
    int64_t now_ms = 0;

    access_init(&access_);
    for (int i = 0; i < 5; i++) { /* half a minute by now */
        now_ms = make_wait("owner", "192.0.2.1", now_ms);
    }
    free_at_ms = make_wait("owner", "192.0.2.1", now_ms);
    for (int i = 0; i < 3 * GUARD_MAX; i++) {
        char name[16];

        (void)snprintf(name, sizeof name, "n%d", i);
        cr_assert_eq(access_try(&access_, name, name, now_ms), 0);
        cr_assert_gt(access_try(&access_, name, "192.0.2.1", now_ms), 0, "the address that waits has got in as %s", name);
    }
    cr_expect_eq(access_try(&access_, "owner", "198.51.100.1", now_ms), free_at_ms - now_ms);
    cr_expect_eq(access_try(&access_, "somebody", "192.0.2.1", now_ms), free_at_ms - now_ms);
}

Test(access, a_network_of_ipv6_waits_as_one)
{
    int64_t free_at_ms;

    access_init(&access_);
    free_at_ms = make_wait("a", "2001:db8:1:2::1", 0);
    cr_expect_eq(access_try(&access_, "b", "2001:db8:1:2:ffff:1:2:3", 0), free_at_ms);
    cr_expect_eq(access_try(&access_, "b", "2001:db8:1:3::1", 0), 0);
    access_succeeded(&access_, "a", "2001:db8:1:2::9", 0);
    cr_expect_eq(access_try(&access_, "c", "2001:db8:1:2::1", 0), 0);
    (void)make_wait("d", "::ffff:192.0.2.1", 0); /* IPv4 on a socket of both: each address for itself */
    cr_expect_eq(access_try(&access_, "e", "::ffff:192.0.2.2", 0), 0);
}

/* Many guess at an account without rest, each from an address of his own; returns when its delay ends. */
static int64_t siege(const char *account, int64_t now_ms)
{
    char address[16];

    for (int i = 0; i < 50; i++) {
        (void)snprintf(address, sizeof address, "e%d", i);
        now_ms += access_try(&access_, account, address, now_ms);
    }
    return now_ms + access_try(&access_, account, "elsewhere", now_ms);
}

Test(access, strangers_do_not_lock_an_owner_out_where_he_has_logged_in_before)
{
    int64_t now_ms;

    access_init(&access_);
    cr_expect_eq(access_try(&access_, "owner", "192.0.2.1", 0), 0);
    access_succeeded(&access_, "owner", "192.0.2.1", 0);
    now_ms = siege("owner", 0) - 1;
    cr_expect_eq(access_try(&access_, "owner", "192.0.2.2", now_ms), 1, "from a new place he waits as everybody does");
    cr_expect_eq(access_try(&access_, "owner", "192.0.2.1", now_ms), 0);
    access_succeeded(&access_, "owner", "192.0.2.1", now_ms);
    cr_expect_eq(access_try(&access_, "owner", "elsewhere", now_ms), 1, "his login makes it no easier for them");
    cr_expect_gt(make_wait("owner", "192.0.2.1", now_ms), now_ms, "nor may be guessed without rest from his place");
    cr_expect_eq(access_try(&access_, "other", "192.0.2.1", now_ms), SECOND_MS, "that place waits for every account");
}

Test(access, the_place_used_longest_ago_is_forgotten_first)
{
    char address[16];
    int64_t now_ms;

    access_init(&access_);
    for (int i = 0; i <= USUAL_MAX; i++) {
        (void)snprintf(address, sizeof address, "p%d", i);
        access_succeeded(&access_, "owner", address, i);
    }
    access_succeeded(&access_, "owner", "p1", USUAL_MAX + 1);
    access_succeeded(&access_, "owner", "new", USUAL_MAX + 2);
    now_ms = siege("owner", USUAL_MAX + 3) - 1;
    cr_expect_gt(access_try(&access_, "owner", "p0", now_ms), 0);
    cr_expect_gt(access_try(&access_, "owner", "p2", now_ms), 0);
    cr_expect_eq(access_try(&access_, "owner", "p1", now_ms), 0);
    cr_expect_eq(access_try(&access_, "owner", "new", now_ms), 0);
}
