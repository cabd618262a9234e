"""What every source check needs: the files of the tree, C read as tokens, and TAP.

A check is run from the source root. It sees what git knows and what git does not ignore; in a
tarball every file but what a build makes. There is no list of files to keep by hand.

`python3 tests/check/lib/house.py copy DIR` copies the same files into DIR.
"""

import os
import re
import shutil
import subprocess
import sys

LAYERS = {
    "base": "src/base",
    "core": "src/core",
    "dialect": "src/dialect",
    "store": "src/store",
    "app": "src/app",
    "net": "net",
    "ui": "ui",
}

# Made by tools, so not ours to lay out or to name.
GENERATED = re.compile(r"\.pb-c\.[ch]$")

# What autotools put into a tarball or an in-tree build, and what a build leaves behind.
_BUILT_DIRS = {".git", "build", "_build", "autom4te.cache", ".deps", ".libs", "__pycache__"}
_BUILT_NAMES = {
    "configure", "aclocal.m4", "ABOUT-NLS", "Makefile", "Makefile.in", "config.status",
    "config.log", "build-aux", "m4", "libtool", ".dirstamp", "POTFILES", "Makefile.in.in",
    "Makevars.template", "Rules-quot", "stamp-po",
}  # fmt: skip
_BUILT_ENDS = re.compile(r"\.(o|a|lo|la|gmo|mo|pot|trs|log|pyc|sed|sin|header)$|~$")


def _walk():
    for folder, inside, names in os.walk("."):
        inside[:] = sorted(
            one
            for one in inside
            if one not in _BUILT_DIRS | _BUILT_NAMES
            and not os.path.exists(os.path.join(folder, one, "config.status"))
        )
        for name in sorted(names):
            if name not in _BUILT_NAMES and not _BUILT_ENDS.search(name):
                yield os.path.normpath(os.path.join(folder, name))


def _git():
    """None where this folder is not itself a checkout, whatever it lies in."""
    if not os.path.exists(".git"):
        return None
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "-co", "--exclude-standard"]
    try:
        answer = subprocess.run(command, capture_output=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return None
    return sorted(set(os.fsdecode(answer).split("\0")) - {""})


def tree():
    """Every file of ours, as a path from the root."""
    paths = _git()
    if paths is None:
        paths = list(_walk())
    return [path for path in paths if os.path.isfile(path) and not GENERATED.search(path)]


def c_files(*folders):
    """The .c and .h files under the folders."""
    starts = tuple(folder + "/" for folder in folders)
    return [path for path in tree() if path.startswith(starts) and path.endswith((".c", ".h"))]


def layer_of(path):
    """The layer whose folder holds the file, or None."""
    for layer, folder in LAYERS.items():
        if path.startswith(folder + "/"):
            return layer
    return None


def read(path):
    with open(path, encoding="utf-8", errors="replace", newline="") as file:
        return file.read()


class CSource:
    """C split into what runs and what is said.

    `code` has blanks for comments and for the insides of literals, `uncommented` for comments
    alone; both keep every line and column. `comments` and `strings` are (offset, text).
    """

    _TOKEN = re.compile(
        r"""/\*.*?\*/ | //(?:\\\r?\n|[^\n])* | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'""",
        re.DOTALL | re.VERBOSE,
    )

    def __init__(self, path, text=None):
        self.path = path
        self.text = read(path) if text is None else text
        self.comments = []
        self.strings = []
        self.uncommented = self._TOKEN.sub(self._sort, self.text)
        self.code = self._TOKEN.sub(
            lambda token: token[0][0] + _blank(token[0][1:-1]) + token[0][-1], self.uncommented
        )

    def _sort(self, token):
        if token[0].startswith("/"):
            self.comments.append((token.start(), token[0]))
            return _blank(token[0])
        if token[0].startswith('"'):
            self.strings.append((token.start(), token[0][1:-1]))
        return token[0]

    def line(self, offset):
        return self.text.count("\n", 0, offset) + 1

    def permits(self, word):
        """Lines on which a comment `word: WHY` stands, and the lines where the why is missing."""
        with_why, without = set(), set()
        for offset, text in self.comments:
            found = re.match(r"/[*/]\s*" + re.escape(word) + r":?(.*)", text, re.DOTALL)
            if found:
                why = re.sub(r"\*/$", "", found[1])
                (with_why if re.search(r"\w{2}", why) else without).add(self.line(offset))
        return with_why, without


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


class Tap:
    """Results in TAP: printed whole at the end, status 1 where one of them failed."""

    SHOWN = 25  # problems of one result: more would bury the others

    def __init__(self):
        self._lines = []
        self._count = 0
        self._failed = False

    def check(self, what, problems):
        """Ok where there are no problems; each of those is a line `file:line: why`."""
        self._count += 1
        lines = [line for one in problems for line in str(one).splitlines()]
        self._lines.append(f"{'not ok' if lines else 'ok'} {self._count} - {what}")
        self._lines += ["# " + line for line in lines[: self.SHOWN]]
        if len(lines) > self.SHOWN:
            self.note(f"and {len(lines) - self.SHOWN} more")
        self._failed |= bool(lines)

    def skip(self, what, why):
        self._count += 1
        self._lines.append(f"ok {self._count} - {what} # SKIP {why}")

    def note(self, text):
        self._lines.append("# " + text)

    def done(self):
        sys.stdout.reconfigure(encoding="utf-8", errors="replace")
        print(f"1..{self._count}", *self._lines, sep="\n", flush=True)
        sys.exit(1 if self._failed else 0)


def build_dir():
    """The build directory that was given, or None."""
    return sys.argv[1].rstrip("/") if len(sys.argv) > 1 and sys.argv[1] else None


if __name__ == "__main__" and len(sys.argv) == 3 and sys.argv[1] == "copy":
    for each in tree():
        target = os.path.join(sys.argv[2], each)
        os.makedirs(os.path.dirname(target), exist_ok=True)
        shutil.copy2(each, target)
