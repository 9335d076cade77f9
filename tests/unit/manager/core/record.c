/* Packed samples, means of slots, the mix of a quarter hour, and dates of late records. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "common/base/rng.h"
#include "manager/core/dating.h"
#include "manager/core/pack.h"
#include "manager/core/recorder.h"
#include "manager/core/sunmix.h"
#include "proto/msg.h"

TestSuite(record, .timeout = 10);

#define DAY_MS INT64_C(86400000)
#define NOON INT64_C(1751371200000) /* 2025-07-01T12:00:00Z */

static size_t there_and_back(const int32_t *samples, uint16_t n)
{
    uint8_t bytes[PACK_SAMPLE_LEN * 100];
    int32_t again[100];
    uint16_t again_n = 0;
    size_t len = pack_write(samples, n, bytes);

    cr_assert_leq(len, (size_t)PACK_SAMPLE_LEN * n);
    cr_assert_eq(pack_read(bytes, len, again, 100, &again_n), RC_OK);
    cr_assert_eq(again_n, n);
    cr_assert_eq(memcmp(again, samples, sizeof again[0] * n), 0);
    return len;
}

Test(record, packed_samples_come_back_and_rest_costs_nothing)
{
    const int32_t edges[] = {INT32_MAX, INT32_MIN + 1, SAMPLE_UNKNOWN, INT32_MIN + 1, INT32_MAX, 0, 0, SAMPLE_UNKNOWN, SAMPLE_UNKNOWN, -1};
    int32_t rest[60];
    int32_t moving[60];
    struct rng rng = {.state = 7};

    cr_expect_eq(there_and_back(edges, 0), 0);
    cr_expect_eq(there_and_back(edges, 1), 5);
    (void)there_and_back(edges, sizeof edges / sizeof edges[0]);
    for (int i = 0; i < 60; i++) {
        rest[i] = 230000;
        moving[i] = 16000 + i % 7;
    }
    cr_expect_leq(there_and_back(rest, 60), 5);
    cr_expect_leq(there_and_back(moving, 60), 63);
    for (int run = 0; run < 1000; run++) {
        for (int i = 0; i < 60; i++) {
            int64_t draw = rng_range(&rng, 0, 9);

            rest[i] = draw < 3 ? SAMPLE_UNKNOWN : (int32_t)rng_range(&rng, draw < 6 ? -3 : INT32_MIN + 1, draw < 6 ? 3 : INT32_MAX);
        }
        (void)there_and_back(rest, 60);
    }
}

Test(record, bytes_that_nobody_packed_are_refused)
{
    static const struct {
        uint8_t bytes[8];
        size_t len;
    } bad[] = {{{3}, 1}, {{128}, 1}, {{128, 128, 128, 128, 128, 0}, 6}, {{0xfc, 0xff, 0xff, 0xff, 0x7f}, 5}, {{0xfe, 0xff, 0xff, 0xff, 0x7f}, 5}};
    int32_t out[4];
    uint16_t n = 0;

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_expect_eq(pack_read(bad[i].bytes, bad[i].len, out, 4, &n), RC_MALFORMED, "%zu", i);
    }
    cr_expect_eq(pack_read((const uint8_t[]){4, 9}, 2, out, 4, &n), RC_FULL);
    cr_expect_eq(n, 4);
    cr_expect_eq(pack_read((const uint8_t[]){4, 7}, 2, out, 4, &n), RC_OK);
    cr_expect_eq(n, 4);
    cr_expect_eq(out[3], 1);
}

struct rows {
    struct recorder recorder;
    struct recorder_series series[2];
    uint16_t n[RECORD_STEP_N];
    struct recorder_row last[RECORD_STEP_N];
    int32_t mean[RECORD_STEP_N][RECORDER_BLOCK_MAX];
    int32_t peak[RECORD_STEP_N][RECORDER_BLOCK_MAX];
};

