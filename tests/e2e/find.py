"""Stories of people who find each other: by beacons and by scans. Beacons are only ever sent inside
namespaces that the story makes itself; scans go there or to loopback."""
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import time

from driver import LIMIT, Failed, Peer, all_linked, clean_environment, equal, is_root, note
from wires import laid

# The driver starts everybody with --no-beacon; who runs this goes without.
WITH_BEACON = [sys.executable, "-c", "import os, sys; line = [w for w in sys.argv[1:] if w != "
               "'--no-beacon']; os.execvp(line[0], line)"]
FEW_FILES = [sys.executable, "-c", "import os, resource, sys; "
             "resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64)); "
             "os.execvp(sys.argv[1], sys.argv[1:])"]
HOSTS = (7, 31, 58, 83, 101, 127, 150, 188, 211, 249)

# Listens where it is told: HOST:PORT:KIND. What it hears comes back as lines of JSON.
STRANGERS = """
import json, select, socket, sys, time
doors, links = {}, {}
for word in sys.argv[1:]:
    host, port, kind = word.split(":")
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind((host, int(port)))
    door.listen(64)
    doors[door] = (f"{host}:{port}", kind)
print("ready", flush=True)
GREETS = {"ssh": b"SSH-2.0-OpenSSH_9.2p1\\r\\n", "smtp": b"220 mail.lan ESMTP\\r\\n",
          "neighbour": b"Vecino 1", "garbage": bytes(range(128, 256)) * 32}
ANSWERS = {"http": b"HTTP/1.0 400 Bad request\\r\\n\\r\\n"}
turned = time.monotonic()
while True:
    hoses = [l for l, (_, kind) in links.items() if kind == "garbage"]
    readable, writable, _ = select.select([sys.stdin, *doors, *links], hoses, [], 0.05)
    late = time.monotonic() - turned > 0.2  # this machine let us wait: who called had to speak
    turned = time.monotonic()
    for one in readable:
        if one is sys.stdin:
            sys.exit(0)
        if one in doors:
            link, _ = one.accept()
            link.setblocking(False)
            links[link] = doors[one] if not late or doors[one][1] not in GREETS else \
                (doors[one][0], "late")
            try:
                link.send(GREETS.get(doors[one][1], b""))
            except OSError:
                pass
            continue
        where, kind = links[one]
        try:
            data = one.recv(4096)
        except OSError:
            data = b""
        if not data:
            del links[one]
            one.close()
            continue
        if kind == "late":
            continue
        print(json.dumps({"where": where, "heard": data.decode("latin-1")}), flush=True)
        try:
            if kind == "named" and data == b"--name":
                one.send(b"Criss")
            elif kind in ANSWERS:
                one.send(ANSWERS[kind])
        except OSError:
            pass
    for one in writable:
        try:
            if one in links:
                one.send(GREETS["garbage"])
        except OSError:
            pass
"""


class Strangers:
    """Listeners in a process of their own, in a namespace or not."""

    def __init__(self, meeting, where, inside=()):
        self.process = subprocess.Popen([*inside, sys.executable, "-c", STRANGERS, *where],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=clean_environment())
        meeting.at_end(self.end)
        equal(self.process.stdout.readline(), b"ready\n")

    def end(self):
        """What they heard: pairs of address and text."""
        if not self.process:
            return []
        out, _ = self.process.communicate(timeout=LIMIT)
        self.process = None
        heard = [json.loads(line) for line in out.splitlines()]
        return [(h["where"], h["heard"]) for h in heard]


def beaconed(wires, meeting, name, number):
    peer = wires.peer(meeting, name, number)
    peer.inside = [*peer.inside, *WITH_BEACON]
    return peer


def scanned(peer, line, limit=LIMIT):
    """The finds of a scan by address, and its last word."""
    since = peer.now()
    peer.say(line)
    last = peer.expect(event="scan", state=lambda s: s in ("done", "stopped"), since=since,
                       limit=limit)
    finds = peer.all(event="scan", state="found", since=since)
    equal(len({f["address"] for f in finds}), len(finds), "each is told once")
    return {f["address"]: f for f in finds}, last


