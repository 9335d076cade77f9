#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/os/clock.h"
#include "manager/shell/answer.h"
#include "manager/shell/codes.h"
#include "manager/shell/db.h"
#include "manager/shell/history_today.h"
#include "manager/shell/lang.h"
#include "manager/shell/routes.h"

TestSuite(routes, .timeout = 10);

static struct site site = {.node_n = 1, .box_n = 1, .node = {{.id = "grid", .parent = NODE_NONE}}, .box = {{.serial = "W01", .phases = PHASES_L1}}};
static struct snapshot_board board;
static struct routes routes;
static char dir[] = "/tmp/wallbox-routes-XXXXXX";
static char db_path[64];

static void publish(int64_t made_ms)
{
    struct snapshot *s = snapshot_new(&site);

    cr_assert_not_null(s);
    s->made_ms = made_ms;
    s->view.node_n = 1;
    s->view.box_n = 1;
    s->view.box[0].reason_node = NODE_NONE;
    s->view.box[0].granted_ma = MA_UNSET;
    snapshot_publish(&board, s);
}

static void begin(void)
{
    cr_assert_not_null(mkdtemp(dir));
    (void)snprintf(db_path, sizeof db_path, "%s/manager.db", dir);
    snapshot_init(&board);
    routes_init(&routes, &board, db_path);
    routes.open_reads = true;
}

