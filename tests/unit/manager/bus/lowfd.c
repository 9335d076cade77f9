#include "manager/shell/lowfd.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

TestSuite(lowfd, .timeout = 10);

#define MANY 1100

static int many[MANY];

static void open_many(void)
{
    struct rlimit limit;

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < MANY + 200) {
        limit.rlim_cur = MANY + 200;
        cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0, "this test needs 1,300 descriptors");
    }
    for (int i = 0; i < MANY; i++) {
        many[i] = open("/dev/null", O_RDONLY | O_CLOEXEC);
        cr_assert_geq(many[i], 0);
    }
}

static void close_many(void)
{
    for (int i = 0; i < MANY; i++) {
        (void)close(many[i]);
    }
}

static bool stands_on_null(int fd)
{
    struct stat a;
    struct stat b;

    return fstat(fd, &a) == 0 && stat("/dev/null", &b) == 0 && S_ISCHR(a.st_mode) && a.st_rdev == b.st_rdev;
}

Test(lowfd, a_connection_made_with_1100_files_open_stands_on_a_low_number_and_select_takes_it)
{
    struct lowfd l;
    int pair[2];
    int low;
    fd_set set;
    struct timeval none = {0};

    cr_assert_eq(lowfd_open(&l, 2), RC_OK);
    open_many();
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    cr_assert_geq(pair[0], FD_SETSIZE);
    cr_assert_eq(lowfd_take(&l, &low), RC_OK);
    cr_assert_lt(low, FD_SETSIZE);
    cr_assert_eq(lowfd_place(&l, low, pair[0]), RC_OK);
    cr_assert_lt(fcntl(pair[0], F_GETFD), 0, "the high number was closed");
    cr_assert_eq(fcntl(low, F_GETFD), FD_CLOEXEC);
    cr_assert_eq(write(pair[1], "x", 1), 1);
    FD_ZERO(&set);
    FD_SET(low, &set);
    cr_assert_eq(select(low + 1, &set, NULL, NULL, &none), 1);
    lowfd_give(&l, low);
    cr_assert(stands_on_null(low), "the number stays ours");
    (void)close(pair[1]);
    close_many();
    lowfd_close(&l);
}

Test(lowfd, reserving_after_1100_files_were_opened_is_refused_and_leaves_nothing_open)
{
    struct lowfd l;

    open_many();
    int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
    cr_assert_eq(lowfd_open(&l, 1), RC_FULL);
    int after = open("/dev/null", O_RDONLY | O_CLOEXEC);
    cr_assert_eq(after, before + 1);
    (void)close(before);
    (void)close(after);
    close_many();
    lowfd_close(&l);
}

Test(lowfd, the_last_one_can_be_taken_and_no_more)
{
    struct lowfd l;
    int fd[LOWFD_MAX];
    int more = -7;

    cr_assert_eq(lowfd_open(&l, LOWFD_MAX), RC_OK);
    for (int i = 0; i < LOWFD_MAX; i++) {
        cr_assert_eq(lowfd_take(&l, &fd[i]), RC_OK);
    }
    cr_assert_eq(lowfd_take(&l, &more), RC_FULL);
    cr_assert_eq(more, -7);
    lowfd_give(&l, fd[3]);
    cr_assert_eq(lowfd_take(&l, &more), RC_OK);
    cr_assert_eq(more, fd[3]);
    for (int i = 0; i < LOWFD_MAX; i++) {
        lowfd_give(&l, fd[i]);
    }
    lowfd_close(&l);
}

Test(lowfd, clearing_closes_what_stood_there_and_may_be_repeated)
{
    struct lowfd l;
    int pair[2];
    int low;
    char byte;

    cr_assert_eq(lowfd_open(&l, 1), RC_OK);
    cr_assert_eq(lowfd_take(&l, &low), RC_OK);
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
    cr_assert_eq(lowfd_place(&l, low, pair[0]), RC_OK);
    lowfd_clear(&l, low);
    lowfd_clear(&l, low);
    cr_assert_eq(read(pair[1], &byte, 1), 0, "the other end sees the end");
    (void)close(pair[1]);
    lowfd_give(&l, low);
    lowfd_close(&l);
}

Test(lowfd, closing_a_zeroed_one_is_harmless)
{
    struct lowfd l = {0};

    lowfd_close(&l);
}
