#!/usr/bin/env python3
"""Where the lines come from that a bench floods a screen with: source.py irc | tertuliad PROGRAM HOME.

`irc` is as much of an IRC server as irssi, weechat and the floor need; `tertuliad` is another
program of ours, which signs and stores what it says. A process of its own, so that nothing of it
shares a thread with the clock. Says {"port": N} first; then obeys the lines of its stdin:

    pace RATE    so many lines a second from now on, evenly; 0: no more
    blast N      so many at once
    end WORD     one more line with this word
    count        says {"sent": N}, lines so far
"""
import fcntl
import json
import os
import random
import select
import socket
import subprocess
import sys
import time

AUTHORS = 50
# No two that stand on a screen together are alike: of lines alike a terminal is sent what differs.
_CHANCE = random.Random(1)
TEXTS = [" ".join("".join(_CHANCE.choices("abcdefghilmnoprstuv", k=_CHANCE.randint(2, 9)))
                  for _ in range(10)) for _ in range(499)]
SOME = 2000  # lines written at once in a blast
TERTULIAD_AHEAD = 1 << 20


def told(**what):
    print(json.dumps(what), flush=True)


class Irc:
    """One client at a time; what it asks at its start is answered, and PING."""

    def __init__(self):
        self.door = socket.socket()
        self.door.bind(("127.0.0.1", 0))
        self.door.listen(1)
        self.client, self.heard, self.nick, self.joined = None, b"", "you", False
        self.waiting = b""
        told(port=self.door.getsockname()[1])

    def inputs(self):
        return [self.client] if self.client else [self.door]

    def turn(self, ready):
        if self.door in ready:
            self.client = self.door.accept()[0]
            self.client.setblocking(False)
            self.client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        elif self.client in ready:
            try:
                some = self.client.recv(65536)
            except OSError:
                some = b""
            if not some:
                self.client.close()
                self.client, self.heard, self.joined, self.waiting = None, b"", False, b""
                return
            *lines, self.heard = (self.heard + some).split(b"\n")
            for line in lines:
                self.answer(line.decode(errors="replace").split())

    def answer(self, words):
        if not words:
            return
        what, rest = words[0].upper(), words[1:]
        if what == "NICK":
            self.nick = rest[0].lstrip(":")
        elif what == "USER":
            for number, text in (("001", "hello"), ("002", "x"), ("003", "x"), ("004", "x x x x"),
                                 ("422", ":no motd")):
                self.send(f":bench {number} {self.nick} {text}")
        elif what == "CAP" and rest[0] == "LS":
            self.send("CAP * LS :")
        elif what == "PING":
            self.send(f":bench PONG bench {' '.join(rest)}")
        elif what == "JOIN":
            room = rest[0].lstrip(":")
            names = " ".join(f"a{n:02}" for n in range(AUTHORS))
            self.send(f":{self.nick}!u@h JOIN {room}")
            self.send(f":bench 353 {self.nick} = {room} :{self.nick} {names}")
            self.send(f":bench 366 {self.nick} {room} :end")
            if not self.joined:
                told(joined=True)
            self.joined = True
        elif what == "MODE" and len(rest) == 1:
            self.send(f":bench 324 {self.nick} {rest[0]} +nt")
        elif what == "WHO":
            self.send(f":bench 315 {self.nick} {rest[0]} :end")

    def send(self, line):
        self.waiting += line.encode() + b"\r\n"

    def say(self, numbers, text=None):
        self.waiting += b"".join(
            f":a{n % AUTHORS:02}!u@h PRIVMSG #c :{n} {text or TEXTS[n % len(TEXTS)]}\r\n".encode()
            for n in numbers)

    def outputs(self):
        return [self.client] if self.client and self.waiting else []

    def write(self):
        self.waiting = self.waiting[self.client.send(self.waiting[:262144]):]


class Tertuliad:
    """What it says itself is read and dropped."""

    def __init__(self, program, home):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]  # or another, if somebody is given it in between
        self.process = subprocess.Popen(
            [program, "--home", home, "--no-beacon", "--name", "bruno", "--exit-on-eof", "--listen",
             f"127.0.0.1:{port}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        first = json.loads(self.process.stdout.readline())
        assert first["event"] == "ready", first
        os.set_blocking(self.process.stdout.fileno(), False)
        os.set_blocking(self.process.stdin.fileno(), False)
        fcntl.fcntl(self.process.stdin, fcntl.F_SETPIPE_SZ, TERTULIAD_AHEAD)
        self.waiting, self.joined = b"", False
        told(port=int(first["listen"][0].rpartition(":")[2]))

    def inputs(self):
        return [self.process.stdout]

    def turn(self, ready):
        if self.process.stdout in ready:
            some = self.process.stdout.read(1 << 20) or b""
            if not self.joined and b'"state":"up"' in some:
                self.joined = True
                told(joined=True)

    def say(self, numbers, text=None):
        self.waiting += b"".join(f"{n} {text or TEXTS[n % len(TEXTS)]}\n".encode()
                                 for n in numbers)

    def outputs(self):
        return [self.process.stdin] if self.waiting else []

    def write(self):
        self.waiting = self.waiting[os.write(self.process.stdin.fileno(), self.waiting[:65536]):]


class Source:
    def __init__(self, voice):
        self.voice, self.commands = voice, b""
        self.sent = self.rate = self.owed = 0
        self.since = 0.0

    def obey(self, words):
        """False: it is over."""
        if words[0] == "pace":
            self.rate, self.since, self.owed = float(words[1]), time.monotonic(), 0
        elif words[0] == "blast":
            self.owed = int(words[1])
        elif words[0] == "end":
            self.voice.say([self.sent], words[1])
        elif words[0] == "count":
            told(sent=self.sent)
        return words[0] != "stop"

    def produce(self):
        due = 0
        if self.rate:
            due = int((time.monotonic() - self.since) * self.rate)
            self.since += due / self.rate
        elif self.owed and len(self.voice.waiting) < 65536:
            due = min(self.owed, SOME)
            self.owed -= due
        if due:
            self.voice.say(range(self.sent, self.sent + due))
            self.sent += due

    def run(self):
        while True:
            self.produce()
            pause = 0.004 if self.rate else None if not self.owed else 0.001
            ready, writable, _ = select.select([0, *self.voice.inputs()], self.voice.outputs(), [],
                                               pause)
            self.voice.turn(ready)
            if writable and self.voice.outputs():
                try:
                    self.voice.write()
                except BlockingIOError:
                    pass
            if 0 in ready:
                some = os.read(0, 65536)
                *lines, self.commands = (self.commands + some).split(b"\n")
                if not some or not all(self.obey(line.decode().split()) for line in lines):
                    return


if __name__ == "__main__":
    Source(Irc() if sys.argv[1] == "irc" else Tertuliad(*sys.argv[2:])).run()
