/* The manager's books against the truth (S1, S2, S5) and its division (A1, A2). */
#include "tests/sim/check.h"

#include <inttypes.h>
#include <string.h>

#include "common/base/units.h"
#include "tests/sim/sim.h"

#define BOOKS_LATE_US (300 * MS_US) /* a cycle comes at most every cycle_ms */
#define MOVE_MA 500

void check_manager_started(struct sim *s, uint16_t manager)
{
    s->check.has_book[manager] = false;
    s->check.cycled_ms[manager] = MS_NEVER;
    memset(s->check.sent_ma[manager], 0, sizeof s->check.sent_ma[manager]);
    memset(s->check.told_ma[manager], 0, sizeof s->check.told_ma[manager]);
    memset(s->check.book[manager], 0, sizeof s->check.book[manager]);
}

void check_manager_gone(struct sim *s, uint16_t manager)
{
    s->check.has_book[manager] = false;
    for (int n = 0; n < CHECK_NODE_MAX; n++) {
        for (int p = 0; p < PHASE_N; p++) {
            s->check.place[n][p].books_us[manager] = CHECK_NEVER_US;
            s->check.place[n][p].offers_us[manager] = CHECK_NEVER_US;
        }
    }
    check_all_lost(s);
}

static void offer_is_booked(struct sim *s, uint16_t box, uint16_t manager)
{
    const struct ledger_box *book = &s->check.book[manager][box];
    const struct board *b = &s->client[box].board;
    uint8_t phases = check_phases(s, box);
    bool is_over = vehicle_is_over(&b->vehicle, s->now_us);
    uint8_t looked = phases != 0 ? (uint8_t)(phases & book->used) : book->used;

    for (int p = 0; p < PHASE_N; p++) {
        char why[256];

        if ((looked & PHASE_BIT(p)) == 0 || (b->pilot_ma <= book->exposure_ma[p] && (is_over || s->check.drawn_ma[box][p] <= book->exposure_ma[p]))) {
            continue;
        }
        ledger_describe(s->manager[manager].core, box, why, sizeof why);
        check_broken(s, "S1", "wallbox %u offers %d mA and draws %d mA on L%d, manager %u books %d mA (%s)", box, (int)b->pilot_ma,
                     (int)s->check.drawn_ma[box][p], p + 1, manager, (int)book->exposure_ma[p], why);
    }
}

void check_offer(struct sim *s, uint16_t box)
{
    if (!s->client[box].board.is_closed) {
        return;
    }
    for (uint16_t k = 0; k < SIM_MANAGER_MAX; k++) {
        const struct mnode *m = &s->manager[k];

        bool is_awake = m->p.stopped_us == 0 || m->p.stopped_us + SIM_AWAKE_US < s->now_us; /* its books are older than its sleep until then */

        if (m->p.is_up && s->check.has_book[k] && is_awake && s->check.book[k][box].is_met && check_may_obey(s, box, k)) {
            offer_is_booked(s, box, k);
        }
    }
}

static bool is_ours(const struct ledger_box *b)
{
    return b->is_online && b->is_answerable && !b->is_over;
}

/* What one wallbox may still draw when everything that was sent has taken effect. */
static int32_t later_ma(const struct ledger_box *b, int p)
{
    if (is_ours(b)) {
        return (b->used & PHASE_BIT(p)) != 0 && b->newest_ma > 0 ? b->newest_ma + b->excess_ma[p] : 0;
    }
    return b->exposure_ma[p];
}

/* S2 on one node-phase: what is above the budget has been cut, or nothing is left to cut. Otherwise *out_box is one that could be. */
static bool is_cut(const struct sim *s, uint16_t manager, uint16_t node, int p, uint16_t *out_box)
{
    const struct ledger_box *book = s->check.book[manager];
    int64_t budget_ma = ledger_budget_ma(s->manager[manager].core, node, p);
    int64_t sum_ma = 0;
    int64_t later_sum_ma = 0;
    int64_t excess_ma = 0; /* a little of it is covered by the reserve, as the ripple of the budget is */
    int64_t left_ma = 0;

    for (uint16_t i = 0; i < s->site.box_n; i++) {
        if (site_box_is_under(&s->site, i, node)) {
            int32_t left_here_ma = is_ours(&book[i]) ? later_ma(&book[i], p) : 0;

            sum_ma += book[i].exposure_ma[p];
            later_sum_ma += later_ma(&book[i], p);
            excess_ma += is_ours(&book[i]) ? book[i].excess_ma[p] : 0;
            left_ma += left_here_ma;
            *out_box = left_here_ma > 0 ? i : *out_box;
        }
    }
    later_sum_ma -= min_i64(excess_ma, s->manager[manager].params.ripple_ma);
    return sum_ma <= budget_ma || later_sum_ma <= budget_ma || left_ma == 0;
}

