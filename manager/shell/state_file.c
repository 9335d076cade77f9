#include "manager/shell/state_file.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/log.h"

/* Record, little-endian: version (4), box count (4), epoch (8), longest lease (7), bits about rivals (1), then per wallbox its serial padded
 * with zeroes (32), its fallback plus 1, 0 none (3), and bits (1). Version 1 had no bits and the plain fallback in four bytes. */
#define STATE_VERSION 2u
#define STATE_VERSION_PLAIN 1u
#define STATE_FOREIGN 1u
#define STATE_FENCED 2u
#define STATE_UNWATCHED 1u
#define STATE_HEAD_LEN 24u
#define STATE_SERIAL_LEN 32u
#define STATE_BOX_LEN 36u
#define STATE_RECORD_LEN (STATE_HEAD_LEN + STATE_BOX_LEN * BOX_MAX)

_Static_assert(SERIAL_LEN == STATE_SERIAL_LEN + 1, "a serial fits its place in the record");
_Static_assert(STATE_RECORD_LEN <= 65536, "a slot holds the record");

static void put_bytes(uint8_t *at, uint64_t value, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint64_t get_bytes(const uint8_t *at, unsigned len)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < len; i++) {
        value |= (uint64_t)at[i] << (8 * i);
    }
    return value;
}

static void encode(struct state_file *f)
{
    memset(f->record, 0, STATE_RECORD_LEN);
    put_bytes(f->record, STATE_VERSION, 4);
    put_bytes(f->record + 4, f->box_n, 4);
    put_bytes(f->record + 8, f->epoch, 8);
    put_bytes(f->record + 16, (uint64_t)f->longest_lease_ms, 7);
    f->record[23] = (uint8_t)((f->is_foreign ? STATE_FOREIGN : 0) | (f->is_fenced ? STATE_FENCED : 0));
    for (uint16_t i = 0; i < f->box_n; i++) {
        uint8_t *at = f->record + STATE_HEAD_LEN + STATE_BOX_LEN * i;

        memcpy(at, f->box[i].serial, STATE_SERIAL_LEN);
        put_bytes(at + STATE_SERIAL_LEN, (uint32_t)(f->box[i].fallback_ma + 1), 3);
        at[STATE_SERIAL_LEN + 3] = f->box[i].is_unwatched ? STATE_UNWATCHED : 0;
    }
}

/* RC_MALFORMED when the record is of another version or says impossible things. */
static enum rc decode(struct state_file *f)
{
    uint64_t version = get_bytes(f->record, 4);
    uint64_t box_n = get_bytes(f->record + 4, 4);

    if ((version != STATE_VERSION && version != STATE_VERSION_PLAIN) || box_n > BOX_MAX) {
        return RC_MALFORMED;
    }
    f->epoch = get_bytes(f->record + 8, 8);
    f->longest_lease_ms = (int64_t)get_bytes(f->record + 16, 7);
    f->is_foreign = (f->record[23] & STATE_FOREIGN) != 0;
    f->is_fenced = (f->record[23] & STATE_FENCED) != 0;
    f->box_n = (uint16_t)box_n;
    if (f->longest_lease_ms < 0 || f->longest_lease_ms > 60000) {
        return RC_MALFORMED;
    }
    for (uint16_t i = 0; i < f->box_n; i++) {
        const uint8_t *at = f->record + STATE_HEAD_LEN + STATE_BOX_LEN * i;

        memcpy(f->box[i].serial, at, STATE_SERIAL_LEN);
        f->box[i].serial[STATE_SERIAL_LEN] = '\0';
        if (version == STATE_VERSION) {
            f->box[i].fallback_ma = (int32_t)get_bytes(at + STATE_SERIAL_LEN, 3) - 1;
            f->box[i].is_unwatched = (at[STATE_SERIAL_LEN + 3] & STATE_UNWATCHED) != 0;
        } else {
            f->box[i].fallback_ma = (int32_t)(uint32_t)get_bytes(at + STATE_SERIAL_LEN, 4);
        }
        if (!text_is_id(f->box[i].serial) || f->box[i].fallback_ma < MA_UNSET || f->box[i].fallback_ma > 80000) {
            return RC_MALFORMED;
        }
    }
    return RC_OK;
}

enum rc state_file_open(struct state_file *f, const char *path)
{
    uint64_t seq = 0;
    enum rc rc;

    *f = (struct state_file){.slot = {.fd = -1}};
    f->record = calloc(1, STATE_RECORD_LEN);
    if (f->record == NULL) {
        log_err("state_file path=%s why=\"no memory\"", path);
        return RC_IO;
    }
    rc = slot_open(&f->slot, path, STATE_RECORD_LEN, f->record, &seq);
    if (rc != RC_OK) {
        free(f->record);
        f->record = NULL;
        return rc;
    }
    f->is_open = true;
    if (seq > 0 && decode(f) != RC_OK) {
        log_err("state_file path=%s why=\"written by another version or damaged\"", path);
        state_file_close(f);
        return RC_MALFORMED;
    }
    return RC_OK;
}

void state_file_epoch(struct state_file *f, uint64_t epoch, int64_t longest_lease_ms, bool is_foreign, bool is_fenced)
{
    f->is_foreign = is_foreign;
    f->is_fenced = is_fenced;
    f->epoch = epoch;
    f->longest_lease_ms = longest_lease_ms;
}

static struct state_box *find(struct state_file *f, const char *serial)
{
    for (uint16_t i = 0; i < f->box_n; i++) {
        if (text_same(f->box[i].serial, serial)) {
            return &f->box[i];
        }
    }
    return NULL;
}

enum rc state_file_box(struct state_file *f, const char *serial, int32_t fallback_ma, bool is_unwatched)
{
    struct state_box *box = find(f, serial);

    CHECK(text_is_id(serial));
    CHECK(fallback_ma >= MA_UNSET);
    if (box == NULL && f->box_n == BOX_MAX) {
        return RC_FULL;
    }
    if (box == NULL) {
        box = &f->box[f->box_n++];
        *box = (struct state_box){0};
        memcpy(box->serial, serial, strlen(serial));
    }
    box->fallback_ma = fallback_ma;
    box->is_unwatched = is_unwatched;
    return RC_OK;
}

void state_file_keep(struct state_file *f, const struct site *site)
{
    uint16_t kept_n = 0;
    uint16_t unused;

    for (uint16_t i = 0; i < f->box_n; i++) {
        if (site_box_find(site, f->box[i].serial, &unused) == RC_OK) {
            f->box[kept_n++] = f->box[i];
        }
    }
    f->box_n = kept_n;
}

void state_file_known(const struct state_file *f, const struct site *site, struct mev_known *out)
{
    for (uint16_t i = 0; i < site->box_n; i++) {
        out[i] = (struct mev_known){.fallback_ma = MA_UNSET};
    }
    for (uint16_t i = 0; i < f->box_n; i++) {
        uint16_t box;

        if (site_box_find(site, f->box[i].serial, &box) == RC_OK) {
            out[box] = (struct mev_known){.fallback_ma = f->box[i].fallback_ma, .has_met = true, .is_unwatched = f->box[i].is_unwatched};
        }
    }
}

enum rc state_file_write(struct state_file *f)
{
    encode(f);
    return slot_write(&f->slot, f->record);
}

void state_file_close(struct state_file *f)
{
    if (f->is_open) {
        slot_close(&f->slot);
    }
    free(f->record);
    f->record = NULL;
    f->is_open = false;
}
