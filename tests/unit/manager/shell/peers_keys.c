/* Who may join when keys are demanded: the wallboxes are real sessions on the loop of the test. */
#include "manager/shell/peers.h"

#include <arpa/inet.h>

#include "common/base/text.h"
#include "common/os/pair_proof.h"
#include "common/os/secure.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(peers_keys, .timeout = 20);

#define BOXES_N (PEERS_STRANGER_MAX + 3)

struct yard;

struct box {
    struct secure_stream stream;
    struct yard *site;
    struct frame_reader reader;
    uint8_t body[FRAME_MAX];
    struct identity self;
    int opened_n;
    int closed_n;
    int reject_n;
    int proof_n;      /* of the manager */
    bool was_right;   /* the last of them */
    const char *code; /* that it knows, SETUP_CODE_LEN bytes; NULL: it never answers a proof */
    bool is_used;
};

struct yard {
    struct bench bench;
    struct scratch scratch;
    struct trust trust;
    struct pairing pairing;
    struct peers peers;
    struct sockaddr_storage address;
    struct box box[BOXES_N];
    struct codec_arena arena;
    int opened_n;
    int closed_n;
    int hello_n;
    uint16_t slot;
    int stored_n;
    char stored[SERIAL_LEN];
    uint8_t stored_key[IDENTITY_HASH_LEN];
};

static void on_event(void *user, const struct mev *e)
{
    struct yard *s = user;

    s->opened_n += e->kind == MEV_PEER_OPEN ? 1 : 0;
    s->closed_n += e->kind == MEV_PEER_CLOSED ? 1 : 0;
    s->hello_n += e->kind == MEV_PEER_MSG ? 1 : 0;
    s->slot = e->kind == MEV_PEER_OPEN ? e->peer.peer : s->slot;
}

static void on_store(void *user, const char *serial, const uint8_t key[IDENTITY_HASH_LEN])
{
    struct yard *s = user;

    s->stored_n++;
    cr_assert_eq(text_copy(s->stored, sizeof s->stored, serial), RC_OK);
    memcpy(s->stored_key, key, sizeof s->stored_key);
}

static void say(struct box *b, const struct msg *m)
{
    uint8_t bytes[512];
    uint8_t prefix[FRAME_PREFIX_LEN];
    size_t len = 0;

    cr_assert_eq(codec_encode(m, bytes, sizeof bytes, &len), RC_OK);
    frame_prefix((uint32_t)len, prefix);
    secure_write2(&b->stream, prefix, sizeof prefix, bytes, len);
}

/* Answer the manager's proof with that of the code that this wallbox knows. */
static void answer_proof(struct box *b, const uint8_t proof[PAIR_PROOF_LEN])
{
    struct msg m = {.kind = MSG_PAIR_PROOF};
    struct pair_facts f;

    b->proof_n++;
    if (b->code != NULL) {
        cr_assert_eq(pair_facts_of(&f, &b->stream.tls, &b->self, PAIR_CLIENT, (const uint8_t *)b->code), RC_OK);
        b->was_right = pair_proof_is_right(&f, PAIR_MANAGER, proof);
        cr_assert_eq(pair_proof(&f, PAIR_CLIENT, m.pair_proof.proof), RC_OK);
        say(b, &m);
    }
}

static void on_box_open(struct secure_stream *stream)
{
    struct box *b = stream->user;

    b->opened_n++;
}

static void on_box_bytes(struct secure_stream *stream, const uint8_t *bytes, size_t len)
{
    struct box *b = stream->user;

    for (size_t at = 0; at < len;) {
        size_t used_len = 0;
        const uint8_t *body = NULL;
        uint32_t body_len = 0;
        const char *field = "";
        struct msg m;

        if (frame_read(&b->reader, bytes + at, len - at, &used_len, &body, &body_len) == RC_OK) {
            cr_assert_eq(codec_decode(&b->site->arena, body, body_len, &m, &field), RC_OK, "%s", field);
            if (m.kind == MSG_PAIR_PROOF) {
                answer_proof(b, m.pair_proof.proof);
            } else {
                cr_assert_eq(m.kind, MSG_REJECT);
                cr_assert_eq(m.reject.reason, REJECT_NOT_PAIRED);
                cr_assert_str_empty(m.reject.text, "no information");
                b->reject_n++;
            }
        }
        at += used_len;
    }
}

static void on_box_closed(struct secure_stream *stream, const char *why)
{
    struct box *b = stream->user;

    (void)why;
    b->closed_n++;
}

static const struct secure_events box_events = {.on_open = on_box_open, .on_bytes = on_box_bytes, .on_closed = on_box_closed};

static struct yard *begin(void)
{
    struct yard *s = calloc(1, sizeof *s);
    const char *why = "";

