#include <criterion/criterion.h>

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "manager/shell/db.h"
#include "manager/shell/store.h"

TestSuite(store, .timeout = 10);

#define RESULTS_MAX 4096

struct bench {
    char dir[64];
    uv_loop_t loop;
    struct store *store;
    uint64_t ticket[RESULTS_MAX];
    bool is_stored[RESULTS_MAX];
    int results_n;
    bool is_closed;
};

static void on_result(void *user, uint64_t ticket, bool is_stored)
{
    struct bench *b = user;

    cr_assert_lt(b->results_n, RESULTS_MAX);
    b->ticket[b->results_n] = ticket;
    b->is_stored[b->results_n] = is_stored;
    b->results_n++;
}

static void on_closed(void *user)
{
    ((struct bench *)user)->is_closed = true;
}

static void open_store(struct bench *b, int64_t page_max)
{
    struct store_options options = {.dir = b->dir, .page_max = page_max, .busy_ms = 1};

    cr_assert_eq(store_open(&b->store, &options), RC_OK);
}

static void start(struct bench *b)
{
    b->results_n = 0;
    b->is_closed = false;
    cr_assert_eq(uv_loop_init(&b->loop), 0);
    cr_assert_eq(store_start(b->store, &b->loop, on_result, b), RC_OK);
}

static void finish(struct bench *b)
{
    store_close(b->store, on_closed, b);
    cr_assert_eq(uv_run(&b->loop, UV_RUN_DEFAULT), 0);
    cr_assert(b->is_closed);
    cr_assert_eq(uv_loop_close(&b->loop), 0);
}

static void make(struct bench *b, int64_t page_max)
{
    memset(b, 0, sizeof *b);
    (void)snprintf(b->dir, sizeof b->dir, "/tmp/wallbox-store-XXXXXX");
    cr_assert_not_null(mkdtemp(b->dir));
    open_store(b, page_max);
}

static void clean(struct bench *b)
{
    DIR *dir = opendir(b->dir);
    char path[400];

    cr_assert_not_null(dir);
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        (void)snprintf(path, sizeof path, "%s/%s", b->dir, e->d_name);
        (void)unlink(path); /* not . and .. */
    }
    closedir(dir);
    cr_assert_eq(rmdir(b->dir), 0);
}

static void flush_and_wait(struct bench *b, int results_n)
{
    store_flush(b->store);
    while (b->results_n < results_n) {
        (void)uv_run(&b->loop, UV_RUN_ONCE);
    }
}

static void path_of(const struct bench *b, const char *name, char *out, size_t out_len)
{
    (void)snprintf(out, out_len, "%s/%s", b->dir, name);
}

static int64_t query(const struct bench *b, const char *sql)
{
    char path[128];
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    int64_t value;

    path_of(b, "manager.db", path, sizeof path);
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_step(s), SQLITE_ROW);
    value = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return value;
}

static void put_record(struct bench *b, uint64_t ticket, uint8_t id, uint16_t quarter_n, enum rc expected)
{
    static int32_t quarters[QUARTER_MAX];
    struct msg_session_record m = {.session = {{id, (uint8_t)(ticket >> 8)}},
                                   .start_utc_ms = 1700000000000,
                                   .stop_utc_ms = 1700003600000,
                                   .start_wh = 1000,
                                   .stop_wh = 8500,
                                   .uid = {4, {1, 2, 3, 4}},
                                   .end = END_UNPLUGGED,
                                   .first_quarter_utc_ms = 1699999200000,
                                   .quarter_n = quarter_n,
                                   .quarter_wh = quarters};
    struct mfx_store what = {.kind = MSTORE_SESSION, .ticket = ticket, .box = 0, .session = &m};

    for (int i = 0; i < quarter_n; i++) {
        quarters[i] = i + 1;
    }
    cr_assert_eq(store_put(b->store, &what, "W01", NULL), expected);
    memset(quarters, 0xff, sizeof quarters); /* the store has a copy */
}

static void put_start(struct bench *b, uint64_t ticket, uint8_t id)
{
    struct msg_session_started m = {.session = {{id}}, .start_age_ms = 60000, .start_wh = 1000};
    struct mfx_store what = {.kind = MSTORE_SESSION_STARTED, .ticket = ticket, .session_started = &m};

    cr_assert_eq(store_put(b->store, &what, "W01", NULL), RC_OK);
}

