/* Questions about the past, answered by a connection of their own that can only read manager.db. Used by one thread: the one that answers
 * people. The writer never waits for it (WAL).
 */
#pragma once

#include <stdbool.h>

#include <jansson.h>
#include <sqlite3.h>

#include "common/base/rc.h"

#define HISTORY_LIMIT_MAX 1000
#define HISTORY_LIMIT_PRESET 100

struct history {
    const char *path; /* kept */
    sqlite3 *handle;  /* opened by the first question; NULL before */
};

/* The database is opened by the first question. */
void history_init(struct history *h, const char *path);

/* The last `limit` (1..HISTORY_LIMIT_MAX) sessions, open ones first, newest first: {"sessions": [...]}. Blocks.
 * Ownership: the caller gives *out back with json_decref.
 *
 * RC_IO  the database cannot be read: logged
 */
MUST_USE enum rc history_sessions(struct history *h, int limit, json_t **out);

void history_close(struct history *h);
