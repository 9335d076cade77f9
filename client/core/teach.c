#include "client/core/teach.h"

#include <stddef.h>

#include "common/base/check.h"
#include "common/base/units.h"

#define B(state) SM_BIT(state)

const struct sm_row teach_rows[TEACH_STATE_N] = {
    [TEACH_OFF] = {"off", B(TEACH_SHOWN) | B(TEACH_LEARN) | B(TEACH_REGISTER), SM_START},
    [TEACH_SHOWN] = {"shown", B(TEACH_OFF) | B(TEACH_CONFIRM), 0},
    [TEACH_CONFIRM] = {"confirm", B(TEACH_OFF), 0},
    [TEACH_LEARN] = {"learn", B(TEACH_OFF), 0},
    [TEACH_REGISTER] = {"register", B(TEACH_OFF), 0},
};

static void move(struct teach *t, enum teach_state to, int64_t until_ms)
{
    sm_move(teach_rows, TEACH_STATE_N, &t->state, (int)to);
    t->until_ms = until_ms;
}

void teach_init(struct teach *t)
{
    *t = (struct teach){.state = TEACH_OFF, .until_ms = MS_FOREVER};
}

static void end(struct teach *t)
{
    if (t->state != TEACH_OFF) {
        move(t, TEACH_OFF, MS_FOREVER);
    }
}

static bool is_kind(const struct teach_in *in, const struct card_uid *uid, enum card_kind kind)
{
    const struct card *c = card_find(in->list, uid);

    return c != NULL && c->kind == kind && !c->is_blocked;
}

static enum teach_act from_off(struct teach *t, const struct teach_in *in, const struct card_uid *uid, int64_t now_ms)
{
    if (is_kind(in, uid, CARD_MASTER) && in->model == MODEL_CONNECT && in->may) {
        move(t, TEACH_SHOWN, now_ms + TEACH_NEXT_MS);
        return TEACH_MASTER;
    }
    if (!is_kind(in, uid, CARD_SETUP)) {
        return TEACH_NOTHING;
    }
    if (!in->may) {
        return TEACH_REFUSED; /* a setup card is no charging card */
    }
    move(t, TEACH_REGISTER, now_ms + TEACH_REGISTER_MS);
    return TEACH_BEGUN;
}

enum teach_act teach_card(struct teach *t, const struct teach_in *in, const struct card_uid *uid, int64_t now_ms)
{
    switch ((enum teach_state)t->state) {
    case TEACH_OFF:
        return from_off(t, in, uid, now_ms);
    case TEACH_SHOWN:
        if (is_kind(in, uid, CARD_MASTER)) {
            end(t);
            return TEACH_NOTHING; /* the same card again takes back what it had released */
        }
        move(t, TEACH_CONFIRM, now_ms + TEACH_NEXT_MS);
        t->fresh = *uid;
        return TEACH_READ;
    case TEACH_CONFIRM:
        end(t);
        return is_kind(in, uid, CARD_MASTER) ? TEACH_CARD : TEACH_REFUSED;
    case TEACH_LEARN:
        end(t);
        return TEACH_NEW_MASTER;
    case TEACH_REGISTER:
        if (is_kind(in, uid, CARD_SETUP)) {
            end(t);
            return TEACH_ENDED;
        }
        t->until_ms = now_ms + TEACH_REGISTER_MS;
        return TEACH_ENTRY;
    case TEACH_STATE_N:
        break;
    }
    CHECK(t->state < TEACH_STATE_N);
    return TEACH_NOTHING;
}

enum teach_act teach_vehicle(struct teach *t, int64_t now_ms)
{
    if (t->state != TEACH_REGISTER) {
        return TEACH_NOTHING;
    }
    t->until_ms = now_ms + TEACH_REGISTER_MS;
    return TEACH_ENTRY;
}

void teach_learn(struct teach *t, int64_t now_ms)
{
    end(t);
    move(t, TEACH_LEARN, now_ms + TEACH_LEARN_MS);
}

void teach_register(struct teach *t, bool is_on, int64_t now_ms)
{
    end(t);
    if (is_on) {
        move(t, TEACH_REGISTER, now_ms + TEACH_REGISTER_MS);
    }
}

enum teach_act teach_step(struct teach *t, const struct teach_in *in, int64_t now_ms)
{
    bool is_card = t->state == TEACH_SHOWN || t->state == TEACH_CONFIRM;
    int from = t->state;

    if (t->until_ms > now_ms && (!is_card || in->may)) {
        return TEACH_NOTHING;
    }
    end(t);
    if (from == TEACH_CONFIRM) {
        return TEACH_REFUSED;
    }
    return from == TEACH_REGISTER ? TEACH_ENDED : TEACH_NOTHING;
}

bool teach_is_on(const struct teach *t)
{
    return t->state == TEACH_CONFIRM || t->state == TEACH_LEARN || t->state == TEACH_REGISTER;
}

int64_t teach_next_ms(const struct teach *t)
{
    return t->until_ms;
}
