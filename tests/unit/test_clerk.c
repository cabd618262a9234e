/* What the clerk does, and what it does not do for anybody; the same without one. */
#include "unit.h"

#include "app/clerk.h"
#include "app/confine.h"
#include "base/alloc.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static char folder[] = "/tmp/tertulia-clerk-XXXXXX"; /* example path: made anew each time */

static char *path_of(const char *name)
{
    static char paths[4][512];
    static size_t at;
    char *path = paths[at++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", folder, name);
    return path;
}

static size_t files_count(void)
{
    size_t count = 0;
    DIR *list = opendir(folder);
    assert_non_null(list);
    // cppcheck-suppress readdirCalled ; safe: one thread
    for (const struct dirent *one; (one = readdir(list));)
        count += strcmp(one->d_name, ".") != 0 && strcmp(one->d_name, "..") != 0;
    closedir(list);
    return count;
}

static bool holds(const char *path, const char *text)
{
    char bytes[256] = "";
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t size = file < 0 ? -1 : read(file, bytes, sizeof bytes - 1);
    if (file >= 0)
        close(file);
    return size == (ssize_t)strlen(text) && strcmp(bytes, text) == 0;
}

static struct clerk_paper *begin_with(struct clerk *clerk, const char *name, const char *text)
{
    struct clerk_paper *paper = clerk_begin(clerk, path_of(name));
    assert_non_null(paper);
    ssize_t size = write(clerk_descriptor(paper), text, strlen(text));
    assert_int_equal(size, strlen(text));
    return paper;
}

/* Once with a clerk, once without. */
static void each(void (*story)(struct clerk *clerk), const char *transcript)
{
    story(NULL);
    struct clerk *clerk = clerk_new(transcript);
    assert_non_null(clerk);
    story(clerk);
    clerk_free(clerk);
    assert_int_equal(files_count(), 0);
}

static void write_whole(struct clerk *clerk)
{
    struct stat status;
    struct clerk_paper *paper = begin_with(clerk, "all.txt", "hola\n");
    assert_int_equal(access(path_of("all.txt"), F_OK), -1);
    assert_int_equal(clerk_end(paper), 0);
    assert_true(holds(path_of("all.txt"), "hola\n"));
    assert_int_equal(stat(path_of("all.txt"), &status), 0);
    assert_int_equal(status.st_mode & 0777, 0600);
    assert_int_equal(files_count(), 1);
    assert_int_equal(unlink(path_of("all.txt")), 0);
}

static void a_file_has_its_name_when_it_is_whole(void **state)
{
    (void)state;
    each(write_whole, NULL);
}

static void write_over(struct clerk *clerk)
{
    struct clerk_paper *first = begin_with(clerk, "same.txt", "first");
    assert_int_equal(clerk_end(first), 0);
    assert_null(clerk_begin(clerk, path_of("same.txt")));
    assert_int_equal(errno, EEXIST);
    /* somebody makes it while we write */
    assert_int_equal(rename(path_of("same.txt"), path_of("away")), 0);
    struct clerk_paper *second = begin_with(clerk, "same.txt", "second");
    assert_int_equal(rename(path_of("away"), path_of("same.txt")), 0);
    assert_int_equal(clerk_end(second), EEXIST);
    assert_true(holds(path_of("same.txt"), "first"));
    assert_int_equal(files_count(), 1);
    assert_int_equal(unlink(path_of("same.txt")), 0);
}

static void nothing_is_replaced(void **state)
{
    (void)state;
    each(write_over, NULL);
}

static void write_and_regret(struct clerk *clerk)
{
    struct clerk_paper *paper = begin_with(clerk, "half.md", "half");
    assert_int_equal(files_count(), 1);
    clerk_drop(paper);
    assert_int_equal(files_count(), 0);
    assert_null(clerk_begin(clerk, path_of("no/such.txt")));
    assert_int_equal(errno, ENOENT);
}

static void what_is_dropped_is_gone(void **state)
{
    (void)state;
    each(write_and_regret, NULL);
}

/* What would be run or read by other programs has none of the three endings. */
static void the_clerk_makes_conversations_only(void **state)
{
    (void)state;
    static const char *const NAMES[] = {".profile", "x.desktop", "authorized_keys", "x.txt.sh",
                                        "txt"};
    struct clerk *clerk = clerk_new(NULL);
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        errno = 0;
        assert_null(clerk_begin(clerk, path_of(NAMES[i])));
        assert_int_equal(errno, EACCES);
    }
    assert_int_equal(clerk_transcript(clerk, path_of("x.txt")), -1);
    assert_int_equal(errno, EACCES);
    assert_int_equal(files_count(), 0);
    clerk_free(clerk);
}

