/* The manager's document on arbitrary bytes: what is accepted is written back and read again equal. */
#include "manager/shell/sitedoc.h"
#include "common/base/check.h"
#include "tests/fuzz/fuzz.h"

static void read_again(const struct site *site, const struct manager_params *params)
{
    static struct site again;
    static struct sitedoc_errors errors;
    struct manager_params params_again;
    json_t *document = sitedoc_write(site, params);
    json_t *document_again;
    enum rc site_rc = sitedoc_site(document, &again, &errors);
    enum rc params_rc;

    manager_params_defaults(&params_again);
    params_rc = sitedoc_params(document, &params_again, &errors);
    CHECK(site_rc == RC_OK);
    CHECK(params_rc == RC_OK);
    document_again = sitedoc_write(&again, &params_again);
    CHECK(json_equal(document, document_again) == 1);
    json_decref(document_again);
    json_decref(document);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct site site;
    static struct sitedoc_errors errors;
    struct manager_params params;
    json_t *document = NULL;

    errors.n = 0;
    manager_params_defaults(&params);
    if (sitedoc_parse((const char *)data, size, &document, &errors) == RC_OK && sitedoc_site(document, &site, &errors) == RC_OK &&
        sitedoc_params(document, &params, &errors) == RC_OK) {
        read_again(&site, &params);
    } else {
        CHECK(errors.n > 0);
    }
    json_decref(document);
    return 0;
}
