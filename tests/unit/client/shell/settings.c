#include "client/shell/settings.h"

#include "common/base/text.h"
#include "tests/unit/common/os/helpers.h"

TestSuite(settings, .timeout = 10);

static struct settings good(void)
{
    struct settings s;

    settings_defaults(&s);
    cr_assert_eq(text_copy(s.params.serial, sizeof s.params.serial, "W1"), RC_OK);
    cr_assert_eq(text_copy(s.board, sizeof s.board, "site:/run/boards"), RC_OK);
    s.loopback_plain = true;
    return s;
}

/* settings_check must refuse for a run, with these words. */
static void refused(struct settings *s, const char *expected)
{
    char why[SETTINGS_WHY_LEN] = "";

    cr_assert_eq(settings_check(s, true, why), RC_RANGE);
    cr_assert_not_null(strstr(why, expected), "%s", why);
    cr_assert_null(strchr(why, '\n'), "%s", why);
}

static enum rc read_text(struct settings *s, const char *text, struct capture *log, const char **out_said)
{
    struct scratch scratch;
    FILE *f;
    enum rc rc;

    scratch_open(&scratch);
    f = fopen(scratch_path(&scratch, "client.conf"), "we");
    cr_assert_not_null(f);
    cr_assert_geq(fputs(text, f), 0);
    cr_assert_eq(fclose(f), 0);
    settings_defaults(s);
    capture_begin(log, STDERR_FILENO);
    rc = settings_read(s, scratch.path);
    *out_said = capture_end(log);
    scratch_close(&scratch);
    return rc;
}

Test(settings, a_good_set_names_driver_address_and_what_its_boards_have)
{
    struct settings s = good();
    char why[SETTINGS_WHY_LEN];

    cr_assert_eq(settings_check(&s, true, why), RC_OK);
    cr_assert_eq(s.board_driver, &board_site);
    cr_assert_str_eq(s.board_address, "/run/boards");
    cr_assert_eq(s.params.watchdog, board_site.watchdog);
    cr_assert_eq(s.params.apply_ms, board_site.apply_ms);
    cr_assert_eq(s.params.model, MODEL_PLUS);
    cr_assert_eq(s.manager_address.ss_family, AF_INET);
}

Test(settings, with_tls_the_manager_may_be_anywhere)
{
    struct settings s = good();
    char why[SETTINGS_WHY_LEN];

    s.loopback_plain = false;
    (void)snprintf(s.manager, sizeof s.manager, "10.0.0.1:7443");
    cr_assert_eq(settings_check(&s, true, why), RC_OK, "%s", why);
}

Test(settings, a_manager_elsewhere_is_refused_without_tls)
{
    struct settings s = good();

    cr_assert_eq(text_copy(s.manager, sizeof s.manager, "192.0.2.1:7443"), RC_OK);
    refused(&s, "loopback");
    cr_assert_eq(text_copy(s.manager, sizeof s.manager, "manager.example:7443"), RC_OK);
    refused(&s, "numeric");
    cr_assert_eq(text_copy(s.manager, sizeof s.manager, ""), RC_OK);
    refused(&s, "numeric");
}

Test(settings, a_manager_may_be_looked_for_at_a_port)
{
    static const char *const bad[] = {"search:", "search:0", "search:65536", "search", "search:7443 ", "search:127.0.0.1:7443", "Search:7443"};
    struct settings s = good();
    char why[SETTINGS_WHY_LEN];

    cr_assert_eq(settings_check(&s, true, why), RC_OK);
    cr_assert_not(s.is_search);
    cr_assert_eq(text_copy(s.manager, sizeof s.manager, "search:7443"), RC_OK);
    refused(&s, "loopback");
    s.loopback_plain = false;
    cr_assert_eq(settings_check(&s, true, why), RC_OK, "%s", why);
    cr_assert(s.is_search);
    cr_assert_eq(((const struct sockaddr_in *)&s.manager_address)->sin_port, htons(7443));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_eq(text_copy(s.manager, sizeof s.manager, bad[i]), RC_OK);
        refused(&s, "or search:PORT");
    }
}

