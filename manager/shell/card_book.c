#include "manager/shell/card_book.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "manager/shell/card_field.h"
#include "manager/shell/csv.h"

static void error(struct card_errors *errors, const char *format, ...) __attribute__((format(printf, 2, 3)));

static void error(struct card_errors *errors, const char *format, ...)
{
    va_list arguments;

    if (errors->n < CARD_ERROR_MAX) {
        va_start(arguments, format);
        (void)vsnprintf(errors->at[errors->n], CARD_ERROR_LEN, format, arguments);
        va_end(arguments);
    }
    errors->n = errors->n < UINT16_MAX ? (uint16_t)(errors->n + 1) : UINT16_MAX;
}

/* What concerns the whole entry. */
static const char *check_entry(const struct card_book *b, const struct card_entry *c)
{
    if ((c->uid.len > 0) == (c->identity[0] != '\0')) {
        return "a card has a uid, a vehicle an identity, and nobody both";
    }
    if (c->uid.len == 0 && c->kind != CARD_USER) {
        return "a vehicle is of kind user";
    }
    for (uint16_t i = 0; i < b->n; i++) { /* lists are read by hand: the square of 4,096 is soon done */
        if (fleet_card_order(&b->at[i].uid, b->at[i].identity, &c->uid, c->identity) == 0) {
            return "the same card or vehicle twice";
        }
    }
    return b->n < FLEET_CARD_MAX ? NULL : "more than 4096 cards and vehicles";
}

/* Takes the entry, whose wallboxes belong to the book then. */
static const char *add(struct card_book *b, struct card_entry *c)
{
    const char *why = c->wallboxes == NULL ? card_field_wallboxes(c, "") : NULL;

    why = why == NULL ? check_entry(b, c) : why;
    if (why == NULL) {
        b->at[b->n++] = *c;
    } else {
        free((char *)(uintptr_t)c->wallboxes);
    }
    return why;
}

static bool make_room(struct card_book *b, struct card_errors *errors)
{
    *b = (struct card_book){.at = calloc(FLEET_CARD_MAX, sizeof *b->at)};
    if (b->at == NULL) {
        error(errors, "no memory");
    }
    return b->at != NULL;
}

/* The line of names: which column is which. */
static bool read_names(const struct csv_record *r, enum card_column out[CSV_FIELD_MAX], struct card_errors *errors)
{
    bool is_good = true;

    for (int i = 0; i < r->field_n; i++) {
        out[i] = CARD_COLUMN_N;
        for (int k = 0; k < CARD_COLUMN_N; k++) {
            out[i] = text_same(card_column_name[k], r->field[i]) ? (enum card_column)k : out[i];
        }
        if (out[i] == CARD_COLUMN_N) {
            error(errors,
                  "line %d: no column \"%.32s\"; there are uid, identity, kind, name, colour, blocked, expires, wallboxes, departure, needed_wh, priority",
                  r->line, r->field[i]);
            is_good = false;
        }
    }
    return is_good;
}

static void read_line(struct card_book *b, const struct csv_record *r, const enum card_column *columns, int columns_n, struct card_errors *errors)
{
    struct card_entry c = card_field_blank();
    const char *why = r->field_n != columns_n ? "not as many fields as the line of names has" : NULL;

    for (int i = 0; i < r->field_n && why == NULL; i++) {
        why = card_field_set(&c, columns[i], r->field[i]);
        if (why != NULL) {
            error(errors, "line %d: %s: %s", r->line, card_column_name[columns[i]], why);
            free((char *)(uintptr_t)c.wallboxes);
            return;
        }
    }
    if (why != NULL) {
        free((char *)(uintptr_t)c.wallboxes);
    } else {
        why = add(b, &c);
    }
    if (why != NULL) {
        error(errors, "line %d: %s", r->line, why);
    }
}

static void read_table(struct card_book *b, struct csv *csv, struct csv_record *r, struct card_errors *errors)
{
    enum card_column columns[CSV_FIELD_MAX];
    const char *why = "";
    int columns_n = 0;
    enum rc rc = RC_OK;

    for (int64_t i = 0; i < INT32_MAX && rc != RC_MISSING; i++) {
        rc = csv_next(csv, r, &why);
        if (rc == RC_MALFORMED) {
            error(errors, "line %d: %s", r->line, why);
        } else if (rc == RC_OK && columns_n == 0) {
            columns_n = r->field_n;
            if (!read_names(r, columns, errors)) {
                return;
            }
        } else if (rc == RC_OK) {
            read_line(b, r, columns, columns_n, errors);
        }
    }
    if (columns_n == 0) {
        error(errors, "line 1: there is no line of names");
    }
}

static enum rc settle(struct card_book *b, const struct card_errors *errors)
{
    if (errors->n > 0) {
        card_book_drop(b);
        return RC_RANGE;
    }
    return RC_OK;
}

enum rc card_book_read_csv(struct card_book *b, const char *text, size_t len, struct card_errors *errors)
{
    struct csv_record *r = malloc(sizeof *r);
    struct csv csv;

