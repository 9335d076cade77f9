#include "manager/core/core.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "manager/core/state.h"

size_t manager_size(void)
{
    return sizeof(struct manager);
}

/* Rank of each wallbox by serial. Sites are read once, so counting the smaller ones is good enough. */
static void rank_boxes(struct manager *m)
{
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        uint16_t rank = 0;

        for (uint16_t j = 0; j < m->site->box_n; j++) {
            rank = (uint16_t)(rank + (text_order(m->site->box[j].serial, m->site->box[i].serial) < 0));
        }
        m->rank[i] = rank;
    }
}

struct manager *manager_init(void *memory, const struct site *site, const struct manager_params *params)
{
    struct manager *m = memory;

    CHECK(memory != NULL);
    CHECK(site->node_n >= 1);
    memset(m, 0, sizeof *m);
    m->site = site;
    m->params = params;
    m->rules =
        (struct lease_rules){.lease_ms = params->lease_ms, .least_ms = params->lease_ms, .settle_ms = params->settle_ms, .watchdog_ms = params->watchdog_ms};
    m->cycled_ms = MS_NEVER;
    m->restart_over_ms = MS_FOREVER;
    m->epoch_retry_ms = MS_FOREVER;
    budget_init(&m->budget, site, params);
    solar_init(&m->solar);
    for (uint16_t i = 0; i < BOX_MAX; i++) {
        solar_box_init(&m->solar_box[i]);
    }
    rank_boxes(m);
    for (uint16_t i = 0; i < PEER_MAX; i++) {
        m->peer[i].box = BOX_MAX;
    }
    return m;
}

static struct mfx *fx_next(struct mfx_list *out, enum mfx_kind kind)
{
    struct mfx *fx;

    CHECK(out->n < MFX_MAX);
    fx = &out->at[out->n];
    out->n++;
    fx->kind = kind;
    return fx;
}

void fx_send(struct mfx_list *out, uint16_t peer, const struct msg *msg)
{
    struct mfx *fx = fx_next(out, MFX_SEND);

    fx->send.peer = peer;
    fx->send.msg = *msg;
}

void fx_close(struct mfx_list *out, uint16_t peer)
{
    fx_next(out, MFX_PEER_CLOSE)->close.peer = peer;
}

void fx_note(struct mfx_list *out, enum mnote_kind kind, uint16_t box, int64_t a, int64_t b)
{
    struct mfx *fx = fx_next(out, MFX_NOTE);

    fx->note.kind = kind;
    fx->note.box = box;
    fx->note.peer = PEER_NONE;
    fx->note.meter = METER_MAX;
    fx->note.a = a;
    fx->note.b = b;
}

void fx_note_peer(struct mfx_list *out, enum mnote_kind kind, uint16_t peer, int64_t a)
{
    fx_note(out, kind, BOX_MAX, a, 0);
    out->at[out->n - 1].note.peer = peer;
}

void fx_event(struct mfx_list *out, enum event_kind kind, uint16_t box, uint16_t code, uint16_t meter)
{
    struct mfx *fx = fx_next(out, MFX_STORE);

    fx->store = (struct mfx_store){.kind = MSTORE_EVENT, .box = box};
    fx->store.event.kind = kind;
    fx->store.event.code = code;
    fx->store.event.meter = meter;
}

void fx_store(struct mfx_list *out, const struct mfx_store *store)
{
    fx_next(out, MFX_STORE)->store = *store;
}

enum rc pending_take(struct manager *m, enum pending_kind kind, uint16_t box, uint16_t peer, uint64_t *out_ticket)
{
    for (uint16_t tries = 0; tries < PENDING_MAX; tries++) {
        uint16_t i = (uint16_t)((m->pending_next + tries) % PENDING_MAX);
        struct pending *p = &m->pending[i];

        if (p->kind == PENDING_FREE) {
            p->kind = kind;
            p->box = box;
            p->peer = peer;
            p->use++;
            m->pending_next = (uint16_t)((i + 1) % PENDING_MAX);
            *out_ticket = ((uint64_t)p->use << 32) | (uint64_t)(i + 1);
            return RC_OK;
        }
    }
    return RC_FULL;
}

enum rc pending_end(struct manager *m, uint64_t ticket, struct pending *out)
{
    uint32_t i = (uint32_t)ticket - 1;

    if (i >= PENDING_MAX || m->pending[i].kind == PENDING_FREE || m->pending[i].use != (uint32_t)(ticket >> 32)) {
        return RC_MISSING;
    }
    *out = m->pending[i];
    m->pending[i].kind = PENDING_FREE;
    return RC_OK;
}

