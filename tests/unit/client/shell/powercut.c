/* The journal under power cuts at random instants (spec 06 6.6): whatever was acknowledged as stored is there afterwards, nothing is damaged, and
 * no Wh goes back. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "client/shell/journal_db.h"
#include "client/shell/keep_file.h"
#include "common/base/rng.h"
#include "common/os/log.h"
#include "tests/unit/client/shell/cutfs.h"
#include "tests/unit/client/shell/journal_sessions.h"

TestSuite(powercut, .timeout = 120);

#define SEEDS 150
#define CUTS 6       /* of one disk */
#define CUT_MOST 150 /* operations until a cut */
#define SESSIONS 250

enum stage { STAGE_NONE, STAGE_OPEN, STAGE_FINISHED, STAGE_ACKED };

/* What the test knows: as acknowledged, and as it may be when the write at the cut came through. */
struct known {
    enum stage stage;
    int64_t wh;
    enum stage next_stage;
    int64_t next_wh;
};

struct world {
    struct journal_db d;
    struct rng rng;
    struct known session[SESSIONS];
    int first; /* oldest finished one that is not acknowledged */
    int n;     /* sessions begun */
    uint16_t cards_n;
    uint16_t next_cards_n;
    struct card_list list;
};

static struct journal_session session_at(int i, int64_t wh)
{
    struct journal_session s = session_of(1);

    s.id.at[0] = (uint8_t)i;
    s.id.at[1] = (uint8_t)(i >> 8);
    s.last_wh = s.start_wh + wh;
    s.quarter_n = 1;
    s.quarter_wh[0] = (int32_t)wh;
    return s;
}

/* Store a session; what is known follows from the answer. */
static void put(struct world *w, int i, int64_t wh, bool is_finished)
{
    struct known *k = &w->session[i];
    struct journal_session s = session_at(i, wh);

    s.end = is_finished ? END_UNPLUGGED : END_UNSET;
    k->next_stage = is_finished ? STAGE_FINISHED : STAGE_OPEN;
    k->next_wh = wh;
    if (journal_db_put(&w->d, &s, BOOT_ID) == RC_OK) {
        k->stage = k->next_stage;
        k->wh = wh;
    }
}

static void ack(struct world *w)
{
    struct known *k = &w->session[w->first];
    struct journal_session s = session_at(w->first, 0);

    if (k->stage != STAGE_FINISHED) {
        return;
    }
    k->next_stage = STAGE_ACKED;
    if (journal_db_ack(&w->d, &s.id) == RC_OK) {
        k->stage = STAGE_ACKED;
        w->first++;
    }
}

static void put_cards(struct world *w)
{
    w->next_cards_n = (uint16_t)rng_range(&w->rng, 0, 40);
    w->list.card_n = w->next_cards_n;
    for (uint16_t i = 0; i < w->list.card_n; i++) {
        w->list.card[i] = (struct card){.uid = {.len = 4, .at = {4, (uint8_t)(i >> 8), (uint8_t)i, 1}}, .kind = CARD_USER};
    }
    if (journal_db_put_cards(&w->d, &w->list) == RC_OK) {
        w->cards_n = w->next_cards_n;
    }
}

static void work(struct world *w)
{
    struct known *k = w->n > 0 ? &w->session[w->n - 1] : NULL;
    int64_t what = rng_range(&w->rng, 0, 9);

    if (k == NULL || k->stage != STAGE_OPEN) {
        if (w->n < SESSIONS) {
            w->n++;
            put(w, w->n - 1, 0, false);
        }
    } else if (what < 6) {
        put(w, w->n - 1, k->wh + rng_range(&w->rng, 0, 500), false);
    } else if (what < 8) {
        put(w, w->n - 1, k->wh + rng_range(&w->rng, 0, 50), true);
    } else if (what == 8) {
        ack(w);
    } else {
        put_cards(w);
    }
}

/* State and energy of a session as it is stored; STAGE_NONE: it is not there. */
static enum stage stored(struct world *w, int i, int64_t *out_wh)
{
    static const char *const names[] = {"", "open", "finished", "acked"};
    struct journal_session s = session_at(i, 0);
    enum stage stage = STAGE_NONE;
    sqlite3_stmt *q = NULL;

