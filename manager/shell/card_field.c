#include "manager/shell/card_field.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "manager/shell/moment.h"
#include "proto/utf8.h"

const char *const card_column_name[CARD_COLUMN_N] = {"uid",     "identity",  "kind",      "name",      "colour",  "blocked",
                                                     "expires", "wallboxes", "departure", "needed_wh", "priority"};

/* Free text without control characters. */
static bool copy_free(char *out, size_t out_len, const char *text)
{
    return utf8_is_text(text, strlen(text) + 1) && text_copy(out, out_len, text) == RC_OK;
}

static bool parse_departure(const char *text, int16_t *out_min)
{
    int64_t hour;
    int64_t minute;
    char part[3] = {text[0], text[0] != '\0' ? text[1] : '\0', '\0'};

    if (strlen(text) != 5 || text[2] != ':') {
        return false;
    }
    hour = text_number(part, 23);
    minute = text_number(text + 3, 59);
    *out_min = (int16_t)(hour * 60 + minute);
    return hour >= 0 && minute >= 0;
}

/* Serials, with single spaces between them, into memory of the entry's own. */
const char *card_field_wallboxes(struct card_entry *c, const char *text)
{
    size_t len = strlen(text);
    char *own;
    size_t own_len = 0;

    if (len > CARD_WALLBOXES_LEN) {
        return "too many wallboxes";
    }
    own = calloc(1, len + 2);
    if (own == NULL) {
        return "no memory";
    }
    free((char *)(uintptr_t)c->wallboxes);
    c->wallboxes = own;
    for (const char *at = text + strspn(text, " "); *at != '\0';) { /* ends: goes on with each word */
        int n = (int)strcspn(at, " ");
        char serial[SERIAL_LEN];

        if (n >= SERIAL_LEN || snprintf(serial, sizeof serial, "%.*s", n, at) < 0 || !text_is_id(serial)) {
            return "serials of wallboxes are 1..32 of A-Z a-z 0-9 . _ -, separated by spaces";
        }
        own_len += (size_t)snprintf(own + own_len, len + 2 - own_len, "%s%s", own_len > 0 ? " " : "", serial);
        at += n;
        at += strspn(at, " ");
    }
    return NULL;
}

static const char *set_who(struct card_entry *c, enum card_column column, const char *text)
{
    if (column == CARD_COLUMN_UID) {
        return text[0] == '\0' || fleet_card_parse(text, &c->uid) == RC_OK ? NULL : "a UID has 4, 7, 8 or 10 bytes in hex digits";
    }
    return copy_free(c->identity, sizeof c->identity, text) ? NULL : "an identity has up to 64 bytes without control characters";
}

static const char *set_preset(struct card_entry *c, enum card_column column, const char *text)
{
    int64_t number = text_number(text, column == CARD_COLUMN_PRIORITY ? 9 : FLEET_CARD_NEEDED_WH_MAX);

    if (text[0] == '\0') {
        return NULL;
    }
    if (column == CARD_COLUMN_DEPARTURE) {
        return parse_departure(text, &c->departure_min) ? NULL : "departure is a time of day, HH:MM";
    }
    if (column == CARD_COLUMN_NEEDED) {
        c->needed_wh = (int32_t)number;
        return number > 0 ? NULL : "needed_wh is 1..1000000";
    }
    c->priority = (int8_t)number;
    return number >= 0 ? NULL : "priority is 0..9";
}

/* One value. Returns what is wrong, NULL nothing. */
const char *card_field_set(struct card_entry *c, enum card_column column, const char *text)
{
    switch (column) {
    case CARD_COLUMN_UID:
    case CARD_COLUMN_IDENTITY:
        return set_who(c, column, text);
    case CARD_COLUMN_KIND:
        c->kind = text[0] == '\0' ? CARD_USER : db_card_kind(text);
        return c->kind != CARD_UNSET ? NULL : "kind is user, master or setup";
    case CARD_COLUMN_NAME:
        return copy_free(c->name, sizeof c->name, text) ? NULL : "a name has up to 64 bytes without control characters";
    case CARD_COLUMN_COLOUR:
        return copy_free(c->colour, sizeof c->colour, text) ? NULL : "a colour has up to 32 bytes without control characters";
    case CARD_COLUMN_BLOCKED:
        c->is_blocked = text_same(text, "true");
        return c->is_blocked || text[0] == '\0' || text_same(text, "false") ? NULL : "blocked is true or false";
    case CARD_COLUMN_EXPIRES:
        return text[0] == '\0' || moment_parse(text, true, &c->expires_utc_ms) == RC_OK ? NULL : "expires is a date or a moment as in RFC 3339";
    case CARD_COLUMN_WALLBOXES:
        return card_field_wallboxes(c, text);
    case CARD_COLUMN_DEPARTURE:
    case CARD_COLUMN_NEEDED:
    case CARD_COLUMN_PRIORITY:
        return set_preset(c, column, text);
    case CARD_COLUMN_N:
        break;
    }
    return "no such column";
}

struct card_entry card_field_blank(void)
{
    return (struct card_entry){.kind = CARD_USER, .departure_min = -1, .priority = -1, .wallboxes = NULL};
}
