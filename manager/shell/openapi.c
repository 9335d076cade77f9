#include "manager/shell/openapi.h"

#include <string.h>

#include "common/base/text.h"
#include "manager/shell/answer.h"

/* Take `value` under `key`; what is lost for want of memory is missing in the description. */
static void put(json_t *object, const char *key, json_t *value)
{
    (void)json_object_set_new(object, key, value);
}

static void append(json_t *list, json_t *value)
{
    (void)json_array_append_new(list, value); /* as above */
}

static json_t *choices_json(const char *choices)
{
    json_t *list = json_array();

    for (const char *at = choices; *at != '\0';) {
        size_t len = strcspn(at, " ");

        append(list, json_stringn(at, len));
        at += len + (at[len] == ' ' ? 1 : 0);
    }
    return list;
}

static const char *type_text(enum field_type type)
{
    switch (type) {
    case FIELD_INT:
        return "integer";
    case FIELD_BOOL:
        return "boolean";
    case FIELD_LIST:
    case FIELD_OBJECTS:
        return "array";
    case FIELD_TEXT:
    case FIELD_UTC:
    case FIELD_CHOICE:
        break;
    }
    return "string";
}

static json_t *schema_json(const struct field *f)
{
    json_t *schema = json_object();

    put(schema, "type", f->may_be_null ? json_pack("[s, s]", type_text(f->type), "null") : json_string(type_text(f->type)));
    put(schema, "description", json_string(f->help));
    if (f->type == FIELD_INT) {
        put(schema, "minimum", json_integer(f->min));
        put(schema, "maximum", json_integer(f->max));
    } else if (f->type == FIELD_TEXT) {
        put(schema, "minLength", json_integer(f->min > 0 ? 1 : 0)); /* ours are bytes, its are characters */
        put(schema, "maxLength", json_integer(f->max));
    } else if (f->type == FIELD_LIST) {
        put(schema, "items", json_pack("{s:s}", "type", "string"));
        put(schema, "maxItems", json_integer(f->max));
    } else if (f->type == FIELD_OBJECTS) {
        put(schema, "items", json_pack("{s:s, s:o, s:b}", "type", "object", "required", choices_json(f->choices), "additionalProperties", 1));
        put(schema, "maxItems", json_integer(f->max));
    } else if (f->type == FIELD_UTC) {
        put(schema, "format", json_string("date-time"));
    } else if (f->type == FIELD_CHOICE) {
        json_t *list = choices_json(f->choices);

        if (f->may_be_null) {
            append(list, json_null());
        }
        put(schema, "enum", list);
    }
    return schema;
}

static json_t *body_json(const struct route *route)
{
    json_t *properties = json_object();
    json_t *required = json_array();
    json_t *schema = json_pack("{s:s, s:b}", "type", "object", "additionalProperties", 0);

    for (uint8_t i = 0; i < route->fields_n; i++) {
        put(properties, route->fields[i].name, schema_json(&route->fields[i]));
        if (route->fields[i].is_required) {
            append(required, json_string(route->fields[i].name));
        }
    }
    put(schema, "properties", properties);
    put(schema, "required", required);
    if ((route->flags & ROUTE_CSV) != 0) {
        json_decref(schema);
        return json_pack("{s:b, s:{s:{s:{s:s}}}}", "required", 1, "content", "text/csv", "schema", "type", "string");
    }
    return json_pack("{s:b, s:{s:{s:o}}}", "required", 1, "content", "application/json", "schema", schema);
}

static json_t *parameters_json(const struct route *route)
{
    json_t *list = json_array();
    bool is_query = text_same(route->method, "GET");

    for (const char *at = strchr(route->path, '{'); at != NULL; at = strchr(at, '{')) {
        at++;
        append(list,
               json_pack("{s:o, s:s, s:b, s:{s:s}}", "name", json_stringn(at, strcspn(at, "}")), "in", "path", "required", 1, "schema", "type", "string"));
    }
    for (uint8_t i = 0; i < route->fields_n && is_query; i++) {
        append(list, json_pack("{s:s, s:s, s:b, s:o}", "name", route->fields[i].name, "in", "query", "required", route->fields[i].is_required, "schema",
                               schema_json(&route->fields[i])));
    }
    return list;
}

static json_t *operation_json(const struct route *route)
{
    static const char *const roles[ROLE_N] = {"nobody has to log in", "viewer", "operator", "admin"};
    json_t *operation = json_pack("{s:s, s:s, s:o}", "summary", route->summary, "x-role", roles[route->role], "parameters", parameters_json(route));
    json_t *security = json_array();

    if ((route->fields_n > 0 || (route->flags & ROUTE_CSV) != 0) && !text_same(route->method, "GET")) {
        put(operation, "requestBody", body_json(route));
    }
    if (route->role != ROLE_NONE) {
        append(security, json_pack("{s:[]}", "cookie"));
        if ((route->flags & ROUTE_LOGIN) == 0) {
            append(security, json_pack("{s:[]}", "token"));
        }
    }
    put(operation, "security", security);
    put(operation, "responses",
        json_pack("{s:{s:s}, s:{s:s, s:{s:{s:{s:s}}}}}", "2XX", "description", "done", "default", "description", "a problem document (RFC 9457)", "content",
                  "application/problem+json", "schema", "$ref", "#/components/schemas/problem"));
    return operation;
}

static void put_operation(json_t *paths, const struct route *route)
{
    static const struct {
        const char *method;
        const char *key;
    } keys[] = {{"GET", "get"}, {"POST", "post"}, {"PATCH", "patch"}, {"PUT", "put"}, {"DELETE", "delete"}};
    json_t *item = json_object_get(paths, route->path);

    if (item == NULL) {
        put(paths, route->path, json_object());
        item = json_object_get(paths, route->path);
    }
    for (size_t i = 0; i < sizeof keys / sizeof keys[0]; i++) {
        if (text_same(keys[i].method, route->method)) {
            put(item, keys[i].key, operation_json(route));
        }
    }
}

json_t *openapi_document(void)
{
    size_t n;
    const struct route *table = routes_table(&n);
    json_t *paths = json_object();
    json_t *components = json_pack("{s:{s:{s:s, s:s, s:s}, s:{s:s, s:s}}, s:{s:{s:s, s:{s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}, s:{s:s}}}}}", "securitySchemes",
                                   "cookie", "type", "apiKey", "in", "cookie", "name", "session", "token", "type", "http", "scheme", "bearer", "schemas",
                                   "problem", "type", "object", "properties", "type", "type", "string", "title", "type", "string", "status", "type", "integer",
                                   "detail", "type", "string", "field", "type", "string");

    for (size_t i = 0; i < n; i++) {
        put_operation(paths, &table[i]);
    }
    return json_pack("{s:s, s:{s:s, s:s, s:s}, s:o, s:o}", "openapi", "3.1.0", "info", "title", "wallbox-manager", "version", "1", "description",
                     "Currents in mA, energy in Wh, times in UTC. Requests that change something need header X-CSRF-Token (from GET me) with the cookie, "
                     "or Authorization: Bearer with a token. Problems name the field that is wrong.",
                     "paths", paths, "components", components);
}
