/* A charge controller on Modbus, and its meter, that answer anything: their registers become a reading within its ranges or none. */
#include "client/shell/board_modbus_map.h"
#include "common/base/check.h"
#include "common/base/limits.h"
#include "common/base/units.h"
#include "tests/fuzz/fuzz.h"

static void fill(struct fuzz_bytes *b, struct mb_regs *r)
{
    CHECK(r->n <= MB_BLOCK_MAX);
    for (uint8_t i = 0; i < r->n; i++) {
        CHECK(r->block[i].count <= MB_COUNT_MAX);
        for (uint16_t k = 0; k < r->block[i].count; k++) {
            r->value[i][k] = fuzz_u16(b);
        }
    }
}

static void check_figures(const struct mb_reading *r)
{
    CHECK(r->energy_wh >= 0);
    for (int p = 0; p < PHASE_N; p++) {
        CHECK(r->current_ma[p] >= 0 && r->current_ma[p] <= MA_MAX);
        CHECK(r->voltage_mv[p] >= 0 && r->voltage_mv[p] <= MV_MAX);
    }
}

static void offer(const struct mb_map *map, const struct mb_nature *nature, int32_t pilot_ma)
{
    struct mb_write w = map->offer(nature, pilot_ma);
    struct mb_write hold = map->hold_off != NULL ? map->hold_off(pilot_ma == 0) : (struct mb_write){0};

    CHECK(w.count >= 1 && w.count <= MB_WRITE_MAX);
    CHECK(hold.count <= MB_WRITE_MAX);
    CHECK(mb_rounded_ma(nature, pilot_ma) <= pilot_ma);
}

static void attach(struct fuzz_bytes *b, const struct mb_map *map)
{
    struct mb_regs regs = {0};
    struct mb_nature nature = {0};
    struct mb_reading reading = {0};

    for (int i = 0; i < 2; i++) {
        if (map->nature[i].count > 0) {
            regs.block[regs.n] = map->nature[i];
            regs.n++;
        }
    }
    fill(b, &regs);
    if (map->learn(&regs, &nature) != RC_OK) {
        return;
    }
    map->blocks(&nature, &regs);
    fill(b, &regs);
    if (map->decode(&nature, &regs, &reading) == RC_OK) {
        CHECK(reading.pilot > PILOT_UNSET && reading.pilot < PILOT_N);
        CHECK(reading.cable_ma >= 0);
        if (reading.has_meter) {
            check_figures(&reading);
        }
    }
    offer(map, &nature, 0);
    offer(map, &nature, 6000 + fuzz_u16(b) % 74001);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_bytes b = {.at = data, .left = size};
    struct mb_regs regs = {0};
    struct mb_reading meter = {0};
    uint8_t which = fuzz_u8(&b) % 3;

    if (which < 2) {
        attach(&b, which == 0 ? &mb_evse_wb_din : &mb_phoenix_charx);
        return 0;
    }
    mb_meter_blocks(&regs);
    fill(&b, &regs);
    if (mb_meter_decode(&regs, &meter) == RC_OK) {
        check_figures(&meter);
    }
    return 0;
}
