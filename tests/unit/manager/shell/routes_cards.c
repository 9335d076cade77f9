/* Cards, events and prices that are changed over HTTP: the request, the change in the database, the answer; without sockets and threads. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "manager/shell/change.h"
#include "manager/shell/routes.h"
#include "manager/shell/store.h"

TestSuite(routes_cards, .timeout = 60);

#define NOW_UTC_MS 1790000000000

static struct snapshot_board board;
static struct routes routes;
static struct store *store;
static char dir[] = "/tmp/wallbox-cards-XXXXXX";
static char path[64];

static void begin(void)
{
    struct store_options options = {.dir = dir};
    struct users_list tokens = {.n = 3,
                                .at = {{.name = "anna", .role = ROLE_OPERATOR, .id = "1"},
                                       {.name = "eve", .role = ROLE_VIEWER, .id = "2"},
                                       {.name = "root", .role = ROLE_ADMIN, .id = "3"}}};

    cr_assert_not_null(mkdtemp(dir));
    (void)snprintf(path, sizeof path, "%s/manager.db", dir);
    cr_assert_eq(store_open(&store, &options), RC_OK);
    snapshot_init(&board);
    routes_init(&routes, &board, path);
    users_key("operator", tokens.at[0].key);
    users_key("viewer", tokens.at[1].key);
    users_key("admin", tokens.at[2].key);
    access_set_tokens(&routes.access, &tokens);
}

static void end(void)
{
    static const char *const names[] = {"manager.db", "manager.db-wal", "manager.db-shm", "manager.state"};

    routes_deinit(&routes);
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
    json = reply.body != NULL && reply.body[0] != '\0' ? json_loads(reply.body, JSON_REJECT_DUPLICATES, NULL) : NULL;
    free(reply.body);
    return json;
}

static void ask(const char *method, const char *where, const char *body, unsigned status)
{
    json_decref(ask_as("operator", (struct route_request){.method = method, .path = where, .body = body}, status));
}

static void ask_field(const char *method, const char *where, const char *body, unsigned status, const char *field)
{
    json_t *json = ask_as("operator", (struct route_request){.method = method, .path = where, .body = body}, status);

    cr_expect_str_eq(json_string_value(json_object_get(json, "field")), field, "%s", json_string_value(json_object_get(json, "detail")));
    json_decref(json);
}

/* The list of cards as text. */
static void expect_cards(const char *text)
{
    json_t *json = ask_as("viewer", (struct route_request){.method = "GET", .path = "/api/v1/cards"}, 200);
    char *is = json_dumps(json_object_get(json, "cards"), JSON_COMPACT | JSON_PRESERVE_ORDER);

    cr_expect_str_eq(is, text);
    free(is);
    json_decref(json);
}

#define VAN                                                                                                                                                 \
    "{\"uid\":\"AABBCCDD\",\"identity\":null,\"kind\":\"user\",\"name\":\"Van\",\"colour\":\"\",\"blocked\":false,\"expires\":null,\"wallboxes\":[\"W1\"]," \
    "\"departure\":\"06:00\",\"needed_wh\":40000,\"priority\":7}"

Test(routes_cards, a_card_is_added_changed_and_deleted, .init = begin, .fini = end)
{
    json_t *json = ask_as("operator",
                          (struct route_request){.method = "POST",
                                                 .path = "/api/v1/cards",
                                                 .body = "{\"uid\": \"aabbccdd\", \"name\": \"Van\", \"wallboxes\": [\"W1\"], \"departure\": \"06:00\","
                                                         " \"needed_wh\": 40000, \"priority\": 7}"},
                          201);
    char *text = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);

    cr_expect_str_eq(text, VAN);
    free(text);
    json_decref(json);
    expect_cards("[" VAN "]");
    ask("POST", "/api/v1/cards", "{\"uid\": \"AABBCCDD\"}", 409);
    ask("PUT", "/api/v1/cards/AABBCCDD", "{\"name\": \"Lorry\", \"blocked\": true}", 200);
    expect_cards("[{\"uid\":\"AABBCCDD\",\"identity\":null,\"kind\":\"user\",\"name\":\"Lorry\",\"colour\":\"\",\"blocked\":true,\"expires\":null,"
                 "\"wallboxes\":[],\"departure\":null,\"needed_wh\":null,\"priority\":null}]");
    ask("PUT", "/api/v1/cards/11223344", "{}", 404);
    ask("DELETE", "/api/v1/cards/11223344", NULL, 404);
    ask("DELETE", "/api/v1/cards/aabbccdd", NULL, 204);
    expect_cards("[]");
}

