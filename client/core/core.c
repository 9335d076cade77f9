#include "client/core/core.h"

#include "client/core/inside.h"
#include "common/base/check.h"
#include "common/base/units.h"

#define UTC_LEAST_MS INT64_C(1577836800000) /* 2020-01-01: a clock before that was never set */
#define UTC_END_MS INT64_C(7258118400000)   /* 2200-01-01 */
#define RISE_AFTER_MOST_MS 600000

size_t client_size(void)
{
    return sizeof(struct client);
}

struct client *client_init(void *memory, const struct client_params *params)
{
    struct client *c = memory;

    CHECK(memory != NULL);
    CHECK(params != NULL);
    *c = (struct client){.params = params, .command_ms = MS_NEVER, .keep_try_ms = MS_NEVER, .cold_until_ms = MS_NEVER};
    pilot_init(&c->pilot);
    csession_init(&c->session);
    retry_init(&c->retry);
    authorize_init(&c->authorize);
    teach_init(&c->teach);
    button_init(&c->button);
    c->reader.last_ms = MS_NEVER;
    c->cards.try_ms = MS_NEVER;
    c->unlock_ms = MS_NEVER;
    return c;
}

struct cfx *client_fx(struct client *c, enum cfx_kind kind)
{
    struct cfx *fx;

    CHECK(c->fx->n < CFX_MAX);
    fx = &c->fx->at[c->fx->n];
    c->fx->n++;
    *fx = (struct cfx){.kind = kind};
    return fx;
}

void client_note(struct client *c, enum cnote_kind kind, int64_t a, int64_t b)
{
    struct cfx *fx = client_fx(c, CFX_NOTE);

    fx->note.kind = kind;
    fx->note.a = a;
    fx->note.b = b;
}

void client_send(struct client *c, const struct msg *m)
{
    client_fx(c, CFX_SEND)->msg = *m;
}

uint64_t client_ticket(struct client *c)
{
    c->ticket++;
    return c->ticket;
}

static bool is_current(int32_t ma)
{
    return ma == 0 || (ma >= PILOT_LEAST_MA && ma <= PILOT_MOST_MA);
}

/* The kept file may be damaged: what is out of range counts as never stored. */
static struct client_keep sane(struct client_keep k)
{
    if (!k.has_fallback || !is_current(k.fallback_ma) || k.rise_after_ms < 0 || k.rise_after_ms > RISE_AFTER_MOST_MS) {
        k.fallback_ma = 0;
        k.rise_after_ms = 0;
        k.has_fallback = false;
    }
    if (!is_current(k.config_ma) || !k.has_config) {
        k.has_config = false;
        k.config_version = 0;
        k.config_ma = 0;
        k.authorization = false;
        k.commissioned = false;
    }
    if (!is_current(k.local_ma) || !k.has_local) {
        k.has_local = false;
        k.local_ma = 0;
    }
    if (k.brightness_permille < 0 || k.brightness_permille > 1000 || !k.has_brightness) {
        k.has_brightness = false;
        k.brightness_permille = 0;
    }
    k.modes = (uint8_t)(k.modes & MODES_ALL);
    return k;
}

/* The list of cards as stored; before it was stored once, the cards that are delivered. */
static void start_cards(struct client *c, const struct card_list *stored)
{
    if (stored != NULL && c->have.has_cards) {
        c->cards.list = *stored;
        return;
    }
    if (c->have.has_cards) {
        return;
    }
    for (uint8_t i = 0; i < c->params->factory_n; i++) {
        enum rc rc = card_put(&c->cards.list, &c->params->factory[i]);

        CHECK(rc == RC_OK);
        c->cards.is_changed = true;
    }
}

/* What is different after a restart with all cards erased, or after the mains were off. */
static void start_kept(struct client *c, bool after_power_loss)
{
    c->modes = modes_of(c->have.modes);
    if (c->have.learn_master) {
        c->want.learn_master = false;
        teach_learn(&c->teach, c->now_ms);
    }
    if (after_power_loss) {
        c->want.is_welded = false;
        c->want.is_unsafe = false;
    }
}

static void start(struct client *c, const struct cev *e)
{
    struct rng seeder = {.state = e->start.seed};

    CHECK(e->start.boot_id != 0);
    c->started = true;
    c->boot_id = e->start.boot_id;
    c->report_ms = c->now_ms + CLIENT_UNREAD_MS;
    c->kernel_boot_id = e->start.kernel_boot_id;
    c->rng.state = rng_next(&seeder);
    csession_ids_init(&c->ids, rng_next(&seeder), e->start.boot_id);
    c->have = sane(e->start.keep);
    c->want = c->have;
    c->want.boot_count++; /* durable before the first Status, so that status_seq never repeats */
    grant_init(&c->grant, c->params->min_ma, c->have.epoch, c->want.boot_count, c->now_ms);
    grant_fallback(&c->grant, c->have.fallback_ma, c->have.rise_after_ms, c->now_ms);
    charge_init(&c->charge, c->now_ms);
    uplink_init(&c->uplink, c->now_ms);
    health_init(&c->health, c->now_ms);
    start_cards(c, e->start.cards);
    start_kept(c, e->start.after_power_loss);
    if (e->start.open != NULL) {
        csession_adopt(&c->session, e->start.open);
        c->adopted = c->session.state == CSESSION_OPEN;
        c->unseen = c->adopted;
        if (c->adopted && client_wants_card(c)) {
            authorize_adopt(&c->authorize, &c->session.s.uid, c->session.s.identity);
            c->is_plugged = true; /* until a reading says otherwise */
        }
    }
    if (e->start.after_power_loss && c->params->cold_start_most_s > 0) {
        c->cold_until_ms = c->now_ms + 1000 * rng_range(&c->rng, 1, c->params->cold_start_most_s);
    }
}

