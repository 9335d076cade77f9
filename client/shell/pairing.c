#include "client/shell/pairing.h"

#include <string.h>

#include "client/shell/pin.h"
#include "client/shell/provisioned.h"
#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "common/os/clock.h"
#include "common/os/log.h"
#include "common/os/pair_proof.h"

static bool is_listening(const struct pairing *p, int64_t now_ms)
{
    return p->has_code && p->window->failed_n < PAIRING_FAILED_MAX && now_ms < p->window->until_ms;
}

static void open_window(struct pairing *p, const char *reason, int64_t now_ms)
{
    p->window->until_ms = after_ms(now_ms, PAIRING_WINDOW_MS);
    p->window->failed_n = 0;
    log_note("pairing_window reason=%s open_ms=%lld", reason, (long long)PAIRING_WINDOW_MS);
}

static void on_limit(struct wake *w)
{
    struct pairing *p = w->user;

    log_note("pairing_ended reason=no_answer limit_ms=%d", PAIRING_ANSWER_MS);
    dialer_hang_up(p->dialer);
}

static void read_code(struct pairing *p)
{
    struct provisioned provisioned;
    char why[PROVISIONED_WHY_LEN];
    enum rc rc = provisioned_read(&provisioned, p->dir, why);

    if (rc == RC_OK && !text_same(provisioned.serial, p->serial)) {
        log_err("setup_code why=\"that of %s, the configuration says serial = %s\"", provisioned.serial, p->serial);
    } else if (rc == RC_OK) {
        memcpy(p->code, provisioned.setup_code, sizeof p->code);
        p->has_code = true;
    } else if (rc != RC_MISSING) {
        log_err("setup_code why=\"%s\"", why);
    }
}

void pairing_init(struct pairing *p, const char *dir, const char *serial)
{
    *p = (struct pairing){.dir = dir, .serial = serial};
}

void pairing_open(struct pairing *p, uv_loop_t *loop, struct dialer *dialer, const struct identity *self, struct pairing_window *window)
{
    int64_t now_ms = clock_boot_ms();

    p->dialer = dialer;
    p->self = self;
    p->window = window;
    wake_open(&p->limit, loop, on_limit, p);
    p->is_open = true;
    read_code(p);
    if (!window->is_begun) {
        window->is_begun = true;
        window->until_ms = MS_NEVER;
        if (p->has_code && pin_read(p->dir, p->pin) == RC_MISSING) {
            open_window(p, "no_manager", now_ms);
        }
    }
}

void pairing_button(struct pairing *p, int64_t now_ms)
{
    if (p->is_open && p->has_code) {
        open_window(p, "service_button", now_ms);
    }
}

bool pairing_dial(struct pairing *p, int64_t now_ms)
{
    if (p->window->until_ms != MS_NEVER && now_ms >= p->window->until_ms) {
        p->window->until_ms = MS_NEVER;
        log_note("pairing_window_over");
    }
    p->has_pin = pin_read(p->dir, p->pin) == RC_OK;
    dialer_pin(p->dialer, p->has_pin ? p->pin : NULL);
    dialer_take_any(p->dialer, is_listening(p, now_ms));
    return p->has_pin || is_listening(p, now_ms);
}

bool pairing_up(struct pairing *p, int64_t now_ms)
{
    struct tls *tls = p->is_open ? dialer_tls(p->dialer) : NULL;
    struct msg m = {.kind = MSG_PAIR_REQUEST};
    bool is_pinned;

    if (tls == NULL) {
        return false;
    }
    is_pinned = p->has_pin && memcmp(p->pin, tls->peer, sizeof p->pin) == 0;
    if (is_pinned && (!p->is_refused || !p->has_code || p->window->failed_n >= PAIRING_FAILED_MAX)) {
        return false;
    }
    p->is_on = true;
    if (!is_pinned && !is_listening(p, now_ms)) { /* the time ended while they shook hands */
        dialer_hang_up(p->dialer);
        return true;
    }
    wake_at(&p->limit, after_ms(now_ms, PAIRING_ANSWER_MS), now_ms);
    CHECK(text_copy(m.pair_request.serial, sizeof m.pair_request.serial, p->serial) == RC_OK); /* it was checked */
    dialer_send(p->dialer, &m);
    return true;
}

