/* Whatever comes in whatever order: what must never happen does not. */
#include <criterion/criterion.h>

#include "common/base/units.h"
#include "tests/unit/client/core/fake.h"

TestSuite(random, .timeout = 120);

#define SEEDS 600
#define EVENTS 4000

struct chaos {
    struct fake f;
    struct rng r;
    uint64_t waiting[8]; /* tickets without an answer */
    int waiting_n;
    uint16_t most_n;     /* effects of one step */
    int64_t stopping_ms; /* the contactor is closed with a steady pilot since; MS_NEVER not */
    bool is_wild;        /* this run has hardware faults as well */
    bool closes_itself;  /* its board closes on PWM and C without being told */
    bool is_lazy;        /* its vehicle sits in B for minutes and nobody disturbs it: it falls asleep, is woken, asks */
};

static int64_t pick(struct chaos *x, int64_t lo, int64_t hi)
{
    return rng_range(&x->r, lo, hi);
}

static int32_t pick_ma(struct chaos *x)
{
    return pick(x, 0, 3) == 0 ? 0 : (int32_t)pick(x, 6000, 80000);
}

/* What the chaos has come upon: a test that never gets there proves nothing. */
struct seen {
    uint32_t charge;    /* set of enum charge_state */
    uint32_t box;       /* set of enum box_state */
    uint32_t authorize; /* set of enum authorize_state */
    uint32_t teach;     /* set of enum teach_state */
    int welded_n;
    int unsafe_n;
    int exhausted_n;
    int showing_n;
    int restarts_n;
};

static struct seen seen;

static void look(const struct client *c)
{
    seen.charge |= SM_BIT(c->charge.state);
    seen.box |= SM_BIT((int)client_box_state(c));
    seen.authorize |= SM_BIT(c->authorize.state);
    seen.teach |= SM_BIT(c->teach.state);
    seen.welded_n += c->want.is_welded;
    seen.unsafe_n += c->want.is_unsafe;
    seen.exhausted_n += c->retry.is_exhausted;
    seen.showing_n += c->charge.state == CHARGE_SHOWING;
}

/* A board that closes by itself supplies the vehicle from the first PWM: every permission must be there already. */
static void judge_pwm(const struct chaos *x)
{
    const struct client *c = x->f.c;

    cr_assert(client_is_authorized(c));
    cr_assert_not(c->latched);
    cr_assert_not(cfault_blocks(&c->fault));
    cr_assert(csession_is_safe(&c->session));
    cr_assert_not(retry_waits(&c->retry, x->f.now_ms));
    cr_assert(c->charge.state == CHARGE_OFFERING || c->charge.state == CHARGE_CHARGING);
}

/* The rules of spec 05 5.3 (S4) and 06 6.1 on one command to the board, by name: S4 limits, CLOSED only with authorization, grant and health,
 * OPEN within 6 s of the pilot's end. */
