"""What a message costs as everything grows: the CPU of a program that takes some thousand entries
from another one, checked and stored, with ever longer histories, more people, more rooms, longer
lines. Draws growth.svg.

People are authors: a node keeps at most 20 links to peers, and the overlay's simulator has the rest.
900 of them, because of strangers only 1,000 are taken from a link at once. More links than 20 are
guests', of whom a node takes 256. The longest message has 4,096 bytes.
"""
import os
import select
import shutil
import socket
import time

import rig
from rig import Failed, Meeting, Row, now
from screen import entries_in, raw_sqlite

TAKEN = 5000
LONGER, GUESTS = "bytes of a line", "guests linked"
GUESTS_HEAR = 100  # lines, one after another
POINTS = {
    "messages in the history": (1000, 10000, 100000, 1000000),
    "people": (10, 100, 900),
    "rooms": (1, 10, 100, 1000),
    LONGER: (10, 100, 1000, 4000),
    GUESTS: (10, 100, 256),
}
FILL = {"rooms": "--rooms", LONGER: "--line"}
WIDTH, HEIGHT, MARGIN = 340, 220, 48


def homes(run, what, point, taken):
    """Of who has all, and of who lacks `taken` of it."""
    if what != "messages in the history":
        authors = point if what == "people" else 10
        words = [FILL[what], str(point)] if what in FILL else []
        return run.filled_home(taken, authors, 1, *words)[0], run.home()
    lacks, _ = run.filled_home(point, 100)
    full, _ = run.filled_home(1, 1)
    shutil.copyfile(os.path.join(lacks, "tertulia.db"), os.path.join(full, "tertulia.db"))
    rig.fill_more(run, full, taken, 10, "--crowd", "1")
    return full, lacks


def cost_us(run, full, lacks, taken):
    """CPU of each entry taken."""
    with Meeting(run.program("tertuliad")) as meeting:
        giver, taker = meeting.peer("giver"), meeting.peer("taker")
        giver.home = full
        shutil.copytree(lacks, taker.home)
        rig.no_author_rate(taker.home)
        giver.start()
        with rig.on_cores(rig.TESTED):
            taker.start()
        rig.until_rest(taker.process.pid)
        held, used, began = entries_in(taker.home), rig.cpu_ms(taker.process.pid), now()
        taker.say(f"/connect {giver.address}")
        while entries_in(taker.home) < held + taken:
            if now() - began > 300:
                raise Failed(f"only {entries_in(taker.home) - held} of {taken} came")
            time.sleep(0.05)
        return (rig.cpu_ms(taker.process.pid) - used) * 1000 / taken


def panel(what, points, left):
    """One curve, from 0 to half as much again as its highest point; the smallest point is dashed."""
    top = max(us for _, us in points) * 1.5
    across = (WIDTH - 2 * MARGIN) / max(1, len(points) - 1)
    spots = [(left + MARGIN + place * across,
              HEIGHT - MARGIN - us / top * (HEIGHT - 2 * MARGIN)) for place, (_, us) in
             enumerate(points)]
    yield f'<text x="{left + WIDTH / 2:.0f}" y="20" text-anchor="middle">{what}</text>'
    yield (f'<path d="M{left + MARGIN} {MARGIN}V{HEIGHT - MARGIN}H{left + WIDTH - MARGIN + 10}" '
           'fill="none" stroke="#888"/>')
    yield (f'<path d="M{left + MARGIN} {spots[0][1]:.1f}H{left + WIDTH - MARGIN}" stroke="#aaa" '
           'stroke-dasharray="4"/>')
    line = " ".join(f"{x:.1f},{y:.1f}" for x, y in spots)
    yield f'<polyline points="{line}" fill="none" stroke="#07a" stroke-width="2"/>'
    for (x, y), (point, us) in zip(spots, points):
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="#07a"/>'
        yield f'<text x="{x:.1f}" y="{y - 8:.1f}" text-anchor="middle">{us:.0f} µs</text>'
        yield f'<text x="{x:.1f}" y="{HEIGHT - MARGIN + 16}" text-anchor="middle">{point:,}</text>'


