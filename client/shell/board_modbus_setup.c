#include "client/shell/board_modbus_setup.h"

#include <stddef.h>

/* One of the things to put right; what is right is not written, since some are kept in a memory that wears. */
static enum rc put_right(struct mb_line *l, uint8_t unit, const struct mb_setup *s)
{
    struct mb_block block = {.function = 3, .first = s->address, .count = 1};
    struct mb_write write = {.first = s->address, .count = 1, .value = {s->value}};
    uint16_t value = 0;
    enum rc rc = mb_line_read(l, unit, &block, &value);

    if (rc == RC_OK && value != s->value) {
        rc = mb_line_write(l, unit, &write);
        rc = rc == RC_OK ? mb_line_read(l, unit, &block, &value) : rc;
    }
    return rc == RC_OK && value != s->value ? RC_REFUSED : rc;
}

/* What it is. A register that it does not have leaves its block out. */
static enum rc learn(struct mb_line *l, const struct mb_address *a, struct mb_nature *out)
{
    struct mb_regs r = {.n = 0};

    for (int i = 0; i < 2 && a->map->nature[i].count > 0; i++) {
        enum rc rc = mb_line_read(l, a->unit, &a->map->nature[i], r.value[i]);

        if (rc == RC_IO) {
            return rc;
        }
        r.block[i] = a->map->nature[i];
        r.block[i].count = rc == RC_OK ? a->map->nature[i].count : 0;
        r.n = (uint8_t)(i + 1);
    }
    return a->map->learn(&r, out);
}

const char *mb_setup(struct mb_line *l, const struct mb_address *address, struct mb_nature *out)
{
    const char *why = "";
    enum rc rc;

    if (l->modbus == NULL && mb_line_open(l, &address->place, &why) != RC_OK) {
        return why;
    }
    for (uint8_t i = 0; i < address->map->setup_n; i++) {
        rc = put_right(l, address->unit, &address->map->setup[i]);
        if (rc != RC_OK) {
            return rc == RC_REFUSED ? address->map->setup[i].why : "no answer";
        }
    }
    rc = learn(l, address, out);
    if (rc == RC_OK) {
        return NULL;
    }
    return rc == RC_RANGE ? "it is not what the configuration says, or has no meter" : "no answer";
}