    cr_assert_eq(sqlite3_prepare_v2(w->d.handle,
                                    "SELECT state, last_wh - start_wh, (SELECT sum(energy_wh) FROM session_quarter WHERE session_id = id) FROM session"
                                    " WHERE id = ?1",
                                    -1, &q, NULL),
                 SQLITE_OK);
    cr_assert_eq(sqlite3_bind_blob(q, 1, s.id.at, sizeof s.id.at, SQLITE_STATIC), SQLITE_OK);
    if (sqlite3_step(q) == SQLITE_ROW) {
        for (int k = STAGE_OPEN; k <= STAGE_ACKED; k++) {
            stage = strcmp((const char *)sqlite3_column_text(q, 0), names[k]) == 0 ? (enum stage)k : stage;
        }
        *out_wh = sqlite3_column_int64(q, 1);
        cr_expect_eq(sqlite3_column_int64(q, 2), *out_wh, "the quarters are stored with their session");
    }
    sqlite3_finalize(q);
    return stage;
}

/* Everything is as it was acknowledged, or as the write at the cut wanted it. */
static void look(struct world *w, uint64_t seed, int cut)
{
    int lost_n = 0;

    for (int i = 0; i < w->n; i++) {
        struct known *k = &w->session[i];
        int64_t wh = 0;
        enum stage stage = stored(w, i, &wh);
        bool is_trimmed = k->stage == STAGE_ACKED && stage == STAGE_NONE; /* only the newest hundred stay */
        bool is_old = stage == k->stage && wh == k->wh;
        bool is_new = stage == k->next_stage && wh == k->next_wh;

        cr_assert(is_old || is_new || is_trimmed, "seed %llu cut %d session %d: stage %d wh %lld, acknowledged %d %lld, wanted %d %lld",
                  (unsigned long long)seed, cut, i, (int)stage, (long long)wh, (int)k->stage, (long long)k->wh, (int)k->next_stage, (long long)k->next_wh);
        cr_assert_geq(wh, is_trimmed ? 0 : k->wh);
        *k = is_trimmed ? *k : (struct known){stage, wh, stage, wh};
        lost_n += stage == STAGE_NONE;
    }
    cr_assert_leq(lost_n, w->n);
    if (w->n > 0 && w->session[w->n - 1].stage == STAGE_NONE) {
        w->n--; /* its begin was never acknowledged: it did not begin */
    }
    while (w->first < w->n && w->session[w->first].stage == STAGE_ACKED) {
        w->first++;
    }
    cr_assert_eq(journal_db_cards(&w->d, &w->list), RC_OK);
    cr_assert(w->list.card_n == w->cards_n || w->list.card_n == w->next_cards_n, "seed %llu cut %d: %u cards", (unsigned long long)seed, cut, w->list.card_n);
    w->cards_n = w->next_cards_n = w->list.card_n;
}

/* Open until it works: the power may fail while it opens, too. Returns false when it did. */
static bool open_db(struct world *w)
{
    enum rc rc = journal_db_open(&w->d, "/client.db");

    cr_assert(rc == RC_OK || cutfs_is_dark(), "a disk that lost its power does not open: %s", w->d.why);
    return rc == RC_OK;
}

static int live(uint64_t seed)
{
    static struct world w;
    int opened_dark_n = 0;

    memset(&w, 0, sizeof w);
    w.rng.state = seed;
    cutfs_format(seed);
    for (int cut = 0; cut < CUTS; cut++) {
        cutfs_arm((uint32_t)rng_range(&w.rng, 1, cut % 2 == 0 ? CUT_MOST : 25));
        if (open_db(&w)) {
            while (!cutfs_is_dark()) {
                work(&w);
            }
        } else {
            opened_dark_n++;
        }
        journal_db_close(&w.d);
        cutfs_power();
        cr_assert(open_db(&w));
        look(&w, seed, cut);
        journal_db_close(&w.d);
    }
    cutfs_format(0);
    return opened_dark_n;
}

Test(powercut, whatever_was_acknowledged_survives_a_power_cut_at_any_instant)
{
    int opened_dark_n = 0;

    log_set_level(LOG_LEVEL_ERR);
    cutfs_install();
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        opened_dark_n += live(seed);
    }
    cr_expect_gt(opened_dark_n, SEEDS / 10, "some cuts must come while it opens: %d", opened_dark_n);
}

