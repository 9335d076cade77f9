#include <criterion/criterion.h>

#include <signal.h>

#include "manager/shell/mev_queue.h"

TestSuite(mev_queue, .timeout = 10);

static struct mev_queue queue;

static struct mev failed(uint64_t ticket)
{
    return (struct mev){.kind = MEV_STORE_FAILED, .stored = {.ticket = ticket}};
}

Test(mev_queue, an_empty_queue_gives_nothing)
{
    struct mev e = failed(9);

    cr_expect_not(mev_queue_pop(&queue, &e));
    cr_expect_eq(e.stored.ticket, 9);
}

Test(mev_queue, a_full_queue_refuses_and_keeps_its_order)
{
    struct mev e;

    for (uint64_t i = 0; i < MEV_QUEUE_MAX; i++) {
        e = failed(i);
        cr_assert_eq(mev_queue_push(&queue, &e), RC_OK);
    }
    e = failed(12345);
    cr_expect_eq(mev_queue_push(&queue, &e), RC_FULL);
    for (uint64_t i = 0; i < MEV_QUEUE_MAX; i++) {
        cr_assert(mev_queue_pop(&queue, &e));
        cr_assert_eq(e.stored.ticket, i);
    }
    cr_expect_not(mev_queue_pop(&queue, &e));
}

Test(mev_queue, the_ring_goes_round)
{
    struct mev e;

    for (uint64_t i = 0; i < 3 * MEV_QUEUE_MAX; i++) {
        e = failed(i);
        cr_assert_eq(mev_queue_push(&queue, &e), RC_OK);
        cr_assert(mev_queue_pop(&queue, &e));
        cr_assert_eq(e.stored.ticket, i);
    }
    cr_expect_eq(queue.n, 0);
}

Test(mev_queue, a_borrowed_message_is_never_queued, .signal = SIGABRT)
{
    struct mev e = {.kind = MEV_PEER_MSG};

    (void)!mev_queue_push(&queue, &e);
}
