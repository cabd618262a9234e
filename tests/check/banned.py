#!/usr/bin/env python3
"""Functions that our code does not call, each with what to use instead.

A line that must call one all the same says so: `/* banned elsewhere: WHY */`.
"""

import re
import sys

sys.dont_write_bytecode = True
from lib import house

ALLOC = "src/base/alloc.c"
PERMISSION = "banned elsewhere"

ALLOCATION = "use xmalloc and its kin of base/alloc.h"
CLOCK = "time comes in as an argument (struct sys)"
CHANCE = "randomness comes in as an argument (struct sys)"
BOUND = "it knows no bound: use snprintf, or memcpy with a size"
NUMBER = "it cannot say that the text is no number: use strtoull and look at the end"
PROCESS = "it runs a shell"
JUMP = "return a result instead"

# Names that are nothing else: the name alone is the breach.
NAMES = {
    "clock_gettime": CLOCK, "gettimeofday": CLOCK,
    "srand": CHANCE, "srandom": CHANCE, "rand_r": CHANCE, "drand48": CHANCE,
    "sprintf": BOUND, "vsprintf": BOUND, "strcpy": BOUND, "stpcpy": BOUND, "strcat": BOUND,
    "strncpy": BOUND, "strncat": BOUND, "gets": BOUND, "alloca": BOUND,
    "strtok": "it keeps a state and eats its input: use strcspn",
    "atoi": NUMBER, "atol": NUMBER, "atoll": NUMBER, "atof": NUMBER, "scanf": NUMBER,
    "fscanf": NUMBER, "sscanf": NUMBER, "vscanf": NUMBER, "vfscanf": NUMBER, "vsscanf": NUMBER,
    "popen": PROCESS,
    "malloc": ALLOCATION, "calloc": ALLOCATION, "realloc": ALLOCATION, "reallocarray": ALLOCATION,
    "aligned_alloc": ALLOCATION, "posix_memalign": ALLOCATION, "strdup": ALLOCATION,
    "strndup": ALLOCATION, "asprintf": ALLOCATION, "vasprintf": ALLOCATION,
    "setjmp": JUMP, "longjmp": JUMP, "sigsetjmp": JUMP, "siglongjmp": JUMP,
}  # fmt: skip
# Names that are also words: the breach is the call.
CALLS = {"time": CLOCK, "rand": CHANCE, "random": CHANCE, "system": PROCESS}

# A member of the same name is somebody else: `sys->random(...)`.
NOT_A_MEMBER = r"(?<![\w.])(?<!->)"
PATTERN = re.compile(
    NOT_A_MEMBER + r"(?:(" + "|".join(NAMES) + r")\b|(" + "|".join(CALLS) + r")\s*\()"
)
WHYS = NAMES | CALLS


def breaches(path):
    source = house.CSource(path)
    permitted, without_why = source.permits(PERMISSION)
    used = set()
    for number, line in enumerate(source.code.split("\n"), 1):
        if re.match(r"\s*#\s*include\b", line):
            continue
        for found in PATTERN.finditer(line):
            name = found[1] or found[2]
            if path == ALLOC and WHYS[name] == ALLOCATION:
                continue
            if number in permitted:
                used.add(number)
                continue
            yield f"{path}:{number}: {name}: {WHYS[name]}"
    for number in sorted(without_why):
        yield f'{path}:{number}: "{PERMISSION}" needs a reason'
    for number in sorted(permitted - used):
        yield f'{path}:{number}: "{PERMISSION}" on a line with nothing banned'


def main():
    tap = house.Tap()
    for folder in ("src", "net", "ui", "tests"):
        files = house.c_files(folder)
        found = [breach for path in files for breach in breaches(path)]
        tap.check(f"nothing banned in {folder} ({len(files)} files)", found)
    tap.done()


main()
