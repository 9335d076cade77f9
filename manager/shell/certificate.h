/* Key and certificate of HTTPS: made at the first start (ECDSA P-256, signed by itself, for this host), or given by the configuration.
 *
 * Decided here: their form and files. Not here: how they are used (http). Blocks; before the loop runs.
 */
#pragma once

#include "common/base/rc.h"

struct certificate {
    char *key; /* PEM */
    char *chain;
};

/* Read the files https.key and https.crt of a data directory; make them when there are none.
 *
 * RC_IO  they cannot be made or read: logged; nothing to free
 */
MUST_USE enum rc certificate_own(struct certificate *c, const char *dir);

/* Read the files of somebody else's certificate. RC_IO as above. */
MUST_USE enum rc certificate_read(struct certificate *c, const char *key_path, const char *chain_path);

/* Key material is wiped. Zeroed is harmless. */
void certificate_free(struct certificate *c);