Test(settings, an_unknown_board_driver_is_told_which_ones_exist)
{
    static const char *const wrong[] = {"", "site", ":x", "sit:x", "sites:x", "site:"};
    struct settings s = good();

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_assert_eq(text_copy(s.board, sizeof s.board, wrong[i]), RC_OK);
        refused(&s, "out of: site");
    }
}

Test(settings, a_board_on_modbus_has_the_watchdog_that_its_address_says)
{
    static const struct {
        const char *board;
        enum board_watchdog watchdog; /* WATCHDOG_UNSET: refused */
    } rows[] = {{"modbus_evse:evse_wb_din,rtu:/dev/ttyUSB0:9600:N:1,meter=2", WATCHDOG_NONE},
                {"modbus_evse:evse_wb_din,tcp:10.0.0.9:502:1,meter=2,watchdog=external", WATCHDOG_EXTERNAL},
                {"modbus_evse:phoenix_charx,tcp:10.0.0.9:502:1", WATCHDOG_HARDWARE},
                {"modbus_evse:evse_wb_din,tcp:10.0.0.9:502:1", WATCHDOG_UNSET},
                {"modbus_evse:other,tcp:10.0.0.9:502:1", WATCHDOG_UNSET}};
    char why[SETTINGS_WHY_LEN];

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct settings s = good();
        bool is_good = rows[i].watchdog != WATCHDOG_UNSET;

        cr_assert_eq(text_copy(s.board, sizeof s.board, rows[i].board), RC_OK);
        cr_expect_eq(settings_check(&s, true, why), is_good ? RC_OK : RC_RANGE, "%s", rows[i].board);
        cr_expect(!is_good || (s.params.watchdog == rows[i].watchdog && s.params.apply_ms == 500));
        cr_expect(is_good || strstr(why, "modbus_evse:MODEL,LINE") != NULL, "%s", why);
    }
}

Test(settings, a_board_is_needed_to_run_only)
{
    struct settings s = good();
    char why[SETTINGS_WHY_LEN];

    s.board[0] = '\0';
    cr_assert_eq(settings_check(&s, false, why), RC_OK);
    cr_assert_null(s.board_driver);
}

Test(settings, relations_between_parameters_are_checked)
{
    struct settings s = good();

    s.params.wired_phases_n = 2;
    refused(&s, "wired_phases_n");
    s = good();
    s.params.rated_ma = 6000;
    s.params.min_ma = 10000;
    refused(&s, "rated_ma");
}

Test(settings, a_file_sets_keys_and_parameters)
{
    struct settings s;
    struct capture log;
    const char *said;
    char why[SETTINGS_WHY_LEN];

    cr_assert_eq(read_text(&s,
                           "serial = \"BOX-7\"; model = \"connect\"; manager = \"[::1]:9\"; board = \"site:s\"; data = \"d\"; loopback_plain = true;\n"
                           "log_level = \"dbg\"; rated_ma = 16000; wired_phases_n = 1; authorization = 1;",
                           &log, &said),
                 RC_OK, "%s", said);
    cr_assert_eq(settings_check(&s, true, why), RC_OK, "%s", why);
    cr_assert_str_eq(s.params.serial, "BOX-7");
    cr_assert_eq(s.params.model, MODEL_CONNECT);
    cr_assert_eq(s.params.rated_ma, 16000);
    cr_assert_eq(s.params.wired_phases_n, 1);
    cr_assert_eq(s.params.authorization, 1);
    cr_assert_eq(s.params.min_ma, 6000, "what the file leaves out keeps its default");
    cr_assert_str_eq(s.data, "d");
    cr_assert_eq(s.log_level, 3);
}

