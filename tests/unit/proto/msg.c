#include "proto/msg.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <criterion/criterion.h>

#include "tests/unit/proto/samples.h"

TestSuite(msg, .timeout = 10);

#define TEN_YEARS_MS INT64_C(315360000000)
#define UTC_2020_MS INT64_C(1577836800000)
#define UTC_2200_MS INT64_C(7258118400000)
#define MOST_WH INT64_C(1000000000000)

static const char *refused_field(const struct msg *m)
{
    const char *field = NULL;

    return msg_check(m, &field) == RC_OK ? NULL : field;
}

static void expect_allowed(const struct msg *m, const char *what, int64_t value)
{
    const char *field = refused_field(m);

    cr_assert_null(field, "%s with %s = %lld is refused for %s", msg_kind_text(m->kind), what, (long long)value, field);
}

static void expect_refused(const struct msg *m, const char *what, int64_t value)
{
    const char *field = refused_field(m);

    cr_assert_not_null(field, "%s with %s = %lld is allowed", msg_kind_text(m->kind), what, (long long)value);
    cr_assert_str_eq(field, what, "%s with %s = %lld is refused for %s", msg_kind_text(m->kind), what, (long long)value, field);
}

/* One numeric field: allowed from min to max, both included. At `has_low` and `has_high` it is refused one step outside; false where the
 * type itself ends there. `also` is a further allowed value outside min..max (0 of currents and times), the same as min when there is none. */
struct range {
    enum msg_kind kind;
    const char *field;
    size_t offset;
    size_t size;
    int64_t min;
    int64_t max;
    int64_t also;
    bool has_low;
    bool has_high;
};

#define AT(member) offsetof(struct msg, member), sizeof(((struct msg *)0)->member)
#define BETWEEN(kind, name, member, min, max)             \
    {                                                     \
        kind, name, AT(member), min, max, min, true, true \
    }
#define AT_LEAST(kind, name, member, min)                  \
    {                                                      \
        kind, name, AT(member), min, min, min, true, false \
    }
#define ENUM(kind, name, member, n)                     \
    {                                                   \
        kind, name, AT(member), 1, (n)-1, 1, true, true \
    }
#define CURRENT(kind, name, member)                        \
    {                                                      \
        kind, name, AT(member), 6000, 80000, 0, true, true \
    }
#define UTC(kind, name, member)                                             \
    {                                                                       \
        kind, name, AT(member), UTC_2020_MS, UTC_2200_MS - 1, 0, true, true \
    }

