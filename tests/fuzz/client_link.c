/* A wallbox behind its link: whatever a manager says, frame by frame, in whatever order, the core goes on, says only what may be said and offers
 * only what the rules of the pilot allow (S4), never for longer than a lease.
 *
 * Bytes: what happens, then what it needs: time passes, the link comes or goes, a message, a reading of the board, a card, a disk that fails.
 */
#include <stdlib.h>
#include <string.h>

#include "client/core/core.h"
#include "common/base/check.h"
#include "common/base/units.h"
#include "proto/codec.h"
#include "tests/fuzz/fuzz.h"

#define TICKETS_MAX 16
#define TICKS_MAX 50
#define STEPS_MAX 200

enum { DO_PASS, DO_LINK, DO_BOARD, DO_CARD, DO_DISK, DO_SAY, DO_N = 8 }; /* the others are messages as well */

struct world {
    struct client *client;
    struct client_params params;
    struct cfx_list effects;
    int64_t now_ms;
    bool is_dialing;
    bool is_up;
    bool is_disk_full;
    bool is_over;
    uint16_t ticket_n;
    uint64_t ticket[TICKETS_MAX];
    struct board_command command;
};

static void check_sent(const struct msg *m)
{
    static uint8_t bytes[FRAME_MAX];
    size_t len = 0;
    enum rc rc = codec_encode(m, bytes, sizeof bytes, &len);

    CHECK(rc == RC_OK);
}

static void apply(struct world *w, const struct cfx *fx)
{
    switch (fx->kind) {
    case CFX_BOARD:
        CHECK(fx->board.pilot_ma == 0 || fx->board.pilot_ma >= w->params.min_ma);
        CHECK(fx->board.pilot_ma <= w->params.rated_ma);
        w->command = fx->board;
        break;
    case CFX_LINK_DIAL:
        w->is_dialing = true;
        break;
    case CFX_SEND:
        check_sent(&fx->msg);
        break;
    case CFX_STOPPED:
        w->is_over = true;
        break;
    case CFX_UNSET:
    case CFX_LINK_CLOSE:
    case CFX_KEEP:
    case CFX_JOURNAL_BEGIN:
    case CFX_JOURNAL_CHECKPOINT:
    case CFX_JOURNAL_END:
    case CFX_JOURNAL_ACKED:
    case CFX_RECORD_NEXT:
    case CFX_NOTE:
        break;
    }
    if (fx->ticket != 0 && w->ticket_n < TICKETS_MAX) {
        w->ticket[w->ticket_n] = fx->ticket;
        w->ticket_n++;
    }
}

/* One event; a program that has ended gets no more. */
static void step(struct world *w, struct cev *e)
{
    bool wants_record = false;
    bool wants_close = false;

    if (w->is_over) {
        return;
    }
    e->now_ms = w->now_ms;
    e->utc_ms = INT64_C(1750000000000) + w->now_ms;
    client_step(w->client, e, &w->effects);
    CHECK(w->effects.n <= CFX_MAX);
    for (uint16_t i = 0; i < w->effects.n; i++) {
        apply(w, &w->effects.at[i]);
        wants_record = wants_record || w->effects.at[i].kind == CFX_RECORD_NEXT;
        wants_close = wants_close || w->effects.at[i].kind == CFX_LINK_CLOSE;
    }
    CHECK(client_wake_ms(w->client) >= w->now_ms);
    if (wants_record && e->kind != CEV_RECORD) {
        step(w, &(struct cev){.kind = CEV_RECORD});
    }
    if (wants_close && e->kind != CEV_LINK_DOWN) {
        w->is_up = false;
        w->is_dialing = false;
        step(w, &(struct cev){.kind = CEV_LINK_DOWN});
    }
}

static void settle(struct world *w)
{
    for (int i = 0; i < TICKETS_MAX && w->ticket_n > 0; i++) {
        struct cev e = {.kind = w->is_disk_full ? CEV_STORE_FAILED : CEV_STORED, .ticket = w->ticket[0]};

        w->ticket_n--;
        memmove(w->ticket, w->ticket + 1, w->ticket_n * sizeof w->ticket[0]);
        step(w, &e);
    }
}

