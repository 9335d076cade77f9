#include "manager/shell/regmap_models.h"

#include <math.h>
#include <string.h>

#include <criterion/criterion.h>

#include "common/base/limits.h"
#include "common/base/units.h"

TestSuite(regmap, .timeout = 10);

static struct regmap_plan plan_of(const char *id)
{
    const struct regmap_model *model = regmap_find(id);

    cr_assert_not_null(model, "%s", id);
    return (struct regmap_plan){.map = model->map[0], .phases = PHASE_ALL};
}

static struct regmap_image whole_image(const struct regmap_plan *plan)
{
    struct regmap_image image = {0};

    for (uint16_t i = 0; i < plan->map->block_n; i++) {
        image.count[i] = plan->map->block[i].count;
    }
    return image;
}

static uint16_t *place(const struct regmap_plan *plan, struct regmap_image *image, uint16_t address)
{
    for (uint16_t i = 0; i < plan->map->block_n; i++) {
        const struct regmap_block *b = &plan->map->block[i];

        if (address >= b->start && address < b->start + b->count) {
            return &image->at[i][address - b->start];
        }
    }
    cr_assert_fail("address %u is in no block", (unsigned)address);
    return NULL;
}

static void put_u32(const struct regmap_plan *plan, struct regmap_image *image, uint16_t address, uint32_t value)
{
    uint16_t *at = place(plan, image, address);

    at[0] = (uint16_t)(value >> 16);
    at[1] = (uint16_t)value;
}

static void put_f32(const struct regmap_plan *plan, struct regmap_image *image, uint16_t address, float value)
{
    uint32_t bits;

    memcpy(&bits, &value, sizeof(bits));
    put_u32(plan, image, address, bits);
}

static enum rc decode(const struct regmap_plan *plan, const struct regmap_image *image, struct meter_sample *out)
{
    char why[REGMAP_TEXT_LEN] = "";
    enum rc rc = regmap_decode(plan, image, 77, out, why);

    cr_assert(rc == RC_OK || why[0] != '\0', "a refusal says why");
    return rc;
}

static void check_map(const struct regmap_map *map)
{
    const struct regmap_plan plan = {.map = map, .phases = PHASE_ALL};
    struct regmap_image image = whole_image(&plan);

    cr_assert(map->block_n >= 1 && map->block_n <= REGMAP_BLOCK_MAX);
    cr_assert_eq(map->block[0].kind, BLOCK_MAIN);
    for (uint16_t i = 0; i < map->block_n; i++) {
        cr_assert(map->block[i].function == 3 || map->block[i].function == 4);
        cr_assert(map->block[i].count >= 1 && map->block[i].count <= REGMAP_REGISTER_MAX);
        cr_assert(i == 0 || map->block[i].kind != BLOCK_MAIN);
    }
    for (uint16_t i = 0; i < map->point_n; i++) {
        const struct regmap_point *point = &map->point[i];

        cr_assert(point->quantity > QUANTITY_UNSET && point->quantity < QUANTITY_N);
        cr_assert(point->phase <= REGMAP_TOTAL);
        cr_assert(point->num != 0 && point->den > 0);
        (void)place(&plan, &image, point->address);
        (void)place(&plan, &image, (uint16_t)(point->address + regmap_type_n(point->type) - 1));
        cr_assert_eq(point->function, map->block[0].function, "a map of two functions could not be told apart by address");
    }
}

Test(regmap, every_row_of_every_model_makes_sense)
{
    size_t n;
    const struct regmap_model *const *models = regmap_models(&n);

    cr_assert_eq(n, 22);
    for (size_t m = 0; m < n; m++) {
        const struct regmap_model *model = models[m];

        cr_assert(strlen(model->id) + strlen(model->may_shift ? ".plus1.invert" : ".invert") < ID_LEN, "%s", model->id);
        cr_assert_eq(regmap_find(model->id), model);
        cr_assert(model->has_tcp || model->has_rtu);
        cr_assert_eq(model->baud == 0, model->parity == '\0');
        cr_assert(model->map_n >= 1);
        cr_assert(!model->is_sunspec || model->map_n == 2);
        for (uint16_t i = 0; i < model->map_n; i++) {
            check_map(model->map[i]);
        }
        for (uint16_t i = 0; i < model->probe_n; i++) {
            cr_assert_not_null(model->probe[i].map);
            cr_assert_eq(model->probe[i].kind == PROBE_TEXT, model->probe[i].text != NULL);
        }
        cr_assert(regmap_model_phases(model) != 0 || model->confidence == CONFIDENCE_LOW);
    }
}

