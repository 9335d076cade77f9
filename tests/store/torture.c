/* store-torture: every system call and allocation of the storage path fails once (spec 09 9.3). In each run a store is opened, written to from
 * its loop and closed; one call fails. Nothing may crash, everything that was acknowledged is found afterwards, and a write that was refused
 * has raised the alarm. Then a disk that is full, and one that is read-only, refuses all writes for a while.
 *
 * store-torture [EVERY]: of the many allocations of SQLite only each EVERY-th. Prints a line per kind and `N passed, N failed, 0 skipped`.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "common/base/check.h"
#include "manager/shell/db.h"
#include "manager/shell/store.h"
#include "tests/store/faults.h"

#define SESSIONS_N 6
#define WAIT_MS 20000

struct run {
    char dir[64];
    uv_loop_t loop;
    struct store *store;
    bool is_acked[64];
    bool is_refused;
    bool is_alarmed;
    uint32_t results_n;
    uint64_t epoch_acked;
};

static void on_result(void *user, uint64_t ticket, bool is_stored)
{
    struct run *r = user;

    r->results_n++;
    if (ticket < 32) {
        r->is_acked[ticket] = is_stored;
        r->is_refused = r->is_refused || !is_stored;
    } else if (is_stored) {
        r->epoch_acked = ticket;
    }
}

static void on_trouble(void *user, bool is_failing)
{
    struct run *r = user;

    r->is_alarmed = r->is_alarmed || is_failing;
}

static void put_session(struct run *r, uint8_t number)
{
    static const int32_t quarters[4] = {1, 2, 3, 4};
    struct msg_session_record m = {.session = {{number}}, .stop_utc_ms = 1700003600000, .stop_wh = 10, .end = END_CARD, .quarter_n = 4, .quarter_wh = quarters};
    struct mfx_store what = {.kind = MSTORE_SESSION, .ticket = number, .session = &m};

    m.start_utc_ms = 1700000000000;
    CHECK(store_put(r->store, &what, "W01", NULL) == RC_OK);
}

static void put_others(struct run *r, uint32_t epoch)
{
    struct mfx_store what = {.kind = MSTORE_EPOCH, .ticket = epoch, .box = BOX_MAX};
    struct msg_authorize taught = {.taught = true, .uid = {4, {1, 2, 3, 4}}};

    what.epoch.epoch = (uint64_t)epoch << 32;
    what.epoch.longest_lease_ms = 10000;
    CHECK(store_put(r->store, &what, NULL, NULL) == RC_OK);
    what = (struct mfx_store){.kind = MSTORE_BOX, .known = {.fallback_ma = 6000}};
    CHECK(store_put(r->store, &what, "W01", NULL) == RC_OK);
    what = (struct mfx_store){.kind = MSTORE_EVENT, .event = {.kind = EVENT_FAULT_RAISED, .code = 1}};
    CHECK(store_put(r->store, &what, "W01", NULL) == RC_OK);
    what = (struct mfx_store){.kind = MSTORE_CARD, .taught = &taught};
    CHECK(store_put(r->store, &what, "W01", NULL) == RC_OK);
}

struct sample_order {
    struct store_order order; /* first */
    bool is_done;
};

static enum rc run_samples(struct store_order *order, struct db *db, int64_t utc_ms)
{
    static const uint8_t bytes[] = {2};
    const struct sunmix_energy mix = {.from_utc_ms = 1700000100000, .production_wh = 10};
    struct db_samples s = {.step = RECORD_MINUTE, .from_utc_ms = 60000, .sample_n = 1, .mean = bytes, .mean_len = 1};
    enum rc rc = db_series(db, "power_w", "W01", &s.series);

    (void)order;
    rc = rc == RC_OK ? db_put_samples(db, &s) : rc;
    rc = rc == RC_OK ? db_add_mix(db, &mix, utc_ms) : rc;
    return rc == RC_OK ? db_drop_old_samples(db, utc_ms > 0 ? 60000 : utc_ms) : rc;
}

static void on_samples(struct store_order *order, enum rc rc)
{
    (void)rc;
    ((struct sample_order *)order)->is_done = true;
}

static void wait_for(struct run *r, uint32_t results_n, const bool *is_done)
{
    for (int i = 0; i < WAIT_MS && (r->results_n < results_n || (is_done != NULL && !*is_done)); i++) {
        (void)uv_run(&r->loop, UV_RUN_ONCE);
    }
}

