/* Site documents at the program's edge: read, checked as a whole, every error said in one line on standard error. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <jansson.h>

#include "common/base/rc.h"
#include "manager/core/params.h"
#include "manager/core/site.h"
#include "manager/shell/card_book.h"
#include "manager/shell/tariff.h"
#include "manager/shell/users.h"

struct document {
    struct site site;
    struct manager_params params;
    struct card_book cards; /* section "cards"; of a document that was stored, none */
    json_t *keys;           /* section "keys", closed (takeover); NULL none */
    bool has_tariff;
    struct tariff tariff; /* section "tariff": prices (tariff_json) */
    uint16_t user_n;
    struct users_row user[USERS_MAX]; /* section "users": names and roles */
};

/* Give back what a document holds. Accepts a zeroed one. */
void document_drop(struct document *d);

/* Read a file ("-" for standard input), or text named `name` in errors. Parameters that it does not hold get their defaults.
 *
 * RC_IO, RC_MALFORMED, RC_RANGE  something is wrong: said in lines
 */
MUST_USE enum rc document_read_file(struct document *d, const char *path);
MUST_USE enum rc document_read_text(struct document *d, const char *name, const char *text, size_t len);

/* Site and parameters as readable JSON; given back with free. NULL: no memory. */
char *document_write(const struct document *d);
