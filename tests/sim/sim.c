#include "tests/sim/sim.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "tests/sim/cnode.h"
#include "tests/sim/draw.h"
#include "tests/sim/mnode.h"

#define SETTLED_AFTER_US (100 * S_US) /* of the second part: then people stay where they are */

bool sim_chance(struct sim *s, int32_t permille)
{
    return rng_range(&s->rng, 0, 999) < permille;
}

int64_t sim_between(struct sim *s, int64_t lo, int64_t hi)
{
    return rng_range(&s->rng, lo, hi);
}

void sim_wake(struct sim *s, struct process *p, enum sim_item kind, uint16_t who, int64_t ms)
{
    int64_t due_us = clock_reach_us(&p->clock, ms);
    int64_t at_us = max_i64(due_us, s->now_us + MS_US);

    if (p->wake_us >= at_us && p->wake_us <= at_us + p->slack_us) {
        return; /* the alarm that is set will do */
    }
    p->wake_n++;
    p->wake_us = 0;
    if (due_us != INT64_MAX) {
        p->wake_us = at_us + (p->slack_us > 0 ? sim_between(s, 0, p->slack_us) : 0);
        queue_push(&s->queue, p->wake_us, (uint16_t)kind, who, p->wake_n);
    }
}

void sim_send(struct sim *s, uint16_t conn, enum net_dir dir, const struct msg *m)
{
    uint8_t frame[FRAME_PREFIX_LEN + 8192];
    size_t len = 0;
    enum rc rc = codec_encode(m, frame + FRAME_PREFIX_LEN, sizeof frame - FRAME_PREFIX_LEN, &len);

    if (rc != RC_OK) {
        check_broken(s, "message", "%s cannot be encoded: %s", msg_kind_text(m->kind), rc_text(rc));
        return;
    }
    frame_prefix((uint32_t)len, frame);
    net_send(&s->net, conn, dir, frame, (uint32_t)len + FRAME_PREFIX_LEN, s->now_us);
}

void sim_board(struct sim *s, uint16_t box)
{
    struct cnode *c = &s->client[box];
    int32_t before_ma[PHASE_N];
    uint32_t firings_n = c->board.firings_n;
    bool is_changed = board_step(&c->board, s->now_us);
    int64_t next_us;

    if (c->board.firings_n != firings_n) {
        sim_trace(s, TRACE_FIRED, box, c->board.firings_n, c->board.is_latched, c->board.is_closed);
    }
    if (is_changed) {
        memcpy(before_ma, c->drawn_ma, sizeof before_ma);
        phase_to_site(s->site.box[box].phases, c->board.drawn_ma, c->drawn_ma);
        plant_move_box(&s->plant, s->site.box[box].node, before_ma, c->drawn_ma);
        sim_trace(s, TRACE_BOARD, box, c->board.pilot_ma, c->board.is_closed, max_i32(c->drawn_ma[0], max_i32(c->drawn_ma[1], c->drawn_ma[2])));
        check_board(s, box, before_ma);
        cnode_sample_soon(s, box, true);
    }
    next_us = board_next_us(&c->board, s->now_us);
    if (next_us != c->board_us) {
        c->board_us = next_us;
        c->board_n++;
        if (next_us != INT64_MAX) {
            queue_push(&s->queue, next_us, ITEM_BOARD, box, c->board_n);
        }
    }
}

/* The process that an item is for; NULL: for none. */
static struct process *process_of(struct sim *s, const struct item *it)
{
    switch ((enum sim_item)it->kind) {
    case ITEM_CLIENT_WAKE:
    case ITEM_CLIENT_DISK:
    case ITEM_CLIENT_EFFECTS:
        return &s->client[it->who].p;
    case ITEM_MANAGER_WAKE:
    case ITEM_MANAGER_DISK:
    case ITEM_MANAGER_EFFECTS:
        return &s->manager[it->who].p;
    case ITEM_METER:
    case ITEM_METER_NEWS:
        return &s->manager[it->who / METER_MAX].p;
    case ITEM_CLIENT_DOWN:
    case ITEM_CLIENT_LIMIT:
        return &s->client[s->net.conn[it->who].box].p;
    case ITEM_MANAGER_CLOSED:
        return &s->manager[s->net.conn[it->who].manager].p;
    default:
        return NULL;
    }
}

