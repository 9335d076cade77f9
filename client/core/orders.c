/* What the manager orders: commands and configuration. */
#include "client/core/inside.h"

#include "common/base/check.h"
#include "common/base/text.h"

bool client_is_commissioned(const struct client *c)
{
    return c->want.has_config ? c->want.commissioned : c->params->commissioned != 0;
}

void client_restart(struct client *c)
{
    c->is_restart = true;
    c->stop = c->stop == CLIENT_RUNS ? CLIENT_STOP_CURRENT : c->stop;
}

static bool may_carry_current(const struct client *c)
{
    return charge_contactor(&c->charge) || c->sample.contactor_closed;
}

/* Start, stop, pause, resume: for a vehicle that is there. */
static enum result_kind steer(struct client *c, enum command_kind kind, const char **out_text)
{
    if (!client_has_vehicle(c)) {
        *out_text = "no vehicle is connected";
        return RESULT_REFUSED;
    }
    if (kind == COMMAND_START) {
        c->refused = false;
        c->paused = false;
        c->released = true;
    } else if (kind == COMMAND_STOP) {
        c->refused = true;
        c->refuse_end = END_COMMAND;
        c->released = false;
        authorize_cancel(&c->authorize);
    } else {
        c->paused = kind == COMMAND_PAUSE;
    }
    return RESULT_DONE;
}

static enum result_kind set_mode(struct client *c, const struct msg_command *m, const char **out_text)
{
    if (modes_command(&c->modes, m, c->is_plugged, may_carry_current(c), out_text) != RC_OK) {
        return RESULT_REFUSED;
    }
    c->want.modes = modes_bits(&c->modes);
    client_note(c, CNOTE_MODES, c->want.modes, 0);
    return RESULT_DONE;
}

static enum result_kind set_registration(struct client *c, bool is_on, const char **out_text)
{
    if (is_on && (c->is_plugged || c->authorize.state != AUTHORIZE_NONE)) {
        *out_text = "a vehicle is connected or released";
        return RESULT_REFUSED;
    }
    teach_register(&c->teach, is_on, c->now_ms);
    client_tone(c, is_on ? TONE_SHORT : TONE_LONG);
    return RESULT_DONE;
}

static enum result_kind unlock(struct client *c, const char **out_text)
{
    if (may_carry_current(c)) {
        *out_text = "a vehicle is charging";
        return RESULT_REFUSED;
    }
    c->unlock_ms = c->now_ms + CLIENT_UNLOCK_MS;
    return RESULT_DONE;
}

static enum result_kind obey(struct client *c, const struct msg_command *m, const char **out_text)
{
    switch (m->kind) {
    case COMMAND_START:
    case COMMAND_STOP:
    case COMMAND_PAUSE:
    case COMMAND_RESUME:
        return steer(c, m->kind, out_text);
    case COMMAND_RESTART:
        client_restart(c);
        return RESULT_DONE;
    case COMMAND_UNLOCK:
        return unlock(c, out_text);
    case COMMAND_LED_BRIGHTNESS:
        c->want.has_brightness = true;
        c->want.brightness_permille = m->value;
        return RESULT_DONE;
    case COMMAND_LOCAL_CURRENT:
        c->want.has_local = true;
        c->want.local_ma = m->value;
        return RESULT_DONE;
    case COMMAND_SERVICE_MODE:
    case COMMAND_SHOWROOM_MODE:
    case COMMAND_AVAILABILITY:
        return set_mode(c, m, out_text);
    case COMMAND_CARD_REGISTRATION:
        return set_registration(c, m->value == 1, out_text);
    case COMMAND_UNSET:
    case COMMAND_N:
        break;
    }
    *out_text = "this wallbox does not know the command";
    return RESULT_UNSUPPORTED;
}

void client_command(struct client *c, const struct msg_command *m)
{
    struct msg answer = {.kind = MSG_COMMAND_RESULT, .result.seq = m->seq};
    const char *text = "";
    enum rc rc;

    answer.result.result = obey(c, m, &text);
    rc = text_copy(answer.result.text, sizeof answer.result.text, text);
    CHECK(rc == RC_OK);
    client_note(c, CNOTE_COMMAND, (int64_t)m->kind, (int64_t)answer.result.result);
    client_send(c, &answer);
}

void client_config(struct client *c, const struct msg_config_set *m)
{
    if (m->epoch < c->grant.epoch_seen) {
        client_note(c, CNOTE_OLD_EPOCH, MSG_CONFIG_SET, 0);
        return;
    }
    c->want.has_config = true;
    c->want.config_version = m->version;
    c->want.config_ma = m->max_ma;
    c->want.authorization = m->authorization;
    c->want.commissioned = m->commissioned;
    c->uplink.status_ms = m->status_ms;
    c->config_result = RESULT_DONE;
    if (m->has_cards) {
        c->config_result = card_merge(&c->cards.list, m) == RC_OK ? RESULT_DONE : RESULT_FAILED;
        c->cards.is_changed = true;
    }
    c->config_due = true;
    client_note(c, CNOTE_CONFIG, m->version, 0);
}

static bool is_config_durable(const struct client *c)
{
    const struct client_keep *a = &c->have;
    const struct client_keep *b = &c->want;

    return a->has_config && a->config_version == b->config_version && a->config_ma == b->config_ma && a->authorization == b->authorization &&
           a->commissioned == b->commissioned && client_cards_are_durable(c);
}

/* Stored first, acknowledged then. */
void client_config_flush(struct client *c)
{
    struct msg answer = {.kind = MSG_CONFIG_ACK, .config_ack = {.version = c->want.config_version, .result = c->config_result}};

    if (c->config_due && is_config_durable(c)) {
        c->config_due = false;
        client_send(c, &answer);
    }
}
