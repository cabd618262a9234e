"""A peer that speaks PROTOCOL.md over real links, and leaves it to others what it says.

All that is signed and packed comes from tests/vectors/peer.py, so nothing here has any code of
Tertulia's. A Link answers pings and remembers what it heard; what it sends nobody checks.
"""
import collections
import os
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "vectors"))
from peer import (  # noqa: E402
    NUMBER_MAX, OPENING, Message, Person, blake, entry_hash, field, make_entry, mesh_net, message,
    pack, read, read_loosely, read_strictly, u64, ENVELOPE,
)

NET = mesh_net(b"lan")
HELLO, PING, PONG, DISCONNECT = 2, 3, 4, 5
ENTRIES, ACKS, ACKS_WANTED, DIGEST, BUCKETS, ROWS, HEADS, WANT, LACK = range(16, 25)
HEIGHTS, HASHES, FORK, UNWANTED = range(25, 29)
ASK, ANSWER, WALK, SHUFFLE, SHUFFLED, BEAT, PART = range(40, 47)
SAY, ACT, SEALED, PROFILE, JOIN, LEAVE, TOPIC, CALL = range(1, 9)
HEARD_MAX = 20_000  # of each kind: liars run for hours by hand
PATIENCE = 15  # seconds for a handshake on a loaded machine


class Gone(Exception):
    """The other side closed the link."""


def frame(number, content):
    """One frame with its length. `content` may be anything, also what is no message."""
    data = field(number, Message(content))
    return struct.pack(">I", len(data)) + data


def signed(entry):
    return message([(1, entry[0]), (2, entry[1])])


def entries(*those):
    return frame(ENTRIES, b"".join(field(1, signed(entry)) for entry in those))


def now_ms():
    return time.time_ns() // 1_000_000


class Self(Person):
    """Somebody with a certificate of their own. The same name is the same person every time."""

    def __init__(self, name, folder):
        seed = blake(b"a hostile peer", name.encode())
        super().__init__(seed)
        self.name = name
        self.files = [os.path.join(folder, f"{name}.{end}") for end in ("crt", "key")]
        der = bytes.fromhex("302e020100300506032b657004220420") + seed  # RFC 8410
        cert, key = self.files
        for line in (["openssl", "pkey", "-inform", "DER", "-out", key],
                     ["openssl", "req", "-x509", "-key", key, "-subj", "/CN=x", "-days", "9",
                      "-out", cert]):
            subprocess.run(line, input=der, check=True, capture_output=True, timeout=PATIENCE)


class Log:
    """One log of an author, honest as long as nobody asks for something else."""

    def __init__(self, author, epoch=None, **opening):
        self.author = author
        self.epoch = epoch or os.urandom(16)
        self.opening = {"start": now_ms(), **opening}
        self.seq = 0
        self.tip = None

    def fields(self, kind, body, **more):
        fields = {"net": NET, "author": self.author.id, "epoch": self.epoch, "seq": self.seq + 1,
                  "hlc": now_ms(), "wall": now_ms(), "kind": kind, "body": body}
        if self.seq == 0:
            fields["opening"] = pack(self.opening, OPENING)
        else:
            fields["prev"] = self.tip
        if kind not in (SEALED, PROFILE):
            fields["room"] = b"#everyone"
        fields.update(more)
        return fields

    def add(self, kind, body, **more):
        entry = make_entry(self.author, self.fields(kind, body, **more))
        self.seq += 1
        self.tip = entry_hash(*entry)
        return entry

    def say(self, text, **more):
        return self.add(SAY, field(1, text.encode()), **more)

    def branch(self):
        other = Log(self.author, self.epoch, **self.opening)
        other.seq, other.tip = self.seq, self.tip
        return other


def context_of(files, called=False):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if called else ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.set_alpn_protocols(["tertulia/1"])
    context.load_cert_chain(*files)
    return context


