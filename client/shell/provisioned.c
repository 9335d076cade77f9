#include "client/shell/provisioned.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/base32.h"
#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/clock.h"
#include "common/os/file.h"

#define FILE_MAX 4096

/* The value of a line "NAME = VALUE" without its end; NULL: the line has another name. */
static const char *value_of(const char *line, const char *name)
{
    size_t len = strlen(name);

    if (strncmp(line, name, len) != 0 || strncmp(line + len, " = ", 3) != 0) {
        return NULL;
    }
    return line + len + 3;
}

/* NULL, or what is wrong. */
static const char *take_text(struct provisioned *out, char *text)
{
    bool has_serial = false;
    bool has_code = false;
    char *rest = NULL;

    for (char *line = strtok_r(text, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest)) { /* ends with the text */
        const char *serial = value_of(line, "serial");
        const char *code = value_of(line, "setup_code");

        if (serial != NULL) {
            if (!text_is_id(serial) || text_copy(out->serial, sizeof out->serial, serial) != RC_OK) {
                return "serial must have 1 to 32 letters, digits, points, dashes and underscores";
            }
            has_serial = true;
        }
        if (code != NULL) {
            if (base32_read(code, out->setup_code, sizeof out->setup_code) != RC_OK) {
                return "setup_code must have 16 letters A to Z or digits 2 to 7";
            }
            has_code = true;
        }
    }
    return has_serial && has_code ? NULL : "must have lines \"serial = X\" and \"setup_code = XXXX-XXXX-XXXX-XXXX\"";
}

enum rc provisioned_read(struct provisioned *out, const char *dir, char out_why[PROVISIONED_WHY_LEN])
{
    struct provisioned found = {0};
    char path[FILE_PATH_LEN];
    const char *why = "name too long";
    char *text = NULL;
    size_t len = 0;
    enum rc rc = file_path(path, dir, PROVISIONED_FILE) == RC_OK ? file_read(path, FILE_MAX, &text, &len, &why) : RC_IO;

    if (rc == RC_OK) {
        why = strlen(text) == len ? take_text(&found, text) : "must be a text";
        rc = why == NULL ? RC_OK : RC_MALFORMED;
        memset(text, 0, len);
        free(text);
    }
    if (rc == RC_OK) {
        *out = found;
    } else if (rc != RC_MISSING) {
        (void)snprintf(out_why, PROVISIONED_WHY_LEN, "%.300s: %s", path, why);
    }
    return rc;
}

enum rc provisioned_make(struct provisioned *out, const char *dir, const char *serial, char out_why[PROVISIONED_WHY_LEN])
{
    struct provisioned made = {0};
    struct provisioned old;
    char code[BASE32_N(SETUP_CODE_LEN) + 4];
    char text[SERIAL_LEN + sizeof code + 64];
    char path[FILE_PATH_LEN];
    const char *why = "name too long";
    int lock_fd = -1;
    enum rc rc = file_lock(dir, &lock_fd, &why);

    if (rc != RC_OK) {
        (void)snprintf(out_why, PROVISIONED_WHY_LEN, "%.300s: %s", dir, why);
        return rc;
    }
    rc = provisioned_read(&old, dir, out_why);
    memset(&old, 0, sizeof old);
    if (rc == RC_OK) {
        (void)snprintf(out_why, PROVISIONED_WHY_LEN, "%.300s/" PROVISIONED_FILE ": this wallbox has a setup code already", dir);
        rc = RC_REFUSED;
    } else if (rc == RC_MISSING) {
        CHECK(text_copy(made.serial, sizeof made.serial, serial) == RC_OK);
        clock_random(made.setup_code, sizeof made.setup_code);
        base32_write(made.setup_code, sizeof made.setup_code, 4, code, sizeof code);
        (void)snprintf(text, sizeof text, "serial = %s\nsetup_code = %s\n", serial, code);
        rc = file_path(path, dir, PROVISIONED_FILE) == RC_OK ? file_write(path, text, strlen(text), &why) : RC_IO;
        if (rc != RC_OK) {
            (void)snprintf(out_why, PROVISIONED_WHY_LEN, "%.300s/" PROVISIONED_FILE ": %s", dir, why);
        } else {
            *out = made;
        }
        memset(text, 0, sizeof text);
    }
    (void)close(lock_fd); /* gives the lock back */
    return rc;
}
