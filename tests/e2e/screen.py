"""A tertulia with a screen, in a pty; and stories of what was typed and chosen there: it survives.

`expect` searches what the terminal is sent. Where words are drawn on an empty row they come in one
piece; elsewhere curses sends only what differs. `until` looks at the cells instead (terminal.py).
"""
import fcntl
import os
import signal
import sqlite3
import struct
import subprocess
import termios
import threading
import time

import terminal
from driver import LIMIT, Failed, clean_environment, equal, free_port, note
from history import damage, history_of
from wires import laid

DRAFT = 1  # of the table `kept`: a setting is 0


class Screen:
    """One tertulia on a terminal. Several starts share a home."""

    def __init__(self, meeting, name):
        self.meeting = meeting
        self.name = name
        self.home = os.path.join(meeting.folder, name)
        self.port = free_port()
        self.process = self.pty = self.shell_end = None
        self.lies = lambda real: real  # a terminal that is not as it says
        self.program = os.path.join(os.path.dirname(meeting.program), "tertulia")
        meeting.at_end(self._end)

    def start(self, *words, shell=None, rows=24, columns=80, kind="xterm-256color", own=False,
              prompt="#everyone", before="", **environment):
        """`shell`: what starts the program, where that is not we. `own`: the terminal sends its
        signals to the program. `before`: what stands on it. `shell_end` is the terminal as a shell
        has it, before and after."""
        self._end()
        self.pty, self.shell_end = os.openpty()
        self.shown, self.changed = b"", threading.Condition()
        self.terminal = self.lies(terminal.Terminal(rows, columns)) if terminal.LIBRARY else None
        self._size(rows, columns)
        os.write(self.shell_end, before.encode())
        self.before = termios.tcgetattr(self.shell_end), fcntl.fcntl(self.shell_end, fcntl.F_GETFL)
        self.process = subprocess.Popen(
            [*(self.meeting.shell if shell is None else shell), self.program, "--home", self.home, "--no-beacon", "--name", self.name, "--listen",
             f"127.0.0.1:{self.port}", *words],
            stdin=self.shell_end, stdout=self.shell_end, stderr=self.shell_end,
            start_new_session=True, preexec_fn=self._take if own else None,
            env=clean_environment(TERM=kind, **environment))
        self.reader = threading.Thread(target=self._read, args=(self.pty,), daemon=True)
        self.reader.start()
        if prompt:
            self.expect(prompt)
            self._begun(words)
        return self

    def _begun(self, words):
        """The screen of who is new stands before there is a history."""
        until = time.monotonic() + LIMIT
        while "--demo" not in words and not any(
                name.endswith(".db") for name in os.listdir(self.home)):
            if time.monotonic() > until or self.process.poll() is not None:
                raise Failed(f"{self.name} never had a history")
            time.sleep(0.005)

    @staticmethod
    def _take():
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def _size(self, rows, columns):
        fcntl.ioctl(self.shell_end, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def resize(self, rows, columns):
        """As a terminal does: itself first, then the program hears of it."""
        with self.changed:
            self.terminal.resize(rows, columns)
            self._size(rows, columns)
        if self.process:
            self.process.send_signal(signal.SIGWINCH)

    def _read(self, pty):
        while True:
            try:
                some = os.read(pty, 65536)
            except OSError:
                return
            if not some:
                return
            with self.changed:
                self.shown += some
                if self.terminal:
                    self.terminal.feed(some)
                self.changed.notify_all()

    def expect(self, words, since=0):
        """Where it is on the terminal, as soon as it is there."""
        until = time.monotonic() + LIMIT
        with self.changed:
            while words.encode() not in self.shown[since:]:
                left = until - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    raise Failed(f"{self.name}'s screen never had {words!r}: "
                                 f"{self.shown[-2000:]!r}")
            return self.shown.index(words.encode(), since)

    def now(self):
        with self.changed:
            return len(self.shown)

    def until(self, what, check):
        """As soon as check(terminal) gives something: that."""
        last = time.monotonic() + LIMIT
        with self.changed:
            while not (got := check(self.terminal)):
                left = last - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    raise Failed(f"{self.name} never saw {what}:\n{self.terminal.text()}")
            return got

    def sees(self, *words):
        """All of these stand on the screen, each within a row."""
        self.until(words, lambda t: (rows := t.lines()) and all(
            any(word in row for row in rows) for word in words))

    def sees_no(self, word):
        self.until(f"no {word}", lambda t: word not in t.text())

    def look(self, ask):
        """ask(terminal), while nothing is drawn on it."""
        with self.changed:
            return ask(self.terminal)

    def type(self, text):
        data = text if isinstance(text, bytes) else text.encode()
        while data:
            data = data[os.write(self.pty, data):]

    def type_to_the_end(self, text):
        """Bit by bit, each once the one before was seen: what is typed when the program is gone is echoed by
        the terminal, and is a row at most."""
        for at in range(0, len(text), 60):
            mark, until = self.now(), time.monotonic() + 0.2
            self.type(text[at:at + 60])
            while self.process.poll() is None and self.now() == mark and time.monotonic() < until:
                time.sleep(0.002)
            if self.process.poll() is not None:
                return

    def paste(self, text):
        self.type(self.look(lambda t: t.paste(text.encode())))

    def over(self, status):
        """It ends, or has; the terminal is there still, with all that it was sent."""
        got = self.process.wait(LIMIT)
        self.process = None
        self.until_quiet()
        equal(got, status, f"how {self.name} ended")

    def until_quiet(self):
        """All that was written to the terminal is on it."""
        mark = f"\x1b]0;quiet {time.monotonic_ns()}\x07"
        os.write(self.shell_end, mark.encode())
        self.expect(mark)

    def stop(self, number, status):
        self.process.send_signal(number)
        self.over(status)

    def _end(self):
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None
        if self.shell_end is not None:
            os.close(self.shell_end)
            self.shell_end = None
            self.reader.join(LIMIT)
            os.close(self.pty)

    # ---- its disk ----

    def kept(self, kind):
        """{key: value} of what is on the disk, while the program runs or not."""
        base = sqlite3.connect(f"file:{history_of(self)}?mode=ro", uri=True, timeout=LIMIT)
        rows = base.execute("SELECT key, value FROM kept WHERE kind=?", (kind,)).fetchall()
        base.close()
        return {key: value.decode() for key, value in rows}

    def until_kept(self, kind, wanted):
        until = time.monotonic() + LIMIT
        while (got := self.kept(kind)) != wanted:
            if time.monotonic() > until:
                raise Failed(f"it stays {got!r}, wanted {wanted!r}")
            time.sleep(0.02)  # another program's disk tells nobody when it has changed


def missing(meeting):
    program = os.path.join(os.path.dirname(meeting.program), "tertulia")
    return None if os.access(program, os.X_OK) else "there is no tertulia beside tertuliad"


def blind(meeting):
    """Why cells cannot be looked at."""
    return missing(meeting) or (None if terminal.LIBRARY else "there is no libvterm")


def a_draft_survives_leaving_and_a_kill(meeting, _quick):
    if why := missing(meeting):
        return why
    ana = Screen(meeting, "ana").start()
    ana.type("half a sentence")
    ana.expect("half a sentence")  # it was read, and the clock that keeps it has just begun to run
    ana.stop(signal.SIGTERM, 0)
    equal(ana.kept(DRAFT), {"#everyone": "half a sentence"})
    ana.start()
    ana.expect("half a sentence")
    began = time.monotonic()
    ana.type(" and the other half")
    ana.until_kept(DRAFT, {"#everyone": "half a sentence and the other half"})
    note(f"a draft is on the disk after {time.monotonic() - began:.1f} s")
    ana.stop(signal.SIGKILL, -signal.SIGKILL)
    ana.start()
    ana.expect("half a sentence and the other half")
    ana.type("\r")
    ana.until_kept(DRAFT, {})  # sent: no draft any more
    ana.stop(signal.SIGKILL, -signal.SIGKILL)
    ana.start()
    ana.expect("half a sentence and the other half")  # in the conversation
    mark = ana.now()
    ana.type("\x1b[A")
    ana.expect("half a sentence and the other half", since=mark)  # and in what was typed
    ana.stop(signal.SIGTERM, 0)


def what_was_chosen_on_the_screen_survives(meeting, _quick):
    if why := missing(meeting):
        return why
    ana = Screen(meeting, "ana").start()
    ana.type("/theme light\r")
    ana.type("/set bell off\r")
    ana.type("/set mouse off\r")
    ana.type("/bind F6 help\r")
    ana.until_kept(0, {"theme": "light", "bell": "off", "mouse": "off", "bind.F6": "help"})
    ana.stop(signal.SIGKILL, -signal.SIGKILL)
    ana.start()
    ana.expect("\x1b[48;5;253m")  # the light bar
    if ana.shown.rfind(b"\x1b[?1000l") < ana.shown.rfind(b"\x1b[?1000h"):
        raise Failed("the mouse is ours, although it was turned off")
    mark = ana.now()
    ana.type("\x1b[17~")  # F6
    ana.expect("Keys", since=mark)
    ana.type("q/bind F6 default\r/set theme \"\"\r")
    ana.until_kept(0, {"bell": "off", "mouse": "off"})
    ana.stop(signal.SIGTERM, 0)


def a_file_gives_the_keys(meeting, _quick):
    """/bind goes before it, and `default` goes back to it."""
    if why := missing(meeting):
        return why
    ana = Screen(meeting, "ana")
    path = os.path.join(ana.home, "tertulia.ini")
    for status, said in ((0, path + "\n"), (1, "")):  # the second time it is there already
        got = subprocess.run([ana.program, "--write-config", "--home", ana.home], timeout=LIMIT,
                             env=clean_environment(), capture_output=True)
        equal((got.returncode, got.stdout.decode()), (status, said))
    with open(path, encoding="utf-8") as file:
        text = file.read()
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace(";theme = default", "theme = light")
                   + "F6 = help\nF7 = fly\nF-7 = help\n")
    ana.start()
    ana.expect("\x1b[48;5;253m")  # the light bar
    ana.type("/log\r")
    ana.expect('"F7 = fly" binds nothing')
    ana.expect('"F-7 = help" binds nothing')
    mark = ana.now()
    ana.type("\x03\x1b[17~")  # F6
    ana.expect("Keys", since=mark)
    ana.type("\x03/bind F6 next\r")
    ana.until_kept(0, {"bind.F6": "next"})
    ana.type("/bind F6 default\r")
    ana.until_kept(0, {})
    mark = ana.now()
    ana.type("\x1b[17~")
    ana.expect("Keys", since=mark)
    ana.stop(signal.SIGTERM, 0)


