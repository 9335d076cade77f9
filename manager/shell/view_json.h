/* The picture for people as JSON (spec 08 8.4): names with their unit, unknown is null, phases in site order.
 *
 * Ownership: the caller gives every result back with json_decref; NULL when there is no memory.
 */
#pragma once

#include <stdint.h>

#include <jansson.h>

#include "common/base/limits.h"
#include "manager/core/site.h"
#include "manager/core/view.h"
#include "manager/shell/snapshot.h"

/* Nodes, meters, totals and state of the manager and of its memory. */
json_t *view_json_site(const struct snapshot *s);

/* {"utc": ..., "wallboxes": [...]} */
json_t *view_json_boxes(const struct site *site, const struct view *view, int64_t utc_ms);

/* One wallbox, box < site->box_n. What is measured live is null while it is offline. */
json_t *view_json_box(const struct site *site, const struct view *view, uint16_t box);

/* What anybody may see who stands before wallbox `box` < site->box_n: nothing about persons, circuits or other wallboxes. */
json_t *view_json_driver(const struct site *site, const struct view *view, int64_t utc_ms, uint16_t box);

/* What the operator has set for a wallbox. */
json_t *view_json_setting(const struct wish_setting *s);

/* RFC 3339 UTC with milliseconds, or null. */
json_t *view_json_utc(int64_t utc_ms);

/* Bytes as hex digits, two each; len is at most 32. */
json_t *view_json_hex(const uint8_t *bytes, unsigned len);
