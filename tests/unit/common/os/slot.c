#include "common/os/slot.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "tests/unit/common/os/helpers.h"

TestSuite(slot, .timeout = 60);

#define LEN 40u
#define BLOCK 4096u
#define FILE_LEN (3 * BLOCK)
#define HEADER 20u
#define SLOT (12u + LEN)

struct box {
    struct scratch scratch;
    char path[128];
    uint8_t image[FILE_LEN]; /* of the file after record 2 (slot 1: seq 1, slot 0: seq 2) */
    uint8_t first[LEN];
    uint8_t second[LEN];
    struct slot slot;
    uint8_t out[LEN];
    uint64_t seq;
    int fd;
    int saved_stderr;
};

static enum rc open_box(struct box *b)
{
    memset(b->out, 0xEE, sizeof b->out);
    b->seq = UINT64_MAX;
    return slot_open(&b->slot, b->path, LEN, b->out, &b->seq);
}

/* Lines about damage are expected by the thousand. */
static void hush(struct box *b)
{
    int null = open("/dev/null", O_WRONLY);

    b->saved_stderr = dup(STDERR_FILENO);
    dup2(null, STDERR_FILENO);
    close(null);
}

static void begin(struct box *b)
{
    memset(b, 0, sizeof *b);
    scratch_open(&b->scratch);
    snprintf(b->path, sizeof b->path, "%s", scratch_path(&b->scratch, "state"));
    memset(b->first, 0x11, LEN);
    memset(b->second, 0x22, LEN);
    hush(b);
}

static void end(struct box *b)
{
    dup2(b->saved_stderr, STDERR_FILENO);
    close(b->saved_stderr);
    scratch_close(&b->scratch);
}

static void begin_with_two(struct box *b)
{
    begin(b);
    cr_assert_eq(open_box(b), RC_OK);
    cr_assert_eq(slot_write(&b->slot, b->first), RC_OK);
    cr_assert_eq(slot_write(&b->slot, b->second), RC_OK);
    slot_close(&b->slot);
    b->fd = open(b->path, O_RDWR);
    cr_assert_eq(pread(b->fd, b->image, FILE_LEN, 0), FILE_LEN);
}

static void put_image(struct box *b, size_t len)
{
    cr_assert_eq(ftruncate(b->fd, 0), 0);
    cr_assert_eq(pwrite(b->fd, b->image, len, 0), (ssize_t)len);
}

static bool is_untouched(struct box *b, size_t len)
{
    uint8_t now[FILE_LEN];

    return pread(b->fd, now, FILE_LEN, 0) == (ssize_t)len && memcmp(now, b->image, len) == 0;
}

static void expect_record(struct box *b, uint64_t seq, const uint8_t *record)
{
    cr_assert_eq(open_box(b), RC_OK);
    cr_assert_eq(b->seq, seq, "seq %lu", (unsigned long)b->seq);
    cr_assert_eq(memcmp(b->out, record, LEN), 0);
    slot_close(&b->slot);
}

static void expect_malformed(struct box *b)
{
    uint8_t same[LEN];

    memset(same, 0xEE, LEN);
    cr_assert_eq(open_box(b), RC_MALFORMED);
    cr_assert_eq(b->seq, UINT64_MAX);
    cr_assert_eq(memcmp(b->out, same, LEN), 0, "outputs are untouched");
    cr_assert_eq(b->slot.fd, -1);
}

Test(slot, a_new_file_holds_zeroes_and_no_record)
{
    const uint8_t zero[LEN] = {0};
    struct stat st;
    struct box b;

    begin(&b);
    expect_record(&b, 0, zero);
    expect_record(&b, 0, zero);
    cr_assert_eq(stat(b.path, &st), 0);
    cr_assert_eq(st.st_size, FILE_LEN);
    cr_assert_eq(st.st_mode & 0777, 0600);
    cr_assert_neq(access(scratch_path(&b.scratch, "state.new"), F_OK), 0);
    end(&b);
}

