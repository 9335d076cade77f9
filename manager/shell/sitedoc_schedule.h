/* The schedule of a node in the site document: a list of windows, [{"days": ["mon"], "from": "17:00", "to": "20:00", "limit_ma": [..]}].
 *
 * Part of sitedoc. days: all when left out; to at or before from: on the next day; at least one of limit_ma and limit_w.
 */
#pragma once

#include "manager/core/site.h"
#include "manager/shell/jsonread.h"

/* Add the windows of a node to a site. at: the node's object. Errors are noted with their path. */
void sitedoc_schedule_read(const struct place *at, uint16_t node, struct site *out);

/* The windows of a node as a list, NULL when it has none. Ownership: the caller gives it back with json_decref. */
json_t *sitedoc_schedule_write(const struct site *site, uint16_t node);
