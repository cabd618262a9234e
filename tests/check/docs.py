#!/usr/bin/env python3
"""The READMEs tell of every option and command that there is, and of none that there is not.

The rows of their tables are the program's own words: those of options and commands as man/lists
--tables prints them, those of the doctor its sentences, with `…` for what it fills in, and all that
it advises is there. README.md and those in other languages have the same sections and pictures.
"""

import gettext
import os
import re
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from lib import house

DOCUMENT = "README.md"
DOCUMENTS = {"README.md": "en", "README.es.md": "es", "README.pt_BR.md": "pt_BR"}
DOCTOR = "src/app/doctor.c"
STORE = "src/store/file.c"  # in whose words the doctor tells of a history
PROGRAMS = ("tertulia", "tertuliad")
# Options of configure, and habits of the plain dialects (DIALECTS.md), that README.md may name.
NOT_OURS = re.compile(r"--((enable|disable|with|without)-[\w-]+|prefix|ch|co|ex|hb)$")
OPTION = re.compile(r"(?<![\w-])(--[a-z][\w-]*|-[a-zA-Z](?![\w-]))")
# Lines that show another program's command.
FOREIGN = re.compile(r"\./check\s|\b(git|ufw|firewall-cmd|apt(-get)?|dnf|pacman|apk|brew|make|tmux|sqlite3)\s")


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


def check_options(tap, build, document, readme):
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
            f"{document}: {len(options)} options of {program}",
            [f"{document}:1: says nothing of {one} of {program}" for one in missing],
        )
    strange = []
    for number, line in enumerate(readme.split("\n"), 1):
        for option in re.findall(r"(?<![\w-])--[a-z][\w-]*", "" if FOREIGN.search(line) else line):
            if option not in known and not NOT_OURS.match(option):
                strange.append(f"{document}:{number}: no program has {option}")
    tap.check(f"{document}: no other option is told of", strange)


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


# ---- tables -----------------------------------------------------------------------------------


def translation(language, folder):
    """Of one catalogue; None where there is no msgfmt."""
    if language == "en":
        return gettext.NullTranslations()
    place = os.path.join(folder, language, "LC_MESSAGES")
    os.makedirs(place, exist_ok=True)
    made = ["msgfmt", "-o", f"{place}/tertulia.mo", f"po/{language}.po"]
    try:
        subprocess.run(made, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return gettext.translation("tertulia", folder, [language])


def rows_of(readme):
    """{line: number} of a document's tables."""
    lines = enumerate(readme.split("\n"), 1)
    return {line: number for number, line in lines if line.startswith("| ")}


def check_tables(tap, build, document, language, readme, folder):
    answer = subprocess.run([f"{build}/man/lists", language, folder, "--tables"], timeout=60,
                            env=os.environ | {"LC_ALL": "C.UTF-8"}, capture_output=True)
    there = [line.split(" ", 1) for line in answer.stdout.decode().splitlines()]
    has = rows_of(readme)
    wrong = [f"{document}:1: has no row: {row}" for _, row in there if row not in has]
    known = {row for _, row in there}
    wrong += [f"{document}:{number}: is in no table of the program: {row}"
              for row, number in has.items()
              if re.match(r"\| `[-/]", row) and row not in known]
    order = [has[row] for _, row in there if row in has]
    if order != sorted(order):
        wrong.append(f"{document}:1: the rows of a table stand in another order")
    tap.check(f"{document}: {len(there)} options and commands in the program's words",
              wrong if len(there) > 20 else [f"{document}:1: man/lists fails", *wrong])


def said_by_doctor(translated):
    """Its sentences and what it advises, in a language, as a README writes them."""
    source = house.CSource(DOCTOR).uncommented + house.CSource(STORE).uncommented
    join = lambda text: re.sub(r'"\s*"', "", text).replace('\\"', '"')  # noqa: E731
    literal = r'"(?:\\.|[^"\\]|"\s+")*"'
    advice = {join(one[1:-1]) for one in re.findall(rf"\btodo\(word,\s*N_\(({literal})\)", source)}
    every = {join(one[1:-1]) for one in re.findall(rf"\bNP?_\(({literal})", source)}
    many = re.findall(rf"\bNP_\(({literal}),\s*({literal})", source)
    cell = lambda text: text.replace("%s", "…")  # noqa: E731
    plurals = {cell(translated.ngettext(join(one[1:-1]), join(more[1:-1]), 5)) for one, more in many}
    told = {cell(translated.gettext(one)) for one in every - advice} | plurals
    return told, {cell(translated.gettext(one)) for one in advice}


def check_doctor(tap, document, readme, translated):
    told, advice = said_by_doctor(translated)
    wrong, used = [], set()
    for row, number in rows_of(readme).items():
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        if len(cells) == 2 and (cells[0] in told or cells[1] in advice):
            used.add(cells[1])
            if cells[0] not in told or cells[1] not in advice:
                wrong.append(f"{document}:{number}: the doctor does not say so: {row}")
    wrong += [f"{document}:1: the doctor also advises: {one}" for one in sorted(advice - used)]
    tap.check(f"{document}: all {len(advice)} things that the doctor advises",
              wrong if len(advice) > 10 else [f"{DOCTOR}:1: no advice is found", *wrong])


def check_alike(tap, readmes):
    """The same sections, pictures and tables in every language."""
    shapes = {}
    for document, readme in readmes.items():
        shapes[document] = [
            re.sub(r"screen-\w+-", "screen-", found[0]) if "svg" in found[0] else found[1]
            for found in re.finditer(r"(?m)^(#+|\|---.*|```|\d+\.) ?|doc/screen-\w+-\w+\.svg", readme)
        ]
    wrong = [f"{document}:1: is not built as {DOCUMENT} is"
             for document, shape in shapes.items() if shape != shapes[DOCUMENT]]
    for document, readme in readmes.items():
        for number, line in enumerate(readme.split("\n"), 1):
            for target in re.findall(r'(?:\]\(|src="|srcset=")([\w./-]+)', line):
                if not os.path.exists(target) and not target.startswith("packaging"):
                    wrong.append(f"{document}:{number}: there is no {target}")
    tap.check(f"{len(readmes)} languages are alike", wrong)


def main():
    tap = house.Tap()
    readmes = {one: house.read(one) for one in DOCUMENTS if os.path.isfile(one)}
    lacking = [f"{one}:1: is not there" for one in DOCUMENTS if one not in readmes]
    tap.check("there is a README in each language", lacking)
    if lacking:
        tap.done()
    build = house.build_dir()
    check_status(tap, readmes[DOCUMENT])
    check_alike(tap, readmes)
    if build is None or not os.access(f"{build}/man/lists", os.X_OK):
        tap.skip("tables", "no build directory with man/lists was given")
        tap.done()
    with tempfile.TemporaryDirectory() as folder:
        for document, readme in readmes.items():
            translated = translation(DOCUMENTS[document], folder)
            check_options(tap, build, document, readme)
            if translated is None:
                tap.skip(f"the tables of {document}", "there is no msgfmt")
                continue
            check_tables(tap, build, document, DOCUMENTS[document], readme, folder)
            check_doctor(tap, document, readme, translated)
    tap.done()


main()
