/* Prices, and what ended sessions cost by them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "common/base/check.h"
#include "manager/core/sunmix.h"
#include "manager/shell/db_inside.h"
#include "manager/shell/tariff_json.h"

/* What is known of an ended session. */
struct priced {
    int64_t tariff;     /* 0 none */
    int64_t cost_minor; /* -1 none */
    int64_t first_quarter_utc_ms;
    int64_t energy_wh;
    int64_t stop_utc_ms;
};

enum rc db_tariff_read(sqlite3_stmt *s, struct db_tariff *out)
{
    const char *text = (const char *)sqlite3_column_text(s, 2);
    json_error_t error = {0};
    json_t *json = text != NULL ? json_loads(text, JSON_REJECT_DUPLICATES, &error) : NULL;
    struct field_error why;
    enum rc rc = RC_OK;

    if (json == NULL) {
        return text == NULL || error.text[0] == '\0' || json_error_code(&error) == json_error_out_of_memory ? RC_IO : RC_MALFORMED;
    }
    if (tariff_read_json(json, &out->tariff, &why) != RC_OK) {
        rc = RC_MALFORMED;
    }
    json_decref(json);
    out->number = sqlite3_column_int64(s, 0);
    out->valid_from_utc_ms = sqlite3_column_int64(s, 1);
    return rc;
}

/* A session that could have its cost waits for better times rather than being stored without. */
static enum rc no_memory(struct db *d)
{
    (void)snprintf(d->why, sizeof d->why, "no memory");
    d->is_blocked = true;
    return RC_IO;
}

static enum rc find_tariff(struct db *d, enum db_statement which, int64_t key, struct db_tariff *out)
{
    enum rc rc;

    db_bind_int(d, which, 1, key);
    rc = db_next(d, which);
    if (rc == RC_OK) {
        rc = db_tariff_read(d->statement[which], out);
        rc = rc == RC_IO ? no_memory(d) : (rc == RC_MALFORMED ? RC_MISSING : rc);
    }
    db_end(d, which);
    return rc;
}

enum rc db_tariff_at(struct db *d, int64_t utc_ms, struct db_tariff *out)
{
    return find_tariff(d, DB_TARIFF_AT, utc_ms, out);
}

static char *text_of(const struct tariff *t)
{
    json_t *json = tariff_write_json(t);
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

    json_decref(json);
    return text;
}

/* RC_AGAIN: these prices are valid already. */
static enum rc compare(struct db *d, const char *wanted, int64_t utc_ms)
{
    struct db_tariff now;
    enum rc rc = db_tariff_at(d, utc_ms, &now);
    char *text;

    if (rc != RC_OK) {
        return rc == RC_MISSING ? RC_OK : rc;
    }
    text = text_of(&now.tariff);
    rc = text == NULL ? no_memory(d) : (strcmp(text, wanted) == 0 ? RC_AGAIN : RC_OK);
    free(text);
    return rc;
}

enum rc db_add_tariff(struct db *d, const struct tariff *t, const char *who, int64_t utc_ms)
{
    char *text = text_of(t);
    enum rc rc = text != NULL ? compare(d, text, utc_ms) : no_memory(d);

    CHECK(utc_ms != CLOCK_UNSET_UTC_MS);
    if (rc == RC_OK) {
        db_bind_utc(d, DB_TARIFF_ADD, 1, utc_ms);
        db_bind_text(d, DB_TARIFF_ADD, 2, who);
        db_bind_text(d, DB_TARIFF_ADD, 3, text);
        rc = db_run(d, DB_TARIFF_ADD);
    }
    free(text);
    return rc == RC_AGAIN ? RC_OK : rc;
}

static int64_t int_at(sqlite3_stmt *s, int column, int64_t preset)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL ? preset : sqlite3_column_int64(s, column);
}

static enum rc read_priced(struct db *d, const uint8_t session[SESSION_ID_LEN], struct priced *out)
{
    sqlite3_stmt *s = d->statement[DB_SESSION_PRICED];
    enum rc rc;

    db_bind_bytes(d, DB_SESSION_PRICED, 1, session, SESSION_ID_LEN);
    rc = db_next(d, DB_SESSION_PRICED);
    if (rc == RC_OK) {
        *out = (struct priced){.tariff = int_at(s, 0, 0),
                               .cost_minor = int_at(s, 1, -1),
                               .first_quarter_utc_ms = int_at(s, 2, CLOCK_UNSET_UTC_MS),
                               .energy_wh = int_at(s, 3, -1),
                               .stop_utc_ms = int_at(s, 4, CLOCK_UNSET_UTC_MS)};
    }
    db_end(d, DB_SESSION_PRICED);
    return rc;
}

static enum rc read_quarters(struct db *d, const uint8_t session[SESSION_ID_LEN], int64_t first_utc_ms, struct tariff_quarter *out, uint16_t *out_n)
{
    sqlite3_stmt *s = d->statement[DB_SESSION_QUARTERS];
    enum rc rc = RC_OK;
    uint16_t n = 0;

