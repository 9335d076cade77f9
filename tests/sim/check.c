#include "tests/sim/check.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/units.h"
#include "tests/sim/sim.h"

void check_init(struct sim *s)
{
    struct check *c = &s->check;

    c->is_failed = false;
    c->id = "";
    c->text[0] = '\0';
    c->due_us = INT64_MAX;
    c->quiet_us = 0;
    memset(c->worst, 0, sizeof c->worst);
    c->looked_n = 0;
    c->moves_us = 0;
    memset(c->moves_n, 0, sizeof c->moves_n);
    memset(c->has_book, 0, sizeof c->has_book);
    memset(c->drawn_ma, 0, sizeof c->drawn_ma);
    memset(c->budget_ma, 0, sizeof c->budget_ma);
    memset(c->sent_ma, 0, sizeof c->sent_ma);
    memset(c->is_raised, 0, sizeof c->is_raised);
    for (uint16_t i = 0; i < s->options.clients_n; i++) {
        c->client[i] = (struct check_client){.is_lost = true, .lost_us = 0, .closed_us = CHECK_NEVER_US, .granted_us = CHECK_NEVER_US};
    }
    for (int n = 0; n < CHECK_NODE_MAX; n++) {
        for (int p = 0; p < PHASE_N; p++) {
            struct check_place *at = &c->place[n][p];

            *at = (struct check_place){.over_us = CHECK_NEVER_US, .rise_us = CHECK_NEVER_US, .stuck_us = CHECK_NEVER_US};
            for (int m = 0; m < CHECK_MANAGER_MAX; m++) {
                at->books_us[m] = CHECK_NEVER_US;
                at->offers_us[m] = CHECK_NEVER_US;
            }
        }
    }
}

void check_broken(struct sim *s, const char *id, const char *format, ...)
{
    va_list more;

    if (s->check.is_failed) {
        return;
    }
    s->check.is_failed = true;
    s->check.id = id;
    va_start(more, format);
    (void)vsnprintf(s->check.text, sizeof s->check.text, format, more);
    va_end(more);
}

void check_lost(struct sim *s, uint16_t box)
{
    s->check.client[box].is_lost = true;
}

void check_all_lost(struct sim *s)
{
    for (uint16_t i = 0; i < s->options.clients_n; i++) {
        check_lost(s, i);
    }
}

bool check_was_lost(const struct sim *s, uint16_t box, int64_t since_us)
{
    const struct check_client *c = &s->check.client[box];
    bool is_lost = c->is_lost || c->lost_us >= since_us;

    return is_lost && (s->client[box].board.is_closed || c->closed_us >= since_us);
}

uint8_t check_phases(const struct sim *s, uint16_t box)
{
    const struct board *b = &s->client[box].board;

    return b->is_closed ? phase_set_to_site(s->site.box[box].phases, vehicle_terminals(&b->vehicle, s->now_us)) : 0;
}

bool check_may_obey(const struct sim *s, uint16_t box, uint16_t manager)
{
    uint64_t seen = s->check.client[box].epoch_seen;
    const struct mkept *kept = &s->manager[manager].disk.kept;

    if (seen == 0 || seen == s->check.site[manager].epoch) {
        return true;
    }
    for (uint16_t i = kept->issued_n; i > 0; i--) {
        if (kept->issued[i - 1] == seen) {
            return true;
        }
    }
    return false;
}
