#!/usr/bin/env python3
"""The completions do what they should in bash, zsh and fish themselves, where these are installed.

The templates of share/ are filled by share/fill as in the build. Then each shell is spoken to in a
terminal of its own: something is typed, Tab and Enter, and a stand-in for the program says what words
it was given. What is offered behind "--" has to be the options of --help, and no others.
"""

import gettext
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
from lib import house

PROGRAMS = ("tertulia", "tertuliad")
LIMIT = 30  # seconds, for what takes one
SPEAKS = {"LC_ALL": "C.UTF-8", "LANGUAGE": "en"}
# A locale, and the language of ours that those who use it are shown.
LANGUAGES = {"C.UTF-8": "en", "es_AR.UTF-8": "es", "pt_PT.UTF-8": "pt_BR"}
# What is typed before Tab, and what the program is given then.
TYPED = [
    ("an option", "{0} --transc", "--transcript"),
    ("a file", "{0} --secret-file a-sec", "--secret-file|a-secret.txt"),
    ("a file behind =", "{0} --secret-file=a-sec", "--secret-file=a-secret.txt"),
    ("a folder, and no file", "{0} --home a-", "--home|a-folder"),
    ("a folder behind =", "{0} --home=a-", "--home=a-folder"),
    ("a word", "{0} doct", "doctor"),
    ("an option behind a word", "{0} doctor --js", "doctor|--json"),
    ("no second word", "{0} doctor doct", "doctor|doct"),
    ("nothing where nobody knows", "{0} --name doct", "--name|doct"),
    ("nothing behind that letter", "{0} -n a-sec", "-n|a-sec"),
]
STANDS_IN = {
    "bash": "{0}() {{ local IFS='|'; echo \"GO\"\"T:$*:\"; }}",
    "zsh": "{0}() {{ echo \"GO\"\"T:${{(j:|:)@}}:\" }}",
    "fish": "function {0}; echo GO''T:(string join '|' -- $argv):; end",
}


class Shell:
    """One that runs in a pseudo-terminal, in a folder of its own."""

    def __init__(self, name, folder, filled, locale="C.UTF-8"):
        self.name = name
        self.said = b""
        begin = {"bash": ["--norc", "--noprofile", "-i"], "zsh": ["-f", "-i"], "fish": ["-i", "-N"]}
        kept = {key: value for key, value in os.environ.items() if not re.match("LC_|LANG|XDG_", key)}
        self.process, self.end = pty.fork()
        if self.process == 0:
            os.chdir(folder)
            os.environ.clear()
            os.environ.update(kept, LANG=locale, LC_CTYPE="C.UTF-8", TERM="xterm", HOME=folder)
            os.execvp(name, [name, *begin[name]])
        for line in self.preparation(filled):
            self.type(line + "\r")
        self.type({"fish": "echo REA''DY\r"}.get(name, 'echo "REA""DY"\r'))
        self.wait(rb"READY")

    def preparation(self, filled):
        if self.name == "bash":
            yield "PS1='ask> '; bind 'set page-completions off'; bind 'set show-all-if-ambiguous on'"
            yield "bind 'set completion-query-items 0'; bind 'set bell-style none'"
        if self.name == "zsh":
            yield f"PS1='ask> '; fpath=({filled}/zsh $fpath); autoload -U compinit; compinit -D -u"
            yield "LISTMAX=9999; unsetopt beep; stty columns 400 rows 100"
        if self.name == "fish":
            yield f"function fish_prompt; echo 'ask> '; end; set -p fish_complete_path {filled}/fish"
        for program in PROGRAMS:
            yield STANDS_IN[self.name].format(program)
            if self.name == "bash":
                yield f"source {filled}/bash/{program}"

    def type(self, text):
        os.write(self.end, text.encode())

    def answer(self, text):
        """The same at a prompt: before it, a key like ^U would be the terminal's, not the shell's."""
        self.wait(rb"ask> ")
        self.type(text)

    def wait(self, pattern):
        """What was said up to the end of that; the rest is kept."""
        until = time.monotonic() + LIMIT
        while not (found := re.search(pattern, self.said)):
            if not select.select([self.end], [], [], max(0, until - time.monotonic()))[0]:
                raise TimeoutError(f"{self.name} said no {pattern}: {self.said[-200:]!r}")
            self.said += os.read(self.end, 65536)
        before, self.said = self.said[: found.end()], self.said[found.end():]
        return before, found

    def given(self, typed):
        """The words that the program is given for that line, with Tab behind it."""
        self.answer(typed + "\t\r")
        return self.wait(rb"GOT:(.*?):\r?\n")[1][1].decode()

    def close(self):
        os.kill(self.process, signal.SIGKILL)
        os.waitpid(self.process, 0)
        os.close(self.end)


# ---- what there is ----------------------------------------------------------------------------


def run(*command, env=None, **more):
    """What it prints, or None where it fails."""
    try:
        answer = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                timeout=LIMIT, env=os.environ | SPEAKS | (env or {}), **more)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return answer.stdout.decode("utf-8", errors="replace") if answer.returncode == 0 else None


