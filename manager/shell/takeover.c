#include "manager/shell/takeover.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sodium.h>

#include "common/base/text.h"
#include "common/os/file.h"
#include "common/os/identity.h"
#include "common/os/log.h"
#include "manager/shell/codes.h"
#include "manager/shell/driver_codes.h"
#include "manager/shell/sealed.h"
#include "manager/shell/trust.h"

#define USERS_FILE "users.db"
#define FILE_MAX (1024u * 1024u)
#define BASE64 sodium_base64_VARIANT_ORIGINAL

/* In the order in which they are installed: the key, with which wallboxes obey, is the last. */
static const char *const file_names[] = {"hotspot.conf", CODES_FILE, DRIVER_CODES_FILE, "https.crt", "https.key", USERS_FILE, TRUST_FILE, IDENTITY_FILE};
#define FILES_N (sizeof file_names / sizeof file_names[0])

static enum rc wrong(char why[TAKEOVER_WHY_LEN], enum rc rc, const char *what, const char *text)
{
    (void)snprintf(why, TAKEOVER_WHY_LEN, "%.380s: %.100s", what, text);
    return rc;
}

static void wipe(char *bytes, size_t len)
{
    if (bytes != NULL) {
        sodium_memzero(bytes, len);
        free(bytes);
    }
}

static bool put_bytes(json_t *files, const char *name, const void *bytes, size_t len)
{
    size_t room = sodium_base64_encoded_len(len, BASE64);
    char *text = malloc(room);
    bool is_put = text != NULL && json_object_set_new(files, name, json_string(sodium_bin2base64(text, room, bytes, len, BASE64))) == 0;

    wipe(text, room);
    return is_put;
}

/* One that does not exist is left out. */
static bool put_file(json_t *files, const char *dir, const char *name)
{
    char path[FILE_PATH_LEN];
    const char *why = "name too long";
    char *bytes = NULL;
    size_t len = 0;
    enum rc rc = file_path(path, dir, name);
    bool is_put;

    rc = rc == RC_OK ? file_read(path, FILE_MAX, &bytes, &len, &why) : rc;
    if (rc == RC_MISSING) {
        return true;
    }
    if (rc != RC_OK) {
        log_err("export file=%s why=\"%s\"", path, why);
        return false;
    }
    is_put = put_bytes(files, name, bytes, len);
    wipe(bytes, len);
    return is_put;
}

static bool put_users(json_t *files, struct users *u)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    bool is_put = users_copy(u, &bytes, &len) == RC_OK && put_bytes(files, USERS_FILE, bytes, len);

    wipe((char *)bytes, len);
    return is_put;
}

/* The key is made if it is missing: what leaves is to be a whole manager. */
static bool has_key(const char *dir)
{
    struct identity own = {0};
    bool is_there = identity_open(&own, dir) == RC_OK; /* else it said why */

    identity_close(&own);
    return is_there;
}

/* Key, pins and all; NULL: logged. */
static json_t *read_files(const char *dir, struct users *u)
{
    json_t *files = json_object();
    bool is_whole = files != NULL && put_users(files, u);

    for (size_t i = 0; i < FILES_N && is_whole; i++) {
        is_whole = text_same(file_names[i], USERS_FILE) || put_file(files, dir, file_names[i]);
    }
    if (!is_whole) {
        json_decref(files);
        files = NULL;
    }
    return files;
}

/* Serial numbers of all wallboxes that were ever met, and whether their boards have a watchdog. */
static json_t *read_boxes(struct history *h)
{
    enum rc rc;
    sqlite3_stmt *s = history_prepare(h, "SELECT serial, is_unwatched FROM wallbox WHERE has_met = 1 ORDER BY serial", &rc);
    json_t *list = json_array();
    int code = s != NULL ? sqlite3_step(s) : SQLITE_ERROR;

    while (code == SQLITE_ROW) { /* ends: as many rows as there are */
        json_t *box = json_pack("{s:s, s:b}", "serial", (const char *)sqlite3_column_text(s, 0), "is_unwatched", sqlite3_column_int(s, 1) != 0);

        code = json_array_append_new(list, box) == 0 ? sqlite3_step(s) : SQLITE_NOMEM;
    }
    if (s == NULL || history_finish(h, s, code) != RC_OK) {
        json_decref(list);
        list = NULL;
    }
    return list;
}