/* Open, write in two batches and an order, close. */
static void work(struct run *r)
{
    struct store_options options = {.dir = r->dir, .busy_ms = 1};
    struct sample_order samples = {.order = {.run = run_samples, .done = on_samples}};
    struct store_loaded *loaded;

    if (store_open(&r->store, &options) != RC_OK) {
        return;
    }
    loaded = calloc(1, sizeof *loaded);
    if (loaded == NULL || store_load(r->store, loaded) != RC_OK) {
        free(loaded);
        store_free(r->store);
        return;
    }
    free(loaded->document);
    free(loaded);
    CHECK(uv_loop_init(&r->loop) == 0);
    store_on_trouble(r->store, on_trouble);
    CHECK(store_start(r->store, &r->loop, on_result, r) == RC_OK);
    for (uint8_t i = 1; i <= SESSIONS_N; i++) {
        put_session(r, i);
        if (i == SESSIONS_N / 2) {
            put_others(r, 100);
            store_flush(r->store);
            wait_for(r, i + 1u, NULL);
        }
    }
    put_others(r, 101);
    store_order(r->store, &samples.order);
    wait_for(r, SESSIONS_N + 2, &samples.is_done);
    store_close(r->store, NULL, NULL);
    CHECK(uv_run(&r->loop, UV_RUN_DEFAULT) == 0);
    CHECK(uv_loop_close(&r->loop) == 0);
}

static int64_t number_of(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s = NULL;
    int64_t value = -1;

    if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW) {
        value = sqlite3_column_int64(s, 0);
    }
    (void)sqlite3_finalize(s);
    return value;
}

/* Everything acknowledged is there, nothing is half there. Returns what is wrong, NULL nothing. */
static const char *look(struct run *r)
{
    struct store_options options = {.dir = r->dir, .busy_ms = 1000};
    static struct store_loaded loaded;
    char path[128];
    sqlite3 *db = NULL;
    const char *why = NULL;

    if (store_open(&r->store, &options) != RC_OK || store_load(r->store, &loaded) != RC_OK) {
        return "it cannot be opened any more";
    }
    if (store_was_damaged(r->store)) {
        why = "it was damaged";
    } else if (loaded.epoch >> 32 < r->epoch_acked) {
        why = "an acknowledged epoch is lost";
    }
    store_free(r->store);
    (void)snprintf(path, sizeof path, "%s/manager.db", r->dir);
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    if (number_of(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'") != 0) {
        why = "integrity_check says so";
    }
    if (number_of(db, "SELECT count(*) FROM session AS s WHERE (SELECT count(*) FROM session_quarter WHERE session_id = s.id) <> 4") != 0) {
        why = "half a session";
    }
    if (number_of(db, "SELECT count(*) FROM session WHERE cost_minor IS NOT 10 OR currency IS NOT 'EUR' OR tariff IS NOT 1") != 0) {
        why = "a session without its cost";
    }
    for (uint8_t i = 1; i <= SESSIONS_N && why == NULL; i++) {
        char sql[96];

        (void)snprintf(sql, sizeof sql, "SELECT count(*) FROM session WHERE hex(substr(id, 1, 1)) = '%02X' AND state = 'closed'", i);
        if (r->is_acked[i] && number_of(db, sql) != 1) {
            why = "an acknowledged session is lost";
        }
    }
    (void)sqlite3_close(db);
    return why == NULL && r->is_refused && !r->is_alarmed ? "a write was refused without an alarm" : why;
}

static void remove_all(const char *dir)
{
    DIR *d = opendir(dir);
    char path[400];

    if (d == NULL) {
        return;
    }
    for (const struct dirent *e = readdir(d); e != NULL; e = readdir(d)) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        (void)unlink(path); /* not . and .. */
    }
    (void)closedir(d);
    (void)rmdir(dir);
}

/* A directory with a database that has prices: a minor unit for each Wh. */
static void make_dir(struct run *r)
{
    const struct tariff prices = {.currency = "EUR", .price_centicent_kwh = 100000, .solar_price_centicent_kwh = -1};
    struct db db;
    char path[128];

    *r = (struct run){0};
    (void)snprintf(r->dir, sizeof r->dir, "/tmp/wallbox-torture-XXXXXX");
    CHECK(mkdtemp(r->dir) != NULL);
    (void)snprintf(path, sizeof path, "%s/manager.db", r->dir);
    CHECK(db_open(&db, path, 0, 1) == RC_OK);
    CHECK(db_add_tariff(&db, &prices, "somebody", 1600000000000) == RC_OK);
    db_close(&db);
}

