#include "client/shell/board_modbus_guard.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "client/shell/board_modbus_map.h"
#include "common/base/text.h"
#include "common/os/clock.h"
#include "common/os/log.h"

#define PROGRAM "wallbox-guard"
#define BYTES_LEN 64

enum food { FOOD_FED, FOOD_NONE, FOOD_DONE, FOOD_ENDED };

enum rc mb_guard_cut(const struct mb_address *address)
{
    struct mb_nature nature = {0}; /* a current of 0 is written alike by all of a map */
    struct mb_write off = address->map->offer(&nature, 0);
    struct mb_block block = {.function = 3, .first = off.first, .count = 1};
    struct mb_line line;
    const char *why = "";
    uint16_t value = 1;
    enum rc rc;

    if (mb_line_open(&line, &address->place, &why) != RC_OK) {
        return RC_IO;
    }
    rc = mb_line_write(&line, address->unit, &off);
    rc = rc == RC_OK ? mb_line_read(&line, address->unit, &block, &value) : rc;
    mb_line_close(&line);
    return rc == RC_OK && value == 0 ? RC_OK : RC_IO;
}

/* Wait for food. */
static enum food wait_for_food(int fd, int64_t ms)
{
    int64_t until_ms = clock_boot_ms() + ms;
    char bytes[BYTES_LEN];

    for (int64_t left_ms = ms; left_ms > 0; left_ms = until_ms - clock_boot_ms()) {
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        int n = poll(&wait, 1, (int)left_ms);
        ssize_t got;

        if (n <= 0) {
            continue; /* the time is over, or a signal came */
        }
        got = read(fd, bytes, sizeof bytes);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) {
            continue;
        }
        if (got <= 0) {
            return FOOD_ENDED;
        }
        return memchr(bytes, MB_GUARD_DONE, (size_t)got) != NULL ? FOOD_DONE : FOOD_FED;
    }
    return FOOD_NONE;
}

/* Take the pilot away; somebody who feeds again meanwhile sees to it himself. */
static enum food cut(const struct mb_address *address, int fd, bool has_ended, enum rc *out_rc)
{
    enum food food = FOOD_NONE;

    *out_rc = RC_IO;
    for (int i = 0; i < MB_GUARD_TRIES && *out_rc != RC_OK && food == FOOD_NONE; i++) {
        *out_rc = mb_guard_cut(address);
        if (*out_rc != RC_OK && has_ended) {
            (void)poll(NULL, 0, MB_GUARD_RETRY_MS);
        } else if (*out_rc != RC_OK) {
            food = wait_for_food(fd, MB_GUARD_RETRY_MS);
        }
    }
    log_warn("guard place=%s pilot=%s", address->place.text, *out_rc == RC_OK ? "away" : "unknown");
    return food;
}

int mb_guard_run(const struct mb_address *address, int fd)
{
    bool is_armed = false;
    enum rc rc = RC_OK;
    enum food food = FOOD_NONE;

    while (food != FOOD_ENDED && food != FOOD_DONE) {
        food = wait_for_food(fd, MB_GUARD_MS);
        if (food == FOOD_NONE && is_armed) {
            food = cut(address, fd, false, &rc);
        }
        is_armed = food == FOOD_FED;
    }
    if (food == FOOD_ENDED) {
        (void)cut(address, fd, true, &rc);
    }
    return rc == RC_OK ? 0 : 1;
}

enum rc mb_guard_find(char out[MB_GUARD_PATH_LEN])
{
    static const char *const beside[] = {"", "../bin/"};
    char own[MB_GUARD_PATH_LEN];
    ssize_t n = readlink("/proc/self/exe", own, sizeof own - 1);
    char *slash;

    if (n <= 0) {
        return RC_MISSING;
    }
    own[n] = '\0';
    slash = strrchr(own, '/');
    if (slash == NULL) {
        return RC_MISSING;
    }
    slash[1] = '\0';
    for (size_t i = 0; i < sizeof beside / sizeof beside[0]; i++) {
        int len = snprintf(out, MB_GUARD_PATH_LEN, "%s%s%s", own, beside[i], PROGRAM);

        if (len > 0 && len < MB_GUARD_PATH_LEN && access(out, X_OK) == 0) {
            return RC_OK;
        }
    }
    return RC_MISSING;
}
