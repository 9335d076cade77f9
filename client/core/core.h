/* One wallbox as a pure function: one event in, a bounded list of effects out, and the moment it wants to be called next.
 *
 * It charges with no more than it was granted: every step first retires what has ended at or before now_ms (the lease above all) and only
 * then looks at its event (spec 05 5.2). It decides pilot and contactor (spec 06 6.1) and keeps the session (06 6.6). A control cycle is
 * begun by each reading of the board and by each deadline; it ends with CFX_BOARD, which feeds the board's watchdog.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "client/core/event.h"
#include "client/core/params.h"
#include "common/base/rc.h"

struct client;

/* Bytes that a core needs. */
size_t client_size(void);

/* Start a core in memory of client_size() bytes aligned for any object. params is kept and was validated. */
struct client *client_init(void *memory, const struct client_params *params);

/* Handle one event. Resets *out first. e->now_ms is not below that of the event before. */
void client_step(struct client *c, const struct cev *e, struct cfx_list *out);

/* What a person before the wallbox sees, and a little more. */
struct client_face {
    enum box_state state;
    struct lights lights;
    enum tone tone; /* the last one, and how many there were */
    uint32_t tone_n;
    uint16_t fault;     /* that matters most, 0 none */
    int32_t offered_ma; /* by the pilot */
    int32_t drawn_ma;   /* largest of the phases */
    int64_t session_wh; /* 0 without a session */
};

void client_face(const struct client *c, struct client_face *out);

/* When CEV_TICK is wanted at the latest; MS_FOREVER: never. */
int64_t client_wake_ms(const struct client *c);
