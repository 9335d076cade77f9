#include "tests/unit/client/shell/cutfs.h"

#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <sqlite3.h>

#include "common/base/rng.h"
#include "common/base/text.h"

#define FILES 6
#define SECTOR 512
#define REGIONS 8
#define REGION_LEN 32768

/* One that was made since the last sync: bytes at a place, or (bytes NULL) a new length. */
struct change {
    struct change *next;
    size_t at;
    size_t len;
    uint8_t *bytes;
};

struct image {
    size_t len;
    size_t cap;
    uint8_t *bytes;
};

struct node {
    char name[128];
    bool exists;
    struct image live;    /* what programs read */
    struct image durable; /* as of the last sync */
    struct change *first;
    struct change **last;
    void *region[REGIONS]; /* shared memory of a write-ahead log */
};

struct handle {
    sqlite3_file base;
    struct node *node;
};

static struct disk {
    struct node node[FILES];
    struct rng rng;
    uint32_t seen_n;
    uint32_t nth;
    bool is_dark;
} disk;

static void resize(struct image *i, size_t len)
{
    if (len > i->cap) {
        i->cap = len * 2;
        i->bytes = realloc(i->bytes, i->cap);
        cr_assert_not_null(i->bytes);
    }
    if (len > i->len) {
        memset(i->bytes + i->len, 0, len - i->len);
    }
    i->len = len;
}

static void patch(struct image *i, size_t at, const uint8_t *bytes, size_t len)
{
    if (at + len > i->len) {
        resize(i, at + len);
    }
    memcpy(i->bytes + at, bytes, len);
}

static void copy(struct image *to, const struct image *from)
{
    resize(to, 0);
    if (from->len > 0) {
        patch(to, 0, from->bytes, from->len);
    }
}

static void forget(struct node *n)
{
    for (struct change *c = n->first, *next; c != NULL; c = next) {
        next = c->next;
        free(c->bytes);
        free(c);
    }
    n->first = NULL;
    n->last = &n->first;
}

static void remember(struct node *n, size_t at, const uint8_t *bytes, size_t len)
{
    struct change *c = calloc(1, sizeof *c);

    cr_assert_not_null(c);
    c->at = at;
    c->len = len;
    if (bytes != NULL) {
        c->bytes = malloc(len);
        cr_assert_not_null(c->bytes);
        memcpy(c->bytes, bytes, len);
    }
    *n->last = c;
    n->last = &c->next;
}

static bool chance(int of)
{
    return rng_range(&disk.rng, 1, of) == 1;
}

/* Some of its sectors reached the disk. */
static void tear(struct image *to, const struct change *c)
{
    for (size_t at = c->at; at < c->at + c->len;) {
        size_t end = (at / SECTOR + 1) * SECTOR;

        end = end > c->at + c->len ? c->at + c->len : end;
        if (chance(2)) {
            patch(to, at, c->bytes + (at - c->at), end - at);
        }
        at = end;
    }
}

void cutfs_cut(void)
{
    disk.is_dark = true;
    for (int i = 0; i < FILES; i++) {
        struct node *n = &disk.node[i];

        for (const struct change *c = n->first; c != NULL; c = c->next) {
            if (chance(3)) {
                continue;
            }
            if (c->bytes == NULL) {
                resize(&n->durable, c->len);
            } else if (chance(2)) {
                patch(&n->durable, c->at, c->bytes, c->len);
            } else {
                tear(&n->durable, c);
            }
        }
        forget(n);
    }
}

/* Count an operation; false: the power is gone, with this operation perhaps on its way. */
static bool goes_on(void)
{
    disk.seen_n++;
    if (!disk.is_dark && disk.seen_n == disk.nth) {
        cutfs_cut();
    }
    return !disk.is_dark;
}

static int on_close(sqlite3_file *file)
{
    (void)file; /* the node stays */
    return SQLITE_OK;
}

