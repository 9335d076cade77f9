#include "tests/site/simdoc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "tests/site/csv.h"
#include "tests/site/datafile.h"
#include "tests/site/fields.h"
#include "tests/site/registers.h"

static void error(const struct fields *f, const char *key, const char *what)
{
    sitedoc_error(f->errors, "%s.%s: %s", f->path, key, what);
}

enum rc simdoc_time(const char *text, int32_t *out_min)
{
    int64_t hour = 0;
    int64_t minute = 0;
    if (strlen(text) != 5 || text[2] != ':' || csv_number((struct csv_text){text, 2}, 0, &hour) != RC_OK ||
        csv_number((struct csv_text){text + 3, 2}, 0, &minute) != RC_OK || hour < 0 || hour > 23 || minute < 0 || minute > 59) {
        return RC_RANGE;
    }
    *out_min = (int32_t)(hour * 60 + minute);
    return RC_OK;
}

static void read_general(const struct fields *f, struct simulation *s)
{
    char start[8] = "00:00";
    int32_t start_min = 0;
    int64_t seed = 1;
    fields_i64(f, "seed", 0, INT64_MAX, &seed);
    fields_i32(f, "tick_ms", 10, 100, &s->tick_ms);
    fields_i32(f, "speed", 1, 1440, &s->options.speed);
    fields_i32(f, "voltage_mv", 100000, 400000, &s->options.nominal_mv);
    fields_i32(f, "sag_mohm", 0, 1000, &s->options.sag_mohm);
    fields_text(f, "start", start, sizeof start);
    if (simdoc_time(start, &start_min) != RC_OK) {
        error(f, "start", "must be a time of day HH:MM");
    }
    if (100 % s->tick_ms != 0) {
        error(f, "tick_ms", "must divide 100 ms");
    }
    s->options.seed = (uint64_t)seed;
    s->options.day_start_ms = (int64_t)start_min * 60000;
}

/* Speed of "DEVICE:BAUD:PARITY:UNIT"; without a speed bytes take no time. A byte has 10 bits, with parity 11. */
static void speed_from_address(const char *device, struct serve *out)
{
    const char *baud = strchr(device, ':');
    const char *parity = baud != NULL ? strchr(baud + 1, ':') : NULL;
    int64_t number = 0;
    if (parity != NULL && csv_number((struct csv_text){baud + 1, (size_t)(parity - baud - 1)}, 0, &number) == RC_OK && number >= 1 && number <= 1000000) {
        out->baud = (int32_t)number;
        out->byte_bits = parity[1] == 'N' || parity[1] == 'n' ? 10 : 11;
    }
}

/* The address that the manager is told, "tcp:HOST:PORT:UNIT" or "rtu:DEVICE:BAUD:PARITY:UNIT", says where to serve and for which unit. */
static bool serve_from_address(const char *address, struct serve *out)
{
    const char *unit = strrchr(address, ':');
    int64_t number = 0;
    if (unit == NULL || csv_number((struct csv_text){unit + 1, strlen(unit + 1)}, 0, &number) != RC_OK || number < 0 || number > 255) {
        return false;
    }
    out->is_pty = strncmp(address, "rtu:", 4) == 0;
    if (!out->is_pty && strncmp(address, "tcp:", 4) != 0) {
        return false;
    }
    const char *end = out->is_pty ? strchr(address + 4, ':') : unit;
    size_t len = (size_t)(end - (address + 4));
    if (len == 0 || len >= sizeof out->place) {
        return false;
    }
    memcpy(out->place, address + 4, len); /* the rest is zeroes */
    if (out->is_pty) {
        speed_from_address(address + 4, out);
    }
    out->unit = (uint8_t)number;
    return true;
}

