/* Codes of the drivers' page: 80 random bits for each wallbox, which its QR code carries (spec 08 8.1). Whoever stands before a wallbox may see its
 * state; whoever only knows its serial number may not.
 *
 * They are in the file "driver.codes" of the data directory, made for each wallbox that has none; those of wallboxes that left the site stay,
 * because the stickers may come back. Nobody can guess one, so unknown codes need no delay.
 */
#pragma once

#include <stdint.h>

#include "common/base/rc.h"
#include "manager/core/site.h"
#include "manager/shell/codes.h"

#define DRIVER_CODES_FILE "driver.codes"
#define DRIVER_CODE_TEXT_LEN 17 /* 16 letters and digits, and the end */

/* Read the file, and make and store what it lacks. Blocks.
 *
 * RC_MALFORMED, RC_IO  out_why is one line
 */
MUST_USE enum rc driver_codes_load(struct setup_codes *out, const char *dir, const struct site *site, char out_why[CODES_WHY_LEN]);

/* The same at the start, where a failure is logged and leaves the drivers without a page. */
MUST_USE enum rc driver_codes_open(struct setup_codes *out, const char *dir, const struct site *site);

/* Store another code for a wallbox. Blocks. RC_FULL, RC_MALFORMED, RC_IO as codes_put. */
MUST_USE enum rc driver_codes_renew(struct setup_code *out, const char *dir, const char *serial, char out_why[CODES_WHY_LEN]);

/* Serial number of the wallbox with this code, as people may type it; NULL: it is nobody's. Borrowed. */
const char *driver_codes_find(const struct setup_codes *codes, const char *text);
