/* The messages between manager and client in domain form (spec 05 5.1), and which values are allowed in them.
 *
 * Decided here: the shape and range of every message. Not here: bytes (codec), framing (frame), what to do with a message (cores).
 * Currents are mA, phases in terminal order, unless said otherwise. Enum value 0 means unset and is refused on arrival.
 * Texts are bounded, UTF-8 without control characters.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/phase.h"
#include "common/base/rc.h"

#define APPLY_MS_MAX 3000 /* slower boards are refused: the wait after a restart of the manager covers so much (05 5.2) */
#define LINK_PROTOCOL_MAJOR 1
#define LINK_PROTOCOL_MINOR 1 /* 1.1: lights, list of cards, identities of vehicles, availability (PROTOCOL.md 9) */
#define CLOCK_UNSET_UTC_MS 0  /* a peer whose clock was never set says this */

#define MSG_LIST(X)                             \
    X(MSG_HELLO, "hello")                       \
    X(MSG_WELCOME, "welcome")                   \
    X(MSG_REJECT, "reject")                     \
    X(MSG_STATUS, "status")                     \
    X(MSG_GRANT, "grant")                       \
    X(MSG_FALLBACK_SET, "fallback_set")         \
    X(MSG_FALLBACK_ACK, "fallback_ack")         \
    X(MSG_AUTHORIZE, "authorize")               \
    X(MSG_AUTHORIZE_RESULT, "authorize_result") \
    X(MSG_SESSION_STARTED, "session_started")   \
    X(MSG_SESSION_RECORD, "session_record")     \
    X(MSG_RECORD_ACK, "record_ack")             \
    X(MSG_FAULT_RAISED, "fault_raised")         \
    X(MSG_FAULT_CLEARED, "fault_cleared")       \
    X(MSG_COMMAND, "command")                   \
    X(MSG_COMMAND_RESULT, "command_result")     \
    X(MSG_CONFIG_SET, "config_set")             \
    X(MSG_CONFIG_ACK, "config_ack")             \
    X(MSG_LOG_REQUEST, "log_request")           \
    X(MSG_LOG_CHUNK, "log_chunk")               \
    X(MSG_UPDATE_OFFER, "update_offer")         \
    X(MSG_UPDATE_CHUNK, "update_chunk")         \
    X(MSG_UPDATE_RESULT, "update_result")       \
    X(MSG_GOODBYE, "goodbye")                   \
    X(MSG_PAIR_REQUEST, "pair_request")         \
    X(MSG_PAIR_PROOF, "pair_proof")

#define MSG_ENUM(name, text) name,
enum msg_kind { MSG_UNSET = 0, MSG_LIST(MSG_ENUM) MSG_N };
#undef MSG_ENUM

enum wallbox_model { MODEL_UNSET = 0, MODEL_CONNECT = 1, MODEL_PLUS = 2, MODEL_N };

/* What takes the pilot away when the client's program stops (spec 05 5.2, Watchdogs). */
enum board_watchdog { WATCHDOG_UNSET = 0, WATCHDOG_HARDWARE = 1, WATCHDOG_EXTERNAL = 2, WATCHDOG_NONE = 3, WATCHDOG_N };

/* Control pilot of IEC 61851-1; suffix 2 is with PWM, 1 without. */
enum pilot_state {
    PILOT_UNSET = 0,
    PILOT_A1 = 1, /* no vehicle */
    PILOT_A2 = 2,
    PILOT_B1 = 3, /* vehicle connected, not ready */
    PILOT_B2 = 4,
    PILOT_C1 = 5, /* vehicle ready */
    PILOT_C2 = 6,
    PILOT_D1 = 7, /* vehicle ready, ventilation needed */
    PILOT_D2 = 8,
    PILOT_E = 9,  /* short circuit, no supply */
    PILOT_F = 10, /* not available */
    PILOT_N
};

/* The states of the manuals (spec 06 6.1); Offline exists only at the manager and never travels. */
#define BOX_STATE_LIST(X)                                 \
    X(BOX_IDLE, "Idle")                                   \
    X(BOX_READY_FOR_CHARGING, "ReadyForCharging")         \
    X(BOX_CHARGING, "Charging")                           \
    X(BOX_SUSPENDED, "Suspended")                         \
    X(BOX_RECOVER_FROM_ERROR, "RecoverFromError")         \
    X(BOX_TOKEN_PROGRAMMING_MODE, "TokenProgrammingMode") \
    X(BOX_UNRECOVERABLE_ERROR, "UnrecoverableError")      \
    X(BOX_SERVICE_MODE, "ServiceMode")                    \
    X(BOX_DEGRADED, "Degraded")                           \
    X(BOX_UNAVAILABLE, "Unavailable")

