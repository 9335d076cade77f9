#include <stdlib.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/log.h"
#include "manager/shell/history.h"
#include "manager/shell/view_json.h"

struct curve {
    int64_t from_utc_ms; /* begin of the first slot */
    int64_t step_ms;
    int64_t n;
    int32_t *mean; /* [n] */
    int32_t *peak;
};

/* Number of a series; RC_MISSING none. */
static enum rc find_series(struct history *h, const char *quantity, const char *node, int64_t *out)
{
    enum rc rc;
    sqlite3_stmt *s = history_prepare(h, "SELECT number FROM series WHERE quantity = ?1 AND node = ?2", &rc);
    int code = SQLITE_NOMEM;

    if (s == NULL) {
        return rc;
    }
    if (sqlite3_bind_text(s, 1, quantity, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_bind_text(s, 2, node, -1, SQLITE_STATIC) == SQLITE_OK) {
        code = sqlite3_step(s);
    }
    if (code == SQLITE_ROW) {
        *out = sqlite3_column_int64(s, 0);
        return history_finish(h, s, SQLITE_DONE);
    }
    rc = history_finish(h, s, code);
    return rc == RC_OK ? RC_MISSING : rc;
}

/* The samples of one row into their places; what is not packed samples is left out. */
static void lay(struct curve *c, int64_t row_utc_ms, sqlite3_stmt *s, int column, int32_t *out)
{
    int32_t samples[RECORDER_BLOCK_MAX];
    uint16_t n = 0;
    const uint8_t *bytes = sqlite3_column_blob(s, column);
    int64_t place = div_down(row_utc_ms - c->from_utc_ms, c->step_ms);

    if (bytes == NULL || pack_read(bytes, (size_t)sqlite3_column_bytes(s, column), samples, RECORDER_BLOCK_MAX, &n) != RC_OK) {
        return;
    }
    for (uint16_t i = 0; i < n; i++) {
        if (place + i >= 0 && place + i < c->n) {
            out[place + i] = samples[i];
        }
    }
}

/* From block to block along the index, whatever other series have in between. */
static enum rc read_curve(struct history *h, int64_t series, enum record_step step, struct curve *c)
{
    static const char blocks_sql[] =
        "SELECT from_utc_ms FROM sample WHERE step_ms = ?1 AND from_utc_ms >= ?2 AND from_utc_ms < ?3 ORDER BY from_utc_ms LIMIT 1";
    static const char row_sql[] = "SELECT mean, peak FROM sample WHERE step_ms = ?1 AND from_utc_ms = ?2 AND series = ?3";
    int64_t to_ms = c->from_utc_ms + c->n * c->step_ms;
    int64_t at_ms = c->from_utc_ms - (record_block_n(step) - 1) * c->step_ms; /* a row that begins before may reach into it */
    enum rc rc;
    sqlite3_stmt *blocks = history_prepare(h, blocks_sql, &rc);
    sqlite3_stmt *row = rc == RC_OK ? history_prepare(h, row_sql, &rc) : NULL;
    int code = SQLITE_DONE;

    for (int64_t i = 0; i < 2 * HISTORY_SAMPLE_MAX && rc == RC_OK; i++) {
        code = sqlite3_bind_int64(blocks, 1, c->step_ms);
        code = code == SQLITE_OK ? sqlite3_bind_int64(blocks, 2, at_ms) : code;
        code = code == SQLITE_OK ? sqlite3_bind_int64(blocks, 3, to_ms) : code;
        code = code == SQLITE_OK ? sqlite3_step(blocks) : code;
        if (code != SQLITE_ROW) {
            break;
        }
        at_ms = sqlite3_column_int64(blocks, 0);
        (void)sqlite3_reset(blocks);
        code = sqlite3_bind_int64(row, 1, c->step_ms);
        code = code == SQLITE_OK ? sqlite3_bind_int64(row, 2, at_ms) : code;
        code = code == SQLITE_OK ? sqlite3_bind_int64(row, 3, series) : code;
        code = code == SQLITE_OK ? sqlite3_step(row) : code;
        if (code == SQLITE_ROW) {
            lay(c, at_ms, row, 0, c->mean);
            lay(c, at_ms, row, 1, c->peak);
        } else if (code != SQLITE_DONE) {
            break;
        }
        (void)sqlite3_reset(row);
        code = SQLITE_DONE;
        at_ms++;
    }
    (void)sqlite3_finalize(row);
    if (blocks == NULL) {
        return rc;
    }
    return history_finish(h, blocks, code);
}

static json_t *values(const int32_t *at, int64_t n)
{
    json_t *list = json_array();

    for (int64_t i = 0; i < n && list != NULL; i++) {
        if (json_array_append_new(list, at[i] == SAMPLE_UNKNOWN ? json_null() : json_integer(at[i])) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *curve_json(const struct curve *c, const char *quantity, const char *node, enum record_step step)
{
    json_t *peaks = step == RECORD_SECOND ? json_null() : values(c->peak, c->n);

    return json_pack("{s:s, s:s, s:I, s:o, s:o, s:o}", "quantity", quantity, "node", node, "step_ms", (json_int_t)c->step_ms, "from_utc",
                     view_json_utc(c->from_utc_ms), "values", values(c->mean, c->n), "peaks", peaks);
}

enum rc history_samples(struct history *h, const char *quantity, const char *node, enum record_step step, int64_t from_utc_ms, int64_t to_utc_ms, json_t **out)
{
    struct curve c = {.step_ms = record_step_ms(step)};
    int64_t series = 0;
    enum rc rc = find_series(h, quantity, node, &series);

    CHECK(from_utc_ms < to_utc_ms);
    if (rc != RC_OK) {
        return rc;
    }
    c.from_utc_ms = div_down(from_utc_ms, c.step_ms) * c.step_ms;
    c.n = min_i64(div_up(to_utc_ms - c.from_utc_ms, c.step_ms), HISTORY_SAMPLE_MAX);
    c.mean = malloc(sizeof *c.mean * (size_t)c.n);
    c.peak = malloc(sizeof *c.peak * (size_t)c.n);
    if (c.mean == NULL || c.peak == NULL) {
        log_err("history why=\"no memory\"");
        rc = RC_IO;
        goto out;
    }
    for (int64_t i = 0; i < c.n; i++) {
        c.mean[i] = SAMPLE_UNKNOWN;
        c.peak[i] = SAMPLE_UNKNOWN;
    }
    rc = read_curve(h, series, step, &c);
    if (rc == RC_OK) {
        *out = curve_json(&c, quantity, node, step);
        rc = *out != NULL ? RC_OK : RC_IO;
    }

out:
    free(c.mean);
    free(c.peak);
    return rc;
}
