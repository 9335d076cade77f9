#include "manager/shell/alarm_text.h"

#include <stdarg.h>
#include <stdio.h>

#include "common/base/check.h"

#define LINE_LEN 256

/* At %s stands the name of the place, or how many. */
static const char *const texts[ALARM_KIND_N][LANG_N] = {
    [ALARM_METER_LOST] = {"Meter %s gives no usable values", "Le compteur %s ne donne pas de valeurs utilisables", "Måleren %s gir ingen brukbare verdier",
                          "Zähler %s liefert keine brauchbaren Werte"},
    [ALARM_BOX_LOST] = {"Wallbox %s cannot be reached", "La borne %s est injoignable", "Ladeboks %s kan ikke nås", "Wallbox %s ist nicht erreichbar"},
    [ALARM_BOX_FAULT] = {"Wallbox %s reports a fault", "La borne %s signale un défaut", "Ladeboks %s melder feil", "Wallbox %s meldet eine Störung"},
    [ALARM_OVERDRAW] = {"Wallbox %s draws more than it may", "La borne %s consomme plus que permis", "Ladeboks %s trekker mer enn den får lov til",
                        "Wallbox %s zieht mehr, als sie darf"},
    [ALARM_OVER_LIMIT] = {"Circuit %s is above its limit", "Le circuit %s dépasse sa limite", "Kurs %s er over grensen",
                          "Stromkreis %s liegt über seiner Grenze"},
    [ALARM_STORE_FAILED] = {"Nothing can be stored: the disk refuses", "Rien ne peut être enregistré : le disque refuse", "Ingenting kan lagres: disken nekter",
                            "Nichts kann gespeichert werden: die Platte verweigert es"},
    [ALARM_DATABASE_RECOVERED] = {"The database was damaged and has been restored as far as possible",
                                  "La base de données était endommagée et a été rétablie autant que possible",
                                  "Databasen var skadet og er gjenopprettet så langt det gikk",
                                  "Die Datenbank war beschädigt und wurde so weit wie möglich wiederhergestellt"},
    [ALARM_RECORDS_LOST] = {"Events that could not be kept: %s", "Événements qui n'ont pu être conservés : %s", "Hendelser som ikke kunne tas vare på: %s",
                            "Ereignisse, die nicht aufbewahrt werden konnten: %s"},
    [ALARM_SECOND_MANAGER] = {"Wallbox %s obeys another manager", "La borne %s obéit à un autre gestionnaire", "Ladeboks %s adlyder en annen styring",
                              "Wallbox %s gehorcht einem anderen Manager"},
    [ALARM_REJECTED] = {"A wallbox was turned away", "Une borne a été refusée", "En ladeboks ble avvist", "Eine Wallbox wurde abgewiesen"},
    [ALARM_LATE] = {"The vehicle at wallbox %s will not be ready for its departure", "Le véhicule à la borne %s ne sera pas prêt pour son départ",
                    "Bilen ved ladeboks %s blir ikke klar til avreise", "Das Fahrzeug an Wallbox %s wird bis zur Abfahrt nicht fertig"},
};

enum phrase { SOLVED, FAULT_CODE, UNTIL, MORE, OPEN, SUMMARY, ALARMS_N, SOLVED_N, PHRASE_N };

static const char *const phrases[PHRASE_N][LANG_N] = {
    [SOLVED] = {"Solved", "Résolu", "Løst", "Behoben"},
    [FAULT_CODE] = {"code", "code", "kode", "Code"},
    [UNTIL] = {"until", "jusqu'à", "til", "bis"},
    [MORE] = {"Further ones", "Autres", "Flere", "Weitere"},
    [OPEN] = {"Still open", "Toujours ouvertes", "Fortsatt åpne", "Noch offen"},
    [SUMMARY] = {"Summary of alarms that were held back", "Résumé des alarmes retenues", "Sammendrag av alarmer som ble holdt tilbake",
                 "Zusammenfassung zurückgehaltener Alarme"},
    [ALARMS_N] = {"Alarms", "Alarmes", "Alarmer", "Alarme"},
    [SOLVED_N] = {"solved", "résolues", "løst", "behoben"},
};

const char *alarm_class_text(enum alarm_class class)
{
    static const char *const names[ALARM_CLASS_N] = {
        [ALARM_METER] = "meter",     [ALARM_OFFLINE] = "offline",   [ALARM_FAULT] = "fault",         [ALARM_OVERLOAD] = "overload",
        [ALARM_STORAGE] = "storage", [ALARM_SECURITY] = "security", [ALARM_DEPARTURE] = "departure",
    };

    CHECK(class < ALARM_CLASS_N);
    return names[class];
}

