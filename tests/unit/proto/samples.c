#include "tests/unit/proto/samples.h"

#include <stdint.h>
#include <string.h>

#include <criterion/criterion.h>

#define TEN_YEARS_MS INT64_C(315360000000)
#define LAST_UTC_MS INT64_C(7258118399999)
#define MOST_WH INT64_C(1000000000000)

static const int32_t few_quarters[] = {1200, 2750, 0, 301};
static const uint8_t few_bytes[] = {0x00, 0xff, 0x10, 0x80};
static int32_t many_quarters[QUARTER_MAX];
static uint8_t many_bytes[CHUNK_MAX];
static struct msg_card many_cards[CARD_CHUNK_MAX];
static const struct msg_card few_cards[] = {{.uid = {.len = 4, .at = {0x04, 0xa1, 0xb2, 0xc3}}, .kind = CARD_MASTER},
                                            {.uid = {.len = 10, .at = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}}, .kind = CARD_USER, .blocked = true},
                                            {.identity = "0007CBEA0001", .kind = CARD_USER, .expires_utc_ms = INT64_C(1789000000000)}};

#define SESSION                                                                                            \
    {                                                                                                      \
        {                                                                                                  \
            0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5, 0xa6, 0xa7, 0xa8, 0xa9, 0xaa, 0xab, 0xac, 0xad, 0xae, 0xaf \
        }                                                                                                  \
    }
#define CARD                                                         \
    {                                                                \
        .len = 7, .at = { 0x04, 0x1b, 0x2c, 0x3d, 0x4e, 0x5f, 0x60 } \
    }
#define EPOCH UINT64_C(0x000000079abcdef0)
#define UTC_MS INT64_C(1789000000000)

