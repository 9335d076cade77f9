#include "client/shell/settings.h"

#include "client/shell/cards.h"

#include <string.h>

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/os/config.h"
#include "common/os/log.h"
#include "common/os/tcp.h"

#define DRIVER_NAME_LEN 32

static const char *const level_names[] = {"err", "warn", "note", "dbg", NULL};
static const enum log_level level_values[] = {LOG_LEVEL_ERR, LOG_LEVEL_WARN, LOG_LEVEL_NOTE, LOG_LEVEL_DBG};
static const char *const model_names[] = {"connect", "plus", NULL};
static const enum wallbox_model model_values[] = {MODEL_CONNECT, MODEL_PLUS};
static const char *const market_names[] = {"ece", "na", NULL};
static const enum market market_values[] = {MARKET_ECE, MARKET_NA};
static const char *const switch_names[] = {"any", "plus", "dip", NULL};
static const enum rated_steps switch_values[] = {RATED_ANY, RATED_PLUS, RATED_DIP};
static const struct board_driver *const drivers[] = {&board_site, &board_modbus};

/* ADDR:PORT, or search:PORT, of which out gets the port and no address. */
static enum rc read_manager(const char *text, struct sockaddr_storage *out, bool *out_is_search)
{
    static const char search[] = "search:";
    bool is_search = strncmp(text, search, sizeof search - 1) == 0;
    char address[SETTINGS_ADDRESS_LEN + 16];
    struct sockaddr_storage found;

    (void)snprintf(address, sizeof address, "%s%s", is_search ? "0.0.0.0:" : "", text + (is_search ? sizeof search - 1 : 0));
    if (tcp_parse_address(address, &found) != RC_OK || (is_search && ((const struct sockaddr_in *)&found)->sin_port == 0)) {
        return RC_RANGE;
    }
    *out = found;
    *out_is_search = is_search;
    return RC_OK;
}

static bool is_address(const char *text)
{
    struct sockaddr_storage unused;
    bool is_search;

    return read_manager(text, &unused, &is_search) == RC_OK;
}

static bool is_path(const char *text)
{
    return text[0] != '\0';
}

static bool are_cards(const char *text)
{
    struct client_params unused = {0};

    return cards_read(text, &unused) == RC_OK;
}

void settings_defaults(struct settings *s)
{
    *s = (struct settings){.model = 1, .log_level = 2};
    client_params_defaults(&s->params);
    CHECK(text_copy(s->manager, sizeof s->manager, "127.0.0.1:7443") == RC_OK);
    CHECK(text_copy(s->data, sizeof s->data, "/var/lib/wallbox-client") == RC_OK);
}

enum rc settings_read(struct settings *s, const char *path)
{
    const struct config_key keys[] = {
        {.name = "serial",
         .type = CONFIG_TEXT,
         .out = s->params.serial,
         .out_len = sizeof s->params.serial,
         .allowed = "1 to 32 characters out of A-Z a-z 0-9 and . _ -",
         .is_valid = text_is_id,
         .is_required = true},
        {.name = "market", .type = CONFIG_CHOICE, .out = &s->market, .choices = market_names, .allowed = "ece or na"},
        {.name = "rated_switch", .type = CONFIG_CHOICE, .out = &s->rated_switch, .choices = switch_names, .allowed = "any, plus or dip"},
        {.name = "cards",
         .type = CONFIG_TEXT,
         .out = s->cards,
         .out_len = sizeof s->cards,
         .allowed = "up to 8 of KIND:UID with KIND white (the master), red, green, blue, setup or user",
         .is_valid = are_cards},
        {.name = "model", .type = CONFIG_CHOICE, .out = &s->model, .choices = model_names, .allowed = "connect or plus"},
        {.name = "manager",
         .type = CONFIG_TEXT,
         .out = s->manager,
         .out_len = sizeof s->manager,
         .allowed = "a numeric address and a port, \"ADDR:PORT\" or \"[ADDR]:PORT\", or \"search:PORT\"",
         .is_valid = is_address},
        {.name = "board", .type = CONFIG_TEXT, .out = s->board, .out_len = sizeof s->board, .allowed = "a board, \"DRIVER:ADDRESS\""},
        {.name = "data", .type = CONFIG_TEXT, .out = s->data, .out_len = sizeof s->data, .allowed = "a directory", .is_valid = is_path},
        {.name = "loopback_plain", .type = CONFIG_BOOL, .out = &s->loopback_plain, .allowed = "true or false"},
        {.name = "log_level", .type = CONFIG_CHOICE, .out = &s->log_level, .choices = level_names, .allowed = "err, warn, note or dbg"},
    };
    size_t rows_n = 0;
    const struct param_row *rows = client_param_rows(&rows_n);

    return config_load(path, rows, rows_n, &s->params, keys, sizeof keys / sizeof keys[0]);
}

