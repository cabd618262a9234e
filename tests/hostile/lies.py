#!/usr/bin/python3
"""The liars: lies.py LIE CONFIG, a program of its own so that its work slows down no measurement.

CONFIG is JSON: `folder`, `peers` {name: {address: [HOST, PORT], id: hex}}, `quick`, `enough` {fact:
number}. It prints a line of JSON when its links are up, lies from the line `go` on its standard input to
the line `stop`, and then prints what it saw: one JSON object; and before, `enough` as soon as all
these facts are so large. It has a lower priority than whom it attacks: a real enemy would bring a
processor of its own.
"""
import ctypes
import ctypes.util
import json
import os
import random
import select
import signal
import socket
import ssl
import struct
import sys
import threading
import time

from speaker import (
    ACKS, BEAT, BUCKETS, DIGEST, ENTRIES, FORK, HEADS, LACK, NET, NUMBER_MAX, OPENING, PING,
    PROFILE, ROWS, SAY, SEALED, WANT, Gone, Link, Log, Person, Self, context_of, entries,
    entry_hash, field, frame, make_entry, message, now_ms, pack, read, read_loosely, signed, u64,
)

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "vectors"))
import peer as vectors  # noqa: E402

NICE = 19
END = 2  # seconds after `stop` for a liar that is stuck in a link nobody reads


class Scene:
    """What a lie has to work with."""

    def __init__(self, config):
        self.folder = config["folder"]
        self.quick = config["quick"]
        self.more = config.get("more", {})
        self.enough = config.get("enough", {})
        self.peers = {n: (tuple(p["address"]), bytes.fromhex(p["id"]))
                      for n, p in config["peers"].items()}
        self.stopped = threading.Event()
        self.begun = threading.Event()
        self.facts = {"sent": 0, "links": 0, "closed": 0}
        self.selves = {}
        self.random = random.Random(42)

    def id_of(self, name):
        return self.peers[name][1]

    def address_of(self, name):
        return self.peers[name][0]

    def who(self, name):
        if name not in self.selves:
            self.selves[name] = Self(name, self.folder)
        return self.selves[name]

    def link(self, who="mallory", to="vera", **more):
        link = Link(self.who(who), self.address_of(to), **more)
        self.facts["links"] += 1
        return link

    def go(self):
        """Everything is ready. Returns when the attack is to begin."""
        print(json.dumps(self.facts), flush=True)
        self.begun.wait()

    def over(self):
        return self.stopped.is_set()

    def pause(self, seconds):
        return self.stopped.wait(seconds)

    def count(self, number=1, key="sent"):
        self.facts[key] = self.facts.get(key, 0) + number

    def pour(self, make, who="mallory", link=None, pause=0):
        """Sends what `make` gives, on a new link wherever the last one was closed."""
        while not self.over():
            try:
                link = link or self.link(who)
                while not self.over():
                    frames = make(link)
                    link.send(*frames)
                    self.count(len(frames))
                    if pause and self.pause(pause):
                        break
            except (Gone, OSError):
                self.count(key="closed")
                link = None
                self.pause(0.02)


# ---- words that are nobody's ----


def next_of(fields, data, signature, **more):
    return {"net": NET, "author": fields["author"], "epoch": fields["epoch"],
            "seq": fields["seq"] + 1, "prev": entry_hash(data, signature), "hlc": now_ms(),
            "wall": now_ms(), "kind": SAY, "room": b"#everyone", **more}


