#include "client/core/trouble.h"

#include "common/base/check.h"

struct row {
    enum trouble trouble;
    const char *text[LANGUAGE_N];
};

static const struct row headings[TROUBLE_N] = {
    {TROUBLE_DARK, {"No light", "Aucun voyant", "Ingen lys", "Kein Licht"}},
    {TROUBLE_NO_START, {"Charging does not start", "La charge ne démarre pas", "Ladingen starter ikke", "Laden beginnt nicht"}},
    {TROUBLE_SLOW, {"Not full or slow", "Charge incomplète ou lente", "Ikke full eller treg", "Nicht voll oder langsam"}},
    {TROUBLE_STUCK, {"Plug is stuck", "La fiche est bloquée", "Støpselet sitter fast", "Stecker sitzt fest"}},
    {TROUBLE_RED_FLASH, {"Red flashing", "Clignotement rouge", "Rødt blinkende", "Rotes Blinken"}},
    {TROUBLE_RED, {"Permanent red", "Rouge permanent", "Konstant rødt", "Dauerhaft rot"}},
};

static const struct row causes[] = {
    {TROUBLE_DARK,
     {"No supply: look at the residual current device and the breaker.", "Pas d'alimentation : contrôlez le différentiel et le disjoncteur.",
      "Ingen forsyning: se på jordfeilbryter og sikring.", "Keine Versorgung: Fehlerstrom- und Leitungsschutzschalter prüfen."}},
    {TROUBLE_DARK,
     {"The wallbox is defective: call service.", "La borne est en panne : appelez le service.", "Boksen er defekt: ring service.",
      "Die Wallbox ist defekt: Service rufen."}},
    {TROUBLE_NO_START,
     {"The plug is not fully in: pull it and plug in again.", "La fiche n'est pas bien enfoncée : retirez-la et rebranchez.",
      "Støpselet er ikke helt inne: dra det ut og sett det inn igjen.", "Der Stecker steckt nicht ganz: ziehen und neu stecken."}},
    {TROUBLE_NO_START,
     {"The plug is dirty or worn where it locks: clean or replace it.", "La fiche est sale ou usée au verrouillage : nettoyez-la ou remplacez-la.",
      "Støpselet er skittent eller slitt der det låses: rengjør eller bytt det.",
      "Der Stecker ist an der Verriegelung verschmutzt oder verschlissen: reinigen oder tauschen."}},
    {TROUBLE_NO_START,
     {"The vehicle needs no energy or has a fault: look at the vehicle.", "Le véhicule n'a pas besoin d'énergie ou est en défaut : voyez le véhicule.",
      "Bilen trenger ikke energi eller har en feil: se på bilen.", "Das Fahrzeug braucht keine Energie oder hat einen Fehler: am Fahrzeug nachsehen."}},
    {TROUBLE_NO_START,
     {"Nobody has authorized: hold a valid card to the reader.", "Aucune autorisation : présentez une carte valable.",
      "Ingen har autorisert: hold et gyldig kort mot leseren.", "Nicht freigegeben: eine gültige Karte vorhalten."}},
    {TROUBLE_NO_START,
     {"The vehicle is set to charge later.", "Le véhicule est programmé pour plus tard.", "Bilen er innstilt på å lade senere.",
      "Das Fahrzeug ist auf späteres Laden eingestellt."}},
    {TROUBLE_NO_START,
     {"A charging schedule has a later start.", "Un plan de charge prévoit un départ ultérieur.", "En ladeplan starter senere.",
      "Ein Ladeplan sieht einen späteren Beginn vor."}},
    {TROUBLE_NO_START,
     {"The app has no connection: see its chapter of the manual.", "L'application n'est pas connectée : voyez son chapitre du manuel.",
      "Appen har ikke forbindelse: se kapitlet i håndboken.", "Die App hat keine Verbindung: siehe ihr Kapitel der Anleitung."}},
    {TROUBLE_SLOW,
     {"The house needs the current: load management of the site is active.", "La maison a besoin du courant : la gestion de charge est active.",
      "Huset trenger strømmen: lastbalansering er aktiv.", "Das Haus braucht den Strom: das Lastmanagement ist aktiv."}},
    {TROUBLE_SLOW,
     {"Release missing, late or limited by the app.", "Autorisation absente, tardive ou limitée par l'application.",
      "Frigivelse mangler, er forsinket eller begrenset av appen.", "Freigabe fehlt, kommt spät oder ist von der App begrenzt."}},
    {TROUBLE_SLOW,
     {"Home automation withholds or limits the current.", "La domotique retient ou limite le courant.",
      "Hjemmeautomatikk holder igjen eller begrenser strømmen.", "Die Haussteuerung hält den Strom zurück oder begrenzt ihn."}},
    {TROUBLE_SLOW, {"A charging schedule says so.", "Un plan de charge le prévoit.", "En ladeplan bestemmer det.", "Ein Ladeplan bestimmt es so."}},
    {TROUBLE_SLOW,
     {"Settings of the vehicle: mode, departure, its own current limit.", "Réglages du véhicule : mode, départ, limite de courant.",
      "Innstillinger i bilen: modus, avreise, egen strømgrense.", "Einstellungen des Fahrzeugs: Modus, Abfahrt, eigene Stromgrenze."}},
    {TROUBLE_SLOW,
     {"Heat: give wallbox and vehicle shade, look at the plug, call service if it stays.",
      "Chaleur : ombragez borne et véhicule, examinez la fiche, appelez le service si cela dure.",
      "Varme: gi boks og bil skygge, se på støpselet, ring service hvis det vedvarer.",
      "Hitze: Wallbox und Fahrzeug beschatten, Stecker ansehen, bei Fortdauer Service rufen."}},
    {TROUBLE_STUCK,
     {"The vehicle has not ended charging: end it as its manual says.", "Le véhicule n'a pas terminé : arrêtez selon son manuel.",
      "Bilen har ikke avsluttet: avslutt slik bilens håndbok sier.", "Das Fahrzeug hat nicht beendet: nach seiner Anleitung beenden."}},
    {TROUBLE_STUCK,
     {"The plug is under tension: push it in and unlock again.", "La fiche est sous contrainte : poussez-la et déverrouillez à nouveau.",
      "Støpselet står i spenn: trykk det inn og lås opp igjen.", "Der Stecker steht unter Zug: hineindrücken und erneut entriegeln."}},
    {TROUBLE_RED_FLASH,
     {"A fault: read its code here, mains off, pull the plug, mains on. If it comes back, call service.",
      "Un défaut : lisez son code ici, coupez le secteur, débranchez, rétablissez. S'il revient, appelez le service.",
      "En feil: les koden her, slå av strømmen, dra ut støpselet, slå på. Kommer den igjen, ring service.",
      "Ein Fehler: Code hier lesen, Netz aus, Stecker ziehen, Netz ein. Kommt er wieder, Service rufen."}},
    {TROUBLE_RED,
     {"The voltage on the cable cannot be switched off: mains off; replace the wallbox if it stays.",
      "La tension du câble ne se coupe plus : coupez le secteur ; remplacez la borne si cela persiste.",
      "Spenningen på kabelen kan ikke slås av: slå av strømmen; bytt boksen hvis det vedvarer.",
      "Die Spannung am Kabel lässt sich nicht abschalten: Netz aus; bleibt es, Wallbox tauschen."}},
    {TROUBLE_RED,
     {"The earth is not connected or too weak: have it connected rightly.", "La terre manque ou est trop résistante : faites-la raccorder.",
      "Jord mangler eller er for svak: få den koblet riktig.", "Der Schutzleiter fehlt oder ist zu hochohmig: richtig anschließen lassen."}},
    {TROUBLE_RED,
     {"The test of the residual current device failed: replace the wallbox if it comes back.",
      "Le test du différentiel a échoué : remplacez la borne si cela revient.", "Testen av jordfeilvernet mislyktes: bytt boksen hvis det gjentar seg.",
      "Der Test der Fehlerstromerkennung schlug fehl: bei Wiederholung Wallbox tauschen."}},
};

const char *trouble_text(enum trouble trouble, enum language language)
{
    CHECK(trouble < TROUBLE_N);
    CHECK(language < LANGUAGE_N);
    return headings[trouble].text[language];
}

size_t trouble_cause_n(enum trouble trouble)
{
    size_t n = 0;

    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        n += causes[i].trouble == trouble ? 1 : 0;
    }
    return n;
}

const char *trouble_cause(enum trouble trouble, size_t cause, enum language language)
{
    CHECK(language < LANGUAGE_N);
    CHECK(cause < trouble_cause_n(trouble));
    for (size_t i = 0; i < sizeof causes / sizeof causes[0]; i++) {
        if (causes[i].trouble == trouble && cause-- == 0) {
            return causes[i].text[language];
        }
    }
    return "";
}
