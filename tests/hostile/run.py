#!/usr/bin/python3
"""Hostile peers: tests/hostile/run.py [--quick] [--seconds N] BUILDDIR [LIE...]. TAP, then a table.

LIE is the beginning of a lie's name; without one, all are told. Each takes N seconds (15, or 2 with
--quick) and as much more as its promise needs: promises.py says what that is. Besides, vera, who is
attacked, may grow by 16 MiB, and honest talk through her may take twice as long as in calm.

The table: milliseconds are medians from a line typed to the other's screen, without the time that
programs only waited for a processor, and in brackets with it; `worst` is with it. `processor` is
vera's share of one.
"""
import os
import sys
import time
import traceback
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent))
try:
    import nacl.bindings  # noqa: F401
except ImportError:
    print("1..1\nok 1 - hostile peers # SKIP python3-nacl is not installed")
    sys.exit(0)
from promises import PROMISES  # noqa: E402
from play import Failed, Meeting, Play  # noqa: E402

SKIP = "SKIP "
TRIES = 3  # of what was only too slow: other programs may have been busy




def act(promise, program, quick, seconds):
    """(what was seen, the play, what was wrong)"""
    play, seen = None, ""
    try:
        with Meeting(program) as meeting:
            play = Play(meeting, quick, seconds)
            seen = promise(play)
        return seen, play, [] if seen.startswith(SKIP) else play.broken()
    except Failed as problem:
        return seen, play, str(problem).splitlines() or ["it failed"]
    except Exception:  # whatever it is, the next one is played
        return seen, play, traceback.format_exc().splitlines()


def tell(number, promise, program, quick, seconds):
    """Its row of the table; whether it went well."""
    began = time.monotonic()
    name = promise.__name__.replace("_", " ")
    for attempt in range(1, TRIES + 1):
        seen, play, wrong = act(promise, program, quick, seconds)
        slow = [] if wrong or seen.startswith(SKIP) else play.too_slow()
        if wrong or not slow or attempt == TRIES:
            break
        print(f"# once more: {slow[0]}")
    wrong += slow
    skipped = f" # {seen}" if seen.startswith(SKIP) else ""
    print(f"{'not ok' if wrong else 'ok'} {number} - {name}{skipped}")
    for line in [*wrong, f"{time.monotonic() - began:.1f} s"]:
        print(f"# {line}", flush=True)
    what = "FAILED" if wrong else seen
    if skipped or not play or not play.under_ms:
        return [name, what, *[""] * 5], not wrong
    return [name, what, f"{play.growth / 1024:.1f} MiB",
            f"{play.calm_ms:.1f} ({play.calm_whole_ms:.1f})",
            f"{play.under_ms:.1f} ({play.under_whole_ms:.1f})", f"{play.worst_ms:.0f}",
            f"{100 * play.share:.0f} %"], not wrong


def table(rows):
    rows = [["lie", "promise, and what was seen", "memory", "calm ms", "under attack", "worst",
             "processor"], *rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print("# " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def main():
    words = sys.argv[1:]
    quick = "--quick" in words
    words = [w for w in words if w != "--quick"]
    seconds = 2 if quick else 15
    if words[:1] == ["--seconds"]:
        seconds, words = float(words[1]), words[2:]
    if not words:
        sys.exit(__doc__)
    program = str(Path(words[0]).resolve() / "tertuliad")
    chosen = [p for p in PROMISES
              if not words[1:] or any(p.__name__.startswith(w) for w in words[1:])]
    print(f"1..{len(chosen)}", flush=True)
    told = [tell(n, p, program, quick, seconds) for n, p in enumerate(chosen, 1)]
    table([row for row, _ in told])
    return int(not all(good for _, good in told))


if __name__ == "__main__":
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.exit(main())
