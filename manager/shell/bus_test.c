#include "manager/shell/bus.h"

#include <stdio.h>
#include <string.h>

#include "common/os/clock.h"
#include "manager/shell/bus_reading.h"

#define ITSELF_UNIT 255 /* what many meters with an address of their own answer to */
#define EXPORT_TOLD_W 100

struct test {
    struct bus_port port;
    struct bus_stop stop;
    struct bus_reader reader;
    struct bus_address address;
};

static enum rc test_config(struct test *t, const char *model, const char *address, struct bus_test *out)
{
    const char *why;

    out->trouble = BUS_MISCONFIGURED;
    if (regmap_choose(model, &t->reader.choice, &why) != RC_OK) {
        (void)snprintf(out->text, sizeof(out->text), "model \"%.64s\": %s", model, why);
        return RC_RANGE;
    }
    if (bus_address_parse(address, &t->address, &why) != RC_OK) {
        (void)snprintf(out->text, sizeof(out->text), "address \"%.128s\": %s", address, why);
        return RC_RANGE;
    }
    if (t->address.kind == BUS_RTU && !t->reader.choice.model->has_rtu) {
        (void)snprintf(out->text, sizeof(out->text), "%s has no serial line: the address must be tcp:HOST:PORT:UNIT", t->reader.choice.model->name);
        return RC_RANGE;
    }
    t->reader.unit = t->address.unit;
    return RC_OK;
}

static void text_add(char text[BUS_TEXT_LEN], const char *more)
{
    size_t len = strlen(text);

    (void)snprintf(text + len, BUS_TEXT_LEN - len, "%s", more);
}

/* Whether something answers to `unit`: even an exception is an answer, except those of a gateway that found nobody. */
static bool unit_answers(struct test *t, uint8_t unit)
{
    const struct regmap_model *model = t->reader.choice.model;
    const struct regmap_block *block = &model->map[0]->block[0];
    struct bus_request request = {
        .unit = unit, .function = block->function, .address = block->start, .count = block->count, .gap_ms = model->gap_ms, .wait_ms = model->wait_ms};
    uint16_t registers[REGMAP_REGISTER_MAX];
    struct bus_fault fault;

    if (!t->port.is_open && bus_port_open(&t->port, &fault) != RC_OK) {
        return false;
    }
    enum rc rc = bus_port_read(&t->port, &request, registers, &fault);
    return rc == RC_OK || (rc == RC_REFUSED && fault.trouble == BUS_EXCEPTION);
}

/* Nothing answers to the unit that was asked: look whether one of the usual ones does. */
static void suggest_unit(struct test *t, struct bus_test *out)
{
    const uint8_t usual[] = {t->reader.choice.model->unit, 1, ITSELF_UNIT};
    size_t usual_n = t->address.kind == BUS_TCP ? 3 : 2;
    char more[64];

    for (size_t i = 0; i < usual_n; i++) {
        bool is_tried = usual[i] == 0 || usual[i] == t->address.unit || (i > 0 && usual[i] == usual[0]);

        if (!is_tried && unit_answers(t, usual[i])) {
            (void)snprintf(more, sizeof(more), "; but unit %u answers: try that number", (unsigned)usual[i]);
            text_add(out->text, more);
            out->trouble = BUS_NO_UNIT;
            return;
        }
    }
}

/* The registers make no sense: look whether they do one address further. */
static void suggest_shift(struct test *t, struct bus_test *out)
{
    struct bus_reader other = t->reader;
    struct meter_sample sample;
    struct bus_fault fault;
    char more[128];

    for (int8_t shift = -1; shift <= 1; shift++) {
        bus_reader_reset(&other);
        other.choice.shift = shift;
        if (shift == t->reader.choice.shift || (!t->port.is_open && bus_port_open(&t->port, &fault) != RC_OK)) {
            continue;
        }
        if (bus_reading_take(&t->port, &other, &sample, &fault) == RC_OK && sample.voltage_mv[0] > 0) {
            (void)snprintf(more, sizeof(more), "; moved by one address they make sense: choose %s%s", other.choice.model->id,
                           shift > 0 ? ".plus1" : (shift < 0 ? ".minus1" : " alone"));
            text_add(out->text, more);
            return;
        }
    }
}

/* What is remarkable about a reading that succeeded. */
static void remark(const struct test *t, struct bus_test *out)
{
    const struct meter_sample *s = &out->sample;

    if (t->reader.refused != 0) {
        text_add(out->text, "; it does not give all values of its model");
    }
    if (s->current_set == 0) {
        text_add(out->text, "; no source says where it holds its currents: it cannot be used");
    }
    if (s->power_total_w < -EXPORT_TOLD_W) {
        text_add(out->text, "; it shows export: if the house draws power now, it is mounted the wrong way round: choose the model with .invert");
    }
}

static enum rc test_read(struct test *t, struct bus_test *out)
{
    struct bus_fault fault;
    int64_t begun_ms = clock_boot_ms();
    enum rc rc = bus_port_open(&t->port, &fault);

    if (rc == RC_OK) {
        rc = bus_reading_take(&t->port, &t->reader, &out->sample, &fault);
    }
    if (rc == RC_OK) {
        out->latency_ms = (int32_t)(clock_boot_ms() - begun_ms);
        out->trouble = BUS_GOOD;
        (void)snprintf(out->text, sizeof(out->text), "%s answers within %d ms", t->reader.choice.model->name, (int)out->latency_ms);
        remark(t, out);
        return RC_OK;
    }
    out->trouble = fault.trouble;
    memcpy(out->text, fault.text, sizeof(out->text));
    if (fault.trouble == BUS_SILENT || fault.trouble == BUS_NO_UNIT) {
        suggest_unit(t, out);
    } else if ((fault.trouble == BUS_IMPLAUSIBLE || fault.trouble == BUS_EXCEPTION) && t->reader.choice.model->may_shift) {
        suggest_shift(t, out);
    }
    return rc;
}

enum rc bus_test_once(struct lowfd *lowfd, const char *model, const char *address, struct bus_test *out)
{
    struct test t = {.stop = {.fd = -1}};

    memset(out, 0, sizeof(*out));
    enum rc rc = test_config(&t, model, address, out);
    if (rc != RC_OK) {
        return rc;
    }
    rc = bus_port_init(&t.port, lowfd, &t.address, &t.stop);
    if (rc != RC_OK) {
        out->trouble = BUS_UNREACHABLE;
        (void)snprintf(out->text, sizeof(out->text), "no low file descriptor is free for the test");
        return RC_FULL;
    }
    t.port.awaits_late = true;
    rc = test_read(&t, out);
    bus_port_deinit(&t.port);
    return rc;
}