#define BOX_STATE_ENUM(name, text) name,
enum box_state { BOX_STATE_UNSET = 0, BOX_STATE_LIST(BOX_STATE_ENUM) BOX_STATE_N };
#undef BOX_STATE_ENUM

/* Which of the client's limits is the lowest at the moment. */
#define LIMIT_LIST(X)             \
    X(LIMIT_GRANT, "grant")       \
    X(LIMIT_FALLBACK, "fallback") \
    X(LIMIT_RATED, "rated")       \
    X(LIMIT_CABLE, "cable")       \
    X(LIMIT_DERATING, "derating") \
    X(LIMIT_LOCAL, "local")       \
    X(LIMIT_STATE, "state") /* nobody asks for current, or a rule of the state machine forbids it */

#define LIMIT_ENUM(name, text) name,
enum limit_by { LIMIT_UNSET = 0, LIMIT_LIST(LIMIT_ENUM) LIMIT_N };
#undef LIMIT_ENUM

/* Why a wallbox has the current it has (spec 04 4.6). The ids are for good: they travel and are stored; new ones are appended. */
#define REASON_LIST(X)                             \
    X(REASON_NO_DEMAND, "no_demand")               \
    X(REASON_METER_FALLBACK, "meter_fallback")     \
    X(REASON_SCHEDULE, "schedule")                 \
    X(REASON_SOLAR, "solar")                       \
    X(REASON_IMBALANCE, "imbalance")               \
    X(REASON_PRIORITY, "priority")                 \
    X(REASON_WAITING_TURN, "waiting_turn")         \
    X(REASON_BELOW_MINIMUM, "below_minimum")       \
    X(REASON_DEMAND_MET, "demand_met")             \
    X(REASON_WALLBOX_LIMIT, "wallbox_limit")       \
    X(REASON_NODE_FULL, "node_full")               \
    X(REASON_WATTS, "watts")                       \
    X(REASON_FALLBACK, "fallback")                 \
    X(REASON_SETTLING, "settling")                 \
    X(REASON_HOLD, "hold")                         \
    X(REASON_PAUSED, "paused")                     \
    X(REASON_UNAUTHORIZED, "unauthorized")         \
    X(REASON_ASLEEP, "asleep")                     \
    X(REASON_OFFLINE, "offline")                   \
    X(REASON_FAULT, "fault")                       \
    X(REASON_NOT_COMMISSIONED, "not_commissioned") \
    X(REASON_RESTART, "restart") /* the manager has just started and counts clients that it has not heard */

#define REASON_ENUM(name, text) name,
enum reason { REASON_UNSET = 0, REASON_LIST(REASON_ENUM) REASON_N };
#undef REASON_ENUM

enum reject_reason {
    REJECT_UNSET = 0,
    REJECT_UNKNOWN_SERIAL = 1,
    REJECT_PROTOCOL_MAJOR = 2,
    REJECT_DUPLICATE = 3, /* another live connection speaks for this serial */
    REJECT_BUSY = 4,
    REJECT_NOT_PAIRED = 5,
    REJECT_N
};

enum goodbye_reason { GOODBYE_UNSET = 0, GOODBYE_STOPPING = 1, GOODBYE_RESTARTING = 2, GOODBYE_REPLACED = 3, GOODBYE_PROTOCOL = 4, GOODBYE_N };

enum auth_verdict { AUTH_UNSET = 0, AUTH_ACCEPTED = 1, AUTH_REJECTED = 2, AUTH_BLOCKED = 3, AUTH_EXPIRED = 4, AUTH_N };

enum end_reason {
    END_UNSET = 0,
    END_UNPLUGGED = 1,
    END_CARD = 2,    /* the same card again */
    END_COMMAND = 3, /* stopped by the manager */
    END_FAULT = 4,
    END_POWER_LOSS = 5, /* closed after a restart that found the vehicle gone */
    END_N
};

