#include "tests/unit/manager/core/fleet_rig.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

static void step(struct rig *r, struct mev *e);

void rig_init(struct rig *r, uint16_t n, int32_t limit_ma, bool has_meter)
{
    memset(r, 0, sizeof *r);
    manager_params_defaults(&r->params);
    r->site.node_n = 1;
    r->site.box_n = n;
    r->site.meter_n = has_meter ? 1 : 0;
    r->site.node[0] = (struct site_node){.id = "grid", .parent = NODE_NONE, .reserve_ma = has_meter ? 500 : 0};
    for (int p = 0; p < PHASE_N; p++) {
        r->site.node[0].limit_ma[p] = limit_ma;
        r->site.node[0].base_load_worst_ma[p] = has_meter ? 5000 : MA_UNSET;
    }
    r->site.meter[0] = (struct site_meter){.id = "house", .model = "tq_em300_lr", .role = METER_HOUSE, .phases = PHASES_L1_L2_L3, .lag_ms = 1000};
    for (uint16_t i = 0; i < n; i++) {
        struct site_box *b = &r->site.box[i];

        *b = (struct site_box){.phases = PHASES_L1_L2_L3, .min_ma = 6000, .max_ma = 32000, .priority = 5, .weight = 1};
        snprintf(b->serial, sizeof b->serial, "W%u", (unsigned)i);
        r->client[i] = (struct rig_client){.vehicle_ma = 32000, .terminals = PHASE_ALL, .boot_id = 100u + i};
        r->known[i].fallback_ma = MA_UNSET;
    }
    r->manager = calloc(1, manager_size());
    r->fx = calloc(1, sizeof *r->fx);
    r->view = calloc(1, sizeof *r->view);
    cr_assert(r->manager != NULL && r->fx != NULL && r->view != NULL);
    r->is_meter_on = has_meter;
    r->cut_sent_ma = MA_UNSET;
    r->now_ms = 1000000;
}

void rig_free(struct rig *r)
{
    free(r->manager);
    free(r->fx);
    free(r->view);
}

int32_t rig_offer_ma(const struct rig *r, uint16_t i)
{
    const struct rig_client *c = &r->client[i];

    if (!c->is_plugged) {
        return 0;
    }
    if (r->now_ms < c->lease_end_ms) {
        return c->granted_ma;
    }
    return min_i32(c->granted_ma, c->fallback_ma);
}

int32_t rig_drawn_ma(const struct rig *r, uint16_t i)
{
    int32_t ma = min_i32(rig_offer_ma(r, i), r->client[i].vehicle_ma);

    ma += ma > 0 ? r->client[i].excess_ma : 0;
    return r->client[i].is_overdrawing && ma > 0 ? ma + 6000 : ma;
}

void rig_disk(struct rig *r, bool is_stored)
{
    struct mev e = {.kind = is_stored ? MEV_STORED : MEV_STORE_FAILED};

    cr_assert_gt(r->waiting_n, 0);
    e.stored.ticket = r->waiting[0];
    r->waiting_n--;
    memmove(&r->waiting[0], &r->waiting[1], r->waiting_n * sizeof r->waiting[0]);
    step(r, &e);
}

static void take_grant(struct rig *r, uint16_t i, const struct msg_grant *g)
{
    struct rig_client *c = &r->client[i];
    uint32_t n = (uint32_t)g->status_seq;

    if (n == 0 || n > c->status_n) {
        return; /* answers nothing that this connection sent */
    }
    cr_assert_lt(c->status_n - n, RIG_HISTORY);
    cr_assert_gt(grant_order(g->epoch, g->grant_seq, c->grant_epoch, c->is_deaf ? 0 : c->grant_seq), 0, "grants come in order");
    if (g->current_ma < c->granted_ma) {
        r->cut_sent_ma = g->current_ma;
    }
    c->granted_ma = g->current_ma;
    c->grant_n++;
    c->lease_end_ms = c->status_sent_ms[n % RIG_HISTORY] + g->lease_ms;
    c->newest_lease_ms = g->lease_ms;
    if (!c->is_deaf) {
        c->grant_epoch = g->epoch;
        c->grant_seq = g->grant_seq;
    }
}

