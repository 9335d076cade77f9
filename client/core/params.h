/* What a client must know before its first start; comes from its configuration file. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/core/card.h"
#include "client/core/cfault_table.h"
#include "client/core/rated.h"
#include "common/base/param.h"
#include "proto/msg.h"

#define CLIENT_FACTORY_MAX 8 /* cards that are delivered with a wallbox */

#define CLIENT_PARAMS(P)                                                                                                               \
    P(rated_ma, 0, 32000, 80000, "mA", PARAM_RESTART, "rated-current switch of the wallbox; 0 or 6000 and more")                       \
    P(min_ma, 6000, 6000, 80000, "mA", PARAM_RESTART, "smallest current that is ever offered")                                         \
    P(wired_phases_n, 1, 3, 3, "phases", PARAM_RESTART, "terminals wired: 1 or 3")                                                     \
    P(board_cycle_ms, 50, 500, 1000, "ms", PARAM_RESTART, "longest time between two control cycles; feeds the board's watchdog")       \
    P(pilot_rise_ms, 0, 5000, 60000, "ms", PARAM_RESTART, "shortest time between two rises of the pilot (IEC 61851-1: 5 s)")           \
    P(release_ms, 1000, 60000, 600000, "ms", PARAM_RESTART, "how long a card releases an empty wallbox (SR: 60 s)")                    \
    P(checkpoint_ms, 1000, 60000, 60000, "ms", PARAM_RESTART, "how often the energy of a running session is made durable")             \
    P(cold_start_most_s, 0, 120, 120, "s", PARAM_RESTART, "after a power failure charging starts after 1..this (SR-044); 0 at once")   \
    P(self_test_ms, 0, 3000, 30000, "ms", PARAM_RESTART, "length of the self-test after plug-in (SR-029)")                             \
    P(authorization, -1, -1, 1, "bool", PARAM_RESTART, "1: a card is needed; -1: as delivered, 1 for a connect in Europe (SR-176)")    \
    P(commissioned, 0, 1, 1, "bool", PARAM_RESTART, "0: no charging before commissioning (SR-043)")                                    \
    P(offline_cards, 0, 1, 2, "who", PARAM_RESTART, "without a manager may charge: 0 nobody, 1 who is on the list, 2 everybody")       \
    P(local_first, 0, 0, 1, "bool", PARAM_RESTART, "1: a card on the wallbox's own list is accepted without asking the manager")       \
    P(retry_pause_ms, 500, 10000, 60000, "ms", PARAM_RESTART, "pause after the first interruption; each further one is twice as long") \
    P(brightness_permille, 0, 1000, 1000, "permille", PARAM_RESTART, "brightness of the lights (SR-065)")                              \
    P(ventilation, 0, 0, 1, "bool", PARAM_RESTART, "1: the place is ventilated, vehicles that need it (state D) are charged")

CLIENT_PARAMS(PARAM_CHECK)

struct client_params {
    CLIENT_PARAMS(PARAM_FIELD)
    char serial[SERIAL_LEN];
    enum wallbox_model model;
    enum market market;
    enum rated_steps rated_steps;
    char firmware[NAME_LEN];
    enum board_watchdog watchdog; /* as the board declares it */
    int32_t apply_ms;             /* as the board declares it */
    uint8_t factory_n;            /* cards delivered with it (SR-089, SR-113) */
    struct card factory[CLIENT_FACTORY_MAX];
};

/* Rows of the table, for parsers and help. */
const struct param_row *client_param_rows(size_t *out_n);

/* Whether a card is needed as long as no manager has said otherwise (DIFF-1). */
bool client_params_authorization(const struct client_params *p);

/* Every parameter at its default, serial empty, model plus, market Europe, any rated current, watchdog hardware. */
void client_params_defaults(struct client_params *p);

/* Relations between values.
 *
 * RC_RANGE  *out_text (static) says what must hold: rated_ma a step of the switch, 0 or at least min_ma; wired_phases_n 1 or 3; serial and model
 *           set
 */
MUST_USE enum rc client_params_validate(const struct client_params *p, const char **out_text);
