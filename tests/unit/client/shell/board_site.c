#include "client/shell/board.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(board_site, .timeout = 10);

#define LINES_LEN 4096
#define SAMPLES_MAX 8
#define ATTACHED "{\"attached\":\"W1\",\"watchdog\":\"hardware\",\"apply_ms\":0,\"rated_ma\":32000,\"power_failed\":false}\n"
#define ATTACHED_AFTER_POWER_CUT "{\"attached\":\"W1\",\"watchdog\":\"none\",\"apply_ms\":3000,\"rated_ma\":0,\"power_failed\":true}\n"
#define SAMPLE(pilot_ma, faults)                                                                                                           \
    "{\"sample\":{\"pilot\":\"C2\",\"pilot_ma\":" pilot_ma ",\"contactor\":true,\"current_ma\":[1,2,3],\"voltage_mv\":[230000,0,1000000]," \
    "\"power_w\":690,\"energy_wh\":1200,\"temperature_mdegc\":-5000,\"cable_ma\":20000,\"cycle\":4294967295,\"watchdog_firings\":2,"       \
    "\"watchdog_latched\":true,\"faults\":" faults "}}\n"

/* A site with one place for a client: it says what the test tells it to. */
struct rig {
    struct bench bench;
    struct scratch scratch;
    uv_pipe_t server;
    uv_pipe_t client;
    bool has_client;
    int clients_n;
    const char *greeting; /* said to each client that attaches */
    char heard[LINES_LEN];
    char chunk[LINES_LEN];
    struct board *board;
    int attached_n;
    enum board_watchdog watchdog;
    int32_t apply_ms;
    int32_t rated_ma;
    int samples_n;
    struct board_sample sample[SAMPLES_MAX];
    int cards_n;
    struct card_uid card;
    int buttons_n;
    bool is_down;
    enum board_button button;
    int identities_n;
    char identity[NAME_LEN];
    int lost_n;
    char why[128];
    bool is_closed;
};

static void on_attached(void *user, enum board_watchdog watchdog, int32_t apply_ms, int32_t rated_ma)
{
    struct rig *r = user;

    r->attached_n++;
    r->watchdog = watchdog;
    r->apply_ms = apply_ms;
    r->rated_ma = rated_ma;
}

static void on_sample(void *user, const struct board_sample *sample)
{
    struct rig *r = user;

    cr_assert_lt(r->samples_n, SAMPLES_MAX);
    r->sample[r->samples_n] = *sample;
    r->samples_n++;
}

static void on_lost(void *user, const char *why)
{
    struct rig *r = user;

    r->lost_n++;
    snprintf(r->why, sizeof r->why, "%s", why);
}

static void on_board_closed(void *user)
{
    struct rig *r = user;

    r->is_closed = true;
}

static void on_card(void *user, const struct card_uid *uid)
{
    struct rig *r = user;

    r->cards_n++;
    r->card = *uid;
}

static void on_button(void *user, enum board_button which, bool is_down)
{
    struct rig *r = user;

    r->buttons_n++;
    r->button = which;
    r->is_down = is_down;
}

static void on_identity(void *user, const char *identity)
{
    struct rig *r = user;

    r->identities_n++;
    snprintf(r->identity, sizeof r->identity, "%s", identity);
}

static const struct board_events events = {.on_attached = on_attached,
                                           .on_sample = on_sample,
                                           .on_card = on_card,
                                           .on_button = on_button,
                                           .on_identity = on_identity,
                                           .on_lost = on_lost,
                                           .on_closed = on_board_closed};

static void say(struct rig *r, const char *text)
{
    uv_buf_t buf = uv_buf_init((char *)(uintptr_t)text, (unsigned)strlen(text));

    cr_assert(r->has_client);
    cr_assert_eq(uv_try_write((uv_stream_t *)&r->client, &buf, 1), (int)buf.len);
}

static void on_client_closed(uv_handle_t *handle)
{
    struct rig *r = handle->data;

    r->has_client = false;
}

static void hang_up(struct rig *r)
{
    if (r->has_client && !uv_is_closing((uv_handle_t *)&r->client)) {
        uv_close((uv_handle_t *)&r->client, on_client_closed);
    }
}

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *out)
{
    struct rig *r = handle->data;

    (void)suggested;
    *out = uv_buf_init(r->chunk, sizeof r->chunk);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct rig *r = stream->data;
    size_t have = strlen(r->heard);

    if (n < 0) {
        hang_up(r);
        return;
    }
    cr_assert_lt(have + (size_t)n, sizeof r->heard);
    memcpy(r->heard + have, buf->base, (size_t)n);
    r->heard[have + (size_t)n] = '\0';
    if (r->greeting != NULL && strstr(r->heard, "attach") != NULL) {
        const char *greeting = r->greeting;

        r->greeting = NULL;
        say(r, greeting);
    }
}

