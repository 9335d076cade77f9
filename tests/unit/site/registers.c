#include <string.h>

#include <criterion/criterion.h>

#include "tests/site/modbus.h"
#include "tests/site/registers.h"

TestSuite(registers, .timeout = 10);

static const struct quantities exporting_on_l3 = {
    .voltage_mv = {229876, 230000, 231500},
    .current_ma = {12345, 0, -8765},
    .power_mw = {2837800, 0, -2029100},
    .frequency_mhz = 50012,
    .import_mwh = {3000000450, 1, 99, 100},
    .export_mwh = {5000, 0, 0, 5000},
};

static struct image image_of(const char *id)
{
    struct image image = {.model = model_find(id)};
    cr_assert_not_null(image.model);
    image_encode(&image, &exporting_on_l3);
    return image;
}

static uint16_t reg(const struct image *image, uint8_t function, uint16_t address)
{
    const uint16_t *r = NULL;
    cr_assert_eq(image_read(image, function, address, 1, &r), RC_OK);
    return r[0];
}

static uint32_t pair(const struct image *image, uint8_t function, uint16_t address)
{
    return ((uint32_t)reg(image, function, address) << 16) | reg(image, function, (uint16_t)(address + 1));
}

static float real(const struct image *image, uint16_t address)
{
    uint32_t bits = pair(image, 4, address);
    float f = 0;
    memcpy(&f, &bits, sizeof f);
    return f;
}

Test(registers, tq_splits_power_by_direction_and_shows_currents_without_sign)
{
    struct image i = image_of("tq_em300_lr");
    cr_assert_eq(pair(&i, 3, 40), 28378); /* 0.1 W */
    cr_assert_eq(pair(&i, 3, 42), 0);
    cr_assert_eq(pair(&i, 3, 60), 12345);  /* mA */
    cr_assert_eq(pair(&i, 3, 62), 229876); /* mV */
    cr_assert_eq(pair(&i, 3, 120), 0);
    cr_assert_eq(pair(&i, 3, 122), 20291);
    cr_assert_eq(pair(&i, 3, 140), 8765);
    cr_assert_eq(pair(&i, 3, 144), 0xFFFFFC18u); /* power factor -1.000 */
    cr_assert_eq(pair(&i, 3, 0), 8087);          /* total plus */
    cr_assert_eq(pair(&i, 3, 26), 50012);
}

Test(registers, tq_counts_energy_in_tenths_of_wh_over_four_registers_and_cuts_off)
{
    struct image i = image_of("tq_em300_lr");
    cr_assert_eq(reg(&i, 3, 512), 0);
    cr_assert_eq(reg(&i, 3, 513), 0);
    cr_assert_eq(pair(&i, 3, 514), 30000004); /* 3,000,000,450 mWh */
    cr_assert_eq(pair(&i, 3, 594), 0);        /* 1 mWh */
    cr_assert_eq(pair(&i, 3, 674), 0);        /* 99 mWh */
    cr_assert_eq(pair(&i, 3, 754), 1);        /* 100 mWh */
    cr_assert_eq(pair(&i, 3, 518), 50);
}

Test(registers, sdm630_speaks_float_with_function_4)
{
    struct image i = image_of("eastron_sdm630");
    const uint16_t *r = NULL;
    cr_assert_float_eq(real(&i, 0), 229.876f, 0.0005f);
    cr_assert_float_eq(real(&i, 6), 12.345f, 0.00005f);
    cr_assert_float_eq(real(&i, 10), 8.765f, 0.00005f);
    cr_assert_float_eq(real(&i, 16), -2029.1f, 0.005f);
    cr_assert_float_eq(real(&i, 52), 808.7f, 0.005f);
    cr_assert_float_eq(real(&i, 72), 3000.00045f, 0.0005f); /* kWh */
    cr_assert_eq(image_read(&i, 3, 0, 2, &r), RC_RANGE);
    cr_assert_eq(image_read(&i, 4, 0, 81, &r), RC_FULL);
}

Test(registers, sunspec_has_its_mark_lengths_and_scale_factors)
{
    struct image i = image_of("sunspec_203");
    cr_assert_eq(pair(&i, 3, 40000), 0x53756E53u);
    cr_assert_eq(reg(&i, 3, 40069), 203);
    cr_assert_eq(reg(&i, 3, 40070), 105);
    cr_assert_eq(reg(&i, 3, 40072), 1235); /* 12.345 A at 10^-2, rounded */
    cr_assert_eq((int16_t)reg(&i, 3, 40075), -2);
    cr_assert_eq((int16_t)reg(&i, 3, 40090), -203); /* 10 W */
    cr_assert_eq(reg(&i, 3, 40176), 0xFFFF);
}

