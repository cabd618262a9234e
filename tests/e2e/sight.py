"""Stories told by what stands on the screen, cell by cell, of a program in a pty: what is seen, in
every kind of terminal, of any size, while it changes. Keys alone do everything."""
import os
import random
import re
import time

from driver import LIMIT, Failed, equal, note
from guests import Guest
from screen import Screen, blind

CLOCK = re.compile(r"\b\d\d:\d\d\b")
RTT = re.compile(r"( *\d[\d.]*m?s)? *\u2502", re.ASCII)


def row_with(terminal, word):
    """The number of the lowest row that has this, or None."""
    return next((n for n, row in reversed(list(enumerate(terminal.lines()))) if word in row), None)


def two_at_a_table(meeting, said=(), **more):
    """Bruno, who has said something, and Ana with a screen, linked to him."""
    bruno = meeting.peer("bruno").start()
    bruno.say(*said)
    ana = Screen(meeting, "ana").start("--connect", bruno.address, **more)
    bruno.expect(event="peer", name="ana", state="up")
    if said:
        ana.sees(said[-1][:20])
    ana.sees("\u25cf bruno")
    return bruno, ana


def it_starts_and_one_talks(meeting, _quick):
    """Welcome, typing, Enter, a tick that counts, and out."""
    if why := blind(meeting):
        return why
    ana = Screen(meeting, "ana").start()
    ana.sees("Welcome", "/scan", "F1", "ana \u2192 #everyone \u203a")
    prompt = ana.look(lambda t: t.cursor)
    ana.type("hol\u00e1 \u6f22\u5b57")
    ana.sees("\u203a hol\u00e1 \u6f22\u5b57")
    equal(ana.look(lambda t: t.cursor), (prompt[0], prompt[1] + 9), "four columns, a blank, four")
    ana.type("\r")
    ana.sees("ana        hol\u00e1 \u6f22\u5b57")
    ana.sees_no("Welcome")
    bruno = meeting.peer("bruno").start(connect=[f"127.0.0.1:{ana.port}"])
    ana.until("the tick of one", lambda t: any("hol\u00e1" in row and row.endswith("\u2713")
                                               for row in t.lines()))
    bruno.expect(event="message", text="hol\u00e1 \u6f22\u5b57")
    ana.type("/exit\r")
    ana.over(0)
    return None


def a_whisper_by_keys_alone(meeting, _quick):
    if why := blind(meeting):
        return why
    bruno, ana = two_at_a_table(meeting, ["good morning"])
    carla = meeting.peer("carla").start(connect=[bruno])
    ana.sees("carla")
    ana.type("\t")
    ana.sees("Enter opens")
    ana.type("bru\r")  # letters filter
    ana.sees("ana \u21d2 bruno (whisper) \u203a")
    colour = ana.look(lambda t: t.cell(t.rows - 1, 0).front)
    ana.type("for you only\r")
    got = bruno.expect(event="message", text="for you only")
    equal(got["whisper"].split("/")[-1] != "", True)
    bruno.say("/whisper ana nobody else")
    ana.sees("nobody else")
    ana.type("\x1b1")
    ana.sees("ana \u2192 #everyone \u203a")
    if ana.look(lambda t: t.cell(t.rows - 1, 0).front) == colour:
        raise Failed("a whisper's prompt looks like that of a room")
    carla.say("to all")
    ana.sees("to all")
    equal(carla.texts(text="for you only"), [])
    ana.type("/w bruno from here\r")  # nothing of it is seen where one is, but that it went
    ana.sees("To bruno: from here")
    bruno.expect(event="message", text="from here")
    bruno.say("/whisper ana psst")  # elsewhere now: it is counted, and one key leads there
    ana.until("one unread of bruno", lambda t: any(re.search(r"bruno +1 *\u2502", row)
                                                   for row in t.lines()))
    if not ana.look(lambda t: t.bells):
        raise Failed("nothing rang")
    ana.type("\x1ba")
    ana.sees("(whisper)", "psst")
    return None


