/* bench-history DIR [YEARS]: make the history of 100 wallboxes, two sessions a day each, and print how large it is and how long questions take:
 * one JSON object. The database is left in DIR/manager.db.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <jansson.h>

#include "common/base/check.h"
#include "common/base/rng.h"
#include "manager/shell/db.h"
#include "manager/shell/history.h"
#include "manager/shell/report.h"

#define BOXES_N 100
#define CARDS_N 200
#define DAY_MS INT64_C(86400000)
#define BEGIN_UTC_MS INT64_C(1451606400000) /* 2016-01-01 */
#define REPEATS 5
#define YEARS_MAX 100

static int64_t now_us(void)
{
    struct timespec t;

    CHECK(clock_gettime(CLOCK_MONOTONIC, &t) == 0);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static void put_session(struct db *db, struct rng *rng, int64_t day, int box, int64_t *wh)
{
    static int32_t quarters[64];
    struct msg_session_record m = {.end = END_UNPLUGGED, .quarter_wh = quarters};
    int64_t start_ms = BEGIN_UTC_MS + day * DAY_MS + rng_range(rng, 0, DAY_MS - 1);
    uint32_t card = (uint32_t)rng_range(rng, 0, CARDS_N - 1);
    char serial[SERIAL_LEN];

    m.quarter_n = (uint16_t)rng_range(rng, 4, 28);
    m.start_wh = *wh;
    for (int i = 0; i < m.quarter_n; i++) {
        quarters[i] = (int32_t)rng_range(rng, 500, 2750);
        *wh += quarters[i];
    }
    for (int i = 0; i < SESSION_ID_LEN; i += 8) {
        uint64_t bits = rng_next(rng);

        memcpy(m.session.at + i, &bits, sizeof bits);
    }
    m.stop_wh = *wh;
    m.start_utc_ms = start_ms;
    m.stop_utc_ms = start_ms + m.quarter_n * INT64_C(900000);
    m.first_quarter_utc_ms = start_ms / 900000 * 900000;
    m.uid = (struct card_uid){.len = 4, .at = {(uint8_t)card, 1, 2, 3}};
    (void)snprintf(serial, sizeof serial, "W%03d", box);
    CHECK(db_stop_session(db, serial, &m, m.stop_utc_ms) == RC_OK);
}

/* The quarter hours of figures of one day: one row of 96 samples each, with peaks. */
static void put_trail(struct db *db, struct rng *rng, int64_t day, const int64_t series[BOXES_N + 12])
{
    int32_t samples[96];
    uint8_t bytes[PACK_SAMPLE_LEN * 96];

    for (int k = 0; k < BOXES_N + 12; k++) {
        struct db_samples s = {
            .step = RECORD_QUARTER, .series = series[k], .from_utc_ms = BEGIN_UTC_MS + day * DAY_MS, .sample_n = 96, .mean = bytes, .peak = bytes};

        for (int i = 0; i < 96; i++) { /* a wallbox rests for most of the day, a phase never does */
            samples[i] = k < BOXES_N && (i < 20 || i > 40) ? 0 : (int32_t)rng_range(rng, 0, 22000);
        }
        s.mean_len = s.peak_len = (int)pack_write(samples, 96, bytes);
        CHECK(db_put_samples(db, &s) == RC_OK);
    }
}

static void make(struct db *db, int64_t days_n)
{
    static int64_t wh[BOXES_N];
    int64_t series[BOXES_N + 12];
    struct rng rng = {.state = 1};

    CHECK(sqlite3_exec(db->handle, "PRAGMA synchronous = OFF; PRAGMA cache_size = -200000", NULL, NULL, NULL) == SQLITE_OK);
    for (int k = 0; k < BOXES_N + 12; k++) {
        char name[ID_LEN];

        (void)snprintf(name, sizeof name, "W%03d", k);
        CHECK(db_series(db, "power_w", name, &series[k]) == RC_OK);
    }
    for (int64_t day = 0; day < days_n; day++) {
        CHECK(db_begin(db) == RC_OK);
        for (int i = 0; i < 96; i++) {
            const struct sunmix_energy mix = {
                .from_utc_ms = BEGIN_UTC_MS + day * DAY_MS + i * SUNMIX_QUARTER_MS, .production_wh = rng_range(&rng, 0, 5000), .import_wh = 3000};

            CHECK(db_add_mix(db, &mix, mix.from_utc_ms) == RC_OK);
        }
        for (int box = 0; box < BOXES_N; box++) {
            put_session(db, &rng, day, box, &wh[box]);
            put_session(db, &rng, day, box, &wh[box]);
        }
        put_trail(db, &rng, day, series);
        CHECK(db_commit(db) == RC_OK);
    }
    CHECK(sqlite3_exec(db->handle, "PRAGMA wal_checkpoint(TRUNCATE)", NULL, NULL, NULL) == SQLITE_OK);
}

/* Each question with a connection of its own, so that nothing is in its cache; the fastest of some, as machines are noisy. */
static int64_t month_us(const char *path, int64_t from_ms, const struct card_uid *uid, int64_t *out_n)
{
    int64_t best_us = INT64_MAX;

    for (int i = 0; i < REPEATS; i++) {
        struct session_filter filter = {.from_utc_ms = from_ms, .to_utc_ms = from_ms + 31 * DAY_MS, .is_closed_only = true, .limit = HISTORY_TABLE_MAX};
        struct report_table table = {.is_plain = true};
        struct history h;
        int64_t begin_us = now_us();
        int64_t took_us;
        int64_t n = 0;

        filter.uid = *uid;
        history_init(&h, path);
        CHECK(history_each_session(&h, &filter, report_table_row, &table) == RC_OK);
        took_us = now_us() - begin_us;
        for (size_t k = 0; k < table.out.len; k++) {
            n += table.out.at[k] == '\n' ? 1 : 0;
        }
        buffer_drop(&table.out);
        history_close(&h);
        best_us = took_us < best_us ? took_us : best_us;
        *out_n = n;
    }
    return best_us;
}

static int64_t year_us(const char *path, int64_t from_ms)
{
    struct history h;
    json_t *curve = NULL;
    int64_t begin_us = now_us();

    history_init(&h, path);
    CHECK(history_samples(&h, "power_w", "W042", RECORD_QUARTER, from_ms, from_ms + 200 * DAY_MS, false, &curve) == RC_OK);
    json_decref(curve);
    history_close(&h);
    return now_us() - begin_us;
}

/* Words that ask for nothing that can be done: said how it is used. */
static int usage(void)
{
    (void)fprintf(stderr, "usage: bench-history DIR [YEARS]    DIR: an existing folder, for manager.db; YEARS: 1 to %d, 10 unless given\n", YEARS_MAX);
    return 2;
}

int main(int argc, char **argv)
{
    char *end = NULL;
    long long years_n = argc > 2 ? strtoll(argv[2], &end, 10) : 10;
    int64_t days_n;
    int64_t from_ms;
    const struct card_uid nobody = {0};
    const struct card_uid one = {.len = 4, .at = {42, 1, 2, 3}};
    char path[4096];
    struct db db;
    struct stat info;
    int64_t sessions_n = 0;
    int64_t of_card_n = 0;
    int64_t all_us;
    int64_t card_us;

    if (argc < 2 || argc > 3 || argv[1][0] == '-' || years_n < 1 || years_n > YEARS_MAX || (end != NULL && *end != '\0') ||
        snprintf(path, sizeof path, "%s/manager.db", argv[1]) >= (int)sizeof path) {
        return usage();
    }
    days_n = (int64_t)years_n * 365;
    from_ms = BEGIN_UTC_MS + (days_n / 2) * DAY_MS;
    if (db_open(&db, path, 0, 1000) != RC_OK) {
        (void)fprintf(stderr, "bench-history: %s: %s\n", path, db.why);
        return 1;
    }
    make(&db, days_n);
    db_close(&db);
    CHECK(stat(path, &info) == 0);
    all_us = month_us(path, from_ms, &nobody, &sessions_n);
    card_us = month_us(path, from_ms, &one, &of_card_n);
    printf("{\"days\": %" PRId64 ", \"file_mb\": %" PRId64 ", \"month_sessions\": %" PRId64 ", \"month_us\": %" PRId64 ", \"card_sessions\": %" PRId64
           ", \"card_us\": %" PRId64 ", \"curve_us\": %" PRId64 "}\n",
           days_n, (int64_t)info.st_size / 1000000, sessions_n, all_us, of_card_n, card_us, year_us(path, from_ms));
    return 0;
}
