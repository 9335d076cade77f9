#include "tests/site/modbus.h"

#define READ_MAX 125

static uint16_t be16(const uint8_t *p)
{
    return (uint16_t)((p[0] << 8) | p[1]);
}

static size_t exception(uint8_t function, uint8_t code, uint8_t *out)
{
    out[0] = (uint8_t)(function | 0x80u);
    out[1] = code;
    return 2;
}

size_t modbus_answer(const struct image *image, const uint8_t *pdu, size_t pdu_len, uint8_t *out)
{
    const uint16_t *reg = NULL;
    uint8_t function = pdu[0];
    if (function != 3 && function != 4) {
        return exception(function, 1, out);
    }
    if (pdu_len != 5 || be16(pdu + 3) < 1 || be16(pdu + 3) > READ_MAX) {
        return exception(function, 3, out);
    }
    uint16_t count = be16(pdu + 3);
    enum rc rc = image_read(image, function, be16(pdu + 1), count, &reg);
    if (rc != RC_OK) {
        return exception(function, rc == RC_FULL ? 3 : 2, out);
    }
    out[0] = function;
    out[1] = (uint8_t)(count * 2);
    for (uint16_t i = 0; i < count; i++) {
        out[2 + 2 * i] = (uint8_t)(reg[i] >> 8);
        out[3 + 2 * i] = (uint8_t)reg[i];
    }
    return 2 + 2 * (size_t)count;
}

enum rc modbus_tcp_frame(const uint8_t *bytes, size_t len, size_t *out_len)
{
    *out_len = 0;
    if (len < MBAP_LEN) {
        return RC_OK;
    }
    uint16_t follows = be16(bytes + 4); /* unit id and PDU */
    if (be16(bytes + 2) != 0 || follows < 2 || follows > MODBUS_PDU_MAX + 1) {
        return RC_MALFORMED;
    }
    *out_len = len >= 6u + follows ? 6u + follows : 0;
    return RC_OK;
}

uint16_t modbus_crc(const uint8_t *bytes, size_t len)
{
    uint16_t crc = 0xFFFF;
    for (size_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc & 1u) != 0 ? (uint16_t)((crc >> 1) ^ 0xA001u) : (uint16_t)(crc >> 1);
        }
    }
    return crc;
}
