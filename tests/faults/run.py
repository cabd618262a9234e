#!/usr/bin/env python3
"""Real programs that run short: tests/faults/run.py [--quick] BUILDDIR [memory|files|threads|whispers...].

memory: bruno starts in a new home, meets ana, fetches what she said, draws it (every second one is
tertulia in a pty), says a word and leaves; in each try memory runs out at another moment of that,
once or twenty times in a row. He leaves in order, or gives up with a sentence and the terminal as it
was (where a library falls over the NULL it was given, with a signal, and the same); his history is whole, holds what he was told is stored, and once he starts again he has all that
was said, once. POINTS=N in the environment: so many tries.
files: the same with few descriptors, from the start on and in the middle of talk.
threads: one thread does the work of four, and there is much of it.
whispers: ana leaves while one is still being opened, which takes long.

TAP. What a try left is kept where it failed.
"""
import fcntl
import glob
import multiprocessing
import os
import pty
import resource
import select
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
from driver import Failed, Meeting, all_linked, clean_environment, equal, free_port  # noqa: E402

SAID = 40  # lines that ana said before
LAST = f"line {SAID - 1}!"
PATIENCE = 3  # seconds for what a degraded program may never do
LIMIT = 60  # for what it has to; of a loaded machine, threads of a low rank get little
TOGETHER = 25  # tries with one ana: what she keeps of each stays little
DIED = b"tertulia: "  # what die() says first
FALLS = ("libtinfo", "libncursesw")  # libraries that follow the NULL they were given
PLACE = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None


def standing(pid):
    """What each thread does, and how long it ran, and waited for a processor, in all."""
    told = []
    for task in glob.glob(f"/proc/{pid}/task/*"):
        try:
            name, state = Path(task, "stat").read_text(encoding="ascii").split()[1:3]
            ran, waited = Path(task, "schedstat").read_text(encoding="ascii").split()[:2]
            told.append(f"{name} {state} in {Path(task, 'wchan').read_text(encoding='ascii')}: ran "
                        f"{int(ran) / 1e9:.2f} s, waited {int(waited) / 1e9:.2f} s")
        except OSError:
            continue  # it ended
    return "; ".join(told)


class Bruno:
    """One try. `screen`: tertulia, in a pty."""

    def __init__(self, folder, programs, screen):
        self.screen = screen
        self.home = os.path.join(folder, "bruno")
        self.program = programs["tertulia" if screen else "tertuliad"]
        self.port = free_port()
        self.said, self.process, self.pty, self.shell = b"", None, None, None
        self.errors = os.path.join(folder, "bruno.stderr")
        self.shown = os.path.join(folder, "asked")

    def start(self, *words, before=None, **environment):
        line = [self.program, "--home", self.home, "--name", "bruno", "--no-beacon", "--listen",
                f"127.0.0.1:{self.port}", *words]
        if self.screen:
            self.pty, self.shell = pty.openpty()
            fcntl.ioctl(self.shell, termios.TIOCSWINSZ, b"\x18\0\x50\0\0\0\0\0")
            self.before = termios.tcgetattr(self.shell)
        with open(self.errors, "ab") as errors:
            self.process = subprocess.Popen(
                line, stdin=self.shell if self.screen else subprocess.PIPE,
                stdout=self.shell if self.screen else subprocess.PIPE,
                stderr=self.shell if self.screen else errors, start_new_session=True,
                preexec_fn=before, env=clean_environment(TERM="xterm-256color", **environment))
        self.source = self.pty if self.screen else self.process.stdout.fileno()
        os.set_blocking(self.source, False)

    def read(self):
        """False at the end."""
        try:
            some = os.read(self.source, 1 << 16)
        except BlockingIOError:
            return True
        except OSError:
            some = b""
        self.said += some
        return bool(some)

    def wait_for(self, word, seconds):
        """Whether it said so in that time."""
        until = time.monotonic() + seconds
        while word not in self.said:
            left = until - time.monotonic()
            if left <= 0 or (self.process.poll() is not None and not select.select(
                    [self.source], [], [], 0)[0]):
                return False
            if select.select([self.source], [], [], min(left, 0.25))[0] and not self.read():
                return word in self.said
        return True

    def type(self, text):
        try:
            if self.screen:
                os.write(self.pty, text.replace("\n", "\r").encode())
            else:
                self.process.stdin.write(text.encode())
                self.process.stdin.flush()
        except OSError:
            pass  # it is gone

    def over(self):
        """Its status; what the terminal was left as is in `left`."""
        until = time.monotonic() + LIMIT
        while self.process.poll() is None:
            if time.monotonic() > until:
                stands = standing(self.process.pid)
                self.process.kill()
                self.process.wait()
                raise Failed(f"it never ends: {stands}; it said {self.said[-300:]!r}")
            select.select([self.source], [], [], 0.05)
            self.read()
        while select.select([self.source], [], [], 0)[0] and self.read():
            pass
        if self.screen:
            self.left = termios.tcgetattr(self.shell)
            os.close(self.shell)
            os.close(self.pty)
        else:
            try:
                self.process.stdin.close()
            except OSError:
                pass  # what was typed there was never read
            self.process.stdout.close()
        return self.process.returncode

    def stderr(self):
        if self.screen:
            return self.said
        with open(self.errors, "rb") as file:
            return file.read()


