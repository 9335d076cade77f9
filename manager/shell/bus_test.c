#include "manager/shell/bus.h"

#include <stdio.h>
#include <string.h>

#include "common/os/clock.h"
#include "manager/shell/bus_reading.h"

#define ITSELF_UNIT 255 /* what many meters with an address of their own answer to */

struct test {
    struct bus_port port;
    struct bus_stop stop;
    const struct regmap_model *model;
    struct bus_address address;
};

static enum rc test_config(struct test *t, const char *model, const char *address, struct bus_test *out)
{
    const char *why;

    out->trouble = BUS_MISCONFIGURED;
    t->model = regmap_find(model);
    if (t->model == NULL) {
        (void)snprintf(out->text, sizeof(out->text), "there is no meter model \"%.64s\"", model);
        return RC_RANGE;
    }
    if (bus_address_parse(address, &t->address, &why) != RC_OK) {
        (void)snprintf(out->text, sizeof(out->text), "address \"%.128s\": %s", address, why);
        return RC_RANGE;
    }
    if (t->address.kind == BUS_RTU && !t->model->has_rtu) {
        (void)snprintf(out->text, sizeof(out->text), "%s has no serial line: the address must be tcp:HOST:PORT:UNIT", t->model->name);
        return RC_RANGE;
    }
    return RC_OK;
}

/* Whether something answers to `unit`: even an exception is an answer, except those of a gateway that found nobody. */
static bool unit_answers(struct test *t, uint8_t unit)
{
    uint16_t registers[REGMAP_REGISTER_MAX];
    struct bus_fault fault;

    if (!t->port.is_open && bus_port_open(&t->port, &fault) != RC_OK) {
        return false;
    }
    enum rc rc = bus_port_read(&t->port, unit, &t->model->block[0], registers, &fault);
    return rc == RC_OK || (rc == RC_REFUSED && fault.trouble == BUS_EXCEPTION);
}

/* Nothing answers to the unit that was asked: look whether one of the usual ones does. */
static void suggest_unit(struct test *t, struct bus_test *out)
{
    const uint8_t usual[] = {t->model->unit, 1, ITSELF_UNIT};
    size_t usual_n = t->address.kind == BUS_TCP ? 3 : 2;

    for (size_t i = 0; i < usual_n; i++) {
        bool is_tried = usual[i] == t->address.unit || (i > 0 && usual[i] == usual[0]);

        if (!is_tried && unit_answers(t, usual[i])) {
            size_t len = strlen(out->text);

            (void)snprintf(out->text + len, sizeof(out->text) - len, "; but unit %u answers: try that number", (unsigned)usual[i]);
            out->trouble = BUS_NO_UNIT;
            return;
        }
    }
}

static enum rc test_read(struct test *t, struct bus_test *out)
{
    struct bus_fault fault;
    uint32_t refused = 0;
    int64_t begun_ms = clock_boot_ms();
    enum rc rc = bus_port_open(&t->port, &fault);

    if (rc == RC_OK) {
        rc = bus_reading_take(&t->port, t->model, t->address.unit, &refused, &out->sample, &fault);
    }
    if (rc == RC_OK) {
        out->latency_ms = (int32_t)(clock_boot_ms() - begun_ms);
        out->trouble = BUS_GOOD;
        (void)snprintf(out->text, sizeof(out->text), "%s answers within %d ms%s", t->model->name, (int)out->latency_ms,
                       refused != 0 ? "; it does not give all values of its model" : "");
        return RC_OK;
    }
    out->trouble = fault.trouble;
    memcpy(out->text, fault.text, sizeof(out->text));
    if (fault.trouble == BUS_SILENT || fault.trouble == BUS_NO_UNIT) {
        suggest_unit(t, out);
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
    rc = test_read(&t, out);
    bus_port_deinit(&t.port);
    return rc;
}