def drawn(curves):
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH * len(curves)}" '
             f'height="{HEIGHT}" font-family="sans-serif" font-size="11">',
             '<rect width="100%" height="100%" fill="#fff"/>']
    for place, (what, points) in enumerate(curves.items()):
        parts += panel(what, points, place * WIDTH)
    return "\n".join([*parts, "</svg>", ""])


def rows_of(what, points, says):
    return {point: Row("growth", f"{says}{what}: {point:,}", "µs") for point in points}


def with_ratio(what, rows, note=""):
    """The rows of a curve, and its end as a multiple of its beginning."""
    ratio = Row("growth", f"that with the most {what} against the fewest", "×",
                ("≤ 1.5", None, 1.5, "most"), note)
    few, *_, many = rows.values()
    for who in few.figures:
        ratio.add(who, rig.median(many.figures[who]) / rig.median(few.figures[who]))
    return [*rows.values(), ratio]


SAYS = "CPU of a message that is taken, "


def curve(run, what):
    # a new author costs something once, and then says more than one thing
    taken = (1000 if run.quick else TAKEN) * (4 if what == "people" else 1)
    points = [point for point in POINTS[what] if not run.quick or point <= 10000]
    pairs = [(point, homes(run, what, point, taken)) for point in points]
    rows = rows_of(what, points, SAYS)
    for _ in range(min(run.rounds, 3)):
        for point, (full, lacks) in pairs:
            rows[point].add("tertulia", cost_us(run, full, lacks, taken))
            if what == LONGER:  # what SQLite alone needs for the same rows grows too
                rows[point].add("sqlite3", raw_sqlite(run, taken, 10, point)[1] * 1e6 / taken)
    return with_ratio(what, rows, "a line's bytes are hashed, stored and indexed, by SQLite alone too"
                      if what == LONGER else "")


def history(run):
    return curve(run, "messages in the history")


def people(run):
    return curve(run, "people")


def rooms(run):
    return curve(run, "rooms")


def lines(run):
    return curve(run, LONGER)


# ---- links ----

TOLD = "CPU of a line for each guest that hears it, "


class Guest:
    """Somebody with a plain program, as of those whom `JOIN` makes known."""

    def __init__(self, host, name):
        self.link = socket.create_connection((host.host, host.port), rig.LIMIT)
        self.link.sendall(f"JOIN {name}".encode())
        host.expect(event="peer", guest="join", name=name, state="up", limit=rig.LIMIT)

    def hears(self, words):
        heard = b""
        while words not in heard:
            some = self.link.recv(1 << 16)
            if not some:
                raise Failed(f"{words!r} never came")
            heard += some


def still(guests):
    """All that the others' coming had to be told is read."""
    while ready := select.select([guest.link for guest in guests], [], [], 2)[0]:
        for link in ready:
            link.recv(1 << 16)


def hearing_us(run, count):
    """Of all that `count` guests are told one line after another, what each costs."""
    with Meeting(run.program("tertuliad")) as meeting:
        host = meeting.peer("host")
        with rig.on_cores(rig.TESTED):
            host.start()
        guests = [Guest(host, f"g{number}") for number in range(count)]
        still(guests)
        used = rig.cpu_ms(host.process.pid)
        for number in range(GUESTS_HEAR):
            host.say(f"line {number} .")
            for guest in guests:
                guest.hears(f"line {number} .".encode())
        used = rig.cpu_ms(host.process.pid) - used
        for guest in guests:
            guest.link.close()
        return used * 1000 / GUESTS_HEAR / count


def links(run):
    rows = rows_of(GUESTS, POINTS[GUESTS], TOLD)
    for _ in range(min(run.rounds, 3)):
        for point, row in rows.items():
            row.add("tertulia", hearing_us(run, point))
    return with_ratio(GUESTS, rows)


PARTS = (history, people, rooms, lines, links)


def after(rows):
    """All that was measured, drawn."""
    curves = {}
    for row in rows:
        if row["what"].startswith((SAYS, TOLD)):
            what, _, point = row["what"].rpartition(", ")[2].partition(": ")
            curves.setdefault(what, []).append((int(point.replace(",", "")),
                                                row["figures"]["tertulia"]["median"]))
    (rig.HERE / "growth.svg").write_text(drawn({what: sorted(points) for what, points in
                                                curves.items()}), encoding="utf-8")
