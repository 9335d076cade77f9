#include "common/os/cli.h"

#include <signal.h>

#include "tests/unit/common/os/helpers.h"

TestSuite(cli, .timeout = 10);

struct door {
    bool is_loud;
    const char *name;
    const char *color;
    int64_t open_ms;
    int64_t any;
    int taken_n;
    char operands[32];
    int operands_min;
    int operands_max;
    bool (*other_take)(void *user, const char *argument);
    struct capture out;
    struct capture err;
    struct cli_result result;
};

static bool take_port(void *user, const char *argument)
{
    struct door *d = user;

    d->taken_n++;
    return strcmp(argument, "7443") == 0;
}

static bool take_switch(void *user, const char *argument)
{
    struct door *d = user;

    cr_assert_null(argument);
    d->taken_n += 10;
    return d->taken_n < 20;
}

/* Run the command line `words` (NULL at the end, the program's name not counted). */
static bool run(struct door *d, const char *const *words)
{
    const struct cli_option options[] = {
        {.name = "loud", .help = "make noise", .out_flag = &d->is_loud},
        {.name = "name", .argument = "NAME", .help = "what it is called", .out_text = &d->name},
        {.name = "color", .argument = "COLOR", .help = "of the paint", .out_text = &d->color},
        {.name = "open-for-a-very-long-while",
         .argument = "MS",
         .help = "how long it stays open",
         .out_number = &d->open_ms,
         .min = 100,
         .max = 1000,
         .unit = "ms"},
        {.name = "any", .argument = "N", .help = "any number", .out_number = &d->any, .min = INT64_MIN, .max = INT64_MAX},
        {.name = "port", .argument = "PORT", .help = "where it listens", .allowed = "7443", .take = take_port},
        {.name = "once", .help = "at most once", .allowed = "it may be given once", .take = take_switch},
    };
    const struct cli cli = {.program = "door",
                            .version = "0.1.0",
                            .summary = "Opens and shuts.",
                            .options = options,
                            .options_n = sizeof options / sizeof options[0],
                            .operands = d->operands[0] != '\0' ? d->operands : NULL,
                            .operands_min = d->operands_min,
                            .operands_max = d->operands_max,
                            .user = d};
    char *argv[16] = {(char[]){"door"}};
    int argc = 1;
    bool goes_on;

    for (size_t i = 0; words[i] != NULL; i++) {
        argv[argc++] = (char *)(uintptr_t)words[i];
    }
    capture_begin(&d->out, STDOUT_FILENO);
    capture_begin(&d->err, STDERR_FILENO);
    goes_on = cli_read(&cli, argc, argv, &d->result);
    capture_end(&d->err);
    capture_end(&d->out);
    return goes_on;
}

#define RUN(d, ...) run(d, (const char *const[]){__VA_ARGS__, NULL})

static void expect_wrong(struct door *d, const char *line)
{
    cr_assert_eq(d->result.exit, CLI_EXIT_USAGE);
    cr_assert_str_eq(d->err.text, line);
    cr_assert_str_eq(d->out.text, "");
}

Test(cli, an_empty_command_line_goes_on)
{
    struct door d = {.open_ms = 500};

    cr_assert(run(&d, (const char *const[]){NULL}));
    cr_assert_eq(d.result.operands_n, 0);
    cr_assert_str_eq(d.err.text, "");
    cr_assert_eq(d.open_ms, 500);
    cr_assert_not(d.is_loud);
}

Test(cli, options_are_read_in_both_spellings)
{
    struct door d = {.open_ms = 500};

    cr_assert(RUN(&d, "--loud", "--name=front", "--color", "red", "--open-for-a-very-long-while", "100", "--port=7443", "--any=-5"));
    cr_assert(d.is_loud);
    cr_assert_str_eq(d.name, "front");
    cr_assert_str_eq(d.color, "red");
    cr_assert_eq(d.open_ms, 100);
    cr_assert_eq(d.any, -5);
    cr_assert_eq(d.taken_n, 1);
}

