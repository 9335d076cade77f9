/* Work of a request that the thread of http must not do itself: passwords and the file of users (worker), what changes the manager (loop).
 *
 * A request that needs it is suspended; `run` is called elsewhere; then the request goes on with `finish`.
 * Decided here: the shape. Not here: who carries it (desk), what is done (routes_...).
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/os/work.h"
#include "manager/core/event.h"
#include "manager/shell/users.h"

#define ERRAND_SECRET_LEN 257

enum errand_where { ERRAND_WORKER, ERRAND_LOOP };

enum { SETTING_NAME = 1, SETTING_PRIORITY = 2, SETTING_MODE = 4, SETTING_LIMIT = 8 };

struct alarm_settings;
struct change;
struct routes;
struct route_reply;
struct desk;

struct errand {
    struct work_job job;
    struct errand *next; /* of desk */
    enum errand_where where;
    void (*run)(struct errand *e);                                               /* worker; NULL for the loop: the change or setting is stored */
    void (*finish)(struct routes *r, struct errand *e, struct route_reply *out); /* as part of the request */
    void (*on_done)(void *user, struct errand *e);                               /* http: the request may go on; any thread */
    void *user;
    struct users *users;
    struct desk *desk; /* inside desk */
    char by[NAME_LEN]; /* who asks */
    char address[INET6_LEN];
    bool is_secure;
    const char *dir; /* data directory, for those that need it; kept */
    char name[NAME_LEN];
    char new_name[NAME_LEN];
    char secret[ERRAND_SECRET_LEN];
    char new_secret[ERRAND_SECRET_LEN];
    enum role role;
    uint8_t setting_set; /* for the loop: which fields of the setting are given, SETTING_... */
    struct mev_setting setting;
    struct alarm_settings *alarms; /* for those about alarms; owned */
    struct change *change;         /* for the loop: what is to be stored instead of a setting; NULL none */
    char *answer;                  /* JSON text of the answer, and its status, when that is known before; NULL none. Given back with the errand */
    unsigned answer_status;
    enum rc rc;           /* result of run */
    struct users_row row; /* likewise */
    struct users_list list;
};

/* NULL: no memory. */
struct errand *errand_new(enum errand_where where, void (*run)(struct errand *e), void (*finish)(struct routes *r, struct errand *e, struct route_reply *out));

/* Secrets are wiped. NULL is harmless. */
void errand_free(struct errand *e);
