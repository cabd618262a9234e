/* All that takes memory or time is done at the start: the path, the last words, and the first call
 * of backtrace, which loads a library. In the signal handler only what may be done there is done.
 */
#include "app/crash.h"

#include "base/alloc.h"
#include "base/gettext.h"
#include "base/sys.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef HAVE_EXECINFO_H
#include <execinfo.h>
#endif

enum {
    FRAMES = 64,
    PATH_BYTES = 4096,
    SAY_BYTES = PATH_BYTES + 1024,
    CRASH_STACK = 64 * 1024, /* the program's own may be what is full */
};

static const char DATE[] = "YYYYMMDD-HHMMSS"; /* of its length: the place is known at the start */
static const char REPORT[] = "crash-YYYYMMDD-HHMMSS.txt";

static char path[PATH_BYTES]; /* "": there is none */
static char farewell[SAY_BYTES];
static char *dates[2]; /* the places in both; the second NULL where there is no file */
static char stack[CRASH_STACK];

static const int CRASHES[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGTRAP, SIGSYS};
enum { CRASHES_COUNT = sizeof CRASHES / sizeof *CRASHES };
static struct sigaction before[CRASHES_COUNT];

/* ---- in the handler ---- */

static char *digits(char *at, uint64_t number, size_t count)
{
    for (size_t i = count; i-- > 0; number /= 10)
        at[i] = (char)('0' + number % 10);
    return at + count;
}

/* UTC, in the Gregorian calendar, whose years are taken to begin in March. */
static void date_write(uint64_t seconds, char *at)
{
    uint64_t days = seconds / 86400 + 719468, left = seconds % 86400;
    uint64_t era = days / 146097, day = days % 146097;
    uint64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
    day -= 365 * year + year / 4 - year / 100;
    uint64_t month = (5 * day + 2) / 153;
    day -= (153 * month + 2) / 5;
    month = month < 10 ? month + 3 : month - 9;
    at = digits(at, year + 400 * era + (month <= 2), 4);
    at = digits(at, month, 2);
    at = digits(at, day + 1, 2);
    *at++ = '-';
    at = digits(at, left / 3600, 2);
    at = digits(at, left / 60 % 60, 2);
    digits(at, left % 60, 2);
}

static void put(int file, const char *text, size_t size)
{
    ssize_t done = write(file, text, size);
    (void)done; /* nobody is left to be told */
}

static void report_write(int number, const char *date)
{
    static const char head[] = "tertulia " PACKAGE_VERSION "\nsignal ";
    char line[32] = "00\nat ";
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0)
        return;
    digits(line, (uint64_t)number, 2);
    put(file, head, sizeof head - 1);
    put(file, line, 6);
    put(file, date, sizeof DATE - 1);
    put(file, "Z\n", 2);
#ifdef HAVE_EXECINFO_H
    void *frames[FRAMES];
    backtrace_symbols_fd(frames, backtrace(frames, FRAMES), file);
#endif
    close(file);
}

static void on_crash(int number)
{
    struct sys sys = sys_real();
    int64_t now = sys_wall_ms(&sys) / 1000;
    char date[sizeof DATE];
    for (size_t i = 0; i < CRASHES_COUNT; i++)
        sigaction(CRASHES[i], &before[i], NULL); /* a crash in here is nobody's */
    date_write(now > 0 ? (uint64_t)now : 0, date);
    for (size_t i = 0; i < 2; i++)
        if (dates[i])
            memcpy(dates[i], date, sizeof DATE - 1);
    if (path[0])
        report_write(number, date);
    put(STDERR_FILENO, farewell, strlen(farewell));
    raise(number); /* it waits until we return */
}

/* ---- before ---- */

static int is_report(const struct dirent *entry)
{
    return strncmp(entry->d_name, "crash-", 6) == 0 && strlen(entry->d_name) == sizeof REPORT - 1;
}

/* There is room for one more; their names say how old they are. */
static void oldest_drop(const char *folder)
{
    struct dirent **reports;
    int count = scandir(folder, &reports, is_report, alphasort);
    for (int i = 0; i < count; i++) {
        char old[PATH_BYTES];
        int size = snprintf(old, sizeof old, "%s/%s", folder, reports[i]->d_name);
        if (i <= count - CRASHES_KEPT && size < (int)sizeof old)
            (void)unlink(old);
        free(reports[i]);
    }
    if (count >= 0)
        free(reports);
}

static void farewell_make(const char *folder)
{
    char text[SAY_BYTES];
    int size = folder ? snprintf(path, sizeof path, "%s/%s", folder, REPORT) : -1;
    if (size < 0 || size >= (int)sizeof path)
        path[0] = '\0';
    if (path[0])
        snprintf(text, sizeof text,
                 _("a defect of its own ended it. A report, without a word of what was said: %s"),
                 path);
    else
        snprintf(text, sizeof text, "%s", _("a defect of its own ended it."));
    snprintf(farewell, sizeof farewell, "tertulia: %.*s\n", SAY_BYTES - 16, text);
    dates[0] = path[0] ? path + strlen(path) - strlen(REPORT) + strlen("crash-") : NULL;
    dates[1] = path[0] ? strstr(farewell, DATE) : NULL;
}

/* Somebody (a sanitizer) may have made one already. */
static void stack_make(void)
{
    stack_t known, own = {.ss_sp = stack, .ss_size = CRASH_STACK};
    if (sigaltstack(NULL, &known) == 0 && (known.ss_flags & SS_DISABLE))
        sigaltstack(&own, NULL);
}

void crash_watch(const char *folder)
{
    struct sigaction action = {.sa_handler = on_crash, .sa_flags = SA_ONSTACK};
    if (folder)
        oldest_drop(folder);
    farewell_make(folder);
    stack_make();
#ifdef HAVE_EXECINFO_H
    void *frames[1];
    (void)backtrace(frames, 1);
#endif
    sigfillset(&action.sa_mask);
    for (size_t i = 0; i < CRASHES_COUNT; i++) {
        sigaction(CRASHES[i], NULL, &before[i]);
        if (before[i].sa_handler != SIG_IGN)
            sigaction(CRASHES[i], &action, NULL);
    }
}
