#include "manager/shell/plan_document.h"

#include <stdio.h>
#include <string.h>

#include "common/base/check.h"
#include "common/base/sort.h"
#include "common/base/text.h"
#include "common/base/units.h"
#include "manager/shell/jsonread.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define DEMAND_UNSET (-1)

/* Ranges of keys that only a what-if has. */
#define PLAN_ROW(type, key, may_be_null, min, max, preset) INT_ROW(type, key, may_be_null, RANGE(min, max, preset), RANGE(min, max, preset))

static const struct int_row box_ints[] = {
    PLAN_ROW(plan_box, demand_ma, false, 0, MA_MAX, DEMAND_UNSET), PLAN_ROW(plan_box, current_ma, false, 0, MA_MAX, 0),
    PLAN_ROW(plan_box, waiting_ms, false, 0, PLAN_MS_MAX, 0),      PLAN_ROW(plan_box, running_ms, false, 0, PLAN_MS_MAX, 0),
    PLAN_ROW(plan_box, needed_wh, false, 0, PLAN_WH_MAX, 0),       PLAN_ROW(plan_box, departure_ms, true, -PLAN_MS_MAX, PLAN_MS_MAX, 0),
};
static const struct int_row rule_ints[] = {
    PLAN_ROW(alloc_rules, step_ma, false, 1, 80000, 100),           PLAN_ROW(alloc_rules, start_margin_ma, false, 0, MA_MAX, 500),
    PLAN_ROW(alloc_rules, turn_ms, false, 1, PLAN_MS_MAX, 900000),  PLAN_ROW(alloc_rules, min_run_ms, false, 0, PLAN_MS_MAX, 300000),
    PLAN_ROW(alloc_rules, voltage_mv, false, 1000, MV_MAX, 230000),
};

static const char *const rule_keys[] = {"step_ma", "start_margin_ma", "turn_ms", "min_run_ms", "voltage_mv", "surplus_mode", "surplus_ma", NULL};

/* Where the nodes of the document stand in the site, and whether they have a limit in watts: 0 W is one. */
static void read_nodes(const struct place *root, struct plan *out)
{
    for (uint16_t i = 0; i < out->site.node_n; i++) {
        const json_t *node = json_array_get(json_object_get(root->object, "nodes"), i);
        const json_t *watts = json_object_get(node, "limit_w");
        enum rc rc = site_node_find(&out->site, json_string_value(json_object_get(node, "id")), &out->node_at[i]);

        CHECK(rc == RC_OK);
        out->limit_w[out->node_at[i]] = json_is_integer(watts) ? json_integer_value(watts) : -1;
    }
}

/* One element of phases_used as a bit; 0 and an error when it is none. */
static uint8_t read_phase(const struct place *at, const json_t *value, size_t index, uint8_t wired, uint8_t before)
{
    static const char *const texts[PHASE_N] = {"L1", "L2", "L3"};
    const char *text = json_string_value(value);
    char key[40];
    uint8_t bit = 0;

    for (int p = 0; text != NULL && p < PHASE_N; p++) {
        if (text_same(text, texts[p])) {
            bit = PHASE_BIT(p);
        }
    }
    (void)snprintf(key, sizeof key, "phases_used[%zu]", index);
    if (bit == 0) {
        read_error(at, key, "must be \"L1\", \"L2\" or \"L3\"");
    } else if ((bit & wired) == 0) {
        read_error(at, key, "%s is not wired to this wallbox", text);
    } else if ((bit & before) != 0) {
        read_error(at, key, "%s is named twice", text);
    }
    return bit;
}

static void read_used(const struct place *at, uint8_t wired, uint8_t *out)
{
    const json_t *list = json_object_get(at->object, "phases_used");
    uint8_t used = 0;

    *out = wired;
    if (list == NULL) {
        return;
    }
    if (!json_is_array(list) || json_array_size(list) < 1 || json_array_size(list) > PHASE_N) {
        read_error(at, "phases_used", "must be a list of 1..3 site phases");
        return;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        used |= read_phase(at, json_array_get(list, i), i, wired, used);
    }
    *out = used;
}