static void put_epoch(struct bench *b, uint64_t ticket, uint64_t epoch)
{
    struct mfx_store what = {.kind = MSTORE_EPOCH, .ticket = ticket, .box = BOX_MAX, .epoch = {.epoch = epoch, .longest_lease_ms = 10000}};

    cr_assert_eq(store_put(b->store, &what, NULL, NULL), RC_OK);
}

static void put_box(struct bench *b, uint64_t ticket, const char *serial, int32_t fallback_ma)
{
    struct mfx_store what = {.kind = MSTORE_BOX, .ticket = ticket, .known = {.fallback_ma = fallback_ma}};

    cr_assert_eq(store_put(b->store, &what, serial, NULL), RC_OK);
}

static void put_event(struct bench *b, uint64_t ticket)
{
    struct mfx_store what = {.kind = MSTORE_EVENT, .ticket = ticket, .box = 0, .event = {.kind = EVENT_FAULT_RAISED, .code = 17}};

    cr_assert_eq(store_put(b->store, &what, "W01", NULL), RC_OK);
}

Test(store, a_new_directory_knows_nothing)
{
    struct bench b;
    struct store_loaded loaded;

    make(&b, 0);
    cr_assert_eq(store_load(b.store, &loaded), RC_OK);
    cr_expect_null(loaded.document);
    cr_expect_eq(loaded.epoch, 0);
    cr_expect_eq(loaded.longest_lease_ms, 0);
    store_free(b.store);
    clean(&b);
}

Test(store, the_newest_document_counts_and_older_ones_are_kept)
{
    struct bench b;
    struct store_loaded loaded;

    make(&b, 0);
    cr_assert_eq(store_add_document(b.store, "{\"a\":1}", &(struct db_by){.who = "admin", .why = "new fuse"}, 1700000000000), RC_OK);
    cr_assert_eq(store_add_document(b.store, "{\"a\":2}", NULL, CLOCK_UNSET_UTC_MS), RC_OK);
    store_free(b.store);
    open_store(&b, 0);
    cr_assert_eq(store_load(b.store, &loaded), RC_OK);
    cr_expect_str_eq(loaded.document, "{\"a\":2}");
    free(loaded.document);
    store_free(b.store);
    cr_expect_eq(query(&b, "SELECT count(*) FROM site_document"), 2);
    cr_expect_eq(query(&b, "SELECT count(*) FROM site_document WHERE utc_ms IS NULL"), 1);
    cr_expect_eq(query(&b, "SELECT count(*) FROM site_document WHERE who = 'admin' AND why = 'new fuse'"), 1);
    clean(&b);
}

Test(store, epoch_and_wallboxes_survive_a_restart)
{
    static struct site site = {.node_n = 1, .box_n = 3};
    struct mev_known known[3];
    struct store_loaded loaded;
    struct bench b;

    (void)snprintf(site.box[0].serial, SERIAL_LEN, "W01");
    (void)snprintf(site.box[1].serial, SERIAL_LEN, "W02");
    (void)snprintf(site.box[2].serial, SERIAL_LEN, "W03");
    make(&b, 0);
    start(&b);
    put_epoch(&b, 1, 0x00000001deadbeef);
    put_box(&b, 2, "W02", 6000);
    put_box(&b, 3, "W03", MA_UNSET);
    put_box(&b, 4, "W02", 8000);
    flush_and_wait(&b, 4);
    finish(&b);
    open_store(&b, 0);
    cr_assert_eq(store_load(b.store, &loaded), RC_OK);
    cr_expect_eq(loaded.epoch, 0x00000001deadbeef);
    cr_expect_eq(loaded.longest_lease_ms, 10000);
    store_known(b.store, &site, known);
    cr_expect_not(known[0].has_met);
    cr_expect_eq(known[0].fallback_ma, MA_UNSET);
    cr_expect(known[1].has_met);
    cr_expect_eq(known[1].fallback_ma, 8000);
    cr_expect(known[2].has_met);
    cr_expect_eq(known[2].fallback_ma, MA_UNSET);
    store_free(b.store);
    cr_expect_eq(query(&b, "SELECT count(*) FROM manager_epoch"), 1);
    clean(&b);
}

