/* Cards over HTTP: add, change, delete, a table at once; and events that somebody has seen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "manager/shell/card_field.h"
#include "manager/shell/change.h"
#include "manager/shell/routes_answers.h"

/* Everything else than RC_OK that a change may end with. */
static void answer_change_problem(enum rc rc, struct route_reply *out)
{
    if (rc == RC_REFUSED) {
        answer_problem(out, 409, "this card or vehicle is known already", "uid");
    } else if (rc == RC_FULL) {
        answer_problem(out, 409, "4096 cards and vehicles are known already", NULL);
    } else if (rc == RC_MISSING) {
        answer_problem(out, 404, "there is no such card or vehicle", NULL);
    } else {
        answer_problem(out, 503, "this cannot be stored at the moment", NULL);
    }
}

static void finish_card(struct routes *r, struct errand *e, struct route_reply *out)
{
    (void)r;
    if (e->rc != RC_OK) {
        answer_change_problem(e->rc, out);
    } else {
        answer_changed(e, out);
    }
}

/* A list of serials as the field of a card wants it: one text. NULL: no memory. Given back with free. */
static char *join_list(const json_t *list)
{
    char *text = malloc(CARD_WALLBOXES_LEN);
    size_t len = 0;

    if (text == NULL) {
        return NULL;
    }
    text[0] = '\0';
    for (size_t i = 0; i < json_array_size(list); i++) {
        int n = snprintf(text + len, CARD_WALLBOXES_LEN - len, "%s%s", i > 0 ? " " : "", json_string_value(json_array_get(list, i)));

        CHECK(n >= 0 && len + (size_t)n < CARD_WALLBOXES_LEN); /* the field was checked: at most BOX_MAX serials */
        len += (size_t)n;
    }
    return text;
}

static const char *set_field(struct card_entry *card, enum card_column column, const struct field *f, const struct field_value *v)
{
    char number[24];
    char *list;
    const char *why;

    if (!v->is_set || v->is_null) {
        return NULL;
    }
    switch (f->type) {
    case FIELD_INT:
        (void)snprintf(number, sizeof number, "%lld", (long long)v->number);
        return card_field_set(card, column, number);
    case FIELD_BOOL:
        return card_field_set(card, column, v->number != 0 ? "true" : "false");
    case FIELD_LIST:
        list = join_list(v->list);
        why = list != NULL ? card_field_set(card, column, list) : "there is no memory at the moment";
        free(list);
        return why;
    case FIELD_CHOICE:
    case FIELD_UTC:
    case FIELD_TEXT:
    case FIELD_OBJECTS:
        break;
    }
    return card_field_set(card, column, v->text);
}

/* The card of a request; false, and answered, when something is wrong with it. Who it is comes from the body, or from the path. */
static bool read_entry(struct call *c, struct card_entry *card)
{
    const struct field *fields = c->route->fields;

    *card = card_field_blank();
    for (uint8_t i = 0; i < c->route->fields_n; i++) {
        const char *why = NULL;

        for (int k = 0; k < CARD_COLUMN_N; k++) {
            why = text_same(card_column_name[k], fields[i].name) ? set_field(card, (enum card_column)k, &fields[i], &c->value[i]) : why;
        }
        if (why != NULL) {
            answer_problem(c->out, 422, why, fields[i].name);
            free((char *)(uintptr_t)card->wallboxes);
            return false;
        }
    }
    return true;
}

/* The card or vehicle that the path names. */
static void name_by_path(const struct call *c, struct card_entry *card)
{
    card->uid = (struct card_uid){0};
    card->identity[0] = '\0';
    if (fleet_card_parse(c->part[0], &card->uid) != RC_OK) {
        card->uid = (struct card_uid){0};
        CHECK(text_copy(card->identity, sizeof card->identity, c->part[0]) == RC_OK);
    }
}

/* A change of one card; NULL, and answered, when something is wrong. Takes what the card holds. */
static struct change *change_of(struct call *c, enum change_kind kind, struct card_entry *card)
{
    struct change *change = change_new(kind);
    const char *why = change != NULL ? card_book_one(&change->book, card) : "there is no memory at the moment";

    if (change == NULL) {
        free((char *)(uintptr_t)card->wallboxes);
    }
    if (why != NULL) {
        answer_problem(c->out, change != NULL ? 422 : 503, why, change != NULL ? "uid" : NULL);
        change_free(change);
        return NULL;
    }
    return change;
}

void card_add(struct call *c)
{
    struct card_entry card;
    struct change *change;

    if (!read_entry(c, &card)) {
        return;
    }
    if (strchr(card.identity, '/') != NULL) {
        answer_problem(c->out, 422, "must not hold a slash", "identity"); /* it is part of a path */
        free((char *)(uintptr_t)card.wallboxes);
        return;
    }
    change = change_of(c, CHANGE_CARD_ADD, &card);
    if (change != NULL) {
        answer_change(c, change, finish_card, 201, card_book_write_json(&change->book.at[0]));
    }
}

void card_put(struct call *c)
{
    struct card_entry card;
    struct change *change;

    if (!read_entry(c, &card)) {
        return;
    }
    name_by_path(c, &card);
    change = change_of(c, CHANGE_CARD_PUT, &card);
    if (change != NULL) {
        answer_change(c, change, finish_card, 200, card_book_write_json(&change->book.at[0]));
    }
}

void card_delete(struct call *c)
{
    struct card_entry card = card_field_blank();
    struct change *change;

    name_by_path(c, &card);
    change = change_of(c, CHANGE_CARD_DELETE, &card);
    if (change != NULL) {
        answer_change(c, change, finish_card, 204, NULL);
    }
}

void card_table(struct call *c)
{
    struct change *change = change_new(CHANGE_CARDS_PUT);
    struct card_errors *errors = calloc(1, sizeof *errors);
    enum rc rc = RC_IO;

    if (change != NULL && errors != NULL) {
        rc = card_book_read_csv(&change->book, c->request->body != NULL ? c->request->body : "", c->request->body_len, errors);
    }
    if (rc == RC_OK) {
        answer_change(c, change, finish_card, 200, json_pack("{s:i}", "cards_n", (int)change->book.n));
    } else {
        answer_problem(c->out, rc == RC_RANGE ? 422 : 503, rc == RC_RANGE ? errors->at[0] : "there is no memory at the moment", NULL);
        change_free(change);
    }
    free(errors);
}

static void finish_seen(struct routes *r, struct errand *e, struct route_reply *out)
{
    (void)r;
    if (e->rc == RC_OK) {
        answer_nothing(out);
    } else if (e->rc == RC_MISSING) {
        answer_problem(out, 404, "there is no such event, or somebody has acknowledged it before", NULL);
    } else {
        answer_problem(out, 503, "this cannot be stored at the moment", NULL);
    }
}

void event_seen(struct call *c)
{
    struct change *change;
    int64_t number = text_number(c->part[0], INT64_MAX / 20);

    if (number < 0) {
        answer_problem(c->out, 404, "events have numbers", NULL);
        return;
    }
    change = change_new(CHANGE_EVENT_SEEN);
    if (change != NULL) {
        change->event_number = number;
    }
    answer_change(c, change, finish_seen, 204, NULL);
}
