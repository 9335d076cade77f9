#include "tests/unit/client/core/fake.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "common/base/units.h"

#define SAMPLE_MS 500
#define ANSWERS_MAX 64

void fake_init(struct fake *f)
{
    *f = (struct fake){.vehicle = 'A', .draws_ma = 32000, .temperature_mdegc = 25000, .voltage_mv = 230000, .utc_ms = INT64_C(1750000000000)};
    client_params_defaults(&f->params);
    memcpy(f->params.serial, "BOX1", sizeof "BOX1");
    f->params.commissioned = 1;
    f->params.self_test_ms = 0;
    f->c = client_init(malloc(client_size()), &f->params);
    f->cards = calloc(1, sizeof *f->cards);
}

void fake_free(struct fake *f)
{
    free(f->c);
    free(f->cards);
}

int32_t fake_current_ma(const struct fake *f)
{
    if (!f->contactor) {
        return 0;
    }
    if (f->pilot_ma == 0 || f->vehicle != 'C') {
        return f->stuck_ma;
    }
    return f->stuck_ma > 0 ? f->stuck_ma : min_i32(f->pilot_ma, f->draws_ma);
}

static int32_t power_w(const struct fake *f)
{
    return fake_current_ma(f) * 3 / 1000 * 230;
}

static void pass(struct fake *f, int64_t to_ms)
{
    f->energy_mws += (int64_t)power_w(f) * (to_ms - f->now_ms);
    f->now_ms = to_ms;
}

static enum pilot_state letter(const struct fake *f)
{
    bool pwm = f->pilot_ma > 0;

    switch (f->vehicle) {
    case 'A':
        return pwm ? PILOT_A2 : PILOT_A1;
    case 'B':
        return pwm ? PILOT_B2 : PILOT_B1;
    case 'C':
        return pwm ? PILOT_C2 : PILOT_C1;
    case 'D':
        return pwm ? PILOT_D2 : PILOT_D1;
    default:
        return PILOT_F;
    }
}

static void board_apply(struct fake *f, const struct board_command *cmd)
{
    f->command = *cmd;
    f->command_ms = f->now_ms;
    f->commands_n++;
    if (f->board_behind) {
        return;
    }
    f->cycle = cmd->cycle;
    if (f->latched && cmd->rearm_firing == f->firings) {
        f->latched = false;
    }
    f->pilot_ma = f->latched ? 0 : cmd->pilot_ma;
    f->contactor = f->latched ? f->contactor && (f->welded || fake_current_ma(f) > 0) : (cmd->contactor_closed && !f->stuck) || (f->contactor && f->welded);
    f->next_sample_ms = f->now_ms; /* a board answers each cycle with a reading */
}

static void keep_session(struct fake *f, const struct cfx *fx)
{
    f->begins_n += fx->kind == CFX_JOURNAL_BEGIN ? 1 : 0;
    f->checkpoints_n += fx->kind == CFX_JOURNAL_CHECKPOINT ? 1 : 0;
    f->ends_n += fx->kind == CFX_JOURNAL_END ? 1 : 0;
    if (!f->store_fails && !f->store_mute) {
        f->journal = *fx->session;
        f->journal_open = fx->kind != CFX_JOURNAL_END;
    }
}

static void keep(struct fake *f, const struct cfx *fx)
{
    bool is_stored = !f->store_fails && !f->store_mute;

    f->keeps_n += fx->cards == NULL ? 1 : 0;
    f->cards_n += fx->cards != NULL ? 1 : 0;
    if (is_stored && fx->cards != NULL) {
        *f->cards = *fx->cards;
    } else if (is_stored) {
        f->keep = fx->keep;
    }
}

/* Carry out one effect; true when the journal answers it. */
static bool apply(struct fake *f, const struct cfx *fx)
{
    const char *field = "";

    switch (fx->kind) {
    case CFX_BOARD:
        board_apply(f, &fx->board);
        break;
    case CFX_LINK_DIAL:
        f->dials_n++;
        f->dial_ms = f->now_ms;
        break;
    case CFX_LINK_CLOSE:
        f->closes_n++;
        break;
    case CFX_SEND:
        cr_assert_eq(msg_check(&fx->msg, &field), RC_OK, "%s.%s is out of range", msg_kind_text(fx->msg.kind), field);
        f->sends_n[fx->msg.kind]++;
        f->sent[fx->msg.kind] = fx->msg;
        f->sent_ms[fx->msg.kind] = f->now_ms;
        break;
    case CFX_KEEP:
        keep(f, fx);
        break;
    case CFX_JOURNAL_BEGIN:
    case CFX_JOURNAL_CHECKPOINT:
    case CFX_JOURNAL_END:
        keep_session(f, fx);
        break;
    case CFX_JOURNAL_ACKED:
        f->acked_n++;
        break;
    case CFX_RECORD_NEXT:
        f->asked_n++;
        break;
    case CFX_NOTE:
        f->notes_n[fx->note.kind]++;
        f->note_a[fx->note.kind] = fx->note.a;
        f->note_b[fx->note.kind] = fx->note.b;
        break;
    case CFX_STOPPED:
        f->is_stopped = true;
        f->is_restart = fx->restart;
        break;
    case CFX_UNSET:
        cr_assert_fail("an effect without a kind");
    }
    return fx->ticket != 0 && !f->store_mute;
}

