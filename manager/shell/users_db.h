/* Statements of users.db. Used by users only. */
#pragma once

#include <stddef.h>

#include "manager/shell/users.h"

struct users {
    sqlite3 *handle;
    char serial[SERIAL_LEN];
};

enum users_db_table { USERS_DB_USER, USERS_DB_TOKEN };

/* RC_IO, here and in all of these: SQLite refused, logged. */
MUST_USE enum rc users_db_open(struct users **out, const char *path);
MUST_USE enum rc users_db_begin(struct users *u);
/* Commit when rc is RC_OK, else roll back; gives back what has become of it. */
MUST_USE enum rc users_db_end(struct users *u, enum rc rc);

/* One text by its name; value NULL takes it away. RC_MISSING: there is none, or it is longer. */
MUST_USE enum rc users_db_put(struct users *u, const char *key, const char *value);
MUST_USE enum rc users_db_get(struct users *u, const char *key, char *out, size_t out_len);

/* RC_FULL: the name is taken. */
MUST_USE enum rc users_db_add(struct users *u, const struct users_row *row, const char *hash);
MUST_USE enum rc users_db_change(struct users *u, const char *name, const char *new_name, const char *hash);

/* Another first password, still to be changed. */
MUST_USE enum rc users_db_first(struct users *u, const char *name, const char *hash);

/* RC_MISSING: there is none. hash is [PASSWORD_HASH_LEN]. */
MUST_USE enum rc users_db_get_user(struct users *u, const char *name, struct users_row *out, char *hash);
MUST_USE enum rc users_db_first_admin(struct users *u, char out_name[NAME_LEN]);

/* RC_REFUSED: the last administrator. */
MUST_USE enum rc users_db_delete_user(struct users *u, const char *name);
MUST_USE enum rc users_db_add_token(struct users *u, const struct users_row *row);
MUST_USE enum rc users_db_delete_token(struct users *u, const char *id);

/* RC_FULL: there are `most` already. */
MUST_USE enum rc users_db_room(struct users *u, enum users_db_table table, int most);
MUST_USE enum rc users_db_all(struct users *u, enum users_db_table table, struct users_list *out);
