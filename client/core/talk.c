/* The client's side of the conversation: Hello, Status, and what each message of the manager leads to. */
#include "client/core/inside.h"

#include "client/core/cfault_text.h"
#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"

#define AGE_MOST_MS (INT64_C(3650) * 24 * 3600 * 1000)

bool client_is_linked(const struct client *c)
{
    return c->uplink.state == UPLINK_WELCOMED && client_keep_is_ready(c);
}

/* What is stored, or may become so by a write that is under way: the manager has to count the larger. */
static int32_t largest_fallback_ma(const struct client *c)
{
    int32_t flying_ma = c->keep_ticket != 0 || c->is_keep_doubtful ? c->flying.fallback_ma : 0;

    return max_i32(c->have.fallback_ma, max_i32(flying_ma, c->want.fallback_ma));
}

void client_hello(struct client *c)
{
    const struct client_params *p = c->params;
    struct msg m = {.kind = MSG_HELLO};
    enum rc rc;

    m.hello = (struct msg_hello){
        .model = p->model,
        .wired_n = (uint8_t)p->wired_phases_n,
        .max_ma = p->rated_ma,
        .watchdog = p->watchdog,
        .apply_ms = p->apply_ms,
        .epoch_seen = c->grant.epoch_seen,
        .fallback_ma = largest_fallback_ma(c),
        .rise_after_ms = c->have.rise_after_ms,
        .protocol_major = LINK_PROTOCOL_MAJOR,
        .protocol_minor = LINK_PROTOCOL_MINOR,
        .boot_id = c->boot_id,
    };
    rc = text_copy(m.hello.serial, sizeof m.hello.serial, p->serial);
    CHECK(rc == RC_OK);
    rc = text_copy(m.hello.firmware, sizeof m.hello.firmware, p->firmware);
    CHECK(rc == RC_OK);
    client_send(c, &m);
}

void client_close(struct client *c, bool off)
{
    if (uplink_close(&c->uplink, off)) {
        (void)client_fx(c, CFX_LINK_CLOSE);
    }
    c->was_linked = false;
}

void client_link_lost(struct client *c)
{
    uplink_down(&c->uplink, &c->rng, c->have.epoch != 0, c->now_ms);
    grant_forget_sent(&c->grant); /* a Status is answered only on the connection it came on */
    cfault_unlinked(&c->fault);
    c->was_linked = false;
    c->ack_due = false; /* Hello will show what is stored */
    c->session.told = false;
    c->config_due = false; /* the manager will ask again */
    if (c->outbox.state == COUTBOX_SENT || c->outbox.state == COUTBOX_WANT) {
        c->outbox.state = COUTBOX_IDLE;
    }
}

/* Out of order: the connection ends with a reason. */
static void protocol(struct client *c, enum msg_kind kind)
{
    client_note(c, CNOTE_PROTOCOL, (int64_t)kind, 0);
    client_close(c, false);
}

static void on_welcome(struct client *c, const struct msg_welcome *m)
{
    if (grant_see_epoch(&c->grant, m->epoch) != RC_OK) {
        client_note(c, CNOTE_OLD_EPOCH, MSG_WELCOME, 0);
        client_close(c, false);
        return;
    }
    uplink_welcome(&c->uplink, m->status_ms, c->now_ms);
    client_note(c, CNOTE_WELCOME, 0, 0);
}

void client_grant_note(struct client *c, int32_t before_ma)
{
    if (before_ma != c->grant.offer_ma) {
        client_note(c, CNOTE_GRANT, before_ma, c->grant.offer_ma);
    }
}

static void on_grant(struct client *c, const struct msg_grant *m)
{
    int32_t before_ma = c->grant.offer_ma;

    switch (grant_take(&c->grant, m, c->now_ms)) {
    case RC_OK:
        client_grant_note(c, before_ma);
        break;
    case RC_REFUSED:
        client_note(c, CNOTE_OLD_EPOCH, MSG_GRANT, 0);
        break;
    case RC_AGAIN: /* held until its epoch is durable */
    case RC_STALE: /* overtaken or too late: the lease rule makes that harmless */
    case RC_RANGE:
    case RC_FULL:
    case RC_MALFORMED:
    case RC_MISSING:
    case RC_IO:
    case RC_N:
        break;
    }
}

