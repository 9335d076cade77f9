#include "common/os/cli.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/check.h"

#define HELP_COLUMN 30
#define OPTION_LEN 128
#define LINE_LEN 512
/* Values of getopt_long: above every character. Options of the table follow VALUE_FIRST. */
#define VALUE_HELP 256
#define VALUE_VERSION 257
#define VALUE_FIRST 258

enum cli_exit cli_wrong(const struct cli *c, const char *format, ...)
{
    char text[LINE_LEN];
    va_list args;

    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args); /* cut when longer */
    va_end(args);
    for (size_t i = 0; text[i] != '\0'; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) { /* an argument must not make a second line */
            text[i] = '?';
        }
    }
    fprintf(stderr, "%s: %s\n", c->program, text);
    return CLI_EXIT_USAGE;
}

static void print_row(const char *name, const char *argument, const char *help)
{
    char left[OPTION_LEN];

    (void)snprintf(left, sizeof left, "  --%s%s%s", name, argument != NULL ? " " : "", argument != NULL ? argument : "");
    if (strlen(left) >= HELP_COLUMN) {
        printf("%s\n%*s%s", left, HELP_COLUMN, "", help);
    } else {
        printf("%-*s%s", HELP_COLUMN, left, help);
    }
}

/* Bounds, unit and default behind the help text. */
static void print_bounds(const struct cli_option *o)
{
    if (o->out_number != NULL) {
        printf(" (%lld..%lld%s%s", (long long)o->min, (long long)o->max, o->unit != NULL ? " " : "", o->unit != NULL ? o->unit : "");
        if (*o->out_number >= o->min && *o->out_number <= o->max) {
            printf(", default %lld", (long long)*o->out_number);
        }
        printf(")");
    } else if (o->out_text != NULL && *o->out_text != NULL) {
        printf(" (default %s)", *o->out_text);
    }
    printf("\n");
}

