/* Tables of cards, their JSON, numbers and dates of four languages, moments. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/os/clock.h"
#include "manager/shell/card_book.h"
#include "manager/shell/csv.h"
#include "manager/shell/lang.h"
#include "manager/shell/moment.h"

TestSuite(books, .timeout = 10);

static struct csv_record record;

static void next_is(struct csv *c, int line, int field_n, const char *first, const char *last)
{
    const char *why = "";

    cr_assert_eq(csv_next(c, &record, &why), RC_OK, "%s", why);
    cr_expect_eq(record.line, line, "%d", record.line);
    cr_assert_eq(record.field_n, field_n);
    cr_expect_str_eq(record.field[0], first);
    cr_expect_str_eq(record.field[field_n - 1], last);
}

Test(books, a_table_is_read_as_rfc_4180_says)
{
    static const char text[] = "\xef\xbb\xbf"
                               "a,b,c\r\n\r\n\"x, \"\"y\"\"\n z\",,last\n1,2,3\n,,";
    struct csv c;
    const char *why = "";

    csv_begin(&c, text, sizeof text - 1);
    next_is(&c, 1, 3, "a", "c");
    next_is(&c, 3, 3, "x, \"y\"\n z", "last");
    next_is(&c, 5, 3, "1", "3");
    next_is(&c, 6, 3, "", "");
    cr_expect_eq(csv_next(&c, &record, &why), RC_MISSING);
    csv_begin(&c, "a;b\n1,5;2\n", 10);
    next_is(&c, 1, 2, "a", "b");
    next_is(&c, 2, 2, "1,5", "2");
}

Test(books, a_broken_line_of_a_table_is_named_and_the_next_is_read)
{
    static const struct {
        const char *text;
        const char *why;
    } bad[] = {{"a\"b,c\nnext\n", "a quote inside an unquoted field"},
               {"\"a\"b\nnext\n", "text behind a closing quote"},
               {"1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31,32,33\nnext\n", "too many fields"}};
    struct csv c;
    const char *why = "";

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        csv_begin(&c, bad[i].text, strlen(bad[i].text));
        cr_expect_eq(csv_next(&c, &record, &why), RC_MALFORMED);
        cr_expect_eq(record.line, 1);
        cr_expect_str_eq(why, bad[i].why);
        next_is(&c, 2, 1, "next", "next");
    }
    csv_begin(&c, "\"open", 5);
    cr_expect_eq(csv_next(&c, &record, &why), RC_MALFORMED);
    cr_expect_eq(csv_next(&c, &record, &why), RC_MISSING);
}

Test(books, what_is_written_is_read_back_and_formulas_are_guarded)
{
    static const char *const texts[] = {"plain", "a,b", "say \"hi\"", "two\nlines", " spaced ", "", "=1+1"};
    struct buffer b = {0};
    struct csv c;
    char *text;

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        csv_add(&b, ',', i == 0, texts[i]);
    }
    csv_add_guarded(&b, ',', false, "=1+1");
    csv_end_record(&b);
    text = buffer_take(&b);
    csv_begin(&c, text, strlen(text));
    next_is(&c, 1, 8, "plain", "'=1+1");
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cr_expect_str_eq(record.field[i], texts[i]);
    }
    free(text);
}

static const char good[] = "name,uid,identity,kind,blocked,expires,wallboxes,departure,needed_wh,priority,colour\n"
                           "Van 1,04a1b2c3d4e5f6,,master,false,2026-12-31,W01  W02,06:00,40000,7,red\r\n"
                           "\"Smith, John\",AABBCCDD,,,true,2026-01-31T12:00:00+01:00,,,,,\n"
                           "Car,,WMIV1234,user,,,,,,,\n";

Test(books, cards_of_a_table_are_read)
{
    struct card_errors errors = {0};
    struct card_book book;

    cr_assert_eq(clock_set_zone("UTC"), RC_OK);
    cr_assert_eq(card_book_read_csv(&book, good, sizeof good - 1, &errors), RC_OK, "%s", errors.at[0]);
    cr_assert_eq(book.n, 3);
    cr_expect_eq(book.at[0].uid.len, 7);
    cr_expect_eq(book.at[0].kind, CARD_MASTER);
    cr_expect_str_eq(book.at[0].wallboxes, "W01 W02");
    cr_expect_eq(book.at[0].departure_min, 360);
    cr_expect_eq(book.at[0].needed_wh, 40000);
    cr_expect_eq(book.at[0].priority, 7);
    cr_expect_eq(book.at[0].expires_utc_ms, 1798761600000, "the end of the day");
    cr_expect_str_eq(book.at[1].name, "Smith, John");
    cr_expect(book.at[1].is_blocked);
    cr_expect_eq(book.at[1].expires_utc_ms, 1769857200000);
    cr_expect_eq(book.at[1].departure_min, -1);
    cr_expect_str_eq(book.at[2].identity, "WMIV1234");
    card_book_drop(&book);
}

Test(books, every_error_of_a_table_is_said_with_its_line)
{
    static const struct {
        const char *line;
        const char *error;
    } bad[] = {{"AABB,,,,,", "line 2: uid: a UID has 4, 7, 8 or 10 bytes in hex digits"},
               {",,,,,", "line 2: a card has a uid, a vehicle an identity, and nobody both"},
               {"AABBCCDD,WMI,,,,", "line 2: a card has a uid, a vehicle an identity, and nobody both"},
               {",WMI,master,,,", "line 2: a vehicle is of kind user"},
               {"AABBCCDD,,boss,,,", "line 2: kind is user, master or setup"},
               {"AABBCCDD,,,31.12.2026,,", "line 2: expires: expires is a date or a moment as in RFC 3339"},
               {"AABBCCDD,,,,24:00,", "line 2: departure: departure is a time of day, HH:MM"},
               {"AABBCCDD,,,,,10", "line 2: priority: priority is 0..9"},
               {"AABBCCDD,,,,", "line 2: not as many fields as the line of names has"},
               {"AABBCCDD,,,,,\naabbccdd,,,,,", "line 3: the same card or vehicle twice"}};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct card_errors errors = {0};
        struct card_book book;
        char text[256];
        int len = snprintf(text, sizeof text, "uid,identity,kind,expires,departure,priority\n%s\n", bad[i].line);

        cr_expect_eq(card_book_read_csv(&book, text, (size_t)len, &errors), RC_RANGE);
        cr_assert_eq(errors.n, 1, "%s: %u", bad[i].line, errors.n);
        cr_expect_not_null(strstr(errors.at[0], bad[i].error + (strstr(bad[i].error, "kind is") != NULL ? 8 : 0)), "%s", errors.at[0]);
    }
}

Test(books, a_table_without_names_or_with_strange_ones_is_refused)
{
    static const char *const bad[] = {"", "\n\n", "uid,owner\nAABBCCDD,x\n"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct card_errors errors = {0};
        struct card_book book;

        cr_expect_eq(card_book_read_csv(&book, bad[i], strlen(bad[i]), &errors), RC_RANGE);
        cr_expect_eq(errors.n, 1);
    }
}

Test(books, cards_go_through_json_unchanged)
{
    struct card_errors errors = {0};
    struct card_book book;
    struct card_book again;
    json_t *list = json_array();

    cr_assert_eq(card_book_read_csv(&book, good, sizeof good - 1, &errors), RC_OK);
    for (uint16_t i = 0; i < book.n; i++) {
        json_array_append_new(list, card_book_write_json(&book.at[i]));
    }
    cr_assert_eq(card_book_read_json(&again, list, &errors), RC_OK, "%s", errors.at[0]);
    cr_assert_eq(again.n, 3);
    for (uint16_t i = 0; i < book.n; i++) {
        struct buffer one = {0};
        struct buffer two = {0};
        char *a;
        char *b;

        card_book_write_csv(&one, &book.at[i]);
        card_book_write_csv(&two, &again.at[i]);
        a = buffer_take(&one);
        b = buffer_take(&two);
        cr_expect_str_eq(a, b);
        free(a);
        free(b);
    }
    json_object_set_new(json_array_get(list, 1), "owner", json_string("x"));
    card_book_drop(&again);
    cr_expect_eq(card_book_read_json(&again, list, &errors), RC_RANGE);
    cr_expect_str_eq(errors.at[0], "cards[1].owner: unknown key");
    json_decref(list);
    card_book_drop(&book);
}

Test(books, numbers_and_dates_of_the_four_languages)
{
    static const char *const numbers[LANG_N] = {"1,234,567.890", "1\u202f234\u202f567,890", "1\u00a0234\u00a0567,890", "1.234.567,890"};
    static const char *const moments[LANG_N] = {"1 Jul 2025, 14:05", "01/07/2025 14:05", "01.07.2025 14:05", "01.07.2025 14:05"};
    static const char *const months[LANG_N] = {"March 2026", "mars 2026", "mars 2026", "März 2026"};
    char text[LANG_TEXT_LEN];
    enum lang lang;

    cr_assert_eq(clock_set_zone("Europe/Berlin"), RC_OK);
    for (int i = 0; i < LANG_N; i++) {
        cr_assert_eq(lang_parse(lang_code((enum lang)i), &lang), RC_OK);
        cr_assert_eq((int)lang, i);
        lang_number(lang, 1234567890, 3, text);
        cr_expect_str_eq(text, numbers[i]);
        lang_moment(lang, 1751371500000, text);
        cr_expect_str_eq(text, moments[i]);
        lang_month(lang, 2026, 3, text);
        cr_expect_str_eq(text, months[i]);
        lang_moment(lang, 0, text);
        cr_expect_str_eq(text, "-");
        for (int w = 0; w < WORD_N; w++) {
            cr_expect_gt(strlen(lang_word(lang, (enum lang_word)w)), 0);
        }
    }
    cr_expect_eq(lang_parse("no", &lang), RC_RANGE);
    lang_number(LANG_EN, -5, 3, text);
    cr_expect_str_eq(text, "-0.005");
    lang_number(LANG_EN, INT64_MIN, 0, text);
    cr_expect_str_eq(text, "-9,223,372,036,854,775,808");
    lang_number(LANG_DE, 999, 0, text);
    cr_expect_str_eq(text, "999");
}

Test(books, moments_are_read_with_offsets_and_days_with_summer_time)
{
    static const char *const bad[] = {"",
                                      "2026",
                                      "2026-02-29",
                                      "2026-1-1",
                                      "2026-01-01T",
                                      "2026-01-01T12:00:00",
                                      "2026-01-01T12:00Z",
                                      "2026-01-01T24:00:00Z",
                                      "2026-01-01T12:00:00.Z",
                                      "2026-01-01T12:00:00+1:00",
                                      "1969-12-31",
                                      "2026-01-01 12:00:00Z",
                                      "2026-01-01T12:00:00ZZ"};
    struct moment_date date = {2025, 3, 30};
    int64_t begin_ms = 0;
    int64_t end_ms = 0;

    cr_assert_eq(clock_set_zone("Europe/Berlin"), RC_OK);
    cr_expect_eq(moment_parse("2026-01-31T12:00:00.5+01:00", false, &begin_ms), RC_OK);
    cr_expect_eq(begin_ms, 1769857200500);
    cr_assert_eq(moment_parse("2025-03-30", false, &begin_ms), RC_OK);
    cr_assert_eq(moment_parse("2025-03-30", true, &end_ms), RC_OK);
    cr_expect_eq(end_ms - begin_ms, 23 * 3600000, "the day on which summer time begins");
    cr_expect_eq(moment_midnight_utc_ms(&date), 1743289200000);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_eq(moment_parse(bad[i], false, &begin_ms), RC_RANGE, "%s", bad[i]);
    }
    for (int64_t days = -1000000; days < 1000000; days += 97) {
        struct moment_date d = moment_date_of(days);

        cr_assert_eq(moment_days(&d), days);
    }
    date = moment_next_month(&(struct moment_date){2025, 12, 1});
    cr_expect_eq(date.year, 2026);
    cr_expect_eq(date.month, 1);
}
