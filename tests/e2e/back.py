"""Stories of the terminal, given back: however the program ends, what the shell finds is what it
had, and what was said last can be read."""
import fcntl
import os
import resource
import signal
import termios

from driver import Failed, equal
from screen import Screen, blind

SAID_BEFORE = "$ tertulia"


def shells(screen):
    """What a shell knows of its terminal."""
    terminal = screen.shell_end
    return termios.tcgetattr(terminal), fcntl.fcntl(terminal, fcntl.F_GETFL)


def taken(screen):
    return screen.look(lambda t: (t.full_screen, t.gives_mouse, t.brackets_pastes))


def a_shell_goes_on(screen):
    """Nothing of ours is left: neither modes nor colours, and the cursor is below what was said."""
    equal(taken(screen), (False, False, False), "full screen, mouse, brackets around pastes")
    os.write(screen.shell_end, b"$ \xe2\x97\x8f")
    screen.sees("$ \u25cf")
    cell = screen.look(lambda t: t.cell(t.cursor[0], t.cursor[1] - 1))
    equal((cell.text, cell.front, cell.back, cell.attributes), ("\u25cf", None, None, 0))
    equal(screen.look(lambda t: (t.row(0), t.shows_cursor)), (SAID_BEFORE, True))
    if screen.shown.rindex(b"\x1b[23;2t") < screen.shown.rindex(b"\x1b]2;"):
        raise Failed("the shell's title is not back")


def begun(screen, *words, **more):
    screen.start(*words, prompt=None, before=SAID_BEFORE + "\r\n", **more)
    screen.sees("#everyone \u203a")
    return screen


def leave(screen):
    screen.type("/exit\r")
    screen.over(0)


def twice_interrupted(screen):
    screen.type("\x03\x03")
    screen.over(0)


def sent(number, status):
    return lambda screen: screen.stop(number, status)


def the_terminal_is_given_back_however_it_ends(meeting, _quick):
    if why := blind(meeting):
        return why
    ana = Screen(meeting, "ana")
    orderly = [signal.SIGTERM, signal.SIGHUP, signal.SIGINT]
    at_once = [signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE, signal.SIGILL,
               signal.SIGQUIT, signal.SIGTRAP, signal.SIGSYS, signal.SIGXCPU, signal.SIGXFSZ,
               signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2]
    for end in (leave, twice_interrupted, *(sent(number, 0) for number in orderly),
                *(sent(number, -number) for number in at_once)):
        begun(ana)
        before = ana.before
        equal(taken(ana), (True, True, True), "full screen, mouse, brackets around pastes")
        if shells(ana)[0] == before[0]:
            raise Failed("the terminal's modes were never changed")
        end(ana)
        equal(shells(ana), before, "what stty and fcntl say")
        a_shell_goes_on(ana)
    return None


def last_words_can_be_read(meeting, _quick):
    """There is no memory any more: the program says so where the shell goes on."""
    if why := blind(meeting):
        return why
    ana = begun(Screen(meeting, "ana"))
    before = ana.before
    ana.type("so ")
    ana.expect("so ")  # it has begun: the first screen stands before the history does
    resource.prlimit(ana.process.pid, resource.RLIMIT_AS, (1, 1))
    ana.type_to_the_end("\x1b[200~" + "much " * 40000)
    ana.over(-signal.SIGABRT)
    equal(shells(ana), before, "what stty and fcntl say")
    a_shell_goes_on(ana)
    ana.sees("tertulia: out of memory")  # the shell goes on below it
    return None


def without_a_history_the_shell_reads_why(meeting, _quick):
    """The screen of who is new stands before the history does; then there can be none."""
    if why := blind(meeting):
        return why
    ana = Screen(meeting, "ana")
    os.mkdir(ana.home, 0o700)
    os.symlink("/nowhere/at/all", os.path.join(ana.home, "tertulia.db"))
    ana.start(prompt=None, before=SAID_BEFORE + "\r\n")
    before = ana.before
    ana.over(1)
    equal(shells(ana), before, "what stty and fcntl say")
    a_shell_goes_on(ana)
    ana.sees("tertulia.db is no file")
    equal(os.listdir(ana.home).count("tertulia.db.new"), 0)
    equal(os.readlink(os.path.join(ana.home, "tertulia.db")), "/nowhere/at/all")
    return None


def behind_a_shell_it_leaves_the_terminal_alone(meeting, _quick):
    """Ctrl-z, then `kill %1`; and `bg`, then `fg`."""
    if why := blind(meeting):
        return why
    if not os.access("/bin/bash", os.X_OK):
        return "there is no bash"
    go = os.path.join(meeting.folder, "go")
    ana = Screen(meeting, "ana")

    def stopped(script):
        ana.start(shell=("/bin/bash", "-mc", script, "bash"), own=True)
        ana.sees("#everyone \u203a")
        ana.type("\x1a")
        ana.sees("and now")

    stopped('"$@"; echo and now; p=$(jobs -p); kill %1; '
            'while [ -e /proc/$p ]; do jobs >/dev/null; sleep 0.05; done; echo over; read -r')
    mark = ana.now()
    ana.sees("over")
    if b"\x1b[?1049h" in ana.shown[mark:]:
        raise Failed("it took the terminal from the shell")
    equal(taken(ana), (False, False, False), "full screen, mouse, brackets around pastes")
    ana.process.kill()

    stopped(f'"$@"; echo and now; bg; until [ -e {go} ]; do sleep 0.05; done; fg; echo "over: $?"; '
            'read -r')
    ana.sees('"$@" &')
    equal(taken(ana), (False, False, False), "full screen, mouse, brackets around pastes")
    open(go, "w", encoding="ascii").close()
    ana.sees("#everyone \u203a")  # although nobody told it that it is in front again
    equal(taken(ana), (True, True, True), "full screen, mouse, brackets around pastes")
    ana.type("/exit\r")
    ana.sees("over: 0")
    return None


STORIES = [the_terminal_is_given_back_however_it_ends, last_words_can_be_read,
           without_a_history_the_shell_reads_why,
           behind_a_shell_it_leaves_the_terminal_alone]