def linked_at(peer, other):
    """When it said that it has a link to the other: seconds, by its own clock."""
    event = peer.expect(event="peer", name=other.name, presence="linked")
    clock = event["at"].rstrip("Z").split("T")[1].split(":")
    return int(clock[0]) * 3600 + int(clock[1]) * 60 + float(clock[2]), event


def two_on_a_wire_see_each_other(meeting, quick):
    """Both start knowing nothing; the second one is measured from its exec."""
    wires, why = laid(meeting, 2)
    if why:
        return why
    took = []
    for turn in range(1 if quick else 5):
        ana, bruno = (beaconed(wires, meeting, f"{n}{turn}", i)
                      for i, n in enumerate(("ana", "bruno")))
        ana.start()
        ana.say("alone")
        ana.expect(event="message", text="alone")
        began = time.monotonic()
        bruno.start(wait=False)
        bruno.until_linked(ana)
        ana.until_linked(bruno)
        took.append(time.monotonic() - began)
        found = [linked_at(a, b)[1]["found"] for a, b in ((ana, bruno), (bruno, ana))]
        if "beacon" not in found:
            raise Failed(f"found by {found}")
        ana.leave()
        bruno.leave()
    note("both see the other after " + ", ".join(f"{t:.2f}" for t in took) + " s")
    return None


def twenty_on_a_wire_all_see_all(meeting, quick):
    count = 8 if quick else 20
    wires, why = laid(meeting, count)
    if why:
        return why
    peers = [beaconed(wires, meeting, f"p{i:02}", i) for i in range(count)]
    began = time.monotonic()
    for peer in peers:
        peer.start(wait=False)
    started = time.monotonic() - began
    for peer in peers:
        for other in peers:
            if other is not peer:
                peer.expect(event="peer", name=other.name, presence=lambda p: p != "gone")
    note(f"{count} started within {started:.2f} s; all knew all after "
         f"{time.monotonic() - began - started:.2f} s more")
    return None


def by_link_local_addresses_alone(meeting, _quick):
    """A network where nobody gives out addresses."""
    wires, why = laid(meeting, 2)
    if why:
        return why
    ana, bruno = (beaconed(wires, meeting, n, i) for i, n in enumerate(("ana", "bruno")))
    for number, peer in enumerate((ana, bruno)):
        wires.must("-n", wires.names[number], "addr", "flush", "dev", "eth0", "scope", "global")
        peer.host = "[::]"
        peer.start()
    all_linked([ana, bruno])
    addresses = {p["address"] for p in ana.ask("/peers", "peers")["peers"] if not p["self"]}
    if not all(a.startswith("[fe80:") and "%eth0]" in a for a in addresses):
        raise Failed(f"linked over {addresses}")
    return None


def several_users_of_one_machine(meeting, _quick):
    """On a wire, and on a machine that has nothing but loopback."""
    wires, why = laid(meeting, 2)
    if why:
        return why
    wires.must("-n", wires.names[1], "link", "set", "eth0", "down")
    for number, names in enumerate((("ana", "bruno", "carla"), ("dani", "eva"))):
        peers = [beaconed(wires, meeting, name, number) for name in names]
        for peer in peers:
            peer.host = "0.0.0.0"
            peer.start()
        all_linked(peers)
    return None


def a_cable_plugged_in_later(meeting, _quick):
    """No poll would notice it so soon: the interfaces tell that they changed."""
    wires, why = laid(meeting, 2)
    if why:
        return why
    wires.unplug(1)
    ana, bruno = (beaconed(wires, meeting, n, i) for i, n in enumerate(("ana", "bruno")))
    ana.start()
    bruno.start()
    since = (ana.now(), bruno.now())
    equal((ana.linked(), bruno.linked()), (set(), set()))
    began = time.monotonic()
    wires.unplug(1, out=False)
    ana.expect(event="peer", name="bruno", presence="linked", since=since[0])
    bruno.expect(event="peer", name="ana", presence="linked", since=since[1])
    note(f"linked {time.monotonic() - began:.2f} s after the cable was in")
    return None


