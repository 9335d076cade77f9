/* Who may log in, and which programs: a small SQLite file of its own (users.db, mode 0600), so that hashes never leave with the history or
 * an export of the site.
 *
 * Decided here: first login, recovery key, that one administrator stays, how secrets are kept. Not here: delays, logins and cookies
 * (access). Everything blocks; one thread at a time: the caller of users_open, later the worker of passwords.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "common/base/limits.h"
#include "common/base/rc.h"

#define INET6_LEN 46
#define USERS_MAX 64
#define TOKENS_MAX 64
#define USERS_ID_LEN 17       /* of a token: 16 hex digits and the end */
#define USERS_KEY_LEN 32      /* hash of a token */
#define TOKEN_TEXT_LEN 67     /* "wbx_", 62 hex digits and the end */
#define RECOVERY_LEN 30       /* six groups of four and the end */
#define FIRST_PASSWORD_LEN 20 /* four groups of four and the end */
#define PASSWORD_MIN 10
#define PASSWORD_MAX 128

enum role { ROLE_NONE, ROLE_VIEWER, ROLE_OPERATOR, ROLE_ADMIN, ROLE_N };

/* "viewer", "operator", "admin": the place in ROLE_CHOICES is the role minus 1. */
#define ROLE_CHOICES "viewer operator admin"
const char *role_text(enum role role);

struct users;

struct users_row {
    char name[NAME_LEN]; /* of a user, or what a token is for */
    enum role role;
    bool must_change;
    int64_t created_utc_ms;
    char id[USERS_ID_LEN];      /* of a token, empty: a user */
    uint8_t key[USERS_KEY_LEN]; /* of a token */
};

struct users_list {
    uint16_t n;
    struct users_row at[USERS_MAX];
};

/* Open or create.
 *
 * path    of the file
 * serial  of this manager, empty: one is made up at the first start and kept; another one than before becomes the password of the first
 *         login, when that was not made yet
 *
 * RC_IO  it cannot be opened, read or written: logged; *out is NULL
 */
MUST_USE enum rc users_open(struct users **out, const char *path, const char *serial);

/* NULL is harmless. */
void users_close(struct users *u);

/* Serial number of this manager, the password of the first login. Borrowed until users_close. */
const char *users_serial(const struct users *u);

/* The recovery key, which is shown once only.
 *
 * RC_MISSING  it was shown before; out is untouched
 */
MUST_USE enum rc users_show_recovery(struct users *u, char out[RECOVERY_LEN]);

/* A name and a password. Takes as long for a name that is not known.
 *
 * RC_REFUSED  they do not belong together
 */
MUST_USE enum rc users_check(struct users *u, const char *name, const char *password, struct users_row *out);

/* Replace password, and the name unless new_name is empty; nothing has to be changed any more.
 *
 * RC_REFUSED  `password` is not the present one
 * RC_RANGE    the new one is the serial number, the name or the present one
 * RC_FULL     somebody else has the new name
 */
MUST_USE enum rc users_change(struct users *u, const char *name, const char *password, const char *new_name, const char *new_password, struct users_row *out);

/* With the recovery key: give a new password to the first administrator, whose name is given back. The key is used up; a new one is to be
 * shown.
 *
 * RC_REFUSED, RC_RANGE  as above
 */
MUST_USE enum rc users_recover(struct users *u, const char *key, const char *new_password, struct users_row *out);

/* RC_FULL: the name is taken or USERS_MAX are known. RC_RANGE: as above. The password has to be changed at the first login. */
MUST_USE enum rc users_add(struct users *u, const char *name, const char *password, enum role role);

/* Likewise with a first password that is made up here: given back once and never known again. */
MUST_USE enum rc users_add_first(struct users *u, const char *name, enum role role, char out_password[FIRST_PASSWORD_LEN]);

/* RC_MISSING: there is none. RC_REFUSED: it is the last administrator. */
MUST_USE enum rc users_delete(struct users *u, const char *name);
MUST_USE enum rc users_all(struct users *u, struct users_list *out);

/* A token for a program: `text` is given to it once and never known again.
 *
 * RC_FULL  TOKENS_MAX are known
 */
MUST_USE enum rc users_add_token(struct users *u, const char *name, enum role role, char text[TOKEN_TEXT_LEN], struct users_row *out);
MUST_USE enum rc users_delete_token(struct users *u, const char *id);
MUST_USE enum rc users_all_tokens(struct users *u, struct users_list *out);

/* A whole copy as a database file, allocated, given back with free (wipe it before). RC_IO: no memory, or it cannot be read: logged. */
MUST_USE enum rc users_copy(struct users *u, uint8_t **out, size_t *out_len);

/* Hash under which a token or login is kept. */
void users_key(const char *text, uint8_t out[USERS_KEY_LEN]);

/* `len` random bytes as hex digits into out[2 * len + 1]; len at most 32. */
void users_random_hex(unsigned len, char *out);
