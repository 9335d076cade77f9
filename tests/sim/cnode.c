#include "tests/sim/cnode.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"

#define SAMPLE_EVERY_US (500 * MS_US)
#define SAMPLE_APART_US (20 * MS_US)

void cnode_sample_soon(struct sim *s, uint16_t box, bool is_news)
{
    struct cnode *c = &s->client[box];
    int64_t at_us = c->sampled_us + SAMPLE_EVERY_US;

    if (!c->p.is_up) {
        return;
    }
    if (is_news) {
        at_us = max_i64(s->now_us + sim_between(s, 1, 8) * MS_US, c->sampled_us + SAMPLE_APART_US);
    }
    at_us = max_i64(at_us, s->now_us);
    if (c->sample_us > s->now_us && c->sample_us <= at_us) {
        return; /* one is on its way already */
    }
    c->sample_us = at_us;
    c->sample_n++;
    queue_push(&s->queue, at_us, ITEM_SAMPLE, box, c->sample_n);
}

static void apply_command(struct sim *s, uint16_t box, const struct board_command *command)
{
    struct cnode *c = &s->client[box];
    int64_t show_us = s->now_us + (c->board.apply_us > 0 ? sim_between(s, c->board.apply_us / 4, c->board.apply_us) : 0);

    sim_trace(s, TRACE_COMMAND, box, command->pilot_ma, command->contactor_closed, command->rearm_firing);
    if (!c->is_behind) {
        check_command(s, box, command);
    }
    board_take(&c->board, command, show_us, s->now_us);
    sim_board(s, box);
    cnode_sample_soon(s, box, true);
}

static void hang_up(struct sim *s, uint16_t box)
{
    struct cnode *c = &s->client[box];

    if (c->conn != CONN_NONE) {
        struct conn *conn = &s->net.conn[c->conn];

        net_close(&s->net, c->conn, NET_UP, END_OVER, s->now_us);
        queue_push(&s->queue, s->now_us + sim_between(s, 0, 1000), ITEM_CLIENT_DOWN, c->conn, conn->generation);
    }
}

static void send_msg(struct sim *s, uint16_t box, const struct msg *m)
{
    struct cnode *c = &s->client[box];

    if (m->kind == MSG_STATUS) {
        sim_trace(s, TRACE_STATUS, box, m->status.grant_seq, m->status.offered_ma, m->status.lease_left_ms);
        check_status_sent(s, box, &m->status);
    }
    if (c->conn != CONN_NONE) {
        sim_send(s, c->conn, NET_UP, m);
    }
}

static void disk_item(struct sim *s, uint16_t box, int64_t at_us)
{
    queue_push(&s->queue, at_us, ITEM_CLIENT_DISK, box, s->client[box].p.life);
}

static void apply(struct sim *s, uint16_t box, const struct cfx *fx)
{
    struct cnode *c = &s->client[box];

    switch (fx->kind) {
    case CFX_BOARD:
        apply_command(s, box, &fx->board);
        break;
    case CFX_LINK_DIAL:
        CHECK(c->conn == CONN_NONE);
        c->conn = net_dial(&s->net, box, c->address, s->now_us);
        queue_push(&s->queue, s->now_us + DIAL_LIMIT_US, ITEM_CLIENT_LIMIT, c->conn, s->net.conn[c->conn].generation);
        break;
    case CFX_LINK_CLOSE:
        hang_up(s, box);
        break;
    case CFX_SEND:
        send_msg(s, box, &fx->msg);
        break;
    case CFX_KEEP:
        chaos_keep(s, box, &fx->keep);
        disk_item(s, box, cdisk_keep(&c->disk, &s->rng, &fx->keep, fx->ticket, s->now_us));
        break;
    case CFX_JOURNAL_BEGIN:
    case CFX_JOURNAL_CHECKPOINT:
    case CFX_JOURNAL_END:
        disk_item(s, box, cdisk_session(&c->disk, &s->rng, fx->session, fx->ticket, s->now_us));
        break;
    case CFX_JOURNAL_ACKED:
        disk_item(s, box, cdisk_acked(&c->disk, &s->rng, &fx->id, fx->ticket, s->now_us));
        break;
    case CFX_RECORD_NEXT:
        if (!c->is_asked) {
            c->is_asked = true;
            disk_item(s, box, cdisk_next(&c->disk, &s->rng, s->now_us));
        }
        break;
    case CFX_NOTE:
        sim_trace(s, TRACE_CNOTE, box, fx->note.kind, fx->note.a, fx->note.b);
        break;
    case CFX_STOPPED:
    case CFX_UNSET:
        check_failed(__FILE__, __LINE__, "an effect that a wallbox has here");
    }
}

