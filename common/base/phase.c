#include "common/base/phase.h"

#include "common/base/check.h"
#include "common/base/text.h"

struct assign_row {
    const char *text;
    int8_t wired_n;
    int8_t site[PHASE_N]; /* site phase of each terminal, -1 not wired */
};

static const struct assign_row rows[PHASES_N] = {
    [PHASES_UNSET] = {"unset", 0, {-1, -1, -1}},    [PHASES_L1_L2_L3] = {"L1-L2-L3", 3, {0, 1, 2}}, [PHASES_L2_L3_L1] = {"L2-L3-L1", 3, {1, 2, 0}},
    [PHASES_L3_L1_L2] = {"L3-L1-L2", 3, {2, 0, 1}}, [PHASES_L1] = {"L1", 1, {0, -1, -1}},           [PHASES_L2] = {"L2", 1, {1, -1, -1}},
    [PHASES_L3] = {"L3", 1, {2, -1, -1}},
};

static const struct assign_row *row_of(enum phase_assign a)
{
    CHECK((unsigned)a < PHASES_N);
    return &rows[a];
}

const char *phase_assign_text(enum phase_assign a)
{
    return (unsigned)a < PHASES_N ? rows[a].text : rows[PHASES_UNSET].text;
}

enum rc phase_assign_parse(const char *text, enum phase_assign *out)
{
    for (int a = PHASES_L1_L2_L3; a < PHASES_N; a++) {
        if (text_same(text, rows[a].text)) {
            *out = (enum phase_assign)a;
            return RC_OK;
        }
    }
    return RC_RANGE;
}

int phase_wired_n(enum phase_assign a)
{
    return row_of(a)->wired_n;
}

int phase_of_terminal(enum phase_assign a, int terminal)
{
    CHECK(terminal >= 0);
    CHECK(terminal < PHASE_N);
    return row_of(a)->site[terminal];
}

uint8_t phase_wired(enum phase_assign a)
{
    return phase_set_to_site(a, PHASE_ALL);
}

uint8_t phase_set_to_site(enum phase_assign a, uint8_t terminals)
{
    uint8_t set = 0;

    for (int t = 0; t < PHASE_N; t++) {
        int site = phase_of_terminal(a, t);

        if ((terminals & PHASE_BIT(t)) != 0 && site >= 0) {
            set = (uint8_t)(set | PHASE_BIT(site));
        }
    }
    return set;
}

void phase_to_site(enum phase_assign a, const int32_t in[PHASE_N], int32_t out[PHASE_N])
{
    for (int p = 0; p < PHASE_N; p++) {
        out[p] = 0;
    }
    for (int t = 0; t < PHASE_N; t++) {
        int site = phase_of_terminal(a, t);

        if (site >= 0) {
            out[site] = in[t];
        }
    }
}

void phase_to_terminal(enum phase_assign a, const int32_t in[PHASE_N], int32_t out[PHASE_N])
{
    for (int t = 0; t < PHASE_N; t++) {
        int site = phase_of_terminal(a, t);

        out[t] = site >= 0 ? in[site] : 0;
    }
}

int phase_set_n(uint8_t set)
{
    int n = 0;

    for (int p = 0; p < PHASE_N; p++) {
        n += (set & PHASE_BIT(p)) != 0;
    }
    return n;
}
