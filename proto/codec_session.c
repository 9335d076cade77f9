/* Messages of cards, sessions and faults. */
#include "proto/codec_parts.h"

SAME_NUMBER(FLEET__VERDICT__, AUTH_ACCEPTED)
SAME_NUMBER(FLEET__VERDICT__, AUTH_REJECTED)
SAME_NUMBER(FLEET__VERDICT__, AUTH_BLOCKED)
SAME_NUMBER(FLEET__VERDICT__, AUTH_EXPIRED)
SAME_NUMBER(FLEET__END_REASON__, END_UNPLUGGED)
SAME_NUMBER(FLEET__END_REASON__, END_CARD)
SAME_NUMBER(FLEET__END_REASON__, END_COMMAND)
SAME_NUMBER(FLEET__END_REASON__, END_FAULT)
SAME_NUMBER(FLEET__END_REASON__, END_POWER_LOSS)

void put_authorize(const struct msg *from, struct codec_wire *to)
{
    const struct msg_authorize *m = &from->authorize;
    Fleet__Authorize *w = &to->authorize;

    fleet__authorize__init(w);
    to->envelope.authorize = w;
    PUT(w, seq, m->seq);
    PUT_UID(w, uid, &m->uid);
    PUT_TEXT(w, identity, m->identity);
    w->taught = m->taught;
    w->has_taught = m->taught;
}

void take_authorize(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    const Fleet__Authorize *w = e->authorize;
    struct msg_authorize *m = &to->authorize;

    m->seq = TAKE_U32(t, w, seq);
    TAKE_UID(t, w, uid, &m->uid);
    TAKE_TEXT(t, w, identity, m->identity);
    m->taught = MAY_BOOL(w, taught);
}

void put_authorize_result(const struct msg *from, struct codec_wire *to)
{
    const struct msg_authorize_result *m = &from->authorize_result;
    Fleet__AuthorizeResult *w = &to->authorize_result;

    fleet__authorize_result__init(w);
    to->envelope.authorize_result = w;
    PUT(w, seq, m->seq);
    PUT(w, verdict, (Fleet__Verdict)m->verdict);
    w->expires_utc_ms = m->expires_utc_ms;
    w->has_expires_utc_ms = m->expires_utc_ms != 0;
}

void take_authorize_result(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    const Fleet__AuthorizeResult *w = e->authorize_result;

    to->authorize_result.seq = TAKE_U32(t, w, seq);
    to->authorize_result.verdict = TAKE_ENUM(t, w, verdict, enum auth_verdict, AUTH_N);
    to->authorize_result.expires_utc_ms = MAY_I64(t, w, expires_utc_ms);
}

void put_session_started(const struct msg *from, struct codec_wire *to)
{
    const struct msg_session_started *m = &from->session_started;
    Fleet__SessionStarted *w = &to->session_started;

    fleet__session_started__init(w);
    to->envelope.session_started = w;
    PUT_BYTES(w, session, m->session.at, sizeof m->session.at);
    PUT(w, start_utc_ms, m->start_utc_ms);
    PUT(w, start_age_ms, m->start_age_ms);
    PUT(w, start_wh, m->start_wh);
    PUT_UID(w, uid, &m->uid);
    PUT_TEXT(w, identity, m->identity);
}

void take_session_started(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    const Fleet__SessionStarted *w = e->session_started;
    struct msg_session_started *m = &to->session_started;

    TAKE_BYTES(t, w, session, m->session.at);
    m->start_utc_ms = TAKE_I64(t, w, start_utc_ms);
    m->start_age_ms = TAKE_I64(t, w, start_age_ms);
    m->start_wh = TAKE_I64(t, w, start_wh);
    TAKE_UID(t, w, uid, &m->uid);
    TAKE_TEXT(t, w, identity, m->identity);
}

static void put_quarters(const struct msg_session_record *m, struct codec_wire *to)
{
    for (int i = 0; i < m->quarter_n; i++) {
        to->quarter_wh[i] = m->quarter_wh[i];
    }
    to->session_record.n_quarter_wh = m->quarter_n;
    to->session_record.quarter_wh = to->quarter_wh;
}

