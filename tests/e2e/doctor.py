"""Stories of the doctor: one thing is wrong at a time, on a network of the story's own, and it is
named; and where nothing is wrong, nothing is said to be."""
import json
import os
import socket
import subprocess
import sys
import time

from driver import LIMIT, Failed, all_linked, clean_environment, equal, note
from find import beaconed, dropped
from wires import laid

# Holds a port, of TCP or UDP, for itself alone.
HOLDER = """
import socket, sys
one = socket.socket(type=socket.SOCK_STREAM if sys.argv[1] == "tcp" else socket.SOCK_DGRAM)
one.bind(("0.0.0.0", int(sys.argv[2])))
if sys.argv[1] == "tcp": one.listen()
print("ready", flush=True)
sys.stdin.read()
"""


def asked(peer):
    """What /doctor says, by code."""
    return by_code(peer.ask("/doctor", "doctor"))


def by_code(answer):
    for word in answer["doctor"]:
        equal(word["do"] is None, word["verdict"] == "ok", f"what is to be done: {word}")
    words = {}
    for word in answer["doctor"]:
        words.setdefault(word["code"], []).append(word)
    return words


def wrong(words):
    return sorted(code for code, all_of in words.items()
                  if any(word["verdict"] == "wrong" for word in all_of))


def alone(peer, *words, folder="doctor"):
    """The program's own doctor, beside no node: its exit status and what it says, by code."""
    line = [*peer.inside, peer.program, "doctor", "--json", "--home",
            os.path.join(peer.meeting.folder, folder), *words]
    done = subprocess.run(line, capture_output=True, timeout=LIMIT, env=clean_environment(),
                          stdin=subprocess.DEVNULL)
    equal(done.stderr, b"")
    return done.returncode, by_code(json.loads(done.stdout))


def held(meeting, inside, kind, port):
    process = subprocess.Popen([*inside, sys.executable, "-c", HOLDER, kind, str(port)],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               env=clean_environment())
    meeting.at_end(lambda: process.communicate(timeout=LIMIT))
    equal(process.stdout.readline(), b"ready\n")
    return process


def inside(wires, number):
    return ["ip", "netns", "exec", wires.names[number]]


def two(meeting, wires):
    ana, bruno = (beaconed(wires, meeting, n, i) for i, n in enumerate(("ana", "bruno")))
    for peer in (ana, bruno):
        peer.host = "0.0.0.0"
        peer.port = 9999
    return ana, bruno


def where_all_is_well_the_doctor_says_so(meeting, _quick):
    wires, why = laid(meeting, 2)
    if why:
        return why
    ana, bruno = two(meeting, wires)
    status, words = alone(ana)
    equal((status, wrong(words)), (0, []))
    equal(words["port-free"][0]["text"], "TCP port 9999 is free.")
    if not any(w["text"].startswith("eth0, 10.99.0.1: ") for w in words["beacon"]):
        raise Failed(f"{words['beacon']}")
    ana.start()
    equal(ana.linked(), set(), "a doctor's beacon brings nobody")
    lonely = asked(ana)
    equal((wrong(lonely), lonely["nobody"][0]["verdict"]), ([], "advice"))
    bruno.start()
    all_linked([ana, bruno])
    bruno.say("so that the clocks are known")
    ana.expect(event="message", who="bruno")
    began = time.monotonic()
    words = asked(ana)
    note(f"/doctor answers in {time.monotonic() - began:.2f} s")
    equal(wrong(words), [])
    for code in ("network", "beacon", "port", "firewall-none", "vpn-none", "people", "version",
                 "clock-agrees", "disk", "history"):
        if code not in words:
            raise Failed(f"nothing of {code}: {sorted(words)}")
    heard = [int(w["text"].rsplit(" ", 1)[1].rstrip(".")) for w in words["beacon"]]
    if not any(heard):
        raise Failed(f"bruno's beacons are not counted: {words['beacon']}")
    status, words = alone(ana, folder="ana")
    equal((status, words["runs"][0]["verdict"]), (0, "ok"))
    if f"process {ana.process.pid}" not in words["port-taken"][0]["text"]:
        raise Failed(f"{words['port-taken']}")
    return None


