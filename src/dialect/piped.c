/* `piped`: `name|text`, passed on by everyone to everyone else without an end. Who passes a line on
 * here stops what goes round (echo.c); what is no news is nobody's word. */
#include "base/alloc.h"
#include "base/clean.h"
#include "dialect/guest_parts.h"

#include <string.h>

bool piped_split(struct span line, struct span *name, struct span *text)
{
    const uint8_t *bar = line.size ? memchr(line.bytes, '|', line.size) : NULL;
    if (!bar)
        return false;
    *name = span_of(line.bytes, (size_t)(bar - line.bytes));
    *text = span_of(bar + 1, line.size - name->size - 1);
    return true;
}

/* ---- two messages that arrived as one ---- */

static size_t names_known(const struct guest *guest)
{
    return guest->name_next < GUEST_NAMES ? guest->name_next : GUEST_NAMES;
}

void piped_note(struct guest *guest, struct span name)
{
    if (name.size == 0 || name.size > GUEST_NAME_MAX)
        return;
    for (size_t i = 0; i < names_known(guest); i++)
        if (span_is(name, guest->names[i]))
            return;
    if (!guest->names)
        guest->names = xcalloc(GUEST_NAMES, sizeof *guest->names);
    char *into = guest->names[guest->name_next++ % GUEST_NAMES];
    memcpy(into, name.bytes, name.size);
    into[name.size] = '\0';
}

/* How long a name of this link it is that ends there; the longest one. */
static size_t name_before(const struct guest *guest, struct span text, size_t end)
{
    size_t longest = 0;
    for (size_t i = 0; i < names_known(guest); i++) {
        size_t size = strlen(guest->names[i]);
        if (size > longest && size <= end &&
            memcmp(text.bytes + end - size, guest->names[i], size) == 0)
            longest = size;
    }
    return longest;
}

/* How much of the text is one message's. Nothing but a name of this link with its bar, which people
 * do not type, tells where the next one begins. */
static size_t text_end(const struct guest *guest, struct span text)
{
    for (size_t at = 0; at < text.size; at++)
        if (text.bytes[at] == '|' && name_before(guest, text, at))
            return at - name_before(guest, text, at);
    return text.size;
}

/* ---- the dialect ---- */

static bool fits(struct span first)
{
    struct span name, text;
    return piped_split(first, &name, &text) && name.size > 0 && name.size <= GUEST_NAME_MAX &&
           !memchr(name.bytes, ' ', name.size);
}

static void up(struct guest *guest)
{
    guest_known(guest, &dialect_piped, span_of(NULL, 0));
}

/* The rest of something: shown, and not passed on, where it would break links. */
static void rest(struct guest *guest, struct span line)
{
    if (!guest->known)
        guest_known(guest, &dialect_piped, span_of(NULL, 0));
    (void)guest_said(guest, span_of(NULL, 0), line, span_of(NULL, 0));
}

static void message(struct guest *guest, struct span line)
{
    struct span name, text;
    if (!piped_split(line, &name, &text)) {
        rest(guest, line);
        return;
    }
    piped_note(guest, name);
    size_t size = name.size + 1 + text_end(guest, text);
    size_t clean = text_clean_cut((const char *)line.bytes, line.size, size);
    if (size < line.size)
        guest_line_back(guest, span_of(line.bytes + size, line.size - size));
    if (clean <= name.size)
        return;
    line.size = clean;
    text.size = clean - name.size - 1;
    if (span_trim(text).size == 0)
        return;
    if (!guest->known)
        guest_known(guest, &dialect_piped, name);
    if (!guest->echoes || echo_news(guest->echoes, guest->number, line, guest->now.mono_ms))
        (void)guest_said(guest, name, text, line);
}

const struct dialect dialect_piped = {
    .name = "piped",
    .style = STYLE_BAR,
    .called_style = STYLE_BAR,
    .spreads = true,
    .called_spreads = true,
    .notices = true,
    .fits = fits,
    .up = up,
    .message = message,
};
