/* Notes of the core as log lines. */
#pragma once

#include "client/core/event.h"

/* Log an effect of kind CFX_NOTE. */
void note_log(const struct cfx *fx);
