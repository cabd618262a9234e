"""Stories of one program and its machine: its disk, its ports, its input and output, its rest."""
import ctypes
import json
import os
import select
import signal
import socket
import subprocess
import tempfile
import time

from driver import LIMIT, Failed, all_linked, chain, clean_environment, equal, is_root, note


def nobody_gets_in_without_the_secret(meeting, _quick):
    def secret_file(name, text):
        path = os.path.join(meeting.folder, name)
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        return ["--secret-file", path]

    made = subprocess.run([meeting.program, "--new-secret"], capture_output=True, check=True,
                          env=clean_environment()).stdout.decode()
    other = subprocess.run([meeting.program, "--new-secret"], capture_output=True, check=True,
                           env=clean_environment()).stdout.decode()
    right, wrong = secret_file("right", made), secret_file("wrong", other)
    ana, bruno, carla, dani = (meeting.peer(n) for n in ("ana", "bruno", "carla", "dani"))
    ana.start(*right)
    bruno.start(*right, connect=[ana])
    all_linked([ana, bruno])
    ana.say("among ourselves")
    bruno.expect(event="message", text="among ourselves")
    carla.start(*wrong, connect=[ana])
    ana.expect(event="notice", code="wrong-secret")
    dani.start(connect=[ana])
    bruno.say("still among ourselves")
    ana.expect(event="message", text="still among ourselves")
    for stranger in (carla, dani):
        equal((stranger.linked(), stranger.texts()), (set(), []), stranger.name)
    equal((ana.linked(), bruno.linked()), ({"bruno"}, {"ana"}))
    # Each hears why, once, as far as it can be known: who has no secret is let go without a word.
    only_errors(carla, "wrong-secret")
    only_errors(dani, "hung-up")
    eva, fede, gabi = (meeting.peer(n) for n in ("eva", "fede", "gabi"))
    eva.start()
    fede.start(*right, connect=[eva])
    only_errors(fede, "no-secret")
    gabi.start("--mesh", "work", connect=[eva])
    only_errors(gabi, "other-mesh")


def only_errors(peer, *codes):
    for code in codes:
        peer.expect(event="error", code=code)
    peer.ask("/rooms", "rooms")
    equal([e["code"] for e in peer.all(event="error")], list(codes), peer.name)


def who_is_blocked_hears_it(meeting, _quick):
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    chain(ana, bruno)
    all_linked([ana, bruno])
    ana.say("/block bruno")
    bruno.expect(event="peer", name="ana", state="down")
    bruno.say(f"/connect {ana.address}")
    only_errors(bruno, "unwelcome")
    ana.say(f"/connect {bruno.address}")
    only_errors(ana, "blocked")
    mark = bruno.now()
    ana.say("/block bruno", f"/connect {bruno.address}")
    bruno.expect(event="peer", name="ana", state="up", since=mark)
    only_errors(ana, "blocked")


def it_rests_when_nobody_talks(meeting, quick):
    seconds = 20
    peers = [meeting.peer(name) for name in ("ana", "bruno", "carla", "dani")]
    chain(*peers)
    all_linked(peers)
    for peer in peers:
        peer.say(f"{peer.name} is here")
    for peer in peers:
        peer.expect(event="message", count=len(peers))
    time.sleep(5 if quick else 30)  # for it to come to rest; then the measuring itself

    def measured(peer):
        wakings = nanoseconds = 0
        for thread in os.listdir(f"/proc/{peer.process.pid}/task"):
            folder = f"/proc/{peer.process.pid}/task/{thread}"
            with open(f"{folder}/status", encoding="ascii") as file:
                wakings += sum(int(line.split()[1]) for line in file
                               if line.startswith("voluntary_ctxt"))
            # The times in `stat` count whoever runs when the clock ticks: one tick in 20 s is
            # 0.05 % already, whatever was done.
            with open(f"{folder}/schedstat", encoding="ascii") as file:
                nanoseconds += int(file.read().split()[0])
        return wakings, nanoseconds

    if not os.path.exists("/proc/self/schedstat"):
        return "this kernel does not count the time of a thread exactly"
    before = [measured(peer) for peer in peers]
    time.sleep(seconds)
    for peer, (wakings, cpu) in zip(peers, before):
        after = measured(peer)
        woken, used = (after[0] - wakings) / seconds, (after[1] - cpu) / 1e9 / seconds * 100
        note(f"{peer.name}: {woken:.2f} wakings a second, {used:.3f} % of a core")
        if woken >= 2:
            raise Failed(f"{peer.name} wakes {woken:.2f} times a second with three links")
        if used > 0.1:
            raise Failed(f"{peer.name} uses {used:.3f} % of a core with nothing to do")
    return None


