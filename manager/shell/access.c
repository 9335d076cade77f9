#include "manager/shell/access.h"

#include <stdio.h>
#include <string.h>

#include <arpa/inet.h>
#include <sodium.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"

#define SECOND_MS 1000

void access_init(struct access *a)
{
    memset(a, 0, sizeof *a);
    for (int i = 0; i < GUARD_MAX; i++) {
        a->guard[i].last_ms = MS_NEVER;
    }
    for (int i = 0; i < USUAL_MAX; i++) {
        a->usual[i].last_ms = MS_NEVER;
    }
}

void access_set_tokens(struct access *a, const struct users_list *tokens)
{
    a->tokens = *tokens;
}

static bool is_over(const struct login *l, int64_t now_ms)
{
    if (l->role == ROLE_VIEWER) {
        return now_ms - l->used_ms >= LOGIN_VIEWER_MS;
    }
    return now_ms - l->used_ms >= LOGIN_IDLE_MS || now_ms - l->begun_ms >= LOGIN_LIFE_MS;
}

void access_end(struct login *l)
{
    sodium_memzero(l, sizeof *l);
}

/* A free place: of the user's own when he has many, else any, else that of the one idle longest. */
static struct login *find_place(struct access *a, const char *user, int64_t now_ms)
{
    struct login *free_place = NULL;
    struct login *oldest = &a->login[0];
    struct login *own_oldest = NULL;
    int own_n = 0;

    for (int i = 0; i < LOGIN_MAX; i++) {
        struct login *l = &a->login[i];

        if (l->is_open && is_over(l, now_ms)) {
            access_end(l);
        }
        if (!l->is_open) {
            free_place = free_place == NULL ? l : free_place;
            continue;
        }
        oldest = !oldest->is_open || l->used_ms < oldest->used_ms ? l : oldest;
        if (text_same(l->user, user)) {
            own_n++;
            own_oldest = own_oldest == NULL || l->used_ms < own_oldest->used_ms ? l : own_oldest;
        }
    }
    if (own_n >= LOGIN_PER_USER_MAX) {
        return own_oldest;
    }
    return free_place != NULL ? free_place : oldest;
}

struct login *access_begin(struct access *a, const struct users_row *user, const char *address, int64_t now_ms, int64_t utc_ms, char token[LOGIN_TOKEN_LEN])
{
    struct login *l = find_place(a, user->name, now_ms);

    *l = (struct login){.is_open = true, .must_change = user->must_change, .role = user->role};
    l->begun_ms = now_ms;
    l->used_ms = now_ms;
    l->begun_utc_ms = utc_ms;
    CHECK(text_copy(l->user, sizeof l->user, user->name) == RC_OK);
    CHECK(text_copy(l->address, sizeof l->address, address) == RC_OK);
    users_random_hex(32, token);
    users_random_hex(16, l->csrf);
    users_random_hex(8, l->id);
    users_key(token, l->key);
    return l;
}

struct login *access_find(struct access *a, const char *token, int64_t now_ms)
{
    uint8_t key[USERS_KEY_LEN];

    users_key(token, key);
    for (int i = 0; i < LOGIN_MAX; i++) {
        struct login *l = &a->login[i];

        if (!l->is_open || sodium_memcmp(l->key, key, sizeof key) != 0) {
            continue;
        }
        if (is_over(l, now_ms)) {
            access_end(l);
            return NULL;
        }
        l->used_ms = now_ms;
        return l;
    }
    return NULL;
}

static struct login *find_id(struct access *a, const char *id)
{
    for (int i = 0; i < LOGIN_MAX; i++) {
        if (a->login[i].is_open && text_same(a->login[i].id, id)) {
            return &a->login[i];
        }
    }
    return NULL;
}

bool access_is_alive(struct access *a, const char *id, int64_t now_ms)
{
    const struct login *l = find_id(a, id);

    if (l != NULL) {
        return !is_over(l, now_ms);
    }
    for (uint16_t i = 0; i < a->tokens.n; i++) {
        if (text_same(a->tokens.at[i].id, id)) {
            return true;
        }
    }
    return false;
}

const struct users_row *access_token(const struct access *a, const char *text)
{
    uint8_t key[USERS_KEY_LEN];

    users_key(text, key);
    for (uint16_t i = 0; i < a->tokens.n; i++) {
        if (sodium_memcmp(a->tokens.at[i].key, key, sizeof key) == 0) {
            return &a->tokens.at[i];
        }
    }
    return NULL;
}

bool access_end_id(struct access *a, const char *id)
{
    struct login *l = find_id(a, id);

    if (l != NULL) {
        access_end(l);
    }
    return l != NULL;
}

void access_end_user(struct access *a, const char *user, const struct login *but)
{
    for (int i = 0; i < LOGIN_MAX; i++) {
        struct login *l = &a->login[i];

        if (l->is_open && l != but && text_same(l->user, user)) {
            access_end(l);
        }
    }
}

/* Nothing was heard of him for long. */
static bool is_forgotten(const struct guard *g, int64_t now_ms)
{
    return g->last_ms == MS_NEVER || (now_ms - g->last_ms >= GUARD_FORGET_MS && now_ms >= g->free_at_ms);
}

static void guard_key(char kind, const char *what, uint8_t out[16])
{
    uint8_t key[USERS_KEY_LEN];
    char text[NAME_LEN + 1] = {kind};

    rc_ignore(text_copy(text + 1, sizeof text - 1, what)); /* longer names are not looked up; all of them wait together */
    users_key(text, key);
    memcpy(out, key, 16);
}

