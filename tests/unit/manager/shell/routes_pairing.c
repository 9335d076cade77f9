/* Pairing over HTTP: the request, the change of files and audit trail, the answer; without sockets and threads. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "manager/shell/change.h"
#include "manager/shell/routes.h"
#include "manager/shell/store.h"

TestSuite(routes_pairing, .timeout = 60);

#define NOW_UTC_MS 1790000000000
#define CODE "ABCD-EFGH-IJKL-MNOP"
#define KEY "0101010101010101010101010101010101010101010101010101010101010101"

static struct snapshot_board board;
static struct routes routes;
static struct store *store;
static struct trust trust;
static struct pairing pairing;
static char dir[] = "/tmp/wallbox-pairing-XXXXXX";
static char path[64];
static uint8_t key[IDENTITY_HASH_LEN];

static void begin(void)
{
    struct store_options options = {.dir = dir};
    struct users_list tokens = {.n = 2, .at = {{.name = "anna", .role = ROLE_ADMIN, .id = "1"}, {.name = "otto", .role = ROLE_OPERATOR, .id = "2"}}};

    cr_assert_not_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/manager.db", dir);
    cr_assert_eq(store_open(&store, &options), RC_OK);
    snapshot_init(&board);
    routes_init(&routes, &board, path);
    users_key("admin", tokens.at[0].key);
    users_key("operator", tokens.at[1].key);
    access_set_tokens(&routes.access, &tokens);
    pairing_init(&pairing, &trust, NULL, NULL);
    routes.pairing = &pairing;
    routes.dir = dir;
    memset(key, 1, sizeof key);
}

static void end(void)
{
    static const char *const names[] = {"manager.db", "manager.db-wal", "manager.db-shm", "manager.state", CODES_FILE, TRUST_FILE};

    routes_deinit(&routes);
    pairing_deinit(&pairing);
    store_free(store);
    snapshot_deinit(&board);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char file[80];

        (void)snprintf(file, sizeof file, "%s/%s", dir, names[i]);
        (void)unlink(file);
    }
    (void)rmdir(dir);
}

/* Ask as a program whose token this is; what the answer waits for is carried out. The body of the answer, given back with json_decref. */
static json_t *ask_as(const char *token, struct route_request request, unsigned status)
{
    struct route_reply reply;
    char bearer[32];
    json_t *json;

    (void)snprintf(bearer, sizeof bearer, "Bearer %s", token);
    request.authorization = bearer;
    request.address = "192.0.2.1";
    request.content_type = request.content_type != NULL ? request.content_type : "application/json";
    request.body_len = request.body != NULL ? strlen(request.body) : 0;
    routes_answer(&routes, &request, &reply);
    if (reply.errand != NULL) {
        struct errand *e = reply.errand;

        cr_assert_not_null(e->change);
        e->rc = store_carry_out(store, &e->change->order, NOW_UTC_MS);
        routes_finish(&routes, e, &reply);
        errand_free(e);
    }
    cr_assert_eq(reply.status, status, "%s %s: %u %s", request.method, request.path, reply.status, reply.body != NULL ? reply.body : "");
    cr_assert(reply.body == NULL || strstr(reply.body, "ABCD") == NULL, "a code is in no answer");
    json = reply.body != NULL && reply.body[0] != '\0' ? json_loads(reply.body, JSON_REJECT_DUPLICATES, NULL) : NULL;
    free(reply.body);
    return json;
}

static void ask(const char *method, const char *where, const char *body, unsigned status)
{
    json_decref(ask_as("admin", (struct route_request){.method = method, .path = where, .body = body}, status));
}

static void ask_field(const char *body, const char *field)
{
    json_t *json = ask_as("admin", (struct route_request){.method = "POST", .path = "/api/v1/pairing", .body = body}, 422);

    cr_expect_str_eq(json_string_value(json_object_get(json, "field")), field, "%s", body);
    json_decref(json);
}

static void expect_list(const char *text)
{
    json_t *json = ask_as("admin", (struct route_request){.method = "GET", .path = "/api/v1/pairing"}, 200);
    char *is = json_dumps(json_object_get(json, "wallboxes"), JSON_COMPACT | JSON_PRESERVE_ORDER);

    cr_expect_str_eq(is, text);
    free(is);
    json_decref(json);
}

#define GIVE "{\"serial\": \"W1\", \"setup_code\": \"abcd efgh ijkl mnop\"}"

Test(routes_pairing, a_code_that_was_given_waits_for_its_wallbox, .init = begin, .fini = end)
{
    static struct setup_codes codes;
    char why[CODES_WHY_LEN];

    expect_list("[]");
    ask("POST", "/api/v1/pairing", GIVE, 201);
    expect_list("[{\"serial\":\"W1\",\"state\":\"waiting\",\"key\":null,\"address\":null,\"since\":null,\"last\":null}]");
    cr_assert_eq(codes_read(&codes, dir, why), RC_OK);
    cr_assert_eq(codes.n, 1);
    ask("DELETE", "/api/v1/pairing/W1", NULL, 204);
    expect_list("[]");
    ask("DELETE", "/api/v1/pairing/W1", NULL, 404);
    ask("DELETE", "/api/v1/pairing/W!1", NULL, 404);
}

