/* The Status: what is in it, and when it is due. */
#include "client/core/inside.h"

#include "common/base/units.h"

#define DRAWN_AGE_MOST_MS 60000
#define LEASE_MOST_MS 60000
#define DRAWN_MOVED_MA 500
#define USED_FROM_MA 500 /* a terminal that carries more is used (spec 04 4.1) */

/* Faults, then what somebody has switched on, then the charging state. */
enum box_state client_box_state(const struct client *c)
{
    if (c->retry.is_exhausted || cfault_is_final(&c->fault)) {
        return BOX_UNRECOVERABLE_ERROR;
    }
    if (cfault_blocks(&c->fault) || retry_waits(&c->retry, c->now_ms) || cfault_has(&c->fault, CFAULT_UNPLUGGED)) {
        return BOX_RECOVER_FROM_ERROR;
    }
    if (teach_is_on(&c->teach)) {
        return BOX_TOKEN_PROGRAMMING_MODE;
    }
    if (c->modes.is_service) {
        return BOX_SERVICE_MODE;
    }
    if (!client_is_commissioned(c) || c->modes.is_out || c->params->rated_ma == 0) {
        return BOX_UNAVAILABLE;
    }
    switch ((enum charge_state)c->charge.state) {
    case CHARGE_UNKNOWN:
        return BOX_UNAVAILABLE;
    case CHARGE_FAULT:
        return BOX_RECOVER_FROM_ERROR;
    case CHARGE_IDLE:
    case CHARGE_SELF_TEST:
        return BOX_IDLE;
    case CHARGE_WAITING:
        return client_is_authorized(c) ? BOX_SUSPENDED : BOX_IDLE;
    case CHARGE_OFFERING:
    case CHARGE_WAKING:
    case CHARGE_ASLEEP:
    case CHARGE_ASKING:
    case CHARGE_SHOWING:
        return BOX_READY_FOR_CHARGING;
    case CHARGE_CHARGING: /* less because it is warm (SR-045) */
        return c->own.by == LIMIT_DERATING ? BOX_DEGRADED : BOX_CHARGING;
    case CHARGE_STOPPING:
        return BOX_SUSPENDED;
    case CHARGE_STATE_N:
        break;
    }
    return BOX_UNAVAILABLE;
}

static struct client_told told_now(const struct client *c)
{
    struct client_told t = {
        .pilot = client_board_fresh(c) && c->sample.pilot != PILOT_UNSET ? c->sample.pilot : PILOT_F, /* without a board it offers nothing */
        .contactor_closed = c->sample.contactor_closed,
        .charge_state = c->charge.state,
        .box_state = client_box_state(c),
        .authorized = client_is_authorized(c),
        .paused = client_is_paused(c),
        .has_session = c->session.state == CSESSION_OPEN,
        .lights = c->lights,
    };

    t.faults_n = cfault_list(&c->fault, t.faults);
    for (int p = 0; p < PHASE_N; p++) {
        t.drawn_ma[p] = c->sample.current_ma[p];
    }
    return t;
}

static bool drawn_moved(const struct client_told *a, const struct client_told *b)
{
    for (int p = 0; p < PHASE_N; p++) {
        int32_t moved_ma = a->drawn_ma[p] - b->drawn_ma[p];

        if (moved_ma >= DRAWN_MOVED_MA || moved_ma <= -DRAWN_MOVED_MA) {
            return true;
        }
    }
    return false;
}

static bool faults_differ(const struct client_told *a, const struct client_told *b)
{
    for (uint8_t i = 0; i < a->faults_n && i < b->faults_n; i++) {
        if (a->faults[i] != b->faults[i]) {
            return true;
        }
    }
    return a->faults_n != b->faults_n;
}

static bool differs(const struct client_told *a, const struct client_told *b)
{
    bool board = a->pilot != b->pilot || a->contactor_closed != b->contactor_closed || drawn_moved(a, b);
    bool state = a->charge_state != b->charge_state || a->box_state != b->box_state || a->authorized != b->authorized || a->paused != b->paused;

    return board || state || a->has_session != b->has_session || faults_differ(a, b) || !indicator_same(&a->lights, &b->lights);
}

/* What a board may offer that was not read since the start: without a watchdog whatever the last run left there. */
static int32_t unread_ma(const struct client *c)
{
    return c->params->watchdog == WATCHDOG_NONE ? c->params->rated_ma : 0;
}

