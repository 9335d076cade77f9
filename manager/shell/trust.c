#include "manager/shell/trust.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/log.h"

#define LINE_LEN (SERIAL_LEN + IDENTITY_TEXT_LEN) /* serial, space, digits, and the end of the line */
#define TABLE_LEN (BOX_MAX * LINE_LEN)
#define FILE_MAX (4 * TABLE_LEN) /* with comments of people */

static enum rc wrong(char why[TRUST_WHY_LEN], enum rc rc, const char *path, const char *text)
{
    (void)snprintf(why, TRUST_WHY_LEN, "%.300s: %s", path, text);
    return rc;
}

static int find_serial(const struct pins *pins, const char *serial)
{
    for (uint16_t i = 0; i < pins->n; i++) {
        if (text_same(pins->at[i].serial, serial)) {
            return i;
        }
    }
    return -1;
}

const char *pins_find(const struct pins *pins, const uint8_t hash[IDENTITY_HASH_LEN])
{
    for (uint16_t i = 0; i < pins->n; i++) {
        if (memcmp(pins->at[i].hash, hash, IDENTITY_HASH_LEN) == 0) {
            return pins->at[i].serial;
        }
    }
    return NULL;
}

/* A line without its end into the table: NULL, or what is wrong with it. */
static const char *take_line(struct pins *pins, char *line)
{
    char *space = strchr(line, ' ');
    struct pin pin = {0};

    if (line[0] == '\0' || line[0] == '#') {
        return NULL;
    }
    if (space != NULL) {
        *space = '\0';
    }
    if (space == NULL || !text_is_id(line) || text_copy(pin.serial, sizeof pin.serial, line) != RC_OK || identity_parse(space + 1, pin.hash) != RC_OK) {
        return "must be a serial number, a space and 64 hexadecimal digits";
    }
    if (pins->n == BOX_MAX) {
        return "the table has as many lines as a site may have wallboxes already";
    }
    if (find_serial(pins, pin.serial) >= 0 || pins_find(pins, pin.hash) != NULL) {
        return "this serial number or this key has a line already";
    }
    pins->at[pins->n++] = pin;
    return NULL;
}

static enum rc read_text(struct pins *pins, const char *path, char *text, char why[TRUST_WHY_LEN])
{
    unsigned number = 1;

    for (char *line = text; line != NULL; number++) { /* ends with the text */
        char *end = strchr(line, '\n');
        const char *trouble;

        if (end != NULL) {
            *end = '\0';
        }
        trouble = take_line(pins, line);
        if (trouble != NULL) {
            (void)snprintf(why, TRUST_WHY_LEN, "%.300s:%u: %s", path, number, trouble);
            return RC_MALFORMED;
        }
        line = end != NULL ? end + 1 : NULL;
    }
    return RC_OK;
}

enum rc pins_read(struct pins *out, const char *dir, char out_why[TRUST_WHY_LEN])
{
    char path[FILE_PATH_LEN];
    const char *text_why = "";
    struct pins *pins;
    char *text = NULL;
    size_t len = 0;
    enum rc rc = file_path(path, dir, TRUST_FILE);

    if (rc != RC_OK) {
        return wrong(out_why, RC_IO, dir, "name too long");
    }
    rc = file_read(path, FILE_MAX, &text, &len, &text_why);
    if (rc != RC_OK && rc != RC_MISSING) {
        return wrong(out_why, rc, path, text_why);
    }
    pins = calloc(1, sizeof *pins);
    if (pins == NULL) {
        free(text);
        return wrong(out_why, RC_IO, path, "no memory");
    }
    rc = RC_OK;
    if (text != NULL) {
        rc = strlen(text) == len ? read_text(pins, path, text, out_why) : wrong(out_why, RC_MALFORMED, path, "must be a text");
    }
    if (rc == RC_OK) {
        *out = *pins;
    }
    free(pins);
    free(text);
    return rc;
}

