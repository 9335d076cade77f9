/* The desk between threads of http and the loop: settings one after the other, errands of the worker, the end. */
#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "manager/shell/change.h"
#include "manager/shell/desk.h"

TestSuite(desk, .timeout = 20);

struct bench {
    uv_loop_t loop;
    uv_timer_t timer;
    struct desk desk;
    struct document document;
    int feeds_n;
    struct mev fed;
    int stores_n;
    enum rc answer;
    struct change *kept;
    int changes_n;
    int done_n;
    enum rc done;
    int ran_n;
};

static struct bench b;

static void feed(void *user, const struct mev *e)
{
    (void)user;
    b.fed = *e;
    b.feeds_n++;
}

static enum rc change(void *user, struct change *c)
{
    (void)user;
    cr_expect_str_eq(c->who, "anna");
    if (c->kind == CHANGE_DOCUMENT) {
        cr_expect_not_null(strstr(c->document, "\"Left\""));
        cr_expect_str_eq(c->subject, "W01");
        cr_expect_not_null(strstr(c->before, b.stores_n == 0 ? "\"name\":\"\"" : "\"name\":\"Left\""));
        cr_expect_not_null(strstr(c->after, "\"name\":\"Left\",\"priority\":5"));
    }
    b.stores_n++;
    if (b.answer == RC_OK) {
        b.kept = c;
    }
    return b.answer;
}

static void changed(void *user, const struct change *c)
{
    (void)user;
    (void)c;
    b.changes_n++;
}

/* What the store has been given is done. */
static void finish(enum rc rc)
{
    struct change *c = b.kept;

    b.kept = NULL;
    c->order.done(&c->order, rc);
}

static const struct desk_out out = {.feed = feed, .change = change, .changed = changed};

static void on_timer(uv_timer_t *t)
{
    (void)t;
}

static void begin(void)
{
    memset(&b, 0, sizeof b);
    b.document.site =
        (struct site){.node_n = 1, .box_n = 1, .node = {{.id = "grid", .parent = NODE_NONE, .base_load_worst_ma = {MA_UNSET}, .reserve_ma = MA_UNSET}}};
    b.document.site.box[0] = (struct site_box){.serial = "W01", .phases = PHASES_L1, .min_ma = 6000, .max_ma = 16000, .priority = 5, .weight = 1};
    cr_assert_eq(uv_loop_init(&b.loop), 0);
    cr_assert_eq(uv_timer_init(&b.loop, &b.timer), 0);
    cr_assert_eq(desk_open(&b.desk, &b.loop, &b.document, &out, &b), RC_OK);
}

static void end(void)
{
    desk_close(&b.desk);
    uv_close((uv_handle_t *)&b.timer, NULL);
    cr_assert_eq(uv_run(&b.loop, UV_RUN_DEFAULT), 0);
    cr_assert_eq(uv_loop_close(&b.loop), 0);
}

/* Let the loop turn until everything that was sent has come. */
static void turn(void)
{
    for (int i = 0; i < 20; i++) {
        (void)uv_timer_start(&b.timer, on_timer, 2, 0);
        (void)uv_run(&b.loop, UV_RUN_ONCE);
    }
}

static void on_done(void *user, struct errand *e)
{
    (void)user;
    b.done_n++;
    b.done = e->rc;
    errand_free(e);
}

static void run(struct errand *e)
{
    (void)e;
    b.ran_n++;
}

static struct errand *setting(void)
{
    struct errand *e = errand_new(ERRAND_LOOP, run, NULL);

    e->on_done = on_done;
    memcpy(e->by, "anna", 5);
    memcpy(e->setting.setting.name, "Left", 5);
    e->setting_set = SETTING_NAME;
    return e;
}

Test(desk, an_event_reaches_the_core_on_the_loop, .init = begin, .fini = end)
{
    struct mev e = {.kind = MEV_COMMAND, .command = {.seq = 7}};

    cr_assert_eq(desk_feed(&b.desk, &e), RC_OK);
    cr_expect_eq(b.feeds_n, 0);
    turn();
    cr_expect_eq(b.feeds_n, 1);
    cr_expect_eq(b.fed.command.seq, 7);
}

