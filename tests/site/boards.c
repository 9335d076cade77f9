#include "tests/site/boards.h"

#include <stdlib.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/log.h"
#include "tests/site/fields.h"

static json_t *phases_json(const int32_t v[PHASE_N])
{
    return json_pack("[i,i,i]", v[0], v[1], v[2]);
}

static json_t *codes_json(const struct board *board)
{
    uint16_t codes[FAULT_MAX];
    json_t *list = json_array();
    for (uint16_t i = 0, n = board_codes(board, codes); i < n; i++) {
        json_array_append_new(list, json_integer(codes[i]));
    }
    return list;
}

static void send_sample(struct boards *b, uint16_t box)
{
    const struct board *board = &b->run->world.board[box];
    json_t *sample = json_pack("{s:s, s:i, s:b, s:o, s:o, s:i, s:I, s:i, s:i, s:I, s:I, s:b, s:o}", "pilot", board_pilot_text(board), "pilot_ma",
                               board->pilot_ma, "contactor", board->is_closed, "current_ma", phases_json(board->drawn_ma), "voltage_mv",
                               phases_json(board->voltage_mv), "power_w", board_power_w(board), "energy_wh", (json_int_t)board->energy_wh, "temperature_mdegc",
                               board->temperature_mdegc, "cable_ma", board_cable_ma(board), "cycle", (json_int_t)board->cycle, "watchdog_firings",
                               (json_int_t)board->firing_n, "watchdog_latched", board->is_latched, "faults", codes_json(board));
    CHECK(sample != NULL);
    json_object_set_new(sample, "diode", json_boolean(board_fault_is(board, BOARD_DIODE) && board->pilot_ma > 0));
    if (board->has_switch) {
        json_object_set_new(sample, "switch_ma", json_integer(board->switch_ma));
    }
    lines_write(b->peer[box], json_pack("{s:o}", "sample", sample));
    b->sent[box].at_ms = b->run->world.now_ms;
    b->sent[box].pilot = board_pilot_text(board);
    b->sent[box].is_closed = board->is_closed;
    b->sent[box].firing_n = board->firing_n;
    b->sent[box].faults = board->faults;
    for (int i = 0; i < PHASE_N; i++) {
        b->sent[box].drawn_ma[i] = board->drawn_ma[i];
    }
}

static bool is_due(const struct boards *b, uint16_t box)
{
    const struct board *board = &b->run->world.board[box];
    int64_t since_ms = b->run->world.now_ms - b->sent[box].at_ms;
    bool moved = b->sent[box].pilot != board_pilot_text(board) || b->sent[box].is_closed != board->is_closed || b->sent[box].firing_n != board->firing_n ||
                 b->sent[box].faults != board->faults;
    for (int i = 0; i < PHASE_N; i++) {
        moved = moved || abs(b->sent[box].drawn_ma[i] - board->drawn_ma[i]) >= SAMPLE_MOVE_MA;
    }
    return since_ms >= (moved ? SAMPLE_REST_MS : SAMPLE_MS);
}

bool boards_send(struct boards *b, uint16_t box, json_t *object)
{
    if (b->peer[box] == NULL) {
        json_decref(object);
        return false;
    }
    lines_write(b->peer[box], object);
    return true;
}

static bool send_button(struct boards *b, uint16_t box)
{
    const struct board *board = &b->run->world.board[box];
    return boards_send(b, box, json_pack("{s:{s:s, s:b}}", "button", "kind", board->is_service ? "service" : "touch", "down", board->is_button_down));
}

bool boards_press(struct boards *b, uint16_t box, bool is_service, int32_t ms)
{
    struct board *board = &b->run->world.board[box];
    board->is_button_down = true;
    board->is_service = is_service;
    board->button_ms = b->run->world.now_ms + ms;
    return send_button(b, box);
}

static void release_due(struct boards *b, uint16_t box)
{
    struct board *board = &b->run->world.board[box];
    if (board->is_button_down && board->button_ms <= b->run->world.now_ms) {
        board->is_button_down = false;
        send_button(b, box);
    }
}

void boards_tick(struct boards *b)
{
    for (uint16_t i = 0; i < b->run->site.box_n; i++) {
        bool speaks = b->peer[i] != NULL && !board_fault_is(&b->run->world.board[i], BOARD_SILENT);
        release_due(b, i);
        if (speaks && is_due(b, i)) {
            send_sample(b, i);
        }
    }
}

void boards_tell_identity(struct boards *b, uint16_t box)
{
    const struct vehicle *v = &b->run->world.board[box].vehicle;
    if (v->is_plugged && v->spec.identity[0] != '\0') {
        boards_send(b, box, json_pack("{s:s}", "identity", v->spec.identity)); /* told at attachment otherwise */
    }
}