# ---- what has to hold ----


def history(home):
    return os.path.join(home, "tertulia.db")


def rows(base, question):
    return base.execute(question).fetchall()


def look_at_history(home, acked, whole):
    """`whole`: all that ana said is there."""
    base = sqlite3.connect(history(home), timeout=LIMIT)
    try:
        equal(rows(base, "PRAGMA integrity_check"), [("ok",)], "the history")
        gaps = rows(base, "SELECT l.id, low, high FROM logs l WHERE high >= low AND high - low + 1 "
                    "!= (SELECT count(*) FROM entries WHERE log=l.id AND seq BETWEEN low AND high)")
        equal(gaps, [], "a frontier that is not on the disk")
        entries = [bytes(one[0]) for one in rows(base, "SELECT bytes FROM entries")]
    finally:
        base.close()
    for word in acked:
        equal(sum(word in entry for entry in entries), 1, f"how often {word!r} is kept")
    if whole:
        for i in range(SAID):
            word = f"line {i}!".encode()
            equal(sum(word in entry for entry in entries), 1, f"how often {word!r} is kept")


def look_at_terminal(bruno):
    if b"\x1b[?1049h" in bruno.said and bruno.said.rfind(b"\x1b[?1049l") < bruno.said.rfind(
            b"\x1b[?1049h"):
        raise Failed("the screen was not given back")
    equal(bruno.left, bruno.before, "the terminal's modes")


def where_it_fell(bruno):
    """The library or program, but the C library, that the fault was in; "" where there was none."""
    try:
        with open(bruno.shown, encoding="utf-8", errors="replace") as file:
            lines = file.read().partition("fell\n")[2].splitlines()
    except OSError:
        return ""
    names = [os.path.basename(line.split("(", 1)[0]) for line in lines]
    return next((one for one in names if not one.startswith(("scarce", "libc.", "ld-"))), "")


def look_at_end(bruno, status):
    """In order, with a sentence, or by die()."""
    fell = where_it_fell(bruno)
    if status == -signal.SIGSEGV and fell.startswith(FALLS):
        return f"fell in {fell.split('.')[0]}"
    if status == -signal.SIGABRT and DIED in bruno.stderr():
        return "died"
    if status == 1 and bruno.stderr().strip():
        return "failed"
    if status == 127 and b"error while loading" in bruno.stderr():
        return "never began"  # the loader itself had too little
    if status == 0:
        return "left"
    raise Failed(f"it ended with {status}: {bruno.stderr()[-600:]!r}")


