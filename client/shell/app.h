/* The wallbox as a running program. */
#pragma once

#include "client/shell/settings.h"

/* Run until asked to end; a restart that a button or the manager asks for begins anew inside. settings were checked. Returns the exit code; what
 * went wrong was said in one line. */
int app_run(const struct settings *settings);