/* One run in a process of its own; true when all is well. */
static bool try_one(enum fault_kind kind, uint32_t nth)
{
    struct run r;
    pid_t child;
    int status = 0;

    make_dir(&r);
    child = fork();
    CHECK(child >= 0);
    if (child == 0) {
        const char *why;

        (void)!freopen("/dev/null", "w", stderr);
        faults_arm(kind, nth);
        work(&r);
        faults_disarm();
        why = look(&r);
        if (why != NULL) {
            printf("%s call %u: %s\n", faults_name(kind), nth, why);
            (void)fflush(stdout);
        }
        _exit(why == NULL ? 0 : 1);
    }
    CHECK(waitpid(child, &status, 0) == child);
    if (WIFSIGNALED(status) || (WIFEXITED(status) && WEXITSTATUS(status) > 1)) {
        printf("%s call %u: crashed (status %x)\n", faults_name(kind), nth, (unsigned)status);
    }
    remove_all(r.dir);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* How many calls of each kind a run without a fault makes. */
static void count(uint32_t out_n[FAULT_KIND_N])
{
    struct run r;
    const char *why;

    make_dir(&r);
    faults_arm(FAULT_NONE, 0);
    work(&r);
    for (int i = 0; i < FAULT_KIND_N; i++) {
        out_n[i] = faults_seen((enum fault_kind)i);
    }
    why = look(&r);
    if (why != NULL || r.is_refused || r.is_alarmed) {
        printf("without a fault: %s\n", why != NULL ? why : "a write was refused");
        exit(1);
    }
    remove_all(r.dir);
}

/* A disk that refuses all writes for a while: kept in memory, then written. Returns what is wrong. */
static const char *refuse_for_a_while(int code)
{
    const struct mfx_store event = {.kind = MSTORE_EVENT, .event = {.kind = EVENT_BOX_LOST}};
    struct store_options options;
    struct run r;
    char path[128];
    sqlite3 *db = NULL;
    const char *why = NULL;

    make_dir(&r);
    options = (struct store_options){.dir = r.dir, .busy_ms = 1};
    CHECK(store_open(&r.store, &options) == RC_OK);
    CHECK(uv_loop_init(&r.loop) == 0);
    store_on_trouble(r.store, on_trouble);
    CHECK(store_start(r.store, &r.loop, on_result, &r) == RC_OK);
    faults_refuse_writes(code);
    for (int i = 0; i < 100; i++) {
        CHECK(store_put(r.store, &event, "W01", NULL) == RC_OK);
    }
    put_session(&r, 1);
    store_flush(r.store);
    wait_for(&r, 1, NULL);
    if (!r.is_alarmed || r.is_acked[1] || store_kept_n(r.store) != 100) {
        why = "it was not noticed, or not kept";
    }
    faults_refuse_writes(SQLITE_OK);
    put_session(&r, 1); /* the wallbox sends it again */
    store_flush(r.store);
    wait_for(&r, 2, NULL);
    store_close(r.store, NULL, NULL); /* tries what was kept once more */
    CHECK(uv_run(&r.loop, UV_RUN_DEFAULT) == 0);
    CHECK(uv_loop_close(&r.loop) == 0);
    (void)snprintf(path, sizeof path, "%s/manager.db", r.dir);
    CHECK(sqlite3_open(path, &db) == SQLITE_OK);
    if (why == NULL &&
        (!r.is_acked[1] || number_of(db, "SELECT count(*) FROM event WHERE kind = 'box_lost'") != 100 || number_of(db, "SELECT count(*) FROM session") != 1)) {
        why = "not all was written when the disk took it again";
    }
    (void)sqlite3_close(db);
    remove_all(r.dir);
    return why;
}

int main(int argc, char **argv)
{
    uint32_t every = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 10) : 1;
    uint32_t calls_n[FAULT_KIND_N];
    static const int codes[] = {SQLITE_FULL, SQLITE_READONLY, SQLITE_IOERR_WRITE};
    unsigned passed = 0;
    unsigned failed = 0;

    if (every == 0) {
        return 2;
    }
    faults_install();
    count(calls_n);
    for (int kind = FAULT_FILE; kind < FAULT_KIND_N; kind++) {
        uint32_t step = kind == FAULT_MEMORY ? every : 1;
        unsigned bad = 0;

        for (uint32_t nth = 1; nth <= calls_n[kind]; nth += step) {
            bad += try_one((enum fault_kind)kind, nth) ? 0 : 1;
        }
        printf("%s: %u calls, each%s failed once, %u wrong\n", faults_name((enum fault_kind)kind), calls_n[kind], step > 1 ? " of some" : "", bad);
        (void)fflush(stdout);
        passed += bad == 0 ? 1 : 0;
        failed += bad == 0 ? 0 : 1;
    }
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        const char *why = refuse_for_a_while(codes[i]);

        printf("writes refused with %s: %s\n", sqlite3_errstr(codes[i]), why == NULL ? "kept, and written later" : why);
        passed += why == NULL ? 1 : 0;
        failed += why == NULL ? 0 : 1;
    }
    printf("%u passed, %u failed, 0 skipped\n", passed, failed);
    return failed == 0 ? 0 : 1;
}
