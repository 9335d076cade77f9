/* What must come back after the faults (L1, L2, L3). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/units.h"
#include "tests/sim/check.h"
#include "tests/sim/sim.h"

#define UNMET_US (30 * S_US) /* longest wait between two dials while no manager has ever been met (05 5.1) */
#define L2_STEADY_US (30 * S_US)
#define L2_LEAST_PERCENT 98
#define REST_US (60 * S_US)
#define REST_MOVES 6  /* of one wallbox in that time */
#define STEADY_MA 300 /* smaller movements are ripple */

void check_healed(struct sim *s)
{
    s->check.healed_us = s->now_us;
    s->check.quiet_us = s->now_us;
    for (uint16_t i = 0; i < s->options.clients_n; i++) {
        s->check.client[i].was_unmet = s->client[i].disk.keep.epoch == 0;
    }
    memset(s->check.plan_ma, 0, sizeof s->check.plan_ma);
    memset(s->check.demand_ma, 0, sizeof s->check.demand_ma);
}

/* From now on nothing of the world changes by itself. */
void check_settled(struct sim *s)
{
    s->check.quiet_us = s->now_us;
}

/* The manager that has the say after the run has healed; SIM_NONE when none is at work. */
static uint16_t manager_of(const struct sim *s)
{
    uint16_t k = s->manager[1].is_imported ? 1 : 0;

    return s->manager[k].p.is_up && s->check.has_book[k] ? k : SIM_NONE;
}

/* L1: everybody holds a valid grant. */
static void grants_live(struct sim *s)
{
    int64_t lease_us = s->manager[s->manager[1].is_imported ? 1 : 0].params.lease_ms * MS_US;

    for (uint16_t i = 0; i < s->options.clients_n; i++) {
        const struct check_client *c = &s->check.client[i];
        int64_t bound_us = 2 * lease_us + (c->was_unmet ? UNMET_US : 0);

        if (s->now_us > s->check.healed_us + bound_us && c->grant[0].ends_ms <= clock_ms(&s->client[i].p.clock, s->now_us)) {
            check_broken(s, "L1", "wallbox %u holds no valid grant %" PRId64 " ms after the faults ended, bound %" PRId64 " ms", i,
                         (s->now_us - s->check.healed_us) / MS_US, bound_us / MS_US);
        }
    }
}

static bool has_moved(int32_t a_ma, int32_t b_ma)
{
    return a_ma > b_ma + STEADY_MA || a_ma < b_ma - STEADY_MA;
}

/* A rise below the ripple is not passed on (04 4.2), and the figures that show it are no finer than STEADY_MA. */
static bool is_ripple(const struct manager_params *p, int32_t used_ma, int32_t true_ma)
{
    return true_ma <= used_ma + p->ripple_ma + STEADY_MA && true_ma >= used_ma - STEADY_MA;
}

/* What the allocation grants for the true loads: budgets from the truth instead of the meters, nobody out of reach. */
static void plan(struct sim *s, uint16_t manager, int32_t out_ma[CHECK_BOX_MAX])
{
    static struct alloc_scratch scratch;
    static struct alloc_box box[CHECK_BOX_MAX];
    static struct alloc_result result[CHECK_BOX_MAX];
    struct alloc_node node[CHECK_NODE_MAX];
    const struct manager *m = s->manager[manager].core;
    const struct manager_params *p = &s->manager[manager].params;
    struct alloc_rules rules = {
        .step_ma = p->step_ma, .start_margin_ma = p->start_margin_ma, .turn_ms = p->turn_ms, .min_run_ms = p->min_run_ms, .voltage_mv = p->voltage_mv};

    memcpy(node, ledger_alloc_nodes(m), s->site.node_n * sizeof node[0]);
    memcpy(box, ledger_alloc_boxes(m), s->site.box_n * sizeof box[0]);
    for (uint16_t n = 0; n < s->site.node_n; n++) {
        bool has_meter = site_house_meter(&s->site, n) != METER_MAX;

        for (int i = 0; i < PHASE_N; i++) {
            int32_t base_ma = has_meter ? s->plant.base_ma[n][i] : s->site.node[n].base_load_ma[i];
            int32_t credit_ma = s->site.node[n].limit_ma[i] / 1000 * p->export_credit_permille;

            node[n].budget_ma[i] = s->site.node[n].limit_ma[i] - site_reserve_ma(&s->site.node[n], i) - max_i32(base_ma, -credit_ma);
            if (is_ripple(p, ledger_budget_ma(m, n, i), node[n].budget_ma[i])) {
                node[n].budget_ma[i] = ledger_budget_ma(m, n, i);
            }
            node[n].is_fallback = false;
        }
    }
    for (uint16_t i = 0; i < s->site.box_n; i++) {
        bool is_stuck = s->client[i].board.is_welded && s->client[i].board.is_closed;

        box[i].is_fixed = is_stuck; /* a welded contactor: what is booked for it is gone */
        memcpy(box[i].fixed_ma, s->check.book[manager][i].exposure_ma, sizeof box[i].fixed_ma);
        box[i].cap_ma = MA_MAX;
    }
    alloc_run(&rules, node, s->site.node_n, box, s->site.box_n, &scratch, result);
    for (uint16_t i = 0; i < s->site.box_n; i++) {
        out_ma[i] = result[i].allocated_ma;
    }
}