Test(registers, carlo_gavazzi_sends_the_low_word_first)
{
    struct image i = image_of("cg_em24_rtu");
    cr_assert_eq(reg(&i, 4, 22), (uint16_t)-20291);
    cr_assert_eq(reg(&i, 4, 23), 0xFFFF);
}

Test(registers, values_beyond_a_register_stop_at_its_end)
{
    struct image i = {.model = model_find("sunspec_203")};
    struct quantities q = {.current_ma = {1000000, 0, 0}, .power_mw = {-1000000000, 0, 0}};
    image_encode(&i, &q);
    cr_assert_eq(reg(&i, 3, 40072), INT16_MAX);
    cr_assert_eq((int16_t)reg(&i, 3, 40088), INT16_MIN);
}

Test(registers, every_model_encodes_inside_its_areas)
{
    size_t n = 0;
    for (; model_id(n) != NULL; n++) {
        struct image i = image_of(model_id(n));
        cr_assert_geq(i.model->table->point_n, 7);
    }
    cr_assert_eq(n, 22);
    cr_assert_null(model_find("abacus"));
}

Test(registers, reads_end_where_an_area_ends)
{
    struct image i = image_of("tq_em300_lr");
    const uint16_t *r = NULL;
    cr_assert_eq(image_read(&i, 3, 145, 1, &r), RC_OK);
    cr_assert_eq(image_read(&i, 3, 145, 2, &r), RC_RANGE);
    cr_assert_eq(image_read(&i, 3, 146, 1, &r), RC_RANGE);
    cr_assert_eq(image_read(&i, 3, 511, 2, &r), RC_RANGE);
    cr_assert_eq(image_read(&i, 3, 512, 125, &r), RC_OK);
    cr_assert_eq(image_read(&i, 3, 65535, 125, &r), RC_RANGE);
    cr_assert_eq(image_read(&i, 4, 0, 1, &r), RC_RANGE);
}

Test(registers, requests_are_answered_or_refused_with_the_right_exception)
{
    struct image i = image_of("tq_em300_lr");
    uint8_t out[MODBUS_PDU_MAX];
    const uint8_t good[] = {3, 0, 62, 0, 2};
    const uint8_t outside[] = {3, 0, 146, 0, 1};
    const uint8_t none[] = {3, 0, 0, 0, 0};
    const uint8_t many[] = {3, 0, 0, 0, 126};
    const uint8_t shorter[] = {3, 0, 0, 0};
    const uint8_t writes[] = {6, 0, 0, 0, 1};
    cr_assert_eq(modbus_answer(&i, good, sizeof good, out), 6);
    cr_assert_eq(memcmp(out, (const uint8_t[]){3, 4, 0x00, 0x03, 0x81, 0xF4}, 6), 0);
    cr_assert_eq(modbus_answer(&i, outside, sizeof outside, out), 2);
    cr_assert(out[0] == 0x83 && out[1] == 2);
    cr_assert(modbus_answer(&i, none, sizeof none, out) == 2 && out[1] == 3);
    cr_assert(modbus_answer(&i, many, sizeof many, out) == 2 && out[1] == 3);
    cr_assert(modbus_answer(&i, shorter, sizeof shorter, out) == 2 && out[1] == 3);
    cr_assert(modbus_answer(&i, writes, sizeof writes, out) == 2 && out[0] == 0x86 && out[1] == 1);
}

Test(registers, tcp_frames_are_cut_and_strangers_recognised)
{
    uint8_t frame[] = {0, 1, 0, 0, 0, 6, 1, 3, 0, 0, 0, 2, 99};
    size_t len = 77;
    for (size_t n = 0; n < 12; n++) {
        cr_assert_eq(modbus_tcp_frame(frame, n, &len), RC_OK);
        cr_assert_eq(len, 0);
    }
    cr_assert_eq(modbus_tcp_frame(frame, 13, &len), RC_OK);
    cr_assert_eq(len, 12);
    frame[5] = 1;
    cr_assert_eq(modbus_tcp_frame(frame, 13, &len), RC_MALFORMED);
    frame[5] = 255;
    cr_assert_eq(modbus_tcp_frame(frame, 13, &len), RC_MALFORMED);
    frame[5] = 6;
    frame[3] = 1;
    cr_assert_eq(modbus_tcp_frame(frame, 13, &len), RC_MALFORMED);
}

Test(registers, the_crc_is_that_of_the_specification)
{
    const uint8_t request[] = {0x02, 0x07};
    cr_assert_eq(modbus_crc(request, 2), 0x1241); /* the example of the Modbus serial line guide: 41 12 on the wire */
}
