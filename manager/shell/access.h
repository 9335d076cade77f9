/* Who is asking: logins of people by cookie, programs by token, and how long somebody who guesses has to wait.
 *
 * Decided here: life of a login, delays, what a request may do. Not here: passwords (users), which route needs which role (routes).
 * In memory: a restart of the manager ends all logins. Used under the lock of routes; no clock of its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "manager/shell/users.h"

#define LOGIN_MAX 512
#define LOGIN_PER_USER_MAX 16
#define LOGIN_TOKEN_LEN 65         /* 64 hex digits and the end */
#define LOGIN_IDLE_MS 1800000      /* admin and operator are logged off after so long without a request */
#define LOGIN_LIFE_MS 43200000     /* and after this in any case */
#define LOGIN_VIEWER_MS 2592000000 /* a viewer, who may be a screen on a wall */
#define GUARD_MAX 1024             /* accounts and addresses whose failures are remembered; who has failed least is forgotten first */
#define GUARD_FREE_N 3             /* failures without delay; each further one doubles it, beginning with a second */
#define GUARD_ACCOUNT_MS 60000     /* longest delay of an account: its owner can still get in */
#define GUARD_ADDRESS_MS 300000    /* and of an address */
#define GUARD_FORGET_MS 3600000
#define USUAL_MAX 256 /* places that are remembered from which an account has logged in; the one used longest ago is forgotten first */

struct login {
    bool is_open;
    bool must_change;
    enum role role;
    uint8_t key[USERS_KEY_LEN]; /* hash of the cookie */
    char csrf[33];
    char id[USERS_ID_LEN]; /* for the list of logins */
    char user[NAME_LEN];
    char address[INET6_LEN];
    int64_t begun_ms;
    int64_t used_ms;
    int64_t begun_utc_ms;
};

struct guard {
    uint8_t key[16];
    int64_t last_ms; /* MS_NEVER: free */
    int64_t free_at_ms;
    uint16_t failed_n;
};

/* An account has logged in from an address: there it does not wait for what others do to it elsewhere. */
struct usual {
    uint8_t key[16];
    int64_t last_ms; /* MS_NEVER: free */
};

struct access {
    struct login login[LOGIN_MAX];
    struct usual usual[USUAL_MAX];
    struct guard guard[GUARD_MAX];
    struct users_list tokens;
};

void access_init(struct access *a);

/* The tokens of programs that are valid from now on; copied. */
void access_set_tokens(struct access *a, const struct users_list *tokens);

/* Begin a login. token gets what goes into the cookie. Never fails: the login idle longest makes room. Borrowed until the next call. */
struct login *access_begin(struct access *a, const struct users_row *user, const char *address, int64_t now_ms, int64_t utc_ms, char token[LOGIN_TOKEN_LEN]);

/* The login of a cookie, counted as used; NULL when there is none or it has ended by itself. */
struct login *access_find(struct access *a, const char *token, int64_t now_ms);

/* The same without counting as use, by id: whether a stream may go on. */
bool access_is_alive(struct access *a, const char *id, int64_t now_ms);

/* Row of a token; NULL when it is not valid. */
const struct users_row *access_token(const struct access *a, const char *text);

void access_end(struct login *l);

/* False: no such login. */
bool access_end_id(struct access *a, const char *id);

/* End all logins of a user but one (NULL: all). */
void access_end_user(struct access *a, const char *user, const struct login *but);

/* Ask before a password is looked at; counts as a failure until access_succeeded. Gives back how long to wait: 0 go on. address: numeric; one of
 * IPv6 stands for its network (/64). Where the account has logged in before only failures from there count: else strangers who guess without rest
 * would lock its owner out.
 */
int64_t access_try(struct access *a, const char *account, const char *address, int64_t now_ms);

/* The password was right. */
void access_succeeded(struct access *a, const char *account, const char *address, int64_t now_ms);
