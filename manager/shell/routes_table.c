/* Every path of the interface: what it takes, who may, who answers. The description of the interface is made from this table. */
#include "manager/core/alarm.h"
#include "manager/core/site.h"
#include "manager/shell/routes_answers.h"
#include "manager/shell/tariff.h"

#define MODES "fast solar_minimum solar_only"

#define TEXT(name, min, max, is_required, help)                    \
    {                                                              \
        name, FIELD_TEXT, min, max, NULL, is_required, false, help \
    }
#define INT(name, min, max, may_be_null, help)                    \
    {                                                             \
        name, FIELD_INT, min, max, NULL, false, may_be_null, help \
    }
#define CHOICE(name, choices, is_required, may_be_null, help)             \
    {                                                                     \
        name, FIELD_CHOICE, 0, 0, choices, is_required, may_be_null, help \
    }

static const struct field login_fields[] = {
    TEXT("user", 1, 64, true, "name of the user"),
    TEXT("password", 1, 128, true, "password"),
};
static const struct field password_fields[] = {
    TEXT("password", 1, 128, true, "present password"),
    TEXT("new_password", PASSWORD_MIN, PASSWORD_MAX, true, "new password; not the serial number, the user name or the present one"),
    TEXT("new_user", 1, 32, false, "new name of the user"),
};
static const struct field recover_fields[] = {
    TEXT("recovery_key", 1, 64, true, "recovery key of this manager; letter case, dashes and spaces do not matter"),
    TEXT("new_password", PASSWORD_MIN, PASSWORD_MAX, true, "new password of the first administrator"),
};
static const struct field user_fields[] = {
    TEXT("user", 1, 32, true, "name of the user"),
    TEXT("password", PASSWORD_MIN, PASSWORD_MAX, true, "first password, to be changed at the first login"),
    CHOICE("role", ROLE_CHOICES, true, false, "what the user may do"),
};
static const struct field token_fields[] = {
    TEXT("name", 1, 64, true, "what the token is for"),
    CHOICE("scope", ROLE_CHOICES, true, false, "what a program with this token may do"),
};
static const struct field setting_fields[] = {
    TEXT("name", 0, 64, false, "name for people; empty: the serial number serves"),
    INT("priority", 0, PRIORITY_MAX, false, "higher is served first"),
    CHOICE("mode", MODES, false, false, "what it charges with"),
    INT("local_limit_ma", 6000, 80000, true, "most that it gets, mA; null: what its hardware allows"),
};
static const struct field session_fields[] = {
    {"departure", FIELD_UTC, 0, 0, NULL, false, true, "when the vehicle leaves"},
    INT("needed_wh", 1, 1000000, true, "energy that it needs in this session, Wh"),
    CHOICE("mode", MODES, false, true, "what this session charges with; null: as set at the wallbox"),
    INT("priority", 0, PRIORITY_MAX, true, "for this session; null: as set at the wallbox"),
    {"charge_now", FIELD_BOOL, 0, 1, NULL, false, false, "fast and first in this session"},
};
#define CARD_FIELDS                                                                                                                \
    CHOICE("kind", "user master setup", false, false, "user: charges; master: teaches others; setup: for electricians"),           \
        TEXT("name", 0, 64, false, "name for people"), TEXT("colour", 0, 32, false, "of the card"),                                \
        {"blocked", FIELD_BOOL, 0, 1, NULL, false, false, "releases nothing"},                                                     \
        {"expires", FIELD_TEXT, 0, 32, NULL, false, true, "a moment (RFC 3339) or the last day on the site's clock; null: never"}, \
        {"wallboxes", FIELD_LIST, 0, BOX_MAX, NULL, false, false, "serial numbers where it is valid; none: everywhere"},           \
        {"departure", FIELD_TEXT, 0, 5, NULL, false, true, "preset of its sessions: time of day, HH:MM"},                          \
        INT("needed_wh", 1, 1000000, true, "preset of its sessions: energy, Wh"), INT("priority", 0, PRIORITY_MAX, true, "preset of its sessions")

static const struct field card_fields[] = {CARD_FIELDS};
static const struct field new_card_fields[] = {{"uid", FIELD_TEXT, 0, 20, NULL, false, true, "of a card: 8, 14, 16 or 20 hex digits"},
                                               {"identity", FIELD_TEXT, 0, 64, NULL, false, true, "of a vehicle, instead of uid"},
                                               CARD_FIELDS};
