"""Stories of strangers at the door: whatever they send, they are let go soon, and two people who
talk meanwhile notice nothing. All of it stays on 127.0.0.1."""
import os
import resource
import select
import shutil
import socket
import ssl
import subprocess
import threading
import time

from driver import LIMIT, Failed, all_linked, clean_environment, equal, free_port, note

ALPN = "tertulia/1"
# DESIGN.md: a handshake has 10 s; the rest is for a loaded machine.
SOON = 25


def openssl(*words, **more):
    return subprocess.run(["openssl", *words], capture_output=True, timeout=LIMIT,
                          env=clean_environment(), stdin=subprocess.DEVNULL, **more)


def certificates(folder):
    """PEM files of a key with its certificate: as it should be, twice, and RSA."""
    files = {}
    for name, kind in (("right", ["ed25519"]), ("other", ["ed25519"]), ("rsa", ["rsa:2048"])):
        key, cert = os.path.join(folder, f"{name}.key"), os.path.join(folder, f"{name}.crt")
        made = openssl("req", "-x509", "-newkey", *kind, "-nodes", "-keyout", key, "-out", cert,
                       "-subj", "/CN=stranger", "-days", "2")
        equal(made.returncode, 0, made.stderr.decode())
        files[name] = cert, key
    two = os.path.join(folder, "two.crt")
    with open(two, "wb") as file:
        for name in ("right", "other"):
            with open(files[name][0], "rb") as part:
                shutil.copyfileobj(part, file)
    files["two"] = two, files["right"][1]
    return files


def context_of(certificate=None, alpn=ALPN, version=ssl.TLSVersion.TLSv1_3):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = min(version, ssl.TLSVersion.TLSv1_2)
    context.maximum_version = version
    if alpn:
        context.set_alpn_protocols([alpn])
    if certificate:
        context.load_cert_chain(*certificate)
    return context


def until_closed(stream, data=b"", pause=0.0):
    """Sends, a byte at a time where there is a pause, and reads to the end. Returns all of it."""
    got = b""
    stream.settimeout(pause or SOON)
    if not pause:
        stream.sendall(data)
    while True:
        if pause and data:
            stream.sendall(data[:1])
            data = data[1:]
        try:
            part = stream.recv(65536)
        except TimeoutError:
            if pause:
                continue
            raise
        if not part:
            return got
        got += part


def client_hello():
    inside, outside = ssl.MemoryBIO(), ssl.MemoryBIO()
    try:
        context_of().wrap_bio(inside, outside).do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outside.read()


def tls(address, context, data=b""):
    with socket.create_connection(address, SOON) as plain:
        plain.settimeout(SOON)
        with context.wrap_socket(plain) as stream:
            return until_closed(stream, data)


def plain(address, data, pause=0.0):
    with socket.create_connection(address, SOON) as stream:
        return until_closed(stream, data, pause)


def strangers(files):
    """A name, and a function that is done when it was let go."""
    right = files["right"]
    v12 = ssl.TLSVersion.TLSv1_2
    yield "TLS 1.2", lambda a: tls(a, context_of(right, version=v12))
    yield "no certificate", lambda a: tls(a, context_of())
    yield "two certificates", lambda a: tls(a, context_of(files["two"]))
    yield "an RSA certificate", lambda a: tls(a, context_of(files["rsa"]))
    yield "another ALPN", lambda a: tls(a, context_of(right, alpn="h2"))
    yield "no ALPN", lambda a: tls(a, context_of(right, alpn=None))
    yield "a good handshake, then silence", lambda a: tls(a, context_of(right))
    yield "a good handshake, then garbage", lambda a: tls(a, context_of(right), b"\xff" * 70000)
    yield "a good handshake, then a huge frame", \
        lambda a: tls(a, context_of(right), b"\x7f\xff\xff\xff" + b"x" * 70000)
    yield "a good handshake, then an empty frame", \
        lambda a: tls(a, context_of(right), b"\0\0\0\0" * 100)
    yield "silence", lambda a: plain(a, b"")
    yield "one byte", lambda a: plain(a, b"\x16")
    yield "zeros", lambda a: plain(a, b"\0" * 4096)
    yield "HTTP", lambda a: plain(a, b"GET / HTTP/1.1\r\nHost: you\r\n\r\n")
    yield "noise", lambda a: plain(a, os.urandom(100_000))
    yield "noise in a TLS record", lambda a: plain(a, b"\x16\x03\x01\x02\x00" + os.urandom(512))
    yield "half a hello", lambda a: plain(a, client_hello()[:100])
    yield "a hello byte by byte", lambda a: plain(a, client_hello(), 0.1)


