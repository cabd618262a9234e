"""Stories of guests: programs that speak the plain chats (tests/guests), each with its habits, who call
us and are called, talk, vanish and come back. Each has a loopback address of its own, because some
of them listen on a port that cannot be chosen."""
import os
import re
import signal
import socket
import subprocess
import threading
import time
from datetime import datetime
from pathlib import Path

from driver import LIMIT, Failed, all_linked, clean_environment, equal

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
        self.told_at = []  # when each line came
        self.changed = threading.Condition()
        self.process = None
        self.reader = None
        meeting.at_end(self.gone)

    def start(self, *words):
        os.makedirs(self.folder, exist_ok=True)
        self.process = subprocess.Popen(
            [*self.inside, "python3", str(PROGRAMS / f"{self.program}.py"), *words], cwd=self.folder,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=clean_environment(**self.environment))
        self.reader = threading.Thread(target=self._read, args=(self.process.stdout,), daemon=True)
        self.reader.start()
        return self

    def _read(self, stream):
        for line in stream:
            with self.changed:
                self.told.append(line.decode(errors="replace").rstrip("\n"))
                self.told_at.append(time.monotonic())
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
        self.reader.join(LIMIT)  # all that it printed is there
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
]
