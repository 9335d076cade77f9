#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "manager/shell/driver.h"

TestSuite(driver, .timeout = 10);

struct bench {
    uv_loop_t loop;
    struct site site;
    struct manager_params params;
    struct snapshot_board board;
    struct driver driver;
    int stores_n;
    int flushes_n;
    int depth;
    enum rc answer;
    uint64_t epoch;
    uint64_t ticket;
};

static void on_send(void *user, uint16_t peer, const struct msg *m)
{
    (void)user;
    (void)peer;
    (void)m;
}

static void on_close(void *user, uint16_t peer)
{
    (void)user;
    (void)peer;
}

static enum rc on_store(void *user, const struct mfx_store *what, const char *serial, const char *text)
{
    struct bench *b = user;

    (void)serial;
    (void)text;
    b->depth++;
    cr_assert_eq(b->depth, 1, "effects of a step are carried out before the next event");
    b->stores_n++;
    if (what->kind == MSTORE_EPOCH) {
        b->epoch = what->epoch.epoch;
        b->ticket = what->ticket;
    }
    if (b->answer == RC_OK && what->ticket != 0) {
        struct mev e = {.kind = MEV_STORED, .stored = {.ticket = what->ticket}};

        driver_feed(&b->driver, &e); /* too early: it must wait for the end of the list */
        cr_assert(b->driver.is_applying);
    }
    b->depth--;
    return b->answer;
}

static void on_flush(void *user)
{
    ((struct bench *)user)->flushes_n++;
}

static const char *on_peer_name(void *user, uint16_t peer)
{
    (void)user;
    (void)peer;
    return "?";
}

static const struct driver_out out = {.send = on_send, .close = on_close, .store = on_store, .flush = on_flush, .peer_name = on_peer_name};

static struct bench *make(enum rc answer)
{
    struct bench *b = calloc(1, sizeof *b);

    cr_assert_not_null(b);
    b->answer = answer;
    b->site.node_n = 1;
    b->site.node[0] = (struct site_node){
        .id = "grid", .parent = NODE_NONE, .limit_ma = {32000, 32000, 32000}, .reserve_ma = MA_UNSET, .base_load_worst_ma = {MA_UNSET, MA_UNSET, MA_UNSET}};
    memcpy(b->site.timezone, "UTC", 4);
    manager_params_defaults(&b->params);
    snapshot_init(&b->board);
    cr_assert_eq(uv_loop_init(&b->loop), 0);
    cr_assert_eq(driver_open(&b->driver, &b->loop, &b->site, &b->params, &b->board), RC_OK);
    driver_connect(&b->driver, &out, b);
    return b;
}

static void start(struct bench *b)
{
    static const struct mev_known none[1];
    struct mev e = {.kind = MEV_START, .start = {.seed = 1, .utc_ms = 1700000000000, .known = none}};

    driver_feed(&b->driver, &e);
}

static void finish(struct bench *b)
{
    driver_close(&b->driver);
    cr_assert_eq(uv_run(&b->loop, UV_RUN_DEFAULT), 0);
    cr_assert_eq(uv_loop_close(&b->loop), 0);
    snapshot_deinit(&b->board);
    free(b);
}

Test(driver, an_event_made_by_an_effect_waits_for_the_end_of_the_list)
{
    struct bench *b = make(RC_OK);
    struct snapshot *s;

    start(b);
    cr_expect_neq(b->epoch, 0);
    cr_expect_eq(b->driver.queue.n, 0);
    s = snapshot_take(&b->board);
    cr_assert_not_null(s, "the first event publishes");
    cr_expect_eq(s->view.epoch, b->epoch);
    cr_expect(s->view.is_granting);
    snapshot_drop(s);
    finish(b);
}

Test(driver, a_write_that_finds_no_room_comes_back_as_failed)
{
    struct bench *b = make(RC_FULL);
    struct snapshot *s;

    start(b);
    cr_expect_gt(b->stores_n, 0);
    cr_expect_gt(b->flushes_n, 0);
    s = snapshot_take(&b->board);
    cr_assert_not_null(s);
    cr_expect_not(s->view.is_granting, "nothing is granted before the epoch is stored");
    snapshot_drop(s);
    finish(b);
}

Test(driver, a_snapshot_taken_outlives_newer_ones)
{
    struct bench *b = make(RC_OK);
    struct snapshot *old;
    struct snapshot *newer = NULL;

    start(b);
    old = snapshot_take(&b->board);
    while (newer == NULL || newer == old) { /* the driver publishes at least once a second */
        snapshot_drop(newer);
        (void)uv_run(&b->loop, UV_RUN_ONCE);
        newer = snapshot_take(&b->board);
    }
    cr_expect_geq(newer->made_ms - old->made_ms, DRIVER_PUBLISH_MS);
    cr_expect_eq(old->view.epoch, newer->view.epoch);
    snapshot_drop(newer);
    finish(b);
    snapshot_drop(old);
}

Test(driver, nothing_reaches_a_closed_driver)
{
    struct bench *b = make(RC_OK);
    struct mev e = {.kind = MEV_TICK};

    start(b);
    driver_close(&b->driver);
    driver_feed(&b->driver, &e);
    driver_close(&b->driver);
    finish(b);
}