static const struct range ranges[] = {
    ENUM(MSG_HELLO, "model", hello.model, MODEL_N),
    CURRENT(MSG_HELLO, "max_ma", hello.max_ma),
    ENUM(MSG_HELLO, "watchdog", hello.watchdog, WATCHDOG_N),
    BETWEEN(MSG_HELLO, "apply_ms", hello.apply_ms, 0, APPLY_MS_MAX),
    CURRENT(MSG_HELLO, "fallback_ma", hello.fallback_ma),
    BETWEEN(MSG_HELLO, "rise_after_ms", hello.rise_after_ms, 0, 600000),
    AT_LEAST(MSG_HELLO, "boot_id", hello.boot_id, 1),
    AT_LEAST(MSG_WELCOME, "epoch", welcome.epoch, 1),
    UTC(MSG_WELCOME, "utc_ms", welcome.utc_ms),
    BETWEEN(MSG_WELCOME, "status_ms", welcome.status_ms, 200, 10000),
    ENUM(MSG_REJECT, "reason", reject.reason, REJECT_N),
    BETWEEN(MSG_STATUS, "offered_ma", status.offered_ma, 0, 80000),
    BETWEEN(MSG_STATUS, "lease_left_ms", status.lease_left_ms, 0, 60000),
    {MSG_STATUS, "used_phases", AT(status.used_phases), 0, 7, 0, false, true},
    ENUM(MSG_STATUS, "pilot", status.pilot, PILOT_N),
    BETWEEN(MSG_STATUS, "drawn_ma", status.drawn_ma[0], 0, 1000000),
    BETWEEN(MSG_STATUS, "drawn_ma", status.drawn_ma[2], 0, 1000000),
    BETWEEN(MSG_STATUS, "voltage_mv", status.voltage_mv[0], 0, 1000000),
    BETWEEN(MSG_STATUS, "voltage_mv", status.voltage_mv[2], 0, 1000000),
    BETWEEN(MSG_STATUS, "drawn_age_ms", status.drawn_age_ms, 0, 60000),
    BETWEEN(MSG_STATUS, "limit_ma", status.limit_ma, 0, 80000),
    ENUM(MSG_STATUS, "limit_by", status.limit_by, LIMIT_N),
    CURRENT(MSG_STATUS, "fallback_ma", status.fallback_ma),
    ENUM(MSG_STATUS, "state", status.state, BOX_STATE_N),
    {MSG_STATUS, "faults", AT(status.faults_n), 0, 2, 0, false, false},
    BETWEEN(MSG_STATUS, "energy_wh", status.energy_wh, 0, MOST_WH),
    BETWEEN(MSG_STATUS, "session_wh", status.session_wh, 0, MOST_WH),
    BETWEEN(MSG_STATUS, "power_w", status.power_w, 0, 1000000),
    BETWEEN(MSG_STATUS, "temperature_mdegc", status.temperature_mdegc, -60000, 200000),
    AT_LEAST(MSG_GRANT, "epoch", grant.epoch, 1),
    AT_LEAST(MSG_GRANT, "grant_seq", grant.grant_seq, 1),
    CURRENT(MSG_GRANT, "current_ma", grant.current_ma),
    BETWEEN(MSG_GRANT, "lease_ms", grant.lease_ms, 2000, 60000),
    ENUM(MSG_GRANT, "reason", grant.reason, REASON_N),
    AT_LEAST(MSG_FALLBACK_SET, "epoch", fallback_set.epoch, 1),
    CURRENT(MSG_FALLBACK_SET, "fallback_ma", fallback_set.fallback_ma),
    BETWEEN(MSG_FALLBACK_SET, "rise_after_ms", fallback_set.rise_after_ms, 0, 600000),
    CURRENT(MSG_FALLBACK_ACK, "fallback_ma", fallback_ack.fallback_ma),
    BETWEEN(MSG_FALLBACK_ACK, "rise_after_ms", fallback_ack.rise_after_ms, 0, 600000),
    ENUM(MSG_AUTHORIZE_RESULT, "verdict", authorize_result.verdict, AUTH_N),
    UTC(MSG_SESSION_STARTED, "start_utc_ms", session_started.start_utc_ms),
    BETWEEN(MSG_SESSION_STARTED, "start_age_ms", session_started.start_age_ms, 0, TEN_YEARS_MS),
    BETWEEN(MSG_SESSION_STARTED, "start_wh", session_started.start_wh, 0, MOST_WH),
    UTC(MSG_SESSION_RECORD, "start_utc_ms", session_record.start_utc_ms),
    UTC(MSG_SESSION_RECORD, "stop_utc_ms", session_record.stop_utc_ms),
    BETWEEN(MSG_SESSION_RECORD, "start_age_ms", session_record.start_age_ms, 0, TEN_YEARS_MS),
    BETWEEN(MSG_SESSION_RECORD, "stop_age_ms", session_record.stop_age_ms, 0, TEN_YEARS_MS),
    {MSG_SESSION_RECORD, "start_wh", AT(session_record.start_wh), 0, 1229908, 0, true, false},
    BETWEEN(MSG_SESSION_RECORD, "stop_wh", session_record.stop_wh, 1225657, MOST_WH),
    ENUM(MSG_SESSION_RECORD, "end", session_record.end, END_N),
    UTC(MSG_SESSION_RECORD, "first_quarter_utc_ms", session_record.first_quarter_utc_ms),
    AT_LEAST(MSG_FAULT_RAISED, "code", fault.code, 1),
    UTC(MSG_FAULT_RAISED, "utc_ms", fault.utc_ms),
    BETWEEN(MSG_FAULT_RAISED, "age_ms", fault.age_ms, 0, TEN_YEARS_MS),
    AT_LEAST(MSG_FAULT_CLEARED, "code", fault.code, 1),
    UTC(MSG_FAULT_CLEARED, "utc_ms", fault.utc_ms),
    BETWEEN(MSG_FAULT_CLEARED, "age_ms", fault.age_ms, 0, TEN_YEARS_MS),
    UTC(MSG_AUTHORIZE_RESULT, "expires_utc_ms", authorize_result.expires_utc_ms),
    BETWEEN(MSG_COMMAND, "value", command.value, 0, 1000), /* of the sample's kind, LED brightness */
    ENUM(MSG_COMMAND_RESULT, "result", result.result, RESULT_N),
    AT_LEAST(MSG_CONFIG_SET, "epoch", config_set.epoch, 1),
    CURRENT(MSG_CONFIG_SET, "max_ma", config_set.max_ma),
    BETWEEN(MSG_CONFIG_SET, "status_ms", config_set.status_ms, 200, 10000),
    ENUM(MSG_CONFIG_ACK, "result", config_ack.result, RESULT_N),
    BETWEEN(MSG_LOG_REQUEST, "most_bytes", log_request.most_bytes, 1, CHUNK_MAX),
    {MSG_LOG_CHUNK, "bytes", AT(chunk.bytes_len), 0, 4, 0, false, false},
    BETWEEN(MSG_UPDATE_OFFER, "size_bytes", update_offer.size_bytes, 1, INT64_C(4294967296)),
    ENUM(MSG_UPDATE_RESULT, "result", result.result, RESULT_N),
    ENUM(MSG_GOODBYE, "reason", goodbye.reason, GOODBYE_N),
};

