/* Cards and vehicles as people write them down: a table (CSV, RFC 4180, one line a card) or a list in the JSON document of a site.
 *
 * uid         8, 14, 16 or 20 hex digits of either case; written upper-case       one of the two
 * identity    of a vehicle, up to 64 bytes
 * kind        user (default), master, setup
 * name, colour  free text
 * blocked     true or false (default)
 * expires     RFC 3339, or a date: the end of that day on the site's clock; empty never
 * wallboxes   serials where it is valid, separated by spaces (JSON: a list); empty everywhere
 * departure   HH:MM, needed_wh 1..1,000,000, priority 0..9: presets of a session; empty none
 *
 * Decided here: the form and its checks; every error is said with its line (or place in the list). Not here: storing (db_card).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/rc.h"
#include "manager/shell/buffer.h"
#include "manager/shell/db.h"
#include "manager/shell/store.h"

#define CARD_ERROR_MAX 32
#define CARD_ERROR_LEN 200

struct card_errors {
    uint16_t n; /* the first CARD_ERROR_MAX are kept */
    char at[CARD_ERROR_MAX][CARD_ERROR_LEN];
};

struct card_book {
    uint16_t n;
    struct card_entry *at; /* their `wallboxes` belong to the book */
};

/* Read a table. RC_RANGE: something is wrong, nothing is kept; RC_IO: no memory. */
MUST_USE enum rc card_book_read_csv(struct card_book *b, const char *text, size_t len, struct card_errors *errors);

/* Read a list; NULL: an empty one. */
MUST_USE enum rc card_book_read_json(struct card_book *b, const json_t *list, struct card_errors *errors);

/* A book of one entry, which is taken with its wallboxes. Returns what is wrong with it (static; nothing is kept), NULL nothing. */
const char *card_book_one(struct card_book *b, struct card_entry *card);

/* Accepts a zeroed one. */
void card_book_drop(struct card_book *b);

/* One line of the table, and the line of names above it. */
void card_book_write_names(struct buffer *b);
void card_book_write_csv(struct buffer *b, const struct card_entry *card);

/* One element of the list; NULL: no memory. */
json_t *card_book_write_json(const struct card_entry *card);

/* An order for the store: put all cards of a book, with an entry in the audit trail. */
struct card_book_order {
    struct store_order order; /* first */
    const struct card_book *book;
    const char *who;
};

void card_book_order(struct card_book_order *o, const struct card_book *book, const char *who, void (*done)(struct store_order *order, enum rc rc));