static void on_row(void *user, const struct recorder_row *row)
{
    struct rows *r = user;

    if (row->series == 0) {
        r->n[row->step]++;
        r->last[row->step] = *row;
        memcpy(r->mean[row->step], row->mean, sizeof row->mean[0] * row->n);
        memcpy(r->peak[row->step], row->peak, sizeof row->peak[0] * row->n);
    } else {
        cr_assert_neq(row->step, RECORD_SECOND, "the second series has no seconds");
    }
}

static struct rows *rows_new(void)
{
    struct rows *r = calloc(1, sizeof *r);

    cr_assert_not_null(r);
    r->series[1].finest = RECORD_MINUTE;
    recorder_init(&r->recorder, r->series, 2, on_row, r);
    return r;
}

static void feed(struct rows *r, int64_t utc_ms, int32_t value)
{
    recorder_feed(&r->recorder, utc_ms, (const int32_t[]){value, value});
}

Test(record, a_mean_is_the_integral_over_its_slot)
{
    struct rows *r = rows_new();

    feed(r, NOON, 1000);
    feed(r, NOON + 250, 2000); /* 250 ms of 1000, 750 ms of 2000 */
    feed(r, NOON + 1000, -5);
    feed(r, NOON + 1500, SAMPLE_UNKNOWN);
    feed(r, NOON + 2000, 7);
    feed(r, NOON + 2999, 8);
    recorder_end(&r->recorder);
    cr_expect_eq(r->last[RECORD_SECOND].from_utc_ms, NOON);
    cr_assert_eq(r->last[RECORD_SECOND].n, 2, "the third is not over");
    cr_expect_eq(r->mean[RECORD_SECOND][0], 1750);
    cr_expect_eq(r->peak[RECORD_SECOND][0], 2000);
    cr_expect_eq(r->mean[RECORD_SECOND][1], -5, "only what is known counts");
    free(r);
}

Test(record, halves_are_rounded_away_from_zero)
{
    struct rows *r = rows_new();

    feed(r, NOON, 0);
    feed(r, NOON + 500, 1);
    feed(r, NOON + 1000, 0);
    feed(r, NOON + 1500, -1);
    feed(r, NOON + 2000, 0);
    recorder_end(&r->recorder);
    cr_expect_eq(r->mean[RECORD_SECOND][0], 1);
    cr_expect_eq(r->mean[RECORD_SECOND][1], -1);
    free(r);
}

Test(record, rows_are_handed_out_each_minute_and_each_quarter_hour)
{
    struct rows *r = rows_new();

    for (int64_t ms = 0; ms <= 3600000; ms += 800) { /* no picture on the full second, except each fourth */
        feed(r, NOON + ms, (int32_t)(ms / 60000));   /* the number of the minute */
    }
    cr_expect_eq(r->n[RECORD_SECOND], 60);
    cr_expect_eq(r->n[RECORD_MINUTE], 60, "the growing row each time");
    cr_expect_eq(r->n[RECORD_QUARTER], 4);
    cr_expect_eq(r->last[RECORD_SECOND].n, 60);
    cr_expect_eq(r->last[RECORD_SECOND].from_utc_ms, NOON + 59 * 60000);
    cr_expect_eq(r->last[RECORD_MINUTE].n, 60);
    cr_expect_eq(r->last[RECORD_MINUTE].from_utc_ms, NOON);
    cr_expect_eq(r->last[RECORD_QUARTER].n, 4);
    for (int i = 0; i < 60; i++) {
        cr_expect_eq(r->mean[RECORD_MINUTE][i], i, "minute %d: %d", i, r->mean[RECORD_MINUTE][i]);
        cr_expect_eq(r->peak[RECORD_MINUTE][i], i);
        cr_expect_eq(r->mean[RECORD_SECOND][i], 59);
    }
    cr_expect_eq(r->mean[RECORD_QUARTER][0], 7);
    cr_expect_eq(r->peak[RECORD_QUARTER][3], 59);
    free(r);
}

