/* What happened: a hash over every event, and the newest of them in words for whoever has to understand a failure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define TRACE_KEPT 50

#define TRACE_LIST(X)                                                     \
    X(TRACE_CLIENT, "client", "event", "effects", "wake_ms")              \
    X(TRACE_MANAGER, "manager", "event", "effects", "wake_ms")            \
    X(TRACE_STATUS, "status", "grant_seq", "offered_ma", "lease_left_ms") \
    X(TRACE_GRANT, "grant", "grant_seq", "current_ma", "reason")          \
    X(TRACE_GOT, "got_grant", "grant_seq", "current_ma", "answers")       \
    X(TRACE_MESSAGE, "message", "kind", "to_wallbox", "len")              \
    X(TRACE_COMMAND, "cycle", "pilot_ma", "contactor", "rearm")           \
    X(TRACE_BOARD, "board", "pilot_ma", "contactor", "drawn_ma")          \
    X(TRACE_FIRED, "watchdog", "firings", "latched", "contactor")         \
    X(TRACE_BASE, "base", "l1_ma", "l2_ma", "l3_ma")                      \
    X(TRACE_METER, "meter", "l1_ma", "l2_ma", "l3_ma")                    \
    X(TRACE_BUDGET, "budget", "l1_ma", "l2_ma", "l3_ma")                  \
    X(TRACE_LINK, "link", "event", "manager", "slot")                     \
    X(TRACE_VEHICLE, "vehicle", "plugged", "phases", "max_ma")            \
    X(TRACE_FAULT, "fault", "kind", "for_ms", "detail")                   \
    X(TRACE_STORE, "store", "kind", "ticket", "stored")                   \
    X(TRACE_CNOTE, "client_note", "kind", "a", "b")                       \
    X(TRACE_MNOTE, "manager_note", "kind", "a", "b")                      \
    X(TRACE_PHASE, "run", "part", "a", "b")

#define TRACE_ENUM(name, text, a, b, c) name,
enum trace_kind { TRACE_LIST(TRACE_ENUM) TRACE_N };
#undef TRACE_ENUM

struct trace_row {
    int64_t at_us;
    uint16_t kind;
    uint16_t who;
    int64_t a;
    int64_t b;
    int64_t c;
};

struct trace {
    uint64_t hash;
    uint64_t n;
    bool is_printed; /* each row at once */
    struct trace_row row[TRACE_KEPT];
};

void trace_init(struct trace *t, bool is_printed);

void trace_add(struct trace *t, int64_t at_us, enum trace_kind kind, uint16_t who, int64_t a, int64_t b, int64_t c);

/* Print the newest rows, oldest first. */
void trace_print(const struct trace *t);
