"""Stories of guests: programs that speak the plain chats (tests/guests), each with its habits, who call
us and are called, talk, vanish and come back. Each has a loopback address of its own, because some
of them listen on a port that cannot be chosen."""
import os
import re
import signal
import socket
import struct
import subprocess
import threading
import time
from datetime import datetime
from pathlib import Path

from driver import LIMIT, Failed, all_linked, clean_environment, equal, note, until
from screen import Screen
from wires import laid

PROGRAMS = Path(__file__).resolve().parent.parent / "guests"
_numbers = iter(range(1, 250))


def own_address():
    """One of 127/8 that no other story uses now."""
    pid = os.getpid()
    return f"127.{60 + pid % 150}.{pid // 150 % 250}.{next(_numbers)}"


class Guest:
    """One of those programs. `told` is all that it ever printed, over every start."""

    def __init__(self, meeting, program, host=None, inside=(), **environment):
        self.meeting = meeting
        self.inside = list(inside)  # as of a peer: a command that runs it elsewhere
        self.program = program
        self.host = host or own_address()
        self.environment = {"GUEST_BIND": self.host, "PYTHONUNBUFFERED": "1", **environment}
        self.folder = os.path.join(meeting.folder, f"guest-{program}-{self.host}-{id(self)}")
        self.told = []
        self.changed = threading.Condition()
        self.process = None
        meeting.at_end(self.gone)

    def start(self, *words):
        os.makedirs(self.folder, exist_ok=True)
        self.process = subprocess.Popen(
            [*self.inside, "python3", str(PROGRAMS / f"{self.program}.py"), *words], cwd=self.folder,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=clean_environment(**self.environment))
        reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        reader.start()
        return self

    def _read(self, stream):
        for line in stream:
            with self.changed:
                self.told.append(line.decode(errors="replace").rstrip("\n"))
                self.changed.notify_all()
        stream.close()

    def type(self, *lines):
        self.process.stdin.write("".join(line + "\n" for line in lines).encode())
        self.process.stdin.flush()

    def expect(self, part, count=1, since=0, limit=LIMIT):
        """Until it printed this so often: `part` as text, or a pattern."""
        def seen():
            text = "\n".join(self.told[since:])
            return len(part.findall(text)) if hasattr(part, "findall") else text.count(part)
        last = time.monotonic() + limit
        with self.changed:
            while seen() < count:
                left = last - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    raise Failed(f"{self.program} never printed {part!r} ({seen()} of {count}), "
                                 f"but {self.told[-8:]}\n{self.meeting.transcript()}")

    def now(self):
        return len(self.told)

    def text(self):
        with self.changed:
            return "\n".join(self.told)

    def gone(self, number=signal.SIGKILL):
        if not self.process:
            return
        process, self.process = self.process, None
        process.send_signal(number)
        process.wait()
        try:
            process.stdin.close()
        except OSError:
            pass


def host_of(meeting, name="ana", **more):
    """A peer at an address of its own, where classic ports are free."""
    return meeting.peer(name, host=own_address(), **more)


def two(meeting, *words):
    """Ana, who has the guests, and Bruno, who hears of them."""
    ana, bruno = host_of(meeting), meeting.peer("bruno")
    ana.start(*words)
    bruno.start(connect=[ana])
    all_linked([ana, bruno])
    return ana, bruno


def guest_says(host, others, text, name, dialect):
    """What it said is everywhere once, under its name, and everybody knows whose guest it is."""
    for peer in (host, *others):
        got = peer.expect(event="message", text=text)
        who = got["from"]
        equal((who["name"], who["guest"], who["host"], who["id"], got["room"], got["own"],
               got["encrypted"]), (name, dialect, host.id, None, "#everyone", False, False),
              f"{text!r} at {peer.name}")
        equal(len(peer.all(event="message", text=text)), 1, f"{text!r} at {peer.name}")
    return got


# ---- dated ----

def stamp_near(text):
    said = datetime.strptime(text, "%Y-%m-%d %H:%M:%S")
    if abs((datetime.now() - said).total_seconds()) > 120:
        raise Failed(f"{text} is not now")


