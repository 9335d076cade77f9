#include <signal.h>
#include <sys/resource.h>

#include "client/shell/journal.h"
#include "client/shell/journal_db.h"
#include "tests/unit/client/shell/journal_sessions.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(journal, .timeout = 10);

#define CALLS_MAX 16

struct rig {
    struct bench bench;
    struct scratch scratch;
    struct journal *journal;
    struct journal_start start;
    int stored_n;
    uint64_t ticket[CALLS_MAX];
    bool is_stored[CALLS_MAX];
    int records_n;
    bool has_record;
    struct msg_session_record record;
    int32_t quarter_wh[QUARTER_MAX];
    bool is_closed;
};

static void on_stored(void *user, uint64_t ticket, bool is_stored)
{
    struct rig *r = user;

    cr_assert_lt(r->stored_n, CALLS_MAX);
    r->ticket[r->stored_n] = ticket;
    r->is_stored[r->stored_n] = is_stored;
    r->stored_n++;
}

static void on_record(void *user, const struct msg_session_record *record)
{
    struct rig *r = user;

    r->records_n++;
    r->has_record = record != NULL;
    if (record != NULL) {
        r->record = *record;
        memcpy(r->quarter_wh, record->quarter_wh, record->quarter_n * sizeof record->quarter_wh[0]);
    }
}

static void on_closed(void *user)
{
    struct rig *r = user;

    r->is_closed = true;
}

static const struct journal_events events = {.on_stored = on_stored, .on_record = on_record, .on_closed = on_closed};

static void rig_open(struct rig *r)
{
    *r = (struct rig){0};
    bench_open(&r->bench);
    scratch_open(&r->scratch);
}

static void rig_start(struct rig *r)
{
    r->stored_n = 0;
    r->records_n = 0;
    r->is_closed = false;
    cr_assert_eq(journal_open(r->scratch.dir, &r->bench.loop, &events, r, &r->journal, &r->start), RC_OK);
}

/* Finish what was asked and close. */
static void rig_stop(struct rig *r)
{
    journal_close(r->journal);
    bench_run(&r->bench);
    cr_assert(r->is_closed);
}

static void rig_close(struct rig *r)
{
    bench_close(&r->bench);
    scratch_close(&r->scratch);
}

Test(journal, a_new_directory_holds_nothing)
{
    struct rig r;

    rig_open(&r);
    rig_start(&r);
    cr_assert_eq(r.start.kernel_boot_id, 0);
    cr_assert_eq(r.start.keep.epoch, 0);
    cr_assert_eq(r.start.keep.boot_count, 0);
    cr_assert_not(r.start.keep.has_fallback);
    cr_assert_not(r.start.has_open);
    journal_next(r.journal, 1, 1);
    rig_stop(&r);
    cr_assert_eq(r.records_n, 1);
    cr_assert_not(r.has_record);
    rig_close(&r);
}

Test(journal, what_is_kept_comes_back_with_every_bit)
{
    struct client_keep keep = {.epoch = UINT64_MAX,
                               .boot_count = UINT32_MAX,
                               .fallback_ma = 80000,
                               .rise_after_ms = 600000,
                               .has_fallback = true,
                               .has_config = true,
                               .authorization = true,
                               .commissioned = true,
                               .config_version = UINT32_MAX,
                               .config_ma = 80000,
                               .has_local = true,
                               .local_ma = 6000,
                               .has_brightness = true,
                               .brightness_permille = 1000,
                               .modes = 7,
                               .has_cards = true,
                               .learn_master = true,
                               .is_welded = true,
                               .is_unsafe = true};
    struct rig r;

    rig_open(&r);
    rig_start(&r);
    journal_keep(r.journal, &keep, BOOT_ID, 7);
    rig_stop(&r);
    cr_assert_eq(r.stored_n, 1);
    cr_assert_eq(r.ticket[0], 7);
    cr_assert(r.is_stored[0]);
    rig_start(&r);
    rig_stop(&r);
    cr_assert_eq(r.start.kernel_boot_id, BOOT_ID);
    cr_assert_eq(r.start.keep.epoch, UINT64_MAX);
    cr_assert_eq(r.start.keep.boot_count, UINT32_MAX);
    cr_assert_eq(r.start.keep.fallback_ma, 80000);
    cr_assert_eq(r.start.keep.rise_after_ms, 600000);
    cr_assert(r.start.keep.has_fallback);
    cr_assert(r.start.keep.has_config && r.start.keep.authorization && r.start.keep.commissioned);
    cr_assert_eq(r.start.keep.config_version, UINT32_MAX);
    cr_assert_eq(r.start.keep.config_ma, 80000);
    cr_assert(r.start.keep.has_local && r.start.keep.has_brightness);
    cr_assert_eq(r.start.keep.local_ma, 6000);
    cr_assert_eq(r.start.keep.brightness_permille, 1000);
    cr_assert_eq(r.start.keep.modes, 7);
    cr_assert(r.start.keep.has_cards && r.start.keep.learn_master && r.start.keep.is_welded && r.start.keep.is_unsafe);
    rig_close(&r);
}

