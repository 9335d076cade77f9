#include "manager/shell/transfer_prices.h"

#include <stdio.h>

#include "common/os/clock.h"
#include "manager/shell/tariff_json.h"

bool transfer_export_prices(struct history *h, json_t *json)
{
    struct db_tariff t;
    int64_t now_utc_ms = clock_utc_ms();
    enum rc rc = history_tariff_at(h, now_utc_ms != CLOCK_UNSET_UTC_MS ? now_utc_ms : INT64_MAX, &t);

    return rc == RC_MISSING || (rc == RC_OK && json_object_set_new(json, "tariff", tariff_write_json(&t.tariff)) == 0);
}

bool transfer_may_import_prices(const struct document *d, const char *file)
{
    if (!d->has_tariff || clock_utc_ms() != CLOCK_UNSET_UTC_MS) {
        return true;
    }
    (void)fprintf(stderr, "%s: tariff: the clock of this machine is not set, so that nobody knows from when on prices are valid\n", file);
    return false;
}
