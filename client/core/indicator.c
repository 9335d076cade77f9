#include "client/core/indicator.h"

#include "common/base/units.h"

#define SEGMENTS 4

static void bar(struct lights *l, enum light_colour colour, enum light_mode mode)
{
    for (int i = 0; i < SEGMENTS; i++) {
        l->lamp[LAMP_S1 + i] = (struct light){colour, mode};
    }
}

/* Two neighbours lit, the other two dark. */
static void pair(struct lights *l, enum lamp first, enum light_colour colour, enum light_mode mode)
{
    bar(l, LIGHT_DARK, LIGHT_STEADY);
    l->lamp[first] = (struct light){colour, mode};
    l->lamp[first + 1] = (struct light){colour, mode};
}

static void code(const struct indicator_in *in, struct lights *l)
{
    enum light_colour colour[SEGMENTS];

    cfault_colours(in->fault, in->market, colour);
    for (int i = 0; i < SEGMENTS; i++) {
        l->lamp[LAMP_S1 + i] = (struct light){colour[i], LIGHT_FLASH};
    }
}

static bool is_heat_code_over(const struct indicator_in *in)
{
    return in->fault_since_ms + INDICATOR_HEAT_MS <= in->now_ms;
}

static enum cfault_show show_of(const struct indicator_in *in)
{
    return in->fault == 0 ? CFAULT_SHOW_NONE : cfault_def_in(in->fault, in->market)->show[in->market];
}

/* A fault on the bar of a Connect; false when it shows none. */
static bool connect_fault(const struct indicator_in *in, struct lights *l)
{
    switch (show_of(in)) {
    case CFAULT_SHOW_NONE:
        return false;
    case CFAULT_SHOW_RED:
        bar(l, LIGHT_RED, LIGHT_STEADY);
        return true;
    case CFAULT_SHOW_HEAT:
        if (is_heat_code_over(in)) {
            pair(l, LAMP_S3, LIGHT_ORANGE, in->market == MARKET_NA ? LIGHT_SLOW : LIGHT_FLASH);
        } else {
            code(in, l);
        }
        return true;
    case CFAULT_SHOW_CODE:
        code(in, l);
        return true;
    }
    return false;
}

static void connect_bar(const struct indicator_in *in, struct lights *l)
{
    enum light_mode orange = in->market == MARKET_NA ? LIGHT_SLOW : LIGHT_FLASH;
    bool is_starting = in->state == CHARGE_UNKNOWN;

    if (show_of(in) == CFAULT_SHOW_RED) {
        bar(l, LIGHT_RED, LIGHT_STEADY);
    } else if (in->is_updating || (is_starting && in->market == MARKET_ECE)) { /* DIFF-9 */
        bar(l, LIGHT_ORANGE, orange);
    } else if (is_starting) {
        bar(l, LIGHT_DARK, LIGHT_STEADY);
    } else if (connect_fault(in, l)) {
        return;
    } else if (in->is_service) { /* DIFF-6 */
        pair(l, LAMP_S2, LIGHT_ORANGE, LIGHT_STEADY);
    } else if (in->is_meter_lost) {
        pair(l, LAMP_S1, LIGHT_ORANGE, orange);
    } else if (in->state == CHARGE_SELF_TEST) {
        bar(l, LIGHT_ORANGE, LIGHT_STEADY);
    } else if (in->is_suppressed) {
        bar(l, LIGHT_DARK, LIGHT_STEADY);
    } else {
        bar(l, LIGHT_BLUE, in->is_drawing ? LIGHT_FLASH : LIGHT_STEADY);
    }
}

/* Blue of a Plus: running while it begins, tests or is held up, breathing while it charges. */
static enum light_mode plus_mode(const struct indicator_in *in)
{
    bool is_held = in->is_paused || in->fault == CFAULT_OVERHEATED; /* which is an operating state, not an error (SR-046) */

    if (in->is_updating || in->state == CHARGE_UNKNOWN || in->state == CHARGE_SELF_TEST || is_held) {
        return LIGHT_RUN;
    }
    return in->is_drawing ? LIGHT_BREATHE : LIGHT_STEADY;
}

static void plus_bar(const struct indicator_in *in, struct lights *l)
{
    if (show_of(in) != CFAULT_SHOW_NONE && in->fault != CFAULT_OVERHEATED) {
        bar(l, LIGHT_RED, LIGHT_STEADY);
        return;
    }
    if (in->is_service) {
        pair(l, LAMP_S2, LIGHT_ORANGE, LIGHT_STEADY);
        return;
    }
    bar(l, LIGHT_BLUE, plus_mode(in));
    if (in->is_module_broken) {
        l->lamp[LAMP_S4] = (struct light){LIGHT_RED, LIGHT_STEADY};
    }
}

