#include "client/core/csession.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"

void csession_ids_init(struct csession_ids *ids, uint64_t seed, uint64_t boot_id)
{
    struct rng mix = {.state = seed ^ boot_id};

    ids->high.state = seed;
    ids->low.state = rng_next(&mix) + boot_id;
}

struct session_id csession_id_next(struct csession_ids *ids)
{
    uint64_t half[2] = {rng_next(&ids->high), rng_next(&ids->low)};
    struct session_id id;

    _Static_assert(sizeof half == sizeof id.at, "two halves make an id");
    memcpy(id.at, half, sizeof id.at);
    return id;
}

bool csession_id_same(const struct session_id *a, const struct session_id *b)
{
    return memcmp(a->at, b->at, sizeof a->at) == 0;
}

void csession_init(struct csession *cs)
{
    *cs = (struct csession){.try_ms = MS_FOREVER};
}

void csession_adopt(struct csession *cs, const struct journal_session *open)
{
    csession_init(cs);
    cs->s = *open;
    cs->s.start_wh = max_i64(0, open->start_wh);
    cs->s.last_wh = max_i64(open->last_wh, cs->s.start_wh);
    if (cs->s.quarter_n > QUARTER_MAX) {
        cs->s.quarter_n = QUARTER_MAX;
    }
    for (uint16_t i = 0; i < cs->s.quarter_n; i++) {
        cs->s.quarter_wh[i] = max_i32(0, cs->s.quarter_wh[i]);
    }
    cs->begun = true;
    cs->saved_wh = cs->s.last_wh;
    cs->try_ms = MS_NEVER;
    cs->state = open->end == END_UNSET ? CSESSION_OPEN : CSESSION_ENDING;
}

static void note_time(struct csession *cs, const struct csession_now *now)
{
    cs->s.last_utc_ms = now->utc_ms;
    cs->s.last_boot_ms = now->now_ms;
}

void csession_begin(struct csession *cs, struct session_id id, const struct csession_now *now)
{
    CHECK(cs->state == CSESSION_NONE);
    csession_init(cs);
    cs->s.id = id;
    cs->s.start_utc_ms = now->utc_ms;
    cs->s.start_boot_ms = now->now_ms;
    cs->s.start_boot_id = now->kernel_boot_id;
    cs->s.start_wh = now->energy_wh;
    cs->s.last_wh = now->energy_wh;
    if (now->utc_ms != CLOCK_UNSET_UTC_MS) {
        cs->s.first_quarter_utc_ms = now->utc_ms - now->utc_ms % CSESSION_QUARTER_MS;
    }
    note_time(cs, now);
    cs->saved_wh = now->energy_wh;
    cs->try_ms = MS_NEVER;
    cs->state = CSESSION_BEGINNING;
}

void csession_who(struct csession *cs, const struct card_uid *uid, const char *identity)
{
    enum rc rc = text_copy(cs->s.identity, sizeof cs->s.identity, identity);

    CHECK(rc == RC_OK);
    cs->s.uid = *uid;
}

/* Quarter hour that now belongs to. By the calendar when it was known at the start, else by the time since the start. */
static uint16_t quarter_of(const struct csession *cs, const struct csession_now *now)
{
    int64_t newest = cs->s.quarter_n == 0 ? 0 : cs->s.quarter_n - 1;
    int64_t index = newest;

    if (cs->s.first_quarter_utc_ms != CLOCK_UNSET_UTC_MS && now->utc_ms != CLOCK_UNSET_UTC_MS) {
        index = div_down(now->utc_ms - cs->s.first_quarter_utc_ms, CSESSION_QUARTER_MS);
    } else if (cs->s.start_boot_id == now->kernel_boot_id) {
        index = div_down(now->now_ms - cs->s.start_boot_ms, CSESSION_QUARTER_MS);
    }
    return (uint16_t)min_i64(max_i64(index, newest), QUARTER_MAX - 1); /* a clock set back does not go back; longer sessions add to the last */
}

static void credit(struct csession *cs, const struct csession_now *now)
{
    int64_t wh = now->energy_wh - cs->s.last_wh;
    uint16_t quarter;

    if (cs->state != CSESSION_OPEN || wh <= 0) {
        return;
    }
    quarter = quarter_of(cs, now);
    for (uint16_t i = cs->s.quarter_n; i <= quarter; i++) {
        cs->s.quarter_wh[i] = 0;
    }
    cs->s.quarter_n = (uint16_t)max_i32(cs->s.quarter_n, quarter + 1);
    cs->s.quarter_wh[quarter] = (int32_t)min_i64(INT32_MAX, cs->s.quarter_wh[quarter] + wh);
    cs->s.last_wh = now->energy_wh;
}