static void apply_all(struct sim *s, uint16_t box, const struct cfx_list *fx)
{
    CHECK(fx->n <= CFX_MAX);
    for (uint16_t i = 0; i < fx->n; i++) {
        apply(s, box, &fx->at[i]);
    }
    check_client_stepped(s, box);
    sim_wake(s, &s->client[box].p, ITEM_CLIENT_WAKE, box, client_wake_ms(s->client[box].core));
}

/* Stopped in the middle: what it decided is carried out when it goes on, if it ever does. */
static void stop_here(struct sim *s, uint16_t box)
{
    struct cnode *c = &s->client[box];

    c->p.stopped_us = chaos_until_us(s, c->p.stop_next_us);
    c->p.stop_next_us = 0;
    check_lost(s, box);
    c->held->n = s->cfx.n;
    memcpy(c->held->at, s->cfx.at, s->cfx.n * sizeof s->cfx.at[0]);
    queue_push(&s->queue, c->p.stopped_us, ITEM_CLIENT_EFFECTS, box, c->p.life);
}

void cnode_feed(struct sim *s, uint16_t box, struct cev *e)
{
    struct cnode *c = &s->client[box];

    e->now_ms = clock_ms(&c->p.clock, s->now_us);
    e->utc_ms = clock_utc_ms(&c->p.clock, s->now_us);
    client_step(c->core, e, &s->cfx);
    sim_trace(s, TRACE_CLIENT, box, e->kind, s->cfx.n, client_wake_ms(c->core));
    if (c->p.stop_next_us > 0) {
        stop_here(s, box);
        return;
    }
    apply_all(s, box, &s->cfx);
}

void cnode_start(struct sim *s, uint16_t box)
{
    struct cnode *c = &s->client[box];
    struct cev e = {.kind = CEV_START};
    struct journal_session open;

    CHECK(!c->p.is_up);
    c->core = client_init(c->memory, &c->params);
    c->starts_n++;
    c->conn = CONN_NONE;
    c->is_asked = false;
    c->has_sample = false;
    c->sample_us = 0;
    c->sampled_us = s->now_us;
    e.start.seed = rng_next(&s->rng);
    e.start.boot_id = rng_next(&s->rng) | 1;
    e.start.kernel_boot_id = c->kernel_boot_id;
    e.start.after_power_loss = c->p.is_dark;
    e.start.keep = c->disk.keep;
    e.start.open = cdisk_open(&c->disk, &open) ? &open : NULL;
    c->p.is_up = true;
    c->p.is_dark = false;
    c->p.life++;
    c->p.stopped_us = 0;
    c->p.stop_next_us = 0;
    check_client_started(s, box);
    board_attach(&c->board);
    cnode_feed(s, box, &e);
    cnode_sample_soon(s, box, true);
}

void cnode_crash(struct sim *s, uint16_t box, bool is_dark)
{
    struct cnode *c = &s->client[box];

    CHECK(c->p.is_up);
    c->p.is_up = false;
    c->p.is_dark = is_dark;
    c->p.life++;
    c->p.stopped_us = 0;
    c->p.stop_next_us = 0;
    c->sample_n++;
    if (is_dark) {
        c->kernel_boot_id = rng_next(&s->rng) | 1;
    }
    if (c->conn != CONN_NONE) {
        net_close(&s->net, c->conn, NET_UP, is_dark ? END_LOST : END_OVER, s->now_us);
        s->net.conn[c->conn].is_kept = false;
        net_reap(&s->net, c->conn);
        c->conn = CONN_NONE;
    }
    cdisk_crash(&c->disk, &s->rng);
    board_detach(&c->board, s->now_us);
    sim_board(s, box);
}