static void step(struct fake *f, struct cev *e, uint64_t *tickets, int *n)
{
    e->now_ms = f->now_ms;
    e->utc_ms = f->utc_ms == CLOCK_UNSET_UTC_MS ? CLOCK_UNSET_UTC_MS : f->utc_ms + f->now_ms;
    client_step(f->c, e, &f->fx);
    for (uint16_t i = 0; i < f->fx.n; i++) {
        if (apply(f, &f->fx.at[i])) {
            cr_assert_lt(*n, ANSWERS_MAX);
            tickets[*n] = f->fx.at[i].ticket;
            (*n)++;
        }
    }
    cr_assert_geq(client_wake_ms(f->c), f->now_ms);
}

void fake_event(struct fake *f, struct cev *e)
{
    uint64_t tickets[ANSWERS_MAX];
    int n = 0;

    step(f, e, tickets, &n);
    for (int i = 0; i < n; i++) {
        struct cev answer = {.kind = f->store_fails ? CEV_STORE_FAILED : CEV_STORED, .ticket = tickets[i]};

        step(f, &answer, tickets, &n);
    }
}

void fake_start(struct fake *f, const struct journal_session *open, bool after_power_loss)
{
    struct cev e = {.kind = CEV_START};

    e.start.seed = 42;
    e.start.boot_id = 7;
    e.start.kernel_boot_id = 9;
    e.start.after_power_loss = after_power_loss;
    e.start.keep = f->keep;
    e.start.open = open;
    e.start.cards = f->cards;
    f->next_sample_ms = f->now_ms;
    fake_event(f, &e);
}

void fake_sample(struct fake *f)
{
    struct cev e = {.kind = CEV_BOARD};
    struct board_sample *s = &e.board;

    if (f->closes_itself && !f->latched) {
        f->contactor = f->pilot_ma > 0 && f->vehicle == 'C';
    }
    f->contactor = f->contactor && (f->welded || (f->vehicle != 'A' && !(f->latched && fake_current_ma(f) == 0)));
    *s = (struct board_sample){.taken_ms = f->now_ms, .pilot = letter(f), .pilot_ma = f->pilot_ma, .contactor_closed = f->contactor};
    for (int p = 0; p < PHASE_N; p++) {
        s->current_ma[p] = fake_current_ma(f);
        s->voltage_mv[p] = f->voltage_mv;
    }
    s->power_w = power_w(f);
    s->energy_wh = f->energy_mws / 3600000;
    s->temperature_mdegc = f->temperature_mdegc;
    s->cable_ma = f->cable_ma;
    s->cycle = f->cycle;
    s->watchdog_firings = f->firings;
    s->watchdog_latched = f->latched;
    s->power_failed = f->power_failed;
    s->faults_n = f->fault != 0 ? 1 : 0;
    s->faults[0] = f->fault;
    s->diode_failed = f->diode_failed && f->pilot_ma > 0;
    s->has_switch = f->has_switch;
    s->switch_ma = f->switch_ma;
    s->closes_itself = f->closes_itself;
    f->next_sample_ms = f->now_ms + SAMPLE_MS;
    fake_event(f, &e);
}

void fake_run(struct fake *f, int64_t at_ms)
{
    int same_n = 0;

    for (;;) {
        int64_t wake_ms = client_wake_ms(f->c);
        int64_t sample_ms = f->board_silent ? MS_FOREVER : f->next_sample_ms;
        int64_t next_ms = max_i64(f->now_ms, min_i64(wake_ms, sample_ms));
        struct cev tick = {.kind = CEV_TICK};

        if (next_ms > at_ms || f->is_stopped) {
            pass(f, at_ms);
            return;
        }
        same_n = next_ms == f->now_ms ? same_n + 1 : 0;
        cr_assert_lt(same_n, 40, "the core spins at %lld ms", (long long)next_ms);
        pass(f, next_ms);
        if (sample_ms <= next_ms) {
            fake_sample(f);
        } else {
            fake_event(f, &tick);
        }
    }
}

void fake_message(struct fake *f, const struct msg *m)
{
    struct cev e = {.kind = CEV_LINK_MSG, .msg = m};
    const char *field = "";

    cr_assert_eq(msg_check(m, &field), RC_OK, "the test sends a wrong %s", field);
    fake_event(f, &e);
}

void fake_link_up(struct fake *f)
{
    struct cev e = {.kind = CEV_LINK_UP};

    fake_event(f, &e);
}

