/* Whose proof a wallbox listens to, and when: its manager is a real session on the loop of the test. */
#include "client/shell/pairing.h"

#include "client/shell/pin.h"
#include "client/shell/provisioned.h"
#include "common/os/clock.h"
#include "common/os/file.h"
#include "common/os/gate.h"
#include "common/os/pair_proof.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(pairing, .timeout = 20);

#define CONF "serial = W1\nsetup_code = ABCD-EFGH-IJKL-MNOP\n"

/* What the manager does when it is asked. */
enum manners { MANNER_RIGHT, MANNER_WRONG, MANNER_REJECT, MANNER_SILENT };

struct room {
    struct bench bench;
    struct scratch scratch;
    struct identity manager;
    struct identity wallbox;
    struct tcp_listener listener;
    struct gate gate;
    struct sockaddr_storage address;
    struct secure_stream peer;
    struct frame_reader reader;
    uint8_t body[FRAME_MAX];
    struct codec_arena arena;
    struct dialer dialer;
    struct pairing_window window;
    struct pairing pairing;
    enum manners manners;
    int64_t now_ms; /* what the wallbox is told */
    int request_n;  /* PairRequests that the manager has heard */
    int proof_n;    /* right proofs of the wallbox likewise */
    int reject_n;
    int up_n; /* connections that the core would hear of */
    int down_n;
    bool is_again; /* of the last end */
};

static void say(struct room *r, const struct msg *m)
{
    uint8_t bytes[256];
    uint8_t prefix[FRAME_PREFIX_LEN];
    size_t len = 0;

    cr_assert_eq(codec_encode(m, bytes, sizeof bytes, &len), RC_OK);
    frame_prefix((uint32_t)len, prefix);
    secure_write2(&r->peer, prefix, sizeof prefix, bytes, len);
}

static void facts_of(struct room *r, struct pair_facts *f)
{
    struct provisioned p;
    char why[PROVISIONED_WHY_LEN];

    cr_assert_eq(provisioned_read(&p, r->scratch.dir, why), RC_OK, "%s", why);
    cr_assert_eq(pair_facts_of(f, &r->peer.tls, &r->manager, PAIR_MANAGER, p.setup_code), RC_OK);
}

static void on_request(struct room *r, const struct msg *m)
{
    struct msg answer = {.kind = MSG_PAIR_PROOF};
    struct pair_facts f;

    cr_assert_str_eq(m->pair_request.serial, "W1");
    r->request_n++;
    facts_of(r, &f);
    cr_assert_eq(pair_proof(&f, PAIR_MANAGER, answer.pair_proof.proof), RC_OK);
    if (r->manners == MANNER_WRONG) {
        answer.pair_proof.proof[31] ^= 1;
    } else if (r->manners == MANNER_REJECT) {
        answer = (struct msg){.kind = MSG_REJECT, .reject = {.reason = REJECT_NOT_PAIRED}};
    }
    if (r->manners != MANNER_SILENT) {
        say(r, &answer);
    }
}

static void on_peer_msg(struct room *r, const struct msg *m)
{
    struct pair_facts f;

    if (m->kind == MSG_PAIR_REQUEST) {
        on_request(r, m);
    } else if (m->kind == MSG_PAIR_PROOF) {
        facts_of(r, &f);
        cr_assert(pair_proof_is_right(&f, PAIR_CLIENT, m->pair_proof.proof));
        r->proof_n++;
        secure_close(&r->peer, "paired");
    } else {
        cr_assert_eq(m->kind, MSG_REJECT);
        r->reject_n++;
    }
}

static void on_peer_bytes(struct secure_stream *s, const uint8_t *bytes, size_t len)
{
    struct room *r = s->user;

    for (size_t at = 0; at < len;) {
        size_t used_len = 0;
        const uint8_t *body = NULL;
        uint32_t body_len = 0;
        const char *field = "";
        struct msg m;

        if (frame_read(&r->reader, bytes + at, len - at, &used_len, &body, &body_len) == RC_OK) {
            cr_assert_eq(codec_decode(&r->arena, body, body_len, &m, &field), RC_OK, "%s", field);
            on_peer_msg(r, &m);
        }
        at += used_len;
    }
}

static void on_peer_closed(struct secure_stream *s, const char *why)
{
    (void)s;
    (void)why;
}

static const struct secure_events peer_events = {.on_bytes = on_peer_bytes, .on_closed = on_peer_closed};

static void on_connection(struct tcp_listener *l)
{
    struct room *r = l->user;

    frame_reader_init(&r->reader, r->body);
    cr_assert_eq(secure_accept(&r->gate, &r->peer, &peer_events, r), RC_OK);
}

static void on_up(void *user)
{
    struct room *r = user;

    r->up_n += pairing_up(&r->pairing, r->now_ms) ? 0 : 1;
}

static void on_down(void *user)
{
    struct room *r = user;

    r->is_again = pairing_down(&r->pairing);
    r->down_n++;
}

static void on_msg(void *user, const struct msg *m)
{
    struct room *r = user;

    (void)pairing_message(&r->pairing, m, r->now_ms);
}