/* The row of an account or address; NULL when it has none. */
static struct guard *find_guard(struct access *a, char kind, const char *what, int64_t now_ms)
{
    uint8_t key[16];

    guard_key(kind, what, key);
    for (int i = 0; i < GUARD_MAX; i++) {
        struct guard *g = &a->guard[i];

        if (g->last_ms != MS_NEVER && memcmp(g->key, key, sizeof key) == 0) {
            g->failed_n = is_forgotten(g, now_ms) ? 0 : g->failed_n;
            return g;
        }
    }
    return NULL;
}

/* A row for somebody who has none. It takes the place of the one with the fewest failures, among those of the one idle longest: whoever comes
 * under a thousand names must not end the delay of another. but: stays, NULL none.
 */
static struct guard *new_guard(struct access *a, char kind, const char *what, const struct guard *but, int64_t now_ms)
{
    struct guard *least = NULL;
    uint32_t least_n = 0;

    for (int i = 0; i < GUARD_MAX; i++) {
        struct guard *g = &a->guard[i];
        uint32_t failed_n = is_forgotten(g, now_ms) ? 0 : g->failed_n;

        if (g != but && (least == NULL || failed_n < least_n || (failed_n == least_n && g->last_ms < least->last_ms))) {
            least = g;
            least_n = failed_n;
        }
    }
    *least = (struct guard){.last_ms = now_ms};
    guard_key(kind, what, least->key);
    return least;
}

static void count(struct guard *g, int64_t most_ms, int64_t now_ms)
{
    int64_t delay_ms = 0;

    g->failed_n = g->failed_n < UINT16_MAX ? (uint16_t)(g->failed_n + 1) : g->failed_n;
    if (g->failed_n > GUARD_FREE_N) {
        delay_ms = min_i64(most_ms, (int64_t)SECOND_MS << min_i32(g->failed_n - GUARD_FREE_N - 1, 20));
    }
    g->last_ms = now_ms;
    g->free_at_ms = now_ms + delay_ms;
}

/* How long somebody has to wait still; he is not forgotten meanwhile. */
static int64_t wait_of(struct guard *g, int64_t now_ms)
{
    if (g == NULL) {
        return 0;
    }
    g->last_ms = now_ms;
    return max_i64(0, g->free_at_ms - now_ms);
}

/* Whose failures are counted together: in IPv6 everybody has as many addresses as he likes, so his network (/64) stands for him. */
static const char *network_of(const char *address, char out[INET6_LEN])
{
    static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff}; /* IPv4 as it shows on a socket of both */
    uint8_t bytes[16];

    if (inet_pton(AF_INET6, address, bytes) != 1 || memcmp(bytes, mapped, sizeof mapped) == 0) {
        return address;
    }
    memset(bytes + 8, 0, 8);
    return inet_ntop(AF_INET6, bytes, out, INET6_LEN) != NULL ? out : address;
}

static void usual_key(const char *account, const char *network, uint8_t out[16])
{
    uint8_t key[USERS_KEY_LEN];
    char text[NAME_LEN + INET6_LEN + 1];

    (void)snprintf(text, sizeof text, "%s\n%s", account, network); /* names hold no control characters; longer ones log in nowhere */
    users_key(text, key);
    memcpy(out, key, 16);
}

static struct usual *find_usual(struct access *a, const char *account, const char *network)
{
    uint8_t key[16];

    usual_key(account, network, key);
    for (int i = 0; i < USUAL_MAX; i++) {
        if (a->usual[i].last_ms != MS_NEVER && memcmp(a->usual[i].key, key, sizeof key) == 0) {
            return &a->usual[i];
        }
    }
    return NULL;
}

static void remember_usual(struct access *a, const char *account, const char *network, int64_t now_ms)
{
    struct usual *place = find_usual(a, account, network);

    if (place == NULL) {
        place = &a->usual[0];
        for (int i = 1; i < USUAL_MAX; i++) {
            place = a->usual[i].last_ms < place->last_ms ? &a->usual[i] : place;
        }
        usual_key(account, network, place->key);
    }
    place->last_ms = now_ms;
}

int64_t access_try(struct access *a, const char *account, const char *address, int64_t now_ms)
{
    char text[INET6_LEN];
    const char *network = network_of(address, text);
    bool is_usual = find_usual(a, account, network) != NULL;
    struct guard *by_account = is_usual ? NULL : find_guard(a, 'u', account, now_ms);
    struct guard *by_address = find_guard(a, 'a', network, now_ms);
    int64_t wait_ms = max_i64(wait_of(by_account, now_ms), wait_of(by_address, now_ms));

    if (wait_ms > 0) {
        return wait_ms; /* and no row for a new name: who waits takes nobody's place */
    }
    if (!is_usual) {
        by_account = by_account != NULL ? by_account : new_guard(a, 'u', account, by_address, now_ms);
        count(by_account, GUARD_ACCOUNT_MS, now_ms);
    }
    by_address = by_address != NULL ? by_address : new_guard(a, 'a', network, by_account, now_ms);
    count(by_address, GUARD_ADDRESS_MS, now_ms);
    return 0;
}

static void forgive(struct guard *g)
{
    if (g != NULL) {
        g->failed_n = 0;
        g->free_at_ms = 0;
    }
}

void access_succeeded(struct access *a, const char *account, const char *address, int64_t now_ms)
{
    char text[INET6_LEN];
    const char *network = network_of(address, text);

    if (find_usual(a, account, network) == NULL) { /* else the failures of its account are those of others, who go on waiting */
        forgive(find_guard(a, 'u', account, now_ms));
    }
    forgive(find_guard(a, 'a', network, now_ms));
    remember_usual(a, account, network, now_ms);
}
