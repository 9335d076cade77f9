/* Inside of the codec, for codec*.c only: one pair of functions for each message, put_x (domain to protobuf) and take_x (back).
 *
 * put_x fills one body of the wire object; it cannot fail, the message was checked before. take_x reads an unpacked body; the first field
 * that is missing or does not fit is remembered and the rest is read all the same, so that no step needs its own error path.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fleet.pb-c.h"
#include "proto/codec.h"

/* Everything that packing one message needs: protobuf-c packs from structs that point to each other. */
struct codec_wire {
    Fleet__Envelope envelope;
    union {
        Fleet__Hello hello;
        Fleet__Welcome welcome;
        Fleet__Reject reject;
        Fleet__Status status;
        Fleet__Grant grant;
        Fleet__FallbackSet fallback_set;
        Fleet__FallbackAck fallback_ack;
        Fleet__Authorize authorize;
        Fleet__AuthorizeResult authorize_result;
        Fleet__SessionStarted session_started;
        Fleet__SessionRecord session_record;
        Fleet__RecordAck record_ack;
        Fleet__Fault fault;
        Fleet__Command command;
        Fleet__Result result;
        Fleet__ConfigSet config_set;
        Fleet__ConfigAck config_ack;
        Fleet__LogRequest log_request;
        Fleet__Chunk chunk;
        Fleet__UpdateOffer update_offer;
        Fleet__Goodbye goodbye;
        Fleet__PairRequest pair_request;
        Fleet__PairProof pair_proof;
    };
    int64_t drawn_ma[PHASE_N];
    int64_t voltage_mv[PHASE_N];
    uint64_t faults[FAULT_MAX];
    int64_t quarter_wh[QUARTER_MAX];
    Fleet__LightColour light_colour[LAMP_N];
    Fleet__LightMode light_mode[LAMP_N];
    Fleet__Card card[CARD_CHUNK_MAX];
    Fleet__Card *cards[CARD_CHUNK_MAX];
};

/* What went wrong while a message was taken. */
struct codec_take {
    struct codec_arena *arena;
    enum rc rc;        /* of the first wrong field */
    const char *field; /* its name, static; NULL while all is well */
};

typedef void codec_put(const struct msg *m, struct codec_wire *w);
typedef void codec_taker(const Fleet__Envelope *e, struct codec_take *t, struct msg *m);

#define CODEC_PAIR(x)  \
    codec_put put_##x; \
    codec_taker take_##x

CODEC_PAIR(hello);
CODEC_PAIR(welcome);
CODEC_PAIR(reject);
CODEC_PAIR(status);
CODEC_PAIR(grant);
CODEC_PAIR(fallback_set);
CODEC_PAIR(fallback_ack);
CODEC_PAIR(authorize);
CODEC_PAIR(authorize_result);
CODEC_PAIR(session_started);
CODEC_PAIR(session_record);
CODEC_PAIR(record_ack);
CODEC_PAIR(fault);
CODEC_PAIR(command);
CODEC_PAIR(result);
CODEC_PAIR(config_set);
CODEC_PAIR(config_ack);
CODEC_PAIR(log_request);
CODEC_PAIR(chunk);
CODEC_PAIR(update_offer);
CODEC_PAIR(goodbye);
CODEC_PAIR(pair_request);
CODEC_PAIR(pair_proof);

/* Bytes of the arena, aligned for any object; NULL when it has not that many left. */
void *codec_arena_take(struct codec_arena *arena, size_t len);

/* Remember a wrong field, the first one only. */
void codec_wrong(struct codec_take *t, enum rc rc, const char *field);

/* A field that must be there and lie within its bounds (those of the domain type; msg_check knows the narrower ones). Returns `min` or 0
 * and remembers the field otherwise. */
int64_t codec_int(struct codec_take *t, bool has, int64_t value, int64_t min, int64_t max, const char *field);
uint64_t codec_uint(struct codec_take *t, bool has, uint64_t value, uint64_t max, const char *field);

