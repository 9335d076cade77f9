/* One moment of the site as Server-Sent Events: the whole, and what has changed since the moment before. Made once for all who listen. */
#pragma once

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "manager/shell/snapshot.h"

struct stream_frame {
    atomic_int users_n;
    uint64_t number;
    char *full; /* text of the events; so the next */
    size_t full_len;
    char *delta;
    size_t delta_len;
};

/* What the last frame has shown of each wallbox. */
struct stream_seen {
    char *box[BOX_MAX]; /* NULL: nothing */
};

/* Make frame `number` of a snapshot with one user; ids are "BOOT-NUMBER" in hex. NULL: no memory. */
struct stream_frame *stream_frame_make(const struct snapshot *s, uint32_t boot, uint64_t number, struct stream_seen *seen);

/* NULL is harmless. Any thread. */
void stream_frame_drop(struct stream_frame *f);

void stream_seen_clear(struct stream_seen *seen);
