#include "tests/sim/chaos.h"

#include "common/base/units.h"
#include "tests/sim/cnode.h"
#include "tests/sim/draw.h"
#include "tests/sim/mnode.h"
#include "tests/sim/sim.h"

#define WRITING_TRIES 16
#define CHARGING_TRIES 16
#define CONFIG_START_US (300 * MS_US)
#define KEEP_CUT_PERMILLE 500
#define KEEP_CUT_MOST_US (4 * S_US)

#define FAULT_TEXT(name, text) [name] = text,
static const char *const texts[FAULT_N] = {FAULT_LIST(FAULT_TEXT)};
#undef FAULT_TEXT

const char *fault_text(enum fault f)
{
    return texts[f];
}

/* How long a fault that strikes now lasts: mostly short, sometimes long; it ends before the run heals. */
static int64_t draw_length_us(struct sim *s)
{
    int64_t us = sim_chance(s, 500) ? sim_between(s, 50, 3000) * MS_US : (sim_chance(s, 700) ? sim_between(s, 3, 15) * S_US : sim_between(s, 15, 60) * S_US);

    return min_i64(us, max_i64(s->chaos.end_us - s->now_us, 1));
}

static uint16_t any_box(struct sim *s)
{
    return (uint16_t)sim_between(s, 0, s->options.clients_n - 1);
}

/* Rather one that charges: that is where a lost message hurts. */
static uint16_t any_charging_box(struct sim *s)
{
    uint16_t box = any_box(s);

    for (int i = 0; i < CHARGING_TRIES && !s->client[box].board.is_closed; i++) {
        box = any_box(s);
    }
    return box;
}

/* A manager that runs; SIM_NONE when none does. */
static uint16_t any_manager(struct sim *s)
{
    uint16_t first = (uint16_t)sim_between(s, 0, SIM_MANAGER_MAX - 1);

    for (uint16_t i = 0; i < SIM_MANAGER_MAX; i++) {
        uint16_t k = (uint16_t)((first + i) % SIM_MANAGER_MAX);

        if (s->manager[k].p.is_up) {
            return k;
        }
    }
    return SIM_NONE;
}

static void hold(struct sim *s, uint16_t box, bool up, bool down, int64_t length_us)
{
    struct way *w = &s->way[box];

    if (up) {
        w->held_us[NET_UP] = max_i64(w->held_us[NET_UP], s->now_us + length_us);
    }
    if (down) {
        w->held_us[NET_DOWN] = max_i64(w->held_us[NET_DOWN], s->now_us + length_us);
    }
    check_lost(s, box);
}

/* A reset, or a connection that something on the way forgets. */
static void break_conn(struct sim *s, uint16_t box, bool is_void)
{
    uint16_t conn = s->client[box].conn;

    if (conn == CONN_NONE) {
        return;
    }
    check_lost(s, box);
    if (is_void) {
        s->net.conn[conn].is_void = true;
    } else {
        net_reset(&s->net, conn, s->now_us);
    }
}

/* Rather one whose disk is at work: that is when an end hurts. */
static uint16_t any_writing_box(struct sim *s)
{
    uint16_t box = any_box(s);

    for (int i = 0; i < WRITING_TRIES && s->client[box].disk.job_n == 0; i++) {
        box = any_box(s);
    }
    return box;
}

static void end_client(struct sim *s, bool is_dark, int64_t length_us)
{
    uint16_t box = any_writing_box(s);
    struct cnode *c = &s->client[box];

    if (c->p.is_up) {
        check_lost(s, box);
        cnode_crash(s, box, is_dark);
        queue_push(&s->queue, s->now_us + length_us, ITEM_CLIENT_START, box, c->p.life);
    }
}

static void end_manager(struct sim *s, bool is_dark, int64_t length_us)
{
    uint16_t k = any_manager(s);

    if (k != SIM_NONE) {
        check_all_lost(s);
        mnode_crash(s, k, is_dark);
        queue_push(&s->queue, s->now_us + length_us, ITEM_MANAGER_START, k, s->manager[k].p.life);
    }
}

static void stop_process(struct sim *s, struct process *p, bool is_stall, int64_t length_us)
{
    if (p->is_up && p->stopped_us <= s->now_us && p->stop_next_us == 0) {
        if (is_stall) {
            p->stop_next_us = length_us;
        } else {
            p->stopped_us = s->now_us + length_us;
        }
    }
}

