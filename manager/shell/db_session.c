#include "manager/shell/db_inside.h"

#include <string.h>

#include "common/base/check.h"
#include "manager/core/dating.h"
#include "manager/core/sunmix.h"

#define SESSIONS_OF_A_MIX_MAX 2048 /* that ended after a quarter hour and before its mix was known */

static const char *identity_of(const char *identity)
{
    return identity[0] != '\0' ? identity : NULL;
}

/* RC_MISSING: nobody knows the mix of that quarter hour, or not yet. */
static enum rc mix_at(struct db *d, int64_t from_utc_ms, struct sunmix_energy *out)
{
    sqlite3_stmt *s = d->statement[DB_MIX_AT];
    enum rc rc;

    db_bind_int(d, DB_MIX_AT, 1, from_utc_ms);
    rc = db_next(d, DB_MIX_AT);
    if (rc == RC_OK) {
        *out = (struct sunmix_energy){.from_utc_ms = from_utc_ms,
                                      .production_wh = sqlite3_column_int64(s, 0),
                                      .import_wh = sqlite3_column_int64(s, 1),
                                      .export_wh = sqlite3_column_int64(s, 2)};
    }
    db_end(d, DB_MIX_AT);
    return rc;
}

static enum rc add_quarter(struct db *d, const struct session_id *session, int64_t first_utc_ms, uint16_t quarter, int32_t energy_wh)
{
    struct sunmix_energy mix;
    enum rc rc = first_utc_ms != CLOCK_UNSET_UTC_MS ? mix_at(d, first_utc_ms + quarter * SUNMIX_QUARTER_MS, &mix) : RC_MISSING;

    if (rc != RC_OK && rc != RC_MISSING) {
        return rc;
    }
    db_bind_bytes(d, DB_QUARTER, 1, session->at, SESSION_ID_LEN);
    db_bind_int(d, DB_QUARTER, 2, quarter);
    db_bind_int(d, DB_QUARTER, 3, energy_wh);
    if (rc == RC_OK) {
        db_bind_int(d, DB_QUARTER, 4, sunmix_share_wh(&mix, energy_wh));
    }
    return db_run(d, DB_QUARTER);
}

/* The sum of what is known of its quarter hours. */
static enum rc sum_solar(struct db *d, const uint8_t session[SESSION_ID_LEN])
{
    db_bind_bytes(d, DB_SESSION_SOLAR, 1, session, SESSION_ID_LEN);
    return db_run(d, DB_SESSION_SOLAR);
}

enum rc db_start_session(struct db *d, const char *serial, const struct msg_session_started *m, int64_t utc_ms)
{
    db_bind_bytes(d, DB_SESSION_START, 1, m->session.at, SESSION_ID_LEN);
    db_bind_text(d, DB_SESSION_START, 2, serial);
    db_bind_utc(d, DB_SESSION_START, 3, dating_utc_ms(m->start_utc_ms, m->start_age_ms, utc_ms));
    db_bind_int(d, DB_SESSION_START, 4, m->start_wh);
    db_bind_bytes(d, DB_SESSION_START, 5, m->uid.at, m->uid.len);
    db_bind_utc(d, DB_SESSION_START, 6, utc_ms);
    db_bind_text(d, DB_SESSION_START, 7, identity_of(m->identity));
    return db_run(d, DB_SESSION_START);
}

enum rc db_stop_session(struct db *d, const char *serial, const struct msg_session_record *m, int64_t utc_ms)
{
    int64_t stop_utc_ms = dating_utc_ms(m->stop_utc_ms, m->stop_age_ms, utc_ms);
    int64_t start_utc_ms = dating_start_utc_ms(m->start_utc_ms, m->start_age_ms, utc_ms, stop_utc_ms);
    int64_t quarter_utc_ms = dating_quarter_utc_ms(m->first_quarter_utc_ms, m->start_utc_ms, start_utc_ms);
    int64_t priced_utc_ms = INT64_MAX; /* no clock knows: the newest */
    enum rc rc;

