/* Lights and tones: what the indicator is told (spec 06 6.4). */
#include "client/core/inside.h"

#include "common/base/units.h"

void client_tone(struct client *c, enum tone tone)
{
    c->tone = tone;
    c->tone_n++;
}

/* In Fleet Charging the online connection is that to the manager. */
static enum indicator_online online(const struct client *c)
{
    bool was_met = c->have.epoch != 0;

    switch (c->uplink.state) {
    case UPLINK_WELCOMED:
        return ONLINE_CONNECTED;
    case UPLINK_GREETING:
        return ONLINE_LOGGING_ON;
    case UPLINK_DOWN:
    case UPLINK_DIALING:
    case UPLINK_CLOSING:
    case UPLINK_OFF:
        break;
    }
    return was_met ? ONLINE_LOST : ONLINE_NONE;
}

static enum indicator_card card(const struct client *c)
{
    bool is_released = authorize_is_released(&c->authorize) || client_is_authorized(c);

    if (c->teach.state == TEACH_LEARN) {
        return CARD_LIGHT_LEARN;
    }
    if (c->teach.state == TEACH_CONFIRM || c->teach.state == TEACH_REGISTER) {
        return CARD_LIGHT_TEACH;
    }
    return client_wants_card(c) && !is_released ? CARD_LIGHT_WANTED : CARD_LIGHT_NONE;
}

static void fill_fault(const struct client *c, struct indicator_in *in)
{
    const struct cfault_row *worst = cfault_worst(&c->fault);

    if (worst != NULL && cfault_def_in(worst->code, c->params->market)->show[c->params->market] != CFAULT_SHOW_NONE) {
        in->fault = worst->code;
        in->fault_since_ms = worst->since_ms;
    } else if (retry_waits(&c->retry, c->now_ms)) { /* over, and its pause not yet */
        in->fault = c->retry.code;
        in->fault_since_ms = c->now_ms;
    }
}

static struct indicator_in look(const struct client *c)
{
    bool is_released = authorize_is_released(&c->authorize) || client_is_authorized(c);
    bool is_held = c->charge.state == CHARGE_WAITING || c->charge.state == CHARGE_STOPPING;
    struct indicator_in in = {
        .now_ms = c->now_ms,
        .model = c->params->model,
        .market = c->params->market,
        .state = (enum charge_state)c->charge.state,
        .is_plugged = c->is_plugged,
        .is_drawing = c->charge.state == CHARGE_CHARGING || (c->charge.state == CHARGE_SHOWING && client_vehicle(c) == VEHICLE_READY),
        .is_paused = is_held && client_is_authorized(c),
        .is_service = c->modes.is_service,
        .is_meter_lost = c->grant.live && c->grant.reason == REASON_METER_FALLBACK,
        .is_suppressed = client_wants_card(c) && !is_released,
        .is_module_broken = cfault_has(&c->fault, CFAULT_MODULE),
        .online = online(c),
        .card = card(c),
        .sign = c->reader.sign,
        .sign_ms = c->reader.sign_ms,
        .brightness_permille = c->want.has_brightness ? c->want.brightness_permille : c->params->brightness_permille,
    };

    fill_fault(c, &in);
    return in;
}

void client_show(struct client *c)
{
    struct indicator_in in = look(c);

    indicator_lights(&in, &c->lights);
}

void client_face(const struct client *c, struct client_face *out)
{
    const struct cfault_row *worst = cfault_worst(&c->fault);

    *out = (struct client_face){
        .state = client_box_state(c),
        .lights = c->lights,
        .tone = c->tone,
        .tone_n = c->tone_n,
        .fault = worst != NULL ? worst->code : 0,
        .offered_ma = c->sample.pilot_ma,
        .drawn_ma = health_largest_ma(&c->sample),
        .session_wh = c->session.state == CSESSION_OPEN ? csession_wh(&c->session) : 0,
    };
}

int64_t client_show_next_ms(const struct client *c)
{
    struct indicator_in in = look(c);

    return indicator_next_ms(&in);
}
