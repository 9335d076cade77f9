#include <sqlite3.h>

#include "client/shell/journal_db.h"
#include "tests/unit/client/shell/journal_sessions.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(journal_db, .timeout = 10);

/* A database in a directory of its own. */
static struct journal_db open_db(struct scratch *scratch)
{
    struct journal_db d;

    scratch_open(scratch);
    cr_assert_eq(journal_db_open(&d, scratch_path(scratch, "client.db")), RC_OK);
    return d;
}

static int64_t count(struct journal_db *d, const char *sql)
{
    sqlite3_stmt *s = NULL;
    int64_t n;

    cr_assert_eq(sqlite3_prepare_v2(d->handle, sql, -1, &s, NULL), SQLITE_OK);
    cr_assert_eq(sqlite3_step(s), SQLITE_ROW);
    n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

Test(journal_db, ages_count_only_moments_of_the_same_boot_of_the_machine)
{
    struct journal_session s = finished(1);
    struct msg_session_record m;
    int32_t quarter_wh[QUARTER_MAX];
    struct journal_db d;
    struct scratch scratch;

    d = open_db(&scratch);
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID), RC_OK);
    cr_assert_eq(journal_db_oldest(&d, 100000, BOOT_ID, &m, quarter_wh), RC_OK);
    cr_assert_eq(m.start_age_ms, 50000);
    cr_assert_eq(m.stop_age_ms, 10000);
    cr_assert_eq(journal_db_oldest(&d, 89999, BOOT_ID, &m, quarter_wh), RC_OK);
    cr_assert_eq(m.stop_age_ms, 0, "never below 0");
    cr_assert_eq(journal_db_oldest(&d, 100000, BOOT_ID + 1, &m, quarter_wh), RC_OK);
    cr_assert_eq(m.start_age_ms, 0);
    cr_assert_eq(m.stop_age_ms, 0);
    journal_db_close(&d);
    scratch_close(&scratch);
}

Test(journal_db, a_session_closed_after_a_power_loss_keeps_the_boot_of_its_last_moment)
{
    struct journal_session s = session_of(1);
    struct msg_session_record m;
    int32_t quarter_wh[QUARTER_MAX];
    struct journal_db d;
    struct scratch scratch;

    d = open_db(&scratch);
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID), RC_OK);
    s.end = END_POWER_LOSS;
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID + 1), RC_OK);
    cr_assert_eq(journal_db_oldest(&d, 60000, BOOT_ID + 1, &m, quarter_wh), RC_OK);
    cr_assert_eq(m.stop_age_ms, 0, "the last moment was not of this boot");
    cr_assert_eq(m.end, END_POWER_LOSS);
    journal_db_close(&d);
    scratch_close(&scratch);
}

Test(journal_db, a_session_that_went_on_after_a_reboot_counts_its_last_moment_in_the_new_boot)
{
    struct journal_session s = session_of(1);
    struct msg_session_record m;
    int32_t quarter_wh[QUARTER_MAX];
    struct journal_db d;
    struct scratch scratch;

    d = open_db(&scratch);
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID), RC_OK);
    s.last_boot_ms = 20000;
    s.end = END_COMMAND;
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID + 1), RC_OK);
    cr_assert_eq(journal_db_oldest(&d, 25000, BOOT_ID + 1, &m, quarter_wh), RC_OK);
    cr_assert_eq(m.start_age_ms, 0);
    cr_assert_eq(m.stop_age_ms, 5000);
    journal_db_close(&d);
    scratch_close(&scratch);
}

Test(journal_db, the_same_write_twice_counts_once_and_a_finished_session_does_not_change)
{
    struct journal_session s = finished(1);
    struct msg_session_record m;
    int32_t quarter_wh[QUARTER_MAX];
    struct journal_db d;
    struct scratch scratch;

    d = open_db(&scratch);
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID), RC_OK);
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID), RC_OK);
    s.end = END_UNSET;
    s.last_wh = 9999;
    s.quarter_wh[0] = 9999;
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID), RC_OK);
    cr_assert_eq(count(&d, "SELECT count(*) FROM session"), 1);
    cr_assert_eq(journal_db_oldest(&d, 1, BOOT_ID, &m, quarter_wh), RC_OK);
    cr_assert_eq(m.stop_wh, 1300);
    cr_assert_eq(quarter_wh[0], 100);
    cr_assert_eq(journal_db_ack(&d, &s.id), RC_OK);
    cr_assert_eq(journal_db_ack(&d, &s.id), RC_OK);
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID), RC_OK);
    cr_assert_eq(journal_db_oldest(&d, 1, BOOT_ID, &m, quarter_wh), RC_MISSING, "what was acknowledged stays so");
    journal_db_close(&d);
    scratch_close(&scratch);
}

