#!/usr/bin/env python3
"""The installed programs from outside: tests/cli/run.py BINDIR. TAP.

Options and their errors in every language, standard streams of every kind, signals, and the screen
in a pseudo-terminal. Nothing sleeps: it waits for output or for an end, with a generous limit.
"""
import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import termios

LIMIT = 60  # seconds; nothing here takes one
BIN = pathlib.Path(sys.argv[1]).resolve()
SCREEN = str(BIN / "tertulia")
DAEMON = str(BIN / "tertuliad")
NLS = os.environ.get("NLS", "yes") == "yes"
ROOT = pathlib.Path(__file__).resolve().parents[2]
HOME = None  # of this run
tests = []


def test(function):
    tests.append(function)
    return function


def environment(lang="C.UTF-8", **more):
    kept = {k: v for k, v in os.environ.items() if not re.match(r"LC_|LANG|TERM|NO_COLOR|XDG_", k)}
    return {**kept, "LANG": lang, "TERM": "xterm-256color", "HOME": HOME, **more}


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def quiet(program):
    """A program that nobody else hears of."""
    return [program, "--no-beacon", "--listen", f"127.0.0.1:{free_port()}"]


def run(*words, lang="C.UTF-8", **more):
    return subprocess.run(words, env=environment(lang), capture_output=True, timeout=LIMIT,
                          **{"stdin": subprocess.DEVNULL, **more})


def equal(got, wanted, what=""):
    assert got == wanted, f"{what}: got {got!r}, wanted {wanted!r}"


def catalogue(lang):
    """msgid -> msgstr of one .po file, plurals left out."""
    text = (ROOT / "po" / f"{lang}.po").read_text(encoding="utf-8")
    pairs = re.findall(r'^msgid ((?:".*"\n)+)msgstr ((?:".*"\n)+)', text + "\n", re.M)

    def plain(quoted):
        joined = "".join(part[1:-1] for part in quoted.strip().split("\n"))
        return joined.replace('\\"', '"').replace("\\n", "\n")

    return {plain(a): plain(b) for a, b in pairs}


def squeeze(text):
    return " ".join(text.split())


# ---- help and version -----------------------------------------------------------------------

@test
def help_names_every_option_of_the_design():
    both = ("--name --listen --connect --home --mesh --secret-file --new-secret --classic doctor "
            "--no-guests --no-beacon --transcript --scan --json --version --help").split()
    for program, own in ((SCREEN, ["--plain", "--demo", "--write-config"]), (DAEMON, ["--exit-on-eof"])):
        for ask in ("--help", "-h"):
            result = run(program, ask)
            equal((result.returncode, result.stderr), (0, b""), ask)
            for option in both + own + ["-n,", "-l,", "-c,", "-v,"]:
                assert option in result.stdout.decode(), f"{program} {ask}: no {option}"
    assert "--plain" not in run(DAEMON, "--help").stdout.decode()
    assert "--exit-on-eof" not in run(SCREEN, "--help").stdout.decode()


@test
def help_fits_eighty_columns_in_every_language():
    for lang in ("C.UTF-8", "es_ES.UTF-8", "pt_BR.UTF-8"):
        for program in (SCREEN, DAEMON):
            for line in run(program, "--help", lang=lang).stdout.decode().splitlines():
                assert len(line) <= 80, f"{lang}: {line}"


@test
def help_is_whole_in_every_language():
    english = squeeze(run(SCREEN, "--help").stdout.decode())
    for lang in ("es", "pt_BR"):
        words = catalogue(lang)
        for program in (SCREEN, DAEMON):
            english = squeeze(run(program, "--help").stdout.decode())
            said = squeeze(run(program, "--help", lang={"es": "es_ES", "pt_BR": "pt_BR"}[lang]
                               + ".UTF-8").stdout.decode())
            shown = [m for m in words if len(m) > 12 and "%" not in m and squeeze(m) in english]
            assert len(shown) >= 15, f"{program}: only {len(shown)} sentences were found in the help"
            for message in shown:
                wanted = words[message] if NLS else message
                assert squeeze(wanted) in said, f"{lang}: {wanted!r} is not in the help"
                if NLS:
                    assert squeeze(message) not in said, f"{lang}: {message!r} is still English"