static void on_stored(struct manager *m, uint64_t ticket, bool is_stored, struct mfx_list *out)
{
    struct pending p;

    if (pending_end(m, ticket, &p) != RC_OK) {
        return; /* nobody waited for it */
    }
    switch (p.kind) {
    case PENDING_FREE:
        break;
    case PENDING_EPOCH:
        if (ticket == m->epoch_ticket) { /* not one that was overtaken */
            epoch_stored(m, is_stored, out);
        }
        break;
    case PENDING_MET:
        if (is_stored) {
            box_kept(&m->box[p.box]);
        }
        links_welcome_waiting(m, out);
        break;
    case PENDING_FALLBACK:
        fallback_stored(m, p.box, is_stored, out);
        break;
    case PENDING_RECORD:
        if (is_stored && m->box[p.box].peer == p.peer && p.peer != PEER_NONE) {
            struct msg ack = {.kind = MSG_RECORD_ACK, .record_ack.session = p.session};

            fx_send(out, p.peer, &ack);
        }
        break;
    }
}

static void on_meter(struct manager *m, uint16_t meter, const struct meter_sample *sample)
{
    CHECK(meter < m->site->meter_n);
    rc_ignore(budget_meter_sample(&m->budget, meter, sample, m->now_ms)); /* a refused sample is counted there and the meter goes stale */
    m->cycle_wanted = true;
}

static void on_command(struct manager *m, uint16_t box, enum manager_command command, uint32_t seq, struct mfx_list *out)
{
    static const enum command_kind kinds[] = {[MANAGER_PAUSE] = COMMAND_PAUSE, [MANAGER_RESUME] = COMMAND_RESUME,   [MANAGER_STOP] = COMMAND_STOP,
                                              [MANAGER_START] = COMMAND_START, [MANAGER_RESTART] = COMMAND_RESTART, [MANAGER_UNLOCK] = COMMAND_UNLOCK};

    CHECK(box < m->site->box_n);
    CHECK(command < MANAGER_COMMAND_N);
    if (command != MANAGER_COMMAND_UNSET && m->box[box].peer != PEER_NONE) {
        struct msg msg = {.kind = MSG_COMMAND, .command = {.seq = seq != 0 ? seq : (uint32_t)rng_next(&m->rng), .kind = kinds[command]}};

        m->box[box].order = (struct wish_order){.seq = msg.command.seq, .command = (int32_t)command};
        fx_send(out, m->box[box].peer, &msg);
    }
}

static void on_setting(struct manager *m, uint16_t box, const struct wish_setting *setting)
{
    CHECK(box < m->site->box_n);
    CHECK(setting->priority >= 0 && setting->priority <= PRIORITY_MAX);
    CHECK(setting->mode < SOLAR_MODE_N);
    m->box[box].setting = *setting;
    m->cycle_wanted = true;
}

static void on_wish(struct manager *m, uint16_t box, uint8_t set, const struct wish *wish)
{
    CHECK(box < m->site->box_n);
    if (box_is_plugged(&m->box[box])) {
        wish_change(&m->box[box].wish, set, wish);
        m->cycle_wanted = true;
    }
}

static void set_clock(struct manager *m, int64_t utc_ms, const struct wall_clock *wall)
{
    m->has_utc = utc_ms != CLOCK_UNSET_UTC_MS;
    m->utc_offset_ms = utc_ms - m->now_ms;
    m->wall = *wall;
    m->cycle_wanted = true;
}

static void on_dimming(struct manager *m, const struct schedule_limit *limit, int64_t length_ms)
{
    m->dimming = (struct schedule_dimming){.is_on = true, .limit = *limit, .until_ms = after_ms(m->now_ms, length_ms)};
    m->cycle_wanted = true;
}

/* A silent wallbox whose grants are still booked would count twice if what it drew last became base load: with its exposure and in the meter.
 * When they are spent, what it draws is base load. */
static void forget_silent(struct manager *m, uint16_t box)
{
    if (m->box[box].is_silent && m->budget.box[box].is_heard && lease_is_spent(&m->box[box].lease)) {
        budget_box_silent(&m->budget, box);
        m->cycle_wanted = true;
    }
}

/* What ends by itself ends before the event is looked at. */
static void pass(struct manager *m, struct mfx_list *out)
{
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        if (box_pass(&m->box[i], m->params, m->now_ms)) {
            m->cycle_wanted = true;
            budget_box_paused(&m->budget, i);
            if (m->box[i].peer != PEER_NONE) { /* otherwise it was said when the connection ended, or it was never here */
                fx_note(out, MNOTE_LOST, i, lease_offer_ma(&m->box[i].lease, m->now_ms), 0);
            }
            fx_event(out, EVENT_BOX_LOST, i, 0, METER_MAX);
        }
        forget_silent(m, i);
    }
    if (m->dimming.is_on && m->dimming.until_ms <= m->now_ms) {
        m->dimming.is_on = false;
        m->cycle_wanted = true;
    }
    epoch_pass(m, out);
    verdict_pass(m, out);
}

