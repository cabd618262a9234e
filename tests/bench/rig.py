"""What every bench uses: programs in a pty, what /proc says of them, turns, and rows of figures.

A row holds, for each program, the figures of every round; the report makes medians, the spread and
the ratios of them. In a round each program is measured once, in turn, so that whatever else the
machine does meets all of them. The program under test has the last core for itself, everything else
shares the others.
"""
import contextlib
import fcntl
import os
import select
import shutil
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent / "e2e"))  # behind: some names there are names here
from driver import Failed, Meeting, clean_environment, free_port  # noqa: E402,F401

LIMIT = 60  # seconds for what takes one, on a machine that has more to do
ROWS, COLUMNS = 24, 80
CORES = sorted(os.sched_getaffinity(0))
TESTED, OTHERS = {CORES[-1]}, set(CORES[:-1]) or set(CORES)
now = time.monotonic


# ---- what a process costs ----

def cpu_ms(pid):
    """Of all its threads that are still there, exactly."""
    used = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/schedstat", encoding="ascii") as file:
            used += int(file.read().split()[0])
    return used / 1e6


def until_rest(pid, seconds=1.5):
    """What it does after its start is done: looking through its history takes it a while."""
    used, until = None, now() + LIMIT
    while used != (used := cpu_ms(pid)) and now() < until:
        time.sleep(seconds)


def wakings(pid):
    """How often its threads waited and were woken."""
    woken = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status", encoding="ascii") as file:
            woken += sum(int(l.split()[1]) for l in file if l.startswith("voluntary_ctxt"))
    return woken


def memory_kib(pid):
    """(resident, private and dirty)"""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        kept = {line.split()[0]: int(line.split()[1]) for line in file if " kB" in line}
    return kept["Rss:"], kept["Private_Dirty:"]


def memory_of_kib(pid, *libraries):
    """What is resident of them, their data and tables included."""
    kept, within = 0, False
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as file:
        for line in file:
            first, *rest = line.split()
            if not first.endswith(":"):
                within = os.path.basename(line.strip()).startswith(libraries)
            elif first == "Rss:" and within:
                kept += int(rest[0])
    return kept


def moved(pid):
    """Bytes read and written, sockets and pipes and files."""
    with open(f"/proc/{pid}/io", encoding="ascii") as file:
        return sum(int(line.split()[1]) for line in file if line[1:5] == "char")


def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))


