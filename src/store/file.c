/* What may go wrong with a file, found out before SQLite touches it. Invariant: nothing that stands
 * anywhere is ever overwritten; what is in the way keeps its bytes under another name. */
#include "store/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- words ---- */

/* Long because every fault is named. */
static struct message message_of(enum store_fault fault)
{
    switch (fault) {
    case STORE_FINE:
        break;
    case STORE_FULL:
        return message_make("disk-full", N_("There is no room left on the disk for %s."));
    case STORE_FAILED:
        return message_make("disk-failed", N_("The disk reports an error at %s."));
    case STORE_MEMORY:
        return message_make("store-memory", N_("There is too little memory to work with %s."));
    case STORE_BUSY:
        return message_make("store-busy", N_("Another program holds %s: close it."));
    case STORE_CORRUPT:
        return message_make("store-corrupt", N_("%s is damaged."));
    case STORE_READ_ONLY:
        return message_make("store-read-only",
                            N_("%s cannot be written to: give yourself the right to write to it "
                               "and to its folder."));
    case STORE_OWNER:
        return message_make("store-owner",
                            N_("%s belongs to another user: take it over with chown, or move it "
                               "away."));
    case STORE_NO_FILE:
        return message_make("store-no-file", N_("%s is no file: move it away."));
    case STORE_NO_FOLDER:
        return message_make("store-no-folder", N_("The folder of %s cannot be used."));
    case STORE_FOREIGN:
        return message_make("store-foreign",
                            N_("%s is the database of another program: move it away."));
    case STORE_NEWER:
        return message_make("store-newer",
                            N_("%s was written by a newer Tertulia: use that one, or move the "
                               "file away."));
    case STORE_OTHER_MESH:
        return message_make("store-other-mesh", N_("%s is the history of another mesh."));
    case STORE_GAP:
        return message_make("store-gap", N_("What came cannot be stored in %s: something that "
                                            "belongs before it is missing."));
    case STORE_STOPPED:
        return message_make("store-stopped", N_("Reading %s was ended before it was done."));
    }
    die("no such fault of a store: %d", (int)fault);
}

struct message store_message(enum store_fault fault, const char *path)
{
    struct message message = message_of(fault);
    message_add(&message, path);
    return message;
}

/* ---- looking ---- */

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return xstrdup(".");
    return xstrndup(path, slash == path ? 1 : (size_t)(slash - path));
}

/* Beside the file there are others, of SQLite's making. */
static enum store_fault folder_look(const char *path)
{
    char *folder = folder_of(path);
    int refused = access(folder, W_OK | X_OK) == 0 ? 0 : errno;
    free(folder);
    if (refused == 0)
        return STORE_FINE;
    return refused == EACCES || refused == EPERM || refused == EROFS ? STORE_READ_ONLY
                                                                     : STORE_NO_FOLDER;
}

static uint32_t number_at(const uint8_t *bytes)
{
    return (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 | bytes[3];
}

/* SQLite's file format, "The Database Header". */
static enum store_fault header_look(int file, bool *fresh)
{
    enum { HEADER = 100, APPLICATION_AT = 68 };
    uint8_t header[HEADER];
    ssize_t size = pread(file, header, sizeof header, 0);
    if (size < 0)
        return STORE_FAILED;
    *fresh = size == 0;
    if (size == 0)
        return STORE_FINE;
    if (size < HEADER || memcmp(header, "SQLite format 3", 16) != 0)
        return STORE_CORRUPT;
    return number_at(header + APPLICATION_AT) == STORE_APPLICATION ? STORE_FINE : STORE_FOREIGN;
}

enum store_fault file_look(const char *path, bool *fresh)
{
    struct stat status;
    *fresh = false;
    if (stat(path, &status) != 0) {
        *fresh = errno == ENOENT;
        return *fresh ? folder_look(path) : STORE_NO_FOLDER;
    }
    if (!S_ISREG(status.st_mode))
        return STORE_NO_FILE;
    if (status.st_uid != geteuid())
        return STORE_OWNER;
    if (access(path, R_OK | W_OK) != 0)
        return STORE_READ_ONLY;
    enum store_fault fault = folder_look(path);
    int file = fault == STORE_FINE ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (file < 0)
        return fault == STORE_FINE ? STORE_FAILED : fault;
    fault = header_look(file, fresh);
    close(file);
    return fault;
}

/* ---- making ---- */

/* A name that was made is there after a power cut only once its folder was written. */
static bool folder_sync(const char *path)
{
    char *folder = folder_of(path);
    int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool fine = file >= 0 && fsync(file) == 0;
    if (file >= 0)
        close(file);
    free(folder);
    return fine;
}

enum store_fault file_make(const char *path)
{
    int file = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0 && errno == EEXIST)
        return STORE_FINE;
    if (file < 0)
        return errno == ENOSPC || errno == EDQUOT ? STORE_FULL : STORE_FAILED;
    close(file);
    return STORE_FINE;
}

