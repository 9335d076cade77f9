/* Notes of the core as log lines, and names for what it reports. */
#pragma once

#include "manager/core/event.h"
#include "manager/core/site.h"

/* Log an effect of kind MFX_NOTE.
 *
 * peer_name  of the connection that the note is about, "?" none
 */
void note_log(const struct site *site, const char *peer_name, const struct mfx *fx);

/* Name of an event of the history, as stored and shown: "fault_raised". */
const char *note_event_text(enum event_kind kind);
