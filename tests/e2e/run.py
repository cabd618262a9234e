#!/usr/bin/env python3
"""Stories of real programs: tests/e2e/run.py [--quick] BUILDDIR [NAME...]. TAP.

BUILDDIR holds tertuliad. NAME is the beginning of a story's name; without one, all are told. --quick
is what ./check has time for: fewer rounds of the same.
"""
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import driver  # noqa: E402
import history  # noqa: E402
import hostile  # noqa: E402
import machine  # noqa: E402
import talk  # noqa: E402
import wires  # noqa: E402

STORIES = [*talk.STORIES, *machine.STORIES, *hostile.STORIES, *history.STORIES, *wires.STORIES]


def tell(story, program, quick):
    """None, or why it was left out."""
    with driver.Meeting(program) as meeting:
        return story(meeting, quick)


def main():
    words = [word for word in sys.argv[1:] if word != "--quick"]
    quick = "--quick" in sys.argv
    if not words:
        sys.exit(__doc__)
    program = str(Path(words[0]).resolve() / "tertuliad")
    stories = [s for s in STORIES
               if not words[1:] or any(s.__name__.startswith(w) for w in words[1:])]
    failed = False
    print(f"1..{len(stories)}", flush=True)
    for number, story in enumerate(stories, 1):
        name = story.__name__.replace("_", " ")
        began = time.monotonic()
        try:
            why = tell(story, program, quick)
            print(f"ok {number} - {name}" + (f" # SKIP {why}" if why else ""))
        except Exception as problem:  # whatever it is, the next story is told
            failed = True
            print(f"not ok {number} - {name}")
            text = str(problem) if isinstance(problem, driver.Failed) else traceback.format_exc()
            for line in text.splitlines():
                print(f"# {line}")
        print(f"# {time.monotonic() - began:.1f} s", flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
