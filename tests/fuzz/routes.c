/* The HTTP interface on arbitrary requests, without sockets: path, query, headers and body become an answer of its form, and what is wished is
 * fed to a manager.
 *
 * An input is a request as it travels. Headers of its own:
 *   As: admin, operator, viewer, new (must change the password), token   a login of that kind, with its cookie and key
 *   Errand: N                                                            what the errand of the request gives, as a number of enum rc
 *   Secure, Cut, Many                                                    HTTPS, a body that was cut, too many arguments
 */
#include "manager/shell/routes.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/clock.h"
#include "common/os/log.h"
#include "manager/core/core.h"
#include "manager/shell/answer.h"
#include "manager/shell/db.h"
#include "tests/fuzz/fuzz.h"

#define HEADERS_MAX 24
#define TOKEN "wbx_01"

static struct site site = {
    .node_n = 1,
    .box_n = 2,
    .node = {{.id = "grid", .parent = NODE_NONE, .limit_ma = {63000, 63000, 63000}, .reserve_ma = MA_UNSET, .base_load_worst_ma = {MA_UNSET}}},
    .box = {{.serial = "W1", .phases = PHASES_L1_L2_L3, .min_ma = 6000, .max_ma = 32000, .weight = 1},
            {.serial = "W2", .phases = PHASES_L2, .min_ma = 6000, .max_ma = 16000, .weight = 1}}};
static struct manager_params params;
static struct manager *manager;
static struct mfx_list effects;
static struct snapshot_board board;
static struct routes routes;
static struct trust trust;
static struct pairing pairing;
static int64_t now_ms;
static char folder[48];
static struct users_list tokens = {.n = 1, .at = {{.name = "script", .role = ROLE_OPERATOR, .id = "0123456789abcdef"}}};

static enum rc feed(void *user, const struct mev *e)
{
    struct mev event = *e;

    (void)user;
    now_ms += 100;
    event.now_ms = now_ms;
    manager_step(manager, &event, &effects);
    return now_ms % 1000 == 0 ? RC_FULL : RC_OK;
}

static void publish(void)
{
    struct snapshot *s = snapshot_new(&site);

    CHECK(s != NULL);
    s->made_ms = clock_boot_ms();
    manager_view(manager, now_ms, &s->view);
    s->view.box[0].is_online = true;
    s->view.box[0].pilot = PILOT_C2;
    snapshot_publish(&board, s);
}

static void remove_folder(void)
{
    static const char *const names[] = {"manager.db", "manager.db-wal", "manager.db-shm"};
    char path[64];

    routes_deinit(&routes);
    pairing_deinit(&pairing);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        (void)unlink(path); /* there are no others after an orderly end */
    }
    (void)rmdir(folder);
}

/* A session and an event that questions may find. */
static void fill_database(const char *path)
{
    const struct db_event event = {.kind = "fault_raised", .serial = "W1", .code = 8001};
    struct msg_session_record record = {.session = {.at = {1}},
                                        .start_utc_ms = 1767261600000,
                                        .stop_utc_ms = 1767268800000,
                                        .start_wh = 1000,
                                        .stop_wh = 9000,
                                        .end = END_UNPLUGGED,
                                        .uid = {4, {0xaa, 0xbb, 0xcc, 0xdd}}};
    struct db db;
    enum rc rc = db_open(&db, path, 0, 100);

    rc = rc == RC_OK ? db_stop_session(&db, "W1", &record, 1767272400000) : rc;
    rc = rc == RC_OK ? db_add_event(&db, &event, 1767265200000) : rc;
    CHECK(rc == RC_OK);
    db_close(&db);
}

