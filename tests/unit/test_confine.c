/* What a confined process may not do any more. Each is tried in a child of its own, which says by
 * its exit status what came of it; so nothing of the program itself has to know of tests. */
#include "unit.h"

#include "app/confine.h"
#include "base/alloc.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define SANITIZED true
#elif defined __has_feature
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED true
#endif
#endif
#ifndef SANITIZED
#define SANITIZED false
#endif

static char own[] = "/tmp/tertulia-own-XXXXXX";     /* example path: made anew each time */
static char other[] = "/tmp/tertulia-other-XXXXXX"; /* example path: made anew each time */

static char *path_of(const char *folder, const char *name)
{
    static char paths[4][512];
    static size_t at;
    char *path = paths[at++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

/* 0, or the errno with which it could not be opened. */
static int opened(const char *path, int flags)
{
    int file = open(path, flags | O_CLOEXEC, 0600);
    if (file < 0)
        return errno;
    close(file);
    return 0;
}

/* What `act` answers, at most 254, in a process that is confined to `own`. */
static int confined_try(int (*act)(void))
{
    int status;
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        const struct confine_wish wish = {{own}, {NULL}};
        struct confined confined = confine(&wish);
        _exit(confined.privileges ? act() : 255);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    if (WIFSIGNALED(status))
        return 1000 + WTERMSIG(status);
    return WEXITSTATUS(status);
}

static bool has_filter(void)
{
#ifdef HAVE_SECCOMP
    return true;
#else
    return false;
#endif
}

/* ---- programs ---- */

static int run_true(void)
{
    char *const words[] = {(char[]){"/bin/true"}, NULL}, *const none[] = {NULL};
    execve(words[0], words, none);
    return errno;
}

/* Also where a file that may be run is open already. */
static int run_by_descriptor(void)
{
    char *const words[] = {(char[]){"true"}, NULL}, *const none[] = {NULL};
    int file = open("/bin/true", O_RDONLY | O_CLOEXEC);
    syscall(SYS_execveat, file, "", words, none, AT_EMPTY_PATH);
    return file < 0 ? 253 : errno;
}

static void no_program_is_started(void **state)
{
    (void)state;
    if (!has_filter())
        return;
    assert_int_equal(confined_try(run_true), EPERM);
    assert_int_equal(confined_try(run_by_descriptor), EPERM);
}

static int split(void)
{
    pid_t child = fork();
    if (child == 0)
        _exit(0);
    return child > 0 ? 0 : errno;
}

static void no_process_is_forked(void **state)
{
    (void)state;
    if (!(has_filter() && !SANITIZED))
        return; /* which does that when it reports */
    assert_int_equal(confined_try(split), ENOSYS);
}

static int type_into_terminal(void)
{
    char letter = 'x';
    return ioctl(STDIN_FILENO, TIOCSTI, &letter) == 0 ? 0 : errno;
}

static void nothing_is_typed_into_the_terminal(void **state)
{
    (void)state;
    if (!has_filter())
        return;
    assert_int_equal(confined_try(type_into_terminal), ENOSYS);
}

static int trace_parent(void)
{
    long word = 0;
    struct {
        void *base;
        size_t size;
    } here = {&word, sizeof word}, there = {&own, sizeof word};
    return syscall(SYS_process_vm_writev, getppid(), &here, 1, &there, 1, 0) >= 0 ? 0 : errno;
}

static void nobody_else_is_written_to(void **state)
{
    (void)state;
    if (!has_filter())
        return;
    assert_int_equal(confined_try(trace_parent), EPERM);
}

/* 0: it can be had. */
static int memory_had(int protection)
{
    int zero = open("/dev/null", O_RDONLY | O_CLOEXEC); /* not used, but a descriptor */
    void *page = mmap(NULL, 4096, protection, MAP_PRIVATE | MAP_ANONYMOUS, zero, 0);
    int error = page == MAP_FAILED ? errno : 0;
    if (page != MAP_FAILED)
        munmap(page, 4096);
    close(zero);
    return error;
}

static int memory_that_runs(void)
{
    return memory_had(PROT_READ | PROT_WRITE) ? 253
                                              : memory_had(PROT_READ | PROT_WRITE | PROT_EXEC);
}

static void no_memory_is_written_and_run(void **state)
{
    (void)state;
    if (!(has_filter() && !SANITIZED))
        return;
    assert_int_equal(confined_try(memory_that_runs), ENOSYS);
}

static int socket_had(int family, int type)
{
    int made = socket(family, type | SOCK_CLOEXEC, 0);
    if (made < 0)
        return errno;
    close(made);
    return 0;
}

static int strange_socket(void)
{
    return socket_had(AF_PACKET, SOCK_RAW);
}

static int usual_sockets(void)
{
    static const int FAMILIES[] = {AF_INET, AF_INET6, AF_NETLINK, AF_UNIX};
    for (size_t i = 0; i < sizeof FAMILIES / sizeof *FAMILIES; i++)
        if (socket_had(FAMILIES[i], SOCK_DGRAM) == ENOSYS)
            return 1;
    return 0;
}

static void only_usual_sockets_are_had(void **state)
{
    (void)state;
    if (!has_filter())
        return;
    assert_int_equal(confined_try(strange_socket), ENOSYS);
    assert_int_equal(confined_try(usual_sockets), 0);
}

/* ---- threads ---- */

static void *in_thread(void *self)
{
    int *result = self;
    *result = opened(path_of(other, "there"), O_RDONLY);
    return NULL;
}

static int thread_opens(void)
{
    pthread_t thread;
    int result = 253;
    if (pthread_create(&thread, NULL, in_thread, &result) != 0)
        return 252;
    pthread_join(thread, NULL);
    return result;
}

static void threads_start_and_are_confined_too(void **state)
{
    (void)state;
    if (!(confine_files_version() > 0))
        return;
    assert_int_equal(confined_try(thread_opens), EACCES);
}

/* ---- files ---- */

static int read_other(void)
{
    return opened(path_of(other, "there"), O_RDONLY);
}

static int append_other(void)
{
    return opened(path_of(other, "there"), O_WRONLY | O_APPEND);
}

static int make_other(void)
{
    return opened(path_of(other, "new"), O_WRONLY | O_CREAT);
}

static int remove_other(void)
{
    return unlink(path_of(other, "there")) == 0 ? 0 : errno;
}

static int take_from_other(void)
{
    return rename(path_of(other, "there"), path_of(own, "taken")) == 0 ? 0 : errno;
}

static int through_a_link(void)
{
    return opened(path_of(own, "link"), O_RDONLY);
}

static int by_the_system(void)
{
    return opened("/etc/tertulia-new", O_WRONLY | O_CREAT);
}

static void other_files_are_closed(void **state)
{
    (void)state;
    if (!(confine_files_version() > 0))
        return;
    assert_int_equal(symlink(path_of(other, "there"), path_of(own, "link")), 0);
    assert_int_equal(confined_try(read_other), EACCES);
    assert_int_equal(confined_try(append_other), EACCES);
    assert_int_equal(confined_try(make_other), EACCES);
    assert_int_equal(confined_try(remove_other), EACCES);
    assert_int_not_equal(confined_try(take_from_other), 0);
    assert_int_equal(confined_try(through_a_link), EACCES);
    assert_int_equal(confined_try(by_the_system), EACCES);
    assert_int_equal(opened(path_of(other, "there"), O_RDONLY), 0);
    unlink(path_of(own, "link"));
}

static int keep_a_history(void)
{
    int result = opened(path_of(own, "a"), O_RDWR | O_CREAT | O_EXCL);
    if (result == 0 && rename(path_of(own, "a"), path_of(own, "b")) != 0)
        result = errno;
    if (result == 0 && truncate(path_of(own, "b"), 0) != 0)
        result = errno;
    if (result == 0 && unlink(path_of(own, "b")) != 0)
        result = errno;
    return result;
}

static int read_the_system(void)
{
    int result = opened("/etc/passwd", O_RDONLY);
    result = result ? result : opened("/dev/null", O_RDWR);
    result = result ? result : opened("/proc/self/status", O_RDONLY);
    return result ? result : opened(other, O_RDONLY | O_DIRECTORY); /* names, for completion */
}

static void own_files_and_the_systems_are_there(void **state)
{
    (void)state;
    assert_int_equal(confined_try(keep_a_history), 0);
    assert_int_equal(confined_try(read_the_system), 0);
}

/* ---- what is said of it ---- */

static int count_in_status(void)
{
    char text[4096] = "";
    int file = open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    ssize_t size = read(file, text, sizeof text - 1);
    close(file);
    return size > 0 && strstr(text, "NoNewPrivs:\t1") && strstr(text, "Seccomp:\t2") ? 0 : 1;
}

static void the_kernel_says_so(void **state)
{
    (void)state;
    if (!has_filter())
        return;
    assert_int_equal(confined_try(count_in_status), 0);
}

static void what_does_not_hold_is_told(void **state)
{
    (void)state;
    static const struct {
        struct confined confined;
        const char *note;
    } ROWS[] = {
        {{true, true, 7}, "confined: no new privileges, seccomp, landlock 7"},
        {{true, true, 0}, "confined in part: no new privileges, seccomp, no landlock"},
        {{true, false, 1}, "confined in part: no new privileges, no seccomp, landlock 1"},
        {{true, false, 0}, "not confined: no new privileges, no seccomp, no landlock"},
        {{false, false, 0}, "not confined: new privileges, no seccomp, no landlock"},
    };
    char note[CONFINE_NOTE];
    for (size_t i = 0; i < sizeof ROWS / sizeof *ROWS; i++) {
        confine_note(&ROWS[i].confined, note);
        assert_string_equal(note, ROWS[i].note);
    }
}

static int folders_begin(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(own));
    assert_non_null(mkdtemp(other));
    return opened(path_of(other, "there"), O_WRONLY | O_CREAT);
}

static int folders_end(void **state)
{
    (void)state;
    unlink(path_of(other, "there"));
    return rmdir(own) != 0 || rmdir(other) != 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(other_files_are_closed),
        cmocka_unit_test(no_program_is_started),
        cmocka_unit_test(no_process_is_forked),
        cmocka_unit_test(nothing_is_typed_into_the_terminal),
        cmocka_unit_test(nobody_else_is_written_to),
        cmocka_unit_test(no_memory_is_written_and_run),
        cmocka_unit_test(only_usual_sockets_are_had),
        cmocka_unit_test(threads_start_and_are_confined_too),
        cmocka_unit_test(own_files_and_the_systems_are_there),
        cmocka_unit_test(the_kernel_says_so),
        cmocka_unit_test(what_does_not_hold_is_told),
    };
    return cmocka_run_group_tests(tests, folders_begin, folders_end);
}
