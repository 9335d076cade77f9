/* A finished allocation added up afresh from its input and result, for the checks of alloc_oracle. It shares nothing with the algorithm.
 *
 * A site is seen here as a flat list of limits: each phase of a node; its watts (as mA x mV, so that nothing is rounded); what one- and
 * two-phase vehicles may take of a phase of it; and what the sun gives to the wallboxes in a solar mode, summed or per phase. Each wallbox
 * takes so many units of a limit for each mA: none when it does not count there.
 */
#pragma once

#include "tests/property/alloc_site.h"

#define LIMIT_MAX (CASE_NODE_MAX * (2 * PHASE_N + 1) + PHASE_N)

enum limit_kind { LIMIT_PHASE, LIMIT_WATTS, LIMIT_IMBALANCE, LIMIT_SUN };

struct limit {
    enum limit_kind kind;
    uint16_t node;
    int8_t phase;                    /* -1: over all phases */
    int64_t cap;                     /* 0 or more */
    int64_t fixed;                   /* what fixed wallboxes take */
    int64_t given;                   /* what the allocations take */
    int64_t least;                   /* what they would take if all who charge had their minimums */
    int64_t turns[PRIORITY_MAX + 1]; /* of a full round among those of at least this priority */
};

/* What a current is for: a guaranteed minimum does not ask for the sun. */
enum purpose { FOR_MINIMUM, FOR_RISE };

/* Figures for all limits. */
struct sums {
    int64_t at[LIMIT_MAX];
};

struct view {
    const struct alloc_case *c;
    const struct alloc_result *result;
    uint16_t limit_n;
    struct limit limit[LIMIT_MAX];
    int32_t unit[LIMIT_MAX][CASE_BOX_MAX];
    bool is_competing[CASE_BOX_MAX]; /* not fixed, demand and cap reach the minimum, and that fits beside the fixed wallboxes alone */
    bool is_overdue[CASE_BOX_MAX];
    uint16_t order[CASE_BOX_MAX]; /* the competing in the order of admission */
    uint16_t order_n;
    bool fits_in_order[CASE_BOX_MAX];   /* competing, not blocked, and its need fits beside the minimums of those charging before it */
    bool is_sun_in_order[CASE_BOX_MAX]; /* ... and the sun covers it beside those before it that charge or are covered */
};

void view_make(struct view *v, const struct alloc_case *c, const struct alloc_result *result);

/* min(demand, cap, max) */
int64_t view_top(const struct alloc_box *b);

/* Minimum, and the start margin when it is not running. */
int64_t view_need(const struct view *v, uint16_t box);

/* Not running, stopped for lack of current a short while ago, and not overdue. */
bool view_is_blocked(const struct view *v, uint16_t box);

/* What `ma` of a wallbox asks of a limit. */
int64_t view_asks(const struct view *v, uint16_t limit, uint16_t box, int64_t ma, enum purpose purpose);

/* Whether `ma` more for a wallbox fits into a limit of which fixed wallboxes and `others` are taken. What asks for nothing fits. */
bool view_fits_limit(const struct view *v, uint16_t limit, uint16_t box, int64_t others, int64_t ma, enum purpose purpose);

/* ... into all limits. */
bool view_fits(const struct view *v, uint16_t box, const struct sums *others, int64_t ma, enum purpose purpose);

/* Sums of limit[].given, limit[].least, and of nothing. */
void view_given(const struct view *v, struct sums *out);
void view_least(const struct view *v, struct sums *out);
void view_nothing(struct sums *out);

/* Add `ma` of a wallbox. */
void view_add(const struct view *v, struct sums *s, uint16_t box, int64_t ma);

/* Whether a comes before b in the order of admission (4.4). */
bool view_is_before(const struct view *v, uint16_t a, uint16_t b);