static const struct msg samples[MSG_N] = {
    [MSG_HELLO] = {.hello = {.serial = "WB-0001",
                             .model = MODEL_PLUS,
                             .wired_n = 3,
                             .max_ma = 32000,
                             .watchdog = WATCHDOG_HARDWARE,
                             .apply_ms = 500,
                             .epoch_seen = EPOCH,
                             .fallback_ma = 6000,
                             .rise_after_ms = 32500,
                             .firmware = "1.4.2 \xc3\xa4",
                             .protocol_major = 1,
                             .protocol_minor = 0,
                             .features = 5,
                             .boot_id = UINT64_C(0x1122334455667788)}},
    [MSG_WELCOME] = {.welcome = {.epoch = EPOCH, .utc_ms = UTC_MS, .config_version = 12, .status_ms = 1000, .protocol_minor = 0, .features = 1}},
    [MSG_REJECT] = {.reject = {.reason = REJECT_UNKNOWN_SERIAL, .text = "WB-0001 is not in the site file"}},
    [MSG_STATUS] = {.status = {.status_seq = UINT64_C(0x0000000300000101),
                               .boot_id = UINT64_C(0x1122334455667788),
                               .epoch = EPOCH,
                               .grant_seq = 77,
                               .offered_ma = 16000,
                               .lease_left_ms = 9200,
                               .used_phases = 7,
                               .contactor_closed = true,
                               .pilot = PILOT_C2,
                               .drawn_ma = {15870, 15910, 15820},
                               .voltage_mv = {230100, 229800, 231000},
                               .drawn_age_ms = 120,
                               .limit_ma = 20000,
                               .limit_by = LIMIT_CABLE,
                               .fallback_ma = 6000,
                               .state = BOX_CHARGING,
                               .authorized = true,
                               .paused = false,
                               .asleep = false,
                               .faults_n = 2,
                               .faults = {3, 8002},
                               .has_session = true,
                               .session = SESSION,
                               .energy_wh = 1234567,
                               .session_wh = 8910,
                               .power_w = 10960,
                               .temperature_mdegc = -4500}},
    [MSG_GRANT] = {.grant = {.epoch = EPOCH,
                             .grant_seq = 78,
                             .status_seq = UINT64_C(0x0000000300000101),
                             .current_ma = 13000,
                             .lease_ms = 10000,
                             .reason = REASON_NODE_FULL}},
    [MSG_FALLBACK_SET] = {.fallback_set = {.epoch = EPOCH, .seq = 4, .fallback_ma = 6000, .rise_after_ms = 32500}},
    [MSG_FALLBACK_ACK] = {.fallback_ack = {.seq = 4, .fallback_ma = 6000, .rise_after_ms = 32500}},
    [MSG_AUTHORIZE] = {.authorize = {.seq = 9, .uid = CARD, .identity = "DE-ABC-C12345678-9"}},
    [MSG_AUTHORIZE_RESULT] = {.authorize_result = {.seq = 9, .verdict = AUTH_EXPIRED}},
    [MSG_SESSION_STARTED] = {.session_started = {.session = SESSION, .start_utc_ms = UTC_MS, .start_age_ms = 40, .start_wh = 1225657, .uid = CARD}},
    [MSG_SESSION_RECORD] = {.session_record = {.session = SESSION,
                                               .start_utc_ms = UTC_MS,
                                               .stop_utc_ms = UTC_MS + 3600000,
                                               .start_age_ms = 3600500,
                                               .stop_age_ms = 500,
                                               .start_wh = 1225657,
                                               .stop_wh = 1229908,
                                               .uid = CARD,
                                               .end = END_UNPLUGGED,
                                               .first_quarter_utc_ms = UTC_MS - 400000,
                                               .quarter_n = 4,
                                               .quarter_wh = few_quarters}},
    [MSG_RECORD_ACK] = {.record_ack = {.session = SESSION}},
    [MSG_FAULT_RAISED] = {.fault = {.code = 4003, .utc_ms = UTC_MS, .age_ms = 15, .text = "current above limit"}},
    [MSG_FAULT_CLEARED] = {.fault = {.code = 4003, .utc_ms = CLOCK_UNSET_UTC_MS, .age_ms = 90000, .text = ""}},
    [MSG_COMMAND] = {.command = {.seq = 31, .kind = COMMAND_LED_BRIGHTNESS, .value = 750}},
    [MSG_COMMAND_RESULT] = {.result = {.seq = 31, .result = RESULT_REFUSED, .text = "no lamp"}},
    [MSG_CONFIG_SET] = {.config_set = {.epoch = EPOCH, .version = 12, .max_ma = 16000, .status_ms = 1000, .authorization = true, .commissioned = true}},
    [MSG_CONFIG_ACK] = {.config_ack = {.version = 12, .result = RESULT_DONE}},
    [MSG_LOG_REQUEST] = {.log_request = {.seq = 2, .from_byte = 65536, .most_bytes = 32768}},
    [MSG_LOG_CHUNK] = {.chunk = {.seq = 2, .offset_bytes = 65536, .last = true, .bytes_len = 4, .bytes = few_bytes}},
    [MSG_UPDATE_OFFER] = {.update_offer = {.seq = 3, .version = "1.5.0", .size_bytes = 7340032, .sha256 = {1, 2, 3, [31] = 0xfe}}},
    [MSG_UPDATE_CHUNK] = {.chunk = {.seq = 3, .offset_bytes = 0, .last = false, .bytes_len = 4, .bytes = few_bytes}},
    [MSG_UPDATE_RESULT] = {.result = {.seq = 3, .result = RESULT_FAILED, .text = "checksum"}},
    [MSG_GOODBYE] = {.goodbye = {.reason = GOODBYE_RESTARTING}},
    [MSG_PAIR_REQUEST] = {.pair_request = {.serial = "WB-0001"}},
    [MSG_PAIR_PROOF] = {.pair_proof = {.proof = {0xa0, 0xa1, [31] = 0xbf}}},
};

struct msg sample_newer(enum msg_kind kind)
{
    struct msg m = sample_msg(kind);

    switch (kind) {
    case MSG_STATUS:
        m.status.has_lights = true;
        m.status.lights.brightness_permille = 800;
        for (int i = 0; i < LAMP_N; i++) {
            m.status.lights.lamp[i] = (struct light){i < LAMP_ONLINE ? LIGHT_BLUE : LIGHT_DARK, i < LAMP_ONLINE ? LIGHT_FLASH : LIGHT_STEADY};
        }
        break;
    case MSG_AUTHORIZE:
        m.authorize.taught = true;
        break;
    case MSG_AUTHORIZE_RESULT:
        m.authorize_result.expires_utc_ms = UTC_MS;
        break;
    case MSG_SESSION_STARTED:
        memcpy(m.session_started.identity, "0007CBEA0001", sizeof "0007CBEA0001");
        break;
    case MSG_SESSION_RECORD:
        memcpy(m.session_record.identity, "0007CBEA0001", sizeof "0007CBEA0001");
        break;
    case MSG_COMMAND:
        m.command.kind = COMMAND_AVAILABILITY;
        m.command.value = 1;
        break;
    case MSG_CONFIG_SET:
        m.config_set.has_cards = true;
        m.config_set.cards_from = 128;
        m.config_set.cards_all_n = 131;
        m.config_set.cards_n = 3;
        m.config_set.cards = few_cards;
        break;
    default: /* nothing new */
        break;
    }
    return m;
}

