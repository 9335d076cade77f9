/* wallbox-manager: the manager of a site. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/base/text.h"
#include "common/os/cli.h"
#include "common/os/clock.h"
#include "common/os/file.h"
#include "manager/shell/app.h"
#include "manager/shell/backup.h"
#include "manager/shell/bus.h"
#include "manager/shell/codes.h"
#include "manager/shell/provision.h"
#include "manager/shell/settings.h"
#include "manager/shell/transfer.h"
#include "manager/shell/trust.h"
#include "manager/shell/users.h"

#ifndef WALLBOX_VERSION
#define WALLBOX_VERSION "unknown"
#endif

struct arguments {
    const char *config;
    const char *data;
    const char *link;
    const char *http;
    const char *https;
    const char *import;
    const char *export;
    const char *passphrase_file;
    const char *label;
    const char *cards;
    bool provision;
    const char *import_cards;
    const char *export_cards;
    const char *backup;
    const char *restore;
    const char *test_meter;
    const char *pin;
    const char *unpin;
    const char *pair;
    const char *pair_csv;
    const char *operand;
    bool print_identity;
    bool link_tls;
    bool loopback_plain;
    bool open_reads;
    bool recovery_key;
    bool check_config;
    bool print_config;
    bool meters;
};

static int list_meters(void)
{
    size_t n = 0;
    const struct regmap_model *const *models = regmap_models(&n);

    for (size_t i = 0; i < n; i++) {
        const struct regmap_model *m = models[i];

        printf("%-24s %-42s %-8s %s%s", m->id, m->name, m->has_tcp && m->has_rtu ? "tcp,rtu" : (m->has_tcp ? "tcp" : "rtu"),
               regmap_confidence_text(m->confidence), m->confidence == CONFIDENCE_LOW ? " unverified" : "");
        for (int q = QUANTITY_CURRENT; q < QUANTITY_N; q++) {
            if ((m->doubtful & QUANTITY_BIT(q)) != 0) {
                printf(" unverified:%s", regmap_quantity_text((enum regmap_quantity)q));
            }
        }
        printf("\n");
    }
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

static json_t *measured(bool is_measured, int64_t value)
{
    return is_measured ? json_integer(value) : json_null();
}

/* A list of L1..L3, null where the set does not have the phase. */
static json_t *three(const int32_t value[PHASE_N], uint8_t set)
{
    json_t *list = json_array();

    for (int p = 0; p < PHASE_N; p++) {
        (void)json_array_append_new(list, measured((set & PHASE_BIT(p)) != 0, value[p])); /* only memory can fail it; the list is short then */
    }
    return list;
}

static int print_sample(const struct meter_sample *s)
{
    uint8_t voltages =
        (uint8_t)((s->voltage_mv[0] > 0 ? PHASE_BIT(0) : 0) | (s->voltage_mv[1] > 0 ? PHASE_BIT(1) : 0) | (s->voltage_mv[2] > 0 ? PHASE_BIT(2) : 0));
    json_t *json = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "current_ma", three(s->current_ma, s->current_set), "voltage_mv",
                             three(s->voltage_mv, voltages), "power_w", three(s->power_w, s->power_set), "power_total_w",
                             measured(s->power_set != 0, s->power_total_w), "energy_import_wh", measured(s->import_wh >= 0, s->import_wh), "energy_export_wh",
                             measured(s->export_wh >= 0, s->export_wh), "frequency_mhz", measured(s->frequency_mhz > 0, s->frequency_mhz));
    char *text = json != NULL ? json_dumps(json, JSON_PRESERVE_ORDER) : NULL;
    int code = text != NULL && puts(text) >= 0 && fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;

    free(text);
    json_decref(json);
    return code;
}

