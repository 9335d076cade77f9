/* Messages of the link itself: pairing, greeting, heartbeat, grant, fallback, goodbye. */
#include "proto/codec_parts.h"

#define SAME_STATE(name, text) SAME_NUMBER(FLEET__BOX_STATE__, name)
#define SAME_LIMIT(name, text) SAME_NUMBER(FLEET__LIMIT__, name)
#define SAME_REASON(name, text) SAME_NUMBER(FLEET__REASON__, name)
BOX_STATE_LIST(SAME_STATE)
LIMIT_LIST(SAME_LIMIT)
REASON_LIST(SAME_REASON)
SAME_NUMBER(FLEET__MODEL__, MODEL_CONNECT)
SAME_NUMBER(FLEET__MODEL__, MODEL_PLUS)
SAME_NUMBER(FLEET__WATCHDOG__, WATCHDOG_HARDWARE)
SAME_NUMBER(FLEET__WATCHDOG__, WATCHDOG_EXTERNAL)
SAME_NUMBER(FLEET__WATCHDOG__, WATCHDOG_NONE)
SAME_NUMBER(FLEET__PILOT__, PILOT_A1)
SAME_NUMBER(FLEET__PILOT__, PILOT_A2)
SAME_NUMBER(FLEET__PILOT__, PILOT_B1)
SAME_NUMBER(FLEET__PILOT__, PILOT_B2)
SAME_NUMBER(FLEET__PILOT__, PILOT_C1)
SAME_NUMBER(FLEET__PILOT__, PILOT_C2)
SAME_NUMBER(FLEET__PILOT__, PILOT_D1)
SAME_NUMBER(FLEET__PILOT__, PILOT_D2)
SAME_NUMBER(FLEET__PILOT__, PILOT_E)
SAME_NUMBER(FLEET__PILOT__, PILOT_F)
#define SAME_COLOUR(name, text) SAME_NUMBER(FLEET__LIGHT_COLOUR__, name)
#define SAME_MODE(name, text) SAME_NUMBER(FLEET__LIGHT_MODE__, name)
LIGHT_COLOUR_LIST(SAME_COLOUR)
LIGHT_MODE_LIST(SAME_MODE)
SAME_NUMBER(FLEET__REJECT_REASON__, REJECT_UNKNOWN_SERIAL)
SAME_NUMBER(FLEET__REJECT_REASON__, REJECT_PROTOCOL_MAJOR)
SAME_NUMBER(FLEET__REJECT_REASON__, REJECT_DUPLICATE)
SAME_NUMBER(FLEET__REJECT_REASON__, REJECT_BUSY)
SAME_NUMBER(FLEET__REJECT_REASON__, REJECT_NOT_PAIRED)
SAME_NUMBER(FLEET__GOODBYE_REASON__, GOODBYE_STOPPING)
SAME_NUMBER(FLEET__GOODBYE_REASON__, GOODBYE_RESTARTING)
SAME_NUMBER(FLEET__GOODBYE_REASON__, GOODBYE_REPLACED)
SAME_NUMBER(FLEET__GOODBYE_REASON__, GOODBYE_PROTOCOL)

void put_hello(const struct msg *from, struct codec_wire *to)
{
    const struct msg_hello *m = &from->hello;
    Fleet__Hello *w = &to->hello;

    fleet__hello__init(w);
    to->envelope.hello = w;
    PUT_TEXT(w, serial, m->serial);
    PUT(w, model, (Fleet__Model)m->model);
    PUT(w, wired_n, m->wired_n);
    PUT(w, max_ma, m->max_ma);
    PUT(w, watchdog, (Fleet__Watchdog)m->watchdog);
    PUT(w, apply_ms, m->apply_ms);
    PUT(w, epoch_seen, m->epoch_seen);
    PUT(w, fallback_ma, m->fallback_ma);
    PUT(w, rise_after_ms, m->rise_after_ms);
    PUT_TEXT(w, firmware, m->firmware);
    PUT(w, protocol_major, m->protocol_major);
    PUT(w, protocol_minor, m->protocol_minor);
    PUT(w, features, m->features);
    PUT(w, boot_id, m->boot_id);
}

