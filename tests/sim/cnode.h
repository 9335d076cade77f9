/* The process of one wallbox: its core between board, network and disk. What client/shell does, without an operating system. */
#pragma once

#include "tests/sim/sim.h"

/* Its program starts with what its disk holds. */
void cnode_start(struct sim *s, uint16_t box);

/* Its program ends: is_dark says that the whole machine does, so nobody tells the manager. */
void cnode_crash(struct sim *s, uint16_t box, bool is_dark);

/* Items of the queue. */
void cnode_wake(struct sim *s, uint16_t box);
void cnode_disk(struct sim *s, uint16_t box);
void cnode_sample(struct sim *s, uint16_t box);
void cnode_effects(struct sim *s, uint16_t box);
void cnode_down(struct sim *s, uint16_t box, uint16_t conn);
void cnode_limit(struct sim *s, uint16_t conn);

/* Packets of the down pipe have arrived. */
void cnode_pipe(struct sim *s, uint16_t conn);

/* Hand the core an event and carry out what it answers. */
void cnode_feed(struct sim *s, uint16_t box, struct cev *e);

/* Its connection is gone: the core is told. */
void cnode_link_down(struct sim *s, uint16_t box);

/* The board has something to tell. */
void cnode_sample_soon(struct sim *s, uint16_t box, bool is_news);
