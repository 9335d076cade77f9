#include "manager/shell/cards.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/log.h"
#include "manager/shell/db.h"

#define HASH_BEGIN 2166136261u /* FNV-1a */
#define HASH_PRIME 16777619u

void cards_init(struct cards *c, struct store *store, const struct site *site, void (*on_list)(void *user, const struct fleet_cards *list), void *user)
{
    *c = (struct cards){.store = store, .site = site, .on_list = on_list, .user = user};
}

void cards_convert(const struct site *site, const struct card_entry *entry, struct fleet_card *out)
{
    *out = (struct fleet_card){.uid = entry->uid,
                               .kind = entry->kind,
                               .is_blocked = entry->is_blocked,
                               .expires_utc_ms = entry->expires_utc_ms,
                               .is_everywhere = entry->wallboxes[0] == '\0',
                               .departure_min = entry->departure_min,
                               .needed_wh = entry->needed_wh,
                               .priority = entry->priority};
    CHECK(text_copy(out->identity, sizeof out->identity, entry->identity) == RC_OK);
    for (const char *at = entry->wallboxes; *at != '\0';) { /* ends: goes on with each word */
        char serial[SERIAL_LEN];
        int len = (int)strcspn(at, " ");
        uint16_t box;

        if (len < SERIAL_LEN) {
            (void)snprintf(serial, sizeof serial, "%.*s", len, at);
            if (site_box_find(site, serial, &box) == RC_OK) {
                fleet_card_allow(out, box);
            }
        }
        at += len;
        at += strspn(at, " ");
    }
}

static void take(void *user, const struct card_entry *entry)
{
    struct cards *c = user;

    if (c->reading_n < FLEET_CARD_MAX && entry->kind != CARD_UNSET) {
        cards_convert(c->site, entry, &c->reading[c->reading_n++]);
    }
}

static enum rc run_read(struct store_order *order, struct db *db, int64_t utc_ms)
{
    struct cards *c = (struct cards *)order;

    (void)utc_ms;
    c->reading_n = 0;
    return db_each_card(db, take, c);
}

static uint32_t hash(uint32_t h, const void *bytes, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        h = (h ^ ((const uint8_t *)bytes)[i]) * HASH_PRIME;
    }
    return h;
}

/* Of what the wallboxes get and the core decides by; not 0. */
static uint32_t version_of(const struct fleet_card *at, uint16_t n)
{
    uint32_t h = HASH_BEGIN;

    for (uint16_t i = 0; i < n; i++) {
        const struct fleet_card *c = &at[i];
        const uint8_t flags[3] = {(uint8_t)c->kind, c->is_blocked, c->is_everywhere};

        h = hash(h, &c->uid.len, 1);
        h = hash(h, c->uid.at, c->uid.len);
        h = hash(h, c->identity, strlen(c->identity) + 1);
        h = hash(h, flags, sizeof flags);
        h = hash(h, &c->expires_utc_ms, sizeof c->expires_utc_ms);
        h = hash(h, c->valid, sizeof c->valid);
    }
    return h != 0 ? h : 1;
}

/* What was read becomes the list. */
static void adopt(struct cards *c)
{
    struct fleet_card *less = realloc(c->reading, sizeof *less * (c->reading_n > 0 ? c->reading_n : 1u)); /* NULL: the longer one serves as well */
    struct fleet_card *at = less != NULL ? less : c->reading;
    struct fleet_cards list = {.version = version_of(at, c->reading_n), .n = c->reading_n, .at = at};

    c->reading = NULL;
    if (!fleet_cards_are_good(&list)) {
        log_err("cards why=\"the stored list is out of order\"");
        free(at);
        return;
    }
    free(c->old);
    c->old = c->at;
    c->at = at;
    c->list = list;
    c->on_list(c->user, &c->list);
}

static bool make_room(struct cards *c)
{
    c->reading = calloc(FLEET_CARD_MAX, sizeof *c->reading);
    if (c->reading == NULL) {
        log_err("cards why=\"no memory\"");
    }
    return c->reading != NULL;
}

enum rc cards_load(struct cards *c)
{
    enum rc rc;

    c->order = (struct store_order){.run = run_read};
    if (!make_room(c)) {
        return RC_IO;
    }
    rc = store_carry_out(c->store, &c->order, CLOCK_UNSET_UTC_MS);
    if (rc == RC_OK) {
        adopt(c);
    }
    free(c->reading);
    c->reading = NULL;
    return rc;
}

static void on_read(struct store_order *order, enum rc rc)
{
    struct cards *c = (struct cards *)order;

    c->is_reading = false;
    if (rc == RC_OK) {
        adopt(c);
    }
    free(c->reading);
    c->reading = NULL;
    if (c->is_wanted) {
        c->is_wanted = false;
        cards_reload(c);
    }
}

void cards_reload(struct cards *c)
{
    if (c->is_reading) {
        c->is_wanted = true;
        return;
    }
    if (c->store == NULL || !make_room(c)) {
        return;
    }
    c->is_reading = true;
    c->order = (struct store_order){.run = run_read, .done = on_read};
    store_order(c->store, &c->order);
}

void cards_deinit(struct cards *c)
{
    free(c->reading);
    free(c->old);
    free(c->at);
    *c = (struct cards){0};
}