@test
def a_language_is_had_without_its_locale():
    if not NLS:
        return
    for lang, word in (("es_MX.UTF-8", "Uso:"), ("es", "opciones"), ("pt_PT.UTF-8", "opções"),
                       ("pt_BR", "opções"), ("xx_XX.UTF-8", "Usage:"), ("C", "Usage:"),
                       ("POSIX", "Usage:"), ("en_US.UTF-8", "Usage:")):
        said = run(SCREEN, "--help", lang=lang).stdout.decode()
        assert word in said, f"{lang}: {said[:60]!r}"
    result = subprocess.run([SCREEN, "--help"], capture_output=True, timeout=LIMIT,
                            env=environment("en_US.UTF-8", LANGUAGE="es"))
    assert b"Uso:" in result.stdout, "LANGUAGE goes first"


@test
def version_names_every_library():
    said = run(SCREEN, "--version").stdout.decode()
    assert re.match(r"tertulia \d+\.\d+\.\d+\n", said), said
    for library in ("libuv", "OpenSSL", "libsodium", "SQLite", "protobuf-c", "utf8proc", "jansson",
                    "ncurses"):
        assert re.search(library + r" [0-9]", said), f"{library}: {said}"
    said = run(DAEMON, "--version").stdout.decode()
    assert said.startswith("tertuliad "), said
    assert "ncurses" not in said, said


@test
def a_new_secret_is_new_each_time():
    secrets = {run(DAEMON, "--new-secret").stdout.decode() for _ in range(8)}
    equal(len(secrets), 8)
    for secret in secrets:
        assert re.fullmatch(r"[a-z2-7]{26}\n", secret), secret


@test
def the_programs_are_hardened():
    for program in (SCREEN, DAEMON):
        said = run("readelf", "-hldsW", program).stdout.decode()
        for mark in ("DYN", "GNU_RELRO", "NOW", "__stack_chk_fail"):
            assert mark in said, f"{program}: no {mark}"
        assert not re.search(r"GNU_STACK.*RWE", said), f"{program}: its stack is executable"


# ---- wrong usage ------------------------------------------------------------------------------

