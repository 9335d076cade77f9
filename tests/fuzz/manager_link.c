/* The manager behind its link: whatever wallboxes and strangers say, frame by frame, in whatever order, the core goes on and says only what
 * may be said.
 *
 * Bytes: what happens, then what it needs: time passes, a connection comes or goes, a message, a meter, a command, a disk that fails.
 */
#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/units.h"
#include "manager/core/core.h"
#include "proto/codec.h"
#include "tests/fuzz/fuzz.h"

#define PEERS 4
#define TICKETS_MAX 64
#define TICKS_MAX 50
#define STEPS_MAX 200

enum { DO_PASS, DO_PLUG, DO_METER, DO_COMMAND, DO_DISK, DO_SAY, DO_N = 8 }; /* the others are messages as well */

static const struct site site = {
    .node_n = 2,
    .box_n = 3,
    .meter_n = 1,
    .node = {{.id = "grid", .parent = NODE_NONE, .limit_ma = {63000, 63000, 63000}, .reserve_ma = MA_UNSET, .base_load_worst_ma = {20000, 20000, 20000}},
             {.id = "yard", .parent = 0, .limit_ma = {32000, 32000, 32000}, .reserve_ma = 0, .base_load_worst_ma = {MA_UNSET}}},
    .box = {{.serial = "WB-0001", .node = 0, .phases = PHASES_L1_L2_L3, .min_ma = 6000, .max_ma = 32000, .fallback_ma = 6000, .weight = 1},
            {.serial = "W2", .node = 1, .phases = PHASES_L2_L3_L1, .min_ma = 6000, .max_ma = 16000, .weight = 1, .mode = SOLAR_MINIMUM},
            {.serial = "W3", .node = 1, .phases = PHASES_L3, .min_ma = 8000, .max_ma = 32000, .weight = 2, .priority = 9}},
    .meter = {{.id = "house", .node = 0, .role = METER_HOUSE, .role_when_on = METER_HOUSE, .phases = PHASES_L1_L2_L3, .lag_ms = 1000}},
};

struct world {
    struct manager *manager;
    int64_t now_ms;
    bool is_open[PEERS];
    bool is_disk_full;
    uint16_t ticket_n;
    uint64_t ticket[TICKETS_MAX];
};

static void check_sent(const struct msg *m)
{
    static uint8_t bytes[FRAME_MAX];
    size_t len = 0;
    enum rc rc = codec_encode(m, bytes, sizeof bytes, &len);

    CHECK(rc == RC_OK);
    CHECK(m->kind != MSG_GRANT || m->grant.current_ma <= 32000);
}

static void step(struct world *w, struct mev *e)
{
    static struct mfx_list effects;

    e->now_ms = w->now_ms;
    manager_step(w->manager, e, &effects);
    for (uint16_t i = 0; i < effects.n; i++) {
        const struct mfx *fx = &effects.at[i];

        if (fx->kind == MFX_SEND) {
            check_sent(&fx->send.msg);
        } else if (fx->kind == MFX_STORE && fx->store.ticket != 0 && w->ticket_n < TICKETS_MAX) {
            w->ticket[w->ticket_n] = fx->store.ticket;
            w->ticket_n++;
        } else if (fx->kind == MFX_PEER_CLOSE) {
            CHECK(fx->close.peer < PEERS);
        }
    }
    CHECK(manager_wake_ms(w->manager) >= w->now_ms);
}

static void settle(struct world *w)
{
    for (int i = 0; i < TICKETS_MAX && w->ticket_n > 0; i++) {
        struct mev e = {.kind = w->is_disk_full ? MEV_STORE_FAILED : MEV_STORED, .stored = {.ticket = w->ticket[0]}};

        w->ticket_n--;
        memmove(w->ticket, w->ticket + 1, w->ticket_n * sizeof w->ticket[0]);
        step(w, &e);
    }
}

