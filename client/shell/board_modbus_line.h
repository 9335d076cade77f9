/* The line to a controller and its meter: the only place of the client that calls libmodbus. Everything blocks, everything is bounded: opening
 * and each request take at most MB_WAIT_MS, a request on a serial line MB_RTU_WAIT_MS, the pause before it and the time of the bytes.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/shell/board_modbus_address.h"
#include "client/shell/board_modbus_map.h"
#include "common/base/rc.h"

#define MB_WAIT_MS 500
#define MB_RTU_WAIT_MS 200
#define MB_GAP_MS 100 /* between two requests on a serial line */

struct mb_line {
    void *modbus; /* libmodbus' context; NULL: closed */
    bool is_tcp;
    int fd;
    int32_t byte_us;  /* on a serial line */
    int64_t quiet_ms; /* CLOCK_BOOTTIME of the end of the last request */
};

/* Connect, or open the device.
 *
 * RC_IO  *out_why says why (static): nothing to close
 */
MUST_USE enum rc mb_line_open(struct mb_line *l, const struct mb_place *place, const char **out_why);

/* Read the registers of a block into out[]. A connection on which an old answer may still come is closed: l->modbus is NULL.
 *
 * RC_IO       no answer, or not connected any more
 * RC_REFUSED  it answered with an exception
 */
MUST_USE enum rc mb_line_read(struct mb_line *l, uint8_t unit, const struct mb_block *block, uint16_t *out);

/* Read all blocks. The same results; r->value is complete only with RC_OK. */
MUST_USE enum rc mb_line_read_all(struct mb_line *l, uint8_t unit, struct mb_regs *r);

/* Write registers with function 16; a count of 0 is nothing to do. The same results. */
MUST_USE enum rc mb_line_write(struct mb_line *l, uint8_t unit, const struct mb_write *w);

void mb_line_close(struct mb_line *l);
