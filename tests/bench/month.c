/* bench-month: a document of wallbox-plan --simulate under the manager's division and under simple ones. Prints one line of JSON. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "manager/shell/plan_days.h"
#include "manager/shell/plan_divide.h"
#include "manager/shell/plan_simulate.h"
#include "manager/shell/sitedoc.h"
#include "tests/bench/policies.h"

struct bench {
    struct sitedoc_errors errors;
    struct plan plan;
    struct plan_days days;
    struct plan_divider divider;
    struct plan_outcome outcome;
};

static bool load(struct bench *b, const char *path)
{
    json_t *document = NULL;
    bool is_good = sitedoc_load(path, &document, &b->errors) == RC_OK && plan_read(document, &b->plan, &b->errors) == RC_OK &&
                   plan_days_read(document, &b->plan, &b->days, &b->errors) == RC_OK;

    json_decref(document);
    for (uint16_t i = 0; i < b->errors.n && i < SITEDOC_ERROR_MAX; i++) {
        (void)fprintf(stderr, "%s: %s\n", path, b->errors.at[i]);
    }
    return is_good;
}

static int64_t deliver(struct bench *b, const struct plan_policy *policy)
{
    plan_simulate(&b->plan, &b->days, policy, &b->outcome);
    plan_outcome_free(&b->outcome);
    return b->outcome.delivered_wh;
}

/* A fresh memory for each policy. */
static int64_t deliver_simply(struct bench *b, void (*divide)(void *, const struct alloc_rules *, const struct alloc_node *, uint16_t, const struct alloc_box *,
                                                              uint16_t, struct alloc_result *))
{
    struct policy *memory = calloc(1, sizeof *memory);
    struct plan_policy policy = {.divide = divide, .context = memory};
    int64_t wh = memory != NULL ? deliver(b, &policy) : -1;

    free(memory);
    return wh;
}

int main(int argc, char **argv)
{
    struct bench *b = calloc(1, sizeof *b);
    int code = 2;

    if (argc != 2 || b == NULL) {
        (void)fprintf(stderr, "usage: bench-month FILE\n");
    } else if (load(b, argv[1])) {
        const struct plan_policy manager = {.divide = plan_divide, .context = &b->divider};
        int64_t manager_wh = deliver(b, &manager);

        printf("{\"wanted_wh\": %" PRId64 ", \"manager_wh\": %" PRId64, b->outcome.wanted_wh, manager_wh);
        printf(", \"first_come_wh\": %" PRId64, deliver_simply(b, policy_first_come));
        printf(", \"equal_wh\": %" PRId64, deliver_simply(b, policy_equal));
        printf(", \"laxity_wh\": %" PRId64, deliver_simply(b, policy_laxity));
        printf(", \"round_robin_wh\": %" PRId64 "}\n", deliver_simply(b, policy_round_robin));
        code = 0;
    }
    if (b != NULL) {
        plan_days_free(&b->days);
    }
    free(b);
    return code;
}
