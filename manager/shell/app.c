#include "manager/shell/app.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "common/base/check.h"
#include "common/os/clock.h"
#include "common/os/daemon.h"
#include "common/os/log.h"
#include "manager/shell/beacon.h"
#include "manager/shell/bus.h"
#include "manager/shell/cards.h"
#include "manager/shell/certificate.h"
#include "manager/shell/change.h"
#include "manager/shell/db.h"
#include "manager/shell/desk.h"
#include "manager/shell/document.h"
#include "manager/shell/driver.h"
#include "manager/shell/driver_codes.h"
#include "manager/shell/herald.h"
#include "manager/shell/http.h"
#include "manager/shell/lowfd.h"
#include "manager/shell/meter_text.h"
#include "manager/shell/paired.h"
#include "manager/shell/peers.h"
#include "manager/shell/routes.h"
#include "manager/shell/store.h"
#include "manager/shell/stream.h"
#include "manager/shell/trail.h"
#include "manager/shell/trust.h"
#include "manager/shell/users.h"

struct app;

struct app {
    const struct settings *settings;
    uv_loop_t loop;
    struct document document;
    struct store_loaded loaded;
    struct mev_known known[BOX_MAX];
    struct store *store;
    struct trail trail;
    struct cards cards;
    bool are_cards_changed;
    struct snapshot_board board;
    struct driver driver;
    struct peers peers;
    struct beacon beacon;
    struct trust trust;
    struct pairing pairing;
    struct paired paired;
    struct lowfd lowfd;
    struct bus bus;
    struct setup_codes driver_codes;
    struct routes routes;
    struct users *users;
    struct herald herald;
    struct desk desk;
    struct stream stream;
    struct certificate certificate;
    struct http http;
    struct http https;
    struct daemon_signals signals;
    char db_path[SETTINGS_PATH_LEN + 16];
    int lock_fd;
    int exit_code;
    bool is_stopping;
};

static void out_send(void *user, uint16_t peer, const struct msg *m)
{
    struct app *a = user;

    peers_send(&a->peers, peer, m);
}

static void out_close(void *user, uint16_t peer)
{
    struct app *a = user;

    peers_close(&a->peers, peer);
}

static enum rc out_store(void *user, const struct mfx_store *what, const char *serial, const char *text)
{
    struct app *a = user;

    a->are_cards_changed = a->are_cards_changed || what->kind == MSTORE_CARD;
    herald_event(&a->herald, what);
    return a->store != NULL ? store_put(a->store, what, serial, text) : RC_FULL;
}

static void out_flush(void *user)
{
    struct app *a = user;

    store_flush(a->store);
    if (a->are_cards_changed) {
        a->are_cards_changed = false;
        cards_reload(&a->cards);
    }
}

static void out_seen(void *user, const struct snapshot *snapshot)
{
    struct app *a = user;

    trail_feed(&a->trail, &snapshot->view, snapshot->utc_ms);
    herald_seen(&a->herald, snapshot);
}

static void out_note(void *user, const struct mfx *fx)
{
    struct app *a = user;

    herald_note(&a->herald, fx);
}

static const char *out_peer_name(void *user, uint16_t peer)
{
    struct app *a = user;

    return peers_name(&a->peers, peer);
}

static const struct driver_out driver_out = {
    .send = out_send, .close = out_close, .store = out_store, .flush = out_flush, .peer_name = out_peer_name, .seen = out_seen, .note = out_note};

static void on_peer_event(void *user, const struct mev *e)
{
    struct app *a = user;

    driver_feed(&a->driver, e);
}

static void on_stored(void *user, uint64_t ticket, bool is_stored)
{
    struct app *a = user;
    struct mev e = {.kind = is_stored ? MEV_STORED : MEV_STORE_FAILED, .stored = {.ticket = ticket}};

    driver_feed(&a->driver, &e);
}

/* Nobody waits for these: while the disk refuses them the store keeps them. */
static void put_event(struct app *a, enum event_kind kind)
{
    struct mfx_store what = {.kind = MSTORE_EVENT, .box = BOX_MAX, .event = {.kind = kind, .meter = METER_MAX}};

    herald_event(&a->herald, &what);
    rc_ignore(store_put(a->store, &what, NULL, NULL)); /* a full queue: it is in the log, too */
}