Test(journal, answers_come_in_the_order_of_the_writes)
{
    struct journal_session s = session_of(1);
    struct client_keep keep = {.epoch = 1};
    struct rig r;

    rig_open(&r);
    rig_start(&r);
    journal_session(r.journal, &s, 11);
    journal_keep(r.journal, &keep, BOOT_ID, 12);
    s = finished(1);
    journal_session(r.journal, &s, 13);
    journal_acked(r.journal, &s.id, 14);
    rig_stop(&r);
    cr_assert_eq(r.stored_n, 4);
    for (int i = 0; i < 4; i++) {
        cr_assert_eq(r.ticket[i], (uint64_t)(11 + i));
        cr_assert(r.is_stored[i]);
    }
    rig_close(&r);
}

Test(journal, a_restart_finds_the_open_session_as_it_was_stored_last)
{
    struct journal_session s = session_of(1);
    struct rig r;

    rig_open(&r);
    rig_start(&r);
    journal_session(r.journal, &s, 1);
    s.last_wh = 1234;
    s.last_boot_ms = 60000;
    s.uid = (struct card_uid){.len = 4, .at = {4, 3, 2, 1}};
    s.quarter_n = QUARTER_MAX;
    s.quarter_wh[0] = 34;
    s.quarter_wh[QUARTER_MAX - 1] = INT32_MAX;
    journal_session(r.journal, &s, 2);
    rig_stop(&r);
    rig_start(&r);
    cr_assert(r.start.has_open);
    cr_assert_eq(r.start.open.end, END_UNSET);
    cr_assert_eq(memcmp(&r.start.open.id, &s.id, sizeof s.id), 0);
    cr_assert_eq(r.start.open.start_utc_ms, s.start_utc_ms);
    cr_assert_eq(r.start.open.start_boot_ms, 50000);
    cr_assert_eq(r.start.open.start_boot_id, BOOT_ID);
    cr_assert_eq(r.start.open.start_wh, 1000);
    cr_assert_eq(r.start.open.last_wh, 1234);
    cr_assert_eq(r.start.open.last_boot_ms, 60000);
    cr_assert_eq(r.start.open.uid.len, 4);
    cr_assert_eq(r.start.open.uid.at[3], 1);
    cr_assert_eq(r.start.open.first_quarter_utc_ms, s.first_quarter_utc_ms);
    cr_assert_eq(r.start.open.quarter_n, QUARTER_MAX);
    cr_assert_eq(r.start.open.quarter_wh[0], 34);
    cr_assert_eq(r.start.open.quarter_wh[1], 0);
    cr_assert_eq(r.start.open.quarter_wh[QUARTER_MAX - 1], INT32_MAX);
    journal_next(r.journal, 70000, BOOT_ID);
    rig_stop(&r);
    cr_assert_not(r.has_record, "an open session is no record");
    rig_close(&r);
}

Test(journal, a_session_without_a_clock_keeps_that_it_has_none)
{
    struct journal_session s = session_of(1);
    struct rig r;

    s.start_utc_ms = CLOCK_UNSET_UTC_MS;
    s.last_utc_ms = CLOCK_UNSET_UTC_MS;
    s.first_quarter_utc_ms = CLOCK_UNSET_UTC_MS;
    rig_open(&r);
    rig_start(&r);
    journal_session(r.journal, &s, 1);
    rig_stop(&r);
    rig_start(&r);
    rig_stop(&r);
    cr_assert(r.start.has_open);
    cr_assert_eq(r.start.open.start_utc_ms, CLOCK_UNSET_UTC_MS);
    cr_assert_eq(r.start.open.last_utc_ms, CLOCK_UNSET_UTC_MS);
    cr_assert_eq(r.start.open.first_quarter_utc_ms, CLOCK_UNSET_UTC_MS);
    rig_close(&r);
}

