#include "client/shell/board_modbus_map.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "common/base/text.h"
#include "common/base/units.h"

static const struct mb_map *const maps[] = {&mb_evse_wb_din, &mb_phoenix_charx};

const struct mb_map *mb_map_find(const char *id)
{
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++) {
        if (text_same(maps[i]->id, id)) {
            return maps[i];
        }
    }
    return NULL;
}

int32_t mb_rounded_ma(const struct mb_nature *n, int32_t pilot_ma)
{
    int32_t step_ma = n->is_fine ? 10 : 1000;

    return pilot_ma / step_ma * step_ma;
}

uint16_t mb_u16(const struct mb_regs *r, uint16_t address)
{
    for (uint8_t i = 0; i < r->n; i++) {
        if (address >= r->block[i].first && address - r->block[i].first < r->block[i].count) {
            return r->value[i][address - r->block[i].first];
        }
    }
    return 0;
}

int32_t mb_i32(const struct mb_regs *r, uint16_t address)
{
    return (int32_t)(((uint32_t)mb_u16(r, address) << 16) | mb_u16(r, (uint16_t)(address + 1)));
}

int64_t mb_i64(const struct mb_regs *r, uint16_t address)
{
    return (int64_t)(((uint64_t)(uint32_t)mb_i32(r, address) << 32) | (uint32_t)mb_i32(r, (uint16_t)(address + 2)));
}

/* SDM630, function 4, float32 with the high word first. */
#define SDM_VOLTAGE 0
#define SDM_CURRENT 6
#define SDM_POWER 12
#define SDM_COUNT 18
#define SDM_IMPORT 72 /* kWh */
#define VOLT_MOST 1000
#define AMPERE_MOST 1000
#define WATT_MOST 1000000
#define KWH_MOST 10000000

void mb_meter_blocks(struct mb_regs *out)
{
    out->n = 2;
    out->block[0] = (struct mb_block){.function = 4, .first = SDM_VOLTAGE, .count = SDM_COUNT};
    out->block[1] = (struct mb_block){.function = 4, .first = SDM_IMPORT, .count = 2};
}

/* A float of two registers in thousandths. RC_RANGE: no number, or beyond `most`. */
static enum rc thousandths(const struct mb_regs *r, int address, int32_t most, int64_t *out)
{
    uint32_t bits = (uint32_t)mb_i32(r, (uint16_t)address);
    float value;

    memcpy(&value, &bits, sizeof value);
    if (!isfinite(value) || value > (float)most || value < -(float)most) {
        return RC_RANGE;
    }
    *out = llround((double)value * 1000.0);
    return RC_OK;
}

enum rc mb_meter_decode(const struct mb_regs *r, struct mb_reading *out)
{
    int64_t value = 0;
    int64_t power_mw = 0;

    for (int p = 0; p < PHASE_N; p++) {
        if (thousandths(r, SDM_VOLTAGE + 2 * p, VOLT_MOST, &value) != RC_OK) {
            return RC_RANGE;
        }
        out->voltage_mv[p] = (int32_t)max_i64(0, value);
        if (thousandths(r, SDM_CURRENT + 2 * p, AMPERE_MOST, &value) != RC_OK) {
            return RC_RANGE;
        }
        out->current_ma[p] = (int32_t)(value < 0 ? -value : value);
        if (thousandths(r, SDM_POWER + 2 * p, WATT_MOST, &value) != RC_OK) {
            return RC_RANGE;
        }
        power_mw += value;
    }
    if (thousandths(r, SDM_IMPORT, KWH_MOST, &value) != RC_OK || value < 0) {
        return RC_RANGE;
    }
    out->energy_wh = value;
    out->power_w = (int32_t)max_i64(0, power_mw / 1000);
    out->has_meter = true;
    return RC_OK;
}