    db_bind_bytes(d, DB_SESSION_QUARTERS, 1, session, SESSION_ID_LEN);
    while (n < QUARTER_MAX && rc == RC_OK) {
        rc = db_next(d, DB_SESSION_QUARTERS);
        if (rc == RC_OK) {
            int64_t from_utc_ms = first_utc_ms + sqlite3_column_int64(s, 0) * SUNMIX_QUARTER_MS;

            out[n].week_min = first_utc_ms != CLOCK_UNSET_UTC_MS ? tariff_week_min(from_utc_ms) : -1;
            out[n].energy_wh = sqlite3_column_int64(s, 1);
            out[n].solar_wh = int_at(s, 2, -1);
            n++;
        }
    }
    db_end(d, DB_SESSION_QUARTERS);
    *out_n = n;
    return rc == RC_MISSING ? RC_OK : rc;
}

/* What it costs by its quarter hours. RC_RANGE: energies that cannot be right. */
static enum rc work_out(struct db *d, const uint8_t session[SESSION_ID_LEN], const struct priced *p, const struct tariff *t, int64_t *out_cost_minor)
{
    static const size_t most_n = QUARTER_MAX;
    struct tariff_quarter *quarters = sqlite3_malloc64(sizeof *quarters * most_n);
    uint16_t n = 0;
    enum rc rc;

    if (quarters == NULL) {
        return no_memory(d);
    }
    rc = read_quarters(d, session, p->first_quarter_utc_ms, quarters, &n);
    rc = rc == RC_OK ? tariff_cost(t, quarters, n, p->energy_wh, out_cost_minor) : rc;
    sqlite3_free(quarters);
    return rc;
}

static enum rc put_cost(struct db *d, const uint8_t session[SESSION_ID_LEN], int64_t cost_minor, const char *currency)
{
    db_bind_bytes(d, DB_SESSION_COST, 1, session, SESSION_ID_LEN);
    db_bind_int(d, DB_SESSION_COST, 2, cost_minor);
    db_bind_text(d, DB_SESSION_COST, 3, currency);
    return db_run(d, DB_SESSION_COST);
}

enum rc db_price_session(struct db *d, const uint8_t session[SESSION_ID_LEN], int64_t at_utc_ms)
{
    struct db_tariff t;
    struct priced p;
    int64_t cost_minor;
    enum rc rc = db_tariff_at(d, at_utc_ms, &t);

    if (rc != RC_OK) {
        return rc == RC_MISSING ? RC_OK : rc; /* nothing had a price yet */
    }
    db_bind_bytes(d, DB_SESSION_TARIFF, 1, session, SESSION_ID_LEN);
    db_bind_int(d, DB_SESSION_TARIFF, 2, t.number);
    rc = db_run(d, DB_SESSION_TARIFF);
    if (rc != RC_OK || t.tariff.currency[0] == '\0') {
        return rc;
    }
    rc = read_priced(d, session, &p);
    rc = rc == RC_OK ? work_out(d, session, &p, &t.tariff, &cost_minor) : rc;
    if (rc == RC_RANGE) {
        return RC_OK; /* the record of the session is worth more than its price: it shows none */
    }
    return rc == RC_OK ? put_cost(d, session, cost_minor, t.tariff.currency) : rc;
}

static enum rc audit_cost(struct db *d, const uint8_t session[SESSION_ID_LEN], const int64_t minor[2], const char *currency, int64_t utc_ms)
{
    char id[2 * SESSION_ID_LEN + 1];
    char text[2][64];

    for (int i = 0; i < SESSION_ID_LEN; i++) {
        (void)snprintf(id + 2 * (size_t)i, 3, "%02x", session[i]);
    }
    for (int i = 0; i < 2; i++) {
        (void)snprintf(text[i], sizeof text[i], "{\"cost_minor\":%lld,\"currency\":\"%s\"}", (long long)minor[i], currency);
    }
    return db_add_audit(d, &(struct db_audit){.who = "manager", .what = "session_cost", .subject = id, .before = text[0], .after = text[1]}, utc_ms);
}

enum rc db_reprice_session(struct db *d, const uint8_t session[SESSION_ID_LEN], int64_t utc_ms)
{
    struct db_tariff t;
    struct priced p;
    int64_t cost_minor = -1;
    enum rc rc = read_priced(d, session, &p);

    if (rc != RC_OK || p.tariff == 0 || p.cost_minor < 0) {
        return rc;
    }
    rc = find_tariff(d, DB_TARIFF, p.tariff, &t);
    rc = rc == RC_OK ? work_out(d, session, &p, &t.tariff, &cost_minor) : rc;
    if (rc == RC_MISSING || rc == RC_RANGE) {
        return RC_OK; /* what it has cost stays */
    }
    if (rc != RC_OK || cost_minor == p.cost_minor) {
        return rc;
    }
    rc = put_cost(d, session, cost_minor, t.tariff.currency);
    if (rc == RC_OK && utc_ms >= p.stop_utc_ms + DB_SETTLE_MS) {
        rc = audit_cost(d, session, (const int64_t[]){p.cost_minor, cost_minor}, t.tariff.currency, utc_ms);
    }
    return rc;
}
