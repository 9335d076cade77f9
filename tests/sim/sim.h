/* One run of the simulator: the unchanged cores of managers and wallboxes of one site on virtual time, decided by one seed.
 *
 * Everything happens as an item of the queue, one at a time to completion: an event for a core, its effects, the physics, then the checks.
 * Nothing depends on addresses, on the clock of the machine or on what ran before: the same seed gives the same hash.
 * Decided here: what a run consists of. The parts: cnode and mnode (processes), board and vehicle, plant (mains and meters), net, chaos
 * (faults), check_* (what must hold).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/core/core.h"
#include "common/base/rng.h"
#include "manager/core/core.h"
#include "proto/codec.h"
#include "tests/sim/board.h"
#include "tests/sim/cdisk.h"
#include "tests/sim/chaos.h"
#include "tests/sim/check.h"
#include "tests/sim/clock.h"
#include "tests/sim/mdisk.h"
#include "tests/sim/net.h"
#include "tests/sim/plant.h"
#include "tests/sim/queue.h"
#include "tests/sim/trace.h"

#define SIM_BOX_MAX 256
#define SIM_AWAKE_US 3000 /* a process that was stopped has taken its first event by then */
#define SIM_MANAGER_MAX 2
#define SIM_NONE UINT16_MAX
#define MS_US INT64_C(1000)
#define S_US INT64_C(1000000)

enum sim_item {
    ITEM_CLIENT_WAKE = 1,
    ITEM_CLIENT_DISK,
    ITEM_CLIENT_DOWN,    /* its own close has been carried out */
    ITEM_CLIENT_LIMIT,   /* of a dial */
    ITEM_CLIENT_EFFECTS, /* of a step that the process was stopped after */
    ITEM_CLIENT_START,
    ITEM_SAMPLE, /* the board tells */
    ITEM_BOARD,  /* it changes by itself */
    ITEM_MANAGER_WAKE,
    ITEM_MANAGER_DISK,
    ITEM_MANAGER_CLOSED,
    ITEM_MANAGER_EFFECTS,
    ITEM_MANAGER_START,
    ITEM_METER,      /* the bus reads a meter */
    ITEM_METER_NEWS, /* its answer arrives */
    ITEM_REFRESH,    /* a meter renews its registers */
    ITEM_PIPE,
    ITEM_BASE,   /* house and sun */
    ITEM_DRIVER, /* somebody comes or goes */
    ITEM_CHAOS,
    ITEM_KEEP_CUT,
    ITEM_METER_FINE, /* its fault is over */
    ITEM_BOARD_FINE,
    ITEM_PART, /* the next part of the run begins */
    ITEM_LOOK, /* something that is checked from time to time */
};

/* A program on a machine. */
struct process {
    struct clock clock;
    bool is_up;
    bool is_dark;         /* its machine has no power: nobody answers for it */
    uint32_t life;        /* counts starts and ends: what was meant for an earlier one is for nobody */
    int64_t stopped_us;   /* SIGSTOP until then */
    int64_t stop_next_us; /* to be stopped between its next step and that step's effects, for so long; 0 not */
    int64_t wake_us;
    uint32_t wake_n;
    int32_t slack_us; /* how late its timers come at most */
};

struct cnode {
    struct process p;
    void *memory;
    struct client *core; /* in memory; valid while p.is_up */
    struct client_params params;
    struct cdisk disk;
    uint16_t conn;
    bool is_asked;         /* a read of the oldest record is under way */
    struct cfx_list *held; /* effects of the step that it was stopped after */
    bool is_behind;        /* such effects are being carried out */
    bool has_sample;       /* the oldest reading that waits for a stopped process */
    struct board_sample sample;
    int64_t sampled_us; /* newest reading told */
    int64_t sample_us;  /* when the next one comes, 0 none */
    uint32_t sample_n;  /* generation of that item */
    uint64_t kernel_boot_id;
    uint64_t starts_n;
    uint8_t address; /* the manager that it dials */
    struct board board;
    uint32_t board_n;          /* generation of the board's item */
    int64_t board_us;          /* when that item comes */
    int32_t drawn_ma[PHASE_N]; /* site order, as the plant knows it */
};

struct mnode {
    struct process p;
    void *memory;
    struct manager *core;
    struct manager_params params;
    struct mdisk disk;
    struct mfx_list *held;
    uint16_t conn_of[PEER_MAX];
    bool is_imported;                    /* it was given the identity of another */
    int32_t news_ma[METER_MAX][PHASE_N]; /* readings on their way through the bus */
    bool has_news[METER_MAX];
    int64_t read_us[METER_MAX];
    bool has_answered[METER_MAX]; /* in this life */
    int64_t started_us;
};

struct sim_options {
    uint16_t clients_n;
    int64_t chaos_us; /* length of the first part */
    int64_t heal_us;  /* ... and of the second */
    bool is_calm;     /* no faults at all */
    bool is_traced;
};

struct sim {
    uint64_t seed;
    struct sim_options options;
    int64_t now_us;
    struct rng rng;
    struct queue queue;
    struct trace trace;
    struct site site;
    bool is_ranked; /* wallboxes differ in priority and weight */
    bool has_fallbacks;
    int32_t base_most_ma[CHECK_NODE_MAX][PHASE_N]; /* at each node itself */
    struct plant plant;
    struct net net;
    struct way way[SIM_BOX_MAX];
    struct cnode client[SIM_BOX_MAX];
    struct mnode manager[SIM_MANAGER_MAX];
    struct chaos chaos;
    struct check check;
    struct cfx_list cfx;
    struct mfx_list *mfx;
    struct codec_arena *arena;
    uint64_t events_n;
    bool is_healing;
    bool is_settled; /* loads and vehicles stand still: L2 */
    bool is_over;
};

/* Memory for runs of up to `clients_n` wallboxes; NULL when there is none. Never given back: the program ends. */
struct sim *sim_new(uint16_t clients_n);

/* Run one seed to its end or to the first failure. True when everything held. */
bool sim_run(struct sim *s, uint64_t seed, const struct sim_options *options);

static inline struct rng *sim_rng(struct sim *s)
{
    return &s->rng;
}

/* True with a chance of permille. */
bool sim_chance(struct sim *s, int32_t permille);

int64_t sim_between(struct sim *s, int64_t lo, int64_t hi);

static inline void sim_trace(struct sim *s, enum trace_kind kind, uint16_t who, int64_t a, int64_t b, int64_t c)
{
    trace_add(&s->trace, s->now_us, kind, who, a, b, c);
}

/* The process will be woken at `ms` of its own clock. */
void sim_wake(struct sim *s, struct process *p, enum sim_item kind, uint16_t who, int64_t ms);

/* Encode and send a message from the end at the beginning of `dir`. */
void sim_send(struct sim *s, uint16_t conn, enum net_dir dir, const struct msg *m);

/* Let the board react to now: physics, then what it tells its client, then its own next item. */
void sim_board(struct sim *s, uint16_t box);
