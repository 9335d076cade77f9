/* The site document: the one JSON form of nodes, wallboxes and meters (spec 13 13.1, 04 4.6). The manager imports and exports it, the
 * simulated site and wallbox-plan read it; each has a section of its own (manager, simulation, plan) that the others skip.
 *
 * Currents are integers in mA. Unknown keys are errors; each program skips the sections of the others.
 * A wallbox' "id" is its serial number. Keys of wallbox-plan that do not describe hardware (demand_ma, waiting_ms, ...) are skipped.
 */
#pragma once

#include <stddef.h>

#include <jansson.h>

#include "common/base/rc.h"
#include "manager/core/params.h"
#include "manager/core/site.h"

#define SITEDOC_ERROR_MAX 32
#define SITEDOC_ERROR_LEN 256

/* What a document is read for: the ranges of its figures differ. */
enum sitedoc_mode {
    SITEDOC_RUNNING, /* a site that a manager is to run */
    SITEDOC_WHAT_IF, /* a site on paper, for wallbox-plan */
    SITEDOC_MODE_N
};

/* What is wrong with a document, one line each: "nodes[2].limit_ma[0]: must be 1000..1000000, is -5". */
struct sitedoc_errors {
    uint16_t n; /* how many there are; the first SITEDOC_ERROR_MAX are kept */
    char at[SITEDOC_ERROR_MAX][SITEDOC_ERROR_LEN];
};

/* Add an error line (printf format). */
void sitedoc_error(struct sitedoc_errors *errors, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Parse text of at most 16 MiB as one JSON object, duplicates refused.
 *
 * RC_MALFORMED  no JSON: the error says line and column; *out is NULL
 * Ownership: the caller gives *out back with json_decref.
 */
MUST_USE enum rc sitedoc_parse(const char *text, size_t len, json_t **out, struct sitedoc_errors *errors);

/* The same for a file, "-" for standard input.
 *
 * RC_IO  it cannot be read
 */
MUST_USE enum rc sitedoc_load(const char *path, json_t **out, struct sitedoc_errors *errors);

/* Nodes, wallboxes, meters and time zone of a document into *out, with the defaults of spec 04 4.6, then site_validate on the whole.
 *
 * RC_RANGE  errors were added; *out is not to be used
 */
MUST_USE enum rc sitedoc_site(const json_t *document, struct site *out, struct sitedoc_errors *errors);

/* The same for a site on paper: sections nodes and wallboxes only. Limits may be 0..MA_MAX, minimums and maximums 1..80,000 mA, the reserve is 0
 * unless given, and the rules about meters, fallback currents and worst base loads do not count. What is left is a tree with names.
 *
 * limit_w  0 in *out when it is absent, null or 0: whoever tells these apart looks at the document
 *
 * RC_RANGE  errors were added; *out is not to be used
 */
MUST_USE enum rc sitedoc_what_if(const json_t *document, struct site *out, struct sitedoc_errors *errors);

/* Section "manager" of a document, parameters by name, into *out, which holds the defaults or what was in force.
 *
 * RC_RANGE  errors were added
 */
MUST_USE enum rc sitedoc_params(const json_t *document, struct manager_params *out, struct sitedoc_errors *errors);

/* Write a site and parameters as a document that sitedoc_site and sitedoc_params read back equal.
 * Ownership: the caller gives the result back with json_decref. Never NULL. */
json_t *sitedoc_write(const struct site *site, const struct manager_params *params);
