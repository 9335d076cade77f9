/* The client core from the inside: its whole state, and the parts that core.c puts together. Nobody else includes this. */
#pragma once

#include "client/core/authorize.h"
#include "client/core/button.h"
#include "client/core/card.h"
#include "client/core/cfault.h"
#include "client/core/charge.h"
#include "client/core/core.h"
#include "client/core/csession.h"
#include "client/core/grant.h"
#include "client/core/health.h"
#include "client/core/indicator.h"
#include "client/core/limit.h"
#include "client/core/modes.h"
#include "client/core/pilot.h"
#include "client/core/retry.h"
#include "client/core/teach.h"
#include "client/core/uplink.h"
#include "common/base/rng.h"

#define CLIENT_BOARD_STALE_MS 2000 /* an older reading is none: no control cycle, so the board's watchdog acts */
#define CLIENT_KEEP_RETRY_MS 1000
#define CLIENT_UNREAD_MS 10000 /* after so long a board that was left alone by the last run has opened its contactor, if it has a watchdog */
#define CLIENT_STOP_MS 2000    /* how long an orderly end waits for the journal */
#define CLIENT_FAULTS_STEP 2   /* faults told in one step: bounds the effects */
#define CLIENT_READ_MS 2000    /* a card that is held to the reader is one reading */
#define CLIENT_UNLOCK_MS 10000

/* What a change of makes a Status due at once. */
struct client_told {
    enum pilot_state pilot;
    bool contactor_closed;
    int charge_state;
    enum box_state box_state;
    bool authorized;
    bool paused;
    uint8_t faults_n;
    uint16_t faults[FAULT_MAX];
    bool has_session;
    int32_t drawn_ma[PHASE_N];
    struct lights lights;
};

/* The reader and what it has led to. */
struct client_reader {
    struct card_uid last; /* and when: a card that stays is read once */
    int64_t last_ms;
    enum auth_verdict sign; /* what the symbol says about the last card */
    int64_t sign_ms;
    char identity[NAME_LEN]; /* of the vehicle that is connected, empty: it has not said who it is */
    bool is_identity_tried;
};

/* The list of cards on its way to the disk. */
struct client_cards {
    struct card_list list;
    bool is_changed; /* since the disk has it or was given it */
    uint64_t ticket; /* the disk has it in hand, 0 not */
    int64_t try_ms;
};

enum client_stop {
    CLIENT_RUNS,
    CLIENT_STOP_CURRENT, /* the pilot is away, the current stops */
    CLIENT_STOP_JOURNAL, /* the last checkpoint is under way */
    CLIENT_STOPPED,
};

struct client {
    const struct client_params *params;
    struct cfx_list *fx; /* of the step that runs */
    int64_t now_ms;
    int64_t utc_ms;
    bool started;
    enum client_stop stop;
    int64_t stop_ms; /* limit of CLIENT_STOP_JOURNAL */
    uint64_t boot_id;
    uint64_t kernel_boot_id;
    struct rng rng;
    struct csession_ids ids;
    uint64_t ticket; /* last one given out */

    struct client_keep have;   /* durable */
    struct client_keep want;   /* to become durable */
    struct client_keep flying; /* on its way, while keep_ticket is not 0 or it is doubtful */
    uint64_t keep_ticket;
    bool is_keep_doubtful; /* its writing failed: it stands there or not */
    int64_t keep_try_ms;
    bool ack_due; /* FallbackAck when want is durable */
    uint32_t ack_seq;
    bool config_due; /* ConfigAck when want and the list of cards are durable */
    enum result_kind config_result;

    struct grant grant;
    struct pilot pilot;
    struct charge charge;
    struct uplink uplink;
    struct csession session;
    struct csession_outbox outbox;
    struct cfault fault;
    struct health health;
    struct retry retry;
    struct modes modes;
    struct authorize authorize;
    struct teach teach;
    struct button button;
    struct client_reader reader;
    struct client_cards cards;

    struct board_sample sample; /* newest, while has_sample */
    bool has_sample;
    bool board_lost;     /* said by the driver or noticed by the age of the reading */
    bool board_attached; /* the first reading since the start or since the board was lost has come */
    bool is_plugged;     /* as of the last reading that could tell */
    bool latched;        /* the board's watchdog has fired; ends with the rearming */
    bool adopted;        /* the session was open when the program started and the vehicle has not left since */
    bool unseen;         /* ... and no reading has shown yet whether it is still there */

