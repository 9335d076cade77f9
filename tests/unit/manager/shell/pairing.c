/* The list of those that want to be paired; their proofs over real sessions are tested with peers_keys. */
#include "manager/shell/pairing.h"

#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

TestSuite(pairing, .timeout = 10);

static struct trust trust;
static struct pairing pairing;
static struct pairing_list list;

static void begin(void)
{
    pairing_init(&pairing, &trust, NULL, NULL);
}

static void end(void)
{
    pairing_deinit(&pairing);
}

static void see(const char *serial, unsigned number, int64_t utc_ms)
{
    uint8_t key[IDENTITY_HASH_LEN] = {(uint8_t)number, (uint8_t)(number >> 8)};

    pairing_seen(&pairing, serial, key, "192.0.2.7:5000", utc_ms);
}

Test(pairing, a_key_is_listed_once_however_often_it_asks, .init = begin, .fini = end)
{
    see("W1", 1, 1000);
    see("W1", 1, 2000);
    see("W1", 2, 3000);
    pairing_copy(&pairing, &list);
    cr_assert_eq(list.n, 2);
    cr_assert_str_eq(list.at[0].serial, "W1");
    cr_assert_str_eq(list.at[0].address, "192.0.2.7:5000");
    cr_assert_eq(list.at[0].state, PAIRING_SEEN);
    cr_assert_eq(list.at[0].first_utc_ms, 1000);
    cr_assert_eq(list.at[0].last_utc_ms, 2000);
}

Test(pairing, whoever_has_not_asked_for_longest_makes_room, .init = begin, .fini = end)
{
    for (unsigned i = 0; i < PAIRING_LIST_MAX; i++) {
        see("W1", i, i);
    }
    see("W1", 0, 500); /* comes again: key 1 is the oldest now */
    see("W2", 1000, 501);
    pairing_copy(&pairing, &list);
    cr_assert_eq(list.n, PAIRING_LIST_MAX);
    cr_assert_eq(list.at[0].key[0], 0);
    cr_assert_str_eq(list.at[0].serial, "W1");
    cr_assert_str_eq(list.at[1].serial, "W2");
}

Test(pairing, too_many_keys_that_fail_with_a_code_bar_it_until_it_is_given_anew, .init = begin, .fini = end)
{
    struct tls tls = {.state = TLS_OPEN};
    uint8_t proof[PAIR_PROOF_LEN];

    trust.codes.n = 1;
    cr_assert_eq(text_copy(trust.codes.at[0].serial, SERIAL_LEN, "W1"), RC_OK);
    trust.codes.at[0].given_utc_ms = 7;
    for (unsigned i = 0; i < PAIRING_FAILED_MAX; i++) {
        uint8_t key[IDENTITY_HASH_LEN] = {(uint8_t)i};

        see("W1", i, i);
        pairing_refused(&pairing, "W1", key);
    }
    tls.peer[0] = 99;
    see("W1", 99, 100);
    cr_assert_eq(pairing_prove(&pairing, &tls, "W1", proof), RC_MISSING);
}

Test(pairing, a_paired_key_that_asks_again_is_not_paired_any_more, .init = begin, .fini = end)
{
    static const uint8_t key[IDENTITY_HASH_LEN] = {1};

    see("W1", 1, 1);
    pairing_stored(&pairing, "W1", key, true);
    pairing_copy(&pairing, &list);
    cr_assert_eq(list.at[0].state, PAIRING_PAIRED);
    see("W1", 1, 2);
    pairing_copy(&pairing, &list);
    cr_assert_eq(list.at[0].state, PAIRING_SEEN);
    pairing_gone(&pairing, "W2", key); /* of whom nobody has heard: nothing happens */
    pairing_copy(&pairing, &list);
    cr_assert_eq(list.n, 1);
    cr_assert_str_eq(pairing_state_text(PAIRING_SEEN), "seen");
    cr_assert_str_eq(pairing_state_text(PAIRING_FAILED), "failed");
}
