/* `named`: text without a name; a scanner asks `--name` of every port, and hangs up. Who calls
 * never reads, and who listens passes on what it is told, to all who called it.
 *
 * Invariant: a probe is nobody. */
#include "base/ascii.h"
#include "dialect/guest_parts.h"

#include <string.h>

static bool is_command(struct span line, const char *command)
{
    line = span_trim(line);
    if (line.size != strlen(command))
        return false;
    for (size_t i = 0; i < line.size; i++)
        if (ascii_lower((char)line.bytes[i]) != command[i])
            return false;
    return true;
}

static bool fits(struct span first)
{
    return is_command(first, "--name") || is_command(first, "--co") || is_command(first, "--hb");
}

static void say(struct guest *guest, struct span line)
{
    if (guest->role == GUEST_CALLED && guest->echoes &&
        echo_ours(guest->echoes, line, guest->now.mono_ms))
        return; /* another host of it said it there too */
    if (!guest->known)
        guest_known(guest, &dialect_named, span_of(NULL, 0));
    (void)guest_said(guest, span_of(NULL, 0), line, line);
}

/* A scanner asks and hangs up; who talks has not asked. A peer does both, where we stood still when
 * it called, and it took us for a listener of this kind: what it tells us is the mesh's own. */
static void asked(struct guest *guest, struct span line)
{
    bool probed = guest->probed;
    guest->probed = !guest->heard && span_equal(line, span_text("--name"));
    if (is_command(line, "--name")) {
        guest_answer(guest, guest->name);
    } else if (is_command(line, "--hb")) {
        guest_answer(guest, "--hb");
    } else if (probed) {
        guest_greet(guest);
        guest_close(guest, WHY_PEER);
    } else if (!is_command(line, "--co")) {
        say(guest, line);
    }
}

/* Who was not called for this has to answer, however late: a peer that stands still takes calls
 * too, and would read all that it was told as words of a guest. */
static void up(struct guest *guest)
{
    guest->awaits = true;
    guest_answer(guest, "--name");
    guest_await(guest, guest->wanted ? GUEST_LISTEN_MS : GUEST_ANSWER_MS);
}

static void message(struct guest *guest, struct span line)
{
    if (guest->role == GUEST_ACCEPTED) {
        asked(guest, line);
    } else if (guest->awaits) {
        guest->awaits = false;
        guest_known(guest, &dialect_named, line);
    } else if (!fits(line)) {
        /* a heartbeat is answered by who listens: two who both did it would never end */
        say(guest, line);
    }
}

static void silence(struct guest *guest)
{
    guest->awaits = false;
    if (guest->wanted)
        guest_known(guest, &dialect_named, span_text("Anonimo")); /* as its own scanner calls it */
    else
        guest_abort(guest, WHY_NO_ANSWER);
}

static bool hears(const struct guest *guest)
{
    return guest->role == GUEST_CALLED && (guest->wanted || !guest->awaits);
}

const struct dialect dialect_named = {
    .name = "named",
    .reach_low = 9990,
    .reach_high = 10005,
    .style = STYLE_COLON,
    .called_style = STYLE_COLON,
    .called_spreads = true,
    .notices = true,
    .fits = fits,
    .up = up,
    .message = message,
    .silence = silence,
    .hears = hears,
};
