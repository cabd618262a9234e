#!/usr/bin/env python3
"""Quotes of PROTOCOL.md in the code are exact, word for word.

A quote stands in a comment that starts with the document and, where there is one, the section:

    /* PROTOCOL.md "Frames":
     * > A frame is at most 64 KiB.
     */
"""

import os
import re
import sys

sys.dont_write_bytecode = True
from lib import house

DOCUMENT = "PROTOCOL.md"
OURS = ("src/", "net/", "ui/", "tests/")
START = re.compile(r"/[*/]~?[\s*]*PROTOCOL\.md\b(?:,?[\s*]*\"([^\"]*)\")?")


def fold(text):
    return " ".join(text.split())


def sections(text):
    """Title -> the section's text, subsections included; "" is the whole document."""
    result = {"": fold(text)}
    fenced = re.sub(r"^```.*?^```", lambda f: re.sub(r"(?m)^#", " ", f[0]), text, flags=re.M | re.S)
    headings = list(re.finditer(r"^(#+)[ \t]+(.*?)[ \t#]*$", fenced, re.MULTILINE))
    for index, heading in enumerate(headings):
        deeper = len(heading[1])
        after = (later.start() for later in headings[index + 1 :] if len(later[1]) <= deeper)
        part = fold(text[heading.end() : next(after, len(text))])
        result[heading[2]] = result.get(heading[2], "") + "\n" + part
    return result


def comments_of(path):
    """(line, text) of each comment, `//` lines that follow each other taken as one."""
    source = house.CSource(path)
    last_line = -1
    result = []
    for offset, text in source.comments:
        line = source.line(offset)
        if text.startswith("//") and last_line == line - 1:
            result[-1] = (result[-1][0], result[-1][1] + "\n" + text)
        else:
            result.append((line, text))
        last_line = line if text.startswith("//") else -1
    return result


def quotes_in(comment):
    """(line within the comment, quoted text), lines that follow each other taken as one."""
    quotes = []
    inside = False
    for number, line in enumerate(re.sub(r"\*/$", "", comment).split("\n")):
        found = re.match(r"\s*(?:/?\*|//)?\s*>(?:\s(.*)|$)", line)
        if found and inside:
            quotes[-1][1] += " " + (found[1] or "")
        elif found:
            quotes.append([number, found[1] or ""])
        inside = bool(found)
    return quotes


def problems_of(path, known):
    """(quotes that were found, problems) in one file."""
    count, problems = 0, []
    for line, comment in comments_of(path):
        start = START.match(comment)
        if not start:
            continue
        title = fold(re.sub(r"\n\s*(\*|//)", "\n", start[1] or ""))
        if title not in known:
            problems.append(f'{path}:{line}: {DOCUMENT} has no section "{title}"')
            continue
        for below, quote in quotes_in(comment):
            count += 1
            said = fold(quote)
            if not said or said not in known[title]:
                problems.append(f'{path}:{line + below}: not in {DOCUMENT}: "{said}"')
    return count, problems


def main():
    tap = house.Tap()
    known = sections(house.read(DOCUMENT)) if os.path.isfile(DOCUMENT) else {}
    count, problems = 0, []
    for path in house.tree():
        if path.startswith(OURS) and path.endswith((".c", ".h", ".proto")):
            more, wrong = problems_of(path, known)
            count += more
            problems += wrong
    tap.check(f"{count} quotes of {DOCUMENT} are exact", problems)
    tap.done()


main()
