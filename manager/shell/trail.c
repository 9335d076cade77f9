#include "manager/shell/trail.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "common/os/log.h"
#include "manager/shell/db.h"

#define NODE_SERIES (2 * PHASE_N)
#define BOX_SERIES 2
#define SERIES_LEN (PACK_SAMPLE_LEN * (60 + 2 * 60 + 2 * RECORDER_BLOCK_MAX)) /* most that one minute makes of one series */

static void name_series(struct trail *t, uint16_t *at, const char *quantity, const char *node, enum record_step finest)
{
    CHECK(*at < t->series_n);
    CHECK(text_copy(t->name[*at].quantity, sizeof t->name[*at].quantity, quantity) == RC_OK);
    CHECK(text_copy(t->name[*at].node, sizeof t->name[*at].node, node) == RC_OK);
    t->series[*at].finest = finest;
    (*at)++;
}

static const char *const node_quantity[NODE_SERIES] = {"current_l1_ma",   "current_l2_ma",   "current_l3_ma",
                                                       "wallboxes_l1_ma", "wallboxes_l2_ma", "wallboxes_l3_ma"};
static const char *const box_quantity[BOX_SERIES] = {"power_w", "offered_ma"};

/* The same order as in values_of. */
static void name_all(struct trail *t)
{
    uint16_t at = 0;

    for (uint16_t i = 0; i < t->site->node_n; i++) {
        for (int k = 0; k < NODE_SERIES; k++) {
            name_series(t, &at, node_quantity[k], t->site->node[i].id, RECORD_SECOND);
        }
    }
    for (uint16_t i = 0; i < t->site->meter_n; i++) {
        name_series(t, &at, "power_w", t->site->meter[i].id, RECORD_SECOND);
    }
    for (uint16_t i = 0; i < t->site->box_n; i++) {
        for (int k = 0; k < BOX_SERIES; k++) {
            name_series(t, &at, box_quantity[k], t->site->box[i].serial, RECORD_MINUTE);
        }
    }
}

static bool is_one_of(const char *const *names, int n, const char *name)
{
    for (int i = 0; i < n; i++) {
        if (text_same(names[i], name)) {
            return true;
        }
    }
    return false;
}

bool trail_records(const struct site *site, const char *quantity, const char *node)
{
    bool is_node = is_one_of(node_quantity, NODE_SERIES, quantity);
    bool is_power = text_same(quantity, "power_w");
    bool is_box = is_one_of(box_quantity, BOX_SERIES, quantity);
    uint16_t unused;

    for (uint16_t i = 0; i < site->node_n && is_node; i++) {
        if (text_same(site->node[i].id, node)) {
            return true;
        }
    }
    for (uint16_t i = 0; i < site->meter_n && is_power; i++) {
        if (text_same(site->meter[i].id, node)) {
            return true;
        }
    }
    return is_box && site_box_find(site, node, &unused) == RC_OK;
}

static bool is_live(const struct view_meter *m)
{
    return m->has_sample && m->state == METER_GOOD;
}

/* Signed power of a meter; false when it does not tell. */
static bool meter_power(const struct trail *t, const struct view_meter *m, int32_t *out_w)
{
    int64_t uw = 0;

    if (!is_live(m)) {
        return false;
    }
    if (m->last.power_set != 0) {
        *out_w = m->last.power_total_w;
        return true;
    }
    for (int p = 0; p < PHASE_N; p++) { /* at unity power factor, for want of better */
        uw += (int64_t)m->last.current_ma[p] * (m->last.voltage_mv[p] > 0 ? m->last.voltage_mv[p] : t->voltage_mv);
    }
    *out_w = (int32_t)(uw / 1000000);
    return true;
}

static uint16_t node_values(const struct trail *t, const struct view *v, uint16_t node, int32_t *out)
{
    const struct view_node *n = &v->node[node];
    uint16_t meter = site_house_meter(t->site, node);
    bool is_metered = n->has_meter && meter < v->meter_n && is_live(&v->meter[meter]);

    for (int p = 0; p < PHASE_N; p++) {
        out[p] = is_metered ? n->metered_ma[p] : n->base_ma[p] + n->drawn_ma[p];
        out[PHASE_N + p] = n->drawn_ma[p];
    }
    return NODE_SERIES;
}

