/* The folders, the key and the lock, as somebody finds them who did something else with them. */
#include "unit.h"

#include "app/home.h"
#include "base/alloc.h"
#include "core/mesh.h"

#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

struct place {
    char folder[64];
    char home[128];
    struct sys sys;
    struct sys_fake world;
};

static int begin(void **state)
{
    struct place *place = xcalloc(1, sizeof *place);
    snprintf(place->folder, sizeof place->folder, "/tmp/test-home-XXXXXX");
    assert_non_null(mkdtemp(place->folder));
    snprintf(place->home, sizeof place->home, "%s/a/b", place->folder);
    place->world.seed = 7;
    place->sys = sys_fake(&place->world);
    *state = place;
    return 0;
}

static int file_remove(const char *path, const struct stat *status, int kind, struct FTW *at)
{
    (void)status;
    (void)kind;
    (void)at;
    return remove(path);
}

static int end(void **state)
{
    struct place *place = *state;
    nftw(place->folder, file_remove, 8, FTW_DEPTH | FTW_PHYS);
    free(place);
    return 0;
}

static const char *inside(const struct place *place, const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", place->home, name);
    return path;
}

static unsigned mode_of(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 ? status.st_mode & 07777 : 0;
}

static void opened(const struct place *place, struct home *home)
{
    assert_null(home_open(home, place->home));
}

/* The sentence says this. */
static void says(char *why, const char *part)
{
    assert_non_null(why);
    if (!strstr(why, part))
        fail_msg("\"%s\" does not say \"%s\"", why, part);
    free(why);
}

static struct id key_get(struct place *place, bool *made)
{
    struct home home;
    struct identity identity;
    opened(place, &home);
    assert_null(home_identity(&home, &place->sys, &identity, made));
    home_done(&home);
    return identity.id;
}

static char *key_refused(struct place *place)
{
    struct home home;
    struct identity identity;
    bool made;
    opened(place, &home);
    char *why = home_identity(&home, &place->sys, &identity, &made);
    home_done(&home);
    return why;
}

/* ---- the key ---- */

static void the_key_is_made_once(void **state)
{
    struct place *place = *state;
    bool made;
    struct id first = key_get(place, &made);
    assert_true(made);
    assert_int_equal(mode_of(place->home), 0700);
    assert_int_equal(mode_of(inside(place, "identity")), 0600);
    assert_int_not_equal(access(inside(place, "identity.new"), F_OK), 0);
    struct id second = key_get(place, &made);
    assert_false(made);
    assert_true(id_equal(&first, &second));
}

static void a_mask_of_any_kind_makes_the_same_modes(void **state)
{
    struct place *place = *state;
    bool made;
    mode_t mask = umask(0);
    (void)key_get(place, &made);
    umask(mask);
    assert_int_equal(mode_of(place->home), 0700);
    assert_int_equal(mode_of(inside(place, "identity")), 0600);
    assert_int_equal(mode_of(inside(place, "lock")), 0600);
}

static void a_start_that_was_cut_short_is_no_hindrance(void **state)
{
    struct place *place = *state;
    struct home home;
    bool made;
    opened(place, &home);
    home_done(&home);
    int draft = open(inside(place, "identity.new"), O_WRONLY | O_CREAT, 0644);
    assert_int_equal(write(draft, "half", 4), 4);
    close(draft);
    (void)key_get(place, &made);
    assert_true(made);
    assert_int_equal(mode_of(inside(place, "identity")), 0600);
}

static void a_key_that_others_may_read_is_not_used(void **state)
{
    struct place *place = *state;
    bool made;
    struct id id = key_get(place, &made);
    const unsigned modes[] = {0644, 0640, 0604, 0660, 0601};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        assert_int_equal(chmod(inside(place, "identity"), modes[i]), 0);
        char fix[300];
        snprintf(fix, sizeof fix, "chmod 600 \"%s\"", inside(place, "identity"));
        says(key_refused(place), fix);
        assert_int_equal(mode_of(inside(place, "identity")), modes[i]);
    }
    assert_int_equal(chmod(inside(place, "identity"), 0600), 0);
    struct id again = key_get(place, &made);
    assert_true(id_equal(&id, &again));
}

static void a_key_of_another_size_is_kept_as_it_is(void **state)
{
    struct place *place = *state;
    struct stat status;
    bool made;
    (void)key_get(place, &made);
    const long sizes[] = {0, 31, 33, 64};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        assert_int_equal(truncate(inside(place, "identity"), sizes[i]), 0);
        says(key_refused(place), "damaged");
        assert_int_equal(stat(inside(place, "identity"), &status), 0);
        assert_int_equal(status.st_size, sizes[i]);
    }
}

static void what_is_no_key_is_not_followed(void **state)
{
    struct place *place = *state;
    bool made;
    (void)key_get(place, &made);
    char other[256];
    snprintf(other, sizeof other, "%s", inside(place, "elsewhere"));
    assert_int_equal(rename(inside(place, "identity"), other), 0);
    assert_int_equal(symlink(other, inside(place, "identity")), 0);
    says(key_refused(place), "is a link");
    assert_int_equal(unlink(other), 0); /* a link that leads nowhere is in the way too */
    says(key_refused(place), "is a link");
    assert_int_equal(unlink(inside(place, "identity")), 0);
    assert_int_equal(mkdir(inside(place, "identity"), 0700), 0);
    says(key_refused(place), "is no file");
    assert_int_equal(rmdir(inside(place, "identity")), 0);
    assert_int_equal(mkfifo(inside(place, "identity"), 0600), 0);
    says(key_refused(place), "is no file");
}

