/* Property tests of the allocation: random sites, one per seed, against every property of spec 04 4.4 (alloc_oracle.h and alloc_again.h say
 * how they are read), the reasons of 4.6 and the ripple of 4.2. Two processes share the seeds.
 *
 * property_allocate [--first SEED] [--seeds N] [--only NAME] [--stop] [--site]
 *
 * --only  the properties whose names begin so
 * --stop  one process, over at the first site that breaks a property
 * --site  standard output has nothing but the document of the first site that breaks a property, shrunk, or of the first site
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/property/alloc_again.h"
#include "tests/property/alloc_document.h"
#include "tests/property/alloc_oracle.h"
#include "tests/property/alloc_shrink.h"
#include "tests/property/budget_ripple.h"

#define WORKERS 2
#define PROPERTY_MAX 32
#define RIPPLE_EVERY 20 /* one seed in so many is played against the budgets: that takes long */
#define SHOWN_MAX 3     /* sites printed */

struct options {
    uint64_t first;
    uint64_t seed_n;
    const char *only;
    bool is_stop;
    bool is_site;
};

/* What became of one property. */
struct tally {
    uint64_t site_n;
    uint64_t broken_n;
    uint64_t first_seed; /* of those broken */
    uint16_t at;         /* wallbox or node there */
};

struct report {
    struct tally of[PROPERTY_MAX];
};

static volatile uint64_t *seeds_at_work; /* one of each process, in memory that all see: where one came to its end before the end */
static int worker;

static size_t property_n(void)
{
    return oracle_n() + again_n() + 1;
}

static const char *property_name(size_t p)
{
    if (p < oracle_n()) {
        return oracle_name(p);
    }
    return p < oracle_n() + again_n() ? again_name(p - oracle_n()) : "4.2 rippling base loads move nothing";
}

static enum verdict check(size_t p, const struct view *v, uint64_t seed, uint16_t *out_at)
{
    *out_at = 0;
    if (p < oracle_n()) {
        return oracle_check(p, v, out_at);
    }
    if (p < oracle_n() + again_n()) {
        return again_check(p - oracle_n(), v, seed, out_at);
    }
    if (seed % RIPPLE_EVERY != 0) {
        return VERDICT_NO_CASE;
    }
    return budget_ripple_holds(seed) ? VERDICT_HOLDS : VERDICT_BROKEN;
}

static void look_at(const struct alloc_case *c, struct view *v)
{
    static struct alloc_result result[CASE_BOX_MAX];

    again_run(c, result);
    view_make(v, c, result);
}

static bool is_wanted(const struct options *o, size_t p)
{
    return strncmp(property_name(p), o->only, strlen(o->only)) == 0;
}

/* All properties of one site. Returns whether one is broken. */
static bool check_seed(const struct options *o, uint64_t seed, struct report *r)
{
    static struct alloc_case c;
    static struct view v;
    bool is_broken = false;

    seeds_at_work[worker] = seed;
    alloc_case_make(&c, seed);
    look_at(&c, &v);
    for (size_t p = 0; p < property_n(); p++) {
        struct tally *t = &r->of[p];
        uint16_t at;
        enum verdict verdict = is_wanted(o, p) ? check(p, &v, seed, &at) : VERDICT_NO_CASE;

        t->site_n += verdict != VERDICT_NO_CASE;
        if (verdict != VERDICT_BROKEN) {
            continue;
        }
        if (t->broken_n == 0 || seed < t->first_seed) {
            t->first_seed = seed;
            t->at = at;
        }
        t->broken_n++;
        is_broken = true;
    }
    return is_broken;
}

static void check_seeds(const struct options *o, uint64_t from, uint64_t every, struct report *r)
{
    for (uint64_t i = from; i < o->seed_n; i += every) {
        if (check_seed(o, o->first + i, r) && (o->is_stop || o->is_site)) {
            return;
        }
    }
}

static void add_report(struct report *to, const struct report *from)
{
    for (size_t p = 0; p < property_n(); p++) {
        struct tally *t = &to->of[p];
        const struct tally *more = &from->of[p];

        if (more->broken_n > 0 && (t->broken_n == 0 || more->first_seed < t->first_seed)) {
            t->first_seed = more->first_seed;
            t->at = more->at;
        }
        t->site_n += more->site_n;
        t->broken_n += more->broken_n;
    }
}

/* A process of its own for each part of the seeds, its report through a pipe. Returns whether all came to their end. */
static bool share_seeds(const struct options *o, struct report *r)
{
    int ends[WORKERS][2];
    bool is_whole = true;

    for (int w = 0; w < WORKERS; w++) {
        if (pipe(ends[w]) != 0) {
            return false;
        }
        switch (fork()) {
        case -1:
            return false;
        case 0:
            worker = w;
            check_seeds(o, (uint64_t)w, WORKERS, r);
            _exit(write(ends[w][1], r, sizeof *r) == (ssize_t)sizeof *r ? 0 : 1); /* less than a pipe holds */
        default:
            (void)close(ends[w][1]);
        }
    }
    for (int w = 0; w < WORKERS; w++) {
        struct report part;
        ssize_t n = read(ends[w][0], &part, sizeof part);

        if (n == (ssize_t)sizeof part) {
            add_report(r, &part);
        } else {
            fprintf(stderr, "# a process of the test broke off at seed %" PRIu64 "\n", seeds_at_work[w]);
            is_whole = false;
        }
        (void)close(ends[w][0]);
    }
    while (wait(NULL) > 0) {
    }
    return is_whole;
}

struct goal {
    size_t property;
    uint64_t seed;
};

static bool is_still_broken(void *context, const struct alloc_case *c)
{
    static struct view v;
    const struct goal *goal = context;
    uint16_t at;

    look_at(c, &v);
    return check(goal->property, &v, goal->seed, &at) == VERDICT_BROKEN;
}