static enum rc write_pins(const struct pins *pins, const char *dir, char why[TRUST_WHY_LEN])
{
    char path[FILE_PATH_LEN];
    char *text = calloc(1, TABLE_LEN + 1);
    const char *text_why = "no memory";
    size_t len = 0;
    enum rc rc = file_path(path, dir, TRUST_FILE); /* it was read under this name */

    for (uint16_t i = 0; i < pins->n && text != NULL; i++) {
        char hash[IDENTITY_TEXT_LEN];

        identity_text(pins->at[i].hash, hash);
        len += (size_t)snprintf(text + len, TABLE_LEN + 1 - len, "%s %s\n", pins->at[i].serial, hash);
    }
    rc = rc == RC_OK && text != NULL ? file_write(path, text, len, &text_why) : RC_IO;
    free(text);
    return rc == RC_OK ? RC_OK : wrong(why, RC_IO, path, text_why);
}

static enum rc put(struct pins *pins, const char *serial, const uint8_t hash[IDENTITY_HASH_LEN], char why[TRUST_WHY_LEN])
{
    const char *other = pins_find(pins, hash);
    int at = find_serial(pins, serial);

    if (other != NULL && !text_same(other, serial)) {
        (void)snprintf(why, TRUST_WHY_LEN, "this key is pinned to %s", other);
        return RC_REFUSED;
    }
    if (at < 0 && pins->n == BOX_MAX) {
        (void)snprintf(why, TRUST_WHY_LEN, "%d wallboxes are pinned already, more are not possible", BOX_MAX);
        return RC_FULL;
    }
    at = at < 0 ? pins->n++ : at;
    CHECK(text_copy(pins->at[at].serial, sizeof pins->at[at].serial, serial) == RC_OK); /* text_is_id */
    memcpy(pins->at[at].hash, hash, IDENTITY_HASH_LEN);
    return RC_OK;
}

static enum rc drop(struct pins *pins, const char *serial, char why[TRUST_WHY_LEN])
{
    int at = find_serial(pins, serial);

    if (at < 0) {
        (void)snprintf(why, TRUST_WHY_LEN, "no wallbox %s is pinned", serial);
        return RC_MISSING;
    }
    pins->n--;
    memmove(&pins->at[at], &pins->at[at + 1], (size_t)(pins->n - at) * sizeof pins->at[0]);
    return RC_OK;
}

/* hash NULL: take away. */
static enum rc change(const char *dir, const char *serial, const uint8_t *hash, char why[TRUST_WHY_LEN])
{
    struct pins *pins;
    const char *text_why = "";
    int lock_fd = -1;
    enum rc rc;

    if (!text_is_id(serial)) {
        (void)snprintf(why, TRUST_WHY_LEN, "a serial number has 1 to 32 letters, digits, points, dashes and underscores, is \"%.64s\"", serial);
        return RC_RANGE;
    }
    if (file_lock(dir, &lock_fd, &text_why) != RC_OK) {
        return wrong(why, RC_IO, dir, text_why);
    }
    pins = calloc(1, sizeof *pins);
    rc = pins != NULL ? pins_read(pins, dir, why) : wrong(why, RC_IO, dir, "no memory");
    if (rc == RC_OK) {
        rc = hash != NULL ? put(pins, serial, hash, why) : drop(pins, serial, why);
        rc = rc == RC_OK ? write_pins(pins, dir, why) : rc;
    }
    free(pins);
    (void)close(lock_fd); /* gives the lock back */
    return rc;
}

enum rc pins_put(const char *dir, const char *serial, const uint8_t hash[IDENTITY_HASH_LEN], char out_why[TRUST_WHY_LEN])
{
    return change(dir, serial, hash, out_why);
}

enum rc pins_drop(const char *dir, const char *serial, char out_why[TRUST_WHY_LEN])
{
    return change(dir, serial, NULL, out_why);
}

