/* Inside of the manager core: its state, shared by the files that together are manager_step. Nobody else includes this. */
#pragma once

#include "common/base/rng.h"
#include "manager/core/allocate.h"
#include "manager/core/box.h"
#include "manager/core/budget.h"
#include "manager/core/core.h"
#include "manager/core/schedule.h"
#include "manager/core/solar.h"

#define PENDING_MAX 4096     /* writes under way that somebody waits for */
#define EPOCH_RETRY_MS 5000  /* an epoch that could not be stored is tried again */
#define ASKED_MAX 64         /* questions to a back end under way */
#define VERDICT_WAIT_MS 2500 /* below the 3 s that a wallbox waits */
#define WHITELIST_STEP_MAX 4 /* parts of the list that one step sends */
#define WHITELIST_RETRY_MS 10000
#define STOOD_STILL_MS 1000 /* woken so much too late the process has stood still, ... */
#define STOOD_GRACE_MS 1000 /* ... and a meter gets so long to answer before it is taken for silent: nothing is granted meanwhile */
#define CARRY_HOLD_MS 3000  /* what is left of a lease when its holder must be told something after a restart */
#define EXCESS_HOLD_MS 3000 /* longer than settle_ms, until the next Status shows what is drawn */
#define OVERDRAW_MA 1000    /* more than this above what is booked is disobedience, less is measurement */

enum epoch_state {
    EPOCH_STORING, /* taken, not yet durable: nobody is welcomed */
    EPOCH_FAILED,  /* could not be stored: nothing is granted, tried again */
    EPOCH_VALID,
    EPOCH_FENCED, /* another manager has a higher one: nothing is granted until the operator decides */
};

enum pending_kind { PENDING_FREE, PENDING_EPOCH, PENDING_MET, PENDING_FALLBACK, PENDING_RECORD };

struct pending {
    enum pending_kind kind;
    uint16_t box;
    uint16_t peer;
    uint32_t use; /* counts how often the place was used: half of the ticket */
    struct session_id session;
};

struct peer {
    bool is_open;
    bool is_welcome;
    uint16_t protocol_minor; /* the lower of both; there are no feature bits yet */
    bool is_waiting;         /* said Hello, Welcome waits for our disk */
    uint16_t box;            /* BOX_MAX: has not said Hello */
};

/* A question to the back end that is open. */
struct asked {
    bool is_open;
    uint16_t peer;
    uint16_t box;
    uint32_t seq; /* of the wallbox */
    uint32_t use; /* half of the ticket */
    int64_t until_ms;
};

/* How far a wallbox has the list of cards. */
struct whitelist {
    uint64_t boot_id;      /* of the client that has it */
    uint32_t done_version; /* all of this, 0 none */
    uint32_t version;      /* being sent */
    uint32_t from;         /* place of the next part */
    uint32_t sent_n;       /* entries of the part under way */
    bool is_sent;
    bool is_last; /* the part under way is */
    int64_t sent_ms;
};