enum command_kind {
    COMMAND_UNSET = 0,
    COMMAND_START = 1,
    COMMAND_STOP = 2,
    COMMAND_PAUSE = 3,
    COMMAND_RESUME = 4,
    COMMAND_RESTART = 5,
    COMMAND_UNLOCK = 6,
    COMMAND_LED_BRIGHTNESS = 7, /* value: permille */
    COMMAND_LOCAL_CURRENT = 8,  /* value: mA */
    COMMAND_SERVICE_MODE = 9,   /* value: 0 off, 1 on; also the next two */
    COMMAND_SHOWROOM_MODE = 10,
    COMMAND_CARD_REGISTRATION = 11,
    COMMAND_AVAILABILITY = 12, /* value: 0 out of service, 1 in service; since 1.1 */
    COMMAND_N
};

/* What a card is for (SR-089, SR-096, SR-113). */
enum card_kind { CARD_UNSET = 0, CARD_USER = 1, CARD_MASTER = 2, CARD_SETUP = 3, CARD_KIND_N };

/* Lights of a wallbox (spec 06 6.4). */
#define LIGHT_COLOUR_LIST(X) \
    X(LIGHT_DARK, "dark")    \
    X(LIGHT_WHITE, "white")  \
    X(LIGHT_RED, "red")      \
    X(LIGHT_GREEN, "green")  \
    X(LIGHT_BLUE, "blue")    \
    X(LIGHT_ORANGE, "orange")

#define LIGHT_MODE_LIST(X)                                 \
    X(LIGHT_STEADY, "steady")                              \
    X(LIGHT_FLASH, "flash")     /* once a second */        \
    X(LIGHT_SLOW, "slow")       /* once in four seconds */ \
    X(LIGHT_BREATHE, "breathe") /* swelling and fading */  \
    X(LIGHT_RUN, "run")         /* from S1 to S4 */

#define LIGHT_ENUM(name, text) name,
enum light_colour { LIGHT_UNSET = 0, LIGHT_COLOUR_LIST(LIGHT_ENUM) LIGHT_COLOUR_N };
enum light_mode { LIGHT_MODE_UNSET = 0, LIGHT_MODE_LIST(LIGHT_ENUM) LIGHT_MODE_N };
#undef LIGHT_ENUM

/* Places of the lights: the four segments of the status bar, the symbols online, charging mode and card, the touch button. */
enum lamp { LAMP_S1, LAMP_S2, LAMP_S3, LAMP_S4, LAMP_ONLINE, LAMP_MODE, LAMP_CARD, LAMP_TOUCH, LAMP_N };

enum result_kind { RESULT_UNSET = 0, RESULT_DONE = 1, RESULT_REFUSED = 2, RESULT_UNSUPPORTED = 3, RESULT_FAILED = 4, RESULT_N };

struct card_uid {
    uint8_t len; /* 0 none, else 4, 7, 8 or 10 (SR-262) */
    uint8_t at[UID_MAX];
};

struct session_id {
    uint8_t at[SESSION_ID_LEN];
};

struct light {
    enum light_colour colour;
    enum light_mode mode;
};

struct lights {
    struct light lamp[LAMP_N];
    int32_t brightness_permille; /* 0..1,000 */
};

struct msg_hello {
    char serial[SERIAL_LEN];
    enum wallbox_model model;
    uint8_t wired_n; /* 1 or 3 terminals */
    int32_t max_ma;  /* rated current, 0 or 6,000..80,000 */
    enum board_watchdog watchdog;
    int32_t apply_ms;      /* command to pilot, 0..3,000 */
    uint64_t epoch_seen;   /* highest, 0 never met a manager */
    int32_t fallback_ma;   /* stored, 0 or 6,000..80,000 */
    int64_t rise_after_ms; /* stored, 0..600,000 */
    char firmware[NAME_LEN];
    uint16_t protocol_major;
    uint16_t protocol_minor;
    uint64_t features;
    uint64_t boot_id; /* changes with every start of the client's program, not 0 */
};

struct msg_welcome {
    uint64_t epoch; /* not 0 */
    int64_t utc_ms; /* CLOCK_UNSET_UTC_MS or later than 2020 */
    uint32_t config_version;
    int32_t status_ms; /* how often the client reports, 200..10,000 */
    uint16_t protocol_minor;
    uint64_t features;
};

struct msg_reject {
    enum reject_reason reason;
    char text[TEXT_LEN];
};