static enum rc check_manager(struct settings *s, bool may_run, char why[SETTINGS_WHY_LEN])
{
    if (read_manager(s->manager, &s->manager_address, &s->is_search) != RC_OK) {
        (void)snprintf(why, SETTINGS_WHY_LEN, "manager must be a numeric address and a port, ADDR:PORT or [ADDR]:PORT, or search:PORT, is \"%s\"", s->manager);
        return RC_RANGE;
    }
    if (may_run && s->loopback_plain && !tcp_is_loopback(&s->manager_address)) {
        (void)snprintf(why, SETTINGS_WHY_LEN, "manager must be a loopback address with loopback_plain (127.0.0.1:PORT or [::1]:PORT), is \"%s\"", s->manager);
        return RC_RANGE;
    }
    return RC_OK;
}

/* "site" or "site, other" into `out`. */
static void driver_names(char *out, size_t out_len)
{
    size_t at = 0;

    for (size_t i = 0; i < sizeof drivers / sizeof drivers[0]; i++) {
        int n = snprintf(out + at, out_len - at, "%s%s", i > 0 ? ", " : "", drivers[i]->name);

        CHECK(n > 0);
        CHECK((size_t)n < out_len - at);
        at += (size_t)n;
    }
}

/* The driver that `board` names, NULL when there is none. *out_address is what stands behind the name. */
static const struct board_driver *find_driver(const char *board, const char **out_address)
{
    const char *colon = strchr(board, ':');
    size_t len = colon != NULL ? (size_t)(colon - board) : 0;

    for (size_t i = 0; colon != NULL && i < sizeof drivers / sizeof drivers[0]; i++) {
        if (strlen(drivers[i]->name) == len && memcmp(drivers[i]->name, board, len) == 0) {
            *out_address = colon + 1;
            return drivers[i];
        }
    }
    return NULL;
}

static enum rc check_board(struct settings *s, bool may_run, char why[SETTINGS_WHY_LEN])
{
    char names[DRIVER_NAME_LEN];
    const char *text = "";

    s->board_driver = NULL;
    if (s->board[0] == '\0' && !may_run) {
        return RC_OK;
    }
    driver_names(names, sizeof names);
    s->board_driver = find_driver(s->board, &s->board_address);
    if (s->board_driver == NULL || s->board_address[0] == '\0') {
        (void)snprintf(why, SETTINGS_WHY_LEN, "board must be DRIVER:ADDRESS with a driver out of: %s; is \"%s\"", names, s->board);
        return RC_RANGE;
    }
    s->params.watchdog = s->board_driver->watchdog;
    s->params.apply_ms = s->board_driver->apply_ms;
    if (s->board_driver->check != NULL && s->board_driver->check(s->board_address, &s->params.watchdog, &text) != RC_OK) {
        (void)snprintf(why, SETTINGS_WHY_LEN, "board must be %s:%s with %s; is \"%s\"", s->board_driver->name, s->board_driver->address, text, s->board);
        return RC_RANGE;
    }
    return RC_OK;
}

enum rc settings_check(struct settings *s, bool may_run, char out_why[SETTINGS_WHY_LEN])
{
    const char *text = "";
    enum rc rc;

    s->params.model = model_values[s->model];
    s->params.market = market_values[s->market];
    s->params.rated_steps = switch_values[s->rated_switch];
    if (cards_read(s->cards, &s->params) != RC_OK) {
        (void)snprintf(out_why, SETTINGS_WHY_LEN, "cards must be up to 8 of KIND:UID with KIND white, red, green, blue, setup or user; is \"%s\"", s->cards);
        return RC_RANGE;
    }
    rc = client_params_validate(&s->params, &text);
    if (rc != RC_OK) {
        (void)snprintf(out_why, SETTINGS_WHY_LEN, "%s", text);
        return rc;
    }
    rc = check_manager(s, may_run, out_why);
    return rc == RC_OK ? check_board(s, may_run, out_why) : rc;
}

/* A text as libconfig reads it. */
static void print_text(FILE *to, const char *name, const char *text)
{
    (void)fprintf(to, "%s = \"", name);
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\\') {
            (void)fputc('\\', to);
        }
        (void)fputc(*at, to);
    }
    (void)fprintf(to, "\";\n");
}

void settings_print(const struct settings *s, FILE *to)
{
    size_t rows_n = 0;
    const struct param_row *rows = client_param_rows(&rows_n);

    print_text(to, "serial", s->params.serial);
    print_text(to, "model", model_names[s->model]);
    print_text(to, "market", market_names[s->market]);
    print_text(to, "rated_switch", switch_names[s->rated_switch]);
    print_text(to, "cards", s->cards);
    cards_print(&s->params, to);
    print_text(to, "manager", s->manager);
    print_text(to, "board", s->board);
    print_text(to, "data", s->data);
    (void)fprintf(to, "loopback_plain = %s;\n", s->loopback_plain ? "true" : "false");
    print_text(to, "log_level", level_names[s->log_level]);
    for (size_t i = 0; i < rows_n; i++) {
        (void)fprintf(to, "%s = %ld;\n", rows[i].name, (long)param_get(&rows[i], &s->params));
    }
}

void settings_apply_log_level(const struct settings *s)
{
    log_set_level(level_values[s->log_level]);
}
