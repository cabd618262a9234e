#pragma once
/* A sentence for the user as core hands it out: plain data, to be translated by whoever shows it.
 *
 * Core never translates: it carries a stable code word, an English sentence marked with N_(), and
 * the texts that belong in its gaps. A message owns its texts and holds no pointer but to
 * constants, so it is copied by assignment and never freed. */
#include "base/i18n.h"

#include <stddef.h>
#include <stdint.h>

enum {
    MESSAGE_ARGUMENTS = 4,        /* a sentence with more gaps than that is not one sentence */
    MESSAGE_ARGUMENT_BYTES = 255, /* the longest name, room or address; longer is cut with "…" */
    /* Four full gaps and the longest sentence of any translation; longer is cut. */
    MESSAGE_TEXT_BYTES = 2048,
};

/* Marks both forms of a sentence that counts something, for message_counted
 * (xgettext: --keyword=NP_:1,2). */
#define NP_(one, many) one, many

/* The text of one gap: copied, or a marked constant that is translated like the sentence. */
struct message_argument {
    const char *marked; /* NULL: `text` counts */
    char text[MESSAGE_ARGUMENT_BYTES + 1];
};

struct message {
    const char *code; /* a stable word for programs, as in tertuliad's JSON */
    const char *one;  /* the sentence; with `many`, the one for a single thing */
    const char *many; /* NULL where nothing is counted */
    uint64_t count;
    size_t arguments;
    struct message_argument argument[MESSAGE_ARGUMENTS];
};

/* `code` and the sentences are constants that outlive every message. A sentence has gaps `%s` (the
 * next argument) or `%1$s` (that one), never both kinds, and `%%` for a percent sign. */
struct message message_make(const char *code, const char *sentence);
/* The count is the first argument already. */
struct message message_counted(const char *code, const char *one, const char *many, uint64_t count);

/* "Thursday 20 November"; weekdays from Sunday, 0, months from January, 0. */
struct message message_day(int weekday, int day, int month);
/* "12 min", "3 h", "5 d". */
struct message message_while(uint64_t ms);

/* Fills the next gap. More than MESSAGE_ARGUMENTS dies. Texts are UTF-8; the front end makes them
 * safe to show, like every text. */
void message_add(struct message *message, const char *text);
void message_add_bytes(struct message *message, const char *bytes, size_t size);
void message_add_number(struct message *message, uint64_t number);
/* A constant marked with N_(), translated when the message is shown. */
void message_add_marked(struct message *message, const char *marked);

/* What gettext (many is NULL) and ngettext do. */
typedef const char *message_translate(const char *one, const char *many, uint64_t count);

/* The sentence with its gaps filled, zero-ended, cut between characters where `size` (at least 1)
 * is too small; returns its length. NULL translates nothing. */
size_t message_text(const struct message *message, message_translate *translate, char *into,
                    size_t size);

/* The same from an already translated sentence and texts: whatever the sentence says is safe. A gap
 * without an argument, and a `%` that is no gap, stay as they are written. */
size_t message_fill(const char *sentence, const char *const *texts, size_t count, char *into,
                    size_t size);