Test(settings, every_mistake_of_a_file_is_a_line_with_its_place_and_key)
{
    struct settings s;
    struct capture log;
    const char *said;

    cr_assert_eq(read_text(&s, "serial = \"has space\";\nrated_ma = 80001;\nmodel = \"super\";\nspeed = 1;\n", &log, &said), RC_RANGE);
    cr_assert_not_null(strstr(said, "client.conf:1: serial"), "%s", said);
    cr_assert_not_null(strstr(said, "client.conf:2: rated_ma must be 0..80000 mA"), "%s", said);
    cr_assert_not_null(strstr(said, "client.conf:3: model must be connect or plus"), "%s", said);
    cr_assert_not_null(strstr(said, "client.conf:4: speed"), "%s", said);
    cr_assert_eq(read_text(&s, "", &log, &said), RC_RANGE);
    cr_assert_not_null(strstr(said, "serial is missing"), "%s", said);
}

Test(settings, what_is_printed_reads_back_as_the_same)
{
    struct settings s = good();
    struct settings back;
    struct capture log;
    const char *said;
    char text[4096];
    FILE *to = fmemopen(text, sizeof text, "w");

    cr_assert_not_null(to);
    s.params.pilot_rise_ms = 0;
    s.model = 0;
    cr_assert_eq(text_copy(s.data, sizeof s.data, "with \" and \\"), RC_OK);
    settings_print(&s, to);
    cr_assert_eq(fclose(to), 0);
    cr_assert_eq(read_text(&back, text, &log, &said), RC_OK, "%s", said);
    cr_assert_str_eq(back.data, s.data);
    cr_assert_str_eq(back.board, s.board);
    cr_assert_eq(back.params.pilot_rise_ms, 0);
    cr_assert_eq(back.model, 0);
    cr_assert(back.loopback_plain);
}

/* DIFF-1..DIFF-9: one key, market, for all differences between the European and the North American product. */
Test(settings, market_switch_and_cards_are_read_checked_and_printed)
{
    struct settings s;
    struct settings back;
    struct capture log;
    const char *said;
    char why[SETTINGS_WHY_LEN];
    char text[4096];
    FILE *to;

    cr_assert_eq(read_text(&s,
                           "serial = \"W1\"; model = \"connect\"; market = \"na\"; rated_switch = \"dip\"; rated_ma = 20000;\n"
                           "cards = \"white:04A1B2C0 red:04A1B2C1 green:04A1B2C2 blue:04A1B2C3\"; brightness_permille = 500;",
                           &log, &said),
                 RC_OK, "%s", said);
    cr_assert_eq(settings_check(&s, false, why), RC_OK, "%s", why);
    cr_assert_eq(s.params.market, MARKET_NA);
    cr_assert_eq(s.params.rated_steps, RATED_DIP);
    cr_assert_eq(s.params.factory_n, 4);
    to = fmemopen(text, sizeof text, "w");
    cr_assert_not_null(to);
    settings_print(&s, to);
    cr_assert_eq(fclose(to), 0);
    cr_assert_not_null(strstr(text, "# RFID-1 W 04A1B2C0"), "%s", text); /* SR-111 */
    cr_assert_eq(read_text(&back, text, &log, &said), RC_OK, "%s", said);
    cr_assert_eq(settings_check(&back, false, why), RC_OK, "%s", why);
    cr_assert_eq(back.params.factory_n, 4);
    cr_assert_eq(back.params.brightness_permille, 500);
}

/* SR-194, SR-204: only steps of the switch that the wallbox has. */
Test(settings, a_current_between_the_steps_of_the_switch_is_refused_with_the_steps)
{
    struct settings s = good();

    s.rated_switch = 1;
    s.params.rated_ma = 25000;
    refused(&s, "0, 6000, 10000, 12000, 16000, 20000, 24000 or 32000");
    s.rated_switch = 2;
    s.params.rated_ma = 24000;
    refused(&s, "10000, 13000, 16000, 20000, 25000 or 32000");
}
