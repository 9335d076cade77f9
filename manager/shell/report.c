#include "manager/shell/report.h"

#include <stdio.h>
#include <string.h>

#include "common/os/clock.h"
#include "manager/shell/csv.h"

static void id_text(const uint8_t id[SESSION_ID_LEN], char out[2 * SESSION_ID_LEN + 1])
{
    for (int i = 0; i < SESSION_ID_LEN; i++) {
        (void)snprintf(out + 2 * i, 3, "%02x", id[i]);
    }
}

static void who_text(const struct session_row *r, char out[NAME_LEN])
{
    char uid[FLEET_CARD_TEXT_LEN];

    fleet_card_text(&r->uid, uid);
    (void)snprintf(out, NAME_LEN, "%s", r->uid.len > 0 ? uid : r->identity);
}

void report_table_names(struct report_table *t)
{
    static const enum lang_word names[] = {WORD_START, WORD_END,         WORD_WALLBOX,   WORD_CARD,   WORD_NAME, WORD_ENERGY,
                                           WORD_SOLAR, WORD_METER_START, WORD_METER_END, WORD_REASON, WORD_COST, WORD_CURRENCY};

    if (t->is_plain) {
        buffer_add(&t->out, "id,serial,start_utc,stop_utc,card,card_name,energy_wh,solar_wh,start_wh,stop_wh,end_reason,cost_minor,currency");
    } else {
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
            csv_add(&t->out, lang_separator(t->lang), i == 0, lang_word(t->lang, names[i]));
        }
    }
    csv_end_record(&t->out);
}

static void add_plain(struct report_table *t, const struct session_row *r, const char *who)
{
    char text[2 * SESSION_ID_LEN + 1];
    char moment[25] = "";

    id_text(r->id, text);
    csv_add(&t->out, ',', true, text);
    csv_add(&t->out, ',', false, r->serial);
    for (int i = 0; i < 2; i++) {
        int64_t utc_ms = i == 0 ? r->start_utc_ms : r->stop_utc_ms;

        moment[0] = '\0';
        if (utc_ms != CLOCK_UNSET_UTC_MS) {
            clock_format_utc(utc_ms, moment);
        }
        csv_add(&t->out, ',', false, moment);
    }
    csv_add_guarded(&t->out, ',', false, who);
    csv_add_guarded(&t->out, ',', false, r->card_name);
    if (r->is_closed) {
        buffer_print(&t->out, ",%lld", (long long)(r->stop_wh - r->start_wh));
    } else {
        buffer_add(&t->out, ",");
    }
    if (r->solar_wh >= 0) {
        buffer_print(&t->out, ",%lld", (long long)r->solar_wh);
    } else {
        buffer_add(&t->out, ",");
    }
    buffer_print(&t->out, ",%lld,", (long long)r->start_wh);
    if (r->is_closed) {
        buffer_print(&t->out, "%lld", (long long)r->stop_wh);
    }
    csv_add(&t->out, ',', false, r->end_reason);
    buffer_add(&t->out, ",");
    if (r->cost_minor >= 0) {
        buffer_print(&t->out, "%lld", (long long)r->cost_minor);
    }
    csv_add(&t->out, ',', false, r->currency);
}

/* kWh without grouped thousands: a spreadsheet is to take it for a number. wh below 0: nothing. */
static void add_kwh(struct report_table *t, int64_t wh)
{
    buffer_print(&t->out, "%c", lang_separator(t->lang));
    if (wh >= 0) {
        buffer_print(&t->out, "%lld%c%03lld", (long long)(wh / 1000), lang_decimal(t->lang), (long long)(wh % 1000));
    }
}

/* Likewise money; below 0: nothing. */
static void add_money(struct report_table *t, int64_t minor, const char *currency)
{
    int decimals = tariff_decimals(currency);
    int64_t scale = 1;

    buffer_print(&t->out, "%c", lang_separator(t->lang));
    for (int i = 0; i < decimals; i++) {
        scale *= 10;
    }
    if (minor >= 0) {
        buffer_print(&t->out, "%lld", (long long)(minor / scale));
    }
    if (minor >= 0 && decimals > 0) {
        buffer_print(&t->out, "%c%0*lld", lang_decimal(t->lang), decimals, (long long)(minor % scale));
    }
}

