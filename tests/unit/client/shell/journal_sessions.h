/* Sessions for the tests of the journal. */
#pragma once

#include "client/core/event.h"

#define BOOT_ID UINT64_C(0xFEDCBA9876543210) /* above the range of a signed number */

static inline struct journal_session session_of(uint8_t number)
{
    return (struct journal_session){.id = {{number, 0xFF, 0, 1}},
                                    .start_utc_ms = INT64_C(1790000000000) + number,
                                    .start_boot_ms = 50000,
                                    .start_boot_id = BOOT_ID,
                                    .start_wh = 1000,
                                    .last_wh = 1000,
                                    .last_utc_ms = INT64_C(1790000000000) + number,
                                    .last_boot_ms = 50000,
                                    .first_quarter_utc_ms = INT64_C(1789999200000)};
}

static inline struct journal_session finished(uint8_t number)
{
    struct journal_session s = session_of(number);

    s.end = END_UNPLUGGED;
    s.last_wh = 1300;
    s.last_boot_ms = 90000;
    s.quarter_n = 2;
    s.quarter_wh[0] = 100;
    s.quarter_wh[1] = 200;
    return s;
}
