"""Stories of tertulia --plain: on a terminal that can do nothing, and in pipes. What is told is the
same; on the terminal a prompt stands behind it, and what was typed there is not told again."""
import fcntl
import os
import re
import signal
import socket
import subprocess
import termios
import threading
import time

from driver import LIMIT, Failed, clean_environment, equal
from screen import Screen, missing

HOUR = r"\d\d:\d\d"
WHEN = rf" \({HOUR}\)"  # behind what happened


class Plain(Screen):
    """On a terminal that can do nothing but act on Ctrl-c, as all do."""

    def start(self, *words, **more):
        return super().start("--plain", *words, kind="dumb", own=True, prompt="#everyone > ", **more)

    @property
    def address(self):
        return f"127.0.0.1:{self.port}"

    def text(self, since=0):
        text = self.shown[since:].decode(errors="ignore")  # half a character may be on its way
        for number, what in (("\x1b", "an escape sequence"), ("\x08", "a way back")):
            if number in text:
                raise Failed(f"{self.name} was sent {what}: {text!r}")
        return text.replace("\r\n", "\n")

    def line(self, form, since=0):
        """Waits for a whole line of this form."""
        wanted = re.compile(rf"(?:^|\n){form}(?=\n)")
        last = time.monotonic() + LIMIT
        with self.changed:
            while not wanted.search(self.text(since)):
                left = last - time.monotonic()
                if left <= 0 or not self.changed.wait(left):
                    raise Failed(f"{self.name} was never told {form!r}: {self.text(since)!r}")

    def ask(self, words, form):
        """Types it, and waits for such a line below it."""
        mark = self.now()
        self.type(words + "\n")
        self.line(form, since=mark)


