/* What becomes durable: the kept file, the session in the journal, and the finished records on their way to the manager. */
#include "client/core/inside.h"
#include "common/base/units.h"

static bool fallback_same(const struct client_keep *a, const struct client_keep *b)
{
    return a->fallback_ma == b->fallback_ma && a->rise_after_ms == b->rise_after_ms && a->has_fallback == b->has_fallback;
}

static bool keep_same(const struct client_keep *a, const struct client_keep *b)
{
    bool config = a->has_config == b->has_config && a->authorization == b->authorization && a->commissioned == b->commissioned &&
                  a->config_version == b->config_version && a->config_ma == b->config_ma;
    bool local = a->has_local == b->has_local && a->local_ma == b->local_ma && a->has_brightness == b->has_brightness &&
                 a->brightness_permille == b->brightness_permille && a->modes == b->modes;
    bool rest = a->has_cards == b->has_cards && a->learn_master == b->learn_master && a->is_welded == b->is_welded && a->is_unsafe == b->is_unsafe;

    return a->epoch == b->epoch && a->boot_count == b->boot_count && fallback_same(a, b) && config && local && rest;
}

bool client_keep_is_ready(const struct client *c)
{
    return c->have.boot_count == c->want.boot_count && c->have.epoch >= c->grant.epoch_seen;
}

static void fallback_ack(struct client *c)
{
    struct msg m = {.kind = MSG_FALLBACK_ACK};

    m.fallback_ack.seq = c->ack_seq;
    m.fallback_ack.fallback_ma = c->have.fallback_ma;
    m.fallback_ack.rise_after_ms = c->have.rise_after_ms;
    client_send(c, &m);
    c->ack_due = false;
}

/* What is wanted is what stands there, and no other fallback may take its place: one that is being written, or whose writing failed and may
 * have been carried out for all that. */
static bool fallback_is_stored(const struct client *c)
{
    bool is_open = c->keep_ticket != 0 || c->is_keep_doubtful;

    return fallback_same(&c->have, &c->want) && (!is_open || fallback_same(&c->flying, &c->want));
}

static bool keep_due(const struct client *c)
{
    return c->keep_ticket == 0 && (c->is_keep_doubtful || !keep_same(&c->have, &c->want));
}

bool client_keep_is_due(const struct client *c)
{
    return c->keep_ticket != 0 || c->is_keep_doubtful || !keep_same(&c->have, &c->want);
}

void client_keep_flush(struct client *c)
{
    struct cfx *fx;

    c->want.epoch = c->grant.epoch_seen;
    if (c->ack_due && fallback_is_stored(c)) { /* stored first, acknowledged then */
        fallback_ack(c);
    }
    if (!keep_due(c) || c->keep_try_ms > c->now_ms) {
        return;
    }
    c->keep_ticket = client_ticket(c);
    c->flying = c->want;
    fx = client_fx(c, CFX_KEEP);
    fx->ticket = c->keep_ticket;
    fx->keep = c->flying;
}

static void kept(struct client *c, bool stored)
{
    int32_t before_ma = c->grant.offer_ma;

    c->keep_ticket = 0;
    c->is_keep_doubtful = !stored;
    if (!stored) {
        client_note(c, CNOTE_STORE_FAILED, 0, 0);
        c->keep_try_ms = c->now_ms + CLIENT_KEEP_RETRY_MS;
        return;
    }
    if (!fallback_same(&c->have, &c->flying)) {
        grant_fallback(&c->grant, c->flying.fallback_ma, c->flying.rise_after_ms, c->now_ms);
    }
    c->have = c->flying;
    c->keep_try_ms = MS_NEVER;
    if (grant_kept(&c->grant, c->have.epoch, c->now_ms)) {
        client_grant_note(c, before_ma);
    }
}

static void session_answer(struct client *c, uint64_t ticket, bool stored)
{
    enum csession_state from = c->session.state;
    int64_t wh = csession_wh(&c->session);
    int64_t end = (int64_t)c->session.s.end;
    bool is_over = csession_answer(&c->session, ticket, stored, c->params->checkpoint_ms, c->now_ms);

    if (!stored) {
        client_note(c, CNOTE_STORE_FAILED, 0, 0);
    }
    if (from == CSESSION_BEGINNING) { /* a running session goes on without the journal, a new one does not start */
        cfault_set(&c->fault, CFAULT_STORE_FULL, !stored, c->now_ms, c->utc_ms);
    }
    if (from == CSESSION_BEGINNING && stored) {
        client_note(c, CNOTE_SESSION_BEGIN, 0, 0);
    }
    if (is_over) {
        client_note(c, CNOTE_SESSION_END, wh, end);
        c->outbox.more = true;
    }
}

static void outbox_move(struct client *c, enum coutbox_state to)
{
    c->outbox.state = to;
    c->outbox.since_ms = c->now_ms;
    c->outbox.ticket = 0;
}

void client_stored(struct client *c, uint64_t ticket, bool stored)
{
    if (ticket == 0) {
        return;
    }
    if (client_cards_stored(c, ticket, stored)) {
        return;
    }
    if (ticket == c->keep_ticket) {
        kept(c, stored);
    } else if (ticket == c->session.ticket) {
        session_answer(c, ticket, stored);
    } else if (c->outbox.state == COUTBOX_ACKING && ticket == c->outbox.ticket) {
        outbox_move(c, stored ? COUTBOX_WANT : COUTBOX_SENT); /* not noted: sent once more, the manager knows it by its id */
    }
}

