/* Configuration files on arbitrary bytes: what is accepted is printed as a file that says the same. For manager_settings.c and
 * client_settings.c, whose programs have functions of the same names. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/base/rc.h"

/* How a program reads its file into settings, defaults first, and prints them. */
struct settings_file {
    enum rc (*read)(void *settings, const char *path);
    void (*print)(const void *settings, FILE *to);
};

/* Put bytes into a file in memory and read it. */
static inline enum rc settings_file_read(const struct settings_file *f, void *settings, const void *bytes, size_t len)
{
    char path[32];
    int fd = memfd_create("settings", MFD_CLOEXEC);
    enum rc rc;

    CHECK(fd >= 0);
    CHECK(write(fd, bytes, len) == (ssize_t)len);
    (void)snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    rc = f->read(settings, path);
    (void)close(fd); /* nothing is kept */
    return rc;
}

static inline char *settings_file_print(const struct settings_file *f, const void *settings)
{
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    CHECK(to != NULL);
    f->print(settings, to);
    CHECK(fclose(to) == 0);
    CHECK(text != NULL);
    return text;
}

/* Read bytes into *first; when they are accepted, *second gets what the print of *first says. True when they are. */
static inline bool settings_file_round(const struct settings_file *f, const uint8_t *data, size_t size, void *first, void *second)
{
    char *text;
    char *text_again;
    enum rc rc = settings_file_read(f, first, data, size);

    if (rc != RC_OK) {
        CHECK(rc == RC_RANGE);
        return false;
    }
    text = settings_file_print(f, first);
    rc = settings_file_read(f, second, text, strlen(text));
    CHECK(rc == RC_OK);
    text_again = settings_file_print(f, second);
    CHECK(strcmp(text, text_again) == 0);
    free(text);
    free(text_again);
    return true;
}
