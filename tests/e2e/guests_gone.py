"""Stories of guests who go, of us who go, and of coming back: each dialect, each way to end, and what
is there after the next start."""
import contextlib
import os
import signal
import socket
import sqlite3
import struct
import time

from driver import LIMIT, Failed, all_linked, equal, note, until
from guests import Guest, guest_says, host_of, own_address, two
from guests_crowd import Crowd
from screen import Screen
from wires import laid


# ---- ends ----

def closed(link):
    link.close()


def closed_halfway(link):
    link.shutdown(socket.SHUT_WR)


def reset(link):
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    link.close()


ENDS = (closed, closed_halfway, reset)


def call(ana, host, *said):
    """A bare connection from that address; each part is a message of its own."""
    link = socket.socket()
    link.bind((host, 0))
    link.connect((ana.host, ana.port))
    link.settimeout(LIMIT)
    for part in said:
        link.sendall(part.encode())
        time.sleep(0.1)
    return link


def who_calls_us_ends_in_any_way(meeting, _quick):
    """Each dialect, each end, and back again under the same name: told up and down each time, once."""
    ana, bruno = two(meeting)
    host = own_address()
    callers = {"join": ("eva", "JOIN eva"), "neighbour": ("Vecino 7", "Vecino 7"),
               "piped": ("eva:9000", "eva:9000|aquí"), "plain": (host, "qué tal")}
    held = []
    for dialect, (name, first) in callers.items():
        for number, end in enumerate(ENDS, 1):
            link = call(ana, host, first)
            held.append(link)
            for peer in (ana, bruno):
                peer.expect(event="peer", guest=dialect, name=name, state="up", count=number)
            text = f"{dialect} {number}"
            words = {"join": f"MSG {text}", "piped": f"{name}|{text}"}
            link.sendall(words.get(dialect, text).encode())
            guest_says(ana, [bruno], text, name, dialect)
            bruno.say(f"a {text}")
            heard = ""
            while f"a {text}" not in heard:
                heard += link.recv(1024).decode()
            end(link)
            for peer in (ana, bruno):
                peer.expect(event="peer", guest=dialect, name=name, state="down", count=number)
    for peer in (ana, bruno):
        equal(len(peer.all(event="peer", guest=lambda g: g is not None, state="up")),
              len(callers) * len(ENDS), "how many came")
        equal(len(peer.all(event="peer", guest=lambda g: g is not None, state="down")),
              len(callers) * len(ENDS), "how many went")
    # `dated` and `named` never stay: what they said is there, however they hang up
    for number, end in enumerate(ENDS):
        held.append(link := call(ana, own_address(), f"2025-10-20 16:30:4{number}: dicho {number}"))
        end(link)
        bruno.expect(event="message", text=f"dicho {number}")
        held.append(link := call(ana, own_address(), "--name"))
        end(link)
    equal(ana.all(event="error") + bruno.all(event="error"), [])


class Listening:
    """A bare listener that speaks first, or answers the first message, or neither."""

    def __init__(self, meeting, host, port, greets=None, answers=None):
        self.door = socket.create_server((host, port))
        self.door.settimeout(LIMIT)
        self.greets, self.answers = greets, answers
        meeting.at_end(self.door.close)

    def take(self):
        """The next call to it, but those that only look whether a peer is there."""
        while True:
            link, _ = self.door.accept()
            link.settimeout(LIMIT)
            try:
                if self.greets:
                    link.sendall(self.greets.encode())
                    link.settimeout(0.6)
                    first = link.recv(1, socket.MSG_PEEK)
                    link.settimeout(LIMIT)
                    if first in (b"", b"\x16"):
                        link.close()
                        continue
                elif self.answers is not None:
                    first = link.recv(1024)
                    if not first or first[:1] == b"\x16":
                        link.close()
                        continue
                    link.sendall(self.answers.encode())
            except TimeoutError:
                link.settimeout(LIMIT)
            except OSError:
                link.close()
                continue
            return link


