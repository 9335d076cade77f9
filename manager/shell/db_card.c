#include <stdio.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "manager/shell/db_inside.h"

static const char *const kind_text[CARD_KIND_N] = {[CARD_USER] = "user", [CARD_MASTER] = "master", [CARD_SETUP] = "setup"};

const char *db_card_kind_text(enum card_kind kind)
{
    return (unsigned)kind < CARD_KIND_N && kind_text[kind] != NULL ? kind_text[kind] : "unset";
}

enum card_kind db_card_kind(const char *text)
{
    for (int i = CARD_UNSET + 1; i < CARD_KIND_N; i++) {
        if (text_same(kind_text[i], text)) {
            return (enum card_kind)i;
        }
    }
    return CARD_UNSET;
}

/* Who it is, to places 1 and 2. */
static void bind_who(struct db *d, enum db_statement which, const struct card_uid *uid, const char *identity)
{
    db_bind_bytes(d, which, 1, uid->at, uid->len);
    db_bind_text(d, which, 2, uid->len == 0 ? identity : NULL);
}

static enum rc number_of(struct db *d, const struct card_uid *uid, const char *identity, int64_t *out)
{
    enum rc rc;

    bind_who(d, DB_CARD_NUMBER, uid, identity);
    rc = db_next(d, DB_CARD_NUMBER);
    if (rc == RC_OK) {
        *out = sqlite3_column_int64(d->statement[DB_CARD_NUMBER], 0);
    }
    db_end(d, DB_CARD_NUMBER);
    return rc;
}

/* Serials separated by single spaces. */
static enum rc allow(struct db *d, int64_t number, const char *wallboxes)
{
    enum rc rc = RC_OK;

    for (const char *at = wallboxes; *at != '\0' && rc == RC_OK;) {
        int len = (int)strcspn(at, " ");
        char serial[SERIAL_LEN];

        if (len < SERIAL_LEN) {
            (void)snprintf(serial, sizeof serial, "%.*s", len, at);
            db_bind_int(d, DB_CARD_ALLOW, 1, number);
            db_bind_text(d, DB_CARD_ALLOW, 2, serial);
            rc = len > 0 ? db_run(d, DB_CARD_ALLOW) : RC_OK;
        }
        at += len;
        at += strspn(at, " ");
    }
    return rc;
}

enum rc db_count_cards(struct db *d, int64_t *out)
{
    enum rc rc = db_next(d, DB_CARD_COUNT);

    if (rc == RC_OK) {
        *out = sqlite3_column_int64(d->statement[DB_CARD_COUNT], 0);
    }
    db_end(d, DB_CARD_COUNT);
    return rc;
}

/* RC_FULL when a new one would be one too many. */
static enum rc check_room(struct db *d, const struct card_uid *uid, const char *identity)
{
    int64_t unused;
    int64_t n = 0;
    enum rc rc = number_of(d, uid, identity, &unused);

    if (rc != RC_MISSING) {
        return rc;
    }
    rc = db_count_cards(d, &n);
    return rc == RC_OK && n >= FLEET_CARD_MAX ? RC_FULL : rc;
}

enum rc db_put_card(struct db *d, const struct card_entry *c, int64_t utc_ms)
{
    int64_t number = 0;
    enum rc rc = check_room(d, &c->uid, c->identity);

    if (rc != RC_OK) {
        return rc;
    }
    bind_who(d, DB_CARD_PUT, &c->uid, c->identity);
    db_bind_text(d, DB_CARD_PUT, 3, db_card_kind_text(c->kind));
    db_bind_text(d, DB_CARD_PUT, 4, c->name);
    db_bind_text(d, DB_CARD_PUT, 5, c->colour);
    db_bind_int(d, DB_CARD_PUT, 6, c->is_blocked ? 1 : 0);
    db_bind_int(d, DB_CARD_PUT, 7, c->expires_utc_ms);
    if (c->departure_min >= 0) {
        db_bind_int(d, DB_CARD_PUT, 8, c->departure_min);
    }
    if (c->needed_wh > 0) {
        db_bind_int(d, DB_CARD_PUT, 9, c->needed_wh);
    }
    if (c->priority >= 0) {
        db_bind_int(d, DB_CARD_PUT, 10, c->priority);
    }
    db_bind_utc(d, DB_CARD_PUT, 11, utc_ms);
    rc = db_run(d, DB_CARD_PUT);
    rc = rc == RC_OK ? number_of(d, &c->uid, c->identity, &number) : rc;
    if (rc == RC_OK) {
        db_bind_int(d, DB_CARD_CLEAR, 1, number);
        rc = db_run(d, DB_CARD_CLEAR);
    }
    return rc == RC_OK ? allow(d, number, c->wallboxes) : rc;
}

