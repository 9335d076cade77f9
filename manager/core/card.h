/* Cards and vehicles of the site: who may charge where, and until when (spec 06 6.3, 03 "cards are managed at the manager").
 *
 * Decided here: the verdict on a card or a vehicle's identity at a wallbox. Not here: where cards are kept (db_card), what a wallbox does when
 * it is alone (client), who is asked about cards that are not on the list (backend).
 * A table does not change while a core uses it; a new one replaces it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/rc.h"
#include "proto/msg.h"

#define FLEET_CARD_MAX 4096 /* cards and vehicles that a manager knows */
#define FLEET_CARD_NEEDED_WH_MAX 1000000
#define FLEET_CARD_TEXT_LEN (2 * UID_MAX + 1) /* upper-case hex and the end */

struct fleet_card {
    struct card_uid uid;     /* len 0: a vehicle */
    char identity[NAME_LEN]; /* of a vehicle, empty: a card */
    enum card_kind kind;     /* of a vehicle CARD_USER */
    bool is_blocked;
    int64_t expires_utc_ms;       /* 0 never */
    bool is_everywhere;           /* otherwise only at the wallboxes below */
    uint32_t valid[BOX_MAX / 32]; /* bit i % 32 of word i / 32: wallbox i of the site */
    int16_t departure_min;        /* preset of a session: minute of the day, -1 none */
    int32_t needed_wh;            /* likewise, 0 none */
    int8_t priority;              /* likewise, -1: that of the wallbox */
};

/* Ascending in the order of fleet_card_order. */
struct fleet_cards {
    uint32_t version; /* of the list, not 0; another one when anything changed */
    uint16_t n;
    const struct fleet_card *at; /* [n] */
};

/* UID of 8, 14, 16 or 20 hex digits of either case. RC_RANGE: it is none; *out is untouched. */
MUST_USE enum rc fleet_card_parse(const char *text, struct card_uid *out);

/* Upper-case hex; empty for no card (DIFF-20). */
void fleet_card_text(const struct card_uid *uid, char out[FLEET_CARD_TEXT_LEN]);

/* Cards before vehicles, cards by length and bytes, vehicles by name: below 0, 0 the same, above 0. */
int fleet_card_order(const struct card_uid *uid_a, const char *identity_a, const struct card_uid *uid_b, const char *identity_b);

/* True when the list is in order without anybody twice, and every entry is a card or a vehicle. */
bool fleet_cards_are_good(const struct fleet_cards *cards);

/* Entry of a card or, when uid is empty, of a vehicle; NULL when it is not on the list. */
const struct fleet_card *fleet_cards_find(const struct fleet_cards *cards, const struct card_uid *uid, const char *identity);

/* May it charge at wallbox `box` of the site?
 *
 * utc_ms  CLOCK_UNSET_UTC_MS: no clock; an entry that expires is then refused, as the wallboxes do
 *
 * AUTH_UNSET     not on the list: ask somebody else
 * AUTH_REJECTED  not at this wallbox, or a card that only teaches (setup)
 */
enum auth_verdict fleet_card_judge(const struct fleet_card *card, uint16_t box, int64_t utc_ms);

/* True when an entry belongs to the list that wallbox `box` gets: valid there. */
bool fleet_card_is_at(const struct fleet_card *card, uint16_t box);

void fleet_card_allow(struct fleet_card *card, uint16_t box);