Test(journal_db, an_acknowledgement_of_an_unknown_or_open_session_changes_nothing)
{
    struct journal_session s = session_of(1);
    struct session_id unknown = {{9}};
    struct journal_db d;
    struct scratch scratch;

    d = open_db(&scratch);
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID), RC_OK);
    cr_assert_eq(journal_db_ack(&d, &s.id), RC_OK);
    cr_assert_eq(journal_db_ack(&d, &unknown), RC_OK);
    cr_assert_eq(count(&d, "SELECT count(*) FROM session WHERE state = 'open'"), 1);
    journal_db_close(&d);
    scratch_close(&scratch);
}

Test(journal_db, a_session_whose_end_never_arrived_is_finished_when_another_begins)
{
    struct journal_session first = session_of(1);
    struct journal_session second = session_of(2);
    struct journal_session open;
    struct msg_session_record m;
    int32_t quarter_wh[QUARTER_MAX];
    struct journal_db d;
    struct scratch scratch;

    d = open_db(&scratch);
    cr_assert_eq(journal_db_put(&d, &first, BOOT_ID), RC_OK);
    cr_assert_eq(journal_db_put(&d, &second, BOOT_ID), RC_OK);
    cr_assert_eq(journal_db_open_session(&d, &open), RC_OK);
    cr_assert_eq(open.id.at[0], 2);
    cr_assert_eq(journal_db_oldest(&d, 1, BOOT_ID, &m, quarter_wh), RC_OK);
    cr_assert_eq(m.session.at[0], 1);
    cr_assert_eq(m.end, END_POWER_LOSS);
    cr_assert_eq(m.stop_wh, 1000);
    journal_db_close(&d);
    scratch_close(&scratch);
}

Test(journal_db, the_newest_hundred_acknowledged_sessions_stay_and_all_others)
{
    struct journal_session s = finished(0);
    struct journal_db d;
    struct scratch scratch;

    d = open_db(&scratch);
    for (uint8_t i = 0; i < JOURNAL_DB_ACKED_MAX + 3; i++) {
        s.id.at[0] = i;
        cr_assert_eq(journal_db_put(&d, &s, BOOT_ID), RC_OK);
        if (i != 1) { /* the manager never heard of this one */
            cr_assert_eq(journal_db_ack(&d, &s.id), RC_OK);
        }
    }
    cr_assert_eq(count(&d, "SELECT count(*) FROM session WHERE state = 'acked'"), JOURNAL_DB_ACKED_MAX);
    cr_assert_eq(count(&d, "SELECT count(*) FROM session WHERE state = 'finished'"), 1);
    cr_assert_eq(count(&d, "SELECT count(*) FROM session WHERE substr(id, 1, 1) IN (x'00', x'02')"), 0);
    cr_assert_eq(count(&d, "SELECT count(*) FROM session_quarter"), 2 * (JOURNAL_DB_ACKED_MAX + 1), "their quarter hours go with them");
    journal_db_close(&d);
    scratch_close(&scratch);
}

