/* manager.db: history of the site, sessions, cards, events and epochs in SQLite. Everything here blocks; it is called at the start by the loop
 * and then by the store's worker only.
 *
 * Decided here: the statements and that a session is counted once by its id. Not here: when to write and what a failure means (store),
 * the tables (schema), what happens to a damaged file (rescue).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <sqlite3.h>

#include "common/base/limits.h"
#include "common/base/rc.h"
#include "manager/core/card.h"
#include "manager/core/recorder.h"
#include "manager/core/sunmix.h"
#include "manager/shell/tariff.h"
#include "proto/msg.h"

#define DB_SETTLE_MS INT64_C(3600000) /* after its end the mix of the last quarter hours of a session is expected within it */

enum db_statement {
    DB_BEGIN,
    DB_COMMIT,
    DB_ROLLBACK,
    DB_DOCUMENT_ADD,
    DB_DOCUMENT_NEWEST,
    DB_BOX,
    DB_SESSION_START,
    DB_SESSION_STOP,
    DB_QUARTER,
    DB_EVENT,
    DB_EPOCH,
    DB_EPOCH_NEWEST,
    DB_EPOCH_ISSUED,
    DB_EPOCH_RIVALS,
    DB_MIX,
    DB_MIX_AT,
    DB_MIX_WAITING,
    DB_QUARTER_SOLAR,
    DB_SESSION_SOLAR,
    DB_TARIFF_ADD,
    DB_TARIFF_AT,
    DB_TARIFF,
    DB_SESSION_PRICED,
    DB_SESSION_QUARTERS,
    DB_SESSION_TARIFF,
    DB_SESSION_COST,
    DB_CARD_PUT,
    DB_CARD_TEACH,
    DB_CARD_NUMBER,
    DB_CARD_DELETE,
    DB_CARD_CLEAR,
    DB_CARD_ALLOW,
    DB_CARD_COUNT,
    DB_CARDS,
    DB_EVENT_ACK,
    DB_AUDIT,
    DB_SERIES_ADD,
    DB_SERIES_NUMBER,
    DB_SAMPLES,
    DB_SAMPLES_OLD,
    DB_STATEMENTS
};

struct db {
    sqlite3 *handle;
    sqlite3_stmt *statement[DB_STATEMENTS];
    char why[160];   /* SQLite's text of the last failure */
    bool is_blocked; /* the last failure was of the whole database, not of one row: locked, full, damaged */
    bool is_damaged; /* some failure said that the file is */
    bool is_newer;   /* its tables are of a later program */
};

struct db_event {
    const char *kind;
    const char *serial; /* NULL none */
    const char *text;   /* NULL none */
    int32_t code;
};

/* Who changed something, and why. */
struct db_by {
    const char *who; /* name of a user or "command line" */
    const char *why; /* NULL: not said */
};

struct db_audit {
    const char *who;
    const char *what;    /* "login", "card_put", ... */
    const char *subject; /* NULL none; so the next two */
    const char *before;
    const char *after;
};

struct db_epoch {
    uint64_t epoch;
    int64_t longest_lease_ms;
    bool is_foreign; /* as in mev_start */
    bool is_fenced;
};

/* A card or vehicle as people know it. */
struct card_entry {
    struct card_uid uid;     /* len 0: a vehicle */
    char identity[NAME_LEN]; /* of a vehicle, empty: a card */
    enum card_kind kind;
    char name[NAME_LEN];
    char colour[ID_LEN];
    bool is_blocked;
    int64_t expires_utc_ms; /* 0 never */
    int16_t departure_min;  /* -1 none */
    int32_t needed_wh;      /* 0 none */
    int8_t priority;        /* -1 that of the wallbox */
    const char *wallboxes;  /* serials where it is valid, separated by spaces, empty: everywhere. Borrowed */
};

/* A row of packed samples, borrowed. */
struct db_samples {
    enum record_step step;
    int64_t series;
    int64_t from_utc_ms;
    uint16_t sample_n;
    const uint8_t *mean;
    int mean_len;
    const uint8_t *peak;
    int peak_len; /* 0 none */
};

/* Prices as they are kept: in versions, of which none is changed. */
struct db_tariff {
    int64_t number;
    int64_t valid_from_utc_ms;
    struct tariff tariff;
};

/* Open or create the database and bring its tables up to date.
 *
 * page_max  largest size in pages of 4 KiB, 0 no limit
 * busy_ms   how long to wait for another program's lock
 *
 * RC_MALFORMED  it is no database, is damaged, or was written by a newer version (is_newer): why says so, nothing is logged
 * RC_IO         it cannot be opened or written: likewise
 */
MUST_USE enum rc db_open(struct db *d, const char *path, int64_t page_max, int32_t busy_ms);

/* Look for damage, the small tables first.
 *
 * most_ms  give up after this and call it good, 0: look at all of it
 *
 * RC_MALFORMED  it is damaged: why says how
 */
MUST_USE enum rc db_check(struct db *d, int64_t most_ms);

/* Harmless when not open. `why` stays. */
void db_close(struct db *d);

/* One transaction. A failure leaves db.why and db.is_blocked; the caller decides whether to log.
 *
 * RC_IO  it did not work; after a failed db_commit the transaction was rolled back
 */
MUST_USE enum rc db_begin(struct db *d);
MUST_USE enum rc db_commit(struct db *d);
void db_rollback(struct db *d);