static const struct field code_fields[] = {
    TEXT("serial", 1, SERIAL_LEN - 1, true, "serial number of the wallbox"),
    TEXT("setup_code", 1, 64, true, "on its label, 16 letters and digits; letter case, dashes and spaces do not matter"),
};
#define SPAN TEXT("from", 1, 32, false, "begin, UTC or a date"), TEXT("to", 1, 32, false, "end, not with it")
#define LIMIT TEXT("limit", 0, 32, false, "how many at most, 1 to 1000, 100 unless given")
#define FORMAT TEXT("format", 1, 8, false, "json or csv")
#define LANGUAGE TEXT("lang", 1, 8, false, "language of the table")

static const struct field sessions_fields[] = {
    LIMIT, SPAN, FORMAT, LANGUAGE, TEXT("wallbox", 1, 32, false, "serial number"), TEXT("card", 1, 64, false, "UID in hex digits or identity of a vehicle")};
static const struct field history_fields[] = {
    TEXT("quantity", 1, 32, true, "name of a figure, as current_l1_ma or power_w"), TEXT("node", 1, 32, true, "node, meter or serial number"), SPAN,
    TEXT("step", 1, 8, false, "1s, 1min or 15min; step_ms of the answer is longer when there would be more than 20,000 values")};
static const struct field events_fields[] = {TEXT("since", 1, 20, false, "number of the last one that is known"), LIMIT};
static const struct field alarm_fields[] = {
    TEXT("mail_url", 0, 512, false, "mail server, smtp://HOST:PORT or smtps://HOST:PORT; empty: no mail"),
    TEXT("mail_from", 0, 128, false, "address of the sender"),
    TEXT("mail_to", 0, 520, false, "at most four addresses with commas between"),
    TEXT("mail_user", 0, 128, false, "login at the mail server; empty: none"),
    TEXT("mail_password", 0, 128, false, "likewise; it is never shown"),
    TEXT("hook_url", 0, 512, false, "where a JSON object is posted, http:// or https://; empty: nowhere"),
    CHOICE("language", "en fr nb de", false, false, "of the messages"),
    {"classes", FIELD_OBJECTS, 0, ALARM_CLASS_N, "class when", false, false,
     "class: meter, offline, fault, overload, storage, security, departure; when: off, by_day (not in quiet hours), always"},
    {"quiet_from", FIELD_TEXT, 0, 5, NULL, false, true, "begin of quiet hours on the clock of the site, HH:MM; null: none"},
    {"quiet_to", FIELD_TEXT, 0, 5, NULL, false, true, "their end"},
    INT("least_s", 0, 3600, false, "an alarm that can end must have lasted so long, s"),
    INT("hour_n", 1, 60, false, "most messages in an hour"),
    {"tells_solved", FIELD_BOOL, 0, 1, NULL, false, false, "whether the end of an alarm is told"},
};
static const struct field driver_code_fields[] = {TEXT("format", 1, 8, false, "json or svg: the sticker with the QR code"),
                                                  TEXT("v", 1, 8, false, "ignored; another one makes a browser ask again")};
static const struct field cards_fields[] = {FORMAT};
static const struct field statement_fields[] = {TEXT("card", 1, 64, true, "UID in hex digits or identity of a vehicle"), TEXT("month", 1, 8, true, "2026-01"),
                                                LANGUAGE};

static const struct field tariff_fields[] = {
    {"currency", FIELD_TEXT, 3, 3, NULL, true, true, "code of ISO 4217, as EUR; null: nothing costs anything"},
    {"price_centicent_kwh", FIELD_INT, 0, TARIFF_PRICE_MAX, NULL, true, false,
     "price of a kWh outside of all windows, in 1/100 of the minor unit: 28.50 cents are 2850"},
    INT("solar_price_centicent_kwh", 0, TARIFF_PRICE_MAX, true, "price of a kWh of the sun; null: as that of the grid"),
    {"windows", FIELD_OBJECTS, 0, TARIFF_WINDOW_MAX, "days from to price_centicent_kwh", false, false,
     "times of the week with a price of their own: days mon to sun on which they begin, from and to as HH:MM on the site's clock in whole quarter hours"},
};

