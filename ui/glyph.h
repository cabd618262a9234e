#pragma once
/* The signs of the screen, in Unicode and for terminals whose fonts have little of it. */

struct glyphs {
    const char *here, *mesh, *away, *gone, *guest; /* presence */
    const char *verified, *blocked;
    const char *open;     /* before the conversation on the screen */
    const char *vertical; /* between sidebar and pane */
    const char *rule;
    const char *sent;     /* stored here only */
    const char *got;      /* by others */
    const char *badge;    /* before a warning */
    const char *says;     /* from us to a room */
    const char *whispers; /* from us to a person */
    const char *prompt;
    const char *down;
    const char *full, *empty; /* of a bar */
    const char *dot;          /* between two things of one line */
};

extern const struct glyphs GLYPHS_UNICODE, GLYPHS_ASCII;
