#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include <jansson.h>

#include "manager/core/event.h"
#include "manager/shell/view_json.h"

TestSuite(view_json, .timeout = 10);

static struct site site;
static struct view view;

static json_t *site_at(int64_t utc_ms)
{
    static struct snapshot snapshot;

    snapshot = (struct snapshot){.utc_ms = utc_ms, .site = &site, .is_store_failing = true, .view = view};
    return view_json_site(&snapshot);
}

static void make(void)
{
    site = (struct site){.node_n = 2, .box_n = 2, .meter_n = 1, .timezone = "Europe/Berlin"};
    site.node[0] = (struct site_node){.id = "grid", .parent = NODE_NONE, .limit_ma = {63000, 63000, 63000}};
    site.node[1] = (struct site_node){.id = "carport", .parent = 0, .limit_ma = {32000, 32000, 32000}, .limit_w = 20000};
    site.box[0] = (struct site_box){.serial = "W01", .name = "Left", .node = 1, .phases = PHASES_L2_L3_L1, .min_ma = 6000, .max_ma = 16000};
    site.box[1] = (struct site_box){.serial = "W02", .node = 1, .phases = PHASES_L3, .min_ma = 6000, .max_ma = 32000, .priority = 7};
    site.meter[0] = (struct site_meter){.id = "house", .model = "m", .node = 0, .role = METER_HOUSE, .phases = PHASES_L1_L2_L3};
    view = (struct view){.epoch = 0x00000002deadbeef, .is_granting = true, .node_n = 2, .box_n = 2, .meter_n = 1};
    view.node[0] = (struct view_node){.limit_ma = {63000, 63000, 63000},
                                      .budget_ma = {50000, 40000, 10000},
                                      .base_ma = {12000, -3000, 0},
                                      .metered_ma = {20000, 5000, 8000},
                                      .drawn_ma = {8000, 8000, 8000},
                                      .exposure_ma = {16000, 16000, 16000},
                                      .has_meter = true};
    view.node[1] = (struct view_node){.limit_ma = {32000, 32000, 32000}};
    view.meter[0] = (struct view_meter){.state = METER_GOOD, .has_sample = true, .age_ms = 300};
    view.meter[0].last = (struct meter_sample){.current_ma = {20000, 5000, 8000}, .voltage_mv = {230000, 0, 231000}, .import_wh = 123456, .export_wh = -1};
    view.box[0] = (struct view_box){.is_online = true,
                                    .has_status = true,
                                    .age_ms = 400,
                                    .state = BOX_CHARGING,
                                    .granted_ma = 16000,
                                    .target_ma = 16000,
                                    .offered_ma = 15900,
                                    .exposure_ma = 16000,
                                    .drawn_ma = {8000, 8000, 8000},
                                    .used = PHASE_ALL,
                                    .reason = REASON_NODE_FULL,
                                    .reason_node = 1,
                                    .reason_phase = 2,
                                    .lease_left_ms = 9000,
                                    .power_w = 5500,
                                    .energy_wh = 100000,
                                    .has_session = true,
                                    .session = {{0x0a, 0xff}},
                                    .session_utc_ms = 1700000000000,
                                    .session_wh = 1234,
                                    .contactor_closed = true,
                                    .pilot = PILOT_C2,
                                    .temperature_mdegc = 25000,
                                    .faults_n = 2,
                                    .faults = {17, 300}};
    view.box[0].setting = (struct wish_setting){.name = "Left"};
    view.box[0].wish = (struct wish){.set = WISH_DEPARTURE | WISH_NOW, .departure_utc_ms = 1700000000000};
    view.box[0].order = (struct wish_order){.seq = 9, .command = MANAGER_STOP, .result = RESULT_REFUSED};
    view.box[1] = (struct view_box){.age_ms = -1, .granted_ma = MA_UNSET, .reason = REASON_OFFLINE, .reason_node = NODE_NONE, .reason_phase = -1};
}

/* Through text and back, as a reader would. */
static json_t *reread(json_t *value)
{
    char *text;
    json_t *again;

    cr_assert_not_null(value);
    text = json_dumps(value, 0);
    cr_assert_not_null(text);
    again = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
    cr_assert_not_null(again, "%s", text);
    json_decref(value);
    free(text);
    return again;
}

