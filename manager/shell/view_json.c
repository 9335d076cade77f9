#include "manager/shell/view_json.h"

#include <stdio.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "manager/core/event.h"
#include "manager/shell/meter_text.h"
#include "manager/shell/regmap_models.h"

#define HEX_MAX 32u

/* A value, or null when it is not known. */
static json_t *known(bool is_known, int64_t value)
{
    return is_known ? json_integer(value) : json_null();
}

static json_t *three(const int32_t at[PHASE_N])
{
    return json_pack("[iii]", at[0], at[1], at[2]);
}

static json_t *three_wide(const int64_t at[PHASE_N])
{
    return json_pack("[III]", (json_int_t)at[0], (json_int_t)at[1], (json_int_t)at[2]);
}

static json_t *three_known(bool is_known, const int32_t at[PHASE_N])
{
    return is_known ? three(at) : json_null();
}

json_t *view_json_utc(int64_t utc_ms)
{
    char text[25];

    if (utc_ms == CLOCK_UNSET_UTC_MS) {
        return json_null();
    }
    clock_format_utc(utc_ms, text);
    return json_string(text);
}

json_t *view_json_hex(const uint8_t *bytes, unsigned len)
{
    static const char digits[] = "0123456789abcdef";
    char text[2 * HEX_MAX + 1];

    CHECK(len <= HEX_MAX);
    for (unsigned i = 0; i < len; i++) {
        text[2 * i] = digits[bytes[i] >> 4];
        text[2 * i + 1] = digits[bytes[i] & 15];
    }
    text[2 * len] = '\0';
    return json_string(text);
}

static json_t *epoch_json(uint64_t epoch)
{
    char text[17];

    if (epoch == 0) {
        return json_null();
    }
    (void)snprintf(text, sizeof text, "%016llx", (unsigned long long)epoch);
    return json_string(text);
}

static json_t *node_json(const struct site *site, const struct view *view, uint16_t i)
{
    const struct site_node *n = &site->node[i];
    const struct view_node *v = &view->node[i];
    uint16_t meter = site_house_meter(site, i);
    bool is_metered = v->has_meter && meter < view->meter_n;
    bool is_good = is_metered && view->meter[meter].state == METER_GOOD;
    int64_t free_ma[PHASE_N];

    for (int p = 0; p < PHASE_N; p++) {
        free_ma[p] = max_i64(0, v->budget_ma[p] - v->exposure_ma[p]);
    }
    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:o, s:b}", "id", n->id, "parent",
                     n->parent == NODE_NONE ? json_null() : json_string(site->node[n->parent].id), "limit_ma", three(v->limit_ma), "limit_w",
                     known(n->limit_w > 0, n->limit_w), "budget_ma", three(v->budget_ma), "base_ma", three(v->base_ma), "metered_ma",
                     three_known(is_good, v->metered_ma), "drawn_ma", three(v->drawn_ma), "exposure_ma", three_wide(v->exposure_ma), "free_ma",
                     three_wide(free_ma), "meter", is_metered ? json_string(meter_state_text(view->meter[meter].state)) : json_null(), "is_fallback",
                     v->is_fallback, "budget_w", known(v->budget_w >= 0, v->budget_w), "is_scheduled", v->scheduled != 0);
}

static json_t *voltages(bool is_known, const int32_t mv[PHASE_N])
{
    json_t *list;

    if (!is_known) {
        return json_null();
    }
    list = json_array();
    for (int p = 0; p < PHASE_N && list != NULL; p++) {
        (void)json_array_append_new(list, known(mv[p] > 0, mv[p])); /* a list that misses one for want of memory is refused by json_pack's user */
    }
    return list;
}

static json_t *text_known(bool is_known, const char *text)
{
    return is_known ? json_string(text) : json_null();
}

/* Whether the meter is believed, and what to do when it is not. */
static json_t *trust_json(const struct site_meter *m, const struct view_meter *v)
{
    struct regmap_choice choice = {0};
    bool is_doubted = v->state != METER_GOOD && v->doubt != DOUBT_NONE;
    char text[METER_TEXT_LEN];
    const char *why;
    bool is_low = regmap_choose(m->model, &choice, &why) == RC_OK && choice.model->confidence == CONFIDENCE_LOW;

    meter_text_explain(v->doubt, v->suggested, text);
    return json_pack("{s:o, s:o, s:s, s:o, s:b}", "doubt", text_known(is_doubted, meter_doubt_text(v->doubt)), "explanation", text_known(is_doubted, text),
                     "wiring", meter_text_wiring(v->wiring), "suggested_phases", text_known(v->suggested != PHASES_UNSET, phase_assign_text(v->suggested)),
                     "is_unverified", is_low);
}