Test(slot, the_smallest_and_the_largest_record_survive_reopening)
{
    static const uint32_t lens[] = {1, 4084, 4085, 65536};
    static uint8_t in[65536];
    static uint8_t out[65536];
    struct box b;

    begin(&b);
    for (size_t i = 0; i < sizeof in; i++) {
        in[i] = (uint8_t)(i * 7 + 1);
    }
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        cr_assert_eq(slot_open(&b.slot, b.path, lens[i], out, &b.seq), RC_OK);
        cr_assert_eq(slot_write(&b.slot, in), RC_OK);
        slot_close(&b.slot);
        cr_assert_eq(slot_open(&b.slot, b.path, lens[i], out, &b.seq), RC_OK);
        cr_assert_eq(b.seq, 1);
        cr_assert_eq(memcmp(in, out, lens[i]), 0);
        slot_close(&b.slot);
        cr_assert_eq(unlink(b.path), 0);
    }
    end(&b);
}

Test(slot, a_record_without_bytes_ends_the_program, .signal = SIGABRT)
{
    struct slot s;
    uint64_t seq;

    (void)!slot_open(&s, "/tmp/unused", 0, NULL, &seq);
}

Test(slot, a_record_of_65537_bytes_ends_the_program, .signal = SIGABRT)
{
    struct slot s;
    uint64_t seq;

    (void)!slot_open(&s, "/tmp/unused", 65537, NULL, &seq);
}

Test(slot, closing_twice_or_a_zeroed_one_is_harmless)
{
    struct slot zeroed = {0};
    struct box b;

    begin(&b);
    cr_assert_eq(open_box(&b), RC_OK);
    slot_close(&b.slot);
    slot_close(&b.slot);
    slot_close(&zeroed);
    cr_assert_geq(fcntl(STDIN_FILENO, F_GETFD), 0, "descriptor 0 is still open");
    end(&b);
}

Test(slot, every_write_is_found_again)
{
    struct box b;
    uint8_t record[LEN];

    begin(&b);
    for (uint64_t i = 1; i <= 9; i++) {
        memset(record, (int)i, LEN);
        cr_assert_eq(open_box(&b), RC_OK);
        cr_assert_eq(slot_write(&b.slot, record), RC_OK);
        slot_close(&b.slot);
        expect_record(&b, i, record);
    }
    end(&b);
}

Test(slot, one_damaged_byte_anywhere_never_gives_garbage)
{
    struct box b;

    begin_with_two(&b);
    for (size_t at = 0; at < FILE_LEN; at++) {
        uint8_t bad = (uint8_t)(b.image[at] ^ (1u << at % 8));

        cr_assert_eq(pwrite(b.fd, &bad, 1, (off_t)at), 1);
        if (at < HEADER) {
            expect_malformed(&b);
        } else if (at >= BLOCK && at < BLOCK + SLOT) { /* slot 0 holds record 2: the older one counts */
            expect_record(&b, 1, b.first);
        } else {
            expect_record(&b, 2, b.second);
        }
        cr_assert_eq(pwrite(b.fd, &b.image[at], 1, (off_t)at), 1);
    }
    cr_assert(is_untouched(&b, FILE_LEN), "opening writes nothing");
    close(b.fd);
    end(&b);
}

Test(slot, a_file_cut_anywhere_gives_a_record_or_is_refused)
{
    struct box b;

    begin_with_two(&b);
    for (size_t len = 0; len <= FILE_LEN; len++) {
        put_image(&b, len);
        if (len < BLOCK + SLOT) {
            expect_malformed(&b);
            cr_assert(is_untouched(&b, len), "the file is left as it was");
        } else {
            expect_record(&b, 2, b.second);
        }
    }
    close(b.fd);
    end(&b);
}

Test(slot, a_power_cut_after_any_byte_of_a_write_leaves_the_older_record)
{
    struct box b;
    uint8_t third[LEN];
    uint8_t after[FILE_LEN];

    begin_with_two(&b);
    memset(third, 0x33, LEN);
    cr_assert_eq(open_box(&b), RC_OK);
    cr_assert_eq(slot_write(&b.slot, third), RC_OK);
    slot_close(&b.slot);
    cr_assert_eq(pread(b.fd, after, FILE_LEN, 0), FILE_LEN);
    for (size_t n = 0; n <= SLOT; n++) { /* n bytes of slot 1 are new, the rest is old */
        put_image(&b, FILE_LEN);
        cr_assert_eq(pwrite(b.fd, after + 2 * BLOCK, n, 2 * BLOCK), (ssize_t)n);
        if (n < SLOT) {
            expect_record(&b, 2, b.second);
        } else {
            expect_record(&b, 3, third);
        }
        /* Life goes on: the next record is written and found. */
        cr_assert_eq(open_box(&b), RC_OK);
        cr_assert_eq(slot_write(&b.slot, b.first), RC_OK);
        slot_close(&b.slot);
        expect_record(&b, n < SLOT ? 3 : 4, b.first);
    }
    close(b.fd);
    end(&b);
}

