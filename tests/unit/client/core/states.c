/* client/STATES.md is made from the table of the charging state machine. With WALLBOX_WRITE_STATES set it is written, otherwise compared. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "client/core/charge.h"

TestSuite(states, .timeout = 10);

#define TEXT_LEN_MOST 16384

/* The file in the source tree: this one lies in tests/unit/client/core. */
static void path_of(char *out, size_t cap)
{
    const char *here = __FILE__;
    const char *tail = strstr(here, "tests/unit/client/core/states.c");

    cr_assert_not_null(tail);
    (void)snprintf(out, cap, "%.*sclient/STATES.md", (int)(tail - here), here);
}

static bool is_kept(const struct charge_way *way)
{
    return way->from == SM_BIT(way->to); /* holds its state, leads nowhere */
}

static void write_diagram(FILE *to, const struct charge_way *ways, int n)
{
    (void)fputs("```mermaid\nstateDiagram-v2\n", to);
    for (int s = 0; s < CHARGE_STATE_N; s++) {
        if ((charge_rows[s].flags & SM_START) != 0) {
            (void)fprintf(to, "    [*] --> %s\n", charge_rows[s].name);
        }
    }
    for (int i = 0; i < n; i++) {
        if (is_kept(&ways[i]) || ways[i].to == CHARGE_FAULT || ways[i].to == CHARGE_IDLE) {
            continue; /* from nearly everywhere: said in words */
        }
        for (int s = 0; s < CHARGE_STATE_N; s++) {
            if ((ways[i].from & SM_BIT(s)) != 0) {
                (void)fprintf(to, "    %s --> %s: %s\n", charge_rows[s].name, charge_rows[ways[i].to].name, ways[i].text);
            }
        }
    }
    (void)fputs("```\n\n", to);
}

static void write_table(FILE *to, const struct charge_way *ways, int n)
{
    (void)fputs("| from | when | to |\n| --- | --- | --- |\n", to);
    for (int i = 0; i < n; i++) {
        const char *comma = "";

        (void)fputs("| ", to);
        for (int s = 0; s < CHARGE_STATE_N; s++) {
            if ((ways[i].from & SM_BIT(s)) != 0) {
                (void)fprintf(to, "%s%s", comma, charge_rows[s].name);
                comma = ", ";
            }
        }
        (void)fprintf(to, " | %s | %s%s |\n", ways[i].text, charge_rows[ways[i].to].name, is_kept(&ways[i]) ? " (stays)" : "");
    }
    (void)fputs("\n| state | pilot | contactor |\n| --- | --- | --- |\n", to);
    for (int s = 0; s < CHARGE_STATE_N; s++) {
        struct charge ch = {.state = s};
        struct charge_in in = {.offer_ma = 2, .sleep_ma = 1};
        int32_t ma = charge_pilot_ma(&ch, &in);

        (void)fprintf(to, "| %s | %s | %s |\n", charge_rows[s].name, ma == 2 ? "what is offered" : (ma == 1 ? "minimum" : "steady"),
                      charge_contactor(&ch) ? "closed" : "open");
    }
}

static void write_all(FILE *to)
{
    int n = 0;
    const struct charge_way *ways = charge_ways(&n);

    (void)fputs("# The charging state machine\n\nMade from the table in `client/core/charge.c` by `tests/unit/client/core/states.c`; do not edit.\n\n"
                "From every state a fault leads to `fault` and a vehicle that leaves to `idle`; a lost board leads to `fault`, too, after the current had\n"
                "its time to stop. The diagram shows all other ways; the first line of the table that fits is taken.\n\n",
                to);
    write_diagram(to, ways, n);
    write_table(to, ways, n);
}

Test(states, the_diagram_in_the_documentation_is_that_of_the_table)
{
    static char text[TEXT_LEN_MOST];
    static char there[TEXT_LEN_MOST];
    char path[512];
    FILE *f = fmemopen(text, sizeof text, "w");
    size_t n;

    cr_assert_not_null(f);
    write_all(f);
    cr_assert_eq(fclose(f), 0);
    path_of(path, sizeof path);
    if (getenv("WALLBOX_WRITE_STATES") != NULL) {
        f = fopen(path, "we");
        cr_assert_not_null(f);
        cr_assert_geq(fputs(text, f), 0);
        cr_assert_eq(fclose(f), 0);
    }
    f = fopen(path, "re");
    cr_assert_not_null(f, "%s is missing: run this test with WALLBOX_WRITE_STATES=1", path);
    n = fread(there, 1, sizeof there - 1, f);
    there[n] = '\0';
    (void)fclose(f);
    cr_assert_str_eq(there, text, "%s is out of date: run this test with WALLBOX_WRITE_STATES=1", path);
}

Test(states, the_successors_of_each_state_are_those_of_the_ways)
{
    int n = 0;
    const struct charge_way *ways = charge_ways(&n);
    uint32_t next[CHARGE_STATE_N] = {0};

    for (int i = 0; i < n; i++) {
        for (int s = 0; s < CHARGE_STATE_N; s++) {
            if ((ways[i].from & SM_BIT(s)) != 0 && s != ways[i].to) {
                next[s] |= SM_BIT(ways[i].to);
            }
        }
    }
    for (int s = 0; s < CHARGE_STATE_N; s++) {
        cr_expect_eq(next[s], charge_rows[s].next, "%s: ways %x, rows %x", charge_rows[s].name, next[s], charge_rows[s].next);
    }
}
