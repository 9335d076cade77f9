/* The client core's whole contact with the world: events in, effects out. Terminal order of phases throughout.
 *
 * One event is handled to completion before the next; effects are carried out in their order. Pointers inside events and effects are
 * borrowed until the effects of that step have been applied.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/core/card.h"
#include "client/core/tone.h"
#include "common/base/limits.h"
#include "proto/msg.h"

#define CFX_MAX 32

/* One reading of the board. */
struct board_sample {
    int64_t taken_ms;
    enum pilot_state pilot;      /* as measured */
    int32_t pilot_ma;            /* current that the pilot offers now, 0: steady (no PWM) */
    bool contactor_closed;       /* feedback */
    int32_t current_ma[PHASE_N]; /* 0..MA_MAX */
    int32_t voltage_mv[PHASE_N];
    int32_t power_w;
    int64_t energy_wh; /* register, never decreases */
    int32_t temperature_mdegc;
    int32_t cable_ma;          /* rating from the proximity pilot, 0: none plugged or not coded */
    uint32_t cycle;            /* newest control cycle that the board carried out */
    uint32_t watchdog_firings; /* how often its watchdog has fired since the board started */
    bool watchdog_latched;     /* it has fired and was not rearmed yet: the pilot stays away */
    bool power_failed;         /* the board was without power before this start */
    uint16_t faults_n;
    uint16_t faults[FAULT_MAX]; /* codes of spec 06 6.2 that the board itself found */
    bool no_voltage;            /* it does not measure voltage: voltage_mv says nothing */
    bool diode_failed;          /* the negative half-wave of the pilot is missing (looked at while there is PWM) */
    bool has_switch;            /* it reads a rated-current switch: */
    int32_t switch_ma;          /* 0: no charging */
    bool closes_itself;         /* it closes its contactor without being told as soon as the vehicle asks under PWM (a complete charge controller) */
};

/* One control cycle for the board. Carrying it out feeds the board's watchdog. */
struct board_command {
    uint32_t cycle;   /* 1, 2, 3 ... */
    int32_t pilot_ma; /* 0: steady; else 6,000..80,000 */
    bool contactor_closed;
    uint32_t rearm_firing; /* number of firings that this cycle was begun after; rearms the watchdog when it equals the board's own count */
    bool locked;           /* a lock of the plug is to be closed */
    struct lights lights;
    enum tone tone;  /* play it once when tone_n has changed */
    uint32_t tone_n; /* tones since the start */
};

/* What must survive a restart and is small: kept in a preallocated file of its own (spec 06 6.6, 09 9.2). */
struct client_keep {
    uint64_t epoch;      /* highest seen in a Welcome or Grant */
    uint32_t boot_count; /* starts of this program; upper half of status_seq */
    int32_t fallback_ma;
    int64_t rise_after_ms;
    bool has_fallback; /* a manager has set it */
    bool has_config;   /* likewise what follows */
    bool authorization;
    bool commissioned;
    uint32_t config_version;
    int32_t config_ma; /* limit by configuration */
    bool has_local;
    int32_t local_ma; /* the driver's own limit */
    bool has_brightness;
    int32_t brightness_permille;
    uint8_t modes;     /* modes_bits */
    bool has_cards;    /* the list of cards was stored once: the delivered ones are not taken again */
    bool learn_master; /* all cards were erased: after the restart a new master may be taught (SR-104) */
    bool is_welded;    /* latched until the mains were off: contactor ... */
    bool is_unsafe;    /* ... and safety circuit (SR-228) */
};

/* A session as the journal keeps it. */
struct journal_session {
    struct session_id id;
    int64_t start_utc_ms;   /* CLOCK_UNSET_UTC_MS: dated later from the monotonic figures */
    int64_t start_boot_ms;  /* CLOCK_BOOTTIME of that boot */
    uint64_t start_boot_id; /* kernel boot that start_boot_ms belongs to */
    int64_t start_wh;
    int64_t last_wh; /* register at the last checkpoint */
    int64_t last_utc_ms;
    int64_t last_boot_ms;
    struct card_uid uid;
    enum end_reason end; /* END_UNSET: still open */
    int64_t first_quarter_utc_ms;
    uint16_t quarter_n;
    int32_t quarter_wh[QUARTER_MAX];
    char identity[NAME_LEN]; /* of the vehicle, empty none */
};

