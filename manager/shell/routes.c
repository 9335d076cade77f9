#include "manager/shell/routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/clock.h"
#include "manager/shell/answer.h"

#define COOKIE_NAME "session="

static bool is_safe(const char *method)
{
    return text_same(method, "GET") || text_same(method, "HEAD");
}

static const char *route_method(const char *method)
{
    return text_same(method, "HEAD") ? "GET" : method;
}

/* Whether a path has the form of a pattern; out gets what stands at its {...}. */
static bool is_match(const char *pattern, const char *path, char out[CALL_PARTS_MAX][CALL_PART_LEN])
{
    int parts_n = 0;

    while (*pattern != '\0' && *path != '\0') {
        size_t len = strcspn(path, "/");

        if (*pattern != '{') {
            if (*pattern != *path) {
                return false;
            }
            pattern++;
            path++;
            continue;
        }
        if (len == 0 || len >= CALL_PART_LEN || parts_n == CALL_PARTS_MAX) {
            return false;
        }
        memcpy(out[parts_n], path, len);
        out[parts_n][len] = '\0';
        parts_n++;
        path += len;
        pattern += strcspn(pattern, "}") + 1;
    }
    return *pattern == '\0' && *path == '\0';
}

/* The route of a request; NULL: out->status is 404, or 405 and `allow` says what the path answers. */
static const struct route *find_route(struct call *c)
{
    const char *method = route_method(c->request->method);
    size_t n;
    const struct route *table = routes_table(&n);
    size_t allow_len = 0;

    for (size_t i = 0; i < n; i++) {
        char part[CALL_PARTS_MAX][CALL_PART_LEN] = {{0}};
        int len;

        if (!is_match(table[i].path, c->request->path, part)) {
            continue;
        }
        if (text_same(table[i].method, method)) {
            memcpy(c->part, part, sizeof c->part);
            return &table[i];
        }
        len = snprintf(c->out->allow + allow_len, sizeof c->out->allow - allow_len, "%s%s", allow_len > 0 ? ", " : "",
                       text_same(table[i].method, "GET") ? "GET, HEAD" : table[i].method);
        CHECK(len > 0);
        allow_len += (size_t)len;
        CHECK(allow_len < sizeof c->out->allow);
    }
    c->out->status = allow_len > 0 ? 405 : 404;
    return NULL;
}

size_t routes_body_max(const char *path)
{
    size_t n;
    const struct route *table = routes_table(&n);
    char unused[CALL_PARTS_MAX][CALL_PART_LEN];

    for (size_t i = 0; i < n; i++) {
        if ((table[i].flags & ROUTE_LIST) != 0 && is_match(table[i].path, path, unused)) {
            return REQUEST_LIST_MAX;
        }
    }
    return REQUEST_BODY_MAX;
}

/* The token of our cookie into out; false when there is none of the right form. */
static bool cookie_token(const char *header, char out[LOGIN_TOKEN_LEN])
{
    for (const char *at = header; at != NULL; at = strchr(at, ';')) {
        at += strspn(at, "; ");
        if (strncmp(at, COOKIE_NAME, sizeof COOKIE_NAME - 1) == 0 && strcspn(at + sizeof COOKIE_NAME - 1, "; ") == LOGIN_TOKEN_LEN - 1) {
            memcpy(out, at + sizeof COOKIE_NAME - 1, LOGIN_TOKEN_LEN - 1);
            out[LOGIN_TOKEN_LEN - 1] = '\0';
            return true;
        }
    }
    return false;
}

/* Find out who asks. */
static void identify(struct call *c)
{
    static const char bearer[] = "Bearer ";
    const char *authorization = c->request->authorization;
    char token[LOGIN_TOKEN_LEN];

    if (authorization != NULL) { /* whoever shows a token is nobody else, right or wrong */
        if (strncmp(authorization, bearer, sizeof bearer - 1) == 0) {
            c->token = access_token(&c->r->access, authorization + sizeof bearer - 1);
        }
        c->role = c->token != NULL ? c->token->role : ROLE_NONE;
        return;
    }
    if (cookie_token(c->request->cookie, token)) {
        c->login = access_find(&c->r->access, token, clock_boot_ms());
        sodium_memzero(token, sizeof token);
    }
    if (c->login != NULL) {
        c->role = c->login->role;
    } else if (c->r->open_reads && is_safe(c->request->method)) {
        c->role = ROLE_VIEWER;
    }
}

