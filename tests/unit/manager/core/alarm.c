/* Who is told what, and when (spec 08 8.1 "Be told"). */
#include "manager/core/alarm.h"

#include <criterion/criterion.h>

TestSuite(alarm, .timeout = 10);

#define SECOND INT64_C(1000)
#define HOUR INT64_C(3600000)
#define NOON (12 * 60)
#define NIGHT (2 * 60)

static struct alarms alarms;
static struct alarm_message message;

static struct alarm_rules usual(void)
{
    struct alarm_rules r = {.quiet_from_min = 22 * 60, .quiet_to_min = 6 * 60, .least_ms = 60 * SECOND, .hour_n = 10, .tells_solved = true};

    for (int i = 0; i < ALARM_CLASS_N; i++) {
        r.when[i] = ALARM_BY_DAY;
    }
    alarms_init(&alarms);
    return r;
}

static void event(enum event_kind kind, uint16_t box, uint16_t code, int64_t now_ms)
{
    struct mfx_store what = {.kind = MSTORE_EVENT, .box = box, .event = {.kind = kind, .code = code, .meter = 3}};

    alarms_event(&alarms, &what, now_ms, 1000000 + now_ms);
}

static void note(enum mnote_kind kind, uint16_t box, int64_t a, int64_t now_ms)
{
    struct mfx fx = {.kind = MFX_NOTE, .note = {.kind = kind, .box = box, .a = a}};

    alarms_note(&alarms, &fx, now_ms, 1000000 + now_ms);
}

static bool due(const struct alarm_rules *r, int16_t minute, int64_t now_ms)
{
    message = (struct alarm_message){0};
    return alarms_due(&alarms, r, minute, now_ms, &message);
}

Test(alarm, each_event_of_trouble_has_a_class_and_ends_by_its_opposite)
{
    static const struct {
        enum event_kind begins;
        enum event_kind ends;
        enum alarm_class class;
    } pairs[] = {{EVENT_METER_LOST, EVENT_METER_BACK, ALARM_METER},
                 {EVENT_BOX_LOST, EVENT_BOX_BACK, ALARM_OFFLINE},
                 {EVENT_FAULT_RAISED, EVENT_FAULT_CLEARED, ALARM_FAULT},
                 {EVENT_STORE_FAILED, EVENT_STORE_BACK, ALARM_STORAGE}};

    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        struct alarm_rules r = usual();

        event(pairs[i].begins, 5, 7, 0);
        cr_expect(due(&r, NOON, 60 * SECOND));
        cr_expect_eq(alarm_class_of(message.item[0].kind), pairs[i].class);
        event(pairs[i].ends, 5, 7, 70 * SECOND);
        cr_expect(due(&r, NOON, 70 * SECOND));
        cr_expect(message.item[0].is_solved);
        cr_expect_eq(message.item[0].ended_utc_ms, 1000000 + 70 * SECOND);
        cr_expect_eq(alarms.n, 0);
    }
}

Test(alarm, what_has_no_end_is_told_at_once_and_again_only_after_an_hour_of_calm)
{
    struct alarm_rules r = usual();

    note(MNOTE_REJECTED, 0, REJECT_UNKNOWN_SERIAL, 0);
    note(MNOTE_OVERDRAW, 4, 0, 0);
    event(EVENT_SECOND_MANAGER, 2, 0, 0);
    cr_expect(due(&r, NOON, 0));
    cr_expect_eq(message.item_n, 3);
    cr_expect_eq(message.open_n, 0);
    note(MNOTE_REJECTED, 0, REJECT_UNKNOWN_SERIAL, 30 * 60 * SECOND);
    cr_expect_not(due(&r, NOON, HOUR));
    cr_expect_eq(alarms.n, 1); /* the one that happened again */
    cr_expect_not(due(&r, NOON, 90 * 60 * SECOND));
    note(MNOTE_REJECTED, 0, REJECT_UNKNOWN_SERIAL, 91 * 60 * SECOND);
    cr_expect(due(&r, NOON, 91 * 60 * SECOND));
}

Test(alarm, other_events_and_notes_are_none)
{
    struct alarm_rules r = usual();

    event(EVENT_BOX_BACK, 1, 0, 0);
    event(EVENT_UNSET, 1, 0, 0);
    note(MNOTE_CUT, 1, 0, 0);
    note(MNOTE_JOINED, 1, 0, 0);
    cr_expect_eq(alarms.n, 0);
    cr_expect_not(due(&r, NOON, HOUR));
}