void take_hello(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    const Fleet__Hello *w = e->hello;
    struct msg_hello *m = &to->hello;

    TAKE_TEXT(t, w, serial, m->serial);
    m->model = TAKE_ENUM(t, w, model, enum wallbox_model, MODEL_N);
    m->wired_n = TAKE_U8(t, w, wired_n);
    m->max_ma = TAKE_I32(t, w, max_ma);
    m->watchdog = TAKE_ENUM(t, w, watchdog, enum board_watchdog, WATCHDOG_N);
    m->apply_ms = TAKE_I32(t, w, apply_ms);
    m->epoch_seen = TAKE_U64(t, w, epoch_seen);
    m->fallback_ma = TAKE_I32(t, w, fallback_ma);
    m->rise_after_ms = TAKE_I64(t, w, rise_after_ms);
    TAKE_TEXT(t, w, firmware, m->firmware);
    m->protocol_major = TAKE_U16(t, w, protocol_major);
    m->protocol_minor = TAKE_U16(t, w, protocol_minor);
    m->features = TAKE_U64(t, w, features);
    m->boot_id = TAKE_U64(t, w, boot_id);
}

void put_welcome(const struct msg *from, struct codec_wire *to)
{
    const struct msg_welcome *m = &from->welcome;
    Fleet__Welcome *w = &to->welcome;

    fleet__welcome__init(w);
    to->envelope.welcome = w;
    PUT(w, epoch, m->epoch);
    PUT(w, utc_ms, m->utc_ms);
    PUT(w, config_version, m->config_version);
    PUT(w, status_ms, m->status_ms);
    PUT(w, protocol_minor, m->protocol_minor);
    PUT(w, features, m->features);
}

void take_welcome(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    const Fleet__Welcome *w = e->welcome;
    struct msg_welcome *m = &to->welcome;

    m->epoch = TAKE_U64(t, w, epoch);
    m->utc_ms = TAKE_I64(t, w, utc_ms);
    m->config_version = TAKE_U32(t, w, config_version);
    m->status_ms = TAKE_I32(t, w, status_ms);
    m->protocol_minor = TAKE_U16(t, w, protocol_minor);
    m->features = TAKE_U64(t, w, features);
}

void put_reject(const struct msg *from, struct codec_wire *to)
{
    Fleet__Reject *w = &to->reject;

    fleet__reject__init(w);
    to->envelope.reject = w;
    PUT(w, reason, (Fleet__RejectReason)from->reject.reason);
    PUT_TEXT(w, text, from->reject.text);
}

void take_reject(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    to->reject.reason = TAKE_ENUM(t, e->reject, reason, enum reject_reason, REJECT_N);
    TAKE_TEXT(t, e->reject, text, to->reject.text);
}

static void put_three(const int32_t from[PHASE_N], int64_t to[PHASE_N])
{
    for (int p = 0; p < PHASE_N; p++) {
        to[p] = from[p];
    }
}

static void take_three(struct codec_take *t, size_t n, const int64_t *from, int32_t to[PHASE_N], const char *field)
{
    if (n != PHASE_N) {
        codec_wrong(t, n == 0 ? RC_MALFORMED : RC_RANGE, field);
        return;
    }
    for (int p = 0; p < PHASE_N; p++) {
        to[p] = (int32_t)codec_int(t, true, from[p], INT32_MIN, INT32_MAX, field);
    }
}

static void put_faults(const struct msg_status *m, struct codec_wire *to)
{
    for (int i = 0; i < m->faults_n; i++) {
        to->faults[i] = m->faults[i];
    }
    to->status.n_faults = m->faults_n;
    to->status.faults = to->faults;
}

static void take_faults(struct codec_take *t, const Fleet__Status *w, struct msg_status *m)
{
    if (w->n_faults > FAULT_MAX) {
        codec_wrong(t, RC_RANGE, "faults");
        return;
    }
    for (size_t i = 0; i < w->n_faults; i++) {
        m->faults[i] = (uint16_t)codec_uint(t, true, w->faults[i], UINT16_MAX, "faults");
    }
    m->faults_n = (uint8_t)w->n_faults;
}

static void put_lights(const struct msg_status *m, struct codec_wire *to)
{
    Fleet__Status *w = &to->status;

    if (!m->has_lights) {
        return;
    }
    for (int i = 0; i < LAMP_N; i++) {
        to->light_colour[i] = (Fleet__LightColour)m->lights.lamp[i].colour;
        to->light_mode[i] = (Fleet__LightMode)m->lights.lamp[i].mode;
    }
    w->n_light_colour = LAMP_N;
    w->light_colour = to->light_colour;
    w->n_light_mode = LAMP_N;
    w->light_mode = to->light_mode;
    PUT(w, brightness_permille, (uint64_t)m->lights.brightness_permille);
}

