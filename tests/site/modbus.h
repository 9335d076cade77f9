/* The server's side of Modbus: requests in, answers out, as bytes. Pure.
 *
 * Functions 3 and 4 over the areas of a meter; exceptions 1 (function), 2 (address), 3 (quantity). Framing of TCP (MBAP) and RTU (CRC).
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "tests/site/registers.h"

#define MODBUS_PDU_MAX 253
#define MODBUS_FRAME_MAX 260 /* MBAP and the longest PDU; also more than any RTU frame */
#define MBAP_LEN 7

/* Answer one request PDU (1..253 bytes) from an image into out[MODBUS_PDU_MAX]. Returns the answer's length, 2 or more. */
size_t modbus_answer(const struct image *image, const uint8_t *pdu, size_t pdu_len, uint8_t *out);

/* Length of the TCP frame that begins at bytes[]: 0 when more bytes are needed to know or to complete it.
 *
 * RC_MALFORMED  no Modbus TCP: the connection should be closed
 */
MUST_USE enum rc modbus_tcp_frame(const uint8_t *bytes, size_t len, size_t *out_len);

/* CRC of an RTU frame; on the wire low byte first. */
uint16_t modbus_crc(const uint8_t *bytes, size_t len);