Test(alarm, a_link_lost_for_three_seconds_is_told_to_nobody)
{
    struct alarm_rules r = usual();

    event(EVENT_BOX_LOST, 1, 0, 0);
    cr_expect_not(due(&r, NOON, 3 * SECOND));
    event(EVENT_BOX_BACK, 1, 0, 3 * SECOND);
    cr_expect_not(due(&r, NOON, 2 * HOUR));
}

Test(alarm, the_minimum_time_ends_at_its_millisecond)
{
    struct alarm_rules r = usual();

    event(EVENT_BOX_LOST, 1, 0, 0);
    cr_expect_not(due(&r, NOON, 60 * SECOND - 1));
    cr_expect(due(&r, NOON, 60 * SECOND));
    cr_expect_not(due(&r, NOON, HOUR), "told once");
}

Test(alarm, solved_is_told_only_when_wanted_and_only_of_what_was_told)
{
    struct alarm_rules r = usual();

    r.tells_solved = false;
    event(EVENT_METER_LOST, 0, 0, 0);
    cr_expect(due(&r, NOON, 60 * SECOND));
    event(EVENT_METER_BACK, 0, 0, 61 * SECOND);
    cr_expect_not(due(&r, NOON, 61 * SECOND));
    cr_expect_eq(alarms.n, 0);
}

Test(alarm, what_comes_back_before_its_end_was_told_is_not_told_anew)
{
    struct alarm_rules r = usual();

    event(EVENT_METER_LOST, 0, 0, 0);
    cr_expect(due(&r, NOON, 60 * SECOND));
    event(EVENT_METER_BACK, 0, 0, 61 * SECOND);
    event(EVENT_METER_LOST, 0, 0, 62 * SECOND);
    cr_expect_not(due(&r, NOON, HOUR));
}

Test(alarm, faults_of_one_wallbox_are_told_apart)
{
    struct alarm_rules r = usual();

    event(EVENT_FAULT_RAISED, 1, 7, 0);
    event(EVENT_FAULT_RAISED, 1, 8, 0);
    event(EVENT_FAULT_CLEARED, 1, 7, SECOND);
    cr_expect(due(&r, NOON, 60 * SECOND));
    cr_expect_eq(message.item_n, 1);
    cr_expect_eq(message.item[0].code, 8);
}

Test(alarm, quiet_hours_go_over_midnight)
{
    struct alarm_rules r = usual();

    cr_expect_not(alarm_is_quiet(&r, 22 * 60 - 1));
    cr_expect(alarm_is_quiet(&r, 22 * 60));
    cr_expect(alarm_is_quiet(&r, ALARM_DAY_MIN - 1));
    cr_expect(alarm_is_quiet(&r, 0));
    cr_expect(alarm_is_quiet(&r, 6 * 60 - 1));
    cr_expect_not(alarm_is_quiet(&r, 6 * 60));
    r.quiet_from_min = 12 * 60;
    r.quiet_to_min = 13 * 60;
    cr_expect(alarm_is_quiet(&r, 12 * 60));
    cr_expect_not(alarm_is_quiet(&r, 13 * 60));
}

Test(alarm, without_quiet_hours_or_a_clock_nothing_is_held)
{
    struct alarm_rules r = usual();

    cr_expect_not(alarm_is_quiet(&r, ALARM_MINUTE_NONE));
    r.quiet_to_min = r.quiet_from_min;
    cr_expect_not(alarm_is_quiet(&r, r.quiet_from_min));
    r.quiet_from_min = ALARM_MINUTE_NONE;
    cr_expect_not(alarm_is_quiet(&r, 0));
}

Test(alarm, after_quiet_hours_a_summary_names_what_is_still_open)
{
    struct alarm_rules r = usual();

    event(EVENT_METER_LOST, 0, 0, 0);
    event(EVENT_BOX_LOST, 1, 0, 0);
    cr_expect_not(due(&r, NIGHT, HOUR));
    event(EVENT_BOX_BACK, 1, 0, HOUR);
    cr_expect_not(due(&r, NIGHT, 2 * HOUR));
    cr_expect(due(&r, 6 * 60, 3 * HOUR));
    cr_expect(message.is_summary);
    cr_expect_eq(message.item_n, 1);
    cr_expect_eq(message.item[0].kind, ALARM_METER_LOST);
    cr_expect_eq(message.open_n, 1);
}

