/* The witness of a run: CSV files with what flowed (spec 12), and FILE.vehicles with what the vehicles wanted each second, so that
 * waste can be told from lack of demand. Rows are buffered and reach the disk at least once a second. */
#pragma once

#include <stdio.h>

#include "common/base/rc.h"
#include "tests/site/world.h"

struct record {
    FILE *nodes; /* NULL: nothing is recorded */
    FILE *boxes;
    FILE *vehicles;
    int64_t flushed_ms;
};

/* Begin FILE, FILE.wallboxes and FILE.vehicles, overwriting. RC_IO: said in one line on standard error. */
MUST_USE enum rc record_open(struct record *r, const char *path);

/* A row for each node and each wallbox at the world's time. RC_IO: the disk refuses. */
MUST_USE enum rc record_rows(struct record *r, const struct world *w);

/* Flush and close. RC_IO: something was lost. */
MUST_USE enum rc record_close(struct record *r);
