/* The configuration as one JSON document: the site, cards, and users without their passwords; and cards as a table. At the command line, with
 * the manager not running. Users that an import adds get a first password, which is printed; those that are known keep role and password.
 *
 * Keys and pins are not part of it yet: the fleet link has none.
 */
#pragma once

#include "manager/shell/settings.h"

/* Each returns the exit code of the program; lines on standard error say what is wrong. file: "-" standard input or output. */
int transfer_import(const struct settings *s, const char *file);
int transfer_export(const struct settings *s, const char *file);
int transfer_import_cards(const struct settings *s, const char *file);
int transfer_export_cards(const struct settings *s, const char *file);
int transfer_restore(const struct settings *s, const char *file);
