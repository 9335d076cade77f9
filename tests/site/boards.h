/* The wallboxes' boards on a Unix socket: lines of JSON as client/shell/board.h describes them. */
#pragma once

#include <stdint.h>

#include <jansson.h>

#include "tests/site/lines.h"
#include "tests/site/run.h"

#define SAMPLE_MS 500      /* a sample at least so often */
#define SAMPLE_REST_MS 90  /* and without a command at most so often: each tick of 100 ms, come a little early */
#define SAMPLE_MOVE_MA 100 /* a current that moved by so much is worth one */

struct boards {
    struct line_server server;
    struct run *run;
    const struct simulation *simulation; /* kept */
    struct line_peer *peer[BOX_MAX];
    struct {
        int64_t at_ms;
        const char *pilot;
        bool is_closed;
        uint32_t firing_n;
        uint32_t faults;
        int32_t drawn_ma[PHASE_N];
    } sent[BOX_MAX];
};

MUST_USE enum rc boards_listen(struct boards *b, uv_loop_t *loop, const char *path, const char **out_why);

/* Send the samples that are due; after each tick and each change. */
void boards_tick(struct boards *b);

/* Send an event ("card", "button") to the client of a wallbox; takes the object. False: nobody is attached. */
bool boards_send(struct boards *b, uint16_t box, json_t *object);

/* Press a button for so long; it is released by itself. False: nobody is attached. */
bool boards_press(struct boards *b, uint16_t box, bool is_service, int32_t ms);

/* A vehicle with an identity was plugged in: tell it. */
void boards_tell_identity(struct boards *b, uint16_t box);

/* End the connection of a wallbox whose power is gone. */
void boards_drop(struct boards *b, uint16_t box);
