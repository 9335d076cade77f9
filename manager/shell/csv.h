/* Tables as text (RFC 4180): commas or, where a comma is the decimal sign, semicolons; quoted fields; lines end with CR LF or LF.
 *
 * Pure but for the buffer that is written to.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "common/base/rc.h"
#include "manager/shell/buffer.h"

#define CSV_FIELD_MAX 32
#define CSV_RECORD_LEN 65536 /* bytes of one record, quotes taken away */

struct csv {
    const char *at;
    const char *end;
    char separator;
    int line; /* of `at`, from 1 */
};

struct csv_record {
    int line; /* on which it begins */
    int field_n;
    const char *field[CSV_FIELD_MAX];
    char bytes[CSV_RECORD_LEN];
};

/* Begin to read. The separator is found in the first line; a byte order mark is skipped. text is borrowed while records are read. */
void csv_begin(struct csv *c, const char *text, size_t len);

/* The next record; empty lines are skipped.
 *
 * RC_MISSING    there is none
 * RC_MALFORMED  *out_why (static) says what is wrong at line out->line; reading goes on behind that line
 */
MUST_USE enum rc csv_next(struct csv *c, struct csv_record *out, const char **out_why);

/* Write a field, quoted where it has to be, with the separator in front unless it is the first of its record. */
void csv_add(struct buffer *b, char separator, bool is_first, const char *text);
void csv_end_record(struct buffer *b);

/* The same for text that people wrote and a spreadsheet may open: what would be a formula there gets an apostrophe in front. */
void csv_add_guarded(struct buffer *b, char separator, bool is_first, const char *text);
