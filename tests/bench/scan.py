#!/usr/bin/env python3
"""How fast a scan is, and that it misses nobody: tests/bench/scan.py [--runs N] BUILDDIR. As root.

A /24 on 16 ports, ten of them open, side by side with nmap where that is installed: on loopback,
where closed ports answer at once; behind a wire, where 244 of the 256 hosts are silent; and there
with one packet in twenty lost each way (that needs nft). All in namespaces of its own. Each program
is measured from its exec to its last word. One line of JSON: medians in seconds, the spread, and
how many runs found all ten.
"""
import argparse
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

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
        found, took, started = 0, None, None
        for line in process.stdout:
            event = json.loads(line)
            if event["event"] != "scan":
                continue
            if event["state"] == "started":
                started = time.monotonic()
            found += event["state"] == "found"
            if event["state"] == "done":
                took = time.monotonic()
                process.stdin.close()
        process.wait(LIMIT)
        return {"s": took - began, "scan_s": took - started, "found": found}


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
    return {name: summary(results) for name, results in rows.items()}


def summary(results):
    whole = sorted(r["s"] for r in results)
    made = {"median_s": round(statistics.median(whole), 3),
            "spread_s": [round(whole[0], 3), round(whole[-1], 3)],
            "all_ten": f"{sum(r['found'] == 10 for r in results)}/{len(results)}"}
    if "scan_s" in results[0]:
        made["scan_alone_s"] = round(statistics.median(r["scan_s"] for r in results), 3)
    return made


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("build")
    words = parser.parse_args()
    program = str(Path(words.build).resolve() / "tertuliad")
    both = {"nmap -T5": ("-T5",), "nmap tuned by hand": TUNED} if shutil.which("nmap") else {}
    figures = {}
    with Wire() as wire:
        quick = {name: flags for name, flags in both.items() if name == "nmap -T5"}
        figures["loopback"] = case(program, words.runs, wire.near, wire.near, "127.0.1", quick)
        figures["silent"] = case(program, words.runs, wire.near, wire.far, "10.97.1", both)
        if wire.lose():
            figures["silent, 5 % lost"] = case(program, words.runs, wire.near, wire.far, "10.97.1",
                                               {})
    print(json.dumps({"bench": "scan", "runs": words.runs, **figures}))


if __name__ == "__main__":
    main()
