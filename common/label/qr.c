#include <qrencode.h>

#include "common/label/label.h"

#include "common/base/check.h"

enum rc label_qr(const char *text, struct label_qr *out)
{
    QRcode *code = QRcode_encodeString(text, 0, QR_ECLEVEL_M, QR_MODE_8, 1);

    if (code == NULL) {
        return RC_FULL;
    }
    CHECK(code->width > 0);
    CHECK(code->width <= LABEL_QR_WIDTH_MAX);
    out->width_n = (uint16_t)code->width;
    for (int i = 0; i < code->width * code->width; i++) {
        out->dark[i] = (code->data[i] & 1) != 0;
    }
    QRcode_free(code);
    return RC_OK;
}