def heard_after(speaker, hearer, text, began):
    """Seconds until a word said now is there, and how long since `began` it took in all."""
    since = hearer.now()
    speaker.say(text)
    hearer.expect(event="message", text=text, since=since)
    return time.monotonic() - began


def where_the_address_is_another_talk_goes_on(meeting, quick):
    """Flush and add, at once and after a while; then interface down and up, cable out and in. Every
    time both hear each other again within 5 s, though a dead link would last 45 s."""
    wires, why = laid(meeting, 2)
    if why:
        return why
    ana, bruno = (beaconed(wires, meeting, n, i) for i, n in enumerate(("ana", "bruno")))
    ana.host = "0.0.0.0"
    bruno.start()
    ana.start(connect=[bruno])
    all_linked([ana, bruno])
    name, took = wires.names[0], []

    def addressed(last):
        wires.must("-n", name, "addr", "add", f"10.99.0.{last}/24", "dev", "eth0")

    def flush():
        wires.must("-n", name, "addr", "flush", "dev", "eth0")

    def measure(what, number):
        began = time.monotonic()
        there = heard_after(ana, bruno, f"{what} {number}", began)
        back = heard_after(bruno, ana, f"after {what} {number}", began)
        took.append((what, max(there, back)))

    for number in range(1 if quick else 3):
        flush()
        addressed(50 + number)
        measure("flush and add at once", number)
        flush()
        time.sleep(3)  # a machine that waits for an answer of its DHCP server
        addressed(60 + number)
        measure("flush, 3 s, add", number)
        wires.must("-n", name, "link", "set", "eth0", "down")
        time.sleep(4)  # beyond the moment of grace
        wires.must("-n", name, "link", "set", "eth0", "up")
        measure("interface down for 4 s", number)
        for seconds in (1, 14):
            since = ana.now()
            wires.unplug(0)
            if seconds > 4:  # nobody is there any more, and that is told long before 45 s
                ana.expect(event="peer", name="bruno", presence=lambda p: p != "linked",
                           since=since, limit=10)
            time.sleep(seconds)
            wires.unplug(0, out=False)
            measure(f"cable out for {seconds} s", number)
    note("; ".join(f"{what}: {seconds:.2f} s" for what, seconds in took))
    late = [what for what, seconds in took if seconds >= (8 if quick else 5)]
    equal(late, [], "within 5 s")
    equal(bruno.texts(), [t for t in ana.texts()], "nothing twice, nothing lost")
    return None


def two_wires_to_one_person_are_one_row(meeting, _quick):
    wires, why = laid(meeting, 2)
    if why:
        return why
    wires.must("-n", wires.names[0], "link", "add", "eth1", "type", "veth", "peer", "name", "eth1",
               "netns", wires.names[1])
    for number, name in enumerate(wires.names):
        wires.must("-n", name, "addr", "add", f"10.98.0.{number + 1}/24", "dev", "eth1")
        wires.must("-n", name, "link", "set", "eth1", "up")
    ana, bruno = (beaconed(wires, meeting, n, i) for i, n in enumerate(("ana", "bruno")))
    for peer in (ana, bruno):
        peer.host = "0.0.0.0"
        peer.start()
    all_linked([ana, bruno])
    time.sleep(4)  # for the whole burst of both, on both wires
    for peer, other in ((ana, bruno), (bruno, ana)):
        rows = [p for p in peer.ask("/peers", "peers")["peers"] if not p["self"]]
        equal([(p["name"], p["id"]) for p in rows], [("bruno" if peer is ana else "ana", other.id)])
    first = next(p for p in ana.ask("/peers", "peers")["peers"] if not p["self"])["address"]
    wire = "eth1" if first.startswith(("10.98.", "[fe80")) and "eth0" not in first else "eth0"
    ana.expect(event="peer", name="bruno", presence="linked")
    since = ana.now()
    wires.must("-n", wires.names[0], "link", "set", wire, "down")
    ana.expect(event="peer", name="bruno", presence=lambda p: p != "linked", since=since)
    began = time.monotonic()
    ana.expect(event="peer", name="bruno", presence="linked", since=since)
    note(f"from {first} to the other wire in {time.monotonic() - began:.2f} s")
    ana.say("by the other wire")
    bruno.expect(event="message", text="by the other wire")
    return None