static const struct dialer_events dialer_events = {.on_up = on_up, .on_down = on_down, .on_msg = on_msg};

static void open_pairing(struct room *r)
{
    pairing_init(&r->pairing, r->scratch.dir, "W1");
    pairing_open(&r->pairing, &r->bench.loop, &r->dialer, &r->wallbox, &r->window);
}

static void close_pairing(struct room *r)
{
    pairing_close(&r->pairing);
    (void)uv_run(&r->bench.loop, UV_RUN_NOWAIT); /* its close callbacks */
}

/* A wallbox with this text as what it was given, NULL nothing. */
static struct room *begin(const char *conf, bool is_pinned)
{
    struct room *r = calloc(1, sizeof *r);
    const char *why = "";

    cr_assert_not_null(r);
    bench_open(&r->bench);
    cr_assert_eq(uv_timer_stop(&r->bench.guard), 0); /* the suite's time-out is longer and does the same */
    scratch_open(&r->scratch);
    cr_assert_eq(identity_open(&r->manager, scratch_path(&r->scratch, "manager")), RC_OK);
    cr_assert_eq(identity_open(&r->wallbox, scratch_path(&r->scratch, "wallbox")), RC_OK);
    if (conf != NULL) {
        cr_assert_eq(file_write(scratch_path(&r->scratch, PROVISIONED_FILE), conf, strlen(conf), &why), RC_OK);
    }
    if (is_pinned) {
        cr_assert_eq(pin_write(r->scratch.dir, r->manager.hash), RC_OK);
    }
    cr_assert_eq(tcp_parse_address("127.0.0.1:0", &r->address), RC_OK);
    cr_assert_eq(tcp_listen(&r->listener, &r->bench.loop, &r->address, on_connection, r, &why), RC_OK);
    cr_assert_eq(tcp_parse_address(r->listener.local, &r->address), RC_OK);
    gate_open(&r->gate, &r->bench.loop, &r->manager, &r->listener);
    dialer_init(&r->dialer, &r->bench.loop, &r->address, &dialer_events, r);
    dialer_secure(&r->dialer, &r->wallbox);
    r->now_ms = clock_boot_ms();
    open_pairing(r);
    return r;
}

static void end(struct room *r)
{
    dialer_close(&r->dialer);
    pairing_close(&r->pairing);
    pairing_close(&r->pairing); /* harmless */
    secure_close(&r->peer, NULL);
    tcp_unlisten(&r->listener);
    while (r->peer.tcp.is_open) {
        (void)uv_run(&r->bench.loop, UV_RUN_ONCE);
    }
    gate_close(&r->gate);
    bench_run(&r->bench);
    bench_close(&r->bench);
    identity_close(&r->manager);
    identity_close(&r->wallbox);
    scratch_close(&r->scratch);
    free(r);
}

/* Dial once, until the connection is over or the core would hear of it. */
static void dial(struct room *r)
{
    int down_n = r->down_n;
    int up_n = r->up_n;

    while (r->peer.tcp.is_open) { /* the manager has one place */
        (void)uv_run(&r->bench.loop, UV_RUN_ONCE);
    }
    pairing_dial(&r->pairing, r->now_ms);
    dialer_dial(&r->dialer);
    while (r->down_n == down_n && r->up_n == up_n) {
        (void)uv_run(&r->bench.loop, UV_RUN_ONCE);
    }
}

static bool is_pinned(struct room *r)
{
    uint8_t pin[IDENTITY_HASH_LEN];

    return pin_read(r->scratch.dir, pin) == RC_OK && memcmp(pin, r->manager.hash, sizeof pin) == 0;
}

static void hang_up(struct room *r)
{
    int down_n = r->down_n;

    dialer_hang_up(&r->dialer);
    while (r->down_n == down_n) {
        (void)uv_run(&r->bench.loop, UV_RUN_ONCE);
    }
}

Test(pairing, who_proves_to_know_the_code_becomes_the_manager)
{
    struct room *r = begin(CONF, false);

    dial(r);
    cr_assert_eq(r->request_n, 1);
    cr_assert_eq(r->proof_n, 1);
    cr_assert(r->is_again, "he is dialled at once");
    cr_assert(is_pinned(r));
    cr_assert_eq(r->up_n, 0, "the core has heard of nothing");
    dial(r);
    cr_assert_eq(r->up_n, 1);
    cr_assert_eq(r->request_n, 1);
    end(r);
}

Test(pairing, a_wrong_proof_pins_nobody_and_is_said)
{
    struct room *r = begin(CONF, false);

    r->manners = MANNER_WRONG;
    dial(r);
    cr_assert_eq(r->proof_n, 0);
    cr_assert_not(is_pinned(r));
    cr_assert_not(r->is_again);
    cr_assert_eq(r->window.failed_n, 1);
    while (r->reject_n == 0) {
        (void)uv_run(&r->bench.loop, UV_RUN_ONCE);
    }
    end(r);
}

