#include "tests/site/record.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#define FLUSH_MS 900 /* with ticks of 100 ms at most a second passes */
#define PATH_LEN 1024
#define VEHICLES_EACH_MS 1000

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

static FILE *begin_beside(const char *path, const char *suffix, const char *header)
{
    char name[PATH_LEN];
    int n = snprintf(name, sizeof name, "%s%s", path, suffix);
    if (n < 0 || (size_t)n >= sizeof name) {
        fprintf(stderr, "wallbox-site: --record: path too long\n");
        return NULL;
    }
    return begin(name, header);
}

enum rc record_open(struct record *r, const char *path)
{
    *r = (struct record){0};
    r->nodes = begin_beside(path, "",
                            "t_ms,node,limit_l1_ma,limit_l2_ma,limit_l3_ma,true_l1_ma,true_l2_ma,true_l3_ma,house_l1_ma,house_l2_ma,house_l3_ma,"
                            "solar_l1_ma,solar_l2_ma,solar_l3_ma,wallboxes_l1_ma,wallboxes_l2_ma,wallboxes_l3_ma\n");
    /* One line for one cause: the others lie beside it. */
    r->boxes = r->nodes == NULL ? NULL : begin_beside(path, ".wallboxes", "t_ms,serial,pilot_ma,contactor,drawn_l1_ma,drawn_l2_ma,drawn_l3_ma,energy_wh\n");
    r->vehicles = r->boxes == NULL ? NULL : begin_beside(path, ".vehicles", "t_ms,serial,wants,used_l1,used_l2,used_l3,max_ma\n");
    if (r->nodes != NULL && r->boxes != NULL && r->vehicles != NULL) {
        return RC_OK;
    }
    rc_ignore(record_close(r)); /* nothing but headers is in them */
    return RC_IO;
}

static void put_phases(FILE *file, const int32_t ma[PHASE_N])
{
    fprintf(file, ",%" PRId32 ",%" PRId32 ",%" PRId32, ma[0], ma[1], ma[2]);
}

/* What each vehicle would take if it were let: phases as wired, in site order. */
static void put_vehicles(FILE *file, const struct world *w)
{
    for (uint16_t i = 0; i < w->site->box_n; i++) {
        const struct vehicle *v = &w->board[i].vehicle;
        enum phase_assign wiring = w->site->box[i].phases;
        uint8_t used = phase_set_to_site(wiring, (uint8_t)((1u << v->spec.phases_n) - 1u));
        bool wants = v->is_plugged && !v->is_asleep && !vehicle_is_full(v);
        fprintf(file, "%" PRId64 ",%s,%d,%d,%d,%d,%" PRId32 "\n", w->now_ms, w->board[i].serial, wants, used & 1, (used >> 1) & 1, (used >> 2) & 1,
                vehicle_most_ma(v));
    }
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
    if (w->now_ms % VEHICLES_EACH_MS == 0) {
        put_vehicles(r->vehicles, w);
    }
    if (w->now_ms - r->flushed_ms >= FLUSH_MS) {
        r->flushed_ms = w->now_ms;
        (void)fflush(r->nodes); /* ferror tells */
        (void)fflush(r->boxes);
        (void)fflush(r->vehicles);
    }
    return ferror(r->nodes) || ferror(r->boxes) || ferror(r->vehicles) ? RC_IO : RC_OK;
}

enum rc record_close(struct record *r)
{
    FILE *files[] = {r->nodes, r->boxes, r->vehicles};
    bool is_bad = false;
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        if (files[i] != NULL) {
            is_bad = ferror(files[i]) || is_bad;
            is_bad = fclose(files[i]) != 0 || is_bad;
        }
    }
    *r = (struct record){0};
    return is_bad ? RC_IO : RC_OK;
}
