/* What is done once when a controller is attached: open the line, take its pilot away, make its own behaviour safe, learn what it is. */
#pragma once

#include "client/shell/board_modbus_line.h"
#include "client/shell/board_modbus_map.h"

/* The line is opened when it is closed. Returns NULL when all is well, else why not, for people (static); the line may be open then. */
const char *mb_setup(struct mb_line *l, const struct mb_address *address, struct mb_nature *out);
