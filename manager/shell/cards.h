/* The list of cards as the core uses it, read from the database at the start and whenever cards have changed.
 *
 * Decided here: the form (fleet_cards, in the order of the database) and its version, a checksum of its content. Not here: who may charge.
 * Loop only; reading happens on the store's worker.
 */
#pragma once

#include <stdbool.h>

#include "manager/core/card.h"
#include "manager/core/site.h"
#include "manager/shell/store.h"

struct cards {
    struct store_order order; /* first */
    struct store *store;
    const struct site *site;
    struct fleet_cards list;    /* in force */
    struct fleet_card *old;     /* of the list before: whoever got that has the new one by the time it is freed */
    struct fleet_card *at;      /* of the list in force */
    struct fleet_card *reading; /* [FLEET_CARD_MAX] while an order is under way; the worker's */
    uint16_t reading_n;
    bool is_reading;
    bool is_wanted; /* once more, when that is done */
    void (*on_list)(void *user, const struct fleet_cards *list);
    void *user;
};

/* store and site are kept; on_list gets each new list, the first from cards_load. */
void cards_init(struct cards *c, struct store *store, const struct site *site, void (*on_list)(void *user, const struct fleet_cards *list), void *user);

/* Read the list. Blocks; before store_start only. RC_IO: it cannot be read or there is no memory: logged. */
MUST_USE enum rc cards_load(struct cards *c);

/* Cards have changed, or will have when what is queued is written: read them behind it. */
void cards_reload(struct cards *c);

/* One entry as the core has it. Wallboxes that are not of the site are left out. */
struct card_entry;
void cards_convert(const struct site *site, const struct card_entry *entry, struct fleet_card *out);

/* After the store was closed. */
void cards_deinit(struct cards *c);
