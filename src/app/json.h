#pragma once
/* What the node says, as the JSON objects of tertuliad (DESIGN.md, "tertuliad's lines").
 *
 * Texts are carried as they are: a program needs the words that were said, to search, compare or
 * pass them on, and who shows them makes them fit for its own screen. Written out, what could act
 * on a terminal is an escape, which means the same to every reader of JSON. Every key is always
 * there; what is not known is null. */
#include "app/doctor.h"
#include "app/scan.h"
#include "core/node.h"

#include <jansson.h>

enum { TIME_TEXT = 25 }; /* 2026-03-04T05:06:07.089Z, and the zero */

/* RFC 3339 in UTC with milliseconds. It ends with the year 9999, whatever others claim. */
void time_text(uint64_t wall_ms, char into[TIME_TEXT]);

/* Any bytes; what is not UTF-8 is replaced. */
json_t *span_json(struct span text);
json_t *id_json(const struct id *id);
json_t *ref_json(const struct entry_ref *ref);

/* The members of an object, without `event` and `at`. */
json_t *line_json(const struct node_line *line);
json_t *receipt_json(const struct node_receipt *receipt);
/* `self`: ours, for who is whose guest. */
json_t *peer_json(const struct node_peer *peer, const struct id *self);
/* With the list under the name of the command, which is the event's too. */
json_t *answer_json(const struct node_answer *answer, const struct id *self);

/* A state of a scan, or a find of it. */
json_t *scan_json(const struct scan_event *event);

/* With the list of what was found under `doctor`. */
json_t *doctor_json(const struct doctor_report *report);

/* The whole object in one line, without the newline; on the heap. TAKES members. */
char *event_text(const char *event, uint64_t at, json_t *members, size_t *size);
