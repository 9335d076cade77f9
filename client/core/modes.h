/* Modes that somebody switches on: showroom, service and out of service (spec 06 6.1; SR-038, SR-053).
 *
 * Decided here: which modes are on and who may switch them when. Not here: that they survive a restart (book), what they show (indicator).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/rc.h"
#include "proto/msg.h"

#define MODES_ALL 7u /* bits that mean something */

struct modes {
    bool is_showroom; /* everything works, the contactor never closes */
    bool is_service;  /* commissioning: suspended for drivers */
    bool is_out;      /* out of service */
};

/* Bits for the disk. */
uint8_t modes_bits(const struct modes *m);
struct modes modes_of(uint8_t bits);

/* Carry out COMMAND_SHOWROOM_MODE, COMMAND_SERVICE_MODE or COMMAND_AVAILABILITY.
 *
 * is_closed   the contactor is or may be closed: showroom begins and ends only with an open one
 * is_plugged  a vehicle is connected: service begins only without one (SR-037)
 *
 * RC_REFUSED  *out_text says why; RC_RANGE: no such command. Nothing changed.
 */
MUST_USE enum rc modes_command(struct modes *m, const struct msg_command *command, bool is_plugged, bool is_closed, const char **out_text);

/* Drivers get no energy. */
bool modes_forbid(const struct modes *m);
