/* True currents against the limits (S7) and true offers against the budget (S3). */
#include "tests/sim/check.h"

#include <inttypes.h>

#include "common/base/units.h"
#include "tests/sim/sim.h"

#define S7_US (8 * S_US)
#define S7_LOST_US (20 * S_US)
#define S7_METER_US (1500 * MS_US) /* the part of S7_US that is the meter's */
#define USED_MA 500
#define LATE_METER_US (1300 * MS_US) /* how much later than a healthy meter one in METER_LATE shows a rise */

/* Nobody can take its current away: that of a welded contactor, and that of a board without watchdog whose program does not run. */
static bool is_stuck(const struct sim *s, uint16_t box)
{
    const struct cnode *c = &s->client[box];
    bool is_alone = c->board.watchdog == WATCHDOG_NONE && (!c->p.is_up || c->p.stopped_us > s->now_us);

    return c->board.is_closed && (c->board.is_welded || is_alone || c->board.is_silent);
}

static void place_moved(struct sim *s, uint16_t node, int p)
{
    struct check_place *at = &s->check.place[node][p];
    bool is_over = (int64_t)plant_true_ma(&s->plant, node, p) * 100 > (int64_t)s->site.node[node].limit_ma[p] * 101;

    if (!is_over) {
        at->over_us = CHECK_NEVER_US;
    } else if (at->over_us == CHECK_NEVER_US) {
        at->over_us = s->now_us;
        s->check.due_us = min_i64(s->check.due_us, s->now_us + S7_US);
    }
}

static bool was_any_lost(const struct sim *s, uint16_t node, int64_t since_us)
{
    for (uint16_t i = 0; i < s->site.box_n; i++) {
        if (site_box_is_under(&s->site, i, node) && check_was_lost(s, i, since_us)) {
            return true;
        }
    }
    return false;
}

/* Judge one node-phase whose current is too high; returns when it is to be looked at again. */
static int64_t judge_place(struct sim *s, uint16_t node, int p)
{
    struct check_place *at = &s->check.place[node][p];
    int64_t from_us = max_i64(at->over_us, at->rise_us);
    int64_t since_us = from_us;
    int64_t bound_us;
    int32_t others_ma = 0;
    bool is_any_stuck = false;

    for (uint16_t i = 0; i < s->site.box_n; i++) {
        if (site_box_is_under(&s->site, i, node) && s->check.drawn_ma[i][p] > 0) {
            is_any_stuck = is_any_stuck || is_stuck(s, i);
            others_ma += is_stuck(s, i) ? 0 : s->check.drawn_ma[i][p];
        }
    }
    if (is_any_stuck) {
        at->stuck_us = s->now_us;
    } else {
        from_us = max_i64(from_us, at->stuck_us); /* whoever was out of reach is not any more */
    }
    bound_us = was_any_lost(s, node, since_us) ? S7_LOST_US : S7_US;
    if (s->now_us <= from_us + bound_us) {
        return from_us + bound_us;
    }
    if (others_ma > USED_MA) {
        check_broken(s, "S7",
                     "node %u L%d carries %d mA, limit %d mA, for %" PRId64 " ms, %" PRId64 " ms after the last excuse, bound %" PRId64
                     " ms; base %d mA, wallboxes %d mA",
                     node, p + 1, (int)plant_true_ma(&s->plant, node, p), (int)s->site.node[node].limit_ma[p], (s->now_us - at->over_us) / MS_US,
                     (s->now_us - from_us) / MS_US, bound_us / MS_US, (int)s->plant.base_ma[node][p], (int)s->plant.boxes_ma[node][p]);
    }
    return s->now_us + 100 * MS_US;
}

void check_time(struct sim *s)
{
    struct check *c = &s->check;

    if (s->now_us <= c->due_us) {
        return;
    }
    c->due_us = INT64_MAX;
    for (uint16_t n = 0; n < s->site.node_n; n++) {
        for (int p = 0; p < PHASE_N; p++) {
            if (c->place[n][p].over_us != CHECK_NEVER_US) {
                c->due_us = min_i64(c->due_us, judge_place(s, n, p));
            }
        }
    }
}