class Piped(Plain):
    """In two pipes."""

    def start(self, *words, **environment):
        self.shown, self.changed, self.terminal = b"", threading.Condition(), None
        self.process = subprocess.Popen(
            [self.program, "--plain", "--home", self.home, "--no-beacon", "--name", self.name,
             "--listen", self.address, *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, env=clean_environment(**environment))
        self.pty = self.process.stdout.fileno()
        self.reader = threading.Thread(target=self._read, args=(self.pty,), daemon=True)
        self.reader.start()
        self.expect("#everyone")
        return self

    def type(self, text):
        self.process.stdin.write(text.encode() if isinstance(text, str) else text)
        self.process.stdin.flush()

    def end(self, status=0):
        """Its input ends."""
        self.process.stdin.close()
        equal(self.process.wait(LIMIT), status, f"how {self.name} ended")
        self.process = None
        self.reader.join(LIMIT)
        return self.text()


def two_people_talk_line_by_line(meeting, _quick):
    if why := missing(meeting):
        return why
    ana, bruno = Plain(meeting, "ana").start(), Piped(meeting, "bruno")
    bruno.start("--connect", ana.address)
    ana.line("bruno is here" + WHEN)
    bruno.line("ana is here" + WHEN)
    ana.type("¿hay alguien?\n")
    bruno.line(f"ana {HOUR}: ¿hay alguien\\?")
    ana.line("delivered")
    mark = ana.now()
    bruno.ask("/me waves", rf"bruno {HOUR} \* waves")
    ana.line(rf"bruno {HOUR} \* waves", since=mark)
    bruno.ask("/whisper ana psst", f"bruno whispers to ana {HOUR}: psst")
    bruno.line("delivered to ana")
    ana.line(f"bruno whispers to you {HOUR}: psst")
    ana.type("/whisper bruno\n")
    ana.expect("\nbruno (whisper) > ")
    ana.type("I hear you\n")
    bruno.line(f"ana whispers to you {HOUR}: I hear you")
    bruno.ask("/join #lab", "What you type goes to #lab now.")
    bruno.ask("in here", f"bruno {HOUR}: in here")
    ana.ask("/join #lab", "ana came in" + WHEN)
    ana.expect("\n#lab > ")
    bruno.line("ana came in" + WHEN)
    mark = ana.now()
    bruno.type("two\n")
    ana.line(f"bruno {HOUR}: two", since=mark)
    mark = ana.now()
    ana.type("/leave\n")
    ana.expect("\n#everyone > ", since=mark)
    bruno.type("three\n")
    bruno.line(f"bruno {HOUR}: three")
    bruno.ask("/away lunch", "You are away: everyone can see it.")
    ana.line("bruno is away: lunch" + WHEN)
    bruno.ask("/away", "You are back.")
    ana.line("bruno is back" + WHEN)
    bruno.ask("/name bruno: hola", 'You are "?bruno: hola"? now.')
    ana.line('bruno is now called "bruno: hola"' + WHEN)
    bruno.end()
    ana.line('"bruno: hola" is gone' + WHEN)
    equal(ana.text().count("hay alguien"), 1, "what she typed, on her terminal")
    equal(bruno.text().count("> "), 0, "prompts in a pipe")
    equal(b"\a" in bruno.shown, False, "a bell in a pipe")
    equal(b"\a" in ana.shown, True, "a bell for a whisper")
    ana.stop(signal.SIGTERM, 0)


def what_is_typed_while_others_talk_stays_whole(meeting, _quick):
    """And the prompt comes back below them: at a line's start, always."""
    if why := missing(meeting):
        return why
    bruno = meeting.peer("bruno").start()
    ana = Plain(meeting, "ana").start("--connect", bruno.address)
    bruno.expect(event="peer", name="ana", state="up")
    ana.type("half of it")
    ana.expect("#everyone > half of it")
    mark = ana.now()
    bruno.say("I interrupt")
    ana.line(f"bruno {HOUR}: I interrupt", since=mark)
    ana.expect("I interrupt\r\n#everyone > ", since=mark)
    ana.resize(5, 20)
    ana.type(" and the rest\n")
    bruno.expect(event="message", text="half of it and the rest")
    mark = ana.expect("and the rest\r\n", since=mark) + len("and the rest\r\n")
    lines = [f"{number}" for number in range(1000)]
    began = time.monotonic()
    for line in lines:  # one by one: each comes in a turn of its own
        bruno.say(line)
    ana.line(f"bruno {HOUR}: 999", since=mark)
    most = (time.monotonic() - began) / 0.15 + 3
    text = ana.text(mark)
    equal(re.findall(f"bruno {HOUR}: (.*)", text), lines, "what she was told")
    for line in text.split("\n"):
        if not re.fullmatch(rf"(#everyone > )?|delivered|bruno {HOUR}: .*", line):
            raise Failed(f"what line is this: {line!r}")
    if (prompts := text.count("#everyone > ")) > most:
        raise Failed(f"{prompts} prompts among 1000 lines, {most} at most")
    ana.stop(signal.SIGTERM, 0)


def hostile_words_are_lines_of_whoever_said_them(meeting, _quick):
    if why := missing(meeting):
        return why
    bruno = meeting.peer("bruno").start()
    ana = Plain(meeting, "ana").start("--connect", bruno.address)
    bruno.expect(event="peer", name="ana", state="up")
    bruno.say('/name "#everyone > "', "\x1b]0;x\x07\x1b[31mred \u202e", "/topic \x1b[1m")
    name = r'"#everyone > "'
    ana.line("bruno is now called " + name + WHEN)
    ana.line(name + rf" {HOUR}: <U\+001B>]0;x<U\+0007><U\+001B>\[31mred <U\+202E>")
    ana.line(name + r" set the topic: <U\+001B>\[1m" + WHEN)
    with socket.create_connection(("127.0.0.1", ana.port), LIMIT) as guest:
        guest.settimeout(LIMIT)
        guest.sendall(b"JOIN carlos")
        ana.line(r"carlos is here \(guest, not encrypted\)" + WHEN)
        guest.sendall(b"MSG uno\nbruno 99:99: dos\x1b[1m")
        lead = rf"carlos \(guest of ana, not encrypted\) {HOUR}: "
        ana.line(lead + "uno\n" + lead + r"bruno 99:99: dos<U\+001B>\[1m")
        ana.type("/whisper carlos\n")
        ana.expect("\ncarlos (guest, not encrypted) > ")
        ana.type("solo para ti\n")
        heard = b""
        while b"solo para ti" not in heard:
            heard += guest.recv(1024)
    ana.line("carlos is gone" + WHEN)
    equal(ana.text().count("came in"), 0, "that he is here is told once")
    ana.stop(signal.SIGTERM, 0)


def people_are_found_by_a_scan(meeting, _quick):
    if why := missing(meeting):
        return why
    bruno = meeting.peer("bruno").start()
    ana = Plain(meeting, "ana").start()
    place = f"127.0.0.1-3:{bruno.port}"
    ana.ask(f"/scan {place}", f"Looking for people in {place}. /scan stop ends it.")
    ana.line(f"Found at 127.0.0.1:{bruno.port}: somebody who runs Tertulia")
    ana.line(re.escape(f"The scan of {place} is over. Found: 1, new: 1, gone: 0."))
    ana.line("bruno is here" + WHEN)
    ana.ask("/scan 127.0.0.1:1-70000", "Error: .*70000.*")
    ana.stop(signal.SIGTERM, 0)


def bad_lines_are_answered_and_nothing_ends(meeting, _quick):
    if why := missing(meeting):
        return why
    ana = Piped(meeting, "ana").start()
    ana.type(b"not \xff UTF-8\n")
    ana.line("Error: The line is not UTF-8 and was left out.")
    ana.type(b"a NUL\0\n")
    ana.line("Error: The line holds a NUL byte and was left out.")
    ana.type(b"x" * 70_000 + b"\n")
    ana.line("Error: The line is longer than 64 KiB and was left out.")
    ana.ask("/nonsense", "Error: There is no command /nonsense, so nothing was sent.*")
    ana.ask("/whisper nobody hola", "Error: Nobody here is called nobody.*")
    ana.ask("/connect", "Error: .*/connect HOST.*")
    ana.ask("/set theme pink", "Error: .*pink.*")
    ana.ask("/bind", "Error: /bind is for the full screen: start tertulia without --plain.")
    ana.ask("/log", "Error: There is no command /nonsense.*" + WHEN)
    ana.ask("//help is text", f"ana {HOUR}: /help is text")
    ana.type("the last line has no end")
    text = ana.end()
    equal(re.findall(f"ana {HOUR}: (.*)", text), ["/help is text", "the last line has no end"])
    equal(text.endswith("\nGoodbye.\n"), True, f"its end: {text[-200:]!r}")
    ana.start()
    ana.type("/exit\nnever\n")
    equal(ana.end().count("never"), 0, "what came behind /exit")


def every_command_is_there(meeting, _quick):
    if why := missing(meeting):
        return why
    ana, bruno = Piped(meeting, "ana").start(), meeting.peer("bruno").start()
    ana.ask(f"/connect {bruno.address}", "bruno is here" + WHEN)
    file = os.path.join(meeting.folder, "talk.txt")
    for words, answer in (
            ("/peers", "bruno: here,.*"), ("/info bruno", "To compare aloud: \\w{20}"),
            ("/alias bruno brunello", "bruno is now called brunello" + WHEN),
            ("/call brunello", ".*brunello.*"), ("/rooms", "#everyone: you are in it, 2 people"),
            ("/topic what now", "ana set the topic: what now" + WHEN),
            ("found", f"ana {HOUR}: found"), ("/search found", "1 line found"),
            ("/who-got", "brunello: .*"), ("/verify brunello", "To compare aloud: \\w{20}"),
            ("/trust brunello", ".*brunello.*"), ("/ignore brunello", ".*brunello.*"),
            ("/block brunello", ".*brunello.*"), ("/invite brunello", "Error: .*"),
            ("/set bell off", "bell is off now."), ("/theme light", "theme is light now."),
            ("/lang", ".*pt_BR.*"), (f"/export {file}", ".*talk.txt.*"), ("/about", "Tertulia .*"),
            ("/clear", "Error: /clear is for the full screen.*"), ("/doctor", "fine: The history is sound.*"),
            ("/help whisper", "/whisper who \\[text\\]: .*"), ("/disconnect brunello", "Error: .*"),
            ("/set", "bell off: .*")):
        ana.ask(words, answer)
    mark = ana.now()
    ana.ask("/help", "/about: .*")
    equal(len(re.findall("^/[a-z-]+.*: .*", ana.text(mark), re.M)) > 30, True, "commands of /help")
    ana.end()


def one_leaves_in_every_way(meeting, _quick):
    if why := missing(meeting):
        return why
    ana = Plain(meeting, "ana")
    for number, leave in enumerate(("/exit\n", "\x04", "half\x03", signal.SIGTERM,
                                    signal.SIGHUP, "/exit\nnot for us any more\n")):
        ana.start()
        before = termios.tcgetattr(ana.pty)
        equal(bool(before[3] & termios.ICANON and before[3] & termios.ECHO), True, "its terminal")
        if isinstance(leave, str):
            ana.type(leave)
        else:
            ana.process.send_signal(leave)
        equal(ana.process.wait(LIMIT), 0, f"how she left, {number}")
        equal(termios.tcgetattr(ana.pty), before, "the terminal afterwards")
        ana.line("Goodbye.")
        equal(ana.text().count("not for us"), 1 if number == 5 else 0, "what was typed too late")
    ana.process = None
    closed = subprocess.Popen([ana.program, "--plain", "--home", ana.home, "--no-beacon",
                               "--listen", ana.address], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, env=clean_environment())
    closed.stdout.close()
    equal(closed.wait(LIMIT), 1, "nobody reads what it says")
    closed.stdin.close()


def who_is_stopped_goes_on(meeting, _quick):
    """The terminal's Ctrl-z; then there is a prompt again, and what was said meanwhile is told."""
    if why := missing(meeting):
        return why
    if not os.access("/bin/bash", os.X_OK):
        return "there is no bash"
    bruno = meeting.peer("bruno").start()
    go = os.path.join(meeting.folder, "go")
    wait = f'echo "in the shell"; until [ -e {go} ]; do sleep 0.05; done; fg'
    shell = f'"$@"; {wait}; {wait}'
    ana = Plain(meeting, "ana").start("--connect", bruno.address,
                                      shell=("/bin/bash", "-mc", shell, "bash"))
    ana.line("bruno is here" + WHEN)
    ana.type("\x1a")
    mark = ana.expect("in the shell")
    open(go, "w", encoding="ascii").close()
    ana.expect("\n#everyone > ", since=mark)
    os.remove(go)
    ana.type("half\x1a")
    mark = ana.expect("in the shell", since=mark + 1)
    bruno.say("meanwhile")
    bruno.expect(event="message", text="meanwhile")
    open(go, "w", encoding="ascii").close()
    ana.line(f"bruno {HOUR}: meanwhile", since=mark)
    ana.expect("meanwhile\r\n#everyone > ", since=mark)
    ana.type("/exit\n")
    equal(ana.process.wait(LIMIT), 0, "how it ended")


def what_was_said_before_is_told_in_its_last_lines(meeting, _quick):
    if why := missing(meeting):
        return why
    ana, bruno = Plain(meeting, "ana").start(), meeting.peer("bruno").start()
    ana.ask(f"/connect {bruno.address}", "bruno is here" + WHEN)
    for number in range(3):
        ana.type(f"mine {number}\n")
        bruno.expect(event="message", text=f"mine {number}")
    ana.stop(signal.SIGTERM, 0)
    ana.start()
    ana.line("Said in #everyone before you came:\n" +
             "\n".join(f"ana {HOUR}: mine {number}" for number in range(3)))
    ana.stop(signal.SIGTERM, 0)
    for number in range(40):  # one by one: together they would be dated ahead of the clock
        bruno.say(f"gone {number}")
        bruno.expect(event="message", text=f"gone {number}")
    bruno.say("/whisper ana for you", "/join #lab", "one", "two")
    bruno.expect(event="message", text="two")
    time.sleep(0.5)  # where a disk is fast there is more than one in a millisecond
    ana.start("--connect", bruno.address)
    ana.line(f"bruno whispers to you {HOUR}: for you")
    ana.line("40 lines came in #everyone that were said before you came\n"
             "Said in #everyone before you came:\n" +
             "\n".join(f"bruno {HOUR}: gone {number}" for number in range(30, 40)))
    equal(ana.text().count("gone 29"), 0, "what is too much")
    ana.stop(signal.SIGTERM, 0)


def what_is_piped_reaches_somebody(meeting, _quick):
    """It leaves when one has it; where nobody comes it says so, and the words go out later."""
    if why := missing(meeting):
        return why
    ana = Plain(meeting, "ana")
    bruno = meeting.peer("bruno")

    def piped(words, *more):
        done = subprocess.run(
            [ana.program, "--plain", "--no-beacon", "--home", ana.home, "--name", "ana", "--listen",
             f"127.0.0.1:{ana.port}", *more], input=words, capture_output=True, text=True,
            timeout=LIMIT, env=clean_environment(), check=False)
        equal((done.returncode, done.stderr), (0, ""), "how it left")
        return done.stdout

    if "Nobody has it yet" not in piped("first\n"):
        raise Failed("nobody had it, and it did not say so")
    bruno.start()
    if "Nobody" in (told := piped("dinner is ready\n", "--connect", bruno.address)):
        raise Failed(f"bruno was there: {told!r}")
    for words in ("first", "dinner is ready"):
        bruno.expect(event="message", text=words)
    return None


STORIES = [two_people_talk_line_by_line, what_is_typed_while_others_talk_stays_whole,
           hostile_words_are_lines_of_whoever_said_them, people_are_found_by_a_scan,
           bad_lines_are_answered_and_nothing_ends, every_command_is_there, one_leaves_in_every_way,
           who_is_stopped_goes_on, what_is_piped_reaches_somebody, what_was_said_before_is_told_in_its_last_lines]