static struct light online_symbol(const struct indicator_in *in)
{
    switch (in->online) {
    case ONLINE_REACHABLE:
        return (struct light){LIGHT_WHITE, LIGHT_STEADY};
    case ONLINE_LOGGING_ON:
        return (struct light){LIGHT_GREEN, LIGHT_FLASH};
    case ONLINE_CONNECTED:
        return (struct light){LIGHT_GREEN, LIGHT_STEADY};
    case ONLINE_LOST:
        return (struct light){LIGHT_ORANGE, LIGHT_STEADY};
    case ONLINE_NONE:
        break;
    }
    return (struct light){LIGHT_DARK, LIGHT_STEADY};
}

/* Steady but for a schedule that was asked for (DIFF-7); blue without a vehicle (DIFF-8). */
static struct light mode_symbol(const struct indicator_in *in)
{
    if (in->is_module_broken) {
        return (struct light){LIGHT_ORANGE, LIGHT_STEADY};
    }
    if (!in->is_plugged) {
        return (struct light){LIGHT_BLUE, LIGHT_STEADY};
    }
    if (in->is_suppressed) {
        return (struct light){LIGHT_DARK, LIGHT_STEADY};
    }
    if (in->charging == CHARGING_REQUESTED) {
        return (struct light){LIGHT_WHITE, LIGHT_FLASH};
    }
    return (struct light){in->charging == CHARGING_INTELLIGENT ? LIGHT_WHITE : LIGHT_GREEN, LIGHT_STEADY};
}

static bool is_signing(const struct indicator_in *in)
{
    return in->sign != AUTH_UNSET && in->now_ms < in->sign_ms + INDICATOR_SIGN_MS;
}

static struct light card_symbol(const struct indicator_in *in)
{
    if (is_signing(in)) {
        return (struct light){in->sign == AUTH_ACCEPTED ? LIGHT_GREEN : LIGHT_RED, LIGHT_STEADY};
    }
    switch (in->card) {
    case CARD_LIGHT_WANTED:
        return (struct light){LIGHT_WHITE, LIGHT_SLOW};
    case CARD_LIGHT_LEARN:
        return (struct light){LIGHT_WHITE, LIGHT_STEADY};
    case CARD_LIGHT_TEACH:
        return (struct light){LIGHT_ORANGE, LIGHT_STEADY};
    case CARD_LIGHT_NONE:
        break;
    }
    return (struct light){LIGHT_DARK, LIGHT_STEADY};
}

void indicator_lights(const struct indicator_in *in, struct lights *out)
{
    *out = (struct lights){.brightness_permille = in->brightness_permille};
    for (int i = 0; i < LAMP_N; i++) {
        out->lamp[i] = (struct light){LIGHT_DARK, LIGHT_STEADY};
    }
    if (in->model == MODEL_PLUS) {
        plus_bar(in, out);
        return;
    }
    connect_bar(in, out);
    if (in->state == CHARGE_UNKNOWN) { /* its module has not started: no symbol yet */
        return;
    }
    out->lamp[LAMP_ONLINE] = online_symbol(in);
    out->lamp[LAMP_MODE] = mode_symbol(in);
    out->lamp[LAMP_CARD] = card_symbol(in);
    if (in->can_switch) {
        out->lamp[LAMP_TOUCH] = (struct light){LIGHT_WHITE, LIGHT_STEADY};
    }
}

int64_t indicator_next_ms(const struct indicator_in *in)
{
    int64_t at_ms = MS_FOREVER;

    if (is_signing(in)) {
        at_ms = in->sign_ms + INDICATOR_SIGN_MS;
    }
    if (show_of(in) == CFAULT_SHOW_HEAT && !is_heat_code_over(in)) {
        at_ms = min_i64(at_ms, in->fault_since_ms + INDICATOR_HEAT_MS);
    }
    return at_ms;
}

enum light_colour indicator_frame(const struct lights *lights, enum lamp lamp, int64_t now_ms)
{
    const struct light *l = &lights->lamp[lamp];
    bool is_lit = true;

    switch (l->mode) {
    case LIGHT_FLASH:
        is_lit = now_ms % INDICATOR_FLASH_MS < INDICATOR_FLASH_MS / 2;
        break;
    case LIGHT_SLOW:
    case LIGHT_BREATHE: /* a lamp that knows bright and dark only */
        is_lit = now_ms % INDICATOR_SLOW_MS < INDICATOR_SLOW_MS / 2;
        break;
    case LIGHT_RUN:
        is_lit = lamp > LAMP_S4 || now_ms % INDICATOR_RUN_MS / (INDICATOR_RUN_MS / SEGMENTS) == (int64_t)lamp;
        break;
    case LIGHT_STEADY:
    case LIGHT_MODE_UNSET:
    case LIGHT_MODE_N:
        break;
    }
    return is_lit ? l->colour : LIGHT_DARK;
}

bool indicator_same(const struct lights *a, const struct lights *b)
{
    for (int i = 0; i < LAMP_N; i++) {
        if (a->lamp[i].colour != b->lamp[i].colour || a->lamp[i].mode != b->lamp[i].mode) {
            return false;
        }
    }
    return a->brightness_permille == b->brightness_permille;
}
