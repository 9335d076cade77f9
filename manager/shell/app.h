/* The running manager: opens everything in order, runs the loop until SIGTERM, closes everything in order. */
#pragma once

#include "manager/shell/settings.h"

/* Run. Returns the exit code of the program: 0 after an orderly stop, 1 when something failed, 2 when the settings or the site are wrong;
 * one line on standard error said why. settings were checked with may_listen. */
int app_run(const struct settings *settings);
