#!/usr/bin/env python3
"""The manual tells of every option, command, key, action, setting and JSON key, and of none else.

What there is comes from the programs (--help, and what tertuliad says when it is spoken to), from
man/lists --names, and from the keys that src/app puts into JSON. What is told of comes from the
pages, filled by man/lists as in the build, by their macros: Fl Fl is an option, Ic /word a command,
Cm in tertulia(5) an action, Va there a setting, Va in tertuliad(1) a JSON key, Ql a word that may
stand behind one, and an Ss there that has a small letter is an event. Ic without a slash under an It
are the keys of one action. The pages have to pass mandoc -Tlint without a word.
"""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
from lib import house

PAGES = {
    "man/tertulia.1.in": "en",
    "man/tertuliad.1.in": "en",
    "man/tertulia.5.in": "en",
    "man/es/tertulia.1.in": "es",
    "man/pt_BR/tertulia.1.in": "pt_BR",
}
SPEAKS = {"LC_ALL": "C.UTF-8", "LANGUAGE": "en"}
# What the manual may name of others: options of the plain chats, of what stands behind a range, and
# of systemctl.
NOT_OURS = {"--ch", "--ex", "--anywhere", "--user", "--now", "--full"}
JSON_KEY = re.compile(r'(?:json_object_set_new\(\s*\w+,|\bput\(\s*\w+,)\s*"([\w-]+)"')
JSON_CHOICE = re.compile(r'(?:json_object_set_new|\bput)\([^;"]*\? "(\w+)" : "(\w+)"')
JSON_WORD = re.compile(r'\breturn "([a-z][a-z-]*)";|\[DOCTOR_\w+\] = "([a-z]+)"')
# Made of no entry that is ever told: json.c has it for the compiler.
JSON_NEVER = {"profile"}
JSON_EVENT = re.compile(r'(?:event_put\(\s*\w+,|event_text\()\s*"([\w-]+)"')
TALK = """/help
/peers
/rooms
/set
/lang
/name ana
/away lunch
hola
/me waves
/join #lab
/topic words
/who-got
/search hola
/info ana
/scan 127.0.0.1:9
/nonsense
/log
"""


def run(*command, data=None, **more):
    """What it prints, or None where it fails."""
    try:
        answer = subprocess.run(command, input=data, capture_output=True, timeout=60,
                                env=os.environ | SPEAKS, **more)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.decode("utf-8", errors="replace") if answer.returncode == 0 else None


# ---- what there is ----------------------------------------------------------------------------


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def spoken(build, folder):
    """What a tertuliad says to all that: objects. It takes the lines as the disk lets it."""
    said = run(f"{build}/tertuliad", "--home", f"{folder}/ana", "--name", "ana", "--no-beacon",
               "--listen", f"127.0.0.1:{free_port()}", "--exit-on-eof", data=TALK.encode())
    return [json.loads(line) for line in said.splitlines()] if said else []


def keys_in(value):
    """The keys of an object, and of those inside."""
    if isinstance(value, dict):
        for key, inside in value.items():
            yield key
            yield from keys_in(inside)
    elif isinstance(value, list):
        for inside in value:
            yield from keys_in(inside)


def json_in_sources():
    """{key: place}, {event: place} of what src/app writes."""
    keys, events = {}, {}
    for path in house.c_files("src/app"):
        source = house.CSource(path)
        for found in JSON_KEY.finditer(source.uncommented):
            keys.setdefault(found[1], f"{path}:{source.line(found.start())}")
        for found in JSON_CHOICE.finditer(source.uncommented):
            for key in found.groups():
                keys.setdefault(key, f"{path}:{source.line(found.start())}")
        for found in JSON_EVENT.finditer(source.uncommented):
            events.setdefault(found[1], f"{path}:{source.line(found.start())}")
    return keys, events


def names_of(build, language, catalogues):
    """{kind: names} of man/lists."""
    there = {kind: set() for kind in ("option", "command", "action", "setting", "key")}
    for line in (run(f"{build}/man/lists", language, catalogues, "--names") or "").splitlines():
        kind, name = line.split(" ", 1)
        there[kind].add(name)
    return there


def options_of(build, program):
    text = run(f"{build}/{program}", "--help") or ""
    return set(re.findall(r"(?m)^  (?:-\w, |    )(--[a-z][\w-]*)", text))


