#include "common/os/log.h"

#include <errno.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "common/base/check.h"
#include "tests/unit/common/os/helpers.h"

static void no_journal(void)
{
    unsetenv("JOURNAL_STREAM");
}

TestSuite(log, .timeout = 10, .init = no_journal);

Test(log, lines_begin_with_the_word_of_their_level)
{
    struct capture c;

    log_set_level(LOG_LEVEL_DBG);
    capture_begin(&c, STDERR_FILENO);
    log_err("a x=%d", 1);
    log_warn("b");
    log_note("c");
    log_dbg("d");
    cr_assert_str_eq(capture_end(&c), "err a x=1\nwarn b\nnote c\ndbg d\n");
}

Test(log, the_journal_gets_numbers)
{
    struct capture c;

    cr_assert_eq(setenv("JOURNAL_STREAM", "8:1", 1), 0);
    log_set_level(LOG_LEVEL_DBG);
    capture_begin(&c, STDERR_FILENO);
    log_err("a");
    log_warn("b");
    log_note("c");
    log_dbg("d");
    cr_assert_str_eq(capture_end(&c), "<3>a\n<4>b\n<5>c\n<7>d\n");
}

Test(log, lines_above_the_level_are_dropped_and_the_default_is_note)
{
    struct capture c;

    capture_begin(&c, STDERR_FILENO);
    log_dbg("default");
    log_note("default");
    log_set_level(LOG_LEVEL_ERR);
    log_warn("quiet");
    log_err("loud");
    cr_assert_str_eq(capture_end(&c), "note default\nerr loud\n");
}

Test(log, control_characters_cannot_forge_a_line)
{
    struct capture c;

    capture_begin(&c, STDERR_FILENO);
    log_note("name=%s", "a\nerr forged\r\t\x1b[31m\x7f \xC3\xA4");
    cr_assert_str_eq(capture_end(&c), "note name=a?err forged???[31m? \xC3\xA4\n");
}

static void expect_length(const char *text, size_t want_len)
{
    struct capture c;
    size_t len;

    capture_begin(&c, STDERR_FILENO);
    log_note("%s", text);
    len = strlen(capture_end(&c));
    cr_assert_eq(len, strlen("note ") + want_len + 1, "%zu bytes", len);
    cr_assert_eq(c.text[len - 1], '\n');
}

Test(log, a_line_has_at_most_1000_bytes)
{
    char text[2001];

    memset(text, 'a', sizeof text);
    text[2000] = '\0';
    expect_length(text, 1000);
    text[1001] = '\0';
    expect_length(text, 1000);
    text[1000] = '\0';
    expect_length(text, 1000);
    text[999] = '\0';
    expect_length(text, 999);
    expect_length("", 0);
}

Test(log, a_character_is_not_cut_in_the_middle)
{
    char text[1100];

    memset(text, 'a', sizeof text);
    text[1099] = '\0';
    memcpy(text + 998, "\xC3\xA4", 2); /* ends with byte 1000: whole */
    expect_length(text, 1000);
    memset(text, 'a', 1000);
    memcpy(text + 999, "\xC3\xA4", 2);
    expect_length(text, 999);
    memcpy(text + 998, "\xE2\x82\xAC", 3);
    expect_length(text, 998);
    memset(text, 'a', 1010);
    memcpy(text + 997, "\xF0\x9F\x94\x8C", 4);
    expect_length(text, 997);
}

Test(log, a_line_is_one_write)
{
    int pair[2];
    int saved = dup(STDERR_FILENO);
    char got[64];
    ssize_t first;
    ssize_t second;

    cr_assert_eq(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair), 0);
    dup2(pair[0], STDERR_FILENO);
    log_note("one=%d two=%d", 1, 2);
    log_note("next");
    first = recv(pair[1], got, sizeof got, MSG_DONTWAIT);
    second = recv(pair[1], got, sizeof got, MSG_DONTWAIT);
    dup2(saved, STDERR_FILENO);
    cr_assert_eq(first, (ssize_t)strlen("note one=1 two=2\n"));
    cr_assert_eq(second, (ssize_t)strlen("note next\n"));
    close(saved);
    close(pair[0]);
    close(pair[1]);
}

Test(log, errno_is_kept)
{
    int saved = dup(STDERR_FILENO);

    close(STDERR_FILENO);
    errno = ENOSPC;
    log_err("nobody hears this");
    cr_expect_eq(errno, ENOSPC);
    dup2(saved, STDERR_FILENO);
    close(saved);
}

Test(log, a_failed_check_says_where_and_aborts)
{
    struct capture c;
    int status = 0;
    pid_t child;

    capture_begin(&c, STDERR_FILENO);
    child = fork();
    if (child == 0) {
        check_failed("place.c", 12, "a == b");
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    capture_end(&c);
    cr_assert(WIFSIGNALED(status));
    cr_assert_eq(WTERMSIG(status), SIGABRT);
    cr_assert_str_eq(c.text, "err check file=place.c line=12 expr=\"a == b\"\n");
}