static void on_connection(uv_stream_t *server, int status)
{
    struct rig *r = server->data;

    cr_assert_eq(status, 0);
    cr_assert_not(r->has_client);
    cr_assert_eq(uv_pipe_init(server->loop, &r->client, 0), 0);
    r->client.data = r;
    cr_assert_eq(uv_accept(server, (uv_stream_t *)&r->client), 0);
    r->has_client = true;
    r->clients_n++;
    cr_assert_eq(uv_read_start((uv_stream_t *)&r->client, on_alloc, on_read), 0);
}

static void serve(struct rig *r)
{
    cr_assert_eq(uv_pipe_init(&r->bench.loop, &r->server, 0), 0);
    r->server.data = r;
    cr_assert_eq(uv_pipe_bind(&r->server, scratch_path(&r->scratch, "boards")), 0);
    cr_assert_eq(uv_listen((uv_stream_t *)&r->server, 4, on_connection), 0);
}

static void rig_init(struct rig *r, const char *greeting)
{
    *r = (struct rig){.greeting = greeting};
    bench_open(&r->bench);
    scratch_open(&r->scratch);
    r->board = board_site.create();
    cr_assert_not_null(r->board);
}

static void rig_open(struct rig *r, const char *greeting)
{
    rig_init(r, greeting);
    serve(r);
    cr_assert_eq(board_site.open(r->board, &r->bench.loop, scratch_path(&r->scratch, "boards"), "W1", &events, r), RC_OK);
}

static void rig_close(struct rig *r)
{
    board_site.close(r->board);
    board_site.close(r->board); /* harmless */
    hang_up(r);
    uv_close((uv_handle_t *)&r->server, NULL);
    bench_run(&r->bench);
    cr_assert(r->is_closed);
    free(r->board);
    bench_close(&r->bench);
    scratch_close(&r->scratch);
}

/* Run the loop until a counter has reached n. */
static void until(struct rig *r, const int *counter, int n)
{
    while (*counter < n) {
        uv_run(&r->bench.loop, UV_RUN_ONCE);
    }
}

Test(board_site, an_address_that_is_none_is_refused)
{
    char longer[200];
    struct rig r;

    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    rig_init(&r, NULL);
    cr_assert_eq(board_site.open(r.board, &r.bench.loop, "", "W1", &events, &r), RC_RANGE);
    cr_assert_eq(board_site.open(r.board, &r.bench.loop, longer, "W1", &events, &r), RC_RANGE);
    free(r.board);
    bench_close(&r.bench);
    scratch_close(&r.scratch);
}

Test(board_site, it_attaches_and_hands_on_readings)
{
    struct rig r;

    rig_open(&r, ATTACHED);
    until(&r, &r.attached_n, 1);
    cr_assert_str_eq(r.heard, "{\"attach\":\"W1\"}\n");
    cr_assert_eq(r.watchdog, WATCHDOG_HARDWARE);
    cr_assert_eq(r.apply_ms, 0);
    cr_assert_eq(r.rated_ma, 32000);
    say(&r, SAMPLE("16000", "[1,65535]"));
    until(&r, &r.samples_n, 1);
    cr_assert_eq(r.sample[0].pilot, PILOT_C2);
    cr_assert_eq(r.sample[0].pilot_ma, 16000);
    cr_assert(r.sample[0].contactor_closed);
    cr_assert_eq(r.sample[0].current_ma[2], 3);
    cr_assert_eq(r.sample[0].voltage_mv[2], 1000000);
    cr_assert_eq(r.sample[0].energy_wh, 1200);
    cr_assert_eq(r.sample[0].temperature_mdegc, -5000);
    cr_assert_eq(r.sample[0].cycle, UINT32_MAX);
    cr_assert_eq(r.sample[0].watchdog_firings, 2);
    cr_assert(r.sample[0].watchdog_latched);
    cr_assert_not(r.sample[0].power_failed);
    cr_assert_eq(r.sample[0].faults_n, 2);
    cr_assert_eq(r.sample[0].faults[1], 65535);
    cr_assert_eq(r.lost_n, 0);
    rig_close(&r);
}

