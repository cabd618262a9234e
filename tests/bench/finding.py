"""Finding people: a scan beside nmap, that misses nobody; and how soon a beacon is seen. As root.

A /24 on 16 ports, ten of them open: on loopback, where closed ports answer at once; behind a wire,
where 244 of the 256 hosts are silent; and there with one packet in twenty lost each way (that needs
nft). All in namespaces of its own. Each program is measured from its exec to its last word.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import rig
from rig import Row

HOSTS = (7, 31, 58, 83, 101, 127, 150, 188, 211, 249)
LIMIT = 120
OPEN = {host: 9990 + i * 5 % 16 for i, host in enumerate(HOSTS)}

# They say at once who they are, as a neighbour does.
LISTENERS = """
import select, socket, sys
doors, links = [], []
for word in sys.argv[1:]:
    host, port = word.split(":")
    door = socket.socket()
    door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    door.bind((host, int(port)))
    door.listen(64)
    doors.append(door)
print("ready", flush=True)
while True:
    for one in select.select([sys.stdin, *doors, *links], [], [])[0]:
        if one is sys.stdin:
            sys.exit(0)
        try:
            if one in doors:
                link = one.accept()[0]
                links.append(link)
                link.send(b"Vecino 1")
            elif not one.recv(4096):
                raise OSError
        except OSError:
            if one in links:
                links.remove(one)
                one.close()
"""


def run(*words, must=True):
    done = subprocess.run(words, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    if must and done.returncode != 0:
        raise OSError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.returncode == 0


class Wire:
    """Two namespaces and a wire between; behind it a subnet of which ten hosts are there."""

    def __init__(self):
        self.near, self.far = (f"tb{os.getpid() % 100000}{end}" for end in "ab")

    def __enter__(self):
        for name in (self.near, self.far):
            run("ip", "netns", "add", name)
            run("ip", "-n", name, "link", "set", "lo", "up")
        run("ip", "-n", self.near, "link", "add", "eth0", "type", "veth", "peer", "name", "eth0",
            "netns", self.far)
        for name, address in ((self.near, "10.97.0.1/30"), (self.far, "10.97.0.2/30")):
            run("ip", "-n", name, "addr", "add", address, "dev", "eth0")
            run("ip", "-n", name, "link", "set", "eth0", "up")
        run("ip", "-n", self.near, "route", "add", "10.97.1.0/24", "via", "10.97.0.2")
        run("ip", "netns", "exec", self.far, "sysctl", "-qw", "net.ipv4.ip_forward=1")
        run("ip", "-n", self.far, "route", "add", "blackhole", "10.97.1.0/24")
        for host in HOSTS:
            run("ip", "-n", self.far, "addr", "add", f"10.97.1.{host}/32", "dev", "lo")
        return self

    def __exit__(self, *_):
        for name in (self.near, self.far):
            run("ip", "netns", "del", name, must=False)

    def lose(self):
        """One packet of TCP in twenty, each way. False: it cannot be done here."""
        if not shutil.which("nft"):
            return False
        rule = ("meta l4proto tcp numgen random mod 100 < 5 drop").split()
        return all(run("ip", "netns", "exec", name, "nft", *words, must=False)
                   for name in (self.near, self.far)
                   for words in (["add", "table", "inet", "t"],
                                 ["add", "chain", "inet", "t", "c",
                                  "{ type filter hook input priority 0; }"],
                                 ["add", "rule", "inet", "t", "c", *rule]))


def inside(name):
    return ["ip", "netns", "exec", name]


def tertuliad(program, where, net):
    """From its exec to the end of its scan; the finds; and its CPU."""
    with tempfile.TemporaryDirectory() as home:
        began = time.monotonic()
        process = subprocess.Popen(
            [*inside(where), program, "--home", home, "--no-beacon", "--listen",
             "127.0.0.1:9989", "--exit-on-eof", "--scan", f"{net}.0/24:9990-10005"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        found, took = 0, None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] != "scan":
                continue
            found += event["state"] == "found"
            if event["state"] == "done":
                took = time.monotonic()
                process.stdin.close()
        process.wait(LIMIT)
        return {"s": took - began, "found": found}


def nmap(words, where, net):
    began = time.monotonic()
    done = subprocess.run([*inside(where), "nmap", "-n", "-Pn", "-sT", "--unprivileged", *words,
                           "-p", "9990-10005", "--open", "-oG", "-", f"{net}.0/24"],
                          capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=LIMIT)
    return {"s": time.monotonic() - began, "found": len(re.findall(r"\d+/open/tcp", done.stdout))}


TUNED = ("-T5", "--max-retries", "0", "--min-rate", "5000")


def case(program, runs, where, listen, net, peers):
    """Every program in turn, so that what else the machine does meets all of them."""
    words = [f"{net}.{host}:{port}" for host, port in OPEN.items()]
    listeners = subprocess.Popen([*inside(listen), sys.executable, "-c", LISTENERS, *words],
                                 stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    rows = {}
    try:
        listeners.stdout.readline()
        for _ in range(runs):
            rows.setdefault("tertulia", []).append(tertuliad(program, where, net))
            for name, flags in peers.items():
                rows.setdefault(name, []).append(nmap(flags, where, net))
    finally:
        listeners.stdin.close()
        listeners.wait(LIMIT)
    return rows


def row_of(results, what, targets, note=""):
    """A row of seconds, and one of how often all ten were found."""
    rows = [Row("finding", f"{what}, exec to the last word{', again' * place}", "s", target, note)
            for place, target in enumerate(targets)]
    found = Row("finding", f"{what}: runs that found all ten", "% of runs",
                ("all", None, 100, "least"))
    for who, rounds in results.items():
        for one in rounds:
            for row in rows:
                row.add(who, one["s"])
        found.add(who, 100 * sum(one["found"] == 10 for one in rounds) / len(rounds))
    return [*rows, found]


def seen(program, rounds):
    """From the second one's exec until both know of each other, by beacons alone."""
    row = Row("finding", "second start → each knows of the other, by beacon", "s",
              ("≤ 2 s", None, 2, "most"))
    with Wire() as wire:
        for _ in range(rounds):
            with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
                one = beaconing(program, wire.near, first, "9990")
                wait_for(one, '"ready"')
                time.sleep(3)  # past the burst of its own start
                began = time.monotonic()
                other = beaconing(program, wire.far, second, "9991")
                for process in (other, one):
                    wait_for(process, '"state":"up"')
                row.add("tertulia", time.monotonic() - began)
                for process in (one, other):
                    process.terminate()
                    process.communicate()
    return row


