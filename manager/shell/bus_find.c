#include "manager/shell/bus_find.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"

#define SUNSPEC_MARK_HIGH 0x5375 /* "SunS" */
#define SUNSPEC_MARK_LOW 0x6E53
#define SUNSPEC_END 0xFFFF
#define SUNSPEC_MODELS_MAX 40 /* looked at in one chain */
#define SUNSPEC_REAL 210      /* ids above hold float32 */
#define VOLTS_LOW 180.0
#define VOLTS_HIGH 260.0
#define TEXT_REGISTERS_MAX 8

struct finder {
    struct bus_port *port;
    const struct regmap_choice *choice;
    uint8_t unit;
    bool has_answered; /* with registers, not only with exceptions */
    struct bus_fault *fault;
};

static enum rc ask(struct finder *f, uint8_t function, uint16_t address, uint16_t count, uint16_t *out)
{
    const struct regmap_model *model = f->choice->model;
    const struct bus_request request = {
        .unit = f->unit, .function = function, .address = address, .count = count, .gap_ms = model->gap_ms, .wait_ms = model->wait_ms};

    enum rc rc = bus_port_read(f->port, &request, out, f->fault);

    f->has_answered = f->has_answered || rc == RC_OK;
    return rc;
}

/* Whether the meter itself said no: then it is there, and the next place may be tried. */
static bool is_own_no(enum rc rc, const struct bus_fault *fault)
{
    return rc == RC_REFUSED && fault->trouble == BUS_EXCEPTION;
}

static enum rc unlike(const struct finder *f, const char *what)
{
    char place[TEXT_LEN + 40];

    bus_address_describe(&f->port->address, place, sizeof(place));
    f->fault->trouble = f->has_answered ? BUS_IMPLAUSIBLE : BUS_EXCEPTION; /* of exceptions alone the last one is in the fault already */
    (void)snprintf(f->fault->text, sizeof(f->fault->text), "unit %u at %.80s %s%s", (unsigned)f->unit, place,
                   f->has_answered ? "answers, but " : "refuses to be read: it ", what);
    return f->has_answered ? RC_RANGE : RC_REFUSED;
}

/* Phases by the last digit of a SunSpec meter model: one, two (split), three as a star, three as a triangle. */
static uint8_t sunspec_phases(uint16_t id)
{
    static const uint8_t sets[] = {0, PHASE_BIT(0), PHASE_BIT(0) | PHASE_BIT(1), PHASE_ALL, PHASE_ALL};

    return sets[id % 10];
}

static bool is_sunspec_meter(uint16_t id)
{
    return (id >= 201 && id <= 204) || (id >= 211 && id <= 214);
}

/* Walk the chain of models from `at` on. RC_MISSING: it has no meter model, or is none. */
static enum rc sunspec_walk(struct finder *f, uint16_t at, struct regmap_plan *out)
{
    for (int i = 0; i < SUNSPEC_MODELS_MAX; i++) {
        uint16_t head[2];
        enum rc rc = ask(f, 3, at, 2, head);

        if (is_own_no(rc, f->fault)) {
            return RC_MISSING;
        }
        if (rc != RC_OK) {
            return rc;
        }
        if (is_sunspec_meter(head[0])) {
            *out = (struct regmap_plan){.map = f->choice->model->map[head[0] > SUNSPEC_REAL ? 1 : 0], .base = at, .phases = sunspec_phases(head[0])};
            return RC_OK;
        }
        if (head[0] == SUNSPEC_END || head[1] == 0 || (int32_t)at + 2 + head[1] > UINT16_MAX) {
            return RC_MISSING;
        }
        at = (uint16_t)(at + 2 + head[1]);
    }
    return RC_MISSING;
}

static enum rc find_sunspec(struct finder *f, struct regmap_plan *out)
{
    static const uint16_t bases[] = {40000, 0, 50000};
    bool is_marked = false;

    for (size_t i = 0; i < sizeof(bases) / sizeof(bases[0]); i++) {
        uint16_t mark[2] = {0};
        enum rc rc = ask(f, 3, bases[i], 2, mark);

        if (rc != RC_OK && !is_own_no(rc, f->fault)) {
            return rc;
        }
        if (rc != RC_OK || mark[0] != SUNSPEC_MARK_HIGH || mark[1] != SUNSPEC_MARK_LOW) {
            continue;
        }
        is_marked = true;
        rc = sunspec_walk(f, (uint16_t)(bases[i] + 2), out);
        if (rc != RC_MISSING) {
            return rc;
        }
    }
    return unlike(f, is_marked ? "has no meter in its SunSpec list (models 201 to 204, 211 to 214): is this the unit of the inverter?"
                               : "has no SunSpec mark at 40000, 0 or 50000: not this model, or SunSpec is switched off in its settings");
}

static bool is_volts(const uint16_t words[2])
{
    uint32_t bits = (uint32_t)words[0] << 16 | words[1];
    float volts;

    memcpy(&volts, &bits, sizeof(volts));
    return isfinite(volts) && (double)volts >= VOLTS_LOW && (double)volts <= VOLTS_HIGH;
}

static bool is_text(const uint16_t *words, const char *text)
{
    for (size_t i = 0; text[2 * i] != '\0'; i++) {
        if (words[i] != (uint16_t)((unsigned char)text[2 * i] << 8 | (unsigned char)text[2 * i + 1])) {
            return false;
        }
    }
    return true;
}

/* RC_MISSING: it answers, but not so. */
static enum rc probe(struct finder *f, const struct regmap_probe *what)
{
    uint16_t words[TEXT_REGISTERS_MAX] = {0};
    uint16_t n = what->kind == PROBE_TEXT ? (uint16_t)(strlen(what->text) / 2) : 2;
    enum rc rc;

    CHECK(n <= TEXT_REGISTERS_MAX);
    rc = ask(f, what->function, (uint16_t)(what->address + f->choice->shift), n, words);
    if (rc != RC_OK) {
        return is_own_no(rc, f->fault) ? RC_MISSING : rc;
    }
    return (what->kind == PROBE_TEXT ? is_text(words, what->text) : is_volts(words)) ? RC_OK : RC_MISSING;
}

static enum rc find_probed(struct finder *f, const struct regmap_map **out)
{
    const struct regmap_model *model = f->choice->model;

    for (uint16_t i = 0; i < model->probe_n; i++) {
        enum rc rc = probe(f, &model->probe[i]);

        if (rc == RC_OK) {
            *out = model->probe[i].map;
            return RC_OK;
        }
        if (rc != RC_MISSING) {
            return rc;
        }
    }
    if (model->must_match) {
        return unlike(f, "shows a mains voltage in none of the places where this brand may have it: not this model, or its number format is unknown");
    }
    *out = model->map[0];
    return RC_OK;
}

enum rc bus_find(struct bus_port *p, const struct regmap_choice *choice, uint8_t unit, struct regmap_plan *out, struct bus_fault *out_fault)
{
    struct finder f = {.port = p, .choice = choice, .unit = unit, .fault = out_fault};
    struct regmap_plan plan = {0};
    enum rc rc;

    if (choice->model->is_sunspec) {
        rc = find_sunspec(&f, &plan);
    } else {
        rc = find_probed(&f, &plan.map);
        plan.base = (uint16_t)choice->shift;
        plan.phases = PHASE_ALL;
    }
    if (rc != RC_OK) {
        return rc;
    }
    plan.is_inverted = choice->is_inverted;
    *out = plan;
    return RC_OK;
}