void fake_link_down(struct fake *f)
{
    struct cev e = {.kind = CEV_LINK_DOWN};

    fake_event(f, &e);
}

void fake_welcome(struct fake *f, uint64_t epoch)
{
    struct msg m = {.kind = MSG_WELCOME, .welcome = {.epoch = epoch, .status_ms = 1000}};

    fake_message(f, &m);
}

void fake_grant(struct fake *f, int32_t current_ma)
{
    struct msg m = {.kind = MSG_GRANT};

    f->grant_seq++;
    m.grant = (struct msg_grant){
        .epoch = FAKE_EPOCH,
        .grant_seq = f->grant_seq,
        .status_seq = fake_status(f)->status_seq,
        .current_ma = current_ma,
        .lease_ms = 10000,
        .reason = REASON_DEMAND_MET,
    };
    fake_message(f, &m);
}

void fake_fallback(struct fake *f, int32_t fallback_ma, int64_t rise_after_ms)
{
    struct msg m = {.kind = MSG_FALLBACK_SET};

    m.fallback_set = (struct msg_fallback_set){.epoch = FAKE_EPOCH, .seq = 5, .fallback_ma = fallback_ma, .rise_after_ms = rise_after_ms};
    fake_message(f, &m);
}

void fake_command(struct fake *f, enum command_kind kind)
{
    fake_order(f, kind, 0);
}

void fake_order(struct fake *f, enum command_kind kind, int32_t value)
{
    struct msg m = {.kind = MSG_COMMAND, .command = {.seq = 3, .kind = kind, .value = value}};

    fake_message(f, &m);
}

void fake_card(struct fake *f, const char *uid)
{
    struct cev e = {.kind = CEV_CARD};

    cr_assert_eq(card_uid_parse(uid, &e.card), RC_OK);
    fake_event(f, &e);
}

void fake_identity(struct fake *f, const char *identity)
{
    struct cev e = {.kind = CEV_IDENTITY};

    cr_assert_lt(strlen(identity), sizeof e.identity);
    memcpy(e.identity, identity, strlen(identity));
    fake_event(f, &e);
}

void fake_button(struct fake *f, bool is_down)
{
    struct cev e = {.kind = CEV_BUTTON, .button = {.which = BUTTON_SERVICE, .is_down = is_down}};

    fake_event(f, &e);
}

void fake_verdict(struct fake *f, enum auth_verdict verdict)
{
    struct msg m = {.kind = MSG_AUTHORIZE_RESULT};

    m.authorize_result.seq = f->sent[MSG_AUTHORIZE].authorize.seq;
    m.authorize_result.verdict = verdict;
    fake_message(f, &m);
}

void fake_deliver(struct fake *f, const char *uid, enum card_kind kind)
{
    struct card *c = &f->params.factory[f->params.factory_n];

    *c = (struct card){.kind = kind, .is_local = true};
    cr_assert_eq(card_uid_parse(uid, &c->uid), RC_OK);
    f->params.factory_n++;
}

const char *fake_lights(const struct fake *f)
{
    static const char colours[] = "?-wrgbo";
    static const char modes[] = "? ~s^>";
    static const char *const names[] = {"", "", "", "", " online=", " mode=", " card=", " touch="};
    static char text[128];
    size_t at = 0;

    memset(text, 0, sizeof text);
    for (int i = 0; i < LAMP_N; i++) {
        const struct light *x = &f->command.lights.lamp[i];

        if (i >= LAMP_ONLINE && x->colour == LIGHT_DARK) {
            continue;
        }
        memcpy(text + at, names[i], strlen(names[i]));
        at += strlen(names[i]);
        text[at] = colours[x->colour];
        at++;
        if (x->mode != LIGHT_STEADY) {
            text[at] = modes[x->mode];
            at++;
        }
    }
    return text;
}

void fake_restart(struct fake *f)
{
    f->c = client_init(f->c, &f->params);
    f->is_stopped = false;
    f->is_restart = false;
    fake_start(f, f->journal_open ? &f->journal : NULL, false);
    fake_run(f, f->now_ms);
}

void fake_plugged(struct fake *f)
{
    f->vehicle = 'B';
    fake_start(f, NULL, false);
    fake_link_up(f);
    fake_welcome(f, FAKE_EPOCH);
    fake_run(f, f->now_ms);
    cr_assert_eq(f->begins_n, 1);
    cr_assert_eq(f->c->charge.state, CHARGE_WAITING);
}

void fake_granted_until(struct fake *f, int32_t current_ma, int64_t at_ms)
{
    while (f->now_ms < at_ms) {
        fake_grant(f, current_ma);
        fake_run(f, min_i64(at_ms, f->now_ms + 1000));
    }
}

const struct msg_status *fake_status(const struct fake *f)
{
    return &f->sent[MSG_STATUS].status;
}
