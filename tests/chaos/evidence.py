"""What stands on a program's disk, read without its help: from a copy, so that nothing changes."""
import glob
import os
import shutil
import sqlite3
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "vectors"))
from peer import base32  # noqa: E402

SIGNATURE = 64  # bytes at the end of an entry


class Log:
    """One author's log in one epoch, as it is held."""

    def __init__(self, low, high, head):
        self.low = low
        self.high = high
        self.head = head
        self.seqs = []

    def covers(self, low, high):
        return self.high > 0 and self.low <= low and high <= self.high


class Disk:
    """A history: `logs` {(author, epoch): Log}; `forks`, `acks`; `sealed` {(log, seq): opened?};
    `owed`, the texts that guests who answer each word have not answered yet."""

    def __init__(self, home, scratch):
        self.wrong = []
        self.logs = {}
        self.sealed = {}
        self.forks = 0
        self.acks = []
        self.owed = []
        self.entries = {}
        files = glob.glob(os.path.join(home, "**", "*.db"), recursive=True)
        if len(files) > 1:
            self.wrong.append(f"{len(files)} histories in one home")
        if not files:
            return
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            copy = os.path.join(folder, "copy.db")
            for ending in ("", "-wal"):
                if os.path.exists(files[0] + ending):
                    shutil.copyfile(files[0] + ending, copy + ending)
            with sqlite3.connect(copy) as db:
                self._read(db)
            db.close()

    def _read(self, db):
        sound = db.execute("PRAGMA quick_check(1)").fetchone()[0]
        if sound != "ok":
            self.wrong.append(f"the history is damaged: {sound}")
            return
        rows = db.execute("SELECT l.id, a.author, l.epoch, l.low, l.high, l.head FROM logs l "
                          "JOIN authors a ON a.id = l.author").fetchall()
        names = {}
        for row, author, epoch, low, high, head in rows:
            names[row] = (base32(author), base32(epoch))
            self.logs[names[row]] = Log(low, high, bytes(head))
        for row, seq, sealed, opened in db.execute(
                "SELECT log, seq, sealed, opened IS NOT NULL FROM entries ORDER BY log, seq"):
            self.logs[names[row]].seqs.append(seq)
            if sealed:
                self.sealed[(names[row], seq)] = bool(opened)
        self.forks = db.execute("SELECT count(*) FROM forks").fetchone()[0]
        self.owed = [bytes(text).decode() if isinstance(text, bytes) else text
                     for text, in db.execute("SELECT text FROM owed")]
        for name, log in self.logs.items():
            held = set(log.seqs)
            if log.high and not all(seq in held for seq in range(log.low, log.high + 1)):
                self.wrong.append(f"a gap below the frontier {log.low}-{log.high} of {name}")

    def holds(self, log, seq):
        return log in self.logs and seq in self.seqs(log)

    def seqs(self, log):
        """As a set, made once."""
        held = self.logs[log]
        if isinstance(held.seqs, list):
            held.seqs = frozenset(held.seqs)
        return held.seqs


def live(home):
    """{(author, epoch): (high, head)} of a running program: what its digest is made of."""
    files = glob.glob(os.path.join(home, "**", "*.db"), recursive=True)
    if not files:
        return {}
    db = sqlite3.connect(f"file:{files[0]}?mode=ro", uri=True, timeout=5)
    try:
        rows = db.execute("SELECT a.author, l.epoch, l.high, l.head FROM logs l "
                          "JOIN authors a ON a.id = l.author WHERE l.high > 0").fetchall()
        return {(base32(a), base32(e)): (high, bytes(head)) for a, e, high, head in rows}
    finally:
        db.close()


def contents(home, scratch):
    """All entries {(log, seq): bytes}, and the receipts, of a program that has ended."""
    [file] = glob.glob(os.path.join(home, "**", "*.db"), recursive=True)
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        copy = os.path.join(folder, "copy.db")
        for ending in ("", "-wal"):
            if os.path.exists(file + ending):
                shutil.copyfile(file + ending, copy + ending)
        db = sqlite3.connect(copy)
        entries = {((base32(a), base32(e)), seq): bytes(data) for a, e, seq, data in db.execute(
            "SELECT a.author, l.epoch, e.seq, e.bytes FROM entries e JOIN logs l ON l.id = e.log "
            "JOIN authors a ON a.id = l.author")}
        acks = [dict(zip(("acker", "author", "epoch", "low", "high", "head", "signature"), row))
                for row in db.execute(
                    "SELECT acker, author, epoch, low, high, head, signature FROM acks")]
        db.close()
    return entries, acks


def bytes_of(home):
    """All files of a home, one behind the other."""
    parts = []
    for folder, _, names in os.walk(home):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                parts.append(file.read())
    return b"\n".join(parts)
