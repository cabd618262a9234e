#!/usr/bin/python3
"""The long run: tests/chaos/run.py [--minutes N] [--seed N] [--rate N] [--keep] BUILDDIR. TAP.

Eight tertuliads with all five kinds of guest, who talk while a nemesis strikes; then calm, and a
checker reads every line that was told and every disk. BUILDDIR holds tertuliad. `--rate` is how
many lines a second are said in all. `--keep` leaves the folder with all lines and disks behind.
"""
import argparse
import random
import re
import shutil
import sys
import time
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import evidence  # noqa: E402
import proxy_test  # noqa: E402
import tamper  # noqa: E402
from faults import OLD, Nemesis, Talk  # noqa: E402
from ledger import KINDS, Ledger, Word  # noqa: E402
from stage import NODES, Program, Stage, Visitor  # noqa: E402

SOON = 60  # seconds of calm until all agree
AROUND = 55  # seconds that the run takes before its storm and behind it
REST = 15  # seconds until what is not needed any more is given back
DESCRIPTORS = 4  # more than before: a link that was dialled twice, a reader that is open
# KiB more than before, when what is free was given back: 4 MiB of SQLite's caches; the windows and
# tables of a mesh that talked; and what is free between these in five arenas, by less than a page.
MEMORY = 8 * 1024
GUESTS = {"dated": 2, "named": 3, "join_client": 4, "neighbour": 0, "piped": 5}
DIALECTS = {"join_client": "join"}
FILLER = "de lo que se habla entre gente que se reúne a hablar, nada se pierde ".split()


