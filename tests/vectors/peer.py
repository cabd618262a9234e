#!/usr/bin/python3
"""A peer of its own, as small as it can be: PROTOCOL.md in Python, with no code of Tertulia.

    peer.py check vectors.json    computes everything in the file again, and compares
    peer.py write                 makes entries, whispers and a receipt for take_vectors to read

Needs python3-nacl; the rest is the standard library. The wire format of protobuf is read and written
by hand, so that nothing is shared with the C side, not even a compiler of messages.
"""

import base64
import hashlib
import hmac
import json
import struct
import sys

import nacl.bindings as sodium
import nacl.exceptions
import nacl.pwhash

NUMBER_MAX = 2**53 - 1


class Bad(Exception):
    """Something that a peer refuses."""


def must(holds, why):
    if not holds:
        raise Bad(why)


def blake(*parts):
    return hashlib.blake2b(b"".join(parts), digest_size=32).digest()


def u64(number):
    return struct.pack(">Q", number)


# ---- the wire format of protobuf -------------------------------------------------------------


def varint(number):
    out = bytearray()
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(number, value):
    """One field; nothing at all where the value is 0 or empty, unless it is a Message."""
    if isinstance(value, Message):
        return varint(number << 3 | 2) + varint(len(value)) + value
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value if value else b""
    return varint(number << 3) + varint(value) if value else b""


class Message(bytes):
    """The bytes of a message inside another, which is written even where it is empty."""


def message(fields):
    return Message(b"".join(field(number, value) for number, value in fields))


def read_varint(data, at):
    number = shift = 0
    while True:
        must(at < len(data) and shift < 70, "a number that does not end")
        number |= (data[at] & 0x7F) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            must(number < 2**64, "a number past 64 bits")
            return number, at


def read(data):
    """[(number, value)] as they come. Only numbers and bytes: there is nothing else."""
    fields = []
    at = 0
    while at < len(data):
        tag, at = read_varint(data, at)
        value, at = read_varint(data, at)
        must(tag & 7 in (0, 2), "another wire type")
        if tag & 7 == 2:
            must(at + value <= len(data), "bytes past the end")
            value, at = data[at : at + value], at + value
        fields.append((tag >> 3, value))
    return fields


def read_loosely(data):
    """As bodies are read: of a field that comes twice the last one counts."""
    return dict(read(data))


def read_strictly(data, kinds, nested=()):
    """{name: value} of a message that has its one form. `kinds` is {number: (name, type)}."""
    fields = read(data)
    again = [(n, Message(v) if n in nested else v) for n, v in fields]
    must(message(again) == data, "not in its shortest form")
    must([n for n, _ in fields] == sorted({n for n, _ in fields}), "out of order, or twice")
    result = {}
    for number, value in fields:
        must(number in kinds, "an unknown field")
        must(isinstance(value, kinds[number][1]), "another type")
        result[kinds[number][0]] = value
    return result


# ---- people ----------------------------------------------------------------------------------


def base32(data):
    return base64.b32encode(data).decode().rstrip("=").lower()


class Person:
    """`seed`: its 32 bytes, or the one that is all of them."""

    def __init__(self, seed):
        seed = seed if isinstance(seed, bytes) else bytes([seed]) * 32
        self.id, self.secret = sodium.crypto_sign_seed_keypair(seed)

    def sign(self, label, data):
        return sodium.crypto_sign(label + data, self.secret)[:64]


def verify(person, label, data, signature):
    try:
        sodium.crypto_sign_open(signature + label + data, person)
        return True
    except nacl.exceptions.BadSignatureError:
        return False


def verify_text(ours, theirs):
    low, high = sorted((ours, theirs))
    value = blake(b"tertulia-verify-1", low, high)
    for _ in range(16384):
        value = blake(value, low, high)
    return base32(value)[:20]


# ---- meshes ----------------------------------------------------------------------------------


def mesh_key(name, secret):
    salt = blake(b"tertulia-salt-1", name)[:16]
    return nacl.pwhash.argon2id.kdf(32, secret, salt, opslimit=2, memlimit=65536 * 1024)


def mesh_net(name, key=b""):
    return blake(b"tertulia-net-1", bytes([len(name)]), name, key)


def mesh_tag(name):
    return blake(b"tertulia-tag-1", name)[:8]


def mesh_proof(key, role, exported, caller, listener):
    data = b"tertulia-proof-1" + bytes([role]) + exported + caller + listener
    return hmac.new(key, data, hashlib.sha256).digest()


