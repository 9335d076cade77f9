#include <criterion/criterion.h>

#include <string.h>

#include "common/os/clock.h"
#include "manager/shell/tariff.h"
#include "manager/shell/tariff_json.h"

#define DAYS_ALL 0x7f

static struct tariff plain(int32_t price, int32_t solar)
{
    return (struct tariff){.currency = "EUR", .price_centicent_kwh = price, .solar_price_centicent_kwh = solar};
}

static int64_t cost(const struct tariff *t, const struct tariff_quarter *q, uint16_t n, int64_t energy_wh)
{
    int64_t minor = -1;

    cr_assert_eq(tariff_cost(t, q, n, energy_wh, &minor), RC_OK);
    return minor;
}

static const char *field_of(const struct tariff *t)
{
    struct tariff_error why = {.field = ""};

    return tariff_check(t, &why) == RC_OK ? "ok" : why.field;
}

Test(tariff, currencies_have_the_decimals_of_the_standard)
{
    cr_expect_eq(tariff_decimals("EUR"), 2);
    cr_expect_eq(tariff_decimals("NOK"), 2);
    cr_expect_eq(tariff_decimals("JPY"), 0);
    cr_expect_eq(tariff_decimals("KWD"), 3);
    cr_expect_eq(tariff_decimals("ZWG"), 2, "the last of a list");
    cr_expect_eq(tariff_decimals("EU"), -1);
    cr_expect_eq(tariff_decimals("eur"), -1);
    cr_expect_eq(tariff_decimals("UR "), -1);
    cr_expect_eq(tariff_decimals("QQQ"), -1);
}

Test(tariff, every_currency_is_listed_once_with_its_decimals)
{
    char seen[256][TARIFF_CURRENCY_LEN];
    int decimals = -1;
    size_t n = 0;

    while (n < 256 && tariff_currency(n, seen[n], &decimals)) {
        cr_expect_eq(tariff_decimals(seen[n]), decimals, "%s", seen[n]);
        for (size_t i = 0; i < n; i++) {
            cr_expect_str_neq(seen[i], seen[n]);
        }
        n++;
    }
    cr_expect_gt(n, 150);
    cr_expect_lt(n, 256);
}

Test(tariff, a_session_is_rounded_once_and_half_up)
{
    const struct tariff t = plain(2500, -1); /* 25 cents a kWh: 20 Wh are half a cent */
    const struct tariff_quarter halves[] = {{0, 20, 0}, {15, 20, 0}, {30, 20, 0}};

    cr_expect_eq(cost(&t, halves, 1, 20), 1);
    cr_expect_eq(cost(&t, halves, 2, 40), 1, "not a cent for each quarter hour");
    cr_expect_eq(cost(&t, halves, 3, 60), 2);
    cr_expect_eq(cost(&t, (struct tariff_quarter[]){{0, 19, 0}}, 1, 19), 0);
    cr_expect_eq(cost(&t, halves, 0, 0), 0);
}

Test(tariff, the_sun_may_cost_nothing_and_an_unknown_share_is_of_the_grid)
{
    const struct tariff free_sun = plain(3000, 0);
    const struct tariff no_sun = plain(3000, -1);
    const struct tariff_quarter q[] = {{0, 1000, 1000}, {15, 1000, 400}, {30, 1000, -1}};

    cr_expect_eq(cost(&free_sun, q, 3, 3000), 18 + 30);
    cr_expect_eq(cost(&no_sun, q, 3, 3000), 90);
}

Test(tariff, a_window_over_midnight_belongs_to_the_day_on_which_it_begins)
{
    struct tariff t = plain(3000, -1);

    t.window_n = 1;
    t.window[0] = (struct tariff_window){.days = 0x40, .from_min = 1320, .to_min = 360, .price_centicent_kwh = 1000}; /* Sunday */
    cr_expect_str_eq(field_of(&t), "ok");
    cr_expect_eq(tariff_price_centicent_kwh(&t, 6 * 1440 + 1319), 3000);
    cr_expect_eq(tariff_price_centicent_kwh(&t, 6 * 1440 + 1320), 1000);
    cr_expect_eq(tariff_price_centicent_kwh(&t, 0), 1000, "Monday before six");
    cr_expect_eq(tariff_price_centicent_kwh(&t, 359), 1000);
    cr_expect_eq(tariff_price_centicent_kwh(&t, 360), 3000);
    cr_expect_eq(tariff_price_centicent_kwh(&t, 1320), 3000, "no window on Monday");
    cr_expect_eq(tariff_price_centicent_kwh(&t, -1), 3000, "nobody knows when");
}

