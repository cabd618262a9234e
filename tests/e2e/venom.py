"""Stories of text that wants to be more than text: it is shown, and does nothing.

Whatever it could make a terminal do has the number 6661 in it: none of it may arrive in a sequence.
"""
import re
import time
import unicodedata

from driver import Failed, equal, note
from guests_crowd import bare
from screen import Screen, blind

# What is said and what people, rooms and topics are called. Bytes where it is not UTF-8: only plain
# dialects can say these.
CORPUS = {
    "colours that stay": "\x1b[6661;31;47;5mred",
    "the cursor elsewhere": "\x1b[1;6661H\x1b[6661Aup here",
    "all of it wiped": "\x1b[2;6661Jgone\x1b[6661K",
    "scrolling": "\x1b[3;6661r\x1b[6661S\x1b[6661T",
    "another screen": "\x1b[?6661;1049l\x1b[?6661h",
    "a title": "\x1b]0;6661\x07\x1b]2;6661\x1b\\",
    "a note, a palette, a clipboard": "\x1b]9;6661\x07\x1b]4;1;6661\x07\x1b]52;c;6661\x07",
    "a link": "\x1b]8;;http://6661\x1b\\link\x1b]8;;\x1b\\",
    "questions": "\x1b[6661c\x1b[6661n\x05\x1b[?6661$p",
    "strings": "\x1bP6661\x1b\\\x1b_6661\x1b\\\x1b^6661\x1b\\\x1bX6661\x1b\\",
    "a reset, other letters": "\x1bc6661\x1b(0lqqk\x0e6661\x0f\x1bN\x1bO",
    "the keys of a paste": "\x1b[201~6661\r\x1b[200~",
    "controls": "a\x07\x08\x08\x08b\x0b\x0cc\x7fd\x00e\x1f\x18\x1a6661",
    "carriage": "over\rwritten\r6661",
    "tabs": "a\tb\t\tc\t6661",
    "C1": "\u009b6661;1H\u009d0;6661\u009c\u0090q\u009c\u0085\u008d",
    "C1, bare": b"\x9b6661;1H\x9d0;6661\x9c\x84\x85",
    "bidi overrides": "\u202ecba 6661\u202c \u202d\u2066\u2067\u2068x\u2069 \u200e\u200f\u061c",
    "an override without an end": "6661 \u202e\u2067desrever",
    "right to left": "\u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d\u0628\u0627 6661 \u05e2\u05d1\u05e8",
    "marks": "Z" + "\u0301\u0302\u0324\u0489" * 240 + " 6661",
    "marks on nothing": "\u0301" * 200 + "6661",
    "joined": "\U0001f468" + "\u200d\U0001f469" * 150 + " 6661",
    "joiners alone": "\u200d\u200c\ufeff\u2060\u00ad\u034f\u180e6661\u200b",
    "a tag": "\U000e0001\U000e0041\U000e007f6661",
    "variations": "\u2764\ufe0f\u2764\ufe0e1\ufe0f\u20e3\ufe0f\ufe0f6661",
    "flags": "\U0001f1ea\U0001f1f8\U0001f1ea 6661 \U0001f1ea" * 20,
    "wide": "\u6f22\u5b57" * 300 + "6661",
    "widths that differ": "\ua9c5\u2e3b\ufdfd\U0001242b\u0bf5\u17a4\u1160\u115f\u3164\uffa0 6661",
    "a word": "w" * 3900,
    "a wide word": "\uff37" * 1300,
    "separators": "one\u2028two\u2029three\u0085four 6661",
    "private and not there": "\ue000\uf8ff\U0010ffff\uffff\ufffe\U000f0000 6661",
    "annotations": "\ufff9a\ufffab\ufffb 6661",
    "not UTF-8": b"\xff\xfe\xc0\x80\xed\xa0\x80\xf4\x90\x80\x80\xe2\x28\xa1 6661",
    "cut": b"6661 \xf0\x9f\x98",
    "overlong escape": b"\xc0\x9b[6661m\xe0\x80\x9b[6661m",
}
LONG = {
    "ten thousand marks": "e" + "\u0301" * 10000,
    "a word of 64 KiB": "w" * 65536,
    "64 KiB of bytes that are nothing": b"\xff" * 65536,
    "ten thousand joined": "\U0001f468" + "\u200d\U0001f468" * 10000,
}

