/* Pairing over HTTP: who has asked, setup codes one by one or as a table, and the end of a pairing. A code is in no answer. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/os/clock.h"
#include "manager/shell/change.h"
#include "manager/shell/routes_answers.h"

#define NO_MEMORY "there is no memory at the moment"
#define PLAIN "the link to the wallboxes is not encrypted, so that nobody has to be paired"
#define UTC_LEN 25

/* All that is known of pairing, for one answer. */
struct pairing_known {
    struct pairing_list list;
    struct setup_codes codes;
    struct pins pins;
};

static json_t *key_json(const uint8_t key[IDENTITY_HASH_LEN])
{
    char text[IDENTITY_TEXT_LEN];

    identity_text(key, text);
    return json_string(text);
}

static json_t *moment_json(int64_t utc_ms)
{
    char text[UTC_LEN];

    if (utc_ms == CLOCK_UNSET_UTC_MS) {
        return json_null();
    }
    clock_format_utc(utc_ms, text);
    return json_string(text);
}

/* Without memory the list is shorter, and json_pack of the whole says so. */
static void add(json_t *list, json_t *entry)
{
    (void)json_array_append_new(list, entry);
}

static void add_row(json_t *list, const struct pairing_known *known, const struct pairing_row *row)
{
    const struct setup_code *code = codes_find(&known->codes, row->serial);
    bool is_anew = row->state == PAIRING_FAILED && (code == NULL || code->given_utc_ms != row->failed_given_ms);

    add(list, json_pack("{s:s, s:s, s:o, s:s, s:o, s:o}", "serial", row->serial, "state", is_anew ? "seen" : pairing_state_text(row->state), "key",
                        key_json(row->key), "address", row->address, "since", moment_json(row->first_utc_ms), "last", moment_json(row->last_utc_ms)));
}

static void add_known(json_t *list, const char *serial, const char *state, json_t *key)
{
    add(list, json_pack("{s:s, s:s, s:o, s:n, s:n, s:n}", "serial", serial, "state", state, "key", key, "address", "since", "last"));
}

static bool has_asked(const struct pairing_list *list, const char *serial)
{
    for (uint16_t i = 0; i < list->n; i++) {
        if (list->at[i].state != PAIRING_PAIRED && text_same(list->at[i].serial, serial)) {
            return true;
        }
    }
    return false;
}

static json_t *known_json(const struct pairing_known *known)
{
    json_t *list = json_array();

    for (uint16_t i = 0; i < known->list.n; i++) {
        if (known->list.at[i].state != PAIRING_PAIRED) { /* those are in the table of pins */
            add_row(list, known, &known->list.at[i]);
        }
    }
    for (uint16_t i = 0; i < known->codes.n; i++) {
        if (!has_asked(&known->list, known->codes.at[i].serial)) {
            add_known(list, known->codes.at[i].serial, "waiting", json_null());
        }
    }
    for (uint16_t i = 0; i < known->pins.n; i++) {
        add_known(list, known->pins.at[i].serial, "paired", key_json(known->pins.at[i].hash));
    }
    return json_pack("{s:o}", "wallboxes", list);
}

void pairing_list(struct call *c)
{
    struct pairing_known *known = calloc(1, sizeof *known);
    char why[TRUST_WHY_LEN];

    if (known == NULL) {
        answer_problem(c->out, 503, NO_MEMORY, NULL);
        return;
    }
    if (c->r->pairing != NULL) {
        pairing_copy(c->r->pairing, &known->list);
    }
    if (c->r->pairing != NULL && (codes_read(&known->codes, c->r->dir, why) != RC_OK || pins_read(&known->pins, c->r->dir, why) != RC_OK)) {
        answer_problem(c->out, 503, why, NULL);
    } else {
        answer_json(c->out, 200, known_json(known));
    }
    free(known);
}

static void finish(struct routes *r, struct errand *e, struct route_reply *out)
{
    if (e->rc == RC_OK && e->answer != NULL) {
        answer_text(out, e->answer_status, "application/json", e->answer);
        e->answer = NULL;
    } else if (e->rc == RC_OK) {
        pairing_forget(r->pairing, e->name);
        answer_nothing(out);
    } else if (e->rc == RC_FULL) {
        answer_problem(out, 409, "there is room for the setup codes of 1024 wallboxes", NULL);
    } else if (e->rc == RC_MISSING) {
        answer_problem(out, 404, "no such wallbox is paired, and no setup code of it is known", NULL);
    } else {
        answer_problem(out, 503, "this cannot be stored at the moment", NULL);
    }
}

/* A change to be made; NULL, and answered, when there can be none. */
static struct change *begin(struct call *c, enum change_kind kind)
{
    struct change *change = c->r->pairing != NULL ? change_new(kind) : NULL;

    if (c->r->pairing == NULL) {
        answer_problem(c->out, 409, PLAIN, NULL);
    } else if (change == NULL) {
        answer_problem(c->out, 503, NO_MEMORY, NULL);
    } else {
        change->dir = c->r->dir;
    }
    return change;
}

static struct change *begin_codes(struct call *c)
{
    struct change *change = begin(c, CHANGE_CODES_PUT);

    if (change != NULL) {
        change->codes = calloc(1, sizeof *change->codes);
        if (change->codes == NULL) {
            answer_problem(c->out, 503, NO_MEMORY, NULL);
            change_free(change);
            return NULL;
        }
    }
    return change;
}

/* Hand a change over, which is taken; its answer is `json` (taken), or nothing at all. */
static void hand_over(struct call *c, struct change *change, unsigned status, json_t *json)
{
    struct errand *e = errand_new(ERRAND_LOOP, NULL, finish);

    if (e == NULL) {
        change_free(change);
    } else {
        rc_ignore(text_copy(change->who, sizeof change->who, call_who(c))); /* names were checked when they were made */
        rc_ignore(text_copy(e->name, sizeof e->name, change->subject));     /* as long */
        e->change = change;
        e->answer = json != NULL ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
        e->answer_status = status;
    }
    json_decref(json);
    answer_later(c, e);
}

void pairing_give(struct call *c)
{
    struct change *change = begin_codes(c);
    const char *field = "";
    const char *why = "";

    if (change == NULL) {
        return;
    }
    if (codes_add(change->codes, c->value[0].text, c->value[1].text, clock_utc_ms(), &field, &why) != RC_OK) {
        answer_problem(c->out, 422, why, field);
        change_free(change);
        return;
    }
    hand_over(c, change, 201, json_pack("{s:s, s:s}", "serial", change->codes->at[0].serial, "state", "waiting"));
}

void pairing_table(struct call *c)
{
    struct change *change = begin_codes(c);
    char why[CODES_WHY_LEN];

    if (change == NULL) {
        return;
    }
    if (codes_add_csv(change->codes, c->request->body != NULL ? c->request->body : "", c->request->body_len, clock_utc_ms(), why) != RC_OK) {
        answer_problem(c->out, 422, why, NULL);
        change_free(change);
        return;
    }
    hand_over(c, change, 200, json_pack("{s:i}", "wallboxes_n", (int)change->codes->n));
}

void pairing_end(struct call *c)
{
    struct change *change = begin(c, CHANGE_UNPAIR);

    if (change == NULL) {
        return;
    }
    if (!text_is_id(c->part[0])) {
        answer_problem(c->out, 404, "no wallbox has such a serial number", NULL);
        change_free(change);
        return;
    }
    rc_ignore(text_copy(change->subject, sizeof change->subject, c->part[0])); /* a serial number fits */
    hand_over(c, change, 204, NULL);
}