def who_got_a_line_of_before(meeting, _quick):
    """What was said before the program was left has its receipts still."""
    if why := blind(meeting):
        return why
    bruno, ana = two_at_a_table(meeting)
    ana.type("/who-got\r")
    ana.sees("You have said nothing here")
    ana.type("\x1b")
    ana.sees_no("You have said nothing here")
    ana.type("to be kept\r")
    ana.until("the tick", lambda t: any("to be kept" in row and row.endswith("\u2713")
                                        for row in t.lines()))
    ana.type("/exit\r")
    ana.over(0)
    ana.start("--connect", bruno.address)
    ana.sees("to be kept", "\u25cf bruno")
    ana.type("/who-got\r")
    ana.sees("has it")
    return None


def a_scan_and_one_of_its_finds(meeting, _quick):
    if why := blind(meeting):
        return why
    bruno, ana = two_at_a_table(meeting)
    dated = Guest(meeting, "dated").start()
    dated.expect("escuchando")
    ana.type(f"/scan {dated.host}:5555\r")
    ana.sees("FOUND", "+ ")
    ana.type("\t\x1b[F")  # the last one in the sidebar: the find
    at = ana.until("a find with another background", lambda t: next(
        (n for n in range(t.rows) if t.cell(n, 1).text == "+" and t.cell(n, 1).back is not None),
        None))
    ana.type("\r")
    ana.until("the guest among people", lambda t: any(
        "dated" in row and "+" not in row[:3] for row in t.lines()[:at]))
    bruno.say("buenas")
    dated.expect("bruno: buenas")
    return None


def far_back_and_the_needle(meeting, _quick):
    """Scrolling through more than is held, what waits below, and the search."""
    if why := blind(meeting):
        return why
    said = [f"line {n} of many words" for n in range(2600)]
    said[40] = "here is the NEEDLE, and a needle"
    bruno, ana = two_at_a_table(meeting, said)
    bottom = ana.look(lambda t: t.lines())
    ana.type("\x1b[5~")
    ana.sees("End to follow")
    seen = ana.look(lambda t: t.lines())
    bruno.say("one more")
    ana.sees("more")  # counted below
    after = ana.look(lambda t: t.lines())
    equal([r[21:60] for r in after[1:18]], [r[21:60] for r in seen[1:18]], "it stands still")
    while not ana.look(lambda t: "line 0 of" in t.text()):
        top = ana.look(lambda t: t.lines()[1:4])
        ana.type("\x1b[1;3H")  # Alt-Home: the oldest that is held, and older ones come from the disk
        ana.until("something older", lambda t: t.lines()[1:4] != top)
    ana.type("\x1b[1;3F")
    ana.sees("one more")
    ana.type("\x13needle\r")
    ana.sees("here is the NEEDLE")

    def hits(terminal):
        row = row_with(terminal, "NEEDLE")
        cells = [terminal.cell(row, column) for column in range(terminal.columns)]
        return {c.text for c in cells if c.back is not None}

    equal(ana.look(hits), set("NEEDLneedl"), "the letters that are marked")
    ana.type("\x1b")
    ana.until("nothing marked", lambda t: not hits(t))
    ana.type("\x05")
    ana.sees("one more")
    ana.type("\x13nowhere\r")
    ana.sees("No older line has")
    ana.type("no letter is lost")  # n is older, while there are hits
    ana.sees("\u203a no letter is lost")
    ana.type("\x15/search needle\r")
    ana.sees("Found", "here is the NEEDLE")
    ana.type("\r")
    ana.sees("line 39 of", "here is the NEEDLE", "line 41 of")
    return equal(len(bottom), 24)