    cr_assert_not_null(s);
    bench_open(&s->bench);
    cr_assert_eq(uv_timer_stop(&s->bench.guard), 0); /* the suite's time-out is longer and does the same */
    scratch_open(&s->scratch);
    cr_assert_eq(trust_open(&s->trust, scratch_path(&s->scratch, "manager")), RC_OK);
    cr_assert_eq(tcp_parse_address("127.0.0.1:0", &s->address), RC_OK);
    peers_init(&s->peers, on_event, s);
    pairing_init(&s->pairing, &s->trust, on_store, s);
    peers_secure(&s->peers, &s->pairing);
    cr_assert_eq(peers_open(&s->peers, &s->bench.loop, &s->address, &why), RC_OK, "%s", why);
    cr_assert_eq(tcp_parse_address(s->peers.listener.local, &s->address), RC_OK);
    return s;
}

static void end(struct yard *s)
{
    peers_stop(&s->peers, NULL);
    for (int i = 0; i < BOXES_N; i++) {
        if (s->box[i].is_used && s->box[i].closed_n == 0) {
            secure_close(&s->box[i].stream, NULL);
        }
    }
    bench_run(&s->bench);
    cr_assert_eq(s->peers.open_n, 0);
    cr_assert_eq(s->peers.stranger_n, 0);
    bench_close(&s->bench);
    for (int i = 0; i < BOXES_N; i++) {
        identity_close(&s->box[i].self);
    }
    trust_close(&s->trust);
    pairing_deinit(&s->pairing);
    scratch_close(&s->scratch);
    free(s);
}

static void until(struct yard *s, const int *what, int n)
{
    while (*what < n) {
        (void)uv_run(&s->bench.loop, UV_RUN_ONCE);
    }
}

static struct box *make_box(struct yard *s, int which)
{
    struct box *b = &s->box[which];
    char name[16];

    (void)snprintf(name, sizeof name, "box%d", which);
    b->site = s;
    cr_assert_eq(identity_open(&b->self, scratch_path(&s->scratch, name)), RC_OK);
    return b;
}

static void pin(struct yard *s, const struct box *b, const char *serial)
{
    struct pin *p = &s->trust.pins.at[s->trust.pins.n++];

    cr_assert_eq(text_copy(p->serial, sizeof p->serial, serial), RC_OK);
    memcpy(p->hash, b->self.hash, sizeof p->hash);
}

static void dial(struct yard *s, struct box *b)
{
    struct secure_target target = {.address = &s->address, .self = &b->self, .pin = s->trust.self.hash};

    frame_reader_init(&b->reader, b->body);
    cr_assert_eq(secure_dial(&b->stream, &s->bench.loop, &target, &box_events, b), RC_OK);
    b->is_used = true;
    until(s, &b->opened_n, 1);
}

static void say_hello(struct box *b, const char *serial)
{
    struct msg m = {.kind = MSG_HELLO,
                    .hello = {.model = MODEL_PLUS,
                              .wired_n = 3,
                              .max_ma = 16000,
                              .watchdog = WATCHDOG_HARDWARE,
                              .firmware = "1.0",
                              .protocol_major = LINK_PROTOCOL_MAJOR,
                              .boot_id = 1}};

    cr_assert_eq(text_copy(m.hello.serial, sizeof m.hello.serial, serial), RC_OK);
    say(b, &m);
}

Test(peers_keys, a_wallbox_with_a_pinned_key_joins)
{
    struct yard *s = begin();
    struct box *b = make_box(s, 0);

    pin(s, b, "W1");
    dial(s, b);
    until(s, &s->opened_n, 1);
    say_hello(b, "W1");
    until(s, &s->hello_n, 1);
    cr_assert_eq(s->peers.unpaired_n, 0);
    cr_assert_eq(s->closed_n, 0);
    end(s);
}

Test(peers_keys, one_without_a_pin_hears_that_it_is_not_paired_and_nobody_hears_of_it)
{
    struct yard *s = begin();
    struct box *b = make_box(s, 0);

    dial(s, b);
    say_hello(b, "W1");
    until(s, &b->closed_n, 1);
    cr_assert_eq(b->reject_n, 1);
    cr_assert_eq(s->opened_n, 0);
    cr_assert_eq(s->hello_n, 0);
    cr_assert_eq(s->closed_n, 0);
    cr_assert_eq(s->peers.unpaired_n, 1);
    end(s);
}

Test(peers_keys, the_serial_number_of_another_key_is_not_believed)
{
    struct yard *s = begin();
    struct box *own = make_box(s, 0);
    struct box *thief = make_box(s, 1);

    pin(s, own, "W1");
    pin(s, thief, "W2");
    dial(s, thief);
    say_hello(thief, "W1");
    until(s, &thief->closed_n, 1);
    cr_assert_eq(thief->reject_n, 1);
    cr_assert_eq(s->hello_n, 0);
    cr_assert_eq(s->peers.unpaired_n, 1);
    end(s);
}