def options_of(build, program):
    text = run(f"{build}/{program}", "--help", stdin=subprocess.DEVNULL) or ""
    return set(re.findall(r"(?m)^  (?:-\w, |    )(--[a-z][\w-]*)", text))


def fill(build, place):
    """All six files, as the build names them; what could not be."""
    for language in ("es", "pt_BR"):
        os.makedirs(f"{place}/po/{language}/LC_MESSAGES")
        run("msgfmt", "-o", f"{place}/po/{language}/LC_MESSAGES/tertulia.mo", f"po/{language}.po")
    wrong = []
    for shell, name in (("bash", "{}"), ("zsh", "_{}"), ("fish", "{}.fish")):
        os.makedirs(f"{place}/{shell}", exist_ok=True)
        for program in PROGRAMS:
            with open(f"share/{shell}.in", "rb") as template:
                text = run(f"{build}/share/fill", program, f"{place}/po", stdin=template)
            if text is None or re.search(r"@[a-z ]+@", text):
                wrong.append(f"share/{shell}.in:1: cannot be filled for {program}")
            with open(f"{place}/{shell}/{name.format(program)}", "w", encoding="utf-8") as file:
                file.write(text or "")
    return wrong


# ---- what the shells make of it ---------------------------------------------------------------


def fish_offers(line, folder, filled, **more):
    """What fish offers there, an explanation behind each."""
    program = line.split()[0]
    script = f"function {program}; end; set -p fish_complete_path {filled}/fish; complete -C '{line}'"
    return run("fish", "-N", "-c", script, env={"HOME": folder, **more}) or ""


def listed(shell, line):
    """All that bash or zsh writes below that line. It is taken back then, and another one given."""
    shell.answer(line + "\t\t" + {"zsh": "\x15", "bash": "\x01\x0b"}[shell.name] + "echo SEE''N\r")
    return shell.wait(rb"SEEN\r?\n")[0].decode("utf-8", errors="replace")


def offered(shell, program, filled, folder):
    """The options behind "--", by a shell that lists them all."""
    if shell.name == "fish":
        text = fish_offers(f"{program} --", folder, filled)
        return {line.split("\t")[0] for line in text.splitlines()}
    return set(re.findall(r"--[a-z][\w-]*", listed(shell, f"{program} --")))


def shown(name, folder, filled, locale):
    """All that is listed behind "--no-", in that locale."""
    if name == "fish":
        return fish_offers("tertulia --no-", folder, filled, LC_ALL="", LANGUAGE="", LANG=locale)
    shell = Shell(name, folder, filled, locale)
    try:
        return listed(shell, "tertulia --no-")
    finally:
        shell.close()


def explained(filled, language):
    """How --no-guests is explained: the beginning, for a screen may not have room for all of it."""
    text = re.search(r'"no-guests".*?N_\("(.*?)"\)', house.read("src/app/options.c"), re.DOTALL)[1]
    words = gettext.translation("tertulia", f"{filled}/po", [language], fallback=True).gettext(text)
    return words[:20]


def check_typed(tap, shell):
    for program in PROGRAMS:
        wrong = []
        for what, typed, wanted in TYPED:
            got = shell.given(typed.format(program))
            if got.rstrip("/=") != wanted:  # some shells take these back at Enter
                wrong.append(f"share/{shell.name}.in:1: {what}: {typed!r} became {got!r}")
        tap.check(f"{shell.name} completes {len(TYPED)} lines of {program}", wrong)


def check_shell(tap, name, build, folder, filled):
    shell = Shell(name, folder, filled)
    try:
        check_typed(tap, shell)
        for program in PROGRAMS:
            there, offer = options_of(build, program), offered(shell, program, filled, folder)
            strange = sorted(there ^ offer) if there else ["anything: --help shows no options"]
            tap.check(f"{name} offers the {len(there)} options of {program}",
                      [f"share/{name}.in:1: {program}: --help and it disagree about {one}"
                       for one in strange])
    finally:
        shell.close()
    if name != "bash":  # which shows no words of ours
        tap.check(f"{name} explains them in {len(LANGUAGES)} languages",
                  [f"share/{name}.in:1: says nothing like {explained(filled, language)!r} in {locale}"
                   for locale, language in LANGUAGES.items()
                   if explained(filled, language) not in shown(name, folder, filled, locale)])


def main():
    tap = house.Tap()
    build = house.build_dir()
    if build is None or not os.access(f"{build}/share/fill", os.X_OK):
        tap.skip("completions", "no build directory with share/fill was given")
        tap.done()
    with tempfile.TemporaryDirectory() as place:
        folder = f"{place}/home"
        os.makedirs(f"{folder}/a-folder")
        open(f"{folder}/a-secret.txt", "w").close()
        tap.check("6 completions are made", fill(build, place))
        for name in ("bash", "zsh", "fish"):
            if not shutil.which(name):
                tap.skip(name, f"there is no {name} here")
                continue
            try:
                check_shell(tap, name, build, folder, place)
            except (TimeoutError, OSError) as error:
                tap.check(name, [f"share/{name}.in:1: {error}"])
    tap.done()


main()