Test(routes_pairing, whoever_has_asked_is_listed_with_key_and_address, .init = begin, .fini = end)
{
    pairing_seen(&pairing, "W1", key, "192.0.2.7:5000", NOW_UTC_MS);
    pairing_seen(&pairing, "W1", key, "192.0.2.7:5001", NOW_UTC_MS + 1000);
    expect_list("[{\"serial\":\"W1\",\"state\":\"seen\",\"key\":\"" KEY "\",\"address\":\"192.0.2.7:5001\",\"since\":\"2026-09-21T14:13:20.000Z\",\"last\":"
                "\"2026-09-21T14:13:21.000Z\"}]");
}

/* What it failed with is named until another code was given. */
Test(routes_pairing, a_wallbox_that_failed_is_shown_so_until_its_code_is_given_anew, .init = begin, .fini = end)
{
    char why[CODES_WHY_LEN];
    json_t *json;

    ask("POST", "/api/v1/pairing", GIVE, 201);
    cr_assert_eq(codes_read(&trust.codes, dir, why), RC_OK);
    pairing_seen(&pairing, "W1", key, "192.0.2.7:5000", NOW_UTC_MS);
    pairing_refused(&pairing, "W1", key);
    json = ask_as("admin", (struct route_request){.method = "GET", .path = "/api/v1/pairing"}, 200);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(json_object_get(json, "wallboxes"), 0), "state")), "failed");
    json_decref(json);
    ask("POST", "/api/v1/pairing", GIVE, 201);
    json = ask_as("admin", (struct route_request){.method = "GET", .path = "/api/v1/pairing"}, 200);
    cr_expect_eq(json_array_size(json_object_get(json, "wallboxes")), 1);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(json_object_get(json, "wallboxes"), 0), "state")), "seen");
    json_decref(json);
}

Test(routes_pairing, a_wallbox_that_is_paired_is_listed_by_its_pin_and_let_go, .init = begin, .fini = end)
{
    struct change *change = change_paired(dir, "W1", key);

    cr_assert_not_null(change);
    ask("POST", "/api/v1/pairing", GIVE, 201);
    pairing_seen(&pairing, "W1", key, "192.0.2.7:5000", NOW_UTC_MS);
    cr_assert_eq(store_carry_out(store, &change->order, NOW_UTC_MS), RC_OK);
    change_free(change);
    pairing_stored(&pairing, "W1", key, true);
    expect_list("[{\"serial\":\"W1\",\"state\":\"paired\",\"key\":\"" KEY "\",\"address\":null,\"since\":null,\"last\":null}]");
    ask("DELETE", "/api/v1/pairing/W1", NULL, 204);
    expect_list("[]");
}

Test(routes_pairing, a_table_is_taken_whole_or_not_at_all, .init = begin, .fini = end)
{
    struct route_request table = {.method = "POST", .path = "/api/v1/pairing/import", .content_type = "text/csv"};
    json_t *json;

    table.body = "serial;setup_code\r\nW1;" CODE "\r\nW2;ABCD\r\n";
    json = ask_as("admin", table, 422);
    cr_expect_not_null(strstr(json_string_value(json_object_get(json, "detail")), "line 3"));
    json_decref(json);
    expect_list("[]");
    table.body = "W1," CODE "\nW2," CODE "\n";
    json = ask_as("admin", table, 200);
    cr_expect_eq(json_integer_value(json_object_get(json, "wallboxes_n")), 2);
    json_decref(json);
    table.content_type = "application/json";
    json_decref(ask_as("admin", table, 415));
}

Test(routes_pairing, what_is_wrong_is_said_at_its_field, .init = begin, .fini = end)
{
    ask_field("{\"setup_code\": \"" CODE "\"}", "serial");
    ask_field("{\"serial\": \"W1\"}", "setup_code");
    ask_field("{\"serial\": \"W 1\", \"setup_code\": \"" CODE "\"}", "serial");
    ask_field("{\"serial\": \"W1\", \"setup_code\": \"ABCD-EFGH-IJKL-MNO1\"}", "setup_code");
    ask_field("{\"serial\": \"W1\", \"setup_code\": \"" CODE "\", \"more\": 1}", "more");
    expect_list("[]");
}

Test(routes_pairing, only_an_administrator_may, .init = begin, .fini = end)
{
    json_decref(ask_as("operator", (struct route_request){.method = "GET", .path = "/api/v1/pairing"}, 403));
    json_decref(ask_as("operator", (struct route_request){.method = "POST", .path = "/api/v1/pairing", .body = GIVE}, 403));
    json_decref(ask_as("operator", (struct route_request){.method = "DELETE", .path = "/api/v1/pairing/W1"}, 403));
    json_decref(ask_as("nobody", (struct route_request){.method = "GET", .path = "/api/v1/pairing"}, 401));
}

Test(routes_pairing, on_a_plain_link_nobody_is_paired, .init = begin, .fini = end)
{
    routes.pairing = NULL;
    expect_list("[]");
    ask("POST", "/api/v1/pairing", GIVE, 409);
    ask("DELETE", "/api/v1/pairing/W1", NULL, 409);
}
