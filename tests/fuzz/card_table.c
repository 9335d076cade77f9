/* A table of cards on arbitrary bytes: what is refused has an error with its line, what is accepted is written and read again equal. */
#include "manager/shell/card_book.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/check.h"
#include "tests/fuzz/fuzz.h"

static char *write_book(const struct card_book *b)
{
    struct buffer text = {0};

    card_book_write_names(&text);
    for (uint16_t i = 0; i < b->n; i++) {
        card_book_write_csv(&text, &b->at[i]);
    }
    return buffer_take(&text);
}

/* The same cards as the list of a document. */
static void check_json(const struct card_book *b, const char *table)
{
    static struct card_errors errors;
    struct card_book again = {0};
    json_t *list = json_array();
    char *text;
    enum rc rc;

    for (uint16_t i = 0; i < b->n; i++) {
        CHECK(json_array_append_new(list, card_book_write_json(&b->at[i])) == 0);
    }
    errors.n = 0;
    rc = card_book_read_json(&again, list, &errors);
    CHECK(rc == RC_OK);
    text = write_book(&again);
    CHECK(strcmp(text, table) == 0);
    free(text);
    card_book_drop(&again);
    json_decref(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct card_errors errors;
    struct card_book first = {0};
    struct card_book second = {0};
    char *text;
    char *text_again;
    enum rc rc;

    errors.n = 0;
    rc = card_book_read_csv(&first, (const char *)data, size, &errors);
    if (rc != RC_OK) {
        CHECK(rc == RC_RANGE);
        CHECK(errors.n > 0);
        CHECK(first.n == 0);
        return 0;
    }
    text = write_book(&first);
    rc = card_book_read_csv(&second, text, strlen(text), &errors);
    CHECK(rc == RC_OK);
    text_again = write_book(&second);
    CHECK(strcmp(text, text_again) == 0);
    check_json(&first, text);
    free(text);
    free(text_again);
    card_book_drop(&first);
    card_book_drop(&second);
    return 0;
}
