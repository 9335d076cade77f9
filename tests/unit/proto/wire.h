/* Bytes of messages made and changed by hand, for the tests of the codec. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "proto/codec.h"

/* Envelope of the sample of each kind, in hex. */
extern const char *const golden_hex[MSG_N];

/* ... and of what 1.1 has added; NULL where there is nothing. */
extern const char *const golden_newer_hex[MSG_N];

#define WIRE_CAP (2 * FRAME_MAX)

struct wire {
    size_t len;
    uint8_t at[WIRE_CAP];
};

/* One field as it stands in a message. */
struct wire_field {
    uint32_t number;
    uint32_t type;       /* 0 varint, 2 length-prefixed */
    const uint8_t *from; /* the whole field with its tag */
    size_t len;
    const uint8_t *data; /* payload of a length-prefixed field */
    size_t data_len;
};

/* Append to a message under construction; fails the test when it does not fit. */
void wire_byte(struct wire *w, uint8_t byte);
void wire_varint(struct wire *w, uint64_t value);
void wire_raw(struct wire *w, const void *at, size_t len);
void wire_number(struct wire *w, uint32_t field, uint64_t value);
void wire_bytes(struct wire *w, uint32_t field, const void *at, size_t len);

/* Bytes of a golden message. */
void wire_golden(enum msg_kind kind, struct wire *w);
void wire_golden_newer(enum msg_kind kind, struct wire *w);

/* Next field of a message at *pos; false at the end. */
bool wire_next(const uint8_t *at, size_t len, size_t *pos, struct wire_field *out);

/* Golden envelope of a kind without the field `number`, with the fields in `extra` (may be NULL) appended to the message. */
void wire_changed(enum msg_kind kind, uint32_t number, const struct wire *extra, struct wire *out);

/* The same with one field replaced. */
void wire_with_number(enum msg_kind kind, uint32_t number, uint64_t value, struct wire *out);
void wire_with_bytes(enum msg_kind kind, uint32_t number, const void *at, size_t len, struct wire *out);

/* Decode; *out and *out_field are set as codec_decode does, the field to "" before. */
enum rc wire_decode(const struct wire *w, struct msg *out, const char **out_field);
