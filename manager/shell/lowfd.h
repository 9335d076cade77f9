/* Low file descriptors, reserved at start-up. libmodbus waits with select(), which cannot take a descriptor of FD_SETSIZE (1,024) or more;
 * with a thousand wallboxes connected every new descriptor is above that.
 *
 * Each reserved number always stays open: on /dev/null while it is idle, on a connection while one is placed there. So another thread may
 * use the number (shutdown) at any time without hitting a stranger's file.
 */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/rc.h"

#define LOWFD_MAX (METER_MAX + 2) /* a line for each meter, a test of one, and one spare */

struct lowfd {
    pthread_mutex_t lock;
    int idle_fd; /* /dev/null */
    uint16_t n;
    int fd[LOWFD_MAX];
    bool is_taken[LOWFD_MAX];
    bool is_open;
};

/* Reserve n (1..LOWFD_MAX) descriptors. Call it before many others are open.
 *
 * RC_FULL  no free descriptor below FD_SETSIZE: nothing to close
 * RC_IO    /dev/null cannot be opened or this process may have no more files: nothing to close
 */
MUST_USE enum rc lowfd_open(struct lowfd *l, uint16_t n);

/* Take one of them. Any thread.
 *
 * RC_FULL  all are taken; *out_fd is untouched
 */
MUST_USE enum rc lowfd_take(struct lowfd *l, int *out_fd);

/* Place `fd` on the taken descriptor `low_fd`; what stood there is closed. `fd` is taken: its own number is closed, also on failure.
 *
 * RC_IO  the system refused: low_fd keeps what it had
 */
MUST_USE enum rc lowfd_place(struct lowfd *l, int low_fd, int fd);

/* Close what stands on low_fd and keep the number. */
void lowfd_clear(struct lowfd *l, int low_fd);

/* Give it back, cleared. Any thread. */
void lowfd_give(struct lowfd *l, int low_fd);

/* Close all; none is taken. Harmless when zeroed. */
void lowfd_close(struct lowfd *l);
