#include "common/os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <uv.h>

#define BESIDE_LEN (FILE_PATH_LEN + 8)

/* The kernel's errors as constant texts. */
static enum rc failed(int err, const char **out_why)
{
    *out_why = uv_strerror(uv_translate_sys_error(err));
    return RC_IO;
}

enum rc file_path(char out[FILE_PATH_LEN], const char *dir, const char *name)
{
    int len = snprintf(out, FILE_PATH_LEN, "%s/%s", dir, name);

    if (len < 0 || len >= FILE_PATH_LEN) {
        out[0] = '\0';
        return RC_FULL;
    }
    return RC_OK;
}

/* As much as there is, up to `room`. Returns -1 with errno. */
static ssize_t read_all(int fd, char *out, size_t room)
{
    size_t len = 0;

    while (len < room) {
        ssize_t n = read(fd, out + len, room - len);

        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n < 0 ? -1 : (ssize_t)len;
        }
        len += (size_t)n;
    }
    return (ssize_t)len;
}

enum rc file_read(const char *path, size_t max_len, char **out, size_t *out_len, const char **out_why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe of this name must not hold us up */
    char *bytes;
    ssize_t len;
    int err;

    if (fd < 0) {
        err = errno;
        rc_ignore(failed(err, out_why));
        return err == ENOENT ? RC_MISSING : RC_IO;
    }
    bytes = malloc(max_len + 1);
    len = bytes != NULL ? read_all(fd, bytes, max_len + 1) : -1;
    err = bytes != NULL ? errno : ENOMEM;
    (void)close(fd); /* only read */
    if (len < 0 || (size_t)len > max_len) {
        free(bytes);
        return failed(len < 0 ? err : EFBIG, out_why);
    }
    bytes[len] = '\0';
    *out = bytes;
    *out_len = (size_t)len;
    return RC_OK;
}

static int write_all(int fd, const uint8_t *bytes, size_t len)
{
    for (size_t done_len = 0; done_len < len;) {
        ssize_t n = write(fd, bytes + done_len, len - done_len);

        if (n < 0 && errno != EINTR) {
            return errno;
        }
        done_len += n > 0 ? (size_t)n : 0;
    }
    return fsync(fd) == 0 ? 0 : errno;
}

/* The new name is durable with its directory only. */
static int sync_dir_of(const char *path)
{
    char dir[FILE_PATH_LEN];
    const char *slash = strrchr(path, '/');
    int len = slash != NULL ? (int)(slash - path) : 0;
    int fd;
    int err;

    (void)snprintf(dir, sizeof dir, "%.*s", len, path);
    fd = open(len > 0 ? dir : (slash != NULL ? "/" : "."), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    err = fsync(fd) == 0 ? 0 : errno;
    (void)close(fd); /* nothing was written through it */
    return err;
}

enum rc file_write(const char *path, const void *bytes, size_t len, const char **out_why)
{
    char beside[BESIDE_LEN];
    int fd;
    int err;

    if (snprintf(beside, sizeof beside, "%s.new", path) >= (int)sizeof beside) {
        return failed(ENAMETOOLONG, out_why);
    }
    (void)unlink(beside); /* of a writer that was cut short */
    fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return failed(errno, out_why);
    }
    err = write_all(fd, bytes, len);
    if (close(fd) != 0 && err == 0) {
        err = errno;
    }
    if (err == 0 && rename(beside, path) != 0) {
        err = errno;
    }
    if (err != 0) {
        (void)unlink(beside); /* best effort: the next writer does it, too */
        return failed(err, out_why);
    }
    err = sync_dir_of(path);
    return err == 0 ? RC_OK : failed(err, out_why);
}

enum rc file_lock(const char *dir, int *out_fd, const char **out_why)
{
    int fd;
    int err;

    if (mkdir(dir, 0700) != 0 && errno != EEXIST) {
        return failed(errno, out_why);
    }
    fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return failed(errno, out_why);
    }
    if (flock(fd, LOCK_EX) != 0) {
        err = errno;
        (void)close(fd); /* nothing was written through it */
        return failed(err, out_why);
    }
    *out_fd = fd;
    return RC_OK;
}
