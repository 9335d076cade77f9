/* The one manager that this wallbox obeys: the hash of his key, in the file "manager.pin" of the data directory (spec 09 9.1). */
#pragma once

#include <stdint.h>

#include "common/base/rc.h"
#include "common/os/identity.h"

#define PIN_FILE "manager.pin"

/* Read the pin. Quick enough for each dialling, so that a new pin needs no restart.
 *
 * out           untouched on failure
 *
 * RC_MISSING    no manager is pinned
 * RC_MALFORMED  the file is no hash: logged
 * RC_IO         it cannot be read: logged
 */
MUST_USE enum rc pin_read(const char *dir, uint8_t out[IDENTITY_HASH_LEN]);

/* Pin a manager, in the place of the one pinned before. RC_IO: logged; the old pin still counts. */
MUST_USE enum rc pin_write(const char *dir, const uint8_t hash[IDENTITY_HASH_LEN]);
