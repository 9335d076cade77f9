/* The service button behind the covers (SR-103, SR-107, SR-108; DIFF-14): one tone after 2 s, another after 6 s. Released between them it restarts
 * the wallbox; released later it erases all cards and restarts.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define BUTTON_RESTART_MS 2000
#define BUTTON_ERASE_MS 6000

struct button {
    int64_t down_ms; /* MS_NEVER: not pressed */
    uint8_t tones_n; /* given since */
};

enum button_act {
    BUTTON_NOTHING,
    BUTTON_FIRST_TONE,
    BUTTON_SECOND_TONE,
    BUTTON_RESTART,
    BUTTON_ERASE, /* all cards, then restart */
};

void button_init(struct button *b);

/* Pressed or released. A second press without a release is none. */
enum button_act button_moved(struct button *b, bool is_down, int64_t now_ms);

/* The tone that is due, one at a time. */
enum button_act button_step(struct button *b, int64_t now_ms);

/* When the next tone is due; MS_FOREVER none. */
int64_t button_next_ms(const struct button *b);
