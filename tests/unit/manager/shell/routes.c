#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/os/clock.h"
#include "manager/shell/db.h"
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
    cr_assert_eq(reply.body_len, strlen(reply.body));
    cr_assert_str_eq(reply.type, status == 200 || strcmp(request->path, "/health") == 0 ? "application/json" : "application/problem+json");
    cr_assert_eq(reply.allow != NULL, status == 405);
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
                                        "/",
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
    publish(0);
    ask("POST", "/api/v1/site", 405);
    ask("DELETE", "/api/v1/wallboxes/W01", 405);
    ask("get", "/api/v1/sessions", 405);
    ask("POST", "/nowhere", 404);
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
    return ask_all(&(struct route_request){.method = "GET", .path = "/api/v1/sessions", .limit = limit}, status);
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
