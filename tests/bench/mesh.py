"""The mesh, in the simulator: many nodes of whom most are killed, meshes that were parted, and what a
neighbour and an acquaintance take of the memory. The machine changes nothing of it but the time.
"""
import json
import subprocess

import rig
from rig import Row

KILLED = {50: (100, 4), 80: (100, 4), 90: (99.7, 3), 95: (92, 4)}  # %: reached, and cycles, targets
WHOLE = 2000


def simulated(run, *words):
    """The last line that it tells; a missed target is the row's to say."""
    told = subprocess.run([str(run.build / "tests/sim" / words[0]), *map(str, words[1:])],
                          check=False, capture_output=True, text=True)
    if told.returncode > 1:
        raise rig.Failed(told.stderr)
    return json.loads(told.stdout.splitlines()[-1])


def killed(run):
    rows = []
    nodes = 1000 if run.quick else 10000
    for percent, (reached, cycles) in KILLED.items():
        text = f"{nodes:,} nodes, {percent} % killed at once"
        flood = Row("mesh", f"{text}: whom the next word reaches, of who is left", "%",
                    (f"≥ {reached} %", None, reached, "least"), "after one step of repair")
        whole = Row("mesh", f"{text}: until all are one mesh again", "cycles of 10 s",
                    (f"≤ {cycles}", None, cycles, "most"), "of all seeds the most")
        for seed in range(1, min(run.rounds, 3) + 1):
            told = simulated(run, "overlay_sim", "--nodes", nodes, "--kill", percent,
                             "--seeds", seed)["figures"]
            flood.add("tertulia", told["reliability"] * 100)
            whole.add("tertulia", told["most_cycles"])
        rows += [flood, whole]
    return rows


def parted(run):
    halves = Row("mesh", "1,000 nodes in two halves for 50 cycles: until all are one mesh again",
                 "cycles of 10 s", ("≤ 5", None, 5, "most"), "the most of 10 seeds")
    told = simulated(run, "overlay_sim", "--nodes", 1000, "--split", 50, "--seeds", "1-10")
    halves.add("tertulia", told["figures"]["most_cycles"])
    nine = Row("mesh", "9 nodes parted for a moment: how often they are one mesh again", "of 200",
               ("always", None, 200, "least"))
    told = simulated(run, "overlay_sim", "--nodes", 9, "--split", 0, "--seeds", "1-200")
    nine.add("tertulia", told["seeds"] - told["failures"])
    return [halves, nine]


def memory(run):
    told = simulated(run, "sync_figures")
    rows = []
    for what, unit, key, most in (
            ("memory of the core for an idle link", "bytes", "memory_per_idle_link", 8192),
            ("memory of the core for somebody who is silent", "bytes", "memory_per_idle_author", 512),
            ("bytes until two who know 10,000 agree, of whom 5 said something", "bytes",
             "five_rows_bytes", 24576),
            ("signatures checked in 100,000 entries of 10 authors", "", "catch_up_checks", 2000)):
        rows.append(Row("mesh", what, unit, (f"≤ {most:,}", None, most, "most")))
        rows[-1].add("tertulia", told[key]["value"])
    whole = Row("mesh", f"memory of a whole node, of {WHOLE:,}", "KiB",
                ("10,000 in 8 GiB", None, 8 * 1024 * 1024 / 10000, "most"))
    told = simulated(run, "sim", "--scenario", "crowd", "--nodes", WHOLE, "--seeds", "1-1")
    whole.add("tertulia", told["figures"]["most_mib"] * 1024 / WHOLE)
    return [*rows, whole]


PARTS = (killed, parted, memory)