/* A rise that a healthy meter shows at once; a blind one is found out first. */
static int64_t seen_us(const struct sim *s, uint16_t node)
{
    uint16_t meter = site_house_meter(&s->site, node);
    const struct plant_meter *m = &s->plant.meter[meter];
    int64_t stale_us = s->manager[0].params.meter_stale_ms * MS_US - S7_METER_US;

    if (meter == METER_MAX || m->fault == METER_FINE) {
        return s->now_us;
    }
    if (m->fault == METER_LATE) {
        return s->now_us + LATE_METER_US;
    }
    return max_i64(s->now_us, m->fault_us + stale_us + (m->fault == METER_STUCK ? FROZEN_KNOWN_US : 0));
}

void check_base(struct sim *s, uint16_t node, const bool is_rise[PHASE_N])
{
    for (uint16_t n = node; n != NODE_NONE; n = s->site.node[n].parent) {
        for (int p = 0; p < PHASE_N; p++) {
            if (is_rise[p]) {
                s->check.place[n][p].rise_us = max_i64(s->check.place[n][p].rise_us, seen_us(s, n));
            }
            place_moved(s, n, p);
        }
    }
}

void check_meter_fault(struct sim *s, uint16_t meter)
{
    uint16_t node = s->site.meter[meter].node;

    for (int p = 0; p < PHASE_N; p++) {
        if (s->check.place[node][p].rise_us > s->now_us - S7_METER_US) { /* it went blind before it could show that rise */
            s->check.place[node][p].rise_us = seen_us(s, node);
        }
    }
}

static bool is_newly_used(const struct sim *s, uint16_t box, int p, int32_t before_ma, int32_t after_ma)
{
    bool is_new = after_ma > USED_MA && before_ma <= USED_MA;

    for (uint16_t k = 0; k < SIM_MANAGER_MAX && is_new; k++) {
        if (s->check.has_book[k] && s->manager[k].p.is_up && (s->check.book[k][box].used & PHASE_BIT(p)) == 0) {
            return true;
        }
    }
    return false;
}

void check_board(struct sim *s, uint16_t box, const int32_t before_ma[PHASE_N])
{
    struct check_client *c = &s->check.client[box];
    const struct board *b = &s->client[box].board;
    bool is_over = vehicle_is_over(&b->vehicle, s->now_us);

    if (b->is_closed || c->was_closed) {
        c->closed_us = s->now_us;
    }
    c->was_closed = b->is_closed;
    if (c->was_asking != b->vehicle.asks) { /* a vehicle that starts or stops by itself: conditions are not steady */
        c->was_asking = b->vehicle.asks;
        s->check.quiet_us = s->now_us;
    }
    for (int p = 0; p < PHASE_N; p++) {
        int32_t after_ma = s->client[box].drawn_ma[p];
        bool is_new = is_newly_used(s, box, p, before_ma[p], after_ma);

        s->check.drawn_ma[box][p] = after_ma;
        for (uint16_t n = s->site.box[box].node; n != NODE_NONE && after_ma != before_ma[p]; n = s->site.node[n].parent) {
            if (after_ma > before_ma[p] && (is_over || is_new)) {
                s->check.place[n][p].rise_us = max_i64(s->check.place[n][p].rise_us, s->now_us);
            }
            place_moved(s, n, p);
        }
    }
    check_offer(s, box);
    for (uint16_t k = 0; k < SIM_MANAGER_MAX; k++) {
        check_offers_above(s, k, box);
    }
}

/* What a silent wallbox draws is base load, when its grants are spent, for a good meter above it, of this node or of one below that hands its base load up. */
static bool is_base_load(const struct sim *s, uint16_t manager, uint16_t box, uint16_t node)
{
    const struct manager *m = s->manager[manager].core;

    if (s->check.book[manager][box].is_online || ledger_is_subtracted(m, box)) {
        return false;
    }
    for (uint16_t n = s->site.box[box].node; n != NODE_NONE; n = s->site.node[n].parent) {
        if (site_house_meter(&s->site, n) != METER_MAX && !ledger_is_meter_lost(m, n)) {
            return true;
        }
        if (n == node) {
            break;
        }
    }
    return false;
}

/* Sum of the offers on one node-phase. An overdrawing vehicle is cut in two steps, each of which settles (04 4.4); a phase that is newly
 * used counts from the Status that shows it; what is base load must not count twice. */
