#include "tests/sim/mnode.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"

static uint16_t number_of(const struct sim *s, const struct mnode *m)
{
    return (uint16_t)(m - s->manager);
}

static void send_msg(struct sim *s, struct mnode *m, uint16_t slot, const struct msg *msg)
{
    uint16_t conn = m->conn_of[slot];

    if (conn == CONN_NONE) {
        return;
    }
    if (msg->kind == MSG_GRANT) {
        sim_trace(s, TRACE_GRANT, s->net.conn[conn].box, msg->grant.grant_seq, msg->grant.current_ma, msg->grant.reason);
        check_grant_sent(s, number_of(s, m), s->net.conn[conn].box, &msg->grant);
    }
    sim_send(s, conn, NET_DOWN, msg);
}

static void close_peer(struct sim *s, struct mnode *m, uint16_t slot)
{
    uint16_t conn = m->conn_of[slot];

    if (conn != CONN_NONE && s->net.conn[conn].end[NET_DOWN] == END_OPEN) {
        net_close(&s->net, conn, NET_DOWN, END_OVER, s->now_us);
        queue_push(&s->queue, s->now_us + sim_between(s, 0, 1000), ITEM_MANAGER_CLOSED, conn, s->net.conn[conn].generation);
    }
}

static void apply(struct sim *s, struct mnode *m, const struct mfx *fx)
{
    switch (fx->kind) {
    case MFX_SEND:
        send_msg(s, m, fx->send.peer, &fx->send.msg);
        break;
    case MFX_PEER_CLOSE:
        close_peer(s, m, fx->close.peer);
        break;
    case MFX_STORE:
        if (fx->store.kind != MSTORE_EVENT) {
            queue_push(&s->queue, mdisk_put(&m->disk, &s->rng, &fx->store, s->now_us), ITEM_MANAGER_DISK, number_of(s, m), m->p.life);
        }
        break;
    case MFX_NOTE:
        sim_trace(s, TRACE_MNOTE, fx->note.box, fx->note.kind, fx->note.a, fx->note.b);
        break;
    case MFX_UNSET:
        check_failed(__FILE__, __LINE__, "an effect has a kind");
    }
}

/* The books of a step that was interrupted are as old as the interruption: they are looked at after the next one. */
static void apply_all(struct sim *s, struct mnode *m, const struct mfx_list *fx, bool is_old)
{
    uint16_t number = number_of(s, m);

    check_manager_stepped(s, number, is_old);
    for (uint16_t i = 0; i < fx->n; i++) {
        apply(s, m, &fx->at[i]);
    }
    check_manager_applied(s, number);
    sim_wake(s, &m->p, ITEM_MANAGER_WAKE, number, manager_wake_ms(m->core));
}

/* What was borrowed for the step is gone when the process goes on. */
static bool has_borrowed(const struct mfx_list *fx)
{
    for (uint16_t i = 0; i < fx->n; i++) {
        if (fx->at[i].kind == MFX_STORE && (fx->at[i].store.kind == MSTORE_SESSION || fx->at[i].store.kind == MSTORE_SESSION_STARTED)) {
            return true;
        }
    }
    return false;
}

static void feed(struct sim *s, struct mnode *m, struct mev *e)
{
    e->now_ms = clock_ms(&m->p.clock, s->now_us);
    manager_step(m->core, e, s->mfx);
    CHECK(s->mfx->n <= MFX_MAX);
    sim_trace(s, TRACE_MANAGER, number_of(s, m), e->kind, s->mfx->n, manager_wake_ms(m->core));
    if (m->p.stop_next_us > 0 && !has_borrowed(s->mfx)) {
        m->p.stopped_us = chaos_until_us(s, m->p.stop_next_us);
        m->p.stop_next_us = 0;
        check_all_lost(s);
        m->held->n = s->mfx->n;
        memcpy(m->held->at, s->mfx->at, s->mfx->n * sizeof s->mfx->at[0]);
        queue_push(&s->queue, m->p.stopped_us, ITEM_MANAGER_EFFECTS, number_of(s, m), m->p.life);
        return;
    }
    apply_all(s, m, s->mfx, false);
}

