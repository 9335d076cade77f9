/* What the manager must never forget, in a preallocated file of its own (manager.state) that can be written while the disk is full: the
 * newest epoch and whether another manager may be at work, the longest lease that was ever to be granted, and of each wallbox that was met its
 * largest fallback current and whether its board has a watchdog (spec 09 9.2, 05 5.2).
 *
 * Decided here: the bytes of that record. Not here: when a wallbox' fallback may change (core), how a record survives a power cut (slot).
 * Used by one thread at a time: at the start by the loop, then by the store's worker.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/rc.h"
#include "common/os/slot.h"
#include "manager/core/event.h"
#include "manager/core/site.h"

struct state_box {
    char serial[SERIAL_LEN];
    int32_t fallback_ma; /* largest stored or sent and not acknowledged; MA_UNSET: none */
    bool is_unwatched;   /* its board has no watchdog */
};

struct state_file {
    struct slot slot;
    uint64_t epoch;           /* 0 none yet */
    int64_t longest_lease_ms; /* 0 none yet */
    bool is_foreign;          /* as in mev_start */
    bool is_fenced;
    uint16_t box_n;
    struct state_box box[BOX_MAX];
    uint8_t *record; /* inside */
    bool is_open;
};

/* Open or create the file.
 *
 * RC_IO         it cannot be created or read: logged
 * RC_MALFORMED  it is damaged or not ours: logged, the file is untouched
 */
MUST_USE enum rc state_file_open(struct state_file *f, const char *path);

/* Remember an epoch. In memory until state_file_write. */
void state_file_epoch(struct state_file *f, uint64_t epoch, int64_t longest_lease_ms, bool is_foreign, bool is_fenced);

/* Remember that a wallbox was met and what fallback was sent to it. In memory until state_file_write.
 *
 * RC_FULL  BOX_MAX others are remembered
 */
MUST_USE enum rc state_file_box(struct state_file *f, const char *serial, int32_t fallback_ma, bool is_unwatched);

/* Forget wallboxes that are not in the site any more, to make room. In memory until the next state_file_write. */
void state_file_keep(struct state_file *f, const struct site *site);

/* What is known of each wallbox of a site, in its order. out is [site->box_n]. */
void state_file_known(const struct state_file *f, const struct site *site, struct mev_known *out);

/* Make it durable.
 *
 * RC_IO  it is not: logged; call again later, the whole record is written each time
 */
MUST_USE enum rc state_file_write(struct state_file *f);

/* Harmless when not open. */
void state_file_close(struct state_file *f);
