#include "client/core/cfault_text.h"

#include <stddef.h>

#include "client/core/cfault_table.h"
#include "common/base/check.h"

struct text_row {
    uint16_t code;
    const char *text[LANGUAGE_N];
    const char *help[LANGUAGE_N];
};

static const struct text_row rows[] = {
    {0,
     {"Unknown fault", "Défaut inconnu", "Ukjent feil", "Unbekannter Fehler"},
     {"Contact your service partner and tell the code.", "Adressez-vous au service après-vente et indiquez le code.",
      "Kontakt serviceverkstedet og oppgi koden.", "Wenden Sie sich an den Service und nennen Sie den Code."}},
    {CFAULT_UNPLUGGED,
     {"Vehicle unplugged too early", "Véhicule débranché trop tôt", "Bilen ble koblet fra for tidlig", "Fahrzeug zu früh abgesteckt"},
     {"Plug in again until the plug locks. Do not pull it during the self-test (orange) or while current flows; end charging at the vehicle first.",
      "Rebranchez jusqu'au verrouillage. Ne tirez pas la fiche pendant l'autotest (orange) ni pendant la charge ; arrêtez d'abord la charge au véhicule.",
      "Sett støpselet inn igjen til det låses. Ikke dra det ut under selvtesten (oransje) eller mens det går strøm; avslutt ladingen i bilen først.",
      "Stecken Sie neu ein, bis der Stecker verriegelt. Nicht während des Selbsttests (orange) oder unter Strom ziehen; zuerst am Fahrzeug beenden."}},
    {CFAULT_OVERHEATED,
     {"Too hot, charging interrupted", "Surchauffe, charge interrompue", "For varm, ladingen er avbrutt", "Zu heiß, Laden unterbrochen"},
     {"Charging goes on by itself when the wallbox has cooled. Shade it from the sun; have plug and cable looked at if it happens often.",
      "La charge reprend d'elle-même après refroidissement. Protégez la borne du soleil ; faites contrôler fiche et câble si cela se répète.",
      "Ladingen fortsetter av seg selv når boksen er avkjølt. Skjerm den mot sol; få støpsel og kabel kontrollert hvis det skjer ofte.",
      "Das Laden geht nach dem Abkühlen von selbst weiter. Vor Sonne schützen; bei Wiederholung Stecker und Kabel prüfen lassen."}},
    {CFAULT_LOAD,
     {"This load is no vehicle", "Cette charge n'est pas un véhicule", "Lasten er ikke en bil", "Diese Last ist kein Fahrzeug"},
     {"Only electric and plug-in hybrid vehicles may be connected. Remove the load and start again.",
      "Seuls les véhicules électriques et hybrides rechargeables sont admis. Retirez cette charge et recommencez.",
      "Bare el- og ladbare hybridbiler kan kobles til. Fjern lasten og start på nytt.",
      "Nur Elektro- und Plug-in-Hybridfahrzeuge dürfen angeschlossen werden. Entfernen Sie die Last und beginnen Sie neu."}},
    {CFAULT_CABLE,
     {"Charging cable not recognized", "Câble de charge non reconnu", "Ladekabelen gjenkjennes ikke", "Ladekabel nicht erkannt"},
     {"Plug the cable in again. If the fault stays, the cable is damaged: use another one.",
      "Rebranchez le câble. Si le défaut persiste, le câble est abîmé : prenez-en un autre.",
      "Sett kabelen inn på nytt. Blir feilen stående, er kabelen skadd: bruk en annen.",
      "Stecken Sie das Kabel neu ein. Bleibt der Fehler, ist es beschädigt: nehmen Sie ein anderes."}},
    {CFAULT_OVERDRAW,
     {"Vehicle took more current than allowed", "Le véhicule a dépassé le courant autorisé", "Bilen tok mer strøm enn tillatt",
      "Fahrzeug nahm mehr Strom als erlaubt"},
     {"It was switched off. If it happens again, have the vehicle's charger checked in a workshop.",
      "Il a été coupé. Si cela se répète, faites contrôler le chargeur du véhicule en atelier.",
      "Den ble koblet ut. Skjer det igjen, få bilens lader kontrollert på verksted.",
      "Es wurde abgeschaltet. Bei Wiederholung das Ladegerät des Fahrzeugs in der Werkstatt prüfen lassen."}},
    {CFAULT_NO_CONTACT,
     {"Voltage cannot be switched on", "La tension ne peut pas être enclenchée", "Spenningen kan ikke kobles inn", "Spannung lässt sich nicht einschalten"},
     {"Connect the vehicle again or restart the wallbox. If it happens often, call service: the contactor may be worn.",
      "Rebranchez le véhicule ou redémarrez la borne. Si cela se répète, appelez le service : le contacteur est peut-être usé.",
      "Koble bilen til på nytt eller start boksen på nytt. Skjer det ofte, ring service: kontaktoren kan være slitt.",
      "Schließen Sie das Fahrzeug neu an oder starten Sie die Wallbox neu. Bei Wiederholung Service rufen: das Schütz kann verschlissen sein."}},
    {CFAULT_VOLTAGE,
     {"Mains voltage outside 160 V to 280 V", "Tension secteur hors de 160 V à 280 V", "Nettspenning utenfor 160 V til 280 V",
      "Netzspannung außerhalb 160 V bis 280 V"},
     {"The line may be too long or too thin: lower the current, or have an electrician strengthen it. Ask your supplier about the voltage.",
      "La ligne est peut-être trop longue ou trop fine : réduisez le courant ou faites-la renforcer. Interrogez votre fournisseur sur la tension.",
      "Ledningen kan være for lang eller for tynn: senk strømmen, eller få en elektriker til å forsterke den. Spør nettselskapet om spenningen.",
      "Die Leitung ist vielleicht zu lang oder zu dünn: Strom senken oder vom Elektriker verstärken lassen. Fragen Sie den Versorger nach der Spannung."}},
    {CFAULT_RESIDUAL,
     {"Residual current", "Courant différentiel", "Jordfeilstrøm", "Fehlerstrom"},
     {"Look for damage at the cable and water in the plug. Lightning nearby can cause it, too. If it stays, do not charge and call service.",
      "Cherchez un câble abîmé ou de l'eau dans la fiche. La foudre proche peut aussi en être la cause. S'il persiste, ne chargez pas et appelez le service.",
      "Se etter skader på kabelen og vann i støpselet. Lyn i nærheten kan også være årsak. Blir den stående: ikke lad, ring service.",
      "Suchen Sie Schäden am Kabel und Wasser im Stecker. Auch ein naher Blitz kann die Ursache sein. Bleibt er: nicht laden, Service rufen."}},
    {CFAULT_SAFETY,
     {"Safety circuit has tripped", "Le circuit de sécurité s'est déclenché", "Sikkerhetskretsen har løst ut", "Sicherheitskreis hat ausgelöst"},
     {"The contacts may not open any more. Switch the mains off at the breaker and on again; no other restart helps. A software update may cure it.",
      "Les contacts ne s'ouvrent peut-être plus. Coupez et rétablissez le secteur au disjoncteur ; rien d'autre n'aide. Une mise à jour peut y remédier.",
      "Kontaktene kan være låst. Slå av og på strømmen med sikringen; ingen annen omstart hjelper. En oppdatering kan løse det.",
      "Die Kontakte öffnen vielleicht nicht mehr. Netz am Schutzschalter aus- und einschalten; nichts anderes hilft. Ein Update kann den Fehler beheben."}},
    {CFAULT_BOARD_LOST,
     {"Charging hardware does not answer", "L'électronique de charge ne répond pas", "Ladeelektronikken svarer ikke", "Ladeelektronik antwortet nicht"},
     {"The hardware has opened the contactor by itself. Switch the mains off and on; call service if it stays.",
      "L'électronique a ouvert le contacteur d'elle-même. Coupez et rétablissez le secteur ; appelez le service si cela persiste.",
      "Elektronikken har selv åpnet kontaktoren. Slå strømmen av og på; ring service hvis det vedvarer.",
      "Die Hardware hat das Schütz selbst geöffnet. Netz aus- und einschalten; bleibt es, Service rufen."}},
    {CFAULT_STORE_FULL,
     {"Journal cannot be written", "Le journal ne peut pas être écrit", "Journalen kan ikke skrives", "Journal nicht beschreibbar"},
     {"A running session goes on, a new one waits for space on the disk. Free space or replace the memory card.",
      "La session en cours continue, une nouvelle attend de la place. Libérez de l'espace ou remplacez la carte mémoire.",
      "En pågående økt fortsetter, en ny venter på plass. Frigjør plass eller bytt minnekort.",
      "Ein laufender Vorgang geht weiter, ein neuer wartet auf Platz. Platz schaffen oder Speicherkarte tauschen."}},
    {CFAULT_WATCHDOG,
     {"Watchdog has interrupted charging", "Le chien de garde a interrompu la charge", "Vakthunden har avbrutt ladingen", "Wächter hat das Laden unterbrochen"},
     {"The program was too slow for a moment; charging goes on by itself. If it happens often, send the log to service.",
      "Le programme a été trop lent un instant ; la charge reprend d'elle-même. Si cela se répète, envoyez le journal au service.",
      "Programmet var for tregt et øyeblikk; ladingen fortsetter av seg selv. Skjer det ofte, send loggen til service.",
      "Das Programm war kurz zu langsam; das Laden geht von selbst weiter. Bei Häufung das Protokoll an den Service senden."}},
    {CFAULT_EARTH,
     {"Protective earth missing or too weak", "Terre absente ou trop résistante", "Jord mangler eller er for svak", "Schutzleiter fehlt oder zu hochohmig"},
     {"Do not charge. Cut the wallbox off the mains and have an electrician connect the earth.",
      "Ne chargez pas. Coupez la borne du secteur et faites raccorder la terre par un électricien.",
      "Ikke lad. Koble boksen fra nettet og få en elektriker til å koble jord.",
      "Nicht laden. Wallbox vom Netz trennen und den Schutzleiter vom Elektriker anschließen lassen."}},
    {CFAULT_CCID,
     {"Test of the residual current device failed", "Échec du test du dispositif différentiel", "Test av jordfeilvern mislyktes",
      "Test der Fehlerstromerkennung fehlgeschlagen"},
     {"Cut the wallbox off the mains. If the fault comes back, it must be replaced.",
      "Coupez la borne du secteur. Si le défaut revient, elle doit être remplacée.", "Koble boksen fra nettet. Kommer feilen tilbake, må den byttes.",
      "Wallbox vom Netz trennen. Kommt der Fehler wieder, muss sie getauscht werden."}},
    {CFAULT_DIODE,
     {"Pilot circuit of the vehicle is wrong", "Circuit pilote du véhicule incorrect", "Bilens pilotkrets er feil", "Pilotkreis des Fahrzeugs fehlerhaft"},
     {"What is plugged in answers without the diode that every vehicle has. Have vehicle or adapter checked.",
      "L'appareil branché répond sans la diode que possède tout véhicule. Faites contrôler le véhicule ou l'adaptateur.",
      "Det som er tilkoblet svarer uten dioden som alle biler har. Få bil eller adapter kontrollert.",
      "Das Angeschlossene antwortet ohne die Diode, die jedes Fahrzeug hat. Fahrzeug oder Adapter prüfen lassen."}},
    {CFAULT_PILOT,
     {"Pilot line short or broken", "Ligne pilote en court-circuit ou coupée", "Pilotledningen er kortsluttet eller brutt",
      "Pilotleitung kurzgeschlossen oder unterbrochen"},
     {"Pull the plug and look for dirt, water or bent pins. If it stays without a vehicle, the cable must be replaced.",
      "Débranchez et cherchez saleté, eau ou broches tordues. S'il persiste sans véhicule, le câble doit être remplacé.",
      "Dra ut støpselet og se etter smuss, vann eller bøyde pinner. Vedvarer det uten bil, må kabelen byttes.",
      "Stecker ziehen und nach Schmutz, Wasser oder verbogenen Stiften sehen. Bleibt er ohne Fahrzeug, muss das Kabel getauscht werden."}},
    {CFAULT_WELDED,
     {"Contactor does not open", "Le contacteur ne s'ouvre plus", "Kontaktoren åpner ikke", "Schütz öffnet nicht"},
     {"The cable may carry voltage. Do not touch the plug; switch the mains off at the breaker and call service.",
      "Le câble peut être sous tension. Ne touchez pas la fiche ; coupez le secteur au disjoncteur et appelez le service.",
      "Kabelen kan være spenningssatt. Ikke rør støpselet; slå av sikringen og ring service.",
      "Das Kabel kann unter Spannung stehen. Stecker nicht berühren; Netz am Schutzschalter trennen und Service rufen."}},
    {CFAULT_METER,
     {"Energy register is not plausible", "Compteur d'énergie non plausible", "Energimåleren er ikke troverdig", "Energiezähler unglaubwürdig"},
     {"Current flows and the register stands still, or it went back. Charging goes on; the energy of this session may be wrong. Call service.",
      "Le courant passe et le compteur est figé, ou il a reculé. La charge continue ; l'énergie affichée peut être fausse. Appelez le service.",
      "Det går strøm og telleren står, eller den gikk tilbake. Ladingen fortsetter; energien kan være feil. Ring service.",
      "Strom fließt und der Zähler steht, oder er lief zurück. Es lädt weiter; die Energie des Vorgangs kann falsch sein. Service rufen."}},
    {CFAULT_CLOCK,
     {"Clock is not set", "L'horloge n'est pas réglée", "Klokken er ikke stilt", "Uhr nicht gestellt"},
     {"Records are dated when the time is known. Set it in the dashboard or give the site a time server.",
      "Les enregistrements seront datés dès que l'heure sera connue. Réglez-la dans l'interface ou indiquez un serveur de temps.",
      "Opptegnelser dateres når tiden er kjent. Still den i nettsiden eller oppgi en tidsserver.",
      "Aufzeichnungen werden datiert, sobald die Zeit bekannt ist. In der Oberfläche stellen oder einen Zeitserver angeben."}},
    {CFAULT_MODULE,
     {"Communication module defective", "Module de communication défectueux", "Kommunikasjonsmodulen er defekt", "Kommunikationsmodul defekt"},
     {"Charging works without it. Restart the wallbox; if the fault stays, the module must be replaced.",
      "La charge fonctionne sans lui. Redémarrez la borne ; si le défaut persiste, le module doit être remplacé.",
      "Ladingen virker uten. Start boksen på nytt; blir feilen stående, må modulen byttes.",
      "Das Laden geht auch ohne. Wallbox neu starten; bleibt der Fehler, muss das Modul getauscht werden."}},
};

static const struct text_row *find(uint16_t code)
{
    for (size_t i = 1; i < sizeof rows / sizeof rows[0]; i++) {
        if (rows[i].code == code) {
            return &rows[i];
        }
    }
    return &rows[0];
}

const char *cfault_text(uint16_t code, enum language language)
{
    CHECK(language < LANGUAGE_N);
    return find(code)->text[language];
}

const char *cfault_help(uint16_t code, enum language language)
{
    CHECK(language < LANGUAGE_N);
    return find(code)->help[language];
}
