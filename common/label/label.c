#include "common/label/label.h"

#include <errno.h>
#include <string.h>

#include "common/base/check.h"

/* Lengths of the drawing are tenths of a millimetre. */
#define WIDTH 900
#define MARGIN 40
#define LINE 48
#define TITLE 80
#define FONT 30
#define VALUE_X 350 /* where values begin */
#define QR_SIZE 300
#define QUIET_N 4 /* light squares around a QR code, as its standard demands */
#define LINES_MAX 12

struct line {
    const char *name;
    const char *value;
};

/* Add a line unless it has nothing to say. */
static void add(struct line *lines, unsigned *n, const char *name, const char *value)
{
    if (value[0] != '\0') {
        CHECK(*n < LINES_MAX);
        lines[(*n)++] = (struct line){name, value};
    }
}

static unsigned lines_of(const struct label *l, struct line lines[LINES_MAX])
{
    unsigned n = 0;

    add(lines, &n, "Serial number", l->serial);
    add(lines, &n, "Ethernet MAC", l->ethernet_mac);
    add(lines, &n, "WLAN MAC", l->wlan_mac);
    add(lines, &n, "Hotspot address", l->hotspot_address);
    add(lines, &n, "Hotspot name", l->hotspot_password[0] != '\0' ? l->serial : "");
    add(lines, &n, "Hotspot password", l->hotspot_password);
    add(lines, &n, "Web user", l->user);
    add(lines, &n, "First web password", l->user[0] != '\0' ? l->serial : "");
    add(lines, &n, "Recovery key", l->recovery_key);
    add(lines, &n, "Setup code", l->setup_code);
    return n;
}

static const char *const card_names[LABEL_CARDS_N] = {"RFID-1 W", "RFID-2 R", "RFID-3 G", "RFID-4 B"};

void label_code(const struct label *l, char out[LABEL_CODE_LEN])
{
    size_t at;

    if (l->setup_code[0] == '\0') {
        (void)snprintf(out, LABEL_CODE_LEN, l->hotspot_password[0] != '\0' ? "WIFI:T:WPA;S:%s;P:%s;;" : "%s", l->serial, l->hotspot_password);
        return;
    }
    at = (size_t)snprintf(out, LABEL_CODE_LEN, "WALLBOX:%s:", l->serial);
    for (const char *letter = l->setup_code; *letter != '\0'; letter++) {
        if (*letter != '-') {
            out[at++] = *letter;
        }
    }
    CHECK(at < LABEL_CODE_LEN);
    out[at] = '\0';
}

static enum rc end_of(FILE *to)
{
    return fflush(to) == 0 && ferror(to) == 0 ? RC_OK : RC_IO;
}

enum rc label_print_text(const struct label *l, FILE *to)
{
    struct line lines[LINES_MAX];
    unsigned n = lines_of(l, lines);

    (void)fprintf(to, "%s\n", l->title);
    for (unsigned i = 0; i < n; i++) {
        (void)fprintf(to, "%s: %s\n", lines[i].name, lines[i].value);
    }
    for (unsigned i = 0; i < LABEL_CARDS_N; i++) {
        if (l->card[i][0] != '\0') {
            (void)fprintf(to, "%s: %s\n", card_names[i], l->card[i]);
        }
    }
    return end_of(to);
}

/* A text of the drawing; `kind` is an attribute more. */
static void put_text(FILE *to, int x, int y, const char *kind, const char *text)
{
    (void)fprintf(to, "<text x=\"%d\" y=\"%d\"%s>", x, y, kind);
    for (const char *at = text; *at != '\0'; at++) {
        switch (*at) { /* one letter, not an enum: all others stand for themselves */
        case '<':
            (void)fputs("&lt;", to);
            break;
        case '&':
            (void)fputs("&amp;", to);
            break;
        default:
            (void)fputc(*at, to);
        }
    }
    (void)fputs("</text>\n", to);
}

/* The squares of a row that touch are one bar. */
static void put_row(FILE *to, const struct label_qr *qr, unsigned y)
{
    const bool *row = &qr->dark[(size_t)y * qr->width_n];

    for (unsigned x = 0; x < qr->width_n; x++) {
        unsigned begin = x;

        while (x < qr->width_n && row[x]) {
            x++;
        }
        if (x > begin) {
            (void)fprintf(to, "M%u %uh%uv1h-%uz", begin + QUIET_N, y + QUIET_N, x - begin, x - begin);
        }
    }
}

static void put_qr(FILE *to, const struct label_qr *qr, int x, int y)
{
    unsigned squares_n = qr->width_n + 2U * QUIET_N;

    (void)fprintf(to, "<svg x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %u %u\" shape-rendering=\"crispEdges\"><path d=\"", x, y, QR_SIZE,
                  QR_SIZE, squares_n, squares_n);
    for (unsigned row = 0; row < qr->width_n; row++) {
        put_row(to, qr, row);
    }
    (void)fputs("\"/></svg>\n", to);
}

/* Two beside each other; gives back where the last ends. */
static int put_cards(FILE *to, const struct label *l, int y)
{
    for (unsigned i = 0; i < LABEL_CARDS_N; i++) {
        if (l->card[i][0] != '\0') {
            int x = i % 2 == 0 ? MARGIN : MARGIN + 280;
            int below = y + (int)(i / 2) * LINE;

            put_text(to, x, below, "", card_names[i]);
            put_text(to, x + 135, below, " font-weight=\"bold\"", l->card[i]);
        }
    }
    return y + (l->card[0][0] != '\0' ? 2 * LINE : 0);
}

enum rc label_print_svg(const struct label *l, const struct label_qr *qr, FILE *to)
{
    struct line lines[LINES_MAX];
    int n = (int)lines_of(l, lines);
    int lines_end = TITLE + (n + 1) * LINE;
    int height = lines_end + QR_SIZE;
    int y;

    (void)fprintf(to,
                  "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%dmm\" height=\"%d.%dmm\" viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" "
                  "font-size=\"%d\">\n<rect width=\"%d\" height=\"%d\" rx=\"20\" fill=\"white\" stroke=\"black\" stroke-width=\"3\"/>\n",
                  WIDTH / 10, height / 10, height % 10, WIDTH, height, FONT, WIDTH, height);
    put_text(to, MARGIN, TITLE, " font-size=\"40\" font-weight=\"bold\"", l->title);
    for (int i = 0; i < n; i++) {
        y = TITLE + 20 + (i + 1) * LINE;
        put_text(to, MARGIN, y, "", lines[i].name);
        put_text(to, VALUE_X, y, " font-weight=\"bold\"", lines[i].value);
    }
    y = put_cards(to, l, lines_end + 2 * LINE);
    put_text(to, MARGIN, y + LINE, "", "Keep this label.");
    put_qr(to, qr, WIDTH - QR_SIZE - 20, lines_end - 10);
    (void)fputs("</svg>\n", to);
    return end_of(to);
}

enum rc label_draw(const struct label *l, const char *path)
{
    char text[LABEL_CODE_LEN];
    struct label_qr qr;
    FILE *to;
    enum rc rc;

    label_code(l, text);
    rc = label_qr(text, &qr);
    if (rc != RC_OK) {
        return rc;
    }
    to = fopen(path, "wx"); /* never over an older label */
    if (to == NULL) {
        return errno == EEXIST ? RC_REFUSED : RC_IO;
    }
    rc = label_print_svg(l, &qr, to);
    if (fclose(to) != 0) {
        rc = RC_IO;
    }
    if (rc != RC_OK) {
        (void)remove(path); /* half a label is none */
    }
    return rc;
}
