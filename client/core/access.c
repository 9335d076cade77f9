/* Who may charge: what readers, vehicles, buttons and the manager's answers lead to (spec 06 6.3). */
#include "client/core/inside.h"

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"

bool client_wants_card(const struct client *c)
{
    return c->want.has_config ? c->want.authorization : client_params_authorization(c->params);
}

static struct authorize_in rules(const struct client *c)
{
    return (struct authorize_in){.list = &c->cards.list,
                                 .is_online = client_is_linked(c),
                                 .is_plugged = c->is_plugged,
                                 .is_local_first = c->params->local_first == 1,
                                 .offline = c->params->offline_cards,
                                 .release_ms = c->params->release_ms,
                                 .utc_ms = c->utc_ms};
}

/* Programming needs an empty wallbox that nobody else has released and that nothing is wrong with: then the mode symbol of a Connect is blue and
 * the bar of a Plus steady blue (SR-101, SR-102, SR-115). */
static struct teach_in teaching(const struct client *c)
{
    bool is_released = c->authorize.state != AUTHORIZE_NONE && c->teach.state == TEACH_OFF;
    bool is_well = !cfault_blocks(&c->fault) && !modes_forbid(&c->modes) && !cfault_has(&c->fault, CFAULT_MODULE);

    return (struct teach_in){.model = c->params->model, .list = &c->cards.list, .may = !c->is_plugged && !is_released && is_well};
}

static void sign(struct client *c, enum auth_verdict verdict)
{
    c->reader.sign = verdict;
    c->reader.sign_ms = c->now_ms;
    client_tone(c, verdict == AUTH_ACCEPTED ? TONE_ACCEPTED : TONE_REJECTED);
}

/* Something was registered here: keep it, and let the manager know. */
static void taught(struct client *c, const struct card_uid *uid, const char *identity)
{
    struct msg m = {.kind = MSG_AUTHORIZE, .authorize = {.taught = true}};
    enum rc rc = text_copy(m.authorize.identity, sizeof m.authorize.identity, identity);

    CHECK(rc == RC_OK);
    c->cards.is_changed = true;
    if (client_is_linked(c)) {
        c->authorize.seq++;
        m.authorize.seq = c->authorize.seq;
        m.authorize.uid = *uid;
        client_send(c, &m);
    }
}

static bool put(struct client *c, const struct card_uid *uid, enum card_kind kind)
{
    struct card card = {.uid = *uid, .kind = kind, .colour = kind == CARD_MASTER ? CARD_WHITE : CARD_PLAIN, .is_local = true};

    if (card_put(&c->cards.list, &card) != RC_OK) {
        return false;
    }
    taught(c, uid, "");
    return true;
}

static bool put_vehicle(struct client *c, const char *identity)
{
    struct card_vehicle v = {.is_local = true};
    struct card_uid none = {.len = 0};

    if (text_copy(v.identity, sizeof v.identity, identity) != RC_OK || card_put_vehicle(&c->cards.list, &v) != RC_OK) {
        return false;
    }
    taught(c, &none, identity);
    return true;
}

static void ask(struct client *c)
{
    struct msg m = {.kind = MSG_AUTHORIZE, .authorize = {.seq = c->authorize.seq, .uid = c->authorize.uid}};
    enum rc rc = text_copy(m.authorize.identity, sizeof m.authorize.identity, c->authorize.identity);

    CHECK(rc == RC_OK);
    client_send(c, &m);
}

static void follow(struct client *c, enum authorize_act act)
{
    if (act != AUTHORIZE_NOTHING) {
        client_note(c, CNOTE_CARD, (int64_t)act, 0);
    }
    switch (act) {
    case AUTHORIZE_ASK:
        ask(c);
        break;
    case AUTHORIZE_ACCEPTED:
        c->refused = false;
        sign(c, AUTH_ACCEPTED);
        break;
    case AUTHORIZE_REJECTED:
        sign(c, AUTH_REJECTED);
        break;
    case AUTHORIZE_TAKEN_BACK:
        client_tone(c, TONE_READ);
        break;
    case AUTHORIZE_ENDED:
        c->refused = true;
        c->refuse_end = END_CARD;
        c->released = false;
        sign(c, AUTH_ACCEPTED);
        break;
    case AUTHORIZE_EXPIRED:
    case AUTHORIZE_NOTHING:
        break;
    }
}