static void pass(struct world *w, int64_t ms)
{
    int64_t until_ms = w->now_ms + ms;

    for (int i = 0; i < TICKS_MAX && manager_wake_ms(w->manager) <= until_ms; i++) {
        struct mev e = {.kind = MEV_TICK};

        w->now_ms = max_i64(w->now_ms, manager_wake_ms(w->manager));
        step(w, &e);
        settle(w);
    }
    w->now_ms = until_ms;
}

/* A connection comes, or the one that is there goes. */
static void plug(struct world *w, uint16_t peer)
{
    struct mev e = {.kind = w->is_open[peer] ? MEV_PEER_CLOSED : MEV_PEER_OPEN, .peer = {.peer = peer}};

    w->is_open[peer] = !w->is_open[peer];
    step(w, &e);
}

static void say(struct world *w, struct fuzz_bytes *b, uint16_t peer)
{
    static struct codec_arena arena;
    struct msg m;
    const char *field;
    size_t len = 0;
    size_t claimed_len = fuzz_u16(b);
    const uint8_t *at = fuzz_take(b, claimed_len, &len);
    struct mev e = {.kind = MEV_PEER_MSG, .peer_msg = {.peer = peer, .msg = &m}};

    if (codec_decode(&arena, at, len, &m, &field) != RC_OK) {
        return;
    }
    if (!w->is_open[peer]) {
        plug(w, peer);
    }
    step(w, &e);
}

static void read_meter(struct world *w, struct fuzz_bytes *b)
{
    struct mev e = {.kind = MEV_METER, .meter = {.sample = {.taken_ms = w->now_ms - fuzz_u8(b), .import_wh = -1, .export_wh = -1, .power_set = PHASE_ALL}}};

    for (int p = 0; p < PHASE_N; p++) {
        e.meter.sample.current_ma[p] = (int16_t)fuzz_u16(b) * 30;
        e.meter.sample.voltage_mv[p] = 230000;
        e.meter.sample.power_w[p] = e.meter.sample.current_ma[p] / 1000 * 230;
        e.meter.sample.power_total_w += e.meter.sample.power_w[p];
    }
    step(w, &e);
}

static void command(struct world *w, struct fuzz_bytes *b)
{
    uint8_t which = fuzz_u8(b);
    struct mev e = {.kind = MEV_COMMAND};

    e.command.box = (uint16_t)(which % site.box_n);
    e.command.command = (enum manager_command)(1 + which / site.box_n % (MANAGER_COMMAND_N - 1));
    e.command.seq = which;
    step(w, &e);
}

static void happen(struct world *w, struct fuzz_bytes *b)
{
    uint8_t what = fuzz_u8(b);
    uint16_t peer = (uint16_t)(what / DO_N % PEERS);

    switch (what % DO_N) {
    case DO_PASS:
        pass(w, 20 * fuzz_u8(b));
        break;
    case DO_PLUG:
        plug(w, peer);
        break;
    case DO_METER:
        read_meter(w, b);
        break;
    case DO_COMMAND:
        command(w, b);
        break;
    case DO_DISK:
        w->is_disk_full = !w->is_disk_full;
        break;
    default:
        say(w, b, peer);
    }
    settle(w);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct mev_known known[3] = {{.fallback_ma = MA_UNSET}, {.fallback_ma = MA_UNSET}, {.fallback_ma = 8000, .has_met = true}};
    static struct manager_params params;
    static struct view view;
    static void *memory;
    struct fuzz_bytes b = {.at = data, .left = size};
    struct world w = {.now_ms = 1000000};
    struct mev start = {.kind = MEV_START, .start = {.seed = 1, .utc_ms = INT64_C(1750000000000), .known = known}};

    memory = memory == NULL ? malloc(manager_size()) : memory;
    CHECK(memory != NULL);
    manager_params_defaults(&params);
    w.manager = manager_init(memory, &site, &params);
    step(&w, &start);
    settle(&w);
    for (int i = 0; i < STEPS_MAX && b.left > 0; i++) {
        happen(&w, &b);
    }
    pass(&w, 5000);
    manager_view(w.manager, w.now_ms, &view);
    CHECK(view.box_n == site.box_n);
    return 0;
}