static void values_of(const struct trail *t, const struct view *v)
{
    int32_t *out = t->values;

    for (uint16_t i = 0; i < t->site->node_n; i++) {
        out += node_values(t, v, i, out);
    }
    for (uint16_t i = 0; i < t->site->meter_n; i++) {
        *out = SAMPLE_UNKNOWN;
        (void)meter_power(t, &v->meter[i], out); /* silent: unknown */
        out++;
    }
    for (uint16_t i = 0; i < t->site->box_n; i++) {
        bool is_known = v->box[i].is_online && v->box[i].has_status;

        *out++ = is_known ? v->box[i].power_w : SAMPLE_UNKNOWN;
        *out++ = is_known ? v->box[i].offered_ma : SAMPLE_UNKNOWN;
    }
}

/* On the worker: all rows and mixes of a batch. */
static enum rc run_batch(struct store_order *order, struct db *db, int64_t utc_ms)
{
    struct trail_batch *b = (struct trail_batch *)order;
    enum rc rc = RC_OK;

    (void)utc_ms; /* that of the pictures counts */
    for (uint32_t i = 0; i < b->row_n && rc == RC_OK; i++) {
        const struct trail_row *row = &b->row[i];
        struct trail_name *name = &b->trail->name[row->series];
        struct db_samples samples = {.step = row->step,
                                     .from_utc_ms = row->from_utc_ms,
                                     .sample_n = row->sample_n,
                                     .mean = b->bytes + row->at,
                                     .mean_len = row->mean_len,
                                     .peak = b->bytes + row->at + row->mean_len,
                                     .peak_len = row->peak_len};

        if (name->number == 0) {
            rc = db_series(db, name->quantity, name->node, &name->number);
        }
        samples.series = name->number;
        rc = rc == RC_OK ? db_put_samples(db, &samples) : rc;
    }
    for (uint16_t i = 0; i < b->mix_n && rc == RC_OK; i++) {
        rc = db_add_mix(db, &b->mix[i], b->utc_ms);
    }
    rc = rc == RC_OK ? db_drop_old_samples(db, b->utc_ms) : rc;
    if (rc != RC_OK) { /* series that were made are rolled back as well */
        for (uint16_t i = 0; i < b->trail->series_n; i++) {
            b->trail->name[i].number = 0;
        }
    }
    return rc;
}

static void on_batch_done(struct store_order *order, enum rc rc)
{
    struct trail_batch *b = (struct trail_batch *)order;
    struct trail *t = b->trail;

    if (rc == RC_OK) {
        t->mix_n = (uint16_t)(t->mix_n - b->mix_n);
        memmove(t->mix, t->mix + b->mix_n, sizeof t->mix[0] * t->mix_n);
    }
    b->is_busy = false;
    if (t->filling == NULL) {
        t->filling = b;
    }
}

static struct trail_batch *other_free(struct trail *t)
{
    for (int i = 0; i < TRAIL_BATCHES; i++) {
        if (!t->batch[i].is_busy) {
            return &t->batch[i];
        }
    }
    return NULL;
}

/* Give what was gathered to the store. Mixes travel with one batch at a time, so that none is counted off twice. */
static void submit(struct trail *t)
{
    struct trail_batch *b = t->filling;
    bool is_mix_under_way = t->batch[0].is_busy || t->batch[1].is_busy;

    if (b == NULL || t->store == NULL || (b->row_n == 0 && (t->mix_n == 0 || is_mix_under_way))) {
        return;
    }
    b->mix_n = is_mix_under_way ? 0 : t->mix_n;
    memcpy(b->mix, t->mix, sizeof t->mix[0] * b->mix_n);
    b->is_busy = true;
    b->utc_ms = t->recorder.last_utc_ms;
    b->order = (struct store_order){.run = run_batch, .done = on_batch_done};
    t->filling = other_free(t);
    if (t->filling != NULL) {
        t->filling->row_n = 0;
        t->filling->byte_n = 0;
    }
    store_order(t->store, &b->order);
}