class Run:
    def __init__(self, words):
        self.words = words
        self.stage = Stage(str(Path(words.build).resolve() / "tertuliad"), words.seed)
        self.ledger = Ledger()
        self.programs = [Program(self.stage, self.ledger, n) for n in range(NODES)]
        self.visitors = [Visitor(self.stage, kind, n, host)
                         for n, (kind, host) in enumerate(GUESTS.items())]
        for visitor in self.visitors:
            self.programs[visitor.host].visitors.append(visitor)
        self.nemesis = Nemesis(self.stage, self.ledger, self.programs, words.seed)
        self.said = 0
        self.results = []

    # ---- words ----

    def token(self, chance, kind, tail):
        self.said += 1
        return f"{kind}{self.said}{tail}{chance.randrange(1 << 24):06x}"

    def word(self, who, chance):
        if isinstance(who, Visitor):
            token = self.token(chance, "g", "v")
            host = self.programs[who.host]
            word = Word(token, host.number, host.id, f"[{token}]", None,
                        DIALECTS.get(who.kind, who.kind))
            with self.ledger.lock:
                self.ledger.words[token] = word
            self.ledger.counts["guests"] += who.say(f"[{token}]")
            return
        if not who.runs() or self.ledger.waiting(who.number) > 30:
            return
        token = self.token(chance, "w", who.name)
        length = chance.choice([0, 3, 8, 20, 120])
        text = f"[{token}] " + " ".join(chance.choice(FILLER) for _ in range(length)) + "."
        readers, line = None, text
        if chance.random() < 0.15:
            other = chance.choice([p for p in self.programs if p is not who])
            readers = [other.id]
            line = f"/whisper {other.name}~{other.id[:8]} {text}"
        elif chance.random() < 0.05:
            line = f"/me {text}"
        self.ledger.type(who, Word(token, who.number, who.id, text, readers), line)

    # ---- agreement ----

    def live(self):
        return [evidence.live(p.home) for p in self.programs]

    def wait_until(self, what, seconds):
        """Seconds that it took, or None."""
        began = time.monotonic()
        while time.monotonic() - began < seconds:
            if what():
                return time.monotonic() - began
            time.sleep(0.5)
        return None

    def all_agree(self):
        states = self.live()
        return bool(states[0]) and all(state == states[0] for state in states)

    def all_hear(self, seconds):
        """Each says a word; all others are told, and receipts of all come back."""
        marks = []
        for program in self.programs:
            token = self.token(random.Random(self.words.seed), "w", program.name)
            word = Word(token, program.number, program.id, f"[{token}] a mark")
            self.ledger.type(program, word, word.text)
            marks.append(word)

        def heard():
            with self.ledger.lock:
                return all(w.token in self.ledger.seen[p.number] for w in marks
                           for p in self.programs) and all(self.counted(w) for w in marks)
        took = self.wait_until(heard, seconds)
        if took is None:
            with self.ledger.lock:
                for word in marks:
                    deaf = [p.name for p in self.programs
                            if word.token not in self.ledger.seen[p.number]]
                    print(f"# {word.token} {word.ref}: not told: {deaf}, "
                          f"counted: {self.counted(word)}")
        return took

    def counted(self, word):
        """Whether everybody's receipt for it has come back."""
        if not word.ref:
            return False
        author, epoch, seq = word.ref.split(":")
        return all(self.ledger.claims.get(p.id, {}).get((author, epoch), 0) >= int(seq)
                   for p in self.programs if p.number != word.author)

    # ---- the run ----

    def test(self, name, good, *notes):
        self.results.append(bool(good))
        print(f"{'ok' if good else 'not ok'} {len(self.results)} - {name}")
        for note in notes:
            print(f"# {note}")
        sys.stdout.flush()

    def begin(self):
        if self.stage.wires:
            self.stage.pairs_lay()
        self.stage.proxy_start()
        self.stage.proxy_tell("calm")
        for program in self.programs:
            if not program.start():
                raise OSError(f"{program.name} does not start: {program.noise()}")
        took = self.all_hear(SOON)
        self.test("eight programs hear each other", took is not None, f"after {took or 0:.1f} s")
        time.sleep(REST / 3)
        self.before = [p.measure() for p in self.programs]
        for visitor in self.visitors:
            visitor.come()
        self.stage.proxy_tell("storm")

    def storm(self, seconds):
        talk = Talk(self.ledger, self.programs, self.visitors, self.words.seed, self.words.rate,
                    self.word)
        talk.start()
        try:
            self.nemesis.run(seconds)
        finally:
            talk.over.set()
            talk.join()

    def calm(self):
        self.nemesis.calm()
        for program in self.programs:
            program.wish(clock_ms=0)
        self.characters = self.stage.proxy_tell("calm")["counts"]
        for visitor in self.visitors:
            visitor.guest.gone()
        began = time.monotonic()
        took = self.wait_until(self.all_agree, SOON)
        heard = self.all_hear(SOON - (time.monotonic() - began)) if took is not None else None
        good = took is not None and heard is not None
        notes = [f"all disks agree after {took:.1f} s"] if took is not None else self.differences()
        self.test(f"all converge within {SOON} s of calm", good, *notes,
                  *([f"and all hear all {heard:.1f} s later"] if heard is not None else []))

    def differences(self):
        states, notes = self.live(), []
        for log in sorted({log for state in states for log in state}):
            highs = [state.get(log, (0,))[0] for state in states]
            if len(set(highs)) > 1:
                notes.append(f"{log[0][:8]} {log[1][:8]}: {highs}")
        return notes[:20]

    def growth(self):
        time.sleep(REST)
        notes, good = [], True
        sanitized = b"__asan_init" in Path(self.stage.program).read_bytes()
        for program, before in zip(self.programs, self.before):
            after = program.measure()
            more = after[0] - before[0], after[1] - before[1]
            if more[0] > DESCRIPTORS or (more[1] > MEMORY and not sanitized):
                good = False
            notes.append(f"{program.name}: descriptors {before[0]} -> {after[0]}, memory "
                         f"{before[1]} -> {after[1]} KiB"
                         + (", the whole run" if program.number in OLD else ""))
        self.test("neither descriptors nor memory have grown", good, *notes)

    def end(self):
        for program in self.programs:
            status = program.leave()
            if status != 0:
                self.ledger.wrong("said", f"{program.name} left with {status}")
            noise = "\n".join(l for l in program.noise().splitlines() if not refusal(l))
            if noise:
                self.ledger.wrong("said", f"{program.name} wrote on stderr: {noise[-3000:]}")

    def judge(self):
        self.ledger.heard = [visitor.heard() for visitor in self.visitors]
        self.unjudged = self.ledger.copy()
        entries = self.ledger.judge(self.programs, self.stage.folder)
        names = {"lost": "nothing acknowledged is lost", "doubled": "nothing is doubled",
                 "forged": "nothing is forged", "receipt": "no receipt is false",
                 "whisper": "whispers are read by their readers only",
                 "said": "programs say what they should, and end when they are ended"}
        for kind in KINDS:
            problems = self.ledger.problems[kind]
            self.test(names[kind], not problems, f"{len(problems)} wrongs")
        counts = {**self.ledger.counts, "entries": entries}
        print("# said: " + ", ".join(f"{n} {what}" for what, n in counts.items()))
        print("# done: " + ", ".join(f"{n} {what}" for what, n in self.nemesis.counts.items()))
        print("# links through the proxy: "
              + ", ".join(f"{n} {what}" for what, n in self.characters.items()))

    def play(self):
        proxy_test.run()
        self.test("the proxy does what it says", True)
        if self.stage.why:
            print(f"# {self.stage.why}: on loopback, and through the proxy")
        began = time.monotonic()
        self.begin()
        self.storm(max(20.0, self.words.minutes * 60 - AROUND))
        self.calm()
        self.growth()
        self.end()
        self.judge()
        seen, unseen = tamper.run(self, self.unjudged)
        self.test("the checker sees what is planted", not unseen, *seen,
                  *(f"not seen: {what}" for what in unseen))
        print(f"# seed {self.words.seed}: {time.monotonic() - began:.0f} s")


REFUSALS = re.compile(r"^tertuliad?: .*(read-only|no room|full|reports an error|cannot be written)")


def refusal(line):
    """What a program says that may not start: no more than that is allowed on stderr."""
    return REFUSALS.match(line) is not None


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build")
    parser.add_argument("--minutes", type=float, default=3)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--rate", type=float, default=12)
    parser.add_argument("--keep", action="store_true")
    words = parser.parse_args()
    print(f"# tests/chaos/run.py --minutes {words.minutes:g} --rate {words.rate:g} --seed "
          f"{words.seed} BUILDDIR", flush=True)
    run = Run(words)
    try:
        run.play()
    except Exception:  # whatever it was, it is told, and all is unmade
        run.test("the run came to its end", False, *traceback.format_exc().splitlines())
    finally:
        if words.keep:
            shutil.copytree(run.stage.folder, f"{run.stage.folder}-kept")
            print(f"# kept: {run.stage.folder}-kept")
        run.stage.end()
    print(f"1..{len(run.results)}")
    return 0 if all(run.results) else 1


if __name__ == "__main__":
    sys.exit(main())
