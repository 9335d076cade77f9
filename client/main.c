/* wallbox-client: one wallbox. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "client/shell/app.h"
#include "client/shell/pin.h"
#include "client/shell/provisioned.h"
#include "client/shell/settings.h"
#include "common/base/base32.h"
#include "common/base/check.h"
#include "common/base/text.h"
#include "common/label/label.h"
#include "common/os/cli.h"

#ifndef WALLBOX_VERSION
#define WALLBOX_VERSION "unknown"
#endif

struct arguments {
    const char *config;
    const char *data;
    const char *manager;
    const char *board;
    const char *pin;
    const char *label;
    bool provision;
    bool print_identity;
    bool loopback_plain;
    bool check_config;
    bool print_config;
    bool panel;
};

/* Defaults, then the file, then the command line. Returns an exit code, 0 when all is well. */
static int settle(const struct cli *c, const struct arguments *a, struct settings *s)
{
    settings_defaults(s);
    CHECK(text_copy(s->params.firmware, sizeof s->params.firmware, WALLBOX_VERSION) == RC_OK);
    if (a->config == NULL) {
        return (int)cli_wrong(c, "--config FILE is needed: it says which wallbox this is, see deploy/client.conf");
    }
    if (settings_read(s, a->config) != RC_OK) {
        return CLI_EXIT_USAGE;
    }
    if (a->manager != NULL && text_copy(s->manager, sizeof s->manager, a->manager) != RC_OK) {
        return (int)cli_wrong(c, "--manager is longer than an address can be");
    }
    if (a->board != NULL && text_copy(s->board, sizeof s->board, a->board) != RC_OK) {
        return (int)cli_wrong(c, "--board must be shorter than %d bytes", SETTINGS_BOARD_LEN);
    }
    if (a->data != NULL && text_copy(s->data, sizeof s->data, a->data) != RC_OK) {
        return (int)cli_wrong(c, "--data must be shorter than %d bytes", SETTINGS_PATH_LEN);
    }
    s->loopback_plain = s->loopback_plain || a->loopback_plain;
    s->panel = a->panel;
    settings_apply_log_level(s);
    return CLI_EXIT_OK;
}

static int print_identity(const struct settings *s)
{
    char text[IDENTITY_TEXT_LEN];
    struct identity identity;

    if (identity_open(&identity, s->data) != RC_OK) {
        return CLI_EXIT_FAILED; /* it said why */
    }
    identity_text(identity.hash, text);
    identity_close(&identity);
    printf("serial %s\nidentity %s\n", s->params.serial, text);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

/* Setup code of a new wallbox, and its label: as text on standard output, as a drawing in a file. */
static int provision(const struct cli *c, const struct settings *s, const char *label_file)
{
    struct label label = {.title = "WALLBOX"};
    struct provisioned made;
    char why[PROVISIONED_WHY_LEN];
    enum rc rc = provisioned_make(&made, s->data, s->params.serial, why);

    if (rc != RC_OK) {
        (void)cli_wrong(c, "%s", why); /* the form of the line is the same, the exit code is not */
        return rc == RC_REFUSED ? CLI_EXIT_USAGE : CLI_EXIT_FAILED;
    }
    (void)umask(0077); /* it is a secret */
    memcpy(label.serial, made.serial, sizeof label.serial);
    base32_write(made.setup_code, sizeof made.setup_code, 4, label.setup_code, sizeof label.setup_code);
    rc = label_print_text(&label, stdout);
    rc = rc == RC_OK && fflush(stdout) != 0 ? RC_IO : rc;
    if (rc == RC_OK && label_file != NULL) {
        rc = label_draw(&label, label_file);
        if (rc != RC_OK) {
            (void)cli_wrong(c, "--label %s: %s", label_file, rc == RC_REFUSED ? "this file exists" : "the drawing cannot be made");
        }
    }
    return rc == RC_OK ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

static int pair(const struct cli *c, const struct settings *s, const char *text)
{
    uint8_t hash[IDENTITY_HASH_LEN];

    if (identity_parse(text, hash) != RC_OK) {
        return (int)cli_wrong(c, "--pin must be 64 hexadecimal digits, as wallbox-manager --print-identity prints them, is \"%s\"", text);
    }
    return pin_write(s->data, hash) == RC_OK ? CLI_EXIT_OK : CLI_EXIT_FAILED; /* it said why */
}

static int run_command(const struct cli *c, const struct arguments *a)
{
    bool is_running = !a->check_config && !a->print_config && !a->print_identity && a->pin == NULL && !a->provision;
    struct settings settings;
    char why[SETTINGS_WHY_LEN];
    int code = settle(c, a, &settings);

    if (code != CLI_EXIT_OK) {
        return code;
    }
    if (settings_check(&settings, is_running, why) != RC_OK) {
        return (int)cli_wrong(c, "%s", why);
    }
    if (a->print_config) {
        settings_print(&settings, stdout);
        return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
    }
    if (a->pin != NULL) {
        return pair(c, &settings, a->pin);
    }
    if (a->provision) {
        return provision(c, &settings, a->label);
    }
    if (a->print_identity) {
        return print_identity(&settings);
    }
    return a->check_config ? CLI_EXIT_OK : app_run(&settings);
}

int main(int argc, char **argv)
{
    struct arguments a = {0};
    const struct cli_option options[] = {
        {.name = "config", .argument = "FILE", .help = "configuration file, see deploy/client.conf", .out_text = &a.config},
        {.name = "data", .argument = "DIR", .help = "data directory (default /var/lib/wallbox-client)", .out_text = &a.data},
        {.name = "manager",
         .argument = "ADDR:PORT",
         .help = "where the manager listens (default 127.0.0.1:7443); search:PORT looks for it on the local network",
         .out_text = &a.manager},
        {.name = "board",
         .argument = "DRIVER:ADDRESS",
         .help = "hardware of the wallbox: site:SOCKET of wallbox-site, modbus_evse:MODEL,LINE of a charge controller",
         .out_text = &a.board},
        {.name = "panel", .help = "show the wallbox's lights, state and current in the terminal", .out_flag = &a.panel},
        {.name = "loopback-plain", .help = "talk to the manager without TLS, on loopback addresses only", .out_flag = &a.loopback_plain},
        {.name = "print-identity",
         .help = "print serial number and hash of the own key (made if missing), for the manager's --pin, and end",
         .out_flag = &a.print_identity},
        {.name = "pin",
         .argument = "HASH",
         .help = "obey the manager whose --print-identity printed this, nobody else, from the next connection on; and end",
         .out_text = &a.pin},
        {.name = "provision", .help = "make the setup code of a new wallbox, print its label, and end", .out_flag = &a.provision},
        {.name = "label", .argument = "FILE", .help = "with --provision: the label as a drawing (SVG) with a QR code, too", .out_text = &a.label},
        {.name = "check-config", .help = "check configuration file and options and end", .out_flag = &a.check_config},
        {.name = "print-config", .help = "print the configuration in force and end", .out_flag = &a.print_config},
    };
    const struct cli c = {.program = "wallbox-client",
                          .version = WALLBOX_VERSION,
                          .summary = "Charges with no more than its manager grants; alone with a safe fallback.",
                          .options = options,
                          .options_n = sizeof options / sizeof options[0]};
    struct cli_result result;

    if (!cli_read(&c, argc, argv, &result)) {
        return (int)result.exit;
    }
    if (a.label != NULL && !a.provision) {
        return (int)cli_wrong(&c, "--label is for --provision only");
    }
    return run_command(&c, &a);
}