Test(alarm, an_end_in_quiet_hours_is_told_after_them)
{
    struct alarm_rules r = usual();

    event(EVENT_METER_LOST, 0, 0, 0);
    cr_expect(due(&r, NOON, HOUR));
    event(EVENT_METER_BACK, 0, 0, 2 * HOUR);
    cr_expect_not(due(&r, NIGHT, 2 * HOUR));
    cr_expect(due(&r, 6 * 60, 3 * HOUR));
    cr_expect(message.item[0].is_solved);
}

Test(alarm, a_class_may_be_told_in_quiet_hours_or_never)
{
    struct alarm_rules r = usual();

    r.when[ALARM_METER] = ALARM_ALWAYS;
    r.when[ALARM_OFFLINE] = ALARM_OFF;
    event(EVENT_METER_LOST, 0, 0, 0);
    event(EVENT_BOX_LOST, 1, 0, 0);
    cr_expect(due(&r, NIGHT, HOUR));
    cr_expect_eq(message.item_n, 1);
    cr_expect_not(message.is_summary);
    cr_expect_not(due(&r, NOON, 2 * HOUR));
    r.when[ALARM_OFFLINE] = ALARM_BY_DAY;
    cr_expect(due(&r, NOON, 2 * HOUR), "it is still open");
}

Test(alarm, more_messages_than_allowed_wait_and_are_lost_to_nobody)
{
    struct alarm_rules r = usual();

    r.hour_n = 2;
    r.least_ms = 0;
    for (uint16_t box = 0; box < 5; box++) {
        event(EVENT_BOX_LOST, box, 0, box * SECOND);
        cr_expect_eq(due(&r, NOON, box * SECOND), box < 2);
    }
    cr_expect_not(due(&r, NOON, HOUR - 1));
    cr_expect(due(&r, NOON, HOUR));
    cr_expect(message.is_summary);
    cr_expect_eq(message.item_n, 3);
    cr_expect_eq(message.open_n, 5);
}

Test(alarm, one_message_stands_for_all_that_is_due)
{
    struct alarm_rules r = usual();

    for (uint16_t box = 0; box < ALARM_ITEM_MAX + 5; box++) {
        event(EVENT_BOX_LOST, box, 0, 0);
    }
    cr_expect(due(&r, NOON, HOUR));
    cr_expect_eq(message.item_n, ALARM_ITEM_MAX);
    cr_expect_eq(message.more_n, 5);
    cr_expect_eq(message.open_n, ALARM_ITEM_MAX + 5);
    cr_expect_not(due(&r, NOON, HOUR));
}

Test(alarm, a_full_table_counts_what_it_cannot_take)
{
    struct alarm_rules r = usual();

    for (uint16_t i = 0; i < ALARM_OPEN_MAX; i++) {
        event(EVENT_FAULT_RAISED, (uint16_t)(i % BOX_MAX), (uint16_t)(1 + i / BOX_MAX), 0);
    }
    cr_expect_eq(alarms.dropped_n, 0);
    event(EVENT_METER_LOST, 0, 0, 0);
    cr_expect_eq(alarms.dropped_n, 1);
    cr_expect_eq(alarms.n, ALARM_OPEN_MAX);
    cr_expect(due(&r, NOON, HOUR));
}

Test(alarm, a_level_begins_once_and_ends)
{
    struct alarm_rules r = usual();

    alarms_level(&alarms, ALARM_LATE, 9, false, 0, 1);
    cr_expect_eq(alarms.n, 0);
    alarms_level(&alarms, ALARM_LATE, 9, true, 0, 1);
    alarms_level(&alarms, ALARM_LATE, 9, true, SECOND, 2);
    cr_expect_eq(alarms.n, 1);
    cr_expect(due(&r, NOON, 60 * SECOND));
    cr_expect_eq(message.item[0].since_utc_ms, 1);
    alarms_level(&alarms, ALARM_LATE, 9, false, 61 * SECOND, 3);
    cr_expect(due(&r, NOON, 61 * SECOND));
    cr_expect(message.item[0].is_solved);
}