Test(peers_keys, a_stranger_may_say_hello_and_nothing_else)
{
    struct yard *s = begin();
    struct box *b = make_box(s, 0);
    struct msg m = {.kind = MSG_GOODBYE, .goodbye = {.reason = GOODBYE_STOPPING}};

    dial(s, b);
    say(b, &m);
    until(s, &b->closed_n, 1);
    cr_assert_eq(b->reject_n, 0);
    cr_assert_eq(s->hello_n, 0);
    end(s);
}

Test(peers_keys, a_stranger_that_says_nothing_is_closed_like_everybody)
{
    struct yard *s = begin();
    struct box *b = make_box(s, 0);

    s->peers.hello_ms = 20;
    dial(s, b);
    until(s, &b->closed_n, 1);
    cr_assert_eq(s->opened_n, 0);
    end(s);
}

Test(peers_keys, there_is_not_room_for_many_strangers_but_for_a_wallbox)
{
    struct yard *s = begin();
    struct box *b;

    for (int i = 0; i <= PEERS_STRANGER_MAX; i++) {
        dial(s, make_box(s, i));
    }
    until(s, &s->box[PEERS_STRANGER_MAX].closed_n, 1);
    cr_assert_eq(s->peers.stranger_n, PEERS_STRANGER_MAX);
    b = make_box(s, BOXES_N - 1);
    pin(s, b, "W1");
    dial(s, b);
    until(s, &s->opened_n, 1);
    end(s);
}

Test(peers_keys, whoever_is_pinned_no_longer_is_cut_off_and_the_others_stay)
{
    struct yard *s = begin();
    struct box *stays = make_box(s, 0);
    struct box *goes = make_box(s, 1);

    pin(s, stays, "W1");
    pin(s, goes, "W2");
    dial(s, stays);
    dial(s, goes);
    until(s, &s->opened_n, 2);
    peers_recheck(&s->peers);
    s->trust.pins.n = 1;
    peers_recheck(&s->peers);
    until(s, &s->closed_n, 1);
    until(s, &goes->closed_n, 1);
    cr_assert_eq(stays->closed_n, 0);
    end(s);
}

Test(peers_keys, nothing_is_said_to_a_connection_that_is_not_open_yet)
{
    struct yard *s = begin();
    struct msg m = {.kind = MSG_WELCOME, .welcome = {.epoch = 5, .status_ms = 1000}};
    struct box *b = make_box(s, 0);

    dial(s, b); /* a stranger in slot 0 */
    while (s->peers.stranger_n == 0) {
        (void)uv_run(&s->bench.loop, UV_RUN_ONCE);
    }
    peers_send(&s->peers, 0, &m);
    say_hello(b, "W1");
    until(s, &b->closed_n, 1);
    cr_assert_eq(b->reject_n, 1, "and no Welcome");
    end(s);
}

/* Pairing by setup code. */

#define CODE "0123456789"
#define OTHER_CODE "0123456780"

static void know(struct yard *s, const char *serial, const char *code, int64_t given_utc_ms)
{
    struct setup_code *one = &s->trust.codes.at[0];

    s->trust.codes.n = 1;
    cr_assert_eq(text_copy(one->serial, sizeof one->serial, serial), RC_OK);
    memcpy(one->code, code, sizeof one->code);
    one->given_utc_ms = given_utc_ms;
}

static void ask(struct box *b, const char *serial)
{
    struct msg m = {.kind = MSG_PAIR_REQUEST};

    cr_assert_eq(text_copy(m.pair_request.serial, sizeof m.pair_request.serial, serial), RC_OK);
    say(b, &m);
}

/* State of the only key that has asked. */
static enum pairing_state state_of(struct yard *s, const char *serial)
{
    static struct pairing_list list;

    pairing_copy(&s->pairing, &list);
    cr_assert_eq(list.n, 1);
    cr_assert_str_eq(list.at[0].serial, serial);
    return list.at[0].state;
}

Test(peers_keys, a_wallbox_that_proves_its_code_is_stored_and_let_go)
{
    struct yard *s = begin();
    struct box *b = make_box(s, 0);

    know(s, "W1", CODE, 5);
    b->code = CODE;
    dial(s, b);
    ask(b, "W1");
    until(s, &s->stored_n, 1);
    cr_assert(b->was_right);
    cr_assert_str_eq(s->stored, "W1");
    cr_assert_arr_eq(s->stored_key, b->self.hash, IDENTITY_HASH_LEN);
    cr_assert_eq(state_of(s, "W1"), PAIRING_PROVING);
    cr_assert_eq(b->closed_n, 0, "it waits until that is durable");
    pairing_stored(&s->pairing, "W1", b->self.hash, true);
    peers_end_pairing(&s->peers, b->self.hash);
    until(s, &b->closed_n, 1);
    cr_assert_eq(state_of(s, "W1"), PAIRING_PAIRED);
    cr_assert_eq(b->reject_n, 0);
    cr_assert_eq(s->opened_n, 0, "nobody else hears of it");
    end(s);
}

