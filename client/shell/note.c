#include "client/shell/note.h"

#include "client/core/charge.h"
#include "common/os/log.h"

static const char *reject_text(int64_t reason)
{
    static const char *const text[REJECT_N] = {"unset", "unknown_serial", "protocol_major", "duplicate", "busy", "not_paired"};

    return reason >= 0 && reason < REJECT_N ? text[reason] : "?";
}

static const char *end_text(int64_t end)
{
    static const char *const text[END_N] = {"unset", "unplugged", "card", "command", "fault", "power_loss"};

    return end >= 0 && end < END_N ? text[end] : "?";
}

void note_log(const struct cfx *fx)
{
    long long a = fx->note.a;
    long long b = fx->note.b;

    switch (fx->note.kind) {
    case CNOTE_STATE:
        log_note("state from=%s to=%s", charge_state_text((enum charge_state)a), charge_state_text((enum charge_state)b));
        break;
    case CNOTE_GRANT:
        log_note("grant from_ma=%lld to_ma=%lld", a, b);
        break;
    case CNOTE_LEASE_END:
        log_warn("lease_end from_ma=%lld to_ma=%lld", a, b);
        break;
    case CNOTE_FALLBACK_RISE:
        log_note("fallback_rise to_ma=%lld", b);
        break;
    case CNOTE_WELCOME:
        log_note("welcome");
        break;
    case CNOTE_REJECTED:
        log_warn("rejected reason=%s", reject_text(a));
        break;
    case CNOTE_OLD_EPOCH:
        log_warn("old_epoch");
        break;
    case CNOTE_BOARD_LOST:
        log_warn("board_lost");
        break;
    case CNOTE_BOARD_BACK:
        log_note("board_back");
        break;
    case CNOTE_WATCHDOG:
        log_warn("watchdog firings_n=%lld", a);
        break;
    case CNOTE_SESSION_BEGIN:
        log_note("session_begin");
        break;
    case CNOTE_SESSION_END:
        log_note("session_end energy_wh=%lld reason=%s", a, end_text(b));
        break;
    case CNOTE_FAULT:
        log_warn("fault code=%lld raised=%s", a, b != 0 ? "true" : "false");
        break;
    case CNOTE_STORE_FAILED:
        log_dbg("not_stored"); /* the journal has said why, once */
        break;
    case CNOTE_PROTOCOL:
        log_warn("out_of_order message=%s", msg_kind_text((enum msg_kind)a));
        break;
    case CNOTE_UNSET:
        break;
    }
}
