/* Tools of the routes: one request on its way (call), replies and problems. Used by routes_*.c only. */
#pragma once

#include "manager/shell/routes.h"

#define CALL_PARTS_MAX 2
#define CALL_PART_LEN NAME_LEN /* an identity of a vehicle is the longest */

struct route;
struct change;

/* A request that may be answered. */
struct call {
    struct routes *r;
    const struct route_request *request;
    const struct route *route;
    struct login *login;           /* NULL: a program, or reads are open */
    const struct users_row *token; /* NULL: a person */
    enum role role;
    char part[CALL_PARTS_MAX][CALL_PART_LEN]; /* of the path: what stands at {...} */
    struct field_value value[FIELDS_MAX];     /* in the order of the route's table */
    const json_t *body;                       /* which these are of; NULL none */
    struct route_reply *out;
};

enum {
    ROUTE_ANY_TIME = 1, /* also before the first password was changed */
    ROUTE_LOGIN = 2,    /* a person's login is needed, a token does not do */
    ROUTE_LIST = 4,     /* a long body */
    ROUTE_CSV = 8       /* ... which is a table (text/csv) instead of JSON */
};

struct route {
    const char *method;
    const char *path; /* "/api/v1/wallboxes/{serial}" */
    enum role role;   /* at least; ROLE_NONE: nobody has to log in */
    unsigned flags;
    void (*answer)(struct call *c);
    const struct field *fields; /* of the query of a GET, else of the body */
    uint8_t fields_n;
    const char *summary;
};

/* All routes. */
const struct route *routes_table(size_t *out_n);

/* Takes the body; without one there was no memory for it. */
void answer_text(struct route_reply *out, unsigned status, const char *type, char *body);

/* Takes the value; NULL: there was no memory. */
void answer_json(struct route_reply *out, unsigned status, json_t *value);

/* RFC 9457. field: what was wrong, NULL none; left out when it is longer than a name (FIELD_NAME_LEN) or no text. */
void answer_problem(struct route_reply *out, unsigned status, const char *detail, const char *field);

/* 204 without a body. */
void answer_nothing(struct route_reply *out);

/* Bring the cached snapshot up to date; false, and answered, when there is none yet. */
bool answer_refresh(struct call *c);

/* Hand an errand over as answer; NULL: there was no memory. */
void answer_later(struct call *c, struct errand *e);

/* Tell the audit trail what somebody did; `after` is taken, NULL none. */
void call_note(struct routes *r, const char *who, const char *what, const char *subject, json_t *after);

/* Hand a change over; when it is done, `finish` says so. Takes the change (NULL: there was no memory) and `json`, the body of a good answer (NULL: none). */
void answer_change(struct call *c, struct change *change, void (*finish)(struct routes *r, struct errand *e, struct route_reply *out), unsigned status,
                   json_t *json);

/* What was prepared for a change that is done. */
void answer_changed(struct errand *e, struct route_reply *out);

/* Who asks, for the records. */
const char *call_who(const struct call *c);

/* Address of whoever asks, for delays. */
const char *call_address(const struct call *c);

/* The wallbox that stands in the path; false, and answered, when there is none. */
bool call_box(struct call *c, uint16_t *out_box);
