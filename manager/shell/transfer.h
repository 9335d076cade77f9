/* The configuration as one JSON document: the site, cards, users, prices; with a passphrase also keys, pins and passwords, closed with it (takeover); and
 * cards as a table. At the command line; --export also while the manager runs, the others not. Users that an import adds get a first password,
 * which is printed; those that are known keep role and password. An import with keys brings the users' passwords along.
 */
#pragma once

#include "manager/shell/settings.h"

/* Each returns the exit code of the program; lines on standard error say what is wrong.
 *
 * file             "-" standard input or output
 * passphrase_file  its first line is the passphrase of the keys, 12 to 256 bytes; NULL: without keys
 */
int transfer_import(const struct settings *s, const char *file, const char *passphrase_file);
int transfer_export(const struct settings *s, const char *file, const char *passphrase_file);
int transfer_import_cards(const struct settings *s, const char *file);
int transfer_export_cards(const struct settings *s, const char *file);
int transfer_restore(const struct settings *s, const char *file);