static void begin(void)
{
    static const struct routes_out out = {.feed = feed};
    static char dir[] = "/tmp/wallbox-fuzz-XXXXXX";
    static char path[64];
    static struct mev_known known[2] = {{.fallback_ma = MA_UNSET}, {.fallback_ma = MA_UNSET}};
    struct mev start = {.kind = MEV_START, .start = {.seed = 1, .known = known}};

    if (manager != NULL) {
        return;
    }
    log_set_level(LOG_LEVEL_ERR);
    manager_params_defaults(&params);
    manager = manager_init(malloc(manager_size()), &site, &params);
    now_ms = clock_boot_ms();
    start.now_ms = now_ms;
    manager_step(manager, &start, &effects);
    CHECK(mkdtemp(dir) != NULL);
    CHECK(snprintf(path, sizeof path, "%s/manager.db", dir) < (int)sizeof path);
    CHECK(snprintf(folder, sizeof folder, "%s", dir) < (int)sizeof folder);
    CHECK(atexit(remove_folder) == 0);
    fill_database(path);
    snapshot_init(&board);
    routes_init(&routes, &board, path);
    routes.out = &out;
    pairing_init(&pairing, &trust, NULL, NULL);
    pairing_seen(&pairing, "W1", trust.self.hash, "192.0.2.7:5000", 1767265200000);
    routes.pairing = &pairing;
    routes.dir = folder;
    users_key(TOKEN, tokens.at[0].key);
    publish();
}

/* A request taken apart; all texts end with a zero byte. */
struct visit {
    struct route_request request;
    char cookie[ROUTE_COOKIE_LEN];
    char csrf[33];
    enum rc errand_rc;
};

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : (c >= 'a' && c <= 'f' ? c - 'a' + 10 : (c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1));
}

/* Undo %XX in place, as libmicrohttpd does. */
static void unescape(char *text)
{
    char *to = text;

    for (const char *at = text; *at != '\0'; at++) {
        if (at[0] == '%' && hex(at[1]) >= 0 && hex(at[2]) >= 0) {
            *to++ = (char)(16 * hex(at[1]) + hex(at[2]));
            at += 2;
        } else {
            *to++ = *at;
        }
    }
    *to = '\0';
}

static void read_query(char *query, struct route_request *q)
{
    for (char *next = query; next != NULL && *next != '\0';) {
        char *name = strsep(&next, "&");
        char *value = name;

        if (q->args_n == REQUEST_ARGS_MAX) {
            q->has_too_many_args = true;
            return;
        }
        (void)strsep(&value, "=");
        unescape(name);
        if (value != NULL) {
            unescape(value);
        }
        q->arg[q->args_n++] = (struct field_arg){.name = name, .value = value};
    }
}

/* Log in as a kind of user. */
static void log_in(struct visit *v, const char *kind)
{
    struct users_row row = {.name = "admin", .role = ROLE_ADMIN, .must_change = text_same(kind, "new")};
    char token[LOGIN_TOKEN_LEN];

    if (text_same(kind, "token")) {
        v->request.authorization = "Bearer " TOKEN;
        return;
    }
    if (text_same(kind, "operator") || text_same(kind, "viewer")) {
        (void)snprintf(row.name, sizeof row.name, "%s", kind);
        row.role = text_same(kind, "operator") ? ROLE_OPERATOR : ROLE_VIEWER;
    }
    memcpy(v->csrf, access_begin(&routes.access, &row, "192.0.2.1", clock_boot_ms(), clock_utc_ms(), token)->csrf, sizeof v->csrf);
    (void)snprintf(v->cookie, sizeof v->cookie, "a=b; session=%s; c", token);
    v->request.cookie = v->cookie;
    v->request.csrf = v->csrf;
}

static void read_header(struct visit *v, char *name, const char *value)
{
    struct route_request *q = &v->request;
    const struct {
        const char *name;
        const char **out;
    } known[] = {{"Host", &q->host},
                 {"Origin", &q->origin},
                 {"Sec-Fetch-Site", &q->fetch_site},
                 {"Content-Type", &q->content_type},
                 {"Cookie", &q->cookie},
                 {"Authorization", &q->authorization},
                 {"X-CSRF-Token", &q->csrf},
                 {"If-None-Match", &q->none_match},
                 {"Accept-Encoding", &q->accept_encoding},
                 {"Address", &q->address}};

    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (text_same(known[i].name, name)) {
            *known[i].out = value;
        }
    }
    q->has_content_length = q->has_content_length || text_same(name, "Content-Length");
    q->has_transfer_encoding = q->has_transfer_encoding || text_same(name, "Transfer-Encoding");
    q->is_secure = q->is_secure || text_same(name, "Secure");
    q->is_too_long = q->is_too_long || text_same(name, "Cut");
    q->has_too_many_args = q->has_too_many_args || text_same(name, "Many");
    if (text_same(name, "As")) {
        log_in(v, value);
    } else if (text_same(name, "Errand")) {
        v->errand_rc = (enum rc)((unsigned char)value[0] % RC_N);
    }
}

