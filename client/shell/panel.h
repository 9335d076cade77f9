/* The face of the wallbox in the terminal (--panel): status bar, symbols, state and current as a small live line; a line for each change when the
 * output is no terminal.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <uv.h>

#include "client/core/core.h"

#define PANEL_LINE_LEN 512

struct panel {
    uv_timer_t timer;
    const char *serial;
    struct client_face face;
    bool is_on;
    bool is_terminal;
    bool has_face;
};

/* is_on: whether there is one at all; then panel_close is due. serial is kept. */
void panel_open(struct panel *p, uv_loop_t *loop, bool is_on, const char *serial);

/* What is to be seen now. */
void panel_show(struct panel *p, const struct client_face *face);

/* Harmless when it is off or was never opened. */
void panel_close(struct panel *p);

/* The line for a terminal at a moment, with its colours; without its end. */
void panel_line(const struct client_face *face, const char *serial, int64_t now_ms, char *out, size_t cap);

/* The same in words: "S1=blue:flash ... state=Charging". */
void panel_words(const struct client_face *face, const char *serial, char *out, size_t cap);