static void end(void)
{
    static const char *const suffix[] = {"", "-wal", "-shm"};
    char path[80];

    routes_deinit(&routes);
    snapshot_deinit(&board);
    for (size_t i = 0; i < sizeof suffix / sizeof suffix[0]; i++) {
        (void)snprintf(path, sizeof path, "%s%s", db_path, suffix[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
}

/* Ask, check the status, and read the body. The caller gives it back. */
static json_t *ask_all(const struct route_request *request, unsigned status)
{
    struct route_reply reply;
    json_t *json;

    routes_answer(&routes, request, &reply);
    cr_assert_eq(reply.status, status, "%s: %u", request->path, reply.status);
    cr_assert_not_null(reply.body);
    cr_assert_null(reply.errand);
    cr_assert_eq(reply.body_len, strlen(reply.body));
    cr_assert_str_eq(reply.type, status == 200 || strcmp(request->path, "/health") == 0 ? "application/json" : "application/problem+json");
    cr_assert_eq(reply.allow[0] != '\0', status == 405);
    json = json_loads(reply.body, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(json, "%s", reply.body);
    if (status >= 400 && strcmp(request->path, "/health") != 0) {
        cr_assert_eq(json_integer_value(json_object_get(json, "status")), status);
        cr_assert(json_is_string(json_object_get(json, "title")));
    }
    free(reply.body);
    return json;
}

static void ask(const char *method, const char *path, unsigned status)
{
    json_decref(ask_all(&(struct route_request){.method = method, .path = path}, status));
}

Test(routes, unknown_paths_are_not_found, .init = begin, .fini = end)
{
    static const char *const paths[] = {"",
                                        "/nowhere",
                                        "/../etc/passwd",
                                        "/api/v1",
                                        "/api/v1/",
                                        "/api/v1/sites",
                                        "/api/v1/wallboxes/",
                                        "/api/v1/wallboxes/W02",
                                        "/api/v1/wallboxes/W01/x",
                                        "/api/v1/wallboxesW01",
                                        "/api/v1/wallboxes/%00"};

    publish(0);
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++) {
        ask("GET", paths[i], 404);
    }
}

Test(routes, other_methods_are_refused_with_what_is_allowed, .init = begin, .fini = end)
{
    struct route_reply reply;

    publish(0);
    routes_answer(&routes, &(struct route_request){.method = "DELETE", .path = "/api/v1/wallboxes/W01"}, &reply);
    cr_expect_eq(reply.status, 405);
    cr_expect_str_eq(reply.allow, "GET, HEAD, PATCH");
    free(reply.body);
    ask("POST", "/api/v1/site", 405);
    ask("DELETE", "/api/v1/wallboxes/W01", 405);
    ask("POST", "/", 405);
    ask("get", "/api/v1/sessions", 405);
    ask("POST", "/elsewhere", 404);
}

Test(routes, before_the_first_snapshot_the_manager_says_so, .init = begin, .fini = end)
{
    ask("GET", "/api/v1/site", 503);
    ask("GET", "/api/v1/wallboxes", 503);
    ask("GET", "/api/v1/wallboxes/W01", 503);
    ask("GET", "/health", 503);
}

Test(routes, site_and_wallboxes_come_from_the_snapshot, .init = begin, .fini = end)
{
    json_t *json;

    publish(0);
    ask("GET", "/api/v1/site", 200);
    ask("HEAD", "/api/v1/site", 200);
    ask("GET", "/api/v1/site", 200);
    ask("GET", "/api/v1/wallboxes", 200);
    publish(0);
    ask("GET", "/api/v1/wallboxes", 200);
    json = ask_all(&(struct route_request){.method = "GET", .path = "/api/v1/wallboxes/W01"}, 200);
    cr_expect_str_eq(json_string_value(json_object_get(json, "serial")), "W01");
    json_decref(json);
}

Test(routes, health_tells_a_loop_that_hangs, .init = begin, .fini = end)
{
    publish(clock_boot_ms());
    ask("GET", "/health", 200);
    publish(clock_boot_ms() - 3600000);
    ask("GET", "/health", 503);
}

Test(routes, the_page_is_served_in_gzip_and_not_twice, .init = begin, .fini = end)
{
    struct route_request request = {.method = "GET", .path = "/"};
    struct route_reply reply;

    routes_answer(&routes, &request, &reply);
    cr_assert_not_null(reply.asset);
    cr_expect_eq(reply.status, 200);
    request.none_match = reply.asset->etag;
    routes_answer(&routes, &request, &reply);
    cr_expect_eq(reply.status, 304);
    request.accept_encoding = "br";
    json_decref(ask_all(&request, 406));
}

Test(routes, what_a_query_must_not_hold_is_refused_by_name, .init = begin, .fini = end)
{
    struct route_request request = {.method = "GET", .path = "/api/v1/site", .args_n = 1, .arg = {{.name = "x", .value = "1"}}};
    json_t *json;

    publish(0);
    json = ask_all(&request, 400);
    cr_expect_str_eq(json_string_value(json_object_get(json, "field")), "x");
    json_decref(json);
    json_decref(ask_all(&(struct route_request){.method = "GET", .path = "/api/v1/site", .has_too_many_args = true}, 400));
    json_decref(ask_all(&(struct route_request){.method = "GET", .path = "/api/v1/site", .body = "{}", .body_len = 2}, 400));
    json_decref(ask_all(&(struct route_request){.method = "POST", .path = "/api/v1/login", .is_too_long = true}, 413));
}

Test(routes, a_name_that_is_no_text_is_not_repeated_in_the_answer, .init = begin, .fini = end)
{
    static const char *const names[] = {"\xff", "a\nb", "a_name_that_is_longer_than_any_name_that_there_is_in_the_whole_interface"};
    struct route_request request = {.method = "POST", .path = "/api/v1/login", .args_n = 1};
    json_t *json;

    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        request.arg[0].name = names[i];
        json = ask_all(&request, 400);
        cr_expect_null(json_object_get(json, "field"), "%s", names[i]);
        json_decref(json);
    }
    request.arg[0].name = "x";
    json = ask_all(&request, 400);
    cr_expect_str_eq(json_string_value(json_object_get(json, "field")), "x");
    json_decref(json);
}

Test(routes, a_driver_sees_his_wallbox_and_nothing_else, .init = begin, .fini = end)
{
    static struct setup_codes codes = {
        .n = 2, .at = {{.serial = "W00", .code = {9}}, {.serial = "W01", .code = {0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf}}}};
    json_t *json;

    routes.open_reads = false;
    publish(0);
    ask("GET", "/api/v1/driver/ABCDEFGHIJKLMNOP", 404);
    routes.driver_codes = &codes;
    json = ask_all(&(struct route_request){.method = "GET", .path = "/api/v1/driver/ABCD-efghIJKLMNOP"}, 200);
    cr_expect_str_eq(json_string_value(json_object_get(json, "serial")), "W01");
    cr_expect_null(json_object_get(json, "node"));
    cr_expect_null(json_object_get(json, "session"));
    json_decref(json);
    ask("GET", "/api/v1/driver/W01", 404); /* a serial number opens nothing */
    ask("GET", "/api/v1/driver/ABCDEFGHIJKLMNOA", 404);
    ask("GET", "/api/v1/driver/BEAAAAAAAAAAAAAA", 404); /* of a wallbox that left the site */
    ask("GET", "/api/v1/wallboxes/W01/driver-code", 401);
}

/* Every operation of the description is in the table, and every route of the table is described: both have as many, and each is found. */
Test(routes, the_description_holds_every_route_and_nothing_else, .init = begin, .fini = end)
{
    json_t *document = ask_all(&(struct route_request){.method = "GET", .path = "/api/v1/openapi.json"}, 200);
    json_t *paths = json_object_get(document, "paths");
    size_t n;
    size_t described_n = 0;
    const struct route *table = routes_table(&n);
    const char *path;
    json_t *item;

    cr_assert_str_eq(json_string_value(json_object_get(document, "openapi")), "3.1.0");
    json_object_foreach(paths, path, item)
    {
        described_n += json_object_size(item);
    }
    cr_expect_eq(described_n, n);
    for (size_t i = 0; i < n; i++) {
        char method[8] = {0};

        for (size_t k = 0; table[i].method[k] != '\0'; k++) {
            method[k] = (char)(table[i].method[k] - 'A' + 'a');
        }
        item = json_object_get(json_object_get(paths, table[i].path), method);
        cr_expect_not_null(item, "%s %s", table[i].method, table[i].path);
        cr_expect_eq(json_is_object(json_object_get(item, "requestBody")),
                     (table[i].fields_n > 0 || (table[i].flags & ROUTE_CSV) != 0) && strcmp(table[i].method, "GET") != 0);
        cr_expect_eq(json_array_size(json_object_get(item, "security")) > 0, table[i].role != ROLE_NONE);
    }
    json_decref(document);
}

/* The same path and method twice would hide a handler. */
Test(routes, no_route_hides_another)
{
    size_t n;
    const struct route *table = routes_table(&n);

    for (size_t i = 0; i < n; i++) {
        for (size_t k = i + 1; k < n; k++) {
            cr_expect_not(strcmp(table[i].path, table[k].path) == 0 && strcmp(table[i].method, table[k].method) == 0, "%s", table[i].path);
        }
        cr_expect_leq(table[i].fields_n, FIELDS_MAX);
        cr_expect(table[i].role != ROLE_NONE || strcmp(table[i].method, "GET") == 0 || (table[i].flags & ROUTE_ANY_TIME) != 0, "%s", table[i].path);
    }
}

Test(routes, content_length_with_transfer_encoding_is_refused, .init = begin, .fini = end)
{
    publish(0);
    json_decref(ask_all(&(struct route_request){.method = "GET", .path = "/api/v1/site", .has_content_length = true, .has_transfer_encoding = true}, 400));
}

static void fill_sessions(void)
{
    struct db db;
    struct msg_session_record record = {.start_utc_ms = 1700000000000, .stop_utc_ms = 1700003600000, .start_wh = 10, .stop_wh = 30, .end = END_CARD};
    struct msg_session_started started = {.session = {{9}}, .start_utc_ms = 1700010000000, .start_wh = 30};

    cr_assert_eq(db_open(&db, db_path, 0, 100), RC_OK);
    for (uint8_t i = 1; i <= 3; i++) {
        record.session.at[0] = i;
        record.stop_utc_ms += 1000;
        cr_assert_eq(db_stop_session(&db, "W01", &record, 1700020000000), RC_OK);
    }
    cr_assert_eq(db_start_session(&db, "W01", &started, 1700020000000), RC_OK);
    db_close(&db);
}

static json_t *sessions(const char *limit, unsigned status)
{
    struct route_request request = {.method = "GET", .path = "/api/v1/sessions", .args_n = limit != NULL ? 1 : 0};

    request.arg[0] = (struct field_arg){.name = "limit", .value = limit};
    return ask_all(&request, status);
}

Test(routes, sessions_are_open_ones_first_then_the_newest, .init = begin, .fini = end)
{
    json_t *json;
    const json_t *list;

    fill_sessions();
    json = sessions(NULL, 200);
    list = json_object_get(json, "sessions");
    cr_assert_eq(json_array_size(list), 4);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(list, 0), "state")), "open");
    cr_expect(json_is_null(json_object_get(json_array_get(list, 0), "energy_wh")));
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(list, 1), "id")), "03000000000000000000000000000000");
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(list, 3), "stop_utc")), "2023-11-14T23:13:21.000Z");
    cr_expect_eq(json_integer_value(json_object_get(json_array_get(list, 1), "energy_wh")), 20);
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(list, 1), "end_reason")), "card");
    json_decref(json);
    json = sessions("2", 200);
    cr_expect_eq(json_array_size(json_object_get(json, "sessions")), 2);
    json_decref(json);
}

