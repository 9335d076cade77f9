#include "manager/shell/regmap.h"

#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include "common/base/units.h"

TestSuite(regmap, .timeout = 10);

static struct regmap_image whole_image(const struct regmap_model *model)
{
    struct regmap_image image = {0};

    for (uint16_t i = 0; i < model->block_n; i++) {
        image.count[i] = model->block[i].count;
    }
    return image;
}

static uint16_t *place(const struct regmap_model *model, struct regmap_image *image, uint16_t address)
{
    for (uint16_t i = 0; i < model->block_n; i++) {
        const struct regmap_block *b = &model->block[i];

        if (address >= b->start && address < b->start + b->count) {
            return &image->at[i][address - b->start];
        }
    }
    cr_assert_fail("address %u is in no block", (unsigned)address);
    return NULL;
}

static void put_u32(const struct regmap_model *model, struct regmap_image *image, uint16_t address, uint32_t value)
{
    uint16_t *at = place(model, image, address);

    at[0] = (uint16_t)(value >> 16);
    at[1] = (uint16_t)value;
}

static void put_f32(const struct regmap_model *model, struct regmap_image *image, uint16_t address, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    put_u32(model, image, address, bits);
}

static enum rc decode(const struct regmap_model *model, const struct regmap_image *image, struct meter_sample *out)
{
    char why[REGMAP_TEXT_LEN] = "";
    enum rc rc = regmap_decode(model, image, 77, out, why);

    cr_assert(rc == RC_OK || why[0] != '\0', "a refusal says why");
    return rc;
}

Test(regmap, every_row_of_every_model_makes_sense)
{
    size_t n;
    const struct regmap_model *models = regmap_models(&n);

    cr_assert_geq(n, 2);
    for (size_t m = 0; m < n; m++) {
        const struct regmap_model *model = &models[m];
        struct regmap_image image = whole_image(model);

        cr_assert(strlen(model->id) < ID_LEN);
        cr_assert_eq(regmap_find(model->id), model);
        cr_assert(model->has_tcp || model->has_rtu);
        cr_assert(!model->has_rtu || (model->baud >= 1200 && model->parity != 0));
        cr_assert(model->block_n >= 1 && model->block_n <= REGMAP_BLOCK_MAX);
        cr_assert_eq(model->block[0].kind, BLOCK_MAIN);
        for (uint16_t i = 0; i < model->block_n; i++) {
            cr_assert(model->block[i].function == 3 || model->block[i].function == 4);
            cr_assert(model->block[i].count >= 1 && model->block[i].count <= REGMAP_REGISTER_MAX);
            cr_assert(i == 0 || model->block[i].kind != BLOCK_MAIN);
        }
        for (uint16_t i = 0; i < model->point_n; i++) {
            cr_assert(model->point[i].quantity > QUANTITY_UNSET && model->point[i].quantity < QUANTITY_N);
            cr_assert(model->point[i].phase <= REGMAP_TOTAL);
            cr_assert(model->point[i].num != 0 && model->point[i].den > 0);
            (void)place(model, &image, model->point[i].address);
        }
        cr_assert(regmap_has_phase(model, 0));
    }
}

Test(regmap, an_unknown_model_is_not_found)
{
    cr_assert_null(regmap_find(""));
    cr_assert_null(regmap_find("eastron_sdm63"));
    cr_assert_null(regmap_find("EASTRON_SDM630"));
}

Test(regmap, all_registers_zero_is_a_sample_of_zeroes)
{
    size_t n;
    const struct regmap_model *models = regmap_models(&n);

    for (size_t m = 0; m < n; m++) {
        struct regmap_image image = whole_image(&models[m]);
        struct meter_sample s;

        cr_assert_eq(decode(&models[m], &image, &s), RC_OK);
        cr_assert_eq(s.taken_ms, 77);
        cr_assert_eq(s.current_ma[2], 0);
        cr_assert_eq(s.voltage_mv[0], 0);
        cr_assert_eq(s.import_wh, 0);
    }
}