Test(routes_cards, a_vehicle_has_an_identity_instead_of_a_number, .init = begin, .fini = end)
{
    ask("POST", "/api/v1/cards", "{\"identity\": \"DE-ABC-C12345678-9\", \"name\": \"Sedan\"}", 201);
    ask("PUT", "/api/v1/cards/DE-ABC-C12345678-9", "{\"priority\": 0}", 200);
    ask_field("POST", "/api/v1/cards", "{\"identity\": \"a/b\"}", 422, "identity");
    ask("POST", "/api/v1/cards", "{\"identity\": \"X\", \"uid\": \"AABBCCDD\"}", 422);
    ask("POST", "/api/v1/cards", "{\"identity\": \"X\", \"kind\": \"master\"}", 422);
    ask("POST", "/api/v1/cards", "{\"name\": \"nobody\"}", 422);
    ask("DELETE", "/api/v1/cards/DE-ABC-C12345678-9", NULL, 204);
    expect_cards("[]");
}

Test(routes_cards, what_is_wrong_with_a_card_is_said_at_its_field, .init = begin, .fini = end)
{
    static const char *const bad[][2] = {{"{\"uid\": \"aabbcc\"}", "uid"},
                                         {"{\"uid\": \"aabbccdd\", \"kind\": \"king\"}", "kind"},
                                         {"{\"uid\": \"aabbccdd\", \"blocked\": 1}", "blocked"},
                                         {"{\"uid\": \"aabbccdd\", \"expires\": \"tomorrow\"}", "expires"},
                                         {"{\"uid\": \"aabbccdd\", \"wallboxes\": \"W1\"}", "wallboxes"},
                                         {"{\"uid\": \"aabbccdd\", \"wallboxes\": [\"W 1\"]}", "wallboxes"},
                                         {"{\"uid\": \"aabbccdd\", \"departure\": \"24:00\"}", "departure"},
                                         {"{\"uid\": \"aabbccdd\", \"needed_wh\": 0}", "needed_wh"},
                                         {"{\"uid\": \"aabbccdd\", \"priority\": 10}", "priority"},
                                         {"{\"uid\": \"aabbccdd\", \"owner\": \"Eve\"}", "owner"}};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ask_field("POST", "/api/v1/cards", bad[i][0], 422, bad[i][1]);
    }
    ask_field("PUT", "/api/v1/cards/AABBCCDD", "{\"uid\": \"AABBCCDD\"}", 422, "uid");
    expect_cards("[]");
}

Test(routes_cards, a_table_is_taken_whole_or_not_at_all, .init = begin, .fini = end)
{
    struct route_request table = {.method = "POST", .path = "/api/v1/cards/import", .content_type = "text/csv; charset=utf-8"};
    json_t *json;

    table.body = "uid,name\r\nAABBCCDD,Van\r\n1122,Short\r\n";
    json = ask_as("operator", table, 422);
    cr_expect_not_null(strstr(json_string_value(json_object_get(json, "detail")), "line 3: uid"));
    json_decref(json);
    expect_cards("[]");
    table.body = "uid,name\r\nAABBCCDD,Van\r\n11223344,Lorry\r\n";
    json = ask_as("operator", table, 200);
    cr_expect_eq(json_integer_value(json_object_get(json, "cards_n")), 2);
    json_decref(json);
    table.content_type = "application/json";
    json_decref(ask_as("operator", table, 415));
}

Test(routes_cards, who_only_reads_changes_nothing, .init = begin, .fini = end)
{
    json_decref(ask_as("viewer", (struct route_request){.method = "POST", .path = "/api/v1/cards", .body = "{\"uid\": \"AABBCCDD\"}"}, 403));
    json_decref(ask_as("viewer", (struct route_request){.method = "DELETE", .path = "/api/v1/cards/AABBCCDD"}, 403));
    json_decref(ask_as("viewer", (struct route_request){.method = "POST", .path = "/api/v1/events/1/acknowledge"}, 403));
    json_decref(ask_as("nobody", (struct route_request){.method = "POST", .path = "/api/v1/cards", .body = "{\"uid\": \"AABBCCDD\"}"}, 401));
    expect_cards("[]");
}

static enum rc add_event(struct store_order *order, struct db *db, int64_t utc_ms)
{
    const struct db_event event = {.kind = "fault", .text = "it is hot"};

    (void)order;
    return db_add_event(db, &event, utc_ms);
}

Test(routes_cards, an_event_is_acknowledged_once, .init = begin, .fini = end)
{
    struct store_order order = {.run = add_event};
    json_t *json;
    const json_t *event;

    cr_assert_eq(store_carry_out(store, &order, NOW_UTC_MS), RC_OK);
    ask("POST", "/api/v1/events/1/acknowledge", NULL, 204);
    ask("POST", "/api/v1/events/1/acknowledge", NULL, 404);
    ask("POST", "/api/v1/events/2/acknowledge", NULL, 404);
    ask("POST", "/api/v1/events/one/acknowledge", NULL, 404);
    json = ask_as("viewer", (struct route_request){.method = "GET", .path = "/api/v1/events"}, 200);
    event = json_array_get(json_object_get(json, "events"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(event, "acknowledged_by")), "anna");
    json_decref(json);
}

