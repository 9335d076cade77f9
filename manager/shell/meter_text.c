#include "manager/shell/meter_text.h"

#include <stdio.h>

enum meter_doubt meter_text_doubt(enum bus_trouble trouble)
{
    static const enum meter_doubt doubts[BUS_TROUBLE_N] = {
        [BUS_GOOD] = DOUBT_NONE,
        [BUS_MISCONFIGURED] = DOUBT_MISCONFIGURED,
        [BUS_UNREACHABLE] = DOUBT_UNREACHABLE,
        [BUS_LOST] = DOUBT_UNREACHABLE,
        [BUS_SILENT] = DOUBT_SILENT,
        [BUS_GARBLED] = DOUBT_GARBLED,
        [BUS_NO_UNIT] = DOUBT_NO_UNIT,
        [BUS_EXCEPTION] = DOUBT_REFUSED,
        [BUS_IMPLAUSIBLE] = DOUBT_VALUES,
        [BUS_STOPPED] = DOUBT_NONE,
    };

    return trouble < BUS_TROUBLE_N ? doubts[trouble] : DOUBT_SILENT;
}

static const char *sentence(enum meter_doubt doubt)
{
    switch (doubt) {
    case DOUBT_NONE:
    case DOUBT_N:
        break;
    case DOUBT_SILENT:
        return "The meter does not answer: look at its power supply, its wiring and its unit number.";
    case DOUBT_UNREACHABLE:
        return "There is no connection to the meter: look at its address, its port and the network, or at the serial device.";
    case DOUBT_GARBLED:
        return "The meter's answers do not fit the questions: two devices may have one number, or baud rate or parity are wrong.";
    case DOUBT_REFUSED:
        return "The meter refuses to be read: it may be another model.";
    case DOUBT_NO_UNIT:
        return "The gateway finds no meter of this number: look at the unit number and at the line behind the gateway.";
    case DOUBT_MISCONFIGURED:
        return "The meter cannot be used as it is configured: look at its model, its address and its phases.";
    case DOUBT_VALUES:
        return "The meter answers with impossible values: it may be another model, or broken.";
    case DOUBT_SUM:
        return "The meter's figures contradict each other, phases and total or power, voltage and current: it may be another model, or broken.";
    case DOUBT_FROZEN:
        return "The meter has shown the very same figures for too long: it has stopped measuring.";
    case DOUBT_SIGN:
        return "The meter runs the wrong way round: it falls when more is drawn. Turn it or its current transformers, or choose its model with .invert.";
    case DOUBT_PHASES:
        return "When a wallbox charges, the meter moves on another phase than the wallbox does.";
    }
    return "";
}

void meter_text_explain(enum meter_doubt doubt, enum phase_assign suggested, char out[METER_TEXT_LEN])
{
    if (doubt != DOUBT_PHASES) {
        (void)snprintf(out, METER_TEXT_LEN, "%s", sentence(doubt));
    } else if (suggested == PHASES_UNSET) {
        (void)snprintf(out, METER_TEXT_LEN, "%s Two phases are exchanged at the meter, or the phases of the wallbox are not those configured.",
                       sentence(doubt));
    } else {
        (void)snprintf(out, METER_TEXT_LEN, "%s Phases %s would fit the meter, unless it is the wallbox whose phases are wrong.", sentence(doubt),
                       phase_assign_text(suggested));
    }
}

const char *meter_text_wiring(enum wiring_state state)
{
    static const char *const texts[] = {[WIRING_UNSEEN] = "unseen", [WIRING_AGREES] = "agrees", [WIRING_SUSPECTED] = "suspected", [WIRING_WRONG] = "wrong"};

    return (unsigned)state < sizeof texts / sizeof texts[0] ? texts[state] : "unknown";
}
