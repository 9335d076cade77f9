/* Who may be a wallbox of this site: the manager's own key, and a table of the wallboxes' keys, each pinned to a serial number (spec 09 9.1); and the
 * setup codes of those that are to be paired (codes).
 *
 * The table is the file "pins" in the data directory, a line "SERIAL HASH" each. It is changed by the command line, also while the manager runs,
 * which the kernel tells of it. Not here: what an unknown key gets to hear (peers).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "common/base/limits.h"
#include "common/base/rc.h"
#include "common/os/file.h"
#include "common/os/identity.h"
#include "manager/shell/codes.h"

#define TRUST_FILE "pins"
#define TRUST_WHY_LEN 512

struct pin {
    char serial[SERIAL_LEN];
    uint8_t hash[IDENTITY_HASH_LEN];
};

struct pins {
    struct pin at[BOX_MAX];
    uint16_t n;
};

struct trust {
    struct identity self;
    struct pins pins;
    struct setup_codes codes;
    uv_fs_event_t watch; /* of the directory: the files are replaced as a whole */
    char path[FILE_PATH_LEN];
    void (*on_change)(void *user);
    void *user;
    bool is_open; /* identity and pins were read */
    bool is_watching;
};

/* Read the table of a data directory. No file: no pins.
 *
 * out      untouched on failure
 * out_why  one line: which file, which line, what is allowed
 *
 * RC_MALFORMED, RC_IO
 */
MUST_USE enum rc pins_read(struct pins *out, const char *dir, char out_why[TRUST_WHY_LEN]);

/* Pin a key to a serial number, in the place of the one pinned before.
 *
 * RC_RANGE      serial is no serial number
 * RC_REFUSED    this key is pinned to another serial number
 * RC_FULL       the table is full
 * RC_MALFORMED, RC_IO  the file cannot be read or written; out_why is one line in each case
 */
MUST_USE enum rc pins_put(const char *dir, const char *serial, const uint8_t hash[IDENTITY_HASH_LEN], char out_why[TRUST_WHY_LEN]);

/* Take a pin away. RC_MISSING: there is none of this serial number; the others as above. */
MUST_USE enum rc pins_drop(const char *dir, const char *serial, char out_why[TRUST_WHY_LEN]);

/* Take away pin and setup code of a wallbox, whichever there are. RC_MISSING: neither; the others as above. */
MUST_USE enum rc trust_unpair(const char *dir, const char *serial, char out_why[TRUST_WHY_LEN]);

/* Serial number that a key is pinned to, borrowed until the table changes; NULL: none. */
const char *pins_find(const struct pins *pins, const uint8_t hash[IDENTITY_HASH_LEN]);

/* Own key, pins and codes. Before the loop runs. RC_IO, RC_MALFORMED: logged; nothing to close. */
MUST_USE enum rc trust_open(struct trust *t, const char *dir);

/* Hear of changes of the files from now on; on_change comes after a table was read anew. A file that cannot be understood is logged and changes nothing. */
void trust_watch(struct trust *t, uv_loop_t *loop, void (*on_change)(void *user), void *user);

/* Read both files now instead of when the kernel tells of their change, which it will all the same. */
void trust_refresh(struct trust *t);

/* Hear no more; the memory may go when the loop has run its close callbacks. Harmless when it does not listen. */
void trust_unwatch(struct trust *t);

/* Forget the key. No connection may use it any more. Zeroed is harmless. */
void trust_close(struct trust *t);
