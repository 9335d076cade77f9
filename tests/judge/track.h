/* Reads what wallbox-site recorded (spec 12): the nodes' file, the wallboxes' and the vehicles', moment by moment.
 *
 * The record is the independent witness of every live test; nothing here knows what the manager believed.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/limits.h"
#include "common/base/phase.h"
#include "common/base/rc.h"
#include "manager/core/site.h"

struct track_node {
    int32_t limit_ma[PHASE_N];
    int32_t true_ma[PHASE_N];
    int32_t house_ma[PHASE_N];
    int32_t solar_ma[PHASE_N];
    int32_t wallboxes_ma[PHASE_N];
};

struct track_box {
    int32_t pilot_ma;
    bool contactor_closed;
    int32_t drawn_ma[PHASE_N];
    int64_t energy_wh;
};

struct track_vehicle {
    bool wants;
    uint8_t used; /* site phases */
    int32_t max_ma;
};

/* One file, one line ahead. */
struct track_file {
    FILE *file;
    const char *path;
    int64_t line_n;
    bool has_line;
    int64_t t_ms; /* of the line ahead */
    char line[512];
    char *rest; /* behind the time stamp */
};

struct track {
    const struct site *site;
    struct track_file nodes;
    struct track_file boxes;
    struct track_file vehicles;
    int64_t t_ms; /* of the values below */
    struct track_node node[NODE_MAX];
    struct track_box box[BOX_MAX];
    struct track_vehicle vehicle[BOX_MAX];
};

/* Open PATH, PATH.wallboxes and PATH.vehicles.
 *
 * RC_IO         one cannot be read: said in one line
 * RC_MALFORMED  one has another header line: said in one line
 */
MUST_USE enum rc track_open(struct track *t, const char *path, const struct site *site);

/* Go on to the next moment of the record.
 *
 * RC_MISSING    the end
 * RC_MALFORMED  a line is none, names something unknown or goes back in time: said in one line. A last line without its end is left out:
 *               the site was stopped while writing it.
 */
MUST_USE enum rc track_next(struct track *t);

void track_close(struct track *t);
