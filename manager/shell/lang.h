/* Numbers, dates and the words of reports in the four languages (spec 08).
 *
 * en 1,234.567  31 Jan 2026, 14:05      fr 1 234,567  31/01/2026 14:05 (narrow no-break space)
 * nb 1 234,567  31.01.2026 14:05 (no-break space)      de 1.234,567  31.01.2026 14:05
 */
#pragma once

#include <stdint.h>

#include "common/base/rc.h"

enum lang { LANG_EN, LANG_FR, LANG_NB, LANG_DE, LANG_N };

#define LANG_TEXT_LEN 64

#define LANG_WORDS(X)                                                                                                                               \
    X(WORD_STATEMENT, "Charging statement", "Relevé de charge", "Ladeoppgjør", "Ladeabrechnung")                                                    \
    X(WORD_SESSIONS, "Sessions", "Sessions", "Ladeøkter", "Ladevorgänge")                                                                           \
    X(WORD_CARD, "Card", "Carte", "Kort", "Karte")                                                                                                  \
    X(WORD_VEHICLE, "Vehicle", "Véhicule", "Kjøretøy", "Fahrzeug")                                                                                  \
    X(WORD_NAME, "Name", "Nom", "Navn", "Name")                                                                                                     \
    X(WORD_PERIOD, "Period", "Période", "Periode", "Zeitraum")                                                                                      \
    X(WORD_START, "Start", "Début", "Start", "Beginn")                                                                                              \
    X(WORD_END, "End", "Fin", "Slutt", "Ende")                                                                                                      \
    X(WORD_WALLBOX, "Wallbox", "Borne", "Ladeboks", "Wallbox")                                                                                      \
    X(WORD_ENERGY, "Energy (kWh)", "Énergie (kWh)", "Energi (kWh)", "Energie (kWh)")                                                                \
    X(WORD_SOLAR, "of which solar (kWh)", "dont solaire (kWh)", "herav sol (kWh)", "davon Sonne (kWh)")                                             \
    X(WORD_METER_START, "Meter at start (kWh)", "Compteur au début (kWh)", "Måler ved start (kWh)", "Zählerstand Beginn (kWh)")                     \
    X(WORD_METER_END, "Meter at end (kWh)", "Compteur à la fin (kWh)", "Måler ved slutt (kWh)", "Zählerstand Ende (kWh)")                           \
    X(WORD_REASON, "Ended by", "Fin par", "Avsluttet av", "Beendet durch")                                                                          \
    X(WORD_COST, "Cost", "Coût", "Kostnad", "Kosten")                                                                                               \
    X(WORD_PRICES, "Prices", "Prix", "Priser", "Preise")                                                                                            \
    X(WORD_PRICE_NUMBER, "Prices no.", "Prix n°", "Priser nr.", "Preise Nr.")                                                                       \
    X(WORD_VALID_FROM, "Valid from", "Valables dès", "Gjelder fra", "Gültig ab")                                                                    \
    X(WORD_TIME, "Time", "Horaire", "Tid", "Zeit")                                                                                                  \
    X(WORD_PRICE_KWH, "Price per kWh", "Prix par kWh", "Pris per kWh", "Preis je kWh")                                                              \
    X(WORD_ALWAYS, "at all times", "à toute heure", "hele tiden", "jederzeit")                                                                      \
    X(WORD_OTHERWISE, "at all other times", "le reste du temps", "ellers", "zu allen anderen Zeiten")                                               \
    X(WORD_SUN, "solar energy", "énergie solaire", "solenergi", "Sonnenenergie")                                                                    \
    X(WORD_PRICES_RULE, "Each session costs what was valid when it began; a quarter hour what is valid when that begins.",                          \
      "Chaque session coûte ce qui était valable à son début ; chaque quart d'heure, ce qui est valable quand il commence.",                        \
      "Hver ladeøkt koster det som gjaldt da den begynte; et kvarter det som gjelder når det begynner.",                                            \
      "Jeder Ladevorgang kostet, was zu seinem Beginn galt; eine Viertelstunde, was gilt, wenn sie beginnt.")                                       \
    X(WORD_MONDAY, "Mon", "lun.", "man.", "Mo")                                                                                                     \
    X(WORD_TUESDAY, "Tue", "mar.", "tir.", "Di")                                                                                                    \
    X(WORD_WEDNESDAY, "Wed", "mer.", "ons.", "Mi")                                                                                                  \
    X(WORD_THURSDAY, "Thu", "jeu.", "tor.", "Do")                                                                                                   \
    X(WORD_FRIDAY, "Fri", "ven.", "fre.", "Fr")                                                                                                     \
    X(WORD_SATURDAY, "Sat", "sam.", "lør.", "Sa")                                                                                                   \
    X(WORD_SUNDAY, "Sun", "dim.", "søn.", "So")                                                                                                     \
    X(WORD_CURRENCY, "Currency", "Devise", "Valuta", "Währung")                                                                                     \
    X(WORD_TOTAL, "Total", "Total", "Sum", "Summe")                                                                                                 \
    X(WORD_NONE, "No sessions in this period", "Aucune session dans cette période", "Ingen ladeøkter i perioden", "Keine Ladevorgänge im Zeitraum") \
    X(WORD_CERTIFIED, "The meters of the wallboxes are not legally certified.", "Les compteurs des bornes ne sont pas certifiés légalement.",       \
      "Målerne i ladeboksene er ikke sertifisert for avregning.", "Die Zähler der Wallboxen sind nicht geeicht.")                                   \
    X(WORD_MADE, "Made on", "Établi le", "Laget", "Erstellt am")                                                                                    \
    X(WORD_UNPLUGGED, "unplugged", "débranché", "frakoblet", "abgesteckt")                                                                          \
    X(WORD_BY_CARD, "card", "carte", "kort", "Karte")                                                                                               \
    X(WORD_BY_COMMAND, "command", "commande", "kommando", "Befehl")                                                                                 \
    X(WORD_BY_FAULT, "fault", "défaut", "feil", "Störung")                                                                                          \
    X(WORD_BY_POWER_LOSS, "power failure", "coupure de courant", "strømbrudd", "Stromausfall")

#define LANG_ENUM(id, en, fr, nb, de) id,
enum lang_word { LANG_WORDS(LANG_ENUM) WORD_N };
#undef LANG_ENUM

/* "en", "fr", "nb", "de". RC_RANGE: none of them; *out is untouched. */
MUST_USE enum rc lang_parse(const char *text, enum lang *out);
const char *lang_code(enum lang lang);

const char *lang_word(enum lang lang, enum lang_word word);

/* Why a session ended, for its name in the database ("unplugged"); that itself when it is another. */
const char *lang_end_reason(enum lang lang, const char *name);

/* value / 10^decimals_n, with grouped thousands; decimals_n 0..5. */
void lang_number(enum lang lang, int64_t value, int decimals_n, char out[LANG_TEXT_LEN]);

/* Date and time on the wall clock of the site. utc_ms 0: nobody knows, a dash. */
void lang_moment(enum lang lang, int64_t utc_ms, char out[LANG_TEXT_LEN]);

/* "January 2026". */
void lang_month(enum lang lang, int year, int month, char out[LANG_TEXT_LEN]);

/* Separator of fields and decimal sign of tables as text, as the spreadsheets of the language expect them. */
char lang_separator(enum lang lang);
char lang_decimal(enum lang lang);