enum cev_kind {
    CEV_UNSET = 0,
    CEV_START,        /* once, first */
    CEV_TICK,         /* the wake-up that client_wake_ms asked for */
    CEV_LINK_UP,      /* connected after CFX_LINK_DIAL */
    CEV_LINK_DOWN,    /* the connection failed, ended or was refused */
    CEV_LINK_MSG,     /* a checked message */
    CEV_BOARD,        /* a reading */
    CEV_BOARD_LOST,   /* the board does not answer; the next CEV_BOARD ends this */
    CEV_STORED,       /* CFX_KEEP or CFX_JOURNAL_* of this ticket is durable */
    CEV_STORE_FAILED, /* it is not */
    CEV_RECORD,       /* oldest finished session that the manager has not acknowledged, after CFX_RECORD_NEXT; NULL when there is none */
    CEV_STOP,         /* the program is asked to end */
    CEV_CARD,         /* a card at the reader */
    CEV_BUTTON,       /* a button was pressed or released */
    CEV_IDENTITY,     /* the vehicle says who it is (ISO 15118, MAC) */
};

enum board_button { BUTTON_SERVICE, BUTTON_TOUCH };

struct cev {
    int64_t now_ms; /* CLOCK_BOOTTIME; never decreases */
    int64_t utc_ms; /* CLOCK_UNSET_UTC_MS when the clock is not set */
    enum cev_kind kind;
    union {
        struct {
            uint64_t seed;
            uint64_t boot_id;        /* of this start of the program, not 0 */
            uint64_t kernel_boot_id; /* of this boot of the machine */
            bool after_power_loss;   /* the machine has booted since the program last ran */
            struct client_keep keep;
            const struct journal_session *open; /* session left open by the last run, or NULL */
            const struct card_list *cards;      /* as stored, or NULL */
        } start;
        const struct msg *msg;
        struct board_sample board;
        uint64_t ticket;
        struct {
            const struct msg_session_record *record;
        } record;
        struct card_uid card;
        struct {
            enum board_button which;
            bool is_down;
        } button;
        char identity[NAME_LEN];
    };
};

enum cfx_kind {
    CFX_UNSET = 0,
    CFX_BOARD,      /* one control cycle */
    CFX_LINK_DIAL,  /* connect to the manager; answered by CEV_LINK_UP or CEV_LINK_DOWN */
    CFX_LINK_CLOSE, /* end the connection; CEV_LINK_DOWN follows */
    CFX_SEND,
    CFX_KEEP,          /* store struct client_keep, then CEV_STORED; with `cards` the list of cards instead */
    CFX_JOURNAL_BEGIN, /* a new session, durable before the contactor closes */
    CFX_JOURNAL_CHECKPOINT,
    CFX_JOURNAL_END,   /* finished */
    CFX_JOURNAL_ACKED, /* the manager has this session: it may be forgotten later */
    CFX_RECORD_NEXT,   /* answered by CEV_RECORD */
    CFX_NOTE,          /* something to log */
    CFX_STOPPED,       /* orderly end: the pilot is away, the last checkpoint is written; `restart`: start again */
};

enum cnote_kind {
    CNOTE_UNSET = 0,
    CNOTE_STATE,         /* a: old, b: new enum charge_state */
    CNOTE_GRANT,         /* a: old mA, b: new mA; only when it changes */
    CNOTE_LEASE_END,     /* a: mA before, b: mA after */
    CNOTE_FALLBACK_RISE, /* b: mA */
    CNOTE_WELCOME,       /* the manager was met */
    CNOTE_REJECTED,      /* a: enum reject_reason */
    CNOTE_OLD_EPOCH,     /* a message of a manager that is no longer obeyed */
    CNOTE_BOARD_LOST,
    CNOTE_BOARD_BACK,
    CNOTE_WATCHDOG, /* the board's watchdog had fired; a: firings */
    CNOTE_SESSION_BEGIN,
    CNOTE_SESSION_END, /* a: Wh, b: enum end_reason */
    CNOTE_FAULT,       /* a: code, b: 1 raised 0 cleared */
    CNOTE_STORE_FAILED,
    CNOTE_PROTOCOL, /* a: enum msg_kind out of order */
    CNOTE_CARD,     /* a: enum authorize_act; who it was stays unsaid */
    CNOTE_TEACH,    /* a: enum teach_act */
    CNOTE_RETRY,    /* a: code, b: retries used; 0: exhausted */
    CNOTE_MODES,    /* a: bits of the modes */
    CNOTE_BUTTON,   /* a: enum button_act */
    CNOTE_COMMAND,  /* a: enum command_kind, b: enum result_kind */
    CNOTE_CONFIG,   /* a: version */
};

struct cfx {
    enum cfx_kind kind;
    uint64_t ticket; /* CFX_KEEP, CFX_JOURNAL_*: comes back with CEV_STORED; 0: nobody waits */
    bool restart;
    const struct card_list *cards;
    union {
        struct board_command board;
        struct msg msg;
        struct client_keep keep;
        const struct journal_session *session;
        struct session_id id;
        struct {
            enum cnote_kind kind;
            int64_t a;
            int64_t b;
        } note;
    };
};

struct cfx_list {
    uint16_t n;
    struct cfx at[CFX_MAX];
};
