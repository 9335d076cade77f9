#include "client/shell/pin.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/os/file.h"
#include "common/os/log.h"

#define FILE_MAX 256

static enum rc failed(const char *path, const char *why, enum rc rc)
{
    log_err("pin file=%s why=\"%s\"", path, why);
    return rc;
}

enum rc pin_read(const char *dir, uint8_t out[IDENTITY_HASH_LEN])
{
    char path[FILE_PATH_LEN];
    const char *why = "";
    char *text = NULL;
    size_t len = 0;
    enum rc rc;

    if (file_path(path, dir, PIN_FILE) != RC_OK) {
        return failed(dir, "name too long", RC_IO);
    }
    rc = file_read(path, FILE_MAX, &text, &len, &why);
    if (rc != RC_OK) {
        return rc == RC_MISSING ? RC_MISSING : failed(path, why, RC_IO);
    }
    text[strcspn(text, "\n")] = '\0';
    rc = identity_parse(text, out);
    free(text);
    return rc == RC_OK ? RC_OK : failed(path, "must be 64 hexadecimal digits", RC_MALFORMED);
}

enum rc pin_write(const char *dir, const uint8_t hash[IDENTITY_HASH_LEN])
{
    char path[FILE_PATH_LEN];
    char text[IDENTITY_TEXT_LEN];
    const char *why = "";
    int lock_fd = -1;
    enum rc rc;

    if (file_path(path, dir, PIN_FILE) != RC_OK) {
        return failed(dir, "name too long", RC_IO);
    }
    if (file_lock(dir, &lock_fd, &why) != RC_OK) {
        return failed(dir, why, RC_IO);
    }
    identity_text(hash, text);
    text[IDENTITY_TEXT_LEN - 1] = '\n'; /* a line; its length is known */
    rc = file_write(path, text, IDENTITY_TEXT_LEN, &why);
    (void)close(lock_fd); /* gives the lock back */
    return rc == RC_OK ? RC_OK : failed(path, why, RC_IO);
}
