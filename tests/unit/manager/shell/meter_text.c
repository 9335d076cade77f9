#include "manager/shell/meter_text.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(meter_text, .timeout = 10);

Test(meter_text, every_doubt_has_a_sentence_and_none_has_none)
{
    char text[METER_TEXT_LEN];

    for (int i = DOUBT_NONE + 1; i < DOUBT_N; i++) {
        meter_text_explain((enum meter_doubt)i, PHASES_UNSET, text);
        cr_assert_not_null(strstr(text, "meter"), "%s", meter_doubt_text((enum meter_doubt)i));
        cr_assert_eq(text[strlen(text) - 1], '.');
    }
    meter_text_explain(DOUBT_NONE, PHASES_L1_L2_L3, text);
    cr_assert_str_empty(text);
}

Test(meter_text, phases_that_would_fit_are_named)
{
    char text[METER_TEXT_LEN];

    meter_text_explain(DOUBT_PHASES, PHASES_L2_L3_L1, text);
    cr_assert_not_null(strstr(text, "L2-L3-L1"), "%s", text);
    meter_text_explain(DOUBT_PHASES, PHASES_UNSET, text);
    cr_assert_not_null(strstr(text, "exchanged"), "%s", text);
}

Test(meter_text, every_trouble_of_the_bus_is_a_doubt_but_good_and_stopped)
{
    for (int i = 0; i < BUS_TROUBLE_N; i++) {
        bool is_none = meter_text_doubt((enum bus_trouble)i) == DOUBT_NONE;

        cr_assert_eq(is_none, i == BUS_GOOD || i == BUS_STOPPED, "%s", bus_trouble_text((enum bus_trouble)i));
    }
}

Test(meter_text, the_states_of_the_wiring_have_words)
{
    cr_assert_str_eq(meter_text_wiring(WIRING_AGREES), "agrees");
    cr_assert_str_eq(meter_text_wiring(WIRING_WRONG), "wrong");
}
