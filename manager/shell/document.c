#include "manager/shell/document.h"

#include <stdio.h>

#include "common/os/clock.h"
#include "manager/shell/bus.h"
#include "manager/shell/sitedoc.h"

static void print_errors(const char *name, const struct sitedoc_errors *errors)
{
    for (uint16_t i = 0; i < errors->n && i < SITEDOC_ERROR_MAX; i++) {
        (void)fprintf(stderr, "%s: %s\n", name, errors->at[i]);
    }
    if (errors->n > SITEDOC_ERROR_MAX) {
        (void)fprintf(stderr, "%s: and %d more\n", name, errors->n - SITEDOC_ERROR_MAX);
    }
}

/* Site, parameters and whether its meters can be read. The document is given back. */
static enum rc read_parsed(struct document *d, json_t *json, struct sitedoc_errors *errors)
{
    char text[BUS_TEXT_LEN];
    uint16_t meter = 0;
    enum rc site_rc = sitedoc_site(json, &d->site, errors);
    enum rc params_rc;

    manager_params_defaults(&d->params);
    params_rc = sitedoc_params(json, &d->params, errors);
    json_decref(json);
    if (site_rc != RC_OK || params_rc != RC_OK) {
        return site_rc != RC_OK ? site_rc : params_rc;
    }
    if (bus_check(&d->site, d->params.meter_stale_ms, &meter, text) != RC_OK) {
        sitedoc_error(errors, "meters[%u]: %s", meter, text);
        return RC_RANGE;
    }
    return RC_OK;
}

enum rc document_read_file(struct document *d, const char *path)
{
    struct sitedoc_errors errors = {0};
    json_t *json = NULL;
    enum rc rc = sitedoc_load(path, &json, &errors);

    if (rc == RC_IO) { /* its error names the file */
        print_errors("wallbox-manager", &errors);
        return rc;
    }
    rc = rc == RC_OK ? read_parsed(d, json, &errors) : rc;
    if (rc == RC_OK && !clock_knows_zone(d->site.timezone)) { /* a document that was stored before is not refused for this */
        sitedoc_error(&errors, "timezone: this machine knows no zone \"%s\" (package tzdata has them all)", d->site.timezone);
        rc = RC_RANGE;
    }
    print_errors(path, &errors);
    return rc;
}

enum rc document_read_text(struct document *d, const char *name, const char *text, size_t len)
{
    struct sitedoc_errors errors = {0};
    json_t *json = NULL;
    enum rc rc = sitedoc_parse(text, len, &json, &errors);

    rc = rc == RC_OK ? read_parsed(d, json, &errors) : rc;
    print_errors(name, &errors);
    return rc;
}

char *document_write(const struct document *d)
{
    json_t *json = sitedoc_write(&d->site, &d->params);
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

    json_decref(json);
    return text;
}
