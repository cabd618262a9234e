"""A long evening: three programs without a screen and one with, all linked, who talk for 20 minutes
(one with --quick) while keys are typed. Memory, descriptors, the size of the history and wakings
must not grow with time. Before it as many lines are said as a window holds and more, and the first
quarter is not looked at: what has a limit is full by then."""
import os
import signal
import time

import rig
from rig import Meeting, Row, Seat, now
from screen import Tertulia, entries_in

MINUTES = 20
EVERY = 10  # seconds between two looks
RATE = 20  # messages a second in all
BEFORE = 45000  # lines: a window holds 2,000, what is known of our own some 12,000
TEXT = "and so the evening goes on, with words that are as long as people write in a chat"


def slope(samples):
    """Of (minute, value): how much more a minute, by least squares."""
    middle = sum(t for t, _ in samples) / len(samples), sum(v for _, v in samples) / len(samples)
    above = sum((t - middle[0]) * (v - middle[1]) for t, v in samples)
    below = sum((t - middle[0]) ** 2 for t, _ in samples)
    return above / below if below else 0.0


def looked_at(pid, home, before):
    """What is told of a program at one moment; `before` is the last one, for what adds up."""
    look = {"at": now(), "rss": rig.memory_kib(pid)[0], "dirty": rig.memory_kib(pid)[1],
            "open": rig.descriptors(pid), "woken": rig.wakings(pid), "cpu": rig.cpu_ms(pid),
            "entries": entries_in(home), "file": os.path.getsize(f"{home}/tertulia.db")}
    if before:
        passed = look["at"] - before["at"]
        look["woken_s"] = (look["woken"] - before["woken"]) / passed
        look["cpu_pct"] = (look["cpu"] - before["cpu"]) / passed / 10
    return look


def evening(run, minutes, watched):
    """Looks at two of them: {name: [look..]}"""
    looks = {name: [] for name in watched}
    with Meeting(run.program("tertuliad")) as meeting:
        first = meeting.peer("p0").start()
        others = [meeting.peer(f"p{n}").start(connect=[first]) for n in (1, 2)]
        home, us = run.home(), Tertulia(run)
        seat = Seat(us.argv(home, first.port), home)
        seat.wait(us.prompt)
        first.until_linked(*others)
        seat.drain(2)
        seen = {"tertuliad": (first.process.pid, first.home), "tertulia": (seat.pid, home)}
        for number in range(BEFORE):
            [first, *others][number % 3].say(f"before {number} {TEXT}")
        for peer in (first, *others):
            peer.expect(event="message", text=f"before {BEFORE - 1} {TEXT}", limit=180)
        seat.drain(10)
        begun, said, due, typed = now(), 0, 0, 0
        while now() - begun < minutes * 60:
            while said < (now() - begun) * RATE:
                [first, *others][said % 3].say(f"{said} {TEXT}")
                said += 1
            rig.echoes(seat, 1, 0.2)
            typed += 1
            if typed % 15 == 0:  # a line as people write, not one of thousands of letters
                seat.type(b"\x15")
            if now() - begun >= due:
                due += EVERY if minutes > 2 else 3
                for name, (pid, place) in seen.items():
                    looks[name].append(looked_at(pid, place, looks[name][-1:] and looks[name][-1]))
            for peer in (first, *others):  # what they tell is not kept here either
                with peer.changed:
                    del peer.events[:-100]
        os.kill(seat.pid, signal.SIGCONT)
        seat.end()
        time.sleep(0.5)
    return looks


def talk(run):
    minutes = 1 if run.quick else MINUTES
    text = f"in {minutes} minute{'s' * (minutes > 1)} of {RATE} messages/s"
    run.say(f"{minutes} minutes of talk")
    for name, looks in evening(run, minutes, ("tertuliad", "tertulia")).items():
        late = looks[len(looks) // 4:]
        hour = [(look["at"] / 60, look) for look in late]
        for what, key, unit, most in (("memory, resident", "rss", "KiB/min", 50),
                                      ("memory, private and dirty", "dirty", "KiB/min", 50),
                                      ("descriptors", "open", "1/min", 0.01),
                                      ("wakings a second", "woken_s", "1/s a min", 1),
                                      ("CPU", "cpu_pct", "% of a core a min", 0.1)):
            row = Row("soak", f"{name}: growth of {what} {text}", unit,
                      (f"≤ {most:g}", None, most, "most"))
            row.add("tertulia", slope([(at, look[key]) for at, look in hour if key in look]))
            yield row
        for what, key, unit in (("CPU", "cpu_pct", "% of a core"), ("wakings", "woken_s", "1/s"),
                                ("memory, resident", "rss", "KiB")):
            row = Row("soak", f"{name}: {what} {text}, each look after the first quarter", unit)
            for look in late:
                row.add("tertulia", look[key])
            yield row
        row = Row("soak", f"{name}: bytes of the history for each entry, at the end of {text[3:]}",
                  "bytes")
        row.add("tertulia", looks[-1]["file"] / max(1, looks[-1]["entries"]))
        yield row


PARTS = (talk,)
