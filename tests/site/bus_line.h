/* An RTU line over a pseudo-terminal: what stands behind a meter that is not reached by TCP. Used by bus alone. */
#pragma once

#include <stdbool.h>

#include "tests/site/bus.h"

struct bus_request {
    uint8_t unit;
    const uint8_t *pdu;
    size_t pdu_len;
};

struct bus_reply {
    const struct meter *meter; /* whose answer it is; NULL a controller's */
    uint8_t unit;
    uint8_t pdu[MODBUS_PDU_MAX + 2]; /* room for a register too many */
    size_t pdu_len;
    int32_t wait_ms; /* before the first byte */
    int32_t byte_ms; /* between bytes; 0: all at once */
    int32_t baud;    /* of the line; 0: bytes take no time */
    int32_t byte_bits;
};

/* Answer a request from the meters of a bus. False: nobody answers. */
bool bus_answer(struct bus *b, const struct bus_request *request, struct bus_reply *out);

/* Open a pseudo-terminal with a symbolic link at `path` for the other side. */
MUST_USE enum rc bus_line_open(struct bus *b, const char *path, const char **out_why);

/* Harmless when there is none. */
void bus_line_close(struct bus *b);