static void on_store_trouble(void *user, bool is_failing)
{
    struct app *a = user;

    a->driver.is_store_failing = is_failing;
    if (a->store != NULL) {
        put_event(a, is_failing ? EVENT_STORE_FAILED : EVENT_STORE_BACK);
    }
}

static void on_cards(void *user, const struct fleet_cards *list)
{
    struct app *a = user;
    struct mev e = {.kind = MEV_CARDS, .cards = {.list = list}};

    if (a->driver.is_open) { /* the first list waits for the start */
        driver_feed(&a->driver, &e);
    }
}

static void on_sample(void *user, uint16_t meter, const struct meter_sample *sample)
{
    struct app *a = user;
    struct mev e = {.kind = MEV_METER, .meter = {.meter = meter, .sample = *sample}};

    driver_feed(&a->driver, &e);
}

/* The bus logs troubles itself; the core is told the reason, and notices by itself that samples are missing. */
static void on_trouble(void *user, uint16_t meter, enum bus_trouble trouble, const char *text)
{
    struct app *a = user;
    struct mev e = {.kind = MEV_BUS_TROUBLE, .meter_trouble = {.meter = meter, .trouble = meter_text_doubt(trouble)}};

    (void)text;
    driver_feed(&a->driver, &e);
}

static void desk_out_feed(void *user, const struct mev *e)
{
    struct app *a = user;

    driver_feed(&a->driver, e);
}

static enum rc desk_out_change(void *user, struct change *change)
{
    struct app *a = user;

    if (a->store == NULL) {
        return RC_FULL;
    }
    store_order(a->store, &change->order);
    return RC_OK;
}

static void desk_out_changed(void *user, const struct change *change)
{
    struct app *a = user;

    if (change_is_of_cards(change) && a->store != NULL) {
        cards_reload(&a->cards);
    }
}

static const struct desk_out desk_out = {.feed = desk_out_feed, .change = desk_out_change, .changed = desk_out_changed};

/* From the threads of http. */
static enum rc routes_out_feed(void *user, const struct mev *e)
{
    struct app *a = user;

    return desk_feed(&a->desk, e);
}

static void routes_out_note(void *user, struct change *note)
{
    struct app *a = user;

    desk_note(&a->desk, note);
}

static const struct routes_out routes_out = {.feed = routes_out_feed, .note = routes_out_note};

static bool is_login_alive(void *user, const char *login)
{
    struct app *a = user;

    return routes_is_alive(&a->routes, login);
}

static void on_published(void *user)
{
    struct app *a = user;

    stream_publish(&a->stream);
    http_sweep(&a->http, clock_boot_ms());
    http_sweep(&a->https, clock_boot_ms());
}

static const struct bus_events bus_events = {.on_sample = on_sample, .on_trouble = on_trouble};

/* Whatever is open begins to close; the loop ends when all of it has. */
static void shut(struct app *a)
{
    if (a->is_stopping) {
        return;
    }
    a->is_stopping = true;
    daemon_notify("STOPPING=1");
    peers_stop(&a->peers, NULL);
    beacon_close(&a->beacon);
    bus_close(&a->bus, NULL);
    stream_close(&a->stream); /* before http: whoever listens is let go */
    http_close(&a->http);
    http_close(&a->https);
    driver_on_published(&a->driver, NULL, NULL);
    stream_deinit(&a->stream);
    desk_close(&a->desk);
    driver_close(&a->driver);
    if (a->store != NULL) {
        trail_end(&a->trail);
        a->cards.store = NULL;
        store_close(a->store, NULL, NULL);
        a->store = NULL;
    }
    daemon_signals_close(&a->signals);
}

static void on_signal(void *user)
{
    struct app *a = user;

    log_note("stop");
    shut(a);
}

