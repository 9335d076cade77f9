/* The HTTP API: a request in, a reply out, without sockets (spec 08 8.4).
 *
 * Decided here: paths, methods, who may what, status codes, bodies. Not here: HTTP itself (http), the forms of site and wallbox (view_json),
 * passwords (users), what the core does with a wish.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <pthread.h>

#include "manager/shell/access.h"
#include "manager/shell/assets.h"
#include "manager/shell/errand.h"
#include "manager/shell/fields.h"
#include "manager/shell/history.h"
#include "manager/shell/pairing.h"
#include "manager/shell/snapshot.h"

#define REQUEST_BODY_MAX 65536
#define REQUEST_LIST_MAX 1048576 /* a list of cards */
#define REQUEST_ARGS_MAX 16
#define ROUTE_ALLOW_LEN 48
#define ROUTE_COOKIE_LEN 160
#define ROUTE_LOCATION_LEN 128

/* Where wishes go that the core is to hear. */
struct routes_out {
    /* RC_FULL: too many wait. Any thread. */
    enum rc (*feed)(void *user, const struct mev *e);
    /* Keep an entry of the audit trail (taken; NULL is harmless); never waits. Any thread. */
    void (*note)(void *user, struct change *note);
};

struct herald;

struct routes {
    pthread_mutex_t lock;         /* around every answer: HTTP and HTTPS have a thread each */
    struct snapshot_board *board; /* kept */
    struct history history;
    struct access access;
    struct users *users;              /* touched by errands only */
    struct pairing *pairing;          /* NULL: the link is plain, nobody has to be paired */
    const char *dir;                  /* data directory, with the files of pairing */
    struct setup_codes *driver_codes; /* of the drivers' page; NULL: there is none */
    struct herald *herald;            /* NULL: nobody is told of alarms */
    const struct routes_out *out;
    void *out_user;
    struct snapshot *cached; /* the snapshot that the two texts were made of; NULL none */
    char *site_text;
    char *boxes_text;
    uint32_t seq;       /* of the last wish */
    int64_t refused_ms; /* when the audit trail was last told of a refused login; MS_NEVER */
    bool open_reads;
};

struct route_request {
    const char *method;
    const char *path; /* decoded, without the query */
    const char *host; /* these: headers, NULL none */
    const char *origin;
    const char *fetch_site;
    const char *content_type;
    const char *cookie;
    const char *authorization;
    const char *csrf;
    const char *none_match;
    const char *accept_encoding;
    const char *address; /* of the client, without port; NULL unknown */
    bool is_secure;
    bool has_content_length;
    bool has_transfer_encoding;
    bool is_too_long; /* its body was cut */
    bool has_too_many_args;
    /* Argument of a name, NULL none; set by routes_answer. */
    const char *(*argument)(void *user, const char *name);
    void *argument_user;
    struct field_arg arg[REQUEST_ARGS_MAX];
    size_t args_n;
    const char *body; /* NULL none */
    size_t body_len;
};

struct route_reply {
    unsigned status;
    const char *type; /* of the content, static */
    char *body;       /* given back with free */
    size_t body_len;
    const struct asset *asset;     /* instead of a body */
    struct errand *errand;         /* instead of everything: to be run, then routes_finish */
    bool is_stream;                /* instead of everything: events until the login ends */
    char login[USERS_ID_LEN];      /* of a stream; empty: reads are open */
    bool must_close;               /* the connection, because the rest of the request cannot be trusted */
    char allow[ROUTE_ALLOW_LEN];   /* for 405, empty none */
    char cookie[ROUTE_COOKIE_LEN]; /* Set-Cookie, empty none */
    char location[ROUTE_LOCATION_LEN];
    const char *file_name; /* of a download, NULL none */
    bool is_page;          /* HTML with styles of its own */
    int32_t retry_s;       /* Retry-After, 0 none */
};

/* board and db_path are kept; users, out, pairing and dir as well when they are set. */
void routes_init(struct routes *r, struct snapshot_board *board, const char *db_path);
void routes_deinit(struct routes *r);

/* Answer. *out is filled whole; without errand, stream and asset its body is never NULL unless there was no memory, then status is 503. */
void routes_answer(struct routes *r, const struct route_request *request, struct route_reply *out);

/* The errand of a reply was run. It stays the caller's. */
void routes_finish(struct routes *r, struct errand *e, struct route_reply *out);

/* Longest body of a request to this path. */
size_t routes_body_max(const char *path);

/* Whether the login of a stream still holds. */
bool routes_is_alive(struct routes *r, const char *login);