def whom_we_call_ends_in_any_way(meeting, quick):
    """And is called again, by itself, as what it was."""
    ends = ENDS[::2] if quick else ENDS
    ana, bruno = two(meeting)
    kinds = {"join": Listening(meeting, own_address(), 5000, answers="Hola eva, bienvenida"),
             "named": Listening(meeting, own_address(), 9990, answers="Criss"),
             "neighbour": Listening(meeting, own_address(), 9999, greets="Vecino 3"),
             "piped": Listening(meeting, own_address(), 9000)}
    for dialect, door in kinds.items():
        address = "{}:{}".format(*door.door.getsockname())
        name = {"named": "Criss", "neighbour": address.split(":")[0]}.get(dialect, address)
        ana.say(f"/connect {address} {dialect}")
        for number, end in enumerate(ends, 1):
            link = door.take()
            ana.expect(event="peer", guest=dialect, name=name, state="up", count=number)
            bruno.say(f"a {dialect} {number}")
            heard = ""
            while f"a {dialect} {number}" not in heard:
                heard += link.recv(1024).decode()
            end(link)
            for peer in (ana, bruno):
                peer.expect(event="peer", guest=dialect, name=name, state="down", count=number)
            closed(link)
        since = ana.now()
        ana.say(f"/disconnect {name}")  # it is called no more
        ana.ask("/peers", "peers")
        equal(ana.all(event="error", since=since), [])
        try:
            door.door.settimeout(2.6)
            door.take()
            raise Failed(f"{dialect} is called again after /disconnect")
        except TimeoutError:
            pass
    # of `dated` each end before its answer is a failure, told and kept
    door = Listening(meeting, own_address(), 5555)
    host = door.door.getsockname()[0]
    ana.say(f"/connect {host} dated")
    ana.expect(event="peer", guest="dated", name=host, state="up")
    ana.say("con acuse")
    ref = ana.expect(event="message", text="con acuse")["ref"]
    for number, end in enumerate(ends, 1):
        link = door.take()
        if b"ana: con acuse" not in link.recv(1024):
            raise Failed("another word than the one that failed")
        end(link)
        ana.expect(event="peer", guest="dated", name=host, state="down")
        time.sleep(0.3)  # a failure is told once; while the call lasts there is nothing to retry
        ana.say("/retry")
    equal(len(ana.all(event="receipt", ref=ref, guest=host, delivered=False)) >= 1, True)
    link = door.take()
    link.recv(1024)
    link.sendall("Mensaje recibido a las 2025-10-20 16:30:46".encode())
    ana.expect(event="receipt", ref=ref, guest=host, delivered=True)
    # no call is under way, or it is not there at all: it can be let go all the same
    for there in (True, False):
        since = ana.now()
        if not there:
            ana.say("a nadie")
            closed(door.take())
            ana.expect(event="peer", guest="dated", name=host, state="down", since=since)
        ana.say(f"/disconnect {host}")
        if there:
            ana.expect(event="peer", guest="dated", name=host, state="down", since=since)
            ana.say(f"/connect {host} dated")
            ana.expect(event="peer", guest="dated", name=host, state="up", since=since)
    ana.ask("/peers", "peers")
    ana.say("/retry")
    ana.expect(event="error", code="nothing-to-retry")
    equal(len(ana.all(event="error")), 1)