/* The sample of the row's kind with the field set to `value`. Little-endian machines only, like the rest of the project's tests. */
static struct msg with(const struct range *r, int64_t value)
{
    struct msg m = sample_msg(r->kind);

    memcpy((char *)&m + r->offset, &value, r->size);
    return m;
}

Test(msg, each_number_is_allowed_at_its_bounds_and_refused_one_step_outside)
{
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        const struct range *r = &ranges[i];
        const int64_t good[] = {r->min, r->max, r->also};

        for (size_t k = 0; k < 3; k++) {
            struct msg m = with(r, good[k]);

            expect_allowed(&m, r->field, good[k]);
        }
        if (r->has_low) {
            struct msg m = with(r, r->min - 1);

            expect_refused(&m, r->field, r->min - 1);
        }
        if (r->has_high) {
            struct msg m = with(r, r->max + 1);

            expect_refused(&m, r->field, r->max + 1);
        }
    }
}

Test(msg, a_current_or_time_next_to_its_special_zero_is_refused)
{
    for (size_t i = 0; i < sizeof ranges / sizeof ranges[0]; i++) {
        const struct range *r = &ranges[i];

        if (r->also != r->min) {
            struct msg below = with(r, -1);
            struct msg above = with(r, 1);

            expect_refused(&below, r->field, -1);
            expect_refused(&above, r->field, 1);
        }
    }
}

Test(msg, samples_and_extremes_of_every_kind_are_allowed)
{
    for (int kind = MSG_HELLO; kind < MSG_N; kind++) {
        struct msg m = sample_msg((enum msg_kind)kind);
        struct msg low = sample_smallest((enum msg_kind)kind);
        struct msg high = sample_largest((enum msg_kind)kind);

        expect_allowed(&m, "sample", 0);
        expect_allowed(&low, "smallest", 0);
        expect_allowed(&high, "largest", 0);
    }
}

Test(msg, a_kind_outside_the_list_is_refused)
{
    const int kinds[] = {MSG_UNSET, MSG_N, MSG_N + 1, INT32_MAX};

    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        struct msg m = {.kind = (enum msg_kind)kinds[i]};

        expect_refused(&m, "kind", kinds[i]);
    }
}

/* SR-167: a wallbox is wired to one phase or to three. */
Test(msg, wiring_is_one_or_three_phases)
{
    struct msg m = sample_msg(MSG_HELLO);

    for (int n = 0; n <= UINT8_MAX; n++) {
        m.hello.wired_n = (uint8_t)n;
        if (n == 1 || n == 3) {
            expect_allowed(&m, "wired_n", n);
        } else {
            expect_refused(&m, "wired_n", n);
        }
    }
}

/* SR-262: card UIDs have 4, 7, 8 or 10 bytes. */
Test(msg, a_card_uid_has_4_7_8_or_10_bytes_or_is_absent)
{
    struct msg m[] = {sample_msg(MSG_AUTHORIZE), sample_msg(MSG_SESSION_STARTED), sample_msg(MSG_SESSION_RECORD)};
    struct card_uid *uid[] = {&m[0].authorize.uid, &m[1].session_started.uid, &m[2].session_record.uid};

    for (size_t i = 0; i < 3; i++) {
        for (int len = 0; len <= UINT8_MAX; len++) {
            uid[i]->len = (uint8_t)len;
            if (len == 0 || len == 4 || len == 7 || len == 8 || len == 10) {
                expect_allowed(&m[i], "uid", len);
            } else {
                expect_refused(&m[i], "uid", len);
            }
        }
    }
}