/* null: not fixed; one integer: on every phase that it uses; a list: as it says. */
static void read_fixed(const struct place *at, struct plan_box *out)
{
    const json_t *value = json_object_get(at->object, "fixed_ma");

    if (value == NULL || json_is_null(value)) {
        return;
    }
    out->is_fixed = true;
    read_phases_ma(at, "fixed_ma", 0, true, out->fixed_ma);
    for (int p = 0; p < PHASE_N && !json_is_array(value); p++) {
        out->fixed_ma[p] = (out->used & PHASE_BIT(p)) != 0 ? out->fixed_ma[p] : 0;
    }
}

static void read_box(const struct place *at, const struct site_box *box, struct plan_box *out)
{
    const json_t *departure = json_object_get(at->object, "departure_ms");

    read_ints(at, box_ints, COUNT(box_ints), out);
    out->demand_ma = out->demand_ma == DEMAND_UNSET ? box->max_ma : out->demand_ma;
    out->has_departure = departure != NULL && !json_is_null(departure);
    read_used(at, phase_wired(box->phases), &out->used);
    read_fixed(at, out);
}

static bool serial_before(const void *context, uint16_t a, uint16_t b)
{
    const struct site *site = context;

    return text_order(site->box[a].serial, site->box[b].serial) < 0; /* they differ: the document was validated */
}

static void rank_boxes(struct plan *out)
{
    uint16_t index[BOX_MAX];

    for (uint16_t i = 0; i < out->site.box_n; i++) {
        index[i] = i;
    }
    sort_index(index, out->site.box_n, serial_before, &out->site);
    for (uint16_t i = 0; i < out->site.box_n; i++) {
        out->box[index[i]].rank = i;
    }
}

static void read_surplus(const struct place *at, struct alloc_rules *out)
{
    const char *mode = json_object_get(at->object, "surplus_mode") != NULL ? read_text(at, "surplus_mode") : NULL;

    if (mode != NULL && text_same(mode, "per_phase")) {
        out->surplus_mode = SURPLUS_PER_PHASE;
    } else if (mode != NULL && !text_same(mode, "summed")) {
        read_error(at, "surplus_mode", "must be summed or per_phase, is \"%.64s\"", mode);
    }
    read_phases_ma(at, "surplus_ma", -MA_MAX, false, out->surplus_ma);
}

static void read_rules(const struct place *root, struct alloc_rules *out)
{
    struct place at = {.object = NULL, .mode = root->mode, .errors = root->errors};

    (void)place_key(root, "plan", &at); /* without the section everything is at its default */
    read_refuse_unknown(&at, rule_keys);
    read_ints(&at, rule_ints, COUNT(rule_ints), out);
    read_surplus(&at, out);
}

/* The states of all wallboxes. When the site itself is wrong they are read for their errors only: then what is not known is no error. */
static void read_boxes(const struct place *root, struct plan *out)
{
    const json_t *list = json_object_get(root->object, "wallboxes");
    struct place at;

    for (uint16_t i = 0; i < BOX_MAX && i < json_array_size(list); i++) {
        struct site_box box = out->site.box[i];

        box.phases = box.phases == PHASES_UNSET ? PHASES_L1_L2_L3 : box.phases;
        if (json_is_object(json_array_get(list, i)) && place_item(root, "wallboxes", i, &at)) {
            read_box(&at, &box, &out->box[i]);
        }
    }
}

enum rc plan_read(const json_t *document, struct plan *out, struct sitedoc_errors *errors)
{
    struct place root = place_document(document, SITEDOC_WHAT_IF, errors);
    uint16_t before_n = errors->n;
    bool is_site;

    memset(out, 0, sizeof *out);
    is_site = sitedoc_what_if(document, &out->site, errors) == RC_OK;
    read_boxes(&root, out);
    read_rules(&root, &out->rules);
    if (is_site) {
        read_nodes(&root, out);
        rank_boxes(out);
    }
    return errors->n == before_n ? RC_OK : RC_RANGE;
}
