/* The worker's part of store: batches become transactions. */
#include <string.h>

#include "common/base/check.h"
#include "common/os/clock.h"
#include "common/os/log.h"
#include "manager/shell/note.h"
#include "manager/shell/store_inside.h"

static bool is_state(const struct job *j)
{
    return j->what.kind == MSTORE_EPOCH || j->what.kind == MSTORE_BOX;
}

static enum rc apply_event(struct store *s, const struct job *j, const char *serial)
{
    struct db_event event = {.serial = serial, .kind = note_event_text(j->what.event.kind), .code = j->what.event.code};

    event.text = j->text[0] != '\0' ? j->text : NULL;
    return db_add_event(&s->db, &event, j->utc_ms);
}

/* The part of a write that goes into the database. */
static enum rc apply(struct store *s, const struct job *j)
{
    const char *serial = j->serial[0] != '\0' ? j->serial : NULL;
    struct db_epoch epoch = {.epoch = j->what.epoch.epoch,
                             .longest_lease_ms = j->what.epoch.longest_lease_ms,
                             .is_foreign = j->what.epoch.is_foreign,
                             .is_fenced = j->what.epoch.is_fenced};

    switch (j->what.kind) {
    case MSTORE_EPOCH:
        return db_add_epoch(&s->db, &epoch, j->utc_ms);
    case MSTORE_BOX:
        return db_put_box(&s->db, j->serial, j->what.known.fallback_ma, j->what.known.is_unwatched, j->utc_ms);
    case MSTORE_SESSION_STARTED:
        return db_start_session(&s->db, j->serial, &j->started, j->utc_ms);
    case MSTORE_SESSION:
        return db_stop_session(&s->db, j->serial, &j->record, j->utc_ms);
    case MSTORE_EVENT:
        return apply_event(s, j, serial);
    case MSTORE_CARD:
        return db_teach_card(&s->db, j->serial, &j->taught, j->utc_ms);
    case MSTORE_UNSET:
        break;
    }
    check_failed(__FILE__, __LINE__, "a write has a kind");
}

/* Epochs and wallboxes of a batch, all in one write of manager.state. */
static void write_state(struct store *s)
{
    bool is_changed = false;

    for (struct job *j = s->writing.first; j != NULL; j = j->next) {
        if (j->is_kept) {
            continue; /* it was written there before */
        }
        if (j->what.kind == MSTORE_EPOCH) {
            state_file_epoch(&s->state, j->what.epoch.epoch, j->what.epoch.longest_lease_ms, j->what.epoch.is_foreign, j->what.epoch.is_fenced);
            j->is_stored = true;
        } else if (j->what.kind == MSTORE_BOX) {
            j->is_stored = state_file_box(&s->state, j->serial, j->what.known.fallback_ma, j->what.known.is_unwatched) == RC_OK;
        }
        is_changed = is_changed || (is_state(j) && j->is_stored);
    }
    if (!is_changed || state_file_write(&s->state) == RC_OK) {
        return;
    }
    for (struct job *j = s->writing.first; j != NULL; j = j->next) {
        j->is_stored = j->is_stored && !is_state(j);
    }
}

/* One transaction of the jobs from `first` up to, not with, `end` (NULL: all). */
static bool write_jobs(struct store *s, const struct job *first, const struct job *end)
{
    enum rc rc = db_begin(&s->db);

    for (const struct job *j = first; j != end && rc == RC_OK; j = j->next) {
        rc = apply(s, j);
    }
    if (rc != RC_OK) {
        db_rollback(&s->db);
        return false;
    }
    s->transactions_n++;
    return db_commit(&s->db) == RC_OK;
}

/* Say once when writing begins to fail and once when it works again. */
static void report(struct store *s, bool is_failing)
{
    if (is_failing && !s->is_failing) {
        log_err("store_failed file=manager.db why=\"%s\"", s->db.why);
        if (s->db.is_damaged) {
            rescue_mark(s->path);
        }
    } else if (!is_failing && s->is_failing) {
        log_note("store_works file=manager.db");
    }
    s->is_failing = is_failing;
}

static void mark_written(struct job *j, bool is_written)
{
    j->is_in_db = is_written;
    if (!is_state(j)) {
        j->is_stored = is_written;
    }
}

/* Each by itself, when all together could not be written; nothing more after a failure that is not of one row. Returns true when one failed. */
static bool write_singly(struct store *s)
{
    bool is_hopeless = s->db.is_blocked;
    bool is_failing = false;

    for (struct job *j = s->writing.first; j != NULL; j = j->next) {
        bool is_written = !is_hopeless && write_jobs(s, j, j->next);

        is_failing = is_failing || !is_written;
        is_hopeless = is_hopeless || (!is_written && s->db.is_blocked);
        mark_written(j, is_written);
    }
    return is_failing;
}

static enum rc carry_out(struct store *s, struct store_order *order)
{
    enum rc rc = db_begin(&s->db);

    if (rc != RC_OK) {
        return RC_IO;
    }
    rc = order->run(order, &s->db, clock_utc_ms());
    if (rc != RC_OK) {
        db_rollback(&s->db);
        return rc == RC_MALFORMED ? RC_IO : rc;
    }
    s->transactions_n++;
    return db_commit(&s->db) == RC_OK ? RC_OK : RC_IO;
}

void store_write(struct store *s)
{
    bool is_failing = false;

    write_state(s);
    if (s->writing.first != NULL) {
        if (write_jobs(s, s->writing.first, NULL)) {
            for (struct job *j = s->writing.first; j != NULL; j = j->next) {
                mark_written(j, true);
            }
        } else {
            is_failing = write_singly(s);
        }
        report(s, is_failing);
    }
    for (struct store_order *o = s->ordered; o != NULL; o = o->next) {
        o->rc = carry_out(s, o);
        if (o->rc == RC_IO) {
            report(s, true);
        } else if (o->rc == RC_OK && s->writing.first == NULL) {
            report(s, false);
        }
    }
}

enum rc store_carry_out(struct store *s, struct store_order *order, int64_t utc_ms)
{
    enum rc rc;

    CHECK(!s->is_started);
    rc = db_begin(&s->db);
    rc = rc == RC_OK ? order->run(order, &s->db, utc_ms) : rc;
    rc = rc == RC_OK ? db_commit(&s->db) : rc;
    if (rc != RC_OK) {
        db_rollback(&s->db);
        log_err("database path=%s why=\"%s\"", s->path, s->db.why);
    }
    return rc;
}