def wrong_lines(folder):
    """Words, and what the one line says in English."""
    (folder / "empty").write_bytes(b"")
    (folder / "file").write_bytes(b"x")
    missing = str(folder / "missing" / "file")
    port = "a port is a number from 1 to 65535"
    return [
        (["--nonsense"], "There is no option --nonsense"),
        (["-x"], "There is no option -x"),
        (["--name"], "--name needs a value"),
        (["-l"], "-l needs a value"),
        (["--listen", "0"], port), (["--listen", "65536"], port), (["--listen", "abc"], port),
        (["--listen", "-1"], port), (["--listen", ""], port), (["--listen", "9999x"], port),
        (["--listen", "127.0.0.1:0"], port), (["--listen", "127.0.0.1"], port),
        (["--listen", "[::1]:65536"], port), (["--listen", "127.0.0.1:abc"], port),
        (["--listen", "somewhere:9999"], "no address to listen on"),
        (["--listen", "[::1:9999"], "no address to listen on"),
        (["-l", "1"] * 17, "more than 16 times"),
        (["--connect", "host:0"], port), (["--connect", "host:65536"], port),
        (["--connect", "host:abc"], port), (["--connect", ""], "no address"),
        (["--connect", ":9999"], "no address"), (["--connect", "a b"], "no address"),
        (["-c", "h"] * 65, "More than 64 people"),
        (["host:0"], port), (["host", "0"], port), (["127.0.0.1", "65536"], port),
        (["127.0.0.1", "9000", "127.0.0.1", "0"], port),
        (["not.here.example", "9000"], "no address of this machine"),
        (["ana", "bruno", "9000"], "people are called as HOST:PORT"),
        (["--name", ""], "it is empty"), (["--name", "a" * 65], "longer than 64 bytes"),
        (["--name", "\x1b[31mred"], "cannot be shown"), (["--name", b"\xff\xfe"], "cannot be shown"),
        (["--name", "a\nb"], "cannot be shown"), (["--name", "\u202eana"], "cannot be shown"),
        (["--mesh", ""], "it is empty"), (["--mesh", "a\tb"], "cannot be shown"),
        (["--home", str(folder / "file")], "is not a folder"),
        (["--home", ""], "cannot be used"), (["--home", str(folder / "file" / "x")], "cannot be used"),
        (["--secret-file", missing], "there is no such file"),
        (["--secret-file", ""], "there is no such file"),
        (["--secret-file", str(folder)], "no secret in"),
        (["--secret-file", str(folder / "empty")], "no secret in"),
        (["--transcript", missing], "there is no such file"),
        (["--transcript", str(folder)], "it is a folder"),
        (["--transcript", ""], "there is no such file"),
        (["--version=3"], "There is no option --version=3"),
        (["--scan", "10.0.0.300"], "is neither"), (["doctor", "ana"], "stands alone"),
        (["--json"], "goes with"),
    ]


@test
def wrong_usage_is_one_clear_line_and_status_2():
    with tempfile.TemporaryDirectory() as name:
        for words, sentence in wrong_lines(pathlib.Path(name)):
            for program in (SCREEN, DAEMON):
                result = run(program, *words)
                said = result.stderr.decode()
                equal((result.returncode, result.stdout), (2, b""), words)
                assert said.count("\n") == 1 and said.endswith("\n"), f"{words}: {said!r}"
                assert sentence in said, f"{words}: {said!r}"
                assert said.startswith(os.path.basename(program) + ": "), said
                bad = [c for c in said[:-1] if ord(c) < 32 or 0x7f <= ord(c) < 0xa0]
                assert not bad and "\u202e" not in said, f"{words}: {said!r}"


@test
def wrong_usage_is_told_in_the_users_language():
    if not NLS:
        return
    english = ("There is", "needs a", "number from", "no address", "more than", "More than",
               "cannot be", "there is no", "it is", "is not a", "called as", "longer")
    with tempfile.TemporaryDirectory() as name:
        for words, sentence in wrong_lines(pathlib.Path(name)):
            for lang in ("es_ES.UTF-8", "pt_BR.UTF-8"):
                result = run(SCREEN, *words, lang=lang)
                said = result.stderr.decode()
                equal(result.returncode, 2, words)
                assert sentence not in said, f"{lang} {words}: {said!r}"
                left = [word for word in english if word in said]
                assert not left, f"{lang} {words}: {said!r}"


# ---- the doctor -------------------------------------------------------------------------------

def doctor(program, *words, lang="C.UTF-8"):
    port = free_port()
    return port, run(program, "doctor", "--listen", f"127.0.0.1:{port}", *words, lang=lang)


@test
def the_doctor_says_the_same_in_words_and_in_json():
    for program in (SCREEN, DAEMON):
        port, result = doctor(program, "--json")
        equal(result.stderr, b"")
        (said,) = events(result.stdout)
        equal(said["event"], "doctor")
        areas = [word["area"] for word in said["doctor"]]
        for area in ("network", "beacon", "port", "firewall", "vpn", "disk", "history"):
            assert area in areas, f"nothing of {area}: {areas}"
        for word in said["doctor"]:
            equal(sorted(word), ["area", "code", "do", "text", "verdict"])
            assert word["verdict"] in ("ok", "advice", "wrong"), word
            equal(word["do"] is None, word["verdict"] == "ok", f"what is to be done: {word}")
        wrong = any(word["verdict"] == "wrong" for word in said["doctor"])
        equal(result.returncode, int(wrong))
        assert f"TCP port {port} is free." in [w["text"] for w in said["doctor"]]
        _, plain = doctor(program)
        equal(plain.returncode, int(wrong))
        lines = plain.stdout.decode().splitlines()
        equal(len(lines), sum(1 + bool(word["do"]) for word in said["doctor"]))
        assert all(re.match(r"(fine|advice|wrong| {4,}) +\S", line) for line in lines), lines


