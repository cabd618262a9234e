"""Where the long run is played: machines on a bridge, small disks, programs and guests.

As root on Linux each program has a namespace of its own, and its home is a small disk of its own
(tmpfs). Otherwise all stand on loopback, every link goes through the proxy, and what needs root is
left out. Whatever was made is unmade at the end, by signals too; programs are ended by their ids.
"""
import atexit
import ctypes
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
from driver import clean_environment, is_root  # noqa: E402
import evidence  # noqa: E402
from guests import Guest  # noqa: E402
from ledger import Heard, Ledger, Mark  # noqa: E402
from wires import Wires  # noqa: E402

NODES = 8
DISK = "48m"
PORT = 9999
WILL = struct.Struct("qii")  # tests/chaos/shim.c
NAMES = ["carmen", "diego", "elena", "felipe", "gloria", "hugo", "ines", "jorge"]
LIMIT = 60


class Stage:
    def __init__(self, program, seed):
        self.program = program
        self.seed = seed
        self.folder = tempfile.mkdtemp(prefix="tertulia-chaos-")
        self.endings = []
        self.ended = False
        atexit.register(self.end)
        for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            signal.signal(number, lambda number, _: sys.exit(128 + number))
        self.libc = ctypes.CDLL(None, use_errno=True)
        self.why = self._lay()
        self.shim = os.path.join(self.folder, "shim.so")
        subprocess.run([os.environ.get("CC", "cc"), "-D_GNU_SOURCE", "-O1", "-shared", "-fPIC",
                        "-o", self.shim, str(HERE / "shim.c"), "-ldl"], check=True)
        self.proxy = None

    def _lay(self):
        """Why there are no machines, or None."""
        self.wires = None
        if not is_root() or not shutil.which("ip") or not shutil.which("nft"):
            return "there are machines, disks and partitions for root only, with ip and nft"
        try:
            self.wires = Wires(self, NODES + 2)
        except OSError as problem:
            return f"no wires can be laid here: {problem}"
        for number in range(NODES):
            self.wires.must("-n", self.wires.names[NODES], "addr", "add",
                            f"{self.standin(number)}/24", "dev", "eth0")
        for number in range(5):
            self.wires.must("-n", self.wires.names[NODES + 1], "addr", "add",
                            f"{self.guest_host(number)}/24", "dev", "eth0")
        return None

    def at_end(self, function):
        self.endings.append(function)

    def end(self):
        if self.ended:
            return
        self.ended = True
        for function in reversed(self.endings):
            try:
                function()
            except (OSError, ValueError, subprocess.SubprocessError) as problem:
                print(f"# not unmade: {problem}", file=sys.stderr)
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- addresses ----

    def real(self, number):
        return f"10.99.0.{number + 1}" if self.wires else f"127.77.0.{number + 1}"

    def standin(self, number):
        return f"10.99.0.{number + 101}" if self.wires else f"127.77.0.{number + 101}"

    def guest_host(self, number):
        return f"10.99.0.{number + 201}" if self.wires else f"127.77.0.{number + 201}"

    def inside(self, number):
        return ["ip", "netns", "exec", self.wires.names[number]] if self.wires else []

    def is_direct(self, one, other):
        """Half of the pairs reach each other directly, the others through the proxy only."""
        return self.wires is not None and (one + other) % 2 == 0

    def address(self, caller, called):
        direct = self.is_direct(caller, called)
        return f"{self.real(called) if direct else self.standin(called)}:{PORT}"

    # ---- disks ----

    def disk_mount(self, path):
        os.makedirs(path, mode=0o700)
        if not self.wires:
            return
        self._mount(b"tmpfs", path, 0, f"size={DISK},mode=700")
        self.at_end(lambda: self.libc.umount2(path.encode(), 2))

    def disk_read_only(self, path, yes):
        self._mount(None, path, 32 | (1 if yes else 0), f"size={DISK},mode=700")

    def _mount(self, kind, path, flags, options):
        if self.libc.mount(kind, path.encode(), kind, flags, options.encode()) != 0:
            raise OSError(ctypes.get_errno(), f"mount {path}")

    # ---- who is cut off ----

    def rules(self, number, table, lines):
        """An nft table of that machine, made anew; without lines it is taken away."""
        script = f"table inet {table}\ndelete table inet {table}\n"
        if lines:
            body = "".join(
                f"chain {hook} {{ type filter hook {hook} priority 0; {''.join(of)} }}\n"
                for hook, of in lines.items())
            script += f"table inet {table} {{\n{body}}}\n"
        subprocess.run([*self.inside(number), "nft", "-f", "-"], input=script.encode(), check=True,
                       timeout=LIMIT, capture_output=True)

    def pairs_lay(self):
        for one in range(NODES):
            others = [self.real(other) for other in range(NODES)
                      if other != one and not self.is_direct(one, other)]
            self.rules(one, "pairs", {"output": [
                f"ip daddr {{ {', '.join(others)} }} counter reject;"]})

    def cut(self, one, others, ways=("input", "output"), how="drop", table="cut"):
        """`one` neither hears nor reaches them, in that way or both; [] ends that."""
        of = ", ".join(a for other in others for a in (self.real(other), self.standin(other)))
        side = {"input": "saddr", "output": "daddr"}
        self.rules(one, table, {way: [f"ip {side[way]} {{ {of} }} {how};"] for way in ways}
                   if others else {})

    # ---- the proxy ----

    def proxy_start(self):
        pairs = [f"{self.real(n)}:{PORT}={self.standin(n)}:{PORT}" for n in range(NODES)]
        self.proxy = subprocess.Popen(
            [*self.inside(NODES), sys.executable, str(HERE / "proxy.py"), "--seed", str(self.seed),
             *pairs], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.at_end(self.proxy_end)
        json.loads(self.proxy.stdout.readline())

    def proxy_tell(self, word):
        self.proxy.stdin.write(word + "\n")
        self.proxy.stdin.flush()
        return json.loads(self.proxy.stdout.readline())

    def proxy_end(self):
        self.proxy.stdin.close()
        try:
            self.proxy.wait(LIMIT)
        except subprocess.TimeoutExpired:
            self.proxy.kill()
            self.proxy.wait()

    def transcript(self):
        return ""


class Program:
    """One tertuliad. What it says goes to a file, and to the ledger, line by line."""

    def __init__(self, stage, ledger, number):
        self.stage = stage
        self.ledger = ledger
        self.number = number
        self.name = NAMES[number]
        self.home = os.path.join(stage.folder, "homes", self.name)
        self.stderr = os.path.join(stage.folder, f"{self.name}.stderr")
        self.lines = open(os.path.join(stage.folder, f"{self.name}.jsonl"), "ab", 0)
        self.process = None
        self.reader = None
        self.ready = threading.Event()  # it is, or it will never be
        self.up = False
        self.id = None
        self.frozen = False
        self.typing = threading.Lock()
        self.starts = 0
        self.eased = 0  # since when nothing is in its way; None: something is
        self.visitors = []
        stage.disk_mount(self.home)
        path = os.path.join(stage.folder, f"{self.name}.will")
        with open(path, "wb") as file:
            file.write(bytes(WILL.size))
        self.will_path = path
        self.will = {"clock_ms": 0, "sync_ms": 0, "error": 0}
        stage.at_end(self.kill)

    # ---- its life ----

    def start(self):
        """Whether it is ready; where it refuses to start, its status is kept in `status`."""
        stage = self.stage
        line = [*stage.inside(self.number), "env", f"LD_PRELOAD={stage.shim}",
                f"CHAOS_WILL={self.will_path}", stage.program, "--home", self.home, "--no-beacon",
                "--name", self.name, "--listen", f"{stage.real(self.number)}:{PORT}", "--classic"]
        for other in range(NODES):
            if other != self.number:
                line += ["--connect", stage.address(self.number, other)]
        self.ready.clear()
        self.up = False
        self.starts += 1
        for visitor in self.visitors:
            visitor.host_begins(self.home)
        with open(self.stderr, "ab") as errors:
            self.process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                            stderr=errors, env=clean_environment())
        os.set_blocking(self.process.stdin.fileno(), False)
        self.reader = threading.Thread(target=self._read, args=(self.process,), daemon=True)
        self.reader.start()
        return self.ready.wait(LIMIT) and self.up and self.process.poll() is None

    def _read(self, process):
        for line in process.stdout:
            self.lines.write(line)
            if not line.endswith(b"\n"):
                break  # it was killed in the middle of it
            try:
                event = json.loads(line)
                kind = event["event"]
            except (ValueError, KeyError, TypeError):
                self.ledger.wrong("said", f"{self.name} wrote what is not its JSON: {line!r}")
                continue
            if kind == "ready":
                self.id = event["id"]
                self.ledger.is_ready(self, event)
                self.up = True
                self.ready.set()
            else:
                self.ledger.told(self, event)
        process.stdout.close()
        self.ready.set()  # nothing will come any more

    def heard(self):
        return [visitor.heard() for visitor in self.visitors]

    def _over(self):
        process, self.process = self.process, None
        status = process.wait(LIMIT)
        self.reader.join(LIMIT)
        with self.typing:
            try:
                process.stdin.close()
            except OSError:
                pass
        self.frozen = False
        return status

    def kill(self):
        if self.process:
            self.process.kill()
            self._over()

    def leave(self):
        """As one does; its status."""
        self.process.send_signal(signal.SIGTERM)
        return self._over()

    def freeze(self, yes=True):
        self.frozen = yes
        self.process.send_signal(signal.SIGSTOP if yes else signal.SIGCONT)

    def runs(self):
        return self.process is not None and not self.frozen and self.up

    def say(self, line):
        """False where it was not typed."""
        with self.typing:
            process = self.process
            if not process or not self.runs():
                return False
            try:
                os.write(process.stdin.fileno(), line.encode() + b"\n")
            except (OSError, ValueError):  # it just ended
                return False
            return True

    # ---- what is done to it ----

    def wish(self, **more):
        """What the shim does from now on."""
        self.will.update(more)
        with open(self.will_path, "r+b") as file:
            file.write(WILL.pack(*(self.will[k] for k in ("clock_ms", "sync_ms", "error"))))

    def fill(self):
        filler = os.path.join(self.home, "filler")
        with open(filler, "wb", 0) as file:
            for size in (1 << 20, 4096):
                try:
                    while True:
                        file.write(b"x" * size)
                except OSError:
                    pass

    def unfill(self):
        filler = os.path.join(self.home, "filler")
        if os.path.exists(filler):
            os.unlink(filler)

    def descriptors_limit(self, spare):
        """None: as many as ever."""
        limit = 1024 if spare is None else len(os.listdir(f"/proc/{self.process.pid}/fd")) + spare
        subprocess.run(["prlimit", "--pid", str(self.process.pid), f"--nofile={limit}:"],
                       check=False, timeout=LIMIT, capture_output=True)

    # ---- what it is ----

    def measure(self):
        """Its descriptors and its memory in KiB."""
        folder = f"/proc/{self.process.pid}"
        with open(f"{folder}/status", encoding="ascii") as file:
            rss = next(int(line.split()[1]) for line in file if line.startswith("VmRSS"))
        return len(os.listdir(f"{folder}/fd")), rss

    def noise(self):
        if not os.path.exists(self.stderr):
            return ""
        with open(self.stderr, "rb") as file:
            return file.read().decode(errors="replace")


