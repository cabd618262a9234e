"""Real tertuliads, started in temporary homes and spoken to in lines.

A story makes a Meeting, lets Peers join it, says lines, and waits for the JSON lines that have to
come. Nothing sleeps in the hope that something has happened: it waits for an event, with a limit so
generous that only a defect reaches it, and then shows what everybody said last. What a story
started is ended by its process id, whatever happens.
"""
import contextlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

# seconds; what a story waits for takes one or two, on a loaded machine ten; programs that are
# looked at while they run (scripts/deep.sh) are SLOWER
LIMIT = 60 * int(os.environ.get("SLOWER", "1"))
SHOWN = 12  # lines of each peer that a failure shows


class Failed(Exception):
    """Something did not come, or should not have."""


FOUND = 99  # the exit status of a program in which a sanitizer found something: no other's


def clean_environment(**more):
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("LC_", "LANG", "XDG_"))}
    for name in ("ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"):
        kept[name] = f"{kept[name]}:exitcode={FOUND}" if kept.get(name) else f"exitcode={FOUND}"
    return {**kept, "LANG": "C.UTF-8", **more}


def free_port(host="127.0.0.1"):
    """A port that nobody has now, and that the kernel gives to nobody who asks for any: those are
    above 32767."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    while True:
        port = random.randrange(20000, 32000)
        with socket.socket(family) as probe, contextlib.suppress(OSError):
            probe.bind((host, port))
            return port


def matches(event, wanted):
    for key, value in wanted.items():
        if key == "who":
            if event.get("from", {}).get("name") != value:
                return False
        elif callable(value):
            if key not in event or not value(event[key]):
                return False
        elif event.get(key) != value:
            return False
    return True


def waits_of(pid):
    """In what call of the kernel each thread of a process is, and each of its children."""
    def told(folder):
        try:
            return f"{(folder / 'comm').read_text().strip()}: {(folder / 'wchan').read_text()}"
        except OSError as error:
            return str(error)

    tasks = sorted(Path(f"/proc/{pid}/task").glob("*"))
    children = [child for task in tasks if (task / "children").exists()
                for child in (task / "children").read_text().split()]
    return "\n".join([told(task) for task in tasks] +
                     [f"its child {told(Path('/proc') / child)}" for child in children])


class Peer:
    """One tertuliad. `events` is all it ever said, over every start."""

    def __init__(self, meeting, name, program, host="127.0.0.1", inside=()):
        self.meeting = meeting
        self.name = name
        self.program = program
        self.host = host
        self.inside = list(inside)  # a command that runs it elsewhere: ip netns exec NAME
        self.home = os.path.join(meeting.folder, name)
        self.port = free_port()
        self.events = []
        self.changed = threading.Condition()
        self.process = None
        self.reader = None
        self.id = None
        self.begun = 0  # where the events of the running program begin
        self.errors = None

    # ---- its life ----

    def start(self, *words, connect=(), wait=True):
        """`connect`: peers, or addresses."""
        assert not self.process, f"{self.name} runs already"
        calls = [c.address if isinstance(c, Peer) else c for c in connect]
        line = [*self.inside, self.program, "--home", self.home, "--no-beacon", "--name",
                self.name, "--listen", self.address, *words]
        for call in calls:
            line += ["--connect", call]
        self.errors = open(os.path.join(self.meeting.folder, f"{self.name}.stderr"), "ab")
        self.begun = len(self.events)
        self.process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=self.errors, env=clean_environment())
        self.reader = threading.Thread(target=self._read, args=(self.process.stdout,))
        self.reader.daemon = True
        self.reader.start()
        if wait:
            ready = self.expect(event="ready", since=self.begun)
            self.id = ready["id"]
        return self

    @property
    def address(self):
        return f"{self.host}:{self.port}"

    def _read(self, stream):
        for line in stream:
            try:
                event = json.loads(line)
                event["event"], event["at"]
            except (ValueError, KeyError, TypeError):
                event = {"event": "NOT JSON", "line": line}
            with self.changed:
                self.events.append(event)
                self.changed.notify_all()
        stream.close()

    def say(self, *lines):
        """Lines as one types them; bytes go as they are."""
        data = b"".join(l if isinstance(l, bytes) else l.encode() + b"\n" for l in lines)
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def _over(self, status_wanted):
        process, self.process = self.process, None
        try:
            status = process.wait(LIMIT)
        except subprocess.TimeoutExpired:
            waits = waits_of(process.pid)
            process.kill()
            process.wait()
            raise Failed(f"{self.name} did not end\n{waits}\n{self.meeting.transcript()}") from None
        self.reader.join(LIMIT)
        try:
            process.stdin.close()
        except OSError:
            pass
        self.errors.close()
        if status_wanted is not None and status != status_wanted:
            raise Failed(f"{self.name} ended with {status}\n{self.meeting.transcript()}")
        return status

    def leave(self):
        """As one does, by /exit."""
        self.say("/exit")
        self._over(0)

    def stop(self, number=signal.SIGTERM, status=0):
        self.process.send_signal(number)
        return self._over(status)

    def kill(self):
        return self.stop(signal.SIGKILL, -signal.SIGKILL)

    # ---- what it says ----

    def expect(self, count=1, since=0, limit=LIMIT, **wanted):
        """The count-th event that has all this, as soon as it is there."""
        until = time.monotonic() + limit
        seen, at = 0, since
        with self.changed:
            while True:
                while at < len(self.events):
                    event = self.events[at]
                    at += 1
                    seen += matches(event, wanted)
                    if seen == count:
                        return event
                left = until - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    break
        raise Failed(f"{self.name} never said {wanted} ({seen} of {count})\n"
                     + self.meeting.transcript())

    def all(self, since=0, **wanted):
        with self.changed:
            return [e for e in self.events[since:] if matches(e, wanted)]

    def now(self):
        """A mark: what comes after it."""
        with self.changed:
            return len(self.events)

    def ask(self, line, event):
        """The answer to a command."""
        since = self.now()
        self.say(line)
        return self.expect(event=event, since=since)

    def texts(self, **wanted):
        return [e["text"] for e in self.all(event="message", **wanted)]

    # ---- what it is ----

    def linked(self):
        """Names of those to whom it has a link."""
        answer = self.ask("/peers", "peers")
        return {p["name"] for p in answer["peers"] if p["presence"] == "linked" and not p["self"]}

    def until_linked(self, *others, limit=LIMIT):
        """By its events: the last word on each of them is that they are there."""
        wanted = {o.name for o in others}
        until = time.monotonic() + limit

        def there():
            last = {}
            for e in self.events[self.begun:]:
                if e["event"] == "peer" and not e.get("self"):
                    last[e["id"]] = (e["name"], e["presence"])
            return {name for name, presence in last.values() if presence == "linked"}

        with self.changed:
            while not wanted <= there():
                left = until - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    raise Failed(f"{self.name} has no link to {wanted - there()}\n"
                                 + self.meeting.transcript())

    def status(self, key):
        """A number of /proc/PID/status."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as file:
            for line in file:
                if line.startswith(key + ":"):
                    return int(line.split()[1])
        raise Failed(f"/proc/PID/status has no {key}")

    def memory_holds(self, secret):
        """Whether any byte it can read holds this."""
        with open(f"/proc/{self.process.pid}/maps", encoding="utf-8") as file:
            maps = [line.split() for line in file]
        with open(f"/proc/{self.process.pid}/mem", "rb", 0) as memory:
            for parts in maps:
                if not parts[1].startswith("r") or (len(parts) > 5 and parts[5] == "[vvar]"):
                    continue
                low, high = (int(part, 16) for part in parts[0].split("-"))
                if high - low > 1 << 32:
                    continue  # no memory, only addresses that a sanitizer keeps for itself
                if self._range_holds(memory, low, high, secret):
                    return True
        return False

    @staticmethod
    def _range_holds(memory, low, high, secret):
        step, tail = 1 << 24, b""
        for at in range(low, high, step):
            try:
                memory.seek(at)
                data = tail + memory.read(min(step, high - at))
            except (OSError, ValueError, OverflowError):
                return False  # a page that is only reserved
            if secret in data:
                return True
            tail = data[-len(secret):]
        return False

    def files_hold(self, secret):
        for folder, _, names in os.walk(self.home):
            for name in names:
                with open(os.path.join(folder, name), "rb") as file:
                    if secret in file.read():
                        return True
        return False

    def stderr(self):
        path = os.path.join(self.meeting.folder, f"{self.name}.stderr")
        if not os.path.exists(path):
            return ""  # it was never started
        with open(path, "rb") as file:
            return file.read().decode(errors="replace")