static void judge(struct chaos *x, const struct board_command *cmd)
{
    const struct client *c = x->f.c;
    const struct client_params *p = &x->f.params;
    int64_t now_ms = x->f.now_ms;
    int32_t cable_ma = c->sample.cable_ma > 0 ? c->sample.cable_ma : INT32_MAX;
    bool asleep = c->charge.state == CHARGE_ASLEEP || c->charge.state == CHARGE_ASKING || c->charge.state == CHARGE_SHOWING;

    cr_assert(cmd->pilot_ma == 0 || cmd->pilot_ma >= p->min_ma);
    cr_assert_leq(cmd->pilot_ma, p->rated_ma);
    cr_assert_leq(cmd->pilot_ma, cable_ma);
    if (!asleep) {
        cr_assert_leq(cmd->pilot_ma, c->grant.offer_ma);
    }
    cr_assert(!c->grant.live || c->grant.ends_ms > now_ms);
    if (x->closes_itself && cmd->pilot_ma > 0) {
        judge_pwm(x);
    }
    if (!cmd->contactor_closed) {
        x->stopping_ms = MS_NEVER;
        return;
    }
    cr_assert(c->session.state == CSESSION_OPEN || c->session.state == CSESSION_ENDING);
    cr_assert(c->session.begun);
    cr_assert(client_vehicle(c) == VEHICLE_READY || (p->ventilation == 1 && client_vehicle(c) == VEHICLE_VENTILATE));
    cr_assert_not(cfault_blocks(&c->fault));
    cr_assert_not(retry_waits(&c->retry, now_ms));
    cr_assert_not(c->want.is_welded || c->want.is_unsafe);
    if (cmd->pilot_ma == 0) { /* on its way to open */
        x->stopping_ms = x->stopping_ms == MS_NEVER ? now_ms : x->stopping_ms;
        cr_assert_lt(now_ms - x->stopping_ms, CHARGE_STOP_MS + 1);
        return;
    }
    x->stopping_ms = MS_NEVER;
    cr_assert(client_is_authorized(c));
    cr_assert(!client_wants_card(c) || c->authorize.state == AUTHORIZE_ACTIVE || c->released || c->adopted);
    cr_assert(client_is_commissioned(c));
    cr_assert_not(c->modes.is_showroom || c->modes.is_service || c->modes.is_out || c->teach.state == TEACH_REGISTER);
    cr_assert(!c->sample.has_switch || cmd->pilot_ma <= c->sample.switch_ma);
    cr_assert(!c->want.has_local || cmd->pilot_ma <= c->want.local_ma);
    cr_assert(!c->want.has_config || cmd->pilot_ma <= c->want.config_ma);
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
    look(x->f.c);
}

static void random_sample(struct chaos *x)
{
    struct cev e = {.kind = CEV_BOARD};
    struct board_sample *s = &e.board;
    static const char letters[] = "AABBCCCCCCDF";

    if (x->is_lazy) {
        x->f.vehicle = pick(x, 0, x->f.c->charge.state == CHARGE_ASLEEP ? 20 : 400) == 0 ? "ABBCC"[pick(x, 0, 4)] : x->f.vehicle;
        x->f.vehicle = x->f.vehicle == 'C' && x->f.command.pilot_ma == 0 && pick(x, 0, 3) == 0 ? 'B' : x->f.vehicle;
    } else if (pick(x, 0, 7) == 0) {
        x->f.vehicle = letters[pick(x, 0, 11)];
    }
    if (!x->is_lazy && pick(x, 0, 60) == 0) {
        x->f.firings++;
        x->f.latched = true;
    } else if (x->f.latched && x->f.command.rearm_firing == x->f.firings) {
        x->f.latched = false;
    }
    s->taken_ms = x->f.now_ms - (!x->is_lazy && pick(x, 0, 20) == 0 ? pick(x, 0, 5000) : 0);
    s->pilot_ma = x->f.latched ? 0 : (!x->is_lazy && pick(x, 0, 9) == 0 ? (int32_t)pick(x, -5, 90000) : x->f.command.pilot_ma);
    s->contactor_closed = (!x->is_lazy && pick(x, 0, 20) == 0) || (x->f.command.contactor_closed && !x->f.latched);
    s->closes_itself = x->closes_itself;
    s->contactor_closed = s->contactor_closed || (x->closes_itself && s->pilot_ma > 0 && x->f.vehicle == 'C');
    s->pilot = x->f.vehicle == 'A'   ? PILOT_A1
               : x->f.vehicle == 'B' ? PILOT_B2
               : x->f.vehicle == 'C' ? PILOT_C2
               : x->f.vehicle == 'D' ? PILOT_D2
                                     : (enum pilot_state)pick(x, -1, 20);
    s->pilot = x->f.vehicle == 'F' && s->pilot <= PILOT_D2 ? PILOT_F : s->pilot;
    for (int p = 0; p < PHASE_N; p++) {
        s->current_ma[p] = s->contactor_closed ? (int32_t)pick(x, -10, s->pilot_ma + 600) : 0;
        s->voltage_mv[p] = x->is_wild && pick(x, 0, 200) == 0 ? (int32_t)pick(x, -1, 300000) : 230000;
    }
    s->no_voltage = pick(x, 0, 50) == 0;
    s->diode_failed = x->is_wild && pick(x, 0, 300) == 0;
    s->has_switch = !x->is_lazy && pick(x, 0, 3) == 0;
    s->switch_ma = pick_ma(x);
    s->power_w = (int32_t)pick(x, -100, 50000);
    x->f.energy_mws += pick(x, 0, 20);
    s->energy_wh = x->f.energy_mws;
    s->temperature_mdegc = !x->is_lazy && pick(x, 0, 30) == 0 ? (int32_t)pick(x, -500000, 500000) : 25000;
    s->cable_ma = !x->is_lazy && pick(x, 0, 3) == 0 ? (int32_t)pick(x, -1, 80000) : 0;
    s->cycle = x->f.command.cycle + (pick(x, 0, 200) == 0 ? 100 : 0);
    s->watchdog_firings = x->f.firings;
    s->watchdog_latched = x->f.latched;
    s->faults_n = x->is_wild && pick(x, 0, 200) == 0 ? (uint16_t)pick(x, 1, 12) : 0;
    for (uint16_t i = 0; i < FAULT_MAX; i++) {
        s->faults[i] = (uint16_t)(pick(x, 0, 5) == 0 ? CFAULT_SAFETY : pick(x, 0, 9999));
    }
    s->power_failed = !x->is_lazy && pick(x, 0, 100) == 0;
    step(x, &e);
}

