/* Log lines: `event key=value ...` to standard error, with journal levels when systemd reads them. An error is logged once, by the adapter
 * that gives up on it. The only mutable file-scope state of the shell is the level and sink here.
 */
#pragma once

enum log_level { LOG_LEVEL_ERR = 3, LOG_LEVEL_WARN = 4, LOG_LEVEL_NOTE = 5, LOG_LEVEL_DBG = 7 };

/* Lines above this level are dropped. Default LOG_LEVEL_NOTE. */
void log_set_level(enum log_level level);

/* One line. `format` is printf's; the text is `event key=value ...`; control characters in it are replaced by '?'; at most 1,000 bytes.
 * Thread-safe. */
void log_line(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#define log_err(...) log_line(LOG_LEVEL_ERR, __VA_ARGS__)
#define log_warn(...) log_line(LOG_LEVEL_WARN, __VA_ARGS__)
#define log_note(...) log_line(LOG_LEVEL_NOTE, __VA_ARGS__)
#define log_dbg(...) log_line(LOG_LEVEL_DBG, __VA_ARGS__)
