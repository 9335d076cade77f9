/* What one manager keeps: epoch, wallboxes that it met, finished sessions. One worker, in order; as cdisk. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/rng.h"
#include "manager/core/event.h"

#define MDISK_BOX_MAX 256
#define MDISK_SESSIONS_MAX 8192
#define MDISK_JOBS_MAX 4096

struct stored_session {
    uint16_t box;
    struct session_id id;
    int64_t start_wh;
    int64_t stop_wh;
};

struct mjob {
    enum mstore_kind kind;
    int64_t done_us;
    uint64_t ticket;
    bool fails;
    uint16_t box;
    uint64_t epoch;
    int64_t longest_lease_ms;
    bool is_foreign;
    bool is_fenced;
    int32_t fallback_ma;
    bool is_unwatched;
    struct stored_session session;
};

/* The part that an export holds. */
struct mkept {
    uint64_t epoch;
    int64_t longest_lease_ms;
    bool is_foreign;
    bool is_fenced;
    uint16_t issued_n;
    uint64_t issued[EPOCH_ISSUED_MAX];
    struct mev_known known[MDISK_BOX_MAX];
};

struct mdisk {
    int32_t least_us;
    int32_t most_us;
    int32_t fail_permille; /* of all writes */
    bool is_full;          /* sessions are refused, epoch and wallboxes are not */
    struct mkept kept;
    uint32_t session_n;
    struct stored_session session[MDISK_SESSIONS_MAX];
    uint32_t again_n; /* records that were there already */
    uint32_t first;
    uint32_t job_n;
    struct mjob job[MDISK_JOBS_MAX]; /* a ring */
};

void mdisk_init(struct mdisk *d);

/* Begin a write. Returns when it will be done. */
int64_t mdisk_put(struct mdisk *d, struct rng *r, const struct mfx_store *what, int64_t now_us);

/* Take the oldest write that is done by now_us; false: none. */
bool mdisk_done(struct mdisk *d, int64_t now_us, struct mjob *out);

void mdisk_crash(struct mdisk *d, struct rng *r);