@contextlib.contextmanager
def on_cores(cores):
    """What is started within runs there."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


# ---- programs in a terminal ----

class Seat:
    """A program on a pty of 80x24. Nothing stands between the pty and the clock: no thread, no
    cells. `told` counts the bytes that it sent; the time of its exec is its own."""

    ANSWERS = {b"\x1b[c": b"\x1b[?62c", b"\x1b[>c": b"\x1b[>1;10;0c", b"\x1b[6n": b"\x1b[1;1R",
               b"\x1b[5n": b"\x1b[0n"}

    def __init__(self, argv, home, cores=TESTED):
        self.told, self.tail = 0, b""
        self.pty, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
        reader, writer = os.pipe()
        environment = clean_environment(TERM="xterm-256color", HOME=home, TZ="UTC")
        self.pid = os.fork()
        if self.pid == 0:
            self._become(argv, slave, writer, cores, environment)
        os.close(slave)
        os.close(writer)
        self.began = struct.unpack("d", os.read(reader, 8))[0]
        os.close(reader)

    @staticmethod
    def _become(argv, slave, writer, cores, environment):
        try:
            os.setsid()
            fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
            for descriptor in range(3):
                os.dup2(slave, descriptor)
            os.sched_setaffinity(0, cores)
            os.write(writer, struct.pack("d", now()))
            os.execvpe(argv[0], argv, environment)
        finally:
            os._exit(127)

    def read(self, seconds):
        """What came within them, and when; or nothing."""
        if not select.select([self.pty], [], [], max(seconds, 0))[0]:
            return b"", now()
        came = now()
        try:
            some = os.read(self.pty, 1 << 18)
        except OSError:
            raise Failed("the program ended") from None
        self.told += len(some)
        if b"\x1b" in some:
            for asked, answer in self.ANSWERS.items():
                if asked in some:
                    os.write(self.pty, answer)
        return some, came

    def wait(self, words, limit=LIMIT):
        """When these bytes came."""
        tail, until = b"", now() + limit
        while now() < until:
            some, came = self.read(until - now())
            tail += some
            if words in tail:
                return came
            tail = tail[-len(words):]
        raise Failed(f"{words!r} never came")

    def still(self, seconds, limit=LIMIT):
        """When the last bytes came before such a silence."""
        last, until = now(), now() + limit
        while now() < until:
            some, came = self.read(seconds)
            if not some:
                return last
            last = came
        raise Failed("it is never still")

    def drain(self, seconds):
        until = now() + seconds
        while (left := until - now()) > 0:
            self.read(left)

    def type(self, data):
        data = data.encode() if isinstance(data, str) else data
        while data:
            data = data[os.write(self.pty, data):]

    def echo_ms(self, key):
        """From a key to its echo."""
        typed = now()
        self.type(key)
        return (self.wait(key.encode(), 10) - typed) * 1000

    def end(self):
        """By TERM; whatever it still tells is read, or it could not leave."""
        os.kill(self.pid, signal.SIGTERM)
        until = now() + 5
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            if now() > until:
                os.kill(self.pid, signal.SIGKILL)
            with contextlib.suppress(Failed):
                self.drain(0.005)
        os.close(self.pty)


FIRST_KEY, KEYS_KNOWN = 0x4e00, 20000
_typed = 0


def next_key():
    """Each is another character, so its echo cannot be mistaken for anything."""
    global _typed
    _typed += 1
    return chr(FIRST_KEY + _typed % KEYS_KNOWN)


def echoes(seat, count, between):
    """ms of each of so many keys; the line is emptied again and again."""
    took = []
    for number in range(count):
        took.append(seat.echo_ms(next_key()))
        if number % 15 == 14 or number == count - 1:
            seat.drain(0.02)
            seat.type(b"\x15")
        seat.drain(between)
    return took


# ---- figures ----

def p99(values):
    values = sorted(values)
    return values[min(len(values) - 1, len(values) * 99 // 100)]


def median(values):
    return statistics.median(values)


class Row:
    """One figure of several programs. `target` is (what it says, of whom, how many times as much,
    `most` or `least`); of whom None: that many units."""

    def __init__(self, section, what, unit, target=None, note=""):
        self.section, self.what, self.unit, self.target = section, what, unit, target
        self.note = note
        self.figures = {}

    def add(self, who, value):
        self.figures.setdefault(who, []).append(value)

    def as_json(self):
        made = {"section": self.section, "what": self.what, "unit": self.unit, "figures": {
            who: {"median": rounded(median(values)), "low": rounded(min(values)),
                  "high": rounded(max(values)), "rounds": len(values)}
            for who, values in self.figures.items()}}
        if self.target:
            made["target"] = self.judged()
        if self.note:
            made["note"] = self.note
        return made

    def judged(self):
        says, of, times, side = self.target
        made = {"says": says}
        base = self.figures.get(of) if of else [1]
        if base and "tertulia" in self.figures:
            limit, got = times * median(base), median(self.figures["tertulia"])
            made["limit"] = rounded(limit)
            made["met"] = got <= limit if side == "most" else got >= limit
        return made


def rounded(value):
    """Four digits are more than any clock here is worth."""
    return float(f"{value:.4g}")


# ---- places ----

class Bench:
    """One run of all: the build that is measured, a folder that ends with it, how many rounds."""

    def __init__(self, build, rounds, quick):
        self.build = Path(build).resolve()
        self.rounds, self.quick = rounds, quick
        self.folder = tempfile.mkdtemp(prefix="tertulia-bench-")
        self.homes = 0

    def __enter__(self):
        os.sched_setaffinity(0, OTHERS)
        return self

    def __exit__(self, *_):
        shutil.rmtree(self.folder, ignore_errors=True)

    def program(self, name):
        return str(self.build / name)

    def helper(self, name):
        return str(self.build / "tests/bench" / name)

    def home(self):
        self.homes += 1
        path = os.path.join(self.folder, f"home{self.homes}")
        os.mkdir(path, 0o700)
        return path

    def filled_home(self, entries, authors, epochs=1, *words):
        """A home with a history, and the bytes of its entries."""
        home = self.home()
        told = subprocess.run([self.helper("fill"), home, str(entries), str(authors), str(epochs),
                               *words], check=True, capture_output=True, text=True).stdout
        return home, int(told)

    @staticmethod
    def say(text):
        print(f"# {text}", file=sys.stderr, flush=True)


def fill_more(run, home, entries, authors, *words):
    """More into a home, said by others."""
    subprocess.run([run.helper("fill"), home, str(entries), str(authors), "1", *words], check=True,
                   stdout=subprocess.DEVNULL)


def no_author_rate(home):
    """A crowd's pace is what is measured, not the brake on one that says too much."""
    with open(os.path.join(home, "tertulia.ini"), "w", encoding="ascii") as file:
        file.write("[settings]\nauthor-rate = 0\n")


def no_author_rate_of(peer):
    os.makedirs(peer.home, 0o700, exist_ok=True)
    no_author_rate(peer.home)


def installed(name):
    return shutil.which(name) is not None or os.access(f"/usr/sbin/{name}", os.X_OK)
