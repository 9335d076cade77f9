/* How a document comes in and how its errors are kept. */
#include "manager/shell/sitedoc.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "common/base/text.h"

#define DOCUMENT_MAX (16u * 1024u * 1024u)

void sitedoc_error(struct sitedoc_errors *errors, const char *format, ...)
{
    if (errors->n < SITEDOC_ERROR_MAX) {
        char *line = errors->at[errors->n];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(line, SITEDOC_ERROR_LEN, format, args); /* a long line is cut */
        va_end(args);
        for (size_t i = 0; line[i] != '\0'; i++) {
            if ((unsigned char)line[i] < 0x20 || line[i] == 0x7f) {
                line[i] = '?'; /* keys and texts come from the file: one error stays one line */
            }
        }
    }
    if (errors->n < UINT16_MAX) {
        errors->n++;
    }
}

static enum rc parsed(json_t *document, const json_error_t *e, json_t **out, struct sitedoc_errors *errors)
{
    *out = NULL;
    if (document == NULL) {
        sitedoc_error(errors, "line %d, column %d: %s", e->line, e->column, e->text);
        return RC_MALFORMED;
    }
    if (!json_is_object(document)) {
        sitedoc_error(errors, "line 1, column 1: must be an object");
        json_decref(document);
        return RC_MALFORMED;
    }
    *out = document;
    return RC_OK;
}

enum rc sitedoc_parse(const char *text, size_t len, json_t **out, struct sitedoc_errors *errors)
{
    json_error_t e;

    *out = NULL;
    if (len > DOCUMENT_MAX) {
        sitedoc_error(errors, "the document is longer than %u bytes", DOCUMENT_MAX);
        return RC_MALFORMED;
    }
    return parsed(json_loadb(text, len, JSON_REJECT_DUPLICATES, &e), &e, out, errors);
}

/* A file on its way to the parser. */
struct source {
    FILE *file;
    size_t read_len;
    int failed; /* errno, 0 none */
};

static size_t on_more(void *buffer, size_t len, void *data)
{
    struct source *s = data;
    size_t n = fread(buffer, 1, len, s->file);

    s->read_len += n;
    if (ferror(s->file) != 0) {
        s->failed = errno;
        return (size_t)-1;
    }
    return s->read_len > DOCUMENT_MAX ? (size_t)-1 : n;
}

enum rc sitedoc_load(const char *path, json_t **out, struct sitedoc_errors *errors)
{
    bool is_input = text_same(path, "-");
    struct source s = {.file = is_input ? stdin : fopen(path, "rb")};
    json_t *document;
    json_error_t e;

    *out = NULL;
    if (s.file == NULL) {
        sitedoc_error(errors, "%.128s: %s", path, strerror(errno));
        return RC_IO;
    }
    document = json_load_callback(on_more, &s, JSON_REJECT_DUPLICATES, &e);
    if (!is_input) {
        (void)fclose(s.file); /* it was only read */
    }
    if (s.failed != 0) {
        sitedoc_error(errors, "%.128s: %s", path, strerror(s.failed));
        json_decref(document);
        return RC_IO;
    }
    if (s.read_len > DOCUMENT_MAX) {
        sitedoc_error(errors, "%.128s: the document is longer than %u bytes", path, DOCUMENT_MAX);
        json_decref(document);
        return RC_MALFORMED;
    }
    return parsed(document, &e, out, errors);
}
