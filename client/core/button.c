#include "client/core/button.h"

#include "common/base/units.h"

void button_init(struct button *b)
{
    *b = (struct button){.down_ms = MS_NEVER};
}

enum button_act button_moved(struct button *b, bool is_down, int64_t now_ms)
{
    int64_t held_ms = b->down_ms == MS_NEVER ? 0 : now_ms - b->down_ms;

    if (is_down) {
        if (b->down_ms == MS_NEVER) {
            b->down_ms = now_ms;
            b->tones_n = 0;
        }
        return BUTTON_NOTHING;
    }
    button_init(b);
    if (held_ms >= BUTTON_ERASE_MS) {
        return BUTTON_ERASE;
    }
    return held_ms >= BUTTON_RESTART_MS ? BUTTON_RESTART : BUTTON_NOTHING;
}

int64_t button_next_ms(const struct button *b)
{
    if (b->down_ms == MS_NEVER || b->tones_n > 1) {
        return MS_FOREVER;
    }
    return b->down_ms + (b->tones_n == 0 ? BUTTON_RESTART_MS : BUTTON_ERASE_MS);
}

enum button_act button_step(struct button *b, int64_t now_ms)
{
    if (button_next_ms(b) > now_ms) {
        return BUTTON_NOTHING;
    }
    b->tones_n++;
    return b->tones_n == 1 ? BUTTON_FIRST_TONE : BUTTON_SECOND_TONE;
}