def tab_finds_the_word(meeting, _quick):
    """The menu stands above the word, goes round, and is gone with the next letter."""
    if why := blind(meeting):
        return why
    bruno, ana = two_at_a_table(meeting, ["who spoke last"])
    meeting.peer("Bj\u00f6rn").start(connect=[bruno])
    ana.sees("Bj\u00f6rn")

    def typed(words):
        ana.until(words, lambda t: t.row(t.rows - 1).endswith("\u203a " + words))

    def above(word):
        """In the column in which the word begins that it would replace; the status line is
        between them."""
        def there(terminal):
            row, column = terminal.rows - 1, terminal.columns
            while column and not terminal.cell(row, column - 1).text.strip():
                column -= 1
            while terminal.cell(row, column - 1).text.strip():
                column -= 1
            return "".join(terminal.cell(row - 2, column + n).text
                           for n in range(len(word))) == word
        ana.until(f"{word} above the word", there)

    ana.type("\u6f22\u5b57 b\t")  # who spoke last comes first
    typed("\u6f22\u5b57 bruno")
    above("Bj\u00f6rn")
    ana.type("\x1b[B")
    typed("\u6f22\u5b57 Bj\u00f6rn")
    ana.type("\x1b[Z")
    typed("\u6f22\u5b57 bruno")
    ana.type("x")
    ana.until("no menu", lambda t: "Bj\u00f6rn" not in t.row(t.rows - 2))
    ana.type("\x15bjo\thola\r")  # at the line's start somebody is spoken to; accents do not matter
    bruno.expect(event="message", text="Bj\u00f6rn: hola")
    for begun, whole in (("/them\tli\t", "/theme light"), ("/join #e\t", "/join #everyone"),
                         ("/bind F9 side-o\t", "/bind F9 side-open"), ("/lang e\t", "/lang en"),
                         ("/set not\tosc7\t", "/set notify osc777")):
        ana.type("\x15" + begun)
        typed(whole)
    os.makedirs(os.path.join(ana.home, "papers", "old"))
    ana.type(f"\x15/export {ana.home}/pap\to\t")
    ana.sees("papers/old/")
    return None


def two_hundred_lines_pasted_are_one_message(meeting, _quick):
    if why := blind(meeting):
        return why
    bruno, ana = two_at_a_table(meeting)
    ana.paste("\n".join(f"row {n}" for n in range(200)))
    ana.until("five rows of it at most", lambda t: [r.strip() for r in t.lines()[-5:]][-1] ==
              "row 199" and "row" not in t.row(18))
    ana.type("\r")
    ana.sees("200 lines", "Enter again")
    equal(bruno.all(event="message"), [])
    ana.type("\r")
    got = bruno.expect(event="message", who="ana")
    equal(got["text"], "\n".join(f"row {n}" for n in range(200)))
    ana.sees("row 199")
    ana.paste("one line")
    ana.type("\r")
    bruno.expect(event="message", text="one line")
    ana.paste("\n".join("taken back"[:n + 1] for n in range(10)) + "\x03\x1bOP\x18\x04")
    ana.type("\r")
    ana.sees("10 lines: Enter again")  # no control character of it was a key
    ana.type("\x03")
    ana.sees("The line is empty")
    equal(len(bruno.all(event="message")), 2)
    return None


def frame(terminal):
    """All of it, but for what the clock and the wire change."""
    return [RTT.sub("\u2502", CLOCK.sub("00:00", row)) for row in terminal.lines()]


def colours(terminal):
    return [[(c.front, c.back, c.attributes) for c in row] for row in terminal.cells()[1:]]