def alone_with_bruno(meeting):
    """Ana takes nobody for a guest: tests/e2e/guests.py has those."""
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    bruno.start()
    ana.start("--no-guests", connect=[bruno])
    all_linked([ana, bruno])
    return ana, bruno


def talk_meanwhile(ana, bruno, over):
    """Until `over` is set: each line has to arrive."""
    number = 0
    while not over.is_set() or number < 5:
        since = bruno.now()
        ana.say(f"meanwhile {number}")
        bruno.expect(event="message", text=f"meanwhile {number}", since=since, limit=SOON)
        over.wait(0.2)
        number += 1
    equal(bruno.texts(), [f"meanwhile {n}" for n in range(number)])
    return number


def quiet_log(peer):
    """At most one notice a second."""
    at = [e["at"][:19] for e in peer.all(event="notice")]
    worst = max((at.count(second) for second in at), default=0)
    if worst > 2:  # two halves of two seconds may stand in one
        raise Failed(f"{worst} notices within one second")


def strangers_at_the_door_are_let_go(meeting, _quick):
    if not shutil.which("openssl"):
        return "openssl is not here"
    files = certificates(meeting.folder)
    ana, bruno = alone_with_bruno(meeting)
    address = ("127.0.0.1", ana.port)
    took = {}

    def visit(name, function):
        began = time.monotonic()
        try:
            function(address)
        except TimeoutError:
            took[name] = None
            return
        except (OSError, ssl.SSLError):
            pass  # an alert, a reset: let go
        took[name] = time.monotonic() - began

    visits = [threading.Thread(target=visit, args=one) for one in strangers(files)]
    over = threading.Event()
    for one in visits:
        one.start()

    def wait():
        for one in visits:
            one.join()
        over.set()

    threading.Thread(target=wait).start()
    talk_meanwhile(ana, bruno, over)
    for name, seconds in took.items():
        if seconds is None or seconds > SOON:
            raise Failed(f"{name}: not let go within {SOON} s\n{meeting.transcript()}")
    note("let go: " + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in took.items()))
    equal(ana.linked(), {"bruno"})
    quiet_log(ana)
    return None


def only_tls_1_3_is_spoken(meeting, _quick):
    if not shutil.which("openssl"):
        return "openssl is not here"
    ana = meeting.peer("ana").start()
    call = ["s_client", "-connect", ana.address, "-alpn", ALPN]
    said = openssl(*call)
    text = said.stdout.decode(errors="replace")
    for wanted in ("TLSv1.3", f"ALPN protocol: {ALPN}", "Peer signature type: ed25519"):
        if wanted.lower() not in text.lower():
            raise Failed(f"{wanted!r} is not in what s_client says:\n{text}")
    if "New Session Ticket" in text:
        raise Failed("there is a ticket")
    for version in ("-tls1_2", "-tls1_1", "-tls1"):
        old = openssl(*call, version)
        if "Cipher is (NONE)" not in old.stdout.decode(errors="replace"):
            raise Failed(f"it speaks {version}:\n{old.stdout.decode(errors='replace')}")
    return None


def silent_crowd(address, count):
    """One after the other, as fast as they are taken: faster, and the kernel loses the calls."""
    sockets = []
    for _ in range(count):
        try:
            one = socket.create_connection(address, SOON)
        except ConnectionError:
            continue  # let go already
        one.setblocking(False)
        sockets.append(one)
    return sockets


def all_let_go(sockets):
    """Seconds until the last of them was closed by the other side."""
    began = time.monotonic()
    poll = select.poll()
    left = {one.fileno(): one for one in sockets}
    for number in left:
        poll.register(number, select.POLLIN)
    while left:
        ready = poll.poll(1000)
        for number, _ in ready:
            try:
                gone = left[number].recv(1024) == b""
            except BlockingIOError:
                gone = False
            except OSError:
                gone = True
            if gone:
                poll.unregister(number)
                left.pop(number).close()
        if time.monotonic() - began > LIMIT:
            raise Failed(f"{len(left)} silent connections are still open after {LIMIT} s")
    return time.monotonic() - began