Test(store, the_epoch_is_found_in_the_database_when_its_file_is_lost)
{
    struct bench b;
    struct store_loaded loaded;
    struct mev_known known[1];
    static struct site site = {.box_n = 1, .box = {{.serial = "W1"}}};
    char path[128];

    make(&b, 0);
    start(&b);
    put_epoch(&b, 1, 0x0000000200000001);
    flush_and_wait(&b, 1);
    finish(&b);
    path_of(&b, "manager.state", path, sizeof path);
    cr_assert_eq(unlink(path), 0);
    open_store(&b, 0);
    cr_assert_eq(store_load(b.store, &loaded), RC_OK);
    cr_expect_eq(loaded.epoch, 0x0000000200000001);
    cr_expect_eq(loaded.longest_lease_ms, 10000);
    store_known(b.store, &site, known);
    cr_expect(known[0].has_met, "whoever is in the site may hold anything");
    cr_expect_eq(known[0].fallback_ma, MA_UNSET);
    store_free(b.store);
    clean(&b);
}

Test(store, a_record_that_comes_twice_counts_once)
{
    struct bench b;

    make(&b, 0);
    start(&b);
    put_start(&b, 1, 7);
    put_start(&b, 2, 7);
    put_record(&b, 3, 7, 3, RC_OK);
    flush_and_wait(&b, 3);
    put_record(&b, 4, 7, 3, RC_OK);
    put_start(&b, 5, 7);
    flush_and_wait(&b, 5);
    for (int i = 0; i < 5; i++) {
        cr_expect_eq(b.ticket[i], (uint64_t)i + 1);
        cr_expect(b.is_stored[i]);
    }
    finish(&b);
    cr_expect_eq(query(&b, "SELECT count(*) FROM session"), 1);
    cr_expect_eq(query(&b, "SELECT count(*) FROM session WHERE state = 'closed' AND stop_wh = 8500 AND end_reason = 'unplugged'"), 1);
    cr_expect_eq(query(&b, "SELECT count(*) FROM session_quarter"), 3);
    cr_expect_eq(query(&b, "SELECT sum(energy_wh) FROM session_quarter"), 6);
    clean(&b);
}

Test(store, a_record_of_the_longest_session_keeps_all_its_quarters)
{
    struct bench b;

    make(&b, 0);
    start(&b);
    put_record(&b, 1, 1, QUARTER_MAX, RC_OK);
    put_record(&b, 2, 2, 0, RC_OK);
    flush_and_wait(&b, 2);
    finish(&b);
    cr_expect_eq(query(&b, "SELECT count(*) FROM session_quarter"), QUARTER_MAX);
    cr_expect_eq(query(&b, "SELECT max(energy_wh) FROM session_quarter"), QUARTER_MAX);
    clean(&b);
}

Test(store, what_is_queued_together_is_one_transaction)
{
    struct bench b;

    make(&b, 0);
    start(&b);
    for (uint64_t i = 1; i <= 100; i++) {
        put_event(&b, i);
    }
    flush_and_wait(&b, 100);
    cr_expect_eq(store_transactions_n(b.store), 1);
    finish(&b);
    cr_expect_eq(query(&b, "SELECT count(*) FROM event WHERE kind = 'fault_raised' AND code = 17 AND serial = 'W01'"), 100);
    clean(&b);
}

Test(store, a_write_without_a_ticket_is_stored_and_not_answered)
{
    struct bench b;

    make(&b, 0);
    start(&b);
    put_event(&b, 0);
    put_event(&b, 1);
    flush_and_wait(&b, 1);
    cr_expect_eq(b.results_n, 1);
    finish(&b);
    cr_expect_eq(query(&b, "SELECT count(*) FROM event"), 2);
    clean(&b);
}

Test(store, closing_writes_what_is_queued)
{
    struct bench b;

    make(&b, 0);
    start(&b);
    put_event(&b, 1);
    store_flush(b.store);
    put_record(&b, 2, 1, 4, RC_OK); /* comes while the first is being written */
    finish(&b);
    cr_expect_eq(b.results_n, 2);
    cr_expect_eq(query(&b, "SELECT count(*) FROM session"), 1);
    clean(&b);
}

