#include "common/os/gate.h"

#include <netinet/in.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "common/os/log.h"
#include "common/os/secure.h"

#define ONE 1000 /* thousandths of a connection */
#define SAY_PERIOD_MS 10000
#define SAY_MAX 20 /* lines in a period */

bool gate_may_say(struct gate *g, int64_t now_ms, uint64_t *out_left_out_n)
{
    if (g->said_ms == MS_NEVER || now_ms - g->said_ms >= SAY_PERIOD_MS) {
        g->said_ms = now_ms;
        g->said_n = 0;
    }
    if (g->said_n == SAY_MAX) {
        g->unsaid_n++;
        return false;
    }
    g->said_n++;
    *out_left_out_n = g->unsaid_n;
    g->unsaid_n = 0;
    return true;
}

void gate_say(struct gate *g, const char *peer, const char *why, int64_t now_ms)
{
    uint64_t left_out_n = 0;

    if (gate_may_say(g, now_ms, &left_out_n)) {
        log_warn("handshake_refused peer=%s why=\"%s\" left_out_n=%llu", peer, why, (unsigned long long)left_out_n);
    }
}

/* Who owns one address of IPv6 owns the lower half of it, too. */
static void key_of(const struct sockaddr_storage *from, uint8_t out[GATE_SOURCE_LEN])
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)from;
    const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)from;

    memset(out, 0, GATE_SOURCE_LEN);
    if (from->ss_family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr)) {
        memcpy(out, &v6->sin6_addr, GATE_SOURCE_LEN / 2);
        return;
    }
    out[GATE_SOURCE_LEN - 5] = 4;
    if (from->ss_family == AF_INET) {
        memcpy(out + GATE_SOURCE_LEN - 4, &v4->sin_addr, 4);
    } else {
        memcpy(out + GATE_SOURCE_LEN - 4, (const uint8_t *)&v6->sin6_addr + 12, 4);
    }
}

/* What a source may use at a moment. */
static int32_t left_at(const struct gate_source *s, int64_t now_ms)
{
    int64_t gone_ms = s->at_ms != MS_NEVER ? max_i64(now_ms - s->at_ms, 0) : 0;

    if (s->at_ms == MS_NEVER || gone_ms >= (int64_t)GATE_BURST * ONE / GATE_REFILL_PER_S) {
        return GATE_BURST * ONE;
    }
    return (int32_t)min_i64(s->left + gone_ms * GATE_REFILL_PER_S, GATE_BURST * ONE);
}

/* The entry of a source; for a new one that of the source with the most left, which forgets the least. */
static struct gate_source *find_source(struct gate *g, const uint8_t key[GATE_SOURCE_LEN], int64_t now_ms)
{
    struct gate_source *best = &g->source[0];

    for (size_t i = 0; i < GATE_SOURCE_MAX; i++) {
        struct gate_source *one = &g->source[i];

        if (one->at_ms != MS_NEVER && memcmp(one->key, key, GATE_SOURCE_LEN) == 0) {
            return one;
        }
        if (left_at(one, now_ms) > left_at(best, now_ms)) {
            best = one;
        }
    }
    *best = (struct gate_source){.at_ms = MS_NEVER};
    memcpy(best->key, key, GATE_SOURCE_LEN);
    return best;
}

enum rc gate_admit(struct gate *g, const struct sockaddr_storage *from, int64_t now_ms)
{
    uint8_t key[GATE_SOURCE_LEN];
    struct gate_source *s;

    key_of(from, key);
    s = find_source(g, key, now_ms);
    s->left = left_at(s, now_ms);
    s->at_ms = now_ms;
    if (s->left < ONE) {
        char peer[TCP_ADDRESS_LEN];

        tcp_address_text(from, peer);
        g->refused_n++;
        gate_say(g, peer, "too many connections of this source", now_ms);
        return RC_FULL;
    }
    s->left -= ONE;
    return RC_OK;
}

static bool may_work(const struct secure_stream *s)
{
    return !s->tcp.is_closing && tls_has_input(&s->tls);
}

static bool has_work(const struct gate *g)
{
    for (uint16_t i = 0; i < g->n; i++) {
        if (may_work(g->at[i])) {
            return true;
        }
    }
    return false;
}

/* The next deadline, and at a full door the next look. */
static void arm(struct gate *g, int64_t now_ms)
{
    int64_t at_ms = g->n == GATE_MAX ? now_ms + GATE_LOOK_MS : MS_FOREVER;

    for (uint16_t i = 0; i < g->n; i++) {
        if (!g->at[i]->tcp.is_closing) {
            at_ms = min_i64(at_ms, g->at[i]->tls.until_ms);
        }
    }
    wake_at(&g->wake, at_ms, now_ms);
}

