#pragma once
/* What can be chosen, and what was: one table. A row says what a setting is called, what it may be,
 * which program it is for and what help says; nothing about a setting stands anywhere else.
 *
 * Pure: whoever owns the values keeps them, and does what they say. Invariant: every value in here
 * is one that is allowed, in its one spelling. */
#include "app/options.h"
#include "core/message.h"
#include "core/span.h"

#include <stdint.h>

enum { SETTING_VALUE_BYTES = 32 /* the longest word or number, and to spare */ };

/* In the order of /set. */
enum setting_id {
    SETTING_LANGUAGE,
    SETTING_THEME,
    SETTING_BELL,
    SETTING_NOTIFY,
    SETTING_MOUSE,
    SETTING_RETENTION_DAYS,
    SETTING_RETENTION_SIZE,
    SETTING_AUTHOR_RATE,
    SETTINGS,
};

/* The index-th of the words that only the face knows; NULL past the last, the default first. */
typedef const char *setting_words(size_t index);

struct settings {
    enum program_kind program;
    setting_words *themes; /* NULL: there is no screen */
    char values[SETTINGS][SETTING_VALUE_BYTES];
    char initial[SETTINGS][SETTING_VALUE_BYTES]; /* what "" brings back: ours, or this machine's */
    bool chosen[SETTINGS];                       /* by /set, now or in an earlier run */
};

/* All as if nobody had ever chosen. */
void settings_init(struct settings *settings, enum program_kind program, setting_words *themes);

/* ---- to be read ---- */

const char *setting_name(enum setting_id id);
/* N_(): one line. */
const char *setting_help(enum setting_id id);
/* SETTINGS: none is called so. */
enum setting_id setting_find(const char *name);
/* The one that was probably meant by a name that is none; SETTINGS: none. */
enum setting_id setting_near(const struct settings *settings, const char *name);
/* Whether this program does anything about it. */
bool setting_is_for(const struct settings *settings, enum setting_id id);
const char *setting_value(const struct settings *settings, enum setting_id id);
bool setting_is(const struct settings *settings, enum setting_id id, const char *value);
/* The value of one that is a number. */
uint64_t setting_number(const struct settings *settings, enum setting_id id);
/* The index-th word that it may be; NULL past the last, and where it is a number. */
const char *setting_choice(const struct settings *settings, enum setting_id id, size_t index);
/* "on, off" or "1-36500". */
void setting_allowed(const struct settings *settings, enum setting_id id, char *into, size_t size);

/* ---- to be changed ---- */

/* What it is on this machine as long as nobody has chosen; "" changes nothing. To be told before
 * settings_restore. False: it cannot be that. */
bool settings_default(struct settings *settings, enum setting_id id, const char *value)
    __attribute__((warn_unused_result));
/* What an earlier run kept. False: it is none of ours, or of another version; nothing changes. */
bool settings_restore(struct settings *settings, const char *name, struct span value)
    __attribute__((warn_unused_result));

enum settings_result { SETTINGS_SHOWN, SETTINGS_CHANGED, SETTINGS_REFUSED };

/* `/set name` (`value` NULL), `/set name value`, and `/set name ""`, which brings the default back.
 * `answer` is what to tell the user; *id counts unless it was refused. */
enum settings_result settings_do(struct settings *settings, const char *name, const char *value,
                                 enum setting_id *id, struct message *answer)
    __attribute__((warn_unused_result));
/* What to answer to /lang alone. */
struct message settings_languages(void);
