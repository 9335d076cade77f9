/* What a manager is given before it leaves the factory (SR-089, SR-111, SR-124, SR-131, SR-136): serial number, recovery key, password of its
 * hotspot, four cards, and the label that names them. No secret is shared by two devices.
 *
 * Decided here: what is made and in which order. Not here: how the label looks (label), how users and cards are kept.
 */
#pragma once

#include "manager/shell/settings.h"

#define HOTSPOT_FILE "hotspot.conf" /* in the data directory, mode 0600: lines "ssid = SERIAL" and "password = ..." */

/* In an empty data directory only. The label is printed to standard output.
 *
 * cards       numbers of the four cards with commas between, the master card first; NULL: none are delivered
 * label_file  its drawing, NULL none
 *
 * Returns the exit code of the program; lines on standard error say what is wrong, and nothing is left of it.
 */
int provision_run(const struct settings *s, const char *cards, const char *label_file);
