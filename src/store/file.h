#pragma once
/* The file as the system sees it, before SQLite does. */
#include "store/store_parts.h"

/* What stands at `path`, from its first bytes; nothing is written. *fresh: nothing yet, or an
 * empty file. */
enum store_fault file_look(const char *path, bool *fresh) __attribute__((warn_unused_result));
/* An empty file, for us alone to read, unless it is there. */
enum store_fault file_make(const char *path) __attribute__((warn_unused_result));
/* Makes the empty file of what is to stand at `path` one day, under another name; what an earlier
 * try left there goes. */
enum store_fault file_unborn(const char *path, char into[STORE_NAME_MAX])
    __attribute__((warn_unused_result));
/* It gets its name, for good: also past a power cut. */
enum store_fault file_born(const char *from, const char *path) __attribute__((warn_unused_result));
/* NAME.WHY-DATE where nothing stands yet, for free(); NULL where there is no such name. */
char *file_free_name(const char *path, const char *why, uint64_t wall_ms);
