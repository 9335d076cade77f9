#include "client/shell/board_json.h"

#include <inttypes.h>
#include <stdio.h>

#include "common/base/text.h"
#include "common/base/units.h"
#include "common/os/clock.h"

enum rc board_json_int(const json_t *object, const char *key, int64_t min, int64_t max, int64_t *out)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max) {
        return RC_RANGE;
    }
    *out = json_integer_value(value);
    return RC_OK;
}

static enum rc take_bool(const json_t *object, const char *key, bool *out)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_boolean(value)) {
        return RC_RANGE;
    }
    *out = json_is_true(value);
    return RC_OK;
}

static enum rc take_three(const json_t *object, const char *key, int32_t max, int32_t out[PHASE_N])
{
    const json_t *array = json_object_get(object, key);

    if (json_array_size(array) != PHASE_N) {
        return RC_RANGE;
    }
    for (size_t i = 0; i < PHASE_N; i++) {
        const json_t *value = json_array_get(array, i);

        if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > max) {
            return RC_RANGE;
        }
        out[i] = (int32_t)json_integer_value(value);
    }
    return RC_OK;
}

static enum rc take_pilot(const json_t *object, enum pilot_state *out)
{
    const char *text = json_string_value(json_object_get(object, "pilot"));

    for (int i = PILOT_A1; text != NULL && i < PILOT_N; i++) {
        if (text_same(text, pilot_state_text((enum pilot_state)i))) {
            *out = (enum pilot_state)i;
            return RC_OK;
        }
    }
    return RC_RANGE;
}

static enum rc take_faults(const json_t *object, struct board_sample *out)
{
    const json_t *array = json_object_get(object, "faults");

    if (!json_is_array(array) || json_array_size(array) > FAULT_MAX) {
        return RC_RANGE;
    }
    for (size_t i = 0; i < json_array_size(array); i++) {
        const json_t *value = json_array_get(array, i);

        if (!json_is_integer(value) || json_integer_value(value) < 1 || json_integer_value(value) > UINT16_MAX) {
            return RC_RANGE;
        }
        out->faults[i] = (uint16_t)json_integer_value(value);
    }
    out->faults_n = (uint16_t)json_array_size(array);
    return RC_OK;
}

/* What a board may leave out. */
static enum rc take_extras(const json_t *object, struct board_sample *out)
{
    int64_t switch_ma = 0;

    if (json_object_get(object, "diode") != NULL && take_bool(object, "diode", &out->diode_failed) != RC_OK) {
        return RC_RANGE;
    }
    if (json_object_get(object, "switch_ma") == NULL) {
        return RC_OK;
    }
    if (board_json_int(object, "switch_ma", 0, 80000, &switch_ma) != RC_OK) {
        return RC_RANGE;
    }
    out->has_switch = true;
    out->switch_ma = (int32_t)switch_ma;
    return RC_OK;
}

enum rc board_json_sample(const json_t *object, struct board_sample *out)
{
    struct board_sample s;
    struct {
        const char *key;
        int64_t min;
        int64_t max;
        int64_t value;
    } n[] = {{"pilot_ma", 0, 80000, 0},  {"power_w", 0, 1000000, 0},  {"energy_wh", 0, INT64_C(1000000000000), 0}, {"temperature_mdegc", -60000, 200000, 0},
             {"cable_ma", 0, MA_MAX, 0}, {"cycle", 0, UINT32_MAX, 0}, {"watchdog_firings", 0, UINT32_MAX, 0}};

    for (size_t i = 0; i < sizeof n / sizeof n[0]; i++) {
        if (board_json_int(object, n[i].key, n[i].min, n[i].max, &n[i].value) != RC_OK) {
            return RC_RANGE;
        }
    }
    s = (struct board_sample){.taken_ms = clock_boot_ms(),
                              .pilot_ma = (int32_t)n[0].value,
                              .power_w = (int32_t)n[1].value,
                              .energy_wh = n[2].value,
                              .temperature_mdegc = (int32_t)n[3].value,
                              .cable_ma = (int32_t)n[4].value,
                              .cycle = (uint32_t)n[5].value,
                              .watchdog_firings = (uint32_t)n[6].value};
    if (take_bool(object, "contactor", &s.contactor_closed) != RC_OK || take_bool(object, "watchdog_latched", &s.watchdog_latched) != RC_OK) {
        return RC_RANGE;
    }
    if (take_pilot(object, &s.pilot) != RC_OK || take_three(object, "current_ma", MA_MAX, s.current_ma) != RC_OK ||
        take_three(object, "voltage_mv", MV_MAX, s.voltage_mv) != RC_OK || take_faults(object, &s) != RC_OK) {
        return RC_RANGE;
    }
    if (take_extras(object, &s) != RC_OK) {
        return RC_RANGE;
    }
    *out = s;
    return RC_OK;
}

size_t board_json_cycle(const struct board_command *c, char out[BOARD_JSON_CYCLE_LEN])
{
    size_t at = 0;

    at += (size_t)snprintf(out, BOARD_JSON_CYCLE_LEN,
                           "{\"cycle\":%" PRIu32 ",\"pilot_ma\":%" PRId32 ",\"contactor\":%s,\"rearm\":%" PRIu32 ",\"locked\":%s,\"lights\":[", c->cycle,
                           c->pilot_ma, c->contactor_closed ? "true" : "false", c->rearm_firing, c->locked ? "true" : "false");
    for (int i = 0; i < LAMP_N; i++) {
        const struct light *l = &c->lights.lamp[i];

        at += (size_t)snprintf(out + at, BOARD_JSON_CYCLE_LEN - at, "%s\"%s:%s\"", i > 0 ? "," : "", light_colour_text(l->colour), light_mode_text(l->mode));
    }
    at += (size_t)snprintf(out + at, BOARD_JSON_CYCLE_LEN - at, "],\"brightness_permille\":%" PRId32 ",\"tone\":\"%s\",\"tone_n\":%" PRIu32 "}\n",
                           c->lights.brightness_permille, tone_text(c->tone), c->tone_n);
    CHECK(at < BOARD_JSON_CYCLE_LEN);
    return at;
}