def we_are_killed_and_come_back(meeting, _quick):
    """kill -9 with five guests: they see the end of it, and find us again under the same names."""
    crowd = Crowd(meeting)
    ana, bruno, carla = crowd.peers
    names = {g["name"] for g in ana.ask("/peers", "peers")["peers"] if g["guest"]}
    ana.kill()
    crowd.join.expect("desconectado")
    crowd.neighbour.expect("se fue")
    crowd.piped.expect("un vecino se fue")
    for peer in (bruno, carla):
        peer.expect(event="peer", name="ana", state="down")
    ana.start("--classic", connect=[bruno])
    all_linked([ana, bruno])
    since = [bruno.now(), carla.now()]
    host, port = ana.host, str(ana.port)
    crowd.dated.type("otra vez d", host)
    crowd.named.type("--ch", host, port, "otra vez n")
    crowd.join.gone()
    crowd.join.start()
    crowd.join.type("carlos", "otra vez j")
    crowd.neighbour.type("1", host, port)
    crowd.neighbour.expect("conectado True", count=2)
    crowd.neighbour.type("2", "otra vez v")
    crowd.piped.gone()
    crowd.piped.start(crowd.piped.host, "9000", host, port)
    crowd.piped.expect("Tertulia", count=2)
    crowd.piped.type("otra vez p")
    for peer, mark in zip((bruno, carla), since):
        for letter in "dnjvp":
            peer.expect(event="message", text=f"otra vez {letter}", since=mark)
    ana.expect(event="peer", guest="named", name="Criss", state="up", since=ana.begun)
    equal({g["name"] for g in ana.ask("/peers", "peers")["peers"]
           if g["guest"] and g["presence"] != "gone"}, names)
    carla.say("seguimos todos")
    for guest in crowd.guests:
        guest.expect("carla: seguimos todos" if guest is not crowd.piped else
                     "[carla] seguimos todos")
    for letter in "dnjvp":
        equal(len(carla.all(event="message", text=f"hola {letter}")), 1, "nothing comes twice")


def a_guests_cable_is_pulled(meeting, quick):
    """Nobody says anything any more: within a minute all of them are gone, and come back."""
    if quick:
        return "a link is dead after 45 s; without --quick it is told"
    wires, why = laid(meeting, 2)
    if why:
        return why
    ana, bruno = (wires.peer(meeting, name, 0) for name in ("ana", "bruno"))
    ana.start("--classic")
    bruno.start(connect=[ana])
    all_linked([ana, bruno])
    inside = ["ip", "netns", "exec", wires.names[1]]
    there = "10.99.0.2"

    def guest(program, **more):
        return Guest(meeting, program, host=there, inside=inside, **more)

    called = {"named": guest("named", GUEST_NAME="Criss", GUEST_PORT="9992").start(),
              "neighbour": guest("neighbour", GUEST_PORT="9000").start(),
              "join": guest("join_server", GUEST_PORT="5001").start(),
              "dated": guest("dated").start(), "piped": guest("piped")}
    called["piped"].start(there, "9001")
    for each in called.values():
        each.expect("escuchando")
    ports = {"named": 9992, "neighbour": 9000, "join": 5001, "dated": 5555, "piped": 9001}
    names = set()
    for dialect, port in ports.items():
        ana.say(f"/connect {there}:{port} {dialect}")
        names.add((dialect, ana.expect(event="peer", guest=dialect, state="up")["name"]))
    caller = guest("join_client", GUEST_HOST="10.99.0.1").start()
    caller.type("carlos")
    quiet = guest("join_client", GUEST_HOST="10.99.0.1").start()
    quiet.type("dani")
    names |= {("join", "carlos"), ("join", "dani")}
    for dialect, name in (("join", "carlos"), ("join", "dani")):
        bruno.expect(event="peer", guest=dialect, name=name, state="up")
    wires.unplug(1)
    began = time.monotonic()
    bruno.say("¿me oye alguien?")
    for dialect, name in names:
        for peer in (ana, bruno) if dialect != "dated" else (ana,):
            peer.expect(event="peer", guest=dialect, name=name, state="down", limit=70)
    gone = time.monotonic() - began
    wires.unplug(1, out=False)
    began = time.monotonic()
    caller.gone()
    caller.start()
    caller.type("carlos")
    bruno.expect(event="peer", guest="join", name="carlos", state="up", count=2)
    for dialect, name in names:
        if dialect not in ("dated",) and name not in ("carlos", "dani"):
            ana.expect(event="peer", guest=dialect, name=name, state="up", count=2, limit=150)
    note(f"all were gone after {gone:.0f} s, and called again {time.monotonic() - began:.0f} s after "
         "the cable was back")
    ana.say("/retry")
    called["dated"].expect("bruno: ¿me oye alguien?", limit=2 * LIMIT)
    bruno.say("otra vez todos")
    for each in (*called.values(), caller):
        each.expect("otra vez todos")
    return None


