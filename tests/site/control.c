#include "tests/site/control.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "tests/site/fields.h"

#define CUT_MS 3000 /* a power cut when nothing else is said */

/* One command: what it wants is in `f`, errors are added there. */
struct verb {
    const char *name;
    void (*run)(struct control *c, const struct fields *f);
};

static void error(const struct fields *f, const char *text)
{
    sitedoc_error(f->errors, "%s", text);
}

/* The board that key `wallbox` names, and its index; NULL after an error. */
static struct board *board_of(struct control *c, const struct fields *f, uint16_t *out)
{
    char serial[SERIAL_LEN] = "";
    fields_text(f, "wallbox", serial, sizeof serial);
    if (site_box_find(&c->run->site, serial, out) != RC_OK) {
        error(f, "wallbox: the site has none of this serial");
        return NULL;
    }
    return &c->run->world.board[*out];
}

static void plug(struct control *c, const struct fields *f)
{
    struct vehicle_spec spec;
    struct fields vehicle = fields_of(f, "vehicle");
    uint16_t box = 0;
    struct board *b = board_of(c, f, &box);
    vehicle_spec_default(&spec);
    fields_vehicle(&vehicle, &spec);
    if (b != NULL && b->vehicle.is_plugged) {
        error(f, "wallbox: a vehicle is plugged in already");
    }
    if (b != NULL && f->errors->n == 0) {
        vehicle_plug(&b->vehicle, &spec);
        b->plug_n++;
        boards_tell_identity(c->boards, box);
    }
}

static void unplug(struct control *c, const struct fields *f)
{
    uint16_t box = 0;
    struct board *b = board_of(c, f, &box);
    if (b != NULL && !b->vehicle.is_plugged) {
        error(f, "wallbox: no vehicle is plugged in");
    } else if (b != NULL) {
        vehicle_unplug(&b->vehicle);
        b->plug_n++;
    }
}

static void wake(struct control *c, const struct fields *f)
{
    uint16_t box = 0;
    int64_t more_wh = 0;
    struct board *b = board_of(c, f, &box);
    fields_i64(f, "needed_wh", 0, 1000000, &more_wh);
    if (b != NULL && !b->vehicle.is_plugged) {
        error(f, "wallbox: no vehicle is plugged in");
    } else if (f->errors->n == 0) {
        vehicle_wake(&b->vehicle, more_wh);
    }
}

static void tell(struct control *c, const struct fields *f, uint16_t box, json_t *event)
{
    if (!boards_send(c->boards, box, event)) {
        error(f, "wallbox: no client is attached");
    }
}

static void card(struct control *c, const struct fields *f)
{
    char uid[2 * UID_MAX + 1] = "";
    uint16_t box = 0;
    struct board *b = board_of(c, f, &box);
    fields_text(f, "uid", uid, sizeof uid);
    size_t len = strlen(uid);
    if (strspn(uid, "0123456789abcdefABCDEF") != len || (len != 8 && len != 14 && len != 16 && len != 20)) {
        error(f, "uid: must be 8, 14, 16 or 20 hex digits");
    }
    if (b != NULL && f->errors->n == 0) {
        tell(c, f, box, json_pack("{s:s}", "card", uid));
    }
}

static void button(struct control *c, const struct fields *f)
{
    char kind[16] = "";
    int32_t ms = 200;
    uint16_t box = 0;
    struct board *b = board_of(c, f, &box);
    fields_text(f, "kind", kind, sizeof kind);
    fields_i32(f, "ms", 1, 600000, &ms);
    if (!text_same(kind, "service") && !text_same(kind, "touch")) {
        error(f, "kind: must be service or touch");
    }
    if (b != NULL && f->errors->n == 0 && !boards_press(c->boards, box, text_same(kind, "service"), ms)) {
        error(f, "wallbox: no client is attached");
    }
}

/* Node of key `node`; the grid connection when it is missing, NODE_NONE after an error. */
static uint16_t node_of(struct control *c, const struct fields *f)
{
    char id[ID_LEN] = "";
    uint16_t node = 0;
    fields_text(f, "node", id, sizeof id);
    if (id[0] != '\0' && site_node_find(&c->run->site, id, &node) != RC_OK) {
        error(f, "node: the site has none of this name");
        return NODE_NONE;
    }
    return node;
}

/* Fixed currents of key `ma`; null: back to the profile. */
static void fix(const struct fields *f, bool *out_is_fixed, int32_t out_ma[PHASE_N])
{
    bool back = json_is_null(json_object_get(f->object, "ma"));
    if (!back && !fields_has(f, "ma")) {
        error(f, "ma: missing; 3 integers, or null for the profile");
    }
    if (!back) {
        fields_phases(f, "ma", 0, MA_MAX / 2, out_ma);
    }
    if (f->errors->n == 0) {
        *out_is_fixed = !back;
    }
}

static void house(struct control *c, const struct fields *f)
{
    uint16_t node = node_of(c, f);
    if (node != NODE_NONE) {
        fix(f, &c->run->world.load[node].is_fixed, c->run->world.load[node].fixed_ma);
    }
}

static void solar(struct control *c, const struct fields *f)
{
    uint16_t node = node_of(c, f);
    if (node != NODE_NONE) {
        fix(f, &c->run->world.sun[node].is_fixed, c->run->world.sun[node].fixed_ma);
    }
}