/* The newest epoch, 0 none, and the longest lease of all. */
static bool read_epoch(struct history *h, uint64_t *out_epoch, int64_t *out_longest_ms)
{
    enum rc rc;
    sqlite3_stmt *s = history_prepare(h, "SELECT epoch, (SELECT max(longest_lease_ms) FROM manager_epoch) FROM manager_epoch ORDER BY epoch DESC LIMIT 1", &rc);
    int code;

    *out_epoch = 0;
    *out_longest_ms = 0;
    if (s == NULL) {
        return false;
    }
    code = sqlite3_step(s);
    if (code == SQLITE_ROW) {
        *out_epoch = (uint64_t)sqlite3_column_int64(s, 0);
        *out_longest_ms = sqlite3_column_int64(s, 1);
        code = SQLITE_DONE;
    }
    return history_finish(h, s, code) == RC_OK;
}

json_t *takeover_export(const char *dir, struct history *h, struct users *u, const char *passphrase)
{
    uint64_t epoch = 0;
    int64_t longest_ms = 0;
    json_t *files = has_key(dir) ? read_files(dir, u) : NULL;
    json_t *boxes = files != NULL ? read_boxes(h) : NULL;
    json_t *inside = NULL;
    json_t *sealed = NULL;
    char *text = NULL;
    char digits[17];

    if (boxes != NULL && read_epoch(h, &epoch, &longest_ms)) {
        (void)snprintf(digits, sizeof digits, "%016" PRIx64, epoch);
        inside = json_pack("{s:i, s:s, s:I, s:O, s:O}", "format", 1, "epoch", digits, "longest_lease_ms", (json_int_t)longest_ms, "wallboxes", boxes, "files",
                           files);
        text = inside != NULL ? json_dumps(inside, JSON_COMPACT) : NULL;
    }
    if (text != NULL) {
        sealed = sealed_close(passphrase, text, strlen(text));
        wipe(text, strlen(text));
    }
    json_decref(inside);
    json_decref(boxes);
    json_decref(files);
    return sealed;
}

/* The bytes of one file, given back with wipe; *out NULL: it is not there. */
static enum rc take_file(const json_t *inside, const char *name, char **out, size_t *out_len)
{
    const char *text = json_string_value(json_object_get(json_object_get(inside, "files"), name));
    size_t room = text != NULL ? strlen(text) + 1 : 0;

    *out = text != NULL ? malloc(room) : NULL;
    *out_len = 0;
    if (text == NULL) {
        return RC_OK;
    }
    if (*out == NULL || sodium_base642bin((unsigned char *)*out, room, text, room - 1, NULL, out_len, NULL, BASE64) != 0) {
        free(*out);
        *out = NULL;
        return RC_MALFORMED;
    }
    return RC_OK;
}

/* What was written with the right passphrase is ours; it is looked at all the same, because a later program may write something else. */
static bool is_understood(const json_t *inside)
{
    const char *epoch = json_string_value(json_object_get(inside, "epoch"));
    const json_t *boxes = json_object_get(inside, "wallboxes");
    int64_t longest_ms = json_integer_value(json_object_get(inside, "longest_lease_ms"));
    size_t i;
    const json_t *box;

    if (json_integer_value(json_object_get(inside, "format")) != 1 || epoch == NULL || strlen(epoch) != 16 || strspn(epoch, "0123456789abcdef") != 16 ||
        longest_ms < 0 || longest_ms > INT32_MAX || !json_is_array(boxes) || json_array_size(boxes) > BOX_MAX) {
        return false;
    }
    json_array_foreach(boxes, i, box)
    {
        const char *serial = json_string_value(json_object_get(box, "serial"));

        if (serial == NULL || strlen(serial) >= SERIAL_LEN || !text_is_id(serial)) {
            return false;
        }
    }
    for (i = 0; i < FILES_N; i++) {
        char *bytes = NULL;
        size_t len = 0;
        enum rc rc = take_file(inside, file_names[i], &bytes, &len);

        wipe(bytes, len);
        if (rc != RC_OK) {
            return false;
        }
    }
    return json_is_string(json_object_get(json_object_get(inside, "files"), IDENTITY_FILE));
}

