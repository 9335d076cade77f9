/* client.state: what must survive a restart and must never need free space (spec 06 6.6), one record of 64 bytes in two slots. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/core/event.h"
#include "common/base/rc.h"
#include "common/os/slot.h"

struct keep_file {
    struct slot slot;
    bool is_open;
};

/* Open or create.
 *
 * out_keep, out_kernel_boot_id  newest record; all zero when there is none
 *
 * RC_IO         it cannot be created or read: logged
 * RC_MALFORMED  it is damaged or was written by a newer version: logged, the file is untouched
 */
MUST_USE enum rc keep_file_open(struct keep_file *f, const char *path, struct client_keep *out_keep, uint64_t *out_kernel_boot_id);

/* Blocks until it is on the disk. RC_IO: it is not; logged, the record before still counts. */
MUST_USE enum rc keep_file_write(struct keep_file *f, const struct client_keep *keep, uint64_t kernel_boot_id);

/* Harmless when not open. */
void keep_file_close(struct keep_file *f);
