/* The files of the dashboard, embedded at build time (web/embed.cmake). Everything is gzipped; a client that does not take gzip gets nothing. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct asset {
    const char *path; /* "/index.html" */
    const char *type; /* media type */
    const char *etag; /* quoted, changes with the content */
    const uint8_t *gzip;
    size_t gzip_len;
    bool is_immutable; /* its name changes with its content: may be kept for ever */
};

/* The file behind a path, without query. Every page of the dashboard ("/", "/history", "/wallbox/17140332", "/d/17140332") is index.html.
 * NULL: there is none. Constant; safe from any thread.
 */
const struct asset *assets_find(const char *path);