/* There is something to say: a reading, or enough time for a watchdog to have ended what the last run left. */
static bool may_report(const struct client *c)
{
    return client_is_linked(c) && (c->has_sample || c->report_ms <= c->now_ms);
}

/* The larger of what was accepted and what the board may show. The minimum of an asleep vehicle, or in a showroom, behind an open contactor is no
 * offer. */
static int32_t offered_ma(const struct client *c)
{
    bool is_asleep = c->charge.state == CHARGE_ASLEEP || c->charge.state == CHARGE_ASKING || c->charge.state == CHARGE_SHOWING;
    int32_t pilot_ma = max_i32(c->has_sample ? c->sample.pilot_ma : unread_ma(c), c->flight_ma);
    int32_t accepted_ma = c->grant.live ? c->grant.current_ma : c->grant.offer_ma;

    if (is_asleep && !c->command.contactor_closed && !c->sample.contactor_closed) {
        pilot_ma = 0;
    }
    return max_i32(accepted_ma, pilot_ma);
}

/* Who limits: the state while it offers nothing. */
static enum limit_by limit_by_of(const struct client *c)
{
    bool offers = c->charge.state == CHARGE_OFFERING || c->charge.state == CHARGE_CHARGING;

    return offers ? c->offer.by : LIMIT_STATE;
}

static void fill_board(const struct client *c, struct msg_status *s)
{
    s->drawn_age_ms = c->has_sample ? (int32_t)min_i64(c->now_ms - c->sample.taken_ms, DRAWN_AGE_MOST_MS) : DRAWN_AGE_MOST_MS;
    for (int p = 0; p < PHASE_N; p++) {
        s->drawn_ma[p] = c->sample.current_ma[p];
        s->voltage_mv[p] = c->sample.voltage_mv[p];
        if (s->drawn_ma[p] > USED_FROM_MA) {
            s->used_phases = (uint8_t)(s->used_phases | PHASE_BIT(p));
        }
    }
    s->energy_wh = c->sample.energy_wh;
    s->power_w = c->sample.power_w;
    s->temperature_mdegc = c->sample.temperature_mdegc;
}

static void fill_told(const struct client_told *t, struct msg_status *s)
{
    s->pilot = t->pilot;
    s->contactor_closed = t->contactor_closed;
    s->state = t->box_state;
    s->authorized = t->authorized;
    s->paused = t->paused;
    s->asleep = t->charge_state == CHARGE_ASLEEP;
    s->has_session = t->has_session;
    s->has_lights = true;
    s->lights = t->lights;
    s->faults_n = t->faults_n;
    for (uint8_t i = 0; i < t->faults_n; i++) {
        s->faults[i] = t->faults[i];
    }
}

static void send(struct client *c, const struct client_told *t)
{
    struct msg m = {.kind = MSG_STATUS};
    struct msg_status *s = &m.status;

    fill_board(c, s);
    fill_told(t, s);
    s->status_seq = grant_status_sent(&c->grant, c->now_ms);
    s->boot_id = c->boot_id;
    s->epoch = c->grant.named_epoch;
    s->grant_seq = c->grant.named_seq;
    s->offered_ma = offered_ma(c);
    s->lease_left_ms = min_i64(grant_left_ms(&c->grant, c->now_ms), LEASE_MOST_MS);
    s->limit_ma = c->own.ma;
    s->limit_by = limit_by_of(c);
    s->fallback_ma = c->have.fallback_ma;
    if (t->has_session) {
        s->session = c->session.s.id;
        s->session_wh = csession_wh(&c->session);
    }
    client_send(c, &m);
    uplink_status_sent(&c->uplink, c->now_ms);
    c->told = *t;
    grant_told(&c->grant);
}

void client_status(struct client *c)
{
    struct client_told t;

    if (!may_report(c)) {
        client_tell_faults(c);
        return;
    }
    t = told_now(c);
    if (uplink_status_at_ms(&c->uplink, grant_has_news(&c->grant) || differs(&t, &c->told)) <= c->now_ms) {
        send(c, &t);
    }
    client_tell_faults(c); /* after the Status: the manager knows the wallbox by it */
}

int64_t client_status_next_ms(const struct client *c)
{
    bool linked = client_is_linked(c);
    struct client_told t;

    if (cfault_has_news(&c->fault, linked)) {
        return c->now_ms;
    }
    if (!linked) {
        return MS_FOREVER;
    }
    if (!may_report(c)) {
        return c->report_ms;
    }
    t = told_now(c);
    return uplink_status_at_ms(&c->uplink, grant_has_news(&c->grant) || differs(&t, &c->told));
}
