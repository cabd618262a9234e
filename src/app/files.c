/* A folder's entries that begin so, sorted. */
#include "app/files.h"

#include "base/alloc.h"
#include "base/utf8.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

struct files {
    char *kept[FILES_KEPT];
    size_t count;
};

struct files *files_new(void)
{
    return xcalloc(1, sizeof(struct files));
}

static void files_clear(struct files *files)
{
    while (files->count > 0)
        free(files->kept[--files->count]);
}

void files_free(struct files *files)
{
    if (files)
        files_clear(files);
    free(files);
}

char *files_path(const char *typed)
{
    const char *home = getenv("HOME");
    if (strncmp(typed, "~/", 2) != 0 || !home || !home[0])
        return xstrdup(typed);
    size_t size = strlen(home) + strlen(typed);
    char *path = xmalloc(size);
    snprintf(path, size, "%s%s", home, typed + 1);
    return path;
}

static bool can_be_typed(const char *name)
{
    size_t size = strlen(name);
    for (size_t at = 0; at < size;) {
        int32_t code;
        at += utf8_step(name + at, size - at, &code);
        if (code < 0x20 || (code >= 0x7f && code < 0xa0))
            return false; /* what is not UTF-8 has a negative code */
    }
    return true;
}

static bool is_folder(int folder, const char *name)
{
    struct stat about;
    return fstatat(folder, name, &about, 0) == 0 && S_ISDIR(about.st_mode);
}

/* `typed` is the folder as it was typed, with its slash, or "". */
static void keep(struct files *files, const char *typed, size_t typed_size, const char *name,
                 bool folder)
{
    size_t size = typed_size + strlen(name) + 2;
    char *path = xmalloc(size);
    snprintf(path, size, "%.*s%s%s", (int)typed_size, typed, name, folder ? "/" : "");
    files->kept[files->count++] = path;
}

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void folder_read(struct files *files, const char *prefix)
{
    const char *slash = strrchr(prefix, '/');
    const char *start = slash ? slash + 1 : prefix;
    size_t typed_size = (size_t)(start - prefix), start_size = strlen(start);
    char *typed = xstrndup(prefix, typed_size);
    char *path = files_path(typed_size > 0 ? typed : ".");
    DIR *folder = opendir(path);
    struct dirent *entry;
    // cppcheck-suppress readdirCalled ; safe: each thread has its own folder open
    for (size_t i = 0; folder && i < FILES_READ && (entry = readdir(folder)); i++) {
        const char *name = entry->d_name;
        bool hidden = name[0] == '.' && start[0] != '.';
        bool itself = strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
        if (!hidden && !itself && strncmp(name, start, start_size) == 0 && can_be_typed(name) &&
            files->count < FILES_KEPT)
            keep(files, typed, typed_size, name, is_folder(dirfd(folder), name));
    }
    if (folder)
        closedir(folder);
    free(typed);
    free(path);
    qsort(files->kept, files->count, sizeof *files->kept, compare);
}

const char *files_candidate(struct files *files, const char *prefix, size_t index)
{
    if (index == 0) {
        files_clear(files);
        folder_read(files, prefix);
    }
    return index < files->count ? files->kept[index] : NULL;
}
