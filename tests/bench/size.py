"""How large the program is, and how long it takes to come into being."""
import os
import subprocess

import rig
from rig import Row, now

TREE = rig.HERE.parents[1]


def sizes(run):
    row = Row("size", "the program, stripped", "KB", ("≤ 600", None, 600, "most"))
    small = Row("size", "without a screen (tertuliad), stripped", "KB")
    for made, name in ((row, "tertulia"), (small, "tertuliad")):
        bare = os.path.join(run.folder, name)
        subprocess.run(["strip", "-o", bare, run.program(name)], check=True)
        made.add("tertulia", os.path.getsize(bare) / 1000)
    return [row, small]


def building(run):
    """From what `./run` generates once out of configure.ac on."""
    row = Row("size", f"configure and make, on {len(rig.CORES)} cores", "s",
              ("≤ 60", None, 60, "most"))
    again = Row("size", "./run, where nothing changed", "s", ("≤ 1", None, 1, "most"),
                "to the end of --version")
    call = [str(TREE / "run"), "--version"]
    subprocess.run(call, check=True, capture_output=True)
    for _ in range(run.rounds):
        began = now()
        subprocess.run(call, check=True, capture_output=True)
        again.add("tertulia", now() - began)
    folder = os.path.join(run.folder, "build")
    os.mkdir(folder)
    began = now()
    for call in ([str(TREE / "configure"), "-q"], ["make", "-s", f"-j{len(rig.CORES)}"]):
        subprocess.run(call, check=True, cwd=folder, capture_output=True)
    row.add("tertulia", now() - began)
    return [row, again]


PARTS = (sizes, building)
