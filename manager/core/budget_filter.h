/* The filter between a measured budget and the one in use (spec 04 4.2): a fall counts at once when it is as large as the ripple, or when it
 * has lasted for the short time that the rules allow; a rise only when it has lasted for long.
 *
 * Decided here: what of a moving figure is passed on. Not here: the figure. Units are the caller's (mA, W), 0 or more or signed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct budget_filter {
    bool is_started;       /* use holds a value */
    int32_t use;           /* what is in use */
    int64_t fall_since_ms; /* since when the true figure has been below the one in use by the fall; MS_NEVER */
    int64_t fall_due_ms;   /* when that fall counts; MS_FOREVER: none waits */
    int64_t rise_since_ms; /* since when the true figure has been above the one in use by the ripple; MS_NEVER */
    int64_t rise_half_ms;  /* the first run in the second half of that time; MS_NEVER */
    int32_t rise;          /* smallest true figure since rise_since_ms */
    int32_t rise_late;     /* ... since rise_half_ms */
};

/* How much must move, 0 or more each, and for how long. */
struct budget_filter_rules {
    int32_t fall;
    int32_t rise;
    int32_t hold_ms;
    int32_t fall_hold_ms; /* 0: a fall counts at once */
};

/* Forget everything: the next figure is taken as it is. */
void budget_filter_reset(struct budget_filter *f);

/* Nobody has looked for a while: a rise that is being held begins anew. */
void budget_filter_gap(struct budget_filter *f);

/* Take in the true figure of this moment, as it counts for a fall and, no more than that, for a rise; f->use is the result. */
void budget_filter_run(struct budget_filter *f, int32_t fall, int32_t rise, const struct budget_filter_rules *rules, int64_t now_ms);

/* When a held rise or fall is due although nothing moves; MS_FOREVER: none. */
int64_t budget_filter_next_ms(const struct budget_filter *f, int32_t hold_ms);
