#include "common/os/file.h"

#include <sys/stat.h>

#include "tests/unit/common/os/helpers.h"

TestSuite(file, .timeout = 10);

Test(file, what_was_written_is_read_and_belongs_to_its_owner_alone)
{
    struct scratch s;
    struct stat st;
    const char *why = "";
    char *out = NULL;
    size_t len = 0;

    scratch_open(&s);
    cr_assert_eq(file_write(scratch_path(&s, "x"), "old", 3, &why), RC_OK, "%s", why);
    cr_assert_eq(file_write(s.path, "new text", 8, &why), RC_OK, "%s", why);
    cr_assert_eq(file_read(s.path, 8, &out, &len, &why), RC_OK, "%s", why);
    cr_assert_eq(len, 8);
    cr_assert_str_eq(out, "new text");
    free(out);
    cr_assert_eq(stat(s.path, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0600);
    scratch_close(&s);
}

Test(file, a_missing_a_long_and_an_unreadable_file_are_told_apart)
{
    struct scratch s;
    const char *why = "";
    char *out = NULL;
    size_t len = 77;

    scratch_open(&s);
    cr_assert_eq(file_read(scratch_path(&s, "x"), 8, &out, &len, &why), RC_MISSING);
    cr_assert_eq(file_write(s.path, "123456789", 9, &why), RC_OK);
    cr_assert_eq(file_read(s.path, 8, &out, &len, &why), RC_IO);
    cr_assert_str_eq(why, "file too large");
    cr_assert_eq(file_read(s.dir, 8, &out, &len, &why), RC_IO);
    cr_assert_eq(len, 77, "outputs stay untouched");
    cr_assert_null(out);
    scratch_close(&s);
}

Test(file, a_writer_that_was_cut_short_is_no_obstacle_and_a_failed_one_leaves_the_old_file)
{
    struct scratch s;
    const char *why = "";
    char *out = NULL;
    size_t len = 0;
    char path[128];

    scratch_open(&s);
    snprintf(path, sizeof path, "%s", scratch_path(&s, "x"));
    cr_assert_eq(file_write(scratch_path(&s, "x.new"), "half", 4, &why), RC_OK);
    cr_assert_eq(file_write(path, "whole", 5, &why), RC_OK);
    cr_assert_eq(access(s.path, F_OK), -1);
    cr_assert_eq(mkdir(s.path, 0700), 0); /* now nothing can be written beside */
    cr_assert_eq(file_write(path, "other", 5, &why), RC_IO);
    cr_assert_eq(file_read(path, 8, &out, &len, &why), RC_OK);
    cr_assert_str_eq(out, "whole");
    free(out);
    scratch_close(&s);
}

Test(file, a_lock_makes_the_directory_and_keeps_others_out)
{
    struct scratch s;
    const char *why = "";
    struct stat st;
    int fd = -1;

    scratch_open(&s);
    cr_assert_eq(file_lock(scratch_path(&s, "data"), &fd, &why), RC_OK, "%s", why);
    cr_assert_eq(stat(s.path, &st), 0);
    cr_assert_eq(st.st_mode & 0777, 0700);
    close(fd);
    cr_assert_eq(file_lock(scratch_path(&s, "no/data"), &fd, &why), RC_IO);
    cr_assert_str_eq(why, "no such file or directory");
    scratch_close(&s);
}

Test(file, a_name_that_is_too_long_is_refused)
{
    char dir[FILE_PATH_LEN];
    char out[FILE_PATH_LEN];

    memset(dir, 'd', sizeof dir);
    dir[FILE_PATH_LEN - 4] = '\0';
    cr_assert_eq(file_path(out, dir, "ab"), RC_OK);
    cr_assert_eq(file_path(out, dir, "abc"), RC_FULL);
    cr_assert_str_eq(out, "");
}
