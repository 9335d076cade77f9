#include "manager/shell/change.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/os/log.h"
#include "manager/shell/db.h"
#include "manager/shell/tariff_json.h"

/* What is known of a card, as JSON text. */
struct known {
    const struct card_entry *sought;
    char *text; /* NULL: it is not known; given back with free */
};

static char *text_of(const struct card_entry *card)
{
    json_t *json = card_book_write_json(card);
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

    json_decref(json);
    return text;
}

static void look(void *user, const struct card_entry *card)
{
    struct known *k = user;

    if (k->text == NULL && fleet_card_order(&card->uid, card->identity, &k->sought->uid, k->sought->identity) == 0) {
        k->text = text_of(card);
    }
}

static enum rc add_audit(struct db *db, const struct change *c, const char *what, const char *subject, const char *before, const char *after, int64_t utc_ms)
{
    const struct db_audit entry = {.who = c->who, .what = what, .subject = subject, .before = before, .after = after};

    return db_add_audit(db, &entry, utc_ms);
}

static enum rc run_card(const struct change *c, struct db *db, int64_t utc_ms)
{
    const struct card_entry *card = &c->book.at[0];
    struct known known = {.sought = card};
    char uid[FLEET_CARD_TEXT_LEN];
    char *after = NULL;
    enum rc rc = db_each_card(db, look, &known);

    fleet_card_text(&card->uid, uid);
    if (rc == RC_OK && c->kind == CHANGE_CARD_ADD) {
        rc = known.text != NULL ? RC_REFUSED : RC_OK;
    } else if (rc == RC_OK) {
        rc = known.text == NULL ? RC_MISSING : RC_OK;
    }
    if (rc == RC_OK && c->kind == CHANGE_CARD_DELETE) {
        rc = db_delete_card(db, &card->uid, card->identity);
    } else if (rc == RC_OK) {
        after = text_of(card);
        rc = after != NULL ? db_put_card(db, card, utc_ms) : RC_IO;
    }
    if (rc == RC_OK) {
        rc = add_audit(db, c, c->kind == CHANGE_CARD_DELETE ? "card_delete" : (c->kind == CHANGE_CARD_ADD ? "card_add" : "card_put"),
                       card->uid.len > 0 ? uid : card->identity, known.text, after, utc_ms);
    }
    free(known.text);
    free(after);
    return rc;
}

static enum rc run_table(const struct change *c, struct db *db, int64_t utc_ms)
{
    struct card_book_order o;

    card_book_order(&o, &c->book, c->who, NULL);
    return o.order.run(&o.order, db, utc_ms);
}

static enum rc run_event(const struct change *c, struct db *db, int64_t utc_ms)
{
    char number[24];
    enum rc rc = db_acknowledge_event(db, c->event_number, c->who, utc_ms);

    (void)snprintf(number, sizeof number, "%lld", (long long)c->event_number);
    return rc == RC_OK ? add_audit(db, c, "event_acknowledged", number, NULL, NULL, utc_ms) : rc;
}

static enum rc run_note(const struct change *c, struct db *db, int64_t utc_ms)
{
    const struct db_by by = {.who = c->who};
    enum rc rc = c->kind == CHANGE_DOCUMENT ? db_add_document(db, c->document, &by, utc_ms) : RC_OK;

    return rc == RC_OK ? add_audit(db, c, c->what, c->subject[0] != '\0' ? c->subject : NULL, c->before, c->after, utc_ms) : rc;
}

static char *prices_text(const struct tariff *t)
{
    json_t *json = tariff_write_json(t);
    char *text = json != NULL ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;

    json_decref(json);
    return text;
}

static enum rc run_tariff(const struct change *c, struct db *db, int64_t utc_ms)
{
    struct db_tariff old;
    char *before = NULL;
    char *after = NULL;
    enum rc rc;

    if (utc_ms == CLOCK_UNSET_UTC_MS) {
        return RC_STALE;
    }
    rc = db_tariff_at(db, utc_ms, &old);
    if (rc == RC_OK) {
        before = prices_text(&old.tariff);
    }
    rc = rc == RC_OK || rc == RC_MISSING ? db_add_tariff(db, &c->tariff, c->who, utc_ms) : rc;
    if (rc == RC_OK) {
        after = prices_text(&c->tariff);
        rc = after != NULL ? add_audit(db, c, "tariff_put", NULL, before, after, utc_ms) : RC_IO;
    }
    free(before);
    free(after);
    return rc;
}

/* The files are the last step, because a transaction can be taken back and they cannot. */
static enum rc run_codes(const struct change *c, struct db *db, int64_t utc_ms)
{
    char after[32];
    char why[CODES_WHY_LEN];
    enum rc rc;