def what_was_typed_outlives_a_damaged_history(meeting, _quick):
    if why := missing(meeting):
        return why
    ana = meeting.peer("ana").start()
    ana.say(*(f"{i} " + "so it was. " * 40 for i in range(400)))
    ana.expect(event="message", count=400)
    ana.leave()
    screen = Screen(meeting, "ana").start()
    screen.type("/bind F6 help\rkept\x08\x08\x08\x08")
    screen.type("a draft")
    screen.until_kept(0, {"bind.F6": "help"})
    screen.stop(signal.SIGTERM, 0)
    damage(history_of(screen), 0.3, 0.7)
    screen.start()
    screen.expect("damaged")
    screen.until_kept(DRAFT, {"#everyone": "a draft"})
    screen.until_kept(0, {"bind.F6": "help"})
    mark = screen.now()
    screen.type("\x15\x1b[A")
    screen.expect("/bind F6 help", since=mark)
    screen.stop(signal.SIGTERM, 0)


def somebody_who_calls_is_told_of(meeting, _quick):
    """On the desktop, in the way that was chosen; and not without a choice."""
    if why := missing(meeting):
        return why
    bruno = meeting.peer("bruno").start()
    ana = Screen(meeting, "ana")
    for number, (choice, told) in enumerate([
            ("none", ""), ("osc9", "\x1b]9;bruno: ana: number 1\x07"),
            ("osc777", "\x1b]777;notify;bruno;ana: number 2\x07")]):
        mark = bruno.now()
        ana.start("--connect", bruno.address)
        bruno.expect(event="peer", name="ana", state="up", since=mark)
        ana.type(f"/set notify {choice}\r/join #lab\r")
        ana.until_kept(0, {"notify": choice})
        ana.expect("\x1b]2;#lab - tertulia")
        bruno.say(f"not for her {number}", f"ana: number {number}")
        own = bruno.expect(event="message", text=f"ana: number {number}")
        bruno.expect(event="receipt", ref=own["ref"])  # so it is there
        ana.expect(told)
        notes = ana.shown.count(b"\x1b]9;") + ana.shown.count(b"\x1b]777;")
        equal(notes, 1 if told else 0, "notes on the desktop")
        ana.stop(signal.SIGTERM, 0)