Test(record, a_clock_that_is_set_ends_the_blocks)
{
    struct rows *r = rows_new();

    for (int64_t ms = 0; ms <= 10000; ms += 1000) {
        feed(r, NOON + ms, 5);
    }
    feed(r, NOON - DAY_MS, 6);
    cr_expect_eq(r->n[RECORD_SECOND], 1);
    cr_expect_eq(r->last[RECORD_SECOND].n, 10);
    feed(r, NOON - DAY_MS + 1000, 6);
    feed(r, NOON - DAY_MS + 1000 + RECORDER_HOLD_MS + 1, 7); /* too long a gap: likewise */
    cr_expect_eq(r->n[RECORD_SECOND], 2);
    cr_expect_eq(r->last[RECORD_SECOND].n, 1);
    cr_expect_eq(r->last[RECORD_SECOND].from_utc_ms, NOON - DAY_MS);
    cr_expect_eq(r->mean[RECORD_SECOND][0], 6);
    free(r);
}

static int told(struct sunmix *s, int64_t from_ms, int64_t to_ms, int64_t house_w, int64_t production_w, struct sunmix_energy *out)
{
    int n = 0;

    for (int64_t ms = from_ms; ms < to_ms; ms += 1000) {
        n += sunmix_feed(s, ms, true, house_w, production_w, out) ? 1 : 0;
    }
    return n;
}

Test(record, the_mix_of_a_quarter_hour_is_production_less_export_over_what_was_used)
{
    struct sunmix s;
    struct sunmix_energy e = {0};

    sunmix_init(&s);
    cr_expect_eq(told(&s, NOON, NOON + 450000, 6000, 2000, &e), 0);
    cr_expect_eq(told(&s, NOON + 450000, NOON + 900000, -4000, 12000, &e), 0);
    cr_assert(sunmix_feed(&s, NOON + 900000, true, 0, 0, &e));
    cr_expect_eq(e.from_utc_ms, NOON);
    cr_expect_eq(e.production_wh, 1750); /* 250 + 1500 */
    cr_expect_eq(e.import_wh, 750);
    cr_expect_eq(e.export_wh, 500);
    cr_expect_eq(sunmix_share_wh(&e, 2000), 1250); /* 1250 of 2000 */
    cr_expect_eq(sunmix_share_wh(&e, 0), 0);
    cr_expect_eq(sunmix_share_wh(&e, 1), 1);
    cr_expect_eq(sunmix_share_wh(&e, 3), 2);
}

Test(record, a_quarter_hour_of_which_too_little_is_known_has_no_mix)
{
    struct sunmix s;
    struct sunmix_energy e = {0};

    sunmix_init(&s);
    cr_expect_eq(told(&s, NOON + 180000, NOON + 900000, 1000, 0, &e), 0);
    cr_expect(sunmix_feed(&s, NOON + 900000, true, 1000, 0, &e), "720 s of it");
    cr_expect_eq(e.import_wh, 200);
    cr_expect_eq(told(&s, NOON + 900000 + 1000, NOON + 1080000, 1000, 0, &e), 0);
    cr_expect_not(sunmix_feed(&s, NOON + 1081001, false, 0, 0, &e));
    cr_expect_not(sunmix_feed(&s, NOON + 1800000, true, 0, 0, &e), "the meters were silent");
    sunmix_init(&s);
    cr_expect_eq(told(&s, NOON, NOON + 890000, 1000, 0, &e), 0);
    cr_expect_eq(told(&s, NOON - DAY_MS, NOON - DAY_MS + 900000, 1000, 0, &e), 0, "the clock was set back");
}

Test(record, without_use_there_is_no_share)
{
    const struct sunmix_energy none = {0};
    const struct sunmix_energy all_sold = {.production_wh = 100, .export_wh = 100};
    const struct sunmix_energy lying = {.production_wh = 10, .export_wh = 100, .import_wh = 10};
    const struct sunmix_energy sun_only = {.production_wh = 100};

    cr_expect_eq(sunmix_share_wh(&none, 50), 0);
    cr_expect_eq(sunmix_share_wh(&all_sold, 50), 0);
    cr_expect_eq(sunmix_share_wh(&lying, 50), 0);
    cr_expect_eq(sunmix_share_wh(&sun_only, 50), 50);
}

