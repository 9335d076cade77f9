#include "manager/shell/history_today.h"

static const char *const phase_quantity[PHASE_N] = {"current_l1_ma", "current_l2_ma", "current_l3_ma"};

/* One row of numbers for ?1 = midnight. */
static enum rc numbers(struct history *h, const char *sql, int64_t midnight_utc_ms, int64_t *out, int n)
{
    enum rc rc;
    sqlite3_stmt *s = history_prepare(h, sql, &rc);
    int code;

    if (s == NULL) {
        return rc;
    }
    code = sqlite3_bind_int64(s, 1, midnight_utc_ms);
    code = code == SQLITE_OK ? sqlite3_step(s) : code;
    for (int i = 0; i < n && code == SQLITE_ROW; i++) {
        out[i] = sqlite3_column_int64(s, i); /* a sum of nothing is 0 */
    }
    return history_finish(h, s, code == SQLITE_ROW ? SQLITE_DONE : code);
}

static enum rc read_sessions(struct history *h, int64_t midnight_utc_ms, struct history_today *out)
{
    static const char sql[] =
        "SELECT (SELECT sum(stop_wh - start_wh) FROM session WHERE state = 'closed' AND stop_utc_ms >= ?1 AND start_utc_ms >= ?1),"
        " (SELECT sum(q.energy_wh) FROM session AS s JOIN session_quarter AS q ON q.session_id = s.id WHERE s.state = 'closed' AND s.stop_utc_ms >= ?1"
        "  AND s.start_utc_ms < ?1 AND s.first_quarter_utc_ms + q.quarter * 900000 >= ?1),"
        " (SELECT count(*) FROM session WHERE state = 'closed' AND stop_utc_ms >= ?1 AND start_utc_ms >= ?1)"
        " + (SELECT count(*) FROM session WHERE state = 'open' AND start_utc_ms >= ?1)";
    static const char solar_sql[] =
        "SELECT sum(q.energy_wh), sum(q.solar_wh) FROM session AS s JOIN session_quarter AS q ON q.session_id = s.id WHERE s.state = 'closed'"
        " AND s.stop_utc_ms >= ?1 AND s.first_quarter_utc_ms + q.quarter * 900000 >= ?1 AND q.solar_wh IS NOT NULL";
    int64_t sums[3] = {0};
    int64_t solar[2] = {0};
    enum rc rc = numbers(h, sql, midnight_utc_ms, sums, 3);

    rc = rc == RC_OK ? numbers(h, solar_sql, midnight_utc_ms, solar, 2) : rc;
    out->energy_wh = sums[0] + sums[1];
    out->sessions_n = sums[2];
    out->solar_permille = solar[0] > 0 ? solar[1] * 1000 / solar[0] : -1;
    return rc;
}

enum rc history_today(struct history *h, const char *grid, int64_t midnight_utc_ms, int64_t now_utc_ms, struct history_today *out)
{
    enum rc rc = read_sessions(h, midnight_utc_ms, out);

    out->peak_ma = -1;
    for (uint8_t p = 0; p < PHASE_N && rc == RC_OK; p++) {
        json_t *curve = NULL;
        size_t i;
        json_t *peak;

        rc = history_samples(h, phase_quantity[p], grid, RECORD_MINUTE, midnight_utc_ms, now_utc_ms, true, &curve);
        json_array_foreach(json_object_get(curve, "peaks"), i, peak)
        {
            if (json_is_integer(peak) && json_integer_value(peak) > out->peak_ma) {
                out->peak_ma = (int32_t)json_integer_value(peak);
                out->peak_phase = p;
            }
        }
        json_decref(curve);
    }
    return rc;
}

enum rc history_energy(struct history *h, const char *serial, int64_t from_utc_ms, int64_t to_utc_ms, int64_t *out_wh)
{
    json_t *curve = NULL;
    int64_t sum_w_min = 0;
    size_t i;
    json_t *power;
    enum rc rc = history_samples(h, "power_w", serial, RECORD_MINUTE, from_utc_ms, to_utc_ms, true, &curve);

    json_array_foreach(json_object_get(curve, "values"), i, power)
    {
        sum_w_min += json_integer_value(power); /* 0 where it is null */
    }
    json_decref(curve);
    *out_wh = sum_w_min / 60;
    return rc;
}