# ---- remembered ----

def what_was_spoken_is_remembered_over_a_restart(meeting, _quick):
    """An address is called as what answered there, at once; until a peer is there."""
    ana = host_of(meeting)
    ana.start()
    kinds = {"join": Listening(meeting, own_address(), 6001, answers="Hola ana, bienvenida"),
             "neighbour": Listening(meeting, own_address(), 6002, greets="Vecino 3"),
             "named": Listening(meeting, own_address(), 6003, answers="Criss"),
             "piped": Listening(meeting, own_address(), 6004)}
    address = {dialect: "{}:{}".format(*door.door.getsockname()) for dialect, door in kinds.items()}
    for dialect in kinds:
        ana.say(f"/connect {address[dialect]} {dialect}")
        ana.expect(event="peer", guest=dialect, state="up")
        kinds[dialect].take().close()
    ana.leave()
    ana.start()
    for dialect in ("join", "named", "piped"):
        ana.say(f"/connect {address[dialect]}")
        link, _ = kinds[dialect].door.accept()  # the first call, with nothing before it
        link.settimeout(LIMIT)
        if dialect == "join":
            equal(link.recv(1024), b"JOIN ana")
        elif dialect == "named":
            equal(link.recv(1024), b"--name")
            link.sendall(b"Criss")
        ana.expect(event="peer", guest=dialect, state="up", since=ana.begun)
        ana.say("/disconnect all")
        ana.expect(event="peer", guest=dialect, state="down", since=ana.begun)
    # a peer listens where somebody else did: /connect ... native, and it is forgotten
    kinds["piped"].door.close()
    bruno = meeting.peer("bruno", host=address["piped"].split(":")[0])
    bruno.port = 6004
    bruno.start()
    ana.say(f"/connect {bruno.address} native")
    all_linked([ana, bruno])
    ana.leave()
    ana.start()
    since = ana.begun
    ana.say(f"/connect {bruno.address}")
    ana.expect(event="peer", name="bruno", guest=None, state="up", since=since)
    equal(ana.all(event="peer", guest=lambda g: g is not None, since=since), [])


# ---- kept ----

def owed_of(peer):
    """How many words of its history guests still have to be told."""
    with contextlib.closing(sqlite3.connect(f"{peer.home}/tertulia.db", timeout=LIMIT)) as base:
        return base.execute("SELECT count(*) FROM owed").fetchone()[0]


def words_with_one_guest_outlive_us(meeting, _quick):
    """Whispers both ways, and what a dated guest did not answer: kill -9, and all is there."""
    ana, bruno = two(meeting, "--classic")
    carlos = Guest(meeting, "join_client", GUEST_HOST=ana.host).start()
    carlos.type("carlos")
    carlos.expect("Te uniste como carlos")
    ana.expect(event="peer", guest="join", name="carlos", state="up")
    ana.say("/whisper carlos sólo para ti")
    carlos.expect("sólo para ti")
    carlos.type("@ana y esto para ti")
    got = ana.expect(event="message", text="y esto para ti")
    dated = Guest(meeting, "dated").start()
    dated.expect("escuchando")
    dated.type("hola", ana.host)
    ana.expect(event="peer", guest="dated", name=dated.host, state="up")
    ana.say(f"/whisper {dated.host} te llega")
    ref = ana.expect(event="message", text="te llega")["ref"]
    ana.expect(event="receipt", ref=ref, delivered=True)
    dated.gone()
    ana.say(f"/whisper {dated.host} para cuando vuelvas")
    owed = ana.expect(event="message", text="para cuando vuelvas")["ref"]
    ana.expect(event="receipt", ref=owed, delivered=False)
    ana.say("y esto a todos")
    every = ana.expect(event="message", text="y esto a todos")["ref"]
    ana.expect(event="receipt", ref=every, delivered=False)
    bruno.expect(event="message", text="y esto a todos")
    until(lambda: owed_of(ana), 2)
    ana.kill()
    dated.start()
    dated.expect("escuchando", count=2)
    ana.start("--classic", connect=[bruno])
    dated.expect("para cuando vuelvas")
    dated.expect("ana: y esto a todos")
    for one in (owed, every):
        ana.expect(event="receipt", ref=one, guest=dated.host, delivered=True, since=ana.begun)
    text = dated.text()
    equal([text.count(t) for t in ("te llega", "para cuando vuelvas", "y esto a todos")], [1, 1, 1])
    if text.index("para cuando vuelvas") > text.index("y esto a todos"):
        raise Failed("out of order")
    until(lambda: owed_of(ana), 0)
    ana.kill()
    ana.start("--classic", connect=[bruno])
    dated.type("sigo aquí", ana.host)
    ana.expect(event="message", text="sigo aquí", since=ana.begun)
    ana.say("la última")
    dated.expect("ana: la última")
    equal(dated.text().count("para cuando vuelvas"), 1)
    for secret in ("sólo para ti", "para cuando vuelvas", "y esto para ti"):
        equal(bruno.texts(text=secret), [], "others have none of it")
        equal(bruno.files_hold(secret.encode()), False)
    equal(got["encrypted"], False)


