/* wallbox-plan: the manager's allocation for a site on paper (spec 04 4.6). Opens no socket and keeps no state. */
#include <stdio.h>
#include <stdlib.h>

#include "common/os/cli.h"
#include "manager/shell/plan_answer.h"
#include "manager/shell/plan_bench.h"
#include "manager/shell/plan_days.h"
#include "manager/shell/plan_document.h"
#include "manager/shell/plan_outcome.h"
#include "manager/shell/plan_simulate.h"
#include "manager/shell/sitedoc.h"

#ifndef WALLBOX_VERSION
#define WALLBOX_VERSION "unknown"
#endif

/* Everything that is too big for the stack. */
struct work {
    struct sitedoc_errors errors;
    struct plan plan;
    struct plan_work division;
    struct plan_days days;
    struct plan_outcome outcome;
};

static int refuse(const struct sitedoc_errors *errors)
{
    for (uint16_t i = 0; i < errors->n && i < SITEDOC_ERROR_MAX; i++) {
        (void)fprintf(stderr, "%s\n", errors->at[i]);
    }
    if (errors->n > SITEDOC_ERROR_MAX) {
        (void)fprintf(stderr, "and %d more\n", errors->n - SITEDOC_ERROR_MAX);
    }
    return CLI_EXIT_USAGE;
}

/* Print a document, which is taken. */
static int print(json_t *json)
{
    bool is_good = json_dumpf(json, stdout, JSON_INDENT(2) | JSON_PRESERVE_ORDER) == 0 && putchar('\n') != EOF && fflush(stdout) == 0;

    json_decref(json);
    if (!is_good) {
        (void)fprintf(stderr, "wallbox-plan: standard output cannot be written\n");
    }
    return is_good ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

static int simulate(struct work *w, const json_t *document)
{
    const struct plan_policy policy = {.divide = plan_divide, .context = &w->division.divider};
    int code;

    if (plan_days_read(document, &w->plan, &w->days, &w->errors) != RC_OK) {
        plan_days_free(&w->days);
        return refuse(&w->errors);
    }
    plan_simulate(&w->plan, &w->days, &policy, &w->outcome);
    code = print(plan_outcome_json(&w->plan, &w->days, &w->outcome));
    plan_outcome_free(&w->outcome);
    plan_days_free(&w->days);
    return code;
}

static int run_file(const char *path, bool is_simulation)
{
    struct work *w = calloc(1, sizeof *w);
    json_t *document = NULL;
    int code;

    if (w == NULL) {
        (void)fprintf(stderr, "wallbox-plan: no memory\n");
        return CLI_EXIT_FAILED;
    }
    if (sitedoc_load(path, &document, &w->errors) != RC_OK || plan_read(document, &w->plan, &w->errors) != RC_OK) {
        code = refuse(&w->errors);
    } else {
        code = is_simulation ? simulate(w, document) : print(plan_answer(&w->plan, &w->division));
    }
    json_decref(document);
    free(w);
    return code;
}

int main(int argc, char **argv)
{
    const char *simulation = NULL;
    int64_t bench_n = 0;
    int64_t seed = 1;
    const struct cli_option options[] = {
        {.name = "simulate", .argument = "FILE", .help = "replay the days of section `simulation` in virtual time", .out_text = &simulation},
        {.name = "bench",
         .argument = "N",
         .help = "print the time of one allocation for a random site of N wallboxes",
         .out_number = &bench_n,
         .min = 1,
         .max = ALLOC_BOX_MAX},
        {.name = "seed", .argument = "N", .help = "of the random site of --bench", .out_number = &seed, .min = 0, .max = INT64_MAX},
    };
    const struct cli c = {.program = "wallbox-plan",
                          .version = WALLBOX_VERSION,
                          .summary = "Divides the current of a site described in FILE (- for standard input) as wallbox-manager would, and prints the result.",
                          .options = options,
                          .options_n = sizeof options / sizeof options[0],
                          .operands = "[FILE]",
                          .operands_max = 1};
    struct cli_result result;

    if (!cli_read(&c, argc, argv, &result)) {
        return (int)result.exit;
    }
    if (result.operands_n + (simulation != NULL) + (bench_n > 0) != 1) {
        return (int)cli_wrong(&c, "needs either FILE, --simulate FILE or --bench N; --help says more");
    }
    if (bench_n > 0) {
        return print(plan_bench((uint16_t)bench_n, (uint64_t)seed));
    }
    return simulation != NULL ? run_file(simulation, true) : run_file(result.operands[0], false);
}
