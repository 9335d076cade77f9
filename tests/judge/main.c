/* site-judge: what a recorded run says about the promise. It reads only the record of wallbox-site, never the manager.
 *
 * Never overload (S7 of spec 05 5.3): no phase of any node above its limit + 1 % for longer than 8 s, rows where the house alone is above the
 * limit left out; and never above 1.45 x limit because of the wallboxes, that is: also with the lowest house load of the last 8 s.
 * Never waste (waste.h): second by second the true base load and the true wishes of the vehicles are divided by the product's own allocation;
 * of what it gives while somebody has less than he could use, at least 90 % was drawn or offered. What is offered beyond the division, or to
 * a vehicle that cannot take it, does not count.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/units.h"
#include "manager/shell/sitedoc.h"
#include "tests/judge/track.h"
#include "tests/judge/waste.h"

#define OVER_MOST_MS 8000
#define WINDOW_N 81 /* rows of 100 ms: the house of the last 8 s */
#define USE_LEAST_PERMILLE 900
#define SECOND_MS 1000

struct watch { /* one phase of one node */
    int32_t peak_ma;
    int64_t over_ms; /* above the limit + 1 %, all together */
    int64_t run_ms;  /* the stretch going on */
    int64_t longest_ms;
    int64_t far_over_ms;      /* above 1.45 x limit because of the wallboxes */
    int32_t net_ma[WINDOW_N]; /* house less solar, ring */
};

struct judge {
    const struct site *site;
    struct track track;
    struct watch watch[NODE_MAX][PHASE_N];
    int64_t row_n;
    int64_t last_ms;
    struct waste waste;
};

static int32_t lowest_net_ma(const struct watch *w, int64_t row_n)
{
    int64_t n = row_n < WINDOW_N ? row_n : WINDOW_N;
    int32_t ma = INT32_MAX;

    for (int64_t i = 0; i < n; i++) {
        ma = min_i32(ma, w->net_ma[i]);
    }
    return ma;
}

static void watch_phase(struct judge *j, uint16_t node, int phase, int64_t step_ms)
{
    struct watch *w = &j->watch[node][phase];
    const struct track_node *n = &j->track.node[node];
    int32_t limit_ma = n->limit_ma[phase];
    int32_t net_ma = n->house_ma[phase] - n->solar_ma[phase];
    bool is_over = (int64_t)n->true_ma[phase] * 100 > (int64_t)limit_ma * 101;

    w->net_ma[j->row_n % WINDOW_N] = net_ma;
    w->peak_ma = max_i32(w->peak_ma, n->true_ma[phase]);
    if (net_ma > limit_ma) {
        return; /* nothing that the wallboxes could mend */
    }
    w->run_ms = is_over ? w->run_ms + step_ms : 0;
    w->over_ms += is_over ? step_ms : 0;
    w->longest_ms = max_i64(w->longest_ms, w->run_ms);
    if ((int64_t)(lowest_net_ma(w, j->row_n + 1) + n->wallboxes_ma[phase]) * 100 > (int64_t)limit_ma * 145) {
        w->far_over_ms += step_ms;
    }
}

static enum rc judge_rows(struct judge *j)
{
    enum rc rc;

    for (rc = track_next(&j->track); rc == RC_OK; rc = track_next(&j->track)) {
        int64_t step_ms = j->row_n == 0 ? 0 : j->track.t_ms - j->last_ms;

        for (uint16_t node = 0; node < j->site->node_n; node++) {
            for (int p = 0; p < PHASE_N; p++) {
                watch_phase(j, node, p, step_ms);
            }
        }
        waste_row(&j->waste, &j->track);
        if (j->row_n > 0 && j->track.t_ms / SECOND_MS != j->last_ms / SECOND_MS) {
            waste_second(&j->waste, &j->track);
        }
        j->last_ms = j->track.t_ms;
        j->row_n++;
    }
    return rc == RC_MISSING ? RC_OK : rc;
}

