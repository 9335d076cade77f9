#include "client/shell/journal_schema.h"

/* Times: ms since 1970 in UTC, NULL when the clock was not set; ms of CLOCK_BOOTTIME together with the id of that boot (64 bits, stored with
 * a sign). Energy: Wh of the wallbox' register; of a quarter hour, what flowed in it. */
static const char step_1[] = "CREATE TABLE session ("
                             " number INTEGER PRIMARY KEY,"
                             " id BLOB NOT NULL UNIQUE CHECK (length(id) = 16),"
                             " state TEXT NOT NULL CHECK (state IN ('open', 'finished', 'acked')),"
                             " start_utc_ms INTEGER,"
                             " start_boot_ms INTEGER NOT NULL,"
                             " start_boot_id INTEGER NOT NULL,"
                             " start_wh INTEGER NOT NULL CHECK (start_wh >= 0),"
                             " last_utc_ms INTEGER,"
                             " last_boot_ms INTEGER NOT NULL,"
                             " last_boot_id INTEGER NOT NULL,"
                             " last_wh INTEGER NOT NULL CHECK (last_wh >= start_wh),"
                             " card_uid BLOB CHECK (length(card_uid) IN (4, 7, 8, 10)),"
                             " end_reason TEXT CHECK (end_reason IN ('unplugged', 'card', 'command', 'fault', 'power_loss')),"
                             " first_quarter_utc_ms INTEGER,"
                             " CHECK ((state = 'open') = (end_reason IS NULL))"
                             ") STRICT;"
                             "CREATE INDEX session_by_state ON session (state, number);"
                             "CREATE TABLE session_quarter ("
                             " session_id BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE,"
                             " quarter INTEGER NOT NULL CHECK (quarter BETWEEN 0 AND 671),"
                             " energy_wh INTEGER NOT NULL CHECK (energy_wh BETWEEN 0 AND 2147483647),"
                             " PRIMARY KEY (session_id, quarter)"
                             ") STRICT, WITHOUT ROWID;";

const char *const journal_schema_steps[] = {step_1};
const int journal_schema_steps_n = (int)(sizeof journal_schema_steps / sizeof journal_schema_steps[0]);
