/* Small files of a data directory that are read and written as a whole: keys, pins.
 *
 * Blocks: before the loop runs, or where a short wait is accepted. Nothing is logged here: the caller knows what the file was for.
 */
#pragma once

#include <stddef.h>

#include "common/base/rc.h"

#define FILE_PATH_LEN 4200 /* a directory, a name and the end */

/* "DIR/NAME" into out. RC_FULL: longer than FILE_PATH_LEN allows; out is the empty text. */
MUST_USE enum rc file_path(char out[FILE_PATH_LEN], const char *dir, const char *name);

/* Read a whole file.
 *
 * max_len  most bytes that it may have
 * out      its bytes and one zero behind them, given to the caller (free); *out_len without that zero
 * out_why  a constant text when it fails
 *
 * RC_MISSING  there is no such file
 * RC_IO       it cannot be read or is longer
 */
MUST_USE enum rc file_read(const char *path, size_t max_len, char **out, size_t *out_len, const char **out_why);

/* Write a whole file, mode 0600, so that a power cut at any instant leaves the old or the new one: written beside, made durable, moved into
 * place. Two writers at a time must hold file_lock.
 *
 * RC_IO  the old file still counts: *out_why is a constant text
 */
MUST_USE enum rc file_write(const char *path, const void *bytes, size_t len, const char **out_why);

/* Wait until no other process changes files of this directory, which is made (mode 0700) if missing. Not the lock of a running daemon
 * (daemon_lock_dir): that one is held for hours, this one for milliseconds.
 *
 * out_fd  to be closed, which gives the lock back
 *
 * RC_IO   *out_why is a constant text
 */
MUST_USE enum rc file_lock(const char *dir, int *out_fd, const char **out_why);