def start_again(bruno, ana, acked):
    """Without a fault: it starts, and fetches the rest."""
    again = Bruno(os.path.dirname(bruno.home), {"tertuliad": bruno.peer}, False)
    again.start("--connect", ana.address)
    if not again.wait_for(b'"event":"ready"', LIMIT):
        raise Failed(f"it does not start again: {again.stderr()[-600:]!r}")
    until = time.monotonic() + LIMIT
    while True:
        try:
            look_at_history(bruno.home, acked, True)
            break
        except (Failed, sqlite3.OperationalError):
            if time.monotonic() > until:
                raise
        again.wait_for(b"\0", 0.03)  # another program's disk tells nobody when it has changed
    again.type("/exit\n")
    equal(again.over(), 0, "how it ended then")
    look_at_history(bruno.home, acked, True)


def talk(bruno, word):
    """Fetch, draw, say, leave; what was called stored."""
    fetched = bruno.wait_for(LAST.encode(), PATIENCE)
    bruno.type(f"{word}\n")
    bruno.wait_for(word.encode() if bruno.screen else f'"text":"{word}"'.encode(), PATIENCE)
    told = not bruno.screen and any(b'"event":"message"' in line and word.encode() in line
                                    for line in bruno.said.splitlines())
    bruno.type("\x15/exit\n" if bruno.screen else "/exit\n")  # a word that was not stored is back
    return fetched, [word.encode()] if told else []


def go(folder, programs, ana, screen, start):
    """One try; (how it ended, whether it fetched)."""
    os.makedirs(folder)
    bruno = Bruno(folder, programs, screen)
    bruno.peer = programs["tertuliad"]
    start(bruno, "--connect", ana.address)
    fetched, acked = talk(bruno, f"{os.path.basename(folder)} was said.")
    how = look_at_end(bruno, bruno.over())
    if screen:
        look_at_terminal(bruno)
    if os.path.exists(history(bruno.home)) and os.path.getsize(history(bruno.home)):
        look_at_history(bruno.home, acked, False)
    start_again(bruno, ana, acked)
    shutil.rmtree(folder)
    return how, fetched


def ana_of(meeting):
    ana = meeting.peer("ana").start()
    ana.say(*(f"line {i}!" for i in range(SAID)))
    ana.expect(event="message", own=True, count=SAID)
    return ana


# ---- memory ----


def preloaded(folder, name):
    """A library of this folder, made by the compiler that is there."""
    source = Path(__file__).resolve().parent / f"{name}.c"
    made = os.path.join(folder, f"{name}.so")
    compiler = os.environ.get("CC", "cc").split()
    subprocess.run([*compiler, "-std=c17", "-D_GNU_SOURCE=1", "-O2", "-shared", "-fPIC",
                    str(source), "-o", made, "-ldl"], check=True)
    return made


def count_calls(folder, programs, library, screen):
    """How often memory is asked for in such a talk."""
    told = os.path.join(folder, "told")
    with Meeting(programs["tertuliad"]) as meeting:
        ana = ana_of(meeting)
        bruno = Bruno(os.path.join(folder, f"count{screen}"), programs, screen)
        os.makedirs(os.path.dirname(bruno.home))
        bruno.start("--connect", ana.address, LD_PRELOAD=library, SCARCE_TOLD=told)
        fetched, _ = talk(bruno, "counted")
        status = bruno.over()
        equal((status, fetched), (0, True), "a talk without a fault")
    with open(told, encoding="ascii") as file:
        return int(file.read())


def memory_batch(job):
    """[(try, how or None, why)]"""
    folder, programs, library, tries = job
    results = []
    with Meeting(programs["tertuliad"]) as meeting:
        ana = ana_of(meeting)
        for number, screen, at, times in tries:
            def start(bruno, *words):
                bruno.start(*words, LD_PRELOAD=library, SCARCE_AT=str(at), SCARCE_FOR=str(times),
                            SCARCE_SHOW=bruno.shown)
            try:
                how, fetched = go(os.path.join(folder, f"try{number}"), programs, ana, screen, start)
                results.append((number, how if fetched or how != "left" else "degraded", ""))
            except Exception as problem:  # the next one is tried all the same
                what = "tertulia" if screen else "tertuliad"
                results.append((number, None, f"{what}, {times} from the {at}th on: {problem!r}"))
    return results


