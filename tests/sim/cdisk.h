/* What one wallbox keeps: the small file and the journal. One worker carries out its jobs in order, each takes its time.
 *
 * Decided here: what survives. A job under way when the process dies was carried out or not, whatever chance says; what was reported as
 * durable stays. Statements are those of client/shell/journal: a finished session is not overwritten, a new one closes others.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/core/event.h"
#include "common/base/rng.h"

#define CDISK_SESSIONS_MAX 512 /* not yet acknowledged by a manager: six hours in which it is killed every few seconds */
#define CDISK_QUARTERS_MAX QUARTER_MAX
#define CDISK_JOBS_MAX 8

enum cjob_kind { CJOB_KEEP, CJOB_SESSION, CJOB_ACKED, CJOB_NEXT };

struct kept_session {
    struct session_id id;
    int64_t start_utc_ms;
    int64_t start_boot_ms;
    uint64_t start_boot_id;
    int64_t start_wh;
    int64_t last_wh;
    int64_t last_utc_ms;
    int64_t last_boot_ms;
    enum end_reason end; /* END_UNSET: open */
    int64_t first_quarter_utc_ms;
    uint16_t quarter_n;
    int32_t quarter_wh[CDISK_QUARTERS_MAX];
};

struct cjob {
    enum cjob_kind kind;
    int64_t done_us;
    uint64_t ticket;
    bool fails;
    struct client_keep keep;
    struct session_id id;
    struct kept_session session;
};

struct cdisk {
    int32_t least_us; /* how long a job takes */
    int32_t most_us;
    int32_t fail_permille; /* how many are refused */
    bool is_full;          /* the journal refuses, the preallocated file does not */
    struct client_keep keep;
    uint16_t session_n;
    struct kept_session session[CDISK_SESSIONS_MAX]; /* oldest first */
    uint64_t finished_n;                             /* sessions that ever became durable as finished */
    uint8_t job_n;
    struct cjob job[CDISK_JOBS_MAX]; /* oldest first */
};

void cdisk_init(struct cdisk *d);

/* Begin a job. Returns when it will be done. */
int64_t cdisk_keep(struct cdisk *d, struct rng *r, const struct client_keep *keep, uint64_t ticket, int64_t now_us);
int64_t cdisk_session(struct cdisk *d, struct rng *r, const struct journal_session *session, uint64_t ticket, int64_t now_us);
int64_t cdisk_acked(struct cdisk *d, struct rng *r, const struct session_id *id, uint64_t ticket, int64_t now_us);
int64_t cdisk_next(struct cdisk *d, struct rng *r, int64_t now_us);

/* Take the oldest job that is done by now_us and carry it out; false: none. */
bool cdisk_done(struct cdisk *d, int64_t now_us, struct cjob *out);

/* The process died: of what was under way, the first jobs were carried out. */
void cdisk_crash(struct cdisk *d, struct rng *r);

/* Oldest finished session, as a message; false: none. */
bool cdisk_oldest(const struct cdisk *d, int64_t now_ms, struct msg_session_record *out);

/* The session left open; false: none. */
bool cdisk_open(const struct cdisk *d, struct journal_session *out);
