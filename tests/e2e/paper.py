"""Stories of what is written on paper: --transcript, and /export."""
import fcntl
import glob
import json
import os
import pty
import re
import select
import signal
import subprocess
import termios
import time

from driver import (LIMIT, Failed, all_linked, chain, clean_environment, equal, free_port, is_root,
                    note)
from machine import fill, mount_small

STAMP = r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d"
SENT = re.compile(rf"Enviado a (#\w+|[\d.]+|'[^']+~\w{{4}}'): {STAMP}: (.*)")
GOT = re.compile(rf"De \('([^']+)', (\d+)\): {STAMP}: (.*) - Recibido a {STAMP}")


def read(path):
    with open(path, encoding="utf-8", newline="\n") as file:
        return file.read()


def lines(path):
    text = read(path)
    if text and not text.endswith("\n"):
        raise Failed(f"{path} ends in half a line: {text[-200:]!r}")
    return text.splitlines()


def texts(paths, form=GOT, group=3):
    """What was said in these files, in order; a line of no form fails."""
    found = []
    for path in paths:
        for line in lines(path):
            match = SENT.fullmatch(line) or GOT.fullmatch(line)
            if not match:
                raise Failed(f"{path}: no line of a transcript: {line!r}")
            if form.fullmatch(line):
                found.append(match[group])
    return found


# ---- the transcript ----


def a_transcript_has_the_two_forms_and_no_third(meeting, _quick):
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    papers = {peer: os.path.join(meeting.folder, f"{peer.name}.txt") for peer in (ana, bruno)}
    ana.start("--transcript", papers[ana])
    bruno.start("--transcript", papers[bruno], connect=[ana])
    all_linked([ana, bruno])
    hostile = "hola\x1b[2J ¿qué? ' - Recibido a 2020-01-01 00:00:00"
    ana.say(hostile, "/me waves", "/whisper bruno between us", "/topic no words")
    bruno.expect(event="message", text="between us")
    bruno.expect(event="message", kind="topic")
    bruno.say("and back")
    ana.expect(event="message", text="and back")
    bruno.leave()
    ana.leave()
    clean = hostile.replace("\x1b", "<U+001B>")
    sent, got = lines(papers[ana]), lines(papers[bruno])
    equal([(m[1], m[2]) for m in map(SENT.fullmatch, sent) if m],
          [("#everyone", clean), ("#everyone", "* waves"), ("127.0.0.1", "between us")])
    equal([(m[1], int(m[2]), m[3]) for m in map(GOT.fullmatch, sent) if m],
          [("127.0.0.1", bruno.port, "and back")])
    equal([(m[1], int(m[2]), m[3]) for m in map(GOT.fullmatch, got) if m],
          [("127.0.0.1", ana.port, clean), ("127.0.0.1", ana.port, "* waves"),
           ("127.0.0.1", ana.port, "between us")])
    equal([(m[1], m[2]) for m in map(SENT.fullmatch, got) if m], [("#everyone", "and back")])
    equal([len(sent), len(got)], [4, 4], "lines in all")
    equal(oct(os.stat(papers[ana]).st_mode & 0o7777), "0o600")
    before = read(papers[ana])
    ana.start("--transcript", papers[ana])
    ana.say("a day later")
    ana.expect(event="message", text="a day later")
    ana.leave()
    equal(read(papers[ana]).startswith(before), True, "appended to")
    equal(len(lines(papers[ana])), 5, "lines after the second start")


def heard_through_others_goes_by_name_and_tag(meeting, _quick):
    """carla says it to bruno, and is gone before ana has ever had a link to her."""
    ana, bruno, carla = (meeting.peer(name) for name in ("ana", "bruno", "carla"))
    paper = os.path.join(meeting.folder, "ana.txt")
    bruno.start()
    carla.start(connect=[bruno])
    all_linked([bruno, carla])
    carla.say("I was here")
    bruno.expect(event="message", text="I was here")
    carla.leave()
    ana.start("--transcript", paper, connect=[bruno])
    ana.expect(event="message", text="I was here")
    ana.say("/whisper carla for later")
    ana.expect(event="message", text="for later")
    ana.leave()
    tag = carla.id[:4]
    equal([(m[1], m[2]) for m in map(GOT.fullmatch, lines(paper)) if m], [(f"carla~{tag}", "0")])
    equal([m[1] for m in map(SENT.fullmatch, lines(paper)) if m], [f"'carla~{tag}'"])