struct msg sample_msg(enum msg_kind kind)
{
    struct msg m = samples[kind];

    m.kind = kind;
    return m;
}

static const struct msg smallest[MSG_N] = {
    [MSG_HELLO] = {.hello = {.serial = "0", .model = MODEL_CONNECT, .wired_n = 1, .watchdog = WATCHDOG_HARDWARE, .boot_id = 1}},
    [MSG_WELCOME] = {.welcome = {.epoch = 1, .status_ms = 200}},
    [MSG_REJECT] = {.reject = {.reason = REJECT_UNKNOWN_SERIAL}},
    [MSG_STATUS] = {.status = {.pilot = PILOT_A1, .limit_by = LIMIT_GRANT, .state = BOX_IDLE, .temperature_mdegc = -60000}},
    [MSG_GRANT] = {.grant = {.epoch = 1, .grant_seq = 1, .lease_ms = 2000, .reason = REASON_NO_DEMAND}},
    [MSG_FALLBACK_SET] = {.fallback_set = {.epoch = 1}},
    [MSG_FALLBACK_ACK] = {.fallback_ack = {.seq = 0}},
    [MSG_AUTHORIZE] = {.authorize = {.seq = 0}},
    [MSG_AUTHORIZE_RESULT] = {.authorize_result = {.verdict = AUTH_ACCEPTED}},
    [MSG_SESSION_STARTED] = {.session_started = {.start_wh = 0}},
    [MSG_SESSION_RECORD] = {.session_record = {.end = END_UNPLUGGED}},
    [MSG_RECORD_ACK] = {.record_ack = {.session = {{0}}}},
    [MSG_FAULT_RAISED] = {.fault = {.code = 1}},
    [MSG_FAULT_CLEARED] = {.fault = {.code = 1}},
    [MSG_COMMAND] = {.command = {.kind = COMMAND_START}},
    [MSG_COMMAND_RESULT] = {.result = {.result = RESULT_DONE}},
    [MSG_CONFIG_SET] = {.config_set = {.epoch = 1, .status_ms = 200}},
    [MSG_CONFIG_ACK] = {.config_ack = {.result = RESULT_DONE}},
    [MSG_LOG_REQUEST] = {.log_request = {.most_bytes = 1}},
    [MSG_LOG_CHUNK] = {.chunk = {.seq = 0}},
    [MSG_UPDATE_OFFER] = {.update_offer = {.size_bytes = 1}},
    [MSG_UPDATE_CHUNK] = {.chunk = {.seq = 0}},
    [MSG_UPDATE_RESULT] = {.result = {.result = RESULT_DONE}},
    [MSG_GOODBYE] = {.goodbye = {.reason = GOODBYE_STOPPING}},
    [MSG_PAIR_REQUEST] = {.pair_request = {.serial = "0"}},
    [MSG_PAIR_PROOF] = {.pair_proof = {.proof = {0}}},
};

struct msg sample_smallest(enum msg_kind kind)
{
    struct msg m = smallest[kind];

    m.kind = kind;
    return m;
}

static void fill(char *text, size_t cap)
{
    memset(text, 'z', cap - 1);
    text[cap - 1] = '\0';
}

static struct lights largest_lights(void)
{
    struct lights l = {.brightness_permille = 1000};

    for (int i = 0; i < LAMP_N; i++) {
        l.lamp[i] = (struct light){LIGHT_COLOUR_N - 1, LIGHT_MODE_N - 1};
    }
    return l;
}