void csession_register(struct csession *cs, const struct csession_now *now)
{
    if (cs->state == CSESSION_OPEN) {
        credit(cs, now);
        note_time(cs, now);
    }
}

void csession_end(struct csession *cs, enum end_reason end, const struct csession_now *now)
{
    if (cs->state != CSESSION_BEGINNING && cs->state != CSESSION_OPEN) {
        return;
    }
    credit(cs, now);
    if (end != END_POWER_LOSS) {
        note_time(cs, now);
    }
    cs->s.end = end;
    if (!cs->begun && cs->ticket == 0) { /* the journal never heard of it and nothing flowed */
        csession_init(cs);
        return;
    }
    cs->ticket = 0;
    cs->try_ms = MS_NEVER;
    cs->state = CSESSION_ENDING;
}

/* A vehicle that waits for days is not written every minute. */
static bool has_news(const struct csession *cs)
{
    return cs->state != CSESSION_OPEN || cs->s.last_wh != cs->saved_wh;
}

enum cfx_kind csession_due(const struct csession *cs, int64_t now_ms)
{
    if (csession_next_ms(cs) > now_ms) {
        return CFX_UNSET;
    }
    switch (cs->state) {
    case CSESSION_BEGINNING:
        return CFX_JOURNAL_BEGIN;
    case CSESSION_OPEN:
        return CFX_JOURNAL_CHECKPOINT;
    case CSESSION_ENDING:
        return CFX_JOURNAL_END;
    case CSESSION_NONE:
        break;
    }
    return CFX_UNSET;
}

void csession_sent(struct csession *cs, uint64_t ticket)
{
    CHECK(ticket != 0);
    cs->ticket = ticket;
    cs->saved_wh = cs->s.last_wh;
}

void csession_checkpoint(struct csession *cs)
{
    cs->try_ms = MS_NEVER;
    cs->saved_wh = -1;
}

bool csession_answer(struct csession *cs, uint64_t ticket, bool stored, int32_t checkpoint_ms, int64_t now_ms)
{
    if (ticket == 0 || ticket != cs->ticket) {
        return false;
    }
    cs->ticket = 0;
    if (!stored) {
        cs->try_ms = now_ms + CSESSION_RETRY_MS;
        cs->saved_wh = -1;
        if (cs->state == CSESSION_ENDING && !cs->begun) { /* neither begin nor end is in the journal, and nothing flowed */
            csession_init(cs);
        }
        return false;
    }
    cs->begun = true;
    if (cs->state == CSESSION_ENDING) {
        csession_init(cs);
        return true;
    }
    cs->state = CSESSION_OPEN;
    cs->try_ms = now_ms + checkpoint_ms;
    return false;
}

int64_t csession_next_ms(const struct csession *cs)
{
    return cs->state == CSESSION_NONE || cs->ticket != 0 || !has_news(cs) ? MS_FOREVER : cs->try_ms;
}

int64_t csession_wh(const struct csession *cs)
{
    return cs->s.last_wh - cs->s.start_wh;
}

bool csession_is_safe(const struct csession *cs)
{
    return cs->state == CSESSION_OPEN && cs->begun;
}

/* How long ago it began; 0 when no clock knows. */
static int64_t age_ms(const struct csession *cs, const struct csession_now *now)
{
    if (cs->s.start_boot_id == now->kernel_boot_id) {
        return max_i64(0, now->now_ms - cs->s.start_boot_ms);
    }
    if (cs->s.start_utc_ms != CLOCK_UNSET_UTC_MS && now->utc_ms != CLOCK_UNSET_UTC_MS) {
        return max_i64(0, now->utc_ms - cs->s.start_utc_ms);
    }
    return 0;
}

struct msg csession_started_msg(const struct csession *cs, const struct csession_now *now)
{
    struct msg m = {.kind = MSG_SESSION_STARTED};

    m.session_started.session = cs->s.id;
    m.session_started.start_utc_ms = cs->s.start_utc_ms;
    m.session_started.start_age_ms = age_ms(cs, now);
    m.session_started.start_wh = cs->s.start_wh;
    m.session_started.uid = cs->s.uid;
    memcpy(m.session_started.identity, cs->s.identity, sizeof m.session_started.identity);
    return m;
}