/* Who may log in, the certificate that they see, and the wallboxes' keys. Returns an exit code, 0 to go on. */
static int load_users(struct app *a)
{
    const struct settings *s = a->settings;
    char path[SETTINGS_PATH_LEN + 16];
    struct users_list tokens;
    enum rc rc;

    (void)snprintf(path, sizeof path, "%s/users.db", s->data);
    rc = users_open(&a->users, path, s->serial);
    rc = rc == RC_OK ? users_all_tokens(a->users, &tokens) : rc;
    if (rc == RC_OK && s->has_https) {
        rc = s->key[0] != '\0' ? certificate_read(&a->certificate, s->key, s->certificate) : certificate_own(&a->certificate, s->data);
    }
    if (rc == RC_OK && !s->is_link_plain) {
        rc = trust_open(&a->trust, s->data);
    }
    if (rc != RC_OK) {
        return 1; /* each of them said why */
    }
    access_set_tokens(&a->routes.access, &tokens);
    a->routes.users = a->users;
    a->routes.pairing = a->trust.is_open ? &a->pairing : NULL;
    a->routes.dir = s->data;
    a->routes.driver_codes = driver_codes_open(&a->driver_codes, s->data, &a->document.site) == RC_OK ? &a->driver_codes : NULL;
    if (herald_open(&a->herald, &a->document.site, s->data) == RC_OK) { /* else it said why: charging does not depend on it */
        a->routes.herald = &a->herald;
    }
    a->routes.open_reads = s->open_reads;
    a->routes.out = &routes_out;
    a->routes.out_user = a;
    return 0;
}

/* Data directory, store and site. Returns an exit code, 0 to go on. */
static int load(struct app *a)
{
    struct store_options options = {.dir = a->settings->data, .busy_ms = STORE_BUSY_MS};

    if (lowfd_open(&a->lowfd, LOWFD_MAX) != RC_OK) {
        (void)fprintf(stderr, "wallbox-manager: no file descriptors below 1024 can be reserved for meters\n");
        return 1;
    }
    if (daemon_lock_dir(a->settings->data, &a->lock_fd) != RC_OK || store_open(&a->store, &options) != RC_OK || store_load(a->store, &a->loaded) != RC_OK) {
        return 1; /* each of them said why */
    }
    if (a->loaded.document == NULL) {
        (void)fprintf(stderr, "wallbox-manager: no site is known in %s: give one with --import FILE first\n", a->settings->data);
        return 2;
    }
    if (document_read_text(&a->document, "stored site document", a->loaded.document, strlen(a->loaded.document)) != RC_OK) {
        return 2;
    }
    store_known(a->store, &a->document.site, a->known);
    cards_init(&a->cards, a->store, &a->document.site, on_cards, a);
    if (cards_load(&a->cards) != RC_OK || trail_open(&a->trail, &a->document.site, a->document.params.voltage_mv, a->store) != RC_OK) {
        return 1;
    }
    (void)snprintf(a->db_path, sizeof a->db_path, "%s/manager.db", a->settings->data); /* the store was opened under this name */
    return load_users(a);
}

/* Listen for people and programs. Returns an exit code, 0 to go on. */
static int open_http(struct app *a)
{
    const struct settings *s = a->settings;
    struct http_options plain = {.routes = s->loopback_plain ? &a->routes : NULL, .desk = &a->desk, .stream = &a->stream};
    struct http_options secure = {.routes = &a->routes, .desk = &a->desk, .stream = &a->stream, .key = a->certificate.key, .certificate = a->certificate.chain};
    const char *why = "";

    if (s->has_https && http_open(&a->https, &s->https_address, &secure, &why) != RC_OK) {
        (void)fprintf(stderr, "https %s: %s\n", s->https, why);
        return 1;
    }
    plain.redirect_port = http_port(&a->https);
    if (http_open(&a->http, &s->http_address, &plain, &why) != RC_OK) {
        (void)fprintf(stderr, "http %s: %s\n", s->http, why);
        return 1;
    }
    return 0;
}

/* Everything on the loop. Returns an exit code, 0 to go on. */
static int open_all(struct app *a)
{
    const char *why = "";

    daemon_signals_open(&a->signals, &a->loop, on_signal, a); /* first: whoever gets an answer by HTTP may ask us to end */
    store_on_trouble(a->store, on_store_trouble);
    if (store_start(a->store, &a->loop, on_stored, a) != RC_OK) {
        return 1;
    }
    if (driver_open(&a->driver, &a->loop, &a->document.site, &a->document.params, &a->board) != RC_OK) {
        return 1;
    }
    driver_connect(&a->driver, &driver_out, a);
    if (a->trust.is_open) {
        peers_secure(&a->peers, &a->pairing);
    }
    if (peers_open(&a->peers, &a->loop, &a->settings->link_address, &why) != RC_OK) {
        (void)fprintf(stderr, "link %s: %s\n", a->settings->link, why);
        return 1;
    }
    beacon_open(&a->beacon, &a->loop, a->peers.listener.local);
    if (desk_open(&a->desk, &a->loop, &a->document, &desk_out, a) != RC_OK || stream_open(&a->stream, &a->board, is_login_alive, a) != RC_OK ||
        open_http(a) != 0) {
        return 1;
    }
    driver_on_published(&a->driver, on_published, a);
    if (bus_open(&a->bus, &a->loop, &a->lowfd, &a->document.site, &bus_events, a) != RC_OK) {
        return 1;
    }
    return 0;
}