/* Whether a browser sends this because a page of another origin asked it to. */
static bool is_foreign(const struct route_request *q)
{
    const char *host;

    if (q->fetch_site != NULL && !text_same(q->fetch_site, "same-origin") && !text_same(q->fetch_site, "none")) {
        return true;
    }
    if (q->origin == NULL) {
        return false;
    }
    host = strstr(q->origin, "://");
    return host == NULL || q->host == NULL || !text_same(host + 3, q->host);
}

/* Whether whoever asks may; otherwise it is answered. */
static bool may(struct call *c)
{
    const struct route *route = c->route;
    bool is_wrong_key = c->login != NULL && (c->request->csrf == NULL || strlen(c->request->csrf) != sizeof c->login->csrf - 1 ||
                                             sodium_memcmp(c->request->csrf, c->login->csrf, sizeof c->login->csrf - 1) != 0);

    if (!is_safe(route->method) && c->token == NULL && is_foreign(c->request)) {
        answer_problem(c->out, 403, "this request comes from another site", NULL);
    } else if (route->role != ROLE_NONE && c->role == ROLE_NONE) {
        answer_problem(c->out, 401, "log in first", NULL);
    } else if ((route->flags & ROUTE_LOGIN) != 0 && c->login == NULL) {
        answer_problem(c->out, 403, "this is for people who are logged in", NULL);
    } else if (c->login != NULL && c->login->must_change && (route->flags & ROUTE_ANY_TIME) == 0 && route->role != ROLE_NONE) {
        answer_problem(c->out, 403, "the password has to be changed first", "must_change");
    } else if (c->role < route->role) {
        answer_problem(c->out, 403, "your role does not allow this", NULL);
    } else if (!is_safe(route->method) && route->role != ROLE_NONE && is_wrong_key) {
        answer_problem(c->out, 403, "header X-CSRF-Token is missing or wrong", NULL);
    } else {
        return true;
    }
    return false;
}

/* Whether a Content-Type, parameters left out, is this one. */
static bool is_type(const char *type, const char *wanted)
{
    size_t len = strlen(wanted);

    return type != NULL && strncmp(type, wanted, len) == 0 && (type[len] == '\0' || type[len] == ';');
}

/* The body of an unsafe request into c->value; *out is borrowed by it. False, and answered, when something is wrong. */
static bool read_body(struct call *c, json_t **out)
{
    const struct route_request *q = c->request;
    struct field_error why;
    enum rc rc;

    if (q->args_n > 0) {
        answer_problem(c->out, 400, "this path takes no query", q->arg[0].name);
        return false;
    }
    if ((c->route->flags & ROUTE_CSV) != 0) {
        if (!is_type(q->content_type, "text/csv")) {
            answer_problem(c->out, 415, "the body must be text/csv", NULL);
            return false;
        }
        return true;
    }
    if (c->route->fields_n == 0 && q->body_len == 0) {
        return true;
    }
    if (!is_type(q->content_type, "application/json")) {
        answer_problem(c->out, 415, "the body must be application/json", NULL);
        return false;
    }
    rc = fields_body(c->route->fields, c->route->fields_n, q->body != NULL ? q->body : "", q->body_len, out, c->value, &why);
    if (rc != RC_OK) {
        answer_problem(c->out, rc == RC_MALFORMED ? 400 : 422, why.text, why.field[0] != '\0' ? why.field : NULL);
    }
    return rc == RC_OK;
}

static bool read_query(struct call *c)
{
    const struct route_request *q = c->request;
    struct field_error why;

    if (fields_query(c->route->fields, c->route->fields_n, q->arg, q->args_n, c->value, &why) != RC_OK) {
        answer_problem(c->out, 400, why.text, why.field);
        return false;
    }
    return true;
}

