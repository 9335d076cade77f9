/* wallbox-site: the simulated site as a program (SITE.md). Wiring only. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <uv.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "common/os/cli.h"
#include "common/os/daemon.h"
#include "common/os/log.h"
#include "tests/site/boards.h"
#include "tests/site/bus.h"
#include "tests/site/control.h"
#include "tests/site/run.h"
#include "tests/site/simdoc.h"

#define BUS_MAX (METER_MAX + 32)

struct arguments {
    const char *config;
    const char *boards;
    const char *control;
    const char *record;
    const char *start;
    int64_t speed;      /* 0: as the document says */
    int64_t duration_s; /* 0: until it is ended */
    int64_t seed;       /* -1: as the document says */
};

struct program {
    uv_loop_t loop;
    struct daemon_signals signals;
    struct simulation simulation;
    struct run run;
    struct boards boards;
    struct control control;
    uint16_t bus_n;
    struct bus bus[BUS_MAX];
    int status;
};

static void stop(struct program *p, int status)
{
    p->status = p->status != 0 ? p->status : status;
    daemon_signals_close(&p->signals);
    run_close(&p->run);
    lines_close(&p->control.server);
    lines_close(&p->boards.server);
    for (uint16_t i = 0; i < p->bus_n; i++) {
        bus_close(&p->bus[i]);
    }
    if (record_close(&p->run.record) != RC_OK) {
        log_err("record why=\"cannot be written to its end\"");
        p->status = 1;
    }
}

static void on_stop(void *user)
{
    stop(user, 0);
}

static void on_end(void *user, int status)
{
    stop(user, status);
}

static void on_tick(void *user)
{
    struct program *p = user;
    boards_tick(&p->boards);
}

/* What the command line says goes before what the document says. */
static void take_arguments(const struct arguments *a, struct program *p)
{
    int32_t start_min = 0;
    if (a->start != NULL) {
        enum rc rc = simdoc_time(a->start, &start_min);
        CHECK(rc == RC_OK); /* looked at before */
        p->simulation.options.day_start_ms = (int64_t)start_min * 60000;
    }
    p->simulation.options.speed = a->speed > 0 ? (int32_t)a->speed : p->simulation.options.speed;
    p->simulation.options.seed = a->seed >= 0 ? (uint64_t)a->seed : p->simulation.options.seed;
}

static enum cli_exit read_document(const char *path, struct program *p)
{
    struct sitedoc_errors *errors = calloc(1, sizeof *errors);
    json_t *document = NULL;
    CHECK(errors != NULL);
    enum rc rc = sitedoc_load(path, &document, errors);
    bool has_path = rc == RC_IO; /* this error names the file itself */
    rc = rc == RC_OK ? sitedoc_site(document, &p->run.site, errors) : rc;
    rc = rc == RC_OK ? simdoc_read(document, path, &p->run.site, &p->simulation, errors) : rc;
    for (uint16_t i = 0; i < errors->n && i < SITEDOC_ERROR_MAX; i++) {
        fprintf(stderr, "wallbox-site: %s%s%s\n", has_path ? "" : path, has_path ? "" : ": ", errors->at[i]);
    }
    json_decref(document);
    free(errors);
    return rc == RC_OK ? CLI_EXIT_OK : CLI_EXIT_USAGE;
}

/* True when a bus stands at this place already. */
static bool is_served(const struct program *p, const struct serve *place)
{
    for (uint16_t i = 0; i < p->bus_n; i++) {
        if (bus_shares(p->bus[i].place, place)) {
            return true;
        }
    }
    return false;
}

static bool say_busy(const char *what, const char *place, const char *why)
{
    fprintf(stderr, "wallbox-site: %s %s: %s\n", what, place, why);
    return false;
}

static bool open_bus(struct program *p, const struct serve *place, const char *name, bool is_controller)
{
    struct bus *b = &p->bus[p->bus_n];
    const char *why = "";
    if (is_served(p, place)) {
        return true;
    }
    *b = (struct bus){.run = &p->run, .simulation = &p->simulation, .place = place, .name = name, .is_controller = is_controller};
    if (p->bus_n == BUS_MAX || bus_open(b, &p->loop, &why) != RC_OK) {
        return say_busy(is_controller ? "controller" : "meter", place->place, p->bus_n == BUS_MAX ? "too many" : why);
    }
    p->bus_n++;
    return true;
}

