#include "client/shell/keep_file.h"

#include "common/os/log.h"

/* Record, little-endian: epoch (8), boot count (4), fallback (4), rise after (8), has fallback (1), kernel boot id (8); since 0.2 flags (2),
 * configuration's version (4) and limit (4), local limit (4), brightness (2), modes (1); zeroes. */
#define RECORD_LEN 64u
#define AT_BOOT_COUNT 8u
#define AT_FALLBACK 12u
#define AT_RISE_AFTER 16u
#define AT_HAS_FALLBACK 24u
#define AT_KERNEL_BOOT_ID 25u
#define AT_FLAGS 33u
#define AT_VERSION 35u
#define AT_CONFIG_MA 39u
#define AT_LOCAL_MA 43u
#define AT_BRIGHTNESS 47u
#define AT_MODES 49u
#define AT_END 50u

/* Places of the flags, and one more than the last. */
enum flag {
    FLAG_CONFIG,
    FLAG_AUTHORIZATION,
    FLAG_COMMISSIONED,
    FLAG_LOCAL,
    FLAG_BRIGHTNESS,
    FLAG_CARDS,
    FLAG_LEARN_MASTER,
    FLAG_WELDED,
    FLAG_UNSAFE,
    FLAG_N,
};

static void put_le(uint8_t *at, uint64_t value, unsigned len)
{
    for (unsigned i = 0; i < len; i++) {
        at[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint64_t get_le(const uint8_t *at, unsigned len)
{
    uint64_t value = 0;

    for (unsigned i = 0; i < len; i++) {
        value |= (uint64_t)at[i] << (8 * i);
    }
    return value;
}

static unsigned flags_of(const struct client_keep *k)
{
    const bool flags[FLAG_N] = {k->has_config, k->authorization, k->commissioned, k->has_local, k->has_brightness,
                                k->has_cards,  k->learn_master,  k->is_welded,    k->is_unsafe};
    unsigned all = 0;

    for (unsigned i = 0; i < FLAG_N; i++) {
        all |= flags[i] ? 1u << i : 0;
    }
    return all;
}

static void decode_rest(const uint8_t record[RECORD_LEN], struct client_keep *k)
{
    unsigned flags = (unsigned)get_le(record + AT_FLAGS, 2);

    k->has_config = (flags & 1u << FLAG_CONFIG) != 0;
    k->authorization = (flags & 1u << FLAG_AUTHORIZATION) != 0;
    k->commissioned = (flags & 1u << FLAG_COMMISSIONED) != 0;
    k->has_local = (flags & 1u << FLAG_LOCAL) != 0;
    k->has_brightness = (flags & 1u << FLAG_BRIGHTNESS) != 0;
    k->has_cards = (flags & 1u << FLAG_CARDS) != 0;
    k->learn_master = (flags & 1u << FLAG_LEARN_MASTER) != 0;
    k->is_welded = (flags & 1u << FLAG_WELDED) != 0;
    k->is_unsafe = (flags & 1u << FLAG_UNSAFE) != 0;
    k->config_version = (uint32_t)get_le(record + AT_VERSION, 4);
    k->config_ma = (int32_t)(uint32_t)get_le(record + AT_CONFIG_MA, 4);
    k->local_ma = (int32_t)(uint32_t)get_le(record + AT_LOCAL_MA, 4);
    k->brightness_permille = (int32_t)get_le(record + AT_BRIGHTNESS, 2);
    k->modes = record[AT_MODES];
}

/* RC_MALFORMED: a byte says something that this version does not know. */
static enum rc decode(const uint8_t record[RECORD_LEN], struct client_keep *out_keep, uint64_t *out_kernel_boot_id)
{
    if (record[AT_HAS_FALLBACK] > 1 || get_le(record + AT_FLAGS, 2) >> FLAG_N != 0) {
        return RC_MALFORMED;
    }
    for (unsigned i = AT_END; i < RECORD_LEN; i++) {
        if (record[i] != 0) {
            return RC_MALFORMED;
        }
    }
    *out_keep = (struct client_keep){.epoch = get_le(record, 8),
                                     .boot_count = (uint32_t)get_le(record + AT_BOOT_COUNT, 4),
                                     .fallback_ma = (int32_t)(uint32_t)get_le(record + AT_FALLBACK, 4),
                                     .rise_after_ms = (int64_t)get_le(record + AT_RISE_AFTER, 8),
                                     .has_fallback = record[AT_HAS_FALLBACK] == 1};
    decode_rest(record, out_keep);
    *out_kernel_boot_id = get_le(record + AT_KERNEL_BOOT_ID, 8);
    return RC_OK;
}

enum rc keep_file_open(struct keep_file *f, const char *path, struct client_keep *out_keep, uint64_t *out_kernel_boot_id)
{
    uint8_t record[RECORD_LEN];
    uint64_t seq = 0;
    enum rc rc;

    *f = (struct keep_file){.slot = {.fd = -1}};
    rc = slot_open(&f->slot, path, RECORD_LEN, record, &seq);
    if (rc != RC_OK) {
        return rc;
    }
    f->is_open = true;
    rc = decode(record, out_keep, out_kernel_boot_id); /* a new file is all zero, which says nothing was kept */
    if (rc != RC_OK) {
        log_err("state_file path=%s why=\"written by another version or damaged\"", path);
        keep_file_close(f);
    }
    return rc;
}

enum rc keep_file_write(struct keep_file *f, const struct client_keep *keep, uint64_t kernel_boot_id)
{
    uint8_t record[RECORD_LEN] = {0};

    put_le(record, keep->epoch, 8);
    put_le(record + AT_BOOT_COUNT, keep->boot_count, 4);
    put_le(record + AT_FALLBACK, (uint32_t)keep->fallback_ma, 4);
    put_le(record + AT_RISE_AFTER, (uint64_t)keep->rise_after_ms, 8);
    record[AT_HAS_FALLBACK] = keep->has_fallback ? 1 : 0;
    put_le(record + AT_KERNEL_BOOT_ID, kernel_boot_id, 8);
    put_le(record + AT_FLAGS, flags_of(keep), 2);
    put_le(record + AT_VERSION, keep->config_version, 4);
    put_le(record + AT_CONFIG_MA, (uint32_t)keep->config_ma, 4);
    put_le(record + AT_LOCAL_MA, (uint32_t)keep->local_ma, 4);
    put_le(record + AT_BRIGHTNESS, (uint64_t)(uint32_t)keep->brightness_permille, 2);
    record[AT_MODES] = keep->modes;
    return slot_write(&f->slot, record);
}

void keep_file_close(struct keep_file *f)
{
    if (f->is_open) {
        f->is_open = false;
        slot_close(&f->slot);
    }
}
