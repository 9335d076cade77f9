/* The connection to the manager: when to dial, when to give up, when a Status is due (spec 05 5.1).
 *
 * Decided here: times and the order of Hello, Welcome and the rest. Not here: the content of messages (core), which epoch is obeyed (grant).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/rng.h"

#define UPLINK_BACKOFF_LEAST_MS 500
#define UPLINK_BACKOFF_MS 4000        /* longest wait between two dials */
#define UPLINK_BACKOFF_UNMET_MS 30000 /* while no manager has ever been met */
#define UPLINK_WELCOME_MS 5000        /* Welcome or Reject comes within this */
#define UPLINK_SILENCE_MS 5000        /* nothing received for this long: the connection is dead */
#define UPLINK_STATUS_LEAST_MS 200    /* at most five Statuses a second */
#define UPLINK_STATUS_MS 1000         /* until a Welcome says otherwise */

enum uplink_state {
    UPLINK_DOWN, /* waiting for the next dial */
    UPLINK_DIALING,
    UPLINK_GREETING, /* Hello sent */
    UPLINK_WELCOMED,
    UPLINK_CLOSING, /* close was asked for; the end follows */
    UPLINK_OFF,     /* the program ends: no dial any more */
};

enum uplink_act { UPLINK_NOTHING, UPLINK_DIAL, UPLINK_CLOSE };

struct uplink {
    enum uplink_state state;
    int64_t dial_ms;  /* next dial in UPLINK_DOWN */
    int64_t heard_ms; /* greeting: since when; welcomed: last message */
    uint8_t tries;    /* dials since a manager was met, up to a bound */
    int32_t status_ms;
    int64_t status_sent_ms; /* MS_NEVER: none on this connection */
};

/* First dial at now_ms. */
void uplink_init(struct uplink *u, int64_t now_ms);

/* What is due. A dial or close that is returned counts as done. */
enum uplink_act uplink_due(struct uplink *u, int64_t now_ms);

/* Connected; true when Hello is to be sent, false when the connection was not asked for and is to be closed. */
bool uplink_up(struct uplink *u, int64_t now_ms);

/* The connection ended or was refused; the next dial is drawn from r. met: a manager has been met at any time. */
void uplink_down(struct uplink *u, struct rng *r, bool met, int64_t now_ms);

/* The manager's Welcome: a Status every status_ms from now on. */
void uplink_welcome(struct uplink *u, int32_t status_ms, int64_t now_ms);

/* A message came. */
void uplink_heard(struct uplink *u, int64_t now_ms);

/* Close; true when there is something to close. off: do not dial again. */
bool uplink_close(struct uplink *u, bool off);

/* When a Status is due: at once after a change, no sooner than 200 ms after the last. MS_FOREVER while there is no connection. */
int64_t uplink_status_at_ms(const struct uplink *u, bool changed);

/* A Status was sent. */
void uplink_status_sent(struct uplink *u, int64_t now_ms);

/* When uplink_due has something to do; MS_FOREVER never. */
int64_t uplink_next_ms(const struct uplink *u);
