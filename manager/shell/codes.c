#include "manager/shell/codes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/base/base32.h"
#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "common/os/file.h"
#include "manager/shell/csv.h"

#define CODE_GROUP 4
#define CODE_TEXT_LEN 20                           /* 16 letters, 3 dashes and the end */
#define LINE_LEN (SERIAL_LEN + CODE_TEXT_LEN + 20) /* with spaces, the number and the end of the line */
#define TABLE_LEN (BOX_MAX * LINE_LEN)
#define GIVEN_MAX (INT64_MAX / 20)
#define ALLOWED_SERIAL "must have 1 to 32 letters, digits, points, dashes and underscores"
#define ALLOWED_CODE "must have 16 letters A to Z or digits 2 to 7, as the label of the wallbox shows them"

static enum rc wrong(char why[CODES_WHY_LEN], enum rc rc, const char *path, const char *text)
{
    (void)snprintf(why, CODES_WHY_LEN, "%.300s: %s", path, text);
    return rc;
}

static int find(const struct setup_codes *codes, const char *serial)
{
    for (uint16_t i = 0; i < codes->n; i++) {
        if (text_same(codes->at[i].serial, serial)) {
            return i;
        }
    }
    return -1;
}

const struct setup_code *codes_find(const struct setup_codes *codes, const char *serial)
{
    int at = find(codes, serial);

    return at >= 0 ? &codes->at[at] : NULL;
}

static enum rc put(struct setup_codes *codes, const struct setup_code *one)
{
    int at = find(codes, one->serial);

    if (at < 0 && codes->n == BOX_MAX) {
        return RC_FULL;
    }
    if (at < 0) {
        codes->at[codes->n++] = *one;
    } else {
        int64_t given_utc_ms = max_i64(one->given_utc_ms, codes->at[at].given_utc_ms + 1); /* another one, whatever the clock did */

        codes->at[at] = *one;
        codes->at[at].given_utc_ms = given_utc_ms;
    }
    return RC_OK;
}

enum rc codes_add(struct setup_codes *codes, const char *serial, const char *code, int64_t given_utc_ms, const char **out_field, const char **out_why)
{
    struct setup_code one = {.given_utc_ms = given_utc_ms};

    *out_field = "serial";
    if (!text_is_id(serial) || text_copy(one.serial, sizeof one.serial, serial) != RC_OK) {
        *out_why = ALLOWED_SERIAL;
        return RC_RANGE;
    }
    if (base32_read(code, one.code, sizeof one.code) != RC_OK) {
        *out_field = "setup_code";
        *out_why = ALLOWED_CODE;
        return RC_RANGE;
    }
    *out_why = "there are as many codes as a site may have wallboxes already";
    return put(codes, &one);
}

/* A line without its end into the table: NULL, or what is wrong with it. */
static const char *take_line(struct setup_codes *codes, char *line)
{
    char *rest = NULL;
    const char *serial = strtok_r(line, " ", &rest);
    const char *code = strtok_r(NULL, " ", &rest);
    const char *given = strtok_r(NULL, " ", &rest);
    const char *field = "";
    const char *why = "";

    if (serial == NULL || serial[0] == '#') {
        return NULL;
    }
    if (code == NULL || given == NULL || text_number(given, GIVEN_MAX) < 0) {
        return "must be a serial number, a setup code and a number";
    }
    if (find(codes, serial) >= 0) {
        return "this serial number has a line already";
    }
    return codes_add(codes, serial, code, text_number(given, GIVEN_MAX), &field, &why) == RC_OK ? NULL : why;
}

static enum rc read_text(struct setup_codes *codes, const char *path, char *text, char why[CODES_WHY_LEN])
{
    unsigned number = 1;

    for (char *line = text; line != NULL; number++) { /* ends with the text */
        char *end = strchr(line, '\n');
        const char *trouble;

        if (end != NULL) {
            *end = '\0';
        }
        trouble = take_line(codes, line);
        if (trouble != NULL) {
            (void)snprintf(why, CODES_WHY_LEN, "%.300s:%u: %s", path, number, trouble);
            return RC_MALFORMED;
        }
        line = end != NULL ? end + 1 : NULL;
    }
    return RC_OK;
}

enum rc codes_read_file(struct setup_codes *out, const char *dir, const char *file, char out_why[CODES_WHY_LEN])
{
    char path[FILE_PATH_LEN];
    const char *text_why = "";
    struct setup_codes *codes;
    char *text = NULL;
    size_t len = 0;
    enum rc rc = file_path(path, dir, file);

    if (rc != RC_OK) {
        return wrong(out_why, RC_IO, dir, "name too long");
    }
    rc = file_read(path, TABLE_LEN, &text, &len, &text_why);
    if (rc != RC_OK && rc != RC_MISSING) {
        return wrong(out_why, rc, path, text_why);
    }
    codes = calloc(1, sizeof *codes);
    if (codes == NULL) {
        free(text);
        return wrong(out_why, RC_IO, path, "no memory");
    }
    rc = RC_OK;
    if (text != NULL) {
        rc = strlen(text) == len ? read_text(codes, path, text, out_why) : wrong(out_why, RC_MALFORMED, path, "must be a text");
    }
    if (rc == RC_OK) {
        *out = *codes;
    }
    free(codes);
    free(text);
    return rc;
}

