/* Addresses of meters on arbitrary bytes: what is accepted is within its ranges and can be described. */
#include "manager/shell/bus_address.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct bus_address a = {0};
    const char *why = NULL;
    char shown[64];
    char *text = malloc(size + 1);

    CHECK(text != NULL);
    memcpy(text, data, size);
    text[size] = '\0';
    if (bus_address_parse(text, &a, &why) == RC_OK) {
        CHECK(a.kind == BUS_TCP || a.kind == BUS_RTU);
        CHECK(a.place[0] != '\0');
        CHECK(a.kind != BUS_TCP || (a.port >= 1 && (a.unit <= 247 || a.unit == 255)));
        CHECK(a.kind != BUS_RTU || (a.baud >= 1200 && a.baud <= 115200 && strchr("NEO", a.parity) != NULL && a.unit >= 1 && a.unit <= 247));
        bus_address_describe(&a, shown, sizeof shown);
        CHECK(strlen(shown) < sizeof shown);
        CHECK(bus_address_shares_line(&a, &a));
    } else {
        CHECK(why != NULL);
    }
    free(text);
    return 0;
}
