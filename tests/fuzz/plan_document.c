/* wallbox-plan on arbitrary bytes: what is refused has an error with it, what is accepted is divided within its budgets, and short days pass. */
#include <stdlib.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "manager/shell/plan_answer.h"
#include "manager/shell/plan_days.h"
#include "manager/shell/plan_outcome.h"
#include "manager/shell/plan_simulate.h"
#include "tests/fuzz/fuzz.h"

#define STEPS_MAX 500

struct work {
    struct sitedoc_errors errors;
    struct plan plan;
    struct plan_work division;
    struct plan_days days;
    struct plan_outcome outcome;
    int64_t used_ma[NODE_MAX][PHASE_N];
};

static void check_allocation(const struct alloc_box *box, const struct alloc_result *r)
{
    CHECK(r->allocated_ma == 0 || r->allocated_ma >= box->min_ma);
    CHECK(r->allocated_ma <= min_i32(box->demand_ma, box->max_ma));
    CHECK(r->state == ALLOC_CHARGING || r->allocated_ma == 0);
}

static void divide(struct work *w)
{
    const struct site *site = &w->plan.site;
    bool has_fixed = false;

    json_decref(plan_answer(&w->plan, &w->division));
    for (uint16_t i = 0; i < site->box_n; i++) {
        check_allocation(&w->division.input.box[i], &w->division.result[i]);
        has_fixed = has_fixed || w->plan.box[i].is_fixed;
    }
    alloc_used(w->division.input.node, site->node_n, w->division.input.box, w->division.result, site->box_n, w->used_ma);
    for (uint16_t i = 0; i < site->node_n; i++) {
        for (int p = 0; p < PHASE_N; p++) {
            CHECK(has_fixed || w->used_ma[i][p] <= w->division.input.node[i].budget_ma[p]);
        }
    }
}

static bool is_short(const struct plan_days *days)
{
    for (uint16_t i = 0; i < days->session_n; i++) {
        if (days->session[i].departure_ms / days->step_ms >= STEPS_MAX) {
            return false;
        }
    }
    return true;
}

static void simulate(struct work *w)
{
    const struct plan_policy policy = {.divide = plan_divide, .context = &w->division.divider};

    plan_simulate(&w->plan, &w->days, &policy, &w->outcome);
    for (uint16_t i = 0; i < w->days.session_n; i++) {
        CHECK(w->outcome.session[i].delivered_wh >= 0);
        CHECK(w->outcome.session[i].delivered_wh <= w->days.session[i].needed_wh);
        CHECK(w->outcome.session[i].waited_ms <= w->days.session[i].departure_ms - w->days.session[i].arrival_ms);
    }
    CHECK(w->outcome.delivered_wh <= w->outcome.wanted_wh);
    json_decref(plan_outcome_json(&w->plan, &w->days, &w->outcome));
    plan_outcome_free(&w->outcome);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct work w;
    json_t *document = NULL;

    w.errors.n = 0;
    if (sitedoc_parse((const char *)data, size, &document, &w.errors) != RC_OK || plan_read(document, &w.plan, &w.errors) != RC_OK) {
        CHECK(w.errors.n > 0);
        json_decref(document);
        return 0;
    }
    divide(&w);
    if (plan_days_read(document, &w.plan, &w.days, &w.errors) == RC_OK && is_short(&w.days)) {
        simulate(&w);
    }
    plan_days_free(&w.days);
    json_decref(document);
    return 0;
}
