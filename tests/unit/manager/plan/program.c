/* The program itself: exit codes, and what goes where. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/manager/plan/plan_rig.h"

TestSuite(program, .timeout = 60);

#define OUTPUT_MAX 65536

struct run {
    int code; /* -1: it did not end by itself */
    char out[OUTPUT_MAX];
    char err[OUTPUT_MAX];
};

static struct run r;

static void read_back(FILE *file, char text[OUTPUT_MAX])
{
    size_t len;

    rewind(file);
    len = fread(text, 1, OUTPUT_MAX - 1, file);
    text[len] = '\0';
    (void)fclose(file);
}

/* Run with one or two arguments and bytes on standard input. */
static void run_bytes(const char *first, const char *second, const void *bytes, size_t len)
{
    FILE *files[3] = {tmpfile(), tmpfile(), tmpfile()};
    int status = 0;
    pid_t child;

    cr_assert_eq(fwrite(bytes, 1, len, files[0]), len);
    rewind(files[0]); /* flushes as well */
    child = fork();
    if (child == 0) {
        for (int i = 0; i < 3; i++) {
            (void)dup2(fileno(files[i]), i);
        }
        (void)execl(WALLBOX_PLAN, "wallbox-plan", first, second, NULL);
        _exit(126);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    r.code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    (void)fclose(files[0]);
    read_back(files[1], r.out);
    read_back(files[2], r.err);
}

static void run_text(const char *document)
{
    char *copy = strdup(document);

    for (char *c = copy; *c != '\0'; c++) {
        *c = *c == '\'' ? '"' : *c;
    }
    run_bytes("-", NULL, copy, strlen(copy));
    free(copy);
}

static void refused(const char *err)
{
    cr_expect_eq(r.code, 2, "exit %d: %s", r.code, r.err);
    cr_expect_str_eq(r.out, "");
    cr_expect_str_eq(r.err, err);
}

Test(program, a_document_is_answered_on_standard_output)
{
    run_text(ONE_NODE(20000) "{'id': 'A', 'node': 'grid'}]}");
    cr_expect_eq(r.code, 0);
    cr_expect_str_eq(r.err, "");
    cr_expect_str_eq(r.out, "{\n"
                            "  \"allocations\": [\n"
                            "    {\n"
                            "      \"id\": \"A\",\n"
                            "      \"allocated_ma\": 20000,\n"
                            "      \"state\": \"charging\",\n"
                            "      \"reason\": \"node_full\",\n"
                            "      \"limited_by\": \"grid:L1\"\n"
                            "    }\n"
                            "  ],\n"
                            "  \"nodes\": [\n"
                            "    {\n"
                            "      \"id\": \"grid\",\n"
                            "      \"used_ma\": [\n"
                            "        20000,\n"
                            "        20000,\n"
                            "        20000\n"
                            "      ],\n"
                            "      \"free_ma\": [\n"
                            "        0,\n"
                            "        0,\n"
                            "        0\n"
                            "      ]\n"
                            "    }\n"
                            "  ]\n"
                            "}\n");
}

Test(program, each_error_is_a_line_with_its_path)
{
    run_text("{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1]}, {'id': 'b', 'parent': 'x', 'limit_ma': [1, 1, 1]}]}");
    refused("nodes[1].parent: there is no node \"x\"\n");
    run_text(ONE_NODE(20000) "{'id': 'A', 'node': 'grid', 'min_ma': 0, 'x': 1}]}");
    refused("wallboxes[0].x: unknown key\nwallboxes[0].min_ma: must be 1..80000, is 0\n");
}

Test(program, what_is_no_document_is_refused_in_one_line)
{
    static char brackets[10000000];
    static const char nul[] = "{\"nodes\":\0[]}";

    run_bytes("-", NULL, "", 0);
    refused("line 1, column 0: '[' or '{' expected near end of file\n");
    run_bytes("-", NULL, nul, sizeof nul);
    cr_expect_eq(r.code, 2);
    memset(brackets, '[', sizeof brackets);
    run_bytes("-", NULL, brackets, sizeof brackets);
    cr_expect_eq(r.code, 2);
    cr_expect_eq(strncmp(r.err, "line 1, column 2049: maximum parsing depth", 42), 0, "%s", r.err);
    cr_expect_str_eq(r.out, "");
    run_bytes("/", NULL, "", 0);
    refused("/: Is a directory\n");
    run_bytes("/nonexistent", NULL, "", 0);
    refused("/nonexistent: No such file or directory\n");
}

Test(program, more_errors_than_are_kept_are_counted)
{
    static char document[8192];
    int at = snprintf(document, sizeof document, "{'nodes': [{'id': 'g', 'limit_ma': [1, 1, 1]}]");

    for (int i = 0; i < 40; i++) {
        at += snprintf(document + at, sizeof document - (size_t)at, ", 'k%d': 1", i);
    }
    (void)snprintf(document + at, sizeof document - (size_t)at, "}");
    run_text(document);
    cr_expect_eq(r.code, 2);
    cr_expect_not_null(strstr(r.err, "\nand 8 more\n"), "%s", r.err);
}

Test(program, wrong_usage_is_one_line)
{
    run_bytes(NULL, NULL, "", 0);
    refused("wallbox-plan: needs either FILE, --simulate FILE or --bench N; --help says more\n");
    run_bytes("a", "b", "", 0);
    refused("wallbox-plan: \"b\" is not expected; --help says what is\n");
    run_bytes("--bench=0", NULL, "", 0);
    refused("wallbox-plan: --bench must be 1..10240, is \"0\"\n");
    run_bytes("--bench=10241", NULL, "", 0);
    refused("wallbox-plan: --bench must be 1..10240, is \"10241\"\n");
    run_bytes("--bench=1", "-", "", 0);
    refused("wallbox-plan: needs either FILE, --simulate FILE or --bench N; --help says more\n");
    run_bytes("--version", NULL, "", 0);
    cr_expect_eq(r.code, 0);
    run_bytes("--help", NULL, "", 0);
    cr_expect_eq(r.code, 0);
    cr_expect_not_null(strstr(r.out, "a random site of N wallboxes (1..10240)\n"), "%s", r.out);
}

Test(program, days_and_the_bench_are_printed)
{
    const char *days = "{\"nodes\": [{\"id\": \"g\", \"limit_ma\": [9000, 9000, 9000]}], \"wallboxes\": [{\"id\": \"A\", \"node\": \"g\"}],"
                       "\"simulation\": {\"arrivals\": [{\"arrival_ms\": 0, \"departure_ms\": 60000, \"needed_wh\": 20}]}}";

    run_bytes("--simulate", "-", days, strlen(days));
    cr_expect_eq(r.code, 0, "%s", r.err);
    cr_expect_not_null(strstr(r.out, "\n  \"delivered_wh\": 20,\n"));
    run_bytes("--simulate", "-", "{}", 2);
    cr_expect_eq(r.code, 2);
    run_bytes("--bench", "10", "", 0);
    cr_expect_eq(r.code, 0);
    cr_expect_not_null(strstr(r.out, "{\n  \"wallboxes\": 10,\n  \"nodes\": 3,\n"), "%s", r.out);
}
