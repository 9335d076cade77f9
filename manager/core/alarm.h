/* Alarms (spec 08 8.1 "Be told"): which events somebody is to be told, when, and when he is told that they are over.
 *
 * Decided here: what is an alarm and of which class, what ends it, how long it must last, what waits for the end of quiet hours, how many
 * messages an hour may go out. Not here: words, mail and web (shell), what the wall clock shows (the shell says).
 * All that is due at a moment goes into one message: a switch that fails takes many wallboxes with it. What may not be told yet stays and
 * goes into a later message, so that a limit delays and never loses.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/rc.h"
#include "manager/core/event.h"

#define ALARM_OPEN_MAX 1280     /* alarms at a time: every wallbox lost, and room for others */
#define ALARM_ITEM_MAX 20       /* alarms that one message names; the others are counted */
#define ALARM_HOUR_MAX 60       /* most messages an hour that can be allowed */
#define ALARM_LEAST_MS 3600000  /* longest minimum time that can be asked for */
#define ALARM_HOUR_MS 3600000   /* window of the limit of messages */
#define ALARM_CALM_MS 3600000   /* what has no end is over when it did not happen again for so long */
#define ALARM_MINUTE_NONE (-1)  /* no quiet hours; or the wall clock is not known, then none are kept */
#define ALARM_DAY_MIN (24 * 60) /* minutes of a day */

/* In this order in settings and interface. */
enum alarm_class { ALARM_METER, ALARM_OFFLINE, ALARM_FAULT, ALARM_OVERLOAD, ALARM_STORAGE, ALARM_SECURITY, ALARM_DEPARTURE, ALARM_CLASS_N };

enum alarm_kind {
    ALARM_METER_LOST,         /* place: meter, code: enum meter_doubt */
    ALARM_BOX_LOST,           /* place: wallbox */
    ALARM_BOX_FAULT,          /* place: wallbox, code: fault */
    ALARM_OVERDRAW,           /* place: wallbox; happens */
    ALARM_OVER_LIMIT,         /* place: node, whose meter shows more than its limit */
    ALARM_STORE_FAILED,       /* nothing can be stored */
    ALARM_DATABASE_RECOVERED, /* happens */
    ALARM_RECORDS_LOST,       /* code: how many; happens */
    ALARM_SECOND_MANAGER,     /* place: wallbox; happens */
    ALARM_REJECTED,           /* code: enum reject_reason; happens */
    ALARM_LATE,               /* place: wallbox whose departure cannot be met */
    ALARM_KIND_N
};

enum alarm_when {
    ALARM_OFF,
    ALARM_BY_DAY, /* not in quiet hours */
    ALARM_ALWAYS,
    ALARM_WHEN_N
};

struct alarm_rules {
    enum alarm_when when[ALARM_CLASS_N];
    int16_t quiet_from_min; /* of the wall clock, 0..1439; ALARM_MINUTE_NONE: no quiet hours. They may go over midnight */
    int16_t quiet_to_min;   /* first minute after them; the same as quiet_from_min: no quiet hours */
    int32_t least_ms;       /* an alarm that can end must have lasted so long, 0..ALARM_LEAST_MS */
    uint8_t hour_n;         /* messages an hour, 1..ALARM_HOUR_MAX */
    bool tells_solved;
};

/* What has begun, has ended or has happened. */
struct alarm_item {
    enum alarm_kind kind;
    uint16_t place;
    uint16_t code;
    bool is_solved;
    int64_t since_utc_ms;
    int64_t ended_utc_ms; /* 0 it has not */
};

struct alarm_entry {
    struct alarm_item item;
    int64_t since_ms;
    int64_t last_ms; /* when it happened last */
    bool is_told;
    bool is_held; /* quiet hours or the limit of messages were in its way */
};

struct alarms {
    uint16_t n;
    struct alarm_entry entry[ALARM_OPEN_MAX]; /* in the order in which they began */
    uint8_t sent_n;
    int64_t sent_ms[ALARM_HOUR_MAX]; /* the last messages, oldest first */
    uint32_t dropped_n;              /* alarms for which there was no room */
};

struct alarm_message {
    bool is_summary; /* it names what quiet hours or the limit have held back */
    uint16_t item_n;
    struct alarm_item item[ALARM_ITEM_MAX];
    uint16_t more_n; /* further ones that it stands for */
    uint16_t open_n; /* alarms that are still open, those in the message included */
};

void alarms_init(struct alarms *a);

enum alarm_class alarm_class_of(enum alarm_kind kind);

/* Whether a kind has no end. */
bool alarm_happens(enum alarm_kind kind);

/* An event of the history: it begins or ends an alarm, or is none.
 *
 * box, meter  that it is about
 * utc_ms      0 nobody knows
 */
void alarms_event(struct alarms *a, const struct mfx_store *what, int64_t now_ms, int64_t utc_ms);

/* A note of the core that is no event of the history: likewise. */
void alarms_note(struct alarms *a, const struct mfx *note, int64_t now_ms, int64_t utc_ms);

/* A state that is or is not: begins an alarm, or ends it. Cheap when nothing changes. */
void alarms_level(struct alarms *a, enum alarm_kind kind, uint16_t place, bool is_on, int64_t now_ms, int64_t utc_ms);

/* Whether quiet hours are kept in a minute of the wall clock, 0..1439 or ALARM_MINUTE_NONE. */
bool alarm_is_quiet(const struct alarm_rules *rules, int16_t minute);

/* The message that is due. It counts as told; call again when it answers true.
 *
 * minute  of the wall clock, as above
 * False: nothing is due, *out is untouched.
 */
bool alarms_due(struct alarms *a, const struct alarm_rules *rules, int16_t minute, int64_t now_ms, struct alarm_message *out);