static void largest_link(struct msg *m)
{
    switch (m->kind) {
    case MSG_HELLO:
        m->hello = (struct msg_hello){.model = MODEL_N - 1,
                                      .wired_n = 3,
                                      .max_ma = 80000,
                                      .watchdog = WATCHDOG_N - 1,
                                      .apply_ms = 3000,
                                      .epoch_seen = UINT64_MAX,
                                      .fallback_ma = 80000,
                                      .rise_after_ms = 600000,
                                      .protocol_major = UINT16_MAX,
                                      .protocol_minor = UINT16_MAX,
                                      .features = UINT64_MAX,
                                      .boot_id = UINT64_MAX};
        fill(m->hello.serial, sizeof m->hello.serial);
        fill(m->hello.firmware, sizeof m->hello.firmware);
        break;
    case MSG_WELCOME:
        m->welcome = (struct msg_welcome){UINT64_MAX, LAST_UTC_MS, UINT32_MAX, 10000, UINT16_MAX, UINT64_MAX};
        break;
    case MSG_REJECT:
        m->reject.reason = REJECT_N - 1;
        fill(m->reject.text, sizeof m->reject.text);
        break;
    case MSG_STATUS:
        m->status = (struct msg_status){.status_seq = UINT64_MAX,
                                        .boot_id = UINT64_MAX,
                                        .epoch = UINT64_MAX,
                                        .grant_seq = UINT32_MAX,
                                        .offered_ma = 80000,
                                        .lease_left_ms = 60000,
                                        .used_phases = 7,
                                        .contactor_closed = true,
                                        .pilot = PILOT_N - 1,
                                        .drawn_ma = {1000000, 1000000, 1000000},
                                        .voltage_mv = {1000000, 1000000, 1000000},
                                        .drawn_age_ms = 60000,
                                        .limit_ma = 80000,
                                        .limit_by = LIMIT_N - 1,
                                        .fallback_ma = 80000,
                                        .state = BOX_STATE_N - 1,
                                        .authorized = true,
                                        .paused = true,
                                        .asleep = true,
                                        .faults_n = FAULT_MAX,
                                        .has_session = true,
                                        .energy_wh = MOST_WH,
                                        .session_wh = MOST_WH,
                                        .power_w = 1000000,
                                        .temperature_mdegc = 200000,
                                        .has_lights = true,
                                        .lights = largest_lights()};
        memset(m->status.faults, 0xff, sizeof m->status.faults);
        memset(&m->status.session, 0xff, sizeof m->status.session);
        break;
    case MSG_GRANT:
        m->grant = (struct msg_grant){UINT64_MAX, UINT32_MAX, UINT64_MAX, 80000, 60000, REASON_N - 1};
        break;
    case MSG_FALLBACK_SET:
        m->fallback_set = (struct msg_fallback_set){UINT64_MAX, UINT32_MAX, 80000, 600000};
        break;
    case MSG_FALLBACK_ACK:
        m->fallback_ack = (struct msg_fallback_ack){UINT32_MAX, 80000, 600000};
        break;
    default: /* the rest is in the next function */
        m->goodbye.reason = GOODBYE_N - 1;
        break;
    }
}

static void largest_session(struct msg *m)
{
    struct card_uid uid = {.len = UID_MAX};
    struct session_id id;

    memset(uid.at, 0xff, sizeof uid.at);
    memset(&id, 0xff, sizeof id);
    switch (m->kind) {
    case MSG_AUTHORIZE:
        m->authorize = (struct msg_authorize){.seq = UINT32_MAX, .uid = uid, .taught = true};
        fill(m->authorize.identity, sizeof m->authorize.identity);
        break;
    case MSG_AUTHORIZE_RESULT:
        m->authorize_result = (struct msg_authorize_result){UINT32_MAX, AUTH_N - 1, LAST_UTC_MS};
        break;
    case MSG_SESSION_STARTED:
        m->session_started =
            (struct msg_session_started){.session = id, .start_utc_ms = LAST_UTC_MS, .start_age_ms = TEN_YEARS_MS, .start_wh = MOST_WH, .uid = uid};
        fill(m->session_started.identity, sizeof m->session_started.identity);
        break;
    case MSG_SESSION_RECORD:
        for (int i = 0; i < QUARTER_MAX; i++) {
            many_quarters[i] = INT32_MAX;
        }
        m->session_record = (struct msg_session_record){.session = id,
                                                        .start_utc_ms = LAST_UTC_MS,
                                                        .stop_utc_ms = LAST_UTC_MS,
                                                        .start_age_ms = TEN_YEARS_MS,
                                                        .stop_age_ms = TEN_YEARS_MS,
                                                        .start_wh = MOST_WH,
                                                        .stop_wh = MOST_WH,
                                                        .uid = uid,
                                                        .end = END_N - 1,
                                                        .first_quarter_utc_ms = LAST_UTC_MS,
                                                        .quarter_n = QUARTER_MAX,
                                                        .quarter_wh = many_quarters};
        fill(m->session_record.identity, sizeof m->session_record.identity);
        break;
    case MSG_RECORD_ACK:
        m->record_ack.session = id;
        break;
    default: /* FaultRaised, FaultCleared */
        m->fault = (struct msg_fault){.code = UINT16_MAX, .utc_ms = LAST_UTC_MS, .age_ms = TEN_YEARS_MS};
        fill(m->fault.text, sizeof m->fault.text);
        break;
    }
}