static void read_meter(const struct fields *meters, const struct site_meter *meter, struct serve *out)
{
    static const char *const keys[] = {"serve", "unit", "latency_ms", "refresh_ms", "baud", NULL};
    struct fields f = fields_of(meters, meter->id);
    char serve[SERVE_LEN] = "";
    *out = (struct serve){.latency_ms = 5, .refresh_ms = 200, .unit = 1, .byte_bits = 10};
    bool is_addressed = serve_from_address(meter->address, out);
    int32_t unit = out->unit;
    fields_refuse_unknown(&f, keys);
    fields_text(&f, "serve", serve, sizeof serve);
    fields_i32(&f, "unit", 0, 255, &unit);
    fields_i32(&f, "latency_ms", 0, 10000, &out->latency_ms);
    fields_i32(&f, "refresh_ms", 10, 60000, &out->refresh_ms);
    fields_i32(&f, "baud", 0, 1000000, &out->baud);
    out->unit = (uint8_t)unit;
    if (serve[0] == '\0' && !is_addressed) {
        error(&f, "serve", "missing, and the meter's address is neither tcp:HOST:PORT:UNIT nor rtu:DEVICE:BAUD:PARITY:UNIT");
    } else if (serve[0] != '\0') {
        out->is_pty = strncmp(serve, "pty:", 4) == 0;
        (void)snprintf(out->place, sizeof out->place, "%s", serve + (out->is_pty ? 4 : 0));
    }
    if (model_find(meter->model) == NULL) {
        error(&f, "model", "this meter's model is not simulated");
    }
}

static void read_controller(const struct fields *box, struct controller_setup *out)
{
    static const char *const keys[] = {"model", "serve", "unit", "meter_unit", "latency_ms", "baud", "firmware", "boot_a", "relay", NULL};
    struct fields f = fields_of(box, "controller");
    char model[32] = "";
    char serve[SERVE_LEN] = "";
    int32_t unit = 1;
    int32_t meter_unit = 2;
    int32_t firmware = 17;
    int32_t boot_a = 32;
    *out = (struct controller_setup){.serve = {.latency_ms = 5, .byte_bits = 10}};
    if (f.object == NULL) {
        return;
    }
    fields_refuse_unknown(&f, keys);
    fields_text(&f, "model", model, sizeof model);
    fields_text(&f, "serve", serve, sizeof serve);
    fields_i32(&f, "unit", 1, 255, &unit);
    fields_i32(&f, "meter_unit", 1, 247, &meter_unit);
    fields_i32(&f, "latency_ms", 0, 10000, &out->serve.latency_ms);
    fields_i32(&f, "baud", 0, 1000000, &out->serve.baud);
    fields_i32(&f, "firmware", 1, 255, &firmware);
    fields_i32(&f, "boot_a", 0, 80, &boot_a);
    fields_bool(&f, "relay", &out->has_relay);
    if (controller_parse(model, &out->kind) != RC_OK) {
        error(&f, "model", "must be evse_wb_din or phoenix_charx");
    }
    if (serve[0] == '\0') {
        error(&f, "serve", "missing: HOST:PORT or pty:PATH");
    }
    out->serve.is_pty = strncmp(serve, "pty:", 4) == 0;
    (void)snprintf(out->serve.place, sizeof out->serve.place, "%s", serve + (out->serve.is_pty ? 4 : 0));
    out->serve.unit = (uint8_t)unit;
    out->meter_unit = (uint8_t)meter_unit;
    out->firmware = (uint16_t)firmware;
    out->boot_a = (uint16_t)boot_a;
}

static void read_box(const struct fields *boxes, const struct site_box *box, struct box_setup *out)
{
    static const char *const keys[] = {"rated_ma", "watchdog", "vehicle", "controller", NULL};
    struct fields f = fields_of(boxes, box->serial);
    *out = (struct box_setup){.rated_ma = box->max_ma, .watchdog = "hardware"};
    fields_refuse_unknown(&f, keys);
    fields_i32(&f, "rated_ma", 6000, 80000, &out->rated_ma);
    fields_text(&f, "watchdog", out->watchdog, sizeof out->watchdog);
    if (strcmp(out->watchdog, "hardware") != 0 && strcmp(out->watchdog, "external") != 0 && strcmp(out->watchdog, "none") != 0) {
        error(&f, "watchdog", "must be hardware, external or none");
    }
    read_controller(&f, &out->controller);
    struct fields vehicle = fields_of(&f, "vehicle");
    vehicle_spec_default(&out->vehicle);
    out->has_vehicle = vehicle.object != NULL;
    fields_vehicle(&vehicle, &out->vehicle);
}