/* True when the card is to be asked about as well. */
static bool follow_teaching(struct client *c, enum teach_act act, const struct card_uid *uid)
{
    bool is_good = true;

    if (act != TEACH_NOTHING) {
        client_note(c, CNOTE_TEACH, (int64_t)act, 0);
    }
    switch (act) {
    case TEACH_NOTHING:
    case TEACH_MASTER:
        return true;
    case TEACH_READ:
        authorize_cancel(&c->authorize); /* what the master had released */
        client_tone(c, TONE_READ);
        return false;
    case TEACH_CARD:
        is_good = put(c, &c->teach.fresh, CARD_USER);
        client_tone(c, TONE_ACCEPTED);
        break;
    case TEACH_NEW_MASTER:
        is_good = put(c, uid, CARD_MASTER);
        client_tone(c, TONE_ACCEPTED);
        break;
    case TEACH_ENTRY:
        is_good = put(c, uid, CARD_USER);
        client_tone(c, TONE_SHORT_TWICE);
        break;
    case TEACH_BEGUN:
        client_tone(c, TONE_SHORT);
        return false;
    case TEACH_ENDED:
        client_tone(c, TONE_LONG);
        return false;
    case TEACH_REFUSED:
        is_good = false;
        break;
    }
    if (!is_good) {
        sign(c, AUTH_REJECTED);
    }
    return false;
}

/* Without authorization a master or setup card still teaches; any other card does nothing. */
void client_card(struct client *c, const struct card_uid *uid)
{
    bool is_same = card_uid_same(uid, &c->reader.last) && c->reader.last_ms != MS_NEVER && c->reader.last_ms + CLIENT_READ_MS > c->now_ms;
    struct teach_in in = teaching(c);
    struct authorize_in who = rules(c);

    if (!card_uid_is_valid(uid)) {
        return;
    }
    c->reader.last = *uid;
    c->reader.last_ms = c->now_ms;
    if (is_same || !follow_teaching(c, teach_card(&c->teach, &in, uid, c->now_ms), uid)) {
        return;
    }
    if (client_wants_card(c) && client_is_commissioned(c) && !modes_forbid(&c->modes)) {
        follow(c, authorize_card(&c->authorize, &who, uid, c->now_ms));
    }
}

/* Plain letters, digits and signs: what a vehicle says goes to the manager and to people. */
static bool is_identity(const char *text)
{
    for (int i = 0; i < NAME_LEN; i++) {
        if (text[i] == '\0') {
            return i > 0;
        }
        if (text[i] < ' ' || text[i] > '~') {
            return false;
        }
    }
    return false;
}

void client_identity(struct client *c, const char *identity)
{
    enum rc rc = text_copy(c->reader.identity, sizeof c->reader.identity, is_identity(identity) ? identity : "");

    CHECK(rc == RC_OK);
    c->reader.is_identity_tried = false;
    if (c->reader.identity[0] == '\0' || teach_vehicle(&c->teach, c->now_ms) != TEACH_ENTRY) {
        return;
    }
    c->reader.is_identity_tried = true;
    client_note(c, CNOTE_TEACH, TEACH_ENTRY, 0);
    if (put_vehicle(c, c->reader.identity)) {
        client_tone(c, TONE_SHORT_TWICE);
    } else {
        sign(c, AUTH_REJECTED);
    }
}

static void erase(struct client *c)
{
    card_erase(&c->cards.list);
    c->cards.is_changed = true;
    c->want.learn_master = c->params->model == MODEL_CONNECT;
    authorize_cancel(&c->authorize);
    teach_init(&c->teach);
}

void client_button(struct client *c, enum board_button which, bool is_down)
{
    enum button_act act;

    if (which != BUTTON_SERVICE) { /* the touch button switches the charging mode, of which Fleet Charging has one */
        return;
    }
    act = button_moved(&c->button, is_down, c->now_ms);
    if (act == BUTTON_NOTHING) {
        return;
    }
    client_note(c, CNOTE_BUTTON, (int64_t)act, 0);
    if (act == BUTTON_ERASE) {
        erase(c);
    }
    client_restart(c);
}

