/* msg_check of proto/msg.h: which values are allowed in a message. */
#include "proto/msg.h"

#include <stddef.h>

#include "common/base/text.h"
#include "common/base/units.h"
#include "proto/utf8.h"

#define LINK_MA_MIN 6000
#define LINK_MA_MAX 80000
#define APPLY_MS_MAX 10000
#define RISE_AFTER_MS_MAX 600000
#define LEASE_MS_MIN 2000
#define LEASE_MS_MAX 60000
#define STATUS_MS_MIN 200
#define STATUS_MS_MAX 10000
#define DRAWN_AGE_MS_MAX 60000
#define AGE_MS_MAX (INT64_C(3650) * 24 * 3600 * 1000) /* ten years: nothing that is reported is older */
#define UTC_MS_MIN INT64_C(1577836800000)             /* 2020-01-01: before that the clock was never set */
#define UTC_MS_END INT64_C(7258118400000)             /* 2200-01-01 */
#define ENERGY_WH_MAX INT64_C(1000000000000)
#define POWER_W_MAX 1000000
#define COLDEST_MDEGC (-60000)
#define HOTTEST_MDEGC 200000
#define UPDATE_BYTES_MAX (UINT64_C(1) << 32)

/* One field of a message and whether its value is allowed. */
struct rule {
    const char *field;
    bool is_kept;
};

#define FIRST_BROKEN(rules) first_broken((rules), sizeof(rules) / sizeof(rules)[0])

/* Name of the first field whose rule is broken, NULL when all are kept. */
static const char *first_broken(const struct rule *rules, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!rules[i].is_kept) {
            return rules[i].field;
        }
    }
    return NULL;
}

static bool in(int64_t value, int64_t min, int64_t max)
{
    return value >= min && value <= max;
}

/* An enum value of a list that ends with `end`; 0 is unset. */
static bool named(int64_t value, int64_t end)
{
    return in(value, 1, end - 1);
}

static bool is_current(int64_t ma)
{
    return ma == 0 || in(ma, LINK_MA_MIN, LINK_MA_MAX);
}

static bool is_utc(int64_t ms)
{
    return ms == CLOCK_UNSET_UTC_MS || in(ms, UTC_MS_MIN, UTC_MS_END - 1);
}

static bool is_energy(int64_t wh)
{
    return in(wh, 0, ENERGY_WH_MAX);
}

static bool is_three(const int32_t at[PHASE_N], int32_t max)
{
    for (int p = 0; p < PHASE_N; p++) {
        if (!in(at[p], 0, max)) {
            return false;
        }
    }
    return true;
}

static bool is_uid(const struct card_uid *uid)
{
    return uid->len == 0 || uid->len == 4 || uid->len == 7 || uid->len == 8 || uid->len == UID_MAX;
}

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

static const char *authorize_broken(const struct msg_authorize *m)
{
    const struct rule rules[] = {
        {"uid", is_uid(&m->uid)},
        {"identity", utf8_is_text(m->identity, sizeof m->identity)},
    };

    return FIRST_BROKEN(rules);
}

static const char *session_started_broken(const struct msg_session_started *m)
{
    const struct rule rules[] = {
        {"start_utc_ms", is_utc(m->start_utc_ms)},
        {"start_age_ms", in(m->start_age_ms, 0, AGE_MS_MAX)},
        {"start_wh", is_energy(m->start_wh)},
        {"uid", is_uid(&m->uid)},
    };

    return FIRST_BROKEN(rules);
}

static bool are_quarters(const struct msg_session_record *m)
{
    if (m->quarter_n > QUARTER_MAX || (m->quarter_n > 0 && m->quarter_wh == NULL)) {
        return false;
    }
    for (int i = 0; i < m->quarter_n; i++) {
        if (m->quarter_wh[i] < 0) {
            return false;
        }
    }
    return true;
}

static const char *session_record_broken(const struct msg_session_record *m)
{
    const struct rule rules[] = {
        {"start_utc_ms", is_utc(m->start_utc_ms)},
        {"stop_utc_ms", is_utc(m->stop_utc_ms)},
        {"start_age_ms", in(m->start_age_ms, 0, AGE_MS_MAX)},
        {"stop_age_ms", in(m->stop_age_ms, 0, AGE_MS_MAX)},
        {"start_wh", is_energy(m->start_wh)},
        {"stop_wh", is_energy(m->stop_wh) && m->stop_wh >= m->start_wh},
        {"uid", is_uid(&m->uid)},
        {"end", named(m->end, END_N)},
        {"first_quarter_utc_ms", is_utc(m->first_quarter_utc_ms)},
        {"quarter_wh", are_quarters(m)},
    };

    return FIRST_BROKEN(rules);
}

static const char *fault_broken(const struct msg_fault *m)
{
    const struct rule rules[] = {
        {"code", m->code != 0},
        {"utc_ms", is_utc(m->utc_ms)},
        {"age_ms", in(m->age_ms, 0, AGE_MS_MAX)},
        {"text", utf8_is_text(m->text, sizeof m->text)},
    };

    return FIRST_BROKEN(rules);
}

static bool is_command_value(enum command_kind kind, int32_t value)
{
    switch (kind) {
    case COMMAND_LED_BRIGHTNESS:
        return in(value, 0, 1000);
    case COMMAND_LOCAL_CURRENT:
        return is_current(value);
    case COMMAND_SERVICE_MODE:
    case COMMAND_SHOWROOM_MODE:
    case COMMAND_CARD_REGISTRATION:
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

static const char *config_set_broken(const struct msg_config_set *m)
{
    const struct rule rules[] = {
        {"epoch", m->epoch != 0},
        {"max_ma", is_current(m->max_ma)},
        {"status_ms", in(m->status_ms, STATUS_MS_MIN, STATUS_MS_MAX)},
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
        return authorize_broken(&m->authorize);
    case MSG_AUTHORIZE_RESULT:
        return named(m->authorize_result.verdict, AUTH_N) ? NULL : "verdict";
    case MSG_SESSION_STARTED:
        return session_started_broken(&m->session_started);
    case MSG_SESSION_RECORD:
        return session_record_broken(&m->session_record);
    case MSG_RECORD_ACK: /* any 16 bytes are a session id */
        return NULL;
    case MSG_FAULT_RAISED:
    case MSG_FAULT_CLEARED:
        return fault_broken(&m->fault);
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