    db_bind_bytes(d, DB_SESSION_STOP, 1, m->session.at, SESSION_ID_LEN);
    db_bind_text(d, DB_SESSION_STOP, 2, serial);
    db_bind_utc(d, DB_SESSION_STOP, 3, start_utc_ms);
    db_bind_utc(d, DB_SESSION_STOP, 4, stop_utc_ms);
    db_bind_int(d, DB_SESSION_STOP, 5, m->start_wh);
    db_bind_int(d, DB_SESSION_STOP, 6, m->stop_wh);
    db_bind_bytes(d, DB_SESSION_STOP, 7, m->uid.at, m->uid.len);
    db_bind_text(d, DB_SESSION_STOP, 8, db_end_text(m->end));
    db_bind_utc(d, DB_SESSION_STOP, 9, quarter_utc_ms);
    db_bind_utc(d, DB_SESSION_STOP, 10, utc_ms);
    db_bind_text(d, DB_SESSION_STOP, 11, identity_of(m->identity));
    rc = db_run(d, DB_SESSION_STOP);
    if (rc != RC_OK || sqlite3_changes(d->handle) == 0) {
        return rc; /* failed, or the same record once more: it counts once */
    }
    for (uint16_t i = 0; i < m->quarter_n && rc == RC_OK; i++) {
        rc = add_quarter(d, &m->session, quarter_utc_ms, i, m->quarter_wh[i]);
    }
    rc = rc == RC_OK ? sum_solar(d, m->session.at) : rc;
    if (start_utc_ms != CLOCK_UNSET_UTC_MS) {
        priced_utc_ms = start_utc_ms;
    } else if (stop_utc_ms != CLOCK_UNSET_UTC_MS) {
        priced_utc_ms = stop_utc_ms;
    }
    return rc == RC_OK ? db_price_session(d, m->session.at, priced_utc_ms) : rc;
}

struct waiting {
    uint8_t session[SESSION_ID_LEN];
    int64_t quarter;
    int64_t energy_wh;
};

static enum rc find_waiting(struct db *d, int64_t from_utc_ms, struct waiting *out, int *out_n)
{
    sqlite3_stmt *s = d->statement[DB_MIX_WAITING];
    enum rc rc = RC_OK;
    int n = 0;

    db_bind_int(d, DB_MIX_WAITING, 1, from_utc_ms);
    while (n < SESSIONS_OF_A_MIX_MAX && rc == RC_OK) {
        rc = db_next(d, DB_MIX_WAITING);
        if (rc == RC_OK && sqlite3_column_bytes(s, 0) == SESSION_ID_LEN) {
            memcpy(out[n].session, sqlite3_column_blob(s, 0), SESSION_ID_LEN);
            out[n].quarter = sqlite3_column_int64(s, 1);
            out[n].energy_wh = sqlite3_column_int64(s, 2);
            n++;
        }
    }
    db_end(d, DB_MIX_WAITING);
    *out_n = n;
    return rc == RC_MISSING ? RC_OK : rc;
}

enum rc db_add_mix(struct db *d, const struct sunmix_energy *mix, int64_t utc_ms)
{
    static const int most_n = SESSIONS_OF_A_MIX_MAX;
    struct waiting *waiting = sqlite3_malloc64(sizeof *waiting * (size_t)most_n);
    enum rc rc = RC_OK;
    int n = 0;

    if (waiting == NULL) {
        return RC_IO;
    }
    db_bind_int(d, DB_MIX, 1, mix->from_utc_ms);
    db_bind_int(d, DB_MIX, 2, mix->production_wh);
    db_bind_int(d, DB_MIX, 3, mix->import_wh);
    db_bind_int(d, DB_MIX, 4, mix->export_wh);
    rc = db_run(d, DB_MIX);
    rc = rc == RC_OK ? find_waiting(d, mix->from_utc_ms, waiting, &n) : rc;
    for (int i = 0; i < n && rc == RC_OK; i++) {
        db_bind_bytes(d, DB_QUARTER_SOLAR, 1, waiting[i].session, SESSION_ID_LEN);
        db_bind_int(d, DB_QUARTER_SOLAR, 2, waiting[i].quarter);
        db_bind_int(d, DB_QUARTER_SOLAR, 3, sunmix_share_wh(mix, waiting[i].energy_wh));
        rc = db_run(d, DB_QUARTER_SOLAR);
        rc = rc == RC_OK ? sum_solar(d, waiting[i].session) : rc;
        rc = rc == RC_OK ? db_reprice_session(d, waiting[i].session, utc_ms) : rc;
    }
    sqlite3_free(waiting);
    return rc;
}

const char *db_end_text(enum end_reason end)
{
    switch (end) {
    case END_UNPLUGGED:
        return "unplugged";
    case END_CARD:
        return "card";
    case END_COMMAND:
        return "command";
    case END_FAULT:
        return "fault";
    case END_POWER_LOSS:
        return "power_loss";
    case END_UNSET:
    case END_N:
        break;
    }
    return "unknown";
}
