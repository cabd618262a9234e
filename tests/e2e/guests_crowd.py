"""Stories of many guests at once, of rings, and of guests who mean no good."""
import os
import re
import signal
import socket
import threading
import time

from driver import LIMIT, Failed, all_linked, equal, note, until
from guests import Guest, host_of, own_address, scanner, two


# ---- all of them ----

class Crowd:
    """All five at once, as guests of ana; and two more peers."""

    def __init__(self, meeting):
        self.ana = host_of(meeting)
        self.peers = [self.ana, meeting.peer("bruno"), meeting.peer("carla")]
        self.ana.start("--classic")
        for peer in self.peers[1:]:
            peer.start(connect=[self.ana])
        all_linked(self.peers)
        host, port = self.ana.host, str(self.ana.port)
        self.dated = Guest(meeting, "dated").start()
        self.named = Guest(meeting, "named", GUEST_NAME="Criss", GUEST_PORT="9995").start()
        self.join = Guest(meeting, "join_client", GUEST_HOST=host).start()
        self.neighbour = Guest(meeting, "neighbour").start()
        self.piped = Guest(meeting, "piped")
        self.piped.start(self.piped.host, "9000", host, port)
        self.guests = [self.dated, self.named, self.join, self.neighbour, self.piped]
        for guest in self.guests:
            if guest is not self.join:
                guest.expect("escuchando")
        self.dated.type("hola d", host)
        self.named.type("1", host, port, "hola n")
        self.join.type("carlos", "hola j")
        self.neighbour.type("1", host, port)
        self.neighbour.expect("conectado True")
        self.neighbour.type("2", "hola v")
        self.piped.expect("Tertulia")
        self.piped.type("hola p")
        for text in ("hola d", "hola n", "hola j", "hola v", "hola p"):
            self.ana.expect(event="message", text=text)
        self.ana.expect(event="peer", guest="named", name="Criss", state="up")

    def speakers(self):
        """A letter, how it says something, and who hears it."""
        yield "d", lambda text: self.dated.type(text, self.ana.host)
        yield "n", self.named.type
        yield "j", self.join.type
        yield "v", lambda text: self.neighbour.type("2", text)
        yield "p", self.piped.type
        for letter, peer in zip("abc", self.peers):
            yield letter, peer.say

    def heard(self, reader):
        if isinstance(reader, Guest):
            return reader.text()
        return "\n".join(reader.texts(kind="say"))


def all_five_at_once(meeting, quick):
    lines, pause = (15, 0.3) if quick else (100, 0.3)
    crowd = Crowd(meeting)
    began = time.monotonic()
    for number in range(lines):
        for letter, say in crowd.speakers():
            say(f"<{letter}-{number}>")
        time.sleep(pause)  # people type no faster, and what comes together would be one message
    wanted = {f"<{letter}-{n}>" for letter, _ in crowd.speakers() for n in range(lines)}
    readers = list(zip("dnjvp", crowd.guests)) + list(zip("abc", crowd.peers))

    def missing():
        return sum(f"<{other}-{n}>" not in crowd.heard(reader) for letter, reader in readers
                   for other in "dnjvpabc" if other != letter for n in range(lines))

    until(missing, 0)
    note(f"{lines} lines of each of eight, read by all others after "
         f"{time.monotonic() - began:.1f} s")
    for letter, reader in readers:
        text = crowd.heard(reader)
        for token in wanted:
            equal(text.count(token), 1 if token[1] != letter or letter in "abc" else 0,
                  f"{token} at {letter}")


