/* Login, roles, protection against forged requests, users, tokens: whole conversations without sockets. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "manager/shell/answer.h"
#include "manager/shell/change.h"
#include "manager/shell/routes.h"

TestSuite(routes_login, .timeout = 60);

#define PASSWORD "correct horse battery"

static struct site site = {.node_n = 1,
                           .box_n = 2,
                           .node = {{.id = "grid", .parent = NODE_NONE}},
                           .box = {{.serial = "W01", .phases = PHASES_L1, .min_ma = 6000, .max_ma = 16000}, {.serial = "W02", .phases = PHASES_L1}}};
static struct snapshot_board board;
static struct routes routes;
static struct users *users;
static char dir[] = "/tmp/wallbox-login-XXXXXX";
static char path[64];
static struct mev fed;
static int fed_n;
static char noted[400];
static int noted_n;
static char cookie[ROUTE_COOKIE_LEN];
static char csrf[40];

static enum rc feed(void *user, const struct mev *e)
{
    (void)user;
    fed = *e;
    fed_n++;
    return RC_OK;
}

static void note(void *user, struct change *c)
{
    (void)user;
    cr_assert_not_null(c);
    (void)snprintf(noted, sizeof noted, "%s %s %s %s", c->who, c->what, c->subject, c->after != NULL ? c->after : "-");
    noted_n++;
    change_free(c);
}

static const struct routes_out out = {.feed = feed, .note = note};

static void begin(void)
{
    struct snapshot *s = snapshot_new(&site);

    cr_assert_not_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/users.db", dir);
    snapshot_init(&board);
    s->view.node_n = 1;
    s->view.box_n = 2;
    s->view.box[0] = (struct view_box){.is_online = true, .has_status = true, .pilot = PILOT_C2, .reason_node = NODE_NONE};
    s->view.box[1].reason_node = NODE_NONE;
    snapshot_publish(&board, s);
    routes_init(&routes, &board, path);
    cr_assert_eq(users_open(&users, path, "M0001"), RC_OK);
    routes.users = users;
    routes.out = &out;
}

static void end(void)
{
    routes_deinit(&routes);
    snapshot_deinit(&board);
    users_close(users);
    (void)unlink(path);
    (void)rmdir(dir);
}

/* A request as a browser of ours sends it; its errand is carried out. Gives the body back, NULL none. */
static json_t *post(struct route_request request, unsigned status)
{
    struct route_reply reply;
    json_t *json;

    request.address = request.address != NULL ? request.address : "192.0.2.1";
    request.content_type = request.content_type != NULL ? request.content_type : "application/json";
    request.body_len = request.body != NULL ? strlen(request.body) : 0;
    request.cookie = request.cookie != NULL ? request.cookie : cookie;
    request.csrf = request.csrf != NULL ? request.csrf : csrf;
    routes_answer(&routes, &request, &reply);
    if (reply.errand != NULL) {
        struct errand *e = reply.errand;

        if (e->where == ERRAND_WORKER) {
            e->run(e);
        }
        routes_finish(&routes, e, &reply);
        errand_free(e);
    }
    cr_assert_eq(reply.status, status, "%s %s: %u %s", request.method, request.path, reply.status, reply.body != NULL ? reply.body : "");
    if (strncmp(reply.cookie, "session=", 8) == 0) {
        (void)snprintf(cookie, sizeof cookie, "other=1; %.*s", (int)strcspn(reply.cookie, ";"), reply.cookie);
        cr_expect_not_null(strstr(reply.cookie, "; HttpOnly; SameSite=Strict"));
        cr_expect_eq(strstr(reply.cookie, "; Secure") != NULL, request.is_secure);
    }
    json = reply.body != NULL && reply.body[0] != '\0' ? json_loads(reply.body, JSON_REJECT_DUPLICATES, NULL) : NULL;
    if (json != NULL && json_is_string(json_object_get(json, "csrf"))) {
        (void)snprintf(csrf, sizeof csrf, "%s", json_string_value(json_object_get(json, "csrf")));
    }
    free(reply.body);
    return json;
}

static void ask(const char *method, const char *where, const char *body, unsigned status)
{
    json_decref(post((struct route_request){.method = method, .path = where, .body = body}, status));
}

static void ask_field(const char *method, const char *where, const char *body, unsigned status, const char *field)
{
    json_t *json = post((struct route_request){.method = method, .path = where, .body = body}, status);

    cr_expect_str_eq(json_string_value(json_object_get(json, "field")), field, "%s", body);
    json_decref(json);
}

static void log_in(const char *user, const char *password, unsigned status)
{
    char body[200];

    (void)snprintf(body, sizeof body, "{\"user\":\"%s\",\"password\":\"%s\"}", user, password);
    ask("POST", "/api/v1/login", body, status);
}