# ---- what is told -----------------------------------------------------------------------------


class Page:
    """One page filled, and what its macros name: {name: line of the page}."""

    def __init__(self, build, path, catalogues):
        self.path = path
        with open(path, "rb") as file:
            self.text = run(f"{build}/man/lists", PAGES[path], catalogues, data=file.read())
        self.lines = (self.text or "").split("\n")

    def named(self, pattern):
        found = {}
        for number, line in enumerate(self.lines, 1):
            if line.startswith("."):
                for name in re.findall(pattern, line):
                    found.setdefault(name, number)
        return found

    def options(self):
        return {"--" + name: at for name, at in self.named(r"\bFl Fl (\w[\w-]*)").items()}

    def mentions(self):
        """Options as they are typed, in examples."""
        return {name: n for n, line in enumerate(self.lines, 1)
                for name in re.findall(r"(?<![\w-])--[a-z][\w-]*", line)}

    def commands(self):
        """Every word with a slash behind Ic, and behind its commas."""
        found = {}
        for number, line in enumerate(self.lines, 1):
            after = re.match(r"\.(?:.* )?Ic (.*)", line)
            for name in re.findall(r"(?<!\S)(/[\w-]+)", after[1]) if after else ():
                found.setdefault(name, number)
        return found

    def keys(self):
        """What stands in the lists of keys: all keys of one action together."""
        found = {}
        for number, line in enumerate(self.lines, 1):
            keys = re.match(r"\.It Ic ([^/].*)", line)
            if keys:
                found.setdefault(keys[1].replace("\\&", "").replace("\\e", "\\"), number)
        return found

    def words(self, macro):
        """Every word that such a line begins with, where it is one in small letters."""
        found = {}
        for number, line in enumerate(self.lines, 1):
            word = re.match(rf"\.{macro} ([a-z][a-z-]*)(?: [.,;:]| \) ,|$)", line)
            if word:
                found.setdefault(word[1], number)
        return found

    def after(self, macro):
        """Every word behind a macro, where it is not punctuation or another macro."""
        found = {}
        for number, line in enumerate(self.lines, 1):
            words = re.match(rf"\.(?:.* )?{macro} (.*)", line)
            for name in words[1].split() if words else ():
                if re.fullmatch(r"[a-z][\w-]*", name):
                    found.setdefault(name, number)
        return found

    def sections(self):
        return {name: n for n, line in enumerate(self.lines, 1)
                for name in re.findall(r"[a-z][\w-]*", line[4:] if line.startswith(".Ss ") else "")
                if not re.search(r"[A-Z]", line[4:])}


def compare(tap, what, path, there, told, strangers=frozenset()):
    """Both ways. `there`: names, or {name: place}."""
    places = there if isinstance(there, dict) else {}
    wrong = [f"{places.get(name, path + ':1')}: {path} says nothing of {name}"
             for name in sorted(set(there) - set(told))]
    wrong += [f"{path}:1: tells of {name} (line {told[name]} when filled), which there is not"
              for name in sorted(set(told) - set(there) - strangers)]
    tap.check(f"{len(there)} {what}", wrong)


# ---- checks -----------------------------------------------------------------------------------


def check_page_one(tap, build, page, program, names):
    options = options_of(build, program)
    if len(options) < 2:
        tap.check(f"{program} --help", [f"{build}/{program}:1: shows no options"])
    others = names["option"] - options  # a page may name those of the other program
    compare(tap, f"options of {program} in {page.path}", page.path, options, page.options(), others)
    strange = {name: at for name, at in page.mentions().items()
               if name not in names["option"] | NOT_OURS}
    tap.check(f"no other option stands in the examples of {page.path}",
              [f"{page.path}:1: no program has {name} (line {at} when filled)"
               for name, at in strange.items()])


def check_commands(tap, page, names, said):
    answered = {"/" + event["text"].split(":")[0].split()[0].strip("/") for event in said
                if event.get("code") == "help"}
    if not answered <= names["command"] or len(answered) < 2:
        tap.check("commands", [f"man/lists.c:1: has not all commands of /help: {answered}"])
    compare(tap, f"commands in {page.path}", page.path, names["command"], page.commands())


