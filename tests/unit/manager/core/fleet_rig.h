/* A manager core with obedient clients made of a few lines each, on virtual time: enough of a site to tell whether the core keeps its word.
 * The full simulator with faults is tests/sim. */
#pragma once

#include "manager/core/core.h"
#include "manager/core/state.h"

#define RIG_BOX_MAX 12
#define RIG_HISTORY 64
#define RIG_STEP_MS 10
#define RIG_LAG_N 50 /* the meter shows what was 500 ms ago */

struct rig_client {
    bool is_on;   /* its process runs and its link works */
    bool is_deaf; /* grants reach it, but it does not confirm them */
    bool is_plugged;
    bool is_overdrawing;
    bool is_unwatched; /* its board has no watchdog */
    int32_t excess_ma; /* its vehicle draws so much more than it may */
    uint16_t peer;
    uint64_t boot_id;
    uint32_t status_n;
    uint64_t epoch_seen;
    uint64_t grant_epoch;
    uint32_t grant_seq;
    int32_t granted_ma;
    int64_t lease_end_ms;
    int64_t status_sent_ms[RIG_HISTORY];
    int64_t next_status_ms;
    int32_t vehicle_ma; /* most that its vehicle draws */
    uint8_t terminals;  /* terminals that it uses */
    int32_t fallback_ma;
    int64_t rise_after_ms;
    int64_t newest_lease_ms;   /* of the newest grant */
    bool is_fallback_deaf;     /* it stores no fallback */
    int32_t told_ma;           /* offer that its newest Status said */
    int32_t was_ma[RIG_LAG_N]; /* what it drew, ring by steps */
    uint32_t grant_n;          /* grants received */
    enum reject_reason rejected;
    uint32_t ack_n; /* records acknowledged */
    uint32_t verdict_n;
    struct msg_authorize_result verdict; /* newest */
    bool is_config_lost;                 /* it does not confirm what it is sent */
    uint32_t config_n;
    struct msg_config_set config; /* newest; its cards are not kept */
    uint32_t card_n;              /* of the list, so far */
    struct msg_card card[2 * CARD_CHUNK_MAX + 2];
};

struct rig {
    struct site site;
    struct manager_params params;
    struct manager *manager;
    struct mfx_list *fx;
    struct view *view;
    int64_t now_ms;
    uint32_t step_n;
    uint64_t epoch_stored;
    int64_t longest_lease_ms;
    bool is_foreign;
    bool is_fenced;
    uint16_t issued_n;
    uint64_t issued[32];
    struct mev_known known[BOX_MAX];
    bool does_store_fail;
    bool does_store_wait; /* answers of the disk are held back */
    uint64_t waiting[64]; /* tickets held back */
    uint16_t waiting_n;
    bool is_meter_on;
    int32_t house_ma[PHASE_N];
    int64_t next_meter_ms;
    struct rig_client client[RIG_BOX_MAX];
    uint32_t close_n;    /* connections that the core closed */
    uint32_t note_n[64]; /* by enum mnote_kind */
    int32_t cut_sent_ma; /* newest grant that was lower than the one before; MA_UNSET none */
};

/* A site of `n` wallboxes W0, W1 ... on one node of `limit_ma` without reserve, all L1-L2-L3, 6..32 A. */
void rig_init(struct rig *r, uint16_t n, int32_t limit_ma, bool has_meter);
void rig_free(struct rig *r);

/* Start the manager, again if it ran: its memory is gone, what was stored is not. */
void rig_start(struct rig *r);

/* Let a client's process start and connect, its vehicle plugged or not. */
void rig_client_start(struct rig *r, uint16_t i, bool is_plugged);

/* Its connection breaks; the process goes on silently. */
void rig_client_cut(struct rig *r, uint16_t i);

/* Let `ms` pass. After every step it is checked that no client offers more than the manager books. */
void rig_run(struct rig *r, int64_t ms);

/* Any other event, now; its time is set here. */
void rig_feed(struct rig *r, struct mev *e);

/* A message from client i, now. */
void rig_say(struct rig *r, uint16_t i, const struct msg *msg);

/* Answer of the disk for the oldest write held back. */
void rig_disk(struct rig *r, bool is_stored);

/* What client i offers and, with a vehicle that is charging, lets it draw. */
int32_t rig_offer_ma(const struct rig *r, uint16_t i);
int32_t rig_drawn_ma(const struct rig *r, uint16_t i);

/* The picture as of now. */
const struct view *rig_view(struct rig *r);