SEQUENCE = re.compile(r"\x1b\[[?>=!]?[0-9;:]*[ -/]*[@-~]|\x1b[()][0AB]|\x1b\]2;[^\x00-\x1f]*\x07"
                      r"|\x1b\]R|\x1b[=>78M]")
WANTED = re.compile(r"\x1b\[(\d{0,3}(;\d{0,3}){0,2}[ABCDGHJKLMPSTXbdhlmnrt@]|\?[\d;]{1,9}[hlc]"
                    r"|[\d;]{1,20}m)|\x1b[()][0AB]|\x1b\]2;.*|\x1b\]R|\x1b[=>78M]", re.DOTALL)
ACTING = {"\u200e", "\u200f", "\u061c", *map(chr, range(0x202a, 0x202f)),
          *map(chr, range(0x2066, 0x206a)), *map(chr, range(0xe0000, 0xe0080))}


def text_of(venom):
    return venom if isinstance(venom, bytes) else venom.encode()


def only_what_curses_says(data):
    """The stream of a terminal is text, and sequences of a kind that has to be there."""
    text = data.decode()  # all of it is UTF-8
    for found in SEQUENCE.finditer(text):
        named = found[0].startswith("\x1b]2;")  # the terminal's title: clean words of whatever kind
        if ("6661" in found[0] and not named) or not WANTED.fullmatch(found[0]):
            raise Failed(f"the terminal was told {found[0]!r}")
    rest = SEQUENCE.sub("", text)
    for at, one in enumerate(rest):
        if (ord(one) < 0x20 and one not in "\b\r\n\t\x0f\x07") or 0x7f <= ord(one) < 0xa0 or \
                one in ACTING or one in "\u2028\u2029":
            raise Failed(f"the terminal was told {rest[max(0, at - 40):at + 40]!r}")
    return rest


def tokens(venom):
    """How those of its characters are shown that could act."""
    return {f"<U+{ord(c):04X}>" for c in venom if c in ACTING or unicodedata.category(c) == "Cc"} \
        - {"<U+0009>", "<U+0000>"}


class Watched:
    """A screen of 24 rows and 80 columns, of which all that is not the pane is looked at."""
    SIDE = 20

    def __init__(self, screen):
        self.screen = screen
        self.told = 0

    def around(self, terminal):
        """The sidebar's names, its border, where Enter goes, in their colours."""
        def row(cells):
            return "".join(c.text for c in cells), [(c.front, c.back, c.attributes) for c in cells]
        cells = terminal.cells()
        return [row(r[:14]) for r in cells[1:-2]], [row(r[self.SIDE:self.SIDE + 1])
                                                    for r in cells[1:-2]], row(cells[-1])

    def is_whole(self, terminal, page=False):
        """Title, border and prompt stand where they belong; no cell holds what could act."""
        if not terminal.row(0).startswith(" tertulia \u00b7 ana") or \
                terminal.row(terminal.rows - 1) != "ana \u2192 #everyone \u203a":
            return False
        if not page and any(terminal.cell(n, self.SIDE).text not in ("\u2502", "|")
               for n in range(1, terminal.rows - 2)):
            return False
        equal(len({terminal.cell(0, n).back for n in range(terminal.columns)}), 1, "the title's row")
        for row in terminal.cells():
            for cell in row:
                for code in cell.text:
                    if unicodedata.category(code) == "Cc" or code in ACTING:
                        raise Failed(f"a cell holds {code!r}")
        equal((terminal.full_screen, terminal.gives_mouse), (True, True))
        return True

    def look(self, what, page=False):
        """As soon as it is whole; and all that was told up to now is fine."""
        self.screen.until(f"a whole screen with {what}", lambda t: self.is_whole(t, page))
        with self.screen.changed:
            data = bytes(self.screen.shown[self.told:])
        cut = data.rfind(b"\x1b")  # where what is told just now may be in two pieces
        only_what_curses_says(data[:cut])
        self.told += cut


