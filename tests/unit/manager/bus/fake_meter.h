/* A small Modbus server for tests, on a thread of its own: TCP on a free port of 127.0.0.1, or RTU on a pseudo-terminal. It has one unit and
 * one array of registers for functions 3 and 4 alike; its mode says how it misbehaves. Written without libmodbus, on purpose. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#define FAKE_REGISTERS 800
#define FAKE_CLIENTS 8
#define FAKE_DEVICE_LEN 64

enum fake_mode {
    FAKE_GOOD,      /* other units get no answer */
    FAKE_GATEWAY,   /* other units get exception 11 */
    FAKE_SILENT,    /* reads, never answers */
    FAKE_TRICKLE,   /* one byte of the answer every 300 ms */
    FAKE_EXCEPTION, /* exception 2 to everything */
    FAKE_NO_MORE,   /* exception 2 to everything but the block at 40 */
    FAKE_TOO_MANY,  /* one register more than asked */
    FAKE_STRANGER,  /* answers to another transaction, or with a wrong checksum */
    FAKE_CLOSES,    /* closes instead of answering */
    FAKE_UNIT,      /* answers as another unit */
    FAKE_FUNCTION,  /* answers to another function */
    FAKE_LATE,      /* answers after 900 ms */
};

struct fake_meter {
    pthread_t thread;
    bool is_rtu;
    int listen_fd; /* or the master of the pseudo-terminal */
    int slave_fd;  /* kept open, so that the line survives being closed by the other side */
    int stop_fd;
    int client_fd[FAKE_CLIENTS];
    uint8_t pending[300]; /* FAKE_TRICKLE, FAKE_LATE */
    int pending_ticks;    /* of 300 ms, before all of it is sent; 0: a byte each */
    int pending_from;
    int pending_len;
    int pending_fd;
    uint16_t port;
    uint8_t unit;
    atomic_int mode;
    atomic_int request_n;
    char device[FAKE_DEVICE_LEN];
    uint16_t at[FAKE_REGISTERS];
};

/* Start; *f was zeroed, and its unit, mode and registers set. */
void fake_start(struct fake_meter *f);
void fake_start_rtu(struct fake_meter *f);
void fake_serve_on(struct fake_meter *f, int bound_fd); /* a socket that is bound already, taken */
void fake_stop(struct fake_meter *f);

/* Set registers from an address on. */
void fake_u32(struct fake_meter *f, uint16_t address, uint32_t value);
void fake_u64(struct fake_meter *f, uint16_t address, uint64_t value);
void fake_f32(struct fake_meter *f, uint16_t address, float value);

/* The registers of an EM300 with 10, 11, 12 A import at 230, 231, 232 V. */
void fake_fill_em300(struct fake_meter *f);

/* The registers of an SDM630 with 10, 11 A import, 12 A export at 230, 231, 232 V. */
void fake_fill_sdm630(struct fake_meter *f);
