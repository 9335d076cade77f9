/* History of the moving figures: which figures of the manager's picture are recorded, and their way into the store.
 *
 * quantity        node        resolution
 * current_l1_ma   node        seconds    what flows into it: by its meter, otherwise base load and wallboxes; also l2, l3
 * wallboxes_l1_ma node        seconds    of that, by the wallboxes below
 * power_w         meter       seconds
 * power_w         wallbox     minutes
 * offered_ma      wallbox     minutes
 *
 * Rows of a minute go out together, as one order: one transaction a minute. When the disk refuses, the seconds of that minute are lost, the
 * longer rows come again, and the mixes of quarter hours are kept, TRAIL_MIX_MAX of them.
 * Loop only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "manager/core/recorder.h"
#include "manager/core/sunmix.h"
#include "manager/core/view.h"
#include "manager/shell/store.h"

#define TRAIL_MIX_MAX 96
#define TRAIL_BATCHES 2

struct trail_row {
    uint16_t series;
    enum record_step step;
    int64_t from_utc_ms;
    uint16_t sample_n;
    uint32_t at; /* of its mean in the bytes; its peak follows */
    uint16_t mean_len;
    uint16_t peak_len;
};

struct trail;

struct trail_batch {
    struct store_order order; /* first */
    struct trail *trail;
    bool is_busy;
    int64_t utc_ms; /* of the newest picture in it */
    uint32_t row_n;
    uint32_t byte_n;
    struct trail_row *row; /* [3 * series_n] */
    uint8_t *bytes;        /* [TRAIL_SERIES_LEN * series_n] */
    uint16_t mix_n;
    struct sunmix_energy mix[TRAIL_MIX_MAX];
};

struct trail_name {
    char quantity[ID_LEN];
    char node[SERIAL_LEN];
    int64_t number; /* worker: of the series in the database, 0 not known yet */
};

struct trail {
    struct store *store; /* NULL: nothing is stored any more */
    const struct site *site;
    int32_t voltage_mv; /* nominal */
    uint16_t series_n;
    struct recorder recorder;
    struct recorder_series *series;
    int32_t *values;
    struct trail_name *name;
    struct trail_batch batch[TRAIL_BATCHES];
    struct trail_batch *filling; /* NULL: both are under way */
    struct sunmix sunmix;
    uint16_t mix_n;
    struct sunmix_energy mix[TRAIL_MIX_MAX]; /* not yet durable, oldest first */
    uint64_t lost_n;                         /* rows for which there was no room */
};

/* site and store are kept. RC_IO: no memory; nothing to close. */
MUST_USE enum rc trail_open(struct trail *t, const struct site *site, int32_t voltage_mv, struct store *store);

/* Whether this figure of a node, meter or wallbox is recorded, also when nothing was yet. */
bool trail_records(const struct site *site, const char *quantity, const char *node);

/* A picture was made. utc_ms: CLOCK_UNSET_UTC_MS nobody knows when: it is not recorded. */
void trail_feed(struct trail *t, const struct view *view, int64_t utc_ms);

/* Hand over what there is, before the store is closed. */
void trail_end(struct trail *t);

/* After the store was closed. Accepts zeroed and half-built objects. */
void trail_deinit(struct trail *t);