/* A name that people gave stands before its serial number. */
static void name_place(const struct site *site, const struct alarm_item *item, char *out, size_t out_len)
{
    uint16_t at = item->place;

    if (item->kind == ALARM_RECORDS_LOST) {
        (void)snprintf(out, out_len, "%u", item->code);
    } else if (item->kind == ALARM_METER_LOST) {
        (void)snprintf(out, out_len, "%s", at < site->meter_n ? site->meter[at].id : "?");
    } else if (item->kind == ALARM_OVER_LIMIT) {
        (void)snprintf(out, out_len, "%s", at < site->node_n ? site->node[at].id : "?");
    } else if (at < site->box_n && site->box[at].name[0] != '\0') {
        (void)snprintf(out, out_len, "%s (%s)", site->box[at].name, site->box[at].serial);
    } else {
        (void)snprintf(out, out_len, "%s", at < site->box_n ? site->box[at].serial : "?");
    }
}

/* Put more at the end of a text. RC_FULL: it does not fit; out is the empty text. */
__attribute__((format(printf, 4, 5))) static enum rc add(char *out, size_t out_len, size_t *len, const char *format, ...)
{
    va_list arguments;
    int more;

    va_start(arguments, format);
    more = vsnprintf(out + *len, out_len - *len, format, arguments);
    va_end(arguments);
    if (more < 0 || (size_t)more >= out_len - *len) {
        out[0] = '\0';
        return RC_FULL;
    }
    *len += (size_t)more;
    return RC_OK;
}

/* A text of the table with the name at its %s. */
static enum rc fill(const char *text, const char *name, char *out, size_t out_len, size_t *len)
{
    enum rc rc = RC_OK;

    for (const char *at = text; *at != '\0' && rc == RC_OK; at++) {
        if (at[0] == '%' && at[1] == 's') {
            rc = add(out, out_len, len, "%s", name);
            at++;
        } else {
            rc = add(out, out_len, len, "%c", *at);
        }
    }
    return rc;
}

enum rc alarm_text_item(const struct site *site, enum lang lang, const struct alarm_item *item, char *out, size_t out_len)
{
    char name[NAME_LEN + SERIAL_LEN + 4];
    size_t len = 0;
    enum rc rc;

    CHECK(lang < LANG_N);
    CHECK(item->kind < ALARM_KIND_N);
    CHECK(out_len > 0);
    out[0] = '\0';
    name_place(site, item, name, sizeof name);
    rc = fill(texts[item->kind][lang], name, out, out_len, &len);
    if (rc == RC_OK && item->kind == ALARM_BOX_FAULT) {
        rc = add(out, out_len, &len, " (%s %u)", phrases[FAULT_CODE][lang], item->code);
    }
    return rc;
}

void alarm_text_subject(enum lang lang, const struct alarm_message *m, char out[ALARM_SUBJECT_LEN])
{
    unsigned solved_n = 0;

    CHECK(lang < LANG_N);
    CHECK(m->item_n <= ALARM_ITEM_MAX);
    for (uint16_t i = 0; i < m->item_n; i++) {
        solved_n += m->item[i].is_solved ? 1 : 0;
    }
    if (solved_n > 0) {
        (void)snprintf(out, ALARM_SUBJECT_LEN, "%s: %u, %s: %u", phrases[ALARMS_N][lang], m->item_n + m->more_n - solved_n, phrases[SOLVED_N][lang], solved_n);
    } else {
        (void)snprintf(out, ALARM_SUBJECT_LEN, "%s: %u", phrases[ALARMS_N][lang], m->item_n + m->more_n);
    }
}

static enum rc add_item(const struct site *site, enum lang lang, const struct alarm_item *item, char *out, size_t *len)
{
    char line[LINE_LEN];
    char since[LANG_TEXT_LEN];
    char ended[LANG_TEXT_LEN];
    enum rc rc = alarm_text_item(site, lang, item, line, sizeof line);

    if (rc != RC_OK) {
        out[0] = '\0';
        return rc;
    }
    lang_moment(lang, item->since_utc_ms, since);
    lang_moment(lang, item->ended_utc_ms, ended);
    if (item->is_solved) {
        return add(out, ALARM_BODY_LEN, len, "%s: %s (%s %s %s)\n", phrases[SOLVED][lang], line, since, phrases[UNTIL][lang], ended);
    }
    return add(out, ALARM_BODY_LEN, len, "%s (%s)\n", line, since);
}

enum rc alarm_text_body(const struct site *site, enum lang lang, const struct alarm_message *m, char out[ALARM_BODY_LEN])
{
    size_t len = 0;
    enum rc rc = RC_OK;

    CHECK(lang < LANG_N);
    CHECK(m->item_n <= ALARM_ITEM_MAX);
    out[0] = '\0';
    if (m->is_summary) {
        rc = add(out, ALARM_BODY_LEN, &len, "%s\n\n", phrases[SUMMARY][lang]);
    }
    for (uint16_t i = 0; i < m->item_n && rc == RC_OK; i++) {
        rc = add_item(site, lang, &m->item[i], out, &len);
    }
    if (rc == RC_OK && m->more_n > 0) {
        rc = add(out, ALARM_BODY_LEN, &len, "%s: %u\n", phrases[MORE][lang], m->more_n);
    }
    return rc == RC_OK ? add(out, ALARM_BODY_LEN, &len, "\n%s: %u\n", phrases[OPEN][lang], m->open_n) : rc;
}
