/* Where the energy of a quarter hour came from: what the sun made, what came from and went to the grid.
 *
 * The share of the sun in what was used is (production - export) / (production - export + import): house and wallboxes together use
 * production - export + import, and everybody has the same mix. A quarter hour of which less than SUNMIX_LEAST_MS is known has none.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define SUNMIX_QUARTER_MS INT64_C(900000)
#define SUNMIX_HOLD_MS 3000 /* a figure holds so long */
#define SUNMIX_LEAST_MS INT64_C(720000)

struct sunmix_energy {
    int64_t from_utc_ms; /* begin of the quarter hour */
    int64_t production_wh;
    int64_t import_wh;
    int64_t export_wh;
};

struct sunmix {
    bool is_running;
    bool is_known; /* the newest figures are */
    int64_t last_utc_ms;
    int64_t from_utc_ms;
    int64_t covered_ms;
    int64_t house_w;      /* at the grid connection, positive: import */
    int64_t production_w; /* 0 or more */
    int64_t production_wms;
    int64_t import_wms;
    int64_t export_wms;
};

void sunmix_init(struct sunmix *s);

/* The meters show something new.
 *
 * utc_ms    after 1970; a clock that goes back, or a gap longer than SUNMIX_HOLD_MS, covers nothing
 * is_known  both figures are
 *
 * Returns true when a quarter hour has ended and enough of it is known: *out is its energy, rounded to the nearest Wh.
 */
bool sunmix_feed(struct sunmix *s, int64_t utc_ms, bool is_known, int64_t house_w, int64_t production_w, struct sunmix_energy *out);

/* Share of the sun in an energy that was used in that quarter hour, Wh, to the nearest, 0..energy_wh. */
int64_t sunmix_share_wh(const struct sunmix_energy *e, int64_t energy_wh);
