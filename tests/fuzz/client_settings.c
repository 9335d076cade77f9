/* The configuration file of wallbox-client. */
#include "client/shell/settings.h"

#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/settings_file.h"

/* libconfig 1.5 forgets a text that is under way when it finds a syntax error: once, at a start that ends with it. */
const char *__lsan_default_suppressions(void);

const char *__lsan_default_suppressions(void)
{
    return "leak:libconfig.so";
}

static enum rc read_file(void *settings, const char *path)
{
    settings_defaults(settings);
    return settings_read(settings, path);
}

static void print_file(const void *settings, FILE *to)
{
    settings_print(settings, to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct settings_file file = {.read = read_file, .print = print_file};
    static struct settings first;
    static struct settings second;
    char why[SETTINGS_WHY_LEN] = "";

    if (settings_file_round(&file, data, size, &first, &second)) {
        enum rc rc = settings_check(&first, true, why);

        CHECK(rc == RC_OK || (rc == RC_RANGE && why[0] != '\0'));
    }
    return 0;
}
