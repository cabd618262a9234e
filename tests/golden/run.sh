#!/bin/sh
# The golden frames: run.sh [--update | --show] BUILD [NAME...], a name being the beginning of some
# situations'. Compares them; with --update writes them anew, to be looked at before they are
# committed (git diff tests/golden/frames); with --show prints them all.
set -eu
sources=$(cd "$(dirname "$0")/../.." && pwd)
case ${1-} in
--update) GOLDEN_WRITE=1 && export GOLDEN_WRITE && shift ;;
--show) GOLDEN_SHOW=1 && export GOLDEN_SHOW && shift ;;
esac
[ $# -ge 1 ] || {
    sed -n '2,4s/^# //p' "$0" >&2
    exit 2
}
build=$1
shift
make -s -C "$build" all tests/golden/golden
cd "$build"
srcdir=$sources exec tests/golden/golden "$@"
