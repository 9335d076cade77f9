/* Property of the budgets (spec 04 4.2): base loads that ripple by less than ripple_ma move nothing.
 *
 * A random metered site with wallboxes that draw steadily; reserves of at least ripple_ma. After the first figure the base load of every
 * meter and phase ripples at random inside 200 mA, on both sides of any figure, for several minutes: longer than every hold and window.
 * From the first run on no budget in use changes, and budget_run says so. Besides, a fall and a rise by more than the ripple do arrive.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

/* Returns whether the property holds for a seed; otherwise one line on standard error says what moved. */
bool budget_ripple_holds(uint64_t seed);
