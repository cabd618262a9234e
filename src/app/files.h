#pragma once
/* Names of files, for completion: those that begin with what is typed, folders with a slash.
 *
 * Invariant: what is offered can be typed: UTF-8 without control characters. A folder is read once
 * for each question, and never followed. */
#include <stddef.h>

enum {
    FILES_READ = 65536, /* entries of a folder that are looked at: whoever has more types */
    FILES_KEPT = 1024,  /* of those, that begin so */
};

struct files;

struct files *files_new(void);
/* NULL is fine. */
void files_free(struct files *files);
/* The index-th path that begins with `prefix`, in the order of their bytes, or NULL. The folder is
 * read when index is 0. `~/` is the user's home, and stays as it was typed. Hidden files are
 * offered where a dot was typed. */
const char *files_candidate(struct files *files, const char *prefix, size_t index);
/* The path with the home in place of `~/`. To be freed. */
char *files_path(const char *typed);