#define PRICES                                                                                                                        \
    "{\"currency\":\"EUR\",\"price_centicent_kwh\":2850,\"solar_price_centicent_kwh\":1000,\"windows\":[{\"days\":[\"mon\",\"sun\"]," \
    "\"from\":\"22:00\",\"to\":\"06:00\",\"price_centicent_kwh\":1900}]}"

static json_t *tariff(void)
{
    return ask_as("admin", (struct route_request){.method = "GET", .path = "/api/v1/tariff"}, 200);
}

Test(routes_cards, prices_are_set_read_and_noted, .init = begin, .fini = end)
{
    json_t *json = tariff();
    char *is;

    cr_expect(json_is_null(json_object_get(json, "currency")));
    cr_expect(json_is_null(json_object_get(json, "number")));
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(json, "currencies"), "KWD")), 3);
    cr_expect(json_is_null(json_object_get(json, "valid_from_utc")));
    json_decref(json);
    json_decref(
        ask_as("admin", (struct route_request){.method = "PUT", .path = "/api/v1/tariff", .body = "{\"currency\": null, \"price_centicent_kwh\": 0}"}, 200));
    json_decref(ask_as("admin", (struct route_request){.method = "PUT", .path = "/api/v1/tariff", .body = PRICES}, 200));
    json = ask_as("admin", (struct route_request){.method = "PUT", .path = "/api/v1/tariff", .body = PRICES}, 200);
    cr_expect_eq(json_integer_value(json_object_get(json, "currency_decimals")), 2);
    json_object_del(json, "currency_decimals");
    is = json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER);
    cr_expect_str_eq(is, PRICES);
    free(is);
    json_decref(json);
    json = tariff();
    cr_expect_eq(json_integer_value(json_object_get(json, "number")), 2, "%lld", json_integer_value(json_object_get(json, "number")));
    cr_expect_str_eq(json_string_value(json_object_get(json, "valid_from_utc")), "2026-09-21T14:13:20.000Z");
    cr_expect_eq(json_array_size(json_object_get(json, "windows")), 1);
    json_decref(json);
}

Test(routes_cards, prices_that_cannot_be_are_named_and_the_old_ones_stay, .init = begin, .fini = end)
{
    static const char *const bad[][2] = {
        {"{\"price_centicent_kwh\": 1}", "currency"},
        {"{\"currency\": \"QQQ\", \"price_centicent_kwh\": 1}", "currency"},
        {"{\"currency\": \"EUR\"}", "price_centicent_kwh"},
        {"{\"currency\": \"EUR\", \"price_centicent_kwh\": -1}", "price_centicent_kwh"},
        {"{\"currency\": \"EUR\", \"price_centicent_kwh\": 28.5}", "price_centicent_kwh"},
        {"{\"currency\": \"EUR\", \"price_centicent_kwh\": 100000001}", "price_centicent_kwh"},
        {"{\"currency\": \"EUR\", \"price_centicent_kwh\": 1, \"solar_price_centicent_kwh\": -1}", "solar_price_centicent_kwh"},
        {"{\"currency\": \"EUR\", \"price_centicent_kwh\": 1, \"windows\": [1]}", "windows"},
        {"{\"currency\": \"EUR\", \"price_centicent_kwh\": 1, \"windows\": [{\"days\": [\"mon\"], \"from\": \"08:10\", \"to\": \"09:00\","
         " \"price_centicent_kwh\": 1}]}",
         "windows[0].from"},
        {"{\"currency\": \"EUR\", \"price_centicent_kwh\": 1, \"windows\": [{\"days\": [], \"from\": \"08:00\", \"to\": \"09:00\","
         " \"price_centicent_kwh\": 1}]}",
         "windows[0].days"},
        {"{\"currency\": \"EUR\", \"price_centicent_kwh\": 1, \"vat\": 19}", "vat"}};
    json_t *json;

    json_decref(ask_as("admin", (struct route_request){.method = "PUT", .path = "/api/v1/tariff", .body = PRICES}, 200));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        json = ask_as("admin", (struct route_request){.method = "PUT", .path = "/api/v1/tariff", .body = bad[i][0]}, 422);
        cr_expect_str_eq(json_string_value(json_object_get(json, "field")), bad[i][1], "%s", bad[i][0]);
        json_decref(json);
    }
    json = tariff();
    cr_expect_eq(json_integer_value(json_object_get(json, "number")), 1);
    json_decref(json);
}

Test(routes_cards, only_an_administrator_sees_and_sets_prices, .init = begin, .fini = end)
{
    json_decref(ask_as("operator", (struct route_request){.method = "GET", .path = "/api/v1/tariff"}, 403));
    json_decref(ask_as("operator", (struct route_request){.method = "PUT", .path = "/api/v1/tariff", .body = PRICES}, 403));
    json_decref(ask_as("nobody", (struct route_request){.method = "PUT", .path = "/api/v1/tariff", .body = PRICES}, 401));
}