def a_silent_crowd_changes_nothing(meeting, quick):
    count = 500 if quick else 10_000
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + 200
    if hard != resource.RLIM_INFINITY and hard < wanted:
        count = hard - 200
        note(f"only {count}: no more files may be open here")
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard), hard))
        meeting.at_end(lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard)))
    ana, bruno = alone_with_bruno(meeting)
    before = ana.status("VmRSS")
    over = threading.Event()
    problems = []

    def crowd():
        try:
            problems.append(all_let_go(silent_crowd(("127.0.0.1", ana.port), count)))
        except (Failed, OSError) as problem:
            problems.append(problem)
        over.set()

    threading.Thread(target=crowd).start()
    talk_meanwhile(ana, bruno, over)
    if not isinstance(problems[0], float):
        raise Failed(str(problems[0]))
    peak = ana.status("VmHWM")
    note(f"{count} silent callers: the last was let go after {problems[0]:.1f} s; "
         f"from {before} to {peak} KiB at most")
    if peak - before > 32 * 1024:
        raise Failed(f"memory grew from {before} to {peak} KiB")
    quiet_log(ana)


# ---- the other way round: we call, and who answers is no Tertulia ----


class Answerer:
    """Listens on a port of its own, and does this with everyone who calls."""

    def __init__(self, meeting, answer):
        self.answer = answer
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.address = f"127.0.0.1:{self.socket.getsockname()[1]}"
        self.callers = []
        meeting.at_end(self.close)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                caller, _ = self.socket.accept()
            except OSError:
                return
            self.callers.append(caller)
            threading.Thread(target=self._answer, args=(caller,), daemon=True).start()

    def _answer(self, caller):
        try:
            caller.settimeout(LIMIT)
            self.answer(caller)
        except (OSError, ssl.SSLError):
            pass

    def close(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()
        for caller in self.callers:
            caller.close()


def speaks(text, wait=True, ends=False):
    def answer(caller):
        if wait:
            caller.recv(4096)
        caller.sendall(text)
        if ends:
            caller.shutdown(socket.SHUT_RDWR)
    return answer


def speaks_tls(certificate, alpn=ALPN, data=None, version=ssl.TLSVersion.TLSv1_3):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    context.minimum_version = min(version, ssl.TLSVersion.TLSv1_2)
    context.maximum_version = version
    if alpn:
        context.set_alpn_protocols([alpn])

    def answer(caller):
        with context.wrap_socket(caller, server_side=True) as stream:
            if data is None:
                stream.recv(65536)
                stream.unwrap()
            else:
                stream.sendall(data)
                while stream.recv(65536):
                    pass
    return answer


def who_calls_in_vain_is_told_why(meeting, _quick):
    if not shutil.which("openssl"):
        return "openssl is not here"
    files = certificates(meeting.folder)
    right, v12 = files["right"], ssl.TLSVersion.TLSv1_2
    answers = [
        ("hung-up", lambda caller: caller.close()),
        ("hung-up", speaks(b"", ends=True)),
        ("no-tertulia", speaks(b"HTTP/1.1 400 Bad Request\r\n\r\n")),
        ("no-tertulia", speaks(b"220 mail.example ESMTP\r\n", wait=False)),
        ("no-tertulia", speaks(b"ana says hello to everyone\n", wait=False, ends=True)),
        ("no-tertulia", speaks(b"\0" * 4096)),
        ("mute", lambda caller: None),
        ("tls-failed", speaks_tls(right, alpn="h2")),
        ("tls-failed", speaks_tls(right, alpn=None)),
        ("tls-failed", speaks_tls(files["rsa"])),
        ("tls-failed", speaks_tls(files["two"])),
        ("tls-failed", speaks_tls(right, version=v12)),
        ("hung-up", speaks_tls(right)),
        ("mute", speaks_tls(right, data=b"")),
        ("no-tertulia", speaks_tls(right, data=b"\xff" * 70000)),
        ("no-tertulia", speaks_tls(right, data=b"\0\0\0\x03\xff\xff\xff")),
    ]
    ana, bruno = alone_with_bruno(meeting)
    wanted = {f"/connect 127.0.0.1:{free_port()}": "refused", "/connect 127.0.0.1:1": "refused",
              "/connect 239.1.2.3": "bad-address", f"/connect {ana.address}": "ourselves"}
    for code, answer in answers:
        wanted[f"/connect {Answerer(meeting, answer).address}"] = code
    ana.say(*wanted, f"/connect {bruno.address}")
    for line, code in wanted.items():
        ana.expect(event="error", command=line, code=code)
    ana.expect(event="notice", code="linked", command=f"/connect {bruno.address}")
    # They are tried again now and then, and nobody hears of it.
    ana.say("still here")
    bruno.expect(event="message", text="still here")
    errors = [e["command"] for e in ana.all(event="error")]
    equal(sorted(errors), sorted(wanted), "each is told once")
    return None


STORIES = [
    who_calls_in_vain_is_told_why,
    only_tls_1_3_is_spoken,
    strangers_at_the_door_are_let_go,
    a_silent_crowd_changes_nothing,
]