struct msg_status {
    uint64_t status_seq; /* boot counter in the upper 32 bits; never repeats */
    uint64_t boot_id;
    uint64_t epoch;        /* of the grant that the board has confirmed, 0 none */
    uint32_t grant_seq;    /* likewise, 0 none */
    int32_t offered_ma;    /* the larger of accepted and board-confirmed */
    int64_t lease_left_ms; /* 0..60,000 */
    uint8_t used_phases;   /* set of terminals that carry more than 500 mA */
    bool contactor_closed;
    enum pilot_state pilot;
    int32_t drawn_ma[PHASE_N];
    int32_t voltage_mv[PHASE_N];
    int32_t drawn_age_ms; /* age of the measurement, 0..60,000 */
    int32_t limit_ma;     /* what the client would take at most, its grant left aside */
    enum limit_by limit_by;
    int32_t fallback_ma;
    enum box_state state;
    bool authorized;
    bool paused;      /* by a command or locally */
    bool asleep;      /* the vehicle had its chance and does not want (spec 04 4.3) */
    uint8_t faults_n; /* 0..FAULT_MAX */
    uint16_t faults[FAULT_MAX];
    bool has_session;
    struct session_id session;
    int64_t energy_wh; /* register of the wallbox, 0 or more */
    int64_t session_wh;
    int32_t power_w; /* drawn by the vehicle at the moment */
    int32_t temperature_mdegc;
    bool has_lights; /* since 1.1 */
    struct lights lights;
};

struct msg_grant {
    uint64_t epoch;
    uint32_t grant_seq;  /* starts at 1 in each epoch */
    uint64_t status_seq; /* the Status that it answers */
    int32_t current_ma;  /* 0 or 6,000..80,000 */
    int64_t lease_ms;    /* 2,000..60,000 */
    enum reason reason;
};

struct msg_fallback_set {
    uint64_t epoch;
    uint32_t seq;
    int32_t fallback_ma;
    int64_t rise_after_ms; /* 0..600,000 */
};

struct msg_fallback_ack {
    uint32_t seq;
    int32_t fallback_ma; /* what is stored now */
    int64_t rise_after_ms;
};

struct msg_authorize {
    uint32_t seq;
    struct card_uid uid;
    char identity[NAME_LEN]; /* of the vehicle, empty none */
    bool taught;             /* no question: it was registered at the wallbox itself (since 1.1) */
};

struct msg_authorize_result {
    uint32_t seq;
    enum auth_verdict verdict;
    int64_t expires_utc_ms; /* how long an accepted one may be remembered, 0 without end (since 1.1) */
};

struct msg_session_started {
    struct session_id session;
    int64_t start_utc_ms; /* CLOCK_UNSET_UTC_MS: the client's clock is not set; then start_age_ms dates it */
    int64_t start_age_ms; /* how long ago it began when the message was made, 0 or more */
    int64_t start_wh;     /* register */
    struct card_uid uid;
    char identity[NAME_LEN]; /* of the vehicle, empty none (since 1.1) */
};

/* One finished session. The quarter hours are borrowed: from the decoder's arena on arrival, from the journal on sending; valid until the
 * effects of the step that got or made the message have been applied. */
struct msg_session_record {
    struct session_id session;
    int64_t start_utc_ms;
    int64_t stop_utc_ms;
    int64_t start_age_ms;
    int64_t stop_age_ms;
    int64_t start_wh;
    int64_t stop_wh; /* not below start_wh */
    struct card_uid uid;
    enum end_reason end;
    int64_t first_quarter_utc_ms; /* begin of the first quarter hour; CLOCK_UNSET_UTC_MS unknown */
    uint16_t quarter_n;           /* 0..QUARTER_MAX */
    const int32_t *quarter_wh;    /* [quarter_n], 0 or more each */
    char identity[NAME_LEN];      /* of the vehicle, empty none (since 1.1) */
};

struct msg_record_ack {
    struct session_id session;
};

struct msg_fault {
    uint16_t code; /* not 0 */
    int64_t utc_ms;
    int64_t age_ms;
    char text[TEXT_LEN];
};

struct msg_command {
    uint32_t seq;
    enum command_kind kind;
    int32_t value; /* meaning by kind, 0 where it has none */
};