/* Vehicles: their entries are the longer ones. */
static const struct msg_card *largest_cards(void)
{
    memset(many_cards, 0, sizeof many_cards);
    for (int i = 0; i < CARD_CHUNK_MAX; i++) {
        fill(many_cards[i].identity, sizeof many_cards[i].identity);
        many_cards[i].kind = CARD_KIND_N - 1;
        many_cards[i].blocked = true;
        many_cards[i].expires_utc_ms = LAST_UTC_MS;
    }
    return many_cards;
}

static void largest_control(struct msg *m)
{
    switch (m->kind) {
    case MSG_COMMAND:
        m->command = (struct msg_command){UINT32_MAX, COMMAND_LOCAL_CURRENT, 80000};
        break;
    case MSG_CONFIG_SET:
        m->config_set = (struct msg_config_set){.epoch = UINT64_MAX,
                                                .version = UINT32_MAX,
                                                .max_ma = 80000,
                                                .status_ms = 10000,
                                                .authorization = true,
                                                .commissioned = true,
                                                .has_cards = true,
                                                .cards_from = UINT16_MAX - CARD_CHUNK_MAX,
                                                .cards_all_n = UINT16_MAX,
                                                .cards_n = CARD_CHUNK_MAX,
                                                .cards = largest_cards()};
        break;
    case MSG_CONFIG_ACK:
        m->config_ack = (struct msg_config_ack){UINT32_MAX, RESULT_N - 1};
        break;
    case MSG_LOG_REQUEST:
        m->log_request = (struct msg_log_request){UINT32_MAX, UINT64_MAX, CHUNK_MAX};
        break;
    case MSG_LOG_CHUNK:
    case MSG_UPDATE_CHUNK:
        memset(many_bytes, 0xff, sizeof many_bytes);
        m->chunk = (struct msg_chunk){UINT32_MAX, UINT64_MAX, true, CHUNK_MAX, many_bytes};
        break;
    case MSG_UPDATE_OFFER:
        m->update_offer = (struct msg_update_offer){.seq = UINT32_MAX, .size_bytes = UINT64_C(1) << 32};
        fill(m->update_offer.version, sizeof m->update_offer.version);
        memset(m->update_offer.sha256, 0xff, sizeof m->update_offer.sha256);
        break;
    case MSG_PAIR_REQUEST:
        fill(m->pair_request.serial, sizeof m->pair_request.serial);
        break;
    case MSG_PAIR_PROOF:
        memset(m->pair_proof.proof, 0xff, sizeof m->pair_proof.proof);
        break;
    default: /* CommandResult, UpdateResult */
        m->result = (struct msg_result){.seq = UINT32_MAX, .result = RESULT_N - 1};
        fill(m->result.text, sizeof m->result.text);
        break;
    }
}

struct msg sample_largest(enum msg_kind kind)
{
    struct msg m;

    memset(&m, 0, sizeof m);
    m.kind = kind;
    if (kind <= MSG_FALLBACK_ACK || kind == MSG_GOODBYE) {
        largest_link(&m);
    } else if (kind <= MSG_FAULT_CLEARED) {
        largest_session(&m);
    } else {
        largest_control(&m);
    }
    return m;
}

void sample_expect_same(const struct msg *a, const struct msg *b)
{
    struct msg x = *a;
    struct msg y = *b;

    cr_assert_eq(a->kind, b->kind);
    if (a->kind == MSG_SESSION_RECORD) {
        size_t n = a->session_record.quarter_n;

        cr_assert_eq(n, b->session_record.quarter_n);
        cr_assert(n == 0 || memcmp(a->session_record.quarter_wh, b->session_record.quarter_wh, n * sizeof(int32_t)) == 0);
        x.session_record.quarter_wh = y.session_record.quarter_wh = NULL;
    }
    if (a->kind == MSG_LOG_CHUNK || a->kind == MSG_UPDATE_CHUNK) {
        cr_assert_eq(a->chunk.bytes_len, b->chunk.bytes_len);
        cr_assert(a->chunk.bytes_len == 0 || memcmp(a->chunk.bytes, b->chunk.bytes, a->chunk.bytes_len) == 0);
        x.chunk.bytes = y.chunk.bytes = NULL;
    }
    if (a->kind == MSG_CONFIG_SET) {
        cr_assert_eq(a->config_set.cards_n, b->config_set.cards_n);
        cr_assert(a->config_set.cards_n == 0 || memcmp(a->config_set.cards, b->config_set.cards, a->config_set.cards_n * sizeof a->config_set.cards[0]) == 0);
        x.config_set.cards = y.config_set.cards = NULL;
    }
    /* Both sides are built from zeroed objects, so that padding is 0 as well. */
    cr_assert_eq(memcmp(&x, &y, sizeof x), 0, "%s differs", msg_kind_text(a->kind));
}