enum store_fault file_unborn(const char *path, char into[STORE_NAME_MAX])
{
    int size = snprintf(into, STORE_NAME_MAX, "%s.new", path);
    if (size < 0 || size >= STORE_NAME_MAX)
        return STORE_FAILED;
    if (unlink(into) != 0 && errno != ENOENT)
        return STORE_FAILED;
    return file_make(into);
}

enum store_fault file_born(const char *from, const char *path)
{
    struct stat status;
    bool stands = lstat(path, &status) == 0;
    if (stands && (!S_ISREG(status.st_mode) || status.st_size > 0)) { /* a link to nowhere */
        unlink(from);
        return STORE_NO_FILE;
    }
    return rename(from, path) == 0 && folder_sync(path) ? STORE_FINE : STORE_FAILED;
}

/* ---- aside ---- */

static bool stands(const char *path)
{
    struct stat status;
    return lstat(path, &status) == 0 || errno != ENOENT;
}

/* By the calendar of the user, as file names are for people. */
char *file_free_name(const char *path, const char *why, uint64_t wall_ms)
{
    enum { TRIES = 1000 }; /* a thousand in one day is a case for a doctor, not for a loop */
    struct tm day;
    time_t seconds = (time_t)(wall_ms / 1000);
    if (!localtime_r(&seconds, &day))
        return NULL;
    for (int i = 1; i <= TRIES; i++) {
        char name[STORE_NAME_MAX], count[16] = "";
        if (i > 1)
            snprintf(count, sizeof count, "-%d", i);
        int size = snprintf(name, sizeof name, "%s.%s-%04d-%02d-%02d%s", path, why,
                            day.tm_year + 1900, day.tm_mon + 1, day.tm_mday, count);
        if (size < 0 || (size_t)size >= sizeof name)
            return NULL;
        if (!stands(name))
            return xstrdup(name);
    }
    return NULL;
}

/* What SQLite keeps beside a file: with it, what it says may still be read; beside another file it
 * would do harm. */
static bool companion_move(const char *from, const char *to, const char *ending)
{
    char old[STORE_NAME_MAX], new[STORE_NAME_MAX];
    int size = snprintf(old, sizeof old, "%s%s", from, ending);
    int other = snprintf(new, sizeof new, "%s%s", to, ending);
    bool fits = size > 0 && other > 0 && (size_t)size < sizeof old && (size_t)other < sizeof new;
    return fits && (!stands(old) || (!stands(new) && rename(old, new) == 0));
}

enum store_fault store_set_aside(const char *path, uint64_t wall_ms, char **aside)
{
    static const char *const endings[] = {"-wal", "-journal", "-shm", ""};
    char *name = file_free_name(path, "corrupt", wall_ms);
    bool fine = name != NULL;
    for (size_t i = 0; fine && i < sizeof endings / sizeof *endings; i++)
        fine = companion_move(path, name, endings[i]);
    if (!fine || !folder_sync(path)) {
        free(name);
        return STORE_FAILED;
    }
    *aside = name;
    return STORE_FINE;
}