Test(journal, records_come_oldest_first_until_they_are_acknowledged)
{
    struct rig r;

    rig_open(&r);
    rig_start(&r);
    for (uint8_t i = 1; i <= 3; i++) {
        struct journal_session s = finished(i);

        journal_session(r.journal, &s, i);
    }
    journal_next(r.journal, 100000, BOOT_ID);
    rig_stop(&r);
    cr_assert(r.has_record);
    cr_assert_eq(r.record.session.at[0], 1);
    cr_assert_eq(r.record.end, END_UNPLUGGED);
    cr_assert_eq(r.record.start_wh, 1000);
    cr_assert_eq(r.record.stop_wh, 1300);
    cr_assert_eq(r.record.quarter_n, 2);
    cr_assert_eq(r.quarter_wh[0], 100);
    cr_assert_eq(r.quarter_wh[1], 200);
    rig_start(&r);
    journal_acked(r.journal, &r.record.session, 9);
    journal_next(r.journal, 100000, BOOT_ID);
    rig_stop(&r);
    cr_assert(r.is_stored[0]);
    cr_assert_eq(r.record.session.at[0], 2);
    rig_close(&r);
}

Test(journal, questions_asked_together_have_one_answer)
{
    struct rig r;

    rig_open(&r);
    rig_start(&r);
    for (int i = 0; i < 100; i++) {
        journal_next(r.journal, 1, 1);
    }
    rig_stop(&r);
    cr_assert_eq(r.records_n, 1);
    rig_close(&r);
}