def bad_lines_are_answered_and_nothing_else(meeting, _quick):
    ana = meeting.peer("ana").start()
    bad = [(b"\xff\xfe\n", "not-utf8"), (b"a\0b\n", "has-nul"), (b"x" * 70000 + b"\n", "line-too-long"),
           (b"x" * 10_000_000 + b"\n", "line-too-long"), (b"\xed\xa0\x80\n", "not-utf8"),
           (b"y" * 5000 + b"\n", "too-long"), (b"/\xc3\x28\n", "not-utf8")]
    for data, code in bad:
        since = ana.now()
        ana.say(data, "/away", "/rooms")
        ana.expect(event="rooms", since=since)
        got = [e for e in ana.events[since:] if e["event"] == "error"]
        equal([e["code"] for e in got], [code], repr(data[:20]))
    ana.say("\t  \n\n\n", "hostile \x1b[31m \u202e \u009b31m \x7f \U000e0041 text")
    got = ana.expect(event="message")
    equal(got["text"], "hostile \x1b[31m \u202e \u009b31m \x7f \U000e0041 text")
    ana.say("/exit", "never said")
    ana.expect(event="bye")
    equal(ana.texts(text="never said"), [])
    ana._over(0)
    raw = subprocess.run([meeting.program, "--home", ana.home, "--no-beacon", "--listen",
                          ana.address, "--exit-on-eof"], capture_output=True, check=True,
                         input='/search hostile\n'.encode(), env=clean_environment()).stdout
    risky = [c for c in raw.decode() if c in "\x1b\u202e\u009b\x7f\U000e0041"]
    equal(risky, [], "what could act on a terminal is written as an escape")


def words_and_goodbye_at_once_reach_everyone(meeting, _quick):
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    chain(ana, bruno)
    all_linked([ana, bruno])
    ana.say(*[f"last words {n}" for n in range(100)], "/exit")
    ana._over(0)
    for number in range(100):
        bruno.expect(event="message", text=f"last words {number}")


def a_thousand_lines_at_once_are_all_said(meeting, _quick):
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    chain(ana, bruno)
    all_linked([ana, bruno])
    said = [f"line {number}" for number in range(1000)]
    ana.say(*said)
    for peer in (ana, bruno):  # whose words are told may hear them after who is linked
        peer.expect(event="message", count=1000)
    equal(bruno.texts(), said, "bruno")
    equal(ana.texts(), said, "ana")
    equal(ana.all(event="error"), [])


def a_reader_may_stand_still_or_leave(meeting, quick):
    """One who reads nothing for long: the node goes on, its memory is bounded, and the gap told."""
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    bruno.start()
    slow = subprocess.Popen([meeting.program, "--home", os.path.join(meeting.folder, "slow"),
                             "--no-beacon", "--name", "slow", "--listen", ana.address,
                             "--connect", bruno.address],
                            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=clean_environment())
    meeting.at_end(slow.kill)
    bruno.expect(event="peer", name="slow", state="up")
    words, count = "much " * 700, 3200 if not quick else 2800  # 3.6 KB a line: over 8 MiB
    for number in range(count):
        bruno.say(f"{number} {words}")
    bruno.expect(event="message", count=count)
    last = bruno.all(event="message")[-1]["ref"]
    bruno.expect(event="receipt", ref=last, stored_by=lambda s: len(s) == 1)  # it still listens
    with open(f"/proc/{slow.pid}/status", encoding="ascii") as file:
        rss = next(int(l.split()[1]) for l in file if l.startswith("VmRSS"))
    note(f"{rss} KiB with a reader that stands still")
    slow.stdin.write(b"/rooms\n/exit\n")
    slow.stdin.flush()
    out, _ = slow.communicate(timeout=LIMIT)
    events = [json.loads(line) for line in out.decode().splitlines()]
    gaps = [e for e in events if e.get("code") == "output-dropped"]
    told = [e for e in events if e["event"] == "message"]
    equal((len(gaps), events[-1]["event"]), (1, "bye"))
    equal(sorted(told, key=lambda e: int(e["text"].split()[0])), told, "in order")
    if not len(told) < count <= len(told) + gaps[0]["count"] <= count + 200:
        raise Failed(f"{len(told)} lines told and {gaps[0]['count']} left out, of {count}")
    equal(slow.returncode, 0)


