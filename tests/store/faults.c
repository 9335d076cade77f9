#include "tests/store/faults.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sqlite3.h>

#include "common/base/check.h"

static atomic_uint seen[FAULT_KIND_N];
static atomic_int armed_kind;
static atomic_uint armed_nth;
static atomic_int refused_code;

static bool fails(enum fault_kind kind)
{
    uint32_t number = atomic_fetch_add(&seen[kind], 1) + 1;

    return atomic_load(&armed_kind) == (int)kind && number == atomic_load(&armed_nth);
}

void faults_arm(enum fault_kind kind, uint32_t nth)
{
    for (int i = 0; i < FAULT_KIND_N; i++) {
        atomic_store(&seen[i], 0);
    }
    atomic_store(&armed_nth, nth);
    atomic_store(&armed_kind, (int)kind);
}

void faults_disarm(void)
{
    atomic_store(&armed_kind, (int)FAULT_NONE);
}

uint32_t faults_seen(enum fault_kind kind)
{
    return atomic_load(&seen[kind]);
}

void faults_refuse_writes(int code)
{
    atomic_store(&refused_code, code);
}

const char *faults_name(enum fault_kind kind)
{
    static const char *const names[FAULT_KIND_N] = {"none", "file", "memory", "own"};

    return names[kind];
}

/* ---- our own calls (linked with --wrap) ---- */
void *__real_malloc(size_t len);
void *__real_calloc(size_t n, size_t len);
void *__real_realloc(void *at, size_t len);
char *__real_strdup(const char *text);
ssize_t __real_pwrite(int fd, const void *bytes, size_t len, off_t at);
int __real_fdatasync(int fd);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __real_posix_fallocate(int fd, off_t at, off_t len);
void *__wrap_malloc(size_t len);
void *__wrap_calloc(size_t n, size_t len);
void *__wrap_realloc(void *at, size_t len);
char *__wrap_strdup(const char *text);
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t at);
int __wrap_fdatasync(int fd);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_posix_fallocate(int fd, off_t at, off_t len);

void *__wrap_malloc(size_t len)
{
    return fails(FAULT_OWN) ? NULL : __real_malloc(len);
}

void *__wrap_calloc(size_t n, size_t len)
{
    return fails(FAULT_OWN) ? NULL : __real_calloc(n, len);
}

void *__wrap_realloc(void *at, size_t len)
{
    return fails(FAULT_OWN) ? NULL : __real_realloc(at, len);
}

char *__wrap_strdup(const char *text)
{
    return fails(FAULT_OWN) ? NULL : __real_strdup(text);
}

static int no_space(void)
{
    errno = ENOSPC;
    return -1;
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t len, off_t at)
{
    return fails(FAULT_OWN) ? no_space() : __real_pwrite(fd, bytes, len, at);
}

int __wrap_fdatasync(int fd)
{
    return fails(FAULT_OWN) ? no_space() : __real_fdatasync(fd);
}

int __wrap_fsync(int fd)
{
    return fails(FAULT_OWN) ? no_space() : __real_fsync(fd);
}

int __wrap_rename(const char *from, const char *to)
{
    return fails(FAULT_OWN) ? no_space() : __real_rename(from, to);
}

int __wrap_posix_fallocate(int fd, off_t at, off_t len)
{
    return fails(FAULT_OWN) ? ENOSPC : __real_posix_fallocate(fd, at, len);
}

/* ---- memory of SQLite ---- */
static sqlite3_mem_methods real_memory;

static void *memory_malloc(int len)
{
    return fails(FAULT_MEMORY) ? NULL : real_memory.xMalloc(len);
}

static void *memory_realloc(void *at, int len)
{
    return fails(FAULT_MEMORY) ? NULL : real_memory.xRealloc(at, len);
}

/* ---- files of SQLite: a layer over the system's ---- */
struct file {
    sqlite3_file base; /* first */
    sqlite3_file *real;
};

static sqlite3_vfs *real_vfs;

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct file *)f)->real;
}

static int file_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f)); /* closing never fails in a way that anybody could help */
}

static int file_read(sqlite3_file *f, void *out, int len, sqlite3_int64 at)
{
    return fails(FAULT_FILE) ? SQLITE_IOERR_READ : real_of(f)->pMethods->xRead(real_of(f), out, len, at);
}

