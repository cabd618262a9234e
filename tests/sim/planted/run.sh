#!/bin/sh
# Proves that the simulator sees what it is for: each patch beside this file plants one small defect
# in a copy of the sources, and the simulator has to fail within 200 seeds.
#
#   run.sh [--sample N] [--seeds N] [--keep DIR] [NAME ...]
#
# Speaks TAP. --sample takes N of them, others with each commit, and none that takes minutes to be
# seen ("Rare: yes"). --keep says where to build, so that a second run is faster. A patch begins with
# its defect in one line, and may name a scenario and nodes ("Scenario: chaos", "Nodes: 4-10").
set -eu

here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../../.." && pwd)
CC=${CC:-gcc}
sample=0 seeds=200 keep='' names=''
while [ $# -gt 0 ]; do
    case $1 in
    --sample) sample=$2; shift ;;
    --seeds) seeds=$2; shift ;;
    --keep) keep=$2; shift ;;
    -*) echo "usage: $0 [--sample N] [--seeds N] [--keep DIR] [NAME ...]" >&2; exit 2 ;;
    *) names="$names $1" ;;
    esac
    shift
done

if [ -n "$keep" ]; then
    mkdir -p "$keep"
    work=$(cd "$keep" && pwd)
else
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
    trap 'exit 1' HUP INT TERM
fi

# All patches, or N of them that follow from the commit.
pick() {
    find "$here" -name '*.patch' | sed 's/.*\///; s/\.patch$//' | sort >"$work/all"
    if [ "$sample" -gt 0 ]; then
        salt=$(git -C "$top" rev-parse HEAD 2>/dev/null || echo none)
        while read -r name; do
            ! grep -q '^Rare: yes' "$here/$name.patch" || continue
            echo "$(echo "$salt $name" | cksum | cut -d ' ' -f 1) $name"
        done <"$work/all" | sort -n | head -n "$sample" | cut -d ' ' -f 2
    else
        cat "$work/all"
    fi
}

flags="-std=c17 -D_GNU_SOURCE=1 -O1 -g -I$work/tree/src -I$work/tree -I$work/made"
sources() {
    (cd "$work/tree" && ls src/base/*.c src/core/*.c src/dialect/*.c tests/sim/*.c \
        tests/sim/scenarios/*.c) | grep -v -e '/library\.c$' -e 'overlay_main\.c$' \
        -e 'tests/sim/sync_'
}

# compile DIRECTORY FILE...: into objects, two at a time.
compile() {
    into=$1
    shift
    for file in "$@"; do
        echo "$file"
    done | (cd "$work/tree" && xargs -P 2 -I FILE sh -c \
        "$CC $flags -w -c FILE -o '$into'/\$(echo FILE | tr / _).o || exit 255")
}

link_sim() {
    # shellcheck disable=SC2086 # these are lists
    $CC "$1"/*.o -lsodium -lprotobuf-c -lutf8proc -lm -o "$2"
}

prepare() {
    rm -rf "$work/tree"
    mkdir -p "$work/tree/tests" "$work/objects" "$work/made/dialect"
    cp -R "$top/src" "$work/tree/src"
    cp -R "$top/tests/sim" "$work/tree/tests/sim"
    sum=$(cd "$work/tree" && find src tests/sim -name '*.[ch]' | sort | xargs cat | cksum)
    if [ "$(cat "$work/sum" 2>/dev/null)" = "$sum" ]; then
        return
    fi
    rm -f "$work/objects"/*.o
    protoc-c --proto_path="$work/tree/src" --c_out="$work/made" dialect/tertulia.proto
    # shellcheck disable=SC2086 # a list
    $CC $flags -w -c "$work/made/dialect/tertulia.pb-c.c" -o "$work/objects/made.o"
    # shellcheck disable=SC2046 # a list
    compile "$work/objects" $(sources)
    link_sim "$work/objects" "$work/sim"
    echo "$sum" >"$work/sum"
}

# What the patch changes, to be compiled anew: everything where it is a header.
changed() {
    sed -n 's|^+++ b/\([^[:space:]]*\).*|\1|p' "$1" >"$work/changed"
    if grep -q '\.h$' "$work/changed"; then
        sources
    else
        cat "$work/changed"
    fi
}

header() {
    sed -n "s/^$2: //p" "$1" | head -n 1
}

# worn_out NAME WHY FILE: a patch by which nothing is shown.
worn_out() {
    echo "not ok $count - $1: $2"
    sed 's/^/# /' "$3"
    missed=$((missed + 1))
    rm -rf "$work/tree/src"
    cp -R "$top/src" "$work/tree/src"
}

# A defect is caught by a failing seed, by a crash, or by never coming to an end.
one() {
    name=$1
    patch=$here/$name.patch
    what=$(sed -n 1p "$patch")
    if ! patch -s -p1 -d "$work/tree" <"$patch" >"$work/patch.log" 2>&1; then
        worn_out "$name" "the patch does not apply any more" "$work/patch.log"
        return
    fi
    rm -rf "$work/defect"
    mkdir "$work/defect"
    ln "$work/objects"/*.o "$work/defect"
    files=$(changed "$patch")
    for file in $files; do
        rm -f "$work/defect/$(echo "$file" | tr / _).o"
    done
    # shellcheck disable=SC2086 # a list
    if ! { compile "$work/defect" $files && link_sim "$work/defect" "$work/defect/sim"; } \
        2>"$work/build.log"; then
        worn_out "$name" "it does not build any more" "$work/build.log"
        return
    fi
    scenario=$(header "$patch" Scenario)
    nodes=$(header "$patch" Nodes)
    status=0
    timeout 600 "$work/defect/sim" --scenario "${scenario:-chaos}" --nodes "${nodes:-4-10}" \
        --seeds "1-$seeds" --first >"$work/out" 2>"$work/err" || status=$?
    if [ "$status" -eq 0 ]; then
        echo "not ok $count - $name: $what"
        missed=$((missed + 1))
    else
        echo "ok $count - $name: $what"
        if [ "$status" -eq 124 ]; then
            echo '# it never came to an end'
        fi
        sed -n 's/^.*"seed":\([0-9]*\),"why":"\([^"]*\)".*$/# seed \1: \2/p' "$work/out" | head -n 1
    fi
    patch -s -R -p1 -d "$work/tree" <"$patch"
}

prepare
[ -n "$names" ] || names=$(pick)
count=0 missed=0
# shellcheck disable=SC2086 # a list
set -- $names
echo "1..$(($# + 1))"
count=1
if "$work/sim" --scenario chaos --nodes 4-10 --seeds 1-5 >"$work/out" 2>"$work/err"; then
    echo "ok 1 - nothing planted: nothing found"
else
    echo "not ok 1 - nothing planted: something found all the same"
    sed 's/^/# /' "$work/out"
    missed=1
fi
for name in "$@"; do
    count=$((count + 1))
    one "$name"
done
echo "# caught $(($# - missed)) of $#"
[ "$missed" -eq 0 ]