def forged_of(mallory, person, heard):
    """Words of somebody else: in an epoch of their own, at the next place, altered, as a fork."""
    start = {"net": NET, "author": person, "epoch": os.urandom(16), "seq": 1, "hlc": now_ms(),
             "wall": now_ms(), "kind": SAY, "room": b"#everyone", "body": field(1, b"forged"),
             "opening": pack({"start": now_ms()}, OPENING)}
    first = make_entry(mallory, start)
    made = [entries(first)]
    # A second one, linked well: it proves the first if anyone believes its signature.
    made.append(entries(first, make_entry(mallory, {
        **next_of(start, *first), "body": field(1, b"forged too")})))
    if heard:
        fields, data, signature = heard
        after = next_of(fields, data, signature, body=field(1, b"forged next"))
        made.append(entries(make_entry(mallory, after)))
        altered = data[:-1] + bytes([data[-1] ^ 1])
        made.append(entries((altered, signature)))
        pair = [make_entry(mallory, {**after, "body": field(1, text)}) for text in (b"a", b"b")]
        made.append(frame(FORK, field(1, signed(pair[0])) + field(2, signed(pair[1]))))
        made.append(frame(FORK, field(1, signed((data, signature))) +
                          field(2, signed((altered, signature)))))
    beat = [(1, person), (2, now_ms() + 10**9)]
    beat.append((3, mallory.sign(b"tertulia-beat-1", NET + person + u64(beat[1][1]))))
    made.append(frame(BEAT, message(beat)))
    return made


def forged_author(scene):
    link = scene.link()
    people = [scene.id_of(name) for name in ("ana", "bruno", "vera")]
    scene.go()

    def make(link):
        return [f for p in people for f in forged_of(link.who, p, link.newest.get(p))]
    scene.pour(make, link=link, pause=0.01)


def forked_log(scene):
    """One history for vera, another one for bruno; then many more."""
    vera, bruno = scene.link(), scene.link(to="bruno")
    mallory = vera.who
    proved = threading.Event()

    def on_fork(content):
        one = read_loosely(read_loosely(content)[1])[1]
        if read_loosely(one)[2] == mallory.id:
            proved.set()
    vera.handlers[FORK] = bruno.handlers[FORK] = on_fork
    scene.go()
    log = Log(mallory)
    vera.send(entries(*(log.say(f"common {n}") for n in (1, 2, 3))))
    scene.pause(0.5)
    sides = []
    for link, text in ((vera, "left"), (bruno, "right")):
        side = log.branch()
        link.send(entries(side.say(text), side.say(f"{text} again")))
        sides.append((link, side, text))
    while not scene.over() and not proved.wait(0.1):
        pass
    scene.pause(1)
    # Now that the proof goes round, nothing that follows is passed on.
    for link, side, text in sides:
        link.send(entries(side.say(f"after {text}")))
    scene.facts["proof"] = int(proved.is_set())
    while not scene.over():
        epoch = Log(scene.who("eve"))
        common = epoch.say("eve opens")
        other = epoch.branch()
        vera.send(entries(common, epoch.say("eve left")))
        bruno.send(entries(common, other.say("eve right")))
        scene.count(2)
        scene.pause(0.05)


def replay(scene):
    """All that was heard, again and again, on three links."""
    links = [scene.link("mallory"), scene.link("eve"), scene.link("trudy")]
    scene.go()
    while not scene.over():
        heard = [f for link in links for f in list(link.raw)[-200:]
                 if read(f[4:])[0][0] in (ENTRIES, ACKS, BEAT, FORK, HEADS)]
        for link in links:
            for at in range(0, len(heard), 50):
                link.send(*heard[at:at + 50])
                scene.count(len(heard[at:at + 50]))
                if scene.over():
                    return
        scene.pause(0.01)


CLOCKS = {"the beginning": 0, "a second later": 1000, "ten years ago": -10 * 365 * 86400_000,
          "a day ago": -86400_000, "now": None, "in an hour": 3600_000, "in ten years":
          10 * 365 * 86400_000, "the end": NUMBER_MAX}


def clock_of(value):
    if value is None:
        return now_ms()
    return value if value in (0, 1000, NUMBER_MAX) else now_ms() + value


def wrong_clocks(scene):
    link = scene.link()
    scene.go()
    log = Log(link.who, start=NUMBER_MAX)
    for name, value in CLOCKS.items():
        at = clock_of(value)
        link.send(entries(log.say(f"clock: {name}", hlc=at, wall=at)))
    eve = scene.who("eve")
    for name, value in reversed(CLOCKS.items()):
        at = clock_of(value)
        one = Log(eve, start=at)
        link.send(entries(one.say(f"epoch: {name}", hlc=at, wall=at)))
    trudy = Log(scene.who("trudy"))
    values = list(CLOCKS.values())

    def make(_link):
        at = [clock_of(scene.random.choice(values)) for _ in range(2)]
        return [entries(trudy.say(f"any time {trudy.seq}", hlc=at[0], wall=at[1]))]
    scene.pour(make, link=link, pause=0.01)


