"""The history beside SQLite itself (store.c, by turns in one process) and beside ripgrep over the
same text."""
import os
import re
import subprocess

import rig
from rig import Row, now

MILLION = 1000000
FIGURE = re.compile(r"(?:not )?ok \d+ - (.*): ([\d.]+) \(target ([\d.]+)\)")
RARE, COMMON = "aguja", "tertulia"


def searched(row_of, text, runs):
    """ms of ripgrep and grep for these words in a file; where nobody reads, grep would stop early."""
    tools = [words for words in (["rg", "-c"], ["grep", "-c"]) if rig.installed(words[0])]
    for word, row in row_of.items():
        for _ in range(runs):
            for tool in tools:
                began = now()
                subprocess.run([*tool, word, text], stdout=subprocess.PIPE, check=False)
                row.add({"rg": "ripgrep", "grep": "grep -c"}[tool[0]], (now() - began) * 1000)


def beside_sqlite(run):
    count = 50000 if run.quick else MILLION
    of = f"in {count:,} entries"
    run.say(f"filling {count:,} entries, searching, committing")
    with rig.on_cores(rig.TESTED):
        told = subprocess.run([run.helper("store_bench"), str(count)], capture_output=True,
                              text=True, check=False).stdout
    search = {word: Row("history", f"search {of}, newest 100, {name} word", "ms",
                        ("≤ 0.2 × ripgrep", "ripgrep", 0.2, "most"))
              for word, name in ((RARE, "rare"), (COMMON, "common"))}
    rows = []
    for what, figure, target in FIGURE.findall(told):
        side = "least" if what.startswith("commits") else "most"
        unit, _, rest = what.partition(" ")
        if unit != "ms":
            unit, rest = "×", what
        row = Row("history", f"{rest} {of}", unit,
                  (f"{'≥' if side == 'least' else '≤'} {float(target):g}", None, float(target), side))
        row.add("tertulia", float(figure))
        for word, beside in search.items():
            if rest.startswith(f"to search {word} ("):
                beside.add("tertulia", float(figure))
                row = None
        rows += [row] if row else []
    used = re.search(r"CPU a row: ([\d.]+) us, raw ([\d.]+) us", told)
    cpu = Row("history", f"CPU of a row committed, groups of 100, FULL, with search, {of}", "µs")
    cpu.add("tertulia", float(used[1]))
    cpu.add("sqlite3", float(used[2]))
    text = os.path.join(run.folder, "text")
    with open(text, "w", encoding="ascii") as file:
        subprocess.run([run.helper("fill"), "--text", str(count), "100"], stdout=file, check=True)
    searched(search, text, run.rounds + 1)
    os.unlink(text)
    return [*search.values(), cpu, *rows]


PARTS = (beside_sqlite,)
