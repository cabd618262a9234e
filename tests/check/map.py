#!/usr/bin/env python3
"""The map in HACKING.md has a line for every source file, and names none that is not there.

The map is the section of that name. A line of it starts with the path, in a list, a table or
alone, and says in words what it is: "`src/base/buf.{h,c}` — bounded bytes". A folder of tests may
stand for all that it holds, with a slash at its end: "`tests/unit/` — one program a module".
"""

import os
import re
import sys

sys.dont_write_bytecode = True
from lib import house

DOCUMENT = "HACKING.md"
MAPPED = re.compile(r"(src|net|ui|tests/[^/]+)/")
ENTRY = re.compile(r"\s*(?:[-*+] |\| *)?((?:`[^`\s]+`(?:, *| and | *· *)?)+)(.*)")


def spelled_out(path):
    """a.{h,c} -> a.h, a.c"""
    found = re.match(r"(.*)\{(.*)\}(.*)$", path)
    return [found[1] + one.strip() + found[3] for one in found[2].split(",")] if found else [path]


def entries(text):
    """(line, path, whether words follow) of every line of the map that starts with a path."""
    in_map = False
    for number, line in enumerate(text.split("\n"), 1):
        if line.startswith("#"):
            in_map = bool(re.search(r"\bmap\b", line, re.IGNORECASE))
        found = ENTRY.match(line)
        if not found or not in_map:
            continue
        for quoted in re.findall(r"`([^`]+)`", found[1]):
            for path in spelled_out(quoted):
                if MAPPED.match(path):
                    yield number, path, bool(re.search(r"\w{2}", found[2]))


def main():
    tap = house.Tap()
    if not os.path.isfile(DOCUMENT):
        tap.check("there is a map", [f"{DOCUMENT}:1: is not there"])
        tap.done()
    files = [path for path in house.tree() if MAPPED.match(path)]
    named, folders, wrong = set(), set(), []
    for number, path, described in entries(house.read(DOCUMENT)):
        if not described:
            wrong.append(f"{DOCUMENT}:{number}: {path}: says nothing about it")
        if path.endswith("/"):
            if not any(one.startswith(path) for one in files):
                wrong.append(f"{DOCUMENT}:{number}: {path}: holds nothing")
            if path.startswith("tests/"):
                folders.add(path)
        elif path not in files:
            wrong.append(f"{DOCUMENT}:{number}: {path}: is not there")
        elif path in named:
            wrong.append(f"{DOCUMENT}:{number}: {path}: is named twice")
        else:
            named.add(path)
    tap.check(f"what the map names is there ({len(named)} files)", wrong)
    missing = [path for path in files if path not in named and not path.startswith(tuple(folders))]
    wrong = [f"{path}:1: not on the map of {DOCUMENT}" for path in missing]
    tap.check("every source file is on the map", wrong)
    tap.done()


main()
