#!/usr/bin/env python3
"""Nothing became slower unseen: guard.py BUILD [--update].

Seconds do not repeat, instructions do. Six fixed pieces of work (fixed.c) are counted in callgrind,
and their allocations, against the figures in guard.json, within 5 % both ways: what became cheaper is
committed too, with --update, so that it stays so. The figures belong to one compiler and its
libraries; with others they are made known and not judged.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
KEPT = HERE / "guard.json"
MOST = 0.05  # of the committed figure, either way
LIMIT = 120  # seconds each; it takes a few


def told(*words):
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


def platform(build):
    """What instructions depend on besides our code."""
    makefile = (Path(build) / "Makefile").read_text(encoding="utf-8")
    compiler = re.search(r"^CC = (\S+)", makefile, re.M)[1]
    flags = re.search(r"^CFLAGS = (.*)$", makefile, re.M)[1]
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        wide = " avx2 " in file.read()
    libraries = told(str(Path(build) / "tertulia"), "--version").split("\n", 1)[1]
    libc = told("getconf", "GNU_LIBC_VERSION")
    return " / ".join([told(compiler, "--version").splitlines()[0], flags, libc.strip(),
                       " ".join(libraries.split()), "avx2" if wide else "no avx2"])


def counted(program, name, folder):
    """{instructions, allocations} of one piece of the work."""
    out = os.path.join(folder, "callgrind")
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
         "--toggle-collect=fixed_measured", program, name],
        check=True, capture_output=True, text=True, timeout=LIMIT,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "TMPDIR": folder})
    pieces, allocations = map(int, done.stdout.split())
    with open(out, encoding="utf-8") as file:
        total = int(re.search(r"^(?:totals|summary): (\d+)", file.read(), re.M)[1])
    return {"instructions": round(total / pieces), "allocations": round(allocations / pieces, 3)}


def judged(name, key, got, kept):
    change = got / kept - 1 if kept else float(got > 0)
    fine = abs(change) <= MOST
    text = f"{name}: {got:,} {key} each, {kept:,} committed ({change:+.1%})"
    return fine, text + ("" if fine else "; if that is meant: tests/bench/guard.py BUILD --update")


def main():
    build, update = sys.argv[1], "--update" in sys.argv
    program = os.path.join(build, "tests/bench/fixed")
    if not shutil.which("valgrind"):
        print("1..0 # SKIP valgrind is not installed")
        return 0
    here = platform(build)
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    made, bad, number = {}, 0, 0
    with tempfile.TemporaryDirectory() as folder:
        for name in told(program).split():
            made[name] = counted(program, name, folder)
            for key, got in made[name].items():
                number += 1
                if update or kept.get("platform") != here:
                    why = "updated" if update else "the figures are of another platform"
                    print(f"ok {number} - {name}: {got:,} {key} each # SKIP {why}", flush=True)
                    continue
                fine, text = judged(name, key, got, kept["each"].get(name, {}).get(key, 0))
                bad += not fine
                print(f"{'ok' if fine else 'not ok'} {number} - {text}", flush=True)
    if update:
        KEPT.write_text(json.dumps({"platform": here, "each": made}, indent=1) + "\n",
                        encoding="utf-8")
    print(f"1..{number}")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
