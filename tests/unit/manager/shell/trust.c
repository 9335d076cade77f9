#include "manager/shell/trust.h"

#include "common/base/text.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(trust, .timeout = 20);

struct table {
    struct scratch scratch;
    struct pins pins;
    char why[TRUST_WHY_LEN];
};

static struct table *begin(void)
{
    struct table *t = calloc(1, sizeof *t);

    cr_assert_not_null(t);
    scratch_open(&t->scratch);
    return t;
}

static void end(struct table *t)
{
    scratch_close(&t->scratch);
    free(t);
}

static const uint8_t *hash_of(int number)
{
    static uint8_t hash[IDENTITY_HASH_LEN];

    for (size_t i = 0; i < sizeof hash; i++) {
        hash[i] = (uint8_t)(number * 7 + (int)i);
    }
    hash[0] = (uint8_t)(number / 256);
    hash[1] = (uint8_t)number;
    return hash;
}

static enum rc put(struct table *t, const char *serial, int number)
{
    return pins_put(t->scratch.dir, serial, hash_of(number), t->why);
}

static void reread(struct table *t)
{
    cr_assert_eq(pins_read(&t->pins, t->scratch.dir, t->why), RC_OK, "%s", t->why);
}

static void write_table(struct table *t, const char *text, size_t len)
{
    const char *why = "";

    cr_assert_eq(file_write(scratch_path(&t->scratch, TRUST_FILE), text, len, &why), RC_OK);
}

Test(trust, without_a_file_nobody_is_pinned)
{
    struct table *t = begin();

    t->pins.n = 7;
    reread(t);
    cr_assert_eq(t->pins.n, 0);
    cr_assert_null(pins_find(&t->pins, hash_of(1)));
    end(t);
}

Test(trust, a_pinned_key_is_found_with_its_serial_number)
{
    struct table *t = begin();

    cr_assert_eq(put(t, "W1", 1), RC_OK);
    cr_assert_eq(put(t, "W2", 2), RC_OK);
    reread(t);
    cr_assert_eq(t->pins.n, 2);
    cr_assert_str_eq(pins_find(&t->pins, hash_of(2)), "W2");
    cr_assert_null(pins_find(&t->pins, hash_of(3)));
    end(t);
}

Test(trust, a_new_key_of_a_wallbox_replaces_its_old_one)
{
    struct table *t = begin();

    cr_assert_eq(put(t, "W1", 1), RC_OK);
    cr_assert_eq(put(t, "W1", 2), RC_OK);
    cr_assert_eq(put(t, "W1", 2), RC_OK, "twice is harmless");
    reread(t);
    cr_assert_eq(t->pins.n, 1);
    cr_assert_null(pins_find(&t->pins, hash_of(1)));
    cr_assert_str_eq(pins_find(&t->pins, hash_of(2)), "W1");
    end(t);
}

Test(trust, one_key_is_no_two_wallboxes)
{
    struct table *t = begin();

    cr_assert_eq(put(t, "W1", 1), RC_OK);
    cr_assert_eq(put(t, "W2", 1), RC_REFUSED);
    cr_assert_str_eq(t->why, "this key is pinned to W1");
    end(t);
}

Test(trust, a_pin_is_taken_away_by_serial_number)
{
    struct table *t = begin();

    cr_assert_eq(pins_drop(t->scratch.dir, "W1", t->why), RC_MISSING);
    cr_assert_eq(put(t, "W1", 1), RC_OK);
    cr_assert_eq(put(t, "W2", 2), RC_OK);
    cr_assert_eq(put(t, "W3", 3), RC_OK);
    cr_assert_eq(pins_drop(t->scratch.dir, "W2", t->why), RC_OK);
    reread(t);
    cr_assert_eq(t->pins.n, 2);
    cr_assert_str_eq(pins_find(&t->pins, hash_of(1)), "W1");
    cr_assert_str_eq(pins_find(&t->pins, hash_of(3)), "W3");
    end(t);
}

Test(trust, what_is_no_serial_number_is_refused)
{
    struct table *t = begin();

    cr_assert_eq(put(t, "", 1), RC_RANGE);
    cr_assert_eq(put(t, "W 1", 1), RC_RANGE);
    cr_assert_eq(put(t, "W1\nW2", 1), RC_RANGE);
    cr_assert_eq(put(t, "012345678901234567890123456789012", 1), RC_RANGE);
    cr_assert_eq(put(t, "01234567890123456789012345678901", 1), RC_OK);
    end(t);
}