static bool listen_all(struct program *p, const struct arguments *a)
{
    const char *why = "";
    p->boards.run = &p->run;
    p->boards.simulation = &p->simulation;
    p->control.run = &p->run;
    p->control.boards = &p->boards;
    if (a->boards != NULL && boards_listen(&p->boards, &p->loop, a->boards, &why) != RC_OK) {
        return say_busy("--boards", a->boards, why);
    }
    if (a->control != NULL && control_listen(&p->control, &p->loop, a->control, &why) != RC_OK) {
        return say_busy("--control", a->control, why);
    }
    for (uint16_t i = 0; i < p->run.site.meter_n; i++) {
        if (!open_bus(p, &p->simulation.serve[i], p->run.site.meter[i].id, false)) {
            return false;
        }
    }
    for (uint16_t i = 0; i < p->run.site.box_n; i++) {
        const struct controller_setup *c = &p->simulation.box[i].controller;
        if (c->kind != CONTROLLER_NONE && !open_bus(p, &c->serve, p->run.site.box[i].serial, true)) {
            return false;
        }
    }
    return true;
}

static void say_ready(const struct program *p, const struct arguments *a)
{
    printf("ready");
    if (a->boards != NULL) {
        printf(" boards=%s", a->boards);
    }
    if (a->control != NULL) {
        printf(" control=%s", a->control);
    }
    for (uint16_t i = 0; i < p->bus_n; i++) {
        printf(" %s.%s=%s", p->bus[i].is_controller ? "controller" : "meter", p->bus[i].name, p->bus[i].address);
    }
    printf("\n");
    (void)fflush(stdout); /* nobody may be listening */
}

static int serve(struct program *p, const struct arguments *a)
{
    CHECK(uv_loop_init(&p->loop) == 0);
    daemon_raise_files();
    run_init(&p->run, &p->simulation);
    p->run.on_tick = on_tick;
    p->run.on_end = on_end;
    p->run.user = p;
    p->run.end_ms = a->duration_s > 0 ? a->duration_s * 1000 : MS_FOREVER;
    daemon_signals_open(&p->signals, &p->loop, on_stop, p);
    /* The record comes last, so that a second start by mistake does not overwrite that of a running site. */
    if (listen_all(p, a) && (a->record == NULL || record_open(&p->run.record, a->record) == RC_OK)) {
        run_begin(&p->run, &p->loop);
        say_ready(p, a);
    } else {
        stop(p, 1);
    }
    (void)uv_run(&p->loop, UV_RUN_DEFAULT); /* ends when everything is closed */
    CHECK(uv_loop_close(&p->loop) == 0);
    return p->status;
}

static bool take_start(void *user, const char *argument)
{
    struct arguments *a = user;
    int32_t start_min = 0;
    a->start = argument;
    return simdoc_time(argument, &start_min) == RC_OK;
}

int main(int argc, char **argv)
{
    struct arguments a = {.seed = -1};
    const struct cli_option options[] = {
        {.name = "config", .argument = "FILE", .help = "the site document (JSON) with its section simulation; - for standard input", .out_text = &a.config},
        {.name = "boards", .argument = "SOCKET", .help = "serve the wallboxes' boards on this Unix socket", .out_text = &a.boards},
        {.name = "control", .argument = "SOCKET", .help = "take commands on this Unix socket", .out_text = &a.control},
        {.name = "record", .argument = "FILE", .help = "write what flows to FILE and FILE.wallboxes (CSV)", .out_text = &a.record},
        {.name = "start", .argument = "HH:MM", .help = "time of day at the start; default as in the document", .allowed = "HH:MM", .take = take_start},
        {.name = "speed", .argument = "N", .help = "profiles run N times faster; 0: as in the document", .out_number = &a.speed, .max = 1440},
        {.name = "duration", .argument = "S", .help = "end after so long; 0: run until ended", .out_number = &a.duration_s, .max = 31536000, .unit = "s"},
        {.name = "seed", .argument = "N", .help = "of everything random; -1: as in the document", .out_number = &a.seed, .min = -1, .max = INT64_MAX},
    };
    const struct cli cli = {.program = "wallbox-site",
                            .version = WALLBOX_VERSION,
                            .summary = "A simulated site: house, sun, vehicles, wallbox hardware and meters.",
                            .options = options,
                            .options_n = sizeof options / sizeof options[0],
                            .user = &a};
    struct cli_result result;
    if (!cli_read(&cli, argc, argv, &result)) {
        return (int)result.exit;
    }
    if (a.config == NULL) {
        return (int)cli_wrong(&cli, "--config: missing; the site document is needed");
    }
    struct program *p = calloc(1, sizeof *p);
    CHECK(p != NULL);
    int status = (int)read_document(a.config, p);
    if (status == 0) {
        take_arguments(&a, p);
        status = serve(p, &a);
    }
    simdoc_free(&p->simulation);
    free(p);
    return status;
}
