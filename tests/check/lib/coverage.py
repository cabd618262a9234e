#!/usr/bin/env python3
"""What of the sources was run, from the .gcda files of a build: coverage.py BUILDDIR [--missed PATH].

Lines and branches of src, net and ui, as gcov counts them; a line in two programs counts once, and
as run where one of them ran it. Branches inside of uthash's and utlist's macros are theirs, and
those to die() are there for what never happens: neither counts. With
--missed, the lines and branches of one file that were not run.
"""

import collections
import gzip
import json
import os
import re
import subprocess
import sys
import tempfile

WANTED = {  # per cent of lines, of branches; None: nothing is asked
    "core": (95, 90),
    "parsers": (None, 100),
    "whole": (85, None),
}
PARSERS = {  # who reads bytes of strangers
    "src/dialect/framer.c", "src/dialect/native.c", "src/dialect/native_body.c",
    "src/dialect/native_logs.c", "src/dialect/native_overlay.c", "src/dialect/envelope.c",
    "src/dialect/strict.c", "src/dialect/beacon.c", "src/dialect/dialect.c", "src/dialect/dated.c",
    "src/dialect/named.c", "src/dialect/join.c", "src/dialect/neighbour.c", "src/dialect/piped.c",
    "src/dialect/plain.c", "src/base/utf8.c", "src/base/hostport.c", "src/base/base32.c",
    "src/app/lines.c", "src/app/ini.c", "src/app/range.c", "src/core/word.c",
}  # fmt: skip
MACROS = re.compile(r"\b(HASH_[A-Z_]+|DL_[A-Z_0-9]+|LL_[A-Z_0-9]+|CDL_[A-Z_0-9]+)\s*\(")
OURS = re.compile(r"(src|net|ui)/[\w/]+\.[ch]$")


def gcov_of(build):
    """Every source as gcov tells of it."""
    found = []
    for folder, _, names in os.walk(build):
        if os.path.relpath(folder, build).startswith("tests"):
            continue  # what tests themselves do is not asked for
        found += [os.path.join(folder, name) for name in names if name.endswith(".gcda")]
    with tempfile.TemporaryDirectory() as place:
        for path in found:
            told = subprocess.run(["gcov", "--branch-probabilities", "--json-format",
                                   os.path.abspath(path)], cwd=place, capture_output=True)
            if told.returncode != 0:  # counted by another build of it
                print(f"# left out: {path}: {told.stderr.decode().strip()[-200:]}")
            for name in os.listdir(place):
                with gzip.open(os.path.join(place, name)) as file:
                    yield from json.load(file)["files"]
                os.remove(os.path.join(place, name))


def permitted(path):
    """Lines whose branches are a macro's of uthash; and that only end the program."""
    lines = set()
    with open(path, encoding="utf-8") as file:
        open_macro = 0
        for number, line in enumerate(file, 1):
            start = MACROS.search(line)
            if start or open_macro > 0:
                lines.add(number)
                counted = line[start.start():] if start and open_macro <= 0 else line
                open_macro += counted.count("(") - counted.count(")")
            if re.search(r"\bdie\(", line):  # with the question whether an invariant is broken
                lines |= {number - 1, number}
    return lines


class File:
    def __init__(self):
        self.lines = collections.Counter()
        self.branches = collections.defaultdict(collections.Counter)


def collect(build):
    root = os.getcwd() + os.sep
    files = collections.defaultdict(File)
    for one in gcov_of(build):
        path = os.path.realpath(os.path.join(build, one["file"]))
        path = path[len(root):] if path.startswith(root) else path
        if not OURS.match(path) or path.endswith("pb-c.c") or path.endswith("pb-c.h"):
            continue
        skip = files[path].skip = getattr(files[path], "skip", None) or permitted(path)
        for line in one["lines"]:
            number = line["line_number"]
            files[path].lines[number] += line["count"]
            if number not in skip:
                for at, branch in enumerate(line["branches"]):
                    files[path].branches[number][at] += branch["count"]
    return files


def sums(files, chosen):
    lines = run = branches = taken = 0
    for path in chosen:
        lines += len(files[path].lines)
        run += sum(count > 0 for count in files[path].lines.values())
        for counts in files[path].branches.values():
            branches += len(counts)
            taken += sum(count > 0 for count in counts.values())
    return run, lines, taken, branches


def per_cent(part, whole):
    return 100 * part / whole if whole else 100


def tell(name, files, chosen, wanted=(None, None)):
    run, lines, taken, branches = sums(files, chosen)
    shares = per_cent(run, lines), per_cent(taken, branches)
    good = all(limit is None or share >= limit for share, limit in zip(shares, wanted))
    text = (f"{name}: {shares[0]:.1f} % of {lines} lines, {shares[1]:.1f} % of {branches} branches")
    return good, text


def missed(files, path):
    with open(path, encoding="utf-8") as file:
        source = file.read().splitlines()
    one = files[path]
    for number in sorted(one.lines):
        counts = one.branches.get(number, {})
        never = sum(count == 0 for count in counts.values())
        if one.lines[number] == 0:
            print(f"{path}:{number}: not run: {source[number - 1].strip()}")
        elif never:
            print(f"{path}:{number}: {never} of {len(counts)} branches: {source[number - 1].strip()}")


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    files = collect(sys.argv[1])
    if len(sys.argv) > 3 and sys.argv[2] == "--missed":
        for path in sys.argv[3:]:
            missed(files, path)
        return
    whole = sorted(files)
    groups = {
        "core": [path for path in whole if path.startswith("src/core/")],
        "parsers": [path for path in whole if path in PARSERS],
        "whole": whole,
    }
    failed = False
    for number, (name, chosen) in enumerate(groups.items(), 1):
        good, text = tell(name, files, chosen, WANTED[name])
        failed = failed or not good
        print(f"{'ok' if good else 'not ok'} {number} - {text}")
    for layer in ("src/base/", "src/dialect/", "src/store/", "src/app/", "net/", "ui/"):
        print("#", tell(layer, files, [path for path in whole if path.startswith(layer)])[1])
    for path in whole:
        print("#", tell(path, files, [path])[1])
    sys.exit(failed)


if __name__ == "__main__":
    main()
