/* Schedules in the site document (spec 04 4.2). */
#include <criterion/criterion.h>
#include <string.h>

#include "manager/shell/sitedoc.h"

TestSuite(sitedoc_schedule, .timeout = 10);

static struct site site;
static struct sitedoc_errors errors;

static enum rc read_schedule(const char *schedule)
{
    char text[1024];
    json_t *document = NULL;
    enum rc rc;

    (void)snprintf(text, sizeof text, "{\"nodes\": [{\"id\": \"g\", \"limit_ma\": [35000, 35000, 35000], \"schedule\": %s}]}", schedule);
    errors = (struct sitedoc_errors){0};
    cr_assert_eq(sitedoc_parse(text, strlen(text), &document, &errors), RC_OK, "%s", errors.at[0]);
    rc = sitedoc_site(document, &site, &errors);
    json_decref(document);
    return rc;
}

static void refuses(const char *schedule, const char *line)
{
    cr_expect_eq(read_schedule(schedule), RC_RANGE, "%s", schedule);
    cr_expect_str_eq(errors.at[0], line);
}

Test(sitedoc_schedule, a_window_has_days_times_and_limits)
{
    cr_assert_eq(
        read_schedule("[{\"days\": [\"sun\", \"mon\"], \"from\": \"22:05\", \"to\": \"06:00\", \"limit_ma\": [1, 2, 3]}, {\"from\": \"00:00\", \"to\": "
                      "\"24:00\", \"limit_w\": 4200}]"),
        RC_OK, "%s", errors.at[0]);
    cr_assert_eq(site.window_n, 2);
    cr_expect_eq(site.window[0].days, 65);
    cr_expect_eq(site.window[0].from_min, 22 * 60 + 5);
    cr_expect_eq(site.window[0].to_min, 360);
    cr_expect_eq(site.window[0].limit_ma[2], 3);
    cr_expect_eq(site.window[0].limit_w, 0);
    cr_expect_eq(site.window[1].days, 127);
    cr_expect_eq(site.window[1].to_min, 1440);
    cr_expect_eq(site.window[1].limit_ma[0], MA_UNSET);
    cr_expect_eq(site.window[1].limit_w, 4200);
}

Test(sitedoc_schedule, what_is_wrong_is_said_with_its_place)
{
    refuses("{}", "nodes[0].schedule: must be a list of at most 128 objects");
    refuses("[{\"from\": \"7:00\", \"to\": \"08:00\", \"limit_w\": 1}]", "nodes[0].schedule[0].from: must be a time from 00:00 to 23:59, is \"7:00\"");
    refuses("[{\"from\": \"24:00\", \"to\": \"08:00\", \"limit_w\": 1}]", "nodes[0].schedule[0].from: must be a time from 00:00 to 23:59, is \"24:00\"");
    refuses("[{\"from\": \"07:60\", \"to\": \"08:00\", \"limit_w\": 1}]", "nodes[0].schedule[0].from: must be a time from 00:00 to 23:59, is \"07:60\"");
    refuses("[{\"from\": \"07:00\", \"to\": \"24:01\", \"limit_w\": 1}]", "nodes[0].schedule[0].to: must be a time from 00:00 to 24:00, is \"24:01\"");
    refuses("[{\"from\": \"07:00\", \"limit_w\": 1}]", "nodes[0].schedule[0].to: missing");
    refuses("[{\"from\": \"07:00\", \"to\": \"08:00\"}]",
            "nodes[0].schedule[0].limit_ma: missing: a window limits amperes (limit_ma), watts (limit_w) or both");
    refuses("[{\"from\": \"07:00\", \"to\": \"08:00\", \"limit_w\": 0}]", "nodes[0].schedule[0].limit_w: must be 1..100000000, is 0");
    refuses("[{\"from\": \"07:00\", \"to\": \"08:00\", \"limit_w\": 1, \"days\": [\"mo\"]}]",
            "nodes[0].schedule[0].days: must be a list of mon, tue, wed, thu, fri, sat, sun, each at most once");
    refuses("[{\"from\": \"07:00\", \"to\": \"08:00\", \"limit_w\": 1, \"days\": [\"mon\", \"mon\"]}]",
            "nodes[0].schedule[0].days: must be a list of mon, tue, wed, thu, fri, sat, sun, each at most once");
}

Test(sitedoc_schedule, what_is_written_is_read_back_equal)
{
    static struct site before;
    struct manager_params params;
    json_t *document;

    cr_assert_eq(read_schedule("[{\"days\": [\"sat\"], \"from\": \"22:05\", \"to\": \"06:00\", \"limit_ma\": [1, 2, 3], \"limit_w\": 9}]"), RC_OK);
    before = site;
    manager_params_defaults(&params);
    document = sitedoc_write(&site, &params);
    memset(&site, 0xff, sizeof site);
    cr_assert_eq(sitedoc_site(document, &site, &errors), RC_OK);
    json_decref(document);
    cr_assert_eq(site.window_n, 1);
    cr_expect_eq(memcmp(&site.window[0], &before.window[0], sizeof site.window[0]), 0);
}
