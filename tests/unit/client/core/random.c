/* Whatever comes in whatever order: what must never happen does not. */
#include <criterion/criterion.h>

#include "common/base/units.h"
#include "tests/unit/client/core/fake.h"

TestSuite(random, .timeout = 120);

#define SEEDS 200
#define EVENTS 4000

struct chaos {
    struct fake f;
    struct rng r;
    uint64_t waiting[8]; /* tickets without an answer */
    int waiting_n;
    uint16_t most_n;     /* effects of one step */
    int64_t stopping_ms; /* the contactor is closed with a steady pilot since; MS_NEVER not */
};

static int64_t pick(struct chaos *x, int64_t lo, int64_t hi)
{
    return rng_range(&x->r, lo, hi);
}

static int32_t pick_ma(struct chaos *x)
{
    return pick(x, 0, 3) == 0 ? 0 : (int32_t)pick(x, 6000, 80000);
}

/* The rules of spec 05 5.3 (S4) and 06 6.1 on one command to the board. */
static void judge(struct chaos *x, const struct board_command *cmd)
{
    const struct client *c = x->f.c;
    const struct client_params *p = &x->f.params;
    int64_t now_ms = x->f.now_ms;
    int32_t cable_ma = c->sample.cable_ma > 0 ? c->sample.cable_ma : INT32_MAX;
    bool asleep = c->charge.state == CHARGE_ASLEEP || c->charge.state == CHARGE_ASKING;

    cr_assert(cmd->pilot_ma == 0 || cmd->pilot_ma >= p->min_ma);
    cr_assert_leq(cmd->pilot_ma, p->rated_ma);
    cr_assert_leq(cmd->pilot_ma, cable_ma);
    if (!asleep) {
        cr_assert_leq(cmd->pilot_ma, c->grant.offer_ma);
    }
    cr_assert(!c->grant.live || c->grant.ends_ms > now_ms);
    if (!cmd->contactor_closed) {
        x->stopping_ms = MS_NEVER;
        return;
    }
    cr_assert(c->session.state == CSESSION_OPEN || c->session.state == CSESSION_ENDING);
    cr_assert(c->session.begun);
    cr_assert_eq(client_vehicle(c), VEHICLE_READY);
    cr_assert_not(cfault_blocks(&c->fault));
    if (cmd->pilot_ma == 0) { /* on its way to open */
        x->stopping_ms = x->stopping_ms == MS_NEVER ? now_ms : x->stopping_ms;
        cr_assert_lt(now_ms - x->stopping_ms, CHARGE_STOP_MS + 1);
        return;
    }
    x->stopping_ms = MS_NEVER;
    cr_assert(client_is_authorized(c));
    cr_assert(csession_is_safe(&c->session));
    cr_assert_geq(c->offer.ma, p->min_ma);
    cr_assert_not(c->latched);
}

static void drop_oldest(struct chaos *x)
{
    for (int i = 1; i < x->waiting_n; i++) {
        x->waiting[i - 1] = x->waiting[i];
    }
    x->waiting_n--;
}

static void step(struct chaos *x, struct cev *e)
{
    const char *field = "";

    e->now_ms = x->f.now_ms;
    e->utc_ms = pick(x, 0, 9) == 0 ? pick(x, -5, INT64_C(8000000000000)) : INT64_C(1750000000000) + x->f.now_ms;
    client_step(x->f.c, e, &x->f.fx); /* a list that overflows fails a CHECK */
    x->most_n = x->f.fx.n > x->most_n ? x->f.fx.n : x->most_n;
    for (uint16_t i = 0; i < x->f.fx.n; i++) {
        const struct cfx *fx = &x->f.fx.at[i];

        if (fx->kind == CFX_BOARD) {
            judge(x, &fx->board);
            x->f.command = fx->board;
        } else if (fx->kind == CFX_SEND) {
            cr_assert_eq(msg_check(&fx->msg, &field), RC_OK, "%s.%s", msg_kind_text(fx->msg.kind), field);
            x->f.sent[fx->msg.kind] = fx->msg;
        } else if (fx->ticket != 0) {
            if (x->waiting_n == 8) {
                drop_oldest(x);
            }
            x->waiting[x->waiting_n] = fx->ticket;
            x->waiting_n++;
        }
    }
    cr_assert_geq(client_wake_ms(x->f.c), x->f.now_ms);
}

