/* Secrets closed with a passphrase, and what makes another machine this manager. */
#include <stdlib.h>

#include "manager/shell/sealed.h"
#include "manager/shell/takeover.h"
#include "manager/shell/trust.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(takeover, .timeout = 30);

#define PASSPHRASE "correct horse battery"

static const char *why = "";

static enum rc open_with(const json_t *sealed, const char *passphrase)
{
    char *text = NULL;
    size_t len = 0;
    enum rc rc = sealed_open(sealed, passphrase, &text, &len, &why);

    if (rc == RC_OK) {
        cr_expect_eq(len, 5);
        cr_expect_str_eq(text, "hello");
    }
    free(text);
    return rc;
}

Test(takeover, a_box_opens_with_its_passphrase_only_and_only_unchanged)
{
    json_t *sealed = sealed_close(PASSPHRASE, "hello", 5);
    json_t *again = sealed_close(PASSPHRASE, "hello", 5);
    const char *box = json_string_value(json_object_get(sealed, "box"));
    char *other = strdup(box);

    cr_assert_not_null(sealed);
    cr_expect_str_neq(box, json_string_value(json_object_get(again, "box")), "never the same twice");
    cr_expect_eq(open_with(sealed, PASSPHRASE), RC_OK);
    cr_expect_eq(open_with(sealed, "correct horse batterz"), RC_REFUSED);
    for (size_t i = 0; i < strlen(box) - 4; i += 3) {
        memcpy(other, box, strlen(box));
        other[i] = other[i] == 'A' ? 'B' : 'A';
        cr_assert_eq(json_object_set_new(sealed, "box", json_string(other)), 0);
        cr_expect_eq(open_with(sealed, PASSPHRASE), RC_REFUSED, "%zu", i);
        box = json_string_value(json_object_get(again, "box")); /* any box will do: it has another nonce */
    }
    free(other);
    json_decref(sealed);
    json_decref(again);
}

Test(takeover, what_is_no_box_is_not_understood_and_costs_nothing)
{
    static const char *const texts[] = {
        "{}",
        "[]",
        "{\"kdf\":\"argon2i\",\"passes\":3,\"memory_kib\":65536,\"salt\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"box\":"
        "\"AAAA\"}",
        "{\"kdf\":\"argon2id\",\"passes\":99999999,\"memory_kib\":65536,\"salt\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
        "\"box\":\"AAAA\"}",
        "{\"kdf\":\"argon2id\",\"passes\":3,\"memory_kib\":9999999999,\"salt\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\","
        "\"box\":\"AAAA\"}",
        "{\"kdf\":\"argon2id\",\"passes\":3,\"memory_kib\":65536,\"salt\":\"AAAA\",\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"box\":\"AAAA\"}",
        "{\"kdf\":\"argon2id\",\"passes\":3,\"memory_kib\":65536,\"salt\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"box\":"
        "\"AAAA\"}",
        "{\"kdf\":\"argon2id\",\"passes\":3,\"memory_kib\":65536,\"salt\":\"AAAAAAAAAAAAAAAAAAAAAA==\",\"nonce\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"box\":"
        "\"?\"}"};

    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_t *json = json_loads(texts[i], 0, NULL);

        cr_assert_not_null(json);
        cr_expect_eq(open_with(json, PASSPHRASE), RC_MALFORMED, "%zu", i);
        json_decref(json);
    }
}

struct side {
    struct scratch scratch;
    struct store *store;
    struct history history;
    char path[96];
};

static void open_side(struct side *s)
{
    struct store_options options = {.busy_ms = 1};

    memset(s, 0, sizeof *s);
    scratch_open(&s->scratch);
    options.dir = s->scratch.dir;
    cr_assert_eq(store_open(&s->store, &options), RC_OK);
    (void)snprintf(s->path, sizeof s->path, "%s/manager.db", s->scratch.dir);
    history_init(&s->history, s->path);
}

static void close_side(struct side *s)
{
    history_close(&s->history);
    store_free(s->store);
    scratch_close(&s->scratch);
}

static enum rc meet(struct store_order *order, struct db *db, int64_t utc_ms)
{
    const struct db_epoch epoch = {.epoch = UINT64_C(0x00000005deadbeef), .longest_lease_ms = 12000};
    enum rc rc = db_add_epoch(db, &epoch, utc_ms);

    (void)order;
    return rc == RC_OK ? db_put_box(db, "W1", 6000, true, utc_ms) : rc;
}

