/* The session of the vehicle that is plugged in, and the finished ones that the manager does not have yet (spec 06 6.6).
 *
 * Decided here: identity, energy, quarter hours, what the journal must be told and when, which record goes to the manager. Not here: when
 * a session begins and ends (core), the journal itself. Energy is the difference of the wallbox's register, so nothing is lost
 * between two checkpoints: after a restart the register credits it.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/core/event.h"
#include "common/base/rng.h"

#define CSESSION_RETRY_MS 5000  /* after the journal refused */
#define CSESSION_RESEND_MS 5000 /* a record that was not acknowledged is sent again */
#define CSESSION_LOOK_MS 60000  /* a journal that gave no record is asked again: it may have been unable to read */
#define CSESSION_QUARTER_MS 900000

enum csession_state {
    CSESSION_NONE,
    CSESSION_BEGINNING, /* its durable record is under way: no energy yet */
    CSESSION_OPEN,
    CSESSION_ENDING, /* its end is being made durable */
};

/* Where and when something is measured. */
struct csession_now {
    int64_t now_ms; /* CLOCK_BOOTTIME */
    int64_t utc_ms; /* CLOCK_UNSET_UTC_MS unknown */
    uint64_t kernel_boot_id;
    int64_t energy_wh; /* register of the wallbox */
};

struct csession {
    enum csession_state state;
    struct journal_session s; /* last_* are always up to date here; the journal has them as of the last checkpoint */
    bool begun;               /* the journal has it */
    bool told;                /* SessionStarted was sent on this connection */
    uint64_t ticket;          /* answer of the journal that is awaited, 0 none */
    int64_t try_ms;           /* when the journal is to be told next; MS_NEVER at once */
    int64_t saved_wh;         /* last_wh of the newest checkpoint */
};

/* Two streams of 64 bits make the 128 bits of a session id. The seed comes from the operating system at each start, the second stream
 * from seed and boot id together: unique, not secret. */
struct csession_ids {
    struct rng high;
    struct rng low;
};

void csession_ids_init(struct csession_ids *ids, uint64_t seed, uint64_t boot_id);
struct session_id csession_id_next(struct csession_ids *ids);

bool csession_id_same(const struct session_id *a, const struct session_id *b);

void csession_init(struct csession *cs);

/* Whose session it is: a card, a vehicle or both; right after csession_begin. */
void csession_who(struct csession *cs, const struct card_uid *uid, const char *identity);

/* Take over the session that the last run left open; wrong figures from the disk are set right. */
void csession_adopt(struct csession *cs, const struct journal_session *open);

/* A session begins; the journal is to be told at once. Only in CSESSION_NONE. */
void csession_begin(struct csession *cs, struct session_id id, const struct csession_now *now);

/* The session is over, its last energy is credited; no-op unless it is beginning or open. For END_POWER_LOSS the last known time stays its end. */
void csession_end(struct csession *cs, enum end_reason end, const struct csession_now *now);

/* Credit what flowed since the last reading. A register below the last reading credits nothing. */
void csession_register(struct csession *cs, const struct csession_now *now);

/* What the journal is to be told now: CFX_JOURNAL_BEGIN, _CHECKPOINT, _END or CFX_UNSET. Call csession_sent with the ticket then. */
enum cfx_kind csession_due(const struct csession *cs, int64_t now_ms);
void csession_sent(struct csession *cs, uint64_t ticket);

/* Have the next checkpoint now, whatever its time. */
void csession_checkpoint(struct csession *cs);

/* The journal's answer to a ticket; others are ignored. True when a session has become durable as finished. */
bool csession_answer(struct csession *cs, uint64_t ticket, bool stored, int32_t checkpoint_ms, int64_t now_ms);

/* When csession_due has something; MS_FOREVER never. */
int64_t csession_next_ms(const struct csession *cs);

/* Energy of the session so far, Wh. */
int64_t csession_wh(const struct csession *cs);

/* A session exists and its record is durable: current may flow. */
bool csession_is_safe(const struct csession *cs);

/* Message about the begin. */
struct msg csession_started_msg(const struct csession *cs, const struct csession_now *now);

enum coutbox_state {
    COUTBOX_IDLE, /* nothing to send as far as known */
    COUTBOX_WANT, /* ask the journal for the oldest record */
    COUTBOX_ASKED,
    COUTBOX_SENT,   /* waiting for the manager's RecordAck */
    COUTBOX_ACKING, /* the journal is noting it */
};

/* Finished sessions on their way to the manager, one at a time. */
struct csession_outbox {
    enum coutbox_state state;
    struct session_id id; /* in COUTBOX_SENT and COUTBOX_ACKING */
    uint64_t ticket;
    int64_t since_ms;
    bool more; /* another session has become durable: ask again */
};