def where_multicast_is_dropped_the_doctor_says_so(meeting, _quick):
    """And who met before meets again all the same, and a scan finds the others."""
    wires, why = laid(meeting, 3)
    if why:
        return why
    ana, bruno = two(meeting, wires)
    carla = beaconed(wires, meeting, "carla", 2)
    carla.port = 9990
    ana.start()
    bruno.start()
    all_linked([ana, bruno])
    ana.leave()
    bruno.leave()
    for number in range(3):
        why = dropped(wires, number, "meta", "pkttype", "{ multicast, broadcast }", "udp", "dport",
                      "9999")
        if why:
            return why
    bruno.start()
    carla.start()
    began = time.monotonic()
    ana.start(wait=False)
    ana.until_linked(bruno)
    took = time.monotonic() - began
    note(f"who is remembered is linked {took:.2f} s after the start")
    if took >= 3:
        raise Failed(f"a remembered address linked after {took:.2f} s")
    words = asked(ana)
    lost = words["beacon-lost"]
    equal({w["verdict"] for w in lost}, {"wrong"})
    if not any("eth0, 10.99.0.1: " in w["text"] and "multicast does not pass" in w["text"]
               and "UDP 9999" in w["do"] for w in lost):
        raise Failed(f"{lost}")
    status, words = alone(carla)
    equal((status, "beacon-lost" in words), (1, True))
    equal("carla" in ana.linked(), False)
    ana.say("/scan")
    ana.expect(event="scan", state="found", address="10.99.0.3:9990")
    ana.until_linked(carla)
    return None


def a_firewall_that_drops_is_named(meeting, _quick):
    wires, why = laid(meeting, 1)
    if why:
        return why
    ana = beaconed(wires, meeting, "ana", 0)
    why = dropped(wires, 0, "tcp", "dport", "1")
    if why:
        return why
    status, words = alone(ana)
    equal((status, words["firewall-rules"][0]["verdict"]), (0, "ok"))
    done = subprocess.run([*inside(wires, 0), "nft", "add", "chain", "inet", "t", "d",
                           "{ type filter hook input priority 1; policy drop; }"],
                          capture_output=True, env=clean_environment(), timeout=LIMIT)
    equal(done.returncode, 0, done.stderr)
    status, words = alone(ana)
    equal((status, words["firewall-drops"][0]["verdict"]), (1, "advice"))
    equal("beacon-lost" in words, True)
    return None


def who_holds_a_port_is_named(meeting, _quick):
    wires, why = laid(meeting, 1)
    if why:
        return why
    ana = beaconed(wires, meeting, "ana", 0)
    ana.host, ana.port = "0.0.0.0", 9999
    one = held(meeting, inside(wires, 0), "tcp", 9999)
    ana.start()
    words = asked(ana)
    (taken,) = words["port-taken"]
    equal((taken["verdict"], wrong(words)), ("advice", []))
    if f"process {one.pid}." not in taken["text"] or not taken["text"].startswith("TCP port 9999 "):
        raise Failed(f"{taken}, and it is {one.pid}")
    ours = ana.expect(event="ready")["listen"][0].rsplit(":", 1)[1]
    equal(words["port"][0]["text"], f"TCP port {ours} is ours.")
    ana.leave()
    other = held(meeting, inside(wires, 0), "udp", 9999)
    status, words = alone(ana)
    udp = [w for w in words["port-taken"] if w["text"].startswith("UDP port 9999 ")]
    equal((status, [w["verdict"] for w in udp]), (1, ["wrong"]))
    if f"process {other.pid}." not in udp[0]["text"]:
        raise Failed(f"{udp}, and it is {other.pid}")
    return None


def without_a_network_the_doctor_says_so(meeting, _quick):
    wires, why = laid(meeting, 1)
    if why:
        return why
    ana = beaconed(wires, meeting, "ana", 0)
    ana.host = "0.0.0.0"
    ana.start()
    equal(wrong(asked(ana)), [])
    wires.unplug(0)
    since = time.monotonic()
    while "no-network" not in wrong(asked(ana)):
        if time.monotonic() - since > LIMIT:
            raise Failed("the doctor does not see that the cable is out")
        time.sleep(1)  # the doctor's own beacon, at most one a second
    status, words = alone(ana)
    equal((status, wrong(words)), (1, ["no-network"]))
    return None


