#include "tests/site/datafile.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"

enum rc datafile_read(const char *beside, const char *name, char **out_text, size_t *out_len, const char **out_why)
{
    char path[2 * DATAFILE_PATH_LEN];
    const char *slash = strrchr(beside, '/');
    int folder_len = slash == NULL || name[0] == '/' ? 0 : (int)(slash - beside) + 1;
    int n = snprintf(path, sizeof path, "%.*s%s", folder_len, beside, name);
    FILE *file = n > 0 && (size_t)n < sizeof path ? fopen(path, "rb") : NULL;
    if (file == NULL) {
        *out_why = n > 0 && (size_t)n < sizeof path ? strerror(errno) : "path too long";
        return RC_IO;
    }
    char *text = malloc(DATAFILE_MAX + 1);
    CHECK(text != NULL);
    size_t len = fread(text, 1, DATAFILE_MAX + 1, file);
    bool is_bad = ferror(file) != 0;
    (void)fclose(file); /* only read from */
    if (is_bad || len > DATAFILE_MAX) {
        *out_why = is_bad ? "cannot be read" : "longer than 8 MiB";
        free(text);
        return is_bad ? RC_IO : RC_FULL;
    }
    text[len] = '\0';
    *out_text = text;
    *out_len = len;
    return RC_OK;
}
