/* Interruptions are retried by themselves, at most five times and with growing pauses (SR-035, SR-036; spec 06 6.1).
 *
 * Decided here: how long charging waits after an interruption and when it must be acknowledged. Not here: what an interruption is (health).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define RETRY_MAX 5

struct retry {
    uint8_t used_n;    /* retries of this session, 0..RETRY_MAX */
    bool is_exhausted; /* waits for a normal end of the session, or a restart */
    uint16_t code;     /* fault of the last interruption, 0 none yet */
    int64_t until_ms;  /* end of the pause, MS_NEVER none runs */
};

/* A session begins anew, or it has ended normally: nothing is counted. */
void retry_init(struct retry *r);

/* Charging or its beginning was interrupted. first_ms is the first pause, each further one is twice as long. While a pause runs nothing new is
 * counted: nothing was connected that could be interrupted. */
void retry_interrupted(struct retry *r, uint16_t code, int32_t first_ms, int64_t now_ms);

/* Charging waits, for the end of a pause or for an acknowledgement. */
bool retry_waits(const struct retry *r, int64_t now_ms);

/* A pause ended at or before now_ms: true once, then the next attempt begins. */
bool retry_due(struct retry *r, int64_t now_ms);

/* End of the pause; MS_FOREVER none runs. */
int64_t retry_next_ms(const struct retry *r);
