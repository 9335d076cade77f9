/* One wallbox against what it was told (S4, S6): leases and epochs worked out once more, by the simplest means. */
#include "tests/sim/check.h"

#include "common/base/units.h"
#include "tests/sim/sim.h"

static int64_t now_ms(const struct sim *s, uint16_t box)
{
    return clock_ms(&s->client[box].p.clock, s->now_us);
}

void check_client_started(struct sim *s, uint16_t box)
{
    struct check_client *c = &s->check.client[box];

    c->started_ms = now_ms(s, box);
    c->epoch_seen = s->client[box].disk.keep.epoch;
    c->fallback_ma = s->client[box].disk.keep.fallback_ma;
    c->fallback_ms = c->started_ms;
    c->conn_n = 0;
    c->sent_n = 0;
    c->refused = (struct check_grant){0};
    c->risen_ma = 0;
    for (int i = 0; i < CHECK_GRANT_MAX; i++) {
        c->grant[i] = (struct check_grant){.ends_ms = MS_NEVER};
    }
    check_lost(s, box);
}

void check_linked(struct sim *s, uint16_t box)
{
    s->check.client[box].conn_n = s->check.client[box].sent_n;
    check_lost(s, box);
}

void check_status_sent(struct sim *s, uint16_t box, const struct msg_status *status)
{
    struct check_client *c = &s->check.client[box];

    c->sent_n = (uint32_t)status->status_seq;
    c->sent_ms[c->sent_n % CHECK_SENT_MAX] = now_ms(s, box);
    if (status->epoch != 0 && status->epoch == c->refused.epoch && status->grant_seq == c->refused.seq) {
        check_broken(s, "S6", "wallbox %u names grant %u of an epoch that was lower than the highest it had seen", box, status->grant_seq);
    }
}

static void took(struct sim *s, uint16_t box, const struct msg_grant *g, int64_t ends_ms)
{
    struct check_client *c = &s->check.client[box];
    const struct mnode *m = &s->manager[s->client[box].address];

    for (int i = CHECK_GRANT_MAX - 1; i > 0; i--) {
        c->grant[i] = c->grant[i - 1];
    }
    c->grant[0] = (struct check_grant){.epoch = g->epoch, .seq = g->grant_seq, .ma = g->current_ma, .ends_ms = ends_ms};
    c->granted_us = s->now_us;
    c->risen_ma = 0;
    if (s->way[box].held_us[NET_UP] <= s->now_us && s->way[box].held_us[NET_DOWN] <= s->now_us && m->p.stopped_us <= s->now_us) {
        if (c->is_lost) {
            c->lost_us = s->now_us;
        }
        c->is_lost = false;
    }
}

static void got_grant(struct sim *s, uint16_t box, const struct msg_grant *g)
{
    struct check_client *c = &s->check.client[box];
    uint32_t n = (uint32_t)g->status_seq;
    bool is_known = n > c->conn_n && n <= c->sent_n && c->sent_n - n < CHECK_SENT_MAX;
    int64_t ends_ms = is_known ? c->sent_ms[n % CHECK_SENT_MAX] + g->lease_ms : MS_NEVER;

    sim_trace(s, TRACE_GOT, box, g->grant_seq, g->current_ma, n);
    if (g->epoch < c->epoch_seen) {
        c->refused = (struct check_grant){.epoch = g->epoch, .seq = g->grant_seq};
        return;
    }
    c->epoch_seen = g->epoch;
    if (ends_ms > now_ms(s, box) && grant_order(g->epoch, g->grant_seq, c->grant[0].epoch, c->grant[0].seq) > 0) {
        took(s, box, g, ends_ms);
    }
}

void check_client_got(struct sim *s, uint16_t box, const struct msg *m)
{
    struct check_client *c = &s->check.client[box];

    if (m->kind == MSG_WELCOME && m->welcome.epoch > c->epoch_seen) {
        c->epoch_seen = m->welcome.epoch;
    } else if (m->kind == MSG_GRANT) {
        got_grant(s, box, &m->grant);
    }
}

/* Most that it may offer at the moment with what reached it. A grant of an epoch that is not on its disk yet leaves the one before in force. */
static int32_t allowed_ma(const struct sim *s, uint16_t box, bool *out_is_live)
{
    const struct check_client *c = &s->check.client[box];
    const struct client_keep *keep = &s->client[box].disk.keep;
    int64_t at_ms = now_ms(s, box);
    int64_t wait_ms = max_i64(c->grant[0].ends_ms, max_i64(c->started_ms, c->fallback_ms));
    int32_t most_ma = 0;

    *out_is_live = false;
    for (int i = 0; i < CHECK_GRANT_MAX; i++) { /* newest first; one in force has replaced the older ones, though they would have lasted longer */
        bool is_in_force = c->grant[i].ends_ms != MS_NEVER && c->grant[i].epoch <= keep->epoch;

        if (c->grant[i].ends_ms > at_ms) {
            most_ma = max_i32(most_ma, c->grant[i].ma);
            *out_is_live = is_in_force;
        }
        if (is_in_force) {
            break;
        }
    }
    if (!*out_is_live) {
        int32_t last_ma = max_i32(c->risen_ma, c->grant[0].ends_ms == MS_NEVER ? 0 : max_i32(c->grant[0].ma, c->grant[1].ma));

        most_ma = max_i32(most_ma, min_i32(last_ma, keep->fallback_ma));
        if (after_ms(wait_ms, keep->rise_after_ms) <= at_ms) {
            most_ma = max_i32(most_ma, keep->fallback_ma);
        }
    }
    return most_ma;
}

void check_client_stepped(struct sim *s, uint16_t box)
{
    struct check_client *c = &s->check.client[box];
    int32_t fallback_ma = s->client[box].disk.keep.fallback_ma;
    bool is_live;

    if (fallback_ma > c->fallback_ma) {
        c->fallback_ms = now_ms(s, box);
    }
    c->fallback_ma = fallback_ma;
    if (fallback_ma > 0 && allowed_ma(s, box, &is_live) >= fallback_ma && !is_live) {
        c->risen_ma = fallback_ma; /* that it may keep */
    }
}

void check_command(struct sim *s, uint16_t box, const struct board_command *command)
{
    const struct cnode *n = &s->client[box];
    bool is_closed = command->contactor_closed || n->board.is_closed;
    int32_t cable_ma = n->board.vehicle.is_plugged && n->board.vehicle.spec.cable_ma > 0 ? n->board.vehicle.spec.cable_ma : INT32_MAX;
    bool is_live;
    int32_t most_ma = allowed_ma(s, box, &is_live);

    if (command->pilot_ma != 0 && command->pilot_ma < n->params.min_ma) {
        check_broken(s, "S4", "wallbox %u offers %d mA, below its minimum of %d mA", box, (int)command->pilot_ma, (int)n->params.min_ma);
    }
    if (command->pilot_ma > n->params.rated_ma || (is_closed && command->pilot_ma > cable_ma)) {
        check_broken(s, "S4", "wallbox %u offers %d mA, rated %d mA, cable %d mA", box, (int)command->pilot_ma, (int)n->params.rated_ma, (int)cable_ma);
    }
    if (is_closed && command->pilot_ma > most_ma) {
        check_broken(s, "S4", "wallbox %u offers %d mA, its %s allows %d mA", box, (int)command->pilot_ma, is_live ? "grant" : "fallback", (int)most_ma);
    }
}
