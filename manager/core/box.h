/* One wallbox as the manager knows it: its connection, its newest Status, its ledger, and how long it has been charging or waiting.
 *
 * Decided here: which phases count as used, when it is silent, when it is accounted for after a restart. Not here: what it gets (cycle).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "manager/core/demand.h"
#include "manager/core/lease.h"
#include "manager/core/params.h"
#include "manager/core/site.h"
#include "manager/core/turn.h"
#include "manager/core/wish.h"
#include "proto/msg.h"

#define PEER_NONE UINT16_MAX
#define USED_FROM_MA 500          /* a phase that carries more is used (spec 04 4.1) */
#define UNUSED_OTHER_MA 5000      /* a phase becomes unused only after another one has carried so much ... */
#define UNUSED_AFTER_ALL_MS 60000 /* ... for so long */
#define CUT_UNACKED_MS 500        /* a cut that no Status names for so long, and the time of its board: it counts as fixed (spec 04 4.4) */

/* Life of the knowledge about a wallbox since the manager's start. */
enum box_known {
    BOX_UNKNOWN,   /* met before, not heard since the start: counts at its max current */
    BOX_RELEASED,  /* not heard since the start, all its leases are over: counts at its fallback */
    BOX_ACCOUNTED, /* has reported since the start */
};

struct box {
    uint16_t peer;    /* PEER_NONE: no welcomed connection */
    uint64_t boot_id; /* of the client that said Hello */
    enum box_known known;
    bool is_silent; /* not heard for silent_ms, or never */
    bool has_status;
    bool has_met;          /* our disk knows that it exists: it may be granted something */
    bool is_answerable;    /* its newest Status came on the present connection */
    bool answer_due;       /* the newest Status has not been answered by a grant */
    bool is_watchdog_none; /* its board has no watchdog: silence is booked without limit */
    bool is_count_max;     /* so booked at the moment */
    int64_t silent_since_ms;
    int64_t welcome_ms;        /* when its present connection was welcomed */
    int64_t status_ms;         /* receipt of the newest Status; MS_NEVER */
    struct msg_status status;  /* phases in terminal order as received */
    int32_t drawn_ma[PHASE_N]; /* the same in site order */
    uint8_t used;              /* site phases */
    bool is_overdrawer;        /* this vehicle, or this board, has drawn too much before */
    int64_t carries_since_ms;  /* since when some phase has carried UNUSED_OTHER_MA; MS_NEVER */
    struct lease lease;
    struct demand demand;
    struct demand_now demand_now;
    struct turn turn;
    int32_t target_ma; /* what the division gave it in the last cycle */
    enum reason reason;
    uint16_t reason_node;
    int8_t reason_phase;
    uint16_t turn_place;
    int32_t max_ma;            /* the larger of configured and announced rated current: what is booked when nothing is known */
    int32_t kept_fallback_ma;  /* largest that our disk knows of; MA_UNSET: any */
    bool is_kept_unwatched;    /* our disk knows that its board has no watchdog */
    int32_t known_fallback_ma; /* as the client last reported or acknowledged; MA_UNSET */
    int64_t known_rise_ms;     /* likewise how long it waits before it rises to it; -1: not heard since the start */
    uint32_t fallback_seq;     /* of the FallbackSet under way */
    bool fallback_storing;     /* waiting for our own disk before it is sent */
    bool fallback_sent;
    char firmware[NAME_LEN];
    struct wish_setting setting;
    struct wish wish;             /* ends with the vehicle */
    struct session_id begun;      /* the session whose begin is known; zeroed: none yet */
    int64_t begun_utc_ms;         /* CLOCK_UNSET_UTC_MS: nobody knows */
    struct session_id preset_for; /* session for which the presets of its card were taken into the wish; zeroed: none yet */
    struct wish_order order;
};

/* Forget everything but what was remembered: whether it was met, its fallback current (MA_UNSET: the largest possible counts), and whether its
 * board has no watchdog. */
void box_init(struct box *b, const struct lease_rules *rules, const struct site_box *site, int32_t fallback_ma, bool has_met, bool is_unwatched);

/* It said Hello on connection `peer`. */
void box_hello(struct box *b, const struct site_box *site, uint16_t peer, const struct msg_hello *hello, int64_t now_ms);

/* True when our disk does not know yet what its Hello has shown and what must survive us: that it exists, a larger fallback, no watchdog. */
bool box_is_news(const struct box *b);

/* What its Hello has shown is on our disk. */
void box_kept(struct box *b);

/* Nothing was heard of it since the start, and the longest lease is over: its fallback is all that it can draw, unless its board has no
 * watchdog: then nobody knows, without time limit (spec 05 5.2, Watchdogs). */
void box_release(struct box *b, int64_t now_ms);

/* Its connection is gone. */
void box_gone(struct box *b);

/* A Status arrived on its connection.
 *
 * RC_STALE  its number is not above the last one of this boot: ignored
 */
MUST_USE enum rc box_status(struct box *b, const struct site_box *site, const struct msg_status *status, uint64_t epoch, int64_t now_ms);

/* Let time pass: silence, leases. Returns true when it has just fallen silent. */
bool box_pass(struct box *b, const struct manager_params *params, int64_t now_ms);

/* What its newest grant, or what was adopted, lets it draw; 0 without either. */
int32_t box_newest_ma(const struct box *b);

/* True when its newest Status does not say that there is no vehicle. */
bool box_is_plugged(const struct box *b);

/* True when it is connected and was heard within silent_ms on this connection: what it is told reaches it. */
bool box_is_online(const struct box *b);

/* When a cut that it has not confirmed makes it count as fixed; MS_FOREVER: none is open. */
int64_t box_unacked_ms(const struct box *b);

/* Most it might draw, site order. */
void box_exposure(const struct box *b, const struct site_box *site, int64_t now_ms, int32_t out_ma[PHASE_N]);

/* When its state changes next by itself. */
int64_t box_next_ms(const struct box *b, const struct manager_params *params, int64_t now_ms);