static void stop_manager(struct sim *s, bool is_stall, int64_t length_us)
{
    uint16_t k = any_manager(s);

    if (k != SIM_NONE) {
        check_all_lost(s);
        stop_process(s, &s->manager[k].p, is_stall, length_us);
    }
}

static void meter_fault(struct sim *s, enum meter_fault fault, int64_t length_us)
{
    uint16_t meter;

    if (s->site.meter_n == 0) {
        return;
    }
    meter = (uint16_t)sim_between(s, 0, s->site.meter_n - 1);
    if (s->plant.meter[meter].fault == METER_FINE) {
        s->plant.meter[meter].fault = fault;
        s->plant.meter[meter].fault_us = s->now_us;
        check_meter_fault(s, meter);
        queue_push(&s->queue, s->now_us + length_us, ITEM_METER_FINE, meter, 0);
    }
}

/* The identity of the first manager is given to another machine, which everybody who dials from now on finds. The first one may live on. */
static void second_manager(struct sim *s)
{
    struct chaos *c = &s->chaos;

    if (!c->is_exported) {
        c->export = s->manager[0].disk.kept;
        c->is_exported = s->manager[0].disk.kept.epoch != 0;
        return;
    }
    if (s->manager[1].p.is_up || s->manager[1].is_imported) {
        return;
    }
    if (s->manager[0].p.is_up && sim_chance(s, 500)) {
        mnode_crash(s, 0, sim_chance(s, 500));
    }
    if (!s->manager[0].p.is_up) {
        s->manager[0].p.life++; /* it is not started again */
    }
    s->manager[1].disk.kept = c->export;
    s->manager[1].disk.kept.is_foreign = true;
    s->manager[1].disk.kept.is_fenced = false;
    for (uint16_t i = 0; i < s->options.clients_n; i++) { /* an import asks which wallboxes were added since */
        s->manager[1].disk.kept.known[i].has_met = true;
        s->client[i].address = 1;
        check_lost(s, i);
    }
    s->manager[1].is_imported = true;
    s->manager[1].params = s->manager[0].params;
    mnode_start(s, 1);
}

static void command(struct sim *s)
{
    uint16_t k = any_manager(s);
    static const enum manager_command commands[] = {MANAGER_PAUSE, MANAGER_RESUME, MANAGER_RESUME, MANAGER_STOP, MANAGER_START};

    if (k != SIM_NONE && s->manager[k].p.stopped_us <= s->now_us) {
        mnode_command(s, k, any_box(s), commands[sim_between(s, 0, 4)]);
    }
}

void chaos_keep(struct sim *s, uint16_t box, const struct client_keep *keep)
{
    const bool *on = s->chaos.is_on;
    struct cnode *c = &s->client[box];

    if (on[FAULT_CONFIG] && (on[FAULT_CLIENT_KILL] || on[FAULT_CLIENT_DARK]) && !s->is_healing && keep->fallback_ma < c->disk.keep.fallback_ma &&
        sim_chance(s, KEEP_CUT_PERMILLE)) {
        c->disk.most_us = KEEP_CUT_MOST_US;
        queue_push(&s->queue, s->now_us + sim_between(s, 50, KEEP_CUT_MOST_US / MS_US / 2) * MS_US, ITEM_KEEP_CUT, box, c->p.life);
    }
}

void chaos_keep_cut(struct sim *s, uint16_t box)
{
    struct cnode *c = &s->client[box];
    int64_t alone_us = sim_between(s, 20, 90) * S_US;

    if (s->is_healing || c->disk.job_n == 0) {
        return;
    }
    check_lost(s, box);
    cnode_crash(s, box, true);
    hold(s, box, true, true, chaos_until_us(s, alone_us) - s->now_us);
    queue_push(&s->queue, chaos_until_us(s, sim_between(s, 300, 3000) * MS_US), ITEM_CLIENT_START, box, c->p.life);
}

int64_t chaos_until_us(const struct sim *s, int64_t length_us)
{
    return min_i64(s->now_us + length_us, max_i64(s->chaos.end_us, s->now_us + 1));
}

