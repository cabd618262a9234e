"""Stories of what is left for whoever looks for a defect: the debug log, and the report of a crash.
Neither tells what was said."""
import datetime
import glob
import os
import re
import resource
import signal
import time

from driver import LIMIT, Failed, equal
from screen import Screen, missing

WORDS = "nobody else's business"
VERSION = re.compile(r"tertulia \d+\.\d+\.\d+")


def reports(home):
    return sorted(glob.glob(os.path.join(home, "crash-*.txt")))


def read(path):
    with open(path, "rb") as file:
        return file.read().decode()


def sanitized(peer):
    with open(peer.program, "rb") as file:
        return b"__asan_init" in file.read()


def silence(peer):
    """What it said on stderr is what it should have."""
    said = peer.stderr()
    os.truncate(os.path.join(peer.meeting.folder, f"{peer.name}.stderr"), 0)
    return said


def look_at(path, number, said):
    text = read(path)
    equal(os.stat(path).st_mode & 0o7777, 0o600, "its mode")
    lines = text.splitlines()
    if not VERSION.fullmatch(lines[0]):
        raise Failed(f"no version: {text}")
    equal(lines[1], f"signal {int(number):02}")
    date = os.path.basename(path)[len("crash-"):-len(".txt")]
    equal(lines[2], f"at {date}Z")
    then = datetime.datetime.strptime(date + "+0000", "%Y%m%d-%H%M%S%z").timestamp()
    if abs(then - time.time()) > LIMIT:
        raise Failed(f"that is not now: {date}")
    if len(lines) > 3 and not any(re.search(r"tertuliad?\(\+0x[0-9a-f]+\)", line)
                                  for line in lines[3:]):
        raise Failed(f"no address of ours: {text}")
    if WORDS in text:
        raise Failed(f"it tells what was said: {text}")
    if path not in said:
        raise Failed(f"{said!r} does not say where: {path}")


def a_crash_leaves_a_report(meeting, _quick):
    ana = meeting.peer("ana")
    numbers = [signal.SIGABRT, signal.SIGTRAP, signal.SIGSYS]
    if not sanitized(ana):  # which has plans of its own for the others
        numbers += [signal.SIGSEGV, signal.SIGBUS, signal.SIGFPE, signal.SIGILL]
    for number in numbers:
        ana.start()
        ana.say(WORDS)
        ana.expect(event="message", text=WORDS, since=ana.begun)
        for old in reports(ana.home):
            os.remove(old)  # a second report within one second has no name left
        ana.stop(number, -number)
        look_at(reports(ana.home)[0], number, silence(ana))
    for number in range(30):
        with open(os.path.join(ana.home, f"crash-20000101-0000{number:02}.txt"), "wb"):
            pass
    ana.start()
    ana.leave()
    kept = [os.path.basename(path) for path in reports(ana.home)]
    equal((len(kept), kept[0]), (15, "crash-20000101-000016.txt"), "reports that are kept")


def a_crash_of_the_screen_leaves_a_report(meeting, _quick):
    """And the terminal; here the program itself gives up."""
    if why := missing(meeting):
        return why
    ana = Screen(meeting, "ana")
    if sanitized(ana):
        return "a sanitizer cannot do with so little memory"
    ana.start()
    ana.type("so ")
    ana.expect("so ")  # it has begun: the first screen stands before the history does
    resource.prlimit(ana.process.pid, resource.RLIMIT_AS, (1, 1))
    ana.type_to_the_end("\x1b[200~" + "much " * 40000)
    ana.over(-signal.SIGABRT)
    given_back = ana.expect("\x1b[?1049l")
    said = ana.shown[given_back:].decode(errors="replace").replace("\r", "").replace("\n", "")
    look_at(reports(ana.home)[0], signal.SIGABRT, said)
    return None


def a_debug_log_tells_no_words(meeting, _quick):
    ana, bruno = meeting.peer("ana").start("-vv"), meeting.peer("bruno")
    bruno.start("-v", "--log-texts", connect=[ana])
    bruno.until_linked(ana)
    ana.say(WORDS, f"/whisper bruno {WORDS} too")
    bruno.expect(event="message", text=f"{WORDS} too")
    ana.leave()
    bruno.leave()
    told = silence(ana)
    for part in ("= tertulia ", "< link up", "< line ", "> shown ", "> store ", "> leave"):
        if part not in told:
            raise Failed(f"{part!r} is not in the log: {told}")
    for line in told.splitlines():
        if not re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [<>=] ", line):
            raise Failed(f"a strange line: {line}")
    if WORDS in told:
        raise Failed(f"it tells what was said: {told}")
    equal("> shown" in silence(bruno), False, "-v tells less")


def the_screens_log_is_a_file(meeting, _quick):
    if why := missing(meeting):
        return why
    ana = Screen(meeting, "ana").start("-vv")
    ana.type(f"{WORDS}\r")
    ana.expect(WORDS)
    ana.stop(signal.SIGTERM, 0)
    path = os.path.join(ana.home, "log")
    told = read(path)
    equal((WORDS in told, "> shown" in told), (False, True))
    ana.start("-vv", "--log-texts")
    ana.type("more\r")
    ana.stop(signal.SIGTERM, 0)
    equal((f'"{WORDS}"' in read(path), '"more"' in read(path)), (False, True))
    equal(reports(ana.home), [])
    return None


STORIES = [a_crash_leaves_a_report, a_crash_of_the_screen_leaves_a_report,
           a_debug_log_tells_no_words, the_screens_log_is_a_file]