# ---- entries ---------------------------------------------------------------------------------

LABEL = b"tertulia-entry-1"
ENVELOPE = {
    1: ("net", bytes), 2: ("author", bytes), 3: ("epoch", bytes), 4: ("seq", int),
    5: ("prev", bytes), 6: ("hlc", int), 7: ("wall", int), 8: ("kind", int),
    9: ("room", bytes), 10: ("guest", bytes), 11: ("opening", bytes), 15: ("body", bytes),
}  # fmt: skip
GUEST = {1: ("name", bytes), 2: ("dialect", bytes)}
OPENING = {1: ("start", int), 2: ("last_epoch", bytes), 3: ("last_seq", int), 4: ("last_hash", bytes)}


def pack(values, kinds):
    return message((number, values[name]) for number, (name, _) in kinds.items() if name in values)


def is_text(data, most):
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return len(data) <= most


def check_opening(opening, epoch):
    last = [name for name in ("last_epoch", "last_seq", "last_hash") if name in opening]
    must(len(last) in (0, 3), "half of a last entry")
    must(opening.get("start", 0) <= NUMBER_MAX, "a start past its bound")
    if last:
        must(len(opening["last_epoch"]) == 16 and len(opening["last_hash"]) == 32, "last's sizes")
        must(opening["last_seq"] <= NUMBER_MAX, "last's seq past its bound")
        must(opening["last_epoch"] != epoch, "an epoch that follows itself")


def envelope(data, net):
    """The fields of an envelope, or Bad."""
    must(len(data) <= 8192, "too large")
    fields = read_strictly(data, ENVELOPE, nested=(10, 11))
    for name, size in (("net", 32), ("author", 32), ("epoch", 16)):
        must(len(fields.get(name, b"")) == size, name)
    must(fields["net"] == net, "another mesh")
    must(1 <= fields.get("seq", 0) <= NUMBER_MAX, "seq")
    must(("opening" in fields) == (fields["seq"] == 1), "opening")
    must(("prev" in fields) == (fields["seq"] != 1), "prev")
    must(len(fields.get("prev", bytes(32))) == 32, "prev's size")
    must(max(fields.get("hlc", 0), fields.get("wall", 0)) <= NUMBER_MAX, "a time past its bound")
    must(1 <= fields.get("kind", 0) < 2**32, "kind")
    must(is_text(fields.get("room", b""), 64), "room")
    if "guest" in fields:
        guest = read_strictly(fields["guest"], GUEST)
        must(len(guest) == 2, "half a guest")
        must(is_text(guest["name"], 64) and is_text(guest["dialect"], 16), "guest")
        fields["guest"] = guest
    if "opening" in fields:
        fields["opening"] = read_strictly(fields["opening"], OPENING)
        check_opening(fields["opening"], fields["epoch"])
    return fields


def entry_hash(data, signature):
    return blake(data, signature)


def take_entry(data, signature, net):
    """The fields of an entry that its author signed, or Bad."""
    fields = envelope(data, net)
    must(verify(fields["author"], LABEL, data, signature), "the signature")
    return fields


def make_entry(author, fields):
    data = pack(fields, ENVELOPE)
    return data, author.sign(LABEL, data)


# ---- whispers --------------------------------------------------------------------------------

SEALED = {1: "ephemeral", 2: "slots", 3: "commitment", 4: "box"}


def slot_nonce(slot):
    return bytes(23) + bytes([slot])


def bound(fields, ephemeral, slots):
    return b"".join(
        (fields["net"], fields["author"], fields["epoch"], u64(fields["seq"]), ephemeral, slots)
    )


def seal(fields, readers, kind, text, ephemeral_secret, body_key, dummies):
    """The body of a sealed entry; `fields` name its place."""
    ephemeral = sodium.crypto_scalarmult_base(ephemeral_secret)
    slots = b""
    for slot, reader in enumerate([fields["author"]] + readers):
        theirs = sodium.crypto_sign_ed25519_pk_to_curve25519(reader)
        shared = sodium.crypto_box_beforenm(theirs, ephemeral_secret)
        slots += sodium.crypto_box_afternm(body_key, slot_nonce(slot), shared)
    slots += b"".join(dummies)
    plain = field(1, kind) + field(2, text) + b"".join(field(3, reader) for reader in readers)
    plain += b"\x80"
    plain += bytes(-len(plain) % 256)
    box = sodium.crypto_aead_xchacha20poly1305_ietf_encrypt(
        plain, bound(fields, ephemeral, slots), bytes(24), body_key
    )
    return message([(1, ephemeral), (2, slots), (3, blake(body_key)), (4, box)])


