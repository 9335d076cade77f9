#include "common/base/check.h"
#include "tests/site/control.h"

static json_t *phases_json(const int32_t v[PHASE_N])
{
    return json_pack("[i,i,i]", v[0], v[1], v[2]);
}

static json_t *node_json(const struct run *r, uint16_t i)
{
    const struct flow *f = &r->world.flow[i];
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "id", r->site.node[i].id, "limit_ma", phases_json(r->site.node[i].limit_ma), "true_ma",
                     phases_json(f->true_ma), "house_ma", phases_json(f->house_ma), "solar_ma", phases_json(f->solar_ma), "wallboxes_ma",
                     phases_json(f->boxes_ma));
}

static json_t *vehicle_json(const struct vehicle *v)
{
    if (!v->is_plugged) {
        return json_null();
    }
    return json_pack("{s:i, s:i, s:I, s:I, s:b, s:b, s:s}", "phases", v->spec.phases_n, "max_ma", v->spec.max_ma, "needed_wh", (json_int_t)v->spec.needed_wh,
                     "got_wh", (json_int_t)(v->got_mwms / MWMS_PER_WH), "asks", v->asks, "full", vehicle_is_full(v), "identity", v->spec.identity);
}

static json_t *box_json(const struct control *c, uint16_t i)
{
    const struct board *b = &c->run->world.board[i];
    const struct controller *r = &c->run->controller[i];
    int32_t drawn_ma[PHASE_N];
    world_drawn_ma(&c->run->world, i, drawn_ma);
    json_t *box = json_pack("{s:s, s:b, s:b, s:s, s:i, s:b, s:o, s:I, s:i, s:b, s:I, s:o}", "serial", b->serial, "attached", c->boards->peer[i] != NULL,
                            "power", board_has_power(b), "pilot", board_pilot_text(b), "pilot_ma", b->pilot_ma, "contactor", b->is_closed, "drawn_ma",
                            phases_json(drawn_ma), "energy_wh", (json_int_t)b->energy_wh, "temperature_mdegc", b->temperature_mdegc, "watchdog_latched",
                            b->is_latched, "watchdog_firings", (json_int_t)b->firing_n, "vehicle", vehicle_json(&b->vehicle));
    json_t *lights = json_array();
    for (int k = 0; k < BOARD_LAMP_N; k++) {
        json_array_append_new(lights, json_string(board_has_power(b) ? b->lamp[k] : "dark:steady"));
    }
    CHECK(box != NULL);
    json_object_set_new(box, "lights", lights);
    json_object_set_new(box, "brightness_permille", json_integer(b->brightness_permille));
    json_object_set_new(box, "tone", json_string(b->tone));
    json_object_set_new(box, "tone_n", json_integer(b->tone_n));
    json_object_set_new(box, "locked", json_boolean(b->is_locked));
    if (r->kind != CONTROLLER_NONE) {
        json_object_set_new(box, "controller", json_pack("{s:i, s:i, s:I}", "set_a", r->set, "boot_a", r->saved[0], "saved_n", (json_int_t)r->saved_n));
    }
    return box;
}

json_t *control_state(const struct control *c)
{
    const struct run *r = c->run;
    int64_t day_min = world_day_ms(&r->world) / 60000;
    json_t *nodes = json_array();
    json_t *boxes = json_array();
    json_t *meters = json_array();
    for (uint16_t i = 0; i < r->site.node_n; i++) {
        json_array_append_new(nodes, node_json(r, i));
    }
    for (uint16_t i = 0; i < r->site.box_n; i++) {
        json_array_append_new(boxes, box_json(c, i));
    }
    for (uint16_t i = 0; i < r->site.meter_n; i++) {
        const struct meter *m = &r->meter[i];
        json_array_append_new(meters, json_pack("{s:s, s:s, s:s, s:I}", "id", m->site->id, "model", m->site->model, "mode", meter_mode_text(m->mode), "asked",
                                                (json_int_t)m->asked_n));
    }
    json_t *sessions = json_pack("{s:I, s:I}", "came", (json_int_t)r->sessions.came_n, "turned_away", (json_int_t)r->sessions.turned_away_n);
    json_t *state =
        json_pack("{s:I, s:I, s:i, s:o, s:o, s:o, s:o, s:o}", "t_ms", (json_int_t)r->world.now_ms, "day_min", (json_int_t)day_min, "speed", r->world.speed,
                  "voltage_mv", phases_json(r->world.voltage_mv), "nodes", nodes, "wallboxes", boxes, "meters", meters, "sessions", sessions);
    CHECK(state != NULL);
    return state;
}
