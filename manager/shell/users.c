#include "manager/shell/users.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/clock.h"
#include "common/os/log.h"
#include "manager/shell/password.h"
#include "manager/shell/users_db.h"

#define SERIAL_RANDOM_N 8
#define RECOVERY_RANDOM_N 24 /* characters of five bits each */
#define FIRST_RANDOM_N 16    /* likewise */

const char *role_text(enum role role)
{
    static const char *const texts[ROLE_N] = {"none", "viewer", "operator", "admin"};

    return role < ROLE_N ? texts[role] : "none";
}

void users_key(const char *text, uint8_t out[USERS_KEY_LEN])
{
    (void)crypto_generichash(out, USERS_KEY_LEN, (const unsigned char *)text, strlen(text), NULL, 0); /* fails for other lengths only */
}

void users_random_hex(unsigned len, char *out)
{
    uint8_t bytes[32];

    CHECK(len <= sizeof bytes);
    clock_random(bytes, len);
    (void)sodium_bin2hex(out, 2 * (size_t)len + 1, bytes, len);
    sodium_memzero(bytes, sizeof bytes);
}

/* Letters and digits that nobody confuses; in groups of four when is_grouped. */
static void random_letters(unsigned n, bool is_grouped, char *out)
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    uint8_t bytes[32];
    unsigned at = 0;

    CHECK(n <= sizeof bytes);
    clock_random(bytes, n);
    for (unsigned i = 0; i < n; i++) {
        if (is_grouped && i > 0 && i % 4 == 0) {
            out[at++] = '-';
        }
        out[at++] = letters[bytes[i] & 31];
    }
    out[at] = '\0';
    sodium_memzero(bytes, sizeof bytes);
}

/* The key as people type it: letter case, dashes and spaces do not matter. */
static void plain_key(const char *typed, char out[RECOVERY_RANDOM_N + 2])
{
    unsigned n = 0;

    for (const char *at = typed; *at != '\0' && n <= RECOVERY_RANDOM_N; at++) {
        if (*at >= 'a' && *at <= 'z') {
            out[n++] = (char)(*at - 'a' + 'A');
        } else if (*at != '-' && *at != ' ') {
            out[n++] = *at;
        }
    }
    out[n] = '\0';
}

/* New recovery key: its hash to compare with, itself until it was shown. */
static enum rc make_recovery(struct users *u)
{
    char key[RECOVERY_LEN];
    char plain[RECOVERY_RANDOM_N + 2];
    uint8_t hash[USERS_KEY_LEN];
    char hex[2 * USERS_KEY_LEN + 1];
    enum rc rc;

    random_letters(RECOVERY_RANDOM_N, true, key);
    plain_key(key, plain);
    users_key(plain, hash);
    (void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    rc = users_db_put(u, "recovery_hash", hex);
    rc = rc == RC_OK ? users_db_put(u, "recovery_key", key) : rc;
    sodium_memzero(key, sizeof key);
    sodium_memzero(plain, sizeof plain);
    return rc;
}

static enum rc make_first(struct users *u, const char *serial)
{
    struct users_row row = {.name = "admin", .role = ROLE_ADMIN, .must_change = true, .created_utc_ms = clock_utc_ms()};
    char made[SERIAL_LEN] = "WM";
    char hash[PASSWORD_HASH_LEN];
    enum rc rc;

    random_letters(SERIAL_RANDOM_N, false, made + 2);
    if (serial[0] != '\0') {
        CHECK(text_copy(made, sizeof made, serial) == RC_OK);
    }
    rc = password_hash(made, hash);
    rc = rc == RC_OK ? users_db_put(u, "serial", made) : rc;
    rc = rc == RC_OK ? make_recovery(u) : rc;
    return rc == RC_OK ? users_db_add(u, &row, hash) : rc;
}

/* Another serial number: it stands on the label, so that the first login asks for it as long as that was not made. */
static enum rc rename_manager(struct users *u, const char *serial)
{
    char name[NAME_LEN];
    char hash[PASSWORD_HASH_LEN];
    struct users_row row;
    enum rc rc = users_db_first_admin(u, name);

    rc = rc == RC_OK ? users_db_get_user(u, name, &row, hash) : rc;
    if (rc == RC_OK && row.must_change && password_is(hash, u->serial)) {
        rc = password_hash(serial, hash);
        rc = rc == RC_OK ? users_db_first(u, name, hash) : rc;
    }
    rc = rc == RC_OK ? users_db_put(u, "serial", serial) : rc;
    (void)snprintf(u->serial, sizeof u->serial, "%s", serial);
    return rc;
}

enum rc users_open(struct users **out, const char *path, const char *serial)
{
    struct users *u = NULL;
    enum rc rc = sodium_init() >= 0 ? users_db_open(&u, path) : RC_IO;
    bool is_new;

    if (rc != RC_OK) {
        return rc;
    }
    is_new = users_db_get(u, "serial", u->serial, sizeof u->serial) == RC_MISSING;
    if (is_new) {
        rc = users_db_begin(u);
        rc = rc == RC_OK ? make_first(u, serial) : rc;
        rc = users_db_end(u, rc);
    }
    rc = rc == RC_OK ? users_db_get(u, "serial", u->serial, sizeof u->serial) : rc;
    if (rc == RC_OK && !is_new && serial[0] != '\0' && !text_same(serial, u->serial)) {
        rc = users_db_begin(u);
        rc = rc == RC_OK ? rename_manager(u, serial) : rc;
        rc = users_db_end(u, rc);
    }
    if (rc != RC_OK) {
        log_err("users path=%s why=\"cannot be read or written\"", path);
        users_close(u);
        return RC_IO;
    }
    *out = u;
    return RC_OK;
}

const char *users_serial(const struct users *u)
{
    return u->serial;
}

enum rc users_show_recovery(struct users *u, char out[RECOVERY_LEN])
{
    char key[RECOVERY_LEN];
    enum rc rc = users_db_get(u, "recovery_key", key, sizeof key);