Test(routes, a_limit_outside_its_range_is_named, .init = begin, .fini = end)
{
    static const char *const bad[] = {"0", "1001", "-1", "", "1 ", "0x1", "99999999999999999999", "1;DROP"};

    fill_sessions();
    json_decref(sessions("1", 200));
    json_decref(sessions("1000", 200));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        json_t *json = sessions(bad[i], 400);

        cr_expect_str_eq(json_string_value(json_object_get(json, "field")), "limit");
        json_decref(json);
    }
}

Test(routes, a_history_that_cannot_be_read_is_said_so, .init = begin, .fini = end)
{
    json_decref(sessions("1", 503));
}

struct pairs {
    const char *name[6];
    const char *value[6];
};

/* Ask with arguments "name=value"; the body as text, given back with free. */
static char *body_of(const char *path, unsigned status, const char *type, struct pairs pairs)
{
    struct route_request request = {.method = "GET", .path = path};
    struct route_reply reply;

    for (int i = 0; i < 6 && pairs.name[i] != NULL; i++) {
        request.arg[request.args_n++] = (struct field_arg){.name = pairs.name[i], .value = pairs.value[i]};
    }
    routes_answer(&routes, &request, &reply);
    cr_assert_eq(reply.status, status, "%s: %u %s", path, reply.status, reply.body);
    cr_assert_str_eq(reply.type, type);
    return reply.body;
}