static void take_config(struct rig *r, uint16_t i, const struct msg_config_set *m)
{
    struct rig_client *c = &r->client[i];
    struct msg ack = {.kind = MSG_CONFIG_ACK, .config_ack = {.version = m->version, .result = RESULT_DONE}};

    c->config = *m;
    c->config_n++;
    c->card_n = m->cards_from;
    for (uint16_t k = 0; k < m->cards_n; k++) {
        cr_assert_lt(c->card_n, sizeof c->card / sizeof c->card[0]);
        c->card[c->card_n++] = m->cards[k];
    }
    if (!c->is_config_lost) {
        rig_say(r, i, &ack);
    }
}

static void take_msg(struct rig *r, uint16_t i, const struct msg *m)
{
    struct rig_client *c = &r->client[i];
    struct msg ack = {.kind = MSG_FALLBACK_ACK};

    switch ((int)m->kind) {
    case MSG_WELCOME:
        c->epoch_seen = m->welcome.epoch;
        c->next_status_ms = r->now_ms;
        break;
    case MSG_REJECT:
        c->rejected = m->reject.reason;
        break;
    case MSG_GRANT:
        take_grant(r, i, &m->grant);
        break;
    case MSG_FALLBACK_SET:
        if (c->is_fallback_deaf) {
            break;
        }
        c->fallback_ma = m->fallback_set.fallback_ma;
        c->rise_after_ms = m->fallback_set.rise_after_ms;
        ack.fallback_ack.seq = m->fallback_set.seq;
        ack.fallback_ack.fallback_ma = c->fallback_ma;
        ack.fallback_ack.rise_after_ms = m->fallback_set.rise_after_ms;
        rig_say(r, i, &ack);
        break;
    case MSG_RECORD_ACK:
        c->ack_n++;
        break;
    case MSG_AUTHORIZE_RESULT:
        c->verdict = m->authorize_result;
        c->verdict_n++;
        break;
    case MSG_CONFIG_SET:
        take_config(r, i, &m->config_set);
        break;
    default:
        break;
    }
}

static uint16_t client_of(const struct rig *r, uint16_t peer)
{
    for (uint16_t i = 0; i < r->site.box_n; i++) {
        if (r->client[i].is_on && r->client[i].peer == peer) {
            return i;
        }
    }
    return BOX_MAX;
}

static void store(struct rig *r, const struct mfx_store *s)
{
    if (s->kind == MSTORE_EPOCH && !r->does_store_fail) {
        if (s->epoch.epoch != r->epoch_stored) {
            r->issued[r->issued_n] = s->epoch.epoch;
            r->issued_n++;
        }
        r->epoch_stored = s->epoch.epoch;
        r->is_foreign = s->epoch.is_foreign;
        r->is_fenced = s->epoch.is_fenced;
        r->longest_lease_ms = s->epoch.longest_lease_ms;
    }
    if (s->kind == MSTORE_BOX && !r->does_store_fail) {
        r->known[s->box].fallback_ma = s->known.fallback_ma;
        r->known[s->box].has_met = true;
        r->known[s->box].is_unwatched = s->known.is_unwatched;
    }
    if (s->ticket != 0) {
        cr_assert_lt(r->waiting_n, 64);
        r->waiting[r->waiting_n] = s->ticket;
        r->waiting_n++;
    }
}

/* Every client that is heard or was granted something offers no more than the manager books for it (S1). */
static void check_booked(struct rig *r)
{
    manager_view(r->manager, r->now_ms, r->view);
    for (uint16_t i = 0; i < r->site.box_n && !r->view->is_restarting; i++) {
        cr_assert_leq(rig_offer_ma(r, i), r->view->box[i].exposure_ma, "W%u offers %d, booked %d at %lld", (unsigned)i, (int)rig_offer_ma(r, i),
                      (int)r->view->box[i].exposure_ma, (long long)r->now_ms);
    }
}