/* A grant of an epoch that is over turns up, made by somebody who knows everything else: the epoch alone must stop it. */
static void ghost(struct sim *s, uint16_t box)
{
    const struct check_client *seen = &s->check.client[box];
    struct msg m = {.kind = MSG_GRANT};

    if (s->client[box].conn == CONN_NONE || EPOCH_COUNT(seen->epoch_seen) < 2 || seen->sent_n == 0) {
        return;
    }
    m.grant = (struct msg_grant){.epoch = seen->epoch_seen - (UINT64_C(1) << 32),
                                 .grant_seq = 1000000,
                                 .status_seq = (uint64_t)(s->client[box].disk.keep.boot_count) << 32 | seen->sent_n,
                                 .current_ma = s->client[box].params.rated_ma,
                                 .lease_ms = 10000,
                                 .reason = REASON_HOLD};
    sim_send(s, s->client[box].conn, NET_DOWN, &m);
}

void chaos_configure(struct sim *s, uint16_t manager)
{
    if (s->chaos.is_on[FAULT_CONFIG] && !s->manager[manager ^ 1].p.is_up && !s->is_healing) {
        if (s->has_fallbacks) {
            draw_fallbacks(s);
        }
        s->manager[manager].params.lease_ms = (int32_t)sim_between(s, 4, 15) * 1000;
    }
}

/* Faults of the network. True when it was one. */
static bool strike_net(struct sim *s, enum fault f, int64_t length_us)
{
    uint16_t box = any_box(s);

    switch ((int)f) {
    case FAULT_HOLD:
        hold(s, box, true, true, length_us);
        return true;
    case FAULT_HOLD_UP:
        hold(s, box, true, false, length_us);
        return true;
    case FAULT_HOLD_DOWN:
        hold(s, any_charging_box(s), false, true, length_us);
        return true;
    case FAULT_HOLD_ALL:
        for (uint16_t i = 0; i < s->options.clients_n; i++) {
            hold(s, i, true, true, length_us);
        }
        return true;
    case FAULT_GHOST:
        ghost(s, box);
        return true;
    case FAULT_RESET:
    case FAULT_VOID:
        break_conn(s, box, f == FAULT_VOID);
        return true;
    default:
        return false;
    }
}

static bool strike_process(struct sim *s, enum fault f, int64_t length_us)
{
    uint16_t box = any_box(s);

    switch ((int)f) {
    case FAULT_CLIENT_KILL:
    case FAULT_CLIENT_DARK:
        end_client(s, f == FAULT_CLIENT_DARK, length_us);
        return true;
    case FAULT_CLIENT_STOP:
    case FAULT_CLIENT_STALL:
        check_lost(s, box);
        stop_process(s, &s->client[box].p, f == FAULT_CLIENT_STALL, length_us);
        return true;
    case FAULT_MANAGER_KILL:
    case FAULT_MANAGER_DARK:
        end_manager(s, f == FAULT_MANAGER_DARK, length_us);
        return true;
    case FAULT_MANAGER_STOP:
    case FAULT_MANAGER_STALL:
        stop_manager(s, f == FAULT_MANAGER_STALL, length_us);
        return true;
    case FAULT_SECOND:
        second_manager(s);
        return true;
    case FAULT_CONFIG: /* takes effect at a start */
        end_manager(s, false, CONFIG_START_US);
        return true;
    default:
        return false;
    }
}

/* Disks: a fault goes on until the next strike turns it off, or the run heals. */
static bool strike_disk(struct sim *s, enum fault f)
{
    struct cdisk *c = &s->client[any_box(s)].disk;
    struct mdisk *m = &s->manager[sim_between(s, 0, SIM_MANAGER_MAX - 1)].disk;

    switch ((int)f) {
    case FAULT_CLIENT_DISK_SLOW:
        c->most_us = c->most_us > 100000 ? 15000 : (int32_t)sim_between(s, 200, 4000) * 1000;
        return true;
    case FAULT_CLIENT_DISK_FULL:
        c->is_full = !c->is_full;
        c->fail_permille = sim_chance(s, 500) ? (int32_t)sim_between(s, 1, 10) * 100 : 0;
        return true;
    case FAULT_MANAGER_DISK_SLOW:
        m->most_us = m->most_us > 100000 ? 15000 : (int32_t)sim_between(s, 200, 4000) * 1000;
        return true;
    case FAULT_MANAGER_DISK_FULL:
        m->is_full = !m->is_full;
        return true;
    case FAULT_MANAGER_DISK_FAILS:
        m->fail_permille = m->fail_permille > 0 ? 0 : 500;
        return true;
    default:
        return false;
    }
}

