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
    c->local_ma = LIMIT_NONE_MA;
    pilot_init(&c->pilot);
    csession_init(&c->session);
    cfault_overdraw_init(&c->overdraw);
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

/* The kept file may be damaged: what is out of range counts as never stored. */
static struct client_keep sane(struct client_keep k)
{
    bool is_fallback = k.fallback_ma == 0 || (k.fallback_ma >= PILOT_LEAST_MA && k.fallback_ma <= PILOT_MOST_MA);

    if (!k.has_fallback || !is_fallback || k.rise_after_ms < 0 || k.rise_after_ms > RISE_AFTER_MOST_MS) {
        k.fallback_ma = 0;
        k.rise_after_ms = 0;
        k.has_fallback = false;
    }
    return k;
}

static void start(struct client *c, const struct cev *e)
{
    struct rng seeder = {.state = e->start.seed};

    CHECK(e->start.boot_id != 0);
    c->started = true;
    c->boot_id = e->start.boot_id;
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
    if (e->start.open != NULL) {
        csession_adopt(&c->session, e->start.open);
        c->adopted = c->session.state == CSESSION_OPEN;
        c->unseen = c->adopted;
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
    struct msg bye = {.kind = MSG_GOODBYE, .goodbye.reason = GOODBYE_STOPPING};

    if (c->stop == CLIENT_STOP_CURRENT && !charge_contactor(&c->charge)) {
        csession_checkpoint(&c->session);
        c->stop = CLIENT_STOP_JOURNAL;
        c->stop_ms = c->now_ms + CLIENT_STOP_MS;
        client_book(c);
    }
    if (c->stop != CLIENT_STOP_JOURNAL || (c->session.ticket != 0 && c->now_ms < c->stop_ms)) {
        return;
    }
    if (client_is_linked(c)) {
        client_send(c, &bye);
    }
    client_close(c, true);
    (void)client_fx(c, CFX_STOPPED);
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
