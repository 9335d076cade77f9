/* Reading keys of one JSON object: every value is checked, and what is wrong is said with its path. A key that is missing leaves what
 * its output holds; one that is wrong does too and adds an error.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

#include "common/base/phase.h"
#include "manager/shell/sitedoc.h"
#include "tests/site/vehicle.h"

#define FIELDS_PATH_LEN 128

struct fields {
    const json_t *object; /* NULL: no such object, every key is missing */
    char path[FIELDS_PATH_LEN];
    struct sitedoc_errors *errors;
};

/* The object under a key; adds an error when it is something else. */
struct fields fields_of(const struct fields *parent, const char *key);

/* Every key must be one of `keys` (ended by NULL). */
void fields_refuse_unknown(const struct fields *f, const char *const *keys);

bool fields_has(const struct fields *f, const char *key);
void fields_i32(const struct fields *f, const char *key, int32_t min, int32_t max, int32_t *out);
void fields_i64(const struct fields *f, const char *key, int64_t min, int64_t max, int64_t *out);
void fields_bool(const struct fields *f, const char *key, bool *out);

/* A text of at most out_len - 1 bytes. */
void fields_text(const struct fields *f, const char *key, char *out, size_t out_len);

/* Three integers in a list. */
void fields_phases(const struct fields *f, const char *key, int32_t min, int32_t max, int32_t out[PHASE_N]);

/* A vehicle: phases, max_ma, needed_wh, down_ms, up_ms, overdraw_permille, cable_ma, stubborn, asleep, ventilated, slow, identity. */
void fields_vehicle(const struct fields *f, struct vehicle_spec *out);