Test(regmap, an_unknown_model_is_not_found)
{
    cr_assert_null(regmap_find(""));
    cr_assert_null(regmap_find("eastron_sdm63"));
    cr_assert_null(regmap_find("EASTRON_SDM630"));
}

static void chosen(const char *text, const char *id, int shift, bool is_inverted)
{
    struct regmap_choice c;
    const char *why = "";

    cr_assert_eq(regmap_choose(text, &c, &why), RC_OK, "%s: %s", text, why);
    cr_assert_str_eq(c.model->id, id);
    cr_assert_eq(c.shift, shift);
    cr_assert_eq(c.is_inverted, is_inverted);
}

static void not_chosen(const char *text, const char *words)
{
    struct regmap_choice c;
    const char *why = "";

    cr_assert_eq(regmap_choose(text, &c, &why), RC_RANGE, "%s", text);
    cr_assert_not_null(strstr(why, words), "%s: %s", text, why);
}

Test(regmap, a_choice_is_a_model_with_options)
{
    chosen("eastron_sdm630", "eastron_sdm630", 0, false);
    chosen("eastron_sdm630.invert", "eastron_sdm630", 0, true);
    chosen("siemens_7kt1665.plus1", "siemens_7kt1665", 1, false);
    chosen("siemens_7kt1665.minus1.invert", "siemens_7kt1665", -1, true);
    chosen("siemens_7kt1665.invert.plus1", "siemens_7kt1665", 1, true);
    not_chosen("", "no such meter model");
    not_chosen(".invert", "no such meter model");
    not_chosen("eastron_sdm630.plus1", "contradict");
    not_chosen("siemens_7kt1665.plus1.minus1", "behind the model");
    not_chosen("eastron_sdm630.invert.invert", "behind the model");
    not_chosen("eastron_sdm630.", "behind the model");
    not_chosen("siemens_7kt1665.plus2", "behind the model");
}

Test(regmap, all_registers_zero_is_a_sample_of_zeroes)
{
    size_t n;
    const struct regmap_model *const *models = regmap_models(&n);

    for (size_t m = 0; m < n; m++) {
        const struct regmap_plan plan = {.map = models[m]->map[0], .phases = PHASE_ALL};
        struct regmap_image image = whole_image(&plan);
        struct meter_sample s;

        cr_assert_eq(decode(&plan, &image, &s), RC_OK);
        cr_assert_eq(s.taken_ms, 77);
        cr_assert_eq(s.current_ma[2], 0);
        cr_assert_eq(s.voltage_mv[0], 0);
        cr_assert(s.import_wh == 0 || models[m]->is_sunspec || s.import_wh == -1);
        cr_assert_eq(s.factor_set & ~s.current_set, 0);
        cr_assert_neq(s.digest, 0);
    }
}

