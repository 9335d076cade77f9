/* What is done with a manager.db that is damaged: set aside under a name with the date, never deleted, and a new one begun with all rows that
 * can still be read, table by table from both ends.
 *
 * An exchange that was interrupted by a power cut is finished or forgotten at the next start: the new file is complete before the old one
 * moves. A database that has no site document left is not exchanged, because a manager could not run on what is left: it is refused, untouched.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/rc.h"

#define RESCUE_PATH_LEN 4096
#define RESCUE_CHECK_MS 250 /* longest look for damage at a start; a file known to be damaged is looked at whole */

struct rescue {
    bool was_damaged;
    char aside[RESCUE_PATH_LEN]; /* where the damaged file is now */
    int64_t session_n;           /* rows that the new one begins with */
    int64_t card_n;
    int64_t document_n;
};

/* Finish an exchange that was begun. RC_IO: a file cannot be renamed: logged. */
MUST_USE enum rc rescue_finish(const char *path);

/* Exchange a damaged database.
 *
 * utc_ms         for the name
 * may_be_empty   also when no site document is left
 * out            filled when RC_OK
 *
 * RC_MISSING  there is no site document in what is left: nothing was changed, nothing was said
 * RC_IO       the new file cannot be written: logged, the old one is where it was
 */
MUST_USE enum rc rescue_exchange(const char *path, int64_t utc_ms, bool may_be_empty, struct rescue *out);

/* Remember that writing has met damage, so that the next start looks at all of the file. */
void rescue_mark(const char *path);
bool rescue_is_marked(const char *path);
void rescue_unmark(const char *path);

/* Move a database and its log out of the way: PATH.WORD-DATE. RC_IO: logged. */
MUST_USE enum rc rescue_set_aside(const char *path, const char *word, int64_t utc_ms, char out_aside[RESCUE_PATH_LEN]);
