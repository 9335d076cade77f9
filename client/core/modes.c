#include "client/core/modes.h"

#define BIT_SHOWROOM 1u
#define BIT_SERVICE 2u
#define BIT_OUT 4u

uint8_t modes_bits(const struct modes *m)
{
    return (uint8_t)((m->is_showroom ? BIT_SHOWROOM : 0) | (m->is_service ? BIT_SERVICE : 0) | (m->is_out ? BIT_OUT : 0));
}

struct modes modes_of(uint8_t bits)
{
    return (struct modes){.is_showroom = (bits & BIT_SHOWROOM) != 0, .is_service = (bits & BIT_SERVICE) != 0, .is_out = (bits & BIT_OUT) != 0};
}

enum rc modes_command(struct modes *m, const struct msg_command *command, bool is_plugged, bool is_closed, const char **out_text)
{
    bool is_on = command->value == 1;

    switch (command->kind) {
    case COMMAND_SHOWROOM_MODE:
        if (is_closed && m->is_showroom != is_on) {
            *out_text = "a vehicle is charging";
            return RC_REFUSED;
        }
        m->is_showroom = is_on;
        return RC_OK;
    case COMMAND_SERVICE_MODE:
        if (is_plugged && is_on) {
            *out_text = "a vehicle is connected";
            return RC_REFUSED;
        }
        m->is_service = is_on;
        return RC_OK;
    case COMMAND_AVAILABILITY:
        m->is_out = !is_on;
        return RC_OK;
    case COMMAND_UNSET:
    case COMMAND_START:
    case COMMAND_STOP:
    case COMMAND_PAUSE:
    case COMMAND_RESUME:
    case COMMAND_RESTART:
    case COMMAND_UNLOCK:
    case COMMAND_LED_BRIGHTNESS:
    case COMMAND_LOCAL_CURRENT:
    case COMMAND_CARD_REGISTRATION:
    case COMMAND_N:
        break;
    }
    return RC_RANGE;
}

bool modes_forbid(const struct modes *m)
{
    return m->is_service || m->is_out;
}