static void on_event(struct manager *m, const struct mev *e, struct mfx_list *out)
{
    switch (e->kind) {
    case MEV_UNSET:
    case MEV_START:
    case MEV_TICK:
        m->cycle_wanted = true;
        break;
    case MEV_PEER_OPEN:
        links_open(m, e->peer.peer);
        break;
    case MEV_PEER_MSG:
        links_msg(m, e->peer_msg.peer, e->peer_msg.msg, out);
        break;
    case MEV_PEER_CLOSED:
        links_closed(m, e->peer.peer, out);
        break;
    case MEV_METER:
        on_meter(m, e->meter.meter, &e->meter.sample);
        break;
    case MEV_BUS_TROUBLE:
        budget_meter_trouble(&m->budget, e->meter_trouble.meter, e->meter_trouble.trouble);
        m->cycle_wanted = true;
        break;
    case MEV_STORED:
        on_stored(m, e->stored.ticket, true, out);
        break;
    case MEV_STORE_FAILED:
        on_stored(m, e->stored.ticket, false, out);
        break;
    case MEV_COMMAND:
        on_command(m, e->command.box, e->command.command, e->command.seq, out);
        break;
    case MEV_CLOCK:
        set_clock(m, e->clock.utc_ms, &e->clock.wall);
        break;
    case MEV_DIMMING:
        on_dimming(m, &e->dimming.limit, e->dimming.length_ms);
        break;
    case MEV_CARDS:
        CHECK(fleet_cards_are_good(e->cards.list));
        m->cards = e->cards.list;
        m->is_whitelist_due = true;
        break;
    case MEV_BACKEND:
        m->has_backend = e->backend.is_there;
        break;
    case MEV_VERDICT:
        verdict_answered(m, e->verdict.ticket, e->verdict.verdict, e->verdict.expires_utc_ms, out);
        break;
    case MEV_WISH:
        on_wish(m, e->wish.box, e->wish.set, &e->wish.wish);
        break;
    case MEV_SETTING:
        on_setting(m, e->setting.box, &e->setting.setting);
        break;
    }
}

static int64_t cycle_next_ms(const struct manager *m)
{
    return m->cycled_ms == MS_NEVER ? m->now_ms : m->cycled_ms + m->params->cycle_ms;
}

/* It should have been woken long ago: the process was stopped, or the machine slept. */
static bool has_stood_still(const struct manager *m, int64_t now_ms)
{
    return m->is_started && now_ms - m->now_ms > STOOD_STILL_MS && now_ms - STOOD_STILL_MS > manager_wake_ms(m);
}

void manager_step(struct manager *m, const struct mev *e, struct mfx_list *out)
{
    out->n = 0;
    out->ask_n = 0;
    CHECK(m->is_started == (e->kind != MEV_START));
    CHECK(!m->is_started || e->now_ms >= m->now_ms);
    if (has_stood_still(m, e->now_ms)) {
        m->stood_until_ms = e->now_ms + STOOD_GRACE_MS;
        budget_gap(&m->budget);
    }
    m->now_ms = e->now_ms;
    if (e->kind == MEV_START) {
        m->is_started = true;
        m->start_ms = e->now_ms;
        m->rng.state = e->start.seed;
        set_clock(m, e->start.utc_ms, &e->start.wall);
        for (uint16_t i = 0; i < m->site->box_n; i++) {
            box_init(&m->box[i], &m->rules, &m->site->box[i], e->start.known[i].fallback_ma, e->start.known[i].has_met, e->start.known[i].is_unwatched);
        }
        epoch_start(m, &e->start, out);
    }
    pass(m, out);
    on_event(m, e, out);
    whitelist_run(m, out);
    if (m->cycle_wanted && m->now_ms >= cycle_next_ms(m) && cycle_is_complete(m)) {
        m->cycle_wanted = false;
        m->cycled_ms = m->now_ms;
        cycle_run(m, out);
    }
}

int64_t manager_wake_ms(const struct manager *m)
{
    int64_t next_ms = MS_FOREVER;

    if (!m->is_started) {
        return MS_FOREVER;
    }
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        next_ms = min_i64(next_ms, box_next_ms(&m->box[i], m->params, m->now_ms));
    }
    next_ms = min_i64(next_ms, epoch_next_ms(m));
    next_ms = min_i64(next_ms, min_i64(verdict_next_ms(m), whitelist_next_ms(m)));
    if (!cycle_is_complete(m)) {
        return min_i64(next_ms, max_i64(m->start_ms + m->params->meter_stale_ms, m->stood_until_ms));
    }
    next_ms = min_i64(next_ms, max_i64(budget_next_ms(&m->budget, m->now_ms), cycle_next_ms(m))); /* budgets are made by cycles */
    next_ms = min_i64(next_ms, cycle_rules_next_ms(m));
    if (m->cycle_wanted) {
        next_ms = min_i64(next_ms, cycle_next_ms(m));
    }
    return next_ms;
}