static void a_key_of_another_user_is_not_used(void **state)
{
    struct place *place = *state;
    bool made;
    if (geteuid() != 0)
        skip();
    (void)key_get(place, &made);
    assert_int_equal(chown(inside(place, "identity"), 12345, 12345), 0);
    says(key_refused(place), "chown 0 ");
}

/* ---- the folders ---- */

static void an_open_folder_is_refused_with_the_fix(void **state)
{
    struct place *place = *state;
    struct home home;
    bool made;
    (void)key_get(place, &made);
    assert_int_equal(chmod(place->home, 0755), 0);
    says(home_open(&home, place->home), "chmod 700");
    assert_int_equal(mode_of(place->home), 0755);
    assert_int_equal(home.lock, -1);
}

static void a_file_is_no_folder(void **state)
{
    struct place *place = *state;
    struct home home;
    char path[256];
    bool made;
    (void)key_get(place, &made);
    says(home_open(&home, inside(place, "identity")), "is not a folder");
    snprintf(path, sizeof path, "%s", inside(place, "identity/below"));
    says(home_open(&home, path), "cannot be used");
}

static void xdg_says_where(void **state)
{
    struct place *place = *state;
    struct home home;
    char path[256];
    setenv("XDG_DATA_HOME", place->folder, 1);
    setenv("XDG_CONFIG_HOME", "not/absolute", 1);
    setenv("HOME", place->folder, 1);
    assert_null(home_open(&home, NULL));
    snprintf(path, sizeof path, "%s/tertulia", place->folder);
    assert_string_equal(home.data, path);
    snprintf(path, sizeof path, "%s/.config/tertulia", place->folder);
    assert_string_equal(home.config, path);
    assert_int_equal(mode_of(path), 0700);
    snprintf(path, sizeof path, "%s/.local/state/tertulia", place->folder);
    assert_string_equal(home.state, path);
    assert_int_equal(mode_of(path), 0700);
    home_done(&home);
    setenv("XDG_STATE_HOME", "/proc/nobody", 1); /* where nothing can be: that stops nobody */
    assert_null(home_open(&home, NULL));
    assert_null(home.state);
    home_done(&home);
    unsetenv("XDG_STATE_HOME");
    unsetenv("XDG_DATA_HOME");
    unsetenv("HOME");
    says(home_open(&home, NULL), "--home DIR");
    unsetenv("XDG_CONFIG_HOME");
}

static void each_mesh_has_a_history_of_its_own(void **state)
{
    struct place *place = *state;
    struct home home;
    opened(place, &home);
    struct hash lan = mesh_net(span_text("lan"), NULL), other = mesh_net(span_text("club"), NULL);
    char *usual = home_history(&home, &lan), *club = home_history(&home, &other);
    assert_string_equal(usual, inside(place, "tertulia.db"));
    assert_int_equal(strlen(club), strlen(usual) + 1 + 8);
    assert_string_not_equal(club, usual);
    free(usual);
    free(club);
    home_done(&home);
}

/* ---- the lock ---- */

static void a_second_program_is_told_whose_folder_it_is(void **state)
{
    struct place *place = *state;
    int ends[2], life[2], status;
    char byte, part[64];
    struct home home;
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(pipe(life), 0);
    pid_t child = fork();
    if (child == 0) {
        char *why = home_open(&home, place->home);
        if (why || write(ends[1], "x", 1) != 1)
            _exit(1);
        close(life[1]);
        (void)!read(life[0], &byte, 1); /* until this test, or its program, ends */
        _exit(0);
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    snprintf(part, sizeof part, "process %ld", (long)child);
    says(home_open(&home, place->home), part);
    says(home_open(&home, place->home), "--home DIR");
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, &status, 0), child);
    opened(place, &home); /* nothing of it is left */
    home_done(&home);
    close(ends[0]);
    close(ends[1]);
    close(life[0]);
    close(life[1]);
}

int main(void)
{
    core_start();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_key_is_made_once, begin, end),
        cmocka_unit_test_setup_teardown(a_mask_of_any_kind_makes_the_same_modes, begin, end),
        cmocka_unit_test_setup_teardown(a_start_that_was_cut_short_is_no_hindrance, begin, end),
        cmocka_unit_test_setup_teardown(a_key_that_others_may_read_is_not_used, begin, end),
        cmocka_unit_test_setup_teardown(a_key_of_another_size_is_kept_as_it_is, begin, end),
        cmocka_unit_test_setup_teardown(what_is_no_key_is_not_followed, begin, end),
        cmocka_unit_test_setup_teardown(a_key_of_another_user_is_not_used, begin, end),
        cmocka_unit_test_setup_teardown(an_open_folder_is_refused_with_the_fix, begin, end),
        cmocka_unit_test_setup_teardown(a_file_is_no_folder, begin, end),
        cmocka_unit_test_setup_teardown(xdg_says_where, begin, end),
        cmocka_unit_test_setup_teardown(each_mesh_has_a_history_of_its_own, begin, end),
        cmocka_unit_test_setup_teardown(a_second_program_is_told_whose_folder_it_is, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