static bool is_wasted(const struct judge *j)
{
    return waste_used_permille(&j->waste.by_rules) < USE_LEAST_PERMILLE;
}

static bool is_over(const struct judge *j)
{
    for (uint16_t node = 0; node < j->site->node_n; node++) {
        for (int p = 0; p < PHASE_N; p++) {
            if (j->watch[node][p].longest_ms > OVER_MOST_MS || j->watch[node][p].far_over_ms > 0) {
                return true;
            }
        }
    }
    return false;
}

static void print_phases(const struct judge *j, uint16_t node)
{
    printf("    {\"id\": \"%s\", \"phases\": [", j->site->node[node].id);
    for (int p = 0; p < PHASE_N; p++) {
        const struct watch *w = &j->watch[node][p];

        printf("%s\n      {\"limit_ma\": %" PRId32 ", \"peak_ma\": %" PRId32 ", \"over_ms\": %" PRId64 ", \"longest_over_ms\": %" PRId64
               ", \"far_over_ms\": %" PRId64 "}",
               p > 0 ? "," : "", j->track.node[node].limit_ma[p], w->peak_ma, w->over_ms, w->longest_ms, w->far_over_ms);
    }
    printf("]}%s\n", node + 1 < j->site->node_n ? "," : "");
}

static void print_judgement(const struct judge *j)
{
    int64_t energy_wh = 0;

    for (uint16_t i = 0; i < j->site->box_n; i++) {
        energy_wh += j->track.box[i].energy_wh;
    }
    printf("{\n  \"duration_ms\": %" PRId64 ",\n  \"rows\": %" PRId64 ",\n  \"energy_wh\": %" PRId64 ",\n", j->last_ms, j->row_n, energy_wh);
    printf("  \"scarce_s\": %" PRId64 ",\n  \"used_permille\": %" PRId64 ",\n  \"used_of_all_knowing_permille\": %" PRId64 ",\n", j->waste.by_rules.scarce_s,
           waste_used_permille(&j->waste.by_rules), waste_used_permille(&j->waste.all_knowing));
    printf("  \"never_overload\": %s,\n  \"never_waste\": %s,\n  \"nodes\": [\n", is_over(j) ? "false" : "true", is_wasted(j) ? "false" : "true");
    for (uint16_t node = 0; node < j->site->node_n; node++) {
        print_phases(j, node);
    }
    printf("  ]\n}\n");
}

static enum rc load_site(const char *path, struct site *out, struct manager_params *out_params)
{
    struct sitedoc_errors errors = {0};
    json_t *document = NULL;
    enum rc rc = sitedoc_load(path, &document, &errors);

    manager_params_defaults(out_params);
    rc = rc == RC_OK ? sitedoc_site(document, out, &errors) : rc;
    rc = rc == RC_OK ? sitedoc_params(document, out_params, &errors) : rc;
    json_decref(document);
    for (uint16_t i = 0; i < errors.n && i < SITEDOC_ERROR_MAX; i++) {
        fprintf(stderr, "%s: %s\n", path, errors.at[i]);
    }
    return rc;
}

int main(int argc, char **argv)
{
    struct judge *j = calloc(1, sizeof *j);
    struct site *site = calloc(1, sizeof *site);
    struct manager_params params;
    int code = 2;

    if (argc != 3) {
        fprintf(stderr, "usage: site-judge SITE.json RECORD\n");
        goto out;
    }
    if (j == NULL || site == NULL || load_site(argv[1], site, &params) != RC_OK) {
        goto out;
    }
    j->site = site;
    waste_init(&j->waste, site, &params);
    code = track_open(&j->track, argv[2], site) == RC_OK && judge_rows(j) == RC_OK ? 0 : 2;
    if (code == 0 && j->row_n < 2) {
        fprintf(stderr, "%s: holds no record\n", argv[2]);
        code = 2;
    }
    if (code == 0) {
        print_judgement(j);
        code = is_over(j) || is_wasted(j) ? 1 : 0;
    }
    track_close(&j->track);
out:
    free(site);
    free(j);
    return code;
}