void mnode_effects(struct sim *s, uint16_t manager)
{
    apply_all(s, &s->manager[manager], s->manager[manager].held, true);
}

void mnode_start(struct sim *s, uint16_t manager)
{
    struct mnode *m = &s->manager[manager];
    struct mev e = {.kind = MEV_START};

    CHECK(!m->p.is_up);
    m->core = manager_init(m->memory, &s->site, &m->params);
    for (uint16_t i = 0; i < PEER_MAX; i++) {
        m->conn_of[i] = CONN_NONE;
    }
    e.start.seed = rng_next(&s->rng);
    e.start.utc_ms = clock_utc_ms(&m->p.clock, s->now_us);
    e.start.epoch_stored = m->disk.kept.epoch;
    e.start.longest_lease_ms = m->disk.kept.longest_lease_ms;
    e.start.known = m->disk.kept.known;
    e.start.has_issued = true;
    e.start.issued = m->disk.kept.issued;
    e.start.issued_n = m->disk.kept.issued_n;
    e.start.is_foreign = m->disk.kept.is_foreign;
    e.start.is_fenced = m->disk.kept.is_fenced;
    m->p.is_up = true;
    m->p.is_dark = false;
    m->p.life++;
    m->p.stopped_us = 0;
    m->p.stop_next_us = 0;
    m->started_us = s->now_us;
    for (uint16_t i = 0; i < s->site.meter_n; i++) {
        m->has_news[i] = false;
        m->has_answered[i] = false;
        queue_push(&s->queue, s->now_us + sim_between(s, 5, 400) * MS_US, ITEM_METER, (uint16_t)(manager * METER_MAX + i), m->p.life);
    }
    check_manager_started(s, manager);
    feed(s, m, &e);
}

void mnode_crash(struct sim *s, uint16_t manager, bool is_dark)
{
    struct mnode *m = &s->manager[manager];

    CHECK(m->p.is_up);
    m->p.is_up = false;
    m->p.is_dark = is_dark;
    m->p.life++;
    m->p.stopped_us = 0;
    m->p.stop_next_us = 0;
    for (uint16_t i = 0; i < s->net.conn_n; i++) {
        struct conn *c = &s->net.conn[i];

        if (c->is_used && c->manager == manager) {
            c->is_told = false;
            if (c->end[NET_DOWN] == END_OPEN) {
                net_close(&s->net, i, NET_DOWN, is_dark ? END_LOST : END_OVER, s->now_us);
            }
            net_reap(&s->net, i);
        }
    }
    mdisk_crash(&m->disk, &s->rng);
    check_manager_gone(s, manager);
}

void mnode_wake(struct sim *s, uint16_t manager)
{
    struct mnode *m = &s->manager[manager];
    struct mev e = {.kind = MEV_TICK};

    m->p.wake_us = 0;
    if (manager_wake_ms(m->core) <= clock_ms(&m->p.clock, s->now_us)) {
        feed(s, m, &e);
    } else {
        sim_wake(s, &m->p, ITEM_MANAGER_WAKE, manager, manager_wake_ms(m->core));
    }
}

void mnode_disk(struct sim *s, uint16_t manager)
{
    struct mnode *m = &s->manager[manager];
    struct mjob job;
    struct mev e;

    if (!mdisk_done(&m->disk, s->now_us, &job)) {
        return;
    }
    sim_trace(s, TRACE_STORE, SIM_NONE, job.kind, (int64_t)job.ticket, !job.fails);
    if (job.ticket != 0) {
        e = (struct mev){.kind = job.fails ? MEV_STORE_FAILED : MEV_STORED, .stored = {.ticket = job.ticket}};
        feed(s, m, &e);
    }
}

static void free_slot(struct sim *s, struct conn *c)
{
    s->manager[c->manager].conn_of[c->slot] = CONN_NONE;
    c->is_told = false;
}

