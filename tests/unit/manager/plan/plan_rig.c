#include "tests/unit/manager/plan/plan_rig.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "manager/shell/plan_answer.h"
#include "manager/shell/sitedoc.h"

#define TEXT_MAX 65536

static char text[TEXT_MAX];
static struct sitedoc_errors errors;

json_t *rig_json(const char *document)
{
    char *copy = strdup(document);
    json_t *json = NULL;

    for (char *c = copy; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    errors = (struct sitedoc_errors){0};
    cr_assert_eq(sitedoc_parse(copy, strlen(copy), &json, &errors), RC_OK, "%s\n%s", errors.at[0], copy);
    free(copy);
    return json;
}

static int64_t number(const json_t *list, size_t i)
{
    return json_integer_value(json_array_get(list, i));
}

static void add_lines(const json_t *answer)
{
    size_t at = 0;
    size_t i;
    json_t *o;

    json_array_foreach(json_object_get(answer, "allocations"), i, o)
    {
        const char *place = json_string_value(json_object_get(o, "limited_by"));

        at += (size_t)snprintf(text + at, sizeof text - at, "%s %" PRId64 " %s %s%s%s\n", json_string_value(json_object_get(o, "id")),
                               (int64_t)json_integer_value(json_object_get(o, "allocated_ma")), json_string_value(json_object_get(o, "state")),
                               json_string_value(json_object_get(o, "reason")), place != NULL ? " " : "", place != NULL ? place : "");
    }
    json_array_foreach(json_object_get(answer, "nodes"), i, o)
    {
        const json_t *used = json_object_get(o, "used_ma");
        const json_t *left = json_object_get(o, "free_ma");

        at += (size_t)snprintf(text + at, sizeof text - at, "%s used %" PRId64 " %" PRId64 " %" PRId64 " free %" PRId64 " %" PRId64 " %" PRId64 "\n",
                               json_string_value(json_object_get(o, "id")), number(used, 0), number(used, 1), number(used, 2), number(left, 0), number(left, 1),
                               number(left, 2));
    }
}

const char *rig_answer(const char *document)
{
    struct plan *plan = calloc(1, sizeof *plan);
    struct plan_work *work = calloc(1, sizeof *work);
    json_t *json = rig_json(document);
    json_t *answer;

    cr_assert_eq(plan_read(json, plan, &errors), RC_OK, "%s\n%s", errors.at[0], document);
    answer = plan_answer(plan, work);
    add_lines(answer);
    json_decref(answer);
    json_decref(json);
    free(work);
    free(plan);
    return text;
}

void rig_expect_all(const char *document, const char *lines)
{
    cr_expect_str_eq(rig_answer(document), lines, "got\n%swanted\n%s%s", text, lines, document);
}

void rig_expect(const char *document, const char *lines)
{
    (void)rig_answer(document);
    *strstr(text, "grid used") = '\0'; /* the documents here begin with the grid connection */
    cr_expect_str_eq(text, lines, "got\n%swanted\n%s%s", text, lines, document);
}

static const char *joined(void)
{
    size_t at = 0;

    text[0] = '\0';
    for (uint16_t i = 0; i < errors.n && i < SITEDOC_ERROR_MAX; i++) {
        at += (size_t)snprintf(text + at, sizeof text - at, "%s\n", errors.at[i]);
    }
    return text;
}

const char *rig_errors(const char *document)
{
    struct plan *plan = calloc(1, sizeof *plan);
    json_t *json = rig_json(document);

    cr_assert_eq(plan_read(json, plan, &errors), RC_RANGE, "%s", document);
    json_decref(json);
    free(plan);
    return joined();
}

const char *rig_day_errors(const char *document)
{
    struct rig_days *r = calloc(1, sizeof *r);
    json_t *json = rig_json(document);

    cr_assert_eq(plan_read(json, &r->plan, &errors), RC_OK, "%s\n%s", errors.at[0], document);
    cr_assert_eq(plan_days_read(json, &r->plan, &r->days, &errors), RC_RANGE, "%s", document);
    json_decref(json);
    rig_end(r);
    return joined();
}

struct rig_days *rig_run_by(const char *document, const struct plan_policy *policy)
{
    struct rig_days *r = calloc(1, sizeof *r);
    json_t *json = rig_json(document);

    cr_assert_eq(plan_read(json, &r->plan, &errors), RC_OK, "%s\n%s", errors.at[0], document);
    cr_assert_eq(plan_days_read(json, &r->plan, &r->days, &errors), RC_OK, "%s\n%s", errors.at[0], document);
    json_decref(json);
    plan_simulate(&r->plan, &r->days, policy, &r->outcome);
    return r;
}

struct rig_days *rig_run(const char *document)
{
    struct plan_divider *divider = calloc(1, sizeof *divider);
    const struct plan_policy policy = {.divide = plan_divide, .context = divider};
    struct rig_days *r = rig_run_by(document, &policy);

    free(divider);
    return r;
}

void rig_end(struct rig_days *r)
{
    plan_outcome_free(&r->outcome);
    plan_days_free(&r->days);
    free(r);
}
