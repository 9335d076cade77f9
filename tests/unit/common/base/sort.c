#include "common/base/sort.h"

#include <criterion/criterion.h>

#include "common/base/rng.h"

TestSuite(sort, .timeout = 10);

/* Keys of the elements; ties are broken by the index, as callers must. */
static bool key_before(const void *context, uint16_t a, uint16_t b)
{
    const int32_t *key = context;

    return key[a] != key[b] ? key[a] < key[b] : a < b;
}

static void expect_sorted(const int32_t *key, uint16_t n)
{
    static uint16_t index[2000];
    static bool seen[2000];

    for (uint16_t i = 0; i < n; i++) {
        index[i] = i;
        seen[i] = false;
    }
    sort_index(index, n, key_before, key);
    for (uint16_t i = 0; i < n; i++) {
        cr_assert_lt(index[i], n);
        cr_assert_not(seen[index[i]], "element %u is there twice", index[i]);
        seen[index[i]] = true;
        cr_assert(i == 0 || key_before(key, index[i - 1], index[i]), "place %u of %u", i, n);
    }
}

Test(sort, nothing_and_one_element_stay)
{
    uint16_t one[1] = {7};
    int32_t key[8] = {0};

    sort_index(NULL, 0, key_before, key);
    sort_index(one, 1, key_before, key);
    cr_assert_eq(one[0], 7);
}

Test(sort, all_orders_of_up_to_five_keys)
{
    int32_t key[5];

    for (uint16_t n = 1; n <= 5; n++) {
        for (int32_t code = 0; code < 3125; code++) {
            int32_t rest = code;

            for (int i = 0; i < 5; i++) {
                key[i] = rest % 5;
                rest /= 5;
            }
            expect_sorted(key, n);
        }
    }
}

Test(sort, equal_rising_and_falling_keys)
{
    static int32_t key[1024];

    expect_sorted(key, 1024);
    for (int32_t i = 0; i < 1024; i++) {
        key[i] = i;
    }
    expect_sorted(key, 1024);
    for (int32_t i = 0; i < 1024; i++) {
        key[i] = -i;
    }
    expect_sorted(key, 1024);
}

Test(sort, random_keys_of_many_lengths)
{
    static int32_t key[2000];
    struct rng rng = {.state = 1};

    for (uint16_t n = 0; n < 2000; n = (uint16_t)(n + 37)) {
        for (uint16_t i = 0; i < n; i++) {
            key[i] = (int32_t)rng_range(&rng, -50, 50);
        }
        expect_sorted(key, n);
    }
}
