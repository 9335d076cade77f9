/* The electrical tree of a site: nodes with limits, wallboxes as leaves, meters (spec 04 4.1).
 *
 * Decided here: what a valid site is. Not here: how it is written down (manager/shell/sitedoc), what may flow (budget, allocate).
 * A site does not change while a core uses it; a new one is validated first and then replaces the old.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/base/limits.h"
#include "common/base/phase.h"
#include "common/base/rc.h"

#define NODE_NONE UINT16_MAX
#define MA_UNSET (-1) /* a current that was not configured */
#define PRIORITY_MAX 9
#define WEIGHT_MAX 100

struct site_node {
    char id[ID_LEN];
    uint16_t parent;                     /* index, lower than the node's own; NODE_NONE for the grid connection, which is index 0 */
    int32_t limit_ma[PHASE_N];           /* 1,000..MA_MAX */
    int32_t limit_w;                     /* 0 none; otherwise 1,000..100,000,000 over all phases */
    int32_t reserve_ma;                  /* 0..limit; MA_UNSET: the larger of 500 mA and 2 % of the limit of each phase */
    int32_t base_load_ma[PHASE_N];       /* 0..MA_MAX, used without a meter */
    int32_t base_load_worst_ma[PHASE_N]; /* [0] is MA_UNSET when not configured */
    int32_t max_imbalance_ma;            /* 0 off */
};

/* A limit that holds at certain times (04 4.2): what the wallboxes below a node may draw. */
struct site_window {
    uint16_t node;
    uint8_t days;              /* days on which it begins: bit 0 is Monday; not 0 */
    uint16_t from_min;         /* minute of the day, 0..1439 */
    uint16_t to_min;           /* 0..1440; not above from_min: on the next day */
    int32_t limit_ma[PHASE_N]; /* 0..MA_MAX; MA_UNSET: none (all three or no one) */
    int32_t limit_w;           /* 0 none; otherwise 1..100,000,000 over all phases */
};

/* What a wallbox charges with (04 4.5). */
enum solar_mode {
    SOLAR_FAST,    /* whatever the budget gives */
    SOLAR_MINIMUM, /* at least its minimum at all times, more only from the sun (SR-215) */
    SOLAR_ONLY,    /* nothing but sunshine */
    SOLAR_MODE_N
};

struct site_box {
    char serial[SERIAL_LEN];
    char name[NAME_LEN]; /* empty: the serial serves */
    uint16_t node;
    enum phase_assign phases;
    int32_t min_ma;      /* 6,000..max_ma */
    int32_t max_ma;      /* 6,000..80,000 */
    int32_t fallback_ma; /* 0 or min_ma..max_ma */
    int8_t priority;     /* 0..PRIORITY_MAX */
    int8_t weight;       /* 1..WEIGHT_MAX */
    enum solar_mode mode;
    int32_t local_limit_ma; /* min_ma..max_ma: what it gets at most, set by its operator; 0 none */
};

enum meter_role { METER_ROLE_UNSET = 0, METER_HOUSE = 1, METER_SOLAR = 2, METER_UNUSED = 3, METER_ROLE_N };

struct site_meter {
    char id[ID_LEN];
    char model[ID_LEN];           /* id of a register map */
    char address[TEXT_LEN];       /* "tcp:HOST:PORT:UNIT" or "rtu:DEVICE:BAUD:PARITY:UNIT" */
    uint16_t node;                /* what it measures: all that flows into this node (house), or one source inside it (solar) */
    enum meter_role role;         /* METER_UNUSED: switched off, it is not read and nothing depends on it (SR-182, SR-188, SR-192) */
    enum meter_role role_when_on; /* METER_HOUSE or METER_SOLAR */
    enum phase_assign phases;     /* how the meter's own L1 L2 L3 are wired to the site's, applied once in the bus adapter */
    int32_t lag_ms;               /* 0..10,000: how old a figure is when it is read */
};

struct site {
    uint16_t node_n;
    uint16_t box_n;
    uint16_t meter_n;
    uint16_t window_n;
    char timezone[NAME_LEN]; /* IANA name */
    struct site_node node[NODE_MAX];
    struct site_box box[BOX_MAX];
    struct site_meter meter[METER_MAX];
    struct site_window window[WINDOW_MAX];
};

enum site_part { SITE_PART_SITE, SITE_PART_NODE, SITE_PART_BOX, SITE_PART_METER, SITE_PART_WINDOW };

/* One thing wrong with a site. Texts are static and say what is allowed. */
struct site_error {
    enum site_part part;
    uint16_t index;
    const char *field;
    const char *text;
};

/* Look for everything that is wrong with a site: ranges, names that are missing or double, a tree that is none or too deep, references to
 * nothing, and the two rules that need the whole: a metered node above more than one wallbox needs base_load_worst_ma (04 4.2), and on no
 * node-phase may the fallback currents together exceed limit - reserve - worst base load (05 5.2, Configuration).
 *
 * Returns how many errors there are; the first `cap` of them are in out[].
 */
uint16_t site_validate(const struct site *s, struct site_error *out, uint16_t cap);

/* "fast", "solar_minimum", "solar_only". */
const char *solar_mode_text(enum solar_mode mode);

/* RC_RANGE  none of the three; *out is untouched */
MUST_USE enum rc solar_mode_parse(const char *text, enum solar_mode *out);

/* Reserve in force on one phase of a node, mA (04 4.2: default the larger of 500 mA and 2 % of the limit). */
int32_t site_reserve_ma(const struct site_node *n, int phase);

/* Index of a wallbox, node or meter by its name.
 *
 * RC_MISSING  there is none; *out is untouched
 */
MUST_USE enum rc site_box_find(const struct site *s, const char *serial, uint16_t *out);
MUST_USE enum rc site_node_find(const struct site *s, const char *id, uint16_t *out);
MUST_USE enum rc site_meter_find(const struct site *s, const char *id, uint16_t *out);

/* "house" or "solar": what a meter is for, also while it is switched off. */
const char *site_meter_role_text(const struct site_meter *m);

/* House meter in use at a node; METER_MAX when it has none. */
uint16_t site_house_meter(const struct site *s, uint16_t node);

/* True when wallbox `box` hangs below `node` or at it. */
bool site_box_is_under(const struct site *s, uint16_t box, uint16_t node);
