#include "manager/shell/herald.h"

#include <stdlib.h>

#include "common/base/check.h"
#include "common/os/clock.h"
#include "common/os/log.h"
#include "manager/shell/alarm_text.h"
#include "manager/shell/moment.h"
#include "manager/shell/view_json.h"

static void lock(struct herald *h)
{
    CHECK(pthread_mutex_lock(&h->lock) == 0);
}

static void unlock(struct herald *h)
{
    CHECK(pthread_mutex_unlock(&h->lock) == 0);
}

enum rc herald_open(struct herald *h, const struct site *site, const char *dir)
{
    enum rc rc;

    h->site = site;
    if (alarm_settings_load(&h->settings, dir) != RC_OK) {
        alarm_settings_defaults(&h->settings); /* it said why */
    }
    alarms_init(&h->alarms);
    CHECK(pthread_mutex_init(&h->lock, NULL) == 0);
    rc = courier_open(&h->courier, &h->settings);
    if (rc != RC_OK) {
        CHECK(pthread_mutex_destroy(&h->lock) == 0);
        return rc;
    }
    h->is_open = true;
    return RC_OK;
}

/* 0 when nobody knows, as alarms want it. */
static int64_t utc_or_0(void)
{
    int64_t utc_ms = clock_utc_ms();

    return utc_ms != CLOCK_UNSET_UTC_MS ? utc_ms : 0;
}

void herald_event(struct herald *h, const struct mfx_store *what)
{
    if (h->is_open && what->kind == MSTORE_EVENT) {
        alarms_event(&h->alarms, what, clock_boot_ms(), utc_or_0());
    }
}

void herald_note(struct herald *h, const struct mfx *fx)
{
    if (h->is_open) {
        alarms_note(&h->alarms, fx, clock_boot_ms(), utc_or_0());
    }
}

/* A node carries more than its limit by its own meter. */
static bool is_over(const struct view_node *n)
{
    for (int p = 0; p < PHASE_N; p++) {
        if (n->has_meter && n->limit_ma[p] > 0 && n->metered_ma[p] > n->limit_ma[p]) {
            return true;
        }
    }
    return false;
}

static void look(struct herald *h, const struct snapshot *s, int64_t now_ms)
{
    int64_t utc_ms = utc_or_0();

    for (uint16_t i = 0; i < s->view.node_n; i++) {
        alarms_level(&h->alarms, ALARM_OVER_LIMIT, i, is_over(&s->view.node[i]), now_ms, utc_ms);
    }
    for (uint16_t i = 0; i < s->view.box_n; i++) {
        alarms_level(&h->alarms, ALARM_LATE, i, s->view.box[i].is_late, now_ms, utc_ms);
    }
}

/* The message for programs. NULL: no memory. */
static char *hook_text(const struct site *site, enum lang lang, const struct alarm_message *m, const char *subject, const char *text)
{
    json_t *list = json_array();
    json_t *json;
    char *out;
    int failed = 0;

    for (uint16_t i = 0; i < m->item_n; i++) {
        const struct alarm_item *item = &m->item[i];
        char words[ALARM_SUBJECT_LEN];

        rc_ignore(alarm_text_item(site, lang, item, words, sizeof words)); /* empty when it does not fit */
        failed |= json_array_append_new(list, json_pack("{s:s, s:s, s:b, s:o, s:o}", "class", alarm_class_text(alarm_class_of(item->kind)), "text", words,
                                                        "is_solved", item->is_solved, "since_utc",
                                                        view_json_utc(item->since_utc_ms > 0 ? item->since_utc_ms : CLOCK_UNSET_UTC_MS), "ended_utc",
                                                        view_json_utc(item->ended_utc_ms > 0 ? item->ended_utc_ms : CLOCK_UNSET_UTC_MS)));
    }
    json = json_pack("{s:s, s:s, s:o, s:i, s:i}", "subject", subject, "text", text, "alarms", list, "more_n", (int)m->more_n, "open_n", (int)m->open_n);
    out = json != NULL && failed == 0 ? json_dumps(json, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    json_decref(json);
    return out;
}

static void tell(struct herald *h, enum lang lang, const struct alarm_message *m)
{
    char subject[ALARM_SUBJECT_LEN];
    char *text = malloc(ALARM_BODY_LEN);
    char *json = NULL;

    alarm_text_subject(lang, m, subject);
    if (text != NULL && alarm_text_body(h->site, lang, m, text) == RC_OK) {
        json = hook_text(h->site, lang, m, subject, text);
    }
    if (json != NULL) {
        courier_send(&h->courier, subject, text, json);
        log_note("alarm_told alarms_n=%u open_n=%u", m->item_n, m->open_n);
    } else {
        log_err("alarm_lost why=\"no memory\"");
    }
    free(text);
    free(json);
}

void herald_seen(struct herald *h, const struct snapshot *s)
{
    struct alarm_message m;
    struct alarm_rules rules;
    enum lang lang;
    int64_t now_ms = clock_boot_ms();
    int64_t utc_ms = clock_utc_ms();
    int16_t minute = ALARM_MINUTE_NONE;

    if (!h->is_open) {
        return;
    }
    look(h, s, now_ms);
    lock(h);
    rules = h->settings.rules;
    lang = h->settings.lang;
    unlock(h);
    if (utc_ms != CLOCK_UNSET_UTC_MS) {
        struct moment_local local = moment_local(utc_ms);

        minute = (int16_t)(local.hour * 60 + local.minute);
    }
    while (alarms_due(&h->alarms, &rules, minute, now_ms, &m)) { /* ends: each one names alarms, which are told then */
        tell(h, lang, &m);
    }
}

void herald_set(struct herald *h, const struct alarm_settings *settings)
{
    if (h->is_open) {
        lock(h);
        h->settings = *settings;
        unlock(h);
        courier_set(&h->courier, settings);
    }
}

void herald_settings(struct herald *h, struct alarm_settings *out)
{
    lock(h);
    *out = h->settings;
    unlock(h);
}

void herald_close(struct herald *h)
{
    if (h->is_open) {
        h->is_open = false;
        courier_close(&h->courier);
        CHECK(pthread_mutex_destroy(&h->lock) == 0);
    }
}
