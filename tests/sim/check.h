/* What must hold (spec 05 5.3, 04 4.4), checked after every event against the true currents and offers.
 *
 * Decided here: when a run has failed. check_book holds what the manager's books say against the truth (S1, S2, S5, A1, A2), check_truth the
 * currents against the limits (S3, S7), check_client one wallbox against what it was told (S4, S6), check_live what must come back after
 * the faults (L1, L2, L3).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/core/event.h"
#include "manager/core/site.h"
#include "tests/sim/chaos.h"
#include "tests/sim/ledger.h"

#define CHECK_BOX_MAX 256
#define CHECK_MANAGER_MAX 2
#define CHECK_NODE_MAX 8
#define CHECK_SENT_MAX 512
#define CHECK_GRANT_MAX 4
#define CHECK_NEVER_US INT64_MIN
#define CHECK_TEXT_LEN 1024

struct sim;

struct check_grant {
    uint64_t epoch;
    uint32_t seq;
    int32_t ma;
    int64_t ends_ms; /* wallbox' clock */
};

/* What a wallbox was told, worked out once more by the simplest means: from the messages that reached it. */
struct check_client {
    int64_t sent_ms[CHECK_SENT_MAX]; /* of Statuses, at their counter */
    uint32_t sent_n;                 /* counter of the newest */
    uint32_t conn_n;                 /* counter of the last one of an earlier connection */
    uint64_t epoch_seen;
    struct check_grant grant[CHECK_GRANT_MAX]; /* accepted ones, newest first */
    struct check_grant refused;                /* newest that a lower epoch sent */
    int64_t started_ms;
    int64_t fallback_ms; /* when a larger fallback became durable */
    int32_t fallback_ma;
    int32_t risen_ma; /* fallback that it has risen to since its last grant */
    bool is_lost;     /* cannot be reached at the moment ... */
    int64_t lost_us;  /* ... or could not until then */
    bool was_closed;
    bool was_asking;    /* its vehicle */
    int64_t closed_us;  /* the contactor was closed until then */
    int64_t granted_us; /* newest accepted grant */
    bool was_unmet;     /* had met no manager when the faults ended: it may wait for so much longer before it dials */
};

struct check_place {                      /* one phase of one node */
    int64_t over_us;                      /* the true current has been above limit + 1 % since; CHECK_NEVER_US: it is not */
    int64_t rise_us;                      /* last rise of something that S7 excuses */
    int64_t books_us[CHECK_MANAGER_MAX];  /* S2: exposures above the budget without a cut since */
    int64_t offers_us[CHECK_MANAGER_MAX]; /* S3: offers above the budget since */
    int32_t budget_ma[CHECK_MANAGER_MAX];
    int64_t stuck_us; /* a current that nobody can take away flowed until then */
};

/* Longest time until the offers fitted the budget again, and what was allowed: [0] all wallboxes reachable, [1] not. */
struct check_worst {
    int64_t us[2];
    int64_t bound_us[2];
};

struct check {
    bool is_failed;
    const char *id; /* of the invariant */
    char text[CHECK_TEXT_LEN];
    struct ledger_box book[CHECK_MANAGER_MAX][CHECK_BOX_MAX];
    struct ledger_site site[CHECK_MANAGER_MAX];
    int64_t cycled_ms[CHECK_MANAGER_MAX];
    bool has_book[CHECK_MANAGER_MAX];
    struct check_client client[CHECK_BOX_MAX];
    struct check_place place[CHECK_NODE_MAX][PHASE_N];
    int32_t budget_ma[CHECK_MANAGER_MAX][CHECK_NODE_MAX][PHASE_N];
    int32_t sent_ma[CHECK_MANAGER_MAX][CHECK_BOX_MAX]; /* newest grant of each manager */
    int32_t had_ma[CHECK_MANAGER_MAX][CHECK_BOX_MAX];  /* live before the step: granted or adopted */
    int32_t told_ma[CHECK_MANAGER_MAX][CHECK_BOX_MAX]; /* offered, of the newest Status that arrived */
    bool is_raised[CHECK_BOX_MAX];                     /* by the step whose effects are being carried out */
    int64_t due_us;                                    /* earliest end of a time that runs */
    int32_t drawn_ma[CHECK_BOX_MAX][PHASE_N];          /* as last seen */
    int64_t healed_us;
    int64_t quiet_us; /* the plan has been the same since */
    int32_t plan_ma[CHECK_BOX_MAX];
    int32_t demand_ma[CHECK_BOX_MAX];
    struct check_worst worst[FAULT_N]; /* S3, by what had struck within the last 20 s */
    uint64_t looked_n;
    int64_t moves_us;                /* counted since */
    uint16_t moves_n[CHECK_BOX_MAX]; /* changes of what is granted to a wallbox */
};

void check_init(struct sim *s);

/* The run has failed; the first reason counts. */
void check_broken(struct sim *s, const char *id, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Times that ran out before the item that comes now. */
void check_time(struct sim *s);

/* check_client: what reaches a wallbox and what it does. */
void check_client_started(struct sim *s, uint16_t box);
void check_client_got(struct sim *s, uint16_t box, const struct msg *m);
void check_client_stepped(struct sim *s, uint16_t box);
void check_status_sent(struct sim *s, uint16_t box, const struct msg_status *status);
void check_command(struct sim *s, uint16_t box, const struct board_command *command);
void check_linked(struct sim *s, uint16_t box);
/* It cannot be reached from now on, until it takes the next grant. */
void check_lost(struct sim *s, uint16_t box);
void check_all_lost(struct sim *s);
/* It could not be reached at some time at or after since_us, while current could flow. */
bool check_was_lost(const struct sim *s, uint16_t box, int64_t since_us);

/* check_book: the manager. */
void check_manager_started(struct sim *s, uint16_t manager);
void check_manager_gone(struct sim *s, uint16_t manager);
void check_manager_stepped(struct sim *s, uint16_t manager, bool is_old);
void check_manager_applied(struct sim *s, uint16_t manager);
void check_grant_sent(struct sim *s, uint16_t manager, uint16_t box, const struct msg_grant *grant);
void check_offer(struct sim *s, uint16_t box);
/* The newest epoch that a wallbox has seen was issued by this manager, or by the one whose identity it has: its books must hold the wallbox. */
bool check_may_obey(const struct sim *s, uint16_t box, uint16_t manager);
/* Site phases on which a wallbox could draw now what its pilot offers. */
uint8_t check_phases(const struct sim *s, uint16_t box);

/* check_truth: currents and limits. */
void check_board(struct sim *s, uint16_t box, const int32_t before_ma[PHASE_N]);
void check_base(struct sim *s, uint16_t node, const bool is_rise[PHASE_N]);
void check_meter_fault(struct sim *s, uint16_t meter);
void check_offers(struct sim *s, uint16_t manager);
void check_offers_above(struct sim *s, uint16_t manager, uint16_t box);

/* check_live: after the faults. */
void check_healed(struct sim *s);
void check_settled(struct sim *s);
void check_look(struct sim *s);
void check_end(struct sim *s);
