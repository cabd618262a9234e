#pragma once
/* The words for people that the roster decides by and the screen shows. */

enum presence {
    PRESENCE_LINKED, /* a link of ours leads to them */
    PRESENCE_MESH,   /* there, as far as others tell */
    PRESENCE_AWAY,   /* there, but said that they are not */
    PRESENCE_GONE,
};

enum trust {
    TRUST_SEEN,     /* on first use: the key is the person, and nothing more is known */
    TRUST_VERIFIED, /* the two compared their keys */
    TRUST_BLOCKED,  /* no link, no line */
};

/* How we came to a link. */
enum found {
    FOUND_BEACON,
    FOUND_SCAN,
    FOUND_REMEMBERED, /* from an earlier run */
    FOUND_TOLD,       /* by others */
    FOUND_ASKED,      /* the user named the address */
    FOUND_CALLED_US,
};
