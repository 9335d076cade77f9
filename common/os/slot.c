/* Layout of the file. Integers are little-endian. Header and slots each begin at a multiple of 4,096 bytes, so that a torn write of one
 * never touches a sector of another.
 *
 *   header, at 0           magic "WBSLOT\r\n", u32 version 1, u32 record_len, u32 CRC-32 of the 16 bytes before. Never written again.
 *   slot i (0 or 1)        u64 seq, u32 CRC-32 of seq and record, record. At 4096 * (1 + i * ceil((12 + record_len) / 4096)).
 *
 * A record with seq n lies in slot n mod 2, so the next write always meets the older one. Both slots of a new file hold seq 0 and zeroes:
 * "none yet". A new file is made under another name, filled, synced and renamed, so a half-made one is never found.
 */
#include "common/os/slot.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <uv.h>

#include "common/base/check.h"
#include "common/os/log.h"

#define BLOCK_LEN 4096u
#define RECORD_MAX 65536u
#define HEADER_LEN 20u
#define SLOT_HEAD_LEN 12u
#define SLOTS_N 2u
#define VERSION 1u

static const uint8_t magic[8] = {'W', 'B', 'S', 'L', 'O', 'T', '\r', '\n'};

static const char *errno_text(int err)
{
    return uv_strerror(uv_translate_sys_error(err));
}

static void put_le(uint8_t *out, uint64_t value, int bytes_n)
{
    for (int i = 0; i < bytes_n; i++) {
        out[i] = (uint8_t)(value >> (8 * i));
    }
}

static uint64_t get_le(const uint8_t *in, int bytes_n)
{
    uint64_t value = 0;

    for (int i = 0; i < bytes_n; i++) {
        value |= (uint64_t)in[i] << (8 * i);
    }
    return value;
}

/* CRC-32 (IEEE 802.3, reflected), half a byte at a time; continued by passing the last result. */
static uint32_t crc32_add(uint32_t crc, const uint8_t *bytes, size_t len)
{
    static const uint32_t table[16] = {0x00000000, 0x1DB71064, 0x3B6E20C8, 0x26D930AC, 0x76DC4190, 0x6B6B51F4, 0x4DB26158, 0x5005713C,
                                       0xEDB88320, 0xF00F9344, 0xD6D6A3E8, 0xCB61B38C, 0x9B64C2B0, 0x86D3D2D4, 0xA00AE278, 0xBDBDF21C};

    crc = ~crc;
    for (size_t i = 0; i < len; i++) {
        crc = (crc >> 4) ^ table[(crc ^ bytes[i]) & 15u];
        crc = (crc >> 4) ^ table[(crc ^ (uint32_t)(bytes[i] >> 4)) & 15u];
    }
    return ~crc;
}

static size_t slot_len(uint32_t record_len)
{
    return SLOT_HEAD_LEN + record_len;
}

static size_t slot_at(uint32_t record_len, uint64_t index)
{
    size_t blocks_n = (slot_len(record_len) + BLOCK_LEN - 1) / BLOCK_LEN;

    return BLOCK_LEN * (1 + (size_t)index * blocks_n);
}

static void fill_slot(uint8_t *slot, uint64_t seq, const uint8_t *record, uint32_t record_len)
{
    uint32_t crc;

    put_le(slot, seq, 8);
    memcpy(slot + SLOT_HEAD_LEN, record, record_len);
    crc = crc32_add(crc32_add(0, slot, 8), record, record_len);
    put_le(slot + 8, crc, 4);
}

/* 0, or the error. */
static int write_all(int fd, const uint8_t *bytes, size_t len, size_t at)
{
    size_t have = 0;

    while (have < len) {
        ssize_t n = pwrite(fd, bytes + have, len - have, (off_t)(at + have));

        if (n > 0) {
            have += (size_t)n;
        } else if (n == 0) {
            return EIO;
        } else if (errno != EINTR) {
            return errno;
        }
    }
    return 0;
}

/* True when all `len` bytes are there. */
static bool read_all(int fd, uint8_t *bytes, size_t len, size_t at)
{
    size_t have = 0;

    while (have < len) {
        ssize_t n = pread(fd, bytes + have, len - have, (off_t)(at + have));

        if (n > 0) {
            have += (size_t)n;
        } else if (n == 0 || errno != EINTR) {
            return false;
        }
    }
    return true;
}

/* Make the name of a file in `path`'s directory durable. */
static int sync_parent(const char *path)
{
    char dir[PATH_MAX];
    const char *slash = strrchr(path, '/');
    size_t len = slash == NULL ? 1 : (size_t)(slash - path);
    int err = 0;
    int fd;

    if (len >= sizeof dir) {
        return ENAMETOOLONG;
    }
    memcpy(dir, slash == NULL ? "." : path, len);
    dir[len] = '\0';
    fd = open(len == 0 ? "/" : dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return errno;
    }
    if (fsync(fd) != 0) {
        err = errno;
    }
    close(fd);
    return err;
}

/* The whole content of a new file; it is written and not only reserved, so that later overwriting changes no metadata. */
static uint8_t *new_image(uint32_t record_len, size_t *out_len)
{
    size_t len = slot_at(record_len, SLOTS_N);
    uint8_t *image = calloc(1, len);

    if (image == NULL) {
        return NULL;
    }
    memcpy(image, magic, sizeof magic);
    put_le(image + 8, VERSION, 4);
    put_le(image + 12, record_len, 4);
    put_le(image + 16, crc32_add(0, image, 16), 4);
    for (uint64_t i = 0; i < SLOTS_N; i++) {
        uint8_t *slot = image + slot_at(record_len, i);
        uint32_t crc = crc32_add(0, slot, 8);

        put_le(slot + 8, crc32_add(crc, slot + SLOT_HEAD_LEN, record_len), 4);
    }
    *out_len = len;
    return image;
}

