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
    static const enum lang_word names[] = {WORD_START, WORD_END, WORD_WALLBOX, WORD_METER_START, WORD_METER_END, WORD_ENERGY, WORD_SOLAR};
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
    buffer_add(&s->out, "</tr>\n");
}

void report_statement_end(struct report_statement *s)
{
    if (s->sessions_n == 0) {
        buffer_print(&s->out, "<tr><td colspan=\"7\">%s</td></tr>\n", lang_word(s->lang, WORD_NONE));
    }
    buffer_print(&s->out, "</tbody><tfoot><tr><td colspan=\"5\">%s (%d)</td>", lang_word(s->lang, WORD_TOTAL), s->sessions_n);
    kwh_cell(s, s->energy_wh);
    kwh_cell(s, s->solar_n > 0 ? s->solar_wh : -1);
    buffer_print(&s->out, "</tr></tfoot></table>\n<p>%s</p>\n</body></html>\n", lang_word(s->lang, WORD_CERTIFIED));
}