    struct board_command command; /* newest that was sent; cycle 0 none */
    int64_t command_ms;           /* when */
    uint32_t applied_cycle;       /* first cycle of the present pilot and contactor */
    int32_t flight_ma;            /* larger pilot of earlier cycles that the board may still show ... */
    uint32_t flight_cycle;        /* ... until it has carried out this one */

    struct limit own;    /* own limits, the grant left aside */
    struct limit offer;  /* with the grant */
    struct charge_in in; /* of the newest control cycle */
    int32_t want_ma;     /* what the pilot is to signal, its spacing left aside */

    bool paused;  /* by a command */
    bool refused; /* ended by command or card: not again until the vehicle leaves, a start or another card */
    enum end_reason refuse_end;
    bool released;         /* started by a command although authorization is on */
    int64_t cold_until_ms; /* cold load pick-up (SR-044), MS_NEVER none */
    int64_t unlock_ms;     /* the plug is unlocked until then */
    bool is_restart;       /* the program is to start again when it has stopped */
    bool was_linked;
    struct lights lights;
    enum tone tone;
    uint32_t tone_n;
    int64_t report_ms;       /* until then no Status without a reading: nobody knows what the board still lets through */
    struct client_told told; /* as of the last Status */
};

/* Effects. */
struct cfx *client_fx(struct client *c, enum cfx_kind kind);
void client_note(struct client *c, enum cnote_kind kind, int64_t a, int64_t b);
void client_send(struct client *c, const struct msg *m);
uint64_t client_ticket(struct client *c);

/* access.c: cards, vehicles that say who they are, buttons. */
void client_card(struct client *c, const struct card_uid *uid);
void client_identity(struct client *c, const char *identity);
void client_button(struct client *c, enum board_button which, bool is_down);
void client_authorized(struct client *c, const struct msg_authorize_result *m);
void client_access(struct client *c);
int64_t client_access_next_ms(const struct client *c);
bool client_wants_card(const struct client *c);
void client_cards_flush(struct client *c);
bool client_cards_stored(struct client *c, uint64_t ticket, bool stored);
bool client_cards_are_durable(const struct client *c);

/* show.c: lights and tones. */
void client_tone(struct client *c, enum tone tone);
void client_show(struct client *c);
int64_t client_show_next_ms(const struct client *c);

/* orders.c: commands and configuration. */
void client_command(struct client *c, const struct msg_command *m);
void client_config(struct client *c, const struct msg_config_set *m);
void client_config_flush(struct client *c);
void client_restart(struct client *c);
bool client_is_commissioned(const struct client *c);

/* control.c: limits, charging, board. */
bool client_board_fresh(const struct client *c);
void client_board_sample(struct client *c, const struct board_sample *sample);
void client_board_lost(struct client *c);
void client_control(struct client *c);
int64_t client_control_next_ms(const struct client *c);
bool client_is_authorized(const struct client *c);
bool client_is_paused(const struct client *c);
enum charge_vehicle client_vehicle(const struct client *c);
bool client_has_vehicle(const struct client *c);

/* book.c: what is kept, the session, records. */
void client_keep_flush(struct client *c);
bool client_keep_is_ready(const struct client *c);
bool client_keep_is_due(const struct client *c);
void client_stored(struct client *c, uint64_t ticket, bool stored);
void client_book(struct client *c);
void client_record(struct client *c, const struct msg_session_record *record);
void client_record_acked(struct client *c, const struct session_id *id);
int64_t client_book_next_ms(const struct client *c);
struct csession_now client_session_now(const struct client *c);

/* talk.c: messages; status.c: the Status. */
void client_hello(struct client *c);
void client_message(struct client *c, const struct msg *m);
void client_close(struct client *c, bool off);
void client_link_lost(struct client *c);
void client_tell_faults(struct client *c);
void client_grant_note(struct client *c, int32_t before_ma);
void client_status(struct client *c);
enum box_state client_box_state(const struct client *c);
bool client_is_linked(const struct client *c);
int64_t client_status_next_ms(const struct client *c);
