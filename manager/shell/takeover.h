/* What makes another machine this manager (spec 09 9.1): its key and pins, so that no wallbox has to be visited, the key of its web pages, users
 * with their passwords, and how far its epochs had come. All of it leaves in a section "keys" of an export, closed with a passphrase (sealed).
 *
 * Decided here: what belongs to it, and what counts after an import: every wallbox that had ever been met is booked at the most it may draw until
 * it has reported, because the old manager may still be at work (spec 05 5.2, two managers). Sessions and history are in a back-up, not here.
 */
#pragma once

#include <jansson.h>

#include "common/base/rc.h"
#include "manager/shell/history.h"
#include "manager/shell/store.h"
#include "manager/shell/users.h"

#define TAKEOVER_WHY_LEN 512

/* Collect and close. Also while the manager runs.
 *
 * dir  data directory
 * h    its database
 * u    its users
 *
 * NULL: something cannot be read, or no memory: logged. Ownership: the caller gives the result back with json_decref.
 */
json_t *takeover_export(const char *dir, struct history *h, struct users *u, const char *passphrase);

/* Open the section of a document and look whether it may be installed here. Nothing is changed.
 *
 * out_inside  what it holds, for takeover_install; the caller gives it back with json_decref
 * out_why     one line
 *
 * RC_MALFORMED, RC_REFUSED  as sealed_open; also refused: this directory has wallboxes that are paired with another key
 * RC_IO                     a file cannot be read
 */
MUST_USE enum rc takeover_open(const json_t *section, const char *passphrase, const char *dir, json_t **out_inside, char out_why[TAKEOVER_WHY_LEN]);

/* Install it: first what makes the new manager careful, last its key. After a power cut in between it is to be imported again; until then no
 * wallbox obeys. The store is not started, and no users are open.
 *
 * RC_IO  out_why is one line
 */
MUST_USE enum rc takeover_install(const json_t *inside, const char *dir, struct store *store, char out_why[TAKEOVER_WHY_LEN]);
