#include "manager/shell/errand.h"

#include <stdlib.h>

#include <sodium.h>

#include "manager/shell/alarm_settings.h"
#include "manager/shell/change.h"

struct errand *errand_new(enum errand_where where, void (*run)(struct errand *e), void (*finish)(struct routes *r, struct errand *e, struct route_reply *out))
{
    struct errand *e = calloc(1, sizeof *e);

    if (e != NULL) {
        e->where = where;
        e->run = run;
        e->finish = finish;
    }
    return e;
}

void errand_free(struct errand *e)
{
    if (e != NULL) {
        change_free(e->change);
        free(e->answer);
        if (e->alarms != NULL) {
            sodium_memzero(e->alarms, sizeof *e->alarms);
        }
        free(e->alarms);
        sodium_memzero(e, sizeof *e);
        free(e);
    }
}
