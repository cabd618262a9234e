"""One attack: ana and bruno talk through vera, and vera is attacked.

ana and bruno listen where nobody learns of it (PROTOCOL.md: an address told of is that of the link
and the port of the hello), so all that they say to each other passes through vera, who has to check
it, commit it and push it on. First they talk in calm, then while the liar lies; and what they said
has to be with all three, once, in order.
"""
import json
import os
import select
import statistics
import subprocess
import sys
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
from driver import LIMIT, Failed, Meeting, Peer, clean_environment, equal  # noqa: E402


def waited_ms(peers):
    """For each, how long its loop has been ready to run, and had no processor."""
    found = []
    for peer in peers:
        try:
            with open(f"/proc/{peer.process.pid}/schedstat", encoding="ascii") as file:
                found.append(int(file.read().split()[1]) / 1e6)
        except (OSError, IndexError):
            found.append(0)  # not counted by this kernel
    return found


GROWTH_MAX = 16 * 1024  # KiB
RATIO_MAX = 2
# Two processors shared by three programs, a liar and us: below this a latency says nothing.
FLOOR_MS = 25
# No line waits for a time-out (10 s in sync.h), however seldom; no load does this.
STALL_MS = 8000
CALM_LINES = 30
PAUSE = 0.03  # between two lines of honest talk
UNSEEN = set(range(0x20)) - {0x0A} | {0x7F}
ACTING = ["\u200e", "\u200f", "\u061c", *map(chr, range(0x202a, 0x202f)),
          *map(chr, range(0x2066, 0x206a)), *map(chr, range(0x80, 0xa0)), "\u2028", "\u2029",
          *map(chr, range(0xe0000, 0xe0080))]


def is_tick(text):
    return text.startswith("tick ")


class Stamped(Peer):
    """Remembers when each line came, and whether any could act on a terminal."""

    def _read(self, stream):
        for line in stream:
            at = time.monotonic()
            text = line.decode(errors="replace")
            acting = UNSEEN & set(line) or [c for c in ACTING if c in text] or "\ufffd" in text
            try:
                event = json.loads(line)
                event["stamp"] = at
            except ValueError:
                event = {"event": "NOT JSON", "at": "", "line": line}
            if acting:
                event = {"event": "NOT JSON", "at": "", "line": line}
            with self.changed:
                self.events.append(event)
                self.changed.notify_all()
        stream.close()