Test(regmap, an_em300_gives_its_values_and_export_makes_the_current_negative)
{
    const struct regmap_model *model = regmap_find("tq_em300_lr");
    struct regmap_image image = whole_image(model);
    struct meter_sample s;

    put_u32(model, &image, 0, 12345);  /* 1,234.5 W import over all */
    put_u32(model, &image, 26, 49987); /* mHz */
    put_u32(model, &image, 40, 23001); /* 2,300.1 W import on L1 */
    put_u32(model, &image, 60, 10000);
    put_u32(model, &image, 62, 230123);
    put_u32(model, &image, 82, 11509); /* 1,150.9 W export on L2 */
    put_u32(model, &image, 100, 5004);
    put_u32(model, &image, 102, 231000);
    put_u32(model, &image, 140, 17);
    put_u32(model, &image, 514, 99999); /* low half of 0.1 Wh */
    put_u32(model, &image, 516, 1);     /* high half: 2^32 * 0.1 Wh */
    cr_assert_eq(decode(model, &image, &s), RC_OK);
    cr_assert_eq(s.current_ma[0], 10000);
    cr_assert_eq(s.current_ma[1], -5004);
    cr_assert_eq(s.current_ma[2], 17, "without power it counts as import");
    cr_assert_eq(s.power_w[0], 2301, "import is rounded up");
    cr_assert_eq(s.power_w[1], -1150, "export is rounded towards import");
    cr_assert_eq(s.power_total_w, 1235);
    cr_assert_eq(s.voltage_mv[0], 230123);
    cr_assert_eq(s.voltage_mv[2], 0);
    cr_assert_eq(s.frequency_mhz, 49987);
    cr_assert_eq(s.import_wh, 9999);
    cr_assert_eq(s.export_wh, 429496729600 / 1000, "429,496,729.6 Wh");
}

Test(regmap, an_sdm630_gives_its_values_and_negative_power_makes_the_current_negative)
{
    const struct regmap_model *model = regmap_find("eastron_sdm630");
    struct regmap_image image = whole_image(model);
    struct meter_sample s;

    put_f32(model, &image, 0, 230.5f);
    put_f32(model, &image, 6, 10.0004f);
    put_f32(model, &image, 8, 16.0f);
    put_f32(model, &image, 12, 2300.2f);
    put_f32(model, &image, 14, -3680.5f);
    put_f32(model, &image, 52, -1380.25f);
    put_f32(model, &image, 70, 50.0f);
    put_f32(model, &image, 72, 12.5f);
    cr_assert_eq(decode(model, &image, &s), RC_OK);
    cr_assert_eq(s.voltage_mv[0], 230500);
    cr_assert_eq(s.current_ma[0], 10001, "rounded up: better to overestimate a load");
    cr_assert_eq(s.current_ma[1], -16000);
    cr_assert_eq(s.power_w[0], 2301);
    cr_assert_eq(s.power_w[1], -3680);
    cr_assert_eq(s.power_total_w, -1380);
    cr_assert_eq(s.frequency_mhz, 50000);
    cr_assert_eq(s.import_wh, 12500);
    cr_assert_eq(s.export_wh, 0);
}

Test(regmap, what_is_no_number_refuses_a_current_but_only_blanks_a_voltage_or_counter)
{
    const struct regmap_model *model = regmap_find("eastron_sdm630");
    const float bad[] = {NAN, INFINITY, -INFINITY, 3.4e38f};

    for (size_t i = 0; i < 4; i++) {
        struct regmap_image image = whole_image(model);
        struct meter_sample s = {.taken_ms = 5};

        put_f32(model, &image, 8, bad[i]);
        cr_assert_eq(decode(model, &image, &s), RC_RANGE);
        cr_assert_eq(s.taken_ms, 5, "the output is untouched");
        put_f32(model, &image, 8, 1.0f);
        put_f32(model, &image, 14, bad[i]);
        cr_assert_eq(decode(model, &image, &s), RC_RANGE, "without power the direction is unknown");
        put_f32(model, &image, 14, 1.0f);
        put_f32(model, &image, 0, bad[i]);
        put_f32(model, &image, 72, bad[i]);
        cr_assert_eq(decode(model, &image, &s), RC_OK);
        cr_assert_eq(s.voltage_mv[0], 0);
        cr_assert_eq(s.import_wh, -1);
    }
}