static void random_sample(struct chaos *x)
{
    struct cev e = {.kind = CEV_BOARD};
    struct board_sample *s = &e.board;
    static const char letters[] = "AABBCCCCCCDF";

    if (pick(x, 0, 7) == 0) {
        x->f.vehicle = letters[pick(x, 0, 11)];
    }
    if (pick(x, 0, 60) == 0) {
        x->f.firings++;
        x->f.latched = true;
    } else if (x->f.latched && x->f.command.rearm_firing == x->f.firings) {
        x->f.latched = false;
    }
    s->taken_ms = x->f.now_ms - (pick(x, 0, 20) == 0 ? pick(x, 0, 5000) : 0);
    s->pilot_ma = x->f.latched ? 0 : (pick(x, 0, 9) == 0 ? (int32_t)pick(x, -5, 90000) : x->f.command.pilot_ma);
    s->contactor_closed = pick(x, 0, 20) == 0 || (x->f.command.contactor_closed && !x->f.latched);
    s->pilot = x->f.vehicle == 'A'   ? PILOT_A1
               : x->f.vehicle == 'B' ? PILOT_B2
               : x->f.vehicle == 'C' ? PILOT_C2
               : x->f.vehicle == 'D' ? PILOT_D2
                                     : (enum pilot_state)pick(x, -1, 20);
    s->pilot = x->f.vehicle == 'F' && s->pilot <= PILOT_D2 ? PILOT_F : s->pilot;
    for (int p = 0; p < PHASE_N; p++) {
        s->current_ma[p] = s->contactor_closed ? (int32_t)pick(x, -10, s->pilot_ma + 600) : 0;
        s->voltage_mv[p] = (int32_t)pick(x, -1, 300000);
    }
    s->power_w = (int32_t)pick(x, -100, 50000);
    x->f.energy_mws += pick(x, 0, 20);
    s->energy_wh = x->f.energy_mws;
    s->temperature_mdegc = pick(x, 0, 30) == 0 ? (int32_t)pick(x, -500000, 500000) : 25000;
    s->cable_ma = pick(x, 0, 3) == 0 ? (int32_t)pick(x, -1, 80000) : 0;
    s->cycle = x->f.command.cycle + (pick(x, 0, 200) == 0 ? 100 : 0);
    s->watchdog_firings = x->f.firings;
    s->watchdog_latched = x->f.latched;
    s->faults_n = pick(x, 0, 40) == 0 ? (uint16_t)pick(x, 1, 12) : 0;
    for (uint16_t i = 0; i < FAULT_MAX; i++) {
        s->faults[i] = (uint16_t)pick(x, 0, 9999);
    }
    s->power_failed = pick(x, 0, 100) == 0;
    step(x, &e);
}

static void random_grant(struct chaos *x, struct msg *m)
{
    m->kind = MSG_GRANT;
    x->f.grant_seq += (uint32_t)pick(x, 0, 2);
    m->grant.epoch = FAKE_EPOCH + (uint64_t)(pick(x, 0, 30) == 0 ? pick(x, 0, 3) : 0);
    m->grant.grant_seq = x->f.grant_seq + 1;
    m->grant.status_seq = x->f.sent[MSG_STATUS].status.status_seq - (uint64_t)(pick(x, 0, 5) == 0 ? pick(x, -2, 600) : 0);
    m->grant.current_ma = pick_ma(x);
    m->grant.lease_ms = pick(x, 2000, 60000);
    m->grant.reason = REASON_HOLD;
}

static void random_message(struct chaos *x)
{
    struct cev e = {.kind = CEV_LINK_MSG};
    struct msg m = {.kind = MSG_GOODBYE, .goodbye.reason = GOODBYE_STOPPING};
    const char *field = "";

    switch (pick(x, 0, 11)) {
    case 0:
        m = (struct msg){.kind = MSG_FALLBACK_SET};
        m.fallback_set = (struct msg_fallback_set){.epoch = FAKE_EPOCH, .fallback_ma = pick_ma(x), .rise_after_ms = pick(x, 0, 60000)};
        break;
    case 1:
        m = (struct msg){.kind = MSG_COMMAND, .command.kind = (enum command_kind)pick(x, 1, COMMAND_N - 1)};
        break;
    case 2:
        m = (struct msg){.kind = MSG_CONFIG_SET, .config_set = {.epoch = 1 + (uint64_t)pick(x, 0, 1) * FAKE_EPOCH, .status_ms = 1000}};
        break;
    case 3:
        m = (struct msg){.kind = MSG_RECORD_ACK};
        m.record_ack.session = x->f.c->outbox.id;
        break;
    case 4:
        if (pick(x, 0, 10) != 0) {
            return;
        }
        break;
    default:
        m = (struct msg){0};
        random_grant(x, &m);
    }
    if (msg_check(&m, &field) == RC_OK) {
        e.msg = &m;
        step(x, &e);
    }
}

