/* Single values out of registers: types, orders of registers, scales, exponents, what means "not available". Part of regmap. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "manager/shell/regmap.h"

enum regmap_value_state { VALUE_ABSENT, VALUE_GOOD, VALUE_BAD };

struct regmap_value {
    enum regmap_value_state state;
    int64_t is; /* in the unit of its quantity */
};

struct regmap_values {
    struct regmap_value at[QUANTITY_N][PHASE_N + 1];
    int32_t voltage_step_mv; /* smallest change that a voltage can show; 0 not known */
};

/* All values of a map.
 *
 * is_inverted  current and power are rounded down, so that they are towards import when their sign has been changed; otherwise up
 */
void regmap_values_read(const struct regmap_map *map, const struct regmap_image *image, bool is_inverted, struct regmap_values *out);