/* Wallboxes of another manager would be lost here. */
static enum rc look_at_own(const json_t *inside, const char *dir, char why[TAKEOVER_WHY_LEN])
{
    char path[FILE_PATH_LEN];
    char pins_why[TRUST_WHY_LEN] = "no memory";
    const char *text = "name too long";
    struct pins *pins = calloc(1, sizeof *pins);
    char *own = NULL;
    char *key = NULL;
    size_t own_len = 0;
    size_t key_len = 0;
    uint16_t pins_n;
    enum rc rc = pins != NULL ? pins_read(pins, dir, pins_why) : RC_IO;

    pins_n = rc == RC_OK ? pins->n : 0;
    free(pins);
    if (rc != RC_OK) {
        return wrong(why, RC_IO, dir, pins_why);
    }
    rc = file_path(path, dir, IDENTITY_FILE) == RC_OK ? file_read(path, FILE_MAX, &own, &own_len, &text) : RC_IO;
    if (rc != RC_OK && rc != RC_MISSING) {
        return wrong(why, RC_IO, path, text);
    }
    rc = take_file(inside, IDENTITY_FILE, &key, &key_len);
    if (rc == RC_OK && pins_n > 0 && (own == NULL || key == NULL || own_len != key_len || memcmp(own, key, key_len) != 0)) {
        rc = wrong(why, RC_REFUSED, dir, "has wallboxes that are paired with another key: use an empty data directory, or --unpin them");
    }
    wipe(own, own_len);
    wipe(key, key_len);
    return rc;
}

enum rc takeover_open(const json_t *section, const char *passphrase, const char *dir, json_t **out_inside, char out_why[TAKEOVER_WHY_LEN])
{
    const char *why = NULL;
    char *text = NULL;
    size_t len = 0;
    json_t *inside;
    enum rc rc = sealed_open(section, passphrase, &text, &len, &why);

    if (rc != RC_OK) {
        return wrong(out_why, rc, "keys", why);
    }
    inside = json_loadb(text, len, JSON_REJECT_DUPLICATES, NULL);
    wipe(text, len);
    if (inside == NULL || !is_understood(inside)) {
        json_decref(inside);
        return wrong(out_why, RC_MALFORMED, "keys", "of a program that this one does not understand");
    }
    rc = look_at_own(inside, dir, out_why);
    if (rc != RC_OK) {
        json_decref(inside);
        return rc;
    }
    *out_inside = inside;
    return RC_OK;
}

static enum rc install_file(const json_t *inside, const char *dir, const char *name, char why[TAKEOVER_WHY_LEN])
{
    char path[FILE_PATH_LEN];
    char journal[FILE_PATH_LEN + 16];
    const char *text = "name too long";
    char *bytes = NULL;
    size_t len = 0;
    enum rc rc = take_file(inside, name, &bytes, &len);

    if (rc != RC_OK || bytes == NULL) {
        return rc;
    }
    rc = file_path(path, dir, name);
    if (rc == RC_OK && text_same(name, USERS_FILE)) {
        (void)snprintf(journal, sizeof journal, "%s-journal", path);
        (void)unlink(journal); /* of the file that is replaced; not there is as good */
    }
    rc = rc == RC_OK ? file_write(path, bytes, len, &text) : rc;
    wipe(bytes, len);
    return rc == RC_OK ? RC_OK : wrong(why, RC_IO, path, text);
}

enum rc takeover_install(const json_t *inside, const char *dir, struct store *store, char out_why[TAKEOVER_WHY_LEN])
{
    uint64_t epoch = strtoull(json_string_value(json_object_get(inside, "epoch")), NULL, 16);
    int64_t longest_ms = json_integer_value(json_object_get(inside, "longest_lease_ms"));
    struct store_met met = {.epoch = epoch, .longest_lease_ms = longest_ms};
    size_t i;
    const json_t *box;
    enum rc rc;

    json_array_foreach(json_object_get(inside, "wallboxes"), i, box)
    {
        met.serial[i] = json_string_value(json_object_get(box, "serial"));
        met.is_unwatched[i] = json_is_true(json_object_get(box, "is_unwatched"));
    }
    met.box_n = (uint16_t)i;
    rc = store_adopt(store, &met);
    if (rc != RC_OK) {
        return wrong(out_why, RC_IO, dir, "the state cannot be written");
    }
    for (i = 0; i < FILES_N && rc == RC_OK; i++) {
        rc = install_file(inside, dir, file_names[i], out_why);
    }
    return rc;
}
