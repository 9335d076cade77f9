/* An RTU line over a pseudo-terminal: what stands behind a meter that is not reached by TCP. Used by bus alone. */
#pragma once

#include <stdbool.h>

#include "tests/site/bus.h"

struct bus_request {
    uint8_t unit;
    const uint8_t *pdu;
    size_t pdu_len;
};

/* Answer a request from the meters of a bus. False: nobody answers. */
bool bus_answer(struct bus *b, const struct bus_request *request, uint8_t *out, size_t *out_len, int32_t *out_wait_ms);

/* Open a pseudo-terminal with a symbolic link at `path` for the other side. */
MUST_USE enum rc bus_line_open(struct bus *b, const char *path, const char **out_why);

/* Harmless when there is none. */
void bus_line_close(struct bus *b);