@test
def the_doctor_names_who_holds_a_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = run(DAEMON, "doctor", "--json", "--listen", f"127.0.0.1:{port}")
        word = next(w for w in json.loads(result.stdout)["doctor"] if w["area"] == "port")
        equal((word["verdict"], word["code"]), ("advice", "port-taken"))
        assert f"TCP port {port} is held by python3, process {os.getpid()}." in word["text"] \
            or str(os.getpid()) in word["text"], word
        assert "--listen" in word["do"], word


@test
def the_doctor_knows_a_node_that_runs_and_leaves_it_alone():
    with tempfile.TemporaryDirectory() as home:
        port = free_port()
        where = ["--home", home, "--listen", f"127.0.0.1:{port}"]
        with subprocess.Popen([DAEMON, "--no-beacon", *where], env=environment(),
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE) as program:
            program.stdout.readline()
            result = run(SCREEN, "doctor", "--json", *where)
            words = {w["code"]: w for w in json.loads(result.stdout)["doctor"]}
            assert str(program.pid) in words["runs"]["text"], words
            equal(words["port-taken"]["verdict"], "ok")
            assert str(program.pid) in words["port-taken"]["text"], words
            rest, _ = program.communicate(b"/exit\n", timeout=LIMIT)
            equal((program.returncode, [e["event"] for e in events(rest)]), (0, ["bye"]))


@test
def the_doctor_finds_what_is_wrong_with_the_folder():
    with tempfile.TemporaryDirectory() as home:
        os.chmod(home, 0o755)
        _, result = doctor(DAEMON, "--json", "--home", home)
        word = next(w for w in json.loads(result.stdout)["doctor"] if w["area"] == "disk")
        equal((result.returncode, word["verdict"]), (1, "wrong"))
        assert "chmod 700" in word["text"], word
    with tempfile.TemporaryDirectory() as home:
        run(*quiet(DAEMON), "--home", home, "--exit-on-eof")
        with open(f"{home}/tertulia.db", "r+b") as file:
            file.write(b"no database at all, but some text of many bytes")
        _, result = doctor(DAEMON, "--json", "--home", home)
        word = next(w for w in json.loads(result.stdout)["doctor"] if w["area"] == "history")
        equal((result.returncode, word["verdict"]), (1, "wrong"))


@test
def the_doctor_speaks_the_users_language():
    if not NLS:
        return
    english = doctor(DAEMON)[1].stdout.decode()
    for lang in ("es_ES.UTF-8", "pt_BR.UTF-8"):
        said = doctor(DAEMON, lang=lang)[1].stdout.decode()
        shared = set(english.splitlines()) & set(said.splitlines())
        equal(shared, set(), lang)


@test
def plain_lines_are_in_the_users_language():
    for lang in ("es", "pt_BR") if NLS else ():
        words = catalogue(lang)
        with tempfile.TemporaryDirectory() as home:  # where nobody has come into #lab yet
            result = run(*quiet(SCREEN), "--plain", "--name", "ana", "--home", home, stdin=None,
                         input=b"/join #lab\nhola\n/exit\n", lang=f"{lang}_XX.UTF-8")
        said = result.stdout.decode()
        equal((result.returncode, result.stderr), (0, b""), lang)
        for sentence in ("What you type goes to %s now.", "%1$s came in", "Goodbye.",
                         "Type a line and press Enter: everyone here reads it. /peers says who is "
                         "here, /help lists the commands, /exit leaves."):
            here = words[sentence].replace("%s", "#lab").replace("%1$s", "ana")
            assert here != sentence and here in said, f"{lang}: {sentence!r} in {said!r}"


