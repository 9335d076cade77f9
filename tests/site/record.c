#include "tests/site/record.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define FLUSH_MS 900 /* with ticks of 100 ms at most a second passes */
#define PATH_LEN 1024

static FILE *begin(const char *path, const char *header)
{
    FILE *file = fopen(path, "wbe");
    if (file == NULL) {
        fprintf(stderr, "wallbox-site: %s: %s\n", path, strerror(errno));
        return NULL;
    }
    (void)setvbuf(file, NULL, _IOFBF, 1u << 20); /* the default buffer serves as well */
    fputs(header, file);
    return file;
}

enum rc record_open(struct record *r, const char *path)
{
    char boxes_path[PATH_LEN];
    int n = snprintf(boxes_path, sizeof boxes_path, "%s.wallboxes", path);
    *r = (struct record){0};
    if (n < 0 || (size_t)n >= sizeof boxes_path) {
        fprintf(stderr, "wallbox-site: --record: path too long\n");
        return RC_IO;
    }
    r->nodes = begin(path, "t_ms,node,limit_l1_ma,limit_l2_ma,limit_l3_ma,true_l1_ma,true_l2_ma,true_l3_ma,house_l1_ma,house_l2_ma,house_l3_ma,"
                           "solar_l1_ma,solar_l2_ma,solar_l3_ma,wallboxes_l1_ma,wallboxes_l2_ma,wallboxes_l3_ma\n");
    r->boxes = r->nodes == NULL ? NULL : begin(boxes_path, "t_ms,serial,pilot_ma,contactor,drawn_l1_ma,drawn_l2_ma,drawn_l3_ma,energy_wh\n");
    if (r->boxes != NULL) {
        return RC_OK;
    }
    if (r->nodes != NULL) {
        (void)fclose(r->nodes); /* nothing but the header is in it */
        r->nodes = NULL;
    }
    return RC_IO;
}

static void put_phases(FILE *file, const int32_t ma[PHASE_N])
{
    fprintf(file, ",%" PRId32 ",%" PRId32 ",%" PRId32, ma[0], ma[1], ma[2]);
}

enum rc record_rows(struct record *r, const struct world *w)
{
    if (r->nodes == NULL) {
        return RC_OK;
    }
    for (uint16_t i = 0; i < w->site->node_n; i++) {
        fprintf(r->nodes, "%" PRId64 ",%s", w->now_ms, w->site->node[i].id);
        put_phases(r->nodes, w->site->node[i].limit_ma);
        put_phases(r->nodes, w->flow[i].true_ma);
        put_phases(r->nodes, w->flow[i].house_ma);
        put_phases(r->nodes, w->flow[i].solar_ma);
        put_phases(r->nodes, w->flow[i].boxes_ma);
        fputc('\n', r->nodes);
    }
    for (uint16_t i = 0; i < w->site->box_n; i++) {
        const struct board *b = &w->board[i];
        int32_t drawn_ma[PHASE_N];
        world_drawn_ma(w, i, drawn_ma);
        fprintf(r->boxes, "%" PRId64 ",%s,%" PRId32 ",%d", w->now_ms, b->serial, b->pilot_ma, b->is_closed ? 1 : 0);
        put_phases(r->boxes, drawn_ma);
        fprintf(r->boxes, ",%" PRId64 "\n", b->energy_wh);
    }
    if (w->now_ms - r->flushed_ms >= FLUSH_MS) {
        r->flushed_ms = w->now_ms;
        (void)fflush(r->nodes); /* ferror tells */
        (void)fflush(r->boxes);
    }
    return ferror(r->nodes) || ferror(r->boxes) ? RC_IO : RC_OK;
}

enum rc record_close(struct record *r)
{
    if (r->nodes == NULL) {
        return RC_OK;
    }
    bool is_bad = ferror(r->nodes) || ferror(r->boxes);
    is_bad = fclose(r->nodes) != 0 || is_bad;
    is_bad = fclose(r->boxes) != 0 || is_bad;
    *r = (struct record){0};
    return is_bad ? RC_IO : RC_OK;
}
