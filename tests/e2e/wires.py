"""Stories on a network of its own: namespaces of the kernel, one a machine, on one bridge. Only root
can lay wires; nothing leaves them."""
import os
import shutil
import signal
import subprocess
import sys
import time

from driver import LIMIT, Failed, all_linked, clean_environment, equal, is_root

# Leaving takes no time, the rest is for a loaded machine; a call would be waited for longer.
SOON = 9


def ip(*words):
    return subprocess.run(["ip", *words], capture_output=True, timeout=LIMIT,
                          env=clean_environment(), stdin=subprocess.DEVNULL)


class Wires:
    """A bridge in a namespace of its own, and machines on it: 10.99.0.1, 10.99.0.2..."""

    def __init__(self, meeting, count):
        self.tag = f"tt{os.getpid() % 100000}"
        self.names = [f"{self.tag}n{i}" for i in range(count)]
        self.bridge = f"{self.tag}br"
        for name in [self.bridge, *self.names]:
            self.must("netns", "add", name)
            meeting.at_end(lambda name=name: ip("netns", "del", name))
            self.must("-n", name, "link", "set", "lo", "up")
        self.must("-n", self.bridge, "link", "add", "bridge0", "type", "bridge")
        self.must("-n", self.bridge, "link", "set", "bridge0", "up")
        for number, name in enumerate(self.names):
            self._machine(number, name)

    def _machine(self, number, name):
        port = f"port{number}"
        self.must("-n", name, "link", "add", "eth0", "type", "veth", "peer", "name", port,
                  "netns", self.bridge)
        self.must("-n", self.bridge, "link", "set", port, "master", "bridge0", "up")
        self.must("-n", name, "addr", "add", f"10.99.0.{number + 1}/24", "dev", "eth0")
        self.must("-n", name, "link", "set", "eth0", "up")

    @staticmethod
    def must(*words):
        done = ip(*words)
        if done.returncode != 0:
            raise OSError(f"ip {' '.join(words)}: {done.stderr.decode().strip()}")

    def peer(self, meeting, name, number):
        return meeting.peer(name, host=f"10.99.0.{number + 1}",
                            inside=["ip", "netns", "exec", self.names[number]])

    def unplug(self, number, out=True):
        self.must("-n", self.bridge, "link", "set", f"port{number}", "down" if out else "up")

    def part(self, number, out=True):
        """`number` can reach nobody but machine 1."""
        for other, name in enumerate(self.names):
            if other not in (1, number):
                for a, b in ((name, number), (self.names[number], other)):
                    self.must("-n", a, "route", "add" if out else "del", "blackhole",
                              f"10.99.0.{b + 1}/32")


def laid(meeting, count):
    """Wires, or why there are none."""
    if not is_root():
        return None, "only root can lay wires"
    if not shutil.which("ip"):
        return None, "there is no ip"
    try:
        return Wires(meeting, count), None
    except OSError as problem:
        return None, f"no wires can be laid here: {problem}"


def three_machines_on_a_wire(meeting, _quick):
    """ana and carla never reach each other: all goes through bruno, who can read none of it."""
    wires, why = laid(meeting, 3)
    if why:
        return why
    wires.part(2)
    ana, bruno, carla = (wires.peer(meeting, n, i) for i, n in enumerate(("ana", "bruno", "carla")))
    bruno.start()
    ana.start(connect=[bruno])
    carla.start(connect=[bruno])
    ana.until_linked(bruno)
    carla.until_linked(bruno)
    ana.say("from one end to the other")
    own = ana.expect(event="message", text="from one end to the other")
    got = carla.expect(event="message", text="from one end to the other")
    equal((got["from"]["name"], got["from"]["id"], got["time"], got["late"]),
          ("ana", ana.id, own["time"], False))
    ana.expect(event="receipt", ref=own["ref"], of=2, stored_by=lambda s: len(s) == 2)
    ana.say("/whisper carla the-key-is-under-the-mat")
    carla.expect(event="message", text="the-key-is-under-the-mat", whisper=ana.id)
    if bruno.memory_holds(b"the-key-is-under-the-mat") or \
            bruno.files_hold(b"the-key-is-under-the-mat"):
        raise Failed("bruno can read the whisper")
    equal((ana.linked(), carla.linked()), ({"bruno"}, {"bruno"}))
    wires.part(2, out=False)
    all_linked([ana, bruno, carla])
    return None


def a_cable_is_pulled(meeting, quick):
    """Nobody says goodbye: after 45 s the link is dead, and what was said meanwhile comes later."""
    if quick:
        return "a link is dead after 45 s; without --quick it is told"
    wires, why = laid(meeting, 2)
    if why:
        return why
    ana, bruno = (wires.peer(meeting, n, i) for i, n in enumerate(("ana", "bruno")))
    bruno.start()
    ana.start(connect=[bruno])
    all_linked([ana, bruno])
    wires.unplug(0)
    since = ana.now()
    ana.say("into the void")
    ana.expect(event="peer", name="bruno", state="down", since=since)
    bruno.expect(event="peer", name="ana", state="down", since=1)
    ana.say("and again")
    wires.unplug(0, out=False)
    for text in ("into the void", "and again"):
        bruno.expect(event="message", text=text, limit=3 * LIMIT)
    equal(bruno.texts(), ["into the void", "and again"])
    return None


