#include "client/shell/dialer.h"

#include "common/os/clock.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(dialer, .timeout = 10);

#define BYTES_LEN 4096

/* A manager with one place. */
struct rig {
    struct bench bench;
    struct tcp_listener listener;
    struct tcp_stream peer;
    bool has_peer;
    uint8_t heard[BYTES_LEN];
    size_t heard_len;
    struct sockaddr_storage address;
    struct dialer dialer;
    int up_n;
    int down_n;
    int msg_n;
    struct msg msg; /* newest */
    bool hangs_up_on_msg;
};

static void on_up(void *user)
{
    struct rig *r = user;

    r->up_n++;
}

static void on_down(void *user)
{
    struct rig *r = user;

    r->down_n++;
}

static void on_msg(void *user, const struct msg *m)
{
    struct rig *r = user;

    r->msg_n++;
    r->msg = *m;
    if (r->hangs_up_on_msg) {
        dialer_hang_up(&r->dialer);
    }
}

static const struct dialer_events events = {.on_up = on_up, .on_down = on_down, .on_msg = on_msg};

static void on_peer_bytes(struct tcp_stream *s, const uint8_t *bytes, size_t len)
{
    struct rig *r = s->user;

    cr_assert_leq(r->heard_len + len, sizeof r->heard);
    memcpy(r->heard + r->heard_len, bytes, len);
    r->heard_len += len;
}

static void on_peer_closed(struct tcp_stream *s, const char *why)
{
    struct rig *r = s->user;

    (void)why;
    r->has_peer = false;
}

static const struct tcp_events peer_events = {.on_bytes = on_peer_bytes, .on_closed = on_peer_closed};

static void on_connection(struct tcp_listener *l)
{
    struct rig *r = l->user;

    cr_assert_not(r->has_peer);
    cr_assert_eq(tcp_accept(l, &r->peer, &peer_events, r), RC_OK);
    r->has_peer = true;
}

static struct rig *rig_open(void)
{
    struct rig *r = calloc(1, sizeof *r);
    struct sockaddr_storage any;
    const char *why = "";

    cr_assert_not_null(r);
    bench_open(&r->bench);
    cr_assert_eq(tcp_parse_address("127.0.0.1:0", &any), RC_OK);
    cr_assert_eq(tcp_listen(&r->listener, &r->bench.loop, &any, on_connection, r, &why), RC_OK, "%s", why);
    cr_assert_eq(tcp_parse_address(r->listener.local, &r->address), RC_OK);
    dialer_init(&r->dialer, &r->bench.loop, &r->address, &events, r);
    return r;
}

static void rig_close(struct rig *r)
{
    dialer_close(&r->dialer);
    dialer_close(&r->dialer); /* harmless */
    if (r->has_peer) {
        tcp_close(&r->peer, NULL);
    }
    tcp_unlisten(&r->listener);
    bench_run(&r->bench);
    bench_close(&r->bench);
    free(r);
}

static void until(struct rig *r, const int *counter, int n)
{
    while (*counter < n) {
        uv_run(&r->bench.loop, UV_RUN_ONCE);
    }
}

static void connect_both(struct rig *r)
{
    dialer_dial(&r->dialer);
    while (r->up_n == 0 || !r->has_peer) {
        uv_run(&r->bench.loop, UV_RUN_ONCE);
    }
}

static struct msg welcome(void)
{
    return (struct msg){.kind = MSG_WELCOME, .welcome = {.epoch = 7, .status_ms = 1000}};
}

/* The bytes of a message with its prefix. */
static size_t frame_of(const struct msg *m, uint8_t out[BYTES_LEN])
{
    size_t len = 0;

    cr_assert_eq(codec_encode(m, out + FRAME_PREFIX_LEN, BYTES_LEN - FRAME_PREFIX_LEN, &len), RC_OK);
    frame_prefix((uint32_t)len, out);
    return len + FRAME_PREFIX_LEN;
}

