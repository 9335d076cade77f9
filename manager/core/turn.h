/* Turns: when not all minimums fit, wallboxes take turns (spec 04 4.4, A6). Here is kept how long each has been waiting and charging, so that
 * the allocation can tell whose turn it is; the running manager and the simulation of wallbox-plan use the same.
 *
 * A wallbox may charge for a turn undisturbed. When its turn is over and somebody waits who needs what it has, it counts as just arrived; if it
 * is let go on nevertheless, a new turn begins for it, so that whoever was stopped waits for a whole turn and not for the next moment. Of those
 * that just arrived the one that has charged longest in its session goes last: k of n equal wallboxes have charged equally after n turns.
 *
 * Not here: the order itself (admit).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "manager/core/allocate.h"

struct turn {
    int64_t running_since_ms; /* MS_NEVER: not running */
    int64_t turn_since_ms;    /* since when its present turn goes on; MS_NEVER like the former */
    int64_t waiting_since_ms; /* MS_NEVER: not waiting */
    int64_t blocked_until_ms; /* A7: stopped for lack of current; MS_NEVER not */
    int64_t served_ms;        /* how long it had been running in this session before running_since_ms */
};

/* What turns depend on besides the time. */
struct turn_rules {
    int64_t turn_ms;
    int64_t min_pause_ms;
};

/* Nobody wants anything here yet. */
void turn_init(struct turn *t);

/* It has been running since before the manager knew of it. */
void turn_adopt(struct turn *t, int64_t now_ms);

/* Fill in waiting_ms, running_ms, before_turn_ms, served_ms and blocked_ms of a wallbox. */
void turn_fill(const struct turn *t, int64_t now_ms, struct alloc_box *out);

/* Nodes on which somebody waits for his turn by a result.
 *
 * out_is_contended  [node_n]
 */
void turn_find_contended(const struct alloc_result *result, uint16_t box_n, uint16_t node_n, bool *out_is_contended);

/* Take in a division.
 *
 * wants         it has a demand
 * has_current   the division gives it some
 * did_charge    it really had current before: then it rests, so that contactors do not click
 * is_contended  somebody waits at its node or above it
 */
void turn_note(struct turn *t, bool wants, bool has_current, bool did_charge, bool is_contended, const struct turn_rules *rules, int64_t now_ms);

/* When something ends by itself; MS_FOREVER: nothing does. */
int64_t turn_next_ms(const struct turn *t, int64_t now_ms);
