/* The client's memory (spec 06 6.6): sessions in SQLite (client.db), and beside it the small file of what must never need free space
 * (client.state: epoch, fallback, boot counter). Both are written by one worker, so that the loop never waits for a disk.
 *
 * Nothing is decided here: the core says what becomes durable and is told by its ticket when it is.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "client/core/event.h"
#include "client/shell/journal_db.h"
#include "common/base/rc.h"

struct journal;

struct journal_events {
    /* The write of a ticket is durable, or it is not. */
    void (*on_stored)(void *user, uint64_t ticket, bool is_stored);
    /* Oldest finished session that the manager has not acknowledged; NULL: none. Borrowed until return. */
    void (*on_record)(void *user, const struct msg_session_record *record);
    void (*on_closed)(void *user);
};

/* What the last run left. */
struct journal_start {
    struct client_keep keep;
    uint64_t kernel_boot_id; /* of the machine when it was last written, 0 never */
    bool has_open;           /* a session is still open */
    struct journal_session open;
    struct card_list cards;
};

/* Open or create both in the data directory. Blocks; before the loop runs.
 *
 * RC_IO         a file cannot be created or read: said in one line
 * RC_MALFORMED  a file is damaged or made by a newer version: said in one line, the file is untouched
 * *out_start is written in any case.
 * Ownership: *out is given back by journal_close.
 */
MUST_USE enum rc journal_open(const char *dir, uv_loop_t *loop, const struct journal_events *events, void *user, struct journal **out,
                              struct journal_start *out_start);

/* Store; on_stored follows with the ticket. The record is copied. */
void journal_keep(struct journal *j, const struct client_keep *keep, uint64_t kernel_boot_id, uint64_t ticket);

/* CFX_JOURNAL_BEGIN, _CHECKPOINT or _END: store the session as it is now. */
void journal_session(struct journal *j, const struct journal_session *session, uint64_t ticket);

/* The manager has this session. */
void journal_acked(struct journal *j, const struct session_id *id, uint64_t ticket);

/* Store the list of cards as it is now; it is copied. */
void journal_cards(struct journal *j, const struct card_list *list, uint64_t ticket);

/* A fault came or went. Nobody waits for it; with too many at once the rest is dropped and counted. */
void journal_fault(struct journal *j, const struct journal_fault *fault);

/* Ask for the oldest record; on_record follows, once for all that asked before it. Ages are counted up to now_ms. */
void journal_next(struct journal *j, int64_t now_ms, uint64_t kernel_boot_id);

/* Finish what was asked, then on_closed; j is gone with it. */
void journal_close(struct journal *j);