def a_thousand_lines_at_once_are_a_thousand(meeting, _quick):
    """Without bracketed paste each line of it is an Enter, and all come in few reads."""
    if why := missing(meeting):
        return why
    bruno = meeting.peer("bruno").start()
    ana = Screen(meeting, "ana").start("--connect", bruno.address)
    bruno.expect(event="peer", name="ana", state="up")
    ana.type("".join(f"{i}\r" for i in range(1000)))
    bruno.expect(event="message", text="999")
    equal(bruno.texts(who="ana"), [str(i) for i in range(1000)])
    ana.stop(signal.SIGTERM, 0)


def state(process):
    with open(f"/proc/{process}/stat", encoding="ascii") as stat:
        return stat.read().rsplit(")")[1].split()[0]


def who_is_suspended_comes_back(meeting, _quick):
    """By its key, and by a signal of somebody else; in between the terminal is the shell's."""
    if why := missing(meeting):
        return why
    if not os.access("/bin/bash", os.X_OK):
        return "there is no bash"
    go = os.path.join(meeting.folder, "go")
    shell = (f'"$@"; echo "mine: $(stty -a | grep -wo icanon)"; '
             f'until [ -e {go} ]; do sleep 0.05; done; fg')
    ana = Screen(meeting, "ana")
    for number in (None, signal.SIGTSTP):
        ana.start(shell=("/bin/bash", "-mc", shell, "bash"))
        bash = ana.process.pid
        with open(f"/proc/{bash}/task/{bash}/children", encoding="ascii") as children:
            program = int(children.read())
        mark = ana.now()
        if number:
            while state(program) != "T":  # while curses draws, it passes this signal over
                os.kill(program, number)
                time.sleep(0.05)
        else:
            ana.type("\x1a")
        mine = ana.expect("mine: icanon", since=mark)
        for off in (b"\x1b[?2004l", b"\x1b[?1049l"):
            if off not in ana.shown[mark:mine]:
                raise Failed(f"the shell's terminal has still {off!r}")
        equal(state(program), "T", "its state")
        open(go, "w", encoding="ascii").close()
        ana.expect("\x1b[?2004h", since=mine)
        ana.expect("#everyone \u203a", since=mine)
        os.kill(program, signal.SIGTERM)
        ana.over(0)
        os.remove(go)