def who_cannot_be_reached_is_told_apart(meeting, _quick):
    wires, why = laid(meeting, 2)
    if why:
        return why
    ana, bruno = (wires.peer(meeting, n, i) for i, n in enumerate(("ana", "bruno")))
    bruno.start()
    ana.start(connect=[bruno])
    all_linked([ana, bruno])
    # bruno's machine hears 10.99.0.3, and its answers get lost.
    wires.must("-n", wires.names[0], "addr", "add", "10.99.0.3/24", "dev", "eth0")
    wires.must("-n", wires.names[1], "route", "add", "blackhole", "10.99.0.3/32")
    wires.must("-n", wires.names[0], "route", "add", "10.97.0.0/16", "via", "10.99.0.2", "src",
               "10.99.0.3")
    wires.must("-n", wires.names[1], "addr", "add", "10.97.0.1/16", "dev", "lo")
    wanted = {"/connect 10.98.0.1": "unreachable", "/connect 10.99.0.77": "unreachable",
              "/connect 10.99.0.2:1": "refused", "/connect 10.97.0.1": "no-answer"}
    ana.say(*wanted)
    for line, code in wanted.items():
        ana.expect(event="error", command=line, code=code)
    equal(len(ana.all(event="error")), len(wanted), "errors")
    return None


class Names:
    """A machine of its own whose name service is ours: tests/e2e/names.py says what it knows."""

    def __init__(self, meeting, **names):
        self.space = f"tn{os.getpid() % 100000}"
        Wires.must("netns", "add", self.space)
        meeting.at_end(lambda: ip("netns", "del", self.space))
        Wires.must("-n", self.space, "link", "set", "lo", "up")
        self.config = os.path.join(meeting.folder, "resolv.conf")
        with open(self.config, "w", encoding="ascii") as file:
            file.write("nameserver 127.0.0.1\n")
        service = subprocess.Popen(
            ["ip", "netns", "exec", self.space, sys.executable,
             os.path.join(os.path.dirname(__file__), "names.py"),
             *(f"{name}.test={','.join(known)}" for name, known in names.items())],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=clean_environment())
        meeting.at_end(lambda: service.communicate(timeout=LIMIT))
        if service.stdout.readline() != b"ready\n":
            raise OSError("no name service can be had here")

    def peer(self, meeting, name, host="127.0.0.1"):
        script = 'mount --bind "$0" /etc/resolv.conf && exec "$@"'
        return meeting.peer(name, host=host, inside=["ip", "netns", "exec", self.space, "sh", "-c",
                                                     script, self.config])


def named(meeting, **names):
    if not is_root():
        return None, "only root can have a name service of its own"
    if not shutil.which("ip"):
        return None, "there is no ip"
    try:
        return Names(meeting, **names), None
    except OSError as problem:
        return None, str(problem)


def a_name_may_have_many_addresses(meeting, _quick):
    """The first address that answers is taken; of the others nothing is heard."""
    names, why = named(meeting, bruno=["127.0.0.7", "::1", "127.0.0.8", "127.0.0.2"],
                       nobody=["127.0.0.7", "::1"], slow=[])
    if why:
        return why
    ana, bruno, carla = (names.peer(meeting, n, h) for n, h in
                         (("ana", "127.0.0.1"), ("bruno", "127.0.0.2"), ("carla", "127.0.0.3")))
    bruno.start()
    ana.start(connect=[f"bruno.test:{bruno.port}"])
    all_linked([ana, bruno])
    equal([p["address"] for p in ana.ask("/info bruno", "info")["info"]], [bruno.address])
    carla.start()
    carla.say(f"/connect bruno.test:{bruno.port}")
    all_linked([ana, bruno, carla])
    for peer in (ana, carla):
        equal(peer.all(event="error"), [])
    wanted = {f"/connect nobody.test:{bruno.port}": "refused",
              "/connect nowhere.test": "no-host", "/connect slow.test": "no-name-service"}
    ana.say(*wanted)
    for line, code in wanted.items():
        ana.expect(event="error", command=line, code=code)
    equal(len(ana.all(event="error")), len(wanted), "errors")
    # Who leaves waits for no name service.
    for leave in (ana.leave, lambda: carla.stop(signal.SIGTERM)):
        peer = ana if leave == ana.leave else carla
        peer.say("/connect slow.test", "/rooms")
        peer.expect(event="rooms")
        began = time.monotonic()
        leave()
        if time.monotonic() - began > SOON:
            raise Failed(f"{peer.name} took {time.monotonic() - began:.1f} s to leave")
        left = [n for n in os.listdir(peer.home) if n.endswith(("-wal", "-shm"))]
        equal(left, [], "the history is closed in order")
    return None


STORIES = [
    three_machines_on_a_wire,
    a_cable_is_pulled,
    who_cannot_be_reached_is_told_apart,
    a_name_may_have_many_addresses,
]
