/* Whom to tell of alarms, and of which (spec 08 8.1 "Be told"): a mail server, a web hook, and the rules of manager/core/alarm.
 *
 * Decided here: ranges and the form as JSON, and that passwords go in and never come out. They are kept in the file "alarms.json" of the data
 * directory, mode 0600, because it holds a password. Not here: sending (courier), when there is something to say (herald).
 */
#pragma once

#include <jansson.h>

#include "common/base/rc.h"
#include "manager/core/alarm.h"
#include "manager/shell/fields.h"
#include "manager/shell/lang.h"

#define ALARMS_FILE "alarms.json"
#define ALARM_URL_LEN 513
#define ALARM_ADDRESS_LEN 129
#define ALARM_TO_MAX 4

struct alarm_settings {
    char mail_url[ALARM_URL_LEN]; /* smtp://HOST:PORT (with STARTTLS when the server has it) or smtps://HOST:PORT; empty: no mail */
    char mail_from[ALARM_ADDRESS_LEN];
    char mail_to[ALARM_TO_MAX][ALARM_ADDRESS_LEN];
    uint8_t mail_to_n;
    char mail_user[ALARM_ADDRESS_LEN]; /* empty: without login */
    char mail_password[ALARM_ADDRESS_LEN];
    char hook_url[ALARM_URL_LEN]; /* http:// or https://; empty: none */
    enum lang lang;
    struct alarm_rules rules;
};

/* Nobody is told anything; the rules are such that turning mail or hook on is enough. */
void alarm_settings_defaults(struct alarm_settings *s);

/* Read a JSON object over what is there: what is not given stays, so the password does.
 *
 * RC_RANGE  *out_why names the field and what is allowed; s is untouched
 */
MUST_USE enum rc alarm_settings_read(struct alarm_settings *s, const json_t *json, struct field_error *out_why);

/* As JSON; with_password: for the file, otherwise it only says whether there is one. NULL: no memory. */
json_t *alarm_settings_write(const struct alarm_settings *s, bool with_password);

/* The file of a data directory; none: the defaults. RC_IO, RC_MALFORMED: logged, the defaults count. */
MUST_USE enum rc alarm_settings_load(struct alarm_settings *s, const char *dir);
MUST_USE enum rc alarm_settings_store(const struct alarm_settings *s, const char *dir);
