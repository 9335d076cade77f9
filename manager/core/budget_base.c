#include "manager/core/budget_base.h"

#include "common/base/check.h"
#include "common/base/units.h"

int64_t budget_window_ms(const struct budget *b, uint16_t meter)
{
    return (int64_t)b->site->meter[meter].lag_ms + LAG_MARGIN_MS;
}

/* Largest figure of a wallbox since `from_ms`, with the one that was in force then: it was reported a moment before. */
static void most_since(const struct budget_box *box, int64_t from_ms, int32_t out_ma[PHASE_N])
{
    for (int p = 0; p < PHASE_N; p++) {
        out_ma[p] = box->newest.ma[p];
    }
    for (int k = box->n - 1; k >= 0; k--) {
        const struct drawn_at *at = &box->at[(box->first + k) % DRAWN_KEPT];

        if (at->at_ms <= from_ms - FIGURE_IN_FORCE_MS) {
            return; /* the ring is in order of time */
        }
        for (int p = 0; p < PHASE_N; p++) {
            out_ma[p] = max_i32(out_ma[p], at->ma[p]);
        }
        if (at->at_ms <= from_ms) {
            return;
        }
    }
}

/* Figure of a wallbox at a moment. What it drew after the meter was read the meter cannot have seen. When nothing is known from then, the
 * newest one, or the oldest that is kept. */
enum figure_else { ELSE_NEWEST, ELSE_OLDEST };

static void figure_at(const struct budget_box *box, int64_t taken_ms, enum figure_else other, int32_t out_ma[PHASE_N])
{
    const int32_t *ma = box->newest.ma;

    for (int k = box->n - 1; k >= 0 && box->newest.at_ms > taken_ms; k--) {
        const struct drawn_at *at = &box->at[(box->first + k) % DRAWN_KEPT];

        ma = at->at_ms <= taken_ms || other == ELSE_OLDEST ? at->ma : ma;
        if (at->at_ms <= taken_ms) {
            break;
        }
    }
    for (int p = 0; p < PHASE_N; p++) {
        out_ma[p] = ma[p];
    }
}

/* Since when the meter shows what it shows: registers that have not changed prove nothing about later moments. A meter that stands still
 * while wallboxes rise would otherwise show a house that gives what they take. */
static int64_t shown_ms(const struct budget_meter *m)
{
    return min_i64(m->last.taken_ms, m->watch.same_since_ms);
}

/* Whether the newest figure of a wallbox is one of the time at which a meter was read: one that nobody has confirmed since may be over, as after
 * a manager that stood still, and counted as flowing it would show a house that gives as much. */
static bool is_sure(const struct budget_box *box, const struct budget_meter *m)
{
    return !box->is_paused && m->last.taken_ms - box->newest.at_ms <= FIGURE_STALE_MS;
}

/* The window reaches back from the moment the meter was read, not from now: that is the moment the meter's figure is `lag_ms` old. */
static void add_box(const struct budget *b, const uint16_t *house, uint16_t box, struct budget_own *out)
{
    uint16_t at = b->site->box[box].node;

    for (int level = 0; level < DEPTH_MAX && at != NODE_NONE; level++) {
        int32_t most_ma[PHASE_N];
        int32_t then_ma[PHASE_N];
        int32_t first_ma[PHASE_N];
        int32_t shown_ma[PHASE_N];
        uint16_t meter = house[at];

        if (meter != METER_MAX && b->meter[meter].state == METER_GOOD) {
            most_since(&b->box[box], b->meter[meter].last.taken_ms - budget_window_ms(b, meter), most_ma);
            figure_at(&b->box[box], b->meter[meter].last.taken_ms, ELSE_NEWEST, then_ma);
            figure_at(&b->box[box], b->meter[meter].last.taken_ms - budget_window_ms(b, meter), ELSE_NEWEST, first_ma);
            figure_at(&b->box[box], shown_ms(&b->meter[meter]), ELSE_OLDEST, shown_ma);
            for (int p = 0; p < PHASE_N; p++) {
                out->then_ma[at][p] += min_i32(then_ma[p], most_ma[p]);
                out->sure_ma[at][p] += is_sure(&b->box[box], &b->meter[meter]) ? min_i32(min_i32(then_ma[p], shown_ma[p]), most_ma[p]) : 0;
                out->apart_ma[at][p] += max_i32(most_ma[p] - max_i32(then_ma[p], first_ma[p]), 0);
                out->most_ma[at][p] += most_ma[p];
                out->untold_ma[at][p] += max_i32(b->box[box].granted_ma[p] - b->box[box].newest.ma[p], 0);
            }
        }
        at = b->site->node[at].parent;
    }
}

