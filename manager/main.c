/* wallbox-manager: the manager of a site. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <jansson.h>

#include "common/base/text.h"
#include "common/os/cli.h"
#include "common/os/clock.h"
#include "common/os/daemon.h"
#include "manager/shell/app.h"
#include "manager/shell/bus.h"
#include "manager/shell/document.h"
#include "manager/shell/settings.h"
#include "manager/shell/store.h"

#ifndef WALLBOX_VERSION
#define WALLBOX_VERSION "unknown"
#endif

struct arguments {
    const char *config;
    const char *data;
    const char *link;
    const char *http;
    const char *import;
    const char *export;
    const char *test_meter;
    bool loopback_plain;
    bool check_config;
    bool print_config;
    bool meters;
};

/* Open the store of a data directory that no other process uses. Returns an exit code, 0 when *out is open. */
static int open_store(const char *dir, int *out_lock_fd, struct store **out)
{
    struct store_options options = {.dir = dir, .busy_ms = STORE_BUSY_MS};

    if (daemon_lock_dir(dir, out_lock_fd) != RC_OK) {
        return CLI_EXIT_FAILED;
    }
    if (store_open(out, &options) != RC_OK) {
        (void)close(*out_lock_fd); /* gives the lock back */
        return CLI_EXIT_FAILED;
    }
    return CLI_EXIT_OK;
}

static int import_site(const struct settings *s, const char *path)
{
    struct document *d = calloc(1, sizeof *d);
    struct store *store = NULL;
    char *text = NULL;
    int lock_fd = -1;
    int code = CLI_EXIT_FAILED;

    if (d == NULL) {
        (void)fprintf(stderr, "wallbox-manager: no memory\n");
        goto out;
    }
    if (document_read_file(d, path) != RC_OK) {
        code = CLI_EXIT_USAGE;
        goto out;
    }
    text = document_write(d);
    if (text == NULL || open_store(s->data, &lock_fd, &store) != CLI_EXIT_OK) {
        goto out;
    }
    code = store_add_document(store, text, clock_utc_ms()) == RC_OK ? CLI_EXIT_OK : CLI_EXIT_FAILED;
    store_free(store);
    (void)close(lock_fd); /* gives the lock back */

out:
    free(text);
    free(d);
    return code;
}

/* Write a text to a file, "-" for standard output. */
static int write_text(const char *path, const char *text)
{
    bool is_standard = text_same(path, "-");
    FILE *to = is_standard ? stdout : fopen(path, "we");
    bool is_good;

    if (to == NULL) {
        perror(path);
        return CLI_EXIT_FAILED;
    }
    is_good = fputs(text, to) >= 0 && fputc('\n', to) != EOF && fflush(to) == 0;
    is_good = (is_standard || fclose(to) == 0) && is_good;
    if (!is_good) {
        (void)fprintf(stderr, "wallbox-manager: %s: not written\n", path);
    }
    return is_good ? CLI_EXIT_OK : CLI_EXIT_FAILED;
}

static int export_site(const struct settings *s, const char *path)
{
    struct store_loaded loaded = {0};
    struct store *store = NULL;
    int lock_fd = -1;
    int code = open_store(s->data, &lock_fd, &store);

    if (code != CLI_EXIT_OK) {
        return code;
    }
    if (store_load(store, &loaded) != RC_OK) {
        code = CLI_EXIT_FAILED;
    } else if (loaded.document == NULL) {
        (void)fprintf(stderr, "wallbox-manager: no site is known in %s: give one with --import FILE first\n", s->data);
        code = CLI_EXIT_USAGE;
    } else {
        code = write_text(path, loaded.document);
    }
    free(loaded.document);
    store_free(store);
    (void)close(lock_fd); /* gives the lock back */
    return code;
}

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
    if (a->data != NULL && text_copy(s->data, sizeof s->data, a->data) != RC_OK) {
        return (int)cli_wrong(c, "--data must be shorter than %d bytes", SETTINGS_PATH_LEN);
    }
    s->loopback_plain = s->loopback_plain || a->loopback_plain;
    settings_apply_log_level(s);
    return CLI_EXIT_OK;
}

static int run_command(const struct cli *c, const struct arguments *a, struct settings *s)
{
    bool may_listen = !a->check_config && !a->print_config && a->import == NULL && a->export == NULL;
    char why[SETTINGS_WHY_LEN];
    int code = settle(c, a, s);

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
    if (a->import != NULL) {
        return import_site(s, a->import);
    }
    return a->export != NULL ? export_site(s, a->export) : app_run(s);
}

int main(int argc, char **argv)
{
    struct arguments a = {0};
    const struct cli_option options[] = {
        {.name = "config", .argument = "FILE", .help = "configuration file, see deploy/manager.conf", .out_text = &a.config},
        {.name = "data", .argument = "DIR", .help = "data directory (default /var/lib/wallbox-manager)", .out_text = &a.data},
        {.name = "link", .argument = "ADDR:PORT", .help = "where wallboxes connect (default 127.0.0.1:7443)", .out_text = &a.link},
        {.name = "http", .argument = "ADDR:PORT", .help = "where people and programs connect (default 127.0.0.1:8080)", .out_text = &a.http},
        {.name = "loopback-plain", .help = "listen without TLS, on loopback addresses only", .out_flag = &a.loopback_plain},
        {.name = "import", .argument = "FILE", .help = "check a site document (- for standard input), store it and end", .out_text = &a.import},
        {.name = "export", .argument = "FILE", .help = "write the site document in force (- for standard output) and end", .out_text = &a.export},
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
                          .operands = "[ADDRESS]",
                          .operands_max = 1};
    struct cli_result result;
    struct settings settings;

    if (!cli_read(&c, argc, argv, &result)) {
        return (int)result.exit;
    }
    if ((a.test_meter != NULL) != (result.operands_n == 1)) {
        return (int)cli_wrong(&c, a.test_meter != NULL ? "--test-meter needs MODEL and ADDRESS" : "an ADDRESS belongs to --test-meter only");
    }
    if (a.meters) {
        return list_meters();
    }
    if (a.test_meter != NULL) {
        return test_meter(&c, a.test_meter, result.operands[0]);
    }
    return run_command(&c, &a, &settings);
}
