/* The manager core's whole contact with the world: events in, effects out.
 *
 * One event is handled to completion before the next; the effects of a step are carried out in their order before the next event is fed.
 * Pointers inside events and effects are borrowed until the effects of that step have been applied.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "manager/core/budget.h"
#include "manager/core/card.h"
#include "manager/core/schedule.h"
#include "manager/core/wish.h"
#include "proto/msg.h"

#define MFX_MAX 4096                                   /* effects of one step: a cut for every wallbox and room for records and notes */
#define MFX_ASK_MAX 16                                 /* questions for a back end of one step */
#define EPOCH_ISSUED_MAX 1024                          /* epochs of our own that are told from those of another manager */
#define EPOCH_COUNT(epoch) ((uint32_t)((epoch) >> 32)) /* an epoch is a counter and 32 random bits (spec 05 5.2) */

enum mev_kind {
    MEV_UNSET = 0,
    MEV_START,        /* once, first */
    MEV_TICK,         /* the wake-up that manager_wake_ms asked for */
    MEV_PEER_OPEN,    /* a connection was accepted */
    MEV_PEER_MSG,     /* a checked message came on it */
    MEV_PEER_CLOSED,  /* it is gone; also after MFX_PEER_CLOSE */
    MEV_METER,        /* a meter was read */
    MEV_BUS_TROUBLE,  /* the bus cannot read a meter, or can again */
    MEV_STORED,       /* the write of this ticket is durable */
    MEV_STORE_FAILED, /* it is not and will not be */
    MEV_COMMAND,      /* a person or program wants something */
    MEV_CLOCK,        /* the wall clock was set, or its distance to UTC has changed */
    MEV_DIMMING,      /* the grid operator limits the site, or does so no longer */
    MEV_CARDS,        /* there is a list of cards, or a newer one */
    MEV_BACKEND,      /* somebody can be asked about cards that are not on the list, or no longer */
    MEV_VERDICT,      /* what he answered */
    MEV_WISH,         /* somebody wants something for the session under way; ignored without a vehicle */
    MEV_SETTING,      /* the operator sets what a wallbox is to get; stored before */
};

/* What the manager remembered of one wallbox when it stopped. */
struct mev_known {
    int32_t fallback_ma; /* largest stored or sent and not acknowledged; MA_UNSET: none known to be stored */
    bool has_met;        /* it has said Hello to this manager at least once */
    bool is_unwatched;   /* its board has no watchdog: while it is silent nobody knows that its current has ended */
};

struct mev_start {
    uint64_t seed;
    int64_t utc_ms;
    struct wall_clock wall;
    uint64_t epoch_stored;         /* newest of this data directory, 0 none */
    int64_t longest_lease_ms;      /* longest lease_ms stored for earlier epochs, 0 none */
    bool has_issued;               /* the list below is known; otherwise every epoch up to the newest counts as our own */
    const uint64_t *issued;        /* [issued_n] epochs that this data directory has stored, ascending */
    uint16_t issued_n;             /* the newest EPOCH_ISSUED_MAX suffice */
    bool is_foreign;               /* another manager may be at work: the identity was imported, or it was so when the program ended */
    bool is_fenced;                /* the alarm of a second manager was on when the program ended */
    const struct mev_known *known; /* [site.box_n], in the order of the site */
};

enum manager_command {
    MANAGER_COMMAND_UNSET = 0,
    MANAGER_PAUSE,
    MANAGER_RESUME,
    MANAGER_STOP,
    MANAGER_START,
    MANAGER_RESTART,
    MANAGER_UNLOCK,
    MANAGER_COMMAND_N
};

struct mev_setting {
    uint16_t box;
    struct wish_setting setting;
};

struct mev {
    int64_t now_ms; /* CLOCK_BOOTTIME; never decreases between calls */
    enum mev_kind kind;
    union {
        struct mev_start start;
        struct {
            uint16_t peer;
        } peer; /* slot below PEER_MAX, free before MEV_PEER_OPEN and after MEV_PEER_CLOSED */
        struct {
            uint16_t peer;
            const struct msg *msg;
        } peer_msg;
        struct {
            uint16_t meter;
            struct meter_sample sample;
        } meter;
        struct {
            uint16_t meter;
            enum meter_doubt trouble; /* DOUBT_NONE: over */
        } meter_trouble;
        struct {
            uint64_t ticket;
        } stored;
        struct {
            uint16_t box;
            enum manager_command command;
            uint32_t seq; /* of the command; 0: any */
        } command;
        struct {
            int64_t utc_ms; /* CLOCK_UNSET_UTC_MS: not set */
            struct wall_clock wall;
        } clock;
        struct {
            struct schedule_limit limit; /* of the grid connection; schedule_none(): lifted */
            int64_t length_ms;           /* MS_FOREVER: until it is lifted */
        } dimming;
        struct {
            const struct fleet_cards *list; /* in order, kept until the next one was handled */
        } cards;
        struct {
            bool is_there;
        } backend;
        struct {
            uint64_t ticket; /* of the question */
            enum auth_verdict verdict;
            int64_t expires_utc_ms; /* how long an accepted one may be remembered, 0 without end */
        } verdict;
        struct {
            uint16_t box;
            uint8_t set; /* which fields of the wish are given; those that are not in wish.set are wished no longer */
            struct wish wish;
        } wish;
        struct mev_setting setting;
    };
};