def huge_numbers(scene):
    """What has a number past 2^53 - 1 ends the link, or, in an entry, is dropped alone."""
    mallory = scene.who("mallory")
    huge = (2**53, 2**63, 2**64 - 1)
    epoch, person, head = os.urandom(16), scene.id_of("ana"), os.urandom(32)

    def place(low, high):
        return [(1, person), (2, epoch), (3, low), (4, high)]

    def heads(low, high):
        return frame(HEADS, message([(1, person), (2, 1), (4, message(
            [(1, epoch), (2, low), (3, high), (4, head)]))]))
    ending = {}
    for n in huge:
        ending[f"want {n}"] = frame(WANT, message(place(n, n)))
        ending[f"lack {n}"] = frame(LACK, message(place(1, n)))
        ending[f"heads {n}"] = heads(1, n)
        ending[f"heights {n}"] = frame(25, message([(1, person), (2, epoch), (3, message([(1, n)]))]))
        ending[f"ack {n}"] = frame(ACKS, field(1, message([
            (1, mallory.id), (2, person), (3, epoch), (4, 1), (5, n), (6, head), (7, bytes(64))])))
    ending["want 9 to 3"] = frame(WANT, message(place(9, 3)))
    ending["want 0"] = frame(WANT, message(place(0, 3)))
    outcome = scene.facts["outcome"] = {}
    scene.link()
    scene.go()
    most = [frame(WANT, message(place(NUMBER_MAX - 5, NUMBER_MAX))), heads(1, NUMBER_MAX),
            heads(NUMBER_MAX, NUMBER_MAX)]
    while not scene.over():
        link = scene.link()
        for n in huge:
            entry = make_entry(mallory, Log(mallory).fields(
                SAY, field(1, b"huge"), seq=n, prev=head, opening=b""))
            link.send(entries(entry))
            scene.count()
        link.send(*most)
        last = Log(mallory)
        last.seq, last.tip = NUMBER_MAX - 1, head
        link.send(entries(last.say("the last place there is")))
        outcome["entries alone"] = link.lives()
        for name, bad in ending.items():
            if scene.over():
                break
            try:
                link.send(bad)
                outcome[name] = link.closed.wait(10)
                scene.count()
            except Gone:
                outcome[name] = True
            link.close()
            link = scene.link()
        link.close()
        scene.facts["rounds"] = scene.facts.get("rounds", 0) + 1


# ---- sync without end ----


def row(author):
    return message([(1, author), (2, os.urandom(16))])


def million_authors(scene):
    """Rows of a million people who do not exist, as fast as they are taken, and heads of them."""
    link = scene.link()
    asked = [0]
    lock = threading.Lock()

    def on_heads(content):
        who = read_loosely(content)
        with lock:
            asked[0] += 1
        if asked[0] % 2 and not who.get(2):  # some of what is asked for is claimed
            link.send(frame(HEADS, message([(1, who[1]), (2, 1), (4, message(
                [(1, os.urandom(16)), (2, 1), (3, 100), (4, os.urandom(32))]))])))
    link.handlers[HEADS] = on_heads
    scene.go()
    names = 0
    while not scene.over():
        link.send(frame(DIGEST, message([(1, os.urandom(32))])))
        for bucket in range(256):
            made = sorted(bytes([bucket]) + os.urandom(31) for _ in range(1000))
            link.send(frame(ROWS, message([(1, bucket)]) + b"".join(
                field(4, row(author)) for author in made)))
            names += 1000
            if scene.over():
                break
        scene.facts.update(sent=names, asked=asked[0])


