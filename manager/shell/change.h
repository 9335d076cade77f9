/* A change of the database that somebody asked for over HTTP: carried out by the store's worker in one transaction, with its entry in the
 * audit trail. It is made from a request (routes_cards), waits in an errand, goes to the store by the desk, and belongs to the store until done.
 * Pairing changes files beside the database, as the last step.
 *
 * Decided here: what is changed, and what the audit trail says of it. Not here: who may (routes), the form of a card (card_field, card_book).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/limits.h"
#include "manager/shell/card_book.h"
#include "manager/shell/store.h"
#include "manager/shell/trust.h"

enum change_kind {
    CHANGE_CARD_ADD,    /* one that is not known yet */
    CHANGE_CARD_PUT,    /* in place of what is known of it */
    CHANGE_CARD_DELETE, /* likewise taken out */
    CHANGE_CARDS_PUT,   /* all of a table: added, or changed */
    CHANGE_EVENT_SEEN,  /* an event is acknowledged */
    CHANGE_DOCUMENT,    /* another site document counts */
    CHANGE_NOTE,        /* it was done elsewhere: an entry in the audit trail, nothing else */
    CHANGE_TARIFF_PUT,  /* new prices, from now on */
    CHANGE_CODES_PUT,   /* setup codes of wallboxes that are to be paired */
    CHANGE_PAIRED,      /* a wallbox has proven to know its code: its key is pinned, the code forgotten */
    CHANGE_UNPAIR       /* its pin and its code, whichever there are, are taken away */
};

#define CHANGE_WHAT_LEN 32

struct change {
    struct store_order order; /* first */
    void *owner;              /* free for whoever gives it to the store */
    enum change_kind kind;
    char who[NAME_LEN];
    struct card_book book; /* the cards; one, but for CHANGE_CARDS_PUT. Of one that is deleted its uid or identity counts */
    int64_t event_number;
    struct tariff tariff; /* passed tariff_check */
    char *document;       /* of CHANGE_DOCUMENT; owned */
    /* What the audit trail says of CHANGE_DOCUMENT and CHANGE_NOTE. */
    char what[CHANGE_WHAT_LEN];
    char subject[NAME_LEN]; /* empty: none */
    char *before;           /* JSON; NULL none; owned; so the next */
    char *after;
    /* Of pairing, whose wallbox is the subject. */
    const char *dir;                /* data directory, whose files are changed as part of the transaction; kept */
    uint8_t key[IDENTITY_HASH_LEN]; /* of CHANGE_PAIRED */
    struct setup_codes *codes;      /* of CHANGE_CODES_PUT; owned; NULL none */
};

/* An empty one; NULL: no memory. Given back with change_free. */
struct change *change_new(enum change_kind kind);

/* One of CHANGE_NOTE or, with a document, of CHANGE_DOCUMENT; NULL: no memory.
 *
 * who, what, subject  copied, cut when they are too long; subject may be NULL
 * before, after       taken, NULL none
 * document            taken, NULL none
 */
struct change *change_note(const char *who, const char *what, const char *subject, json_t *before, json_t *after, char *document);

/* One of CHANGE_PAIRED: the wallbox of this serial number holds this key. dir is kept. NULL: no memory. */
struct change *change_paired(const char *dir, const char *serial, const uint8_t key[IDENTITY_HASH_LEN]);

/* NULL is harmless. */
void change_free(struct change *c);

/* Whether the list of cards is another one afterwards. */
bool change_is_of_cards(const struct change *c);

/* What store_order carries out (order.run, set by change_new): RC_OK; RC_REFUSED: the card that is to be added is known; RC_MISSING: the card,
 * event or wallbox is not known, or the event was acknowledged before; RC_FULL: no room for more cards or codes; RC_STALE: the clock is not set,
 * so that nobody knows from when on prices are valid; RC_IO. */
