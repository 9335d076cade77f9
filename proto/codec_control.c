/* Messages by which the manager looks after a wallbox: commands, configuration, log, update. */
#include <string.h>

#include "proto/codec_parts.h"

SAME_NUMBER(FLEET__COMMAND_KIND__, COMMAND_START)
SAME_NUMBER(FLEET__COMMAND_KIND__, COMMAND_STOP)
SAME_NUMBER(FLEET__COMMAND_KIND__, COMMAND_PAUSE)
SAME_NUMBER(FLEET__COMMAND_KIND__, COMMAND_RESUME)
SAME_NUMBER(FLEET__COMMAND_KIND__, COMMAND_RESTART)
SAME_NUMBER(FLEET__COMMAND_KIND__, COMMAND_UNLOCK)
SAME_NUMBER(FLEET__COMMAND_KIND__, COMMAND_LED_BRIGHTNESS)
SAME_NUMBER(FLEET__COMMAND_KIND__, COMMAND_LOCAL_CURRENT)
SAME_NUMBER(FLEET__COMMAND_KIND__, COMMAND_SERVICE_MODE)
SAME_NUMBER(FLEET__COMMAND_KIND__, COMMAND_SHOWROOM_MODE)
SAME_NUMBER(FLEET__COMMAND_KIND__, COMMAND_CARD_REGISTRATION)
SAME_NUMBER(FLEET__COMMAND_KIND__, COMMAND_AVAILABILITY)
SAME_NUMBER(FLEET__CARD_KIND__, CARD_USER)
SAME_NUMBER(FLEET__CARD_KIND__, CARD_MASTER)
SAME_NUMBER(FLEET__CARD_KIND__, CARD_SETUP)
SAME_NUMBER(FLEET__RESULT_KIND__, RESULT_DONE)
SAME_NUMBER(FLEET__RESULT_KIND__, RESULT_REFUSED)
SAME_NUMBER(FLEET__RESULT_KIND__, RESULT_UNSUPPORTED)
SAME_NUMBER(FLEET__RESULT_KIND__, RESULT_FAILED)

void put_command(const struct msg *from, struct codec_wire *to)
{
    Fleet__Command *w = &to->command;

    fleet__command__init(w);
    to->envelope.command = w;
    PUT(w, seq, from->command.seq);
    PUT(w, kind, (Fleet__CommandKind)from->command.kind);
    PUT(w, value, from->command.value);
}

void take_command(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    to->command.seq = TAKE_U32(t, e->command, seq);
    to->command.kind = TAKE_ENUM(t, e->command, kind, enum command_kind, COMMAND_N);
    to->command.value = TAKE_I32(t, e->command, value);
}

/* CommandResult and UpdateResult. */
void put_result(const struct msg *from, struct codec_wire *to)
{
    const struct msg_result *m = &from->result;
    Fleet__Result *w = &to->result;

    fleet__result__init(w);
    if (from->kind == MSG_COMMAND_RESULT) {
        to->envelope.command_result = w;
    } else {
        to->envelope.update_result = w;
    }
    PUT(w, seq, m->seq);
    PUT(w, result, (Fleet__ResultKind)m->result);
    PUT_TEXT(w, text, m->text);
}

void take_result(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    const Fleet__Result *w = to->kind == MSG_COMMAND_RESULT ? e->command_result : e->update_result;
    struct msg_result *m = &to->result;

    m->seq = TAKE_U32(t, w, seq);
    m->result = TAKE_ENUM(t, w, result, enum result_kind, RESULT_N);
    TAKE_TEXT(t, w, text, m->text);
}

static void put_cards(const struct msg_config_set *m, struct codec_wire *to)
{
    Fleet__ConfigSet *w = &to->config_set;

    if (!m->has_cards) {
        return;
    }
    PUT(w, cards_from, m->cards_from);
    PUT(w, cards_all_n, m->cards_all_n);
    for (uint16_t i = 0; i < m->cards_n; i++) {
        const struct msg_card *c = &m->cards[i];
        Fleet__Card *card = &to->card[i];

        fleet__card__init(card);
        PUT_UID(card, uid, &c->uid);
        PUT_TEXT(card, identity, c->identity);
        PUT(card, kind, (Fleet__CardKind)c->kind);
        PUT(card, blocked, c->blocked);
        PUT(card, expires_utc_ms, c->expires_utc_ms);
        to->cards[i] = card;
    }
    w->n_cards = m->cards_n;
    w->cards = to->cards;
}

static void take_card(const Fleet__Card *w, struct codec_take *t, struct msg_card *out)
{
    memset(out, 0, sizeof *out);
    TAKE_UID(t, w, uid, &out->uid);
    TAKE_TEXT(t, w, identity, out->identity);
    out->kind = TAKE_ENUM(t, w, kind, enum card_kind, CARD_KIND_N);
    out->blocked = TAKE_BOOL(t, w, blocked);
    out->expires_utc_ms = TAKE_I64(t, w, expires_utc_ms);
}

