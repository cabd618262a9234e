"""Stories of what is kept: what was chosen holds at the next start, however the last one ended."""
import os

from driver import all_linked, equal, once
from history import damage, history_of


def settings(peer):
    """What /set alone answers: {key: value}."""
    since = peer.now()
    peer.say("/set", "/about")
    end = peer.expect(event="notice", code="about", since=since)
    told = peer.all(event="notice", code="setting", since=since)
    equal([e["command"] for e in told if e is not end], ["/set"] * len(told))
    return {e["key"]: e["value"] for e in told}


AT_FIRST = {"language": "auto", "retention-days": "90", "retention-size": "1024",
            "author-rate": "500"}


def choose(peer, line, code, event="notice"):
    since = peer.now()
    peer.say(line)
    told = peer.expect(event=event, code=code, since=since)
    equal(told["command"], line)
    return told


def what_was_chosen_survives(meeting, _quick):
    ana = meeting.peer("ana").start()
    equal(settings(ana), AT_FIRST)
    told = choose(ana, "/set retention-days 30", "setting")
    equal((told["key"], told["value"]), ("retention-days", "30"))
    choose(ana, "/set Author-Rate 0", "setting")
    equal(choose(ana, "/lang en-GB", "setting")["value"], "en")
    equal(choose(ana, "/lang", "language")["value"], "en")
    chosen = {"language": "en", "retention-days": "30", "retention-size": "1024",
              "author-rate": "0"}
    equal(settings(ana), chosen)
    for line, code in (("/set retention-days 0", "bad-value"), ("/set author-rate -1", "bad-value"),
                       ("/lang xx", "bad-value"), ("/set retention 3", "unknown-setting"),
                       ("/set theme light", "no-screen"), ("/set bell", "no-screen"),
                       ("/theme light", "no-screen"), ("/bind F5 next", "no-screen")):
        choose(ana, line, code, event="error")
    equal(settings(ana), chosen)
    ana.say("behind all that")  # it is stored after what was asked for before it
    ana.expect(event="message", text="behind all that")
    ana.kill()
    ana.start()
    equal(settings(ana), chosen)
    choose(ana, '/set retention-days ""', "setting")
    choose(ana, "/lang auto", "setting")
    ana.leave()
    ana.start()
    equal(settings(ana), {**AT_FIRST, "author-rate": "0"})


def what_was_chosen_outlives_a_damaged_history(meeting, _quick):
    """It is found while the program runs: what it knows goes into the new one."""
    ana = meeting.peer("ana").start()
    choose(ana, "/set retention-size 64", "setting")
    ana.say(*(f"{i} " + "so it was. " * 40 for i in range(1200)))
    ana.expect(event="message", count=1200)
    ana.leave()
    damage(history_of(ana), 0.3, 0.7)
    mark = ana.now()
    ana.start()
    ana.expect(event="notice", code="history-damaged", since=mark)
    chosen = {**AT_FIRST, "retention-size": "64"}
    equal(settings(ana), chosen)
    ana.leave()
    ana.start()
    equal(settings(ana), chosen)


def the_least_of_all_does_for_a_few_words(meeting, _quick):
    """A day, and one message a second, change nothing for who says little."""
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    bruno.start()
    choose(bruno, "/set author-rate 1", "setting")
    choose(bruno, "/set retention-days 1", "setting")
    bruno.leave()
    bruno.start()
    ana.start(connect=[bruno])
    all_linked([ana, bruno])
    ana.say("one", "two")
    bruno.expect(event="message", text="two")
    once(bruno, ["one", "two"], who="ana")


def the_log_tells_again(meeting, _quick):
    ana = meeting.peer("ana").start()
    equal(ana.ask("/log", "log")["log"], [])
    ana.say("/nonsense", "/set zzz", "/help", "/set")
    told = ana.ask("/log", "log")
    equal(told["command"], "/log")
    equal([(e["error"], e["code"]) for e in told["log"]],
          [(True, "unknown-command"), (True, "unknown-setting")])
    equal([e["text"] for e in told["log"]], [e["text"] for e in ana.all(event="error")])
    ana.say(*(f"/nonsense{i}" for i in range(300)))
    told = ana.ask("/log", "log")["log"]
    equal(len(told), 256, "lines of the log")
    if "/nonsense299" not in told[-1]["text"] or "/nonsense44," not in told[0]["text"]:
        equal((told[0]["text"], told[-1]["text"]), "the last ones, newest last")


def a_file_gives_the_defaults(meeting, _quick):
    """What is chosen goes before it, and "" goes back to it."""
    ana = meeting.peer("ana")
    os.mkdir(ana.home, 0o700)
    with open(os.path.join(ana.home, "tertulia.ini"), "wb") as file:
        file.write(b"\xef\xbb\xbfretention-days = 30\r\nretenton-size = 64\r\n# \xe9\r\n"
                   b"theme = light\r\nlanguage = fr\r\n[bind]\r\nF5 = fly\r\n")
    ana.start()
    told = [e["text"] for e in ana.all(event="notice", code="settings-file")]
    equal([text.split(":")[0] for text in told],
          [f"tertulia.ini, line {line}" for line in (2, 3, 5)])
    equal(settings(ana), {**AT_FIRST, "retention-days": "30"})
    choose(ana, "/set retention-days 31", "setting")
    ana.say("behind all that")
    ana.expect(event="message", text="behind all that")
    ana.kill()
    ana.start()
    equal(settings(ana), {**AT_FIRST, "retention-days": "31"})
    equal(choose(ana, '/set retention-days ""', "setting")["value"], "30")
    ana.leave()
    ana.start()
    equal(settings(ana), {**AT_FIRST, "retention-days": "30"})


STORIES = [a_file_gives_the_defaults, what_was_chosen_survives, what_was_chosen_outlives_a_damaged_history,
           the_least_of_all_does_for_a_few_words, the_log_tells_again]
