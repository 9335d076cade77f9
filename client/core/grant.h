/* What the manager allows: grants as leases, and the fallback current when there is none (spec 05 5.2, Client).
 *
 * Decided here: whether a grant is accepted, when it ends, what may be offered now by grant or fallback, and which grant a Status may
 * name. Not here: the wallbox's own limits (limit), when the pilot follows (pilot), storing (core).
 * Nothing here depends on the arrival of a message: a lease is counted from the moment the Status was sent that the grant answers.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "proto/msg.h"

#define GRANT_SENT_MAX 512 /* more than the Statuses of the longest lease: five a second for 60 s */

struct grant {
    int32_t min_ma;
    /* Statuses of this connection: status_seq is (boot_count << 32 | counter). */
    uint32_t boot_count;
    uint32_t counter;   /* of the last Status sent */
    uint32_t forgotten; /* Statuses up to this one are of an earlier connection */
    int64_t sent_ms[GRANT_SENT_MAX];
    /* Epochs: seen in a Welcome or Grant, and the part of it that is durable. */
    uint64_t epoch_seen;
    uint64_t epoch_kept;
    bool has_held; /* a grant of an epoch that is not durable yet */
    struct msg_grant held;
    /* The newest accepted grant. */
    uint64_t epoch;
    uint32_t seq;
    int32_t current_ma;
    enum reason reason;
    bool live;       /* its lease goes on */
    int64_t ends_ms; /* end of the lease, MS_NEVER none yet */
    /* The newest grant that the board has confirmed. */
    uint64_t named_epoch;
    uint32_t named_seq;
    bool moved; /* the value has changed and no Status has named that yet */
    /* Fallback as it is on disk. */
    int32_t fallback_ma;
    int64_t rise_after_ms;
    int64_t wait_from_ms; /* the wait before the rise to the fallback began here */
    bool risen;           /* that wait is over */
    int32_t offer_ma;     /* what grant or fallback allow now */
};

enum grant_turn {
    GRANT_NOTHING, /* nothing has ended */
    GRANT_ENDED,   /* the lease */
    GRANT_RISEN,   /* the wait: the offer has risen to the fallback */
};

/* Begin with nothing granted; the wait for the fallback begins now, the program's own start (spec 05 5.2). */
void grant_init(struct grant *g, int32_t min_ma, uint64_t epoch_kept, uint32_t boot_count, int64_t now_ms);

/* The fallback that is stored now: lower at once, a larger one starts the wait anew.
 *
 * fallback_ma  0 or 6,000..80,000; rise_after_ms 0..600,000
 */
void grant_fallback(struct grant *g, int32_t fallback_ma, int64_t rise_after_ms, int64_t now_ms);

/* Retire one thing that has ended at or before now_ms; repeat until GRANT_NOTHING (at most two). */
enum grant_turn grant_retire(struct grant *g, int64_t now_ms);

/* A Status is sent now: returns its status_seq and remembers when. */
uint64_t grant_status_sent(struct grant *g, int64_t now_ms);

/* The connection ended: its Statuses are not answered any more. */
void grant_forget_sent(struct grant *g);

/* An epoch in a Welcome.
 *
 * RC_OK       not lower than the highest seen; when it is higher it must be made durable (epoch_seen above epoch_kept)
 * RC_REFUSED  lower: that manager is not obeyed
 */
MUST_USE enum rc grant_see_epoch(struct grant *g, uint64_t epoch);

/* A Grant of a checked message.
 *
 * RC_OK       accepted, offer and lease are new
 * RC_AGAIN    of an epoch that is not durable yet: held until grant_kept
 * RC_REFUSED  of a lower epoch
 * RC_STALE    not newer than the last, or its lease is over, or it answers no Status of this connection
 */
MUST_USE enum rc grant_take(struct grant *g, const struct msg_grant *m, int64_t now_ms);

/* An epoch is durable. Takes a held grant if its lease still goes on; true when it did. */
bool grant_kept(struct grant *g, uint64_t epoch, int64_t now_ms);

/* The board has confirmed the newest accepted grant: Statuses may name it. */
void grant_confirm(struct grant *g);

/* A changed value is confirmed and no Status has said so. A renewal is no news: each Status is answered by one, and naming it at once
 * would be answered again. */
bool grant_has_news(const struct grant *g);

/* A Status went out. */
void grant_told(struct grant *g);

/* LIMIT_GRANT while a lease goes on, else LIMIT_FALLBACK. */
enum limit_by grant_by(const struct grant *g);

/* Length of the lease that is left, 0 none. */
int64_t grant_left_ms(const struct grant *g, int64_t now_ms);

/* When grant_retire has something to do; MS_FOREVER never. */
int64_t grant_next_ms(const struct grant *g);