static int64_t offers_ma(const struct sim *s, uint16_t manager, uint16_t node, int p)
{
    const struct ledger_box *book = s->check.book[manager];
    int64_t sum_ma = 0;

    for (uint16_t i = 0; i < s->site.box_n; i++) {
        const struct board *b = &s->client[i].board;
        bool is_excused = vehicle_is_over(&b->vehicle, s->now_us) || is_stuck(s, i);

        if (b->is_closed && !is_excused && check_may_obey(s, i, manager) && site_box_is_under(&s->site, i, node) &&
            (check_phases(s, i) & book[i].used & PHASE_BIT(p)) != 0) {
            sum_ma += is_base_load(s, manager, i, node) ? max_i32(0, b->pilot_ma - s->check.drawn_ma[i][p]) : b->pilot_ma;
        }
    }
    return sum_ma;
}

/* Longest time in which everybody who can be reached has been cut: one trip, 100 ms at each end, and the slowest board. */
static int64_t reaction_us(const struct sim *s)
{
    int64_t most_us = 0;

    for (uint16_t i = 0; i < s->site.box_n; i++) {
        most_us = max_i64(most_us, s->client[i].board.apply_us + s->way[i].most_us + s->client[i].p.slack_us);
    }
    return most_us + 200 * MS_US;
}

/* The largest share of its bound, for every fault that may have had a part in it. */
static void note_worst(struct sim *s, int64_t us, int64_t bound_us, bool is_lost)
{
    for (int f = 0; f < FAULT_N; f++) {
        struct check_worst *w = &s->check.worst[f];
        bool is_drawn = s->chaos.is_on[f] && s->chaos.last_us[f] == INT64_MIN; /* once and for all */

        if (s->chaos.is_on[f] && (is_drawn || s->chaos.last_us[f] > s->now_us - S7_LOST_US) &&
            us * max_i64(w->bound_us[is_lost], 1) >= w->us[is_lost] * bound_us) {
            w->us[is_lost] = us;
            w->bound_us[is_lost] = bound_us;
        }
    }
}

static void offers_of(struct sim *s, uint16_t manager, uint16_t node, int p)
{
    struct check_place *at = &s->check.place[node][p];
    int32_t budget_ma = ledger_held_ma(s->manager[manager].core, node, p);
    int64_t lease_us = (with_drift_ms(s->manager[manager].params.lease_ms) + s->manager[manager].params.watchdog_ms) * MS_US;
    int64_t *since_us = &at->offers_us[manager];
    bool is_fall = budget_ma < at->budget_ma[manager];
    bool is_over;
    bool is_lost;
    int64_t bound_us;

    at->budget_ma[manager] = budget_ma;
    is_over = offers_ma(s, manager, node, p) > budget_ma;
    if (*since_us == CHECK_NEVER_US) {
        *since_us = is_over ? s->now_us : CHECK_NEVER_US;
        return;
    }
    is_lost = was_any_lost(s, node, *since_us);
    bound_us = is_lost ? lease_us + reaction_us(s) : reaction_us(s);
    note_worst(s, s->now_us - *since_us, bound_us, is_lost);
    if (!is_over || is_fall) {
        *since_us = is_over ? s->now_us : CHECK_NEVER_US;
    } else if (s->now_us - *since_us > bound_us) {
        check_broken(s, "S3", "node %u L%d: %" PRId64 " mA offered, budget %d mA since %" PRId64 " ms, bound %" PRId64 " ms (%s)", node, p + 1,
                     offers_ma(s, manager, node, p), (int)budget_ma, (s->now_us - *since_us) / MS_US, bound_us / MS_US,
                     is_lost ? "not all reachable" : "all reachable");
    }
}

static bool is_judged(const struct sim *s, uint16_t manager)
{
    const struct mnode *m = &s->manager[manager];

    return m->p.is_up && s->check.has_book[manager] && s->check.site[manager].is_granting;
}

void check_offers(struct sim *s, uint16_t manager)
{
    for (uint16_t n = 0; n < s->site.node_n && is_judged(s, manager); n++) {
        for (int p = 0; p < PHASE_N; p++) {
            offers_of(s, manager, n, p);
        }
    }
}

void check_offers_above(struct sim *s, uint16_t manager, uint16_t box)
{
    for (uint16_t n = s->site.box[box].node; n != NODE_NONE && is_judged(s, manager); n = s->site.node[n].parent) {
        for (int p = 0; p < PHASE_N; p++) {
            offers_of(s, manager, n, p);
        }
    }
}