Test(msg, a_status_names_a_grant_wholly_or_not_at_all)
{
    struct msg m = sample_msg(MSG_STATUS);

    m.status.epoch = 0;
    expect_refused(&m, "grant_seq", m.status.grant_seq);
    m.status.grant_seq = 0;
    expect_allowed(&m, "grant_seq", 0);
    m.status.epoch = UINT64_MAX;
    expect_refused(&m, "grant_seq", 0);
}

Test(msg, faults_are_bounded_and_have_codes)
{
    struct msg m = sample_largest(MSG_STATUS);

    expect_allowed(&m, "faults", FAULT_MAX);
    m.status.faults[FAULT_MAX - 1] = 0;
    expect_refused(&m, "faults", 0);
    m.status.faults_n = FAULT_MAX - 1;
    expect_allowed(&m, "faults", FAULT_MAX - 1);
    m.status.faults_n = FAULT_MAX + 1;
    expect_refused(&m, "faults", FAULT_MAX + 1);
    m.status.faults_n = UINT8_MAX;
    expect_refused(&m, "faults", UINT8_MAX);
}

/* 06 6.4: lights travel to the manager. */
Test(msg, lights_have_a_colour_and_a_mode_each_when_they_are_there)
{
    struct msg m = sample_newer(MSG_STATUS);

    expect_allowed(&m, "lights", 0);
    m.status.lights.lamp[LAMP_TOUCH].colour = LIGHT_COLOUR_N;
    expect_refused(&m, "lights", LIGHT_COLOUR_N);
    m.status.lights.lamp[LAMP_TOUCH].colour = LIGHT_UNSET;
    expect_refused(&m, "lights", LIGHT_UNSET);
    m.status.has_lights = false;
    expect_allowed(&m, "lights", 0);
    m = sample_newer(MSG_STATUS);
    m.status.lights.lamp[LAMP_S1].mode = LIGHT_MODE_N;
    expect_refused(&m, "lights", LIGHT_MODE_N);
    m = sample_newer(MSG_STATUS);
    m.status.lights.brightness_permille = 1001;
    expect_refused(&m, "brightness_permille", 1001);
    m.status.lights.brightness_permille = -1;
    expect_refused(&m, "brightness_permille", -1);
}

/* 06 6.3: the manager's list of cards and vehicles. */
Test(msg, an_entry_of_the_list_of_cards_is_a_card_or_a_vehicle)
{
    struct msg m = sample_newer(MSG_CONFIG_SET);
    struct msg_card cards[CARD_CHUNK_MAX + 1];

    memset(cards, 0, sizeof cards);
    expect_allowed(&m, "cards", m.config_set.cards_n);
    cards[0] = m.config_set.cards[0];
    m.config_set.cards = cards;
    m.config_set.cards_n = 1;
    expect_allowed(&m, "cards", 1);
    cards[0].identity[0] = 'X';
    expect_refused(&m, "cards", 1); /* both */
    cards[0].uid.len = 0;
    expect_allowed(&m, "cards", 1);
    cards[0].identity[0] = '\0';
    expect_refused(&m, "cards", 1); /* neither */
    cards[0].uid.len = 5;
    expect_refused(&m, "cards", 1);
    cards[0].uid.len = 8;
    cards[0].kind = CARD_KIND_N;
    expect_refused(&m, "cards", 1);
    cards[0].kind = CARD_SETUP;
    cards[0].expires_utc_ms = 1;
    expect_refused(&m, "cards", 1);
    cards[0].expires_utc_ms = 0;
    m.config_set.cards_n = CARD_CHUNK_MAX + 1;
    expect_refused(&m, "cards", CARD_CHUNK_MAX + 1);
    m.config_set.cards_n = 1;
    m.config_set.cards_all_n = m.config_set.cards_from;
    expect_refused(&m, "cards_all_n", m.config_set.cards_from);
    m.config_set.cards_from = 65536;
    expect_refused(&m, "cards_from", 65536);
}

Test(msg, a_session_never_ends_below_its_start)
{
    struct msg m = sample_msg(MSG_SESSION_RECORD);

    m.session_record.stop_wh = m.session_record.start_wh;
    expect_allowed(&m, "stop_wh", 0);
    m.session_record.start_wh++;
    expect_refused(&m, "stop_wh", 0);
}

