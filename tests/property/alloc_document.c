#include "tests/property/alloc_document.h"

#include <inttypes.h>

#include "common/base/units.h"

#define LIMIT_MIN_MA 1000 /* smallest limit that a site may have */
#define LIMIT_MIN_W 1000

/* How the budgets are written: budget = limit - base load, and a node's base load is at least that of its children. */
struct written {
    int32_t own_ma[CASE_NODE_MAX][PHASE_N];  /* base load in the document */
    int32_t base_ma[CASE_NODE_MAX][PHASE_N]; /* base load in force */
    int64_t base_w[CASE_NODE_MAX];
};

static int32_t budget_of(const struct alloc_node *node, int phase)
{
    return max_i32(node->budget_ma[phase], 0);
}

static int64_t base_watts(const struct written *w, const struct alloc_case *c, uint16_t node)
{
    int64_t sum_w = 0;

    for (int phase = 0; phase < PHASE_N; phase++) {
        sum_w += watts_up(w->base_ma[node][phase], c->rules.voltage_mv);
    }
    return sum_w;
}

static void settle(struct written *w, const struct alloc_case *c)
{
    *w = (struct written){0};
    for (uint16_t i = c->node_n; i-- > 0;) {
        const struct alloc_node *node = &c->node[i];

        for (int phase = 0; phase < PHASE_N; phase++) {
            w->own_ma[i][phase] = budget_of(node, phase) < LIMIT_MIN_MA ? LIMIT_MIN_MA : 0;
            w->base_ma[i][phase] = max_i32(w->base_ma[i][phase], w->own_ma[i][phase]);
        }
        if (node->budget_w >= 0 && node->budget_w + base_watts(w, c, i) < LIMIT_MIN_W) {
            w->own_ma[i][0] = (int32_t)div_up((int64_t)LIMIT_MIN_W * 1000000, c->rules.voltage_mv);
            w->base_ma[i][0] = max_i32(w->base_ma[i][0], w->own_ma[i][0]);
        }
        w->base_w[i] = base_watts(w, c, i);
        for (int phase = 0; i > 0 && phase < PHASE_N; phase++) {
            w->base_ma[node->parent][phase] += w->base_ma[i][phase];
        }
    }
}

static void write_three(FILE *out, const char *key, const int32_t ma[PHASE_N])
{
    fprintf(out, "\"%s\": [%" PRId32 ", %" PRId32 ", %" PRId32 "]", key, ma[0], ma[1], ma[2]);
}

static void write_node(FILE *out, const struct alloc_case *c, const struct written *w, uint16_t i)
{
    const struct alloc_node *node = &c->node[i];
    int32_t limit_ma[PHASE_N];

    for (int phase = 0; phase < PHASE_N; phase++) {
        limit_ma[phase] = budget_of(node, phase) + w->base_ma[i][phase];
    }
    fprintf(out, "{\"id\": \"n%u\", ", i);
    if (node->parent != NODE_NONE) {
        fprintf(out, "\"parent\": \"n%u\", ", node->parent);
    }
    write_three(out, "limit_ma", limit_ma);
    fprintf(out, ", ");
    write_three(out, "base_load_ma", w->own_ma[i]);
    fprintf(out, ", \"reserve_ma\": 0");
    if (node->budget_w >= 0) {
        fprintf(out, ", \"limit_w\": %" PRId64, node->budget_w + w->base_w[i]);
    }
    fprintf(out, "}");
}

static void write_phases(FILE *out, uint8_t used)
{
    const char *gap = "";

    fprintf(out, "\"phases_used\": [");
    for (int phase = 0; phase < PHASE_N; phase++) {
        if (used & PHASE_BIT(phase)) {
            fprintf(out, "%s\"L%d\"", gap, phase + 1);
            gap = ", ";
        }
    }
    fprintf(out, "]");
}

/* Only the order of laxities counts: without needed energy the time to departure is the laxity. */
static int64_t first_laxity_ms(const struct alloc_case *c)
{
    int64_t first_ms = 0;

    for (uint16_t i = 0; i < c->box_n; i++) {
        first_ms = c->box[i].has_laxity ? min_i64(first_ms, c->box[i].laxity_ms) : first_ms;
    }
    return first_ms;
}