static void a_path_that_is_too_long_is_refused(void **state)
{
    (void)state;
    char *path = xmalloc(CLERK_PATH + 1);
    memset(path, 'a', CLERK_PATH);
    memcpy(path + CLERK_PATH - 4, ".txt", 5);
    struct clerk *clerk = clerk_new(NULL);
    assert_null(clerk_begin(clerk, path));
    assert_int_equal(errno, ENAMETOOLONG);
    clerk_free(clerk);
    free(path);
}

/* Whatever path is asked for. */
static void the_transcript_is_the_one_of_the_start(void **state)
{
    (void)state;
    char *path = xstrdup(path_of("talk"));
    struct clerk *clerk = clerk_new(path);
    for (int i = 0; i < 2; i++) {
        int file = clerk_transcript(clerk, path_of("another"));
        assert_true(file >= 0);
        assert_int_equal(write(file, "x", 1), 1);
        close(file);
    }
    assert_true(holds(path, "xx"));
    assert_int_equal(files_count(), 1);
    clerk_free(clerk);
    assert_int_equal(unlink(path), 0);
    free(path);
}

static void ask_for_holder(struct clerk *clerk)
{
    struct sockaddr_in address = {.sin_family = AF_INET};
    socklen_t size = sizeof address;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    assert_int_equal(listen(listener, 1), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&address, &size), 0);
    struct holder holder = clerk_holder(clerk, ntohs(address.sin_port), false);
    assert_int_equal(holder.pid, getpid());
    close(listener);
    assert_int_equal(clerk_holder(clerk, ntohs(address.sin_port), false).pid, 0);
}

static void who_holds_a_port_is_known(void **state)
{
    (void)state;
    each(ask_for_holder, NULL);
}

static void a_confined_program_gets_its_file(void **state)
{
    (void)state;
    int status;
    pid_t child = fork();
    if (child == 0) {
        const struct confine_wish wish = {{NULL}, {NULL}};
        struct clerk *clerk = clerk_new(NULL);
        (void)confine(&wish);
        int direct = open(path_of("direct.txt"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (confine_files_version() > 0 && (direct >= 0 || errno != EACCES))
            _exit(1);
        struct clerk_paper *paper = clerk_begin(clerk, path_of("asked.txt"));
        if (!paper || write(clerk_descriptor(paper), "ok", 2) != 2 || clerk_end(paper) != 0)
            _exit(2);
        clerk_free(clerk);
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
    assert_true(holds(path_of("asked.txt"), "ok"));
    assert_int_equal(unlink(path_of("asked.txt")), 0);
    (void)unlink(path_of("direct.txt"));
}

/* A killed program leaves nothing half written, and no process. */
static void who_is_killed_leaves_nothing(void **state)
{
    (void)state;
    int status;
    assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1), 0); /* whom it leaves behind is ours */
    pid_t child = fork();
    if (child == 0) {
        struct clerk *clerk = clerk_new(NULL);
        struct clerk_paper *paper = clerk_begin(clerk, path_of("half.json"));
        if (!paper || write(clerk_descriptor(paper), "[", 1) != 1)
            _exit(1);
        raise(SIGKILL);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
    assert_true(waitpid(-1, &status, 0) > 0); /* the clerk ends by itself */
    assert_int_equal(status, 0);
    assert_int_equal(waitpid(-1, &status, 0), -1);
    assert_int_equal(files_count(), 0);
}

static int folder_begin(void **state)
{
    (void)state;
    return mkdtemp(folder) ? 0 : -1;
}

static int folder_end(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_clerk_makes_conversations_only),
        cmocka_unit_test(who_is_killed_leaves_nothing),
        cmocka_unit_test(a_confined_program_gets_its_file),
        cmocka_unit_test(a_file_has_its_name_when_it_is_whole),
        cmocka_unit_test(nothing_is_replaced),
        cmocka_unit_test(what_is_dropped_is_gone),
        cmocka_unit_test(a_path_that_is_too_long_is_refused),
        cmocka_unit_test(the_transcript_is_the_one_of_the_start),
        cmocka_unit_test(who_holds_a_port_is_known),
    };
    return cmocka_run_group_tests(tests, folder_begin, folder_end);
}
