#include "manager/shell/transfer.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <sodium.h>

#include "common/base/text.h"
#include "common/os/cli.h"
#include "common/os/clock.h"
#include "common/os/daemon.h"
#include "manager/shell/backup.h"
#include "manager/shell/card_book.h"
#include "manager/shell/document.h"
#include "manager/shell/store.h"
#include "manager/shell/users.h"

#define TABLE_MAX (4 * 1024 * 1024)
#define WHO "command line"

/* A store of a data directory that no other process uses. */
struct opened {
    struct store *store;
    int lock_fd;
};

static int open_store(const char *dir, bool may_be_empty, struct opened *out)
{
    struct store_options options = {.dir = dir, .busy_ms = STORE_BUSY_MS, .may_be_empty = may_be_empty};

    *out = (struct opened){.lock_fd = -1};
    if (daemon_lock_dir(dir, &out->lock_fd) != RC_OK) {
        return CLI_EXIT_FAILED;
    }
    if (store_open(&out->store, &options) != RC_OK) {
        (void)close(out->lock_fd); /* gives the lock back */
        return CLI_EXIT_FAILED;
    }
    return CLI_EXIT_OK;
}

static void close_store(struct opened *o)
{
    store_free(o->store);
    (void)close(o->lock_fd); /* gives the lock back */
}

static int no_memory(void)
{
    (void)fprintf(stderr, "wallbox-manager: no memory\n");
    return CLI_EXIT_FAILED;
}

static void print_errors(const char *file, const struct card_errors *errors)
{
    for (uint16_t i = 0; i < errors->n && i < CARD_ERROR_MAX; i++) {
        (void)fprintf(stderr, "%s: %s\n", file, errors->at[i]);
    }
    if (errors->n > CARD_ERROR_MAX) {
        (void)fprintf(stderr, "%s: and %d more errors\n", file, errors->n - CARD_ERROR_MAX);
    }
}

/* What an import stores, in one transaction. */
struct import_order {
    struct store_order order; /* first */
    const char *text;
    const struct document *document;
};

static enum rc run_import(struct store_order *order, struct db *db, int64_t utc_ms)
{
    const struct import_order *o = (const struct import_order *)order;
    const struct db_audit entry = {.who = WHO, .what = "import"};
    enum rc rc = db_add_document(db, o->text, &(struct db_by){.who = WHO, .why = "import"}, utc_ms);

    for (uint16_t i = 0; i < o->document->cards.n && rc == RC_OK; i++) {
        rc = db_put_card(db, &o->document->cards.at[i], utc_ms);
    }
    return rc == RC_OK ? db_add_audit(db, &entry, utc_ms) : rc;
}

static enum rc open_users(const struct settings *s, struct users **out)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof path, "%s/users.db", s->data) >= (int)sizeof path) {
        return RC_RANGE;
    }
    return users_open(out, path, s->serial);
}

static bool is_listed(const struct users_list *list, const char *name)
{
    for (uint16_t i = 0; i < list->n; i++) {
        if (text_same(list->at[i].name, name)) {
            return true;
        }
    }
    return false;
}

/* Those of a document who are not known yet; the others keep role and password, which a file neither gives nor takes. */
static enum rc import_users(const struct settings *s, const struct document *d)
{
    struct users_list *known = calloc(1, sizeof *known);
    struct users *u = NULL;
    enum rc rc = known == NULL ? RC_IO : (d->user_n > 0 ? open_users(s, &u) : RC_OK);

    rc = rc == RC_OK && u != NULL ? users_all(u, known) : rc;
    for (uint16_t i = 0; i < d->user_n && rc == RC_OK; i++) {
        char password[FIRST_PASSWORD_LEN];

        if (is_listed(known, d->user[i].name)) {
            continue;
        }
        rc = users_add_first(u, d->user[i].name, d->user[i].role, password);
        if (rc == RC_OK) {
            (void)printf("user %s: first password %s\n", d->user[i].name, password);
        }
        sodium_memzero(password, sizeof password);
    }
    free(known);
    if (rc == RC_FULL) {
        (void)fprintf(stderr, "wallbox-manager: at most %d users can be known: those of the document that are left were not added\n", USERS_MAX);
    }
    users_close(u);
    return rc;
}