Test(msg, quarter_hours_are_bounded_and_not_negative)
{
    struct msg m = sample_largest(MSG_SESSION_RECORD);
    int32_t quarters[QUARTER_MAX] = {0};

    m.session_record.quarter_wh = quarters;
    expect_allowed(&m, "quarter_wh", QUARTER_MAX);
    quarters[QUARTER_MAX - 1] = -1;
    expect_refused(&m, "quarter_wh", -1);
    m.session_record.quarter_n = QUARTER_MAX - 1;
    expect_allowed(&m, "quarter_wh", QUARTER_MAX - 1);
    m.session_record.quarter_n = QUARTER_MAX + 1;
    expect_refused(&m, "quarter_wh", QUARTER_MAX + 1);
    m.session_record.quarter_n = 1;
    m.session_record.quarter_wh = NULL;
    expect_refused(&m, "quarter_wh", 1);
    m.session_record.quarter_n = 0;
    expect_allowed(&m, "quarter_wh", 0);
}

Test(msg, a_chunk_is_bounded_and_has_its_bytes)
{
    struct msg m = sample_largest(MSG_UPDATE_CHUNK);

    expect_allowed(&m, "bytes", CHUNK_MAX);
    m.chunk.bytes_len = CHUNK_MAX + 1;
    expect_refused(&m, "bytes", CHUNK_MAX + 1);
    m.chunk.bytes_len = 1;
    m.chunk.bytes = NULL;
    expect_refused(&m, "bytes", 1);
}

Test(msg, the_value_of_a_command_depends_on_its_kind)
{
    static const struct {
        enum command_kind kind;
        int32_t good[2];
        int32_t bad[3];
    } rows[] = {
        {COMMAND_AVAILABILITY, {0, 1}, {-1, 2, INT32_MAX}},
        {COMMAND_START, {0, 0}, {-1, 1, INT32_MAX}},
        {COMMAND_STOP, {0, 0}, {-1, 1, INT32_MAX}},
        {COMMAND_PAUSE, {0, 0}, {-1, 1, INT32_MAX}},
        {COMMAND_RESUME, {0, 0}, {-1, 1, INT32_MAX}},
        {COMMAND_RESTART, {0, 0}, {-1, 1, INT32_MAX}},
        {COMMAND_UNLOCK, {0, 0}, {-1, 1, INT32_MAX}},
        {COMMAND_LED_BRIGHTNESS, {0, 1000}, {-1, 1001, INT32_MAX}},
        {COMMAND_LOCAL_CURRENT, {0, 80000}, {-1, 5999, 80001}},
        {COMMAND_SERVICE_MODE, {0, 1}, {-1, 2, INT32_MIN}},
        {COMMAND_SHOWROOM_MODE, {0, 1}, {-1, 2, INT32_MIN}},
        {COMMAND_CARD_REGISTRATION, {0, 1}, {-1, 2, INT32_MIN}},
    };

    cr_assert_eq(sizeof rows / sizeof rows[0], COMMAND_N - 1);
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        struct msg m = {.kind = MSG_COMMAND, .command = {.kind = rows[i].kind}};

        for (int k = 0; k < 2; k++) {
            m.command.value = rows[i].good[k];
            expect_allowed(&m, "value", m.command.value);
        }
        for (int k = 0; k < 3; k++) {
            m.command.value = rows[i].bad[k];
            expect_refused(&m, "value", m.command.value);
        }
    }
    for (int kind = COMMAND_N; kind <= COMMAND_N + 1; kind++) {
        struct msg m = {.kind = MSG_COMMAND, .command = {.kind = (enum command_kind)kind}};

        expect_refused(&m, "kind", kind);
    }
}

Test(msg, a_refusal_leaves_the_name_alone_when_all_is_well)
{
    struct msg m = sample_msg(MSG_GRANT);
    const char *field = "before";

    cr_assert_eq(msg_check(&m, &field), RC_OK);
    cr_assert_str_eq(field, "before");
}

Test(msg, grants_are_ordered_by_epoch_and_then_by_number)
{
    cr_assert_eq(grant_order(0, 0, 0, 0), 0);
    cr_assert_eq(grant_order(5, 7, 5, 7), 0);
    cr_assert_lt(grant_order(5, 6, 5, 7), 0);
    cr_assert_gt(grant_order(5, 8, 5, 7), 0);
    cr_assert_lt(grant_order(5, UINT32_MAX, 6, 1), 0);
    cr_assert_gt(grant_order(UINT64_MAX, 0, 1, UINT32_MAX), 0);
    cr_assert_gt(grant_order(1, UINT32_MAX, 1, 0), 0);
    cr_assert_lt(grant_order(0, 0, UINT64_MAX, UINT32_MAX), 0);
}