enum rc db_teach_card(struct db *d, const char *serial, const struct msg_authorize *m, int64_t utc_ms)
{
    int64_t number = 0;
    enum rc rc = check_room(d, &m->uid, m->identity);

    if (rc != RC_OK) {
        return rc == RC_FULL ? RC_OK : rc; /* the wallbox knows it; the list has no room, and trying again makes none */
    }
    bind_who(d, DB_CARD_TEACH, &m->uid, m->identity);
    db_bind_utc(d, DB_CARD_TEACH, 3, utc_ms);
    rc = db_run(d, DB_CARD_TEACH);
    if (rc != RC_OK || sqlite3_changes(d->handle) == 0) {
        return rc; /* failed, or known: what people decided about it stays */
    }
    rc = number_of(d, &m->uid, m->identity, &number);
    return rc == RC_OK ? allow(d, number, serial) : rc;
}

enum rc db_delete_card(struct db *d, const struct card_uid *uid, const char *identity)
{
    enum rc rc;

    bind_who(d, DB_CARD_DELETE, uid, identity);
    rc = db_run(d, DB_CARD_DELETE);
    return rc == RC_OK && sqlite3_changes(d->handle) == 0 ? RC_MISSING : rc;
}

static const char *text_at(sqlite3_stmt *s, int column)
{
    const char *text = (const char *)sqlite3_column_text(s, column);

    return text != NULL ? text : "";
}

static int64_t int_at(sqlite3_stmt *s, int column, int64_t preset)
{
    return sqlite3_column_type(s, column) == SQLITE_NULL ? preset : sqlite3_column_int64(s, column);
}

bool card_entry_read(sqlite3_stmt *s, struct card_entry *out)
{
    struct card_entry c = {.kind = db_card_kind(text_at(s, 2)),
                           .is_blocked = sqlite3_column_int(s, 5) != 0,
                           .expires_utc_ms = sqlite3_column_int64(s, 6),
                           .departure_min = (int16_t)int_at(s, 7, -1),
                           .needed_wh = (int32_t)int_at(s, 8, 0),
                           .priority = (int8_t)int_at(s, 9, -1),
                           .wallboxes = text_at(s, 10)};
    int len = sqlite3_column_bytes(s, 0);

    if (len > UID_MAX || text_copy(c.identity, sizeof c.identity, text_at(s, 1)) != RC_OK || text_copy(c.name, sizeof c.name, text_at(s, 3)) != RC_OK ||
        text_copy(c.colour, sizeof c.colour, text_at(s, 4)) != RC_OK) {
        return false; /* not written by us */
    }
    if (len > 0) {
        memcpy(c.uid.at, sqlite3_column_blob(s, 0), (size_t)len);
        c.uid.len = (uint8_t)len;
    }
    *out = c;
    return true;
}

enum rc db_each_card(struct db *d, void (*on_card)(void *user, const struct card_entry *card), void *user)
{
    enum rc rc = RC_OK;

    for (int i = 0; i <= FLEET_CARD_MAX && rc == RC_OK; i++) {
        struct card_entry c;

        rc = db_next(d, DB_CARDS);
        if (rc == RC_OK && card_entry_read(d->statement[DB_CARDS], &c)) {
            on_card(user, &c);
        }
    }
    db_end(d, DB_CARDS);
    return rc == RC_MISSING ? RC_OK : rc;
}
