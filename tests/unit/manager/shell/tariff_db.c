/* What sessions cost, as it is stored: which prices are theirs, quarter hours whose mix comes late, nights in which the clocks are changed. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/os/clock.h"
#include "manager/shell/change.h"
#include "manager/shell/db.h"
#include "manager/shell/rescue.h"
#include "manager/shell/schema.h"

#define NOON INT64_C(1751371200000) /* Tuesday 2025-07-01 12:00 UTC, 14:00 in Berlin */
#define QUARTER_MS INT64_C(900000)
#define HOUR_MS INT64_C(3600000)

TestSuite(tariff_db, .timeout = 30);

struct bench {
    char dir[64];
    char path[96];
    struct db db;
};

static void make(struct bench *b)
{
    cr_assert_eq(clock_set_zone("Europe/Berlin"), RC_OK);
    (void)snprintf(b->dir, sizeof b->dir, "/tmp/wallbox-tariff-XXXXXX");
    cr_assert_not_null(mkdtemp(b->dir));
    (void)snprintf(b->path, sizeof b->path, "%s/manager.db", b->dir);
    cr_assert_eq(db_open(&b->db, b->path, 0, 100), RC_OK);
}

static void clean(struct bench *b)
{
    DIR *dir;
    char path[400];

    db_close(&b->db);
    dir = opendir(b->dir);
    cr_assert_not_null(dir);
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        (void)snprintf(path, sizeof path, "%s/%s", b->dir, e->d_name);
        (void)unlink(path); /* not . and .. */
    }
    closedir(dir);
    cr_assert_eq(rmdir(b->dir), 0);
}

/* -1: NULL. */
static int64_t query(struct bench *b, const char *sql)
{
    sqlite3_stmt *s = NULL;
    int64_t value;

    cr_assert_eq(sqlite3_prepare_v2(b->db.handle, sql, -1, &s, NULL), SQLITE_OK, "%s", sqlite3_errmsg(b->db.handle));
    cr_assert_eq(sqlite3_step(s), SQLITE_ROW, "%s", sql);
    value = sqlite3_column_type(s, 0) == SQLITE_NULL ? -1 : sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return value;
}

static void set_prices(struct bench *b, int32_t price, int32_t solar, int64_t utc_ms)
{
    const struct tariff t = {.currency = "EUR", .price_centicent_kwh = price, .solar_price_centicent_kwh = solar};

    cr_assert_eq(db_add_tariff(&b->db, &t, "anna", utc_ms), RC_OK);
}

/* A session of some quarter hours of 1 kWh each. */
static void end_session(struct bench *b, uint8_t number, int64_t first_utc_ms, uint16_t quarter_n, int64_t received_utc_ms)
{
    static const int32_t quarters[] = {1000, 1000, 1000, 1000, 1000, 1000, 1000, 1000};
    struct msg_session_record m = {.session = {{number}}, .end = END_UNPLUGGED, .quarter_n = quarter_n, .quarter_wh = quarters};

    cr_assert_leq(quarter_n, 8);
    m.start_utc_ms = first_utc_ms;
    m.stop_utc_ms = first_utc_ms + quarter_n * QUARTER_MS - 1000;
    m.start_age_ms = received_utc_ms - m.start_utc_ms;
    m.stop_age_ms = received_utc_ms - m.stop_utc_ms;
    m.first_quarter_utc_ms = first_utc_ms;
    m.start_wh = 5000;
    m.stop_wh = 5000 + 1000 * quarter_n;
    cr_assert_eq(db_stop_session(&b->db, "W01", &m, received_utc_ms), RC_OK);
}

static void add_mix(struct bench *b, int64_t from_utc_ms, int64_t utc_ms)
{
    const struct sunmix_energy half = {.from_utc_ms = from_utc_ms, .production_wh = 500, .import_wh = 500};

    cr_assert_eq(db_add_mix(&b->db, &half, utc_ms), RC_OK);
}

