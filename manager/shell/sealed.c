#include "manager/shell/sealed.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/base/text.h"
#include "common/os/clock.h"

#define PASSES_N 3
#define PASSES_MAX 10
#define MEMORY_KIB 65536
#define MEMORY_MAX_KIB 1048576
#define BOX_MAX_LEN (4u * 1024u * 1024u)
#define SALT_LEN crypto_pwhash_SALTBYTES
#define NONCE_LEN crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define KEY_LEN crypto_aead_xchacha20poly1305_ietf_KEYBYTES
#define MAC_LEN crypto_aead_xchacha20poly1305_ietf_ABYTES
#define BASE64 sodium_base64_VARIANT_ORIGINAL

/* What the box is for goes into its proof: another kind of box is no box of this kind. */
static const unsigned char purpose[] = "wallbox-manager keys 1";

static enum rc make_key(const char *passphrase, const uint8_t salt[SALT_LEN], int64_t passes, int64_t memory_kib, uint8_t out[KEY_LEN])
{
    return crypto_pwhash(out, KEY_LEN, passphrase, strlen(passphrase), salt, (unsigned long long)passes, (size_t)memory_kib * 1024,
                         crypto_pwhash_ALG_ARGON2ID13) == 0
               ? RC_OK
               : RC_IO;
}

static json_t *base64(const uint8_t *bytes, size_t len)
{
    size_t room = sodium_base64_encoded_len(len, BASE64);
    char *text = malloc(room);
    json_t *json = text != NULL ? json_string(sodium_bin2base64(text, room, bytes, len, BASE64)) : NULL;

    free(text);
    return json;
}

json_t *sealed_close(const char *passphrase, const char *text, size_t len)
{
    uint8_t salt[SALT_LEN];
    uint8_t nonce[NONCE_LEN];
    uint8_t key[KEY_LEN];
    unsigned long long box_len = 0;
    uint8_t *box = malloc(len + MAC_LEN);
    json_t *json = NULL;

    clock_random(salt, sizeof salt);
    clock_random(nonce, sizeof nonce);
    if (box != NULL && make_key(passphrase, salt, PASSES_N, MEMORY_KIB, key) == RC_OK) {
        (void)crypto_aead_xchacha20poly1305_ietf_encrypt(box, &box_len, (const unsigned char *)text, len, purpose, sizeof purpose, NULL, nonce,
                                                         key); /* always 0 */
        json = json_pack("{s:s, s:i, s:i, s:o, s:o, s:o}", "kdf", "argon2id", "passes", PASSES_N, "memory_kib", MEMORY_KIB, "salt", base64(salt, sizeof salt),
                         "nonce", base64(nonce, sizeof nonce), "box", base64(box, (size_t)box_len));
    }
    sodium_memzero(key, sizeof key);
    free(box);
    return json;
}

/* Exactly `len` bytes of base64. */
static bool read_bytes(const json_t *object, const char *name, uint8_t *out, size_t len)
{
    const char *text = json_string_value(json_object_get(object, name));
    size_t got = 0;

    return text != NULL && sodium_base642bin(out, len, text, strlen(text), NULL, &got, NULL, BASE64) == 0 && got == len;
}

/* The box, given back with free; NULL: it is none. */
static uint8_t *read_box(const json_t *object, size_t *out_len)
{
    const char *text = json_string_value(json_object_get(object, "box"));
    size_t len = text != NULL ? strlen(text) : 0;
    uint8_t *box = len > 0 && len <= BOX_MAX_LEN ? malloc(len) : NULL;

    if (box != NULL && (sodium_base642bin(box, len, text, len, NULL, out_len, NULL, BASE64) != 0 || *out_len < MAC_LEN)) {
        free(box);
        box = NULL;
    }
    return box;
}

enum rc sealed_open(const json_t *sealed, const char *passphrase, char **out, size_t *out_len, const char **out_why)
{
    const char *kdf = json_string_value(json_object_get(sealed, "kdf"));
    int64_t passes = json_integer_value(json_object_get(sealed, "passes"));
    int64_t memory_kib = json_integer_value(json_object_get(sealed, "memory_kib"));
    uint8_t salt[SALT_LEN];
    uint8_t nonce[NONCE_LEN];
    uint8_t key[KEY_LEN];
    size_t box_len = 0;
    unsigned long long len = 0;
    uint8_t *box;
    char *text;
    enum rc rc;

    if (kdf == NULL || !text_same(kdf, "argon2id") || passes < 1 || passes > PASSES_MAX || memory_kib < 8 || memory_kib > MEMORY_MAX_KIB ||
        !read_bytes(sealed, "salt", salt, sizeof salt) || !read_bytes(sealed, "nonce", nonce, sizeof nonce)) {
        *out_why = "not keys as --export writes them";
        return RC_MALFORMED;
    }
    box = read_box(sealed, &box_len);
    if (box == NULL) {
        *out_why = "their box is not base64 as --export writes it";
        return RC_MALFORMED;
    }
    text = malloc(box_len - MAC_LEN + 1);
    rc = text != NULL ? make_key(passphrase, salt, passes, memory_kib, key) : RC_IO;
    if (rc != RC_OK) {
        *out_why = "there is not the memory to open them";
    } else if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *)text, &len, NULL, box, box_len, purpose, sizeof purpose, nonce, key) != 0) {
        *out_why = "the passphrase is another one, or they were changed";
        rc = RC_REFUSED;
    } else {
        text[len] = '\0';
        *out = text;
        *out_len = (size_t)len;
        text = NULL;
    }
    sodium_memzero(key, sizeof key);
    free(box);
    free(text); /* nothing was written to it */
    return rc;
}
