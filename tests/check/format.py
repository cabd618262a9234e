#!/usr/bin/env python3
"""clang-format decides the layout (.clang-format), and only one of its versions is the judge."""

import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from lib import house

VERSION = "14"  # Debian 12's: others lay the same rules out differently


def main():
    tap = house.Tap()
    files = house.c_files("src", "net", "ui", "tests")
    what = f"{len(files)} files laid out by clang-format {VERSION}"
    tool = shutil.which("clang-format-" + VERSION) or shutil.which("clang-format")
    if not tool:
        tap.skip(what, "clang-format is not installed")
        tap.done()
    answer = subprocess.run([tool, "--version"], capture_output=True, text=True).stdout
    major = re.search(r"version (\d+)", answer)
    if not major or major[1] != VERSION:
        tap.skip(what, f"this is {answer.strip()}")
        tap.done()
    problems = []
    if files:
        command = [tool, "--dry-run", "-Werror", "--style=file", *files]
        answer = subprocess.run(command, capture_output=True, text=True)
        places = re.findall(r"^(.+?):(\d+):\d+: error:", answer.stderr, re.MULTILINE)
        for path in sorted({path for path, _ in places}):
            lines = [line for one, line in places if one == path]
            problems.append(f"{path}:{lines[0]}: clang-format would change {len(lines)} places")
        if answer.returncode and not problems:
            problems = answer.stderr.splitlines() or [f"{tool}: status {answer.returncode}"]
    tap.check(what, problems)
    tap.done()


main()