/* Text of the file under a key; NULL when there is no such key or it was refused. The caller frees it. */
static char *read_file(const struct fields *f, const char *path, size_t *out_len)
{
    char name[DATAFILE_PATH_LEN] = "";
    char *text = NULL;
    const char *why = "";
    fields_text(f, "file", name, sizeof name);
    if (name[0] != '\0' && datafile_read(path, name, &text, out_len, &why) != RC_OK) {
        error(f, "file", why);
    }
    return text;
}

static void refuse_file(const struct fields *f, enum rc rc, int line)
{
    char what[64] = "the day wanted is not in it, or not whole";
    if (rc == RC_MALFORMED) {
        (void)snprintf(what, sizeof what, "line %d is not of this kind of file", line);
    }
    error(f, "file", rc == RC_FULL ? "too many lines" : what);
}

static void read_house(const struct fields *houses, const char *path, const char *node, struct load *out, struct household **out_file)
{
    static const char *const keys[] = {"file", "ma", "scale_permille", "steps_per_hour", NULL};
    struct fields f = fields_of(houses, node);
    size_t len = 0;
    int line = 0;
    fields_refuse_unknown(&f, keys);
    char *text = read_file(&f, path, &len);
    *out = (struct load){.scale_permille = 1000, .steps_per_hour = text != NULL ? 12 : 0};
    fields_phases(&f, "ma", 0, MA_MAX / 2, out->fixed_ma);
    fields_i32(&f, "scale_permille", 0, 100000, &out->scale_permille);
    fields_i32(&f, "steps_per_hour", 0, STEPS_PER_HOUR_MAX, &out->steps_per_hour);
    if (text != NULL) {
        *out_file = calloc(1, sizeof **out_file);
        CHECK(*out_file != NULL);
        enum rc rc = dataset_household(text, len, *out_file, &line);
        if (rc != RC_OK) {
            refuse_file(&f, rc, line);
        }
        out->file = *out_file;
        free(text);
    }
}

static void read_sun(const struct fields *suns, const char *path, const char *node, struct sun *out, struct sunshine **out_file)
{
    static const char *const keys[] = {"file", "day", "ma", "scale_permille", NULL};
    struct fields f = fields_of(suns, node);
    char day[16] = "Jun 21";
    size_t len = 0;
    int line = 0;
    fields_refuse_unknown(&f, keys);
    char *text = read_file(&f, path, &len);
    *out = (struct sun){.scale_permille = 1000};
    fields_text(&f, "day", day, sizeof day);
    fields_phases(&f, "ma", 0, MA_MAX / 2, out->fixed_ma);
    fields_i32(&f, "scale_permille", 0, 10000, &out->scale_permille);
    if (text != NULL) {
        *out_file = calloc(1, sizeof **out_file);
        CHECK(*out_file != NULL);
        enum rc rc = dataset_sunshine(text, len, day, *out_file, &line);
        if (rc != RC_OK) {
            refuse_file(&f, rc, line);
        }
        out->file = *out_file;
        free(text);
    }
}

static void read_sessions(const struct fields *root, const char *path, struct stays *out)
{
    static const char *const keys[] = {"file", "day", NULL};
    struct fields f = fields_of(root, "sessions");
    char date[16] = "2019-03-01";
    int32_t day = 0;
    size_t len = 0;
    int line = 0;
    fields_refuse_unknown(&f, keys);
    fields_text(&f, "day", date, sizeof date);
    if (dataset_day(date, &day) != RC_OK) {
        error(&f, "day", "must be a date in 2019-03-01..2019-04-30");
    }
    char *text = read_file(&f, path, &len);
    enum rc rc = text == NULL ? RC_OK : dataset_stays(text, len, day, out, &line);
    if (rc != RC_OK) {
        refuse_file(&f, rc, line);
    }
    free(text);
}

