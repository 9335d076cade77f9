#include "tests/judge/track.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

#define NODE_HEADER                                                                                                                                           \
    "t_ms,node,limit_l1_ma,limit_l2_ma,limit_l3_ma,true_l1_ma,true_l2_ma,true_l3_ma,house_l1_ma,house_l2_ma,house_l3_ma,solar_l1_ma,solar_l2_ma,solar_l3_ma," \
    "wallboxes_l1_ma,wallboxes_l2_ma,wallboxes_l3_ma"
#define BOX_HEADER "t_ms,serial,pilot_ma,contactor,drawn_l1_ma,drawn_l2_ma,drawn_l3_ma,energy_wh"
#define VEHICLE_HEADER "t_ms,serial,wants,used_l1,used_l2,used_l3,max_ma"

static enum rc say(const struct track_file *f, const char *what)
{
    fprintf(stderr, "%s:%" PRId64 ": %s\n", f->path, f->line_n, what);
    return RC_MALFORMED;
}

/* One number and the comma or end behind it. */
static enum rc take_number(char **at, int64_t *out)
{
    char *end;

    errno = 0;
    *out = strtoll(*at, &end, 10);
    if (end == *at || errno != 0 || (*end != ',' && *end != '\0')) {
        return RC_MALFORMED;
    }
    *at = *end == ',' ? end + 1 : end;
    return RC_OK;
}

static enum rc take_numbers(char **at, int64_t *out, int n)
{
    for (int i = 0; i < n; i++) {
        if (take_number(at, &out[i]) != RC_OK) {
            return RC_MALFORMED;
        }
    }
    return **at == '\0' ? RC_OK : RC_MALFORMED;
}

static enum rc read_line(struct track_file *f)
{
    size_t len;
    int64_t t_ms;

    f->has_line = false;
    if (fgets(f->line, sizeof f->line, f->file) == NULL) {
        return RC_OK;
    }
    f->line_n++;
    len = strlen(f->line);
    if (f->line[len - 1] != '\n') {
        return len + 1 == sizeof f->line ? say(f, "line too long") : RC_OK; /* cut off at the end of the run */
    }
    f->line[len - 1] = '\0';
    f->rest = f->line;
    if (take_number(&f->rest, &t_ms) != RC_OK) {
        return say(f, "no time stamp");
    }
    if (t_ms < f->t_ms) {
        return say(f, "goes back in time");
    }
    f->t_ms = t_ms;
    f->has_line = true;
    return RC_OK;
}

static enum rc open_file(struct track_file *f, const char *path, const char *header)
{
    f->path = path;
    f->file = fopen(path, "r");
    if (f->file == NULL) {
        fprintf(stderr, "%s: %s\n", path, strerror(errno));
        return RC_IO;
    }
    if (fgets(f->line, sizeof f->line, f->file) == NULL) {
        return say(f, "is empty");
    }
    f->line_n = 1;
    f->line[strcspn(f->line, "\n")] = '\0';
    if (!text_same(f->line, header)) {
        return say(f, "is no record of this kind");
    }
    return read_line(f);
}

enum rc track_open(struct track *t, const char *path, const struct site *site)
{
    static const struct {
        const char *suffix;
        const char *header;
    } kinds[] = {{"", NODE_HEADER}, {".wallboxes", BOX_HEADER}, {".vehicles", VEHICLE_HEADER}};
    struct track_file *files[] = {&t->nodes, &t->boxes, &t->vehicles};
    enum rc rc = RC_OK;

    memset(t, 0, sizeof *t);
    t->site = site;
    for (int i = 0; i < 3 && rc == RC_OK; i++) {
        size_t len = strlen(path) + strlen(kinds[i].suffix) + 1;
        char *name = malloc(len);

        if (name == NULL) {
            return RC_IO;
        }
        snprintf(name, len, "%s%s", path, kinds[i].suffix);
        rc = open_file(files[i], name, kinds[i].header);
    }
    return rc;
}

/* The word before the next comma. */
static char *take_word(char **at)
{
    char *word = *at;
    char *comma = strchr(word, ',');

    if (comma != NULL) {
        *comma = '\0';
        *at = comma + 1;
    } else {
        *at = word + strlen(word);
    }
    return word;
}

static enum rc take_node(struct track *t)
{
    const char *id = take_word(&t->nodes.rest);
    int64_t v[5 * PHASE_N];
    uint16_t i;

    if (site_node_find(t->site, id, &i) != RC_OK || take_numbers(&t->nodes.rest, v, 5 * PHASE_N) != RC_OK) {
        return say(&t->nodes, "no row of a node of this site");
    }
    for (int p = 0; p < PHASE_N; p++) {
        struct track_node *n = &t->node[i];

        n->limit_ma[p] = (int32_t)v[p];
        n->true_ma[p] = (int32_t)v[PHASE_N + p];
        n->house_ma[p] = (int32_t)v[2 * PHASE_N + p];
        n->solar_ma[p] = (int32_t)v[3 * PHASE_N + p];
        n->wallboxes_ma[p] = (int32_t)v[4 * PHASE_N + p];
    }
    return read_line(&t->nodes);
}

static enum rc take_box(struct track *t)
{
    const char *serial = take_word(&t->boxes.rest);
    int64_t v[6];
    uint16_t i;

    if (site_box_find(t->site, serial, &i) != RC_OK || take_numbers(&t->boxes.rest, v, 6) != RC_OK) {
        return say(&t->boxes, "no row of a wallbox of this site");
    }
    t->box[i] = (struct track_box){.pilot_ma = (int32_t)v[0], .contactor_closed = v[1] != 0, .energy_wh = v[5]};
    for (int p = 0; p < PHASE_N; p++) {
        t->box[i].drawn_ma[p] = (int32_t)v[2 + p];
    }
    return read_line(&t->boxes);
}

static enum rc take_vehicle(struct track *t)
{
    const char *serial = take_word(&t->vehicles.rest);
    int64_t v[5];
    uint16_t i;

    if (site_box_find(t->site, serial, &i) != RC_OK || take_numbers(&t->vehicles.rest, v, 5) != RC_OK) {
        return say(&t->vehicles, "no row of a wallbox of this site");
    }
    t->vehicle[i] = (struct track_vehicle){.wants = v[0] != 0, .max_ma = (int32_t)v[4]};
    for (int p = 0; p < PHASE_N; p++) {
        t->vehicle[i].used = (uint8_t)(t->vehicle[i].used | (v[1 + p] != 0 ? PHASE_BIT(p) : 0));
    }
    return read_line(&t->vehicles);
}

enum rc track_next(struct track *t)
{
    enum rc rc = RC_OK;

    if (!t->nodes.has_line) {
        return RC_MISSING;
    }
    t->t_ms = t->nodes.t_ms;
    while (rc == RC_OK && t->nodes.has_line && t->nodes.t_ms == t->t_ms) {
        rc = take_node(t);
    }
    while (rc == RC_OK && t->boxes.has_line && t->boxes.t_ms <= t->t_ms) {
        rc = take_box(t);
    }
    while (rc == RC_OK && t->vehicles.has_line && t->vehicles.t_ms <= t->t_ms) {
        rc = take_vehicle(t);
    }
    return rc;
}

void track_close(struct track *t)
{
    struct track_file *files[] = {&t->nodes, &t->boxes, &t->vehicles};

    for (int i = 0; i < 3; i++) {
        if (files[i]->file != NULL) {
            fclose(files[i]->file);
        }
        free((void *)(uintptr_t)files[i]->path);
    }
}