void cnode_wake(struct sim *s, uint16_t box)
{
    struct cev e = {.kind = CEV_TICK};

    s->client[box].p.wake_us = 0;
    cnode_feed(s, box, &e);
}

void cnode_disk(struct sim *s, uint16_t box)
{
    struct cnode *c = &s->client[box];
    struct msg_session_record record;
    struct cjob job;
    struct cev e;

    if (!cdisk_done(&c->disk, s->now_us, &job)) {
        return;
    }
    sim_trace(s, TRACE_STORE, box, job.kind, (int64_t)job.ticket, !job.fails);
    if (job.kind == CJOB_NEXT) {
        bool is_there = !job.fails && cdisk_oldest(&c->disk, clock_ms(&c->p.clock, s->now_us), &record);

        c->is_asked = false;
        e = (struct cev){.kind = CEV_RECORD, .record = {.record = is_there ? &record : NULL}};
    } else if (job.ticket == 0) {
        return;
    } else {
        e = (struct cev){.kind = job.fails ? CEV_STORE_FAILED : CEV_STORED, .ticket = job.ticket};
    }
    cnode_feed(s, box, &e);
}

void cnode_sample(struct sim *s, uint16_t box)
{
    struct cnode *c = &s->client[box];
    struct cev e = {.kind = CEV_BOARD};

    c->sample_us = 0;
    c->sampled_us = s->now_us;
    if (c->p.stopped_us > s->now_us) { /* the pipe keeps the oldest reading; the program will take it for new, as its clock says nothing else */
        if (!c->has_sample && !c->board.is_silent) {
            c->has_sample = true;
            board_read(&c->board, 0, &c->sample);
        }
        c->sample_us = c->p.stopped_us + sim_between(s, 0, 2000);
        c->sample_n++;
        queue_push(&s->queue, c->sample_us, ITEM_SAMPLE, box, c->sample_n);
        return;
    }
    if (c->has_sample) {
        c->has_sample = false;
        e.board = c->sample;
        cnode_sample_soon(s, box, true);
    } else if (c->board.is_silent) {
        cnode_sample_soon(s, box, false);
        return;
    } else {
        board_read(&c->board, 0, &e.board);
        cnode_sample_soon(s, box, false);
    }
    e.board.taken_ms = clock_ms(&c->p.clock, s->now_us);
    cnode_feed(s, box, &e);
}

void cnode_effects(struct sim *s, uint16_t box)
{
    s->client[box].is_behind = true;
    apply_all(s, box, s->client[box].held);
    s->client[box].is_behind = false;
}

void cnode_link_down(struct sim *s, uint16_t box)
{
    struct cev e = {.kind = CEV_LINK_DOWN};

    s->net.conn[s->client[box].conn].is_kept = false;
    s->client[box].conn = CONN_NONE;
    check_linked(s, box);
    sim_trace(s, TRACE_LINK, box, e.kind, s->client[box].address, 0);
    cnode_feed(s, box, &e);
}

void cnode_down(struct sim *s, uint16_t box, uint16_t conn)
{
    if (s->client[box].conn == conn) {
        cnode_link_down(s, box);
    }
    net_reap(&s->net, conn);
}

void cnode_limit(struct sim *s, uint16_t conn)
{
    struct conn *c = &s->net.conn[conn];
    uint16_t box = c->box;

    if (s->client[box].conn == conn && c->end[NET_UP] == END_DIALING) {
        if (c->end[NET_DOWN] == END_DIALING) {
            net_give_up(&s->net, conn);
        } else {
            net_close(&s->net, conn, NET_UP, END_OVER, s->now_us);
        }
        cnode_link_down(s, box);
    }
    net_reap(&s->net, conn);
}