Test(dialer, a_message_arrives_whole_however_its_bytes_are_cut)
{
    struct msg m = welcome();
    uint8_t bytes[BYTES_LEN];
    size_t len = frame_of(&m, bytes);
    struct rig *r = rig_open();

    connect_both(r);
    for (size_t i = 0; i < len; i++) {
        tcp_write(&r->peer, bytes + i, 1);
        uv_run(&r->bench.loop, UV_RUN_NOWAIT);
    }
    until(r, &r->msg_n, 1);
    cr_assert_eq(r->msg.kind, MSG_WELCOME);
    cr_assert_eq(r->msg.welcome.epoch, 7);
    rig_close(r);
}

Test(dialer, what_is_sent_is_one_frame)
{
    struct msg m = {.kind = MSG_GOODBYE, .goodbye = {.reason = GOODBYE_STOPPING}};
    uint8_t bytes[BYTES_LEN];
    size_t len = frame_of(&m, bytes);
    struct rig *r = rig_open();

    dialer_send(&r->dialer, &m); /* no connection: dropped */
    connect_both(r);
    dialer_send(&r->dialer, &m);
    dialer_hang_up(&r->dialer);
    dialer_send(&r->dialer, &m); /* closing: dropped */
    until(r, &r->down_n, 1);
    while (r->has_peer) {
        uv_run(&r->bench.loop, UV_RUN_ONCE);
    }
    cr_assert_eq(r->heard_len, len);
    cr_assert_eq(memcmp(r->heard, bytes, len), 0);
    rig_close(r);
}

Test(dialer, a_message_that_is_not_allowed_is_not_sent)
{
    struct msg m = {.kind = MSG_GOODBYE};
    struct capture log;
    struct rig *r = rig_open();

    connect_both(r);
    capture_begin(&log, STDERR_FILENO);
    dialer_send(&r->dialer, &m);
    cr_assert_not_null(strstr(capture_end(&log), "not_sent message=goodbye"));
    cr_assert_eq(r->down_n, 0);
    rig_close(r);
}

/* Bytes that are no message end the connection with one line that holds these words. */
static void refuses(const uint8_t *bytes, size_t len, const char *expected)
{
    struct capture log;
    const char *text;
    const char *line;
    struct rig *r = rig_open();

    connect_both(r);
    capture_begin(&log, STDERR_FILENO);
    tcp_write(&r->peer, bytes, len);
    until(r, &r->down_n, 1);
    text = capture_end(&log);
    line = strstr(text, "frame_refused");
    cr_assert_not_null(line, "%s", text);
    cr_assert_not_null(strstr(line, expected), "%s", text);
    cr_assert_null(strstr(line + 1, "frame_refused"), "%s", text);
    cr_assert_eq(r->msg_n, 0);
    rig_close(r);
}

Test(dialer, a_frame_of_no_bytes_is_refused)
{
    refuses((const uint8_t[]){0, 0, 0, 0}, 4, "field=length claimed_len=0");
}

Test(dialer, a_frame_longer_than_the_longest_is_refused_by_its_prefix)
{
    refuses((const uint8_t[]){0, 1, 0, 1}, 4, "field=length claimed_len=65537");
}

Test(dialer, bytes_that_are_no_message_are_refused)
{
    refuses((const uint8_t[]){0, 0, 0, 2, 0xFF, 0xFF}, 6, "reason=malformed_message field=envelope");
}

Test(dialer, a_field_outside_its_range_is_named)
{
    struct msg m = welcome();
    uint8_t bytes[BYTES_LEN];
    size_t len = frame_of(&m, bytes);
    size_t at = FRAME_PREFIX_LEN;

    while (at + 1 < len && !(bytes[at] == 0xE8 && bytes[at + 1] == 0x07)) { /* 1000 as a varint: status_ms */
        at++;
    }
    cr_assert_lt(at + 1, len);
    bytes[at] = 0x81; /* 1, in as many bytes */
    bytes[at + 1] = 0x00;
    refuses(bytes, len, "reason=value_outside_range field=status_ms");
}

Test(dialer, what_follows_a_hang_up_in_the_same_bytes_is_not_handed_on)
{
    struct msg m = welcome();
    uint8_t bytes[BYTES_LEN];
    size_t len = frame_of(&m, bytes);
    struct rig *r = rig_open();

    memcpy(bytes + len, bytes, len);
    r->hangs_up_on_msg = true;
    connect_both(r);
    tcp_write(&r->peer, bytes, 2 * len);
    until(r, &r->down_n, 1);
    cr_assert_eq(r->msg_n, 1);
    rig_close(r);
}

