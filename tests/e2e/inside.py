"""The same stories as outside, inside tmux: keys, pastes, colours and sizes go through a second
terminal, which redraws them in its own way. And the screen looks as it does outside."""
import os
import random
import shutil
import subprocess

import sight
from driver import equal
from screen import Screen, blind

SETTINGS = """set -g prefix None
set -g status off
set -sg escape-time 0
set -g default-terminal tmux-256color
"""


def table(meeting):
    """What starts a program in a tmux of its own."""
    socket, settings = (os.path.join(meeting.folder, name) for name in ("tmux", "tmux.conf"))
    with open(settings, "w", encoding="ascii") as file:
        file.write(SETTINGS)
    meeting.at_end(lambda: subprocess.run(["tmux", "-S", socket, "kill-server"], check=False,
                                          capture_output=True))
    return "tmux", "-u", "-f", settings, "-S", socket, "new-session"


def without(meeting):
    return blind(meeting) or (None if shutil.which("tmux") else "there is no tmux")


def moved(story):
    def inside(meeting, quick):
        if why := without(meeting):
            return why
        meeting.shell = table(meeting)
        return story(meeting, quick)
    inside.__name__ = "inside_tmux_" + story.__name__
    return inside


def sizes_and_a_stop_inside_tmux(meeting, _quick):
    """A storm of sizes, then a shell for a while; what stands there then is what stands outside."""
    if why := without(meeting):
        return why
    said = [f"{n} \u6f22\u5b57 e\u0301 " + "words that wrap " * (n % 9) for n in range(40)]
    bruno = meeting.peer("bruno").start()
    bruno.say(*said)
    ana = Screen(meeting, "ana")
    ana.start("--connect", bruno.address, shell=(
        *table(meeting), "/bin/sh", "-mc", '"$@"; read -r line; fg; echo "over: $?"; read -r line', "sh"))
    ana.sees("39 ", "\u25cf bruno")
    ana.type("begun")
    ana.sees("begun")
    chosen = random.Random(2)
    for _ in range(200):
        ana.resize(chosen.randint(2, 70), chosen.randint(2, 220))
    ana.resize(24, 80)
    ana.until("all of it", lambda t: "\u25cf bruno" in t.text() and t.row(23).endswith("begun"))
    ana.type("\x1a")
    ana.sees_no("begun")
    ana.type("\r")
    ana.until("all of it again", lambda t: "\u25cf bruno" in t.text() and
              t.row(23).endswith("begun"))
    within = ana.look(sight.frame)
    ana.type("\x15/exit\r")
    ana.sees("over: 0")
    ana.type("\r")
    ana.over(0)
    ana.start("--connect", bruno.address)
    ana.sees("39 ", "\u25cf bruno")
    ana.type("begun")
    ana.until(f"what stood there inside tmux: {within}", lambda t: sight.frame(t) == within)
    equal(ana.look(lambda t: t.cursor), (23, len("ana \u2192 #everyone \u203a begun")))
    return None


STORIES = [*map(moved, (sight.it_starts_and_one_talks, sight.a_whisper_by_keys_alone,
                        sight.a_scan_and_one_of_its_finds, sight.far_back_and_the_needle,
                        sight.two_hundred_lines_pasted_are_one_message)),
           sizes_and_a_stop_inside_tmux]
