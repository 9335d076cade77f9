/* Setup codes of wallboxes that are to be paired: what an electrician typed or a table held, until the wallbox has come (spec 09 9.1).
 *
 * They are secrets in the file "setup.codes" of the data directory, a line "SERIAL CODE GIVEN" each; GIVEN says when, so that a code that was
 * given anew counts as another one. The file is changed by the command line and by HTTP, also while the manager runs, which the kernel tells of
 * it (trust). All of this blocks. Codes are never logged.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/rc.h"

#define CODES_FILE "setup.codes"
#define CODES_WHY_LEN 512
#define CODES_TABLE_MAX 1048576 /* bytes of a table that is read */

struct setup_code {
    char serial[SERIAL_LEN];
    uint8_t code[SETUP_CODE_LEN];
    int64_t given_utc_ms;
};

struct setup_codes {
    struct setup_code at[BOX_MAX];
    uint16_t n;
};

/* Read the file of a data directory. No file: no codes.
 *
 * out      untouched on failure
 * out_why  one line: which file, which line, what is allowed
 *
 * RC_MALFORMED, RC_IO
 */
MUST_USE enum rc codes_read(struct setup_codes *out, const char *dir, char out_why[CODES_WHY_LEN]);

/* Likewise another file of this form, whose codes are for something else (driver_codes). */
MUST_USE enum rc codes_read_file(struct setup_codes *out, const char *dir, const char *file, char out_why[CODES_WHY_LEN]);
MUST_USE enum rc codes_put_file(const char *dir, const char *file, const struct setup_codes *more, char out_why[CODES_WHY_LEN]);

/* Store codes, each in the place of the one that its serial number had.
 *
 * RC_FULL              there is not room for all: none is stored
 * RC_MALFORMED, RC_IO  the file cannot be read or written; out_why is one line in each case
 */
MUST_USE enum rc codes_put(const char *dir, const struct setup_codes *more, char out_why[CODES_WHY_LEN]);

/* Forget a code. RC_MISSING: there is none for this serial number; the others as above. */
MUST_USE enum rc codes_drop(const char *dir, const char *serial, char out_why[CODES_WHY_LEN]);

/* NULL: there is none. */
const struct setup_code *codes_find(const struct setup_codes *codes, const char *serial);

/* Add one as people gave it, in the place of the one that its serial number had.
 *
 * code          16 letters and digits of Base32; letter case, dashes and spaces do not matter
 * given_utc_ms  now
 * out_field     "serial" or "setup_code" when it is refused; out_why what is allowed, both static
 *
 * RC_RANGE      no serial number, or no code
 * RC_FULL       BOX_MAX are there
 */
MUST_USE enum rc codes_add(struct setup_codes *codes, const char *serial, const char *code, int64_t given_utc_ms, const char **out_field, const char **out_why);

/* Add those of a table (CSV): serial number and code on each line; a first line with the names of the columns is skipped.
 *
 * RC_RANGE  out_why is one line: where, what is wrong and what is allowed; it does not hold the code
 */
MUST_USE enum rc codes_add_csv(struct setup_codes *codes, const char *text, size_t len, int64_t given_utc_ms, char out_why[CODES_WHY_LEN]);
