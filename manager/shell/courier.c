#include "manager/shell/courier.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "common/os/log.h"

#define TEXT_MAX 16384
#define USER_AGENT "wallbox-manager"
#define IDLE_MS 60000 /* looked at the clock without a reason */

static void lock(struct courier *c)
{
    CHECK(pthread_mutex_lock(&c->lock) == 0);
}

static void unlock(struct courier *c)
{
    CHECK(pthread_mutex_unlock(&c->lock) == 0);
}

static void drop(struct letter *l)
{
    if (l != NULL) {
        free(l->subject);
        free(l->text);
        free(l->json);
        free(l);
    }
}

/* A body that libcurl takes piece by piece. */
struct body {
    const char *at;
    size_t left;
};

static size_t on_read(char *out, size_t size, size_t n, void *user)
{
    struct body *b = user;
    size_t len = size * n < b->left ? size * n : b->left;

    memcpy(out, b->at, len);
    b->at += len;
    b->left -= len;
    return len;
}

static size_t on_answer(char *bytes, size_t size, size_t n, void *user)
{
    (void)bytes; /* what a server says besides its status is nobody's */
    (void)user;
    return size * n;
}

static int on_progress(void *user, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    struct courier *courier = user;
    bool is_over;

    (void)a;
    (void)b;
    (void)c;
    (void)d;
    if (courier == NULL) {
        return 0;
    }
    lock(courier);
    is_over = courier->is_closing;
    unlock(courier);
    return is_over ? 1 : 0;
}

/* What is alike for mail and hook. */
static CURL *begin(const char *url, struct courier *c, char error[CURL_ERROR_SIZE])
{
    CURL *curl = curl_easy_init();

    if (curl != NULL) {
        error[0] = '\0';
        /* These fail for want of memory or for options that do not exist; then the transfer fails and says so. */
        (void)curl_easy_setopt(curl, CURLOPT_URL, url);
        (void)curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
        (void)curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        (void)curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)COURIER_LIMIT_MS);
        (void)curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)COURIER_LIMIT_MS);
        (void)curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https,smtp,smtps");
        (void)curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
        (void)curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        (void)curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
        (void)curl_easy_setopt(curl, CURLOPT_XFERINFODATA, c);
        (void)curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_answer);
        (void)curl_easy_setopt(curl, CURLOPT_USERAGENT, USER_AGENT);
    }
    return curl;
}

static enum rc finish(CURL *curl, CURLcode code, const char *who, const char *error, char why[COURIER_WHY_LEN])
{
    long status = 0;

    (void)curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_cleanup(curl);
    if (code == CURLE_OK) {
        return RC_OK;
    }
    (void)snprintf(why, COURIER_WHY_LEN, "%s: %.200s", who, error[0] != '\0' ? error : curl_easy_strerror(code));
    return RC_IO;
}

static enum rc bring_hook(struct courier *c, const struct alarm_settings *s, const char *json, char why[COURIER_WHY_LEN])
{
    char error[CURL_ERROR_SIZE];
    CURL *curl = begin(s->hook_url, c, error);
    struct curl_slist *headers = curl_slist_append(NULL, "Content-Type: application/json");
    CURLcode code = CURLE_OUT_OF_MEMORY;
    enum rc rc;

    if (curl == NULL) {
        curl_slist_free_all(headers);
        (void)snprintf(why, COURIER_WHY_LEN, "hook: no memory");
        return RC_IO;
    }
    (void)curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    (void)curl_easy_setopt(curl, CURLOPT_POSTFIELDS, json);
    (void)curl_easy_setopt(curl, CURLOPT_FAILONERROR, 1L);
    code = curl_easy_perform(curl);
    rc = finish(curl, code, "hook", error, why);
    curl_slist_free_all(headers);
    return rc;
}

/* A subject of any letters as an encoded word would be long; UTF-8 headers are what servers of this century take (RFC 6532), so letters outside of
 * ASCII are written as quoted-printable words, one for each run that fits. */
static void encode_subject(const char *subject, char *out, size_t out_len)
{
    size_t at = (size_t)snprintf(out, out_len, "=?UTF-8?Q?");

    for (const unsigned char *c = (const unsigned char *)subject; *c != '\0' && at + 8 < out_len; c++) {
        bool is_letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9');

        if (*c == ' ') {
            out[at++] = '_';
        } else if (is_letter) {
            out[at++] = (char)*c;
        } else {
            at += (size_t)snprintf(out + at, out_len - at, "=%02X", *c);
        }
    }
    (void)snprintf(out + at, out_len - at, "?=");
}

