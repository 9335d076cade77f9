#include "tests/unit/proto/wire.h"

#include <string.h>

#include <criterion/criterion.h>

static struct codec_arena arena;

void wire_byte(struct wire *w, uint8_t byte)
{
    cr_assert_lt(w->len, WIRE_CAP);
    w->at[w->len++] = byte;
}

void wire_varint(struct wire *w, uint64_t value)
{
    while (value >= 0x80) {
        wire_byte(w, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    wire_byte(w, (uint8_t)value);
}

void wire_raw(struct wire *w, const void *at, size_t len)
{
    cr_assert_leq(len, WIRE_CAP - w->len);
    memcpy(w->at + w->len, at, len);
    w->len += len;
}

void wire_number(struct wire *w, uint32_t field, uint64_t value)
{
    wire_varint(w, field << 3);
    wire_varint(w, value);
}

void wire_bytes(struct wire *w, uint32_t field, const void *at, size_t len)
{
    wire_varint(w, field << 3 | 2);
    wire_varint(w, len);
    wire_raw(w, at, len);
}

static uint8_t nibble(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static void from_hex(const char *hex, struct wire *w)
{
    w->len = 0;
    for (size_t i = 0; hex[i] != '\0'; i += 2) {
        wire_byte(w, (uint8_t)(nibble(hex[i]) << 4 | nibble(hex[i + 1])));
    }
}

void wire_golden(enum msg_kind kind, struct wire *w)
{
    from_hex(golden_hex[kind], w);
}

void wire_golden_newer(enum msg_kind kind, struct wire *w)
{
    from_hex(golden_newer_hex[kind], w);
}

static uint64_t read_varint(const uint8_t *at, size_t len, size_t *pos)
{
    uint64_t value = 0;
    uint8_t byte = 0x80;

    for (int shift = 0; (byte & 0x80) != 0; shift += 7) {
        cr_assert_lt(*pos, len);
        byte = at[(*pos)++];
        value |= (uint64_t)(byte & 0x7f) << shift;
    }
    return value;
}

bool wire_next(const uint8_t *at, size_t len, size_t *pos, struct wire_field *out)
{
    size_t start = *pos;
    uint64_t tag;

    if (*pos >= len) {
        return false;
    }
    tag = read_varint(at, len, pos);
    *out = (struct wire_field){.number = (uint32_t)(tag >> 3), .type = tag & 7, .from = at + start};
    if (out->type == 2) {
        out->data_len = read_varint(at, len, pos);
        out->data = at + *pos;
        *pos += out->data_len;
    } else {
        cr_assert_eq(out->type, 0);
        (void)read_varint(at, len, pos);
    }
    out->len = *pos - start;
    return true;
}

void wire_changed(enum msg_kind kind, uint32_t number, const struct wire *extra, struct wire *out)
{
    static struct wire golden;
    static struct wire inner;
    struct wire_field envelope;
    struct wire_field f;
    size_t pos = 0;

    wire_golden(kind, &golden);
    cr_assert(wire_next(golden.at, golden.len, &pos, &envelope));
    inner.len = 0;
    pos = 0;
    while (wire_next(envelope.data, envelope.data_len, &pos, &f)) {
        if (f.number != number) {
            wire_raw(&inner, f.from, f.len);
        }
    }
    if (extra != NULL) {
        wire_raw(&inner, extra->at, extra->len);
    }
    out->len = 0;
    wire_bytes(out, (uint32_t)kind, inner.at, inner.len);
}

void wire_with_number(enum msg_kind kind, uint32_t number, uint64_t value, struct wire *out)
{
    static struct wire extra;

    extra.len = 0;
    wire_number(&extra, number, value);
    wire_changed(kind, number, &extra, out);
}

void wire_with_bytes(enum msg_kind kind, uint32_t number, const void *at, size_t len, struct wire *out)
{
    static struct wire extra;

    extra.len = 0;
    wire_bytes(&extra, number, at, len);
    wire_changed(kind, number, &extra, out);
}

enum rc wire_decode(const struct wire *w, struct msg *out, const char **out_field)
{
    *out_field = "";
    return codec_decode(&arena, w->at, w->len, out, out_field);
}