Test(store, the_queue_refuses_what_does_not_fit)
{
    struct bench b;
    struct mfx_store what = {.kind = MSTORE_EVENT, .ticket = 1, .event = {.kind = EVENT_BOX_LOST}};

    make(&b, 0);
    start(&b);
    for (int i = 0; i < STORE_QUEUE_MAX; i++) {
        cr_assert_eq(store_put(b.store, &what, "W01", NULL), RC_OK);
    }
    cr_expect_eq(store_put(b.store, &what, "W01", NULL), RC_FULL);
    flush_and_wait(&b, STORE_QUEUE_MAX);
    cr_expect_eq(store_put(b.store, &what, "W01", NULL), RC_OK);
    finish(&b);
    cr_expect_eq(query(&b, "SELECT count(*) FROM event"), STORE_QUEUE_MAX + 1);
    clean(&b);
}

Test(store, while_the_database_is_locked_writes_fail_but_the_epoch_does_not)
{
    struct bench b;
    sqlite3 *other = NULL;
    char path[128];

    make(&b, 0);
    start(&b);
    path_of(&b, "manager.db", path, sizeof path);
    cr_assert_eq(sqlite3_open(path, &other), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    put_record(&b, 1, 1, 2, RC_OK);
    put_epoch(&b, 2, 0x0000000300000000);
    put_event(&b, 3);
    flush_and_wait(&b, 3);
    cr_expect_not(b.is_stored[0]);
    cr_expect(b.is_stored[1]);
    cr_expect_not(b.is_stored[2]);
    cr_assert_eq(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    put_record(&b, 4, 1, 2, RC_OK);
    flush_and_wait(&b, 4);
    cr_expect(b.is_stored[3]);
    finish(&b);
    cr_expect_eq(query(&b, "SELECT count(*) FROM session"), 1);
    clean(&b);
}

Test(store, on_a_full_disk_only_what_is_stored_is_acknowledged)
{
    struct bench b;
    int stored_n = 0;
    int failed_n = 0;

    make(&b, 120);
    start(&b);
    for (uint64_t i = 1; i <= 200; i++) {
        put_record(&b, i, (uint8_t)i, QUARTER_MAX, RC_OK);
    }
    put_epoch(&b, 201, 0x0000000400000000);
    flush_and_wait(&b, 201);
    for (int i = 0; i < 200; i++) {
        cr_expect_eq(b.ticket[i], (uint64_t)i + 1);
        stored_n += b.is_stored[i] ? 1 : 0;
        failed_n += b.is_stored[i] ? 0 : 1;
    }
    cr_expect(b.is_stored[200], "the epoch needs no space");
    cr_expect_gt(stored_n, 0);
    cr_expect_gt(failed_n, 0);
    finish(&b);
    cr_expect_eq(query(&b, "SELECT count(*) FROM session"), stored_n);
    cr_expect_eq(query(&b, "SELECT count(*) FROM session_quarter"), (int64_t)stored_n * QUARTER_MAX);
    clean(&b);
}

static void overwrite(const struct bench *b, const char *name)
{
    char path[128];
    char noise[8192];
    int fd;

    path_of(b, name, path, sizeof path);
    fd = open(path, O_WRONLY);
    cr_assert_geq(fd, 0);
    memset(noise, 'x', sizeof noise);
    for (int i = 0; i < 16; i++) {
        cr_assert_eq(write(fd, noise, sizeof noise), (ssize_t)sizeof noise);
    }
    close(fd);
}

Test(store, a_damaged_database_is_refused)
{
    struct bench b;
    struct store_options options = {.busy_ms = 1};

    make(&b, 0);
    store_free(b.store);
    overwrite(&b, "manager.db");
    options.dir = b.dir;
    cr_expect_eq(store_open(&b.store, &options), RC_MALFORMED);
    clean(&b);
}

Test(store, a_database_with_damaged_pages_is_refused_in_one_line_that_names_it)
{
    char noise[4096];
    char path[128];
    char text[1024] = "";
    struct store_options options = {.busy_ms = 1};
    struct bench b;
    int saved = dup(STDERR_FILENO);
    int said[2];
    int fd;

    make(&b, 0);
    store_free(b.store);
    path_of(&b, "manager.db", path, sizeof path);
    fd = open(path, O_WRONLY);
    memset(noise, 'x', sizeof noise);
    for (off_t at = sizeof noise; at < lseek(fd, 0, SEEK_END); at += (off_t)sizeof noise) { /* the first page, with all names, stays */
        cr_assert_eq(pwrite(fd, noise, sizeof noise, at), (ssize_t)sizeof noise);
    }
    close(fd);
    cr_assert_eq(pipe(said), 0);
    cr_assert_geq(dup2(said[1], STDERR_FILENO), 0);
    options.dir = b.dir;
    cr_expect_eq(store_open(&b.store, &options), RC_MALFORMED);
    cr_assert_geq(dup2(saved, STDERR_FILENO), 0);
    cr_assert_gt(read(said[0], text, sizeof text - 1), 0);
    cr_expect_not_null(strstr(text, path), "%s", text);
    cr_expect_eq(strchr(text, '\n'), text + strlen(text) - 1, "one line: %s", text);
    close(saved);
    close(said[0]);
    close(said[1]);
    clean(&b);
}

Test(store, a_damaged_state_file_is_refused)
{
    struct bench b;
    struct store_options options = {.busy_ms = 1};

    make(&b, 0);
    start(&b);
    put_epoch(&b, 1, 5);
    put_epoch(&b, 2, 6);
    flush_and_wait(&b, 2);
    finish(&b);
    overwrite(&b, "manager.state");
    options.dir = b.dir;
    cr_expect_eq(store_open(&b.store, &options), RC_MALFORMED);
    clean(&b);
}

Test(store, a_database_of_a_newer_program_is_refused)
{
    struct bench b;
    struct store_options options = {.busy_ms = 1};
    sqlite3 *db = NULL;
    char path[128];

    make(&b, 0);
    store_free(b.store);
    path_of(&b, "manager.db", path, sizeof path);
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, "PRAGMA user_version = 1000", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
    options.dir = b.dir;
    cr_expect_eq(store_open(&b.store, &options), RC_MALFORMED);
    clean(&b);
}

Test(store, a_directory_that_does_not_exist_is_refused)
{
    struct store *s = NULL;
    struct store_options options = {.dir = "/nonexistent/wallbox", .busy_ms = 1};

    cr_expect_eq(store_open(&s, &options), RC_IO);
    cr_expect_null(s);
}

static bool has_file(const struct bench *b, const char *begins)
{
    DIR *dir = opendir(b->dir);
    bool is_found = false;

    cr_assert_not_null(dir);
    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        is_found = is_found || strncmp(e->d_name, begins, strlen(begins)) == 0;
    }
    closedir(dir);
    return is_found;
}

/* Sessions enough for many pages, one card, one document; then noise on a page in the middle. */
static void make_damaged(struct bench *b, int sessions_n)
{
    const struct card_entry card = {.uid = {4, {1, 2, 3, 4}}, .kind = CARD_USER, .name = "Van 1", .departure_min = -1, .priority = -1, .wallboxes = "W01 W02"};
    char noise[4096];
    char path[128];
    struct db db;
    off_t pages_n;
    int fd;

    make(b, 0);
    cr_assert_eq(store_add_document(b->store, "{\"a\":1}", NULL, 1700000000000), RC_OK);
    start(b);
    for (int i = 1; i <= sessions_n; i++) {
        put_record(b, (uint64_t)i * 256, (uint8_t)i, 20, RC_OK);
    }
    flush_and_wait(b, sessions_n);
    finish(b);
    path_of(b, "manager.db", path, sizeof path);
    cr_assert_eq(db_open(&db, path, 0, 1), RC_OK);
    cr_assert_eq(db_put_card(&db, &card, 1700000000000), RC_OK);
    db_close(&db);
    fd = open(path, O_WRONLY);
    memset(noise, 0xa5, sizeof noise);
    pages_n = lseek(fd, 0, SEEK_END) / (off_t)sizeof noise;
    cr_assert_eq(pwrite(fd, noise, sizeof noise, (pages_n - 3) * (off_t)sizeof noise), (ssize_t)sizeof noise); /* of the last that were added */
    close(fd);
}

Test(store, a_damaged_database_is_set_aside_and_a_new_one_begins_with_what_is_left)
{
    struct bench b;
    struct store_loaded loaded;

    make_damaged(&b, 200);
    open_store(&b, 0);
    cr_expect(store_was_damaged(b.store));
    cr_assert_eq(store_load(b.store, &loaded), RC_OK);
    cr_expect_str_eq(loaded.document, "{\"a\":1}");
    cr_expect_not(loaded.has_issued, "some epoch may be missing");
    free(loaded.document);
    store_free(b.store);
    cr_expect(has_file(&b, "manager.db.damaged-"));
    cr_expect_not(has_file(&b, "manager.db.new"));
    cr_expect_eq(query(&b, "SELECT count(*) FROM card WHERE name = 'Van 1'"), 1);
    cr_expect_eq(query(&b, "SELECT count(*) FROM card_wallbox"), 2);
    cr_expect_geq(query(&b, "SELECT count(*) FROM session"), 100, "one page was lost, not half of them");
    cr_expect_eq(query(&b, "SELECT count(*) FROM session WHERE stop_wh <> 8500"), 0);
    cr_expect_eq(query(&b, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'"), 0);
    open_store(&b, 0);
    cr_expect_not(store_was_damaged(b.store), "once");
    store_free(b.store);
    clean(&b);
}

Test(store, an_exchange_cut_off_by_a_power_failure_is_finished)
{
    struct bench b;
    struct store_loaded loaded;
    char db[128];
    char fresh[128];
    char wal[128];
    int fd;

    make(&b, 0);
    cr_assert_eq(store_add_document(b.store, "{\"a\":1}", NULL, 1700000000000), RC_OK);
    store_free(b.store);
    path_of(&b, "manager.db", db, sizeof db);
    path_of(&b, "manager.db.new", fresh, sizeof fresh);
    path_of(&b, "manager.db-wal", wal, sizeof wal);
    cr_assert_eq(rename(db, fresh), 0); /* the old one had moved, the new one had not; the log of the old one is still there */
    fd = open(wal, O_WRONLY | O_CREAT, 0600);
    cr_assert_eq(write(fd, "log of another file", 19), 19);
    close(fd);
    open_store(&b, 0);
    cr_assert_eq(store_load(b.store, &loaded), RC_OK);
    cr_expect_str_eq(loaded.document, "{\"a\":1}");
    free(loaded.document);
    store_free(b.store);
    cr_expect(has_file(&b, "manager.db.damaged-"), "the log was set aside");
    clean(&b);
}

Test(store, a_new_file_that_may_be_half_written_is_forgotten)
{
    struct bench b;
    char fresh[128];
    int fd;

    make(&b, 0);
    store_free(b.store);
    path_of(&b, "manager.db.new", fresh, sizeof fresh);
    fd = open(fresh, O_WRONLY | O_CREAT, 0600);
    cr_assert_eq(write(fd, "half", 4), 4);
    close(fd);
    open_store(&b, 0);
    store_free(b.store);
    cr_expect_not(has_file(&b, "manager.db.new"));
    clean(&b);
}

Test(store, an_import_sets_even_an_empty_ruin_aside)
{
    struct bench b;
    struct store_options options = {.busy_ms = 1, .may_be_empty = true};

    make(&b, 0);
    store_free(b.store);
    overwrite(&b, "manager.db");
    options.dir = b.dir;
    cr_assert_eq(store_open(&b.store, &options), RC_OK);
    cr_expect(store_was_damaged(b.store));
    store_free(b.store);
    cr_expect(has_file(&b, "manager.db.damaged-"));
    clean(&b);
}

Test(store, the_audit_trail_is_only_added_to)
{
    const struct db_audit entry = {.who = "admin", .what = "card_put", .subject = "01020304", .after = "{}"};
    struct bench b;
    struct db db;
    char path[128];

    make(&b, 0);
    store_free(b.store);
    path_of(&b, "manager.db", path, sizeof path);
    cr_assert_eq(db_open(&db, path, 0, 1), RC_OK);
    cr_assert_eq(db_add_audit(&db, &entry, 1700000000000), RC_OK);
    cr_expect_neq(sqlite3_exec(db.handle, "UPDATE audit SET who = 'me'", NULL, NULL, NULL), SQLITE_OK);
    cr_expect_neq(sqlite3_exec(db.handle, "DELETE FROM audit", NULL, NULL, NULL), SQLITE_OK);
    db_close(&db);
    cr_expect_eq(query(&b, "SELECT count(*) FROM audit WHERE who = 'admin'"), 1);
    clean(&b);
}

Test(store, rivals_epochs_and_boards_without_watchdog_survive_a_restart)
{
    static struct site site = {.node_n = 1, .box_n = 1, .box = {{.serial = "W01"}}};
    struct mfx_store epoch = {.kind = MSTORE_EPOCH, .ticket = 1, .box = BOX_MAX, .epoch = {.longest_lease_ms = 10000}};
    struct mfx_store box = {.kind = MSTORE_BOX, .ticket = 4, .known = {.fallback_ma = 6000, .is_unwatched = true}};
    struct mev_known known[1];
    struct store_loaded loaded;
    struct bench b;

    make(&b, 0);
    start(&b);
    for (uint64_t i = 1; i <= 3; i++) {
        epoch.ticket = i;
        epoch.epoch.epoch = i << 32;
        epoch.epoch.is_foreign = i == 3;
        epoch.epoch.is_fenced = i == 3;
        cr_assert_eq(store_put(b.store, &epoch, NULL, NULL), RC_OK);
    }
    cr_assert_eq(store_put(b.store, &box, "W01", NULL), RC_OK);
    flush_and_wait(&b, 4);
    finish(&b);
    open_store(&b, 0);
    cr_assert_eq(store_load(b.store, &loaded), RC_OK);
    cr_expect(loaded.is_foreign);
    cr_expect(loaded.is_fenced);
    cr_expect(loaded.has_issued);
    cr_assert_eq(loaded.issued_n, 3);
    cr_expect_eq(loaded.issued[0], UINT64_C(1) << 32);
    cr_expect_eq(loaded.issued[2], UINT64_C(3) << 32);
    store_known(b.store, &site, known);
    cr_expect(known[0].is_unwatched);
    cr_expect_eq(known[0].fallback_ma, 6000);
    store_free(b.store);
    clean(&b);
}

static int troubles_n;

static void on_trouble(void *user, bool is_failing)
{
    (void)user;
    troubles_n += is_failing ? 1 : 1000;
}

Test(store, events_that_the_disk_refuses_are_kept_and_written_when_it_takes_them, .timeout = 20)
{
    struct bench b;
    sqlite3 *other = NULL;
    char path[128];

    make(&b, 0);
    store_on_trouble(b.store, on_trouble);
    start(&b);
    path_of(&b, "manager.db", path, sizeof path);
    cr_assert_eq(sqlite3_open(path, &other), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    for (int i = 0; i < STORE_KEPT_MAX + 10; i++) {
        put_event(&b, 0);
    }
    put_event(&b, 7); /* somebody waits: he is told */
    flush_and_wait(&b, 1);
    cr_expect_not(b.is_stored[0]);
    cr_expect_eq(store_kept_n(b.store), STORE_KEPT_MAX);
    cr_expect_eq(troubles_n, 1);
    put_record(&b, 8, 1, 2, RC_OK);
    flush_and_wait(&b, 2);
    cr_expect_not(b.is_stored[1], "there is still room in the queue");
    cr_assert_eq(sqlite3_exec(other, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(other);
    while (store_kept_n(b.store) > 0 || troubles_n < 1000) { /* the timer tries again */
        (void)uv_run(&b.loop, UV_RUN_ONCE);
    }
    cr_expect_eq(store_kept_n(b.store), 0);
    cr_expect_eq(troubles_n, 1001);
    finish(&b);
    cr_expect_geq(query(&b, "SELECT count(*) FROM event WHERE kind = 'fault_raised'"), STORE_KEPT_MAX);
    cr_expect_eq(query(&b, "SELECT code FROM event WHERE kind = 'records_lost'"), 10);
    clean(&b);
}

struct teach {
    struct store_order order;
    int64_t cards_n;
    enum rc rc;
    bool is_done;
};

static enum rc run_count(struct store_order *order, struct db *db, int64_t utc_ms)
{
    struct teach *t = (struct teach *)order;

    (void)utc_ms;
    return db_count_cards(db, &t->cards_n);
}

static void on_count(struct store_order *order, enum rc rc)
{
    struct teach *t = (struct teach *)order;

    t->rc = rc;
    t->is_done = true;
}

Test(store, an_order_sees_what_was_queued_before_it)
{
    struct teach t = {.order = {.run = run_count, .done = on_count}};
    struct msg_authorize taught = {.uid = {7, {4, 1, 2, 3, 4, 5, 6}}, .taught = true};
    struct mfx_store what = {.kind = MSTORE_CARD, .taught = &taught};
    struct bench b;

    make(&b, 0);
    start(&b);
    cr_assert_eq(store_put(b.store, &what, "W01", NULL), RC_OK);
    cr_assert_eq(store_put(b.store, &what, "W02", NULL), RC_OK);
    store_order(b.store, &t.order);
    while (!t.is_done) {
        (void)uv_run(&b.loop, UV_RUN_ONCE);
    }
    cr_expect_eq(t.rc, RC_OK);
    cr_expect_eq(t.cards_n, 1);
    finish(&b);
    cr_expect_eq(query(&b, "SELECT count(*) FROM card_wallbox WHERE serial = 'W01'"), 1);
    cr_expect_eq(query(&b, "SELECT count(*) FROM card_wallbox"), 1, "who taught it first");
    clean(&b);
}

Test(store, a_late_record_is_dated_by_receipt_and_age)
{
    const int64_t now_utc_ms = 1751371200000;
    struct msg_session_record m = {.session = {{1}}, .start_age_ms = 7200000, .stop_age_ms = 3600000, .stop_wh = 10, .end = END_UNPLUGGED};
    struct bench b;
    struct db db;
    char path[128];

    make(&b, 0);
    store_free(b.store);
    path_of(&b, "manager.db", path, sizeof path);
    cr_assert_eq(db_open(&db, path, 0, 1), RC_OK);
    m.start_utc_ms = 1600000000000; /* the clock of the wallbox is years slow, its age is not */
    m.stop_utc_ms = 1600003600000;
    m.first_quarter_utc_ms = 1599999300000;
    cr_assert_eq(db_stop_session(&db, "W01", &m, now_utc_ms), RC_OK);
    db_close(&db);
    cr_expect_eq(query(&b, "SELECT start_utc_ms FROM session"), now_utc_ms - 7200000);
    cr_expect_eq(query(&b, "SELECT stop_utc_ms FROM session"), now_utc_ms - 3600000);
    cr_expect_eq(query(&b, "SELECT first_quarter_utc_ms % 900000 FROM session"), 0);
    clean(&b);
}

Test(store, the_solar_share_of_a_quarter_hour_is_known_when_its_mix_is)
{
    static const int32_t quarters[] = {100, 200, 300};
    const int64_t first_utc_ms = 1751371200000;
    const struct sunmix_energy first = {.from_utc_ms = first_utc_ms, .production_wh = 500, .import_wh = 500};
    const struct sunmix_energy third = {.from_utc_ms = first_utc_ms + 1800000, .production_wh = 600, .import_wh = 100, .export_wh = 300};
    struct msg_session_record m = {.session = {{1}}, .start_utc_ms = first_utc_ms, .stop_utc_ms = first_utc_ms + 2000000, .stop_wh = 600, .end = END_UNPLUGGED};
    struct bench b;
    struct db db;
    char path[128];

    m.first_quarter_utc_ms = first_utc_ms;
    m.quarter_n = 3;
    m.quarter_wh = quarters;
    make(&b, 0);
    store_free(b.store);
    path_of(&b, "manager.db", path, sizeof path);
    cr_assert_eq(db_open(&db, path, 0, 1), RC_OK);
    cr_assert_eq(db_add_mix(&db, &first, first_utc_ms), RC_OK);
    cr_assert_eq(db_stop_session(&db, "W01", &m, first_utc_ms + 2000000), RC_OK);
    cr_assert_eq(db_add_mix(&db, &third, first_utc_ms), RC_OK); /* it ends after the session did */
    cr_assert_eq(db_add_mix(&db, &third, first_utc_ms), RC_OK);
    db_close(&db);
    cr_expect_eq(query(&b, "SELECT solar_wh FROM session_quarter WHERE quarter = 0"), 50);
    cr_expect_eq(query(&b, "SELECT count(*) FROM session_quarter WHERE quarter = 1 AND solar_wh IS NULL"), 1, "nobody knows");
    cr_expect_eq(query(&b, "SELECT solar_wh FROM session_quarter WHERE quarter = 2"), 225);
    cr_expect_eq(query(&b, "SELECT solar_wh FROM session"), 275);
    clean(&b);
}