static void add_local(struct report_table *t, const struct session_row *r, const char *who)
{
    char separator = lang_separator(t->lang);
    char text[LANG_TEXT_LEN];

    lang_moment(t->lang, r->start_utc_ms, text);
    csv_add(&t->out, separator, true, text);
    lang_moment(t->lang, r->stop_utc_ms, text);
    csv_add(&t->out, separator, false, text);
    csv_add(&t->out, separator, false, r->serial);
    csv_add_guarded(&t->out, separator, false, who);
    csv_add_guarded(&t->out, separator, false, r->card_name);
    add_kwh(t, r->is_closed ? r->stop_wh - r->start_wh : -1);
    add_kwh(t, r->solar_wh);
    add_kwh(t, r->start_wh);
    add_kwh(t, r->stop_wh);
    csv_add(&t->out, separator, false, lang_end_reason(t->lang, r->end_reason));
    add_money(t, r->cost_minor, r->currency);
    csv_add(&t->out, separator, false, r->currency);
}

void report_table_row(void *table, const struct session_row *row)
{
    struct report_table *t = table;
    char who[NAME_LEN];

    who_text(row, who);
    if (t->is_plain) {
        add_plain(t, row, who);
    } else {
        add_local(t, row, who);
    }
    csv_end_record(&t->out);
}

void report_escape(struct buffer *b, const char *text)
{
    while (*text != '\0') { /* ends: goes on with each piece */
        size_t n = strcspn(text, "&<>\"'");

        buffer_print(b, "%.*s", (int)n, text);
        text += n;
        switch (*text) {
        case '&':
            buffer_add(b, "&amp;");
            break;
        case '<':
            buffer_add(b, "&lt;");
            break;
        case '>':
            buffer_add(b, "&gt;");
            break;
        case '"':
            buffer_add(b, "&quot;");
            break;
        case '\'':
            buffer_add(b, "&#39;");
            break;
        default:
            return;
        }
        text++;
    }
}

static void cell(struct buffer *b, bool is_number, const char *text)
{
    buffer_add(b, is_number ? "<td class=\"n\">" : "<td>");
    report_escape(b, text);
    buffer_add(b, "</td>");
}

static void kwh_cell(struct report_statement *s, int64_t wh)
{
    char text[LANG_TEXT_LEN] = "-";

    if (wh >= 0) {
        lang_number(s->lang, wh, 3, text);
    }
    cell(&s->out, true, text);
}

static void pair(struct report_statement *s, enum lang_word word, const char *text)
{
    buffer_print(&s->out, "<dt>%s</dt><dd>", lang_word(s->lang, word));
    report_escape(&s->out, text);
    buffer_add(&s->out, "</dd>");
}

void report_statement_begin(struct report_statement *s)
{
    static const char style[] =
        "body{font:11pt/1.4 sans-serif;margin:2em;color:#111}table{border-collapse:collapse;width:100%}"
        "th,td{border-bottom:1px solid #bbb;padding:.3em .5em;text-align:left}th{vertical-align:bottom}.n{text-align:right;"
        "font-variant-numeric:tabular-nums;white-space:nowrap}tfoot td{font-weight:bold;border-top:2px solid #111}"
        "dl{display:grid;grid-template-columns:max-content 1fr;gap:0 1em}dd{margin:0}@media print{body{margin:0}tr{break-inside:avoid}}";
    static const enum lang_word names[] = {WORD_START,  WORD_END,   WORD_WALLBOX,      WORD_METER_START, WORD_METER_END,
                                           WORD_ENERGY, WORD_SOLAR, WORD_PRICE_NUMBER, WORD_COST};
    char month[LANG_TEXT_LEN];
    char made[LANG_TEXT_LEN];
    char uid[FLEET_CARD_TEXT_LEN];

    lang_month(s->lang, s->year, s->month, month);
    lang_moment(s->lang, s->made_utc_ms, made);
    fleet_card_text(&s->uid, uid);
    buffer_print(&s->out,
                 "<!DOCTYPE html>\n<html lang=\"%s\"><head><meta charset=\"utf-8\"><title>%s %s</title><style>%s</style></head><body>\n<h1>%s</h1>\n<dl>",
                 lang_code(s->lang), lang_word(s->lang, WORD_STATEMENT), month, style, lang_word(s->lang, WORD_STATEMENT));
    pair(s, WORD_PERIOD, month);
    pair(s, s->uid.len > 0 ? WORD_CARD : WORD_VEHICLE, s->uid.len > 0 ? uid : s->identity);
    if (s->card_name[0] != '\0') {
        pair(s, WORD_NAME, s->card_name);
    }
    pair(s, WORD_MADE, made);
    buffer_add(&s->out, "</dl>\n<table><thead><tr>");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        buffer_print(&s->out, "<th%s scope=\"col\">%s</th>", i >= 3 ? " class=\"n\"" : "", lang_word(s->lang, names[i]));
    }
    buffer_add(&s->out, "</tr></thead><tbody>\n");
}