Test(tariff, a_whole_day_is_a_window)
{
    struct tariff t = plain(3000, -1);

    t.window_n = 1;
    t.window[0] = (struct tariff_window){.days = 0x20, .from_min = 0, .to_min = 1440, .price_centicent_kwh = 500};
    cr_expect_str_eq(field_of(&t), "ok");
    cr_expect_eq(tariff_price_centicent_kwh(&t, 5 * 1440 - 1), 3000);
    cr_expect_eq(tariff_price_centicent_kwh(&t, 5 * 1440), 500);
    cr_expect_eq(tariff_price_centicent_kwh(&t, 6 * 1440 - 1), 500);
    cr_expect_eq(tariff_price_centicent_kwh(&t, 6 * 1440), 3000);
}

Test(tariff, what_is_out_of_range_is_refused_with_its_field)
{
    struct tariff t = plain(TARIFF_PRICE_MAX, TARIFF_PRICE_MAX);

    cr_expect_str_eq(field_of(&t), "ok");
    t.price_centicent_kwh = TARIFF_PRICE_MAX + 1;
    cr_expect_str_eq(field_of(&t), "price_centicent_kwh");
    t = plain(-1, -1);
    cr_expect_str_eq(field_of(&t), "price_centicent_kwh");
    t = plain(0, -2);
    cr_expect_str_eq(field_of(&t), "solar_price_centicent_kwh");
    t = plain(0, -1);
    memcpy(t.currency, "ABC", 4);
    cr_expect_str_eq(field_of(&t), "currency");
    t = plain(0, -1);
    t.window_n = 2;
    t.window[0] = (struct tariff_window){.days = DAYS_ALL, .from_min = 1320, .to_min = 360};
    t.window[1] = (struct tariff_window){.days = 1, .from_min = 345, .to_min = 480};
    cr_expect_str_eq(field_of(&t), "from", "they overlap in the morning of Monday");
    t.window[1].from_min = 360;
    cr_expect_str_eq(field_of(&t), "ok");
    t.window[1].from_min = 361;
    cr_expect_str_eq(field_of(&t), "from");
    t.window[1].from_min = 480;
    cr_expect_str_eq(field_of(&t), "to");
    t.window[1].days = 0;
    cr_expect_str_eq(field_of(&t), "days");
}

Test(tariff, energy_outside_of_the_quarter_hours_costs_the_base_price)
{
    struct tariff t = plain(3000, 0);

    t.window_n = 1;
    t.window[0] = (struct tariff_window){.days = DAYS_ALL, .from_min = 0, .to_min = 1440, .price_centicent_kwh = 1000};
    cr_expect_eq(cost(&t, (struct tariff_quarter[]){{0, 1000, 0}}, 1, 1500), 10 + 15);
    cr_expect_eq(cost(&t, (struct tariff_quarter[]){{0, 1000, 0}}, 1, 999), 10, "the quarter hours count");
}

Test(tariff, the_dearest_and_longest_session_fits_and_more_is_refused)
{
    const struct tariff t = plain(TARIFF_PRICE_MAX, -1);
    int64_t minor = 7;

    cr_expect_eq(cost(&t, NULL, 0, TARIFF_ENERGY_MAX_WH), INT64_C(1000000000000));
    cr_expect_eq(tariff_cost(&t, NULL, 0, TARIFF_ENERGY_MAX_WH + 1, &minor), RC_RANGE);
    cr_expect_eq(tariff_cost(&t, (struct tariff_quarter[]){{0, -1, 0}}, 1, 0, &minor), RC_RANGE);
    cr_expect_eq(tariff_cost(&t, (struct tariff_quarter[]){{0, 1, 2}}, 1, 0, &minor), RC_RANGE);
    cr_expect_eq(minor, 7);
}

