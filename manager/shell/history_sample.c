#include <stdlib.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/log.h"
#include "manager/shell/history.h"
#include "manager/shell/view_json.h"

#define DAY_MS INT64_C(86400000)

/* What is known of a slot of the answer: as many recorded samples as its length holds. */
struct curve_slot {
    int64_t sum;
    int32_t known_n;
    int32_t peak;
};

struct curve {
    int64_t from_utc_ms; /* begin of the first slot */
    int64_t base_ms;     /* as recorded */
    int64_t step_ms;     /* of a slot: a multiple of it */
    int64_t n;
    struct curve_slot *slot; /* [n] */
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

/* Samples of a column; 0 when they are none. */
static uint16_t samples_of(sqlite3_stmt *s, int column, int32_t out[RECORDER_BLOCK_MAX])
{
    const uint8_t *bytes = sqlite3_column_blob(s, column);
    uint16_t n = 0;

    if (bytes == NULL || pack_read(bytes, (size_t)sqlite3_column_bytes(s, column), out, RECORDER_BLOCK_MAX, &n) != RC_OK) {
        return 0;
    }
    return n;
}

/* One row (mean, peak) into the slots; what is not packed samples is left out. */
static void lay(struct curve *c, int64_t row_utc_ms, sqlite3_stmt *s)
{
    int32_t mean[RECORDER_BLOCK_MAX];
    int32_t peak[RECORDER_BLOCK_MAX];
    uint16_t mean_n = samples_of(s, 0, mean);
    uint16_t peak_n = samples_of(s, 1, peak);

    for (uint16_t i = 0; i < mean_n; i++) {
        int64_t place = div_down(row_utc_ms + i * c->base_ms - c->from_utc_ms, c->step_ms);
        struct curve_slot *slot = place >= 0 && place < c->n ? &c->slot[place] : NULL;
        int32_t highest = i < peak_n && peak[i] != SAMPLE_UNKNOWN ? peak[i] : mean[i];

        if (slot != NULL && mean[i] != SAMPLE_UNKNOWN) {
            slot->sum += mean[i];
            slot->peak = slot->known_n == 0 || highest > slot->peak ? highest : slot->peak;
            slot->known_n++;
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
    int64_t at_ms = c->from_utc_ms - (record_block_n(step) - 1) * c->base_ms; /* a row that begins before may reach into it */
    enum rc rc;
    sqlite3_stmt *blocks = history_prepare(h, blocks_sql, &rc);
    sqlite3_stmt *row = rc == RC_OK ? history_prepare(h, row_sql, &rc) : NULL;
    int code = SQLITE_DONE;

    for (int64_t i = 0; i < 2 * HISTORY_SAMPLE_MAX && rc == RC_OK; i++) {
        code = sqlite3_bind_int64(blocks, 1, c->base_ms);
        code = code == SQLITE_OK ? sqlite3_bind_int64(blocks, 2, at_ms) : code;
        code = code == SQLITE_OK ? sqlite3_bind_int64(blocks, 3, to_ms) : code;
        code = code == SQLITE_OK ? sqlite3_step(blocks) : code;
        if (code != SQLITE_ROW) {
            break;
        }
        at_ms = sqlite3_column_int64(blocks, 0);
        (void)sqlite3_reset(blocks);
        code = sqlite3_bind_int64(row, 1, c->base_ms);
        code = code == SQLITE_OK ? sqlite3_bind_int64(row, 2, at_ms) : code;
        code = code == SQLITE_OK ? sqlite3_bind_int64(row, 3, series) : code;
        code = code == SQLITE_OK ? sqlite3_step(row) : code;
        if (code == SQLITE_ROW) {
            lay(c, at_ms, row);
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

/* To the nearest, a half away from zero, as the recorder does it. */
static int64_t mean_of(const struct curve_slot *slot)
{
    int64_t half = slot->known_n / 2;

    return (slot->sum + (slot->sum < 0 ? -half : half)) / slot->known_n;
}

static json_t *values(const struct curve *c, bool is_peak)
{
    json_t *list = json_array();

    for (int64_t i = 0; i < c->n && list != NULL; i++) {
        const struct curve_slot *slot = &c->slot[i];
        json_t *value = slot->known_n == 0 ? json_null() : json_integer(is_peak ? slot->peak : mean_of(slot));

        if (json_array_append_new(list, value) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

static json_t *curve_json(const struct curve *c, const char *quantity, const char *node)
{
    json_t *peaks = c->step_ms == record_step_ms(RECORD_SECOND) ? json_null() : values(c, true);

    return json_pack("{s:s, s:s, s:I, s:o, s:o, s:o}", "quantity", quantity, "node", node, "step_ms", (json_int_t)c->step_ms, "from_utc",
                     view_json_utc(c->from_utc_ms), "values", values(c, false), "peaks", peaks);
}

/* Length of a slot with which a span fits HISTORY_SAMPLE_MAX of them: so many recorded ones that they fill a day, or so many whole days. */
static int64_t slot_ms(int64_t base_ms, int64_t span_ms)
{
    int64_t least_ms = div_up(span_ms, HISTORY_SAMPLE_MAX - 1); /* the first may begin before the span does */
    int64_t ms = div_up(max_i64(least_ms, base_ms), base_ms) * base_ms;

    while (ms < DAY_MS && DAY_MS % ms != 0) { /* ends: at the length of a day */
        ms += base_ms;
    }
    return ms <= DAY_MS ? ms : div_up(ms, DAY_MS) * DAY_MS;
}

enum rc history_samples(struct history *h, const char *quantity, const char *node, enum record_step step, int64_t from_utc_ms, int64_t to_utc_ms,
                        bool is_recorded, json_t **out)
{
    struct curve c = {.base_ms = record_step_ms(step)};
    int64_t series = 0;
    enum rc rc = find_series(h, quantity, node, &series);

    CHECK(from_utc_ms < to_utc_ms);
    if (rc != RC_OK && !(rc == RC_MISSING && is_recorded)) {
        return rc;
    }
    c.step_ms = slot_ms(c.base_ms, to_utc_ms - from_utc_ms);
    c.from_utc_ms = div_down(from_utc_ms, c.step_ms) * c.step_ms;
    c.n = div_up(to_utc_ms - c.from_utc_ms, c.step_ms);
    CHECK(c.n <= HISTORY_SAMPLE_MAX);
    c.slot = calloc((size_t)c.n, sizeof *c.slot);
    if (c.slot == NULL) {
        log_err("history why=\"no memory\"");
        return RC_IO;
    }
    rc = rc == RC_OK ? read_curve(h, series, step, &c) : RC_OK; /* a figure of which nothing is known yet has gaps only */
    if (rc == RC_OK) {
        *out = curve_json(&c, quantity, node);
        rc = *out != NULL ? RC_OK : RC_IO;
    }
    free(c.slot);
    return rc;
}