static int64_t number(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    cr_assert(json_is_integer(value), "%s", key);
    return json_integer_value(value);
}

static const char *text_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    cr_assert(json_is_string(value), "%s", key);
    return json_string_value(value);
}

static bool is_null(const json_t *object, const char *key)
{
    return json_is_null(json_object_get(object, key));
}

static int64_t phase_value(const json_t *object, const char *key, size_t phase)
{
    const json_t *list = json_object_get(object, key);

    cr_assert(json_is_array(list), "%s", key);
    cr_assert_eq(json_array_size(list), 3);
    return json_integer_value(json_array_get(list, phase));
}

Test(view_json, a_wallbox_that_charges_shows_everything)
{
    json_t *box;

    make();
    box = reread(view_json_box(&site, &view, 0));
    cr_expect_str_eq(text_of(box, "serial"), "W01");
    cr_expect_str_eq(text_of(box, "name"), "Left");
    cr_expect_str_eq(text_of(json_object_get(box, "wish"), "departure_utc"), "2023-11-14T22:13:20.000Z");
    cr_expect(json_is_true(json_object_get(json_object_get(box, "wish"), "charge_now")));
    cr_expect(json_is_null(json_object_get(json_object_get(box, "wish"), "priority")));
    cr_expect_str_eq(text_of(json_object_get(box, "last_command"), "command"), "stop");
    cr_expect_str_eq(text_of(json_object_get(box, "last_command"), "result"), "refused");
    cr_expect_str_eq(text_of(box, "node"), "carport");
    cr_expect_str_eq(text_of(box, "phases"), "L2-L3-L1");
    cr_expect_str_eq(text_of(box, "state"), "Charging");
    cr_expect_eq(number(box, "offered_ma"), 15900);
    cr_expect_eq(number(box, "granted_ma"), 16000);
    cr_expect_eq(phase_value(box, "drawn_ma", 2), 8000);
    cr_expect_eq(number(box, "power_w"), 5500);
    cr_expect_str_eq(text_of(box, "reason"), "node_full");
    cr_expect_str_eq(text_of(box, "reason_node"), "carport");
    cr_expect_str_eq(text_of(box, "reason_phase"), "L3");
    cr_expect(is_null(box, "turn_place"));
    cr_expect_eq(number(box, "lease_left_ms"), 9000);
    cr_expect_str_eq(text_of(box, "contactor"), "closed");
    cr_expect_str_eq(text_of(json_object_get(box, "session"), "id"), "0aff0000000000000000000000000000");
    cr_expect_eq(number(json_object_get(box, "session"), "energy_wh"), 1234);
    cr_expect_str_eq(text_of(json_object_get(box, "session"), "start_utc"), "2023-11-14T22:13:20.000Z");
    cr_expect_eq(json_array_size(json_object_get(box, "faults")), 2);
    cr_expect_eq(json_array_size(json_object_get(box, "used_phases")), 3);
    json_decref(box);
}

Test(view_json, what_is_not_known_of_a_wallbox_is_null)
{
    static const char *const unknown[] = {"age_ms",    "offered_ma", "granted_ma", "drawn_ma",   "power_w",      "energy_wh",         "session",
                                          "contactor", "pilot",      "faults",     "turn_place", "reason_phase", "temperature_mdegc", "lease_left_ms"};
    json_t *box;

    make();
    box = reread(view_json_box(&site, &view, 1));
    cr_expect_str_eq(text_of(box, "state"), "Offline");
    cr_expect_str_eq(text_of(box, "name"), "W02");
    cr_expect_str_eq(text_of(box, "reason"), "offline");
    for (size_t i = 0; i < sizeof unknown / sizeof unknown[0]; i++) {
        cr_expect(is_null(box, unknown[i]), "%s", unknown[i]);
    }
    json_decref(box);
}

Test(view_json, a_session_whose_begin_nobody_knows_says_so)
{
    json_t *box;

    make();
    view.box[0].session_utc_ms = CLOCK_UNSET_UTC_MS;
    box = reread(view_json_box(&site, &view, 0));
    cr_expect(is_null(json_object_get(box, "session"), "start_utc"));
    json_decref(box);
}

