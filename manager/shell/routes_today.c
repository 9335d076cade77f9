/* The day so far, for the status page. */
#include "common/os/clock.h"
#include "manager/shell/history_today.h"
#include "manager/shell/moment.h"
#include "manager/shell/routes_answers.h"
#include "manager/shell/view_json.h"

/* Energy of sessions under way since midnight: their own figure, or by their power when they began before it. */
static enum rc add_running(struct call *c, int64_t midnight_utc_ms, int64_t now_utc_ms, int64_t *energy_wh)
{
    const struct snapshot *s = c->r->cached;
    enum rc rc = RC_OK;

    for (uint16_t i = 0; i < s->view.box_n && rc == RC_OK; i++) {
        const struct view_box *v = &s->view.box[i];
        int64_t wh = v->session_wh;

        if (!v->is_online || !v->has_status || !v->has_session) {
            continue;
        }
        if (v->session_utc_ms == CLOCK_UNSET_UTC_MS || v->session_utc_ms < midnight_utc_ms) {
            rc = history_energy(&c->r->history, s->site->box[i].serial, midnight_utc_ms, now_utc_ms, &wh);
        }
        *energy_wh += wh;
    }
    return rc;
}

static json_t *peak_json(const struct site *site, const struct history_today *t)
{
    static const char *const phases[PHASE_N] = {"L1", "L2", "L3"};
    int32_t limit_ma = site->node[0].limit_ma[t->peak_phase];

    if (t->peak_ma < 0 || limit_ma <= 0) {
        return json_null();
    }
    return json_pack("{s:s, s:s, s:i, s:I}", "node", site->node[0].id, "phase", phases[t->peak_phase], "ma", (int)t->peak_ma, "permille",
                     (json_int_t)t->peak_ma * 1000 / limit_ma);
}

void today_read(struct call *c)
{
    struct history_today t = {0};
    int64_t now_utc_ms = clock_utc_ms();
    int64_t midnight_utc_ms = now_utc_ms;

    if (!answer_refresh(c)) {
        return;
    }
    if (now_utc_ms != CLOCK_UNSET_UTC_MS) {
        struct moment_local local = moment_local(now_utc_ms);

        midnight_utc_ms = moment_midnight_utc_ms(&local.date);
    }
    if (midnight_utc_ms >= now_utc_ms) {
        answer_problem(c->out, 409, "the clock of the manager is not set, so that nobody knows which day it is", NULL);
        return;
    }
    if (history_today(&c->r->history, c->r->cached->site->node[0].id, midnight_utc_ms, now_utc_ms, &t) != RC_OK ||
        add_running(c, midnight_utc_ms, now_utc_ms, &t.energy_wh) != RC_OK) {
        answer_problem(c->out, 503, "the history cannot be read at the moment", NULL);
        return;
    }
    answer_json(c->out, 200,
                json_pack("{s:o, s:I, s:I, s:o, s:o}", "from_utc", view_json_utc(midnight_utc_ms), "energy_wh", (json_int_t)t.energy_wh, "sessions_n",
                          (json_int_t)t.sessions_n, "solar_permille", t.solar_permille >= 0 ? json_integer(t.solar_permille) : json_null(), "peak",
                          peak_json(c->r->cached->site, &t)));
}
