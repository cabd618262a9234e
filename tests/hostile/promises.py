"""What is promised for each lie (PROTOCOL.md, DESIGN), and whether it is kept.

Each function is one play: it gives a sentence of what was seen, or raises Failed.
"""
import base64
import math
import time

from lies import CLOCKS, NAMES
from play import Failed, equal  # and finds tests/e2e

from find import WITH_BEACON
from screen import Screen, blind
from venom import only_what_curses_says
from wires import laid


def played(play, lie, enough, during=None, **more):
    """Calm, the attack, and what was said is whole. A liar that did nothing proves nothing: `enough`
    says what it has to have done."""
    play.begin()
    liar = play.liar(lie, enough, **more)
    play.calm()
    facts = play.attack(liar, during)
    play.whole()
    return facts


def forged_author(play):
    """PROTOCOL: a run is kept up to its last valid signature."""
    facts = played(play, "forged_author", {"sent": 500})
    carla = play.newcomer()
    play.nowhere("forged", *play.people, carla)
    play.no_notice("fork")
    return f"{facts['sent']} forgeries: none shown, none passed on, nobody's log ended"


def forked_log(play):
    """PROTOCOL: the log ends for everyone right before that place; the user is told."""
    def told():
        for peer in play.people:
            peer.expect(event="notice", code="fork")
    facts = played(play, "forked_log", {"proof": 1, "sent": 10}, told)
    for peer in play.people:
        equal(sorted(set(t for t in peer.texts() if t.startswith("common"))),
              ["common 1", "common 2", "common 3"], f"what {peer.name} has of the common part")
    play.nowhere("after ")
    carla = play.newcomer()
    carla.expect(event="message", text="common 3")
    lost = {"left", "left again", "right", "right again"} & set(carla.texts())
    equal(lost, set(), "what a newcomer gets past the fork")
    return f"told at all three; the common part stays, nothing after it spreads; {facts['sent']} " \
           "more forks"


def replay(play):
    """PROTOCOL: what one has already is dropped by (author, epoch, seq)."""
    facts = played(play, "replay", {"sent": 2000})
    return f"{facts['sent']} frames said again: each line is shown once"


def wrong_clocks(play):
    """PROTOCOL: no entry is ever refused because of its times."""
    facts = played(play, "wrong_clocks", {"sent": 50})
    wanted = sorted([f"clock: {c}" for c in CLOCKS] + [f"epoch: {c}" for c in CLOCKS])
    for peer in play.people:
        for text in wanted:
            peer.expect(event="message", text=text)
        got = sorted(t for t in peer.texts() if t.startswith(("clock: ", "epoch: ")))
        equal(got, wanted, f"what {peer.name} shows")
    mark = play.bruno.now()
    play.vera.say("what time is it")
    said = play.bruno.expect(event="message", text="what time is it", since=mark)
    if abs(said["skew_ms"]) > 5000:
        raise Failed(f"vera's clock was carried away: {said}")
    if not any(e["skew_ms"] for e in play.bruno.all(event="message", text="clock: in ten years")):
        raise Failed("nobody says that the clock is wrong")
    return f"all {len(wanted)} shown, once; the skew is told; honest clocks stay ({facts['sent']} more)"


def huge_numbers(play):
    """PROTOCOL: numbers are at most 2^53 - 1; a malformed entry is dropped alone."""
    facts = played(play, "huge_numbers", {"rounds": 1})
    outcome = facts["outcome"]
    bad = [name for name, good in outcome.items() if not good]
    if bad or len(outcome) < 18:
        raise Failed(f"not refused: {bad} of {outcome}")
    play.nowhere("huge")
    return f"{len(outcome) - 1} kinds of frames: the link ends; entries are dropped alone"


def million_authors(play):
    """DESIGN: at most 10,000 strangers, 1,000 at once and then 10 a minute a link."""
    facts = played(play, "million_authors", {"sent": 50_000 if play.quick else 1_000_000})
    return f"rows of {facts['sent']} people; {facts['asked']} were asked about"


