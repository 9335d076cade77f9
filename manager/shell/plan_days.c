#include "manager/shell/plan_days.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "manager/shell/jsonread.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define ONE_ROW(type, key, min, max, preset) INT_ROW(type, key, false, RANGE(min, max, preset), RANGE(min, max, preset))
#define STEP_MAX_MS 3600000 /* an hour: energy of a step stays in 64 bits */

/* The integers of an arrival by their names in the document. */
struct arrival {
    int64_t arrival_ms;
    int64_t departure_ms;
    int64_t needed_wh;
    int32_t max_ma;
    int8_t phases;
    int8_t priority;
};

static const struct int_row day_ints[] = {ONE_ROW(plan_days, step_ms, 1, STEP_MAX_MS, 60000)};
static const struct int_row profile_ints[] = {ONE_ROW(plan_profile, step_ms, 1, DAYS_MS_MAX, 60000)};
static const struct int_row arrival_ints[] = {
    ONE_ROW(arrival, arrival_ms, 0, DAYS_MS_MAX, 0), ONE_ROW(arrival, departure_ms, 0, DAYS_MS_MAX, DAYS_MS_MAX),
    ONE_ROW(arrival, needed_wh, 0, 1000000, 0),      ONE_ROW(arrival, max_ma, 1, 80000, 32000),
    ONE_ROW(arrival, phases, 1, PHASE_N, PHASE_N),   ONE_ROW(arrival, priority, 0, PRIORITY_MAX, -1),
};

static const char *const day_keys[] = {"step_ms", "arrivals", "base_load", "sun",
                                       /* the next ones mean something to wallbox-site only */
                                       "seed", "tick_ms", "speed", "voltage_mv", "sag_mohm", "start", "house", "solar", "meters", "wallboxes", "sessions",
                                       NULL};
static const char *const profile_keys[] = {"step_ms", "ma", NULL};
static const char *const arrival_keys[] = {"arrival_ms", "departure_ms", "needed_wh", "phases", "max_ma", "wallbox", "priority", "mode", "announced", NULL};
static const char *const arrival_needs[] = {"arrival_ms", "departure_ms", "needed_wh"};

static void *none_missing(void *memory)
{
    CHECK(memory != NULL);
    return memory;
}

static void read_row(const struct place *at, const json_t *row, size_t index, int32_t out[PHASE_N])
{
    bool is_good = json_is_array(row) && json_array_size(row) == PHASE_N;

    for (size_t p = 0; p < PHASE_N && is_good; p++) {
        const json_t *value = json_array_get(row, p);

        is_good = read_is_within(value, 0, MA_MAX);
        out[p] = is_good ? (int32_t)json_integer_value(value) : 0;
    }
    if (!is_good) {
        sitedoc_error(at->errors, "%s.ma[%zu]: must be a list of 3 integers in 0..%d", at->path, index, MA_MAX);
    }
}

static void read_profile(const struct place *at, struct plan_profile *out)
{
    const json_t *rows = json_object_get(at->object, "ma");

    read_refuse_unknown(at, profile_keys);
    read_ints(at, profile_ints, COUNT(profile_ints), out);
    if (json_array_size(rows) == 0) {
        read_error(at, "ma", "must be a list of 1 or more lists of 3 integers");
        return;
    }
    out->n = (uint32_t)json_array_size(rows); /* a document of 16 MiB has fewer */
    out->ma = none_missing(calloc(out->n, sizeof out->ma[0]));
    for (size_t i = 0; i < out->n; i++) {
        read_row(at, json_array_get(rows, i), i, out->ma[i]);
    }
}

static void read_base_loads(const struct place *section, const struct plan *plan, struct plan_days *out)
{
    struct place loads;
    uint16_t node;

    if (!place_key(section, "base_load", &loads)) {
        return;
    }
    for (void *it = json_object_iter((json_t *)loads.object); it != NULL; it = json_object_iter_next((json_t *)loads.object, it)) {
        const char *id = json_object_iter_key(it);
        struct place at;

        if (site_node_find(&plan->site, id, &node) != RC_OK) {
            read_error(&loads, id, "there is no such node");
        } else if (place_key(&loads, id, &at)) {
            read_profile(&at, &out->base[node]);
        }
    }
}