class Ear:
    """All frames that leave a machine by its wire, seen from the bridge's end."""

    def __init__(self, wires, number):
        code = ("import socket, sys, time\n"
                "s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))\n"
                f"s.bind(('port{number}', 0))\n"
                "print('ready', flush=True)\n"
                "while True:\n"
                "    data, where = s.recvfrom(65535)\n"
                "    if where[2] != 4: print(data.hex(), flush=True)\n")
        self.process = subprocess.Popen(["ip", "netns", "exec", wires.bridge, sys.executable, "-c",
                                         code], stdout=subprocess.PIPE, env=clean_environment())
        equal(self.process.stdout.readline(), b"ready\n")

    def end(self):
        self.process.kill()
        out, _ = self.process.communicate(timeout=LIMIT)
        return [bytes.fromhex(line.decode()) for line in out.splitlines() if len(line) % 2 == 0]


def is_beacon(frame):
    """UDP to port 9999, over IPv4 or IPv6; and that it cannot pass a router."""
    if len(frame) > 42 and frame[12:14] == b"\x08\x00" and frame[23] == 17:
        ip, at = frame[14:], 14 + (frame[14] & 15) * 4
        hops = ip[8]
    elif len(frame) > 62 and frame[12:14] == b"\x86\xdd" and frame[20] == 17:
        at, hops = 54, frame[21]
    else:
        return False
    if struct.unpack(">H", frame[at + 2:at + 4])[0] != 9999:
        return False
    equal(hops, 1, "a beacon stays on its wire")
    if b"ana" in frame:
        raise Failed("a beacon tells a name")
    return True


def beacons_are_few_at_rest_and_none_when_unwanted(meeting, quick):
    seconds = 35 if quick else 125
    wires, why = laid(meeting, 2)
    if why:
        return why
    ana, bruno = beaconed(wires, meeting, "ana", 0), wires.peer(meeting, "bruno", 1)
    ears = [Ear(wires, number) for number in (0, 1)]
    ana.start()
    bruno.start()
    time.sleep(5)  # the burst at the start, which is not rest
    burst = [frame for frame in ears[0].end() if is_beacon(frame)]
    if not 3 <= len(burst) <= 12:
        raise Failed(f"{len(burst)} beacons in the first seconds")
    ears[0] = Ear(wires, 0)
    time.sleep(seconds)  # the measuring itself
    frames = [[f for f in ear.end() if is_beacon(f)] for ear in ears]
    size = sum(len(frame) for frame in frames[0])
    note(f"{len(burst)} beacons at the start; at rest {len(frames[0])} in {seconds} s, "
         f"{size / seconds:.1f} bytes a second")
    if not frames[0] or size / seconds >= 100:
        raise Failed("beacons at rest are under 100 bytes a second, and not none")
    equal(frames[1], [], "who was told to send none")
    equal((ana.linked(), bruno.linked()), (set(), set()))
    return None


def dropped(wires, number, *rule):
    """Why there is no such rule, or None."""
    if not shutil.which("nft"):
        return "there is no nft"
    for words in (["add", "table", "inet", "t"],
                  ["add", "chain", "inet", "t", "c", "{ type filter hook input priority 0; }"],
                  ["add", "rule", "inet", "t", "c", *rule, "drop"]):
        done = subprocess.run(["ip", "netns", "exec", wires.names[number], "nft", *words],
                              capture_output=True, env=clean_environment(), timeout=LIMIT)
        if done.returncode != 0:
            return f"nft cannot do it here: {done.stderr.decode().splitlines()[0]}"
    return None