def begun(meeting, **more):
    bruno = meeting.peer("bruno").start()
    ana = Screen(meeting, "ana").start("--connect", bruno.address, **more)
    bruno.expect(event="peer", name="ana", state="up")
    bruno.say("good morning")
    ana.sees("\u25cf bruno" if more.get("kind") != "linux" else "* bruno", "good morning")
    return bruno, ana


def guest(ana, *words):
    """Somebody of a plain dialect."""
    class Host:
        host, port = "127.0.0.1", ana.port
    return bare(Host, *words)


def what_is_said_does_nothing(meeting, quick):
    if why := blind(meeting):
        return why
    for kind in ["xterm-256color"] if quick else ["xterm-256color", "screen", "linux", "vt100"]:
        bruno, ana = begun(meeting, kind=kind)
        watched = Watched(ana)
        if kind in ("linux", "vt100"):
            watched.is_whole = lambda _terminal, _page: True
        watched.look("harmless words")
        before = ana.look(watched.around)
        for number, (what, venom) in enumerate(CORPUS.items()):
            if isinstance(venom, str):
                bruno.say(f"{venom} end-{number}".replace("\x00", "").replace("\r", "\x0b"))
                ana.until(what, lambda t, n=number: f"end-{n}" in "".join(t.lines()))
                watched.look(what)
                shown = ana.look(lambda t: "".join(r[39:].strip() for r in t.lines()))
                hidden = [t for t in tokens(venom.replace("\r", "\x0b")) if t not in shown]
                if hidden and kind != "linux":
                    raise Failed(f"{what}: no {hidden} in {shown}")
                equal(ana.look(watched.around), before, what)
        dani = guest(ana, b"JOIN dani")
        bruno.expect(event="message", kind="join")
        ana.sees("dani")
        watched.look("a guest")
        before = ana.look(watched.around)
        for number, (what, venom) in enumerate(CORPUS.items()):
            words = text_of(venom)[:900]  # cut anywhere: so do their programs
            dani.sendall(b"MSG " + words + f" fin-{number}\n".encode())
            ana.until(what, lambda t, n=number: f"fin-{n}" in "".join(t.lines()))
            watched.look(what)
            equal(ana.look(watched.around), before, what)
        for what, venom in LONG.items():
            ana.paste(venom if isinstance(venom, str) else "\ufffd" * 20000)
            ana.type("\r\x03")
            ana.sees("The line is empty")
            watched.look(what)
            link = guest(ana, b"eva|" + text_of(venom))
            watched.look(what)
            link.close()
        ana.stop(15, 0)
        dani.close()
        bruno.leave()
    return None


def names_do_nothing(meeting, _quick):
    """People, rooms, topics, lists of all of them, and what a terminal's title is made of."""
    if why := blind(meeting):
        return why
    bruno, ana = begun(meeting)
    watched = Watched(ana)
    links = []
    for number, (what, venom) in enumerate(CORPUS.items()):
        name = text_of(venom)[:60].decode(errors="replace").replace("\x00", "")
        bruno.say(f"/name {number}{name}", f"/topic {name} {number}", f"/away {name}",
                  f"/join #{number}{name}".replace(" ", ""), f"/me {name} end-{number}", "/leave")
        bruno.say(f"called {number}-so")
        ana.until(what, lambda t, n=number: f"called {n}-so" in "".join(t.lines()))
        watched.look(what)
        if len(links) < 24:
            links.append(guest(ana, b"JOIN " + f"{number}".encode() + text_of(venom)[:200]))
            watched.look(f"a guest called {what}")
    for line in ("/peers", "/rooms", "/search 6661", "/log", "/info 1"):
        ana.type(line + "\r")
        watched.look(line, page=True)
        ana.type("\x1b[B\x1b[6~")
        watched.look(line, page=True)
        ana.type("q" if line != "/info 1" else "\x03")
    ana.type("\x0b6")  # the switcher
    ana.type("\x1b")
    ana.type("\x036\t\t\t\x03")
    ana.sees("The line is empty")
    watched.look("completion")
    for _ in range(12):
        ana.type("\x0e")  # through all conversations: their names are in the title
    with ana.changed:
        data = bytes(ana.shown)
    only_what_curses_says(data[:data.rfind(b"\x1b")])
    for link in links:
        link.close()
    note(f"{len(links)} guests with such names")
    return None


STORIES = [what_is_said_does_nothing, names_do_nothing]
