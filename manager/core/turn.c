#include "manager/core/turn.h"

#include <string.h>

#include "common/base/units.h"

void turn_init(struct turn *t)
{
    *t = (struct turn){.running_since_ms = MS_NEVER, .turn_since_ms = MS_NEVER, .waiting_since_ms = MS_NEVER, .blocked_until_ms = MS_NEVER};
}

void turn_adopt(struct turn *t, int64_t now_ms)
{
    if (t->running_since_ms == MS_NEVER) {
        t->running_since_ms = now_ms;
        t->turn_since_ms = now_ms;
        t->waiting_since_ms = MS_NEVER;
    }
}

static int64_t since_ms(int64_t at_ms, int64_t now_ms)
{
    return at_ms == MS_NEVER ? 0 : now_ms - at_ms;
}

void turn_fill(const struct turn *t, int64_t now_ms, struct alloc_box *out)
{
    out->waiting_ms = since_ms(t->waiting_since_ms, now_ms);
    out->running_ms = since_ms(t->running_since_ms, now_ms);
    out->before_turn_ms = out->running_ms - since_ms(t->turn_since_ms, now_ms);
    out->served_ms = t->served_ms + out->running_ms;
    out->blocked_ms = t->blocked_until_ms > now_ms ? t->blocked_until_ms - now_ms : 0;
}

void turn_find_contended(const struct alloc_result *result, uint16_t box_n, uint16_t node_n, bool *out_is_contended)
{
    memset(out_is_contended, 0, sizeof out_is_contended[0] * node_n);
    for (uint16_t i = 0; i < box_n; i++) {
        if (result[i].turn_place > 0 && result[i].node != NODE_NONE) {
            out_is_contended[result[i].node] = true;
        }
    }
}

static void note_running(struct turn *t, bool is_contended, const struct turn_rules *rules, int64_t now_ms)
{
    if (t->running_since_ms == MS_NEVER) {
        t->running_since_ms = now_ms;
        t->turn_since_ms = now_ms;
    }
    if (is_contended && now_ms - t->turn_since_ms >= rules->turn_ms) {
        t->turn_since_ms = now_ms;
    }
    t->waiting_since_ms = MS_NEVER;
    t->blocked_until_ms = MS_NEVER;
}

void turn_note(struct turn *t, bool wants, bool has_current, bool did_charge, bool is_contended, const struct turn_rules *rules, int64_t now_ms)
{
    bool was_running = t->running_since_ms != MS_NEVER;

    if (has_current) {
        note_running(t, is_contended, rules, now_ms);
        return;
    }
    t->served_ms += since_ms(t->running_since_ms, now_ms);
    t->running_since_ms = MS_NEVER;
    t->turn_since_ms = MS_NEVER;
    if (!wants) {
        t->waiting_since_ms = MS_NEVER;
        return;
    }
    if (was_running && did_charge) {
        t->blocked_until_ms = now_ms + rules->min_pause_ms;
    }
    if (t->waiting_since_ms == MS_NEVER) {
        t->waiting_since_ms = now_ms;
    }
}

int64_t turn_next_ms(const struct turn *t, int64_t now_ms)
{
    return t->blocked_until_ms > now_ms ? t->blocked_until_ms : MS_FOREVER;
}
