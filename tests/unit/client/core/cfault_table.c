#include "client/core/cfault_table.h"

#include <string.h>

#include <criterion/criterion.h>

#include "client/core/cfault_text.h"
#include "client/core/trouble.h"

TestSuite(cfault_table, .timeout = 10);

static void expect_colours(uint16_t code, enum market market, const char *letters)
{
    static const char of[LIGHT_COLOUR_N] = {0, '-', 'w', 'r', 'g', 'b', 'o'};
    enum light_colour colour[4];
    char got[5] = "";

    cfault_colours(code, market, colour);
    for (int i = 0; i < 4; i++) {
        got[i] = of[colour[i]];
    }
    cr_expect_str_eq(got, letters, "%u: %s, not %s", code, got, letters);
}

/* SR-054, SR-219: general faults red and white, of the power unit red and blue; the low four bits of the code, red is 1. */
Test(cfault_table, each_code_of_the_manuals_has_its_colours)
{
    expect_colours(1, MARKET_ECE, "wwwr");    /* SR-220 */
    expect_colours(3, MARKET_ECE, "wwoo");    /* SR-221 */
    expect_colours(5, MARKET_ECE, "wrwr");    /* SR-222 */
    expect_colours(8, MARKET_ECE, "rwww");    /* SR-223 */
    expect_colours(8001, MARKET_ECE, "bbbr"); /* SR-224 */
    expect_colours(8002, MARKET_ECE, "bbrb"); /* SR-225 */
    expect_colours(4003, MARKET_ECE, "bbrr"); /* SR-226 */
    expect_colours(8005, MARKET_ECE, "brbr"); /* SR-227 */
    expect_colours(8007, MARKET_ECE, "brrr"); /* SR-229 */
    expect_colours(8007, MARKET_NA, "rrrr");  /* SR-230 */
    expect_colours(9008, MARKET_ECE, "rrrr"); /* SR-056 */
    expect_colours(9004, MARKET_NA, "rrrr");
    expect_colours(9005, MARKET_NA, "rrrr");
}

/* DIFF-3: fault 8 exists only where there are sockets. */
Test(cfault_table, in_north_america_fault_8_is_a_code_that_nobody_knows_SR_223)
{
    cr_expect_str_eq(cfault_def_in(8, MARKET_ECE)->name, "cable");
    cr_expect_str_eq(cfault_def_in(8, MARKET_NA)->name, "unknown");
    cr_expect_eq(cfault_def_in(8, MARKET_NA)->severity, CFAULT_INTERRUPT);
    expect_colours(8, MARKET_NA, "rrrr");
}

Test(cfault_table, a_code_that_is_not_listed_interrupts_and_sends_to_service_SR_218)
{
    cr_expect_eq(cfault_def(12345)->code, 0);
    cr_expect_eq(cfault_def(12345)->severity, CFAULT_INTERRUPT);
    cr_expect_not_null(strstr(cfault_help(12345, LANGUAGE_EN), "service"));
}

Test(cfault_table, only_a_welded_contactor_and_the_safety_circuit_are_never_retried_SR_228)
{
    size_t n = 0;
    const struct cfault_def *defs = cfault_defs(&n);

    for (size_t i = 0; i < n; i++) {
        bool is_never = defs[i].code == CFAULT_SAFETY || defs[i].code == CFAULT_WELDED;

        cr_expect_eq(defs[i].retry == CFAULT_RETRY_NEVER, is_never, "%s", defs[i].name);
        cr_expect(defs[i].retry != CFAULT_RETRY_COUNTED || defs[i].severity != CFAULT_NOTICE, "%s is retried and interrupts nothing", defs[i].name);
        cr_expect_eq(cfault_def(defs[i].code), &defs[i]);
    }
    cr_expect_eq(cfault_def(CFAULT_OVERHEATED)->retry, CFAULT_RETRY_CAUSE); /* SR-046: goes on by itself */
    cr_expect_not_null(strstr(cfault_help(CFAULT_SAFETY, LANGUAGE_EN), "mains off"));
    cr_expect_not_null(strstr(cfault_help(CFAULT_SAFETY, LANGUAGE_EN), "update")); /* SR-231 */
}

