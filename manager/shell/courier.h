/* Brings messages to people: mail by SMTP, web hooks by HTTP (libcurl), on a thread of its own, so that a slow server is nobody's trouble.
 *
 * Decided here: order, bounds, patience. A message that could not be brought is tried again after 10 s, then after twice as long each time, up to
 * COURIER_TRIES times (about an hour and a half); then it is given up and logged. Not here: what is said and when (herald).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <pthread.h>

#include "common/base/rc.h"
#include "manager/shell/alarm_settings.h"

#define COURIER_QUEUE_MAX 64
#define COURIER_TRIES 10
#define COURIER_FIRST_MS 10000
#define COURIER_LIMIT_MS 10000 /* for one message to one receiver */
#define COURIER_WHY_LEN 256

struct letter {
    struct letter *next;
    char *subject; /* owned, so the next two; UTF-8 */
    char *text;
    char *json;
    bool is_mail; /* else for the hook */
    int tries_n;
    int64_t due_ms;
};

struct courier {
    pthread_mutex_t lock;
    pthread_cond_t wake;
    pthread_t thread;
    struct alarm_settings settings;
    struct letter *first; /* in the order in which they came */
    uint16_t n;
    uint64_t lost_n; /* for want of room, or given up */
    bool is_closing;
    bool is_open;
};

/* settings are copied. RC_IO: no thread: logged. */
MUST_USE enum rc courier_open(struct courier *c, const struct alarm_settings *settings);

/* From the next message on. Any thread. */
void courier_set(struct courier *c, const struct alarm_settings *settings);

/* A message to everybody in the settings; texts are copied. Nobody is in them: nothing. More than COURIER_QUEUE_MAX wait: it is lost and logged. Any
 * thread. */
void courier_send(struct courier *c, const char *subject, const char *text, const char *json);

/* Bring one message at once and say how it went: "" when there is nobody, else a word about each. Blocks, at most twice COURIER_LIMIT_MS; not on the
 * loop.
 *
 * RC_OK     everybody has it
 * RC_IO     out_why says who has not, and why; it holds no password
 */
MUST_USE enum rc courier_try(const struct alarm_settings *settings, const char *subject, const char *text, const char *json, char out_why[COURIER_WHY_LEN]);

/* What waits is dropped; a message that is being brought is cut short. Harmless when not open. */
void courier_close(struct courier *c);