static json_t *export_of(struct side *s)
{
    char users_path[96];
    struct users *u = NULL;
    json_t *section;

    (void)snprintf(users_path, sizeof users_path, "%s/users.db", s->scratch.dir);
    cr_assert_eq(users_open(&u, users_path, "M0001"), RC_OK);
    section = takeover_export(s->scratch.dir, &s->history, u, PASSPHRASE);
    users_close(u);
    cr_assert_not_null(section);
    return section;
}

Test(takeover, another_machine_has_key_pins_and_passwords_and_trusts_no_silence)
{
    static struct site site = {.node_n = 1, .box_n = 2, .box = {{.serial = "W1"}, {.serial = "W2"}}};
    struct store_order order = {.run = meet};
    struct mev_known known[2];
    struct store_loaded *loaded = calloc(1, sizeof *loaded);
    uint8_t hash[IDENTITY_HASH_LEN] = {1};
    struct identity first;
    struct identity second;
    struct pins *pins = calloc(1, sizeof *pins);
    char text[TAKEOVER_WHY_LEN];
    char users_path[96];
    struct users *u = NULL;
    struct users_row row;
    struct side from;
    struct side to;
    json_t *section;
    json_t *inside = NULL;

    open_side(&from);
    open_side(&to);
    cr_assert_eq(store_carry_out(from.store, &order, 1700000000000), RC_OK);
    cr_assert_eq(pins_put(from.scratch.dir, "W1", hash, text), RC_OK);
    section = export_of(&from);
    cr_assert_eq(takeover_open(section, PASSPHRASE, to.scratch.dir, &inside, text), RC_OK, "%s", text);
    cr_assert_eq(takeover_install(inside, to.scratch.dir, to.store, text), RC_OK, "%s", text);

    cr_assert_eq(identity_open(&first, from.scratch.dir), RC_OK);
    cr_assert_eq(identity_open(&second, to.scratch.dir), RC_OK);
    cr_expect_arr_eq(first.hash, second.hash, IDENTITY_HASH_LEN);
    identity_close(&first);
    identity_close(&second);
    cr_assert_eq(pins_read(pins, to.scratch.dir, text), RC_OK);
    cr_expect_eq(pins->n, 1);
    (void)snprintf(users_path, sizeof users_path, "%s/users.db", to.scratch.dir);
    cr_assert_eq(users_open(&u, users_path, ""), RC_OK);
    cr_expect_eq(users_check(u, "admin", "M0001", &row), RC_OK);
    users_close(u);
    cr_assert_eq(store_load(to.store, loaded), RC_OK);
    cr_expect(loaded->is_foreign, "the old one may still be at work");
    cr_expect_eq(loaded->epoch, UINT64_C(0x00000005deadbeef));
    cr_expect_eq(loaded->longest_lease_ms, 12000);
    cr_expect_not(loaded->has_issued, "it may have issued more since");
    store_known(to.store, &site, known);
    cr_expect(known[0].has_met);
    cr_expect(known[0].is_unwatched);
    cr_expect_eq(known[0].fallback_ma, MA_UNSET, "it may have been raised since");
    cr_expect_not(known[1].has_met);

    free(loaded->document);
    free(loaded);
    free(pins);
    json_decref(inside);
    json_decref(section);
    close_side(&from);
    close_side(&to);
}

Test(takeover, wallboxes_of_another_manager_are_not_lost)
{
    uint8_t hash[IDENTITY_HASH_LEN] = {1};
    char text[TAKEOVER_WHY_LEN];
    struct side from;
    struct side to;
    json_t *section;
    json_t *inside = NULL;

    open_side(&from);
    open_side(&to);
    section = export_of(&from);
    cr_assert_eq(pins_put(to.scratch.dir, "W7", hash, text), RC_OK);
    cr_expect_eq(takeover_open(section, PASSPHRASE, to.scratch.dir, &inside, text), RC_REFUSED);
    cr_expect_not_null(strstr(text, "paired with another key"), "%s", text);
    cr_assert_eq(pins_drop(to.scratch.dir, "W7", text), RC_OK);
    cr_expect_eq(takeover_open(section, "not the passphrase", to.scratch.dir, &inside, text), RC_REFUSED);
    cr_expect_null(inside);
    cr_expect_eq(takeover_open(section, PASSPHRASE, to.scratch.dir, &inside, text), RC_OK);
    json_decref(inside);
    json_decref(section);
    close_side(&from);
    close_side(&to);
}