/* Take a request apart in place. False: it has no path. */
static bool read_request(struct visit *v, char *text, size_t len)
{
    char *next = text;
    char *line = strsep(&next, "\n");
    char *query = line;

    v->request.method = strsep(&query, " ");
    v->request.path = strsep(&query, "?");
    if (v->request.path == NULL) {
        return false;
    }
    unescape(line + (v->request.path - line)); /* where the path begins */
    read_query(query, &v->request);
    for (int i = 0; i < HEADERS_MAX && next != NULL; i++) {
        char *value = strsep(&next, "\n");
        char *name = strsep(&value, ":");

        if (name[0] == '\0') {
            break;
        }
        read_header(v, name, value == NULL ? "" : value + (value[0] == ' ' ? 1 : 0));
    }
    if (next != NULL && next < text + len) {
        v->request.body = next;
        v->request.body_len = (size_t)(text + len - next);
    }
    return true;
}

/* What http demands of an answer that is sent. */
static void check_reply(const struct route_reply *r)
{
    if (r->is_stream) {
        return;
    }
    CHECK(r->status >= 200 && r->status <= 599);
    CHECK((r->status == 405) == (r->allow[0] != '\0'));
    if (r->asset == NULL) {
        CHECK(r->body != NULL);
        CHECK(r->body_len == strlen(r->body));
    }
    if (r->status >= 400 && !text_same(r->type, "application/json")) {
        json_t *problem = json_loads(r->body, JSON_REJECT_DUPLICATES, NULL);

        CHECK(text_same(r->type, "application/problem+json"));
        CHECK(json_integer_value(json_object_get(problem, "status")) == (json_int_t)r->status);
        json_decref(problem);
    }
    CHECK(strpbrk(r->cookie, "\r\n") == NULL);
    CHECK(strpbrk(r->location, "\r\n") == NULL);
}

/* What the desk does with a setting that was stored. */
static void apply_setting(const struct errand *e)
{
    struct mev event = {.kind = MEV_SETTING, .setting = e->setting};
    const struct wish_setting *s = &e->setting.setting;
    const struct site_box *box;

    CHECK(e->setting.box < site.box_n);
    box = &site.box[e->setting.box];
    CHECK(s->priority >= 0 && s->priority <= PRIORITY_MAX);
    CHECK(s->mode < SOLAR_MODE_N);
    CHECK(s->local_limit_ma == 0 || (s->local_limit_ma >= box->min_ma && s->local_limit_ma <= box->max_ma));
    (void)feed(NULL, &event); /* the core takes what it is given */
}

static void finish(const struct visit *v, struct route_reply *reply)
{
    struct errand *e = reply->errand;

    e->rc = v->errand_rc;
    e->row = (struct users_row){.name = "admin", .role = ROLE_ADMIN};
    if (e->where == ERRAND_LOOP && e->rc == RC_OK) {
        apply_setting(e);
    }
    routes_finish(&routes, e, reply);
    errand_free(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct visit v = {.errand_rc = RC_OK};
    struct route_reply reply;
    char *text = malloc(size + 1);

    begin();
    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    access_init(&routes.access);
    access_set_tokens(&routes.access, &tokens);
    if (read_request(&v, text, size)) {
        routes_answer(&routes, &v.request, &reply);
        if (reply.errand != NULL) {
            finish(&v, &reply);
        }
        check_reply(&reply);
        free(reply.body);
    }
    free(text);
    return 0;
}