enum mfx_kind {
    MFX_UNSET = 0,
    MFX_SEND,       /* a message on a connection; dropped silently when that is closed */
    MFX_PEER_CLOSE, /* end a connection after what was sent on it */
    MFX_STORE,      /* make durable, then MEV_STORED or MEV_STORE_FAILED with the ticket (0: nobody waits) */
    MFX_NOTE,       /* something to log */
};

enum mstore_kind {
    MSTORE_UNSET = 0,
    MSTORE_EPOCH, /* epoch, the longest lease that will be granted, and whether another manager may be at work */
    MSTORE_BOX,   /* fallback sent to a wallbox, and that it was met */
    MSTORE_SESSION_STARTED,
    MSTORE_SESSION, /* a finished session */
    MSTORE_EVENT,   /* fault raised or cleared, wallbox lost or back, meter lost or back */
    MSTORE_CARD,    /* taught at a wallbox: valid there, unless it is on the list already */
};

enum event_kind {
    EVENT_UNSET = 0,
    EVENT_FAULT_RAISED,
    EVENT_FAULT_CLEARED,
    EVENT_BOX_LOST,
    EVENT_BOX_BACK,
    EVENT_METER_LOST,
    EVENT_METER_BACK,
    EVENT_SECOND_MANAGER, /* a wallbox has obeyed a manager that is not us */
    EVENT_STORE_FAILED,
    EVENT_STORE_BACK,
    EVENT_DATABASE_RECOVERED, /* it was damaged: set aside, and a new one begun with what could be read */
    EVENT_RECORDS_LOST,       /* code: so many events could not be kept while the disk refused them */
    EVENT_N,
};

struct mfx_store {
    enum mstore_kind kind;
    uint64_t ticket;
    uint16_t box; /* BOX_MAX: not about one */
    union {
        struct {
            uint64_t epoch;
            int64_t longest_lease_ms;
            bool is_foreign; /* as in mev_start */
            bool is_fenced;
        } epoch;
        struct {
            int32_t fallback_ma;
            bool is_unwatched; /* as in mev_known */
        } known;
        const struct msg_session_started *session_started;
        const struct msg_session_record *session;
        const struct msg_authorize *taught;
        struct {
            enum event_kind kind;
            uint16_t code;
            uint16_t meter;
        } event;
    };
};

enum mnote_kind {
    MNOTE_UNSET = 0,
    MNOTE_EPOCH,          /* a: nothing; the core is granting from now on */
    MNOTE_JOINED,         /* box */
    MNOTE_LOST,           /* box: silent or disconnected, a: current it stays booked at, mA */
    MNOTE_REJECTED,       /* peer, a: enum reject_reason */
    MNOTE_CUT,            /* box, a: from mA, b: to mA */
    MNOTE_METER_LOST,     /* meter, a: enum meter_doubt, b: enum phase_assign that would be right, PHASES_UNSET none */
    MNOTE_METER_BACK,     /* meter */
    MNOTE_SECOND_MANAGER, /* box */
    MNOTE_RESTART_OVER,   /* every known wallbox is accounted for: raises are allowed again */
    MNOTE_STORE_FAILED,   /* a: enum mstore_kind */
    MNOTE_PROTOCOL,       /* peer, a: enum msg_kind that was out of order */
    MNOTE_OVERDRAW,       /* box, a: drawn mA, b: booked mA */
};

struct mfx {
    enum mfx_kind kind;
    union {
        struct {
            uint16_t peer;
            struct msg msg;
        } send;
        struct {
            uint16_t peer;
        } close;
        struct mfx_store store;
        struct {
            enum mnote_kind kind;
            uint16_t box;
            uint16_t peer;
            uint16_t meter;
            int64_t a;
            int64_t b;
        } note;
    };
};

/* May this card or vehicle, which is on no list of ours, charge? Answered by MEV_VERDICT within VERDICT_WAIT_MS, or the answer is no. */
struct mfx_ask {
    uint64_t ticket;
    uint16_t box;
    struct card_uid uid;
    char identity[NAME_LEN];
};

struct mfx_list {
    uint16_t n;
    uint16_t ask_n; /* only after MEV_BACKEND */
    struct mfx at[MFX_MAX];
    struct mfx_ask ask[MFX_ASK_MAX];
};
