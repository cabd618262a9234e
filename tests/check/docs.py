#!/usr/bin/env python3
"""README.md tells of every option and command that there is, and of none that there is not."""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
from lib import house

DOCUMENT = "README.md"
PROGRAMS = ("tertulia", "tertuliad")
# Options of configure, and habits of the plain dialects (DIALECTS.md), that README.md may name.
NOT_OURS = re.compile(r"--((enable|disable|with|without)-[\w-]+|prefix|ch|co|ex|hb)$")
OPTION = re.compile(r"(?<![\w-])(--[a-z][\w-]*|-[a-zA-Z](?![\w-]))")
# Lines that show another program's command.
FOREIGN = re.compile(r"\./check\s|\b(git|apt(-get)?|dnf|pacman|apk|brew|make|tmux|sqlite3)\s")


def help_of(program):
    """What --help prints, in English; None where it cannot be run."""
    speaks = os.environ | {"LC_ALL": "C.UTF-8", "LANGUAGE": "en"}
    try:
        answer = subprocess.run(
            [program, "--help"],
            env=speaks,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=20,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.decode("utf-8", errors="replace") if answer.returncode == 0 else None


def options_of(text):
    """The options that stand at the start of an indented line, before its explanation."""
    found = set()
    for line in text.split("\n"):
        start = re.match(r"\s+(-.*?)(?:\s{2,}|$)", line)
        if start:
            found |= set(OPTION.findall(start[1]))
    return found


def names(text, option):
    return re.search(r"(?<![\w-])" + re.escape(option) + r"(?![\w-])", text)


def check_options(tap, build, readme):
    known = set()
    for program in PROGRAMS:
        text = help_of(f"{build}/{program}")
        options = options_of(text or "")
        if len(options) < 2:
            tap.check(f"{program} --help", [f"{build}/{program}:1: shows no options"])
            continue
        known |= options
        missing = sorted(one for one in options if not names(readme, one))
        tap.check(
            f"{len(options)} options of {program}",
            [f"{DOCUMENT}:1: says nothing of {one} of {program}" for one in missing],
        )
    strange = []
    for number, line in enumerate(readme.split("\n"), 1):
        for option in re.findall(r"(?<![\w-])--[a-z][\w-]*", "" if FOREIGN.search(line) else line):
            if option not in known and not NOT_OURS.match(option):
                strange.append(f"{DOCUMENT}:{number}: no program has {option}")
    tap.check("no other option is told of", strange)


def check_status(tap, readme):
    """0, 1 and 2 stand within a few lines of the words "exit status"."""
    lines = readme.split("\n")
    for number, line in enumerate(lines):
        if re.search(r"exit status", line, re.IGNORECASE):
            near = " ".join(lines[number : number + 9])
            if all(re.search(rf"(?<!\w){status}(?!\w)", near) for status in "012"):
                tap.check("exit statuses", [])
                return
    tap.check("exit statuses", [f"{DOCUMENT}:1: says nothing of exit status 0, 1 and 2"])


def check_commands(tap, readme):
    missing = []
    count = 0
    for path in house.c_files("src/core"):
        if not os.path.basename(path).startswith("command"):
            continue
        source = house.CSource(path)
        for found in re.finditer(r'\.name = "([^"]+)"', source.uncommented):
            count += 1
            if not re.search(r"(?<![\w/])/" + re.escape(found[1]) + r"(?![\w-])", readme):
                line = source.line(found.start())
                missing.append(f"{path}:{line}: {DOCUMENT} says nothing of /{found[1]}")
    tap.check(f"{count} commands", missing)


def main():
    tap = house.Tap()
    if not os.path.isfile(DOCUMENT):
        tap.check("there is a manual", [f"{DOCUMENT}:1: is not there"])
        tap.done()
    readme = house.read(DOCUMENT)
    build = house.build_dir()
    if build is None:
        tap.skip("options", "no build directory was given")
    else:
        check_options(tap, build, readme)
    check_status(tap, readme)
    check_commands(tap, readme)
    tap.done()


main()
