/* The drivers' page: what anybody may see who stands before a wallbox, and the code that its sticker carries. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/base32.h"
#include "common/base/text.h"
#include "common/label/label.h"
#include "common/os/log.h"
#include "manager/shell/buffer.h"
#include "manager/shell/driver_codes.h"
#include "manager/shell/report.h"
#include "manager/shell/routes_answers.h"
#include "manager/shell/view_json.h"

#define TYPE_SVG "image/svg+xml"
#define QUIET_N 4 /* light squares around a QR code, as its standard demands */
#define TITLE_N 5 /* squares below it for the name */
#define URL_LEN 320

void driver_read(struct call *c)
{
    const char *serial = c->r->driver_codes != NULL ? driver_codes_find(c->r->driver_codes, c->part[0]) : NULL;
    uint16_t box = 0;

    if (!answer_refresh(c)) {
        return;
    }
    if (serial == NULL || site_box_find(c->r->cached->site, serial, &box) != RC_OK || box >= c->r->cached->view.box_n) {
        answer_problem(c->out, 404, "no wallbox has this code", NULL);
        return;
    }
    answer_json(c->out, 200, view_json_driver(c->r->cached->site, &c->r->cached->view, c->r->cached->utc_ms, box));
}

/* Address of the page, as whoever asks has found the manager. */
static void url_of(const struct call *c, const char *code, char out[URL_LEN])
{
    (void)snprintf(out, URL_LEN, "%s://%.200s/d/%s", c->request->is_secure ? "https" : "http", c->request->host != NULL ? c->request->host : "", code);
}

/* The code as a sticker: squares, and the name below. NULL: no memory, or the address is longer than a code can hold. */
static char *sticker(const char *url, const char *name)
{
    struct label_qr *qr = malloc(sizeof *qr);
    struct buffer b = {0};
    unsigned all_n;

    if (qr == NULL || label_qr(url, qr) != RC_OK) {
        free(qr);
        return NULL;
    }
    all_n = qr->width_n + 2 * QUIET_N;
    buffer_print(&b, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %u %u\" width=\"60mm\" shape-rendering=\"crispEdges\">", all_n, all_n + TITLE_N);
    buffer_print(&b, "<rect width=\"%u\" height=\"%u\" fill=\"#fff\"/><path d=\"", all_n, all_n + TITLE_N);
    for (unsigned y = 0; y < qr->width_n; y++) {
        for (unsigned x = 0; x < qr->width_n; x++) {
            if (qr->dark[y * qr->width_n + x]) {
                buffer_print(&b, "M%u %uh1v1h-1z", x + QUIET_N, y + QUIET_N);
            }
        }
    }
    buffer_print(&b, "\"/><text x=\"%u\" y=\"%u\" font-size=\"3\" font-family=\"sans-serif\" text-anchor=\"middle\">", all_n / 2, all_n + 2);
    report_escape(&b, name);
    buffer_print(&b, "</text></svg>\n");
    free(qr);
    return buffer_take(&b);
}

static void answer_code(const struct call *c, struct route_reply *out, const struct setup_code *code)
{
    char text[DRIVER_CODE_TEXT_LEN];
    char url[URL_LEN];

    base32_write(code->code, sizeof code->code, 0, text, sizeof text);
    url_of(c, text, url);
    answer_json(out, 200, json_pack("{s:s, s:s, s:s}", "serial", code->serial, "code", text, "url", url));
}

void driver_code(struct call *c)
{
    const struct setup_code *code;
    char text[DRIVER_CODE_TEXT_LEN];
    char url[URL_LEN];
    uint16_t box = 0;

    if (!call_box(c, &box)) {
        return;
    }
    code = c->r->driver_codes != NULL ? codes_find(c->r->driver_codes, c->part[0]) : NULL;
    if (code == NULL) {
        answer_problem(c->out, 404, "this wallbox has no code", NULL);
    } else if (c->value[0].is_set && text_same(c->value[0].text, "svg")) {
        const struct wish_setting *setting = &c->r->cached->view.box[box].setting;

        base32_write(code->code, sizeof code->code, 0, text, sizeof text);
        url_of(c, text, url);
        answer_text(c->out, 200, TYPE_SVG, sticker(url, setting->name[0] != '\0' ? setting->name : code->serial));
    } else {
        answer_code(c, c->out, code);
    }
}

static void run_renew(struct errand *e)
{
    struct setup_code code;
    char why[CODES_WHY_LEN] = "no memory";

    e->rc = driver_codes_renew(&code, e->dir, e->name, why);
    if (e->rc != RC_OK) {
        log_err("driver_code why=\"%s\"", why);
        return;
    }
    base32_write(code.code, sizeof code.code, 0, e->secret, sizeof e->secret);
}

static void finish_renew(struct routes *r, struct errand *e, struct route_reply *out)
{
    const char *field = "";
    const char *why = "";

    if (e->rc != RC_OK || codes_add(r->driver_codes, e->name, e->secret, 0, &field, &why) != RC_OK) {
        answer_problem(out, 503, "this cannot be stored at the moment", NULL);
        return;
    }
    call_note(r, e->by, "driver_code", e->name, NULL);
    answer_json(out, 200, json_pack("{s:s, s:s}", "serial", e->name, "code", e->secret));
}

void driver_renew(struct call *c)
{
    struct errand *e;
    uint16_t box = 0;

    if (!call_box(c, &box)) {
        return;
    }
    if (c->r->driver_codes == NULL || c->r->dir == NULL) {
        answer_problem(c->out, 404, "this wallbox has no code", NULL);
        return;
    }
    e = errand_new(ERRAND_WORKER, run_renew, finish_renew);
    if (e != NULL) {
        (void)snprintf(e->name, sizeof e->name, "%s", c->part[0]); /* a serial number fits */
        e->dir = c->r->dir;
    }
    answer_later(c, e);
}