struct msg_result { /* CommandResult, UpdateResult */
    uint32_t seq;
    enum result_kind result;
    char text[TEXT_LEN];
};

/* One entry of the manager's list: a card or a vehicle. */
struct msg_card {
    struct card_uid uid;     /* len 0: a vehicle */
    char identity[NAME_LEN]; /* of a vehicle, empty: a card */
    enum card_kind kind;     /* of a vehicle CARD_USER */
    bool blocked;
    int64_t expires_utc_ms; /* 0 never */
};

struct msg_config_set {
    uint64_t epoch;
    uint32_t version;
    int32_t max_ma; /* local current limit of the wallbox */
    int32_t status_ms;
    bool authorization;
    bool commissioned;
    /* A part of the manager's list of cards, since 1.1: entries cards_from.. of cards_all_n; with the last part the list is complete and
     * replaces the one before. Without a part (has_cards false) the list stays as it is. Borrowed like quarter_wh. */
    bool has_cards;
    uint32_t cards_from;  /* 0..65,535 */
    uint32_t cards_all_n; /* 0..65,535, not below cards_from + cards_n */
    uint16_t cards_n;     /* 0..CARD_CHUNK_MAX */
    const struct msg_card *cards;
};

struct msg_config_ack {
    uint32_t version;
    enum result_kind result;
};

struct msg_log_request {
    uint32_t seq;
    uint64_t from_byte;
    uint32_t most_bytes; /* 1..CHUNK_MAX */
};

struct msg_chunk { /* LogChunk, UpdateChunk; bytes borrowed like quarter_wh */
    uint32_t seq;
    uint64_t offset_bytes;
    bool last;
    uint16_t bytes_len; /* 0..CHUNK_MAX */
    const uint8_t *bytes;
};

struct msg_update_offer {
    uint32_t seq;
    char version[NAME_LEN];
    uint64_t size_bytes; /* 1..2^32 */
    uint8_t sha256[32];
};

struct msg_goodbye {
    enum goodbye_reason reason;
};

struct msg_pair_request {
    char serial[SERIAL_LEN];
};

struct msg_pair_proof {
    uint8_t proof[PAIR_PROOF_LEN]; /* pair_proof.h says of what */
};

struct msg {
    enum msg_kind kind;
    union {
        struct msg_hello hello;
        struct msg_welcome welcome;
        struct msg_reject reject;
        struct msg_status status;
        struct msg_grant grant;
        struct msg_fallback_set fallback_set;
        struct msg_fallback_ack fallback_ack;
        struct msg_authorize authorize;
        struct msg_authorize_result authorize_result;
        struct msg_session_started session_started;
        struct msg_session_record session_record;
        struct msg_record_ack record_ack;
        struct msg_fault fault; /* FAULT_RAISED, FAULT_CLEARED */
        struct msg_command command;
        struct msg_result result; /* COMMAND_RESULT, UPDATE_RESULT */
        struct msg_config_set config_set;
        struct msg_config_ack config_ack;
        struct msg_log_request log_request;
        struct msg_chunk chunk; /* LOG_CHUNK, UPDATE_CHUNK */
        struct msg_update_offer update_offer;
        struct msg_goodbye goodbye;
        struct msg_pair_request pair_request;
        struct msg_pair_proof pair_proof;
    };
};

/* Name of a kind, state, limit or reason as in logs and JSON; "unset" for 0 and values outside the list. */
const char *msg_kind_text(enum msg_kind kind);
const char *box_state_text(enum box_state state);
const char *limit_by_text(enum limit_by limit);
const char *reason_text(enum reason reason);
const char *pilot_state_text(enum pilot_state state);
const char *light_colour_text(enum light_colour colour);
const char *light_mode_text(enum light_mode mode);

/* Check every field of a message against the ranges written at its struct.
 *
 * m          borrowed
 * out_field  set to the name of the first field that is wrong (static storage) when the result is not RC_OK
 *
 * RC_RANGE   a number, text or enum is outside its range, or kind is unset
 */
MUST_USE enum rc msg_check(const struct msg *m, const char **out_field);

/* (epoch, seq) as a pair: below 0 when (epoch_a, seq_a) is older than (epoch_b, seq_b), 0 the same, above 0 newer (spec 05 5.1). */
int grant_order(uint64_t epoch_a, uint32_t seq_a, uint64_t epoch_b, uint32_t seq_b);
