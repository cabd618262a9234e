/* `neighbour`: text without a name. Who listens speaks first, and gives the caller a name; a caller
 * is stuck until it has one, so silent callers are greeted (guest.c). */
#include "dialect/guest_parts.h"

#include <string.h>

static const char NEIGHBOUR[] = "Vecino ";
const char NEIGHBOUR_RINGS[] = "Estás siendo llamado desde ";

enum { DIGITS_MOST = 5 };

bool neighbour_name(struct span text)
{
    text = span_trim(text); /* so that something stands behind the blank, if that is there */
    size_t before = sizeof NEIGHBOUR - 1;
    if (!span_begins(text, NEIGHBOUR) || text.size > before + DIGITS_MOST)
        return false;
    for (size_t i = before; i < text.size; i++)
        if (text.bytes[i] < '0' || text.bytes[i] > '9')
            return false;
    return true;
}

bool neighbour_rings(struct span text)
{
    return span_begins(text, NEIGHBOUR_RINGS);
}

static bool fits(struct span first)
{
    return neighbour_name(first) || neighbour_rings(first);
}

static void up(struct guest *guest)
{
    guest->awaits = true;
    guest_await(guest, GUEST_LISTEN_MS);
}

static void silence(struct guest *guest)
{
    guest->awaits = false;
    guest_known(guest, &dialect_neighbour, span_of(NULL, 0));
}

static void message(struct guest *guest, struct span line)
{
    bool first = !guest->known;
    bool called = guest->role == GUEST_CALLED;
    guest->awaits = false;
    if (first) /* whom we called names us, who called us itself */
        guest_known(guest, &dialect_neighbour,
                    neighbour_name(line) && !called ? line : span_of(NULL, 0));
    if (first && neighbour_name(line))
        return;
    if (neighbour_rings(line))
        (void)guest_event(guest, GUEST_RINGS, span_of(NULL, 0), line);
    else
        (void)guest_said(guest, span_of(NULL, 0), line, line);
}

const struct dialect dialect_neighbour = {
    .name = "neighbour",
    .style = STYLE_COLON,
    .called_style = STYLE_COLON,
    .notices = true,
    .fits = fits,
    .up = up,
    .message = message,
    .silence = silence,
};
