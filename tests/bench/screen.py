#!/usr/bin/env python3
"""How fast the screen is: tests/bench/screen.py [--runs N] [--rates 1000,5000] BUILDDIR.

In a pty of 80x24, on loopback, with beacons off: from exec to the first whole screen; memory and
wakings of one that rests; from a key to its echo, at rest and while another program's messages
arrive at these rates; and meanwhile the CPU and the bytes to the terminal of each message. The floor
is `cat` in the same pty. JSON: medians and 99 percent bounds in ms. `arrived` is the rate that the
flood really had, `behind_ms` how much later its last message stood on the screen.
"""
import argparse
import json
import os
import select
import statistics
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "e2e"))
import driver  # noqa: E402
import screen  # noqa: E402

KEYS = 300
REST = 10  # seconds
FIRST_KEY = 0x4e00  # each key is another character: its echo cannot be mistaken


class Bare(screen.Screen):
    """Nothing between the pty and the clock: no thread, no cells."""

    def _read(self, pty):
        self.told = 0

    def wait(self, words, limit=30):
        """When these bytes came."""
        tail = b""
        until = time.perf_counter() + limit
        while time.perf_counter() < until:
            if select.select([self.pty], [], [], 1)[0]:
                some = os.read(self.pty, 65536)
                self.told += len(some)
                tail += some
                if words in tail:
                    return time.perf_counter()
                tail = tail[-200:]
        raise driver.Failed(f"{words!r} never came")

    def leave(self):
        """By TERM; whatever it still tells is read, or it could not leave."""
        self.process.terminate()
        while self.process.poll() is None:
            self.drain(0.01)
        self.process = None

    def drain(self, seconds):
        until = time.perf_counter() + seconds
        while (left := until - time.perf_counter()) > 0:
            if select.select([self.pty], [], [], left)[0]:
                self.told += len(os.read(self.pty, 65536))


def spread(values):
    values = sorted(values)
    return {"median": round(statistics.median(values), 3), "p99": round(values[len(values) * 99 // 100], 3),
            "worst": round(values[-1], 3)}


def cpu(pid):
    """Milliseconds of all threads, exactly; and how often they woke."""
    used = woken = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        folder = f"/proc/{pid}/task/{thread}"
        with open(f"{folder}/schedstat", encoding="ascii") as file:
            used += int(file.read().split()[0])
        with open(f"{folder}/status", encoding="ascii") as file:
            woken += sum(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt"))
    return used / 1e6, woken


def memory(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as file:
        kept = {line.split()[0]: int(line.split()[1]) for line in file if " kB" in line}
    return {"rss": kept["Rss:"], "private_dirty": kept["Private_Dirty:"]}


def started(ana, *words):
    """From exec to the prompt, which is drawn last; and the CPU it took."""
    began = time.perf_counter()
    ana.start(*words, prompt=None)
    took = ana.wait("\u203a".encode()) - began
    used = cpu(ana.process.pid)[0]
    ana.drain(0.3)
    return took * 1000, used


def starts(took):
    return {"ms": spread([t for t, _ in took]), "cpu_ms": spread([c for _, c in took])}


class Floor(Bare):
    """Bytes in, bytes out."""

    def begin(self):
        self.program = "/bin/cat"
        self.start(prompt=None, shell=("/bin/sh", "-c", "stty raw -echo; printf \u203a; exec cat", "sh"))
        self.wait("\u203a".encode())
        return self


def echoes(ana, seconds_between):
    took = []
    for number in range(KEYS):
        key = chr(FIRST_KEY + number).encode()
        began = time.perf_counter()
        os.write(ana.pty, key)
        took.append((ana.wait(key) - began) * 1000)
        if number % 20 == 19:
            os.write(ana.pty, b"\x15")
        ana.drain(seconds_between)
    return spread(took)


def flood(bruno, rate, over):
    """Bruno says so many lines a second, evenly."""
    began, said = time.perf_counter(), 0
    while not over.is_set():
        due = int((time.perf_counter() - began) * rate)
        if due > said:
            bruno.say(*(f"message {n} of a flood, as long as such a line is" for n in range(said, due)))
            said = due
        time.sleep(0.005)


def messages(bruno):
    return len(bruno.all(event="message"))


def flooded(ana, bruno, rate):
    over = threading.Event()
    talker = threading.Thread(target=flood, args=(bruno, rate, over))
    talker.start()
    ana.drain(1)
    began, said, told = time.perf_counter(), messages(bruno), ana.told
    used = cpu(ana.process.pid)[0]
    keys = echoes(ana, 0.01)
    took, came = time.perf_counter() - began, messages(bruno) - said
    used = cpu(ana.process.pid)[0] - used
    over.set()
    talker.join()
    began = time.perf_counter()
    bruno.say("the last of them")
    behind = (ana.wait(b"the last of them") - began) * 1000
    return {"arrived": round(came / took), "behind_ms": round(behind), "echo_ms": keys,
            "cpu_percent": round(used / took / 10, 1), "cpu_us_a_message": round(used * 1000 / came, 1),
            "bytes_a_second": round((ana.told - told) / took),
            "bytes_a_message": round((ana.told - told) / came, 1)}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--rates", default="1000,5000")
    parser.add_argument("build")
    options = parser.parse_args()
    figures = {}
    with driver.Meeting(str(Path(options.build).resolve() / "tertuliad")) as meeting:
        fresh = []
        for run in range(options.runs):
            ana = Bare(meeting, f"ana{run}")
            fresh.append(started(ana))
            ana.leave()
        figures["start"] = starts(fresh)
        floor = Floor(meeting, "floor").begin()
        figures["floor_echo_ms"] = echoes(floor, 0.02)
        floor.leave()
        bruno = meeting.peer("bruno").start()
        ana = Bare(meeting, "ana")
        started(ana)
        os.write(ana.pty, b"/set author-rate 0\r")
        ana.drain(1)
        ana.leave()
        started(ana, "--connect", bruno.address)
        bruno.expect(event="peer", name="ana", state="up")
        ana.drain(2)
        figures["memory_kib"] = memory(ana.process.pid)
        before = cpu(ana.process.pid)
        ana.drain(REST)
        after = cpu(ana.process.pid)
        figures["rest_10_s_one_link"] = {"cpu_ms": round(after[0] - before[0], 2),
                                         "wakings": after[1] - before[1]}
        figures["echo_ms"] = echoes(ana, 0.02)
        for rate in options.rates.split(","):
            figures[f"flood_{rate}"] = flooded(ana, bruno, int(rate))
            ana.drain(3)
        figures["memory_after_kib"] = memory(ana.process.pid)
        ana.leave()
        again = []
        for _ in range(options.runs):
            again.append(started(ana))
            ana.leave()
        figures["start_with_history"] = {**starts(again), "lines": messages(bruno)}
    for what, figure in figures.items():
        print(what, json.dumps(figure))


if __name__ == "__main__":
    main()
