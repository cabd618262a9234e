#!/usr/bin/env python3
"""Nothing of one person's machine, and nothing put off, is in the tree.

A line that needs a path of that kind as an example says so: `example path: WHY` in a comment.
"""

import re
import sys

sys.dont_write_bytecode = True
from lib import house

# Written in two parts, so that this file does not find itself.
MACHINE = re.compile(r"(?<![\w.$}~-])/(?:h" r"ome|r" r"oot|w" r"ork|U" r"sers)/")
PUT_OFF = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X)\b")
EXAMPLE = re.compile(r"example path: *\w{2}")


def lines_of(path):
    """Its lines, none where it is not text."""
    with open(path, "rb") as file:
        data = file.read()
    if b"\0" in data:
        return []
    return data.decode("utf-8", errors="replace").split("\n")


def main():
    tap = house.Tap()
    machine, put_off = [], []
    for path in house.tree():
        if path.startswith("tests/fuzz/corpus/"):
            continue  # bytes that a fuzzer chose
        for number, line in enumerate(lines_of(path), 1):
            if MACHINE.search(line) and not EXAMPLE.search(line):
                machine.append(f"{path}:{number}: a path of somebody's machine: {line.strip()}")
            if PUT_OFF.search(line) and not path.endswith(".po"):  # the word is Spanish there
                put_off.append(f"{path}:{number}: {line.strip()}")
    tap.check("no path of anybody's machine", machine)
    tap.check("nothing is put off", put_off)
    tap.done()


main()