static void pass(struct world *w, int64_t ms)
{
    int64_t until_ms = w->now_ms + ms;

    for (int i = 0; i < TICKS_MAX && !w->is_over && client_wake_ms(w->client) <= until_ms; i++) {
        struct cev e = {.kind = CEV_TICK};

        w->now_ms = max_i64(w->now_ms, client_wake_ms(w->client));
        step(w, &e);
        settle(w);
    }
    w->now_ms = until_ms;
}

/* The link comes when it was dialled, or goes. */
static void toggle_link(struct world *w)
{
    struct cev e = {.kind = w->is_dialing && !w->is_up ? CEV_LINK_UP : CEV_LINK_DOWN};

    if (w->is_dialing || w->is_up) {
        w->is_up = e.kind == CEV_LINK_UP;
        w->is_dialing = false;
        step(w, &e);
    }
}

static void say(struct world *w, struct fuzz_bytes *b)
{
    static struct codec_arena arena;
    struct msg m;
    const char *field;
    size_t len = 0;
    size_t claimed_len = fuzz_u16(b);
    const uint8_t *at = fuzz_take(b, claimed_len, &len);
    struct cev e = {.kind = CEV_LINK_MSG, .msg = &m};

    if (codec_decode(&arena, at, len, &m, &field) != RC_OK) {
        return;
    }
    if (!w->is_up && w->is_dialing) {
        toggle_link(w);
    }
    if (w->is_up) {
        step(w, &e);
    }
}

static void read_board(struct world *w, struct fuzz_bytes *b)
{
    struct cev e = {.kind = CEV_BOARD};
    uint8_t how = fuzz_u8(b);

    e.board = (struct board_sample){.taken_ms = w->now_ms, .pilot_ma = w->command.pilot_ma, .temperature_mdegc = 25000, .cycle = w->command.cycle};
    e.board.pilot = (enum pilot_state)(1 + how % (PILOT_N - 1));
    e.board.contactor_closed = w->command.contactor_closed != (how >= 240);
    e.board.watchdog_latched = how == 231;
    e.board.watchdog_firings = how >= 230 ? 1 : 0;
    for (int p = 0; p < PHASE_N; p++) {
        e.board.current_ma[p] = e.board.contactor_closed ? 150 * fuzz_u8(b) : 0;
        e.board.voltage_mv[p] = 230000;
    }
    step(w, &e);
}

static void show_card(struct world *w, struct fuzz_bytes *b)
{
    struct cev e = {.kind = CEV_CARD, .card = {.len = 4, .at = {4, 0x1b, 0x2c, fuzz_u8(b)}}};

    step(w, &e);
}

static void happen(struct world *w, struct fuzz_bytes *b)
{
    switch (fuzz_u8(b) % DO_N) {
    case DO_PASS:
        pass(w, 20 * fuzz_u8(b));
        break;
    case DO_LINK:
        toggle_link(w);
        break;
    case DO_BOARD:
        read_board(w, b);
        break;
    case DO_CARD:
        show_card(w, b);
        break;
    case DO_DISK:
        w->is_disk_full = !w->is_disk_full;
        break;
    default:
        say(w, b);
    }
    settle(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct world w;
    static void *memory;
    struct fuzz_bytes b = {.at = data, .left = size};
    struct cev start = {.kind = CEV_START, .start = {.seed = 1, .boot_id = 7, .kernel_boot_id = 9}};

    memory = memory == NULL ? malloc(client_size()) : memory;
    CHECK(memory != NULL);
    memset(&w, 0, sizeof w);
    w.now_ms = 1000000;
    client_params_defaults(&w.params);
    memcpy(w.params.serial, "WB-0001", sizeof "WB-0001");
    w.params.self_test_ms = 0;
    w.client = client_init(memory, &w.params);
    step(&w, &start);
    settle(&w);
    for (int i = 0; i < STEPS_MAX && b.left > 0; i++) {
        happen(&w, &b);
    }
    pass(&w, 5000);
    return 0;
}
