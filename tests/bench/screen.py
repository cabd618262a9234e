"""The screen: how soon it is there, what it costs at rest, how soon a key is answered, what a flood
does to it; beside irssi, weechat and the floor, which only draws and echoes (floor.c).

Key and echo: from the write of a character to the pty until its bytes come back. In a flood the
lines come from another program of ours, which signs and stores them, and for the others from as
much of an IRC server as they need (source.py). `behind` is how long after it was said the flood's
last line stood on the screen: where that is long, not all of the flood was shown yet.
"""
import json
import os
import random
import re
import shutil
import sqlite3
import subprocess
import sys

import rig
from rig import Failed, Row, Seat, now

KEYS = 200
REST = 10  # seconds
SETTLED = 30  # seconds after a flood
CROWD = 100000  # lines of the great flood
MILLION = 1000000
LETTERS = "бвгджзийклмнптфцчшщъыэюя"
PAGES = 60
AUTHORS = 10


def word():
    """One that stands nowhere on a screen, and has no letter twice: curses sends it in one piece."""
    return "".join(random.sample(LETTERS, 8))


# ---- who is measured ----

class Tertulia:
    name = "tertulia"
    prompt = "\u203a".encode()  # drawn last
    clear_home = staticmethod(rig.no_author_rate)

    def __init__(self, bench):
        self.bench = bench

    def argv(self, home, port=None):
        call = ["--connect", f"127.0.0.1:{port}"] if port else []
        return [self.bench.program("tertulia"), "--home", home, "--no-beacon", "--name", "ana",
                "--listen", f"127.0.0.1:{rig.free_port()}", *call]

    def source(self):
        return Source("tertuliad", self.bench.program("tertuliad"), self.bench.home())

    def join(self, seat):
        pass


class Irssi:
    name = "irssi"
    prompt = b"[(status)]"

    def argv(self, home, port=None):
        call = ["-c", "127.0.0.1", "-p", str(port), "-n", "irs"] if port else []
        return ["irssi", f"--home={home}/irssi", *call]

    def source(self):
        return Source("irc")

    def join(self, seat):
        seat.type(b"/join #c\r")


class Weechat(Irssi):
    name = "weechat"
    prompt = b"WeeChat 3"

    def argv(self, home, port=None):
        call = ["-r", f"/server add b 127.0.0.1/{port} -nicks=wee;/connect b"] if port else []
        return ["weechat", "-d", f"{home}/weechat", *call]


class Floor(Irssi):
    name = "floor"
    prompt = "\u203a".encode()

    def __init__(self, bench):
        self.bench = bench

    def argv(self, home, port=None):
        return [self.bench.helper("floor"), *([str(port)] if port else [])]

    def join(self, seat):
        pass


