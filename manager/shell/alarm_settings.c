#include "manager/shell/alarm_settings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/base/text.h"
#include "common/os/file.h"
#include "common/os/log.h"
#include "manager/shell/alarm_text.h"

#define FILE_MAX 65536
#define DAY_PRESET_N 12 /* messages an hour */
#define LEAST_PRESET_MS 60000
#define KEYS "mail_url mail_from mail_to mail_user mail_password hook_url language classes quiet_from quiet_to least_s hour_n tells_solved"
#define RECEIVERS_ALLOWED "must be at most 4 addresses, name@host, of at most 128 characters each, with commas between"
#define WHENS "off by_day always"

static enum rc wrong(struct field_error *out, const char *field, const char *why)
{
    (void)snprintf(out->field, sizeof out->field, "%s", field);
    (void)snprintf(out->text, sizeof out->text, "%s", why);
    return RC_RANGE;
}

void alarm_settings_defaults(struct alarm_settings *s)
{
    *s = (struct alarm_settings){.lang = LANG_EN};
    for (int i = 0; i < ALARM_CLASS_N; i++) {
        s->rules.when[i] = ALARM_ALWAYS;
    }
    s->rules.when[ALARM_OFFLINE] = ALARM_BY_DAY;
    s->rules.when[ALARM_DEPARTURE] = ALARM_BY_DAY;
    s->rules.quiet_from_min = ALARM_MINUTE_NONE;
    s->rules.quiet_to_min = ALARM_MINUTE_NONE;
    s->rules.least_ms = LEAST_PRESET_MS;
    s->rules.hour_n = DAY_PRESET_N;
    s->rules.tells_solved = true;
}

/* Printable ASCII without what could end a line or an address. */
static bool is_plain(const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at <= ' ' || *at > '~' || *at == '<' || *at == '>' || *at == '"') {
            return false;
        }
    }
    return true;
}

