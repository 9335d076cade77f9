/* The HTTP API: a request in, a reply out, without sockets (spec 08 8.4).
 *
 * Decided here: paths, methods, status codes, bodies. Not here: HTTP itself (http), the forms of site and wallbox (view_json).
 * Used by the thread of http only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "manager/shell/history.h"
#include "manager/shell/snapshot.h"

struct routes {
    struct snapshot_board *board; /* kept */
    struct history history;
    struct snapshot *cached; /* the snapshot that the two texts were made of; NULL none */
    char *site_text;
    char *boxes_text;
};

struct route_request {
    const char *method;
    const char *path; /* decoded, without the query */
    /* Argument of a name, decoded, NULL none; borrowed until the answer. NULL: there are no arguments. */
    const char *(*argument)(void *user, const char *name);
    void *argument_user;
    bool has_content_length;
    bool has_transfer_encoding;
};

struct route_reply {
    unsigned status;
    const char *type;      /* of the content, static */
    const char *allow;     /* for 405, static; NULL none */
    const char *file_name; /* to be saved as, static; NULL: to be shown */
    bool is_page;          /* HTML with styles of its own */
    char *body;            /* given back with free */
    size_t body_len;
};

/* board and db_path are kept. */
void routes_init(struct routes *r, struct snapshot_board *board, const char *db_path);
void routes_deinit(struct routes *r);

/* Answer. *out is filled whole; its body is never NULL unless there was no memory, then status is 503. */
void routes_answer(struct routes *r, const struct route_request *request, struct route_reply *out);
