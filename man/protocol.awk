# PROTOCOL.md as a page of the manual. It knows what that document uses of Markdown: headings,
# paragraphs, lists, tables, blocks of code, `code`, **bold**, *leaning* and links. Bytes in, bytes
# out: it wants LC_ALL=C, and any awk.

BEGIN {
    print ".\\\" Made of PROTOCOL.md."
    print ".Dd November 21, 2026"
    print ".Dt TERTULIA-PROTOCOL 7"
    print ".Os"
    print ".Sh NAME"
    print ".Nm tertulia-protocol"
    print ".Nd what two peers of Tertulia say to each other, to the byte"
    print ".Sh DESCRIPTION"
}

# What roff would take for its own.
function plain(text) {
    gsub(/\\/, "\\e", text)
    return text
}

# Lines of at most 76 bytes, broken at blanks; each sentence begins one.
function text_print(text,    words, count, i, line) {
    count = split(text, words, " ")
    line = ""
    for (i = 1; i <= count; i++) {
        if (line != "" && length(line) + 1 + length(words[i]) > 76) {
            print plain_start(line)
            line = ""
        }
        line = line (line == "" ? "" : " ") words[i]
        if (words[i] ~ /[^.][.?!](\\fR)?$/) {
            print plain_start(line)
            line = ""
        }
    }
    if (line != "")
        print plain_start(line)
}

function plain_start(line) {
    return line ~ /^[.']/ ? "\\&" line : line
}

# Between one pair of marks each: fonts, whose end is the roman one.
function marked(text, mark, font,    parts, count, i, made) {
    count = split(text, parts, mark)
    if (count % 2 == 0)
        return text # a mark without its other half is itself
    made = parts[1]
    for (i = 2; i <= count; i++)
        made = made (i % 2 == 0 ? "\\f" font : "\\fR") parts[i]
    return made
}

# Code keeps its stars: it is put aside while the others are looked for.
function inline(text,    parts, count, i, made) {
    text = plain(text)
    gsub(/\]\([^)]*\)/, "", text)
    gsub(/\[tertulia/, "tertulia", text)
    count = split(text, parts, "`")
    for (i = 1; i <= count; i += 2) {
        parts[i] = marked(parts[i], "\\*\\*", "B")
        parts[i] = marked(parts[i], "\\*", "I")
    }
    made = parts[1]
    for (i = 2; i <= count; i++)
        made = made (i % 2 == 0 ? "\\fB" : "\\fR") parts[i]
    return made
}

# A paragraph is joined before it is looked at: a mark may end on the next line.
function flush(    text) {
    if (held == "")
        return
    text = held
    held = ""
    text_print(inline(text))
}

function hold(text) {
    held = held == "" ? text : held " " text
}

function list_end() {
    flush()
    if (in_list)
        print ".El"
    in_list = 0
}

function table_end() {
    if (in_table)
        print ".El"
    in_table = 0
}

# Each row as an item: the first cell, and the others behind it with the names of their columns.
function row(line,    cells, count, i, text) {
    sub(/^\|/, "", line)
    sub(/\|[ \t]*$/, "", line)
    count = split(line, cells, "|")
    for (i = 1; i <= count; i++)
        gsub(/^[ \t]+|[ \t]+$/, "", cells[i])
    if (line ~ /^[-| :]+$/)
        return
    if (!in_table) {
        for (i = 1; i <= count; i++)
            heads[i] = cells[i]
        print ".Bl -tag -width Ds"
        in_table = 1
        return
    }
    print ".It " inline(cells[1])
    text = ""
    for (i = 2; i <= count; i++)
        if (cells[i] != "")
            text = text (text == "" ? "" : "; ") (heads[i] == "" ? "" : heads[i] ": ") cells[i]
    text_print(inline(text) ".")
}

/^```/ {
    flush()
    print in_code ? ".Ed" : ".Bd -literal -offset indent"
    in_code = !in_code
    next
}
in_code { print plain_start(plain($0)); next }

/^#/ {
    list_end()
    table_end()
    depth = match($0, /[^#]/) - 1
    text = substr($0, depth + 2)
    if (depth == 1)
        next
    print depth == 2 ? ".Sh " toupper(plain(text)) : ".Ss " plain(text)
    fresh = 1
    next
}
/^\|/ { flush(); list_end(); row($0); fresh = 0; next }
/^- / {
    flush()
    table_end()
    if (!in_list)
        print ".Bl -bullet"
    in_list = 1
    print ".It"
    hold(substr($0, 3))
    fresh = 1
    next
}
/^[ \t]*$/ { flush(); table_end(); after_blank = 1; next }
{
    if (in_list && after_blank && $0 !~ /^ /) {
        list_end()
        fresh = 0
    }
    if (held == "" && !fresh && after_blank && begun++)
        print ".Pp"
    after_blank = fresh = 0
    sub(/^[ \t]+/, "")
    hold($0)
}

END {
    list_end()
    table_end()
    print ".Sh SEE ALSO"
    print ".Xr tertulia 1 ,"
    print ".Xr tertuliad 1"
}
