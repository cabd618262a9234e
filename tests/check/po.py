#!/usr/bin/env python3
"""Every word for people is marked for translation, and every mark is translated.

The sources are read with the marks and flags of po/Makevars. A string of two words or more that
is in no mark is taken for an oversight; where it is none, its line says so, with a comment
`/* not translated: WHY */`. Alone on a line, that comment holds down to the next empty line.
"""

import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from lib import house
from lib.catalogue import lines_of_list, xgettext_options

# Every way in which a string may be marked or translated.
MARKS = r"_|[NCP]_|N[CP]_|d?c?n?p?gettext"
# Who speaks to developers, or to the compiler.
NOT_FOR_PEOPLE = r"die|must|loop_must|assert|_Static_assert|static_assert|__attribute__|_Pragma|__asm__"
# What is said there goes to SQLite, or onto the wire in the words of a plain dialect.
SILENT = ("src/store/", "src/dialect/")
PERMISSION = "not translated"

# Two words: a space with a word of two letters or more before it, and a letter after it.
PROSE = re.compile(r"[^\W\d_]{2,}[,.:;!?']? +[^\W\d_]")


def tool(*command):
    """(status, lines of stdout and stderr), in English."""
    speaks = os.environ | {"LC_ALL": "C.UTF-8", "LANGUAGE": "en"}
    answer = subprocess.run(command, capture_output=True, env=speaks)
    text = (answer.stdout + answer.stderr).decode("utf-8", errors="replace")
    return answer.returncode, text.splitlines()


# ---- the sources ----------------------------------------------------------------------------


def marks_in(source):
    """(line, name) of every mark, those in a #define left out."""
    for number, line in enumerate(source.code.split("\n"), 1):
        if not re.match(r"\s*#\s*define\b", line):
            for found in re.finditer(rf"(?<![\w.>])({MARKS})\s*\(", line):
                yield number, found[1]


def enclosing_calls(code, offset):
    """The names before the parentheses that are open at the offset, within its statement."""
    depth = 0
    for at in range(offset - 1, -1, -1):
        character = code[at]
        if character == ")":
            depth += 1
        elif character == "(" and depth:
            depth -= 1
        elif character == "(":
            name = re.search(r"(\w+)\s*$", code[:at][-80:])
            yield name[1] if name else ""
        elif character in ";{}" and not depth:
            return


def permitted_lines(source):
    """The lines a permission holds for, and those where one gives no reason."""
    with_why, without = source.permits(PERMISSION)
    lines = source.text.split("\n")
    bare = source.code.split("\n")
    holds = set()
    for number in with_why:
        holds.add(number)
        if not bare[number - 1].strip():
            while number < len(lines) and lines[number].strip():
                number += 1
                holds.add(number)
    return holds, without


def forgotten_strings(source):
    permitted, without_why = permitted_lines(source)
    for number in sorted(without_why):
        yield f'{source.path}:{number}: "{PERMISSION}" needs a reason'
    for offset, text in source.strings:
        line = source.line(offset)
        if line in permitted or not PROSE.search(text):
            continue
        start = source.code.rfind("\n", 0, offset) + 1
        if re.match(r"\s*#", source.code[start:offset]):
            continue
        calls = list(enclosing_calls(source.code, offset))
        if not any(re.fullmatch(MARKS + "|" + NOT_FOR_PEOPLE, call) for call in calls):
            yield f'{source.path}:{line}: not marked for translation: "{text}"'


def check_sources(tap, listed):
    options = xgettext_options()
    known = {re.split("[=:]", one)[1] for one in options if one.startswith("--keyword=")}
    known |= {"gettext", "ngettext", "dgettext", "dngettext", "pgettext", "npgettext"}
    problems, unknown, forgotten = [], [], []
    marked = set()
    for path in house.c_files("src", "net", "ui"):
        source = house.CSource(path)
        marks = list(marks_in(source))
        if marks:
            marked.add(path)
        for line, mark in marks:
            if mark not in known:
                unknown.append(f"{path}:{line}: po/Makevars has no keyword {mark}")
        if not path.startswith(SILENT):
            forgotten += forgotten_strings(source)
    for path in sorted(marked - set(listed)):
        problems.append(f"{path}:1: has strings, and is not in po/POTFILES.in")
    for path in listed:
        if not os.path.isfile(path):
            problems.append(f"po/POTFILES.in:1: {path} is not there")
        elif path.endswith((".c", ".h")) and path not in marked:
            problems.append(f"po/POTFILES.in:1: {path} has no strings")
        elif listed.count(path) > 1:
            problems.append(f"po/POTFILES.in:1: {path} is named twice")
    tap.check(f"po/POTFILES.in names the {len(marked)} files with strings", problems)
    tap.check("xgettext knows every mark", unknown)
    tap.check("every string for people is marked", forgotten)