static void step(struct rig *r, struct mev *e)
{
    struct msg sent[64];
    uint16_t to[64];
    uint16_t n = 0;

    e->now_ms = r->now_ms;
    manager_step(r->manager, e, r->fx);
    for (uint16_t f = 0; f < r->fx->n; f++) {
        const struct mfx *fx = &r->fx->at[f];

        if (fx->kind == MFX_SEND) {
            cr_assert_lt(n, 64);
            sent[n] = fx->send.msg;
            to[n] = fx->send.peer;
            n++;
        } else if (fx->kind == MFX_STORE) {
            store(r, &fx->store);
        } else if (fx->kind == MFX_PEER_CLOSE) {
            r->close_n++;
        } else if (fx->kind == MFX_NOTE) {
            r->note_n[fx->note.kind]++;
        }
    }
    for (uint16_t i = 0; i < n; i++) {
        if (client_of(r, to[i]) != BOX_MAX) {
            take_msg(r, client_of(r, to[i]), &sent[i]);
        }
    }
    while (!r->does_store_wait && r->waiting_n > 0) {
        rig_disk(r, !r->does_store_fail);
    }
}

void rig_start(struct rig *r)
{
    struct mev e = {.kind = MEV_START, .start = {.seed = 1, .epoch_stored = r->epoch_stored, .longest_lease_ms = r->longest_lease_ms, .known = r->known}};

    e.start.has_issued = true;
    e.start.issued = r->issued;
    e.start.issued_n = r->issued_n;
    e.start.is_foreign = r->is_foreign;
    e.start.is_fenced = r->is_fenced;
    for (uint16_t i = 0; i < r->site.box_n; i++) {
        r->client[i].is_on = false;
    }
    r->waiting_n = 0;
    r->next_meter_ms = r->now_ms + 300;
    manager_init(r->manager, &r->site, &r->params);
    step(r, &e);
}

void rig_say(struct rig *r, uint16_t i, const struct msg *msg)
{
    struct mev e = {.kind = MEV_PEER_MSG, .peer_msg = {.peer = r->client[i].peer, .msg = msg}};

    step(r, &e);
}

void rig_client_start(struct rig *r, uint16_t i, bool is_plugged)
{
    struct rig_client *c = &r->client[i];
    struct mev e = {.kind = MEV_PEER_OPEN};
    struct msg hello = {.kind = MSG_HELLO,
                        .hello = {.model = MODEL_PLUS,
                                  .wired_n = 3,
                                  .max_ma = 32000,
                                  .watchdog = c->is_unwatched ? WATCHDOG_NONE : WATCHDOG_HARDWARE,
                                  .epoch_seen = c->epoch_seen,
                                  .fallback_ma = c->fallback_ma,
                                  .rise_after_ms = c->rise_after_ms,
                                  .protocol_major = LINK_PROTOCOL_MAJOR,
                                  .protocol_minor = LINK_PROTOCOL_MINOR,
                                  .boot_id = c->boot_id}};

    c->is_on = true;
    c->is_plugged = is_plugged;
    c->peer = (uint16_t)(i + 7);
    c->next_status_ms = MS_FOREVER;
    c->rejected = REJECT_UNSET;
    e.peer.peer = c->peer;
    cr_assert_eq(text_copy(hello.hello.serial, sizeof hello.hello.serial, r->site.box[i].serial), RC_OK);
    step(r, &e);
    rig_say(r, i, &hello);
}

void rig_client_cut(struct rig *r, uint16_t i)
{
    struct mev e = {.kind = MEV_PEER_CLOSED, .peer = {.peer = r->client[i].peer}};

    r->client[i].is_on = false;
    step(r, &e);
}