/* All of them or, from a peer of 1.0, none. */
static void take_lights(struct codec_take *t, const Fleet__Status *w, struct msg_status *m)
{
    if (w->n_light_colour == 0 && w->n_light_mode == 0 && !w->has_brightness_permille) {
        return;
    }
    if (w->n_light_colour != LAMP_N || w->n_light_mode != LAMP_N) {
        codec_wrong(t, RC_RANGE, "lights");
        return;
    }
    for (int i = 0; i < LAMP_N; i++) {
        m->lights.lamp[i].colour = (enum light_colour)codec_uint(t, true, (uint64_t)w->light_colour[i], LIGHT_COLOUR_N - 1, "lights");
        m->lights.lamp[i].mode = (enum light_mode)codec_uint(t, true, (uint64_t)w->light_mode[i], LIGHT_MODE_N - 1, "lights");
    }
    m->lights.brightness_permille = (int32_t)codec_uint(t, w->has_brightness_permille != 0, w->brightness_permille, INT32_MAX, "brightness_permille");
    m->has_lights = true;
}

void put_status(const struct msg *from, struct codec_wire *to)
{
    const struct msg_status *m = &from->status;
    Fleet__Status *w = &to->status;

    fleet__status__init(w);
    to->envelope.status = w;
    PUT(w, status_seq, m->status_seq);
    PUT(w, boot_id, m->boot_id);
    PUT(w, epoch, m->epoch);
    PUT(w, grant_seq, m->grant_seq);
    PUT(w, offered_ma, m->offered_ma);
    PUT(w, lease_left_ms, m->lease_left_ms);
    PUT(w, used_phases, m->used_phases);
    PUT(w, contactor_closed, m->contactor_closed);
    PUT(w, pilot, (Fleet__Pilot)m->pilot);
    put_three(m->drawn_ma, to->drawn_ma);
    w->n_drawn_ma = PHASE_N;
    w->drawn_ma = to->drawn_ma;
    put_three(m->voltage_mv, to->voltage_mv);
    w->n_voltage_mv = PHASE_N;
    w->voltage_mv = to->voltage_mv;
    PUT(w, drawn_age_ms, m->drawn_age_ms);
    PUT(w, limit_ma, m->limit_ma);
    PUT(w, limit_by, (Fleet__Limit)m->limit_by);
    PUT(w, fallback_ma, m->fallback_ma);
    PUT(w, state, (Fleet__BoxState)m->state);
    PUT(w, authorized, m->authorized);
    PUT(w, paused, m->paused);
    PUT(w, asleep, m->asleep);
    put_faults(m, to);
    if (m->has_session) {
        PUT_BYTES(w, session, m->session.at, sizeof m->session.at);
    }
    PUT(w, energy_wh, m->energy_wh);
    PUT(w, session_wh, m->session_wh);
    PUT(w, power_w, m->power_w);
    PUT(w, temperature_mdegc, m->temperature_mdegc);
    put_lights(m, to);
}

void take_status(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    const Fleet__Status *w = e->status;
    struct msg_status *m = &to->status;

    m->status_seq = TAKE_U64(t, w, status_seq);
    m->boot_id = TAKE_U64(t, w, boot_id);
    m->epoch = TAKE_U64(t, w, epoch);
    m->grant_seq = TAKE_U32(t, w, grant_seq);
    m->offered_ma = TAKE_I32(t, w, offered_ma);
    m->lease_left_ms = TAKE_I64(t, w, lease_left_ms);
    m->used_phases = TAKE_U8(t, w, used_phases);
    m->contactor_closed = TAKE_BOOL(t, w, contactor_closed);
    m->pilot = TAKE_ENUM(t, w, pilot, enum pilot_state, PILOT_N);
    take_three(t, w->n_drawn_ma, w->drawn_ma, m->drawn_ma, "drawn_ma");
    take_three(t, w->n_voltage_mv, w->voltage_mv, m->voltage_mv, "voltage_mv");
    m->drawn_age_ms = TAKE_I32(t, w, drawn_age_ms);
    m->limit_ma = TAKE_I32(t, w, limit_ma);
    m->limit_by = TAKE_ENUM(t, w, limit_by, enum limit_by, LIMIT_N);
    m->fallback_ma = TAKE_I32(t, w, fallback_ma);
    m->state = TAKE_ENUM(t, w, state, enum box_state, BOX_STATE_N);
    m->authorized = TAKE_BOOL(t, w, authorized);
    m->paused = TAKE_BOOL(t, w, paused);
    m->asleep = TAKE_BOOL(t, w, asleep);
    take_faults(t, w, m);
    m->has_session = w->has_session != 0;
    if (m->has_session) {
        TAKE_BYTES(t, w, session, m->session.at);
    }
    m->energy_wh = TAKE_I64(t, w, energy_wh);
    m->session_wh = TAKE_I64(t, w, session_wh);
    m->power_w = TAKE_I32(t, w, power_w);
    m->temperature_mdegc = TAKE_I32(t, w, temperature_mdegc);
    take_lights(t, w, m);
}