Test(pairing, twenty_wrong_proofs_close_the_window_until_the_button_is_pressed)
{
    struct room *r = begin(CONF, false);

    r->manners = MANNER_WRONG;
    for (int i = 0; i < PAIRING_FAILED_MAX; i++) {
        dial(r);
    }
    cr_assert_eq(r->request_n, PAIRING_FAILED_MAX);
    r->manners = MANNER_RIGHT;
    dial(r);
    cr_assert_eq(r->request_n, PAIRING_FAILED_MAX, "nobody is dialled any more");
    cr_assert_not(is_pinned(r));
    pairing_button(&r->pairing, r->now_ms);
    dial(r);
    cr_assert(is_pinned(r));
    end(r);
}

Test(pairing, it_listens_for_fifteen_minutes_and_not_a_moment_longer)
{
    struct room *r = begin(CONF, false);
    int64_t until_ms = r->window.until_ms;

    cr_assert_geq(until_ms, r->now_ms + PAIRING_WINDOW_MS);
    r->now_ms = until_ms - 1;
    r->manners = MANNER_REJECT;
    dial(r);
    cr_assert_eq(r->request_n, 1);
    r->now_ms = until_ms;
    dial(r);
    cr_assert_eq(r->request_n, 1);
    pairing_button(&r->pairing, r->now_ms);
    r->now_ms += PAIRING_WINDOW_MS - 1;
    dial(r);
    cr_assert_eq(r->request_n, 2);
    end(r);
}

Test(pairing, a_window_that_ends_during_the_handshake_has_ended)
{
    struct room *r = begin(CONF, false);

    pairing_dial(&r->pairing, r->now_ms);
    r->now_ms = r->window.until_ms;
    dialer_dial(&r->dialer);
    while (r->down_n == 0) {
        (void)uv_run(&r->bench.loop, UV_RUN_ONCE);
    }
    cr_assert_eq(r->request_n, 0);
    cr_assert_eq(r->up_n, 0);
    end(r);
}

Test(pairing, a_restart_inside_the_program_begins_no_new_window)
{
    struct room *r = begin(CONF, false);
    int64_t until_ms = r->window.until_ms;

    close_pairing(r);
    r->window.failed_n = 3;
    open_pairing(r);
    cr_assert_eq(r->window.until_ms, until_ms);
    cr_assert_eq(r->window.failed_n, 3);
    end(r);
}

Test(pairing, without_a_code_nobody_is_dialled_and_the_button_changes_nothing)
{
    static const char *const bad[] = {NULL, "serial = W1\n", "serial = W1\nsetup_code = ABCD\n", "serial = W2\nsetup_code = ABCD-EFGH-IJKL-MNOP\n"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct room *r = begin(bad[i], false);

        dial(r);
        pairing_button(&r->pairing, r->now_ms);
        dial(r);
        cr_assert_eq(r->request_n, 0);
        end(r);
    }
}

Test(pairing, a_wallbox_with_a_manager_listens_to_no_other_before_the_button_is_pressed)
{
    struct room *r = begin(CONF, false);

    close_pairing(r);
    cr_assert_eq(pin_write(r->scratch.dir, r->wallbox.hash), RC_OK); /* any other key */
    r->window = (struct pairing_window){0};
    open_pairing(r);
    dial(r);
    cr_assert_eq(r->request_n, 0);
    pairing_button(&r->pairing, r->now_ms);
    dial(r);
    cr_assert_eq(r->request_n, 1);
    cr_assert(is_pinned(r));
    end(r);
}

Test(pairing, the_pinned_manager_who_does_not_know_this_wallbox_gets_its_proof_at_any_time)
{
    struct room *r = begin(CONF, true);
    struct msg no = {.kind = MSG_REJECT, .reject = {.reason = REJECT_NOT_PAIRED}};

    dial(r);
    cr_assert_eq(r->up_n, 1, "as ever");
    cr_assert_not(pairing_message(&r->pairing, &no, r->now_ms), "the core hears it as well");
    hang_up(r);
    r->manners = MANNER_REJECT;
    dial(r);
    cr_assert_eq(r->request_n, 1);
    dial(r);
    cr_assert_eq(r->up_n, 2, "and as ever the next time");
    cr_assert_not(pairing_message(&r->pairing, &no, r->now_ms));
    hang_up(r);
    r->manners = MANNER_RIGHT;
    dial(r);
    cr_assert_eq(r->proof_n, 1);
    cr_assert(r->is_again);
    end(r);
}

Test(pairing, whoever_says_something_else_is_left)
{
    struct room *r = begin(CONF, false);
    struct msg welcome = {.kind = MSG_WELCOME, .welcome = {.epoch = 5, .status_ms = 1000}};

    r->manners = MANNER_SILENT;
    pairing_dial(&r->pairing, r->now_ms);
    dialer_dial(&r->dialer);
    while (r->request_n == 0) {
        (void)uv_run(&r->bench.loop, UV_RUN_ONCE);
    }
    cr_assert(pairing_message(&r->pairing, &welcome, r->now_ms), "the core does not hear it");
    while (r->down_n == 0) {
        (void)uv_run(&r->bench.loop, UV_RUN_ONCE);
    }
    cr_assert_not(is_pinned(r));
    end(r);
}
