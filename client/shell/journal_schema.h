/* Tables of client.db, as steps that only add. The database counts in its user_version how many it has. */
#pragma once

extern const char *const journal_schema_steps[];
extern const int journal_schema_steps_n;