Test(cli, the_last_of_two_counts)
{
    struct door d = {0};

    cr_assert(RUN(&d, "--name", "a", "--name", "b"));
    cr_assert_str_eq(d.name, "b");
}

Test(cli, numbers_keep_to_their_bounds)
{
    struct door d = {.open_ms = 500};

    cr_assert(RUN(&d, "--open-for-a-very-long-while=1000"));
    cr_assert_not(RUN(&d, "--open-for-a-very-long-while=1001"));
    expect_wrong(&d, "door: --open-for-a-very-long-while must be 100..1000 ms, is \"1001\"\n");
    cr_assert_not(RUN(&d, "--open-for-a-very-long-while=99"));
    cr_assert_eq(d.open_ms, 1000);
}

Test(cli, only_whole_decimal_numbers_are_numbers)
{
    static const char *const wrong[] = {"", "-", "+1", "1 ", " 1", "1.5", "0x10", "1e3", "9223372036854775808", "-9223372036854775809", "99999999999999999999"};
    struct door d = {.any = 7};

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cr_assert_not(RUN(&d, "--any", wrong[i]), "%s", wrong[i]);
        cr_assert_eq(d.any, 7);
    }
    cr_assert(RUN(&d, "--any", "9223372036854775807"));
    cr_assert_eq(d.any, INT64_MAX);
    cr_assert(RUN(&d, "--any", "-9223372036854775808"));
    cr_assert_eq(d.any, INT64_MIN);
    cr_assert(RUN(&d, "--any", "0"));
    cr_assert_eq(d.any, 0);
}

Test(cli, an_empty_text_is_refused)
{
    struct door d = {.name = "old"};

    cr_assert_not(RUN(&d, "--name="));
    expect_wrong(&d, "door: --name must be NAME, is \"\"\n");
    cr_assert_str_eq(d.name, "old");
}

Test(cli, what_a_program_refuses_is_said_with_what_is_allowed)
{
    struct door d = {0};

    cr_assert_not(RUN(&d, "--port", "80"));
    expect_wrong(&d, "door: --port must be 7443, is \"80\"\n");
    d.taken_n = 0;
    cr_assert(RUN(&d, "--once"));
    cr_assert_not(RUN(&d, "--once"));
    expect_wrong(&d, "door: --once is not allowed: it may be given once\n");
}

Test(cli, unknown_options_are_named)
{
    struct door d = {0};

    cr_assert_not(RUN(&d, "--door=5"));
    expect_wrong(&d, "door: --door=5 is not an option, or short for several; --help lists all\n");
    cr_assert_not(RUN(&d, "-x"));
    expect_wrong(&d, "door: -x is not an option; --help lists all\n");
    cr_assert_not(RUN(&d, "--bad\nline"));
    expect_wrong(&d, "door: --bad?line is not an option, or short for several; --help lists all\n");
}

Test(cli, a_missing_argument_is_named)
{
    struct door d = {0};

    cr_assert_not(RUN(&d, "--name"));
    expect_wrong(&d, "door: --name needs NAME\n");
    cr_assert_not(RUN(&d, "--port"));
    expect_wrong(&d, "door: --port needs PORT: 7443\n");
}

Test(cli, a_switch_takes_no_value)
{
    struct door d = {0};

    cr_assert_not(RUN(&d, "--loud=yes"));
    expect_wrong(&d, "door: --loud=yes: this option takes no value\n");
    cr_assert_not(RUN(&d, "--help=me"));
    expect_wrong(&d, "door: --help=me: this option takes no value\n");
    cr_assert_not(d.is_loud);
}

