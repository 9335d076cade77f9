#include "common/os/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "common/os/log.h"

#define DAY_MS INT64_C(86400000)
#define UTC_2024_MS INT64_C(1704067200000)  /* 2024-01-01T00:00:00Z: a clock before this was never set */
#define UTC_MIN_MS INT64_C(-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define UTC_MAX_MS INT64_C(253402300799999) /* 9999-12-31T23:59:59.999Z */
#define ZONE_DIR "/usr/share/zoneinfo"
#define BOOT_ID_PATH "/proc/sys/kernel/random/boot_id"

static int64_t read_ms(clockid_t id)
{
    struct timespec t;

    CHECK(clock_gettime(id, &t) == 0);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int64_t clock_boot_ms(void)
{
    return read_ms(CLOCK_BOOTTIME);
}

int64_t clock_utc_ms(void)
{
    int64_t utc_ms = read_ms(CLOCK_REALTIME);

    return utc_ms >= UTC_2024_MS ? utc_ms : 0;
}

bool clock_knows_zone(const char *zone)
{
    char path[256];

    if (text_same(zone, "UTC")) {
        return true;
    }
    return snprintf(path, sizeof path, "%s/%s", ZONE_DIR, zone) < (int)sizeof path && access(path, R_OK) == 0;
}

enum rc clock_set_zone(const char *zone)
{
    bool is_known = clock_knows_zone(zone);

    CHECK(setenv("TZ", is_known ? zone : "UTC", 1) == 0);
    tzset();
    return is_known ? RC_OK : RC_MISSING;
}

int64_t clock_local_offset_ms(int64_t utc_ms)
{
    time_t at = (time_t)div_down(utc_ms, 1000);
    struct tm local;

    return localtime_r(&at, &local) != NULL ? (int64_t)local.tm_gmtoff * 1000 : 0;
}

enum rc clock_local_change(int64_t utc_ms, int64_t within_ms, int64_t *out_utc_ms, int64_t *out_offset_ms)
{
    int64_t offset_ms = clock_local_offset_ms(utc_ms);
    int64_t old_s = div_down(utc_ms, 1000);
    int64_t new_s = div_down(utc_ms + within_ms, 1000);

    if (clock_local_offset_ms(utc_ms + within_ms) == offset_ms) {
        return RC_MISSING;
    }
    while (new_s - old_s > 1) { /* ends: halved each time */
        int64_t middle_s = old_s + (new_s - old_s) / 2;

        if (clock_local_offset_ms(middle_s * 1000) == offset_ms) {
            old_s = middle_s;
        } else {
            new_s = middle_s;
        }
    }
    *out_utc_ms = new_s * 1000;
    *out_offset_ms = clock_local_offset_ms(new_s * 1000);
    return RC_OK;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9') {
        return c - '0';
    }
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

uint64_t clock_kernel_boot_id(void)
{
    char text[64];
    uint64_t id = 0;
    int digits_n = 0;
    ssize_t n;
    int fd = open(BOOT_ID_PATH, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        return 0;
    }
    n = read(fd, text, sizeof text);
    close(fd);
    for (ssize_t i = 0; i < n && digits_n < 16; i++) {
        int digit = hex_digit(text[i]);

        if (digit >= 0) {
            id = id << 4 | (uint64_t)digit;
            digits_n++;
        }
    }
    return digits_n == 16 ? id : 0;
}

void clock_random(void *out, unsigned len)
{
    unsigned have = 0;

    while (have < len) {
        ssize_t n = getrandom((char *)out + have, len - have, 0);

        if (n > 0) {
            have += (unsigned)n;
        } else if (errno != EINTR) {
            log_err("random why=\"the system gives no random bytes\"");
            abort();
        }
    }
}

/* `value` in `n` decimal digits at `out`; returns the place behind them. */
static char *put_digits(char *out, int64_t value, int n)
{
    for (int i = n - 1; i >= 0; i--) {
        out[i] = (char)('0' + value % 10);
        value /= 10;
    }
    return out + n;
}

/* Calendar day of a day number since 1970-01-01, in the Gregorian calendar. Years are counted from March, so that the leap day is the last
 * of its year, and in eras of 400 years, which all have 146,097 days.
 */
static void civil_of_day(int64_t day, int64_t *out_year, int64_t *out_month, int64_t *out_mday)
{
    int64_t z = day + 719468;
    int64_t era = div_down(z, 146097);
    int64_t doe = z - era * 146097;
    int64_t yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    int64_t doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    int64_t mp = (5 * doy + 2) / 153;

    *out_mday = doy - (153 * mp + 2) / 5 + 1;
    *out_month = mp < 10 ? mp + 3 : mp - 9;
    *out_year = yoe + era * 400 + (*out_month <= 2 ? 1 : 0);
}

void clock_format_utc(int64_t utc_ms, char out[25])
{
    int64_t at_ms = max_i64(UTC_MIN_MS, min_i64(utc_ms, UTC_MAX_MS));
    int64_t day = div_down(at_ms, DAY_MS);
    int64_t rest_ms = at_ms - day * DAY_MS;
    int64_t year;
    int64_t month;
    int64_t mday;
    char *p = out;

    civil_of_day(day, &year, &month, &mday);
    p = put_digits(p, year, 4);
    *p++ = '-';
    p = put_digits(p, month, 2);
    *p++ = '-';
    p = put_digits(p, mday, 2);
    *p++ = 'T';
    p = put_digits(p, rest_ms / 3600000, 2);
    *p++ = ':';
    p = put_digits(p, rest_ms / 60000 % 60, 2);
    *p++ = ':';
    p = put_digits(p, rest_ms / 1000 % 60, 2);
    *p++ = '.';
    p = put_digits(p, rest_ms % 1000, 3);
    *p++ = 'Z';
    *p = '\0';
}
