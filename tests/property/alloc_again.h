/* Properties that need the allocation to be run again: A6, A7 and A8 of spec 04 4.4.
 *
 * A6  n identical wallboxes of one node of which k fit, played in virtual time with all rules on: nobody waits, from his arrival or from one
 *     charge to the next, longer than ceil(n / k) + 1 turns. Nothing of the site but its seed is used.
 * A7  equal input: the same input with other contents of the working memory gives the same result.
 *     result as state: a result taken as the current state (those stopped are blocked) gives the same allocations again, when there is a
 *     minimum run time. Where a solar_minimum, whose minimum takes sun without asking for it, is beside a solar_only, the latter is given as
 *     one that keeps its minimum once it has started: its last minutes may come from the grid (4.5). Nobody is overdue then.
 *     falling budgets: with a result as state and nobody overdue, budgets that fall by any amount which leaves the minimums of those
 *     charging do not stop anybody nor start another.
 *     stops at once: with a result as state, budgets that fall deeply are kept at once, minimum run time or not.
 * A8  shuffled wallboxes, and nodes in another order with parents first, give every wallbox the same result.
 */
#pragma once

#include "tests/property/alloc_oracle.h"

/* Run the allocation of a site. Never in two threads. */
void again_run(const struct alloc_case *c, struct alloc_result *out);

size_t again_n(void);
const char *again_name(size_t property);

/* Check one property of a site, of which `v` is the view of its result. When broken *out_at is a wallbox of it. */
enum verdict again_check(size_t property, const struct view *v, uint64_t seed, uint16_t *out_at);

/* The site of A6 for a seed, as it stands at the start. */
void again_turns_case(struct alloc_case *c, uint64_t seed);