    rc = rc == RC_OK ? users_db_put(u, "recovery_key", NULL) : rc;
    if (rc == RC_OK) {
        memcpy(out, key, sizeof key);
    }
    sodium_memzero(key, sizeof key);
    return rc;
}

enum rc users_check(struct users *u, const char *name, const char *password, struct users_row *out)
{
    struct users_row row;
    char hash[PASSWORD_HASH_LEN];
    enum rc rc = users_db_get_user(u, name, &row, hash);
    bool is_right;

    if (rc != RC_OK && rc != RC_MISSING) {
        return rc;
    }
    is_right = password_is(rc == RC_OK ? hash : password_of_nobody(), password);
    if (rc == RC_MISSING || !is_right) {
        return RC_REFUSED;
    }
    *out = row;
    return RC_OK;
}

/* A password that anybody could guess who knows the device. */
static bool is_guessable(const struct users *u, const char *name, const char *password)
{
    return text_same(password, u->serial) || text_same(password, name);
}

static enum rc put_password(struct users *u, const char *name, const char *new_name, const char *new_password, struct users_row *out)
{
    char hash[PASSWORD_HASH_LEN];
    const char *then = new_name[0] != '\0' ? new_name : name;
    enum rc rc = is_guessable(u, then, new_password) ? RC_RANGE : password_hash(new_password, hash);

    rc = rc == RC_OK ? users_db_change(u, name, then, hash) : rc;
    return rc == RC_OK ? users_db_get_user(u, then, out, hash) : rc;
}

enum rc users_change(struct users *u, const char *name, const char *password, const char *new_name, const char *new_password, struct users_row *out)
{
    struct users_row row;
    enum rc rc = users_check(u, name, password, &row);

    if (rc == RC_OK && text_same(password, new_password)) {
        return RC_RANGE;
    }
    return rc == RC_OK ? put_password(u, name, new_name, new_password, out) : rc;
}

enum rc users_recover(struct users *u, const char *key, const char *new_password, struct users_row *out)
{
    char plain[RECOVERY_RANDOM_N + 2];
    char kept[2 * USERS_KEY_LEN + 1];
    char hex[2 * USERS_KEY_LEN + 1];
    uint8_t hash[USERS_KEY_LEN];
    char name[NAME_LEN];
    enum rc rc = users_db_get(u, "recovery_hash", kept, sizeof kept);

    if (rc != RC_OK) {
        return rc == RC_MISSING ? RC_REFUSED : rc;
    }
    plain_key(key, plain);
    users_key(plain, hash);
    (void)sodium_bin2hex(hex, sizeof hex, hash, sizeof hash);
    sodium_memzero(plain, sizeof plain);
    if (sodium_memcmp(hex, kept, sizeof kept) != 0) {
        return RC_REFUSED;
    }
    rc = users_db_begin(u);
    rc = rc == RC_OK ? users_db_first_admin(u, name) : rc;
    rc = rc == RC_OK ? put_password(u, name, "", new_password, out) : rc;
    rc = rc == RC_OK ? make_recovery(u) : rc;
    return users_db_end(u, rc);
}

enum rc users_add(struct users *u, const char *name, const char *password, enum role role)
{
    struct users_row row = {.role = role, .must_change = true, .created_utc_ms = clock_utc_ms()};
    char hash[PASSWORD_HASH_LEN];
    enum rc rc = is_guessable(u, name, password) ? RC_RANGE : users_db_room(u, USERS_DB_USER, USERS_MAX);

    CHECK(text_copy(row.name, sizeof row.name, name) == RC_OK);
    rc = rc == RC_OK ? password_hash(password, hash) : rc;
    return rc == RC_OK ? users_db_add(u, &row, hash) : rc;
}

enum rc users_add_first(struct users *u, const char *name, enum role role, char out_password[FIRST_PASSWORD_LEN])
{
    random_letters(FIRST_RANDOM_N, true, out_password);
    return users_add(u, name, out_password, role);
}

enum rc users_delete(struct users *u, const char *name)
{
    return users_db_delete_user(u, name);
}

enum rc users_all(struct users *u, struct users_list *out)
{
    return users_db_all(u, USERS_DB_USER, out);
}

enum rc users_add_token(struct users *u, const char *name, enum role role, char text[TOKEN_TEXT_LEN], struct users_row *out)
{
    struct users_row row = {.role = role, .created_utc_ms = clock_utc_ms()};
    char made[TOKEN_TEXT_LEN] = "wbx_";
    enum rc rc = users_db_room(u, USERS_DB_TOKEN, TOKENS_MAX);

    CHECK(text_copy(row.name, sizeof row.name, name) == RC_OK);
    users_random_hex(8, row.id);
    users_random_hex(31, made + 4);
    users_key(made, row.key);
    rc = rc == RC_OK ? users_db_add_token(u, &row) : rc;
    if (rc == RC_OK) {
        *out = row;
        memcpy(text, made, sizeof made);
    }
    sodium_memzero(made, sizeof made);
    return rc;
}

enum rc users_delete_token(struct users *u, const char *id)
{
    return users_db_delete_token(u, id);
}

enum rc users_all_tokens(struct users *u, struct users_list *out)
{
    return users_db_all(u, USERS_DB_TOKEN, out);
}