static struct card_uid random_uid(struct chaos *x)
{
    struct card_uid uid = {.len = 4, .at = {4, 1, 2, (uint8_t)pick(x, 0, 4)}};

    uid.len = (uint8_t)(pick(x, 0, 20) == 0 ? pick(x, 0, 12) : 4);
    return uid;
}

static void random_person(struct chaos *x)
{
    struct cev card = {.kind = CEV_CARD, .card = random_uid(x)};
    struct cev button = {.kind = CEV_BUTTON, .button = {.which = (enum board_button)pick(x, 0, 1), .is_down = pick(x, 0, 1) == 0}};
    struct cev identity = {.kind = CEV_IDENTITY, .identity = "V0"};

    switch (pick(x, 0, 9)) {
    case 0:
        if (pick(x, 0, 20) == 0) {
            step(x, &button);
        }
        break;
    case 1:
        identity.identity[1] = (char)('0' + pick(x, 0, 3));
        step(x, &identity);
        break;
    default:
        step(x, &card);
    }
}

/* A program that was asked to restart does so, with what its disk holds. */
static void restart_if_over(struct chaos *x)
{
    struct cev e = {.kind = CEV_START};
    static struct card_list cards;

    if (x->f.c->stop != CLIENT_STOPPED) {
        return;
    }
    e.start.seed = (uint64_t)pick(x, 1, 1000);
    e.start.boot_id = 7;
    e.start.kernel_boot_id = 9;
    e.start.keep = x->f.c->have;
    cards = x->f.c->cards.list;
    e.start.cards = &cards;
    x->f.c = client_init(x->f.c, &x->f.params);
    seen.restarts_n++;
    x->waiting_n = 0;
    x->stopping_ms = MS_NEVER;
    x->f.command = (struct board_command){0};
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
    if (x->is_lazy) { /* a sleeper is given to others, so that it has to ask */
        m->grant.current_ma = pick(x, 0, x->f.c->charge.state == CHARGE_ASLEEP ? 1 : 40) == 0 ? 0 : 16000;
    }
    m->grant.lease_ms = pick(x, 2000, 60000);
    m->grant.reason = REASON_HOLD;
}

