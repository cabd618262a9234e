#!/usr/bin/env python3
"""The figures beside the best: bench.py BUILD [--rounds N] [--quick] [NAME...]. See README.md.

Each NAME is a file of this folder with a function bench(run) that gives rows. A run replaces the
rows of what it measured in results.json and writes RESULTS.md from all of them; --quick, which is
for whoever changes a bench, only prints.
"""
import argparse
import importlib
import sys

sys.dont_write_bytecode = True
import report  # noqa: E402
import rig  # noqa: E402

NAMES = ("screen", "history", "network", "finding", "growth")
LONG = ("soak",)  # only where it is named


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--quick", action="store_true", help="one round, small, nothing written")
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(NAMES + LONG))
    words = parser.parse_intermixed_args()
    if unknown := [name for name in words.names if name not in NAMES + LONG]:
        parser.error(f"no such bench: {' '.join(unknown)}")
    rounds = words.rounds or (1 if words.quick else 5)
    failed = 0
    for name in words.names or NAMES:
        made, whole = [], True
        try:
            with rig.Bench(words.build, rounds, words.quick) as run:
                for row in importlib.import_module(name).bench(run):
                    made.append(row.as_json())
                    print(report.line_of(made[-1]), flush=True)
        except rig.Failed as problem:
            print(f"{name} stopped: {problem}", file=sys.stderr)
            whole, failed = False, 1
        if not words.quick:
            report.keep(name, made, whole)
    return failed


if __name__ == "__main__":
    sys.exit(main())
