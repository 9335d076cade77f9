#include "common/base/rng.h"

#include <criterion/criterion.h>
#include <signal.h>

TestSuite(rng, .timeout = 10);

Test(rng, the_sequence_is_that_of_splitmix64)
{
    struct rng r = {.state = 1234567};

    /* Reference values of the author's program (Vigna, splitmix64.c). */
    cr_assert_eq(rng_next(&r), UINT64_C(6457827717110365317));
    cr_assert_eq(rng_next(&r), UINT64_C(3203168211198807973));
    cr_assert_eq(rng_next(&r), UINT64_C(9817491932198370423));
    cr_assert_eq(rng_next(&r), UINT64_C(4593380528125082431));
    cr_assert_eq(rng_next(&r), UINT64_C(16408922859458223821));
}

Test(rng, the_same_seed_gives_the_same_sequence_and_another_seed_another)
{
    struct rng a = {.state = 7};
    struct rng b = {.state = 7};
    struct rng c = {.state = 8};

    for (int i = 0; i < 100; i++) {
        uint64_t x = rng_next(&a);

        cr_assert_eq(x, rng_next(&b));
        cr_assert_neq(x, rng_next(&c));
    }
}

Test(rng, a_range_of_one_value_gives_that_value)
{
    struct rng r = {0};

    cr_assert_eq(rng_range(&r, 5, 5), 5);
    cr_assert_eq(rng_range(&r, INT64_MIN, INT64_MIN), INT64_MIN);
    cr_assert_eq(rng_range(&r, INT64_MAX, INT64_MAX), INT64_MAX);
}

Test(rng, an_empty_range_ends_the_program, .signal = SIGABRT)
{
    struct rng r = {0};

    (void)rng_range(&r, 1, 0);
}

Test(rng, both_ends_are_met_and_never_passed)
{
    struct rng r = {.state = 1};
    bool has_lo = false;
    bool has_hi = false;

    for (int i = 0; i < 1000; i++) {
        int64_t x = rng_range(&r, -2, 2);

        cr_assert(x >= -2 && x <= 2);
        has_lo = has_lo || x == -2;
        has_hi = has_hi || x == 2;
    }
    cr_assert(has_lo);
    cr_assert(has_hi);
}

Test(rng, the_whole_range_of_64_bits_does_not_divide_by_zero)
{
    struct rng r = {.state = 3};
    bool has_negative = false;
    bool has_positive = false;

    for (int i = 0; i < 100; i++) {
        int64_t x = rng_range(&r, INT64_MIN, INT64_MAX);

        has_negative = has_negative || x < 0;
        has_positive = has_positive || x > 0;
    }
    cr_assert(has_negative);
    cr_assert(has_positive);
    cr_assert_leq(rng_range(&r, INT64_MIN, INT64_MAX - 1), INT64_MAX - 1);
}