class Meeting:
    """A temporary folder and the peers in it; all is gone at its end."""

    def __init__(self, program):
        self.program = program
        self.folder = tempfile.mkdtemp(prefix="tertulia-e2e-")
        self.peers = []
        self.endings = []
        self.shell = ()  # what starts programs that have a screen

    def __enter__(self):
        return self

    def peer(self, name, **more):
        peer = Peer(self, name, self.program, **more)
        self.peers.append(peer)
        return peer

    def at_end(self, function):
        self.endings.append(function)

    def __exit__(self, kind, problem, trace):
        try:
            for peer in self.peers:
                if peer.process and kind:
                    peer.stop(signal.SIGKILL, None)
            for peer in self.peers:
                if peer.process:
                    peer.process.send_signal(signal.SIGTERM)  # all at once: it is quicker
            for peer in self.peers:
                if peer.process:
                    peer._over(0)
            if not kind:
                self._look_back()
        finally:
            for peer in self.peers:
                if peer.process:
                    peer.process.kill()
                    peer.process.wait()
            for function in reversed(self.endings):
                function()
            shutil.rmtree(self.folder, ignore_errors=True)

    def _look_back(self):
        """What holds for every story: only JSON, nothing said twice, nothing on stderr."""
        for peer in self.peers:
            bad = peer.all(event="NOT JSON")
            if bad:
                raise Failed(f"{peer.name} wrote what is not its JSON: {bad[0]['line']!r}")
            noise = peer.stderr()
            if noise:
                raise Failed(f"{peer.name} wrote on stderr: {noise}")

    def transcript(self):
        parts = []
        for peer in self.peers:
            parts.append(f"--- {peer.name} ({'runs' if peer.process else 'ended'})")
            with_events = peer.events[-SHOWN:]
            parts += [json.dumps(e, ensure_ascii=False, default=repr)[:300] for e in with_events]
            noise = peer.stderr()[-4000:]
            if noise:
                parts.append(f"stderr: {noise}")
        return "\n".join(parts)


def chain(*peers):
    """Each is told of the next one only; the last one starts first."""
    later = None
    for peer in reversed(peers):
        peer.start(connect=[later] if later else [])
        later = peer


def all_linked(peers):
    for peer in peers:
        peer.until_linked(*(other for other in peers if other is not peer))


def equal(got, wanted, what=""):
    if got != wanted:
        raise Failed(f"{what}: got {got!r}, wanted {wanted!r}")


def once(peer, texts, **wanted):
    """These messages, each once, in this order."""
    equal(peer.texts(**wanted), list(texts), f"what {peer.name} was told {wanted}")


def until(ask, wanted):
    """Asks a program again until it answers this; the asking takes as long as it takes."""
    last = time.monotonic() + LIMIT
    while (got := ask()) != wanted:
        if time.monotonic() > last:
            raise Failed(f"it stays {got!r}, wanted {wanted!r}")


_told = threading.local()


def note(text):
    """For who reads the results: shown below the story's own."""
    notes().append(text)


def notes():
    """Those of the story that this thread tells."""
    if not hasattr(_told, "notes"):
        _told.notes = []
    return _told.notes


def is_root():
    return os.geteuid() == 0 and sys.platform == "linux"
