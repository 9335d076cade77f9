/* Opening of store: files, damage, and what a start needs to know. */
#include <stdio.h>
#include <stdlib.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "common/os/log.h"
#include "manager/shell/store_inside.h"

/* Open the database and look whether it is sound. Whatever is wrong is in db.why. */
static enum rc open_sound(struct store *s, const struct store_options *options)
{
    enum rc rc = db_open(&s->db, s->path, options->page_max, options->busy_ms);

    if (rc != RC_OK) {
        return rc;
    }
    rc = db_check(&s->db, rescue_is_marked(s->path) ? 0 : RESCUE_CHECK_MS);
    if (rc != RC_OK) {
        db_close(&s->db);
    } else {
        rescue_unmark(s->path);
    }
    return rc;
}

static enum rc open_database(struct store *s, const struct store_options *options)
{
    char why[sizeof s->db.why];
    enum rc rc = rescue_finish(s->path);

    rc = rc == RC_OK ? open_sound(s, options) : rc;
    if (rc == RC_OK) {
        return RC_OK;
    }
    (void)snprintf(why, sizeof why, "%s", s->db.why);
    if (rc == RC_MALFORMED && !s->db.is_newer) {
        rc = rescue_exchange(s->path, clock_utc_ms(), options->may_be_empty, &s->rescue);
        if (rc == RC_OK) {
            log_err("database_damaged path=%s why=\"%s\" aside=%s documents_n=%lld sessions_n=%lld cards_n=%lld", s->path, why, s->rescue.aside,
                    (long long)s->rescue.document_n, (long long)s->rescue.session_n, (long long)s->rescue.card_n);
            rc = open_sound(s, options);
        } else if (rc == RC_MISSING) {
            s->rescue.was_damaged = false; /* nothing was done */
            rc = RC_MALFORMED;
        } else {
            return rc; /* it said why */
        }
    }
    if (rc != RC_OK) {
        log_err("database path=%s why=\"%s\"", s->path, why);
    }
    return rc;
}

static enum rc open_files(struct store *s, const struct store_options *options)
{
    char path[RESCUE_PATH_LEN];
    enum rc rc;

    if (snprintf(path, sizeof path, "%s/manager.state", options->dir) >= (int)sizeof path - 64) {
        log_err("store dir=%s why=\"name too long\"", options->dir);
        return RC_IO;
    }
    rc = state_file_open(&s->state, path);
    if (rc != RC_OK) {
        return rc;
    }
    (void)snprintf(s->path, sizeof s->path, "%s/manager.db", options->dir); /* shorter than the one before */
    return open_database(s, options);
}

enum rc store_open(struct store **out, const struct store_options *options)
{
    struct store *s = calloc(1, sizeof *s);
    enum rc rc;

    if (s == NULL) {
        log_err("store dir=%s why=\"no memory\"", options->dir);
        return RC_IO;
    }
    s->pool = calloc(STORE_QUEUE_MAX, sizeof *s->pool);
    if (s->pool == NULL) {
        log_err("store dir=%s why=\"no memory\"", options->dir);
        free(s);
        return RC_IO;
    }
    s->fresh_n = STORE_QUEUE_MAX;
    rc = open_files(s, options);
    if (rc != RC_OK) {
        store_free(s);
        return rc;
    }
    *out = s;
    return RC_OK;
}

bool store_was_damaged(const struct store *s)
{
    return s->rescue.was_damaged;
}

/* One of the two may be behind: the database when it could not be written, the file when it was lost. The list of what was issued is only
 * known when the database has all of it. */
static enum rc load_epochs(struct store *s, struct store_loaded *out)
{
    struct db_epoch newest;
    struct db_epoch own = {
        .epoch = s->state.epoch, .longest_lease_ms = s->state.longest_lease_ms, .is_foreign = s->state.is_foreign, .is_fenced = s->state.is_fenced};
    enum rc rc = db_newest_epoch(&s->db, &newest);
    bool is_behind = rc == RC_OK && newest.epoch < own.epoch;
    bool has_gaps = false;

    if (rc != RC_OK) {
        return rc;
    }
    s->is_state_lost = own.epoch < newest.epoch;
    out->epoch = s->is_state_lost ? newest.epoch : own.epoch;
    out->longest_lease_ms = max_i64(own.longest_lease_ms, newest.longest_lease_ms);
    out->is_foreign = s->is_state_lost ? newest.is_foreign : own.is_foreign;
    out->is_fenced = s->is_state_lost ? newest.is_fenced : own.is_fenced;
    if (is_behind) {
        rc = db_add_epoch(&s->db, &own, clock_utc_ms());
    }
    if (rc != RC_OK || db_has_gaps(&s->db, &has_gaps) != RC_OK) {
        has_gaps = true; /* not added, or not to be known */
    }
    out->has_issued = !has_gaps;
    return db_issued_epochs(&s->db, out->issued, EPOCH_ISSUED_MAX, &out->issued_n);
}

enum rc store_load(struct store *s, struct store_loaded *out)
{
    enum rc rc;

    CHECK(!s->is_started);
    *out = (struct store_loaded){0};
    rc = load_epochs(s, out);
    rc = rc == RC_OK ? db_newest_document(&s->db, &out->document) : rc;
    if (rc != RC_OK && rc != RC_MISSING) {
        log_err("database path=%s why=\"%s\"", s->path, s->db.why);
        return RC_IO;
    }
    return RC_OK;
}

enum rc store_adopt(struct store *s, const struct store_met *met)
{
    uint64_t epoch = s->state.epoch > met->epoch ? s->state.epoch : met->epoch;
    enum rc rc = db_mark_gaps(&s->db); /* what it issued since is not known */

    CHECK(!s->is_started);
    if (rc != RC_OK) {
        log_err("database path=%s why=\"%s\"", s->path, s->db.why);
        return RC_IO;
    }
    state_file_epoch(&s->state, epoch, max_i64(s->state.longest_lease_ms, met->longest_lease_ms), true, false);
    for (uint16_t i = 0; i < met->box_n && rc == RC_OK; i++) {
        rc = state_file_box(&s->state, met->serial[i], MA_UNSET, met->is_unwatched[i]);
    }
    return rc == RC_OK && state_file_write(&s->state) == RC_OK ? RC_OK : RC_IO;
}

void store_known(struct store *s, const struct site *site, struct mev_known *out)
{
    CHECK(!s->is_started);
    if (s->state.box_n + site->box_n > BOX_MAX) { /* a wallbox that left the site may come back with what it has stored */
        state_file_keep(&s->state, site);
    }
    state_file_known(&s->state, site, out);
    for (uint16_t i = 0; s->is_state_lost && i < site->box_n; i++) { /* the file is gone: anybody may hold anything */
        out[i] = (struct mev_known){.fallback_ma = MA_UNSET, .has_met = true};
    }
}

enum rc store_add_document(struct store *s, const char *text, const struct db_by *by, int64_t utc_ms)
{
    CHECK(!s->is_started);
    if (db_add_document(&s->db, text, by, utc_ms) != RC_OK) {
        log_err("document_not_stored why=\"%s\"", s->db.why);
        return RC_IO;
    }
    return RC_OK;
}

void store_free(struct store *s)
{
    if (s == NULL) {
        return;
    }
    CHECK(!s->is_started);
    state_file_close(&s->state);
    db_close(&s->db);
    free(s->pool);
    free(s);
}