Test(dialer, a_manager_that_is_not_there_is_said_once_and_can_be_dialed_again)
{
    struct capture log;
    const char *text;
    struct rig *r = rig_open();

    tcp_unlisten(&r->listener);
    uv_run(&r->bench.loop, UV_RUN_NOWAIT);
    capture_begin(&log, STDERR_FILENO);
    dialer_dial(&r->dialer);
    until(r, &r->down_n, 1);
    dialer_dial(&r->dialer);
    until(r, &r->down_n, 2);
    text = capture_end(&log);
    cr_assert_eq(r->up_n, 0);
    cr_assert_not_null(strstr(text, "link_down"), "%s", text);
    cr_assert_null(strstr(strstr(text, "link_down") + 1, "link_down"), "%s", text);
    rig_close(r);
}

Test(dialer, a_manager_that_goes_is_noticed_and_a_new_connection_starts_clean)
{
    struct msg m = welcome();
    uint8_t bytes[BYTES_LEN];
    size_t len = frame_of(&m, bytes);
    struct rig *r = rig_open();

    connect_both(r);
    tcp_write(&r->peer, bytes, len - 1); /* a piece that the next connection must not inherit */
    tcp_close(&r->peer, NULL);
    until(r, &r->down_n, 1);
    dialer_dial(&r->dialer);
    while (r->up_n < 2 || !r->has_peer) {
        uv_run(&r->bench.loop, UV_RUN_ONCE);
    }
    tcp_write(&r->peer, bytes, len);
    until(r, &r->msg_n, 1);
    rig_close(r);
}