enum rc trust_unpair(const char *dir, const char *serial, char out_why[TRUST_WHY_LEN])
{
    enum rc pin_rc = pins_drop(dir, serial, out_why);
    char why[CODES_WHY_LEN];
    enum rc rc;

    if (pin_rc != RC_OK && pin_rc != RC_MISSING) {
        return pin_rc;
    }
    rc = codes_drop(dir, serial, why);
    if (rc == RC_MISSING) {
        return pin_rc;
    }
    if (rc != RC_OK) {
        (void)snprintf(out_why, TRUST_WHY_LEN, "%s", why);
    }
    return rc;
}

/* The directory is that of the path. */
static void dir_of(const struct trust *t, char out[FILE_PATH_LEN])
{
    (void)snprintf(out, FILE_PATH_LEN, "%.*s", (int)(strlen(t->path) - sizeof TRUST_FILE), t->path);
}

static enum rc reread(struct trust *t)
{
    char dir[FILE_PATH_LEN];
    char why[TRUST_WHY_LEN];
    enum rc rc;

    dir_of(t, dir);
    rc = pins_read(&t->pins, dir, why);
    if (rc != RC_OK) {
        log_err("pins why=\"%s\"", why);
    }
    return rc;
}

static enum rc reread_codes(struct trust *t)
{
    char dir[FILE_PATH_LEN];
    char why[CODES_WHY_LEN];
    enum rc rc;

    dir_of(t, dir);
    rc = codes_read(&t->codes, dir, why);
    if (rc != RC_OK) {
        log_err("setup_codes why=\"%s\"", why);
    }
    return rc;
}

void trust_refresh(struct trust *t)
{
    rc_ignore(reread(t)); /* each says what is wrong, and its table stays */
    rc_ignore(reread_codes(t));
}

enum rc trust_open(struct trust *t, const char *dir)
{
    enum rc rc;

    *t = (struct trust){0};
    if (file_path(t->path, dir, TRUST_FILE) != RC_OK) {
        log_err("pins why=\"%s: name too long\"", dir);
        return RC_IO;
    }
    rc = identity_open(&t->self, dir);
    if (rc != RC_OK) {
        return rc;
    }
    rc = reread(t);
    rc = rc == RC_OK ? reread_codes(t) : rc;
    if (rc != RC_OK) {
        identity_close(&t->self);
        return rc;
    }
    t->is_open = true;
    return RC_OK;
}

/* Something happened to a file of the directory, or the kernel lost count (no name). */
static void on_file(uv_fs_event_t *watch, const char *name, int events, int status)
{
    struct trust *t = watch->data;

    (void)events;
    (void)status; /* whatever it was, reading the table tells what counts now */
    if ((name == NULL || text_same(name, TRUST_FILE)) && reread(t) == RC_OK) {
        log_note("pins_changed pins_n=%u", t->pins.n);
        t->on_change(t->user);
    }
    if ((name == NULL || text_same(name, CODES_FILE)) && reread_codes(t) == RC_OK) {
        log_note("setup_codes_changed codes_n=%u", t->codes.n);
    }
}

void trust_watch(struct trust *t, uv_loop_t *loop, void (*on_change)(void *user), void *user)
{
    char dir[FILE_PATH_LEN];
    int err;

    CHECK(t->is_open);
    t->on_change = on_change;
    t->user = user;
    CHECK(uv_fs_event_init(loop, &t->watch) == 0);
    t->watch.data = t;
    t->is_watching = true;
    dir_of(t, dir);
    err = uv_fs_event_start(&t->watch, on_file, dir, 0);
    if (err != 0) {
        log_err("pins dir=%s why=\"%s: a change counts after a restart\"", dir, uv_strerror(err));
    }
    trust_refresh(t); /* what was written between opening and watching */
}

void trust_unwatch(struct trust *t)
{
    if (t->is_watching) {
        t->is_watching = false;
        uv_close((uv_handle_t *)&t->watch, NULL);
    }
}

void trust_close(struct trust *t)
{
    identity_close(&t->self);
    t->is_open = false;
}