static json_t *json_of(const char *path, struct pairs pairs)
{
    char *body = body_of(path, 200, "application/json", pairs);
    json_t *json = json_loads(body, JSON_REJECT_DUPLICATES, NULL);

    cr_assert_not_null(json, "%s", body);
    free(body);
    return json;
}

static void refuse(const char *path, const char *field, struct pairs pairs)
{
    char *body = body_of(path, 400, "application/problem+json", pairs);
    json_t *json = json_loads(body, 0, NULL);

    cr_expect_str_eq(json_string_value(json_object_get(json, "field")), field, "%s", body);
    json_decref(json);
    free(body);
}

static void fill_past(void)
{
    static const int32_t samples[] = {1000, 2000, SAMPLE_UNKNOWN, 4000};
    const struct card_entry card = {.uid = {4, {0xaa, 0xbb, 0xcc, 0xdd}},
                                    .kind = CARD_USER,
                                    .name = "=Tom & <b>",
                                    .departure_min = 360,
                                    .priority = 7,
                                    .needed_wh = 40000,
                                    .wallboxes = "W01"};
    struct msg_session_record record = {.session = {{1}},
                                        .start_utc_ms = 1767265200000,
                                        .stop_utc_ms = 1767272400000,
                                        .start_wh = 1000000,
                                        .stop_wh = 1012345,
                                        .end = END_UNPLUGGED,
                                        .uid = {4, {0xaa, 0xbb, 0xcc, 0xdd}}};
    const struct db_event event = {.kind = "fault_raised", .serial = "W01", .code = 8001};
    uint8_t packed[PACK_SAMPLE_LEN * 4];
    struct db_samples row = {.step = RECORD_MINUTE, .from_utc_ms = 1767265200000, .sample_n = 4, .mean = packed, .peak = packed};
    struct db db;

    cr_assert_eq(db_open(&db, db_path, 0, 100), RC_OK);
    cr_assert_eq(db_put_card(&db, &card, 0), RC_OK);
    cr_assert_eq(db_stop_session(&db, "W01", &record, 1767272400000), RC_OK);
    record.session.at[0] = 2;
    record.uid.len = 0;
    record.stop_utc_ms += 1000;
    cr_assert_eq(db_stop_session(&db, "W02", &record, 1767272401000), RC_OK);
    cr_assert_eq(db_add_event(&db, &event, 1767265200000), RC_OK);
    cr_assert_eq(db_add_event(&db, &event, 1767265200001), RC_OK);
    cr_assert_eq(db_acknowledge_event(&db, 1, "admin", 1767265300000), RC_OK);
    cr_assert_eq(db_acknowledge_event(&db, 1, "other", 1767265300000), RC_MISSING);
    row.mean_len = row.peak_len = (int)pack_write(samples, 4, packed);
    cr_assert_eq(db_series(&db, "power_w", "W01", &row.series), RC_OK);
    cr_assert_eq(db_put_samples(&db, &row), RC_OK);
    db_close(&db);
}

