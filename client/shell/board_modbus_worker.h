/* The thread that talks to a controller and its meter: attaches, reads in rounds, carries out the newest command between two requests.
 *
 * Decided here: when the controller counts as there; when its pilot is taken away because nobody commands any more, or because it has forgotten
 * what it was told. Both count as a firing of a watchdog: latched until a cycle that was begun after it (board.h). Not here: registers (map),
 * waiting for bytes (line).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <pthread.h>
#include <uv.h>

#include "client/core/event.h"
#include "client/shell/board_modbus_line.h"

#define MB_ROUND_MS 400    /* from the beginning of a round to the next */
#define MB_REFRESH_MS 1000 /* the current is written again although nothing changed */
#define MB_STARVED_MS 2500 /* without a command for so long the pilot is taken away */
#define MB_FAILED_MAX 3    /* rounds in a row without an answer: lost */
#define MB_RETRY_MS 500    /* from a failed attachment to the next */

/* What the loop has not taken yet, in the order of the fields. */
struct mb_told {
    bool is_lost;
    const char *why; /* static */
    bool is_attached;
    bool has_sample;
    struct board_sample sample;
};

struct mb_worker {
    /* Set before the start and then unchanged. */
    struct mb_address address;
    int guard_fd; /* where the guard is fed; -1 none */
    uv_async_t *async;
    /* Under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    struct board_command command;
    int64_t command_ms; /* MS_NEVER: none since the attachment */
    bool is_held;       /* the guard is not there: no attachment */
    bool is_stopping;
    struct mb_told told;
    /* The thread's own. */
    struct mb_line line;
    struct mb_nature nature;
    bool is_attached;
    bool has_booted;          /* the machine has just started, and with it all that has the same supply */
    struct board_command now; /* the command at work */
    uint32_t done_cycle;      /* written */
    int32_t written_ma;
    int64_t written_ms;
    bool is_held_off;
    uint32_t firings;
    bool is_latched;
    uint8_t failed_n;
    int64_t energy_wh; /* never goes back */
};

/* Begin. address, guard_fd and async are set, the rest zeroed. The async is sent whenever there is something to take.
 *
 * RC_IO  no thread: nothing to join
 */
MUST_USE enum rc mb_worker_start(struct mb_worker *w);

/* A command for the newest attachment. */
void mb_worker_command(struct mb_worker *w, const struct board_command *command);

/* Hold it while there is no guard: detached, pilot away. */
void mb_worker_hold(struct mb_worker *w, bool is_held);

/* What happened since the last time. */
void mb_worker_take(struct mb_worker *w, struct mb_told *out);

/* Take the pilot away, close the line and end; waits for it (bounded by the requests under way). */
void mb_worker_join(struct mb_worker *w);
