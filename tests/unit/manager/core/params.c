#include <criterion/criterion.h>
#include <string.h>

#include "manager/core/params.h"

TestSuite(manager_params, .timeout = 10);

Test(manager_params, the_defaults_are_those_of_the_table_and_hold_together)
{
    struct manager_params p;
    const char *text = NULL;

    memset(&p, 0xff, sizeof p);
    manager_params_defaults(&p);
    cr_assert_eq(p.lease_ms, 10000);
    cr_assert_eq(p.meter_stale_ms, 3000);
    cr_assert_eq(p.ripple_ma, 300);
    cr_assert_eq(p.rise_hold_ms, 10000);
    cr_assert_eq(p.export_credit_permille, 450);
    cr_assert_eq(p.voltage_mv, 230000);
    cr_assert_eq(manager_params_validate(&p, &text), RC_OK);
    cr_assert_null(text);
}

Test(manager_params, each_row_takes_its_bounds_and_refuses_what_lies_outside)
{
    struct manager_params p;
    size_t n;
    const struct param_row *rows = manager_param_rows(&n);

    manager_params_defaults(&p);
    cr_assert_eq(n * sizeof(int32_t), sizeof p);
    for (size_t i = 0; i < n; i++) {
        cr_assert_eq(param_find(rows, n, rows[i].name), &rows[i]);
        cr_assert_eq(param_get(&rows[i], &p), rows[i].preset);
        cr_assert_eq(param_set(&rows[i], &p, (int64_t)rows[i].min - 1), RC_RANGE);
        cr_assert_eq(param_set(&rows[i], &p, (int64_t)rows[i].max + 1), RC_RANGE);
        cr_assert_eq(param_get(&rows[i], &p), rows[i].preset);
        cr_assert_eq(param_set(&rows[i], &p, rows[i].min), RC_OK);
        cr_assert_eq(param_get(&rows[i], &p), rows[i].min);
        cr_assert_eq(param_set(&rows[i], &p, rows[i].max), RC_OK);
        cr_assert_eq(param_get(&rows[i], &p), rows[i].max);
    }
    cr_assert_null(param_find(rows, n, "colour"));
}

Test(manager_params, the_unit_is_the_last_word_of_each_name)
{
    static const char *const units[][2] = {{"ms", "_ms"}, {"mA", "_ma"}, {"mV", "_mv"}, {"permille", "_permille"}, {"bool", ""}, {"rule", "_rule"}};
    size_t n;
    const struct param_row *rows = manager_param_rows(&n);

    for (size_t i = 0; i < n; i++) {
        const char *end = NULL;

        for (size_t k = 0; k < sizeof units / sizeof units[0]; k++) {
            end = strcmp(rows[i].unit, units[k][0]) == 0 ? units[k][1] : end;
        }
        cr_assert_not_null(end, "%s", rows[i].name);
        cr_assert_str_eq(rows[i].name + strlen(rows[i].name) - strlen(end), end);
    }
}

Test(manager_params, a_lease_that_a_lost_report_would_end_is_refused)
{
    struct manager_params p;
    const char *text = NULL;

    manager_params_defaults(&p);
    p.lease_ms = 3 * p.status_ms + p.cycle_ms;
    cr_assert_eq(manager_params_validate(&p, &text), RC_RANGE);
    cr_assert_not_null(strstr(text, "lease_ms"));
    p.lease_ms++;
    cr_assert_eq(manager_params_validate(&p, &text), RC_OK);
}

Test(manager_params, a_silence_shorter_than_two_reports_is_refused)
{
    struct manager_params p;
    const char *text = NULL;

    manager_params_defaults(&p);
    p.silent_ms = 2 * p.status_ms;
    cr_assert_eq(manager_params_validate(&p, &text), RC_RANGE);
    cr_assert_not_null(strstr(text, "silent_ms"));
    p.silent_ms++;
    cr_assert_eq(manager_params_validate(&p, &text), RC_OK);
}