static void tell_budgets(const struct sim *s, uint16_t manager)
{
    for (uint16_t i = 0; i < s->site.meter_n; i++) {
        printf("meter %u at node %u: doubt %s\n", i, s->site.meter[i].node, ledger_meter_doubt(s->manager[manager].core, i));
    }
    for (uint16_t n = 0; n < s->site.node_n; n++) {
        for (int p = 0; p < PHASE_N; p++) {
            int32_t true_ma = s->site.node[n].limit_ma[p] - site_reserve_ma(&s->site.node[n], p) - s->plant.base_ma[n][p];

            printf("node %u L%d: %s, budget %d mA, true %d mA\n", n, p + 1, site_house_meter(&s->site, n) != METER_MAX ? "metered" : "not metered",
                   (int)ledger_budget_ma(s->manager[manager].core, n, p), (int)true_ma);
        }
    }
}

/* L2: what can be granted is granted. Conditions are steady while the plan and the demands stay the same. */
static void budget_is_used(struct sim *s)
{
    uint16_t k = manager_of(s);
    int32_t plan_ma[CHECK_BOX_MAX];
    int64_t planned_ma = 0;
    int64_t granted_ma = 0;

    if (k == SIM_NONE) {
        check_broken(s, "L2", "no manager is at work");
        return;
    }
    plan(s, k, plan_ma);
    for (uint16_t i = 0; i < s->site.box_n; i++) {
        int32_t demand_ma = s->check.book[k][i].demand_ma;

        if (has_moved(plan_ma[i], s->check.plan_ma[i]) || has_moved(demand_ma, s->check.demand_ma[i])) {
            s->check.quiet_us = s->now_us;
        }
        planned_ma += plan_ma[i];
        granted_ma += min_i32(s->check.book[k][i].newest_ma, demand_ma);
    }
    for (uint16_t i = 0; i < s->site.box_n && s->check.quiet_us == s->now_us; i++) {
        s->check.plan_ma[i] = plan_ma[i];
        s->check.demand_ma[i] = s->check.book[k][i].demand_ma;
    }
    if (s->now_us - s->check.quiet_us < L2_STEADY_US || s->check.site[k].is_restarting) {
        return;
    }
    s->check.looked_n++;
    if (granted_ma * 100 < planned_ma * L2_LEAST_PERCENT) {
        for (uint16_t i = 0; i < s->site.box_n; i++) {
            char why[256];

            ledger_describe(s->manager[k].core, i, why, sizeof why);
            if (plan_ma[i] != s->check.book[k][i].newest_ma || s->check.book[k][i].exposure_ma[0] > s->check.book[k][i].newest_ma) {
                printf("wallbox %u at node %u: plan %d mA, granted %d mA, booked %d mA on L1, demand %d mA; %s\n", i, s->site.box[i].node, (int)plan_ma[i],
                       (int)s->check.book[k][i].newest_ma, (int)s->check.book[k][i].exposure_ma[0], (int)s->check.book[k][i].demand_ma, why);
            }
        }
        tell_budgets(s, k);
        check_broken(s, "L2", "%" PRId64 " mA of %" PRId64 " mA granted, conditions steady for %" PRId64 " ms", granted_ma, planned_ma,
                     (s->now_us - s->check.quiet_us) / MS_US);
    }
}

