#include "client/core/uplink.h"

#include "common/base/check.h"
#include "common/base/units.h"

#define TRIES_MAX 6 /* 500 ms << 6 is above the longest wait */

void uplink_init(struct uplink *u, int64_t now_ms)
{
    *u = (struct uplink){.state = UPLINK_DOWN, .dial_ms = now_ms, .status_ms = UPLINK_STATUS_MS, .status_sent_ms = MS_NEVER};
}

/* Three reports without an answer, if the manager asked for rare ones. */
static int64_t silence_ms(const struct uplink *u)
{
    return max_i64(UPLINK_SILENCE_MS, 3 * (int64_t)u->status_ms);
}

int64_t uplink_next_ms(const struct uplink *u)
{
    switch (u->state) {
    case UPLINK_DOWN:
        return u->dial_ms;
    case UPLINK_GREETING:
        return u->heard_ms + UPLINK_WELCOME_MS;
    case UPLINK_WELCOMED:
        return u->heard_ms + silence_ms(u);
    case UPLINK_DIALING:
    case UPLINK_CLOSING:
    case UPLINK_OFF:
        break;
    }
    return MS_FOREVER;
}

enum uplink_act uplink_due(struct uplink *u, int64_t now_ms)
{
    if (uplink_next_ms(u) > now_ms) {
        return UPLINK_NOTHING;
    }
    if (u->state == UPLINK_DOWN) {
        u->state = UPLINK_DIALING;
        return UPLINK_DIAL;
    }
    u->state = UPLINK_CLOSING;
    return UPLINK_CLOSE;
}

bool uplink_up(struct uplink *u, int64_t now_ms)
{
    if (u->state != UPLINK_DIALING) {
        return false;
    }
    u->state = UPLINK_GREETING;
    u->heard_ms = now_ms;
    u->status_sent_ms = MS_NEVER;
    return true;
}

void uplink_down(struct uplink *u, struct rng *r, bool met, int64_t now_ms)
{
    int64_t most_ms = met ? UPLINK_BACKOFF_MS : UPLINK_BACKOFF_UNMET_MS;

    if (u->state == UPLINK_OFF || u->state == UPLINK_DOWN) {
        return;
    }
    u->tries = u->tries < TRIES_MAX ? (uint8_t)(u->tries + 1) : TRIES_MAX;
    most_ms = min_i64(most_ms, (int64_t)UPLINK_BACKOFF_LEAST_MS << u->tries);
    u->state = UPLINK_DOWN;
    u->dial_ms = now_ms + rng_range(r, UPLINK_BACKOFF_LEAST_MS, most_ms);
}

void uplink_welcome(struct uplink *u, int32_t status_ms, int64_t now_ms)
{
    CHECK(u->state == UPLINK_GREETING);
    CHECK(status_ms >= UPLINK_STATUS_LEAST_MS);
    u->state = UPLINK_WELCOMED;
    u->status_ms = status_ms;
    u->heard_ms = now_ms;
    u->tries = 0;
}

void uplink_heard(struct uplink *u, int64_t now_ms)
{
    if (u->state == UPLINK_WELCOMED) {
        u->heard_ms = now_ms;
    }
}

bool uplink_close(struct uplink *u, bool off)
{
    bool open = u->state == UPLINK_GREETING || u->state == UPLINK_WELCOMED;

    if (off) {
        u->state = UPLINK_OFF;
    } else if (open) {
        u->state = UPLINK_CLOSING;
    }
    return open;
}

int64_t uplink_status_at_ms(const struct uplink *u, bool changed)
{
    if (u->state != UPLINK_WELCOMED) {
        return MS_FOREVER;
    }
    if (u->status_sent_ms == MS_NEVER) {
        return MS_NEVER;
    }
    return u->status_sent_ms + (changed ? UPLINK_STATUS_LEAST_MS : u->status_ms);
}

void uplink_status_sent(struct uplink *u, int64_t now_ms)
{
    u->status_sent_ms = now_ms;
}