static void tell_closed(struct sim *s, struct conn *c)
{
    struct mev e = {.kind = MEV_PEER_CLOSED, .peer = {.peer = c->slot}};

    free_slot(s, c);
    feed(s, &s->manager[c->manager], &e);
}

void mnode_closed(struct sim *s, uint16_t conn)
{
    struct conn *c = &s->net.conn[conn];

    if (c->is_told) {
        tell_closed(s, c);
    }
    net_reap(&s->net, conn);
}

void mnode_command(struct sim *s, uint16_t manager, uint16_t box, enum manager_command command)
{
    struct mev e = {.kind = MEV_COMMAND, .command = {.box = box, .command = command}};

    feed(s, &s->manager[manager], &e);
}

void mnode_meter(struct sim *s, uint16_t manager, uint16_t meter)
{
    struct mnode *m = &s->manager[manager];
    const struct plant_meter *pm = &s->plant.meter[meter];
    int64_t takes_us = pm->fault == METER_LATE ? sim_between(s, 900, 1400) * MS_US : sim_between(s, 5, 60) * MS_US;
    uint16_t who = (uint16_t)(manager * METER_MAX + meter);

    queue_push(&s->queue, s->now_us + max_i64(pm->poll_us, takes_us), ITEM_METER, who, m->p.life);
    if (!m->has_news[meter] && plant_read(&s->plant, meter, s->now_us, m->news_ma[meter])) {
        m->has_news[meter] = true;
        m->read_us[meter] = s->now_us + takes_us / 2;
        queue_push(&s->queue, s->now_us + takes_us, ITEM_METER_NEWS, who, m->p.life);
    }
}

/* Of its registers: the same as long as they are (FNV-1a). */
static uint64_t digest_of(const int32_t ma[PHASE_N])
{
    uint64_t digest = UINT64_C(0xcbf29ce484222325);

    for (int p = 0; p < PHASE_N; p++) {
        digest = (digest ^ (uint32_t)ma[p]) * UINT64_C(0x100000001b3);
    }
    return digest | 1;
}

void mnode_meter_news(struct sim *s, uint16_t manager, uint16_t meter)
{
    struct mnode *m = &s->manager[manager];
    struct mev e = {.kind = MEV_METER, .meter = {.meter = meter, .sample = {.import_wh = -1, .export_wh = -1}}};
    struct meter_sample *sample = &e.meter.sample;

    m->has_news[meter] = false;
    m->has_answered[meter] = true;
    sample->taken_ms = clock_ms(&m->p.clock, m->read_us[meter]);
    for (int p = 0; p < PHASE_N; p++) {
        sample->current_ma[p] = m->news_ma[meter][p];
        sample->voltage_mv[p] = 230000;
        sample->power_w[p] = m->news_ma[meter][p] / 1000 * 230;
        sample->power_total_w += sample->power_w[p];
    }
    sample->digest = digest_of(m->news_ma[meter]);
    sim_trace(s, TRACE_METER, meter, sample->current_ma[0], sample->current_ma[1], sample->current_ma[2]);
    feed(s, m, &e);
}

static void take_frame(struct sim *s, struct conn *c, const uint8_t *body, uint32_t body_len)
{
    const char *field = "";
    struct msg m;
    enum rc rc = codec_decode(s->arena, body, body_len, &m, &field);
    struct mev e = {.kind = MEV_PEER_MSG, .peer_msg = {.peer = c->slot, .msg = &m}};

    if (rc != RC_OK) {
        check_failed(__FILE__, __LINE__, "a wallbox' message is allowed");
    }
    sim_trace(s, TRACE_MESSAGE, c->box, m.kind, 0, body_len);
    if (m.kind == MSG_STATUS) {
        s->check.told_ma[c->manager][c->box] = m.status.offered_ma;
    }
    feed(s, &s->manager[c->manager], &e);
}