/* While conditions are steady, what is granted comes to rest. */
static void nothing_swings(struct sim *s)
{
    struct check *c = &s->check;

    if (s->now_us - c->quiet_us >= L2_STEADY_US && s->now_us - c->moves_us < REST_US) {
        return;
    }
    for (uint16_t i = 0; i < s->site.box_n; i++) {
        if (s->now_us - c->quiet_us >= L2_STEADY_US && c->moves_n[i] > REST_MOVES) {
            check_broken(s, "O1", "wallbox %u was granted another current %u times in a minute, conditions steady for %" PRId64 " ms", i, c->moves_n[i],
                         (s->now_us - c->quiet_us) / MS_US);
        }
        c->moves_n[i] = 0;
    }
    c->moves_us = s->now_us;
}

void check_look(struct sim *s)
{
    if (s->is_healing) {
        grants_live(s);
    }
    if (s->is_settled) {
        budget_is_used(s);
        nothing_swings(s);
    }
}

static int by_start(const void *a, const void *b)
{
    const struct stored_session *x = a;
    const struct stored_session *y = b;

    if (x->start_wh != y->start_wh) {
        return x->start_wh < y->start_wh ? -1 : 1;
    }
    return x->stop_wh < y->stop_wh ? -1 : (x->stop_wh > y->stop_wh ? 1 : 0);
}

/* The records of a wallbox follow each other without gap and without overlap, from the first Wh to the last that belongs to a finished
 * session. Between two sessions nothing flows, unless the contactor was welded, or the board has no watchdog and went on while its program
 * stood still and another vehicle came. */
static void records_follow(struct sim *s, uint16_t box, struct stored_session *at, uint32_t n)
{
    const struct cdisk *d = &s->client[box].disk;
    const struct board *b = &s->client[box].board;
    bool may_leak = b->was_welded || b->watchdog == WATCHDOG_NONE;
    int64_t upto_wh = 0;
    struct journal_session open;
    int64_t end_wh = cdisk_open(d, &open) ? open.start_wh : board_energy_wh(b);

    qsort(at, n, sizeof at[0], by_start);
    for (uint32_t i = 0; i < n; i++) {
        if (at[i].start_wh < upto_wh || (at[i].start_wh > upto_wh && !may_leak)) {
            check_broken(s, "L3", "wallbox %u: a record begins at %" PRId64 " Wh, the one before ended at %" PRId64 " Wh", box, at[i].start_wh, upto_wh);
        }
        upto_wh = at[i].stop_wh;
    }
    if (upto_wh > end_wh || (upto_wh < end_wh && !may_leak)) {
        check_broken(s, "L3", "wallbox %u: records end at %" PRId64 " Wh, %" PRId64 " Wh flowed in finished sessions", box, upto_wh, end_wh);
    }
}

/* Two managers do not know each other's records: one that was not acknowledged by the first is sent to the second as well. */
static bool is_among(const struct stored_session *at, uint32_t n, const struct stored_session *one)
{
    for (uint32_t i = 0; i < n; i++) {
        if (memcmp(at[i].id.at, one->id.at, sizeof one->id.at) == 0) {
            return true;
        }
    }
    return false;
}

/* Records of a wallbox in all stores. */
static uint32_t gather(const struct sim *s, uint16_t box, struct stored_session *out)
{
    uint32_t n = 0;

    for (uint16_t k = 0; k < SIM_MANAGER_MAX; k++) {
        const struct mdisk *m = &s->manager[k].disk;

        for (uint32_t j = 0; j < m->session_n; j++) {
            if (m->session[j].box == box && !is_among(out, n, &m->session[j])) {
                out[n] = m->session[j];
                n++;
            }
        }
    }
    return n;
}

void check_end(struct sim *s)
{
    static struct stored_session at[2 * MDISK_SESSIONS_MAX];

    for (uint16_t i = 0; i < s->options.clients_n; i++) {
        const struct cdisk *d = &s->client[i].disk;

        for (uint16_t j = 0; j < d->session_n; j++) {
            if (d->session[j].end != END_UNSET) {
                check_broken(s, "L3", "wallbox %u: a finished session has not reached the manager", i);
            }
        }
        records_follow(s, i, at, gather(s, i, at));
    }
}
