#include "manager/core/card.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"

static int digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    if (c >= 'A' && c <= 'F') {
        return c - 'A' + 10;
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_uid_len(unsigned len)
{
    return len == 4 || len == 7 || len == 8 || len == 10;
}

enum rc fleet_card_parse(const char *text, struct card_uid *out)
{
    struct card_uid uid = {0};
    unsigned n = 0;

    while (n < 2 * UID_MAX && digit(text[n]) >= 0) {
        uid.at[n / 2] = (uint8_t)(uid.at[n / 2] << 4 | digit(text[n]));
        n++;
    }
    if (text[n] != '\0' || n % 2 != 0 || !is_uid_len(n / 2)) {
        return RC_RANGE;
    }
    uid.len = (uint8_t)(n / 2);
    *out = uid;
    return RC_OK;
}

void fleet_card_text(const struct card_uid *uid, char out[FLEET_CARD_TEXT_LEN])
{
    static const char digits[] = "0123456789ABCDEF";

    CHECK(uid->len <= UID_MAX);
    for (unsigned i = 0; i < uid->len; i++) {
        out[2 * i] = digits[uid->at[i] >> 4];
        out[2 * i + 1] = digits[uid->at[i] & 15];
    }
    out[2 * uid->len] = '\0';
}

int fleet_card_order(const struct card_uid *uid_a, const char *identity_a, const struct card_uid *uid_b, const char *identity_b)
{
    if ((uid_a->len == 0) != (uid_b->len == 0)) {
        return uid_a->len == 0 ? 1 : -1;
    }
    if (uid_a->len == 0) {
        return text_order(identity_a, identity_b);
    }
    if (uid_a->len != uid_b->len) {
        return (int)uid_a->len - (int)uid_b->len;
    }
    return memcmp(uid_a->at, uid_b->at, uid_a->len);
}

static bool is_good(const struct fleet_card *c)
{
    return (c->uid.len == 0 ? c->identity[0] != '\0' && c->kind == CARD_USER : is_uid_len(c->uid.len) && c->identity[0] == '\0') && c->kind > CARD_UNSET &&
           c->kind < CARD_KIND_N;
}

bool fleet_cards_are_good(const struct fleet_cards *cards)
{
    if (cards->version == 0 || cards->n > FLEET_CARD_MAX) {
        return false;
    }
    for (uint16_t i = 0; i < cards->n; i++) {
        const struct fleet_card *c = &cards->at[i];

        if (!is_good(c) || (i > 0 && fleet_card_order(&cards->at[i - 1].uid, cards->at[i - 1].identity, &c->uid, c->identity) >= 0)) {
            return false;
        }
    }
    return true;
}

const struct fleet_card *fleet_cards_find(const struct fleet_cards *cards, const struct card_uid *uid, const char *identity)
{
    uint16_t from = 0;
    uint16_t to = cards->n;

    while (from < to) { /* ends: halves each time */
        uint16_t middle = (uint16_t)((from + to) / 2);
        const struct fleet_card *c = &cards->at[middle];
        int order = fleet_card_order(&c->uid, c->identity, uid, identity);

        if (order == 0) {
            return c;
        }
        if (order < 0) {
            from = (uint16_t)(middle + 1);
        } else {
            to = middle;
        }
    }
    return NULL;
}

bool fleet_card_is_at(const struct fleet_card *card, uint16_t box)
{
    CHECK(box < BOX_MAX);
    return card->is_everywhere || (card->valid[box / 32] >> (box % 32) & 1u) != 0;
}

void fleet_card_allow(struct fleet_card *card, uint16_t box)
{
    CHECK(box < BOX_MAX);
    card->valid[box / 32] |= 1u << (box % 32);
}

enum auth_verdict fleet_card_judge(const struct fleet_card *card, uint16_t box, int64_t utc_ms)
{
    if (card == NULL) {
        return AUTH_UNSET;
    }
    if (card->is_blocked) {
        return AUTH_BLOCKED;
    }
    if (card->expires_utc_ms != 0 && (utc_ms == CLOCK_UNSET_UTC_MS || card->expires_utc_ms <= utc_ms)) {
        return AUTH_EXPIRED;
    }
    return fleet_card_is_at(card, box) && card->kind != CARD_SETUP ? AUTH_ACCEPTED : AUTH_REJECTED;
}