static int test_meter(const struct cli *c, const char *model, const char *address)
{
    struct lowfd lowfd = {0};
    struct bus_test test;
    enum rc rc;

    if (lowfd_open(&lowfd, 1) != RC_OK) {
        (void)fprintf(stderr, "wallbox-manager: no file descriptor can be reserved\n");
        return CLI_EXIT_FAILED;
    }
    rc = bus_test_once(&lowfd, model, address, &test);
    lowfd_close(&lowfd);
    if (rc == RC_OK) {
        (void)fprintf(stderr, "wallbox-manager: %s\n", test.text);
        return print_sample(&test.sample);
    }
    (void)cli_wrong(c, "%s", test.text); /* the form of the line is the same, the exit code is not */
    return test.trouble == BUS_MISCONFIGURED ? CLI_EXIT_USAGE : CLI_EXIT_FAILED;
}

/* Defaults, then the file, then the command line. Returns an exit code, 0 when all is well. */
static int settle(const struct cli *c, const struct arguments *a, struct settings *s)
{
    settings_defaults(s);
    if (a->config != NULL && settings_read(s, a->config) != RC_OK) {
        return CLI_EXIT_USAGE;
    }
    if (a->link != NULL && text_copy(s->link, sizeof s->link, a->link) != RC_OK) {
        return (int)cli_wrong(c, "--link is longer than an address can be");
    }
    if (a->http != NULL && text_copy(s->http, sizeof s->http, a->http) != RC_OK) {
        return (int)cli_wrong(c, "--http is longer than an address can be");
    }
    if (a->https != NULL && text_copy(s->https, sizeof s->https, a->https) != RC_OK) {
        return (int)cli_wrong(c, "--https is longer than an address can be");
    }
    if (a->data != NULL && text_copy(s->data, sizeof s->data, a->data) != RC_OK) {
        return (int)cli_wrong(c, "--data must be shorter than %d bytes", SETTINGS_PATH_LEN);
    }
    s->loopback_plain = s->loopback_plain || a->loopback_plain;
    s->link_tls = s->link_tls || a->link_tls;
    s->open_reads = s->open_reads || a->open_reads;
    settings_apply_log_level(s);
    return CLI_EXIT_OK;
}

/* How many things are to be done instead of running. */
static int tasks_n(const struct arguments *a)
{
    const char *const tasks[] = {a->import, a->export, a->import_cards, a->export_cards, a->backup, a->restore};
    int n = 0;

    for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
        n += tasks[i] != NULL ? 1 : 0;
    }
    return n;
}

static int run_task(const struct arguments *a, const struct settings *s)
{
    if (a->import != NULL) {
        return transfer_import(s, a->import, a->passphrase_file);
    }
    if (a->export != NULL) {
        return transfer_export(s, a->export, a->passphrase_file);
    }
    if (a->import_cards != NULL) {
        return transfer_import_cards(s, a->import_cards);
    }
    if (a->export_cards != NULL) {
        return transfer_export_cards(s, a->export_cards);
    }
    if (a->backup != NULL) {
        return backup_make(s->data, a->backup) == RC_OK ? CLI_EXIT_OK : CLI_EXIT_FAILED;
    }
    return transfer_restore(s, a->restore);
}