# ---- tertuliad --------------------------------------------------------------------------------

def events(output):
    lines = output.decode().splitlines()
    parsed = [json.loads(line) for line in lines]
    for event in parsed:
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", event["at"]), event
    return parsed


@test
def lines_in_json_out():
    talk = ("hola\n\n/nonsense\n/conn h:0\n" + "x" * 70000 + "\n").encode() + b"bad \xff\nnul \0\n/exit\nnever\n"
    result = run(*quiet(DAEMON), input=talk, stdin=None)
    equal((result.returncode, result.stderr), (0, b""))
    seen = events(result.stdout)
    equal((seen[0]["event"], seen[-1]["event"]), ("ready", "bye"))
    said = [e for e in seen if e["event"] == "message"]
    equal([(e["text"], e["own"]) for e in said], [("hola", True)])
    wrong = [e for e in seen if e["event"] == "error"]
    equal([e["code"] for e in wrong],
          ["unknown-command", "bad-port", "line-too-long", "not-utf8", "has-nul"])
    equal(wrong[0]["command"], "/nonsense")
    equal(len(seen), 2 + len(said) + len(wrong))


@test
def one_leaves_in_ones_own_language():
    for lang, words in (("C.UTF-8", ("/exit", "/exi", "/quit", "--ex", "/EXIT")),
                        ("es_ES.UTF-8", ("/salir", "/exit")), ("pt_BR.UTF-8", ("/sair", "/quit"))):
        for word in words if NLS or lang == "C.UTF-8" else ():
            result = run(*quiet(DAEMON), input=word.encode(), stdin=None, lang=lang)
            equal((result.returncode, [e["event"] for e in events(result.stdout)]),
                  (0, ["ready", "bye"]), f"{lang} {word}")


@test
def every_kind_of_input_ends_well():
    with tempfile.TemporaryFile() as file:
        file.write(b"hola\n/exit")
        file.seek(0)
        result = run(*quiet(DAEMON), stdin=file)
        equal([e["event"] for e in events(result.stdout)], ["ready", "message", "bye"], "a file")
    for kind, words in (("null", ["--exit-on-eof"]), ("closed", ["--exit-on-eof"])):
        more = {"stdin": subprocess.DEVNULL} if kind == "null" else \
            {"stdin": None, "preexec_fn": lambda: os.close(0)}
        result = run(*quiet(DAEMON), *words, **more)
        equal(result.returncode, 0, kind)
        equal([e["event"] for e in events(result.stdout)], ["ready", "bye"], kind)
    closed = subprocess.Popen([*quiet(DAEMON), "--exit-on-eof"], env=environment(), close_fds=False,
                              preexec_fn=lambda: os.closerange(0, 3))
    equal(closed.wait(LIMIT), 0, "all three are closed")


@test
def signals_leave_in_order():
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        with subprocess.Popen(quiet(DAEMON), env=environment(), stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE) as program:
            first = program.stdout.readline()
            program.send_signal(number)
            rest = program.stdout.read()
            equal(program.wait(LIMIT), 0, number)
            equal([e["event"] for e in events(first + rest)], ["ready", "bye"], number)


