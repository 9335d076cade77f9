#include "manager/shell/peers.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "common/os/log.h"
#include "manager/shell/peers_inside.h"

static void arm(struct peers *p)
{
    int64_t now_ms = clock_boot_ms();
    int64_t at_ms = MS_FOREVER;

    for (uint16_t i = 0; i < PEER_MAX; i++) {
        const struct peer *one = p->at[i];

        if (one != NULL && !one->stream.tcp.is_closing) {
            at_ms = min_i64(at_ms, one->backlog != NULL ? now_ms + 1 : one->hello_until_ms);
        }
    }
    wake_at(&p->wake, at_ms, now_ms);
}

static void tell(struct peers *p, enum mev_kind kind, uint16_t slot)
{
    struct mev e = {.kind = kind, .peer = {.peer = slot}};

    if (!p->is_closing) {
        p->on_event(p->user, &e);
    }
}

void peer_refuse(struct peer *one, const char *reason, const char *field, uint32_t claimed_len)
{
    log_warn("frame_refused peer=%s slot=%u reason=%s field=%s claimed_len=%u", one->stream.tcp.peer, one->slot, reason, field, claimed_len);
    one->peers->refused_n++;
    secure_close(&one->stream, "refused");
}

void peer_say(struct peers *p, struct peer *one, const struct msg *m)
{
    uint8_t prefix[FRAME_PREFIX_LEN];
    size_t len = 0;
    enum rc rc = codec_encode(m, p->out, sizeof p->out, &len);

    if (rc != RC_OK) {
        log_err("not_sent peer=%s message=%s why=\"%s\"", one->stream.tcp.peer, msg_kind_text(m->kind), rc_text(rc));
        return;
    }
    frame_prefix((uint32_t)len, prefix);
    secure_write2(&one->stream, prefix, sizeof prefix, p->out, len);
}

void peer_say_why(struct peer *one, const char *what, const char *reason, const char *serial)
{
    char key[IDENTITY_TEXT_LEN];
    uint64_t left_out_n = 0;

    identity_text(one->stream.tls.peer, key);
    if (gate_may_say(&one->peers->gate, clock_boot_ms(), &left_out_n)) {
        log_warn("%s peer=%s reason=%s claims=%s key=%s key_of=%s left_out_n=%llu", what, one->stream.tcp.peer, reason, serial, key,
                 one->is_stranger ? "nobody" : one->serial, (unsigned long long)left_out_n);
    }
}

void peer_reject(struct peer *one, const char *serial)
{
    static const struct msg answer = {.kind = MSG_REJECT, .reject = {.reason = REJECT_NOT_PAIRED}};

    peer_say_why(one, "peer_refused", "not_paired", serial);
    peer_say(one->peers, one, &answer);
    secure_close(&one->stream, "not paired");
}

/* True when the message may go on to the core. */
static bool is_paired(struct peer *one, const struct msg *m)
{
    if (one->is_stranger && m->kind != MSG_HELLO) {
        peer_refuse(one, "out_of_order", "kind", 0);
        return false;
    }
    if (m->kind == MSG_HELLO && one->peers->trust != NULL && !text_same(one->serial, m->hello.serial)) {
        one->peers->unpaired_n += one->is_stranger ? 0 : 1; /* a stranger was counted when he came */
        if (one->is_stranger) {
            pairing_seen(one->peers->pairing, m->hello.serial, one->stream.tls.peer, one->stream.tcp.peer, clock_utc_ms());
        }
        peer_reject(one, m->hello.serial);
        return false;
    }
    return true;
}

static void take_frame(struct peer *one, const uint8_t *body, uint32_t body_len)
{
    struct peers *p = one->peers;
    const char *field = "";
    struct msg m;
    enum rc rc = codec_decode(&p->arena, body, body_len, &m, &field);

    if (rc == RC_MISSING) {
        p->unknown_n++;
        return;
    }
    if (rc != RC_OK) {
        peer_refuse(one, rc == RC_RANGE ? "value_outside_range" : "malformed_message", field, body_len);
        return;
    }
    if (peer_is_pairing(one, &m) || !is_paired(one, &m)) {
        return;
    }
    if (m.kind == MSG_HELLO) {
        one->hello_until_ms = MS_FOREVER;
    }
    if (!p->is_closing) {
        struct mev e = {.kind = MEV_PEER_MSG, .peer_msg = {.peer = one->slot, .msg = &m}};

        p->on_event(p->user, &e);
    }
}

/* Decode bytes until they or the turn's share are used up or the connection is ending. Returns how many were taken. */
static size_t decode(struct peer *one, const uint8_t *bytes, size_t len, size_t most_len)
{
    size_t done_len = 0;
    size_t turn_len = len < most_len ? len : most_len;

    while (done_len < turn_len && !one->stream.tcp.is_closing) {
        size_t used_len = 0;
        const uint8_t *body = NULL;
        uint32_t body_len = 0;
        enum rc rc = frame_read(&one->reader, bytes + done_len, turn_len - done_len, &used_len, &body, &body_len);

        done_len += used_len;
        if (rc == RC_OK) {
            take_frame(one, body, body_len);
        } else if (rc != RC_AGAIN) {
            peer_refuse(one, "frame_length", "length", body_len);
        }
    }
    return done_len;
}

