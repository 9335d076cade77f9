/* Connections: who introduces himself, what is allowed on a connection, and where each message goes. */
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "manager/core/dating.h"
#include "manager/core/state.h"

void links_open(struct manager *m, uint16_t peer)
{
    CHECK(peer < PEER_MAX);
    CHECK(!m->peer[peer].is_open);
    m->peer[peer] = (struct peer){.is_open = true, .box = BOX_MAX};
}

void links_closed(struct manager *m, uint16_t peer, struct mfx_list *out)
{
    struct peer *p = &m->peer[peer];

    CHECK(p->is_open);
    if (p->box != BOX_MAX && m->box[p->box].peer == peer) {
        box_gone(&m->box[p->box]);
        m->cycle_wanted = true;
        if (!m->box[p->box].is_silent) {
            fx_note(out, MNOTE_LOST, p->box, lease_offer_ma(&m->box[p->box].lease, m->now_ms), 0);
        }
    }
    *p = (struct peer){.box = BOX_MAX};
}

static void refuse(uint16_t peer, enum reject_reason reason, struct mfx_list *out)
{
    struct msg msg = {.kind = MSG_REJECT, .reject.reason = reason};

    fx_send(out, peer, &msg);
    fx_close(out, peer);
    fx_note_peer(out, MNOTE_REJECTED, peer, reason);
}

static void out_of_order(uint16_t peer, enum msg_kind kind, struct mfx_list *out)
{
    fx_note_peer(out, MNOTE_PROTOCOL, peer, kind);
    fx_close(out, peer);
}

void links_welcome(struct manager *m, uint16_t peer, struct mfx_list *out)
{
    struct peer *p = &m->peer[peer];
    struct msg msg = {.kind = MSG_WELCOME, .welcome = {.epoch = m->epoch, .status_ms = m->params->status_ms, .protocol_minor = p->protocol_minor}};

    msg.welcome.utc_ms = m->has_utc ? m->now_ms + m->utc_offset_ms : CLOCK_UNSET_UTC_MS;
    p->is_welcome = true;
    p->is_waiting = false;
    m->box[p->box].welcome_ms = m->now_ms;
    fx_send(out, peer, &msg);
    fx_note(out, MNOTE_JOINED, p->box, 0, 0);
    if (m->box[p->box].is_silent && m->box[p->box].has_status) {
        fx_event(out, EVENT_BOX_BACK, p->box, 0, METER_MAX);
    }
    fallback_pursue(m, p->box, out);
    m->whitelist[p->box].is_sent = false; /* what was under way went with the last connection */
    m->is_whitelist_due = true;
}

/* Welcome everybody for whom the disk has answered. */
void links_welcome_waiting(struct manager *m, struct mfx_list *out)
{
    for (uint16_t i = 0; i < PEER_MAX; i++) {
        if (m->peer[i].is_waiting && m->epoch_state == EPOCH_VALID && !box_is_news(&m->box[m->peer[i].box])) {
            links_welcome(m, i, out);
        }
    }
}

void links_close_all(struct manager *m, struct mfx_list *out)
{
    for (uint16_t i = 0; i < PEER_MAX; i++) {
        if (m->peer[i].is_open && m->peer[i].box != BOX_MAX) {
            fx_close(out, i);
        }
    }
}

/* What a wallbox shows must be on our disk before it can be granted anything: after a restart it has to be counted. */
static void remember(struct manager *m, uint16_t box, struct mfx_list *out)
{
    struct mfx_store store = {.kind = MSTORE_BOX, .box = box};

    store.known.fallback_ma = m->box[box].known_fallback_ma;
    store.known.is_unwatched = m->box[box].is_watchdog_none;
    if (pending_take(m, PENDING_MET, box, PEER_NONE, &store.ticket) == RC_OK) {
        fx_store(out, &store);
    }
}

/* Another connection speaks for the same wallbox: the newer one counts, unless the older was heard a moment ago from another process. */
static bool is_duplicate(const struct manager *m, uint16_t box, const struct msg_hello *hello)
{
    const struct box *b = &m->box[box];

    return b->peer != PEER_NONE && !b->is_silent && b->boot_id != hello->boot_id;
}

static void on_hello(struct manager *m, uint16_t peer, const struct msg_hello *hello, struct mfx_list *out)
{
    struct peer *p = &m->peer[peer];
    uint16_t box;

    if (p->box != BOX_MAX) {
        out_of_order(peer, MSG_HELLO, out);
        return;
    }
    if (hello->protocol_major != LINK_PROTOCOL_MAJOR) {
        refuse(peer, REJECT_PROTOCOL_MAJOR, out);
        return;
    }
    if (site_box_find(m->site, hello->serial, &box) != RC_OK) {
        refuse(peer, REJECT_UNKNOWN_SERIAL, out);
        return;
    }
    if (is_duplicate(m, box, hello)) {
        refuse(peer, REJECT_DUPLICATE, out);
        return;
    }
    if (!epoch_seen(m, hello->epoch_seen, box, out)) {
        refuse(peer, REJECT_BUSY, out);
        return;
    }
    if (m->box[box].peer != PEER_NONE) {
        struct peer *old = &m->peer[m->box[box].peer];

        fx_close(out, m->box[box].peer);
        old->box = BOX_MAX;
    }
    p->box = box;
    p->is_waiting = true;
    p->protocol_minor = (uint16_t)min_i32(hello->protocol_minor, LINK_PROTOCOL_MINOR);
    box_hello(&m->box[box], &m->site->box[box], peer, hello, m->now_ms);
    if (box_is_news(&m->box[box])) {
        remember(m, box, out);
    } else if (m->epoch_state == EPOCH_VALID) {
        links_welcome(m, peer, out);
    }
}