def when_the_reader_is_gone_it_leaves(meeting, _quick):
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    bruno.start()
    program = subprocess.Popen([meeting.program, "--home", ana.home, "--no-beacon", "--name",
                                "ana", "--listen", ana.address, "--connect", bruno.address],
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                               env=clean_environment())
    meeting.at_end(program.kill)
    program.stdout.readline()
    bruno.expect(event="peer", name="ana", state="up")
    program.stdout.close()
    equal(program.wait(LIMIT), 1, "nobody heard it: that is a failure")
    down = bruno.expect(event="peer", name="ana", state="down")
    equal(down["presence"], "gone", "it said goodbye")
    program.stdin.close()


def a_taken_port_falls_to_the_next(meeting, _quick):
    ana, bruno = meeting.peer("ana").start(), meeting.peer("bruno")
    bruno.port = ana.port
    bruno.start()
    moved = bruno.expect(event="notice", code="port-taken")
    [where] = bruno.expect(event="ready")["listen"]
    port = int(where.rsplit(":", 1)[1])
    if not 9990 <= port <= 10005 or str(port) not in moved["text"]:
        raise Failed(f"it listens on {where}, and says {moved['text']!r}")
    bruno.say(f"/connect {ana.address}")
    all_linked([ana, bruno])


def refused(meeting, home, *words):
    """A program that cannot start: what it says."""
    result = subprocess.run([meeting.program, "--home", home, "--no-beacon", *words],
                            stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT,
                            env=clean_environment())
    said = result.stderr.decode()
    equal((result.returncode in (1, 2), result.stdout, said.count("\n")), (True, b"", 1), said)
    return said


def a_home_is_for_one_program(meeting, _quick):
    ana = meeting.peer("ana").start()
    said = refused(meeting, ana.home)
    if ana.home not in said:
        raise Failed(f"which home? {said!r}")
    ana.say("still here")
    ana.expect(event="message", text="still here")
    if not is_root():  # root writes wherever it likes
        with tempfile.TemporaryDirectory() as home:
            os.chmod(home, 0o500)
            refused(meeting, os.path.join(home, "in", "side"))
            refused(meeting, home)
    refused(meeting, "/proc/nowhere")
    refused(meeting, "/dev/null")


def mount_small(meeting, path, size):
    libc = ctypes.CDLL(None, use_errno=True)
    os.makedirs(path)
    options = f"size={size},mode=700".encode()
    if libc.mount(b"tmpfs", path.encode(), b"tmpfs", 0, options) != 0:
        return os.strerror(ctypes.get_errno())
    meeting.at_end(lambda: libc.umount2(path.encode(), 2))
    return None


