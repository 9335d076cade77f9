#include "manager/shell/driver_codes.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/base32.h"
#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/clock.h"
#include "common/os/log.h"

static void make(struct setup_code *out, const char *serial)
{
    *out = (struct setup_code){.given_utc_ms = 0};
    CHECK(text_copy(out->serial, sizeof out->serial, serial) == RC_OK);
    clock_random(out->code, sizeof out->code);
}

enum rc driver_codes_load(struct setup_codes *out, const char *dir, const struct site *site, char out_why[CODES_WHY_LEN])
{
    struct setup_codes *fresh = calloc(1, sizeof *fresh);
    enum rc rc = fresh != NULL ? codes_read_file(out, dir, DRIVER_CODES_FILE, out_why) : RC_IO;

    for (uint16_t i = 0; i < site->box_n && rc == RC_OK; i++) {
        if (codes_find(out, site->box[i].serial) == NULL) {
            make(&fresh->at[fresh->n++], site->box[i].serial);
        }
    }
    if (rc == RC_OK && fresh->n > 0) {
        rc = codes_put_file(dir, DRIVER_CODES_FILE, fresh, out_why);
        rc = rc == RC_OK ? codes_read_file(out, dir, DRIVER_CODES_FILE, out_why) : rc;
    }
    free(fresh);
    return rc;
}

enum rc driver_codes_open(struct setup_codes *out, const char *dir, const struct site *site)
{
    char why[CODES_WHY_LEN] = "no memory";
    enum rc rc = driver_codes_load(out, dir, site, why);

    if (rc != RC_OK) {
        log_err("driver_codes why=\"%s\"", why);
    }
    return rc;
}

enum rc driver_codes_renew(struct setup_code *out, const char *dir, const char *serial, char out_why[CODES_WHY_LEN])
{
    struct setup_codes *one = calloc(1, sizeof *one);
    enum rc rc = RC_IO;

    if (one != NULL) {
        one->n = 1;
        make(&one->at[0], serial);
        rc = codes_put_file(dir, DRIVER_CODES_FILE, one, out_why);
        *out = one->at[0];
    }
    free(one);
    return rc;
}

const char *driver_codes_find(const struct setup_codes *codes, const char *text)
{
    uint8_t code[SETUP_CODE_LEN];

    if (base32_read(text, code, sizeof code) != RC_OK) {
        return NULL;
    }
    for (uint16_t i = 0; i < codes->n; i++) {
        if (memcmp(codes->at[i].code, code, sizeof code) == 0) {
            return codes->at[i].serial;
        }
    }
    return NULL;
}