/* The administrator with a password of his own. */
static void log_in_first(void)
{
    log_in("admin", "M0001", 200);
    ask("POST", "/api/v1/password", "{\"password\":\"M0001\",\"new_password\":\"" PASSWORD "\"}", 200);
}

Test(routes_login, nothing_but_the_first_password_can_be_done_before_it_was_changed, .init = begin, .fini = end)
{
    ask("GET", "/api/v1/site", NULL, 401);
    log_in("admin", "M0002", 401);
    log_in("root", "M0001", 401);
    log_in("admin", "M0001", 200);
    ask("GET", "/api/v1/me", NULL, 200);
    ask_field("GET", "/api/v1/site", NULL, 403, "must_change");
    ask_field("GET", "/api/v1/users", NULL, 403, "must_change");
    ask_field("POST", "/api/v1/wallboxes/W01/start", NULL, 403, "must_change");
    ask_field("POST", "/api/v1/password", "{\"password\":\"M0001\",\"new_password\":\"short\"}", 422, "new_password");
    ask_field("POST", "/api/v1/password", "{\"password\":\"M0003\",\"new_password\":\"" PASSWORD "\"}", 403, "password");
    ask("POST", "/api/v1/password", "{\"password\":\"M0001\",\"new_password\":\"" PASSWORD "\",\"new_user\":\"anna\"}", 200);
    ask("GET", "/api/v1/site", NULL, 200);
    ask("POST", "/api/v1/logout", NULL, 204);
    ask("GET", "/api/v1/site", NULL, 401);
    log_in("admin", PASSWORD, 401);
    log_in("anna", PASSWORD, 200);
    ask("GET", "/api/v1/site", NULL, 200);
}

Test(routes_login, a_forged_request_is_refused, .init = begin, .fini = end)
{
    const struct route_request start = {.method = "POST", .path = "/api/v1/wallboxes/W01/start", .host = "box:8443"};
    struct route_request request = start;

    log_in_first();
    json_decref(post(start, 202));
    request.csrf = "";
    json_decref(post(request, 403));
    request.csrf = "00000000000000000000000000000000";
    json_decref(post(request, 403));
    request = start;
    request.origin = "https://evil.example";
    json_decref(post(request, 403));
    request.origin = "null";
    json_decref(post(request, 403));
    request.origin = "https://box:8443";
    json_decref(post(request, 202));
    request.fetch_site = "cross-site";
    json_decref(post(request, 403));
    request = (struct route_request){.method = "POST", .path = "/api/v1/login", .body = "user=admin&password=x", .content_type = "text/plain"};
    json_decref(post(request, 415));
    request = (struct route_request){.method = "POST", .path = "/api/v1/login", .body = "{}", .origin = "https://evil.example", .host = "box"};
    json_decref(post(request, 403));
    cr_expect_eq(fed_n, 2);
}

Test(routes_login, a_login_never_keeps_the_cookie_that_was_there_before, .init = begin, .fini = end)
{
    char before[ROUTE_COOKIE_LEN];
    struct route_request request = {.method = "GET", .path = "/api/v1/site", .cookie = before};

    (void)snprintf(cookie, sizeof cookie, "session=0000000000000000000000000000000000000000000000000000000000000000");
    (void)snprintf(before, sizeof before, "%s", cookie);
    log_in_first();
    json_decref(post(request, 401));
    (void)snprintf(before, sizeof before, "%s", cookie);
    json_decref(post(request, 200));
    log_in("admin", PASSWORD, 200);
    cr_expect_str_neq(before, cookie);
    json_decref(post(request, 401));
}

Test(routes_login, whoever_guesses_waits_longer_and_longer, .init = begin, .fini = end)
{
    struct route_request request = {.method = "POST", .path = "/api/v1/login", .body = "{\"user\":\"admin\",\"password\":\"wrong\"}", .address = "192.0.2.9"};

    for (int i = 0; i < 4; i++) {
        json_decref(post(request, 401));
    }
    json_decref(post(request, 429));
    request.address = "192.0.2.10"; /* the account waits, wherever it is tried from */
    json_decref(post(request, 429));
    request.body = "{\"user\":\"other\",\"password\":\"wrong\"}";
    request.address = "192.0.2.9"; /* and so does the address, whoever it tries */
    json_decref(post(request, 429));
}

