#include "client/core/indicator.h"

#include <string.h>

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(indicator, .timeout = 10);

/* A wallbox of a model that is well and empty; authorization is off. */
static struct indicator_in calm(enum wallbox_model model)
{
    return (struct indicator_in){.now_ms = 100000, .model = model, .state = CHARGE_IDLE, .brightness_permille = 1000};
}

/* The lights as text: the bar's four segments, then the symbols that are not dark. Letters: - dark, w r g b o; a mode other than steady
 * follows as ~ flash, s slow, ^ breathe, > run. */
static const char *shown(const struct indicator_in *in)
{
    static const char colours[] = "?-wrgbo";
    static const char modes[] = "? ~s^>";
    static const char *const names[] = {"", "", "", "", " online=", " mode=", " card=", " touch="};
    static char text[128];
    struct lights l;
    size_t at = 0;

    indicator_lights(in, &l);
    memset(text, 0, sizeof text);
    for (int i = 0; i < LAMP_N; i++) {
        const struct light *x = &l.lamp[i];

        if (i >= LAMP_ONLINE && x->colour == LIGHT_DARK) {
            continue;
        }
        memcpy(text + at, names[i], strlen(names[i]));
        at += strlen(names[i]);
        text[at] = colours[x->colour];
        at++;
        if (x->mode != LIGHT_STEADY) {
            text[at] = modes[x->mode];
            at++;
        }
    }
    return text;
}

#define expect_shown(in, text) cr_expect_str_eq(shown(in), text, "%s, not %s", shown(in), text)

/* SR-048: the bar has four segments that act together unless stated otherwise. */
Test(indicator, a_connect_from_idle_to_charging_SR_028_SR_029_SR_030_SR_031)
{
    struct indicator_in in = calm(MODEL_CONNECT);

    expect_shown(&in, "bbbb mode=b"); /* SR-028 */
    in.is_plugged = true;
    in.state = CHARGE_SELF_TEST;
    expect_shown(&in, "oooo mode=g"); /* SR-029 */
    in.state = CHARGE_OFFERING;
    expect_shown(&in, "bbbb mode=g"); /* SR-030 */
    in.state = CHARGE_CHARGING;
    in.is_drawing = true;
    expect_shown(&in, "b~b~b~b~ mode=g"); /* SR-031 */
}

Test(indicator, a_plus_from_standby_to_charging_SR_058_SR_059_SR_060)
{
    struct indicator_in in = calm(MODEL_PLUS);

    in.state = CHARGE_UNKNOWN;
    expect_shown(&in, "b>b>b>b>"); /* SR-058: initialization */
    in.state = CHARGE_IDLE;
    expect_shown(&in, "bbbb"); /* SR-059; no symbols (SR-017) */
    in.is_plugged = true;
    in.state = CHARGE_SELF_TEST;
    expect_shown(&in, "b>b>b>b>");
    in.state = CHARGE_CHARGING;
    in.is_drawing = true;
    expect_shown(&in, "b^b^b^b^"); /* SR-060 */
    in.is_drawing = false;
    in.state = CHARGE_WAITING;
    in.is_paused = true;
    expect_shown(&in, "b>b>b>b>"); /* SR-058: suspended */
}

Test(indicator, a_connect_that_is_not_authorized_is_dark_and_asks_for_a_card_SR_049_SR_091)
{
    struct indicator_in in = calm(MODEL_CONNECT);

    in.is_suppressed = true;
    in.card = CARD_LIGHT_WANTED;
    expect_shown(&in, "---- mode=b card=ws");
    in.is_suppressed = false; /* released: blue (SR-095) */
    in.card = CARD_LIGHT_NONE;
    expect_shown(&in, "bbbb mode=b");
}

/* DIFF-11: steady for 2 s. */
Test(indicator, the_card_symbol_answers_for_2_s_SR_092_SR_093)
{
    struct indicator_in in = calm(MODEL_CONNECT);

    in.card = CARD_LIGHT_WANTED;
    in.sign = AUTH_ACCEPTED;
    in.sign_ms = in.now_ms;
    expect_shown(&in, "bbbb mode=b card=g");
    cr_expect_eq(indicator_next_ms(&in), in.sign_ms + 2000);
    in.now_ms = in.sign_ms + 1999;
    expect_shown(&in, "bbbb mode=b card=g");
    in.sign = AUTH_REJECTED;
    expect_shown(&in, "bbbb mode=b card=r");
    in.now_ms = in.sign_ms + 2000;
    expect_shown(&in, "bbbb mode=b card=ws");
    cr_expect_eq(indicator_next_ms(&in), MS_FOREVER);
}

Test(indicator, the_read_area_is_lit_for_a_new_master_and_orange_for_a_new_card_SR_104_SR_105)
{
    struct indicator_in in = calm(MODEL_CONNECT);

    in.card = CARD_LIGHT_LEARN;
    expect_shown(&in, "bbbb mode=b card=w");
    in.card = CARD_LIGHT_TEACH;
    expect_shown(&in, "bbbb mode=b card=o");
}

