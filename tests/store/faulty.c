/* The shim passes every call on to the system's own VFS and allocator, and counts those that may
 * fail. */
#include "tests/store/faulty.h"

#include "base/alloc.h"

#include <sqlite3.h>
#include <string.h>

static struct {
    enum faulty_mode mode;
    unsigned at;
    unsigned count;
    bool hit;
} faulty;
static sqlite3_vfs *real;
static sqlite3_mem_methods memory;

void faulty_set(enum faulty_mode mode, unsigned at)
{
    faulty.mode = mode;
    faulty.at = at;
    faulty.count = 0;
    faulty.hit = false;
}

bool faulty_end(void)
{
    faulty.mode = FAULTY_NOT;
    return faulty.hit;
}

unsigned faulty_calls(void)
{
    return faulty.count;
}

static bool counts(bool once)
{
    faulty.count++;
    bool now = once ? faulty.count == faulty.at : faulty.count >= faulty.at;
    faulty.hit = faulty.hit || now;
    return now;
}

static bool disk_fails(void)
{
    return (faulty.mode == FAULTY_ERROR && counts(true)) ||
           (faulty.mode == FAULTY_DEAD && counts(false));
}

/* ---- files ---- */

struct file {
    sqlite3_file base;
    sqlite3_file *real;
};

static sqlite3_file *under(sqlite3_file *file)
{
    return ((struct file *)file)->real;
}

static int file_close(sqlite3_file *file)
{
    return under(file)->pMethods->xClose(under(file));
}

static int file_read(sqlite3_file *file, void *into, int size, sqlite3_int64 at)
{
    return disk_fails() ? SQLITE_IOERR_READ
                        : under(file)->pMethods->xRead(under(file), into, size, at);
}

static int file_write(sqlite3_file *file, const void *bytes, int size, sqlite3_int64 at)
{
    if (disk_fails())
        return SQLITE_IOERR_WRITE;
    if (faulty.mode == FAULTY_FULL && counts(false))
        return SQLITE_FULL;
    if (faulty.mode == FAULTY_SHORT && counts(true)) {
        (void)under(file)->pMethods->xWrite(under(file), bytes, size / 2, at);
        return SQLITE_IOERR_WRITE;
    }
    return under(file)->pMethods->xWrite(under(file), bytes, size, at);
}

static int file_truncate(sqlite3_file *file, sqlite3_int64 size)
{
    return disk_fails() ? SQLITE_IOERR_TRUNCATE
                        : under(file)->pMethods->xTruncate(under(file), size);
}

static unsigned syncs;

unsigned faulty_syncs(void)
{
    return syncs;
}

static int file_sync(sqlite3_file *file, int flags)
{
    (void)file;
    (void)flags;
    syncs++;
    return disk_fails() ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int file_size(sqlite3_file *file, sqlite3_int64 *size)
{
    return disk_fails() ? SQLITE_IOERR_FSTAT : under(file)->pMethods->xFileSize(under(file), size);
}

static int file_lock(sqlite3_file *file, int lock)
{
    return disk_fails() ? SQLITE_IOERR_LOCK : under(file)->pMethods->xLock(under(file), lock);
}

static int file_unlock(sqlite3_file *file, int lock)
{
    return under(file)->pMethods->xUnlock(under(file), lock);
}

static int file_reserved(sqlite3_file *file, int *is)
{
    return under(file)->pMethods->xCheckReservedLock(under(file), is);
}

static int file_control(sqlite3_file *file, int what, void *with)
{
    return under(file)->pMethods->xFileControl(under(file), what, with);
}

static int file_sector(sqlite3_file *file)
{
    return under(file)->pMethods->xSectorSize(under(file));
}

static int file_device(sqlite3_file *file)
{
    return under(file)->pMethods->xDeviceCharacteristics(under(file));
}

static int file_map(sqlite3_file *file, int page, int size, int extend, void volatile **into)
{
    return disk_fails() ? SQLITE_IOERR_SHMMAP
                        : under(file)->pMethods->xShmMap(under(file), page, size, extend, into);
}

static int file_shm_lock(sqlite3_file *file, int offset, int count, int flags)
{
    return under(file)->pMethods->xShmLock(under(file), offset, count, flags);
}

static void file_barrier(sqlite3_file *file)
{
    under(file)->pMethods->xShmBarrier(under(file));
}

static int file_unmap(sqlite3_file *file, int remove)
{
    return under(file)->pMethods->xShmUnmap(under(file), remove);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = file_close,
    .xRead = file_read,
    .xWrite = file_write,
    .xTruncate = file_truncate,
    .xSync = file_sync,
    .xFileSize = file_size,
    .xLock = file_lock,
    .xUnlock = file_unlock,
    .xCheckReservedLock = file_reserved,
    .xFileControl = file_control,
    .xSectorSize = file_sector,
    .xDeviceCharacteristics = file_device,
    .xShmMap = file_map,
    .xShmLock = file_shm_lock,
    .xShmBarrier = file_barrier,
    .xShmUnmap = file_unmap,
};

static int vfs_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *into, int flags, int *out)
{
    (void)vfs;
    struct file *file = (struct file *)into;
    *file = (struct file){.real = (sqlite3_file *)(file + 1)};
    if (disk_fails())
        return SQLITE_CANTOPEN;
    if (faulty.mode == FAULTY_FULL && (flags & SQLITE_OPEN_WAL) && counts(false))
        return SQLITE_CANTOPEN;
    int result = real->xOpen(real, name, file->real, flags, out);
    if (file->real->pMethods)
        file->base.pMethods = &methods;
    return result;
}

