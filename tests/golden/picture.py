#!/usr/bin/env python3
"""The pictures in the READMEs: screens of the demo, drawn as SVG.

picture.py [--write] BUILD: draws tests/golden/situations/picture-* in a dark and a light theme and
compares them with doc/screen-LANGUAGE-THEME.svg; with --write those files are written anew. Nothing
is drawn by hand: every cell, its place and its colours are the program's own.
"""

import os
import re
import subprocess
import sys
from html import escape

SOURCES = os.path.normpath(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
WIDE, HIGH, FONT, RIM = 8.4, 18, 14, 14  # of a cell, of letters, around it all, in pixels
BASE = 13.2  # from a row's top to where its letters stand
BOLD, DIM, UNDERLINE, ITALIC = 1, 2, 4, 16
NONE = -1
THEMES = {  # the terminal's own colours: letters, ground, rim
    "dark": ("#d0d0d0", "#16181d", "#30343c"),
    "light": ("#1c1c1c", "#ffffff", "#d0d5dc"),
}
# Title and description, for whoever does not see it.
TOLD = {
    "en": ("Tertulia in a terminal",
           "On the left the people who are here, the rooms, and what a scan has found so far. On the "
           "right the conversation of the room #everyone: what was said yesterday and today, a line "
           "of a guest with a plain program, our own line that five of six people have stored, and "
           "below a rule what is new. Below it the scan's progress, the most useful keys, and the "
           "input line, which says that Enter sends to #everyone."),
    "es": ("Tertulia en un terminal",
           "A la izquierda, quién está, las salas y lo que un escaneo ha encontrado hasta ahora. A la "
           "derecha, la conversación de la sala #everyone: lo de ayer y lo de hoy, una línea de un "
           "invitado con un programa sencillo, la nuestra, que han guardado cinco de seis personas, "
           "y bajo una raya lo nuevo. Debajo, cómo va el escaneo, las teclas más útiles y la línea de "
           "entrada, que dice que Intro envía a #everyone."),
    "pt_BR": ("Tertulia em um terminal",
              "À esquerda, quem está aqui, as salas e o que uma varredura encontrou até agora. À "
              "direita, a conversa da sala #everyone: o que se disse ontem e hoje, uma linha de um "
              "convidado com um programa simples, a nossa, que cinco de seis pessoas guardaram, e "
              "abaixo de um traço o que é novo. Embaixo, o andamento da varredura, as teclas mais "
              "úteis e a linha de entrada, que diz que Enter envia para #everyone."),
}  # fmt: skip


def colour(number, otherwise):
    """One of xterm's 256, past the sixteen that every terminal has its own way."""
    if number == NONE:
        return otherwise
    if number >= 232:
        return "#" + f"{8 + 10 * (number - 232):02x}" * 3
    steps = (0, 95, 135, 175, 215, 255)
    red, rest = divmod(number - 16, 36)
    return "#" + "".join(f"{steps[one]:02x}" for one in (red, *divmod(rest, 6)))


def short(value):
    return f"{value:.2f}".rstrip("0").rstrip(".")


def screen(build, situation, theme):
    """(columns, rows, cursor), and the cells as (row, column, width, front, back, marks, text)."""
    where = {"srcdir": SOURCES, "GOLDEN_CELLS": theme}
    answer = subprocess.run(["tests/golden/golden", situation], cwd=build, check=True, timeout=60,
                            env=os.environ | where, stdout=subprocess.PIPE)
    lines = answer.stdout.decode().split("\n")
    if "1..1" not in lines:
        sys.exit(f"{situation} was not drawn to its end")
    size = [line.split()[1:] for line in lines if line.startswith("grid ")]
    cells = [line.split(" ", 7)[1:] for line in lines if line.startswith("cell ")]
    return [int(one) for one in size[0]], [(*map(int, cell[:6]), cell[6]) for cell in cells]


# ---- what terminals draw themselves, so that it meets at the edges ----


def shape(text, x, y, fill):
    middle, centre = x + WIDE / 2, y + HIGH / 2
    if text == "│":
        return f'<path d="M{short(middle)} {short(y)}v{HIGH}" stroke="{fill}"/>'
    if text in "●○◐":
        round_ = f'<circle cx="{short(middle)}" cy="{short(centre)}" r="3.4"'
        if text == "●":
            return f'{round_} fill="{fill}"/>'
        half = f'<path d="M{short(middle)} {short(centre - 3.4)}a3.4 3.4 0 0 0 0 6.8z" fill="{fill}"/>'
        return f'{round_} fill="none" stroke="{fill}"/>' + (half if text == "◐" else "")
    return None


def bar(text, x, y, cells, fill):
    wide = short(cells * WIDE)
    if text == "─":
        return f'<path d="M{short(x)} {short(y + HIGH / 2)}h{wide}" stroke="{fill}"/>'
    dim = ' opacity=".3"' if text == "░" else ""
    return f'<rect x="{short(x)}" y="{short(y + 3)}" width="{wide}" height="{HIGH - 6}" fill="{fill}"{dim}/>'


def letters(text, x, y, cells, fill, marks):
    """As many cells wide as in a terminal, whatever the font."""
    how = f' fill="{fill}"'
    kinds = ["b"] if marks & BOLD else []
    how += ' font-style="italic"' if marks & ITALIC else ""
    how += ' text-decoration="underline"' if marks & UNDERLINE else ""
    wide = cells * WIDE
    if len(text) > 1 and text.isascii():
        how += f' textLength="{short(wide)}" lengthAdjust="spacingAndGlyphs"'
        at = x
    elif text.isalpha() and text < "\u1100":
        at = x
    else:  # one sign, of whatever width its font has: in the middle of its cells
        kinds.append("m")
        at = x + wide / 2
    how += f' class="{" ".join(kinds)}"' if kinds else ""
    return f'<text x="{short(at)}" y="{short(y + BASE)}"{how}>{escape(text, quote=False)}</text>'


# ---- the whole of it ----


def runs(cells):
    """Cells that are drawn in one piece: (row, column, cells, front, back, marks, text)."""
    row = None
    for cell in [*cells, None]:
        single = cell and (cell[2] != 1 or not (cell[6].isalnum() or cell[6].isascii() or cell[6] in "─█░"))
        same = row and cell and not single and not row[7] and (
            cell[0] == row[0] and cell[1] == row[1] + row[2] and list(cell[3:6]) == row[3:6]
            and (cell[6] == row[6][-1] if cell[6] in "─█░" or row[6][-1] in "─█░" else True))
        if same:
            row[2] += cell[2]
            row[6] += cell[6]
            continue
        if row:
            yield row
        row = [*cell, single] if cell else None


def words(text):
    """Where the words of a run begin, and they: two blanks or more end one."""
    return [(found.start(), found[0]) for found in re.finditer(r"\S+(?: \S+)*", text)]


def grounds(cells, ground):
    """Rectangles behind cells with a colour of their own."""
    open_ = None
    for cell in [*cells, None]:
        row, column, wide, back = (cell[0], cell[1], cell[2], cell[4]) if cell else (0, 0, 0, NONE)
        if open_ and cell and back == open_[3] and row == open_[0] and column == open_[1] + open_[2]:
            open_[2] += wide
            continue
        if open_ and open_[3] != NONE:
            yield (f'<rect x="{short(RIM + open_[1] * WIDE)}" y="{RIM + open_[0] * HIGH}" '
                   f'width="{short(open_[2] * WIDE)}" height="{HIGH}" fill="{colour(open_[3], ground)}"/>')
        open_ = [row, column, wide, back]


def drawn(build, situation, language, theme):
    (columns, rows, cursor, cursor_row), cells = screen(build, situation, theme)
    front, ground, rim = THEMES[theme]
    wide, high = round(columns * WIDE + 2 * RIM), rows * HIGH + 2 * RIM
    title, told = TOLD[language]
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" '
        f'height="{high}" role="img" aria-labelledby="t d" xml:lang="{language.replace("_", "-")}">',
        f'<title id="t">{escape(title, quote=False)}</title>',
        f'<desc id="d">{escape(told, quote=False)}</desc>',
        "<style>text{white-space:pre}.b{font-weight:700}.m{text-anchor:middle}</style>",
        f'<rect x=".5" y=".5" width="{wide - 1}" height="{high - 1}" rx="8" fill="{ground}" stroke="{rim}"/>',
        *grounds(cells, ground),
        f'<g font-family="ui-monospace,\'DejaVu Sans Mono\',Menlo,Consolas,monospace" font-size="{FONT}">',
    ]
    out += figures(cells, front)
    if cursor_row >= 0:
        out.append(f'<rect x="{short(RIM + cursor * WIDE)}" y="{RIM + cursor_row * HIGH + 1}" '
                   f'width="{short(WIDE)}" height="{HIGH - 2}" fill="{front}"/>')
    return "\n".join([*out, "</g>", "</svg>", ""])


