"""The network: a handshake beside bare OpenSSL, one hop beside its parts, the author's CPU of each
delivery beside ngircd's, catching up beside SQLite, a mesh of sixteen, rest.

A node keeps at most 20 links (PROTOCOL.md, the overlay), so nobody here has 200. What it costs an
author to be heard is measured with as many as a full mesh has, 15, and in a mesh of 100, most of whom
hear it from each other; with as many readers for both programs. Of 200 everyone's receipts to everyone
are more than one core can check.
"""
import json
import os
import re
import select
import socket
import subprocess
import time

import rig
from rig import Failed, Meeting, Row, now
from screen import raw_sqlite, entries_in

MESH, MANY = 16, 100
SAID = 2000  # messages of one author
ONE_BY_ONE = 300
TEXT = "of one author to all the others, one hundred bytes long, and that is what people write at most"
LONG, SETTLED = 180, 20  # seconds: for what many do on one core, and until their links are chosen
CALLS = 1000
HOPS = 150
CATCH_UP, CATCH_UP_AUTHORS = 100000, 10
NGIRCD = """[Global]
Name = bench.local
Info = bench
Listen = 127.0.0.1
Ports = {port}
ServerUID = {user}
ServerGID = {user}
[Limits]
MaxConnections = 0
MaxConnectionsIP = 0
MaxJoins = 0
MaxPenaltyTime = 0
[Options]
DNS = no
Ident = no
PAM = no
"""


# ---- links by themselves ----

def handshakes(run):
    """What the bench of TLS says of its own rounds."""
    time_of = Row("network", "link handshake, both sides, CPU", "ms",
                  ("≤ 1.15 × OpenSSL with our rules", "openssl", 1.15, "most"))
    memory = Row("network", "heap of an idle link's TLS", "KiB", ("≤ 32 KiB", None, 32, "most"))
    for _ in range(run.rounds):
        with rig.on_cores(rig.TESTED):
            told = subprocess.run([run.helper("tls")], check=True, capture_output=True,
                                  text=True).stdout
        for who, text in (("openssl", "handshake, bare OpenSSL, our rules"),
                          ("tertulia", "handshake, ours")):
            time_of.add(who, float(re.search(re.escape(text) + r" +([\d.]+) ms", told)[1]))
        memory.add("tertulia", float(re.search(r"heap of an idle link +([\d.]+)", told)[1]))
        memory.add("openssl", float(re.search(r"a BIO of one's own +([\d.]+)", told)[1]))
    return [time_of, memory]


def accepting(run):
    """Each is up at both ends, and heard the other's hello, before the next calls."""
    row = Row("network", "links accepted, one after another", "1/s", ("≥ 500", None, 500, "least"))
    ana = Pipes(run, "ana", cores=rig.TESTED)
    for _ in range(run.rounds):
        began = now()
        with rig.on_cores(rig.OTHERS):
            subprocess.run([run.helper("caller"), str(ana.port), str(CALLS)], check=True)
        row.add("tertulia", CALLS / (now() - began))
    ana.end()
    return [row]


def sync_bytes(run):
    told = json.loads(subprocess.run([str(run.build / "tests/sim/sync_figures")], check=True,
                                     capture_output=True, text=True).stdout)
    ratio = Row("network", "bytes of catching up, of the entries' own", "×",
                ("≤ 1.15", None, 1.15, "most"), "in the simulator, frames without TLS")
    ratio.add("tertulia", told["catch_up_bytes_ratio"]["value"])
    again = Row("network", "bytes of a reconnect with nothing new", "bytes",
                ("≤ 2,048", None, 2048, "most"), "in the simulator, within 2 minutes")
    again.add("tertulia", told["reconnect_bytes"]["value"])
    return [ratio, again]


# ---- one hop ----

