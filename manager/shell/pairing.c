#include "manager/shell/pairing.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/log.h"
#include "common/os/pair_proof.h"

static void lock(struct pairing *p)
{
    CHECK(pthread_mutex_lock(&p->lock) == 0);
}

static void unlock(struct pairing *p)
{
    CHECK(pthread_mutex_unlock(&p->lock) == 0);
}

void pairing_init(struct pairing *p, struct trust *trust, void (*store)(void *user, const char *serial, const uint8_t key[IDENTITY_HASH_LEN]), void *user)
{
    memset(p, 0, sizeof *p);
    p->trust = trust;
    p->store = store;
    p->user = user;
    CHECK(pthread_mutex_init(&p->lock, NULL) == 0);
}

void pairing_deinit(struct pairing *p)
{
    CHECK(pthread_mutex_destroy(&p->lock) == 0);
}

static struct pairing_row *find(struct pairing *p, const char *serial, const uint8_t key[IDENTITY_HASH_LEN])
{
    for (uint16_t i = 0; i < p->list.n; i++) {
        struct pairing_row *row = &p->list.at[i];

        if (text_same(row->serial, serial) && memcmp(row->key, key, IDENTITY_HASH_LEN) == 0) {
            return row;
        }
    }
    return NULL;
}

/* A place in the list: a free one, or that of whoever has not come for the longest time. */
static struct pairing_row *take_row(struct pairing *p)
{
    struct pairing_row *oldest = &p->list.at[0];

    if (p->list.n < PAIRING_LIST_MAX) {
        return &p->list.at[p->list.n++];
    }
    for (uint16_t i = 1; i < PAIRING_LIST_MAX; i++) {
        oldest = p->list.at[i].turn < oldest->turn ? &p->list.at[i] : oldest;
    }
    return oldest;
}

void pairing_seen(struct pairing *p, const char *serial, const uint8_t key[IDENTITY_HASH_LEN], const char *address, int64_t utc_ms)
{
    struct pairing_row *row;

    lock(p);
    row = find(p, serial, key);
    if (row == NULL) {
        row = take_row(p);
        *row = (struct pairing_row){.state = PAIRING_SEEN, .first_utc_ms = utc_ms, .failed_given_ms = -1};
        CHECK(text_copy(row->serial, sizeof row->serial, serial) == RC_OK); /* checked when it arrived */
        memcpy(row->key, key, sizeof row->key);
    }
    rc_ignore(text_copy(row->address, sizeof row->address, address)); /* as long as tcp makes it */
    row->last_utc_ms = utc_ms;
    row->turn = ++p->turn;
    row->state = row->state == PAIRING_PAIRED ? PAIRING_SEEN : row->state; /* it would not ask if it still were */
    unlock(p);
}

static void set_state(struct pairing *p, const char *serial, const uint8_t key[IDENTITY_HASH_LEN], enum pairing_state state)
{
    const struct setup_code *code = codes_find(&p->trust->codes, serial);
    struct pairing_row *row;

    lock(p);
    row = find(p, serial, key);
    if (row != NULL) { /* else it had to make room for others */
        row->state = state;
        row->failed_given_ms = state == PAIRING_FAILED && code != NULL ? code->given_utc_ms : row->failed_given_ms;
    }
    unlock(p);
}

/* With this code: whether the key has failed, or too many others have. */
static bool is_barred(struct pairing *p, const struct setup_code *code, const uint8_t key[IDENTITY_HASH_LEN])
{
    int failed_n = 0;
    bool has_failed = false;

    lock(p); /* another thread may take rows out */
    for (uint16_t i = 0; i < p->list.n; i++) {
        const struct pairing_row *row = &p->list.at[i];

        if (text_same(row->serial, code->serial) && row->failed_given_ms == code->given_utc_ms) {
            failed_n++;
            has_failed = has_failed || memcmp(row->key, key, IDENTITY_HASH_LEN) == 0;
        }
    }
    unlock(p);
    return has_failed || failed_n >= PAIRING_FAILED_MAX;
}

enum rc pairing_prove(struct pairing *p, struct tls *tls, const char *serial, uint8_t out_proof[PAIR_PROOF_LEN])
{
    const struct setup_code *code = codes_find(&p->trust->codes, serial);
    const char *pinned = pins_find(&p->trust->pins, tls->peer);
    struct pair_facts facts;
    enum rc rc;

    if (pinned != NULL && !text_same(pinned, serial)) {
        return RC_REFUSED;
    }
    if (code == NULL || is_barred(p, code, tls->peer)) {
        return RC_MISSING;
    }
    rc = pair_facts_of(&facts, tls, &p->trust->self, PAIR_MANAGER, code->code);
    if (rc == RC_OK) {
        rc = pair_proof(&facts, PAIR_MANAGER, out_proof);
        pair_facts_forget(&facts);
    }
    if (rc == RC_OK) {
        set_state(p, serial, tls->peer, PAIRING_PROVING);
    }
    return rc;
}

enum rc pairing_check(struct pairing *p, struct tls *tls, const char *serial, const uint8_t proof[PAIR_PROOF_LEN])
{
    const struct setup_code *code = codes_find(&p->trust->codes, serial);
    struct pair_facts facts;
    bool is_right = false;

    if (code != NULL && pair_facts_of(&facts, tls, &p->trust->self, PAIR_MANAGER, code->code) == RC_OK) {
        is_right = pair_proof_is_right(&facts, PAIR_CLIENT, proof);
        pair_facts_forget(&facts);
    }
    if (!is_right) {
        set_state(p, serial, tls->peer, PAIRING_FAILED);
        return RC_REFUSED;
    }
    p->store(p->user, serial, tls->peer);
    return RC_OK;
}

void pairing_refused(struct pairing *p, const char *serial, const uint8_t key[IDENTITY_HASH_LEN])
{
    set_state(p, serial, key, PAIRING_FAILED);
}

void pairing_gone(struct pairing *p, const char *serial, const uint8_t key[IDENTITY_HASH_LEN])
{
    set_state(p, serial, key, PAIRING_SEEN);
}

void pairing_stored(struct pairing *p, const char *serial, const uint8_t key[IDENTITY_HASH_LEN], bool is_stored)
{
    char text[IDENTITY_TEXT_LEN];

    if (is_stored) {
        identity_text(key, text);
        log_note("paired serial=%s key=%s", serial, text);
    }
    set_state(p, serial, key, is_stored ? PAIRING_PAIRED : PAIRING_SEEN);
}

void pairing_forget(struct pairing *p, const char *serial)
{
    uint16_t kept_n = 0;

    lock(p);
    for (uint16_t i = 0; i < p->list.n; i++) {
        if (!text_same(p->list.at[i].serial, serial)) {
            p->list.at[kept_n++] = p->list.at[i];
        }
    }
    p->list.n = kept_n;
    unlock(p);
}

void pairing_copy(struct pairing *p, struct pairing_list *out)
{
    lock(p);
    *out = p->list;
    unlock(p);
}

const char *pairing_state_text(enum pairing_state state)
{
    static const char *const texts[] = {[PAIRING_SEEN] = "seen", [PAIRING_PROVING] = "proving", [PAIRING_FAILED] = "failed", [PAIRING_PAIRED] = "paired"};

    CHECK(state < PAIRING_STATE_N);
    return texts[state];
}