static enum cli_exit flushed(void)
{
    return fflush(stdout) == 0 && ferror(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

static enum cli_exit print_help(const struct cli *c)
{
    printf("Usage: %s [OPTION]...%s%s\n%s\n\n", c->program, c->operands != NULL ? " " : "", c->operands != NULL ? c->operands : "", c->summary);
    for (size_t i = 0; i < c->options_n; i++) {
        print_row(c->options[i].name, c->options[i].argument, c->options[i].help);
        print_bounds(&c->options[i]);
    }
    print_row("help", NULL, "print this and end\n");
    print_row("version", NULL, "print name and version and end\n");
    return flushed();
}

static enum cli_exit print_version(const struct cli *c)
{
    printf("%s %s\n", c->program, c->version);
    return flushed();
}

/* A decimal integer, nothing before or behind it. */
static bool parse_number(const char *text, int64_t min, int64_t max, int64_t *out)
{
    bool is_negative = text[0] == '-';
    size_t i = is_negative ? 1 : 0;
    int64_t value = 0;

    if (text[i] == '\0') {
        return false;
    }
    for (; text[i] != '\0'; i++) { /* counted below zero, where there is room for every value */
        int digit = text[i] - '0';

        if (digit < 0 || digit > 9 || value < (INT64_MIN + digit) / 10) {
            return false;
        }
        value = value * 10 - digit;
    }
    if (!is_negative && value == INT64_MIN) {
        return false;
    }
    value = is_negative ? value : -value;
    if (value < min || value > max) {
        return false;
    }
    *out = value;
    return true;
}

static bool take_option(const struct cli *c, const struct cli_option *o, const char *argument)
{
    if (o->out_flag != NULL) {
        *o->out_flag = true;
        return true;
    }
    if (o->out_number != NULL) {
        return parse_number(argument, o->min, o->max, o->out_number);
    }
    if (o->out_text != NULL) {
        if (argument[0] == '\0') {
            return false;
        }
        *o->out_text = argument;
        return true;
    }
    return o->take(c->user, argument);
}

static enum cli_exit refuse(const struct cli *c, const struct cli_option *o, const char *argument)
{
    if (o->allowed == NULL && o->out_number != NULL) {
        return cli_wrong(c, "--%s must be %lld..%lld%s%s, is \"%s\"", o->name, (long long)o->min, (long long)o->max, o->unit != NULL ? " " : "",
                         o->unit != NULL ? o->unit : "", argument);
    }
    if (argument == NULL) {
        return cli_wrong(c, "--%s is not allowed%s%s", o->name, o->allowed != NULL ? ": " : "", o->allowed != NULL ? o->allowed : "");
    }
    return cli_wrong(c, "--%s must be %s, is \"%s\"", o->name, o->allowed != NULL ? o->allowed : o->argument, argument);
}

/* What getopt_long could not make sense of: `kind` is its answer. */
static enum cli_exit refuse_unread(const struct cli *c, int kind, char **argv)
{
    if (optopt >= VALUE_FIRST && kind == ':') {
        const struct cli_option *o = &c->options[optopt - VALUE_FIRST];

        return cli_wrong(c, "--%s needs %s%s%s", o->name, o->argument, o->allowed != NULL ? ": " : "", o->allowed != NULL ? o->allowed : "");
    }
    if (optopt >= VALUE_HELP) {
        return cli_wrong(c, "%s: this option takes no value", argv[optind - 1]);
    }
    if (optopt > 0) {
        return cli_wrong(c, "-%c is not an option; --help lists all", optopt);
    }
    return cli_wrong(c, "%s is not an option, or short for several; --help lists all", argv[optind - 1]);
}

static void fill_long(const struct cli *c, struct option *out)
{
    CHECK(c->options_n <= CLI_OPTIONS_MAX);
    for (size_t i = 0; i < c->options_n; i++) {
        const struct cli_option *o = &c->options[i];

        CHECK((o->out_flag != NULL) + (o->out_text != NULL) + (o->out_number != NULL) + (o->take != NULL) == 1);
        CHECK((o->out_flag == NULL) || (o->argument == NULL));
        CHECK((o->out_text == NULL && o->out_number == NULL) || o->argument != NULL);
        out[i] = (struct option){.name = o->name, .has_arg = o->argument != NULL ? required_argument : no_argument, .val = VALUE_FIRST + (int)i};
    }
    out[c->options_n] = (struct option){.name = "help", .has_arg = no_argument, .val = VALUE_HELP};
    out[c->options_n + 1] = (struct option){.name = "version", .has_arg = no_argument, .val = VALUE_VERSION};
    out[c->options_n + 2] = (struct option){0};
}

static bool take_operands(const struct cli *c, int argc, char **argv, struct cli_result *out)
{
    int n = argc - optind;
    int max = c->operands != NULL ? c->operands_max : 0;

    if (n > max) {
        out->exit = cli_wrong(c, "\"%s\" is not expected; --help says what is", argv[optind + max]);
        return false;
    }
    if (c->operands != NULL && n < c->operands_min) {
        out->exit = cli_wrong(c, "%s is missing", c->operands);
        return false;
    }
    out->operands_n = n;
    out->operands = argv + optind;
    return true;
}

/* One way through the options. --help shows what the outputs hold, which must still be the defaults, so the first way takes nothing. */
static bool walk(const struct cli *c, int argc, char **argv, bool is_taking, struct cli_result *out)
{
    struct option options[CLI_OPTIONS_MAX + 3];
    int value;

    fill_long(c, options);
    opterr = 0;
    optind = 0; /* begin anew: glibc resets all of its state */
    while ((value = getopt_long(argc, argv, ":", options, NULL)) != -1) {
        if (value == VALUE_HELP || value == VALUE_VERSION) {
            out->exit = value == VALUE_HELP ? print_help(c) : print_version(c);
            return false;
        }
        if (value < VALUE_FIRST) {
            out->exit = refuse_unread(c, value, argv);
            return false;
        }
        if (is_taking && !take_option(c, &c->options[value - VALUE_FIRST], optarg)) {
            out->exit = refuse(c, &c->options[value - VALUE_FIRST], optarg);
            return false;
        }
    }
    return true;
}

bool cli_read(const struct cli *c, int argc, char **argv, struct cli_result *out)
{
    *out = (struct cli_result){.exit = CLI_EXIT_OK};
    return walk(c, argc, argv, false, out) && walk(c, argc, argv, true, out) && take_operands(c, argc, argv, out);
}