Test(routes_login, roles_and_scopes_bound_what_can_be_done, .init = begin, .fini = end)
{
    char bearer[100];
    json_t *json;
    struct route_request program = {.method = "GET", .path = "/api/v1/site", .authorization = bearer};

    log_in_first();
    ask("POST", "/api/v1/users", "{\"user\":\"olga\",\"password\":\"" PASSWORD "!\",\"role\":\"operator\"}", 201);
    ask_field("POST", "/api/v1/users", "{\"user\":\"olga\",\"password\":\"" PASSWORD "!\",\"role\":\"viewer\"}", 409, "user");
    ask_field("POST", "/api/v1/users", "{\"user\":\"vera\",\"password\":\"" PASSWORD "!\",\"role\":\"king\"}", 422, "role");
    ask_field("POST", "/api/v1/users", "{\"user\":\"a/b\",\"password\":\"" PASSWORD "!\",\"role\":\"viewer\"}", 422, "user");
    json = post((struct route_request){.method = "POST", .path = "/api/v1/tokens", .body = "{\"name\":\"meter room\",\"scope\":\"viewer\"}"}, 201);
    (void)snprintf(bearer, sizeof bearer, "Bearer %s", json_string_value(json_object_get(json, "token")));
    json_decref(post(program, 200));
    program.method = "POST";
    program.path = "/api/v1/wallboxes/W01/stop";
    json_decref(post(program, 403));
    program.method = "GET";
    program.path = "/api/v1/logins";
    json_decref(post(program, 403));
    (void)snprintf(cookie, sizeof cookie, "/api/v1/tokens/%s", json_string_value(json_object_get(json, "id")));
    json_decref(json);
    log_in("olga", PASSWORD "!", 200);
    ask("POST", "/api/v1/password", "{\"password\":\"" PASSWORD "!\",\"new_password\":\"" PASSWORD "?\"}", 200);
    ask("GET", "/api/v1/users", NULL, 403);
    ask("POST", "/api/v1/wallboxes/W01/pause", NULL, 202);
    log_in("admin", PASSWORD, 200);
    ask("DELETE", "/api/v1/users/olga", NULL, 204);
    ask("DELETE", "/api/v1/users/olga", NULL, 404);
    ask("DELETE", "/api/v1/users/admin", NULL, 409);
    program.path = "/api/v1/site";
    (void)snprintf(bearer, sizeof bearer, "Bearer wbx_0");
    json_decref(post(program, 401));
}

Test(routes_login, a_token_that_was_deleted_opens_nothing, .init = begin, .fini = end)
{
    char bearer[100];
    char where[60];
    json_t *json;

    log_in_first();
    json = post((struct route_request){.method = "POST", .path = "/api/v1/tokens", .body = "{\"name\":\"x\",\"scope\":\"operator\"}"}, 201);
    (void)snprintf(bearer, sizeof bearer, "Bearer %s", json_string_value(json_object_get(json, "token")));
    (void)snprintf(where, sizeof where, "/api/v1/tokens/%s", json_string_value(json_object_get(json, "id")));
    json_decref(json);
    json_decref(post((struct route_request){.method = "POST", .path = "/api/v1/wallboxes/W01/start", .authorization = bearer}, 202));
    json = post((struct route_request){.method = "GET", .path = "/api/v1/tokens"}, 200);
    cr_expect_eq(json_array_size(json_object_get(json, "tokens")), 1);
    cr_expect_null(json_object_get(json_array_get(json_object_get(json, "tokens"), 0), "token"));
    json_decref(json);
    ask("DELETE", where, NULL, 204);
    json_decref(post((struct route_request){.method = "GET", .path = "/api/v1/site", .authorization = bearer}, 401));
}

Test(routes_login, logins_are_listed_and_ended, .init = begin, .fini = end)
{
    json_t *json;
    char where[60];

    log_in_first();
    json = post((struct route_request){.method = "GET", .path = "/api/v1/logins"}, 200);
    cr_assert_eq(json_array_size(json_object_get(json, "logins")), 1);
    (void)snprintf(where, sizeof where, "/api/v1/logins/%s", json_string_value(json_object_get(json_array_get(json_object_get(json, "logins"), 0), "id")));
    json_decref(json);
    ask("DELETE", "/api/v1/logins/0000000000000000", NULL, 404);
    cr_expect(routes_is_alive(&routes, where + strlen("/api/v1/logins/")));
    ask("DELETE", where, NULL, 204);
    cr_expect_not(routes_is_alive(&routes, where + strlen("/api/v1/logins/")));
    ask("GET", "/api/v1/me", NULL, 401);
}

Test(routes_login, the_recovery_key_gives_a_new_password_once, .init = begin, .fini = end)
{
    char key[RECOVERY_LEN];
    char body[200];

    log_in_first();
    cr_assert_eq(users_show_recovery(users, key), RC_OK);
    (void)snprintf(body, sizeof body, "{\"recovery_key\":\" %s \",\"new_password\":\"another password\"}", key);
    ask_field("POST", "/api/v1/recover", "{\"recovery_key\":\"AAAA-AAAA-AAAA-AAAA-AAAA-AAAA\",\"new_password\":\"another password\"}", 403, "recovery_key");
    ask("POST", "/api/v1/recover", body, 200);
    ask("GET", "/api/v1/site", NULL, 200);
    ask("POST", "/api/v1/recover", body, 403);
    log_in("admin", PASSWORD, 401);
    log_in("admin", "another password", 200);
}

