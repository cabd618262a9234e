"""results.json and RESULTS.md: all rows that were ever measured, each with its last run."""
import json
import platform
import re
import subprocess
from pathlib import Path

HERE = Path(__file__).resolve().parent
RESULTS, TABLE = HERE / "results.json", HERE / "RESULTS.md"
US = "tertulia"
SECTIONS = ("screen", "network", "finding", "history", "mesh", "growth", "size", "soak")
HEAD = """# Figures

Written by `make bench` (`tests/bench/run.sh`), from `results.json`. Each row was measured in one run,
program after program in turns; a figure is the median of the rounds, with the lowest and the highest.
`×` is ours, as a multiple of theirs. Rows are of the run that measured them last, and so may be of
different commits; how many rounds each had is in `results.json`.

Machine: {machine}
"""


def machine():
    """In general words: what a figure depends on, and nobody's name."""
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        cores = len(re.findall(r"^processor", file.read(), re.M))
    with open("/proc/meminfo", encoding="ascii") as file:
        memory = round(int(file.readline().split()[1]) / (1 << 20))
    shared = subprocess.run(["systemd-detect-virt", "-q"], check=False).returncode == 0 \
        if Path("/usr/bin/systemd-detect-virt").exists() else True
    return (f"{cores} {'virtual ' * shared}cores, shared with other work while this ran, "
            f"{memory} GiB of memory, Linux, {platform.machine()}.")


def number(value):
    if value == 0:
        return "0"
    if value >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def figure(got):
    if got["rounds"] == 1:
        return number(got["median"])
    return f"{number(got['median'])} ({number(got['low'])}–{number(got['high'])})"


def times(row, who):
    """Ours as a multiple of theirs."""
    ours, theirs = row["figures"].get(US), row["figures"][who]
    if who == US or not ours or not theirs["median"]:
        return ""
    return f" ×{ours['median'] / theirs['median']:.2f}"


def verdict(row):
    target = row.get("target")
    if not target:
        return ""
    if "met" not in target:
        return f"{target['says']}: not compared"
    return f"{target['says']}: {'met' if target['met'] else '**missed**'}"


def line_of(row):
    every = "; ".join(f"{who} {figure(got)}{times(row, who)}" for who, got in row["figures"].items())
    return f"{row['what']} [{row['unit']}]: {every}. {verdict(row)}".rstrip()


def cell(row, who):
    got = row["figures"].get(who)
    return f"{figure(got)}{times(row, who)}" if got else ""


def section(title, rows):
    """One table; whoever is measured in it has a column."""
    columns = [US] + sorted({who for row in rows for who in row["figures"]} - {US})
    yield f"## {title.capitalize()}\n"
    if title == "growth":
        yield "![CPU of a message that is taken, as everything grows](growth.svg)\n"
    yield f"| what | unit | {' | '.join(columns)} | target |"
    yield "|---|---|" + "---|" * (len(columns) + 1)
    notes = []
    for row in rows:
        mark = ""
        if row.get("note"):
            notes.append(row["note"])
            mark = f" [{len(notes)}]"
        cells = " | ".join(cell(row, who) for who in columns)
        yield f"| {row['what']}{mark} | {row['unit']} | {cells} | {verdict(row)} |"
    yield ""
    for place, text in enumerate(notes, 1):
        yield f"[{place}] {text[0].upper()}{text[1:]}.  "
    if notes:
        yield ""


def keep(rows):
    """These in the place of those of the same name, and the tables anew; all rows."""
    kept = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {"rows": []}
    kept["machine"] = machine()
    all_of_them = {row["what"]: row for row in kept["rows"]} | {row["what"]: row for row in rows}
    order = {name: place for place, name in enumerate(SECTIONS)}
    kept["rows"] = sorted(all_of_them.values(), key=lambda row: order[row["section"]])
    RESULTS.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    parts = [HEAD.format(machine=kept["machine"])]
    titles = list(dict.fromkeys(row["section"] for row in kept["rows"]))
    for title in titles:
        parts += section(title, [row for row in kept["rows"] if row["section"] == title])
    TABLE.write_text("\n".join(parts).rstrip() + "\n", encoding="utf-8")
    return kept["rows"]
