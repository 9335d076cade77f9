/* Tables of manager.db. Steps only ever add; one that was released is never changed. */
#pragma once

/* SQL of each step, in order; step i brings the database from version i to i + 1 (PRAGMA user_version). */
extern const char *const schema_steps[];
extern const int schema_steps_n;