Test(tariff, the_wall_clock_of_the_site_decides_on_the_days_when_it_is_changed)
{
    cr_assert_eq(clock_set_zone("Europe/Berlin"), RC_OK);
    /* 2026-03-29, a Sunday: 01:00 UTC is 03:00, there is no 02:00 */
    cr_expect_eq(tariff_week_min(INT64_C(1774745100000)), 6 * 1440 + 105, "00:45 UTC");
    cr_expect_eq(tariff_week_min(INT64_C(1774746000000)), 6 * 1440 + 180);
    /* 2026-10-25, a Sunday: 02:45 comes twice */
    cr_expect_eq(tariff_week_min(INT64_C(1792889100000)), 6 * 1440 + 165, "00:45 UTC");
    cr_expect_eq(tariff_week_min(INT64_C(1792892700000)), 6 * 1440 + 165, "01:45 UTC");
    /* Sunday 23:30 UTC in summer is Monday */
    cr_expect_eq(tariff_week_min(INT64_C(1782689400000)), 90);
    cr_assert_eq(clock_set_zone("UTC"), RC_OK);
}

Test(tariff, prices_are_read_as_they_were_written)
{
    static const char text[] = "{\"currency\":\"EUR\",\"price_centicent_kwh\":2850,\"solar_price_centicent_kwh\":null,\"windows\":[{\"days\":[\"mon\",\"sun\"],"
                               "\"from\":\"22:00\",\"to\":\"24:00\",\"price_centicent_kwh\":0}]}";
    json_t *json = json_loads(text, 0, NULL);
    struct tariff t;
    struct field_error why;
    json_t *again;

    cr_assert_eq(tariff_read_json(json, &t, &why), RC_OK, "%s", why.text);
    cr_expect_eq(t.window[0].days, 0x41);
    cr_expect_eq(t.window[0].from_min, 1320);
    cr_expect_eq(t.solar_price_centicent_kwh, -1);
    again = tariff_write_json(&t);
    cr_expect(json_equal(json, again));
    json_decref(json);
    json_decref(again);
}

Test(tariff, a_wrong_price_is_refused_with_its_place)
{
    static const struct {
        const char *text;
        const char *field;
    } rows[] = {
        {"[]", ""},
        {"{}", "currency"},
        {"{\"currency\":\"EUR\"}", "price_centicent_kwh"},
        {"{\"currency\":\"EUR\",\"price_centicent_kwh\":1.5}", "price_centicent_kwh"},
        {"{\"currency\":\"EUR\",\"price_centicent_kwh\":4294967297}", "price_centicent_kwh"},
        {"{\"currency\":\"EUR\",\"price_centicent_kwh\":1,\"price\":1}", "price"},
        {"{\"currency\":\"EUR\",\"price_centicent_kwh\":1,\"windows\":{}}", "windows"},
        {"{\"currency\":\"EUR\",\"price_centicent_kwh\":1,\"windows\":[1]}", "windows[0]"},
        {"{\"currency\":\"EUR\",\"price_centicent_kwh\":1,\"windows\":[{\"days\":[\"day\"]}]}", "windows[0].days"},
        {"{\"currency\":\"EUR\",\"price_centicent_kwh\":1,\"windows\":[{\"days\":[\"mon\"],\"from\":\"7:00\"}]}", "windows[0].from"},
        {"{\"currency\":\"EUR\",\"price_centicent_kwh\":1,\"windows\":[{\"days\":[\"mon\"],\"from\":\"07:00\",\"to\":\"24:15\",\"price_centicent_kwh\":1}]}",
         "windows[0].to"}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        json_t *json = json_loads(rows[i].text, 0, NULL);
        struct tariff t;
        struct field_error why = {.field = "?"};

        cr_expect_eq(tariff_read_json(json, &t, &why), RC_RANGE, "%s", rows[i].text);
        cr_expect_str_eq(why.field, rows[i].field, "%s: %s %s", rows[i].text, why.field, why.text);
        json_decref(json);
    }
}