static int on_read(sqlite3_file *file, void *out, int len, sqlite3_int64 at)
{
    const struct image *i = &((struct handle *)file)->node->live;
    size_t have = (size_t)at < i->len ? i->len - (size_t)at : 0;

    if (disk.is_dark) {
        return SQLITE_IOERR_READ;
    }
    have = have > (size_t)len ? (size_t)len : have;
    memset(out, 0, (size_t)len);
    if (have > 0) {
        memcpy(out, i->bytes + at, have);
    }
    return have == (size_t)len ? SQLITE_OK : SQLITE_IOERR_SHORT_READ;
}

static int on_write(sqlite3_file *file, const void *bytes, int len, sqlite3_int64 at)
{
    struct node *n = ((struct handle *)file)->node;

    if (!disk.is_dark) {
        remember(n, (size_t)at, bytes, (size_t)len);
    }
    if (!goes_on()) {
        return SQLITE_IOERR_WRITE;
    }
    patch(&n->live, (size_t)at, bytes, (size_t)len);
    return SQLITE_OK;
}

static int on_truncate(sqlite3_file *file, sqlite3_int64 len)
{
    struct node *n = ((struct handle *)file)->node;

    if (!disk.is_dark) {
        remember(n, 0, NULL, (size_t)len);
    }
    if (!goes_on()) {
        return SQLITE_IOERR_TRUNCATE;
    }
    resize(&n->live, (size_t)len);
    return SQLITE_OK;
}

static int on_sync(sqlite3_file *file, int flags)
{
    struct node *n = ((struct handle *)file)->node;

    (void)flags;
    if (!goes_on()) {
        return SQLITE_IOERR_FSYNC;
    }
    copy(&n->durable, &n->live);
    forget(n);
    return SQLITE_OK;
}

static int on_size(sqlite3_file *file, sqlite3_int64 *out)
{
    *out = (sqlite3_int64)((struct handle *)file)->node->live.len;
    return SQLITE_OK;
}

static int on_lock(sqlite3_file *file, int level)
{
    (void)file;
    (void)level;
    return SQLITE_OK;
}

static int on_check_lock(sqlite3_file *file, int *out)
{
    (void)file;
    *out = 0;
    return SQLITE_OK;
}

static int on_control(sqlite3_file *file, int what, void *argument)
{
    (void)file;
    (void)what;
    (void)argument;
    return SQLITE_NOTFOUND;
}

static int on_sector(sqlite3_file *file)
{
    (void)file;
    return SECTOR;
}

static int on_nature(sqlite3_file *file)
{
    (void)file; /* it promises nothing */
    return 0;
}

static int on_map(sqlite3_file *file, int region, int len, int extend, void volatile **out)
{
    struct node *n = ((struct handle *)file)->node;

    cr_assert(region < REGIONS && len == REGION_LEN);
    if (n->region[region] == NULL && extend != 0) {
        n->region[region] = calloc(1, REGION_LEN);
        cr_assert_not_null(n->region[region]);
    }
    *out = n->region[region];
    return SQLITE_OK;
}

static int on_map_lock(sqlite3_file *file, int offset, int n, int flags)
{
    (void)file;
    (void)offset;
    (void)n;
    (void)flags;
    return SQLITE_OK;
}

static void on_barrier(sqlite3_file *file)
{
    (void)file;
}

static void free_regions(struct node *n)
{
    for (int i = 0; i < REGIONS; i++) {
        free(n->region[i]);
        n->region[i] = NULL;
    }
}

static int on_unmap(sqlite3_file *file, int deletes)
{
    (void)deletes;
    free_regions(((struct handle *)file)->node);
    return SQLITE_OK;
}

static const sqlite3_io_methods methods = {.iVersion = 2,
                                           .xClose = on_close,
                                           .xRead = on_read,
                                           .xWrite = on_write,
                                           .xTruncate = on_truncate,
                                           .xSync = on_sync,
                                           .xFileSize = on_size,
                                           .xLock = on_lock,
                                           .xUnlock = on_lock,
                                           .xCheckReservedLock = on_check_lock,
                                           .xFileControl = on_control,
                                           .xSectorSize = on_sector,
                                           .xDeviceCharacteristics = on_nature,
                                           .xShmMap = on_map,
                                           .xShmLock = on_map_lock,
                                           .xShmBarrier = on_barrier,
                                           .xShmUnmap = on_unmap};