Test(view_json, a_wallbox_that_fell_silent_shows_no_old_currents_but_its_energy)
{
    json_t *box;

    make();
    view.box[0].is_online = false;
    box = reread(view_json_box(&site, &view, 0));
    cr_expect_str_eq(text_of(box, "state"), "Offline");
    cr_expect(is_null(box, "drawn_ma"));
    cr_expect(is_null(box, "offered_ma"));
    cr_expect_eq(number(box, "energy_wh"), 100000);
    cr_expect_eq(number(box, "exposure_ma"), 16000);
    json_decref(box);
}

Test(view_json, a_site_shows_nodes_meters_and_totals)
{
    json_t *json;
    const json_t *grid;
    const json_t *meter;

    make();
    json = reread(site_at(1700000000123));
    cr_expect_str_eq(text_of(json, "utc"), "2023-11-14T22:13:20.123Z");
    cr_expect_str_eq(text_of(json, "epoch"), "00000002deadbeef");
    cr_expect(json_is_true(json_object_get(json_object_get(json, "state"), "is_granting")));
    cr_expect(json_is_true(json_object_get(json_object_get(json, "state"), "is_store_failing")));
    cr_expect(json_is_false(json_object_get(json_object_get(json, "state"), "was_database_damaged")));
    grid = json_array_get(json_object_get(json, "nodes"), 0);
    cr_expect(is_null(grid, "parent"));
    cr_expect(is_null(grid, "limit_w"));
    cr_expect_str_eq(text_of(grid, "meter"), "good");
    cr_expect_eq(phase_value(grid, "free_ma", 0), 34000);
    cr_expect_eq(phase_value(grid, "free_ma", 2), 0, "never below zero");
    cr_expect_eq(phase_value(grid, "base_ma", 1), -3000);
    cr_expect_eq(phase_value(grid, "metered_ma", 1), 5000);
    cr_expect_str_eq(text_of(json_array_get(json_object_get(json, "nodes"), 1), "parent"), "grid");
    cr_expect(is_null(json_array_get(json_object_get(json, "nodes"), 1), "meter"));
    meter = json_array_get(json_object_get(json, "meters"), 0);
    cr_expect_eq(number(meter, "energy_import_wh"), 123456);
    cr_expect(is_null(meter, "energy_export_wh"));
    cr_expect(is_null(meter, "frequency_mhz"));
    cr_expect(json_is_null(json_array_get(json_object_get(meter, "voltage_mv"), 1)));
    cr_expect_eq(number(json_object_get(json, "totals"), "online_n"), 1);
    cr_expect_eq(number(json_object_get(json, "totals"), "charging_n"), 1);
    cr_expect_eq(number(json_object_get(json, "totals"), "power_w"), 5500);
    json_decref(json);
}

Test(view_json, a_lost_meter_shows_no_old_figures)
{
    json_t *json;

    make();
    view.meter[0].state = METER_SILENT;
    json = reread(site_at(CLOCK_UNSET_UTC_MS));
    cr_expect(is_null(json, "utc"));
    cr_expect(is_null(json_array_get(json_object_get(json, "nodes"), 0), "metered_ma"));
    cr_expect(is_null(json_array_get(json_object_get(json, "meters"), 0), "current_ma"));
    cr_expect_eq(number(json_array_get(json_object_get(json, "meters"), 0), "age_ms"), 300);
    json_decref(json);
}

Test(view_json, a_site_without_anything_has_empty_lists)
{
    json_t *json;

    make();
    view = (struct view){0};
    json = reread(view_json_boxes(&site, &view, 0));
    cr_expect_eq(json_array_size(json_object_get(json, "wallboxes")), 0);
    json_decref(json);
    json = reread(site_at(0));
    cr_expect(is_null(json, "epoch"));
    cr_expect_eq(json_array_size(json_object_get(json, "nodes")), 0);
    json_decref(json);
}

Test(view_json, a_full_site_is_written_whole)
{
    json_t *json;

    make();
    site.box_n = BOX_MAX;
    view.box_n = BOX_MAX;
    for (uint16_t i = 2; i < BOX_MAX; i++) {
        site.box[i] = site.box[1];
        (void)snprintf(site.box[i].serial, SERIAL_LEN, "X%04d", i);
        view.box[i] = view.box[1];
    }
    json = reread(view_json_boxes(&site, &view, 0));
    cr_expect_eq(json_array_size(json_object_get(json, "wallboxes")), BOX_MAX);
    json_decref(json);
}