class Pipes:
    """A tertuliad spoken to without threads between."""

    def __init__(self, run, name, *words, cores=None):
        self.port, self.heard = rig.free_port(), b""
        with rig.on_cores(cores or rig.OTHERS):
            self.process = subprocess.Popen(
                [run.program("tertuliad"), "--home", run.home(), "--no-beacon", "--name", name,
                 "--listen", f"127.0.0.1:{self.port}", *words],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.wait(b'"ready"')

    def wait(self, words):
        until = now() + rig.LIMIT
        while words not in self.heard:
            if now() > until or self.process.poll() is not None:
                raise Failed(f"{words!r} never came")
            if select.select([self.process.stdout], [], [], 1)[0]:
                self.heard += os.read(self.process.stdout.fileno(), 1 << 16)
        came = now()
        self.heard = self.heard[self.heard.index(words) + len(words):]
        return came

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def end(self):
        self.process.terminate()
        self.process.communicate()


def one_hop(run):
    hop = Row("network", "one hop: typed → shown at the other end, durable at the author", "µs",
              ("≤ 2 × the sum of its parts", "parts", 2, "most"),
              "parts: a TCP round trip, an fdatasync, a signature and a check, each by itself; ours "
              "goes from a pipe through JSON into a pipe besides")
    bruno = Pipes(run, "bruno")
    ana = Pipes(run, "ana", "--connect", f"127.0.0.1:{bruno.port}", cores=rig.TESTED)
    bruno.wait(b'"state":"up"')
    time.sleep(1)
    for turn in range(run.rounds):
        took = []
        for number in range(HOPS):
            said = now()
            ana.say(f"hop {turn} {number} .")
            took.append((bruno.wait(b"hop %d %d ." % (turn, number)) - said) * 1e6)
            time.sleep(0.005)
            ana.heard = b""
            while select.select([ana.process.stdout], [], [], 0)[0]:
                os.read(ana.process.stdout.fileno(), 1 << 16)
        hop.add("tertulia", rig.median(took))
        with rig.on_cores(rig.TESTED):
            told = subprocess.run([run.helper("parts"), os.path.join(run.folder, "part")],
                                  check=True, capture_output=True, text=True).stdout
        hop.add("parts", sum(float(line.split()[1]) for line in told.splitlines()))
    ana.end()
    bruno.end()
    return [hop]


# ---- fan-out ----

class Ngircd:
    """A server, and clients that only count what they hear."""

    def __init__(self, folder, clients):
        port = rig.free_port()
        path = os.path.join(folder, "ngircd.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(NGIRCD.format(port=port, user="root" if os.geteuid() == 0 else "irc"))
        with rig.on_cores(rig.TESTED):
            self.process = subprocess.Popen(["ngircd", "-n", "-f", path], stdin=subprocess.DEVNULL,
                                            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = now() + 10
        self.links = []
        while len(self.links) < clients + 1:
            try:
                link = socket.create_connection(("127.0.0.1", port), 5)
            except OSError:
                if now() > until:
                    raise
                time.sleep(0.05)
                continue
            link.sendall(f"NICK n{len(self.links)}\r\nUSER u 0 * :u\r\nJOIN #c\r\n".encode())
            self.links.append(link)
        for link in self.links:
            heard = b""
            while b" 366 " not in heard:
                heard += link.recv(65536)
            link.setblocking(False)
        time.sleep(0.3)
        self.heard([0] * len(self.links), 0)

    def heard(self, counts, seconds):
        for link in select.select(self.links, [], [], seconds)[0]:
            counts[self.links.index(link)] += link.recv(1 << 18).count(b"\n")  # whole or in parts
        return counts

    def say(self, count, ahead):
        """All heard it; at most so many that not all heard are said ahead."""
        counts, said, waiting = [0] * len(self.links), 0, b""
        until = now() + rig.LIMIT
        while min(counts[:-1]) < count:
            if now() > until:
                raise Failed("ngircd's clients do not hear all")
            while said < count and said - min(counts[:-1]) < ahead and len(waiting) < 65536:
                waiting += f"PRIVMSG #c :{said} {TEXT}\r\n".encode()
                said += 1
            if waiting and select.select([], [self.links[-1]], [], 0)[1]:
                waiting = waiting[self.links[-1].send(waiting):]
            counts = self.heard(counts, 0.01 if not waiting else 0)

    def cost(self, count, ahead):
        used = rig.cpu_ms(self.process.pid)
        self.say(count, ahead)
        return (rig.cpu_ms(self.process.pid) - used) * 1000 / count / (len(self.links) - 1)

    def end(self):
        for link in self.links:
            link.close()
        self.process.terminate()
        self.process.wait()


def started(meeting, count, peers, whom):
    """So many in all, each calls `whom` of those before; the first has the tested core for itself."""
    peers = list(peers)
    while len(peers) < count:
        peers.append(meeting.peer(f"p{len(peers)}"))
        rig.no_author_rate_of(peers[-1])
        with rig.on_cores(rig.OTHERS if peers[1:] else rig.TESTED):
            peers[-1].start(connect=peers[:-1][whom])
    return peers


def mesh_of(meeting, count, peers=()):
    """Everyone linked to everyone."""
    peers = started(meeting, count, peers, slice(1))
    for peer in peers:
        peer.until_linked(*(other for other in peers if other is not peer), limit=LONG)
    return peers


def author_cost(peers, count, ahead):
    """µs of the author's CPU for each delivery that is stored at the other end and acknowledged."""
    author, others = peers[0], peers[1:]
    marks = [peer.now() for peer in others]
    used = rig.cpu_ms(author.process.pid)
    for said in range(0, count, ahead):
        author.say(*(f"{n} {TEXT}" for n in range(said, said + ahead)))
        last = f"{said + ahead - 1} {TEXT}"
        for peer, mark in zip(others, marks):
            peer.expect(event="message", text=last, since=mark, limit=LONG)
    return (rig.cpu_ms(author.process.pid) - used) * 1000 / count / len(others)


def ngircd_beside(run, readers, crowd, single):
    if rig.installed("ngircd"):
        server = Ngircd(run.folder, readers)
        crowd.add("ngircd", server.cost(SAID, SAID))
        single.add("ngircd", server.cost(ONE_BY_ONE, 1))
        server.end()


def fan_out(run):
    links = MESH - 1
    text = f"author's CPU of a delivery to {links} linked"
    crowd = Row("network", f"{text}, {SAID:,} messages at once", "µs",
                ("≤ 1.0 × ngircd", "ngircd", 1, "most"),
                "encrypted, signed, stored and acknowledged; ngircd's are plain text and kept nowhere")
    single = Row("network", f"{text}, one at a time", "µs", ("≤ 1.5 × ngircd", "ngircd", 1.5, "most"),
                 "the next is said when all have the last, as with ngircd")
    memory = Row("network", f"memory of each of {links} idle links, all in", "KiB",
                 ("≤ 32 KiB", None, 32, "most"),
                 "resident: with all of these less with one, so what the first link loads is not in it")
    for _ in range(run.rounds):
        with Meeting(run.program("tertuliad")) as meeting:
            peers = mesh_of(meeting, 2)
            time.sleep(1)
            bare = rig.memory_kib(peers[0].process.pid)[0]
            peers = mesh_of(meeting, MESH, peers)
            time.sleep(1)
            memory.add("tertulia",
                       (rig.memory_kib(peers[0].process.pid)[0] - bare) / (links - 1))
            crowd.add("tertulia", author_cost(peers, SAID, SAID))
            single.add("tertulia", author_cost(peers, ONE_BY_ONE, 1))
        ngircd_beside(run, links, crowd, single)
    return [crowd, single, memory]


def sparse_of(meeting, count):
    """More than have links to each other."""
    peers = started(meeting, count, (), slice(-2, None))
    peers[0].say("all there?")
    for peer in peers[1:]:
        peer.expect(event="message", text="all there?", limit=LONG)
    return peers


def heard_by_many(run):
    readers = MANY - 1
    text = f"author's CPU for each of {readers} who hear, in a mesh of {MANY}"
    crowd = Row("network", f"{text}, {SAID:,} messages at once", "µs",
                ("≤ 1.0 × ngircd", "ngircd", 1, "most"),
                "the author has 6 to 8 links, the others pass it on; all receipts come back to it, and "
                "what it prints names with each message everyone who has it")
    single = Row("network", f"{text}, one at a time", "µs", ("≤ 1.5 × ngircd", "ngircd", 1.5, "most"),
                 "the next is said when all have the last, as with ngircd")
    for _ in range(min(run.rounds, 3)):
        with Meeting(run.program("tertuliad")) as meeting:
            peers = sparse_of(meeting, MANY)
            time.sleep(SETTLED)
            crowd.add("tertulia", author_cost(peers, SAID, SAID))
            single.add("tertulia", author_cost(peers, ONE_BY_ONE // 3, 1))
        ngircd_beside(run, readers, crowd, single)
    return [crowd, single]


# ---- catching up ----

def catch_up(run):
    count = 20000 if run.quick else CATCH_UP
    text = f"catch-up of {count:,} entries of {CATCH_UP_AUTHORS} authors"
    took = Row("network", text, "s", ("≤ 1.3 × SQLite alone", "sqlite3", 1.3, "most"),
               "from the call to the last commit; SQLite: the same rows in groups of 100, FULL")
    used = Row("network", f"CPU of {text}", "s")
    full, _ = run.filled_home(count, CATCH_UP_AUTHORS)
    for _ in range(run.rounds):
        with Meeting(run.program("tertuliad")) as meeting:
            giver, taker = meeting.peer("giver"), meeting.peer("taker")
            giver.home = full
            giver.start()
            rig.no_author_rate_of(taker)
            with rig.on_cores(rig.CORES):  # it commits on one, and does the rest on another
                taker.start()
            began = now()
            taker.say(f"/connect {giver.address}")
            while entries_in(taker.home) < count:
                if now() - began > 300:
                    raise Failed("catching up takes too long")
                time.sleep(0.02)
            took.add("tertulia", now() - began)
            used.add("tertulia", rig.cpu_ms(taker.process.pid) / 1000)
        raw, raw_used = raw_sqlite(run, count, CATCH_UP_AUTHORS)
        took.add("sqlite3", raw)
        used.add("sqlite3", raw_used)
    return [took, used]


# ---- many, and rest ----

def sixteen(run):
    """100 messages a second in all, everybody as many."""
    row = Row("network", f"{MESH} programs, full mesh, 100 messages/s in all: CPU of each", "% of a core",
              ("≤ 3 %", None, 3, "most"), "the median of the sixteen")
    seconds = 5 if run.quick else 10
    with Meeting(run.program("tertuliad")) as meeting:
        peers = mesh_of(meeting, MESH)
        for _ in range(run.rounds):
            used = [rig.cpu_ms(peer.process.pid) for peer in peers]
            began = now()
            for number in range(seconds * 100):
                time.sleep(max(0, began + number / 100 - now()))
                peers[number % MESH].say(f"{number} {TEXT}")
            took = now() - began
            row.add("tertulia", rig.median(
                [(rig.cpu_ms(peer.process.pid) - before) / took / 10
                 for peer, before in zip(peers, used)]))
    return [row]


def rest(run):
    woken = Row("network", "wakings at rest with 3 links", "1/s", ("< 2 /s", None, 2, "most"))
    bytes_of = Row("network", "bytes at rest of each of 3 links", "bytes/s",
                   ("< 200 bytes/s", None, 200, "most"), "read and written, TLS included")
    used = Row("network", "CPU at rest with 3 links", "% of a core")
    seconds = 20
    with Meeting(run.program("tertuliad")) as meeting:
        pid = mesh_of(meeting, 4)[0].process.pid
        time.sleep(5)
        for _ in range(run.rounds):
            woke, moved, cpu = rig.wakings(pid), rig.moved(pid), rig.cpu_ms(pid)
            time.sleep(seconds)
            woken.add("tertulia", (rig.wakings(pid) - woke) / seconds)
            bytes_of.add("tertulia", (rig.moved(pid) - moved) / seconds / 3)
            used.add("tertulia", (rig.cpu_ms(pid) - cpu) / seconds / 10)
    return [woken, bytes_of, used]


PARTS = (handshakes, accepting, sync_bytes, one_hop, fan_out, heard_by_many, catch_up, sixteen, rest)