def keys_arrive_in_pieces(meeting, _quick):
    """A byte at a time, as over a bad line: they are the same keys. What no key sends is swallowed."""
    if why := blind(meeting):
        return why
    bruno, ana = two_at_a_table(meeting, ["one", "two"])

    def slowly(data):
        for byte in data:
            ana.type(bytes([byte]))
            time.sleep(0.002)

    def holds(words):
        ana.until(words, lambda t: t.row(t.rows - 1) == f"ana \u2192 #everyone \u203a {words}".strip())

    slowly("\u00f1and\u00fa \u6f22 \U0001f600".encode())
    holds("\u00f1and\u00fa \u6f22 \U0001f600")
    slowly(b"\x1b[D\x1b[Dx\x1bOHy\x1b[1;5Cz\x1b[F!")
    holds("y\u00f1and\u00faz \u6f22x \U0001f600!")
    slowly(b"\x15\x1b[200~a\x1b[Ab\x1b[201~c")
    holds("a[Abc")
    slowly(b"\x15\x1bOP")
    ana.sees("Keys")
    slowly(b"\x1b[6~q\x1b[15~")
    ana.sees_no("Keys")
    slowly(b"ok")
    holds("ok")
    strange = [b"\x1b[?64;1;2c", b"\x1b[0n", b"\x1b[24;80R", b"\x1b]11;rgb:ffff/ffff/ffff\x07",
               b"\x1b]11;rgb:0/0/0\x1b\\", b"\x1bP>|some terminal\x1b\\", b"\x1b[I", b"\x1b[O",
               b"\x1b[97;133u", b"\x1b[57441;5u", b"\x1b[1;13A\x1b[1;13B", b"\x1b[99~",
               b"\x1b[?997;1n", b"\x1b[<35;3;3M", b"\x1b[<2;3;3M\x1b[<2;3;3m", b"\x1b[27;5;9~"]
    for one in strange:
        for send in (ana.type, slowly):
            send(one)
            send(b".\x7f")  # what comes next is itself
            holds("ok")
    slowly(b"\r")
    bruno.expect(event="message", text="ok")
    equal(bruno.texts(who="ana"), ["ok"])
    ana.type(b"\xff\xc3(\x80")
    ana.sees("not UTF-8")
    return None


class Lies:
    """A terminal that takes some clusters for wider or narrower than they are: at the first one of
    each row all behind it moves, unless it is told where that goes."""

    def __init__(self, real, wrong):
        self.real, self.wrong = real, wrong

    def __getattr__(self, name):
        return getattr(self.real, name)

    def feed(self, data):
        for wide, seen in self.wrong.items():
            data = data.replace(wide.encode(), seen.encode())
        self.real.feed(data)


def terminals_that_lie_about_widths(meeting, _quick):
    """What is wrong stays within its row; and after Ctrl-l the border and the sidebar are whole."""
    if why := blind(meeting):
        return why
    bruno = meeting.peer("bruno").start()
    said = ["plain words", "\u6f22\u5b57 and more", "\U0001f600 smiles", "e\u0301 marks",
            "\U0001f468\u200d\U0001f469\u200d\U0001f467 family, and what follows it", "the last"]
    bruno.say(*said)
    ana = Screen(meeting, "ana")
    wrong = {"\u6f22": "x", "\U0001f600": "y", "\u2713": "\u6f22", "\u25cf": "\u6f22"}
    ana.lies = lambda real: Lies(real, wrong)
    ana.start("--connect", bruno.address)
    ana.sees("the last")
    for _ in range(2):
        shown = ana.look(lambda t: t.lines())
        rows = [r for r in shown[1:-2] if "\u6f22" not in r[:4]]
        for row in rows:
            if "\u2502" not in row[18:22]:
                raise Failed(f"the border moved: {row!r}")
        equal([any(w in r for r in shown) for w in
                      ("plain words", "marks", " family, and what follows it", "the last")],
              [True] * 4)
        mark = ana.now()
        ana.type("\x0c")
        ana.expect("the last", since=mark)
    return None