/* Which wallbox, priority, mode, and whether the allocation is told. */
static void read_choice(const struct place *at, const struct plan *plan, struct plan_session *out)
{
    const char *box = json_object_get(at->object, "wallbox") != NULL ? read_text(at, "wallbox") : NULL;
    const char *mode = json_object_get(at->object, "mode") != NULL ? read_text(at, "mode") : NULL;

    out->box = BOX_MAX;
    if (box != NULL && site_box_find(&plan->site, box, &out->box) != RC_OK) {
        read_error(at, "wallbox", "there is no wallbox \"%.64s\"", box);
    }
    out->mode = SOLAR_MODE_N;
    if (mode != NULL && solar_mode_parse(mode, &out->mode) != RC_OK) {
        read_error(at, "mode", "must be fast, solar_minimum or solar_only, is \"%.64s\"", mode);
    }
    read_bool(at, "announced", &out->is_announced);
}

static void read_arrival(const struct place *at, const struct plan *plan, struct plan_session *out)
{
    struct arrival a;

    read_refuse_unknown(at, arrival_keys);
    for (size_t i = 0; i < COUNT(arrival_needs); i++) {
        if (json_object_get(at->object, arrival_needs[i]) == NULL) {
            read_error(at, arrival_needs[i], "missing");
        }
    }
    read_ints(at, arrival_ints, COUNT(arrival_ints), &a);
    if (a.departure_ms <= a.arrival_ms) {
        read_error(at, "departure_ms", "must be above arrival_ms");
    }
    *out = (struct plan_session){
        .arrival_ms = a.arrival_ms, .departure_ms = a.departure_ms, .needed_wh = a.needed_wh, .max_ma = a.max_ma, .phases_n = a.phases, .priority = a.priority};
    read_choice(at, plan, out);
}

static void read_arrivals(const struct place *section, const struct plan *plan, struct plan_days *out)
{
    const json_t *list = read_list(section, "arrivals", DAYS_SESSION_MAX);
    struct place at;

    if (json_object_get(section->object, "arrivals") == NULL) {
        read_error(section, "arrivals", "missing");
    }
    if (json_array_size(list) == 0) {
        return;
    }
    out->session_n = (uint16_t)json_array_size(list);
    out->session = none_missing(calloc(out->session_n, sizeof out->session[0]));
    for (uint16_t i = 0; i < out->session_n; i++) {
        if (place_item(section, "arrivals", i, &at)) {
            read_arrival(&at, plan, &out->session[i]);
        }
    }
}

static void refuse_too_long(const struct place *section, const struct plan_days *days)
{
    for (uint16_t i = 0; i < days->session_n; i++) {
        if (days->session[i].departure_ms / days->step_ms >= DAYS_STEPS_MAX) {
            read_error(section, "step_ms", "the last departure would be more than %d steps away", DAYS_STEPS_MAX);
            return;
        }
    }
}

enum rc plan_days_read(const json_t *document, const struct plan *plan, struct plan_days *out, struct sitedoc_errors *errors)
{
    struct place root = place_document(document, SITEDOC_WHAT_IF, errors);
    uint16_t before_n = errors->n;
    struct place section;
    struct place sun;

    memset(out, 0, sizeof *out);
    if (!place_key(&root, "simulation", &section)) {
        if (errors->n == before_n) {
            read_error(&root, "simulation", "missing");
        }
        return RC_RANGE;
    }
    read_refuse_unknown(&section, day_keys);
    read_ints(&section, day_ints, COUNT(day_ints), out);
    read_arrivals(&section, plan, out);
    read_base_loads(&section, plan, out);
    if (place_key(&section, "sun", &sun)) {
        read_profile(&sun, &out->sun);
    }
    if (errors->n == before_n) {
        refuse_too_long(&section, out);
    }
    return errors->n == before_n ? RC_OK : RC_RANGE;
}

void plan_days_free(struct plan_days *d)
{
    for (uint16_t i = 0; i < NODE_MAX; i++) {
        free(d->base[i].ma);
        d->base[i].ma = NULL;
    }
    free(d->sun.ma);
    d->sun.ma = NULL;
    free(d->session);
    d->session = NULL;
}

const int32_t *plan_profile_ma(const struct plan_profile *p, int64_t at_ms)
{
    return p->n == 0 ? NULL : p->ma[at_ms / p->step_ms % p->n];
}