#define STATE_MOST 65536
#define STATE_WRITES 200
#define STATE_CUTS 20 /* of one write */
#define SECTOR 512

static size_t read_file(const char *path, uint8_t *out)
{
    FILE *f = fopen(path, "rb");
    size_t n;

    cr_assert_not_null(f);
    n = fread(out, 1, STATE_MOST, f);
    cr_assert_lt(n, STATE_MOST);
    cr_assert_eq(fclose(f), 0);
    return n;
}

static void write_file(const char *path, const uint8_t *data, size_t n)
{
    FILE *f = fopen(path, "wb");

    cr_assert_not_null(f);
    cr_assert_eq(fwrite(data, 1, n, f), n);
    cr_assert_eq(fclose(f), 0);
}

/* The file as a cut during the write leaves it: each sector old or new, and one of them written up to some byte. */
static void cut_between(struct rng *rng, const uint8_t *old, const uint8_t *now, size_t n, uint8_t *out)
{
    size_t torn = (size_t)rng_range(rng, 0, (int64_t)(n / SECTOR)) * SECTOR;

    for (size_t at = 0; at < n; at += SECTOR) {
        size_t len = n - at < SECTOR ? n - at : SECTOR;
        size_t new_len = at == torn ? (size_t)rng_range(rng, 0, (int64_t)len) : (size_t)rng_range(rng, 0, 1) * len;

        memcpy(out + at, old + at, len);
        memcpy(out + at, now + at, new_len);
    }
}

static bool is_same_keep(const struct client_keep *a, const struct client_keep *b)
{
    return a->epoch == b->epoch && a->fallback_ma == b->fallback_ma && a->rise_after_ms == b->rise_after_ms && a->boot_count == b->boot_count;
}

static struct client_keep draw_keep(struct rng *rng)
{
    return (struct client_keep){.epoch = rng_next(rng),
                                .fallback_ma = (int32_t)rng_range(rng, 0, 32000),
                                .rise_after_ms = (int32_t)rng_range(rng, 1000, 200000),
                                .boot_count = (uint32_t)rng_range(rng, 0, 100000)};
}

/* Epoch, fallback and boot counter: what was acknowledged before the write, or what the write wanted; nothing else, and never a damaged file. */
Test(powercut, the_state_of_the_client_is_the_old_or_the_new_one_after_a_cut_during_its_write)
{
    static uint8_t old[STATE_MOST];
    static uint8_t now[STATE_MOST];
    static uint8_t mixed[STATE_MOST];
    char folder[] = "/tmp/powercut-XXXXXX";
    char path[64];
    char cut_path[64];
    struct rng rng = {7};
    struct keep_file file;
    struct client_keep was;
    uint64_t boot;
    int new_n = 0;

    log_set_level(LOG_LEVEL_ERR);
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/client.state", folder);
    snprintf(cut_path, sizeof cut_path, "%s/cut.state", folder);
    cr_assert_eq(keep_file_open(&file, path, &was, &boot), RC_OK);
    for (int i = 0; i < STATE_WRITES; i++) {
        struct client_keep next = draw_keep(&rng);
        size_t n = read_file(path, old);

        cr_assert_eq(keep_file_write(&file, &next, 1), RC_OK);
        cr_assert_eq(read_file(path, now), n, "it is preallocated");
        for (int k = 0; k < STATE_CUTS; k++) {
            struct keep_file cut;
            struct client_keep found;

            cut_between(&rng, old, now, n, mixed);
            write_file(cut_path, mixed, n);
            cr_assert_eq(keep_file_open(&cut, cut_path, &found, &boot), RC_OK, "write %d cut %d", i, k);
            keep_file_close(&cut);
            cr_assert(is_same_keep(&found, &was) || is_same_keep(&found, &next), "write %d cut %d", i, k);
            new_n += is_same_keep(&found, &next);
        }
        was = next;
    }
    cr_expect_gt(new_n, STATE_WRITES, "some writes must have come through: %d", new_n);
    keep_file_close(&file);
    cr_expect_eq(unlink(path), 0);
    cr_expect_eq(unlink(cut_path), 0);
    cr_expect_eq(rmdir(folder), 0);
}