def never_converges(play):
    """PROTOCOL: a round that brought nothing makes the next one later, up to 30 seconds."""
    facts = played(play, "never_converges", {"sent": 40, "rounds": 1},
                   lambda: play.vera.say(f"/connect 127.0.0.1:{play.facts['door']}"))
    most = 3 + int(math.log2(1 + play.lasted))  # after 1 s, 2 s, 4 s...
    if facts["rounds"] > most:
        raise Failed(f"{facts['rounds']} rounds in {play.lasted:.0f} s")
    return f"{facts['rounds']} rounds of vera's in {play.lasted:.0f} s, whatever comes; " \
           f"{facts['sent']} digests sent to her"


def false_acks(play):
    """PROTOCOL: a receipt is never made before the entries are on disk, nor for another."""
    facts = played(play, "false_acks", {"sent": 50})
    liars = {base64.b32encode(bytes.fromhex(facts[who])).decode().rstrip("=").lower(): who
             for who in ("mallory", "dora")}
    play.ana.say("who has this?")
    play.bruno.expect(event="message", text="who has this?")
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        got = play.ana.ask("/who-got", "who-got")["who-got"]
        if any(p["stored"] for p in got):
            break
    for peer in play.people:
        for event in peer.all(event="receipt"):
            false = [liars[i] for i in event["stored_by"] if i in liars]
            if false:
                raise Failed(f"{peer.name} believes {false}: {event}")
    if not play.ana.all(event="receipt", stored_by=lambda ids: len(ids) >= 2):
        raise Failed("no true receipt came")
    return f"{facts['sent']} frames of them: none counts, the true ones do"


def frames_of_nothing(play):
    """PROTOCOL: unknown frames are skipped, malformed ones end the link."""
    facts = played(play, "frames_of_nothing", {"sent": 1000, "closed": 2})
    return f"{facts['sent']} frames skipped, {facts['closed']} links ended for malformed ones"


def key_updates(play):
    """net/tls.h: TLS_AFTERWARDS_MAX in a link's life."""
    facts = played(play, "key_updates", {"sent": 1000, "closed": 5})
    if facts["most"] > 5000:  # what is on its way when the link ends
        raise Failed(f"{facts['most']} on one link: {facts}")
    return f"{facts['sent']} on {facts['links']} links: each ended, after {facts['most']} at most"


def invented_authors(play):
    """DESIGN: 1,000 new authors at once and then 10 a minute a link; a flooder delays itself."""
    facts = played(play, "invented_authors", {"authors": 2000 if play.quick else 10_000})
    shown = {e["from"]["id"] for e in play.vera.all(event="message")
             if e["text"].startswith("invented")}
    if len(shown) > 1100:
        raise Failed(f"{len(shown)} strangers got in")
    return f"{facts['authors']} invented: {len(shown)} let in"


def sealed_to_nobody(play):
    """DESIGN: each is tried once, off the loop, fairly by author."""
    facts = played(play, "sealed_to_nobody", {"sent": 20})
    for peer in play.people:
        wrong = [e for e in peer.all(event="message") if e.get("whisper") or e["kind"] == "unknown"]
        if wrong:
            raise Failed(f"{peer.name} shows {wrong[0]}")
    return f"{facts['sent'] * 21} whispers that nobody can open: nothing shown"


def venomous_names(play):
    """PROTOCOL: texts are not safe to be shown as they are."""
    screen = [] if blind(play.meeting) else [Screen(play.meeting, "sara")]

    def look():
        for sara in screen:  # a real screen, where somebody looks at all of it
            sara.start("--connect", play.vera.address)
            sara.sees("vera")
            sara.expect("<U+202E>")  # how such a character is made visible
            for line in ("/peers", "/rooms"):
                sara.type(line + "\rq")
    facts = played(play, "venomous_names", {"sent": 200}, look)
    for sara in screen:
        with sara.changed:
            data = bytes(sara.shown)
        only_what_curses_says(data[:data.rfind(b"\x1b")])
        sara.stop(15, 0)
    bad = sum(1 for n in NAMES if not _good(n))
    equal(facts["refused"], bad, "hellos that are no UTF-8, and their links ended")
    play.vera.ask("/search said", "search")
    if not play.vera.all(event="message", text=lambda t: t.endswith(" said")):
        raise Failed("nothing of it was shown at all")
    where = "any line or of a screen" if screen else "any line"
    return f"{facts['taken']} names, {facts['sent']} entries: no byte of {where} can act"