Test(peers_keys, a_wallbox_without_a_code_at_the_manager_is_shown_and_refused)
{
    struct yard *s = begin();
    struct box *b = make_box(s, 0);

    know(s, "W2", CODE, 5);
    dial(s, b);
    ask(b, "W1");
    until(s, &b->closed_n, 1);
    cr_assert_eq(b->reject_n, 1);
    cr_assert_eq(b->proof_n, 0);
    cr_assert_eq(state_of(s, "W1"), PAIRING_SEEN);
    end(s);
}

Test(peers_keys, a_wrong_code_is_offered_once_to_a_key_and_again_when_it_was_given_anew)
{
    struct yard *s = begin();
    struct box *b = make_box(s, 0);

    know(s, "W1", CODE, 5);
    b->code = OTHER_CODE;
    for (int i = 1; i <= 3; i++) {
        dial(s, b);
        ask(b, "W1");
        until(s, &b->closed_n, 1);
        cr_assert_eq(b->proof_n, i == 3 ? 2 : 1);
        cr_assert_eq(s->stored_n, 0);
        cr_assert_eq(state_of(s, "W1"), PAIRING_FAILED);
        b->closed_n = b->opened_n = 0;
        know(s, "W1", CODE, i == 2 ? 6 : 5);
    }
    cr_assert_eq(b->reject_n, 1);
    cr_assert_not(b->was_right);
    end(s);
}

Test(peers_keys, who_does_not_take_the_managers_proof_is_shown_as_failed)
{
    struct yard *s = begin();
    struct box *b = make_box(s, 0);
    struct msg no = {.kind = MSG_REJECT, .reject = {.reason = REJECT_NOT_PAIRED}};

    know(s, "W1", CODE, 5);
    dial(s, b);
    ask(b, "W1");
    until(s, &b->proof_n, 1);
    say(b, &no);
    until(s, &b->closed_n, 1);
    cr_assert_eq(state_of(s, "W1"), PAIRING_FAILED);
    end(s);
}

Test(peers_keys, who_goes_before_he_answers_is_as_before)
{
    struct yard *s = begin();
    struct box *b = make_box(s, 0);

    know(s, "W1", CODE, 5);
    dial(s, b);
    ask(b, "W1");
    until(s, &b->proof_n, 1);
    secure_close(&b->stream, NULL);
    until(s, &b->closed_n, 1);
    while (s->peers.open_n > 0) {
        (void)uv_run(&s->bench.loop, UV_RUN_ONCE);
    }
    cr_assert_eq(state_of(s, "W1"), PAIRING_SEEN);
    end(s);
}

Test(peers_keys, a_key_of_one_wallbox_is_not_paired_as_another)
{
    struct yard *s = begin();
    struct box *b = make_box(s, 0);

    pin(s, b, "W2");
    know(s, "W1", CODE, 5);
    b->code = CODE;
    dial(s, b);
    ask(b, "W1");
    until(s, &b->closed_n, 1);
    cr_assert_eq(b->reject_n, 1);
    cr_assert_eq(b->proof_n, 0);
    end(s);
}

Test(peers_keys, messages_of_pairing_come_in_their_order_or_end_the_connection)
{
    struct yard *s = begin();
    struct msg proof = {.kind = MSG_PAIR_PROOF};

    know(s, "W1", CODE, 5);
    for (int i = 0; i < 3; i++) {
        struct box *b = make_box(s, i);

        dial(s, b);
        if (i == 0) {
            say(b, &proof); /* nobody asked for it */
        } else if (i == 1) {
            ask(b, "W1"); /* twice */
            ask(b, "W1");
        } else {
            pin(s, b, "W3");
            ask(b, "W1");
            say_hello(b, "W1"); /* behind a request */
        }
        until(s, &b->closed_n, 1);
    }
    cr_assert_eq(s->stored_n, 0);
    cr_assert_eq(s->hello_n, 0);
    end(s);
}

Test(peers_keys, a_wallbox_that_was_introduced_cannot_begin_to_pair)
{
    struct yard *s = begin();
    struct box *b = make_box(s, 0);

    pin(s, b, "W1");
    know(s, "W1", CODE, 5);
    dial(s, b);
    say_hello(b, "W1");
    until(s, &s->hello_n, 1);
    ask(b, "W1");
    until(s, &b->closed_n, 1);
    cr_assert_eq(b->proof_n, 0);
    end(s);
}
