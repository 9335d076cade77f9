/* Who may charge (spec 06 6.3; SR-033, SR-041, SR-042, SR-091..SR-098, SR-121): a card before or after the plug, or the vehicle's own identity.
 *
 * Decided here: the release and its 60 s, that the same card ends it and another one does not, who is asked. Not here: what is on the list
 * (card), teaching (teach), tones and lights (access, indicator).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/core/card.h"
#include "common/base/sm.h"

#define AUTHORIZE_ANSWER_MS 3000 /* the manager answers within this, else the wallbox decides by itself */

enum authorize_state {
    AUTHORIZE_NONE,
    AUTHORIZE_ASKING,   /* the manager is asked */
    AUTHORIZE_RELEASED, /* no vehicle yet, for a limited time */
    AUTHORIZE_ACTIVE,   /* a vehicle is connected: until it leaves or the same card comes again */
    AUTHORIZE_STATE_N,
};

extern const struct sm_row authorize_rows[AUTHORIZE_STATE_N];

/* What the wallbox does with a card while no manager answers. */
enum authorize_offline {
    AUTHORIZE_OFFLINE_NOBODY,
    AUTHORIZE_OFFLINE_LISTED, /* who is on the list and not blocked or expired */
    AUTHORIZE_OFFLINE_ALL,    /* likewise, and who is not on the list */
};

struct authorize_in {
    const struct card_list *list;
    bool is_online;
    bool is_plugged;
    bool is_local_first; /* who is on the list is not asked for */
    int32_t offline;     /* enum authorize_offline */
    int32_t release_ms;
    int64_t utc_ms;
};

struct authorize {
    int state;
    struct card_uid uid;     /* len 0: by its identity */
    char identity[NAME_LEN]; /* of the vehicle, empty none */
    uint32_t seq;            /* of the last question */
    int64_t until_ms;        /* end of the question or of the release */
};

enum authorize_act {
    AUTHORIZE_NOTHING,
    AUTHORIZE_ASK, /* send a.seq with uid or identity */
    AUTHORIZE_ACCEPTED,
    AUTHORIZE_REJECTED,
    AUTHORIZE_TAKEN_BACK, /* the same card before a vehicle came */
    AUTHORIZE_ENDED,      /* the same card: the session is over */
    AUTHORIZE_EXPIRED,    /* no vehicle came in time (SR-094) */
};

void authorize_init(struct authorize *a);

/* A session that was open goes on after a restart, under the card or identity that had opened it. */
void authorize_adopt(struct authorize *a, const struct card_uid *uid, const char *identity);

/* A card at the reader. */
enum authorize_act authorize_card(struct authorize *a, const struct authorize_in *in, const struct card_uid *uid, int64_t now_ms);

/* The vehicle that is connected says who it is. */
enum authorize_act authorize_vehicle(struct authorize *a, const struct authorize_in *in, const char *identity, int64_t now_ms);

/* The manager's answer; one that nobody waits for is AUTHORIZE_NOTHING. */
enum authorize_act authorize_answer(struct authorize *a, const struct authorize_in *in, const struct msg_authorize_result *m, int64_t now_ms);

/* Time and vehicle: what is due now. */
enum authorize_act authorize_step(struct authorize *a, const struct authorize_in *in, int64_t now_ms);

/* Whatever was released is not any more. */
void authorize_cancel(struct authorize *a);

/* A vehicle may charge, or may be plugged in to do so. */
bool authorize_is_released(const struct authorize *a);

/* When authorize_step has something to do by itself; MS_FOREVER never. */
int64_t authorize_next_ms(const struct authorize *a);