static void drop_backlog(struct peer *one)
{
    free(one->backlog);
    one->backlog = NULL;
    one->backlog_at = 0;
    one->backlog_len = 0;
}

/* Keep what did not fit into this turn; while it waits nothing more is read, so the sender waits too. */
static void keep_rest(struct peer *one, const uint8_t *bytes, size_t len)
{
    size_t have_len = one->backlog_len - one->backlog_at;
    uint8_t *all = malloc(have_len + len);

    if (all == NULL) {
        secure_close(&one->stream, "no memory");
        return;
    }
    if (have_len > 0) {
        memcpy(all, one->backlog + one->backlog_at, have_len);
    }
    memcpy(all + have_len, bytes, len);
    drop_backlog(one);
    one->backlog = all;
    one->backlog_len = have_len + len;
    tcp_pause(&one->stream.tcp);
}

static void on_bytes(struct secure_stream *s, const uint8_t *bytes, size_t len)
{
    struct peer *one = s->user;
    int64_t until_ms = one->hello_until_ms;
    size_t used_len = one->backlog != NULL ? 0 : decode(one, bytes, len, PEERS_TURN_LEN);

    if (used_len < len && !one->stream.tcp.is_closing) {
        keep_rest(one, bytes + used_len, len - used_len);
    }
    if (one->backlog != NULL || until_ms != one->hello_until_ms) {
        arm(one->peers);
    }
}

/* The share of one turn of a connection that waits. Returns bytes decoded. */
static size_t continue_backlog(struct peer *one)
{
    size_t used_len = decode(one, one->backlog + one->backlog_at, one->backlog_len - one->backlog_at, PEERS_TURN_LEN);

    one->backlog_at += used_len;
    if (one->stream.tcp.is_closing) {
        drop_backlog(one);
    } else if (one->backlog_at == one->backlog_len) {
        drop_backlog(one);
        tcp_resume(&one->stream.tcp);
    }
    return used_len;
}

static void on_wake(struct wake *w)
{
    struct peers *p = w->user;
    int64_t now_ms = clock_boot_ms();
    size_t done_len = 0;
    uint16_t begin = p->next;

    for (uint16_t i = 0; i < PEER_MAX && done_len < PEERS_TURN_ALL_LEN; i++) {
        uint16_t slot = (uint16_t)((begin + i) % PEER_MAX);
        struct peer *one = p->at[slot];

        if (one != NULL && one->backlog != NULL && !one->stream.tcp.is_closing) {
            done_len += continue_backlog(one);
            p->next = (uint16_t)((slot + 1) % PEER_MAX);
        }
    }
    for (uint16_t i = 0; i < PEER_MAX; i++) {
        struct peer *one = p->at[i];

        if (one != NULL && !one->stream.tcp.is_closing && one->hello_until_ms <= now_ms) {
            log_warn("peer_closed peer=%s slot=%u reason=no_hello limit_ms=%d", one->stream.tcp.peer, one->slot, p->hello_ms);
            secure_close(&one->stream, "no hello");
        }
    }
    arm(p);
}

/* Pages of its own, zeroed: those of the body cost nothing until a frame needs them, and all go back when the connection ends. From the heap, where
 * sessions and bytes on their way fill the gap that a connection leaves, a fleet that came back twice took more than twice the memory.
 */