static int file_write(sqlite3_file *f, const void *bytes, int len, sqlite3_int64 at)
{
    int refused = atomic_load(&refused_code);

    if (refused != SQLITE_OK) {
        return refused;
    }
    return fails(FAULT_FILE) ? SQLITE_FULL : real_of(f)->pMethods->xWrite(real_of(f), bytes, len, at);
}

static int file_truncate(sqlite3_file *f, sqlite3_int64 len)
{
    return fails(FAULT_FILE) ? SQLITE_IOERR_TRUNCATE : real_of(f)->pMethods->xTruncate(real_of(f), len);
}

static int file_sync(sqlite3_file *f, int flags)
{
    return fails(FAULT_FILE) ? SQLITE_IOERR_FSYNC : real_of(f)->pMethods->xSync(real_of(f), flags);
}

static int file_size(sqlite3_file *f, sqlite3_int64 *out)
{
    return fails(FAULT_FILE) ? SQLITE_IOERR_FSTAT : real_of(f)->pMethods->xFileSize(real_of(f), out);
}

static int file_lock(sqlite3_file *f, int level)
{
    return fails(FAULT_FILE) ? SQLITE_IOERR_LOCK : real_of(f)->pMethods->xLock(real_of(f), level);
}

static int file_unlock(sqlite3_file *f, int level)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), level);
}

static int file_check_lock(sqlite3_file *f, int *out)
{
    return fails(FAULT_FILE) ? SQLITE_IOERR_CHECKRESERVEDLOCK : real_of(f)->pMethods->xCheckReservedLock(real_of(f), out);
}

static int file_control(sqlite3_file *f, int what, void *argument)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), what, argument);
}

static int file_sector(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}

static int file_device(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}

static int file_shm_map(sqlite3_file *f, int page, int len, int extend, void volatile **out)
{
    return fails(FAULT_FILE) ? SQLITE_IOERR_SHMMAP : real_of(f)->pMethods->xShmMap(real_of(f), page, len, extend, out);
}

static int file_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    bool is_taking = (flags & SQLITE_SHM_LOCK) != 0;

    return is_taking && fails(FAULT_FILE) ? SQLITE_IOERR_SHMLOCK : real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}

static void file_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}

static int file_shm_unmap(sqlite3_file *f, int is_deleted)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), is_deleted);
}

static const sqlite3_io_methods file_methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_check_lock,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_device,
    .xShmMap = file_shm_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_shm_barrier,
    .xShmUnmap = file_shm_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out_flags)
{
    struct file *mine = (struct file *)f;
    int code;

    (void)vfs;
    mine->base.pMethods = NULL;
    mine->real = (sqlite3_file *)(mine + 1);
    if (fails(FAULT_FILE)) {
        return SQLITE_CANTOPEN;
    }
    code = real_vfs->xOpen(real_vfs, name, mine->real, flags, out_flags);
    if (mine->real->pMethods != NULL) {
        mine->base.pMethods = &file_methods;
    }
    return code;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int is_synced)
{
    (void)vfs;
    return fails(FAULT_FILE) ? SQLITE_IOERR_DELETE : real_vfs->xDelete(real_vfs, name, is_synced);
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *out)
{
    (void)vfs;
    return fails(FAULT_FILE) ? SQLITE_IOERR_ACCESS : real_vfs->xAccess(real_vfs, name, flags, out);
}

void faults_install(void)
{
    static sqlite3_mem_methods memory;
    static sqlite3_vfs vfs;

    CHECK(sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory) == SQLITE_OK);
    memory = real_memory;
    memory.xMalloc = memory_malloc;
    memory.xRealloc = memory_realloc;
    CHECK(sqlite3_config(SQLITE_CONFIG_MALLOC, &memory) == SQLITE_OK);
    CHECK(sqlite3_config(SQLITE_CONFIG_LOOKASIDE, 0, 0) == SQLITE_OK); /* every allocation is one */
    CHECK(sqlite3_initialize() == SQLITE_OK);
    real_vfs = sqlite3_vfs_find(NULL);
    vfs = *real_vfs;
    vfs.zName = "faults";
    vfs.szOsFile = (int)sizeof(struct file) + real_vfs->szOsFile;
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    vfs.xAccess = vfs_access;
    CHECK(sqlite3_vfs_register(&vfs, 1) == SQLITE_OK);
}
