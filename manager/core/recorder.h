/* History of the moving figures: turns pictures of the site, whenever they come, into means and peaks of seconds, minutes and quarter hours.
 *
 * A figure holds from one picture to the next, at most RECORDER_HOLD_MS; a mean is the exact integral over what was covered of its slot,
 * rounded to the nearest, a half away from zero. Slots begin at multiples of their length in UTC. Samples of a block are handed out as a row
 * when a minute (quarter hour) is over, the growing rows again each time under the same begin, so that a power cut costs a minute at most.
 * When the clock is set, the blocks end and new ones begin.
 *
 * Decided here: slots, blocks, means. Not here: which figures (trail), where rows go (store), how long they are kept (db_history).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "manager/core/pack.h"

#define RECORDER_HOLD_MS 3000
#define RECORDER_BLOCK_MAX 96

enum record_step { RECORD_SECOND, RECORD_MINUTE, RECORD_QUARTER, RECORD_STEP_N };

/* Length of a slot, ms, and how many slots one row holds at most: a minute of seconds, an hour of minutes, a day of quarter hours. */
int64_t record_step_ms(enum record_step step);
uint16_t record_block_n(enum record_step step);

struct recorder_slot {
    int64_t sum; /* value times ms */
    int64_t covered_ms;
    int32_t peak; /* largest value, SAMPLE_UNKNOWN none */
};

struct recorder_series {
    enum record_step finest; /* set by the owner: nothing shorter is recorded */
    int32_t value;           /* inside, as everything below */
    struct recorder_slot slot[RECORD_STEP_N];
    int32_t mean[RECORD_STEP_N][RECORDER_BLOCK_MAX];
    int32_t peak[RECORD_STEP_N][RECORDER_BLOCK_MAX];
};

/* Samples of one series, borrowed until return. */
struct recorder_row {
    uint16_t series;
    enum record_step step;
    int64_t from_utc_ms; /* begin of the first slot */
    uint16_t n;
    const int32_t *mean;
    const int32_t *peak;
};

struct recorder {
    struct recorder_series *series; /* [series_n] */
    uint16_t series_n;
    void (*on_row)(void *user, const struct recorder_row *row);
    void *user;
    bool is_running;
    int64_t last_utc_ms;                 /* of the newest picture */
    int64_t slot_utc_ms[RECORD_STEP_N];  /* begin of the running slot */
    int64_t block_utc_ms[RECORD_STEP_N]; /* begin of the first slot of the block */
    uint16_t block_n[RECORD_STEP_N];     /* finished slots of the block */
};

/* series is kept; `finest` of each is set. on_row is called from inside recorder_feed and recorder_end. */
void recorder_init(struct recorder *r, struct recorder_series *series, uint16_t series_n, void (*on_row)(void *user, const struct recorder_row *row),
                   void *user);

/* A picture was made.
 *
 * utc_ms  after 1970
 * values  [series_n], SAMPLE_UNKNOWN where it is not known
 */
void recorder_feed(struct recorder *r, int64_t utc_ms, const int32_t *values);

/* Hand out all finished slots and begin anew with the next picture. */
void recorder_end(struct recorder *r);
