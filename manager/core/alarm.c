#include "manager/core/alarm.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"

/* Which event begins and which ends an alarm. One that has no end happens. */
static const struct alarm_row {
    enum alarm_class class;
    enum event_kind begins; /* EVENT_UNSET: no event of the history does */
    enum event_kind ends;
    bool happens;
} rows[ALARM_KIND_N] = {
    [ALARM_METER_LOST] = {ALARM_METER, EVENT_METER_LOST, EVENT_METER_BACK, false},
    [ALARM_BOX_LOST] = {ALARM_OFFLINE, EVENT_BOX_LOST, EVENT_BOX_BACK, false},
    [ALARM_BOX_FAULT] = {ALARM_FAULT, EVENT_FAULT_RAISED, EVENT_FAULT_CLEARED, false},
    [ALARM_OVERDRAW] = {ALARM_OVERLOAD, EVENT_UNSET, EVENT_UNSET, true},
    [ALARM_OVER_LIMIT] = {ALARM_OVERLOAD, EVENT_UNSET, EVENT_UNSET, false},
    [ALARM_STORE_FAILED] = {ALARM_STORAGE, EVENT_STORE_FAILED, EVENT_STORE_BACK, false},
    [ALARM_DATABASE_RECOVERED] = {ALARM_STORAGE, EVENT_DATABASE_RECOVERED, EVENT_UNSET, true},
    [ALARM_RECORDS_LOST] = {ALARM_STORAGE, EVENT_RECORDS_LOST, EVENT_UNSET, true},
    [ALARM_SECOND_MANAGER] = {ALARM_SECURITY, EVENT_SECOND_MANAGER, EVENT_UNSET, true},
    [ALARM_REJECTED] = {ALARM_SECURITY, EVENT_UNSET, EVENT_UNSET, true},
    [ALARM_LATE] = {ALARM_DEPARTURE, EVENT_UNSET, EVENT_UNSET, false},
};

void alarms_init(struct alarms *a)
{
    memset(a, 0, sizeof *a);
}

enum alarm_class alarm_class_of(enum alarm_kind kind)
{
    CHECK(kind < ALARM_KIND_N);
    return rows[kind].class;
}

bool alarm_happens(enum alarm_kind kind)
{
    CHECK(kind < ALARM_KIND_N);
    return rows[kind].happens;
}

/* Kinds of which a place can have several at a time. Elsewhere the code only explains. */
static bool is_by_code(enum alarm_kind kind)
{
    return kind == ALARM_BOX_FAULT || kind == ALARM_REJECTED;
}

static struct alarm_entry *find(struct alarms *a, enum alarm_kind kind, uint16_t place, uint16_t code)
{
    for (uint16_t i = 0; i < a->n; i++) {
        const struct alarm_item *item = &a->entry[i].item;

        if (item->kind == kind && item->place == place && (!is_by_code(kind) || item->code == code)) {
            return &a->entry[i];
        }
    }
    return NULL;
}

static void drop(struct alarms *a, uint16_t at)
{
    CHECK(at < a->n);
    a->n--;
    memmove(&a->entry[at], &a->entry[at + 1], sizeof a->entry[0] * (size_t)(a->n - at));
}

static void begin(struct alarms *a, const struct alarm_item *item, int64_t now_ms)
{
    struct alarm_entry *e = find(a, item->kind, item->place, item->code);

    if (e != NULL) { /* back before its end was told: nobody needs to hear of either */
        e->item.is_solved = false;
        e->item.ended_utc_ms = 0;
        e->last_ms = now_ms;
    } else if (a->n == ALARM_OPEN_MAX) {
        a->dropped_n++;
    } else {
        a->entry[a->n++] = (struct alarm_entry){.item = *item, .since_ms = now_ms, .last_ms = now_ms};
    }
}

static void end(struct alarms *a, const struct alarm_item *item, int64_t utc_ms)
{
    struct alarm_entry *e = find(a, item->kind, item->place, item->code);

    if (e == NULL || e->item.is_solved) {
        return;
    }
    if (!e->is_told) {
        drop(a, (uint16_t)(e - a->entry));
        return;
    }
    e->item.is_solved = true;
    e->item.ended_utc_ms = utc_ms;
}

void alarms_event(struct alarms *a, const struct mfx_store *what, int64_t now_ms, int64_t utc_ms)
{
    if (what->kind != MSTORE_EVENT || what->event.kind == EVENT_UNSET) {
        return;
    }
    for (int k = 0; k < ALARM_KIND_N; k++) {
        struct alarm_item item = {.kind = (enum alarm_kind)k, .code = what->event.code, .since_utc_ms = utc_ms};

        item.place = item.kind == ALARM_METER_LOST ? what->event.meter : what->box;
        if (rows[k].begins == what->event.kind) {
            begin(a, &item, now_ms);
        } else if (rows[k].ends == what->event.kind) {
            end(a, &item, utc_ms);
        }
    }
}