/* Headers and text with the ends of lines that SMTP wants; given back with free. NULL: no memory. */
static char *make_mail(const struct alarm_settings *s, const char *subject, const char *text)
{
    char encoded[1024];
    char date[64];
    time_t now = (time_t)(clock_utc_ms() / 1000);
    struct tm utc;
    char *mail = malloc(TEXT_MAX);
    size_t at;

    if (mail == NULL) {
        return NULL;
    }
    encode_subject(subject, encoded, sizeof encoded);
    if (gmtime_r(&now, &utc) == NULL || strftime(date, sizeof date, "%a, %d %b %Y %H:%M:%S +0000", &utc) == 0) {
        date[0] = '\0';
    }
    at = (size_t)snprintf(mail, TEXT_MAX,
                          "Date: %s\r\nFrom: <%s>\r\nTo: <%s>\r\nSubject: %s\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                          "Content-Transfer-Encoding: 8bit\r\n\r\n",
                          date, s->mail_from, s->mail_to[0], encoded);
    for (const char *c = text; *c != '\0' && at + 4 < TEXT_MAX; c++) {
        if (*c == '\n') {
            mail[at++] = '\r';
        }
        mail[at++] = *c;
    }
    mail[at] = '\0';
    return mail;
}

static enum rc bring_mail(struct courier *c, const struct alarm_settings *s, const char *subject, const char *text, char why[COURIER_WHY_LEN])
{
    char error[CURL_ERROR_SIZE];
    char *mail = make_mail(s, subject, text);
    CURL *curl = mail != NULL ? begin(s->mail_url, c, error) : NULL;
    struct body body = {.at = mail, .left = mail != NULL ? strlen(mail) : 0};
    struct curl_slist *to = NULL;
    CURLcode code;
    enum rc rc;

    if (curl == NULL) {
        free(mail);
        (void)snprintf(why, COURIER_WHY_LEN, "mail: no memory");
        return RC_IO;
    }
    for (int i = 0; i < s->mail_to_n; i++) {
        to = curl_slist_append(to, s->mail_to[i]);
    }
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_FROM, s->mail_from);
    (void)curl_easy_setopt(curl, CURLOPT_MAIL_RCPT, to);
    (void)curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
    (void)curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_read);
    (void)curl_easy_setopt(curl, CURLOPT_READDATA, &body);
    (void)curl_easy_setopt(curl, CURLOPT_USE_SSL, (long)(s->mail_user[0] != '\0' ? CURLUSESSL_ALL : CURLUSESSL_TRY)); /* no password in the open */
    if (s->mail_user[0] != '\0') {
        (void)curl_easy_setopt(curl, CURLOPT_USERNAME, s->mail_user);
        (void)curl_easy_setopt(curl, CURLOPT_PASSWORD, s->mail_password);
    }
    code = curl_easy_perform(curl);
    rc = finish(curl, code, "mail", error, why);
    curl_slist_free_all(to);
    free(mail);
    return rc;
}

/* Take the letter that is due; NULL: none, *out_wait_ms says for how long. The lock is held. */
static struct letter *take_due(struct courier *c, int64_t now_ms, int64_t *out_wait_ms)
{
    *out_wait_ms = IDLE_MS;
    for (struct letter **at = &c->first; *at != NULL; at = &(*at)->next) {
        struct letter *l = *at;

        if (l->due_ms <= now_ms) {
            *at = l->next;
            l->next = NULL;
            return l;
        }
        *out_wait_ms = min_i64(*out_wait_ms, l->due_ms - now_ms);
    }
    return NULL;
}

static void add_last(struct courier *c, struct letter *l)
{
    struct letter **at = &c->first;

    while (*at != NULL) {
        at = &(*at)->next;
    }
    *at = l;
}

/* After an attempt. The lock is held. */
static void settle(struct courier *c, struct letter *l, enum rc rc, const char *why)
{
    if (rc == RC_OK || c->is_closing) {
        c->n--;
        drop(l);
        return;
    }
    l->tries_n++;
    log_warn("alarm_not_told tries_n=%d why=\"%s\"", l->tries_n, why);
    if (l->tries_n >= COURIER_TRIES) {
        log_err("alarm_given_up tries_n=%d", l->tries_n);
        c->lost_n++;
        c->n--;
        drop(l);
        return;
    }
    l->due_ms = clock_boot_ms() + ((int64_t)COURIER_FIRST_MS << (l->tries_n - 1));
    add_last(c, l);
}

static void wait_ms(struct courier *c, int64_t ms)
{
    struct timespec until;

    CHECK(clock_gettime(CLOCK_MONOTONIC, &until) == 0);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_cond_timedwait(&c->wake, &c->lock, &until); /* early or late: the clock is looked at again */
}

