/* Figures on their way from the manager's picture into the history, and cards on their way to the core. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>
#include <sqlite3.h>

#include "manager/shell/cards.h"
#include "manager/shell/db.h"
#include "manager/shell/history.h"
#include "manager/shell/trail.h"

TestSuite(trail, .timeout = 30);

#define NOON INT64_C(1751371200000)
#define BOXES 100

struct bench {
    char dir[64];
    char path[96];
    uv_loop_t loop;
    struct store *store;
    struct site site;
    struct view view;
    struct trail trail;
    struct cards cards;
    uint16_t lists_n;
    uint16_t cards_n;
    bool is_closed;
};

static void on_result(void *user, uint64_t ticket, bool is_stored)
{
    (void)user;
    (void)ticket;
    (void)is_stored;
}

static void on_closed(void *user)
{
    ((struct bench *)user)->is_closed = true;
}

static struct bench *make(uint16_t boxes_n)
{
    struct bench *b = calloc(1, sizeof *b);
    struct store_options options = {.busy_ms = 1000};

    cr_assert_not_null(b);
    (void)snprintf(b->dir, sizeof b->dir, "/tmp/wallbox-trail-XXXXXX");
    cr_assert_not_null(mkdtemp(b->dir));
    (void)snprintf(b->path, sizeof b->path, "%s/manager.db", b->dir);
    options.dir = b->dir;
    cr_assert_eq(store_open(&b->store, &options), RC_OK);
    b->site = (struct site){.node_n = 1, .box_n = boxes_n, .meter_n = 2, .node = {{.id = "grid", .parent = NODE_NONE}}};
    b->site.meter[0] = (struct site_meter){.id = "house", .node = 0, .role = METER_HOUSE};
    b->site.meter[1] = (struct site_meter){.id = "sun", .node = 0, .role = METER_SOLAR};
    b->view.node_n = 1;
    b->view.box_n = boxes_n;
    b->view.meter_n = 2;
    b->view.node[0].has_meter = true;
    for (int i = 0; i < 2; i++) {
        b->view.meter[i] = (struct view_meter){.state = METER_GOOD, .has_sample = true, .last = {.power_set = METER_POWER_TOTAL}};
    }
    for (uint16_t i = 0; i < boxes_n; i++) {
        (void)snprintf(b->site.box[i].serial, SERIAL_LEN, "W%03u", (unsigned)i);
        b->view.box[i] = (struct view_box){.is_online = true, .has_status = true};
    }
    return b;
}

static void start(struct bench *b)
{
    cr_assert_eq(uv_loop_init(&b->loop), 0);
    cr_assert_eq(store_start(b->store, &b->loop, on_result, b), RC_OK);
    cr_assert_eq(trail_open(&b->trail, &b->site, 230000, b->store), RC_OK);
}

static void finish(struct bench *b)
{
    trail_end(&b->trail);
    store_close(b->store, on_closed, b);
    cr_assert_eq(uv_run(&b->loop, UV_RUN_DEFAULT), 0);
    cr_assert(b->is_closed);
    cr_assert_eq(uv_loop_close(&b->loop), 0);
    trail_deinit(&b->trail);
}

static void clean(struct bench *b)
{
    DIR *dir = opendir(b->dir);
    char path[400];

    for (const struct dirent *e = readdir(dir); e != NULL; e = readdir(dir)) {
        (void)snprintf(path, sizeof path, "%s/%s", b->dir, e->d_name);
        (void)unlink(path); /* not . and .. */
    }
    closedir(dir);
    cr_assert_eq(rmdir(b->dir), 0);
    free(b);
}

/* Five pictures a second, as in steady charging; every wallbox draws what its number and the minute say. */
static void charge(struct bench *b, int64_t minutes_n)
{
    for (int64_t ms = 0; ms <= minutes_n * 60000; ms += 200) {
        for (uint16_t i = 0; i < b->site.box_n; i++) {
            b->view.box[i].power_w = (int32_t)(1000 + i + ms / 60000);
            b->view.box[i].offered_ma = 16000;
        }
        b->view.meter[0].last.power_total_w = 6000;
        b->view.meter[1].last.power_total_w = -2000;
        b->view.node[0].metered_ma[0] = 10000 + (int32_t)(ms / 1000 % 60);
        trail_feed(&b->trail, &b->view, NOON + ms);
        if (ms % 60000 == 0) { /* the disk answers within the minute */
            for (int k = 0; k < 100 && (b->trail.batch[0].is_busy || b->trail.batch[1].is_busy); k++) {
                (void)uv_run(&b->loop, UV_RUN_ONCE);
            }
        }
    }
}

