/* Text that could be anybody's: what callers of `named` and `neighbour` type, and people with a
 * bare connection. It becomes more as soon as something in it shows what it is. */
#include "dialect/guest_parts.h"

static bool is_telling(const struct dialect *dialect, struct span line)
{
    return dialect == &dialect_named || dialect == &dialect_neighbour ||
           (dialect == &dialect_join && span_begins(line, "JOIN "));
}

static void message(struct guest *guest, struct span line)
{
    const struct dialect *dialect = dialect_of_first(line);
    if (guest->role == GUEST_ACCEPTED && is_telling(dialect, line)) {
        /* it said something else first, and is somebody already: only what it speaks is news */
        guest->known = false;
        guest_speaks(guest, dialect);
        if (dialect == &dialect_named)
            guest_known(guest, dialect, span_of(NULL, 0));
        dialect->message(guest, line);
        guest->known = true;
        return;
    }
    if (!guest->known)
        guest_known(guest, &dialect_plain, span_of(NULL, 0));
    (void)guest_said(guest, span_of(NULL, 0), line, line);
}

const struct dialect dialect_plain = {
    .name = "plain",
    .style = STYLE_COLON,
    .called_style = STYLE_COLON,
    .called_spreads = true, /* nobody knows */
    .notices = true,
    .message = message,
};