static void place_fits(struct sim *s, uint16_t manager, uint16_t n, int p)
{
    int64_t *since_us = &s->check.place[n][p].books_us[manager];
    uint16_t box = 0;
    char why[256];

    if (s->check.site[manager].is_restarting || !s->check.site[manager].is_granting || is_cut(s, manager, n, p, &box)) {
        *since_us = CHECK_NEVER_US;
    } else if (*since_us == CHECK_NEVER_US) {
        *since_us = s->now_us;
    } else if (s->now_us - *since_us > BOOKS_LATE_US) {
        ledger_describe(s->manager[manager].core, box, why, sizeof why);
        check_broken(s, "S2", "node %u L%d: exposures above the budget of %d mA for %" PRId64 " ms and no cut was sent, to wallbox %u for instance (%s)", n,
                     p + 1, (int)ledger_budget_ma(s->manager[manager].core, n, p), (s->now_us - *since_us) / MS_US, box, why);
    }
}

static void books_fit(struct sim *s, uint16_t manager)
{
    for (uint16_t n = 0; n < s->site.node_n; n++) {
        for (int p = 0; p < PHASE_N; p++) {
            place_fits(s, manager, n, p);
        }
    }
}

static void note_budgets(struct sim *s, uint16_t manager)
{
    const struct manager *m = s->manager[manager].core;

    for (uint16_t n = 0; n < s->site.node_n; n++) {
        int32_t *known_ma = s->check.budget_ma[manager][n];
        bool is_same = true;

        for (int p = 0; p < PHASE_N; p++) {
            is_same = is_same && known_ma[p] == ledger_budget_ma(m, n, p);
            known_ma[p] = ledger_budget_ma(m, n, p);
        }
        if (!is_same) {
            sim_trace(s, TRACE_BUDGET, n, known_ma[0], known_ma[1], known_ma[2]);
        }
    }
}

static void division_is_valid(struct sim *s, uint16_t manager)
{
    const struct manager *m = s->manager[manager].core;
    const struct alloc_box *box = ledger_alloc_boxes(m);
    const struct alloc_result *result = ledger_alloc_results(m);
    int64_t given_ma[CHECK_NODE_MAX][PHASE_N] = {{0}};
    int64_t fixed_ma[CHECK_NODE_MAX][PHASE_N] = {{0}};

    for (uint16_t i = 0; i < s->site.box_n; i++) {
        int32_t ma = box[i].is_fixed ? 0 : result[i].allocated_ma;

        if (ma != 0 && (ma < box[i].min_ma || ma > box[i].demand_ma)) {
            check_broken(s, "A2", "wallbox %u gets %d mA of %d..%d mA", i, (int)ma, (int)box[i].min_ma, (int)box[i].demand_ma);
        }
        for (uint16_t n = s->site.box[i].node; n != NODE_NONE; n = s->site.node[n].parent) {
            for (int p = 0; p < PHASE_N; p++) {
                given_ma[n][p] += (box[i].used & PHASE_BIT(p)) != 0 ? ma : 0;
                fixed_ma[n][p] += box[i].is_fixed ? box[i].fixed_ma[p] : 0;
            }
        }
    }
    for (uint16_t n = 0; n < s->site.node_n; n++) {
        for (int p = 0; p < PHASE_N; p++) {
            int64_t budget_ma = ledger_alloc_nodes(m)[n].budget_ma[p];

            if (given_ma[n][p] > 0 && given_ma[n][p] + fixed_ma[n][p] > budget_ma) {
                check_broken(s, "A1", "node %u L%d: %" PRId64 " mA given and %" PRId64 " mA fixed, budget %" PRId64 " mA", n, p + 1, given_ma[n][p],
                             fixed_ma[n][p], budget_ma);
            }
        }
    }
}