static struct peer *new_peer(void)
{
    void *pages = mmap(NULL, sizeof(struct peer), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    return pages != MAP_FAILED ? pages : NULL;
}

static void drop_peer(struct peer *one)
{
    CHECK(munmap(one, sizeof *one) == 0);
}

static void finish_if_done(struct peers *p)
{
    if (p->is_closing && p->open_n == 0 && p->on_closed != NULL) {
        void (*on_closed)(struct peers *) = p->on_closed;

        p->on_closed = NULL;
        on_closed(p);
    }
}

static void on_stream_closed(struct secure_stream *s, const char *why)
{
    struct peer *one = s->user;
    struct peers *p = one->peers;
    uint16_t slot = one->slot;
    bool is_told = one->is_told;

    log_dbg("peer_gone peer=%s slot=%u why=\"%s\"", s->tcp.peer, slot, why);
    p->at[slot] = NULL;
    p->open_n--;
    p->stranger_n = (uint16_t)(p->stranger_n - (one->is_stranger ? 1 : 0));
    if (one->is_proving) {
        pairing_gone(p->pairing, one->claim, one->key);
    }
    drop_backlog(one);
    drop_peer(one);
    if (is_told) {
        tell(p, MEV_PEER_CLOSED, slot);
    }
    finish_if_done(p);
}

/* A stranger stays for his Hello, because a Reject that meets bytes on their way might be lost; there is not room for many of them. */
static void welcome_stranger(struct peers *p, struct peer *one)
{
    p->unpaired_n++;
    if (p->stranger_n == PEERS_STRANGER_MAX) {
        secure_close(&one->stream, "not paired");
        return;
    }
    one->is_stranger = true;
    p->stranger_n++;
}

static void on_stream_open(struct secure_stream *s)
{
    struct peer *one = s->user;
    struct peers *p = one->peers;
    const char *serial = p->trust != NULL ? pins_find(&p->trust->pins, s->tls.peer) : "";

    one->hello_until_ms = clock_boot_ms() + p->hello_ms;
    if (serial == NULL) {
        welcome_stranger(p, one);
    } else {
        CHECK(text_copy(one->serial, sizeof one->serial, serial) == RC_OK); /* as long as the one in the table */
        one->is_told = true;
        tell(p, MEV_PEER_OPEN, one->slot);
    }
    arm(p);
}

static const struct secure_events peer_events = {.on_open = on_stream_open, .on_bytes = on_bytes, .on_closed = on_stream_closed};

static uint16_t free_slot(const struct peers *p)
{
    for (uint16_t i = 0; i < PEER_MAX; i++) {
        if (p->at[i] == NULL) {
            return i;
        }
    }
    return PEER_MAX;
}

static void on_connection(struct tcp_listener *l)
{
    struct peers *p = l->user;
    uint16_t slot = free_slot(p);
    struct peer *one;

    if (slot == PEER_MAX || p->is_closing) {
        log_warn("peer_refused reason=full connections=%u", p->open_n);
        return;
    }
    one = new_peer();
    if (one == NULL) {
        log_err("peer_refused reason=no_memory connections=%u", p->open_n);
        return;
    }
    one->peers = p;
    one->slot = slot;
    one->hello_until_ms = MS_FOREVER;
    frame_reader_init(&one->reader, one->body);
    p->at[slot] = one;
    p->open_n++;
    if (secure_accept(&p->gate, &one->stream, &peer_events, one) != RC_OK) {
        p->at[slot] = NULL;
        p->open_n--;
        drop_peer(one);
    }
}

void peers_init(struct peers *p, void (*on_event)(void *user, const struct mev *e), void *user)
{
    memset(p, 0, offsetof(struct peers, arena));
    p->on_event = on_event;
    p->user = user;
    p->hello_ms = PEERS_HELLO_MS;
}

static void on_pins(void *user)
{
    peers_recheck(user);
}

enum rc peers_open(struct peers *p, uv_loop_t *loop, const struct sockaddr_storage *address, const char **out_why)
{
    enum rc rc = tcp_listen(&p->listener, loop, address, on_connection, p, out_why);

    if (rc == RC_OK) {
        p->loop = loop;
        gate_open(&p->gate, loop, p->trust != NULL ? &p->trust->self : NULL, &p->listener);
        wake_open(&p->wake, loop, on_wake, p);
        if (p->trust != NULL) {
            trust_watch(p->trust, loop, on_pins, p);
        }
    }
    return rc;
}

void peers_secure(struct peers *p, struct pairing *pairing)
{
    CHECK(p->loop == NULL);
    p->pairing = pairing;
    p->trust = pairing->trust;
}

void peers_recheck(struct peers *p)
{
    for (uint16_t i = 0; i < PEER_MAX && p->trust != NULL; i++) {
        struct peer *one = p->at[i];
        const char *serial = one != NULL && one->is_told ? pins_find(&p->trust->pins, one->stream.tls.peer) : NULL;

        if (one != NULL && one->is_told && !one->stream.tcp.is_closing && (serial == NULL || !text_same(serial, one->serial))) {
            log_note("peer_closed peer=%s slot=%u reason=no_longer_paired serial=%s", one->stream.tcp.peer, i, one->serial);
            secure_close(&one->stream, "no longer paired");
        }
    }
}

void peers_send(struct peers *p, uint16_t slot, const struct msg *m)
{
    CHECK(slot < PEER_MAX);
    if (p->at[slot] != NULL && p->at[slot]->is_told && !p->at[slot]->stream.tcp.is_closing) {
        peer_say(p, p->at[slot], m);
    }
}

void peers_close(struct peers *p, uint16_t slot)
{
    CHECK(slot < PEER_MAX);
    if (p->at[slot] != NULL) {
        secure_close(&p->at[slot]->stream, "closed");
    }
}

const char *peers_name(const struct peers *p, uint16_t slot)
{
    return slot < PEER_MAX && p->at[slot] != NULL ? p->at[slot]->stream.tcp.peer : "?";
}

void peers_stop(struct peers *p, void (*on_closed)(struct peers *p))
{
    CHECK(!p->is_closing);
    p->is_closing = true;
    p->on_closed = on_closed;
    if (p->loop != NULL) {
        tcp_unlisten(&p->listener);
        wake_close(&p->wake);
    }
    if (p->trust != NULL) {
        trust_unwatch(p->trust);
    }
    for (uint16_t i = 0; i < PEER_MAX; i++) {
        peers_close(p, i);
    }
    gate_close(&p->gate);
    finish_if_done(p);
}