def check_json(tap, page, names, said):
    keys, events = json_in_sources()
    for event in said:
        events.setdefault(event["event"], "src/app/headless.c:1")
        for key in keys_in(event):
            keys.setdefault(key, "src/app/json.c:1")
    if len(said) < 10:
        tap.check("what tertuliad says", [f"src/app/headless.c:1: it said only {len(said)} lines"])
    told = page.after("Va")
    compare(tap, "JSON keys", page.path, keys, told)
    # An answer is called as its command is.
    answers = {name[1:] for name in names["command"]}
    compare(tap, "JSON events", page.path, events, page.sections(), answers)


def check_words(tap, page, said):
    """What may stand behind a key, of a few words: in json.c they are returned, one by one."""
    there = {}
    for path in ("src/app/json.c", "src/app/doctor.c"):
        source = house.CSource(path)
        for found in JSON_WORD.finditer(source.uncommented):
            there.setdefault(found[1] or found[2], f"{path}:{source.line(found.start())}")
    there = {word: place for word, place in there.items() if word not in JSON_NEVER}
    codes = code_words() | {event["code"] for event in said if "code" in event}
    compare(tap, "words behind JSON keys", page.path, there, page.words("Ql"), codes)


def code_words():
    """Everything in the sources that could be the code of a notice: a page may name some."""
    found = set()
    for path in house.c_files("src/app", "src/core"):
        found |= {text for _, text in house.CSource(path).strings if re.fullmatch(r"[a-z]+(-[a-z]+)*", text)}
    return found


def check_lint(tap, pages, folder):
    if not shutil.which("mandoc"):
        tap.skip("mandoc -Tlint", "there is no mandoc")
        return
    wrong = []
    texts = {page.path: page.text for page in pages}
    if os.path.isfile("man/protocol.awk"):
        texts["man/protocol.awk"] = run("awk", "-f", "man/protocol.awk", "PROTOCOL.md")
    for path, text in texts.items():
        name = os.path.join(folder, os.path.basename(path))
        with open(name, "w", encoding="utf-8") as file:
            file.write(text or "")
        answer = subprocess.run(["mandoc", "-Tlint", "-Wall", name], capture_output=True)
        for line in answer.stdout.decode("utf-8", errors="replace").splitlines():
            if not re.search(r"referenced manual not found: Xr tertulia", line):
                wrong.append(f"{path}:1: {line.replace(name, 'filled')}")
    tap.check(f"mandoc has nothing to say of {len(texts)} pages", wrong)


def catalogues_make(folder):
    """As gettext wants them. Where msgfmt is not, the pages of the languages are left out."""
    made = set()
    for language in {"es", "pt_BR"}:
        place = os.path.join(folder, language, "LC_MESSAGES")
        os.makedirs(place)
        if run("msgfmt", "-o", f"{place}/tertulia.mo", f"po/{language}.po") is not None:
            made.add(language)
    return made


def main():
    tap = house.Tap()
    build = house.build_dir()
    if build is None or not os.access(f"{build}/man/lists", os.X_OK):
        tap.skip("the manual", "no build directory with man/lists was given")
        tap.done()
    with tempfile.TemporaryDirectory() as folder:
        languages = catalogues_make(folder) | {"en"}
        names = {one: names_of(build, one, folder) for one in languages}
        said = spoken(build, folder)
        pages = {path: Page(build, path, folder) for path, language in PAGES.items()
                 if language in languages}
        unfilled = [f"{path}:1: cannot be filled" for path, page in pages.items() if not page.text]
        tap.check(f"{len(pages)} pages are filled", unfilled)
        for path in pages:
            if path.endswith("/tertulia.1.in"):
                check_page_one(tap, build, pages[path], "tertulia", names["en"])
                check_commands(tap, pages[path], names[PAGES[path]], said)
                compare(tap, f"lines of keys in {path}", path, names[PAGES[path]]["key"],
                        pages[path].keys())
        names = names["en"]
        check_page_one(tap, build, pages["man/tertuliad.1.in"], "tertuliad", names)
        five = pages["man/tertulia.5.in"]
        compare(tap, "settings", five.path, names["setting"], five.after("Va"))
        compare(tap, "actions", five.path, names["action"], five.after("Cm"), {"default"})
        check_json(tap, pages["man/tertuliad.1.in"], names, said)
        check_words(tap, pages["man/tertuliad.1.in"], said)
        check_lint(tap, pages.values(), folder)
    tap.done()


main()