struct csession_now client_session_now(const struct client *c)
{
    return (struct csession_now){.now_ms = c->now_ms, .utc_ms = c->utc_ms, .kernel_boot_id = c->kernel_boot_id, .energy_wh = c->sample.energy_wh};
}

/* Why the session is to end now; END_UNSET: it goes on. */
static enum end_reason end_of(const struct client *c)
{
    if (client_vehicle(c) == VEHICLE_NONE) {
        if (c->refuse_end == END_FAULT) {
            return END_FAULT;
        }
        return c->unseen ? END_POWER_LOSS : END_UNPLUGGED;
    }
    if (c->refused && !charge_contactor(&c->charge) && !c->sample.contactor_closed) { /* its last Wh is in the register */
        return c->refuse_end;
    }
    return END_UNSET;
}

static void follow_vehicle(struct client *c)
{
    struct csession_now now = client_session_now(c);
    enum end_reason end = end_of(c);
    bool is_fit = c->stop == CLIENT_RUNS && !c->in.fault && !c->modes.is_showroom;

    if (c->session.state == CSESSION_NONE && end == END_UNSET && client_is_authorized(c) && is_fit) {
        csession_begin(&c->session, csession_id_next(&c->ids), &now);
        csession_who(&c->session, &c->authorize.uid, c->reader.identity);
        c->refuse_end = END_UNSET;
        return;
    }
    if (client_has_vehicle(c)) {
        c->unseen = false;
    }
    if (end != END_UNSET) {
        csession_end(&c->session, end, &now);
        c->adopted = false;
        c->unseen = false;
        c->refuse_end = c->refused ? c->refuse_end : END_UNSET;
        if (c->session.state == CSESSION_NONE) {
            cfault_set(&c->fault, CFAULT_STORE_FULL, false, c->now_ms, c->utc_ms); /* nothing waits for the journal any more */
        }
        return;
    }
    csession_register(&c->session, &now);
}

static void tell_started(struct client *c)
{
    struct csession_now now = client_session_now(c);
    struct msg m;

    if (c->session.state == CSESSION_OPEN && !c->session.told) {
        m = csession_started_msg(&c->session, &now);
        client_send(c, &m);
        c->session.told = true;
    }
}

static void outbox_due(struct client *c)
{
    if (c->outbox.state == COUTBOX_IDLE && (c->outbox.more || c->outbox.since_ms + CSESSION_LOOK_MS <= c->now_ms)) {
        outbox_move(c, COUTBOX_WANT);
    }
    if (c->outbox.state == COUTBOX_SENT && c->outbox.since_ms + CSESSION_RESEND_MS <= c->now_ms) {
        outbox_move(c, COUTBOX_WANT);
    }
    if (c->outbox.state == COUTBOX_WANT) {
        c->outbox.more = false;
        outbox_move(c, COUTBOX_ASKED);
        (void)client_fx(c, CFX_RECORD_NEXT);
    }
}

void client_book(struct client *c)
{
    enum cfx_kind due;
    struct cfx *fx;

    if (client_board_fresh(c)) {
        follow_vehicle(c);
    }
    if (client_is_linked(c)) {
        c->outbox.more = c->outbox.more || !c->was_linked; /* the last connection may have ended between a record and its answer */
        c->was_linked = true;
        tell_started(c);
        outbox_due(c);
    }
    due = csession_due(&c->session, c->now_ms);
    if (due != CFX_UNSET) {
        fx = client_fx(c, due);
        fx->ticket = client_ticket(c);
        fx->session = &c->session.s;
        csession_sent(&c->session, fx->ticket);
    }
}

void client_record(struct client *c, const struct msg_session_record *record)
{
    struct msg m = {.kind = MSG_SESSION_RECORD};

    if (c->outbox.state != COUTBOX_ASKED) {
        return;
    }
    if (record == NULL || !client_is_linked(c)) {
        c->outbox.more = c->outbox.more || record != NULL;
        outbox_move(c, COUTBOX_IDLE);
        return;
    }
    m.session_record = *record;
    client_send(c, &m);
    outbox_move(c, COUTBOX_SENT);
    c->outbox.id = record->session;
}

void client_record_acked(struct client *c, const struct session_id *id)
{
    struct cfx *fx;

    if (c->outbox.state != COUTBOX_SENT || !csession_id_same(id, &c->outbox.id)) {
        return; /* an answer that came twice */
    }
    outbox_move(c, COUTBOX_ACKING);
    c->outbox.ticket = client_ticket(c);
    fx = client_fx(c, CFX_JOURNAL_ACKED);
    fx->ticket = c->outbox.ticket;
    fx->id = *id;
}

int64_t client_book_next_ms(const struct client *c)
{
    int64_t at_ms = csession_next_ms(&c->session);

    if (keep_due(c)) {
        at_ms = min_i64(at_ms, c->keep_try_ms);
    }
    if (client_is_linked(c) && c->outbox.state == COUTBOX_SENT) {
        at_ms = min_i64(at_ms, c->outbox.since_ms + CSESSION_RESEND_MS);
    }
    if (client_is_linked(c) && c->outbox.state == COUTBOX_IDLE) {
        at_ms = min_i64(at_ms, c->outbox.since_ms + CSESSION_LOOK_MS);
    }
    return at_ms;
}