Test(tariff_db, a_session_has_no_cost_before_there_are_prices)
{
    struct bench b;
    struct db_tariff t;

    make(&b);
    cr_expect_eq(db_tariff_at(&b.db, NOON, &t), RC_MISSING);
    end_session(&b, 1, NOON, 2, NOON + HOUR_MS);
    set_prices(&b, 3000, -1, NOON + HOUR_MS);
    add_mix(&b, NOON, NOON + HOUR_MS);
    cr_expect_eq(query(&b, "SELECT count(*) FROM session WHERE cost_minor IS NULL AND currency IS NULL AND tariff IS NULL"), 1);
    cr_expect_eq(db_tariff_at(&b.db, NOON + HOUR_MS - 1, &t), RC_MISSING);
    cr_assert_eq(db_tariff_at(&b.db, NOON + HOUR_MS, &t), RC_OK);
    cr_expect_eq(t.tariff.price_centicent_kwh, 3000);
    clean(&b);
}

Test(tariff_db, a_session_costs_what_was_valid_when_it_began_however_late_its_record_comes)
{
    struct bench b;

    make(&b);
    set_prices(&b, 3000, -1, NOON - HOUR_MS);
    set_prices(&b, 5000, -1, NOON + QUARTER_MS);
    end_session(&b, 1, NOON, 4, NOON + HOUR_MS);              /* the prices change while it charges */
    end_session(&b, 2, NOON - 60000, 1, NOON + 72 * HOUR_MS); /* three days later */
    end_session(&b, 3, NOON + HOUR_MS, 1, NOON + 72 * HOUR_MS);
    cr_expect_eq(query(&b, "SELECT cost_minor FROM session WHERE hex(id) LIKE '01%' AND tariff = 1"), 120);
    cr_expect_eq(query(&b, "SELECT cost_minor FROM session WHERE hex(id) LIKE '02%' AND tariff = 1"), 30);
    cr_expect_eq(query(&b, "SELECT cost_minor FROM session WHERE hex(id) LIKE '03%' AND tariff = 2"), 50);
    cr_expect_eq(query(&b, "SELECT count(*) FROM session WHERE currency = 'EUR'"), 3);
    clean(&b);
}

Test(tariff_db, the_same_record_once_more_does_not_change_the_cost)
{
    struct bench b;

    make(&b);
    set_prices(&b, 3000, -1, NOON - HOUR_MS);
    end_session(&b, 1, NOON, 1, NOON + HOUR_MS);
    set_prices(&b, 9000, -1, NOON - 1000); /* by a clock that was put back */
    end_session(&b, 1, NOON, 1, NOON + 2 * HOUR_MS);
    cr_expect_eq(query(&b, "SELECT cost_minor FROM session"), 30);
    cr_expect_eq(query(&b, "SELECT tariff FROM session"), 1);
    clean(&b);
}

Test(tariff_db, the_sun_of_a_quarter_hour_counts_when_its_mix_comes_after_the_end_by_the_prices_of_then)
{
    struct bench b;

    make(&b);
    set_prices(&b, 3000, 1000, NOON - HOUR_MS);
    add_mix(&b, NOON, NOON + QUARTER_MS);
    end_session(&b, 1, NOON, 2, NOON + 2 * QUARTER_MS);
    cr_expect_eq(query(&b, "SELECT cost_minor FROM session"), 50, "half of the first is of the sun, the second is not known yet");
    set_prices(&b, 9000, 8000, NOON + 2 * QUARTER_MS);
    add_mix(&b, NOON + QUARTER_MS, NOON + 2 * QUARTER_MS + 2000);
    cr_expect_eq(query(&b, "SELECT cost_minor FROM session"), 40);
    cr_expect_eq(query(&b, "SELECT tariff FROM session"), 1);
    cr_expect_eq(query(&b, "SELECT count(*) FROM audit"), 0, "that was to be expected");
    clean(&b);
}

Test(tariff_db, a_cost_that_changes_long_after_the_end_is_in_the_audit_trail)
{
    struct bench b;

    make(&b);
    set_prices(&b, 3000, 1000, NOON - HOUR_MS);
    end_session(&b, 0xab, NOON, 2, NOON + 2 * QUARTER_MS);
    add_mix(&b, NOON, NOON + 3 * HOUR_MS); /* the disk was full until then */
    add_mix(&b, NOON, NOON + 4 * HOUR_MS);
    cr_expect_eq(query(&b, "SELECT cost_minor FROM session"), 50);
    cr_expect_eq(query(&b, "SELECT count(*) FROM audit WHERE what = 'session_cost' AND subject LIKE 'ab00%' AND who = 'manager'"
                           " AND before = '{\"cost_minor\":60,\"currency\":\"EUR\"}' AND after = '{\"cost_minor\":50,\"currency\":\"EUR\"}'"),
                 1);
    cr_expect_eq(query(&b, "SELECT count(*) FROM audit"), 1);
    clean(&b);
}