Test(routes, sessions_by_time_wallbox_and_card, .init = begin, .fini = end)
{
    static const struct pairs questions[] = {
        {{"card"}, {"AABBCCDD"}}, {{"card"}, {"aabbccdd"}}, {{"wallbox"}, {"W01"}}, {{"from", "to"}, {"2026-01-01T11:00:00Z", "2026-01-01T13:00:01Z"}}};
    json_t *json;

    fill_past();
    for (size_t i = 0; i < sizeof questions / sizeof questions[0]; i++) {
        json = json_of("/api/v1/sessions", questions[i]);
        cr_assert_eq(json_array_size(json_object_get(json, "sessions")), 1, "%zu", i);
        cr_expect_str_eq(json_string_value(json_object_get(json_array_get(json_object_get(json, "sessions"), 0), "card_name")), "=Tom & <b>");
        json_decref(json);
    }
    json = json_of("/api/v1/sessions", (struct pairs){{"from"}, {"2026-01-02"}});
    cr_expect_eq(json_array_size(json_object_get(json, "sessions")), 0);
    json_decref(json);
    refuse("/api/v1/sessions", "from", (struct pairs){{"from"}, {"2026-02-30"}});
    refuse("/api/v1/sessions", "to", (struct pairs){{"from", "to"}, {"2026-01-02", "2026-01-01"}});
    refuse("/api/v1/sessions", "wallbox", (struct pairs){{"wallbox"}, {"' OR 1"}});
    refuse("/api/v1/sessions", "format", (struct pairs){{"format"}, {"xml"}});
    refuse("/api/v1/sessions", "lang", (struct pairs){{"format", "lang"}, {"csv", "sv"}});
}

Test(routes, sessions_as_a_table_for_programs_and_in_a_language, .init = begin, .fini = end)
{
    char *body;

    fill_past();
    body = body_of("/api/v1/sessions", 200, "text/csv; charset=utf-8", (struct pairs){{"format", "card"}, {"csv", "AABBCCDD"}});
    cr_expect_str_eq(body, "id,serial,start_utc,stop_utc,card,card_name,energy_wh,solar_wh,start_wh,stop_wh,end_reason,cost_minor,currency\r\n"
                           "01000000000000000000000000000000,W01,2026-01-01T11:00:00.000Z,2026-01-01T13:00:00.000Z,AABBCCDD,'=Tom & <b>,12345,,1000000,1012345,"
                           "unplugged,,\r\n");
    free(body);
    body = body_of("/api/v1/sessions", 200, "text/csv; charset=utf-8", (struct pairs){{"format", "card", "lang"}, {"csv", "AABBCCDD", "de"}});
    cr_expect_not_null(strstr(body, "01.01.2026 11:00;01.01.2026 13:00;W01;AABBCCDD;'=Tom & <b>;12,345;;1000,000;1012,345;abgesteckt;;\r\n"), "%s", body);
    free(body);
}

/* Currencies with and without a minor unit; the sessions of fill_past come after the prices. */
static void fill_priced(const char *currency)
{
    struct tariff t = {.price_centicent_kwh = 2850, .solar_price_centicent_kwh = -1};
    struct db db;

    (void)snprintf(t.currency, sizeof t.currency, "%s", currency);
    cr_assert_eq(db_open(&db, db_path, 0, 100), RC_OK);
    cr_assert_eq(db_add_tariff(&db, &t, "admin", 1767265100000), RC_OK);
    db_close(&db);
    fill_past();
}

Test(routes, a_session_shows_what_it_cost, .init = begin, .fini = end)
{
    json_t *json;
    const json_t *row;
    char *body;

    fill_priced("EUR"); /* 12.345 kWh of 28.50 cents are 351.8 cents */
    json = json_of("/api/v1/sessions", (struct pairs){{"card"}, {"AABBCCDD"}});
    row = json_array_get(json_object_get(json, "sessions"), 0);
    cr_expect_eq(json_integer_value(json_object_get(row, "cost_minor")), 352);
    cr_expect_eq(json_integer_value(json_object_get(row, "tariff")), 1);
    cr_expect_eq(json_integer_value(json_object_get(row, "currency_decimals")), 2);
    cr_expect_str_eq(json_string_value(json_object_get(row, "currency")), "EUR");
    json_decref(json);
    body = body_of("/api/v1/sessions", 200, "text/csv; charset=utf-8", (struct pairs){{"format", "card"}, {"csv", "AABBCCDD"}});
    cr_expect_not_null(strstr(body, ",unplugged,352,EUR\r\n"), "%s", body);
    free(body);
    body = body_of("/api/v1/sessions", 200, "text/csv; charset=utf-8", (struct pairs){{"format", "card", "lang"}, {"csv", "AABBCCDD", "de"}});
    cr_expect_not_null(strstr(body, ";abgesteckt;3,52;EUR\r\n"), "%s", body);
    free(body);
}