static void money_text(enum lang lang, int64_t value, const char *currency, int more_decimals, char out[LANG_TEXT_LEN])
{
    int decimals = tariff_decimals(currency);
    char number[LANG_TEXT_LEN];

    lang_number(lang, value, (decimals > 0 ? decimals : 0) + more_decimals, number);
    (void)snprintf(out, LANG_TEXT_LEN, "%.*s\u00a0%.3s", LANG_TEXT_LEN - 8, number, currency);
}

/* Its cost into the sums, its prices into the list of those that are to be shown. */
static void count_cost(struct report_statement *s, const struct session_row *r)
{
    uint16_t sum = 0;
    uint16_t tariff = 0;

    while (sum < s->sum_n && strcmp(s->sum[sum].currency, r->currency) != 0) {
        sum++;
    }
    while (tariff < s->tariff_n && s->tariff[tariff] != r->tariff) {
        tariff++;
    }
    if (sum == REPORT_CURRENCY_MAX || tariff == REPORT_TARIFF_MAX) {
        s->has_more = true;
        return;
    }
    if (sum == s->sum_n) {
        (void)snprintf(s->sum[sum].currency, sizeof s->sum[sum].currency, "%.3s", r->currency);
        s->sum[sum].minor = 0;
        s->sum_n++;
    }
    s->sum[sum].minor += r->cost_minor;
    s->tariff[tariff] = r->tariff;
    s->tariff_n = tariff == s->tariff_n ? (uint16_t)(tariff + 1) : s->tariff_n;
}

static void cost_cells(struct report_statement *s, const struct session_row *r)
{
    char text[LANG_TEXT_LEN] = "-";

    if (r->cost_minor < 0) {
        cell(&s->out, true, text);
        cell(&s->out, true, text);
        return;
    }
    count_cost(s, r);
    (void)snprintf(text, sizeof text, "%lld", (long long)r->tariff);
    cell(&s->out, true, text);
    money_text(s->lang, r->cost_minor, r->currency, 0, text);
    cell(&s->out, true, text);
}

void report_statement_row(void *statement, const struct session_row *r)
{
    struct report_statement *s = statement;
    char text[LANG_TEXT_LEN];

    s->sessions_n++;
    s->energy_wh += r->stop_wh - r->start_wh;
    s->solar_wh += r->solar_wh >= 0 ? r->solar_wh : 0;
    s->solar_n += r->solar_wh >= 0 ? 1 : 0;
    buffer_add(&s->out, "<tr>");
    lang_moment(s->lang, r->start_utc_ms, text);
    cell(&s->out, false, text);
    lang_moment(s->lang, r->stop_utc_ms, text);
    cell(&s->out, false, text);
    cell(&s->out, false, r->serial);
    kwh_cell(s, r->start_wh);
    kwh_cell(s, r->stop_wh);
    kwh_cell(s, r->stop_wh - r->start_wh);
    kwh_cell(s, r->solar_wh);
    cost_cells(s, r);
    buffer_add(&s->out, "</tr>\n");
}

