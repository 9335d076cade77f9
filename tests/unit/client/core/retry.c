#include "client/core/retry.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(retry, .timeout = 10);

Test(retry, five_retries_with_growing_pauses_then_somebody_must_acknowledge_SR_035_SR_036)
{
    static const int64_t pause_ms[RETRY_MAX] = {10000, 20000, 40000, 80000, 160000};
    struct retry r;
    int64_t now_ms = 5000;

    retry_init(&r);
    cr_expect_not(retry_waits(&r, now_ms));
    cr_expect_eq(retry_next_ms(&r), MS_FOREVER);
    for (int i = 0; i < RETRY_MAX; i++) {
        retry_interrupted(&r, 8001, 10000, now_ms);
        cr_expect_eq(r.used_n, i + 1);
        cr_expect_eq(retry_next_ms(&r), now_ms + pause_ms[i]);
        cr_expect(retry_waits(&r, now_ms + pause_ms[i] - 1));
        cr_expect_not(retry_due(&r, now_ms + pause_ms[i] - 1));
        now_ms += pause_ms[i];
        cr_expect_not(retry_waits(&r, now_ms));
        cr_expect(retry_due(&r, now_ms));
        cr_expect_not(retry_due(&r, now_ms)); /* once */
    }
    retry_interrupted(&r, 8002, 10000, now_ms);
    cr_expect(r.is_exhausted);
    cr_expect_eq(r.code, 8002);
    cr_expect(retry_waits(&r, MS_FOREVER - 1));
    cr_expect_eq(retry_next_ms(&r), MS_FOREVER);
    retry_init(&r); /* unplugged, or restarted */
    cr_expect_not(retry_waits(&r, now_ms));
}

Test(retry, faults_that_come_together_are_one_interruption)
{
    struct retry r;

    retry_init(&r);
    retry_interrupted(&r, 8001, 1000, 0);
    retry_interrupted(&r, 8005, 1000, 500);
    cr_expect_eq(r.used_n, 1);
    cr_expect_eq(r.code, 8001);
    cr_expect_eq(retry_next_ms(&r), 1000);
}
