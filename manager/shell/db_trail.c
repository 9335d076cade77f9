#include "common/base/check.h"
#include "manager/shell/db_inside.h"

#define DAY_MS INT64_C(86400000)

/* How long samples of each length are kept. */
static const int64_t keep_ms[RECORD_STEP_N] = {
    [RECORD_SECOND] = DAY_MS,
    [RECORD_MINUTE] = 31 * DAY_MS,
    [RECORD_QUARTER] = 3653 * DAY_MS,
};

enum rc db_series(struct db *d, const char *quantity, const char *node, int64_t *out_number)
{
    enum rc rc;

    db_bind_text(d, DB_SERIES_ADD, 1, quantity);
    db_bind_text(d, DB_SERIES_ADD, 2, node);
    rc = db_run(d, DB_SERIES_ADD);
    if (rc != RC_OK) {
        return rc;
    }
    db_bind_text(d, DB_SERIES_NUMBER, 1, quantity);
    db_bind_text(d, DB_SERIES_NUMBER, 2, node);
    rc = db_next(d, DB_SERIES_NUMBER);
    if (rc == RC_OK) {
        *out_number = sqlite3_column_int64(d->statement[DB_SERIES_NUMBER], 0);
    }
    db_end(d, DB_SERIES_NUMBER);
    return rc;
}

enum rc db_put_samples(struct db *d, const struct db_samples *s)
{
    CHECK(s->step < RECORD_STEP_N);
    db_bind_int(d, DB_SAMPLES, 1, record_step_ms(s->step));
    db_bind_int(d, DB_SAMPLES, 2, s->from_utc_ms);
    db_bind_int(d, DB_SAMPLES, 3, s->series);
    db_bind_int(d, DB_SAMPLES, 4, s->sample_n);
    db_bind_bytes(d, DB_SAMPLES, 5, s->mean, s->mean_len);
    db_bind_bytes(d, DB_SAMPLES, 6, s->peak, s->peak_len);
    return db_run(d, DB_SAMPLES);
}

enum rc db_drop_old_samples(struct db *d, int64_t utc_ms)
{
    enum rc rc = RC_OK;

    for (int step = 0; step < RECORD_STEP_N && rc == RC_OK; step++) {
        db_bind_int(d, DB_SAMPLES_OLD, 1, record_step_ms((enum record_step)step));
        db_bind_int(d, DB_SAMPLES_OLD, 2, utc_ms - keep_ms[step]);
        rc = db_run(d, DB_SAMPLES_OLD);
    }
    return rc;
}