static void on_fallback(struct client *c, const struct msg_fallback_set *m)
{
    if (m->epoch < c->grant.epoch_seen) {
        client_note(c, CNOTE_OLD_EPOCH, MSG_FALLBACK_SET, 0);
        return;
    }
    c->want.fallback_ma = m->fallback_ma;
    c->want.rise_after_ms = m->rise_after_ms;
    c->want.has_fallback = true;
    c->ack_due = true;
    c->ack_seq = m->seq;
}

static void on_reject(struct client *c, const struct msg_reject *m)
{
    client_note(c, CNOTE_REJECTED, (int64_t)m->reason, 0);
    client_close(c, false);
}

/* Log chunks and updates are not offered in Hello's features; a manager that asks is told so. */
static void on_update(struct client *c, uint32_t seq)
{
    struct msg answer = {.kind = MSG_UPDATE_RESULT, .result = {.seq = seq, .result = RESULT_UNSUPPORTED}};

    client_send(c, &answer);
}

static void on_welcomed(struct client *c, const struct msg *m)
{
    uplink_heard(&c->uplink, c->now_ms);
    switch (m->kind) {
    case MSG_GRANT:
        on_grant(c, &m->grant);
        break;
    case MSG_FALLBACK_SET:
        on_fallback(c, &m->fallback_set);
        break;
    case MSG_CONFIG_SET:
        client_config(c, &m->config_set);
        break;
    case MSG_COMMAND:
        client_command(c, &m->command);
        break;
    case MSG_RECORD_ACK:
        client_record_acked(c, &m->record_ack.session);
        break;
    case MSG_REJECT:
        on_reject(c, &m->reject);
        break;
    case MSG_GOODBYE:
        client_close(c, false);
        break;
    case MSG_UPDATE_OFFER:
        on_update(c, m->update_offer.seq);
        break;
    case MSG_UPDATE_CHUNK:
        on_update(c, m->chunk.seq);
        break;
    case MSG_AUTHORIZE_RESULT:
        client_authorized(c, &m->authorize_result);
        break;
    case MSG_LOG_REQUEST: /* logs are not offered */
        break;
    case MSG_UNSET:
    case MSG_HELLO:
    case MSG_WELCOME:
    case MSG_STATUS:
    case MSG_FALLBACK_ACK:
    case MSG_AUTHORIZE:
    case MSG_SESSION_STARTED:
    case MSG_SESSION_RECORD:
    case MSG_FAULT_RAISED:
    case MSG_FAULT_CLEARED:
    case MSG_COMMAND_RESULT:
    case MSG_CONFIG_ACK:
    case MSG_LOG_CHUNK:
    case MSG_UPDATE_RESULT:
    case MSG_PAIR_REQUEST: /* pairing has a connection of its own, which the core never hears of */
    case MSG_PAIR_PROOF:
    case MSG_N:
        protocol(c, m->kind);
        break;
    }
}

void client_message(struct client *c, const struct msg *m)
{
    if (c->uplink.state == UPLINK_WELCOMED) {
        on_welcomed(c, m);
        return;
    }
    if (c->uplink.state != UPLINK_GREETING) {
        return; /* it crossed our close */
    }
    if (m->kind == MSG_WELCOME) {
        on_welcome(c, &m->welcome);
    } else if (m->kind == MSG_REJECT) {
        on_reject(c, &m->reject);
    } else if (m->kind == MSG_GOODBYE) {
        client_close(c, false);
    } else {
        protocol(c, m->kind);
    }
}

void client_tell_faults(struct client *c)
{
    struct cfault_news news;

    for (int i = 0; i < CLIENT_FAULTS_STEP && cfault_take_news(&c->fault, client_is_linked(c), &news); i++) {
        struct msg m = {.kind = news.row.present ? MSG_FAULT_RAISED : MSG_FAULT_CLEARED};
        enum rc rc;

        if (news.note) {
            client_note(c, CNOTE_FAULT, news.row.code, news.row.present ? 1 : 0);
        }
        if (news.send) {
            m.fault.code = news.row.code;
            m.fault.utc_ms = news.row.since_utc_ms;
            m.fault.age_ms = min_i64(c->now_ms - news.row.since_ms, AGE_MOST_MS);
            rc = text_copy(m.fault.text, sizeof m.fault.text, cfault_text(news.row.code, LANGUAGE_EN));
            CHECK(rc == RC_OK);
            client_send(c, &m);
        }
    }
}