/* SR-050: S1 and S2, slowly in North America; SR-053, DIFF-6: S2 and S3 steady; SR-052, SR-055, DIFF-9: updates and start. */
Test(indicator, a_connect_without_its_meter_in_commissioning_at_start_and_in_an_update)
{
    struct indicator_in in = calm(MODEL_CONNECT);

    in.is_meter_lost = true;
    expect_shown(&in, "o~o~-- mode=b");
    in.market = MARKET_NA;
    expect_shown(&in, "osos-- mode=b");
    in.is_service = true;
    expect_shown(&in, "-oo- mode=b"); /* SR-053 */
    in.is_updating = true;
    expect_shown(&in, "osososos mode=b"); /* SR-052 */
    in.is_updating = false;
    in.state = CHARGE_UNKNOWN;
    expect_shown(&in, "----"); /* DIFF-9: not at the start; the module has not started either, as SR-055 says of an update */
    in.market = MARKET_ECE;
    expect_shown(&in, "o~o~o~o~");
}

Test(indicator, service_is_shown_by_a_plus_as_well_SR_053)
{
    struct indicator_in in = calm(MODEL_PLUS);

    in.is_service = true;
    expect_shown(&in, "-oo-");
}

/* SR-051, SR-221, DIFF-10. */
Test(indicator, heat_shows_its_code_for_a_short_time_and_then_s3_and_s4)
{
    struct indicator_in in = calm(MODEL_CONNECT);

    in.state = CHARGE_FAULT;
    in.is_plugged = true;
    in.fault = CFAULT_OVERHEATED;
    in.fault_since_ms = in.now_ms;
    expect_shown(&in, "w~w~o~o~ mode=g");
    cr_expect_eq(indicator_next_ms(&in), in.fault_since_ms + INDICATOR_HEAT_MS);
    in.now_ms += INDICATOR_HEAT_MS;
    expect_shown(&in, "--o~o~ mode=g");
    cr_expect_eq(indicator_next_ms(&in), MS_FOREVER);
    in.market = MARKET_NA;
    expect_shown(&in, "--osos mode=g");
    in.model = MODEL_PLUS; /* SR-046: an operating state, so it is held up, not in error (DIFF-16) */
    expect_shown(&in, "b>b>b>b>");
}

/* SR-054, SR-057: red with white or blue, flashing, is a fault; SR-220, SR-222..SR-227. */
Test(indicator, a_connect_flashes_the_code_of_a_fault)
{
    static const struct {
        uint16_t code;
        const char *text;
    } rows[] = {{1, "w~w~w~r~"},    {5, "w~r~w~r~"},    {8, "r~w~w~w~"},    {8001, "b~b~b~r~"}, {8002, "b~b~r~b~"},
                {4003, "b~b~r~r~"}, {8005, "b~r~b~r~"}, {8007, "b~r~r~r~"}, {777, "r~r~r~r~"}};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct indicator_in in = calm(MODEL_CONNECT);

        in.fault = rows[i].code;
        in.is_suppressed = true; /* a fault is shown to those, too, who are not authorized */
        in.is_service = true;
        cr_expect_eq(memcmp(shown(&in), rows[i].text, 8), 0, "%u: %s", rows[i].code, shown(&in));
    }
}

/* SR-056: voltage that cannot be switched off, earth, CCID; SR-229, SR-230, DIFF-2: 8007 in North America. */
Test(indicator, permanent_red_is_steady_and_above_everything_else)
{
    struct indicator_in in = calm(MODEL_CONNECT);
    static const uint16_t danger[] = {CFAULT_WELDED, CFAULT_EARTH, CFAULT_CCID};

    in.is_updating = true;
    for (int i = 0; i < 3; i++) {
        in.fault = danger[i];
        expect_shown(&in, "rrrr mode=b");
    }
    in.fault = CFAULT_SAFETY;
    in.is_updating = false;
    in.market = MARKET_NA;
    expect_shown(&in, "rrrr mode=b");
}

Test(indicator, a_plus_is_red_for_every_error_SR_061_SR_242)
{
    static const uint16_t codes[] = {1, 5, 8, 4003, 8001, 8002, 8005, 8007, 9004, 9008, 777};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct indicator_in in = calm(MODEL_PLUS);

        in.fault = codes[i];
        expect_shown(&in, "rrrr");
    }
}

Test(indicator, notices_do_not_change_the_bar)
{
    static const uint16_t codes[] = {CFAULT_BOARD_LOST, CFAULT_STORE_FULL, CFAULT_WATCHDOG, CFAULT_METER, CFAULT_CLOCK, CFAULT_MODULE};

    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        struct indicator_in in = calm(MODEL_CONNECT);

        in.fault = codes[i];
        expect_shown(&in, "bbbb mode=b");
        in.model = MODEL_PLUS;
        expect_shown(&in, "bbbb");
    }
}