def turned_over_while_people_talk_it_loses_nothing(meeting, quick):
    rounds, each = (4, 100) if quick else (12, 300)
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    paper = os.path.join(meeting.folder, "ana.txt")
    ana.start("--transcript", paper)
    bruno.start(connect=[ana])
    all_linked([ana, bruno])
    said, papers = [], []
    for turn in range(rounds):
        words = [f"{turn} {i}" for i in range(each)]
        said += words
        bruno.say(*words)
        ana.expect(event="message", text=f"{turn} {each // 3}")
        papers.append(f"{paper}.{turn}")
        os.rename(paper, papers[-1])
        mark = ana.now()
        ana.process.send_signal(signal.SIGHUP)
        ana.expect(event="notice", code="transcript-reopened", since=mark)
    ana.expect(event="message", text=said[-1])
    ana.leave()
    equal(texts(papers + [paper]), said, "what is in all the files")
    note(f"{len(said)} lines in {len(papers) + 1} files: {[len(lines(p)) for p in papers]}")


def without_a_transcript_hup_leaves(meeting, _quick):
    meeting.peer("ana").start().stop(signal.SIGHUP, 0)


def a_transcript_on_a_full_disk_is_told_once(meeting, _quick):
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    ana.start("--transcript", "/dev/full")
    bruno.start(connect=[ana])
    all_linked([ana, bruno])
    for number in range(5):
        bruno.say(f"hola {number}")
        ana.expect(event="message", text=f"hola {number}")
        ana.ask("/peers", "peers")
    ana.say("/exit")
    ana.expect(event="bye")
    ana._over(1)
    equal([e["code"] for e in ana.all(event="error")], ["transcript-failed",
                                                        "transcript-incomplete"])


def when_there_is_room_again_the_transcript_is_whole(meeting, _quick):
    if not is_root():
        return "only root can mount a small disk"
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    disk = os.path.join(meeting.folder, "disk")
    why = mount_small(meeting, disk, "256k")
    if why:
        return f"no small disk could be mounted: {why}"
    paper = os.path.join(disk, "ana.txt")
    ana.start("--transcript", paper)
    bruno.start(connect=[ana])
    all_linked([ana, bruno])
    bruno.say("before")
    ana.expect(event="message", text="before")
    filler = fill(disk)
    said = [f"{i} " + "w" * 2000 for i in range(40)]
    bruno.say(*said)
    ana.expect(event="message", text=said[-1])
    ana.expect(event="error", code="transcript-failed")
    ana.ask("/peers", "peers")
    os.unlink(filler)
    ana.expect(event="notice", code="transcript-back")
    ana.leave()
    equal(texts([paper]), ["before", *said], "what is in the transcript")
    return None


def what_is_no_file_is_refused_at_the_start(meeting, _quick):
    pipe = os.path.join(meeting.folder, "pipe")
    os.mkfifo(pipe)
    for path, word in ((pipe, "nothing to append to"), (meeting.folder, "folder"),
                       (os.path.join(meeting.folder, "no", "x.txt"), "no such")):
        end = subprocess.run([meeting.program, "--home", os.path.join(meeting.folder, "h"),
                              "--no-beacon", "--listen", f"127.0.0.1:{free_port()}",
                              "--transcript", path],
                             stdin=subprocess.DEVNULL, capture_output=True, timeout=LIMIT,
                             env=clean_environment(), check=False)
        said = end.stderr.decode()
        if end.returncode == 0 or word not in said or len(said.splitlines()) != 1:
            raise Failed(f"{path}: {end.returncode}, {said!r}")


