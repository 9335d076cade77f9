/* The cards that are delivered with a wallbox, as text in its configuration (SR-089, SR-111, SR-113): "white:04A1B2C3 red:04A1B2C4 setup:...". */
#pragma once

#include <stdio.h>

#include "client/core/params.h"

/* Read the cards into params. RC_RANGE: something is no card, or there are more than 8; params are untouched. */
MUST_USE enum rc cards_read(const char *text, struct client_params *params);

/* Print them as the configuration label lists them, one comment line each: "# RFID-1 W 04A1B2C3". */
void cards_print(const struct client_params *params, FILE *to);