def _good(name):
    try:
        name.decode()
        return True
    except UnicodeDecodeError:
        return False


def moved_whisper(play):
    """PROTOCOL: its place is bound to the box; a reader that is not in the list drops it."""
    def whisper():
        for n in range(3):
            play.ana.say(f"/msg vera psst {n}")
            play.vera.expect(event="message", text=f"psst {n}")
    facts = played(play, "moved_whisper", {"copied": 20}, whisper)
    got = [(e["from"]["name"], e["text"]) for e in play.vera.all(event="message") if "whisper" in e]
    equal(got, [("ana", f"psst {n}") for n in range(3)], "whispers to vera")
    equal([e for e in play.bruno.all(event="message") if "whisper" in e], [], "whispers to bruno")
    play.nowhere("unlisted")
    return f"{facts['copied']} copies opened nowhere, and none that does not name its reader"


def dropped_links(play):
    """DESIGN: at most 32 half-open; at a bound: drop, one log line, go on."""
    facts = played(play, "dropped_links", {"sent": 1000}, play.newcomer)
    if facts["rate"] < 200:
        raise Failed(f"only {facts['rate']} links a second")
    at = [e["at"][:19] for e in play.vera.all(event="notice")]
    worst = max((at.count(second) for second in at), default=0)
    if worst > 2:
        raise Failed(f"{worst} notices within one second")
    descriptors = play.vera.status("FDSize")
    return f"{facts['rate']} a second, {facts.get('whole', 0)} whole handshakes; a newcomer got in; " \
           f"table of {descriptors} files"


def beacons(play):
    """DESIGN: a hint only: identity comes from the link; believed from one's own subnet only."""
    wires, why = laid(play.meeting, 4)
    if why:
        return f"SKIP {why}"
    wires.part(2)  # ana and bruno only reach vera, and so does mallory
    # Mallory's other address is beyond vera's subnet, and yet a way leads there.
    wires.must("-n", wires.names[3], "addr", "add", "10.98.0.4/32", "dev", "eth0")
    wires.must("-n", wires.names[1], "route", "add", "10.98.0.4/32", "via", "10.99.0.4")
    peers = {}
    for number, name in enumerate(("ana", "vera", "bruno")):
        peers[name] = wires.peer(play.meeting, name, number)
        peers[name].inside += WITH_BEACON
    play.begin(peers=peers)
    enough = {"sent": 5000, "calls": 1}
    liar = play.liar("beacons", enough, inside=["ip", "netns", "exec", wires.names[3]], here="10.99.0.4",
                      beyond="10.98.0.4")
    play.calm()
    facts = play.attack(liar)
    play.whole()
    for peer in play.people:
        ids = {e["id"] for e in peer.all(event="peer") if e["presence"] == "linked"}
        if ids - {p.id for p in play.people}:
            raise Failed(f"{peer.name} took somebody else in: {ids}")
    if facts["beyond"]:
        raise Failed(f"{facts['beyond']} calls went beyond the subnet")
    if facts["calls"] > 20 * play.seconds + 50:
        raise Failed(f"{facts['calls']} calls went where the beacons said")
    return f"{facts['sent']} beacons of anybody: {facts['calls']} calls followed, nobody was mistaken"


PROMISES = [
    forged_author, forked_log, replay, wrong_clocks, huge_numbers, million_authors, never_converges,
    false_acks, frames_of_nothing, key_updates, invented_authors, sealed_to_nobody, venomous_names,
    moved_whisper, dropped_links, beacons,
]