Test(record, a_clock_within_what_receipt_and_age_allow_is_believed)
{
    const int64_t age_ms = 3 * DAY_MS;

    cr_expect_eq(dating_utc_ms(NOON - age_ms, age_ms, NOON), NOON - age_ms);
    cr_expect_eq(dating_utc_ms(NOON - age_ms + DATING_SLACK_MS, age_ms, NOON), NOON - age_ms + DATING_SLACK_MS);
    cr_expect_eq(dating_utc_ms(NOON - age_ms + 2 * DATING_SLACK_MS, age_ms, NOON), NOON - age_ms + 2 * DATING_SLACK_MS, "drift of three days: 518 s");
    cr_expect_eq(dating_utc_ms(NOON - age_ms + 3600000, age_ms, NOON), NOON - age_ms, "an hour fast");
    cr_expect_eq(dating_utc_ms(NOON - age_ms - 3600000, age_ms, NOON), NOON - age_ms, "an hour slow");
    cr_expect_eq(dating_utc_ms(CLOCK_UNSET_UTC_MS, age_ms, NOON), NOON - age_ms);
}

Test(record, without_an_age_a_clock_is_believed_up_to_the_receipt)
{
    cr_expect_eq(dating_utc_ms(NOON - 100 * DAY_MS, 0, NOON), NOON - 100 * DAY_MS);
    cr_expect_eq(dating_utc_ms(NOON + DATING_SLACK_MS, 0, NOON), NOON + DATING_SLACK_MS);
    cr_expect_eq(dating_utc_ms(NOON + DATING_SLACK_MS + 1, 0, NOON), NOON, "the future");
    cr_expect_eq(dating_utc_ms(NOON - DATING_OLDEST_MS - 1, 0, NOON), NOON);
    cr_expect_eq(dating_utc_ms(CLOCK_UNSET_UTC_MS, 0, NOON), NOON);
    cr_expect_eq(dating_utc_ms(CLOCK_UNSET_UTC_MS, 5000, CLOCK_UNSET_UTC_MS), CLOCK_UNSET_UTC_MS);
    cr_expect_eq(dating_utc_ms(NOON + DAY_MS, 5000, CLOCK_UNSET_UTC_MS), NOON + DAY_MS, "nothing better is known");
    cr_expect_eq(dating_utc_ms(CLOCK_UNSET_UTC_MS, NOON, NOON), CLOCK_UNSET_UTC_MS);
}

Test(record, a_session_does_not_begin_after_its_end)
{
    cr_expect_eq(dating_start_utc_ms(NOON - 3600000, 3600000, NOON, NOON - 60000), NOON - 3600000);
    cr_expect_eq(dating_start_utc_ms(CLOCK_UNSET_UTC_MS, 0, NOON, NOON - 3600000), NOON - 3600000);
}

Test(record, quarter_hours_move_with_the_clock_of_the_wallbox)
{
    const int64_t hour_ms = 3600000;

    cr_expect_eq(dating_quarter_utc_ms(NOON, NOON + 100000, NOON + 100000), NOON);
    cr_expect_eq(dating_quarter_utc_ms(NOON + hour_ms, NOON + hour_ms + 100000, NOON + 100000), NOON, "an hour fast");
    cr_expect_eq(dating_quarter_utc_ms(NOON + 1000, NOON + 100000, NOON + 100000), NOON, "they begin at multiples");
    cr_expect_eq(dating_quarter_utc_ms(CLOCK_UNSET_UTC_MS, CLOCK_UNSET_UTC_MS, NOON + 899999), NOON);
    cr_expect_eq(dating_quarter_utc_ms(NOON + DAY_MS, NOON, NOON + 5), NOON, "no quarter hour of that session");
    cr_expect_eq(dating_quarter_utc_ms(NOON, NOON + 5, CLOCK_UNSET_UTC_MS), NOON);
}