/* Nights from 02:00 to 03:00 are dear; that hour is missing in spring and comes twice in autumn. */
Test(tariff_db, windows_are_on_the_wall_clock_in_the_nights_in_which_it_is_changed)
{
    static const int64_t spring = INT64_C(1743289200000) + HOUR_MS; /* Sunday 2025-03-30 01:00, an hour before summer time */
    static const int64_t autumn = INT64_C(1761433200000) + HOUR_MS; /* Sunday 2025-10-26 00:00 UTC: 02:00, an hour before winter time */
    const struct tariff t = {.currency = "EUR",
                             .price_centicent_kwh = 1000,
                             .solar_price_centicent_kwh = -1,
                             .window_n = 1,
                             .window = {{.days = 0x7f, .from_min = 120, .to_min = 180, .price_centicent_kwh = 5000}}};
    struct bench b;

    make(&b);
    cr_assert_eq(db_add_tariff(&b.db, &t, "anna", spring - HOUR_MS), RC_OK);
    end_session(&b, 1, spring, 8, spring + 3 * HOUR_MS);
    end_session(&b, 2, autumn, 8, autumn + 3 * HOUR_MS);
    end_session(&b, 3, spring + 24 * HOUR_MS, 8, spring + 48 * HOUR_MS);
    cr_expect_eq(query(&b, "SELECT cost_minor FROM session WHERE hex(id) LIKE '01%'"), 80, "01:00 to 02:00, 03:00 to 04:00");
    cr_expect_eq(query(&b, "SELECT cost_minor FROM session WHERE hex(id) LIKE '02%'"), 400, "02:00 to 03:00, twice");
    cr_expect_eq(query(&b, "SELECT cost_minor FROM session WHERE hex(id) LIKE '03%'"), 240, "02:00 to 04:00 on the day after");
    clean(&b);
}

Test(tariff_db, a_session_of_which_no_clock_knows_when_it_was_costs_the_base_price_of_the_newest_tariff)
{
    struct msg_session_record m = {.session = {{1}}, .end = END_UNPLUGGED, .stop_wh = 2000};
    struct bench b;

    make(&b);
    set_prices(&b, 3000, -1, NOON - HOUR_MS);
    cr_assert_eq(db_stop_session(&b.db, "W01", &m, CLOCK_UNSET_UTC_MS), RC_OK);
    cr_expect_eq(query(&b, "SELECT cost_minor FROM session WHERE start_utc_ms IS NULL"), 60);
    clean(&b);
}

Test(tariff_db, energies_that_cannot_be_right_have_no_cost_and_their_session_is_stored)
{
    struct msg_session_record m = {.session = {{1}}, .end = END_UNPLUGGED, .start_utc_ms = NOON, .stop_utc_ms = NOON + 1000, .stop_wh = 2000000000};
    struct bench b;

    make(&b);
    set_prices(&b, 3000, -1, NOON - HOUR_MS);
    cr_assert_eq(db_stop_session(&b.db, "W01", &m, NOON + 1000), RC_OK);
    cr_expect_eq(query(&b, "SELECT count(*) FROM session WHERE stop_wh = 2000000000 AND tariff = 1 AND cost_minor IS NULL"), 1);
    clean(&b);
}

Test(tariff_db, without_a_currency_nothing_costs_anything)
{
    const struct tariff none = {.solar_price_centicent_kwh = -1};
    struct bench b;

    make(&b);
    set_prices(&b, 3000, -1, NOON - 2 * HOUR_MS);
    cr_assert_eq(db_add_tariff(&b.db, &none, "anna", NOON - HOUR_MS), RC_OK);
    end_session(&b, 1, NOON, 2, NOON + HOUR_MS);
    add_mix(&b, NOON, NOON + HOUR_MS);
    cr_expect_eq(query(&b, "SELECT count(*) FROM session WHERE tariff = 2 AND cost_minor IS NULL AND currency IS NULL"), 1);
    clean(&b);
}

