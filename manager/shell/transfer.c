#include "manager/shell/transfer.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <jansson.h>
#include <sodium.h>

#include "common/base/text.h"
#include "common/os/cli.h"
#include "common/os/clock.h"
#include "common/os/daemon.h"
#include "common/os/file.h"
#include "manager/shell/backup.h"
#include "manager/shell/card_book.h"
#include "manager/shell/document.h"
#include "manager/shell/history.h"
#include "manager/shell/sealed.h"
#include "manager/shell/store.h"
#include "manager/shell/takeover.h"
#include "manager/shell/transfer_prices.h"
#include "manager/shell/users.h"

#define PASSPHRASE_FILE_MAX 4096
#define TABLE_MAX (4 * 1024 * 1024)
#define WHO "command line"

/* A store of a data directory that no other process uses. */
struct opened {
    struct store *store;
    int lock_fd;
};

/* First line of a file; false: said why. */
static bool read_passphrase(const char *file, char out[PASSPHRASE_MAX + 1])
{
    const char *why = NULL;
    char *text = NULL;
    size_t len = 0;
    bool is_good = file_read(file, PASSPHRASE_FILE_MAX, &text, &len, &why) == RC_OK;

    if (!is_good) {
        (void)fprintf(stderr, "%s: %s\n", file, why != NULL ? why : "no such file");
        return false;
    }
    len = strcspn(text, "\r\n");
    is_good = len >= PASSPHRASE_MIN && len <= PASSPHRASE_MAX;
    if (is_good) {
        memcpy(out, text, len);
        out[len] = '\0';
    } else {
        (void)fprintf(stderr, "%s: a passphrase has %d to %d bytes in the first line\n", file, PASSPHRASE_MIN, PASSPHRASE_MAX);
    }
    sodium_memzero(text, len);
    free(text);
    return is_good;
}

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
    if (rc == RC_OK && o->document->has_tariff) {
        rc = db_add_tariff(db, &o->document->tariff, WHO, utc_ms);
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

/* Open the keys of a document, before anything is changed. *out NULL: it has none. Returns an exit code. */
static int open_keys(const struct settings *s, const struct document *d, const char *file, const char *passphrase_file, json_t **out)
{
    char passphrase[PASSPHRASE_MAX + 1] = "";
    char why[TAKEOVER_WHY_LEN];
    enum rc rc;

    *out = NULL;
    if ((d->keys != NULL) != (passphrase_file != NULL)) {
        (void)fprintf(stderr, "%s: %s\n", file,
                      d->keys != NULL ? "keys: give their passphrase with --passphrase-file, or take this section out"
                                      : "keys: there are none for which a passphrase is given");
        return CLI_EXIT_USAGE;
    }
    if (d->keys == NULL) {
        return CLI_EXIT_OK;
    }
    if (!read_passphrase(passphrase_file, passphrase)) {
        return CLI_EXIT_USAGE;
    }
    rc = takeover_open(d->keys, passphrase, s->data, out, why);
    sodium_memzero(passphrase, sizeof passphrase);
    if (rc != RC_OK) {
        (void)fprintf(stderr, "%s: %s\n", file, why);
        return rc == RC_IO ? CLI_EXIT_FAILED : CLI_EXIT_USAGE;
    }
    return CLI_EXIT_OK;
}

/* Under the lock of the store. Returns an exit code. */
static int install(const struct settings *s, struct store *store, struct import_order *o, const json_t *keys, const char *file)
{
    char why[TAKEOVER_WHY_LEN];

    if (keys != NULL && takeover_install(keys, s->data, store, why) != RC_OK) {
        (void)fprintf(stderr, "%s: %s; import it again\n", file, why);
        return CLI_EXIT_FAILED;
    }
    if (store_carry_out(store, &o->order, clock_utc_ms()) != RC_OK || import_users(s, o->document) != RC_OK) {
        return CLI_EXIT_FAILED;
    }
    return CLI_EXIT_OK;
}

int transfer_import(const struct settings *s, const char *file, const char *passphrase_file)
{
    struct document *d = calloc(1, sizeof *d);
    struct import_order o = {.order = {.run = run_import}, .document = d};
    struct opened opened;
    json_t *keys = NULL;
    char *text = NULL;
    int code = CLI_EXIT_FAILED;

    if (d == NULL) {
        return no_memory();
    }
    if (document_read_file(d, file) != RC_OK) {
        code = CLI_EXIT_USAGE;
        goto out;
    }
    code = transfer_may_import_prices(d, file) ? open_keys(s, d, file, passphrase_file, &keys) : CLI_EXIT_FAILED;
    if (code != CLI_EXIT_OK) {
        goto out;
    }
    text = document_write(d);
    code = text != NULL ? open_store(s->data, true, &opened) : no_memory();
    if (code != CLI_EXIT_OK) {
        goto out;
    }
    o.text = text;
    code = install(s, opened.store, &o, keys, file);
    close_store(&opened);

out:
    free(text);
    json_decref(keys);
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
static json_t *export_users(struct users *u)
{
    struct users_list *list = calloc(1, sizeof *list);
    json_t *users = json_array();
    enum rc rc = list != NULL && users != NULL ? users_all(u, list) : RC_IO;

    for (uint16_t i = 0; rc == RC_OK && i < list->n; i++) {
        const struct users_row *one = &list->at[i];

        rc = json_array_append_new(users, json_pack("{s:s, s:s}", "name", one->name, "role", role_text(one->role))) == 0 ? RC_OK : RC_IO;
    }
    free(list);
    if (rc != RC_OK) {
        json_decref(users);
        users = NULL;
    }
    return users;
}

/* The site document in force; NULL: there is none, or it cannot be read: said why. */
static json_t *export_site(const struct settings *s, struct history *h)
{
    char *document = NULL;
    json_t *json;

    if (history_document(h, &document) == RC_MISSING) {
        (void)fprintf(stderr, "wallbox-manager: no site is known in %s: give one with --import FILE first\n", s->data);
    }
    json = document != NULL ? json_loads(document, 0, NULL) : NULL;
    free(document);
    return json;
}

/* Sections besides the site. False: said why, or no memory. */
static bool export_more(const struct settings *s, struct history *h, const char *passphrase, json_t *json)
{
    struct export_order o = {.cards = json_array()};
    struct users *u = NULL;
    bool is_good = open_users(s, &u) == RC_OK && history_each_card(h, export_card, &o) == RC_OK && !o.is_short;

    is_good = json_object_set_new(json, "cards", o.cards) == 0 && is_good;
    is_good = is_good && json_object_set_new(json, "users", export_users(u)) == 0;
    is_good = is_good && transfer_export_prices(h, json);
    if (is_good && passphrase[0] != '\0') {
        is_good = json_object_set_new(json, "keys", takeover_export(s->data, h, u, passphrase)) == 0;
    }
    users_close(u);
    return is_good;
}

/* Write a document; one with keys only for its owner. */
static int write_export(const char *file, const json_t *json, bool has_keys)
{
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);
    struct buffer b = {0};
    mode_t mask = umask(has_keys ? 0077 : 0);
    int code;

    if (!has_keys) {
        (void)umask(mask);
    }
    if (text != NULL) {
        buffer_print(&b, "%s\n", text);
    }
    free(text);
    text = b.len > 0 ? buffer_take(&b) : NULL;
    code = text != NULL ? write_text(file, text) : no_memory();
    free(text);
    (void)umask(mask);
    return code;
}

int transfer_export(const struct settings *s, const char *file, const char *passphrase_file)
{
    char passphrase[PASSPHRASE_MAX + 1] = "";
    char path[PATH_MAX];
    struct history h;
    json_t *json;
    int code = CLI_EXIT_USAGE;

    if ((passphrase_file != NULL && !read_passphrase(passphrase_file, passphrase)) ||
        snprintf(path, sizeof path, "%s/manager.db", s->data) >= (int)sizeof path) {
        return CLI_EXIT_USAGE;
    }
    history_init(&h, path);
    json = export_site(s, &h);
    if (json != NULL) {
        code = export_more(s, &h, passphrase, json) ? write_export(file, json, passphrase_file != NULL) : CLI_EXIT_FAILED;
    }
    json_decref(json);
    history_close(&h);
    sodium_memzero(passphrase, sizeof passphrase);
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
