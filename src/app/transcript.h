#pragma once
/* The transcript: what people say, appended to a text file in the two forms of the dated chat.
 *
 *     Enviado a WHERE: YYYY-MM-DD HH:MM:SS: text
 *     De ('WHO', PORT): YYYY-MM-DD HH:MM:SS: text - Recibido a YYYY-MM-DD HH:MM:SS
 *
 * Only words are in it (messages, /me as `* text`, whispers), in the order in which they came; the
 * first time is the sender's clock, the second one ours, both in the local zone. WHERE is the room;
 * of a whisper, for each reader, the address of a link to them, or else 'NAME~TAG'. WHO and PORT
 * are the address of a link to who said it and the port they listen on, or else NAME~TAG and 0: a
 * tag is in no address, so nobody passes for one. Of a guest, the tag is its host's. What stands in
 * quotes is quoted as Python does it, and what could end a line or act on a terminal is a token
 * (base/clean.h).
 *
 * Invariants: a line is in the file whole and once, however the file is turned over meanwhile; the
 * loop's thread never waits for the disk; what is held for it never passes TRANSCRIPT_HELD; and
 * where lines had to be left out, the user is told how many. */
#include "base/buf.h"
#include "core/message.h"
#include "core/node.h"
#include "dialect/dialect.h"

struct clerk;
struct loop;
struct transcript;

enum {
    /* Hundreds of the longest lines, or tens of thousands of usual ones: a disk that stands still
     * for some seconds. */
    TRANSCRIPT_HELD = 4 * 1024 * 1024,
    TRANSCRIPT_RETRY_MS = 2000, /* between two tries while the disk is full */
    TRANSCRIPT_LAST_MS = 5000,  /* transcript_end: a disk that does not answer keeps nobody here */
};

typedef void transcript_say(void *self, bool error, const struct message *message);

/* Appends to `path`, a new file for us alone (0600); links are followed, as the user made them.
 * The clerk, who outlives it, opens it again; NULL: that is done here.
 * NULL, and *why says it in the user's language, where that is nothing to append to. */
struct transcript *transcript_open(struct loop *loop, struct clerk *clerk, const char *path,
                                   transcript_say *say, void *self, const char **why)
    __attribute__((warn_unused_result));
/* Nothing more is written; before the loop's end. NULL is fine, as below. */
void transcript_stop(struct transcript *transcript);
/* After it. */
void transcript_free(struct transcript *transcript);

/* Whatever is shown; what is no words is left out. */
void transcript_add(struct transcript *transcript, const struct node_line *line,
                    const struct roster *roster);
/* To be called at the end of each turn: what came in it is written now. */
void transcript_turn(struct transcript *transcript);
/* The file was moved away: what comes from now on goes into a new one of the same name. */
void transcript_reopen(struct transcript *transcript);
/* The program ends: what is held is tried once more, now. */
void transcript_end(struct transcript *transcript);
/* After that: all is written, or will not be, and that was said. Asked at the end of a turn. */
bool transcript_is_over(struct transcript *transcript);
/* Nothing is missing in it. */
bool transcript_is_whole(const struct transcript *transcript);

/* ---- pure ---- */

/* Local time, of that moment's zone. */
void transcript_stamp(uint64_t wall_ms, char into[DATED_STAMP + 1]);
/* The line with its newline, or nothing where it is no words. False, and nothing, where it does not
 * fit. */
bool transcript_line(const struct node_line *line, const struct roster *roster, struct buf *into)
    __attribute__((warn_unused_result));
