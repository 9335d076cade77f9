#include "common/label/label.h"

#include <criterion/criterion.h>

#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"

static const struct label manager = {.title = "Wallbox manager",
                                     .serial = "WM2345ABCD",
                                     .ethernet_mac = "02:00:00:00:00:01",
                                     .hotspot_address = "192.168.2.1",
                                     .hotspot_password = "ABCDEFGHIJKL",
                                     .user = "admin",
                                     .recovery_key = "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF",
                                     .card = {"04A1B2C0", "04A1B2C1", "04A1B2C2", "04A1B2C3"}};
static const struct label client = {.title = "Wallbox <1> & \"more\"", .serial = "WC2345ABCD", .setup_code = "ABCD-EFGH-IJKL-MNOP"};

static struct label_qr qr;

static char *printed(const struct label *l, bool is_svg)
{
    char code[LABEL_CODE_LEN];
    char *text = NULL;
    size_t len = 0;
    FILE *to = open_memstream(&text, &len);

    label_code(l, code);
    cr_assert_eq(label_qr(code, &qr), RC_OK);
    cr_assert_eq(is_svg ? label_print_svg(l, &qr, to) : label_print_text(l, to), RC_OK);
    cr_assert_eq(fclose(to), 0);
    return text;
}

Test(label, lists_what_the_manuals_list_and_no_line_without_a_value)
{
    char *text = printed(&manager, false);

    cr_expect_str_eq(text, "Wallbox manager\nSerial number: WM2345ABCD\nEthernet MAC: 02:00:00:00:00:01\nHotspot address: 192.168.2.1\n"
                           "Hotspot name: WM2345ABCD\nHotspot password: ABCDEFGHIJKL\nWeb user: admin\nFirst web password: WM2345ABCD\n"
                           "Recovery key: AAAA-BBBB-CCCC-DDDD-EEEE-FFFF\nRFID-1 W: 04A1B2C0\nRFID-2 R: 04A1B2C1\nRFID-3 G: 04A1B2C2\nRFID-4 B: 04A1B2C3\n");
    free(text);
    text = printed(&client, false);
    cr_expect_str_eq(text, "Wallbox <1> & \"more\"\nSerial number: WC2345ABCD\nSetup code: ABCD-EFGH-IJKL-MNOP\n");
    free(text);
}

Test(label, draws_every_value_and_marks_nothing_up)
{
    char *svg = printed(&manager, true);

    cr_expect_not_null(strstr(svg, ">ABCDEFGHIJKL<"));
    cr_expect_not_null(strstr(svg, ">AAAA-BBBB-CCCC-DDDD-EEEE-FFFF<"));
    cr_expect_not_null(strstr(svg, ">04A1B2C3<"));
    cr_expect_null(strstr(svg, "Setup code"));
    free(svg);
    svg = printed(&client, true);
    cr_expect_not_null(strstr(svg, ">Wallbox &lt;1> &amp; \"more\"<"));
    cr_expect_not_null(strstr(svg, ">ABCD-EFGH-IJKL-MNOP<"));
    cr_expect_null(strstr(svg, "RFID"));
    free(svg);
}

Test(label, code_lets_a_phone_join_the_hotspot_or_pairs_the_wallbox)
{
    char code[LABEL_CODE_LEN];
    struct label bare = {.title = "", .serial = "W1"};

    label_code(&manager, code);
    cr_expect_str_eq(code, "WIFI:T:WPA;S:WM2345ABCD;P:ABCDEFGHIJKL;;");
    label_code(&client, code);
    cr_expect_str_eq(code, "WALLBOX:WC2345ABCD:ABCDEFGHIJKLMNOP");
    label_code(&bare, code);
    cr_expect_str_eq(code, "W1");
}

/* The squares as the drawing holds them: bars "Mx yhN" of a path, behind the quiet zone of four squares. */
Test(label, drawing_holds_exactly_the_squares_of_the_code)
{
    static bool drawn[LABEL_QR_WIDTH_MAX * LABEL_QR_WIDTH_MAX];
    char *svg = printed(&client, true);
    const char *at = strstr(svg, "path d=\"");
    unsigned x = 0;
    unsigned y = 0;
    unsigned n = 0;
    int len = 0;

    cr_assert_not_null(at);
    at += strlen("path d=\"");
    while (sscanf(at, "M%u %uh%uv1h-%*uz%n", &x, &y, &n, &len) == 3) {
        for (unsigned i = 0; i < n; i++) {
            cr_assert(x >= 4 && y >= 4 && x + i < qr.width_n + 4U && y < qr.width_n + 4U);
            drawn[(y - 4) * qr.width_n + x - 4 + i] = true;
        }
        at += len;
    }
    cr_expect_eq(at[0], '"');
    cr_expect_eq(memcmp(drawn, qr.dark, (size_t)qr.width_n * qr.width_n), 0);
    free(svg);
}

Test(label, says_when_it_could_not_be_written)
{
    char code[LABEL_CODE_LEN];
    FILE *full = fopen("/dev/full", "w");

    label_code(&client, code);
    cr_assert_eq(label_qr(code, &qr), RC_OK);
    cr_expect_eq(label_print_text(&client, full), RC_IO);
    (void)fclose(full);
    full = fopen("/dev/full", "w");
    cr_expect_eq(label_print_svg(&client, &qr, full), RC_IO);
    (void)fclose(full);
}
