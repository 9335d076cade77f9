/* sim: runs seeds, tells which failed and why, and how to see it again. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "tests/sim/sim.h"

#define CHAOS_US (360 * S_US)
#define HEAL_US (240 * S_US)

struct arguments {
    uint64_t first;
    uint64_t seeds_n;
    int64_t hours;
    uint16_t clients_n;
    bool is_single; /* --seed */
    bool is_traced;
    bool is_hashed;
    bool is_table;
    bool goes_on;
    bool is_calm;
};

static struct sim *running; /* for check_failed, which is told nothing */
static uint64_t passed_n;
static uint64_t failed_n;

static void tell_failure(const struct sim *s, const char *id, const char *text)
{
    printf("FAILED seed %" PRIu64 " at %.3f s: %s: %s\n", s->seed, (double)s->now_us / 1e6, id, text);
    if (!s->options.is_traced) {
        printf("the last %d events:\n", TRACE_KEPT);
        trace_print(&s->trace);
    }
    printf("faults:");
    for (int f = 0; f < FAULT_N; f++) {
        printf("%s%s", s->chaos.is_on[f] ? " " : "", s->chaos.is_on[f] ? fault_text((enum fault)f) : "");
    }
    printf("\nsee it again: sim --seed %" PRIu64 " --clients %u%s --trace\n", s->seed, s->options.clients_n, s->options.is_calm ? " --calm" : "");
}

_Noreturn void check_failed(const char *file, int line, const char *expression)
{
    char text[256];

    (void)snprintf(text, sizeof text, "%s:%d: %s", file, line, expression);
    if (running != NULL) {
        tell_failure(running, "CHECK", text);
    } else {
        (void)fprintf(stderr, "%s\n", text);
    }
    printf("%" PRIu64 " passed, %" PRIu64 " failed, 0 skipped\n", passed_n, failed_n + 1);
    (void)fflush(stdout);
    _Exit(1);
}

static int usage(void)
{
    (void)fprintf(stderr, "usage: sim [--first N] [--seeds N] [--seed N] [--clients N] [--hours N] [--trace] [--hash] [--table] [--keep-going] [--calm]\n");
    return 2;
}

static bool take_number(const char *text, int64_t lo, int64_t hi, int64_t *out)
{
    char *end = NULL;
    int64_t value = text != NULL ? strtoll(text, &end, 10) : 0;

    if (text == NULL || end == text || *end != '\0' || value < lo || value > hi) {
        return false;
    }
    *out = value;
    return true;
}

/* Options with a number. Returns how many words were used, 0 when it is none of them. */
static int take_counted(struct arguments *a, const char *name, const char *text)
{
    int64_t n = 0;

    if (strcmp(name, "--first") == 0 && take_number(text, 0, INT64_MAX, &n)) {
        a->first = (uint64_t)n;
    } else if (strcmp(name, "--seeds") == 0 && take_number(text, 1, INT64_MAX, &n)) {
        a->seeds_n = (uint64_t)n;
    } else if (strcmp(name, "--seed") == 0 && take_number(text, 0, INT64_MAX, &n)) {
        a->first = (uint64_t)n;
        a->seeds_n = 1;
        a->is_single = true;
    } else if (strcmp(name, "--clients") == 0 && take_number(text, 1, SIM_BOX_MAX, &n)) {
        a->clients_n = (uint16_t)n;
    } else if (strcmp(name, "--hours") == 0 && take_number(text, 1, 12, &n)) {
        a->hours = n;
    } else {
        return 0;
    }
    return 2;
}

static int take_flag(struct arguments *a, const char *name)
{
    struct {
        const char *name;
        bool *out;
    } flags[] = {{"--trace", &a->is_traced}, {"--hash", &a->is_hashed}, {"--table", &a->is_table}, {"--keep-going", &a->goes_on}, {"--calm", &a->is_calm}};

    for (size_t i = 0; i < sizeof flags / sizeof flags[0]; i++) {
        if (strcmp(name, flags[i].name) == 0) {
            *flags[i].out = true;
            return 1;
        }
    }
    return 0;
}

static void run_one(struct sim *s, const struct arguments *a, uint64_t seed)
{
    struct sim_options options = {.clients_n = a->clients_n, .chaos_us = CHAOS_US, .heal_us = HEAL_US, .is_calm = a->is_calm, .is_traced = a->is_traced};

    if (a->hours > 0) {
        options.chaos_us = a->hours * 3600 * S_US - HEAL_US;
    }
    if (sim_run(s, seed, &options)) {
        passed_n++;
    } else {
        failed_n++;
        tell_failure(s, s->check.id, s->check.text);
    }
    if (a->is_hashed) {
        printf("seed %" PRIu64 " hash %016" PRIx64 " events %" PRIu64 "\n", seed, s->trace.hash, s->events_n);
    }
}

static void keep_worst(struct check_worst *all, const struct check_worst *one)
{
    for (int f = 0; f < FAULT_N; f++) {
        for (int i = 0; i < 2; i++) {
            if (one[f].us[i] * (all[f].bound_us[i] + 1) > all[f].us[i] * (one[f].bound_us[i] + 1)) {
                all[f].us[i] = one[f].us[i];
                all[f].bound_us[i] = one[f].bound_us[i];
            }
        }
    }
}

static void print_worst(const struct check_worst *all)
{
    for (int f = 0; f < FAULT_N; f++) {
        printf("fault %s reachable_ms %" PRId64 " of %" PRId64 " not_reachable_ms %" PRId64 " of %" PRId64 "\n", fault_text((enum fault)f),
               all[f].us[0] / MS_US, all[f].bound_us[0] / MS_US, all[f].us[1] / MS_US, all[f].bound_us[1] / MS_US);
    }
}

int main(int argc, char **argv)
{
    struct arguments a = {.first = 1, .seeds_n = 100, .clients_n = 16};
    static struct check_worst worst[FAULT_N];

    for (int i = 1; i < argc;) {
        int used = take_counted(&a, argv[i], i + 1 < argc ? argv[i + 1] : NULL);

        used = used == 0 ? take_flag(&a, argv[i]) : used;
        if (used == 0) {
            return usage();
        }
        i += used;
    }
    running = sim_new(a.clients_n);
    for (uint64_t i = 0; i < a.seeds_n && (failed_n == 0 || a.goes_on); i++) {
        run_one(running, &a, a.first + i);
        keep_worst(worst, running->check.worst);
    }
    if (a.is_table) {
        print_worst(worst);
    }
    printf("%" PRIu64 " passed, %" PRIu64 " failed, 0 skipped\n", passed_n, failed_n);
    return failed_n == 0 ? 0 : 1;
}