def differing(link, facts, key):
    """Answers so that whatever is compared differs, and whatever is asked for is not there."""
    def on_digest(_content):
        facts[key] = facts.get(key, 0) + 1
        link.send(frame(BUCKETS, message([(1, os.urandom(4096))])))

    def on_buckets(_content):
        link.send(*(frame(ROWS, message([(1, n)]) + field(4, row(bytes([n]) + os.urandom(31))))
                    for n in range(256)))

    def on_rows(content):
        for number, value in read(content):
            if number == 4:
                author = read_loosely(value)[1]
                link.send(frame(HEADS, message([(1, author), (4, message(
                    [(1, os.urandom(16)), (2, 1), (3, 50), (4, os.urandom(32))]))])))

    def on_want(content):
        facts["wants"] = facts.get("wants", 0) + 1
        link.send(frame(LACK, content))
    link.handlers.update({DIGEST: on_digest, BUCKETS: on_buckets, ROWS: on_rows, WANT: on_want})


def never_converges(scene):
    """On one link it asks for a comparison all the time; on the other one vera is who asks."""
    link = scene.link()
    differing(link, scene.facts, "requests")
    door = socket.create_server(("127.0.0.1", 0))
    scene.facts["door"] = door.getsockname()[1]

    def take():
        caller, _ = door.accept()
        Link(scene.who("eve"), None, called=caller,
             prepare=lambda link: differing(link, scene.facts, "rounds"))
    threading.Thread(target=take, daemon=True).start()
    scene.go()
    while not scene.over():
        link.send(frame(DIGEST, message([(1, os.urandom(32))])))
        scene.count()
        scene.pause(0.02)


def false_acks(scene):
    """For what nobody has said yet, with a hash of nothing, and in the name of somebody else."""
    link = scene.link()
    dora = scene.who("dora")
    people = [scene.id_of(name) for name in ("ana", "bruno", "vera")]
    scene.facts.update(mallory=link.who.id.hex(), dora=dora.id.hex())
    # Only who is in the room is counted on.
    link.send(entries(Log(link.who).say("I am mallory"), Log(dora).say("I am dora")))
    scene.go()

    def ack(acker, signer, fields, low, high, head):
        body = {"acker": acker.id, "author": fields["author"], "epoch": fields["epoch"], "low": low,
                "high": high, "head": head}
        signature = signer.sign(b"tertulia-ack-1", vectors.ack_bytes(NET, body))
        return message([(1, acker.id), (2, body["author"]), (3, body["epoch"]), (4, low), (5, high),
                        (6, head), (7, signature)])

    def make(link):
        made = []
        for person in people:
            if person not in link.newest:
                continue
            fields, data, signature = link.newest[person]
            seq, head = fields["seq"], entry_hash(data, signature)
            made += [ack(dora, link.who, fields, 1, seq, head),
                     ack(link.who, link.who, fields, 1, seq, os.urandom(32)),
                     ack(link.who, link.who, fields, 1, seq + 1000, os.urandom(32)),
                     ack(link.who, link.who, fields, 1, NUMBER_MAX, os.urandom(32)),
                     ack(link.who, link.who, {**fields, "epoch": os.urandom(16)}, 1, 9, head)]
        return [frame(ACKS, b"".join(field(1, one) for one in made))] if made else []
    scene.pour(make, link=link, pause=0.01)


# ---- much of nothing ----


def frames_of_nothing(scene):
    link = scene.link()
    most = 65532
    unknown = frame(1000, bytes(most - 6))
    nothing = [
        unknown,
        frame(PING, message([(1, 1), (9, bytes(most - 12))])),
        frame(ENTRIES, b"\x7a\xf0\xff\x03" + bytes(65520)),  # a field that nobody knows
        frame(ACKS, b""), frame(HEADS, message([(1, os.urandom(32)), (2, 1)])),
    ]
    empty = frame(ENTRIES, b"\x0a\x00" * 32000)  # a malformed one: the link ends
    broken = struct.pack(">I", 65532) + bytes(65532)
    scene.go()

    def make(_link):
        number = scene.facts["sent"] // 5
        return nothing * 4 + ([empty] if number % 50 == 49 else []) + \
            ([broken] if number % 50 == 24 else [])
    scene.pour(make, link=link)