def the_scanner_is_answered_in_time(meeting, quick):
    """`--name` within 50 ms, as it waits for 100, while a thousand entries a second come in."""
    probes, lines = (100, 1000) if quick else (1000, 10000)
    ana = host_of(meeting)
    others = [meeting.peer(name) for name in ("bruno", "carla", "dani")]
    ana.start()
    for peer in others:
        peer.start(connect=[ana])
    all_linked([ana, *others])
    calm = sorted(scanner((ana.host, ana.port), LIMIT)[1] for _ in range(probes // 10))
    stop = threading.Event()

    def talk(peer):
        for number in range(0, lines, 35):
            if stop.is_set():
                break
            peer.say(*(f"{peer.name} {number + i}" for i in range(35)))
            time.sleep(0.1)  # 350 a second of each

    threads = [threading.Thread(target=talk, args=(peer,)) for peer in others]
    mark, began = ana.now(), time.monotonic()
    for thread in threads:
        thread.start()
    took = []
    for _ in range(probes):
        name, time_taken = scanner((ana.host, ana.port), LIMIT)
        equal(name, "ana")
        took.append(time_taken)
    heard = len(ana.all(event="message", since=mark)) / (time.monotonic() - began)
    stop.set()
    for thread in threads:
        thread.join()
    took.sort()
    note(f"--name: {calm[len(calm) // 2] * 1000:.1f} ms at rest; with {heard:.0f} entries a second "
         f"{took[probes // 2] * 1000:.1f} ms, p99 {took[probes * 99 // 100] * 1000:.1f} ms")
    if took[probes * 99 // 100] > 1:
        raise Failed(f"--name is answered after {took[-1]} s")
    equal(ana.all(event="peer", guest=lambda g: g is not None), [], "probes are no guests")


class Counter:
    """Stands between a caller of ours and a listener of theirs, and keeps all that ours send."""

    def __init__(self, meeting, target):
        self.target = target
        self.sent = []
        self.door = socket.create_server((own_address(), 0))
        self.address = "{}:{}".format(*self.door.getsockname())
        meeting.at_end(self.door.close)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                ours, _ = self.door.accept()
                theirs = socket.create_connection(self.target)
            except OSError:
                return
            threading.Thread(target=self._pass, args=(ours, theirs, self.sent), daemon=True).start()
            threading.Thread(target=self._pass, args=(theirs, ours, []), daemon=True).start()

    @staticmethod
    def _pass(one, other, kept):
        try:
            while data := one.recv(65536):
                kept.append(data)
                other.sendall(data)
        except OSError:
            pass
        one.close()
        other.close()

    def count(self, part):
        return b"".join(self.sent).count(part)


def rings_are_broken(meeting, quick):
    """Four that pass on for ever, and two of ours in the ring: p0 - p1 - ana - p2 - p3 - bruno - p0."""
    lines = 25 if quick else 250  # of each
    ana, bruno = two(meeting)
    piped = [Guest(meeting, "piped") for _ in range(4)]
    name = [f"{p.host}:{9000 + i}" for i, p in enumerate(piped)]
    for i, first in ((0, None), (1, 0), (2, None), (3, 2)):
        words = [] if first is None else [piped[first].host, str(9000 + first)]
        piped[i].start(piped[i].host, str(9000 + i), *words)
        piped[i].expect("escuchando" if first is None else "conectado")
    counters = []
    for peer, i in ((ana, 1), (ana, 2), (bruno, 3), (bruno, 0)):
        counters.append(Counter(meeting, (piped[i].host, 9000 + i)))
        peer.say(f"/connect {counters[-1].address} piped")
        peer.expect(event="peer", guest="piped", name=counters[-1].address, state="up")
    for i, count in enumerate((2, 1, 2, 1)):
        piped[i].expect("llego un vecino", count=count)
    for i, guest in enumerate(piped):  # by their names we know where one message ends
        hello, greeted = f"hola {i}", time.monotonic() + LIMIT
        while not all(peer.texts(kind="say", text=lambda t: t.rstrip(".") == hello.rstrip("."))
                      for peer in (ana, bruno)):
            if time.monotonic() > greeted:
                raise Failed(f"{hello} never came alone\n{meeting.transcript()}")
            guest.type(hello)
            hello += "."  # once more where theirs put it together with something
            time.sleep(1)
    for number in range(lines):
        for i, guest in enumerate(piped):
            guest.type(f"<{i}-{number}>")
        time.sleep(0.3)

    def missing():
        texts = ["\n".join(peer.texts(kind="say")) for peer in (ana, bruno)]
        texts += [p.text() for p in piped]
        return sum(f"<{i}-{n}>" not in text for reader, text in enumerate(texts)
                   for i in range(4) for n in range(lines) if reader - 2 != i)

    until(missing, 0)
    for peer in (ana, bruno):  # what our users say goes round no other way
        time.sleep(2)  # two messages that theirs put together are one
        peer.say(f"soy {peer.name}")
        for guest in piped:
            guest.expect(f"[{peer.name}] soy {peer.name}")
    time.sleep(2)
    for peer in (ana, bruno):
        texts = "\n".join(peer.texts(kind="say"))
        for i in range(4):
            for n in range(lines):
                lone = peer.texts(kind="say", text=f"<{i}-{n}>")
                equal(len(lone) <= 1, True, f"<{i}-{n}> alone at {peer.name}")
        equal((texts.count("soy ana"), texts.count("soy bruno")), (1, 1), peer.name)
    ours = sum(counter.count(b">") for counter in counters)
    in_all = sum(p.text().count(">") for p in piped)
    note(f"{4 * lines} lines: {ours} sends on our links, {in_all} by theirs and by ours")
    if ours > 4 * 4 * lines:
        raise Failed(f"{ours} sends of {4 * lines} lines")
    for i in range(4):  # at most once round, and once more in what theirs put together
        for n in range(lines):
            sent = [counter.count(f"<{i}-{n}>".encode()) for counter in counters]
            equal((max(sent) <= 2, sum(sent) <= 4), (True, True), f"<{i}-{n}> circles: {sent}")


def one_guest_of_two_hosts_is_heard_once(meeting, _quick):
    ana, bruno = two(meeting)
    carla = meeting.peer("carla")
    carla.start(connect=[bruno])
    all_linked([ana, bruno, carla])
    piped = Guest(meeting, "piped")
    identity = f"{piped.host}:9000"
    piped.start(piped.host, "9000")
    piped.expect("escuchando")
    for peer in (ana, bruno):
        peer.say(f"/connect {identity} piped")
        peer.expect(event="peer", guest="piped", name=identity, state="up")
    piped.expect("llego un vecino", count=2)
    for text in ("una vez", "otra", "fin"):
        piped.type(text)
        carla.expect(event="message", text=text)
    for peer in (ana, bruno, carla):
        peer.expect(event="message", text="fin")
        equal(peer.texts(kind="say"), ["una vez", "otra", "fin"], peer.name)
    carla.say("hola")
    piped.expect("[carla] hola")
    # and so it stays in what is found and written later, with both hosts' entries in the store
    carla.leave()
    carla.start(connect=[bruno])
    for text in ("una vez", "otra", "fin"):
        found = carla.ask(f'/search "{text}"', "search")["search"]
        equal([one["text"] for one in found], [text], "the search")
    path = os.path.join(meeting.folder, "carla.txt")
    since = carla.now()
    carla.say(f"/export {path}")
    carla.expect(event="notice", code="exported", since=since)
    with open(path, encoding="utf-8") as file:
        written = file.read()
    equal([written.count(text) for text in ("una vez", "otra", "fin", "hola")], [1, 1, 1, 1],
          written)


def bare(ana, *said):
    link = socket.create_connection((ana.host, ana.port))
    link.settimeout(LIMIT)
    for part in said:
        link.sendall(part if isinstance(part, bytes) else part.encode())
        time.sleep(0.1)  # each is a message of its own
    return link


def heard_until(link, last):
    """All messages until one ends so."""
    got = []
    while not got or not got[-1].endswith(last):
        data = link.recv(1024)
        if not data:
            raise Failed(f"it was hung up on, after {got}")
        got.append(data.decode())
    return got


def hung_up(link):
    """Whether it is; what it was told is read away."""
    link.setblocking(False)
    try:
        while link.recv(4096):
            pass
        return True
    except BlockingIOError:
        return False
    except OSError:
        return True


def hostile_names_and_words_stay_what_they_are(meeting, _quick):
    paper = os.path.join(meeting.folder, "ana.txt")
    ana, bruno = two(meeting, "--transcript", paper)
    piped = bare(ana, "lee:1|aquí")  # it reads what the others are called
    vecino = bare(ana, "Vecino 9")
    dani = bare(ana, "JOIN dani")
    ana.expect(event="peer", guest="join", name="dani", state="up")
    links = [dani]
    for name in ("bruno", "ana", "dani", "Dani", f"bruno~{bruno.id[:4]}"):
        link = bare(ana, f"JOIN {name}")
        answer = link.recv(1024).decode()
        if "no está libre" not in answer and "Primero" not in answer:
            raise Failed(f"{name!r} was let in: {answer}")
        links.append(link)
    for name, cleaned in (("eva: hola", "eva: hola"), ("a\x1b[31mb", "a<U+001B>[31mb"),
                          ("izq\u202eder", "izq<U+202E>der"), ("x" * 300, "x" * 64),
                          ("bruno|falso", "bruno|falso"), ("dos\nlineas", "dos")):
        link = bare(ana, f"JOIN {name}", f"MSG por {len(links)}\nbruno: falso")
        got = ana.expect(event="message", text=f"por {len(links)}")
        equal(got["from"]["name"], cleaned)
        got = ana.expect(event="message", text="bruno: falso", count=len(links) - 5)
        equal(got["from"]["name"], cleaned)
        links.append(link)
    links.append(bare(ana, "pipa|uno|bruno|falso"))
    equal(ana.expect(event="message", text="uno|bruno|falso")["from"]["name"], "pipa")
    links.append(bare(ana, f"bruno~{bruno.id[:4]}|falso de verdad", "pipa|verdadero"))
    ana.expect(event="message", text="verdadero")
    links.append(bare(ana, "2025-10-20 16:30:45: uno\nDe ('10.0.0.9', 1): falso"))
    got = ana.expect(event="message", text=lambda t: t.startswith("uno De"))
    equal(got["time"][:10], "2025-10-20")
    bruno.say("fin\x1b[0m".replace("\x1b", "\u202e"))
    lines = heard_until(dani, "fin<U+202E>[0m")
    for line in lines:
        if any(ord(c) < 32 or c in "\u202e\u200b" for c in line):
            raise Failed(f"a guest was told {line!r}")
        if "falso" in line and re.match(r"bruno", line):
            raise Failed(f"a forged line: {line!r}")
    # to each its own form, and nothing in it can be taken for another line's beginning
    for link, form in ((piped, r"(?!bruno\|)[^| ]+\|.*"),
                       (vecino, r"(?!bruno: falso).*")):
        for line in heard_until(link, "fin<U+202E>[0m"):
            if not re.fullmatch(form, line) or any(ord(c) < 32 for c in line):
                if not re.fullmatch(r"bruno\|fin.*", line):
                    raise Failed(f"a guest was told {line!r}")
    until(lambda: "fin<U+202E>" in open(paper, encoding="utf-8").read(), True)
    with open(paper, encoding="utf-8") as kept:
        for line in kept.read().splitlines():
            if not re.match(r"(Enviado a |De \('|\()", line) or "\x1b" in line or "\u202e" in line:
                raise Failed(f"the transcript has {line!r}")
    equal(bruno.texts(text="falso de verdad"), [])
    links += [piped, vecino]
    for link in links:
        link.close()


def floods_and_noise_are_cut_off(meeting, quick):
    ana, bruno = two(meeting)
    noise = bare(ana, bytes([0xff, 0xfe, 0x00, 0x80]) * 20)
    equal(noise.recv(10), b"")
    ana.expect(event="notice", code="guest-no-text")
    flooder = bare(ana, "JOIN flood")
    ana.expect(event="peer", guest="join", name="flood", state="up")
    for number in range(50):
        flooder.sendall("".join(f"MSG {number * 20 + i}\n" for i in range(20)).encode())
        time.sleep(0.02)  # a thousand a second
    bruno.say("y ahora yo")
    heard_until(flooder, "bruno: y ahora yo")
    said = len(ana.all(event="message", who="flood", kind="say"))
    if not 20 <= said <= 300:
        raise Failed(f"{said} lines of a flood were listened to")
    ana.expect(event="notice", code="guest-too-fast")
    long = bare(ana, "x" * 5000)
    got = ana.expect(event="message", text=lambda t: t.startswith("xxxx"))
    equal(len(got["text"]) <= 1024, True, "a long message is cut")
    # who reads nothing does not make us keep what it is told
    silent = [bare(ana) for _ in range(30)]
    silent[-1].recv(1)  # greeted: half of a connection no more
    silent += [bare(ana) for _ in range(10)]
    bruno.say("todavía estoy")
    ana.expect(event="message", text="todavía estoy")
    # of those who are silent, the ones that wait longest make room
    until(lambda: sum(hung_up(link) for link in silent) >= len(silent) - 32, True)
    equal(hung_up(silent[-1]), False)
    # who joins and reads nothing is told so much and no more
    deaf = socket.socket()
    deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    deaf.connect((ana.host, ana.port))
    deaf.sendall(b"JOIN sordo")
    ana.expect(event="peer", guest="join", name="sordo", state="up")
    before = ana.status("VmRSS")
    bruno.say(*("y" * 900 for _ in range(2000)))
    ana.expect(event="notice", code="guest-too-slow")
    bruno.say("al final")
    ana.expect(event="message", text="al final")
    grown = ana.status("VmRSS") - before
    note(f"with a guest who reads nothing and 2,000 lines for it: {grown} KiB more")
    if not quick:
        ana.expect(event="peer", guest="join", name="sordo", state="down", limit=90)
    for link in [noise, flooder, long, deaf, *silent]:
        link.close()


class Slow:
    """Stands before a peer of ours, and keeps a caller's first bytes for too long, the first time;
    with `back`, what the peer says first is later still. The calls `refused` are hung up."""

    def __init__(self, meeting, peer, times=1, back=0.0, port=0, refused=()):
        self.peer, self.times, self.back, self.refused = peer, times, back, refused
        self.calls = 0
        self.door = socket.create_server((own_address(), port))
        self.address = "{}:{}".format(*self.door.getsockname())
        meeting.at_end(self.door.close)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                caller, _ = self.door.accept()
                self.calls += 1
                if self.calls in self.refused:
                    caller.close()
                    continue
                peer = socket.create_connection((self.peer.host, self.peer.port))
            except OSError:
                return
            slow = self.calls <= self.times
            for one, other, wait in ((caller, peer, 0.5), (peer, caller, self.back)):
                threading.Thread(target=self._pass, args=(one, other, wait if slow else 0),
                                 daemon=True).start()

    @staticmethod
    def _pass(one, other, wait):
        try:
            while data := one.recv(65536):
                time.sleep(wait)
                wait = 0
                other.sendall(data)
        except OSError:
            pass
        one.close()
        other.close()


def a_slow_peer_is_no_guest(meeting, _quick):
    """Who says hello in TLS after more than 300 ms was greeted as a guest; they are linked in the end,
    whoever called for whatever reason, and neither is ever the other's guest."""
    ana, bruno, carla = (meeting.peer(name) for name in ("ana", "bruno", "carla"))
    bruno.start()
    ana.start()
    slow = Slow(meeting, bruno)
    ana.say(f"/connect {slow.address}")
    all_linked([ana, bruno])
    equal(slow.calls, 3, "as a peer, as a guest, as a peer")
    again = Slow(meeting, bruno)
    carla.start("--connect", again.address)
    all_linked([bruno, carla])
    for peer in (ana, bruno, carla):
        equal(peer.all(event="peer", guest=lambda g: g is not None), [], "no guests")
        equal(peer.all(event="error"), [])
    # always too slow: it is said, and nobody becomes a guest either
    never = Slow(meeting, ana, times=99)
    carla.say(f"/connect {never.address}")
    carla.expect(event="error", code=lambda code: code not in (None, ""))
    equal(carla.all(event="peer", guest=lambda g: g is not None), [], "no guests")
    # on a port of `named`, which is asked for a name: there the greeting comes
    late = Slow(meeting, ana, times=2, back=1, port=9998)
    dani = meeting.peer("dani").start()
    dani.say(f"/connect {late.address}")
    all_linked([ana, dani])
    equal(late.calls, 3, "as a peer, as a guest, as a peer")
    for peer in (ana, dani):
        equal(peer.all(event="peer", guest=lambda g: g is not None), [], "no guests")
    # so late that it passes for a guest who listens; then the call as a peer fails: it is not the last
    lost = Slow(meeting, ana, times=2, back=1, refused=[3])
    eva = meeting.peer("eva").start()
    eva.say(f"/connect {lost.address}")
    all_linked([ana, eva])
    equal(lost.calls, 4, "as a peer, as a guest, as a peer in vain, as a peer")


def who_stands_still_is_no_guest(meeting, _quick):
    """The kernel takes calls for a program that is stopped; nothing is said to it meanwhile that it
    would read as words of a guest once it goes on."""
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno", host=own_address())
    bruno.port = 9995
    ana.start()
    bruno.start()
    bruno.process.send_signal(signal.SIGSTOP)
    ana.say(f"/connect {bruno.address}")
    ana.expect(event="error", command=f"/connect {bruno.address}")
    said = [f"words {number}" for number in range(20)]
    ana.say(*said)
    ana.expect(event="message", text=said[-1])
    bruno.process.send_signal(signal.SIGCONT)
    bruno.say(f"/connect {ana.address}")
    all_linked([ana, bruno])
    for text in said:
        bruno.expect(event="message", text=text)
    for peer in (ana, bruno):
        equal(peer.all(event="peer", guest=lambda g: g is not None), [], "no guests")
        equal(peer.texts(kind="say"), said, peer.name)


def guests_are_turned_away_where_none_are_wanted(meeting, _quick):
    secret = os.path.join(meeting.folder, "secret")
    with open(secret, "w", encoding="ascii") as file:
        file.write("a-secret-that-is-long-enough-to-be-one\n")
    for number, words in enumerate((["--no-guests"], ["--secret-file", secret])):
        ana = host_of(meeting, f"ana{number}")
        ana.start(*words)
        with bare(ana, "JOIN carlos") as link:
            answer = link.recv(1024).decode()
            if "no se admiten invitados" not in answer:
                raise Failed(f"a guest was told {answer!r}")
            equal(link.recv(1024), b"")
        dated = Guest(meeting, "dated").start()
        dated.expect("escuchando")
        line = f"/connect {dated.host} dated"
        ana.say(line)
        equal(ana.expect(event="error", code="no-guests")["command"], line)
        equal(ana.all(event="peer", guest=lambda g: g is not None), [])


STORIES = [
    all_five_at_once,
    the_scanner_is_answered_in_time,
    rings_are_broken,
    one_guest_of_two_hosts_is_heard_once,
    hostile_names_and_words_stay_what_they_are,
    floods_and_noise_are_cut_off,
    a_slow_peer_is_no_guest,
    who_stands_still_is_no_guest,
    guests_are_turned_away_where_none_are_wanted,
]
