#include "tests/sim/mdisk.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"

void mdisk_init(struct mdisk *d)
{
    d->least_us = 1000;
    d->most_us = 15000;
    d->fail_permille = 0;
    d->is_full = false;
    d->kept.epoch = 0;
    d->kept.longest_lease_ms = 0;
    d->kept.is_foreign = false;
    d->kept.is_fenced = false;
    d->kept.issued_n = 0;
    for (int i = 0; i < MDISK_BOX_MAX; i++) {
        d->kept.known[i] = (struct mev_known){.fallback_ma = MA_UNSET};
    }
    d->session_n = 0;
    d->again_n = 0;
    d->first = 0;
    d->job_n = 0;
}

int64_t mdisk_put(struct mdisk *d, struct rng *r, const struct mfx_store *what, int64_t now_us)
{
    struct mjob *j = &d->job[(d->first + d->job_n) % MDISK_JOBS_MAX];
    int64_t begin_us = d->job_n > 0 ? d->job[(d->first + d->job_n - 1) % MDISK_JOBS_MAX].done_us : now_us;
    bool is_record = what->kind == MSTORE_SESSION || what->kind == MSTORE_SESSION_STARTED;

    CHECK(d->job_n < MDISK_JOBS_MAX);
    d->job_n++;
    *j = (struct mjob){.kind = what->kind, .ticket = what->ticket, .box = what->box};
    /* What waits together is written together: only the first pays. */
    j->done_us = d->job_n > 1 && begin_us > now_us ? begin_us : now_us + rng_range(r, d->least_us, d->most_us);
    j->fails = (d->is_full && is_record) || rng_range(r, 0, 999) < d->fail_permille;
    if (what->kind == MSTORE_EPOCH) {
        j->epoch = what->epoch.epoch;
        j->longest_lease_ms = what->epoch.longest_lease_ms;
        j->is_foreign = what->epoch.is_foreign;
        j->is_fenced = what->epoch.is_fenced;
    } else if (what->kind == MSTORE_BOX) {
        j->fallback_ma = what->known.fallback_ma;
        j->is_unwatched = what->known.is_unwatched;
    } else if (what->kind == MSTORE_SESSION) {
        j->session =
            (struct stored_session){.box = what->box, .id = what->session->session, .start_wh = what->session->start_wh, .stop_wh = what->session->stop_wh};
    }
    return j->done_us;
}

static void put_session(struct mdisk *d, const struct stored_session *s)
{
    for (uint32_t i = 0; i < d->session_n; i++) {
        if (memcmp(d->session[i].id.at, s->id.at, sizeof s->id.at) == 0) {
            d->again_n++;
            return;
        }
    }
    CHECK(d->session_n < MDISK_SESSIONS_MAX);
    d->session[d->session_n] = *s;
    d->session_n++;
}

/* The newest are kept, as in the table of the real store. */
static void note_issued(struct mkept *kept, uint64_t epoch)
{
    if (kept->issued_n == EPOCH_ISSUED_MAX) {
        memmove(&kept->issued[0], &kept->issued[1], (EPOCH_ISSUED_MAX - 1) * sizeof kept->issued[0]);
        kept->issued_n--;
    }
    kept->issued[kept->issued_n] = epoch;
    kept->issued_n++;
}

static void carry_out(struct mdisk *d, const struct mjob *j)
{
    if (j->kind == MSTORE_EPOCH) {
        if (d->kept.epoch != j->epoch) {
            note_issued(&d->kept, j->epoch);
        }
        d->kept.epoch = j->epoch;
        d->kept.longest_lease_ms = j->longest_lease_ms;
        d->kept.is_foreign = j->is_foreign;
        d->kept.is_fenced = j->is_fenced;
    } else if (j->kind == MSTORE_BOX) {
        CHECK(j->box < MDISK_BOX_MAX);
        d->kept.known[j->box] = (struct mev_known){.fallback_ma = j->fallback_ma, .has_met = true, .is_unwatched = j->is_unwatched};
    } else if (j->kind == MSTORE_SESSION) {
        put_session(d, &j->session);
    }
}

bool mdisk_done(struct mdisk *d, int64_t now_us, struct mjob *out)
{
    if (d->job_n == 0 || d->job[d->first].done_us > now_us) {
        return false;
    }
    *out = d->job[d->first];
    d->first = (d->first + 1) % MDISK_JOBS_MAX;
    d->job_n--;
    if (!out->fails) {
        carry_out(d, out);
    }
    return true;
}

void mdisk_crash(struct mdisk *d, struct rng *r)
{
    int64_t done_n = rng_range(r, 0, d->job_n);

    for (int64_t i = 0; i < done_n; i++) {
        const struct mjob *j = &d->job[(d->first + (uint32_t)i) % MDISK_JOBS_MAX];

        if (!j->fails) {
            carry_out(d, j);
        }
    }
    d->job_n = 0;
}