Test(journal, a_disk_that_refuses_every_byte_is_told_by_the_tickets_and_logged_once)
{
    struct journal_session s = session_of(1);
    struct client_keep keep = {.epoch = 5};
    struct rlimit limit = {.rlim_cur = 0, .rlim_max = RLIM_INFINITY};
    char text[4096] = "";
    int saved = dup(STDERR_FILENO);
    int said[2]; /* a pipe: the limit counts for files, a captured log included */
    struct rig r;

    rig_open(&r);
    rig_start(&r);
    cr_assert_eq(pipe(said), 0);
    cr_assert_geq(dup2(said[1], STDERR_FILENO), 0);
    cr_assert_neq(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    journal_session(r.journal, &s, 1);
    journal_keep(r.journal, &keep, BOOT_ID, 2);
    journal_session(r.journal, &s, 3);
    while (r.stored_n < 3) {
        uv_run(&r.bench.loop, UV_RUN_ONCE);
    }
    limit.rlim_cur = RLIM_INFINITY;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    for (int i = 0; i < 3; i++) {
        cr_assert_eq(r.ticket[i], (uint64_t)(i + 1));
        cr_assert_not(r.is_stored[i]);
    }
    journal_session(r.journal, &s, 4);
    journal_keep(r.journal, &keep, BOOT_ID, 5);
    rig_stop(&r);
    cr_assert_geq(dup2(saved, STDERR_FILENO), 0);
    cr_assert_gt(read(said[0], text, sizeof text - 1), 0);
    cr_assert(r.is_stored[3]);
    cr_assert(r.is_stored[4]);
    cr_assert_not_null(strstr(text, "journal_failing"), "%s", text);
    cr_assert_null(strstr(strstr(text, "journal_failing") + 1, "journal_failing"), "%s", text);
    cr_assert_not_null(strstr(text, "journal_working"), "%s", text);
    rig_start(&r);
    rig_stop(&r);
    cr_assert(r.start.has_open);
    cr_assert_eq(r.start.keep.epoch, 5);
    close(saved);
    close(said[0]);
    close(said[1]);
    rig_close(&r);
}

static void write_file(const char *path, const char *text, size_t len, long at)
{
    FILE *f = fopen(path, at == 0 ? "we" : "r+e");

    cr_assert_not_null(f);
    cr_assert_eq(fseek(f, at, SEEK_SET), 0);
    cr_assert_eq(fwrite(text, 1, len, f), len);
    cr_assert_eq(fclose(f), 0);
}

/* journal_open must refuse with one line and RC_MALFORMED. */
static void refused(struct rig *r, const char *expected)
{
    struct capture log;
    const char *text;
    enum rc rc;

    capture_begin(&log, STDERR_FILENO);
    rc = journal_open(r->scratch.dir, &r->bench.loop, &events, r, &r->journal, &r->start);
    text = capture_end(&log);
    cr_assert_eq(rc, RC_MALFORMED, "%s", text);
    cr_assert_not_null(strstr(text, expected), "%s", text);
    cr_assert_eq(strchr(text, '\n'), text + strlen(text) - 1, "one line: %s", text);
}

Test(journal, a_file_that_is_no_database_is_refused_in_one_line_and_left_alone)
{
    static const char garbage[] = "this is no database, but it is long enough to be looked at by whoever opens it and wonders";
    char back[sizeof garbage];
    struct rig r;
    FILE *f;

    rig_open(&r);
    write_file(scratch_path(&r.scratch, "client.db"), garbage, sizeof garbage, 0);
    refused(&r, "not a database");
    f = fopen(scratch_path(&r.scratch, "client.db"), "re");
    cr_assert_not_null(f);
    cr_assert_eq(fread(back, 1, sizeof back, f), sizeof back);
    cr_assert_eq(memcmp(back, garbage, sizeof garbage), 0);
    fclose(f);
    rig_close(&r);
}

Test(journal, a_database_with_a_damaged_page_is_refused)
{
    struct journal_session s = finished(1);
    char junk[2048];
    struct journal_db d;
    struct rig r;

    rig_open(&r);
    cr_assert_eq(journal_db_open(&d, scratch_path(&r.scratch, "client.db")), RC_OK);
    cr_assert_eq(journal_db_put(&d, &s, BOOT_ID), RC_OK);
    journal_db_close(&d);
    memset(junk, 0xA5, sizeof junk);
    write_file(scratch_path(&r.scratch, "client.db"), junk, sizeof junk, 4096);
    refused(&r, "client.db");
    rig_close(&r);
}

Test(journal, a_database_of_a_newer_version_is_refused)
{
    struct journal_db d;
    struct rig r;

    rig_open(&r);
    cr_assert_eq(journal_db_open(&d, scratch_path(&r.scratch, "client.db")), RC_OK);
    cr_assert_eq(sqlite3_exec(d.handle, "PRAGMA user_version = 99", NULL, NULL, NULL), SQLITE_OK);
    journal_db_close(&d);
    refused(&r, "version 99");
    rig_close(&r);
}

Test(journal, a_state_file_that_is_none_is_refused)
{
    struct rig r;

    rig_open(&r);
    write_file(scratch_path(&r.scratch, "client.state"), "junk", 4, 0);
    refused(&r, "client.state");
    rig_close(&r);
}

Test(journal, a_directory_that_is_not_there_is_said_in_one_line)
{
    struct capture log;
    const char *text;
    enum rc rc;
    struct rig r;

    rig_open(&r);
    capture_begin(&log, STDERR_FILENO);
    rc = journal_open("/nonexistent/here", &r.bench.loop, &events, &r, &r.journal, &r.start);
    text = capture_end(&log);
    cr_assert_eq(rc, RC_IO);
    cr_assert_eq(strchr(text, '\n'), text + strlen(text) - 1, "one line: %s", text);
    rig_close(&r);
}

Test(journal, cards_and_faults_are_stored_beside_the_sessions)
{
    static struct card_list list;
    struct card c = {.uid = {.len = 7, .at = {1, 2, 3}}, .kind = CARD_MASTER, .is_local = true};
    struct journal_fault fault = {.code = 8001, .is_raised = true, .boot_ms = 5};
    struct rig r;

    cr_assert_eq(card_put(&list, &c), RC_OK);
    rig_open(&r);
    rig_start(&r);
    journal_cards(r.journal, &list, 21);
    card_erase(&list);             /* it was copied */
    for (int i = 0; i < 60; i++) { /* more than it has room for: the rest is dropped, nothing else is */
        journal_fault(r.journal, &fault);
    }
    rig_stop(&r);
    cr_assert_eq(r.stored_n, 1);
    cr_assert_eq(r.ticket[0], 21);
    cr_assert(r.is_stored[0]);
    rig_start(&r);
    rig_stop(&r);
    cr_assert_eq(r.start.cards.card_n, 1);
    cr_assert_eq(r.start.cards.card[0].kind, CARD_MASTER);
    rig_close(&r);
}