/* Serial number and recovery key; the key is shown once. Also while the manager runs. */
static int show_recovery(const struct settings *s)
{
    char path[SETTINGS_PATH_LEN + 16];
    char key[RECOVERY_LEN];
    struct users *users = NULL;
    enum rc rc;

    (void)snprintf(path, sizeof path, "%s/users.db", s->data);
    rc = users_open(&users, path, s->serial);
    if (rc != RC_OK) {
        return CLI_EXIT_FAILED; /* it said why */
    }
    rc = users_show_recovery(users, key);
    if (rc == RC_OK) {
        printf("serial %s\nrecovery_key %s\n", users_serial(users), key);
    } else {
        (void)fprintf(stderr, "wallbox-manager: the recovery key was shown before\n");
    }
    users_close(users);
    return rc == RC_OK && fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
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
    printf("identity %s\n", text);
    return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

/* hash: digits, NULL to take the pin away. */
static int change_pin(const struct cli *c, const struct settings *s, const char *serial, const char *digits)
{
    char why[TRUST_WHY_LEN];
    uint8_t hash[IDENTITY_HASH_LEN];
    enum rc rc;

    if (digits != NULL && identity_parse(digits, hash) != RC_OK) {
        return (int)cli_wrong(c, "HASH must be 64 hexadecimal digits, as wallbox-client --print-identity prints them, is \"%s\"", digits);
    }
    rc = digits != NULL ? pins_put(s->data, serial, hash, why) : trust_unpair(s->data, serial, why);
    if (rc == RC_OK) {
        return CLI_EXIT_OK;
    }
    (void)cli_wrong(c, "%s", why); /* the form of the line is the same, the exit code is not */
    return rc == RC_RANGE || rc == RC_REFUSED || rc == RC_MISSING ? CLI_EXIT_USAGE : CLI_EXIT_FAILED;
}

/* "SERIAL=CODE" into the codes. Returns an exit code; the code itself is not repeated in what is said. */
static int add_code(const struct cli *c, const char *text, struct setup_codes *codes)
{
    const char *equals = strchr(text, '=');
    const char *field = "";
    const char *why = "";
    char serial[SERIAL_LEN];
    size_t len = equals != NULL ? (size_t)(equals - text) : 0;

    if (len == 0 || len >= sizeof serial) {
        return (int)cli_wrong(c, "--pair must be SERIAL=CODE, with a serial number of 1 to %d characters", SERIAL_LEN - 1);
    }
    memcpy(serial, text, len);
    serial[len] = '\0';
    if (codes_add(codes, serial, equals + 1, clock_utc_ms(), &field, &why) != RC_OK) {
        return (int)cli_wrong(c, "--pair: %s %s", field, why);
    }
    return CLI_EXIT_OK;
}

static int add_code_table(const struct cli *c, const char *path, struct setup_codes *codes)
{
    char why[CODES_WHY_LEN] = "";
    const char *text_why = "";
    char *text = NULL;
    size_t len = 0;
    enum rc rc = file_read(path, CODES_TABLE_MAX, &text, &len, &text_why);

    if (rc != RC_OK) {
        (void)cli_wrong(c, "%s: %s", path, rc == RC_MISSING ? "no such file" : text_why);
        return CLI_EXIT_FAILED;
    }
    rc = codes_add_csv(codes, text, len, clock_utc_ms(), why);
    memset(text, 0, len);
    free(text);
    return rc == RC_OK ? CLI_EXIT_OK : (int)cli_wrong(c, "%s: %s", path, why);
}

/* Store setup codes; a running manager hears of it. */
static int give_codes(const struct cli *c, const struct arguments *a, const struct settings *s)
{
    struct setup_codes *codes = calloc(1, sizeof *codes);
    char why[CODES_WHY_LEN] = "no memory";
    int code = CLI_EXIT_FAILED;

    if (codes != NULL) {
        code = a->pair != NULL ? add_code(c, a->pair, codes) : add_code_table(c, a->pair_csv, codes);
    }
    if (code == CLI_EXIT_OK && codes_put(s->data, codes, why) != RC_OK) {
        (void)cli_wrong(c, "%s", why);
        code = CLI_EXIT_FAILED;
    } else if (code == CLI_EXIT_OK) {
        printf("wallboxes_n %u\n", codes->n);
        code = fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
    }
    free(codes);
    return code;
}

/* What is done in a moment, also while the manager runs, instead of running. */
static bool is_quick(const struct arguments *a)
{
    return a->recovery_key || a->print_identity || a->pin != NULL || a->unpin != NULL || a->pair != NULL || a->pair_csv != NULL || a->provision;
}

static int run_quick(const struct cli *c, const struct arguments *a, const struct settings *s)
{
    if (a->recovery_key) {
        return show_recovery(s);
    }
    if (a->print_identity) {
        return print_identity(s);
    }
    if (a->provision) {
        return provision_run(s, a->cards, a->label);
    }
    if (a->pair != NULL || a->pair_csv != NULL) {
        return give_codes(c, a, s);
    }
    return change_pin(c, s, a->pin != NULL ? a->pin : a->unpin, a->pin != NULL ? a->operand : NULL);
}

static int run_command(const struct cli *c, const struct arguments *a)
{
    bool is_task = tasks_n(a) == 1;
    bool may_listen = !a->check_config && !a->print_config && !is_task && !is_quick(a);
    char why[SETTINGS_WHY_LEN];
    struct settings settings;
    struct settings *s = &settings;
    int code;

    if (a->meters) {
        return list_meters();
    }
    if (a->test_meter != NULL) {
        return test_meter(c, a->test_meter, a->operand);
    }
    code = settle(c, a, s);
    if (code != CLI_EXIT_OK) {
        return code;
    }
    if (settings_check(s, may_listen, why) != RC_OK) {
        return (int)cli_wrong(c, "%s", why);
    }
    if (a->print_config) {
        settings_print(s, stdout);
        return fflush(stdout) == 0 ? CLI_EXIT_OK : CLI_EXIT_FAILED;
    }
    if (a->check_config) {
        return CLI_EXIT_OK;
    }
    if (is_quick(a)) {
        return run_quick(c, a, s);
    }
    return is_task ? run_task(a, s) : app_run(s);
}

/* Whether the options go together; otherwise it was said. */
static bool fits(const struct cli *c, const struct arguments *a)
{
    if ((a->test_meter != NULL || a->pin != NULL) != (a->operand != NULL)) {
        (void)cli_wrong(c, "%s",
                        a->test_meter != NULL ? "--test-meter needs MODEL and ADDRESS"
                                              : (a->pin != NULL ? "--pin needs SERIAL and HASH" : "only --test-meter and --pin have an ADDRESS or HASH"));
        return false;
    }
    if (a->pin != NULL && a->test_meter != NULL) {
        (void)cli_wrong(c, "only one of --pin and --test-meter at a time");
        return false;
    }
    if (tasks_n(a) > 1) {
        (void)cli_wrong(c, "only one of --import, --export, --import-cards, --export-cards, --backup and --restore at a time");
        return false;
    }
    if (a->passphrase_file != NULL && a->import == NULL && a->export == NULL) {
        (void)cli_wrong(c, "--passphrase-file is for --import and --export only");
        return false;
    }
    if (!a->provision && (a->label != NULL || a->cards != NULL)) {
        (void)cli_wrong(c, "--label and --cards are for --provision only");
        return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    struct arguments a = {0};
    const struct cli_option options[] = {
        {.name = "config", .argument = "FILE", .help = "configuration file, see deploy/manager.conf", .out_text = &a.config},
        {.name = "data", .argument = "DIR", .help = "data directory (default /var/lib/wallbox-manager)", .out_text = &a.data},
        {.name = "link", .argument = "ADDR:PORT", .help = "where wallboxes connect (default 127.0.0.1:7443)", .out_text = &a.link},
        {.name = "http", .argument = "ADDR:PORT", .help = "where people and programs connect (default 127.0.0.1:8080)", .out_text = &a.http},
        {.name = "https",
         .argument = "ADDR:PORT",
         .help = "where they connect with TLS (default 127.0.0.1:8443, nowhere with --loopback-plain)",
         .out_text = &a.https},
        {.name = "open-reads", .help = "let everybody read without login: for tests and the demo, with --loopback-plain only", .out_flag = &a.open_reads},
        {.name = "recovery-key", .help = "print serial number and recovery key and end; the key is shown once", .out_flag = &a.recovery_key},
        {.name = "loopback-plain", .help = "listen without TLS, on loopback addresses only", .out_flag = &a.loopback_plain},
        {.name = "link-tls", .help = "encrypt the link to the wallboxes even with --loopback-plain", .out_flag = &a.link_tls},
        {.name = "print-identity", .help = "print the hash of the own key (made if missing), for the wallboxes' --pin, and end", .out_flag = &a.print_identity},
        {.name = "pin",
         .argument = "SERIAL",
         .help = "let the wallbox that is SERIAL and whose --print-identity printed HASH (behind the options) connect, also while the manager runs; and end",
         .out_text = &a.pin},
        {.name = "pair",
         .argument = "SERIAL=CODE",
         .help = "pair the wallbox that is SERIAL when it asks and knows the setup CODE on its label, also while the manager runs; and end",
         .out_text = &a.pair},
        {.name = "pair-csv", .argument = "FILE", .help = "the same for a table (CSV) of serial numbers and setup codes; and end", .out_text = &a.pair_csv},
        {.name = "unpin",
         .argument = "SERIAL",
         .help = "let a wallbox connect no more and forget its setup code, also while the manager runs; and end",
         .out_text = &a.unpin},
        {.name = "import", .argument = "FILE", .help = "check a document (- for standard input): site, cards, users; store it and end", .out_text = &a.import},
        {.name = "export",
         .argument = "FILE",
         .help = "write the document in force (- for standard output): site, cards, users; also while the manager runs; and end",
         .out_text = &a.export},
        {.name = "passphrase-file",
         .argument = "FILE",
         .help = "with --export: close keys, pins and passwords with the first line of FILE and add them; with --import: open and install them",
         .out_text = &a.passphrase_file},
        {.name = "import-cards", .argument = "FILE", .help = "add or change the cards of a table (CSV) and end", .out_text = &a.import_cards},
        {.name = "export-cards", .argument = "FILE", .help = "write all cards as a table (CSV) and end", .out_text = &a.export_cards},
        {.name = "backup", .argument = "FILE", .help = "copy the database, also while the manager runs, and end", .out_text = &a.backup},
        {.name = "restore", .argument = "FILE", .help = "put a back-up in the place of the database, which is set aside, and end", .out_text = &a.restore},
        {.name = "provision",
         .help = "prepare a new manager: first login, recovery key, password of its hotspot, cards; print its label, and end",
         .out_flag = &a.provision},
        {.name = "label", .argument = "FILE", .help = "with --provision: the label as a drawing (SVG) with a QR code, too", .out_text = &a.label},
        {.name = "cards", .argument = "W,R,G,B", .help = "with --provision: numbers of the delivered cards, master card first", .out_text = &a.cards},
        {.name = "check-config", .help = "check configuration file and options and end", .out_flag = &a.check_config},
        {.name = "print-config", .help = "print the configuration in force and end", .out_flag = &a.print_config},
        {.name = "meters", .help = "list the meter models: id, name, transports, confidence", .out_flag = &a.meters},
        {.name = "test-meter",
         .argument = "MODEL",
         .help = "read a meter once; ADDRESS is tcp:HOST:PORT:UNIT or rtu:DEVICE:BAUD:PARITY:UNIT, MODEL may end in .invert, .plus1, .minus1",
         .out_text = &a.test_meter},
    };
    const struct cli c = {.program = "wallbox-manager",
                          .version = WALLBOX_VERSION,
                          .summary = "Divides the current of one grid connection among wallboxes.",
                          .options = options,
                          .options_n = sizeof options / sizeof options[0],
                          .operands = "[ADDRESS | HASH]",
                          .operands_max = 1};
    struct cli_result result;

    if (!cli_read(&c, argc, argv, &result)) {
        return (int)result.exit;
    }
    a.operand = result.operands_n == 1 ? result.operands[0] : NULL;
    return fits(&c, &a) ? run_command(&c, &a) : CLI_EXIT_USAGE;
}