static void show_results(const struct alloc_case *c, const struct view *v)
{
    static const char *const phases[PHASE_N] = {"L1", "L2", "L3"};

    for (uint16_t i = 0; i < c->box_n; i++) {
        const struct alloc_result *r = &v->result[i];

        fprintf(stderr, "# b%02u: %" PRId32 " mA, %s", c->box[i].rank, r->allocated_ma, r->reason == REASON_UNSET ? "fixed" : reason_text(r->reason));
        if (r->node != NODE_NONE) {
            fprintf(stderr, " at n%u %s", r->node, r->phase < 0 ? "all phases" : phases[r->phase]);
        }
        fprintf(stderr, ", covered %d, place %u\n", r->is_covered, r->turn_place);
    }
}

/* The site of a seed that breaks a property, as small as it gets. The document goes to `out`, the rest to standard error. */
static void show(size_t p, uint64_t seed, FILE *out)
{
    static struct alloc_case c;
    static struct view v;
    struct goal goal = {.property = p, .seed = seed};
    uint16_t at;

    if (p >= oracle_n() + again_n()) {
        return; /* what moved is said already; there is no document for a play of base loads */
    }
    if (strncmp(property_name(p), "A6", 2) == 0) {
        again_turns_case(&c, seed);
    } else {
        alloc_case_make(&c, seed);
        alloc_shrink(&c, is_still_broken, &goal);
    }
    look_at(&c, &v);
    (void)check(p, &v, seed, &at);
    fprintf(stderr, "# %s is broken at %s %u. Again: build/release/tests/property_allocate --first %" PRIu64 " --seeds 1 --site\n", property_name(p),
            p < oracle_n() && strncmp(property_name(p), "A1", 2) == 0 ? "node" : "wallbox",
            p < oracle_n() && strncmp(property_name(p), "A1", 2) == 0 ? at : c.box[at].rank, seed);
    alloc_document_gaps(stderr, &c);
    show_results(&c, &v);
    alloc_document_write(out, &c);
}

static void show_broken(const struct options *o, const struct report *r)
{
    int shown_n = 0;

    for (size_t p = 0; p < property_n() && shown_n < (o->is_site ? 1 : SHOWN_MAX); p++) {
        if (r->of[p].broken_n > 0 && !o->is_stop) {
            show(p, r->of[p].first_seed, o->is_site ? stdout : stderr);
            shown_n++;
        }
    }
    if (o->is_site && shown_n == 0) {
        static struct alloc_case c;

        alloc_case_make(&c, o->first);
        alloc_document_gaps(stderr, &c);
        alloc_document_write(stdout, &c);
    }
}

/* One line for each property; returns how many are broken. */
static int conclude(const struct options *o, const struct report *r, bool is_whole)
{
    FILE *out = o->is_site ? stderr : stdout;
    int passed_n = 0;
    int failed_n = is_whole ? 0 : 1;
    int skipped_n = 0;

    for (size_t p = 0; p < property_n(); p++) {
        const struct tally *t = &r->of[p];

        if (t->broken_n > 0) {
            fprintf(out, "FAIL %s (%" PRIu64 " of %" PRIu64 " sites, first seed %" PRIu64 ")\n", property_name(p), t->broken_n, t->site_n, t->first_seed);
            failed_n++;
        } else if (!is_wanted(o, p)) {
            continue;
        } else if (t->site_n == 0) {
            fprintf(out, "SKIP %s (no site among these speaks about it)\n", property_name(p));
            skipped_n++;
        } else {
            fprintf(out, "PASS %s (%" PRIu64 " sites)\n", property_name(p), t->site_n);
            passed_n++;
        }
    }
    if (!is_whole) {
        fprintf(out, "FAIL a process of the test did not come to its end\n");
    }
    fprintf(out, "%d passed, %d failed, %d skipped\n", passed_n, failed_n, skipped_n);
    return failed_n;
}

static bool read_number(const char *text, uint64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoull(text, &end, 10);
    return errno == 0 && end != text && *end == '\0' && text[0] != '-';
}

static bool read_options(int argc, char **argv, struct options *out)
{
    for (int i = 1; i < argc; i++) {
        uint64_t *number = strcmp(argv[i], "--first") == 0 ? &out->first : strcmp(argv[i], "--seeds") == 0 ? &out->seed_n : NULL;

        if (strcmp(argv[i], "--stop") == 0) {
            out->is_stop = true;
        } else if (strcmp(argv[i], "--site") == 0) {
            out->is_site = true;
        } else if (strcmp(argv[i], "--only") == 0 && i + 1 < argc) {
            out->only = argv[++i];
        } else if (!number || i + 1 == argc || !read_number(argv[++i], number)) {
            return false;
        }
    }
    return true;
}

int main(int argc, char **argv)
{
    static struct report report;
    struct options options = {.first = 1, .seed_n = 100000, .only = ""};
    bool is_whole = true;

    if (!read_options(argc, argv, &options)) {
        fprintf(stderr, "usage: property_allocate [--first SEED] [--seeds N] [--only NAME] [--stop] [--site], numbers of 0 or more\n");
        return 2;
    }
    seeds_at_work = mmap(NULL, sizeof seeds_at_work[0] * WORKERS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (seeds_at_work == MAP_FAILED) {
        perror("mmap");
        return 2;
    }
    if (options.is_stop || options.is_site || options.seed_n == 1) {
        check_seeds(&options, 0, 1, &report);
    } else {
        is_whole = share_seeds(&options, &report);
    }
    show_broken(&options, &report);
    return conclude(&options, &report, is_whole) == 0 ? 0 : 1;
}
