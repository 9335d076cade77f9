/* The fields of a card as text: which there are, and what may stand in each (card_book says what they mean). */
#pragma once

#include "common/base/limits.h"
#include "manager/shell/db.h"

#define CARD_WALLBOXES_LEN (BOX_MAX * SERIAL_LEN) /* longest list of serials as text */

enum card_column {
    CARD_COLUMN_UID,
    CARD_COLUMN_IDENTITY,
    CARD_COLUMN_KIND,
    CARD_COLUMN_NAME,
    CARD_COLUMN_COLOUR,
    CARD_COLUMN_BLOCKED,
    CARD_COLUMN_EXPIRES,
    CARD_COLUMN_WALLBOXES,
    CARD_COLUMN_DEPARTURE,
    CARD_COLUMN_NEEDED,
    CARD_COLUMN_PRIORITY,
    CARD_COLUMN_N
};

/* Names, in that order. */
extern const char *const card_column_name[CARD_COLUMN_N];

/* An entry with nothing set. Its `wallboxes` are NULL until they are set, and then memory that is given back with free. */
struct card_entry card_field_blank(void);

/* Set one field. Returns what is wrong with the text (static), NULL nothing. */
const char *card_field_set(struct card_entry *c, enum card_column column, const char *text);
const char *card_field_wallboxes(struct card_entry *c, const char *text);
