#include "manager/shell/document.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/base/text.h"
#include "common/os/clock.h"
#include "manager/shell/bus.h"
#include "manager/shell/fields.h"
#include "manager/shell/sitedoc.h"
#include "manager/shell/tariff_json.h"
#include "proto/utf8.h"

static void print_errors(const char *name, const struct sitedoc_errors *errors)
{
    for (uint16_t i = 0; i < errors->n && i < SITEDOC_ERROR_MAX; i++) {
        (void)fprintf(stderr, "%s: %s\n", name, errors->at[i]);
    }
    if (errors->n > SITEDOC_ERROR_MAX) {
        (void)fprintf(stderr, "%s: and %d more\n", name, errors->n - SITEDOC_ERROR_MAX);
    }
}

static void copy_errors(struct sitedoc_errors *to, const struct card_errors *from)
{
    for (uint16_t i = 0; i < from->n && i < CARD_ERROR_MAX; i++) {
        sitedoc_error(to, "%s", from->at[i]);
    }
}

static enum rc read_cards(struct document *d, const json_t *list, struct sitedoc_errors *errors)
{
    struct card_errors *card_errors = calloc(1, sizeof *card_errors);
    enum rc rc = RC_OK;

    if (card_errors == NULL) {
        sitedoc_error(errors, "no memory");
        return RC_IO;
    }
    if (list != NULL) {
        rc = card_book_read_json(&d->cards, list, card_errors);
        copy_errors(errors, card_errors);
    }
    free(card_errors);
    return rc;
}

/* Users have a name and a role; they get a first password when they are added. */
static bool read_user(const json_t *object, struct users_row *out)
{
    const char *name = json_string_value(json_object_get(object, "name"));
    const char *role = json_string_value(json_object_get(object, "role"));
    int place = role != NULL ? field_choice(ROLE_CHOICES, role) : -1;

    if (place < 0 || json_object_size(object) != 2 || name == NULL || name[0] == '\0' || text_copy(out->name, sizeof out->name, name) != RC_OK) {
        return false;
    }
    out->role = (enum role)(place + 1);
    return utf8_is_text(out->name, sizeof out->name);
}

static enum rc read_users(struct document *d, const json_t *list, struct sitedoc_errors *errors)
{
    size_t n = json_array_size(list);

    if (list != NULL && (!json_is_array(list) || n > USERS_MAX)) {
        sitedoc_error(errors, "users: must be a list of at most %d", USERS_MAX);
        return RC_RANGE;
    }
    for (size_t i = 0; i < n; i++) {
        if (!read_user(json_array_get(list, i), &d->user[i])) {
            sitedoc_error(errors, "users[%zu]: must have a name of 1..64 bytes, a role (admin, operator or viewer) and nothing else", i);
            return RC_RANGE;
        }
    }
    d->user_n = (uint16_t)n;
    return RC_OK;
}

static enum rc read_tariff(struct document *d, const json_t *section, struct sitedoc_errors *errors)
{
    struct field_error why;

    d->has_tariff = section != NULL;
    if (section != NULL && tariff_read_json(section, &d->tariff, &why) != RC_OK) {
        sitedoc_error(errors, "tariff%s%s: %s", why.field[0] != '\0' ? "." : "", why.field, why.text);
        return RC_RANGE;
    }
    return RC_OK;
}

/* Take a section out of the document: only the manager knows it. NULL: there is none. Given back with json_decref. */
static json_t *cut(json_t *json, const char *key)
{
    json_t *section = json_incref(json_object_get(json, key));

    (void)json_object_del(json, key); /* not there is as good */
    return section;
}

/* Site, parameters, cards, users, prices, and whether its meters can be read. The document is given back. */
static enum rc read_parsed(struct document *d, json_t *json, struct sitedoc_errors *errors)
{
    char text[BUS_TEXT_LEN];
    uint16_t meter = 0;
    json_t *cards = cut(json, "cards");
    json_t *users = cut(json, "users");
    json_t *keys = cut(json, "keys");
    json_t *tariff = cut(json, "tariff");
    enum rc site_rc = sitedoc_site(json, &d->site, errors);
    enum rc params_rc;
    enum rc more_rc;

    manager_params_defaults(&d->params);
    params_rc = sitedoc_params(json, &d->params, errors);
    rc_ignore(clock_set_zone(d->site.timezone)); /* for days on which cards expire; an unknown one is said elsewhere */
    more_rc = read_cards(d, cards, errors);
    more_rc = more_rc == RC_OK ? read_users(d, users, errors) : more_rc;
    more_rc = more_rc == RC_OK ? read_tariff(d, tariff, errors) : more_rc;
    json_decref(cards);
    json_decref(users);
    json_decref(tariff);
    json_decref(json);
    d->keys = keys;
    if (site_rc != RC_OK || params_rc != RC_OK || more_rc != RC_OK) {
        return site_rc != RC_OK ? site_rc : (params_rc != RC_OK ? params_rc : more_rc);
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

void document_drop(struct document *d)
{
    card_book_drop(&d->cards);
    json_decref(d->keys);
    d->keys = NULL;
    d->user_n = 0;
}

char *document_write(const struct document *d)
{
    json_t *json = sitedoc_write(&d->site, &d->params);
    char *text = json_dumps(json, JSON_INDENT(2) | JSON_PRESERVE_ORDER);

    json_decref(json);
    return text;
}
