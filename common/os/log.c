#include "common/os/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LOG_TEXT_MAX 1000 /* bytes of a line, its prefix and end not counted */
#define LOG_PREFIX_MAX 8

static _Atomic int level_now = LOG_LEVEL_NOTE; /* the one mutable word of the shell; any thread may log */

void log_set_level(enum log_level level)
{
    atomic_store(&level_now, (int)level);
}

static const char *level_word(enum log_level level)
{
    switch (level) {
    case LOG_LEVEL_ERR:
        return "err ";
    case LOG_LEVEL_WARN:
        return "warn ";
    case LOG_LEVEL_NOTE:
        return "note ";
    case LOG_LEVEL_DBG:
        return "dbg ";
    }
    return "";
}

static size_t put_prefix(char *line, enum log_level level)
{
    int n;

    if (getenv("JOURNAL_STREAM") != NULL) {
        n = snprintf(line, LOG_PREFIX_MAX, "<%d>", (int)level);
    } else {
        n = snprintf(line, LOG_PREFIX_MAX, "%s", level_word(level));
    }
    return n > 0 ? (size_t)n : 0;
}

/* Length of the text without a last character that was cut in the middle of its UTF-8 bytes. */
static size_t whole_characters(const char *text, size_t len)
{
    size_t start = len;
    size_t need = 1;

    while (start > 0 && len - start < 3 && ((unsigned char)text[start - 1] & 0xC0u) == 0x80u) {
        start--;
    }
    if (start == 0) {
        return len;
    }
    start--;
    if ((unsigned char)text[start] >= 0xC0u) {
        need = (unsigned char)text[start] >= 0xF0u ? 4 : ((unsigned char)text[start] >= 0xE0u ? 3 : 2);
    }
    return len - start < need ? start : len;
}

static void hide_controls(char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < 0x20 || text[i] == 0x7F) {
            text[i] = '?';
        }
    }
}

void log_line(enum log_level level, const char *format, ...)
{
    char line[LOG_PREFIX_MAX + LOG_TEXT_MAX + 1];
    int saved_errno = errno; /* callers log between a failure and their look at errno */
    size_t prefix_len;
    size_t len;
    va_list args;
    int n;

    if ((int)level > atomic_load(&level_now)) {
        return;
    }
    prefix_len = put_prefix(line, level);
    va_start(args, format);
    n = vsnprintf(line + prefix_len, LOG_TEXT_MAX + 1, format, args);
    va_end(args);
    len = n > 0 ? (size_t)n : 0;
    if (len > LOG_TEXT_MAX) {
        len = whole_characters(line + prefix_len, LOG_TEXT_MAX);
    }
    hide_controls(line + prefix_len, len);
    line[prefix_len + len] = '\n';
    do {
        n = (int)write(STDERR_FILENO, line, prefix_len + len + 1); /* one call, so that lines of threads never mix */
    } while (n < 0 && errno == EINTR);
    errno = saved_errno;
}
