#pragma once
/* Bytes from the terminal made keys: our own decoder, not that of curses.
 *
 * Curses' getch has no bracketed paste, waits inside for the rest of a sequence, and knows Ctrl and
 * Alt arrows only where terminfo does. This one is a value that is fed bytes in any chunks, so it
 * can be tested and fuzzed; what terminfo knows of unusual terminals is taught to it (keys_learn).
 *
 * Pure. Invariants: the same bytes give the same keys however they are chunked, as long as no
 * timeout comes between; a sequence that is not known is swallowed whole and never typed; and
 * nothing that was pasted is ever a key. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    KEYS_HELD = 64,            /* bytes of the longest sequence that is read, mouse included */
    KEYS_LEARNED = 64,         /* sequences that terminfo adds: one a named key, and spares */
    KEYS_STRING = 4096,        /* of an answer nobody asked for (OSC, DCS): more is typed text */
    KEYS_ESCAPE_MS = 50,       /* Esc and nothing after it for so long is the key */
    KEYS_AMBIGUOUS_MS = 300,   /* the same for what begins a sequence, and Alt-[ as well */
    KEYS_UNFINISHED_MS = 1000, /* the rest of a sequence will not come any more */
};

enum key_kind {
    KEY_TEXT, /* a character, `code`; with KEY_CTRL a lower-case one */
    KEY_ENTER,
    KEY_TAB,
    KEY_BACKSPACE,
    KEY_ESCAPE,
    KEY_UP,
    KEY_DOWN,
    KEY_LEFT,
    KEY_RIGHT,
    KEY_HOME,
    KEY_END,
    KEY_PAGE_UP,
    KEY_PAGE_DOWN,
    KEY_INSERT,
    KEY_DELETE,
    KEY_FUNCTION, /* the one of number `code` */
    /* What is no key that one could bind: */
    KEY_PASTE, /* a part of what is pasted: `bytes`, as they came; */
    KEY_PASTE_END,
    KEY_MOUSE,
    KEY_FOCUS_IN,
    KEY_FOCUS_OUT,
    KEY_INVALID, /* bytes that are not UTF-8 */
};

enum { KEY_SHIFT = 1, KEY_ALT = 2, KEY_CTRL = 4 };

enum mouse { MOUSE_PRESS, MOUSE_RELEASE, MOUSE_WHEEL_UP, MOUSE_WHEEL_DOWN, MOUSE_OTHER };

struct key {
    enum key_kind kind;
    unsigned modifiers;
    int32_t code;
    enum mouse mouse;  /* of KEY_MOUSE, at: */
    int row, column;   /* from 0 */
    const char *bytes; /* of KEY_PASTE: until the next call */
    size_t size;
};

struct keys_learned {
    char bytes[16];
    struct key key;
};

enum keys_state { KEYS_GROUND, KEYS_PASTING, KEYS_IN_STRING, KEYS_IN_SWALLOW };

struct keys {
    enum keys_state state;
    char held[KEYS_HELD];
    size_t held_count;
    const char *input;
    size_t left;
    size_t swallowed;
    bool timed_out;    /* what is held is all there is */
    bool escape_ended; /* by a timeout: `[A` all at once would be its rest after all */
    struct keys_learned learned[KEYS_LEARNED];
    size_t learned_count;
};

void keys_init(struct keys *keys);
/* A sequence of terminfo's; those that do not begin with Esc, or are too long, are left out. */
void keys_learn(struct keys *keys, const char *bytes, enum key_kind kind, unsigned modifiers,
                int32_t code);

/* The same for all keys that terminfo knows: `lookup` gives a capability's string, or NULL. */
void keys_learn_all(struct keys *keys, const char *(*lookup)(const char *capability));

/* More bytes, which have to stay until keys_next said false. */
void keys_feed(struct keys *keys, const char *bytes, size_t size);
/* The next key. */
bool keys_next(struct keys *keys, struct key *into);
/* In how many ms keys_timeout is to be called unless bytes come before; 0: not at all. */
unsigned keys_wait(const struct keys *keys);
/* Nothing came for so long. keys_next says what that makes. */
void keys_timeout(struct keys *keys);

/* ---- names ---- */

enum { KEY_NAME_BYTES = 64 }; /* of the longest, in any language */

bool key_equal(const struct key *a, const struct key *b);
/* As people write it: "Ctrl-n", "Alt-→", in the user's language. */
void key_label(const struct key *key, char into[KEY_NAME_BYTES]);
/* The same in English, as it goes into settings. */
void key_stored(const struct key *key, char into[KEY_NAME_BYTES]);
/* Reads both, and "C-n", "M-x", "^n" too. */
bool key_parse(const char *name, struct key *into) __attribute__((warn_unused_result));
