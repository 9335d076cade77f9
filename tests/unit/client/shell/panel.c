#include "client/shell/panel.h"

#include "tests/unit/common/os/helpers.h"

TestSuite(panel, .timeout = 10);

static struct client_face charging(void)
{
    struct client_face f = {.state = BOX_CHARGING, .tone = TONE_ACCEPTED, .tone_n = 2, .offered_ma = 16000, .drawn_ma = 15890, .session_wh = 12345};

    for (int i = 0; i < LAMP_N; i++) {
        f.lights.lamp[i] = (struct light){i <= LAMP_S4 ? LIGHT_BLUE : LIGHT_DARK, i <= LAMP_S4 ? LIGHT_FLASH : LIGHT_STEADY};
    }
    return f;
}

Test(panel, the_live_line_has_coloured_lights_state_current_and_energy)
{
    struct client_face f = charging();
    char line[PANEL_LINE_LEN];

    panel_line(&f, "W1", 0, line, sizeof line);
    cr_assert_not_null(strstr(line, "W1"));
    cr_assert_not_null(strstr(line, "\x1b[94m\xe2\x96\xa0"), "%s", line); /* blue and lit */
    cr_assert_not_null(strstr(line, "Charging  15.8 of 16.0 A  12.34 kWh"), "%s", line);
    panel_line(&f, "W1", 500, line, sizeof line);
    cr_assert_null(strstr(line, "\x1b[94m"), "in the pause of its flashing it is dark");
    f.fault = 8005;
    panel_line(&f, "W1", 0, line, sizeof line);
    cr_assert_not_null(strstr(line, "8005 Residual current"), "%s", line);
    panel_line(&f, "W1", 0, line, 20); /* cut, never beyond */
    cr_assert_lt(strlen(line), 20);
}

Test(panel, without_a_terminal_each_change_is_a_line_of_words)
{
    struct client_face f = charging();
    struct bench bench;
    struct capture out;
    struct panel p;
    const char *text;

    bench_open(&bench);
    capture_begin(&out, STDOUT_FILENO);
    panel_open(&p, &bench.loop, true, "W1");
    panel_show(&p, &f);
    panel_show(&p, &f);
    f.drawn_ma = 1; /* no news */
    panel_show(&p, &f);
    f.tone_n++;
    panel_show(&p, &f);
    panel_close(&p);
    panel_close(&p); /* harmless */
    text = capture_end(&out);
    cr_assert_str_eq(text, "W1 S1=blue:flash S2=blue:flash S3=blue:flash S4=blue:flash online=dark:steady mode=dark:steady card=dark:steady touch=dark:steady"
                           " tone=accepted tone_n=2 state=Charging fault=0\n"
                           "W1 S1=blue:flash S2=blue:flash S3=blue:flash S4=blue:flash online=dark:steady mode=dark:steady card=dark:steady touch=dark:steady"
                           " tone=accepted tone_n=3 state=Charging fault=0\n");
    bench_close(&bench);
}

Test(panel, switched_off_it_says_nothing)
{
    struct client_face f = charging();
    struct bench bench;
    struct capture out;
    struct panel p;

    bench_open(&bench);
    capture_begin(&out, STDOUT_FILENO);
    panel_open(&p, &bench.loop, false, "W1");
    panel_show(&p, &f);
    panel_close(&p);
    cr_assert_str_eq(capture_end(&out), "");
    bench_close(&bench);
}
