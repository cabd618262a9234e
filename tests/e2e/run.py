#!/usr/bin/env python3
"""Stories of real programs: tests/e2e/run.py [--quick] BUILDDIR [[-]NAME...]. TAP.

BUILDDIR holds tertuliad and tertulia. NAME is the beginning of a story's name; without one, all are
told. -NAME leaves out those that begin so. --quick is what ./check has time for: fewer rounds of the same, and three stories at once.
"""
import functools
import multiprocessing
import signal
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import back  # noqa: E402
import confined  # noqa: E402
import doctor  # noqa: E402
import driver  # noqa: E402
import find  # noqa: E402
import guests  # noqa: E402
import guests_crowd  # noqa: E402
import guests_gone  # noqa: E402
import history  # noqa: E402
import hostile  # noqa: E402
import inside  # noqa: E402
import kept  # noqa: E402
import machine  # noqa: E402
import paper  # noqa: E402
import plain  # noqa: E402
import screen  # noqa: E402
import sight  # noqa: E402
import talk  # noqa: E402
import venom  # noqa: E402
import wires  # noqa: E402
import wrong  # noqa: E402

STORIES = [story for part in (
    talk, machine, hostile, history, kept, paper,
    screen, back, sight, inside, venom, plain,
    wires,
    guests, guests_crowd, guests_gone,
    find, doctor, wrong, confined,
) for story in part.STORIES]


AT_ONCE = 3  # with --quick: most of a story's time it only waits


def tell(number, program, quick):
    """Whether it went well, and its lines."""
    story = STORIES[number]
    name = story.__name__.replace("_", " ")
    began = time.monotonic()
    lines = []
    try:
        with driver.Meeting(program) as meeting:
            why = story(meeting, quick)
        good, name = True, name + (f" # SKIP {why}" if why else "")
    except Exception as problem:  # whatever it is, the next story is told
        good = False
        text = str(problem) if isinstance(problem, driver.Failed) else traceback.format_exc()
        lines = text.splitlines()
    lines += [*driver.notes(), f"{time.monotonic() - began:.1f} s"]
    driver.notes().clear()
    return good, name, lines


def chosen_by(names):
    """The numbers of their stories."""
    out = tuple(name[1:] for name in names if name.startswith("-"))
    within = tuple(name for name in names if not name.startswith("-")) or ("",)
    return [number for number, story in enumerate(STORIES)
            if story.__name__.startswith(within) and not story.__name__.startswith(out)]


def main():
    words = [word for word in sys.argv[1:] if word != "--quick"]
    quick = "--quick" in sys.argv
    if not words:
        sys.exit(__doc__)
    program = str(Path(words[0]).resolve() / "tertuliad")
    chosen = chosen_by(words[1:])
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)  # who starts us behind a shell has it ignored
    failed = False
    print(f"1..{len(chosen)}", flush=True)
    with multiprocessing.Pool(AT_ONCE if quick else 1, maxtasksperchild=1) as pool:
        told = pool.imap(functools.partial(tell, program=program, quick=quick), chosen, 1)
        for number, (good, name, lines) in enumerate(told, 1):
            failed = failed or not good
            print(f"{'ok' if good else 'not ok'} {number} - {name}")
            for line in lines:
                print(f"# {line}", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
