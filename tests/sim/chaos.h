/* Faults: each seed draws which exist and how often they strike (swarm). Nothing here is checked; everything here ends when the run heals.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "tests/sim/mdisk.h"

#define FAULT_LIST(X)                                                                   \
    X(FAULT_SLOW_NET, "slow_net") /* every message takes up to 300 ms */                \
    X(FAULT_SPLIT, "split_frames")                                                      \
    X(FAULT_HOLD, "link_stalls") /* both ways; old data arrive late */                  \
    X(FAULT_HOLD_UP, "cut_to_manager")                                                  \
    X(FAULT_HOLD_DOWN, "cut_to_wallbox")                                                \
    X(FAULT_HOLD_ALL, "manager_unreachable")                                            \
    X(FAULT_RESET, "connection_reset")                                                  \
    X(FAULT_VOID, "half_open_connection")                                               \
    X(FAULT_CLIENT_KILL, "wallbox_killed")                                              \
    X(FAULT_CLIENT_DARK, "wallbox_without_power") /* its computer; the board goes on */ \
    X(FAULT_CLIENT_STOP, "wallbox_stopped")       /* SIGSTOP */                         \
    X(FAULT_CLIENT_STALL, "wallbox_stalls")       /* between deciding and doing */      \
    X(FAULT_MANAGER_KILL, "manager_killed")                                             \
    X(FAULT_MANAGER_DARK, "manager_without_power")                                      \
    X(FAULT_MANAGER_STOP, "manager_stopped")                                            \
    X(FAULT_MANAGER_STALL, "manager_stalls")                                            \
    X(FAULT_SECOND, "second_manager")        /* with the identity of the first */       \
    X(FAULT_GHOST, "ghost_grants")           /* of an epoch that is over */             \
    X(FAULT_CONFIG, "configuration_changed") /* fallbacks and lease, at a restart */    \
    X(FAULT_CLIENT_DISK_SLOW, "wallbox_disk_slow")                                      \
    X(FAULT_CLIENT_DISK_FULL, "wallbox_disk_full")                                      \
    X(FAULT_MANAGER_DISK_SLOW, "manager_disk_slow")                                     \
    X(FAULT_MANAGER_DISK_FULL, "manager_disk_full")                                     \
    X(FAULT_MANAGER_DISK_FAILS, "manager_disk_fails")                                   \
    X(FAULT_METER_MUTE, "meter_silent")                                                 \
    X(FAULT_METER_STUCK, "meter_frozen")                                                \
    X(FAULT_METER_GARBAGE, "meter_garbage")                                             \
    X(FAULT_METER_LATE, "meter_slow")                                                   \
    X(FAULT_HOUSE, "house_steps")                                                       \
    X(FAULT_SUN, "solar_trips")                                                         \
    X(FAULT_SLOW_VEHICLE, "slow_vehicles") /* they take the 5 s that they may */        \
    X(FAULT_OVERDRAW, "overdraw")                                                       \
    X(FAULT_LATE_PHASE, "late_phases")                                                  \
    X(FAULT_DIP, "dips")                                                                \
    X(FAULT_STUBBORN, "stubborn_vehicles")                                              \
    X(FAULT_SLEEPER, "sleeping_vehicles")                                               \
    X(FAULT_CHURN, "short_stays")                                                       \
    X(FAULT_WELD, "welded_contactor")                                                   \
    X(FAULT_SLOW_BOARD, "slow_boards")                                                  \
    X(FAULT_NO_DOG, "boards_without_watchdog")                                          \
    X(FAULT_SILENT_BOARD, "silent_boards")                                              \
    X(FAULT_HOT, "hot_wallboxes")                                                       \
    X(FAULT_DRIFT, "clock_drift")                                                       \
    X(FAULT_UTC, "wall_clock_jumps")                                                    \
    X(FAULT_COMMAND, "pause_and_resume")

#define FAULT_ENUM(name, text) name,
enum fault { FAULT_LIST(FAULT_ENUM) FAULT_N };
#undef FAULT_ENUM

struct client_keep;
struct sim;

struct chaos {
    bool is_on[FAULT_N];
    int64_t every_us[FAULT_N]; /* average time between two */
    int64_t last_us[FAULT_N];  /* newest strike or its end, whichever is later */
    struct mkept export;       /* of the first manager, taken some time ago */
    bool is_exported;
    int64_t end_us; /* no fault lasts longer */
};

const char *fault_text(enum fault f);

/* Draw which faults exist and schedule the first ones. */
void chaos_begin(struct sim *s);

/* One of them strikes. */
void chaos_strike(struct sim *s, enum fault f);

/* A wallbox begins to write its state. Where the configuration changes and wallboxes die, a lowered fallback is sometimes written slowly and
 * the power cut meanwhile, its switch included: it comes back alone, with the old one or the new one. */
void chaos_keep(struct sim *s, uint16_t box, const struct client_keep *keep);

/* That cut. */
void chaos_keep_cut(struct sim *s, uint16_t box);

/* The first part is over: what still lasts ends. */
void chaos_heal(struct sim *s);

/* End of a fault that begins now and lasts `length_us`, but not beyond the first part of the run. */
int64_t chaos_until_us(const struct sim *s, int64_t length_us);

/* A manager that ended may start with another configuration. */
void chaos_configure(struct sim *s, uint16_t manager);