Test(cli, operands_are_counted)
{
    struct door d = {0};

    cr_assert_not(RUN(&d, "stray"));
    expect_wrong(&d, "door: \"stray\" is not expected; --help says what is\n");
    snprintf(d.operands, sizeof d.operands, "FILE [FILE]");
    d.operands_min = 1;
    d.operands_max = 2;
    cr_assert_not(RUN(&d, "--loud"));
    expect_wrong(&d, "door: FILE [FILE] is missing\n");
    cr_assert(RUN(&d, "a", "--loud", "-"));
    cr_assert_eq(d.result.operands_n, 2);
    cr_assert_str_eq(d.result.operands[0], "a");
    cr_assert_str_eq(d.result.operands[1], "-");
    cr_assert(RUN(&d, "--", "--loud"));
    cr_assert_str_eq(d.result.operands[0], "--loud");
    cr_assert_not(RUN(&d, "a", "b", "c"));
    expect_wrong(&d, "door: \"c\" is not expected; --help says what is\n");
}

Test(cli, help_lists_every_option_with_units_and_defaults)
{
    struct door d = {.open_ms = 500, .color = "red"};

    snprintf(d.operands, sizeof d.operands, "[FILE]");
    d.operands_max = 1;
    cr_assert_not(RUN(&d, "--open-for-a-very-long-while=700", "--help"));
    cr_assert_eq(d.result.exit, CLI_EXIT_OK);
    cr_assert_str_eq(d.err.text, "");
    cr_assert_str_eq(d.out.text, "Usage: door [OPTION]... [FILE]\n"
                                 "Opens and shuts.\n"
                                 "\n"
                                 "  --loud                      make noise\n"
                                 "  --name NAME                 what it is called\n"
                                 "  --color COLOR               of the paint (default red)\n"
                                 "  --open-for-a-very-long-while MS\n"
                                 "                              how long it stays open (100..1000 ms, default 500)\n"
                                 "  --any N                     any number (-9223372036854775808..9223372036854775807, default 0)\n"
                                 "  --port PORT                 where it listens\n"
                                 "  --once                      at most once\n"
                                 "  --help                      print this and end\n"
                                 "  --version                   print name and version and end\n");
}

Test(cli, a_number_that_is_not_given_has_no_default_to_show)
{
    struct door d = {.open_ms = 0};

    cr_assert_not(RUN(&d, "--help"));
    cr_assert_not_null(strstr(d.out.text, "how long it stays open (100..1000 ms)\n"));
}

Test(cli, version_is_one_line)
{
    struct door d = {0};

    cr_assert_not(RUN(&d, "--version"));
    cr_assert_eq(d.result.exit, CLI_EXIT_OK);
    cr_assert_str_eq(d.out.text, "door 0.1.0\n");
}

Test(cli, an_output_that_refuses_the_help_is_a_failure)
{
    const struct cli cli = {.program = "door", .version = "0.1.0", .summary = "Opens."};
    char *argv[] = {(char[]){"door"}, (char[]){"--help"}, NULL};
    struct cli_result result;
    int saved = dup(STDOUT_FILENO);
    int full = open("/dev/full", O_WRONLY);
    bool goes_on;

    fflush(stdout);
    dup2(full, STDOUT_FILENO);
    goes_on = cli_read(&cli, 2, argv, &result);
    clearerr(stdout);
    dup2(saved, STDOUT_FILENO);
    close(saved);
    close(full);
    cr_assert_not(goes_on);
    cr_assert_eq(result.exit, CLI_EXIT_FAILED);
}

Test(cli, a_table_that_gives_an_option_two_outputs_ends_the_program, .signal = SIGABRT)
{
    bool flag = false;
    const char *text = NULL;
    const struct cli_option option = {.name = "a", .argument = "A", .help = "", .out_flag = &flag, .out_text = &text};
    const struct cli cli = {.program = "door", .version = "0", .summary = "", .options = &option, .options_n = 1};
    char *argv[] = {(char[]){"door"}, NULL};
    struct cli_result result;

    (void)!cli_read(&cli, 1, argv, &result);
}
