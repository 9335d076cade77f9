/* The process of one manager: its core between network, meters and disk. What manager/shell does, without an operating system. */
#pragma once

#include "tests/sim/sim.h"

void mnode_start(struct sim *s, uint16_t manager);
void mnode_crash(struct sim *s, uint16_t manager, bool is_dark);

/* Items of the queue. */
void mnode_wake(struct sim *s, uint16_t manager);
void mnode_disk(struct sim *s, uint16_t manager);
void mnode_effects(struct sim *s, uint16_t manager);
void mnode_closed(struct sim *s, uint16_t conn);
void mnode_meter(struct sim *s, uint16_t manager, uint16_t meter);
void mnode_meter_news(struct sim *s, uint16_t manager, uint16_t meter);

/* Packets of the up pipe have arrived. */
void mnode_pipe(struct sim *s, uint16_t conn);

/* Somebody presses a button on the dashboard. */
void mnode_command(struct sim *s, uint16_t manager, uint16_t box, enum manager_command command);