static int write_new(const char *path, const uint8_t *image, size_t len)
{
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    int err;

    if (fd < 0) {
        return errno;
    }
    err = posix_fallocate(fd, 0, (off_t)len);
    if (err == 0) {
        err = write_all(fd, image, len, 0);
    }
    if (err == 0 && fsync(fd) != 0) {
        err = errno;
    }
    close(fd);
    return err;
}

/* 0, or the error; then there is no file. */
static int create(const char *path, uint32_t record_len)
{
    char fresh[PATH_MAX];
    size_t len;
    uint8_t *image;
    int n = snprintf(fresh, sizeof fresh, "%s.new", path);
    int err;

    if (n < 0 || (size_t)n >= sizeof fresh) {
        return ENAMETOOLONG;
    }
    image = new_image(record_len, &len);
    if (image == NULL) {
        return ENOMEM;
    }
    err = write_new(fresh, image, len);
    free(image);
    if (err == 0 && rename(fresh, path) != 0) {
        err = errno;
    }
    if (err != 0) {
        (void)unlink(fresh); /* it would be overwritten by the next attempt anyway */
        return err;
    }
    return sync_parent(path);
}

static int open_or_create(const char *path, uint32_t record_len, int *out_fd)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);
    int err;

    if (fd < 0 && errno == ENOENT) {
        err = create(path, record_len);
        if (err != 0) {
            return err;
        }
        fd = open(path, O_RDWR | O_CLOEXEC);
    }
    if (fd < 0) {
        return errno;
    }
    *out_fd = fd;
    return 0;
}

/* NULL, or what is wrong with the header. */
static const char *header_fault(int fd, uint32_t record_len)
{
    uint8_t header[HEADER_LEN];

    if (!read_all(fd, header, sizeof header, 0) || memcmp(header, magic, sizeof magic) != 0 || get_le(header + 16, 4) != crc32_add(0, header, 16)) {
        return "header damaged or not such a file";
    }
    if (get_le(header + 8, 4) != VERSION) {
        return "another version";
    }
    return get_le(header + 12, 4) == record_len ? NULL : "another record length";
}

/* Slot `index` into the buffer; false when it is damaged. */
static bool read_slot(struct slot *s, uint64_t index)
{
    uint64_t seq;
    uint32_t crc;

    if (!read_all(s->fd, s->buffer, slot_len(s->record_len), slot_at(s->record_len, index))) {
        return false;
    }
    seq = get_le(s->buffer, 8);
    crc = crc32_add(crc32_add(0, s->buffer, 8), s->buffer + SLOT_HEAD_LEN, s->record_len);
    return crc == get_le(s->buffer + 8, 4) && (seq == 0 || seq % SLOTS_N == index);
}

/* Newest good record to out; false when there is none, then out is untouched. */
static bool read_newest(struct slot *s, const char *path, uint8_t *out)
{
    bool has_any = false;

    for (uint64_t i = 0; i < SLOTS_N; i++) {
        uint64_t seq;

        if (!read_slot(s, i)) {
            log_warn("slot_damaged path=%s slot=%u", path, (unsigned)i); /* a power cut during the last write, most likely */
            continue;
        }
        seq = get_le(s->buffer, 8);
        if (!has_any || seq > s->seq) {
            s->seq = seq;
            memcpy(out, s->buffer + SLOT_HEAD_LEN, s->record_len);
        }
        has_any = true;
    }
    return has_any;
}

enum rc slot_open(struct slot *s, const char *path, uint32_t record_len, uint8_t *out, uint64_t *out_seq)
{
    const char *fault;
    int err;

    CHECK(record_len > 0);
    CHECK(record_len <= RECORD_MAX);
    *s = (struct slot){.fd = -1, .record_len = record_len};
    err = open_or_create(path, record_len, &s->fd);
    if (err != 0) {
        log_err("slot path=%s why=\"%s\"", path, errno_text(err));
        return RC_IO;
    }
    s->buffer = malloc(slot_len(record_len));
    if (s->buffer == NULL) {
        log_err("slot path=%s why=\"no memory\"", path);
        slot_close(s);
        return RC_IO;
    }
    fault = header_fault(s->fd, record_len);
    if (fault == NULL && !read_newest(s, path, out)) {
        fault = "both slots are damaged";
    }
    if (fault != NULL) {
        log_err("slot path=%s why=\"%s\"", path, fault);
        slot_close(s);
        return RC_MALFORMED;
    }
    *out_seq = s->seq;
    return RC_OK;
}

enum rc slot_write(struct slot *s, const uint8_t *record)
{
    uint64_t seq = s->seq + 1;
    int err;

    CHECK(s->fd >= 0);
    fill_slot(s->buffer, seq, record, s->record_len);
    err = write_all(s->fd, s->buffer, slot_len(s->record_len), slot_at(s->record_len, seq % SLOTS_N));
    if (err == 0 && fdatasync(s->fd) != 0) {
        err = errno;
    }
    if (err != 0) {
        log_err("slot_write seq=%llu why=\"%s\"", (unsigned long long)seq, errno_text(err));
        return RC_IO;
    }
    s->seq = seq;
    return RC_OK;
}

void slot_close(struct slot *s)
{
    if (s->fd >= 0 && s->record_len > 0) { /* a zeroed slot was never open */
        close(s->fd);
    }
    free(s->buffer);
    *s = (struct slot){.fd = -1};
}