# ---- the catalogues -------------------------------------------------------------------------


def place_in_sources(template, line):
    """The message at the template's line: where in the sources it comes from, and its text."""
    blocks = house.read(template)[:-1].split("\n\n")
    while len(blocks) > 1 and line > blocks[0].count("\n") + 2:
        line -= blocks.pop(0).count("\n") + 2
    place = re.search(r"^#: (\S+)", blocks[0], re.MULTILINE)
    text = re.search(r"^msgid .*", blocks[0].replace('"\n"', ""), re.MULTILINE)
    return place[1] if place else "sources", text[0] if text else "a message"


def compare(catalogue, template):
    """What the catalogue lacks of the template, and what it has too much."""
    status, lines = tool("msgcmp", catalogue, template)
    found = False
    for line in lines:
        place = re.match(r"(.+?):(\d+): (.*)", line)
        if not place or "fatal errors" in line:
            continue
        found = True
        if place[1] == template:
            where, text = place_in_sources(template, int(place[2]))
            yield f"{where}: {catalogue} lacks {text}"
        else:
            yield line
    if status and not found:
        yield from lines


def copies(catalogue):
    """Sentences that were handed through instead of translated."""
    _, lines = tool("msgattrib", "--no-obsolete", "--no-wrap", catalogue)
    text = "\n".join(lines).replace('"\n"', "")
    for found in re.finditer(r'^msgid "(.+)"\nmsgstr "\1"$', text, re.MULTILINE):
        if PROSE.search(found[1]):
            yield f'{catalogue}:1: still in English: "{found[1]}"'


def check_catalogue(tap, catalogue, template, folder):
    compiled = os.path.join(folder, "compiled.mo")
    status, lines = tool("msgfmt", "--check", "--check-format", "-c", "-o", compiled, catalogue)
    if not status:  # once more with the template's flags: a catalogue may have lost its own
        merged = os.path.join(folder, "merged.po")
        tool("msgmerge", "--quiet", "--no-fuzzy-matching", "-o", merged, catalogue, template)
        status, lines = tool("msgfmt", "--check", "-o", compiled, merged)
        lines = [line.replace(merged, catalogue + " (merged)") for line in lines]
    tap.check(f"{catalogue} is valid", lines if status else [])
    tap.check(f"{catalogue} is complete and has nothing left over", compare(catalogue, template))
    tap.check(f"{catalogue} is another language", copies(catalogue))


def main():
    tap = house.Tap()
    listed = lines_of_list("po/POTFILES.in")
    check_sources(tap, listed)
    languages = " ".join(lines_of_list("po/LINGUAS")).split()
    catalogues = [path for path in house.tree() if re.fullmatch(r"po/[^/]+\.po", path)]
    have = {os.path.basename(path)[:-3] for path in catalogues}
    problems = [f"po/LINGUAS:1: {one}: there is no po/{one}.po" for one in set(languages) - have]
    problems += [f"po/{one}.po:1: is not in po/LINGUAS" for one in have - set(languages)]
    problems += [f"po/LINGUAS:1: lacks {one}" for one in ("es", "pt_BR") if one not in languages]
    tap.check(f"po/LINGUAS names the {len(have)} catalogues", sorted(problems))
    with tempfile.TemporaryDirectory() as folder:
        template = os.path.join(folder, "sources.pot")
        status, lines = 1, ["po/POTFILES.in:1: names no file"]
        there = [path for path in listed if os.path.isfile(path)]
        if there:
            options = [*xgettext_options(), "--force-po", "--add-location"]
            status, lines = tool("xgettext", *options, "-o", template, *there)
        tap.check("xgettext reads the sources", lines if status or lines else [])
        if not status:
            for language in sorted(have & set(languages)):
                check_catalogue(tap, f"po/{language}.po", template, folder)
    tap.done()


main()