static void take_bytes(struct sim *s, struct conn *c, const uint8_t *bytes, size_t len)
{
    uint32_t generation = c->generation;
    size_t done_len = 0;

    while (done_len < len && c->generation == generation && c->end[NET_DOWN] == END_OPEN && c->is_told) {
        size_t used_len = 0;
        const uint8_t *body = NULL;
        uint32_t body_len = 0;
        enum rc rc = frame_read(&c->pipe[NET_UP].reader, bytes + done_len, len - done_len, &used_len, &body, &body_len);

        done_len += used_len;
        CHECK(rc == RC_OK || rc == RC_AGAIN);
        if (rc == RC_OK) {
            take_frame(s, c, body, body_len);
        }
    }
}

/* The machine takes a connection on even while its program stands still. */
static void answer_dial(struct sim *s, uint16_t conn)
{
    struct conn *c = &s->net.conn[conn];
    struct mnode *m = &s->manager[c->manager];
    uint16_t slot = 0;

    if (c->end[NET_DOWN] != END_DIALING || m->p.is_dark) {
        return;
    }
    if (!m->p.is_up) {
        c->end[NET_DOWN] = END_OVER;
        net_say(&s->net, conn, NET_DOWN, PACKET_END, s->now_us);
        return;
    }
    while (slot < PEER_MAX && m->conn_of[slot] != CONN_NONE) {
        slot++;
    }
    CHECK(slot < PEER_MAX);
    m->conn_of[slot] = conn;
    c->slot = slot;
    c->end[NET_DOWN] = END_OPEN;
    net_say(&s->net, conn, NET_DOWN, PACKET_OPEN, s->now_us);
}

static void take_packet(struct sim *s, uint16_t conn, const struct packet *first)
{
    struct conn *c = &s->net.conn[conn];
    struct mev open = {.kind = MEV_PEER_OPEN, .peer = {.peer = c->slot}};
    uint8_t bytes[PACKET_LEN];
    uint16_t len = first->len;
    enum packet_kind kind = (enum packet_kind)first->kind;

    memcpy(bytes, first->at, len);
    net_drop_first(&s->net, conn, NET_UP);
    switch (kind) {
    case PACKET_OPEN:
        if (c->end[NET_DOWN] == END_OPEN) {
            c->is_told = true;
            feed(s, &s->manager[c->manager], &open);
        }
        break;
    case PACKET_END:
        if (c->end[NET_DOWN] == END_OPEN) {
            c->end[NET_DOWN] = END_OVER;
            if (c->is_told) {
                tell_closed(s, c);
            } else {
                free_slot(s, c);
            }
        } else if (c->end[NET_DOWN] == END_DIALING) {
            c->end[NET_DOWN] = END_OVER;
        }
        break;
    case PACKET_DATA:
        if (c->end[NET_DOWN] == END_OPEN) {
            take_bytes(s, c, bytes, len);
        } else if (!s->manager[c->manager].p.is_dark && c->end[NET_UP] == END_OPEN) {
            net_say(&s->net, conn, NET_DOWN, PACKET_END, s->now_us);
        }
        break;
    }
}

void mnode_pipe(struct sim *s, uint16_t conn)
{
    struct conn *c = &s->net.conn[conn];
    struct process *p = &s->manager[c->manager].p;
    uint32_t generation = c->generation;
    int64_t not_before_us = 0;

    while (c->generation == generation) {
        const struct packet *first = net_peek(&s->net, conn, NET_UP, s->now_us);

        if (first == NULL) {
            break;
        }
        if (c->is_void) {
            net_drop_first(&s->net, conn, NET_UP);
            continue;
        }
        if (first->kind == PACKET_OPEN) {
            answer_dial(s, conn);
        }
        if (p->is_up && p->stopped_us > s->now_us) {
            not_before_us = p->stopped_us + sim_between(s, 0, 2000);
            break;
        }
        take_packet(s, conn, net_peek(&s->net, conn, NET_UP, s->now_us));
    }
    if (c->generation == generation) {
        net_schedule(&s->net, conn, NET_UP, not_before_us);
        net_reap(&s->net, conn);
    }
}