void alarms_note(struct alarms *a, const struct mfx *note, int64_t now_ms, int64_t utc_ms)
{
    struct alarm_item item = {.since_utc_ms = utc_ms};

    CHECK(note->kind == MFX_NOTE);
    if (note->note.kind == MNOTE_OVERDRAW) {
        item.kind = ALARM_OVERDRAW;
        item.place = note->note.box;
    } else if (note->note.kind == MNOTE_REJECTED) {
        item.kind = ALARM_REJECTED;
        item.place = BOX_MAX;
        item.code = (uint16_t)note->note.a;
    } else {
        return;
    }
    begin(a, &item, now_ms);
}

void alarms_level(struct alarms *a, enum alarm_kind kind, uint16_t place, bool is_on, int64_t now_ms, int64_t utc_ms)
{
    struct alarm_item item = {.kind = kind, .place = place, .since_utc_ms = utc_ms};

    if (is_on) {
        begin(a, &item, now_ms);
    } else {
        end(a, &item, utc_ms);
    }
}

bool alarm_is_quiet(const struct alarm_rules *rules, int16_t minute)
{
    int16_t from = rules->quiet_from_min;
    int16_t to = rules->quiet_to_min;

    if (minute == ALARM_MINUTE_NONE || from == ALARM_MINUTE_NONE || to == ALARM_MINUTE_NONE || from == to) {
        return false;
    }
    return from < to ? minute >= from && minute < to : minute >= from || minute < to;
}

/* Forget what is over and what nobody will be told. */
static void tidy(struct alarms *a, const struct alarm_rules *rules, int64_t now_ms)
{
    uint16_t kept_n = 0;

    for (uint16_t i = 0; i < a->n; i++) {
        const struct alarm_entry *e = &a->entry[i];
        bool is_off = rules->when[rows[e->item.kind].class] == ALARM_OFF;
        bool is_calm = rows[e->item.kind].happens && (e->is_told || is_off) && now_ms - e->last_ms >= ALARM_CALM_MS;
        bool is_unwanted = e->item.is_solved && (is_off || !rules->tells_solved);

        if (!is_calm && !is_unwanted) {
            a->entry[kept_n++] = *e;
        }
    }
    a->n = kept_n;
}

static bool wants_telling(const struct alarm_entry *e, const struct alarm_rules *rules, int64_t now_ms)
{
    const struct alarm_row *row = &rows[e->item.kind];

    if (rules->when[row->class] == ALARM_OFF) {
        return false;
    }
    return e->is_told ? e->item.is_solved : row->happens || now_ms - e->since_ms >= rules->least_ms;
}

static bool may_tell(struct alarms *a, const struct alarm_rules *rules, int64_t now_ms)
{
    uint8_t old_n = 0;

    while (old_n < a->sent_n && now_ms - a->sent_ms[old_n] >= ALARM_HOUR_MS) {
        old_n++;
    }
    a->sent_n = (uint8_t)(a->sent_n - old_n);
    memmove(a->sent_ms, a->sent_ms + old_n, sizeof a->sent_ms[0] * a->sent_n);
    return a->sent_n < rules->hour_n;
}

/* Take what is due into the message; entries that were told as solved leave. */
static void gather(struct alarms *a, const struct alarm_rules *rules, bool is_quiet, int64_t now_ms, struct alarm_message *out)
{
    uint16_t kept_n = 0;

    for (uint16_t i = 0; i < a->n; i++) {
        struct alarm_entry *e = &a->entry[i];
        bool is_now = wants_telling(e, rules, now_ms) && (!is_quiet || rules->when[rows[e->item.kind].class] == ALARM_ALWAYS);

        if (is_now && out->item_n < ALARM_ITEM_MAX) {
            out->item[out->item_n++] = e->item;
        } else if (is_now) {
            out->more_n++;
        }
        out->is_summary = out->is_summary || (is_now && e->is_held);
        e->is_told = e->is_told || is_now;
        e->is_held = e->is_held && !is_now;
        if (!(is_now && e->item.is_solved)) {
            a->entry[kept_n++] = *e;
        }
    }
    a->n = kept_n;
}

bool alarms_due(struct alarms *a, const struct alarm_rules *rules, int16_t minute, int64_t now_ms, struct alarm_message *out)
{
    struct alarm_message message = {0};
    bool is_quiet = alarm_is_quiet(rules, minute);
    bool may;
    bool is_any = false;

    CHECK(rules->hour_n >= 1);
    CHECK(rules->hour_n <= ALARM_HOUR_MAX);
    tidy(a, rules, now_ms);
    may = may_tell(a, rules, now_ms);
    for (uint16_t i = 0; i < a->n; i++) {
        struct alarm_entry *e = &a->entry[i];
        bool is_wanted = wants_telling(e, rules, now_ms);
        bool is_now = may && (!is_quiet || rules->when[rows[e->item.kind].class] == ALARM_ALWAYS);

        is_any = is_any || (is_wanted && is_now);
        e->is_held = e->is_held || (is_wanted && !is_now);
    }
    if (!is_any) {
        return false;
    }
    gather(a, rules, is_quiet, now_ms, &message);
    for (uint16_t i = 0; i < a->n; i++) {
        message.open_n = (uint16_t)(message.open_n + (!rows[a->entry[i].item.kind].happens && !a->entry[i].item.is_solved && a->entry[i].is_told ? 1 : 0));
    }
    a->sent_ms[a->sent_n++] = now_ms;
    *out = message;
    return true;
}
