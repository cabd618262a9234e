"""Strings for people: how they are read out of the sources, and a language that nobody speaks.

In that language every letter of a translated string is a Cyrillic one, one for one, so that a Latin
letter on a screen was never translated, wherever a line was wrapped or cut. What printf fills in, and
numbers, stay as they are.
"""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
from lib import house

NOBODYS = "xx"


def lines_of_list(path):
    """The lines of POTFILES.in or LINGUAS that say something."""
    if not os.path.isfile(path):
        return []
    text = house.read(path)
    return [line.strip() for line in text.split("\n") if line.split("#")[0].strip()]


def xgettext_options():
    text = house.read("po/Makevars") if os.path.isfile("po/Makevars") else ""
    found = re.search(r"^XGETTEXT_OPTIONS\s*=((?:.*\\\n)*.*)", text, re.MULTILINE)
    return found[1].replace("\\\n", " ").split() if found else []


# ---- nobody's language ----

_KEPT = re.compile(r"%(?:\d+\$)?[-+ #0]*(?:\d+|\*)?(?:\.(?:\d+|\*))?[a-zA-Z%]|\\.")


def strange(text):
    """Letter for letter, but for directives and escapes (as in a .po file)."""
    out, at = [], 0
    for kept in [*_KEPT.finditer(text), None]:
        end = kept.start() if kept else len(text)
        for one in text[at:end]:
            if "a" <= one <= "z":
                one = chr(ord(one) - ord("a") + 0x430)
            elif "A" <= one <= "Z":
                one = chr(ord(one) - ord("A") + 0x410)
            out.append(one)
        if kept:
            out.append(kept[0])
            at = kept.end()
    return "".join(out)


def nobodys_catalogue(folder):
    """Makes FOLDER/xx/LC_MESSAGES/tertulia.mo. None, or why it cannot be made."""
    place = os.path.join(folder, NOBODYS, "LC_MESSAGES")
    os.makedirs(place, exist_ok=True)
    template, source = (os.path.join(place, name) for name in ("all.pot", "all.po"))
    files = lines_of_list("po/POTFILES.in")
    try:
        subprocess.run(["xgettext", *xgettext_options(), "--force-po", "-o", template, *files],
                       check=True, capture_output=True)
        subprocess.run(["msgen", "--no-wrap", "-o", source, template], check=True, capture_output=True)
        with open(source, encoding="utf-8") as file:
            header, _, messages = file.read().partition("\n\n")
        header = re.sub(r'"Language: .*\\n"', f'"Language: {NOBODYS}\\\\n"', header)
        header = header.replace("charset=CHARSET", "charset=UTF-8")
        header = re.sub(r'"Plural-Forms: .*\\n"', r'"Plural-Forms: nplurals=2; plural=(n != 1);\\n"',
                        header)
        with open(source, "w", encoding="utf-8") as file:
            file.write(header + "\n\n" + _strange_messages(messages))
        subprocess.run(["msgfmt", "-o", os.path.join(place, "tertulia.mo"), source], check=True,
                       capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        return f"{error} {getattr(error, 'stderr', b'')}"
    return None


def _strange_messages(text):
    """The msgstr lines and what continues them."""
    inside, out = False, []
    for line in text.split("\n"):
        begun = re.match(r'(msgstr(?:\[\d\])? )?"(.*)"$', line)
        if begun and (begun[1] or inside):
            inside = True
            line = f'{begun[1] or ""}"{strange(begun[2])}"'
        else:
            inside = False
        out.append(line)
    return "\n".join(out)
