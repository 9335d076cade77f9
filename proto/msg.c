#include "proto/msg.h"

#include <stddef.h>

#define NAMED(name, text) [name] = text,

/* Text of entry `value` of a list whose entry 0 is "unset". */
static const char *text_of(const char *const *texts, size_t n, unsigned value)
{
    return value < n && texts[value] != NULL ? texts[value] : "unset";
}

#define TEXT_OF(texts, value) text_of((texts), sizeof(texts) / sizeof(texts)[0], (unsigned)(value))

const char *msg_kind_text(enum msg_kind kind)
{
    static const char *const texts[] = {MSG_LIST(NAMED)};

    return TEXT_OF(texts, kind);
}

const char *box_state_text(enum box_state state)
{
    static const char *const texts[] = {BOX_STATE_LIST(NAMED)};

    return TEXT_OF(texts, state);
}

const char *limit_by_text(enum limit_by limit)
{
    static const char *const texts[] = {LIMIT_LIST(NAMED)};

    return TEXT_OF(texts, limit);
}

const char *reason_text(enum reason reason)
{
    static const char *const texts[] = {REASON_LIST(NAMED)};

    return TEXT_OF(texts, reason);
}

const char *light_colour_text(enum light_colour colour)
{
    static const char *const texts[] = {LIGHT_COLOUR_LIST(NAMED)};

    return TEXT_OF(texts, colour);
}

const char *light_mode_text(enum light_mode mode)
{
    static const char *const texts[] = {LIGHT_MODE_LIST(NAMED)};

    return TEXT_OF(texts, mode);
}

const char *pilot_state_text(enum pilot_state state)
{
    static const char *const texts[] = {
        [PILOT_A1] = "A1", [PILOT_A2] = "A2", [PILOT_B1] = "B1", [PILOT_B2] = "B2", [PILOT_C1] = "C1",
        [PILOT_C2] = "C2", [PILOT_D1] = "D1", [PILOT_D2] = "D2", [PILOT_E] = "E",   [PILOT_F] = "F",
    };

    return TEXT_OF(texts, state);
}

int grant_order(uint64_t epoch_a, uint32_t seq_a, uint64_t epoch_b, uint32_t seq_b)
{
    if (epoch_a != epoch_b) {
        return epoch_a < epoch_b ? -1 : 1;
    }
    return (seq_a > seq_b) - (seq_a < seq_b);
}
