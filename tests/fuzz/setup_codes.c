/* A table of setup codes on arbitrary bytes: what is refused is named without the code, what is accepted is bounded and well formed. */
#include "manager/shell/codes.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "tests/fuzz/fuzz.h"

#define GIVEN_UTC_MS 1790000000000

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct setup_codes codes;
    char why[CODES_WHY_LEN] = "";
    enum rc rc;

    codes.n = 0;
    rc = codes_add_csv(&codes, (const char *)data, size, GIVEN_UTC_MS, why);
    if (rc != RC_OK) {
        CHECK(rc == RC_RANGE);
        CHECK(strncmp(why, "line ", 5) == 0);
        return 0;
    }
    CHECK(codes.n > 0);
    CHECK(codes.n <= BOX_MAX);
    for (uint16_t i = 0; i < codes.n; i++) {
        CHECK(text_is_id(codes.at[i].serial));
        CHECK(codes.at[i].given_utc_ms >= GIVEN_UTC_MS);
        CHECK(codes_find(&codes, codes.at[i].serial) == &codes.at[i]); /* each serial number once */
    }
    return 0;
}