Test(regmap, ranges_hold_at_their_edges)
{
    const struct regmap_model *model = regmap_find("tq_em300_lr");
    static const struct {
        uint16_t address;
        uint32_t raw;
        enum rc rc;
    } cases[] = {
        {60, MA_MAX, RC_OK},     {60, MA_MAX + 1, RC_RANGE}, {60, UINT32_MAX, RC_RANGE}, {62, 49999, RC_RANGE},
        {62, 50000, RC_OK},      {62, 500000, RC_OK},        {62, 500001, RC_RANGE},     {40, 5000000, RC_OK},
        {40, 5000001, RC_RANGE}, {42, 5000009, RC_OK},       {42, 5000010, RC_RANGE},    {26, 39999, RC_RANGE},
        {26, 40000, RC_OK},      {26, 70000, RC_OK},         {26, 70001, RC_RANGE},      {0, UINT32_MAX, RC_RANGE},
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct regmap_image image = whole_image(model);
        struct meter_sample s;

        put_u32(model, &image, cases[i].address, cases[i].raw);
        cr_assert_eq(decode(model, &image, &s), cases[i].rc, "register %u raw %u", (unsigned)cases[i].address, (unsigned)cases[i].raw);
    }
}

Test(regmap, a_counter_that_is_all_ones_is_not_measured)
{
    const struct regmap_model *model = regmap_find("tq_em300_lr");
    struct regmap_image image = whole_image(model);
    struct meter_sample s;

    memset(place(model, &image, 512), 0xFF, 8);
    cr_assert_eq(decode(model, &image, &s), RC_OK);
    cr_assert_eq(s.import_wh, -1);
    cr_assert_eq(s.export_wh, 0);
}

Test(regmap, a_main_block_that_came_short_or_not_at_all_is_refused)
{
    const struct regmap_model *model = regmap_find("tq_em300_lr");
    struct regmap_image image = whole_image(model);
    struct meter_sample s;

    image.count[0] = 0;
    cr_assert_eq(decode(model, &image, &s), RC_RANGE);
    image.count[0] = 101; /* current of L3 stands at 100 and 101 of the block */
    cr_assert_eq(decode(model, &image, &s), RC_RANGE);
    image.count[0] = 104;
    cr_assert_eq(decode(model, &image, &s), RC_OK);
}

Test(regmap, without_its_optional_blocks_a_meter_gives_the_sum_of_its_phases)
{
    const struct regmap_model *model = regmap_find("tq_em300_lr");
    struct regmap_image image = whole_image(model);
    struct meter_sample s;

    image.count[1] = 0;
    image.count[2] = 0;
    put_u32(model, &image, 40, 10000);
    put_u32(model, &image, 82, 30000);
    cr_assert_eq(decode(model, &image, &s), RC_OK);
    cr_assert_eq(s.power_total_w, 1000 - 3000);
    cr_assert_eq(s.frequency_mhz, 0);
    cr_assert_eq(s.import_wh, -1);
    cr_assert_eq(s.export_wh, -1);
}