Test(board_site, a_power_cut_is_told_with_the_first_reading_and_only_with_it)
{
    struct rig r;

    rig_open(&r, ATTACHED_AFTER_POWER_CUT);
    until(&r, &r.attached_n, 1);
    cr_assert_eq(r.watchdog, WATCHDOG_NONE);
    cr_assert_eq(r.apply_ms, 3000);
    cr_assert_eq(r.rated_ma, 0);
    say(&r, SAMPLE("0", "[]") SAMPLE("0", "[]"));
    until(&r, &r.samples_n, 2);
    cr_assert(r.sample[0].power_failed);
    cr_assert_not(r.sample[1].power_failed);
    rig_close(&r);
}

Test(board_site, a_control_cycle_is_one_line)
{
    struct board_command command = {.cycle = 8, .pilot_ma = 16000, .contactor_closed = true, .rearm_firing = UINT32_MAX, .locked = true};
    struct rig r;

    for (int i = 0; i < LAMP_N; i++) { /* the longest that there are */
        command.lights.lamp[i] = (struct light){i == 0 ? LIGHT_BLUE : LIGHT_ORANGE, LIGHT_BREATHE};
    }
    command.lights.brightness_permille = 1000;
    command.tone = TONE_BUTTON_SECOND;
    command.tone_n = UINT32_MAX;
    rig_open(&r, ATTACHED);
    board_site.command(r.board, &command); /* nobody there yet: dropped */
    until(&r, &r.attached_n, 1);
    r.heard[0] = '\0';
    board_site.command(r.board, &command);
    while (strchr(r.heard, '\n') == NULL) {
        uv_run(&r.bench.loop, UV_RUN_ONCE);
    }
    cr_assert_str_eq(r.heard, "{\"cycle\":8,\"pilot_ma\":16000,\"contactor\":true,\"rearm\":4294967295,\"locked\":true,\"lights\":[\"blue:breathe\","
                              "\"orange:breathe\",\"orange:breathe\",\"orange:breathe\",\"orange:breathe\",\"orange:breathe\",\"orange:breathe\","
                              "\"orange:breathe\"],\"brightness_permille\":1000,\"tone\":\"button_second\",\"tone_n\":4294967295}\n");
    rig_close(&r);
}

Test(board_site, lines_in_pieces_and_events_that_it_does_not_know_are_fine)
{
    struct rig r;

    rig_open(&r, ATTACHED);
    until(&r, &r.attached_n, 1);
    say(&r, "{\"card\":\"04A1B2C3D4\"}\n{\"button\":{\"kind\":\"service\",\"ms\":2100}}\n{\"smell\":7}\n{\"sample\":");
    for (int i = 0; i < 4; i++) {
        uv_run(&r.bench.loop, UV_RUN_NOWAIT);
    }
    cr_assert_eq(r.samples_n, 0);
    say(&r, strchr(SAMPLE("6000", "[]"), ':') + 1);
    until(&r, &r.samples_n, 1);
    cr_assert_eq(r.lost_n, 0);
    rig_close(&r);
}

/* SR-006: cards come with their UID; the service button with press and release. */
Test(board_site, cards_buttons_and_identities_are_handed_on_and_nonsense_is_skipped)
{
    struct rig r;

    rig_open(&r, ATTACHED);
    until(&r, &r.attached_n, 1);
    say(&r, "{\"card\":\"04a1b2c3\"}\n{\"card\":\"04A1B2C3D4\"}\n{\"card\":7}\n{\"button\":{\"kind\":\"nose\",\"down\":true}}\n"
            "{\"button\":{\"kind\":\"service\",\"down\":true}}\n{\"button\":{\"kind\":\"touch\",\"down\":false}}\n{\"identity\":\"0007CBEA0001\"}\n");
    until(&r, &r.identities_n, 1);
    cr_assert_eq(r.cards_n, 1);
    cr_assert_eq(r.card.len, 4);
    cr_assert_eq(r.card.at[3], 0xC3);
    cr_assert_eq(r.buttons_n, 2);
    cr_assert_eq(r.button, BUTTON_TOUCH);
    cr_assert_not(r.is_down);
    cr_assert_str_eq(r.identity, "0007CBEA0001");
    cr_assert_eq(r.lost_n, 0);
    rig_close(&r);
}

Test(board_site, a_reading_may_tell_of_a_missing_diode_and_of_a_switch)
{
    static const char more[] = "{\"sample\":{\"diode\":true,\"switch_ma\":13000,";
    char text[1024];
    struct rig r;

    snprintf(text, sizeof text, "%s%s", more, strchr(&SAMPLE("6000", "[]")[2], '{') + 1);
    rig_open(&r, ATTACHED);
    until(&r, &r.attached_n, 1);
    say(&r, text);
    until(&r, &r.samples_n, 1);
    cr_assert(r.sample[0].diode_failed);
    cr_assert(r.sample[0].has_switch);
    cr_assert_eq(r.sample[0].switch_ma, 13000);
    rig_close(&r);
}

