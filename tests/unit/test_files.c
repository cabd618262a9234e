/* Names of files for completion: what begins so, in order, and only what can be typed. */
#include "unit.h"

#include "app/files.h"
#include "base/alloc.h"

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/tertulia-files-XXXXXX"; /* example path: made anew each time */
static struct files *files;

static void touch(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int made = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert_true(made >= 0);
    close(made);
}

static void make_folder(const char *name)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    assert_int_equal(mkdir(path, 0700), 0);
}

/* "a b/": all that is offered for a prefix in the folder, which is left out of what comes back. */
static const char *offered(const char *prefix)
{
    static char into[4096];
    char typed[512];
    const char *found;
    size_t at = 0, skip = strlen(folder) + 1;
    snprintf(typed, sizeof typed, "%s/%s", folder, prefix);
    into[0] = '\0';
    for (size_t i = 0; (found = files_candidate(files, typed, i)) != NULL; i++) {
        assert_int_equal(strncmp(found, typed, strlen(typed)), 0);
        at += (size_t)snprintf(into + at, sizeof into - at, "%s%s", i > 0 ? " " : "", found + skip);
    }
    return into;
}

static void what_begins_so_is_offered(void **state)
{
    (void)state;
    assert_string_equal(offered(""), "Notas.txt b.txt ca\u00f1a deep/ loop to-deep/");
    assert_string_equal(offered("b"), "b.txt");
    assert_string_equal(offered("d"), "deep/");
    assert_string_equal(offered("deep/"), "deep/one deep/two");
    assert_string_equal(offered("deep/o"), "deep/one");
    assert_string_equal(offered("ca\xc3\xb1"), "ca\u00f1a");
    assert_string_equal(offered("n"), ""); /* to the byte, as files are */
    assert_string_equal(offered("."), ".hidden");
    assert_string_equal(offered("nowhere/"), "");
    assert_string_equal(offered("b.txt/"), "");
}

static void the_home_stays_as_it_was_typed(void **state)
{
    (void)state;
    setenv("HOME", folder, 1);
    assert_string_equal(files_candidate(files, "~/b", 0), "~/b.txt");
    assert_null(files_candidate(files, "~/b", 1));
    char *path = files_path("~/b.txt");
    assert_memory_equal(path, folder, strlen(folder));
    assert_string_equal(path + strlen(folder), "/b.txt");
    free(path);
    path = files_path("b~/c");
    assert_string_equal(path, "b~/c");
    free(path);
}

static void where_one_is_needs_no_folder(void **state)
{
    (void)state;
    char *before = getcwd(NULL, 0);
    assert_int_equal(chdir(folder), 0);
    assert_string_equal(files_candidate(files, "No", 0), "Notas.txt");
    assert_string_equal(files_candidate(files, "", 0), "Notas.txt");
    assert_string_equal(files_candidate(files, "", 3), "deep/");
    assert_int_equal(chdir(before), 0);
    free(before);
}

static void crowds_have_an_end(void **state)
{
    (void)state;
    char name[64], first[512];
    make_folder("many");
    for (int i = 0; i < FILES_KEPT + 10; i++) {
        snprintf(name, sizeof name, "many/%05d", i);
        touch(name);
    }
    snprintf(first, sizeof first, "%s/many/", folder);
    assert_non_null(files_candidate(files, first, 0));
    assert_non_null(files_candidate(files, first, FILES_KEPT - 1));
    assert_null(files_candidate(files, first, FILES_KEPT));
    snprintf(first, sizeof first, "%s/many/01033", folder); /* the last one is found all the same */
    assert_string_equal(files_candidate(files, first, 0), first);
}

static int start(void **state)
{
    (void)state;
    assert_non_null(mkdtemp(folder));
    static const char *const names[] = {"b.txt",   "Notas.txt", "ca\u00f1a",   ".hidden",
                                        "bad\xff", "bad\nline", "bad\x1b[31m", "bad\xc2\x9bm"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        touch(names[i]);
    make_folder("deep");
    touch("deep/one");
    touch("deep/two");
    char path[512];
    snprintf(path, sizeof path, "%s/loop", folder);
    assert_int_equal(symlink("loop", path), 0);
    snprintf(path, sizeof path, "%s/to-deep", folder);
    assert_int_equal(symlink("deep", path), 0);
    files = files_new();
    return 0;
}

static int on_path(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    (void)about;
    (void)kind;
    (void)place;
    return remove(path);
}

static int stop(void **state)
{
    (void)state;
    files_free(files);
    return nftw(folder, on_path, 8, FTW_DEPTH | FTW_PHYS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_begins_so_is_offered),
        cmocka_unit_test(the_home_stays_as_it_was_typed),
        cmocka_unit_test(where_one_is_needs_no_folder),
        cmocka_unit_test(crowds_have_an_end),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