/* A model of the test's own for what the real ones do not use yet. */
static const struct regmap_block odd_blocks[] = {{4, 100, 20, BLOCK_MAIN}};
static const struct regmap_point odd_points[] = {
    {QUANTITY_CURRENT, 0, 4, 100, TYPE_I16, ORDER_HIGH_FIRST, 1000, 1, 101},
    {QUANTITY_VOLTAGE, 0, 4, 102, TYPE_I32, ORDER_LOW_FIRST, 100, 1, REGMAP_NO_EXPONENT},
    {QUANTITY_IMPORT, REGMAP_TOTAL, 4, 104, TYPE_F64, ORDER_HIGH_FIRST, 1, 1, REGMAP_NO_EXPONENT},
    {QUANTITY_EXPORT, REGMAP_TOTAL, 4, 108, TYPE_I32, ORDER_HIGH_FIRST, 1000, 1, REGMAP_NO_EXPONENT},
    {QUANTITY_EXPORT, REGMAP_TOTAL, 4, 110, TYPE_U16, ORDER_HIGH_FIRST, 1, 1, REGMAP_NO_EXPONENT},
    {QUANTITY_POWER, REGMAP_TOTAL, 4, 112, TYPE_I64, ORDER_LOW_FIRST, 1, 100, REGMAP_NO_EXPONENT},
};
static const struct regmap_model odd = {
    .id = "odd",
    .sign = SIGN_OWN,
    .sentinels = SENTINEL_LOWEST | SENTINEL_HIGH_WORD | SENTINEL_ONES,
    .block_n = 1,
    .point_n = 6,
    .block = odd_blocks,
    .point = odd_points,
};

Test(regmap, exponents_word_orders_doubles_and_split_counters_are_rows_too)
{
    struct regmap_image image = whole_image(&odd);
    struct meter_sample s;
    double wh = 1234567.9;
    uint64_t bits;

    image.at[0][0] = (uint16_t)-1234;
    image.at[0][1] = (uint16_t)-2; /* -12.34 A */
    image.at[0][2] = 2305;         /* low register first: 230.5 V */
    memcpy(&bits, &wh, sizeof(bits));
    for (int i = 0; i < 4; i++) {
        image.at[0][4 + i] = (uint16_t)(bits >> (48 - 16 * i));
    }
    image.at[0][9] = 7;
    image.at[0][10] = 321; /* 7 kWh and 321 Wh */
    image.at[0][12] = (uint16_t)-250;
    image.at[0][13] = image.at[0][14] = image.at[0][15] = 0xFFFF; /* -2.50 W */
    cr_assert_eq(decode(&odd, &image, &s), RC_OK);
    cr_assert_eq(s.current_ma[0], -12340);
    cr_assert_eq(s.current_ma[1], 0, "a phase that it does not have");
    cr_assert_eq(s.voltage_mv[0], 230500);
    cr_assert_eq(s.import_wh, 1234567);
    cr_assert_eq(s.export_wh, 7321);
    cr_assert_eq(s.power_total_w, -2);
}

Test(regmap, sentinels_and_impossible_exponents_are_no_values)
{
    struct regmap_image image = whole_image(&odd);
    struct meter_sample s;

    image.at[0][0] = 0x8000;
    cr_assert_eq(decode(&odd, &image, &s), RC_RANGE);
    image.at[0][0] = 1;
    image.at[0][1] = 11;
    cr_assert_eq(decode(&odd, &image, &s), RC_RANGE);
    image.at[0][1] = 0x8000;
    cr_assert_eq(decode(&odd, &image, &s), RC_RANGE);
    image.at[0][1] = 0;
    image.at[0][3] = 0x7FFF; /* overflow in the high register */
    image.at[0][10] = 0xFFFF;
    cr_assert_eq(decode(&odd, &image, &s), RC_OK);
    cr_assert_eq(s.voltage_mv[0], 0);
    cr_assert_eq(s.export_wh, -1, "one bad part makes the sum bad");
}

Test(regmap, sixty_registers_at_9600_baud_take_139_ms)
{
    const struct regmap_block block = {4, 0, 60, BLOCK_MAIN};

    cr_assert_eq(regmap_wire_ms(&block, 9600, false), 139);
    cr_assert_eq(regmap_wire_ms(&block, 9600, true), 153);
    cr_assert_eq(regmap_wire_ms(&block, 115200, false), 12);
}