Test(board_site, a_reading_before_the_attachment_is_none)
{
    struct rig r;

    rig_open(&r, SAMPLE("6000", "[]") ATTACHED SAMPLE("7000", "[]"));
    until(&r, &r.samples_n, 1);
    cr_assert_eq(r.sample[0].pilot_ma, 7000);
    rig_close(&r);
}

/* What no board may say: it is lost, and tried again. */
static void loses(const char *text, const char *expected_why)
{
    struct rig r;

    rig_open(&r, ATTACHED);
    until(&r, &r.attached_n, 1);
    say(&r, text);
    until(&r, &r.lost_n, 1);
    cr_assert_eq(r.samples_n, 0, "%s", text);
    cr_assert_str_eq(r.why, expected_why);
    r.heard[0] = '\0';
    r.greeting = ATTACHED;
    until(&r, &r.attached_n, 2);
    cr_assert_eq(r.lost_n, 1);
    rig_close(&r);
}

Test(board_site, a_reading_outside_its_ranges_loses_the_board)
{
    loses(SAMPLE("80001", "[]"), "a sample is none");
}

Test(board_site, a_reading_with_a_fault_code_0_loses_the_board)
{
    loses(SAMPLE("6000", "[0]"), "a sample is none");
}

Test(board_site, a_reading_with_too_many_faults_loses_the_board)
{
    loses(SAMPLE("6000", "[1,2,3,4,5,6,7,8,9]"), "a sample is none");
}

Test(board_site, a_reading_with_something_missing_loses_the_board)
{
    loses("{\"sample\":{\"pilot\":\"C2\"}}\n", "a sample is none");
}

Test(board_site, a_line_that_is_no_object_loses_the_board)
{
    loses("[1]\n", "a line is no JSON object");
}

Test(board_site, a_line_that_is_cut_loses_the_board)
{
    loses("{\"sample\":\n", "a line is no JSON object");
}

Test(board_site, a_refusal_loses_the_board_with_the_text_of_the_site)
{
    loses("{\"error\":\"no wallbox has this serial\"}\n", "no wallbox has this serial");
}

Test(board_site, a_second_answer_to_attach_that_is_none_loses_the_board)
{
    loses("{\"attached\":\"W1\",\"watchdog\":\"dog\",\"apply_ms\":0,\"rated_ma\":0}\n", "its answer to attach is none");
}

Test(board_site, a_line_without_an_end_loses_the_board)
{
    char text[4098]; /* one more than it takes, and the end of the text */

    memset(text, ' ', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    loses(text, "a line is too long");
}

Test(board_site, a_site_that_goes_is_noticed_and_found_again)
{
    struct rig r;

    rig_open(&r, ATTACHED);
    until(&r, &r.attached_n, 1);
    hang_up(&r);
    until(&r, &r.lost_n, 1);
    cr_assert_str_eq(r.why, "the site closed");
    r.heard[0] = '\0';
    r.greeting = ATTACHED;
    until(&r, &r.attached_n, 2);
    rig_close(&r);
}

Test(board_site, a_site_that_is_not_there_is_said_once_and_tried_until_it_is)
{
    struct capture log;
    const char *text;
    struct rig r;

    rig_init(&r, ATTACHED);
    capture_begin(&log, STDERR_FILENO);
    cr_assert_eq(board_site.open(r.board, &r.bench.loop, scratch_path(&r.scratch, "boards"), "W1", &events, &r), RC_OK);
    until(&r, &r.lost_n, 1);
    for (int i = 0; i < 4; i++) { /* another attempt and its failure */
        uv_run(&r.bench.loop, UV_RUN_ONCE);
    }
    serve(&r);
    until(&r, &r.attached_n, 1);
    text = capture_end(&log);
    cr_assert_eq(r.lost_n, 1);
    cr_assert_not_null(strstr(text, "board lost=W1"), "%s", text);
    cr_assert_null(strstr(strstr(text, "board lost=W1") + 1, "board lost="), "%s", text);
    rig_close(&r);
}

Test(board_site, a_close_while_it_is_connecting_ends_cleanly)
{
    struct rig r;

    rig_open(&r, NULL);
    rig_close(&r);
    cr_assert_eq(r.attached_n + r.lost_n, 0);
}