/* What ended at or before now is over before anything else is looked at (spec 05 5.2). */
static void retire(struct client *c)
{
    for (int i = 0; i < 2; i++) {
        int32_t before_ma = c->grant.live ? c->grant.current_ma : c->grant.offer_ma;

        switch (grant_retire(&c->grant, c->now_ms)) {
        case GRANT_ENDED:
            client_note(c, CNOTE_LEASE_END, before_ma, c->grant.offer_ma);
            break;
        case GRANT_RISEN:
            client_note(c, CNOTE_FALLBACK_RISE, before_ma, c->grant.offer_ma);
            break;
        case GRANT_NOTHING:
            break;
        }
    }
}

static void event(struct client *c, const struct cev *e)
{
    switch (e->kind) {
    case CEV_LINK_UP:
        if (uplink_up(&c->uplink, c->now_ms)) {
            client_hello(c);
        } else {
            (void)client_fx(c, CFX_LINK_CLOSE);
        }
        break;
    case CEV_LINK_DOWN:
        client_link_lost(c);
        break;
    case CEV_LINK_MSG:
        client_message(c, e->msg);
        break;
    case CEV_BOARD:
        client_board_sample(c, &e->board);
        break;
    case CEV_BOARD_LOST:
        client_board_lost(c);
        break;
    case CEV_STORED:
        client_stored(c, e->ticket, true);
        break;
    case CEV_STORE_FAILED:
        client_stored(c, e->ticket, false);
        break;
    case CEV_RECORD:
        client_record(c, e->record.record);
        break;
    case CEV_CARD:
        client_card(c, &e->card);
        break;
    case CEV_BUTTON:
        client_button(c, e->button.which, e->button.is_down);
        break;
    case CEV_IDENTITY:
        client_identity(c, e->identity);
        break;
    case CEV_STOP:
        c->stop = c->stop == CLIENT_RUNS ? CLIENT_STOP_CURRENT : c->stop;
        break;
    case CEV_START:
    case CEV_TICK:
    case CEV_UNSET:
        break;
    }
}

static void link_due(struct client *c)
{
    switch (uplink_due(&c->uplink, c->now_ms)) {
    case UPLINK_DIAL:
        (void)client_fx(c, CFX_LINK_DIAL);
        break;
    case UPLINK_CLOSE:
        (void)client_fx(c, CFX_LINK_CLOSE);
        break;
    case UPLINK_NOTHING:
        break;
    }
}

/* The orderly end: pilot away, current stopped, contactor open, checkpoint durable, Goodbye. */
static void stop_due(struct client *c)
{
    struct msg bye = {.kind = MSG_GOODBYE, .goodbye.reason = c->is_restart ? GOODBYE_RESTARTING : GOODBYE_STOPPING};
    bool is_durable = c->session.ticket == 0 && client_cards_are_durable(c) && (!c->is_restart || !client_keep_is_due(c));

    if (c->stop == CLIENT_STOP_CURRENT && !charge_contactor(&c->charge)) {
        csession_checkpoint(&c->session);
        c->stop = CLIENT_STOP_JOURNAL;
        c->stop_ms = c->now_ms + CLIENT_STOP_MS;
        client_book(c);
    }
    if (c->stop != CLIENT_STOP_JOURNAL || (!is_durable && c->now_ms < c->stop_ms)) {
        return;
    }
    if (client_is_linked(c)) {
        client_send(c, &bye);
    }
    client_close(c, true);
    client_fx(c, CFX_STOPPED)->restart = c->is_restart;
    c->stop = CLIENT_STOPPED;
}

void client_step(struct client *c, const struct cev *e, struct cfx_list *out)
{
    out->n = 0;
    c->fx = out;
    CHECK(!c->started || e->now_ms >= c->now_ms);
    CHECK(c->started == (e->kind != CEV_START));
    if (c->stop == CLIENT_STOPPED) {
        return;
    }
    c->now_ms = e->now_ms;
    c->utc_ms = e->utc_ms >= UTC_LEAST_MS && e->utc_ms < UTC_END_MS ? e->utc_ms : CLOCK_UNSET_UTC_MS;
    if (e->kind == CEV_START) {
        start(c, e);
    }
    retire(c);
    event(c, e);
    client_control(c);
    client_keep_flush(c);
    client_cards_flush(c);
    client_config_flush(c);
    client_book(c);
    link_due(c);
    client_status(c);
    stop_due(c);
}

int64_t client_wake_ms(const struct client *c)
{
    int64_t at_ms = MS_FOREVER;

    if (!c->started || c->stop == CLIENT_STOPPED) {
        return MS_FOREVER;
    }
    at_ms = min_i64(at_ms, grant_next_ms(&c->grant));
    at_ms = min_i64(at_ms, client_control_next_ms(c));
    at_ms = min_i64(at_ms, client_book_next_ms(c));
    at_ms = min_i64(at_ms, uplink_next_ms(&c->uplink));
    at_ms = min_i64(at_ms, client_status_next_ms(c));
    if (c->stop == CLIENT_STOP_JOURNAL) {
        at_ms = min_i64(at_ms, c->stop_ms);
    }
    return max_i64(at_ms, c->now_ms); /* at once, never in the past */
}
