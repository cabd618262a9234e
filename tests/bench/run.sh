#!/bin/sh
# The figures beside the best: tests/bench/run.sh [--quick] [--rounds N] [NAME[:PART]...]. Builds with
# optimisation first; README.md says what each NAME measures. Peers are measured where they are
# installed: irssi, weechat, ngircd, nmap, sqlite3, ripgrep.
set -eu
cd "$(dirname "$0")/../.."
. scripts/prepare.sh
prepare_packages build || exit 1
prepare_configure || exit 1
prepare_catalogues
configured_in build/bench
# One after the other: beside each other, both would make the same objects.
for goal in all bench-programs; do
    quietly build/bench.log make -s -C build/bench -j"$(jobs_count)" $goal
done
exec tests/bench/bench.py build/bench "$@"
