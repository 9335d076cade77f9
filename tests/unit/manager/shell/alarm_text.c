/* Alarms in words (spec 08 8.1 "Be told"). */
#include "manager/shell/alarm_text.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "common/os/clock.h"

TestSuite(alarm_text, .timeout = 10);

#define NEW_YEAR INT64_C(1767225600000) /* 2026-01-01T00:00:00Z */

static struct site site;

static void make_site(void)
{
    memset(&site, 0, sizeof site);
    site.node_n = site.box_n = site.meter_n = 1;
    (void)snprintf(site.node[0].id, sizeof site.node[0].id, "%s", "grid");
    (void)snprintf(site.meter[0].id, sizeof site.meter[0].id, "%s", "house");
    (void)snprintf(site.box[0].serial, sizeof site.box[0].serial, "%s", "W1");
}

static const char *words(enum lang lang, enum alarm_kind kind, uint16_t code)
{
    static char out[256];
    struct alarm_item item = {.kind = kind, .code = code};

    cr_assert_eq(alarm_text_item(&site, lang, &item, out, sizeof out), RC_OK);
    return out;
}

Test(alarm_text, every_alarm_has_words_of_its_own_in_every_language)
{
    make_site();
    for (int lang = 0; lang < LANG_N; lang++) {
        for (int kind = 0; kind < ALARM_KIND_N; kind++) {
            char first[256];

            (void)snprintf(first, sizeof first, "%s", words((enum lang)lang, (enum alarm_kind)kind, 7));
            cr_expect_gt(strlen(first), 10);
            cr_expect_null(strstr(first, "%"));
            for (int other = 0; other < kind; other++) {
                cr_expect_str_neq(first, words((enum lang)lang, (enum alarm_kind)other, 7));
            }
        }
    }
}

Test(alarm_text, the_place_is_named_as_people_named_it)
{
    make_site();
    cr_expect_str_eq(words(LANG_EN, ALARM_BOX_LOST, 0), "Wallbox W1 cannot be reached");
    (void)snprintf(site.box[0].name, sizeof site.box[0].name, "%s", "Gate 100%s");
    cr_expect_str_eq(words(LANG_EN, ALARM_BOX_LOST, 0), "Wallbox Gate 100%s (W1) cannot be reached");
    cr_expect_str_eq(words(LANG_DE, ALARM_METER_LOST, 0), "Zähler house liefert keine brauchbaren Werte");
    cr_expect_str_eq(words(LANG_EN, ALARM_OVER_LIMIT, 0), "Circuit grid is above its limit");
    cr_expect_str_eq(words(LANG_NB, ALARM_BOX_FAULT, 12), "Ladeboks Gate 100%s (W1) melder feil (kode 12)");
    cr_expect_str_eq(words(LANG_EN, ALARM_RECORDS_LOST, 3), "Events that could not be kept: 3");
}

Test(alarm_text, a_place_outside_the_site_is_a_question_mark)
{
    struct alarm_item item = {.kind = ALARM_BOX_LOST, .place = BOX_MAX};
    char out[64];

    make_site();
    cr_expect_eq(alarm_text_item(&site, LANG_EN, &item, out, sizeof out), RC_OK);
    cr_expect_str_eq(out, "Wallbox ? cannot be reached");
    cr_expect_eq(alarm_text_item(&site, LANG_EN, &item, out, 27), RC_FULL);
    cr_expect_str_eq(out, "");
    cr_expect_eq(alarm_text_item(&site, LANG_EN, &item, out, 28), RC_OK);
}

Test(alarm_text, a_message_says_since_when_what_is_solved_and_what_is_open)
{
    struct alarm_message m = {.is_summary = true, .item_n = 2, .more_n = 4, .open_n = 5};
    char subject[ALARM_SUBJECT_LEN];
    char body[ALARM_BODY_LEN];

    make_site();
    cr_assert_eq(clock_set_zone("Europe/Berlin"), RC_OK);
    m.item[0] = (struct alarm_item){.kind = ALARM_BOX_LOST, .since_utc_ms = NEW_YEAR};
    m.item[1] = (struct alarm_item){.kind = ALARM_METER_LOST, .is_solved = true, .since_utc_ms = NEW_YEAR, .ended_utc_ms = NEW_YEAR + 60000};
    alarm_text_subject(LANG_EN, &m, subject);
    cr_expect_str_eq(subject, "Alarms: 5, solved: 1");
    cr_expect_eq(alarm_text_body(&site, LANG_EN, &m, body), RC_OK);
    cr_expect_str_eq(body, "Summary of alarms that were held back\n\n"
                           "Wallbox W1 cannot be reached (1 Jan 2026, 01:00)\n"
                           "Solved: Meter house gives no usable values (1 Jan 2026, 01:00 until 1 Jan 2026, 01:01)\n"
                           "Further ones: 4\n\nStill open: 5\n");
}

Test(alarm_text, the_longest_message_fits)
{
    struct alarm_message m = {.is_summary = true, .item_n = ALARM_ITEM_MAX, .more_n = UINT16_MAX, .open_n = UINT16_MAX};
    char body[ALARM_BODY_LEN];

    make_site();
    memset(site.box[0].name, 'x', NAME_LEN - 1);
    memset(site.box[0].serial, 'y', SERIAL_LEN - 1);
    for (int kind = 0; kind < ALARM_KIND_N; kind++) {
        for (int i = 0; i < ALARM_ITEM_MAX; i++) {
            m.item[i] = (struct alarm_item){.kind = (enum alarm_kind)kind, .code = UINT16_MAX, .is_solved = true, .since_utc_ms = NEW_YEAR};
        }
        for (int lang = 0; lang < LANG_N; lang++) {
            cr_expect_eq(alarm_text_body(&site, (enum lang)lang, &m, body), RC_OK);
        }
    }
}

Test(alarm_text, every_class_has_a_name)
{
    for (int i = 0; i < ALARM_CLASS_N; i++) {
        cr_expect_gt(strlen(alarm_class_text((enum alarm_class)i)), 4);
    }
}
