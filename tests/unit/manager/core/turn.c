/* Turns: how waiting and charging are counted (spec 04 4.4, A6). */
#include "manager/core/turn.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(turn, .timeout = 10);

#define MINUTE 60000

static const struct turn_rules rules = {.turn_ms = 15 * MINUTE, .min_pause_ms = 2 * MINUTE};

static struct alloc_box at(const struct turn *t, int64_t now_ms)
{
    struct alloc_box box = {0};

    turn_fill(t, now_ms, &box);
    return box;
}

Test(turn, waiting_counts_from_the_first_division_without_current)
{
    struct turn t;

    turn_init(&t);
    turn_note(&t, true, false, false, true, &rules, 1000);
    turn_note(&t, true, false, false, true, &rules, 5000);
    cr_expect_eq(at(&t, 6000).waiting_ms, 5000);
    cr_expect_eq(at(&t, 6000).blocked_ms, 0, "it has not charged before");
    turn_note(&t, false, false, false, true, &rules, 7000);
    cr_expect_eq(at(&t, 8000).waiting_ms, 0);
}

Test(turn, one_that_is_stopped_rests_and_keeps_what_it_has_had)
{
    struct turn t;

    turn_init(&t);
    turn_note(&t, true, true, false, false, &rules, 0);
    turn_note(&t, true, false, true, true, &rules, 15 * MINUTE);
    cr_expect_eq(at(&t, 16 * MINUTE).blocked_ms, MINUTE);
    cr_expect_eq(at(&t, 16 * MINUTE).running_ms, 0);
    cr_expect_eq(at(&t, 16 * MINUTE).served_ms, 15 * MINUTE);
    cr_expect_eq(turn_next_ms(&t, 16 * MINUTE), 17 * MINUTE);
    turn_note(&t, true, true, false, true, &rules, 30 * MINUTE);
    cr_expect_eq(at(&t, 31 * MINUTE).served_ms, 16 * MINUTE);
    cr_expect_eq(turn_next_ms(&t, 31 * MINUTE), MS_FOREVER);
}

Test(turn, a_new_turn_begins_for_one_that_goes_on_while_somebody_waits)
{
    struct turn t;

    turn_init(&t);
    turn_note(&t, true, true, false, false, &rules, 0);
    turn_note(&t, true, true, true, true, &rules, 15 * MINUTE - 1);
    cr_expect_eq(at(&t, 15 * MINUTE).before_turn_ms, 0);
    turn_note(&t, true, true, true, true, &rules, 15 * MINUTE);
    cr_expect_eq(at(&t, 16 * MINUTE).before_turn_ms, 15 * MINUTE);
    cr_expect_eq(at(&t, 16 * MINUTE).running_ms, 16 * MINUTE);
}

Test(turn, without_anybody_waiting_a_turn_stays_over)
{
    struct turn t;

    turn_init(&t);
    turn_note(&t, true, true, false, false, &rules, 0);
    turn_note(&t, true, true, true, false, &rules, 60 * MINUTE);
    cr_expect_eq(at(&t, 60 * MINUTE).before_turn_ms, 0);
}

Test(turn, a_node_is_contended_when_somebody_waits_in_line_for_it)
{
    const struct alloc_result result[] = {{.state = ALLOC_WAITING, .node = 2, .turn_place = 1},
                                          {.state = ALLOC_WAITING, .node = 1, .turn_place = 0},
                                          {.state = ALLOC_CHARGING, .node = 1, .turn_place = 0}};
    bool is_contended[3];

    turn_find_contended(result, 3, 3, is_contended);
    cr_expect_not(is_contended[0]);
    cr_expect_not(is_contended[1]);
    cr_expect(is_contended[2]);
}

static struct alloc_scratch scratch;

/* n equal wallboxes of which k fit, for n turns; how long each has charged. */
static void play(uint16_t n, uint16_t k, int64_t out_ms[])
{
    const struct alloc_rules alloc_rules = {.step_ma = 100, .start_margin_ma = 500, .turn_ms = rules.turn_ms, .min_run_ms = 5 * MINUTE, .voltage_mv = 230000};
    const int32_t budget_ma = 6000 * k + 500;
    const struct alloc_node node = {.parent = NODE_NONE, .budget_ma = {budget_ma, budget_ma, budget_ma}, .budget_w = -1};
    struct alloc_box box[16];
    struct alloc_result result[16] = {{0}};
    struct turn turn[16];
    bool is_contended;

    for (uint16_t i = 0; i < n; i++) {
        turn_init(&turn[i]);
    }
    for (int64_t now_ms = 0; now_ms < n * rules.turn_ms; now_ms += MINUTE) {
        for (uint16_t i = 0; i < n; i++) {
            box[i] = (struct alloc_box){.used = PHASE_ALL, .priority = 5, .weight = 1, .min_ma = 6000, .max_ma = 32000, .demand_ma = 32000, .cap_ma = MA_MAX};
            box[i].rank = i;
            box[i].current_ma = result[i].allocated_ma;
            turn_fill(&turn[i], now_ms, &box[i]);
        }
        alloc_run(&alloc_rules, &node, 1, box, n, &scratch, result);
        turn_find_contended(result, n, 1, &is_contended);
        for (uint16_t i = 0; i < n; i++) {
            turn_note(&turn[i], true, result[i].allocated_ma > 0, true, is_contended, &rules, now_ms);
        }
    }
    for (uint16_t i = 0; i < n; i++) {
        out_ms[i] = at(&turn[i], n * rules.turn_ms).served_ms;
    }
}

Test(turn, equal_wallboxes_have_charged_equally_after_as_many_turns)
{
    for (uint16_t n = 1; n <= 16; n++) {
        for (uint16_t k = 1; k <= n; k++) {
            int64_t served_ms[16];

            play(n, k, served_ms);
            for (uint16_t i = 0; i < n; i++) {
                cr_expect_eq(served_ms[i], k * rules.turn_ms, "n %u k %u wallbox %u: %lld ms", n, k, i, (long long)served_ms[i]);
            }
        }
    }
}
