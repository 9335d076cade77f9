#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/os/clock.h"
#include "manager/shell/card_book.h"
#include "manager/shell/csv.h"

struct shown {
    char uid[FLEET_CARD_TEXT_LEN];
    char expires[25];
    char departure[8];
    char needed[16];
    char priority[8];
};

static void show(const struct card_entry *c, struct shown *out)
{
    *out = (struct shown){0};
    fleet_card_text(&c->uid, out->uid);
    if (c->expires_utc_ms != 0) {
        clock_format_utc(c->expires_utc_ms, out->expires);
    }
    if (c->departure_min >= 0) {
        (void)snprintf(out->departure, sizeof out->departure, "%02d:%02d", c->departure_min / 60 % 24, c->departure_min % 60);
    }
    if (c->needed_wh > 0) {
        (void)snprintf(out->needed, sizeof out->needed, "%d", c->needed_wh);
    }
    if (c->priority >= 0) {
        (void)snprintf(out->priority, sizeof out->priority, "%d", c->priority);
    }
}

void card_book_write_names(struct buffer *b)
{
    buffer_add(b, "uid,identity,kind,name,colour,blocked,expires,wallboxes,departure,needed_wh,priority");
    csv_end_record(b);
}

void card_book_write_csv(struct buffer *b, const struct card_entry *c)
{
    struct shown s;

    show(c, &s);
    csv_add(b, ',', true, s.uid);
    csv_add(b, ',', false, c->identity);
    csv_add(b, ',', false, db_card_kind_text(c->kind));
    csv_add(b, ',', false, c->name);
    csv_add(b, ',', false, c->colour);
    csv_add(b, ',', false, c->is_blocked ? "true" : "false");
    csv_add(b, ',', false, s.expires);
    csv_add(b, ',', false, c->wallboxes);
    csv_add(b, ',', false, s.departure);
    csv_add(b, ',', false, s.needed);
    csv_add(b, ',', false, s.priority);
    csv_end_record(b);
}

static json_t *text_or_null(const char *text)
{
    return text[0] != '\0' ? json_string(text) : json_null();
}

static json_t *split(const char *wallboxes)
{
    json_t *list = json_array();

    for (const char *at = wallboxes; *at != '\0' && list != NULL;) { /* ends: goes on with each word */
        size_t n = strcspn(at, " ");

        if (json_array_append_new(list, json_stringn(at, n)) != 0) {
            json_decref(list);
            return NULL;
        }
        at += n;
        at += strspn(at, " ");
    }
    return list;
}

json_t *card_book_write_json(const struct card_entry *c)
{
    struct shown s;

    show(c, &s);
    return json_pack("{s:o, s:o, s:s, s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o}", "uid", text_or_null(s.uid), "identity", text_or_null(c->identity), "kind",
                     db_card_kind_text(c->kind), "name", c->name, "colour", c->colour, "blocked", c->is_blocked, "expires", text_or_null(s.expires),
                     "wallboxes", split(c->wallboxes), "departure", text_or_null(s.departure), "needed_wh",
                     c->needed_wh > 0 ? json_integer(c->needed_wh) : json_null(), "priority", c->priority >= 0 ? json_integer(c->priority) : json_null());
}
