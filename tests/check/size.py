#!/usr/bin/env python3
"""Small files and small functions (STYLE.md, 11).

A file stays under 800 lines. A function of more than 60 lines says why in a comment that starts
`/* Long because`, directly above or inside it. In our layout a function is what lies between a
brace in the first column and the next closing one there.
"""

import os
import re
import sys

sys.dont_write_bytecode = True
from lib import house

FILE_LINES = 800
FUNCTION_LINES = 60
REASON = re.compile(r"/\*~?\s*Long because\b")
CODE = (".c", ".h", ".py", ".sh", ".proto")


def functions(source):
    """(first line of the declaration, line of `{`, line of `}`), counted from 1."""
    lines = source.code.split("\n")
    opened = None
    for number, line in enumerate(lines, 1):
        if opened is None and line.startswith("{"):
            opened = number
        elif opened is not None and line.startswith("}"):
            first = opened
            while first > 1 and lines[first - 2].strip() and lines[first - 2][0] not in "#}":
                first -= 1
            yield first, opened, number
            opened = None


def reasons(source):
    """(first line, last line) of each comment that gives a reason."""
    for offset, text in source.comments:
        if REASON.match(text):
            yield source.line(offset), source.line(offset + len(text) - 1)


def main():
    tap = house.Tap()
    code = [p for p in house.tree() if p.startswith(("src/", "net/", "ui/", "tests/"))]
    code = [p for p in code if p.endswith(CODE)]
    code += [p for p in ("run", "check") if os.path.isfile(p)]
    long_files = []
    for path in code:
        count = house.read(path).count("\n")
        if count >= FILE_LINES:
            long_files.append(f"{path}:{count}: {count} lines; a file stays under {FILE_LINES}")
    tap.check(f"{len(code)} files of fewer than {FILE_LINES} lines", long_files)

    long_functions = []
    lengths = []
    for path in house.c_files("src", "net", "ui", "tests"):
        source = house.CSource(path)
        whys = list(reasons(source))
        for first, opened, closed in functions(source):
            length = closed - opened - 1
            if not path.startswith("tests/"):
                lengths.append(length)
            if length <= FUNCTION_LINES:
                continue
            if not any(first - 1 <= end and start <= closed for start, end in whys):
                long_functions.append(f"{path}:{first}: {length} lines and no word on why")
    tap.check(f"functions past {FUNCTION_LINES} lines say why", long_functions)
    if lengths:
        lengths.sort()
        middle, ninety = lengths[len(lengths) // 2], lengths[len(lengths) * 9 // 10]
        tap.note(f"{len(lengths)} functions, median {middle} lines, 90th percentile {ninety}")
    tap.done()


main()