Test(tariff_db, prices_are_only_added_to)
{
    struct bench b;

    make(&b);
    set_prices(&b, 3000, -1, NOON);
    cr_expect_neq(sqlite3_exec(b.db.handle, "UPDATE tariff SET prices = '{}'", NULL, NULL, NULL), SQLITE_OK);
    cr_expect_neq(sqlite3_exec(b.db.handle, "DELETE FROM tariff", NULL, NULL, NULL), SQLITE_OK);
    cr_expect_eq(query(&b, "SELECT count(*) FROM tariff WHERE who = 'anna'"), 1);
    clean(&b);
}

Test(tariff_db, prices_of_a_clock_that_ran_ahead_do_not_outlast_the_next)
{
    struct bench b;
    struct db_tariff t;

    make(&b);
    set_prices(&b, 9000, -1, NOON + 1000 * HOUR_MS);
    set_prices(&b, 3000, -1, NOON);
    cr_assert_eq(db_tariff_at(&b.db, NOON + 2000 * HOUR_MS, &t), RC_OK);
    cr_expect_eq(t.tariff.price_centicent_kwh, 3000);
    clean(&b);
}

Test(tariff_db, new_prices_and_what_they_replace_are_in_the_audit_trail)
{
    struct change *c = change_new(CHANGE_TARIFF_PUT);
    struct bench b;

    make(&b);
    cr_assert_not_null(c);
    cr_expect_not(change_is_of_cards(c));
    (void)snprintf(c->who, sizeof c->who, "anna");
    c->tariff = (struct tariff){.currency = "NOK", .price_centicent_kwh = 20000, .solar_price_centicent_kwh = -1};
    cr_expect_eq(c->order.run(&c->order, &b.db, CLOCK_UNSET_UTC_MS), RC_STALE);
    cr_expect_eq(query(&b, "SELECT count(*) FROM tariff"), 0);
    cr_assert_eq(c->order.run(&c->order, &b.db, NOON), RC_OK);
    c->tariff.price_centicent_kwh = 30000;
    cr_assert_eq(c->order.run(&c->order, &b.db, NOON + 1), RC_OK);
    cr_expect_eq(query(&b, "SELECT count(*) FROM audit WHERE who = 'anna' AND what = 'tariff_put' AND before IS NULL AND after LIKE '%20000%'"), 1);
    cr_expect_eq(query(&b, "SELECT count(*) FROM audit WHERE before LIKE '%20000%' AND after LIKE '%30000%'"), 1);
    change_free(c);
    clean(&b);
}

Test(tariff_db, a_database_of_before_keeps_its_sessions_and_gets_prices)
{
    struct bench b;
    sqlite3 *old = NULL;

    make(&b);
    db_close(&b.db);
    (void)unlink(b.path);
    cr_assert_eq(sqlite3_open(b.path, &old), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(old, schema_steps[0], NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(old, schema_steps[1], NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(old,
                              "PRAGMA user_version = 2; INSERT INTO session (id, serial, state, start_wh, stop_wh, end_reason)"
                              " VALUES (randomblob(16), 'W01', 'closed', 0, 7000, 'card')",
                              NULL, NULL, NULL),
                 SQLITE_OK);
    cr_assert_eq(sqlite3_close(old), SQLITE_OK);
    cr_assert_eq(db_open(&b.db, b.path, 0, 100), RC_OK);
    cr_expect_eq(query(&b, "SELECT stop_wh FROM session WHERE cost_minor IS NULL"), 7000);
    set_prices(&b, 3000, -1, NOON - HOUR_MS);
    end_session(&b, 1, NOON, 1, NOON + HOUR_MS);
    cr_expect_eq(query(&b, "SELECT cost_minor FROM session WHERE tariff = 1"), 30);
    clean(&b);
}

Test(tariff_db, what_is_left_of_a_damaged_database_keeps_prices_and_costs)
{
    struct bench b;
    struct rescue left;

    make(&b);
    set_prices(&b, 3000, -1, NOON - HOUR_MS);
    end_session(&b, 1, NOON, 1, NOON + HOUR_MS);
    db_close(&b.db);
    cr_assert_eq(rescue_exchange(b.path, NOON, true, &left), RC_OK);
    cr_assert_eq(db_open(&b.db, b.path, 0, 100), RC_OK);
    cr_expect_eq(query(&b, "SELECT cost_minor FROM session WHERE currency = 'EUR' AND tariff = 1"), 30);
    cr_expect_eq(query(&b, "SELECT count(*) FROM tariff"), 1);
    clean(&b);
}