static struct node *find(const char *name)
{
    for (int i = 0; i < FILES; i++) {
        if (disk.node[i].exists && strcmp(disk.node[i].name, name) == 0) {
            return &disk.node[i];
        }
    }
    return NULL;
}

static struct node *make(const char *name)
{
    for (int i = 0; i < FILES; i++) {
        struct node *n = &disk.node[i];

        if (!n->exists) {
            cr_assert_eq(text_copy(n->name, sizeof n->name, name), RC_OK);
            n->exists = true;
            resize(&n->live, 0);
            resize(&n->durable, 0);
            forget(n);
            return n;
        }
    }
    cr_assert_fail("too many files");
    return NULL;
}

static int on_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *file, int flags, int *out_flags)
{
    struct handle *h = (struct handle *)file;

    (void)vfs;
    h->base.pMethods = NULL;
    if (disk.is_dark || name == NULL) {
        return SQLITE_CANTOPEN;
    }
    h->node = find(name);
    if (h->node == NULL && (flags & SQLITE_OPEN_CREATE) == 0) {
        return SQLITE_CANTOPEN;
    }
    h->node = h->node == NULL ? make(name) : h->node;
    h->base.pMethods = &methods;
    if (out_flags != NULL) {
        *out_flags = flags;
    }
    return SQLITE_OK;
}

static int on_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    struct node *n = find(name);

    (void)vfs;
    (void)sync;
    if (!goes_on()) {
        return SQLITE_IOERR_DELETE;
    }
    if (n == NULL) {
        return SQLITE_IOERR_DELETE_NOENT;
    }
    n->exists = false;
    return SQLITE_OK;
}

static int on_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    (void)flags;
    *out = find(name) != NULL;
    return SQLITE_OK;
}

static int on_full_path(sqlite3_vfs *vfs, const char *name, int len, char *out)
{
    (void)vfs;
    sqlite3_snprintf(len, out, "%s", name);
    return SQLITE_OK;
}

static int on_random(sqlite3_vfs *vfs, int len, char *out)
{
    (void)vfs;
    for (int i = 0; i < len; i++) {
        out[i] = (char)rng_range(&disk.rng, 0, 255);
    }
    return len;
}

static int on_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int on_time(sqlite3_vfs *vfs, double *out)
{
    (void)vfs;
    *out = 2461000.5;
    return SQLITE_OK;
}

void cutfs_install(void)
{
    static sqlite3_vfs vfs = {.iVersion = 1,
                              .szOsFile = sizeof(struct handle),
                              .mxPathname = 127,
                              .zName = CUTFS_NAME,
                              .xOpen = on_open,
                              .xDelete = on_delete,
                              .xAccess = on_access,
                              .xFullPathname = on_full_path,
                              .xRandomness = on_random,
                              .xSleep = on_sleep,
                              .xCurrentTime = on_time};

    cr_assert_eq(sqlite3_vfs_register(&vfs, 1), SQLITE_OK);
}

void cutfs_format(uint64_t seed)
{
    for (int i = 0; i < FILES; i++) {
        struct node *n = &disk.node[i];

        n->last = n->last == NULL ? &n->first : n->last;
        forget(n);
        free_regions(n);
        free(n->live.bytes);
        free(n->durable.bytes);
    }
    disk = (struct disk){.rng.state = seed};
    for (int i = 0; i < FILES; i++) {
        disk.node[i].last = &disk.node[i].first;
    }
}

void cutfs_arm(uint32_t nth)
{
    disk.nth = nth;
    disk.seen_n = 0;
}

bool cutfs_is_dark(void)
{
    return disk.is_dark;
}

uint32_t cutfs_seen(void)
{
    return disk.seen_n;
}

void cutfs_power(void)
{
    disk.is_dark = false;
    disk.nth = 0;
    for (int i = 0; i < FILES; i++) {
        copy(&disk.node[i].live, &disk.node[i].durable);
        free_regions(&disk.node[i]);
    }
}
