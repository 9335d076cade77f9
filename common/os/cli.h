/* Command lines: a table of options per program, over getopt_long. `--help` and `--version` are understood by every program.
 *
 * Every error is one line on standard error that names the option and what is allowed. What the options mean together is the program's
 * business (cli_wrong says so in the same form).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/rc.h"

#define CLI_OPTIONS_MAX 40 /* of one program, --help and --version not counted */

/* Exit codes of all programs (spec 13.1). */
enum cli_exit { CLI_EXIT_OK = 0, CLI_EXIT_FAILED = 1, CLI_EXIT_USAGE = 2 };

/* One option. Exactly one of out_flag, out_text, out_number and take is set. Given twice, the last counts. */
struct cli_option {
    const char *name;      /* without dashes: "data" */
    const char *argument;  /* "DIR"; NULL: a switch */
    const char *help;      /* one line, without default and bounds of a number */
    const char *allowed;   /* of an argument, for errors; NULL when the bounds of a number say it or every text is allowed */
    bool *out_flag;        /* switch: set to true */
    const char **out_text; /* argument, borrowed from argv; what it holds before is shown as default, NULL: none */
    int64_t *out_number;   /* argument as a decimal integer min..max; what it holds before is shown as default, outside these bounds: none */
    int64_t min;
    int64_t max;
    const char *unit;                               /* of the number, "ms"; NULL: none */
    bool (*take)(void *user, const char *argument); /* false: not allowed. `argument` is NULL for a switch, else borrowed from argv */
};

struct cli {
    const char *program; /* "wallbox-manager" */
    const char *version; /* "0.1.0" */
    const char *summary; /* one line for --help */
    const struct cli_option *options;
    size_t options_n;
    const char *operands; /* what stands behind the options, for --help: "FILE"; NULL: nothing may */
    int operands_min;
    int operands_max;
    void *user; /* for take */
};

struct cli_result {
    enum cli_exit exit; /* when the program has to end */
    int operands_n;
    char **operands; /* in argv, which is reordered */
};

/* Read the command line.
 *
 * out  operands when true, exit code when false
 *
 * Returns true when the program goes on; false when it has to end with out->exit, everything having been said: after --help, --version (0,
 * or 1 when standard output refused it) or wrong usage (2).
 */
MUST_USE bool cli_read(const struct cli *c, int argc, char **argv, struct cli_result *out);

/* One line on standard error, "PROGRAM: TEXT"; returns CLI_EXIT_USAGE, for `return cli_wrong(...)`. */
enum cli_exit cli_wrong(const struct cli *c, const char *format, ...) __attribute__((format(printf, 2, 3)));