    (void)snprintf(after, sizeof after, "{\"codes_n\":%u}", c->codes->n); /* never a code itself */
    rc = add_audit(db, c, "setup_codes_put", c->codes->n == 1 ? c->codes->at[0].serial : NULL, NULL, after, utc_ms);
    if (rc == RC_OK) {
        rc = codes_put(c->dir, c->codes, why);
        if (rc != RC_OK) {
            log_err("setup_codes why=\"%s\"", why);
        }
    }
    return rc;
}

static enum rc run_paired(const struct change *c, struct db *db, int64_t utc_ms)
{
    char key[IDENTITY_TEXT_LEN];
    char after[IDENTITY_TEXT_LEN + 16];
    char why[TRUST_WHY_LEN];
    enum rc rc;

    identity_text(c->key, key);
    (void)snprintf(after, sizeof after, "{\"key\":\"%s\"}", key);
    rc = add_audit(db, c, "paired", c->subject, NULL, after, utc_ms);
    rc = rc == RC_OK ? pins_put(c->dir, c->subject, c->key, why) : rc;
    if (rc == RC_OK) {
        enum rc dropped = codes_drop(c->dir, c->subject, why);

        rc = dropped == RC_MISSING ? RC_OK : dropped; /* somebody has taken it away meanwhile */
    }
    if (rc != RC_OK) {
        log_err("not_paired serial=%s why=\"%s\"", c->subject, why);
    }
    return rc;
}

static enum rc run_unpair(const struct change *c, struct db *db, int64_t utc_ms)
{
    char why[TRUST_WHY_LEN];
    enum rc rc = add_audit(db, c, "unpair", c->subject, NULL, NULL, utc_ms);

    return rc == RC_OK ? trust_unpair(c->dir, c->subject, why) : rc;
}

static enum rc run(struct store_order *order, struct db *db, int64_t utc_ms)
{
    const struct change *c = (const struct change *)order;

    switch (c->kind) {
    case CHANGE_CARD_ADD:
    case CHANGE_CARD_PUT:
    case CHANGE_CARD_DELETE:
        return run_card(c, db, utc_ms);
    case CHANGE_CARDS_PUT:
        return run_table(c, db, utc_ms);
    case CHANGE_EVENT_SEEN:
        return run_event(c, db, utc_ms);
    case CHANGE_DOCUMENT:
    case CHANGE_NOTE:
        return run_note(c, db, utc_ms);
    case CHANGE_TARIFF_PUT:
        return run_tariff(c, db, utc_ms);
    case CHANGE_CODES_PUT:
        return run_codes(c, db, utc_ms);
    case CHANGE_PAIRED:
        return run_paired(c, db, utc_ms);
    case CHANGE_UNPAIR:
        return run_unpair(c, db, utc_ms);
    }
    return RC_IO;
}

struct change *change_new(enum change_kind kind)
{
    struct change *c = calloc(1, sizeof *c);

    if (c != NULL) {
        c->kind = kind;
        c->order.run = run;
    }
    return c;
}

/* As text, taken; false when there is no memory. */
static bool write_down(json_t *json, char **out)
{
    *out = json != NULL ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    if (json == NULL) {
        return true;
    }
    json_decref(json);
    return *out != NULL;
}

struct change *change_note(const char *who, const char *what, const char *subject, json_t *before, json_t *after, char *document)
{
    struct change *c = change_new(document != NULL ? CHANGE_DOCUMENT : CHANGE_NOTE);
    char *from = NULL;
    char *to = NULL;
    bool is_written = write_down(before, &from);

    is_written = write_down(after, &to) && is_written;
    if (c == NULL || !is_written) {
        free(from);
        free(to);
        free(document);
        change_free(c);
        return NULL;
    }
    c->document = document;
    c->before = from;
    c->after = to;
    (void)snprintf(c->who, sizeof c->who, "%s", who);
    (void)snprintf(c->what, sizeof c->what, "%s", what);
    (void)snprintf(c->subject, sizeof c->subject, "%s", subject != NULL ? subject : "");
    return c;
}

struct change *change_paired(const char *dir, const char *serial, const uint8_t key[IDENTITY_HASH_LEN])
{
    struct change *c = change_new(CHANGE_PAIRED);

    if (c != NULL) {
        c->dir = dir;
        (void)snprintf(c->who, sizeof c->who, "setup code");
        (void)snprintf(c->subject, sizeof c->subject, "%s", serial); /* a serial number fits */
        memcpy(c->key, key, sizeof c->key);
    }
    return c;
}

void change_free(struct change *c)
{
    if (c != NULL) {
        card_book_drop(&c->book);
        free(c->document);
        free(c->before);
        free(c->after);
        if (c->codes != NULL) {
            sodium_memzero(c->codes, sizeof *c->codes);
        }
        free(c->codes);
        free(c);
    }
}

bool change_is_of_cards(const struct change *c)
{
    return c->kind <= CHANGE_CARDS_PUT;
}
