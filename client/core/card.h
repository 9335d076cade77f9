/* Cards and vehicles that the wallbox knows by itself: delivered, taught here, or sent by the manager (spec 06 6.3; SR-097, SR-262).
 *
 * Decided here: what a UID is, who is on the list and whether one may charge by it. Not here: who is asked first (authorize), teaching (teach).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/rc.h"
#include "proto/msg.h"

#define CARD_TEXT_LEN (2 * UID_MAX + 1) /* upper-case hex and the end */

/* Colours of the delivered cards (SR-089); others are plain. */
enum card_colour { CARD_PLAIN, CARD_WHITE, CARD_RED, CARD_GREEN, CARD_BLUE, CARD_COLOUR_N };

struct card {
    struct card_uid uid;
    enum card_kind kind;
    enum card_colour colour;
    bool is_local; /* delivered or taught here: the manager's list does not take it away (SR-109) */
    bool is_blocked;
    bool is_old;            /* of the manager's last list; gone when the new one is complete */
    int64_t expires_utc_ms; /* 0 never */
};

struct card_vehicle {
    char identity[NAME_LEN];
    bool is_local;
    bool is_blocked;
    bool is_old;
    int64_t expires_utc_ms;
};

struct card_list {
    uint16_t card_n;
    uint16_t vehicle_n;
    struct card card[CARD_MAX];
    struct card_vehicle vehicle[IDENTITY_MAX];
};

/* Same bytes and same length (DIFF-20). */
bool card_uid_same(const struct card_uid *a, const struct card_uid *b);

/* 4, 7, 8 or 10 bytes. */
bool card_uid_is_valid(const struct card_uid *uid);

/* UID of a text: 8, 14, 16 or 20 hex digits of either case. RC_RANGE: it is none; *out is untouched. */
MUST_USE enum rc card_uid_parse(const char *text, struct card_uid *out);

/* Upper-case hex; empty for no card. */
void card_uid_text(const struct card_uid *uid, char out[CARD_TEXT_LEN]);

/* Entry of a card, NULL when it is not on the list. */
const struct card *card_find(const struct card_list *list, const struct card_uid *uid);

/* Entry of a vehicle, NULL when it is not on the list. */
const struct card_vehicle *card_find_vehicle(const struct card_list *list, const char *identity);

/* Add a card or replace its entry. RC_FULL: no room; nothing changed. */
MUST_USE enum rc card_put(struct card_list *list, const struct card *card);

/* Add a vehicle or replace its entry. RC_FULL: no room; RC_RANGE: an identity has 1..64 bytes. Nothing changed. */
MUST_USE enum rc card_put_vehicle(struct card_list *list, const struct card_vehicle *vehicle);

/* Take a card from the list if it came from the manager. */
void card_forget(struct card_list *list, const struct card_uid *uid);

/* Some card of this kind is on the list and not blocked. */
bool card_has_kind(const struct card_list *list, enum card_kind kind);

/* Nobody is on the list any more. */
void card_erase(struct card_list *list);

/* One part of the manager's list. Its first part marks what it had sent before; when the last entry has come what is still marked goes.
 *
 * RC_FULL  some did not fit; all others are on the list
 */
MUST_USE enum rc card_merge(struct card_list *list, const struct msg_config_set *part);

/* What the list says.
 *
 * utc_ms  CLOCK_UNSET_UTC_MS: no clock; an entry that expires is then refused
 *
 * AUTH_UNSET  not on the list
 */
enum auth_verdict card_judge(const struct card_list *list, const struct card_uid *uid, int64_t utc_ms);
enum auth_verdict card_judge_vehicle(const struct card_list *list, const char *identity, int64_t utc_ms);
