#!/bin/sh
# The committed vectors are what our code makes, an independent peer computes the same, and our code
# takes what that peer makes. TAP. The one argument is the build directory, which has the programs
# tests/vectors/make_vectors and tests/vectors/take_vectors.
set -eu

build=${1:-.}
here=$(dirname "$0")
python=${PYTHON3:-/usr/bin/python3}
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
: >"$scratch/out"

number=0
report() # STATUS NAME
{
    number=$((number + 1))
    if [ "$1" -eq 0 ]; then
        echo "ok $number - $2"
    else
        echo "not ok $number - $2"
    fi
}

skip() # NAME
{
    number=$((number + 1))
    echo "ok $number - $1 # SKIP python3-nacl is not installed"
}

echo 1..4
status=0
"$build/tests/vectors/make_vectors" >"$scratch/vectors.json" &&
    cmp "$scratch/vectors.json" "$here/vectors.json" >"$scratch/out" 2>&1 || status=1
sed 's/^/# /' "$scratch/out"
report $status 'our code makes the committed vectors'

if ! "$python" -c 'import nacl.bindings' 2>/dev/null; then
    skip 'another peer computes the same'
    skip 'our code takes what another peer makes'
    skip 'our code does not take what was altered on the way'
    exit 0
fi

status=0
"$python" "$here/peer.py" check "$here/vectors.json" >"$scratch/out" 2>&1 || status=1
sed 's/^\([^#]\)/# \1/' "$scratch/out"
report $status 'another peer computes the same'

status=0
"$python" "$here/peer.py" write >"$scratch/theirs.json" &&
    "$build/tests/vectors/take_vectors" <"$scratch/theirs.json" >"$scratch/out" 2>&1 || status=1
sed 's/^/# /' "$scratch/out"
report $status 'our code takes what another peer makes'

# One digit of a signature: a reader that takes everything would not be noticed otherwise.
status=0
sed 's/"signature": "\(.\)./"signature": "\17/' "$scratch/theirs.json" >"$scratch/altered.json"
if cmp -s "$scratch/theirs.json" "$scratch/altered.json"; then
    status=1
elif "$build/tests/vectors/take_vectors" <"$scratch/altered.json" >/dev/null 2>&1; then
    status=1
fi
report $status 'our code does not take what was altered on the way'