/* Inside or outside of a transaction. utc_ms is CLOCK_UNSET_UTC_MS when no clock knows. RC_IO as above.
 * by: NULL nobody. */
MUST_USE enum rc db_add_document(struct db *d, const char *text, const struct db_by *by, int64_t utc_ms);
MUST_USE enum rc db_put_box(struct db *d, const char *serial, int32_t fallback_ma, bool is_unwatched, int64_t utc_ms);
MUST_USE enum rc db_start_session(struct db *d, const char *serial, const struct msg_session_started *m, int64_t utc_ms);
MUST_USE enum rc db_stop_session(struct db *d, const char *serial, const struct msg_session_record *m, int64_t utc_ms);
MUST_USE enum rc db_add_event(struct db *d, const struct db_event *event, int64_t utc_ms);
MUST_USE enum rc db_add_epoch(struct db *d, const struct db_epoch *e, int64_t utc_ms);
MUST_USE enum rc db_add_audit(struct db *d, const struct db_audit *a, int64_t utc_ms);

/* Somebody has seen an event. RC_MISSING: there is no such event, or it was acknowledged before. */
MUST_USE enum rc db_acknowledge_event(struct db *d, int64_t number, const char *who, int64_t utc_ms);

/* The mix of a quarter hour, also for the sessions that have ended in it. A change of what a session costs DB_SETTLE_MS or more after its end goes
 * into the audit trail. utc_ms: now */
MUST_USE enum rc db_add_mix(struct db *d, const struct sunmix_energy *mix, int64_t utc_ms);

/* New prices, for sessions that begin from now on: a session costs what was valid when it began (unknown: when it ended, or else the newest), whatever
 * is valid when its record comes. Those that began before keep their prices. The
 * same prices as are valid already make no new version.
 *
 * t       passed tariff_check
 * utc_ms  known
 */
MUST_USE enum rc db_add_tariff(struct db *d, const struct tariff *t, const char *who, int64_t utc_ms);

/* The prices that are valid at a moment. RC_MISSING: there were none yet, or they cannot be read any more. RC_IO as above. */
MUST_USE enum rc db_tariff_at(struct db *d, int64_t utc_ms, struct db_tariff *out);

/* The newest of those that were valid at ?1: one that was made by a clock that ran ahead does not outlast those that follow it. And that of a number. */
#define DB_TARIFF_AT_SQL "SELECT number, valid_from_utc_ms, prices FROM tariff WHERE valid_from_utc_ms <= ?1 ORDER BY number DESC LIMIT 1"
#define DB_TARIFF_SQL "SELECT number, valid_from_utc_ms, prices FROM tariff WHERE number = ?1"

/* A row of these. RC_IO: no memory; RC_MALFORMED: it was not written by us. */
MUST_USE enum rc db_tariff_read(sqlite3_stmt *s, struct db_tariff *out);

/* Newest site document.
 *
 * *out  allocated, given back with free
 *
 * RC_MISSING  there is none
 */
MUST_USE enum rc db_newest_document(struct db *d, char **out);

/* Highest epoch and what is known about rivals, and the longest lease of all. All 0 when there is none. */
MUST_USE enum rc db_newest_epoch(struct db *d, struct db_epoch *out);

/* The newest `cap` epochs that were stored, ascending. */
MUST_USE enum rc db_issued_epochs(struct db *d, uint64_t *out, uint16_t cap, uint16_t *out_n);

/* Why a session ended, as stored and shown: "unplugged", "card", ... */
const char *db_end_text(enum end_reason end);

/* Add a card or vehicle, or change what is known of it. RC_FULL: FLEET_CARD_MAX are known. */
MUST_USE enum rc db_put_card(struct db *d, const struct card_entry *c, int64_t utc_ms);

/* A card that was taught at a wallbox: valid there; what is known of it stays. */
MUST_USE enum rc db_teach_card(struct db *d, const char *serial, const struct msg_authorize *m, int64_t utc_ms);

/* RC_MISSING  it is not known */
MUST_USE enum rc db_delete_card(struct db *d, const struct card_uid *uid, const char *identity);

MUST_USE enum rc db_count_cards(struct db *d, int64_t *out);

/* Every card and vehicle in the order of fleet_card_order; what on_card gets is borrowed until it returns. */
MUST_USE enum rc db_each_card(struct db *d, void (*on_card)(void *user, const struct card_entry *card), void *user);

/* A row of the columns of db_each_card; false when it was not written by us. The texts are borrowed from the statement. */
bool card_entry_read(sqlite3_stmt *s, struct card_entry *out);

/* "user", "master", "setup", and back; CARD_UNSET: none of them. */
const char *db_card_kind_text(enum card_kind kind);
enum card_kind db_card_kind(const char *text);

/* The list of epochs may lack some that were issued: the database is a back-up, or what was left of a damaged one. */
MUST_USE enum rc db_mark_gaps(struct db *d);
MUST_USE enum rc db_has_gaps(struct db *d, bool *out);

/* Number of a series of samples; it is made when there is none. */
MUST_USE enum rc db_series(struct db *d, const char *quantity, const char *node, int64_t *out_number);

/* Store a row of samples, or the longer one in place of the one that began at the same moment. */
MUST_USE enum rc db_put_samples(struct db *d, const struct db_samples *s);

/* Forget what has been kept long enough: seconds for a day, minutes for a month, quarter hours for ten years. */
MUST_USE enum rc db_drop_old_samples(struct db *d, int64_t utc_ms);