def body_key_of(sealed, us):
    secret = sodium.crypto_sign_ed25519_sk_to_curve25519(us.secret)
    try:
        shared = sodium.crypto_box_beforenm(sealed["ephemeral"], secret)
    except nacl.exceptions.CryptoError:
        raise Bad("a weak ephemeral key") from None
    for slot in range(len(sealed["slots"]) // 48):
        part = sealed["slots"][slot * 48 : slot * 48 + 48]
        try:
            return sodium.crypto_box_open_afternm(part, slot_nonce(slot), shared)
        except nacl.exceptions.CryptoError:
            pass
    raise Bad("not for us")


def unseal(fields, us):
    """(kind, text, readers) of a whisper that is for us, or Bad."""
    must(fields["kind"] == 3 and not fields.get("room"), "no whisper")
    found = read_loosely(fields.get("body", b""))
    sealed = {name: found.get(number, b"") for number, name in SEALED.items()}
    must(len(sealed["ephemeral"]) == 32 and len(sealed["commitment"]) == 32, "sizes")
    must(len(sealed["slots"]) in (2 * 48, 4 * 48, 8 * 48, 16 * 48), "slots")
    padded = len(sealed["box"]) - 16
    must(256 <= padded <= 5120 and padded % 256 == 0, "the box's size")
    body_key = body_key_of(sealed, us)
    must(blake(body_key) == sealed["commitment"], "the commitment")
    try:
        plain = sodium.crypto_aead_xchacha20poly1305_ietf_decrypt(
            sealed["box"], bound(fields, sealed["ephemeral"], sealed["slots"]), bytes(24), body_key
        )
    except nacl.exceptions.CryptoError:
        raise Bad("the box") from None
    stripped = plain.rstrip(b"\0")
    must(stripped[-1:] == b"\x80" and len(plain) - len(stripped) < 256, "padding")
    inside = read(stripped[:-1])
    readers = [value for number, value in inside if number == 3]
    kind, text = dict(inside).get(1, 0), dict(inside).get(2, b"")
    must(kind in (1, 2, 8) and is_text(text, 4096) and (not text) == (kind == 8), "what it says")
    must(1 <= len(readers) <= 15 and len(set(readers)) == len(readers), "readers")
    must(all(len(reader) == 32 for reader in readers), "readers' sizes")
    must(fields["author"] not in readers, "the author reads")
    must(us.id == fields["author"] or us.id in readers, "we are not listed")
    return kind, text, readers


# ---- receipts and beats ----------------------------------------------------------------------


def ack_bytes(net, ack):
    return b"".join(
        (net, ack["acker"], ack["author"], ack["epoch"], u64(ack["low"]), u64(ack["high"]), ack["head"])
    )


def ack_holds(net, ack):
    return 1 <= ack["low"] <= ack["high"] <= NUMBER_MAX and verify(
        ack["acker"], b"tertulia-ack-1", ack_bytes(net, ack), ack["signature"]
    )


# ---- checking the file -----------------------------------------------------------------------


def unhex(value):
    """Every text that looks like hexadecimal and stands under a key that says so."""
    return bytes.fromhex(value)


def fields_of(given):
    fields = {}
    for _, (name, kind) in ENVELOPE.items():
        if name not in given:
            continue
        value = given[name]
        if name == "room":
            value = value.encode()
        elif name == "guest":
            value = message([(1, value["name"].encode()), (2, value["dialect"].encode())])
        elif name == "opening":
            value = {k: unhex(v) if isinstance(v, str) else v for k, v in value.items()}
            value = pack(value, OPENING)
        elif kind is bytes:
            value = unhex(value)
        fields[name] = value
    return fields


def check_entry(net, given):
    """The same bytes from the fields, the same signature from the seed, the same hash."""
    author = Person(given["author_seed"])
    data, signature = make_entry(author, fields_of(given["fields"]))
    must(data == unhex(given["bytes"]), "the bytes differ")
    must(signature == unhex(given["signature"]), "the signature differs")
    must(entry_hash(data, signature) == unhex(given["hash"]), "the hash differs")
    return take_entry(data, signature, net)


def check_ids(net, vectors):
    for given in vectors["ids"]:
        person = Person(unhex(given["seed"])[0])
        must(person.id == unhex(given["id"]), "id")
        must(base32(person.id) == given["text"], "text")
        must(base32(person.id)[:4] == given["tag"], "tag")
    return len(vectors["ids"])


def check_verify(net, vectors):
    for given in vectors["verify"]:
        must(verify_text(unhex(given["ours"]), unhex(given["theirs"])) == given["text"], "text")
    return len(vectors["verify"])


def check_meshes(net, vectors):
    for given in vectors["meshes"]:
        name = given["name"].encode()
        key = mesh_key(name, given["secret"].encode()) if "secret" in given else b""
        must(key.hex() == given.get("key", ""), "key")
        must(mesh_net(name, key) == unhex(given["net"]), "net")
        must(mesh_tag(name) == unhex(given["tag"]), "tag")
        proof = {k: unhex(v) for k, v in given.get("proof", {}).items()}
        for role, by in enumerate(("by_caller", "by_listener")):
            if proof:
                link = proof["exported"], proof["caller"], proof["listener"]
                must(mesh_proof(key, role, *link) == proof[by], by)
    return len(vectors["meshes"])


def check_chain(net, vectors):
    below = None
    for given in vectors["chain"]:
        fields = check_entry(net, given)
        if fields["seq"] > 1:
            must(fields["prev"] == below, "prev")
            must(fields["epoch"] == epoch, "epoch")
        elif below:
            must(fields["opening"]["last_hash"] == below, "the opening's last hash")
            must(fields["opening"]["last_epoch"] == epoch, "the opening's last epoch")
        below, epoch = unhex(given["hash"]), fields["epoch"]
    return len(vectors["chain"])


def check_kinds(net, vectors):
    for given in vectors["kinds"]:
        check_entry(net, given)
    return len(vectors["kinds"])


def check_whispers(net, vectors):
    for given in vectors["whispers"]:
        fields = check_entry(net, given)
        readers = [Person(seed) for seed in given["reader_seeds"]]
        again = seal(
            fields, [reader.id for reader in readers], given["whisper_kind"], given["text"].encode(),
            unhex(given["ephemeral_secret"]), unhex(given["body_key"]),
            [unhex(dummy) for dummy in given["dummies"]],
        )  # fmt: skip
        must(again == fields["body"], "the sealed body differs")
        for us in readers + [Person(given["author_seed"])]:
            kind, text, listed = unseal(fields, us)
            must(kind == given["whisper_kind"] and text.decode() == given["text"], "what it says")
            must(listed == [reader.id for reader in readers], "whom it lists")
        refused(lambda: unseal(fields, Person(250)), "a stranger opens it")
    return len(vectors["whispers"])


def unhex_all(given):
    return {k: unhex(v) if isinstance(v, str) else v for k, v in given.items()}


def check_acks(net, vectors):
    for given in map(unhex_all, vectors["acks"]):
        must(ack_holds(net, given), "an ack")
        must(Person(2).sign(b"tertulia-ack-1", ack_bytes(net, given)) == given["signature"], "signing")
    return len(vectors["acks"])


def check_beats(net, vectors):
    for given in map(unhex_all, vectors["beats"]):
        data = net + given["component"] + u64(given["counter"])
        must(verify(given["component"], b"tertulia-beat-1", data, given["signature"]), "a beat")
    return len(vectors["beats"])


def check_forks(net, vectors):
    """Sorted as everyone prefers them."""
    order = []
    for pair in vectors["forks"]:
        first, second = ((unhex(e["bytes"]), unhex(e["signature"])) for e in pair)
        a, b = take_entry(*first, net), take_entry(*second, net)
        must(all(a[k] == b[k] for k in ("author", "epoch", "seq")), "two places")
        hashes = sorted((entry_hash(*first), entry_hash(*second)))
        must(hashes[0] != hashes[1], "one entry")
        order.append((a["seq"], hashes))
    must(order == sorted(order), "the order of proofs")
    return len(order)


def check_frames(net, vectors):
    frames = [unhex(given["bytes"]) for given in vectors["frames"]]
    contents = []
    for frame in frames:
        must(struct.unpack(">I", frame[:4])[0] == len(frame) - 4, "length")
        fields = read(frame[4:])
        must(len(fields) == 1, "one field")
        contents.append(fields[0])
    chain = vectors["chain"][0]
    hello = message([(1, 1), (2, net), (3, b"ana"), (4, 9999), (5, b"\x11" * 8), (6, Person(1).id)])
    entries = field(1, message([(1, unhex(chain["bytes"])), (2, unhex(chain["signature"]))]))
    right = [(2, hello), (3, message([(1, 77)])), (18, b""), (16, entries), (40, message([(1, 2)]))]
    must(contents == right, "contents")
    return len(frames)


def refused(attempt, what):
    try:
        attempt()
    except Bad:
        return
    raise AssertionError(what)


def check_bad(net, vectors):
    bad = vectors["bad"]
    for given in bad["entries"]:
        parts = unhex(given["bytes"]), unhex(given["signature"])
        refused(lambda: take_entry(*parts, net), given["why"])
    for given in bad["whispers"]:
        fields = take_entry(unhex(given["bytes"]), unhex(given["signature"]), net)
        refused(lambda: unseal(fields, Person(given["reader_seed"])), given["note"])
    for given in map(unhex_all, bad["acks"]):
        must(not ack_holds(net, given), "a bad ack holds")
    return sum(map(len, bad.values()))


def check(path):
    with open(path, encoding="utf-8") as file:
        vectors = json.load(file)
    net = mesh_net(b"lan")
    must(net == unhex(vectors["net"]), "net")
    failed = False
    for part in (check_ids, check_verify, check_meshes, check_chain, check_kinds, check_whispers,
                 check_acks, check_beats, check_forks, check_frames, check_bad):  # fmt: skip
        name = part.__name__.replace("check_", "")
        try:
            print(f"# {name}: {part(net, vectors)}")
        except (Bad, AssertionError) as problem:
            print(f"# {name}: FAILED: {problem}")
            failed = True
    return failed


# ---- writing ---------------------------------------------------------------------------------


def signed(data, signature):
    return {"bytes": data.hex(), "signature": signature.hex()}


def write():
    net = mesh_net(b"lan")
    us = Person(9)
    chain = []
    base = {"net": net, "author": us.id, "epoch": b"\xaa" * 16, "room": b"#everyone"}
    start = pack({"start": 1763640000000}, OPENING)
    first = {"seq": 1, "opening": start, "kind": 1, "body": message([(1, "¡buenas!".encode())])}
    chain.append(make_entry(us, {**base, **first, "hlc": 1763640000001, "wall": 1763640000001}))
    for seq, kind, body in ((2, 5, b""), (3, 2, message([(1, b"sits down")])), (4, 8, b"")):
        more = {"seq": seq, "prev": entry_hash(*chain[-1]), "kind": kind, "body": body}
        if seq == 3:
            more["guest"] = message([(1, "Zoë".encode()), (2, b"join")])
        chain.append(make_entry(us, {**base, **more, "wall": NUMBER_MAX}))
    whispers = []
    for seq, readers, kind, text in ((5, 1, 1, "solo tú"), (6, 4, 2, "winks"), (7, 15, 8, "")):
        prev = entry_hash(*chain[-1])
        fields = {"net": net, "author": us.id, "epoch": b"\xaa" * 16, "seq": seq, "prev": prev, "kind": 3}
        seeds = [20 + i for i in range(readers)]
        slots = next(n for n in (2, 4, 8, 16) if n > readers)
        fields["body"] = seal(
            fields, [Person(seed).id for seed in seeds], kind, text.encode(), bytes([seq]) * 32,
            bytes([seq + 100]) * 32, [bytes([7]) * 48] * (slots - readers - 1),
        )  # fmt: skip
        whispers.append({**signed(*make_entry(us, fields)), "opened_by": [9] + seeds, "text": text})
    ack = {"acker": us.id, "author": Person(1).id, "epoch": bytes(16), "low": 2, "high": NUMBER_MAX,
           "head": b"\x05" * 32}  # fmt: skip
    ack["signature"] = us.sign(b"tertulia-ack-1", ack_bytes(net, ack))
    ack = {k: v.hex() if isinstance(v, bytes) else v for k, v in ack.items()}
    json.dump({"chain": [signed(*e) for e in chain], "whispers": whispers, "ack": ack}, sys.stdout, indent=1)
    print()
    return False


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "check":
        return check(sys.argv[2])
    if sys.argv[1:] == ["write"]:
        return write()
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(int(main()))
