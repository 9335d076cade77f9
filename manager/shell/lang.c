#include "manager/shell/lang.h"

#include <stdio.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "manager/shell/moment.h"

static const struct {
    const char *code;
    const char *group; /* between thousands */
    char decimal;
    char separator;
} rows[LANG_N] = {
    [LANG_EN] = {"en", ",", '.', ','},
    [LANG_FR] = {"fr", "\u202f", ',', ';'},
    [LANG_NB] = {"nb", "\u00a0", ',', ';'},
    [LANG_DE] = {"de", ".", ',', ';'},
};

#define LANG_ROW(id, en, fr, nb, de) [id] = {en, fr, nb, de},
static const char *const words[WORD_N][LANG_N] = {LANG_WORDS(LANG_ROW)};

static const char *const months[LANG_N][12] = {
    [LANG_EN] = {"January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"},
    [LANG_FR] = {"janvier", "février", "mars", "avril", "mai", "juin", "juillet", "août", "septembre", "octobre", "novembre", "décembre"},
    [LANG_NB] = {"januar", "februar", "mars", "april", "mai", "juni", "juli", "august", "september", "oktober", "november", "desember"},
    [LANG_DE] = {"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"},
};

enum rc lang_parse(const char *text, enum lang *out)
{
    for (int i = 0; i < LANG_N; i++) {
        if (text_same(rows[i].code, text)) {
            *out = (enum lang)i;
            return RC_OK;
        }
    }
    return RC_RANGE;
}

const char *lang_code(enum lang lang)
{
    CHECK(lang < LANG_N);
    return rows[lang].code;
}

const char *lang_word(enum lang lang, enum lang_word word)
{
    CHECK(lang < LANG_N);
    CHECK(word < WORD_N);
    return words[word][lang];
}

const char *lang_end_reason(enum lang lang, const char *name)
{
    static const struct {
        const char *name;
        enum lang_word word;
    } reasons[] = {
        {"unplugged", WORD_UNPLUGGED}, {"card", WORD_BY_CARD}, {"command", WORD_BY_COMMAND}, {"fault", WORD_BY_FAULT}, {"power_loss", WORD_BY_POWER_LOSS}};

    for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
        if (text_same(reasons[i].name, name)) {
            return lang_word(lang, reasons[i].word);
        }
    }
    return name;
}

char lang_separator(enum lang lang)
{
    CHECK(lang < LANG_N);
    return rows[lang].separator;
}

char lang_decimal(enum lang lang)
{
    CHECK(lang < LANG_N);
    return rows[lang].decimal;
}

void lang_number(enum lang lang, int64_t value, int decimals_n, char out[LANG_TEXT_LEN])
{
    static const uint64_t scales[] = {1, 10, 100, 1000, 10000, 100000};
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    char whole[24];
    size_t whole_len;
    size_t len = 0;

    CHECK(lang < LANG_N);
    CHECK(decimals_n >= 0 && decimals_n <= 5);
    whole_len = (size_t)snprintf(whole, sizeof whole, "%llu", (unsigned long long)(size / scales[decimals_n]));
    len = (size_t)snprintf(out, LANG_TEXT_LEN, "%s", value < 0 ? "-" : "");
    for (size_t i = 0; i < whole_len; i++) { /* at most 20 digits and 6 groups: it fits */
        bool is_group = i > 0 && (whole_len - i) % 3 == 0;

        len += (size_t)snprintf(out + len, LANG_TEXT_LEN - len, "%s%c", is_group ? rows[lang].group : "", whole[i]);
    }
    if (decimals_n > 0) {
        (void)snprintf(out + len, LANG_TEXT_LEN - len, "%c%0*llu", rows[lang].decimal, decimals_n, (unsigned long long)(size % scales[decimals_n]));
    }
}

void lang_moment(enum lang lang, int64_t utc_ms, char out[LANG_TEXT_LEN])
{
    struct moment_local at = moment_local(utc_ms);
    const struct moment_date *d = &at.date;

    CHECK(lang < LANG_N);
    if (utc_ms == 0) {
        (void)snprintf(out, LANG_TEXT_LEN, "-");
    } else if (lang == LANG_EN) {
        (void)snprintf(out, LANG_TEXT_LEN, "%d %.3s %d, %02d:%02d", d->day, months[lang][d->month - 1], d->year, at.hour, at.minute);
    } else {
        char dot = lang == LANG_FR ? '/' : '.';

        (void)snprintf(out, LANG_TEXT_LEN, "%02d%c%02d%c%d %02d:%02d", d->day, dot, d->month, dot, d->year, at.hour, at.minute);
    }
}

void lang_month(enum lang lang, int year, int month, char out[LANG_TEXT_LEN])
{
    CHECK(lang < LANG_N);
    CHECK(month >= 1 && month <= 12);
    (void)snprintf(out, LANG_TEXT_LEN, "%s %d", months[lang][month - 1], year);
}