class Terminal:
    """A tertulia whose terminal is its own: when that goes, it is hung up on."""

    def __init__(self, meeting, *words):
        self.port = free_port()
        self.ours, theirs = pty.openpty()
        program = os.path.join(os.path.dirname(meeting.program), "tertulia")
        self.process = subprocess.Popen(
            [program, "--home", os.path.join(meeting.folder, "screen"), "--no-beacon", "--name",
             "ana", "--listen", f"127.0.0.1:{self.port}", *words],
            stdin=theirs, stdout=theirs, stderr=theirs, preexec_fn=self._its_own,
            env=clean_environment(TERM="xterm-256color"))
        os.close(theirs)
        meeting.at_end(self._end)
        self.until(lambda: "\u203a".encode() in self.seen)

    seen = b""

    @staticmethod
    def _its_own():
        os.setsid()
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    def until(self, there):
        """What it draws is read on until this holds."""
        limit = time.monotonic() + LIMIT
        while not there():
            if time.monotonic() > limit:
                raise Failed(f"it never happens; the screen: {self.seen[-1000:]!r}")
            if select.select([self.ours], [], [], 0.05)[0]:
                self.seen += os.read(self.ours, 65536)

    def until_holds(self, path, words):
        self.until(lambda: os.path.exists(path) and words in read(path))

    def type(self, text):
        os.write(self.ours, text.encode())

    def go(self):
        """The terminal goes; how the program ends."""
        os.close(self.ours)
        return self.process.wait(LIMIT)

    def _end(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def a_screen_is_left_only_when_its_terminal_goes(meeting, _quick):
    """HUP while the terminal is there turns the transcript over; when it goes, HUP is the end."""
    paper = os.path.join(meeting.folder, "screen.txt")
    ana = Terminal(meeting, "--transcript", paper)
    ana.type("one\r")
    ana.until_holds(paper, "one")
    os.rename(paper, paper + ".1")
    ana.process.send_signal(signal.SIGHUP)
    ana.until(lambda: b"opened again" in ana.seen)
    ana.type("two\r")
    ana.until_holds(paper, "two")
    equal(ana.process.poll(), None, "it goes on")
    equal(ana.go(), 0, "how it ends without its terminal")
    equal([m[2] for m in map(SENT.fullmatch, lines(paper)) if m], ["two"])


def a_whisper_is_exported_from_its_own_conversation(meeting, _quick):
    bruno = meeting.peer("bruno").start()
    ana = Terminal(meeting, "--connect", bruno.address)
    bruno.expect(event="peer", name="ana", state="up")
    bruno.say("to everyone", "/whisper ana between us")
    bruno.expect(event="receipt", stored_by=lambda s: len(s) == 1, count=2)
    paper = os.path.join(meeting.folder, "whisper.txt")
    ana.type(f"\x1ba/export {paper}\r")  # Alt-a: the next with something unread
    ana.until_holds(paper, "\n")
    equal([l[20:] for l in lines(paper)], ["bruno: between us"])
    equal(ana.go(), 0)


# ---- /export ----


def export(peer, line, event="notice", code="exported"):
    since = peer.now()
    peer.say(line)
    told = peer.expect(event=event, since=since, code=lambda c: c.startswith("export"))
    equal((told["code"], told["command"]), (code, line))
    return told


def an_export_is_all_that_was_said(meeting, quick):
    many = 600 if quick else 10000
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    chain(ana, bruno)
    all_linked([ana, bruno])
    paper = {kind: os.path.join(meeting.folder, f"talk.{kind}") for kind in ("txt", "json", "md")}
    said = [f"{i} *words*" for i in range(many)]
    bruno.say("hola <b>")
    ana.expect(event="message", text="hola <b>")
    began = time.monotonic()
    ana.say(*said)
    export(ana, f"/export {paper['json']}")  # what was typed right before is in it
    note(f"{many} lines typed and exported in {time.monotonic() - began:.1f} s")
    with open(paper["json"], encoding="utf-8") as file:
        lines_told = json.load(file)
    messages = ana.all(event="message")
    wanted = sorted(({k: v for k, v in m.items() if k != "at"} for m in messages),
                    key=lambda m: m["ref"])
    got = sorted(({k: v for k, v in m.items() if k != "at"} for m in lines_told),
                 key=lambda m: m["ref"])
    equal(got == wanted, True, "every message, as tertuliad said it")
    equal([m["text"] for m in lines_told if m["own"] and m["kind"] == "say"], said)
    for kind in ("txt", "md"):
        began = time.monotonic()
        told = export(ana, f"/export {paper[kind]}")
        equal(str(len(messages)) in told["text"], True, told["text"])
        note(f"{kind} in {time.monotonic() - began:.2f} s")
    text, mark = lines(paper["txt"]), read(paper["md"])
    equal([l for l in text if re.fullmatch(rf"{STAMP} ana: \d+ \*words\*", l)][-1][20:],
          f"ana: {many - 1} *words*")
    equal(len(text), len(messages), "lines of text")
    equal("**ana**: 7 \\*words\\*\n" in mark and "**bruno**: hola \\<b\\>\n" in mark, True)
    equal(oct(os.stat(paper["md"]).st_mode & 0o7777), "0o600")
    export(ana, f"/export {paper['md']}", "error", "export-exists")
    export(ana, f"/export {meeting.folder}/talk.html", "error", "export-ending")
    export(ana, f"/export {meeting.folder}/no/talk.txt", "error", "export-failed")
    equal(glob.glob(os.path.join(meeting.folder, ".tertulia-*")), [])


def an_export_is_of_the_conversation_one_is_in(meeting, _quick):
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    chain(ana, bruno)
    all_linked([ana, bruno])
    ana.say("to everyone", "/whisper bruno between us", "/join #lab", "only in the lab")
    ana.expect(event="message", text="only in the lab")
    lab = os.path.join(meeting.folder, "lab.txt")
    export(ana, f"/export {lab}")
    equal([l[20:] for l in lines(lab)], ["ana came in", "ana: only in the lab"])
    ana.leave()  # a start later all is there, and nothing of it is in the model
    ana.start()
    again = os.path.join(meeting.folder, "again.txt")
    export(ana, f"/export {again}")
    equal([l[20:] for l in lines(again) if "left" not in l], ["ana: to everyone"])


def who_leaves_while_exporting_leaves_nothing_half(meeting, quick):
    ana = meeting.peer("ana").start()
    said = [f"{i} " + "words " * 300 for i in range(300 if quick else 3000)]
    ana.say(*said)
    ana.expect(event="message", text=said[-1])
    ana.ask("/peers", "peers")
    ends = set()
    for turn in range(6):
        paper = os.path.join(meeting.folder, f"{turn}.json")
        mark = ana.now()
        ana.say(f"/export {paper}", *["/peers"] * (turn * turn * 4), "/exit")
        ana._over(0)
        told = ana.all(since=mark, command=f"/export {paper}")
        equal(len(told), 1, "answers")
        ends.add(told[0]["code"])
        equal(os.path.exists(paper), told[0]["code"] == "exported", told[0]["code"])
        equal(glob.glob(os.path.join(meeting.folder, ".tertulia-*")), [])
        if told[0]["code"] == "exported":
            with open(paper, encoding="utf-8") as file:
                equal(len(json.load(file)), len(said))
        ana.start()
    if "export-stopped" not in ends:
        raise Failed(f"none was stopped: {ends}")
    note(f"it ended so: {sorted(ends)}")


STORIES = [a_transcript_has_the_two_forms_and_no_third, heard_through_others_goes_by_name_and_tag,
           turned_over_while_people_talk_it_loses_nothing, without_a_transcript_hup_leaves,
           a_transcript_on_a_full_disk_is_told_once,
           when_there_is_room_again_the_transcript_is_whole,
           what_is_no_file_is_refused_at_the_start, a_screen_is_left_only_when_its_terminal_goes,
           a_whisper_is_exported_from_its_own_conversation,
           an_export_is_all_that_was_said, an_export_is_of_the_conversation_one_is_in,
           who_leaves_while_exporting_leaves_nothing_half]
