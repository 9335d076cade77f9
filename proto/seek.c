#include "proto/seek.h"

#include <string.h>

#define HEAD_LEN 6 /* four letters, version, zero */
#define PORT_AT HEAD_LEN
#define NONCE_AT (PORT_AT + 2)

static const uint8_t question_head[HEAD_LEN] = {'W', 'B', 'X', '?', 1, 0};
static const uint8_t answer_head[HEAD_LEN] = {'W', 'B', 'X', '!', 1, 0};

static void compose(const uint8_t head[HEAD_LEN], uint16_t port, const uint8_t *nonce, uint8_t out[SEEK_LEN])
{
    memcpy(out, head, HEAD_LEN);
    out[PORT_AT] = (uint8_t)(port >> 8);
    out[PORT_AT + 1] = (uint8_t)port;
    memcpy(out + NONCE_AT, nonce, SEEK_NONCE_LEN);
}

void seek_question(const uint8_t nonce[SEEK_NONCE_LEN], uint8_t out[SEEK_LEN])
{
    compose(question_head, 0, nonce, out);
}

bool seek_is_question(const uint8_t *bytes, size_t len)
{
    return len == SEEK_LEN && memcmp(bytes, question_head, HEAD_LEN) == 0 && bytes[PORT_AT] == 0 && bytes[PORT_AT + 1] == 0;
}

void seek_answer(const uint8_t question[SEEK_LEN], uint16_t port, uint8_t out[SEEK_LEN])
{
    compose(answer_head, port, question + NONCE_AT, out);
}

enum rc seek_read_answer(const uint8_t *bytes, size_t len, const uint8_t nonce[SEEK_NONCE_LEN], uint16_t *out)
{
    uint16_t port;

    if (len != SEEK_LEN || memcmp(bytes, answer_head, HEAD_LEN) != 0 || memcmp(bytes + NONCE_AT, nonce, SEEK_NONCE_LEN) != 0) {
        return RC_MALFORMED;
    }
    port = (uint16_t)(bytes[PORT_AT] << 8 | bytes[PORT_AT + 1]);
    if (port == 0) {
        return RC_MALFORMED;
    }
    *out = port;
    return RC_OK;
}