Test(indicator, a_plus_with_a_broken_module_has_s4_red_SR_062_SR_063_SR_064)
{
    struct indicator_in in = calm(MODEL_PLUS);

    in.is_module_broken = true;
    expect_shown(&in, "bbbr"); /* SR-062 */
    in.is_plugged = true;
    in.state = CHARGE_OFFERING; /* B2 */
    expect_shown(&in, "bbbr");
    in.state = CHARGE_CHARGING;
    in.is_drawing = true;
    expect_shown(&in, "b^b^b^r"); /* SR-063: charging goes on */
    in.is_updating = true;
    expect_shown(&in, "b>b>b>r"); /* SR-064 */
}

/* 6.4: three symbols and a touch button. */
Test(indicator, the_symbols_of_a_connect)
{
    static const struct {
        enum indicator_online online;
        const char *text;
    } rows[] = {{ONLINE_NONE, "bbbb mode=b"},
                {ONLINE_REACHABLE, "bbbb online=w mode=b"},
                {ONLINE_LOGGING_ON, "bbbb online=g~ mode=b"},
                {ONLINE_CONNECTED, "bbbb online=g mode=b"},
                {ONLINE_LOST, "bbbb online=o mode=b"}};
    struct indicator_in in = calm(MODEL_CONNECT);

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        in.online = rows[i].online;
        expect_shown(&in, rows[i].text);
    }
    in.online = ONLINE_NONE;
    in.is_module_broken = true;
    expect_shown(&in, "bbbb mode=o");
    in.is_module_broken = false;
    in.is_plugged = true; /* DIFF-7, DIFF-8 */
    in.charging = CHARGING_REQUESTED;
    expect_shown(&in, "bbbb mode=w~");
    in.charging = CHARGING_INTELLIGENT;
    in.can_switch = true;
    expect_shown(&in, "bbbb mode=w touch=w");
}

Test(indicator, brightness_goes_with_the_lights_SR_065)
{
    struct indicator_in in = calm(MODEL_PLUS);
    struct lights l;
    struct lights m;

    in.brightness_permille = 250;
    indicator_lights(&in, &l);
    cr_expect_eq(l.brightness_permille, 250);
    in.brightness_permille = 251;
    indicator_lights(&in, &m);
    cr_expect_not(indicator_same(&l, &m));
    in.brightness_permille = 250;
    indicator_lights(&in, &m);
    cr_expect(indicator_same(&l, &m));
}

Test(indicator, a_frame_is_dark_in_the_pauses_of_its_mode)
{
    struct lights l = {
        .lamp = {{LIGHT_BLUE, LIGHT_STEADY}, {LIGHT_BLUE, LIGHT_FLASH}, {LIGHT_BLUE, LIGHT_SLOW}, {LIGHT_BLUE, LIGHT_RUN}, {LIGHT_GREEN, LIGHT_FLASH}}};

    cr_expect_eq(indicator_frame(&l, LAMP_S1, 999), LIGHT_BLUE);
    cr_expect_eq(indicator_frame(&l, LAMP_S2, 499), LIGHT_BLUE);
    cr_expect_eq(indicator_frame(&l, LAMP_S2, 500), LIGHT_DARK);
    cr_expect_eq(indicator_frame(&l, LAMP_S3, 1999), LIGHT_BLUE);
    cr_expect_eq(indicator_frame(&l, LAMP_S3, 2000), LIGHT_DARK);
    cr_expect_eq(indicator_frame(&l, LAMP_S4, 1499), LIGHT_DARK); /* left to right: the fourth comes last */
    cr_expect_eq(indicator_frame(&l, LAMP_S4, 1500), LIGHT_BLUE);
    cr_expect_eq(indicator_frame(&l, LAMP_ONLINE, 0), LIGHT_GREEN);
}

/* Whatever comes together: every lamp has a colour and a mode that may be sent. */
Test(indicator, every_combination_has_lights)
{
    for (int model = MODEL_CONNECT; model < MODEL_N; model++) {
        for (int state = 0; state < CHARGE_STATE_N; state++) {
            for (unsigned bits = 0; bits < 512; bits++) {
                struct indicator_in in = {.model = (enum wallbox_model)model, .state = (enum charge_state)state, .now_ms = 5000, .brightness_permille = 1};
                struct lights l;

                in.market = (bits & 1) != 0 ? MARKET_NA : MARKET_ECE;
                in.is_plugged = (bits & 2) != 0;
                in.is_drawing = (bits & 4) != 0;
                in.is_updating = (bits & 8) != 0;
                in.is_service = (bits & 16) != 0;
                in.is_meter_lost = (bits & 32) != 0;
                in.is_suppressed = (bits & 64) != 0;
                in.is_module_broken = (bits & 128) != 0;
                in.fault = (bits & 256) != 0 ? 8007 : 0;
                indicator_lights(&in, &l);
                for (int i = 0; i < LAMP_N; i++) {
                    cr_assert(l.lamp[i].colour > LIGHT_UNSET && l.lamp[i].colour < LIGHT_COLOUR_N);
                    cr_assert(l.lamp[i].mode > LIGHT_MODE_UNSET && l.lamp[i].mode < LIGHT_MODE_N);
                }
            }
        }
    }
}