Test(routes_login, the_audit_trail_hears_who_did_what, .init = begin, .fini = end)
{
    log_in_first();
    cr_expect_str_eq(noted, "admin password admin {\"address\":\"192.0.2.1\"}");
    ask("POST", "/api/v1/users", "{\"user\":\"olga\",\"password\":\"a first password\",\"role\":\"operator\"}", 201);
    cr_expect_str_eq(noted, "admin user_add olga {\"role\":\"operator\"}");
    ask("POST", "/api/v1/wallboxes/W01/pause", NULL, 202);
    cr_expect_str_eq(noted, "admin command_pause W01 -");
    ask("PATCH", "/api/v1/wallboxes/W01/session", "{\"needed_wh\": 9000}", 202);
    cr_expect_str_eq(noted, "admin session_wish W01 {\"needed_wh\":9000}");
    ask("DELETE", "/api/v1/users/olga", NULL, 204);
    cr_expect_str_eq(noted, "admin user_delete olga -");
    noted_n = 0;
    log_in("olga", "guess", 401);
    cr_expect_str_eq(noted, "nobody login_refused olga {\"address\":\"192.0.2.1\"}");
    log_in("otto", "guess", 401);
    cr_expect_eq(noted_n, 1, "one a minute");
    log_in("admin", PASSWORD, 200);
    cr_expect_str_eq(noted, "admin login admin {\"address\":\"192.0.2.1\"}");
}

Test(routes_login, wishes_reach_the_loop_and_what_is_wrong_with_them_is_named, .init = begin, .fini = end)
{
    json_t *json;

    log_in_first();
    json = post((struct route_request){.method = "POST", .path = "/api/v1/wallboxes/W01/unlock"}, 202);
    cr_expect_eq(fed.kind, MEV_COMMAND);
    cr_expect_eq(fed.command.command, MANAGER_UNLOCK);
    cr_expect_eq(fed.command.seq, json_integer_value(json_object_get(json, "seq")));
    json_decref(json);
    ask("POST", "/api/v1/wallboxes/W02/unlock", NULL, 409);
    ask("POST", "/api/v1/wallboxes/W03/unlock", NULL, 404);
    ask("POST", "/api/v1/wallboxes/W01/explode", NULL, 404);
    ask("PATCH", "/api/v1/wallboxes/W01/session", "{\"needed_wh\":9000,\"mode\":\"solar_only\",\"priority\":null,\"charge_now\":true}", 202);
    cr_expect_eq(fed.kind, MEV_WISH);
    cr_expect_eq(fed.wish.set, WISH_NEEDED | WISH_MODE | WISH_PRIORITY | WISH_NOW);
    cr_expect_eq(fed.wish.wish.set, WISH_NEEDED | WISH_MODE | WISH_NOW);
    cr_expect_eq(fed.wish.wish.needed_wh, 9000);
    cr_expect_eq(fed.wish.wish.mode, SOLAR_ONLY);
    ask_field("PATCH", "/api/v1/wallboxes/W01/session", "{\"departure\":\"2001-01-01T00:00:00Z\"}", 422, "departure");
    ask_field("PATCH", "/api/v1/wallboxes/W01/session", "{\"departure\":\"tomorrow\"}", 422, "departure");
    ask_field("PATCH", "/api/v1/wallboxes/W01/session", "{\"priority\":10}", 422, "priority");
    ask_field("PATCH", "/api/v1/wallboxes/W01/session", "{\"priority\":1.5}", 422, "priority");
    ask_field("PATCH", "/api/v1/wallboxes/W01/session", "{\"wish\":1}", 422, "wish");
    ask("PATCH", "/api/v1/wallboxes/W01/session", "[]", 400);
    ask("PATCH", "/api/v1/wallboxes/W01/session", "{\"priority\":1,\"priority\":2}", 400);
    ask("PATCH", "/api/v1/wallboxes/W01", "{\"name\":\"Left\",\"local_limit_ma\":null}", 200);
    ask_field("PATCH", "/api/v1/wallboxes/W01", "{\"local_limit_ma\":17000}", 422, "local_limit_ma");
    ask_field("PATCH", "/api/v1/wallboxes/W01", "{\"name\":\"a\\u0007\"}", 422, "name");
    ask_field("PATCH", "/api/v1/wallboxes/W01", "{\"mode\":null}", 422, "mode");
}