Test(regmap, an_em300_gives_its_values_and_export_makes_the_current_negative)
{
    const struct regmap_plan plan = plan_of("tq_em300_lr");
    struct regmap_image image = whole_image(&plan);
    struct meter_sample s;

    put_u32(&plan, &image, 0, 12345);  /* 1,234.5 W import over all */
    put_u32(&plan, &image, 26, 49987); /* mHz */
    put_u32(&plan, &image, 40, 23001); /* 2,300.1 W import on L1 */
    put_u32(&plan, &image, 60, 10000);
    put_u32(&plan, &image, 62, 230123);
    put_u32(&plan, &image, 82, 11509); /* 1,150.9 W export on L2 */
    put_u32(&plan, &image, 100, 5004);
    put_u32(&plan, &image, 102, 231000);
    put_u32(&plan, &image, 140, 17);
    put_u32(&plan, &image, 514, 99999); /* low half of 0.1 Wh */
    put_u32(&plan, &image, 516, 1);     /* high half: 2^32 * 0.1 Wh */
    cr_assert_eq(decode(&plan, &image, &s), RC_OK);
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
    const struct regmap_plan plan = plan_of("eastron_sdm630");
    struct regmap_image image = whole_image(&plan);
    struct meter_sample s;

    put_f32(&plan, &image, 0, 230.5f);
    put_f32(&plan, &image, 6, 10.0004f);
    put_f32(&plan, &image, 8, 16.0f);
    put_f32(&plan, &image, 12, 2300.2f);
    put_f32(&plan, &image, 14, -3680.5f);
    put_f32(&plan, &image, 52, -1380.25f);
    put_f32(&plan, &image, 70, 50.0f);
    put_f32(&plan, &image, 72, 12.5f);
    cr_assert_eq(decode(&plan, &image, &s), RC_OK);
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
    const struct regmap_plan plan = plan_of("eastron_sdm630");
    const float bad[] = {NAN, INFINITY, -INFINITY, 3.4e38f};

    for (size_t i = 0; i < 4; i++) {
        struct regmap_image image = whole_image(&plan);
        struct meter_sample s = {.taken_ms = 5};

        put_f32(&plan, &image, 8, bad[i]);
        cr_assert_eq(decode(&plan, &image, &s), RC_RANGE);
        cr_assert_eq(s.taken_ms, 5, "the output is untouched");
        put_f32(&plan, &image, 8, 1.0f);
        put_f32(&plan, &image, 14, bad[i]);
        cr_assert_eq(decode(&plan, &image, &s), RC_RANGE, "without power the direction is unknown");
        put_f32(&plan, &image, 14, 1.0f);
        put_f32(&plan, &image, 0, bad[i]);
        put_f32(&plan, &image, 72, bad[i]);
        cr_assert_eq(decode(&plan, &image, &s), RC_OK);
        cr_assert_eq(s.voltage_mv[0], 0);
        cr_assert_eq(s.import_wh, -1);
    }
}

Test(regmap, ranges_hold_at_their_edges)
{
    const struct regmap_plan plan = plan_of("tq_em300_lr");
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
        struct regmap_image image = whole_image(&plan);
        struct meter_sample s;

        put_u32(&plan, &image, cases[i].address, cases[i].raw);
        cr_assert_eq(decode(&plan, &image, &s), cases[i].rc, "register %u raw %u", (unsigned)cases[i].address, (unsigned)cases[i].raw);
    }
}

Test(regmap, a_counter_that_is_all_ones_is_not_measured)
{
    const struct regmap_plan plan = plan_of("tq_em300_lr");
    struct regmap_image image = whole_image(&plan);
    struct meter_sample s;

    memset(place(&plan, &image, 512), 0xFF, 8);
    cr_assert_eq(decode(&plan, &image, &s), RC_OK);
    cr_assert_eq(s.import_wh, -1);
    cr_assert_eq(s.export_wh, 0);
}

Test(regmap, a_main_block_that_came_short_or_not_at_all_is_refused)
{
    const struct regmap_plan plan = plan_of("tq_em300_lr");
    struct regmap_image image = whole_image(&plan);
    struct meter_sample s;

    image.count[0] = 0;
    cr_assert_eq(decode(&plan, &image, &s), RC_RANGE);
    image.count[0] = 101; /* current of L3 stands at 100 and 101 of the block */
    cr_assert_eq(decode(&plan, &image, &s), RC_RANGE);
    image.count[0] = 104;
    cr_assert_eq(decode(&plan, &image, &s), RC_OK);
}