Test(desk, more_events_than_places_are_refused, .init = begin, .fini = end)
{
    struct mev e = {.kind = MEV_TICK};

    for (int i = 0; i < DESK_EVENTS_MAX; i++) {
        cr_assert_eq(desk_feed(&b.desk, &e), RC_OK);
    }
    cr_expect_eq(desk_feed(&b.desk, &e), RC_FULL);
    turn();
    cr_expect_eq(b.feeds_n, DESK_EVENTS_MAX);
}

Test(desk, a_setting_counts_when_it_is_stored_and_not_before, .init = begin, .fini = end)
{
    cr_assert_eq(desk_send(&b.desk, setting()), RC_OK);
    cr_assert_eq(desk_send(&b.desk, setting()), RC_OK);
    turn();
    cr_expect_eq(b.stores_n, 1, "one after the other");
    cr_expect_eq(b.feeds_n, 0);
    cr_expect_eq(b.done_n, 0);
    finish(RC_OK);
    cr_expect_eq(b.feeds_n, 1);
    cr_expect_eq(b.fed.kind, MEV_SETTING);
    cr_expect_str_eq(b.fed.setting.setting.name, "Left");
    cr_expect_eq(b.fed.setting.setting.priority, 5, "what is not given stays");
    cr_expect_eq(b.done_n, 1);
    cr_expect_eq(b.done, RC_OK);
    cr_expect_eq(b.stores_n, 2);
    finish(RC_IO);
    cr_expect_eq(b.feeds_n, 1);
    cr_expect_eq(b.done, RC_IO);
}

Test(desk, a_setting_that_cannot_be_stored_is_refused, .init = begin, .fini = end)
{
    b.answer = RC_FULL;
    cr_assert_eq(desk_send(&b.desk, setting()), RC_OK);
    turn();
    cr_expect_eq(b.done_n, 1);
    cr_expect_eq(b.done, RC_IO);
    cr_expect_eq(b.feeds_n, 0);
}

Test(desk, what_was_done_elsewhere_is_kept_in_turn_and_nobody_waits, .init = begin, .fini = end)
{
    cr_assert_eq(desk_send(&b.desk, setting()), RC_OK);
    desk_note(&b.desk, change_note("anna", "login", "anna", NULL, json_pack("{s:s}", "address", "::1"), NULL));
    desk_note(&b.desk, NULL);
    turn();
    cr_expect_eq(b.stores_n, 1);
    finish(RC_OK);
    cr_expect_eq(b.stores_n, 2);
    cr_assert_not_null(b.kept);
    cr_expect_eq(b.kept->kind, CHANGE_NOTE);
    cr_expect_str_eq(b.kept->what, "login");
    cr_expect_str_eq(b.kept->after, "{\"address\":\"::1\"}");
    finish(RC_OK);
    cr_expect_eq(b.feeds_n, 1, "the setting");
    cr_expect_eq(b.changes_n, 2);
}

Test(desk, the_worker_has_a_bound_and_gives_back, .init = begin, .fini = end)
{
    for (int i = 0; i < DESK_WORK_MAX; i++) {
        struct errand *e = errand_new(ERRAND_WORKER, run, NULL);

        e->on_done = on_done;
        cr_assert_eq(desk_send(&b.desk, e), RC_OK);
    }
    turn();
    cr_expect_eq(b.done_n, DESK_WORK_MAX);
    cr_expect_eq(b.ran_n, DESK_WORK_MAX);
}

Test(desk, what_waits_at_the_end_is_told)
{
    begin();
    cr_assert_eq(desk_send(&b.desk, setting()), RC_OK);
    cr_assert_eq(desk_send(&b.desk, setting()), RC_OK);
    turn();
    end();
    cr_expect_eq(b.done_n, 2);
    cr_expect_eq(b.done, RC_IO);
    finish(RC_OK);
    cr_expect_eq(b.feeds_n, 0);
}
