/* Raises all admitted wallboxes fairly above their minimums: progressive filling (spec 04 4.4).
 *
 * Classes of priority from the highest: all of a class rise together in proportion to their weights, those at their minimum join when the
 * others reach it. Who reaches his top, or needs a node-phase or limit in watts on which less than one step of his is left, is frozen; the
 * others go on. The common level is counted in steps of the heaviest weight w of the class: at level m a wallbox of weight v stands at
 * floor(m x v / w) steps. When one level does not fit for all, its steps are handed out one by one: lowest current over weight after the
 * step first, then lowest rank; only those who use what may lack something have to be looked at for that.
 *
 * So for wallboxes a and b of a class, a frozen by a node-phase that b uses too, and b above its minimum: b / weight of b is at most
 * (a + step_ma) / weight of a. On a limit in watts b may rise on for what is less than one step of a (three phases), but a step of b (one).
 */
#pragma once

#include "manager/core/admit.h"

/* Divide what is left.
 *
 * in   s->class, s->is_admitted, s->floor, s->top_ma
 * out  s->left; of each admitted wallbox out[].allocated_ma, and when it is below its top out[].reason, node and phase: what froze it
 */
void fill_run(struct alloc_job *job);
