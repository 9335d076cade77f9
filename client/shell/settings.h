/* What must exist before the first start: who this wallbox is, its parameters, manager, board, data directory, log level. From defaults,
 * then the configuration file, then the command line.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include "client/core/params.h"
#include "client/shell/board.h"
#include "common/base/rc.h"

#define SETTINGS_ADDRESS_LEN 64
#define SETTINGS_BOARD_LEN 256
#define SETTINGS_PATH_LEN 1024
#define SETTINGS_WHY_LEN 512
#define SETTINGS_CARDS_LEN 256

struct settings {
    struct client_params params;
    char manager[SETTINGS_ADDRESS_LEN]; /* ADDR:PORT or search:PORT */
    char board[SETTINGS_BOARD_LEN];     /* DRIVER:ADDRESS, empty none */
    char data[SETTINGS_PATH_LEN];
    bool panel;                     /* show the lights in the terminal */
    char cards[SETTINGS_CARDS_LEN]; /* delivered cards: "white:04A1B2C3 red:..." */
    int32_t market;                 /* indices, as the file names them; settings_check puts them into params */
    int32_t rated_switch;
    bool loopback_plain;                     /* talk to the manager without TLS, on loopback addresses only */
    int32_t model;                           /* index, as the file names it; settings_check puts it into params */
    int32_t log_level;                       /* index */
    struct sockaddr_storage manager_address; /* set by settings_check, like the next three; no address but a port with is_search */
    bool is_search;                          /* the manager is looked for on the local network, at the port of manager_address */
    const struct board_driver *board_driver; /* NULL: no board was given */
    const char *board_address;               /* inside board, behind the driver's name */
};

void settings_defaults(struct settings *s);

/* Values of a configuration file over what is there. RC_MISSING, RC_RANGE: lines on standard error said why. */
MUST_USE enum rc settings_read(struct settings *s, const char *path);

/* Look at the whole and set what follows from it.
 *
 * may_run   the program is going to run: then a board is demanded, and without TLS a manager on loopback
 *
 * RC_RANGE  out_why is one line: what is wrong and what is allowed
 */
MUST_USE enum rc settings_check(struct settings *s, bool may_run, char out_why[SETTINGS_WHY_LEN]);

/* Write as a configuration file. */
void settings_print(const struct settings *s, FILE *to);

/* Make the log level count. */
void settings_apply_log_level(const struct settings *s);