int transfer_import(const struct settings *s, const char *file)
{
    struct document *d = calloc(1, sizeof *d);
    struct import_order o = {.order = {.run = run_import}, .document = d};
    struct opened opened;
    char *text = NULL;
    int code = CLI_EXIT_FAILED;

    if (d == NULL) {
        return no_memory();
    }
    if (document_read_file(d, file) != RC_OK) {
        code = CLI_EXIT_USAGE;
        goto out;
    }
    text = document_write(d);
    if (text == NULL || open_store(s->data, true, &opened) != CLI_EXIT_OK) {
        goto out;
    }
    o.text = text;
    code = store_carry_out(opened.store, &o.order, clock_utc_ms()) == RC_OK ? CLI_EXIT_OK : CLI_EXIT_FAILED;
    if (code == CLI_EXIT_OK && import_users(s, d) != RC_OK) { /* under the lock of the store */
        code = CLI_EXIT_FAILED;
    }
    close_store(&opened);

out:
    free(text);
    document_drop(d);
    free(d);
    return code;
}

/* Write a text to a file, "-" for standard output. */
static int write_text(const char *path, const char *text)
{
    bool is_standard = text_same(path, "-");
    FILE *to = is_standard ? stdout : fopen(path, "we");
    bool is_good;

    if (to == NULL) {
        perror(path);
        return CLI_EXIT_FAILED;
    }
    is_good = fputs(text, to) >= 0 && fflush(to) == 0;
    is_good = (is_standard || fclose(to) == 0) && is_good;
    if (!is_good) {
        (void)fprintf(stderr, "wallbox-manager: %s: not written\n", path);
    }
    return is_good ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

struct export_order {
    struct store_order order; /* first */
    json_t *cards;
    struct buffer *table; /* NULL: as JSON */
    bool is_short;
};

static void export_card(void *user, const struct card_entry *card)
{
    struct export_order *o = user;

    if (o->table != NULL) {
        card_book_write_csv(o->table, card);
    } else {
        o->is_short = json_array_append_new(o->cards, card_book_write_json(card)) != 0 || o->is_short;
    }
}

static enum rc run_export(struct store_order *order, struct db *db, int64_t utc_ms)
{
    struct export_order *o = (struct export_order *)order;
    enum rc rc = db_each_card(db, export_card, o);

    (void)utc_ms;
    return rc;
}

/* Names and roles; NULL: they cannot be read, or no memory. */
static json_t *export_users(const struct settings *s)
{
    struct users_list *list = calloc(1, sizeof *list);
    json_t *users = json_array();
    struct users *u = NULL;
    enum rc rc = list != NULL && users != NULL ? open_users(s, &u) : RC_IO;

    rc = rc == RC_OK ? users_all(u, list) : rc;
    for (uint16_t i = 0; rc == RC_OK && i < list->n; i++) {
        const struct users_row *one = &list->at[i];

        rc = json_array_append_new(users, json_pack("{s:s, s:s}", "name", one->name, "role", role_text(one->role))) == 0 ? RC_OK : RC_IO;
    }
    users_close(u);
    free(list);
    if (rc != RC_OK) {
        json_decref(users);
        users = NULL;
    }
    return users;
}

/* The stored document with cards and users; NULL: what lacks was said, or no memory. Given back with free. */
static char *whole_document(const struct settings *s, struct store *store, const char *document)
{
    struct export_order o = {.order = {.run = run_export}, .cards = json_array()};
    json_t *users = export_users(s);
    json_t *json = json_loads(document, 0, NULL);
    char *text = NULL;

    if (users == NULL || store_carry_out(store, &o.order, CLOCK_UNSET_UTC_MS) != RC_OK || o.is_short) {
        json_decref(o.cards);
        json_decref(users);
    } else if (json_object_set_new(json, "cards", o.cards) == 0 && json_object_set_new(json, "users", users) == 0) {
        text = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    }
    json_decref(json);
    return text;
}

int transfer_export(const struct settings *s, const char *file)
{
    struct store_loaded *loaded = calloc(1, sizeof *loaded);
    struct opened opened;
    char *text = NULL;
    int code;

    if (loaded == NULL) {
        return no_memory();
    }
    code = open_store(s->data, false, &opened);
    if (code != CLI_EXIT_OK) {
        free(loaded);
        return code;
    }
    if (store_load(opened.store, loaded) != RC_OK) {
        code = CLI_EXIT_FAILED;
    } else if (loaded->document == NULL) {
        (void)fprintf(stderr, "wallbox-manager: no site is known in %s: give one with --import FILE first\n", s->data);
        code = CLI_EXIT_USAGE;
    } else {
        struct buffer b = {0};

        text = whole_document(s, opened.store, loaded->document);
        if (text != NULL) {
            buffer_print(&b, "%s\n", text);
        }
        free(text);
        text = b.len > 0 ? buffer_take(&b) : NULL;
        code = text != NULL ? write_text(file, text) : no_memory();
    }
    free(text);
    free(loaded->document);
    free(loaded);
    close_store(&opened);
    return code;
}

/* A whole file, at most TABLE_MAX bytes, given back with free; NULL: said why. */
static char *read_file(const char *file, size_t *out_len)
{
    bool is_standard = text_same(file, "-");
    FILE *from = is_standard ? stdin : fopen(file, "re");
    char *text = malloc(TABLE_MAX + 1);

    if (from == NULL || text == NULL) {
        perror(file);
        free(text);
        text = NULL;
    } else {
        *out_len = fread(text, 1, TABLE_MAX + 1, from);
        if (ferror(from) != 0 || *out_len > TABLE_MAX) {
            (void)fprintf(stderr, "%s: %s\n", file, *out_len > TABLE_MAX ? "longer than 4 MiB" : "cannot be read");
            free(text);
            text = NULL;
        }
    }
    if (from != NULL && !is_standard) {
        (void)fclose(from); /* it was only read */
    }
    return text;
}

/* Days on which cards expire end on the clock of the site. */
static void use_zone(struct store *store)
{
    struct store_loaded *loaded = calloc(1, sizeof *loaded);
    json_t *json = NULL;
    const char *zone;

    if (loaded != NULL && store_load(store, loaded) == RC_OK && loaded->document != NULL) {
        json = json_loads(loaded->document, 0, NULL);
    }
    zone = json_string_value(json_object_get(json, "timezone"));
    if (zone != NULL) {
        rc_ignore(clock_set_zone(zone)); /* unknown: UTC */
    }
    json_decref(json);
    if (loaded != NULL) {
        free(loaded->document);
    }
    free(loaded);
}

int transfer_import_cards(const struct settings *s, const char *file)
{
    struct card_errors *errors = calloc(1, sizeof *errors);
    struct card_book book = {0};
    struct card_book_order o;
    struct opened opened;
    size_t len = 0;
    char *text = errors != NULL ? read_file(file, &len) : NULL;
    int code = CLI_EXIT_FAILED;

    if (text != NULL && open_store(s->data, false, &opened) == CLI_EXIT_OK) {
        use_zone(opened.store);
        if (card_book_read_csv(&book, text, len, errors) != RC_OK) {
            print_errors(file, errors);
            code = CLI_EXIT_USAGE;
        } else {
            card_book_order(&o, &book, WHO, NULL);
            code = store_carry_out(opened.store, &o.order, clock_utc_ms()) == RC_OK ? CLI_EXIT_OK : CLI_EXIT_FAILED;
        }
        close_store(&opened);
    }
    card_book_drop(&book);
    free(text);
    free(errors);
    return code;
}

int transfer_export_cards(const struct settings *s, const char *file)
{
    struct buffer table = {0};
    struct export_order o = {.order = {.run = run_export}, .table = &table};
    struct opened opened;
    char *text = NULL;
    int code = open_store(s->data, false, &opened);

    if (code != CLI_EXIT_OK) {
        return code;
    }
    card_book_write_names(&table);
    code = store_carry_out(opened.store, &o.order, CLOCK_UNSET_UTC_MS) == RC_OK ? CLI_EXIT_OK : CLI_EXIT_FAILED;
    text = buffer_take(&table);
    if (code == CLI_EXIT_OK) {
        code = text != NULL ? write_text(file, text) : no_memory();
    }
    free(text);
    close_store(&opened);
    return code;
}

int transfer_restore(const struct settings *s, const char *file)
{
    int lock_fd = -1;
    int code;

    if (daemon_lock_dir(s->data, &lock_fd) != RC_OK) {
        return CLI_EXIT_FAILED;
    }
    code = backup_restore(s->data, file) == RC_OK ? CLI_EXIT_OK : CLI_EXIT_FAILED;
    (void)close(lock_fd); /* gives the lock back */
    return code;
}
