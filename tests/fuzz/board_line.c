/* What a board says in JSON on arbitrary bytes: a reading within its ranges or none. */
#include "client/shell/board_json.h"

#include "common/base/check.h"
#include "common/base/units.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    json_t *json = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    struct board_sample s;

    if (json != NULL && board_json_sample(json, &s) == RC_OK) {
        CHECK(s.pilot > PILOT_UNSET && s.pilot < PILOT_N);
        CHECK(s.pilot_ma >= 0 && s.pilot_ma <= 80000);
        CHECK(s.faults_n <= FAULT_MAX);
        CHECK(s.energy_wh >= 0);
        for (int p = 0; p < PHASE_N; p++) {
            CHECK(s.current_ma[p] >= 0 && s.current_ma[p] <= MA_MAX);
            CHECK(s.voltage_mv[p] >= 0 && s.voltage_mv[p] <= MV_MAX);
        }
    }
    json_decref(json);
    return 0;
}
