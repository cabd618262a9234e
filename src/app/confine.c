/* Landlock is spoken to in raw numbers, for headers are older than kernels: a field that an old
 * kernel does not know is zero, and then it takes the whole. */
#include "app/confine.h"

#include "base/alloc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __linux__
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* ---- system calls ----------------------------------------------------------------------------*/

#ifdef HAVE_SECCOMP
static const struct sock_filter FILTER[] = {
#include "app/confine_filter.h"
};

static bool filter_set(void)
{
    struct sock_fprog program = {sizeof FILTER / sizeof *FILTER, (struct sock_filter *)FILTER};
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) == 0;
}
#else
static bool filter_set(void)
{
    return false;
}
#endif

struct confined confine_calls(void)
{
    struct confined confined = {.privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0};
    confined.filter = confined.privileges && filter_set();
    return confined;
}

/* ---- files -----------------------------------------------------------------------------------*/

enum { RULESET_VERSION = 1, RULE_BENEATH = 1 };

/* The same on every machine. */
enum { CALL_CREATE = 444, CALL_ADD = 445, CALL_RESTRICT = 446 };

enum {
    FILE_EXECUTE = 1 << 0,
    FILE_WRITE = 1 << 1,
    FILE_READ = 1 << 2,
    FOLDER_READ = 1 << 3,
    REMOVE_FILE = 1 << 5,
    MAKE_FILE = 1 << 8,
    FIRST_RIGHTS = (1 << 13) - 1, /* of the first version; later ones: */
    REFER = 1 << 13,
    TRUNCATE = 1 << 14,
    DEVICE_IOCTL = 1 << 15,
    OF_A_FILE = FILE_EXECUTE | FILE_WRITE | FILE_READ | TRUNCATE | DEVICE_IOCTL,
    READING = FILE_READ | FOLDER_READ,
    KEEPING = READING | FILE_WRITE | TRUNCATE | REMOVE_FILE | MAKE_FILE,
    SCOPE_ABSTRACT_SOCKETS = 1 << 0,
};

struct ruleset {
    uint64_t files, net, scoped;
};

struct beneath {
    uint64_t allowed;
    int32_t parent;
} __attribute__((packed));

int confine_files_version(void)
{
    long version = syscall(CALL_CREATE, NULL, 0, RULESET_VERSION);
    return version > 0 ? (int)version : 0;
}

static uint64_t rights_of(int version)
{
    return FIRST_RIGHTS | (version >= 2 ? REFER : 0u) | (version >= 3 ? TRUNCATE : 0u) |
           (version >= 5 ? DEVICE_IOCTL : 0u);
}

struct rules {
    int set;
    uint64_t handled;
};

static void allow_at(const struct rules *rules, int at, uint64_t rights)
{
    struct stat status;
    if (fstat(at, &status) != 0)
        return;
    uint64_t fit = S_ISDIR(status.st_mode) ? rights : rights & OF_A_FILE;
    struct beneath beneath = {fit & rules->handled, at};
    (void)syscall(CALL_ADD, rules->set, RULE_BENEATH, &beneath, 0);
}

/* What is not there needs no permission. */
static void allow(const struct rules *rules, const char *path, uint64_t rights)
{
    int at = path && *path ? open(path, O_PATH | O_CLOEXEC) : -1;
    if (at < 0)
        return;
    allow_at(rules, at, rights);
    close(at);
}

/* `below`: under each of them. */
static void allow_listed(const struct rules *rules, const char *variable)
{
    const char *list = getenv(variable);
    while (list && *list) {
        size_t size = strcspn(list, ":");
        char *path = xstrndup(list, size);
        allow(rules, path, READING);
        free(path);
        list += size + (list[size] == ':');
    }
}

static void allow_below_home(const struct rules *rules, const char *name)
{
    char path[4096];
    const char *home = getenv("HOME");
    int size = home ? snprintf(path, sizeof path, "%s/%s", home, name) : 0;
    if (size > 0 && (size_t)size < sizeof path)
        allow(rules, path, READING);
}

/* It is made anew when the network changes: so its folder, wherever the link leads. */
static void allow_names(const struct rules *rules)
{
    char *path = realpath("/etc/resolv.conf", NULL);
    char *slash = path ? strrchr(path, '/') : NULL;
    if (slash && slash != path) {
        *slash = '\0';
        allow(rules, path, READING);
    }
    free(path);
}

/* What libraries read whenever they like: names of hosts, time zones, messages, terminals. Which
 * files there are may be seen everywhere, for completion; what is in them may not. */
static void allow_system(const struct rules *rules)
{
    static const char *const READ[] = {"/usr",    "/lib",        "/lib64",     "/etc",
                                       "/proc",   "/sys",        "/nix/store", "/gnu/store",
                                       LOCALEDIR, "/dev/urandom"};
    for (size_t i = 0; i < sizeof READ / sizeof *READ; i++)
        allow(rules, READ[i], READING);
    allow(rules, "/", FOLDER_READ);
    allow(rules, "/dev/null", FILE_READ | FILE_WRITE);
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
        allow_at(rules, i, FILE_READ | FILE_WRITE | DEVICE_IOCTL);
    allow_names(rules);
    allow_below_home(rules, ".terminfo");
    allow_listed(rules, "TERMINFO");
    allow_listed(rules, "TERMINFO_DIRS");
    allow_listed(rules, "TZDIR");
    allow_listed(rules, "LOCPATH");
}

static int files_confine(const struct confine_wish *wish)
{
    int version = confine_files_version();
    struct ruleset attributes = {rights_of(version), 0,
                                 version >= 6 ? (uint64_t)SCOPE_ABSTRACT_SOCKETS : 0};
    struct rules rules = {-1, attributes.files};
    if (version > 0)
        rules.set = (int)syscall(CALL_CREATE, &attributes, sizeof attributes, 0);
    if (rules.set < 0)
        return 0;
    allow_system(&rules);
    for (size_t i = 0; i < CONFINE_FOLDERS; i++) {
        allow(&rules, wish->read[i], READING);
        allow(&rules, wish->written[i], KEEPING);
    }
    bool done = syscall(CALL_RESTRICT, rules.set, 0) == 0;
    close(rules.set);
    return done ? version : 0;
}

struct confined confine(const struct confine_wish *wish)
{
    struct confined confined = {.privileges = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0};
    if (!confined.privileges)
        return confined;
    int files = files_confine(wish);
    confined = confine_calls(); /* last: it allows none of the calls above */
    confined.files = files;
    return confined;
}

#else
int confine_files_version(void)
{
    return 0;
}

struct confined confine(const struct confine_wish *wish)
{
    (void)wish;
    return (struct confined){0};
}

struct confined confine_calls(void)
{
    return (struct confined){0};
}
#endif

void confine_note(const struct confined *confined, char into[CONFINE_NOTE])
{
    /* not translated: the debug log is in English */
    static const char *const WHOLE[] = {"not confined", "confined in part", "confined"};
    /* not translated: the same */
    static const char *const NOTES[] = {"new privileges", "no new privileges", "no seccomp",
                                        "seccomp"};
    char files[32] = "no landlock"; /* not translated: the same */
    if (confined->files)
        snprintf(files, sizeof files, "landlock %d", confined->files);
    snprintf(into, CONFINE_NOTE, "%s: %s, %s, %s", WHOLE[confined->filter + (confined->files > 0)],
             NOTES[confined->privileges], NOTES[2 + confined->filter], files);
}