class KeyUpdates:
    """OpenSSL through ctypes: Python's ssl cannot ask for new keys."""
    REQUESTED = 1

    def __init__(self, files, address):
        self.lib = ctypes.CDLL(ctypes.util.find_library("ssl"))
        for name, kind in (("SSL_CTX_new", ctypes.c_void_p), ("TLS_client_method", ctypes.c_void_p),
                           ("SSL_new", ctypes.c_void_p)):
            getattr(self.lib, name).restype = kind
        pointer = ctypes.c_void_p
        context = pointer(self.lib.SSL_CTX_new(pointer(self.lib.TLS_client_method())))
        cert, key = (name.encode() for name in files)
        self.lib.SSL_CTX_use_certificate_file(context, cert, 1)
        self.lib.SSL_CTX_use_PrivateKey_file(context, key, 1)
        self.lib.SSL_CTX_set_alpn_protos(context, b"\x0atertulia/1", 11)
        self.ssl = pointer(self.lib.SSL_new(context))
        self.socket = socket.create_connection(address, 15)
        self.socket.settimeout(None)
        self.lib.SSL_set_fd(self.ssl, self.socket.fileno())
        self.lib.SSL_ctrl(self.ssl, 78, ctypes.c_long(4), None)  # SSL_read: no SSL_MODE_AUTO_RETRY
        if self.lib.SSL_connect(self.ssl) != 1:
            raise Gone("no handshake")

    def write(self, data):
        if self.lib.SSL_write(self.ssl, data, len(data)) <= 0:
            raise Gone("write")

    def hear(self):
        """Gone where the other side has said farewell."""
        while select.select([self.socket], [], [], 0)[0]:
            got = self.lib.SSL_read(self.ssl, ctypes.create_string_buffer(65536), 65536)
            if got <= 0 and self.lib.SSL_get_error(self.ssl, got) != 2:  # SSL_ERROR_WANT_READ
                raise Gone("farewell")

    def update(self):
        if self.lib.SSL_key_update(self.ssl, self.REQUESTED) != 1 or \
                self.lib.SSL_do_handshake(self.ssl) != 1:
            raise Gone("key update")


def key_updates(scene):
    mallory = scene.who("mallory")
    hello = frame(2, message([(1, 1), (2, NET), (3, b"mallory"), (5, os.urandom(8)),
                              (6, mallory.id)]))
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    scene.go()
    while not scene.over():
        here, link = 0, None
        try:
            link = KeyUpdates(mallory.files, scene.address_of("vera"))
            scene.count(key="links")
            link.write(hello)
            while not scene.over():
                link.update()
                link.hear()
                scene.count()
                here += 1
        except (Gone, OSError):
            scene.count(key="closed")
        if link:
            link.socket.close()
        scene.facts["most"] = max(here, scene.facts.get("most", 0))
        scene.pause(0.02)


# ---- crowds ----


def invented_authors(scene):
    """Ten thousand people with a key and a word each, and again ten thousand."""
    link = scene.link()
    made = 1000 if scene.quick else 10_000
    people = [Log(Person(os.urandom(32))).say(f"invented {n}") for n in range(made)]
    scene.go()
    at = 0

    def make(_link):
        nonlocal at
        part = [people[(at + i) % made] for i in range(50)]
        at += 50
        if at > made:
            part = [Log(Person(os.urandom(32))).say(f"invented {at + i}") for i in range(50)]
        scene.facts["authors"] = at
        return [entries(*part)]
    scene.pour(make, link=link)


def sealed_body(scene, slots=16):
    return message([(1, os.urandom(32)), (2, os.urandom(48 * slots)), (3, os.urandom(32)),
                    (4, os.urandom(256 * scene.random.randint(1, 8) + 16))])


def sealed_to_nobody(scene):
    link = scene.link()
    logs = [Log(scene.who("mallory"))] + [Log(Person(os.urandom(32))) for _ in range(20)]
    scene.go()

    def make(_link):
        return [entries(*(log.add(SEALED, sealed_body(scene)) for log in logs))]
    scene.pour(make, link=link, pause=0.02)


