#!/usr/bin/env bash
# What ./check does by hand only, for it takes long: sourced by ./check, from the root of the sources.
#
#   ./check --coverage [STORY...]   what of the sources the tests run through, in lines and branches
#   ./check --valgrind [STORY...]   real programs under memcheck: no errors, and nothing is lost
#   ./check --threads [STORY...]    real programs under ThreadSanitizer: no reports
#
# STORY: the beginnings of names of tests/e2e, and -STORY leaves out; without one, what is said below.
# What memcheck and ThreadSanitizer have to tell is kept in files, one a program: so it is also seen of
# programs that the stories kill, and of those on whose terminal nobody looks.

: "${top:=$PWD}"

# wrapped BUILD FOLDER COMMAND...: programs for the stories, which run those of BUILD by COMMAND, a
# line of shell. Confined ones could write nothing of what these tools have to tell.
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

# told_in FOLDER: an empty place for what is told there, and the line of shell that names a new file.
told_in() (
    folder=$top/build/check/$1/told
    rm -rf "$folder"
    mkdir -p "$folder"
    echo "\"\$(mktemp $folder/XXXXXXXX)\""
)

# judged FOLDER: a test for each program of which something was told.
judged() (
    folder=$top/build/check/$1/told
    find "$folder" -type f -size +0 | (
        bad=0
        while read -r file; do
            bad=$((bad + 1))
            echo "not ok - $file"
            head -n 60 "$file" | sed 's/^/# /'
        done
        echo "# $(find "$folder" -type f ! -name '*.*' | wc -l) programs, $bad of which something was told"
        [ $bad -eq 0 ]
    )
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

# Told where none is named. All clocks but the program's own go at a tenth under memcheck, and where
# others work on the machine at a hundredth: a handshake has 10 s, whoever calls in vain is told so, a
# guest waits for seconds, and who says nothing for 300 ms is taken for one. These were seen to hold
# even so, and have links, guests, whispers, rooms, blocking, trust, scans, exports, search, the screen
# in a pty and signals in them. The others lose patience; what memcheck has to tell of them is told
# all the same, when they are named.
valgrind_usual=(who_was_away rooms_and_commands killed_again words_and_goodbye signals_leave who_is_blocked
    bad_lines_are_answered_and_nothing_else a_file_gives what_was_chosen what_was_typed a_draft
    somebody_who_calls it_starts_and a_scan_and_one tab_finds keys_arrive a_whisper_by_keys
    a_transcript_has when_there_is_room a_whisper_is_exported an_export_is_of what_was_noted
    what_could_not_be_noted a_taken_port a_home_is_for what_is_no_file every_command two_people
    a_scan_stops dated_calls join_calls neighbour_calls piped_calls)
# Left out where none is named: what takes all memory away, which ThreadSanitizer cannot do without;
# who is confined, for these programs are not; what memory is given back, for its own is counted; and how
# often one wakes, for its own thread wakes ten times a second.
threads_out=(last_words_can a_crash_of_the_screen a_running_program_is the_screen_is_confined the_clerk
    without_the_clerk what_is_free it_rests)

valgrind_stories() (
    command -v valgrind >/dev/null || give_up "valgrind is not installed"
    build valgrind CC=gcc CFLAGS="-O1 -g" || exit 1
    wrapped valgrind valgrind-programs valgrind -q --error-exitcode=99 --leak-check=full \
        --show-leak-kinds=definite,indirect,possible --num-callers=30 \
        --errors-for-leak-kinds=definite,indirect,possible \
        "--log-file=$(told_in valgrind-programs)"
    [ $# -gt 0 ] || set -- "${valgrind_usual[@]}"
    UNCONFINED=1 SLOWER=${SLOWER:-10} tests/e2e/run.py --quick build/check/valgrind-programs "$@"
    status=$?
    judged valgrind-programs && exit $status
)

threads_stories() (
    build threads CC=clang CFLAGS="-O1 -g -fsanitize=thread" LDFLAGS="-fsanitize=thread" || exit 1
    wrapped threads threads-programs env \
        "TSAN_OPTIONS=exitcode=99:handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:log_path=$(
            told_in threads-programs)"
    [ $# -gt 0 ] || set -- "${threads_out[@]/#/-}"
    UNCONFINED=1 SLOWER=${SLOWER:-3} tests/e2e/run.py --quick build/check/threads-programs "$@"
    status=$?
    judged threads-programs && exit $status
)