Test(routes, a_cost_in_a_currency_without_a_minor_unit_has_no_decimals, .init = begin, .fini = end)
{
    char *body;

    fill_priced("JPY");
    body = body_of("/api/v1/sessions", 200, "text/csv; charset=utf-8", (struct pairs){{"format", "card", "lang"}, {"csv", "AABBCCDD", "en"}});
    cr_expect_not_null(strstr(body, ",unplugged,352,JPY\r\n"), "%s", body);
    free(body);
}

Test(routes, samples_come_with_gaps_and_from_their_place, .init = begin, .fini = end)
{
    json_t *json;
    const json_t *values;

    fill_past();
    json = json_of("/api/v1/history", (struct pairs){{"quantity", "node", "from", "to"}, {"power_w", "W01", "2026-01-01T11:01:30Z", "2026-01-01T11:05:00Z"}});
    values = json_object_get(json, "values");
    cr_assert_eq(json_array_size(values), 4);
    cr_expect_str_eq(json_string_value(json_object_get(json, "from_utc")), "2026-01-01T11:01:00.000Z");
    cr_expect_eq(json_integer_value(json_array_get(values, 0)), 2000);
    cr_expect(json_is_null(json_array_get(values, 1)));
    cr_expect_eq(json_integer_value(json_array_get(values, 2)), 4000);
    cr_expect(json_is_null(json_array_get(values, 3)));
    json_decref(json);
    free(body_of("/api/v1/history", 404, "application/problem+json", (struct pairs){{"quantity", "node"}, {"power_w", "W09"}}));
    publish(0);
    free(body_of("/api/v1/history", 404, "application/problem+json", (struct pairs){{"quantity", "node"}, {"power_w", "W09"}}));
    json =
        json_of("/api/v1/history", (struct pairs){{"quantity", "node", "from", "to"}, {"offered_ma", "W01", "2026-01-01T11:01:30Z", "2026-01-01T11:05:00Z"}});
    cr_assert_eq(json_array_size(json_object_get(json, "values")), 4, "it is recorded, and nothing was yet");
    cr_expect(json_is_null(json_array_get(json_object_get(json, "values"), 3)));
    json_decref(json);
    refuse("/api/v1/history", "quantity", (struct pairs){{"node"}, {"W01"}});
    refuse("/api/v1/history", "step", (struct pairs){{"quantity", "node", "step"}, {"power_w", "W01", "2s"}});
}

Test(routes, events_go_on_from_a_number, .init = begin, .fini = end)
{
    json_t *json;
    const json_t *event;

    fill_past();
    json = json_of("/api/v1/events", (struct pairs){{NULL}, {NULL}});
    event = json_array_get(json_object_get(json, "events"), 0);
    cr_expect_eq(json_array_size(json_object_get(json, "events")), 2);
    cr_expect_str_eq(json_string_value(json_object_get(event, "acknowledged_by")), "admin");
    cr_expect_eq(json_integer_value(json_object_get(event, "code")), 8001);
    json_decref(json);
    json = json_of("/api/v1/events", (struct pairs){{"since"}, {"1"}});
    cr_expect_eq(json_array_size(json_object_get(json, "events")), 1);
    cr_expect_eq(json_integer_value(json_object_get(json, "next")), 2);
    json_decref(json);
    refuse("/api/v1/events", "since", (struct pairs){{"since"}, {"-1"}});
}

Test(routes, only_faults_have_a_code, .init = begin, .fini = end)
{
    static const struct db_event events[] = {
        {.kind = "box_lost", .serial = "W01"}, {.kind = "meter_lost", .code = 3, .text = "house: silent"}, {.kind = "fault_cleared", .serial = "W01"}};
    struct db db;
    json_t *json;

    fill_past();
    cr_assert_eq(db_open(&db, db_path, 0, 100), RC_OK);
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        cr_assert_eq(db_add_event(&db, &events[i], 1767265200000), RC_OK);
    }
    db_close(&db);
    json = json_of("/api/v1/events", (struct pairs){{"since"}, {"2"}});
    cr_assert_eq(json_array_size(json_object_get(json, "events")), 3);
    for (size_t i = 0; i < 3; i++) {
        cr_expect(json_is_null(json_object_get(json_array_get(json_object_get(json, "events"), i), "code")), "event %zu", i);
    }
    json_decref(json);
}

