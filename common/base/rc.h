/* Result codes: how every fallible function of the project answers.
 *
 * Library codes (uv, SQLite, errno, modbus) are translated to these at the adapter that calls the library and travel no further.
 */
#pragma once

#define RC_LIST(X)                                 \
    X(RC_OK, "ok")                                 \
    X(RC_AGAIN, "not ready, repeat later")         \
    X(RC_RANGE, "value outside its allowed range") \
    X(RC_FULL, "fixed capacity reached")           \
    X(RC_STALE, "data older than its time limit")  \
    X(RC_MALFORMED, "peer sent bytes we refuse")   \
    X(RC_REFUSED, "a rule forbids it")             \
    X(RC_MISSING, "no such thing")                 \
    X(RC_IO, "operating system refused")

#define RC_ENUM(name, text) name,
enum rc { RC_LIST(RC_ENUM) RC_N };
#undef RC_ENUM

#define MUST_USE __attribute__((warn_unused_result))

/* Say that a result does not matter here; the comment beside it says why. */
static inline void rc_ignore(enum rc rc)
{
    (void)rc;
}

/* English text of a code; "unknown" for a value outside the list. Never NULL. */
const char *rc_text(enum rc rc);