static void meter(struct control *c, const struct fields *f)
{
    char id[ID_LEN] = "";
    char text[16] = "";
    uint16_t at = 0;
    enum meter_mode mode = METER_OK;
    fields_text(f, "id", id, sizeof id);
    fields_text(f, "mode", text, sizeof text);
    if (site_meter_find(&c->run->site, id, &at) != RC_OK) {
        error(f, "id: the site has no such meter");
    } else if (meter_mode_parse(text, &mode) != RC_OK) {
        error(f, "mode: must be ok, silent, frozen, sign, swapped, garbage, slow, trickle, unit, function, exception or too_many");
    } else {
        meter_set_mode(&c->run->meter[at], mode);
    }
}

static void fault(struct control *c, const struct fields *f)
{
    char kind[24] = "";
    bool is_on = true;
    int32_t code = 0;
    uint16_t box = 0;
    enum board_fault which = BOARD_WELDED;
    struct board *b = board_of(c, f, &box);
    int32_t forced_mv[PHASE_N] = {0};
    fields_text(f, "kind", kind, sizeof kind);
    fields_bool(f, "on", &is_on);
    fields_i32(f, "code", 1, UINT16_MAX, &code);
    fields_phases(f, "mv", 0, 500000, forced_mv);
    bool is_code = text_same(kind, "code");
    bool is_voltage = text_same(kind, "voltage");
    if (is_code ? code == 0 : (!is_voltage && board_fault_parse(kind, &which) != RC_OK)) {
        error(f, "kind: must be welded, stuck, pilot_short, pilot_lost, meter_stuck, silent, residual, cable, load, safety, earth, ccid, module, diode, "
                 "voltage (with mv), or code (with code)");
    }
    if (b == NULL || f->errors->n > 0) {
        return;
    }
    if (is_voltage) {
        memcpy(b->forced_mv, forced_mv, sizeof forced_mv);
    } else if (!is_code) {
        board_fault_set(b, which, is_on);
    } else if (board_code_set(b, (uint16_t)code, is_on) != RC_OK) {
        error(f, "code: the board reports too many already");
    }
}

static void temperature(struct control *c, const struct fields *f)
{
    int32_t mdegc = 25000;
    uint16_t box = 0;
    struct board *b = board_of(c, f, &box);
    fields_i32(f, "mdegc", -50000, 150000, &mdegc);
    if (b != NULL && f->errors->n == 0) {
        b->temperature_mdegc = mdegc;
    }
}

/* The rated-current switch; null: a board that does not tell it. */
static void set_switch(struct control *c, const struct fields *f)
{
    int32_t ma = 0;
    uint16_t box = 0;
    struct board *b = board_of(c, f, &box);
    bool is_none = json_is_null(json_object_get(f->object, "ma"));
    if (!is_none) {
        fields_i32(f, "ma", 0, 80000, &ma);
    }
    if (b != NULL && f->errors->n == 0) {
        b->has_switch = !is_none;
        b->switch_ma = ma;
    }
}

static void power_cut(struct control *c, const struct fields *f)
{
    int32_t ms = CUT_MS;
    uint16_t box = 0;
    bool is_all = text_same("*", json_is_string(json_object_get(f->object, "wallbox")) ? json_string_value(json_object_get(f->object, "wallbox")) : "");
    fields_i32(f, "ms", 1, 86400000, &ms);
    struct board *b = is_all ? NULL : board_of(c, f, &box);
    if (f->errors->n > 0) {
        return;
    }
    for (uint16_t i = 0; i < c->run->site.box_n; i++) {
        if (is_all || b == &c->run->world.board[i]) {
            board_power_cut(&c->run->world.board[i], c->run->world.now_ms + ms);
            boards_drop(c->boards, i);
        }
    }
}

static void state(struct control *c, const struct fields *f)
{
    (void)c; /* the answer holds it */
    (void)f;
}

static const struct verb verbs[] = {
    {"plug", plug},   {"unplug", unplug}, {"wake", wake},   {"card", card},   {"button", button},           {"house", house},         {"switch", set_switch},
    {"solar", solar}, {"meter", meter},   {"fault", fault}, {"state", state}, {"temperature", temperature}, {"power_cut", power_cut},
};

static const struct verb *verb_of(const json_t *object)
{
    const char *name = json_string_value(json_object_get(object, "cmd"));
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0] && name != NULL; i++) {
        if (text_same(verbs[i].name, name)) {
            return &verbs[i];
        }
    }
    return NULL;
}

static void on_line(struct line_peer *peer, const json_t *object)
{
    struct control *c = peer->server->user;
    struct sitedoc_errors errors = {.n = 0};
    struct fields f = {.object = object, .errors = &errors};
    const struct verb *verb = verb_of(object);
    if (verb == NULL) {
        lines_write(peer, json_pack("{s:s}", "error",
                                    "cmd: must be plug, unplug, wake, card, button, house, solar, meter, fault, temperature, switch, power_cut or state"));
        return;
    }
    run_catch_up(c->run);
    verb->run(c, &f);
    run_react(c->run);
    if (errors.n > 0) {
        lines_write(peer, json_pack("{s:s}", "error", errors.at[0]));
    } else if (verb->run == state) {
        lines_write(peer, control_state(c));
    } else {
        lines_write(peer, json_pack("{s:b, s:I}", "ok", 1, "t_ms", (json_int_t)c->run->world.now_ms));
    }
    boards_tick(c->boards);
}

static void on_closed(struct line_peer *peer)
{
    (void)peer; /* nothing belongs to it */
}

enum rc control_listen(struct control *c, uv_loop_t *loop, const char *path, const char **out_why)
{
    static const struct line_events events = {on_line, on_closed};
    return lines_listen(&c->server, loop, path, &events, c, out_why);
}