void budget_own(const struct budget *b, const uint16_t *house, struct budget_own *out)
{
    *out = (struct budget_own){0};
    for (uint16_t i = 0; i < b->site->box_n; i++) {
        if (b->box[i].is_heard) {
            add_box(b, house, i, out);
        }
    }
}

void budget_own_below(const struct budget *b, uint16_t node, int64_t at_ms, struct meter_watch_own *out)
{
    *out = (struct meter_watch_own){0};
    for (uint16_t i = 0; i < b->site->box_n; i++) {
        if (!b->box[i].is_heard || at_ms - b->box[i].newest.at_ms > FIGURE_STALE_MS || !site_box_is_under(b->site, i, node)) {
            continue;
        }
        out->heard_n++;
        for (int p = 0; p < PHASE_N; p++) {
            out->ma[p] += b->box[i].newest.ma[p];
        }
    }
}

/* The part of the distance between the two estimates that has lasted for a whole window. A vehicle that goes up or down all the time is none:
 * it draws most at one end of the window, and many ramps are longer than a window.
 *
 * The figures of many wallboxes always move a little. If any distance counted once it has been there for long, that flicker would
 * open the door for the next ramp; therefore the smallest distance of the window counts, and a new window begins when one is over.
 */
static int32_t lasting_ma(struct budget_node *n, int p, int32_t distance_ma, int32_t ripple_ma, int64_t window_ms, int64_t now_ms)
{
    if (distance_ma == 0 || distance_ma < ripple_ma) {
        n->high_since_ms[p] = MS_NEVER;
        n->lift_ma[p] = 0;
        return 0;
    }
    if (n->high_since_ms[p] == MS_NEVER) {
        n->high_since_ms[p] = now_ms;
        n->high_ma[p] = distance_ma;
    }
    n->high_ma[p] = min_i32(n->high_ma[p], distance_ma);
    if (now_ms - n->high_since_ms[p] > window_ms) {
        n->lift_ma[p] = n->high_ma[p];
        n->high_since_ms[p] = now_ms;
        n->high_ma[p] = distance_ma;
    }
    return min_i32(n->lift_ma[p], distance_ma);
}

void budget_metered_base(struct budget *b, uint16_t node, uint16_t meter, const struct budget_own *own, int64_t now_ms, int32_t out_ma[PHASE_N],
                         int32_t out_rise_ma[PHASE_N])
{
    const struct site_node *s = &b->site->node[node];
    struct budget_node *n = &b->node[node];
    int64_t window_ms = budget_window_ms(b, meter);

    for (int p = 0; p < PHASE_N; p++) {
        int32_t metered_ma = b->meter[meter].last.current_ma[p];
        int32_t high_ma = metered_ma - own->then_ma[node][p];
        int32_t low_ma = metered_ma - own->most_ma[node][p];
        int32_t lift_ma = lasting_ma(n, p, own->apart_ma[node][p], b->params->ripple_ma, window_ms, now_ms);

        CHECK(high_ma >= low_ma);
        out_ma[p] = metered_ma > s->limit_ma[p] - site_reserve_ma(s, p) ? high_ma : low_ma + lift_ma;
        out_rise_ma[p] = metered_ma - own->sure_ma[node][p];
        CHECK(out_rise_ma[p] >= high_ma);
    }
}

void budget_base_reset(struct budget_node *n)
{
    for (int p = 0; p < PHASE_N; p++) {
        n->high_since_ms[p] = MS_NEVER;
        n->high_ma[p] = 0;
        n->lift_ma[p] = 0;
    }
}