def fill(folder):
    """Takes all the room there is; the file that does it."""
    filler = os.path.join(folder, "filler")
    with open(filler, "wb", 0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            return filler


def fate(peer, words):
    """What became of what was said: "message", or "error" with the words back."""
    with peer.changed:
        while True:
            for e in peer.events:
                if e.get("text" if e["event"] == "message" else "command") == words:
                    return e["event"]
            if not peer.changed.wait(LIMIT):
                raise Failed(f"{peer.name} never said what became of {words[:40]}")


def a_full_disk_loses_nothing(meeting, _quick):
    if not is_root():
        return "only root can mount a small disk"
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    why = mount_small(meeting, ana.home, "8m")
    if why:
        return f"no small disk could be mounted: {why}"
    chain(ana, bruno)
    all_linked([ana, bruno])
    filler = fill(ana.home)
    words = "w" * 3000
    said = []
    while not said or fate(ana, said[-1]) == "message":
        said.append(f"{len(said)} {words}")
        ana.say(said[-1])
        if len(said) > 500:
            raise Failed("the disk never fills")
    ana.expect(event="error", code=lambda c: c in ("disk-full", "not-sent"),
               command=said[-1])  # the words come back
    lost = said.pop()
    bruno.say("can you hear me?")
    ana.linked()  # it still answers
    os.unlink(filler)
    ana.expect(event="notice", code="disk-back")
    ana.say(lost)
    said.append(lost)
    ana.expect(event="message", text=lost, own=True)
    ana.expect(event="message", text="can you hear me?")
    bruno.expect(event="message", text=lost)
    equal(bruno.texts(who="ana"), said)
    ana.leave()
    ana.start()
    bruno.say("once more")
    ana.expect(event="message", text="once more")


def a_read_only_disk_is_refused(meeting, _quick):
    if not is_root():
        return "only root can mount one"
    home = os.path.join(meeting.folder, "readonly")
    why = mount_small(meeting, home, "1m")
    libc = ctypes.CDLL(None, use_errno=True)
    if why or libc.mount(None, home.encode(), None, 32 | 1, None) != 0:  # remount, read only
        return f"no read-only disk could be mounted: {why}"
    said = refused(meeting, home)
    if "read-only" not in said:
        raise Failed(said)
    return None


def signals_leave_in_order(meeting, _quick):
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        ana, bruno = meeting.peer(f"ana{number}"), meeting.peer(f"bruno{number}")
        chain(ana, bruno)
        all_linked([ana, bruno])
        ana.stop(number)
        ana.expect(event="bye")
        equal(bruno.expect(event="peer", name=ana.name, state="down")["presence"], "gone")


def who_leaves_waits_for_no_call(meeting, _quick):
    """Calls that are under way, and links whose handshake is, are dropped."""
    mute = socket.create_server(("127.0.0.1", 0))
    full = socket.create_server(("127.0.0.1", 0), backlog=0)
    waiting = []
    for _ in range(4):  # the kernel takes one or two; further callers hear nothing
        one = socket.socket()
        one.setblocking(False)
        one.connect_ex(full.getsockname())
        waiting.append(one)
    for one in (mute, full, *waiting):
        meeting.at_end(one.close)
    bruno = meeting.peer("bruno").start()
    for number, leave in enumerate((lambda p: p.leave(), lambda p: p.stop(signal.SIGTERM))):
        ana = meeting.peer(f"ana{number}").start(connect=[bruno])
        ana.until_linked(bruno)
        ana.say(*(f"/connect 127.0.0.1:{s.getsockname()[1]}" for s in (mute, full)), "/rooms")
        ana.expect(event="rooms")
        mute.accept()[0].close() if number else None  # one of them is just being let go
        began = time.monotonic()
        leave(ana)
        took = time.monotonic() - began
        if took > 9:  # a call would be waited for longer
            raise Failed(f"it took {took:.1f} s to leave")
        ana.expect(event="bye")
        equal([e for e in ana.all(event="error") if e["code"] != "hung-up"], [])


STORIES = [
    nobody_gets_in_without_the_secret,
    who_is_blocked_hears_it,
    who_leaves_waits_for_no_call,
    bad_lines_are_answered_and_nothing_else,
    words_and_goodbye_at_once_reach_everyone,
    a_thousand_lines_at_once_are_all_said,
    a_reader_may_stand_still_or_leave,
    when_the_reader_is_gone_it_leaves,
    signals_leave_in_order,
    a_taken_port_falls_to_the_next,
    a_home_is_for_one_program,
    a_full_disk_loses_nothing,
    a_read_only_disk_is_refused,
    it_rests_when_nobody_talks,
]
