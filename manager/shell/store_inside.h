/* Inside of store: what its files share. Nobody else includes this. */
#pragma once

#include "manager/shell/db.h"
#include "manager/shell/rescue.h"
#include "manager/shell/state_file.h"
#include "manager/shell/store.h"

/* One write. The message of a session is copied; its quarter hours lie in this job. */
struct job {
    struct job *next;
    struct mfx_store what;
    union {
        struct msg_session_started started;
        struct msg_session_record record;
        struct msg_authorize taught;
    };
    char serial[SERIAL_LEN];
    char text[ID_LEN];
    int64_t utc_ms;
    bool is_stored;
    bool is_in_db; /* the part for manager.db is written */
    bool is_kept;  /* the disk has refused it before, nobody waits for it any more */
    int32_t quarter_wh[QUARTER_MAX];
};

struct job_list {
    struct job *first;
    struct job *last;
    uint16_t n;
};

struct store {
    struct work work;
    struct work_job batch;
    struct job_list waiting;    /* loop only */
    struct job_list kept;       /* loop only: refused by the disk, oldest first */
    struct job_list writing;    /* worker while is_writing, loop otherwise */
    struct store_order *orders; /* loop only: waiting */
    struct store_order **orders_end;
    struct store_order *ordered; /* worker while is_writing */
    struct job *free;            /* loop only */
    struct job *pool;
    uint16_t fresh_n;     /* jobs of the pool that were never used: their pages are not touched before they are needed */
    uint16_t kept_lost_n; /* loop only: more than could be kept, since the trouble began */
    uv_timer_t retry;
    struct db db;               /* worker once started */
    struct state_file state;    /* likewise */
    struct rescue rescue;       /* what happened at the opening */
    char path[RESCUE_PATH_LEN]; /* of manager.db */
    uint64_t transactions_n;    /* worker */
    uint64_t shown_transactions_n;
    bool is_state_lost;    /* the database knows of epochs that manager.state does not */
    bool is_failing;       /* worker: the trouble was logged, its end is still to be */
    bool is_shown_failing; /* loop: as last told */
    bool is_writing;
    bool is_started;
    bool is_closing;
    int open_handles_n; /* worker and timer, while closing */
    void (*on_result)(void *user, uint64_t ticket, bool is_stored);
    void (*on_trouble)(void *user, bool is_failing);
    void *user;
    void (*on_closed)(void *user);
    void *closed_user;
};

void jobs_add(struct job_list *l, struct job *j);

/* Write a batch and carry out orders. Worker only. */
void store_write(struct store *s);