static void take_cards(const Fleet__ConfigSet *w, struct codec_take *t, struct msg_config_set *m)
{
    struct msg_card *cards;

    m->has_cards = w->has_cards_all_n != 0;
    m->cards_from = MAY_U32(t, w, cards_from);
    m->cards_all_n = MAY_U32(t, w, cards_all_n);
    if (w->n_cards == 0) {
        return;
    }
    if (w->n_cards > CARD_CHUNK_MAX) {
        codec_wrong(t, RC_RANGE, "cards");
        return;
    }
    cards = codec_arena_take(t->arena, w->n_cards * sizeof cards[0]);
    if (cards == NULL) {
        codec_wrong(t, RC_MALFORMED, "cards");
        return;
    }
    for (size_t i = 0; i < w->n_cards; i++) {
        take_card(w->cards[i], t, &cards[i]);
    }
    m->cards_n = (uint16_t)w->n_cards;
    m->cards = cards;
}

void put_config_set(const struct msg *from, struct codec_wire *to)
{
    const struct msg_config_set *m = &from->config_set;
    Fleet__ConfigSet *w = &to->config_set;

    fleet__config_set__init(w);
    to->envelope.config_set = w;
    PUT(w, epoch, m->epoch);
    PUT(w, version, m->version);
    PUT(w, max_ma, m->max_ma);
    PUT(w, status_ms, m->status_ms);
    PUT(w, authorization, m->authorization);
    PUT(w, commissioned, m->commissioned);
    put_cards(m, to);
}

void take_config_set(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    const Fleet__ConfigSet *w = e->config_set;
    struct msg_config_set *m = &to->config_set;

    m->epoch = TAKE_U64(t, w, epoch);
    m->version = TAKE_U32(t, w, version);
    m->max_ma = TAKE_I32(t, w, max_ma);
    m->status_ms = TAKE_I32(t, w, status_ms);
    m->authorization = TAKE_BOOL(t, w, authorization);
    m->commissioned = TAKE_BOOL(t, w, commissioned);
    take_cards(w, t, m);
}

void put_config_ack(const struct msg *from, struct codec_wire *to)
{
    Fleet__ConfigAck *w = &to->config_ack;

    fleet__config_ack__init(w);
    to->envelope.config_ack = w;
    PUT(w, version, from->config_ack.version);
    PUT(w, result, (Fleet__ResultKind)from->config_ack.result);
}

void take_config_ack(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    to->config_ack.version = TAKE_U32(t, e->config_ack, version);
    to->config_ack.result = TAKE_ENUM(t, e->config_ack, result, enum result_kind, RESULT_N);
}

void put_log_request(const struct msg *from, struct codec_wire *to)
{
    Fleet__LogRequest *w = &to->log_request;

    fleet__log_request__init(w);
    to->envelope.log_request = w;
    PUT(w, seq, from->log_request.seq);
    PUT(w, from_byte, from->log_request.from_byte);
    PUT(w, most_bytes, from->log_request.most_bytes);
}

void take_log_request(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    to->log_request.seq = TAKE_U32(t, e->log_request, seq);
    to->log_request.from_byte = TAKE_U64(t, e->log_request, from_byte);
    to->log_request.most_bytes = TAKE_U32(t, e->log_request, most_bytes);
}

/* LogChunk and UpdateChunk. */
void put_chunk(const struct msg *from, struct codec_wire *to)
{
    const struct msg_chunk *m = &from->chunk;
    Fleet__Chunk *w = &to->chunk;

    fleet__chunk__init(w);
    if (from->kind == MSG_LOG_CHUNK) {
        to->envelope.log_chunk = w;
    } else {
        to->envelope.update_chunk = w;
    }
    PUT(w, seq, m->seq);
    PUT(w, offset_bytes, m->offset_bytes);
    PUT(w, last, m->last);
    w->bytes = codec_data(m->bytes, m->bytes_len);
    w->has_bytes = m->bytes_len > 0;
}

void take_chunk(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    const Fleet__Chunk *w = to->kind == MSG_LOG_CHUNK ? e->log_chunk : e->update_chunk;
    struct msg_chunk *m = &to->chunk;

    m->seq = TAKE_U32(t, w, seq);
    m->offset_bytes = TAKE_U64(t, w, offset_bytes);
    m->last = TAKE_BOOL(t, w, last);
    if (!w->has_bytes || w->bytes.len == 0) {
        return;
    }
    if (w->bytes.len > CHUNK_MAX) {
        codec_wrong(t, RC_RANGE, "bytes");
        return;
    }
    m->bytes_len = (uint16_t)w->bytes.len;
    m->bytes = w->bytes.data;
}

void put_update_offer(const struct msg *from, struct codec_wire *to)
{
    const struct msg_update_offer *m = &from->update_offer;
    Fleet__UpdateOffer *w = &to->update_offer;

    fleet__update_offer__init(w);
    to->envelope.update_offer = w;
    PUT(w, seq, m->seq);
    PUT_TEXT(w, version, m->version);
    PUT(w, size_bytes, m->size_bytes);
    PUT_BYTES(w, sha256, m->sha256, sizeof m->sha256);
}

void take_update_offer(const Fleet__Envelope *e, struct codec_take *t, struct msg *to)
{
    const Fleet__UpdateOffer *w = e->update_offer;
    struct msg_update_offer *m = &to->update_offer;

    m->seq = TAKE_U32(t, w, seq);
    TAKE_TEXT(t, w, version, m->version);
    m->size_bytes = TAKE_U64(t, w, size_bytes);
    TAKE_BYTES(t, w, sha256, m->sha256);
}
