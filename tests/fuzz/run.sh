#!/usr/bin/env bash
# Lets the fuzz targets run, as many at once as there are cores, each for its share of the time:
#
#   tests/fuzz/run.sh MINUTES [TARGET...]
#
# A line for each, in TAP: executions, how many a second, coverage, and what was found. An input that
# breaks a target stays in FUZZ_BUILD and is named; then the status is 1. What reached something new
# stays there too, and is where the next run begins.
#
# RUNS=2000000: each stops after so many executions, though it had more time. JOBS: how many at once.
# FUZZ_BUILD: where they are built (default: build/fuzz, which is built here). One that was configured
# with CC=clang CFLAGS='-g -O2 -fno-sanitize-coverage=trace-cmp' --enable-fuzzers runs twice as many,
# and guesses no words by looking at what is compared: for many executions, when the corpora are good.
set -u
here=$(cd "$(dirname "$0")" && pwd)
cd "$here/../.." || exit 1

usage() {
    sed -n '2,15s/^# \{0,1\}//p' "$here/run.sh" >&2
    exit 2
}

# The longest input worth its time: whole plays, lives and rows of tables; what is read several times
# over; and all others.
longest_of() {
    case $1 in
    dated | editor | guest | history | join | keys | named | neighbour | node | piped | store) echo 512 ;;
    command | lines | recognise | text) echo 1024 ;;
    *) echo 4096 ;;
    esac
}

# What else libFuzzer is told: of plays that take milliseconds, how rare each branch was is not worth
# the time to count.
how_of() {
    case $1 in
    history | node) echo -entropic=0 -len_control=20 ;;
    dated | guest | join | named | neighbour | piped | store) echo -entropic=0 ;;
    esac
}

# The words of a target, out of those dictionaries that are for it, in one file.
dictionary_of() {
    local file into=$2
    : >"$into"
    for file in tests/fuzz/dictionaries/*; do
        if sed -n 's/^# for: //p' "$file" | tr ' ' '\n' | grep -qx "$1"; then
            cat "$file" >>"$into"
        fi
    done
}

figure() { # figure LOG NAME: of libFuzzer's last words
    sed -n "s/^stat::$2: *//p" "$1" | tail -n 1
}

# one NUMBER NAME: runs it, and says what came of it.
one() {
    local name=$2 folder=$FUZZ_BUILD/found/$2 log=$FUZZ_BUILD/$2.log words=$FUZZ_BUILD/$2.words
    local found=no status coverage
    local how
    read -ra how < <(how_of "$name"; echo)
    mkdir -p "$folder"
    dictionary_of "$name" "$words"
    if [ -s "$words" ]; then how+=("-dict=$words"); fi
    "$FUZZ_BUILD/tests/fuzz/fuzz_$name" -runs="$RUNS" -max_total_time="$SHARE" -rss_limit_mb=1024 \
        -timeout=30 -max_len="$(longest_of "$name")" -print_final_stats=1 "${how[@]}" \
        -artifact_prefix="$FUZZ_BUILD/$name-" "$folder" "tests/fuzz/corpus/$name" >"$log" 2>&1 </dev/null
    status=$?
    [ $status -eq 0 ] || found=$(sed -n 's/^.*Test unit written to //p' "$log" | tail -n 1)
    coverage=$(grep -ao 'cov: [0-9]*' "$log" | tail -n 1)
    [ $status -eq 0 ] || echo "# $log:1: ${found:-it ended with status $status}"
    printf '%s %d - %s: %s executions, %s/s, %s, found: %s\n' \
        "$([ $status -eq 0 ] && echo ok || echo 'not ok')" "$1" "$name" \
        "$(figure "$log" number_of_executed_units)" "$(figure "$log" average_exec_per_sec)" \
        "coverage ${coverage#cov: }" "${found:-status $status}"
    return $status
}

if [ "${1:-}" = --one ]; then
    one "$2" "$3"
    exit
fi

minutes=${1:-}
[[ $minutes =~ ^[0-9]+(\.[0-9]+)?$ ]] || usage
shift
. scripts/prepare.sh
if [ -z "${FUZZ_BUILD:-}" ]; then
    prepare_packages build check && prepare_configure && prepare_catalogues || exit 1
    configured_in build/fuzz CC=clang --enable-werror --enable-fuzzers || exit 1
    quietly build/fuzz-make.log make -s -C build/fuzz -j"$(jobs_count)" || exit 1
fi
export FUZZ_BUILD=${FUZZ_BUILD:-build/fuzz} RUNS=${RUNS:--1}
# Of an allocation, its last two callers: the input tells the others, and they cost a tenth of all time.
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:strict_string_checks=1:malloc_context_size=2:quarantine_size_mb=32}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
if [ $# -eq 0 ]; then
    for target in "$FUZZ_BUILD"/tests/fuzz/fuzz_*; do
        [[ -x $target && ${target##*/} != *.* ]] && set -- "$@" "${target##*/fuzz_}"
    done
fi
if [ $# -eq 0 ]; then
    say "there is no fuzz target in $FUZZ_BUILD"
    exit 1
fi
jobs=${JOBS:-$(jobs_count)}
SHARE=$(awk -v minutes="$minutes" -v jobs="$jobs" -v targets=$# \
    'BEGIN { share = minutes * 60 * jobs / targets; print share < 1 ? 1 : int(share) }')
export SHARE
number=0
for name in "$@"; do
    number=$((number + 1))
    echo "$number $name"
done | xargs -P "$jobs" -L 1 "$here/run.sh" --one
