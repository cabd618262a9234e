#!/usr/bin/env python3
"""What of the sources was run, from the .gcda files of a build: coverage.py BUILDDIR [--missed PATH].

Lines and branches of src, net and ui, as gcov counts them; a line in two programs counts once, and
as run where one of them ran it. Three kinds of branches do not count: those inside of uthash's and
utlist's macros are theirs; those to die() are there for what never happens; and a switch over an
enum names all of its values (-Werror=switch-enum), so that the branch past them all is there for
what is no value of it. With --missed, the lines and branches of one file that were not run.

The goals come last: `ok`, or `not ok` and a status of 1.
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


def enum_switches(path):
    """How many ways each switch over an enum has, by its line: those whose cases are names, and that
    have no default. As clang-format lays them out, a case stands right below its switch."""
    found = {}
    under_way = []  # [line, column, ways, whether the line before was a case of it, all are names]
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            column = len(line) - len(line.lstrip())
            while under_way and column <= under_way[-1][1] and line.strip() == "}":
                at, _, ways, _, names = under_way.pop()
                if names:
                    found[at] = ways
            if re.match(r"\s*switch \(", line):
                under_way.append([number, column, 0, False, True])
            elif under_way and column == under_way[-1][1] and re.match(r"\s*(case|default)\b", line):
                under_way[-1][2] += not under_way[-1][3]
                under_way[-1][3] = True
                under_way[-1][4] &= bool(re.match(r"\s*case [A-Z][A-Z0-9_]*:", line))
            elif under_way:
                under_way[-1][3] = False
    return found


class File:
    def __init__(self, path):
        self.skip = permitted(path)
        self.switches = enum_switches(path)
        self.lines = collections.Counter()
        self.branches = collections.defaultdict(collections.Counter)

    def counts(self, number):
        """How often each branch of a line was taken, of those that count."""
        counts = list(self.branches.get(number, {}).values())
        if len(counts) == self.switches.get(number, len(counts)) + 1 and 0 in counts:
            counts.remove(0)
        return counts


def collect(build):
    root = os.getcwd() + os.sep
    files = {}
    for one in gcov_of(build):
        path = os.path.realpath(os.path.join(build, one["file"]))
        path = path[len(root):] if path.startswith(root) else path
        if not OURS.match(path) or path.endswith("pb-c.c") or path.endswith("pb-c.h"):
            continue
        if path not in files:
            files[path] = File(path)
        file = files[path]
        for line in one["lines"]:
            number = line["line_number"]
            file.lines[number] += line["count"]
            if number not in file.skip:
                for at, branch in enumerate(line["branches"]):
                    file.branches[number][at] += branch["count"]
    return files


def sums(files, chosen):
    lines = run = branches = taken = 0
    for path in chosen:
        lines += len(files[path].lines)
        run += sum(count > 0 for count in files[path].lines.values())
        for number in files[path].branches:
            counts = files[path].counts(number)
            branches += len(counts)
            taken += sum(count > 0 for count in counts)
    return run, lines, taken, branches


def shares(files, chosen):
    """Per cent of the lines and of the branches."""
    run, lines, taken, branches = sums(files, chosen)
    return (100 * run / lines if lines else 100), (100 * taken / branches if branches else 100)


def told(name, lines, branches):
    return f"{name}: {lines:.2f} % of lines, {branches:.2f} % of branches"


def judged(name, files, chosen):
    """A line of TAP for each thing asked of these files; whether all hold."""
    good = True
    for what, share, limit in zip(("lines", "branches"), shares(files, chosen), WANTED[name]):
        if limit is not None:
            holds = bool(chosen) and share >= limit
            print(f"{'ok' if holds else 'not ok'} - {name}: {share:.2f} % of {what}, {limit} wanted")
            good = good and holds
    return good


def missed(files, path):
    with open(path, encoding="utf-8") as file:
        source = file.read().splitlines()
    one = files[path]
    for number in sorted(one.lines):
        counts = one.counts(number)
        never = counts.count(0)
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
    for path in whole:
        print("#", told(path, *shares(files, [path])))
    for layer in ("src/base/", "src/dialect/", "src/store/", "src/app/", "net/", "ui/"):
        chosen = [path for path in whole if path.startswith(layer)]
        print("#", told(layer, *shares(files, chosen)))
    lacking = sorted(PARSERS - set(whole))
    for path in lacking:
        print(f"not ok - {path}: a parser that is not there, or that nothing was measured of")
    judgements = [judged(name, files, groups[name]) for name in WANTED]
    sys.exit(bool(lacking) or not all(judgements))


if __name__ == "__main__":
    main()
