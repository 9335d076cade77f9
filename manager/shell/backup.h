/* Back-up of manager.db while the manager runs, and the way back.
 *
 * A back-up is one file, a database by itself. It does not hold manager.state: a manager that begins with a back-up on a new machine treats
 * the wallboxes as those of a stranger until each has reported (spec 05 5.2), which is what keeps two managers of one identity apart.
 */
#pragma once

#include "common/base/rc.h"

/* Copy the database of a data directory as of now. The manager may be running. An existing file is replaced when the copy is complete.
 *
 * RC_IO  it cannot be read or written: logged
 */
MUST_USE enum rc backup_make(const char *dir, const char *file);

/* Put a back-up in the place of the database of a data directory that nobody else uses (locked by the caller). What was there is set aside.
 *
 * RC_MALFORMED  the file is no sound back-up of this program or an earlier one: logged, nothing was changed
 * RC_IO         likewise, the system refuses
 */
MUST_USE enum rc backup_restore(const char *dir, const char *file);