def where_beacons_are_lost_a_scan_finds(meeting, _quick):
    wires, why = laid(meeting, 3)
    if why:
        return why
    for number in range(3):
        why = dropped(wires, number, "udp", "dport", "9999")
        if why:
            return why
    ana, bruno, carla = (beaconed(wires, meeting, n, i)
                         for i, n in enumerate(("ana", "bruno", "carla")))
    for number, peer in enumerate((ana, bruno, carla)):
        peer.port = 9990 + 3 * number
        peer.start()
    equal((ana.linked(), bruno.linked()), (set(), set()))
    began = time.monotonic()
    finds, last = scanned(ana, "/scan")
    note(f"{last['tried']} endpoints in {time.monotonic() - began:.2f} s")
    equal({a: (f["dialect"], f["id"], f["new"]) for a, f in finds.items()},
          {p.address: ("native", p.id, True) for p in (bruno, carla)})
    equal((last["state"], last["total"], last["found"]), ("done", 254 * 18, 2))
    all_linked([ana, bruno, carla])
    equal({p["name"]: p["found"] for p in ana.ask("/peers", "peers")["peers"] if not p["self"]},
          {"bruno": "scan", "carla": "scan"})
    bruno.leave()
    again, last = scanned(ana, "/scan")
    equal({a: (f["name"], f["new"]) for a, f in again.items()}, {carla.address: ("carla", False)})
    equal(last["gone"], [bruno.address])
    return None


def lost_packets_hide_nobody(meeting, quick):
    """One in twenty, both ways; ten machines' addresses, one open port each."""
    wires, why = laid(meeting, 2)
    if why:
        return why
    for host in HOSTS:
        wires.must("-n", wires.names[1], "addr", "add", f"10.99.7.{host}/32", "dev", "lo")
    wires.must("-n", wires.names[1], "route", "add", "blackhole", "10.99.7.0/24")
    wires.must("-n", wires.names[0], "route", "add", "10.99.7.0/24", "via", "10.99.0.2")
    for number in (0, 1):
        why = dropped(wires, number, "meta", "l4proto", "tcp", "numgen", "random", "mod", "100",
                      "<", "5")
        if why:
            return why
    subprocess.run(["ip", "netns", "exec", wires.names[1], "sysctl", "-qw",
                    "net.ipv4.ip_forward=1"], check=True, env=clean_environment())
    where = [f"10.99.7.{host}:{9990 + i * 5 % 16}" for i, host in enumerate(HOSTS)]
    Strangers(meeting, [f"{w}:silent" for w in where],
              ["ip", "netns", "exec", wires.names[1]])
    ana = wires.peer(meeting, "ana", 0)
    ana.start()
    took = []
    for _ in range(3 if quick else 20):
        began = time.monotonic()
        finds, last = scanned(ana, "/scan 10.99.7.0/24:9990-10005")
        took.append(time.monotonic() - began)
        equal(sorted(finds), sorted(where), "found")
        equal((last["tried"], last["total"]), (4096, 4096))
    note(f"{len(took)} scans, all ten each time, {min(took):.2f} to {max(took):.2f} s with names")
    return None


def strangers_get_the_right_verdict(meeting, _quick):
    kinds = ["silent"] * 10 + ["garbage", "ssh", "smtp", "http", "named", "neighbour"]
    where = {f"127.9.1.{10 + i}:{9990 + i}": kind for i, kind in enumerate(kinds)}
    where |= {"127.9.1.50:5555": "silent", "127.9.1.51:5000": "silent", "127.9.1.52:7777": "silent"}
    strangers = Strangers(meeting, [f"{w}:{kind}" for w, kind in where.items()])
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno", host="127.9.1.90")
    bruno.port = 9999
    bruno.start()
    ana.start()
    finds, last = scanned(ana, "/scan 127.9.1.0/25:9990-10005,5555,5000,7777")
    wanted = {w: ("named", None) for w, kind in where.items() if kind == "silent"}
    wanted |= {"127.9.1.50:5555": ("dated", None), "127.9.1.51:5000": ("join", None),
               "127.9.1.52:7777": ("piped", None), bruno.address: ("native", bruno.id)}
    for w, kind in where.items():
        if kind in ("named", "neighbour"):
            wanted[w] = (kind, None)
    equal({a: (f["dialect"], f["id"]) for a, f in finds.items()}, wanted)
    equal(last["found"], len(wanted))
    criss = next(w for w, kind in where.items() if kind == "named")
    equal(finds[criss]["name"], "Criss")
    ana.until_linked(bruno)
    heard = strangers.end()
    for address, text in heard:
        if where[address] in ("ssh", "smtp", "neighbour", "garbage") or \
                address in ("127.9.1.50:5555", "127.9.1.51:5000"):
            raise Failed(f"{where[address]} at {address} was told {text!r}")
        if not text.startswith("\x16\x03") and text != "--name":
            raise Failed(f"{address} was told {text!r}")
    return None