static int64_t query(const struct bench *b, const char *sql)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *s = NULL;
    int64_t value;

    cr_assert_eq(sqlite3_open(b->path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
    cr_assert_eq(sqlite3_step(s), SQLITE_ROW);
    value = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    sqlite3_close(db);
    return value;
}

static int64_t sample(struct history *h, const char *quantity, const char *node, enum record_step step, int64_t at_ms)
{
    json_t *curve = NULL;
    int64_t value;

    cr_assert_eq(history_samples(h, quantity, node, step, NOON + at_ms, NOON + at_ms + 1, false, &curve), RC_OK, "%s %s", quantity, node);
    cr_assert_eq(json_array_size(json_object_get(curve, "values")), 1);
    value = json_is_null(json_array_get(json_object_get(curve, "values"), 0)) ? -1 : json_integer_value(json_array_get(json_object_get(curve, "values"), 0));
    json_decref(curve);
    return value;
}

Test(trail, steady_charging_of_a_hundred_wallboxes_is_one_transaction_a_minute)
{
    struct bench *b = make(BOXES);
    struct history h;

    start(b);
    charge(b, 16);
    cr_expect_eq(store_transactions_n(b->store), 16, "%llu", (unsigned long long)store_transactions_n(b->store));
    cr_expect_eq(b->trail.lost_n, 0);
    finish(b);
    history_init(&h, b->path);
    cr_expect_eq(sample(&h, "current_l1_ma", "grid", RECORD_SECOND, 15 * 60000 + 30000), 10030);
    cr_expect_eq(sample(&h, "current_l1_ma", "grid", RECORD_MINUTE, 0), 10030, "the mean of 10000..10059, rounded away from zero");
    cr_expect_eq(sample(&h, "power_w", "W042", RECORD_MINUTE, 5 * 60000), 1047);
    cr_expect_eq(sample(&h, "power_w", "W042", RECORD_QUARTER, 0), 1049, "the mean of 1042..1056");
    cr_expect_eq(sample(&h, "power_w", "W042", RECORD_MINUTE, 16 * 60000), -1, "not over yet");
    cr_expect_eq(sample(&h, "power_w", "sun", RECORD_MINUTE, 0), -2000);
    history_close(&h);
    cr_expect_eq(query(b, "SELECT count(*) FROM sample WHERE step_ms = 60000"), 6 + 2 + 2 * BOXES, "one growing row for each figure");
    cr_expect_eq(query(b, "SELECT production_wh FROM quarter_mix WHERE from_utc_ms = 1751371200000"), 500);
    cr_expect_eq(query(b, "SELECT import_wh FROM quarter_mix"), 1500);
    clean(b);
}

Test(trail, after_a_restart_the_rows_go_on_beside_the_old_ones)
{
    struct bench *b = make(1);
    struct store_options options = {.busy_ms = 1000};
    struct history h;

    start(b);
    charge(b, 3);
    finish(b);
    options.dir = b->dir;
    cr_assert_eq(store_open(&b->store, &options), RC_OK);
    start(b);
    for (int64_t ms = 240000; ms <= 360000; ms += 500) {
        b->view.box[0].power_w = 7777;
        trail_feed(&b->trail, &b->view, NOON + ms);
    }
    finish(b);
    history_init(&h, b->path);
    cr_expect_eq(sample(&h, "power_w", "W000", RECORD_MINUTE, 2 * 60000), 1002);
    cr_expect_eq(sample(&h, "power_w", "W000", RECORD_MINUTE, 3 * 60000), -1, "while it did not run");
    cr_expect_eq(sample(&h, "power_w", "W000", RECORD_MINUTE, 5 * 60000), 7777);
    history_close(&h);
    cr_expect_eq(query(b, "SELECT count(*) FROM series WHERE quantity = 'power_w' AND node = 'W000'"), 1);
    clean(b);
}

Test(trail, what_has_been_kept_long_enough_is_forgotten)
{
    const int64_t day_ms = 86400000;
    static const uint8_t bytes[] = {2};
    struct db_samples s = {.sample_n = 1, .mean = bytes, .mean_len = 1};
    struct bench *b = make(1);
    struct db db;

    store_free(b->store);
    cr_assert_eq(db_open(&db, b->path, 0, 100), RC_OK);
    cr_assert_eq(db_series(&db, "power_w", "W000", &s.series), RC_OK);
    for (int step = 0; step < RECORD_STEP_N; step++) {
        static const int64_t ages_ms[] = {1, 2, 32, 3654};

        s.step = (enum record_step)step;
        for (int i = 0; i < 4; i++) {
            s.from_utc_ms = NOON - ages_ms[i] * day_ms + 1000;
            cr_assert_eq(db_put_samples(&db, &s), RC_OK);
        }
    }
    cr_assert_eq(db_drop_old_samples(&db, NOON), RC_OK);
    db_close(&db);
    cr_expect_eq(query(b, "SELECT count(*) FROM sample WHERE step_ms = 1000"), 1);
    cr_expect_eq(query(b, "SELECT count(*) FROM sample WHERE step_ms = 60000"), 2);
    cr_expect_eq(query(b, "SELECT count(*) FROM sample WHERE step_ms = 900000"), 3);
    clean(b);
}

static void on_list(void *user, const struct fleet_cards *list)
{
    struct bench *b = user;

    cr_assert(fleet_cards_are_good(list));
    b->lists_n++;
    b->cards_n = list->n;
}

Test(trail, cards_are_loaded_in_order_and_again_when_one_was_taught)
{
    struct msg_authorize taught = {.uid = {4, {1, 2, 3, 4}}, .taught = true};
    struct mfx_store what = {.kind = MSTORE_CARD, .taught = &taught};
    struct bench *b = make(2);
    const struct fleet_card *card;
    uint32_t version;

    cards_init(&b->cards, b->store, &b->site, on_list, b);
    cr_assert_eq(cards_load(&b->cards), RC_OK);
    cr_expect_eq(b->lists_n, 1);
    cr_expect_eq(b->cards_n, 0);
    version = b->cards.list.version;
    start(b);
    cr_assert_eq(store_put(b->store, &what, "W001", NULL), RC_OK);
    cards_reload(&b->cards);
    cards_reload(&b->cards);
    while (b->lists_n < 3) {
        (void)uv_run(&b->loop, UV_RUN_ONCE);
    }
    cr_expect_eq(b->cards_n, 1);
    cr_expect_neq(b->cards.list.version, version);
    card = fleet_cards_find(&b->cards.list, &taught.uid, "");
    cr_assert_not_null(card);
    cr_expect_eq(fleet_card_judge(card, 1, NOON), AUTH_ACCEPTED);
    cr_expect_eq(fleet_card_judge(card, 0, NOON), AUTH_REJECTED, "it was taught at the other one");
    finish(b);
    cards_deinit(&b->cards);
    clean(b);
}