/* The manager's proof is wrong: he hears that much, so that he can tell whoever typed the code. */
static void fail(struct pairing *p, const char *key)
{
    static const struct msg answer = {.kind = MSG_REJECT, .reject = {.reason = REJECT_NOT_PAIRED}};
    struct pairing_window *w = p->window;

    w->failed_n++;
    log_warn("pairing_failed reason=wrong_proof key=%s failed_n=%u failed_max=%d", key, w->failed_n, PAIRING_FAILED_MAX);
    if (w->failed_n >= PAIRING_FAILED_MAX) {
        w->until_ms = MS_NEVER;
        log_warn("pairing_window_closed reason=too_many_failed");
    }
    dialer_send(p->dialer, &answer);
    dialer_hang_up(p->dialer);
}

/* Whether the window, or the pin, still lets this manager be believed. */
static bool may_believe(const struct pairing *p, const struct tls *tls, int64_t now_ms)
{
    return is_listening(p, now_ms) || (p->has_pin && memcmp(p->pin, tls->peer, sizeof p->pin) == 0);
}

static void take_proof(struct pairing *p, const uint8_t proof[PAIR_PROOF_LEN], int64_t now_ms)
{
    struct tls *tls = dialer_tls(p->dialer);
    struct msg answer = {.kind = MSG_PAIR_PROOF};
    char key[IDENTITY_TEXT_LEN];
    struct pair_facts facts;
    bool is_right;
    enum rc rc;

    identity_text(tls->peer, key);
    if (!may_believe(p, tls, now_ms) || pair_facts_of(&facts, tls, p->self, PAIR_CLIENT, p->code) != RC_OK) {
        dialer_hang_up(p->dialer);
        return;
    }
    is_right = pair_proof_is_right(&facts, PAIR_MANAGER, proof);
    rc = pair_proof(&facts, PAIR_CLIENT, answer.pair_proof.proof);
    pair_facts_forget(&facts);
    if (!is_right) {
        fail(p, key);
        return;
    }
    if (rc != RC_OK || pin_write(p->dir, tls->peer) != RC_OK) { /* it said why; the manager must not pin whom does not obey him */
        dialer_hang_up(p->dialer);
        return;
    }
    p->is_done = true;
    p->window->until_ms = MS_NEVER;
    p->window->failed_n = 0;
    log_note("paired manager_key=%s", key);
    dialer_send(p->dialer, &answer); /* the manager closes when he has stored it */
}

bool pairing_message(struct pairing *p, const struct msg *m, int64_t now_ms)
{
    if (!p->is_on) {
        p->is_refused = p->is_refused || (p->is_open && m->kind == MSG_REJECT && m->reject.reason == REJECT_NOT_PAIRED);
        return false;
    }
    if (m->kind == MSG_PAIR_PROOF && !p->is_done) {
        take_proof(p, m->pair_proof.proof, now_ms);
    } else {
        log_note("pairing_ended reason=%s", m->kind == MSG_REJECT ? "no_code_at_manager" : "out_of_order");
        dialer_hang_up(p->dialer);
    }
    return true;
}

bool pairing_down(struct pairing *p)
{
    bool is_again = p->is_on && p->is_done;

    if (!p->is_open) {
        return false;
    }
    if (p->is_on) {
        p->is_refused = false; /* the next connection asks with Hello */
        wake_at(&p->limit, MS_FOREVER, clock_boot_ms());
    }
    p->is_on = false;
    p->is_done = false;
    return is_again;
}

void pairing_close(struct pairing *p)
{
    if (p->is_open) {
        p->is_open = false;
        wake_close(&p->limit);
    }
}
