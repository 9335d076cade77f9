/* A meter that answers anything: discovery, requests and register maps of every model, in place of the bus whose functions are defined here.
 *
 * Bytes: model, how it is wired, then for each request one that says how it is answered, and the registers.
 */
#include <stdio.h>

#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/base/units.h"
#include "manager/shell/bus_reading.h"
#include "tests/fuzz/fuzz.h"

#define READINGS 3
#define REQUESTS_MAX (BUS_FIND_MAX + 2 * REGMAP_BLOCK_MAX * REGMAP_REGISTER_MAX)

enum { ANSWER_RANDOM = 0, ANSWER_EXCEPTION = 1, ANSWER_TROUBLE = 2, ANSWER_SUNSPEC = 3, ANSWERS = 8 }; /* all others: random as well */

static struct fuzz_bytes input;
static int requests_n;

static enum rc fail(struct bus_fault *out, enum bus_trouble trouble, uint8_t exception, enum rc rc)
{
    *out = (struct bus_fault){.trouble = trouble, .exception = exception, .text = "as the input says"};
    return rc;
}

enum rc bus_port_read(struct bus_port *p, const struct bus_request *request, uint16_t *out, struct bus_fault *out_fault)
{
    uint8_t how = fuzz_u8(&input);

    (void)p;
    requests_n++;
    CHECK(requests_n <= READINGS * REQUESTS_MAX);
    CHECK(request->function == 3 || request->function == 4);
    CHECK(request->count >= 1 && request->count <= REGMAP_REGISTER_MAX);
    switch (how % ANSWERS) {
    case ANSWER_EXCEPTION:
        return fail(out_fault, BUS_EXCEPTION, (uint8_t)(how / ANSWERS), RC_REFUSED);
    case ANSWER_TROUBLE:
        return fail(out_fault, how / ANSWERS % 2 == 0 ? BUS_SILENT : BUS_GARBLED, 0, how / ANSWERS % 2 == 0 ? RC_IO : RC_MALFORMED);
    case ANSWER_SUNSPEC: /* a mark, or the head of a model */
        for (uint16_t i = 0; i < request->count; i++) {
            static const uint16_t words[] = {0x5375, 0x6E53, 201, 105, 203, 211, 124, 0xFFFF, 1, 66};

            out[i] = words[fuzz_u8(&input) % (sizeof words / sizeof words[0])];
        }
        return RC_OK;
    default:
        for (uint16_t i = 0; i < request->count; i++) {
            out[i] = fuzz_u16(&input);
        }
        return RC_OK;
    }
}

/* A sample that a core takes: within the ranges that meter_sample.h states. */
static void check_sample(const struct meter_sample *s)
{
    CHECK(s->import_wh >= -1);
    CHECK(s->export_wh >= -1);
    CHECK(s->frequency_mhz == 0 || (s->frequency_mhz >= 40000 && s->frequency_mhz <= 70000));
    CHECK(s->current_set <= PHASE_ALL);
    CHECK(s->voltage_step_mv >= 0);
    CHECK(s->digest != 0);
    for (int p = 0; p < PHASE_N; p++) {
        CHECK(s->current_ma[p] >= -MA_MAX && s->current_ma[p] <= MA_MAX);
        CHECK(s->voltage_mv[p] == 0 || (s->voltage_mv[p] >= 50000 && s->voltage_mv[p] <= 500000));
        CHECK((s->factor_set & PHASE_BIT(p)) == 0 || (s->factor_permille[p] >= -1000 && s->factor_permille[p] <= 1000));
    }
}

static void choose(struct regmap_choice *out)
{
    static const char *const endings[] = {"", ".invert", ".plus1", ".minus1.invert"};
    size_t n = 0;
    const struct regmap_model *const *models = regmap_models(&n);
    uint8_t which = fuzz_u8(&input);
    char text[2 * ID_LEN];
    const char *why = NULL;
    const char *id = models[which % n]->id;

    (void)snprintf(text, sizeof text, "%s%s", id, endings[which / n % 4]);
    if (regmap_choose(text, out, &why) != RC_OK) {
        enum rc rc = regmap_choose(id, out, &why); /* its addresses do not shift */

        CHECK(rc == RC_OK);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct bus_port port;
    struct bus_reader reader = {.unit = 1};

    input = (struct fuzz_bytes){.at = data, .left = size};
    requests_n = 0;
    port.is_open = true;
    port.address = (struct bus_address){.kind = BUS_TCP, .place = "meter", .port = 502};
    choose(&reader.choice);
    reader.need = fuzz_u8(&input) & PHASE_ALL;
    for (int i = 0; i < READINGS && input.left > 0; i++) {
        struct meter_sample sample;
        struct bus_fault fault = {.trouble = BUS_GOOD};
        enum rc rc = bus_reading_take(&port, &reader, &sample, &fault);

        if (rc == RC_OK) {
            check_sample(&sample);
        } else {
            CHECK(rc == RC_IO || rc == RC_REFUSED || rc == RC_MALFORMED || rc == RC_RANGE);
            CHECK(fault.trouble != BUS_GOOD);
            CHECK(fault.text[0] != '\0');
        }
    }
    return 0;
}