/* Exactly `len` bytes that must be there; `out` is all 0 otherwise. */
void codec_bytes(struct codec_take *t, bool has, ProtobufCBinaryData from, uint8_t *out, size_t len, const char *field);

/* A text of capacity `cap`, empty when left out; refused when it is too long or has a NUL inside. */
void codec_text(struct codec_take *t, bool has, ProtobufCBinaryData from, char *out, size_t cap, const char *field);

/* A card's UID, none when left out. Its allowed lengths are checked by msg_check. */
void codec_uid(struct codec_take *t, bool has, ProtobufCBinaryData from, struct card_uid *out);

/* The bytes as protobuf-c wants them; they are only read. */
ProtobufCBinaryData codec_data(const void *at, size_t len);
ProtobufCBinaryData codec_text_data(const char *text);

/* Set a field and say that it is there. No control flow is hidden. */
#define PUT(w, f, value) ((w)->has_##f = 1, (w)->f = (value))
#define PUT_TEXT(w, f, text) ((w)->f = codec_text_data(text), (w)->has_##f = (w)->f.len > 0)
#define PUT_BYTES(w, f, at, n) ((w)->f = codec_data((at), (n)), (w)->has_##f = 1)
#define PUT_UID(w, f, uid_at) ((w)->f = codec_data((uid_at)->at, (uid_at)->len), (w)->has_##f = (uid_at)->len > 0)

/* Value of a field, checked to fit the domain type. An enum's own range is `end` - 1. */
#define TAKE_I64(t, w, f) codec_int((t), (w)->has_##f != 0, (w)->f, INT64_MIN, INT64_MAX, #f)
#define TAKE_I32(t, w, f) ((int32_t)codec_int((t), (w)->has_##f != 0, (w)->f, INT32_MIN, INT32_MAX, #f))
#define TAKE_U64(t, w, f) codec_uint((t), (w)->has_##f != 0, (w)->f, UINT64_MAX, #f)
#define TAKE_U32(t, w, f) ((uint32_t)codec_uint((t), (w)->has_##f != 0, (w)->f, UINT32_MAX, #f))
#define TAKE_U16(t, w, f) ((uint16_t)codec_uint((t), (w)->has_##f != 0, (w)->f, UINT16_MAX, #f))
#define TAKE_U8(t, w, f) ((uint8_t)codec_uint((t), (w)->has_##f != 0, (w)->f, UINT8_MAX, #f))
#define TAKE_BOOL(t, w, f) (codec_int((t), (w)->has_##f != 0, (w)->f != 0, 0, 1, #f) != 0)
#define TAKE_ENUM(t, w, f, type, end) ((type)codec_uint((t), (w)->has_##f != 0, (uint64_t)(w)->f, (end)-1, #f))
/* Fields that an older peer leaves out: 0 then. */
#define MAY_I64(t, w, f) codec_int((t), true, (w)->has_##f ? (w)->f : 0, INT64_MIN, INT64_MAX, #f)
#define MAY_I32(t, w, f) ((int32_t)codec_int((t), true, (w)->has_##f ? (int64_t)(w)->f : 0, INT32_MIN, INT32_MAX, #f))
#define MAY_U32(t, w, f) ((uint32_t)codec_uint((t), true, (w)->has_##f ? (w)->f : 0, UINT32_MAX, #f))
#define MAY_BOOL(w, f) ((w)->has_##f != 0 && (w)->f != 0)
#define TAKE_TEXT(t, w, f, out) codec_text((t), (w)->has_##f != 0, (w)->f, (out), sizeof(out), #f)
#define TAKE_BYTES(t, w, f, out) codec_bytes((t), (w)->has_##f != 0, (w)->f, (out), sizeof(out), #f)
#define TAKE_UID(t, w, f, out) codec_uid((t), (w)->has_##f != 0, (w)->f, (out))

/* The numbers of an enum are the same in fleet.proto and in msg.h. */
#define SAME_NUMBER(prefix, name) _Static_assert((int)(name) == (int)(prefix##name), #name " differs between fleet.proto and msg.h");
