#!/usr/bin/env bash
# What ./check does by hand only, for it takes long: sourced by ./check, from the root of the sources.
#
#   ./check --coverage [STORY...]   what of the sources the tests run through, in lines and branches
#   ./check --valgrind [STORY...]   real programs under memcheck: no errors, and nothing is lost
#   ./check --threads [STORY...]    real programs under ThreadSanitizer: no reports
#
# STORY: the beginnings of names of tests/e2e; without one, those that are named below.

: "${top:=$PWD}"

# wrapped BUILD FOLDER COMMAND...: programs for the stories, which run those of BUILD by COMMAND.
# Confined ones could write nothing of what these tools have to tell.
wrapped() (
    build=$top/build/check/$1
    folder=build/check/$2
    shift 2
    mkdir -p "$folder"
    for program in tertulia tertuliad; do
        printf '#!/bin/sh\nexec %s %s --no-sandbox "$@"\n' "$*" "$build/$program" >"$folder/$program"
        chmod +x "$folder/$program"
    done
)

coverage() (
    build coverage CC=gcc CFLAGS="-O0 -g --coverage -fprofile-update=atomic" ||
        exit 1
    find build/check/coverage -name '*.gcda' -delete
    in_build coverage check || echo "not ok - unit tests"
    wrapped coverage coverage-programs
    UNCONFINED=1 SLOWER=3 tests/e2e/run.py --quick build/check/coverage-programs "$@"
    for scenario in first-contact late-joiner partition-heal flood copied-identity disaster full-disks; do
        build/check/coverage/tests/sim/sim --scenario $scenario --seeds 1-2 || exit 1
    done
    build/check/coverage/tests/sim/sim --scenario chaos --nodes 5-20 --seeds 1-10 || exit 1
    build/check/coverage/tests/store/store_faults 60 || exit 1
    tests/check/lib/coverage.py build/check/coverage
)

# Told when none is named. Clocks are ten times slower under memcheck: stories of seconds are left out.
valgrind_usual=(a_line who_is_blocked a_whisper a_name a_transcript an_export who_leaves signals
    a_draft what_was_chosen)
threads_usual=(a_ who_ an_ the_)

valgrind_stories() (
    command -v valgrind >/dev/null || give_up "valgrind is not installed"
    build valgrind CC=gcc CFLAGS="-O1 -g" || exit 1
    wrapped valgrind valgrind-programs valgrind -q --error-exitcode=99 --leak-check=full \
        --show-leak-kinds=definite,indirect,possible --num-callers=30 \
        --errors-for-leak-kinds=definite,indirect,possible
    [ $# -gt 0 ] || set -- "${valgrind_usual[@]}"
    UNCONFINED=1 SLOWER=10 tests/e2e/run.py build/check/valgrind-programs "$@"
)

threads_stories() (
    build threads CC=clang CFLAGS="-O1 -g -fsanitize=thread" LDFLAGS="-fsanitize=thread" || exit 1
    wrapped threads threads-programs env \
        TSAN_OPTIONS=exitcode=99:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0
    [ $# -gt 0 ] || set -- "${threads_usual[@]}"
    UNCONFINED=1 tests/e2e/run.py --quick build/check/threads-programs "$@"
)