Test(routes, a_day_counts_from_midnight_to_now, .init = begin, .fini = end)
{
    struct history_today t;

    fill_past();
    cr_assert_eq(history_today(&routes.history, "grid", 1767225600000, 1767272500000, &t), RC_OK); /* 2026-01-01 */
    cr_expect_eq(t.energy_wh, 2 * 12345);
    cr_expect_eq(t.sessions_n, 2);
    cr_expect_eq(t.solar_permille, -1, "no mix is known");
    cr_expect_eq(t.peak_ma, -1, "nothing was recorded");
    cr_assert_eq(history_today(&routes.history, "grid", 1767268800000, 1767272500000, &t), RC_OK); /* a day that begins within the sessions */
    cr_expect_eq(t.energy_wh, 0, "of their quarter hours none is known");
    cr_expect_eq(t.sessions_n, 0);
    cr_assert_eq(history_energy(&routes.history, "W01", 1767265200000, 1767265440000, &t.energy_wh), RC_OK);
    cr_expect_eq(t.energy_wh, 7000 / 60, "four minutes of 1, 2, unknown and 4 kW");
}

Test(routes, the_audit_trail_goes_on_from_a_number, .init = begin, .fini = end)
{
    const struct db_audit entries[] = {{.who = "anna", .what = "login", .subject = "anna"},
                                       {.who = "anna", .what = "setting", .subject = "W01", .before = "{\"priority\":5}", .after = "{\"priority\":7}"}};
    struct db db;
    json_t *json;
    const json_t *one;

    fill_past();
    cr_assert_eq(db_open(&db, db_path, 0, 100), RC_OK);
    for (size_t i = 0; i < sizeof entries / sizeof entries[0]; i++) {
        cr_assert_eq(db_add_audit(&db, &entries[i], 1767265200000), RC_OK);
    }
    db_close(&db);
    ask("GET", "/api/v1/changes", 403); /* not for viewers */
    cr_assert_eq(history_changes(&routes.history, 1, 100, &json), RC_OK);
    cr_assert_eq(json_array_size(json_object_get(json, "changes")), 1);
    one = json_array_get(json_object_get(json, "changes"), 0);
    cr_expect_str_eq(json_string_value(json_object_get(one, "who")), "anna");
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(one, "before"), "priority")), 5);
    cr_expect_eq(json_integer_value(json_object_get(json_object_get(one, "after"), "priority")), 7);
    json_decref(json);
}

Test(routes, cards_as_a_list_and_as_a_table, .init = begin, .fini = end)
{
    char *body;
    json_t *json;

    fill_past();
    json = json_of("/api/v1/cards", (struct pairs){{NULL}, {NULL}});
    cr_expect_str_eq(json_string_value(json_object_get(json_array_get(json_object_get(json, "cards"), 0), "departure")), "06:00");
    json_decref(json);
    body = body_of("/api/v1/cards", 200, "text/csv; charset=utf-8", (struct pairs){{"format"}, {"csv"}});
    cr_expect_str_eq(body, "uid,identity,kind,name,colour,blocked,expires,wallboxes,departure,needed_wh,priority\r\n"
                           "AABBCCDD,,user,=Tom & <b>,,false,,W01,06:00,40000,7\r\n");
    free(body);
}

Test(routes, a_statement_is_a_page_that_escapes_and_sums, .init = begin, .fini = end)
{
    char *body;

    fill_past();
    body = body_of("/api/v1/statement", 200, "text/html; charset=utf-8", (struct pairs){{"card", "month", "lang"}, {"AABBCCDD", "2026-01", "de"}});
    cr_expect_not_null(strstr(body, "<html lang=\"de\">"));
    cr_expect_not_null(strstr(body, "Januar 2026"));
    cr_expect_not_null(strstr(body, "=Tom &amp; &lt;b&gt;"));
    cr_expect_null(strstr(body, "<b>"));
    cr_expect_not_null(strstr(body, "<td class=\"n\">1.012,345</td><td class=\"n\">12,345</td>"), "%s", body);
    cr_expect_not_null(strstr(body, "Summe (1)</td><td class=\"n\">12,345</td><td class=\"n\">-</td>"), "%s", body);
    cr_expect_not_null(strstr(body, "nicht geeicht"));
    free(body);
    body = body_of("/api/v1/statement", 200, "text/html; charset=utf-8", (struct pairs){{"card", "month"}, {"<script>", "2026-02"}});
    cr_expect_not_null(strstr(body, "&lt;script&gt;"));
    cr_expect_not_null(strstr(body, "No sessions"));
    free(body);
    refuse("/api/v1/statement", "month", (struct pairs){{"card", "month"}, {"AABBCCDD", "2026-13"}});
    refuse("/api/v1/statement", "card", (struct pairs){{"month"}, {"2026-01"}});
}