/* Take the wallbox away from a peer: its watchdog fires if it was fed. */
static void detach(struct boards *b, uint16_t box)
{
    struct line_peer *peer = b->peer[box];
    b->peer[box] = NULL;
    peer->user = NULL;
    board_detach(&b->run->world.board[box], b->run->world.now_ms);
    run_react(b->run);
    log_note("detached serial=%s", b->run->world.board[box].serial);
}

void boards_drop(struct boards *b, uint16_t box)
{
    struct line_peer *peer = b->peer[box];
    if (peer != NULL) {
        detach(b, box);
        lines_end(peer);
    }
}

static void refuse(struct line_peer *peer, const char *why)
{
    lines_write(peer, json_pack("{s:s}", "error", why));
    lines_end(peer);
}

static void attach(struct boards *b, struct line_peer *peer, const char *serial)
{
    uint16_t box = 0;
    if (serial == NULL || site_box_find(&b->run->site, serial, &box) != RC_OK) {
        refuse(peer, serial == NULL ? "the first line must be {\"attach\":\"SERIAL\"}" : "no wallbox has this serial");
        return;
    }
    struct board *board = &b->run->world.board[box];
    if (board_attach(board) != RC_OK) {
        refuse(peer, "the wallbox has no power");
        return;
    }
    boards_drop(b, box);
    b->peer[box] = peer;
    peer->user = &b->peer[box];
    lines_write(peer, json_pack("{s:s, s:s, s:i, s:i, s:b}", "attached", board->serial, "watchdog", b->simulation->box[box].watchdog, "apply_ms", 0, "rated_ma",
                                board->rated_ma, "power_failed", board->power_failed));
    board->power_failed = false;
    log_note("attached serial=%s", board->serial);
    send_sample(b, box);
    boards_tell_identity(b, box);
}

/* Lights, tone and lock; a client of the first version sends none. */
static void take_face(const struct fields *f, struct board *board)
{
    const json_t *lights = json_object_get(f->object, "lights");
    int64_t tone_n = 0;
    fields_bool(f, "locked", &board->is_locked);
    fields_i32(f, "brightness_permille", 0, 1000, &board->brightness_permille);
    fields_i64(f, "tone_n", 0, UINT32_MAX, &tone_n);
    fields_text(f, "tone", board->tone, sizeof board->tone);
    board->tone_n = (uint32_t)tone_n;
    if (lights != NULL && json_array_size(lights) != BOARD_LAMP_N) {
        sitedoc_error(f->errors, "lights: must be 8 texts");
        return;
    }
    for (size_t i = 0; i < json_array_size(lights); i++) {
        const char *text = json_string_value(json_array_get(lights, i));
        if (text == NULL || text_copy(board->lamp[i], BOARD_LAMP_LEN, text) != RC_OK) {
            sitedoc_error(f->errors, "lights: must be COLOUR:MODE");
        }
    }
}

static void command(struct boards *b, struct line_peer *peer, const json_t *object, uint16_t box)
{
    struct sitedoc_errors errors = {.n = 0};
    struct fields f = {.object = object, .errors = &errors};
    struct board *board = &b->run->world.board[box];
    int64_t cycle = 0;
    int64_t rearm = 0;
    int32_t pilot_ma = 0;
    bool wants_closed = false;
    fields_i64(&f, "cycle", 0, UINT32_MAX, &cycle);
    fields_i64(&f, "rearm", 0, UINT32_MAX, &rearm);
    fields_i32(&f, "pilot_ma", 0, 80000, &pilot_ma);
    fields_bool(&f, "contactor", &wants_closed);
    take_face(&f, board);
    if (errors.n > 0 || (pilot_ma > 0 && pilot_ma < PILOT_MIN_MA)) {
        refuse(peer, errors.n > 0 ? errors.at[0] : "pilot_ma: must be 0 or 6000..80000");
        return;
    }
    /* A cycle that is refused shows in the sample: latched, or none at all from a silent board. */
    board_command(board, (uint32_t)cycle, pilot_ma, wants_closed, (uint32_t)rearm, b->run->world.now_ms);
    run_react(b->run);
    if (!board_fault_is(board, BOARD_SILENT)) {
        send_sample(b, box);
    }
}

static void on_line(struct line_peer *peer, const json_t *object)
{
    struct boards *b = peer->server->user;
    run_catch_up(b->run);
    if (peer->user == NULL) {
        attach(b, peer, json_string_value(json_object_get(object, "attach")));
        return;
    }
    if (json_object_get(object, "cycle") != NULL) {
        command(b, peer, object, (uint16_t)((struct line_peer **)peer->user - b->peer));
    }
}

static void on_closed(struct line_peer *peer)
{
    struct boards *b = peer->server->user;
    if (peer->user != NULL) {
        run_catch_up(b->run);
        detach(b, (uint16_t)((struct line_peer **)peer->user - b->peer));
    }
}

enum rc boards_listen(struct boards *b, uv_loop_t *loop, const char *path, const char **out_why)
{
    static const struct line_events events = {on_line, on_closed};
    return lines_listen(&b->server, loop, path, &events, b, out_why);
}
