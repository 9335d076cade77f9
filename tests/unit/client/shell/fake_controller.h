/* A simulated charge controller on a real line (TCP or pseudo-terminal) with a vehicle, in a thread of its own and in real time. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

struct fake_controller;

struct fake_look {
    int32_t pilot_ma;
    bool is_closed;
    uint16_t set_a;
    uint16_t boot_a;
    uint32_t saved_n;
    uint16_t limit_s;
    uint16_t command;
    int64_t energy_wh;
};

/* Start one as delivered: 32 A after a start. model: "evse_wb_din" with a meter as unit 2, or "phoenix_charx". */
struct fake_controller *fake_controller_start(const char *model, bool is_pty, uint16_t firmware);
void fake_controller_stop(struct fake_controller *f);

/* What the client is told: "evse_wb_din,tcp:127.0.0.1:1234:1,meter=2". Borrowed. */
const char *fake_controller_address(const struct fake_controller *f);

void fake_controller_look(struct fake_controller *f, struct fake_look *out);
void fake_controller_plug(struct fake_controller *f);
void fake_controller_silence(struct fake_controller *f, bool is_silent);

/* A watchdog relay beside it. */
void fake_controller_relay(struct fake_controller *f);

/* It loses its memory, as after a dip of its supply. */
void fake_controller_forget(struct fake_controller *f);
