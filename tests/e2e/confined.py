"""Stories of what a running program may not do any more, seen from outside. What exactly is refused
is tried in tests/unit/test_confine.c; that everything else works is shown by all other stories,
whose programs are confined, too."""
import ctypes
import glob
import os
import signal

from driver import Failed, equal, until
from screen import Screen, missing


def landlock():
    """The kernel's version of it, or less than 1."""
    return ctypes.CDLL(None).syscall(444, 0, 0, 1)


def states(pid):
    """(NoNewPrivs, Seccomp) of each thread."""
    found = set()
    for path in glob.glob(f"/proc/{pid}/task/*/status"):
        with open(path, encoding="ascii", errors="replace") as file:
            about = dict(line.split(":", 1) for line in file if ":" in line)
        found.add((int(about["NoNewPrivs"]), int(about["Seccomp"])))
    return found


def children(pid):
    """Processes that it started: (process, name)."""
    found = []
    for path in glob.glob("/proc/[0-9]*/stat"):
        try:
            with open(path, encoding="utf-8", errors="replace") as file:
                name, rest = file.read().rsplit(")", 1)
        except OSError:
            continue  # it ended
        if int(rest.split()[1]) == pid:
            found.append((int(path.split("/")[2]), name.split("(", 1)[1]))
    return found


def log_line(text):
    return next((line.split(" = ", 1)[1] for line in text.splitlines() if "confined" in line), None)


def told(peer):
    path = os.path.join(peer.meeting.folder, f"{peer.name}.stderr")
    line = log_line(peer.stderr())
    os.truncate(path, 0)
    return line


def a_running_program_is_confined(meeting, _quick):
    """In each of its threads, and it says so."""
    ana = meeting.peer("ana").start("-v")
    ana.say("hola")  # the disk's threads are there
    ana.expect(event="message", own=True)
    line = told(ana)
    if landlock() > 0:
        equal(line, f"confined: no new privileges, seccomp, landlock {landlock()}")
        equal([name for _, name in children(ana.process.pid)], ["tertulia-files"], "beside it")
    else:
        equal(line, "confined in part: no new privileges, seccomp, no landlock")
    if len(glob.glob(f"/proc/{ana.process.pid}/task/*")) < 2:
        raise Failed("no thread to look at")
    equal(states(ana.process.pid), {(1, 2)}, "no new privileges, a filter")
    for process, _ in children(ana.process.pid):
        equal(states(process), {(1, 2)}, "of the clerk")
    ana.leave()
    told(ana)


def the_screen_is_confined(meeting, _quick):
    if why := missing(meeting):
        return why
    ana = Screen(meeting, "ana").start("-v")
    ana.type("hola\r")
    ana.expect("hola")
    equal(states(ana.process.pid), {(1, 2)}, "no new privileges, a filter")
    ana.stop(signal.SIGTERM, 0)
    return None


def who_wants_no_sandbox_has_none(meeting, _quick):
    ana = meeting.peer("ana").start("-v", "--no-sandbox")
    ana.say("hola")
    ana.expect(event="message", own=True)
    equal(told(ana), "not confined: --no-sandbox")
    equal(children(ana.process.pid), [], "processes beside it")
    if (1, 2) in states(ana.process.pid) - states(os.getpid()):
        raise Failed("confined all the same")
    ana.leave()
    told(ana)


def a_file_is_where_the_user_wants_it(meeting, _quick):
    """Whatever is closed to the program itself."""
    ana = meeting.peer("ana").start()
    where = os.path.join(meeting.folder, "elsewhere")
    os.mkdir(where)
    ana.say("hola")
    for path, code in ((f"{where}/talk.txt", "exported"), (f"{where}/no/talk.txt", "export-failed"),
                       (f"{where}/talk.txt", "export-exists")):
        ana.say(f"/export {path}")
        ana.expect(code=code)
    equal(os.listdir(where), ["talk.txt"])
    with open(f"{where}/talk.txt", encoding="utf-8") as file:
        equal(file.read().count("hola"), 1, "what is in it")


def the_clerk_ends_with_the_program(meeting, _quick):
    """However that ends; and it outlives what the terminal sends to all."""
    if landlock() < 1:
        return "no Landlock in this kernel: there is no clerk"
    ana = meeting.peer("ana")
    for end in (ana.kill, ana.stop, ana.leave):
        ana.start()
        [(clerk, _)] = children(ana.process.pid)
        if os.getpgid(clerk) == os.getpgid(ana.process.pid):
            raise Failed("Ctrl-c reaches it")
        end()
        until(lambda: os.path.exists(f"/proc/{clerk}/exe"), False)  # noqa: B023
    return None


def without_the_clerk_all_goes_on(meeting, _quick):
    """Somebody killed it: nothing can be exported, and that is said."""
    if landlock() < 1:
        return "no Landlock in this kernel: there is no clerk"
    ana = meeting.peer("ana").start()
    [(clerk, _)] = children(ana.process.pid)
    os.kill(clerk, signal.SIGKILL)
    ana.say(f"/export {meeting.folder}/talk.txt", "still here")
    ana.expect(event="error", code="export-failed")
    ana.expect(event="message", text="still here")
    ana.leave()
    return None


STORIES = [who_wants_no_sandbox_has_none, a_file_is_where_the_user_wants_it]
if not os.environ.get("UNCONFINED"):  # as the programs of scripts/deep.sh are
    STORIES += [a_running_program_is_confined, the_screen_is_confined,
                the_clerk_ends_with_the_program, without_the_clerk_all_goes_on]