class Link:
    """One link. A thread reads it; `handlers` are asked there, by the number of the frame. Where
    `called` is a connection, somebody else has called us."""

    def __init__(self, who, address, name=None, hello=True, port=0, called=None, prepare=None):
        self.who = who
        self.handlers = {}
        if prepare:  # before the first frame comes
            prepare(self)
        self.counts = collections.Counter()
        self.raw = collections.deque(maxlen=HEARD_MAX)  # frames as they came, but for our own pings
        self.newest = {}  # author -> (fields, bytes, signature): the highest entry heard of each
        self.sealed = collections.deque(maxlen=256)
        self.reason = None  # of the Disconnect
        self.closed = threading.Event()
        self.greeted = threading.Event()
        self.pongs = 0
        self.sending, self.coding = threading.Lock(), threading.Lock()
        self.socket = called or socket.create_connection(address, PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context_of(who.files, bool(called)).wrap_bio(
            self.incoming, self.outgoing, server_side=bool(called))
        self._handshake()
        self.socket.settimeout(None)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        if hello:
            self.send(frame(HELLO, message([
                (1, 1), (2, NET), (3, who.name.encode() if name is None else name), (4, port),
                (5, os.urandom(8)), (6, who.id)])))
            self.greeted.wait(PATIENCE)
            if not called:
                self._answer(frame(ASK, message([(1, 1)])))

    def _handshake(self):
        while True:
            try:
                self.tls.do_handshake()
                done = True
            except ssl.SSLWantReadError:
                done = False
            data = self.outgoing.read()
            if data:
                self.socket.sendall(data)
            if done:
                return
            data = self.socket.recv(65536)
            if not data:
                raise Gone("during the handshake")
            self.incoming.write(data)

    def send(self, *frames):
        """Raises Gone where the link is closed; waits while the other side does not read."""
        with self.sending:
            for one in frames:
                with self.coding:
                    try:
                        self.tls.write(one)
                    except ssl.SSLError as problem:
                        raise Gone(str(problem)) from None
                    data = self.outgoing.read()
                try:
                    self.socket.sendall(data)
                except OSError as problem:
                    raise Gone(str(problem)) from None

    def _plain(self):
        """What came, decrypted."""
        parts = []
        while True:
            try:
                part = self.tls.read(65536)
            except ssl.SSLWantReadError:
                return b"".join(parts), False
            except ssl.SSLError:
                return b"".join(parts), True
            if not part:
                return b"".join(parts), True
            parts.append(part)

    def _read(self):
        buffer = bytearray()
        over = False
        while not over:
            try:
                data = self.socket.recv(262144)
            except OSError:
                break
            if not data:
                break
            with self.coding:
                self.incoming.write(data)
                plain, over = self._plain()
            buffer += plain
            at = 0
            while len(buffer) - at >= 4:
                size = struct.unpack_from(">I", buffer, at)[0]
                if len(buffer) - at - 4 < size:
                    break
                self._heard(bytes(buffer[at + 4:at + 4 + size]))
                at += 4 + size
            del buffer[:at]
        self.closed.set()
        self.greeted.set()

    def _heard(self, payload):
        (number, content), = read(payload)
        self.counts[number] += 1
        if number == HELLO:
            self.greeted.set()
        elif number == ASK:
            self._answer(frame(ANSWER, message([(1, 1), (2, 2)])))
        elif number == PING:
            self._answer(frame(PONG, content))
        elif number == PONG:
            self.pongs += 1
        elif number == DISCONNECT:
            self.reason = read_loosely(content).get(1, 0)
        else:
            self.raw.append(struct.pack(">I", len(payload)) + payload)
        if number == ENTRIES:
            for _, one in read(content):
                self._entry(read_loosely(one))
        if number in self.handlers:
            try:
                self.handlers[number](content)
            except Gone:
                pass

    def _answer(self, *frames):
        try:
            self.send(*frames)
        except Gone:
            pass

    def _entry(self, one):
        fields = read_strictly(one[1], ENVELOPE, nested=(10, 11))
        known = self.newest.get(fields["author"])
        if not known or known[0]["epoch"] != fields["epoch"] or known[0]["seq"] < fields["seq"]:
            self.newest[fields["author"]] = fields, one[1], one[2]
        if fields["kind"] == SEALED:
            self.sealed.append((fields, one[1], one[2]))

    def lives(self):
        """Whether it still answers."""
        before = self.pongs
        try:
            self.send(frame(PING, message([(1, 7)])))
        except Gone:
            return False
        until = time.monotonic() + PATIENCE
        while self.pongs == before and time.monotonic() < until and not self.closed.is_set():
            time.sleep(0.005)
        return self.pongs > before

    def close(self):
        try:
            self.socket.close()
        except OSError:
            pass
