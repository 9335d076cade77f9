/* A board: the hardware of one wallbox, whatever it is (spec 06 6.5). A driver reads it and carries out control cycles; it decides nothing.
 *
 * All calls and callbacks are on the loop's thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include <uv.h>

#include "client/core/event.h"
#include "common/base/rc.h"

struct board;

struct board_events {
    /* The board answers: its nature is known (rated_ma 0: it does not tell). Called before the first sample, and again after it was lost. */
    void (*on_attached)(void *user, enum board_watchdog watchdog, int32_t apply_ms, int32_t rated_ma);
    void (*on_sample)(void *user, const struct board_sample *sample);
    /* A card at its reader, a button pressed or released, the vehicle's own identity (borrowed). NULL: nobody wants to know. */
    void (*on_card)(void *user, const struct card_uid *uid);
    void (*on_button)(void *user, enum board_button which, bool is_down);
    void (*on_identity)(void *user, const char *identity);
    /* It does not answer any more; `why` for the log. The driver tries again by itself. */
    void (*on_lost)(void *user, const char *why);
    void (*on_closed)(void *user);
};

struct board_driver {
    const char *name;             /* as on the command line, before the ':' */
    const char *address;          /* what stands behind it, for errors: "a socket path of 1 to 107 bytes" */
    enum board_watchdog watchdog; /* what boards of this kind have; on_attached tells what this one really has */
    int32_t apply_ms;
    /* Look at an address before anything is opened, and tell which watchdog there is behind it. NULL: open will say.
     * RC_RANGE  *out_why: what is allowed (static) */
    enum rc (*check)(const char *address, enum board_watchdog *out_watchdog, const char **out_why);
    /* Make one; given back by free after on_closed. NULL: no memory. */
    struct board *(*create)(void);
    /* Begin; `address` is what stands behind the driver's name on the command line ("SOCKET" of "site:SOCKET").
     * RC_RANGE  no such address; RC_IO  not started */
    MUST_USE enum rc (*open)(struct board *b, uv_loop_t *loop, const char *address, const char *serial, const struct board_events *events, void *user);
    /* Carry out one control cycle. Dropped silently while the board is lost. */
    void (*command)(struct board *b, const struct board_command *command);
    /* Orderly end: pilot away, then on_closed. */
    void (*close)(struct board *b);
};

/* The simulated hardware of wallbox-site over a Unix socket.
 *
 * Lines of JSON. The client says first {"attach":"SERIAL"}; the answer is
 *   {"attached":"SERIAL","watchdog":"hardware","apply_ms":0,"rated_ma":32000,"power_failed":false}
 * or {"error":"TEXT"} and the end. power_failed goes with the first sample after it. A second attachment to the same wallbox ends the first. Then the board sends a sample after each command,
 * at once when pilot state, contactor or a current moves (100 mA, at most ten a second), and at least every 500 ms:
 *   {"sample":{"pilot":"B2","pilot_ma":16000,"contactor":false,"current_ma":[0,0,0],"voltage_mv":[230000,230000,230000],"power_w":0,
 *    "energy_wh":1200,"temperature_mdegc":25000,"cable_ma":32000,"cycle":7,"watchdog_firings":0,"watchdog_latched":false,"faults":[]}}
 * and may add "diode":false (the negative half-wave is missing) and "switch_ma":20000 (it reads a rated-current switch).
 * The client sends control cycles:
 *   {"cycle":8,"pilot_ma":16000,"contactor":true,"rearm":0,"locked":true,
 *    "lights":["blue:flash","blue:flash","blue:flash","blue:flash","green:steady","green:steady","dark:steady","dark:steady"],
 *    "brightness_permille":1000,"tone":"accepted","tone_n":3}
 * Lights are S1..S4, online, charging mode, card, touch button: colour and mode of proto/msg.h. A tone is played once when tone_n has changed.
 * The board's watchdog (3 s, fed by cycles; the end of the connection fires it at once): pilot steady, contactor open as soon as the current
 * has stopped and 6 s later at the latest; latched until a cycle whose "rearm" equals "watchdog_firings" (once it has fired).
 * {"card":"04A1B2C3D4"}, {"button":{"kind":"service","down":true}} and {"identity":"..."} are events of the board; unknown keys are skipped.
 */
extern const struct board_driver board_site;

/* A charge controller on Modbus with its meter: Simple EVSE WB/DIN with an SDM630, or Phoenix CHARX (board_modbus_address.h, board_modbus_map.h).
 *
 * Such a controller closes its contactor by itself as soon as the vehicle asks under PWM. One without a watchdog is declared as such: its current
 * after a start is set to 0 once, a guard process takes the pilot away when the client is gone (board_modbus_guard.h), and the worker does when
 * nobody commands any more; none of that helps when machine or line fail, so the manager books it at its full current while it is silent.
 * There are no lights, no tones, no reader and no sensor of temperature (25 degrees are told). Whether the mains had failed is not told either:
 * the machine's own start counts as that.
 */
extern const struct board_driver board_modbus;
