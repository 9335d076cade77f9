/* The list of cards on its way to the wallboxes, which decide by it when we are away (spec 06 6.3, PROTOCOL.md 5): to each the entries that
 * are valid there, one part at a time, the next when the wallbox has stored the one before. Nothing is sent while the rule is "as set at each
 * wallbox" (params, authorization_rule), or before a list is known. */
#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "manager/core/state.h"

#define CARDS_MINOR 1 /* of the protocol, since which a list can be sent */

enum { RULE_LOCAL, RULE_CARD, RULE_FREE };

static bool is_reachable(const struct manager *m, uint16_t box)
{
    const struct box *b = &m->box[box];

    return b->peer != PEER_NONE && m->peer[b->peer].is_welcome && m->peer[b->peer].protocol_minor >= CARDS_MINOR;
}

static bool is_due(const struct manager *m, uint16_t box)
{
    const struct whitelist *w = &m->whitelist[box];
    bool is_done = w->done_version == m->cards->version && w->boot_id == m->box[box].boot_id;
    bool is_waiting = w->is_sent && w->version == m->cards->version && m->now_ms < w->sent_ms + WHITELIST_RETRY_MS;

    return is_reachable(m, box) && !is_done && !is_waiting;
}

/* Entries from place `from` of those valid at a wallbox; returns how many there are in all. */
static uint32_t fill(const struct manager *m, uint16_t box, uint32_t from, struct msg_card chunk[CARD_CHUNK_MAX], uint16_t *out_n)
{
    uint32_t all_n = 0;

    *out_n = 0;
    for (uint16_t i = 0; i < m->cards->n; i++) {
        const struct fleet_card *c = &m->cards->at[i];

        if (!fleet_card_is_at(c, box)) {
            continue;
        }
        if (all_n >= from && *out_n < CARD_CHUNK_MAX) {
            struct msg_card *card = &chunk[(*out_n)++];

            *card = (struct msg_card){.uid = c->uid, .kind = c->kind, .blocked = c->is_blocked, .expires_utc_ms = c->expires_utc_ms};
            CHECK(text_copy(card->identity, sizeof card->identity, c->identity) == RC_OK);
        }
        all_n++;
    }
    return all_n;
}

static void send(struct manager *m, uint16_t box, struct msg_card chunk[CARD_CHUNK_MAX], struct mfx_list *out)
{
    struct whitelist *w = &m->whitelist[box];
    struct msg msg = {.kind = MSG_CONFIG_SET};
    uint16_t n = 0;

    if (w->version != m->cards->version || w->boot_id != m->box[box].boot_id) {
        *w = (struct whitelist){.boot_id = m->box[box].boot_id, .version = m->cards->version};
    }
    msg.config_set = (struct msg_config_set){.epoch = m->epoch,
                                             .version = w->version,
                                             .max_ma = m->site->box[box].max_ma,
                                             .status_ms = m->params->status_ms,
                                             .authorization = m->params->authorization_rule == RULE_CARD,
                                             .commissioned = true,
                                             .has_cards = true,
                                             .cards_from = w->from};
    msg.config_set.cards_all_n = fill(m, box, w->from, chunk, &n);
    msg.config_set.cards_n = n;
    msg.config_set.cards = chunk;
    w->is_sent = true;
    w->sent_ms = m->now_ms;
    w->sent_n = n;
    w->is_last = w->from + n >= msg.config_set.cards_all_n;
    fx_send(out, m->box[box].peer, &msg);
}

void whitelist_run(struct manager *m, struct mfx_list *out)
{
    int sent_n = 0;

    if (whitelist_next_ms(m) > m->now_ms) {
        return;
    }
    m->is_whitelist_due = false;
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        if (!is_due(m, i)) {
            continue;
        }
        if (sent_n == WHITELIST_STEP_MAX) {
            m->is_whitelist_due = true; /* the next step goes on */
            return;
        }
        send(m, i, m->chunk[sent_n++], out);
    }
}

void whitelist_acked(struct manager *m, uint16_t box, const struct msg_config_ack *ack)
{
    struct whitelist *w = &m->whitelist[box];

    if (!w->is_sent || ack->version != w->version) {
        return;
    }
    w->is_sent = false;
    w->from += w->sent_n;
    if (w->is_last) { /* what did not fit at the wallbox is asked for here */
        w->done_version = w->version;
        w->from = 0;
    }
    m->is_whitelist_due = true;
}

int64_t whitelist_next_ms(const struct manager *m)
{
    int64_t next_ms = MS_FOREVER;

    if (m->cards == NULL || m->params->authorization_rule == RULE_LOCAL || m->epoch_state != EPOCH_VALID) {
        return MS_FOREVER;
    }
    if (m->is_whitelist_due) {
        return m->now_ms;
    }
    for (uint16_t i = 0; i < m->site->box_n; i++) {
        if (m->whitelist[i].is_sent && is_reachable(m, i)) {
            next_ms = min_i64(next_ms, m->whitelist[i].sent_ms + WHITELIST_RETRY_MS);
        }
    }
    return next_ms;
}
