#include "tests/sim/cdisk.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"

void cdisk_init(struct cdisk *d)
{
    d->least_us = 1000;
    d->most_us = 15000;
    d->fail_permille = 0;
    d->is_full = false;
    d->keep = (struct client_keep){0};
    d->session_n = 0;
    d->finished_n = 0;
    d->job_n = 0;
}

static struct cjob *add_job(struct cdisk *d, struct rng *r, enum cjob_kind kind, uint64_t ticket, int64_t now_us)
{
    struct cjob *j = &d->job[d->job_n];
    int64_t begin_us = d->job_n > 0 ? d->job[d->job_n - 1].done_us : now_us;

    CHECK(d->job_n < CDISK_JOBS_MAX);
    d->job_n++;
    j->kind = kind;
    j->ticket = ticket;
    j->done_us = max_i64(begin_us, now_us) + rng_range(r, d->least_us, d->most_us);
    j->fails = (d->is_full && kind != CJOB_KEEP) || rng_range(r, 0, 999) < d->fail_permille;
    return j;
}

int64_t cdisk_keep(struct cdisk *d, struct rng *r, const struct client_keep *keep, uint64_t ticket, int64_t now_us)
{
    struct cjob *j = add_job(d, r, CJOB_KEEP, ticket, now_us);

    j->keep = *keep;
    return j->done_us;
}

int64_t cdisk_session(struct cdisk *d, struct rng *r, const struct journal_session *s, uint64_t ticket, int64_t now_us)
{
    struct cjob *j = add_job(d, r, CJOB_SESSION, ticket, now_us);

    CHECK(s->quarter_n <= CDISK_QUARTERS_MAX);
    j->session = (struct kept_session){.id = s->id,
                                       .start_utc_ms = s->start_utc_ms,
                                       .start_boot_ms = s->start_boot_ms,
                                       .start_boot_id = s->start_boot_id,
                                       .start_wh = s->start_wh,
                                       .last_wh = s->last_wh,
                                       .last_utc_ms = s->last_utc_ms,
                                       .last_boot_ms = s->last_boot_ms,
                                       .end = s->end,
                                       .first_quarter_utc_ms = s->first_quarter_utc_ms,
                                       .quarter_n = s->quarter_n};
    memcpy(j->session.quarter_wh, s->quarter_wh, s->quarter_n * sizeof s->quarter_wh[0]);
    return j->done_us;
}

int64_t cdisk_acked(struct cdisk *d, struct rng *r, const struct session_id *id, uint64_t ticket, int64_t now_us)
{
    struct cjob *j = add_job(d, r, CJOB_ACKED, ticket, now_us);

    j->id = *id;
    return j->done_us;
}

int64_t cdisk_next(struct cdisk *d, struct rng *r, int64_t now_us)
{
    return add_job(d, r, CJOB_NEXT, 0, now_us)->done_us;
}

static bool is_same(const struct session_id *a, const struct session_id *b)
{
    return memcmp(a->at, b->at, sizeof a->at) == 0;
}

static void put(struct cdisk *d, const struct kept_session *s)
{
    struct kept_session *to = NULL;

    for (uint16_t i = 0; i < d->session_n; i++) {
        struct kept_session *one = &d->session[i];

        if (is_same(&one->id, &s->id)) {
            to = one;
        } else if (one->end == END_UNSET) {
            one->end = END_POWER_LOSS;
            d->finished_n++;
        }
    }
    if (to != NULL && to->end != END_UNSET) {
        return; /* finished already, the same once more */
    }
    if (to == NULL) {
        CHECK(d->session_n < CDISK_SESSIONS_MAX);
        to = &d->session[d->session_n];
        d->session_n++;
    }
    *to = *s;
    d->finished_n += s->end != END_UNSET;
}

static void forget(struct cdisk *d, const struct session_id *id)
{
    uint16_t n = 0;

    for (uint16_t i = 0; i < d->session_n; i++) {
        if (d->session[i].end == END_UNSET || !is_same(&d->session[i].id, id)) {
            d->session[n] = d->session[i];
            n++;
        }
    }
    d->session_n = n;
}

static void carry_out(struct cdisk *d, const struct cjob *j)
{
    switch (j->kind) {
    case CJOB_KEEP:
        d->keep = j->keep;
        break;
    case CJOB_SESSION:
        put(d, &j->session);
        break;
    case CJOB_ACKED:
        forget(d, &j->id);
        break;
    case CJOB_NEXT:
        break;
    }
}

static void drop_first(struct cdisk *d)
{
    d->job_n--;
    memmove(&d->job[0], &d->job[1], d->job_n * sizeof d->job[0]);
}

bool cdisk_done(struct cdisk *d, int64_t now_us, struct cjob *out)
{
    if (d->job_n == 0 || d->job[0].done_us > now_us) {
        return false;
    }
    *out = d->job[0];
    drop_first(d);
    if (!out->fails) {
        carry_out(d, out);
    }
    return true;
}

void cdisk_crash(struct cdisk *d, struct rng *r)
{
    int64_t done_n = rng_range(r, 0, d->job_n);

    for (int64_t i = 0; i < done_n; i++) {
        if (!d->job[i].fails) {
            carry_out(d, &d->job[i]);
        }
    }
    d->job_n = 0;
}

bool cdisk_oldest(const struct cdisk *d, int64_t now_ms, struct msg_session_record *out)
{
    for (uint16_t i = 0; i < d->session_n; i++) {
        const struct kept_session *s = &d->session[i];

        if (s->end != END_UNSET) {
            *out = (struct msg_session_record){.session = s->id,
                                               .start_utc_ms = s->start_utc_ms,
                                               .stop_utc_ms = s->last_utc_ms,
                                               .start_age_ms = max_i64(0, now_ms - s->start_boot_ms),
                                               .stop_age_ms = max_i64(0, now_ms - s->last_boot_ms),
                                               .start_wh = s->start_wh,
                                               .stop_wh = s->last_wh,
                                               .end = s->end,
                                               .first_quarter_utc_ms = s->first_quarter_utc_ms,
                                               .quarter_n = s->quarter_n,
                                               .quarter_wh = s->quarter_wh};
            return true;
        }
    }
    return false;
}

bool cdisk_open(const struct cdisk *d, struct journal_session *out)
{
    for (uint16_t i = d->session_n; i > 0; i--) {
        const struct kept_session *s = &d->session[i - 1];

        if (s->end == END_UNSET) {
            *out = (struct journal_session){.id = s->id,
                                            .start_utc_ms = s->start_utc_ms,
                                            .start_boot_ms = s->start_boot_ms,
                                            .start_boot_id = s->start_boot_id,
                                            .start_wh = s->start_wh,
                                            .last_wh = s->last_wh,
                                            .last_utc_ms = s->last_utc_ms,
                                            .last_boot_ms = s->last_boot_ms,
                                            .first_quarter_utc_ms = s->first_quarter_utc_ms,
                                            .quarter_n = s->quarter_n};
            memcpy(out->quarter_wh, s->quarter_wh, s->quarter_n * sizeof s->quarter_wh[0]);
            return true;
        }
    }
    return false;
}
