/* The guard of a controller without a watchdog: a process of its own that takes the pilot away when the client dies, is killed or stands still.
 *
 * It is fed over a pipe. The end of the pipe, or 3 s without food after the first, makes it open the line itself and set the current to 0, again
 * and again until the controller has it. It cannot help when the machine or the line fails: such a board is still one without a watchdog.
 */
#pragma once

#include <stdint.h>

#include "client/shell/board_modbus_address.h"
#include "client/shell/board_modbus_line.h"
#include "common/base/rc.h"

#define MB_GUARD_FEED 'f'
#define MB_GUARD_DONE 'd' /* the pilot is away already: it may go without a look */
#define MB_GUARD_MS 3000
#define MB_GUARD_RETRY_MS 500
#define MB_GUARD_TRIES 40
#define MB_GUARD_PATH_LEN 1024

/* Set the current of the controller to 0 and see that it is. RC_IO: it did not answer, or not with that. */
MUST_USE enum rc mb_guard_cut(const struct mb_address *address);

/* Guard until the pipe ends. Returns the exit code of the process: 0 pilot away, 1 it could not be reached. */
int mb_guard_run(const struct mb_address *address, int fd);

/* Where the program stands: beside this one, or in bin beside its folder. RC_MISSING: in neither. */
MUST_USE enum rc mb_guard_find(char out[MB_GUARD_PATH_LEN]);