/* The manager knows better than the list: what it says is remembered for the time without it. */
static void remember(struct client *c, const struct msg_authorize_result *m)
{
    const struct card *known = card_find(&c->cards.list, &c->authorize.uid);
    struct card card = {.uid = c->authorize.uid, .kind = CARD_USER, .expires_utc_ms = m->expires_utc_ms};

    if (c->authorize.uid.len == 0) {
        return;
    }
    if (m->verdict != AUTH_ACCEPTED) {
        card_forget(&c->cards.list, &c->authorize.uid);
        c->cards.is_changed = c->cards.is_changed || (known != NULL && !known->is_local);
    } else if (known == NULL || (!known->is_local && known->expires_utc_ms != m->expires_utc_ms)) {
        c->cards.is_changed = card_put(&c->cards.list, &card) == RC_OK || c->cards.is_changed; /* a full list remembers no more */
    }
}

void client_authorized(struct client *c, const struct msg_authorize_result *m)
{
    struct authorize_in who = rules(c);

    if (c->authorize.state == AUTHORIZE_ASKING && m->seq == c->authorize.seq) {
        remember(c, m);
    }
    follow(c, authorize_answer(&c->authorize, &who, m, c->now_ms));
}

/* A vehicle that has said who it is needs no card (SR-121). */
static void try_identity(struct client *c)
{
    struct authorize_in who = rules(c);

    if (c->reader.identity[0] == '\0' || c->reader.is_identity_tried || !c->is_plugged || c->refused || c->adopted) {
        return;
    }
    c->reader.is_identity_tried = true;
    if (client_wants_card(c) && client_is_commissioned(c) && !modes_forbid(&c->modes)) {
        follow(c, authorize_vehicle(&c->authorize, &who, c->reader.identity, c->now_ms));
    }
}

void client_access(struct client *c)
{
    struct teach_in in = teaching(c);
    struct authorize_in who = rules(c);
    enum teach_act act = teach_step(&c->teach, &in, c->now_ms);

    switch (button_step(&c->button, c->now_ms)) {
    case BUTTON_FIRST_TONE:
        client_tone(c, TONE_BUTTON_FIRST);
        break;
    case BUTTON_SECOND_TONE:
        client_tone(c, TONE_BUTTON_SECOND);
        break;
    case BUTTON_NOTHING:
    case BUTTON_RESTART:
    case BUTTON_ERASE:
        break;
    }
    (void)follow_teaching(c, act, &c->teach.fresh);
    if (client_board_fresh(c)) {
        follow(c, authorize_step(&c->authorize, &who, c->now_ms));
        try_identity(c);
    }
}

int64_t client_access_next_ms(const struct client *c)
{
    int64_t at_ms = min_i64(button_next_ms(&c->button), teach_next_ms(&c->teach));

    if (client_board_fresh(c)) {
        at_ms = min_i64(at_ms, authorize_next_ms(&c->authorize));
    }
    if (c->cards.is_changed && c->cards.ticket == 0) {
        at_ms = min_i64(at_ms, c->cards.try_ms);
    }
    return at_ms;
}

void client_cards_flush(struct client *c)
{
    struct cfx *fx;

    if (!c->cards.is_changed || c->cards.ticket != 0 || c->cards.try_ms > c->now_ms) {
        return;
    }
    c->cards.is_changed = false;
    c->cards.ticket = client_ticket(c);
    fx = client_fx(c, CFX_KEEP);
    fx->ticket = c->cards.ticket;
    fx->keep = c->have;
    fx->cards = &c->cards.list;
}

bool client_cards_stored(struct client *c, uint64_t ticket, bool stored)
{
    if (ticket != c->cards.ticket) {
        return false;
    }
    c->cards.ticket = 0;
    if (stored) {
        c->want.has_cards = true;
    } else {
        c->cards.is_changed = true;
        c->cards.try_ms = c->now_ms + CSESSION_RETRY_MS;
        client_note(c, CNOTE_STORE_FAILED, 0, 0);
    }
    return true;
}

bool client_cards_are_durable(const struct client *c)
{
    return !c->cards.is_changed && c->cards.ticket == 0;
}