def beaconing(program, where, home, port):
    return subprocess.Popen([*inside(where), program, "--home", home, "--listen", f"0.0.0.0:{port}"],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def wait_for(process, words):
    for line in process.stdout:
        if words in line:
            return
    raise rig.Failed(f"{words} never came")


def scans(run):
    """Nothing where that cannot be: namespaces are for root."""
    if os.geteuid() != 0 or not shutil.which("ip"):
        run.say("no namespaces here: finding people is not measured")
        return
    program, rounds = run.program("tertuliad"), run.rounds if run.quick else 20
    both = {"nmap -T5": ("-T5",), "nmap by hand": TUNED} if shutil.which("nmap") else {}
    quick = {name: flags for name, flags in both.items() if name == "nmap -T5"}
    with Wire() as wire:
        yield from row_of(case(program, rounds, wire.near, wire.near, "127.0.1", quick),
                          "a /24 on 16 ports, closed ones answer",
                          [("≤ 0.75 × nmap -T5", "nmap -T5", 0.75, "most")],
                          "tertulia's start is in it, and naming whom it found")
        # nmap -T5 takes ten seconds for each
        results = case(program, run.rounds, wire.near, wire.far, "10.97.1", both)
        yield from row_of(results, "a /24 on 16 ports, 244 hosts silent",
                          [("≤ 0.1 × nmap -T5", "nmap -T5", 0.1, "most"),
                           ("≤ 1.25 × nmap by hand", "nmap by hand", 1.25, "most")],
                          "by hand: --max-retries 0 --min-rate 5000")
        if wire.lose():
            results = case(program, rounds, wire.near, wire.far, "10.97.1", {})
            yield from row_of(results, "the same with 5 % of packets lost each way", [None])
    yield seen(program, run.rounds)


PARTS = (scans,)
