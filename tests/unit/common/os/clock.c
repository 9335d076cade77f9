#include "common/os/clock.h"

#include <criterion/criterion.h>
#include <string.h>

TestSuite(clock, .timeout = 10);

static void expect_utc(int64_t utc_ms, const char *text)
{
    char out[25];

    memset(out, 'x', sizeof out);
    clock_format_utc(utc_ms, out);
    cr_assert_str_eq(out, text);
}

Test(clock, times_outside_the_years_of_four_digits_stay_at_their_ends)
{
    expect_utc(INT64_MIN, "0000-01-01T00:00:00.000Z");
    expect_utc(INT64_C(-62167219200001), "0000-01-01T00:00:00.000Z");
    expect_utc(INT64_C(-62167219200000), "0000-01-01T00:00:00.000Z");
    expect_utc(INT64_C(253402300799999), "9999-12-31T23:59:59.999Z");
    expect_utc(INT64_C(253402300800000), "9999-12-31T23:59:59.999Z");
    expect_utc(INT64_MAX, "9999-12-31T23:59:59.999Z");
}

Test(clock, times_around_the_epoch)
{
    expect_utc(0, "1970-01-01T00:00:00.000Z");
    expect_utc(-1, "1969-12-31T23:59:59.999Z");
    expect_utc(86399999, "1970-01-01T23:59:59.999Z");
    expect_utc(86400000, "1970-01-02T00:00:00.000Z");
}

Test(clock, leap_days_and_centuries)
{
    expect_utc(INT64_C(951782399999), "2000-02-28T23:59:59.999Z");
    expect_utc(INT64_C(951782400000), "2000-02-29T00:00:00.000Z");
    expect_utc(INT64_C(951868800000), "2000-03-01T00:00:00.000Z");
    expect_utc(INT64_C(1709164800000), "2024-02-29T00:00:00.000Z");
    expect_utc(INT64_C(4107542400000), "2100-03-01T00:00:00.000Z");
    expect_utc(INT64_C(4107542399999), "2100-02-28T23:59:59.999Z");
    expect_utc(INT64_C(1769860800123), "2026-01-31T12:00:00.123Z");
    expect_utc(INT64_C(1798761599000), "2026-12-31T23:59:59.000Z");
}

Test(clock, boot_time_never_goes_back)
{
    int64_t before_ms = clock_boot_ms();

    cr_assert_gt(before_ms, 0);
    for (int i = 0; i < 1000; i++) {
        int64_t now_ms = clock_boot_ms();

        cr_assert_geq(now_ms, before_ms);
        before_ms = now_ms;
    }
}

Test(clock, wall_clock_is_unset_or_after_2024)
{
    int64_t utc_ms = clock_utc_ms();

    cr_assert(utc_ms == 0 || utc_ms >= INT64_C(1704067200000));
}

Test(clock, boot_id_stays_the_same)
{
    uint64_t id = clock_kernel_boot_id();

    cr_assert_eq(id, clock_kernel_boot_id());
    cr_assert_neq(id, UINT64_MAX);
}

Test(clock, random_bytes_fill_what_was_asked_and_no_more)
{
    uint8_t a[64] = {0};
    uint8_t b[64] = {0};
    uint8_t zero[64] = {0};

    clock_random(a, 0);
    cr_assert_eq(memcmp(a, zero, sizeof a), 0);
    clock_random(a, 32);
    clock_random(b, 32);
    cr_assert_neq(memcmp(a, b, 32), 0);
    cr_assert_eq(memcmp(a + 32, zero, 32), 0);
}

Test(clock, the_wall_clock_follows_the_zone_with_its_summer_time)
{
    cr_assert_eq(clock_set_zone("Europe/Berlin"), RC_OK);
    cr_expect_eq(clock_local_offset_ms(INT64_C(1768478400000)), 3600000, "15 January 2026");
    cr_expect_eq(clock_local_offset_ms(INT64_C(1784116800000)), 7200000, "15 July 2026");
    cr_expect_eq(clock_local_offset_ms(INT64_C(1774745999000)), 3600000, "29 March 2026, 00:59:59 UTC");
    cr_expect_eq(clock_local_offset_ms(INT64_C(1774746000000)), 7200000);
}

Test(clock, the_next_change_of_summer_time_is_known_to_the_second)
{
    const int64_t hour_ms = 3600000;
    const int64_t autumn_ms = INT64_C(1792890000000); /* 2026-10-25T01:00Z */
    int64_t at_ms = 0;
    int64_t offset_ms = 0;

    cr_assert_eq(clock_set_zone("Europe/Berlin"), RC_OK);
    cr_assert_eq(clock_local_change(autumn_ms - 20 * hour_ms - 1, 25 * hour_ms, &at_ms, &offset_ms), RC_OK);
    cr_expect_eq(at_ms, autumn_ms);
    cr_expect_eq(offset_ms, hour_ms);
    cr_assert_eq(clock_local_change(autumn_ms - 1, 25 * hour_ms, &at_ms, &offset_ms), RC_OK);
    cr_expect_eq(at_ms, autumn_ms);
    cr_expect_eq(clock_local_change(autumn_ms, 25 * hour_ms, &at_ms, &offset_ms), RC_MISSING, "it has been");
    cr_expect_eq(clock_local_change(autumn_ms - 26 * hour_ms, 25 * hour_ms, &at_ms, &offset_ms), RC_MISSING);
}

Test(clock, a_zone_that_the_machine_does_not_know_is_utc)
{
    cr_assert_eq(clock_set_zone("Europe/Atlantis"), RC_MISSING);
    cr_expect_eq(clock_local_offset_ms(INT64_C(1784116800000)), 0);
    cr_assert_eq(clock_set_zone("UTC"), RC_OK);
}