static void *courier_main(void *user)
{
    struct courier *c = user;
    struct alarm_settings *settings = malloc(sizeof *settings);

    CHECK(settings != NULL); /* at the start, when memory is plenty */
    lock(c);
    while (!c->is_closing) {
        int64_t ms = 0;
        struct letter *l = take_due(c, clock_boot_ms(), &ms);
        char why[COURIER_WHY_LEN] = "";
        enum rc rc = RC_OK;

        if (l == NULL) {
            wait_ms(c, ms);
            continue;
        }
        *settings = c->settings;
        unlock(c);
        if (l->is_mail && settings->mail_url[0] != '\0') {
            rc = bring_mail(c, settings, l->subject, l->text, why);
        } else if (!l->is_mail && settings->hook_url[0] != '\0') {
            rc = bring_hook(c, settings, l->json, why);
        }
        lock(c);
        settle(c, l, rc, why);
    }
    unlock(c);
    free(settings);
    return NULL;
}

enum rc courier_open(struct courier *c, const struct alarm_settings *settings)
{
    pthread_condattr_t attributes;
    sigset_t blocked;
    sigset_t before;
    int err;

    memset(c, 0, sizeof *c);
    c->settings = *settings;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        log_err("alarms why=\"libcurl does not start\"");
        return RC_IO;
    }
    CHECK(pthread_mutex_init(&c->lock, NULL) == 0);
    CHECK(pthread_condattr_init(&attributes) == 0);
    CHECK(pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0);
    CHECK(pthread_cond_init(&c->wake, &attributes) == 0);
    CHECK(pthread_condattr_destroy(&attributes) == 0);
    CHECK(sigfillset(&blocked) == 0); /* signals belong to the loop */
    CHECK(pthread_sigmask(SIG_SETMASK, &blocked, &before) == 0);
    err = pthread_create(&c->thread, NULL, courier_main, c);
    CHECK(pthread_sigmask(SIG_SETMASK, &before, NULL) == 0);
    c->is_open = err == 0;
    if (!c->is_open) {
        log_err("alarms why=\"no thread\"");
        CHECK(pthread_cond_destroy(&c->wake) == 0);
        CHECK(pthread_mutex_destroy(&c->lock) == 0);
        return RC_IO;
    }
    return RC_OK;
}

void courier_set(struct courier *c, const struct alarm_settings *settings)
{
    if (c->is_open) {
        lock(c);
        c->settings = *settings;
        unlock(c);
    }
}

/* The lock is held. */
static void add(struct courier *c, bool is_mail, const char *subject, const char *text, const char *json)
{
    struct letter *l = c->n < COURIER_QUEUE_MAX ? calloc(1, sizeof *l) : NULL;

    if (l != NULL) {
        l->is_mail = is_mail;
        l->subject = strdup(subject);
        l->text = strdup(text);
        l->json = strdup(json);
    }
    if (l == NULL || l->subject == NULL || l->text == NULL || l->json == NULL) {
        c->lost_n++;
        log_err("alarm_lost why=\"%s\" lost_n=%llu", c->n >= COURIER_QUEUE_MAX ? "too many wait" : "no memory", (unsigned long long)c->lost_n);
        drop(l);
        return;
    }
    c->n++;
    add_last(c, l);
}

void courier_send(struct courier *c, const char *subject, const char *text, const char *json)
{
    if (!c->is_open) {
        return;
    }
    lock(c);
    if (c->settings.mail_url[0] != '\0') {
        add(c, true, subject, text, json);
    }
    if (c->settings.hook_url[0] != '\0') {
        add(c, false, subject, text, json);
    }
    CHECK(pthread_cond_signal(&c->wake) == 0);
    unlock(c);
}

enum rc courier_try(const struct alarm_settings *settings, const char *subject, const char *text, const char *json, char out_why[COURIER_WHY_LEN])
{
    enum rc rc = RC_OK;

    out_why[0] = '\0';
    if (settings->mail_url[0] != '\0') {
        rc = bring_mail(NULL, settings, subject, text, out_why);
    }
    if (rc == RC_OK && settings->hook_url[0] != '\0') {
        rc = bring_hook(NULL, settings, json, out_why);
    }
    return rc;
}

void courier_close(struct courier *c)
{
    if (!c->is_open) {
        return;
    }
    lock(c);
    c->is_closing = true;
    CHECK(pthread_cond_signal(&c->wake) == 0);
    unlock(c);
    CHECK(pthread_join(c->thread, NULL) == 0);
    for (struct letter *l = c->first; l != NULL;) { /* ends: at most COURIER_QUEUE_MAX */
        struct letter *next = l->next;

        drop(l);
        l = next;
    }
    CHECK(pthread_cond_destroy(&c->wake) == 0);
    CHECK(pthread_mutex_destroy(&c->lock) == 0);
    curl_global_cleanup();
    c->is_open = false;
}