void check_manager_stepped(struct sim *s, uint16_t manager, bool is_old)
{
    struct check *c = &s->check;
    const struct manager *m = s->manager[manager].core;

    for (uint16_t i = 0; i < s->site.box_n; i++) {
        c->had_ma[manager][i] = c->book[manager][i].newest_ma;
    }
    ledger_boxes(m, s->site.box_n, c->book[manager]);
    ledger_site(m, &c->site[manager]);
    c->has_book[manager] = c->site[manager].cycled_ms != MS_NEVER && !is_old;
    if (!c->has_book[manager]) {
        return;
    }
    for (uint16_t i = 0; i < s->site.box_n; i++) {
        check_offer(s, i);
    }
    if (c->site[manager].cycled_ms != c->cycled_ms[manager]) {
        c->cycled_ms[manager] = c->site[manager].cycled_ms;
        note_budgets(s, manager);
        division_is_valid(s, manager);
        books_fit(s, manager);
        check_offers(s, manager);
    }
}

/* What a wallbox offers or draws on a site phase, as far as this manager is to know of it. */
static int32_t known_ma(const struct sim *s, uint16_t manager, uint16_t box, int p)
{
    const struct board *b = &s->client[box].board;
    bool is_used = (s->check.book[manager][box].used & check_phases(s, box) & PHASE_BIT(p)) != 0;
    bool is_obedient = !vehicle_is_over(&b->vehicle, s->now_us) && check_may_obey(s, box, manager);

    return is_used && is_obedient ? max_i32(b->pilot_ma, s->check.drawn_ma[box][p]) : 0;
}

/* S5: with every raise of this step the exposures fit, and so does what the others truly offer and draw. */
static void raise_fits_place(struct sim *s, uint16_t manager, uint16_t box, uint16_t node, int p)
{
    const struct ledger_box *book = s->check.book[manager];
    int64_t budget_ma = ledger_budget_ma(s->manager[manager].core, node, p);
    int64_t booked_ma = 0;
    int64_t true_ma = 0;

    for (uint16_t i = 0; i < s->site.box_n; i++) {
        if (site_box_is_under(&s->site, i, node)) {
            booked_ma += book[i].exposure_ma[p];
            true_ma += i == box ? book[i].newest_ma : known_ma(s, manager, i, p);
        }
    }
    if (booked_ma > budget_ma || true_ma > budget_ma) {
        check_broken(s, "S5", "wallbox %u raised to %d mA: node %u L%d has a budget of %" PRId64 " mA, %" PRId64 " mA booked, %" PRId64 " mA offered or drawn",
                     box, (int)book[box].newest_ma, node, p + 1, budget_ma, booked_ma, true_ma);
    }
}

static void raise_fits(struct sim *s, uint16_t manager, uint16_t box)
{
    for (uint16_t n = s->site.box[box].node; n != NODE_NONE; n = s->site.node[n].parent) {
        for (int p = 0; p < PHASE_N; p++) {
            if ((s->check.book[manager][box].used & PHASE_BIT(p)) != 0) {
                raise_fits_place(s, manager, box, n, p);
            }
        }
    }
}

/* A change of what is granted that people would notice. Smaller ones come from a budget that is at rest within its ripple. */
static bool is_move(int32_t moved_ma)
{
    return moved_ma > MOVE_MA || moved_ma < -MOVE_MA;
}

void check_grant_sent(struct sim *s, uint16_t manager, uint16_t box, const struct msg_grant *grant)
{
    struct check *c = &s->check;
    const struct mnode *m = &s->manager[manager];

    /* After a restart the manager goes on from what the wallbox reports to offer. */
    if (grant->current_ma > max_i32(c->had_ma[manager][box], max_i32(c->sent_ma[manager][box], c->told_ma[manager][box])) && !c->site[manager].is_restarting) {
        c->is_raised[box] = true;
    }
    c->moves_n[box] = (uint16_t)(c->moves_n[box] + is_move(grant->current_ma - c->sent_ma[manager][box]));
    c->sent_ma[manager][box] = grant->current_ma;
    for (uint16_t i = 0; i < s->site.meter_n; i++) {
        bool is_due = s->now_us - m->started_us >= (m->params.meter_stale_ms - 10) * MS_US;

        if (s->site.meter[i].role == METER_HOUSE && !m->has_answered[i] && !is_due) {
            check_broken(s, "C1", "wallbox %u is granted %d mA although no control cycle was complete", box, (int)grant->current_ma);
        }
    }
}

void check_manager_applied(struct sim *s, uint16_t manager)
{
    for (uint16_t i = 0; i < s->site.box_n; i++) {
        if (s->check.is_raised[i]) {
            s->check.is_raised[i] = false;
            if (s->check.has_book[manager]) {
                raise_fits(s, manager, i);
            }
        }
    }
}
