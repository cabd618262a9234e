#!/usr/bin/env python3
"""No English is left on a screen when the program speaks a language that has none of its letters.

All situations of tests/golden, --help, the file of settings, the doctor, what --plain and tertuliad
answer to every command, and wrong uses are had in that language (lib/catalogue.py). Every Latin word
there was in no mark, and has to be data: a name, something that was typed, a word that is the same
in every language. Only then is it on the list below.

The catalogue is put into the build's own prefix and taken away again.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from lib import catalogue, house

FRAME = "120x50"  # nearly everything fits
SPEAKS = {"LC_ALL": "C.UTF-8", "LANGUAGE": catalogue.NOBODYS, "TZ": "UTC", "TERM": "xterm"}
WORD = re.compile(r"[A-Za-zÀ-ÿ][A-Za-zÀ-ÿ0-9_'.-]*")
# What is the same in every language, and why.
SAME = {
    "people of the demo, and names given here": "ana bruno carla dani eva João telma rosa bob nobody",
    "the same, where a menu covers how they begin": "arla va oão elma",
    "rooms": "everyone lab den",
    "dialects": "native dated named join neighbour piped plain",
    "the programs, their files, and themselves": "tertulia tertuliad tertulia.ini identity lock log root",
    "units, protocols": "ms min KiB MiB GiB TCP UDP TLS B h s d",
    "interfaces": "lo eth0",
}  # fmt: skip
# Keys as they are written, code points, codes to compare and keys; tags stand behind a `~`.
SHAPES = re.compile(r"[A-Za-z]|F\d+|E[\dA-F]{4}|[a-z2-7]{52}")
PASSED_OVER = re.compile(r"\b[a-z2-7]{20}\b|~[a-z2-7]{4}|\b(?:Ctrl|Alt|Shift)-|--[a-z][a-z-]+|(?<!\S)/[a-z-]+|\S*/\S*/\S*")
# The same, where settings and keys are shown or written.
VALUES = "auto en es pt_BR English default dark light mono mentions on off none osc9 osc777"
KEYS = "settings bind Up Down Left Right PgUp PgDn Home End Enter Esc Tab Backspace Del"
# Screens that speak a language because somebody asked for it, or types its commands.
OTHERS = {"language", "picture-es", "picture-pt_BR"}

LINES = """hello
carla: hello
/peers
/rooms
/info carla
/info telma
/who-got
/search party
/search "
/search
/join #den
/topic words
/topic
/me waves
/leave
/leave
/away lunch
/away
/name ana
/name
/alias bruno bob
/alias bob ""
/call carla
/call telma
/ignore eva
/ignore eva
/block eva
/block eva
/verify carla
/trust carla
/invite telma
/invite carla
/retry
/retry telma
/set
/set bell x
/set retention-days -4
/set bell on
/set nonsense 1
/bind
/theme
/theme light
/theme nonsense
/lang
/lang nonsense
/log
/about
/help
/help connect
/help nonsense
/connect
/connect a:b:c
/connect 192.0.2.12:9999 nonsense
/disconnect nobody
/disconnect telma
/scan 8.8.8.8
/scan 10.0.0.0/8
/scan nonsense..
/export
/export /nonsense/x.txt
/nonsense
/c
/whisper
/whisper nobody x
/whisper carla x
/info nobody
/clear
//slash
/exit
"""
WRONG = [
    ["--nonsense"], ["--listen", "x"], ["--listen", "99999"], ["--name"], ["a", "b", "c"],
    ["--secret-file", "/nonsense"], ["doctor", "x"], ["--transcript", "/nonsense/x", "--plain"],
    ["--scan", "1.2.3", "--plain"], ["--connect", "a:b:c"], [],
]  # fmt: skip
INI = "[settings]\nbell = x\nnonsense = 3\nfoo\n[bind]\nCtrl-q = nonsense\n[nonsense]\n"


def run(command, data=None, more=None, **others):
    """What it says, on both ways out."""
    answer = subprocess.run(command, input=data, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            timeout=120, env=os.environ | SPEAKS | (more or {}), **others)
    return answer.stdout.decode("utf-8", errors="replace")


# ---- where there is something to read: (place, text, words that were typed) -------------------


def screens(build, folder, own):
    special = {"bind": own["action"], "complete-command": own["command"].replace("/", ""),
               "set": f"{own['setting']} {VALUES}"}
    text = run(["tests/golden/golden"], cwd=build,
               more={"srcdir": os.getcwd(), "GOLDEN_FRAMES": f"{FRAME}-{catalogue.NOBODYS}",
                     "GOLDEN_LOCALES": folder})
    if not re.search(r"(?m)^1\.\.\d+$", text):
        yield "tests/golden/golden.c:1", "did not come to its end", ""
    parts = re.split(rf"(?m)^\S*/frames/(\S+)-{FRAME}-{catalogue.NOBODYS}\.txt is:\n", text)
    for name, frame in zip(parts[1::2], parts[2::2]):
        if name not in OTHERS:
            situation = house.read(f"tests/golden/situations/{name}")
            title = re.search(r"(?m)^-- (.*), \w+, \d+ bells$", frame)
            seen = frame.split("\n-- ")[0] + "\n" + (title[1] if title else "")
            typed = re.sub(r"(?m)^(?:#|frames ).*|^\w+", "", situation)
            typed = re.sub(r"<\d+\*([^>]*)>", r" \1 ", typed)
            typed = [re.sub(r"<[^>]*>|(\\x..)+", keys, typed) for keys in ("", " ")]
            yield f"tests/golden/situations/{name}:1", seen, *typed, special.get(name, "")


def plain(build):
    """Every command, once everybody of the demo is there."""
    process = subprocess.Popen([f"{build}/tertulia", "--plain", "--demo", "--name", "ana"],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, env=os.environ | SPEAKS)
    said, waited = [], {"bruno", "carla", "dani", "eva", "João", "美咲"}
    while waited and (line := process.stdout.readline()):
        said.append(line.decode("utf-8", errors="replace"))
        waited -= {name for name in waited if name in said[-1]}
    rest, _ = process.communicate(LINES.encode(), timeout=60)
    return "".join(said) + rest.decode("utf-8", errors="replace")


def headless(build, folder):
    said = run([f"{build}/tertuliad", "--home", f"{folder}/d", "--name", "ana", "--no-beacon",
                "--listen", "127.0.0.1:0", "--exit-on-eof"], LINES.encode())
    for line in said.splitlines():
        try:
            yield str(json.loads(line).get("text", ""))
        except ValueError:
            yield line


def programs(build, folder, own):
    typed = re.sub(r"(?m)^/\S+", "", LINES) + INI + repr(WRONG)
    settings = f"{typed} {own['setting']} {VALUES}"
    written = f"{settings} {own['action']} {KEYS}"
    home = f"{folder}/home"
    for program in ("tertulia", "tertuliad"):
        yield "src/app/options.c:1", run([f"{build}/{program}", "--help"])  # nothing was typed
        for wrong in WRONG:
            words = [f"{build}/{program}", "--home", home, "--no-beacon", *wrong]
            if wrong or program == "tertulia":
                yield "src/app/options.c:1", run(words, b""), typed
    doctor = [f"{build}/tertulia", "--home", home, "--no-beacon", "--listen", "127.0.0.1:9", "doctor"]
    yield "src/app/doctor.c:1", run(doctor)
    wrote = run([f"{build}/tertulia", "--home", home, "--write-config"])
    with open(f"{home}/tertulia.ini", encoding="utf-8") as file:
        yield "src/app/config.c:1", wrote + re.sub(r"(?m)^;", "", file.read()), written
    with open(f"{home}/tertulia.ini", "w", encoding="utf-8") as file:
        file.write(INI)
    yield "src/app/config.c:1", run([f"{build}/tertulia", "--home", home, "--no-beacon", "--plain",
                                     "--listen", "127.0.0.1:0"], b""), written
    yield "src/app/plain.c:1", plain(build), settings
    yield "src/app/headless.c:1", "\n".join(headless(build, folder)), settings


# ---- reading it -------------------------------------------------------------------------------


def own_words(build):
    """{kind: names in the program's tables}, which are the same in every language."""
    names = subprocess.run([f"{build}/man/lists", "en", ".", "--names"], capture_output=True,
                           env=os.environ | {"LANGUAGE": "en"}).stdout.decode()
    kinds = {}
    for kind, name in (line.split(" ", 1) for line in names.splitlines()):
        kinds[kind] = kinds.get(kind, "") + " " + name
    return kinds


def words_of(text):
    return {word.strip("'.-_") for word in WORD.findall(text)}


def strangers(text, known, typed):
    for number, line in enumerate(text.split("\n"), 1):
        for word in WORD.findall(PASSED_OVER.sub(" ", line)):
            word = word.strip("'.-_")
            begins = f"{word}…" in line and any(one.startswith(word) for one in typed)
            if word and word not in known | typed and not SHAPES.fullmatch(word) and not begins:
                yield word, line.strip()


def localedir(build):
    """Where the programs of this build look; None where that is not inside of the build."""
    makefile = house.read(f"{build}/Makefile") if os.path.isfile(f"{build}/Makefile") else ""
    prefix = re.search(r"(?m)^prefix = (.*)$", makefile)
    if not prefix or not re.search(r"(?m)^localedir = \$\{datarootdir\}/locale$", makefile):
        return None
    inside = os.path.realpath(prefix[1]).startswith(os.path.realpath(build) + "/")
    return os.path.join(prefix[1], "share/locale") if inside else None


def check(tap, what, known, pieces):
    wrong, count = [], 0
    for place, text, *typed in pieces:
        count += len(text.strip()) > 0
        typed = words_of(" ".join(typed))
        if not re.search(r"[\u0410-\u0449]", text) and text.strip():
            wrong.append(f"{place}: is not in the language: {text[:80]!r}")
        wrong += [f'{place}: in no mark: "{word}" in "{line[:100]}"'
                  for word, line in dict(strangers(text, known, typed)).items()]
    tap.check(f"{what}: {count} looked at, {len(wrong)} words left in English",
              wrong if count else ["tests/check/unmarked.py:1: there is nothing to look at"])


def main():
    tap = house.Tap()
    build = house.build_dir()
    if build is None or not os.access(f"{build}/tests/golden/golden", os.X_OK):
        tap.skip("unmarked strings", "no build directory with tests/golden/golden was given")
        tap.done()
    build = os.path.abspath(build)
    own = own_words(build)
    known = {word for words in SAME.values() for word in words.split()}
    with tempfile.TemporaryDirectory() as folder:
        why = catalogue.nobodys_catalogue(folder)
        tap.check("a catalogue of nobody's language", [f"po/Makevars:1: {why}"] if why else [])
        if why:
            tap.done()
        check(tap, "screens", known, screens(build, folder, own))
        place = localedir(build)
        if place is None:
            tap.skip("what the programs say", "the build's prefix is not inside of it")
            tap.done()
        ours = os.path.join(place, catalogue.NOBODYS)
        shutil.copytree(os.path.join(folder, catalogue.NOBODYS), ours, dirs_exist_ok=True)
        try:
            os.mkdir(f"{folder}/home")
            check(tap, "what the programs say", known, programs(build, folder, own))
        finally:
            shutil.rmtree(ours)
    tap.done()


main()
