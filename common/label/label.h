/* The configuration label: what is written on the paper that lies beside a new device (SR-136, SR-111), as text and as a drawing with a QR
 * code. It holds secrets: nothing of it is ever logged.
 *
 * Decided here: which lines a label has and how it looks. Not here: where the secrets come from, where they are kept, who reads the label.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "common/base/limits.h"
#include "common/base/rc.h"

#define LABEL_CARDS_N 4        /* SR-089: one master and three users */
#define LABEL_VALUE_LEN 48     /* longest value and the end */
#define LABEL_CODE_LEN 129     /* content of the QR code and the end */
#define LABEL_QR_WIDTH_MAX 177 /* modules of the largest QR code */

/* A device that is about to leave the factory. Empty texts have no line. */
struct label {
    const char *title;
    char serial[SERIAL_LEN];
    char ethernet_mac[LABEL_VALUE_LEN];
    char wlan_mac[LABEL_VALUE_LEN];
    char hotspot_address[LABEL_VALUE_LEN];
    char hotspot_password[LABEL_VALUE_LEN]; /* with it, the serial number is the name of the hotspot (SR-124) */
    char user[LABEL_VALUE_LEN];             /* with it, the serial number is the first password (SR-131) */
    char recovery_key[LABEL_VALUE_LEN];
    char setup_code[LABEL_VALUE_LEN];
    char card[LABEL_CARDS_N][LABEL_VALUE_LEN]; /* UIDs of W, R, G, B */
};

/* The squares of a QR code: true is dark; row y begins at y * width_n. */
struct label_qr {
    uint16_t width_n;
    bool dark[LABEL_QR_WIDTH_MAX * LABEL_QR_WIDTH_MAX];
};

/* What the QR code says: with a setup code "WALLBOX:SERIAL:CODE", the code without dashes; else, with a hotspot, what phones join a network
 * by; else the serial number.
 */
void label_code(const struct label *l, char out[LABEL_CODE_LEN]);

/* Squares of a text, with error correction of level M.
 *
 * RC_FULL  it does not fit into one code, or no memory; out is untouched
 */
MUST_USE enum rc label_qr(const char *text, struct label_qr *out);

/* One line each, "NAME: VALUE". RC_IO: `to` did not take all of it. */
MUST_USE enum rc label_print_text(const struct label *l, FILE *to);

/* Make a file with the drawing of a label and its QR code. Whoever may read it is the umask's business.
 *
 * RC_REFUSED  the file exists
 * RC_FULL     the QR code cannot be made
 * RC_IO       it cannot be written; what there is of it is removed
 */
MUST_USE enum rc label_draw(const struct label *l, const char *path);

/* A drawing in SVG, 90 mm wide, black on white, for a label printer. RC_IO: `to` did not take all of it. */
MUST_USE enum rc label_print_svg(const struct label *l, const struct label_qr *qr, FILE *to);