static bool begins_with(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

static enum rc read_text(const json_t *json, const char *key, char *out, size_t out_len, const char *allowed, struct field_error *why)
{
    const json_t *value = json_object_get(json, key);
    const char *text = json_is_null(value) ? "" : json_string_value(value);

    if (value == NULL) {
        return RC_OK;
    }
    if (text == NULL || strlen(text) >= out_len || !is_plain(text)) {
        return wrong(why, key, allowed);
    }
    memcpy(out, text, strlen(text) + 1);
    return RC_OK;
}

static bool is_address(const char *text)
{
    const char *at = strchr(text, '@');

    return at != NULL && at != text && at[1] != '\0' && strchr(at + 1, '@') == NULL;
}

/* Addresses with commas between. */
static enum rc read_receivers(const json_t *json, struct alarm_settings *s, struct field_error *why)
{
    const json_t *value = json_object_get(json, "mail_to");
    const char *at = json_is_null(value) ? "" : json_string_value(value);

    if (value == NULL) {
        return RC_OK;
    }
    s->mail_to_n = 0;
    while (at != NULL && at[strspn(at, ", ")] != '\0') { /* ends: at most ALARM_TO_MAX of them */
        size_t len;

        at += strspn(at, ", ");
        len = strcspn(at, ", ");
        if (s->mail_to_n == ALARM_TO_MAX || len >= ALARM_ADDRESS_LEN) {
            return wrong(why, "mail_to", RECEIVERS_ALLOWED);
        }
        memcpy(s->mail_to[s->mail_to_n], at, len);
        s->mail_to[s->mail_to_n][len] = '\0';
        if (!is_plain(s->mail_to[s->mail_to_n]) || !is_address(s->mail_to[s->mail_to_n])) {
            return wrong(why, "mail_to", RECEIVERS_ALLOWED);
        }
        s->mail_to_n++;
        at += len;
    }
    return at != NULL ? RC_OK : wrong(why, "mail_to", RECEIVERS_ALLOWED);
}

/* "HH:MM" or null. */
static enum rc read_time(const json_t *json, const char *key, int16_t *out_min, struct field_error *why)
{
    const json_t *value = json_object_get(json, key);
    const char *text = json_string_value(value);
    int64_t hour;
    int64_t minute;
    char part[3] = "";

    if (value == NULL || json_is_null(value)) {
        *out_min = value == NULL ? *out_min : ALARM_MINUTE_NONE;
        return RC_OK;
    }
    if (text == NULL || strlen(text) != 5 || text[2] != ':') {
        return wrong(why, key, "must be a time of day, HH:MM, or null");
    }
    memcpy(part, text, 2);
    hour = text_number(part, 23);
    minute = text_number(text + 3, 59);
    if (hour < 0 || minute < 0) {
        return wrong(why, key, "must be a time of day, HH:MM, or null");
    }
    *out_min = (int16_t)(hour * 60 + minute);
    return RC_OK;
}

static enum rc read_classes(const json_t *json, struct alarm_rules *rules, struct field_error *why)
{
    const json_t *list = json_object_get(json, "classes");
    size_t i;
    const json_t *one;

    if (list != NULL && !json_is_array(list)) {
        return wrong(why, "classes", "must be a list of objects with class and when");
    }
    json_array_foreach(list, i, one)
    {
        const char *name = json_string_value(json_object_get(one, "class"));
        const char *when = json_string_value(json_object_get(one, "when"));
        int place = when != NULL ? field_choice(WHENS, when) : -1;
        int class = 0;

        while (name != NULL && class < ALARM_CLASS_N && !text_same(alarm_class_text((enum alarm_class) class), name)) {
            class ++;
        }
        if (name == NULL || class == ALARM_CLASS_N) {
            return wrong(why, "classes", "class must be meter, offline, fault, overload, storage, security or departure");
        }
        if (place < 0) {
            return wrong(why, "classes", "when must be off, by_day or always");
        }
        rules->when[class] = (enum alarm_when)place;
    }
    return RC_OK;
}

static enum rc read_number(const json_t *json, const char *key, int64_t min, int64_t max, int64_t *out, const char *allowed, struct field_error *why)
{
    const json_t *value = json_object_get(json, key);

    if (value == NULL) {
        return RC_OK;
    }
    if (!json_is_integer(value) || json_integer_value(value) < min || json_integer_value(value) > max) {
        return wrong(why, key, allowed);
    }
    *out = json_integer_value(value);
    return RC_OK;
}

static enum rc read_rules(const json_t *json, struct alarm_settings *s, struct field_error *why)
{
    const json_t *language = json_object_get(json, "language");
    const json_t *solved = json_object_get(json, "tells_solved");
    int64_t least_s = s->rules.least_ms / 1000;
    int64_t hour_n = s->rules.hour_n;
    enum rc rc = read_classes(json, &s->rules, why);

    rc = rc == RC_OK ? read_time(json, "quiet_from", &s->rules.quiet_from_min, why) : rc;
    rc = rc == RC_OK ? read_time(json, "quiet_to", &s->rules.quiet_to_min, why) : rc;
    rc = rc == RC_OK ? read_number(json, "least_s", 0, ALARM_LEAST_MS / 1000, &least_s, "must be a whole number of seconds from 0 to 3600", why) : rc;
    rc = rc == RC_OK ? read_number(json, "hour_n", 1, ALARM_HOUR_MAX, &hour_n, "must be a whole number from 1 to 60", why) : rc;
    if (rc != RC_OK) {
        return rc;
    }
    if ((s->rules.quiet_from_min == ALARM_MINUTE_NONE) != (s->rules.quiet_to_min == ALARM_MINUTE_NONE)) {
        return wrong(why, "quiet_to", "quiet hours have a begin and an end, or neither");
    }
    if (solved != NULL && !json_is_boolean(solved)) {
        return wrong(why, "tells_solved", "must be true or false");
    }
    if (language != NULL && (!json_is_string(language) || lang_parse(json_string_value(language), &s->lang) != RC_OK)) {
        return wrong(why, "language", "must be en, fr, nb or de");
    }
    s->rules.tells_solved = solved != NULL ? json_is_true(solved) : s->rules.tells_solved;
    s->rules.least_ms = (int32_t)(least_s * 1000);
    s->rules.hour_n = (uint8_t)hour_n;
    return RC_OK;
}

static enum rc read_mail(const json_t *json, struct alarm_settings *s, struct field_error *why)
{
    enum rc rc = read_text(json, "mail_url", s->mail_url, sizeof s->mail_url, "must be smtp://HOST:PORT or smtps://HOST:PORT, or empty", why);

    rc = rc == RC_OK ? read_text(json, "mail_from", s->mail_from, sizeof s->mail_from, "must be an address, name@host, of at most 128 characters", why) : rc;
    rc = rc == RC_OK ? read_text(json, "mail_user", s->mail_user, sizeof s->mail_user, "must be at most 128 characters without spaces", why) : rc;
    rc = rc == RC_OK ? read_text(json, "mail_password", s->mail_password, sizeof s->mail_password, "must be at most 128 characters without spaces", why) : rc;
    rc = rc == RC_OK ? read_text(json, "hook_url", s->hook_url, sizeof s->hook_url, "must be http://... or https://..., or empty", why) : rc;
    rc = rc == RC_OK ? read_receivers(json, s, why) : rc;
    if (rc != RC_OK) {
        return rc;
    }
    if (s->mail_url[0] != '\0' && !begins_with(s->mail_url, "smtp://") && !begins_with(s->mail_url, "smtps://")) {
        return wrong(why, "mail_url", "must be smtp://HOST:PORT or smtps://HOST:PORT, or empty");
    }
    if (s->hook_url[0] != '\0' && !begins_with(s->hook_url, "http://") && !begins_with(s->hook_url, "https://")) {
        return wrong(why, "hook_url", "must be http://... or https://..., or empty");
    }
    if (s->mail_url[0] != '\0' && !is_address(s->mail_from)) {
        return wrong(why, "mail_from", "must be an address, name@host, of at most 128 characters");
    }
    if (s->mail_url[0] != '\0' && s->mail_to_n == 0) {
        return wrong(why, "mail_to", "must hold at least one address when there is a mail server");
    }
    return RC_OK;
}

enum rc alarm_settings_read(struct alarm_settings *s, const json_t *json, struct field_error *out_why)
{
    struct alarm_settings next = *s;
    const char *key;
    json_t *value;
    enum rc rc;

    json_object_foreach((json_t *)(uintptr_t)json, key, value)
    {
        if (field_choice(KEYS, key) < 0) {
            return wrong(out_why, key, "is not known here");
        }
    }
    rc = json_is_object(json) ? read_mail(json, &next, out_why) : wrong(out_why, "", "must be an object");
    rc = rc == RC_OK ? read_rules(json, &next, out_why) : rc;
    if (rc == RC_OK) {
        *s = next;
    }
    sodium_memzero(next.mail_password, sizeof next.mail_password);
    return rc;
}

static json_t *time_json(int16_t minute)
{
    char text[16];

    if (minute == ALARM_MINUTE_NONE) {
        return json_null();
    }
    (void)snprintf(text, sizeof text, "%02d:%02d", minute / 60, minute % 60);
    return json_string(text);
}

json_t *alarm_settings_write(const struct alarm_settings *s, bool with_password)
{
    static const char *const whens[ALARM_WHEN_N] = {"off", "by_day", "always"};
    static const char *const languages[LANG_N] = {"en", "fr", "nb", "de"};
    char to[ALARM_TO_MAX * (ALARM_ADDRESS_LEN + 2)] = "";
    json_t *classes = json_array();
    json_t *json;
    int failed = 0;

    for (int i = 0; i < s->mail_to_n; i++) {
        size_t at = strlen(to);

        (void)snprintf(to + at, sizeof to - at, "%s%s", i > 0 ? ", " : "", s->mail_to[i]);
    }
    for (int i = 0; i < ALARM_CLASS_N; i++) {
        failed |= json_array_append_new(classes, json_pack("{s:s, s:s}", "class", alarm_class_text((enum alarm_class)i), "when", whens[s->rules.when[i]]));
    }
    json = json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:i, s:i, s:b}", "mail_url", s->mail_url, "mail_from", s->mail_from, "mail_to", to,
                     "mail_user", s->mail_user, "hook_url", s->hook_url, "language", languages[s->lang], "classes", classes, "quiet_from",
                     time_json(s->rules.quiet_from_min), "quiet_to", time_json(s->rules.quiet_to_min), "least_s", (int)(s->rules.least_ms / 1000), "hour_n",
                     (int)s->rules.hour_n, "tells_solved", s->rules.tells_solved);
    failed |= with_password ? json_object_set_new(json, "mail_password", json_string(s->mail_password))
                            : json_object_set_new(json, "has_password", json_boolean(s->mail_password[0] != '\0'));
    if (failed != 0) {
        json_decref(json);
        return NULL;
    }
    return json;
}