def a_vpn_is_suspected(meeting, _quick):
    wires, why = laid(meeting, 1)
    if why:
        return why
    ana = beaconed(wires, meeting, "ana", 0)
    name = wires.names[0]
    try:
        wires.must("-n", name, "tuntap", "add", "dev", "tun7", "mode", "tun")
    except OSError as problem:
        return f"no tunnel can be made here: {problem}"
    wires.must("-n", name, "addr", "add", "10.66.0.2/24", "dev", "tun7")
    wires.must("-n", name, "link", "set", "tun7", "up")
    wires.must("-n", name, "route", "add", "default", "via", "10.99.0.254")
    equal("vpn" in alone(ana)[1], False)
    wires.must("-n", name, "route", "add", "128.0.0.0/1", "dev", "tun7")
    status, words = alone(ana)
    equal((status, words["vpn"][0]["verdict"]), (0, "advice"))
    equal("tun7" in words["vpn"][0]["text"], True)
    return None


def a_wrong_clock_is_named(meeting, _quick):
    """Those of two guests of the dated dialect, which carries the time; one of them alone is advice,
    both together are right."""
    ana = meeting.peer("ana").start()
    for number, wanted in ((1, "clock-of"), (2, "clock")):
        with socket.create_connection(("127.0.0.1", ana.port), timeout=LIMIT,
                                      source_address=(f"127.0.0.{10 + number}", 0)) as guest:
            then = time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time.time() - 7200))
            guest.sendall(f"{then}: hola {number}".encode())
            ana.expect(event="message", text=f"hola {number}")
            guest.recv(1024)
        words = asked(ana)
        if wanted not in words or "2 h 0 min" not in words[wanted][0]["text"]:
            raise Failed(f"{[w for all_of in words.values() for w in all_of if w['area'] == 'clock']}")
        equal(words[wanted][0]["verdict"], "advice" if number == 1 else "wrong")


def a_disk_without_room_is_named(meeting, _quick):
    if os.geteuid() != 0 or sys.platform != "linux":
        return "only root can mount a small disk"
    ana = meeting.peer("ana")
    ana.inside = ["unshare", "-m", "sh", "-c", 'mount -t tmpfs -o size="$0",mode=700 t "$1" && shift '
                  '&& exec "$@"']
    for size, verdict, status in (("1m", "wrong", 1), ("64m", "advice", 0), ("400m", "ok", 0)):
        folder = os.path.join(meeting.folder, "doctor")
        os.makedirs(folder, exist_ok=True)
        keep, ana.inside = ana.inside, [*ana.inside, size, folder]
        code, words = alone(ana, "--listen", ana.address, "--no-beacon")
        ana.inside = keep
        disk = [w for all_of in words.values() for w in all_of if w["area"] == "disk"]
        equal((code if "no-network" not in words else status, disk[0]["verdict"]), (status, verdict))
    script = 'mount -t tmpfs -o ro,mode=700 t "$HOME" && exec "$@"'
    done = subprocess.run(["unshare", "-m", "sh", "-c", script, "sh", ana.program, "doctor", "--json",
                           "--no-beacon"], capture_output=True, timeout=LIMIT,
                          env=clean_environment(HOME=folder), stdin=subprocess.DEVNULL)
    disk = [w for w in json.loads(done.stdout)["doctor"] if w["area"] == "disk"]
    equal((done.returncode, [w["verdict"] for w in disk]), (1, ["wrong"]))
    return None


STORIES = [
    where_all_is_well_the_doctor_says_so,
    where_multicast_is_dropped_the_doctor_says_so,
    a_firewall_that_drops_is_named,
    who_holds_a_port_is_named,
    without_a_network_the_doctor_says_so,
    a_vpn_is_suspected,
    a_wrong_clock_is_named,
    a_disk_without_room_is_named,
]
