"""Wrongs that are planted in what a run left, one at a time: the checker has to see each of them,
and as what it is. A checker that finds nothing is worth no more than this."""
import contextlib
import glob
import io
import json
import os
import shutil
import sqlite3
import tempfile
from types import SimpleNamespace

from ledger import NET, TOKEN, Mark, place_of
from peer import Person, base32, entry_hash, envelope, make_entry

VICTIM = 0  # never killed in a run: only its disk at the end says what it has stored


def last_message(run, what):
    """The last line of any program about a message of which `what` holds; and the program."""
    for program in run.programs:
        with open(program.lines.name, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file if '"event":"message"' in line
                     or '"event": "message"' in line]
        for event in reversed(lines):
            found = TOKEN.search(event["text"])
            word = run.ledger.words.get(found[1]) if found else None
            if word and what(program, event, word):
                return program, event, word
    raise LookupError("there is no such message")


# ---- in what was told ----

def aloud(program, event, word):
    return word.readers is None and not word.guest and not event["own"]


def told_twice(run, ledger, _disk):
    program, event, _ = last_message(run, aloud)
    ledger.told(program, event)


def two_entries_of_one_word(run, ledger, _disk):
    program, event, _ = last_message(run, aloud)
    ledger.told(program, {**event, "ref": event["ref"] + "9"})


def other_words(run, ledger, _disk):
    program, event, _ = last_message(run, aloud)
    ledger.told(program, {**event, "ref": event["ref"] + "9", "text": event["text"] + " y más"})


def under_another_name(run, ledger, _disk):
    program, event, word = last_message(run, aloud)
    other = next(p.id for p in run.programs if p.id != word.id)
    ledger.told(program, {**event, "from": {**event["from"], "id": other}})


def a_whisper_told_to_another(run, ledger, _disk):
    _, event, word = last_message(run, lambda p, e, w: w.readers and e["own"])
    other = next(p for p in run.programs if p.id not in (word.id, *word.readers))
    ledger.told(other, {**event, "own": False})


def a_refused_word_said(run, ledger, _disk):
    _, _, word = last_message(run, aloud)
    ledger.words[word.token].refused = True


def a_receipt_of_who_has_it_not(run, ledger, _disk):
    _, event, _ = last_message(run, lambda p, e, w: e["own"])
    author, epoch, seq = event["ref"].split(":")
    ledger.told(run.programs[1], {"event": "receipt", "ref": f"{author}:{epoch}:{int(seq) + 9}",
                                  "stored_by": [run.programs[VICTIM].id], "of": 7})


# ---- in what guests were told ----

SAID, NEXT = "[w0planted000001]", "[w0planted000002]"


def heard_by(ledger, kind):
    return next(heard for heard in ledger.heard if heard.kind == kind)


def a_guest_told_twice(_run, ledger, _disk):
    heard_by(ledger, "piped").more(SAID, SAID)


def a_dated_guest_told_twice_in_one_life(_run, ledger, _disk):
    heard_by(ledger, "dated").more(SAID, SAID)


def a_dated_guest_told_again_what_was_not_owed(_run, ledger, _disk):
    heard = heard_by(ledger, "dated")
    heard.marks.append(Mark(len(heard.lines) + 1, 0, "host", {NEXT.strip("[]")}))
    heard.more(SAID, SAID)


def a_dated_guest_told_again_what_it_had_answered(_run, ledger, _disk):
    """For it had heard one more when it was killed."""
    heard = heard_by(ledger, "dated")
    heard.marks.append(Mark(len(heard.lines) + 2, 0, "guest"))
    heard.more(SAID, NEXT, SAID)


def a_dated_guest_told_again_when_it_came_back(_run, ledger, _disk):
    """It was killed long after it had answered."""
    heard = heard_by(ledger, "dated")
    heard.marks.append(Mark(len(heard.lines) + 1, 60, "guest"))
    heard.more(SAID, SAID)


def an_answer_not_noted(_run, ledger, disk):
    heard_by(ledger, "dated").more(SAID)
    disk.execute("INSERT INTO owed VALUES(99, '#everyone', x'00', 0, 0, 'dated', x'00', 5555, ?)",
                 (SAID.encode(),))


# ---- on a disk ----

def newest(ledger, disk):
    """The row of the newest entry that has to be everywhere and is at the end of its log."""
    owed = {place_of(ledger.words[token].ref) for token in ledger.owed()}
    for *row, author, epoch in disk.execute(
            "SELECT e.id, e.log, e.seq, e.bytes, a.author, l.epoch FROM entries e "
            "JOIN logs l ON l.id = e.log JOIN authors a ON a.id = l.author "
            "WHERE e.seq = l.high AND l.low < l.high ORDER BY e.id DESC"):
        if ((base32(author), base32(epoch)), row[2]) in owed:
            return row
    raise LookupError("nothing at the end of a log is owed")


