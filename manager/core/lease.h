/* The ledger of one wallbox: the most that it might be drawing, as far as the manager can know (spec 05 5.2, "Manager: the ledger").
 *
 * Decided here: for how long each grant, the fallback current and a value just lowered stay booked. Not here: whether a raise fits the
 * site (cycle), what is granted (allocate). Nothing in this module compares clocks of two machines: a grant that answers a Status received
 * at m is over for certain at m + lease_ms * (1 + 2 drift), because the client counts it from the earlier moment it sent that Status.
 *
 * lease_ms is constant within an epoch, so "the smallest lease of any grant since" is that constant.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/phase.h"
#include "common/base/units.h"

#define LEASE_LIVE_MAX 16  /* grants booked at a time, only those that no later one outdoes; merged upwards when full */
#define LEASE_SETTLE_MAX 8 /* lowered values still booked; merged upwards when full */
#define LEASE_SENT_MAX 64  /* grants whose sending is remembered, to know since when a client was certainly alive */

struct lease_rules {
    int64_t lease_ms;
    int64_t least_ms; /* the shortest lease since the start: fallbacks count from its end */
    int64_t settle_ms;
    int64_t watchdog_ms;
};

struct lease_grant {
    uint32_t seq; /* 0: adopted from the client's own report after a restart */
    int32_t ma;
    int64_t ends_ms;
};

struct lease_settle {
    int32_t ma;
    int64_t until_ms;
    bool is_cut; /* a replaced grant: over as soon as the contactor is seen open */
};

struct lease_sent {
    uint32_t seq;
    int64_t sent_ms;
    int64_t alive_ms; /* when the grant was sent that the answered Status named; MS_NEVER unknown */
};

struct lease {
    const struct lease_rules *rules; /* kept */
    int32_t max_ma;                  /* of the wallbox */
    int32_t apply_ms;                /* of its board */
    uint32_t seq;                    /* of the newest grant sent, 0 none in this epoch */
    int32_t newest_ma;               /* its current; or the adopted value; MA_UNSET neither */
    uint32_t named_seq;              /* newest that a Status named, 0 none */
    int64_t named_sent_ms;           /* when it was sent; MS_NEVER */
    int64_t cut_ms;                  /* when the oldest cut that no Status has named was sent; MS_NEVER: none */
    uint32_t cut_seq;                /* that cut */
    uint8_t live_n;
    struct lease_grant live[LEASE_LIVE_MAX]; /* oldest first; current falls, seq rises, end does not fall */
    uint8_t settle_n;
    struct lease_settle settle[LEASE_SETTLE_MAX]; /* current falls, end rises */
    struct lease_sent sent[LEASE_SENT_MAX];       /* at seq % LEASE_SENT_MAX */
    int32_t fallback_ma;                          /* largest that it may have stored */
    int64_t alive_ms;                             /* p: the client was certainly alive after this; MS_NEVER unknown */
    int32_t booked_ma;                            /* grants and fallback as of the last retire */
    int32_t drawn_ma[PHASE_N];                    /* as last reported, site order */
    int32_t said_ma;                              /* what it last said to offer: more than was granted when its board does not answer it */
    int64_t drawn_until_ms;                       /* how long these are booked when nothing more is heard */
    bool is_forever;                              /* booked at max_ma without time limit */
};

/* Start booking a wallbox.
 *
 * rules        kept
 * fallback_ma  largest that it may have stored, 0..max_ma
 */
void lease_init(struct lease *l, const struct lease_rules *rules, int32_t max_ma, int32_t fallback_ma);

/* Let everything end that ends at or before now_ms. To be called before anything else in a step. */
void lease_retire(struct lease *l, int64_t now_ms);

/* Forget the grants of an earlier epoch's books and count the wallbox at its max current until lease_adopt or lease_release. */
void lease_count_max(struct lease *l);

/* The wallbox has reported after a restart: from now on it counts for what it says it offers, like a grant that ends with its lease. It may
 * be renewed at that only while its lease certainly still goes on; otherwise at no more than its fallback, and more is a raise.
 *
 * offered_ma      0..MA_MAX; more than max_ma is booked as said, less than a grant can hold is not renewed
 * lease_left_ms   0..60,000 as reported
 * age_ms          0..; the report is no older than this
 */
void lease_adopt(struct lease *l, int32_t offered_ma, int64_t lease_left_ms, int64_t age_ms, int64_t now_ms);

/* Its contactor was closed when it was adopted: the vehicle may still follow what was offered before, which nobody told us. */
void lease_adopt_closed(struct lease *l, int64_t now_ms);

/* A wallbox that counted at its max current without time limit is understood again; what that allowed it to draw still settles. */
void lease_count_again(struct lease *l, int64_t now_ms);

/* The wallbox was not heard since the restart and every grant of earlier epochs is over: only its fallback remains. */
void lease_release(struct lease *l, int64_t now_ms);

/* Book a grant that is about to be sent and give it its number.
 *
 * status_ms  when the Status that it answers was received; not after now_ms
 * ma         0..max_ma
 * Returns its grant_seq, 1 or more.
 */
uint32_t lease_grant(struct lease *l, int32_t ma, int64_t status_ms, int64_t now_ms);

/* A Status of this epoch's connection arrived.
 *
 * named_seq       grant of this epoch that it names, 0 none; one that was never sent is ignored
 * contactor_open  as reported: a replaced grant then needs no time to settle
 * drawn_ma        site order, 0 or more
 */
void lease_status(struct lease *l, uint32_t named_seq, bool contactor_open, const int32_t drawn_ma[PHASE_N], int64_t now_ms);

/* What the newest Status says to offer: booked like the measured current. A client whose board is lost cannot take back what it gave. */
void lease_said(struct lease *l, int32_t offered_ma);

/* The fallback current that the wallbox may have stored has changed: sent (the larger counts from now) or acknowledged. */
void lease_fallback(struct lease *l, int32_t fallback_ma, int64_t now_ms);

/* Current booked on phases that the vehicle uses: grants, fallback when due, values still settling. As of the last retire. */
int32_t lease_offer_ma(const struct lease *l, int64_t now_ms);

/* True when nothing that was granted is booked any more, nor settling. As of the last retire. */
bool lease_is_spent(const struct lease *l);

/* True when its fallback is booked: it may be drawing it, for all that is known. */
bool lease_is_fallback_due(const struct lease *l, int64_t now_ms);

/* True when its fallback has been booked for a whole lease, or ever since it is known: it does not confirm what it is granted. A late Status
 * books it for a moment only. */
bool lease_is_fallback_lasting(const struct lease *l, int64_t now_ms);

/* The exposure, site order.
 *
 * used, wired  sets of site phases; a silent wallbox counts on all wired ones, and so does its fallback
 */
void lease_exposure(const struct lease *l, uint8_t used, uint8_t wired, bool is_silent, int64_t now_ms, int32_t out_ma[PHASE_N]);

/* When the newest live grant or adopted value ends, as booked; MS_NEVER: there is none. */
int64_t lease_ends_ms(const struct lease *l);

/* When something booked ends next; MS_FOREVER: never. */
int64_t lease_next_ms(const struct lease *l, int64_t now_ms);
