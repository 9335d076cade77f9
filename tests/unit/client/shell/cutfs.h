/* A file system in memory for SQLite whose power can be cut: what was written and not synced is there, is not, or is there in part, sector by
 * sector, as chance has it. Register once; the name is CUTFS_NAME, and it becomes the default. One connection at a time.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define CUTFS_NAME "cutfs"

void cutfs_install(void);

/* An empty disk; what happens to its unsynced sectors comes from the seed. */
void cutfs_format(uint64_t seed);

/* The power fails at the nth write, truncation, sync or removal from now on (from 1); 0 never. From that on everything is refused. */
void cutfs_arm(uint32_t nth);
bool cutfs_is_dark(void);

/* Operations since it was armed. */
uint32_t cutfs_seen(void);

/* The power is back: the disk is as the cut left it. No file is open. */
void cutfs_power(void);

/* Cut it now. */
void cutfs_cut(void);