/* What was meant for an earlier life, connection or plan is for nobody. */
static bool is_current(const struct sim *s, const struct item *it, const struct process *p)
{
    switch ((enum sim_item)it->kind) {
    case ITEM_CLIENT_WAKE:
    case ITEM_MANAGER_WAKE:
        return p->is_up && it->generation == p->wake_n;
    case ITEM_CLIENT_DISK:
    case ITEM_CLIENT_EFFECTS:
    case ITEM_MANAGER_DISK:
    case ITEM_MANAGER_EFFECTS:
    case ITEM_METER:
    case ITEM_METER_NEWS:
        return p->is_up && it->generation == p->life;
    case ITEM_KEEP_CUT:
        return s->client[it->who].p.is_up && it->generation == s->client[it->who].p.life;
    case ITEM_CLIENT_START:
        return it->generation == s->client[it->who].p.life;
    case ITEM_MANAGER_START:
        return it->generation == s->manager[it->who].p.life;
    case ITEM_CLIENT_DOWN:
    case ITEM_CLIENT_LIMIT:
    case ITEM_MANAGER_CLOSED:
        return it->generation == s->net.conn[it->who].generation;
    case ITEM_PIPE:
        return it->generation == s->net.conn[it->who / NET_DIRS].generation;
    case ITEM_SAMPLE:
        return s->client[it->who].p.is_up && it->generation == s->client[it->who].sample_n;
    case ITEM_BOARD:
        return it->generation == s->client[it->who].board_n;
    default:
        return true;
    }
}

static void next_part(struct sim *s, uint16_t part)
{
    sim_trace(s, TRACE_PHASE, part, part, 0, 0);
    if (part == 0) {
        s->is_healing = true;
        chaos_heal(s);
        check_healed(s);
    } else if (part == 1) {
        s->is_settled = true;
        check_settled(s);
        for (uint16_t i = 0; i < s->options.clients_n; i++) {
            struct vehicle_spec *v = &s->client[i].board.vehicle.spec;

            v->over_permille = 1000;
            v->dip_every_us = 0;
            sim_board(s, i);
        }
    } else {
        s->is_over = true;
        check_end(s);
    }
}

/* Items of the world outside of the programs. */
static void handle_world(struct sim *s, const struct item *it)
{
    switch ((enum sim_item)it->kind) {
    case ITEM_BOARD:
        s->client[it->who].board_us = 0;
        sim_board(s, it->who);
        break;
    case ITEM_REFRESH:
        plant_refresh(&s->plant, it->who);
        queue_push(&s->queue, s->now_us + s->plant.meter[it->who].refresh_us, ITEM_REFRESH, it->who, 0);
        break;
    case ITEM_BASE:
        if (!s->is_settled) {
            queue_push(&s->queue, draw_base(s, it->who), ITEM_BASE, it->who, 0);
        }
        break;
    case ITEM_DRIVER:
        if (!s->is_settled) {
            queue_push(&s->queue, draw_driver(s, it->who), ITEM_DRIVER, it->who, 0);
        }
        break;
    case ITEM_CHAOS:
        chaos_strike(s, (enum fault)it->who);
        break;
    case ITEM_KEEP_CUT:
        chaos_keep_cut(s, it->who);
        break;
    case ITEM_METER_FINE:
        s->plant.meter[it->who].fault = METER_FINE;
        break;
    case ITEM_BOARD_FINE:
        s->client[it->who].board.is_silent = false;
        check_lost(s, it->who); /* it could not be told anything until now */
        break;
    case ITEM_PART:
        next_part(s, it->who);
        break;
    case ITEM_LOOK:
        check_look(s);
        queue_push(&s->queue, s->now_us + S_US, ITEM_LOOK, 0, 0);
        break;
    default:
        CHECK(false);
    }
}

static void handle(struct sim *s, const struct item *it)
{
    switch ((enum sim_item)it->kind) {
    case ITEM_CLIENT_WAKE:
        cnode_wake(s, it->who);
        break;
    case ITEM_CLIENT_DISK:
        cnode_disk(s, it->who);
        break;
    case ITEM_CLIENT_DOWN:
        cnode_down(s, it->who == SIM_NONE ? 0 : s->net.conn[it->who].box, it->who);
        break;
    case ITEM_CLIENT_LIMIT:
        cnode_limit(s, it->who);
        break;
    case ITEM_CLIENT_EFFECTS:
        cnode_effects(s, it->who);
        break;
    case ITEM_CLIENT_START:
        cnode_start(s, it->who);
        break;
    case ITEM_SAMPLE:
        cnode_sample(s, it->who);
        break;
    case ITEM_MANAGER_WAKE:
        mnode_wake(s, it->who);
        break;
    case ITEM_MANAGER_DISK:
        mnode_disk(s, it->who);
        break;
    case ITEM_MANAGER_CLOSED:
        mnode_closed(s, it->who);
        break;
    case ITEM_MANAGER_EFFECTS:
        mnode_effects(s, it->who);
        break;
    case ITEM_MANAGER_START:
        if (it->who != 0 || !s->is_healing || !s->manager[1].is_imported) { /* people have switched the first one off */
            chaos_configure(s, it->who);
            mnode_start(s, it->who);
        }
        break;
    case ITEM_METER:
        mnode_meter(s, it->who / METER_MAX, it->who % METER_MAX);
        break;
    case ITEM_METER_NEWS:
        mnode_meter_news(s, it->who / METER_MAX, it->who % METER_MAX);
        break;
    case ITEM_PIPE:
        s->net.conn[it->who / NET_DIRS].pipe[it->who % NET_DIRS].is_scheduled = false;
        if (it->who % NET_DIRS == NET_UP) {
            mnode_pipe(s, it->who / NET_DIRS);
        } else {
            cnode_pipe(s, it->who / NET_DIRS);
        }
        break;
    default:
        handle_world(s, it);
        break;
    }
}