/* Keys of an object must name nodes, meters or wallboxes of the site. */
static void refuse_strangers(const struct fields *f, const struct site *site, enum site_part part)
{
    json_t *object = (json_t *)f->object;
    uint16_t at = 0;
    for (void *it = json_object_iter(object); it != NULL; it = json_object_iter_next(object, it)) {
        const char *key = json_object_iter_key(it);
        enum rc rc = part == SITE_PART_NODE    ? site_node_find(site, key, &at)
                     : part == SITE_PART_METER ? site_meter_find(site, key, &at)
                                               : site_box_find(site, key, &at);
        if (rc != RC_OK) {
            sitedoc_error(f->errors, "%s.%.40s: the site has none of this name", f->path, key);
        }
    }
}

/* Two meters may share a place, as behind a gateway, but not a unit. */
static void refuse_twins(const struct fields *meters, const struct site *site, const struct serve *serve)
{
    for (uint16_t i = 0; i < site->meter_n; i++) {
        for (uint16_t k = 0; k < i; k++) {
            bool is_free = !serve[i].is_pty && strlen(serve[i].place) > 2 && text_same(serve[i].place + strlen(serve[i].place) - 2, ":0");
            bool is_same = serve[i].is_pty == serve[k].is_pty && serve[i].unit == serve[k].unit && text_same(serve[i].place, serve[k].place);
            if (is_same && !is_free) {
                sitedoc_error(meters->errors, "%s.%s: has the place and unit of meter %s", meters->path, site->meter[i].id, site->meter[k].id);
            }
        }
    }
}

enum rc simdoc_read(const json_t *document, const char *path, const struct site *site, struct simulation *out, struct sitedoc_errors *errors)
{
    static const char *const keys[] = {"seed", "tick_ms", "speed", "voltage_mv", "sag_mohm", "start", "house", "solar", "meters", "wallboxes", "sessions",
                                       /* the next ones mean something to wallbox-plan only */
                                       "step_ms", "arrivals", "base_load", "sun", NULL};
    uint16_t before_n = errors->n;
    struct fields root = {.object = document, .errors = errors};
    struct fields f = fields_of(&root, "simulation");
    *out = (struct simulation){.tick_ms = 100, .options = {.seed = 1, .speed = 1, .nominal_mv = 230000, .sag_mohm = 50}};
    fields_refuse_unknown(&f, keys);
    read_general(&f, out);
    struct fields houses = fields_of(&f, "house");
    struct fields suns = fields_of(&f, "solar");
    struct fields meters = fields_of(&f, "meters");
    struct fields boxes = fields_of(&f, "wallboxes");
    refuse_strangers(&houses, site, SITE_PART_NODE);
    refuse_strangers(&suns, site, SITE_PART_NODE);
    refuse_strangers(&meters, site, SITE_PART_METER);
    refuse_strangers(&boxes, site, SITE_PART_BOX);
    for (uint16_t i = 0; i < site->node_n; i++) {
        read_house(&houses, path, site->node[i].id, &out->load[i], &out->household[i]);
        read_sun(&suns, path, site->node[i].id, &out->sun[i], &out->sunshine[i]);
    }
    for (uint16_t i = 0; i < site->meter_n; i++) {
        read_meter(&meters, &site->meter[i], &out->serve[i]);
    }
    refuse_twins(&meters, site, out->serve);
    for (uint16_t i = 0; i < site->box_n; i++) {
        read_box(&boxes, &site->box[i], &out->box[i]);
    }
    read_sessions(&f, path, &out->stays);
    return errors->n == before_n ? RC_OK : RC_RANGE;
}

void simdoc_free(struct simulation *s)
{
    for (uint16_t i = 0; i < NODE_MAX; i++) {
        free(s->household[i]);
        free(s->sunshine[i]);
        s->household[i] = NULL;
        s->sunshine[i] = NULL;
    }
}
