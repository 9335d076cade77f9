/* A world around one client core on virtual time: a board with a vehicle, a journal that answers at once, and a manager's end of the link. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/core/inside.h"

#define FAKE_NOTES 64
#define FAKE_EPOCH UINT64_C(0x100000001)

struct fake {
    struct client_params params;
    struct client *c;
    struct cfx_list fx; /* of the newest step */
    int64_t now_ms;
    int64_t utc_ms; /* at now_ms 0; CLOCK_UNSET_UTC_MS: not set */
    /* Board and vehicle. */
    bool board_behind; /* readings go on, commands are not carried out yet */
    bool board_silent; /* no readings */
    char vehicle;      /* A B C D F; C falls to B when it wants no more */
    int32_t draws_ma;  /* what it takes at most */
    int32_t stuck_ma;  /* what it takes although the pilot is away */
    bool contactor;
    int32_t pilot_ma;
    uint32_t cycle;
    uint32_t firings;
    bool latched;
    bool power_failed;
    int32_t cable_ma;
    int32_t temperature_mdegc;
    int64_t energy_mws; /* register in mW s */
    int64_t next_sample_ms;
    uint16_t fault;
    bool diode_failed;
    bool closes_itself; /* on PWM and C, without being told */
    bool stuck;         /* the contactor does not close */
    bool welded;        /* ... does not open */
    int32_t voltage_mv; /* of all terminals */
    bool has_switch;
    int32_t switch_ma;
    /* Journal. */
    bool store_fails;
    bool store_mute; /* no answer at all */
    struct journal_session journal;
    bool journal_open;
    struct client_keep keep;
    struct card_list *cards; /* as stored */
    int cards_n;             /* how often */
    int keeps_n;
    int begins_n;
    int checkpoints_n;
    int ends_n;
    int acked_n;
    int asked_n;
    /* Link. */
    int dials_n;
    int64_t dial_ms;
    int closes_n;
    bool is_stopped;
    bool is_restart;
    struct board_command command;
    int64_t command_ms;
    int commands_n;
    int sends_n[MSG_N];
    struct msg sent[MSG_N]; /* newest of each kind */
    int64_t sent_ms[MSG_N];
    int notes_n[FAKE_NOTES];
    int64_t note_a[FAKE_NOTES];
    int64_t note_b[FAKE_NOTES];
    uint32_t grant_seq;
};

/* Parameters of a commissioned wallbox without a self-test; nothing started. Free with fake_free. */
void fake_init(struct fake *f);
void fake_free(struct fake *f);

/* CEV_START; keep and open as the disk has them. */
void fake_start(struct fake *f, const struct journal_session *open, bool after_power_loss);

/* One step at now_ms with everything that it leads to at once (answers of journal and board). */
void fake_event(struct fake *f, struct cev *e);

/* Let time pass until at_ms: ticks when wanted, a reading every 500 ms. */
void fake_run(struct fake *f, int64_t at_ms);

/* A reading now. */
void fake_sample(struct fake *f);

/* A checked message; asserts that it is one. */
void fake_message(struct fake *f, const struct msg *m);

void fake_link_up(struct fake *f);
void fake_link_down(struct fake *f);
void fake_welcome(struct fake *f, uint64_t epoch);

/* A grant of FAKE_EPOCH that answers the newest Status, lease 10,000 ms. */
void fake_grant(struct fake *f, int32_t current_ma);

void fake_fallback(struct fake *f, int32_t fallback_ma, int64_t rise_after_ms);
void fake_command(struct fake *f, enum command_kind kind);
void fake_order(struct fake *f, enum command_kind kind, int32_t value);

/* A card (UID in hex), a vehicle's identity, the service button. */
void fake_card(struct fake *f, const char *uid);
void fake_identity(struct fake *f, const char *identity);
void fake_button(struct fake *f, bool is_down);

/* The manager's answer to the newest Authorize. */
void fake_verdict(struct fake *f, enum auth_verdict verdict);

/* Deliver a card with the wallbox; before fake_start. */
void fake_deliver(struct fake *f, const char *uid, enum card_kind kind);

/* The status bar and what is lit besides, as letters: "b~b~b~b~ card=g" (see indicator.c). Static. */
const char *fake_lights(const struct fake *f);

/* Start the program again with what the disk holds; the board and its vehicle stay as they are. */
void fake_restart(struct fake *f);

/* Started, linked and welcomed, vehicle in B, session durable; then a grant each second until at_ms. */
void fake_plugged(struct fake *f);
void fake_granted_until(struct fake *f, int32_t current_ma, int64_t at_ms);

const struct msg_status *fake_status(const struct fake *f);
int32_t fake_current_ma(const struct fake *f);