def a_screen_has_what_was_said_with_one_guest(meeting, _quick):
    ana = Screen(meeting, "ana").start()

    def carlos_comes():
        carlos = Guest(meeting, "join_client", GUEST_HOST="127.0.0.1", GUEST_PORT=str(ana.port))
        carlos.start()
        carlos.type("carlos")
        carlos.expect("Te uniste como carlos")
        return carlos

    carlos = carlos_comes()
    carlos.type("@ana primero")
    ana.expect("carlos")
    time.sleep(0.5)  # it has arrived: nothing on the screen says so in one piece
    ana.type("\x1ba")  # Alt-a: the next with something unread
    ana.expect("primero")
    ana.type("segundo\r")
    carlos.expect("ana (privado): segundo")
    time.sleep(0.5)  # what is said to a guest is told it while it is being stored
    ana.stop(signal.SIGKILL, -signal.SIGKILL)
    carlos.gone()
    ana.start()
    carlos = carlos_comes()
    carlos.type("@ana tercero")
    time.sleep(0.5)
    ana.type("\x1ba")
    for text in ("primero", "segundo", "tercero"):
        ana.expect(text)
    carlos.type("palabras para todos")

    def found():
        ana.type("/search palabras\r")
        time.sleep(0.5)
        ana.type("\x0c")  # Ctrl-l: all of it anew, in one piece
        time.sleep(0.5)
        ana.type("\x1b")
        time.sleep(0.5)  # Esc by itself
        return b"carlos (join, via ana)" in ana.shown

    until(found, True)
    path = os.path.join(meeting.folder, "carlos.md")
    ana.type(f"/export {path}\r")
    until(lambda: os.path.exists(path), True)
    with open(path, encoding="utf-8") as file:
        written = file.read()
    at = [written.find(t) for t in ("primero", "segundo", "tercero")]
    equal((at == sorted(at), min(at) > 0, "carlos" in written.splitlines()[0]), (True, True, True),
          written)


def who_goes_while_we_stand_still_is_nobody(meeting, _quick):
    """Its 300 ms of silence and its end come in one turn: nobody is left to be greeted."""
    ana = host_of(meeting).start()
    for _ in range(5):
        caller = socket.create_connection((ana.host, ana.port))
        for _ in range(2):  # by then it was taken
            ana.ask("/rooms", "rooms")
        ana.process.send_signal(signal.SIGSTOP)
        caller.close()
        time.sleep(0.4)  # longer than anybody may be silent
        ana.process.send_signal(signal.SIGCONT)
        ana.ask("/rooms", "rooms")
    equal(ana.all(event="peer"), [], "nobody was there")


STORIES = [
    who_goes_while_we_stand_still_is_nobody,
    who_calls_us_ends_in_any_way,
    whom_we_call_ends_in_any_way,
    we_are_killed_and_come_back,
    a_guests_cable_is_pulled,
    what_was_spoken_is_remembered_over_a_restart,
    words_with_one_guest_outlive_us,
    a_screen_has_what_was_said_with_one_guest,
]
