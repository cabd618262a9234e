#!/usr/bin/env python3
"""The figures beside the best: bench.py BUILD [--rounds N] [--quick] [NAME...]. See README.md.

Each NAME is a file of this folder, and NAME:PART one of the functions in its PARTS, which give rows.
A run replaces the rows of what it measured in results.json and writes RESULTS.md from all of them;
--quick, which is for whoever changes a bench, only prints.
"""
import argparse
import importlib
import sys

sys.dont_write_bytecode = True
import report  # noqa: E402
import rig  # noqa: E402

NAMES = ("screen", "history", "network", "mesh", "finding", "growth", "size")
LONG = ("soak",)  # only where it is named


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("build")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--quick", action="store_true", help="one round, small, nothing written")
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(NAMES + LONG))
    words = parser.parse_intermixed_args()
    rounds = words.rounds or (1 if words.quick else 5)
    failed = 0
    for name, parts in wanted(words.names or NAMES, parser):
        new = []
        for part in parts:
            try:
                with rig.Bench(words.build, rounds, words.quick) as run:
                    for row in part(run):
                        new.append({**row.as_json(), "bench": name})
                        print(report.line_of(new[-1]), flush=True)
            except rig.Failed as problem:
                print(f"{part.__name__} stopped: {problem}", file=sys.stderr)
                failed = 1
            if not words.quick:
                kept = report.keep(new)
                after = getattr(importlib.import_module(name), "after", None)
                if after:
                    after(kept)
    return failed


def wanted(names, parser):
    """(NAME, its functions) of each NAME or NAME:PART."""
    for word in names:
        name, _, part = word.partition(":")
        if name not in NAMES + LONG:
            parser.error(f"no such bench: {name}")
        parts = importlib.import_module(name).PARTS
        found = [one for one in parts if part in ("", one.__name__)]
        if not found:
            parser.error(f"{name} has {' '.join(one.__name__ for one in parts)}")
        yield name, found


if __name__ == "__main__":
    sys.exit(main())
