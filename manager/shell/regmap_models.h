/* The meter models that are known: name, transports, usual settings, and which register maps each may answer.
 *
 * Decided here: what a person may choose. Not here: what the maps mean (regmap), which of several a meter answers (bus_find).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/rc.h"
#include "manager/shell/regmap.h"

/* Which of several maps a meter answers: the first of these that succeeds. */
enum regmap_probe_kind {
    PROBE_TEXT,  /* the registers hold this text, two characters each */
    PROBE_VOLTS, /* the registers hold a float32, high register first, of a mains voltage */
};

struct regmap_probe {
    enum regmap_probe_kind kind;
    uint8_t function;
    uint16_t address;
    const char *text; /* PROBE_TEXT: an even number of characters */
    const struct regmap_map *map;
};

enum regmap_confidence { CONFIDENCE_HIGH, CONFIDENCE_MEDIUM, CONFIDENCE_LOW }; /* low: the model is shown as "unverified" */

struct regmap_model {
    const char *id;
    const char *name;
    enum regmap_confidence confidence;
    uint32_t doubtful; /* set of quantities of low confidence */
    bool has_tcp;      /* of its own; any model may stand behind a gateway from TCP to a serial line */
    bool has_rtu;
    bool may_shift;    /* sources contradict each other about the first address: the addresses may be moved by one */
    bool is_sunspec;   /* map[0]: integers with scale factors (models 201..204), map[1]: float32 (211..214) */
    bool must_match;   /* without a probe that succeeds nothing is read; otherwise map[0] is tried then */
    uint16_t tcp_port; /* usual one */
    uint8_t unit;      /* usual one; 0 not known */
    int32_t baud;      /* 0 not known, or no serial line */
    char parity;       /* 'N', 'E', 'O'; '\0' not known */
    int32_t gap_ms;    /* pause before each request on a serial line */
    int32_t wait_ms;   /* how long it may take to answer on a serial line; 0: BUS_RTU_WAIT_MS */
    uint16_t map_n;
    uint16_t probe_n; /* 0: map[0] is the one (or SunSpec) */
    const struct regmap_map *const *map;
    const struct regmap_probe *probe;
};

/* A model as a person chose it: "MODEL", "MODEL.plus1", "MODEL.minus1", each also with ".invert" behind it. */
struct regmap_choice {
    const struct regmap_model *model;
    int8_t shift;     /* added to every address; only with may_shift */
    bool is_inverted; /* mounted the wrong way round: import and export are exchanged */
};

/* All models, in the order of the list that people see. */
const struct regmap_model *const *regmap_models(size_t *out_n);

/* Model of an id; NULL when there is none. */
const struct regmap_model *regmap_find(const char *id);

/* Read a choice.
 *
 * out_why   on failure: static text, what is wrong and what is allowed
 *
 * RC_RANGE  no such model or option; *out is untouched
 */
MUST_USE enum rc regmap_choose(const char *text, struct regmap_choice *out, const char **out_why);

/* "high", "medium", "low". */
const char *regmap_confidence_text(enum regmap_confidence confidence);

/* Phases of a model; of one with several maps: of the first. */
uint8_t regmap_model_phases(const struct regmap_model *model);
