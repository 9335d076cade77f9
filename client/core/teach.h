/* Teaching cards and vehicles at the wallbox (spec 06 6.3; SR-101..SR-106, SR-110, SR-113..SR-119).
 *
 * A Connect: master card, new card within 5 s, master card within 5 s; and a new master within 60 s after all cards were erased. A Plus: setup
 * card, any number of cards and vehicles, setup card. Decided here: the order and its times. Not here: the list itself (card), tones (access).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/core/card.h"
#include "common/base/sm.h"

#define TEACH_NEXT_MS 5000       /* from one card to the next (SR-105) */
#define TEACH_LEARN_MS 60000     /* for a new master after the restart (SR-104) */
#define TEACH_REGISTER_MS 300000 /* registration that nobody uses any more ends by itself */

enum teach_state {
    TEACH_OFF,
    TEACH_SHOWN,    /* the master was shown: a new card may follow */
    TEACH_CONFIRM,  /* a new card was shown: the master is to confirm it */
    TEACH_LEARN,    /* waits for a new master */
    TEACH_REGISTER, /* every card and vehicle is registered */
    TEACH_STATE_N,
};

extern const struct sm_row teach_rows[TEACH_STATE_N];

struct teach {
    int state;
    struct card_uid fresh; /* in TEACH_CONFIRM */
    int64_t until_ms;      /* MS_FOREVER: no time runs */
};

struct teach_in {
    enum wallbox_model model;
    const struct card_list *list;
    bool may; /* no vehicle, nothing released by another card, mode symbol blue or bar steady blue (SR-101, SR-102, SR-115) */
};

enum teach_act {
    TEACH_NOTHING,    /* no matter of teaching: ask authorize */
    TEACH_MASTER,     /* the master card: ask authorize as well, it may charge (SR-096) */
    TEACH_READ,       /* a new card, not yet confirmed */
    TEACH_CARD,       /* put `fresh` on the list as a user's */
    TEACH_NEW_MASTER, /* put this card on the list as the master */
    TEACH_ENTRY,      /* put this card or vehicle on the list */
    TEACH_BEGUN,      /* registration */
    TEACH_ENDED,
    TEACH_REFUSED,
};

void teach_init(struct teach *t);

/* A card at the reader. */
enum teach_act teach_card(struct teach *t, const struct teach_in *in, const struct card_uid *uid, int64_t now_ms);

/* A vehicle at the cable says who it is. */
enum teach_act teach_vehicle(struct teach *t, int64_t now_ms);

/* A new master is waited for. */
void teach_learn(struct teach *t, int64_t now_ms);

/* Registration on or off by command; what else is under way ends. */
void teach_register(struct teach *t, bool is_on, int64_t now_ms);

/* Time: what has ended by itself. */
enum teach_act teach_step(struct teach *t, const struct teach_in *in, int64_t now_ms);

/* Cards are being programmed (SR-110). */
bool teach_is_on(const struct teach *t);

/* When teach_step has something to do; MS_FOREVER never. */
int64_t teach_next_ms(const struct teach *t);