def an_entry_gone(_run, ledger, disk):
    disk.execute("DELETE FROM entries WHERE id = ?", newest(ledger, disk)[:1])


def a_log_cut_short(_run, ledger, disk):
    row, log, seq, _ = newest(ledger, disk)
    disk.execute("DELETE FROM entries WHERE id = ?", (row,))
    disk.execute("UPDATE logs SET high = ? WHERE id = ?", (seq - 1, log))


def a_bit_turned(_run, ledger, disk):
    row, _, _, data = newest(ledger, disk)
    disk.execute("UPDATE entries SET bytes = ? WHERE id = ?",
                 (data[:-100] + bytes([data[-100] ^ 1]) + data[-99:], row))


def an_entry_by_nobody(_run, ledger, disk):
    """A good signature, on a good entry, of a key that is not ours."""
    row, _, seq, data = newest(ledger, disk)
    nobody = Person(9)
    fields = {**envelope(data[:-64], NET), "author": nobody.id}
    fields = {k: v for k, v in fields.items() if not isinstance(v, dict)}
    made = make_entry(nobody, fields)
    disk.execute("INSERT INTO authors(author) VALUES(?)", (nobody.id,))
    author = disk.execute("SELECT last_insert_rowid()").fetchone()[0]
    disk.execute("INSERT INTO logs SELECT NULL, ?, epoch, ?, ?, floor, ?, head_hlc, lowest, "
                 "oldest_hlc, top, 1, bytes, start, below, first, last, named, named_seq "
                 "FROM logs LIMIT 1",
                 (author, seq, seq, entry_hash(*made)))
    log = disk.execute("SELECT last_insert_rowid()").fetchone()[0]
    disk.execute("INSERT INTO entries SELECT NULL, ?, seq, key, start, received, live, sealed, "
                 "conversation, NULL, ?, opened FROM entries WHERE id = ?",
                 (log, b"".join(made), row))


def a_receipt_made_up(_run, _ledger, disk):
    disk.execute("UPDATE acks SET high = high + 1")


def a_whisper_in_the_open(run, _ledger, disk):
    _, event, _ = last_message(run, lambda p, e, w: w.readers and e["own"] and
                               run.programs[VICTIM].id not in (w.id, *w.readers))
    disk.execute("INSERT INTO kept VALUES(99, 'leak', ?)", (event["text"].encode(),))


PLANTED = {
    told_twice: "doubled", two_entries_of_one_word: "doubled", other_words: "forged",
    under_another_name: "forged", a_whisper_told_to_another: "whisper",
    a_refused_word_said: "forged", a_receipt_of_who_has_it_not: "receipt",
    an_entry_gone: "lost", a_log_cut_short: "lost", a_bit_turned: "forged",
    an_entry_by_nobody: "forged", a_receipt_made_up: "forged", a_whisper_in_the_open: "whisper",
    a_guest_told_twice: "doubled", a_dated_guest_told_twice_in_one_life: "doubled",
    a_dated_guest_told_again_what_was_not_owed: "doubled",
    a_dated_guest_told_again_what_it_had_answered: "doubled",
    a_dated_guest_told_again_when_it_came_back: "doubled", an_answer_not_noted: "doubled",
}


def home_of(run, ledger, folder):
    """A copy of one program's home, and a ledger's view of all programs with that copy in place,
    which is the host of all guests."""
    home = os.path.join(folder, "home")
    shutil.copytree(run.programs[VICTIM].home, home)
    views = [SimpleNamespace(name=p.name, number=p.number, id=p.id, home=p.home, eased=0,
                             heard=list) for p in run.programs]
    views[VICTIM].home, views[VICTIM].heard = home, lambda: ledger.heard
    [file] = glob.glob(os.path.join(home, "**", "*.db"), recursive=True)
    return file, views


def nothing(_run, _ledger, _disk):
    pass


def wrongs_with(run, before, plant):
    """How many the checker finds, by kind."""
    ledger = before.copy()
    with tempfile.TemporaryDirectory(dir=run.stage.folder) as folder, \
            contextlib.redirect_stdout(io.StringIO()):
        file, views = home_of(run, ledger, folder)
        with sqlite3.connect(file) as disk:
            plant(run, ledger, disk)
        disk.close()
        ledger.judge(views, run.stage.folder)
    return {kind: len(found) for kind, found in ledger.problems.items()}


def run(run, before):
    """What was seen, and what was not. `before` is the ledger as it was before it judged."""
    seen, unseen = [], []
    already = wrongs_with(run, before, nothing)
    for plant, wanted in PLANTED.items():
        more = wrongs_with(run, before, plant)[wanted] - already[wanted]
        name = plant.__name__.replace("_", " ")
        (seen if more > 0 else unseen).append(f"{name}: {wanted} +{more}")
    return seen, unseen
