#include "client/core/modes.h"

#include <criterion/criterion.h>

TestSuite(modes, .timeout = 10);

static enum rc command(struct modes *m, enum command_kind kind, int32_t value, bool is_plugged, bool is_closed)
{
    struct msg_command c = {.kind = kind, .value = value};
    const char *text = NULL;
    enum rc rc = modes_command(m, &c, is_plugged, is_closed, &text);

    cr_expect_eq(text != NULL, rc == RC_REFUSED);
    return rc;
}

Test(modes, showroom_begins_and_ends_with_an_open_contactor_only_SR_038)
{
    struct modes m = {0};

    cr_expect_eq(command(&m, COMMAND_SHOWROOM_MODE, 1, true, true), RC_REFUSED);
    cr_expect_not(m.is_showroom);
    cr_expect_eq(command(&m, COMMAND_SHOWROOM_MODE, 1, true, false), RC_OK);
    cr_expect(m.is_showroom);
    cr_expect_not(modes_forbid(&m)); /* everything works */
    cr_expect_eq(command(&m, COMMAND_SHOWROOM_MODE, 0, true, true), RC_REFUSED);
    cr_expect_eq(command(&m, COMMAND_SHOWROOM_MODE, 0, true, false), RC_OK);
}

/* SR-037: covers may be opened only when charging has ended and the vehicle is unplugged; service begins then. */
Test(modes, service_begins_without_a_vehicle_only_and_ends_any_time)
{
    struct modes m = {0};

    cr_expect_eq(command(&m, COMMAND_SERVICE_MODE, 1, true, false), RC_REFUSED);
    cr_expect_eq(command(&m, COMMAND_SERVICE_MODE, 1, false, false), RC_OK);
    cr_expect(modes_forbid(&m));
    cr_expect_eq(command(&m, COMMAND_SERVICE_MODE, 0, true, false), RC_OK);
    cr_expect_not(modes_forbid(&m));
}

Test(modes, out_of_service_and_back_and_nothing_else)
{
    struct modes m = {0};

    cr_expect_eq(command(&m, COMMAND_AVAILABILITY, 0, true, true), RC_OK);
    cr_expect(m.is_out && modes_forbid(&m));
    cr_expect_eq(command(&m, COMMAND_AVAILABILITY, 1, false, false), RC_OK);
    cr_expect_not(modes_forbid(&m));
    cr_expect_eq(command(&m, COMMAND_PAUSE, 0, false, false), RC_RANGE);
}

Test(modes, every_combination_survives_the_disk)
{
    for (uint8_t bits = 0; bits <= MODES_ALL; bits++) {
        struct modes m = modes_of(bits);

        cr_expect_eq(modes_bits(&m), bits);
    }
}
