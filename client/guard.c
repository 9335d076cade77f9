/* wallbox-guard: started by wallbox-client for a board on Modbus, takes the pilot away when the client is gone (board_modbus_guard.h). */
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "client/shell/board_modbus_guard.h"

int main(int argc, char **argv)
{
    static const int ignored[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE}; /* it ends with its pipe, and after its client */
    struct mb_address address;
    const char *why = "one argument, the board's address; wallbox-client starts it";

    if (argc != 2 || mb_address_parse(argv[1], &address, &why) != RC_OK) {
        (void)fprintf(stderr, "wallbox-guard: needs %s\n", why);
        return 2;
    }
    for (size_t i = 0; i < sizeof ignored / sizeof ignored[0]; i++) {
        (void)signal(ignored[i], SIG_IGN); /* these can be ignored */
    }
    return mb_guard_run(&address, STDIN_FILENO);
}