Test(slot, a_slot_wiped_by_the_disk_is_damaged)
{
    static const uint8_t fills[] = {0x00, 0xFF};
    struct box b;
    uint8_t wiped[BLOCK];

    begin_with_two(&b);
    for (size_t i = 0; i < sizeof fills; i++) {
        memset(wiped, fills[i], sizeof wiped);
        put_image(&b, FILE_LEN);
        cr_assert_eq(pwrite(b.fd, wiped, BLOCK, BLOCK), BLOCK);
        expect_record(&b, 1, b.first);
        cr_assert_eq(pwrite(b.fd, wiped, BLOCK, 2 * BLOCK), BLOCK);
        expect_malformed(&b);
    }
    close(b.fd);
    end(&b);
}

Test(slot, a_record_in_the_other_slot_is_not_believed)
{
    struct box b;

    begin_with_two(&b);
    cr_assert_eq(pwrite(b.fd, b.image + BLOCK, SLOT, 2 * BLOCK), SLOT); /* seq 2 in slot 1 */
    expect_record(&b, 2, b.second);
    cr_assert_eq(pwrite(b.fd, b.image + 2 * BLOCK, SLOT, BLOCK), SLOT); /* seq 1 in slot 0 as well */
    expect_malformed(&b);
    close(b.fd);
    end(&b);
}

Test(slot, another_record_length_is_refused)
{
    struct box b;
    uint8_t out[LEN + 1];

    begin_with_two(&b);
    cr_assert_eq(slot_open(&b.slot, b.path, LEN + 1, out, &b.seq), RC_MALFORMED);
    cr_assert_eq(slot_open(&b.slot, b.path, LEN - 1, out, &b.seq), RC_MALFORMED);
    cr_assert(is_untouched(&b, FILE_LEN));
    expect_record(&b, 2, b.second);
    close(b.fd);
    end(&b);
}

Test(slot, what_a_power_cut_left_of_a_new_file_is_overwritten)
{
    const uint8_t zero[LEN] = {0};
    struct box b;
    int fd;

    begin(&b);
    fd = open(scratch_path(&b.scratch, "state.new"), O_CREAT | O_WRONLY, 0600);
    cr_assert_eq(write(fd, "half", 4), 4);
    close(fd);
    expect_record(&b, 0, zero);
    end(&b);
}

Test(slot, a_directory_that_is_missing_is_an_error)
{
    struct box b;

    begin(&b);
    snprintf(b.path, sizeof b.path, "%s/none/state", b.scratch.dir);
    cr_assert_eq(open_box(&b), RC_IO);
    cr_assert_eq(b.slot.fd, -1);
    end(&b);
}

Test(slot, a_disk_without_room_leaves_no_file)
{
    struct rlimit small = {.rlim_cur = FILE_LEN - 1, .rlim_max = RLIM_INFINITY};
    struct rlimit before;
    struct box b;
    enum rc rc;

    begin(&b);
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    small.rlim_max = before.rlim_max;
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    rc = open_box(&b);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    cr_assert_eq(rc, RC_IO);
    cr_assert_neq(access(b.path, F_OK), 0);
    cr_assert_neq(access(scratch_path(&b.scratch, "state.new"), F_OK), 0);
    end(&b);
}

Test(slot, a_failed_write_leaves_the_older_record_and_can_be_repeated)
{
    struct rlimit small;
    struct rlimit before;
    struct box b;
    enum rc rc;

    begin_with_two(&b);
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(open_box(&b), RC_OK);
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    small = before;
    small.rlim_cur = 2 * BLOCK + 20; /* the third record is cut after its first bytes */
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    rc = slot_write(&b.slot, b.first);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    cr_assert_eq(rc, RC_IO);
    cr_assert_eq(b.slot.seq, 2);
    cr_assert_eq(slot_write(&b.slot, b.first), RC_OK);
    slot_close(&b.slot);
    expect_record(&b, 3, b.first);
    close(b.fd);
    end(&b);
}
