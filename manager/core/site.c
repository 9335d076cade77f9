#include "manager/core/site.h"

#include "common/base/check.h"
#include "common/base/text.h"
#include "common/base/units.h"

#define LIMIT_MIN_MA 1000
#define LIMIT_MIN_W 1000
#define LIMIT_MAX_W 100000000
#define BOX_MIN_MA 6000 /* lowest current that a pilot can offer */
#define BOX_MAX_MA 80000
#define LAG_MAX_MS 10000
#define RESERVE_MIN_MA 500
#define RESERVE_PERCENT 2
#define DAY_MIN 1440
#define DAYS_ALL 127

/* Where the errors go: counted all, kept as far as there is room. */
struct findings {
    struct site_error *out;
    uint16_t cap;
    uint16_t n;
};

static void find(struct findings *f, enum site_part part, uint16_t index, const char *field, const char *text)
{
    if (f->n < f->cap) {
        f->out[f->n] = (struct site_error){.part = part, .index = index, .field = field, .text = text};
    }
    if (f->n < UINT16_MAX) {
        f->n++;
    }
}

static bool is_within(int32_t value, int32_t min, int32_t max)
{
    return value >= min && value <= max;
}

static bool is_all_within(const int32_t value[PHASE_N], int32_t min, int32_t max)
{
    return is_within(value[0], min, max) && is_within(value[1], min, max) && is_within(value[2], min, max);
}

/* At most `cap` - 1 bytes and no control characters, so that it can stand in a log line. */
static bool is_line(const char *text, size_t cap)
{
    for (size_t i = 0; i < cap; i++) {
        unsigned char c = (unsigned char)text[i];

        if (c == '\0') {
            return true;
        }
        if (c < 0x20 || c == 0x7f) {
            return false;
        }
    }
    return false;
}

static bool starts_with(const char *text, const char *begin)
{
    size_t i = 0;

    while (begin[i] != '\0' && text[i] == begin[i]) {
        i++;
    }
    return begin[i] == '\0';
}