/* SR-014, SR-056: cut it off the mains. */
Test(cfault_table, what_endangers_people_is_permanent_red)
{
    static const uint16_t danger[] = {CFAULT_EARTH, CFAULT_CCID, CFAULT_WELDED};

    for (size_t i = 0; i < 3; i++) {
        cr_expect_eq(cfault_def(danger[i])->severity, CFAULT_DANGER);
        cr_expect_eq(cfault_def(danger[i])->show[MARKET_ECE], CFAULT_SHOW_RED);
        cr_expect_eq(cfault_def(danger[i])->show[MARKET_NA], CFAULT_SHOW_RED);
    }
}

Test(cfault_table, every_fault_has_a_name_and_help_of_its_own_in_four_languages)
{
    size_t n = 0;
    const struct cfault_def *defs = cfault_defs(&n);

    for (size_t i = 0; i < n; i++) {
        for (int l = 0; l < LANGUAGE_N; l++) {
            const char *text = cfault_text(defs[i].code, (enum language)l);
            const char *help = cfault_help(defs[i].code, (enum language)l);

            cr_expect_gt(strlen(text), 5, "%s", defs[i].name);
            cr_expect_lt(strlen(text), TEXT_LEN, "%s: it travels in a message", defs[i].name);
            cr_expect_gt(strlen(help), 20, "%s", defs[i].name);
            cr_expect(i == 0 || strcmp(text, cfault_text(0, (enum language)l)) != 0, "%s has no text", defs[i].name);
            for (int k = 0; k < l; k++) {
                cr_expect_str_neq(text, cfault_text(defs[i].code, (enum language)k), "%s: not translated", defs[i].name);
                cr_expect_str_neq(help, cfault_help(defs[i].code, (enum language)k), "%s: not translated", defs[i].name);
            }
        }
    }
}

/* True when some cause of a trouble has this word, in English. */
static bool says(enum trouble trouble, const char *word)
{
    for (size_t i = 0; i < trouble_cause_n(trouble); i++) {
        if (strstr(trouble_cause(trouble, i, LANGUAGE_EN), word) != NULL) {
            return true;
        }
    }
    return false;
}

/* The union of all manuals (DIFF-15). */
Test(cfault_table, what_to_look_at_is_said_for_each_trouble)
{
    cr_expect(says(TROUBLE_DARK, "supply") && says(TROUBLE_DARK, "defective"));             /* SR-232, SR-239 */
    cr_expect(says(TROUBLE_NO_START, "plug") && says(TROUBLE_NO_START, "needs no energy")); /* SR-233, SR-240 */
    cr_expect(says(TROUBLE_NO_START, "authorized") && says(TROUBLE_NO_START, "later"));
    cr_expect(says(TROUBLE_NO_START, "schedule") && says(TROUBLE_NO_START, "dirty")); /* SR-234 */
    cr_expect(says(TROUBLE_NO_START, "app"));                                         /* SR-240 */
    cr_expect(says(TROUBLE_SLOW, "house") && says(TROUBLE_SLOW, "Release"));          /* SR-235 */
    cr_expect(says(TROUBLE_SLOW, "vehicle") && says(TROUBLE_SLOW, "Heat"));
    cr_expect(says(TROUBLE_SLOW, "automation"));                                                                 /* SR-236 */
    cr_expect(says(TROUBLE_SLOW, "schedule") && says(TROUBLE_SLOW, "load management"));                          /* SR-237 */
    cr_expect(says(TROUBLE_STUCK, "not ended") && says(TROUBLE_STUCK, "tension"));                               /* SR-238, SR-241 */
    cr_expect(says(TROUBLE_RED_FLASH, "code") && says(TROUBLE_RED_FLASH, "mains off"));                          /* SR-057, SR-242 */
    cr_expect(says(TROUBLE_RED, "switched off") && says(TROUBLE_RED, "earth") && says(TROUBLE_RED, "residual")); /* SR-056 */
}

Test(cfault_table, every_trouble_is_written_in_four_languages)
{
    for (int t = 0; t < TROUBLE_N; t++) {
        cr_expect_gt(trouble_cause_n((enum trouble)t), 0);
        for (int l = 0; l < LANGUAGE_N; l++) {
            cr_expect_gt(strlen(trouble_text((enum trouble)t, (enum language)l)), 3);
            for (size_t i = 0; i < trouble_cause_n((enum trouble)t); i++) {
                const char *text = trouble_cause((enum trouble)t, i, (enum language)l);

                cr_expect_gt(strlen(text), 10);
                cr_expect(l == 0 || strcmp(text, trouble_cause((enum trouble)t, i, LANGUAGE_EN)) != 0, "not translated: %s", text);
            }
        }
    }
}
