"""The nemesis: every few seconds something happens to a program, its disk, its clock or its links.

Which, to whom and for how long follows from the seed; when exactly does not, for the programs are
real. Programs 0 and 1 are never ended, so that what they leak in the whole run is there to be seen.
"""
import errno
import heapq
import os
import random
import shutil
import threading
import time

from stage import NODES

OLD = (0, 1)  # never ended
WIPES = 3  # of one program: a mesh admits so many strangers of one address
HOURS = 3600 * 1000
WEIGHTS = {"kill": 30, "stop": 8, "full": 10, "fail": 5, "slow": 6, "read_only": 3, "clock": 8,
           "descriptors": 6, "wipe": 2, "restore": 6, "partition": 40, "cut": 3}
PAUSE = (0.3, 2.5)  # seconds between two


class Nemesis:
    def __init__(self, stage, ledger, programs, seed):
        self.stage = stage
        self.ledger = ledger
        self.programs = programs
        self.chance = random.Random(f"nemesis {seed}")
        self.busy = set()  # numbers to whom something happens now
        self.later = []  # (time, number of the fault, what ends it)
        self.counts = dict.fromkeys([*WEIGHTS, "kill -9", "refused to start"], 0)
        self.wipes = {}
        self.backups = {}  # number -> [(folder, Disk)], of the present identity
        self.parted = False
        self.number = 0
        self.first = [*WEIGHTS]  # each once, however short the run
        self.chance.shuffle(self.first)

    # ---- when ----

    def run(self, seconds):
        """Until then; what it began may still last."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            next_at = time.monotonic() + self.chance.uniform(*PAUSE)
            while time.monotonic() < min(next_at, until):
                self._due(time.monotonic())
                self._check()
                time.sleep(0.02)
            self._strike()

    def calm(self):
        """All that still lasts ends now."""
        self._due(float("inf"))

    def _due(self, now):
        while self.later and self.later[0][0] <= now:
            heapq.heappop(self.later)[2]()

    def _later(self, seconds, function):
        self.number += 1
        heapq.heappush(self.later, (time.monotonic() + seconds, self.number, function))

    def _check(self):
        """Nobody ends by itself."""
        for program in self.programs:
            if program.number not in self.busy and program.process \
                    and program.process.poll() is not None:
                status = program.process.returncode
                self.ledger.wrong("said", f"{program.name} ended by itself with {status}: "
                                          f"{program.noise()[-2000:]}")
                program.kill()
                program.start()

    def _strike(self):
        kind = self.first.pop() if self.first else \
            self.chance.choices(list(WEIGHTS), list(WEIGHTS.values()))[0]
        seconds = self.chance.choice([1, 2, 4, 8, 16]) * self.chance.uniform(0.5, 1.5)
        if kind == "partition":
            done = self.partition(seconds / 2)
        elif kind == "cut":
            done = self.stage.proxy_tell("cut") is not None
        else:
            free = [p for p in self.programs if p.number not in self.busy]
            if kind in ("kill", "read_only", "wipe", "restore"):
                free = [p for p in free if p.number not in OLD]
            if kind == "restore":
                free = [p for p in free if self.backups.get(p.number)] or free
            if not free:
                return
            program = self.chance.choice(free)
            self.busy.add(program.number)
            done = getattr(self, kind)(program, seconds)
            if done is False:
                self.busy.discard(program.number)
        self.counts[kind] += done is not False

    def _free(self, program):
        self.busy.discard(program.number)
        program.eased = time.monotonic()

    # ---- ends and beginnings ----

    def _kill(self, program, keep=False):
        """kill -9; what is on its disk then is judged, and sometimes kept as a backup."""
        self.counts["kill -9"] += 1
        program.kill()
        disk = self.ledger.after_kill(program, self.stage.folder)
        if keep or self.chance.random() < 0.2:
            self._backup(program, disk)

    def _backup(self, program, disk):
        folder = os.path.join(self.stage.folder, "backups", f"{program.name}-{self.number}")
        shutil.copytree(program.home, folder, ignore=shutil.ignore_patterns("filler"))
        kept = self.backups.setdefault(program.number, [])
        kept.append((folder, disk))
        if len(kept) > 2:
            shutil.rmtree(kept.pop(self.chance.randrange(2))[0])
        self.number += 1

    def _start(self, program):
        """It has to come up, now that nothing is in its way."""
        if program.process is None and not program.start():
            program.kill()
            self.ledger.wrong("said", f"{program.name} does not start: {program.noise()[-2000:]}")
            program.start()
        self._free(program)

    def _start_in_trouble(self, program):
        """It may come up, or say in one line why it does not."""
        if program.start():
            return
        status = program._over() if program.process else None
        self.counts["refused to start"] += 1
        if status not in (1, 2):  # a home that cannot be used is a wrong option
            self.ledger.wrong("said", f"{program.name} was to refuse its start, it ended with "
                                      f"{status}: {program.noise()[-2000:]}")

    def kill(self, program, seconds):
        self._kill(program)
        self._later(self.chance.choice([0, 0, seconds]), lambda: self._start(program))

    def wipe(self, program, seconds):
        """Its folder is deleted: who comes back is somebody else."""
        if self.wipes.get(program.number, 0) >= WIPES:
            return False
        self.wipes[program.number] = self.wipes.get(program.number, 0) + 1
        self._kill(program)
        self._empty(program)
        self.ledger.reset(program, None)
        self.backups.pop(program.number, None)
        self._later(seconds / 4, lambda: self._start(program))
        return True

    @staticmethod
    def _empty(program):
        for name in os.listdir(program.home):
            path = os.path.join(program.home, name)
            shutil.rmtree(path) if os.path.isdir(path) else os.unlink(path)

    def restore(self, program, seconds):
        """Its folder is as it was at an earlier kill; where there was none, there is one now."""
        kept = self.backups.get(program.number)
        if not kept:
            self._kill(program, keep=True)
            self._later(0, lambda: self._start(program))
            self.first.insert(0, "restore")
            return False
        folder, disk = self.chance.choice(kept)
        self._kill(program)
        if not os.path.exists(folder):  # a newer one took its place
            self._later(0, lambda: self._start(program))
            return False
        self._empty(program)
        shutil.copytree(folder, program.home, dirs_exist_ok=True)
        self.ledger.reset(program, disk)
        if self.stage.wires:  # it talks before others can tell it what it does not know of itself
            others = [n for n in range(NODES) if n != program.number]
            self.stage.cut(program.number, others, table="restored")
        self._start(program)
        self.busy.add(program.number)

        def found():
            if self.stage.wires:
                self.stage.cut(program.number, [], table="restored")
            self._free(program)
        self._later(2 + seconds / 4, found)
        return True

    # ---- time and room ----

    def stop(self, program, seconds):
        program.eased = None
        program.freeze()
        if self.chance.random() < 0.1:
            seconds = 50  # longer than a link lives in silence

        def go_on():
            program.freeze(False)
            self._free(program)
        self._later(seconds, go_on)

    def clock(self, program, _seconds):
        """It stays as it is set, until it is set again."""
        program.wish(clock_ms=self.chance.choice(
            [0, 0, 1500, -1500, 90_000, -90_000, HOURS, -HOURS, 40 * HOURS, -40 * HOURS]))
        self._free(program)

    def _trouble(self, program, seconds, begin, end):
        """Something that lasts; in the midst of it the program may be killed, and started."""
        program.eased = None
        begin()
        mortal = program.number not in OLD

        def over():
            end()
            if program.process is None:
                self._start(program)
            self._free(program)

        def dies():
            self._kill(program)
            if self.chance.random() < 0.3:
                self._start_in_trouble(program)
        if mortal and self.chance.random() < 0.4:
            self._later(seconds * self.chance.uniform(0.2, 0.9), dies)
        self._later(seconds, over)

    def full(self, program, seconds):
        if self.stage.wires:
            self._trouble(program, seconds, program.fill, program.unfill)
        else:
            self._fails(program, seconds, errno.ENOSPC)

    def _fails(self, program, seconds, error):
        self._trouble(program, seconds, lambda: program.wish(error=error),
                      lambda: program.wish(error=0))

    def fail(self, program, seconds):
        self._fails(program, seconds, self.chance.choice([errno.EIO, errno.EROFS]))

    def slow(self, program, seconds):
        ms = self.chance.choice([50, 200, 700])
        self._trouble(program, seconds, lambda: program.wish(sync_ms=ms),
                      lambda: program.wish(sync_ms=0))

    def read_only(self, program, seconds):
        """Killed, its disk mounted anew, read-only: a running program keeps it from that."""
        if not self.stage.wires:
            return False
        self._kill(program)
        self.stage.disk_read_only(program.home, True)
        self._start_in_trouble(program)

        def writable():
            program.kill()
            self.stage.disk_read_only(program.home, False)
            self._start(program)
        self._later(seconds / 4, writable)
        return True

    def descriptors(self, program, seconds):
        program.descriptors_limit(self.chance.randrange(3))

        def many():
            program.descriptors_limit(None)
            self._free(program)
        self._later(seconds, many)

    # ---- who reaches whom ----

    def partition(self, seconds):
        """Halves, one alone, one that only hears or only speaks, or two that miss each other."""
        if not self.stage.wires or self.parted:
            return False
        numbers = list(range(NODES))
        self.chance.shuffle(numbers)
        how = self.chance.choice(["drop", "drop", "drop", "reject"])
        kind = self.chance.choice(["halves", "alone", "one way", "two"])
        if kind == "halves":
            size = self.chance.randrange(2, NODES // 2 + 1)
            cuts = [(n, numbers[size:], ("input", "output")) for n in numbers[:size]]
        elif kind == "alone":
            cuts = [(numbers[0], numbers[1:], ("input", "output"))]
        elif kind == "one way":
            cuts = [(numbers[0], numbers[1:], (self.chance.choice(["input", "output"]),))]
        else:
            cuts = [(numbers[0], [numbers[1]], ("input", "output"))]
        if self.chance.random() < 0.1:
            seconds = 55  # longer than a link lives in silence
        for number, others, ways in cuts:
            self.stage.cut(number, others, ways, how)
        self.parted = True

        def heal():
            for number, _, _ in cuts:
                self.stage.cut(number, [])
            self.parted = False
        self._later(seconds, heal)
        return True


class Talk(threading.Thread):
    """People who talk, now and then many at once; and the guests."""

    def __init__(self, ledger, programs, visitors, seed, rate, word):
        super().__init__(daemon=True)
        self.ledger = ledger
        self.programs = programs
        self.visitors = visitors
        self.rate = rate
        self.word = word
        self.chance = random.Random(f"talk {seed}")
        self.over = threading.Event()

    def run(self):
        guests_at = 0
        while not self.over.wait(self.chance.expovariate(self.rate / 3)):
            program = self.chance.choice(self.programs)
            for _ in range(self.chance.choice([1, 1, 1, 2, 10])):
                self.word(program, self.chance)
            if time.monotonic() > guests_at:
                self._guests()
                guests_at = time.monotonic() + 1.5

    def _guests(self):
        visitor = self.chance.choice(self.visitors) if self.visitors else None
        if not visitor:
            return
        if visitor.lost() or time.monotonic() - visitor.begun > 60:
            visitor.come()
        elif time.monotonic() - visitor.begun > 2:
            self.word(visitor, self.chance)