/* A zone name is looked up as a file below the zone directory: it must not lead out of it. */
static bool is_zone(const char *text)
{
    if (!is_line(text, NAME_LEN) || text[0] == '/') {
        return false;
    }
    for (size_t i = 0; text[i] != '\0'; i++) {
        char c = text[i];
        bool is_letter = (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
        bool is_other = (c >= '0' && c <= '9') || c == '_' || c == '+' || c == '-' || c == '/';

        if (!is_letter && !is_other) {
            return false;
        }
    }
    return true;
}

static bool has_worst(const struct site_node *n)
{
    return n->base_load_worst_ma[0] != MA_UNSET;
}

static void check_node(const struct site *s, uint16_t i, struct findings *f)
{
    const struct site_node *n = &s->node[i];
    int32_t lowest_ma = min_i32(min_i32(n->limit_ma[0], n->limit_ma[1]), n->limit_ma[2]);

    if (!text_is_id(n->id)) {
        find(f, SITE_PART_NODE, i, "id", "must be 1..32 of A-Z a-z 0-9 . _ -");
    }
    if (!is_all_within(n->limit_ma, LIMIT_MIN_MA, MA_MAX)) {
        find(f, SITE_PART_NODE, i, "limit_ma", "must be 1000..1000000");
    }
    if (n->limit_w != 0 && !is_within(n->limit_w, LIMIT_MIN_W, LIMIT_MAX_W)) {
        find(f, SITE_PART_NODE, i, "limit_w", "must be 1000..100000000, or absent");
    }
    if (n->reserve_ma != MA_UNSET && !is_within(n->reserve_ma, 0, lowest_ma)) {
        find(f, SITE_PART_NODE, i, "reserve_ma", "must be 0..limit_ma");
    }
    if (!is_all_within(n->base_load_ma, 0, MA_MAX)) {
        find(f, SITE_PART_NODE, i, "base_load_ma", "must be 0..1000000");
    }
    if (has_worst(n) && !is_all_within(n->base_load_worst_ma, 0, MA_MAX)) {
        find(f, SITE_PART_NODE, i, "base_load_worst_ma", "must be 0..1000000");
    }
    if (!is_within(n->max_imbalance_ma, 0, MA_MAX)) {
        find(f, SITE_PART_NODE, i, "max_imbalance_ma", "must be 0..1000000");
    }
    for (uint16_t k = 0; k < i; k++) {
        if (text_same(s->node[k].id, n->id)) {
            find(f, SITE_PART_NODE, i, "id", "is the name of another node as well");
            break;
        }
    }
}

/* One tree, parents first, not too deep. */
static void check_tree(const struct site *s, struct findings *f)
{
    uint8_t depth[NODE_MAX] = {0};

    for (uint16_t i = 0; i < s->node_n; i++) {
        uint16_t parent = s->node[i].parent;

        if (i == 0 && parent != NODE_NONE) {
            find(f, SITE_PART_NODE, i, "parent", "the first node is the grid connection and has no parent");
        } else if (i > 0 && parent == NODE_NONE) {
            find(f, SITE_PART_NODE, i, "parent", "only one node, the grid connection, has no parent");
        } else if (i > 0 && parent >= i) {
            find(f, SITE_PART_NODE, i, "parent", "must be a node that stands before this one");
        } else {
            depth[i] = i == 0 ? 1 : (uint8_t)(depth[parent] + 1);
        }
        if (depth[i] > DEPTH_MAX) {
            find(f, SITE_PART_NODE, i, "parent", "the tree has more than 8 levels");
            depth[i] = DEPTH_MAX; /* once is enough: what hangs below is not said again */
        }
    }
}

static void check_box(const struct site *s, uint16_t i, struct findings *f)
{
    const struct site_box *b = &s->box[i];

    if (!text_is_id(b->serial)) {
        find(f, SITE_PART_BOX, i, "id", "must be 1..32 of A-Z a-z 0-9 . _ -");
    }
    if (!is_line(b->name, NAME_LEN)) {
        find(f, SITE_PART_BOX, i, "name", "must be at most 64 bytes without control characters");
    }
    if (b->node >= s->node_n) {
        find(f, SITE_PART_BOX, i, "node", "must be a node of this site");
    }
    if (b->phases <= PHASES_UNSET || b->phases >= PHASES_N) {
        find(f, SITE_PART_BOX, i, "phases", "must be L1-L2-L3, L2-L3-L1, L3-L1-L2, L1, L2 or L3");
    }
    if (!is_within(b->max_ma, BOX_MIN_MA, BOX_MAX_MA)) {
        find(f, SITE_PART_BOX, i, "max_ma", "must be 6000..80000");
    }
    if (!is_within(b->min_ma, BOX_MIN_MA, b->max_ma)) {
        find(f, SITE_PART_BOX, i, "min_ma", "must be 6000..max_ma");
    }
    if (b->fallback_ma != 0 && !is_within(b->fallback_ma, b->min_ma, b->max_ma)) {
        find(f, SITE_PART_BOX, i, "fallback_ma", "must be 0 or min_ma..max_ma");
    }
    if (!is_within(b->priority, 0, PRIORITY_MAX)) {
        find(f, SITE_PART_BOX, i, "priority", "must be 0..9");
    }
    if (!is_within(b->weight, 1, WEIGHT_MAX)) {
        find(f, SITE_PART_BOX, i, "weight", "must be 1..100");
    }
    if ((unsigned)b->mode >= SOLAR_MODE_N) {
        find(f, SITE_PART_BOX, i, "mode", "must be fast, solar_minimum or solar_only");
    }
    if (b->local_limit_ma != 0 && !is_within(b->local_limit_ma, b->min_ma, b->max_ma)) {
        find(f, SITE_PART_BOX, i, "local_limit_ma", "must be min_ma..max_ma, or left out");
    }
    for (uint16_t k = 0; k < i; k++) {
        if (text_same(s->box[k].serial, b->serial)) {
            find(f, SITE_PART_BOX, i, "id", "is the serial number of another wallbox as well");
            break;
        }
    }
}

static void check_meter(const struct site *s, uint16_t i, struct findings *f)
{
    const struct site_meter *m = &s->meter[i];

    if (!text_is_id(m->id)) {
        find(f, SITE_PART_METER, i, "id", "must be 1..32 of A-Z a-z 0-9 . _ -");
    }
    if (!text_is_id(m->model)) {
        find(f, SITE_PART_METER, i, "model", "must be 1..32 of A-Z a-z 0-9 . _ -");
    }
    if (!is_line(m->address, TEXT_LEN) || (!starts_with(m->address, "tcp:") && !starts_with(m->address, "rtu:"))) {
        find(f, SITE_PART_METER, i, "address", "must be tcp:HOST:PORT:UNIT or rtu:DEVICE:BAUD:PARITY:UNIT");
    }
    if (m->node >= s->node_n) {
        find(f, SITE_PART_METER, i, "node", "must be a node of this site");
    }
    if ((m->role != METER_HOUSE && m->role != METER_SOLAR && m->role != METER_UNUSED) || (m->role == METER_UNUSED && m->role_when_on == METER_UNUSED)) {
        find(f, SITE_PART_METER, i, "role", "must be house or solar");
    }
    if (m->phases <= PHASES_UNSET || m->phases >= PHASES_N) {
        find(f, SITE_PART_METER, i, "phases", "must be L1-L2-L3, L2-L3-L1, L3-L1-L2, L1, L2 or L3");
    }
    if (!is_within(m->lag_ms, 0, LAG_MAX_MS)) {
        find(f, SITE_PART_METER, i, "lag_ms", "must be 0..10000");
    }
    for (uint16_t k = 0; k < i; k++) {
        if (text_same(s->meter[k].id, m->id)) {
            find(f, SITE_PART_METER, i, "id", "is the name of another meter as well");
            break;
        }
    }
    if (m->role == METER_HOUSE && m->node < s->node_n && site_house_meter(s, m->node) < i) {
        find(f, SITE_PART_METER, i, "node", "has another house meter already");
    }
}

static void check_window(const struct site *s, uint16_t i, struct findings *f)
{
    const struct site_window *w = &s->window[i];
    bool has_ma = w->limit_ma[0] != MA_UNSET;

    if (w->node >= s->node_n) {
        find(f, SITE_PART_WINDOW, i, "node", "must be a node of this site");
    }
    if (w->days == 0 || w->days > DAYS_ALL) {
        find(f, SITE_PART_WINDOW, i, "days", "must be at least one of mon tue wed thu fri sat sun");
    }
    if (w->from_min >= DAY_MIN) {
        find(f, SITE_PART_WINDOW, i, "from", "must be 00:00..23:59");
    }
    if (w->to_min > DAY_MIN) {
        find(f, SITE_PART_WINDOW, i, "to", "must be 00:00..24:00");
    }
    if (has_ma && !is_all_within(w->limit_ma, 0, MA_MAX)) {
        find(f, SITE_PART_WINDOW, i, "limit_ma", "must be 0..1000000");
    }
    if (w->limit_w != 0 && !is_within(w->limit_w, 1, LIMIT_MAX_W)) {
        find(f, SITE_PART_WINDOW, i, "limit_w", "must be 1..100000000, or absent");
    }
    if (!has_ma && w->limit_w == 0) {
        find(f, SITE_PART_WINDOW, i, "limit_ma", "is needed, or limit_w");
    }
}

/* What hangs below each node, itself included. */
struct below {
    int32_t fallback_ma[NODE_MAX][PHASE_N]; /* 1,024 x 80 A fit */
    uint16_t box_n[NODE_MAX];
};

static void add_below(const struct site *s, const struct site_box *b, struct below *below)
{
    uint8_t wired = phase_wired(b->phases);
    uint16_t at = b->node;

    for (int level = 0; level < DEPTH_MAX && at != NODE_NONE; level++) {
        below->box_n[at]++;
        for (int p = 0; p < PHASE_N; p++) {
            below->fallback_ma[at][p] += (wired & PHASE_BIT(p)) != 0 ? b->fallback_ma : 0;
        }
        at = s->node[at].parent;
    }
}

/* Rules over several rows; they need rows that are each sound. */
static void check_whole(const struct site *s, struct findings *f)
{
    struct below below = {0};

    for (uint16_t i = 0; i < s->box_n; i++) {
        add_below(s, &s->box[i], &below);
    }
    for (uint16_t i = 0; i < s->node_n; i++) {
        const struct site_node *n = &s->node[i];
        bool is_metered = site_house_meter(s, i) != METER_MAX;
        bool fits = true;

        if (is_metered && below.box_n[i] > 1 && !has_worst(n)) {
            find(f, SITE_PART_NODE, i, "base_load_worst_ma", "is needed: a meter here may be lost, and more than one wallbox hangs below");
        }
        for (int p = 0; p < PHASE_N; p++) {
            int32_t worst_ma = is_metered ? max_i32(n->base_load_worst_ma[p], 0) : n->base_load_ma[p];

            fits = fits && below.fallback_ma[i][p] <= max_i32(n->limit_ma[p] - site_reserve_ma(n, p) - worst_ma, 0);
        }
        if (!fits) {
            find(f, SITE_PART_NODE, i, "limit_ma", "the fallback currents of the wallboxes below together exceed limit_ma - reserve_ma - worst base load");
        }
    }
}

uint16_t site_validate(const struct site *s, struct site_error *out, uint16_t cap)
{
    struct findings f = {.out = out, .cap = cap};

    if (s->node_n < 1 || s->node_n > NODE_MAX) {
        find(&f, SITE_PART_SITE, 0, "nodes", "must be 1..256 nodes");
    }
    if (s->box_n > BOX_MAX) {
        find(&f, SITE_PART_SITE, 0, "wallboxes", "must be at most 1024 wallboxes");
    }
    if (s->meter_n > METER_MAX) {
        find(&f, SITE_PART_SITE, 0, "meters", "must be at most 64 meters");
    }
    if (s->window_n > WINDOW_MAX) {
        find(&f, SITE_PART_SITE, 0, "schedule", "must be at most 128 windows, all nodes together");
    }
    if (f.n > 0) {
        return f.n; /* the rows cannot be walked */
    }
    if (!is_zone(s->timezone)) {
        find(&f, SITE_PART_SITE, 0, "timezone", "must be an IANA name such as Europe/Berlin");
    }
    for (uint16_t i = 0; i < s->node_n; i++) {
        check_node(s, i, &f);
    }
    check_tree(s, &f);
    for (uint16_t i = 0; i < s->box_n; i++) {
        check_box(s, i, &f);
    }
    for (uint16_t i = 0; i < s->meter_n; i++) {
        check_meter(s, i, &f);
    }
    for (uint16_t i = 0; i < s->window_n; i++) {
        check_window(s, i, &f);
    }
    if (f.n == 0) {
        check_whole(s, &f);
    }
    return f.n;
}

static const char *const mode_texts[SOLAR_MODE_N] = {[SOLAR_FAST] = "fast", [SOLAR_MINIMUM] = "solar_minimum", [SOLAR_ONLY] = "solar_only"};

const char *solar_mode_text(enum solar_mode mode)
{
    CHECK((unsigned)mode < SOLAR_MODE_N);
    return mode_texts[mode];
}

enum rc solar_mode_parse(const char *text, enum solar_mode *out)
{
    for (int i = 0; i < SOLAR_MODE_N; i++) {
        if (text_same(text, mode_texts[i])) {
            *out = (enum solar_mode)i;
            return RC_OK;
        }
    }
    return RC_RANGE;
}

int32_t site_reserve_ma(const struct site_node *n, int phase)
{
    CHECK(phase >= 0);
    CHECK(phase < PHASE_N);
    if (n->reserve_ma != MA_UNSET) {
        return n->reserve_ma;
    }
    return max_i32(RESERVE_MIN_MA, (int32_t)div_up((int64_t)n->limit_ma[phase] * RESERVE_PERCENT, 100));
}

enum rc site_box_find(const struct site *s, const char *serial, uint16_t *out)
{
    for (uint16_t i = 0; i < s->box_n; i++) {
        if (text_same(s->box[i].serial, serial)) {
            *out = i;
            return RC_OK;
        }
    }
    return RC_MISSING;
}

enum rc site_node_find(const struct site *s, const char *id, uint16_t *out)
{
    for (uint16_t i = 0; i < s->node_n; i++) {
        if (text_same(s->node[i].id, id)) {
            *out = i;
            return RC_OK;
        }
    }
    return RC_MISSING;
}

enum rc site_meter_find(const struct site *s, const char *id, uint16_t *out)
{
    for (uint16_t i = 0; i < s->meter_n; i++) {
        if (text_same(s->meter[i].id, id)) {
            *out = i;
            return RC_OK;
        }
    }
    return RC_MISSING;
}

const char *site_meter_role_text(const struct site_meter *m)
{
    return m->role == METER_SOLAR || (m->role == METER_UNUSED && m->role_when_on == METER_SOLAR) ? "solar" : "house";
}

uint16_t site_house_meter(const struct site *s, uint16_t node)
{
    for (uint16_t i = 0; i < s->meter_n; i++) {
        if (s->meter[i].role == METER_HOUSE && s->meter[i].node == node) {
            return i;
        }
    }
    return METER_MAX;
}

bool site_box_is_under(const struct site *s, uint16_t box, uint16_t node)
{
    uint16_t at;

    CHECK(box < s->box_n);
    at = s->box[box].node;
    for (int level = 0; level < DEPTH_MAX && at != NODE_NONE; level++) {
        if (at == node) {
            return true;
        }
        at = s->node[at].parent;
    }
    return false;
}