static void on_row(void *user, const struct recorder_row *row)
{
    struct trail *t = user;
    struct trail_batch *b = t->filling;
    struct trail_row *kept;

    if (b == NULL || b->row_n >= 3u * t->series_n || b->byte_n + 2u * PACK_SAMPLE_LEN * row->n > (uint32_t)SERIES_LEN * t->series_n) {
        t->lost_n++;
        return;
    }
    kept = &b->row[b->row_n++];
    *kept = (struct trail_row){.series = row->series, .step = row->step, .from_utc_ms = row->from_utc_ms, .sample_n = row->n, .at = b->byte_n};
    kept->mean_len = (uint16_t)pack_write(row->mean, row->n, b->bytes + b->byte_n);
    b->byte_n += kept->mean_len;
    if (row->step != RECORD_SECOND) {
        kept->peak_len = (uint16_t)pack_write(row->peak, row->n, b->bytes + b->byte_n);
        b->byte_n += kept->peak_len;
    }
}

/* House and sun, for the mix of the quarter hour. Unknown without a good meter at the grid connection and a good one of the sun. */
static void feed_mix(struct trail *t, const struct view *v, int64_t utc_ms)
{
    uint16_t house = site_house_meter(t->site, 0);
    int32_t house_w = 0;
    int64_t production_w = 0;
    bool has_sun = false;
    bool is_known = house < v->meter_n && meter_power(t, &v->meter[house], &house_w);
    struct sunmix_energy energy;

    for (uint16_t i = 0; i < t->site->meter_n; i++) {
        int32_t w = 0;

        if (t->site->meter[i].role == METER_SOLAR) {
            has_sun = true;
            is_known = meter_power(t, &v->meter[i], &w) && is_known;
            production_w += max_i64(-(int64_t)w, 0);
        }
    }
    if (!sunmix_feed(&t->sunmix, utc_ms, is_known && has_sun, house_w, production_w, &energy)) {
        return;
    }
    if (t->mix_n == TRAIL_MIX_MAX) { /* a day without a disk */
        t->lost_n++;
        return;
    }
    t->mix[t->mix_n++] = energy;
}

void trail_feed(struct trail *t, const struct view *view, int64_t utc_ms)
{
    if (utc_ms == CLOCK_UNSET_UTC_MS || t->store == NULL) {
        return;
    }
    values_of(t, view);
    feed_mix(t, view, utc_ms);
    recorder_feed(&t->recorder, utc_ms, t->values);
    if (t->filling != NULL && t->filling->row_n > 0) {
        submit(t);
    }
}

enum rc trail_open(struct trail *t, const struct site *site, int32_t voltage_mv, struct store *store)
{
    *t = (struct trail){.site = site, .voltage_mv = voltage_mv, .store = store};
    t->series_n = (uint16_t)(NODE_SERIES * site->node_n + site->meter_n + BOX_SERIES * site->box_n);
    t->series = calloc(t->series_n, sizeof *t->series);
    t->values = calloc(t->series_n, sizeof *t->values);
    t->name = calloc(t->series_n, sizeof *t->name);
    for (int i = 0; i < TRAIL_BATCHES; i++) {
        t->batch[i].trail = t;
        t->batch[i].row = calloc(3u * t->series_n, sizeof *t->batch[i].row);
        t->batch[i].bytes = calloc(t->series_n, SERIES_LEN);
    }
    if (t->series == NULL || t->values == NULL || t->name == NULL || t->batch[0].row == NULL || t->batch[0].bytes == NULL || t->batch[1].row == NULL ||
        t->batch[1].bytes == NULL) {
        log_err("history why=\"no memory\"");
        trail_deinit(t);
        return RC_IO;
    }
    name_all(t);
    recorder_init(&t->recorder, t->series, t->series_n, on_row, t);
    sunmix_init(&t->sunmix);
    t->filling = &t->batch[0];
    return RC_OK;
}

void trail_end(struct trail *t)
{
    if (t->store != NULL && t->series != NULL) {
        recorder_end(&t->recorder);
        submit(t);
    }
    t->store = NULL;
}

void trail_deinit(struct trail *t)
{
    for (int i = 0; i < TRAIL_BATCHES; i++) {
        free(t->batch[i].row);
        free(t->batch[i].bytes);
    }
    free(t->series);
    free(t->values);
    free(t->name);
    *t = (struct trail){0};
}