void report_statement_sums(struct report_statement *s)
{
    char text[LANG_TEXT_LEN];

    if (s->sessions_n == 0) {
        buffer_print(&s->out, "<tr><td colspan=\"9\">%s</td></tr>\n", lang_word(s->lang, WORD_NONE));
    }
    buffer_print(&s->out, "</tbody><tfoot><tr><td colspan=\"5\">%s (%d)</td>", lang_word(s->lang, WORD_TOTAL), s->sessions_n);
    kwh_cell(s, s->energy_wh);
    kwh_cell(s, s->solar_n > 0 ? s->solar_wh : -1);
    buffer_add(&s->out, "<td></td><td class=\"n\">");
    for (uint16_t i = 0; i < s->sum_n; i++) {
        money_text(s->lang, s->sum[i].minor, s->sum[i].currency, 0, text);
        buffer_add(&s->out, i > 0 ? "<br>" : "");
        report_escape(&s->out, text);
    }
    buffer_print(&s->out, "%s</td></tr></tfoot></table>\n", s->sum_n == 0 ? "-" : "");
    if (s->tariff_n > 0) {
        buffer_print(&s->out,
                     "<h2>%s</h2>\n<p>%s</p>\n<table><thead><tr><th class=\"n\" scope=\"col\">%s</th><th scope=\"col\">%s</th><th scope=\"col\">%s</th>",
                     lang_word(s->lang, WORD_PRICES), lang_word(s->lang, WORD_PRICES_RULE), lang_word(s->lang, WORD_PRICE_NUMBER),
                     lang_word(s->lang, WORD_VALID_FROM), lang_word(s->lang, WORD_TIME));
        buffer_print(&s->out, "<th class=\"n\" scope=\"col\">%s</th></tr></thead><tbody>\n", lang_word(s->lang, WORD_PRICE_KWH));
    }
}

static void window_text(enum lang lang, const struct tariff_window *w, char out[2 * LANG_TEXT_LEN])
{
    size_t len = 0;

    out[0] = '\0';
    for (int day = 0; day < 7; day++) { /* seven short names: they fit */
        if ((w->days >> day & 1) != 0) {
            len += (size_t)snprintf(out + len, 2 * LANG_TEXT_LEN - len, "%s ", lang_word(lang, (enum lang_word)(WORD_MONDAY + day)));
        }
    }
    (void)snprintf(out + len, 2 * LANG_TEXT_LEN - len, "%02d:%02d\u2013%02d:%02d", w->from_min / 60, w->from_min % 60, w->to_min / 60, w->to_min % 60);
}

static void price_row(struct report_statement *s, const struct db_tariff *t, bool is_first, const char *when, int32_t price_centicent_kwh)
{
    char number[24] = "";
    char from[LANG_TEXT_LEN] = "";
    char text[LANG_TEXT_LEN];

    if (is_first) {
        (void)snprintf(number, sizeof number, "%lld", (long long)t->number);
        lang_moment(s->lang, t->valid_from_utc_ms, from);
    }
    buffer_add(&s->out, "<tr>");
    cell(&s->out, true, number);
    cell(&s->out, false, from);
    cell(&s->out, false, when);
    money_text(s->lang, price_centicent_kwh, t->tariff.currency, 2, text);
    cell(&s->out, true, text);
    buffer_add(&s->out, "</tr>\n");
}

void report_statement_prices(struct report_statement *s, const struct db_tariff *t)
{
    char when[2 * LANG_TEXT_LEN];

    price_row(s, t, true, lang_word(s->lang, t->tariff.window_n > 0 ? WORD_OTHERWISE : WORD_ALWAYS), t->tariff.price_centicent_kwh);
    for (uint8_t i = 0; i < t->tariff.window_n; i++) {
        window_text(s->lang, &t->tariff.window[i], when);
        price_row(s, t, false, when, t->tariff.window[i].price_centicent_kwh);
    }
    if (t->tariff.solar_price_centicent_kwh >= 0) {
        price_row(s, t, false, lang_word(s->lang, WORD_SUN), t->tariff.solar_price_centicent_kwh);
    }
}

void report_statement_end(struct report_statement *s)
{
    buffer_print(&s->out, "%s<p>%s</p>\n</body></html>\n", s->tariff_n > 0 ? "</tbody></table>\n" : "", lang_word(s->lang, WORD_CERTIFIED));
}