class Liar:
    """`enough`: what it has to have done before the attack may end."""

    def __init__(self, play, lie, enough, inside=(), **more):
        peers = {p.name: {"address": [p.host, p.port], "id": play.id_hex(p)} for p in play.people}
        config = {"folder": play.meeting.folder, "peers": peers, "quick": play.quick, "enough": enough,
                  "more": more}
        self.enough = enough
        self.process = subprocess.Popen(
            [*inside, "/usr/bin/python3", os.path.join(HERE, "lies.py"), lie, json.dumps(config)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=clean_environment())
        play.meeting.at_end(self.end)
        ready = select.select([self.process.stdout], [], [], LIMIT)[0]
        try:
            self.facts = json.loads(self.process.stdout.readline() if ready else "")
        except ValueError:
            self.process.kill()
            raise Failed(f"the liar was not ready: {self.process.communicate(timeout=LIMIT)}") from None

    def go(self):
        self._order("go")

    def _order(self, word):
        try:
            self.process.stdin.write(word + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            raise Failed(f"the liar ended: {self.process.communicate(timeout=LIMIT)}") from None

    def did_enough(self):
        return bool(select.select([self.process.stdout], [], [], 0)[0])

    def stop(self):
        """What it saw."""
        self._order("stop")
        out, errors = self.process.communicate(timeout=LIMIT)
        if errors or not out.strip():
            raise Failed(f"the liar said {out!r} and {errors}")
        facts = json.loads(out.splitlines()[-1])
        short = {k: facts.get(k, 0) for k, n in self.enough.items() if facts.get(k, 0) < n}
        if short:
            raise Failed(f"the liar only managed {short}: {facts}")
        return facts

    def end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


class Play:
    def __init__(self, meeting, quick, seconds):
        self.meeting, self.quick, self.seconds = meeting, quick, seconds
        self.said = {"ana": [], "bruno": []}
        self.number = 0
        self.people = []
        self.calm_ms = self.calm_whole_ms = self.under_ms = self.under_whole_ms = self.worst_ms = 0
        self.growth = self.share = self.lasted = 0
        self.facts = {}  # what the liar had to say before it began

    # ---- the stage ----

    def begin(self, *words, peers=None):
        """`peers`: the three of another network."""
        for name, host in (("ana", "127.0.0.2"), ("vera", "127.0.0.1"), ("bruno", "127.0.0.3")):
            peer = peers[name] if peers else self.meeting.peer(name, host=host)
            peer.__class__ = Stamped
            self.people.append(peer)
        self.ana, self.vera, self.bruno = self.people
        self.vera.start(*words)
        self.ana.start(connect=[self.vera])
        self.bruno.start(connect=[self.vera])
        self.vera.until_linked(self.ana, self.bruno)
        self.vera.say("welcome")
        for peer in (self.ana, self.bruno):
            peer.expect(event="message", text="welcome")
        return self

    @staticmethod
    def id_hex(peer):
        import base64
        return base64.b32decode(peer.id.upper() + "====").hex()

    def liar(self, lie, enough, **more):
        return Liar(self, lie, enough, **more)

    # ---- honest talk ----

    def tick(self):
        """Milliseconds from a line typed to the other's screen, through vera. What was only waiting
        for a processor is taken off: the liar, and whatever else runs here, has some of them."""
        who, other = (self.ana, self.bruno) if self.number % 2 else (self.bruno, self.ana)
        text = f"tick {self.number}"
        self.number += 1
        since = other.now()
        self.said[who.name].append(text)
        waited, began = waited_ms(self.people), time.monotonic()
        who.say(text)
        event = other.expect(event="message", text=text, since=since)
        whole = (event["stamp"] - began) * 1000
        # They may wait at the same time: only the longest is sure to have been in the way.
        waits = [b - a for a, b in zip(waited, waited_ms(self.people))]
        return max(0.1, whole - max(waits)), whole

    def calm(self):
        for _ in range(4):  # epochs are opened, caches filled
            self.tick()
        found = []
        for _ in range(CALM_LINES):
            found.append(self.tick())
            time.sleep(PAUSE)
        self.calm_ms, self.calm_whole_ms = (statistics.median(part) for part in zip(*found))

    def attack(self, liar, during=None):
        """Talk for as long as the lie goes on. `during` is done meanwhile, once."""
        with open(f"/proc/{self.vera.process.pid}/clear_refs", "w", encoding="ascii") as file:
            file.write("5")  # VmHWM begins anew
        before = self.vera.status("VmRSS")
        worked = self.worked()
        liar.go()
        problems = []
        self.facts = liar.facts
        thread = threading.Thread(target=self._during, args=(during, problems), daemon=True)
        thread.start()
        found = []
        began = time.monotonic()
        while self._goes_on(time.monotonic() - began, thread, liar) or len(found) < 10:
            found.append(self.tick())
            time.sleep(PAUSE)
        thread.join(LIMIT)
        facts = liar.stop()
        if problems:
            raise problems[0]
        self.under_ms, self.under_whole_ms = (statistics.median(part) for part in zip(*found))
        self.worst_ms = max(whole for _, whole in found)
        self.lasted = time.monotonic() - began
        self.share = (self.worked() - worked) / self.lasted
        self.growth = self.vera.status("VmHWM") - before
        return facts

    def worked(self):
        """Seconds of processor that vera has had."""
        with open(f"/proc/{self.vera.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(") ", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _goes_on(self, seconds, thread, liar):
        if seconds > LIMIT:
            return False
        return seconds < self.seconds or thread.is_alive() or not liar.did_enough()

    @staticmethod
    def _during(function, problems):
        try:
            if function:
                function()
        except Exception as problem:  # told where the talk is
            problems.append(problem)

    # ---- afterwards ----

    def whole(self):
        """Nothing lost, nothing doubled, in order; and vera answers."""
        self.tick()
        self.tick()
        for speaker in (self.ana, self.bruno):
            for peer in self.people:
                wanted = self.said[speaker.name]
                peer.expect(event="message", text=wanted[-1])
                got = [e["text"] for e in peer.all(event="message", text=is_tick)
                       if e["from"]["id"] == speaker.id]  # names are anybody's
                equal(got, wanted, f"what {peer.name} has of {speaker.name}")
        for line, event in (("/peers", "peers"), ("/rooms", "rooms"), (f"/info ana~{self.ana.id[:4]}", "info")):
            self.vera.ask(line, event)

    def broken(self):
        """Why, in a list, or nothing."""
        if self.worst_ms > STALL_MS:
            return [f"one line took {self.worst_ms / 1000:.1f} s"]
        if self.growth <= GROWTH_MAX:
            return []
        return [f"vera grew by {self.growth / 1024:.1f} MiB"]

    def too_slow(self):
        if self.under_ms <= max(RATIO_MAX * self.calm_ms, FLOOR_MS):
            return []
        return [f"a line took {self.under_ms:.1f} ms; in calm it was {self.calm_ms:.1f} ms"]

    # ---- what is asked of it ----

    def nowhere(self, word, *peers):
        """No line of this kind with anyone."""
        for peer in peers or self.people:
            for event in peer.all(event="message"):
                if word in (event["text"] or ""):
                    raise Failed(f"{peer.name} shows {event}")

    def no_notice(self, code):
        for peer in self.people:
            if peer.all(event="notice", code=code):
                raise Failed(f"{peer.name} says {code}")

    def newcomer(self):
        """Somebody honest gets in, and what was said before comes to them."""
        peer = self.meeting.peer("carla", host="127.0.0.4")
        peer.__class__ = Stamped
        peer.start(connect=[self.vera])
        peer.until_linked(self.vera)
        peer.expect(event="message", text=self.said["ana"][0])
        return peer

