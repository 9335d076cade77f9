/* Every state with every input: all ways of the table are taken, and what must hold after each step holds. */
#include "client/core/charge.h"

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(charge_all, .timeout = 120);

#define NOW_MS 100000
#define BITS_N 11

static bool bit(unsigned bits, int i)
{
    return (bits >> i & 1U) != 0;
}

static struct charge_in input(unsigned bits, enum charge_vehicle vehicle)
{
    return (struct charge_in){.board = bit(bits, 0),
                              .fault = bit(bits, 1),
                              .allowed = bit(bits, 2),
                              .showing = bit(bits, 3) && !bit(bits, 2),
                              .vehicle = vehicle,
                              .offer_ma = bit(bits, 4) ? 16000 : 0,
                              .sleep_ma = bit(bits, 5) ? 6000 : 0,
                              .pilot_ma = bit(bits, 6) ? 6000 : 0,
                              .current_stopped = bit(bits, 7),
                              .contactor_closed = bit(bits, 8),
                              .unsafe = bit(bits, 9),
                              .tested = bit(bits, 10),
                              .self_test_ms = 3000};
}

/* The rules of spec 06 6.1 on one move. */
static void judge(int from, const struct charge *ch, const struct charge_in *in)
{
    bool was_closed = from == CHARGE_CHARGING || from == CHARGE_STOPPING;
    bool is_closed = charge_contactor(ch);

    if (is_closed && !was_closed) { /* it closes only in C, with every permission, health and the pilot shown */
        cr_assert(in->board && !in->fault && in->allowed && !in->unsafe);
        cr_assert(in->vehicle == VEHICLE_READY && in->offer_ma >= 6000 && in->pilot_ma > 0);
    }
    if (is_closed && in->board) { /* a fault, or leaving C, opens at once */
        cr_assert(!in->fault);
        cr_assert_eq(in->vehicle, VEHICLE_READY);
    }
    if (ch->state == CHARGE_CHARGING) {
        cr_assert(in->board && in->allowed && in->offer_ma > 0);
    }
    if (ch->state == CHARGE_SHOWING) {
        cr_assert_not(is_closed);
    }
    cr_assert(charge_pilot_ma(ch, in) == 0 || charge_pilot_ma(ch, in) >= 6000);
    if (in->fault && in->board) {
        cr_assert_eq(ch->state, CHARGE_FAULT);
        cr_assert_eq(charge_pilot_ma(ch, in), 0);
    }
}

static uint32_t taken[64]; /* by way: states that it was taken from */

static void look(const struct charge *from, const struct charge_in *in)
{
    struct charge ch = *from;
    int moves = 0;

    for (; moves < CHARGE_STATE_N; moves++) {
        int state = ch.state;

        if (!charge_step(&ch, in, NOW_MS)) {
            break;
        }
        taken[ch.way] |= SM_BIT(state);
        judge(state, &ch, in);
    }
    cr_assert_lt(moves, CHARGE_STATE_N, "it does not come to rest from %s", charge_state_text((enum charge_state)from->state));
    judge(from->state, &ch, in);
}

/* All histories of a state that make a difference. */
static void look_at_histories(int state, const struct charge_in *in)
{
    static const int64_t offered_ms[] = {MS_NEVER, NOW_MS - 29999, NOW_MS - 30000, NOW_MS - 60000};

    for (int k = 0; k < 16; k++) {
        struct charge ch = {.state = state, .way = -1, .offered_ms = offered_ms[k / 4]};

        ch.since_ms = (k & 1) != 0 ? NOW_MS : NOW_MS - 6000;
        ch.resumed = (k & 2) != 0;
        ch.tested = (k & 1) != 0;
        look(&ch, in);
    }
}

Test(charge_all, every_way_is_taken_from_every_state_that_it_leads_from_and_every_rule_holds)
{
    int n = 0;
    const struct charge_way *ways = charge_ways(&n);

    cr_assert_leq(n, 64);
    for (int vehicle = VEHICLE_NONE; vehicle <= VEHICLE_ERROR; vehicle++) {
        for (unsigned bits = 0; bits < 1U << BITS_N; bits++) {
            struct charge_in in = input(bits, (enum charge_vehicle)vehicle);

            for (int state = 0; state < CHARGE_STATE_N; state++) {
                look_at_histories(state, &in);
            }
        }
    }
    for (int i = 0; i < n; i++) {
        uint32_t wanted = ways[i].from & ~SM_BIT(ways[i].to); /* one that leads back holds its state and is no move */

        cr_expect_eq(taken[i] & wanted, wanted, "way %d (%s) was not taken from %x", i, ways[i].text, wanted & ~taken[i]);
    }
}