Test(journal_db, a_full_database_refuses_a_session_as_a_whole)
{
    struct journal_session s = finished(1);
    struct msg_session_record m;
    int32_t quarter_wh[QUARTER_MAX];
    struct journal_db d;
    struct scratch scratch;

    s.quarter_n = QUARTER_MAX; /* more than one page, so that it fails in the middle */
    for (int i = 0; i < QUARTER_MAX; i++) {
        s.quarter_wh[i] = 100000 + i;
    }
    d = open_db(&scratch);
    cr_assert_eq(sqlite3_exec(d.handle, "PRAGMA max_page_count = 1", NULL, NULL, NULL), SQLITE_OK); /* SQLite raises it to what there is */
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID), RC_IO);
    cr_assert_str_not_empty(d.why);
    cr_assert_eq(count(&d, "SELECT count(*) FROM session"), 0);
    cr_assert_eq(count(&d, "SELECT count(*) FROM session_quarter"), 0);
    cr_assert_eq(sqlite3_exec(d.handle, "PRAGMA max_page_count = 1000000", NULL, NULL, NULL), SQLITE_OK);
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID), RC_OK, "it works again once there is room");
    cr_assert_eq(journal_db_oldest(&d, 1, BOOT_ID, &m, quarter_wh), RC_OK);
    cr_assert_eq(m.quarter_n, QUARTER_MAX);
    cr_assert_eq(quarter_wh[QUARTER_MAX - 1], 100000 + QUARTER_MAX - 1);
    journal_db_close(&d);
    scratch_close(&scratch);
}

Test(journal_db, a_read_only_database_refuses_and_still_reads)
{
    struct journal_session s = finished(1);
    struct msg_session_record m;
    int32_t quarter_wh[QUARTER_MAX];
    struct journal_db d;
    struct scratch scratch;

    d = open_db(&scratch);
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID), RC_OK);
    cr_assert_eq(sqlite3_exec(d.handle, "PRAGMA query_only = 1", NULL, NULL, NULL), SQLITE_OK);
    s = session_of(2);
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID), RC_IO);
    cr_assert_eq(journal_db_ack(&d, &s.id), RC_IO);
    cr_assert_eq(journal_db_oldest(&d, 1, BOOT_ID, &m, quarter_wh), RC_OK);
    cr_assert_eq(sqlite3_get_autocommit(d.handle), 1, "no transaction is left open");
    journal_db_close(&d);
    scratch_close(&scratch);
}

Test(journal_db, durability_is_what_the_settings_of_the_database_promise)
{
    struct journal_db d;
    struct scratch scratch;

    d = open_db(&scratch);
    cr_assert_eq(count(&d, "PRAGMA synchronous"), 2);
    cr_assert_eq(count(&d, "PRAGMA user_version"), 2);
    cr_assert_eq(count(&d, "PRAGMA foreign_keys"), 1);
    cr_assert_eq(count(&d, "SELECT count(*) FROM pragma_journal_mode WHERE journal_mode = 'wal'"), 1);
    cr_assert_eq(count(&d, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' AND name LIKE 'session%' AND strict = 1"), 2);
    journal_db_close(&d);
    scratch_close(&scratch);
}

Test(journal_db, a_session_keeps_the_identity_of_its_vehicle)
{
    struct journal_session s = finished(1);
    struct msg_session_record m;
    int32_t quarter_wh[QUARTER_MAX];
    struct journal_db d;
    struct scratch scratch;

    memcpy(s.identity, "0007CBEA0001", sizeof "0007CBEA0001");
    d = open_db(&scratch);
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID), RC_OK);
    cr_assert_eq(journal_db_oldest(&d, 100000, BOOT_ID, &m, quarter_wh), RC_OK);
    cr_assert_str_eq(m.identity, "0007CBEA0001");
    journal_db_close(&d);
    scratch_close(&scratch);
}