struct manager {
    const struct site *site;
    const struct manager_params *params;
    struct lease_rules rules;
    struct rng rng;
    bool is_started;
    int64_t now_ms;
    int64_t start_ms;
    int64_t stood_until_ms; /* the process has stood still: so long a meter whose silence is only ours may answer */
    int64_t utc_offset_ms;  /* UTC minus now_ms at the start */
    bool has_utc;
    struct wall_clock wall;
    struct schedule_dimming dimming;
    struct schedule_limit limit[NODE_MAX]; /* of the windows in force */
    struct solar solar;
    struct solar_box solar_box[BOX_MAX];
    enum epoch_state epoch_state;
    int64_t epoch_retry_ms;
    uint64_t epoch_ticket; /* of the write that is awaited */
    uint64_t epoch;
    bool has_issued; /* the list is known */
    uint16_t issued_n;
    uint64_t issued[EPOCH_ISSUED_MAX]; /* by this data directory, ascending */
    int64_t longest_lease_ms;          /* ever stored */
    bool has_granted;
    bool is_restarting;      /* not every known wallbox is accounted for */
    bool is_foreign;         /* another manager may be at work: silence accounts for nobody */
    int64_t restart_over_ms; /* when silence accounts for the unheard */
    int32_t unmet_n;         /* wallboxes with more demand than target in the last cycle */
    bool cycle_wanted;
    int64_t cycled_ms;
    enum meter_state meter_seen[METER_MAX]; /* as last told to the world */
    struct peer peer[PEER_MAX];
    struct pending pending[PENDING_MAX];
    uint16_t pending_next;
    struct box box[BOX_MAX];
    struct budget budget;
    uint16_t rank[BOX_MAX]; /* place of each wallbox in the order of serials */
    struct alloc_node alloc_node[NODE_MAX];
    struct alloc_box alloc_box[BOX_MAX];
    struct alloc_result alloc_result[BOX_MAX];
    struct alloc_scratch scratch;
    bool is_contended[NODE_MAX];              /* somebody waits for his turn there */
    int64_t sum_ma[NODE_MAX][PHASE_N];        /* exposures on each node-phase */
    int64_t target_sum_ma[NODE_MAX][PHASE_N]; /* what the last division gave on each node-phase */
    int32_t exposure_ma[BOX_MAX][PHASE_N];
    int64_t later_ma[NODE_MAX][PHASE_N];  /* what will be drawn when all that was sent has taken effect */
    int32_t unacked_ma[BOX_MAX];          /* what a wallbox that has not confirmed a cut is to have */
    int32_t excess_ma[NODE_MAX][PHASE_N]; /* drawn beyond what is booked, by wallboxes that are not disobedient */
    int64_t excess_until_ms[NODE_MAX][PHASE_N];
    const struct fleet_cards *cards; /* NULL: none are known yet */
    bool has_backend;
    uint16_t asked_next;
    struct asked asked[ASKED_MAX];
    struct whitelist whitelist[BOX_MAX];
    bool is_whitelist_due; /* some wallbox may have to be sent a part */
    struct msg_card chunk[WHITELIST_STEP_MAX][CARD_CHUNK_MAX];
};

/* Effects. The list is never full: its capacity covers the most that a step can do (CHECKed). */
void fx_send(struct mfx_list *out, uint16_t peer, const struct msg *msg);
void fx_close(struct mfx_list *out, uint16_t peer);
void fx_note(struct mfx_list *out, enum mnote_kind kind, uint16_t box, int64_t a, int64_t b);
void fx_note_peer(struct mfx_list *out, enum mnote_kind kind, uint16_t peer, int64_t a);
void fx_store(struct mfx_list *out, const struct mfx_store *store);
void fx_event(struct mfx_list *out, enum event_kind kind, uint16_t box, uint16_t code, uint16_t meter);

/* A ticket for a write that somebody waits for.
 *
 * RC_FULL  too many are under way */
MUST_USE enum rc pending_take(struct manager *m, enum pending_kind kind, uint16_t box, uint16_t peer, uint64_t *out_ticket);
/* What a ticket stood for; its place is free again. RC_MISSING: none of ours. */
MUST_USE enum rc pending_end(struct manager *m, uint64_t ticket, struct pending *out);

/* links.c: connections and what comes on them. */
void links_open(struct manager *m, uint16_t peer);
void links_msg(struct manager *m, uint16_t peer, const struct msg *msg, struct mfx_list *out);
void links_closed(struct manager *m, uint16_t peer, struct mfx_list *out);
void links_welcome_waiting(struct manager *m, struct mfx_list *out);
void links_welcome(struct manager *m, uint16_t peer, struct mfx_list *out);
void links_close_all(struct manager *m, struct mfx_list *out);

/* epoch.c: who we are, and what may be done after a restart. */
void epoch_start(struct manager *m, const struct mev_start *start, struct mfx_list *out);
void epoch_stored(struct manager *m, bool is_stored, struct mfx_list *out);
bool epoch_seen(struct manager *m, uint64_t seen, uint16_t box, struct mfx_list *out);
void epoch_pass(struct manager *m, struct mfx_list *out);
int64_t epoch_next_ms(const struct manager *m);

