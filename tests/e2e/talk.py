"""Stories of people who talk: what one says is everywhere once, in order, and counted."""
import base64
import os
import re
import sqlite3
import time

from driver import Failed, all_linked, chain, equal, note, once, until


def is_time(text):
    return re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text) is not None


def a_line_goes_down_the_chain_and_is_counted(meeting, _quick):
    ana, bruno, carla = (meeting.peer(name) for name in ("ana", "bruno", "carla"))
    chain(ana, bruno, carla)
    ana.until_linked(bruno)
    carla.until_linked(bruno)
    bruno.until_linked(ana, carla)
    ana.say("¿Quién está? 👋")
    own = ana.expect(event="message", text="¿Quién está? 👋", own=True)
    for peer in (bruno, carla):
        got = peer.expect(event="message", text="¿Quién está? 👋")
        equal((got["from"]["name"], got["from"]["id"], got["time"], got["ref"], got["room"],
               got["kind"], got["own"], got["late"], got["skew_ms"]),
              ("ana", ana.id, own["time"], own["ref"], "#everyone", "say", False, False, 0))
        if not is_time(got["time"]) or not is_time(got["at"]):
            raise Failed(f"no RFC 3339 with milliseconds: {got}")
    receipt = ana.expect(event="receipt", ref=own["ref"], of=2, stored_by=lambda s: len(s) == 2)
    equal(set(receipt["stored_by"]), {bruno.id, carla.id})
    all_linked([ana, bruno, carla])
    for peer in (ana, bruno, carla):
        once(peer, ["¿Quién está? 👋"])


SECRET = "the-key-lies-under-the-third-flowerpot"


def who_was_away_has_all_and_a_whisper_stays_one(meeting, _quick):
    ana, bruno, carla = (meeting.peer(name) for name in ("ana", "bruno", "carla"))
    chain(ana, bruno, carla)
    all_linked([ana, bruno, carla])
    carla.say("I am off")
    ana.expect(event="message", text="I am off")
    carla.leave()
    ana.expect(event="peer", name="carla", state="down")
    said = [f"while you were away, {i}" for i in range(20)]
    ana.say(*said, f"/whisper carla {SECRET}")
    whispered = ana.expect(event="message", text=SECRET)
    equal((whispered["whisper"], whispered.get("room")), (carla.id, None))
    last = ana.expect(event="message", text=said[-1])
    bruno.expect(event="message", text=said[-1])
    ana.expect(event="receipt", ref=last["ref"], stored_by=[bruno.id])
    answer = ana.ask("/who-got", "who-got")
    equal({w["name"]: w["stored"] for w in answer["who-got"]}, {"bruno": True, "carla": False})
    if not ana.memory_holds(SECRET.encode()):
        raise Failed("the search of memory finds nothing even where the words were typed")
    ana.leave()
    # From here on only bruno has it: sealed, for somebody else.
    if bruno.memory_holds(SECRET.encode()):
        raise Failed("bruno's memory holds the whisper")
    mark = carla.now()
    carla.start(connect=[bruno])
    got = carla.expect(event="message", text=SECRET, since=mark)
    equal((got["whisper"], got["from"]["id"], got["own"]), (ana.id, ana.id, False))
    carla.expect(event="message", text=said[-1], since=mark)
    heard = carla.all(since=mark, event="message", room="#everyone")
    equal([(e["text"], e["late"]) for e in heard], [(text, True) for text in said])
    if bruno.memory_holds(SECRET.encode()) or bruno.files_hold(SECRET.encode()):
        raise Failed("bruno holds the whisper's text")
    equal(bruno.texts(text=SECRET), [])
    ana.start()  # told of nobody: it remembers
    all_linked([ana, bruno, carla])
    ana.expect(event="message", text="I am off")


def sixteen_at_once(meeting, quick):
    count, lines = 16, 20 if quick else 50
    peers = [meeting.peer(f"p{i:02}") for i in range(count)]
    began = time.monotonic()
    for i, peer in enumerate(peers):
        peer.start(connect=[peers[(i + 1) % count]], wait=False)  # who may not be there yet
    for peer in peers:
        peer.id = peer.expect(event="ready")["id"]
    all_linked(peers)
    note(f"all of {count} linked after {time.monotonic() - began:.1f} s")
    began = time.monotonic()
    for number in range(lines):
        for peer in peers:
            peer.say(f"{peer.name} {number}")
    for peer in peers:
        peer.expect(event="message", count=count * lines)
    note(f"{count * lines} lines everywhere after {time.monotonic() - began:.1f} s")
    for peer in peers:
        for other in peers:
            once(peer, [f"{other.name} {n}" for n in range(lines)], who=other.name)
    for peer in peers:
        for own in peer.all(event="message", own=True):
            peer.expect(event="receipt", ref=own["ref"], of=count - 1,
                        stored_by=lambda s: len(set(s)) == count - 1)
    note(f"all receipts after {time.monotonic() - began:.1f} s")