static void random_message(struct chaos *x)
{
    struct cev e = {.kind = CEV_LINK_MSG};
    struct msg m = {.kind = MSG_GOODBYE, .goodbye.reason = GOODBYE_STOPPING};
    const char *field = "";

    switch (x->is_lazy ? 6 : pick(x, 0, 11)) {
    case 0:
        m = (struct msg){.kind = MSG_FALLBACK_SET};
        m.fallback_set = (struct msg_fallback_set){.epoch = FAKE_EPOCH, .fallback_ma = pick_ma(x), .rise_after_ms = pick(x, 0, 60000)};
        break;
    case 1:
        m = (struct msg){.kind = MSG_COMMAND, .command.kind = (enum command_kind)pick(x, 1, COMMAND_N - 1)};
        m.command.value = (int32_t)(pick(x, 0, 1) == 0 ? pick(x, 0, 1) : pick_ma(x));
        if (m.command.kind == COMMAND_RESTART && pick(x, 0, 20) != 0) {
            return;
        }
        break;
    case 2:
        m = (struct msg){.kind = MSG_CONFIG_SET, .config_set = {.epoch = 1 + (uint64_t)pick(x, 0, 1) * FAKE_EPOCH, .status_ms = 1000}};
        m.config_set.max_ma = pick(x, 0, 9) == 0 ? 0 : 32000;
        m.config_set.commissioned = pick(x, 0, 9) != 0;
        m.config_set.authorization = pick(x, 0, 1) == 0;
        break;
    case 5:
        m = (struct msg){.kind = MSG_AUTHORIZE_RESULT};
        m.authorize_result.seq = x->f.c->authorize.seq - (uint32_t)(pick(x, 0, 5) == 0);
        m.authorize_result.verdict = (enum auth_verdict)(pick(x, 0, 1) == 0 ? AUTH_ACCEPTED : pick(x, 1, AUTH_N - 1));
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
        if (!x->is_lazy && pick(x, 0, 30) == 0) {
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

    restart_if_over(x);
    switch (pick(x, 0, 20)) {
    case 20:
        random_person(x);
        break;
    case 0:
        x->f.now_ms += !x->is_lazy && pick(x, 0, 200) == 0 ? pick(x, 0, 100000) : pick(x, 0, 1500);
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
        if (!x->is_lazy && pick(x, 0, 50) == 0) {
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
        x->f.now_ms += pick(x, 0, x->is_lazy ? 400 : 100);
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
        x.f.params.authorization = pick(&x, 0, 2) == 0;
        x.f.params.local_first = pick(&x, 0, 1) == 0;
        x.f.params.offline_cards = (int32_t)pick(&x, 0, 2);
        x.f.params.ventilation = pick(&x, 0, 5) == 0;
        x.f.params.model = pick(&x, 0, 1) == 0 ? MODEL_CONNECT : MODEL_PLUS;
        x.f.params.retry_pause_ms = 500;
        x.f.params.factory_n = 2;
        x.f.params.factory[0] = (struct card){.uid = {.len = 4, .at = {4, 1, 2, 0}}, .kind = CARD_MASTER, .is_local = true};
        x.f.params.factory[1] = (struct card){.uid = {.len = 4, .at = {4, 1, 2, 1}}, .kind = CARD_SETUP, .is_local = true};
        x.is_lazy = pick(&x, 0, 4) == 0;
        x.closes_itself = seed % 4 == 0;
        x.is_wild = !x.is_lazy && pick(&x, 0, 2) == 0;
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
    cr_expect_eq(seen.charge, SM_BIT(CHARGE_STATE_N) - 1, "charging states %x", seen.charge);
    cr_expect_eq(seen.box, (SM_BIT(BOX_STATE_N) - 1) & ~SM_BIT(0), "states %x", seen.box);
    cr_expect_eq(seen.authorize, SM_BIT(AUTHORIZE_STATE_N) - 1);
    cr_expect_eq(seen.teach, SM_BIT(TEACH_STATE_N) - 1, "teaching %x", seen.teach);
    cr_expect(seen.welded_n > 0 && seen.unsafe_n > 0 && seen.exhausted_n > 0 && seen.showing_n > 0 && seen.restarts_n > 0);
}