/* SR-089, SR-097: the list of stored cards, as it was. */
Test(journal_db, the_list_of_cards_comes_back_and_a_new_one_replaces_it_as_a_whole)
{
    static struct card_list list;
    static struct card_list back;
    struct card_vehicle v = {.identity = "CAR-1", .is_local = true, .expires_utc_ms = 5};
    struct journal_db d;
    struct scratch scratch;

    d = open_db(&scratch);
    cr_assert_eq(journal_db_cards(&d, &back), RC_OK);
    cr_assert_eq(back.card_n + back.vehicle_n, 0);
    for (int i = 0; i < CARD_MAX; i++) {
        struct card c = {.uid = {.len = 10, .at = {(uint8_t)(i >> 8), (uint8_t)i}}, .kind = CARD_USER, .colour = CARD_BLUE, .is_blocked = i == 7};

        cr_assert_eq(card_put(&list, &c), RC_OK);
    }
    cr_assert_eq(card_put_vehicle(&list, &v), RC_OK);
    cr_assert_eq(journal_db_put_cards(&d, &list), RC_OK);
    cr_assert_eq(journal_db_cards(&d, &back), RC_OK);
    cr_assert_eq(back.card_n, CARD_MAX);
    cr_assert(card_uid_same(&back.card[7].uid, &list.card[7].uid));
    cr_assert(back.card[7].is_blocked);
    cr_assert_eq(back.card[7].colour, CARD_BLUE);
    cr_assert_eq(back.vehicle_n, 1);
    cr_assert(back.vehicle[0].is_local);
    cr_assert_eq(back.vehicle[0].expires_utc_ms, 5);
    card_erase(&list);
    cr_assert_eq(journal_db_put_cards(&d, &list), RC_OK);
    cr_assert_eq(journal_db_cards(&d, &back), RC_OK);
    cr_assert_eq(back.card_n + back.vehicle_n, 0);
    journal_db_close(&d);
    scratch_close(&scratch);
}

/* 06 6.2: each fault raised and cleared is stored with its time. */
Test(journal_db, faults_are_stored_with_begin_and_end_and_only_the_newest_thousand_stay)
{
    struct journal_fault fault = {.code = 8005, .is_raised = true, .utc_ms = INT64_C(1790000000000), .boot_ms = 1000};
    struct journal_db d;
    struct scratch scratch;

    d = open_db(&scratch);
    cr_assert_eq(journal_db_fault(&d, &fault, BOOT_ID), RC_OK);
    fault.code = 3;
    fault.utc_ms = CLOCK_UNSET_UTC_MS;
    cr_assert_eq(journal_db_fault(&d, &fault, BOOT_ID), RC_OK);
    fault = (struct journal_fault){.code = 8005, .utc_ms = INT64_C(1790000005000), .boot_ms = 6000};
    cr_assert_eq(journal_db_fault(&d, &fault, BOOT_ID), RC_OK);
    cr_assert_eq(count(&d, "SELECT cleared_utc_ms - raised_utc_ms FROM fault WHERE code = 8005 AND is_open = 0"), 5000);
    cr_assert_eq(count(&d, "SELECT count(*) FROM fault WHERE code = 3 AND is_open = 1 AND raised_utc_ms IS NULL"), 1);
    cr_assert_eq(journal_db_close_faults(&d), RC_OK);
    cr_assert_eq(count(&d, "SELECT count(*) FROM fault WHERE is_open = 1"), 0);
    fault = (struct journal_fault){.code = 5, .is_raised = true, .boot_ms = 1};
    for (int i = 0; i < JOURNAL_DB_FAULT_MAX; i++) {
        cr_assert_eq(journal_db_fault(&d, &fault, BOOT_ID), RC_OK);
    }
    cr_assert_eq(count(&d, "SELECT count(*) FROM fault"), JOURNAL_DB_FAULT_MAX);
    cr_assert_eq(count(&d, "SELECT count(*) FROM fault WHERE code <> 5"), 0);
    journal_db_close(&d);
    scratch_close(&scratch);
}

Test(journal_db, a_database_of_the_first_version_gets_its_new_tables)
{
    struct journal_session s = finished(1);
    static struct card_list list;
    struct journal_db d;
    struct scratch scratch;

    d = open_db(&scratch);
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID), RC_OK);
    cr_assert_eq(sqlite3_exec(d.handle,
                              "DROP TABLE card; DROP TABLE vehicle; DROP TABLE fault; ALTER TABLE session DROP COLUMN vehicle; PRAGMA user_version = 1", NULL,
                              NULL, NULL),
                 SQLITE_OK);
    journal_db_close(&d);
    cr_assert_eq(journal_db_open(&d, scratch_path(&scratch, "client.db")), RC_OK);
    cr_assert_eq(journal_db_cards(&d, &list), RC_OK);
    cr_assert_eq(count(&d, "SELECT count(*) FROM session WHERE vehicle IS NULL"), 1);
    journal_db_close(&d);
    scratch_close(&scratch);
}