class Visitor:
    """One guest, kept at its host: where the host is gone, it comes again."""

    def __init__(self, stage, kind, number, host):
        self.stage = stage
        self.kind = kind
        self.host = host
        self.address = stage.real(host)
        own = stage.guest_host(number)
        more = {"join_client": {"GUEST_HOST": self.address, "GUEST_PORT": "5000"},
                "named": {"GUEST_NAME": "Criss", "GUEST_PORT": "9995"}}.get(kind, {})
        self.guest = Guest(stage, kind, host=own, inside=stage.inside(NODES + 1), **more)
        self.begun = 0
        self.mark = 0
        self.marks = []  # ledger.py, Heard

    def host_begins(self, home):
        if self.kind == "dated":
            owed = Ledger.tokens(evidence.Disk(home, self.stage.folder))
            self.marks.append(Mark(self.guest.now(), time.monotonic(), "host", owed))

    def heard(self):
        with self.guest.changed:
            lines = list(zip(self.guest.told_at, self.guest.told))
        return Heard(self.kind, lines, list(self.marks))

    def come(self):
        self.guest.gone()
        self.mark = self.guest.now()
        self.marks.append(Mark(self.mark, time.monotonic(), "guest"))
        try:
            self.guest.start(*([self.guest.host, "9000", self.address, str(PORT)]
                               if self.kind == "piped" else []))
            self.guest.type(*{"join_client": ["pepe"], "named": ["1", self.address, str(PORT)],
                              "neighbour": ["1", self.address, str(PORT)]}.get(self.kind, []))
        except OSError:
            pass  # it is gone already: the next time
        self.begun = time.monotonic()

    def lost(self):
        """Whether it has to come again: its program ended, or says that its link did."""
        last = "\n".join(self.guest.told[self.mark:][-6:])
        ended = not self.guest.process or self.guest.process.poll() is not None
        return ended or any(word in last for word in ("desconectado", "error:", "se fue"))

    def say(self, text):
        try:
            self.guest.type(*{"dated": [text, self.address], "neighbour": ["2", text]}
                            .get(self.kind, [text]))
            return True
        except (OSError, AttributeError):
            return False