/* The domain keeps 32 bits for each quarter hour; the narrower copy is made in the arena as well. */
static void take_quarters(struct codec_take *t, const Fleet__SessionRecord *w, struct msg_session_record *m)
{
    int32_t *narrow;

    if (w->n_quarter_wh == 0) {
        return;
    }
    if (w->n_quarter_wh > QUARTER_MAX) {
        codec_wrong(t, RC_RANGE, "quarter_wh");
        return;
    }
    narrow = codec_arena_take(t->arena, w->n_quarter_wh * sizeof narrow[0]);
    if (narrow == NULL) {
        codec_wrong(t, RC_MALFORMED, "quarter_wh");
        return;
    }
    for (size_t i = 0; i < w->n_quarter_wh; i++) {
        narrow[i] = (int32_t)codec_int(t, true, w->quarter_wh[i], INT32_MIN, INT32_MAX, "quarter_wh");
    }
    m->quarter_n = (uint16_t)w->n_quarter_wh;
    m->quarter_wh = narrow;
}

void put_session_record(const struct msg *from, struct codec_wire *to)
{
    const struct msg_session_record *m = &from->session_record;
    Fleet__SessionRecord *w = &to->session_record;

    fleet__session_record__init(w);
    to->envelope.session_record = w;
    PUT_BYTES(w, session, m->session.at, sizeof m->session.at);
    PUT(w, start_utc_ms, m->start_utc_ms);
    PUT(w, stop_utc_ms, m->stop_utc_ms);
    PUT(w, start_age_ms, m->start_age_ms);
    PUT(w, stop_age_ms, m->stop_age_ms);
    PUT(w, start_wh, m->start_wh);
    PUT(w, stop_wh, m->stop_wh);
    PUT_UID(w, uid, &m->uid);
    PUT(w, end, (Fleet__EndReason)m->end);
    PUT(w, first_quarter_utc_ms, m->first_quarter_utc_ms);
    put_quarters(m, to);
    PUT_TEXT(w, identity, m->identity);
}

void take_session_record(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    const Fleet__SessionRecord *w = e->session_record;
    struct msg_session_record *m = &to->session_record;

    TAKE_BYTES(t, w, session, m->session.at);
    m->start_utc_ms = TAKE_I64(t, w, start_utc_ms);
    m->stop_utc_ms = TAKE_I64(t, w, stop_utc_ms);
    m->start_age_ms = TAKE_I64(t, w, start_age_ms);
    m->stop_age_ms = TAKE_I64(t, w, stop_age_ms);
    m->start_wh = TAKE_I64(t, w, start_wh);
    m->stop_wh = TAKE_I64(t, w, stop_wh);
    TAKE_UID(t, w, uid, &m->uid);
    m->end = TAKE_ENUM(t, w, end, enum end_reason, END_N);
    m->first_quarter_utc_ms = TAKE_I64(t, w, first_quarter_utc_ms);
    take_quarters(t, w, m);
    TAKE_TEXT(t, w, identity, m->identity);
}

void put_record_ack(const struct msg *from, struct codec_wire *to)
{
    Fleet__RecordAck *w = &to->record_ack;

    fleet__record_ack__init(w);
    to->envelope.record_ack = w;
    PUT_BYTES(w, session, from->record_ack.session.at, sizeof from->record_ack.session.at);
}

void take_record_ack(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    TAKE_BYTES(t, e->record_ack, session, to->record_ack.session.at);
}

/* FaultRaised and FaultCleared. */
void put_fault(const struct msg *from, struct codec_wire *to)
{
    const struct msg_fault *m = &from->fault;
    Fleet__Fault *w = &to->fault;

    fleet__fault__init(w);
    if (from->kind == MSG_FAULT_RAISED) {
        to->envelope.fault_raised = w;
    } else {
        to->envelope.fault_cleared = w;
    }
    PUT(w, code, m->code);
    PUT(w, utc_ms, m->utc_ms);
    PUT(w, age_ms, m->age_ms);
    PUT_TEXT(w, text, m->text);
}

void take_fault(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    const Fleet__Fault *w = to->kind == MSG_FAULT_RAISED ? e->fault_raised : e->fault_cleared;
    struct msg_fault *m = &to->fault;

    m->code = TAKE_U16(t, w, code);
    m->utc_ms = TAKE_I64(t, w, utc_ms);
    m->age_ms = TAKE_I64(t, w, age_ms);
    TAKE_TEXT(t, w, text, m->text);
}
