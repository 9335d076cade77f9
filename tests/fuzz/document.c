/* wallbox-manager --import on arbitrary bytes: site, parameters, cards, users, meters. What is accepted is written and read again equal. */
#include "manager/shell/document.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "proto/utf8.h"
#include "tests/fuzz/fuzz.h"

static void check_users(const struct document *d)
{
    CHECK(d->user_n <= USERS_MAX);
    for (uint16_t i = 0; i < d->user_n; i++) {
        CHECK(d->user[i].role > ROLE_NONE && d->user[i].role < ROLE_N);
        CHECK(d->user[i].name[0] != '\0');
        CHECK(utf8_is_text(d->user[i].name, sizeof d->user[i].name));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct document first;
    static struct document second;
    char *text;
    char *text_again;
    enum rc rc = document_read_text(&first, "input", (const char *)data, size);

    if (rc == RC_OK) {
        check_users(&first);
        text = document_write(&first);
        CHECK(text != NULL);
        rc = document_read_text(&second, "written", text, strlen(text));
        CHECK(rc == RC_OK);
        text_again = document_write(&second);
        CHECK(strcmp(text, text_again) == 0);
        free(text);
        free(text_again);
        document_drop(&second);
    } else {
        CHECK(rc == RC_MALFORMED || rc == RC_RANGE);
    }
    document_drop(&first);
    return 0;
}
