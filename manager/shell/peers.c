#include "manager/shell/peers.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "common/os/log.h"

struct peer {
    struct tcp_stream stream;
    struct peers *peers;
    struct frame_reader reader;
    uint8_t *backlog; /* bytes that arrived and were not yet decoded; NULL none. Reading is paused meanwhile. */
    size_t backlog_at;
    size_t backlog_len;
    uv_alloc_cb alloc_cb; /* of the stream, kept while reading is paused: libuv forgets them */
    uv_read_cb read_cb;
    int64_t hello_until_ms; /* MS_FOREVER once introduced */
    uint16_t slot;
    uint8_t body[FRAME_MAX];
};

static void arm(struct peers *p)
{
    int64_t now_ms = clock_boot_ms();
    int64_t at_ms = MS_FOREVER;

    for (uint16_t i = 0; i < PEER_MAX; i++) {
        const struct peer *one = p->at[i];

        if (one != NULL && !one->stream.is_closing) {
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

static void refuse(struct peer *one, const char *reason, const char *field, uint32_t claimed_len)
{
    log_warn("frame_refused peer=%s slot=%u reason=%s field=%s claimed_len=%u", one->stream.peer, one->slot, reason, field, claimed_len);
    one->peers->refused_n++;
    tcp_close(&one->stream, "refused");
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
        refuse(one, rc == RC_RANGE ? "value_outside_range" : "malformed_message", field, body_len);
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

    while (done_len < turn_len && !one->stream.is_closing) {
        size_t used_len = 0;
        const uint8_t *body = NULL;
        uint32_t body_len = 0;
        enum rc rc = frame_read(&one->reader, bytes + done_len, turn_len - done_len, &used_len, &body, &body_len);

        done_len += used_len;
        if (rc == RC_OK) {
            take_frame(one, body, body_len);
        } else if (rc != RC_AGAIN) {
            refuse(one, "frame_length", "length", body_len);
        }
    }
    return done_len;
}

/* Reading goes on and off by libuv itself, with the callbacks that the stream was opened with. */
static void pause_reading(struct peer *one)
{
    uv_stream_t *stream = (uv_stream_t *)&one->stream.handle;

    if (uv_is_active((uv_handle_t *)stream) != 0 && stream->read_cb != NULL) {
        one->alloc_cb = stream->alloc_cb;
        one->read_cb = stream->read_cb;
        (void)uv_read_stop(stream); /* never fails (libuv's own documentation) */
    }
}

static void resume_reading(struct peer *one)
{
    int err = uv_read_start((uv_stream_t *)&one->stream.handle, one->alloc_cb, one->read_cb);

    if (err != 0) {
        tcp_close(&one->stream, uv_strerror(err));
    }
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
        tcp_close(&one->stream, "no memory");
        return;
    }
    if (have_len > 0) {
        memcpy(all, one->backlog + one->backlog_at, have_len);
    }
    memcpy(all + have_len, bytes, len);
    drop_backlog(one);
    one->backlog = all;
    one->backlog_len = have_len + len;
    pause_reading(one);
}

static void on_bytes(struct tcp_stream *s, const uint8_t *bytes, size_t len)
{
    struct peer *one = s->user;
    int64_t until_ms = one->hello_until_ms;
    size_t used_len = one->backlog != NULL ? 0 : decode(one, bytes, len, PEERS_TURN_LEN);

    if (used_len < len && !one->stream.is_closing) {
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
    if (one->stream.is_closing) {
        drop_backlog(one);
    } else if (one->backlog_at == one->backlog_len) {
        drop_backlog(one);
        resume_reading(one);
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

        if (one != NULL && one->backlog != NULL && !one->stream.is_closing) {
            done_len += continue_backlog(one);
            p->next = (uint16_t)((slot + 1) % PEER_MAX);
        }
    }
    for (uint16_t i = 0; i < PEER_MAX; i++) {
        struct peer *one = p->at[i];

        if (one != NULL && !one->stream.is_closing && one->hello_until_ms <= now_ms) {
            log_warn("peer_closed peer=%s slot=%u reason=no_hello limit_ms=%d", one->stream.peer, one->slot, p->hello_ms);
            tcp_close(&one->stream, "no hello");
        }
    }
    arm(p);
}

static void finish_if_done(struct peers *p)
{
    if (p->is_closing && p->open_n == 0 && p->on_closed != NULL) {
        void (*on_closed)(struct peers *) = p->on_closed;

        p->on_closed = NULL;
        on_closed(p);
    }
}

static void on_stream_closed(struct tcp_stream *s, const char *why)
{
    struct peer *one = s->user;
    struct peers *p = one->peers;
    uint16_t slot = one->slot;

    log_dbg("peer_gone peer=%s slot=%u why=\"%s\"", s->peer, slot, why);
    p->at[slot] = NULL;
    p->open_n--;
    drop_backlog(one);
    free(one);
    tell(p, MEV_PEER_CLOSED, slot);
    finish_if_done(p);
}

static const struct tcp_events peer_events = {.on_open = NULL, .on_bytes = on_bytes, .on_closed = on_stream_closed};

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
    one = malloc(sizeof *one);
    if (one == NULL) {
        log_err("peer_refused reason=no_memory connections=%u", p->open_n);
        return;
    }
    memset(one, 0, offsetof(struct peer, body)); /* the body's pages stay untouched until a frame needs them */
    one->peers = p;
    one->slot = slot;
    one->hello_until_ms = clock_boot_ms() + p->hello_ms;
    frame_reader_init(&one->reader, one->body);
    if (tcp_accept(l, &one->stream, &peer_events, one) != RC_OK) {
        free(one);
        return;
    }
    p->at[slot] = one;
    p->open_n++;
    tell(p, MEV_PEER_OPEN, slot);
    arm(p);
}

void peers_init(struct peers *p, void (*on_event)(void *user, const struct mev *e), void *user)
{
    memset(p, 0, offsetof(struct peers, arena));
    p->on_event = on_event;
    p->user = user;
    p->hello_ms = PEERS_HELLO_MS;
}

enum rc peers_open(struct peers *p, uv_loop_t *loop, const struct sockaddr_storage *address, const char **out_why)
{
    enum rc rc = tcp_listen(&p->listener, loop, address, on_connection, p, out_why);

    if (rc == RC_OK) {
        p->loop = loop;
        wake_open(&p->wake, loop, on_wake, p);
    }
    return rc;
}

void peers_send(struct peers *p, uint16_t slot, const struct msg *m)
{
    struct peer *one;
    uint8_t prefix[FRAME_PREFIX_LEN];
    size_t len = 0;
    enum rc rc;

    CHECK(slot < PEER_MAX);
    one = p->at[slot];
    if (one == NULL || one->stream.is_closing) {
        return;
    }
    rc = codec_encode(m, p->out, sizeof p->out, &len);
    if (rc != RC_OK) {
        log_err("not_sent peer=%s message=%s why=\"%s\"", one->stream.peer, msg_kind_text(m->kind), rc_text(rc));
        return;
    }
    frame_prefix((uint32_t)len, prefix);
    tcp_write2(&one->stream, prefix, sizeof prefix, p->out, len);
}

void peers_close(struct peers *p, uint16_t slot)
{
    CHECK(slot < PEER_MAX);
    if (p->at[slot] != NULL) {
        tcp_close(&p->at[slot]->stream, "closed");
    }
}

const char *peers_name(const struct peers *p, uint16_t slot)
{
    return slot < PEER_MAX && p->at[slot] != NULL ? p->at[slot]->stream.peer : "?";
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
    for (uint16_t i = 0; i < PEER_MAX; i++) {
        peers_close(p, i);
    }
    finish_if_done(p);
}