Test(trust, a_site_full_of_wallboxes_fits_and_one_more_does_not)
{
    struct table *t = begin();
    char *text = calloc(BOX_MAX, 128);
    size_t len = 0;

    for (int i = 0; i < BOX_MAX; i++) {
        char digits[IDENTITY_TEXT_LEN];

        identity_text(hash_of(i), digits);
        len += (size_t)snprintf(text + len, 128, "a-serial-number-of-full-len-%04d %s\n", i, digits);
    }
    write_table(t, text, len);
    reread(t);
    cr_assert_eq(t->pins.n, BOX_MAX);
    cr_assert_eq(put(t, "W1", BOX_MAX), RC_FULL);
    cr_assert_eq(put(t, "a-serial-number-of-full-len-0007", BOX_MAX), RC_OK, "replacing takes no room");
    reread(t);
    cr_assert_str_eq(pins_find(&t->pins, hash_of(BOX_MAX)), "a-serial-number-of-full-len-0007");
    free(text);
    end(t);
}

static void refused(const char *text, size_t len, const char *word)
{
    struct table *t = begin();

    write_table(t, text, len);
    t->pins.n = 9;
    cr_assert_eq(pins_read(&t->pins, t->scratch.dir, t->why), RC_MALFORMED);
    cr_assert_not_null(strstr(t->why, word), "%s", t->why);
    cr_assert_eq(t->pins.n, 9, "untouched");
    cr_assert_eq(put(t, "W9", 9), RC_MALFORMED, "what is not understood is not overwritten");
    end(t);
}

#define DIGITS "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

Test(trust, a_line_that_is_not_understood_is_named_by_its_number)
{
    static const char zero[] = "W1 " DIGITS "\n\0";

    refused("# by hand\nW1 " DIGITS "\n\nW2\n", sizeof "# by hand\nW1 " DIGITS "\n\nW2\n" - 1, "pins:4:");
    refused("W1 " DIGITS "0\n", sizeof "W1 " DIGITS "0\n" - 1, "64 hexadecimal");
    refused("W1  " DIGITS "\n", sizeof "W1  " DIGITS "\n" - 1, "64 hexadecimal");
    refused("W1 " DIGITS "\nW1 " DIGITS "\n", sizeof "W1 " DIGITS "\nW1 " DIGITS "\n" - 1, "pins:2: this serial number or this key");
    refused("W1 " DIGITS "\nW2 " DIGITS, sizeof "W1 " DIGITS "\nW2 " DIGITS - 1, "pins:2: this serial number or this key");
    refused(zero, sizeof zero, "must be a text");
}

Test(trust, own_key_and_table_are_opened_together)
{
    struct table *t = begin();
    struct trust trust;

    cr_assert_eq(put(t, "W1", 1), RC_OK);
    cr_assert_eq(trust_open(&trust, t->scratch.dir), RC_OK);
    cr_assert_not_null(trust.self.credentials);
    cr_assert_str_eq(pins_find(&trust.pins, hash_of(1)), "W1");
    trust_close(&trust);
    trust_close(&trust);
    end(t);
}

static void write_other(struct table *t)
{
    const char *why = "";

    cr_assert_eq(file_write(scratch_path(&t->scratch, "manager.db-wal"), "x", 1, &why), RC_OK);
}

static void on_change(void *user)
{
    int *changes_n = user;

    (*changes_n)++;
}

Test(trust, a_change_of_the_file_is_noticed_and_a_damaged_one_changes_nothing)
{
    struct table *t = begin();
    struct trust trust;
    struct bench bench;
    struct capture c;
    int changes_n = 0;

    bench_open(&bench);
    cr_assert_eq(trust_open(&trust, t->scratch.dir), RC_OK);
    cr_assert_eq(put(t, "W0", 7), RC_OK);
    trust_watch(&trust, &bench.loop, on_change, &changes_n);
    cr_assert_eq(trust.pins.n, 1, "nothing is missed between opening and watching");
    write_other(t); /* no business of the table */
    cr_assert_eq(put(t, "W1", 1), RC_OK);
    while (changes_n == 0) {
        (void)uv_run(&bench.loop, UV_RUN_ONCE);
    }
    cr_assert_eq(changes_n, 1);
    cr_assert_eq(trust.pins.n, 2);
    capture_begin(&c, STDERR_FILENO);
    write_table(t, "nonsense\n", 9);
    for (c.text[0] = '\0'; strstr(c.text, "pins:1:") == NULL;) {
        (void)uv_run(&bench.loop, UV_RUN_ONCE);
        (void)!pread(c.file, c.text, sizeof c.text - 1, 0);
    }
    capture_end(&c);
    cr_assert_eq(trust.pins.n, 2);
    trust_unwatch(&trust);
    trust_unwatch(&trust);
    trust_close(&trust);
    bench_close(&bench);
    end(t);
}
