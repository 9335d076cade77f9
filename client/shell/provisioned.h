/* What was given to this wallbox before it left the factory, in the file "identity.conf" of the data directory, which nobody else may read. */
#pragma once

#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/rc.h"

#define PROVISIONED_FILE "identity.conf"
#define PROVISIONED_WHY_LEN 512

struct provisioned {
    char serial[SERIAL_LEN];
    uint8_t setup_code[SETUP_CODE_LEN];
};

/* Make the setup code of a wallbox: 80 random bits, in a new file, mode 0600.
 *
 * dir      data directory, made if it is missing
 * serial   text_is_id
 * out_why  one line
 *
 * RC_REFUSED  there is one already: the label of this wallbox would be wrong
 * RC_IO       the file cannot be written
 */
MUST_USE enum rc provisioned_make(struct provisioned *out, const char *dir, const char *serial, char out_why[PROVISIONED_WHY_LEN]);

/* Read it: lines "serial = X" and "setup_code = XXXX-XXXX-XXXX-XXXX"; other names are for others. Blocks for a moment.
 *
 * out_why  one line: which file and what is wrong; it never holds the code
 *
 * RC_MISSING           nothing was given
 * RC_MALFORMED, RC_IO  the file cannot be understood or read; out is untouched in each case
 */
MUST_USE enum rc provisioned_read(struct provisioned *out, const char *dir, char out_why[PROVISIONED_WHY_LEN]);