def a_storm_of_sizes(meeting, quick):
    """After 200 sizes the screen is what a fresh start in the last one shows."""
    if why := blind(meeting):
        return why
    said = [f"{n} \u6f22\u5b57 \U0001f600 e\u0301 " + "words that wrap " * (n % 9) for n in range(80)]
    bruno, ana = two_at_a_table(meeting, said)
    ana.type("begun")
    ana.sees("begun")
    chosen = random.Random(1)
    rounds = 3 if quick else 12
    for number in range(rounds):
        began = time.monotonic()
        for _ in range(200):
            ana.resize(chosen.randint(1, 70), chosen.randint(1, 220))
        rows, columns = [(24, 80), (10, 40), (50, 200)][number % 3]
        ana.resize(rows, columns)
        for typed, row in ("!", "begun!"), ("\x7f", "begun"):  # two frames: the first is whole
            ana.type(typed)
            ana.until(row, lambda t, row=row: t.row(rows - 1).endswith(f"\u203a {row}"))
        shown = ana.look(lambda t: (frame(t), colours(t)))
        mark = ana.now()
        ana.type("\x0c")
        ana.expect("\x1b[H\x1b[2J", since=mark)
        ana.until(f"again what stood there: {shown[0]}",
                  lambda t, shown=shown: (frame(t), colours(t)) == shown)
        note(f"{time.monotonic() - began:.1f} s for 200 sizes and a frame")
    again = ana.look(frame)
    ana.type("\x15/exit\r")
    ana.over(0)
    ana.start("--connect", bruno.address, rows=rows, columns=columns)
    ana.sees("79 ")
    ana.type("begun")
    ana.until(f"what stood there: {again}", lambda t: frame(t) == again)
    return None


KINDS = {"xterm-256color": 256, "tmux-256color": 256, "screen-256color": 256, "xterm": 8,
         "screen": 8, "linux": 8, "vt100": 0, "xterm-mono": 0}


def in_every_kind_of_terminal(meeting, _quick):
    """The same words in the same places, in as many colours as it has; its own colours only, where
    NO_COLOR is set. The signs of `linux` are plain ones."""
    if why := blind(meeting):
        return why
    bruno = meeting.peer("bruno").start()
    bruno.say("good morning", "ana: are you there?", "see http://192.168.1.7/a.tar.gz")
    ana = Screen(meeting, "ana")
    seen = {}
    for kind, most in [*KINDS.items(), ("no colour, please", 0)]:
        if not known(kind) and " " not in kind:
            note(f"this system does not know {kind}")
            continue
        mark = bruno.now()
        more = {"kind": kind} if " " not in kind else {"NO_COLOR": "1"}
        ana.start("--connect", bruno.address, **more)
        bruno.expect(event="peer", name="ana", state="up", since=mark)
        ana.sees("a.tar.gz", ("* " if kind == "linux" else "\u25cf ") + "bruno")
        used = ana.look(lambda t: {c.front for row in t.cells() for c in row} |
                        {c.back for row in t.cells() for c in row}) - {None}
        if most == 0:
            equal(used, set(), f"colours of {kind}")
        elif not used or (most == 256) != any(not isinstance(c, int) or c > 15 for c in used):
            raise Failed(f"{kind}: {used}")
        seen[kind] = ana.look(frame)[1:-2]
        marked = ana.look(lambda t: [c.attributes for c in t.cells()[row_with(t, "are you there")]])
        if not any(marked):
            raise Failed(f"{kind}: a mention looks like everything else")
        ana.type("/exit\r")
        ana.over(0)
        equal(ana.look(lambda t: (t.full_screen, t.gives_mouse, t.brackets_pastes)),
              (False, False, False), f"{kind}: full screen, mouse, brackets around pastes")
    plain = seen.pop("linux", None)
    first = seen["xterm-256color"]
    for kind, got in seen.items():
        equal(got, first, kind)
    if plain and "are you there?" not in str(plain):
        raise Failed(f"linux: {plain}")
    return None


def known(kind):
    return any(os.path.exists(os.path.join(folder, kind[0], kind)) for folder in
               ("/usr/share/terminfo", "/lib/terminfo", "/etc/terminfo"))


STORIES = [it_starts_and_one_talks, a_whisper_by_keys_alone, who_got_a_line_of_before,
           a_scan_and_one_of_its_finds, far_back_and_the_needle, tab_finds_the_word,
           two_hundred_lines_pasted_are_one_message, keys_arrive_in_pieces,
           terminals_that_lie_about_widths, a_storm_of_sizes, in_every_kind_of_terminal]