static void strike_other(struct sim *s, enum fault f, int64_t length_us)
{
    struct cnode *c = &s->client[any_box(s)];

    switch ((int)f) {
    case FAULT_METER_MUTE:
        meter_fault(s, METER_MUTE, length_us);
        break;
    case FAULT_METER_STUCK:
        meter_fault(s, METER_STUCK, length_us);
        break;
    case FAULT_METER_GARBAGE:
        meter_fault(s, METER_GARBAGE, length_us);
        break;
    case FAULT_METER_LATE:
        meter_fault(s, METER_LATE, length_us);
        break;
    case FAULT_WELD:
        c->board.is_welded = c->board.is_closed;
        c->board.was_welded = c->board.was_welded || c->board.is_welded;
        break;
    case FAULT_SILENT_BOARD:
        c->board.is_silent = true;
        queue_push(&s->queue, s->now_us + length_us, ITEM_BOARD_FINE, (uint16_t)(c - s->client), 0);
        break;
    case FAULT_HOT:
        c->board.temperature_mdegc = (int32_t)sim_between(s, 20, 90) * 1000;
        break;
    case FAULT_UTC:
        c->p.clock.utc_step_ms = sim_between(s, -100000, 100000) * 1000;
        c->p.clock.is_utc_set = sim_chance(s, 900);
        s->manager[0].p.clock.utc_step_ms = sim_between(s, -100000, 100000) * 1000;
        break;
    case FAULT_COMMAND:
        command(s);
        break;
    default: /* one that is drawn once and for all */
        break;
    }
}

static void strike_again(struct sim *s, enum fault f)
{
    int64_t in_us = sim_between(s, s->chaos.every_us[f] / 4, s->chaos.every_us[f] * 7 / 4);

    queue_push(&s->queue, s->now_us + in_us, ITEM_CHAOS, (uint16_t)f, 0);
}

void chaos_strike(struct sim *s, enum fault f)
{
    int64_t length_us = draw_length_us(s);

    if (s->is_healing) {
        return;
    }
    sim_trace(s, TRACE_FAULT, (uint16_t)f, (int64_t)f, length_us / MS_US, 0);
    s->chaos.last_us[f] = max_i64(s->chaos.last_us[f], s->now_us + length_us);
    if (!strike_net(s, f, length_us) && !strike_process(s, f, length_us) && !strike_disk(s, f)) {
        strike_other(s, f, length_us);
    }
    strike_again(s, f);
}

void chaos_begin(struct sim *s)
{
    struct chaos *c = &s->chaos;
    int32_t wildness_permille = (int32_t)sim_between(s, 50, 500);

    c->is_exported = false;
    c->end_us = s->options.chaos_us;
    for (int f = 0; f < FAULT_N; f++) {
        c->is_on[f] = sim_chance(s, wildness_permille) && !s->options.is_calm;
        c->every_us[f] = sim_between(s, 5, 90) * S_US;
        c->last_us[f] = INT64_MIN;
        if (c->is_on[f]) {
            strike_again(s, (enum fault)f);
        }
    }
}

void chaos_heal(struct sim *s)
{
    for (uint16_t i = 0; i < s->options.clients_n; i++) {
        struct cnode *c = &s->client[i];

        c->disk.most_us = 15000;
        c->disk.is_full = false;
        c->disk.fail_permille = 0;
        c->board.temperature_mdegc = 25000;
        c->p.stop_next_us = 0;
    }
    for (uint16_t k = 0; k < SIM_MANAGER_MAX; k++) {
        struct mnode *m = &s->manager[k];

        m->disk.most_us = 15000;
        m->disk.is_full = false;
        m->disk.fail_permille = 0;
        m->p.stop_next_us = 0;
    }
    if (s->manager[1].is_imported && s->manager[0].p.is_up) {
        mnode_crash(s, 0, false); /* people have found the second one and switched the first off */
    }
}