@test
def the_end_of_input_leaves_it_running():
    with subprocess.Popen(quiet(DAEMON), env=environment(), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as program:
        program.stdout.readline()
        ready, _, _ = select.select([program.stdout], [], [], 0.3)
        equal((ready, program.poll()), ([], None))
        program.terminate()
        equal(program.wait(LIMIT), 0)


# ---- the screen -------------------------------------------------------------------------------

class Terminal:
    """A program in a pseudo-terminal of 24 by 80."""

    def __init__(self, *words, lang="C.UTF-8", **more):
        self.seen = b""
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
            os.execve(words[0], words, environment(lang, **more))

    def until(self, pattern):
        while not re.search(pattern, self.seen, re.S):
            ready, _, _ = select.select([self.master], [], [], LIMIT)
            assert ready, f"{pattern!r} did not come: {self.seen[-500:]!r}"
            try:
                more = os.read(self.master, 65536)
            except OSError:
                more = b""
            assert more, f"it ended before {pattern!r}: {self.seen[-500:]!r}"
            self.seen += more

    def end(self):
        """Everything up to its end; the exit status, negative for a signal."""
        while True:
            try:
                more = os.read(self.master, 65536)
            except OSError:
                break
            if not more:
                break
            self.seen += more
        _, status = os.waitpid(self.pid, 0)
        os.close(self.master)
        return os.waitstatus_to_exitcode(status)


GIVEN_BACK = rb"\x1b\[\?1049l"


@test
def the_screen_shows_itself_and_gives_the_terminal_back():
    for leave in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, "\x03"):
        terminal = Terminal(*quiet(SCREEN), "--name", "ana")
        terminal.until(rb"\x1b\[\?1049h.*tertulia.*ana.*#everyone")
        if isinstance(leave, str):
            os.write(terminal.master, leave.encode())
            os.write(terminal.master, leave.encode())
        else:
            os.kill(terminal.pid, leave)
        equal(terminal.end(), 0, leave)
        assert re.search(GIVEN_BACK, terminal.seen), f"{leave}: the terminal was not given back"


@test
def the_screen_speaks_the_users_language():
    for lang, word in (("es_ES.UTF-8", "ayuda" if NLS else "help"),
                       ("pt_BR.UTF-8", "ajuda" if NLS else "help")):
        terminal = Terminal(*quiet(SCREEN), lang=lang)
        terminal.until(word.encode().replace(b" ", rb".{1,9}?"))
        os.kill(terminal.pid, signal.SIGTERM)
        equal(terminal.end(), 0)


@test
def the_screen_follows_its_size():
    terminal = Terminal(*quiet(SCREEN), "--name", "ana")
    terminal.until(rb"ana .*#everyone.*ana")
    for rows, columns in ((10, 40), (50, 200), (3, 12), (1, 1), (24, 80)):
        terminal.seen = b""
        fcntl.ioctl(terminal.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        terminal.until(rb".")
    os.kill(terminal.pid, signal.SIGTERM)
    equal(terminal.end(), 0)


@test
def no_screen_without_a_terminal_for_it():
    result = run(SCREEN)
    equal((result.returncode, result.stdout), (1, b""))
    assert b"tertuliad" in result.stderr and result.stderr.count(b"\n") == 1
    for kind in ("dumb", "no-such-terminal", ""):
        terminal = Terminal(SCREEN, TERM=kind)
        equal(terminal.end(), 1, kind)
        assert terminal.seen.startswith(b"tertulia: "), f"{kind}: {terminal.seen!r}"
        assert b"\x1b" not in terminal.seen, f"{kind}: {terminal.seen!r}"
        assert b"--plain" in terminal.seen, f"{kind}: {terminal.seen!r}"
        equal(terminal.seen.count(b"\n"), 1, kind)


def main():
    global HOME
    with tempfile.TemporaryDirectory() as HOME:
        return tests_run()


def tests_run():
    bad = 0
    print(f"1..{len(tests)}")
    for number, function in enumerate(tests, 1):
        name = function.__name__.replace("_", " ")
        try:
            function()
            print(f"ok {number} - {name}")
        except (AssertionError, subprocess.TimeoutExpired, OSError, ValueError) as problem:
            bad += 1
            print(f"not ok {number} - {name}")
            for line in str(problem).splitlines():
                print(f"# {line}")
        sys.stdout.flush()
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