Test(dialer, a_connection_that_does_not_come_is_given_up)
{
    struct sockaddr_storage nowhere;
    struct rig *r = rig_open();
    int full[2] = {socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    socklen_t nowhere_len = sizeof nowhere;

    /* A socket with room for one connection, taken by another: the kernel does not answer further ones. */
    cr_assert_eq(tcp_parse_address("127.0.0.1:0", &nowhere), RC_OK);
    cr_assert_eq(bind(full[0], (struct sockaddr *)&nowhere, sizeof(struct sockaddr_in)), 0);
    cr_assert_eq(listen(full[0], 0), 0);
    cr_assert_eq(getsockname(full[0], (struct sockaddr *)&nowhere, &nowhere_len), 0);
    (void)connect(full[1], (struct sockaddr *)&nowhere, nowhere_len);
    r->address = nowhere;
    r->dialer.connect_ms = 50;
    dialer_dial(&r->dialer);
    until(r, &r->down_n, 1);
    cr_assert_eq(r->up_n, 0);
    close(full[0]);
    close(full[1]);
    rig_close(r);
}

Test(dialer, a_close_while_it_is_connecting_tells_nobody)
{
    struct rig *r = rig_open();

    dialer_dial(&r->dialer);
    dialer_close(&r->dialer);
    cr_assert_eq(r->down_n, 0);
    rig_close(r);
}

/* A manager with a key: the same place behind a gate. */
struct keyed {
    struct rig *rig;
    struct scratch scratch;
    struct identity manager;
    struct identity wallbox;
    struct gate gate;
    struct secure_stream peer;
    int opened_n;
    int closed_n;
};

static void on_keyed_open(struct secure_stream *s)
{
    struct keyed *k = s->user;
    struct msg m = welcome();
    uint8_t bytes[BYTES_LEN];

    k->opened_n++;
    secure_write(s, bytes, frame_of(&m, bytes));
}

static void on_keyed_bytes(struct secure_stream *s, const uint8_t *bytes, size_t len)
{
    struct keyed *k = s->user;

    memcpy(k->rig->heard, bytes, len);
    k->rig->heard_len = len;
}

static void on_keyed_closed(struct secure_stream *s, const char *why)
{
    struct keyed *k = s->user;

    (void)why;
    k->closed_n++;
}

static const struct secure_events keyed_events = {.on_open = on_keyed_open, .on_bytes = on_keyed_bytes, .on_closed = on_keyed_closed};

static void on_keyed_connection(struct tcp_listener *l)
{
    struct keyed *k = l->user;

    cr_assert_eq(secure_accept(&k->gate, &k->peer, &keyed_events, k), RC_OK);
}

static struct keyed *keyed_open(void)
{
    struct keyed *k = calloc(1, sizeof *k);

    cr_assert_not_null(k);
    k->rig = rig_open();
    scratch_open(&k->scratch);
    cr_assert_eq(identity_open(&k->manager, scratch_path(&k->scratch, "manager")), RC_OK);
    cr_assert_eq(identity_open(&k->wallbox, scratch_path(&k->scratch, "wallbox")), RC_OK);
    k->rig->listener.on_connection = on_keyed_connection;
    k->rig->listener.user = k;
    gate_open(&k->gate, &k->rig->bench.loop, &k->manager, &k->rig->listener);
    dialer_secure(&k->rig->dialer, &k->wallbox);
    return k;
}

static void keyed_close(struct keyed *k)
{
    if (k->closed_n == 0) {
        secure_close(&k->peer, NULL); /* harmless when nobody came */
    }
    gate_close(&k->gate);
    rig_close(k->rig);
    identity_close(&k->manager);
    identity_close(&k->wallbox);
    scratch_close(&k->scratch);
    free(k);
}

Test(dialer, messages_of_the_pinned_manager_come_through_encryption)
{
    struct keyed *k = keyed_open();
    struct msg m = {.kind = MSG_GOODBYE, .goodbye = {.reason = GOODBYE_STOPPING}};

    dialer_pin(&k->rig->dialer, k->manager.hash);
    dialer_dial(&k->rig->dialer);
    until(k->rig, &k->rig->msg_n, 1);
    cr_assert_eq(k->rig->msg.kind, MSG_WELCOME);
    dialer_send(&k->rig->dialer, &m);
    while (k->rig->heard_len == 0) {
        uv_run(&k->rig->bench.loop, UV_RUN_ONCE);
    }
    keyed_close(k);
}

Test(dialer, nothing_is_heard_of_a_manager_that_is_not_the_pinned_one)
{
    struct keyed *k = keyed_open();

    dialer_pin(&k->rig->dialer, k->wallbox.hash);
    dialer_dial(&k->rig->dialer);
    until(k->rig, &k->rig->down_n, 1);
    cr_assert_eq(k->rig->up_n, 0);
    cr_assert_eq(k->rig->msg_n, 0);
    keyed_close(k);
}

Test(dialer, without_a_pinned_manager_nobody_is_dialled)
{
    struct keyed *k = keyed_open();

    dialer_dial(&k->rig->dialer);
    cr_assert_eq(k->rig->down_n, 1);
    dialer_pin(&k->rig->dialer, k->manager.hash);
    dialer_pin(&k->rig->dialer, NULL);
    dialer_dial(&k->rig->dialer);
    cr_assert_eq(k->rig->down_n, 2);
    dialer_pin(&k->rig->dialer, k->manager.hash);
    dialer_dial(&k->rig->dialer);
    until(k->rig, &k->rig->up_n, 1);
    keyed_close(k);
}

Test(dialer, a_handshake_that_does_not_end_is_given_up_like_a_connection)
{
    struct keyed *k = keyed_open();
    int64_t begin_ms;

    k->rig->listener.on_connection = on_connection; /* hears the handshake and says nothing */
    k->rig->listener.user = k->rig;
    k->rig->dialer.connect_ms = 30;
    dialer_pin(&k->rig->dialer, k->manager.hash);
    dialer_dial(&k->rig->dialer);
    while (k->rig->heard_len == 0) {
        uv_run(&k->rig->bench.loop, UV_RUN_ONCE);
    }
    begin_ms = clock_boot_ms();
    cr_assert_geq(k->rig->dialer.stream.tls.until_ms, begin_ms + TLS_SHAKE_MS - 1000, "longer than connecting itself");
    k->rig->dialer.stream.tls.until_ms = begin_ms + 200;
    until(k->rig, &k->rig->down_n, 1);
    cr_assert_geq(clock_boot_ms(), begin_ms + 200);
    cr_assert_eq(k->rig->up_n, 0);
    keyed_close(k);
}
