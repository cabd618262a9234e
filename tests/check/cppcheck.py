#!/usr/bin/env python3
"""cppcheck finds nothing. What is wrong to report goes into the line, with a reason:
`// cppcheck-suppress NAME ; WHY`.
"""

import os
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from lib import house

SUPPRESSED = [
    "missingIncludeSystem",  # it need not read the system's headers: it knows what they declare
    "unmatchedSuppression",  # versions differ in what they find
    "normalCheckLevelMaxBranches",  # news about itself, not about us
    "toomanyconfigs",
    "getpwuidCalled",  # asked once, before there is a second thread
    "nullPointerRedundantCheck",  # it takes `link != but`, `but` being NULL, for a test of link
    # uthash's macros, structs and casts lose it; gcc at -O2, clang and the sanitizers do see those
    "uninitvar",
    "ctuuninitvar",
]
OPTIONS = [
    "--enable=warning,performance,portability", "--inline-suppr", "--std=c11", "--quiet", "-j2",
    "--template={file}:{line}: {severity}: {id}: {message}", "--error-exitcode=1",
    "--library=posix", "--library=tests/check/lib/cppcheck.cfg",
    "-D_GNU_SOURCE=1", "-D__linux__=1", "-Isrc", "-I.",
]  # fmt: skip


def headers_of_macros(folder):
    """uthash is macros: without them cppcheck reads other code than the compiler does."""
    for name in ("uthash.h", "utlist.h"):
        text = f"#include <{name}>\n"
        said = subprocess.run(
            ["cc", "-M", "-E", "-x", "c", "-"], input=text, capture_output=True, text=True
        ).stdout
        for path in said.replace("\\\n", " ").split():
            if os.path.basename(path) == name:
                os.symlink(path, os.path.join(folder, name))


def main():
    tap = house.Tap()
    files = [path for path in house.c_files("src", "net", "ui", "tests") if path.endswith(".c")]
    what = f"cppcheck on {len(files)} files"
    tool = shutil.which("cppcheck")
    if not tool:
        tap.skip(what, "cppcheck is not installed")
        tap.done()
    command = [tool, *OPTIONS, *("--suppress=" + one for one in SUPPRESSED)]
    build = house.build_dir()
    if build and os.path.isdir(build):
        memory = os.path.join(build, "cppcheck")  # what did not change is not read again
        os.makedirs(memory, exist_ok=True)
        command.append("--cppcheck-build-dir=" + memory)
    problems = []
    with tempfile.TemporaryDirectory() as folder:
        headers_of_macros(folder)
        answer = subprocess.run([*command, "-I" + folder, *files], capture_output=True, text=True)
        problems = (answer.stderr + answer.stdout).splitlines() if answer.returncode else []
        if answer.returncode and not problems:
            problems = [f"{tool}: status {answer.returncode}"]
    tap.check(what, problems)
    tap.done()


main()
