#include "client/core/authorize.h"

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"

#define B(state) SM_BIT(state)

const struct sm_row authorize_rows[AUTHORIZE_STATE_N] = {
    [AUTHORIZE_NONE] = {"none", B(AUTHORIZE_ASKING) | B(AUTHORIZE_RELEASED) | B(AUTHORIZE_ACTIVE), SM_START},
    [AUTHORIZE_ASKING] = {"asking", B(AUTHORIZE_NONE) | B(AUTHORIZE_RELEASED) | B(AUTHORIZE_ACTIVE), 0},
    [AUTHORIZE_RELEASED] = {"released", B(AUTHORIZE_NONE) | B(AUTHORIZE_ACTIVE), 0},
    [AUTHORIZE_ACTIVE] = {"active", B(AUTHORIZE_NONE), 0},
};

static void move(struct authorize *a, enum authorize_state to, int64_t until_ms)
{
    sm_move(authorize_rows, AUTHORIZE_STATE_N, &a->state, (int)to);
    a->until_ms = until_ms;
}

static void forget(struct authorize *a)
{
    if (a->state != AUTHORIZE_NONE) {
        move(a, AUTHORIZE_NONE, MS_FOREVER);
    }
    a->uid = (struct card_uid){.len = 0};
    a->identity[0] = '\0';
}

void authorize_init(struct authorize *a)
{
    *a = (struct authorize){.state = AUTHORIZE_NONE, .until_ms = MS_FOREVER};
}

void authorize_adopt(struct authorize *a, const struct card_uid *uid, const char *identity)
{
    enum rc rc = text_copy(a->identity, sizeof a->identity, identity);

    CHECK(rc == RC_OK);
    a->uid = *uid;
    move(a, AUTHORIZE_ACTIVE, MS_FOREVER);
}

void authorize_cancel(struct authorize *a)
{
    forget(a);
}

static enum authorize_act accept(struct authorize *a, const struct authorize_in *in, int64_t now_ms)
{
    if (in->is_plugged) {
        move(a, AUTHORIZE_ACTIVE, MS_FOREVER);
    } else {
        move(a, AUTHORIZE_RELEASED, now_ms + in->release_ms);
    }
    return AUTHORIZE_ACCEPTED;
}

static enum authorize_act reject(struct authorize *a)
{
    forget(a);
    return AUTHORIZE_REJECTED;
}

/* What the list says about who is at the reader or at the cable. */
static enum auth_verdict listed(const struct authorize *a, const struct authorize_in *in)
{
    return a->uid.len > 0 ? card_judge(in->list, &a->uid, in->utc_ms) : card_judge_vehicle(in->list, a->identity, in->utc_ms);
}

static enum authorize_act decide_alone(struct authorize *a, const struct authorize_in *in, int64_t now_ms)
{
    enum auth_verdict verdict = listed(a, in);
    bool is_known = verdict == AUTH_ACCEPTED && in->offline >= AUTHORIZE_OFFLINE_LISTED;
    bool is_any = verdict == AUTH_UNSET && in->offline >= AUTHORIZE_OFFLINE_ALL;

    return is_known || is_any ? accept(a, in, now_ms) : reject(a);
}

/* Somebody new wants to charge: a->uid or a->identity. */
static enum authorize_act judge(struct authorize *a, const struct authorize_in *in, int64_t now_ms)
{
    if (in->is_local_first && listed(a, in) == AUTH_ACCEPTED) {
        return accept(a, in, now_ms);
    }
    if (!in->is_online) {
        return decide_alone(a, in, now_ms);
    }
    a->seq++;
    move(a, AUTHORIZE_ASKING, now_ms + AUTHORIZE_ANSWER_MS);
    return AUTHORIZE_ASK;
}

enum authorize_act authorize_card(struct authorize *a, const struct authorize_in *in, const struct card_uid *uid, int64_t now_ms)
{
    CHECK(uid->len > 0);
    switch ((enum authorize_state)a->state) {
    case AUTHORIZE_NONE:
        a->uid = *uid;
        a->identity[0] = '\0';
        return judge(a, in, now_ms);
    case AUTHORIZE_ASKING: /* one question at a time */
        return AUTHORIZE_NOTHING;
    case AUTHORIZE_RELEASED:
    case AUTHORIZE_ACTIVE:
        if (!card_uid_same(uid, &a->uid)) {
            return AUTHORIZE_REJECTED; /* nobody else can end it (SR-095) */
        }
        if (a->state == AUTHORIZE_RELEASED) {
            forget(a);
            return AUTHORIZE_TAKEN_BACK;
        }
        forget(a);
        return AUTHORIZE_ENDED;
    case AUTHORIZE_STATE_N:
        break;
    }
    CHECK(a->state < AUTHORIZE_STATE_N);
    return AUTHORIZE_NOTHING;
}

enum authorize_act authorize_vehicle(struct authorize *a, const struct authorize_in *in, const char *identity, int64_t now_ms)
{
    if (a->state != AUTHORIZE_NONE || !in->is_plugged || text_copy(a->identity, sizeof a->identity, identity) != RC_OK || identity[0] == '\0') {
        return AUTHORIZE_NOTHING;
    }
    a->uid = (struct card_uid){.len = 0};
    return judge(a, in, now_ms);
}

enum authorize_act authorize_answer(struct authorize *a, const struct authorize_in *in, const struct msg_authorize_result *m, int64_t now_ms)
{
    if (a->state != AUTHORIZE_ASKING || m->seq != a->seq) {
        return AUTHORIZE_NOTHING;
    }
    return m->verdict == AUTH_ACCEPTED ? accept(a, in, now_ms) : reject(a);
}

enum authorize_act authorize_step(struct authorize *a, const struct authorize_in *in, int64_t now_ms)
{
    bool is_over = a->until_ms <= now_ms;

    switch ((enum authorize_state)a->state) {
    case AUTHORIZE_NONE:
        break;
    case AUTHORIZE_ASKING:
        if (a->uid.len == 0 && !in->is_plugged) { /* the vehicle that was asked for has gone */
            forget(a);
        } else if (is_over || !in->is_online) {
            return decide_alone(a, in, now_ms);
        }
        break;
    case AUTHORIZE_RELEASED:
        if (is_over) {
            forget(a);
            return AUTHORIZE_EXPIRED;
        }
        if (in->is_plugged) {
            move(a, AUTHORIZE_ACTIVE, MS_FOREVER);
        }
        break;
    case AUTHORIZE_ACTIVE:
        if (!in->is_plugged) {
            forget(a);
        }
        break;
    case AUTHORIZE_STATE_N:
        break;
    }
    return AUTHORIZE_NOTHING;
}

bool authorize_is_released(const struct authorize *a)
{
    return a->state == AUTHORIZE_RELEASED || a->state == AUTHORIZE_ACTIVE;
}

int64_t authorize_next_ms(const struct authorize *a)
{
    return a->until_ms;
}