static void answer_route(struct call *c)
{
    json_t *body = NULL;

    identify(c);
    if (may(c) && (is_safe(c->route->method) ? read_query(c) : read_body(c, &body))) {
        c->body = body;
        c->route->answer(c);
    }
    if (body != NULL && c->out->errand != NULL) {
        CHECK(c->out->body == NULL); /* an errand has copied what it needs */
    }
    json_decref(body);
}

static bool takes_gzip(const char *header)
{
    return header == NULL || strstr(header, "gzip") != NULL || strchr(header, '*') != NULL;
}

/* Everything that is no route: a file of the dashboard, or nothing. */
static void answer_asset(struct call *c, unsigned status)
{
    const struct asset *asset = status == 404 ? assets_find(c->request->path) : NULL;
    const char *seen = c->request->none_match;

    if (asset != NULL && !is_safe(c->request->method)) {
        status = 405;
        (void)snprintf(c->out->allow, sizeof c->out->allow, "GET, HEAD");
    }
    if (status == 405) {
        answer_problem(c->out, 405, "this path does not answer this method", NULL);
    } else if (asset == NULL) {
        answer_problem(c->out, 404, "there is nothing at this path", NULL);
    } else if (!takes_gzip(c->request->accept_encoding)) {
        answer_problem(c->out, 406, "this file is there in gzip only", NULL);
    } else {
        c->out->status = seen != NULL && strstr(seen, asset->etag) != NULL ? 304 : 200;
        c->out->type = asset->type;
        c->out->asset = asset;
    }
}

/* What is wrong with the form of a request, whatever it asks for. False: answered. */
static bool is_well_formed(struct call *c)
{
    const struct route_request *q = c->request;

    if (q->has_content_length && q->has_transfer_encoding) {
        answer_problem(c->out, 400, "Content-Length and Transfer-Encoding together are refused", NULL);
    } else if (q->is_too_long) {
        answer_problem(c->out, 413, "the body is longer than this path takes", NULL);
    } else if (q->has_too_many_args) {
        answer_problem(c->out, 400, "the query has too many arguments", NULL);
    } else if (is_safe(q->method) && q->body_len > 0) {
        answer_problem(c->out, 400, "this method takes no body", NULL);
    } else {
        return true;
    }
    c->out->must_close = true;
    return false;
}

/* Argument of a request by its name; NULL none. */
static const char *argument(void *user, const char *name)
{
    const struct route_request *q = user;

    for (size_t i = 0; i < q->args_n; i++) {
        if (text_same(q->arg[i].name, name)) {
            return q->arg[i].value;
        }
    }
    return NULL;
}

void routes_answer(struct routes *r, const struct route_request *request, struct route_reply *out)
{
    struct route_request known = *request;
    struct call c = {.r = r, .request = &known, .out = out};

    known.argument = argument;
    known.argument_user = &known;

    memset(out, 0, sizeof *out);
    CHECK(pthread_mutex_lock(&r->lock) == 0);
    if (is_well_formed(&c)) {
        c.route = find_route(&c);
        if (c.route != NULL) {
            out->allow[0] = '\0';
            answer_route(&c);
        } else {
            answer_asset(&c, out->status);
        }
    }
    CHECK(pthread_mutex_unlock(&r->lock) == 0);
}

void routes_finish(struct routes *r, struct errand *e, struct route_reply *out)
{
    memset(out, 0, sizeof *out);
    CHECK(pthread_mutex_lock(&r->lock) == 0);
    if (e->rc == RC_IO) {
        struct call c = {.r = r, .out = out};

        answer_problem(c.out, 503, "this cannot be stored or read at the moment", NULL);
    } else {
        e->finish(r, e, out);
    }
    CHECK(pthread_mutex_unlock(&r->lock) == 0);
}

bool routes_is_alive(struct routes *r, const char *login)
{
    bool is_alive;

    CHECK(pthread_mutex_lock(&r->lock) == 0);
    is_alive = login[0] == '\0' ? r->open_reads : access_is_alive(&r->access, login, clock_boot_ms());
    CHECK(pthread_mutex_unlock(&r->lock) == 0);
    return is_alive;
}
