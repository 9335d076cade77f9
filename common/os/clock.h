/* The only place that reads clocks. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/rc.h"

/* CLOCK_BOOTTIME in ms: goes on during suspend, knows no wall clock (spec 05 5.2). */
int64_t clock_boot_ms(void);

/* Wall clock, ms since 1970; 0 (CLOCK_UNSET_UTC_MS) when it stands before 2024 and so was never set. */
int64_t clock_utc_ms(void);

/* True when the machine knows the rules of a time zone. */
bool clock_knows_zone(const char *zone);

/* Let the wall clock of this program be that of a time zone.
 *
 * zone  IANA name, "Europe/Berlin"
 *
 * RC_MISSING  the machine does not know it: UTC counts
 */
MUST_USE enum rc clock_set_zone(const char *zone);

/* What the wall clock shows minus UTC at a moment, ms; summer time included. */
int64_t clock_local_offset_ms(int64_t utc_ms);

/* The next time that summer time begins or ends, within `within_ms` (0 or more) after utc_ms.
 *
 * out_utc_ms     first moment of the new time
 * out_offset_ms  as clock_local_offset_ms from then on
 *
 * RC_MISSING  there is none, or it is undone again within that time; both are untouched
 */
MUST_USE enum rc clock_local_change(int64_t utc_ms, int64_t within_ms, int64_t *out_utc_ms, int64_t *out_offset_ms);

/* Identity of this boot of the machine (upper half of the kernel's boot id); 0 when the kernel does not tell. */
uint64_t clock_kernel_boot_id(void);

/* `len` random bytes from the operating system. Ends the program if there are none: keys and ids must never be guessable. */
void clock_random(void *out, unsigned len);

/* "2026-01-31T12:00:00.000Z" of utc_ms into out[25]. */
void clock_format_utc(int64_t utc_ms, char out[25]);
