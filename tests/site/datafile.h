/* Whole files as texts. */
#pragma once

#include <stddef.h>

#include "common/base/rc.h"

#define DATAFILE_PATH_LEN 512
#define DATAFILE_MAX 8388608 /* bytes */

/* Read `name`, relative to the folder of `beside` unless it is absolute.
 *
 * out_text  owned by the caller (free), with an end behind its last byte
 *
 * RC_IO    it cannot be read; RC_FULL: longer than DATAFILE_MAX. *out_why says so (static or strerror's)
 */
MUST_USE enum rc datafile_read(const char *beside, const char *name, char **out_text, size_t *out_len, const char **out_why);
