/* A small record that survives a power cut at any instant: a preallocated file with two slots that are overwritten in turn, each with a
 * sequence number and a checksum; the newest good one counts. Writing needs no free space on the disk (spec 06 6.6, 09 9.2).
 *
 * Integers are written in little-endian order by the caller's own encoding; this module sees bytes.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/rc.h"

struct slot {
    int fd; /* -1 closed */
    uint32_t record_len;
    uint64_t seq;    /* of the newest record */
    uint8_t *buffer; /* inside: one slot */
};

/* Open or create the file for records of `record_len` bytes (1..65,536).
 *
 * out      newest good record, record_len bytes; zeroes when the file is new
 * out_seq  0 when there is none yet
 *
 * RC_IO         it cannot be created, preallocated or read: logged, nothing to close
 * RC_MALFORMED  the file exists with a record length of its own, or both slots are damaged: logged, nothing to close, file untouched
 */
MUST_USE enum rc slot_open(struct slot *s, const char *path, uint32_t record_len, uint8_t *out, uint64_t *out_seq);

/* Overwrite the older slot and wait until it is on the disk (fdatasync). Blocks: call it on a worker or accept the wait.
 *
 * RC_IO  not durable: logged; the older record still counts
 */
MUST_USE enum rc slot_write(struct slot *s, const uint8_t *record);

void slot_close(struct slot *s);