class Source:
    """source.py, and the lines that it says."""

    def __init__(self, *words):
        self.process = subprocess.Popen([sys.executable, str(rig.HERE / "source.py"), *words],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.port = self.hears("port")

    def hears(self, key):
        for line in self.process.stdout:
            event = json.loads(line)
            if key in event:
                return event[key]
        raise Failed("the source ended")

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def sent(self):
        self.say("count")
        return self.hears("sent")

    def end(self):
        self.process.stdin.close()
        self.process.wait(rig.LIMIT)
        self.process.stdout.close()


def seated(who, bench, home, port=None, cores=rig.TESTED):
    """Where its first screen is whole; and ms until then: until its prompt, which is drawn last."""
    seat = Seat(who.argv(home, port), home, cores)
    came = seat.wait(who.prompt)
    return seat, (came - seat.began) * 1000


def talked_to(who, bench):
    """At rest, with somebody who will talk."""
    home, source = bench.home(), who.source()
    if who.name == "tertulia":
        who.clear_home(home)
    seat, _ = seated(who, bench, home, source.port)
    seat.drain(0.5)
    who.join(seat)
    waited = now() + rig.LIMIT
    joined = False
    os.set_blocking(source.process.stdout.fileno(), False)
    while not joined and now() < waited:
        seat.drain(0.1)
        joined = b"joined" in (source.process.stdout.readline() or b"")
    os.set_blocking(source.process.stdout.fileno(), True)
    if not joined:
        raise Failed(f"{who.name} never came to its source")
    seat.drain(1.5)
    return seat, source, home


def peers(bench):
    every = [Tertulia(bench), Floor(bench)]
    return every + [kind() for kind in (Irssi, Weechat) if rig.installed(kind.name)]


# ---- rows ----

def start_and_rest(bench, those):
    rows = {
        "prompt": Row("screen", "exec to the first whole screen, fresh home", "ms",
                      ("≤ 0.6 × irssi", "irssi", 0.6, "most")),
        "cpu": Row("screen", "CPU of that", "ms"),
        "rss": Row("screen", "memory 2 s after the start, resident", "KiB",
                   ("≤ 1.1 × irssi", "irssi", 1.1, "most")),
        "tls": Row("screen", "memory 2 s after the start, resident: what OpenSSL's libraries hold", "KiB"),
        "sqlite": Row("screen", "memory 2 s after the start, resident: what SQLite's library holds", "KiB"),
        "dirty": Row("screen", "memory 2 s after the start, private and dirty", "KiB",
                     ("≤ 1.25 × irssi", "irssi", 1.25, "most")),
        "rest": Row("screen", f"CPU of {REST} s of rest, alone", "ms",
                    ("≤ 1 ms", None, 1, "most")),
        "woken": Row("screen", f"wakings in {REST} s of rest, alone", "", ("≤ 10", None, 10, "most")),
    }
    for who in those:  # the files are read once, and nobody is measured
        seat, _ = seated(who, bench, bench.home())
        seat.still(0.3)
        seat.end()
    for _ in range(bench.rounds):
        for who in those:
            for again in range(3):
                seat, took = seated(who, bench, bench.home())
                rows["prompt"].add(who.name, took)
                rows["cpu"].add(who.name, rig.cpu_ms(seat.pid))
                if again < 2:
                    seat.still(0.2)
                    seat.end()
            seat.drain(2)
            rss, dirty = rig.memory_kib(seat.pid)
            rows["rss"].add(who.name, rss)
            rows["dirty"].add(who.name, dirty)
            rows["tls"].add(who.name, rig.memory_of_kib(seat.pid, "libssl", "libcrypto"))
            rows["sqlite"].add(who.name, rig.memory_of_kib(seat.pid, "libsqlite3"))
            used, woken = rig.cpu_ms(seat.pid), rig.wakings(seat.pid)
            seat.drain(REST)
            rows["rest"].add(who.name, rig.cpu_ms(seat.pid) - used)
            rows["woken"].add(who.name, rig.wakings(seat.pid) - woken)
            seat.end()
    return list(rows.values())


def typing(bench, those):
    """Keys at rest, one program after the other."""
    middle = Row("screen", "key to echo, at rest, median", "ms",
                 ("≤ 1.15 × floor", "floor", 1.15, "most"))
    worst = Row("screen", "key to echo, at rest, p99", "ms", ("≤ irssi's", "irssi", 1, "most"))
    each = Row("screen", "CPU of a key, at rest", "µs",
               note="what a loaded machine cannot blur")
    for _ in range(bench.rounds):
        for who in those:
            seat, _ = seated(who, bench, bench.home())
            seat.drain(1.5)
            rig.echoes(seat, 10, 0.02)
            used = rig.cpu_ms(seat.pid)
            took = rig.echoes(seat, KEYS, 0.02)
            each.add(who.name, (rig.cpu_ms(seat.pid) - used) * 1000 / KEYS)
            middle.add(who.name, rig.median(took))
            worst.add(who.name, rig.p99(took))
            seat.end()
    return [middle, worst, each]


def flooded(bench, those, rate):
    """Keys while so many lines a second are shown."""
    at = f"at {rate:,} messages/s"
    asked = ("so many are asked of the source: where tertulia's last line is far behind, the other "
             "tertulia signed and committed fewer, and this is not the same work as its peers'")
    rows = {
        "median": Row("screen", f"key to echo {at}, median", "ms", ("≤ irssi's", "irssi", 1, "most"), asked),
        "p99": Row("screen", f"key to echo {at}, p99", "ms", ("≤ 2 × floor's", "floor", 2, "most"), asked),
        "cpu": Row("screen", f"CPU {at}, shown (and signed and stored, by tertulia)", "% of a core",
                   ("≤ 0.6 × irssi", "irssi", 0.6, "most"), asked + "; it is the CPU of a message times the rate"),
        "each": Row("screen", f"CPU of a message {at}", "µs"),
        "bytes": Row("screen", f"bytes to the terminal {at}", "KB/s",
                     ("≤ 130 KB/s", None, 130, "most")),
        "behind": Row("screen", f"last line behind {at}", "ms"),
    }
    for _ in range(bench.rounds):
        for who in those:
            seat, source, _ = talked_to(who, bench)
            began, told, used = now(), seat.told, rig.cpu_ms(seat.pid)
            source.say(f"pace {rate}")
            seat.drain(1)
            keys = rig.echoes(seat, KEYS, 0.01)
            told, took = seat.told - told, now() - began
            source.say("pace 0")
            last, sent = word(), source.sent()
            source.say(f"end {last}")
            ended = now()
            behind = (seat.wait(last.encode()) - ended) * 1000
            used = (rig.cpu_ms(seat.pid) - used) * 1000 / sent
            for key, value in (("median", rig.median(keys)), ("p99", rig.p99(keys)),
                               ("cpu", used * rate / 1e4), ("each", used),
                               ("bytes", told / took / 1000), ("behind", behind)):
                rows[key].add(who.name, value)
            seat.end()
            source.end()
    return list(rows.values())


def entries_in(home):
    """How many the history of this home holds, as another program sees it."""
    base = sqlite3.connect(f"file:{home}/tertulia.db?mode=ro", uri=True)
    try:
        return base.execute("SELECT max(id) FROM entries").fetchone()[0] or 0
    except sqlite3.OperationalError:  # it is not there yet
        return 0
    finally:
        base.close()


def typed_until(seat, done, limit=300):
    """ms of keys typed all the time, until it is done."""
    took, until = [], now() + limit
    while not done():
        if now() > until:
            raise Failed(f"a great flood was not over in time; on the screen: {stands_on(seat)}")
        took += rig.echoes(seat, 5, 0.02)
    return took


def stands_on(seat):
    """Its words, drawn anew, without what moves the cursor and colours them."""
    seat.type(b"\x0c")
    drawn, until = b"", now() + 1
    while now() < until:
        drawn += seat.read(until - now())[0]
    return re.sub(r"\x1b\[[^a-zA-Z]*[a-zA-Z]|\x1b.|[\x00-\x1f]", " ", drawn.decode(errors="replace"))


def raw_sqlite(bench, *words):
    """(s, CPU s) of SQLite alone with the same rows: how many, of how many authors, how long."""
    with rig.on_cores(rig.TESTED):
        told = subprocess.run([bench.helper("store_bench"), "--raw", *map(str, words)], check=True, capture_output=True, text=True, cwd=bench.folder).stdout
    took, used = told.split()
    return float(took) / 1000, float(used) / 1000


class Crowd:
    """The rows of a great flood: all at once, shown and kept."""

    def __init__(self, authors, count, live=False):
        of = f"{count:,} messages of {authors} author{'s' * (authors > 1)} at once{', live' * live}"
        base = "sqlite3"
        self.wall = Row("screen", f"{of}, shown and kept", "messages/s",
                        ("≥ 0.7 × SQLite", base, 0.7, "least"),
                        "SQLite stores the same rows in groups of 100, FULL, signs and shows nothing")
        self.cpu = Row("screen", f"CPU of {of}", "s")
        self.keys = Row("screen", f"key to echo meanwhile, worst, {of}", "ms",
                        ("≤ 20 ms", None, 20, "most"))
        self.grown = Row("screen", f"memory that {of} leave", "KiB", None,
                         f"{SETTLED} s later: what was on its way to the disk is given back by then")
        self.count = count

    def add(self, who, took, used, keys, grown):
        self.wall.add(who, self.count / took)
        self.cpu.add(who, used)
        if keys:
            self.keys.add(who, max(keys))
            self.grown.add(who, grown)

    def rows(self):
        return [self.wall, self.cpu, self.keys, self.grown]


def measured(seat, begin, done):
    """(s, CPU s, ms of keys, KiB more)"""
    rss, used, began = rig.memory_kib(seat.pid)[0], rig.cpu_ms(seat.pid), now()
    begin()
    keys = typed_until(seat, done)
    took = now() - began
    used = (rig.cpu_ms(seat.pid) - used) / 1000
    seat.drain(SETTLED)
    return took, used, keys, rig.memory_kib(seat.pid)[0] - rss


def one_author(bench, those, count):
    """Said live: the source is as fast as its own disk, so what it takes is not ours alone."""
    crowd = Crowd(1, count, live=True)
    crowd.wall.note += "; tertulia's lines come as fast as another one signs and commits them"
    for _ in range(bench.rounds):
        for who in those:
            seat, source, home = talked_to(who, bench)
            last = word().encode()
            tail = [b""]
            read = seat.read

            def looking(seconds, read=read, tail=tail, last=last):
                some, came = read(seconds)
                tail[0] = tail[0][-len(last):] + some
                looking.seen = looking.seen or last in tail[0]
                return some, came
            looking.seen = False
            seat.read = looking

            def begin():
                source.say(f"blast {count}")
                while source.sent() < count:
                    seat.drain(0.05)
                source.say(f"end {last.decode()}")
            crowd.add(who.name, *measured(seat, begin, lambda: looking.seen))
            seat.end()
            source.end()
        crowd.add("sqlite3", *raw_sqlite(bench, count, 1), None, None)
    return crowd.rows()


def caught_up(bench, count, authors):
    """Another program has them all already: it is we alone who are as slow as we are. Of one author
    nobody keeps so many for long: each round has a source that has just begun."""
    crowd = Crowd(authors, count)
    crowd.wall.note += "; tertulia has all cores here: it commits on one, and does the rest on another"
    full, _ = bench.filled_home(count, authors)
    us = Tertulia(bench)
    for _ in range(bench.rounds):
        giver, home = bench.home(), bench.home()
        shutil.copytree(full, giver, dirs_exist_ok=True)
        source = Source("tertuliad", bench.program("tertuliad"), giver)
        rig.no_author_rate(home)
        seat, _ = seated(us, bench, home, cores=set(rig.CORES))
        seat.drain(1)
        crowd.add("tertulia", *measured(
            seat, lambda: seat.type(f"/connect 127.0.0.1:{source.port}\r"),
            lambda: entries_in(home) >= count))
        seat.end()
        source.end()
        crowd.add("sqlite3", *raw_sqlite(bench, count, authors), None, None)
    return crowd.rows()


def caught_up_again(bench, count):
    """What was there before is behind the window by then. Of no author more than is kept."""
    row = Row("screen", f"memory that {count:,} more lines leave, after as many", "KiB",
              ("0 beyond the window: ≤ 128 KiB", None, 128, "most"))
    full, _ = bench.filled_home(count, AUTHORS)
    home = bench.home()
    rig.no_author_rate(home)
    seat, _ = seated(Tertulia(bench), bench, home, cores=set(rig.CORES))
    seat.drain(1)
    before, there = 0, 0
    for turn in range(4):  # the first shows what the window takes
        source = Source("tertuliad", bench.program("tertuliad"), full)
        there += count
        seat.type(f"/connect 127.0.0.1:{source.port}\r")
        typed_until(seat, lambda: entries_in(home) >= there)
        seat.drain(SETTLED)
        rss = rig.memory_kib(seat.pid)[0]
        if turn:
            row.add("tertulia", rss - before)
        before = rss
        source.end()
        seat.drain(2)  # its program ends
        rig.fill_more(bench, full, count, AUTHORS, "--crowd", str(turn + 1))
    seat.end()
    return [row]


def drawn_ms(seat, keys):
    typed = now()
    seat.type(keys)
    return (seat.still(0.06) - typed) * 1000


def with_history(bench, count):
    """Start and movement in a history of a million lines."""
    of = f"with {count:,} lines"
    start = Row("screen", f"exec to the first whole screen {of}", "ms",
                ("≤ 0.9 × irssi, which has none", "irssi", 0.9, "most"))
    moved = {what: Row("screen", f"{what} → drawn {of}, p99", "ms", ("≤ 16 ms", None, 16, "most"))
             for what in ("a page up", "another conversation", "search")}
    bench.say(f"filling {count:,} lines")
    home, _ = bench.filled_home(count, 100, 20, "--cheap")
    us = Tertulia(bench)
    both = [us] + [Irssi()] * rig.installed("irssi")
    for _ in range(bench.rounds * 2):
        for who in both:
            seat, took = seated(who, bench, home if who is us else bench.home())
            start.add(who.name, took)
            seat.still(0.3)
            seat.end()
    seat, _ = seated(us, bench, home)
    seat.drain(2)
    for _ in range(bench.rounds):
        moved["a page up"].add("tertulia", rig.p99([drawn_ms(seat, "\x1b[5~") for _ in range(PAGES)]))
        seat.type("\x1b[4~")
        seat.still(0.3)
    seat.type("/join #lab\r")
    seat.still(0.5)
    seat.type("/join #lab2\r")
    seat.still(0.5)
    for _ in range(bench.rounds):
        moved["another conversation"].add(
            "tertulia", rig.p99([drawn_ms(seat, b"\x1b%d" % (1 + n % 2)) for n in range(PAGES)]))
    for _ in range(bench.rounds):
        took = []
        for _ in range(10):
            seat.type("/search aguja")
            seat.still(0.1)
            took.append(drawn_ms(seat, "\r"))
            seat.type("q")
            seat.still(0.1)
        moved["search"].add("tertulia", rig.p99(took))
    seat.end()
    return [start, *moved.values()]


def everyone(run, but=()):
    return [who for who in peers(run) if who.name not in but]


def start(run):
    return start_and_rest(run, everyone(run))


def keys(run):
    return typing(run, everyone(run))


def flood_1000(run):
    return flooded(run, everyone(run, ("weechat",)), 1000)  # its floods take all of a core


def flood_5000(run):
    return flooded(run, everyone(run, ("weechat",)), 5000)


def crowd_of_one(run):
    return one_author(run, everyone(run, ("weechat", "floor")), 20000 if run.quick else CROWD)


def crowd(run):
    count = 20000 if run.quick else CROWD
    return caught_up(run, count, 100) + caught_up(run, count, 1)


def window(run):
    return caught_up_again(run, 10000 if run.quick else CROWD)


def million(run):
    return with_history(run, 50000 if run.quick else MILLION)


PARTS = (start, keys, flood_1000, flood_5000, crowd_of_one, crowd, window, million)
