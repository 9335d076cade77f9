#include "proto/codec.h"

#include <string.h>

#include "common/base/check.h"
#include "proto/codec_parts.h"

#define ARENA_ALIGN 16u

#define SAME_KIND(name, text) SAME_NUMBER(FLEET__ENVELOPE__, name)
MSG_LIST(SAME_KIND)

struct codec_row {
    codec_put *put;
    codec_taker *take;
};

static const struct codec_row rows[MSG_N] = {
    [MSG_HELLO] = {put_hello, take_hello},
    [MSG_WELCOME] = {put_welcome, take_welcome},
    [MSG_REJECT] = {put_reject, take_reject},
    [MSG_STATUS] = {put_status, take_status},
    [MSG_GRANT] = {put_grant, take_grant},
    [MSG_FALLBACK_SET] = {put_fallback_set, take_fallback_set},
    [MSG_FALLBACK_ACK] = {put_fallback_ack, take_fallback_ack},
    [MSG_AUTHORIZE] = {put_authorize, take_authorize},
    [MSG_AUTHORIZE_RESULT] = {put_authorize_result, take_authorize_result},
    [MSG_SESSION_STARTED] = {put_session_started, take_session_started},
    [MSG_SESSION_RECORD] = {put_session_record, take_session_record},
    [MSG_RECORD_ACK] = {put_record_ack, take_record_ack},
    [MSG_FAULT_RAISED] = {put_fault, take_fault},
    [MSG_FAULT_CLEARED] = {put_fault, take_fault},
    [MSG_COMMAND] = {put_command, take_command},
    [MSG_COMMAND_RESULT] = {put_result, take_result},
    [MSG_CONFIG_SET] = {put_config_set, take_config_set},
    [MSG_CONFIG_ACK] = {put_config_ack, take_config_ack},
    [MSG_LOG_REQUEST] = {put_log_request, take_log_request},
    [MSG_LOG_CHUNK] = {put_chunk, take_chunk},
    [MSG_UPDATE_OFFER] = {put_update_offer, take_update_offer},
    [MSG_UPDATE_CHUNK] = {put_chunk, take_chunk},
    [MSG_UPDATE_RESULT] = {put_result, take_result},
    [MSG_GOODBYE] = {put_goodbye, take_goodbye},
    [MSG_PAIR_REQUEST] = {put_pair_request, take_pair_request},
    [MSG_PAIR_PROOF] = {put_pair_proof, take_pair_proof},
};

enum rc codec_encode(const struct msg *m, uint8_t *out, size_t out_cap, size_t *out_len)
{
    struct codec_wire w;
    const char *field;
    size_t len;

    if (msg_check(m, &field) != RC_OK) {
        return RC_RANGE;
    }
    fleet__envelope__init(&w.envelope);
    w.envelope.msg_case = (Fleet__Envelope__MsgCase)m->kind;
    rows[m->kind].put(m, &w);
    len = fleet__envelope__get_packed_size(&w.envelope);
    if (len > out_cap || len > FRAME_MAX) {
        return RC_FULL;
    }
    *out_len = fleet__envelope__pack(&w.envelope, out);
    CHECK(*out_len == len);
    return RC_OK;
}

void *codec_arena_take(struct codec_arena *arena, size_t len)
{
    size_t left = CODEC_ARENA_LEN - arena->used_len;
    uint8_t *at = arena->at + arena->used_len;

    if (len > left) {
        return NULL;
    }
    len = (len + ARENA_ALIGN - 1) / ARENA_ALIGN * ARENA_ALIGN; /* the arena's length is a multiple, so this still fits */
    arena->used_len += len;
    return at;
}

static void *allocate(void *arena, size_t len)
{
    return codec_arena_take(arena, len);
}

static void release(void *arena, void *at)
{
    (void)arena; /* the next message starts the arena anew */
    (void)at;
}

enum rc codec_decode(struct codec_arena *arena, const uint8_t *bytes, size_t len, struct msg *out, const char **out_field)
{
    ProtobufCAllocator allocator = {.alloc = allocate, .free = release, .allocator_data = arena};
    struct codec_take t = {.arena = arena, .rc = RC_OK};
    Fleet__Envelope *e = NULL;
    struct msg m;

    _Static_assert(CODEC_ARENA_LEN % ARENA_ALIGN == 0, "pieces of the arena are rounded up");
    arena->used_len = 0;
    if (len > 0 && len <= FRAME_MAX) {
        e = fleet__envelope__unpack(&allocator, len, bytes);
    }
    if (e == NULL || e->msg_case == FLEET__ENVELOPE__MSG__NOT_SET) {
        *out_field = "envelope";
        return e != NULL && e->base.n_unknown_fields > 0 ? RC_MISSING : RC_MALFORMED;
    }
    memset(&m, 0, sizeof m); /* what a message may leave out stays 0, in every member of the union */
    m.kind = (enum msg_kind)e->msg_case;
    CHECK(m.kind < MSG_N);
    rows[m.kind].take(e, &t, &m);
    if (t.field != NULL) {
        *out_field = t.field;
        return t.rc;
    }
    if (msg_check(&m, out_field) != RC_OK) {
        return RC_RANGE;
    }
    *out = m;
    return RC_OK;
}

void codec_wrong(struct codec_take *t, enum rc rc, const char *field)
{
    if (t->field == NULL) {
        t->rc = rc;
        t->field = field;
    }
}

int64_t codec_int(struct codec_take *t, bool has, int64_t value, int64_t min, int64_t max, const char *field)
{
    if (!has) {
        codec_wrong(t, RC_MALFORMED, field);
        return min;
    }
    if (value < min || value > max) {
        codec_wrong(t, RC_RANGE, field);
        return min;
    }
    return value;
}

uint64_t codec_uint(struct codec_take *t, bool has, uint64_t value, uint64_t max, const char *field)
{
    if (!has) {
        codec_wrong(t, RC_MALFORMED, field);
        return 0;
    }
    if (value > max) {
        codec_wrong(t, RC_RANGE, field);
        return 0;
    }
    return value;
}

void codec_bytes(struct codec_take *t, bool has, ProtobufCBinaryData from, uint8_t *out, size_t len, const char *field)
{
    memset(out, 0, len);
    if (!has) {
        codec_wrong(t, RC_MALFORMED, field);
    } else if (from.len != len) {
        codec_wrong(t, RC_RANGE, field);
    } else {
        memcpy(out, from.data, len);
    }
}

void codec_text(struct codec_take *t, bool has, ProtobufCBinaryData from, char *out, size_t cap, const char *field)
{
    memset(out, 0, cap);
    if (!has || from.len == 0) {
        return;
    }
    if (from.len >= cap || memchr(from.data, '\0', from.len) != NULL) {
        codec_wrong(t, RC_RANGE, field);
        return;
    }
    memcpy(out, from.data, from.len);
}

void codec_uid(struct codec_take *t, bool has, ProtobufCBinaryData from, struct card_uid *out)
{
    *out = (struct card_uid){.len = 0};
    if (!has || from.len == 0) {
        return;
    }
    if (from.len > UID_MAX) {
        codec_wrong(t, RC_RANGE, "uid");
        return;
    }
    memcpy(out->at, from.data, from.len);
    out->len = (uint8_t)from.len;
}

ProtobufCBinaryData codec_data(const void *at, size_t len)
{
    return (ProtobufCBinaryData){.len = len, .data = (uint8_t *)at};
}

ProtobufCBinaryData codec_text_data(const char *text)
{
    return codec_data(text, strlen(text));
}