static void random_store(struct chaos *x)
{
    struct cev e = {.kind = pick(x, 0, 5) == 0 ? CEV_STORE_FAILED : CEV_STORED};

    if (x->waiting_n > 0) {
        e.ticket = x->waiting[0];
        drop_oldest(x);
    } else {
        e.ticket = (uint64_t)pick(x, 0, 5);
    }
    step(x, &e);
}

/* What a working world does: connect, welcome, answer the journal. */
static void help(struct chaos *x)
{
    struct cev up = {.kind = CEV_LINK_UP};
    struct cev down = {.kind = CEV_LINK_DOWN};
    struct msg welcome = {.kind = MSG_WELCOME, .welcome = {.epoch = x->f.c->grant.epoch_seen, .status_ms = (int32_t)pick(x, 200, 10000)}};
    struct cev greet = {.kind = CEV_LINK_MSG, .msg = &welcome};

    switch (x->f.c->uplink.state) {
    case UPLINK_DIALING:
        step(x, &up);
        break;
    case UPLINK_GREETING:
        welcome.welcome.epoch = welcome.welcome.epoch < FAKE_EPOCH ? FAKE_EPOCH : welcome.welcome.epoch + (uint64_t)(pick(x, 0, 20) == 0);
        step(x, &greet);
        break;
    case UPLINK_CLOSING:
        step(x, &down);
        break;
    case UPLINK_WELCOMED:
        if (pick(x, 0, 30) == 0) {
            step(x, &down);
        }
        break;
    case UPLINK_DOWN:
    case UPLINK_OFF:
        break;
    }
}

static void random_record(struct chaos *x)
{
    struct msg_session_record r = {.stop_wh = 5, .end = END_UNPLUGGED};
    struct cev e = {.kind = CEV_RECORD};

    e.record.record = pick(x, 0, 1) == 0 ? NULL : &r;
    step(x, &e);
}

static void random_event(struct chaos *x)
{
    struct cev tick = {.kind = CEV_TICK};
    struct cev lost = {.kind = CEV_BOARD_LOST};
    int64_t wake_ms = client_wake_ms(x->f.c);

    switch (pick(x, 0, 19)) {
    case 0:
        x->f.now_ms += pick(x, 0, 200) == 0 ? pick(x, 0, 100000) : pick(x, 0, 1500);
        break;
    case 1:
        help(x);
        break;
    case 2:
    case 3:
        random_store(x);
        break;
    case 4:
    case 5:
    case 6:
        random_message(x);
        break;
    case 7:
        if (pick(x, 0, 50) == 0) {
            step(x, &lost);
        }
        break;
    case 8:
        random_record(x);
        break;
    case 9:
    case 10:
    case 11:
        x->f.now_ms = wake_ms == MS_FOREVER ? x->f.now_ms + 100 : wake_ms;
        step(x, &tick);
        break;
    default:
        x->f.now_ms += pick(x, 0, 100);
        random_sample(x);
    }
}

Test(random, whatever_happens_the_contactor_is_closed_only_with_every_permission)
{
    int charged_n = 0;
    int named_n = 0;

    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        struct chaos x = {.r.state = seed, .stopping_ms = MS_NEVER};

        fake_init(&x.f);
        x.f.params.self_test_ms = (int32_t)pick(&x, 0, 3000);
        x.f.params.cold_start_most_s = (int32_t)pick(&x, 0, 3);
        x.f.params.authorization = pick(&x, 0, 9) == 0;
        x.f.params.commissioned = pick(&x, 0, 9) != 0;
        x.f.params.min_ma = pick(&x, 0, 3) == 0 ? 8000 : 6000;
        fake_start(&x.f, NULL, pick(&x, 0, 1) == 0);
        for (int i = 0; i < EVENTS; i++) {
            random_event(&x);
            charged_n += x.f.command.contactor_closed ? 1 : 0;
            named_n += x.f.c->grant.named_seq != 0 ? 1 : 0;
        }
        cr_assert_leq(x.most_n, CFX_MAX / 2, "room in the list of effects: %u used", x.most_n);
        fake_free(&x.f);
    }
    cr_expect_gt(charged_n, SEEDS * EVENTS / 100, "the chaos must leave time for charging: %d", charged_n);
    cr_expect_gt(named_n, SEEDS * EVENTS / 10);
}