static void write_box(FILE *out, const struct alloc_case *c, uint16_t i)
{
    static const char *const modes[] = {"fast", "solar_minimum", "solar_only", "solar_only"};
    const struct alloc_box *box = &c->box[i];

    fprintf(out, "{\"id\": \"b%02u\", \"node\": \"n%u\", ", box->rank, box->node);
    write_phases(out, box->used);
    fprintf(out, ", \"min_ma\": %" PRId32 ", \"max_ma\": %" PRId32 ", \"demand_ma\": %" PRId32, box->min_ma, box->max_ma, box->demand_ma);
    fprintf(out, ", \"priority\": %d, \"weight\": %d, \"mode\": \"%s\"", box->priority, box->weight, modes[box->solar]);
    fprintf(out, ", \"waiting_ms\": %" PRId64 ", \"running_ms\": %" PRId64 ", \"current_ma\": %" PRId32, box->waiting_ms, box->running_ms, box->current_ma);
    if (box->has_laxity) {
        fprintf(out, ", \"departure_ms\": %" PRId64, box->laxity_ms - first_laxity_ms(c));
    }
    if (box->is_fixed) {
        fprintf(out, ", ");
        write_three(out, "fixed_ma", box->fixed_ma);
    }
    fprintf(out, "}");
}

void alloc_document_write(FILE *out, const struct alloc_case *c)
{
    struct written w;

    settle(&w, c);
    fprintf(out, "{ \"nodes\": [");
    for (uint16_t i = 0; i < c->node_n; i++) {
        fprintf(out, "%s\n    ", i == 0 ? "" : ",");
        write_node(out, c, &w, i);
    }
    fprintf(out, "],\n  \"wallboxes\": [");
    for (uint16_t i = 0; i < c->box_n; i++) {
        fprintf(out, "%s\n    ", i == 0 ? "" : ",");
        write_box(out, c, i);
    }
    fprintf(out, "],\n  \"plan\": {\"step_ma\": %" PRId32 ", \"start_margin_ma\": %" PRId32 ", \"turn_ms\": %" PRId64, c->rules.step_ma,
            c->rules.start_margin_ma, c->rules.turn_ms);
    fprintf(out, ", \"min_run_ms\": %" PRId64 ",\n           \"surplus_mode\": \"%s\", ", c->rules.min_run_ms,
            c->rules.surplus_mode == SURPLUS_SUMMED ? "summed" : "per_phase");
    write_three(out, "surplus_ma", c->rules.surplus_ma);
    fprintf(out, ", \"voltage_mv\": %" PRId32 "} }\n", c->rules.voltage_mv);
}

static void write_gaps_of_box(FILE *out, const struct alloc_box *box)
{
    if (box->cap_ma < box->demand_ma) {
        fprintf(out, "# b%02u: held to %" PRId32 " mA by %s\n", box->rank, box->cap_ma, reason_text(box->cap_reason));
    }
    if (box->before_turn_ms > 0 || box->served_ms > 0) {
        fprintf(out, "# b%02u: charged for %" PRId64 " ms in its session, %" PRId64 " ms without a pause before its present turn\n", box->rank, box->served_ms,
                box->before_turn_ms);
    }
    if (box->blocked_ms > 0) {
        fprintf(out, "# b%02u: stopped, not to be started for %" PRId64 " ms\n", box->rank, box->blocked_ms);
    }
    if (box->solar == ALLOC_SOLAR_LOOK) {
        fprintf(out, "# b%02u: may not start yet, only looks at the sun\n", box->rank);
    }
}

void alloc_document_gaps(FILE *out, const struct alloc_case *c)
{
    for (uint16_t i = 0; i < c->node_n; i++) {
        const struct alloc_node *node = &c->node[i];

        if (node->is_fallback) {
            fprintf(out, "# n%u: budget of a lost meter\n", i);
        }
        if (node->scheduled != 0) {
            fprintf(out, "# n%u: scheduled 0x%x (L1 1, L2 2, L3 4, watts 8)\n", i, node->scheduled);
        }
        if (node->has_imbalance) {
            fprintf(out, "# n%u: one- and two-phase vehicles may take %" PRId32 " mA of each phase\n", i, node->imbalance_ma);
        }
    }
    for (uint16_t i = 0; i < c->box_n; i++) {
        write_gaps_of_box(out, &c->box[i]);
    }
}
