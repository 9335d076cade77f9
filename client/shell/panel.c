#include "client/shell/panel.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/core/cfault_text.h"
#include "client/core/indicator.h"
#include "common/os/clock.h"

#define FRAME_MS 125
#define SQUARE "\xe2\x96\xa0"
#define DISC "\xe2\x97\x8f"

static const char *const lamp_names[LAMP_N] = {"S1", "S2", "S3", "S4", "online", "mode", "card", "touch"};

/* Colour of a lamp in a terminal. */
static const char *escape_of(enum light_colour colour)
{
    static const char *const escapes[LIGHT_COLOUR_N] = {
        [LIGHT_DARK] = "\x1b[90m",  [LIGHT_WHITE] = "\x1b[97m", [LIGHT_RED] = "\x1b[91m",
        [LIGHT_GREEN] = "\x1b[92m", [LIGHT_BLUE] = "\x1b[94m",  [LIGHT_ORANGE] = "\x1b[38;5;208m",
    };

    return colour < LIGHT_COLOUR_N && escapes[colour] != NULL ? escapes[colour] : escapes[LIGHT_DARK];
}

static size_t add(char *out, size_t cap, size_t at, int n)
{
    (void)out;
    return n > 0 && at + (size_t)n < cap ? at + (size_t)n : at;
}

static size_t add_figures(const struct client_face *face, char *out, size_t cap, size_t at)
{
    at = add(out, cap, at,
             snprintf(out + at, cap - at, "  %s  %" PRId32 ".%" PRId32 " of %" PRId32 ".%" PRId32 " A  %" PRId64 ".%02" PRId64 " kWh",
                      box_state_text(face->state), face->drawn_ma / 1000, face->drawn_ma % 1000 / 100, face->offered_ma / 1000, face->offered_ma % 1000 / 100,
                      face->session_wh / 1000, face->session_wh % 1000 / 10));
    if (face->fault != 0) {
        at = add(out, cap, at, snprintf(out + at, cap - at, "  %u %s", face->fault, cfault_text(face->fault, LANGUAGE_EN)));
    }
    return at;
}

void panel_line(const struct client_face *face, const char *serial, int64_t now_ms, char *out, size_t cap)
{
    size_t at = 0;

    out[0] = '\0';
    at = add(out, cap, at, snprintf(out, cap, "%s  ", serial));
    for (int i = 0; i < LAMP_N; i++) {
        enum light_colour colour = indicator_frame(&face->lights, (enum lamp)i, now_ms);
        const char *sign = i <= LAMP_S4 ? SQUARE : DISC;

        at = add(out, cap, at, snprintf(out + at, cap - at, "%s%s%s\x1b[0m", i == LAMP_ONLINE ? "  " : "", escape_of(colour), sign));
    }
    (void)add_figures(face, out, cap, at);
}

void panel_words(const struct client_face *face, const char *serial, char *out, size_t cap)
{
    size_t at = 0;

    out[0] = '\0';
    at = add(out, cap, at, snprintf(out, cap, "%s", serial));
    for (int i = 0; i < LAMP_N; i++) {
        const struct light *l = &face->lights.lamp[i];

        at = add(out, cap, at, snprintf(out + at, cap - at, " %s=%s:%s", lamp_names[i], light_colour_text(l->colour), light_mode_text(l->mode)));
    }
    (void)snprintf(out + at, cap - at, " tone=%s tone_n=%" PRIu32 " state=%s fault=%u", tone_text(face->tone), face->tone_n, box_state_text(face->state),
                   face->fault);
}

static void on_frame(uv_timer_t *timer)
{
    struct panel *p = timer->data;
    char line[PANEL_LINE_LEN];

    if (p->has_face) {
        panel_line(&p->face, p->serial, clock_boot_ms(), line, sizeof line);
        (void)fprintf(stdout, "\r%s\x1b[K", line);
        (void)fflush(stdout);
    }
}

void panel_open(struct panel *p, uv_loop_t *loop, bool is_on, const char *serial)
{
    *p = (struct panel){.serial = serial};
    if (!is_on || uv_timer_init(loop, &p->timer) != 0) {
        return;
    }
    p->is_on = true;
    p->timer.data = p;
    p->is_terminal = isatty(STDOUT_FILENO) == 1;
    if (p->is_terminal) {
        (void)uv_timer_start(&p->timer, on_frame, FRAME_MS, FRAME_MS);
    }
}

static bool is_news(const struct panel *p, const struct client_face *face)
{
    return !p->has_face || p->face.state != face->state || p->face.fault != face->fault || p->face.tone_n != face->tone_n ||
           !indicator_same(&p->face.lights, &face->lights);
}

void panel_show(struct panel *p, const struct client_face *face)
{
    char line[PANEL_LINE_LEN];

    if (!p->is_on) {
        return;
    }
    if (!p->is_terminal && is_news(p, face)) {
        panel_words(face, p->serial, line, sizeof line);
        (void)fprintf(stdout, "%s\n", line);
        (void)fflush(stdout);
    }
    p->face = *face;
    p->has_face = true;
}

void panel_close(struct panel *p)
{
    if (p->is_on) {
        p->is_on = false;
        if (p->is_terminal) {
            (void)fputc('\n', stdout);
            (void)fflush(stdout);
        }
        uv_close((uv_handle_t *)&p->timer, NULL);
    }
}
