#include "manager/core/fill_level.h"

#include <string.h>

#include "common/base/units.h"

static int32_t weight_of(const struct fill *f, uint16_t i)
{
    return f->is_mixed ? f->job->box[i].weight : 1;
}

int64_t level_ma(const struct fill *f, uint16_t i, int64_t level)
{
    return (f->is_mixed ? level * weight_of(f, i) / f->weight_max : level) * f->job->rules->step_ma;
}

int64_t level_of(const struct fill *f, uint16_t i, int64_t steps)
{
    return f->is_mixed ? div_up(steps * f->weight_max, weight_of(f, i)) : steps;
}

/* A node whose limits have to be looked at again. */
static void note_change(struct fill *f, uint16_t node)
{
    struct alloc_scratch *s = f->job->s;

    if (!s->is_changed[node]) {
        s->is_changed[node] = true;
        s->changed[f->changed_n++] = node;
    }
}

/* Count an active wallbox in (1) or out (-1) on all that it uses: those that need a step there. Without branches: which resources that are
 * is as good as random. */
static void count(struct fill *f, uint16_t i, int by)
{
    struct alloc_scratch *s = f->job->s;
    const uint8_t *share = pool_shares(&f->job->box[i]);

    f->active_n = (uint16_t)(f->active_n + by);
    for (uint16_t n = f->job->box[i].node; n != NODE_NONE; n = f->job->node[n].parent) {
        note_change(f, n);
        for (int r = 0; r < s->left.n; r++) {
            s->sharing_n[n][r][share[r]] = (uint16_t)(s->sharing_n[n][r][share[r]] + by);
        }
    }
}

/* Make a wallbox a mover (1), or no more (-1), when it has `ma`. */
static void move(struct fill *f, uint16_t i, int32_t ma, int sign)
{
    struct alloc_scratch *s = f->job->s;
    const uint8_t *share = pool_shares(&f->job->box[i]);
    int32_t weight = weight_of(f, i);

    s->is_moving[i] = sign > 0;
    for (uint16_t n = f->job->box[i].node; n != NODE_NONE; n = f->job->node[n].parent) {
        note_change(f, n);
        for (int r = 0; r < s->left.n; r++) {
            s->left.left[n][r] += (int64_t)sign * ma * share[r];
            s->moving[n][r] += sign * weight * share[r];
        }
    }
}

void level_enter(struct fill *f, uint16_t i)
{
    f->job->s->is_active[i] = true;
    f->job->s->is_moving[i] = false;
    count(f, i, 1);
}

void level_join(struct fill *f, uint16_t i)
{
    move(f, i, f->job->box[i].min_ma, 1);
}

void level_leave(struct fill *f, uint16_t i)
{
    f->job->s->is_active[i] = false;
    if (f->job->s->is_moving[i]) {
        move(f, i, f->job->out[i].allocated_ma, -1);
    }
    count(f, i, -1);
}

/* Largest step that an active wallbox needs of a resource; 0 when none uses it. */
static int64_t step_need(const struct fill *f, uint16_t node, int r)
{
    const uint16_t *sharing_n = f->job->s->sharing_n[node][r];

    for (int share = POOL_SHARE_MAX; share > 0; share--) {
        if (sharing_n[share] > 0) {
            return (int64_t)share * f->job->rules->step_ma;
        }
    }
    return 0;
}

int64_t level_free(const struct fill *f, uint16_t node, int r)
{
    int64_t need = step_need(f, node, r);
    int64_t spare = f->job->s->left.left[node][r] - need;
    int32_t moving = f->job->s->moving[node][r];

    if (need == 0) {
        return LEVEL_NEVER;
    }
    if (spare < 0) {
        return -1;
    }
    if (moving == 0 || spare >= POOL_NO_LIMIT / 2) {
        return LEVEL_NEVER;
    }
    spare /= f->job->rules->step_ma;
    return f->is_mixed ? ((spare + 1) * f->weight_max - 1) / moving : spare / moving;
}

/* Set that of a node, and the least of those that stand below each place of the tree on the way to its root. */
static void set_free(struct alloc_scratch *s, uint16_t node, int64_t level)
{
    s->free[NODE_MAX + node] = level;
    for (int at = (NODE_MAX + node) / 2; at > 0; at /= 2) {
        s->free[at] = min_i64(s->free[2 * at], s->free[2 * at + 1]);
    }
}

void level_refresh(struct fill *f)
{
    struct alloc_scratch *s = f->job->s;

    for (uint16_t k = 0; k < f->changed_n; k++) {
        uint16_t node = s->changed[k];
        int64_t level = LEVEL_NEVER;

        for (int r = 0; r < s->left.n; r++) {
            level = min_i64(level, level_free(f, node, r));
        }
        s->is_changed[node] = false;
        set_free(s, node, level);
    }
    f->changed_n = 0;
}

void level_raise(struct fill *f, uint16_t node, int64_t level)
{
    if (level > f->job->s->free[NODE_MAX + node]) {
        set_free(f->job->s, node, level);
    }
}

void level_open(struct alloc_scratch *s, uint16_t node_n)
{
    memset(s->sharing_n, 0, sizeof s->sharing_n[0] * node_n);
    memset(s->moving, 0, sizeof s->moving[0] * node_n);
    memset(s->is_changed, 0, sizeof s->is_changed);
    for (int at = 0; at < 2 * NODE_MAX; at++) {
        s->free[at] = LEVEL_NEVER;
    }
}
