/* Questions about the past, answered by a connection of their own that can only read manager.db. Used by one thread: the one that answers
 * people. The writer never waits for it (WAL).
 *
 * Decided here: what is asked of the database. Not here: how it is written down (view_json, session_csv, statement, card_book).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>
#include <sqlite3.h>

#include "common/base/rc.h"
#include "manager/core/recorder.h"
#include "manager/shell/db.h"

#define HISTORY_LIMIT_MAX 1000
#define HISTORY_LIMIT_PRESET 100
#define HISTORY_TABLE_MAX 100000 /* sessions of one table */
#define HISTORY_SAMPLE_MAX 20000 /* of one answer */

struct history {
    const char *path; /* kept */
    sqlite3 *handle;  /* opened by the first question; NULL before */
};

/* Which sessions. Ended ones by their end, open ones by their begin. */
struct session_filter {
    int64_t from_utc_ms;  /* 0 from the beginning */
    int64_t to_utc_ms;    /* not with it; 0 without end */
    const char *serial;   /* NULL any */
    struct card_uid uid;  /* len 0 any */
    const char *identity; /* NULL any */
    bool is_closed_only;
    bool is_oldest_first;
    int limit; /* 1..HISTORY_TABLE_MAX */
};

/* A session, texts borrowed. */
struct session_row {
    uint8_t id[SESSION_ID_LEN];
    const char *serial;
    bool is_closed;
    int64_t start_utc_ms; /* CLOCK_UNSET_UTC_MS unknown; so the next */
    int64_t stop_utc_ms;
    int64_t start_wh;
    int64_t stop_wh;      /* -1 while it is open */
    int64_t solar_wh;     /* -1 unknown */
    int64_t tariff;       /* 0 none */
    int64_t cost_minor;   /* -1 none */
    const char *currency; /* "" none */
    struct card_uid uid;
    const char *identity;   /* "" none */
    const char *end_reason; /* "" while it is open */
    const char *card_name;  /* "" none */
};

/* The database is opened by the first question. */
void history_init(struct history *h, const char *path);

/* Sessions, one after the other: open ones first unless oldest first, newest first. Blocks.
 *
 * RC_IO  the database cannot be read: logged
 */
MUST_USE enum rc history_each_session(struct history *h, const struct session_filter *filter, void (*on_row)(void *user, const struct session_row *row),
                                      void *user);

/* The same as {"sessions": [...]}. Ownership: the caller gives *out back with json_decref. */
MUST_USE enum rc history_sessions(struct history *h, const struct session_filter *filter, json_t **out);

/* Samples of a figure: {"quantity", "node", "step_ms", "from_utc", "values": [...], "peaks": [...]}, null where nothing is known, values from
 * the begin of the slot in which from_utc_ms lies. Slots are as recorded, and longer when the span would have more than HISTORY_SAMPLE_MAX of
 * them: a part of a day without rest, or whole days; then a value is the mean, and a peak the largest, of what is known of its slot. Seconds have
 * no peaks.
 *
 * is_recorded  it is one that is recorded (trail_records): then it has gaps only when nothing was yet
 *
 * RC_MISSING  the figure was never recorded, nor will be
 * RC_IO       as above
 */
MUST_USE enum rc history_samples(struct history *h, const char *quantity, const char *node, enum record_step step, int64_t from_utc_ms, int64_t to_utc_ms,
                                 bool is_recorded, json_t **out);

/* Events with a number above `since`, oldest first: {"events": [...], "next": ...}. `limit` of them, the newest ones when since is negative. */
MUST_USE enum rc history_events(struct history *h, int64_t since, int limit, json_t **out);

/* The audit trail, likewise: {"changes": [{"number", "utc", "who", "what", "subject", "before", "after"}, ...], "next": ...}; before and after are
 * JSON or null. */
MUST_USE enum rc history_changes(struct history *h, int64_t since, int limit, json_t **out);

/* The site document in force, allocated, given back with free. RC_MISSING: there is none. */
MUST_USE enum rc history_document(struct history *h, char **out);

/* All cards and vehicles, borrowed. */
MUST_USE enum rc history_each_card(struct history *h, void (*on_card)(void *user, const struct card_entry *card), void *user);

/* The entry of one; *out_name is copied. RC_MISSING: it is not known. */
MUST_USE enum rc history_card_name(struct history *h, const struct card_uid *uid, const char *identity, char out_name[NAME_LEN]);

/* The prices that are valid at a moment, or those of a number. RC_MISSING: there are none. */
MUST_USE enum rc history_tariff_at(struct history *h, int64_t utc_ms, struct db_tariff *out);
MUST_USE enum rc history_tariff(struct history *h, int64_t number, struct db_tariff *out);

/* For the files of history: open once, prepare a statement. NULL with *out_rc set when that fails: logged. */
sqlite3_stmt *history_prepare(struct history *h, const char *sql, enum rc *out_rc);

/* End a statement whose last step gave `code`. */
MUST_USE enum rc history_finish(struct history *h, sqlite3_stmt *s, int code);

void history_close(struct history *h);