def figures(cells, front):
    for row, column, wide, ink, _, marks, text, _ in runs(cells):
        fill, x, y = colour(ink, front), RIM + column * WIDE, RIM + row * HIGH
        if text[0] in "─█░":
            yield bar(text[0], x, y, wide, fill)
        elif made := shape(text, x, y, fill):
            yield made
        elif len(text) == 1 or wide == 2 and len(text) < 3:
            if text.strip():
                yield letters(text, x, y, wide, fill, marks)
        else:
            for at, word in words(text):
                yield letters(word, x + at * WIDE, y, len(word), fill, marks)


def main():
    arguments = [one for one in sys.argv[1:] if one != "--write"]
    write = len(arguments) < len(sys.argv) - 1
    if len(arguments) != 1:
        sys.exit(__doc__)
    build, number, good = os.path.abspath(arguments[0]), 0, True
    for language in TOLD:
        for theme in THEMES:
            number += 1
            name = f"doc/screen-{language}-{theme}.svg"
            path = os.path.join(SOURCES, name)
            now = drawn(build, f"picture-{language}", language, theme)
            if write:
                os.makedirs(os.path.dirname(path), exist_ok=True)
                with open(path, "w", encoding="utf-8") as file:
                    file.write(now)
            then = ""
            if os.path.isfile(path):
                with open(path, encoding="utf-8") as file:
                    then = file.read()
            print(f"{'ok' if then == now else 'not ok'} {number} - {name}")
            if then != now:
                print(f"# {name}:1: is not what the demo shows: picture.py --write makes it anew")
                good = False
    print(f"1..{number}")
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