static void send_status(struct rig *r, uint16_t i)
{
    struct rig_client *c = &r->client[i];
    struct msg m = {.kind = MSG_STATUS};
    struct msg_status *s = &m.status;

    c->status_n++;
    c->status_sent_ms[c->status_n % RIG_HISTORY] = r->now_ms;
    c->next_status_ms = r->now_ms + r->params.status_ms;
    c->told_ma = rig_offer_ma(r, i);
    s->status_seq = c->status_n;
    s->boot_id = c->boot_id;
    s->epoch = c->grant_epoch;
    s->grant_seq = c->grant_seq;
    s->offered_ma = rig_offer_ma(r, i);
    s->lease_left_ms = max_i64(0, c->lease_end_ms - r->now_ms);
    s->pilot = !c->is_plugged ? PILOT_A1 : (s->offered_ma > 0 ? PILOT_C2 : PILOT_B1);
    s->contactor_closed = s->offered_ma > 0;
    for (int t = 0; t < PHASE_N; t++) {
        s->drawn_ma[t] = (c->terminals & PHASE_BIT(t)) != 0 ? rig_drawn_ma(r, i) : 0;
        s->used_phases = (uint8_t)(s->used_phases | (s->drawn_ma[t] > 500 ? PHASE_BIT(t) : 0));
    }
    s->limit_ma = 32000;
    s->limit_by = LIMIT_GRANT;
    s->fallback_ma = c->fallback_ma;
    s->state = c->is_plugged ? (s->offered_ma > 0 ? BOX_CHARGING : BOX_READY_FOR_CHARGING) : BOX_IDLE;
    s->authorized = c->is_plugged;
    rig_say(r, i, &m);
}

static void send_sample(struct rig *r)
{
    struct mev e = {.kind = MEV_METER};

    for (int p = 0; p < PHASE_N; p++) {
        e.meter.sample.current_ma[p] = r->house_ma[p];
        for (uint16_t i = 0; i < r->site.box_n; i++) {
            e.meter.sample.current_ma[p] += (r->client[i].terminals & PHASE_BIT(p)) != 0 ? r->client[i].was_ma[r->step_n % RIG_LAG_N] : 0;
        }
        e.meter.sample.voltage_mv[p] = 230000;
    }
    e.meter.sample.taken_ms = r->now_ms;
    e.meter.sample.import_wh = -1;
    e.meter.sample.export_wh = -1;
    r->next_meter_ms = r->now_ms + 500;
    step(r, &e);
}

void rig_run(struct rig *r, int64_t ms)
{
    int64_t until_ms = r->now_ms + ms;

    while (r->now_ms < until_ms) {
        struct mev tick = {.kind = MEV_TICK};

        r->now_ms += RIG_STEP_MS;
        if (manager_wake_ms(r->manager) <= r->now_ms) {
            step(r, &tick);
            cr_assert_gt(manager_wake_ms(r->manager), r->now_ms, "a wake-up leads to another at once");
        }
        if (r->is_meter_on && r->now_ms >= r->next_meter_ms) {
            send_sample(r);
        }
        for (uint16_t i = 0; i < r->site.box_n; i++) {
            struct rig_client *c = &r->client[i];

            if (c->told_ma != rig_offer_ma(r, i)) { /* news are told at once, five times a second at most */
                c->next_status_ms = min_i64(c->next_status_ms, c->status_sent_ms[c->status_n % RIG_HISTORY] + 200);
            }
            if (c->is_on && r->now_ms >= c->next_status_ms) {
                send_status(r, i);
            }
            c->was_ma[r->step_n % RIG_LAG_N] = rig_drawn_ma(r, i);
        }
        r->step_n++;
        check_booked(r);
    }
}

const struct view *rig_view(struct rig *r)
{
    manager_view(r->manager, r->now_ms, r->view);
    return r->view;
}

void rig_feed(struct rig *r, struct mev *e)
{
    step(r, e);
}