enum rc alarm_settings_load(struct alarm_settings *s, const char *dir)
{
    char path[FILE_PATH_LEN];
    struct field_error error = {.text = "must be JSON"};
    const char *why = "name too long";
    char *text = NULL;
    size_t len = 0;
    json_t *json;
    enum rc rc = file_path(path, dir, ALARMS_FILE) == RC_OK ? file_read(path, FILE_MAX, &text, &len, &why) : RC_IO;

    alarm_settings_defaults(s);
    if (rc == RC_MISSING) {
        return RC_OK;
    }
    if (rc != RC_OK) {
        log_err("alarms path=%s why=\"%s\"", path, why);
        return rc;
    }
    json = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    rc = json != NULL ? alarm_settings_read(s, json, &error) : RC_MALFORMED;
    if (rc != RC_OK) {
        log_err("alarms path=%s field=%s why=\"%s\"", path, error.field, error.text);
    }
    json_decref(json);
    sodium_memzero(text, len);
    free(text);
    return rc == RC_OK ? RC_OK : RC_MALFORMED;
}

enum rc alarm_settings_store(const struct alarm_settings *s, const char *dir)
{
    char path[FILE_PATH_LEN];
    const char *why = "no memory";
    json_t *json = alarm_settings_write(s, true);
    char *text = json != NULL ? json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER) : NULL;
    enum rc rc = text != NULL ? file_path(path, dir, ALARMS_FILE) : RC_IO;

    rc = rc == RC_OK ? file_write(path, text, strlen(text), &why) : rc;
    if (rc != RC_OK) {
        log_err("alarms why=\"%s\"", why);
    }
    if (text != NULL) {
        sodium_memzero(text, strlen(text));
    }
    free(text);
    json_decref(json);
    return rc == RC_OK ? RC_OK : RC_IO;
}