    if (r == NULL || !make_room(b, errors)) {
        free(r);
        return RC_IO;
    }
    csv_begin(&csv, text, len);
    read_table(b, &csv, r, errors);
    free(r);
    return settle(b, errors);
}

/* A list of serials as one text. */
static const char *join(const json_t *list, char *out, size_t out_len)
{
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *serial = json_string_value(json_array_get(list, i));
        int n = serial != NULL ? snprintf(out + len, out_len - len, "%s%s", i > 0 ? " " : "", serial) : -1;

        if (n < 0 || len + (size_t)n >= out_len) {
            return NULL;
        }
        len += (size_t)n;
    }
    return out;
}

static const char *set_json(struct card_entry *c, enum card_column column, const json_t *value, char *scratch, size_t scratch_len)
{
    char number[32];

    if (json_is_null(value)) {
        return NULL;
    }
    if (column == CARD_COLUMN_WALLBOXES) {
        const char *text = json_is_array(value) ? join(value, scratch, scratch_len) : NULL;

        return text != NULL ? card_field_set(c, column, text) : "must be a list of serials";
    }
    if (column == CARD_COLUMN_BLOCKED) {
        c->is_blocked = json_is_true(value);
        return json_is_boolean(value) ? NULL : "must be true or false";
    }
    if (column == CARD_COLUMN_NEEDED || column == CARD_COLUMN_PRIORITY) {
        (void)snprintf(number, sizeof number, "%lld", (long long)json_integer_value(value));
        return json_is_integer(value) ? card_field_set(c, column, number) : "must be a whole number";
    }
    return json_is_string(value) ? card_field_set(c, column, json_string_value(value)) : "must be a text";
}

static void read_object(struct card_book *b, size_t place, const json_t *object, char *scratch, struct card_errors *errors)
{
    struct card_entry c = card_field_blank();
    const char *why = json_is_object(object) ? NULL : "must be an object";
    void *it = json_object_iter((json_t *)(uintptr_t)object);

    for (; it != NULL && why == NULL; it = json_object_iter_next((json_t *)(uintptr_t)object, it)) {
        const char *key = json_object_iter_key(it);
        enum card_column column = CARD_COLUMN_N;

        for (int k = 0; k < CARD_COLUMN_N; k++) {
            column = text_same(card_column_name[k], key) ? (enum card_column)k : column;
        }
        why = column == CARD_COLUMN_N ? "unknown key" : set_json(&c, column, json_object_iter_value(it), scratch, CARD_WALLBOXES_LEN);
        if (why != NULL) {
            error(errors, "cards[%zu].%.32s: %s", place, key, why);
            free((char *)(uintptr_t)c.wallboxes);
            return;
        }
    }
    why = why == NULL ? add(b, &c) : why;
    if (why != NULL) {
        error(errors, "cards[%zu]: %s", place, why);
    }
}

enum rc card_book_read_json(struct card_book *b, const json_t *list, struct card_errors *errors)
{
    char *scratch = malloc(CARD_WALLBOXES_LEN);

    if (scratch == NULL || !make_room(b, errors)) {
        free(scratch);
        return RC_IO;
    }
    if (list != NULL && !json_is_array(list)) {
        error(errors, "cards: must be a list");
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        read_object(b, i, json_array_get(list, i), scratch, errors);
    }
    free(scratch);
    return settle(b, errors);
}

const char *card_book_one(struct card_book *b, struct card_entry *card)
{
    const char *why;

    *b = (struct card_book){.at = calloc(1, sizeof *b->at)};
    if (b->at == NULL) {
        free((char *)(uintptr_t)card->wallboxes);
        return "there is no memory at the moment";
    }
    why = add(b, card);
    if (why != NULL) {
        card_book_drop(b);
    }
    return why;
}

void card_book_drop(struct card_book *b)
{
    for (uint16_t i = 0; i < b->n; i++) {
        free((char *)(uintptr_t)b->at[i].wallboxes);
    }
    free(b->at);
    *b = (struct card_book){0};
}

static enum rc run_put(struct store_order *order, struct db *db, int64_t utc_ms)
{
    const struct card_book_order *o = (const struct card_book_order *)order;
    char text[48];
    const struct db_audit entry = {.who = o->who, .what = "cards_put", .after = text};
    enum rc rc = RC_OK;

    for (uint16_t i = 0; i < o->book->n && rc == RC_OK; i++) {
        rc = db_put_card(db, &o->book->at[i], utc_ms);
    }
    (void)snprintf(text, sizeof text, "%u cards and vehicles", (unsigned)o->book->n);
    return rc == RC_OK ? db_add_audit(db, &entry, utc_ms) : rc;
}

void card_book_order(struct card_book_order *o, const struct card_book *book, const char *who, void (*done)(struct store_order *order, enum rc rc))
{
    *o = (struct card_book_order){.order = {.run = run_put, .done = done}, .book = book, .who = who};
}
