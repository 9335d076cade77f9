/* Building JSON values. Without memory there is nothing sensible left to do: then the program ends (CHECK). */
#pragma once

#include <stdint.h>

#include <jansson.h>

#include "common/base/phase.h"

/* Put a new value, which is taken, into an object or at the end of a list. */
void json_put(json_t *object, const char *key, json_t *value);
void json_append(json_t *list, json_t *value);

/* A list of three. Ownership: the caller gives it back or puts it somewhere. */
json_t *json_phases_ma(const int32_t ma[PHASE_N]);
