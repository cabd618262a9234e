#!/usr/bin/env python3
"""The table of bounds in SECURITY.md says what the code says: `--write` writes it anew.

Names are chosen here; each has its value and its reason from the one place in the headers where it
is given. A bound that is renamed, or that is in two headers, is a failure.
"""

import re
import sys

sys.dont_write_bytecode = True
from lib import house

DOCUMENT = "SECURITY.md"
BEGIN = "<!-- made by tests/check/bounds.py --write -->\n"
END = "<!-- until here -->\n"

BOUNDS = {
    "A link": (
        "NODE_LINKS", "LINK_HALF_OPEN", "LINK_HALF_OPEN_PER_HOST", "LINK_HANDSHAKE_MS",
        "NODE_HANDSHAKE_MS", "NODE_DEAD_MS", "OVERLAY_PER_ADDRESS", "LINK_QUEUE_MAX",
        "SYNC_QUEUE_MAX", "LINK_SNIFF_MAX", "LISTENER_TURN", "TLS_HANDSHAKE_MAX",
        "TLS_CERTIFICATE_MAX", "TLS_AFTERWARDS_MAX", "LINK_GOODBYES",
    ),
    "What travels": (
        "FRAME_MAX", "NATIVE_BUDGET", "ENTRY_MAX", "TEXT_MAX", "WHISPER_MAX", "RUN_MAX",
        "PERSON_NAME_MAX", "ROOM_MAX", "TOPIC_MAX", "STATUS_MAX", "BEACON_MAX",
    ),
    "Logs and sync": (
        "LOGS_PER_AUTHOR", "STRANGERS_MAX", "SYNC_STRANGERS_FIRST", "SYNC_STRANGERS_PER_MINUTE",
        "NODE_ADMITTED", "SYNC_OFFERS", "SYNC_ITEMS", "SYNC_HELD_MAX", "SYNC_CHECKS",
        "SYNC_WANTED", "SYNC_SERVING", "SYNC_ROWS", "SYNC_EXCLUDED", "SYNC_FORKS",
        "SYNC_RELAYS",
        "NODE_OPENING", "NODE_ACKS", "RECEIPTS_OTHERS", "RECEIPTS_ACKER",
    ),
    "Finding others": (
        "DATAGRAM_SOURCE_RATE", "DATAGRAM_RATE", "OVERLAY_SPARES", "OVERLAY_DIALS",
        "OVERLAY_WALKS", "OVERLAY_WALK_DIALS", "OVERLAY_BEATS", "SCAN_UNDER_WAY",
    ),
    "People, rooms, guests": (
        "ROSTER_PEOPLE", "ROSTER_STRANGERS", "ROSTER_GUESTS", "ROSTER_HOST_GUESTS", "ROOMS_MOST",
        "MEMBERS_MOST", "MEMBER_ROOMS", "GUESTS_ACCEPTED", "GUESTS_PER_HOST", "GUEST_MESSAGE",
        "GUEST_RATE", "GUEST_QUEUE",
    ),
    "Clocks": ("HLC_AHEAD_MS", "ORDER_AHEAD_MS"),
    "The screen": (
        "WINDOW_POSTS", "WINDOW_BYTES", "MODEL_PEOPLE_ROWS", "CLEAN_MARKS", "CLEAN_JOINS",
        "STORE_PAGE_MAX",
    ),
}  # fmt: skip

TOKEN = re.compile(r"/\*.*?\*/|,|(?:(?!/\*)[^,])+", re.DOTALL)


def constants():
    """name -> [(path, value as it is written, reason)]"""
    found = {}
    for path in house.c_files("src", "net"):
        if not path.endswith(".h"):
            continue
        source = house.CSource(path)
        for enum in re.finditer(r"\benum\s*\w*\s*\{([^}]*)\}", source.code):
            inside = source.text[enum.start(1) : enum.end(1)]
            for name, value, reason in found_in(inside):
                found.setdefault(name, []).append((path, value, reason))
    return found


def found_in(inside):
    """(name, value, reason): the comment behind it on its line, or else the one above it."""
    found, above, last = [], "", None
    for token in TOKEN.finditer(inside):
        text = token[0]
        if text.startswith("/*"):
            words = " ".join(re.sub(r"\n\s*\*(?=\s)", " ", text[2:-2]).split())
            if last is not None and "\n" not in inside[last : token.start()]:
                found[-1][2] = words
            else:
                above = words
            continue
        given = re.match(r"\s*([A-Z][A-Z0-9_]+)\s*=\s*(.*?)\s*$", text, re.DOTALL)
        if given:
            found.append([given[1], given[2], above])
            above, last = "", token.start() + len(text.rstrip())
        elif text.strip() not in ("", ","):
            last = None  # a name without a value
    return found


def value_of(text, known, depth=0):
    """A number; None where it is none that can be told here."""
    if text is None or depth > 8:
        return None

    def one(name):
        given = known.get(name[0])
        value = value_of(given[0][1], known, depth + 1) if given else None
        return "None" if value is None else str(value)

    text = re.sub(r"\b[A-Z][A-Z0-9_]+\b", one, text)
    if not re.fullmatch(r"[\d\s+*/()<-]+", text):
        return None
    return eval(text.replace("/", "//"))  # numbers and signs only


def human(name, value):
    return f"{value / 1000:g} s" if name.endswith("_MS") else f"{value:,}"


def table(problems):
    known = constants()
    lines = []
    for title, names in BOUNDS.items():
        lines += [f"\n**{title}**\n\n", "| bound | at most | of what, and why |\n", "|---|---|---|\n"]
        for name in names:
            given = known.get(name, [])
            value = value_of(given[0][1], known) if len(given) == 1 else None
            reason = given[0][2] if given else ""
            if value is None or not reason:
                places = ", ".join(path for path, _, _ in given) or "nowhere"
                problems.append(f"{DOCUMENT}:1: {name} has no one value and reason ({places})")
                continue
            reason = reason.replace("|", "\\|")
            lines.append(f"| `{name}` | {human(name, value)} | {reason} |\n")
    return BEGIN + "".join(lines) + "\n" + END


def main():
    tap = house.Tap()
    problems = []
    wanted = table(problems)
    text = house.read(DOCUMENT)
    at, end = text.find(BEGIN), text.find(END)
    if at < 0 or end < at:
        problems.append(f"{DOCUMENT}:1: has no place for the table")
    elif "--write" in sys.argv and not problems:
        with open(DOCUMENT, "w", encoding="utf-8") as file:
            file.write(text[:at] + wanted + text[end + len(END) :])
    elif text[at : end + len(END)] != wanted:
        have = text[at : end + len(END)].splitlines()
        wants = wanted.splitlines()
        row = next((i for i, one in enumerate(wants) if i >= len(have) or have[i] != one), 0)
        line = text.count("\n", 0, at) + row + 1
        problems.append(f"{DOCUMENT}:{line}: is not what the code says: {wants[row]}"
                        " (tests/check/bounds.py --write)")
    tap.check(f"{DOCUMENT} has the code's bounds ({sum(map(len, BOUNDS.values()))})", problems)
    tap.done()


main()
