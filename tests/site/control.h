/* The control socket: what a person or a script does to the site, one JSON object a line, one answer line each (SITE.md). */
#pragma once

#include "tests/site/boards.h"
#include "tests/site/bus.h"
#include "tests/site/lines.h"
#include "tests/site/run.h"

struct control {
    struct line_server server;
    struct run *run;
    struct boards *boards;
};

MUST_USE enum rc control_listen(struct control *c, uv_loop_t *loop, const char *path, const char **out_why);

/* Everything as it stands, for `state`. The caller owns the result. */
json_t *control_state(const struct control *c);
