"""Stories of histories on bad disks: damaged ones come back, and full ones stand in nobody's way."""
import glob
import os
import sqlite3
import time
from pathlib import Path

from driver import LIMIT, Failed, all_linked, chain, equal, is_root, until
from machine import fill, mount_small
from wires import laid


GIVEN_BACK = 1536  # KiB at least, of some 4,000 that are free


def history_of(peer):
    files = glob.glob(os.path.join(peer.home, "**", "*.db"), recursive=True)
    if len(files) != 1:
        raise Failed(f"{peer.name} has not one history, but {files}")
    return files[0]


def damage(path, first, last):
    """Every page between these parts of the file is turned upside down."""
    size = os.path.getsize(path)
    with open(path, "r+b") as file:
        for at in range(int(size * first) // 4096 * 4096, int(size * last), 4096):
            file.seek(at)
            page = file.read(4096)
            file.seek(at)
            file.write(bytes(byte ^ 0xFF for byte in page))


def a_damaged_history_comes_back(meeting, quick):
    """Wherever it is damaged: it is put aside, the user is told, and peers give all of it back."""
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    ana.start()
    bruno.start(connect=[ana])
    all_linked([ana, bruno])
    said = [f"{i} " + "so it was. " * 40 for i in range(400)]
    for at in range(0, len(said), 50):
        ana.say(*said[at:at + 50])
        bruno.expect(event="message", text=said[at + 49])
    for turn, (first, last) in enumerate([(0, 0.01), (0.3, 0.7)] if quick else
                                         [(0, 0.01), (0.01, 0.2), (0.3, 0.7), (0.9, 1), (0, 1)]):
        bruno.leave()
        damage(history_of(bruno), first, last)
        mark = bruno.now()
        bruno.start(connect=[ana])
        bruno.expect(event="notice", code="history-damaged", since=mark)
        bruno.expect(event="message", text=said[-1], since=mark)
        equal(bruno.texts(own=False, who="ana")[-len(said):], said)
        aside = glob.glob(os.path.join(bruno.home, "**", "*.corrupt-*"), recursive=True)
        kept = [path for path in aside if not path.endswith(("-wal", "-shm"))]
        equal(len(kept), turn + 1, "damaged histories that are kept")
        all_linked([ana, bruno])
        bruno.say(f"I am back {turn}")
        ana.expect(event="message", text=f"I am back {turn}", who="bruno")


def a_full_disk_in_the_middle_passes_on(meeting, _quick):
    """ana and carla only reach bruno, whose disk is full: what they say comes through at once."""
    wires, why = laid(meeting, 3)
    if why:
        return why
    wires.part(2)
    ana, bruno, carla = (wires.peer(meeting, n, i) for i, n in enumerate(("ana", "bruno", "carla")))
    why = mount_small(meeting, bruno.home, "4m")
    if why:
        return f"no small disk could be mounted: {why}"
    bruno.start()
    ana.start(connect=[bruno])
    carla.start(connect=[bruno])
    ana.until_linked(bruno)
    carla.until_linked(bruno)
    ana.say("before")
    carla.expect(event="message", text="before")
    filler = fill(bruno.home)
    last, number = None, 0
    while not bruno.all(event="error", code="disk-full"):
        last = f"{number} " + "w" * 3000
        number += 1
        ana.say(last)
        carla.expect(event="message", text=last)
        if number > 500:
            raise Failed("the disk never fills")
    for number in range(10):
        ana.say(f"through a full disk {number}")
        carla.expect(event="message", text=f"through a full disk {number}")
        carla.say(f"and back {number}")
        ana.expect(event="message", text=f"and back {number}")
    equal(bruno.texts(text="and back 9"), [], "what bruno cannot keep")
    os.unlink(filler)
    bruno.expect(event="notice", code="disk-back")
    bruno.expect(event="message", text="through a full disk 9")
    bruno.expect(event="message", text="and back 9")
    equal(bruno.texts(who="ana"), ana.texts(own=True), "what ana said")
    wires.part(2, out=False)
    all_linked([ana, bruno, carla])
    return None


def what_was_noted_on_a_full_disk_is_kept(meeting, _quick):
    """Names, trust and settings have nobody who asks again: they wait for room."""
    if not is_root():
        return "only root can mount a small disk"
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    why = mount_small(meeting, ana.home, "4m")
    if why:
        return f"no small disk could be mounted: {why}"
    chain(ana, bruno)
    all_linked([ana, bruno])
    filler = fill(ana.home)
    number = 0
    while not ana.all(event="error", code="disk-full"):
        since = bruno.now()
        bruno.say(f"{number} " + "w" * 3000)
        bruno.expect(event="message", own=True, since=since)
        ana.linked()
        number += 1
        if number > 500:
            raise Failed("the disk never fills")
    for name in ("first", "second", "last"):
        ana.say(f"/alias bruno {name}" if name == "first" else f"/alias {before} {name}")
        ana.expect(event="peer", id=bruno.id, name=name)
        before = name
    os.unlink(filler)
    ana.expect(event="notice", code="disk-back")
    ana.say("now it is on the disk")
    ana.expect(event="message", text="now it is on the disk", own=True)
    ana.kill()
    mark = ana.now()
    ana.start()
    ana.expect(event="peer", id=bruno.id, presence="linked", name="last", since=mark)
    return None


def gives_back(program):
    """Whether its library can, and no sanitizer keeps what is free to look at it."""
    if b"__asan_init" in Path(program).read_bytes():
        return False
    try:
        return bool(os.confstr("CS_GNU_LIBC_VERSION"))
    except (OSError, ValueError):
        return False


def what_is_free_after_a_busy_time_is_given_back(meeting, _quick):
    """Who was away catches up; some seconds later what that took is the system's again."""
    if not gives_back(meeting.program):
        return "this library gives nothing back"
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    ana.start()
    for number in range(20):
        ana.say(*(f"{number} {i} " + "so it went on and on. " * 40 for i in range(500)))
        ana.expect(event="message", own=True, text=lambda t, n=number: t.startswith(f"{n} 499 "))
    bruno.start(connect=[ana])
    bruno.expect(event="message", text=lambda t: t.startswith("19 499 "))
    ana.say("there you are")
    bruno.expect(event="message", text="there you are")
    most, limit = bruno.status("VmHWM"), time.monotonic() + LIMIT
    while bruno.status("VmRSS") > most - GIVEN_BACK:
        if time.monotonic() > limit:
            raise Failed(f"bruno had {most} KiB and has {bruno.status('VmRSS')}")
        time.sleep(0.2)
    return None


def what_could_not_be_noted_is_kept_later(meeting, _quick):
    """Another program holds the file for longer than one waits, while nobody says a word: no message
    fails and calls for a look whether the disk is back."""
    ana = meeting.peer("ana").start()
    ana.say("now there is a file")
    ana.expect(event="message", own=True)
    base = sqlite3.connect(history_of(ana), timeout=LIMIT, isolation_level=None)
    base.execute("BEGIN IMMEDIATE")
    ana.say("/set retention-days 30")
    ana.expect(event="notice", code="setting")
    time.sleep(5)  # it waits for 3, and then gives up: nothing tells of a note
    base.execute("ROLLBACK")
    ana.say("/set author-rate 7")
    until(lambda: {bytes(value) for (value,) in base.execute("SELECT value FROM kept WHERE kind=0")}
          >= {b"30", b"7"}, True)
    base.close()


STORIES = [what_is_free_after_a_busy_time_is_given_back,
           what_was_noted_on_a_full_disk_is_kept,
           a_damaged_history_comes_back,
           a_full_disk_in_the_middle_passes_on,
           what_could_not_be_noted_is_kept_later]
