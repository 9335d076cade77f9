#include "client/core/card.h"

#include <stddef.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"

bool card_uid_same(const struct card_uid *a, const struct card_uid *b)
{
    return a->len == b->len && memcmp(a->at, b->at, a->len) == 0;
}

bool card_uid_is_valid(const struct card_uid *uid)
{
    return uid->len == 4 || uid->len == 7 || uid->len == 8 || uid->len == UID_MAX;
}

/* Value of a hex digit, -1 when it is none. */
static int nibble(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

enum rc card_uid_parse(const char *text, struct card_uid *out)
{
    struct card_uid uid = {.len = 0};
    unsigned n = 0;

    for (; text[n] != '\0'; n++) {
        if (n == 2 * UID_MAX || nibble(text[n]) < 0) {
            return RC_RANGE;
        }
        uid.at[n / 2] = (uint8_t)(uid.at[n / 2] << 4 | nibble(text[n]));
    }
    uid.len = (uint8_t)(n / 2);
    if (n % 2 != 0 || !card_uid_is_valid(&uid)) {
        return RC_RANGE;
    }
    *out = uid;
    return RC_OK;
}

void card_uid_text(const struct card_uid *uid, char out[CARD_TEXT_LEN])
{
    static const char digits[] = "0123456789ABCDEF";

    CHECK(uid->len <= UID_MAX);
    for (int i = 0; i < uid->len; i++) {
        out[2 * i] = digits[uid->at[i] >> 4];
        out[2 * i + 1] = digits[uid->at[i] & 15];
    }
    out[2 * uid->len] = '\0';
}

static struct card *find(struct card_list *list, const struct card_uid *uid)
{
    for (uint16_t i = 0; i < list->card_n; i++) {
        if (card_uid_same(&list->card[i].uid, uid)) {
            return &list->card[i];
        }
    }
    return NULL;
}

static struct card_vehicle *find_vehicle(struct card_list *list, const char *identity)
{
    for (uint16_t i = 0; i < list->vehicle_n; i++) {
        if (text_same(list->vehicle[i].identity, identity)) {
            return &list->vehicle[i];
        }
    }
    return NULL;
}

const struct card *card_find(const struct card_list *list, const struct card_uid *uid)
{
    for (uint16_t i = 0; i < list->card_n; i++) {
        if (card_uid_same(&list->card[i].uid, uid)) {
            return &list->card[i];
        }
    }
    return NULL;
}

const struct card_vehicle *card_find_vehicle(const struct card_list *list, const char *identity)
{
    for (uint16_t i = 0; i < list->vehicle_n; i++) {
        if (text_same(list->vehicle[i].identity, identity)) {
            return &list->vehicle[i];
        }
    }
    return NULL;
}

enum rc card_put(struct card_list *list, const struct card *card)
{
    struct card *at = find(list, &card->uid);

    CHECK(card->uid.len > 0);
    CHECK(card->uid.len <= UID_MAX);
    if (at == NULL && list->card_n == CARD_MAX) {
        return RC_FULL;
    }
    if (at == NULL) {
        at = &list->card[list->card_n];
        list->card_n++;
    }
    *at = *card;
    return RC_OK;
}

enum rc card_put_vehicle(struct card_list *list, const struct card_vehicle *vehicle)
{
    struct card_vehicle *at = find_vehicle(list, vehicle->identity);

    if (vehicle->identity[0] == '\0') {
        return RC_RANGE;
    }
    if (at == NULL && list->vehicle_n == IDENTITY_MAX) {
        return RC_FULL;
    }
    if (at == NULL) {
        at = &list->vehicle[list->vehicle_n];
        list->vehicle_n++;
    }
    *at = *vehicle;
    return RC_OK;
}

void card_forget(struct card_list *list, const struct card_uid *uid)
{
    struct card *at = find(list, uid);

    if (at != NULL && !at->is_local) {
        list->card_n--;
        *at = list->card[list->card_n];
    }
}

bool card_has_kind(const struct card_list *list, enum card_kind kind)
{
    for (uint16_t i = 0; i < list->card_n; i++) {
        if (list->card[i].kind == kind && !list->card[i].is_blocked) {
            return true;
        }
    }
    return false;
}

void card_erase(struct card_list *list)
{
    list->card_n = 0;
    list->vehicle_n = 0;
}

static void mark_old(struct card_list *list)
{
    for (uint16_t i = 0; i < list->card_n; i++) {
        list->card[i].is_old = !list->card[i].is_local;
    }
    for (uint16_t i = 0; i < list->vehicle_n; i++) {
        list->vehicle[i].is_old = !list->vehicle[i].is_local;
    }
}

static void drop_old(struct card_list *list)
{
    uint16_t card_n = 0;
    uint16_t vehicle_n = 0;

    for (uint16_t i = 0; i < list->card_n; i++) {
        if (!list->card[i].is_old) {
            list->card[card_n] = list->card[i];
            card_n++;
        }
    }
    for (uint16_t i = 0; i < list->vehicle_n; i++) {
        if (!list->vehicle[i].is_old) {
            list->vehicle[vehicle_n] = list->vehicle[i];
            vehicle_n++;
        }
    }
    list->card_n = card_n;
    list->vehicle_n = vehicle_n;
}

/* A card that was delivered or taught here stays so; the manager adds to what is known of it. */
static enum rc take(struct card_list *list, const struct msg_card *m)
{
    const struct card *known = m->uid.len > 0 ? card_find(list, &m->uid) : NULL;
    const struct card_vehicle *same = card_find_vehicle(list, m->identity);
    struct card card = {.uid = m->uid, .kind = m->kind, .is_blocked = m->blocked, .expires_utc_ms = m->expires_utc_ms};
    struct card_vehicle vehicle = {.is_blocked = m->blocked, .expires_utc_ms = m->expires_utc_ms};

    if (m->uid.len > 0) {
        card.is_local = known != NULL && known->is_local;
        card.colour = known != NULL ? known->colour : CARD_PLAIN;
        return card_put(list, &card);
    }
    vehicle.is_local = same != NULL && same->is_local;
    if (text_copy(vehicle.identity, sizeof vehicle.identity, m->identity) != RC_OK) {
        return RC_RANGE;
    }
    return card_put_vehicle(list, &vehicle);
}

enum rc card_merge(struct card_list *list, const struct msg_config_set *part)
{
    enum rc rc = RC_OK;

    if (part->cards_from == 0) {
        mark_old(list);
    }
    for (uint16_t i = 0; i < part->cards_n; i++) {
        enum rc one = take(list, &part->cards[i]);

        rc = rc == RC_OK ? one : rc;
    }
    if (part->cards_from + part->cards_n == part->cards_all_n) {
        drop_old(list);
    }
    return rc;
}

static enum auth_verdict judge(bool is_blocked, int64_t expires_utc_ms, int64_t utc_ms)
{
    if (is_blocked) {
        return AUTH_BLOCKED;
    }
    if (expires_utc_ms != 0 && (utc_ms == CLOCK_UNSET_UTC_MS || expires_utc_ms <= utc_ms)) {
        return AUTH_EXPIRED;
    }
    return AUTH_ACCEPTED;
}

enum auth_verdict card_judge(const struct card_list *list, const struct card_uid *uid, int64_t utc_ms)
{
    const struct card *c = card_find(list, uid);

    return c != NULL ? judge(c->is_blocked, c->expires_utc_ms, utc_ms) : AUTH_UNSET;
}

enum auth_verdict card_judge_vehicle(const struct card_list *list, const char *identity, int64_t utc_ms)
{
    const struct card_vehicle *v = card_find_vehicle(list, identity);

    return v != NULL ? judge(v->is_blocked, v->expires_utc_ms, utc_ms) : AUTH_UNSET;
}
