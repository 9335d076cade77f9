/* Section `simulation` of the site document (SITE.md): what the simulated site is, beside its tree.
 *
 * Decided here: keys, bounds, defaults, and reading the recorded files they name (paths are relative to the document).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <jansson.h>

#include "manager/core/site.h"
#include "manager/shell/sitedoc.h"
#include "tests/site/controller.h"
#include "tests/site/sessions.h"
#include "tests/site/world.h"

#define SERVE_LEN 129

/* Where and how a meter is served. */
struct serve {
    bool is_pty; /* RTU over a pseudo-terminal with a symbolic link at `place`; otherwise TCP at `place` ("HOST:PORT") */
    char place[SERVE_LEN];
    uint8_t unit;
    int32_t baud; /* of a pseudo-terminal: bytes take so long; 0: no time */
    int32_t byte_bits;
    int32_t latency_ms;
    int32_t refresh_ms;
};

/* A charge controller on Modbus instead of a client's board. */
struct controller_setup {
    enum controller_kind kind;
    struct serve serve;
    uint8_t meter_unit;
    uint16_t firmware;
    uint16_t boot_a; /* current after a start, as delivered */
    bool has_relay;
};

struct box_setup {
    struct controller_setup controller;
    int32_t rated_ma;
    char watchdog[16]; /* hardware, external or none: what the board says of itself */
    bool has_vehicle;
    struct vehicle_spec vehicle;
};

/* Everything of the section. Big: keep it on the heap. */
struct simulation {
    struct world_options options;
    int32_t tick_ms;
    struct serve serve[METER_MAX];
    struct box_setup box[BOX_MAX];
    struct load load[NODE_MAX];
    struct sun sun[NODE_MAX];
    struct stays stays;
    struct household *household[NODE_MAX]; /* owned; what load[] and sun[] borrow */
    struct sunshine *sunshine[NODE_MAX];
};

/* Read the section, or take the defaults when there is none.
 *
 * path  of the document, for relative paths
 *
 * RC_RANGE  errors were added
 */
MUST_USE enum rc simdoc_read(const json_t *document, const char *path, const struct site *site, struct simulation *out, struct sitedoc_errors *errors);

void simdoc_free(struct simulation *s);

/* Minutes of "HH:MM". RC_RANGE: no time of day. */
MUST_USE enum rc simdoc_time(const char *text, int32_t *out_min);
