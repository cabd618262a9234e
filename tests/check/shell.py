#!/usr/bin/env python3
"""Every script of ours can be read by what runs it, and shellcheck finds nothing in it."""

import ast
import re
import shutil
import subprocess
import sys

sys.dont_write_bytecode = True
from lib import house


def interpreter(path):
    """sh, bash or python, by the first line or else the name; None for what is no script."""
    with open(path, "rb") as file:
        first = file.readline(200).decode("utf-8", errors="replace")
    found = re.match(r"#!\s*(?:\S*/env\s+(?:-S\s+)?)?(\S+)", first)
    name = found[1].rsplit("/", 1)[-1] if found else ""
    if name.startswith("python") or path.endswith(".py"):
        return "python"
    if name in ("sh", "dash", "ash", "bash"):
        return "bash" if name == "bash" else "sh"
    return "sh" if path.endswith(".sh") else None


def run(command):
    answer = subprocess.run(command, capture_output=True, text=True)
    return [] if answer.returncode == 0 else (answer.stdout + answer.stderr).splitlines()


def python_problems(paths):
    for path in paths:
        try:
            ast.parse(house.read(path), path)
        except SyntaxError as error:
            yield f"{path}:{error.lineno}: {error.msg}"


def shellcheck_problems(path):
    """A script without a first line of its own is one that others source: plain sh."""
    options = ["--format=gcc", "--severity=info", "--external-sources", "--source-path=SCRIPTDIR"]
    if not house.read(path).startswith("#!"):
        options.append("--shell=sh")
    return run(["shellcheck", *options, path])


def main():
    tap = house.Tap()
    scripts = {"sh": [], "bash": [], "python": []}
    for path in house.tree():
        kind = interpreter(path)
        if kind:
            scripts[kind].append(path)
    for shell in ("sh", "bash"):
        what = f"{len(scripts[shell])} scripts that {shell} can read"
        if shutil.which(shell):
            tap.check(what, [line for p in scripts[shell] for line in run([shell, "-n", p])])
        else:
            tap.skip(what, f"there is no {shell} here")
    what = f"{len(scripts['python'])} scripts that python can read"
    tap.check(what, python_problems(scripts["python"]))

    shells = scripts["sh"] + scripts["bash"]
    what = f"shellcheck on {len(shells)} scripts"
    if shutil.which("shellcheck"):
        tap.check(what, [line for path in shells for line in shellcheck_problems(path)])
    else:
        tap.skip(what, "shellcheck is not installed")
    tap.done()


main()