Test(regmap, without_its_optional_blocks_a_meter_gives_the_sum_of_its_phases)
{
    const struct regmap_plan plan = plan_of("tq_em300_lr");
    struct regmap_image image = whole_image(&plan);
    struct meter_sample s;

    image.count[1] = 0;
    image.count[2] = 0;
    put_u32(&plan, &image, 40, 10000);
    put_u32(&plan, &image, 82, 30000);
    cr_assert_eq(decode(&plan, &image, &s), RC_OK);
    cr_assert_eq(s.power_total_w, 1000 - 3000);
    cr_assert_eq(s.frequency_mhz, 0);
    cr_assert_eq(s.import_wh, -1);
    cr_assert_eq(s.export_wh, -1);
}

/* A model of the test's own for what the real ones do not use yet. */
static const struct regmap_block odd_blocks[] = {{4, 100, 20, BLOCK_MAIN}};
static const struct regmap_point odd_points[] = {
    {QUANTITY_CURRENT, 0, 4, 100, TYPE_I16, ORDER_HIGH_FIRST, 1000, 1, 101, 0, false},
    {QUANTITY_VOLTAGE, 0, 4, 102, TYPE_I32, ORDER_LOW_FIRST, 100, 1, 0, 0, false},
    {QUANTITY_IMPORT, REGMAP_TOTAL, 4, 104, TYPE_F64, ORDER_HIGH_FIRST, 1, 1, 0, 0, false},
    {QUANTITY_EXPORT, REGMAP_TOTAL, 4, 108, TYPE_I32, ORDER_HIGH_FIRST, 1000, 1, 0, 0, false},
    {QUANTITY_EXPORT, REGMAP_TOTAL, 4, 110, TYPE_U16, ORDER_HIGH_FIRST, 1, 1, 0, 0, false},
    {QUANTITY_POWER, REGMAP_TOTAL, 4, 112, TYPE_I64, ORDER_LOW_FIRST, 1, 100, 0, 0, false},
};
static const struct regmap_map odd = {
    .sign = SIGN_OWN,
    .sentinels = SENTINEL_LOWEST | SENTINEL_HIGH_WORD | SENTINEL_ONES,
    .block_n = 1,
    .point_n = 6,
    .block = odd_blocks,
    .point = odd_points,
};
static const struct regmap_plan odd_plan = {.map = &odd, .phases = PHASE_ALL};

Test(regmap, exponents_word_orders_doubles_and_split_counters_are_rows_too)
{
    struct regmap_image image = whole_image(&odd_plan);
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
    cr_assert_eq(decode(&odd_plan, &image, &s), RC_OK);
    cr_assert_eq(s.current_ma[0], -12340);
    cr_assert_eq(s.current_ma[1], 0, "a phase that it does not have");
    cr_assert_eq(s.voltage_mv[0], 230500);
    cr_assert_eq(s.import_wh, 1234567);
    cr_assert_eq(s.export_wh, 7321);
    cr_assert_eq(s.power_total_w, -2);
}

Test(regmap, sentinels_and_impossible_exponents_are_no_values)
{
    struct regmap_image image = whole_image(&odd_plan);
    struct meter_sample s;

    image.at[0][0] = 0x8000;
    cr_assert_eq(decode(&odd_plan, &image, &s), RC_RANGE);
    image.at[0][0] = 1;
    image.at[0][1] = 11;
    cr_assert_eq(decode(&odd_plan, &image, &s), RC_RANGE);
    image.at[0][1] = 0x8000;
    cr_assert_eq(decode(&odd_plan, &image, &s), RC_RANGE);
    image.at[0][1] = 0;
    image.at[0][3] = 0x7FFF; /* overflow in the high register */
    image.at[0][10] = 0xFFFF;
    cr_assert_eq(decode(&odd_plan, &image, &s), RC_OK);
    cr_assert_eq(s.voltage_mv[0], 0);
    cr_assert_eq(s.export_wh, -1, "one bad part makes the sum bad");
}

Test(regmap, sixty_registers_at_9600_baud_take_139_ms)
{
    cr_assert_eq(regmap_wire_ms(60, 9600, false), 139);
    cr_assert_eq(regmap_wire_ms(60, 9600, true), 153);
    cr_assert_eq(regmap_wire_ms(60, 115200, false), 12);
}