static void feed_start(struct app *a)
{
    struct mev e = {.kind = MEV_START,
                    .start = {.epoch_stored = a->loaded.epoch,
                              .longest_lease_ms = a->loaded.longest_lease_ms,
                              .has_issued = a->loaded.has_issued,
                              .issued = a->loaded.issued,
                              .issued_n = a->loaded.issued_n,
                              .is_foreign = a->loaded.is_foreign,
                              .is_fenced = a->loaded.is_fenced,
                              .known = a->known}};
    struct mev cards = {.kind = MEV_CARDS, .cards = {.list = &a->cards.list}};

    if (clock_set_zone(a->document.site.timezone) != RC_OK) {
        log_warn("timezone unknown=%s used=UTC why=\"package tzdata is missing or has no such zone\"", a->document.site.timezone);
    }
    driver_start_clock(&a->driver, &e.start);
    clock_random(&e.start.seed, sizeof e.start.seed);
    a->driver.was_damaged = store_was_damaged(a->store);
    if (a->driver.was_damaged) {
        put_event(a, EVENT_DATABASE_RECOVERED);
    }
    driver_feed(&a->driver, &e);
    driver_feed(&a->driver, &cards);
}

static void run(struct app *a, int64_t begun_ms)
{
    a->exit_code = open_all(a);
    if (a->exit_code == 0) {
        feed_start(a);
        log_note("start link=%s http=%s http_port=%u https_port=%u serial=%s wallboxes_n=%u meters_n=%u start_ms=%lld", a->peers.listener.local,
                 a->settings->http, http_port(&a->http), http_port(&a->https), users_serial(a->users), a->document.site.box_n, a->document.site.meter_n,
                 (long long)(clock_boot_ms() - begun_ms));
        daemon_notify("READY=1");
        daemon_watchdog_open(&a->driver.watchdog);
    } else {
        shut(a);
    }
    (void)uv_run(&a->loop, UV_RUN_DEFAULT); /* returns when nothing is open any more */
}

int app_run(const struct settings *settings)
{
    struct app *a = calloc(1, sizeof *a);
    int64_t begun_ms = clock_boot_ms();
    int exit_code;

    if (a == NULL || uv_loop_init(&a->loop) != 0) {
        (void)fprintf(stderr, "wallbox-manager: not enough memory or descriptors to start\n");
        free(a);
        return 1;
    }
    a->settings = settings;
    a->lock_fd = -1;
    daemon_raise_files();
    snapshot_init(&a->board);
    peers_init(&a->peers, on_peer_event, a);
    a->paired = (struct paired){.dir = settings->data, .store = &a->store, .trust = &a->trust, .pairing = &a->pairing, .peers = &a->peers};
    pairing_init(&a->pairing, &a->trust, paired_store, &a->paired);
    routes_init(&a->routes, &a->board, a->db_path);
    a->exit_code = load(a);
    if (a->exit_code == 0) {
        run(a, begun_ms);
    } else {
        store_free(a->store);
    }
    trail_deinit(&a->trail);
    cards_deinit(&a->cards);
    routes_deinit(&a->routes);
    pairing_deinit(&a->pairing);
    herald_close(&a->herald);
    users_close(a->users);
    certificate_free(&a->certificate);
    trust_close(&a->trust);
    snapshot_deinit(&a->board);
    lowfd_close(&a->lowfd);
    CHECK(uv_loop_close(&a->loop) == 0);
    free(a->loaded.document);
    if (a->lock_fd >= 0) {
        (void)close(a->lock_fd); /* gives the lock back */
    }
    exit_code = a->exit_code;
    free(a);
    return exit_code;
}