def echoes(screen, count):
    """Seconds from each of so many keys to its letter on the terminal, in order of size."""
    took = []
    for number in range(count):
        if number % 40 == 0:
            mark = screen.now()
            screen.type("\x15")  # an empty line
            screen.expect("\x1b[K", since=mark if number else 0)
        key = "QZXJ"[number % 4]
        mark, began = screen.now(), time.monotonic()
        screen.type(key)
        screen.expect(key, since=mark)
        took.append(time.monotonic() - began)
        time.sleep(0.004)  # nobody types faster, and a frame is 16 ms
    screen.type("\x15")
    return sorted(took)


def keys_are_answered_while_a_scan_runs(meeting, quick):
    """65,536 addresses and ports on a wire where nobody answers."""
    if why := missing(meeting):
        return why
    wires, why = laid(meeting, 2)
    if why:
        return why
    count = 150 if quick else 1000
    wires.must("-n", wires.names[0], "route", "add", "10.96.0.0/20", "via", "10.99.0.2")
    ana = Screen(meeting, "ana").start(shell=("ip", "netns", "exec", wires.names[0]))
    idle = echoes(ana, count)
    mark = ana.now()
    ana.type("/scan 10.96.0.0/20:9990-10005\r")
    ana.expect("scan 10.96.0.0/20", since=mark)
    busy = echoes(ana, count)
    if b"is over" in ana.shown[mark:]:
        raise Failed("the scan was over before the keys were")
    ana.type("\x1b")
    ana.expect("was stopped", since=mark)
    for name, part in (("median", 0.5), ("p99", 0.99)):
        one, other = (took[int(part * count)] * 1000 for took in (idle, busy))
        note(f"key to echo, {name}: {one:.2f} ms idle, {other:.2f} ms in a scan, {other / one:.2f} x")
    if busy[int(0.99 * count)] > max(0.05, 10 * idle[int(0.99 * count)]):
        raise Failed("a scan slows typing")
    return None


def it_is_told_where_somebody_was_found_from(meeting, _quick):
    """By /info, and by i in the sidebar; and what the doctor says."""
    if why := missing(meeting):
        return why
    ana, bruno = Screen(meeting, "ana").start(), meeting.peer("bruno")
    bruno.start(connect=[f"127.0.0.1:{ana.port}"])
    ana.expect("bruno")
    bruno.until_linked(ana)
    mark = ana.now()
    ana.type("/info bruno\r")
    ana.expect("they called us", since=mark)
    ana.type("\x1b")
    time.sleep(0.3)  # a lone Esc is told from a key that begins so by its silence
    mark = ana.now()
    ana.type("\t")
    ana.type("bru")
    ana.type("\x1b")  # no filter any more, and the row stays
    time.sleep(0.3)
    ana.type("i")
    ana.expect("they called us", since=mark)
    ana.type("\x1b")
    time.sleep(0.3)
    mark = ana.now()
    ana.type("/doctor\r")
    ana.expect("The doctor found", since=mark)
    ana.expect("TCP port", since=mark)
    ana.stop(signal.SIGTERM, 0)
    return None


STORIES = [a_file_gives_the_keys, a_draft_survives_leaving_and_a_kill,
           what_was_chosen_on_the_screen_survives,
           what_was_typed_outlives_a_damaged_history, somebody_who_calls_is_told_of,
           a_thousand_lines_at_once_are_a_thousand,
           who_is_suspended_comes_back, keys_are_answered_while_a_scan_runs,
           it_is_told_where_somebody_was_found_from]
