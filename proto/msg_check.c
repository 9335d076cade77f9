/* msg_check of proto/msg.h: which values are allowed in a message. */
#include "proto/msg_rule.h"

#include "common/base/text.h"
#include "proto/utf8.h"

static const char *hello_broken(const struct msg_hello *m)
{
    const struct rule rules[] = {
        {"serial", text_is_id(m->serial)},
        {"model", named(m->model, MODEL_N)},
        {"wired_n", m->wired_n == 1 || m->wired_n == 3},
        {"max_ma", is_current(m->max_ma)},
        {"watchdog", named(m->watchdog, WATCHDOG_N)},
        {"apply_ms", in(m->apply_ms, 0, APPLY_MS_MAX)},
        {"fallback_ma", is_current(m->fallback_ma)},
        {"rise_after_ms", in(m->rise_after_ms, 0, RISE_AFTER_MS_MAX)},
        {"firmware", utf8_is_text(m->firmware, sizeof m->firmware)},
        {"boot_id", m->boot_id != 0},
    };

    return FIRST_BROKEN(rules);
}

static const char *welcome_broken(const struct msg_welcome *m)
{
    const struct rule rules[] = {
        {"epoch", m->epoch != 0},
        {"utc_ms", is_utc(m->utc_ms)},
        {"status_ms", in(m->status_ms, STATUS_MS_MIN, STATUS_MS_MAX)},
    };

    return FIRST_BROKEN(rules);
}

static const char *reject_broken(const struct msg_reject *m)
{
    const struct rule rules[] = {
        {"reason", named(m->reason, REJECT_N)},
        {"text", utf8_is_text(m->text, sizeof m->text)},
    };

    return FIRST_BROKEN(rules);
}

static bool are_faults(const struct msg_status *m)
{
    if (m->faults_n > FAULT_MAX) {
        return false;
    }
    for (int i = 0; i < m->faults_n; i++) {
        if (m->faults[i] == 0) {
            return false;
        }
    }
    return true;
}

static bool are_lights(const struct msg_status *m)
{
    for (int i = 0; i < LAMP_N; i++) {
        if (m->has_lights && !(named(m->lights.lamp[i].colour, LIGHT_COLOUR_N) && named(m->lights.lamp[i].mode, LIGHT_MODE_N))) {
            return false;
        }
    }
    return true;
}

static const char *status_broken(const struct msg_status *m)
{
    const struct rule rules[] = {
        {"grant_seq", (m->epoch == 0) == (m->grant_seq == 0)},
        {"offered_ma", in(m->offered_ma, 0, LINK_MA_MAX)},
        {"lease_left_ms", in(m->lease_left_ms, 0, LEASE_MS_MAX)},
        {"used_phases", m->used_phases <= PHASE_ALL},
        {"pilot", named(m->pilot, PILOT_N)},
        {"drawn_ma", is_three(m->drawn_ma, MA_MAX)},
        {"voltage_mv", is_three(m->voltage_mv, MV_MAX)},
        {"drawn_age_ms", in(m->drawn_age_ms, 0, DRAWN_AGE_MS_MAX)},
        {"limit_ma", in(m->limit_ma, 0, LINK_MA_MAX)},
        {"limit_by", named(m->limit_by, LIMIT_N)},
        {"fallback_ma", is_current(m->fallback_ma)},
        {"state", named(m->state, BOX_STATE_N)},
        {"faults", are_faults(m)},
        {"energy_wh", is_energy(m->energy_wh)},
        {"session_wh", is_energy(m->session_wh)},
        {"power_w", in(m->power_w, 0, POWER_W_MAX)},
        {"temperature_mdegc", in(m->temperature_mdegc, COLDEST_MDEGC, HOTTEST_MDEGC)},
        {"lights", are_lights(m)},
        {"brightness_permille", !m->has_lights || in(m->lights.brightness_permille, 0, BRIGHTNESS_PERMILLE_MAX)},
    };

    return FIRST_BROKEN(rules);
}

static const char *grant_broken(const struct msg_grant *m)
{
    const struct rule rules[] = {
        {"epoch", m->epoch != 0},
        {"grant_seq", m->grant_seq >= 1},
        {"current_ma", is_current(m->current_ma)},
        {"lease_ms", in(m->lease_ms, LEASE_MS_MIN, LEASE_MS_MAX)},
        {"reason", named(m->reason, REASON_N)},
    };

    return FIRST_BROKEN(rules);
}

static const char *fallback_set_broken(const struct msg_fallback_set *m)
{
    const struct rule rules[] = {
        {"epoch", m->epoch != 0},
        {"fallback_ma", is_current(m->fallback_ma)},
        {"rise_after_ms", in(m->rise_after_ms, 0, RISE_AFTER_MS_MAX)},
    };

    return FIRST_BROKEN(rules);
}

static const char *fallback_ack_broken(const struct msg_fallback_ack *m)
{
    const struct rule rules[] = {
        {"fallback_ma", is_current(m->fallback_ma)},
        {"rise_after_ms", in(m->rise_after_ms, 0, RISE_AFTER_MS_MAX)},
    };

    return FIRST_BROKEN(rules);
}

static bool is_command_value(enum command_kind kind, int32_t value)
{
    switch (kind) {
    case COMMAND_LED_BRIGHTNESS:
        return in(value, 0, BRIGHTNESS_PERMILLE_MAX);
    case COMMAND_LOCAL_CURRENT:
        return is_current(value);
    case COMMAND_SERVICE_MODE:
    case COMMAND_SHOWROOM_MODE:
    case COMMAND_CARD_REGISTRATION:
    case COMMAND_AVAILABILITY:
        return in(value, 0, 1);
    case COMMAND_START:
    case COMMAND_STOP:
    case COMMAND_PAUSE:
    case COMMAND_RESUME:
    case COMMAND_RESTART:
    case COMMAND_UNLOCK:
        return value == 0;
    case COMMAND_UNSET:
    case COMMAND_N:
        break;
    }
    return false;
}