Test(routes, a_statement_sums_the_cost_and_shows_the_prices_it_comes_from, .init = begin, .fini = end)
{
    static const char *const sums[LANG_N] = {"3.52\u00a0EUR", "3,52\u00a0EUR", "3,52\u00a0EUR", "3,52\u00a0EUR"};
    static const char *const always[LANG_N] = {"at all times", "à toute heure", "hele tiden", "jederzeit"};
    static const char *const prices[LANG_N] = {"0.2850\u00a0EUR", "0,2850\u00a0EUR", "0,2850\u00a0EUR", "0,2850\u00a0EUR"};
    static const char *const from[LANG_N] = {"1 Jan 2026, 10:58", "01/01/2026 10:58", "01.01.2026 10:58", "01.01.2026 10:58"};

    fill_priced("EUR");
    for (int i = 0; i < LANG_N; i++) {
        char *body = body_of("/api/v1/statement", 200, "text/html; charset=utf-8",
                             (struct pairs){{"card", "month", "lang"}, {"AABBCCDD", "2026-01", lang_code((enum lang)i)}});
        char row[256];

        (void)snprintf(row, sizeof row, "<td class=\"n\">-</td><td class=\"n\">1</td><td class=\"n\">%s</td></tr>", sums[i]);
        cr_expect_not_null(strstr(body, row), "%s", body);
        (void)snprintf(row, sizeof row, "<td></td><td class=\"n\">%s</td></tr></tfoot>", sums[i]);
        cr_expect_not_null(strstr(body, row), "%s", body);
        (void)snprintf(row, sizeof row, "<td class=\"n\">1</td><td>%s</td><td>%s</td><td class=\"n\">%s</td>", from[i], always[i], prices[i]);
        cr_expect_not_null(strstr(body, row), "%s", body);
        free(body);
    }
}

Test(routes, a_statement_keeps_currencies_apart_and_shows_windows_and_sun, .init = begin, .fini = end)
{
    const struct tariff crowns = {.currency = "NOK",
                                  .price_centicent_kwh = 20000,
                                  .solar_price_centicent_kwh = 0,
                                  .window_n = 1,
                                  .window = {{.days = 0x21, .from_min = 1320, .to_min = 360, .price_centicent_kwh = 15000}}};
    struct msg_session_record record = {.session = {{7}}, .start_utc_ms = 1767780000000, .stop_utc_ms = 1767783600000, .stop_wh = 10000, .end = END_CARD};
    struct db db;
    char *body;

    fill_priced("EUR");
    record.uid = (struct card_uid){4, {0xaa, 0xbb, 0xcc, 0xdd}};
    cr_assert_eq(db_open(&db, db_path, 0, 100), RC_OK);
    cr_assert_eq(db_add_tariff(&db, &crowns, "admin", 1767700000000), RC_OK);
    cr_assert_eq(db_stop_session(&db, "W01", &record, 1767783600000), RC_OK);
    db_close(&db);
    body = body_of("/api/v1/statement", 200, "text/html; charset=utf-8", (struct pairs){{"card", "month"}, {"AABBCCDD", "2026-01"}});
    cr_expect_not_null(strstr(body, "<td class=\"n\">3.52\u00a0EUR<br>20.00\u00a0NOK</td></tr></tfoot>"), "%s", body);
    cr_expect_not_null(strstr(body, "<td>at all other times</td><td class=\"n\">2.0000\u00a0NOK</td>"), "%s", body);
    cr_expect_not_null(strstr(body, "<td>Mon Sat 22:00\u201306:00</td><td class=\"n\">1.5000\u00a0NOK</td>"), "%s", body);
    cr_expect_not_null(strstr(body, "<td>solar energy</td><td class=\"n\">0.0000\u00a0NOK</td>"), "%s", body);
    free(body);
}
