#include "common/os/pair_proof.h"

#include "tests/unit/common/os/tls_pair.h"

TestSuite(pair_proof, .timeout = 20);

static const uint8_t code[SETUP_CODE_LEN] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};

static struct pair_facts facts(void)
{
    struct pair_facts f;

    memcpy(f.code, code, sizeof f.code);
    memset(f.client, 0xc1, sizeof f.client);
    memset(f.manager, 0xa2, sizeof f.manager);
    memset(f.session, 0x53, sizeof f.session);
    return f;
}

/* Computed once with the HMAC of another implementation (Python): the bytes of the protocol never change. */
Test(pair_proof, its_bytes_are_those_of_the_protocol)
{
    static const char *const want[] = {[PAIR_CLIENT] = "6b0856d25a372820713e0f0243eb1bc44a8e2882a0edd531268a2cab0d66d313",
                                       [PAIR_MANAGER] = "e35d10d5b7cf23710fdabc2772be56b3e58762c35aac25870513ee7f708fbdf3"};
    struct pair_facts f = facts();

    for (int role = PAIR_CLIENT; role <= PAIR_MANAGER; role++) {
        uint8_t proof[PAIR_PROOF_LEN];
        char text[IDENTITY_TEXT_LEN];

        cr_assert_eq(pair_proof(&f, (enum pair_role)role, proof), RC_OK);
        identity_text(proof, text);
        cr_assert_str_eq(text, want[role]);
        cr_assert(pair_proof_is_right(&f, (enum pair_role)role, proof));
    }
}

Test(pair_proof, it_cannot_be_sent_back_to_whom_made_it)
{
    struct pair_facts f = facts();
    uint8_t proof[PAIR_PROOF_LEN];

    cr_assert_eq(pair_proof(&f, PAIR_MANAGER, proof), RC_OK);
    cr_assert_not(pair_proof_is_right(&f, PAIR_CLIENT, proof));
    cr_assert_eq(pair_proof(&f, PAIR_CLIENT, proof), RC_OK);
    cr_assert_not(pair_proof_is_right(&f, PAIR_MANAGER, proof));
}

Test(pair_proof, one_other_bit_of_anything_it_is_made_of_makes_it_wrong)
{
    for (size_t i = 0; i < sizeof(struct pair_facts); i++) {
        struct pair_facts right = facts();
        struct pair_facts other = facts();
        uint8_t proof[PAIR_PROOF_LEN];

        ((uint8_t *)&other)[i] ^= 1;
        cr_assert_eq(pair_proof(&other, PAIR_CLIENT, proof), RC_OK);
        cr_assert_not(pair_proof_is_right(&right, PAIR_CLIENT, proof), "byte %zu", i);
    }
}

Test(pair_proof, one_other_bit_of_the_proof_itself_is_wrong)
{
    struct pair_facts f = facts();
    uint8_t proof[PAIR_PROOF_LEN];

    cr_assert_eq(pair_proof(&f, PAIR_CLIENT, proof), RC_OK);
    for (size_t i = 0; i < 8 * sizeof proof; i++) {
        proof[i / 8] ^= (uint8_t)(1u << i % 8);
        cr_assert_not(pair_proof_is_right(&f, PAIR_CLIENT, proof), "bit %zu", i);
        proof[i / 8] ^= (uint8_t)(1u << i % 8);
    }
    cr_assert(pair_proof_is_right(&f, PAIR_CLIENT, proof));
}

Test(pair_proof, both_ends_of_a_session_agree_on_what_it_is_made_of)
{
    struct pair *p = pair_opened();
    struct pair_facts of_client;
    struct pair_facts of_manager;
    uint8_t proof[PAIR_PROOF_LEN];

    cr_assert_eq(pair_facts_of(&of_client, &p->client, &p->wallbox, PAIR_CLIENT, code), RC_OK);
    cr_assert_eq(pair_facts_of(&of_manager, &p->server, &p->manager, PAIR_MANAGER, code), RC_OK);
    cr_assert_eq(memcmp(&of_client, &of_manager, sizeof of_client), 0);
    cr_assert_arr_eq(of_client.client, p->wallbox.hash, IDENTITY_HASH_LEN);
    cr_assert_arr_eq(of_client.manager, p->manager.hash, IDENTITY_HASH_LEN);
    cr_assert_eq(pair_proof(&of_manager, PAIR_MANAGER, proof), RC_OK);
    cr_assert(pair_proof_is_right(&of_client, PAIR_MANAGER, proof));
    pair_facts_forget(&of_client);
    cr_assert_not(pair_proof_is_right(&of_client, PAIR_MANAGER, proof));
    pair_end(p);
}

Test(pair_proof, recorded_it_is_worthless_in_another_session_of_the_same_two)
{
    struct pair *p = pair_opened();
    struct pair_facts f;
    uint8_t recorded[PAIR_PROOF_LEN];

    cr_assert_eq(pair_facts_of(&f, &p->server, &p->manager, PAIR_MANAGER, code), RC_OK);
    cr_assert_eq(pair_proof(&f, PAIR_MANAGER, recorded), RC_OK);
    tls_close(&p->server);
    tls_close(&p->client);
    p->to_server.len = p->to_server.at = p->to_client.len = p->to_client.at = 0;
    cr_assert_eq(tls_open(&p->server, &p->manager, TLS_SERVER, 0), RC_OK);
    cr_assert_eq(tls_open(&p->client, &p->wallbox, TLS_CLIENT, 0), RC_OK);
    tls_connect(&p->server, pair_put, &p->to_client);
    tls_connect(&p->client, pair_put, &p->to_server);
    pair_shake(p, PIPE_ROOM);
    cr_assert_eq(p->client.state, TLS_OPEN);
    cr_assert_eq(pair_facts_of(&f, &p->client, &p->wallbox, PAIR_CLIENT, code), RC_OK);
    cr_assert_not(pair_proof_is_right(&f, PAIR_MANAGER, recorded));
    pair_end(p);
}

/* Somebody shakes hands with the wallbox as a manager and with the manager as a wallbox, and hands the proofs on. */
Test(pair_proof, relayed_between_two_sessions_it_is_worthless_in_both_directions)
{
    struct pair *to_wallbox = pair_opened();
    struct pair *to_manager = pair_opened();
    struct pair_facts wallbox;
    struct pair_facts manager;
    uint8_t proof[PAIR_PROOF_LEN];

    cr_assert_eq(pair_facts_of(&wallbox, &to_wallbox->client, &to_wallbox->wallbox, PAIR_CLIENT, code), RC_OK);
    cr_assert_eq(pair_facts_of(&manager, &to_manager->server, &to_manager->manager, PAIR_MANAGER, code), RC_OK);
    cr_assert_eq(pair_proof(&manager, PAIR_MANAGER, proof), RC_OK);
    cr_assert_not(pair_proof_is_right(&wallbox, PAIR_MANAGER, proof));
    cr_assert_eq(pair_proof(&wallbox, PAIR_CLIENT, proof), RC_OK);
    cr_assert_not(pair_proof_is_right(&manager, PAIR_CLIENT, proof));
    pair_end(to_wallbox);
    pair_end(to_manager);
}
