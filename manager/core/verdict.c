/* Who may charge: the answer to Authorize, from the list or from a back end that knows cards which are not on it (SR-098). */
#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "manager/core/state.h"

static int64_t utc_ms(const struct manager *m)
{
    return m->has_utc ? m->now_ms + m->utc_offset_ms : CLOCK_UNSET_UTC_MS;
}

static void answer(uint16_t peer, uint32_t seq, enum auth_verdict verdict, int64_t expires_utc_ms, struct mfx_list *out)
{
    struct msg msg = {.kind = MSG_AUTHORIZE_RESULT, .authorize_result = {.seq = seq, .verdict = verdict, .expires_utc_ms = expires_utc_ms}};

    fx_send(out, peer, &msg);
}

/* RC_FULL: too many questions are open, or were made in this step. */
static enum rc ask_backend(struct manager *m, uint16_t peer, const struct msg_authorize *what, struct mfx_list *out)
{
    for (uint16_t tries = 0; tries < ASKED_MAX && out->ask_n < MFX_ASK_MAX; tries++) {
        uint16_t i = (uint16_t)((m->asked_next + tries) % ASKED_MAX);
        struct asked *a = &m->asked[i];
        struct mfx_ask *ask = &out->ask[out->ask_n];

        if (a->is_open) {
            continue;
        }
        *a = (struct asked){
            .is_open = true, .peer = peer, .box = m->peer[peer].box, .seq = what->seq, .use = a->use + 1, .until_ms = m->now_ms + VERDICT_WAIT_MS};
        *ask = (struct mfx_ask){.ticket = ((uint64_t)a->use << 32) | (uint64_t)(i + 1), .box = a->box, .uid = what->uid};
        CHECK(text_copy(ask->identity, sizeof ask->identity, what->identity) == RC_OK);
        out->ask_n++;
        m->asked_next = (uint16_t)((i + 1) % ASKED_MAX);
        return RC_OK;
    }
    return RC_FULL;
}

/* Registered at the wallbox itself: our list learns it. */
static void learn(struct manager *m, uint16_t box, const struct msg_authorize *what, struct mfx_list *out)
{
    struct mfx_store store = {.kind = MSTORE_CARD, .box = box, .taught = what};

    if (m->cards == NULL || fleet_cards_find(m->cards, &what->uid, what->identity) == NULL) {
        fx_store(out, &store);
    }
}

void verdict_ask(struct manager *m, uint16_t peer, const struct msg_authorize *what, struct mfx_list *out)
{
    uint16_t box = m->peer[peer].box;
    bool is_somebody = what->uid.len > 0 || what->identity[0] != '\0';
    const struct fleet_card *card = m->cards != NULL && is_somebody ? fleet_cards_find(m->cards, &what->uid, what->identity) : NULL;
    enum auth_verdict verdict = fleet_card_judge(card, box, utc_ms(m));

    if (what->taught) {
        if (is_somebody) {
            learn(m, box, what, out);
        }
        return; /* no question */
    }
    if (verdict == AUTH_UNSET && is_somebody && m->has_backend && ask_backend(m, peer, what, out) == RC_OK) {
        return; /* his answer is ours */
    }
    answer(peer, what->seq, verdict == AUTH_UNSET ? AUTH_REJECTED : verdict, card != NULL ? card->expires_utc_ms : 0, out);
}

static void close_question(struct manager *m, struct asked *a, enum auth_verdict verdict, int64_t expires_utc_ms, struct mfx_list *out)
{
    a->is_open = false;
    if (m->peer[a->peer].is_open && m->peer[a->peer].is_welcome && m->peer[a->peer].box == a->box) {
        answer(a->peer, a->seq, verdict, expires_utc_ms, out);
    }
}

void verdict_answered(struct manager *m, uint64_t ticket, enum auth_verdict verdict, int64_t expires_utc_ms, struct mfx_list *out)
{
    uint32_t i = (uint32_t)ticket - 1;

    CHECK(verdict > AUTH_UNSET);
    CHECK(verdict < AUTH_N);
    if (i < ASKED_MAX && m->asked[i].is_open && m->asked[i].use == (uint32_t)(ticket >> 32)) { /* not one that was too late */
        close_question(m, &m->asked[i], verdict, expires_utc_ms, out);
    }
}

void verdict_pass(struct manager *m, struct mfx_list *out)
{
    for (uint16_t i = 0; i < ASKED_MAX; i++) {
        if (m->asked[i].is_open && m->asked[i].until_ms <= m->now_ms) {
            close_question(m, &m->asked[i], AUTH_REJECTED, 0, out);
        }
    }
}

int64_t verdict_next_ms(const struct manager *m)
{
    int64_t next_ms = MS_FOREVER;

    for (uint16_t i = 0; i < ASKED_MAX; i++) {
        if (m->asked[i].is_open) {
            next_ms = min_i64(next_ms, m->asked[i].until_ms);
        }
    }
    return next_ms;
}
