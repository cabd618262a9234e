"""What was typed, what was told, and what stood on the disks: kept during the run, and judged.

A word is one line that was typed into one program, with a token that no other line has. It is
*acknowledged* when its program has written its own `message` for it, and *refused* when it wrote
an `error`; before that nothing was promised. The promises, each with its name in `wrong`:

lost       what was acknowledged is on its author's disk after every kill, and on all disks at the
           end; what a guest or a peer was shown as stored is stored
doubled    no word becomes two entries; no program writes twice about an entry that its disk knew;
           no guest hears a word twice, but for what nobody can know (`Heard`)
forged     every entry has a signature that holds, follows the one before it, and says what its
           author typed, once in one place; nothing that was refused is said
receipt    who is named in a receipt had stored it: it is on the disk that a kill left
whisper    only author and readers are told of it, and no other disk or guest has its words
said       what comes out is JSON; programs end only when they are ended; nothing is dropped
"""
import copy
import functools
import re
import threading
import time
from collections import namedtuple

import evidence
from peer import LABEL, Bad, ack_holds, base32, entry_hash, envelope, mesh_net, read_loosely, verify

KINDS = ("lost", "doubled", "forged", "receipt", "whisper", "said")
TOKEN = re.compile(r"\[([wg]\d+[a-z]+[0-9a-f]{6})\]")
NET = mesh_net(b"lan")
SHOWN = 8  # wrongs of a kind that are printed
BAD = ("fork", "history-damaged", "output-dropped")  # notices that nobody should get here
NOTED = 10  # seconds until an answer stands on a disk that has room and is not slow
ANSWERED = 2  # seconds until a guest has answered, on a machine that has much to do


class Word:
    __slots__ = ("token", "author", "id", "text", "readers", "guest", "ref", "refused", "safe")

    def __init__(self, token, author, who, text, readers=None, guest=None):
        self.token = token
        self.author = author  # the program's number
        self.id = who
        self.text = text
        self.readers = readers  # of a whisper: their ids
        self.guest = guest  # of a guest's line: its dialect
        self.ref = None
        self.refused = False
        self.safe = True  # no reset of the author's disk has taken it away


# In front of which line of a guest, and when, its "host" began anew, whose disk owed it these tokens;
# or the "guest" itself was killed.
Mark = namedtuple("Mark", "index at what owed", defaults=(frozenset(),))


class Heard:
    """What a guest was told, `lines` [(when, text)], and the `marks` in it.

    A word is told once. Only a `dated` guest answers each, and is told again what it did not answer:
    whether the word was lost or its answer nobody can know, for nothing in either tells two tellings
    apart. An answer is lost with the guest, if it is killed before it gives it; with the host, if
    that is killed before it has noted it; and with the note, if a backup takes its place."""

    def __init__(self, kind, lines, marks):
        self.kind = kind
        self.lines = lines
        self.marks = marks
        self.told = [(index, token) for index, (_, line) in enumerate(lines)
                     for token in TOKEN.findall(line) if not token.startswith("g")]

    def copy(self):
        return Heard(self.kind, list(self.lines), list(self.marks))

    def more(self, *lines):
        """The same, told more."""
        self.__init__(self.kind, [*self.lines, *((0, line) for line in lines)], self.marks)

    def died_with(self, first, before):
        """Whether it was killed right behind `first`."""
        for mark in self.marks:
            if mark.what == "guest" and first < mark.index <= before:
                return mark.at - self.lines[first][0] < ANSWERED and \
                    not any(first < index < mark.index for index, _ in self.told)
        return False

    def twice(self):
        """[(token, with whom the answer was lost, or None)] of each telling but the first."""
        places = {}
        for index, token in self.told:
            places.setdefault(token, []).append(index)
        return [(token, self._why(token, first, second)) for token, of in places.items()
                for first, second in zip(of, of[1:])]

    def _why(self, token, first, second):
        if self.kind != "dated":
            return None
        if any(mark.what == "host" and token in mark.owed for mark in self.marks
               if first < mark.index <= second):
            return "host"
        return "guest" if self.died_with(first, second) else None

    def answered(self, tokens, since):
        """Which of these it heard before that moment, in this life of its host, and answered."""
        begun = max([mark.index for mark in self.marks if mark.what == "host"], default=0)
        return {token for index, token in self.told
                if token in tokens and index >= begun and self.lines[index][0] < since
                and not self.died_with(index, len(self.lines))}


def place_of(ref):
    author, epoch, seq = ref.split(":")
    return (author, epoch), int(seq)


@functools.cache
def signed(data):
    """The fields of an entry, or Bad."""
    data, signature = data[:-evidence.SIGNATURE], data[-evidence.SIGNATURE:]
    one = envelope(data, NET)
    if not verify(one["author"], LABEL, data, signature):
        raise Bad("the signature")
    return one


