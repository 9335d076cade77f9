#include "manager/shell/jsonwrite.h"

#include "common/base/check.h"

void json_put(json_t *object, const char *key, json_t *value)
{
    int failed;

    CHECK(value != NULL);
    failed = json_object_set_new(object, key, value);
    CHECK(failed == 0);
}

void json_append(json_t *list, json_t *value)
{
    int failed;

    CHECK(value != NULL);
    failed = json_array_append_new(list, value);
    CHECK(failed == 0);
}

json_t *json_phases_ma(const int32_t ma[PHASE_N])
{
    json_t *list = json_array();

    for (int p = 0; p < PHASE_N; p++) {
        json_append(list, json_integer(ma[p]));
    }
    return list;
}