static void on_idle(uv_idle_t *idle)
{
    struct gate *g = idle->data;
    int64_t begin_ms = clock_boot_ms();
    int64_t now_ms = begin_ms;
    int steps_n = 0;

    /* A step may let its stream leave, which moves the last one into its place: count those seen, not the places. */
    for (uint16_t seen_n = 0; seen_n < GATE_MAX && g->n > 0 && steps_n < GATE_TURN_STEPS && now_ms - begin_ms < GATE_TURN_MS; seen_n++) {
        struct secure_stream *s = g->at[g->next % g->n];

        g->next = (uint16_t)((g->next + 1) % GATE_MAX);
        if (may_work(s)) {
            secure_step(s, now_ms);
            steps_n++;
            now_ms = clock_boot_ms();
        }
    }
    if (!has_work(g)) {
        CHECK(uv_idle_stop(&g->idle) == 0);
    }
    arm(g, now_ms);
}

/* Handshakes under way of the source of `s`. */
static int of_source_n(const struct gate *g, const struct secure_stream *s)
{
    int n = 0;

    for (uint16_t i = 0; i < g->n; i++) {
        n += memcmp(g->at[i]->source, s->source, GATE_SOURCE_LEN) == 0 ? 1 : 0;
    }
    return n;
}

static void end_late(struct gate *g, struct secure_stream *s, const char *why, int64_t now_ms)
{
    g->late_n++;
    gate_say(g, s->tcp.peer, why, now_ms);
    secure_close(s, why); /* leaves the door */
}

/* Of every source that has as many as the busiest: many sources with a few each are a flood, too. */
static void make_room(struct gate *g, int64_t now_ms)
{
    struct secure_stream *late[GATE_MAX];
    uint16_t late_n = 0;
    int most_n = 0;

    for (uint16_t i = 0; i < g->n; i++) {
        most_n = max_i32(most_n, of_source_n(g, g->at[i]));
    }
    for (uint16_t i = 0; i < g->n; i++) {
        struct secure_stream *s = g->at[i];

        if (!s->tcp.is_closing && !tls_has_input(&s->tls) && now_ms - s->waits_ms >= GATE_PATIENCE_MS && of_source_n(g, s) == most_n) {
            late[late_n++] = s;
        }
    }
    for (uint16_t i = 0; i < late_n; i++) {
        end_late(g, late[i], "made room for others", now_ms);
    }
}

static void on_wake(struct wake *w)
{
    struct gate *g = w->user;
    int64_t now_ms = clock_boot_ms();

    for (uint16_t i = g->n; i > 0; i--) {
        if (g->at[i - 1]->tls.until_ms <= now_ms && !g->at[i - 1]->tcp.is_closing) {
            end_late(g, g->at[i - 1], "handshake took too long", now_ms);
        }
    }
    if (g->n == GATE_MAX && tcp_has_waiting(g->listener)) {
        make_room(g, now_ms);
    }
    arm(g, now_ms);
}

void gate_open(struct gate *g, uv_loop_t *loop, const struct identity *self, struct tcp_listener *listener)
{
    *g = (struct gate){.self = self, .listener = listener, .said_ms = MS_NEVER};
    for (size_t i = 0; i < GATE_SOURCE_MAX; i++) {
        g->source[i].at_ms = MS_NEVER;
    }
    CHECK(uv_idle_init(loop, &g->idle) == 0);
    g->idle.data = g;
    wake_open(&g->wake, loop, on_wake, g);
    g->is_open = true;
}

void gate_close(struct gate *g)
{
    if (!g->is_open) {
        return;
    }
    g->is_open = false;
    uv_close((uv_handle_t *)&g->idle, NULL);
    wake_close(&g->wake);
}

void gate_enter(struct gate *g, struct secure_stream *s, int64_t now_ms)
{
    struct sockaddr_storage from = {0};
    int from_len = sizeof from;

    CHECK(g->n < GATE_MAX);
    if (uv_tcp_getpeername(&s->tcp.handle, (struct sockaddr *)&from, &from_len) == 0) { /* else it is gone, which reading tells */
        key_of(&from, s->source);
    }
    s->gate = g;
    s->waits_ms = now_ms;
    g->at[g->n++] = s;
    if (g->n == GATE_MAX) {
        tcp_hold(g->listener, true);
    }
    arm(g, now_ms);
}

void gate_work(struct gate *g)
{
    if (g->is_open) {
        CHECK(uv_idle_start(&g->idle, on_idle) == 0); /* harmless when active */
    }
}

void gate_leave(struct gate *g, struct secure_stream *s)
{
    for (uint16_t i = 0; i < g->n; i++) {
        if (g->at[i] == s) {
            g->at[i] = g->at[--g->n];
            s->gate = NULL;
            tcp_hold(g->listener, false);
            return;
        }
    }
}