NAMES = [b"\x1b]0;owned\x07\x1b[2J\x1b[31mana", "\u202eevil\u202d".encode(), "a\u2066b\u2069\u200f".encode(),
         b"\x9b31mana", b"a\r\nb\x00c", "\u200bana\u200d".encode(), b"\xff\xfe\xc3",
         "\U000e0041\U000e007f".encode(), b"x" * 64, "\u0301".encode() * 32, b"\x1b[6n\x05",
         "\u2028ana\u2029".encode()]


def venomous_names(scene):
    """Names that act: in hellos, profiles, statuses, rooms, topics, guests and words."""
    links = [scene.link(f"m{n}", name=name) for n, name in enumerate(NAMES)
             if _is_text(name)]
    refused = scene.facts["refused"] = 0
    for n, name in enumerate(NAMES):
        if not _is_text(name):
            link = scene.link(f"m{n}", name=name)
            refused += link.closed.wait(5)
    scene.facts.update(refused=refused, taken=len(links))
    scene.go()
    logs = [Log(link.who) for link in links]
    guests = [n for n in NAMES if _is_text(n)]
    turn = 0
    while not scene.over():
        for n, (link, log) in enumerate(zip(links, logs)):
            name = guests[(n + turn) % len(guests)]
            guest = message([(1, name), (2, b"join")])
            made = [log.add(PROFILE, message([(1, name), (2, 1), (3, name * 3)])),
                    log.add(SAY, field(1, name + b" said")),
                    log.add(SAY, field(1, name), guest=guest),
                    log.add(7, field(1, name), room=b"#" + name[:60]),
                    log.add(5, b"", room=name)]
            try:
                link.send(entries(*made))
                scene.count(len(made))
            except Gone:
                scene.count(key="closed")
        turn += 1
        scene.pause(0.2)


def _is_text(data):
    try:
        data.decode()
        return True
    except UnicodeDecodeError:
        return False


def moved_whisper(scene):
    """A whisper of ana's, copied to other places and other authors; and one for whom it does not
    name."""
    link = scene.link()
    scene.go()
    log = Log(link.who)
    ana, vera, bruno = (scene.id_of(n) for n in ("ana", "vera", "bruno"))

    def unlisted():
        """Its slots are open to vera; its list says bruno."""
        fields = log.fields(SEALED, b"")
        ephemeral, key = os.urandom(32), os.urandom(32)
        body = vectors.seal(fields, [bruno], 1, b"unlisted", ephemeral, key, [])
        parts = dict(read(body))
        theirs = vectors.sodium.crypto_sign_ed25519_pk_to_curve25519(vera)
        shared = vectors.sodium.crypto_box_beforenm(theirs, ephemeral)
        slots = parts[2][:48] + vectors.sodium.crypto_box_afternm(
            key, vectors.slot_nonce(1), shared)
        inside = field(1, 1) + field(2, b"unlisted") + field(3, bruno) + b"\x80"
        inside += bytes(-len(inside) % 256)
        box = vectors.sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
            inside, vectors.bound(fields, parts[1], slots), bytes(24), key)
        return message([(1, parts[1]), (2, slots), (3, parts[3]), (4, box)])

    def make(link):
        made = [log.add(SEALED, unlisted())]
        for fields, _data, _signature in list(link.sealed):
            if fields["author"] == ana:
                scene.facts["copied"] = scene.facts.get("copied", 0) + 1
                made.append(log.add(SEALED, fields["body"]))
                other = Log(scene.who("eve"), epoch=fields["epoch"])
                other.seq, other.tip = fields["seq"] - 1, fields.get("prev")
                if other.seq:
                    made.append(other.add(SEALED, fields["body"]))
        return [entries(*made)]
    scene.pour(make, link=link, pause=0.05)


# ---- at the door ----