static enum rc write_codes(const struct setup_codes *codes, const char *dir, const char *file, char why[CODES_WHY_LEN])
{
    char path[FILE_PATH_LEN];
    char *text = calloc(1, TABLE_LEN + 1);
    const char *text_why = "no memory";
    size_t len = 0;
    enum rc rc = file_path(path, dir, file); /* it was read under this name */

    for (uint16_t i = 0; i < codes->n && text != NULL; i++) {
        const struct setup_code *one = &codes->at[i];
        char code[CODE_TEXT_LEN];

        base32_write(one->code, sizeof one->code, CODE_GROUP, code, sizeof code);
        len += (size_t)snprintf(text + len, TABLE_LEN + 1 - len, "%s %s %lld\n", one->serial, code, (long long)one->given_utc_ms);
    }
    rc = rc == RC_OK && text != NULL ? file_write(path, text, len, &text_why) : RC_IO;
    free(text);
    return rc == RC_OK ? RC_OK : wrong(why, RC_IO, path, text_why);
}

static enum rc merge(struct setup_codes *codes, const struct setup_codes *more, char why[CODES_WHY_LEN])
{
    for (uint16_t i = 0; i < more->n; i++) {
        if (put(codes, &more->at[i]) != RC_OK) {
            (void)snprintf(why, CODES_WHY_LEN, "there is room for the setup codes of %d wallboxes, not for %u more", BOX_MAX, more->n);
            return RC_FULL;
        }
    }
    return RC_OK;
}

static enum rc drop(struct setup_codes *codes, const char *serial, char why[CODES_WHY_LEN])
{
    int at = find(codes, serial);

    if (at < 0) {
        (void)snprintf(why, CODES_WHY_LEN, "no setup code of %.64s is known", serial);
        return RC_MISSING;
    }
    codes->n--;
    memmove(&codes->at[at], &codes->at[at + 1], (size_t)(codes->n - at) * sizeof codes->at[0]);
    return RC_OK;
}

/* more NULL: take the one of this serial number away. */
static enum rc change(const char *dir, const char *file, const struct setup_codes *more, const char *serial, char why[CODES_WHY_LEN])
{
    struct setup_codes *codes;
    const char *text_why = "";
    int lock_fd = -1;
    enum rc rc;

    if (file_lock(dir, &lock_fd, &text_why) != RC_OK) {
        return wrong(why, RC_IO, dir, text_why);
    }
    codes = calloc(1, sizeof *codes);
    rc = codes != NULL ? codes_read_file(codes, dir, file, why) : wrong(why, RC_IO, dir, "no memory");
    if (rc == RC_OK) {
        rc = more != NULL ? merge(codes, more, why) : drop(codes, serial, why);
        rc = rc == RC_OK ? write_codes(codes, dir, file, why) : rc;
    }
    free(codes);
    (void)close(lock_fd); /* gives the lock back */
    return rc;
}

enum rc codes_read(struct setup_codes *out, const char *dir, char out_why[CODES_WHY_LEN])
{
    return codes_read_file(out, dir, CODES_FILE, out_why);
}

enum rc codes_put_file(const char *dir, const char *file, const struct setup_codes *more, char out_why[CODES_WHY_LEN])
{
    return change(dir, file, more, NULL, out_why);
}

enum rc codes_put(const char *dir, const struct setup_codes *more, char out_why[CODES_WHY_LEN])
{
    return change(dir, CODES_FILE, more, NULL, out_why);
}

enum rc codes_drop(const char *dir, const char *serial, char out_why[CODES_WHY_LEN])
{
    return change(dir, CODES_FILE, NULL, serial, out_why);
}

/* Names of columns instead of a wallbox. */
static bool is_heading(const struct csv_record *r)
{
    return r->field_n == 2 && text_same(r->field[0], "serial");
}

enum rc codes_add_csv(struct setup_codes *codes, const char *text, size_t len, int64_t given_utc_ms, char out_why[CODES_WHY_LEN])
{
    struct csv_record *r = malloc(sizeof *r);
    const char *why = "there is no memory at the moment";
    const char *field = "";
    struct csv csv;
    enum rc rc = r != NULL ? RC_OK : RC_RANGE;

    csv_begin(&csv, text, len);
    for (bool is_first = true; rc == RC_OK; is_first = false) { /* ends with the text */
        field = "";
        rc = csv_next(&csv, r, &why);
        if (rc == RC_OK && !(is_first && is_heading(r))) {
            rc = r->field_n == 2 ? codes_add(codes, r->field[0], r->field[1], given_utc_ms, &field, &why) : RC_RANGE;
            why = r->field_n == 2 ? why : "must be a serial number and a setup code";
        }
    }
    if (rc == RC_MISSING) {
        rc = codes->n > 0 ? RC_OK : RC_RANGE;
        why = "no wallbox is in the table";
    }
    if (rc != RC_OK) {
        (void)snprintf(out_why, CODES_WHY_LEN, "line %d: %s%s%s", r != NULL ? r->line : 0, field, field[0] != '\0' ? " " : "", why);
        rc = RC_RANGE;
    }
    free(r);
    return rc;
}