void put_grant(const struct msg *from, struct codec_wire *to)
{
    const struct msg_grant *m = &from->grant;
    Fleet__Grant *w = &to->grant;

    fleet__grant__init(w);
    to->envelope.grant = w;
    PUT(w, epoch, m->epoch);
    PUT(w, grant_seq, m->grant_seq);
    PUT(w, status_seq, m->status_seq);
    PUT(w, current_ma, m->current_ma);
    PUT(w, lease_ms, m->lease_ms);
    PUT(w, reason, (Fleet__Reason)m->reason);
}

void take_grant(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    const Fleet__Grant *w = e->grant;
    struct msg_grant *m = &to->grant;

    m->epoch = TAKE_U64(t, w, epoch);
    m->grant_seq = TAKE_U32(t, w, grant_seq);
    m->status_seq = TAKE_U64(t, w, status_seq);
    m->current_ma = TAKE_I32(t, w, current_ma);
    m->lease_ms = TAKE_I64(t, w, lease_ms);
    m->reason = TAKE_ENUM(t, w, reason, enum reason, REASON_N);
}

void put_fallback_set(const struct msg *from, struct codec_wire *to)
{
    const struct msg_fallback_set *m = &from->fallback_set;
    Fleet__FallbackSet *w = &to->fallback_set;

    fleet__fallback_set__init(w);
    to->envelope.fallback_set = w;
    PUT(w, epoch, m->epoch);
    PUT(w, seq, m->seq);
    PUT(w, fallback_ma, m->fallback_ma);
    PUT(w, rise_after_ms, m->rise_after_ms);
}

void take_fallback_set(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    const Fleet__FallbackSet *w = e->fallback_set;
    struct msg_fallback_set *m = &to->fallback_set;

    m->epoch = TAKE_U64(t, w, epoch);
    m->seq = TAKE_U32(t, w, seq);
    m->fallback_ma = TAKE_I32(t, w, fallback_ma);
    m->rise_after_ms = TAKE_I64(t, w, rise_after_ms);
}

void put_fallback_ack(const struct msg *from, struct codec_wire *to)
{
    const struct msg_fallback_ack *m = &from->fallback_ack;
    Fleet__FallbackAck *w = &to->fallback_ack;

    fleet__fallback_ack__init(w);
    to->envelope.fallback_ack = w;
    PUT(w, seq, m->seq);
    PUT(w, fallback_ma, m->fallback_ma);
    PUT(w, rise_after_ms, m->rise_after_ms);
}

void take_fallback_ack(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    const Fleet__FallbackAck *w = e->fallback_ack;
    struct msg_fallback_ack *m = &to->fallback_ack;

    m->seq = TAKE_U32(t, w, seq);
    m->fallback_ma = TAKE_I32(t, w, fallback_ma);
    m->rise_after_ms = TAKE_I64(t, w, rise_after_ms);
}

void put_goodbye(const struct msg *from, struct codec_wire *to)
{
    Fleet__Goodbye *w = &to->goodbye;

    fleet__goodbye__init(w);
    to->envelope.goodbye = w;
    PUT(w, reason, (Fleet__GoodbyeReason)from->goodbye.reason);
}

void take_goodbye(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    to->goodbye.reason = TAKE_ENUM(t, e->goodbye, reason, enum goodbye_reason, GOODBYE_N);
}

void put_pair_request(const struct msg *from, struct codec_wire *to)
{
    Fleet__PairRequest *w = &to->pair_request;

    fleet__pair_request__init(w);
    to->envelope.pair_request = w;
    PUT_TEXT(w, serial, from->pair_request.serial);
}

void take_pair_request(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    TAKE_TEXT(t, e->pair_request, serial, to->pair_request.serial);
}

void put_pair_proof(const struct msg *from, struct codec_wire *to)
{
    Fleet__PairProof *w = &to->pair_proof;

    fleet__pair_proof__init(w);
    to->envelope.pair_proof = w;
    PUT_BYTES(w, proof, from->pair_proof.proof, sizeof from->pair_proof.proof);
}

void take_pair_proof(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    TAKE_BYTES(t, e->pair_proof, proof, to->pair_proof.proof);
}