static json_t *factors(bool is_known, const struct meter_sample *s)
{
    json_t *list = is_known ? json_array() : NULL;

    for (int p = 0; p < PHASE_N && list != NULL; p++) {
        (void)json_array_append_new(list, known((s->factor_set & PHASE_BIT(p)) != 0, s->factor_permille[p])); /* as above */
    }
    return list != NULL ? list : json_null();
}

static json_t *figures_json(const struct view_meter *v)
{
    const struct meter_sample *last = &v->last;
    bool is_live = v->has_sample && v->state == METER_GOOD;

    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "age_ms", known(v->has_sample, v->age_ms), "current_ma",
                     three_known(is_live, last->current_ma), "voltage_mv", voltages(is_live, last->voltage_mv), "power_w", three_known(is_live, last->power_w),
                     "power_factor_permille", factors(is_live, last), "power_total_w", known(is_live, last->power_total_w), "energy_import_wh",
                     known(v->has_sample && last->import_wh >= 0, last->import_wh), "energy_export_wh",
                     known(v->has_sample && last->export_wh >= 0, last->export_wh), "frequency_mhz",
                     known(is_live && last->frequency_mhz > 0, last->frequency_mhz));
}

static json_t *meter_json(const struct site *site, const struct view *view, uint16_t i)
{
    const struct site_meter *m = &site->meter[i];
    const struct view_meter *v = &view->meter[i];
    json_t *json = json_pack("{s:s, s:s, s:s, s:s, s:s}", "id", m->id, "model", m->model, "node", site->node[m->node].id, "role", site_meter_role_text(m),
                             "state", m->role == METER_UNUSED ? "unused" : meter_state_text(v->state));

    if (json == NULL || json_object_update_new(json, figures_json(v)) != 0 || json_object_update_new(json, trust_json(m, v)) != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

static json_t *totals_json(const struct view *view)
{
    int32_t online_n = 0;
    int32_t charging_n = 0;
    int64_t power_w = 0;
    int64_t drawn_ma[PHASE_N] = {0};
    int64_t offered_ma = 0;

    for (uint16_t i = 0; i < view->box_n; i++) {
        const struct view_box *b = &view->box[i];

        if (!b->is_online) {
            continue;
        }
        online_n++;
        charging_n += b->state == BOX_CHARGING ? 1 : 0;
        power_w += b->power_w;
        offered_ma += b->offered_ma;
        for (int p = 0; p < PHASE_N; p++) {
            drawn_ma[p] += b->drawn_ma[p];
        }
    }
    return json_pack("{s:i, s:i, s:i, s:I, s:I, s:o}", "wallboxes_n", (int)view->box_n, "online_n", online_n, "charging_n", charging_n, "power_w",
                     (json_int_t)power_w, "offered_ma", (json_int_t)offered_ma, "drawn_ma", three_wide(drawn_ma));
}

static json_t *surplus_json(const struct view *view)
{
    if (view->is_surplus_summed) {
        return json_pack("{s:s, s:i}", "mode", "summed", "sum_ma", view->surplus_ma[0]);
    }
    return json_pack("{s:s, s:o}", "mode", "per_phase", "surplus_ma", three(view->surplus_ma));
}

static json_t *state_json(const struct snapshot *s)
{
    return json_pack("{s:b, s:b, s:b, s:b, s:b, s:b}", "is_granting", s->view.is_granting, "is_restarting", s->view.is_restarting, "is_second_manager",
                     s->view.is_second_manager, "is_dimmed", s->view.is_dimmed, "is_store_failing", s->is_store_failing, "was_database_damaged",
                     s->was_damaged);
}

json_t *view_json_site(const struct snapshot *s)
{
    const struct site *site = s->site;
    const struct view *view = &s->view;
    json_t *nodes = json_array();
    json_t *meters = json_array();
    int failed = 0;

    for (uint16_t i = 0; i < view->node_n; i++) {
        failed |= json_array_append_new(nodes, node_json(site, view, i));
    }
    for (uint16_t i = 0; i < view->meter_n; i++) {
        failed |= json_array_append_new(meters, meter_json(site, view, i));
    }
    if (failed != 0) {
        json_decref(nodes);
        json_decref(meters);
        return NULL;
    }
    return json_pack("{s:o, s:s, s:o, s:o, s:o, s:o, s:o, s:o}", "utc", view_json_utc(s->utc_ms), "timezone", site->timezone, "epoch", epoch_json(view->epoch),
                     "state", state_json(s), "surplus", surplus_json(view), "nodes", nodes, "meters", meters, "totals", totals_json(view));
}

static json_t *used_phases(uint8_t used)
{
    static const char *const name[PHASE_N] = {"L1", "L2", "L3"};
    json_t *list = json_array();

    for (int p = 0; p < PHASE_N; p++) {
        if ((used & PHASE_BIT(p)) != 0) {
            (void)json_array_append_new(list, json_string(name[p])); /* only memory can fail it; a shorter list is shown then */
        }
    }
    return list;
}

static json_t *faults_json(const struct view_box *v)
{
    json_t *list = json_array();

    for (uint8_t i = 0; i < v->faults_n && i < FAULT_MAX; i++) {
        (void)json_array_append_new(list, json_integer(v->faults[i])); /* as above */
    }
    return list;
}

static json_t *session_json(const struct view_box *v)
{
    if (!v->has_status || !v->has_session) {
        return json_null();
    }
    return json_pack("{s:o, s:o, s:I}", "id", view_json_hex(v->session.at, SESSION_ID_LEN), "start_utc", view_json_utc(v->session_utc_ms), "energy_wh",
                     (json_int_t)v->session_wh);
}

static json_t *reason_phase(int8_t phase)
{
    static const char *const name[PHASE_N] = {"L1", "L2", "L3"};

    return phase >= 0 && phase < PHASE_N ? json_string(name[phase]) : json_null();
}

/* What is wished for the session under way; null: nothing. */
static json_t *wish_json(const struct view_box *v)
{
    const struct wish *w = &v->wish;
    bool has_mode = (w->set & WISH_MODE) != 0;

    if (w->set == 0) {
        return json_null();
    }
    return json_pack("{s:o, s:o, s:o, s:o, s:b, s:b}", "departure_utc", (w->set & WISH_DEPARTURE) != 0 ? view_json_utc(w->departure_utc_ms) : json_null(),
                     "needed_wh", known((w->set & WISH_NEEDED) != 0, w->needed_wh), "mode", text_known(has_mode, has_mode ? solar_mode_text(w->mode) : ""),
                     "priority", known((w->set & WISH_PRIORITY) != 0, w->priority), "charge_now", (w->set & WISH_NOW) != 0, "is_late", v->is_late);
}

static json_t *order_json(const struct wish_order *o)
{
    static const char *const commands[MANAGER_COMMAND_N] = {"none", "pause", "resume", "stop", "start", "restart", "unlock"};
    static const char *const results[RESULT_N] = {"sent", "done", "refused", "unsupported", "failed"};

    if (o->seq == 0 || o->command < 0 || o->command >= MANAGER_COMMAND_N || o->result >= RESULT_N) {
        return json_null();
    }
    return json_pack("{s:I, s:s, s:s}", "seq", (json_int_t)o->seq, "command", commands[o->command], "result", results[o->result]);
}

/* What its operator has set. */
static json_t *setting_json(const struct site_box *b, const struct view_box *v)
{
    const struct wish_setting *s = &v->setting;
    const char *name = s->name[0] != '\0' ? s->name : b->serial;

    return json_pack("{s:s, s:i, s:s, s:o, s:o, s:o}", "name", name, "priority", (int)s->priority, "mode", solar_mode_text(s->mode), "local_limit_ma",
                     known(s->local_limit_ma != 0, s->local_limit_ma), "wish", wish_json(v), "last_command", order_json(&v->order));
}

/* What the manager decided and books. */
static json_t *decided_json(const struct site *site, const struct view_box *v)
{
    bool has_node = v->reason_node != NODE_NONE && v->reason_node < site->node_n;

    return json_pack("{s:o, s:i, s:i, s:i, s:o, s:s, s:o, s:o, s:o}", "granted_ma", known(v->granted_ma != MA_UNSET, v->granted_ma), "target_ma", v->target_ma,
                     "demand_ma", v->demand_ma, "exposure_ma", v->exposure_ma, "lease_left_ms", known(v->granted_ma != MA_UNSET, max_i64(0, v->lease_left_ms)),
                     "reason", reason_text(v->reason), "reason_node", has_node ? json_string(site->node[v->reason_node].id) : json_null(), "reason_phase",
                     reason_phase(v->reason_phase), "turn_place", known(v->turn_place > 0, v->turn_place));
}

/* What the wallbox reported; figures that move are unknown while it is offline. */
static json_t *reported_json(const struct view_box *v)
{
    bool is_live = v->is_online && v->has_status;

    return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "state", is_live ? box_state_text(v->state) : "Offline", "age_ms",
                     known(v->has_status && v->age_ms >= 0, v->age_ms), "offered_ma", known(is_live, v->offered_ma), "drawn_ma",
                     three_known(is_live, v->drawn_ma), "power_w", known(is_live, v->power_w), "energy_wh", known(v->has_status, v->energy_wh), "session",
                     session_json(v), "contactor", is_live ? json_string(v->contactor_closed ? "closed" : "open") : json_null(), "pilot",
                     is_live ? json_string(pilot_state_text(v->pilot)) : json_null(), "used_phases", used_phases(v->used), "faults",
                     v->has_status ? faults_json(v) : json_null(), "temperature_mdegc", known(is_live, v->temperature_mdegc), "firmware",
                     v->firmware[0] != '\0' ? json_string(v->firmware) : json_null());
}

json_t *view_json_box(const struct site *site, const struct view *view, uint16_t box)
{
    const struct site_box *b = &site->box[box];
    const struct view_box *v = &view->box[box];
    json_t *object;
    json_t *reported;
    json_t *decided;
    json_t *setting;

    CHECK(box < site->box_n);
    CHECK(box < view->box_n);
    object = json_pack("{s:s, s:s, s:s, s:i, s:i, s:i}", "serial", b->serial, "node", site->node[b->node].id, "phases", phase_assign_text(b->phases), "min_ma",
                       b->min_ma, "max_ma", b->max_ma, "fallback_ma", b->fallback_ma);
    setting = setting_json(b, v);
    reported = reported_json(v);
    decided = decided_json(site, v);
    if (json_object_update(object, setting) != 0 || json_object_update(object, reported) != 0 || json_object_update(object, decided) != 0) {
        json_decref(object);
        object = NULL;
    }
    json_decref(setting);
    json_decref(reported);
    json_decref(decided);
    return object;
}

json_t *view_json_driver(const struct site *site, const struct view *view, int64_t utc_ms, uint16_t box)
{
    const struct view_box *v = &view->box[box];
    bool is_live = v->is_online && v->has_status;

    CHECK(box < site->box_n);
    CHECK(box < view->box_n);
    return json_pack("{s:o, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:o, s:o}", "utc", view_json_utc(utc_ms), "serial", site->box[box].serial, "name",
                     v->setting.name[0] != '\0' ? v->setting.name : site->box[box].serial, "state", is_live ? box_state_text(v->state) : "Offline", "reason",
                     reason_text(v->reason), "turn_place", known(v->turn_place > 0, v->turn_place), "offered_ma", known(is_live, v->offered_ma), "power_w",
                     known(is_live, v->power_w), "session_wh", known(is_live && v->has_session, v->session_wh), "departure_utc",
                     (v->wish.set & WISH_DEPARTURE) != 0 ? view_json_utc(v->wish.departure_utc_ms) : json_null());
}

json_t *view_json_boxes(const struct site *site, const struct view *view, int64_t utc_ms)
{
    json_t *list = json_array();

    for (uint16_t i = 0; i < view->box_n; i++) {
        if (json_array_append_new(list, view_json_box(site, view, i)) != 0) {
            json_decref(list);
            return NULL;
        }
    }
    return json_pack("{s:o, s:o}", "utc", view_json_utc(utc_ms), "wallboxes", list);
}

json_t *view_json_setting(const struct wish_setting *s)
{
    return json_pack("{s:s, s:i, s:s, s:o}", "name", s->name, "priority", (int)s->priority, "mode", solar_mode_text(s->mode), "local_limit_ma",
                     s->local_limit_ma != 0 ? json_integer(s->local_limit_ma) : json_null());
}
