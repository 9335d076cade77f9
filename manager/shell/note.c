#include "manager/shell/note.h"

#include "common/os/log.h"
#include "manager/shell/meter_text.h"

static const char *box_name(const struct site *site, uint16_t box)
{
    return box < site->box_n ? site->box[box].serial : "?";
}

static const char *meter_name(const struct site *site, uint16_t meter)
{
    return meter < site->meter_n ? site->meter[meter].id : "?";
}

static const char *reject_text(int64_t reason)
{
    static const char *const text[REJECT_N] = {"unset", "unknown_serial", "protocol_major", "duplicate", "busy", "not_paired"};

    return reason >= 0 && reason < REJECT_N ? text[reason] : "?";
}

static const char *store_text(int64_t kind)
{
    static const char *const text[] = {"unset", "epoch", "wallbox", "session_started", "session", "event", "card"};

    return kind >= 0 && kind < (int64_t)(sizeof text / sizeof text[0]) ? text[kind] : "?";
}

void note_log(const struct site *site, const char *peer_name, const struct mfx *fx)
{
    const char *box = box_name(site, fx->note.box);
    const char *meter = meter_name(site, fx->note.meter);
    long long a = fx->note.a;
    long long b = fx->note.b;
    char text[METER_TEXT_LEN];

    switch (fx->note.kind) {
    case MNOTE_EPOCH:
        log_note("granting");
        break;
    case MNOTE_JOINED:
        log_note("join box=%s", box);
        break;
    case MNOTE_LOST:
        log_note("leave box=%s booked_ma=%lld", box, a);
        break;
    case MNOTE_REJECTED:
        log_warn("rejected peer=%s reason=%s", peer_name, reject_text(a));
        break;
    case MNOTE_CUT:
        log_note("lease box=%s from_ma=%lld to_ma=%lld", box, a, b);
        break;
    case MNOTE_METER_LOST:
        meter_text_explain((enum meter_doubt)a, (enum phase_assign)b, text);
        log_warn("meter_lost meter=%s why=%s text=\"%s\"", meter, meter_doubt_text((enum meter_doubt)a), text);
        break;
    case MNOTE_METER_BACK:
        log_note("meter_back meter=%s", meter);
        break;
    case MNOTE_SECOND_MANAGER:
        log_err("second_manager box=%s", box);
        break;
    case MNOTE_RESTART_OVER:
        log_note("restart_over");
        break;
    case MNOTE_STORE_FAILED:
        log_err("not_stored what=%s", store_text(a));
        break;
    case MNOTE_PROTOCOL:
        log_warn("out_of_order peer=%s message=%s", peer_name, msg_kind_text((enum msg_kind)a));
        break;
    case MNOTE_OVERDRAW:
        log_warn("overdraw box=%s drawn_ma=%lld booked_ma=%lld", box, a, b);
        break;
    case MNOTE_UNSET:
        break;
    }
}

const char *note_event_text(enum event_kind kind)
{
    static const char *const text[EVENT_N] = {
        [EVENT_UNSET] = "unset",
        [EVENT_FAULT_RAISED] = "fault_raised",
        [EVENT_FAULT_CLEARED] = "fault_cleared",
        [EVENT_BOX_LOST] = "box_lost",
        [EVENT_BOX_BACK] = "box_back",
        [EVENT_METER_LOST] = "meter_lost",
        [EVENT_METER_BACK] = "meter_back",
        [EVENT_SECOND_MANAGER] = "second_manager",
        [EVENT_STORE_FAILED] = "store_failed",
        [EVENT_STORE_BACK] = "store_back",
        [EVENT_DATABASE_RECOVERED] = "database_recovered",
        [EVENT_RECORDS_LOST] = "records_lost",
    };

    return (unsigned)kind < EVENT_N && text[kind] != NULL ? text[kind] : "unset";
}
