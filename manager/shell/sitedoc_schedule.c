#include "manager/shell/sitedoc_schedule.h"

#include <stdio.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"

#define DAYS_N 7
#define DAYS_ALL 127
#define LIMIT_W_MAX 100000000
#define WINDOWS_PER_NODE WINDOW_MAX

static const char *const day_texts[DAYS_N] = {"mon", "tue", "wed", "thu", "fri", "sat", "sun"};
static const char *const window_keys[] = {"days", "from", "to", "limit_ma", "limit_w", NULL};

static void read_days(const struct place *at, uint8_t *out)
{
    const json_t *list = json_object_get(at->object, "days");
    unsigned days = 0;

    *out = DAYS_ALL;
    if (list == NULL) {
        return;
    }
    for (size_t i = 0; i < json_array_size(list) && i < DAYS_N; i++) {
        const char *text = json_string_value(json_array_get(list, i));

        for (unsigned d = 0; text != NULL && d < DAYS_N; d++) {
            days |= text_same(text, day_texts[d]) ? 1u << d : 0;
        }
    }
    if (json_array_size(list) == 0 || (size_t)__builtin_popcount(days) != json_array_size(list)) {
        read_error(at, "days", "must be a list of mon, tue, wed, thu, fri, sat, sun, each at most once");
        return;
    }
    *out = (uint8_t)days;
}

/* "HH:MM" as a minute of the day. */
static void read_minute(const struct place *at, const char *key, int most_min, uint16_t *out)
{
    const char *text = read_text(at, key);
    bool is_form = text != NULL && strlen(text) == 5 && text[2] == ':';
    int minute = 0;

    for (int i = 0; i < 5 && is_form; i++) {
        is_form = i == 2 || (text[i] >= '0' && text[i] <= '9');
    }
    if (is_form) {
        minute = ((text[0] - '0') * 10 + text[1] - '0') * 60 + (text[3] - '0') * 10 + text[4] - '0';
        is_form = minute <= most_min && text[3] < '6';
    }
    if (text != NULL && !is_form) {
        read_error(at, key, "must be a time from 00:00 to %02d:%02d, is \"%.16s\"", most_min / 60, most_min % 60, text);
    }
    *out = (uint16_t)(is_form ? minute : 0);
}

static void read_window(const struct place *at, uint16_t node, struct site_window *out)
{
    const json_t *watts = json_object_get(at->object, "limit_w");

    *out = (struct site_window){.node = node, .limit_ma = {MA_UNSET, MA_UNSET, MA_UNSET}};
    read_refuse_unknown(at, window_keys);
    read_days(at, &out->days);
    read_minute(at, "from", 1439, &out->from_min);
    read_minute(at, "to", 1440, &out->to_min);
    read_phases_ma(at, "limit_ma", 0, true, out->limit_ma);
    if (watts != NULL && !read_is_within(watts, 1, LIMIT_W_MAX)) {
        read_error(at, "limit_w", "must be 1..%d, is %s", LIMIT_W_MAX, shown(watts).text);
    } else if (watts != NULL) {
        out->limit_w = (int32_t)json_integer_value(watts);
    }
    if (watts == NULL && json_object_get(at->object, "limit_ma") == NULL) {
        read_error(at, "limit_ma", "missing: a window limits amperes (limit_ma), watts (limit_w) or both");
    }
}

void sitedoc_schedule_read(const struct place *at, uint16_t node, struct site *out)
{
    const json_t *list = read_list(at, "schedule", WINDOWS_PER_NODE);

    for (size_t i = 0; i < json_array_size(list); i++) {
        struct place window;

        if (out->window_n == WINDOW_MAX) {
            read_error(at, "schedule", "all nodes together may have %d windows", WINDOW_MAX);
            return;
        }
        if (place_item(at, "schedule", i, &window)) {
            read_window(&window, node, &out->window[out->window_n]);
            out->window_n++;
        }
    }
}

static json_t *minute_json(uint16_t minute)
{
    char text[8];

    (void)snprintf(text, sizeof text, "%02u:%02u", minute / 60u, minute % 60u);
    return json_string(text);
}

/* json_pack fails for want of memory only, and then gives NULL. */
static json_t *window_json(const struct site_window *w)
{
    json_t *o = json_pack("{s:[], s:o, s:o}", "days", "from", minute_json(w->from_min), "to", minute_json(w->to_min));
    int failed = o == NULL;

    for (unsigned d = 0; d < DAYS_N && !failed; d++) {
        failed = (w->days >> d & 1u) != 0 && json_array_append_new(json_object_get(o, "days"), json_string(day_texts[d])) != 0;
    }
    if (!failed && w->limit_ma[0] != MA_UNSET) {
        failed = json_object_set_new(o, "limit_ma", json_pack("[iii]", w->limit_ma[0], w->limit_ma[1], w->limit_ma[2])) != 0;
    }
    if (!failed && w->limit_w > 0) {
        failed = json_object_set_new(o, "limit_w", json_integer(w->limit_w)) != 0;
    }
    CHECK(!failed);
    return o;
}

json_t *sitedoc_schedule_write(const struct site *site, uint16_t node)
{
    json_t *list = NULL;

    for (uint16_t i = 0; i < site->window_n; i++) {
        if (site->window[i].node == node) {
            int failed;

            list = list != NULL ? list : json_array();
            failed = json_array_append_new(list, window_json(&site->window[i]));
            CHECK(failed == 0);
        }
    }
    return list;
}
