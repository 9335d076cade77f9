/* client.db: the list of cards and vehicles, and the faults. */
#include "client/shell/journal_db.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"

/* Binding numbers and constant texts fails only for a place that is not in the statement. */
static void bind_int(sqlite3_stmt *s, int place, int64_t value)
{
    CHECK(sqlite3_bind_int64(s, place, value) == SQLITE_OK);
}

static void bind_utc(sqlite3_stmt *s, int place, int64_t utc_ms)
{
    if (utc_ms != CLOCK_UNSET_UTC_MS) {
        bind_int(s, place, utc_ms);
    }
}

static enum rc put_cards(struct journal_db *d, const struct card_list *list)
{
    sqlite3_stmt *to = d->statement[JDB_CARD_PUT];
    enum rc rc = journal_db_run(d, JDB_CARD_CLEAR);

    for (uint16_t i = 0; i < list->card_n && rc == RC_OK; i++) {
        const struct card *c = &list->card[i];

        CHECK(sqlite3_bind_blob(to, 1, c->uid.at, c->uid.len, SQLITE_STATIC) == SQLITE_OK);
        bind_int(to, 2, (int64_t)c->kind);
        bind_int(to, 3, (int64_t)c->colour);
        bind_int(to, 4, c->is_local);
        bind_int(to, 5, c->is_blocked);
        bind_utc(to, 6, c->expires_utc_ms);
        rc = journal_db_run(d, JDB_CARD_PUT);
    }
    return rc;
}

static enum rc put_vehicles(struct journal_db *d, const struct card_list *list)
{
    sqlite3_stmt *to = d->statement[JDB_VEHICLE_PUT];
    enum rc rc = journal_db_run(d, JDB_VEHICLE_CLEAR);

    for (uint16_t i = 0; i < list->vehicle_n && rc == RC_OK; i++) {
        const struct card_vehicle *v = &list->vehicle[i];

        CHECK(sqlite3_bind_text(to, 1, v->identity, -1, SQLITE_STATIC) == SQLITE_OK);
        bind_int(to, 2, v->is_local);
        bind_int(to, 3, v->is_blocked);
        bind_utc(to, 4, v->expires_utc_ms);
        rc = journal_db_run(d, JDB_VEHICLE_PUT);
    }
    return rc;
}

enum rc journal_db_put_cards(struct journal_db *d, const struct card_list *list)
{
    enum rc rc = journal_db_run(d, JDB_BEGIN);

    CHECK(list->card_n <= CARD_MAX);
    CHECK(list->vehicle_n <= IDENTITY_MAX);
    if (rc != RC_OK) {
        return RC_IO;
    }
    rc = put_cards(d, list);
    rc = rc == RC_OK ? put_vehicles(d, list) : rc;
    return journal_db_finish(d, rc);
}

static void read_card(sqlite3_stmt *s, struct card *out)
{
    const void *uid = sqlite3_column_blob(s, 0);
    int len = sqlite3_column_bytes(s, 0);

    *out = (struct card){.kind = (enum card_kind)sqlite3_column_int(s, 1),
                         .colour = (enum card_colour)sqlite3_column_int(s, 2),
                         .is_local = sqlite3_column_int(s, 3) != 0,
                         .is_blocked = sqlite3_column_int(s, 4) != 0,
                         .expires_utc_ms = sqlite3_column_int64(s, 5)};
    CHECK(uid != NULL);
    CHECK(len <= UID_MAX); /* the table checks its lengths */
    out->uid.len = (uint8_t)len;
    memcpy(out->uid.at, uid, (size_t)len);
}

/* One list after the other; a file made by others may hold more than there is room for. */
static enum rc read_all(struct journal_db *d, enum journal_db_statement which, struct card_list *out)
{
    sqlite3_stmt *s = d->statement[which];
    int code = sqlite3_step(s);
    enum rc rc;

    for (int i = 0; i < CARD_MAX && code == SQLITE_ROW; i++) {
        if (which == JDB_CARD_ALL) {
            read_card(s, &out->card[out->card_n]);
            out->card_n++;
        } else if (out->vehicle_n < IDENTITY_MAX) {
            struct card_vehicle *v = &out->vehicle[out->vehicle_n];

            *v = (struct card_vehicle){
                .is_local = sqlite3_column_int(s, 1) != 0, .is_blocked = sqlite3_column_int(s, 2) != 0, .expires_utc_ms = sqlite3_column_int64(s, 3)};
            out->vehicle_n =
                (uint16_t)(out->vehicle_n + (text_copy(v->identity, sizeof v->identity, (const char *)sqlite3_column_text(s, 0)) == RC_OK ? 1 : 0));
        }
        code = sqlite3_step(s);
    }
    rc = code == SQLITE_DONE || code == SQLITE_ROW ? RC_OK : journal_db_failed(d);
    (void)sqlite3_reset(s); /* repeats the code of the step */
    return rc;
}

enum rc journal_db_cards(struct journal_db *d, struct card_list *out)
{
    enum rc rc;

    card_erase(out);
    rc = read_all(d, JDB_CARD_ALL, out);
    return rc == RC_OK ? read_all(d, JDB_VEHICLE_ALL, out) : rc;
}

enum rc journal_db_fault(struct journal_db *d, const struct journal_fault *fault, uint64_t kernel_boot_id)
{
    enum journal_db_statement which = fault->is_raised ? JDB_FAULT_RAISE : JDB_FAULT_CLEAR;
    sqlite3_stmt *to = d->statement[which];
    enum rc rc = journal_db_run(d, JDB_BEGIN);

    if (rc != RC_OK) {
        return RC_IO;
    }
    bind_int(to, 1, fault->code);
    bind_utc(to, 2, fault->utc_ms);
    bind_int(to, 3, fault->boot_ms);
    bind_int(to, 4, (int64_t)kernel_boot_id);
    rc = journal_db_run(d, which);
    rc = rc == RC_OK && fault->is_raised ? journal_db_run(d, JDB_FAULT_TRIM) : rc;
    return journal_db_finish(d, rc);
}

enum rc journal_db_close_faults(struct journal_db *d)
{
    return journal_db_run(d, JDB_FAULT_CLOSE);
}
