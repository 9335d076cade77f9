#include "common/os/identity.h"

#include <sys/stat.h>
#include <sys/wait.h>

#include "common/os/file.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(identity, .timeout = 10);

Test(identity, a_key_is_made_once_and_stays)
{
    struct scratch s;
    struct identity first;
    struct identity again;
    struct stat st;
    char dir[128];

    scratch_open(&s);
    snprintf(dir, sizeof dir, "%s", scratch_path(&s, "data"));
    cr_assert_eq(identity_open(&first, dir), RC_OK);
    cr_assert_eq(identity_open(&again, dir), RC_OK);
    cr_assert_arr_eq(first.hash, again.hash, sizeof first.hash);
    cr_assert_eq(stat(scratch_path(&s, "data/link.key"), &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);
    identity_close(&first);
    identity_close(&again);
    identity_close(&again);
    scratch_close(&s);
}

Test(identity, two_directories_have_two_keys)
{
    struct scratch s;
    struct identity a;
    struct identity b;

    scratch_open(&s);
    cr_assert_eq(identity_open(&a, scratch_path(&s, "a")), RC_OK);
    cr_assert_eq(identity_open(&b, scratch_path(&s, "b")), RC_OK);
    cr_assert_arr_neq(a.hash, b.hash, sizeof a.hash);
    identity_close(&a);
    identity_close(&b);
    scratch_close(&s);
}

Test(identity, programs_that_begin_at_once_agree_on_one_key)
{
    enum { PROGRAMS_N = 6 };
    struct scratch s;
    struct identity mine;
    pid_t child[PROGRAMS_N];

    scratch_open(&s);
    scratch_path(&s, "data");
    for (int i = 0; i < PROGRAMS_N; i++) {
        child[i] = fork();
        if (child[i] == 0) {
            struct identity one;
            char path[128];
            bool is_good = identity_open(&one, s.path) == RC_OK;
            const char *why = "";

            snprintf(path, sizeof path, "%s/hash%d", s.dir, i);
            is_good = is_good && file_write(path, one.hash, sizeof one.hash, &why) == RC_OK;
            _exit(is_good ? 0 : 1);
        }
    }
    for (int i = 0; i < PROGRAMS_N; i++) {
        int status = 0;

        cr_assert_eq(waitpid(child[i], &status, 0), child[i]);
        cr_assert_eq(status, 0);
    }
    cr_assert_eq(identity_open(&mine, s.path), RC_OK);
    for (int i = 0; i < PROGRAMS_N; i++) {
        char name[16];
        const char *why = "";
        char *bytes = NULL;
        size_t len = 0;

        snprintf(name, sizeof name, "hash%d", i);
        cr_assert_eq(file_read(scratch_path(&s, name), 32, &bytes, &len, &why), RC_OK, "%s", why);
        cr_assert_arr_eq(bytes, mine.hash, sizeof mine.hash);
        free(bytes);
    }
    identity_close(&mine);
    scratch_close(&s);
}

static void expect_refused(const char *text, const char *word)
{
    struct scratch s;
    struct capture c;
    struct identity i;
    const char *why = "";
    char *out = NULL;
    size_t len = 0;
    enum rc rc;

    scratch_open(&s);
    cr_assert_eq(file_write(scratch_path(&s, "link.key"), text, strlen(text), &why), RC_OK);
    capture_begin(&c, STDERR_FILENO);
    rc = identity_open(&i, s.dir);
    capture_end(&c);
    cr_assert_eq(rc, RC_MALFORMED);
    cr_assert_null(i.credentials);
    cr_assert_not_null(strstr(c.text, "link.key"));
    cr_assert_not_null(strstr(c.text, word), "%s", c.text);
    cr_assert_eq(file_read(s.path, 16384, &out, &len, &why), RC_OK);
    cr_assert_str_eq(out, text, "a key that is not understood must not be replaced");
    free(out);
    scratch_close(&s);
}

Test(identity, a_damaged_key_or_one_of_another_kind_is_refused_and_not_replaced)
{
    expect_refused("", "why=");
    expect_refused("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "why=");
    expect_refused("-----BEGIN PRIVATE KEY-----\n" /* an Ed25519 key made for this test */
                   "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f\n"
                   "-----END PRIVATE KEY-----\n",
                   "P-256");
}

Test(identity, a_directory_that_cannot_be_made_is_named)
{
    struct scratch s;
    struct capture c;
    struct identity i;
    enum rc rc;

    scratch_open(&s);
    capture_begin(&c, STDERR_FILENO);
    rc = identity_open(&i, scratch_path(&s, "no/data"));
    capture_end(&c);
    cr_assert_eq(rc, RC_IO);
    cr_assert_not_null(strstr(c.text, "no/data"), "%s", c.text);
    scratch_close(&s);
}

Test(identity, a_hash_is_written_and_read_as_digits)
{
    uint8_t hash[IDENTITY_HASH_LEN];
    uint8_t back[IDENTITY_HASH_LEN] = {0};
    char text[IDENTITY_TEXT_LEN];

    for (size_t i = 0; i < sizeof hash; i++) {
        hash[i] = (uint8_t)(i * 9 + 7);
    }
    identity_text(hash, text);
    cr_assert_eq(strlen(text), 64);
    cr_assert_eq(identity_parse(text, back), RC_OK);
    cr_assert_arr_eq(hash, back, sizeof hash);
    cr_assert_eq(identity_parse("00112233445566778899aAbBcCdDeEfF00112233445566778899aabbccddeeff", back), RC_OK);
    cr_assert_eq(back[10], 0xaa);
}

Test(identity, what_is_no_hash_is_refused)
{
    uint8_t back[IDENTITY_HASH_LEN] = {9};

    cr_assert_eq(identity_parse("", back), RC_RANGE);
    cr_assert_eq(identity_parse("00112233445566778899aabbccddeeff00112233445566778899aabbccddeef", back), RC_RANGE);
    cr_assert_eq(identity_parse("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0", back), RC_RANGE);
    cr_assert_eq(identity_parse("00112233445566778899aabbccddeeff00112233445566778899aabbccddeefg", back), RC_RANGE);
    cr_assert_eq(back[0], 9);
}
