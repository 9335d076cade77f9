/* The manager as a pure function: one event in, a bounded list of effects out, and the moment it wants to be called next.
 *
 * It divides the budget of the site among the wallboxes and books every current that a wallbox may draw until it is certain that it no
 * longer can (spec 05 5.2). No clock, no heap, no operating system: the same code runs under libuv and in the simulator.
 *
 * A control cycle = newest meter figures (or their fallback) -> budgets -> demands -> allocation -> ledger -> grants. Grants are sent from
 * completed cycles only, never from a timer of their own. A cycle runs at most every cycle_ms and at once when something fell.
 */
#pragma once

#include <stdint.h>

#include "common/base/rc.h"
#include "manager/core/event.h"
#include "manager/core/params.h"
#include "manager/core/site.h"
#include "manager/core/view.h"

struct manager;

/* Bytes that a core needs, for whoever provides its memory. */
size_t manager_size(void);

/* Start a core in memory of manager_size() bytes, aligned for any object, zeroed or not.
 *
 * site, params  kept, must not change while the core is used; validated before (CHECKed only as far as the core depends on it)
 */
struct manager *manager_init(void *memory, const struct site *site, const struct manager_params *params);

/* Handle one event. Resets *out first. e->now_ms is not below that of the event before. */
void manager_step(struct manager *m, const struct mev *e, struct mfx_list *out);

/* When MEV_TICK is wanted at the latest; MS_FOREVER: never. */
int64_t manager_wake_ms(const struct manager *m);

/* The picture for people as of now_ms. *out is filled whole up to its counts. */
void manager_view(const struct manager *m, int64_t now_ms, struct view *out);
