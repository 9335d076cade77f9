#include <criterion/criterion.h>
#include <stdlib.h>

#include "manager/shell/plan_bench.h"

TestSuite(bench, .timeout = 60);

Test(bench, half_of_what_is_wanted_fits_the_site)
{
    static const uint16_t sizes[] = {1, 2, 16, 33, 1000, ALLOC_BOX_MAX};
    struct plan_bench_site *s = calloc(1, sizeof *s);
    struct alloc_scratch *scratch = calloc(1, sizeof *scratch);
    struct alloc_result *result = calloc(ALLOC_BOX_MAX, sizeof *result);

    for (size_t k = 0; k < sizeof sizes / sizeof sizes[0]; k++) {
        int64_t demand_ma = 0;
        int64_t given_ma = 0;

        plan_bench_site(s, sizes[k], 3);
        cr_assert_eq(s->box_n, sizes[k]);
        alloc_run(&s->rules, s->node, s->node_n, s->box, s->box_n, scratch, result);
        for (uint16_t i = 0; i < s->box_n; i++) {
            demand_ma += s->box[i].demand_ma;
            given_ma += result[i].allocated_ma;
        }
        if (sizes[k] > 30) {
            cr_expect_gt(given_ma, demand_ma * 35 / 100, "%u", sizes[k]);
            cr_expect_lt(given_ma, demand_ma * 65 / 100, "%u", sizes[k]);
        }
    }
    cr_expect_eq(s->node_n, NODE_MAX);
    free(result);
    free(scratch);
    free(s);
}

Test(bench, it_says_what_it_measured)
{
    json_t *o = plan_bench(100, 1);

    cr_expect_eq(json_integer_value(json_object_get(o, "wallboxes")), 100);
    cr_expect_eq(json_integer_value(json_object_get(o, "nodes")), 6);
    cr_expect_eq(json_integer_value(json_object_get(o, "runs")), 10001);
    cr_expect_gt(json_integer_value(json_object_get(o, "median_ns")), 0);
    cr_expect_eq(json_integer_value(json_object_get(o, "ns_per_wallbox")), json_integer_value(json_object_get(o, "median_ns")) / 100);
    json_decref(o);
}