def dropped_links(scene):
    """A thousand a second: without a word, after a hello of TLS, after a whole handshake."""
    mallory = scene.who("mallory")
    inside, outside = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = context_of(mallory.files)
    try:
        context.wrap_bio(inside, outside).do_handshake()
    except ssl.SSLWantReadError:
        pass
    hello = outside.read()
    address = scene.address_of("vera")
    scene.go()
    began = time.monotonic()

    def whole():
        while not scene.over():
            try:
                Link(mallory, address, hello=scene.random.random() < 0.5).close()
                scene.count(key="whole")
            except (OSError, Gone):
                pass
            scene.pause(0.05)
    threading.Thread(target=whole, daemon=True).start()
    number = 0
    while not scene.over():
        number += 1
        try:
            with socket.socket() as one:
                one.setblocking(number % 2 == 0)
                one.connect_ex(address)
                if number % 4 == 0:
                    one.sendall(hello)
                if number % 3 == 0:
                    one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            scene.count()
        except OSError:
            pass
        ahead = number / 1000 - (time.monotonic() - began)
        if ahead > 0:
            scene.pause(ahead)
    scene.facts["rate"] = round(scene.facts["sent"] / (time.monotonic() - began))


def beacon(port, hint, component):
    return b"tertulia\x01" + vectors.mesh_tag(b"lan") + struct.pack(">H", port) + os.urandom(8) + \
        struct.pack(">I", hint) + component


def raw_datagram(source, target, data):
    """An IPv4 packet whose sender is whoever one likes; the kernel fills in its sums."""
    udp = struct.pack(">HHHH", 9999, 9999, 8 + len(data), 0) + data
    return struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 1, 17, 0,
                       socket.inet_aton(source), socket.inet_aton(target)) + udp


def beacons(scene):
    """Floods of them, from every address there is, in the name of people who are there, for doors
    behind which nobody or mallory sits."""
    here, beyond = scene.more["here"], scene.more["beyond"]
    door = socket.create_server(("0.0.0.0", 0), backlog=512)
    door.settimeout(0.2)
    calls = {here: 0, beyond: 0}

    def take():
        while not scene.over():
            try:
                caller, _ = door.accept()
                calls[caller.getsockname()[0]] += 1
                caller.close()
            except OSError:
                pass
    threading.Thread(target=take, daemon=True).start()
    raw = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
    ana = scene.id_of("ana")
    hint = int.from_bytes(ana[:4], "big")
    target = scene.address_of("vera")[0]
    network = target.rsplit(".", 1)[0]
    scene.go()
    while not scene.over():
        for _ in range(50):
            kind = scene.random.randrange(6)
            source = [here, f"{network}.{scene.random.randint(4, 254)}", beyond,
                      scene.address_of("ana")[0], target, "127.0.0.1"][kind]
            port = door.getsockname()[1] if kind != 1 else scene.random.randint(1, 65535)
            data = beacon(port, hint if kind > 2 else scene.random.getrandbits(32),
                          ana if kind % 2 else os.urandom(32))
            if scene.random.random() < 0.05:
                data = data[:scene.random.randrange(len(data))] + os.urandom(400)
            try:
                raw.sendto(raw_datagram(source, target, data), (target, 0))
                scene.count()
            except OSError:
                pass
        scene.facts.update(calls=calls[here], beyond=calls[beyond])
        scene.pause(0.002)


LIES = [
    forged_author, forked_log, replay, wrong_clocks, huge_numbers, million_authors, never_converges,
    false_acks, frames_of_nothing, key_updates, invented_authors, sealed_to_nobody, venomous_names,
    moved_whisper, dropped_links, beacons,
]


def main():
    lie = {one.__name__: one for one in LIES}[sys.argv[1]]
    scene = Scene(json.loads(sys.argv[2]))
    os.nice(NICE)
    done = threading.Event()

    def orders():
        for line in sys.stdin:
            if line == "go\n":
                scene.begun.set()
            elif line == "stop\n":
                break
        scene.stopped.set()
        scene.begun.set()
        done.wait(END)
        print(json.dumps(scene.facts), flush=True)
        os._exit(0)

    def enough():
        while any(scene.facts.get(key, 0) < number for key, number in scene.enough.items()):
            time.sleep(0.05)
        print("enough", flush=True)

    for one in (orders, enough):
        threading.Thread(target=one, daemon=True).start()
    try:
        lie(scene)
    except Gone as gone:
        if not scene.begun.is_set():
            raise
        scene.facts["gone"] = str(gone) or "yes"
    done.set()
    threading.Event().wait()


if __name__ == "__main__":
    main()
