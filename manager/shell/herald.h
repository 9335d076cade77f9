/* Tells people of alarms: what happens goes into manager/core/alarm, and what is due goes to the courier in the words of the site's language.
 *
 * Decided here: which events and states are looked at. Not here: the rules (alarm), words (alarm_text), sending (courier). Loop, but herald_set.
 * After a restart alarms begin anew: what still stands is told again.
 */
#pragma once

#include <pthread.h>

#include "manager/core/alarm.h"
#include "manager/core/event.h"
#include "manager/shell/alarm_settings.h"
#include "manager/shell/courier.h"
#include "manager/shell/snapshot.h"

struct herald {
    const struct site *site; /* kept */
    pthread_mutex_t lock;    /* around settings */
    struct alarm_settings settings;
    struct alarms alarms;
    struct courier courier;
    bool is_open;
};

/* Settings of the data directory; a file that cannot be used is logged and nobody is told. RC_IO: no thread: logged, nothing to close. */
MUST_USE enum rc herald_open(struct herald *h, const struct site *site, const char *dir);

/* Harmless when not open, as the next three. */
void herald_event(struct herald *h, const struct mfx_store *what);
void herald_note(struct herald *h, const struct mfx *fx);
void herald_seen(struct herald *h, const struct snapshot *s);

/* Settings that were stored. Any thread. */
void herald_set(struct herald *h, const struct alarm_settings *settings);

/* A copy. Any thread. */
void herald_settings(struct herald *h, struct alarm_settings *out);

void herald_close(struct herald *h);