def dated_calls_and_is_called(meeting, _quick):
    ana, bruno = two(meeting, "--classic")
    dated = Guest(meeting, "dated").start()
    dated.expect("escuchando")
    dated.type("hola desde lejos", ana.host)
    dated.expect(re.compile(r"respuesta: Mensaje recibido a las \d{4}-\d\d-\d\d \d\d:\d\d:\d\d"))
    guest_says(ana, [bruno], "hola desde lejos", dated.host, "dated")
    ana.expect(event="peer", guest="dated", name=dated.host, state="up")
    # its listener is called back, once for each line
    ana.say("te leo")
    own = ana.expect(event="message", text="te leo", own=True)
    dated.expect(re.compile(r"recibido .*: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d: ana: te leo"))
    ana.expect(event="receipt", ref=own["ref"], guest=dated.host, delivered=True)
    bruno.say("yo también")
    dated.expect("bruno: yo también")
    ana.say(f"/whisper {dated.host} sólo tú")
    got = ana.expect(event="message", text="sólo tú")
    equal((got["whisper"].split("/")[1:], got["own"], got["encrypted"]),
          (["dated", dated.host], True, False))
    dated.expect(re.compile(r": \d{4}-\d\d-\d\d \d\d:\d\d:\d\d: sólo tú"))
    ana.expect(event="receipt", guest=dated.host, delivered=True, ref=got["ref"])
    with open(os.path.join(dated.folder, "messages.txt"), encoding="utf-8") as kept:
        for line in kept:
            stamp_near(re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", line)[0])
    # it vanishes: what is said meanwhile is kept, and goes when it is there again
    dated.gone()
    ana.say("¿sigues ahí?")
    lost = ana.expect(event="message", text="¿sigues ahí?")
    ana.expect(event="receipt", ref=lost["ref"], guest=dated.host, delivered=False)
    ana.expect(event="notice", code="not-delivered")
    ana.expect(event="peer", guest="dated", name=dated.host, state="down")
    dated.start()
    dated.expect("escuchando", count=2)
    ana.say("/retry")
    dated.expect("ana: ¿sigues ahí?")
    ana.expect(event="receipt", ref=lost["ref"], guest=dated.host, delivered=True)
    # and again, this time it speaks first
    dated.gone()
    ana.say("otra vez")
    lost = ana.expect(event="message", text="otra vez")
    ana.expect(event="receipt", ref=lost["ref"], guest=dated.host, delivered=False)
    dated.start()
    dated.expect("escuchando", count=3)
    dated.type("ya volví", ana.host)
    dated.expect("ana: otra vez")
    equal(dated.text().count("ana: te leo"), 1)
    equal(bruno.texts(text="sólo tú"), [])


def dated_is_called_by_its_address(meeting, _quick):
    ana, bruno = two(meeting)
    dated = Guest(meeting, "dated").start()
    dated.expect("escuchando")
    ana.say(f"/connect {dated.host} dated")
    ana.expect(event="peer", guest="dated", name=dated.host, state="up")
    bruno.say("hola")
    dated.expect("bruno: hola")
    ana.say(f"/disconnect {dated.host}")
    ana.expect(event="peer", guest="dated", name=dated.host, state="down")
    bruno.say("¿y ahora?")
    ana.expect(event="message", text="¿y ahora?")
    ana.say(f"/connect {dated.host}:5555")  # the port says what it is
    ana.expect(event="peer", guest="dated", name=dated.host, state="up", count=2)
    bruno.say("de nuevo")
    dated.expect("bruno: de nuevo")
    equal(dated.text().count("¿y ahora?"), 0)


# ---- named ----

def scanner(address, limit=0.1):
    """What the scanner of `named` does: asks, and waits for a tenth of a second. Its name, and how
    long it took."""
    with socket.socket() as link:
        link.settimeout(limit)
        link.connect(address)
        began = time.monotonic()
        link.send(b"--name")
        try:
            name = link.recv(1024).decode()
        except TimeoutError:
            name = "Anonimo"
        return name, time.monotonic() - began


def named_calls_and_is_called(meeting, _quick):
    ana, bruno = two(meeting)
    named = Guest(meeting, "named", GUEST_NAME="Criss", GUEST_PORT="9993",
                  GUEST_RANGE=f"{ana.host.rsplit('.', 1)[0]}."
                              f"{ana.host.rsplit('.', 1)[1]}-{int(ana.host.rsplit('.', 1)[1]) + 1}"
                              f":{ana.port}-{ana.port}").start()
    named.expect("escuchando")
    named.type("0")
    named.expect(f"servidor {ana.address} ana")
    named.expect("fin")
    equal(ana.all(event="peer", guest=lambda g: g is not None), [], "a probe is no guest")
    named.type("1", ana.host, str(ana.port))
    named.expect("conectado")
    named.type("hola a todos")
    for peer in (ana, bruno):
        got = peer.expect(event="message", text="hola a todos")
        equal((got["from"]["host"], got["encrypted"]), (ana.id, False))
    # its listener is found, and from then on it has a name and hears
    ana.expect(event="peer", guest="named", name="Criss", state="up")
    named.type("ahora con nombre")
    guest_says(ana, [bruno], "ahora con nombre", "Criss", "named")
    bruno.say("te oímos")
    named.expect("mensaje: bruno: te oímos")
    ana.say("yo también")
    named.expect("mensaje: ana: yo también")
    named.type("--ex")
    ana.expect(event="peer", guest="named", name="Criss", state="down")
    ana.say("nadie oye")
    ana.expect(event="message", text="nadie oye")
    named.type("1", ana.host, str(ana.port))
    named.expect("conectado", count=2)
    named.type("volví")
    bruno.expect(event="message", text="volví")
    ana.expect(event="peer", guest="named", name="Criss", state="up", count=2)
    bruno.say("bienvenido")
    named.expect("mensaje: bruno: bienvenido")
    equal([named.text().count(t) for t in ("te oímos", "nadie oye", "bienvenido")], [1, 0, 1])


def named_is_called_and_vanishes(meeting, _quick):
    ana, bruno = two(meeting)
    named = Guest(meeting, "named", GUEST_NAME="Criss", GUEST_PORT="9994").start()
    named.expect("escuchando")
    ana.say(f"/connect {named.host}:9994")  # first as a peer, then as what it is
    ana.expect(event="peer", guest="named", name="Criss", state="up")
    bruno.expect(event="message", kind="join", **{"from": lambda f: f["name"] == "Criss"})
    bruno.say("hola Criss")
    named.expect("mensaje: bruno: hola Criss")
    # who is with it there speaks without a name
    with socket.create_connection((named.host, 9994)) as other:
        other.send("hola desde allí".encode())
        guest_says(ana, [bruno], "hola desde allí", "Criss", "named")
    named.gone()
    ana.expect(event="peer", guest="named", name="Criss", state="down")
    named.start()
    ana.expect(event="peer", guest="named", name="Criss", state="up", count=2)
    bruno.say("otra vez tú")
    named.expect("mensaje: bruno: otra vez tú")
    equal(named.text().count("hola Criss"), 1)
    equal(ana.all(event="error"), [])


# ---- join ----

def join_calls_us(meeting, _quick):
    ana, bruno = two(meeting, "--classic")
    env = {"GUEST_HOST": ana.host}
    carlos, dani = (Guest(meeting, "join_client", **env).start() for _ in range(2))
    carlos.expect("conectado")
    dani.expect("conectado")
    carlos.type("carlos")
    carlos.expect("Te uniste como carlos")
    ana.expect(event="peer", guest="join", name="carlos", state="up")
    dani.type("Carlos")
    dani.expect("Ese nombre no está libre")
    dani.type("x")  # what a client says that has no name
    dani.expect("Primero únete")
    dani.gone()
    dani.start()
    dani.expect("conectado", count=2)
    dani.type("dani")
    carlos.expect("dani se unió al chat")
    bruno.expect(event="peer", guest="join", name="dani", state="up")
    carlos.type("hola a todos")
    guest_says(ana, [bruno], "hola a todos", "carlos", "join")
    dani.expect("carlos: hola a todos")
    bruno.say("hola carlos")
    for guest in (carlos, dani):
        guest.expect("bruno: hola carlos")
    with socket.create_connection((ana.host, 5000)) as bare:  # its own program only says MSG
        bare.settimeout(LIMIT)
        bare.send(b"JOIN eva")
        while "Te uniste" not in bare.recv(1024).decode():
            pass
        bare.send(b"WHO")
        listed = bare.recv(1024).decode()
        equal(set(re.search(r": (.*)\.", listed)[1].split(", ")),
              {"ana", "bruno", "carlos", "dani", "eva"}, listed)
    dani.expect("eva salió del chat")
    # private words: to a peer they are sealed, to our own user and to guests they are not
    carlos.type("@bruno sólo para bruno")
    got = bruno.expect(event="message", text="sólo para bruno")
    equal((got["from"]["name"], got["from"]["host"], got["encrypted"]), ("carlos", ana.id, False))
    carlos.type("@dani sólo para dani")
    dani.expect("carlos (privado): sólo para dani")
    carlos.type("@ana sólo para ana")
    got = ana.expect(event="message", text="sólo para ana")
    equal((got["whisper"].split("/")[1:], got["from"]["name"]), (["join", "carlos"], "carlos"))
    ana.say("/whisper carlos sólo para carlos")
    carlos.expect("ana (privado): sólo para carlos")
    ana.expect(event="notice", code="not-encrypted")
    bruno.say("/whisper carlos no se puede")
    bruno.expect(event="error", code="guest-elsewhere")
    for guest in (carlos, dani):
        equal(guest.text().count("sólo para bruno"), 0)
    equal(bruno.texts(text="sólo para ana") + bruno.texts(text="sólo para carlos"), [])
    # they leave: in order, and by force
    dani.type("EXIT")
    carlos.expect("dani salió del chat")
    carlos.gone()
    bruno.expect(event="peer", guest="join", name="carlos", state="down")
    carlos.start()
    carlos.type("carlos")
    carlos.expect("Te uniste como carlos", count=2)
    bruno.expect(event="peer", guest="join", name="carlos", state="up", count=2)
    ana.say("/disconnect carlos")
    carlos.expect("desconectado")


def join_server_is_called(meeting, _quick):
    ana, bruno = two(meeting)
    server = Guest(meeting, "join_server").start()
    server.expect("escuchando")
    eva = Guest(meeting, "join_client", GUEST_HOST=server.host).start()
    eva.type("eva")
    server.expect("entró eva")
    ana.say(f"/connect {server.host}:5000")
    server.expect("< JOIN ana")
    eva.expect("ana se unió al chat")
    name = f"{server.host}:5000"
    ana.expect(event="peer", guest="join", name=name, state="up")
    time.sleep(0.3)  # behind the notices, or the server's two messages are one
    eva.type("¿quién eres?")
    guest_says(ana, [bruno], "¿quién eres?", "eva", "join")
    ana.say("soy ana")
    eva.expect("ana: soy ana")
    bruno.say("y yo bruno")
    eva.expect("ana: bruno: y yo bruno")
    ana.say(f"/whisper {name} secreto")
    ana.expect(event="error", code="guest-spreads")
    # more people there
    fede = Guest(meeting, "join_client", GUEST_HOST=server.host).start()
    fede.type("fede")
    bruno.expect(event="peer", guest="join", name="fede", state="up")
    fede.gone()
    bruno.expect(event="peer", guest="join", name="fede", state="down")
    server.gone()
    ana.expect(event="peer", guest="join", name=name, state="down")
    server.start()
    ana.expect(event="peer", guest="join", name=name, state="up", count=2)
    server.expect("< JOIN ana", count=2)
    ana.say("/disconnect all")
    server.expect("< EXIT")
    equal(eva.text().count("secreto"), 0)


# ---- neighbour ----

def neighbour_calls_us(meeting, _quick):
    ana, bruno = two(meeting)
    vecino = Guest(meeting, "neighbour").start()
    vecino.expect("escuchando")
    vecino.type("1", ana.host, str(ana.port))
    vecino.expect("conectado True")  # it was stuck until we spoke
    vecino.type("2", "hola vecinos")
    for peer in (ana, bruno):
        got = peer.expect(event="message", text="hola vecinos")
        equal((got["from"]["name"], got["from"]["host"]), (vecino.host, ana.id))
    bruno.say("hola tú")
    vecino.expect(f"{ana.host}: bruno: hola tú")
    vecino.type("7", ana.host)
    call = ana.expect(event="message", kind="call")
    equal((call["from"]["name"], call["from"]["guest"]), (vecino.host, "neighbour"))
    ana.say(f"/call {vecino.host}")
    vecino.expect(f"Estás siendo llamado desde {ana.host}")
    vecino.type("8")
    ana.say("¿sigues ahí?")  # until something comes, a link that it reads is not closed
    ana.expect(event="peer", name=vecino.host, state="down")
    vecino.type("1", ana.host, str(ana.port))
    vecino.expect("conectado True", count=2)
    vecino.type("2", "otra vez")
    bruno.expect(event="message", text="otra vez")
    vecino.gone()
    ana.expect(event="peer", name=vecino.host, state="down", count=3)
    equal(bruno.all(event="message", kind="call"), [], "a call is for who is called")


def neighbour_scans_and_is_called(meeting, _quick):
    ana, bruno = two(meeting)
    net, last = ana.host.rsplit(".", 1)
    vecino = Guest(meeting, "neighbour",
                   GUEST_RANGE=f"{net}.{last}-{last}:{ana.port}-{ana.port}").start()
    vecino.expect("escuchando")
    vecino.type("5")
    vecino.expect("conectado True")
    number = vecino.host.rsplit(".", 1)[1]
    ana.expect(event="peer", guest="neighbour", name=f"Vecino {number}", state="up")
    vecino.type("2", "te encontré")
    guest_says(ana, [bruno], "te encontré", f"Vecino {number}", "neighbour")
    equal(ana.texts(text=f"Vecino {number}"), [], "its name is no line of talk")
    vecino.type("8")
    ana.say("¿sigues ahí?")
    ana.expect(event="peer", guest="neighbour", state="down")
    ana.say(f"/connect {vecino.host}")
    ana.expect(event="peer", guest="neighbour", name=vecino.host, state="up")
    vecino.expect(re.compile("llego Vecino 2"))  # the first was our try as a peer
    bruno.say("hola desde lejos")
    vecino.expect("Vecino 2: bruno: hola desde lejos")
    vecino.type("2", "te oigo")
    guest_says(ana, [bruno], "te oigo", vecino.host, "neighbour")
    vecino.gone()
    ana.expect(event="peer", guest="neighbour", name=vecino.host, state="down")
    vecino.start()
    ana.expect(event="peer", guest="neighbour", name=vecino.host, state="up", count=2)
    bruno.say("volviste")
    vecino.expect("bruno: volviste")


# ---- piped ----

def piped_calls_and_is_called(meeting, _quick):
    ana, bruno = two(meeting)
    names = [own_address() for _ in range(3)]
    one, two_, three = (Guest(meeting, "piped", host=name) for name in names)
    one.start(names[0], "9000")
    one.expect("escuchando")
    two_.start(names[1], "9001", names[0], "9000")
    one.expect("llego un vecino")
    three.start(names[2], "9002", ana.host, str(ana.port))
    three.expect("Tertulia")  # it is silent, so it is spoken to, and hears from then on
    ana.say(f"/connect {names[1]}:9001 piped")
    ana.expect(event="peer", guest="piped", name=f"{names[1]}:9001", state="up")
    two_.expect("llego un vecino")
    one.type("de lejos | con barra")  # through two, whom we called
    guest_says(ana, [bruno], "de lejos | con barra", f"{names[0]}:9000", "piped")
    three.expect(f"[{names[0]}:9000] de lejos | con barra")
    three.type("de cerca")
    guest_says(ana, [bruno], "de cerca", f"{names[2]}:9002", "piped")
    for guest in (one, two_):
        guest.expect(f"[{names[2]}:9002] de cerca")
    bruno.say("hola a los tres")
    for guest in (one, two_, three):
        guest.expect("[bruno] hola a los tres")
    two_.gone()
    ana.expect(event="peer", guest="piped", name=f"{names[1]}:9001", state="down")
    two_.start(names[1], "9001", names[0], "9000")
    ana.expect(event="peer", guest="piped", name=f"{names[1]}:9001", state="up", count=2)
    two_.expect("llego un vecino", count=2)
    two_.type("volví")
    guest_says(ana, [bruno], "volví", f"{names[1]}:9001", "piped")
    for guest in (one, three):
        guest.expect(f"[{names[1]}:9001] volví")
    for guest in (one, two_, three):
        equal(guest.text().count("hola a los tres"), 1)
        equal(guest.text().count("un vecino se fue") > 1, False, "we never break their links")


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
    ana.kill()
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
    ana.kill()  # and nothing is owed any more
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
    ana.stop(signal.SIGKILL, -signal.SIGKILL)
    carlos.gone()
    ana.start()
    carlos = carlos_comes()
    carlos.type("@ana tercero")
    time.sleep(0.5)
    ana.type("\x1ba")
    for text in ("primero", "segundo", "tercero"):
        ana.expect(text)
    path = os.path.join(meeting.folder, "carlos.md")
    ana.type(f"/export {path}\r")
    until(lambda: os.path.exists(path), True)
    with open(path, encoding="utf-8") as file:
        written = file.read()
    at = [written.find(t) for t in ("primero", "segundo", "tercero")]
    equal((at == sorted(at), min(at) > 0, "carlos" in written.splitlines()[0]), (True, True, True),
          written)


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
    for peer, i in ((ana, 1), (ana, 2), (bruno, 3), (bruno, 0)):
        peer.say(f"/connect {name[i]} piped")
        peer.expect(event="peer", guest="piped", name=name[i], state="up")
    for i, count in enumerate((2, 1, 2, 1)):
        piped[i].expect("llego un vecino", count=count)
    for i, guest in enumerate(piped):  # by their names we know where one message ends
        guest.type(f"hola {i}")
        for other in piped:
            if other is not guest:
                other.expect(f"hola {i}")
        time.sleep(0.5)
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
    sends = sum(p.text().count(">") for p in piped) / (4 * lines)
    note(f"a line of the ring was sent {sends:.1f} times, by theirs and by ours")
    if sends > 8:
        raise Failed(f"a line is sent {sends} times")


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


def hostile_names_and_words_stay_what_they_are(meeting, _quick):
    ana, bruno = two(meeting)
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
                          ("izq\u202eder", "izq<U+202E>der"), ("x" * 300, "x" * 64)):
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
    equal(bruno.texts(text="falso de verdad"), [])
    for link in links:
        link.close()


def floods_and_noise_are_cut_off(meeting, _quick):
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
    silent = [bare(ana) for _ in range(40)]
    bruno.say("todavía estoy")
    ana.expect(event="message", text="todavía estoy")
    for link in [noise, flooder, long, *silent]:
        link.close()


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
    dated_calls_and_is_called,
    dated_is_called_by_its_address,
    named_calls_and_is_called,
    named_is_called_and_vanishes,
    join_calls_us,
    join_server_is_called,
    neighbour_calls_us,
    neighbour_scans_and_is_called,
    piped_calls_and_is_called,
    who_calls_us_ends_in_any_way,
    whom_we_call_ends_in_any_way,
    we_are_killed_and_come_back,
    a_guests_cable_is_pulled,
    what_was_spoken_is_remembered_over_a_restart,
    words_with_one_guest_outlive_us,
    a_screen_has_what_was_said_with_one_guest,
    all_five_at_once,
    the_scanner_is_answered_in_time,
    rings_are_broken,
    one_guest_of_two_hosts_is_heard_once,
    hostile_names_and_words_stay_what_they_are,
    floods_and_noise_are_cut_off,
    guests_are_turned_away_where_none_are_wanted,
]
