#include "client/shell/note.h"

#include "client/core/authorize.h"
#include "client/core/button.h"
#include "client/core/charge.h"
#include "client/core/teach.h"
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

static const char *card_text(int64_t act)
{
    static const char *const text[] = {"nothing", "asked", "accepted", "rejected", "taken_back", "ended_session", "expired"};

    return act >= 0 && act < (int64_t)(sizeof text / sizeof text[0]) ? text[act] : "?";
}

static const char *teach_text(int64_t act)
{
    static const char *const text[] = {"nothing", "master", "read", "card", "new_master", "entry", "begun", "ended", "refused"};

    return act >= 0 && act < (int64_t)(sizeof text / sizeof text[0]) ? text[act] : "?";
}

static const char *bool_text(int64_t bits, int64_t bit)
{
    return (bits & bit) != 0 ? "true" : "false";
}

static const char *result_text(int64_t result)
{
    static const char *const text[RESULT_N] = {"unset", "done", "refused", "unsupported", "failed"};

    return result >= 0 && result < RESULT_N ? text[result] : "?";
}

/* What people, buttons and the manager have led to. */
static void log_person(enum cnote_kind kind, long long a, long long b)
{
    switch ((int)kind) {
    case CNOTE_CARD:
        log_note("card result=%s", card_text(a));
        break;
    case CNOTE_TEACH:
        log_note("teach result=%s", teach_text(a));
        break;
    case CNOTE_RETRY:
        if (b == 0) {
            log_warn("retries_exhausted code=%lld", a);
        } else {
            log_note("retry code=%lld used_n=%lld", a, b);
        }
        break;
    case CNOTE_MODES:
        log_note("modes showroom=%s service=%s out=%s", bool_text(a, 1), bool_text(a, 2), bool_text(a, 4));
        break;
    case CNOTE_BUTTON:
        log_note("button act=%s", a == BUTTON_ERASE ? "erase_cards_and_restart" : "restart");
        break;
    case CNOTE_COMMAND:
        log_note("command kind=%lld result=%s", a, result_text(b));
        break;
    case CNOTE_CONFIG:
        log_note("config version=%lld", a);
        break;
    default: /* the other notes are note_log's */
        break;
    }
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
    case CNOTE_CARD:
    case CNOTE_TEACH:
    case CNOTE_RETRY:
    case CNOTE_MODES:
    case CNOTE_BUTTON:
    case CNOTE_COMMAND:
    case CNOTE_CONFIG:
        log_person(fx->note.kind, a, b);
        break;
    case CNOTE_UNSET:
        break;
    }
}
