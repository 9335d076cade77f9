/* What a board says in JSON, checked. The form is written down in board.h. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "client/core/event.h"
#include "common/base/rc.h"

/* A number of an object within its bounds. RC_RANGE: it is missing, no integer, or outside; out is untouched. */
MUST_USE enum rc board_json_int(const json_t *object, const char *key, int64_t min, int64_t max, int64_t *out);

/* One reading, taken now. RC_RANGE: something in it is missing or outside its range; out is untouched. */
MUST_USE enum rc board_json_sample(const json_t *object, struct board_sample *out);

#define BOARD_JSON_CYCLE_LEN 640

/* One control cycle as a line, its newline included. Returns its length. */
size_t board_json_cycle(const struct board_command *c, char out[BOARD_JSON_CYCLE_LEN]);