/* fallback.c: what a wallbox may draw without us. */
int64_t fallback_rise_after_ms(const struct manager *m);

/* Every known wallbox waits for so long before it rises to its fallback that leases may become as long as is configured. */
bool fallback_allows_longer(const struct manager *m);
void fallback_pursue(struct manager *m, uint16_t box, struct mfx_list *out);
void fallback_stored(struct manager *m, uint16_t box, bool is_stored, struct mfx_list *out);
void fallback_acked(struct manager *m, uint16_t box, const struct msg_fallback_ack *ack, struct mfx_list *out);

/* verdict.c: who may charge. */
void verdict_ask(struct manager *m, uint16_t peer, const struct msg_authorize *what, struct mfx_list *out);
void verdict_answered(struct manager *m, uint64_t ticket, enum auth_verdict verdict, int64_t expires_utc_ms, struct mfx_list *out);
void verdict_pass(struct manager *m, struct mfx_list *out);
int64_t verdict_next_ms(const struct manager *m);

/* whitelist.c: the list of cards on its way to the wallboxes. */
void whitelist_acked(struct manager *m, uint16_t box, const struct msg_config_ack *ack);
void whitelist_run(struct manager *m, struct mfx_list *out);
int64_t whitelist_next_ms(const struct manager *m);

/* follow.c: wallboxes that do not follow. */
/* It draws more than anything that we allowed explains: its vehicle or its client does not obey. */
bool follow_is_over(const struct manager *m, uint16_t box);
/* Remember who draws too much, and tell of it once. Until its vehicle leaves it is given no more than ripple_ma of tolerance: one that takes
 * a fixed share or its own maximum would otherwise first be cut by a little, for which it does not care, and only when that has settled be
 * found to disobey again: longer than S7 allows. */
void follow_note(struct manager *m, struct mfx_list *out);
/* It does not confirm what it is told: a cut for CUT_UNACKED_MS, or, being booked for its fallback, any grant. What is booked for it is not
 * there for others, so it must not be divided. */
bool follow_is_unacked(const struct manager *m, uint16_t box);
/* What one that draws too much is to have: its minimum and, when that was confirmed and has settled, nothing, while a node-phase is too full. */
int32_t follow_disobedient_ma(const struct manager *m, uint16_t box);
/* What the others draw a little too much, on each node-phase: it is not there to be divided. Held while the cuts that it leads to settle,
 * during which the same vehicles seem to obey. */
void follow_excess(struct manager *m);
/* What those that do not confirm are to have (unacked_ma), after the division. Such a wallbox keeps what it has, unless too little is left
 * for that meanwhile: then the excess is cut from it as well, without waiting for its answer (S2, S3). */
void follow_run(struct manager *m);

/* carry.c: currents offered before a restart. */
/* How the currents that are offered when the manager has restarted go on: as they are, so that a charging vehicle does not notice, as long
 * as the site carries them beside the fallbacks that are booked. When only those do not fit, nobody who has more than his own is told
 * anything while his lease goes on for long enough: a moment later all may have been heard, and until then nothing is prolonged. */
enum carry { CARRY_ON, CARRY_HOLD, CARRY_CUT };
enum carry carry_now(const struct manager *m);
/* True when it gets no answer in this cycle. */
bool carry_is_held(const struct manager *m, uint16_t box, enum carry carry);

/* cycle.c: one control cycle. */
void cycle_run(struct manager *m, struct mfx_list *out);
/* What the wall clock of the site shows, ms since 1970; CLOCK_UNSET_UTC_MS: not known. */
int64_t cycle_local_ms(const struct manager *m);
/* When a schedule, a dimming or a solar mode turns next by itself. */
int64_t cycle_rules_next_ms(const struct manager *m);
/* True when every input is fresh or has waited long enough to be replaced by its fallback rule. */
bool cycle_is_complete(const struct manager *m);