def with_few_open_files_a_scan_is_whole(meeting, _quick):
    where = [f"127.9.2.{host}:{9990 + i * 5 % 16}" for i, host in enumerate(HOSTS)]
    Strangers(meeting, [f"{w}:named" for w in where])
    ana = meeting.peer("ana", inside=FEW_FILES).start()
    began = time.monotonic()
    finds, _ = scanned(ana, "/scan 127.9.2.0/24:9990-10005", limit=2 * LIMIT)
    note(f"with 64 open files: {time.monotonic() - began:.2f} s")
    equal({a: f["name"] for a, f in finds.items()}, {w: "Criss" for w in where})
    equal(ana.all(event="error"), [])
    ana.say("still here")
    ana.expect(event="message", text="still here")


def a_scan_stops_and_says_no(meeting, _quick):
    ana = meeting.peer("ana").start()

    def said(line, **wanted):
        since = ana.now()
        ana.say(line)
        return ana.expect(since=since, command=line, **wanted)

    said("/scan 10.0.0.300", event="error", code="bad-range")
    said("/scan 8.8.8.8", event="error", code="range-far")
    said("/scan 10.0.0.0/8", event="error", code="range-too-large")
    said("/scan stop", event="error", code="no-scan")
    large = "/scan 127.9.0.0/16:9990-10005"
    said(large, event="notice", code="scan-confirm")
    equal(ana.all(event="scan"), [])
    since = ana.now()
    ana.say(large)
    ana.expect(event="scan", state="started", total=1048576, since=since)
    ana.say("while it goes on")
    ana.expect(event="message", text="while it goes on", since=since)
    ana.expect(event="scan", state="progress", tried=lambda n: 0 < n < 1048576, since=since)
    note(f"{ana.status('VmRSS')} KiB with a million endpoints")
    said("/scan 127.0.0.1", event="error", code="scan-runs")
    ana.say("/scan stop")
    last = ana.expect(event="scan", state="stopped", since=since)
    if not 0 < last["tried"] < last["total"]:
        raise Failed(f"stopped at {last['tried']} of {last['total']}")
    finds, last = scanned(ana, f"/scan 127.9.3.1:9990-10005 {ana.address}")
    equal((finds, last["state"], last["total"]), ({}, "done", 16 + 1), "and not ourselves")
    finds, last = scanned(ana, "/scan localhost:9990 surely-nobody.invalid:9990")
    ana.expect(event="notice", code="scan-no-name")
    equal(last["state"], "done")


def a_scan_on_the_command_line(meeting, _quick):
    bruno = meeting.peer("bruno", host="127.9.4.2")
    bruno.port = 9991
    bruno.start()
    ana = meeting.peer("ana", host="127.9.4.1").start("--scan", "127.9.4.0/29:9990-9999")
    found = ana.expect(event="scan", state="found")
    equal((found["address"], found["id"], found["command"]), (bruno.address, bruno.id, None))
    all_linked([ana, bruno])


STORIES = [
    two_on_a_wire_see_each_other,
    twenty_on_a_wire_all_see_all,
    by_link_local_addresses_alone,
    several_users_of_one_machine,
    a_cable_plugged_in_later,
    where_the_address_is_another_talk_goes_on,
    two_wires_to_one_person_are_one_row,
    where_beacons_are_lost_a_scan_finds,
    lost_packets_hide_nobody,
    strangers_get_the_right_verdict,
    with_few_open_files_a_scan_is_whole,
    a_scan_stops_and_says_no,
    a_scan_on_the_command_line,
    beacons_are_few_at_rest_and_none_when_unwanted,
]