static const char *command_broken(const struct msg_command *m)
{
    const struct rule rules[] = {
        {"kind", named(m->kind, COMMAND_N)},
        {"value", is_command_value(m->kind, m->value)},
    };

    return FIRST_BROKEN(rules);
}

static const char *result_broken(const struct msg_result *m)
{
    const struct rule rules[] = {
        {"result", named(m->result, RESULT_N)},
        {"text", utf8_is_text(m->text, sizeof m->text)},
    };

    return FIRST_BROKEN(rules);
}

/* A card or a vehicle, not both. */
static bool is_card(const struct msg_card *c)
{
    bool is_one = (c->uid.len > 0) != (c->identity[0] != '\0');

    return is_one && is_uid(&c->uid) && utf8_is_text(c->identity, sizeof c->identity) && named(c->kind, CARD_KIND_N) && is_utc(c->expires_utc_ms);
}

static bool are_cards(const struct msg_config_set *m)
{
    if (m->cards_n > CARD_CHUNK_MAX || (m->cards_n > 0 && (m->cards == NULL || !m->has_cards))) {
        return false;
    }
    for (uint16_t i = 0; i < m->cards_n; i++) {
        if (!is_card(&m->cards[i])) {
            return false;
        }
    }
    return true;
}

static const char *config_set_broken(const struct msg_config_set *m)
{
    const struct rule rules[] = {
        {"epoch", m->epoch != 0},
        {"max_ma", is_current(m->max_ma)},
        {"status_ms", in(m->status_ms, STATUS_MS_MIN, STATUS_MS_MAX)},
        {"cards", are_cards(m)},
        {"cards_from", m->cards_from <= CARDS_ALL_MAX},
        {"cards_all_n", m->cards_all_n <= CARDS_ALL_MAX && m->cards_all_n >= (int64_t)m->cards_from + m->cards_n},
    };

    return FIRST_BROKEN(rules);
}

static const char *chunk_broken(const struct msg_chunk *m)
{
    return m->bytes_len > CHUNK_MAX || (m->bytes_len > 0 && m->bytes == NULL) ? "bytes" : NULL;
}

static const char *update_offer_broken(const struct msg_update_offer *m)
{
    const struct rule rules[] = {
        {"version", utf8_is_text(m->version, sizeof m->version)},
        {"size_bytes", m->size_bytes >= 1 && m->size_bytes <= UPDATE_BYTES_MAX},
    };

    return FIRST_BROKEN(rules);
}

/* Name of the first wrong field, NULL when there is none. */
static const char *msg_broken(const struct msg *m)
{
    switch (m->kind) {
    case MSG_HELLO:
        return hello_broken(&m->hello);
    case MSG_WELCOME:
        return welcome_broken(&m->welcome);
    case MSG_REJECT:
        return reject_broken(&m->reject);
    case MSG_STATUS:
        return status_broken(&m->status);
    case MSG_GRANT:
        return grant_broken(&m->grant);
    case MSG_FALLBACK_SET:
        return fallback_set_broken(&m->fallback_set);
    case MSG_FALLBACK_ACK:
        return fallback_ack_broken(&m->fallback_ack);
    case MSG_AUTHORIZE:
        return msg_authorize_broken(&m->authorize);
    case MSG_AUTHORIZE_RESULT:
        return msg_authorize_result_broken(&m->authorize_result);
    case MSG_SESSION_STARTED:
        return msg_session_started_broken(&m->session_started);
    case MSG_SESSION_RECORD:
        return msg_session_record_broken(&m->session_record);
    case MSG_RECORD_ACK: /* any 16 bytes are a session id */
        return NULL;
    case MSG_FAULT_RAISED:
    case MSG_FAULT_CLEARED:
        return msg_fault_broken(&m->fault);
    case MSG_COMMAND:
        return command_broken(&m->command);
    case MSG_COMMAND_RESULT:
    case MSG_UPDATE_RESULT:
        return result_broken(&m->result);
    case MSG_CONFIG_SET:
        return config_set_broken(&m->config_set);
    case MSG_CONFIG_ACK:
        return named(m->config_ack.result, RESULT_N) ? NULL : "result";
    case MSG_LOG_REQUEST:
        return in(m->log_request.most_bytes, 1, CHUNK_MAX) ? NULL : "most_bytes";
    case MSG_LOG_CHUNK:
    case MSG_UPDATE_CHUNK:
        return chunk_broken(&m->chunk);
    case MSG_UPDATE_OFFER:
        return update_offer_broken(&m->update_offer);
    case MSG_GOODBYE:
        return named(m->goodbye.reason, GOODBYE_N) ? NULL : "reason";
    case MSG_PAIR_REQUEST:
        return text_is_id(m->pair_request.serial) ? NULL : "serial";
    case MSG_PAIR_PROOF: /* any 32 bytes may be a proof */
        return NULL;
    case MSG_UNSET:
    case MSG_N:
        break;
    }
    return "kind";
}

enum rc msg_check(const struct msg *m, const char **out_field)
{
    const char *field = msg_broken(m);

    if (field != NULL) {
        *out_field = field;
        return RC_RANGE;
    }
    return RC_OK;
}