def memory(folder, programs, quick):
    points = int(os.environ.get("POINTS", 60 if quick else 2200))
    library = preloaded(folder, "scarce")
    calls = {screen: count_calls(folder, programs, library, screen) for screen in (False, True)}
    print(f"# memory is asked for {calls[False]} times by tertuliad, {calls[True]} by tertulia")
    tries = [(i, bool(i % 2), 1 + calls[bool(i % 2)] * i // points, 20 if i // 2 % 2 else 1)
             for i in range(points)]
    jobs = [(folder, programs, library, tries[i::-(-points // TOGETHER)])
            for i in range(-(-points // TOGETHER))]
    sums, problems = {}, []
    with multiprocessing.Pool(2) as pool:
        for results in pool.imap_unordered(memory_batch, jobs):
            for _, how, why in results:
                sums[how] = sums.get(how, 0) + 1
                if why:
                    problems.append(why)
    told = ", ".join(f"{count} {how or 'WRONG'}" for how, count in sorted(
        sums.items(), key=lambda one: str(one[0])))
    print(f"# {points} tries: {told}")
    return problems


# ---- descriptors ----


def few_at_the_start(folder, programs, quick):
    problems = []
    with Meeting(programs["tertuliad"]) as meeting:
        ana = ana_of(meeting)
        sums = {}
        for most in range(3, 40, 6 if quick else 1):
            for screen in (False, True):
                def start(bruno, *words):
                    bruno.start(*words, before=lambda: resource.setrlimit(
                        resource.RLIMIT_NOFILE, (most, most)))
                try:
                    how, fetched = go(os.path.join(folder, f"files{most}{screen}"), programs, ana,
                                      screen, start)
                    how = how if fetched or how != "left" else "degraded"
                    sums[how] = sums.get(how, 0) + 1
                except Exception as problem:
                    problems.append(f"{most} descriptors, screen {screen}: {problem!r}")
        print(f"# few descriptors at the start: {sums}")
    return problems


def none_in_the_middle(programs):
    """All are taken while people talk and strangers call; then there are enough again."""
    with Meeting(programs["tertuliad"]) as meeting:
        ana, bruno = meeting.peer("ana").start(), meeting.peer("bruno")
        bruno.start(connect=[ana])
        all_linked([ana, bruno])
        pid = bruno.process.pid
        before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
        open_now = max(int(one) for one in os.listdir(f"/proc/{pid}/fd")) + 1
        resource.prlimit(pid, resource.RLIMIT_NOFILE, (open_now, before[1]))
        callers = []
        for _ in range(60):
            caller = socket.socket()
            caller.setblocking(False)
            caller.connect_ex(("127.0.0.1", bruno.port))
            callers.append(caller)
        ana.say("in between")
        bruno.expect(event="message", text="in between")
        bruno.say("to the full", f"/export {meeting.folder}/x.txt", "/doctor", "/scan 127.0.0.1:9990-9999")
        ana.expect(event="message", text="to the full")
        bruno.expect(event="doctor")
        for caller in callers:
            caller.close()
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)
        carla = meeting.peer("carla").start(connect=[bruno])
        all_linked([ana, bruno, carla])
        carla.say("after")
        ana.expect(event="message", text="after")
        bruno.say(f"/export {meeting.folder}/y.txt")
        bruno.expect(event="notice", code="exported")
        for peer in (ana, bruno, carla):
            peer.leave()
        look_at_history(bruno.home, [b"in between", b"to the full", b"after"], False)


def files(folder, programs, quick):
    problems = few_at_the_start(folder, programs, quick)
    try:
        none_in_the_middle(programs)
    except Exception as problem:
        problems.append(f"none in the middle: {problem}")
    return problems


# ---- threads ----


def threads(_folder, programs, quick):
    """One thread for commits, signatures, pages, exports and names; keys and links do not wait."""
    lines = 500 if quick else 3000
    os.environ["UV_THREADPOOL_SIZE"] = "1"
    try:
        with Meeting(programs["tertuliad"]) as meeting:
            ana, bruno = meeting.peer("ana").start(), meeting.peer("bruno")
            bruno.start(connect=[ana])
            all_linked([ana, bruno])
            began = time.monotonic()
            for at in range(0, lines, 50):
                ana.say(*(f"a {i}" for i in range(at, at + 50)))
                bruno.say(*(f"b {i}" for i in range(at, at + 50)), "/whisper ana psst",
                          "/connect no-such-host.invalid")
                bruno.say("/search b", "/doctor", f"/export {meeting.folder}/{at}.json")
                asked = time.monotonic()
                bruno.ask("/peers", "peers")
                if time.monotonic() - asked > 5:
                    raise Failed("a question waited for the thread")
            for peer, word in ((ana, "b"), (bruno, "a")):
                peer.expect(event="message", text=f"{word} {lines - 1}", limit=120)
                equal([t for t in peer.texts(own=False) if t.startswith(word + " ")],
                      [f"{word} {i}" for i in range(lines)], "what came")
            ana.expect(event="message", text="psst", count=lines // 50)
            print(f"# {2 * lines} lines with one thread: {time.monotonic() - began:.1f} s")
            for peer in (ana, bruno):
                peer.leave()
                look_at_history(peer.home, [], False)
    except Exception as problem:
        return [str(problem)]
    finally:
        del os.environ["UV_THREADPOOL_SIZE"]
    return []


# ---- whispers ----


def whispers(folder, programs, _quick):
    """What is being opened is kept before the program ends, and it ends."""
    try:
        with Meeting(programs["tertuliad"]) as meeting:
            ana, bruno = meeting.peer("ana"), meeting.peer("bruno").start()
            ana.inside = ["env", f"LD_PRELOAD={preloaded(folder, 'slow')}"]
            ana.start(connect=[bruno])
            all_linked([ana, bruno])
            bruno.say("/whisper ana psst", "aloud")
            ana.expect(event="message", text="aloud")
            equal(ana.all(event="message", text="psst"), [], "what was opened at once")
            bruno.process.send_signal(signal.SIGSTOP)  # he says no farewell
            ana.leave()
            bruno.process.send_signal(signal.SIGCONT)
            ana.expect(event="message", text="psst")
            look_at_history(ana.home, [b"aloud"], False)
    except Exception as problem:
        return [str(problem)]
    return []


PARTS = {"whispers": whispers, "memory": memory, "files": files, "threads": threads}


def main():
    words = [word for word in sys.argv[1:] if word != "--quick"]
    if not words or not set(words[1:]) <= set(PARTS):
        sys.exit(__doc__)
    programs = {name: str(Path(words[0]).resolve() / name) for name in ("tertulia", "tertuliad")}
    chosen = [name for name in PARTS if not words[1:] or name in words[1:]]
    failed = False
    print(f"1..{len(chosen)}", flush=True)
    for number, name in enumerate(chosen, 1):
        folder = tempfile.mkdtemp(prefix="tertulia-faults-", dir=PLACE)
        began = time.monotonic()
        problems = PARTS[name](folder, programs, "--quick" in sys.argv)
        for problem in problems[:20]:
            print("\n".join(f"# {line}" for line in problem.splitlines()))
        print(f"{'not ok' if problems else 'ok'} {number} - {name} that runs short")
        print(f"# {time.monotonic() - began:.1f} s", flush=True)
        if problems:
            print(f"# what is left: {folder}")
            failed = True
        else:
            shutil.rmtree(folder, ignore_errors=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