static void on_status(struct manager *m, uint16_t box, const struct msg_status *status, struct mfx_list *out)
{
    struct box *b = &m->box[box];
    bool is_first = !b->has_status;

    if (box_status(b, &m->site->box[box], status, m->epoch, m->now_ms) != RC_OK) {
        return; /* older than one we have: says nothing new */
    }
    if (is_first && status->contactor_closed) {
        solar_box_adopt(&m->solar_box[box]); /* it was charging before we started: the sun is looked at from now on */
    }
    budget_box_drawn(&m->budget, box, m->now_ms - status->drawn_age_ms, b->drawn_ma);
    m->cycle_wanted = true;
    fallback_pursue(m, box, out);
}

/* Its begin is dated, and the presets of its card fill what nobody has wished yet, once: a session is told again after each break of the link. */
static void on_started(struct manager *m, uint16_t box, const struct msg_session_started *started, struct mfx_list *out)
{
    struct mfx_store store = {.kind = MSTORE_SESSION_STARTED, .box = box, .session_started = started};
    bool is_somebody = started->uid.len > 0 || started->identity[0] != '\0';
    const struct fleet_card *card = m->cards != NULL && is_somebody ? fleet_cards_find(m->cards, &started->uid, started->identity) : NULL;
    struct box *b = &m->box[box];

    fx_store(out, &store);
    if (memcmp(&b->begun, &started->session, sizeof b->begun) != 0) {
        b->begun_utc_ms = dating_utc_ms(started->start_utc_ms, started->start_age_ms, m->has_utc ? m->now_ms + m->utc_offset_ms : CLOCK_UNSET_UTC_MS);
        b->begun = started->session;
    }
    if (card != NULL && memcmp(&b->preset_for, &started->session, sizeof b->preset_for) != 0) {
        struct wish presets = wish_of_card(card, cycle_local_ms(m), &m->wall);

        wish_change(&b->wish, (uint8_t)(presets.set & ~b->wish.set), &presets);
        b->preset_for = started->session;
        m->cycle_wanted = true;
    }
}

static void on_record(struct manager *m, uint16_t box, const struct msg_session_record *record, struct mfx_list *out)
{
    struct mfx_store store = {.kind = MSTORE_SESSION, .box = box, .session = record};

    if (pending_take(m, PENDING_RECORD, box, m->box[box].peer, &store.ticket) != RC_OK) {
        return; /* the client keeps it and sends it again */
    }
    m->pending[(uint32_t)store.ticket - 1].session = record->session;
    fx_store(out, &store);
}

static void on_known(struct manager *m, uint16_t peer, const struct msg *msg, struct mfx_list *out)
{
    uint16_t box = m->peer[peer].box;

    switch (msg->kind) {
    case MSG_STATUS:
        on_status(m, box, &msg->status, out);
        break;
    case MSG_FALLBACK_ACK:
        fallback_acked(m, box, &msg->fallback_ack, out);
        break;
    case MSG_AUTHORIZE:
        verdict_ask(m, peer, &msg->authorize, out);
        break;
    case MSG_SESSION_STARTED:
        on_started(m, box, &msg->session_started, out);
        break;
    case MSG_SESSION_RECORD:
        on_record(m, box, &msg->session_record, out);
        break;
    case MSG_FAULT_RAISED:
        fx_event(out, EVENT_FAULT_RAISED, box, msg->fault.code, METER_MAX);
        break;
    case MSG_FAULT_CLEARED:
        fx_event(out, EVENT_FAULT_CLEARED, box, msg->fault.code, METER_MAX);
        break;
    case MSG_GOODBYE:
        fx_close(out, peer);
        break;
    case MSG_CONFIG_ACK:
        whitelist_acked(m, box, &msg->config_ack);
        break;
    case MSG_COMMAND_RESULT:
        if (m->box[box].order.seq == msg->result.seq) {
            m->box[box].order.result = msg->result.result;
        }
        break;
    case MSG_LOG_CHUNK:
    case MSG_UPDATE_RESULT:
        break;
    case MSG_UNSET:
    case MSG_HELLO:
    case MSG_WELCOME:
    case MSG_REJECT:
    case MSG_GRANT:
    case MSG_FALLBACK_SET:
    case MSG_AUTHORIZE_RESULT:
    case MSG_RECORD_ACK:
    case MSG_COMMAND:
    case MSG_CONFIG_SET:
    case MSG_LOG_REQUEST:
    case MSG_UPDATE_OFFER:
    case MSG_UPDATE_CHUNK:
    case MSG_PAIR_REQUEST: /* pairing is a matter of keys and done before anybody is a peer */
    case MSG_PAIR_PROOF:
    case MSG_N:
        out_of_order(peer, msg->kind, out);
        break;
    }
}

void links_msg(struct manager *m, uint16_t peer, const struct msg *msg, struct mfx_list *out)
{
    CHECK(peer < PEER_MAX);
    CHECK(m->peer[peer].is_open);
    if (msg->kind == MSG_HELLO) {
        on_hello(m, peer, &msg->hello, out);
    } else if (m->peer[peer].box == BOX_MAX || !m->peer[peer].is_welcome) {
        out_of_order(peer, msg->kind, out);
    } else {
        on_known(m, peer, msg, out);
    }
}