#define NONE NULL, 0
#define FIELDS(f) f, sizeof f / sizeof f[0]

static const struct route table[] = {
    {"GET", "/health", ROLE_NONE, 0, read_health, NONE, "whether the manager works, and how late its loop woke up at worst lately"},
    {"GET", "/api/v1/openapi.json", ROLE_NONE, 0, read_openapi, NONE, "this description"},
    {"GET", "/api/v1/driver/{code}", ROLE_NONE, 0, driver_read, NONE, "what a driver who stands before a wallbox may see; the code is on its sticker"},
    {"GET", "/api/v1/site", ROLE_VIEWER, 0, read_site, NONE, "circuits, meters, totals"},
    {"GET", "/api/v1/wallboxes", ROLE_VIEWER, 0, read_boxes, NONE, "all wallboxes"},
    {"GET", "/api/v1/wallboxes/{serial}", ROLE_VIEWER, 0, read_box, NONE, "one wallbox"},
    {"GET", "/api/v1/wallboxes/{serial}/driver-code", ROLE_OPERATOR, 0, driver_code, FIELDS(driver_code_fields), "code of its drivers' page"},
    {"POST", "/api/v1/wallboxes/{serial}/driver-code", ROLE_ADMIN, 0, driver_renew, NONE, "another code; the old sticker leads nowhere from then on"},
    {"PATCH", "/api/v1/wallboxes/{serial}", ROLE_OPERATOR, 0, wish_setting, FIELDS(setting_fields), "change settings of a wallbox; what is not given stays"},
    {"PATCH", "/api/v1/wallboxes/{serial}/session", ROLE_OPERATOR, 0, wish_session, FIELDS(session_fields),
     "wishes for the session under way; they end with the vehicle"},
    {"POST", "/api/v1/wallboxes/{serial}/start", ROLE_OPERATOR, 0, wish_command, NONE, "allow charging"},
    {"POST", "/api/v1/wallboxes/{serial}/stop", ROLE_OPERATOR, 0, wish_command, NONE, "end the session"},
    {"POST", "/api/v1/wallboxes/{serial}/pause", ROLE_OPERATOR, 0, wish_command, NONE, "pause charging"},
    {"POST", "/api/v1/wallboxes/{serial}/resume", ROLE_OPERATOR, 0, wish_command, NONE, "end the pause"},
    {"POST", "/api/v1/wallboxes/{serial}/restart", ROLE_OPERATOR, 0, wish_command, NONE, "restart the wallbox"},
    {"POST", "/api/v1/wallboxes/{serial}/unlock", ROLE_OPERATOR, 0, wish_command, NONE, "unlock the connector"},
    {"GET", "/api/v1/today", ROLE_VIEWER, 0, today_read, NONE, "energy, sessions, share of the sun and highest current since midnight"},
    {"GET", "/api/v1/sessions", ROLE_VIEWER, 0, past_sessions, FIELDS(sessions_fields), "sessions, open ones first, then the newest"},
    {"GET", "/api/v1/history", ROLE_VIEWER, 0, past_history, FIELDS(history_fields), "a figure over time"},
    {"GET", "/api/v1/events", ROLE_VIEWER, 0, past_events, FIELDS(events_fields), "faults, losses"},
    {"GET", "/api/v1/changes", ROLE_OPERATOR, 0, past_changes, FIELDS(events_fields), "the audit trail: who logged in, changed or commanded what"},
    {"GET", "/api/v1/cards", ROLE_VIEWER, 0, past_cards, FIELDS(cards_fields), "cards and vehicles"},
    {"POST", "/api/v1/cards", ROLE_OPERATOR, 0, card_add, FIELDS(new_card_fields), "add a card or vehicle"},
    {"POST", "/api/v1/cards/import", ROLE_OPERATOR, ROUTE_LIST | ROUTE_CSV, card_table, NONE, "add or change all cards of a table, or none of them"},
    {"PUT", "/api/v1/cards/{card}", ROLE_OPERATOR, 0, card_put, FIELDS(card_fields), "change a card or vehicle; what is not given is empty"},
    {"DELETE", "/api/v1/cards/{card}", ROLE_OPERATOR, 0, card_delete, NONE, "delete a card or vehicle; its sessions stay"},
    {"POST", "/api/v1/events/{number}/acknowledge", ROLE_OPERATOR, 0, event_seen, NONE, "somebody has seen an event"},
    {"GET", "/api/v1/statement", ROLE_VIEWER, 0, past_statement, FIELDS(statement_fields), "statement of a card for a month, to be printed"},
    {"GET", "/api/v1/alarms", ROLE_ADMIN, 0, alarms_read, NONE, "whom to tell of alarms, and of which"},
    {"PUT", "/api/v1/alarms", ROLE_ADMIN, 0, alarms_put, FIELDS(alarm_fields), "change that; what is not given stays"},
    {"POST", "/api/v1/alarms/test", ROLE_ADMIN, 0, alarms_test, NONE, "send a test to everybody now, and say how that went"},
    {"GET", "/api/v1/tariff", ROLE_ADMIN, 0, tariff_read, NONE, "prices that are valid now"},
    {"PUT", "/api/v1/tariff", ROLE_ADMIN, 0, tariff_put, FIELDS(tariff_fields),
     "prices of sessions that begin from now on; those that began before keep theirs"},
    {"GET", "/api/v1/stream", ROLE_VIEWER, 0, read_stream, NONE, "Server-Sent Events: site, wallboxes (all in the first, then those that changed)"},
    {"POST", "/api/v1/login", ROLE_NONE, ROUTE_ANY_TIME, login_begin, FIELDS(login_fields), "log in; the answer sets the cookie"},
    {"POST", "/api/v1/recover", ROLE_NONE, ROUTE_ANY_TIME, login_recover, FIELDS(recover_fields), "new password by recovery key, and log in"},
    {"POST", "/api/v1/logout", ROLE_VIEWER, ROUTE_ANY_TIME | ROUTE_LOGIN, login_end, NONE, "log off"},
    {"POST", "/api/v1/password", ROLE_VIEWER, ROUTE_ANY_TIME | ROUTE_LOGIN, login_password, FIELDS(password_fields),
     "change password and name; ends all other logins"},
    {"GET", "/api/v1/me", ROLE_VIEWER, ROUTE_ANY_TIME, login_me, NONE, "who is logged in, and the key for header X-CSRF-Token"},
    {"GET", "/api/v1/logins", ROLE_VIEWER, ROUTE_LOGIN, login_all, NONE, "active logins; an administrator sees all"},
    {"DELETE", "/api/v1/logins/{id}", ROLE_VIEWER, ROUTE_LOGIN, login_delete, NONE, "end a login"},
    {"GET", "/api/v1/pairing", ROLE_ADMIN, 0, pairing_list, NONE,
     "wallboxes that wait (their code is known), have asked (seen, proving, failed), or are paired"},
    {"POST", "/api/v1/pairing", ROLE_ADMIN, 0, pairing_give, FIELDS(code_fields), "pair a wallbox when it asks and knows this setup code"},
    {"POST", "/api/v1/pairing/import", ROLE_ADMIN, ROUTE_LIST | ROUTE_CSV, pairing_table, NONE,
     "the same for a table of serial numbers and setup codes: all of them, or none"},
    {"DELETE", "/api/v1/pairing/{serial}", ROLE_ADMIN, 0, pairing_end, NONE, "end the pairing of a wallbox and forget its setup code"},
    {"GET", "/api/v1/users", ROLE_ADMIN, 0, user_all, NONE, "all users"},
    {"POST", "/api/v1/users", ROLE_ADMIN, 0, user_add, FIELDS(user_fields), "add a user"},
    {"DELETE", "/api/v1/users/{user}", ROLE_ADMIN, 0, user_delete, NONE, "delete a user and end his logins"},
    {"GET", "/api/v1/tokens", ROLE_ADMIN, 0, token_all, NONE, "tokens of programs"},
    {"POST", "/api/v1/tokens", ROLE_ADMIN, 0, token_add, FIELDS(token_fields), "add a token for a program; it is shown in this answer only"},
    {"DELETE", "/api/v1/tokens/{id}", ROLE_ADMIN, 0, token_delete, NONE, "delete a token"},
};

const struct route *routes_table(size_t *out_n)
{
    *out_n = sizeof table / sizeof table[0];
    return table;
}