def killed_again_and_again(meeting, quick):
    times = 10 if quick else 50
    ana, bruno, carla = (meeting.peer(name) for name in ("ana", "bruno", "carla"))
    chain(ana, bruno, carla)
    all_linked([ana, bruno, carla])
    said = {"ana": [], "bruno": [], "carla": []}

    def speak(peer, text):
        said[peer.name].append(text)
        peer.say(text)

    for number in range(times):
        speak(ana, f"a {number}.")
        speak(carla, f"c {number}.")
        if number % 3 == 0:
            bruno.expect(event="message", text=f"a {number}.")
        speak(bruno, f"b {number}.")
        bruno.expect(event="message", text=f"b {number}.", own=True)  # accepted: never lost
        if number % 5 == 0:
            ana.expect(event="message", text=f"b {number}.")
        bruno.kill()
        speak(ana, f"a {number} without bruno.")
        bruno.start(connect=[ana])
    for peer in (ana, bruno, carla):
        peer.say(f"{peer.name} is done.")
        said[peer.name].append(f"{peer.name} is done.")
    for peer in (ana, bruno, carla):
        for other in (ana, bruno, carla):
            peer.expect(event="message", text=f"{other.name} is done.")
    all_linked([ana, bruno, carla])
    for peer in (ana, carla):
        peer.expect(event="message", who="bruno", count=len(said["bruno"]))
        once(peer, said["ana"], who="ana")
        once(peer, said["carla"], who="carla")
        # Each start is a log of its own, and they may arrive in any order.
        equal(sorted(peer.texts(who="bruno")), sorted(said["bruno"]), f"bruno's, at {peer.name}")
    # bruno's program began anew each time: what it has is in its history.
    for author, texts in said.items():
        for text in texts[-3:]:
            until(lambda: [m["text"] for m in bruno.ask(f'/search "{text}"', "search")["search"]
                           if m["text"] == text], [text])
    bruno.leave()
    equal(history(bruno), {author: sorted(texts) for author, texts in said.items()})


def history(peer):
    """Everything that is on its disk, by author; the file is read as it lies there."""
    found = {}
    [path] = [os.path.join(f, n) for f, _, names in os.walk(peer.home) for n in names
              if n.endswith(".db")]
    known = {m.id: m.name for m in peer.meeting.peers}
    base = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    query = "SELECT a.author, e.bytes FROM entries e JOIN logs l ON l.id=e.log " \
            "JOIN authors a ON a.id=l.author"
    for author, data in base.execute(query):
        name = known[base64.b32encode(author).decode().lower().rstrip("=")]
        match = re.search(rb"([abc] \d+( without bruno)?|\w+ is done)\.", bytes(data))
        if match:
            found.setdefault(name, []).append(match[0].decode())
    base.close()
    return {name: sorted(texts) for name, texts in found.items()}


def rooms_and_commands_answer(meeting, _quick):
    ana, bruno = meeting.peer("ana"), meeting.peer("bruno")
    bruno.start()
    ana.start(connect=[bruno])
    all_linked([ana, bruno])
    ana.say("/join #lab")
    equal(ana.expect(event="notice", code="here")["room"], "#lab")
    ana.say("in the lab", "/topic  what is cooking")
    equal(ana.expect(event="message", text="in the lab")["room"], "#lab")
    ana.expect(event="message", kind="topic", text="what is cooking")
    bruno.say("/join #lab")
    bruno.expect(event="notice", code="here", room="#lab")

    def rooms():
        answer = bruno.ask("/rooms", "rooms")["rooms"]
        return {r["room"]: (r["joined"], r["topic"]) for r in answer}

    until(rooms, {"#everyone": (True, ""), "#lab": (True, "what is cooking")})
    bruno.say("/me nods")
    got = ana.expect(event="message", kind="act", text="nods")
    equal((got["room"], got["from"]["name"]), ("#lab", "bruno"))
    bruno.say("/away lunch")
    gone = ana.expect(event="peer", name="bruno", away="lunch")
    equal(gone["state"], "changed")
    info = ana.ask("/info bruno", "info")
    equal((len(info["info"]), info["info"][0]["id"], info["command"]),
          (1, bruno.id, "/info bruno"))
    equal(info["info"][0]["verify"], bruno.ask("/verify ana", "verify")["verify"][0]["verify"])
    found = ana.ask("/search lab", "search")["search"]
    equal([m["text"] for m in found], ["in the lab"])
    helped = ana.now()
    ana.say("/help", "/about")
    ana.expect(event="notice", code="about", since=helped)
    if len(ana.all(event="notice", code="help", since=helped)) < 30:
        raise Failed("/help names fewer than thirty commands")
    for line, code in (("/clear", "no-screen"), ("/nonsense", "unknown-command"),
                       ("/info nobody", "no-such-person"), ("/connect 127.0.0.1:1", "refused")):
        since = ana.now()
        ana.say(line)
        equal(ana.expect(event="error", code=code, since=since)["command"], line)


STORIES = [
    a_line_goes_down_the_chain_and_is_counted,
    who_was_away_has_all_and_a_whisper_stays_one,
    rooms_and_commands_answer,
    sixteen_at_once,
    killed_again_and_again,
]
