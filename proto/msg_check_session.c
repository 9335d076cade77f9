/* msg_check of proto/msg.h: messages of cards, sessions and faults. */
#include "proto/msg_rule.h"

#include "proto/utf8.h"

const char *msg_authorize_broken(const struct msg_authorize *m)
{
    const struct rule rules[] = {
        {"uid", is_uid(&m->uid)},
        {"identity", utf8_is_text(m->identity, sizeof m->identity)},
    };

    return FIRST_BROKEN(rules);
}

const char *msg_authorize_result_broken(const struct msg_authorize_result *m)
{
    const struct rule rules[] = {
        {"verdict", named(m->verdict, AUTH_N)},
        {"expires_utc_ms", is_utc(m->expires_utc_ms)},
    };

    return FIRST_BROKEN(rules);
}

const char *msg_session_started_broken(const struct msg_session_started *m)
{
    const struct rule rules[] = {
        {"start_utc_ms", is_utc(m->start_utc_ms)},
        {"start_age_ms", in(m->start_age_ms, 0, AGE_MS_MAX)},
        {"start_wh", is_energy(m->start_wh)},
        {"uid", is_uid(&m->uid)},
        {"identity", utf8_is_text(m->identity, sizeof m->identity)},
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

const char *msg_session_record_broken(const struct msg_session_record *m)
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
        {"identity", utf8_is_text(m->identity, sizeof m->identity)},
    };

    return FIRST_BROKEN(rules);
}

const char *msg_fault_broken(const struct msg_fault *m)
{
    const struct rule rules[] = {
        {"code", m->code != 0},
        {"utc_ms", is_utc(m->utc_ms)},
        {"age_ms", in(m->age_ms, 0, AGE_MS_MAX)},
        {"text", utf8_is_text(m->text, sizeof m->text)},
    };

    return FIRST_BROKEN(rules);
}