/* Whatever comes for a stopped process waits until it goes on, then comes in an order of its own; the rest of an interrupted step first. */
static bool waits(struct sim *s, const struct item *it, const struct process *p)
{
    if (p == NULL || p->stopped_us <= s->now_us || it->kind == ITEM_CLIENT_EFFECTS || it->kind == ITEM_MANAGER_EFFECTS) {
        return false;
    }
    queue_push(&s->queue, p->stopped_us + sim_between(s, 1, 2000), it->kind, it->who, it->generation);
    return true;
}

static void begin(struct sim *s)
{
    plant_init(&s->plant, &s->site);
    chaos_begin(s);
    draw_site(s);
    net_init(&s->net);
    check_init(s);
    for (uint16_t i = 0; i < s->site.meter_n; i++) {
        queue_push(&s->queue, 0, ITEM_REFRESH, i, 0);
    }
    for (uint16_t i = 0; i < s->site.node_n; i++) {
        queue_push(&s->queue, sim_between(s, 0, 10) * S_US, ITEM_BASE, i, 0);
    }
    for (uint16_t i = 0; i < s->options.clients_n; i++) {
        queue_push(&s->queue, sim_between(s, 0, 2000) * MS_US, ITEM_CLIENT_START, i, s->client[i].p.life);
        queue_push(&s->queue, sim_between(s, 0, 60) * S_US, ITEM_DRIVER, i, 0);
    }
    queue_push(&s->queue, sim_between(s, 0, 1000) * MS_US, ITEM_MANAGER_START, 0, s->manager[0].p.life);
    queue_push(&s->queue, S_US, ITEM_LOOK, 0, 0);
    queue_push(&s->queue, s->options.chaos_us, ITEM_PART, 0, 0);
    queue_push(&s->queue, s->options.chaos_us + SETTLED_AFTER_US, ITEM_PART, 1, 0);
    queue_push(&s->queue, s->options.chaos_us + s->options.heal_us, ITEM_PART, 2, 0);
}

bool sim_run(struct sim *s, uint64_t seed, const struct sim_options *options)
{
    struct item it;

    CHECK(options->clients_n <= SIM_BOX_MAX);
    s->seed = seed;
    s->options = *options;
    s->rng.state = seed * UINT64_C(0x2545F4914F6CDD1D) + 1;
    s->now_us = 0;
    s->events_n = 0;
    s->is_healing = false;
    s->is_settled = false;
    s->is_over = false;
    queue_init(&s->queue);
    trace_init(&s->trace, options->is_traced);
    begin(s);
    while (!s->is_over && !s->check.is_failed && queue_pop(&s->queue, &it)) {
        struct process *p = process_of(s, &it);

        s->now_us = it.at_us;
        if (!is_current(s, &it, p) || waits(s, &it, p)) {
            continue;
        }
        s->events_n++;
        check_time(s);
        handle(s, &it);
    }
    return !s->check.is_failed;
}

static void *memory(size_t n, size_t len)
{
    void *at = calloc(n, len);

    if (at == NULL) {
        (void)fprintf(stderr, "sim: no memory\n");
        exit(2);
    }
    return at;
}

struct sim *sim_new(uint16_t clients_n)
{
    struct sim *s = memory(1, sizeof *s);

    s->mfx = memory(1, sizeof *s->mfx);
    s->arena = memory(1, sizeof *s->arena);
    s->net.queue = &s->queue;
    s->net.rng = &s->rng;
    s->net.item_kind = ITEM_PIPE;
    s->net.conn_n = (uint16_t)(clients_n * 24 + 64);
    s->net.conn = memory(s->net.conn_n, sizeof s->net.conn[0]);
    s->net.bodies = memory((size_t)s->net.conn_n * NET_DIRS, FRAME_MAX);
    s->net.way = s->way;
    s->net.packet_n = (uint16_t)(clients_n * 128 + 1024);
    s->net.packet = memory(s->net.packet_n, sizeof s->net.packet[0]);
    for (uint16_t i = 0; i < clients_n; i++) {
        s->client[i].memory = memory(1, client_size());
        s->client[i].held = memory(1, sizeof *s->client[i].held);
    }
    for (uint16_t k = 0; k < SIM_MANAGER_MAX; k++) {
        s->manager[k].memory = memory(1, manager_size());
        s->manager[k].held = memory(1, sizeof *s->manager[k].held);
    }
    return s;
}