class Ledger:
    def __init__(self):
        self.lock = threading.RLock()
        self.words = {}  # token -> Word
        self.pending = {}  # (number, token) -> Word: typed, and nothing heard of it
        self.refs = {}  # ref -> token
        self.shown = {}  # number -> {(log, seq)} that it wrote about, and its disk knows
        self.fresh = {}  # number -> {(log, seq)} that it wrote about since its start
        self.claims = {}  # id -> {log: seq}: receipts that name it
        self.proved = {}  # id -> {log: seq}: what its disk was seen to hold at some time
        self.seen = {}  # number -> tokens it was told of, in all its lives
        self.ids = {}  # id -> number
        self.resets = set()  # numbers whose disk was ever taken away
        self.heard = []  # of guests, when all is over
        self.problems = {kind: [] for kind in KINDS}
        self.counts = {"typed": 0, "acknowledged": 0, "refused": 0, "whispers": 0, "receipts": 0,
                       "guests": 0, "told and not yet stored when killed": 0, "gone with a disk": 0,
                       "told again, the answer lost with the host": 0,
                       "told again, the answer lost with the guest": 0}

    def copy(self):
        """One that may be changed; words too."""
        other = Ledger()
        with self.lock:
            other.words = {token: copy.copy(word) for token, word in self.words.items()}
            other.refs = dict(self.refs)
            for table in ("shown", "fresh", "seen"):
                setattr(other, table, {n: set(of) for n, of in getattr(self, table).items()})
            for table in ("claims", "proved"):
                setattr(other, table, {n: dict(of) for n, of in getattr(self, table).items()})
            other.ids = dict(self.ids)
            other.resets = set(self.resets)
            other.heard = [heard.copy() for heard in self.heard]
            other.problems = {kind: list(of) for kind, of in self.problems.items()}
        return other

    def wrong(self, kind, what):
        with self.lock:
            self.problems[kind].append(what)
            if len(self.problems[kind]) <= SHOWN:
                print(f"# {kind}: {what}", flush=True)

    # ---- what is typed ----

    def type(self, program, word, line):
        """Types it, and keeps it in mind if it could be typed."""
        with self.lock:
            self.words[word.token] = word
            self.pending[(program.number, word.token)] = word
        if program.say(line):
            self.counts["typed"] += 1
            self.counts["whispers"] += word.readers is not None
            return True
        with self.lock:
            self.pending.pop((program.number, word.token), None)
            del self.words[word.token]
        return False

    def waiting(self, number):
        with self.lock:
            return sum(n == number for n, _ in self.pending)

    # ---- what is told ----

    def is_ready(self, program, event):
        with self.lock:
            self.ids[event["id"]] = program.number
            for table in (self.shown, self.fresh, self.seen):
                table.setdefault(program.number, set())
            self.fresh[program.number] = set()

    def told(self, program, event):
        kind = event["event"]
        with self.lock:
            if kind == "message":
                self._message(program, event)
            elif kind == "receipt":
                self._receipt(event)
            elif kind == "error":
                self._error(program, event)
            elif kind == "notice" and event["code"] in BAD:
                self.wrong("said", f"{program.name}: {event['code']}: {event['text']}")

    def _message(self, program, event):
        number = program.number
        place = place_of(event["ref"]) if event.get("ref") else None
        if place in self.fresh[number] or place in self.shown[number]:
            self.wrong("doubled", f"{program.name} was told twice of {event['ref']}: "
                                  f"{event['text'][:60]!r}")
        self.fresh[number].add(place)
        found = TOKEN.search(event["text"])
        if not found:
            if event["kind"] in ("say", "act") and event["from"]["guest"] is None:
                self.wrong("forged", f"{program.name} was told what nobody said: {event}")
            return
        token = found[1]
        word = self.words.get(token)
        self.seen[number].add(token)
        if not word:
            self.wrong("forged", f"nobody typed {token}: {event}")
            return
        self._compare(program, event, word)
        if event["own"] and word.author == number:
            if not word.ref:
                self.counts["acknowledged"] += 1
            word.ref = event["ref"]
            self.pending.pop((number, token), None)

    def _compare(self, program, event, word):
        """It is told by whom it was said, as it was said, and to whom it was said."""
        who = event["from"]["host"] if word.guest else event["from"]["id"]
        text = event["text"] if not word.guest else TOKEN.search(event["text"])[0]
        wanted = word.text if not word.guest else f"[{word.token}]"
        dialect = event["from"]["guest"]
        right = (word.guest, "plain") if word.guest else (None,)  # plain: until it is known better
        if (who, text) != (word.id, wanted) or dialect not in right:
            self.wrong("forged", f"{program.name} was told {event['text'][:80]!r} of "
                                 f"{event['from']}; it was {word.id} ({word.guest}): "
                                 f"{wanted[:80]!r}")
        if self.refs.setdefault(word.token, event["ref"]) != event["ref"]:
            self.wrong("doubled", f"{word.token} is both {self.refs[word.token]} and "
                                  f"{event['ref']}")
        private = event.get("whisper") is not None
        if private != (word.readers is not None):
            how = "privately" if private else "aloud"
            self.wrong("whisper", f"{word.token} was said {how}")
        if word.readers is not None and program.id not in (*word.readers, word.id):
            self.wrong("whisper", f"{program.name} was told the whisper {word.token}")

    def _receipt(self, event):
        self.counts["receipts"] += 1
        if "delivered" in event:
            return  # a guest's own answer
        log, seq = place_of(event["ref"])
        for who in event["stored_by"]:
            claims = self.claims.setdefault(who, {})
            claims[log] = max(claims.get(log, 0), seq)

    def _error(self, program, event):
        found = TOKEN.search(event.get("command") or "")
        word = self.pending.pop((program.number, found[1]), None) if found else None
        if word:
            self.counts["refused"] += 1
            word.refused = True

    # ---- what a kill left ----

    def after_kill(self, program, scratch):
        """Judges the disk of a program that ended; gives it back."""
        disk = evidence.Disk(program.home, scratch)
        with self.lock:
            self._disk_sound(program, disk)
            proved = self.proved.setdefault(program.id, {})
            for log, held in disk.logs.items():
                if held.high:
                    proved[log] = max(proved.get(log, 0), held.high)
            self._claims_hold(program)
            self._answers_noted(program, disk)
            for word in self.words.values():
                if word.id == program.id and word.ref and word.safe and not word.guest \
                        and not disk.holds(*place_of(word.ref)):
                    self.wrong("lost", f"{program.name} had acknowledged {word.token} as "
                                       f"{word.ref}, and its disk has it not")
                    word.safe = False
            both = self.shown[program.number] | self.fresh[program.number]
            known = self.shown[program.number] = self._known(disk, both)
            self.counts["told and not yet stored when killed"] += len(both) - len(known)
            self.fresh[program.number] = set()
            for key in [k for k in self.pending if k[0] == program.number]:
                del self.pending[key]  # whatever became of it, it was not promised
        return disk

    def _disk_sound(self, program, disk):
        for what in disk.wrong:
            self.wrong("lost", f"{program.name}: {what}")
        if disk.forks:
            self.wrong("forged", f"{program.name} has {disk.forks} forks")

    @staticmethod
    def tokens(disk):
        return {token for text in disk.owed for token in TOKEN.findall(text)}

    def _answers_noted(self, program, disk):
        """What a guest heard in this life of its host is not owed any more, if there was time."""
        owed, since = self.tokens(disk), time.monotonic() - NOTED
        if not owed or program.eased is None or program.eased > since:
            return
        for heard in program.heard():
            for token in heard.answered(owed, since) if heard.kind == "dated" else ():
                self.wrong("doubled", f"the disk of {program.name} owes {token}, which its guest "
                                      f"has answered")

    def _claims_hold(self, program):
        proved = self.proved[program.id]
        for log, seq in self.claims.get(program.id, {}).items():
            if proved.get(log, 0) < seq:
                self.wrong("receipt", f"{program.name} is said to have stored {seq} of {log}, and "
                                      f"its disk has {proved.get(log, 0)}")
                proved[log] = seq  # once is enough

    @staticmethod
    def _known(disk, places):
        """Of these, what the disk knows that it was told: whispers only once they were opened."""
        return {place for place in places if place and disk.holds(*place)
                and disk.sealed.get(place, True)}

    def reset(self, program, disk):
        """Its disk is as it was when `disk` was read, or, with None, empty."""
        number = program.number
        with self.lock:
            self.resets.add(number)
            for word in self.words.values():
                if word.id == program.id and word.ref and not (
                        disk and disk.holds(*place_of(word.ref))):
                    word.safe = False
            self.shown[number] = self._known(disk, self.shown[number]) if disk else set()

    # ---- the end ----

    def owed(self):
        """Tokens that have to be everywhere: acknowledged, and on a disk that stayed."""
        with self.lock:
            stayed = [who for who, n in self.ids.items() if n not in self.resets]
            owed = set()
            for word in self.words.values():
                if not word.ref or word.guest:
                    continue
                log, seq = place_of(word.ref)
                if word.safe or any(self.claims.get(who, {}).get(log, 0) >= seq for who in stayed):
                    owed.add(word.token)
                else:
                    self.counts["gone with a disk"] += 1
            return owed

    def judge(self, programs, scratch):
        """All programs have ended in order. Reads their disks, entry by entry."""
        holds = {}
        for program in programs:
            self.after_kill(program, scratch)
            holds[program.number] = evidence.contents(program.home, scratch)
        entries = {}
        for number, (held, _) in holds.items():
            for place, data in held.items():
                if entries.setdefault(place, data) != data:
                    self.wrong("forged", f"two entries at {place}")
        fields = self._entries_hold(entries)
        self._words_hold(fields)
        owed = self.owed()
        for program in programs:
            held = holds[program.number][0]
            for token in owed:
                if place_of(self.words[token].ref) not in held:
                    self.wrong("lost", f"{program.name} has not {token}, {self.words[token].ref}")
            self._told_of_whispers(program, held)
            for ack in holds[program.number][1]:
                self._ack_holds(program, ack, entries)
            self._no_secrets(program)
        for heard in self.heard:
            self._guest_heard(heard)
        return len(entries)

    def _entries_hold(self, entries):
        """{place: fields} of those that are signed, and follow the one before."""
        fields = {}
        for place, data in entries.items():
            try:
                one = signed(data)
                if ((base32(one["author"]), base32(one["epoch"])), one["seq"]) != place:
                    raise Bad("it stands at another's place")
                before = entries.get((place[0], place[1] - 1))
                if before and entry_hash(before[:-64], before[-64:]) != one["prev"]:
                    raise Bad("it does not follow the one before")
                if place[0][0] not in self.ids:
                    raise Bad("nobody here has that key")
                fields[place] = one
            except Bad as problem:
                self.wrong("forged", f"{place}: {problem}")
        return fields

    def _words_hold(self, fields):
        """Every text in an entry was typed, by that author, and is there once."""
        where = {}
        for place, one in fields.items():
            if one["kind"] not in (1, 2):
                continue
            text = read_loosely(one.get("body", b"")).get(1, b"").decode()
            found = TOKEN.search(text)
            if not found and "guest" in one:
                continue  # what the programs of guests say by themselves
            word = self.words.get(found[1]) if found else None
            if not word or word.id != place[0][0]:
                self.wrong("forged", f"{place} says what its author never typed: {text[:80]!r}")
                continue
            if word.readers is not None:
                self.wrong("whisper", f"{word.token} stands open in {place}")
            if not word.guest and text != word.text:
                self.wrong("forged", f"{place} says {text[:80]!r}, typed was {word.text[:80]!r}")
            if where.setdefault(word.token, place) != place:
                self.wrong("doubled", f"{word.token} is both {where[word.token]} and {place}")
            if word.refused:
                self.wrong("forged", f"{word.token} was refused, and was said as {place}")
            if word.ref and place_of(word.ref) != place:
                self.wrong("forged", f"{word.token} was acknowledged as {word.ref}, it is {place}")

    def _told_of_whispers(self, program, held):
        """A whisper that reached its reader's disk was told, whatever happened in between."""
        for word in self.words.values():
            if word.readers and program.id in word.readers and word.ref \
                    and place_of(word.ref) in held and word.token not in self.seen[program.number]:
                self.wrong("lost", f"{program.name} was never told the whisper {word.token}")

    def _ack_holds(self, program, ack, entries):
        who, log = base32(ack["acker"]), (base32(ack["author"]), base32(ack["epoch"]))
        if not ack_holds(NET, ack):
            self.wrong("forged", f"{program.name} keeps a receipt that {who} did not sign")
        head = entries.get((log, ack["high"]))
        if head and entry_hash(head[:-64], head[-64:]) != ack["head"]:
            self.wrong("receipt", f"{who} acknowledged another entry at {ack['high']} of {log}")
        if who not in self.ids:
            self.wrong("forged", f"{program.name} keeps a receipt of nobody's: {who}")
        elif self.proved.get(who, {}).get(log, 0) < ack["high"]:
            self.wrong("receipt", f"{who} acknowledged {ack['high']} of {log}, and its disk never "
                                  f"had more than {self.proved.get(who, {}).get(log, 0)}")

    def _no_secrets(self, program):
        for found in set(re.findall(TOKEN.pattern.encode(), evidence.bytes_of(program.home))):
            word = self.words.get(found.decode())
            if word and word.readers is not None and program.id not in (*word.readers, word.id):
                self.wrong("whisper", f"the disk of {program.name} has the whisper {word.token}")

    def _guest_heard(self, heard):
        for _, token in heard.told:
            word = self.words.get(token)
            if word and word.readers is not None:
                self.wrong("whisper", f"the guest {heard.kind} heard the whisper {token}")
        for token, why in heard.twice():
            if why:
                self.counts[f"told again, the answer lost with the {why}"] += 1
            else:
                self.wrong("doubled", f"the guest {heard.kind} heard {token} twice")