static int vfs_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    (void)vfs;
    (void)sync;
    return disk_fails() ? SQLITE_IOERR_DELETE : real->xDelete(real, name, 0);
}

static int vfs_access(sqlite3_vfs *vfs, const char *name, int flags, int *is)
{
    (void)vfs;
    return disk_fails() ? SQLITE_IOERR_ACCESS : real->xAccess(real, name, flags, is);
}

static int vfs_path(sqlite3_vfs *vfs, const char *name, int room, char *into)
{
    (void)vfs;
    return real->xFullPathname(real, name, room, into);
}

static int vfs_random(sqlite3_vfs *vfs, int size, char *into)
{
    (void)vfs;
    return real->xRandomness(real, size, into);
}

/* Who waits for a lock waits for nobody here: tests do not sleep. */
static int vfs_sleep(sqlite3_vfs *vfs, int us)
{
    (void)vfs;
    return us;
}

static int vfs_time(sqlite3_vfs *vfs, double *into)
{
    (void)vfs;
    return real->xCurrentTime(real, into);
}

static int vfs_error(sqlite3_vfs *vfs, int size, char *into)
{
    (void)vfs;
    return real->xGetLastError(real, size, into);
}

/* ---- memory ---- */

static long blocks;

static bool memory_fails(void)
{
    return (faulty.mode == FAULTY_MEMORY && counts(true)) ||
           (faulty.mode == FAULTY_STARVED && counts(false));
}

static void *memory_new(int size)
{
    void *block = memory_fails() ? NULL : memory.xMalloc(size);
    blocks += block != NULL;
    return block;
}

static void memory_free(void *block)
{
    blocks -= block != NULL;
    memory.xFree(block);
}

static void *memory_again(void *block, int size)
{
    return memory_fails() ? NULL : memory.xRealloc(block, size);
}

long faulty_memory(void)
{
    return blocks;
}

void faulty_start(void)
{
    static sqlite3_vfs vfs;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &memory) != SQLITE_OK)
        die("SQLite has begun before the test");
    sqlite3_mem_methods shim = memory;
    shim.xMalloc = memory_new;
    shim.xFree = memory_free;
    shim.xRealloc = memory_again;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &shim) != SQLITE_OK ||
        sqlite3_initialize() != SQLITE_OK)
        die("SQLite takes no other allocator");
    real = sqlite3_vfs_find(NULL);
    vfs = *real;
    vfs.iVersion = 1;
    vfs.szOsFile = (int)sizeof(struct file) + real->szOsFile;
    vfs.zName = "faulty";
    vfs.xOpen = vfs_open;
    vfs.xDelete = vfs_delete;
    vfs.xAccess = vfs_access;
    vfs.xFullPathname = vfs_path;
    vfs.xRandomness = vfs_random;
    vfs.xSleep = vfs_sleep;
    vfs.xCurrentTime = vfs_time;
    vfs.xGetLastError = vfs_error;
    if (sqlite3_vfs_register(&vfs, 1) != SQLITE_OK)
        die("SQLite takes no other disk");
}
